//! What applications show of their weaknesses is told, and nothing is changed.

use guards::weaknesses::Kind;
use seam::findings::{Found, Shown};

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Answer, Application},
};

const PAGE: &str = "<p onclick=go()><form action=/item/delete></form><img src=http://cdn.test/a>";

fn told(harness: &mut Harness) -> Vec<Shown> {
    let all = std::iter::from_fn(|| harness.found.try_recv().ok());
    all.map(|found| match found {
        Found::Weakness(shown) => shown,
        Found::Markup(finding) => panic!("nothing was sent: {finding:?}"),
    })
    .collect()
}

fn said(more: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n{more}\r\n{PAGE}",
        PAGE.len()
    )
}

/// Asks once by each version of HTTP.
async fn asked(harness: &mut Harness, app: &Application, said: &str) -> [Answer; 2] {
    let mut client = harness.http1().await;
    client
        .say("GET /hook/x?token=secret HTTP/1.1\r\nHost: app.test\r\n\r\n")
        .await;
    let (peer, _) = app.answer_one(said).await;
    let first = client.answer().await;
    drop((client, peer));
    harness.record().await;
    let mut client = harness.http2().await;
    let ask = client.ask(
        request("GET", "/hook/x?token=secret")
            .body(nothing())
            .unwrap(),
    );
    let serve = async {
        let _peer = app.answer_one(said).await;
    };
    let (second, ()) = tokio::join!(ask, serve);
    harness.record().await;
    [first, second]
}

#[tokio::test]
async fn a_page_and_its_cookies_are_told_once_and_leave_as_they_came() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| setting.weakness_pages = 8);
    let more = "Content-Type: text/html\r\nETag: \"a\"\r\nSet-Cookie: sid=1; HttpOnly; Secure\r\n";
    for answer in asked(&mut harness, &app, &said(more)).await {
        assert_eq!(answer.text(), PAGE);
        assert_eq!(answer.field("etag"), Some("\"a\""));
        assert_eq!(answer.field("content-length"), Some("76"));
    }
    let told = told(&mut harness);
    let mut things: Vec<_> = told
        .iter()
        .map(|shown| (shown.weakness.kind, &*shown.weakness.name))
        .collect();
    things.sort_unstable();
    assert_eq!(
        things,
        [
            (Kind::CookieCrossSite, "sid"),
            (Kind::InlineHandler, "onclick"),
            (Kind::MixedContent, "cdn.test"),
            (Kind::ChangeByGet, "/item/delete"),
            (Kind::CharsetUnsaid, ""),
        ]
    );
    for shown in told {
        assert_eq!((&*shown.site, &*shown.route), ("app.test", "/hook"));
        assert_eq!((&*shown.path, shown.count), ("/hook/x", 1));
    }
    let counted: u64 = harness.counters.weaknesses.iter().map(|it| it.get()).sum();
    assert_eq!(counted, 5);
}

#[tokio::test]
async fn what_is_no_page_isn_t_read_and_where_nobody_looks_nothing_is_told() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| setting.weakness_pages = 8);
    for more in [
        "Content-Type: text/plain\r\n",
        "Content-Type: application/json\r\n",
        "Content-Type: text/html; charset=utf-16\r\n",
        "Content-Type: text/html; charset=utf-8\r\nContent-Encoding: gzip\r\n",
        "",
    ] {
        asked(&mut harness, &app, &said(more)).await;
        assert_eq!(told(&mut harness), [], "{more}");
    }
    let mut harness = Harness::start(app.address);
    let more = "Content-Type: text/html\r\nSet-Cookie: sid=1\r\n";
    asked(&mut harness, &app, &said(more)).await;
    assert_eq!(told(&mut harness), []);
}
