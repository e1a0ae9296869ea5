//! Signals and changed files, while requests are under way.

use rustix::process::Signal;
use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    in_time,
    load::Load,
    streams::{Streams, allow_descriptors, open_events, open_socket, read_until, say},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const NEW: &str = "new.example.test";

#[tokio::test]
async fn after_sigterm_a_request_under_way_is_answered_and_no_other_taken() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut gateway = Gateway::serve(&ground, &config).await;
    for protocol in ["--http1.1", "--http2"] {
        let url = format!("https://{HOST}/hold");
        let before = upstream.count();
        let arguments = [protocol, url.as_str()];
        let held = gateway.curl(&arguments);
        let stopped = async {
            upstream.arrived(before + 1).await;
            gateway.program.signal(Signal::TERM);
            // It doesn't listen any more, yet it waits for the answer.
            let gone = async {
                while tokio::net::TcpStream::connect(gateway.address)
                    .await
                    .is_ok()
                {
                    tokio::task::yield_now().await;
                }
            };
            in_time("the listener is closed", gone).await;
            upstream.release();
        };
        let (held, ()) = tokio::join!(held, stopped);
        assert_eq!(held.good().out, "held", "{protocol}");
        assert!(gateway.program.ended().await.success());
        gateway = Gateway::serve(&ground, &config).await;
    }
}

#[tokio::test]
async fn signals_right_after_ready_are_heeded() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, "http://127.0.0.1:9")], "");
    for _ in 0..5 {
        let gateway = Gateway::serve(&ground, &config).await;
        gateway.program.signal(Signal::HUP);
        gateway.program.line("the configuration was reloaded").await;
        gateway.stop().await;
        Gateway::serve(&ground, &config).await.stop().await;
    }
}

#[tokio::test]
async fn a_changed_file_is_taken_while_streams_live_on() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut events = open_events(&gateway, HOST).await;
    let mut socket = open_socket(&gateway, HOST).await;

    let both = [(HOST, upstream.url()), (NEW, upstream.url())];
    let both = both.each_ref().map(|(host, url)| (*host, url.as_str()));
    ground.replace(&config, &ground.configuration(&both, ""));
    gateway.program.line("the configuration was reloaded").await;
    assert_eq!(gateway.get(NEW, "/").await.status, 200);

    upstream.emit("after the reload");
    read_until(&mut *events, "data: after the reload").await;
    say(&mut *socket, "still here").await;
    read_until(&mut *socket, "still here").await;

    // SIGHUP takes it too, without waiting for the next look.
    let before = gateway.program.lines();
    ground.replace(&config, &ground.configuration(&both[..1], ""));
    gateway.program.signal(Signal::HUP);
    gateway
        .program
        .line_after(before, "the configuration was reloaded")
        .await;
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    let stranger = gateway.request(http::Method::GET, NEW, "/");
    assert!(
        gateway.visitor().fetch(&stranger).await.is_err(),
        "the site is gone"
    );
    upstream.emit("twice");
    read_until(&mut *events, "data: twice").await;
}

#[tokio::test]
async fn a_broken_file_leaves_the_last_good_one_and_is_said() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let good = ground.configuration(&[(HOST, &upstream.url())], "");
    ground.replace(
        &config,
        &good.replace("access = \"public\"", "acces = \"public\""),
    );
    gateway.program.signal(Signal::HUP);
    gateway.program.line("the last good one stays").await;
    let said = gateway.program.said();
    assert!(
        said.contains("acces") && said.contains("waarborg.toml"),
        "{said}"
    );
    assert_eq!(gateway.get(HOST, "/").await.status, 200);

    let before = gateway.program.lines();
    ground.replace(&config, &good);
    gateway.program.signal(Signal::HUP);
    gateway
        .program
        .line_after(before, "the configuration was reloaded")
        .await;
}

#[tokio::test]
async fn a_replaced_certificate_is_served_after_sighup() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let key = async || {
        let opened = gateway.get(HOST, "/").await;
        opened.peer.expect("it was TLS").spki_sha256
    };
    let first = key().await;
    ground.leaf(&[HOST]);
    gateway.program.signal(Signal::HUP);
    gateway.program.line("the configuration was reloaded").await;
    assert_ne!(key().await, first);

    // One that can't be read changes nothing.
    let second = key().await;
    let before = gateway.program.lines();
    ground.write(&format!("{HOST}.pem"), "no certificate");
    gateway.program.signal(Signal::HUP);
    gateway
        .program
        .line_after(before, "the last good one stays")
        .await;
    assert_eq!(key().await, second);
}

#[tokio::test]
async fn a_replaced_certificate_is_noticed_and_served_while_streams_live_on() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut events = open_events(&gateway, HOST).await;
    let key = async || {
        let opened = gateway.get(HOST, "/").await;
        opened.peer.expect("it was TLS").spki_sha256
    };
    let first = key().await;
    ground.leaf(&[HOST]);
    gateway.program.line("the configuration was reloaded").await;
    let second = key().await;
    assert_ne!(second, first);
    upstream.emit("after the certificate");
    read_until(&mut *events, "data: after the certificate").await;

    // The key of another certificate: the old pair stays, and an alarm says so.
    let before = gateway.program.lines();
    let good = std::fs::read_to_string(ground.path(&format!("{HOST}.key")));
    let good = good.expect("the key is there");
    let other = ground.leaf(&["other.example.test"]);
    std::fs::rename(other.key, ground.path(&format!("{HOST}.key"))).expect("one folder");
    gateway
        .program
        .line_after(before, "kind=\"reload-refused\"")
        .await;
    assert_eq!(key().await, second);
    let said = gateway.program.said();
    assert!(said.contains("`key` can't be used"), "{said}");

    let before = gateway.program.lines();
    ground.write_private(&format!("{HOST}.key"), &good);
    gateway
        .program
        .line_after(before, "the configuration was reloaded")
        .await;
    assert_eq!(key().await, second);
    gateway.stop().await;
}

#[tokio::test]
async fn a_key_that_needs_a_restart_is_named() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let changed = ground.configuration(&[(HOST, &upstream.url())], "");
    ground.replace(&config, &changed.replace("workers = 2", "workers = 3"));
    gateway.program.signal(Signal::HUP);
    let line = gateway.program.line("count only after a restart").await;
    assert!(line.contains("workers"), "{line}");
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
}

#[tokio::test]
async fn reloads_under_load_lose_no_request_and_cut_no_stream() {
    allow_descriptors(4_000);
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut streams = Streams::open(&gateway, HOST, 1_000, 100).await;
    let mut load = Load::start(gateway.address, HOST, &ground.ca(), 4);
    load.goes_on(100).await;
    for (round, age) in [(0, "1d"), (1, "2d"), (2, "730d")] {
        // Another policy and another certificate each time.
        ground.leaf(&[HOST]);
        let policy = format!("[hsts]\nmax_age = \"{age}\"");
        let text = ground.configuration(&[(HOST, &upstream.url())], &policy);
        let before = gateway.program.lines();
        ground.replace(&config, &text);
        gateway.program.signal(Signal::HUP);
        gateway
            .program
            .line_after(before, "the configuration was reloaded")
            .await;
        load.goes_on(200).await;
        streams
            .are_whole(&upstream, &format!("round-{round}"))
            .await;
    }
    println!("{:?}", load.whole(&upstream).await);
    drop(streams);
    gateway.stop().await;
}

#[tokio::test]
async fn sigterm_under_load_loses_no_request_that_was_sent() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    for _ in 0..3 {
        let mut gateway = Gateway::serve(&ground, &config).await;
        let mut load = Load::start(gateway.address, HOST, &ground.ca(), 4);
        load.goes_on(200).await;
        load.may_end();
        gateway.program.signal(Signal::TERM);
        assert!(gateway.program.ended().await.success());
        println!("{:?}", load.whole(&upstream).await);
    }
}
