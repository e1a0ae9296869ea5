//! The keys' lives: data keys are made when the store opens, renewed on demand, and
//! rewrapped when the master key is replaced.
//!
//! ```text
//! file {old} ─▶ file {new, old} ─▶ all data keys wrapped by new ─▶ file {new}
//! ```
//! Killed after any of these steps, the store opens, and goes on from there.

use std::sync::{Arc, PoisonError};

use serde_json::json;
use terms::{Clock, Rng};

use crate::{
    audit::{Actor, Entry},
    db::{Begin, Pools, values},
    error::Error,
    keys::{KeyId, MasterKeys},
    sealed::{Keyring, Purpose, SELECT_KEYS, Wrapped},
    store::Store,
};

/// How far a rotation goes: tests stop it where a crash would.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Until {
    /// Both keys are in the file.
    KeyWritten,
    /// Every data key is wrapped by the new one.
    #[cfg_attr(not(test), expect(dead_code, reason = "only a crash stops here"))]
    Rewrapped,
    /// The old one is gone.
    Settled,
}

impl Store {
    /// Ids of the master key in use and, after a rotation that didn't finish, of the one
    /// before.
    pub async fn master_keys(&self) -> (KeyId, Option<KeyId>) {
        let masters = self.inner.masters.lock().await;
        (masters.current().clone(), masters.previous().cloned())
    }

    /// Replaces the master key and wraps all data keys anew. Safe to kill at any point:
    /// the next start finishes it.
    ///
    /// # Errors
    /// [`KeyError::NotOurs`](crate::KeyError::NotOurs) for a credential, which its owner
    /// replaces; the next start then rewraps.
    pub async fn rotate(&self, actor: &Actor) -> Result<KeyId, Error> {
        self.rotate_until(actor, Until::Settled).await
    }

    pub(crate) async fn rotate_until(&self, actor: &Actor, until: Until) -> Result<KeyId, Error> {
        let mut masters = self.inner.masters.lock().await;
        masters.replaceable()?;
        // One that failed half-way comes to its end first: a key that still wraps
        // something must not be forgotten.
        self.settle(&mut masters, actor, Until::Settled).await?;
        let next = masters.advanced(self.rng());
        next.write()?;
        *masters = next;
        self.settle(&mut masters, actor, until).await?;
        Ok(masters.current().clone())
    }

    /// Rewraps what the previous master key still wraps, then forgets that key.
    pub(crate) async fn settle(
        &self,
        masters: &mut MasterKeys,
        actor: &Actor,
        until: Until,
    ) -> Result<(), Error> {
        let Some(previous) = masters.previous().cloned() else {
            return Ok(());
        };
        if until == Until::KeyWritten {
            return Ok(());
        }
        let mut change = self.change(actor).await?;
        // Waits for a renewal on another node, so that its new key is among the rows.
        change
            .connection
            .execute("UPDATE data_key SET version = version", values![])
            .await?;
        let rows = change.connection.rows(SELECT_KEYS, values![]).await?;
        let mut rewrapped = 0_u64;
        for row in &rows {
            let key = Wrapped::read(row)?;
            if key.master == masters.current().as_str() {
                continue;
            }
            let (sql, values) = key.rewrap(masters, self.rng())?;
            if change.connection.execute(sql, values).await? != 1 {
                return Err(Error::Conflict {
                    what: "the data keys".to_owned(),
                });
            }
            rewrapped += 1;
        }
        if rewrapped > 0 {
            change.record(
                Entry::new("key.rotate", "master key")
                    .before(json!({ "id": previous.as_str() }))
                    .after(json!({ "id": masters.current().as_str(), "data_keys": rewrapped })),
            )?;
            change.commit().await?;
            tracing::info!(key = %masters.current(), rewrapped, "data keys rewrapped");
        }
        if until == Until::Settled && masters.replaceable().is_ok() {
            let settled = masters.settled();
            settled.write()?;
            *masters = settled;
        }
        Ok(())
    }

    /// Begins a new version of the data key that seals for `purpose`; values sealed under
    /// older versions still open. Look-up hashes stay as they are.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another node did the same.
    pub async fn renew(&self, purpose: Purpose, actor: &Actor) -> Result<u32, Error> {
        let masters = self.inner.masters.lock().await;
        self.reload(&masters).await?;
        let before = self.ring().newest(purpose);
        let version = before.saturating_add(1);
        let mut change = self.change(actor).await?;
        // Another node may be replacing the master key at this moment: a key wrapped by
        // the old one must not slip in behind it.
        let current = change
            .connection
            .execute(
                "UPDATE data_key SET version = version \
                 WHERE purpose = $1 AND role = 'seal' AND version = $2 AND master = $3",
                values![
                    purpose.word(),
                    u64::from(before),
                    masters.current().as_str()
                ],
            )
            .await?;
        if current != 1 {
            return Err(Error::Conflict {
                what: "the master key".to_owned(),
            });
        }
        let now = self.clock().now();
        let (sql, values) = Wrapped::insert_seal(&masters, self.rng(), purpose, version, now);
        if change.connection.execute(sql, values).await? != 1 {
            return Err(Error::Conflict {
                what: format!("the data key `{}`", purpose.word()),
            });
        }
        change.record(
            Entry::new("key.renew", purpose.word())
                .before(json!({ "version": before }))
                .after(json!({ "version": version })),
        )?;
        change.commit().await?;
        self.reload(&masters).await?;
        Ok(version)
    }

    pub(crate) async fn reload(&self, masters: &MasterKeys) -> Result<(), Error> {
        let rows = self.pools().rows(SELECT_KEYS, values![]).await?;
        let keys = rows
            .iter()
            .map(Wrapped::read)
            .collect::<Result<Vec<_>, _>>()?;
        let ring = Arc::new(Keyring::unwrap(&keys, masters)?);
        *self
            .inner
            .ring
            .write()
            .unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }
}

/// The data keys, with those added that a purpose lacks.
pub(crate) async fn ensure_keys(
    pools: &Pools,
    masters: &MasterKeys,
    clock: &Clock,
    rng: &Rng,
) -> Result<Keyring, Error> {
    let read = |rows: Vec<crate::db::Row>| {
        rows.iter()
            .map(Wrapped::read)
            .collect::<Result<Vec<_>, _>>()
    };
    let keys = read(pools.rows(SELECT_KEYS, values![]).await?)?;
    let missing = Wrapped::missing(&keys, masters, rng, clock.now());
    if !missing.is_empty() {
        let mut connection = pools.begin(Begin::Write).await?;
        for (sql, values) in missing {
            connection.execute(sql, values).await?;
        }
        // Another node may have been first; its keys are the ones then.
        let keys = read(connection.rows(SELECT_KEYS, values![]).await?)?;
        let ring = Keyring::unwrap(&keys, masters)?;
        connection.commit().await?;
        return Ok(ring);
    }
    Keyring::unwrap(&keys, masters)
}
