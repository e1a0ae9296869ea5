//! The scan, and whether what is published is what was found.
//!
//! The hellos are those of an ordinary scanner, one at a time: every public server meets
//! them daily, so they need no consent. SSL 2 alone, whose hello isn't TLS, is offered
//! only where the order says `active`.

use super::{
    GRADED, PUBLISHED,
    grade::GUIDE,
    published,
    report::{Roots, SiteReport, TlsReport},
    scan,
};
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::Ground,
    target,
};

/// The report of one run, in bytes of JSON: it shares a transcript's room with the steps.
const MAX_REPORT: usize = 160 << 10;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    Box::pin(async move {
        let Ok(approach) = Approach::new(ground) else {
            let none = |part| Finding::inconclusive(part, "roots-unusable");
            return vec![none(GRADED), none(PUBLISHED)];
        };
        let mut scans = Vec::new();
        for host in approach.sites.clone() {
            ground.say(format!("tls-report: scan of {host}"));
            scans.push((host, scan::site(ground, &approach, host).await));
        }
        let report = gather(ground, &scans);
        let mut findings = vec![judge(&report, &scans)];
        if !target::is_foreign(&ground.order.reading) {
            ground.say("tls-report: what is published");
            findings.push(published::judge(ground, &approach, &report).await);
        }
        findings
    })
}

type Scan<'a> = (&'a str, Result<SiteReport, &'static str>);

/// The report of all sites, as far as there is room.
fn gather(ground: &Ground, scans: &[Scan<'_>]) -> TlsReport {
    let mut report = TlsReport {
        guide: GUIDE.to_owned(),
        at: ground.clock.now(),
        vantage: ground.order.vantage,
        least: ground.order.reading.tls_report.least,
        sites: Vec::new(),
        left_out: 0,
    };
    let mut room = MAX_REPORT;
    for (_, scan) in scans {
        let Ok(site) = scan else { continue };
        let size = serde_json::to_string(site).map_or(usize::MAX, |text| text.len());
        match room.checked_sub(size) {
            Some(left) => {
                room = left;
                report.sites.push(site.clone());
            }
            None => report.left_out += 1,
        }
    }
    report
}

/// Judges the grades; the report is the evidence.
pub(super) fn judge(report: &TlsReport, scans: &[Scan<'_>]) -> Finding {
    let (mut steps, mut untried) = (Vec::new(), None);
    for (host, scan) in scans {
        let site = match scan {
            Ok(site) => site,
            Err(why) => {
                untried = Some(*why);
                steps.push(
                    Step::new("scan", true)
                        .saw("site", host)
                        .saw("unanswered", why),
                );
                continue;
            }
        };
        let rules: Vec<_> = site.rules.iter().map(|rule| rule.word()).collect();
        let mut step = Step::new("scan", site.grade <= report.least)
            .saw("site", host)
            .saw("grade", site.grade)
            .saw("least", report.least)
            .saw("guide", &report.guide)
            .saw("connections", site.connections);
        if !rules.is_empty() {
            step = step.saw("lowered-by", rules.join(" "));
        }
        if !site.gaps.is_empty() {
            untried = Some("incomplete");
            step = step.saw("gaps", site.gaps.join(" "));
        }
        steps.push(step);
        // Whoever speaks nothing at all takes nothing weak, either.
        let spoken = |version: &str| {
            let found = site.versions.iter().find(|it| it.version == version);
            found.is_some_and(|it| it.spoken == visitor::survey::Seen::Yes)
        };
        let modern = ["TLS 1.2", "TLS 1.3"].into_iter().find(|it| spoken(it));
        steps.push(
            Step::new("speaks-today", modern.is_some())
                .twin()
                .saw("site", host)
                .saw("version", modern.unwrap_or("none")),
        );
    }
    let own = report.sites.iter().any(|site| site.roots == Roots::Own);
    let mut finding = Finding::by_steps(GRADED, steps)
        .figure("grade", report.worst().map_or(0, terms::Grade::place))
        .figure("sites", i64::try_from(scans.len()).unwrap_or(i64::MAX))
        .figure("own", i64::from(own));
    if !report.sites.is_empty() {
        finding.document = serde_json::to_value(report).ok();
    }
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}
