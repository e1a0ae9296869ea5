//! Promise `password`: strong passwords, kept only as bcrypt hashes with a salt of their
//! own.
//!
//! Where there is no portal nobody chooses a password, and nothing is promised.

mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::entry::{Entry, Part};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Password,
    parts,
    drill: drill::drill,
};

pub(crate) const STORED: &str = "stored";
pub(crate) const LENGTH: &str = "length";
pub(crate) const BREACHED: &str = "breached";

/// Under this cost a hash is guessed too fast, wherever it comes from (OWASP Password
/// Storage Cheat Sheet).
pub(crate) const LEAST_COST: u8 = 10;

fn parts(reading: &Reading) -> Vec<Part> {
    if reading.portal().is_none() {
        return Vec::new();
    }
    let part = |name, clause, measured| Part {
        name,
        clause,
        measured,
        core: true,
        drilled: true,
        vantage: Vantage::Inside,
    };
    let list = if reading.password.breached_file {
        "file"
    } else {
        "commonest"
    };
    let none = Arg::Number(0);
    vec![
        part(
            STORED,
            Clause::new("password-stored")
                .with("cost", none.clone())
                .with("any", none.clone())
                .with("weaker", none),
            &[("cost", "cost"), ("any", "any"), ("weaker", "weaker")],
        ),
        part(
            LENGTH,
            Clause::new("password-length")
                .with("length", Arg::Number(i64::from(reading.password.length))),
            &[],
        ),
        part(
            BREACHED,
            Clause::new("password-not-breached").with("list", Arg::Word(list)),
            &[],
        ),
    ]
}
