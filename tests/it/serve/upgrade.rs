//! `serve --upgrade`: a new process takes over from the one that runs, and whatever
//! happens to it, nothing is lost, cut or refused.

use std::{os::unix::net::UnixDatagram, time::Duration};

use rustix::process::Signal;
use terms::Rng;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    in_time,
    load::Load,
    program::{Program, finish},
    streams::{Streams, allow_descriptors, open_events, open_socket, read_until, say},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// Starts a new process in the place of the one that runs.
async fn upgrade(ground: &Ground, config: &std::path::Path) -> Gateway {
    Gateway::started(ground, config, waarborg(ground, &["serve", "--upgrade"])).await
}

#[tokio::test]
async fn an_upgrade_under_load_loses_no_request_and_cuts_no_stream() {
    allow_descriptors(8_000);
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut first = Gateway::serve(&ground, &config).await;
    let mut streams = Streams::open(&first, HOST, 1_000, 100).await;
    let mut load = Load::start(first.address, HOST, &ground.ca(), 4);
    load.goes_on(200).await;
    streams.are_whole(&upstream, "before").await;

    let mut second = upgrade(&ground, &config).await;
    assert_eq!(second.address, first.address);
    assert_eq!(second.operations, first.operations);
    load.goes_on(400).await;
    streams.are_whole(&upstream, "after").await;
    // The next one doesn't wait until the first has drained.
    let third = upgrade(&ground, &config).await;
    load.goes_on(400).await;
    streams.are_whole(&upstream, "after-two").await;
    // Nobody asks the second for anything any more: it is drained.
    assert!(second.program.ended().await.success());

    let counts = load.whole(&upstream).await;
    println!("{counts:?}");
    streams.are_whole(&upstream, "at-last").await;
    drop(streams);
    assert!(first.program.ended().await.success());

    // Whichever process answered: every request stands in the log once.
    third.stop().await;
    let mut logged = 0;
    for line in whole_log(&ground) {
        let line: serde_json::Value = serde_json::from_str(&line).expect("a line of JSON");
        let path = line["path"].as_str().expect("a path");
        logged += usize::from(path.starts_with("/id/"));
    }
    assert_eq!(logged, counts.values().sum::<usize>());
}

/// The lines of all files of the access log.
fn whole_log(ground: &Ground) -> Vec<String> {
    let folder = ground.path("data/log");
    let files = std::fs::read_dir(folder).expect("the log's folder");
    let texts = files.map(|file| std::fs::read_to_string(file.expect("a file").path()));
    let lines = texts.flat_map(|text| {
        let text = text.expect("text");
        text.lines().map(str::to_owned).collect::<Vec<_>>()
    });
    lines.collect()
}

#[tokio::test]
async fn control_moves_and_the_old_process_keeps_its_streams_only() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut old = Gateway::serve(&ground, &config).await;
    old.program.line("this node leads").await;
    let mut socket = open_socket(&old, HOST).await;
    let mut idle = old.tls(HOST).await;
    let page = format!("GET /-/security.json HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    say(&mut *idle, &page).await;
    read_until(&mut *idle, "\"promises\"").await;

    let new = upgrade(&ground, &config).await;
    // It has the lease at once: the old one gave it back.
    new.program.line("this node leads").await;
    assert_eq!(new.operation("/readyz").await.0, 200);
    new.command(&ground, &["ledger", "verify"]).await.good();
    let lock = std::fs::read_to_string(ground.path("data/lock")).expect("the lock");
    assert_eq!(lock.trim(), new.program.id().to_string());

    // A connection that was kept is answered once more, and told that this was the last.
    say(&mut *idle, &page).await;
    let answer = read_until(&mut *idle, "\"promises\"").await;
    assert!(
        answer.to_lowercase().contains("connection: close"),
        "{answer}"
    );
    say(&mut *socket, "still here").await;
    read_until(&mut *socket, "still here").await;
    drop((socket, idle));
    assert!(old.program.ended().await.success());
    new.program.line("the old server has ended").await;
    assert_eq!(new.get(HOST, "/").await.status, 200);
    new.stop().await;
}

#[tokio::test]
async fn workers_and_addresses_change_with_an_upgrade() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let text = ground.configuration(&[(HOST, &upstream.url())], "");
    let config = ground.write("waarborg.toml", &text);
    let mut gateway = Gateway::serve(&ground, &config).await;
    let (kept, operations) = (gateway.address, gateway.operations);
    for (workers, listen) in [
        ("3", "[\"127.0.0.1:0\", \"127.0.0.2:0\"]"),
        ("1", "\"127.0.0.1:0\""),
        ("2", "\"127.0.0.2:0\""),
    ] {
        let text = text
            .replace("workers = 2", &format!("workers = {workers}"))
            .replace("listen = \"127.0.0.1:0\"", &format!("listen = {listen}"));
        ground.replace(&config, &text);
        let next = upgrade(&ground, &config).await;
        assert_eq!(next.operations, operations);
        assert_eq!(next.get(HOST, "/").await.status, 200);
        let same = next.address == kept;
        assert_eq!(same, listen.contains("127.0.0.1"), "{listen}");
        if !same {
            let closed = async { while tokio::net::TcpStream::connect(kept).await.is_ok() {} };
            in_time("the address that isn't listened on is closed", closed).await;
        }
        assert!(gateway.program.ended().await.success());
        gateway = next;
    }
}

#[tokio::test]
async fn a_new_process_that_fails_leaves_the_old_one_as_it_was() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.program.line("this node leads").await;
    let mut events = open_events(&gateway, HOST).await;
    let mut load = Load::start(gateway.address, HOST, &ground.ca(), 1);
    let sites = [(HOST, upstream.url())];
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let attempt = async |text: &str| {
        let broken = ground.write("broken.toml", text);
        let mut command = waarborg(&ground, &["serve", "--upgrade", "--config"]);
        command.arg(broken);
        finish(command).await
    };

    // One that never asks: its configuration is wrong.
    let wrong = ground
        .configuration(&sites, "")
        .replace("access =", "acces =");
    let failed = attempt(&wrong).await;
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    assert!(failed.err.contains("acces"), "{}", failed.err);

    // One that has the sockets and can't bind another: nothing was given up.
    let taken = format!("listen = [\"127.0.0.1:0\", \"{}\"]", upstream.address);
    let taken = ground
        .configuration(&sites, "")
        .replace("listen = \"127.0.0.1:0\"", &taken);
    let before = gateway.program.lines();
    let failed = attempt(&taken).await;
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    assert!(failed.err.contains("can't listen on"), "{}", failed.err);
    gateway
        .program
        .line_after(before, "the upgrade failed: this server goes on")
        .await;

    // One that has control and can't open its log.
    let file = ground.write("no-folder", "");
    let rest = format!("[track]\nlog_dir = \"{}\"", file.display());
    let before = gateway.program.lines();
    let failed = attempt(&ground.configuration(&sites, &rest)).await;
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    assert!(failed.err.contains("access log"), "{}", failed.err);
    gateway
        .program
        .line_after(before, "the upgrade failed: this server goes on")
        .await;
    gateway.program.line_after(before, "this node leads").await;

    load.goes_on(50).await;
    load.whole(&upstream).await;
    upstream.emit("still here");
    read_until(&mut *events, "data: still here").await;
    whole(&gateway, &ground).await;
    // And it can still be upgraded.
    let new = upgrade(&ground, &config).await;
    drop(events);
    whole(&new, &ground).await;
    new.stop().await;
}

/// Everything that control does, it does.
async fn whole(gateway: &Gateway, ground: &Ground) {
    assert_eq!(
        gateway.operation("/readyz").await,
        (200, "ready\n".to_owned())
    );
    gateway.command(ground, &["ledger", "verify"]).await.good();
    gateway.command(ground, &["key", "rotate"]).await.good();
    let lock = std::fs::read_to_string(ground.path("data/lock")).expect("the lock");
    assert_eq!(lock.trim(), gateway.program.id().to_string());
    let answer = gateway.get(HOST, "/").await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_new_process_killed_at_any_moment_leaves_the_old_one_as_it_was() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut load = Load::start(gateway.address, HOST, &ground.ca(), 1);
    let (mut failed, mut done) = (0, 0);
    for round in 0..20_u64 {
        let before = gateway.program.lines();
        let mut command = waarborg(&ground, &["serve", "--upgrade", "--config"]);
        command.arg(&config);
        let mut new = Program::start("waarborg serve --upgrade", command);
        let [chance] = Rng::System.bytes::<1>();
        let mut moment = Duration::from_millis(u64::from(chance) / 3);
        if round % 4 > 0 {
            // Within the hand-over itself, which takes a moment only.
            gateway
                .program
                .line_after(before, "an upgrade begins")
                .await;
            moment /= 3;
        }
        let ready = tokio::time::timeout(moment, new.line("ready https://"));
        let was_ready = ready.await.is_ok();
        new.signal(Signal::KILL);
        let _ = new.ended().await;
        // It may have been ready before its end: then nobody is left, which is what
        // `kill -9` of a server means.
        if was_ready || !is_ready(gateway.operations).await {
            done += 1;
            break;
        }
        failed += 1;
        load.goes_on(20).await;
        whole(&gateway, &ground).await;
    }
    let said = gateway.program.said();
    let taken_back = said.matches("the upgrade failed").count();
    println!("{failed} killed before they were ready, {taken_back} of them heard of, {done} after");
    if done == 0 {
        load.whole(&upstream).await;
    }
}

/// Whether somebody answers at the operations listener, and that he is ready.
async fn is_ready(operations: std::net::SocketAddr) -> bool {
    let asking = async {
        let mut stream = tokio::net::TcpStream::connect(operations).await?;
        let request =
            format!("GET /readyz HTTP/1.1\r\nHost: {operations}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await?;
        std::io::Result::Ok(answer.starts_with("HTTP/1.1 200"))
    };
    in_time("the operations listener answers or is closed", asking)
        .await
        .unwrap_or(false)
}

#[tokio::test]
async fn without_a_server_there_is_nothing_to_upgrade() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, "http://127.0.0.1:9")], "");
    let mut command = waarborg(&ground, &["serve", "--upgrade", "--config"]);
    command.arg(&config);
    let failed = finish(command).await;
    assert_eq!(failed.code, Some(1));
    assert!(
        failed.err.contains("no server answers") && failed.err.contains("without `--upgrade`"),
        "{}",
        failed.err
    );
    // Nothing is in the way of one now.
    Gateway::serve(&ground, &config).await.stop().await;
}

#[tokio::test]
async fn of_two_upgrades_at_once_both_are_made_or_one_is_told_of_the_other() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut old = Gateway::serve(&ground, &config).await;
    let mut load = Load::start(old.address, HOST, &ground.ca(), 1);
    let rivals = [1, 2].map(|number| {
        let mut command = waarborg(&ground, &["serve", "--upgrade", "--config"]);
        command.arg(&config);
        Program::start(&format!("rival {number}"), command)
    });
    let decided = async {
        for rival in &rivals {
            while !["ready https://", "error: "]
                .iter()
                .any(|word| rival.said().contains(word))
            {
                tokio::task::yield_now().await;
            }
        }
    };
    in_time("both are ready or refused", decided).await;
    let ready = |rival: &&Program| rival.said().contains("ready https://");
    assert!(rivals.iter().any(|rival| ready(&rival)));
    for refused in rivals.iter().filter(|rival| !ready(rival)) {
        let said = refused.said();
        assert!(said.contains("another upgrade"), "{said}");
    }
    load.goes_on(50).await;
    load.whole(&upstream).await;
    assert!(old.program.ended().await.success());
}

#[tokio::test]
async fn systemd_is_told_which_process_serves() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, "http://127.0.0.1:9")], "");
    let path = ground.path("notify");
    let socket = UnixDatagram::bind(&path).expect("a socket");
    let heard = || {
        let mut bytes = [0; 128];
        let count = socket.recv(&mut bytes).expect("it is told");
        String::from_utf8_lossy(&bytes[..count]).into_owned()
    };
    let started = async |arguments: &[&str]| {
        let mut command = waarborg(&ground, arguments);
        command.env("NOTIFY_SOCKET", &path);
        Gateway::started(&ground, &config, command).await
    };
    let old = started(&["serve"]).await;
    assert_eq!(heard(), format!("MAINPID={}\nREADY=1\n", old.program.id()));
    let new = started(&["serve", "--upgrade"]).await;
    assert_eq!(heard(), format!("MAINPID={}\nREADY=1\n", new.program.id()));
    new.stop().await;
}

#[tokio::test]
async fn streams_that_outlive_their_limit_are_cut() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "[limits]\ndrain = \"1s\"");
    let mut old = Gateway::serve(&ground, &config).await;
    let _events = open_events(&old, HOST).await;
    let _new = upgrade(&ground, &config).await;
    old.program.line("are cut").await;
    assert!(old.program.ended().await.success());
}
