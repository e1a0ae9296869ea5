//! Upgrades: bytes both ways, and only where both sides agreed.

use seam::record::Outcome;
use tokio::net::TcpStream;

use super::{
    frames::{DATA, END_STREAM, FrameClient, HEADERS, RST_STREAM},
    harness::Harness,
    wire::{Answer, Application, End, OK, Wire},
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
    let (peer, _) = app.answer_one(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
    // To an application that stays with HTTP they are the next request, judged as one.
    let next = client.answer().await;
    assert_eq!(next.status, 400);
    assert_eq!(peer.waiting, b"");
    drop(client);
    assert_eq!(peer.waiting, b"");
    drop(harness);
    assert_got_only_the_handshake(peer).await;
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

async fn assert_got_only_the_handshake(mut peer: Wire<TcpStream>) {
    let (more, _) = peer.end().await;
    assert_eq!(more, b"", "nothing but the handshake was sent");
}

/// Opens stream 1 as RFC 8441 section 5.1 says.
async fn connect(harness: &Harness, protocol: &str, more: &[(&str, &str)]) -> FrameClient {
    connect_to(harness, "/live", protocol, more).await
}

async fn connect_to(
    harness: &Harness,
    path: &str,
    protocol: &str,
    more: &[(&str, &str)],
) -> FrameClient {
    let mut client = FrameClient::new(harness).await;
    let fields = [
        (":method", "CONNECT"),
        (":protocol", protocol),
        (":scheme", "https"),
        (":path", path),
        (":authority", "app.test"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-protocol", "chat"),
    ];
    client.head(1, &[&fields[..], more].concat(), false).await;
    client
}

/// What a frame of stream 1 carries, and whether it is the last.
async fn piece(client: &mut FrameClient) -> (Vec<u8>, bool) {
    let frame = client.next().await;
    assert_eq!((frame.kind, frame.stream), (DATA, 1), "{frame:?}");
    (frame.payload, frame.flags & END_STREAM != 0)
}

/// What a WebSocket server answers to the head of a handshake.
fn agreement(head: &str) -> String {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let lower = "sec-websocket-key: ";
    let key = head.lines().find_map(|line| line.strip_prefix(lower));
    let key = key.expect("a key");
    let text = format!("{key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
    let accept = terms::base64(digest(&SHA1_FOR_LEGACY_USE_ONLY, text.as_bytes()).as_ref());
    format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}

#[tokio::test]
async fn a_websocket_over_http2_is_one_of_http1_to_the_application() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = connect(&harness, "websocket", &[("origin", "https://app.test")]).await;
    client.frame(DATA, 0, 1, b"early").await;
    let (mut peer, head) = app.asked().await;
    for expected in [
        "GET /live HTTP/1.1\r\n",
        "\r\nconnection: upgrade\r\nupgrade: websocket\r\n",
        "\r\nsec-websocket-version: 13\r\n",
        "\r\nsec-websocket-protocol: chat\r\n",
        "\r\norigin: https://app.test\r\n",
    ] {
        assert!(head.contains(expected), "{expected}\n{head}");
    }
    peer.say(agreement(&head) + "hello").await;
    let head = client.next().await;
    assert_eq!(
        (head.kind, head.flags & END_STREAM),
        (HEADERS, 0),
        "{head:?}"
    );
    let check = |name, expected| assert_eq!(head.field(name), expected, "{name}");
    check(":status", Some("200"));
    check("sec-websocket-protocol", Some("chat"));
    check("sec-websocket-accept", None);
    check("upgrade", None);
    assert_eq!(piece(&mut client).await, (b"hello".to_vec(), false));
    assert_eq!(peer.take(5).await, b"early");
    client.frame(DATA, 0, 1, b"ping").await;
    assert_eq!(peer.take(4).await, b"ping");
    // The client's end is the end of its direction; the other goes on.
    client.frame(DATA, END_STREAM, 1, b"bye").await;
    assert_eq!(peer.end().await, (b"bye".to_vec(), End::Clean));
    peer.say("last words").await;
    assert_eq!(piece(&mut client).await, (b"last words".to_vec(), false));
    drop(peer);
    assert_eq!(piece(&mut client).await, (Vec::new(), true));
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (200, Outcome::Served));
    assert_eq!((record.bytes_in, record.bytes_out), (12, 15));
    assert_eq!(record.method, "GET");
}

#[tokio::test]
async fn a_client_that_resets_its_websocket_ends_the_applications() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = connect(&harness, "websocket", &[]).await;
    let (mut peer, head) = app.asked().await;
    peer.say(agreement(&head)).await;
    assert_eq!(client.next().await.kind, HEADERS);
    client.frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).await;
    assert_eq!(peer.end().await.0, b"");
    assert_eq!(harness.record().await.outcome, Outcome::Served);
}

#[tokio::test]
async fn an_application_that_did_not_read_the_key_gets_no_websocket_over_http2() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = connect(
        &harness,
        "websocket",
        &[("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")],
    )
    .await;
    client.frame(DATA, 0, 1, b"early").await;
    // The right answer to the client's own key, which isn't the one that was sent on.
    let (peer, _) = app.answer_one(AGREE).await;
    assert_eq!(client.next().await.kind, HEADERS);
    assert_got_only_the_handshake(peer).await;
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("websocket-not-accepted"));
}

#[tokio::test]
async fn over_http2_too_early_bytes_wait_and_a_refusal_is_one() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = connect(&harness, "websocket", &[]).await;
    client
        .frame(DATA, 0, 1, b"GET /smuggled HTTP/1.1\r\n\r\n")
        .await;
    let no = "HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno";
    let (peer, _) = app.answer_one(no).await;
    assert_eq!(client.next().await.field(":status"), Some("403"));
    assert_eq!(piece(&mut client).await, (b"no".to_vec(), true));
    assert_eq!(harness.record().await.status, 403);
    drop(client);
    drop(harness);
    assert_got_only_the_handshake(peer).await;
}

/// A 200 would say that the socket is open, and the page would be read as messages.
#[tokio::test]
async fn a_page_is_no_answer_to_a_websocket_over_http2() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = connect(&harness, "websocket", &[]).await;
    let _peer = app.answer_one(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("502"));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("websocket-not-accepted"));
    let mut client = connect_to(&harness, "/-/security", "websocket", &[]).await;
    assert_eq!(client.next().await.field(":status"), Some("400"));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("websocket-to-own-page"));
}

#[tokio::test]
async fn only_websockets_go_through_a_connect_of_http2() {
    let mut harness = Harness::alone();
    for (protocol, reason) in [
        ("connect-udp", "connect-refused"),
        ("WebSocket", "connect-refused"),
    ] {
        let mut client = connect(&harness, protocol, &[]).await;
        assert_eq!(client.next().await.kind, HEADERS);
        let record = harness.record().await;
        assert_eq!(
            (record.status, record.outcome),
            (501, Outcome::Refused(reason))
        );
    }
    let mut client = connect(&harness, "websocket", &[("content-length", "0")]).await;
    assert_eq!(client.next().await.kind, HEADERS);
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("websocket-with-body"));
}
