//! Commands while no server runs: on the store itself, which the caller has opened under
//! the data folder's lock.

use std::{path::PathBuf, sync::Arc};

use config::Config;
use seam::Sessions;
use store::Store;
use terms::{Clock, Rng};
use tokio::sync::watch;

use crate::{
    accounts::Accounts,
    handover::Revocations,
    publish::Publisher,
    socket::{self, Command, Reply},
};

/// A store that no server has open.
pub struct Offline {
    store: Store,
    pub(crate) accounts: Accounts,
    data: PathBuf,
}

impl Offline {
    /// For this store and the configuration that named it.
    pub fn new(store: Store, config: Config, data: PathBuf, clock: Clock, rng: Rng) -> Self {
        // Nobody is served, so nothing is published: only the configuration is asked.
        let publisher = Publisher::new(Arc::new(config), String::new(), clock.clone());
        let (_, now) = watch::channel(Some(store.clone()));
        let sessions = Arc::new(Sessions::default());
        let accounts = Accounts {
            publisher: Arc::new(publisher),
            store: now,
            revocations: Revocations::new(sessions.clone()),
            sessions,
            doors: Arc::default(),
            signer: Arc::default(),
            tallies: Arc::default(),
            clock,
            rng,
        };
        Self {
            store,
            accounts,
            data,
        }
    }

    /// Carries a command out.
    pub async fn carry_out(&self, command: &Command) -> Reply {
        let log = self.accounts.publisher.config().track.log_dir.clone();
        socket::offline(&self.store, &self.data, &log, &self.accounts, command).await
    }

    /// Closes the store.
    pub async fn close(self) {
        self.store.close().await;
    }
}
