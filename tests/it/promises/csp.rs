//! Promise `csp`: own pages are strict, an application's pages get the policy that its site
//! states, beside their own, and what browsers report is counted. Judges: Google's
//! csp_evaluator, Chromium, curl, nginx as the application.

use serde_json::Value;
use waarborg_it::{
    gateway::{Gateway, text},
    ground::{Ground, PORTAL},
    in_time, judges,
    nginx::Nginx,
    upstream::{Liar, Upstream},
};

use super::{HOST, bites};

const HEADER: &str = "content-security-policy";
const REPORT_ONLY: &str = "content-security-policy-report-only";

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("csp", &["own-pages", "applications", "browser"]).await;
}

/// Values of a header in what `curl --include` printed.
fn told<'a>(printed: &'a str, header: &str) -> Vec<&'a str> {
    printed
        .lines()
        .take_while(|line| !line.trim().is_empty())
        .filter_map(|line| line.split_once(':'))
        .filter(|(name, _)| name.eq_ignore_ascii_case(header))
        .map(|(_, value)| value.trim())
        .collect()
}

async fn curl(gateway: &Gateway, arguments: &[&str]) -> String {
    let arguments = [&["--include"], arguments].concat();
    gateway.curl(&arguments).await.out
}

#[tokio::test]
async fn googles_evaluator_finds_nothing_grave_in_any_policy_of_ours() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let sites = [(HOST, &*upstream.url())];
    let config = ground.configure_with_portal(&sites, "[csp]\nmode = \"enforce\"\n");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut policies = Vec::new();
    for url in [
        format!("https://{HOST}/-/security"),
        format!("https://{HOST}/-/security/tls"),
        format!("https://{HOST}/-/nothing"),
        format!("https://{HOST}/-/security.json"),
        format!("https://{HOST}/-/ledger/key"),
        format!("https://{PORTAL}/-/login"),
        format!("https://{PORTAL}/-/reset"),
        format!("https://{PORTAL}/"),
        format!("https://{PORTAL}/-/account"),
        // The default policy of a site, as its application's answers carry it.
        format!("https://{HOST}/"),
    ] {
        let printed = curl(&gateway, &["-H", "Accept: text/html", &url]).await;
        let found = told(&printed, HEADER);
        let [policy] = found[..] else {
            panic!("{url}: {found:?} in {printed}")
        };
        policies.push(policy.to_owned());
    }
    let arguments: Vec<_> = policies.iter().map(String::as_str).collect();
    let judged = judges::node("csp.mjs", &arguments).await.good().out;
    let judged: Vec<Vec<String>> = serde_json::from_str(&judged).expect("lists");
    for (policy, found) in policies.iter().zip(&judged) {
        assert!(found.is_empty(), "{found:?} in {policy}");
    }
    assert_eq!(judged.len(), policies.len());
    // It can find something: what our own evaluator calls grave it does, too.
    for weak in [
        "script-src 'self' 'unsafe-inline'; object-src 'none'",
        "script-src https:; object-src 'none'",
        "default-src 'self'; script-src https://cdn.jsdelivr.net",
        "img-src 'self'",
        "default-src 'self'; img-src http://a.example",
    ] {
        let judged = judges::node("csp.mjs", &[weak]).await.good().out;
        assert_ne!(judged.trim(), "[[]]", "{weak}");
        let ours = guards::csp::Policy::parse(weak).expect("a policy");
        assert!(!ours.weaknesses(false).is_empty(), "{weak}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn curl_sees_the_sites_policy_on_every_status_beside_the_applications_own() {
    let ground = Ground::new();
    let own = Liar::start(
        b"HTTP/1.1 500 No\r\nContent-Type: text/html\r\nContent-Security-Policy: default-src *\r\n\
          X-Frame-Options: DENY\r\nContent-Length: 0\r\n\r\n",
    )
    .await;
    let plain =
        Liar::start(b"HTTP/1.1 404 No\r\nContent-Type: text/html\r\nContent-Length: 0\r\n\r\n")
            .await;
    let upstream = Upstream::start().await;
    let sites = [
        ("own.example.test", own.url()),
        ("plain.example.test", plain.url()),
        ("tried.example.test", plain.url()),
        ("off.example.test", plain.url()),
        (HOST, upstream.url()),
    ];
    let rest = "[csp]\nmode = \"enforce\"\nimg_src = [\"'self'\", \"data:\"]\n\
                [site.\"tried.example.test\".csp]\nmode = \"report-only\"\n\
                script_src = \"https://cdn.example.test\"\n\
                [site.\"off.example.test\".csp]\nmode = \"off\"\n";
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let config = ground.configure(&sites, rest);
    let gateway = Gateway::serve(&ground, &config).await;
    let ours = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'self'; \
                form-action 'self'; frame-ancestors 'self'; report-uri /-/csp-report; \
                report-to waarborg-csp";
    let floor = "frame-ancestors 'self'; object-src 'none'";
    let tried = ours.replace(
        "; img-src",
        "; script-src https://cdn.example.test; img-src",
    );
    for version in ["--http1.1", "--http2"] {
        for (host, enforced, reported) in [
            (HOST, vec![ours], vec![]),
            (
                "own.example.test",
                vec!["default-src *", "frame-ancestors 'none'", ours],
                vec![],
            ),
            ("plain.example.test", vec![ours], vec![]),
            ("tried.example.test", vec![floor], vec![&*tried]),
            ("off.example.test", vec![floor], vec![]),
        ] {
            let url = format!("https://{host}/");
            let printed = curl(&gateway, &[version, &url]).await;
            assert_eq!(told(&printed, HEADER), enforced, "{version} {host}");
            assert_eq!(told(&printed, REPORT_ONLY), reported, "{version} {host}");
        }
    }
    // What is only tried out isn't said to be enforced, and what is open is said.
    let said = gateway.said_of(HOST, "csp").await;
    let texts: Vec<_> = said["clauses"]
        .as_array()
        .expect("clauses")
        .iter()
        .collect();
    let parts: Vec<_> = texts.iter().filter_map(|it| it["part"].as_str()).collect();
    let text: String = texts.iter().filter_map(|it| it["text"].as_str()).collect();
    assert!(text.contains("only tried out"), "{parts:?} {text}");
    assert!(text.contains("decides itself"), "{text}");
    gateway.stop().await;
}

#[tokio::test]
async fn reports_of_both_kinds_are_counted_and_no_flood_grows() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(
        &[(HOST, &upstream.url())],
        "[csp]\nmode = \"report-only\"\n",
    );
    let gateway = Gateway::serve(&ground, &config).await;
    let url = format!("https://{HOST}/-/csp-report");
    let send = async |kind: &str, body: &str, more: &[&str]| {
        let kind = format!("Content-Type: {kind}");
        let fields = [
            "-X",
            "POST",
            "-H",
            &kind,
            "-H",
            "Expect:",
            "--data-binary",
            body,
        ];
        let code = ["-o", "/dev/null", "-w", "%{http_code}"];
        let arguments = [&fields[..], &code, more, &[&url]].concat();
        gateway.curl(&arguments).await.good().out
    };
    let legacy = r#"{"csp-report": {"effective-directive": "img-src", "blocked-uri": "https://a.example/x"}}"#;
    let modern = r#"[{"type": "csp-violation", "body": {"effectiveDirective": "img-src", "blockedURL": "https://a.example/y"}}]"#;
    let extension = r#"{"csp-report": {"effective-directive": "script-src-elem", "blocked-uri": "chrome-extension"}}"#;
    let cross = ["-H", "Origin: https://elsewhere.example"];
    assert_eq!(send("application/csp-report", legacy, &cross).await, "204");
    assert_eq!(send("application/reports+json", modern, &[]).await, "204");
    assert_eq!(send("application/csp-report", extension, &[]).await, "204");
    assert_eq!(send("application/csp-report", "{}", &[]).await, "400");
    assert_eq!(send("application/json", legacy, &[]).await, "415");
    let large = ground.write("large.json", &"x".repeat(100_000));
    let large = format!("@{}", large.display());
    assert_eq!(send("application/csp-report", &large, &[]).await, "413");
    let counted = |result: &str| {
        let name = format!("waarborg_csp_reports_total{{result=\"{result}\"}}");
        let gateway = &gateway;
        async move { gateway.metric(&name).await }
    };
    assert_eq!(counted("counted").await, 2);
    assert_eq!(counted("extension").await, 1);
    // Nobody reads them there.
    let printed = curl(&gateway, &[&url]).await;
    assert!(printed.starts_with("HTTP/2 405"), "{printed}");
    gateway.stop().await;
}

/// An application that puts the nonce on one script, and has three others in its page.
async fn application(ground: &Ground) -> Nginx {
    let mark = |word: &str| format!("document.documentElement.dataset.{word}=1");
    let page = format!(
        "<!doctype html><title>page</title><script nonce=\\\"$http_waarborg_csp_nonce\\\">{}</script>\
         <script>{}</script><script src=\\\"/own.js\\\"></script>\
         <script src=\\\"https://elsewhere.example/x.js\\\"></script><img src=\\\"/-/x\\\" onerror=\\\"{}\\\">",
        mark("nonce"),
        mark("inline"),
        mark("handler"),
    );
    let server = format!(
        "location = / {{ default_type text/html; add_header Cache-Control \"public, max-age=600\"; \
         return 200 \"{page}\"; }}\n\
         location = /own.js {{ default_type text/javascript; return 200 \"{}\"; }}\n",
        mark("own")
    );
    Nginx::plain(ground, &server).await
}

/// What Chromium ran of the page.
async fn opened(gateway: &Gateway) -> Value {
    let key = gateway.get(HOST, "/-/security").await.peer;
    let key = key.expect("it was TLS").spki_sha256;
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    let at = gateway.address.to_string();
    let done = judges::node("csp_page.mjs", &[HOST, "/", &at, &key]).await;
    serde_json::from_str(&done.good().out).expect("JSON")
}

#[tokio::test]
async fn chromium_runs_what_bears_the_nonce_or_is_the_sites_own_and_reports_the_rest() {
    let ground = Ground::new();
    let nginx = application(&ground).await;
    let sites = [(HOST, &*format!("http://127.0.0.1:{}", nginx.port))];
    let rest = "[csp]\nmode = \"enforce\"\nnonce = true\n";
    let config = ground.configure(&sites, rest);
    let gateway = Gateway::serve(&ground, &config).await;
    let seen = opened(&gateway).await;
    assert_eq!(seen["ran"], serde_json::json!(["nonce", "own"]), "{seen:#}");
    let reported = async {
        let counted = "waarborg_csp_reports_total{result=\"counted\"}";
        while gateway.metric(counted).await == 0 {
            tokio::task::yield_now().await;
        }
    };
    in_time("the browser reports", reported).await;
    // The same page is never kept with its nonce, and a client's own is nobody's.
    let url = format!("https://{HOST}/");
    let mut nonces = Vec::new();
    for _ in 0..2 {
        let printed = curl(&gateway, &["-H", "Waarborg-Csp-Nonce: forged", &url]).await;
        assert_eq!(told(&printed, "cache-control"), ["no-store"]);
        assert!(!printed.contains("forged"), "{printed}");
        let in_page = printed.split("nonce=\"").nth(1).expect("a nonce");
        let in_page = in_page.split('"').next().expect("its end").to_owned();
        let policy = told(&printed, HEADER).concat();
        assert!(policy.contains(&format!("'nonce-{in_page}'")), "{policy}");
        nonces.push(in_page);
    }
    assert_ne!(nonces[0], nonces[1]);
    // Only reported on, everything runs.
    let text = ground.configuration(&sites, &rest.replace("enforce", "report-only"));
    ground.replace(&config, &text);
    gateway.program.line("the configuration was reloaded").await;
    let seen = opened(&gateway).await;
    let all = serde_json::json!(["handler", "inline", "nonce", "own"]);
    assert_eq!(seen["ran"], all, "{seen:#}");
    gateway.stop().await;
}

#[tokio::test]
async fn check_warns_of_what_lets_injected_scripts_through() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let weak = "[csp]\nmode = \"enforce\"\nscript_src = [\"'self'\", \"'unsafe-inline'\"]\n";
    let config = ground.configure(&[(HOST, &upstream.url())], weak);
    let gateway = Gateway::serve(&ground, &config).await;
    let checked = gateway.command(&ground, &["check"]).await.good();
    let all = format!("{}{}", checked.out, checked.err);
    assert!(
        all.contains("the policy is weak: `'unsafe-inline'`"),
        "{all}"
    );
    // And the sentence says no more than that.
    let said = gateway.said_of(HOST, "csp").await;
    let clauses = said["clauses"].to_string();
    assert!(clauses.contains("lets some scripts run"), "{clauses}");
    let page = gateway.get(HOST, "/-/security").await;
    assert!(text(&page.body).contains("id=\"csp\""));
    gateway.stop().await;
}
