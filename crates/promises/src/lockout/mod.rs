//! Promise `lockout`: repeated wrong passwords lock an account for a while, and a
//! stranger can't lock its owner out.
//!
//! Where there is no portal nobody signs in, and nothing is promised.

mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::entry::{Entry, Part};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Lockout,
    parts,
    drill: drill::drill,
};

pub(crate) const LOCKED: &str = "locked";
pub(crate) const DEVICES: &str = "devices";
pub(crate) const OPENS: &str = "opens";

fn parts(reading: &Reading) -> Vec<Part> {
    if reading.portal().is_none() {
        return Vec::new();
    }
    let part = |name, clause, measured, vantage| Part {
        name,
        clause,
        measured,
        core: true,
        drilled: true,
        vantage,
    };
    // Rounded down: so long at least.
    let minutes = i64::try_from(reading.lockout.window_s / 60).unwrap_or(i64::MAX);
    vec![
        part(
            LOCKED,
            Clause::new("lockout-locked")
                .with("guesses", Arg::Number(i64::from(reading.lockout.guesses)))
                .with("minutes", Arg::Number(minutes)),
            &[],
            Vantage::SameHost,
        ),
        part(
            DEVICES,
            Clause::new("lockout-devices"),
            &[],
            Vantage::SameHost,
        ),
        part(
            OPENS,
            Clause::new("lockout-opens").with("minutes", Arg::Number(0)),
            &[("minutes", "minutes")],
            Vantage::Inside,
        ),
    ]
}
