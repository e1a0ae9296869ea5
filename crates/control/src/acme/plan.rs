//! When a certificate is ordered: decided from values, without a clock of its own.
//!
//! - The authority's own advice goes first where it gives any (ARI, RFC 9773): a moment
//!   in its window, the same at every look. Else the last part of two thirds of the
//!   certificate's life.
//! - After a failure a pause that doubles, with jitter, and no less than the authority
//!   asks for; after some failures in a row the second authority is asked in turn.

use std::time::Duration;

use aws_lc_rs::digest;
use config::Pair;
use terms::{Micros, Rng};

/// Pause after a first failure, and the least of all pauses.
pub(crate) const FIRST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause, whatever an authority asks for.
pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(86_400);
/// Least pause after a rate limit that names none.
const LIMITED_PAUSE: Duration = Duration::from_secs(3600);
/// Failures in a row with the first authority before the second is asked.
pub(crate) const SECOND_AFTER: u32 = 3;
/// How soon, and how late at most, an authority's advice is asked for again.
const ADVICE_AGAIN: (Duration, Duration) = (Duration::from_secs(600), Duration::from_secs(86_400));
/// How soon after it couldn't be had.
const ADVICE_FAILED: Duration = Duration::from_secs(3600);
/// Clocks of ours and of an authority may differ by this much.
pub(crate) const CLOCK_SKEW: Duration = Duration::from_secs(300);

/// Which authority an order goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Turn {
    First,
    Second,
}

/// Whose turn it is after so many failures in a row.
pub(crate) const fn turn(failures: u32, fallback: bool) -> Turn {
    if fallback && failures >= SECOND_AFTER && (failures - SECOND_AFTER).is_multiple_of(2) {
        Turn::Second
    } else {
        Turn::First
    }
}

/// What an authority has said about waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Asked {
    /// `Retry-After` of its refusal.
    pub(crate) retry_after: Option<Duration>,
    /// Whether it was a rate limit.
    pub(crate) limited: bool,
}

/// How long to wait after the `failures`th failure in a row. What the authority `asked`
/// counts where it is asked again.
pub(crate) fn pause(failures: u32, asked: Asked, same_again: bool, rng: &Rng) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    let base = FIRST_PAUSE
        .saturating_mul(1 << doublings)
        .min(LONGEST_PAUSE);
    let whole = base.mul_f64(1.0 + fraction(&rng.bytes()) / 2.0);
    let least = match (asked.retry_after, asked.limited) {
        _ if !same_again => Duration::ZERO,
        (Some(after), _) => after,
        (None, true) => LIMITED_PAUSE,
        (None, false) => Duration::ZERO,
    };
    whole.max(least).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

/// An authority's advice on one certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Advice {
    /// When to renew; `None` where it gives none.
    pub(crate) at: Option<Micros>,
    /// When to ask again.
    pub(crate) again: Micros,
}

impl Advice {
    /// From a window that the authority suggests; it wants to be asked again after `again`.
    pub(crate) fn within(
        window: (Micros, Micros),
        again: Duration,
        pair: &Pair,
        now: Micros,
    ) -> Self {
        let (start, end) = window;
        // One moment per certificate, so that looking twice doesn't throw the dice twice.
        let at = start.after(end.since(start).mul_f64(share(pair)));
        let (least, most) = ADVICE_AGAIN;
        Self {
            at: Some(at),
            again: now.after(again.clamp(least, most)),
        }
    }

    /// The authority gives none to anybody.
    pub(crate) fn none(now: Micros) -> Self {
        Self {
            at: None,
            again: now.after(ADVICE_AGAIN.1),
        }
    }

    /// It couldn't be had: what was known holds on.
    pub(crate) fn failed(self, now: Micros) -> Self {
        Self {
            at: self.at,
            again: now.after(ADVICE_FAILED),
        }
    }
}

/// How long a certificate lives.
pub(crate) fn life(pair: &Pair) -> Duration {
    pair.not_after.since(pair.not_before)
}

/// When this certificate is renewed. Never so late that no day is left for failures,
/// whatever is advised.
pub(crate) fn renewal(pair: &Pair, advice: Option<Advice>) -> Micros {
    let life = life(pair);
    let latest = pair.not_before.after(life.mul_f64(0.9));
    match advice.and_then(|advice| advice.at) {
        Some(at) => at.min(latest),
        None => {
            let two_thirds = 2.0 / 3.0;
            pair.not_before
                .after(life.mul_f64(two_thirds - share(pair) / 30.0))
        }
    }
}

/// Whether so little life is left that a failure must be heard: a sixth.
pub(crate) fn is_little_left(pair: &Pair, now: Micros) -> bool {
    pair.not_after.since(now) < life(pair) / 6
}

/// Why a certificate that an authority sent can't take the place of another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unfit {
    #[error("it can't be read: {0}")]
    Unreadable(#[from] config::PairError),
    #[error("it isn't for {}", .0.join(", "))]
    NotFor(Vec<String>),
    #[error("it begins only at {0}")]
    NotYet(Micros),
    #[error("it has ended at {0}")]
    Ended(Micros),
}

/// Reads what an authority sent, and says whether it can be served for `hosts` now.
pub(crate) fn judged(chain: &str, key: &str, hosts: &[String], now: Micros) -> Result<Pair, Unfit> {
    let pair = Pair::from_pem(chain.as_bytes(), key.as_bytes())?;
    let missing: Vec<_> = hosts.iter().filter(|host| !pair.covers(host)).collect();
    if !missing.is_empty() {
        return Err(Unfit::NotFor(missing.into_iter().cloned().collect()));
    }
    if pair.not_before > now.after(CLOCK_SKEW) {
        return Err(Unfit::NotYet(pair.not_before));
    }
    if pair.not_after <= now {
        return Err(Unfit::Ended(pair.not_after));
    }
    Ok(pair)
}

/// A number from 0 to 1 that is this certificate's own.
fn share(pair: &Pair) -> f64 {
    let certificate = pair.certified.cert.first();
    let hash = digest::digest(
        &digest::SHA256,
        certificate.map_or(&[][..], |certificate| certificate.as_ref()),
    );
    let first = hash.as_ref().first_chunk().copied();
    fraction(&first.unwrap_or_default())
}

fn fraction(bytes: &[u8; 4]) -> f64 {
    f64::from(u32::from_be_bytes(*bytes)) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests;
