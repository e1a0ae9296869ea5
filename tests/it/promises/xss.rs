//! Promise `xss`: own pages show markup as text, and what an application brings back is told,
//! shown as text or refused. Judges: Chromium, which runs whatever is markup; curl.

use std::process::Stdio;

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::Child,
};
use waarborg_it::{gateway::Gateway, ground::Ground, in_time, judges, program::command, tools};

use super::{HOST, bites};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("xss", &["own-pages"]).await;
}

/// An application that brings back whatever it is asked.
async fn echo() -> (Child, String) {
    let mut program = command(tools::python("python"));
    program
        .arg(tools::judge("echo.py"))
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut child = program.spawn().expect("Python runs");
    let out = child.stdout.take().expect("a pipe");
    let mut lines = BufReader::new(out).lines();
    let port = in_time("the application says its port", lines.next_line()).await;
    let port = port.expect("text").expect("a line");
    (child, format!("http://127.0.0.1:{port}"))
}

const MODES: &str = "[[site.\"app.example.test\".routes]]\npath = \"/off\"\nxss = \"off\"\n\
                     [[site.\"app.example.test\".routes]]\npath = \"/quiet\"\nxss = \"neutralise\"\n\
                     [[site.\"app.example.test\".routes]]\npath = \"/strict\"\nxss = \"refuse\"\n";

async fn judged(gateway: &Gateway, prefix: &str) -> Vec<Value> {
    let address = gateway.address.to_string();
    let done = judges::node("reflected.mjs", &[HOST, &address, prefix]).await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    let seen: Value = serde_json::from_str(done.out.trim()).expect("JSON");
    seen.as_array().cloned().expect("a list")
}

#[tokio::test]
async fn chromium_runs_what_comes_back_raw_and_nothing_of_it_where_it_is_neutralised() {
    let ground = Ground::new();
    let (_app, url) = echo().await;
    // The same application on a path of its own for each mode.
    let config = ground.configure(&[(HOST, &url)], MODES);
    let gateway = Gateway::serve(&ground, &config).await;
    let raw = judged(&gateway, "/off").await;
    assert!(raw.len() > 20, "{raw:#?}");
    for seen in &raw {
        assert_eq!(seen["ran"], true, "without the guard: {seen}");
    }
    for prefix in ["/quiet", "/strict"] {
        for seen in judged(&gateway, prefix).await {
            assert_eq!(seen["ran"], false, "{prefix}: {seen}");
            if prefix == "/quiet" && seen["where"] != "code" {
                assert_eq!(seen["own"], true, "the page's own script runs: {seen}");
            }
        }
    }
    for (mode, least) in [("neutralise", 20), ("refuse", 20)] {
        let found = format!("waarborg_reflected_total{{mode=\"{mode}\"}}");
        let count = gateway.metric(&found).await;
        assert!(count >= least, "{mode}: {count}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_parameter_that_comes_back_is_told_by_console_alarm_and_metrics_without_its_value() {
    let ground = Ground::new();
    let (_app, url) = echo().await;
    let config = ground.configure(&[(HOST, &url)], MODES);
    let gateway = Gateway::serve(&ground, &config).await;
    let ask =
        |path: &str| format!("https://{HOST}{path}?page=2&q=%3Cscript%3Esecret(1)%3C/script%3E");
    let plain = gateway.curl(&[&ask("/text")]).await.good();
    assert!(
        plain.out.contains("<script>secret(1)</script>"),
        "{}",
        plain.out
    );
    let shown = gateway.curl(&["--http2", &ask("/quiet/text")]).await.good();
    assert!(
        shown.out.contains("&lt;script&gt;secret(1)"),
        "{}",
        shown.out
    );
    for (version, fields) in [
        ("--http1.1", &["-H", "Accept: text/html"][..]),
        ("--http2", &[]),
    ] {
        let strict = ask("/strict/text");
        let mut arguments = vec![version, "-w", "%{http_code}"];
        arguments.extend(fields);
        arguments.push(&strict);
        let refused = gateway.curl(&arguments).await.good();
        assert!(refused.out.ends_with("403"), "{}", refused.out);
        assert!(!refused.out.contains("secret"), "{}", refused.out);
    }
    let total = async |mode: &str| {
        let name = format!("waarborg_reflected_total{{mode=\"{mode}\"}}");
        gateway.metric(&name).await
    };
    assert_eq!(total("observe").await, 1);
    assert_eq!(total("neutralise").await, 1);
    assert_eq!(total("refuse").await, 2);
    let told = async {
        loop {
            let alarms = std::fs::read_to_string(ground.path("data/alarms.log"));
            let alarms = alarms.unwrap_or_default();
            if alarms.contains("markup-reflected") {
                return alarms;
            }
            tokio::task::yield_now().await;
        }
    };
    let alarms = in_time("the team is told", told).await;
    assert!(alarms.contains("query q as script"), "{alarms}");
    assert!(!alarms.contains("secret"), "{alarms}");
    let said = gateway.said_of(HOST, "xss").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("2 of 4 routes"), "{sentence}");
    gateway.stop().await;
}
