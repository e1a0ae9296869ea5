//! Alarms by mail, to a mail server that nobody here wrote (Python's `aiosmtpd`): also
//! and above all while the store is gone.

use store::testing::Postgres;
use waarborg_it::{
    free_port,
    gateway::Gateway,
    ground::Ground,
    program::{Program, command},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// A mail server that prints what it takes, and the section that names it.
async fn mail_server() -> (Program, String) {
    let port = free_port().await;
    let mut server = command(tools::python("python"));
    server
        .args([
            "-m",
            "aiosmtpd",
            "-n",
            "-d",
            "-l",
            &format!("127.0.0.1:{port}"),
        ])
        .env("PYTHONUNBUFFERED", "1");
    let server = Program::start("aiosmtpd", server);
    server.line("Server is listening on").await;
    let section = format!(
        "\n[mail]\nsmtp = \"smtp-plain://127.0.0.1:{port}\"\nfrom = \"waarborg@example.test\"\n\
         to = [\"ops@example.test\"]\n"
    );
    (server, section)
}

#[tokio::test]
async fn that_the_store_is_gone_is_mailed_while_it_is_gone_and_that_it_is_back_after() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let (mails, section) = mail_server().await;
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
    let (mails, section) = mail_server().await;
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
    let (mails, section) = mail_server().await;
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
