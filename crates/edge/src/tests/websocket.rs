//! Upgrades: bytes both ways, and only where both sides agreed.

use seam::record::Outcome;

use super::{
    harness::Harness,
    wire::{Answer, Application, End, OK},
};

const ASK: &str = "GET /live HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\n\
                   Upgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
                   Sec-WebSocket-Version: 13\r\n\r\n";
const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";

#[tokio::test]
async fn bytes_flow_both_ways_also_those_that_came_with_the_handshakes() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(format!("{ASK}early")).await;
    let (mut peer, head) = app.asked().await;
    let lower = head.to_lowercase();
    assert!(lower.contains("\r\nconnection: upgrade\r\n"), "{head}");
    assert!(lower.contains("\r\nupgrade: websocket\r\n"), "{head}");
    assert!(
        lower.contains("\r\nsec-websocket-version: 13\r\n"),
        "{head}"
    );
    peer.say(format!("{AGREE}hello")).await;
    let agreed = Answer::of(&client.head().await);
    assert_eq!(agreed.status, 101);
    assert_eq!(agreed.field("upgrade"), Some("websocket"));
    assert!(agreed.field("sec-websocket-accept").is_some());
    agreed.assert_hardened();
    assert_eq!(client.take(5).await, b"hello");
    assert_eq!(peer.take(5).await, b"early");
    client.say("ping").await;
    assert_eq!(peer.take(4).await, b"ping");
    peer.say("pong").await;
    assert_eq!(client.take(4).await, b"pong");
    drop(peer);
    assert_eq!(client.end().await, (Vec::new(), End::Clean));
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (101, Outcome::Served));
    assert_eq!((record.bytes_in, record.bytes_out), (9, 9));
}

#[tokio::test]
async fn early_bytes_wait_until_the_application_has_agreed() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(format!("{ASK}GET /smuggled HTTP/1.1\r\n\r\n"))
        .await;
    let (mut peer, _) = app.answer_one(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
    // To an application that stays with HTTP they are the next request, judged as one.
    let next = client.answer().await;
    assert_eq!(next.status, 400);
    assert_eq!(peer.waiting, b"");
    drop(client);
    assert_eq!(peer.waiting, b"");
    drop(harness);
    assert_eq!(
        peer.end().await.0,
        b"",
        "nothing but the handshake was sent"
    );
}

#[tokio::test]
async fn a_client_that_ends_its_direction_still_hears_the_rest() {
    use tokio::io::AsyncWriteExt as _;
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(ASK).await;
    let (mut peer, _) = app.answer_one(AGREE).await;
    client.head().await;
    client.say("bye").await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(peer.end().await, (b"bye".to_vec(), End::Clean));
    peer.say("last words").await;
    drop(peer);
    assert_eq!(client.end().await, (b"last words".to_vec(), End::Clean));
}

#[tokio::test]
async fn an_application_that_doesnt_switch_answers_as_to_any_request() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(ASK).await;
    let (mut peer, _) = app.answer_one(OK).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (200, "ok"));
    client.say("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    peer.head().await;
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_switch_that_nobody_asked_for_is_refused() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.1\r\nHost: app.test\r\n\r\n").await;
    let (mut peer, _) = app.answer_one(format!("{AGREE}evil")).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 502);
    answer.assert_hardened();
    assert_eq!(peer.end().await.0, b"");
    assert_eq!(client.end().await, (Vec::new(), End::Clean));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("upgrade-unasked"));

    let mut client = harness.http2().await;
    let (answer, _peer) = tokio::join!(client.get("/"), app.answer_one(AGREE));
    assert_eq!(answer.status, 502);
}
