//! The least rate of bodies: a client may be slow, and silent for a while, but it can't
//! keep its place for ever by a byte now and then.
//!
//! One pace goes with one direction of one body. A client that is waited for has `stall`
//! to begin with. Waiting uses it up, and every byte earns its share of a second back, up
//! to `stall` again. While another is waited for, it keeps what it has.

use std::time::Duration;

use seam::snapshot::Limits;
use terms::Moment;

/// Silence after which a stream that only the application can continue is cut.
pub(crate) const SILENCE: Duration = Duration::from_secs(3600);

/// Whom a body waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum For {
    /// The client, to send or to take what is there.
    Client,
    /// That what all streams of a connection have to say leaves; how often it did so far.
    /// Whether the client takes enough of it is the connection's own pace.
    Room(u64),
    /// The application or control, which may take this long.
    Server(Duration),
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Pace {
    /// What is left to the client, as of `since` or of the end of the last wait.
    left: Duration,
    since: Option<Moment>,
    /// Bytes that have moved.
    moved: u64,
    last: Option<For>,
}

impl Pace {
    pub(crate) const fn new(limits: &Limits) -> Self {
        Self {
            left: limits.stall,
            since: None,
            moved: 0,
            last: None,
        }
    }

    /// The deadline of a wait, by which something has to move, with `moved` bytes so far.
    /// `None` where the present one stays: the same wait goes on.
    pub(crate) fn deadline(
        &mut self,
        whom: For,
        moved: u64,
        now: Moment,
        limits: &Limits,
    ) -> Option<Moment> {
        let more = moved.saturating_sub(self.moved);
        if self.last == Some(whom) && more == 0 {
            return None;
        }
        self.last = Some(whom);
        self.moved += more;
        if let Some(since) = self.since.take() {
            self.left = self.left.saturating_sub(now.since(since));
        }
        let rate = u64::from(limits.least_rate).max(1);
        let earned = Duration::from_micros(more.saturating_mul(1_000_000) / rate);
        self.left = self.left.saturating_add(earned).min(limits.stall);
        Some(now.after(match whom {
            For::Client => {
                self.since = Some(now);
                self.left
            }
            For::Room(_) => limits.stall,
            For::Server(limit) => limit,
        }))
    }
}

#[cfg(test)]
mod tests {
    use terms::Clock;

    use super::*;

    const LIMITS: fn() -> Limits = || Limits {
        stall: Duration::from_secs(30),
        least_rate: 100,
        ..Limits::default()
    };

    /// Lets a client move `bytes` every `every`, and says how long it was suffered, up to
    /// an hour.
    fn suffered(every: Duration, bytes: u64) -> Duration {
        let limits = LIMITS();
        let mut pace = Pace::new(&limits);
        let begin = Clock::System.moment();
        let (mut now, mut moved) = (begin, 0);
        while now.since(begin) < Duration::from_secs(3600) {
            let deadline = pace.deadline(For::Client, moved, now, &limits);
            let deadline = deadline.expect("something has moved");
            if deadline < now.after(every) {
                return deadline.since(begin);
            }
            now = now.after(every);
            moved += bytes;
        }
        now.since(begin)
    }

    #[test]
    fn a_drip_ends_and_a_slow_but_steady_client_goes_on() {
        let s = Duration::from_secs;
        assert_eq!(suffered(s(31), 1_000_000), s(30));
        assert!(suffered(s(10), 10) < s(40));
        assert!(suffered(s(1), 99) < s(3600));
        assert_eq!(suffered(s(1), 100), s(3600));
        assert!(suffered(s(29), 2900) >= s(3600));
    }

    #[test]
    fn time_that_others_take_is_not_the_clients() {
        let limits = LIMITS();
        let s = Duration::from_secs;
        let mut pace = Pace::new(&limits);
        let mut now = Clock::System.moment();
        let mut wait = |whom, moved, passes| {
            let left = pace
                .deadline(whom, moved, now, &limits)
                .map(|deadline| deadline.since(now));
            now = now.after(passes);
            left
        };
        assert_eq!(wait(For::Client, 0, s(20)), Some(s(30)));
        assert_eq!(wait(For::Client, 0, s(0)), None);
        assert_eq!(wait(For::Server(s(60)), 100, s(50)), Some(s(60)));
        assert_eq!(wait(For::Client, 100, s(1)), Some(s(11)));
        assert_eq!(wait(For::Room(1), 100, s(9)), Some(s(30)));
        assert_eq!(wait(For::Room(1), 100, s(9)), None);
        assert_eq!(wait(For::Room(2), 100, s(9)), Some(s(30)));
        assert_eq!(wait(For::Client, 100, s(0)), Some(s(10)));
    }
}
