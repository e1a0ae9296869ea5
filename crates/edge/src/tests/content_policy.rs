//! Promise `csp`: which policy an answer carries, beside the application's own.

use guards::csp::{Mode, Policy, Sent};
use seam::own::OwnAnswer;

use super::{
    harness::Harness,
    wire::{Answer, Application},
};

const REPORTS: &str = "; report-uri /-/csp-report; report-to waarborg-csp";
const STRICT: &str = "default-src 'self'; object-src 'none'; frame-ancestors 'self'";

fn sent(mode: Mode, nonce: bool) -> Sent {
    let policy = Policy::parse(STRICT).unwrap();
    Sent::new(mode, &policy, nonce, "/-/csp-report")
}

/// One GET over HTTP/1, and the head that the application got.
async fn asked(sent: Sent, fields: &str, answer: &str) -> (Answer, String) {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.csp = sent);
    let mut client = harness.http1().await;
    client
        .say(format!("GET / HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n"))
        .await;
    let (_peer, head) = app.answer_one(answer).await;
    let answer = client.answer().await;
    answer.assert_hardened();
    (answer, head)
}

fn page(fields: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n{fields}Content-Length: 2\r\n\r\nok")
}

#[tokio::test]
async fn an_enforced_policy_is_on_answers_of_every_status_and_kind() {
    for (status, kind) in [
        ("200 OK", "text/html"),
        ("404 Not Found", "text/html"),
        ("500 Broken", "text/plain"),
        ("302 Found", "application/json"),
    ] {
        let answer =
            format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: 0\r\n\r\n");
        let (answer, head) = asked(sent(Mode::Enforce, false), "", &answer).await;
        let expected = format!("{STRICT}{REPORTS}");
        assert_eq!(
            answer.field("content-security-policy"),
            Some(&*expected),
            "{status}"
        );
        assert_eq!(answer.field("content-security-policy-report-only"), None);
        let endpoints = (kind == "text/html").then_some("waarborg-csp=\"/-/csp-report\"");
        assert_eq!(answer.field("reporting-endpoints"), endpoints);
        assert!(!head.contains("csp-nonce"), "{head}");
    }
}

#[tokio::test]
async fn it_is_there_over_http2_too() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.csp = sent(Mode::Enforce, false);
    });
    app.always(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n");
    let answer = harness.http2().await.get("/").await;
    let expected = format!("{STRICT}{REPORTS}");
    assert_eq!(answer.field("content-security-policy"), Some(&*expected));
}

#[tokio::test]
async fn the_applications_own_policies_stay_and_ours_stands_beside_them() {
    let own = "Content-Security-Policy: script-src *\r\n\
               Content-Security-Policy-Report-Only: img-src 'none'\r\n";
    let (answer, _) = asked(sent(Mode::Enforce, false), "", &page(own)).await;
    let ours = format!("{STRICT}{REPORTS}");
    assert_eq!(
        answer.all("content-security-policy"),
        ["script-src *", &*ours]
    );
    assert_eq!(
        answer.all("content-security-policy-report-only"),
        ["img-src 'none'"]
    );
    // What a policy would make browsers pass over is said once more.
    for (options, stated) in [
        ("DENY", Some("frame-ancestors 'none'")),
        ("sameorigin", Some("frame-ancestors 'self'")),
        ("ALLOWALL", None),
    ] {
        let own = format!("X-Frame-Options: {options}\r\n");
        let (answer, _) = asked(sent(Mode::Enforce, false), "", &page(&own)).await;
        let expected: Vec<_> = stated.into_iter().chain([&*ours]).collect();
        assert_eq!(answer.all("content-security-policy"), expected, "{options}");
        assert_eq!(answer.field("x-frame-options"), Some(options));
    }
}

#[tokio::test]
async fn report_only_stops_nothing_and_is_on_pages_only() {
    let (answer, _) = asked(sent(Mode::ReportOnly, false), "", &page("")).await;
    let ours = format!("{STRICT}{REPORTS}");
    assert_eq!(
        answer.field("content-security-policy-report-only"),
        Some(&*ours)
    );
    assert_eq!(
        answer.field("content-security-policy"),
        Some("frame-ancestors 'self'; object-src 'none'")
    );
    let image = "HTTP/1.1 200 OK\r\nContent-Type: image/png\r\nContent-Length: 0\r\n\r\n";
    let (answer, _) = asked(sent(Mode::ReportOnly, false), "", image).await;
    assert_eq!(answer.field("content-security-policy-report-only"), None);
    assert_eq!(answer.field("reporting-endpoints"), None);
}

fn nonce_in(head: &str) -> &str {
    let line = head
        .lines()
        .find_map(|line| line.strip_prefix("waarborg-csp-nonce: "));
    line.expect("a nonce").trim()
}

#[tokio::test]
async fn each_answers_nonce_is_the_applications_and_no_clients() {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let forged = "Waarborg-Csp-Nonce: AAAA\r\nWaarborg_Csp_Nonce: BBBB\r\n";
        let (answer, head) = asked(sent(Mode::Enforce, true), forged, &page("")).await;
        let nonce = nonce_in(&head).to_owned();
        assert_eq!(nonce.len(), 24, "{nonce}");
        assert!(!head.contains("AAAA") && !head.contains("BBBB"), "{head}");
        let expected = format!(
            "default-src 'self'; script-src 'self' 'nonce-{nonce}'; object-src 'none'; \
             frame-ancestors 'self'{REPORTS}"
        );
        assert_eq!(answer.field("content-security-policy"), Some(&*expected));
        assert_eq!(answer.text(), "ok", "the page itself is as it was");
        assert!(!seen.contains(&nonce));
        seen.push(nonce);
    }
}

#[tokio::test]
async fn no_page_that_is_kept_brings_an_old_nonce() {
    let kept = "Cache-Control: public, max-age=600\r\nETag: \"a\"\r\n\
                CDN-Cache-Control: max-age=600\r\n\
                Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                Expires: Sun, 06 Nov 2094 08:49:37 GMT\r\n";
    for mode in [Mode::Enforce, Mode::ReportOnly] {
        let (answer, _) = asked(sent(mode, true), "", &page(kept)).await;
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        for field in ["etag", "last-modified", "expires", "cdn-cache-control"] {
            assert_eq!(answer.field(field), None, "{field}");
        }
    }
    // What is no page has no nonce in it.
    let image =
        format!("HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n{kept}Content-Length: 0\r\n\r\n");
    let (answer, _) = asked(sent(Mode::Enforce, true), "", &image).await;
    assert_eq!(answer.field("cache-control"), Some("public, max-age=600"));
    assert_eq!(answer.field("etag"), Some("\"a\""));
    // The page that the client has keeps its header: a new one would fit nothing in it.
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.csp = sent(Mode::Enforce, true);
    });
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nIf-None-Match: \"a\"\r\n\r\n")
        .await;
    let _peer = app
        .answer_one("HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(
        (answer.status, answer.field("content-security-policy")),
        (304, None)
    );
}

#[tokio::test]
async fn own_answers_without_a_policy_get_the_barest() {
    let mut harness = Harness::alone();
    let mut control = harness.control.take().expect("control's end");
    tokio::spawn(async move {
        while let Some(asked) = control.recv().await {
            let mut head = http::Response::new(());
            if asked.head.uri().path() == "/-/own" {
                let policy = http::HeaderValue::from_static("default-src 'none'; img-src data:");
                head.headers_mut().insert("content-security-policy", policy);
            }
            let (sender, body) = seam::own::body();
            drop(sender);
            let _ = asked.reply.send(OwnAnswer { head, body });
        }
    });
    let mut client = harness.http2().await;
    for (path, expected) in [
        ("/-/other", guards::csp::BARE),
        ("/-/own", "default-src 'none'; img-src data:"),
    ] {
        let answer = client.get(path).await;
        assert_eq!(
            answer.field("content-security-policy"),
            Some(expected),
            "{path}"
        );
    }
}

#[tokio::test]
async fn anybody_may_report_and_nothing_else_comes_from_elsewhere() {
    let mut harness = Harness::alone();
    let mut control = harness.control.take().expect("control's end");
    tokio::spawn(async move {
        while let Some(asked) = control.recv().await {
            let mut head = http::Response::new(());
            *head.status_mut() = http::StatusCode::NO_CONTENT;
            let (sender, body) = seam::own::body();
            drop(sender);
            let _ = asked.reply.send(OwnAnswer { head, body });
        }
    });
    for (path, status) in [
        ("/-/csp-report", 204),
        ("/-/csp-report/", 403),
        ("/-/login", 403),
    ] {
        let mut client = harness.http1().await;
        client
            .say(format!(
                "POST {path} HTTP/1.1\r\nHost: app.test\r\nOrigin: null\r\nContent-Length: 0\r\n\r\n"
            ))
            .await;
        assert_eq!(client.answer().await.status, status, "{path}");
    }
}
