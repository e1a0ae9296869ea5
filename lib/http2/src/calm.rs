//! A budget for what costs us and brings nothing: PING, SETTINGS, resets, empty frames.
//!
//! The floods of CVE-2019-9512 to -9518, CVE-2023-44487 (rapid reset) and CVE-2025-8671
//! (MadeYouReset) are ended, not just survived: an empty budget ends the connection.

use std::time::Duration;

/// Tokens that come back with time, up to a full purse.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    tokens: u32,
    full: u32,
    per_second: u32,
    at: Duration,
}

/// Spent: the peer is to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spent;

impl Budget {
    pub(crate) const fn new(full: u32, per_second: u32) -> Self {
        Self {
            tokens: full,
            full,
            per_second,
            at: Duration::ZERO,
        }
    }

    /// Takes one token. `now` counts from the connection's start and never goes back.
    pub(crate) fn charge(&mut self, now: Duration) -> Result<(), Spent> {
        if self.tokens == 0 {
            let whole = now.saturating_sub(self.at).as_secs();
            let back = u64::from(self.per_second).saturating_mul(whole);
            if back == 0 {
                return Err(Spent);
            }
            self.at = now;
            self.refund(u32::try_from(back).unwrap_or(u32::MAX));
        }
        self.tokens -= 1;
        Ok(())
    }

    /// Gives tokens back for something that brought something.
    pub(crate) fn refund(&mut self, tokens: u32) {
        self.tokens = self.tokens.saturating_add(tokens).min(self.full);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purse_empties_and_fills_with_time_but_never_beyond_full() {
        let mut budget = Budget::new(3, 2);
        let second = Duration::from_secs;
        for _ in 0..3 {
            assert_eq!(budget.charge(second(0)), Ok(()));
        }
        assert_eq!(budget.charge(second(0)), Err(Spent));
        assert_eq!(budget.charge(second(1)), Ok(()));
        assert_eq!(budget.charge(second(1)), Ok(()));
        assert_eq!(budget.charge(second(1)), Err(Spent));
        budget.refund(100);
        for _ in 0..3 {
            assert_eq!(budget.charge(second(1)), Ok(()));
        }
        assert_eq!(budget.charge(second(1)), Err(Spent));
    }
}
