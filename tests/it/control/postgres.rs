//! A store on PostgreSQL that goes away and comes back.

use store::testing::Postgres;
use waarborg_it::{
    gateway::{Gateway, waarborg},
    ground::Ground,
    in_time,
    program::finish,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

fn configure(ground: &Ground, upstream: &Upstream, url: &str) -> std::path::PathBuf {
    ground.write_private("store.url", url);
    ground.configure(
        &[(HOST, &upstream.url())],
        "[store]\npostgres = { file = \"store.url\" }\n",
    )
}

/// Waits until `/-/ledger/key` is answered again: asks as often as it is told no.
async fn until_back(gateway: &Gateway) {
    let back = async {
        while gateway.get(HOST, "/-/ledger/key").await.status != 200 {
            tokio::task::yield_now().await;
        }
    };
    in_time("control has its store again", back).await;
}

#[tokio::test]
async fn without_its_server_proxying_and_prebuilt_pages_go_on_and_the_rest_says_503() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let server = Postgres::start();
    let config = configure(&ground, &upstream, &server.fresh_database());
    let gateway = Gateway::serve(&ground, &config).await;
    until_back(&gateway).await;
    let (code, _) = gateway.prove_only(&ground, &["track"]).await;
    assert!(code.is_some());
    let drill = gateway.said_of(HOST, "track").await["last"]["evidence"].clone();
    let evidence = drill.as_str().expect("an address of evidence");
    assert_eq!(gateway.get(HOST, evidence).await.status, 200);

    for gone in [Postgres::stop, Postgres::kill] {
        gone(&server);
        assert_eq!(gateway.get(HOST, "/").await.status, 200);
        assert_eq!(gateway.get2(HOST, "/").await.status, 200);
        assert_eq!(gateway.get(HOST, "/-/security").await.status, 200);
        assert_eq!(gateway.get(HOST, "/-/security.json").await.status, 200);
        assert_eq!(gateway.get(HOST, "/-/nothing").await.status, 404);
        let page = gateway.get(HOST, evidence).await;
        assert_eq!(page.status, 503);
        assert!(page.headers.contains_key("retry-after"));
        assert_eq!(gateway.operation("/healthz").await.0, 200);
        let verify = gateway.command(&ground, &["ledger", "verify"]).await;
        assert_eq!(verify.code, Some(1), "{}{}", verify.out, verify.err);
        server.start_again();
        let back = async {
            while gateway.get(HOST, evidence).await.status != 200 {
                tokio::task::yield_now().await;
            }
        };
        in_time("the evidence is there again", back).await;
    }
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
}

#[tokio::test]
async fn a_gateway_that_starts_without_its_server_serves_and_catches_up() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let server = Postgres::start();
    let config = configure(&ground, &upstream, &server.fresh_database());
    // Once with it, so that there is a master key and a schema.
    Gateway::serve(&ground, &config).await.stop().await;
    server.stop();
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    assert_eq!(gateway.get(HOST, "/-/security").await.status, 200);
    assert_eq!(gateway.get(HOST, "/-/ledger/key").await.status, 503);
    server.start_again();
    until_back(&gateway).await;
    gateway.stop().await;
}

#[tokio::test]
async fn the_very_first_start_may_come_before_its_server() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let server = Postgres::start();
    let config = configure(&ground, &upstream, &server.fresh_database());
    server.stop();
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    assert_eq!(gateway.get(HOST, "/-/security").await.status, 200);
    assert_eq!(gateway.get(HOST, "/-/ledger/key").await.status, 503);
    // A reload doesn't wait for it either.
    gateway.program.signal(rustix::process::Signal::HUP);
    gateway.program.line("the configuration was reloaded").await;
    server.start_again();
    until_back(&gateway).await;
    let (code, proved) = gateway.prove(&ground).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
}

#[tokio::test]
async fn a_url_that_is_none_is_refused_without_showing_it() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = configure(&ground, &upstream, "postgres://u:hunter2@[/x");
    for command in ["check", "serve"] {
        let mut command = waarborg(&ground, &[command]);
        command.arg("--config").arg(&config);
        let done = finish(command).await;
        assert_eq!(done.code, Some(1), "{}{}", done.out, done.err);
        assert!(!done.err.contains("hunter2"), "{}", done.err);
    }
}
