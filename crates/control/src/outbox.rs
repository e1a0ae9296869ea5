//! One sender for both outboxes: the node's alarms, and the mails in the store.
//!
//! What this guarantees:
//! - an alarm waits for nothing but the mail server: not for the store, not for the
//!   lease, not for mails;
//! - every alarm and every mail is sent at least once, with the same `Message-ID` each
//!   time; a mail that isn't taken in [`store::MAX_TRIES`] attempts is given up, and an
//!   alarm says so; an alarm is never given up before somebody has received it;
//! - mails of the store leave from the node that holds the lease;
//! - an outage of the mail server uses up one attempt of a mail at most: after the first
//!   failure the way is tried without one.
//!
//! ```text
//!              ┌─ alarms  (own clockwork) ─┐
//! run ── both ─┤                           ├─ Post: the configured way, and whether it
//!              └─ mails   (store, lease)  ─┘        is known to be broken until when
//! ```
//! It doesn't decide what is worth an alarm.

mod alarms;
mod flights;
#[cfg(test)]
mod killed;
mod mails;
mod post;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use store::{Lease, Store};
use terms::{Clock, Moment, Rng};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{alarms::Alarms, outbox::post::Post};

/// First wait after a failed attempt; it doubles with each further one.
pub const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest wait between two attempts.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long the attempts under way may take after the stop; then they are abandoned, and
/// made again at the next start.
const STOP_LIMIT: Duration = Duration::from_secs(3);

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tally {
    /// A mail or an alarm was taken by a server.
    Sent,
    /// An attempt failed.
    Failed,
    /// A mail was given up.
    GivenUp,
}

/// What the sender is made of.
pub struct Parts {
    /// The store; `None` while it couldn't be opened yet.
    pub store: watch::Receiver<Option<Store>>,
    /// The lease under which mails of the store leave.
    pub lease: watch::Receiver<Option<Lease>>,
    /// This node's alarms.
    pub alarms: Alarms,
    /// `[mail]`; while there is none, alarms and mails wait.
    pub mail: watch::Receiver<Option<Arc<config::Mail>>>,
    /// This node, as mails name it.
    pub node: String,
    /// Told of each attempt.
    pub tally: Box<dyn Fn(Tally) + Send + Sync>,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
    /// Ends it.
    pub stop: CancellationToken,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Parts({})", self.node)
    }
}

/// Sends until the stop. Only one may run per node.
pub async fn run(parts: Parts) {
    let Parts {
        store,
        lease,
        alarms,
        mail,
        node,
        tally,
        clock,
        rng,
        stop,
    } = parts;
    let post = Post::new(mail, tally, clock, rng);
    let alarms_out = alarms::Sender {
        alarms: alarms.clone(),
        post: &post,
        node: &node,
    };
    let mails_out = mails::Sender {
        store,
        lease,
        alarms: alarms.clone(),
        post: &post,
        node: &node,
    };
    tokio::join!(
        until_stopped(&stop, Box::pin(alarms_out.run(&stop))),
        until_stopped(&stop, Box::pin(mails_out.run(&stop))),
    );
    if let Err(error) = alarms.synced().await {
        tracing::warn!(%error, "some alarms may leave twice");
    }
}

/// Lets `work` end by itself for a while after the stop.
async fn until_stopped(stop: &CancellationToken, work: impl Future<Output = ()>) {
    let late = async {
        stop.cancelled().await;
        tokio::time::sleep(STOP_LIMIT).await;
    };
    tokio::select! {
        () = work => {}
        () = late => tracing::warn!("mails under way were abandoned; they are sent again"),
    }
}

/// The wait after so many failed attempts: doubling, capped, up to a quarter less by
/// chance, so that what failed together isn't tried together.
fn pause(failures: u64, rng: &Rng) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(u32::MAX);
    let whole = 2_u32
        .checked_pow(doublings)
        .and_then(|factor| FIRST_PAUSE.checked_mul(factor))
        .map_or(LONGEST_PAUSE, |wait| wait.min(LONGEST_PAUSE));
    let share = f64::from(u16::from_be_bytes(rng.bytes())) / f64::from(u16::MAX);
    whole - whole.mul_f64(share / 4.0)
}

/// Resolves when what is watched changes; never once nobody can change it any more.
async fn changed<T>(watched: &mut watch::Receiver<T>) {
    if watched.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// Resolves at `moment`; never for `None`.
async fn at(moment: Option<Moment>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment.instant().into()).await,
        None => std::future::pending().await,
    }
}
