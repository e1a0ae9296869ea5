//! Old versions are offered one by one, for every site; the twins TLS 1.2 and 1.3 must
//! be taken.

use visitor::{
    hello::Version,
    scan::{Finding as Seen, TlsReport, tls_scan},
};

use super::VERSIONS;
use crate::{
    approach::{Approach, STEP, silence},
    entry::{Finding, Step},
    ground::Ground,
};

/// A site's scan, or why there is none.
pub(super) type Scan = (String, Result<TlsReport, &'static str>);

pub(super) async fn scan(ground: &Ground, approach: &Approach<'_>) -> Vec<Scan> {
    let mut scans = Vec::new();
    for host in &approach.sites {
        let scan = match approach.url(host, "/") {
            Err(_) => Err("unusable-name"),
            Ok(url) => {
                let entrance = approach.entrance();
                tls_scan(&approach.visitor, &ground.rng, &url, &entrance, STEP)
                    .await
                    .map_err(|error| silence(&error))
            }
        };
        scans.push(((*host).to_owned(), scan));
    }
    scans
}

pub(super) fn judge(scans: &[Scan]) -> Finding {
    let (mut steps, mut untried) = (Vec::new(), None);
    for (host, scan) in scans {
        let report = match scan {
            Ok(report) => report,
            Err(why) => {
                untried = Some(*why);
                continue;
            }
        };
        for found in &report.versions {
            let twin = found.version >= Version::Tls12;
            let (good, what) = match &found.finding {
                Seen::Accepted { cipher } => (twin, format!("accepted, {cipher}")),
                Seen::Refused { how } => (!twin, format!("refused, {how}")),
                Seen::Unknown { why } => {
                    untried = Some("unclear-answer");
                    (true, why.clone())
                }
            };
            let name = match found.version {
                Version::Ssl2 => "hello-ssl-2",
                Version::Ssl3 => "hello-ssl-3.0",
                Version::Tls10 => "hello-tls-1.0",
                Version::Tls11 => "hello-tls-1.1",
                Version::Tls12 => "hello-tls-1.2",
                Version::Tls13 => "hello-tls-1.3",
            };
            let step = Step::new(name, good).saw("site", host).saw("answer", what);
            steps.push(if twin { step.twin() } else { step });
        }
    }
    let refused_by_all = |version: &&Version| {
        scans.iter().all(|(_, scan)| {
            let found = scan
                .as_ref()
                .ok()
                .and_then(|report| report.version(**version));
            matches!(found, Some(Seen::Refused { .. }))
        })
    };
    let old = Version::ALL
        .iter()
        .filter(|version| **version < Version::Tls12);
    let refused = if scans.is_empty() {
        0
    } else {
        old.filter(refused_by_all).count()
    };
    let finding = Finding::by_steps(VERSIONS, steps)
        .figure("refused", i64::try_from(refused).unwrap_or(i64::MAX));
    match untried {
        Some(why) => finding.short_of(why),
        None => finding,
    }
}
