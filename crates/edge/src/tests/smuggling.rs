//! Requests whose end two parsers could see at different places.

use seam::record::Outcome;

use super::{
    frames::{DATA, END_STREAM, FrameClient, HEADERS, RST_STREAM},
    harness::Harness,
    wire::{Application, End, OK},
};

#[tokio::test]
async fn ambiguous_framing_is_refused_closed_and_never_forwarded() {
    let head = "POST / HTTP/1.1\r\nHost: app.test\r\n";
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: 0x5\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Transfer-Encoding: chunked\r\n folded\r\n",
        "A: b\nC: d\r\n",
        "Host: app.test\r\n",
    ] {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = harness.http1().await;
        client
            .say(format!(
                "{head}{fields}\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: app.test\r\n\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert!(matches!(answer.status, 400 | 501), "{fields}: {answer:?}");
        answer.assert_hardened();
        assert_eq!(answer.field("connection"), Some("close"));
        assert_eq!(client.end().await, (Vec::new(), End::Clean), "{fields}");
        let record = harness.record().await;
        assert!(matches!(record.outcome, Outcome::Refused(_)), "{fields}");
        assert_eq!(harness.counters.upstream_connects.get(), 0, "{fields}");
        assert!(harness.has_no_more_records().await, "{fields}");
    }
}

#[tokio::test]
async fn a_malformed_chunk_is_the_clients_fault_and_costs_the_connection_behind() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
    client.say("1 \r\nx\r\n0\r\n\r\n").await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 400);
    answer.assert_hardened();
    assert_eq!(peer.end().await, (Vec::new(), End::Clean));
    let record = harness.record().await;
    assert!(matches!(record.outcome, Outcome::Refused(_)));
    assert_eq!(harness.counters.upstream_faults.get(), 0);
}

/// Opens stream 1 with a POST that has these fields too.
async fn post(harness: &Harness, fields: &[(&str, &str)]) -> FrameClient {
    let mut client = FrameClient::new(harness).await;
    client.ask(1, "POST", fields, false).await;
    client
}

#[tokio::test]
async fn http2_heads_that_would_smuggle_are_refused() {
    let fields = [
        ("connection", "close"),
        ("transfer-encoding", "chunked"),
        ("te", "gzip"),
        ("content-length", "x"),
        ("x", "a\r\nb: c"),
        ("host", "other.test"),
    ];
    for field in fields {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = post(&harness, &[field]).await;
        // Where there is an answer, it is ours.
        if client.next().await.kind == HEADERS {
            let record = harness.record().await;
            assert_eq!(record.status, 400, "{field:?}");
            assert!(matches!(record.outcome, Outcome::Refused(_)), "{field:?}");
        }
        assert_eq!(harness.counters.upstream_connects.get(), 0, "{field:?}");
    }
}

#[tokio::test]
async fn an_honest_head_of_http2_in_raw_frames_is_served() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = post(&harness, &[("te", "trailers"), ("content-length", "3")]).await;
    client.frame(DATA, END_STREAM, 1, b"abc").await;
    let (mut peer, head) = app.asked().await;
    assert!(head.contains("\r\ncontent-length: 3\r\n"), "{head}");
    assert_eq!(peer.take(3).await, b"abc");
    peer.say(OK).await;
    assert_eq!(client.next().await.kind, HEADERS);
    assert_eq!(harness.record().await.status, 200);
}

#[tokio::test]
async fn an_http2_body_that_isnt_as_long_as_stated_never_looks_whole() {
    for (stated, sent) in [("5", "abc"), ("2", "abc")] {
        let app = Application::start().await;
        let harness = Harness::start(app.address);
        let mut client = post(&harness, &[("content-length", stated)]).await;
        let (mut peer, _) = app.asked().await;
        client.frame(DATA, END_STREAM, 1, sent.as_bytes()).await;
        let (body, _) = peer.end().await;
        assert!(body.len() < stated.parse().unwrap(), "{body:?}");
    }
}

#[tokio::test]
async fn trailers_that_frame_route_or_authenticate_never_look_like_a_whole_body() {
    for name in [
        "content-length",
        "host",
        "cookie",
        "authorization",
        "x.forwarded.for",
        "content_length",
    ] {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = post(&harness, &[]).await;
        client.frame(DATA, 0, 1, b"abc").await;
        let (mut peer, _) = app.asked().await;
        assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
        client.head(1, &[("x-sum", "6"), (name, "1")], true).await;
        assert_eq!(peer.end().await.0, b"", "{name}: no last chunk");
        assert_eq!(client.next().await.field(":status"), Some("400"), "{name}");
        let outcome = harness.record().await.outcome;
        let reason = if name == "content_length" {
            "framing-alias"
        } else {
            "trailer"
        };
        assert_eq!(outcome, Outcome::Refused(reason), "{name}");
    }
}

#[tokio::test]
async fn a_stream_reset_without_an_error_is_no_end_of_its_body() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = post(&harness, &[]).await;
    client.frame(DATA, 0, 1, b"abc").await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
    client.frame(RST_STREAM, 0, 1, &[0; 4]).await;
    assert_eq!(peer.end().await.0, b"", "no last chunk");
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
}

#[tokio::test]
async fn a_reset_upload_spoils_no_kept_connection() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = post(&harness, &[("content-length", "50")]).await;
    client.frame(DATA, 0, 1, b"abc").await;
    let (mut peer, _) = app.asked().await;
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        .await;
    assert_eq!(client.next().await.kind, HEADERS);
    client.frame(RST_STREAM, 0, 1, &[0; 4]).await;
    let (body, _) = peer.end().await;
    assert_eq!(body, b"abc", "the connection ends with the upload");
}
