//! The trust page on every site, in every language, for people and for programs.

use http::Method;
use serde_json::Value;
use terms::PromiseId;
use waarborg_it::{
    gateway::{Gateway, text},
    ground::Ground,
    upstream::Upstream,
};

const SITES: [&str; 2] = ["app.example.test", "other.example.test"];

#[tokio::test]
async fn all_promises_stand_on_the_trust_page_of_every_site_in_three_languages() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    ground.leaf(&["id.example.test"]);
    let portal = "[site.\"id.example.test\"]\ncertificate = \"id.example.test.pem\"\n\
                  key = \"id.example.test.key\"\n";
    let url = upstream.url();
    let text_of = ground.configuration(&SITES.map(|host| (host, url.as_str())), portal);
    let config = ground.write(
        "waarborg.toml",
        &format!("portal = \"id.example.test\"\n{text_of}"),
    );
    let gateway = Gateway::serve(&ground, &config).await;
    for host in [SITES[0], SITES[1], "id.example.test"] {
        let mut titles = Vec::new();
        for language in ["nl", "en", "fr"] {
            let mut request = gateway.request(Method::GET, host, "/-/security");
            let accepted = format!("{language},en;q=0.5").parse().expect("a value");
            request.headers.insert("accept-language", accepted);
            let page = gateway.fetch(&request).await;
            assert_eq!(page.status, 200, "{host}");
            let page = text(&page.body).to_owned();
            assert!(
                page.contains(&format!("<html lang=\"{language}\"")),
                "{host} {language}"
            );
            for id in PromiseId::ALL {
                assert!(
                    page.contains(&format!("id=\"{id}\"")),
                    "{host} {language}: {id}"
                );
            }
            // The link that every page offers says the same.
            let linked = gateway
                .get(host, &format!("/-/security?lang={language}"))
                .await;
            let html = text(&linked.body).contains(&format!("<html lang=\"{language}\""));
            assert!(html, "{host}: ?lang={language}");
            let title = page
                .split("<title>")
                .nth(1)
                .and_then(|rest| rest.split('<').next());
            titles.push(title.expect("a title").to_owned());
        }
        titles.dedup();
        assert_eq!(titles.len(), 3, "{titles:?}");
        let page = gateway.get(host, "/-/security.json").await;
        let page: Value = serde_json::from_slice(&page.body).expect("JSON");
        let promises = page["promises"].as_array().expect("the promises");
        let ids: Vec<&str> = promises
            .iter()
            .filter_map(|said| said["id"].as_str())
            .collect();
        let all = PromiseId::ALL.map(|id| id.to_string());
        assert_eq!(ids, all.each_ref().map(String::as_str), "{host}");
        for said in promises {
            let landed = promises::PROMISES
                .iter()
                .any(|entry| said["id"] == entry.id.to_string());
            assert_eq!(said["state"] == "not-promised", !landed, "{said}");
        }
    }
    assert_eq!(upstream.count(), 0, "no own page went to an application");
}

#[tokio::test]
async fn a_page_that_did_not_change_is_not_sent_again() {
    let ground = Ground::new();
    let config = ground.configure(&[(SITES[0], "http://127.0.0.1:9")], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let page = gateway.get(SITES[0], "/-/security.json").await;
    let mut again = gateway.request(Method::GET, SITES[0], "/-/security.json");
    let etag = page.headers["etag"].clone();
    again.headers.insert("if-none-match", etag);
    let again = gateway.fetch(&again).await;
    assert!(
        again.status == 304 || again.body != page.body,
        "{}",
        again.status
    );
    let mut other = gateway.request(Method::GET, SITES[0], "/-/security.json");
    other
        .headers
        .insert("if-none-match", "\"another\"".parse().expect("a value"));
    assert_eq!(gateway.fetch(&other).await.status, 200);
}
