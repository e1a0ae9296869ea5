//! `waarborg demo`: everything from one command.

use std::net::TcpStream;

use serde_json::Value;
use terms::{Clock, Moment};
use waarborg_it::{
    demo::Demo,
    in_time,
    program::{command, finish},
    tools,
};

#[tokio::test]
async fn the_demo_serves_its_application_and_trust_page_under_its_own_authority() {
    let clock = Clock::System;
    let begun: Moment = clock.moment();
    let demo = Demo::start().await;
    println!(
        "from start to ready: {} ms",
        clock.moment().since(begun).as_millis()
    );
    for field in ["url", "portal", "ca", "operations"] {
        assert!(demo.told[field].is_string(), "{field}: {}", demo.told);
    }
    assert_eq!(demo.told["users"][0]["name"], "ada", "{}", demo.told);
    let office = format!("{}/office", demo.url);
    let sent = demo
        .curl(&[
            "-H",
            "Accept: text/html",
            "-o",
            "/dev/null",
            "-w",
            "%{http_code} %{redirect_url}",
            &office,
        ])
        .await
        .good();
    assert!(sent.out.starts_with("303 "), "{}", sent.out);
    assert!(
        sent.out.ends_with("/-/login?return=%2Foffice"),
        "{}",
        sent.out
    );
    for version in ["--http1.1", "--http2"] {
        let page = demo.curl(&[version, "--fail", &demo.url]).await.good();
        assert!(page.out.contains("Customer book"), "{}", page.out);
    }
    let portal = demo.told["portal"].as_str().expect("`portal`");
    for site in [&demo.url, portal] {
        let page = demo
            .curl(&["--fail", &format!("{site}/-/security")])
            .await
            .good();
        assert!(page.out.contains("id=\"hsts\""), "{site}");
    }
    let health = demo
        .curl(&["--fail", &format!("http://{}/readyz", demo.operations())])
        .await;
    assert_eq!(health.good().out, "ready\n");
    demo.stop().await;
}

#[tokio::test]
async fn the_demos_team_has_a_register_that_is_proven() {
    let demo = Demo::start().await;
    let said = async || {
        let url = format!("{}/-/security.json", demo.url);
        let page = demo.curl(&[&url]).await.good();
        let page: Value = serde_json::from_str(&page.out).expect("JSON");
        let all = page["promises"].as_array().expect("the promises");
        let said = all.iter().find(|said| said["id"] == "team").cloned();
        said.expect("it stands there")
    };
    let green = async {
        while said().await["state"] != "green" {
            tokio::task::yield_now().await;
        }
    };
    in_time("the drill has seen the register", green).await;
    let said = said().await["sentence"].to_string();
    assert!(said.contains("3 of 3 services and devices"), "{said}");
    demo.stop().await;
}

#[tokio::test]
async fn the_authority_stays_from_one_start_to_the_next() {
    let first = Demo::start().await;
    let ca = std::fs::read(first.ca()).expect("the authority");
    let folder = first.stop().await;
    let second = Demo::start_in(folder).await;
    assert!(std::fs::read(second.ca()).expect("the authority") == ca);
    second
        .curl(&["--fail", "-o", "/dev/null", &second.url])
        .await
        .good();
}

#[tokio::test]
async fn the_authority_vouches_for_localhost_only() {
    let demo = Demo::start().await;
    let mut openssl = command("openssl");
    openssl
        .args(["x509", "-noout", "-text", "-in"])
        .arg(demo.ca());
    let text = finish(openssl).await.good().out;
    let constraints = text.split("X509v3 Name Constraints: critical").nth(1);
    let constraints = constraints.expect("critical name constraints");
    assert!(constraints.contains("DNS:localhost"), "{text}");
    assert!(
        constraints.contains("Excluded:") && constraints.contains("IP:0.0.0.0/0.0.0.0"),
        "{text}"
    );
    assert!(text.contains("CA:TRUE, pathlen:0"), "{text}");
}

#[tokio::test]
async fn the_demo_listens_on_loopback_only_and_refuses_anything_else() {
    let demo = Demo::start().await;
    let mut sockets = command("ss");
    sockets.args(["-Htlnp"]);
    let sockets = finish(sockets).await.good().out;
    let mine = format!("pid={},", demo.program.id());
    let ours: Vec<&str> = sockets
        .lines()
        .filter(|line| line.contains(&mine))
        .collect();
    assert!(ours.len() >= 3, "edge, operations, application: {sockets}");
    for line in ours {
        let local = line.split_whitespace().nth(3).unwrap_or_default();
        assert!(
            local.starts_with("127.0.0.1:") || local.starts_with("[::1]:"),
            "{line}"
        );
    }
    for address in ["0.0.0.0:0", "192.0.2.1:8443", "[::]:0"] {
        let mut wide = command(tools::waarborg());
        wide.args(["demo", "--listen", address, "--data"])
            .arg(demo.folder.path().join("other"));
        let done = finish(wide).await;
        assert_eq!(done.code, Some(1), "{address}: {}", done.out);
        assert!(done.err.contains("loopback"), "{}", done.err);
    }
    assert!(
        !demo.folder.path().join("other").exists(),
        "nothing was made"
    );
    assert!(TcpStream::connect(demo.operations()).is_ok());
}

#[tokio::test]
async fn a_second_demo_in_the_same_folder_is_told_so() {
    let demo = Demo::start().await;
    let mut second = command(tools::waarborg());
    second
        .args(["demo", "--listen", "127.0.0.1:0", "--data"])
        .arg(demo.folder.path());
    let done = finish(second).await;
    assert_eq!(done.code, Some(1), "{}", done.out);
    assert!(done.err.contains("in use"), "{}", done.err);
    // Uploads and pages of the first are as they were.
    demo.curl(&["--fail", "-o", "/dev/null", &demo.url])
        .await
        .good();
}
