//! Settings are file and store together: what the file doesn't name may stand in the
//! store. Both are read by the same code and published together.
//!
//! A setting that can't count is left out, logged, and an alarm; never a reason not to
//! serve. Another node's change counts here at the next reload.

use std::{sync::Arc, time::Duration};

use config::{Config, Ignored, STORABLE, Stored};
use serde_json::Value;
use store::{Actor, Store};
use tokio::sync::watch;

use crate::{
    alarms::{Alarm, Alarms},
    publish::Publisher,
    state::Kept,
};

/// How long a reload waits for the store; then what is known of it holds on.
const READ_LIMIT: Duration = Duration::from_secs(2);
/// The kind of the alarm about settings that can't count.
const IGNORED: &str = "setting-ignored";

/// A setting that wasn't set.
#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    /// Nobody knows it.
    #[error("there is no setting `{key}`; expected one of {}", STORABLE.join(", "))]
    Unknown {
        /// The word.
        key: String,
    },
    /// It stands in the file.
    #[error("`{0}` stands in the configuration file: change it there")]
    InFile(String),
    /// The file couldn't hold it either.
    #[error("`{key}` can't be set: {why}")]
    Invalid {
        /// The setting.
        key: String,
        /// What is wrong.
        why: String,
    },
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Sets `key` in the store, with an audit row, and publishes it.
///
/// # Errors
/// [`SettingError`]; nothing has changed then.
pub async fn set(
    store: &Store,
    publisher: &Publisher,
    actor: &Actor,
    key: &str,
    value: &Value,
) -> Result<(), SettingError> {
    let mut wanted = store.settings().await?;
    wanted.insert(key.to_owned(), value.clone());
    let settled = publisher.file().with_stored(&wanted);
    if settled.shadowed.contains(&key) {
        return Err(SettingError::InFile(key.to_owned()));
    }
    if !STORABLE.contains(&key) {
        let key = key.to_owned();
        return Err(SettingError::Unknown { key });
    }
    if let Some(ignored) = settled
        .ignored
        .into_iter()
        .find(|ignored| ignored.key == key)
    {
        return Err(SettingError::Invalid {
            key: ignored.key,
            why: ignored.why,
        });
    }
    let mut change = store.change(actor).await?;
    change.set(key, value).await?;
    change.commit().await?;
    publisher.store(store.settings().await?);
    Ok(())
}

/// Brings file and store together.
#[derive(Clone)]
pub struct Settings {
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) kept: watch::Receiver<Option<Kept>>,
    pub(crate) alarms: Alarms,
}

impl Settings {
    /// Takes a new configuration of the file, with what stands in the store now.
    pub async fn reload(&self, config: Config, digest: String) {
        let stored = self.read().await;
        self.tell(&self.publisher.configure(config, digest, stored));
    }

    /// Takes what stands in the store now.
    pub(crate) async fn settle(&self) {
        if let Some(stored) = self.read().await {
            self.tell(&self.publisher.store(stored));
        }
    }

    async fn read(&self) -> Option<Stored> {
        let kept = self.kept.borrow().clone()?;
        match tokio::time::timeout(READ_LIMIT, kept.store.settings()).await {
            Ok(Ok(stored)) => Some(stored),
            Ok(Err(error)) => {
                tracing::error!(%error, "the settings of the store could not be read: the last ones stay");
                None
            }
            Err(_) => {
                tracing::error!("the store is too slow: its last settings stay");
                None
            }
        }
    }

    /// Neither call needs awaiting: the alarm is on its way when it returns.
    fn tell(&self, ignored: &[Ignored]) {
        let Some(first) = ignored.first() else {
            drop(self.alarms.clear(IGNORED));
            return;
        };
        for Ignored { key, why } in ignored {
            tracing::error!(key, why, "a setting of the store is ignored");
        }
        drop(self.alarms.raise(Alarm {
            kind: IGNORED,
            subject: "a setting of the store is ignored".to_owned(),
            text: format!(
                "`{}` can't count: {}. What the file says, or the default, is in force in its \
                 place. {} in all; the log names each.",
                first.key,
                first.why,
                ignored.len()
            ),
        }));
    }
}

#[cfg(test)]
mod tests;
