//! Promise `xss`: what is put into a page of ours comes back as text, never as markup; and
//! what becomes of markup that an application's page brings back.
//!
//! Own pages are attacked. The applications' are not: which of their pages shows what it is
//! asked isn't known from outside, so of them only the configuration is told.

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
    id: PromiseId::Xss,
    parts,
    drill: drill::drill,
};

pub(crate) const OWN: &str = "own-pages";

fn parts(reading: &Reading) -> Vec<Part> {
    if target::is_foreign(reading) {
        return Vec::new();
    }
    let number = |number: u32| Arg::Number(i64::from(number));
    let mut parts = vec![if reading.portal().is_some() {
        let clause = Clause::new("xss-own")
            .with("pages", number(0))
            .with("fields", number(0));
        Part {
            measured: &[("pages", "pages"), ("fields", "fields")],
            ..Part::core(OWN, clause)
        }
    } else {
        Part::core(OWN, Clause::new("xss-own-addresses"))
    }];
    let routes = &reading.xss;
    for (name, clause, count) in [
        ("enforced", "xss-enforced", routes.enforced()),
        ("observed", "xss-observed", routes.observe),
        ("unseen", "xss-unseen", routes.off),
    ] {
        if count > 0 {
            let clause = Clause::new(clause)
                .with("routes", number(count))
                .with("all", number(routes.routes()));
            parts.push(Part::stated(name, clause));
        }
    }
    parts
}
