//! Nobody can keep a place for ever, and a drain lets nobody down.

use std::time::Duration;

use seam::record::Outcome;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::{
    client::{collect, nothing, request},
    harness::Harness,
    wire::{Application, End, OK},
};

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const SHORT: Duration = Duration::from_millis(100);

#[tokio::test]
async fn a_silent_client_is_closed_and_leaves_no_record() {
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.limits.idle = SHORT;
    });
    let mut client = harness.http1().await;
    assert_eq!(client.end().await, (Vec::new(), End::Clean));
    assert!(harness.has_no_more_records().await);
}

#[tokio::test]
async fn a_silent_client_of_http2_is_told_to_go() {
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.limits.idle = SHORT;
    });
    let mut client = harness.http2().await;
    client.get("/-/security").await;
    client.ended.await.unwrap();
}

#[tokio::test]
async fn a_client_that_never_shakes_hands_is_closed() {
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.limits.handshake = SHORT;
    });
    let mut stream = TcpStream::connect(harness.address).await.unwrap();
    assert_eq!(
        stream.read_u8().await.unwrap_err().kind(),
        std::io::ErrorKind::UnexpectedEof
    );
    let counters = harness.counters.clone();
    assert!(harness.has_no_more_records().await);
    assert_eq!(counters.handshakes_failed.get(), 1);
}

#[tokio::test]
async fn a_slow_head_is_answered_late() {
    let mut harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.limits.head = SHORT;
    });
    let mut client = harness.http1().await;
    client.say("GET / HTTP/1.1\r\nHo").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 408);
    answer.assert_hardened();
    assert_eq!(client.end().await, (Vec::new(), End::Clean));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("head-late"));
}

/// A client that is never silent for as long as it may be, but far below the least rate.
#[tokio::test]
async fn a_body_that_only_drips_is_answered_late() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| {
        setting.limits.stall = 10 * SHORT;
        setting.limits.least_rate = 1_000_000;
    });
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 900000\r\n\r\n")
        .await;
    let (mut peer, _) = app.asked().await;
    let mut drops = tokio::time::interval(SHORT);
    let late = loop {
        tokio::select! {
            _ = drops.tick() => client.say("x").await,
            record = harness.record() => break record,
        }
    };
    assert_eq!(late.outcome, Outcome::Refused("body-late"));
    assert_eq!(client.answer().await.status, 408);
    assert!(peer.end().await.0.len() < 100);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_answered_late() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| setting.limits.stall = SHORT);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 9\r\n\r\nabc")
        .await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(client.answer().await.status, 408);
    assert_eq!(peer.end().await.0, b"abc");
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("body-late"));
}

#[tokio::test]
async fn a_reader_that_stops_is_left() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| setting.limits.stall = SHORT);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app
        .answer_one(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            1_u64 << 40
        ))
        .await;
    let piece = vec![b'x'; 1 << 20];
    while peer.try_say(&piece).await.is_ok() {}
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
}

#[tokio::test]
async fn connections_beyond_the_cap_are_closed_until_others_leave() {
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.limits.connections = 1;
    });
    let first = harness.http1().await;
    assert!(harness.try_http1("app.test").await.is_err());
    drop(first);
    while harness.try_http1("app.test").await.is_err() {}
}

#[tokio::test]
async fn a_drain_ends_idle_connections_soon_and_waits_for_requests() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut idle = harness.http1().await;
    let mut idle_http2 = harness.http2().await;
    idle_http2.get("/-/security").await;
    let mut busy = harness.http1().await;
    busy.say(GET).await;
    let (mut peer, _) = app.asked().await;
    let mut busy_http2 = harness.http2().await;
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = busy_http2.spawn(asked).await;
    let (mut peer_too, _) = app.asked().await;

    let drained = harness.begin_drain(Duration::from_secs(60));
    assert_eq!(idle.end().await, (Vec::new(), End::Clean));
    idle_http2.ended.await.unwrap();
    assert!(!drained.is_finished());
    peer.say(OK).await;
    let ended = busy.answer().await;
    assert_eq!((ended.status, ended.text()), (200, "ok"));
    assert_eq!(busy.end().await, (Vec::new(), End::Clean));
    peer_too.say(OK).await;
    let ended = collect(answer.await.unwrap().unwrap()).await.unwrap();
    assert_eq!((ended.status, ended.text()), (200, "ok"));
    drained.await.unwrap();
    assert!(harness.try_http1("app.test").await.is_err());
}

#[tokio::test]
async fn after_a_hand_over_no_connection_is_cut_and_each_ends_with_its_next_answer() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut fresh = harness.http1().await;
    let mut kept = harness.http1().await;
    let own = "GET /-/security HTTP/1.1\r\nHost: app.test\r\n\r\n";
    kept.say(own).await;
    assert_eq!(kept.answer().await.field("connection"), None);
    let mut kept_http2 = harness.http2().await;
    kept_http2.get("/-/security").await;
    let mut streaming = harness.http1().await;
    streaming.say(GET).await;
    let (mut peer, _) = app.asked().await;
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n")
        .await;
    streaming.head().await;
    streaming.until(b"1\r\na\r\n").await;

    harness.hand_over();
    // The client of HTTP/2 is told; nobody else can be before he asks.
    assert!(kept_http2.ended.await.unwrap());
    for idle in [&mut fresh, &mut kept] {
        idle.say(own).await;
        let answer = idle.answer().await;
        assert_eq!(
            (answer.status, answer.field("connection")),
            (200, Some("close"))
        );
        assert_eq!(idle.end().await, (Vec::new(), End::Clean));
    }
    peer.say("1\r\nb\r\n").await;
    streaming.until(b"1\r\nb\r\n").await;
    peer.say("0\r\n\r\n").await;
    streaming.until(b"0\r\n\r\n").await;
    drop(streaming);
    harness.ended().await;
}

#[tokio::test]
async fn a_drain_ends_at_its_limit() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut busy = harness.http1().await;
    busy.say(GET).await;
    let _silent = app.asked().await;
    harness.drain(SHORT).await;
    assert_eq!(busy.end().await, (Vec::new(), End::Cut));
}

#[tokio::test]
async fn a_new_snapshot_holds_from_the_next_request_on() {
    let harness = Harness::alone();
    let mut client = harness.http2().await;
    assert_eq!(client.get("/x").await.status, 404);
    let app = Application::start().await;
    let other = Harness::start(app.address);
    app.always(OK);
    harness.cell.swap(other.snapshot());
    assert_eq!(client.get("/x").await.status, 200);
}
