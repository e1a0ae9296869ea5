//! A second factor that somebody has lost, over a real mail server. The waiting time is
//! passed over in the store itself, while nothing runs.

use waarborg_it::{
    browsing::{Browser, Opened},
    gateway::Gateway,
    ground::{Ground, PORTAL},
    mails::MailServer,
    program::{command, finish, run},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const PASSWORD: &str = "vier gele fietsen in het bos";

async fn signs_in(browser: &mut Browser, gateway: &Gateway) -> Opened {
    let page = browser.open(gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", "ada");
    let form = form.with("password", PASSWORD);
    browser.submit(gateway, &page, &form).await
}

/// Switches a second step on; a recovery code.
async fn switches_on(gateway: &Gateway) -> String {
    let mut browser = Browser::default();
    signs_in(&mut browser, gateway).await;
    let page = browser
        .open(gateway, PORTAL, "/-/account/second-factor")
        .await;
    let key = page.text().split("id=\"once\"").nth(1);
    let key = key.and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    let key = key.expect("a key to type").replace(' ', "");
    let code = run("oathtool", &["--totp", "--base32", &key]).await.good();
    let form = page.form("second-factor").with("name", "my phone");
    let page = browser
        .submit(gateway, &page, &form.with("code", code.out.trim()))
        .await;
    let recovery = page.text().split("<li><code translate=\"no\">").nth(1);
    let recovery = recovery.and_then(|rest| rest.split('<').next());
    recovery.expect("a recovery code").to_owned()
}

async fn is_under_way(gateway: &Gateway, ground: &Ground) -> bool {
    let shown = ["user", "show", "ada", "--json"];
    let shown = gateway.command(ground, &shown).await.good();
    let shown: serde_json::Value = serde_json::from_str(&shown.out).expect("JSON");
    shown["lost_factor"].is_string()
}

/// As if the waiting time were over.
async fn passes_over(ground: &Ground) {
    let script = "import sqlite3, sys; base = sqlite3.connect(sys.argv[1]); \
                  base.execute('UPDATE lost_factor SET opens_at = 0'); base.commit()";
    let mut python = command(tools::python("python"));
    python.args(["-c", script]);
    python.arg(ground.path("data").join("store.sqlite"));
    finish(python).await.good();
}

#[tokio::test]
async fn who_has_lost_it_waits_can_stop_it_and_comes_in_by_link_and_password() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let mails = MailServer::start().await;
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &mails.section);
    let gateway = Gateway::serve(&ground, &config).await;
    let address = ["--email", "ada@example.com"];
    gateway.add_user(&ground, "ada", PASSWORD, &address).await;
    let lost = ["user", "lost-factor", "ada"];
    let refused = gateway.command(&ground, &lost).await;
    assert_eq!(refused.code, Some(1), "{}", refused.out);
    assert!(refused.err.contains("no second factor"), "{}", refused.err);
    let recovery = switches_on(&gateway).await;

    // Stopped by the link of the first mail, which looking doesn't do.
    let after = mails.program.lines();
    gateway.command(&ground, &lost).await.good();
    let refused = gateway.command(&ground, &lost).await;
    assert!(refused.err.contains("begun already"), "{}", refused.err);
    let secret = mails.secret(after, "/-/lost-factor/stop").await;
    let path = format!("/-/lost-factor/stop?secret={secret}");
    let mut browser = Browser::default();
    for _ in 0..2 {
        let page = browser.open(&gateway, PORTAL, &path).await;
        assert_eq!(page.status(), 200);
    }
    assert!(is_under_way(&gateway, &ground).await);
    let page = browser.open(&gateway, PORTAL, &path).await;
    let stopped = browser
        .submit(&gateway, &page, &page.form("lost-factor/stop"))
        .await;
    assert_eq!(stopped.status(), 200, "{}", stopped.text());
    assert!(!is_under_way(&gateway, &ground).await);
    let gone = browser.open(&gateway, PORTAL, &path).await;
    assert_eq!(gone.status(), 410);

    // Stopped by an administrator, and by a sign-in with the second step.
    gateway.command(&ground, &lost).await.good();
    let stop = ["user", "lost-factor", "ada", "--stop"];
    gateway.command(&ground, &stop).await.good();
    assert!(!is_under_way(&gateway, &ground).await);
    assert_eq!(gateway.command(&ground, &stop).await.code, Some(1));
    gateway.command(&ground, &lost).await.good();
    let mut owner = Browser::default();
    let page = signs_in(&mut owner, &gateway).await;
    let form = page.form("login/code").with("code", &recovery);
    let page = owner.submit(&gateway, &page, &form).await;
    assert_eq!(page.path, "/-/account", "{}", page.text());
    assert!(!is_under_way(&gateway, &ground).await);

    // A restart in between changes nothing.
    gateway.command(&ground, &lost).await.good();
    gateway.stop().await;
    passes_over(&ground).await;
    let after = mails.program.lines();
    let gateway = Gateway::serve(&ground, &config).await;
    let secret = mails.secret(after, "/-/lost-factor").await;
    let path = format!("/-/lost-factor?secret={secret}");
    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, &path).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let form = page.form("lost-factor").with("password", "not this one");
    let wrong = browser.submit(&gateway, &page, &form).await;
    assert_eq!(wrong.status(), 422, "by mail alone nobody comes in");
    let form = wrong.form("lost-factor").with("password", PASSWORD);
    let inside = browser.submit(&gateway, &wrong, &form).await;
    assert_eq!(inside.path, "/-/account/second-factor", "{}", inside.text());
    assert_eq!(inside.status(), 200, "another is switched on here");
    let gone = Browser::default().open(&gateway, PORTAL, &path).await;
    assert_eq!(gone.status(), 410, "once");
    let page = owner.open(&gateway, PORTAL, "/-/account").await;
    assert_eq!(page.path, "/-/login", "every other session has ended");
    let mut again = Browser::default();
    let page = signs_in(&mut again, &gateway).await;
    assert_eq!(page.path, "/-/account", "the password alone opens it now");
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
}
