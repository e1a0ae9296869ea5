//! Second factors of accounts: seeds, sealed, and recovery codes, hashed. What was used
//! once is used up in the statement that takes it. Passkeys are listed and removed here
//! too; what else there is to them is in [`passkeys`](crate::passkeys).

use serde_json::{Value, json};
use terms::{Micros, Secret};

use crate::{
    audit::Entry,
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most authenticator apps of one account.
pub const MAX_FACTORS: u64 = 10;

/// What a second factor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FactorKind {
    /// An authenticator app (RFC 6238).
    Totp,
    /// A passkey (Web Authentication).
    Passkey,
}

impl FactorKind {
    /// The word in the column and in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Totp => "totp",
            Self::Passkey => "passkey",
        }
    }

    fn read(word: &str) -> Result<Self, Error> {
        match word {
            "totp" => Ok(Self::Totp),
            "passkey" => Ok(Self::Passkey),
            other => Err(Error::corrupt(format!(
                "a second factor's kind is `{other}`"
            ))),
        }
    }
}

/// A second factor, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Factor {
    /// Its public name: 32 hexadecimal digits.
    pub id: String,
    /// What it is.
    pub kind: FactorKind,
    /// What its owner calls it.
    pub label: String,
    /// When it was added.
    pub created_at: Micros,
    /// When it was last used.
    pub last_used: Option<Micros>,
}

/// Apps and passkeys alike.
const SELECT: &str = "SELECT id, kind, label, created_at, last_used FROM factor \
                      WHERE account = $1 UNION ALL \
                      SELECT id, 'passkey', label, created_at, last_used FROM passkey \
                      WHERE account = $1 ORDER BY 4, 1";

fn read(row: &Row) -> Result<Factor, Error> {
    Ok(Factor {
        id: row.text(0)?,
        kind: FactorKind::read(&row.text(1)?)?,
        label: row.text(2)?,
        created_at: row.time(3)?,
        last_used: row.int_or_null(4)?.map(Micros),
    })
}

const fn secret_cell(id: &str) -> Cell<'_> {
    Cell {
        table: "factor",
        column: "secret",
        row: id,
    }
}

impl Store {
    /// The second factors of an account, the oldest first: at most [`MAX_FACTORS`] apps and
    /// [`MAX_PASSKEYS`](crate::MAX_PASSKEYS) passkeys.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn factors(&self, account: &str) -> Result<Vec<Factor>, Error> {
        let rows = self.pools().rows(SELECT, values![account]).await?;
        rows.iter().map(read).collect()
    }

    /// The seeds of an account's authenticator apps, with their factors.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn seeds(&self, account: &str) -> Result<Vec<(Factor, Secret<Vec<u8>>)>, Error> {
        let sql = "SELECT id, kind, label, created_at, last_used, secret FROM factor \
                   WHERE account = $1 ORDER BY created_at, id LIMIT $2";
        let rows = self
            .pools()
            .rows(sql, values![account, MAX_FACTORS])
            .await?;
        let mut seeds = Vec::with_capacity(rows.len());
        for row in &rows {
            let factor = read(row)?;
            let sealed = row.bytes(5)?;
            let seed = self.unseal(Purpose::Totp, secret_cell(&factor.id), &sealed);
            seeds.push((factor.clone(), seed.await?));
        }
        Ok(seeds)
    }

    /// How many recovery codes an account has left.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn recovery_codes_left(&self, account: &str) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM recovery_code WHERE account = $1";
        self.pools().row(sql, values![account]).await?.count(0)
    }
}

impl Tx {
    /// From when on no site is open to an account without a second factor: `first`, where
    /// it wasn't told of one before.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn factor_due(&mut self, account: &str, first: Micros) -> Result<Micros, Error> {
        let sql = "UPDATE account SET factor_due = COALESCE(factor_due, $2) WHERE id = $1 \
                   RETURNING factor_due";
        let rows = self.connection.rows(sql, values![account, first]).await?;
        let due = rows.first().map(|row| row.time(0)).transpose()?;
        due.ok_or_else(|| Error::missing("account", account))
    }

    /// Takes the code of a step, once: `false` where that step or a later one was taken
    /// before, also by somebody else at this moment.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_step(&mut self, factor: &str, step: i64) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql = "UPDATE factor SET last_step = $2, last_used = $3 \
                   WHERE id = $1 AND last_step < $2";
        let taken = self.connection.execute(sql, values![factor, step, now]);
        Ok(taken.await? == 1)
    }

    /// Takes a recovery code, once: `false` where there is none such.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_recovery_code(
        &mut self,
        account: &str,
        hash: [u8; 32],
    ) -> Result<bool, Error> {
        let sql = "DELETE FROM recovery_code WHERE account = $1 AND hash = $2";
        let taken = self.connection.execute(sql, values![account, hash]);
        Ok(taken.await? == 1)
    }
}

impl Change {
    /// How many apps and how many passkeys an account has. Those who count at once take
    /// turns, until the change is done.
    pub(crate) async fn count_factors(&mut self, account: &str) -> Result<(u64, u64), Error> {
        let sql = "UPDATE account SET factor_due = factor_due WHERE id = $1";
        self.connection.execute(sql, values![account]).await?;
        let sql = "SELECT (SELECT count(*) FROM factor WHERE account = $1), \
                   (SELECT count(*) FROM passkey WHERE account = $1)";
        let row = self.connection.row(sql, values![account]).await?;
        Ok((row.count(0)?, row.count(1)?))
    }

    /// Adds an authenticator app that has shown a code: that of `step`, which is used up.
    /// `id` comes with the seed, so that no seed is added twice. Returns whether it is the
    /// account's first second factor.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the account has [`MAX_FACTORS`] already, [`Error::Taken`]
    /// when this one was added before.
    pub async fn add_totp(
        &mut self,
        account: &str,
        (id, seed): (&str, &[u8]),
        label: &str,
        step: i64,
    ) -> Result<bool, Error> {
        let (there, passkeys) = self.count_factors(account).await?;
        let sql = "SELECT count(*) FROM factor WHERE id = $1";
        let same = self.connection.row(sql, values![id]).await?.count(0)?;
        if same > 0 {
            return Err(Error::taken("second factor", label));
        }
        if there >= MAX_FACTORS {
            return Err(Error::TooLarge {
                what: "the list of an account's authenticator apps",
                size: usize::try_from(there).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_FACTORS).unwrap_or(usize::MAX),
            });
        }
        let now = self.store.clock().now();
        let sealed = self.store.seal(Purpose::Totp, secret_cell(id), seed);
        let kind = FactorKind::Totp.word();
        let sql = "INSERT INTO factor (id, account, kind, label, secret, last_step, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7)";
        let values = values![id, account, kind, label, sealed, step, now];
        self.connection.execute(sql, values).await?;
        let after = json!({ "id": id, "kind": kind, "label": label });
        self.record(Entry::new("factor.add", account).after(after))?;
        Ok(there + passkeys == 0)
    }

    /// Removes a second factor of an account; with the last one go the recovery codes.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn remove_factor(&mut self, account: &str, id: &str) -> Result<Factor, Error> {
        let rows = self.connection.rows(SELECT, values![account]).await?;
        let factors: Result<Vec<_>, _> = rows.iter().map(read).collect();
        let Some(factor) = factors?.into_iter().find(|factor| factor.id == id) else {
            return Err(Error::missing("second factor", id));
        };
        let sql = match factor.kind {
            FactorKind::Totp => "DELETE FROM factor WHERE id = $1",
            FactorKind::Passkey => "DELETE FROM passkey WHERE id = $1",
        };
        if self.connection.execute(sql, values![id]).await? != 1 {
            return Err(Error::missing("second factor", id));
        }
        let sql = "DELETE FROM recovery_code WHERE account = $1 AND NOT EXISTS \
                   (SELECT 1 FROM factor WHERE account = $1) AND NOT EXISTS \
                   (SELECT 1 FROM passkey WHERE account = $1)";
        self.connection.execute(sql, values![account]).await?;
        let before: Value = json!({ "id": id, "kind": factor.kind.word(), "label": factor.label });
        self.record(Entry::new("factor.remove", account).before(before))?;
        Ok(factor)
    }

    /// Removes every second factor of an account, with its recovery codes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_factors(&mut self, account: &str) -> Result<Vec<Factor>, Error> {
        let rows = self.connection.rows(SELECT, values![account]).await?;
        let factors: Vec<_> = rows.iter().map(read).collect::<Result<_, _>>()?;
        for factor in &factors {
            self.remove_factor(account, &factor.id).await?;
        }
        Ok(factors)
    }

    /// Puts new recovery codes, by their hashes, in the place of those that were left.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_recovery_codes(
        &mut self,
        account: &str,
        hashes: &[[u8; 32]],
    ) -> Result<(), Error> {
        let sql = "DELETE FROM recovery_code WHERE account = $1";
        self.connection.execute(sql, values![account]).await?;
        for hash in hashes {
            let sql = "INSERT INTO recovery_code (account, hash) VALUES ($1, $2)";
            self.connection
                .execute(sql, values![account, *hash])
                .await?;
        }
        let after = json!({ "codes": hashes.len() });
        self.record(Entry::new("recovery-codes.renew", account).after(after))
    }

    /// Says in the trail that wrong codes came in a row behind a right password.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_wrong_codes(
        &mut self,
        account: &str,
        count: u32,
        network: &str,
    ) -> Result<(), Error> {
        let after = json!({ "codes": count, "network": network });
        self.record(Entry::new("codes.wrong", account).after(after))
    }

    /// Says in the trail that a recovery code was used.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_recovery(&mut self, account: &str, network: &str) -> Result<(), Error> {
        let after = json!({ "network": network });
        self.record(Entry::new("recovery-codes.use", account).after(after))
    }
}

#[cfg(test)]
mod tests;
