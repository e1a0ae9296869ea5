//! What isn't served: the right page, in the right words, with an id that leads to its
//! record, and nothing of it at the application.

use seam::record::Outcome;

use super::{
    client::{nothing, pieces, request},
    harness::{Harness, SMALL},
    wire::{Application, End, OK},
};

/// Asks over HTTP/1 with exactly these bytes; expects a refusal, hardened, recorded,
/// followed by the end of the connection, and no connection to the application.
async fn refused(bytes: &str, status: u16, reason: &'static str) {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(bytes).await;
    let method = bytes.split(' ').next().unwrap();
    let answer = client.answer_to(method).await;
    assert_eq!(answer.status, status, "{bytes}");
    answer.assert_hardened();
    assert_eq!(client.end().await, (Vec::new(), End::Clean), "{bytes}");
    let record = harness.record().await;
    assert_eq!(record.outcome, Outcome::Refused(reason), "{bytes}");
    assert_eq!(record.status, status);
    assert_eq!(record.id, answer.id());
    assert_eq!(harness.counters.upstream_connects.get(), 0, "{bytes}");
}

#[tokio::test]
async fn trace_and_connect_are_refused() {
    refused(
        "TRACE / HTTP/1.1\r\nHost: app.test\r\n\r\n",
        405,
        "trace-refused",
    )
    .await;
    refused(
        "CONNECT app.test:443 HTTP/1.1\r\nHost: app.test:443\r\n\r\n",
        501,
        "connect-refused",
    )
    .await;
}

#[tokio::test]
async fn an_upgrade_to_anything_but_websocket_is_refused() {
    refused(
        "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade, HTTP2-Settings\r\n\
         Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n\r\n",
        400,
        "upgrade-refused",
    )
    .await;
}

#[tokio::test]
async fn a_host_that_isnt_ours_or_of_another_certificate_is_misdirected() {
    refused(
        "GET / HTTP/1.1\r\nHost: nobody.test\r\n\r\n",
        421,
        "unknown-host",
    )
    .await;
    refused(
        "GET / HTTP/1.1\r\nHost: other.test\r\n\r\n",
        421,
        "not-this-connection",
    )
    .await;
}

#[tokio::test]
async fn a_head_beyond_the_limits_is_refused() {
    let many = "X: y\r\n".repeat(101);
    refused(
        &format!("GET / HTTP/1.1\r\nHost: app.test\r\n{many}\r\n"),
        431,
        h1::Refusal::TooManyFields.code(),
    )
    .await;
    let long = "a".repeat(9000);
    refused(
        &format!("GET / HTTP/1.1\r\nHost: app.test\r\nA: {long}\r\n\r\n"),
        431,
        h1::Refusal::FieldTooLong.code(),
    )
    .await;
    refused(
        &format!("GET /{long} HTTP/1.1\r\nHost: app.test\r\n\r\n"),
        414,
        h1::Refusal::TargetTooLong.code(),
    )
    .await;
}

#[tokio::test]
async fn a_stated_body_beyond_the_limit_is_refused_before_it_comes() {
    refused(
        "POST /small HTTP/1.1\r\nHost: app.test\r\nContent-Length: 11\r\n\r\n",
        413,
        "body-too-large",
    )
    .await;
}

#[tokio::test]
async fn a_body_of_the_largest_size_is_served() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST /small HTTP/1.1\r\nHost: app.test\r\nContent-Length: 10\r\n\r\n0123456789")
        .await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(10).await, b"0123456789");
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn chunks_beyond_the_limit_are_refused_and_never_look_whole() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST /small HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n")
        .await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(10).await, b"5\r\nabcde\r\n");
    client.say("6\r\nfghijk\r\n0\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 413);
    answer.assert_hardened();
    assert_eq!(peer.end().await, (Vec::new(), End::Clean));
    let record = harness.record().await;
    assert_eq!(record.outcome, Outcome::Refused("body-too-large"));
    assert!(record.bytes_in > SMALL);
}

#[tokio::test]
async fn http2_bodies_beyond_the_limit_are_refused() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let (_never, body) = pieces();
    let stated = request("POST", "/small").header("content-length", 11);
    let response = client.begin(stated.body(body).unwrap()).await.unwrap();
    assert_eq!(response.status(), 413);
    assert_eq!(harness.counters.upstream_connects.get(), 0);
    assert_eq!(harness.record().await.status, 413);

    let (send, body) = pieces();
    let answer = client
        .spawn(request("POST", "/small").body(body).unwrap())
        .await;
    send.send(Ok("abcde".into())).await.unwrap();
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(10).await, b"5\r\nabcde\r\n");
    send.send(Ok("fghijk".into())).await.unwrap();
    assert_eq!(answer.await.unwrap().unwrap().status(), 413);
    assert_eq!(peer.end().await, (Vec::new(), End::Clean));
    let record = harness.record().await;
    assert_eq!(record.outcome, Outcome::Refused("body-too-large"));
}

#[tokio::test]
async fn a_head_of_http2_beyond_the_limit_is_refused_by_us() {
    let mut harness = Harness::alone();
    let mut client = harness.http2().await;
    let long = "a".repeat(17 << 10);
    let asked = request("GET", "/").header("x-long", long);
    let answer = client.ask(asked.body(nothing()).unwrap()).await;
    assert_eq!(answer.status, 431);
    answer.assert_hardened();
    assert_eq!(harness.record().await.id, answer.id());
    let mut many = request("GET", "/");
    for _ in 0..101 {
        many = many.header("x", "y");
    }
    let answer = client.ask(many.body(nothing()).unwrap()).await;
    assert_eq!(answer.status, 431);
}

#[tokio::test]
async fn a_name_that_nobody_serves_gets_no_handshake_and_ours_does() {
    let harness = Harness::alone();
    assert!(harness.try_http1("nobody.test").await.is_err());
    assert!(harness.try_http1("other.test").await.is_ok());
    let counters = harness.counters.clone();
    assert!(harness.has_no_more_records().await);
    assert_eq!(counters.handshakes_failed.get(), 1);
}

#[tokio::test]
async fn a_refusal_speaks_its_readers_language_and_form() {
    let mut harness = Harness::alone();
    for (fields, start) in [
        (
            "Accept: text/html\r\nAccept-Language: nl\r\n",
            "<p lang=nl>",
        ),
        (
            "Accept: text/html;q=0.9\r\nAccept-Language: fr-BE, nl;q=0.5\r\n",
            "<p lang=fr>",
        ),
        ("Accept: application/json\r\n", "{\"lang\":\"en\""),
        ("Accept: */*\r\nAccept-Language: nl\r\n", "{\"lang\":\"nl\""),
    ] {
        let mut client = harness.http1().await;
        client
            .say(format!("GET /a HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 404);
        assert!(answer.text().starts_with(start), "{}", answer.text());
        assert!(answer.text().contains(answer.id()), "{}", answer.text());
        let html = answer.field("content-type") == Some("text/html; charset=utf-8");
        assert_eq!(html, start.starts_with('<'));
        let record = harness.record().await;
        assert_eq!(record.id, answer.id());
        assert_eq!(record.outcome, Outcome::Refused("no-application"));
    }
}

#[tokio::test]
async fn http2_refusals_speak_so_too() {
    let mut harness = Harness::alone();
    let asked = request("GET", "/a")
        .header("accept", "text/html")
        .header("accept-language", "nl")
        .body(nothing())
        .unwrap();
    let answer = harness.http2().await.ask(asked).await;
    assert!(answer.text().starts_with("<p lang=nl>not-found"));
    assert!(answer.text().contains(answer.id()));
    assert_eq!(harness.record().await.id, answer.id());
}

#[tokio::test]
async fn methods_and_authorities_are_judged_over_http2_too() {
    let harness = Harness::alone();
    let mut client = harness.http2().await;
    let trace = request("TRACE", "/").body(nothing()).unwrap();
    assert_eq!(client.ask(trace).await.status, 405);
    let other = http::Request::get("https://other.test/");
    let answer = client.ask(other.body(nothing()).unwrap()).await;
    assert_eq!(answer.status, 421);
    answer.assert_hardened();
    let plain = http::Request::get("http://app.test/");
    assert_eq!(client.ask(plain.body(nothing()).unwrap()).await.status, 400);
}
