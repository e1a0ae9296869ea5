//! Promise `csp`: a header says which assets a page may load and run (Content Security
//! Policy Level 3).
//!
//! Our own pages have a strict policy. Those of applications have one where the owner wants
//! it; one that is only reported on promises nothing, and the sentence says so.

mod browser;
mod drill;
pub(crate) mod policy;
#[cfg(test)]
mod tests;

use config::{CspReading, Reading};
use terms::{Arg, Clause, PromiseId};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Csp,
    parts,
    drill: drill::drill,
};

pub(crate) const OWN_PAGES: &str = "own-pages";
pub(crate) const APPLICATIONS: &str = "applications";
pub(crate) const BROWSER: &str = "browser";

fn parts(reading: &Reading) -> Vec<Part> {
    if target::is_foreign(reading) {
        return Vec::new();
    }
    let count = |key: &'static str, sites: usize| {
        let number = i64::try_from(sites).unwrap_or(i64::MAX);
        Clause::new(key).with("sites", Arg::Number(number))
    };
    let mut parts = vec![Part::core(OWN_PAGES, Clause::new("csp-own-pages"))];
    let enforced = enforced(reading).count();
    if enforced > 0 {
        // What lets injected scripts through isn't said to stop them.
        let key = if self::enforced(reading).all(|site| site.strict) {
            "csp-applications"
        } else {
            "csp-applications-weak"
        };
        parts.push(Part::core(APPLICATIONS, count(key, enforced)));
    }
    parts.push(Part {
        core: false,
        ..Part::core(BROWSER, Clause::new("csp-browser"))
    });
    let reported = reading.csp.len() - enforced;
    if reported > 0 {
        parts.push(Part::stated("reported", count("csp-report-only", reported)));
    }
    let applications = reading.sites.iter().filter(|site| !site.portal).count();
    let open = applications.saturating_sub(reading.csp.len());
    if open > 0 {
        parts.push(Part::stated("open", count("csp-applications-open", open)));
    }
    parts
}

/// The sites whose applications have a policy that browsers hold to.
pub(crate) fn enforced(reading: &Reading) -> impl Iterator<Item = &CspReading> {
    reading.csp.iter().filter(|site| site.enforced)
}
