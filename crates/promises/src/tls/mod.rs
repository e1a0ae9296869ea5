//! Promise `tls`: everything between visitors and this site travels encrypted, by
//! TLS 1.2 and 1.3 only (RFC 8996, 9325); and what is known of the way from the
//! gateway to the application.
//!
//! Says nothing of which ciphers are the best: that is the promise `tls-report`.

mod certificate;
mod drill;
mod plain;
mod ports;
#[cfg(test)]
mod tests;
mod validity;
mod versions;

use config::{Reading, Way};
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Tls,
    parts,
    drill: drill::drill,
};

pub(crate) const VERSIONS: &str = "versions";
pub(crate) const NO_PLAINTEXT: &str = "no-plaintext";
pub(crate) const REDIRECT: &str = "redirect";
pub(crate) const PORTS: &str = "ports";
pub(crate) const CERTIFICATE: &str = "certificate";

fn parts(reading: &Reading) -> Vec<Part> {
    // Of a foreign site any visitor may see the certificate and port 80; whether it
    // speaks old versions only where it consents to being asked.
    let foreign = target::is_foreign(reading);
    let part = |name, clause, core, vantage| Part {
        name,
        clause,
        measured: &[],
        core,
        drilled: true,
        vantage,
    };
    let here = Vantage::SameHost;
    let none = Arg::Number(0);
    let versions = Clause::new("tls-versions").with("refused", none.clone());
    let ports = Clause::new("tls-ports")
        .with("ports", none.clone())
        .with("open", none.clone())
        .with("vantage", Arg::Word(Vantage::Outside.word()));
    let certificate = Clause::new("tls-certificate").with("days", none);
    let mut parts = vec![
        Part {
            measured: &[("refused", "refused")],
            ..part(VERSIONS, versions, !foreign, here)
        },
        part(
            NO_PLAINTEXT,
            Clause::new("tls-no-plaintext"),
            !foreign,
            here,
        ),
        part(
            REDIRECT,
            Clause::new("tls-redirect"),
            foreign,
            Vantage::Outside,
        ),
        Part {
            measured: &[("ports", "ports"), ("open", "open")],
            ..part(PORTS, ports, false, Vantage::Outside)
        },
        Part {
            measured: &[("days", "days")],
            ..part(CERTIFICATE, certificate, foreign, here)
        },
    ];
    if let Some(key) = way_to_applications(reading) {
        parts.push(Part::stated("upstream", Clause::new(key)));
    }
    parts
}

/// What can be said of *all* ways to applications: the worst. Of encrypted ones beside
/// local ones neither sentence is true of all, so neither is said.
fn way_to_applications(reading: &Reading) -> Option<&'static str> {
    let ways: Vec<Way> = reading
        .sites
        .iter()
        .flat_map(|site| site.ways.iter().copied())
        .collect();
    let all = |fits: fn(&Way) -> bool| !ways.is_empty() && ways.iter().all(fits);
    if ways.contains(&Way::PlaintextAccepted) {
        Some("tls-upstream-plaintext")
    } else if ways.contains(&Way::Private) {
        Some("tls-upstream-private")
    } else if all(|way| *way == Way::Tls) {
        Some("tls-upstream-encrypted")
    } else if all(|way| matches!(way, Way::Unix | Way::Loopback)) {
        Some("tls-upstream-local")
    } else {
        None
    }
}
