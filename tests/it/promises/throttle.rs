//! Promise `throttle`: whoever sends too many requests has to wait, whoever comes from the
//! next address doesn't. Judge: curl, from several addresses of this machine.

use serde_json::Value;
use waarborg_it::{gateway::Gateway, ground::Ground, upstream::Upstream};

use super::{HOST, bites};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("throttle", &["pages", "sign-in"]).await;
}

/// The statuses that curl gets from an address for so many requests over one connection,
/// and what it was told last: head and body.
async fn curl(gateway: &Gateway, from: &str, count: u32, more: &[&str]) -> (Vec<String>, String) {
    let url = format!("https://{HOST}/[1-{count}]");
    let mut arguments = vec!["--interface", from, "-i", "-w", "\n%{http_code}\n"];
    arguments.extend(more);
    arguments.push(&url);
    let done = gateway.curl(&arguments).await;
    let is_status = |line: &&str| line.len() == 3 && line.bytes().all(|byte| byte.is_ascii_digit());
    let statuses = done.out.lines().filter(is_status).map(str::to_owned);
    let last = done.out.rfind("HTTP/").map(|at| &done.out[at..]);
    (statuses.collect(), last.unwrap_or_default().to_owned())
}

#[tokio::test]
async fn curl_is_told_to_wait_with_an_id_that_leads_to_the_rule_and_its_neighbour_is_served() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    // Nothing comes back while the test runs.
    let paces = "[throttle]\npages = \"1/h\"\npages_burst = 8\nexempt = \"127.0.0.29\"\n";
    let config = ground.configure(&[(HOST, &upstream.url())], paces);
    let gateway = Gateway::serve(&ground, &config).await;
    let (statuses, last) = curl(&gateway, "127.0.0.21", 10, &["--http1.1"]).await;
    assert_eq!(
        statuses.join(" "),
        "200 200 200 200 200 200 200 200 429 429"
    );
    let (head, body) = last.split_once("\r\n\r\n").expect("head and body");
    let head = head.to_ascii_lowercase();
    let wait = head
        .lines()
        .find_map(|line| line.strip_prefix("retry-after: "))
        .expect("a time to wait");
    assert!(
        (3500..=3600).contains(&wait.parse::<u32>().expect("seconds")),
        "{wait}"
    );
    assert!(
        head.contains("ratelimit-policy: \"pages\";q=8;w=28800"),
        "{head}"
    );
    assert!(
        head.contains(&format!("ratelimit: \"pages\";r=0;t={wait}")),
        "{head}"
    );
    let json = body.lines().next().expect("a line");
    let told: Value = serde_json::from_str(json).expect("JSON");
    assert_eq!(told["type"], "urn:waarborg:refusal:too-many-requests");
    // Neither another connection nor another version of HTTP helps; both workers know.
    for version in ["--http1.1", "--http2"] {
        let (statuses, _) = curl(&gateway, "127.0.0.21", 4, &[version]).await;
        assert_eq!(statuses.join(" "), "429 429 429 429", "{version}");
    }
    let (statuses, _) = curl(&gateway, "127.0.0.22", 8, &["--http2"]).await;
    assert_eq!(statuses.join(" "), "200 200 200 200 200 200 200 200");
    let (statuses, _) = curl(&gateway, "127.0.0.29", 20, &[]).await;
    assert!(
        statuses.len() == 20 && statuses.iter().all(|it| it == "200"),
        "{statuses:?}"
    );
    for (language, words) in [
        ("en", "Too many requests"),
        ("nl", "Te veel verzoeken"),
        ("fr", "Trop de requêtes"),
    ] {
        let spoken = format!("Accept-Language: {language}");
        let fields = ["-H", "Accept: text/html", "-H", &spoken];
        let (_, page) = curl(&gateway, "127.0.0.21", 1, &fields).await;
        assert!(page.contains(words), "{page}");
    }
    let id = told["id"].as_str().expect("an id");
    let line = gateway.record(&ground, id).await;
    assert_eq!(line["reason"], "throttled", "{line}");
    assert_eq!(line["rule"], "pages:address", "{line}");
    // What this client did, and nobody else's.
    let asked = ["record", "client", "127.0.0.21", "--json"];
    let done = gateway.command(&ground, &asked).await.good();
    let doings: Value = serde_json::from_str(&done.out).expect("JSON");
    assert_eq!(doings["classes"]["2"], 8, "{doings}");
    assert!(
        doings["refused"]["throttled"].as_u64() >= Some(10),
        "{doings}"
    );
    let shown = doings["newest"].as_array().expect("a list");
    assert!(shown.iter().any(|deed| deed["id"] == *id), "{doings}");
    let refused = gateway
        .metric("waarborg_throttled_total{class=\"pages\",action=\"refused\"}")
        .await;
    assert!(refused >= 13, "{refused}");
    gateway.stop().await;
}

#[tokio::test]
async fn one_client_gets_its_pace_once_over_all_workers() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let paces = "[throttle]\npages = \"2/h\"\npages_burst = 40\n";
    let config = ground.configure(&[(HOST, &upstream.url())], paces);
    let gateway = Gateway::serve(&ground, &config).await;
    // As many connections as requests: the kernel spreads them over both.
    let no_reuse = ["-H", "Connection: close", "--http1.1"];
    let ask = || curl(&gateway, "127.0.0.21", 20, &no_reuse);
    let (a, b, c, d) = tokio::join!(ask(), ask(), ask(), ask());
    let all = [a.0, b.0, c.0, d.0].concat();
    let served = all.iter().filter(|status| *status == "200").count();
    assert_eq!((all.len(), served), (80, 40));
    gateway.stop().await;
}

#[tokio::test]
async fn a_route_has_the_pace_that_it_chooses_and_observing_refuses_nobody() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let paces = "[throttle]\nsign_in = \"1/h\"\nsign_in_burst = 2\nobserve = true\n\
                 [[site.\"app.example.test\".routes]]\npath = \"/1\"\nthrottle = \"sign-in\"\n";
    let sites = [(HOST, &*upstream.url())];
    let config = ground.configure(&sites, paces);
    let gateway = Gateway::serve(&ground, &config).await;
    let fields = ["-X", "POST", "-d", "a=1"];
    for _ in 0..4 {
        let (statuses, _) = curl(&gateway, "127.0.0.21", 1, &fields).await;
        assert_eq!(statuses, ["200"]);
    }
    let observed = "waarborg_throttled_total{class=\"sign-in\",action=\"observed\"}";
    assert_eq!(gateway.metric(observed).await, 2);
    let said = gateway.said_of(HOST, "throttle").await;
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("only observed"), "{sentence}");
    // The owner has seen enough.
    let text = ground.configuration(&sites, &paces.replace("observe = true\n", ""));
    ground.replace(&config, &text);
    gateway.program.line("the configuration was reloaded").await;
    let (statuses, _) = curl(&gateway, "127.0.0.21", 1, &fields).await;
    assert_eq!(statuses, ["429"]);
    let (statuses, _) = curl(&gateway, "127.0.0.21", 2, &[]).await;
    assert_eq!(
        statuses,
        ["429", "200"],
        "the rest of the site isn't touched"
    );
    gateway.stop().await;
}
