//! The census of stored hashes: what they are, without saying whose or which.
//!
//! The promise `password` is judged by these numbers; no hash leaves this file.

use std::collections::HashSet;

use bcrypt_lanes::Salt;

use crate::password::Stored;

/// Hashes that are counted at most: their salts are kept meanwhile, 16 bytes each.
pub const HASHES_MAX: u64 = 2_000_000;

/// The numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All.
    pub total: u64,
    /// Those that aren't bcrypt of ours or an import's.
    pub foreign: u64,
    /// Those of a cost under the one that new hashes get.
    pub weaker: u64,
    /// Those whose salt another has as well.
    pub same_salt: u64,
    /// The least cost; `None` where there is no bcrypt hash.
    pub least_cost: Option<u8>,
}

/// A census under way.
#[derive(Debug)]
pub struct Census {
    /// The cost of new hashes.
    cost: u8,
    counts: Counts,
    salts: HashSet<Salt>,
}

/// There are more than [`HASHES_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("more than {HASHES_MAX} hashes: they aren't counted")]
pub struct TooMany;

impl Census {
    /// Nothing counted yet; new hashes are of this cost.
    pub fn new(cost: u8) -> Self {
        Self {
            cost,
            counts: Counts::default(),
            salts: HashSet::new(),
        }
    }

    /// Counts one as it is stored.
    ///
    /// # Errors
    /// [`TooMany`].
    pub fn count(&mut self, stored: &str) -> Result<(), TooMany> {
        if self.counts.total == HASHES_MAX {
            return Err(TooMany);
        }
        let counts = &mut self.counts;
        counts.total += 1;
        let Ok(stored) = Stored::parse(stored) else {
            counts.foreign += 1;
            return Ok(());
        };
        let cost = stored.cost().get();
        if cost < self.cost {
            counts.weaker += 1;
        }
        counts.least_cost = Some(counts.least_cost.map_or(cost, |least| least.min(cost)));
        if !self.salts.insert(stored.salt()) {
            counts.same_salt += 1;
        }
        Ok(())
    }

    /// What was counted.
    pub const fn counts(&self) -> Counts {
        self.counts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "abcdefghijklmnopqrstuvwxyz12345";

    fn hash(tag: &str, salt: char) -> String {
        // `u` has no bits at the end, where neither salt nor digest may have any.
        let salt: String = std::iter::repeat_n(salt, 21).chain(['u']).collect();
        format!("{tag}{salt}{}", DIGEST.replace('5', "u"))
    }

    fn counted(stored: &[String]) -> Counts {
        let mut census = Census::new(12);
        for one in stored {
            census.count(one).unwrap();
        }
        census.counts()
    }

    #[test]
    fn good_hashes_are_counted_and_nothing_is_said_against_them() {
        let counts = counted(&[
            hash("$2b$12$", 'a'),
            hash("$2a$13$", 'b'),
            hash("$2y$12$", 'c'),
            hash("$wb1$$2b$12$", 'd'),
        ]);
        let expected = Counts {
            total: 4,
            least_cost: Some(12),
            ..Counts::default()
        };
        assert_eq!(counts, expected);
        assert_eq!(counted(&[]), Counts::default());
    }

    #[test]
    fn what_is_no_bcrypt_is_cheaper_or_shares_its_salt_is_counted_as_that() {
        let counts = counted(&[
            hash("$2b$12$", 'a'),
            hash("$2b$12$", 'a'),
            hash("$2y$05$", 'b'),
            hash("$2x$12$", 'c'),
            "5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8".to_owned(),
            "plain".to_owned(),
        ]);
        let expected = Counts {
            total: 6,
            foreign: 3,
            weaker: 1,
            same_salt: 1,
            least_cost: Some(5),
        };
        assert_eq!(counts, expected);
    }
}
