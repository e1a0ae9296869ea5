//! What was answered arrives: a process that raises alarms, enqueues mails and sends both
//! is killed with signal 9 at random moments. Afterwards every one that it acknowledged
//! is taken by a real mail server at least once, each under one `Message-ID`.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use store::{Acquisition, Location, Mail, MasterKeys, Store, testing::Place};
use terms::{Clock, Rng, Secret};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Command,
    sync::mpsc,
    time::timeout,
};

use super::{tests::Running, *};
use crate::{
    alarms::{Alarm, Raised},
    mail::testing::{Received, SmtpServer, plain_config},
    prober::hex,
};

/// Folder of the alarms, the store's file, its key's file, the server's port: a line each.
const SENDER: &str = "WAARBORG_TEST_KILLED_SENDER";
const ROUNDS: usize = 16;
/// Of each kind and round; then it only sends until it is killed.
const MOST: usize = 20;

async fn open(file: PathBuf, key: &Path, clock: Clock) -> (Store, Lease) {
    let keys = MasterKeys::load(key, None).unwrap();
    let store = Store::open(&Location::Sqlite(file), keys, clock, Rng::System)
        .await
        .unwrap();
    let lease = store
        .acquire("writer", "node", Duration::from_secs(3600))
        .await;
    match lease.unwrap() {
        Acquisition::Ours(lease) => (store, lease),
        Acquisition::Held { holder, .. } => panic!("held by {holder}"),
    }
}

/// Not a test of its own: the process that is killed. Without the variable it does nothing.
#[tokio::test]
async fn sender() {
    let Ok(order) = std::env::var(SENDER) else {
        return;
    };
    let mut order = order.lines();
    let mut next = || order.next().expect("four lines");
    let (folder, file, key) = (next(), next(), next());
    let port = next().parse().unwrap();
    let alarms = Alarms::open(folder.as_ref(), Clock::System, Rng::System).unwrap();
    let (store, lease) = open(file.into(), key.as_ref(), Clock::System).await;
    let running = Running::start(
        alarms.clone(),
        Some(store.clone()),
        Some(lease),
        Some(plain_config(port)),
        Clock::System,
    );
    for _ in 0..MOST {
        let name = hex(&Rng::System.bytes::<8>());
        let mut tx = store.tx().await.unwrap();
        let mail = Mail {
            to: Secret::new("ann@example.com".to_owned()),
            subject: format!("mail {name}"),
            text: Secret::new("x".repeat(2000)),
            dedupe: name.clone(),
            domain: "example.com".to_owned(),
        };
        tx.enqueue(&mail).await.unwrap();
        tx.commit().await.unwrap();
        println!("ack mail {name}");
        let alarm = Alarm {
            kind: Box::leak(name.clone().into_boxed_str()),
            subject: name.clone(),
            text: "x".repeat(2000),
        };
        let Raised::New(id) = alarms.raise(alarm).await.unwrap() else {
            panic!("every kind is new");
        };
        println!("ack {name} {id}");
    }
    running.ended().await;
}

/// What a process acknowledged: a subject, and the alarm's id.
fn acknowledged(line: &str) -> Option<(String, Option<String>)> {
    // The test harness prints on the same line before the first one.
    let said = line.split_once("ack ")?.1;
    Some(match said.split_once(' ') {
        Some(("mail", _)) => (said.to_owned(), None),
        Some((name, id)) => (format!("[Waarborg] {name}"), Some(id.to_owned())),
        None => panic!("{line}"),
    })
}

async fn kill_one(order: &str, expected: &mut BTreeMap<String, Option<String>>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "outbox::killed::sender", "--nocapture"])
        .env(SENDER, order)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun = expected.len();
    while expected.len() == begun {
        let line = lines.next_line().await.unwrap();
        expected.extend(acknowledged(&line.expect("it runs until it is killed")));
    }
    let share = f64::from(u16::from_be_bytes(Rng::System.bytes())) / f64::from(u16::MAX);
    let _ = timeout(Duration::from_millis(300).mul_f64(share), async {
        while let Ok(Some(line)) = lines.next_line().await {
            expected.extend(acknowledged(&line));
        }
    })
    .await;
    child.kill().await.unwrap();
    while let Ok(Some(line)) = lines.next_line().await {
        expected.extend(acknowledged(&line));
    }
}

#[tokio::test]
async fn what_a_killed_process_acknowledged_is_delivered_under_one_message_id() {
    let place = Place::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let mut server = SmtpServer::plain().await;
    let (file, key) = (place.file().unwrap(), place.folder.key_file());
    let order = format!(
        "{}\n{}\n{}\n{}",
        folder.path().display(),
        file.display(),
        key.display(),
        server.port
    );
    let config = server.config();
    let (hear, mut heard) = mpsc::unbounded_channel::<Received>();
    let listening = tokio::spawn(async move {
        loop {
            let mail = server.next().await;
            if hear.send(mail).is_err() {
                return;
            }
        }
    });
    let mut expected = BTreeMap::new();
    for _ in 0..ROUNDS {
        kill_one(&order, &mut expected).await;
    }
    assert!(
        expected.len() > ROUNDS * 2,
        "only {} in all",
        expected.len()
    );

    // Claims of killed processes are over by a clock that is ahead.
    let ahead = Clock::manual(Clock::System.now().after(Duration::from_secs(24 * 3600)));
    let alarms = Alarms::open(folder.path(), Clock::System, Rng::System).unwrap();
    let (store, lease) = open(file, &key, ahead).await;
    let running = Running::start(
        alarms.clone(),
        Some(store.clone()),
        Some(lease),
        Some(config),
        Clock::System,
    );
    let mut missing: BTreeSet<String> = expected.keys().cloned().collect();
    let mut ids: BTreeMap<String, String> = BTreeMap::new();
    let mut delivered = 0;
    while !missing.is_empty() {
        let mail = heard.recv().await.unwrap();
        assert!(mail.taken());
        delivered += 1;
        let subject = mail.header("Subject").to_owned();
        let id = mail.header("Message-ID").to_owned();
        if let Some(Some(alarm)) = expected.get(&subject) {
            assert_eq!(id, format!("<{alarm}@example.com>"));
        }
        missing.remove(&subject);
        let first = ids.entry(subject).or_insert_with(|| id.clone());
        assert_eq!(*first, id, "the same mail, the same id");
    }
    running.stop().await;
    listening.abort();
    assert_eq!(store.outbox_counts().await.unwrap().dead, 0);
    println!("{} acknowledged, {delivered} delivered", expected.len());
}
