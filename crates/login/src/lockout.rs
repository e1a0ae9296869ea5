//! Who may guess how often: strangers can't lock the owner out (OWASP device cookies).
//!
//! An account has one *door* for all devices that have never signed in, and one for each
//! that has. Each door is this machine:
//!
//! ```text
//!                attempt: counted before it is verified
//!             ┌───────┐
//!             ▼       │ fewer than 10 within 15 minutes
//!          ┌──────┐   │
//!    ────▶ │ open │───┘
//!          └──────┘ ──── the 10th: still verified ────▶ ┌────────┐
//!             ▲                                         │ locked │◀─┐ attempt: refused,
//!             ├── after 15 min, 30 min … 24 h ──────────└────────┘──┘ not counted
//!             └── success of an attempt that was let in ────┘
//! ```
//!
//! A lock doubles the next one; a day without locks, or a success, forgets them. For the
//! unknown devices together there is also an absolute *cap*: after 100 attempts without
//! a success their door stays shut until a known device signs in or its owner follows a
//! mailed link (NIST SP 800-63B-4: at most 100 consecutive failures).
//!
//! Nothing is stored here: the caller keeps the plain numbers in columns and changes
//! them in one transaction, before the password is verified. So of fifty guesses at once
//! exactly ten pass.

use std::time::Duration;

use terms::Micros;

/// How many guesses a door takes, and in which time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// Guesses before it locks; at least one.
    pub guesses: u32,
    /// The time within which they are counted, and the first lock.
    pub window: Duration,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            guesses: 10,
            window: Duration::from_secs(15 * 60),
        }
    }
}

/// The longest lock, and how long locks are remembered once they are over.
pub const LOCK_MAX: Duration = Duration::from_secs(24 * 60 * 60);
/// Attempts of unknown devices without a success, before only a known one may try.
pub const CAP: u32 = 100;

impl Rule {
    /// How long the lock after `before` others lasts.
    fn lock(self, before: u32) -> Duration {
        self.window
            .saturating_mul(1_u32.checked_shl(before).unwrap_or(u32::MAX))
            .min(LOCK_MAX)
    }
}

/// One door: what the caller stores. All nought is a door that nobody has knocked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Door {
    /// Attempts within the window.
    pub attempts: u32,
    /// When the window began.
    pub since: Micros,
    /// Locks in a row.
    pub locks: u32,
    /// Until when the last of them lasts or lasted.
    pub until: Micros,
}

/// The door of all unknown devices of an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Strangers {
    /// The door itself.
    pub door: Door,
    /// Attempts since the last success or reopening.
    pub failures: u32,
}

/// What an attempt may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It is counted; verify the password.
    Counted(Notice),
    /// It isn't counted. The caller takes a ticket in the pool and answers as to a wrong
    /// password: the person isn't told, or the answer would tell that the name exists.
    Locked(Until),
}

/// Whether the owner gets a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// Nothing to tell.
    None,
    /// This attempt locked strangers out for the first time since the last success or
    /// quiet day: tell the owner, once.
    TellOwner,
}

/// How long a lock lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// Until then.
    Time(Micros),
    /// Until a known device signs in, or the owner follows a mailed link.
    Reopened,
}

impl Door {
    /// Counts an attempt, or refuses it. Store what has changed before verifying.
    pub fn attempt(&mut self, now: Micros, rule: Rule) -> Attempt {
        self.settle(now, rule);
        if now < self.until {
            return Attempt::Locked(Until::Time(self.until));
        }
        if self.attempts == 0 {
            self.since = now;
        }
        self.attempts = self.attempts.saturating_add(1);
        if self.attempts < rule.guesses {
            return Attempt::Counted(Notice::None);
        }
        let first = self.locks == 0;
        self.attempts = 0;
        self.until = now.after(rule.lock(self.locks));
        self.locks = self.locks.saturating_add(1);
        Attempt::Counted(if first {
            Notice::TellOwner
        } else {
            Notice::None
        })
    }

    /// A password that was let in was right: this door forgets everything.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// Brings the numbers to `now`: what is over is forgotten, and a clock that was set
    /// back neither prolongs a lock nor forgives attempts.
    fn settle(&mut self, now: Micros, rule: Rule) {
        if 0 < self.locks {
            let longest = now.after(rule.lock(self.locks - 1));
            self.until = self.until.min(longest);
            if LOCK_MAX <= now.since(self.until) {
                self.locks = 0;
            }
        }
        self.since = self.since.min(now);
        if rule.window <= now.since(self.since) {
            self.attempts = 0;
        }
    }
}

impl Strangers {
    /// As [`Door::attempt`], with the cap over it.
    pub fn attempt(&mut self, now: Micros, rule: Rule) -> Attempt {
        if CAP <= self.failures {
            return Attempt::Locked(Until::Reopened);
        }
        let attempt = self.door.attempt(now, rule);
        if let Attempt::Counted(_) = attempt {
            self.failures = self.failures.saturating_add(1);
        }
        attempt
    }

    /// An unknown device signed in: it knew the password.
    pub fn succeeded(&mut self) {
        *self = Self::default();
    }

    /// A known device signed in, or the owner followed a mailed link: strangers may
    /// guess again, but no sooner than their lock says.
    pub const fn reopened(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests;
