//! The audit trail: append-only, each row bound to the one before it by SHA-256.
//!
//! ```text
//! anchor ← row ← row ← … ← head        row.prev_hash = hash of the row before
//! ```
//! The head is one row of its own, locked by whoever appends, so there is one order
//! under any number of writers. Retention moves the anchor forward and says so in the
//! chain. Whoever can rewrite the whole table can also compute new hashes; against that
//! the head goes into the ledger, which others keep.

use aws_lc_rs::digest;
use serde_json::Value;
use terms::Micros;

use crate::{
    db::{Begin, Connection, Row, values},
    error::Error,
    hex,
    store::Store,
};

/// Longest `before` and `after` of one row together, in bytes of JSON.
pub const MAX_ENTRY_BYTES: usize = 64 * 1024;
/// Most rows of one change.
pub const MAX_ENTRIES_PER_CHANGE: usize = 1000;
/// Most rows of one page.
pub const MAX_AUDIT_PAGE: u64 = 500;
/// Longest actor, action or subject, in bytes.
const MAX_NAME_BYTES: usize = 512;
/// The action by which retention moves the anchor.
pub(crate) const PRUNE: &str = "store.prune";

/// Who did it: `system:outbox`, `command:1000`, `account:…`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Actor(String);

impl Actor {
    /// A part of the program, by its name.
    pub fn system(part: &'static str) -> Self {
        Self(format!("system:{part}"))
    }

    /// A command on the machine, by the number of the user that ran it.
    pub fn command(uid: u32) -> Self {
        Self(format!("command:{uid}"))
    }

    /// A person, by the id of the account.
    pub fn account(id: &str) -> Self {
        Self(format!("account:{id}"))
    }

    /// As it stands in the trail; `None` for what no actor is written like.
    pub fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_once(':')?;
        let known = matches!(kind, "system" | "command" | "account") && !name.is_empty();
        known.then(|| Self(text.to_owned()))
    }

    /// The id of the account, where it is a person.
    pub fn account_id(&self) -> Option<&str> {
        self.0.strip_prefix("account:")
    }

    /// As it stands in the trail.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What was done, to what, from which state to which. Without secrets: the trail is
/// shown and exported.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    action: String,
    subject: String,
    before: Option<Value>,
    after: Option<Value>,
}

impl Entry {
    /// `action` is a dotted verb (`setting.set`), `subject` the id of what it was done to.
    pub fn new(action: impl Into<String>, subject: impl Into<String>) -> Self {
        Self {
            action: action.into(),
            subject: subject.into(),
            before: None,
            after: None,
        }
    }

    /// The state before.
    #[must_use]
    pub fn before(mut self, state: Value) -> Self {
        self.before = Some(state);
        self
    }

    /// The state after.
    #[must_use]
    pub fn after(mut self, state: Value) -> Self {
        self.after = Some(state);
        self
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        let state = |state: &Option<Value>| state.as_ref().map_or(0, |it| it.to_string().len());
        let names = self.action.len().max(self.subject.len());
        let states = state(&self.before).saturating_add(state(&self.after));
        for (what, size, limit) in [
            (
                "the action or subject of an audit row",
                names,
                MAX_NAME_BYTES,
            ),
            ("before and after of an audit row", states, MAX_ENTRY_BYTES),
        ] {
            if size > limit {
                return Err(Error::TooLarge { what, size, limit });
            }
        }
        Ok(())
    }
}

/// The end of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuditHead {
    /// Number of the last row; 0 for an empty trail.
    pub seq: u64,
    /// Its hash; zeros for an empty trail.
    pub hash: [u8; 32],
}

/// One row of the trail.
#[derive(Debug, Clone, PartialEq)]
pub struct AuditRow {
    /// Counted from 1, without gaps.
    pub seq: u64,
    /// When.
    pub at: Micros,
    /// Who, as [`Actor::as_str`].
    pub actor: String,
    /// What.
    pub action: String,
    /// To what.
    pub subject: String,
    /// The state before.
    pub before: Option<Value>,
    /// The state after.
    pub after: Option<Value>,
    /// The hash of the row before.
    pub prev_hash: [u8; 32],
    /// The hash of this row.
    pub hash: [u8; 32],
}

/// Which rows to list, newest first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// Only of this actor.
    pub actor: Option<Actor>,
    /// Only what begins so: `account.`; empty for all.
    pub action: String,
    /// Only what was done to one of these: a name, and the id behind it.
    pub subject: Option<[String; 2]>,
    /// At this moment or later.
    pub since: Option<Micros>,
    /// Before this moment.
    pub until: Option<Micros>,
    /// Only rows before this one: the last `seq` of the page before.
    pub before_seq: Option<u64>,
    /// At most this many; [`MAX_AUDIT_PAGE`] is the most.
    pub limit: u64,
}

impl Default for AuditQuery {
    fn default() -> Self {
        Self {
            actor: None,
            action: String::new(),
            subject: None,
            since: None,
            until: None,
            before_seq: None,
            limit: 50,
        }
    }
}

/// What walking the chain has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Chain {
    /// Every row is there and unaltered.
    Whole {
        /// How many rows were walked.
        rows: u64,
        /// The end.
        head: AuditHead,
    },
    /// The first place where it isn't.
    Broken {
        /// The row.
        seq: u64,
        /// What is wrong with it.
        why: &'static str,
    },
}

/// A row as it is stored and hashed: JSON as its exact text.
struct Stored {
    seq: u64,
    at: Micros,
    actor: String,
    action: String,
    subject: String,
    before: Option<String>,
    after: Option<String>,
    prev_hash: [u8; 32],
    hash: [u8; 32],
}

/// A query for whole rows.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT seq, at, actor, action, subject, before_json, after_json, prev_hash, hash FROM audit ",
            $rest
        )
    };
}

impl Stored {
    fn read(row: &Row) -> Result<Self, Error> {
        Ok(Self {
            seq: row.count(0)?,
            at: row.time(1)?,
            actor: row.text(2)?,
            action: row.text(3)?,
            subject: row.text(4)?,
            before: row.text_or_null(5)?,
            after: row.text_or_null(6)?,
            prev_hash: row.hash(7)?,
            hash: row.hash(8)?,
        })
    }

    /// SHA-256 over the fields in the order of the table, each text with its length (8
    /// bytes, big-endian) before it, an absent one as the greatest length.
    fn digest(&self) -> [u8; 32] {
        let mut context = digest::Context::new(&digest::SHA256);
        context.update(b"waarborg audit 1\n");
        context.update(&self.seq.to_be_bytes());
        context.update(&self.at.0.to_be_bytes());
        let texts = [Some(&self.actor), Some(&self.action), Some(&self.subject)];
        for text in texts
            .into_iter()
            .chain([self.before.as_ref(), self.after.as_ref()])
        {
            let length = text.map_or(u64::MAX, |text| {
                u64::try_from(text.len()).unwrap_or(u64::MAX)
            });
            context.update(&length.to_be_bytes());
            context.update(text.map(String::as_bytes).unwrap_or_default());
        }
        context.update(&self.prev_hash);
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        hash
    }

    fn shown(self) -> Result<AuditRow, Error> {
        let json = |text: Option<String>| {
            text.map(|text| serde_json::from_str(&text))
                .transpose()
                .map_err(|error| Error::corrupt(format!("audit row {}: {error}", self.seq)))
        };
        Ok(AuditRow {
            before: json(self.before)?,
            after: json(self.after)?,
            seq: self.seq,
            at: self.at,
            actor: self.actor,
            action: self.action,
            subject: self.subject,
            prev_hash: self.prev_hash,
            hash: self.hash,
        })
    }
}

/// Appends `entries`; the head stays locked until the transaction ends.
pub(crate) async fn write(
    connection: &mut Connection,
    now: Micros,
    actor: &Actor,
    entries: &[Entry],
) -> Result<AuditHead, Error> {
    let count = u64::try_from(entries.len()).unwrap_or(u64::MAX);
    let row = connection
        .row(
            "UPDATE audit_head SET seq = seq + $1 WHERE one = 1 RETURNING seq, hash",
            values![count],
        )
        .await?;
    let mut head = AuditHead {
        seq: row.count(0)?.saturating_sub(count),
        hash: row.hash(1)?,
    };
    for entry in entries {
        let mut stored = Stored {
            seq: head.seq.saturating_add(1),
            at: now,
            actor: actor.0.clone(),
            action: entry.action.clone(),
            subject: entry.subject.clone(),
            before: entry.before.as_ref().map(Value::to_string),
            after: entry.after.as_ref().map(Value::to_string),
            prev_hash: head.hash,
            hash: [0; 32],
        };
        stored.hash = stored.digest();
        head = AuditHead {
            seq: stored.seq,
            hash: stored.hash,
        };
        connection
            .execute(
                "INSERT INTO audit (seq, at, actor, action, subject, before_json, after_json, prev_hash, hash) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
                values![
                    stored.seq,
                    stored.at,
                    stored.actor,
                    stored.action,
                    stored.subject,
                    stored.before,
                    stored.after,
                    stored.prev_hash,
                    stored.hash,
                ],
            )
            .await?;
    }
    connection
        .execute(
            "UPDATE audit_head SET hash = $1 WHERE one = 1",
            values![head.hash],
        )
        .await?;
    Ok(head)
}

impl Store {
    /// The end of the chain: what goes into the ledger.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn audit_head(&self) -> Result<AuditHead, Error> {
        let row = self
            .pools()
            .row("SELECT seq, hash FROM audit_head WHERE one = 1", values![])
            .await?;
        Ok(AuditHead {
            seq: row.count(0)?,
            hash: row.hash(1)?,
        })
    }

    /// A page of the trail, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn audit_rows(&self, query: &AuditQuery) -> Result<Vec<AuditRow>, Error> {
        // Times are compared as "at least" and "less than" the ends of time where absent.
        let since = query.since.unwrap_or(Micros(i64::MIN));
        let until = query.until.unwrap_or(Micros(i64::MAX));
        let before = query.before_seq.unwrap_or(u64::MAX);
        let limit = query.limit.min(MAX_AUDIT_PAGE);
        let action = query.action.as_str();
        // Nothing is done to nothing: an empty name asks for all.
        let [one, other] = match &query.subject {
            Some([one, other]) => [one.as_str(), other.as_str()],
            None => [""; 2],
        };
        let rows = match &query.actor {
            None => {
                let sql = select!(
                    "WHERE at >= $1 AND at < $2 AND seq < $3 \
                     AND substr(action, 1, length($5)) = $5 \
                     AND ($6 = '' OR subject = $6 OR subject = $7) \
                     ORDER BY seq DESC LIMIT $4"
                );
                let values = values![since, until, before, limit, action, one, other];
                self.pools().rows(sql, values).await?
            }
            Some(actor) => {
                let sql = select!(
                    "WHERE actor = $8 AND at >= $1 AND at < $2 AND seq < $3 \
                     AND substr(action, 1, length($5)) = $5 \
                     AND ($6 = '' OR subject = $6 OR subject = $7) \
                     ORDER BY seq DESC LIMIT $4"
                );
                let actor = actor.as_str();
                let values = values![since, until, before, limit, action, one, other, actor];
                self.pools().rows(sql, values).await?
            }
        };
        rows.iter().map(|row| Stored::read(row)?.shown()).collect()
    }

    /// Walks the whole chain, from its anchor to its head, in one unmoving view.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; a broken chain is an answer, not an error.
    pub async fn audit_verify(&self) -> Result<Chain, Error> {
        let mut view = self.pools().begin(Begin::Snapshot).await?;
        let row = view
            .row(
                "SELECT seq, hash, anchor_seq, anchor_hash FROM audit_head WHERE one = 1",
                values![],
            )
            .await?;
        let head = AuditHead {
            seq: row.count(0)?,
            hash: row.hash(1)?,
        };
        let anchor = AuditHead {
            seq: row.count(2)?,
            hash: row.hash(3)?,
        };
        let mut last = anchor;
        // What the newest row of retention says of the anchor.
        let mut said: Option<(u64, String)> = None;
        loop {
            let page = view
                .rows(
                    select!("WHERE seq > $1 ORDER BY seq LIMIT 500"),
                    values![last.seq],
                )
                .await?;
            if page.is_empty() {
                break;
            }
            for row in &page {
                let row = Stored::read(row)?;
                let expected = last.seq.saturating_add(1);
                if row.seq != expected {
                    return Ok(Chain::Broken {
                        seq: expected,
                        why: "it is missing",
                    });
                }
                if row.prev_hash != last.hash {
                    return Ok(Chain::Broken {
                        seq: row.seq,
                        why: "it doesn't follow the row before it",
                    });
                }
                if row.digest() != row.hash {
                    return Ok(Chain::Broken {
                        seq: row.seq,
                        why: "its content was altered",
                    });
                }
                last = AuditHead {
                    seq: row.seq,
                    hash: row.hash,
                };
                if row.action == PRUNE {
                    said = pruned_through(row.after.as_deref()).or(said);
                }
            }
        }
        if last != head {
            let seq = last.seq.min(head.seq).saturating_add(1);
            return Ok(Chain::Broken {
                seq,
                why: "the rows from here on don't end at the recorded head",
            });
        }
        let moved = (anchor.seq > 0).then(|| (anchor.seq, hex::encode(&anchor.hash)));
        if moved != said {
            return Ok(Chain::Broken {
                seq: anchor.seq,
                why: "rows up to here were removed without a record of it",
            });
        }
        Ok(Chain::Whole {
            rows: head.seq.saturating_sub(anchor.seq),
            head,
        })
    }
}

/// Where a row of retention says that it moved the anchor to.
fn pruned_through(after: Option<&str>) -> Option<(u64, String)> {
    let after: Value = serde_json::from_str(after?).ok()?;
    let hash = after.get("audit_hash")?.as_str()?.to_owned();
    Some((after.get("audit_through")?.as_u64()?, hash))
}

#[cfg(test)]
mod tests;
