//! A password by a mailed link, over a real mail server: forgotten, or invited.

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
const NEXT: &str = "zeven blauwe stoelen op zolder";

async fn started() -> (Ground, Upstream, MailServer, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let mails = MailServer::start().await;
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &mails.section);
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, mails, gateway)
}

async fn asks(browser: &mut Browser, gateway: &Gateway, name: &str) -> Opened {
    let page = browser.open(gateway, PORTAL, "/-/login").await;
    assert!(page.text().contains("href=\"/-/reset\""), "{}", page.text());
    let page = browser.open(gateway, PORTAL, "/-/reset").await;
    let form = page.form("reset").with("name", name);
    browser.submit(gateway, &page, &form).await
}

async fn chooses(browser: &mut Browser, gateway: &Gateway, secret: &str, new: &str) -> Opened {
    let path = format!("/-/reset/choose?secret={secret}");
    let page = browser.open(gateway, PORTAL, &path).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let form = page.form("reset/choose").with("new", new);
    browser.submit(gateway, &page, &form).await
}

async fn signs_in(gateway: &Gateway, name: &str, password: &str) -> Opened {
    let mut browser = Browser::default();
    let page = browser.open(gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", name);
    let form = form.with("password", password);
    browser.submit(gateway, &page, &form).await
}

#[tokio::test]
async fn a_forgotten_password_is_chosen_anew_by_a_link_that_looking_does_not_use_up() {
    let (ground, _upstream, mails, gateway) = started().await;
    let mail = ["--email", "ada@example.com"];
    gateway.add_user(&ground, "ada", PASSWORD, &mail).await;
    let mut open = Browser::default();
    let page = open.open(&gateway, PORTAL, "/-/login").await;
    let form = page
        .form("login")
        .with("name", "ada")
        .with("password", PASSWORD);
    open.submit(&gateway, &page, &form).await;

    let mut browser = Browser::default();
    let known = asks(&mut browser, &gateway, "Ada@Example.com").await;
    let unknown = asks(&mut browser, &gateway, "nobody@example.com").await;
    assert_eq!((known.status(), unknown.status()), (200, 200));
    let main = |page: &Opened| page.text().split("<main>").nth(1).map(str::to_owned);
    assert_eq!(main(&known), main(&unknown), "the page is the same");
    let secret = mails.secret(0, "/-/reset/choose").await;
    let said = mails.program.said();
    assert!(
        said.contains(&format!("https://{PORTAL}:{}", gateway.port())),
        "{said}"
    );
    assert!(!said.contains("nobody@example.com"), "{said}");

    // A program that follows links uses nothing up, and neither does a weak password.
    for _ in 0..2 {
        let path = format!("/-/reset/choose?secret={secret}");
        let to = (PORTAL, path.as_str());
        let page = Browser::default()
            .send(&gateway, Method::GET, to, None, None)
            .await;
        assert_eq!(page.status(), 200);
    }
    let weak = chooses(&mut browser, &gateway, &secret, "short").await;
    assert_eq!(weak.status(), 422);
    let done = chooses(&mut browser, &gateway, &secret, NEXT).await;
    assert_eq!(done.status(), 200, "{}", done.text());
    let path = format!("/-/reset/choose?secret={secret}");
    let gone = browser.open(&gateway, PORTAL, &path).await;
    assert_eq!(gone.status(), 410, "once");
    let to = (PORTAL, "/-/account");
    let out = open.send(&gateway, Method::GET, to, None, None).await;
    assert_eq!(out.status(), 303, "what was open has ended");
    assert_eq!(signs_in(&gateway, "ada", PASSWORD).await.status(), 422);
    assert_eq!(signs_in(&gateway, "ada", NEXT).await.path, "/-/account");
    gateway.stop().await;
}

#[tokio::test]
async fn links_are_few_and_each_dies_with_the_password_that_another_has_chosen() {
    let (ground, _upstream, mails, gateway) = started().await;
    let mail = ["--email", "ada@example.com"];
    gateway.add_user(&ground, "ada", PASSWORD, &mail).await;
    let mut browser = Browser::default();
    let mut secrets = Vec::new();
    for _ in 0..3 {
        let after = mails.program.lines();
        asks(&mut browser, &gateway, "ada").await;
        secrets.push(mails.secret(after, "/-/reset/choose").await);
    }
    // A fourth isn't sent; what is asked for another afterwards arrives behind it.
    gateway
        .add_user(&ground, "bob", PASSWORD, &["--email", "bob@example.com"])
        .await;
    let after = mails.program.lines();
    asks(&mut browser, &gateway, "ada").await;
    asks(&mut browser, &gateway, "bob").await;
    mails.secret(after, "/-/reset/choose").await;
    let said = mails.program.said();
    let behind: Vec<&str> = said.lines().skip(after).collect();
    assert!(!behind.join("\n").contains("ada@example.com"), "{said}");
    chooses(&mut browser, &gateway, &secrets[1], NEXT).await;
    for secret in secrets {
        let path = format!("/-/reset/choose?secret={secret}");
        let gone = browser.open(&gateway, PORTAL, &path).await;
        assert_eq!(gone.status(), 410);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn somebody_who_is_invited_chooses_a_password_and_comes_in() {
    let (ground, _upstream, mails, gateway) = started().await;
    let add = [
        "user",
        "add",
        "eve",
        "--no-password",
        "--email",
        "eve@example.com",
    ];
    gateway.command(&ground, &add).await.good();
    gateway
        .command(&ground, &["user", "invite", "eve"])
        .await
        .good();
    let secret = mails.secret(0, "/-/reset/choose").await;
    let mut browser = Browser::default();
    let done = chooses(&mut browser, &gateway, &secret, NEXT).await;
    assert_eq!(done.status(), 200);
    assert_eq!(signs_in(&gateway, "eve", NEXT).await.path, "/-/account");
    // Nobody to send it to.
    let add = ["user", "add", "zoe", "--no-password"];
    gateway.command(&ground, &add).await.good();
    let refused = gateway.command(&ground, &["user", "invite", "zoe"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("has no address"), "{}", refused.err);
    gateway.stop().await;
}
