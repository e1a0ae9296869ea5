//! Promise `hsts`: every answer tells browsers to use HTTPS only (RFC 6797).
//!
//! Says nothing of a browser's very first visit: that takes the preload lists built
//! into browsers, which can't be read from here.

mod browser;
mod drill;
pub(crate) mod header;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::entry::{Entry, Part};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Hsts,
    parts,
    drill: drill::drill,
};

pub(crate) const EVERY_ANSWER: &str = "every-answer";
pub(crate) const SUBDOMAINS: &str = "subdomains";
pub(crate) const BROWSER: &str = "browser";

const DAY_S: u64 = 86_400;

fn parts(reading: &Reading) -> Vec<Part> {
    let part = |name, key, core, drilled| Part {
        name,
        clause: Clause::new(key),
        measured: &[],
        core,
        drilled,
        vantage: if drilled {
            Vantage::SameHost
        } else {
            Vantage::Inside
        },
    };
    let hsts = &reading.hsts;
    if hsts.max_age_s == 0 {
        return vec![part("off", "hsts-off", false, false)];
    }
    let number = |value: u64| Arg::Number(i64::try_from(value).unwrap_or(i64::MAX));
    let mut every = part(EVERY_ANSWER, "hsts-every-answer", true, true);
    every.clause = if hsts.max_age_s < DAY_S {
        Clause::new("hsts-every-answer-short").with("seconds", number(hsts.max_age_s))
    } else {
        // Days begun don't count: the sentence never says more than is sent.
        every.clause.with("days", number(hsts.max_age_s / DAY_S))
    };
    let mut parts = vec![every];
    if hsts.include_subdomains {
        parts.push(part(SUBDOMAINS, "hsts-subdomains", false, true));
    }
    parts.push(part(BROWSER, "hsts-browser", false, true));
    parts.push(part("first-visit", "hsts-first-visit-open", false, false));
    parts
}
