//! Promise `two-factor`: a right password alone opens nothing. Judges: oathtool shows the
//! codes, zbarimg reads the QR code from a picture that Chromium makes of the page.

use std::fs;

use waarborg_it::{
    browsing::{Browser, Opened},
    gateway::Gateway,
    ground::{Ground, PORTAL},
    program::{command, finish, run},
    tools,
    upstream::Upstream,
};

use super::{HOST, bites};

const PASSWORD: &str = "vier gele fietsen in het bos";

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("two-factor", &["switch", "asked", "once"]).await;
}

/// The code of an app by oathtool, now or in so many seconds.
async fn oathtool(key: &str, later_s: u32) -> String {
    let now = format!("--now=now + {later_s} seconds");
    let shown = run("oathtool", &["--totp", "--base32", &now, key]).await;
    shown.good().out.trim().to_owned()
}

/// What zbarimg reads in the page's QR code.
async fn scanned(ground: &Ground, page: &Opened) -> String {
    let svg = page.text().split("<svg class=\"qr\"").nth(1);
    let svg = svg.and_then(|rest| rest.split("</svg>").next());
    let html = format!(
        "<body style=\"margin:0;background:#888\"><svg width=\"360\" {}</svg>",
        svg.expect("a QR code")
    );
    let (file, picture) = (ground.write("qr.html", &html), ground.path("qr.png"));
    let mut chromium = command(tools::chromium());
    chromium.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
    ]);
    chromium.arg(format!(
        "--user-data-dir={}",
        ground.path("chromium").display()
    ));
    chromium.args(["--window-size=400,400"]);
    chromium.arg(format!("--screenshot={}", picture.display()));
    chromium.arg(format!("file://{}", file.display()));
    finish(chromium).await.good();
    let picture = picture.to_string_lossy();
    let read = run("zbarimg", &["--quiet", "--raw", &picture]).await;
    read.good().out.trim().to_owned()
}

async fn started(rest: &str) -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], rest);
    let text = fs::read_to_string(&config).expect("it was written");
    let text = text.replace("access = \"public\"", "access = \"login\"");
    ground.replace(&config, &text);
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

async fn signs_in(browser: &mut Browser, gateway: &Gateway) -> Opened {
    let page = browser.open(gateway, PORTAL, "/-/login").await;
    let form = page.form("login").with("name", "ada");
    let form = form.with("password", PASSWORD);
    browser.submit(gateway, &page, &form).await
}

/// Switches it on; gives the app's key and the page behind.
async fn switched_on(
    browser: &mut Browser,
    gateway: &Gateway,
    ground: &Ground,
) -> (String, Opened) {
    let page = browser
        .open(gateway, PORTAL, "/-/account/second-factor")
        .await;
    assert_eq!(page.status(), 200);
    let key = page.text().split("id=\"once\"").nth(1);
    let key = key.and_then(|rest| rest.split("value=\"").nth(1)?.split('"').next());
    let key = key.expect("a key to type").replace(' ', "");
    let uri = scanned(ground, &page).await;
    assert_eq!(
        uri,
        format!(
            "otpauth://totp/{PORTAL}%3A{port}:ada?secret={key}&issuer={PORTAL}%3A{port}\
             &algorithm=SHA1&digits=6&period=30",
            port = gateway.port()
        )
    );
    let code = oathtool(&key, 0).await;
    let form = page.form("second-factor").with("name", "my phone");
    let page = browser
        .submit(gateway, &page, &form.with("code", &code))
        .await;
    (key, page)
}

#[tokio::test]
async fn oathtool_and_zbarimg_are_an_app_and_the_password_alone_opens_nothing() {
    let (ground, _upstream, gateway) = started("").await;
    gateway.add_user(&ground, "ada", PASSWORD, &[]).await;
    let mut browser = Browser::default();
    signs_in(&mut browser, &gateway).await;
    let (key, page) = switched_on(&mut browser, &gateway, &ground).await;
    assert_eq!(
        page.text().matches("<li><code").count(),
        10,
        "{}",
        page.text()
    );
    let recovery = page.text().split("<li><code translate=\"no\">").nth(1);
    let recovery = recovery
        .and_then(|rest| rest.split('<').next())
        .expect("a code")
        .to_owned();

    let mut other = Browser::default();
    let page = other.open(&gateway, HOST, "/a?b").await;
    let form = page.form("login").with("name", "ada");
    let page = other
        .submit(&gateway, &page, &form.with("password", PASSWORD))
        .await;
    assert_eq!(page.status(), 200, "asked for a code");
    for path in ["/-/account", "/-/account/security"] {
        let to = (PORTAL, path);
        let shut = other
            .send(&gateway, http::Method::GET, to, None, None)
            .await;
        assert_eq!(shut.status(), 303, "{path}: nothing is open");
    }
    let form = page.form("login/code");
    let wrong = other
        .submit(&gateway, &page, &form.clone().with("code", "12345"))
        .await;
    assert_eq!(wrong.status(), 422);
    // The one that switched it on is used up.
    let code = oathtool(&key, 30).await;
    let page = other
        .submit(&gateway, &wrong, &form.clone().with("code", &code))
        .await;
    let page = other.submit(&gateway, &page, &page.form("callback")).await;
    assert_eq!(page.status(), 200, "{}", page.text());
    let page = other.open(&gateway, HOST, "/a?b").await;
    assert!(
        page.text().contains(r#"["remote-user","ada"]"#),
        "{}",
        page.text()
    );

    let mut third = Browser::default();
    let page = signs_in(&mut third, &gateway).await;
    let form = page.form("login/code");
    let again = third
        .submit(&gateway, &page, &form.clone().with("code", &code))
        .await;
    assert_eq!(again.status(), 422, "once");
    let page = third
        .submit(&gateway, &page, &form.with("code", &recovery))
        .await;
    assert_eq!(page.path, "/-/account");
    for outcome in ["right", "refused"] {
        let counted = format!("waarborg_codes_total{{outcome=\"{outcome}\"}}");
        assert!(gateway.metric(&counted).await > 0, "{outcome}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn members_of_a_group_that_has_to_get_nowhere_before_they_have_switched_it_on() {
    let rest = "[two-factor]\ngroups = [\"staff\"]\ngrace = \"0s\"\n";
    let (ground, _upstream, gateway) = started(rest).await;
    gateway
        .command(&ground, &["group", "add", "staff"])
        .await
        .good();
    gateway
        .add_user(&ground, "ada", PASSWORD, &["--group", "staff"])
        .await;
    gateway.add_user(&ground, "bob", PASSWORD, &[]).await;
    let mut bob = Browser::default();
    bob.sign_in(&gateway, (HOST, "/"), "bob", PASSWORD).await;
    let mut browser = Browser::default();
    let page = browser.open(&gateway, HOST, "/").await;
    let form = page.form("login").with("name", "ada");
    let page = browser
        .submit(&gateway, &page, &form.with("password", PASSWORD))
        .await;
    assert_eq!(page.path, "/-/account/security", "{}", page.text());
    switched_on(&mut browser, &gateway, &ground).await;
    let page = browser.open(&gateway, HOST, "/").await;
    let page = browser
        .submit(&gateway, &page, &page.form("callback"))
        .await;
    assert_eq!(page.status(), 200, "{}", page.text());
    gateway.stop().await;
}

#[tokio::test]
async fn a_page_of_the_application_asks_for_a_fresh_code_and_is_come_back_to() {
    let rest = format!(
        "[[site.\"{HOST}\".routes]]\npath = \"/money\"\naccess = \"login\"\nstep_up = \"10m\"\n"
    );
    let (ground, _upstream, gateway) = started(&rest).await;
    gateway.add_user(&ground, "ada", PASSWORD, &[]).await;
    let mut browser = Browser::default();
    browser
        .sign_in(&gateway, (HOST, "/"), "ada", PASSWORD)
        .await;
    let page = browser.open(&gateway, HOST, "/money?a=1").await;
    assert_eq!(page.path, "/-/account/second-factor", "none to ask for");
    let (_, page) = switched_on(&mut browser, &gateway, &ground).await;
    let recovery = page.text().split("<li><code translate=\"no\">").nth(1);
    let recovery = recovery.and_then(|rest| rest.split('<').next());
    let recovery = recovery.expect("a code").to_owned();
    let page = browser.open(&gateway, HOST, "/").await;
    let page = match page.status() {
        // With the first app all that the password alone had opened has ended.
        200 if page.host == PORTAL => {
            browser
                .submit(&gateway, &page, &page.form("callback"))
                .await
        }
        _ => page,
    };
    assert_eq!(page.status(), 200);
    let page = browser.open(&gateway, HOST, "/money?a=1").await;
    assert_eq!(page.host, PORTAL, "{}", page.text());
    let form = page.form("confirm");
    let wrong = browser
        .submit(&gateway, &page, &form.clone().with("code", "000000"))
        .await;
    assert_eq!(wrong.status(), 422);
    let form = wrong.form("confirm").with("code", &recovery);
    let page = browser.submit(&gateway, &wrong, &form).await;
    let page = browser
        .submit(&gateway, &page, &page.form("callback"))
        .await;
    assert_eq!(page.status(), 200, "{}", page.text());
    assert!(page.text().contains("url=/money?a=1"), "{}", page.text());
    let page = browser.open(&gateway, HOST, "/money?a=1").await;
    assert!(
        page.text().contains(r#""target":"/money?a=1""#),
        "{}",
        page.text()
    );
    gateway.stop().await;
}
