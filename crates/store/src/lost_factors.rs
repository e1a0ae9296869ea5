//! Second factors that somebody has lost: begun by an administrator, stopped by whoever
//! may, and at last a link by which the owner is let in once.
//!
//! ```text
//! begun ─▶ opens_at ─▶ link mailed ─▶ taken, or over at ends_at
//!     └───────────┴────────────┴────▶ stopped
//! ```

use serde_json::json;
use terms::{Language, Micros};

use crate::{
    audit::{Actor, Entry},
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    store::Store,
};

/// A second factor that is said to be lost.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostFactor {
    /// Whose, by the account's id.
    pub account: String,
    /// Who has begun it.
    pub begun_by: Actor,
    /// In which language its owner is written to.
    pub language: Language,
    /// When it was begun.
    pub begun_at: Micros,
    /// When the link that lets them in is mailed.
    pub opens_at: Micros,
    /// Until when that link holds; `None` until it was mailed.
    pub ends_at: Option<Micros>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account, begun_by, language, begun_at, opens_at, ends_at FROM lost_factor ",
            $rest
        )
    };
}

fn language(tag: &str) -> Language {
    let known = Language::ALL.into_iter().find(|it| it.tag() == tag);
    known.unwrap_or(Language::En)
}

fn read(row: &Row) -> Result<LostFactor, Error> {
    let by = row.text(1)?;
    Ok(LostFactor {
        account: row.text(0)?,
        begun_by: Actor::read(&by).ok_or_else(|| Error::corrupt(format!("`{by}` is no actor")))?,
        language: language(&row.text(2)?),
        begun_at: row.time(3)?,
        opens_at: row.time(4)?,
        ends_at: row.int_or_null(5)?.map(Micros),
    })
}

impl Store {
    /// What was begun for an account and isn't over.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lost_factor(&self, account: &str) -> Result<Option<LostFactor>, Error> {
        let now = self.clock().now();
        let sql = select!("WHERE account = $1 AND (ends_at IS NULL OR ends_at > $2)");
        let rows = self.pools().rows(sql, values![account, now]).await?;
        rows.first().map(read).transpose()
    }

    /// Whose a link is that stops it, by the account's id.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lost_factor_stopped_by(&self, hash: [u8; 32]) -> Result<Option<String>, Error> {
        let now = self.clock().now();
        let sql = "SELECT account FROM lost_factor \
                   WHERE stop_hash = $1 AND (ends_at IS NULL OR ends_at > $2)";
        let rows = self.pools().rows(sql, values![hash, now]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Whom a link lets in, by the account's id, without taking it.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lost_factor_entered_by(&self, hash: [u8; 32]) -> Result<Option<String>, Error> {
        let now = self.clock().now();
        let sql = "SELECT account FROM lost_factor WHERE enter_hash = $1 AND ends_at > $2";
        let rows = self.pools().rows(sql, values![hash, now]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Those whose time has come and whose link isn't mailed yet, the longest due first; at
    /// most `limit`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn due_lost_factors(&self, limit: u64) -> Result<Vec<LostFactor>, Error> {
        let now = self.clock().now();
        let sql = select!(
            "WHERE enter_hash IS NULL AND opens_at <= $1 ORDER BY opens_at, account LIMIT $2"
        );
        let rows = self.pools().rows(sql, values![now, limit]).await?;
        rows.iter().map(read).collect()
    }
}

impl Tx {
    /// Takes the link that lets somebody in, once: the account's id.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_lost_factor(&mut self, hash: [u8; 32]) -> Result<Option<String>, Error> {
        let now = self.store.clock().now();
        let sql = "DELETE FROM lost_factor WHERE enter_hash = $1 RETURNING account, ends_at";
        let rows = self.connection.rows(sql, values![hash]).await?;
        match rows.first() {
            Some(row) if now < row.time(1)? => row.text(0).map(Some),
            _ => Ok(None),
        }
    }
}

impl Change {
    /// Keeps that somebody has lost their second factor; `stop` is the hash of the link
    /// that stops it.
    ///
    /// # Errors
    /// [`Error::Taken`] where it was begun before and isn't over, [`Error::Unavailable`].
    pub async fn begin_lost_factor(
        &mut self,
        lost: &LostFactor,
        stop: [u8; 32],
    ) -> Result<(), Error> {
        let (account, now) = (lost.account.as_str(), self.store.clock().now());
        let sql = "DELETE FROM lost_factor WHERE account = $1 AND ends_at <= $2";
        self.connection.execute(sql, values![account, now]).await?;
        let sql = "INSERT INTO lost_factor \
                   (account, begun_by, language, begun_at, opens_at, stop_hash) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO NOTHING";
        let values = values![
            account,
            lost.begun_by.as_str(),
            lost.language.tag(),
            lost.begun_at,
            lost.opens_at,
            stop
        ];
        if self.connection.execute(sql, values).await? == 0 {
            return Err(Error::taken("lost second factor", account));
        }
        let after = json!({ "opens": lost.opens_at.to_string() });
        self.record(Entry::new("lost-factor.begin", account).after(after))
    }

    /// Keeps the hash of the link that lets the owner in, once the time has come; `false`
    /// where it was stopped, or mailed by another node.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn open_lost_factor(
        &mut self,
        account: &str,
        enter: [u8; 32],
        ends_at: Micros,
    ) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql = "UPDATE lost_factor SET enter_hash = $2, ends_at = $3 \
                   WHERE account = $1 AND enter_hash IS NULL AND opens_at <= $4";
        let values = values![account, enter, ends_at, now];
        if self.connection.execute(sql, values).await? == 0 {
            return Ok(false);
        }
        let after = json!({ "ends": ends_at.to_string() });
        self.record(Entry::new("lost-factor.open", account).after(after))?;
        Ok(true)
    }

    /// Stops what was begun for an account, and says in which language its owner is
    /// written to; `None` where there was nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stop_lost_factor(&mut self, account: &str) -> Result<Option<Language>, Error> {
        let sql = "DELETE FROM lost_factor WHERE account = $1 RETURNING language";
        let rows = self.connection.rows(sql, values![account]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        self.record(Entry::new("lost-factor.stop", account))?;
        row.text(0).map(|tag| Some(language(&tag)))
    }

    /// Says in the trail that somebody was let in without their second factor.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_lost_factor(&mut self, account: &str) -> Result<(), Error> {
        self.record(Entry::new("lost-factor.use", account))
    }
}

#[cfg(test)]
mod tests;
