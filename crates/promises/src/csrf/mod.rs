//! Promise `csrf`: requests that would change something come from our own domains, and
//! important actions bear a token besides.

mod actions;
mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Csrf,
    parts,
    drill: drill::drill,
};

pub(crate) const ORIGINS: &str = "origins";
pub(crate) const TOKENS: &str = "tokens";
pub(crate) const ACTIONS: &str = "actions";

fn parts(reading: &Reading) -> Vec<Part> {
    if target::is_foreign(reading) {
        return Vec::new();
    }
    let csrf = &reading.csrf;
    if csrf.observe {
        return vec![Part::stated("observed", Clause::new("csrf-observed"))];
    }
    let mut parts = vec![Part::core(ORIGINS, Clause::new("csrf-origins"))];
    if reading.portal().is_some() {
        parts.push(Part::core(TOKENS, Clause::new("csrf-tokens")));
        if !csrf.actions.is_empty() {
            parts.push(Part::core(ACTIONS, Clause::new("csrf-actions")));
        }
    }
    let counted = |clause: &'static str, count: u64| {
        let count = Arg::Number(i64::try_from(count).unwrap_or(i64::MAX));
        Clause::new(clause).with("count", count)
    };
    if csrf.important > 0 {
        parts.push(Part::stated(
            "important",
            counted("csrf-important", csrf.important),
        ));
    }
    if csrf.origins > 0 {
        parts.push(Part::stated("listed", counted("csrf-listed", csrf.origins)));
    }
    if csrf.exceptions > 0 {
        let exceptions = counted("csrf-exceptions", csrf.exceptions);
        parts.push(Part::stated("exceptions", exceptions));
    }
    parts
}
