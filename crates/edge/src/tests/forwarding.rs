//! What reaches the application, byte by byte.

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Application, OK},
};

/// Sends a head of HTTP/1 without its empty line; gives the head that arrived.
async fn arrives(fields: &str) -> String {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(format!(
            "GET /a?b=c HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n"
        ))
        .await;
    let (_peer, head) = app.answer_one(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
    head
}

/// The values of a field in a head, names compared without case.
fn values<'h>(head: &'h str, name: &str) -> Vec<&'h str> {
    head.split("\r\n")
        .filter_map(|line| line.split_once(": "))
        .filter(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, value)| value)
        .collect()
}

#[tokio::test]
async fn the_application_is_told_who_asked_for_what() {
    let head = arrives("Accept: */*\r\n").await;
    assert!(head.starts_with("GET /a?b=c HTTP/1.1\r\n"), "{head}");
    let check = |name, expected| assert_eq!(values(&head, name), [expected], "{name}");
    check("host", "app.test");
    check("accept", "*/*");
    check("x-forwarded-for", "127.0.0.1");
    check("x-forwarded-proto", "https");
    check("x-forwarded-host", "app.test");
    check("forwarded", "for=127.0.0.1;host=\"app.test\";proto=https");
    assert_eq!(values(&head, "x-request-id")[0].len(), 32);
    assert_eq!(values(&head, "traceparent")[0].len(), 55);
}

#[tokio::test]
async fn a_trace_goes_on_with_a_span_of_ours() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    let head = arrives(&format!("Traceparent: 00-{trace}-00f067aa0ba902b7-01\r\n")).await;
    let parent = values(&head, "traceparent");
    assert_eq!(parent.len(), 1);
    assert_eq!(&parent[0][3..35], trace);
    assert_ne!(&parent[0][36..52], "00f067aa0ba902b7");
    assert!(parent[0].ends_with("-01"));
}

#[tokio::test]
async fn a_malformed_trace_is_replaced_by_a_new_one() {
    for wrong in [
        "00-0-0-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
    ] {
        let head = arrives(&format!("traceparent: {wrong}\r\n")).await;
        let parent = values(&head, "traceparent");
        assert_eq!(parent.len(), 1);
        assert_eq!(&parent[0][3..35], values(&head, "x-request-id")[0]);
    }
}

#[tokio::test]
async fn names_that_the_application_trusts_come_from_us_alone() {
    let head = arrives(
        "X-Forwarded-For: 6.6.6.6\r\nx_forwarded_for: 6.6.6.6\r\nX.Forwarded.Proto: http\r\n\
         X-Forwarded-User: evil\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n\
         Remote-User: evil\r\nRemote_User: evil\r\nremote.user: evil\r\nX-Request-Id: evil\r\n\
         Waarborg-Assertion: evil\r\nRemote-Users: kept\r\n",
    )
    .await;
    assert!(
        !head.contains("evil") && !head.contains("6.6.6.6"),
        "{head}"
    );
    assert_eq!(values(&head, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&head, "remote-users"), ["kept"]);
}

#[tokio::test]
async fn fields_of_the_connection_stay_on_it() {
    let head = arrives(
        "Connection: keep-alive, X-Mine\r\nKeep-Alive: timeout=5\r\nX-Mine: secret\r\n\
         TE: trailers\r\nProxy-Connection: close\r\nX-Yours: kept\r\n",
    )
    .await;
    for name in [
        "connection",
        "keep-alive",
        "x-mine",
        "te",
        "proxy-connection",
    ] {
        assert_eq!(values(&head, name), [""; 0], "{name}");
    }
    assert_eq!(values(&head, "x-yours"), ["kept"]);
}

#[tokio::test]
async fn our_fields_survive_a_client_that_nominates_them() {
    let head = arrives("Connection: X-Forwarded-For, X-Request-Id\r\n").await;
    assert_eq!(values(&head, "x-forwarded-for"), ["127.0.0.1"]);
    assert_eq!(values(&head, "x-request-id").len(), 1);
}

#[tokio::test]
async fn our_cookies_never_reach_the_application() {
    let head =
        arrives("Cookie: a=1; __Host-Http-waarborg=s; b=2; \"__host-HTTP-Waarborg-device\"=t\r\n")
            .await;
    assert_eq!(values(&head, "cookie"), ["a=1; b=2"]);
}

#[tokio::test]
async fn split_cookies_of_http2_are_joined_without_ours() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let asked = request("GET", "/a?b=c")
        .header("cookie", "a=1")
        .header("cookie", "__Host-Http-waarborg=s")
        .header("cookie", "b=2")
        .header("x-last", "kept")
        .body(nothing())
        .unwrap();
    let answer = client.spawn(asked).await;
    let (_peer, head) = app.answer_one(OK).await;
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
    assert!(
        head.starts_with("GET /a?b=c HTTP/1.1\r\nhost: app.test\r\n"),
        "{head}"
    );
    assert_eq!(values(&head, "cookie"), ["a=1; b=2"]);
    assert_eq!(values(&head, "x-last"), ["kept"]);
    assert_eq!(values(&head, "x-forwarded-for"), ["127.0.0.1"]);
}

#[tokio::test]
async fn an_absolute_target_goes_on_in_origin_form() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("GET https://app.test/x?y HTTP/1.1\r\nHost: app.test\r\n\r\n")
        .await;
    let (_peer, head) = app.answer_one(OK).await;
    assert!(
        head.starts_with("GET /x?y HTTP/1.1\r\nhost: app.test\r\n"),
        "{head}"
    );
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn an_alias_of_the_same_certificate_is_served_on_the_same_connection() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: ALIAS.test:8443\r\n\r\n")
        .await;
    let (_peer, head) = app.answer_one(OK).await;
    assert_eq!(values(&head, "host"), ["ALIAS.test:8443"]);
    assert_eq!(client.answer().await.status, 200);
}
