//! Promise `block`: requests from listed and unknown addresses are refused.
//!
//! What is drilled is that an address which control puts on the list is refused and its
//! neighbour isn't. That whoever ought to be on a list is on it can't be drilled.

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
    id: PromiseId::Block,
    parts,
    drill: drill::drill,
};

pub(crate) const LISTED: &str = "listed";

fn parts(reading: &Reading) -> Vec<Part> {
    if target::is_foreign(reading) {
        return Vec::new();
    }
    let stated = |name, clause| Part::stated(name, Clause::new(clause));
    let block = &reading.block;
    if block.observe {
        return vec![stated("observed", "block-observed")];
    }
    let entries = i64::try_from(block.entries).unwrap_or(i64::MAX);
    let listed = Clause::new("block-listed").with("entries", Arg::Number(entries));
    let mut parts = vec![Part::core(LISTED, listed)];
    if block.unknown {
        parts.push(stated("unknown", "block-unknown"));
    }
    if block.bans {
        parts.push(stated("bans", "block-bans"));
    }
    if block.feeds == 0 {
        parts.push(stated("reputation", "block-no-reputation"));
    } else {
        let feeds = i64::try_from(block.feeds).unwrap_or(i64::MAX);
        let feeds = Clause::new("block-feeds").with("feeds", Arg::Number(feeds));
        parts.push(Part::stated("reputation", feeds));
    }
    parts
}
