//! Sign-in from outside: the flow across hosts, and where each attack on it fails.

use http::{Method, header};
use waarborg_it::{
    browsing::{Browser, Opened, encoded},
    gateway::{Gateway, text},
    ground::Ground,
    judges,
    program::{command, finish},
    tools,
    upstream::Upstream,
};

const PASSWORD: &str = "vier gele fietsen in het bos";

/// A gateway with a site that asks for sign-in, another, and a portal; `ada` of the group
/// `staff`, and `bob`.
struct Signing {
    ground: Ground,
    gateway: Gateway,
    _upstream: Upstream,
    app: &'static str,
    other: &'static str,
    portal: &'static str,
}

/// Hosts of one site in the browser's sense, and of several.
const SAME_SITE: [&str; 3] = ["app.one.test", "other.one.test", "id.one.test"];
const CROSS_SITE: [&str; 3] = ["app.test", "other.test", "portal.test"];

impl Signing {
    async fn start([app, other, portal]: [&'static str; 3]) -> Self {
        let ground = Ground::new();
        let upstream = Upstream::start().await;
        let address = format!("http://{}", upstream.address);
        let mut text = format!(
            "portal = \"{portal}\"\n{}",
            ground.configuration(&[(app, &address), (other, &address)], "")
        );
        text = text.replace("access = \"public\"", "access = \"login\"");
        ground.leaf(&[portal]);
        text.push_str(&format!(
            "[[site.\"{app}\".routes]]\npath = \"/office\"\naccess = \"login\"\ngroups = [\"staff\"]\n\
             [site.\"{portal}\"]\ncertificate = \"{portal}.pem\"\nkey = \"{portal}.key\"\n\
             [password]\ncost = 10\n"
        ));
        let config = ground.write("waarborg.toml", &text);
        let gateway = Gateway::serve(&ground, &config).await;
        let signing = Self {
            ground,
            gateway,
            _upstream: upstream,
            app,
            other,
            portal,
        };
        signing.command(&["group", "add", "staff"]).await;
        signing
            .add("ada", &["--group", "staff", "--name", "Ada Lovelace"])
            .await;
        signing.add("bob", &[]).await;
        signing
    }

    async fn command(&self, arguments: &[&str]) {
        self.gateway.command(&self.ground, arguments).await.good();
    }

    async fn add(&self, name: &str, more: &[&str]) {
        let (ground, gateway) = (&self.ground, &self.gateway);
        gateway.add_user(ground, name, PASSWORD, more).await;
    }

    fn origin(&self, host: &str) -> String {
        format!("https://{host}:{}", self.gateway.port())
    }

    /// Up to the portal's page that hands over.
    async fn handover(&self, browser: &mut Browser, path: &str) -> Opened {
        let page = browser.open(&self.gateway, self.app, path).await;
        assert_eq!(page.host, self.portal);
        let form = page
            .form("login")
            .with("name", "ada")
            .with("password", PASSWORD);
        let page = browser.submit(&self.gateway, &page, &form).await;
        assert_eq!(page.status(), 200, "{}", page.text());
        page
    }
}

fn session(browser: &Browser, host: &str) -> Option<String> {
    browser.jar.get(host)?.get("__Host-Http-waarborg").cloned()
}

async fn comes_in_and_goes_out(hosts: [&'static str; 3]) {
    let signing = Signing::start(hosts).await;
    let gateway = &signing.gateway;
    let mut browser = Browser::default();
    let page = browser
        .sign_in(gateway, (signing.app, "/a/b?c=d"), "ada", PASSWORD)
        .await;
    assert_eq!((page.status(), page.path.as_str()), (200, "/a/b?c=d"));
    // What the application heard: it tells in its answer.
    let seen = page.text();
    for field in [
        r#"["remote-user","ada"]"#,
        r#"["remote-name","Ada Lovelace"]"#,
        r#"["remote-groups","staff"]"#,
        r#"["waarborg-assertion","ey"#,
    ] {
        assert!(seen.contains(field), "{field} in {seen}");
    }
    assert!(
        !seen.to_lowercase().contains("__host-http-waarborg"),
        "{seen}"
    );
    // The next site asks for no password: the portal knows who it is.
    let page = browser.open(gateway, signing.other, "/").await;
    let page = browser.submit(gateway, &page, &page.form("callback")).await;
    assert_eq!(page.status(), 200);
    assert!(session(&browser, signing.other).is_some());
    // Each host has a session of its own, and signing out on one ends all.
    let three: Vec<_> = hosts.iter().map(|host| session(&browser, host)).collect();
    assert!(three[0] != three[1] && three[1] != three[2]);
    let out = browser.open(gateway, signing.app, "/-/logout").await;
    let kept = browser.clone();
    let out = browser.submit(gateway, &out, &out.form("logout")).await;
    assert_eq!(out.status(), 200);
    for host in [signing.app, signing.other] {
        let mut stolen = kept.clone();
        let page = stolen
            .send(gateway, Method::GET, (host, "/"), None, None)
            .await;
        assert_eq!(page.status(), 303, "{host}: the session is over");
    }
    assert!(
        browser.jar[signing.portal].contains_key("__Host-Http-waarborg-device"),
        "the device stays known"
    );
    gateway_ends(signing).await;
}

/// By a library of another language, as an application would.
#[tokio::test]
async fn an_application_can_check_the_assertion_with_the_portals_keys() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut browser = Browser::default();
    let page = browser
        .sign_in(gateway, (signing.app, "/"), "ada", PASSWORD)
        .await;
    let said: serde_json::Value = serde_json::from_str(page.text()).expect("JSON");
    let fields = said["fields"].as_array().expect("the request's fields");
    let assertion = fields
        .iter()
        .find(|field| field[0] == "waarborg-assertion")
        .and_then(|field| field[1].as_str())
        .expect("an assertion");
    let keys = gateway.get(signing.portal, "/-/jwks.json").await;
    let keys = signing.ground.write("jwks.json", text(&keys.body));
    let assertion = signing.ground.write("assertion", assertion);
    let mut judge = command(tools::python("python"));
    judge.arg(tools::judge("jwt_check.py")).arg(keys);
    judge.args([
        signing.origin(signing.app),
        signing.origin(signing.portal),
        "ada".to_owned(),
    ]);
    judge.stdin(std::fs::File::open(assertion).expect("it was written"));
    finish(judge).await.good();
    gateway_ends(signing).await;
}

#[tokio::test]
async fn the_portal_has_its_pages_where_people_and_password_managers_look_for_them() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut browser = Browser::default();
    for (path, expected) in [
        ("/", "/-/account"),
        ("/.well-known/change-password", "/-/account/security"),
    ] {
        let to = (signing.portal, path);
        let page = browser.send(gateway, Method::GET, to, None, None).await;
        assert_eq!(page.status(), 303, "{path}");
        let location = page.response.headers.get(header::LOCATION);
        assert_eq!(location.unwrap(), expected);
    }
    // Elsewhere these are the application's.
    let mut browser = Browser::default();
    let page = browser
        .sign_in(
            gateway,
            (signing.app, "/.well-known/change-password"),
            "ada",
            PASSWORD,
        )
        .await;
    assert_eq!(page.status(), 200);
    gateway_ends(signing).await;
}

#[tokio::test]
async fn a_language_that_was_chosen_holds_behind_a_form_and_on_the_next_page() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut browser = Browser::default();
    let speaks = |page: &Opened, language: &str| {
        let tag = format!("<html lang=\"{language}\"");
        assert!(page.text().contains(&tag), "{language}: {}", page.text());
    };
    let page = browser.open(gateway, signing.portal, "/-/login").await;
    speaks(&page, "en");
    let page = browser
        .open(gateway, signing.portal, "/-/login?lang=fr")
        .await;
    speaks(&page, "fr");
    let wrong = page.form("login").with("name", "ada").with("password", "?");
    let page = browser.submit(gateway, &page, &wrong).await;
    assert_eq!(page.status(), 422);
    speaks(&page, "fr");
    let right = page
        .form("login")
        .with("name", "ada")
        .with("password", PASSWORD);
    let page = browser.submit(gateway, &page, &right).await;
    assert_eq!(page.path, "/-/account");
    speaks(&page, "fr");
    let page = browser
        .open(gateway, signing.portal, "/-/account/sessions?lang=nl")
        .await;
    speaks(&page, "nl");
    speaks(
        &browser.open(gateway, signing.portal, "/-/account").await,
        "nl",
    );
    gateway_ends(signing).await;
}

async fn gateway_ends(signing: Signing) {
    signing.gateway.stop().await;
}

#[tokio::test]
async fn people_come_in_and_go_out_where_portal_and_site_are_one_site() {
    comes_in_and_goes_out(SAME_SITE).await;
}

#[tokio::test]
async fn people_come_in_and_go_out_where_portal_and_site_are_several() {
    comes_in_and_goes_out(CROSS_SITE).await;
}

/// In Chromium, with script and without.
async fn comes_in_by_chromium(hosts: [&'static str; 3]) {
    let signing = Signing::start(hosts).await;
    let port = signing.gateway.port().to_string();
    let [site, other, portal] = hosts;
    for way in ["script", "none"] {
        let arguments = [site, other, portal, &port, "ada", PASSWORD, way];
        let judged = judges::node("sign_in.mjs", &arguments).await;
        assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
    }
    gateway_ends(signing).await;
}

#[tokio::test]
async fn chromium_comes_in_and_goes_out_where_portal_and_site_are_one_site() {
    comes_in_by_chromium(SAME_SITE).await;
}

#[tokio::test]
async fn chromium_comes_in_and_goes_out_where_portal_and_site_are_several() {
    comes_in_by_chromium(CROSS_SITE).await;
}

#[tokio::test]
async fn a_code_is_for_one_site_and_one_browser_and_once() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let portal = signing.origin(signing.portal);
    let post = async |browser: &mut Browser, host: &str, body: &str, origin: &str| {
        browser
            .send(
                gateway,
                Method::POST,
                (host, "/-/callback"),
                Some(body),
                Some(origin),
            )
            .await
            .status()
    };
    let mut victim = Browser::default();
    let page = signing.handover(&mut victim, "/").await;
    let body = encoded(&page.form("callback").fields);

    // Somebody else's browser, with no start cookie and with its own: login CSRF.
    let mut other = Browser::default();
    assert_eq!(post(&mut other, signing.app, &body, &portal).await, 403);
    other.open(gateway, signing.app, "/").await;
    assert_eq!(post(&mut other, signing.app, &body, &portal).await, 403);
    // Another site, and another origin than the portal's.
    victim.open(gateway, signing.other, "/").await;
    assert_eq!(post(&mut victim, signing.other, &body, &portal).await, 403);
    for origin in ["null", "https://evil.test", &signing.origin(signing.app)] {
        assert_eq!(
            post(&mut victim, signing.app, &body, origin).await,
            403,
            "{origin}"
        );
    }
    assert!(session(&victim, signing.app).is_none());
    // Its own: once. Then the flow begins anew by itself.
    assert_eq!(post(&mut victim, signing.app, &body, &portal).await, 200);
    assert!(session(&victim, signing.app).is_some());
    assert_eq!(post(&mut victim, signing.app, &body, &portal).await, 303);
    gateway_ends(signing).await;
}

#[tokio::test]
async fn nobody_is_led_elsewhere_by_an_address_to_come_back_to() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    for (asked, expected) in [
        ("%2Fa%3Fb%3Dc", "/a?b=c"),
        ("%2F%2Fevil.test", "/"),
        ("%2F%5Cevil.test", "/"),
        ("%5C%5Cevil.test", "/"),
        ("https%3A%2F%2Fevil.test%2F", "/"),
        ("javascript%3Aalert(1)", "/"),
        ("%2F%09%2Fevil.test", "/"),
        ("", "/"),
    ] {
        let mut browser = Browser::default();
        let path = format!("/-/login?return={asked}");
        let page = signing.handover(&mut browser, &path).await;
        let page = browser.submit(gateway, &page, &page.form("callback")).await;
        let to = page
            .text()
            .split("url=")
            .nth(1)
            .and_then(|rest| rest.split('"').next());
        assert_eq!(
            to.map(|to| to.replace("&#38;", "&")).as_deref(),
            Some(expected),
            "{asked}"
        );
    }
    // A request that the portal didn't seal leads to the account.
    let mut browser = Browser::default();
    let page = browser
        .open(gateway, signing.portal, "/-/login?request=AAAA")
        .await;
    let form = page
        .form("login")
        .with("name", "ada")
        .with("password", PASSWORD);
    let page = browser.submit(gateway, &page, &form).await;
    assert_eq!((page.status(), page.path.as_str()), (200, "/-/account"));
    gateway_ends(signing).await;
}

#[tokio::test]
async fn nobody_is_signed_in_by_a_form_of_another_origin_or_browser_or_by_a_planted_session() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut browser = Browser::default();
    let page = browser.open(gateway, signing.portal, "/-/login").await;
    let form = page
        .form("login")
        .with("name", "ada")
        .with("password", PASSWORD);
    let body = encoded(&form.fields);
    let own = signing.origin(signing.portal);
    let to = (signing.portal, "/-/login");
    for origin in [
        None,
        Some("null"),
        Some("https://evil.test"),
        Some(&*signing.origin(signing.app)),
    ] {
        let page = browser
            .send(gateway, Method::POST, to, Some(&body), origin)
            .await;
        assert_eq!(page.status(), 403, "{origin:?}");
    }
    // Another browser's token, and none.
    let mut stranger = Browser::default();
    stranger.open(gateway, signing.portal, "/-/login").await;
    let page = stranger
        .send(gateway, Method::POST, to, Some(&body), Some(&own))
        .await;
    assert_eq!(page.status(), 422);
    assert!(session(&stranger, signing.portal).is_none());
    // A session that was planted isn't taken over: the id is another.
    let planted = "A".repeat(43);
    let jar = browser.jar.entry(signing.portal.to_owned()).or_default();
    jar.insert("__Host-Http-waarborg".to_owned(), planted.clone());
    let page = browser
        .send(gateway, Method::POST, to, Some(&body), Some(&own))
        .await;
    assert_eq!(page.status(), 303);
    let after = session(&browser, signing.portal).unwrap();
    assert_ne!(after, planted);
    let mut thief = Browser::default();
    thief
        .jar
        .entry(signing.portal.to_owned())
        .or_default()
        .insert("__Host-Http-waarborg".to_owned(), planted);
    let page = thief.open(gateway, signing.portal, "/-/account").await;
    assert_eq!(page.path, "/-/login", "the planted one opens nothing");
    gateway_ends(signing).await;
}

#[tokio::test]
async fn a_wrong_name_a_wrong_password_and_a_lock_look_alike() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut bodies = Vec::new();
    let tries = async |name: &str, password: &str| {
        let mut browser = Browser::default();
        let page = browser.open(gateway, signing.portal, "/-/login").await;
        let form = page
            .form("login")
            .with("name", name)
            .with("password", password);
        let token = form.fields["token"].clone();
        let page = browser.submit(gateway, &page, &form).await;
        let token_after = page.form("login").fields["token"].clone();
        assert_eq!(token, token_after);
        let head = page.response.headers.clone();
        let names: Vec<_> = head.keys().map(header::HeaderName::as_str).collect();
        let mut said = page.text().replace(&token, "TOKEN").replace(name, "NAME");
        // Each page asks for a passkey by a challenge of its own.
        for of_its_own in [" data-options=\"", "name=\"sealed\" value=\""] {
            let (before, rest) = said.split_once(of_its_own).expect("it asks for one");
            let (_, behind) = rest.split_once('"').expect("a value ends");
            said = format!("{before}{of_its_own}ASKED\"{behind}");
        }
        (page.status(), names.join(" "), said)
    };
    bodies.push(tries("bobby", "wrong").await);
    for _ in 0..10 {
        bodies.push(tries("bob", "wrong").await);
    }
    bodies.push(tries("bob", PASSWORD).await);
    for other in &bodies[1..] {
        assert_eq!(*other, bodies[0]);
    }
    assert_eq!(bodies[0].0, 422, "a status that programs don't stop at");
    signing.command(&["user", "unlock", "bob"]).await;
    assert_eq!(tries_in(&signing, "bob").await, "/-/account");
    gateway_ends(signing).await;
}

async fn tries_in(signing: &Signing, name: &str) -> String {
    let mut browser = Browser::default();
    let page = browser
        .open(&signing.gateway, signing.portal, "/-/login")
        .await;
    let form = page
        .form("login")
        .with("name", name)
        .with("password", PASSWORD);
    browser.submit(&signing.gateway, &page, &form).await.path
}

#[tokio::test]
async fn who_has_no_right_is_told_so_on_the_portal_and_on_the_site_and_nothing_loops() {
    let signing = Signing::start(CROSS_SITE).await;
    let gateway = &signing.gateway;
    let mut bob = Browser::default();
    let page = bob
        .sign_in(gateway, (signing.app, "/"), "bob", PASSWORD)
        .await;
    assert_eq!(page.status(), 200);
    for path in ["/office", "/office/x", "/%6fffice", "/x/../office"] {
        let page = bob
            .send(gateway, Method::GET, (signing.app, path), None, None)
            .await;
        assert!(
            matches!(page.status(), 403 | 400),
            "{path}: {}",
            page.status()
        );
    }
    let mut ada = Browser::default();
    let page = ada
        .sign_in(gateway, (signing.app, "/office"), "ada", PASSWORD)
        .await;
    assert_eq!(page.status(), 200);
    gateway_ends(signing).await;
}

#[tokio::test]
async fn sessions_survive_a_killed_server_and_what_ended_stays_ended() {
    let mut signing = Signing::start(CROSS_SITE).await;
    let mut browser = Browser::default();
    browser
        .sign_in(&signing.gateway, (signing.app, "/"), "ada", PASSWORD)
        .await;
    let mut other = Browser::default();
    other
        .sign_in(&signing.gateway, (signing.app, "/"), "bob", PASSWORD)
        .await;
    signing
        .command(&["session", "revoke", "--user", "bob"])
        .await;
    let out = other
        .send(
            &signing.gateway,
            Method::GET,
            (signing.app, "/"),
            None,
            None,
        )
        .await;
    assert_eq!(out.status(), 303, "with the next request");
    signing
        .gateway
        .program
        .signal(rustix::process::Signal::KILL);
    signing.gateway.program.ended().await;
    let config = signing.gateway.config().to_owned();
    signing.gateway = Gateway::serve(&signing.ground, &config).await;
    let page = browser
        .send(
            &signing.gateway,
            Method::GET,
            (signing.app, "/"),
            None,
            None,
        )
        .await;
    assert_eq!(page.status(), 200);
    let out = other
        .send(
            &signing.gateway,
            Method::GET,
            (signing.app, "/"),
            None,
            None,
        )
        .await;
    assert_eq!(out.status(), 303);
    gateway_ends(signing).await;
}
