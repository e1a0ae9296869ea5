//! Radicale, a CalDAV server (RFC 4791): methods that browsers don't
//! have, by curl and by a client of its own.

use std::fs;

use waarborg_it::{
    free_port,
    gateway::Gateway,
    ground::Ground,
    program::{Program, command, finish},
    tools,
};

const HOST: &str = "dav.example.test";

const EVENT: &str = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//waarborg//tests//EN\r\nBEGIN:VEVENT\r\n\
    UID:vergadering@example.test\r\nDTSTAMP:20261123T090000Z\r\nDTSTART:20261201T090000Z\r\n\
    DTEND:20261201T100000Z\r\nSUMMARY:Vergadering à Gand\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

const QUERY: &str = r#"<?xml version="1.0" encoding="utf-8"?>
<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav">
  <D:prop><D:getetag/><C:calendar-data/></D:prop>
  <C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">
    <C:time-range start="20261201T000000Z" end="20261202T000000Z"/>
  </C:comp-filter></C:comp-filter></C:filter>
</C:calendar-query>"#;

/// Starts it; `authentication` is what it believes of who asks.
async fn radicale(ground: &Ground, authentication: &str) -> (Program, String) {
    let storage = ground.path("collections");
    fs::create_dir(&storage).expect("a writable folder");
    let port = free_port().await;
    let mut radicale = command(tools::python("radicale"));
    radicale
        .args([
            "--config",
            "",
            "--auth-type",
            authentication,
            "--storage-filesystem-folder",
        ])
        .arg(storage)
        .args(["--server-hosts", &format!("127.0.0.1:{port}")]);
    let radicale = Program::start("radicale", radicale);
    radicale.line("Radicale server ready").await;
    (radicale, format!("http://127.0.0.1:{port}"))
}

#[tokio::test]
async fn a_calendar_is_made_filled_asked_and_emptied_over_both_versions() {
    let ground = Ground::new();
    let (_radicale, url) = radicale(&ground, "none").await;
    let config = ground.configure(&[(HOST, &url)], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let (event, query) = (
        ground.write("event.ics", EVENT),
        ground.write("query.xml", QUERY),
    );
    let (event, query) = (
        format!("@{}", event.display()),
        format!("@{}", query.display()),
    );
    for (version, name) in [("--http1.1", "one"), ("--http2", "two")] {
        let calendar = format!("https://{HOST}/alice/{name}/");
        let meeting = format!("{calendar}vergadering.ics");
        let ask = async |more: &[&str]| {
            let always = [version, "--user", "alice:x", "-w", "\n%{http_code}"];
            let done = gateway.curl(&[&always, more].concat()).await.good();
            let (body, status) = done.out.rsplit_once('\n').expect("the status stands last");
            (status.to_owned(), body.to_owned())
        };
        let (status, _) = ask(&["-X", "MKCALENDAR", &calendar]).await;
        assert_eq!(status, "201", "{version}");
        let calendar_type = "Content-Type: text/calendar; charset=utf-8";
        let put = [
            "-X",
            "PUT",
            "-H",
            calendar_type,
            "--data-binary",
            &event,
            &meeting,
        ];
        assert_eq!(ask(&put).await.0, "201");
        let (status, body) = ask(&[
            "-X",
            "PUT",
            "-H",
            calendar_type,
            "-H",
            "If-None-Match: *",
            "--data-binary",
            &event,
            &meeting,
        ])
        .await;
        assert_eq!(
            status, "412",
            "the application's own precondition holds: {body}"
        );
        let (status, body) = ask(&[
            "-X",
            "REPORT",
            "-H",
            "Depth: 1",
            "-H",
            "Content-Type: application/xml",
            "--data-binary",
            &query,
            &calendar,
        ])
        .await;
        assert_eq!(status, "207");
        assert!(
            body.contains("vergadering@example.test") && body.contains("Gand"),
            "{body}"
        );
        let (status, body) = ask(&["-X", "PROPFIND", "-H", "Depth: 1", &calendar]).await;
        assert_eq!(status, "207");
        assert!(body.contains("/vergadering.ics"), "{body}");
        let (status, body) = ask(&[&meeting]).await;
        assert_eq!(status, "200");
        assert!(body.contains("SUMMARY:Vergadering à Gand"), "{body}");
        assert_eq!(ask(&["-X", "DELETE", &meeting]).await.0, "200");
        assert_eq!(ask(&[&meeting]).await.0, "404");
    }
    gateway.stop().await;
}

/// Whose it is, the gateway says; its clients know nothing of a gateway.
#[tokio::test]
async fn a_client_that_knows_only_basic_gets_its_own_calendars_with_an_app_password() {
    let ground = Ground::new();
    let (_radicale, url) = radicale(&ground, "http_remote_user").await;
    let config = ground.configure_with_portal(&[(HOST, &url)], "");
    let text = fs::read_to_string(&config)
        .expect("it was written")
        .replace(
            "access = \"public\"",
            "access = \"login\"\ntokens = \"basic\"",
        );
    ground.replace(&config, &text);
    let gateway = Gateway::serve(&ground, &config).await;
    for name in ["ada", "bob"] {
        let password = "vier gele fietsen in het bos";
        gateway.add_user(&ground, name, password, &[]).await;
    }
    let made = [
        "token", "add", "ada", "--site", HOST, "--name", "phone", "--basic",
    ];
    let secret = gateway.command(&ground, &made).await.good().out;
    let mut judge = command(tools::python("python"));
    judge.arg(tools::judge("calendars.py"));
    judge.args([HOST, "127.0.0.1", &gateway.port().to_string()]);
    judge.arg(ground.ca());
    judge.args(["ada", secret.trim(), "bob"]);
    finish(judge).await.good();
    gateway.stop().await;
}
