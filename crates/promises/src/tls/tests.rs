use config::Way;
use terms::{Vantage, Verdict};
use visitor::census::{PortAnswer, PortFinding};

use super::{
    CERTIFICATE, ENTRY, NO_PLAINTEXT, PORTS, REDIRECT, VERSIONS,
    plain::{self, At80},
    ports,
};
use crate::{
    approach::Approach,
    entry::Finding,
    target,
    testing::{
        Field, field, gateway, nobody, old_server, plain_server, reading, scripted, server,
        server_until, server_with_plaintext, verdict, wrong,
    },
};

async fn attack(field: &Field) -> Vec<Finding> {
    (ENTRY.drill)(&field.ground).await
}

fn figure(findings: &[Finding], part: &str, name: &str) -> Option<i64> {
    let found = findings.iter().find(|finding| finding.part == part)?;
    found
        .figures
        .iter()
        .find(|(figure, _)| figure == name)
        .map(|(_, value)| *value)
}

#[tokio::test]
async fn a_modern_server_passes_and_four_old_versions_were_refused() {
    let findings = attack(&field(server(gateway).await, reading())).await;
    for part in [VERSIONS, NO_PLAINTEXT, CERTIFICATE] {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    assert_eq!(figure(&findings, VERSIONS, "refused"), Some(4));
    // From 23 November 2026 to the end of 2027.
    assert_eq!(figure(&findings, CERTIFICATE, "days"), Some(403));
}

#[tokio::test]
async fn a_server_that_speaks_an_old_version_fails() {
    let seclevel = "DEFAULT:@SECLEVEL=0";
    let old = old_server(&["-cipher", seclevel, "-min_protocol", "TLSv1"]).await;
    let findings = attack(&field(old.address, reading())).await;
    assert_eq!(verdict(&findings, VERSIONS), Verdict::Fail);
    assert_eq!(
        wrong(&findings, VERSIONS),
        ["hello-tls-1.0", "hello-tls-1.1"]
    );
    assert_eq!(figure(&findings, VERSIONS, "refused"), Some(2));
}

#[tokio::test]
async fn a_server_that_refuses_a_current_version_fails() {
    let narrow = old_server(&["-tls1_2"]).await;
    let findings = attack(&field(narrow.address, reading())).await;
    assert_eq!(wrong(&findings, VERSIONS), ["hello-tls-1.3"]);
    assert_eq!(verdict(&findings, VERSIONS), Verdict::Fail);
}

#[tokio::test]
async fn a_server_that_answers_plaintext_at_the_tls_port_fails() {
    let findings = attack(&field(server_with_plaintext().await, reading())).await;
    assert_eq!(verdict(&findings, NO_PLAINTEXT), Verdict::Fail);
    assert_eq!(
        wrong(&findings, NO_PLAINTEXT),
        ["plain-http1", "plain-http2"]
    );
    let findings = attack(&field(server(gateway).await, reading())).await;
    assert_eq!(verdict(&findings, NO_PLAINTEXT), Verdict::Pass);
}

#[tokio::test]
async fn a_dead_a_closing_and_a_plain_server_never_pass() {
    let closing = scripted(|stream| async move { drop(stream) }).await;
    let plain = plain_server("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await;
    for address in [nobody().await, closing, plain] {
        let findings = attack(&field(address, reading())).await;
        for part in [VERSIONS, NO_PLAINTEXT, CERTIFICATE] {
            assert_ne!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
        }
    }
}

#[tokio::test]
async fn a_certificate_that_soon_runs_out_or_is_over_fails() {
    // The clock stands at 23 November 2026.
    for (day, wrong_steps) in [
        ((2026, 12, 1), vec!["verifies-ahead"]),
        ((2026, 11, 1), vec!["verifies"]),
    ] {
        let findings = attack(&field(server_until(day).await, reading())).await;
        assert_eq!(verdict(&findings, CERTIFICATE), Verdict::Fail, "{day:?}");
        assert_eq!(wrong(&findings, CERTIFICATE), wrong_steps, "{day:?}");
    }
    let findings = attack(&field(server_until((2027, 2, 21)).await, reading())).await;
    assert_eq!(verdict(&findings, CERTIFICATE), Verdict::Pass);
    assert_eq!(figure(&findings, CERTIFICATE, "days"), Some(89));
}

#[tokio::test]
async fn a_certificate_of_another_name_fails() {
    let mut other = reading();
    other.sites[0].hosts = vec!["other.test".to_owned()];
    let findings = attack(&field(server(gateway).await, other)).await;
    assert_eq!(verdict(&findings, CERTIFICATE), Verdict::Fail);
}

#[tokio::test]
async fn without_consent_nothing_is_tried_that_a_visitor_would_not() {
    let mut passive = field(
        server(gateway).await,
        target::reading(crate::testing::NAME, 8443),
    );
    passive.ground.order.active = false;
    let findings = attack(&passive).await;
    assert_eq!(verdict(&findings, CERTIFICATE), Verdict::Pass);
    assert_eq!(figure(&findings, CERTIFICATE, "days"), Some(403));
    for part in [VERSIONS, NO_PLAINTEXT, PORTS] {
        assert_eq!(verdict(&findings, part), Verdict::Inconclusive);
    }
    // What can't be seen without is no part of the verdict on a foreign site.
    let core = (ENTRY.parts)(&passive.ground.order.reading);
    let core: Vec<_> = core
        .iter()
        .filter(|part| part.core)
        .map(|part| part.name)
        .collect();
    assert_eq!(core, [REDIRECT, CERTIFICATE]);
}

fn port(port: u16, answer: PortAnswer) -> PortFinding {
    PortFinding { port, answer }
}

#[test]
fn only_the_public_port_and_a_redirecting_one_may_be_open() {
    use PortAnswer::{Filtered, Open, Refused};
    let check = |found: &[PortFinding], redirects, expected, open| {
        let finding = ports::judge(found, 443, redirects);
        assert_eq!(finding.verdict, expected, "{found:?}");
        assert_eq!(finding.figures, [("open".to_owned(), open)]);
    };
    let shut = [port(22, Filtered), port(80, Refused), port(443, Open)];
    check(&shut, false, Verdict::Pass, 1);
    let redirecting = [port(22, Filtered), port(80, Open), port(443, Open)];
    check(&redirecting, true, Verdict::Pass, 2);
    check(&redirecting, false, Verdict::Fail, 2);
    check(&[port(22, Open), port(443, Open)], true, Verdict::Fail, 2);
    check(
        &[port(22, Filtered), port(443, Filtered)],
        true,
        Verdict::Inconclusive,
        0,
    );
}

#[tokio::test]
async fn at_port_80_only_a_bare_redirect_to_https_is_right() {
    let check = async |answer: &'static str, expected| {
        let address = plain_server(answer).await;
        let mut reading = reading();
        reading.sites[0].hosts = vec![address.ip().to_string()];
        let field = field(address, reading);
        let approach = Approach::new(&field.ground).unwrap();
        let found = plain::at_port(&approach, address.port()).await;
        assert_eq!(found[0].1, expected, "{answer}");
    };
    let https = "HTTP/1.1 308 So\r\nLocation: https://gateway.test/\r\nContent-Length: 0\r\n\r\n";
    check(https, At80::Redirects).await;
    let cookie = "HTTP/1.1 308 So\r\nLocation: https://gateway.test/\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n";
    check(cookie, At80::Answers).await;
    let plain = "HTTP/1.1 308 So\r\nLocation: /here\r\nContent-Length: 0\r\n\r\n";
    check(plain, At80::Answers).await;
    check(
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        At80::Answers,
    )
    .await;
    check("SSH-2.0-anything\r\n", At80::Answers).await;
    check("", At80::Closed).await;
}

#[tokio::test]
async fn a_foreign_site_must_redirect_or_close_port_80() {
    let address = server(gateway).await;
    let mut foreign = field(address, target::reading(crate::testing::NAME, 443));
    foreign.ground.order.vantage = Vantage::Outside;
    let approach = Approach::new(&foreign.ground).unwrap();
    for (at_80, expected) in [
        (At80::Redirects, Verdict::Pass),
        (At80::Closed, Verdict::Pass),
        (At80::Answers, Verdict::Fail),
        (At80::Unknown, Verdict::Inconclusive),
    ] {
        let found = [(crate::testing::NAME, at_80)];
        let finding = plain::judge(&foreign.ground, &approach, &found).await;
        assert_eq!(finding.verdict, expected, "{at_80:?}");
    }
    // Our own sentence claims a redirect, so a closed port doesn't prove it.
    let own = field(address, reading());
    let approach = Approach::new(&own.ground).unwrap();
    let finding = plain::judge(
        &own.ground,
        &approach,
        &[(crate::testing::NAME, At80::Closed)],
    )
    .await;
    assert_eq!(finding.verdict, Verdict::Inconclusive);
}

#[test]
fn of_several_ways_to_applications_the_worst_is_said() {
    let check = |ways: &[Way], expected: Option<&str>| {
        let mut reading = reading();
        reading.sites[0].ways = ways.to_vec();
        let parts = (ENTRY.parts)(&reading);
        let said = parts
            .iter()
            .find(|part| part.name == "upstream")
            .map(|part| part.clause.key);
        assert_eq!(said, expected, "{ways:?}");
    };
    check(&[Way::Unix, Way::Loopback], Some("tls-upstream-local"));
    check(&[Way::Tls], Some("tls-upstream-encrypted"));
    check(
        &[Way::Tls, Way::Private, Way::Unix],
        Some("tls-upstream-private"),
    );
    check(
        &[Way::Private, Way::PlaintextAccepted],
        Some("tls-upstream-plaintext"),
    );
    check(&[Way::Tls, Way::Loopback], None);
    check(&[], None);
}
