//! Requests through the gateway, and those that are nobody's.

use http::Method;
use visitor::http::Protocol;
use waarborg_it::{
    gateway::{Gateway, text},
    ground::Ground,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

async fn served() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

/// A field of what the application heard.
fn field<'a>(heard: &'a serde_json::Value, name: &str) -> Vec<&'a str> {
    let fields = heard["fields"].as_array().expect("fields").iter();
    fields
        .filter(|field| field[0] == name)
        .filter_map(|field| field[1].as_str())
        .collect()
}

#[tokio::test]
async fn a_request_reaches_the_application_over_http1_and_http2() {
    let (_ground, _upstream, gateway) = served().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut request = gateway.request(Method::POST, HOST, "/a/b%20c?d=1&d=2");
        request.protocol = protocol;
        request.body = "hello".into();
        let forged = "192.0.2.66".parse().expect("a value");
        request.headers.insert("x-forwarded-for", forged);
        request
            .headers
            .insert("remote-user", "admin".parse().expect("a value"));
        let response = gateway.fetch(&request).await;
        assert_eq!(response.status, 200, "{protocol:?}");
        let heard: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
        assert_eq!(heard["method"], "POST");
        assert_eq!(heard["target"], "/a/b%20c?d=1&d=2");
        assert_eq!(heard["body"], "hello");
        let authority = format!("{HOST}:{}", gateway.port());
        assert_eq!(field(&heard, "host"), [authority.as_str()]);
        assert_eq!(
            field(&heard, "x-forwarded-for"),
            ["127.0.0.1"],
            "{protocol:?}"
        );
        assert_eq!(field(&heard, "x-forwarded-proto"), ["https"]);
        assert_eq!(field(&heard, "x-forwarded-host"), [authority.as_str()]);
        assert!(
            field(&heard, "remote-user").is_empty(),
            "an identity that we didn't give"
        );
        let id = response
            .headers
            .get("x-request-id")
            .expect("an id")
            .to_str()
            .expect("text");
        assert_eq!(field(&heard, "x-request-id"), [id]);
    }
    gateway.stop().await;
}

#[tokio::test]
async fn a_host_that_no_site_has_is_misdirected_and_a_known_one_served() {
    let (_ground, upstream, gateway) = served().await;
    for protocol in [Protocol::Http1, Protocol::Http2] {
        let mut stranger = gateway.request(Method::GET, "other.example.test", "/");
        stranger.entrance = gateway.entrance(HOST);
        stranger.protocol = protocol;
        let response = gateway.fetch(&stranger).await;
        assert_eq!(response.status, 421, "{protocol:?}");
        assert_eq!(upstream.count(), 0);
    }
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    assert_eq!(gateway.get2(HOST, "/").await.status, 200);
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn a_name_that_no_site_has_gets_no_handshake() {
    let (_ground, _upstream, gateway) = served().await;
    let stranger = gateway.request(Method::GET, "other.example.test", "/");
    let refused = gateway.visitor().fetch(&stranger).await.err();
    let refused = refused.expect("there is no certificate for that name");
    assert_eq!(refused.phase, visitor::Phase::Tls, "{refused}");
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
}

#[tokio::test]
async fn a_site_is_not_reached_over_the_connection_of_another() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let other = "other.example.test";
    let config = ground.configure(&[(HOST, &upstream.url()), (other, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut crossed = gateway.request(Method::GET, other, "/");
    crossed.entrance = gateway.entrance(HOST);
    assert_eq!(gateway.fetch(&crossed).await.status, 421);
    assert_eq!(gateway.get(other, "/").await.status, 200);
}

#[tokio::test]
async fn a_refusal_is_html_for_people_and_a_problem_for_programs() {
    let (_ground, _upstream, gateway) = served().await;
    let mut request = gateway.request(Method::GET, HOST, "/-/no-such-page");
    let page = gateway.fetch(&request).await;
    assert_eq!(page.status, 404);
    assert_eq!(page.headers["content-type"], "application/problem+json");
    let problem: serde_json::Value = serde_json::from_slice(&page.body).expect("JSON");
    let id = page.headers["x-request-id"]
        .to_str()
        .expect("text")
        .to_owned();
    assert_eq!(problem["id"], id.as_str());
    assert_eq!(problem["type"], "urn:waarborg:refusal:not-found");

    request
        .headers
        .insert("accept", "text/html".parse().expect("a value"));
    let page = gateway.fetch(&request).await;
    let id = page.headers["x-request-id"].to_str().expect("text");
    assert!(text(&page.body).contains(id), "the page shows its id");
    assert!(
        page.headers["content-type"]
            .to_str()
            .is_ok_and(|kind| kind.starts_with("text/html"))
    );
}
