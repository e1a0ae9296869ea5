//! Own pages: prebuilt ones, and the stream to control and back.

use bytes::Bytes;
use http::Response;
use seam::{
    own::{BodyCut, CHUNK, CHUNKS, OwnAnswer, OwnKnown, OwnRequest, QUEUE},
    record::Outcome,
};
use terms::{ClientAddr, Language, RequestId};
use tokio::sync::{mpsc, oneshot};

use super::{
    client::{collect, next, nothing, pieces, request},
    harness::Harness,
    wire::End,
};

type Sender = mpsc::Sender<Result<Bytes, BodyCut>>;

/// Control's answer with a body that the test sends.
fn reply(asked: OwnRequest, head: http::response::Builder) -> Sender {
    let (send, body) = seam::own::body();
    let head = head.body(()).unwrap();
    asked.reply.send(OwnAnswer { head, body }).unwrap();
    send
}

/// A page of control over HTTP/1.
fn get(path: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nHost: app.test\r\n\r\n")
}

#[tokio::test]
async fn a_request_and_its_answer_cross() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client
        .say(
            "POST /-/report?a=b HTTP/1.1\r\nHost: app.test\r\nSec-Fetch-Site: same-origin\r\nAccept-Language: nl\r\n\
             Cookie: __Host-Http-waarborg=s\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
             Content-Length: 3\r\n\r\nabc",
        )
        .await;
    let mut asked = harness.own().await;
    assert_eq!(asked.head.method(), "POST");
    assert_eq!(asked.head.uri(), "/-/report?a=b");
    assert_eq!(asked.head.headers()["cookie"], "__Host-Http-waarborg=s");
    assert!(asked.head.headers().get("x-hop").is_none());
    assert_eq!(asked.known.site, 0);
    assert_eq!(asked.known.language, Language::Nl);
    assert_eq!(asked.known.client.ip().to_string(), "127.0.0.1");
    assert_eq!(asked.body.recv().await, Some(Ok("abc".into())));
    assert_eq!(asked.body.recv().await, None);
    let id = asked.known.id.to_string();
    let head = Response::builder()
        .status(201)
        .header("content-length", 4)
        .header("content-security-policy", "default-src 'self'")
        .header("x-request-id", "control's");
    reply(asked, head).send(Ok("done".into())).await.unwrap();
    let answer = client.answer().await;
    assert_eq!((answer.status, answer.text()), (201, "done"));
    assert_eq!(answer.id(), id);
    answer.assert_hardened();
    let record = harness.record().await;
    assert_eq!((record.status, record.outcome), (201, Outcome::Served));
    assert_eq!((record.bytes_in, record.bytes_out), (3, 4));
    client.say(get("/-/security")).await;
    assert_eq!(client.answer().await.status, 200, "the connection is kept");
}

#[tokio::test]
async fn an_answer_streams_at_once_over_both_protocols() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client.say(get("/-/notices")).await;
    let events = || Response::builder().header("content-type", "text/event-stream");
    let asked = harness.own().await;
    let send = reply(asked, events());
    client.head().await;
    for _ in 0..2 {
        send.send(Ok("data: 1\n".into())).await.unwrap();
        assert_eq!(client.take(13).await, b"8\r\ndata: 1\n\r\n");
    }
    drop(send);
    assert_eq!(client.head().await, "0\r\n\r\n");

    let mut client = harness.http2().await;
    let asked = request("GET", "/-/notices").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let asked = harness.own().await;
    let send = reply(asked, events());
    let mut body = answer.await.unwrap().unwrap().into_body();
    for _ in 0..2 {
        send.send(Ok("data: 1\n".into())).await.unwrap();
        let frame = next(&mut body).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), "data: 1\n");
    }
    drop(send);
    // h2 may say the end in an empty frame of its own.
    while let Some(frame) = next(&mut body).await {
        assert_eq!(frame.unwrap().into_data().unwrap(), "");
    }
    for _ in 0..2 {
        assert_eq!(harness.record().await.bytes_out, 16);
    }
}

#[tokio::test]
async fn a_large_upload_waits_for_control_in_bounded_memory() {
    const SIZE: usize = 100 << 20;
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client
        .say(format!(
            "POST /-/report HTTP/1.1\r\nHost: app.test\r\nSec-Fetch-Site: same-origin\r\nContent-Length: {SIZE}\r\n\r\n"
        ))
        .await;
    let send = async {
        let piece = vec![b'x'; 1 << 20];
        for _ in 0..SIZE / piece.len() {
            client.say(&piece).await;
        }
        client.answer().await
    };
    let control = async {
        let mut asked = harness.own().await;
        let mut received = 0;
        let mut most = 0;
        while received < SIZE {
            let piece = asked.body.recv().await.unwrap().unwrap();
            assert!(piece.len() <= CHUNK);
            received += piece.len();
            most = most.max(asked.body.len());
        }
        assert_eq!(asked.body.recv().await, None);
        assert!(most < CHUNKS, "{most} wait, and the one that was read");
        let head = Response::builder().header("content-length", 0);
        drop(reply(asked, head));
    };
    let (answer, ()) = tokio::join!(send, control);
    assert_eq!(answer.status, 200);
    assert_eq!(harness.record().await.bytes_in, SIZE as u64);
}

#[tokio::test]
async fn an_upload_over_http2_arrives_whole() {
    let mut harness = Harness::alone();
    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let asked = request("POST", "/-/report")
        .header("sec-fetch-site", "same-origin")
        .body(body)
        .unwrap();
    let answer = client.spawn(asked).await;
    let upload = async {
        for _ in 0..100 {
            send.send(Ok(Bytes::from(vec![b'x'; 100_000])))
                .await
                .unwrap();
        }
        drop(send);
    };
    let control = async {
        let mut asked = harness.own().await;
        let mut received = 0;
        while let Some(piece) = asked.body.recv().await {
            received += piece.unwrap().len();
        }
        drop(reply(asked, Response::builder().status(204)));
        received
    };
    let ((), received) = tokio::join!(upload, control);
    assert_eq!(received, 10_000_000);
    let answer = collect(answer.await.unwrap().unwrap()).await.unwrap();
    assert_eq!((answer.status, answer.field("content-length")), (204, None));
}

#[tokio::test]
async fn control_learns_that_a_waiting_client_has_gone() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client.say(get("/-/slow")).await;
    let mut asked = harness.own().await;
    drop(client);
    asked.reply.closed().await;
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);

    let mut client = harness.http2().await;
    let asked = request("GET", "/-/slow").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let mut asked = harness.own().await;
    answer.abort();
    asked.reply.closed().await;
    assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
}

#[tokio::test]
async fn control_learns_that_a_reading_client_has_gone() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client.say(get("/-/notices")).await;
    let asked = harness.own().await;
    let send = reply(asked, Response::builder());
    client.head().await;
    drop(client);
    send.closed().await;

    let mut client = harness.http2().await;
    let asked = request("GET", "/-/notices").body(nothing()).unwrap();
    let answer = client.spawn(asked).await;
    let asked = harness.own().await;
    let send = reply(asked, Response::builder());
    drop(answer.await.unwrap().unwrap());
    send.closed().await;
    for _ in 0..2 {
        assert_eq!(harness.record().await.outcome, Outcome::ClientGone);
    }
}

#[tokio::test]
async fn a_cut_upload_never_looks_whole_to_control() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client
        .say("POST /-/report HTTP/1.1\r\nHost: app.test\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 9\r\n\r\nabc")
        .await;
    let mut asked = harness.own().await;
    assert_eq!(asked.body.recv().await, Some(Ok("abc".into())));
    drop(client);
    assert_eq!(asked.body.recv().await, Some(Err(BodyCut)));

    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let answer = client
        .spawn(
            request("POST", "/-/report")
                .header("sec-fetch-site", "same-origin")
                .body(body)
                .unwrap(),
        )
        .await;
    send.send(Ok("abc".into())).await.unwrap();
    let mut asked = harness.own().await;
    assert_eq!(asked.body.recv().await, Some(Ok("abc".into())));
    send.send(Err(BodyCut)).await.unwrap();
    assert_eq!(asked.body.recv().await, Some(Err(BodyCut)));
    assert!(answer.await.unwrap().is_err());
}

#[tokio::test]
async fn an_answer_that_control_cuts_is_seen_as_cut() {
    for stated in [false, true] {
        let head = || {
            let head = Response::builder();
            if stated {
                head.header("content-length", 9)
            } else {
                head
            }
        };
        let mut harness = Harness::alone();
        let mut client = harness.http1().await;
        client.say(get("/-/page")).await;
        let asked = harness.own().await;
        let send = reply(asked, head());
        send.send(Ok("part".into())).await.unwrap();
        if !stated {
            send.send(Err(BodyCut)).await.unwrap();
        }
        drop(send);
        client.head().await;
        let (rest, _) = client.end().await;
        assert!(!rest.ends_with(b"0\r\n\r\n"), "{rest:?}");
        assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);

        let mut client = harness.http2().await;
        let asked = request("GET", "/-/page").body(nothing()).unwrap();
        let answer = client.spawn(asked).await;
        let asked = harness.own().await;
        let send = reply(asked, head());
        let response = answer.await.unwrap().unwrap();
        send.send(Ok("part".into())).await.unwrap();
        if !stated {
            send.send(Err(BodyCut)).await.unwrap();
        }
        drop(send);
        assert!(collect(response).await.is_err());
        assert_eq!(harness.record().await.outcome, Outcome::UpstreamCut);
    }
}

#[tokio::test]
async fn an_answer_longer_than_stated_spoils_no_other() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client.say(get("/-/page")).await;
    let asked = harness.own().await;
    let send = reply(asked, Response::builder().header("content-length", 2));
    send.send(Ok("HTTP/1.1 200 OK\r\n\r\n".into()))
        .await
        .unwrap();
    client.head().await;
    let (rest, end) = client.end().await;
    assert!(rest.len() <= 2, "{rest:?}");
    assert_eq!(end, End::Cut);
}

#[tokio::test]
async fn answers_of_control_without_a_body_end_with_their_head() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    for (method, status) in [("GET", 204), ("GET", 304), ("HEAD", 200), ("GET", 200)] {
        client
            .say(format!(
                "{method} /-/page HTTP/1.1\r\nHost: app.test\r\n\r\n"
            ))
            .await;
        let asked = harness.own().await;
        let send = reply(asked, Response::builder().status(status));
        drop(send);
        let answer = client.answer_to(method).await;
        assert_eq!(answer.status, status);
        let chunked = answer.field("transfer-encoding").is_some();
        assert_eq!(
            chunked,
            (method, status) == ("GET", 200),
            "{method} {status}"
        );
        assert!(answer.body.is_empty());
    }
}

#[tokio::test]
async fn a_full_queue_is_answered_unavailable_and_an_empty_one_serves() {
    let mut harness = Harness::alone();
    let waiting = || OwnRequest {
        known: OwnKnown {
            id: RequestId([7; 16]),
            site: 0,
            authority: "app.test".into(),
            client: ClientAddr::new([192, 0, 2, 1].into()),
            session: None,
            language: Language::En,
        },
        head: http::Request::new(()),
        body: seam::own::body().1,
        reply: oneshot::channel().0,
    };
    for _ in 0..QUEUE {
        harness.own.send(waiting()).unwrap();
    }
    let mut client = harness.http1().await;
    client.say(get("/-/page")).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 503);
    assert!(answer.field("retry-after").is_some());
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("control-busy"));
    for _ in 0..QUEUE {
        harness.own().await;
    }
    let mut client = harness.http1().await;
    client.say(get("/-/page")).await;
    let asked = harness.own().await;
    drop(reply(asked, Response::builder()));
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn prebuilt_pages_outlive_control() {
    let mut harness = Harness::alone();
    harness.control = None;
    for path in ["/-/security", "/-/page"] {
        let mut client = harness.http1().await;
        client.say(get(path)).await;
        let over_http1 = client.answer().await;
        let over_http2 = harness.http2().await.get(path).await;
        for answer in [over_http1, over_http2] {
            if path == "/-/security" {
                assert_eq!((answer.status, answer.text()), (200, "security in en"));
            } else {
                assert_eq!(answer.status, 503);
                assert!(answer.field("retry-after").is_some());
            }
        }
    }
}

#[tokio::test]
async fn a_control_that_drops_a_request_is_answered_unavailable() {
    let mut harness = Harness::alone();
    let mut client = harness.http1().await;
    client.say(get("/-/page")).await;
    drop(harness.own().await);
    assert_eq!(client.answer().await.status, 503);
}

#[tokio::test]
async fn a_prebuilt_page_speaks_the_asked_language() {
    let harness = Harness::alone();
    let mut client = harness.http1().await;
    for (query, fields, language) in [
        ("", "", "en"),
        ("", "Accept-Language: nl\r\n", "nl"),
        ("?a=b&lang=fr", "Accept-Language: nl\r\n", "fr"),
        ("?lang=xx", "Accept-Language: nl\r\n", "nl"),
    ] {
        client
            .say(format!(
                "GET /-/security{query} HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n"
            ))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.text(), format!("security in {language}"));
        assert_eq!(answer.field("vary"), Some("accept, accept-language"));
    }
}

#[tokio::test]
async fn a_prebuilt_page_can_only_be_read() {
    let harness = Harness::alone();
    let mut client = harness.http1().await;
    client
        .say("POST /-/security HTTP/1.1\r\nHost: app.test\r\nSec-Fetch-Site: same-origin\r\nContent-Length: 0\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.field("allow"), Some("GET, HEAD"));
}

#[tokio::test]
async fn a_client_that_has_a_page_isnt_sent_it_again() {
    let harness = Harness::alone();
    let mut http1 = harness.http1().await;
    let mut http2 = harness.http2().await;
    for (tags, status) in [
        ("\"en\"", 304),
        ("\"x\", W/\"en\"", 304),
        ("*", 304),
        ("\"nl\"", 200),
        ("en", 200),
    ] {
        http1
            .say(format!(
                "GET /-/security HTTP/1.1\r\nHost: app.test\r\nIf-None-Match: {tags}\r\n\r\n"
            ))
            .await;
        let over_http1 = http1.answer().await;
        let asked = request("GET", "/-/security").header("if-none-match", tags);
        let over_http2 = http2.ask(asked.body(nothing()).unwrap()).await;
        for answer in [over_http1, over_http2] {
            assert_eq!(answer.status, status, "{tags}");
            assert_eq!(answer.body.is_empty(), status == 304);
            assert_eq!(answer.field("etag"), Some("\"en\""));
            answer.assert_hardened();
        }
    }
}
