//! What the answers of applications have shown: one row for each thing, in memory, since the
//! start of this process.
//!
//! Each kind of thing has a table of its own, with room for so many rows, of which no part
//! takes more than its share: whoever floods it fills that.

use std::{collections::HashMap, hash::Hash, sync::Arc};

use seam::findings::{Findings, Found};
use terms::{Micros, RequestId};

use crate::{weaknesses::Weaknesses, xss::Reflections};

/// How often something was seen, and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Row<L> {
    pub(crate) first: Micros,
    pub(crate) last: Micros,
    pub(crate) count: u64,
    /// The last request.
    pub(crate) id: RequestId,
    /// What else is known of it.
    pub(crate) lately: L,
}

/// Rows of things that were seen.
#[derive(Debug)]
pub(crate) struct Seen<W, L> {
    rows: HashMap<W, Row<L>>,
    /// What was seen without a row for it.
    beyond: u64,
}

impl<W, L> Default for Seen<W, L> {
    fn default() -> Self {
        Self {
            rows: HashMap::new(),
            beyond: 0,
        }
    }
}

impl<W: Clone + Eq + Hash + Ord, L: Clone> Seen<W, L> {
    /// Counts what was seen just now, as often as `row` says; whether it got a new row.
    /// There are at most `most` of them, and of those that are `alike` at most `share`.
    pub(crate) fn add(
        &mut self,
        what: &W,
        row: Row<L>,
        (most, share): (usize, usize),
        alike: impl Fn(&W, &W) -> bool,
    ) -> bool {
        if let Some(known) = self.rows.get_mut(what) {
            known.count = known.count.saturating_add(row.count);
            known.last = known.last.max(row.last);
            (known.id, known.lately) = (row.id, row.lately);
            return false;
        }
        let of_share = self.rows.keys().filter(|known| alike(known, what)).count();
        if self.rows.len() >= most || of_share >= share {
            self.beyond = self.beyond.saturating_add(row.count);
            return false;
        }
        self.rows.insert(what.clone(), row);
        true
    }

    /// All rows, what was seen last first, and how often something was seen without one.
    pub(crate) fn rows(&self) -> (Vec<(W, Row<L>)>, u64) {
        let rows = self.rows.iter();
        let mut rows: Vec<_> = rows
            .map(|(what, row)| (what.clone(), row.clone()))
            .collect();
        rows.sort_by(|one, other| other.1.last.cmp(&one.1.last).then(one.0.cmp(&other.0)));
        (rows, self.beyond)
    }
}

/// A site's route, for people.
pub(crate) fn page(site: &str, route: &str) -> String {
    format!("{site} {}", if route.is_empty() { "/" } else { route })
}

/// Takes what the edge finds, until it ends.
pub(crate) async fn take(
    reflections: Arc<Reflections>,
    weaknesses: Arc<Weaknesses>,
    mut findings: Findings,
) {
    while let Some(found) = findings.recv().await {
        match found {
            Found::Markup(finding) => reflections.add(finding),
            Found::Weakness(shown) => weaknesses.add(shown),
        }
    }
}
