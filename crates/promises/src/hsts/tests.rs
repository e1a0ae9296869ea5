use std::{net::SocketAddr, path::Path};

use terms::Verdict;

use super::{BROWSER, ENTRY, EVERY_ANSWER, SUBDOMAINS};
use crate::{
    entry::{Finding, Report},
    target,
    testing::{
        Field, Heard, Said, field, gateway, nobody, plain_server, reading, server, verdict, wrong,
    },
};

const HSTS: &str = "strict-transport-security";
const GOOD: &str = "max-age=63072000";

/// A gateway that sends these values.
async fn sending(
    values: impl Fn(&Heard, u16) -> Vec<&'static str> + Send + Sync + 'static,
) -> SocketAddr {
    server(move |heard| {
        let mut said: Said = gateway(heard);
        let values = values(heard, said.status);
        said.fields
            .extend(values.into_iter().map(|value| (HSTS, value.to_owned())));
        said
    })
    .await
}

async fn attack(field: &Field) -> Vec<Finding> {
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn a_server_that_sends_the_header_on_every_answer_passes() {
    let address = sending(|_, _| vec![GOOD]).await;
    let findings = attack(&field(address, reading())).await;
    assert_eq!(
        verdict(&findings, EVERY_ANSWER),
        Verdict::Pass,
        "{findings:#?}"
    );
    let steps: Vec<_> = findings[0]
        .steps
        .iter()
        .map(|step| step.step.as_str())
        .collect();
    for kind in [
        "own-page",
        "own-page-head",
        "front",
        "own-missing",
        "trace",
        "unknown-host",
    ] {
        for way in ["http1", "http2"] {
            assert!(
                steps.contains(&&*format!("{way}-{kind}")),
                "{way} {kind}: {steps:?}"
            );
        }
    }
    assert!(steps.contains(&"http1-malformed"));
    // Without a browser its part is left out, and said so.
    assert_eq!(verdict(&findings, BROWSER), Verdict::Inconclusive);
}

#[tokio::test]
async fn one_answer_without_the_header_fails_wherever_it_is() {
    for status in [400, 404, 405, 421] {
        let address =
            sending(move |_, said| if said == status { vec![] } else { vec![GOOD] }).await;
        let findings = attack(&field(address, reading())).await;
        assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Fail, "{status}");
        let expected = if status == 400 { 1 } else { 2 };
        assert_eq!(wrong(&findings, EVERY_ANSWER).len(), expected, "{status}");
    }
}

#[tokio::test]
async fn an_answer_over_http2_alone_without_the_header_fails() {
    let address = sending(|heard, _| if heard.http2 { vec![] } else { vec![GOOD] }).await;
    let findings = attack(&field(address, reading())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Fail);
    let wrong = wrong(&findings, EVERY_ANSWER);
    assert!(
        wrong.iter().all(|step| step.starts_with("http2-")),
        "{wrong:?}"
    );
}

#[tokio::test]
async fn two_headers_or_one_with_less_than_promised_fail() {
    for values in [
        vec![GOOD, GOOD],
        vec!["max-age=63071999"],
        vec!["max-age=0"],
        vec!["includeSubDomains"],
        vec!["max-age=63072000; max-age=63072000"],
    ] {
        let sent = values.clone();
        let address = sending(move |_, _| sent.clone()).await;
        let findings = attack(&field(address, reading())).await;
        assert_eq!(
            verdict(&findings, EVERY_ANSWER),
            Verdict::Fail,
            "{values:?}"
        );
    }
    let address = sending(|_, _| vec!["max-age=99999999; preload"]).await;
    let findings = attack(&field(address, reading())).await;
    assert_eq!(
        verdict(&findings, EVERY_ANSWER),
        Verdict::Pass,
        "more than promised is enough"
    );
}

#[tokio::test]
async fn promised_subdomains_must_be_in_the_header() {
    let mut wide = reading();
    wide.hsts.include_subdomains = true;
    let address = sending(|_, _| vec!["max-age=63072000; includeSubDomains"]).await;
    let findings = attack(&field(address, wide.clone())).await;
    assert_eq!(verdict(&findings, SUBDOMAINS), Verdict::Pass);
    let address = sending(|_, _| vec![GOOD]).await;
    let findings = attack(&field(address, wide)).await;
    assert_eq!(verdict(&findings, SUBDOMAINS), Verdict::Fail);
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Pass);
}

#[tokio::test]
async fn a_server_that_is_dead_or_says_something_else_never_passes() {
    let findings = attack(&field(nobody().await, reading())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Inconclusive);
    let no_tls = plain_server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    let findings = attack(&field(no_tls, reading())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Inconclusive);
    // It has the header, but answers everything alike: refusals weren't seen.
    let address = server(|_| Said {
        status: 200,
        fields: vec![(HSTS, GOOD.to_owned())],
        body: String::new(),
    });
    let findings = attack(&field(address.await, reading())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Inconclusive);
    // It refuses everything: the honest twin isn't served.
    let address = server(|_| Said {
        status: 503,
        fields: vec![(HSTS, GOOD.to_owned())],
        body: String::new(),
    });
    let findings = attack(&field(address.await, reading())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Fail);
}

#[tokio::test]
async fn every_site_is_attacked() {
    let mut two = reading();
    let mut other = two.sites[0].clone();
    other.hosts = vec!["other.test".to_owned()];
    two.sites.push(other);
    // The server has no certificate for the other one: nothing was seen of it.
    let address = sending(|_, _| vec![GOOD]).await;
    let findings = attack(&field(address, two)).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Inconclusive);
}

#[tokio::test]
async fn a_foreign_site_is_asked_what_any_visitor_asks() {
    let foreign = || target::reading(crate::testing::NAME, 8443);
    let address = sending(|heard, _| {
        assert!(heard.method == "GET" && !heard.malformed && heard.host == crate::testing::NAME);
        vec!["max-age=31536000"]
    });
    let findings = attack(&field(address.await, foreign())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Pass);
    let address = sending(|heard, _| {
        if heard.path == "/" {
            vec![GOOD]
        } else {
            vec![]
        }
    })
    .await;
    let findings = attack(&field(address, foreign())).await;
    assert_eq!(verdict(&findings, EVERY_ANSWER), Verdict::Fail);
}

#[tokio::test]
async fn what_is_switched_off_is_said_and_not_attacked() {
    let mut off = reading();
    off.hsts.max_age_s = 0;
    let parts = (ENTRY.parts)(&off);
    assert_eq!(
        parts.iter().map(|part| part.clause.key).collect::<Vec<_>>(),
        ["hsts-off"]
    );
    let field = field(nobody().await, off);
    let report: Report = crate::run(&ENTRY, &field.ground).await;
    assert!(report.findings.is_empty());
    assert_eq!(report.verdict(&parts), Verdict::Inconclusive);
}

/// Where Debian has it.
const CHROMIUM: &str = "/usr/bin/chromium";

async fn in_a_browser(values: Vec<&'static str>) -> Option<(Verdict, Vec<String>)> {
    if !Path::new(CHROMIUM).exists() {
        eprintln!("skipped: no {CHROMIUM}");
        return None;
    }
    let mut with = reading();
    with.browser = Some(CHROMIUM.to_owned());
    let address = sending(move |_, _| values.clone()).await;
    let findings = attack(&field(address, with)).await;
    Some((verdict(&findings, BROWSER), wrong(&findings, BROWSER)))
}

#[tokio::test]
async fn a_real_browser_that_was_told_goes_to_https_by_itself() {
    if let Some((verdict, wrong)) = in_a_browser(vec![GOOD]).await {
        assert_eq!(verdict, Verdict::Pass, "{wrong:?}");
    }
}

#[tokio::test]
async fn a_real_browser_that_was_not_told_is_seen_in_plain_text() {
    if let Some((verdict, wrong)) = in_a_browser(vec![]).await {
        assert_eq!(verdict, Verdict::Fail);
        assert_eq!(wrong, ["http-link"]);
    }
}

#[tokio::test]
async fn a_browser_that_is_none_proves_nothing() {
    for program in ["/bin/true", "/bin/false", "/no/such/program"] {
        let mut with = reading();
        with.browser = Some(program.to_owned());
        let address = sending(|_, _| vec![GOOD]).await;
        let findings = attack(&field(address, with)).await;
        assert_eq!(
            verdict(&findings, BROWSER),
            Verdict::Inconclusive,
            "{program}"
        );
    }
}
