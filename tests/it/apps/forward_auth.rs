//! nginx and Caddy in front of an application, as docs/guide/forward-auth.md configures
//! them: they ask who it is.

use std::{fs, net::SocketAddr};

use http::{HeaderName, HeaderValue, Method};
use waarborg_it::{
    browsing::Browser,
    free_port,
    gateway::{Gateway, text},
    ground::Ground,
    nginx::Nginx,
    program::{Program, command},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.com";
const OPEN: &str = "www.example.com";
const PASSWORD: &str = "vier gele fietsen in het bos";

/// The configuration of one of them, as the guide has it, for these ports.
fn documented(fence: &str, from: &str, gateway: &Gateway, upstream: &Upstream) -> String {
    let guide = tools::repository().join("docs/guide/forward-auth.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let section = guide
        .split(&format!("## {from}"))
        .nth(1)
        .expect("its section");
    let block = section.split(fence).nth(1).expect("a configuration");
    let block = block.split("```").next().expect("its end");
    block
        .replace("127.0.0.1:8443", &format!("127.0.0.1:{}", gateway.port()))
        .replace("127.0.0.1:3000", &upstream.address.to_string())
}

async fn started() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let rest = format!(
        "[[site.\"{HOST}\".routes]]\npath = \"/office\"\naccess = \"login\"\ngroups = [\"staff\"]\n\
         [[site.\"{HOST}\".routes]]\npath = \"/open\"\naccess = \"public\"\n"
    );
    let sites = [(HOST, &*upstream.url()), (OPEN, &*upstream.url())];
    let config = ground.configure_with_portal(&sites, &rest);
    let text = fs::read_to_string(&config).expect("it was written");
    // The first is closed, but for a part; the other is open to everybody.
    let text = text.replacen("access = \"public\"", "access = \"login\"", 1);
    ground.replace(&config, &format!("trusted_proxies = \"127.0.0.1\"\n{text}"));
    let gateway = Gateway::serve(&ground, &config).await;
    gateway
        .command(&ground, &["group", "add", "staff"])
        .await
        .good();
    gateway.add_user(&ground, "ada", PASSWORD, &[]).await;
    (ground, upstream, gateway)
}

/// Somebody comes in through the proxy at this address, and a stranger doesn't.
async fn asks_who_it_is(gateway: &Gateway, proxy: SocketAddr) {
    let mut browser = Browser::default();
    browser.at.insert(HOST.to_owned(), proxy);
    // A program gets no page to sign in at.
    let bare = gateway.request_at(proxy, Method::GET, HOST, "/a");
    assert_eq!(gateway.fetch(&bare).await.status, 401);

    // However a path is spelt that the proxy takes for another one.
    for path in [
        "/-/../a",
        "/-/%2e%2e/a",
        "/-/..%2fa",
        "/-/./../a",
        "//-/../a",
        "/%2d/../a",
        "/-/%252e%252e/a",
        "/open/../a",
        "/open/%2e%2e/office",
        "/open/..%2foffice",
    ] {
        let sly = gateway.request_at(proxy, Method::GET, HOST, path);
        let answer = gateway.fetch(&sly).await;
        let seen = text(&answer.body);
        assert!(!seen.contains(r#""target""#), "{path} reached it: {seen}");
    }
    // Under the name of a site that is open to everybody.
    let mut other = gateway.request_at(proxy, Method::GET, HOST, "/a");
    other.headers.insert("host", HeaderValue::from_static(OPEN));
    let answer = gateway.fetch(&other).await;
    let seen = text(&answer.body);
    assert!(!seen.contains(r#""target""#), "{}: {seen}", answer.status);
    // The question itself is nobody's.
    let mut asked = gateway.request_at(proxy, Method::GET, HOST, "/-/auth");
    for (name, value) in [("x-original-url", "/open"), ("x-original-method", "GET")] {
        asked.headers.insert(name, HeaderValue::from_static(value));
    }
    assert_eq!(gateway.fetch(&asked).await.status, 404);
    // Nobody is nobody, and not what a proxy calls a missing field.
    let open = gateway.request_at(proxy, Method::GET, HOST, "/open");
    let open = gateway.fetch(&open).await;
    assert_eq!(open.status, 200);
    let seen = text(&open.body);
    assert!(
        !seen.contains('{') || !seen.contains("reverse_proxy"),
        "{seen}"
    );
    assert!(!seen.contains(r#"["remote-user","a"#), "{seen}");

    let page = browser
        .sign_in(gateway, (HOST, "/a?b=c%20d"), "ada", PASSWORD)
        .await;
    assert_eq!((page.status(), page.path.as_str()), (200, "/a?b=c%20d"));
    let seen = page.text();
    for field in [r#"["remote-user","ada"]"#, r#"["waarborg-assertion","ey"#] {
        assert!(seen.contains(field), "{field} in {seen}");
    }
    assert!(seen.contains(r#""target":"/a?b=c%20d""#), "{seen}");
    let shut = browser
        .send(gateway, Method::GET, (HOST, "/office"), None, None)
        .await;
    assert_eq!(shut.status(), 403, "not in the group");

    // What a client says of itself or of the question is nobody's.
    for (name, value) in [
        ("remote-user", "eve"),
        ("remote_user", "eve"),
        ("Remote-User", "eve"),
        ("remote-groups", "staff,eve"),
        ("remote_groups", "staff,eve"),
        ("remote-email", "eve@example.com"),
        ("waarborg-assertion", "eve"),
        ("x-original-url", "/public?eve"),
        ("x-forwarded-uri", "/public?eve"),
        ("x-original-method", "HEAD"),
    ] {
        for cookies in [Some(browser.cookies(HOST)), None] {
            let mut request = gateway.request_at(proxy, Method::GET, HOST, "/office");
            let mut set = |name: &str, value: &str| {
                let name = HeaderName::try_from(name).expect("a field's name");
                let value = HeaderValue::try_from(value).expect("a field's value");
                request.headers.append(name, value);
            };
            set(name, value);
            if let Some(cookies) = &cookies {
                set("cookie", cookies);
            }
            let shut = gateway.fetch(&request).await;
            let expected = if cookies.is_some() { 403 } else { 401 };
            assert_eq!(shut.status, expected, "{name}: {}", text(&shut.body));
            let Some(cookies) = &cookies else { continue };
            let mut request = gateway.request_at(proxy, Method::GET, HOST, "/a");
            let field = HeaderName::try_from(name).expect("a field's name");
            request
                .headers
                .append(field, HeaderValue::from_static("eve"));
            let cookie = HeaderValue::try_from(cookies).expect("a field's value");
            request.headers.append("cookie", cookie);
            let open = gateway.fetch(&request).await;
            let seen = text(&open.body).to_owned();
            // Refusing such a request is as good as cleaning it.
            if open.status == 200 && !name.starts_with('x') {
                // As a whole value: a token may have the letters by chance.
                assert!(!seen.to_lowercase().contains("\"eve\""), "{name}: {seen}");
                assert!(seen.contains(r#"["remote-user","ada"]"#), "{name}: {seen}");
            }
        }
    }
    let out = browser.open(gateway, HOST, "/-/logout").await;
    let kept = browser.clone();
    browser.submit(gateway, &out, &out.form("logout")).await;
    let mut stolen = kept;
    let shut = stolen
        .send(gateway, Method::GET, (HOST, "/a"), None, None)
        .await;
    assert_eq!(shut.status(), 303, "the session is over");
}

#[tokio::test]
async fn nginx_asks_who_it_is() {
    let (ground, upstream, gateway) = started().await;
    let server = documented("```nginx\n", "nginx", &gateway, &upstream);
    let inner = server.trim().strip_prefix("server {").expect("a server");
    let inner = inner.strip_suffix('}').expect("its end");
    // Under a port that isn't 443 the name has it beside it.
    let inner = inner
        .replace("listen 443 ssl;", "")
        .replace(
            "Host app.example.com;",
            "Host app.example.com:$server_port;",
        )
        .replace(
            "https://app.example.com$",
            "https://app.example.com:$server_port$",
        );
    let nginx = Nginx::in_front(&ground, HOST, &inner).await;
    asks_who_it_is(&gateway, ([127, 0, 0, 1], nginx.port).into()).await;
    gateway.stop().await;
}

#[tokio::test]
async fn caddy_asks_who_it_is() {
    let (ground, upstream, gateway) = started().await;
    let site = documented("```\n", "Caddy", &gateway, &upstream);
    let port = free_port().await;
    let leaf = ground.leaf(&[HOST]);
    let site = site.replacen(
        &format!("{HOST} {{"),
        &format!(
            "{HOST}:{port} {{\n\ttls {} {}",
            leaf.certificate.display(),
            leaf.key.display()
        ),
        1,
    );
    let file = format!("{{\n\tadmin off\n\tauto_https off\n}}\n{site}");
    let file = ground.write("Caddyfile", &file);
    let mut caddy = command(tools::caddy());
    caddy.args(["run", "--adapter", "caddyfile", "--config"]);
    caddy.arg(file);
    caddy.env("SSL_CERT_FILE", ground.ca());
    caddy.env("HOME", ground.path(""));
    let caddy = Program::start("caddy", caddy);
    caddy.line("serving initial configuration").await;
    asks_who_it_is(&gateway, ([127, 0, 0, 1], port).into()).await;
    gateway.stop().await;
}
