//! Applications that leave, refuse, flood or lie.

use std::time::Duration;

use seam::{record::Outcome, snapshot::Place};

use super::*;
use crate::tests::{
    frames::{CONTINUATION, DATA, END_STREAM, GOAWAY, HEADERS, PING, RST_STREAM},
    wire::{Application, OK},
};

const PUSH_PROMISE: u8 = 5;

/// A GOAWAY's payload: the last stream that was looked at, and no error.
fn farewell(last: u8) -> [u8; 8] {
    [0, 0, 0, last, 0, 0, 0, 0]
}

#[tokio::test]
async fn a_post_that_a_leaving_application_did_not_look_at_is_sent_to_the_next_connection() {
    let app = Application::start().await;
    let harness = before(&app);
    let [mut one, mut other] = Either::both(&harness).await;
    let serve = async {
        let mut leaving = app.http2().await;
        let looked_at = leaving.asked().await.stream;
        assert_eq!(looked_at, 1);
        assert_eq!(leaving.next().await.payload, b"body");
        assert_eq!(leaving.asked().await.stream, 3);
        assert_eq!(leaving.next().await.payload, b"body");
        leaving.frame(GOAWAY, 0, 0, &farewell(1)).await;
        let mut next = app.http2().await;
        let again = next.asked().await;
        assert_eq!(again.field(":method"), Some("POST"));
        assert_eq!(next.next().await.payload, b"body", "the body too");
        next.ok(again.stream).await;
        // What was looked at is answered where it was asked.
        leaving.ok(1).await;
        let end = leaving.next().await;
        assert_eq!(
            (end.kind, end.code()),
            (GOAWAY, 0),
            "it carries nothing more"
        );
        next
    };
    let (first, second, _next) =
        tokio::join!(one.ask("POST", "body"), other.ask("POST", "body"), serve);
    assert_eq!((first.text(), second.text()), ("ok", "ok"));
    assert_eq!(harness.counters.upstream_connects.get(), 2);
}

#[tokio::test]
async fn a_refused_stream_is_asked_again_but_not_for_ever() {
    const REFUSED: [u8; 4] = [0, 0, 0, 7];
    for refusals in [1, 4, 5] {
        let app = Application::start().await;
        let harness = before(&app);
        let mut client = Either::Http1(Box::new(harness.http1().await));
        let serve = async {
            let mut peer = app.http2().await;
            for _ in 0..refusals {
                let asked = peer.asked().await;
                assert_eq!(peer.next().await.payload, b"body");
                peer.frame(RST_STREAM, 0, asked.stream, &REFUSED).await;
            }
            if refusals < 5 {
                let asked = peer.asked().await;
                peer.ok(asked.stream).await;
            }
            peer
        };
        let (answer, _peer) = tokio::join!(client.ask("POST", "body"), serve);
        assert_eq!(answer.status, if refusals < 5 { 200 } else { 502 });
    }
}

#[tokio::test]
async fn any_other_reset_before_the_answer_is_never_asked_twice() {
    for code in [0_u8, 1, 2, 8, 13] {
        for version in 0..2 {
            let app = Application::start().await;
            let mut harness = before(&app);
            let mut client = harness.http2().await;
            let mut both = Either::both(&harness).await;
            let serve = async {
                let mut peer = app.http2().await;
                let asked = peer.asked().await;
                peer.frame(RST_STREAM, 0, asked.stream, &[0, 0, 0, code])
                    .await;
                peer
            };
            let (answer, mut peer) = tokio::join!(both[version].ask("GET", ""), serve);
            assert_eq!(answer.status, 502, "{code}");
            answer.assert_hardened();
            let outcome = harness.record().await.outcome;
            assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
            let asked = request("DELETE", "/").body(nothing()).unwrap();
            let (answer, ()) = tokio::join!(client.ask(asked), async {
                let next = peer.asked().await;
                assert_eq!(next.field(":method"), Some("DELETE"));
                peer.ok(next.stream).await;
            });
            assert_eq!(answer.text(), "ok");
        }
    }
}

/// A connection that has answered once, and on which the application reads the next
/// request and closes.
async fn stale(method: &str) -> (Application, Harness, tokio::task::JoinHandle<Answer>) {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = Either::Http2(harness.http2().await);
    let serve = async {
        let mut peer = app.http2().await;
        peer.asked().await;
        peer.ok(1).await;
        peer
    };
    let (_, mut peer) = tokio::join!(client.ask("GET", ""), serve);
    let method = method.to_owned();
    let answer = tokio::spawn(async move { client.ask(&method, "").await });
    peer.asked().await;
    drop(peer);
    (app, harness, answer)
}

#[tokio::test]
async fn a_get_on_a_connection_that_closes_unanswered_is_sent_once_more_and_a_post_never() {
    let (app, harness, answer) = stale("GET").await;
    let mut peer = app.http2().await;
    let asked = peer.asked().await;
    peer.ok(asked.stream).await;
    assert_eq!(answer.await.unwrap().text(), "ok");
    assert_eq!(harness.counters.upstream_connects.get(), 2);

    let (_app, harness, answer) = stale("POST").await;
    assert_eq!(answer.await.unwrap().status, 502);
    assert_eq!(harness.counters.upstream_connects.get(), 1);
}

#[tokio::test]
async fn an_application_that_speaks_http1_after_all_is_passed_over() {
    let (one, other) = (Application::start().await, Application::start().await);
    let place = Place::Socket(other.address);
    let mut harness = before_with(&one, |setting| setting.more = vec![place]);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let mut peer = one.accept().await;
    peer.say("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
        .await;
    let mut peer = other.http2().await;
    peer.asked().await;
    peer.ok(1).await;
    assert_eq!(client.answer().await.text(), "ok");
    assert_eq!(harness.record().await.outcome, Outcome::Served);
    drop((one, other, peer));

    let app = Application::start().await;
    let mut harness = before(&app);
    let mut client = harness.http1().await;
    client.say(GET).await;
    app.accept().await.say(OK).await;
    assert_eq!(client.answer().await.status, 502);
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("upstream-not-http2"));
}

#[tokio::test]
async fn an_application_that_never_says_its_settings_is_late() {
    let app = Application::start().await;
    let mut harness = before_with(&app, |setting| {
        setting.limits.connect = Duration::from_millis(300);
    });
    let mut client = harness.http1().await;
    client.say(GET).await;
    let mut silent = app.accept().await;
    assert_eq!(client.answer().await.status, 502);
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("upstream-connect-late"));
    // And its connection is left.
    silent.end().await;
}

#[tokio::test]
async fn an_application_that_says_nothing_is_late_and_the_next_request_asks_elsewhere() {
    let app = Application::start().await;
    let mut harness = before_with(&app, |setting| {
        setting.limits.connect = Duration::from_millis(200);
        setting.limits.answer = Duration::from_millis(800);
    });
    let mut client = Either::Http1(Box::new(harness.http1().await));
    let serve = async {
        let mut peer = app.http2().await;
        peer.asked().await;
        peer
    };
    let (answer, mut silent) = tokio::join!(client.ask("GET", ""), serve);
    assert_eq!(answer.status, 504);
    let record = harness.record().await;
    assert_eq!(record.outcome, Outcome::Refused("upstream-late"));
    assert_eq!(silent.next().await.kind, RST_STREAM);
    let serve = async {
        let mut peer = app.http2().await;
        peer.asked().await;
        peer.ok(1).await;
        peer
    };
    let mut client = Either::Http2(harness.http2().await);
    let (answer, _peer) = tokio::join!(client.ask("GET", ""), serve);
    assert_eq!(answer.text(), "ok");
    assert_eq!(
        silent.next().await.kind,
        GOAWAY,
        "nobody is asked there again"
    );
}

#[tokio::test]
async fn floods_and_pushes_of_an_application_end_its_connection_and_the_next_serves() {
    type Flood = fn(&mut FramePeer) -> std::pin::Pin<Box<dyn Future<Output = ()> + '_>>;
    /// Sends one frame over and over until the edge has left.
    async fn over_and_over(peer: &mut FramePeer, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        for _ in 0..100_000 {
            if peer.try_frame(kind, flags, stream, payload).await.is_err() {
                return;
            }
        }
    }
    let floods: [(&str, Flood); 6] = [
        ("pings", |peer| {
            Box::pin(over_and_over(peer, PING, 0, 0, &[0; 8]))
        }),
        ("settings", |peer| {
            Box::pin(over_and_over(peer, 4, 0, 0, &[]))
        }),
        // `:status: 103`
        ("interim heads", |peer| {
            Box::pin(over_and_over(
                peer,
                HEADERS,
                4,
                1,
                &[0x08, 3, b'1', b'0', b'3'],
            ))
        }),
        ("continuations", |peer| {
            Box::pin(async {
                let _ = peer.try_frame(HEADERS, 0, 1, &[0x88]).await;
                over_and_over(peer, CONTINUATION, 0, 1, &[]).await;
            })
        }),
        ("empty data", |peer| {
            Box::pin(async {
                let _ = peer.try_frame(HEADERS, 4, 1, &[0x88]).await;
                over_and_over(peer, DATA, 0, 1, &[]).await;
            })
        }),
        ("a push", |peer| {
            Box::pin(async {
                let _ = peer
                    .try_frame(PUSH_PROMISE, 4, 1, &[0, 0, 0, 2, 0x82])
                    .await;
                peer.wire.end().await;
            })
        }),
    ];
    for (name, flood) in floods {
        let app = Application::start().await;
        let harness = before(&app);
        let mut client = harness.http1().await;
        client.say(GET).await;
        let mut peer = app.http2().await;
        peer.asked().await;
        flood(&mut peer).await;
        let head = Answer::of(&client.head().await);
        let passed = if name == "empty data" { 200 } else { 502 };
        assert_eq!(head.status, passed, "{name}");
        let mut client = harness.http1().await;
        client.say(GET).await;
        let mut peer = app.http2().await;
        peer.asked().await;
        peer.ok(1).await;
        assert_eq!(client.answer().await.text(), "ok", "{name}");
    }
}

#[tokio::test]
async fn an_application_that_fails_its_check_is_passed_over() {
    let (one, other) = (Application::start().await, Application::start().await);
    let place = Place::Socket(other.address);
    let harness = before_with(&one, |setting| {
        setting.more = vec![place];
        setting.health = Some("/healthz");
    });
    let well = tokio::spawn(async move {
        loop {
            let mut peer = other.http2().await;
            tokio::spawn(async move {
                loop {
                    let frame = peer.any_frame().await;
                    if frame.kind == HEADERS {
                        peer.ok(frame.stream).await;
                    }
                }
            });
        }
    });
    let mut checks = 0;
    while checks < 2 {
        let mut peer = one.http2().await;
        let asked = peer.asked().await;
        assert_eq!(asked.field(":path"), Some("/healthz"));
        assert_eq!(asked.field("user-agent"), Some("waarborg-health"));
        checks += usize::from(asked.field(":authority") == Some("app.test"));
        peer.head(asked.stream, &[(":status", "503")], true).await;
        assert_eq!(peer.next().await.kind, GOAWAY, "a connection of its own");
    }
    // No request waits for the first any more, once it is noted.
    let mut client = Either::Http2(harness.http2().await);
    let unwell = async {
        loop {
            let mut peer = one.http2().await;
            let asked = peer.asked().await;
            peer.head(asked.stream, &[(":status", "503")], true).await;
        }
    };
    let asking = async { while client.ask("GET", "").await.status != 200 {} };
    tokio::select! {
        () = unwell => {}
        () = asking => {}
    }
    well.abort();
}

#[tokio::test]
async fn frames_for_streams_that_are_over_are_nobodys() {
    let app = Application::start().await;
    let harness = before(&app);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let mut peer = app.http2().await;
    peer.asked().await;
    peer.head(1, &[(":status", "200")], false).await;
    peer.frame(DATA, 0, 1, b"abc").await;
    client.head().await;
    drop(client);
    assert_eq!(peer.next().await.kind, RST_STREAM);
    peer.frame(DATA, END_STREAM, 1, b"def").await;
    let mut client = harness.http1().await;
    client.say(GET).await;
    assert_eq!(peer.asked().await.stream, 3);
    peer.ok(3).await;
    assert_eq!(client.answer().await.text(), "ok");
}
