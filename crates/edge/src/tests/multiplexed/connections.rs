//! How many connections there are, how many requests each carries, and how they end.

use std::time::Duration;

use seam::{record::Outcome, snapshot::Place};
use tokio::net::UnixListener;

use super::*;
use crate::tests::{
    frames::{DATA, END_STREAM, FrameClient, Framed, GOAWAY, RST_STREAM, SETTINGS},
    wire::{Application, Wire},
};

/// MAX_CONCURRENT_STREAMS.
fn at_once(streams: u8) -> [u8; 6] {
    [0, 3, 0, 0, 0, streams]
}

#[tokio::test]
async fn requests_at_once_share_a_connection_up_to_the_applications_limit() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut clients = Vec::new();
    for _ in 0..5 {
        let mut client = harness.http1().await;
        client.say(GET).await;
        clients.push(client);
    }
    let mut peers = Vec::new();
    for expected in [2, 2, 1] {
        let mut peer = app.http2_with(&at_once(2)).await;
        for stream in [1, 3].into_iter().take(expected) {
            assert_eq!(peer.asked().await.stream, stream);
        }
        peers.push(peer);
    }
    for (peer, streams) in peers.iter_mut().zip([&[3, 1][..], &[1, 3], &[1]]) {
        for stream in streams {
            peer.ok(*stream).await;
        }
    }
    for client in &mut clients {
        assert_eq!(client.answer().await.text(), "ok");
    }
    assert_eq!(harness.counters.upstream_connects.get(), 3);
}

#[tokio::test]
async fn a_request_waits_for_a_free_stream_and_is_told_where_none_gets_free() {
    let app = Application::start().await;
    let mut harness = before_with(&app, |setting| {
        setting.limits.connect = Duration::from_millis(500);
    });
    let mut clients = Vec::new();
    let mut peers = Vec::new();
    for _ in 0..16 {
        let mut client = harness.http1().await;
        client.say(GET).await;
        clients.push(client);
        let mut peer = app.http2_with(&at_once(1)).await;
        assert_eq!(peer.asked().await.stream, 1);
        peers.push(peer);
    }
    let mut late = harness.http1().await;
    late.say(GET).await;
    let answer = late.answer().await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.field("retry-after"), Some("5"));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("upstream-busy"));
    // In time.
    let mut next = harness.http1().await;
    next.say(GET).await;
    peers[7].ok(1).await;
    assert_eq!(peers[7].asked().await.stream, 3);
    peers[7].ok(3).await;
    assert_eq!(next.answer().await.text(), "ok");
    assert_eq!(harness.counters.upstream_connects.get(), 16);
}

#[tokio::test]
async fn a_limit_that_is_raised_lets_more_in_and_one_that_is_lowered_fewer() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut one = harness.http1().await;
    one.say(GET).await;
    let mut peer = app.http2_with(&at_once(1)).await;
    peer.asked().await;
    peer.frame(SETTINGS, 0, 0, &at_once(2)).await;
    // It is in force once it was acknowledged.
    while peer.any_frame().await.kind != SETTINGS {}
    let mut other = harness.http1().await;
    other.say(GET).await;
    assert_eq!(peer.asked().await.stream, 3);
    peer.ok(1).await;
    peer.ok(3).await;
    one.answer().await;
    other.answer().await;
    peer.frame(SETTINGS, 0, 0, &at_once(0)).await;
    while peer.any_frame().await.kind != SETTINGS {}
    one.say(GET).await;
    let mut next = app.http2().await;
    next.asked().await;
    next.ok(1).await;
    assert_eq!(one.answer().await.text(), "ok");
}

#[tokio::test]
async fn a_changed_configuration_lets_old_connections_end_with_what_they_carry() {
    let app = Application::start().await;
    let harness = before(&app);
    let (mut one, mut other) = (harness.http1().await, harness.http1().await);
    one.say(GET).await;
    let mut old = app.http2().await;
    old.asked().await;
    harness.cell.swap(harness.snapshot());
    other.say(GET).await;
    let mut new = app.http2().await;
    new.asked().await;
    new.ok(1).await;
    assert_eq!(other.answer().await.text(), "ok");
    old.head(1, &[(":status", "200")], false).await;
    old.frame(DATA, 0, 1, b"still ").await;
    old.frame(DATA, END_STREAM, 1, b"here").await;
    assert_eq!(one.answer().await.text(), "still here");
    assert_eq!(old.next().await.kind, GOAWAY);
}

#[tokio::test]
async fn what_is_under_way_ends_well_while_the_worker_drains() {
    let app = Application::start().await;
    let mut harness = before(&app);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let mut peer = app.http2().await;
    peer.asked().await;
    let drained = harness.begin_drain(Duration::from_secs(60));
    peer.ok(1).await;
    assert_eq!(client.answer().await.text(), "ok");
    drained.await.unwrap();
}

#[tokio::test]
async fn slow_readers_leave_the_connection_to_the_others() {
    let app = Application::start().await;
    let harness = before(&app);
    // It takes heads, but not a byte of a body.
    let mut slow = FrameClient::new(&harness).await;
    slow.frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]).await;
    slow.ask(1, "GET", &[], true).await;
    let mut peer = app.http2().await;
    for stream in (1..40).step_by(2) {
        if stream > 1 {
            slow.ask(stream, "GET", &[], true).await;
        }
        assert_eq!(peer.asked().await.stream, stream);
        peer.head(stream, &[(":status", "200")], false).await;
        for _ in 0..8 {
            peer.frame(DATA, 0, stream, &[b'x'; 16_384]).await;
        }
    }
    let mut client = harness.http1().await;
    client.say(GET).await;
    let stream = peer.asked().await.stream;
    peer.head(stream, &[(":status", "200")], false).await;
    for _ in 0..8 {
        peer.frame(DATA, 0, stream, &[b'y'; 16_384]).await;
    }
    peer.frame(DATA, END_STREAM, stream, b"").await;
    assert_eq!(client.answer().await.body, [b'y'; 131_072]);
}

#[tokio::test]
async fn an_application_on_a_unix_socket_speaks_it_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.upstream = Some(Place::Unix(path));
        setting.protocol = Protocol::Http2;
    });
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (stream, _) = listener.accept().await.unwrap();
    let mut peer = Framed::of(Wire::new(stream));
    peer.wire.take(24).await;
    peer.frame(SETTINGS, 0, 0, &[]).await;
    assert_eq!(peer.next().await.field(":path"), Some("/"));
    peer.head(1, &[(":status", "200"), ("content-length", "2")], false)
        .await;
    peer.frame(DATA, END_STREAM, 1, b"ok").await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn a_websocket_is_refused_where_only_http2_is_spoken_and_it_takes_none() {
    let app = Application::start().await;
    let mut harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say(
            "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .await;
    let _peer = app.http2().await;
    assert_eq!(client.answer().await.status, 501);
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("websocket-to-http2-application"));
}

#[tokio::test]
async fn a_websocket_goes_over_a_stream_where_the_application_takes_it() {
    // ENABLE_CONNECT_PROTOCOL
    const TAKES: [u8; 6] = [0, 8, 0, 0, 0, 1];
    let app = Application::start().await;
    let mut harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say(
            "GET /live HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nearly",
        )
        .await;
    let mut peer = app.http2_with(&TAKES).await;
    let asked = peer.asked().await;
    assert_eq!(asked.field(":method"), Some("CONNECT"));
    assert_eq!(asked.field(":protocol"), Some("websocket"));
    assert_eq!(asked.field(":path"), Some("/live"));
    assert_eq!(asked.field("sec-websocket-key"), None);
    assert_eq!(asked.field("sec-websocket-version"), Some("13"));
    peer.head(1, &[(":status", "200")], false).await;
    let head = client.head().await;
    assert!(head.starts_with("HTTP/1.1 101 "), "{head}");
    let accept = "\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n";
    assert!(head.contains(accept), "{head}");
    assert_eq!(peer.next().await.payload, b"early");
    peer.frame(DATA, 0, 1, b"hello").await;
    assert_eq!(client.take(5).await, b"hello");
    peer.frame(DATA, END_STREAM, 1, b"bye").await;
    assert_eq!(client.end().await.0, b"bye");
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (101, Outcome::Served));

    // From a client of HTTP/2, and one that the application refuses.
    let mut client = FrameClient::new(&harness).await;
    let fields = [
        (":method", "CONNECT"),
        (":protocol", "websocket"),
        (":scheme", "https"),
        (":authority", "app.test"),
        (":path", "/live"),
    ];
    client.head(1, &fields, false).await;
    // The first stream was cut off: the client's half had not ended.
    assert_eq!(peer.next().await.kind, RST_STREAM);
    let stream = peer.asked().await.stream;
    peer.head(stream, &[(":status", "200")], false).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    client.frame(DATA, 0, 1, b"ping").await;
    assert_eq!(peer.next().await.payload, b"ping");
    peer.frame(DATA, 0, stream, b"pong").await;
    assert_eq!(client.next().await.payload, b"pong");
    client.frame(DATA, END_STREAM, 1, b"").await;
    let end = peer.next().await;
    assert_eq!((end.kind, end.flags & END_STREAM), (DATA, 1));
    client.head(3, &fields, false).await;
    let stream = peer.asked().await.stream;
    peer.head(stream, &[(":status", "403")], true).await;
    assert_eq!(client.next().await.field(":status"), Some("403"));
}
