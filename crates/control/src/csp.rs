//! What browsers report of the sites' policies, counted in memory.
//!
//! Anybody can send a report, so nothing here grows by one beyond its limits: a report is
//! read into a short key ([`guards::csp::Violation`]), of which each site has at most
//! [`KEYS_MAX`] and all have [`ALL_KEYS_MAX`]; what comes on top is counted as such. No
//! address of a page or visitor is kept. The counts begin anew with the process: whoever
//! tries a policy out looks at what comes in, and takes it into the configuration or not.
// promise: csp

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::digest;
use guards::csp::{Fields, Ignored, Violation};
use serde::Deserialize;
use serde_json::Value;
use terms::Micros;

/// Longest body of reports, in bytes. Browsers send a few KiB.
pub(crate) const BODY_MAX: usize = 64 * 1024;
/// Reports that are looked at in one body (the Reporting API sends several at once).
const BATCH_MAX: usize = 32;
/// Different violations of one site.
pub(crate) const KEYS_MAX: usize = 200;
/// Different violations of all sites: some 500 bytes each.
pub(crate) const ALL_KEYS_MAX: usize = 10_000;

/// What became of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is counted.
    Counted,
    /// Of a visitor's extension.
    Extension,
    /// Nothing that can be counted.
    Unreadable,
    /// The site has too many different ones already.
    Full,
}

impl Taken {
    pub(crate) const ALL: [(Self, &'static str); 4] = [
        (Self::Counted, "counted"),
        (Self::Extension, "extension"),
        (Self::Unreadable, "unreadable"),
        (Self::Full, "full"),
    ];
}

/// How often one thing was reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) violation: Violation,
    pub(crate) count: u64,
    pub(crate) first: Micros,
    pub(crate) last: Micros,
}

#[derive(Debug, Clone, Copy)]
struct Tally {
    count: u64,
    first: Micros,
    last: Micros,
}

/// The reports of all sites.
#[derive(Debug, Default)]
pub(crate) struct Reports {
    /// By the site's name. Locked for the time of one look-up.
    sites: Mutex<HashMap<String, HashMap<Violation, Tally>>>,
    /// In the order of [`Taken::ALL`].
    taken: [AtomicU64; Taken::ALL.len()],
}

impl Reports {
    /// Takes the reports in a body of one of the two types that browsers send; `None` where
    /// it is none. `site` is the name of a site whose policy is sent.
    pub(crate) fn take(&self, site: &str, kind: Kind, body: &[u8], now: Micros) -> Option<()> {
        let bodies = match kind {
            Kind::Legacy => vec![serde_json::from_slice::<Wrapped>(body).ok()?.report],
            Kind::Reporting => serde_json::from_slice::<Vec<Envelope>>(body)
                .ok()?
                .into_iter()
                .filter(|envelope| envelope.kind == "csp-violation")
                .take(BATCH_MAX)
                .map(|envelope| envelope.body)
                .collect(),
        };
        for body in bodies {
            let taken = self.take_one(site, &body, now);
            let counters = Taken::ALL.iter().zip(&self.taken);
            for (_, counter) in counters.filter(|((known, _), _)| *known == taken) {
                counter.fetch_add(1, Ordering::Relaxed);
            }
        }
        Some(())
    }

    fn take_one(&self, site: &str, body: &Body, now: Micros) -> Taken {
        let fields = Fields {
            directive: &body.directive,
            blocked: &body.blocked,
            document: &body.document,
            source_file: &body.source_file,
            sample: &body.sample,
        };
        let violation = match Violation::read(&fields, sha256) {
            Ok(violation) => violation,
            Err(Ignored::Extension) => return Taken::Extension,
            Err(_) => return Taken::Unreadable,
        };
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let all: usize = sites.values().map(HashMap::len).sum();
        let of_site = sites.entry(site.to_owned()).or_default();
        if let Some(tally) = of_site.get_mut(&violation) {
            tally.count = tally.count.saturating_add(1);
            tally.last = now;
            return Taken::Counted;
        }
        if of_site.len() >= KEYS_MAX || all >= ALL_KEYS_MAX {
            return Taken::Full;
        }
        let tally = Tally {
            count: 1,
            first: now,
            last: now,
        };
        of_site.insert(violation, tally);
        Taken::Counted
    }

    /// What was reported of a site, the most frequent first.
    pub(crate) fn of(&self, site: &str) -> Vec<Line> {
        let sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = sites.get(site).into_iter().flatten();
        let mut lines: Vec<_> = lines
            .map(|(violation, tally)| Line {
                violation: violation.clone(),
                count: tally.count,
                first: tally.first,
                last: tally.last,
            })
            .collect();
        lines.sort_by_cached_key(|line| {
            let name = (line.violation.directive, line.violation.what());
            (std::cmp::Reverse(line.count), name)
        });
        lines
    }

    /// Begins anew for a site; gives how many different ones there were.
    pub(crate) fn forget(&self, site: &str) -> usize {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        sites.remove(site).map_or(0, |of_site| of_site.len())
    }

    /// How many reports there were, by what became of them.
    pub(crate) fn counts(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let words = Taken::ALL.iter().map(|(_, word)| *word);
        let counts = self.taken.iter();
        words.zip(counts.map(|counter| counter.load(Ordering::Relaxed)))
    }
}

fn sha256(text: &[u8]) -> [u8; 32] {
    let made = digest::digest(&digest::SHA256, text);
    // 32 bytes, by its definition.
    made.as_ref().try_into().unwrap_or_default()
}

/// How a body is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// `application/csp-report` (CSP level 3, section 5.3): `report-uri`.
    Legacy,
    /// `application/reports+json` (Reporting API): `report-to`.
    Reporting,
}

impl Kind {
    /// By its `Content-Type`.
    pub(crate) fn of(content_type: &str) -> Option<Self> {
        let essence = content_type.split(';').next().unwrap_or_default().trim();
        let is = |known: &str| essence.eq_ignore_ascii_case(known);
        if is("application/csp-report") {
            Some(Self::Legacy)
        } else if is("application/reports+json") {
            Some(Self::Reporting)
        } else {
            None
        }
    }
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "csp-report")]
    report: Body,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(rename = "type", default)]
    kind: String,
    #[serde(default)]
    body: Body,
}

/// The fields that count, as either kind names them.
#[derive(Default)]
struct Body {
    directive: String,
    blocked: String,
    document: String,
    source_file: String,
    sample: String,
}

impl<'de> Deserialize<'de> for Body {
    /// By hand: one report may name its directive twice, under an old name and a new one,
    /// and browsers write `null` where they know nothing.
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let fields = HashMap::<String, Value>::deserialize(from)?;
        let text = |names: &[&str]| {
            let found = names.iter().find_map(|name| fields.get(*name)?.as_str());
            found.unwrap_or_default().to_owned()
        };
        Ok(Self {
            directive: text(&[
                "effectiveDirective",
                "effective-directive",
                "violated-directive",
            ]),
            blocked: text(&["blockedURL", "blocked-uri"]),
            document: text(&["documentURL", "document-uri"]),
            source_file: text(&["sourceFile", "source-file"]),
            sample: text(&["sample", "script-sample"]),
        })
    }
}

#[cfg(test)]
mod tests;
