//! Promise `two-factor`: users can switch on a second step at sign-in, with an
//! authenticator app.
//!
//! Where there is no portal nobody signs in, and nothing is promised.

mod drill;
#[cfg(test)]
mod tests;
mod totp;

use config::Reading;
use terms::{Clause, PromiseId};

use crate::entry::{Entry, Part};

pub(crate) use self::{drill::switch_on, totp::App};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::TwoFactor,
    parts,
    drill: drill::drill,
};

pub(crate) const SWITCH: &str = "switch";
pub(crate) const ASKED: &str = "asked";
pub(crate) const ONCE: &str = "once";

fn parts(reading: &Reading) -> Vec<Part> {
    if reading.portal().is_none() {
        return Vec::new();
    }
    let part = |name, clause| Part::core(name, Clause::new(clause));
    vec![
        part(SWITCH, "two-factor-switch"),
        part(ASKED, "two-factor-asked"),
        part(ONCE, "two-factor-once"),
    ]
}
