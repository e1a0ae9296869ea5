use std::{net::SocketAddr, path::Path};

use config::{CspReading, Reading};
use terms::Verdict;

use super::{
    APPLICATIONS, BROWSER, ENTRY, OWN_PAGES,
    policy::{holds, loads_nothing, read, strict},
};
use crate::{
    entry::Finding,
    target,
    testing::{Field, Heard, NAME, Said, field, gateway, nobody, reading, server, verdict, wrong},
};

const HEADER: &str = "content-security-policy";
const OWN: &str = "default-src 'none'; style-src 'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='; \
                   form-action 'none'; frame-ancestors 'none'; base-uri 'none'";
const SITE: &str = "default-src 'self'; object-src 'none'; base-uri 'self'; frame-ancestors 'self'; \
                    report-uri /-/csp-report";

/// Whether the application would answer.
fn is_application(heard: &Heard) -> bool {
    heard.host == NAME
        && !heard.malformed
        && heard.method != "TRACE"
        && !heard.path.starts_with("/-/")
}

/// A gateway that sends these values.
async fn sending(
    values: impl Fn(&Heard, u16) -> Vec<&'static str> + Send + Sync + 'static,
) -> SocketAddr {
    server(move |heard| {
        let mut said: Said = gateway(heard);
        let values = values(heard, said.status);
        let fields = values.into_iter().map(|value| (HEADER, value.to_owned()));
        said.fields.extend(fields);
        said
    })
    .await
}

/// The same, strict on own pages, and on the application's what it is told.
async fn strict_but(values: Vec<&'static str>) -> SocketAddr {
    sending(move |heard, _| {
        if is_application(heard) {
            values.clone()
        } else {
            vec![OWN]
        }
    })
    .await
}

async fn attack(field: &Field) -> Vec<Finding> {
    (ENTRY.drill)(&field.ground).await
}

fn enforcing(nonce: bool) -> Reading {
    let one = |text: &str| {
        let mut words = text.split(' ').map(str::to_owned);
        (words.next().unwrap(), words.collect())
    };
    let mut reading = reading();
    reading.csp = vec![CspReading {
        host: NAME.to_owned(),
        enforced: true,
        strict: true,
        nonce,
        policy: ["default-src 'self'", "object-src 'none'", "base-uri 'self'"]
            .map(one)
            .into(),
    }];
    reading
}

#[tokio::test]
async fn strict_headers_on_every_own_answer_pass() {
    let address = sending(|heard, _| {
        if is_application(heard) {
            vec![]
        } else {
            vec![OWN]
        }
    })
    .await;
    let findings = attack(&field(address, reading())).await;
    assert_eq!(
        verdict(&findings, OWN_PAGES),
        Verdict::Pass,
        "{findings:#?}"
    );
    assert_eq!(
        verdict(&findings, BROWSER),
        Verdict::Inconclusive,
        "there is none"
    );
    assert_eq!(findings.len(), 2, "no site enforces anything");
}

#[tokio::test]
async fn one_own_answer_without_it_fails_wherever_it_is() {
    for status in [400, 404, 405, 421] {
        let address = sending(move |_, said| if said == status { vec![] } else { vec![OWN] }).await;
        let findings = attack(&field(address, reading())).await;
        assert_eq!(verdict(&findings, OWN_PAGES), Verdict::Fail, "{status}");
        let expected = if status == 400 { 1 } else { 2 };
        assert_eq!(wrong(&findings, OWN_PAGES).len(), expected, "{status}");
    }
    let address = sending(|heard, _| if heard.http2 { vec![] } else { vec![OWN] }).await;
    let findings = attack(&field(address, reading())).await;
    let wrong = wrong(&findings, OWN_PAGES);
    assert!(
        !wrong.is_empty() && wrong.iter().all(|step| step.starts_with("http2-")),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn a_dead_server_and_one_that_refuses_everything_never_pass() {
    let findings = attack(&field(nobody().await, reading())).await;
    assert_eq!(verdict(&findings, OWN_PAGES), Verdict::Inconclusive);
    let address = server(|_| Said {
        status: 503,
        fields: vec![(HEADER, OWN.to_owned())],
        body: String::new(),
    });
    let findings = attack(&field(address.await, reading())).await;
    assert_eq!(verdict(&findings, OWN_PAGES), Verdict::Fail);
}

#[tokio::test]
async fn a_site_that_enforces_has_its_policy_beside_the_applications_own() {
    for values in [vec![SITE], vec!["script-src *", SITE]] {
        let address = strict_but(values.clone()).await;
        let findings = attack(&field(address, enforcing(false))).await;
        assert_eq!(
            verdict(&findings, APPLICATIONS),
            Verdict::Pass,
            "{values:?}"
        );
    }
    for values in [
        vec![],
        // The application's own in place of ours.
        vec!["default-src *"],
        vec!["default-src 'self' https:; object-src 'none'; base-uri 'self'"],
        // A second directive of a name counts for nothing.
        vec!["default-src *; default-src 'self'; object-src 'none'; base-uri 'self'"],
    ] {
        let address = strict_but(values.clone()).await;
        let findings = attack(&field(address, enforcing(false))).await;
        assert_eq!(
            verdict(&findings, APPLICATIONS),
            Verdict::Fail,
            "{values:?}"
        );
        assert_eq!(verdict(&findings, OWN_PAGES), Verdict::Pass);
    }
}

#[tokio::test]
async fn what_is_only_reported_on_is_not_enforced() {
    let address = server(|heard| {
        let mut said = gateway(heard);
        let name = if is_application(heard) {
            "content-security-policy-report-only"
        } else {
            HEADER
        };
        let value = if is_application(heard) { SITE } else { OWN };
        said.fields.push((name, value.to_owned()));
        said
    })
    .await;
    let findings = attack(&field(address, enforcing(false))).await;
    assert_eq!(verdict(&findings, APPLICATIONS), Verdict::Fail);
}

#[tokio::test]
async fn where_we_answer_in_the_applications_place_nothing_is_shown() {
    let address = strict_but(vec![OWN]).await;
    let findings = attack(&field(address, enforcing(false))).await;
    assert_eq!(verdict(&findings, APPLICATIONS), Verdict::Inconclusive);
}

#[tokio::test]
async fn a_nonce_that_comes_twice_fails() {
    const NONCED: &str =
        "default-src 'self'; script-src 'self' 'nonce-AAAA'; object-src 'none'; base-uri 'self'";
    let address = strict_but(vec![NONCED]).await;
    let findings = attack(&field(address, enforcing(true))).await;
    assert_eq!(verdict(&findings, APPLICATIONS), Verdict::Fail);
    assert_eq!(wrong(&findings, APPLICATIONS).len(), 3, "all but the first");
    let address = strict_but(vec![SITE]).await;
    let findings = attack(&field(address, enforcing(true))).await;
    assert_eq!(wrong(&findings, APPLICATIONS).len(), 4, "there is none");
}

#[test]
fn the_sentence_says_no_more_than_is_enforced() {
    let keys = |reading: &Reading| -> Vec<&str> {
        let parts = (ENTRY.parts)(reading);
        parts.iter().map(|part| part.clause.key).collect()
    };
    assert_eq!(
        keys(&reading()),
        ["csp-own-pages", "csp-browser", "csp-applications-open"]
    );
    let mut enforced = enforcing(false);
    assert_eq!(
        keys(&enforced),
        ["csp-own-pages", "csp-applications", "csp-browser"]
    );
    enforced.csp[0].strict = false;
    assert_eq!(
        keys(&enforced),
        ["csp-own-pages", "csp-applications-weak", "csp-browser"]
    );
    enforced.csp[0].enforced = false;
    assert_eq!(
        keys(&enforced),
        ["csp-own-pages", "csp-browser", "csp-report-only"]
    );
    assert!(keys(&target::reading("a.test", 443)).is_empty());
}

#[test]
fn a_policy_is_strict_or_it_is_said_why_not() {
    let check = |values: &[&str], expected: Result<(), &str>| {
        let values: Vec<_> = values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        assert_eq!(strict(&read(&values)), expected, "{values:?}");
    };
    check(&[OWN], Ok(()));
    check(&["img-src *", OWN], Ok(()));
    check(&[&format!("img-src *, {OWN}")], Ok(()));
    check(&[], Err("no-policy"));
    check(&[""], Err("no-policy"));
    check(&["img-src 'none'"], Err("scripts-not-limited"));
    for scripts in [
        "*",
        "https:",
        "'self' 'unsafe-inline'",
        "data:",
        "https://a.example",
        "'unsafe-eval'",
    ] {
        let policy = OWN.replace("style-src", &format!("script-src {scripts}; style-src"));
        check(&[&policy], Err("scripts-not-limited"));
        let policy = OWN.replace(
            "style-src",
            &format!("script-src-attr {scripts}; style-src"),
        );
        check(&[&policy], Err("scripts-not-limited"));
    }
    check(
        &[&OWN.replace("style-src", "object-src *; style-src")],
        Err("plug-ins-not-limited"),
    );
    check(&[&OWN.replace("base-uri", "x")], Err("base-not-limited"));
    check(
        &[&OWN.replace("frame-ancestors 'none'", "frame-ancestors *")],
        Err("framing-not-limited"),
    );
    let nonced = OWN.replace(
        "style-src",
        "script-src 'nonce-abc' 'strict-dynamic'; style-src",
    );
    check(&[&nonced], Ok(()));
    assert!(loads_nothing(&read(&[OWN.as_bytes().to_vec()])));
    assert!(!loads_nothing(&read(&[SITE.as_bytes().to_vec()])));
    assert_eq!(holds(&[], &[], false), Err("no-policy"));
}

/// Where Debian has it.
const CHROMIUM: &str = "/usr/bin/chromium";

async fn in_a_browser(own: &'static str, site: &'static str) -> Option<(Verdict, Vec<String>)> {
    if !Path::new(CHROMIUM).exists() {
        eprintln!("skipped: no {CHROMIUM}");
        return None;
    }
    let mut with = enforcing(false);
    with.browser = Some(CHROMIUM.to_owned());
    let address = sending(move |heard, _| {
        let value = if is_application(heard) { site } else { own };
        if value.is_empty() {
            vec![]
        } else {
            vec![value]
        }
    })
    .await;
    let findings = attack(&field(address, with)).await;
    Some((verdict(&findings, BROWSER), wrong(&findings, BROWSER)))
}

#[tokio::test]
async fn a_real_browser_runs_no_script_that_was_put_into_a_page_but_its_own() {
    if let Some((verdict, wrong)) = in_a_browser(OWN, SITE).await {
        assert_eq!(verdict, Verdict::Pass, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_real_browser_shows_what_a_missing_header_and_a_weak_one_let_through() {
    if let Some((verdict, wrong)) = in_a_browser("", SITE).await {
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(wrong, ["own-page-inline-script", "own-page-foreign-script"]);
    }
    if let Some((verdict, wrong)) = in_a_browser(OWN, "script-src 'self' 'unsafe-inline'").await {
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(wrong, ["application-inline-script"]);
    }
    // So strict that the page's own scripts don't run either, though they are allowed.
    if let Some((verdict, wrong)) = in_a_browser(OWN, "script-src 'none'").await {
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(wrong, ["application-own-script"]);
    }
}
