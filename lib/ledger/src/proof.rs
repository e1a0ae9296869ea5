//! Proofs that an entry is in the log, and that a log is an older one continued:
//! made after RFC 6962 §2.1.1–2.1.2, verified after RFC 9162 §2.1.3.2 and §2.1.4.2.

use crate::{
    hash::{EMPTY_ROOT, Hash, node_hash},
    tree::root,
};

/// A proof was asked for something that these leaves don't hold.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofError {
    /// The log is larger than the leaves at hand.
    #[error("a proof for {size} leaves was asked with only {held} leaf hashes at hand")]
    TooFewLeaves {
        /// Leaves of the log for which the proof is meant.
        size: u64,
        /// Leaf hashes handed in.
        held: usize,
    },
    /// The leaf isn't in a log of that size.
    #[error("leaf {index} isn't in a log of {size} leaves (indices count from 0)")]
    IndexBeyond {
        /// The leaf asked for.
        index: u64,
        /// Leaves of the log.
        size: u64,
    },
    /// A log doesn't shrink.
    #[error("a log of {old} leaves can't have become one of {new} leaves")]
    Shrunk {
        /// Leaves of the older log.
        old: u64,
        /// Leaves of the newer log.
        new: u64,
    },
}

/// A proof doesn't show what it should.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerifyError {
    /// The leaf's index isn't below the size.
    #[error("leaf {index} isn't in a log of {size} leaves (indices count from 0)")]
    IndexBeyond {
        /// The leaf's index.
        index: u64,
        /// Leaves of the log.
        size: u64,
    },
    /// The newer log has fewer leaves than the older.
    #[error("a log of {old} leaves can't have become one of {new} leaves")]
    Shrunk {
        /// Leaves of the older log.
        old: u64,
        /// Leaves of the newer log.
        new: u64,
    },
    /// Too many or too few hashes for these sizes.
    #[error("the proof has the wrong number of hashes ({found}) for its sizes")]
    Length {
        /// Hashes in the proof.
        found: usize,
    },
    /// The hashes lead to another root than the stated one.
    #[error("the proof leads to another root: leaf, proof or root was altered")]
    Root,
    /// The hashes lead to another old root than the stated one.
    #[error("the proof leads to another old root: the log's past was altered")]
    OldRoot,
}

/// The first `size` of `leaves`.
fn prefix(leaves: &[Hash], size: u64) -> Result<&[Hash], ProofError> {
    usize::try_from(size)
        .ok()
        .and_then(|end| leaves.get(..end))
        .ok_or(ProofError::TooFewLeaves {
            size,
            held: leaves.len(),
        })
}

/// The largest power of two below `length`, which is at least 2 (RFC 6962's `k`).
const fn left_half(length: usize) -> usize {
    let bits = usize::BITS - 1 - length.saturating_sub(1).leading_zeros();
    1 << bits
}

/// Proves that leaf `index` is in the log of the first `size` of `leaves`: the sibling
/// hashes from leaf to root. Hashes all `size` leaves once.
///
/// # Errors
/// When `index` isn't below `size`, or `leaves` has fewer than `size`.
pub fn inclusion_proof(leaves: &[Hash], index: u64, size: u64) -> Result<Vec<Hash>, ProofError> {
    let mut part = prefix(leaves, size)?;
    let beyond = ProofError::IndexBeyond { index, size };
    if index >= size {
        return Err(beyond);
    }
    let Ok(mut at) = usize::try_from(index) else {
        return Err(beyond);
    };
    let mut proof = Vec::new();
    while part.len() > 1 {
        let half = left_half(part.len());
        let (left, right) = part.split_at(half);
        if at < half {
            proof.push(root(right));
            part = left;
        } else {
            proof.push(root(left));
            part = right;
            at -= half;
        }
    }
    proof.reverse();
    Ok(proof)
}

/// Proves that the log of the first `old` of `leaves` is a prefix of the log of the
/// first `new`. Empty for equal sizes and for `old` = 0. Hashes `new` leaves once.
///
/// # Errors
/// When `old` is larger than `new`, or `leaves` has fewer than `new`.
pub fn consistency_proof(leaves: &[Hash], old: u64, new: u64) -> Result<Vec<Hash>, ProofError> {
    let mut part = prefix(leaves, new)?;
    if old > new {
        return Err(ProofError::Shrunk { old, new });
    }
    let Ok(mut old) = usize::try_from(old) else {
        return Err(ProofError::Shrunk { old, new });
    };
    let mut proof = Vec::new();
    if old == 0 {
        return Ok(proof);
    }
    // RFC 6962's SUBPROOF, unrolled: `whole` says that the old log's root itself is
    // the subtree's, so the verifier knows it already.
    let mut whole = true;
    while old != part.len() {
        let half = left_half(part.len());
        let (left, right) = part.split_at(half);
        if old <= half {
            proof.push(root(right));
            part = left;
        } else {
            proof.push(root(left));
            part = right;
            old -= half;
            whole = false;
        }
    }
    if !whole {
        proof.push(root(part));
    }
    proof.reverse();
    Ok(proof)
}

/// Checks that `leaf` (a leaf hash) stands at `index` in the log with this `size` and
/// `root`.
///
/// # Errors
/// Whatever is wrong; a proof with a hash too many or too few is refused.
pub fn verify_inclusion(
    leaf: &Hash,
    index: u64,
    size: u64,
    proof: &[Hash],
    root: &Hash,
) -> Result<(), VerifyError> {
    if index >= size {
        return Err(VerifyError::IndexBeyond { index, size });
    }
    let length = VerifyError::Length { found: proof.len() };
    let (mut node, mut last) = (index, size - 1);
    let mut hash = *leaf;
    for sibling in proof {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            hash = node_hash(sibling, &hash);
            // On the right edge there may be no sibling for several levels.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = node_hash(&hash, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    if hash == *root {
        Ok(())
    } else {
        Err(VerifyError::Root)
    }
}

/// Checks that the log with `new` leaves and `new_root` continues the one with `old`
/// leaves and `old_root`: nothing removed, altered or put in between.
///
/// An empty log (whose root must be [`EMPTY_ROOT`]) is continued by every log, and a
/// log by itself; both with an empty proof.
///
/// # Errors
/// Whatever is wrong; a proof with a hash too many or too few is refused.
pub fn verify_consistency(
    old: u64,
    new: u64,
    old_root: &Hash,
    new_root: &Hash,
    proof: &[Hash],
) -> Result<(), VerifyError> {
    let length = VerifyError::Length { found: proof.len() };
    if old > new {
        return Err(VerifyError::Shrunk { old, new });
    }
    if old == 0 || old == new {
        if !proof.is_empty() {
            return Err(length);
        }
        if old == 0 && *old_root != EMPTY_ROOT {
            return Err(VerifyError::OldRoot);
        }
        return if old == new && old_root != new_root {
            Err(VerifyError::Root)
        } else {
            Ok(())
        };
    }
    let mut hashes = proof.iter();
    // A perfect old log is a subtree of the new one, and its root isn't repeated.
    let first = if old.is_power_of_two() {
        Some(old_root)
    } else {
        hashes.next()
    };
    let Some(first) = first.filter(|_| !proof.is_empty()) else {
        return Err(length);
    };
    let (mut node, mut last) = (old - 1, new - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    let (mut was, mut is) = (*first, *first);
    for sibling in hashes {
        if last == 0 {
            return Err(length);
        }
        if node & 1 == 1 || node == last {
            was = node_hash(sibling, &was);
            is = node_hash(sibling, &is);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            is = node_hash(&is, sibling);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(length);
    }
    if was != *old_root {
        return Err(VerifyError::OldRoot);
    }
    if is == *new_root {
        Ok(())
    } else {
        Err(VerifyError::Root)
    }
}

#[cfg(test)]
mod tests;
