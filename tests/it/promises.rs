//! The promises that have landed, whole: with its control cut the drill of each fails
//! and the page says so; without the cut it passes; and somebody else's tool agrees.

mod admin;
mod block;
mod csp;
mod csrf;
mod hsts;
mod lockout;
mod password;
mod team;
mod throttle;
mod tls;
mod tls_report;
mod track;
mod two_factor;
mod whole;
mod xss;

use std::path::{Path, PathBuf};

use serde_json::Value;
use waarborg_it::{
    gateway::{Gateway, text},
    ground::{Ground, PORTAL},
    in_time,
    program::run,
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// A gateway before an honest application; with drills that have a browser.
async fn served() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = configuration(&ground, &upstream);
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

fn configuration(ground: &Ground, upstream: &Upstream) -> PathBuf {
    ground.configure(&[(HOST, &upstream.url())], &browser())
}

fn browser() -> String {
    format!("[prover]\nbrowser = \"{}\"\n", tools::chromium().display())
}

/// Runs a statement on the store from beside, as somebody who moves accounts would.
async fn sql(ground: &Ground, statement: &str) -> String {
    let script = "import sqlite3, sys\n\
                  store = sqlite3.connect(sys.argv[1], timeout=30)\n\
                  rows = store.execute(sys.argv[2]).fetchall()\n\
                  store.commit()\n\
                  print(*(row[0] for row in rows), sep='\\n')\n";
    let store = ground.path("data/store.sqlite");
    let arguments = ["-c", script, &store.to_string_lossy(), statement];
    let done = run(tools::python("python"), &arguments).await.good();
    done.out.trim().to_owned()
}

/// An account with the hash that htpasswd makes of this password.
async fn import(ground: &Ground, name: &str, password: &str, cost: &str) {
    let made = run("htpasswd", &["-nbBC", cost, name, password])
        .await
        .good();
    let hash = made
        .out
        .trim()
        .rsplit(':')
        .next()
        .expect("name:hash")
        .to_owned();
    sql(
        ground,
        &format!(
            "INSERT INTO account (id, name, display, password, password_at, state, created_at) \
             VALUES ('id-{name}', '{name}', '{name}', '{hash}', 1, 'active', 1)"
        ),
    )
    .await;
}

/// Signs in with curl, from a browser whose cookies are in `jar`; gives the status.
async fn sign_in(gateway: &Gateway, jar: &Path, name: &str, password: &str) -> String {
    let url = format!("https://{PORTAL}/-/login");
    let jar = jar.to_string_lossy();
    let cookies = ["-b", &*jar, "-c", &*jar];
    let page = gateway.curl(&[&cookies[..], &[&url]].concat()).await.good();
    let token = page.out.split("name=\"token\" value=\"").nth(1);
    let token = token.and_then(|rest| rest.split('"').next());
    let fields = [
        format!("token={}", token.expect("a form with a token")),
        format!("name={name}"),
        format!("password={password}"),
    ];
    let origin = format!("Origin: https://{PORTAL}");
    let mut post = cookies.to_vec();
    post.extend(["-H", &origin, "-o", "/dev/null", "-w", "%{http_code}"]);
    for field in &fields {
        post.extend(["--data-urlencode", field]);
    }
    post.push(&url);
    gateway.curl(&post).await.good().out
}

/// Promises that don't hold either when this one's control is cut.
fn shaken(promise: &str) -> &'static [&'static str] {
    match promise {
        // The grade counts HSTS, and can't be given where plain text comes back.
        "hsts" | "tls" => &["tls-report"],
        // What is kept of a password then opens nothing, so nobody signs in.
        "password" => &["lockout", "two-factor", "xss", "csrf", "team", "admin"],
        // What comes from nowhere is then no attempt that is refused.
        "csrf" => &["throttle"],
        // No code is asked for, so the twin can't give one.
        "two-factor" => &["team", "admin"],
        // Both stand on the console's threshold.
        "admin" => &["team"],
        _ => &[],
    }
}

/// Cuts the control of a promise: its drill must fail, on these parts, and the page turn
/// red, while the other promises stand. The honest twin is the same gateway uncut.
async fn bites(promise: &str, parts: &[&str]) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let mut rest = browser();
    if promise == "admin" {
        rest.push_str(&admin::policy());
    }
    if promise == "csrf" {
        rest.push_str(&csrf::policy());
    }
    if promise == "csp" {
        rest.push_str("[csp]\nmode = \"enforce\"\n");
    }
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &rest);

    let gateway = Gateway::serve_without(promise, &ground, &config).await;
    gateway.register(&ground).await;
    if promise == "track" {
        // A trace is sought for a minute: the run that comes by itself is enough.
        let failed = "a drill did not pass promise=track verdict=fail";
        gateway.program.line(failed).await;
    } else {
        let (code, proved) = gateway.prove(&ground).await;
        let report = proved.report(promise);
        assert_eq!(
            code,
            Some(1),
            "a drill failed, so the answer is no: {report:#}"
        );
        assert_eq!(proved.verdict(promise), "fail", "{report:#}");
        for part in parts {
            assert_eq!(proved.part(promise, part)["verdict"], "fail", "{report:#}");
        }
        for entry in promises::PROMISES
            .iter()
            .filter(|entry| entry.id.to_string() != promise)
        {
            let other = entry.id.to_string();
            if shaken(promise).contains(&other.as_str()) {
                assert_ne!(proved.verdict(&other), "pass", "{promise} shakes {other}");
                continue;
            }
            assert_eq!(
                proved.verdict(&other),
                "pass",
                "{:#}",
                proved.report(&other)
            );
        }
    }
    let published = async {
        while gateway.said_of(HOST, promise).await["last"].is_null() {
            tokio::task::yield_now().await;
        }
    };
    in_time("the page says what the run has shown", published).await;
    let said = gateway.said_of(HOST, promise).await;
    assert_eq!(said["state"], "red", "{said:#}");
    let page = gateway.get(HOST, "/-/security").await;
    let page = text(&page.body);
    assert!(
        page.contains(&format!("<article class=\"promise red\" id=\"{promise}\"")),
        "the page is red"
    );
    for clause in said["clauses"].as_array().expect("clauses") {
        let sentence = said["sentence"].as_str().expect("a sentence");
        let text = clause["text"].as_str().expect("a text");
        let refuted = clause["standing"] == "refuted";
        assert!(
            !(refuted && sentence.contains(text)),
            "what was refuted isn't said: {clause:#}"
        );
    }
    let counted = format!("waarborg_drills_total{{promise=\"{promise}\",verdict=\"fail\"}}");
    assert!(
        gateway.metric(&counted).await > 0,
        "a failed drill is counted"
    );
    gateway.stop().await;

    // Uncut, on the same data: the page turns green again.
    let gateway = Gateway::serve(&ground, &config).await;
    let (code, proved) = gateway.prove_only(&ground, &[promise]).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    assert_eq!(proved.verdict(promise), "pass");
    for part in parts {
        let found = proved.part(promise, part);
        assert_eq!(found["verdict"], "pass", "{found:#}");
        // Attack and honest twin, both.
        let steps = found["steps"].as_array().expect("steps");
        let twins = steps.iter().filter(|step| step["twin"] == true).count();
        assert!(0 < twins && twins < steps.len(), "{found:#}");
    }
    let said: Value = gateway.said_of(HOST, promise).await;
    assert_eq!(said["state"], "green", "{said:#}");
    gateway.stop().await;
}
