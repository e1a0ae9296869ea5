//! What the lock-out goes by: the devices that an account has signed in from, and the
//! guesses at its password; and the links in mails that open a lock.

use std::time::Duration;

use serde_json::{Value, json};
use terms::Micros;

use crate::{
    audit::Entry,
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    store::Store,
};

/// Devices that are remembered of an account; the one unused for longest gives way.
pub const MAX_DEVICES: u64 = 32;

/// The count of guesses of one [`Guesser`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guesses {
    /// Guesses in the present window.
    pub guesses: u32,
    /// When the window began.
    pub since: Micros,
    /// Locks in a row.
    pub locks: u32,
    /// Locked until then.
    pub locked_until: Micros,
    /// Guesses since the last success.
    pub total: u32,
}

/// Whose guesses are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guesser {
    /// All devices that have never signed in, at the password.
    Strangers,
    /// One that has, by the hash of its secret, at the password.
    Device([u8; 32]),
    /// Whoever knows the password, at the second factor, from devices that have never
    /// signed in.
    Codes,
    /// The same from a device that has.
    DeviceCodes([u8; 32]),
}

impl Guesser {
    /// What stands in the column `device`. No hash is so short.
    fn word(self) -> Vec<u8> {
        match self {
            Self::Strangers => Vec::new(),
            Self::Device(hash) => hash.into(),
            Self::Codes => b"codes".into(),
            Self::DeviceCodes(hash) => [&b"codes"[..], &hash].concat(),
        }
    }
}

impl Store {
    /// Whether this is a device of this account.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn knows_device(&self, account: &str, device: [u8; 32]) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM device WHERE hash = $1 AND account = $2";
        let row = self.pools().row(sql, values![device, account]).await?;
        Ok(row.count(0)? > 0)
    }

    /// Whether somebody has signed in from this device: several accounts may share one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_seen_device(&self, device: [u8; 32]) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM device WHERE hash = $1";
        let row = self.pools().row(sql, values![device]).await?;
        Ok(row.count(0)? > 0)
    }

    /// The guesses by all unknown devices at an account's password.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn guesses(&self, account: &str) -> Result<Guesses, Error> {
        let sql = "SELECT guesses, since, locks, locked_until, total FROM guess \
                   WHERE account = $1 AND device = $2";
        let rows = self
            .pools()
            .rows(sql, values![account, Guesser::Strangers.word()])
            .await?;
        rows.first().map_or(Ok(Guesses::default()), read)
    }
}

fn small(row: &Row, column: usize) -> Result<u32, Error> {
    Ok(u32::try_from(row.count(column)?).unwrap_or(u32::MAX))
}

fn read(row: &Row) -> Result<Guesses, Error> {
    Ok(Guesses {
        guesses: small(row, 0)?,
        since: row.time(1)?,
        locks: small(row, 2)?,
        locked_until: row.time(3)?,
        total: small(row, 4)?,
    })
}

impl Store {
    /// Whom a link is for, without taking it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn link(
        &self,
        hash: [u8; 32],
        purpose: &'static str,
    ) -> Result<Option<String>, Error> {
        let now = self.clock().now();
        let sql = "SELECT account FROM link WHERE hash = $1 AND purpose = $2 AND expires_at > $3";
        let rows = self.pools().rows(sql, values![hash, purpose, now]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }
}

impl Tx {
    /// The guesses of somebody, locked until this ends: of guesses that come at once each
    /// counts.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn guesses_locked(
        &mut self,
        account: &str,
        guesser: Guesser,
    ) -> Result<Guesses, Error> {
        // The row is made and locked in one statement on both engines.
        let sql = "INSERT INTO guess (account, device, guesses, since, locks, locked_until, total) \
                   SELECT id, $2, 0, 0, 0, 0, 0 FROM account WHERE id = $1 \
                   ON CONFLICT (account, device) DO UPDATE SET total = guess.total \
                   RETURNING guesses, since, locks, locked_until, total";
        let rows = self.connection.rows(sql, values![account, guesser.word()]);
        let rows = rows.await?;
        rows.first()
            .map_or(Err(Error::missing("account", account)), read)
    }

    /// Keeps them.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_guesses(
        &mut self,
        account: &str,
        guesser: Guesser,
        now: &Guesses,
    ) -> Result<(), Error> {
        let sql = "UPDATE guess SET guesses = $3, since = $4, locks = $5, locked_until = $6, total = $7 \
                   WHERE account = $1 AND device = $2";
        let values = values![
            account,
            guesser.word(),
            u64::from(now.guesses),
            now.since,
            u64::from(now.locks),
            now.locked_until,
            u64::from(now.total)
        ];
        self.connection.execute(sql, values).await.map(drop)
    }

    /// Remembers a device that has signed in, or when it did so last.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_device(&mut self, account: &str, hash: [u8; 32]) -> Result<(), Error> {
        let now = self.store.clock().now();
        let sql = "INSERT INTO device (hash, account, created_at, last_used) VALUES ($1, $2, $3, $3) \
                   ON CONFLICT (hash, account) DO UPDATE SET last_used = excluded.last_used";
        self.connection
            .execute(sql, values![hash, account, now])
            .await?;
        let sql = "DELETE FROM device WHERE account = $1 AND hash NOT IN \
                   (SELECT hash FROM device WHERE account = $1 ORDER BY last_used DESC, hash LIMIT $2)";
        self.connection
            .execute(sql, values![account, MAX_DEVICES])
            .await
            .map(drop)
    }

    /// Keeps a link of a mail, by its hash.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_link(
        &mut self,
        hash: [u8; 32],
        account: &str,
        purpose: &'static str,
        life: Duration,
    ) -> Result<(), Error> {
        let until = self.store.clock().now().after(life);
        let sql = "INSERT INTO link (hash, account, purpose, expires_at) VALUES ($1, $2, $3, $4)";
        self.connection
            .execute(sql, values![hash, account, purpose, until])
            .await
            .map(drop)
    }

    /// Whether an account has as many links for a purpose as it may have at a time.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn has_links(
        &mut self,
        account: &str,
        purpose: &'static str,
        most: u64,
    ) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql =
            "SELECT count(*) FROM link WHERE account = $1 AND purpose = $2 AND expires_at > $3";
        let row = self.connection.row(sql, values![account, purpose, now]);
        Ok(row.await?.count(0)? >= most)
    }

    /// Forgets every link of an account: what they were mailed for is no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn forget_links(&mut self, account: &str) -> Result<(), Error> {
        for sql in [
            "DELETE FROM link WHERE account = $1",
            "DELETE FROM address_link WHERE account = $1",
        ] {
            self.connection.execute(sql, values![account]).await?;
        }
        Ok(())
    }

    /// Takes a link, once: the account it is for.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_link(
        &mut self,
        hash: [u8; 32],
        purpose: &'static str,
    ) -> Result<Option<String>, Error> {
        let now = self.store.clock().now();
        let sql = "DELETE FROM link WHERE hash = $1 AND purpose = $2 RETURNING account, expires_at";
        let rows = self.connection.rows(sql, values![hash, purpose]).await?;
        match rows.first() {
            Some(row) if now < row.time(1)? => row.text(0).map(Some),
            _ => Ok(None),
        }
    }
}

impl Change {
    /// Forgets every guess at an account's password: it is open again.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn unlock(&mut self, account: &str) -> Result<(), Error> {
        let sql = "DELETE FROM guess WHERE account = $1";
        self.connection.execute(sql, values![account]).await?;
        self.record(Entry::new("account.unlock", account))
    }

    /// Says in the trail that a link was mailed by which a password is chosen.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_link(&mut self, account: &str) -> Result<(), Error> {
        self.record(Entry::new("password.link", account))
    }

    /// Says in the trail that an account was locked.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_lock(
        &mut self,
        account: &str,
        until: Micros,
        network: &str,
    ) -> Result<(), Error> {
        let after: Value = json!({ "until": until.to_string(), "network": network });
        self.record(Entry::new("account.lock", account).after(after))
    }
}

#[cfg(test)]
mod tests;
