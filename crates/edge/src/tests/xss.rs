//! Markup of a request that its answer brings back is told, leaves as text, or is refused, by
//! the mode of its route; whatever else an application sends leaves as it is.

use bytes::Bytes;
use guards::xss::{Context, Mode, Place};
use seam::{
    findings::{Finding, Found},
    record::Outcome,
};
use tokio::net::TcpStream;

use super::{
    client::{nothing, request},
    harness::Harness,
    wire::{Answer, Application, End, Wire},
};

const PAYLOAD: &str = "<script>alert(1)</script>";
const SENT: &str = "q=%3Cscript%3Ealert(1)%3C/script%3E";
const ESCAPED: &str = "&lt;script&gt;alert(1)</script>";

fn shown(value: &str) -> String {
    format!("<!doctype html><p>You asked for {value}.</p>")
}

fn answer(fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: {length}\r\n\r\n{body}")
}

const HTML: &str = "Content-Type: text/html; charset=utf-8\r\n";

/// One request over each version of HTTP, answered with these bytes: what the client gets,
/// and the heads that the application saw.
async fn both(harness: &Harness, app: &Application, target: &str, said: &str) -> [Answer; 2] {
    let mut client = harness.http1().await;
    client
        .say(format!("GET {target} HTTP/1.1\r\nHost: app.test\r\n\r\n"))
        .await;
    let (peer, _) = app.answer_one(said).await;
    let over_http1 = client.answer().await;
    drop((client, peer));
    let mut client = harness.http2().await;
    let ask = client.ask(request("GET", target).body(nothing()).unwrap());
    let serve = async {
        let _peer = app.answer_one(said).await;
    };
    let (over_http2, ()) = tokio::join!(ask, serve);
    [over_http1, over_http2]
}

fn told(harness: &mut Harness) -> Vec<Finding> {
    let all = std::iter::from_fn(|| harness.found.try_recv().ok());
    all.map(|found| match found {
        Found::Markup(finding) => finding,
        Found::Weakness(shown) => panic!("nobody looks: {shown:?}"),
    })
    .collect()
}

#[tokio::test]
async fn observing_tells_the_parameter_and_changes_nothing() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let page = shown(PAYLOAD);
    let said = answer(&format!("{HTML}ETag: \"a\"\r\n"), &page);
    let target = format!("/search?page=2&{SENT}");
    for got in both(&harness, &app, &target, &said).await {
        got.assert_hardened();
        assert_eq!(got.text(), page);
        assert_eq!(got.field("etag"), Some("\"a\""));
        assert_eq!(
            got.field("cross-origin-opener-policy"),
            Some("same-origin-allow-popups")
        );
        assert_eq!(got.field("cross-origin-resource-policy"), None);
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::Served);
    }
    let told = told(&mut harness);
    assert_eq!(told.len(), 2, "{told:?}");
    for finding in told {
        assert_eq!((&*finding.site, &*finding.route), ("app.test", ""));
        assert_eq!((finding.place, &*finding.parameter), (Place::Query, "q"));
        assert_eq!(
            (finding.context, finding.mode),
            (Context::Script, Mode::Observe)
        );
    }
    let counters = &harness.counters;
    assert_eq!(counters.xss_found[Mode::Observe as usize].get(), 2);
    assert_eq!(counters.xss_read.get(), 2);
}

#[tokio::test]
async fn neutralising_shows_the_markup_as_text_whatever_way_the_answer_is_framed() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let page = shown(PAYLOAD);
    let chunks: String = page
        .as_bytes()
        .chunks(5)
        .map(|part| {
            format!(
                "{:x}\r\n{}\r\n",
                part.len(),
                std::str::from_utf8(part).unwrap()
            )
        })
        .collect();
    let chunked = format!(
        "HTTP/1.1 200 OK\r\n{HTML}Transfer-Encoding: chunked\r\nTrailer: Digest\r\n\r\n\
         {chunks}0\r\nDigest: x\r\n\r\n"
    );
    let stated = answer(
        &format!("{HTML}ETag: \"a\"\r\nContent-Digest: x\r\n"),
        &page,
    );
    for said in [chunked, stated] {
        let target = format!("/neutralise?{SENT}");
        for got in both(&harness, &app, &target, &said).await {
            got.assert_hardened();
            assert_eq!(got.text(), shown(ESCAPED));
            assert_eq!(got.field("content-length"), None);
            assert_eq!(got.field("content-digest"), None);
            assert!(matches!(got.field("etag"), None | Some("W/\"a\"")));
            assert!(got.trailers.is_empty(), "{:?}", got.trailers);
            assert_eq!(harness.record().await.outcome, Outcome::Served);
        }
        assert_eq!(told(&mut harness).len(), 2);
    }
}

#[tokio::test]
async fn an_answer_that_brings_nothing_back_leaves_as_it_is() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let honest = shown("&lt;script&gt;alert(1)&lt;/script&gt;");
    let own = shown("<script>start()</script>");
    for (target, page) in [
        (format!("/neutralise?{SENT}"), &honest),
        (format!("/neutralise?{SENT}"), &own),
        ("/neutralise?q=plain".to_owned(), &shown(PAYLOAD)),
        (format!("/unseen?{SENT}"), &shown(PAYLOAD)),
        (format!("/refuse?{SENT}"), &honest),
    ] {
        for got in both(&harness, &app, &target, &answer(HTML, page)).await {
            assert_eq!(got.text(), page, "{target}");
            assert_eq!(harness.record().await.outcome, Outcome::Served);
        }
    }
    assert_eq!(told(&mut harness), []);
}

#[tokio::test]
async fn refusing_gives_a_page_while_the_head_is_here() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let said = answer(HTML, &shown(PAYLOAD));
    for got in both(&harness, &app, &format!("/refuse?{SENT}"), &said).await {
        got.assert_hardened();
        assert_eq!(got.status, 403);
        assert!(!got.text().contains("<script"), "{}", got.text());
        assert!(got.text().contains("forbidden"), "{}", got.text());
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::Refused("markup-reflected"));
    }
    assert_eq!(told(&mut harness).len(), 2);
    assert_eq!(harness.counters.xss_found[Mode::Refuse as usize].get(), 2);
}

#[tokio::test]
async fn a_head_that_came_alone_waits_for_what_is_behind_it() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let page = shown(PAYLOAD);
    let said = answer(HTML, &page);
    let (head, body) = said.split_at(said.len() - page.len());
    let mut client = harness.http1().await;
    client
        .say(format!(
            "GET /refuse?{SENT} HTTP/1.1\r\nHost: app.test\r\n\r\n"
        ))
        .await;
    let (mut peer, _) = app.answer_one(head).await;
    peer.say(body).await;
    assert_eq!(client.answer().await.status, 403);
    let mut client = harness.http2().await;
    let ask = client.ask(
        request("GET", &format!("/refuse?{SENT}"))
            .body(nothing())
            .unwrap(),
    );
    let serve = async {
        let (mut peer, _) = app.answer_one(head).await;
        peer.say(body).await;
    };
    assert_eq!(tokio::join!(ask, serve).0.status, 403);
    assert_eq!(told(&mut harness).len(), 2);
}

#[tokio::test]
async fn refusing_cuts_an_answer_whose_beginning_has_left() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let before = "<p>a long page</p>".repeat(30_000);
    let page = format!("{before}{PAYLOAD} and more");
    let said = answer(HTML, &page);
    let mut client = harness.http1().await;
    client
        .say(format!(
            "GET /refuse?{SENT} HTTP/1.1\r\nHost: app.test\r\n\r\n"
        ))
        .await;
    let serve = async {
        let (mut peer, _) = app.asked().await;
        // It may see that nobody reads on.
        let _ = peer.try_say(&said).await;
    };
    let read = async {
        let head = client.head().await;
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        client.end().await
    };
    let ((), (got, end)) = tokio::join!(serve, read);
    assert_eq!(end, End::Cut);
    assert!(before.as_bytes().starts_with(&got), "nothing of it leaves");
    assert!(got.len() > 64 * 1024, "{}", got.len());
    let record = harness.record().await;
    assert_eq!(record.outcome, Outcome::Refused("markup-reflected"));
}

/// What the application reads and the client gets for a body of this type.
async fn posted(harness: &Harness, app: &Application, kind: &str, body: &str) -> [Answer; 2] {
    let said = answer(HTML, &shown(PAYLOAD));
    let mut client = harness.http1().await;
    client
        .say(format!(
            "POST /neutralise HTTP/1.1\r\nHost: app.test\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        ))
        .await;
    let serve = async |peer: &mut Wire<TcpStream>| {
        let got = peer.take(body.len()).await;
        assert_eq!(got, body.as_bytes(), "the application gets all of it");
        peer.say(&said).await;
    };
    let (mut peer, _) = app.asked().await;
    // In two parts, of which the first ends in the middle of a value.
    client.say(&body[..body.len() / 2]).await;
    client.say(&body[body.len() / 2..]).await;
    serve(&mut peer).await;
    let over_http1 = client.answer().await;
    drop((client, peer));
    let mut client = harness.http2().await;
    let whole = Bytes::copy_from_slice(body.as_bytes());
    let (pieces, sent) = super::client::pieces();
    pieces.send(Ok(whole)).await.unwrap();
    drop(pieces);
    let ask = request("POST", "/neutralise")
        .header("content-type", kind)
        .header("content-length", body.len());
    let ask = client.ask(ask.body(sent).unwrap());
    let serve = async {
        let (mut peer, _) = app.asked().await;
        serve(&mut peer).await;
    };
    [over_http1, tokio::join!(ask, serve).0]
}

#[tokio::test]
async fn forms_and_json_are_looked_at_and_other_bodies_are_not() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let json = format!("{{\"text\": \"{PAYLOAD}\"}}");
    let multipart = format!(
        "--b\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{PAYLOAD}\r\n--b--\r\n"
    );
    let form = SENT.replace("q=", "text=");
    for (kind, body, place) in [
        (
            "application/x-www-form-urlencoded",
            &form,
            Some(Place::Form),
        ),
        (
            "multipart/form-data; boundary=b",
            &multipart,
            Some(Place::Form),
        ),
        ("application/json", &json, Some(Place::Json)),
        ("text/plain", &json, None),
    ] {
        for got in posted(&harness, &app, kind, body).await {
            let expected = if place.is_some() { ESCAPED } else { PAYLOAD };
            assert_eq!(got.text(), shown(expected), "{kind}");
            harness.record().await;
        }
        let told = told(&mut harness);
        let told: Vec<_> = told.iter().map(|it| (it.place, &*it.parameter)).collect();
        let expected = place.map_or(Vec::new(), |place| vec![(place, "text"); 2]);
        assert_eq!(told, expected, "{kind}");
    }
}

#[tokio::test]
async fn what_cannot_be_read_is_counted_and_the_application_is_not_asked_to_compress() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    for (fields, unwatched) in [
        ("Content-Type: text/html\r\nContent-Encoding: gzip\r\n", 1),
        ("Content-Type: text/plain\r\n", 0),
        ("Content-Type: application/json\r\n", 0),
    ] {
        let before = harness.counters.xss_unwatched.get();
        let mut client = harness.http1().await;
        client
            .say(format!(
                "GET /neutralise?{SENT} HTTP/1.1\r\nHost: app.test\r\n\
                 Accept-Encoding: gzip\r\n\r\n"
            ))
            .await;
        let (_peer, head) = app.answer_one(answer(fields, PAYLOAD)).await;
        assert!(
            !head.to_ascii_lowercase().contains("accept-encoding"),
            "{head}"
        );
        assert_eq!(client.answer().await.text(), PAYLOAD);
        harness.record().await;
        assert_eq!(
            harness.counters.xss_unwatched.get() - before,
            unwatched,
            "{fields}"
        );
    }
    let mut client = harness.http1().await;
    client
        .say("GET /neutralise?q=plain HTTP/1.1\r\nHost: app.test\r\nAccept-Encoding: gzip\r\n\r\n")
        .await;
    let (_peer, head) = app.answer_one(answer(HTML, PAYLOAD)).await;
    assert!(
        head.to_ascii_lowercase().contains("accept-encoding: gzip"),
        "{head}"
    );
    client.answer().await;
    assert_eq!(told(&mut harness), []);
}

#[tokio::test]
async fn a_program_s_body_doesn_t_change_what_it_gets_and_a_form_that_asks_for_a_page_does() {
    for (accept, plain) in [("*/*", false), ("text/html,*/*", true)] {
        let app = Application::start().await;
        let harness = Harness::start(app.address);
        let mut client = harness.http1().await;
        client
            .say(format!(
                "POST /neutralise HTTP/1.1\r\nHost: app.test\r\nAccept: {accept}\r\n\
                 Accept-Encoding: gzip\r\nContent-Type: application/json\r\n\
                 Content-Length: 2\r\n\r\n{{}}"
            ))
            .await;
        let (_peer, head) = app.answer_one(answer(HTML, PAYLOAD)).await;
        let asks = head.to_ascii_lowercase().contains("accept-encoding");
        assert_eq!(asks, !plain, "{head}");
        assert_eq!(client.answer().await.status, 200);
    }
}

#[tokio::test]
async fn what_is_neutralised_is_compressed_afterwards() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let page = format!("{}{}", shown(PAYLOAD), "more ".repeat(400));
    let mut client = harness.http1().await;
    client
        .say(format!(
            "GET /neutralise?{SENT} HTTP/1.1\r\nHost: app.test\r\nAccept-Encoding: gzip\r\n\r\n"
        ))
        .await;
    let _peer = app.answer_one(answer(HTML, &page)).await;
    let got = client.answer().await;
    assert_eq!(got.field("content-encoding"), Some("gzip"));
    let plain = super::compression::decoded("gzip", &got.body);
    let expected = page.replace(PAYLOAD, ESCAPED);
    assert_eq!(String::from_utf8(plain).unwrap(), expected);
}

/// Whoever could look into the window, frame the page or load it as a part could tell whether
/// a guess was right by what the guard has done (which is why browsers gave up theirs). An
/// answer is kept from them by what was asked, whatever it holds.
#[tokio::test]
async fn an_answer_to_markup_is_kept_from_other_origins_whatever_it_holds() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let theirs = "Content-Security-Policy: frame-ancestors https://partner.example\r\n\
                  Cross-Origin-Opener-Policy: unsafe-none\r\n\
                  Cross-Origin-Resource-Policy: cross-origin\r\n";
    let fields = format!("{HTML}{theirs}");
    for page in [shown(PAYLOAD), shown("nothing")] {
        let target = format!("/neutralise?{SENT}");
        for got in both(&harness, &app, &target, &answer(&fields, &page)).await {
            assert_eq!(got.field("cross-origin-opener-policy"), Some("same-origin"));
            assert_eq!(
                got.field("cross-origin-resource-policy"),
                Some("same-origin")
            );
            let policies = got.all("content-security-policy");
            assert!(policies.contains(&"frame-ancestors 'self'"), "{policies:?}");
        }
    }
    // One to anything else isn't.
    let said = answer(&fields, &shown("nothing"));
    for got in both(&harness, &app, "/neutralise?q=plain", &said).await {
        assert_eq!(
            got.field("cross-origin-resource-policy"),
            Some("cross-origin")
        );
        assert_eq!(got.field("cross-origin-opener-policy"), Some("unsafe-none"));
        let policies = got.all("content-security-policy");
        assert!(
            !policies.contains(&"frame-ancestors 'self'"),
            "{policies:?}"
        );
    }
}

#[tokio::test]
async fn more_markup_than_can_be_looked_for_is_refused_only_where_the_guard_acts() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let many: String = (0..70)
        .map(|n| format!("%3Cimg+src=x+onerror=alert({n})%3E"))
        .collect();
    for (path, status) in [("/neutralise", 400), ("/", 200)] {
        let target = format!("{path}?q={many}");
        for got in both(&harness, &app, &target, &answer(HTML, "<p>hello</p>")).await {
            assert_eq!(got.status, status, "{path}");
        }
    }
}
