//! One connection, many requests: where messages begin and end.

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Application, End, OK},
};

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

#[tokio::test]
async fn a_connection_is_kept_on_both_sides() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app.answer_one(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
    for _ in 0..3 {
        client.say(GET).await;
        peer.head().await;
        peer.say(OK).await;
        assert_eq!(client.answer().await.text(), "ok");
    }
    assert_eq!(harness.counters.upstream_connects.get(), 1);
    assert_eq!(harness.counters.accepted.get(), 1);
}

#[tokio::test]
async fn streams_of_http2_use_kept_connections_again() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let mut client = harness.http2().await;
    for _ in 0..5 {
        assert_eq!(client.get("/").await.text(), "ok");
    }
    assert_eq!(harness.counters.upstream_connects.get(), 1);
}

#[tokio::test]
async fn pipelined_requests_are_answered_in_order() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(
            "POST /1 HTTP/1.1\r\nHost: app.test\r\nContent-Length: 3\r\n\r\nabc\
             GET /2 HTTP/1.1\r\nHost: app.test\r\n\r\n",
        )
        .await;
    let (mut peer, first) = app.asked().await;
    assert!(first.starts_with("POST /1 "), "{first}");
    assert_eq!(peer.take(3).await, b"abc");
    assert_eq!(peer.waiting, b"", "the second waits for the first");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n1")
        .await;
    let second = peer.head().await;
    assert!(second.starts_with("GET /2 "), "{second}");
    peer.say("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n2")
        .await;
    assert_eq!(client.answer().await.text(), "1");
    assert_eq!(client.answer().await.text(), "2");
}

#[tokio::test]
async fn http_1_0_is_answered_and_closed() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.0\r\nHost: app.test\r\n\r\n").await;
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let (_peer, head) = app.answer_one(chunked).await;
    assert!(head.starts_with("GET / HTTP/1.1\r\n"), "{head}");
    let answer = client.answer().await;
    assert_eq!(answer.text(), "ok");
    assert_eq!(answer.field("transfer-encoding"), None);
    assert_eq!(answer.field("connection"), Some("close"));
    answer.assert_hardened();
}

#[tokio::test]
async fn http_1_0_without_a_host_is_for_the_name_of_the_handshake() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
        .await;
    let (_peer, head) = app.answer_one(OK).await;
    assert!(head.contains("\r\nhost: app.test\r\n"), "{head}");
    let answer = client.answer().await;
    assert_eq!(answer.text(), "ok");
    assert_eq!(answer.field("connection"), Some("keep-alive"));
}

#[tokio::test]
async fn a_client_that_wants_to_close_is_closed_behind_its_answer() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.field("connection"), Some("close"));
    assert_eq!(client.end().await, (Vec::new(), End::Clean));
}

#[tokio::test]
async fn the_length_of_an_answer_to_head_is_kept() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n");
    let mut client = harness.http1().await;
    for _ in 0..2 {
        client
            .say("HEAD / HTTP/1.1\r\nHost: app.test\r\n\r\n")
            .await;
        let answer = client.answer_to("HEAD").await;
        assert_eq!(answer.field("content-length"), Some("1234"));
        answer.assert_hardened();
    }
    let head = request("HEAD", "/").body(nothing()).unwrap();
    let answer = harness.http2().await.ask(head).await;
    assert_eq!(answer.field("content-length"), Some("1234"));
    assert!(answer.body.is_empty());
}

#[tokio::test]
async fn an_unknown_length_stays_unknown_to_head() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let mut client = harness.http1().await;
    client
        .say("HEAD / HTTP/1.1\r\nHost: app.test\r\n\r\n")
        .await;
    let over_http1 = client.answer_to("HEAD").await;
    let head = request("HEAD", "/").body(nothing()).unwrap();
    let over_http2 = harness.http2().await.ask(head).await;
    for answer in [over_http1, over_http2] {
        assert_eq!(answer.field("content-length"), None);
    }
}

#[tokio::test]
async fn answers_without_a_body_end_with_their_head() {
    for head in [
        "HTTP/1.1 204 No Content\r\n\r\n",
        "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
    ] {
        let app = Application::start().await;
        let harness = Harness::start(app.address);
        let head: &'static str = head;
        app.always(head.as_bytes());
        let mut client = harness.http1().await;
        let mut answers = Vec::new();
        for _ in 0..2 {
            client.say(GET).await;
            answers.push(client.answer().await);
        }
        answers.push(harness.http2().await.get("/").await);
        for answer in answers {
            assert_eq!(answer.status.to_string(), head[9..12]);
            assert_eq!(answer.field("transfer-encoding"), None);
            assert_eq!(answer.field("content-length"), None, "{head}");
            assert!(answer.body.is_empty());
            answer.assert_hardened();
        }
        assert_eq!(harness.counters.upstream_connects.get(), 1);
    }
}

#[tokio::test]
async fn the_length_of_an_unchanged_document_stays() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n");
    let mut client = harness.http1().await;
    for _ in 0..2 {
        client.say(GET).await;
        let answer = client.answer().await;
        assert_eq!(answer.field("content-length"), Some("99"));
    }
    let answer = harness.http2().await.get("/").await;
    assert_eq!(answer.field("content-length"), Some("99"));
}

#[tokio::test]
async fn interim_answers_of_the_application_are_not_taken_for_the_answer() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let _peer = app
        .answer_one([hints.as_bytes(), hints.as_bytes(), OK].concat())
        .await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn an_answer_until_the_end_of_the_connection_is_whole() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let mut client = harness.http1().await;
    client.say(GET).await;
    assert_eq!(client.answer().await.text(), "ok");

    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    for _ in 0..2 {
        client.say(GET).await;
        drop(app.answer_one("HTTP/1.1 200 OK\r\n\r\nall of it").await);
        let answer = client.answer().await;
        assert_eq!(answer.field("transfer-encoding"), Some("chunked"));
        assert_eq!(answer.text(), "all of it");
    }
}

#[tokio::test]
async fn a_byte_by_byte_client_is_understood() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    let asked = "POST /slow HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n\
                 3\r\nabc\r\n0\r\n\r\n";
    for byte in asked.bytes() {
        client.say([byte]).await;
    }
    let (mut peer, head) = app.asked().await;
    assert!(head.starts_with("POST /slow "), "{head}");
    assert!(peer.until(b"0\r\n\r\n").await.contains("abc"));
    peer.say(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}
