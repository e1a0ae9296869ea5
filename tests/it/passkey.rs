//! Passkeys from outside. Judge: Chromium with a virtual authenticator.

use std::fs;

use http::{Method, header};
use waarborg_it::{
    browsing::{Browser, encoded},
    gateway::Gateway,
    ground::{Ground, PORTAL},
    judges,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const PASSWORD: &str = "vier gele fietsen in het bos";

async fn started() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], "");
    let text = fs::read_to_string(&config).expect("it was written");
    let text = text.replace("access = \"public\"", "access = \"login\"");
    ground.replace(&config, &text);
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.add_user(&ground, "ada", PASSWORD, &[]).await;
    (ground, upstream, gateway)
}

#[tokio::test]
async fn chromium_makes_a_passkey_signs_in_by_it_and_is_refused_what_must_be() {
    let (_ground, _upstream, gateway) = started().await;
    let mut keys = Vec::new();
    for host in [HOST, PORTAL] {
        let peer = gateway.get(host, "/-/security").await.peer;
        let key = peer.expect("it was TLS").spki_sha256;
        keys.push(
            key.iter()
                .map(|byte| format!("{byte:02x}"))
                .collect::<String>(),
        );
    }
    let (port, keys) = (gateway.port().to_string(), keys.join(","));
    let arguments = [HOST, PORTAL, &port, &keys, "ada", PASSWORD];
    let judged = judges::node("passkey.mjs", &arguments).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
    gateway.stop().await;
}

#[tokio::test]
async fn without_script_a_passkey_form_says_so_and_the_password_goes_on_working() {
    let (_ground, _upstream, gateway) = started().await;
    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, "/-/login").await;
    assert!(page.text().contains("<noscript>"), "{}", page.text());
    let policy = page.response.headers[header::CONTENT_SECURITY_POLICY]
        .to_str()
        .expect("a policy is plain");
    assert!(policy.starts_with("default-src 'none'; script-src 'sha256-"));
    let form = page.form("login/passkey");
    let refused = browser.submit(&gateway, &page, &form).await;
    assert_eq!(refused.status(), 422);
    let form = refused.form("login").with("name", "ada");
    let page = browser
        .submit(&gateway, &refused, &form.with("password", PASSWORD))
        .await;
    assert_eq!(page.path, "/-/account");
    gateway.stop().await;
}

#[tokio::test]
async fn a_passkey_form_of_another_origin_or_browser_is_refused() {
    let (_ground, _upstream, gateway) = started().await;
    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, "/-/login").await;
    let body = encoded(&page.form("login/passkey").fields);
    let to = (PORTAL, "/-/login/passkey");
    let own = format!("https://{PORTAL}:{}", gateway.port());
    let other = format!("https://{HOST}:{}", gateway.port());
    for origin in [None, Some("null"), Some(&*other)] {
        let page = browser
            .send(&gateway, Method::POST, to, Some(&body), origin)
            .await;
        assert_eq!(page.status(), 403, "{origin:?}");
    }
    let mut stranger = Browser::default();
    stranger.open(&gateway, PORTAL, "/-/login").await;
    let page = stranger
        .send(&gateway, Method::POST, to, Some(&body), Some(&own))
        .await;
    assert_eq!(page.status(), 422, "the form is of another browser");
    // On a site, and by whoever isn't signed in, nothing is to be had.
    let to = (HOST, "/-/login/passkey");
    let page = browser
        .send(&gateway, Method::POST, to, Some(&body), Some(&other))
        .await;
    assert_eq!(page.status(), 404);
    let to = (PORTAL, "/-/account/passkey");
    let page = browser.send(&gateway, Method::GET, to, None, None).await;
    assert_eq!(page.status(), 303);
    gateway.stop().await;
}
