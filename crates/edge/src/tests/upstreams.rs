//! Applications that are down, slow, or lie.

use std::time::Duration;

use seam::{
    record::Outcome,
    snapshot::{Balance, Place},
};
use tokio::net::UnixListener;

use super::{
    client::{collect, nothing, request},
    harness::Harness,
    wire::{Application, End, OK, Wire},
};

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const POST: &str = "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 1\r\n\r\nx";

#[tokio::test]
async fn an_application_that_is_down_is_said_to_be() {
    let app = Application::start().await;
    let address = app.address;
    drop(app);
    let mut harness = Harness::start(address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 502);
    assert_eq!(answer.field("retry-after"), Some("5"));
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("upstream-refused"));
}

#[tokio::test]
async fn an_application_that_says_nothing_is_late() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| {
        setting.limits.answer = Duration::from_millis(300);
    });
    let mut client = harness.http1().await;
    client.say(GET).await;
    let _silent = app.asked().await;
    let over_http1 = client.answer().await;
    let mut client = harness.http2().await;
    let asked = client
        .spawn(request("GET", "/").body(nothing()).unwrap())
        .await;
    let _silent_too = app.asked().await;
    let over_http2 = collect(asked.await.unwrap().unwrap()).await.unwrap();
    for answer in [over_http1, over_http2] {
        assert_eq!(answer.status, 504);
        assert_eq!(answer.field("retry-after"), Some("30"));
        answer.assert_hardened();
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::Refused("upstream-late"));
    }
}

#[tokio::test]
async fn an_answer_that_cant_be_read_is_never_passed_on() {
    let endless = format!("HTTP/1.1 200 OK\r\n{}", "A: b\r\n".repeat(20_000));
    for broken in [
        "garbage that is no answer\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 0\n\n",
        "HTTP/1.1 200 OK\r\nContent-Le",
        "",
        &endless,
    ] {
        for over_http2 in [false, true] {
            let app = Application::start().await;
            let mut harness = Harness::start(app.address);
            let serve = async {
                let (mut peer, _) = app.asked().await;
                // An endless head is refused before all of it was sent.
                let _ = peer.try_say(broken).await;
                if broken.len() < 1000 {
                    drop(peer);
                } else {
                    peer.end().await;
                }
            };
            let ask = async {
                if over_http2 {
                    return harness.http2().await.get("/").await;
                }
                let mut client = harness.http1().await;
                client.say(GET).await;
                client.answer().await
            };
            let ((), answer) = tokio::join!(serve, ask);
            assert_eq!(answer.status, 502, "{broken:.40}");
            answer.assert_hardened();
            let record = harness.record().await;
            assert!(matches!(record.outcome, Outcome::Refused(_)));
        }
    }
}

/// Answers whose body breaks off.
const CUT: [&str; 3] = [
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nshort\r\nnonsense\r\n",
];

#[tokio::test]
async fn a_broken_body_is_seen_as_broken_over_http1() {
    for cut in CUT {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = harness.http1().await;
        client.say(GET).await;
        drop(app.answer_one(cut).await);
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        let (rest, _) = client.end().await;
        let rest = String::from_utf8(rest).unwrap();
        assert!(!rest.ends_with("0\r\n\r\n") && rest.len() < 12, "{rest}");
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::UpstreamCut);
        assert_eq!(record.status, 200);
        assert!(record.bytes_out <= 5, "{record:?}");
    }
}

#[tokio::test]
async fn a_broken_body_is_seen_as_broken_over_http1_0_where_only_the_end_tells() {
    for cut in &CUT[1..] {
        let app = Application::start().await;
        let harness = Harness::start(app.address);
        let mut client = harness.http1().await;
        client.say("GET / HTTP/1.0\r\n\r\n").await;
        drop(app.answer_one(cut).await);
        client.head().await;
        assert_eq!(client.end().await.1, End::Cut);
    }
}

#[tokio::test]
async fn a_broken_body_resets_its_stream_and_no_other() {
    for cut in CUT {
        let app = Application::start().await;
        let mut harness = Harness::start(app.address);
        let mut client = harness.http2().await;
        let asked = request("GET", "/").body(nothing()).unwrap();
        let answer = client.spawn(asked).await;
        drop(app.answer_one(cut).await);
        // The reset may overtake the head.
        if let Ok(response) = answer.await.unwrap() {
            assert_eq!(response.status(), 200);
            assert!(collect(response).await.is_err(), "{cut}");
        }
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::UpstreamCut);
        assert_eq!(record.status, 200);
        let neighbour = client.get("/-/security").await;
        assert_eq!(neighbour.status, 200);
    }
}

/// A kept connection on which the application reads the next request and closes.
async fn stale(next: &str) -> (Application, Harness, super::client::Http1, String) {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app.answer_one(OK).await;
    client.answer().await;
    client.say(next).await;
    let head = peer.head().await;
    drop(peer);
    (app, harness, client, head)
}

#[tokio::test]
async fn a_get_on_a_stale_connection_is_sent_once_more() {
    let (app, harness, mut client, first) = stale(GET).await;
    let (_peer, second) = app.answer_one(OK).await;
    assert_eq!(first, second, "the same request with the same id");
    assert_eq!(client.answer().await.text(), "ok");
    assert_eq!(harness.counters.upstream_connects.get(), 2);
}

#[tokio::test]
async fn a_get_is_not_sent_a_third_time() {
    let (app, harness, mut client, _) = stale(GET).await;
    drop(app.asked().await);
    assert_eq!(client.answer().await.status, 502);
    assert_eq!(harness.counters.upstream_connects.get(), 2);
}

#[tokio::test]
async fn a_post_on_a_stale_connection_is_never_doubled() {
    let (_app, harness, mut client, _) = stale(POST).await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 502);
    assert!(answer.field("retry-after").is_some());
    assert_eq!(harness.counters.upstream_connects.get(), 1);
}

#[tokio::test]
async fn a_connection_that_was_closed_while_idle_is_not_used() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (peer, _) = app.answer_one(OK).await;
    client.answer().await;
    drop(peer);
    client.say(POST).await;
    let (_peer, head) = app.answer_one(OK).await;
    assert!(head.starts_with("POST / "), "{head}");
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn bytes_that_nobody_asked_for_end_a_kept_connection() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (mut peer, _) = app.answer_one([OK, OK].concat()).await;
    assert_eq!(client.answer().await.text(), "ok");
    assert_eq!(peer.end().await.0, b"");
    client.say(GET).await;
    let _peer = app.answer_one(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}

#[tokio::test]
async fn an_application_that_closes_is_not_kept() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let mut client = harness.http1().await;
    for _ in 0..2 {
        client.say(GET).await;
        let (mut peer, _) = app
            .answer_one("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            .await;
        assert_eq!(client.answer().await.text(), "ok");
        assert_eq!(peer.end().await, (Vec::new(), End::Clean));
    }
}

#[tokio::test]
async fn an_application_on_a_unix_socket_is_served() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), |setting| {
        setting.upstream = Some(Place::Unix(path));
    });
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (stream, _) = listener.accept().await.unwrap();
    let mut peer = Wire::new(stream);
    peer.head().await;
    peer.say(OK).await;
    assert_eq!(client.answer().await.text(), "ok");
}

/// An edge before two applications, each of which answers with its own word.
async fn two(
    change: impl FnOnce(&mut super::harness::Setting),
) -> (Application, Application, Harness) {
    let (one, other) = (Application::start().await, Application::start().await);
    let place = Place::Socket(other.address);
    let harness = Harness::with(one.address, |setting| {
        setting.more = vec![place];
        change(setting);
    });
    (one, other, harness)
}

const ONE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\none";
const OTHER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nother";

async fn word(client: &mut super::client::Http1, ask: &str) -> String {
    client.say(ask).await;
    client.answer().await.text().to_owned()
}

#[tokio::test]
async fn requests_go_to_the_next_application_where_the_first_is_gone_also_posts() {
    let (one, other, harness) = two(|_| {}).await;
    drop(one);
    other.always(OTHER);
    let mut client = harness.http1().await;
    assert_eq!(word(&mut client, GET).await, "other");
    assert_eq!(harness.counters.upstream_faults.get(), 1);
    // The first is passed over now: no further request waits for it.
    assert_eq!(word(&mut client, GET).await, "other");
    assert_eq!(word(&mut client, GET).await, "other");
    assert_eq!(harness.counters.upstream_faults.get(), 1);

    let (one, other, harness) = two(|_| {}).await;
    drop(one);
    let mut client = harness.http1().await;
    client.say(POST).await;
    let (mut peer, _) = other.asked().await;
    assert_eq!(peer.take(1).await, b"x");
    peer.say(OTHER).await;
    assert_eq!(client.answer().await.text(), "other");
}

#[tokio::test]
async fn applications_are_asked_in_turn_where_the_site_says_so() {
    let (one, other, harness) = two(|setting| setting.balance = Balance::RoundRobin).await;
    one.always(ONE);
    other.always(OTHER);
    let mut client = harness.http1().await;
    for expected in ["one", "other", "one", "other"] {
        assert_eq!(word(&mut client, GET).await, expected);
    }
}

#[tokio::test]
async fn an_application_that_fails_its_check_is_passed_over() {
    let (one, other, harness) = two(|setting| setting.health = Some("/healthz")).await;
    // Two checks in a row decide: the first now, the second five seconds later. The other
    // site has the same applications.
    let mut checks = 0;
    while checks < 2 {
        let (mut peer, head) = one.asked().await;
        assert!(
            head.starts_with("GET /healthz HTTP/1.1\r\nhost: "),
            "{head}"
        );
        checks += usize::from(head.contains("host: app.test\r\n"));
        peer.say("HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n")
            .await;
        assert_eq!(peer.end().await.0, b"");
    }
    other.always(OTHER);
    // Whatever the first would say to a request: none comes any more, once it is noted.
    one.always(ONE);
    let mut client = harness.http1().await;
    while word(&mut client, GET).await != "other" {}
}
