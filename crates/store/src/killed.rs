//! What was answered is there: a writer is killed with signal 9 at random moments, and
//! once the server under it.
//!
//! The writer is this test binary again, with an environment variable set. Each of its
//! changes writes a pair of settings, a mail, a leaf and the audit row; when the commit
//! has returned it prints the number. Afterwards every printed number must be there,
//! every pair whole, and the chain must verify.

use std::{
    process::{Command, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use terms::{Clock, Rng, Secret};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::ChildStdout,
    time::timeout,
};

use crate::{
    Actor, Chain, Enqueued, Location, Mail, MasterKeys, NewLeaf, Store,
    testing::{Place, Postgres, run},
};

/// `store file or URL`, a line break, `key file`.
const WRITER: &str = "WAARBORG_TEST_KILLED_WRITER";
/// A writer that nobody kills ends by itself.
const MOST_CHANGES: u64 = 5_000;

fn location(text: &str) -> Location {
    if text.starts_with("postgres://") {
        Location::Postgres(Secret::new(text.to_owned()))
    } else {
        Location::Sqlite(text.into())
    }
}

/// Not a test of its own: the process that is killed. Without the variable it does nothing.
#[test]
fn writer() {
    let Ok(order) = std::env::var(WRITER) else {
        return;
    };
    let (place, keys) = order.split_once('\n').expect("two lines");
    run(async move {
        let keys = MasterKeys::load(keys.as_ref(), None).unwrap();
        let store = Store::open(&location(place), keys, Clock::System, Rng::System)
            .await
            .unwrap();
        let mut size = store.ledger_size().await.unwrap();
        for _ in 0..MOST_CHANGES {
            match write(&store, size).await {
                Ok(()) => println!("ack {size}"),
                Err(error) => {
                    println!("error {error}");
                    return;
                }
            }
            size += 1;
            if size % 16 == 0 {
                store.rotate(&Actor::system("killed")).await.unwrap();
            }
        }
    });
}

async fn write(store: &Store, number: u64) -> Result<(), crate::Error> {
    let mut change = store.change(&Actor::system("killed")).await?;
    change.set("left", &number.into()).await?;
    let leaf = NewLeaf {
        hash: [7; 32],
        salt: [7; 32],
        record: json!(number),
    };
    change.append(number, &[leaf]).await?;
    let mail = Mail {
        to: Secret::new("ann@example.com".to_owned()),
        subject: String::new(),
        text: Secret::new("x".repeat(2000)),
        dedupe: number.to_string(),
        domain: "example.com".to_owned(),
    };
    assert!(matches!(change.enqueue(&mail).await?, Enqueued::New(_)));
    change.set("right", &number.into()).await?;
    change.commit().await.map(drop)
}

/// The writer, once it has printed its first number, and that number.
async fn start(place: &Place) -> (tokio::process::Child, Lines<BufReader<ChildStdout>>) {
    let at = match &place.location {
        Location::Sqlite(path) => path.display().to_string(),
        Location::Postgres(url) => url.expose().clone(),
    };
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "killed::writer", "--nocapture"])
        .env(
            WRITER,
            format!("{at}\n{}", place.folder.key_file().display()),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let mut child = tokio::process::Command::from(command)
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    (child, lines)
}

fn acknowledged(line: &str) -> Option<u64> {
    // The test harness prints on the same line before the first one.
    line.rsplit_once("ack ")?.1.parse().ok()
}

/// Reads numbers for a random while of at most `most`; returns the last one.
async fn listen(lines: &mut Lines<BufReader<ChildStdout>>, most: Duration) -> Option<u64> {
    let mut last = None;
    while last.is_none() {
        let line = lines
            .next_line()
            .await
            .unwrap()
            .expect("it writes until it is killed");
        assert!(!line.contains("error"), "{line}");
        last = acknowledged(&line);
    }
    let share = f64::from(u32::from_be_bytes(Rng::System.bytes())) / f64::from(u32::MAX);
    let _ = timeout(most.mul_f64(share), async {
        while let Ok(Some(line)) = lines.next_line().await {
            last = acknowledged(&line).or(last);
        }
    })
    .await;
    last
}

/// Reads what was printed before the end.
async fn drain(mut lines: Lines<BufReader<ChildStdout>>, mut last: Option<u64>) -> u64 {
    while let Ok(Some(line)) = lines.next_line().await {
        last = acknowledged(&line).or(last);
    }
    last.expect("`listen` waited for one")
}

async fn check(store: &Store, last: u64) {
    let size = store.ledger_size().await.unwrap();
    // One more may have been committed without the word of it getting out.
    assert!(
        size == last + 1 || size == last + 2,
        "acknowledged {last}, kept {size}"
    );
    let settings = store.settings().await.unwrap();
    let newest = Some(&Value::from(size - 1));
    assert_eq!(
        (settings.get("left"), settings.get("right")),
        (newest, newest),
        "a torn pair"
    );
    let mut leaves = 0;
    while leaves < size {
        let page = store.leaf_hashes(leaves..size).await.unwrap();
        assert!(!page.is_empty(), "leaf {leaves} of {size} is missing");
        leaves += u64::try_from(page.len()).unwrap();
    }
    assert_eq!(store.outbox_counts().await.unwrap().due, size);
    match store.audit_verify().await.unwrap() {
        Chain::Whole { rows, .. } => assert!(rows >= size * 2),
        broken => panic!("{broken:?}"),
    }
    let mail = &store.claim(1, Duration::ZERO).await.unwrap()[0];
    assert_eq!(
        mail.to.expose(),
        "ann@example.com",
        "sealed under whichever key, it opens"
    );
}

async fn kill_the_writer(place: &Place, rounds: u32) {
    for _ in 0..rounds {
        let (mut child, mut lines) = start(place).await;
        let last = listen(&mut lines, Duration::from_millis(120)).await;
        child.kill().await.unwrap();
        let last = drain(lines, last).await;
        let keys = place.keys();
        let store = Store::open(&place.location, keys, Clock::System, Rng::System)
            .await
            .unwrap();
        check(&store, last).await;
        store.close().await;
    }
}

#[test]
fn what_was_answered_is_there_after_the_writer_was_killed_on_sqlite() {
    run(async { kill_the_writer(&Place::sqlite(), 20).await });
}

#[test]
fn what_was_answered_is_there_after_the_writer_was_killed_on_postgres() {
    run(async { kill_the_writer(&Place::postgres(), 8).await });
}

#[test]
fn what_was_answered_is_there_after_the_server_was_killed() {
    run(async {
        let server = Postgres::start();
        let place = Place::on(&server);
        for _ in 0..3 {
            let (mut child, mut lines) = start(&place).await;
            let last = listen(&mut lines, Duration::from_millis(300)).await;
            server.kill();
            let last = drain(lines, last).await;
            child.wait().await.unwrap();
            server.start_again();
            let store = Store::open(&place.location, place.keys(), Clock::System, Rng::System)
                .await
                .unwrap();
            check(&store, last).await;
            store.close().await;
        }
    });
}
