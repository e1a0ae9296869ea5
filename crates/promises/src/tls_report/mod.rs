//! Promise `tls-report`: a public report of how each site encrypts, from our own scan,
//! graded by the public SSL Labs guide and dated.
//!
//! The grade never says more than was examined: what wasn't stands in the report.

mod drill;
pub mod grade;
mod published;
pub mod report;
mod scan;
#[cfg(test)]
mod tests;

pub(crate) use published::NOT_YET;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

use crate::{
    entry::{Entry, Part},
    target,
};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::TlsReport,
    parts,
    drill: drill::drill,
};

/// The part whose evidence is the report.
pub const GRADED: &str = "graded";
/// The part that what was found is published.
pub const PUBLISHED: &str = "published";

fn parts(reading: &Reading) -> Vec<Part> {
    let part = |name, clause, drilled| Part {
        name,
        clause,
        measured: &[],
        core: drilled,
        drilled,
        vantage: if drilled {
            Vantage::SameHost
        } else {
            Vantage::Inside
        },
    };
    let none = Arg::Number(0);
    let graded = Clause::new("tls-report-graded")
        .with("grade", none.clone())
        .with("sites", none.clone())
        .with("own", none);
    let mut parts = vec![Part {
        measured: &[("grade", "grade"), ("sites", "sites"), ("own", "own")],
        ..part(GRADED, graded, true)
    }];
    if !target::is_foreign(reading) {
        parts.push(part(PUBLISHED, Clause::new("tls-report-published"), true));
    }
    parts.push(part("limits", Clause::new("tls-report-limits"), false));
    parts
}
