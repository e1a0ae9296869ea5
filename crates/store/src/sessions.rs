//! Sessions: of a person on the portal, and their children on sites; and the codes that
//! carry a sign-in from the one to the other.

use std::time::Duration;

use serde_json::json;
use terms::{Micros, UserName};

use crate::{
    audit::Entry,
    change::{Change, Tx},
    db::{Row, values},
    error::Error,
    store::Store,
};

/// Most sessions that are read at a time.
pub const MAX_SESSIONS_PAGE: u64 = 1000;
/// Longest device and network that are kept of a session, in bytes; the rest is cut off.
const MAX_AGENT_BYTES: usize = 256;

/// A session as it stands in the store. The token itself is nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSession {
    /// Its public name: 32 hexadecimal digits.
    pub sid: String,
    /// SHA-256 of its token.
    pub hash: [u8; 32],
    /// The account's id.
    pub account: String,
    /// The portal session it belongs to; `None` for one of the portal's own.
    pub parent: Option<String>,
    /// The host it is for.
    pub site: String,
    /// How the person was known: names of RFC 8176.
    pub amr: Vec<String>,
    /// When the credentials were given.
    pub auth_time: Micros,
    /// When it began.
    pub created_at: Micros,
    /// When it ends in any case.
    pub expires_at: Micros,
    /// Last human activity.
    pub last_seen: Micros,
    /// What the browser said it is.
    pub agent: String,
    /// The network it came from.
    pub network: String,
}

/// Which sessions.
#[derive(Debug, Clone, Default)]
pub struct SessionQuery {
    /// Of this account only, by its id.
    pub account: Option<String>,
    /// Behind this `sid`, in the order of them.
    pub after: String,
    /// At most so many, and at most [`MAX_SESSIONS_PAGE`].
    pub limit: u64,
}

/// A code that is to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewHandover<'a> {
    /// SHA-256 of the code.
    pub hash: [u8; 32],
    /// The portal session it comes from.
    pub session: &'a str,
    /// The host it is for.
    pub site: &'a str,
    /// SHA-256 of the start cookie of the browser it is for.
    pub start_hash: [u8; 32],
    /// How long it holds.
    pub life: Duration,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT sid, hash, account, parent, site, amr, auth_time, created_at, expires_at, \
             last_seen, agent, network FROM session ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<StoredSession, Error> {
    Ok(StoredSession {
        sid: row.text(0)?,
        hash: row.hash(1)?,
        account: row.text(2)?,
        parent: row.text_or_null(3)?,
        site: row.text(4)?,
        amr: row.text(5)?.split_whitespace().map(str::to_owned).collect(),
        auth_time: row.time(6)?,
        created_at: row.time(7)?,
        expires_at: row.time(8)?,
        last_seen: row.time(9)?,
        agent: row.text(10)?,
        network: row.text(11)?,
    })
}

fn cut(text: &str) -> &str {
    let end = text.floor_char_boundary(MAX_AGENT_BYTES);
    text.get(..end).unwrap_or_default()
}

impl Store {
    /// A page of live sessions, by `sid`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn sessions(&self, query: &SessionQuery) -> Result<Vec<StoredSession>, Error> {
        let now = self.clock().now();
        let limit = query.limit.min(MAX_SESSIONS_PAGE);
        let after = query.after.as_str();
        let rows =
            match &query.account {
                Some(account) => {
                    let sql = select!(
                        "WHERE account = $1 AND sid > $2 AND expires_at > $3 ORDER BY sid LIMIT $4"
                    );
                    self.pools().rows(sql, values![account, after, now, limit])
                }
                .await,
                None => {
                    let sql = select!("WHERE sid > $1 AND expires_at > $2 ORDER BY sid LIMIT $3");
                    self.pools().rows(sql, values![after, now, limit]).await
                }
            };
        rows?.iter().map(read).collect()
    }

    /// The families of a page of portal sessions, the page by `sid`: each with those of
    /// sites beneath it. At most [`MAX_SESSIONS_PAGE`] rows in all.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn session_families(
        &self,
        query: &SessionQuery,
    ) -> Result<Vec<StoredSession>, Error> {
        let now = self.clock().now();
        let limit = query.limit.min(MAX_SESSIONS_PAGE);
        let account = query.account.clone();
        let sql = select!(
            "WHERE expires_at > $2 AND (\
             sid IN (SELECT sid FROM session WHERE parent IS NULL AND sid > $1 AND expires_at > $2 \
             AND (CAST($3 AS TEXT) IS NULL OR account = $3) ORDER BY sid LIMIT $4) OR \
             parent IN (SELECT sid FROM session WHERE parent IS NULL AND sid > $1 AND expires_at > $2 \
             AND (CAST($3 AS TEXT) IS NULL OR account = $3) ORDER BY sid LIMIT $4)) \
             ORDER BY CASE WHEN parent IS NULL THEN 0 ELSE 1 END, sid LIMIT $5"
        );
        let after = query.after.as_str();
        let values = values![after, now, account, limit, MAX_SESSIONS_PAGE];
        let rows = self.pools().rows(sql, values).await?;
        rows.iter().map(read).collect()
    }

    /// Keeps when sessions were last used, from `(sid, moment)`; a moment that is earlier
    /// than what stands there changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn touch_sessions(&self, seen: &[(String, Micros)]) -> Result<(), Error> {
        let mut tx = self.tx().await?;
        for (sid, at) in seen {
            let sql = "UPDATE session SET last_seen = $2 WHERE sid = $1 AND last_seen < $2";
            tx.connection
                .execute(sql, values![sid.as_str(), *at])
                .await?;
        }
        tx.commit().await
    }

    /// Removes what is over: sessions, codes, links, challenges; returns how many sessions.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn remove_expired(&self) -> Result<u64, Error> {
        let now = self.clock().now();
        let mut tx = self.tx().await?;
        let mut sessions = 0;
        for (counts, sql) in [
            (false, "DELETE FROM handover WHERE expires_at <= $1"),
            (false, "DELETE FROM link WHERE expires_at <= $1"),
            (false, "DELETE FROM address_link WHERE expires_at <= $1"),
            (false, "DELETE FROM lost_factor WHERE ends_at <= $1"),
            (false, "DELETE FROM passkey_challenge WHERE forget_at <= $1"),
            (false, "DELETE FROM token WHERE expires_at <= $1"),
            (false, "DELETE FROM pending_change WHERE expires_at <= $1"),
            (true, "DELETE FROM session WHERE expires_at <= $1"),
        ] {
            let gone = tx.connection.execute(sql, values![now]).await?;
            if counts {
                sessions = gone;
            }
        }
        tx.commit().await?;
        Ok(sessions)
    }
}

impl Tx {
    async fn insert_session(&mut self, new: &StoredSession) -> Result<(), Error> {
        self.connection
            .execute(
                "INSERT INTO session (sid, hash, account, parent, site, amr, auth_time, created_at, \
                 expires_at, last_seen, agent, network) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
                values![
                    new.sid.as_str(),
                    new.hash,
                    new.account.as_str(),
                    new.parent.clone(),
                    new.site.as_str(),
                    new.amr.join(" "),
                    new.auth_time,
                    new.created_at,
                    new.expires_at,
                    new.last_seen,
                    cut(&new.agent),
                    cut(&new.network)
                ],
            )
            .await
            .map(drop)
    }

    /// Keeps a code.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_handover(&mut self, new: NewHandover<'_>) -> Result<(), Error> {
        let until = self.store.clock().now().after(new.life);
        self.connection
            .execute(
                "INSERT INTO handover (hash, session, site, start_hash, expires_at) \
                 VALUES ($1, $2, $3, $4, $5)",
                values![new.hash, new.session, new.site, new.start_hash, until],
            )
            .await
            .map(drop)
    }

    /// Takes a code for this site and this browser, once: the portal session it came
    /// from, if that one still lives. A code that was offered wrongly is gone, too.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_handover(
        &mut self,
        code: [u8; 32],
        site: &str,
        start_hash: [u8; 32],
    ) -> Result<Option<StoredSession>, Error> {
        let now = self.store.clock().now();
        let sql =
            "DELETE FROM handover WHERE hash = $1 RETURNING session, site, start_hash, expires_at";
        let rows = self.connection.rows(sql, values![code]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let fits = row.text(1)? == site && row.hash(2)? == start_hash && now < row.time(3)?;
        if !fits {
            return Ok(None);
        }
        let sql = select!("WHERE sid = $1 AND expires_at > $2");
        let rows = self
            .connection
            .rows(sql, values![row.text(0)?, now])
            .await?;
        rows.first().map(read).transpose()
    }

    /// Begins a child of a portal session on a site. It has no row in the trail: the
    /// sign-in it comes from has.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn begin_child(&mut self, new: &StoredSession) -> Result<(), Error> {
        self.insert_session(new).await
    }
}

impl Change {
    /// Begins a session on the portal, with its row in the trail.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn begin_session(
        &mut self,
        new: &StoredSession,
        name: &UserName,
    ) -> Result<(), Error> {
        self.insert_session(new).await?;
        self.connection
            .execute(
                "UPDATE account SET last_sign_in = $2 WHERE id = $1",
                values![new.account.as_str(), new.created_at],
            )
            .await?;
        let after = json!({ "sid": new.sid, "name": name.as_str(), "amr": new.amr, "network": new.network });
        self.record(Entry::new("session.begin", new.account.as_str()).after(after))
    }

    /// Gives a portal session a new secret, by its hash, after its owner has shown again
    /// who they are, now and by these methods. Returns the hash before, which the edge is
    /// to forget, and the row; `None` where the session is over.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn renew_session(
        &mut self,
        sid: &str,
        hash: [u8; 32],
        amr: &[String],
    ) -> Result<Option<([u8; 32], StoredSession)>, Error> {
        let now = self.store.clock().now();
        let sql = select!("WHERE sid = $1 AND parent IS NULL AND expires_at > $2");
        let rows = self.connection.rows(sql, values![sid, now]).await?;
        let Some(mut row) = rows.first().map(read).transpose()? else {
            return Ok(None);
        };
        let sql = "UPDATE session SET hash = $2, auth_time = $3, amr = $4 WHERE sid = $1";
        let values = values![sid, hash, now, amr.join(" ")];
        if self.connection.execute(sql, values).await? == 0 {
            return Ok(None);
        }
        let before = std::mem::replace(&mut row.hash, hash);
        row.auth_time = now;
        row.amr = amr.to_vec();
        let after = json!({ "sid": sid, "amr": amr });
        self.record(Entry::new("session.renew", row.account.as_str()).after(after))?;
        Ok(Some((before, row)))
    }

    /// The portal session that a session belongs to: itself where it is one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn root_of(&mut self, sid: &str) -> Result<Option<String>, Error> {
        let sql = "SELECT COALESCE(parent, sid) FROM session WHERE sid = $1";
        let rows = self.connection.rows(sql, values![sid]).await?;
        rows.first().map(|row| row.text(0)).transpose()
    }

    /// Ends a session and all its children; returns the hashes of what has ended, which
    /// the edge is to forget.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_session(&mut self, sid: &str) -> Result<Vec<[u8; 32]>, Error> {
        let sql = "SELECT hash, account FROM session WHERE sid = $1 OR parent = $1";
        let rows = self.connection.rows(sql, values![sid]).await?;
        let Some(first) = rows.first() else {
            return Ok(Vec::new());
        };
        let account = first.text(1)?;
        for sql in [
            "DELETE FROM session WHERE parent = $1",
            "DELETE FROM session WHERE sid = $1",
        ] {
            self.connection.execute(sql, values![sid]).await?;
        }
        self.record(Entry::new("session.end", account).before(json!({ "sid": sid })))?;
        rows.iter().map(|row| row.hash(0)).collect()
    }

    /// Ends every session of an account but for one portal session and its children;
    /// returns the hashes of what has ended.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn end_sessions(
        &mut self,
        account: &str,
        but: Option<&str>,
    ) -> Result<Vec<[u8; 32]>, Error> {
        let but = but.unwrap_or_default();
        let sql = "SELECT hash FROM session WHERE account = $1 AND sid <> $2 \
                   AND (parent IS NULL OR parent <> $2)";
        let rows = self.connection.rows(sql, values![account, but]).await?;
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        for sql in [
            "DELETE FROM session WHERE account = $1 AND sid <> $2 AND parent IS NOT NULL AND parent <> $2",
            "DELETE FROM session WHERE account = $1 AND sid <> $2 AND parent IS NULL",
        ] {
            self.connection.execute(sql, values![account, but]).await?;
        }
        let before = json!({ "sessions": rows.len() });
        self.record(Entry::new("session.end-all", account).before(before))?;
        rows.iter().map(|row| row.hash(0)).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests;
