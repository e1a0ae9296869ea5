//! Promise `csrf`: what would change something comes from the site's own pages. Judges:
//! Chromium, from a sibling's and a stranger's pages; and curl.

use std::collections::BTreeSet;

use waarborg_it::{gateway::Gateway, ground::Ground, judges, upstream::Upstream};

use super::{HOST, bites};

const SIBLING: &str = "other.example.test";
const STRANGER: &str = "stranger.test";

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("csrf", &["origins", "tokens", "actions"]).await;
}

/// Somebody's payments are important.
pub(super) fn policy() -> String {
    format!("[[site.\"{HOST}\".routes]]\npath = \"/pay\"\naccess = \"login\"\nimportant = true\n")
}

#[tokio::test]
async fn chromium_sends_nothing_to_a_site_from_elsewhere_that_gets_through() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let url = upstream.url();
    let sites = [(HOST, &*url), (SIBLING, &*url), (STRANGER, &*url)];
    let config = ground.configure(&sites, "");
    let gateway = Gateway::serve(&ground, &config).await;
    let port = gateway.address.port().to_string();
    judges::node("csrf.mjs", &[HOST, SIBLING, STRANGER, &port])
        .await
        .good();
    let all = upstream.heard();
    let sockets = all.iter().filter(|asked| asked["target"] == "/socket");
    assert_eq!(sockets.count(), 1, "only that of the site itself: {all:?}");
    let heard: BTreeSet<_> = all
        .iter()
        .filter(|asked| asked["method"] == "POST")
        .map(|asked| asked["target"].as_str().expect("a target").to_owned())
        .collect();
    assert_eq!(
        heard.iter().map(String::as_str).collect::<Vec<_>>(),
        ["/fetched-own", "/posted-own"]
    );
    gateway.stop().await;
}

#[tokio::test]
async fn curl_is_refused_with_an_id_that_leads_to_the_reason_and_a_webhook_is_let_in() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let rest = "[csrf]\norigins = \"https://www.example.test\"\n\
                [[site.\"app.example.test\".routes]]\npath = \"/hook\"\n\
                cross_site = \"webhook of the payment service\"\n";
    let sites = [(HOST, &*upstream.url())];
    let config = ground.configure(&sites, rest);
    let gateway = Gateway::serve(&ground, &config).await;
    let curl = async |path: &str, origin: &str, more: &[&str]| {
        let (url, origin) = (format!("https://{HOST}{path}"), format!("Origin: {origin}"));
        let mut arguments = vec!["-X", "POST", "-H", &*origin, "-w", "\n%{http_code}"];
        arguments.extend(more);
        arguments.push(&url);
        let done = gateway.curl(&arguments).await.good();
        let (body, status) = done.out.rsplit_once('\n').expect("a status");
        (body.to_owned(), status.to_owned())
    };
    for version in ["--http1.1", "--http2"] {
        let (body, status) = curl("/", "https://evil.test", &[version]).await;
        assert_eq!(status, "403");
        let told: serde_json::Value = serde_json::from_str(&body).expect("JSON");
        assert_eq!(told["type"], "urn:waarborg:refusal:cross-site");
        let id = told["id"].as_str().expect("an id").to_owned();
        let record = gateway.record(&ground, &id).await;
        assert_eq!(record["reason"], "origin-foreign", "{record}");
        for (path, origin, expected) in [
            ("/", &*format!("https://{HOST}"), "200"),
            ("/", &*format!("https://{HOST}:8443"), "403"),
            ("/", "https://www.example.test", "200"),
            ("/hook", "https://evil.test", "200"),
            ("/hooks", "https://evil.test", "403"),
            ("/-/logout", "https://www.example.test", "403"),
        ] {
            let (_, status) = curl(path, origin, &[version]).await;
            assert_eq!(status, expected, "{path} {origin} {version}");
        }
    }
    for (language, words) in [
        ("en", "didn’t come from this site"),
        ("nl", "kwam niet van deze site"),
        ("fr", "ne vient pas de ce site"),
    ] {
        let spoken = format!("Accept-Language: {language}");
        let fields = ["-H", "Accept: text/html", "-H", &*spoken];
        let (page, _) = curl("/", "null", &fields).await;
        assert!(page.contains(words), "{page}");
    }
    let refused = gateway
        .metric("waarborg_csrf_total{action=\"refused\"}")
        .await;
    assert!(refused >= 9, "{refused}");
    // The owner only wants to see.
    let text = ground.configuration(
        &sites,
        &rest.replace("[csrf]\n", "[csrf]\nobserve = true\n"),
    );
    ground.replace(&config, &text);
    gateway.program.line("the configuration was reloaded").await;
    let (_, status) = curl("/", "https://evil.test", &[]).await;
    assert_eq!(status, "200");
    let said = gateway.said_of(HOST, "csrf").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("only observed"), "{sentence}");
    gateway.stop().await;
}
