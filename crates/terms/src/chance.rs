//! Chance as an argument.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use aws_lc_rs::rand;

/// Where random bytes come from.
#[derive(Clone)]
pub enum Rng {
    /// The operating system's, through aws-lc.
    System,
    /// A counted sequence for tests: never in the product.
    Counted(Arc<AtomicU64>),
}

impl fmt::Debug for Rng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "Rng::System",
            Self::Counted(_) => "Rng::Counted",
        })
    }
}

impl Rng {
    /// A predictable source for tests.
    pub fn counted() -> Self {
        Self::Counted(Arc::new(AtomicU64::new(1)))
    }

    /// Fills `out`.
    ///
    /// # Panics
    /// When the operating system has no randomness: nothing safe can follow.
    pub fn fill(&self, out: &mut [u8]) {
        match self {
            Self::System => {
                rand::fill(out).expect("the operating system gives random bytes");
            }
            Self::Counted(counter) => {
                for chunk in out.chunks_mut(8) {
                    let mut word = counter.fetch_add(1, Ordering::SeqCst);
                    // SplitMix64's finaliser: neighbours look unalike.
                    word = word.wrapping_mul(0x9e37_79b9_7f4a_7c15);
                    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
                    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
                    word ^= word >> 31;
                    let bytes = word.to_le_bytes();
                    for (to, from) in chunk.iter_mut().zip(bytes) {
                        *to = from;
                    }
                }
            }
        }
    }

    /// `N` random bytes.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut out = [0; N];
        self.fill(&mut out);
        out
    }
}
