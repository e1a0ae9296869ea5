//! What each promise means, says, and how it is attacked.
//!
//! A folder per promise: `mod.rs` has its entry (clauses and their conditions),
//! `drill.rs` the attack. Drills meet what they attack over sockets only, through
//! `visitor`; evidence that only control can gather is asked for by [`ground::Ground`]
//! and judged here, by pure functions.
//!
//! - [`PROMISES`]: the entries that have landed, in the order of the trust page. The
//!   others stand there as "not promised".
//! - [`run`]: one run of one promise's drill.
//! - [`target`]: what any visitor may check of a site without its configuration.
//! - [`state::state`]: what may be said of a promise, from its newest runs.

pub mod admin;
mod approach;
pub mod block;
mod browser;
mod census;
pub mod csp;
pub mod csrf;
pub mod entry;
pub mod ground;
pub mod hsts;
pub mod lockout;
pub mod password;
mod portal;
pub mod state;
pub mod target;
pub mod team;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod threshold;
pub mod throttle;
pub mod tls;
pub mod tls_report;
pub mod track;
pub mod two_factor;
pub mod xss;

use terms::{PromiseId, Verdict};

pub use entry::{Entry, Finding, Part, Report, Step};
pub use ground::{Ground, Order};

/// The promises that have landed, in the order of [`PromiseId::ALL`].
pub const PROMISES: &[Entry] = &[
    tls::ENTRY,
    hsts::ENTRY,
    tls_report::ENTRY,
    password::ENTRY,
    lockout::ENTRY,
    two_factor::ENTRY,
    block::ENTRY,
    throttle::ENTRY,
    track::ENTRY,
    xss::ENTRY,
    csrf::ENTRY,
    csp::ENTRY,
    team::ENTRY,
    admin::ENTRY,
];

/// The entry of a promise, if it has landed.
pub fn entry(id: PromiseId) -> Option<&'static Entry> {
    PROMISES.iter().find(|entry| entry.id == id)
}

/// Runs one promise's drill: a finding for every clause, also for those it couldn't try.
pub async fn run(entry: &Entry, ground: &Ground) -> Report {
    let at = ground.clock.now();
    let mut findings = (entry.drill)(ground).await;
    let parts = (entry.parts)(&ground.order.reading);
    for part in &parts {
        if part.vantage > ground.order.vantage {
            // A drill that looks from too near proves nothing, whatever it saw.
            findings.retain(|found| found.part != part.name || found.verdict == Verdict::Fail);
            if !findings.iter().any(|found| found.part == part.name) {
                findings.push(Finding::inconclusive(part.name, "vantage-too-near"));
            }
        } else if part.drilled && !findings.iter().any(|found| found.part == part.name) {
            findings.push(Finding::inconclusive(part.name, "not-tried"));
        }
    }
    findings.retain(|found| parts.iter().any(|part| part.name == found.part));
    Report {
        promise: entry.id,
        at,
        vantage: ground.order.vantage,
        findings,
    }
}
