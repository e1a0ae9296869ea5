//! How fast one client may go.

use std::{error, fmt, num::NonZeroU32, time::Duration};

use crate::word::TICK_NANOS;

/// Ticks of [`Pace::LONGEST`].
const LONGEST: u64 = 86_400 * 1_000_000_000 / TICK_NANOS;

/// So many requests at once, then so many in a time: the parameters of GCRA (ITU-T I.371,
/// where they are called the increment and the limit). Never zero.
///
/// Kept in ticks of 100 ns; a time between two requests that is no whole number of them
/// is rounded up, so that nobody goes faster than was said: 30,000 a second become 29,940,
/// and what divides 10,000,000 is exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Pace {
    /// Between two requests at the rate: at least 1.
    interval: u64,
    /// How far ahead of now an arrival may be: a whole number of intervals, at most
    /// [`LONGEST`].
    ahead: u64,
}

/// Why a rate and a burst make no pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum PaceError {
    /// The rate is above [`Pace::FASTEST`], or its time is zero.
    TooFast,
    /// To see the whole burst again takes longer than [`Pace::LONGEST`].
    TooLong,
}

impl Pace {
    /// Most requests in a second: 10 million.
    pub const FASTEST: u32 = 10_000_000;

    /// The fastest rate, of which a day's requests may come at once: nobody meets it.
    pub const FREE: Self = Self {
        interval: 1,
        ahead: LONGEST,
    };

    /// Longest time in which a burst that is used up comes back: a day.
    pub const LONGEST: Duration = Duration::from_nanos(LONGEST * TICK_NANOS);

    /// `burst` requests at once, then `rate` in each `time`.
    ///
    /// # Errors
    /// [`PaceError`].
    pub fn new(rate: NonZeroU32, time: Duration, burst: NonZeroU32) -> Result<Self, PaceError> {
        let (rate, nanos) = (u128::from(rate.get()), time.as_nanos());
        if nanos < rate * u128::from(TICK_NANOS) {
            return Err(PaceError::TooFast);
        }
        let interval = nanos.div_ceil(rate * u128::from(TICK_NANOS));
        let interval = u64::try_from(interval).map_err(|_| PaceError::TooLong)?;
        let ahead = interval
            .checked_mul(burst.get().into())
            .filter(|ahead| *ahead <= LONGEST)
            .ok_or(PaceError::TooLong)?;
        Ok(Self { interval, ahead })
    }

    /// `burst` requests at once, then `rate` a second.
    ///
    /// # Errors
    /// [`PaceError`].
    pub fn per_second(rate: NonZeroU32, burst: NonZeroU32) -> Result<Self, PaceError> {
        Self::new(rate, Duration::from_secs(1), burst)
    }

    /// `burst` requests at once, then `rate` a minute.
    ///
    /// # Errors
    /// [`PaceError`].
    pub fn per_minute(rate: NonZeroU32, burst: NonZeroU32) -> Result<Self, PaceError> {
        Self::new(rate, Duration::from_mins(1), burst)
    }

    /// The pace of so many clients together: as many times the burst and the rate, the
    /// latter rounded down. One is itself.
    #[must_use]
    pub fn times(self, clients: NonZeroU32) -> Self {
        let clients = u64::from(clients.get());
        let interval = self.interval.div_ceil(clients);
        // A whole number of intervals, as everywhere; at most what one client's is, but for
        // what was rounded.
        let burst = (self.ahead / self.interval).saturating_mul(clients);
        let ahead = interval
            .saturating_mul(burst)
            .min(LONGEST / interval * interval);
        Self { interval, ahead }
    }

    /// The time between two requests at the rate, as it is kept.
    pub const fn interval(self) -> Duration {
        Duration::from_nanos(self.interval * TICK_NANOS)
    }

    /// How many requests may come at once.
    pub fn burst(self) -> u32 {
        u32::try_from(self.ahead / self.interval).unwrap_or(u32::MAX)
    }

    /// The time in which a burst that is used up comes back.
    pub const fn whole(self) -> Duration {
        Duration::from_nanos(self.ahead * TICK_NANOS)
    }

    pub(crate) const fn ticks(self) -> (u64, u64) {
        (self.interval, self.ahead)
    }
}

impl fmt::Display for PaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooFast => write!(
                f,
                "the rate is too high; expected at most {} requests a second",
                Pace::FASTEST
            ),
            Self::TooLong => write!(
                f,
                "the burst takes too long to come back; expected burst / rate to be at most {} \
                 hours",
                Pace::LONGEST.as_secs() / 3600
            ),
        }
    }
}

impl error::Error for PaceError {}
