use std::{net::TcpListener, os::fd::AsFd as _, sync::Arc};

use seam::{Credential, Session, Sessions, TokenHash, sessions::of_ada};
use terms::Micros;
use tokio::net::{UnixListener, UnixStream};

use super::{channel::Channel, *};
use crate::socket::bind;

fn ours() -> u32 {
    rustix::process::geteuid().as_raw()
}

fn sockets(folder: &std::path::Path) -> Sockets {
    let socket = |configured: &str| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        Socket {
            configured: configured.parse().unwrap(),
            actual: listener.local_addr().unwrap(),
            listener,
        }
    };
    Sockets {
        listeners: vec![socket("127.0.0.1:0"), socket("[::]:443")],
        operations: socket("127.0.0.1:9443"),
        own: OwnSockets {
            commands: bind(folder, crate::socket::SOCKET).unwrap(),
            upgrades: bind(folder, SOCKET).unwrap(),
        },
    }
}

fn listening(folder: &std::path::Path) -> UnixListener {
    let listener = bind(folder, SOCKET).unwrap();
    listener.set_nonblocking(true).unwrap();
    UnixListener::from_std(listener).unwrap()
}

/// Both ends, met.
async fn met(sockets: &Sockets, folder: &std::path::Path) -> (Predecessor, Successor, Sockets) {
    let listener = sockets.own.upgrades.try_clone().unwrap();
    listener.set_nonblocking(true).unwrap();
    let listener = UnixListener::from_std(listener).unwrap();
    let old = async {
        let (stream, _) = listener.accept().await.unwrap();
        let successor = Successor::meet(stream, ours()).await.unwrap();
        // It waits for `take` beyond the new one's meeting.
        successor.say_all(sockets).await.unwrap();
        successor
    };
    let (successor, met) = tokio::join!(old, Predecessor::meet(folder));
    let (predecessor, handed) = met.unwrap();
    (predecessor, successor, handed)
}

#[tokio::test]
async fn the_very_sockets_are_handed_over_and_then_the_lock() {
    let folder = tempfile::tempdir().unwrap();
    let mut own = sockets(folder.path());
    let (mut new, mut old, handed) = met(&own, folder.path()).await;
    for (sent, came) in own.listeners.iter().zip(&handed.listeners) {
        assert_eq!(
            (sent.configured, sent.actual),
            (came.configured, came.actual)
        );
    }
    assert_eq!(handed.operations.actual, own.operations.actual);
    // Whoever connected before is served by the new one, with the old one's end closed.
    let address = own.listeners[0].actual;
    let _client = std::net::TcpStream::connect(address).unwrap();
    own.listeners.clear();
    handed.listeners[0].listener.accept().unwrap();

    let file = tempfile::tempfile().unwrap();
    let giving = async {
        assert_eq!(old.channel.hear::<New>().await.unwrap(), New::Take);
        old.released(file.as_fd()).await
    };
    let taking = async {
        let lock = new.take().await.unwrap().expect("the lock");
        new.ready().await;
        lock
    };
    let (given, lock) = tokio::join!(giving, taking);
    given.unwrap();
    let inode = |file: &std::fs::File| {
        use std::os::unix::fs::MetadataExt as _;
        file.metadata().unwrap().ino()
    };
    assert_eq!(inode(&lock.into()), inode(&file));
}

#[tokio::test]
async fn a_stranger_and_another_version_are_told_why_not() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listening(folder.path());
    let refused = async |ours: u32| {
        let (stream, _) = listener.accept().await.unwrap();
        Successor::meet(stream, ours).await.unwrap_err().to_string()
    };
    let (said, met) = tokio::join!(refused(ours() + 1), Predecessor::meet(folder.path()));
    let heard = met.unwrap_err().to_string();
    assert!(
        heard.contains(&format!("as user {}", ours() + 1)),
        "{heard}"
    );
    assert_eq!(said, heard);

    let other = async {
        let stream = UnixStream::connect(folder.path().join(SOCKET))
            .await
            .unwrap();
        let mut channel = Channel::new(stream);
        let hello = New::Hello {
            protocol: PROTOCOL + 1,
            version: "9.9.9".to_owned(),
        };
        channel.say(&hello, None).await.unwrap();
        channel.hear::<Old>().await.unwrap()
    };
    let (_, answer) = tokio::join!(refused(ours()), other);
    let Old::Refused { why } = answer else {
        panic!("{answer:?}");
    };
    assert!(
        why.contains("9.9.9") && why.contains("without `--upgrade`"),
        "{why}"
    );
}

#[tokio::test]
async fn where_nobody_serves_the_socket_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let error = Predecessor::meet(folder.path())
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(SOCKET) && error.contains("without `--upgrade`"),
        "{error}"
    );
}

#[tokio::test]
async fn one_that_is_asked_while_another_takes_over_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let listener = listening(folder.path());
    // As the old process does where control is given up between both lines.
    let old = async { drop(listener.accept().await.unwrap()) };
    let ((), met) = tokio::join!(old, Predecessor::meet(folder.path()));
    let error = met.unwrap_err().to_string();
    assert!(error.contains("another upgrade was quicker"), "{error}");
}

#[tokio::test]
async fn an_old_process_that_has_ended_is_no_reason_to_stop() {
    let folder = tempfile::tempdir().unwrap();
    let own = sockets(folder.path());
    let (mut new, old, _handed) = met(&own, folder.path()).await;
    drop(old);
    assert!(new.take().await.unwrap().is_none());
}

#[tokio::test]
async fn a_new_process_that_hangs_is_killed_and_one_that_ends_is_waited_for() {
    use std::os::unix::process::ExitStatusExt as _;
    for (program, arguments, limit, killed) in [
        ("sleep", &["600"][..], Duration::from_millis(50), Some(9)),
        ("sleep", &["0.2"][..], END_LIMIT, None),
    ] {
        let mut child = tokio::process::Command::new(program)
            .args(arguments)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let pid = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
        let process = rustix::process::pidfd_open(pid, rustix::process::PidfdFlags::empty());
        let (ours, _theirs) = UnixStream::pair().unwrap();
        let successor = Successor {
            channel: Channel::new(ours),
            process: Arc::new(process.unwrap()),
        };
        successor.gone_within(limit).await;
        assert_eq!(child.wait().await.unwrap().signal(), killed);
    }
}

fn session() -> Arc<Session> {
    Arc::new(of_ada(Credential::Cookie, &["app.test"]))
}

/// A table with three sessions, and what ends them.
fn table() -> (Arc<Sessions>, Revocations) {
    let sessions = Arc::new(Sessions::default());
    for number in 1..=3 {
        sessions.insert(TokenHash([number; 32]), session());
    }
    (sessions.clone(), Revocations::new(sessions))
}

#[tokio::test]
async fn a_session_that_the_new_process_revokes_ends_in_the_old_one_and_its_twin_lives() {
    let folder = tempfile::tempdir().unwrap();
    let own = sockets(folder.path());
    let (new, old, _handed) = met(&own, folder.path()).await;
    let ((drained, draining), (_, serving)) = (table(), table());
    let held = drained.find(&TokenHash([1; 32]), Micros(5)).expect("live");
    let leading = tokio::spawn(new.lead(serving.clone()));
    let following = tokio::spawn(old.follow(draining.clone()));
    // One that drains longer is told by the one between.
    let mut relayed = draining.subscribe();
    // The leader subscribes before its first wait.
    while serving.nobody_listens() {
        tokio::task::yield_now().await;
    }
    serving.revoke(&TokenHash([1; 32]));
    held.cut.wait().await;
    assert_eq!(drained.len(), 2);
    assert_eq!(
        relayed.next().await,
        Some(revocations::Revoked::One(TokenHash([1; 32])))
    );
    serving.revoke_all();
    assert_eq!(relayed.next().await, Some(revocations::Revoked::All));
    assert!(drained.is_empty());
    leading.abort();
    following.abort();
}

#[tokio::test]
async fn after_silence_no_session_is_trusted() {
    let folder = tempfile::tempdir().unwrap();
    let own = sockets(folder.path());
    // Once while the other process hangs, and once after it has ended.
    for ended in [false, true] {
        let (new, old, _handed) = met(&own, folder.path()).await;
        let (drained, draining) = table();
        let new = (!ended).then_some(new);
        old.follow_for(draining, Duration::from_millis(50)).await;
        assert!(drained.is_empty());
        drop(new);
    }
}
