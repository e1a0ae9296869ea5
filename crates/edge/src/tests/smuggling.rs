//! Requests whose end two parsers could see at different places.

use seam::record::Outcome;

use super::{
    harness::Harness,
    wire::{Application, End, OK, Wire},
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

/// A frame of HTTP/2 (RFC 9113 section 4.1).
fn frame(kind: u8, flags: u8, stream: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).unwrap().to_be_bytes()[1..].to_vec();
    frame.extend([kind, flags, 0, 0, 0, stream]);
    frame.extend(payload);
    frame
}

/// Fields as literals without indexing (RFC 7541 section 6.2.2).
fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// Opens a stream with a POST that has these fields too.
fn post(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut all = vec![
        (":method", "POST"),
        (":scheme", "https"),
        (":authority", "app.test"),
        (":path", "/"),
    ];
    all.extend(fields);
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frame(HEADERS, END_HEADERS, 1, &block(&all)));
    bytes
}

/// Reads frames up to the first that answers stream 1, or ends the connection.
async fn verdict<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin>(
    client: &mut Wire<S>,
) -> u8 {
    loop {
        let head = client.take(9).await;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        client.take(usize::try_from(length).unwrap()).await;
        if matches!(head[3], HEADERS | RST_STREAM | GOAWAY) {
            return head[3];
        }
    }
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
        let mut client = harness.raw_http2().await;
        client.say(post(&[field])).await;
        // Where there is an answer, it is ours.
        if verdict(&mut client).await == HEADERS {
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
    let mut client = harness.raw_http2().await;
    client
        .say(post(&[("te", "trailers"), ("content-length", "3")]))
        .await;
    client.say(frame(DATA, END_STREAM, 1, b"abc")).await;
    let (mut peer, head) = app.asked().await;
    assert!(head.contains("\r\ncontent-length: 3\r\n"), "{head}");
    assert_eq!(peer.take(3).await, b"abc");
    peer.say(OK).await;
    assert_eq!(verdict(&mut client).await, HEADERS);
    assert_eq!(harness.record().await.status, 200);
}

#[tokio::test]
async fn an_http2_body_that_isnt_as_long_as_stated_never_looks_whole() {
    for (stated, sent) in [("5", "abc"), ("2", "abc")] {
        let app = Application::start().await;
        let harness = Harness::start(app.address);
        let mut client = harness.raw_http2().await;
        client.say(post(&[("content-length", stated)])).await;
        let (mut peer, _) = app.asked().await;
        client
            .say(frame(DATA, END_STREAM, 1, sent.as_bytes()))
            .await;
        let (body, _) = peer.end().await;
        assert!(body.len() < stated.parse().unwrap(), "{body:?}");
    }
}

#[tokio::test]
async fn a_stream_reset_without_an_error_is_no_end_of_its_body() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.raw_http2().await;
    client.say(post(&[])).await;
    client.say(frame(DATA, 0, 1, b"abc")).await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
    client.say(frame(RST_STREAM, 0, 1, &[0; 4])).await;
    assert_eq!(peer.end().await.0, b"", "no last chunk");
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
}

#[tokio::test]
async fn a_reset_upload_spoils_no_kept_connection() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.raw_http2().await;
    client.say(post(&[("content-length", "50")])).await;
    client.say(frame(DATA, 0, 1, b"abc")).await;
    let (mut peer, _) = app.asked().await;
    peer.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n")
        .await;
    assert_eq!(verdict(&mut client).await, HEADERS);
    client.say(frame(RST_STREAM, 0, 1, &[0; 4])).await;
    let (body, _) = peer.end().await;
    assert_eq!(body, b"abc", "the connection ends with the upload");
}
