//! Time as an argument. Only this file reads the system's clocks.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};

/// A point in time, UTC, in microseconds since 1970-01-01T00:00:00Z: what is stored.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Micros(pub i64);

impl Micros {
    /// This much later; stays at the last representable moment rather than wrap.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

/// RFC 3339 in UTC with microseconds.
impl fmt::Display for Micros {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let micros = self.0.rem_euclid(1_000_000);
        let seconds = self.0.div_euclid(1_000_000);
        let (days, of_day) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        write!(
            f,
            "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z"
        )
    }
}

/// Days since 1970-01-01 to year, month and day of the proleptic Gregorian calendar
/// (years counted from March, so that the leap day comes last).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}

/// A monotonic moment: for limits and durations, never stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(Instant);

impl Moment {
    /// Time from `earlier` to this moment; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// This much later.
    #[must_use]
    pub fn after(self, span: Duration) -> Self {
        Self(self.0.checked_add(span).unwrap_or(self.0))
    }

    /// For timers, which want the standard library's type.
    pub const fn instant(self) -> Instant {
        self.0
    }
}

/// Where time comes from. `wire.rs` hands the system's to every part; tests hand out
/// one that they move by hand.
#[derive(Debug, Clone)]
pub enum Clock {
    /// The machine's clocks.
    System,
    /// UTC stands at this many microseconds until a test moves it.
    Manual(Arc<AtomicI64>),
}

impl Clock {
    /// A clock that stands at `at` until moved.
    pub fn manual(at: Micros) -> Self {
        Self::Manual(Arc::new(AtomicI64::new(at.0)))
    }

    /// UTC now.
    pub fn now(&self) -> Micros {
        match self {
            Self::System => {
                #[allow(clippy::disallowed_methods, reason = "the one place")]
                let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
                // A machine that believes to live before 1970 gets the epoch.
                Micros(since.map_or(0, |span| {
                    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
                }))
            }
            Self::Manual(at) => Micros(at.load(Ordering::SeqCst)),
        }
    }

    /// The monotonic moment now. A manual clock moves only UTC.
    #[allow(clippy::disallowed_methods, reason = "the one place")]
    pub fn moment(&self) -> Moment {
        Moment(Instant::now())
    }

    /// Moves a manual clock on; the system's can't be moved.
    pub fn advance(&self, span: Duration) {
        if let Self::Manual(at) = self {
            at.fetch_add(
                i64::try_from(span.as_micros()).unwrap_or(i64::MAX),
                Ordering::SeqCst,
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_print_as_rfc_3339() {
        let check = |micros, expected: &str| assert_eq!(Micros(micros).to_string(), expected);
        check(0, "1970-01-01T00:00:00.000000Z");
        check(-1, "1969-12-31T23:59:59.999999Z");
        check(951_782_400_000_000, "2000-02-29T00:00:00.000000Z");
        check(1_795_392_000_123_456, "2026-11-23T00:00:00.123456Z");
        check(4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z");
    }

    #[test]
    fn a_span_to_the_past_is_zero() {
        assert_eq!(Micros(5).since(Micros(9)), Duration::ZERO);
        assert_eq!(Micros(9).since(Micros(5)), Duration::from_micros(4));
        assert_eq!(Micros(i64::MAX).after(Duration::MAX), Micros(i64::MAX));
    }
}
