//! Every answer leaves hardened, whatever made it and on whichever way.

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Answer, Application, OK},
};

/// One GET over HTTP/1, answered with `answer` by the application.
async fn over_http1(answer: &str) -> Answer {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    let _peer = app.answer_one(answer).await;
    let answer = client.answer().await;
    answer.assert_hardened();
    answer
}

/// The same over HTTP/2.
async fn over_http2(answer: &'static str) -> Answer {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(answer.as_bytes());
    let answer = harness.http2().await.get("/").await;
    answer.assert_hardened();
    answer
}

#[tokio::test]
async fn a_plain_answer_gets_all_headers_on_both_ways() {
    let plain = "HTTP/1.1 200 OK\r\nServer: x\r\nX-Powered-By: y\r\nContent-Length: 2\r\n\r\nok";
    for answer in [over_http1(plain).await, over_http2(plain).await] {
        assert_eq!(answer.text(), "ok");
        let check = |name, expected| assert_eq!(answer.field(name), expected, "{name}");
        check("strict-transport-security", Some("max-age=63072000"));
        check("referrer-policy", Some("strict-origin-when-cross-origin"));
        check(
            "content-security-policy",
            Some("frame-ancestors 'self'; object-src 'none'"),
        );
        check("x-powered-by", None);
        check("content-length", Some("2"));
    }
}

#[tokio::test]
async fn what_the_application_says_itself_is_never_weakened() {
    let own = "HTTP/1.1 404 No\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
               Strict-Transport-Security: max-age=99999999; includeSubDomains\r\n\
               Content-Security-Policy: default-src 'self'; frame-ancestors 'none'\r\n\
               Referrer-Policy: no-referrer\r\nX-Content-Type-Options: nosniff\r\n\
               X-Request-Id: theirs\r\nContent-Length: 0\r\n\r\n";
    for answer in [over_http1(own).await, over_http2(own).await] {
        assert_eq!(answer.status, 404);
        let check = |name, expected| assert_eq!(answer.field(name), Some(expected), "{name}");
        check("date", "Sun, 06 Nov 1994 08:49:37 GMT");
        check(
            "strict-transport-security",
            "max-age=99999999; includeSubDomains",
        );
        check(
            "content-security-policy",
            "default-src 'self'; frame-ancestors 'none'",
        );
        check("referrer-policy", "no-referrer");
        assert_ne!(answer.id(), "theirs");
    }
}

#[tokio::test]
async fn cookies_of_the_application_get_what_they_lack_and_keep_what_they_say() {
    let cookies = "HTTP/1.1 200 OK\r\nSet-Cookie: a=1\r\n\
                   Set-Cookie: b=\"x; y\"; Path=/; HttpOnly\r\n\
                   Set-Cookie: c=3; secure; samesite=None\r\n\
                   Set-Cookie: d=4;SameSite = Strict\r\n\
                   Set-Cookie: e=secure; Domain=samesite\r\n\
                   Set-Cookie: __Host-Http-waarborg=theirs\r\n\
                   Content-Length: 0\r\n\r\n";
    for answer in [over_http1(cookies).await, over_http2(cookies).await] {
        let expected = [
            "a=1; Secure; SameSite=Lax",
            "b=\"x; y\"; Path=/; HttpOnly; Secure; SameSite=Lax",
            "c=3; secure; samesite=None",
            "d=4;SameSite = Strict; Secure",
            "e=secure; Domain=samesite; Secure; SameSite=Lax",
        ];
        assert_eq!(answer.all("set-cookie"), expected);
    }
}

#[tokio::test]
async fn only_pages_say_who_keeps_hold_of_their_window() {
    let check = async |fields: &'static str, expected: Option<&str>| {
        let answer: &'static str =
            format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n").leak();
        for answer in [over_http1(answer).await, over_http2(answer).await] {
            let policy = answer.field("cross-origin-opener-policy");
            assert_eq!(policy, expected, "{fields}");
        }
    };
    let ours = Some("same-origin-allow-popups");
    check("Content-Type: text/html\r\n", ours).await;
    check("content-type: Text/HTML; charset=utf-8\r\n", ours).await;
    check("Content-Type: application/json\r\n", None).await;
    check("", None).await;
    let own = "Cross-Origin-Opener-Policy: unsafe-none\r\nContent-Type: text/html\r\n";
    check(own, Some("unsafe-none")).await;
}

#[tokio::test]
async fn a_weaker_policy_of_the_application_is_replaced() {
    let weak = "HTTP/1.1 200 OK\r\nStrict-Transport-Security: max-age=0\r\n\
                Content-Length: 0\r\n\r\n";
    for answer in [over_http1(weak).await, over_http2(weak).await] {
        let hsts = answer.field("strict-transport-security");
        assert_eq!(hsts, Some("max-age=63072000"));
    }
}

#[tokio::test]
async fn a_policy_without_a_framing_rule_gets_ours_beside_it() {
    let partial = "HTTP/1.1 200 OK\r\nContent-Security-Policy: script-src 'self'\r\n\
                   X-Frame-Options: DENY\r\nContent-Length: 0\r\n\r\n";
    let answer = over_http1(partial).await;
    let policies = answer.all("content-security-policy");
    assert_eq!(policies, ["script-src 'self'", "object-src 'none'"]);
}

#[tokio::test]
async fn two_dates_become_one() {
    let twice = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n\
                 Date: Sun, 06 Nov 1994 08:49:38 GMT\r\nContent-Length: 0\r\n\r\n";
    for answer in [over_http1(twice).await, over_http2(twice).await] {
        assert_eq!(answer.field("date"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
    }
}

#[tokio::test]
async fn a_cookie_with_one_of_our_names_is_dropped_and_its_neighbour_kept() {
    let cookies = "HTTP/1.1 200 OK\r\nSet-Cookie: __Host-Http-waarborg=evil\r\n\
                   Set-Cookie: theirs=1\r\nContent-Length: 0\r\n\r\n";
    for answer in [over_http1(cookies).await, over_http2(cookies).await] {
        assert_eq!(
            answer.field("set-cookie"),
            Some("theirs=1; Secure; SameSite=Lax")
        );
    }
}

#[tokio::test]
async fn refusals_and_own_pages_are_hardened_over_http1() {
    let harness = Harness::alone();
    for (asked, status) in [
        ("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n", 404),
        ("GET / HTTP/1.1\r\n\r\n", 400),
        ("GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n", 421),
        ("GET /-/security HTTP/1.1\r\nHost: app.test\r\n\r\n", 200),
        ("GET / HTTP/3.0\r\nHost: app.test\r\n\r\n", 505),
    ] {
        let mut client = harness.http1().await;
        client.say(asked).await;
        let answer = client.answer().await;
        assert_eq!(answer.status, status, "{asked}");
        answer.assert_hardened();
    }
}

#[tokio::test]
async fn refusals_and_own_pages_are_hardened_over_http2() {
    let harness = Harness::alone();
    let mut client = harness.http2().await;
    for (path, status) in [("/", 404), ("/-/security", 200)] {
        let answer = client.get(path).await;
        assert_eq!(answer.status, status);
        answer.assert_hardened();
        assert!(!answer.body.is_empty());
        let head = request("HEAD", path).body(nothing()).unwrap();
        let head = client.ask(head).await;
        head.assert_hardened();
        assert_eq!(
            head.field("content-length"),
            answer.field("content-length"),
            "{path}"
        );
        assert!(head.body.is_empty());
    }
}

#[tokio::test]
async fn an_unreachable_application_is_answered_hardened() {
    let app = Application::start().await;
    let address = app.address;
    drop(app);
    let harness = Harness::start(address);
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    let answers = [client.answer().await, harness.http2().await.get("/").await];
    for answer in answers {
        assert_eq!(answer.status, 502);
        assert!(answer.field("retry-after").is_some());
        answer.assert_hardened();
    }
}

#[tokio::test]
async fn every_hardened_answer_is_counted() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let mut client = harness.http2().await;
    client.get("/").await;
    client.get("/-/security").await;
    assert_eq!(harness.counters.hsts.get(), 2);
}
