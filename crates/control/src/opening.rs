//! How the store and the ledger in it are opened: again and again while they can't be
//! reached.

use std::{path::Path, sync::Arc, time::Duration};

use store::{Location, MasterKeys, Store};
use terms::{Clock, Rng};
use tokio::sync::Mutex;

use crate::{
    StartError,
    keeper::{Keeper, LedgerKey},
    state::Kept,
};

/// How often a store that can't be reached is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(2);

/// This node's name, and no other's: the machine's and its data folder's.
pub(crate) fn node(data: &Path) -> String {
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy().into_owned();
    let folder = std::fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    format!("{machine}:{}", folder.display())
}

/// What opens it.
pub(crate) struct Opening {
    pub(crate) location: Location,
    pub(crate) masters: MasterKeys,
    pub(crate) ledger_key: LedgerKey,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

impl Opening {
    /// Opens it; `None` while it can't be reached.
    pub(crate) async fn open(&self) -> Result<Option<Kept>, StartError> {
        let opened = Store::open(
            &self.location,
            self.masters.clone(),
            self.clock.clone(),
            self.rng.clone(),
        );
        let store = match opened.await {
            Err(store::Error::Unavailable { .. }) => return Ok(None),
            other => other?,
        };
        let key = self.ledger_key.of(&store).await?;
        let keeper = Keeper::load(&store, key).await?;
        Ok(Some(Kept {
            store,
            keeper: Arc::new(Mutex::new(keeper)),
        }))
    }

    pub(crate) async fn until_open(&self) -> Kept {
        loop {
            tokio::time::sleep(OPEN_AGAIN).await;
            match self.open().await {
                Ok(Some(kept)) => return kept,
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "the store can't be opened"),
            }
        }
    }
}
