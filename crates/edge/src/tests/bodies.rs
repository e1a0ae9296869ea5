//! Bodies both ways: framing, streaming, back-pressure.

use bytes::Bytes;

use super::{
    client::{collect, next, nothing, pieces, request},
    frames::{DATA, FrameClient},
    harness::Harness,
    wire::{Application, End, OK},
};

/// 8 MiB in which every place looks different from its neighbours.
fn large() -> Vec<u8> {
    let mut word = 1_u64;
    std::iter::repeat_with(|| {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        word.to_be_bytes()
    })
    .take(1 << 20)
    .flatten()
    .collect()
}

/// More than all sockets and buffers on the way hold together.
const ENDLESS: usize = 64 << 20;

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";

#[tokio::test]
async fn an_upload_with_a_length_arrives_with_it() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 6\r\n\r\nabc")
        .await;
    let (mut peer, head) = app.asked().await;
    assert!(head.contains("\r\ncontent-length: 6\r\n"), "{head}");
    assert_eq!(peer.take(3).await, b"abc", "what has come goes on at once");
    client.say("def").await;
    assert_eq!(peer.take(3).await, b"def");
    peer.say(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn the_head_of_an_upload_waits_for_nothing() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 6\r\n\r\n")
        .await;
    let (_over_http1, _) = app.asked().await;
    let mut client = harness.http2().await;
    let (_never, body) = pieces();
    let _answer = client.spawn(request("POST", "/").body(body).unwrap()).await;
    let (_over_http2, _) = app.asked().await;
}

#[tokio::test]
async fn chunks_arrive_as_chunks_and_so_do_their_trailers_but_for_names_of_ours() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(
            "POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n\
             3;x=y\r\nabc\r\n0\r\nRemote-User: evil\r\nX-Sum: 6\r\nWaarborg_Assertion: evil\r\n\r\n",
        )
        .await;
    let (mut peer, head) = app.asked().await;
    assert!(
        head.contains("\r\ntransfer-encoding: chunked\r\n"),
        "{head}"
    );
    let body = peer.until(b"\r\n\r\n").await;
    assert_eq!(body, "3\r\nabc\r\n0\r\nX-Sum: 6\r\n\r\n");
    peer.say(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn trailers_of_http2_go_on_as_those_of_chunks_but_for_names_of_ours() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "POST", &[("te", "trailers")], false).await;
    client.frame(DATA, 0, 1, b"abc").await;
    let section = [
        ("remote-user", "evil"),
        ("x-sum", "6"),
        ("waarborg.assertion", "evil"),
    ];
    client.head(1, &section, true).await;
    let (mut peer, _) = app.asked().await;
    let body = peer.until(b"\r\n\r\n").await;
    assert_eq!(body, "3\r\nabc\r\n0\r\nx-sum: 6\r\n\r\n");
    peer.say(OK).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
}

#[tokio::test]
async fn an_answer_in_chunks_keeps_its_trailers_on_both_ways() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
          3\r\nabc\r\n3\r\ndef\r\n0\r\nX-Sum: 6\r\n\r\n",
    );
    let mut client = harness.http1().await;
    client.say(GET).await;
    let over_http1 = client.answer().await;
    let over_http2 = harness.http2().await.get("/").await;
    for answer in [over_http1, over_http2] {
        assert_eq!(answer.text(), "abcdef");
        assert_eq!(answer.trailers.len(), 1);
        assert!(answer.trailers[0].0.eq_ignore_ascii_case("x-sum"));
        assert_eq!(answer.trailers[0].1, "6");
    }
    assert_eq!(harness.counters.upstream_connects.get(), 1, "it was kept");
}

#[tokio::test]
async fn a_client_that_waits_is_told_to_continue() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(
            "PUT / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n",
        )
        .await;
    assert_eq!(client.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    client.say("hi").await;
    let (mut peer, head) = app.asked().await;
    assert!(!head.to_lowercase().contains("expect"), "{head}");
    assert_eq!(peer.take(2).await, b"hi");
    peer.say(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn a_refused_client_isnt_told_to_continue() {
    let harness = Harness::alone();
    let mut client = harness.http1().await;
    client
        .say("PUT /small HTTP/1.1\r\nHost: app.test\r\nContent-Length: 99\r\nExpect: 100-continue\r\n\r\n")
        .await;
    assert_eq!(client.answer().await.status, 413);
}

#[tokio::test]
async fn an_early_answer_to_a_long_upload_arrives_and_ends_the_connection() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1000000\r\n\r\nbegin")
        .await;
    let (peer, _) = app
        .answer_one("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno")
        .await;
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (403, "no"));
    assert_eq!(answer.field("connection"), Some("close"));
    // What the client still sends is no request, and does the answer no harm.
    let _ = client.try_say(GET).await;
    assert_eq!(client.end().await.0, b"");
    assert_eq!(harness.record().await.status, 403);
    drop(peer);
    assert!(harness.has_no_more_records().await);
}

#[tokio::test]
async fn the_first_event_arrives_before_the_next_is_written() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                Transfer-Encoding: chunked\r\n\r\n";
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app.answer_one(head).await;
    client.head().await;
    for _ in 0..2 {
        peer.say("8\r\ndata: 1\n\r\n").await;
        assert_eq!(client.take(13).await, b"8\r\ndata: 1\n\r\n");
    }

    let mut client = harness.http2().await;
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let (mut peer, _) = app.answer_one(head).await;
    let mut body = answer.await.unwrap().unwrap().into_body();
    for _ in 0..2 {
        peer.say("8\r\ndata: 1\n\r\n").await;
        let frame = next(&mut body).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "data: 1\n");
    }
}

#[tokio::test]
async fn a_large_download_is_exact_over_http1() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app
        .answer_one(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            8 << 20
        ))
        .await;
    let (_, answer) = tokio::join!(peer.say(large()), client.answer());
    assert!(answer.body == large(), "8 MiB, byte by byte");
}

#[tokio::test]
async fn a_large_download_in_chunks_is_exact_over_http2() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let (mut peer, _) = app
        .answer_one("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    let write = async {
        for piece in large().chunks(50_000) {
            peer.say(format!("{:x}\r\n", piece.len())).await;
            peer.say(piece).await;
            peer.say("\r\n").await;
        }
        peer.say("0\r\n\r\n").await;
    };
    let read = async { collect(answer.await.unwrap().unwrap()).await.unwrap() };
    let ((), answer) = tokio::join!(write, read);
    assert!(answer.body == large(), "8 MiB, byte by byte");
}

#[tokio::test]
async fn a_large_upload_is_exact_over_http1() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    let send = async {
        client
            .say(format!(
                "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: {}\r\n\r\n",
                8 << 20
            ))
            .await;
        client.say(large()).await;
        client.answer().await
    };
    let receive = async {
        let (mut peer, _) = app.asked().await;
        let body = peer.take(8 << 20).await;
        peer.say(OK).await;
        body
    };
    let (answer, body) = tokio::join!(send, receive);
    assert!(body == large(), "8 MiB, byte by byte");
    assert_eq!(answer.text(), "ok");
}

#[tokio::test]
async fn a_large_upload_is_exact_over_http2() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let asked = request("POST", "/")
        .header("content-length", 8 << 20)
        .body(body)
        .unwrap();
    let answer = client.spawn(asked).await;
    let upload = async {
        for piece in Bytes::from(large()).chunks(50_000) {
            send.send(Ok(Bytes::copy_from_slice(piece))).await.unwrap();
        }
        drop(send);
    };
    let receive = async {
        let (mut peer, head) = app.asked().await;
        assert!(head.contains("\r\ncontent-length: 8388608\r\n"), "{head}");
        let body = peer.take(8 << 20).await;
        peer.say(OK).await;
        body
    };
    let ((), body) = tokio::join!(upload, receive);
    assert!(body == large(), "8 MiB, byte by byte");
    assert_eq!(answer.await.unwrap().unwrap().status(), 200);
}

/// How much of an endless message a side takes while nobody reads at its other end.
/// Ends when a write has to wait and others have had many turns.
pub(super) async fn taken(mut write: impl AsyncFnMut(&[u8]) -> bool) -> usize {
    let piece = vec![b'x'; 64 << 10];
    let mut sent = 0;
    while sent < ENDLESS && write(&piece).await {
        sent += piece.len();
    }
    sent
}

/// Writes unless that would wait for longer than everything on the way needs to settle.
pub(super) async fn or_stuck(write: impl Future<Output = bool>) -> bool {
    let settled = std::time::Duration::from_millis(500);
    tokio::time::timeout(settled, write).await.unwrap_or(false)
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_application() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app
        .answer_one(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {ENDLESS}\r\n\r\n"
        ))
        .await;
    let sent =
        taken(async |piece| or_stuck(async { peer.try_say(piece).await.is_ok() }).await).await;
    assert!(sent < ENDLESS / 2, "{sent} bytes stand between them");
}

#[tokio::test]
async fn a_reader_that_stops_stops_the_application_over_http2() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let asked = request("GET", "/").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let (mut peer, _) = app
        .answer_one(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {ENDLESS}\r\n\r\n"
        ))
        .await;
    let _unread = answer.await.unwrap().unwrap();
    let sent =
        taken(async |piece| or_stuck(async { peer.try_say(piece).await.is_ok() }).await).await;
    assert!(sent < ENDLESS / 2, "{sent} bytes stand between them");
}

#[tokio::test]
async fn an_application_that_stops_reading_stops_the_upload() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say(format!(
            "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: {ENDLESS}\r\n\r\n"
        ))
        .await;
    let _unread = app.asked().await;
    let sent =
        taken(async |piece| or_stuck(async { client.try_say(piece).await.is_ok() }).await).await;
    assert!(sent < ENDLESS / 2, "{sent} bytes stand between them");
}

#[tokio::test]
async fn an_application_that_stops_reading_stops_the_upload_over_http2() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let asked = request("POST", "/").body(body).unwrap();
    let _answer = client.spawn(asked).await;
    let _unread = app.asked().await;
    let sent = taken(async |piece| {
        let piece = Bytes::copy_from_slice(piece);
        or_stuck(async { send.send(Ok(piece)).await.is_ok() }).await
    })
    .await;
    assert!(sent < ENDLESS / 2, "{sent} bytes stand between them");
}

#[tokio::test]
async fn a_slow_reader_gets_every_byte() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app
        .answer_one(format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
            8 << 20
        ))
        .await;
    client.head().await;
    let read = async {
        let mut body = Vec::new();
        while body.len() < 8 << 20 {
            body.extend(client.take(4096).await);
            // The writer has its turn after every page.
            tokio::task::yield_now().await;
        }
        body
    };
    let (_, body) = tokio::join!(peer.say(large()), read);
    assert!(body == large(), "8 MiB, byte by byte");
}

#[tokio::test]
async fn a_client_that_leaves_in_its_upload_leaves_no_whole_one_behind() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client
        .say("POST / HTTP/1.1\r\nHost: app.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
        .await;
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
    drop(client);
    assert_eq!(peer.end().await.0, b"", "no last chunk");
    let record = harness.record().await;
    assert_eq!(record.outcome, seam::record::Outcome::ClientGone);

    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let answer = client.spawn(request("POST", "/").body(body).unwrap()).await;
    send.send(Ok("abc".into())).await.unwrap();
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(8).await, b"3\r\nabc\r\n");
    send.send(Err(seam::own::BodyCut)).await.unwrap();
    assert_eq!(peer.end().await, (Vec::new(), End::Clean), "no last chunk");
    assert!(answer.await.unwrap().is_err());
    let record = harness.record().await;
    assert_eq!(record.outcome, seam::record::Outcome::ClientGone);
}
