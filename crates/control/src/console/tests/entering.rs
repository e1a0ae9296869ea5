//! The door, and what keeps everybody else out.

use std::{collections::BTreeSet, time::Duration};

use http::Method;

use super::super::*;
use super::ground::{Ground, HOST, post, request, set};

#[tokio::test]
async fn a_link_opens_the_console_once_by_its_button_and_not_by_being_looked_at() {
    let ground = Ground::start().await;
    let (path, secret) = ground.link();
    // A mail scanner or a preview looks as often as it likes.
    for _ in 0..2 {
        let page = ground.send(request(Method::GET, &path)).await;
        assert_eq!((page.status, page.hidden("secret")), (200, secret.clone()));
        assert_eq!(page.header("set-cookie"), "");
    }
    let enter = || post("/-/admin/enter", &[("secret", &secret)]);
    let entered = ground.send(enter()).await;
    assert_eq!(entered.status, 303);
    assert_eq!(entered.header("location"), "/-/admin/users");
    let cookie = entered.header("set-cookie");
    assert!(
        cookie.starts_with("waarborg-console-9443=")
            && cookie.ends_with("; Path=/-/admin; HttpOnly; SameSite=Strict"),
        "{cookie}"
    );
    assert!(
        !cookie.contains(&secret),
        "the session has a secret of its own"
    );
    let again = ground.send(enter()).await;
    assert_eq!((again.status, again.header("set-cookie")), (403, ""));
}

#[tokio::test]
async fn a_link_that_is_late_or_forged_opens_nothing() {
    let ground = Ground::start().await;
    let (_, secret) = ground.link();
    let mut forged = secret.clone();
    let last = if forged.ends_with('A') { "B" } else { "A" };
    forged.replace_range(42.., last);
    for wrong in ["", "x", &forged, &format!("{secret}A")] {
        let answer = ground
            .send(post("/-/admin/enter", &[("secret", wrong)]))
            .await;
        assert_eq!((answer.status, answer.header("set-cookie")), (403, ""));
    }
    ground.place.clock.advance(Duration::from_secs(60));
    let late = ground
        .send(post("/-/admin/enter", &[("secret", &secret)]))
        .await;
    assert_eq!((late.status, late.header("set-cookie")), (403, ""));
    // Its twin, in time.
    ground.browser().await;
}

/// Every path of the router below the prefix, its parameters filled in.
fn paths(ground: &Ground) -> BTreeSet<String> {
    let console = router("/-/", ground.state.clone());
    let said = format!("{console:?}");
    said.split('"')
        .filter(|part| part.starts_with("/-/admin") && !part.contains('*'))
        .map(|path| path.replace("{id}", "x").replace("{name}", "x"))
        .collect()
}

#[tokio::test]
async fn without_a_session_every_path_is_refused_whether_it_exists_or_not() {
    let ground = Ground::start().await;
    let id = ground.account("ada", &[]).await;
    let mut paths = paths(&ground);
    // The router tells all of its paths: these are some that must be among them.
    for known in [
        "/-/admin/users/x/remove",
        "/-/admin/audit",
        "/-/admin/tokens/add",
    ] {
        assert!(paths.contains(known), "{known}: {paths:?}");
    }
    assert!(paths.len() > 18, "{paths:?}");
    paths.remove("/-/admin/enter");
    paths.extend([
        "/-/admin/nothing".to_owned(),
        "/-/admin/users/x/nothing".to_owned(),
        "/-/admin/enter/x".to_owned(),
        format!("/-/admin/users/{id}"),
        format!("/-/admin/users/{id}/remove"),
    ]);
    let foreign = format!("waarborg-console-9443={}", "A".repeat(43));
    for path in &paths {
        for method in [
            Method::GET,
            Method::HEAD,
            Method::POST,
            Method::PUT,
            Method::OPTIONS,
        ] {
            for cookie in ["", &foreign] {
                let mut asked = post(path, &[("token", "")]);
                *asked.method_mut() = method.clone();
                set(&mut asked, "cookie", cookie);
                let answer = ground.send(asked).await;
                assert_eq!(answer.status, 403, "{method} {path}");
                assert!(!answer.body.contains("ada@example.com"));
            }
        }
    }
    assert!(ground.store().account(&id).await.unwrap().is_some());
    // The twin: with a session what exists is shown, and only then what doesn't is told.
    let browser = ground.browser().await;
    assert_eq!(browser.get("/-/admin").await.status, 303);
    for path in [
        "users",
        "users/add",
        "groups",
        "sessions",
        "tokens",
        "tokens/add",
        "audit",
    ] {
        let page = browser.get(&format!("/-/admin/{path}")).await;
        assert_eq!(page.status, 200, "{path}");
    }
    for path in [
        "nothing",
        "users/x",
        "groups/x",
        "groups/x/remove",
        "users/x/nothing",
    ] {
        let page = browser.get(&format!("/-/admin/{path}")).await;
        assert_eq!(page.status, 404, "{path}");
    }
    assert_eq!(browser.get("/-/admin/tokens/revoke").await.status, 405);
}

#[tokio::test]
async fn a_foreign_host_reaches_nothing_and_neither_does_who_comes_over_the_network() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let ask = async |host: &str, peer: &str| {
        let mut asked = browser.with_cookie(request(Method::GET, "/-/admin/users"));
        set(&mut asked, "host", host);
        let peer: SocketAddr = peer.parse().unwrap();
        asked.extensions_mut().insert(ConnectInfo(peer));
        ground.send(asked).await.status
    };
    for host in [
        "evil.example:9443",
        "evil.example",
        "127.0.0.1",
        "127.0.0.1:80",
        "localhost.evil:9443",
    ] {
        assert_eq!(ask(host, "127.0.0.1:5").await, 421, "{host}");
    }
    for peer in ["192.0.2.1:5", "[2001:db8::1]:5", "[::ffff:192.0.2.1]:5"] {
        assert_eq!(ask(HOST, peer).await, 421, "{peer}");
    }
    for host in ["127.0.0.1:9443", "localhost:9443", "[::1]:9443"] {
        for peer in ["127.0.0.1:5", "[::1]:5", "[::ffff:127.0.0.1]:5"] {
            assert_eq!(ask(host, peer).await, 200, "{host} from {peer}");
        }
    }
    // Nor can a foreign page use a link.
    let (_, secret) = ground.link();
    let mut enter = post("/-/admin/enter", &[("secret", &secret)]);
    set(&mut enter, "host", "evil.example:9443");
    set(&mut enter, "origin", "http://evil.example:9443");
    assert_eq!(ground.send(enter).await.status, 421);
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_changes_nothing() {
    let ground = Ground::start().await;
    let (browser, other) = (ground.browser().await, ground.browser().await);
    let add = |name: &'static str, token: &str, origin: Option<&str>| {
        let fields = [("token", token), ("name", name)];
        let mut asked = browser.with_cookie(post("/-/admin/groups/add", &fields));
        match origin {
            Some(origin) => set(&mut asked, "origin", origin),
            None => drop(asked.headers_mut().remove("origin")),
        }
        asked
    };
    let own = format!("http://{HOST}");
    for origin in [
        None,
        Some("null"),
        Some("https://127.0.0.1:9443"),
        Some("http://127.0.0.1"),
        Some("http://localhost:9443"),
        Some("http://127.0.0.1:3000"),
        Some("https://evil.example"),
    ] {
        let answer = ground.send(add("staff", &browser.token, origin)).await;
        assert_eq!(answer.status, 403, "{origin:?}");
    }
    for token in ["", "x", &other.token] {
        let answer = ground.send(add("staff", token, Some(&own))).await;
        assert_eq!(answer.status, 403, "{token}");
    }
    let mut plain = add("staff", &browser.token, Some(&own));
    set(&mut plain, "content-type", "text/plain");
    assert_eq!(ground.send(plain).await.status, 400);
    let long = "a".repeat(70_000);
    let fields = [("token", &*browser.token), ("name", &long)];
    let long = browser.with_cookie(post("/-/admin/groups/add", &fields));
    assert_eq!(ground.send(long).await.status, 413);
    assert!(ground.store().groups().await.unwrap().is_empty());
    assert!(ground.trail().await.is_empty());
    // The twin.
    let done = ground.send(add("staff", &browser.token, Some(&own))).await;
    assert_eq!(done.status, 303, "{}", done.body);
    assert_eq!(ground.store().groups().await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_answer_is_hardened_and_nothing_is_kept() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let (link, _) = ground.link();
    let mut foreign = request(Method::GET, "/-/admin/users");
    set(&mut foreign, "host", "evil.example");
    for (name, answer) in [
        ("the door", ground.send(request(Method::GET, &link)).await),
        (
            "no session",
            ground.send(request(Method::GET, "/-/admin/users")).await,
        ),
        ("a room", browser.get("/-/admin/users").await),
        ("nothing", browser.get("/-/admin/nothing").await),
        (
            "a wrong method",
            browser.get("/-/admin/tokens/revoke").await,
        ),
        ("a redirect", browser.get("/-/admin").await),
    ] {
        for (header, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(answer.header(header), value, "{name}: {header}");
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'"), "{name}: {policy}");
        assert_eq!(answer.header("strict-transport-security"), "", "{name}");
    }
    let answer = ground.send(foreign).await;
    assert_eq!(answer.status, 421);
}

#[tokio::test]
async fn who_entered_is_in_the_trail_and_leaving_ends_the_session() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let query = store::AuditQuery::default();
    let trail = ground.store().audit_rows(&query).await.unwrap();
    assert_eq!(
        (&*trail[0].action, &*trail[0].actor),
        ("console.enter", "command:1000")
    );
    let page = browser.get("/-/admin/users").await;
    assert!(page.body.contains("command:1000"), "{}", page.body);
    let to = browser.change("/-/admin/leave", &[]).await;
    assert_eq!(to, "/-/admin/enter");
    assert_eq!(browser.get("/-/admin/users").await.status, 403);
    // Entering again from the same browser ends what it had.
    let (one, other) = (ground.browser().await, ground.link().1);
    let enter = one.with_cookie(post("/-/admin/enter", &[("secret", &other)]));
    assert_eq!(ground.send(enter).await.status, 303);
    assert_eq!(one.get("/-/admin/users").await.status, 403);
}

#[tokio::test]
async fn a_session_ends_when_nobody_uses_it() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    for _ in 0..3 {
        ground.place.clock.advance(Duration::from_secs(14 * 60));
        assert_eq!(browser.get("/-/admin/users").await.status, 200);
    }
    ground.place.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(browser.get("/-/admin/users").await.status, 403);
}

#[tokio::test]
async fn the_console_speaks_the_language_that_is_asked_for() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let ask = async |path: &str, accept: &str| {
        let mut asked = browser.with_cookie(request(Method::GET, path));
        set(&mut asked, "accept-language", accept);
        let page = ground.send(asked).await.body;
        let (_, rest) = page.split_once("<html lang=\"").unwrap();
        rest[..2].to_owned()
    };
    assert_eq!(ask("/-/admin/users", "nl").await, "nl");
    assert_eq!(ask("/-/admin/users?lang=fr", "nl").await, "fr");
    assert_eq!(ask("/-/admin/users", "de").await, "en");
}
