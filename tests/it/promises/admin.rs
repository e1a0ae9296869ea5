//! Promise `admin`: administration is for a select group. Judges: curl, as a user with a
//! right password; oathtool shows an administrator's codes.

use std::fs;

use http::Method;
use waarborg_it::{
    browsing::{Browser, Opened},
    gateway::Gateway,
    ground::{Ground, PORTAL},
    program::run,
    upstream::Upstream,
};

use super::{HOST, bites, browser, sign_in};

const PASSWORD: &str = "vier gele fietsen in het bos";

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("admin", &["rooms", "second-factor", "routes"]).await;
}

/// Administrators, and a part of the application that is theirs.
pub(super) fn policy() -> String {
    format!(
        "[admin]\ngroups = [\"admins\"]\n\
         [[site.\"{HOST}\".routes]]\npath = \"/manage\"\naccess = \"admin\"\n"
    )
}

async fn started(rest: &str) -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let rest = policy() + rest;
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &rest);
    let text = fs::read_to_string(&config).expect("it was written");
    let text = text.replace("access = \"public\"", "access = \"login\"");
    ground.replace(&config, &text);
    let gateway = Gateway::serve(&ground, &config).await;
    for arguments in [&["group", "add", "admins"], &["group", "add", "staff"]] {
        gateway.command(&ground, arguments).await.good();
    }
    for (name, group) in [("ada", "admins"), ("bo", "staff")] {
        let more = ["--group", group];
        gateway.add_user(&ground, name, PASSWORD, &more).await;
    }
    (ground, upstream, gateway)
}

async fn code(key: &str, later_s: u32) -> String {
    let now = format!("--now=now + {later_s} seconds");
    let shown = run("oathtool", &["--totp", "--base32", &now, key]).await;
    shown.good().out.trim().to_owned()
}

async fn looks(browser: &mut Browser, gateway: &Gateway, host: &str, path: &str) -> Opened {
    browser
        .send(gateway, Method::GET, (host, path), None, None)
        .await
}

#[tokio::test]
async fn an_administrator_gets_in_with_a_code_and_curl_with_a_users_password_does_not() {
    let (ground, _upstream, gateway) = started("").await;
    let jar = ground.path("bo");
    assert_eq!(sign_in(&gateway, &jar, "bo", PASSWORD).await, "303");
    let jar = jar.to_string_lossy();
    for path in ["/-/admin/users", "/-/admin/threshold", "/-/admin/nothing"] {
        let url = format!("https://{PORTAL}{path}");
        for protocol in ["--http1.1", "--http2"] {
            let ask = [
                "-b",
                &*jar,
                protocol,
                "-o",
                "/dev/null",
                "-w",
                "%{http_code}",
                &url,
            ];
            assert_eq!(gateway.curl(&ask).await.good().out, "403", "{path}");
        }
    }

    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", "ada");
    let page = browser
        .submit(&gateway, &page, &form.with("password", PASSWORD))
        .await;
    assert!(
        page.text().contains("href=\"/-/admin/users\""),
        "{}",
        page.text()
    );
    // By the password alone they are led to where a second step is switched on.
    let page = browser.open(&gateway, PORTAL, "/-/admin/users").await;
    assert!(page.text().contains("account/confirm"), "{}", page.text());
    let form = page.form("account/confirm").with("password", PASSWORD);
    let page = browser.submit(&gateway, &page, &form).await;
    let key = page.text().split("id=\"once\"").nth(1);
    let key = key.and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    let key = key.expect("a key to type").replace(' ', "");
    let form = page.form("second-factor").with("name", "phone");
    let form = form.with("code", &code(&key, 0).await);
    let page = browser.submit(&gateway, &page, &form).await;
    assert_eq!(page.status(), 200, "{}", page.text());

    // The session was begun without it: a code is asked for, and brings them on.
    let page = browser.open(&gateway, PORTAL, "/-/admin/groups").await;
    let form = page
        .form("account/confirm")
        .with("code", &code(&key, 30).await);
    let page = browser.submit(&gateway, &page, &form).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let form = page.form("admin/groups/add").with("name", "sales");
    let page = browser.submit(&gateway, &page, &form).await;
    assert!(page.text().contains(">sales<"), "{}", page.text());
    let trail = browser.open(&gateway, PORTAL, "/-/admin/audit").await;
    assert!(trail.text().contains("group.add"), "{}", trail.text());

    // The application's own administration is under the same policy.
    let page = browser.open(&gateway, HOST, "/manage").await;
    let page = browser
        .submit(&gateway, &page, &page.form("callback"))
        .await;
    assert_eq!(page.status(), 200, "{}", page.text());
    assert_eq!(
        looks(&mut browser, &gateway, HOST, "/manage/x")
            .await
            .status(),
        200
    );
    let mut other = Browser::default();
    let page = other.open(&gateway, HOST, "/a").await;
    let form = page.form("login").with("name", "bo");
    let page = other
        .submit(&gateway, &page, &form.with("password", PASSWORD))
        .await;
    other.submit(&gateway, &page, &page.form("callback")).await;
    assert_eq!(looks(&mut other, &gateway, HOST, "/a").await.status(), 200);
    for path in ["/manage", "/manage/x", "/%6danage", "/a/../manage"] {
        let status = looks(&mut other, &gateway, HOST, path).await.status();
        assert!(matches!(status, 400 | 403), "{path}: {status}");
    }

    // Whoever is at the machine gets in without any of it, and stands in the trail.
    let last = gateway.command(&ground, &["user", "remove", "ada"]).await;
    assert_eq!(last.code, Some(1), "{last:?}");
    assert!(last.err.contains("last administrator"), "{last:?}");
    let link = gateway.command(&ground, &["console"]).await.good().out;
    assert!(link.contains("/-/admin/enter?secret="), "{link}");
    for outcome in ["open", "no-right", "factor-owed"] {
        let counted = format!("waarborg_console_requests_total{{outcome=\"{outcome}\"}}");
        assert!(gateway.metric(&counted).await > 0, "{outcome}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn the_sentence_names_what_was_tried_and_what_is_configured() {
    let (ground, _upstream, gateway) = started(&browser()).await;
    let (_, proved) = gateway.prove_only(&ground, &["admin"]).await;
    assert_eq!(
        proved.verdict("admin"),
        "pass",
        "{:#}",
        proved.report("admin")
    );
    assert_eq!(proved.part("admin", "routes")["verdict"], "pass");
    let said = gateway.said_of(HOST, "admin").await.to_string();
    for words in ["each of its 4", "own administration", "last 10 minutes"] {
        assert!(said.contains(words), "{words}: {said}");
    }
    assert!(!said.contains("known networks"), "{said}");
    let listed = gateway
        .command(&ground, &["group", "list"])
        .await
        .good()
        .out;
    assert!(
        !listed.contains("canary"),
        "what a run made is gone: {listed}"
    );
    gateway.stop().await;
}
