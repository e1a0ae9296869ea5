//! What was answered is there: a process that raises alarms is killed with signal 9 at
//! random moments. It is this test binary again, with an environment variable set.

use std::{collections::BTreeSet, path::Path, process::Stdio, time::Duration};

use terms::{Clock, Rng};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    time::timeout,
};

use super::{Alarm, Alarms, MAX_TEXT_CHARS, Raised};

/// The folder.
const RAISER: &str = "WAARBORG_TEST_KILLED_RAISER";
/// A raiser that nobody kills ends by itself.
const MOST: usize = 20_000;
const ROUNDS: usize = 24;

/// A kind of its own for each alarm: a kind is a word of the program, tests make them up.
fn kind() -> &'static str {
    let word = crate::prober::hex(&Rng::System.bytes::<8>());
    Box::leak(word.into_boxed_str())
}

/// Not a test of its own: the process that is killed. Without the variable it does nothing.
#[tokio::test]
async fn raiser() {
    let Some(folder) = std::env::var_os(RAISER) else {
        return;
    };
    let alarms = Alarms::open(folder.as_ref(), Clock::System, Rng::System).unwrap();
    for number in 0..MOST {
        let alarm = Alarm {
            kind: kind(),
            subject: format!("number {number}"),
            text: "x".repeat(MAX_TEXT_CHARS),
        };
        let Raised::New(id) = alarms.raise(alarm).await.unwrap() else {
            panic!("every kind is new");
        };
        println!("ack {id}");
        // Most are settled again, so that the file is written anew now and then.
        if number % 8 != 0 {
            println!("settling {id}");
            alarms.settle(&id);
        }
    }
}

#[derive(Default)]
struct Told {
    kept: BTreeSet<String>,
    settling: BTreeSet<String>,
}

impl Told {
    fn line(&mut self, line: &str) -> bool {
        // The test harness prints on the same line before the first one.
        if let Some((_, id)) = line.split_once("ack ") {
            self.kept.insert(id.to_owned());
            return true;
        }
        if let Some((_, id)) = line.split_once("settling ") {
            self.settling.insert(id.to_owned());
        }
        false
    }
}

async fn kill_one(folder: &Path, told: &mut Told) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "alarms::killed::raiser", "--nocapture"])
        .env(RAISER, folder)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    loop {
        let line = lines.next_line().await.unwrap();
        if told.line(&line.expect("it writes until it is killed")) {
            break;
        }
    }
    let share = f64::from(u16::from_be_bytes(Rng::System.bytes())) / f64::from(u16::MAX);
    let _ = timeout(Duration::from_millis(250).mul_f64(share), async {
        while let Ok(Some(line)) = lines.next_line().await {
            told.line(&line);
        }
    })
    .await;
    child.kill().await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        told.line(&line);
    }
}

#[tokio::test]
async fn alarms_that_were_answered_are_there_after_their_process_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let mut told = Told::default();
    for round in 0..ROUNDS {
        kill_one(folder.path(), &mut told).await;
        let alarms = Alarms::open(folder.path(), Clock::System, Rng::System).unwrap();
        assert!(!alarms.is_open("alarms-damaged"), "round {round}");
        let pending = alarms.pending();
        let there: BTreeSet<&String> = pending.iter().map(|entry| &entry.id).collect();
        for id in told.kept.difference(&told.settling) {
            assert!(there.contains(id), "round {round}: {id} is lost");
        }
        assert!(
            pending
                .iter()
                .all(|entry| entry.text.len() == MAX_TEXT_CHARS)
        );
        // One per round may have been kept without the word of it getting out.
        let unknown = there.iter().filter(|id| !told.kept.contains(**id)).count();
        assert!(
            unknown <= round + 1,
            "round {round}: {unknown} nobody knows of"
        );
        // What was to be settled and wasn't stays, but must not pile up here.
        for entry in pending
            .iter()
            .filter(|entry| told.settling.contains(&entry.id))
        {
            alarms.settle(&entry.id);
        }
        alarms.synced().await.unwrap();
    }
    let kept = told.kept.len();
    assert!(kept > ROUNDS * 2, "only {kept} alarms were raised in all");
}
