//! Promise `track`: every request has an id and leaves a record. Judges: jq on the log,
//! the W3C's form of `traceparent`; promtool on the metrics (`serve::operations`).

use http::Method;
use serde_json::Value;
use visitor::http::Protocol;
use waarborg_it::{gateway::Gateway, ground::Ground, program::run, upstream::Upstream};

use super::{HOST, bites, served};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("track", &["found"]).await;
}

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// `traceparent` as W3C Trace Context level 1 writes it.
fn trace_and_span(value: &str) -> (String, String) {
    let fields: Vec<&str> = value.split('-').collect();
    let [version, trace, span, flags] = fields[..] else {
        panic!("{value}")
    };
    let hex = |text: &str, length: usize| {
        text.len() == length
            && text
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    assert!(
        version == "00" && hex(trace, 32) && hex(span, 16) && hex(flags, 2),
        "{value}"
    );
    assert!(
        trace.bytes().any(|byte| byte != b'0') && span.bytes().any(|byte| byte != b'0'),
        "{value}"
    );
    (trace.to_owned(), span.to_owned())
}

fn passed_on(heard: &Value, name: &str) -> String {
    let fields = heard["fields"].as_array().expect("fields");
    let found: Vec<&str> = fields
        .iter()
        .filter(|field| field[0] == name)
        .filter_map(|field| field[1].as_str())
        .collect();
    let [value] = found[..] else {
        panic!("{name}: {found:?}")
    };
    value.to_owned()
}

#[tokio::test]
async fn a_trace_is_passed_on_and_found_again_by_id_and_by_trace() {
    let (ground, upstream, gateway) = served().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut request = gateway.request(Method::GET, HOST, "/tracked?secret=1");
        request.protocol = protocol;
        let parent = format!("00-{TRACE}-{SPAN}-01").parse().expect("a value");
        request.headers.insert("traceparent", parent);
        let answer = gateway.fetch(&request).await;
        let id = answer.headers["x-request-id"]
            .to_str()
            .expect("text")
            .to_owned();
        let heard = upstream.heard().pop().expect("it came");
        let (trace, span) = trace_and_span(&passed_on(&heard, "traceparent"));
        assert_eq!(trace, TRACE);
        assert_ne!(span, SPAN, "our own span is the parent");
        assert_eq!(passed_on(&heard, "x-request-id"), id);
        for wanted in [id.as_str(), TRACE] {
            let found = async {
                loop {
                    let found = gateway.command(&ground, &["record", "find", wanted]).await;
                    if found.out.contains(&id) {
                        return found;
                    }
                }
            };
            let found = waarborg_it::in_time("the record is found", found).await;
            assert_eq!(found.code, Some(0));
            assert!(
                found.out.contains("/tracked") && !found.out.contains("secret"),
                "{}",
                found.out
            );
        }
    }
    let unknown = gateway
        .command(&ground, &["record", "find", &"a".repeat(32)])
        .await;
    assert_eq!(unknown.code, Some(1), "{}", unknown.out);
}

#[tokio::test]
async fn a_malformed_trace_is_replaced_and_never_believed() {
    let (_ground, upstream, gateway) = served().await;
    let forged = [
        format!("00-{TRACE}-0000000000000000-01"),
        format!("00-{}-{SPAN}-01", "0".repeat(32)),
        format!("ff-{TRACE}-{SPAN}-01"),
        format!("00-{}-{SPAN}-01", TRACE.to_uppercase()),
        format!("00-{TRACE}-{SPAN}"),
        "nonsense".to_owned(),
    ];
    for value in forged {
        let mut request = gateway.request(Method::GET, HOST, "/");
        request
            .headers
            .insert("traceparent", value.parse().expect("a value"));
        assert_eq!(gateway.fetch(&request).await.status, 200);
        let heard = upstream.heard().pop().expect("it came");
        let (trace, _) = trace_and_span(&passed_on(&heard, "traceparent"));
        assert_ne!(trace, TRACE, "{value}");
    }
}

/// The log once it has so many lines.
async fn log_of(gateway: &Gateway, lines: usize) -> Vec<Value> {
    let written = async {
        loop {
            let log = gateway.access_log();
            if log.len() >= lines {
                return log;
            }
            tokio::task::yield_now().await;
        }
    };
    waarborg_it::in_time("the log is written", written).await
}

#[tokio::test]
async fn jq_reads_a_line_of_every_request_served_refused_or_broken() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "[prover]\nperiod = \"7d\"\n");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut ids = Vec::new();
    for path in ["/", "/a?token=hidden", "/-/security", "/-/nothing", "/gone"] {
        for protocol in [Protocol::Http1, Protocol::Http2] {
            let mut request = gateway.request(Method::GET, HOST, path);
            request.protocol = protocol;
            request
                .headers
                .insert("cookie", "session=hidden".parse().expect("a value"));
            request
                .headers
                .insert("authorization", "Bearer hidden".parse().expect("a value"));
            let answer = gateway.fetch(&request).await;
            ids.push(
                answer.headers["x-request-id"]
                    .to_str()
                    .expect("text")
                    .to_owned(),
            );
        }
    }
    log_of(&gateway, ids.len()).await;
    gateway.stop().await;
    let log = ground
        .path("data/log/access.jsonl")
        .to_string_lossy()
        .into_owned();
    let mut unique = ids.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(
        unique.len(),
        ids.len(),
        "every request has an id of its own"
    );
    let lines = run("jq", &["-r", "[.id, .trace, .status, .host] | @tsv", &log])
        .await
        .good()
        .out;
    for id in &ids {
        let found: Vec<&str> = lines
            .lines()
            .filter(|line| line.starts_with(id.as_str()))
            .collect();
        assert_eq!(found.len(), 1, "{id}: {found:?}");
        assert!(found[0].contains(HOST), "{found:?}");
    }
    let text = std::fs::read_to_string(&log).expect("the log");
    assert!(!text.contains("hidden"), "no query, cookie or token");
}

#[tokio::test]
async fn addresses_are_kept_as_the_configuration_says() {
    for (keeping, expected) in [
        ("whole", "\"127.0.0.1\""),
        ("truncated", "\"127.0.0.0"),
        ("none", ""),
    ] {
        let (ground, upstream) = (Ground::new(), Upstream::start().await);
        let rest = format!("[track]\naddresses = \"{keeping}\"\n\n[prover]\nperiod = \"7d\"\n");
        let text = ground.configuration(&[(HOST, &upstream.url())], &rest);
        let route = format!("\n[[site.\"{HOST}\".routes]]\npath = \"/quiet\"\nanonymous = true\n");
        let config = ground.write("waarborg.toml", &(text + &route));
        let gateway = Gateway::serve(&ground, &config).await;
        gateway.get(HOST, "/quiet").await;
        gateway.get(HOST, "/loud").await;
        let log = async {
            loop {
                let log = gateway.access_log();
                let of = |path: &str| {
                    log.iter()
                        .find(|line| line["path"] == path)
                        .map(Value::to_string)
                };
                if let (Some(quiet), Some(loud)) = (of("/quiet"), of("/loud")) {
                    return (quiet, loud);
                }
                tokio::task::yield_now().await;
            }
        };
        let (quiet, loud) = waarborg_it::in_time("both are written", log).await;
        assert!(!quiet.contains("127.0.0"), "{keeping}: {quiet}");
        if expected.is_empty() {
            assert!(!loud.contains("127.0.0"), "{keeping}: {loud}");
        } else {
            assert!(loud.contains(expected), "{keeping}: {loud}");
        }
        // Only the line is short: the application still learns who asks.
        assert_eq!(
            passed_on(&upstream.heard()[0], "x-forwarded-for"),
            "127.0.0.1"
        );
    }
}
