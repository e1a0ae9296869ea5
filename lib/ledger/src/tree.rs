//! A log that grows: its size and the roots of the perfect subtrees it falls into.

use crate::hash::{EMPTY_ROOT, Hash, node_hash};

/// The largest log, in leaves: far beyond reach, so that no arithmetic overflows.
pub const MAX_SIZE: u64 = 1 << 56;

/// A stored frontier doesn't belong to a log of the stated size.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontierError {
    /// The number of hashes must be the number of ones in the size's binary form.
    #[error("the frontier of a log of {size} leaves has {expected} hashes, not {found}")]
    Length {
        /// Leaves in the log.
        size: u64,
        /// Hashes that such a log has.
        expected: u32,
        /// Hashes that were given.
        found: usize,
    },
    /// The size is beyond [`MAX_SIZE`].
    #[error("a log of {size} leaves is larger than the limit of {MAX_SIZE}")]
    Size {
        /// Leaves in the log.
        size: u64,
    },
}

/// An append-only log, kept as its *frontier*: the roots of its perfect subtrees from
/// left (largest) to right, at most 56 hashes. Appending costs O(log n) at worst, O(1)
/// on average.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tree {
    size: u64,
    frontier: Vec<Hash>,
}

impl Tree {
    /// A log without leaves.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            size: 0,
            frontier: Vec::new(),
        }
    }

    /// A log restored from what [`Tree::size`] and [`Tree::frontier`] gave.
    ///
    /// # Errors
    /// When size and number of hashes don't belong together. Wrong hashes aren't
    /// noticed here: compare [`Tree::root`] with the last signed checkpoint.
    pub fn restore(size: u64, frontier: Vec<Hash>) -> Result<Self, FrontierError> {
        if size > MAX_SIZE {
            return Err(FrontierError::Size { size });
        }
        let expected = size.count_ones();
        if usize::try_from(expected) != Ok(frontier.len()) {
            return Err(FrontierError::Length {
                size,
                expected,
                found: frontier.len(),
            });
        }
        Ok(Self { size, frontier })
    }

    /// A log of these leaf hashes.
    pub fn of(leaves: &[Hash]) -> Self {
        let mut tree = Self::new();
        for leaf in leaves {
            tree.append(*leaf);
        }
        tree
    }

    /// Appends a leaf hash (see [`crate::leaf_hash`]) and returns its index, from 0.
    pub fn append(&mut self, leaf: Hash) -> u64 {
        let index = self.size;
        let mut hash = leaf;
        // Each one at the end of the old size is a perfect subtree that the new leaf
        // completes to one of double size.
        for _ in 0..index.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                hash = node_hash(&left, &hash);
            }
        }
        self.frontier.push(hash);
        self.size = index.saturating_add(1);
        index
    }

    /// Number of leaves.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots of the perfect subtrees, left to right: what to store beside the size.
    pub fn frontier(&self) -> &[Hash] {
        &self.frontier
    }

    /// The Merkle tree hash of all leaves; [`EMPTY_ROOT`] when there are none.
    pub fn root(&self) -> Hash {
        let mut subtrees = self.frontier.iter().rev();
        let Some(last) = subtrees.next() else {
            return EMPTY_ROOT;
        };
        subtrees.fold(*last, |right, left| node_hash(left, &right))
    }
}

/// The Merkle tree hash of these leaf hashes (RFC 6962 §2.1).
pub fn root(leaves: &[Hash]) -> Hash {
    Tree::of(leaves).root()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hash::leaf_hash;

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        // The eight leaves and roots of google/certificate-transparency.
        let inputs: [&[u8]; 8] = [
            b"",
            &[0x00],
            &[0x10],
            &[0x20, 0x21],
            &[0x30, 0x31],
            &[0x40, 0x41, 0x42, 0x43],
            &[0x50, 0x51, 0x52, 0x53, 0x54, 0x55, 0x56, 0x57],
            &[
                0x60, 0x61, 0x62, 0x63, 0x64, 0x65, 0x66, 0x67, 0x68, 0x69, 0x6a, 0x6b, 0x6c, 0x6d,
                0x6e, 0x6f,
            ],
        ];
        let roots = [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
            "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
            "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ];
        let mut tree = Tree::new();
        assert_eq!(tree.root(), EMPTY_ROOT);
        for (input, expected) in inputs.iter().zip(roots) {
            tree.append(leaf_hash(input));
            let hex: String = tree
                .root()
                .iter()
                .map(|byte| format!("{byte:02x}"))
                .collect();
            assert_eq!(hex, expected, "{} leaves", tree.size());
        }
    }

    #[test]
    fn a_restored_log_goes_on_as_if_never_stopped() {
        let leaves: Vec<Hash> = (0u8..50).map(|n| leaf_hash(&[n])).collect();
        for stop in 0..leaves.len() {
            let (before, after) = leaves.split_at(stop);
            let first = Tree::of(before);
            let mut second = Tree::restore(first.size(), first.frontier().to_vec()).unwrap();
            for leaf in after {
                second.append(*leaf);
            }
            assert_eq!(second, Tree::of(&leaves));
        }
    }

    #[test]
    fn a_frontier_of_another_size_is_refused() {
        let tree = Tree::of(&[[1; 32], [2; 32], [3; 32]]);
        assert_eq!(
            Tree::restore(4, tree.frontier().to_vec()),
            Err(FrontierError::Length {
                size: 4,
                expected: 1,
                found: 2
            })
        );
        assert_eq!(
            Tree::restore(u64::MAX, vec![[0; 32]; 64]),
            Err(FrontierError::Size { size: u64::MAX })
        );
        assert!(Tree::restore(3, tree.frontier().to_vec()).is_ok());
    }
}
