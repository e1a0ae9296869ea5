//! Accounts that people make themselves, over a real mail server.

use http::Method;
use waarborg_it::{
    browsing::{Browser, Opened},
    gateway::Gateway,
    ground::{Ground, PORTAL},
    mails::MailServer,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const PASSWORD: &str = "vier gele fietsen in het bos";
const OPEN: &str = "[accounts]\nregistration = true\nregistration_groups = [\"customers\"]\n";

async fn started(rest: &str) -> (Ground, Upstream, MailServer, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let mails = MailServer::start().await;
    let rest = format!("{rest}{}", mails.section);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &rest);
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, mails, gateway)
}

async fn asks(browser: &mut Browser, gateway: &Gateway, email: &str) -> Opened {
    let page = browser.open(gateway, PORTAL, "/-/register").await;
    let form = page.form("register").with("email", email);
    browser.submit(gateway, &page, &form).await
}

fn main(page: &Opened) -> &str {
    page.text().split("<main>").nth(1).expect("a page of ours")
}

#[tokio::test]
async fn unless_the_configuration_says_so_nobody_makes_an_account() {
    let (_ground, _upstream, mails, gateway) = started("").await;
    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, "/-/login").await;
    assert!(!page.text().contains("register"), "{}", page.text());
    let own = format!("https://{PORTAL}:{}", gateway.port());
    for path in ["/-/register", "/-/register/choose?secret=x"] {
        assert_eq!(gateway.get(PORTAL, path).await.status, 404, "{path}");
        let to = (PORTAL, path.split('?').next().expect("a path"));
        let body = Some("email=eve%40example.com");
        let page = browser
            .send(&gateway, Method::POST, to, body, Some(&own))
            .await;
        assert_eq!(page.status(), 404, "{path}");
    }
    assert!(!mails.program.said().contains("eve@example.com"));
    gateway.stop().await;
}

#[tokio::test]
async fn somebody_makes_an_account_by_a_link_and_nobody_learns_who_has_one() {
    let (ground, _upstream, mails, gateway) = started(OPEN).await;
    let ada = ["--email", "ada@example.com"];
    gateway.add_user(&ground, "ada", PASSWORD, &ada).await;
    let mut browser = Browser::default();
    let page = browser.open(&gateway, PORTAL, "/-/login").await;
    assert!(page.text().contains("href=\"/-/register\""));
    assert_eq!(gateway.get(HOST, "/-/register").await.status, 404);
    for wrong in ["", "eve"] {
        let page = asks(&mut browser, &gateway, wrong).await;
        assert_eq!(page.status(), 422, "{wrong}");
    }
    let there = asks(&mut browser, &gateway, "Ada@example.com").await;
    let new = asks(&mut browser, &gateway, "eve@example.com").await;
    assert_eq!((there.status(), new.status()), (200, 200));
    assert_eq!(main(&there), main(&new), "the page is the same");
    let secret = mails.secret(0, "/-/register/choose").await;
    mails.program.line("You have an account already").await;
    let said = mails.program.said();
    assert_eq!(said.matches("/-/register/choose?").count(), 1, "{said}");

    // A program that follows links uses nothing up, and neither does a weak password.
    let path = format!("/-/register/choose?secret={secret}");
    for _ in 0..2 {
        let to = (PORTAL, path.as_str());
        let page = Browser::default()
            .send(&gateway, Method::GET, to, None, None)
            .await;
        assert_eq!(page.status(), 200);
    }
    let mut other = Browser::default();
    let mut page = other.open(&gateway, PORTAL, &path).await;
    for (name, password, words) in [
        ("", PASSWORD, "This is needed."),
        ("Eve", "short", "The account was not made yet."),
    ] {
        let form = page.form("register/choose").with("name", name);
        let wrong = other
            .submit(&gateway, &page, &form.with("new", password))
            .await;
        assert_eq!(wrong.status(), 422, "{name}");
        assert!(wrong.text().contains(words), "{}", wrong.text());
        page = wrong;
    }
    let form = page.form("register/choose").with("name", "Eve");
    let form = form.with("new", PASSWORD);
    let done = other.submit(&gateway, &page, &form).await;
    assert_eq!(done.status(), 200, "{}", done.text());
    let again = other.submit(&gateway, &page, &form).await;
    assert_eq!(again.status(), 410, "once");

    let page = other.open(&gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", "eve@example.com");
    let page = other
        .submit(&gateway, &page, &form.with("password", PASSWORD))
        .await;
    assert_eq!(page.path, "/-/account", "{}", page.text());
    assert!(page.text().contains("customers"), "{}", page.text());
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    gateway.stop().await;
}
