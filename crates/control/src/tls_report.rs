//! The report of promise `tls-report` as page and JSON: what the last scan of this
//! configuration found, and how the promise stands now.
// promise: tls-report

use pages::{
    HstsView, State, TLS_PROBLEMS, TLS_RULES, TLS_UNEXAMINED, TlsChainView, TlsReportView,
    TlsScanView, TlsSeen, TlsSiteView, TlsSuiteView, TrustView,
};
use promises::{
    Report,
    tls_report::{
        GRADED,
        grade::Hsts,
        report::{ChainReport, Roots, SiteReport, TlsReport},
    },
};
use serde_json::{Value, json};
use store::Store;
use terms::{Micros, PromiseId};
use visitor::survey::Seen;

/// So many clauses back the newest report is looked for: more than a week of hours. A scan
/// that couldn't be made has none.
const BACK: u64 = 500;
const DAY_S: u64 = 86_400;

/// A report, the run it is of, and the configuration it is about.
#[derive(Debug, Clone)]
pub struct Published {
    /// Digest of the configuration.
    pub digest: String,
    /// The run's id.
    pub run: String,
    /// What was found.
    pub report: TlsReport,
}

/// The newest report in the store.
pub(crate) async fn newest(store: &Store) -> Result<Option<Published>, store::Error> {
    let runs = store.runs(PromiseId::TlsReport, BACK).await?;
    let graded = runs.into_iter().filter(|row| row.clause == GRADED);
    Ok(graded.into_iter().find_map(|row| {
        let document = row.transcript.get("document")?;
        Some(Published {
            digest: row.transcript.get("digest")?.as_str()?.to_owned(),
            run: row.run,
            // One that an earlier version wrote otherwise is none.
            report: serde_json::from_value(document.clone()).ok()?,
        })
    }))
}

/// The place of the worst grade in a run of this promise.
pub(crate) fn worst(report: &Report) -> Option<i64> {
    let graded = report
        .findings
        .iter()
        .find(|found| report.promise == PromiseId::TlsReport && found.part == GRADED)?;
    let figure = graded.figures.iter().find(|(name, _)| name == "grade")?;
    Some(figure.1)
}

/// The page's view; it stands as the promise does on the trust page.
pub(crate) fn view(trust: &TrustView, kept: Option<&Published>) -> TlsReportView {
    let promise = trust
        .promises
        .iter()
        .find(|it| it.id == PromiseId::TlsReport);
    TlsReportView {
        site: trust.site.clone(),
        state: promise.map_or(State::NotPromised, |promise| promise.state),
        scan: kept.map(|kept| TlsScanView {
            at: kept.report.at,
            vantage: kept.report.vantage,
            guide: kept.report.guide.clone(),
            least: kept.report.least,
            drill: drill(kept),
            sites: kept
                .report
                .sites
                .iter()
                .map(|it| site(&kept.report, it))
                .collect(),
            left_out: kept.report.left_out,
        }),
    }
}

fn drill(kept: &Published) -> String {
    format!("{}-{}", PromiseId::TlsReport, kept.run)
}

/// The same for programs:
///
/// ```json
/// {
///   "version": 1,
///   "site": "app.example.com",
///   "state": "green",           green, amber or red: as on the trust page
///   "scanned_at": "…",          null, as the rest, before the first scan
///   "vantage": "same-host", "guide": "2009r", "least": "A", "left_out": 0,
///   "evidence": "/-/security/evidence/…",
///   "sites": [ … ]              promises::tls_report::report::SiteReport
/// }
/// ```
pub(crate) fn json(prefix: &str, view: &TlsReportView, kept: Option<&Published>) -> String {
    let mut document = json!({
        "version": 1,
        "site": view.site,
        "state": view.state.word(),
        "scanned_at": null,
        "vantage": null,
        "guide": null,
        "least": null,
        "left_out": 0,
        "evidence": null,
        "sites": [],
    });
    if let Some(kept) = kept {
        let report = &kept.report;
        let mut sites = serde_json::to_value(&report.sites).unwrap_or_default();
        date(&mut sites);
        document["scanned_at"] = written(report.at).into();
        document["vantage"] = report.vantage.word().into();
        document["guide"] = report.guide.as_str().into();
        document["least"] = report.least.word().into();
        document["left_out"] = report.left_out.into();
        document["evidence"] = format!("{prefix}security/evidence/{}", drill(kept)).into();
        document["sites"] = sites;
    }
    document.to_string()
}

/// RFC 3339 to the second, as on pages.
fn written(at: Micros) -> String {
    let text = at.to_string();
    format!("{}Z", text.split('.').next().unwrap_or_default())
}

/// Writes moments as everybody's parser takes them.
fn date(value: &mut Value) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(date),
        Value::Object(members) => {
            for (name, value) in members {
                match value.as_i64() {
                    Some(micros) if name.starts_with("not_") => {
                        *value = written(Micros(micros)).into();
                    }
                    _ => date(value),
                }
            }
        }
        _ => {}
    }
}

/// The page's own word for this one. A test holds the lists together.
fn word(known: &[&'static str], word: &str) -> Option<&'static str> {
    known.iter().copied().find(|known| *known == word)
}

const fn seen(seen: Seen) -> TlsSeen {
    match seen {
        Seen::Yes => TlsSeen::Yes,
        Seen::No => TlsSeen::No,
        Seen::Unknown => TlsSeen::Unknown,
    }
}

fn site(report: &TlsReport, site: &SiteReport) -> TlsSiteView {
    let scores = site.scores;
    TlsSiteView {
        host: site.host.clone(),
        grade: site.grade,
        kept: site.grade <= report.least,
        scores: [
            scores.protocol,
            scores.key_exchange,
            scores.cipher,
            scores.total,
        ],
        rules: site
            .rules
            .iter()
            .filter_map(|rule| word(TLS_RULES, rule.word()))
            .collect(),
        unexamined: site
            .unexamined
            .iter()
            .filter_map(|what| word(TLS_UNEXAMINED, what.word()))
            .collect(),
        complete: site.gaps.is_empty(),
        versions: site
            .versions
            .iter()
            .map(|it| (it.version.clone(), seen(it.spoken)))
            .collect(),
        suites: site
            .suites
            .iter()
            .map(|it| TlsSuiteView {
                version: it.version.clone(),
                name: it.suite.clone(),
                exchange: it.exchange.clone(),
                bits: it.bits,
                modern: it.forward_secrecy && it.aead,
            })
            .collect(),
        groups: site
            .groups
            .iter()
            .map(|of| (of.version.clone(), of.groups.clone()))
            .collect(),
        chains: site.chains.iter().map(chain).collect(),
        own_roots: site.roots == Roots::Own,
        hsts: match site.hsts {
            Hsts::Yes {
                max_age_s,
                subdomains,
                ..
            } => HstsView::Told {
                days: i64::try_from(max_age_s / DAY_S).unwrap_or(i64::MAX),
                subdomains,
                preload_ready: site.preload_ready,
            },
            Hsts::No => HstsView::Nothing,
            Hsts::Unknown => HstsView::Unknown,
        },
        stapled: seen(site.ocsp_stapling),
        resumed12: seen(site.resumption_tls12),
        resumed13: seen(site.resumption_tls13),
        renegotiation: seen(site.secure_renegotiation),
        compression: seen(site.compression),
    }
}

fn chain(chain: &ChainReport) -> TlsChainView {
    let own = &chain.own;
    let problem = |problem| {
        let written = serde_json::to_value(problem).ok()?;
        word(TLS_PROBLEMS, written.as_str()?)
    };
    TlsChainView {
        subject: own.subject.clone(),
        issuer: own.issuer.clone(),
        names: own.names.clone(),
        not_before: own.not_before,
        not_after: own.not_after,
        key: if own.key.starts_with("RSA") {
            format!("{} {}", own.key, own.key_bits)
        } else {
            own.key.clone()
        },
        signature: own.signature.clone(),
        sent: chain.sent,
        problems: chain.problems.iter().filter_map(problem).collect(),
    }
}

#[cfg(test)]
mod tests;
