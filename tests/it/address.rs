//! Another address for an account, over a real mail server.

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

async fn started() -> (Ground, Upstream, MailServer, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let mails = MailServer::start().await;
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &mails.section);
    let gateway = Gateway::serve(&ground, &config).await;
    for name in ["ada", "eve"] {
        let address = format!("{name}@example.com");
        gateway
            .add_user(&ground, name, PASSWORD, &["--email", &address])
            .await;
    }
    (ground, upstream, mails, gateway)
}

async fn signed_in(gateway: &Gateway, name: &str) -> Browser {
    let mut browser = Browser::default();
    let page = browser.open(gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", name);
    let form = form.with("password", PASSWORD);
    let page = browser.submit(gateway, &page, &form).await;
    assert_eq!(page.path, "/-/account", "{}", page.text());
    browser
}

async fn asks(browser: &mut Browser, gateway: &Gateway, new: &str) -> Opened {
    let page = browser.open(gateway, PORTAL, "/-/account").await;
    assert!(page.text().contains("href=\"/-/account/address\""));
    let page = browser.open(gateway, PORTAL, "/-/account/address").await;
    let form = page.form("account/address").with("email", new);
    browser.submit(gateway, &page, &form).await
}

fn main(page: &Opened) -> &str {
    page.text().split("<main>").nth(1).expect("a page of ours")
}

#[tokio::test]
async fn an_address_is_changed_by_a_link_that_looking_does_not_use_up() {
    let (ground, _upstream, mails, gateway) = started().await;
    let mut browser = signed_in(&gateway, "ada").await;
    let mut other = signed_in(&gateway, "ada").await;
    for (new, words) in [
        ("ada@example.com", "That is the address already."),
        ("ada", "This can’t be used as it stands."),
        (" ", "This is needed."),
    ] {
        let wrong = asks(&mut browser, &gateway, new).await;
        assert_eq!(wrong.status(), 422, "{new}");
        assert!(wrong.text().contains(words), "{}", wrong.text());
    }
    // Whether it is another's shows nowhere but in the mail to it.
    let taken = asks(&mut browser, &gateway, "Eve@Example.com").await;
    let free = asks(&mut browser, &gateway, "ada@new.example").await;
    for page in [&taken, &free] {
        assert_eq!((page.status(), &*page.path), (200, "/-/account/address"));
    }
    assert_eq!(main(&taken), main(&free), "the page is the same");
    let secret = mails.secret(0, "/-/address").await;
    let said = mails.program.said();
    assert_eq!(said.matches("/-/address?secret").count(), 1, "{said}");
    assert!(
        said.contains("This address has an account already"),
        "{said}"
    );

    let path = format!("/-/address?secret={secret}");
    for _ in 0..2 {
        let to = (PORTAL, path.as_str());
        let page = Browser::default()
            .send(&gateway, Method::GET, to, None, None)
            .await;
        assert_eq!(page.status(), 200);
    }
    let shown = ["user", "show", "ada", "--email", "--json"];
    let before = gateway.command(&ground, &shown).await.good();
    assert!(before.out.contains("ada@example.com"), "{}", before.out);
    let page = browser.open(&gateway, PORTAL, &path).await;
    let after = mails.program.lines();
    let done = browser
        .submit(&gateway, &page, &page.form("/address"))
        .await;
    assert_eq!(done.status(), 200, "{}", done.text());
    let again = browser
        .submit(&gateway, &page, &page.form("/address"))
        .await;
    assert_eq!(again.status(), 410, "once");
    let gone = browser.open(&gateway, PORTAL, &path).await;
    assert_eq!(gone.status(), 410);
    mails
        .program
        .line_after(after, "The address of your account was changed")
        .await;
    let now = gateway.command(&ground, &shown).await.good();
    assert!(now.out.contains("ada@new.example"), "{}", now.out);
    let page = browser.open(&gateway, PORTAL, "/-/account").await;
    assert_eq!(page.path, "/-/account", "this session stays");
    let page = other.open(&gateway, PORTAL, "/-/account").await;
    assert_eq!(page.path, "/-/login", "the others have ended");
    gateway.stop().await;
}

#[tokio::test]
async fn nobody_asks_or_confirms_from_elsewhere() {
    let (_ground, _upstream, mails, gateway) = started().await;
    let page = Browser::default()
        .open(&gateway, PORTAL, "/-/account/address")
        .await;
    assert_eq!(page.path, "/-/login", "only who is signed in");
    let mut browser = signed_in(&gateway, "ada").await;
    let other = format!("https://{HOST}:{}", gateway.port());
    let to = (PORTAL, "/-/account/address");
    let page = browser
        .send(
            &gateway,
            Method::POST,
            to,
            Some("email=eve%40new.example"),
            Some(&other),
        )
        .await;
    assert_eq!(page.status(), 403);
    asks(&mut browser, &gateway, "ada@new.example").await;
    let secret = mails.secret(0, "/-/address").await;
    let body = format!("secret={secret}");
    for origin in [None, Some("null"), Some(&*other)] {
        let to = (PORTAL, "/-/address");
        let page = browser
            .send(&gateway, Method::POST, to, Some(&body), origin)
            .await;
        assert_eq!(page.status(), 403, "{origin:?}");
    }
    let path = format!("/-/address?secret={secret}");
    assert_eq!(gateway.get(HOST, &path).await.status, 404, "on a site");
    let page = browser.open(&gateway, PORTAL, &path).await;
    assert_eq!(page.status(), 200, "it still holds");
    gateway.stop().await;
}
