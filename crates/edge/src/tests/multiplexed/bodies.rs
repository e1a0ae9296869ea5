//! Bodies and trailers both ways.

use seam::record::Outcome;

use super::*;
use crate::tests::{
    bodies::{or_stuck, taken},
    client::next,
    frames::{DATA, END_STREAM, FrameClient, HEADERS, RST_STREAM, WINDOW_UPDATE},
    wire::Application,
};

/// CANCEL.
const CANCEL: u8 = 8;

#[tokio::test]
async fn trailers_go_both_ways_where_http2_is_spoken_on_both_sides() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "POST", &[], false).await;
    client.frame(DATA, 0, 1, b"abc").await;
    let mut peer = app.http2().await;
    peer.asked().await;
    let data = peer.next().await;
    assert_eq!((data.kind, &data.payload[..]), (DATA, &b"abc"[..]));
    let section = [("x-sum", "3"), ("remote-user", "evil")];
    client.head(1, &section, true).await;
    let trailers = peer.next().await;
    assert_eq!((trailers.kind, trailers.flags & END_STREAM), (HEADERS, 1));
    assert_eq!(trailers.fields, [("x-sum".to_owned(), "3".to_owned())]);
    peer.head(1, &[(":status", "200")], false).await;
    peer.frame(DATA, 0, 1, b"def").await;
    peer.head(1, &[("grpc-status", "0"), ("x-sum", "6")], true)
        .await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    assert_eq!(client.next().await.payload, b"def");
    let trailers = client.next().await;
    assert_eq!(trailers.flags & END_STREAM, 1);
    assert_eq!(trailers.field("grpc-status"), Some("0"));
    assert_eq!(trailers.field("x-sum"), Some("6"));
}

#[tokio::test]
async fn trailers_go_both_ways_between_chunks_and_http2() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say(
            "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n\
             3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n",
        )
        .await;
    let mut peer = app.http2().await;
    assert_eq!(peer.asked().await.field("content-length"), None);
    assert_eq!(peer.next().await.payload, b"abc");
    assert_eq!(peer.next().await.field("x-sum"), Some("3"));
    peer.head(1, &[(":status", "200")], false).await;
    peer.frame(DATA, 0, 1, b"def").await;
    peer.head(1, &[("x-sum", "6")], true).await;
    let answer = client.answer().await;
    assert_eq!(answer.text(), "def");
    assert_eq!(answer.trailers, [("x-sum".to_owned(), "6".to_owned())]);
}

#[tokio::test]
async fn trailers_that_may_be_none_break_the_answer() {
    for (name, value) in [
        ("content-length", "2"),
        ("set-cookie", "a=b"),
        ("a", "b\r\nc: d"),
        (":status", "200"),
    ] {
        let app = Application::start().await;
        let mut harness = before(&app);
        let mut client = harness.http1().await;
        client.say(GET).await;
        let mut peer = app.http2().await;
        peer.asked().await;
        peer.head(1, &[(":status", "200")], false).await;
        peer.frame(DATA, 0, 1, b"ok").await;
        client.head().await;
        peer.head(1, &[(name, value)], true).await;
        let (rest, _) = client.end().await;
        assert!(!rest.ends_with(b"\r\n\r\n"), "{name}: no last chunk");
        assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);
    }
}

#[tokio::test]
async fn what_has_come_of_an_upload_goes_on_at_once_and_so_do_events() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let answer = client.spawn(request("POST", "/").body(body).unwrap()).await;
    let mut peer = app.http2().await;
    peer.asked().await;
    let fields = [(":status", "200"), ("content-type", "text/event-stream")];
    peer.head(1, &fields, false).await;
    let mut body = answer.await.unwrap().unwrap().into_body();
    for word in ["one", "two", "three"] {
        send.send(Ok(Bytes::from(word))).await.unwrap();
        let data = peer.next().await;
        assert_eq!((data.kind, &data.payload[..]), (DATA, word.as_bytes()));
        peer.frame(DATA, 0, 1, &data.payload).await;
        let frame = next(&mut body).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), word);
    }
}

#[tokio::test]
async fn an_answer_that_isnt_as_long_as_stated_never_looks_whole() {
    for (stated, sent) in [("5", "abc"), ("2", "abc"), ("3", "")] {
        let app = Application::start().await;
        let mut harness = before(&app);
        let mut client = harness.http1().await;
        client.say(GET).await;
        let mut peer = app.http2().await;
        peer.asked().await;
        let fields = [(":status", "200"), ("content-length", stated)];
        peer.head(1, &fields, false).await;
        client.head().await;
        peer.frame(DATA, END_STREAM, 1, sent.as_bytes()).await;
        let (body, _) = client.end().await;
        assert!(body.len() < stated.parse().unwrap(), "{stated}: {body:?}");
        assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_seen_as_broken() {
    for length in [&[("content-length", "4")][..], &[]] {
        for by_reset in [true, false] {
            let app = Application::start().await;
            let mut harness = before(&app);
            let mut client = harness.http1().await;
            client.say(GET).await;
            let mut peer = app.http2().await;
            peer.asked().await;
            let head = [&[(":status", "200")][..], length].concat();
            peer.head(1, &head, false).await;
            // All that was stated, but not the end.
            peer.frame(DATA, 0, 1, b"abcd").await;
            client.head().await;
            if by_reset {
                peer.frame(RST_STREAM, 0, 1, &[0, 0, 0, 2]).await;
            } else {
                drop(peer);
            }
            let (body, _) = client.end().await;
            assert!(!body.ends_with(b"0\r\n\r\n"), "{body:?}");
            assert!(length.is_empty() || body.len() < 4, "{body:?}");
            assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);
        }
    }
}

#[tokio::test]
async fn a_request_that_breaks_off_is_cancelled_and_never_looks_whole() {
    let app = Application::start().await;
    let mut harness = before(&app);
    // Over HTTP/1, over HTTP/2, and while the answer is awaited.
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    let mut peer = app.http2().await;
    peer.asked().await;
    assert_eq!(peer.next().await.payload, b"abc");
    drop(client);
    let reset = peer.next().await;
    assert_eq!(
        (reset.kind, reset.stream, reset.code()),
        (RST_STREAM, 1, CANCEL)
    );
    let mut client = FrameClient::new(&harness).await;
    client
        .ask(1, "POST", &[("content-length", "5")], false)
        .await;
    client.frame(DATA, 0, 1, b"abc").await;
    assert_eq!(peer.asked().await.field("content-length"), Some("5"));
    assert_eq!(peer.next().await.payload, b"abc");
    client.frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]).await;
    let reset = peer.next().await;
    assert_eq!(
        (reset.kind, reset.stream, reset.code()),
        (RST_STREAM, 3, CANCEL)
    );
    client.ask(3, "GET", &[], true).await;
    peer.asked().await;
    client.frame(RST_STREAM, 0, 3, &[0, 0, 0, 8]).await;
    let reset = peer.next().await;
    assert_eq!(
        (reset.kind, reset.stream, reset.code()),
        (RST_STREAM, 5, CANCEL)
    );
    for _ in 0..3 {
        assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
    }
    // One that states a wrong length.
    client
        .ask(5, "POST", &[("content-length", "5")], false)
        .await;
    client.frame(DATA, 0, 5, b"abc").await;
    peer.asked().await;
    assert_eq!(peer.next().await.payload, b"abc");
    client.frame(DATA, END_STREAM, 5, b"").await;
    let reset = peer.next().await;
    assert_eq!((reset.kind, reset.stream), (RST_STREAM, 7));
}

#[tokio::test]
async fn an_early_answer_to_a_long_upload_arrives() {
    let app = Application::start().await;
    let mut harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1000000\r\n\r\nbegin")
        .await;
    let mut peer = app.http2().await;
    peer.asked().await;
    let fields = [(":status", "403"), ("content-length", "2")];
    peer.head(1, &fields, false).await;
    peer.frame(DATA, END_STREAM, 1, b"no").await;
    // As RFC 9113 section 8.1 lets a server do.
    peer.frame(RST_STREAM, 0, 1, &[0; 4]).await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (403, "no"));
    assert_eq!(harness.record().await.outcome, Outcome::Served);
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_continue_by_us() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say(
            "PUT / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
    let mut peer = app.http2().await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("hi").await;
    assert_eq!(peer.asked().await.field("expect"), None);
    assert_eq!(peer.next().await.payload, b"hi");
    peer.ok(1).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn a_body_that_uses_up_the_window_ends_without_more_of_it() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say(
            "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n",
        )
        .await;
    // A window of five bytes.
    let mut peer = app.http2_with(&[0, 4, 0, 0, 0, 5]).await;
    peer.asked().await;
    assert_eq!(peer.next().await.payload, b"abcde");
    client.say("0\r\n\r\n").await;
    let end = peer.next().await;
    assert_eq!((end.kind, end.flags & END_STREAM), (DATA, 1));
    peer.ok(1).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_application() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let mut peer = app.http2().await;
    peer.asked().await;
    peer.head(1, &[(":status", "200")], false).await;
    client.head().await;
    // What the windows allow, as an application keeps to them.
    let (mut room, mut sent) = (131_072_i64, 0_i64);
    loop {
        while room >= 16_384 {
            peer.frame(DATA, 0, 1, &[b'x'; 16_384]).await;
            room -= 16_384;
            sent += 16_384;
        }
        let update = async {
            loop {
                let frame = peer.any_frame().await;
                if frame.kind == WINDOW_UPDATE && frame.stream == 1 {
                    let more = frame.payload.try_into().unwrap();
                    room += i64::from(u32::from_be_bytes(more));
                    return true;
                }
            }
        };
        if !or_stuck(update).await {
            break;
        }
        assert!(sent < 32 << 20, "{sent} bytes stand between them");
    }
    // Meanwhile others are served over the same connection.
    let mut other = harness.http1().await;
    other.say(GET).await;
    peer.asked().await;
    peer.ok(3).await;
    assert_eq!(other.answer().await.text(), "ok");
}

#[tokio::test]
async fn an_application_that_stops_reading_stops_the_upload() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 999999999\r\n\r\n")
        .await;
    let mut peer = app.http2().await;
    peer.asked().await;
    let sent =
        taken(async |piece| or_stuck(async { client.try_say(piece).await.is_ok() }).await).await;
    assert!(sent < 32 << 20, "{sent} bytes stand between them");
}
