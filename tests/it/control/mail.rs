//! Alarms by mail, to a mail server that nobody here wrote (Python's `aiosmtpd`): also
//! and above all while the store is gone.

use store::testing::Postgres;
use waarborg_it::{gateway::Gateway, ground::Ground, mails::MailServer, upstream::Upstream};

const HOST: &str = "app.example.test";

#[tokio::test]
async fn that_the_store_is_gone_is_mailed_while_it_is_gone_and_that_it_is_back_after() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let MailServer {
        program: mails,
        section,
    } = MailServer::start().await;
    let server = Postgres::start();
    ground.write_private("store.url", &server.fresh_database());
    let store = "[store]\npostgres = { file = \"store.url\" }\n";
    let config = ground.configure(&[(HOST, &upstream.url())], &format!("{store}{section}"));
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.program.line("this node leads").await;

    server.kill();
    let subject = mails.line("The store can't be reached").await;
    assert!(
        subject.to_ascii_lowercase().starts_with("subject:"),
        "{subject}"
    );
    mails.line("Message-ID").await;
    let mail = mails.said();
    assert!(
        mail.contains("ops@example.test") && mail.contains("Message-ID"),
        "{mail}"
    );
    assert_eq!(gateway.get(HOST, "/").await.status, 200);

    let before = mails.lines();
    server.start_again();
    mails.line_after(before, "ubject:").await;
    gateway.stop().await;
}

#[tokio::test]
async fn that_the_store_is_not_there_at_the_start_is_mailed() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let MailServer {
        program: mails,
        section,
    } = MailServer::start().await;
    let server = Postgres::start();
    ground.write_private("store.url", &server.fresh_database());
    let store = "[store]\npostgres = { file = \"store.url\" }\n";
    let config = ground.configure(&[(HOST, &upstream.url())], &format!("{store}{section}"));
    server.stop();
    let gateway = Gateway::serve(&ground, &config).await;
    mails.line("The store can't be reached").await;
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    assert_eq!(gateway.get(HOST, "/-/security").await.status, 200);

    let before = mails.lines();
    server.start_again();
    mails.line_after(before, "ubject:").await;
    gateway.stop().await;
}

#[tokio::test]
async fn that_a_drill_failed_is_mailed() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let MailServer {
        program: mails,
        section,
    } = MailServer::start().await;
    let config = ground.configure(&[(HOST, &upstream.url())], &section);
    let gateway = Gateway::serve_without("hsts", &ground, &config).await;
    let subject = mails.line("hsts").await;
    gateway
        .program
        .line("a drill did not pass promise=hsts")
        .await;
    assert!(mails.said().contains("ops@example.test"), "{subject}");
    gateway.stop().await;
}
