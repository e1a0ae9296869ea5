//! What goes into a hash beside the password, and what comes out.

use std::fmt;

use subtle::ConstantTimeEq as _;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::lane::Words;

/// The binary logarithm of bcrypt's rounds: one more is twice the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Cost(u8);

/// A cost that bcrypt doesn't have.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("bcrypt has no cost {0}: it is 4 to 31")]
pub struct CostOutOfRange(pub u8);

impl Cost {
    /// The least that bcrypt has: for tests.
    pub const LEAST: Self = Self(4);

    /// A cost from 4 to 31. The upper ones take hours: a limit is the caller's to set.
    ///
    /// # Errors
    /// When bcrypt has no such cost.
    pub const fn new(cost: u8) -> Result<Self, CostOutOfRange> {
        if 4 <= cost && cost <= 31 {
            Ok(Self(cost))
        } else {
            Err(CostOutOfRange(cost))
        }
    }

    /// The number as it stands in a stored hash.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// How often both key schedules run.
    pub(crate) const fn rounds(self) -> u32 {
        1 << self.0
    }
}

/// Sixteen bytes that make equal passwords different hashes. Not a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Salt(pub [u8; 16]);

impl Salt {
    pub(crate) fn words(self) -> [u32; 4] {
        let (words, _) = self.0.as_chunks::<4>();
        std::array::from_fn(|at| u32::from_be_bytes(words[at]))
    }
}

/// The 23 bytes of a hash. Compared in constant time, never printed, wiped when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Digest(pub(crate) [u8; Self::LENGTH]);

impl Digest {
    /// bcrypt computes 24 bytes and keeps 23.
    pub const LENGTH: usize = 23;

    /// The bytes, for who stores them in another form than [`Stored`](crate::Stored)'s.
    pub const fn bytes(&self) -> &[u8; Self::LENGTH] {
        &self.0
    }

    pub(crate) fn from_words(words: &Words) -> Self {
        let mut digest = Self([0; Self::LENGTH]);
        for (to, word) in digest.0.chunks_mut(4).zip(words) {
            for (to, from) in to.iter_mut().zip(word.to_be_bytes()) {
                *to = from;
            }
        }
        digest
    }
}

impl PartialEq for Digest {
    fn eq(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

impl Eq for Digest {}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digest(…)")
    }
}

/// From storage in another form than [`Stored`](crate::Stored)'s.
impl From<[u8; Self::LENGTH]> for Digest {
    fn from(bytes: [u8; Self::LENGTH]) -> Self {
        Self(bytes)
    }
}
