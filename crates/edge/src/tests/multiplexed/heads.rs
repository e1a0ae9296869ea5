//! Heads of requests and answers.

use super::*;
use crate::tests::{
    frames::{DATA, END_HEADERS, END_STREAM, FrameClient, HEADERS, RST_STREAM},
    wire::Application,
};

#[tokio::test]
async fn requests_of_both_versions_go_over_one_connection_in_our_words() {
    let app = Application::start().await;
    let harness = before(&app);
    let [mut one, mut other] = Either::both(&harness).await;
    let ask = async {
        let first = one.ask("GET", "").await;
        let second = other.ask("GET", "").await;
        let third = other.ask("DELETE", "").await;
        [first, second, third]
    };
    let serve = async {
        let mut peer = app.http2().await;
        for (stream, method) in [(1, "GET"), (3, "GET"), (5, "DELETE")] {
            let asked = peer.asked().await;
            assert_eq!(asked.stream, stream);
            assert_eq!(asked.field(":method"), Some(method));
            assert_eq!(asked.field(":scheme"), Some("http"), "as the way there is");
            assert_eq!(asked.field(":authority"), Some("app.test"));
            assert_eq!(asked.field(":path"), Some("/a?b=c"));
            assert_eq!(asked.field("x-forwarded-for"), Some("127.0.0.1"));
            assert_eq!(asked.field("x-forwarded-proto"), Some("https"));
            assert!(asked.field("x-request-id").is_some());
            for absent in ["host", "connection", "te", "transfer-encoding"] {
                assert_eq!(asked.field(absent), None, "{absent}");
            }
            peer.ok(stream).await;
        }
        peer
    };
    let (answers, _peer) = tokio::join!(ask, serve);
    for answer in answers {
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        answer.assert_hardened();
    }
    assert_eq!(harness.counters.upstream_connects.get(), 1);
    assert_eq!(harness.counters.upstream_http2.get(), 3);
}

#[tokio::test]
async fn te_trailers_is_passed_on_where_the_client_says_it() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = FrameClient::new(&harness).await;
    client.ask(1, "GET", &[("te", "trailers")], true).await;
    let mut peer = app.http2().await;
    assert_eq!(peer.asked().await.field("te"), Some("trailers"));
    peer.ok(1).await;
    assert_eq!(client.next().await.field(":status"), Some("200"));
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nTE: gzip, trailers\r\nConnection: TE\r\n\r\n")
        .await;
    assert_eq!(peer.asked().await.field("te"), Some("trailers"));
    peer.ok(3).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn answers_without_a_body_have_none() {
    for (method, status, fields) in [
        ("HEAD", "200", &[("content-length", "1234")][..]),
        ("HEAD", "200", &[]),
        ("GET", "204", &[]),
        ("GET", "304", &[("etag", "\"x\"")]),
        ("GET", "304", &[("content-length", "7")]),
    ] {
        for late in [false, true] {
            let said = async |peer: &mut FramePeer, stream| {
                let head = [&[(":status", status)][..], fields].concat();
                peer.head(stream, &head, !late).await;
                if late {
                    peer.frame(DATA, END_STREAM, stream, b"").await;
                }
            };
            for answer in answers(method, said).await {
                assert_eq!(answer.status.to_string(), status);
                assert_eq!(answer.body, b"");
                for (name, value) in fields {
                    assert_eq!(answer.field(name), Some(*value), "{method} {status}");
                }
            }
        }
    }
}

#[tokio::test]
async fn an_answer_that_ends_with_its_head_is_empty() {
    for fields in [&[][..], &[("content-length", "0")], &[("grpc-status", "5")]] {
        let said = async |peer: &mut FramePeer, stream| {
            let head = [&[(":status", "200")][..], fields].concat();
            peer.head(stream, &head, true).await;
        };
        for answer in answers("GET", said).await {
            assert_eq!((answer.status, answer.text()), (200, ""));
            assert_eq!(answer.field("content-length"), Some("0"));
        }
    }
}

#[tokio::test]
async fn interim_answers_stay_here_and_the_last_one_counts() {
    let said = async |peer: &mut FramePeer, stream| {
        peer.head(stream, &[(":status", "100")], false).await;
        peer.head(stream, &[(":status", "103"), ("link", "</a>")], false)
            .await;
        peer.ok(stream).await;
    };
    for answer in answers("GET", said).await {
        assert_eq!((answer.status, answer.text()), (200, "ok"));
        assert_eq!(answer.field("link"), None);
    }
}

#[tokio::test]
async fn a_head_that_is_none_is_never_passed_on_and_costs_only_its_stream() {
    let long = "v".repeat(40_000);
    let ok = (":status", "200");
    for fields in [
        &[("server", "x")][..],
        &[ok, ok],
        &[("a", "b"), ok],
        &[ok, (":path", "/")],
        &[(":status", "20")],
        &[(":status", "101")],
        &[ok, ("connection", "close")],
        &[ok, ("transfer-encoding", "chunked")],
        &[ok, ("upgrade", "websocket")],
        &[ok, ("a", "b\r\nset-cookie: evil=1")],
        &[ok, ("a", "b\nc")],
        &[ok, ("a b", "c")],
        &[ok, ("a", " b")],
        &[ok, ("content-length", "2"), ("content-length", "2")],
        &[ok, ("content-length", "+2")],
        &[ok, ("content_length", "2")],
        &[ok, ("content-length", "2"), ("long", &long)],
    ] {
        for version in 0..2 {
            let app = Application::start().await;
            let harness = before(&app);
            let mut both = Either::both(&harness).await;
            let mut other = harness.http2().await;
            let serve = async {
                let mut peer = app.http2().await;
                let asked = peer.asked().await;
                peer.head(asked.stream, fields, false).await;
                let reset = peer.next().await;
                let told = (reset.kind, reset.stream);
                assert_eq!(told, (RST_STREAM, asked.stream), "{fields:?}");
                let asked = peer.asked().await;
                peer.ok(asked.stream).await;
                peer
            };
            let ask = async {
                let broken = both[version].ask("GET", "").await;
                (broken, other.get("/").await)
            };
            let ((broken, next), _peer) = tokio::join!(ask, serve);
            assert_eq!(broken.status, 502, "{fields:?}");
            broken.assert_hardened();
            assert_eq!(next.text(), "ok", "{fields:?}");
        }
    }
}

#[tokio::test]
async fn an_upper_case_name_is_refused() {
    let said = async |peer: &mut FramePeer, stream| {
        let block = [0x88, 0, 1, b'A', 1, b'b'];
        peer.frame(HEADERS, END_HEADERS | END_STREAM, stream, &block)
            .await;
    };
    for answer in answers("GET", said).await {
        assert_eq!(answer.status, 502);
        answer.assert_hardened();
    }
}
