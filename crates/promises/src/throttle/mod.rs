//! Promise `throttle`: whoever sends too many requests has to wait, and nobody else.
//!
//! Two classes are drilled, each on its own: pages, on every site, and attempts to get in,
//! at the portal.

mod drill;
#[cfg(test)]
mod tests;

use config::{PaceReading, Reading};
use terms::{Arg, Clause, PromiseId};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Throttle,
    parts,
    drill: drill::drill,
};

pub(crate) const PAGES: &str = "pages";
pub(crate) const SIGN_IN: &str = "sign-in";

fn parts(reading: &Reading) -> Vec<Part> {
    if target::is_foreign(reading) {
        return Vec::new();
    }
    let throttle = &reading.throttle;
    if throttle.observe {
        return vec![Part::stated("observed", Clause::new("throttle-observed"))];
    }
    let drilled = |name, clause, pace: &PaceReading| {
        let number = |number| Arg::Number(i64::try_from(number).unwrap_or(i64::MAX));
        let clause = Clause::new(clause)
            .with("burst", number(u64::from(pace.burst)))
            .with("rate", number(a_minute(pace)));
        Part::core(name, clause)
    };
    let mut parts = vec![drilled(PAGES, "throttle-pages", &throttle.pages)];
    if reading.portal().is_some() {
        parts.push(drilled(SIGN_IN, "throttle-sign-in", &throttle.sign_in));
    }
    parts
}

/// Whole requests in a minute at the rate.
fn a_minute(pace: &PaceReading) -> u64 {
    60_000_000 / pace.interval_us.max(1)
}
