//! Which node is the one writer: the lease `writer` in the store.
//!
//! What this guarantees: whoever reads [`start`]'s channel sees a lease no longer than it
//! is surely ours, by this machine's monotonic clock and with [`Timing::margin`] to spare.
//! Whatever is written under it must still go through [`store::Tx::require`], which alone
//! is exact. And a store that can't be reached is said by the alarm [`UNAVAILABLE`],
//! once, with a recovery notice when it is back.
//!
//! ```text
//! none ──acquired──▶ leading ──renewed──▶ leading
//!   ▲                   │ stop, lost, or no renewal until its end
//!   └───────────────────┘
//! ```

#[cfg(test)]
mod tests;

use std::time::Duration;

use store::{Acquisition, Lease, Store};
use terms::{Clock, Moment};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::alarms::{Alarm, Alarms};

/// The lease's name in the store.
pub const LEASE: &str = "writer";
/// The kind of the alarm about a store that can't be reached.
pub const UNAVAILABLE: &str = "store-unavailable";
/// The alarm is over after so many successful attempts in a row: a store that comes and
/// goes is one trouble, not many.
const WELL_AFTER: u32 = 2;

/// How the lease is kept.
#[derive(Debug, Clone, Copy)]
struct Timing {
    /// How long it lasts without renewal.
    ttl: Duration,
    /// How often it is renewed, or asked for.
    every: Duration,
    /// How soon an attempt that failed is repeated.
    again: Duration,
    /// Longest attempt.
    attempt: Duration,
    /// It is given up so long before its end.
    margin: Duration,
}

const TIMING: Timing = Timing {
    ttl: Duration::from_secs(15),
    every: Duration::from_secs(5),
    again: Duration::from_secs(2),
    attempt: Duration::from_secs(4),
    margin: Duration::from_secs(2),
};

/// What leadership is made of.
#[derive(Debug)]
pub struct Parts {
    /// The store; `None` while it couldn't be opened yet.
    pub store: watch::Receiver<Option<Store>>,
    /// Names this node, and no other: its next process takes the lease over at once.
    pub holder: String,
    /// This node's alarms.
    pub alarms: Alarms,
    /// Time.
    pub clock: Clock,
    /// Ends it: the lease is given back then.
    pub stop: CancellationToken,
}

/// The lease as this node sees it, and what keeps it: to be spawned. The channel closes
/// when that has ended. A renewal is no change of it: the value is fresher when read.
pub fn start(
    parts: Parts,
) -> (
    watch::Receiver<Option<Lease>>,
    impl Future<Output = ()> + Send + 'static,
) {
    start_with(parts, TIMING)
}

fn start_with(
    parts: Parts,
    timing: Timing,
) -> (
    watch::Receiver<Option<Lease>>,
    impl Future<Output = ()> + Send + 'static,
) {
    let (lease, seen) = watch::channel(None);
    let leadership = Leadership {
        parts,
        timing,
        lease,
        held: None,
        well: 0,
    };
    (seen, leadership.run())
}

struct Held {
    lease: Lease,
    /// Ours until then, at least.
    until: Moment,
    /// Where it can be given back.
    store: Store,
}

struct Leadership {
    parts: Parts,
    timing: Timing,
    lease: watch::Sender<Option<Lease>>,
    held: Option<Held>,
    /// Successful attempts since the last failure, up to [`WELL_AFTER`].
    well: u32,
}

impl Leadership {
    async fn run(mut self) {
        let stop = self.parts.stop.clone();
        let mut next = self.parts.clock.moment();
        let mut open = true;
        loop {
            let ends = self.held.as_ref().map(|held| held.until);
            tokio::select! {
                biased;
                () = stop.cancelled() => break,
                () = at(ends) => {
                    self.lose("it wasn't renewed in time");
                    continue;
                }
                () = at(Some(next)) => {}
                changed = self.parts.store.changed(), if open => open = changed.is_ok(),
            }
            let begun = self.parts.clock.moment();
            let well = tokio::select! {
                () = stop.cancelled() => break,
                well = Box::pin(self.attempt(begun)) => well,
            };
            let wait = if well {
                self.timing.every
            } else {
                self.timing.again
            };
            next = self.parts.clock.moment().after(wait);
        }
        self.give_back().await;
    }

    /// One attempt to have the lease; whether the store answered.
    async fn attempt(&mut self, begun: Moment) -> bool {
        let Some(store) = self.parts.store.borrow_and_update().clone() else {
            self.store_gone("it couldn't be opened");
            return false;
        };
        // It ends before the lease does, so that the end isn't missed for it.
        let left = self.held.as_ref().map(|held| held.until.since(begun));
        let limit = left.map_or(self.timing.attempt, |left| left.min(self.timing.attempt));
        let until = begun.after(self.timing.ttl.saturating_sub(self.timing.margin));
        let ttl = self.timing.ttl;
        let answer = tokio::time::timeout(limit, async {
            match &self.held {
                Some(held) => {
                    let mut lease = held.lease.clone();
                    store
                        .renew_lease(&mut lease, ttl)
                        .await
                        .map(|()| Some(lease))
                }
                None => match store.acquire(LEASE, &self.parts.holder, ttl).await? {
                    Acquisition::Ours(lease) => Ok(Some(lease)),
                    Acquisition::Held { .. } => Ok(None),
                },
            }
        });
        match answer.await {
            Ok(Ok(lease)) => {
                if let Some(lease) = lease {
                    self.hold(lease, until, store);
                }
            }
            Ok(Err(store::Error::LeaseLost { .. })) => self.lose("another node has it"),
            Ok(Err(error)) => {
                self.store_gone(&error.to_string());
                return false;
            }
            Err(_) => {
                self.store_gone(&format!("no answer within {limit:?}"));
                return false;
            }
        }
        self.store_answers();
        true
    }

    fn hold(&mut self, lease: Lease, until: Moment, store: Store) {
        if self.held.is_none() {
            tracing::info!(token = lease.token(), "this node leads");
        }
        self.lease.send_if_modified(|seen| {
            let new = seen.as_ref().map(Lease::token) != Some(lease.token());
            *seen = Some(lease.clone());
            new
        });
        self.held = Some(Held {
            lease,
            until,
            store,
        });
    }

    fn lose(&mut self, why: &str) {
        if self.held.take().is_some() {
            tracing::warn!(why, "this node doesn't lead any more");
        }
        self.lease.send_if_modified(|seen| seen.take().is_some());
    }

    async fn give_back(&mut self) {
        self.lease.send_if_modified(|seen| seen.take().is_some());
        let Some(held) = self.held.take() else { return };
        let released = held.store.release(held.lease);
        match tokio::time::timeout(self.timing.attempt, released).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "the lease ends by itself"),
            Err(_) => tracing::warn!("the lease ends by itself: the store didn't answer"),
        }
    }

    fn store_gone(&mut self, why: &str) {
        self.well = 0;
        if self.parts.alarms.is_open(UNAVAILABLE) {
            tracing::warn!(why, "the store still can't be reached");
            return;
        }
        let alarm = Alarm {
            kind: UNAVAILABLE,
            subject: "The store can't be reached".to_owned(),
            text: format!(
                "{why}\n\nSites are served as before. Own pages that need the store answer \
                 503, nothing is recorded, and drills and mails wait. Look at the database \
                 server, at the way to it and at its disk. Another mail tells when it is back.",
            ),
        };
        // It leaves whether or not the disk takes it, and the lease mustn't wait for that.
        drop(self.parts.alarms.raise(alarm));
    }

    fn store_answers(&mut self) {
        if self.well >= WELL_AFTER {
            return;
        }
        self.well += 1;
        if self.well == WELL_AFTER {
            // Of an earlier process of this node, perhaps; nothing where none is open.
            drop(self.parts.alarms.clear(UNAVAILABLE));
        }
    }
}

async fn at(moment: Option<Moment>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.instant().into()).await,
        None => std::future::pending().await,
    }
}
