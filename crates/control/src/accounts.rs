//! Accounts, and the sessions that come of them: what changes in the store, and what the
//! edge is told of it. Pages, the console and the commands all go through here, so that
//! none of them forgets the other half.

pub(crate) mod address;
pub(crate) mod admin;
pub(crate) mod approval;
pub(crate) mod assertion;
pub(crate) mod canary;
mod census;
pub(crate) mod choice;
mod commands;
mod doors;
mod factors;
mod import;
mod keep;
pub(crate) mod lost_factor;
mod manage;
mod notices;
pub(crate) mod passkey;
pub(crate) mod registration;
pub(crate) mod reset;
pub(crate) mod second_factor;
pub(crate) mod secret;
pub(crate) mod session;
pub(crate) mod sign_in;
mod table;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use seam::Sessions;
use store::Store;
use terms::{Clock, Micros, Rng};
use tokio::sync::watch;

use self::{assertion::Signer, doors::Doors};
pub(crate) use self::{
    commands::carry_out,
    keep::keep,
    manage::{Changed, NewToken, Own},
    table::credential,
};
use crate::{handover::Revocations, metrics::Tallies, publish::Publisher};

/// Shared by everything that knows accounts.
#[derive(Clone)]
pub(crate) struct Accounts {
    pub(crate) publisher: Arc<Publisher>,
    /// `None` while it can't be reached.
    pub(crate) store: watch::Receiver<Option<Store>>,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) revocations: Revocations,
    pub(crate) doors: Arc<Doors>,
    pub(crate) signer: Arc<Signer>,
    /// Counts sign-ins, locks and passwords that were chosen.
    pub(crate) tallies: Arc<Tallies>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

/// The store can't be reached: what needs it is answered 503.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    /// It isn't open.
    #[error("the store can't be reached")]
    Away,
    /// It said so.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Somebody goes on being an administrator.
    #[error(transparent)]
    Keeps(#[from] admin::Keeps),
    /// Another administrator has to approve it first.
    #[error("another administrator has to approve this first")]
    Approval(config::Approval),
}

impl Accounts {
    /// The store.
    ///
    /// # Errors
    /// [`AccountError::Away`].
    pub(crate) fn store(&self) -> Result<Store, AccountError> {
        self.store.borrow().clone().ok_or(AccountError::Away)
    }

    /// Puts every live session into the table: before `ready`, and when the store comes
    /// back.
    pub(crate) async fn load(&self, store: &Store) -> Result<(), AccountError> {
        // Where nobody signs in, the first password that is set opens them.
        if self.publisher.config().portal.is_some() {
            self.open_doors(store).await?;
        }
        let count = table::load(store, &self.sessions, self.idle()).await?;
        tracing::debug!(count, "sessions and tokens are live");
        Ok(())
    }

    /// The moment, for what is stored.
    pub(crate) fn now(&self) -> Micros {
        self.clock.now()
    }

    fn idle(&self) -> Duration {
        self.publisher.config().session.idle
    }
}
