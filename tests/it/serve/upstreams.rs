//! Applications that are down, and such that lie.

use http::Method;
use tokio::net::TcpListener;
use waarborg_it::{
    PATIENCE,
    gateway::{Gateway, text},
    ground::Ground,
    upstream::{Liar, Upstream},
};

const HOST: &str = "app.example.test";

/// An address where nobody listens: taken once, then given back.
async fn nobody() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    format!("http://{}", listener.local_addr().expect("it is bound"))
}

#[tokio::test]
async fn an_application_that_is_down_is_said_in_the_visitors_language() {
    let ground = Ground::new();
    let config = ground.configure(&[(HOST, &nobody().await)], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut pages = Vec::new();
    for language in ["nl", "en", "fr"] {
        let mut request = gateway.request(Method::GET, HOST, "/");
        request
            .headers
            .insert("accept", "text/html".parse().expect("a value"));
        request
            .headers
            .insert("accept-language", language.parse().expect("a value"));
        let page = gateway.fetch(&request).await;
        assert_eq!(page.status, 502);
        let after = page.headers["retry-after"]
            .to_str()
            .ok()
            .and_then(|s| s.parse::<u32>().ok());
        assert!(after.is_some_and(|seconds| seconds > 0), "{after:?}");
        let page = text(&page.body);
        assert!(
            page.contains(&format!("<html lang=\"{language}\"")),
            "{language}: {page}"
        );
        pages.push(page.to_owned());
    }
    assert!(
        pages[0] != pages[1] && pages[1] != pages[2],
        "three languages, three texts"
    );
    let mut request = gateway.request(Method::GET, HOST, "/");
    request
        .headers
        .insert("accept", "application/json".parse().expect("a value"));
    let page = gateway.fetch(&request).await;
    let problem: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
    assert_eq!(problem["type"], "urn:waarborg:refusal:upstream-down");
}

#[tokio::test]
async fn an_application_that_comes_back_is_served_again_at_once() {
    let ground = Ground::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("it is bound");
    drop(listener);
    let config = ground.configure(&[(HOST, &format!("http://{address}"))], "");
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(gateway.get(HOST, "/").await.status, 502);
    let _upstream = Upstream::on(TcpListener::bind(address).await.expect("still free"));
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
}

#[tokio::test]
async fn one_of_two_addresses_is_enough() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let text = ground.configuration(&[(HOST, "LIST")], "");
    let list = format!("[\"{}\", \"{}\"]", nobody().await, upstream.url());
    let config = ground.write("waarborg.toml", &text.replace("\"LIST\"", &list));
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
}

/// What curl's exit code says of an answer: 0 whole, 18 partial, 56 or 92 cut.
async fn by_curl(gateway: &Gateway, version: &str) -> (Option<i32>, String) {
    let url = format!("https://{HOST}/");
    let done = gateway
        .curl(&[version, "-o", "/dev/null", "-w", "%{http_code}", &url])
        .await;
    (done.code, done.out)
}

#[tokio::test]
async fn a_body_that_breaks_off_is_seen_as_broken_by_curl() {
    for says in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"[..],
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nnonsense\r\n",
    ] {
        let (ground, liar) = (Ground::new(), Liar::start(says).await);
        let config = ground.configure(&[(HOST, &liar.url())], "");
        let gateway = Gateway::serve(&ground, &config).await;
        for version in ["--http1.1", "--http2"] {
            let (code, status) = by_curl(&gateway, version).await;
            let shown = String::from_utf8_lossy(says);
            assert_ne!(code, Some(0), "{version}, {status}: {shown}");
        }
    }
    let (ground, honest) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &honest.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    for version in ["--http1.1", "--http2"] {
        assert_eq!(by_curl(&gateway, version).await, (Some(0), "200".into()));
    }
}

#[tokio::test]
async fn an_answer_that_is_none_becomes_a_page() {
    let endless = [b"HTTP/1.1 200 OK\r\nx: ".as_slice(), &vec![b'a'; 1 << 20]].concat();
    let cases: [(&str, &[u8]); 6] = [
        ("garbage", b"\x00\x01\x02 this is no HTTP\r\n\r\n"),
        ("nothing", b""),
        ("endless header", &endless),
        (
            "two lengths",
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        ),
        (
            "a line folded",
            b"HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n",
        ),
        (
            "a switch nobody asked for",
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        ),
    ];
    for (name, says) in cases {
        let (ground, liar) = (Ground::new(), Liar::start(says).await);
        let config = ground.configure(&[(HOST, &liar.url())], "");
        let gateway = Gateway::serve(&ground, &config).await;
        for version in ["--http1.1", "--http2"] {
            assert_eq!(
                by_curl(&gateway, version).await,
                (Some(0), "502".into()),
                "{name}, {version}"
            );
        }
    }
}

#[tokio::test]
async fn an_application_that_never_answers_is_given_up() {
    let ground = Ground::new();
    // It takes the connection, and no more.
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("it is bound"));
    let config = ground.configure(&[(HOST, &url)], "[limits]\nanswer = \"1s\"");
    let gateway = Gateway::serve(&ground, &config).await;
    let page = tokio::time::timeout(PATIENCE, gateway.get(HOST, "/")).await;
    let page = page.expect("an answer within the limit");
    assert_eq!(page.status, 504);
    assert!(page.headers.contains_key("retry-after"));
}
