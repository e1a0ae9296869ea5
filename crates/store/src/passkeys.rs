//! Passkeys of accounts, sealed, and the challenges that were answered. A challenge is
//! taken once and a sign count only rises, each in one statement: so it is on all nodes.

use serde_json::json;
use terms::{Micros, Secret};

use crate::{
    audit::Entry,
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    factors::{Factor, FactorKind},
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most passkeys of one account.
pub const MAX_PASSKEYS: u64 = 10;

/// A passkey with what is kept of it.
#[derive(Debug, Clone)]
pub struct Passkey {
    /// Whose it is.
    pub account: String,
    /// Its name, and when it was used.
    pub factor: Factor,
    /// The public key and what was said of it.
    pub kept: Secret<Vec<u8>>,
}

/// A passkey to be added.
#[derive(Debug, Clone, Copy)]
pub struct NewPasskey<'a> {
    /// Its public name, from [`Store::new_id`].
    pub id: &'a str,
    /// What its authenticator calls it.
    pub credential: &'a [u8],
    /// The public key and what was said of it.
    pub kept: &'a [u8],
    /// What its owner calls it.
    pub label: &'a str,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, account, label, created_at, last_used, kept FROM passkey ",
            $rest
        )
    };
}

const fn kept_cell(id: &str) -> Cell<'_> {
    Cell {
        table: "passkey",
        column: "kept",
        row: id,
    }
}

impl Store {
    fn credential_hash(&self, credential: &[u8]) -> [u8; 32] {
        let text = format!("credential {}", terms::base64url(credential));
        self.keyed_hash(Purpose::Passkey, &text)
    }

    async fn passkey_of(&self, row: &Row) -> Result<Passkey, Error> {
        let id = row.text(0)?;
        let sealed = row.bytes(5)?;
        let kept = self.unseal(Purpose::Passkey, kept_cell(&id), &sealed);
        Ok(Passkey {
            account: row.text(1)?,
            kept: kept.await?,
            factor: Factor {
                id,
                kind: FactorKind::Passkey,
                label: row.text(2)?,
                created_at: row.time(3)?,
                last_used: row.int_or_null(4)?.map(Micros),
            },
        })
    }

    /// The passkeys of an account, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn passkeys(&self, account: &str) -> Result<Vec<Passkey>, Error> {
        let sql = select!("WHERE account = $1 ORDER BY created_at, id LIMIT $2");
        let values = values![account, MAX_PASSKEYS];
        let rows = self.pools().rows(sql, values).await?;
        let mut passkeys = Vec::with_capacity(rows.len());
        for row in &rows {
            passkeys.push(self.passkey_of(row).await?);
        }
        Ok(passkeys)
    }

    /// The passkey that its authenticator calls so.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn passkey(&self, credential: &[u8]) -> Result<Option<Passkey>, Error> {
        let hash = self.credential_hash(credential);
        let sql = select!("WHERE credential = $1");
        let rows = self.pools().rows(sql, values![hash]).await?;
        match rows.first() {
            Some(row) => self.passkey_of(row).await.map(Some),
            None => Ok(None),
        }
    }
}

impl Tx {
    /// Takes a challenge, once: `false` where it was taken before, also by somebody else
    /// at this moment. It is remembered until `forget_at`, behind which no node takes it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_challenge(&mut self, id: &str, forget_at: Micros) -> Result<bool, Error> {
        let sql = "INSERT INTO passkey_challenge (id, forget_at) VALUES ($1, $2) \
                   ON CONFLICT (id) DO NOTHING";
        let taken = self.connection.execute(sql, values![id, forget_at]);
        Ok(taken.await? == 1)
    }

    /// Takes the sign count that a passkey has shown: `false` where it isn't above every
    /// one before, but for the zeros of passkeys that don't count; or where it is gone.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_sign_count(&mut self, id: &str, count: u32) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql = "UPDATE passkey SET sign_count = $2, last_used = $3 WHERE id = $1 AND \
                   (sign_count < $2 OR (sign_count = 0 AND $2 = 0))";
        let values = values![id, u64::from(count), now];
        Ok(self.connection.execute(sql, values).await? == 1)
    }

    /// Whether the owner of a passkey is to be told of a copy: they weren't since
    /// `quiet_since`, nor are they by somebody else at this moment.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn tells_of_copy(&mut self, id: &str, quiet_since: Micros) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql = "UPDATE passkey SET told_at = $2 WHERE id = $1 AND \
                   (told_at IS NULL OR told_at < $3)";
        let told = self.connection.execute(sql, values![id, now, quiet_since]);
        Ok(told.await? == 1)
    }
}

impl Change {
    /// Adds a passkey. Returns whether it is the account's first second factor.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the account has [`MAX_PASSKEYS`] already,
    /// [`Error::Taken`] when this one was added before, by whomever.
    pub async fn add_passkey(&mut self, account: &str, new: NewPasskey<'_>) -> Result<bool, Error> {
        let (apps, there) = self.count_factors(account).await?;
        if there >= MAX_PASSKEYS {
            return Err(Error::TooLarge {
                what: "the list of an account's passkeys",
                size: usize::try_from(there).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_PASSKEYS).unwrap_or(usize::MAX),
            });
        }
        let now = self.store.clock().now();
        let hash = self.store.credential_hash(new.credential);
        let cell = kept_cell(new.id);
        let sealed = self.store.seal(Purpose::Passkey, cell, new.kept);
        let sql = "INSERT INTO passkey (id, account, label, credential, kept, sign_count, \
                   created_at) VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT DO NOTHING";
        let values = values![new.id, account, new.label, hash, sealed, now];
        if self.connection.execute(sql, values).await? != 1 {
            return Err(Error::taken("passkey", new.label));
        }
        let kind = FactorKind::Passkey.word();
        let after = json!({ "id": new.id, "kind": kind, "label": new.label });
        self.record(Entry::new("factor.add", account).after(after))?;
        Ok(apps + there == 0)
    }

    /// Says in the trail that a passkey showed a sign count that didn't rise.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_copy(&mut self, passkey: &Passkey, network: &str) -> Result<(), Error> {
        let after = json!({
            "id": passkey.factor.id, "label": passkey.factor.label, "network": network,
        });
        self.record(Entry::new("passkey.copy", &passkey.account).after(after))
    }
}

#[cfg(test)]
mod tests;
