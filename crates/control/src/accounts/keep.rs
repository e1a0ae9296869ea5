//! Housekeeping: when each session was last used goes into the store, what is over is
//! forgotten, and links whose time has come are mailed.

use std::{collections::HashMap, sync::atomic::Ordering, time::Duration};

use seam::{Credential, TokenHash};
use store::Lease;
use terms::Micros;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{AccountError, Accounts};

/// How often last uses are written. A crash loses so much of them.
const FLUSH_EVERY: Duration = Duration::from_secs(30);
/// Last uses that are written in one transaction.
const FLUSH_MOST: usize = 500;

/// What was written last, by token.
type Written = HashMap<TokenHash, i64>;

/// Keeps the table until `stop`; what is left to be written then still is.
pub(crate) async fn keep(
    accounts: Accounts,
    mut lease: watch::Receiver<Option<Lease>>,
    stop: CancellationToken,
) {
    let mut written = Written::new();
    let mut looks = tokio::time::interval(FLUSH_EVERY);
    loop {
        let last = tokio::select! {
            () = stop.cancelled() => true,
            _ = looks.tick() => false,
            led = lease.changed() => led.is_err(),
        };
        let leads = lease.borrow_and_update().is_some();
        if let Err(error) = accounts.flush(&mut written, leads).await {
            tracing::warn!(%error, "last uses of sessions could not be written");
        }
        if leads
            && !last
            && let Err(error) = accounts.open_lost().await
        {
            tracing::warn!(%error, "links past a lost second factor could not be mailed");
        }
        if last {
            return;
        }
    }
}

impl Accounts {
    async fn flush(&self, written: &mut Written, leads: bool) -> Result<(), AccountError> {
        let store = self.store()?;
        let now = self.clock.now();
        let mut live = Written::new();
        let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
        for (token, session) in self.sessions.of(|_| true) {
            if session.expires <= now {
                self.sessions.revoke(&token);
                continue;
            }
            let seen = session.last_seen.load(Ordering::Relaxed);
            if written.get(&token) != Some(&seen) && seen > 0 {
                let used = (session.public_name(), Micros(seen));
                match session.credential {
                    Credential::Cookie => sessions.push(used),
                    Credential::Bearer | Credential::Basic => tokens.push(used),
                }
            }
            live.insert(token, seen);
        }
        for some in sessions.chunks(FLUSH_MOST) {
            store.touch_sessions(some).await?;
        }
        for some in tokens.chunks(FLUSH_MOST) {
            store.touch_tokens(some).await?;
        }
        // Only now: what could not be written is tried again.
        *written = live;
        if leads {
            store.remove_expired().await?;
        }
        Ok(())
    }
}
