//! Promise `csrf`: where what changes something may come from, and the token of important
//! actions.

use bytes::Bytes;
use guards::csrf::Csrf;
use seam::{Credential, Session, record::Outcome, sessions::of_ada};

use super::{
    client::{collect, nothing, pieces, request},
    harness::Harness,
    sessions::{COOKIE, SECRET, sign_in},
    wire::{Answer, Application, OK},
};

const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
                      Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
/// An answer after which the connection isn't used again.
const LAST: &str = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
const OWN: &str = "Origin: https://app.test\r\n";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

/// An application that answers everything, and the edge before it.
async fn harness(origins: &[&str], observe: bool) -> Harness {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        let origins = origins.iter().map(|origin| (*origin).to_owned());
        setting.csrf = Csrf::new(origins, observe);
        setting.important = true;
    });
    app.always(OK);
    harness
}

fn ask(method: &str, path: &str, fields: &str, body: &str) -> String {
    let length = if method == "GET" {
        String::new()
    } else {
        format!("Content-Length: {}\r\n", body.len())
    };
    format!("{method} {path} HTTP/1.1\r\nHost: app.test\r\n{length}{fields}\r\n{body}")
}

/// Asks on a connection of its own.
async fn answer(harness: &Harness, text: String) -> Answer {
    let mut client = harness.http1().await;
    client.say(text).await;
    client.answer().await
}

#[tokio::test]
async fn a_post_comes_from_the_site_itself_or_is_refused_with_its_reason() {
    let mut harness = harness(&[], false).await;
    for (fields, reason) in [
        (
            "Origin: https://evil.test\r\nSec-Fetch-Site: cross-site\r\n",
            "cross-site",
        ),
        (
            "Origin: null\r\nSec-Fetch-Site: cross-site\r\n",
            "cross-site",
        ),
        (
            "Origin: https://sub.app.test\r\nSec-Fetch-Site: same-site\r\n",
            "same-site",
        ),
        ("Sec-Fetch-Site: cross-site\r\n", "cross-site"),
        ("Origin: null\r\n", "origin-null"),
        ("Origin: https://evil.test\r\n", "origin-foreign"),
        ("Origin: http://app.test\r\n", "origin-foreign"),
        ("Origin: https://app.test:8443\r\n", "origin-foreign"),
        ("Origin: https://sub.app.test\r\n", "origin-foreign"),
        ("Origin: https://app.test.evil.test\r\n", "origin-foreign"),
        (
            "Origin: https://app.test\r\nOrigin: https://app.test\r\n",
            "origin-foreign",
        ),
        (
            "Origin: https://evil.test\r\nSec-Fetch-Site: same-origin\r\n",
            "origin-contradicts",
        ),
        (
            "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Site: same-origin\r\n",
            "cross-site",
        ),
    ] {
        for method in ["POST", "PUT", "DELETE", "PATCH", "PROPFIND"] {
            let answer = answer(&harness, ask(method, "/", fields, "")).await;
            assert_eq!(answer.status, 403, "{method} {fields}");
            answer.assert_hardened();
            assert!(answer.text().contains("cross-site"), "{}", answer.text());
            let record = harness.record().await;
            assert_eq!(record.outcome, Outcome::Refused(reason), "{fields}");
        }
    }
    assert_eq!(harness.counters.csrf_refused.get(), 13 * 5);
    for fields in [
        OWN,
        "Origin: https://APP.test\r\nSec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Site: same-origin\r\n",
        // A page that sends no referrer.
        "Origin: null\r\nSec-Fetch-Site: same-origin\r\n",
        "Sec-Fetch-Site: none\r\n",
        // A program.
        "",
    ] {
        let answer = answer(&harness, ask("POST", "/", fields, "")).await;
        assert_eq!(answer.status, 200, "{fields}");
    }
    // What changes nothing may come from anywhere.
    for method in ["GET", "HEAD", "OPTIONS"] {
        let fields = "Origin: https://evil.test\r\nSec-Fetch-Site: cross-site\r\n";
        let mut client = harness.http1().await;
        client.say(ask(method, "/", fields, "")).await;
        assert_eq!(client.answer_to(method).await.status, 200, "{method}");
    }
}

#[tokio::test]
async fn a_session_cookie_alone_is_not_enough_and_a_bearer_token_is() {
    let harness = harness(&[], false).await;
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let token = format!("wb_{SECRET}");
    sign_in(&harness, &token, of_ada(Credential::Bearer, &["app.test"]));
    let answer_to = async |path: &str, fields: &str| {
        let text = ask("POST", path, fields, "");
        answer(&harness, text).await.status
    };
    assert_eq!(answer_to("/login", COOKIE).await, 403);
    assert_eq!(answer_to("/login", &format!("{COOKIE}{OWN}")).await, 200);
    let bearer = format!("Authorization: Bearer {token}\r\n");
    assert_eq!(answer_to("/bearer", &bearer).await, 200);
    let foreign = format!("{bearer}Origin: https://evil.test\r\n");
    assert_eq!(answer_to("/bearer", &foreign).await, 200);
}

#[tokio::test]
async fn a_socket_from_elsewhere_is_refused_also_where_nobody_signs_in() {
    let mut harness = harness(&["https://www.test"], false).await;
    for (fields, expected) in [
        ("Origin: https://evil.test\r\n", 403),
        ("Origin: null\r\n", 403),
        ("Origin: http://app.test\r\n", 403),
        (
            "Origin: https://sub.app.test\r\nSec-Fetch-Site: same-site\r\n",
            403,
        ),
        (
            "Origin: https://www.test\r\nSec-Fetch-Site: same-site\r\n",
            200,
        ),
        (OWN, 200),
        // A program.
        ("", 200),
    ] {
        let fields = format!("{SOCKET}{fields}");
        let answer = answer(&harness, ask("GET", "/", &fields, "")).await;
        assert_eq!(answer.status, expected, "{fields}");
        harness.record().await;
    }
}

#[tokio::test]
async fn what_is_listed_is_ours_and_an_exception_holds_for_its_route_alone() {
    let mut harness = harness(&["https://www.test", "https://m.test:444"], false).await;
    for (path, origin, expected, rule) in [
        ("/", "https://www.test", 200, ""),
        ("/", "https://m.test:444", 200, ""),
        ("/", "https://m.test", 403, ""),
        ("/", "http://www.test", 403, ""),
        ("/hook", "https://pay.test", 200, "cross-site:payments"),
        ("/hook/done", "null", 200, "cross-site:payments"),
        ("/hooks", "https://pay.test", 403, ""),
        ("/hook/../act", "https://pay.test", 400, ""),
    ] {
        let fields = format!("Origin: {origin}\r\nSec-Fetch-Site: cross-site\r\n");
        let answer = answer(&harness, ask("POST", path, &fields, "")).await;
        assert_eq!(answer.status, expected, "{path} {origin}");
        assert_eq!(harness.record().await.rule, rule, "{path}");
    }
}

#[tokio::test]
async fn observing_refuses_nobody_but_on_own_pages() {
    let mut harness = harness(&[], true).await;
    let fields = "Origin: null\r\n";
    let observed = answer(&harness, ask("POST", "/", fields, "")).await;
    assert_eq!(observed.status, 200);
    assert_eq!(harness.record().await.rule, "origin-null");
    assert_eq!(harness.counters.csrf_observed.get(), 1);
    assert_eq!(harness.counters.csrf_refused.get(), 0);
    let own = answer(&harness, ask("POST", "/-/logout", fields, "")).await;
    assert_eq!(own.status, 403);
}

/// The token of ada's session, as her browser is told it.
async fn told(harness: &Harness) -> String {
    let fields = format!("{COOKIE}Sec-Fetch-Mode: navigate\r\n");
    let answer = answer(harness, ask("GET", "/login", &fields, "")).await;
    let cookie = answer.field("set-cookie").expect("a cookie");
    let (token, rest) = cookie
        .strip_prefix("__Host-waarborg-csrf=")
        .and_then(|rest| rest.split_once(';'))
        .expect("a token");
    assert_eq!(rest, " Path=/; Secure; SameSite=Strict");
    token.to_owned()
}

#[tokio::test]
async fn an_important_action_bears_the_token_of_its_session() {
    let mut harness = harness(&[], false).await;
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let token = told(&harness).await;
    harness.record().await;
    let other = token.chars().rev().collect::<String>();
    let pair = format!("a=1&waarborg_csrf={token}");
    let late = format!("a={}&{pair}", "x".repeat(64 * 1024));
    let part = |token: &str| {
        format!(
            "--b\r\nContent-Disposition: form-data; name=\"waarborg_csrf\"\r\n\r\n{token}\r\n--b--\r\n"
        )
    };
    let multipart = "Content-Type: multipart/form-data; boundary=b\r\n";
    let json = "Content-Type: application/json\r\n";
    for (fields, body, expected) in [
        ("", "", Some("token-missing")),
        (
            json,
            &*format!("{{\"waarborg_csrf\":\"{token}\"}}"),
            Some("token-missing"),
        ),
        (FORM, "", Some("token-missing")),
        (FORM, "a=1", Some("token-missing")),
        (FORM, &*late, Some("token-missing")),
        (
            FORM,
            &*format!("waarborg_csrf={other}"),
            Some("token-foreign"),
        ),
        (multipart, &*part(&other), Some("token-foreign")),
        (
            &*format!("X-CSRF-Token: {other}\r\n"),
            "",
            Some("token-foreign"),
        ),
        (
            &*format!("X-CSRF-Token: {other}\r\n{FORM}"),
            &*pair,
            Some("token-foreign"),
        ),
        (
            &*format!("X-CSRF-Token: {token}\r\nX-CSRF-Token: {token}\r\n"),
            "",
            Some("token-foreign"),
        ),
        (&*format!("X-CSRF-Token: {token}\r\n{json}"), "{}", None),
        (FORM, &*pair, None),
        (multipart, &*part(&token), None),
    ] {
        let fields = format!("{COOKIE}{OWN}{fields}");
        let answer = answer(&harness, ask("POST", "/login/act", &fields, body)).await;
        let status = if expected.is_some() { 403 } else { 200 };
        assert_eq!(answer.status, status, "{fields} {body}");
        if let Some(reason) = expected {
            let record = harness.record().await;
            assert_eq!(record.outcome, Outcome::Refused(reason), "{fields}");
        } else {
            harness.record().await;
        }
    }
    // Where it isn't asked for, and where nothing changes.
    let fields = format!("{COOKIE}{OWN}");
    for (method, path) in [("POST", "/login"), ("GET", "/login/act")] {
        let answer = answer(&harness, ask(method, path, &fields, "")).await;
        assert_eq!(answer.status, 200, "{method} {path}");
    }
}

#[tokio::test]
async fn another_session_has_another_token_and_a_program_needs_none() {
    let harness = harness(&[], false).await;
    let secret = SECRET.replace('A', "B");
    for (credential, secret) in [
        (Credential::Cookie, SECRET.to_owned()),
        (Credential::Cookie, secret.clone()),
        (Credential::Basic, format!("wb_{SECRET}")),
    ] {
        sign_in(&harness, &secret, of_ada(credential, &["app.test"]));
    }
    let token = told(&harness).await;
    let field = format!("X-CSRF-Token: {token}\r\n");
    let theirs = COOKIE.replace(SECRET, &secret);
    let fields = format!("{theirs}{OWN}{field}");
    let answered = answer(&harness, ask("POST", "/login/act", &fields, "")).await;
    assert_eq!(answered.status, 403);
    // An app password is sent by browsers by themselves, and has no token.
    let basic = terms::base64(format!("ada:wb_{SECRET}").as_bytes());
    let fields = format!("Authorization: Basic {basic}\r\n{OWN}");
    let answered = answer(&harness, ask("POST", "/login/act", &fields, "")).await;
    assert_eq!(answered.status, 403);
}

#[tokio::test]
async fn the_application_hears_the_token_and_gets_the_whole_form() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.important = true);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let mut client = harness.http1().await;
    let forged = "Waarborg_Csrf-Token: evil\r\n";
    client
        .say(ask("GET", "/login", &format!("{COOKIE}{forged}"), ""))
        .await;
    let (mut peer, head) = app.asked().await;
    let field = "\r\nwaarborg-csrf-token: ";
    let (_, rest) = head.split_once(field).expect("the token");
    let token = rest.lines().next().expect("a line").to_owned();
    assert!(!head.contains("evil"), "{head}");
    peer.say(LAST).await;
    assert_eq!(client.answer().await.status, 200);

    // In pieces, in chunks: what was looked into goes on, and so does what follows.
    let head = format!(
        "POST /login/act HTTP/1.1\r\nHost: app.test\r\n{COOKIE}{OWN}{FORM}\
         Transfer-Encoding: chunked\r\n\r\n"
    );
    client.say(format!("{head}5\r\na=1&w\r\n")).await;
    let rest = format!("aarborg_csrf={token}&");
    client.say(format!("{:x}\r\n{rest}\r\n", rest.len())).await;
    let (mut peer, _) = app.asked().await;
    client.say("3\r\nb=2\r\n0\r\n\r\n").await;
    let body = peer.until(b"0\r\n\r\n").await;
    let whole = format!("a=1&waarborg_csrf={token}&");
    assert_eq!(
        body,
        format!("{:x}\r\n{whole}\r\n3\r\nb=2\r\n0\r\n\r\n", whole.len())
    );
    peer.say(LAST).await;
    assert_eq!(client.answer().await.status, 200);

    // With a length, over HTTP/2, in pieces again.
    let form = format!("a=1&waarborg_csrf={token}");
    let mut client = harness.http2().await;
    let (send, body) = pieces();
    let post = request("POST", "/login/act")
        .header("cookie", COOKIE.trim_end().trim_start_matches("Cookie: "))
        .header("origin", "https://app.test")
        .header("content-type", "application/x-www-form-urlencoded")
        .header("content-length", form.len())
        .body(body)
        .unwrap();
    let answer = client.spawn(post).await;
    for piece in [form.get(..20), form.get(20..)] {
        let piece = Bytes::from(piece.unwrap().to_owned());
        send.send(Ok(piece)).await.unwrap();
    }
    drop(send);
    let (mut peer, _) = app.asked().await;
    assert_eq!(peer.take(form.len()).await, form.as_bytes());
    peer.say(LAST).await;
    let answer = collect(answer.await.unwrap().unwrap()).await.unwrap();
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn the_cookie_is_told_once_to_who_navigates_and_never_to_a_shared_cache() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.important = true);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    const NAVIGATES: &str = "Sec-Fetch-Mode: navigate\r\n";
    let set = async |fields: &str, more: &str| {
        let mut client = harness.http1().await;
        client.say(ask("GET", "/login", fields, "")).await;
        let (mut peer, _) = app.asked().await;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n{more}\r\n");
        peer.say(answer).await;
        let answer = client.answer().await;
        answer.field("set-cookie").map(str::to_owned)
    };
    let fields = format!("{COOKIE}{NAVIGATES}");
    let told = set(&fields, "").await.expect("a cookie");
    let has = told.split(';').next().unwrap();
    let again = fields.replace("a=1;", &format!("a=1; {has};"));
    assert_eq!(set(&again, "").await, None);
    let stale = fields.replace("a=1;", "a=1; __Host-waarborg-csrf=x;");
    assert_eq!(set(&stale, "").await, Some(told.clone()));
    let scripts = format!("{COOKIE}Sec-Fetch-Mode: cors\r\n");
    assert_eq!(set(&scripts, "").await, None);
    for shared in ["Public, max-age=60", "s-maxage=9"] {
        let field = format!("Cache-Control: {shared}\r\n");
        assert_eq!(set(&fields, &field).await, None, "{shared}");
    }
    let kept = "Cache-Control: max-age=60\r\n";
    assert_eq!(set(&fields, kept).await, Some(told));
    // The application can't set it itself.
    let theirs = "Set-Cookie: __Host-waarborg-csrf=evil\r\n";
    assert_eq!(set(&again, theirs).await, None);
}

/// The page that the application sends to ada, and what she gets.
async fn page(harness: &Harness, app: &Application, fields: &str, sent: &str) -> (String, Answer) {
    let mut client = harness.http1().await;
    client.say(ask("GET", "/login", fields, "")).await;
    let (mut peer, head) = app.asked().await;
    peer.say(sent).await;
    drop(peer);
    (head, client.answer().await)
}

const READS: &str = "Accept: text/html\r\nAccept-Encoding: gzip\r\n";
const FORMS: &str =
    "<form method=post action=/login/act><p></form><form method=post action=//evil.test>";

fn html(more: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Type: text/html; charset=utf-8\r\n\
         Content-Length: {}\r\n{more}\r\n{body}",
        body.len()
    )
}

async fn filling(compression: seam::snapshot::Compression) -> (Application, Harness) {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.csrf.forms = true;
        setting.important = true;
        setting.compression = compression;
    });
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    (app, harness)
}

#[tokio::test]
async fn a_form_of_the_site_gets_the_token_and_its_page_is_kept_by_nobody() {
    // Not even where the owner compresses everything: secret and input would meet.
    let (app, mut harness) = filling(seam::snapshot::Compression::All).await;
    let fields = format!("{COOKIE}{READS}");
    let kept = "Cache-Control: public, max-age=60\r\nETag: \"a\"\r\nExpires: 0\r\n\
                Last-Modified: Tue, 01 Dec 2026 05:00:00 GMT\r\nAccept-Ranges: bytes\r\n\
                Surrogate-Control: max-age=60\r\n";
    let (head, answer) = page(&harness, &app, &fields, &html(kept, FORMS)).await;
    assert!(!head.contains("Accept-Encoding"), "{head}");
    let told = head.split("waarborg-csrf-token: ").nth(1).expect("a token");
    let token = told.lines().next().expect("a line").to_owned();
    let field = format!("<input type=\"hidden\" name=\"waarborg_csrf\" value=\"{token}\">");
    let expected = FORMS.replacen("><p>", &format!(">{field}<p>"), 1);
    assert_eq!(answer.text(), expected);
    answer.assert_hardened();
    assert_eq!(answer.field("cache-control"), Some("private, no-store"));
    for gone in [
        "etag",
        "expires",
        "last-modified",
        "accept-ranges",
        "surrogate-control",
        "content-encoding",
    ] {
        assert_eq!(answer.field(gone), None, "{gone}");
    }
    harness.record().await;
    assert_eq!(harness.counters.csrf_forms_filled.get(), 1);
    // What it says does what it is there for.
    let body = format!("waarborg_csrf={token}");
    let act = format!("{COOKIE}{OWN}{FORM}");
    let mut client = harness.http1().await;
    client.say(ask("POST", "/login/act", &act, &body)).await;
    let (mut peer, _) = app.asked().await;
    peer.say(LAST).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_form_gets_the_token_over_http2_and_however_its_page_is_cut() {
    let (app, harness) = filling(seam::snapshot::Compression::Safe).await;
    let mut client = harness.http2().await;
    let get = request("GET", "/login")
        .header("cookie", COOKIE.trim_end().trim_start_matches("Cookie: "))
        .header("accept", "text/html")
        .body(nothing())
        .unwrap();
    let answer = client.spawn(get).await;
    let (mut peer, _) = app.asked().await;
    peer.say("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
        .await;
    for piece in FORMS.as_bytes().chunks(5) {
        let piece = std::str::from_utf8(piece).unwrap();
        peer.say(format!("{:x}\r\n{piece}\r\n", piece.len())).await;
    }
    peer.say("0\r\n\r\n").await;
    let answer = collect(answer.await.unwrap().unwrap()).await.unwrap();
    let text = answer.text();
    assert_eq!(text.matches("name=\"waarborg_csrf\"").count(), 1, "{text}");
    assert!(text.starts_with("<form method=post action=/login/act><input "));
    assert_eq!(answer.field("content-length"), None);
}

#[tokio::test]
async fn what_isn_t_a_page_of_somebody_s_session_gets_no_token() {
    let (app, harness) = filling(seam::snapshot::Compression::Off).await;
    let fields = format!("{COOKIE}{READS}");
    let sent = |status: &str, kind: &str, more: &str| {
        let text = html(more, FORMS);
        let text = text.replacen("200 OK", status, 1);
        text.replacen("text/html; charset=utf-8", kind, 1)
    };
    for (status, kind, more, unread) in [
        ("200 OK", "text/plain", "", 0),
        ("200 OK", "application/xhtml+xml", "", 0),
        ("200 OK", "text/html; charset=utf-16", "", 1),
        ("200 OK", "text/html", "Content-Encoding: gzip\r\n", 1),
        (
            "206 Partial Content",
            "text/html",
            "Content-Range: bytes 0-9/100\r\n",
            1,
        ),
    ] {
        let before = harness.counters.csrf_pages_unread.get();
        let etag = format!("{more}ETag: \"a\"\r\n");
        let (_, answer) = page(&harness, &app, &fields, &sent(status, kind, &etag)).await;
        assert_eq!(answer.text(), FORMS, "{status} {kind} {more}");
        assert_eq!(answer.field("etag"), Some("\"a\""));
        let after = harness.counters.csrf_pages_unread.get();
        assert_eq!(after - before, unread, "{status} {kind} {more}");
    }
    // Nobody's, and where nobody wants it.
    let mut client = harness.http1().await;
    client.say(ask("GET", "/", READS, "")).await;
    let (mut peer, head) = app.asked().await;
    assert!(head.contains("Accept-Encoding: gzip"), "{head}");
    peer.say(html("", FORMS)).await;
    assert_eq!(client.answer().await.text(), FORMS);
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.important = true);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let (head, answer) = page(&harness, &app, &fields, &html("", FORMS)).await;
    assert!(head.contains("Accept-Encoding: gzip"), "{head}");
    assert_eq!(answer.text(), FORMS);
}

#[tokio::test]
async fn an_important_action_may_need_a_second_factor_besides() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| setting.important = true);
    app.always(OK);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let token = told(&harness).await;
    let act = async |field: &str| {
        let fields = format!("{COOKIE}{OWN}Accept: application/json\r\n{field}");
        let text = ask("POST", "/login/sure/act", &fields, "");
        answer(&harness, text).await.status
    };
    let field = format!("X-CSRF-Token: {token}\r\n");
    // The token alone isn't enough, nor is a factor that is too old.
    assert_ne!(act(&field).await, 200);
    let factor = |seconds_ago: i64| {
        let now = terms::Clock::System.now();
        let session = Session {
            amr: Box::new(["pwd".into(), "otp".into(), "mfa".into()]),
            auth_time: terms::Micros(now.0 - seconds_ago * 1_000_000),
            ..of_ada(Credential::Cookie, &["app.test"])
        };
        sign_in(&harness, SECRET, session);
    };
    factor(601);
    assert_ne!(act(&field).await, 200);
    factor(1);
    assert_eq!(act(&field).await, 200);
    // Nor is the factor alone.
    assert_eq!(act("").await, 403);
}
