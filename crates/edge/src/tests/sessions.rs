//! Who asks, and whether they may: sessions, tokens, access rules, and the end of them.

use std::{pin::Pin, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use guards::network::{Network, Networks};
use http_body::Body as _;
use hyper::body::Incoming;
use seam::{Credential, Session, TokenHash, record::Outcome, sessions::of_ada};

use super::{
    client::request,
    harness::Harness,
    wire::{Answer, Application, End, OK},
};

pub(super) const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(super) const COOKIE: &str =
    "Cookie: a=1; __Host-Http-waarborg=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\r\n";

/// A browser says so on the site's own pages.
const OWN: &str = "Origin: https://app.test\r\n";

pub(super) fn sign_in(
    harness: &Harness,
    secret: &str,
    session: Session,
) -> (TokenHash, Arc<Session>) {
    let hash = digest(&SHA256, secret.as_bytes());
    let token = TokenHash(hash.as_ref().try_into().unwrap());
    let session = Arc::new(session);
    harness.sessions.insert(token, session.clone());
    (token, session)
}

fn ask(method: &str, path: &str, fields: &str) -> String {
    let body = if method == "POST" {
        "Content-Length: 0\r\n"
    } else {
        ""
    };
    format!("{method} {path} HTTP/1.1\r\nHost: app.test\r\n{body}{fields}\r\n")
}

/// Asks on a connection of its own.
async fn answer(harness: &Harness, text: String) -> Answer {
    let mut client = harness.http1().await;
    client.say(text).await;
    client.answer().await
}

#[tokio::test]
async fn whoever_is_unknown_is_sent_to_sign_in_where_a_person_navigates_and_refused_elsewhere() {
    // Its application isn't there: none of these gets so far.
    let harness = Harness::start(([127, 0, 0, 1], 9).into());
    for (method, fields, expected) in [
        ("GET", "Sec-Fetch-Mode: navigate\r\n", 303),
        ("GET", "Accept: text/html\r\n", 303),
        ("GET", "Sec-Fetch-Mode: cors\r\nAccept: text/html\r\n", 401),
        ("GET", "", 401),
        ("POST", "Sec-Fetch-Mode: navigate\r\n", 401),
        (
            "GET",
            "Sec-Fetch-Mode: navigate\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
            401,
        ),
    ] {
        let answer = answer(&harness, ask(method, "/login/x?y=1&z", fields)).await;
        assert_eq!(answer.status, expected, "{method} {fields}");
        answer.assert_hardened();
        let location = (expected == 303).then_some("/-/login?return=%2Flogin%2Fx%3Fy%3D1%26z");
        assert_eq!(answer.field("location"), location);
        let challenge = (expected == 401).then_some("Bearer");
        assert_eq!(answer.field("www-authenticate"), challenge);
    }
    let long = format!("/login/{}", "a".repeat(2048));
    let answer = answer(&harness, ask("GET", &long, "Accept: text/html\r\n")).await;
    assert_eq!(answer.field("location"), Some("/-/login?return=%2F"));
    assert_eq!(harness.counters.upstream_faults.get(), 0);
}

#[tokio::test]
async fn the_application_hears_who_asks_from_us_alone() {
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let forged = "Remote-User: eve\r\nremote_groups: board\r\nREMOTE.EMAIL: x\r\n\
                  Waarborg_Assertion: e30.e30.\r\n";
    for path in ["/login", "/"] {
        let mut client = harness.http1().await;
        client
            .say(ask("GET", path, &format!("{COOKIE}{forged}")))
            .await;
        let (mut peer, head) = app.asked().await;
        for field in [
            "\r\nremote-user: ada\r\n",
            "\r\nremote-name: Ada Lovelace\r\n",
            "\r\nremote-email: ada@example.com\r\n",
            "\r\nremote-groups: finance,staff\r\n",
            "\r\ncookie: a=1\r\n",
        ] {
            assert!(head.contains(field), "{field} in {head}");
        }
        let lower = head.to_lowercase();
        assert!(!lower.contains("eve") && !lower.contains("board"), "{head}");
        assert!(!lower.contains("assertion"), "none was signed: {head}");
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        harness.record().await;
    }
    // Nobody's request says nothing, whatever it brings.
    let mut client = harness.http1().await;
    client.say(ask("GET", "/", forged)).await;
    let (mut peer, head) = app.asked().await;
    assert!(!head.to_lowercase().contains("remote"), "{head}");
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn only_a_groups_members_get_where_it_is_asked_for() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    for (method, path, expected) in [
        ("GET", "/login/staff", 200),
        ("GET", "/login/board", 200),
        ("POST", "/login/board", 403),
        ("POST", "/login/board/x", 403),
        ("POST", "/login/%62oard", 400),
        ("POST", "/login/staff/../board", 400),
        ("PUT", "/login/board", 200),
    ] {
        let fields = format!("{COOKIE}{OWN}");
        let answer = answer(&harness, ask(method, path, &fields)).await;
        assert_eq!(answer.status, expected, "{method} {path}");
    }
}

#[tokio::test]
async fn a_revoked_session_is_out_with_the_next_request_on_an_open_connection() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let (token, _) = sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let mut client = harness.http1().await;
    client.say(ask("GET", "/login", COOKIE)).await;
    assert_eq!(client.answer().await.status, 200);
    harness.sessions.revoke(&token);
    client.say(ask("GET", "/login", COOKIE)).await;
    assert_eq!(client.answer().await.status, 401);
}

#[tokio::test]
async fn a_revoked_session_cuts_its_sockets_and_streams_and_no_others() {
    const AGREE: &str = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                         Upgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    const SOCKET: &str = "Origin: https://app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                          Transfer-Encoding: chunked\r\n\r\n3\r\na\n\n\r\n";
    let other = SECRET.replace('A', "B");
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let (token, _) = sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    sign_in(&harness, &other, of_ada(Credential::Cookie, &["app.test"]));
    let mut socket = harness.http1().await;
    socket
        .say(ask("GET", "/login", &format!("{COOKIE}{SOCKET}")))
        .await;
    let (_peer, _) = app.answer_one(AGREE).await;
    socket.head().await;
    let mut stream = harness.http1().await;
    stream.say(ask("GET", "/login", COOKIE)).await;
    let (_peer, _) = app.answer_one(STREAM).await;
    stream.head().await;
    let mut twin = harness.http1().await;
    let theirs = COOKIE.replace(SECRET, &other);
    twin.say(ask("GET", "/login", &format!("{theirs}{SOCKET}")))
        .await;
    let (mut twins, _) = app.answer_one(AGREE).await;
    twin.head().await;

    harness.sessions.revoke(&token);
    let both = async {
        socket.end().await;
        let (_, end) = stream.end().await;
        assert_ne!(end, End::Clean, "a cut answer isn't a whole one");
    };
    tokio::time::timeout(Duration::from_secs(1), both)
        .await
        .expect("within a second");
    twins.say("still here").await;
    assert_eq!(twin.take(10).await, b"still here");
    assert_eq!(harness.record().await.outcome, Outcome::Served);
}

async fn next(body: &mut Incoming) -> Option<hyper::Result<http_body::Frame<bytes::Bytes>>> {
    std::future::poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await
}

#[tokio::test]
async fn a_revoked_session_ends_a_stream_of_http2_too() {
    const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                          Transfer-Encoding: chunked\r\n\r\n3\r\na\n\n\r\n";
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let (token, _) = sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let mut client = harness.http2().await;
    let head = request("GET", "/login")
        .header("cookie", format!("__Host-Http-waarborg={SECRET}"))
        .body(super::client::nothing())
        .unwrap();
    let (answer, _peer) = tokio::join!(client.begin(head), app.answer_one(STREAM));
    let mut body = answer.unwrap().into_body();
    assert_eq!(
        next(&mut body).await.unwrap().unwrap().into_data().unwrap(),
        "a\n\n"
    );
    harness.sessions.revoke(&token);
    let end = tokio::time::timeout(Duration::from_secs(1), next(&mut body)).await;
    assert!(end.expect("within a second").unwrap().is_err());
}

#[tokio::test]
async fn controls_answer_outlives_the_session_that_it_ends() {
    const STREAM: &str = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\
                          Transfer-Encoding: chunked\r\n\r\n3\r\na\n\n\r\n";
    let app = Application::start().await;
    let mut harness = Harness::start(app.address);
    let (token, _) = sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let mut first = harness.http1().await;
    first.say(ask("GET", "/-/logout", COOKIE)).await;
    let one = harness.own().await;
    let mut second = harness.http2().await;
    let head = request("GET", "/-/logout")
        .header("cookie", format!("__Host-Http-waarborg={SECRET}"))
        .body(super::client::nothing())
        .unwrap();
    let answer = second.spawn(head).await;
    let two = harness.own().await;
    // When it is over, its worker has looked for what else to cut.
    let mut stream = harness.http1().await;
    stream.say(ask("GET", "/login", COOKIE)).await;
    let (_peer, _) = app.answer_one(STREAM).await;
    stream.head().await;
    harness.sessions.revoke(&token);
    stream.end().await;
    for asked in [one, two] {
        let (send, body) = seam::own::body();
        let head = http::Response::new(());
        asked
            .reply
            .send(seam::own::OwnAnswer { head, body })
            .unwrap();
        send.send(Ok("goodbye".into())).await.unwrap();
        drop(send);
    }
    assert_eq!(first.answer().await.text(), "goodbye");
    let answer = super::client::collect(answer.await.unwrap().unwrap()).await;
    assert_eq!(answer.unwrap().text(), "goodbye");
}

#[tokio::test]
async fn a_socket_with_our_cookie_comes_from_the_site_itself() {
    const SOCKET: &str = "Connection: Upgrade\r\nUpgrade: websocket\r\n\
                          Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n";
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    for (origin, expected) in [
        ("", 403),
        ("Origin: null\r\n", 403),
        ("Origin: https://evil.test\r\n", 403),
        ("Origin: https://other.app.test\r\n", 403),
        ("Sec-Fetch-Site: same-site\r\n", 403),
        ("Origin: https://app.test\r\n", 200),
    ] {
        let fields = format!("{COOKIE}{SOCKET}{origin}");
        let answer = answer(&harness, ask("GET", "/login", &fields)).await;
        assert_eq!(answer.status, expected, "{origin}");
    }
    // Without our cookie it is the application's own affair.
    let answer = answer(&harness, ask("GET", "/", SOCKET)).await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn what_changes_something_on_own_pages_comes_from_them_and_a_callback_from_the_portal() {
    let mut harness = Harness::alone();
    for (path, fields, expected) in [
        ("/-/logout", "", 403),
        ("/-/logout", "Origin: null\r\n", 403),
        ("/-/logout", "Origin: https://id.test\r\n", 403),
        ("/-/logout", "Origin: http://app.test\r\n", 403),
        ("/-/logout", "Sec-Fetch-Site: same-site\r\n", 403),
        (
            "/-/logout",
            "Origin: https://evil.test\r\nSec-Fetch-Site: same-origin\r\n",
            403,
        ),
        ("/-/callback", "Origin: https://app.test\r\n", 403),
        ("/-/callback", "Sec-Fetch-Site: same-origin\r\n", 403),
        ("/-/callback", "Origin: null\r\n", 403),
    ] {
        let answer = answer(&harness, ask("POST", path, fields)).await;
        assert_eq!(answer.status, expected, "{path} {fields}");
    }
    for (path, fields) in [
        ("/-/logout", "Origin: https://app.test\r\n"),
        ("/-/logout", "Sec-Fetch-Site: same-origin\r\n"),
        ("/-/callback", "Origin: https://id.test\r\n"),
    ] {
        let mut client = harness.http1().await;
        client.say(ask("POST", path, fields)).await;
        let asked = harness.own().await;
        assert_eq!(asked.head.uri(), path);
        assert!(asked.known.session.is_none());
    }
}

#[tokio::test]
async fn own_pages_hear_whose_session_it_is() {
    let mut harness = Harness::alone();
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let mut client = harness.http1().await;
    client.say(ask("GET", "/-/login", COOKIE)).await;
    let asked = harness.own().await;
    let session = asked.known.session.expect("a session");
    assert_eq!(&*session.person.name, "ada");
}

#[tokio::test]
async fn tokens_open_what_takes_them_and_never_reach_the_application() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    let secret = format!("wb_{SECRET}");
    let other = secret.replace('A', "B");
    sign_in(&harness, &secret, of_ada(Credential::Bearer, &["app.test"]));
    sign_in(&harness, &other, of_ada(Credential::Basic, &["app.test"]));
    let bearer = format!("Authorization: Bearer {secret}\r\n");
    let basic = format!(
        "Authorization: Basic {}\r\n",
        terms::base64(format!("ada:{other}").as_bytes())
    );
    for (path, fields) in [
        ("/bearer", &bearer),
        ("/basic", &bearer),
        ("/basic", &basic),
    ] {
        let mut client = harness.http1().await;
        client.say(ask("GET", path, fields)).await;
        let (mut peer, head) = app.asked().await;
        assert!(head.contains("\r\nremote-user: ada\r\n"), "{head}");
        assert!(!head.to_lowercase().contains("authorization"), "{head}");
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
    }
    app.always(OK);
    let unknown = bearer.replace("AAA", "CCC");
    for (path, fields, challenge) in [
        ("/bearer", &basic, "Bearer"),
        ("/login", &bearer, "Bearer"),
        ("/", &bearer, "Bearer"),
        (
            "/basic",
            &unknown,
            "Basic realm=\"app password\", charset=\"UTF-8\"",
        ),
    ] {
        let answer = answer(&harness, ask("GET", path, fields)).await;
        assert_eq!(answer.status, 401, "{path} {fields}");
        assert_eq!(answer.field("www-authenticate"), Some(challenge));
    }
    // An application's own credentials are its own.
    let mut client = harness.http1().await;
    let theirs = "Authorization: Basic YTpi\r\n";
    client.say(ask("GET", "/", theirs)).await;
    assert_eq!(client.answer().await.status, 200);
}

#[tokio::test]
async fn a_session_that_nobody_uses_is_locked_and_a_person_keeps_it_open_but_a_poll_does_not() {
    let app = Application::start().await;
    let harness = Harness::start(app.address);
    app.always(OK);
    let mut session = of_ada(Credential::Cookie, &["app.test"]);
    session.idle = Some(Duration::from_secs(3600));
    let now = terms::Clock::System.now();
    session.seen(now);
    let (_, session) = sign_in(&harness, SECRET, session);
    let seen = || session.last_seen.load(std::sync::atomic::Ordering::Relaxed);
    let fetch = format!("{COOKIE}Sec-Fetch-Mode: cors\r\n");
    assert_eq!(
        answer(&harness, ask("GET", "/login", &fetch)).await.status,
        200
    );
    assert_eq!(seen(), now.0);
    let person = format!("{COOKIE}Sec-Fetch-Mode: navigate\r\n");
    assert_eq!(
        answer(&harness, ask("GET", "/login", &person)).await.status,
        200
    );
    assert!(seen() > now.0);
    session
        .last_seen
        .store(now.0 - 3_600_000_001, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(
        answer(&harness, ask("GET", "/login", &fetch)).await.status,
        401
    );
    let locked = answer(&harness, ask("GET", "/login", &person)).await;
    assert_eq!(locked.status, 303, "its owner signs in again");
}

/// What control signs, aged.
fn signed(text: &str, ago: Duration) -> Arc<seam::sessions::Assertion> {
    let now = terms::Clock::System.now();
    Arc::new(seam::sessions::Assertion {
        text: text.into(),
        signed_at: terms::Micros(now.0 - i64::try_from(ago.as_micros()).unwrap()),
    })
}

#[tokio::test]
async fn an_application_gets_a_fresh_assertion_and_never_an_expired_one_or_none() {
    let app = Application::start().await;
    let mut harness = Harness::with(app.address, |setting| setting.assertion = true);
    let (_, session) = sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let on = session.on("app.test").unwrap();
    let seconds = Duration::from_secs;
    // Fresh, and old enough for another to be asked for, once.
    for (text, ago, asked) in [
        ("fresh", 5, false),
        ("older", 35, true),
        ("older", 36, false),
    ] {
        on.assertion.store(Some(signed(text, seconds(ago))));
        let mut client = harness.http1().await;
        client.say(ask("GET", "/login", COOKIE)).await;
        let (mut peer, head) = app.asked().await;
        assert!(
            head.contains(&format!("\r\nwaarborg-assertion: {text}\r\n")),
            "{head}"
        );
        assert!(head.ends_with("\r\n\r\n") && !head.contains("\r\n\r\n\r\n"));
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        assert_eq!(harness.renewed.try_recv().is_ok(), asked, "{text} {ago}");
    }
    // Too old, or none: control is waited for.
    for old in [Some(signed("expired", seconds(50))), None] {
        on.assertion.store(old);
        let mut client = harness.http1().await;
        client.say(ask("GET", "/login", COOKIE)).await;
        let renewal = harness.renewed.recv().await.unwrap();
        assert_eq!(&*renewal.host, "app.test");
        on.assertion.store(Some(signed("new", seconds(0))));
        renewal.done.unwrap().send(()).unwrap();
        let (mut peer, head) = app.asked().await;
        assert!(head.contains("\r\nwaarborg-assertion: new\r\n"), "{head}");
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
    }
    // Control is silent, or away.
    on.assertion.store(Some(signed("expired", seconds(55))));
    let silent = answer(&harness, ask("GET", "/login", COOKIE)).await;
    assert_eq!(silent.status, 503);
    harness.renewed.close();
    let away = answer(&harness, ask("GET", "/login", COOKIE)).await;
    assert_eq!((away.status, away.field("retry-after")), (503, Some("1")));
}

/// A question of another proxy.
fn question(fields: &str) -> String {
    format!("GET /-/auth HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 192.0.2.9\r\n{fields}\r\n")
}

#[tokio::test]
async fn a_trusted_proxy_hears_who_asks_as_if_the_request_had_come_here() {
    let trusting = |setting: &mut super::harness::Setting| {
        setting.trusted_proxies = Networks::new([Network::parse("127.0.0.1").unwrap()]);
    };
    let harness = Harness::with(([127, 0, 0, 1], 9).into(), trusting);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let nginx = |method: &str, url: &str| {
        format!("X-Original-Method: {method}\r\nX-Original-URL: {url}\r\n")
    };
    let other = |method: &str, uri: &str| {
        format!("X-Forwarded-Method: {method}\r\nX-Forwarded-Uri: {uri}\r\n")
    };
    let navigates = "Sec-Fetch-Mode: navigate\r\n";
    let socket = |origin: &str| {
        format!("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nOrigin: {origin}\r\n")
    };
    for (fields, expected) in [
        (nginx("GET", "/login/x") + COOKIE, 200),
        (nginx("GET", "https://app.test/login/x?y") + COOKIE, 200),
        (other("GET", "/login/staff") + COOKIE, 200),
        (other("POST", "/login/board") + COOKIE, 403),
        (nginx("POST", "/login/board") + COOKIE, 403),
        (other("POST", "/login/%62oard") + COOKIE, 400),
        // nginx takes everything else for a fault.
        (nginx("POST", "/login/%62oard") + COOKIE, 403),
        (nginx("GET", "/login/x"), 401),
        (other("GET", "/login/x"), 401),
        (nginx("GET", "/login/x") + navigates, 401),
        (other("GET", "/login/x?y=1") + navigates, 303),
        (nginx("GET", "/"), 200),
        (nginx("GET", "/-/../login/x"), 403),
        (other("GET", "/-/%2e%2e/login/x"), 403),
        (nginx("GET", "/-/account") + COOKIE, 403),
        (
            other("GET", "/login/x") + COOKIE + &socket("https://evil.app.test"),
            403,
        ),
        (
            nginx("GET", "/login/x") + COOKIE + &socket("https://app.test"),
            200,
        ),
        (nginx("GET", "/login/x") + &other("GET", "/") + COOKIE, 400),
        (nginx("GET", "/login/x") + &nginx("GET", "/"), 400),
        (nginx("GET", "login"), 400),
        (nginx("get", "/"), 400),
        (nginx("GET", "https://elsewhere.test/"), 403),
        ("X-Original-URL: /\r\n".to_owned(), 400),
        (COOKIE.to_owned(), 400),
    ] {
        let answer = answer(&harness, question(&fields)).await;
        assert_eq!(answer.status, expected, "{fields}");
        answer.assert_hardened();
        // Empty for nobody: what isn't there a caller may fill in itself.
        let named = if fields.contains("Cookie") { "ada" } else { "" };
        let whom = (expected == 200).then_some(named);
        assert_eq!(answer.field("remote-user"), whom, "{fields}");
        let location = answer.field("location");
        assert_eq!(location.is_some(), fields.contains("navigate"), "{fields}");
    }
    // To everybody else there is no such page.
    let harness = Harness::alone();
    let asked = question(&(nginx("GET", "/login/x") + COOKIE));
    assert_eq!(answer(&harness, asked).await.status, 404);
}

#[tokio::test]
async fn a_page_that_wants_a_fresh_second_factor_gets_one_and_no_token_opens_it() {
    let app = Application::start().await;
    let address = app.address;
    app.always(OK);
    let navigates = "Sec-Fetch-Mode: navigate\r\n";
    let amr = |methods: &[&str]| methods.iter().map(|&it| it.into()).collect();
    let now = terms::Clock::System.now();
    let old = terms::Micros(now.0 - 601_000_000);
    for (methods, auth_time, expected) in [
        (&["pwd"][..], now, 303),
        (&["pwd", "otp", "mfa"], now, 200),
        (&["pwd", "otp", "mfa"], old, 303),
    ] {
        let harness = Harness::start(address);
        let session = Session {
            amr: amr(methods),
            auth_time,
            ..of_ada(Credential::Cookie, &["app.test"])
        };
        sign_in(&harness, SECRET, session);
        let fields = format!("{COOKIE}{navigates}");
        let answer = answer(&harness, ask("GET", "/login/sure?x", &fields)).await;
        assert_eq!(answer.status, expected, "{methods:?}");
        let way = "/-/login?return=%2Flogin%2Fsure%3Fx&within=600";
        assert_eq!(answer.field("location"), (expected == 303).then_some(way));
        // What is sent rather than opened can't be come back to.
        let own = format!("{fields}{OWN}");
        let sent = self::answer(&harness, ask("POST", "/login/sure", &own)).await;
        assert_eq!(sent.status, if expected == 200 { 200 } else { 401 });
        // Beside it nothing is asked for.
        let beside = self::answer(&harness, ask("GET", "/login", &fields)).await;
        assert_eq!(beside.status, 200);
    }
    let harness = Harness::start(address);
    let secret = format!("wb_{SECRET}");
    sign_in(&harness, &secret, of_ada(Credential::Bearer, &["app.test"]));
    let bearer = format!("Authorization: Bearer {secret}\r\n");
    let refused = answer(&harness, ask("GET", "/login/sure", &bearer)).await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn an_admin_route_asks_for_group_second_factor_and_network_over_http_and_sockets() {
    let app = Application::start().await;
    let address = app.address;
    app.always(OK);
    let amr = |methods: &[&str]| methods.iter().map(|&it| it.into()).collect();
    let now = terms::Clock::System.now();
    let here = Network::parse("127.0.0.0/8").unwrap();
    let elsewhere = Network::parse("192.0.2.0/24").unwrap();
    for (networks, methods, expected) in [
        (None, &["pwd", "otp", "mfa"][..], 200),
        (Some(here), &["pwd", "otp", "mfa"], 200),
        (Some(elsewhere), &["pwd", "otp", "mfa"], 403),
        (None, &["pwd"], 401),
    ] {
        let harness = Harness::with(address, |setting| {
            setting.admin_networks = networks.map(|it| Networks::new([it]));
        });
        let session = Session {
            amr: amr(methods),
            auth_time: now,
            ..of_ada(Credential::Cookie, &["app.test"])
        };
        sign_in(&harness, SECRET, session);
        let got = answer(&harness, ask("GET", "/login/admin/users", COOKIE)).await;
        assert_eq!(got.status, expected, "{networks:?} {methods:?}");
        let socket = format!(
            "{COOKIE}Origin: https://app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        );
        if expected != 200 {
            let got = answer(&harness, ask("GET", "/login/admin/live", &socket)).await;
            assert_eq!(got.status, expected, "{networks:?} {methods:?}");
        }
        // Beside it the group is enough.
        let beside = answer(&harness, ask("GET", "/login/staff", COOKIE)).await;
        assert_eq!(beside.status, 200);
    }
}
