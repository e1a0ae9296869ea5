//! Bearer tokens of programs, and app passwords of clients that know only HTTP Basic: by
//! hash, for some sites, for some time. And the keys that sign assertions.

use serde_json::json;
use terms::{Micros, Secret};

use crate::{
    audit::Entry,
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most tokens that are read at a time.
pub const MAX_TOKENS_PAGE: u64 = 1000;
/// Most tokens of one account.
pub const MAX_TOKENS: u64 = 100;

/// How a token is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenKind {
    /// `Authorization: Bearer` (RFC 6750).
    Bearer,
    /// As the password of HTTP Basic (RFC 7617).
    Basic,
}

impl TokenKind {
    /// The word in the column and in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bearer => "bearer",
            Self::Basic => "basic",
        }
    }

    fn read(word: &str) -> Result<Self, Error> {
        match word {
            "bearer" => Ok(Self::Bearer),
            "basic" => Ok(Self::Basic),
            other => Err(Error::corrupt(format!("a token's kind is `{other}`"))),
        }
    }
}

/// A token as it stands in the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredToken {
    /// Its public name: 32 hexadecimal digits.
    pub id: String,
    /// SHA-256 of the token.
    pub hash: [u8; 32],
    /// The account's id.
    pub account: String,
    /// How it is sent.
    pub kind: TokenKind,
    /// What its owner calls it.
    pub label: String,
    /// The hosts it is for.
    pub sites: Vec<String>,
    /// When it was made.
    pub created_at: Micros,
    /// When it ends.
    pub expires_at: Micros,
    /// When it was last used.
    pub last_used: Option<Micros>,
}

/// A key that signs assertions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SigningKey {
    /// Its name in `kid`.
    pub kid: String,
    /// PKCS #8.
    pub key: Secret<Vec<u8>>,
    /// When it was made.
    pub created_at: Micros,
    /// Until when its public half is published; `None` for the one that signs.
    pub retire_at: Option<Micros>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, hash, account, kind, label, sites, created_at, expires_at, last_used \
             FROM token ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<StoredToken, Error> {
    Ok(StoredToken {
        id: row.text(0)?,
        hash: row.hash(1)?,
        account: row.text(2)?,
        kind: TokenKind::read(&row.text(3)?)?,
        label: row.text(4)?,
        sites: row.text(5)?.split_whitespace().map(str::to_owned).collect(),
        created_at: row.time(6)?,
        expires_at: row.time(7)?,
        last_used: row.int_or_null(8)?.map(Micros),
    })
}

const fn key_cell(kid: &str) -> Cell<'_> {
    Cell {
        table: "signing_key",
        column: "sealed_key",
        row: kid,
    }
}

impl Store {
    /// Live tokens behind `after`, by id; of one account, or of all.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn tokens(
        &self,
        account: Option<&str>,
        after: &str,
        limit: u64,
    ) -> Result<Vec<StoredToken>, Error> {
        let now = self.clock().now();
        let limit = limit.min(MAX_TOKENS_PAGE);
        let rows = match account {
            Some(account) => {
                let sql = select!(
                    "WHERE account = $1 AND id > $2 AND expires_at > $3 ORDER BY id LIMIT $4"
                );
                let values = values![account, after, now, limit];
                self.pools().rows(sql, values).await?
            }
            None => {
                let sql = select!("WHERE id > $1 AND expires_at > $2 ORDER BY id LIMIT $3");
                self.pools().rows(sql, values![after, now, limit]).await?
            }
        };
        rows.iter().map(read).collect()
    }

    /// Keeps when tokens were last used, from `(id, moment)`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn touch_tokens(&self, used: &[(String, Micros)]) -> Result<(), Error> {
        let mut tx = self.tx().await?;
        for (id, at) in used {
            let sql = "UPDATE token SET last_used = $2 WHERE id = $1";
            tx.connection
                .execute(sql, values![id.as_str(), *at])
                .await?;
        }
        tx.commit().await
    }

    /// The keys whose public half is published, the newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn signing_keys(&self) -> Result<Vec<SigningKey>, Error> {
        let now = self.clock().now();
        let sql = "SELECT kid, sealed_key, created_at, retire_at FROM signing_key \
                   WHERE retire_at IS NULL OR retire_at > $1 ORDER BY created_at DESC, kid LIMIT 16";
        let rows = self.pools().rows(sql, values![now]).await?;
        let mut keys = Vec::with_capacity(rows.len());
        for row in &rows {
            let kid = row.text(0)?;
            let sealed = row.bytes(1)?;
            let key = self.unseal(Purpose::Signing, key_cell(&kid), &sealed);
            keys.push(SigningKey {
                key: key.await?,
                created_at: row.time(2)?,
                retire_at: row.int_or_null(3)?.map(Micros),
                kid,
            });
        }
        Ok(keys)
    }
}

impl Tx {
    /// Keeps a new key that signs from now on; the one before is published until
    /// `retire_at`, and keys that have retired are removed. Work under the lease.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_signing_key(
        &mut self,
        kid: &str,
        key: &Secret<Vec<u8>>,
        retire_at: Micros,
    ) -> Result<(), Error> {
        let now = self.store.clock().now();
        let sealed = self
            .store
            .seal(Purpose::Signing, key_cell(kid), key.expose());
        for (sql, values) in [
            (
                "UPDATE signing_key SET retire_at = $1 WHERE retire_at IS NULL",
                values![retire_at],
            ),
            (
                "DELETE FROM signing_key WHERE retire_at <= $1",
                values![now],
            ),
            (
                "INSERT INTO signing_key (kid, sealed_key, created_at) VALUES ($1, $2, $3)",
                values![kid, sealed, now],
            ),
        ] {
            self.connection.execute(sql, values).await?;
        }
        Ok(())
    }
}

impl Change {
    /// Keeps a new token.
    ///
    /// # Errors
    /// [`Error::TooLarge`] when the account has [`MAX_TOKENS`] already.
    pub async fn add_token(&mut self, new: &StoredToken) -> Result<(), Error> {
        let sql = "SELECT count(*) FROM token WHERE account = $1";
        let there = self.connection.row(sql, values![new.account.as_str()]);
        let there = there.await?.count(0)?;
        if there >= MAX_TOKENS {
            return Err(Error::TooLarge {
                what: "the list of an account's tokens",
                size: usize::try_from(there).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_TOKENS).unwrap_or(usize::MAX),
            });
        }
        self.connection
            .execute(
                "INSERT INTO token (id, hash, account, kind, label, sites, created_at, expires_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                values![
                    new.id.as_str(),
                    new.hash,
                    new.account.as_str(),
                    new.kind.word(),
                    new.label.as_str(),
                    new.sites.join(" "),
                    new.created_at,
                    new.expires_at
                ],
            )
            .await?;
        let after = json!({
            "id": new.id, "kind": new.kind.word(), "label": new.label, "sites": new.sites,
            "expires": new.expires_at.to_string(),
        });
        self.record(Entry::new("token.add", new.account.as_str()).after(after))
    }

    /// Removes a token, of any account or of this one only; returns its hash, which the
    /// edge is to forget.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn remove_token(
        &mut self,
        id: &str,
        account: Option<&str>,
    ) -> Result<[u8; 32], Error> {
        let sql = select!("WHERE id = $1");
        let rows = self.connection.rows(sql, values![id]).await?;
        let token = rows.first().map(read).transpose()?;
        let token = token.filter(|it| account.is_none_or(|owner| owner == it.account));
        let Some(token) = token else {
            return Err(Error::missing("token", id));
        };
        let sql = "DELETE FROM token WHERE id = $1";
        self.connection.execute(sql, values![id]).await?;
        let before = json!({ "id": id, "kind": token.kind.word(), "label": token.label });
        self.record(Entry::new("token.remove", token.account.as_str()).before(before))?;
        Ok(token.hash)
    }
}

#[cfg(test)]
mod tests;
