//! HTTP/2 frame by frame: what no well-behaved client library would send.

use std::time::Duration;

use seam::record::Outcome;

use super::{
    bodies::{or_stuck, taken},
    frames::{
        DATA, END_HEADERS, END_STREAM, FrameClient, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS,
        WINDOW_UPDATE,
    },
    harness::Harness,
    wire::{Application, OK},
};

#[tokio::test]
async fn a_head_that_is_far_too_large_gets_our_answer_and_the_connection_goes_on() {
    let mut harness = Harness::alone();
    let mut client = FrameClient::new(&harness).await;
    for (stream, kib) in [(1, 20), (3, 70), (5, 120), (7, 250)] {
        let long = "v".repeat(kib * 1024);
        client.ask(stream, "GET", &[("x-long", &long)], true).await;
        let head = client.next().await;
        assert_eq!((head.kind, head.stream), (HEADERS, stream));
        assert_eq!(head.field(":status"), Some("431"), "{kib} KiB");
        assert!(head.field("strict-transport-security").is_some());
        assert!(head.field("x-request-id").is_some());
        assert!(!client.body(stream).await.is_empty());
        assert_eq!(
            harness.record().await.outcome,
            Outcome::Refused("head-too-large")
        );
    }
    let long = "v".repeat(300 * 1024);
    client.ask(9, "GET", &[("x-long", &long)], true).await;
    let last = client.next().await;
    assert_eq!((last.kind, last.code()), (GOAWAY, 11), "{last:?}");
}

#[tokio::test]
async fn malformed_heads_get_our_answer_by_the_rules_of_http1() {
    let whole = [
        (":method", "GET"),
        (":scheme", "https"),
        (":authority", "app.test"),
        (":path", "/"),
    ];
    let with = |more: &[(&'static str, &'static str)]| [&whole[..], more].concat();
    let mut harness = Harness::alone();
    let mut client = FrameClient::new(&harness).await;
    let mut stream = 1;
    for (fields, status, reason) in [
        (with(&[(":path", "/x")]), "400", "pseudo-header-repeated"),
        (
            with(&[("a", "b"), (":path", "/x")]),
            "400",
            "pseudo-header-late",
        ),
        (
            with(&[("a", "b"), (":x", "y")]),
            "400",
            "pseudo-header-late",
        ),
        (with(&[(":x", "y")]), "400", "pseudo-header-unknown"),
        (whole[1..].to_vec(), "400", "pseudo-header-missing"),
        (
            with(&[("connection", "close")]),
            "400",
            "connection-field-in-http2",
        ),
        (
            with(&[("transfer-encoding", "chunked")]),
            "400",
            "connection-field-in-http2",
        ),
        (with(&[("te", "gzip")]), "400", "te-in-http2"),
        (
            with(&[("host", "other.test")]),
            "400",
            "authority-and-host-differ",
        ),
        (
            with(&[("host", "app.test"), ("host", "app.test")]),
            "400",
            "host-repeated",
        ),
        (
            with(&[("content-length", "+1")]),
            "400",
            "content-length-malformed",
        ),
        (
            with(&[("content-length", "1"), ("content-length", "1")]),
            "400",
            "content-length-repeated",
        ),
        (
            with(&[("content-length", "1")]),
            "400",
            "content-length-without-body",
        ),
        (with(&[("content_length", "1")]), "400", "framing-alias"),
        (with(&[("a b", "c")]), "400", "name-byte"),
        (with(&[("a", "b\r\nc: d")]), "400", "value-byte"),
        (with(&[("expect", "more")]), "417", "expectation"),
        (vec![("x", "y")], "400", "pseudo-header-missing"),
        (
            vec![(":method", "CONNECT"), (":authority", "app.test:443")],
            "501",
            "connect-refused",
        ),
        (
            vec![(":method", "GET"), (":scheme", "http"), whole[2], whole[3]],
            "400",
            "scheme-not-https",
        ),
        (
            vec![(":method", "GET"), whole[1], whole[2], (":path", "x")],
            "400",
            "target",
        ),
        (
            vec![(":method", "GET"), whole[1], whole[2], (":path", "*")],
            "400",
            "target",
        ),
        (
            vec![(":method", "GET"), whole[1], whole[2], (":path", "/a b")],
            "400",
            "target-byte",
        ),
        (
            vec![(":method", "G T"), whole[1], whole[2], whole[3]],
            "400",
            "method",
        ),
        (
            vec![
                whole[0],
                whole[1],
                (":authority", "user@app.test"),
                whole[3],
            ],
            "400",
            "authority",
        ),
        (
            vec![whole[0], whole[1], (":authority", "unknown.test"), whole[3]],
            "421",
            "unknown-host",
        ),
    ] {
        client.head(stream, &fields, true).await;
        let head = client.next().await;
        assert_eq!(head.field(":status"), Some(status), "{fields:?}");
        client.body(stream).await;
        assert_eq!(harness.record().await.outcome, Outcome::Refused(reason));
        stream += 2;
    }
    client.head(stream, &whole, true).await;
    let head = client.next().await;
    assert_eq!(
        head.field(":status"),
        Some("404"),
        "an honest one: no application here"
    );
}

#[tokio::test]
async fn a_head_request_that_is_refused_early_has_no_body_either() {
    let harness = Harness::alone();
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "HEAD", &[("expect", "more")], true).await;
    let head = client.next().await;
    assert_eq!(head.field(":status"), Some("417"));
    assert_eq!(head.flags, END_HEADERS | END_STREAM);
}

#[tokio::test]
async fn an_answer_that_is_reset_in_the_middle_never_looks_whole() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "GET", &[], true).await;
    // Until the connection's end: and that end is a reset.
    let (peer, _) = app
        .answer_one("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbegin")
        .await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    let data = client.next().await;
    assert_eq!((data.payload.as_slice(), data.flags), (&b"begin"[..], 0));
    socket2::SockRef::from(&peer.stream)
        .set_linger(Some(Duration::ZERO))
        .unwrap();
    drop(peer);
    let cut = client.next().await;
    assert_eq!((cut.kind, cut.stream), (RST_STREAM, 1));
    assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);
}

#[tokio::test]
async fn a_larger_initial_window_lets_those_go_on_that_had_none() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    client.frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]).await;
    client.ask(1, "GET", &[], true).await;
    let (_peer, _) = app.answer_one(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    client.frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 9]).await;
    assert_eq!(client.body(1).await, b"ok");
}

#[tokio::test]
async fn a_client_that_expects_an_interim_answer_gets_it_once() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    let expects = [("expect", "100-continue"), ("content-length", "2")];
    client.ask(1, "POST", &expects, false).await;
    let interim = client.next().await;
    assert_eq!(interim.field(":status"), Some("100"));
    assert_eq!(interim.flags, END_HEADERS);
    client.frame(DATA, END_STREAM, 1, b"hi").await;
    let (mut peer, head) = app.asked().await;
    assert!(!head.contains("expect"), "{head}");
    assert_eq!(peer.take(2).await, b"hi");
    peer.say(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    assert_eq!(client.body(1).await, b"ok");
}

#[tokio::test]
async fn a_reader_that_never_opens_its_window_is_cut_and_others_are_served() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| {
        setting.limits.stall = Duration::from_millis(100);
    });
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "GET", &[], true).await;
    let (mut peer, _) = app
        .answer_one("HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        .await;
    // What the windows allow passes; the rest would wait for ever.
    let piece = vec![b'x'; 1000];
    while peer.try_say(&piece).await.is_ok() {}
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
    let cut = loop {
        let frame = client.next().await;
        if frame.kind != HEADERS && frame.kind != DATA {
            break frame;
        }
    };
    assert_eq!((cut.kind, cut.stream), (RST_STREAM, 1));
    client.frame(WINDOW_UPDATE, 0, 0, &[0, 1, 0, 0]).await;
    client.ask(3, "GET", &[], true).await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    assert_eq!(client.body(3).await, b"ok");
}

#[tokio::test]
async fn a_reader_that_was_slow_gets_all_of_it_in_the_end() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        // Else it would cut what it forgot, and go on.
        setting.limits.stall = Duration::from_secs(3600);
    });
    let mut client = FrameClient::new(&harness).await;
    client.open_windows().await;
    client.ask(1, "GET", &[], true).await;
    client.ask(3, "GET", &[], true).await;
    let mut sent = 0;
    for _ in 0..2 {
        let (mut peer, _) = app
            .answer_one("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
            .await;
        // Until every buffer on the way is full.
        sent += taken(async |piece| {
            let chunk = [b"10000\r\n", piece, b"\r\n"].concat();
            or_stuck(async { peer.try_say(chunk).await.is_ok() }).await
        })
        .await;
    }
    // The last piece of each was cut: what was taken whole arrives, and no more is owed.
    let mut read = 0;
    while read < sent {
        let frame = client.next().await;
        read += if frame.kind == DATA {
            frame.payload.len()
        } else {
            0
        };
    }
}

#[tokio::test]
async fn a_large_answer_does_not_hold_up_a_small_one() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    client.open_windows().await;
    client.ask(1, "GET", &[], true).await;
    let (mut large, _) = app
        .answer_one("HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        .await;
    let pouring = tokio::spawn(async move {
        let piece = vec![b'x'; 1 << 16];
        while large.try_say(&piece).await.is_ok() {}
    });
    assert_eq!(client.next().await.field(":status"), Some("200"));
    client.ask(3, "GET", &[], true).await;
    let (mut small, _) = app.asked().await;
    small.say(OK).await;
    let mut before = 0;
    loop {
        let frame = client.next().await;
        if frame.stream == 3 && frame.flags & END_STREAM != 0 {
            break;
        }
        before += frame.payload.len();
        assert!(
            before < 50_000_000,
            "the small answer waits for the large one"
        );
    }
    drop(client);
    pouring.await.unwrap();
}

#[tokio::test]
async fn streams_that_are_reset_as_soon_as_they_are_opened_end_the_connection() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    app.always(OK);
    let mut client = FrameClient::new(&harness).await;
    let mut honest = harness.http2().await;
    let mut sent = 0;
    for stream in (1..20_001).step_by(2) {
        client.ask(stream, "GET", &[], true).await;
        if client
            .try_frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])
            .await
            .is_err()
        {
            break;
        }
        sent += 1;
        if sent == 150 {
            assert_eq!(
                honest.get("/").await.status,
                200,
                "an honest client is served"
            );
        }
        if sent == 400 {
            break;
        }
    }
    let last = loop {
        let frame = client.next().await;
        if frame.kind == GOAWAY {
            break frame;
        }
    };
    assert_eq!(last.code(), 11);
    assert_eq!(honest.get("/").await.status, 200);
    // Each of them left its record.
    assert!(harness.record().await.status <= 200);
}

#[tokio::test]
async fn a_flood_that_is_never_read_costs_bounded_memory_and_ends() {
    let harness = Harness::alone();
    let mut client = FrameClient::new(&harness).await;
    let mut sent = 0_u32;
    while client.try_frame(PING, 0, 0, &[0; 8]).await.is_ok() {
        sent += 1;
        assert!(sent < 1_000_000, "nobody ends it");
    }
}

#[tokio::test]
async fn what_follows_a_finished_answer_is_thrown_away_until_the_client_is_told() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "POST", &[], false).await;
    client.frame(DATA, 0, 1, b"begin").await;
    let (mut peer, _) = app.asked().await;
    peer.say("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno")
        .await;
    assert_eq!(client.next().await.field(":status"), Some("403"));
    assert_eq!(client.body(1).await, b"no");
    assert_eq!(harness.record().await.outcome, Outcome::Served);
    for _ in 0..257 {
        client.frame(DATA, 0, 1, &[b'x'; 16_384]).await;
    }
    let told = client.next().await;
    assert_eq!((told.kind, told.stream, told.code()), (RST_STREAM, 1, 0));
    client.ask(3, "GET", &[], true).await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
}

#[tokio::test]
async fn a_client_that_only_pings_keeps_no_answer_waiting() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| {
        setting.limits.stall = Duration::from_millis(500);
    });
    let mut client = FrameClient::new(&harness).await;
    // The stream's window is wide open, the connection's never.
    client
        .frame(SETTINGS, 0, 0, &[0, 4, 0x7f, 0xff, 0xff, 0xff])
        .await;
    client.ask(1, "GET", &[], true).await;
    let (mut peer, _) = app.asked().await;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 150000\r\n\r\n{}",
        "x".repeat(150_000)
    );
    tokio::spawn(async move { peer.try_say(answer).await });
    let mut pings = tokio::time::interval(Duration::from_millis(50));
    let record = loop {
        tokio::select! {
            _ = pings.tick() => client.frame(PING, 0, 0, &[0; 8]).await,
            record = harness.record() => break record,
        }
    };
    assert_eq!(record.outcome, Outcome::ClientGone);
}
