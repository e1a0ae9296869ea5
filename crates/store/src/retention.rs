//! Retention: what is older than its time goes, and its going is in the audit trail.
//!
//! What stays: hashes of leaves and checkpoints (the ledger is for ever), the newest run
//! of each clause, mails that aren't settled, settings, and the audit chain from its
//! anchor on.

use serde_json::json;
use terms::Micros;

use crate::{
    audit::{Actor, Entry, PRUNE},
    db::values,
    error::Error,
    hex,
    store::Store,
};

/// Most rows of each kind that one call removes, so that others don't wait for long.
pub const MAX_PRUNE_ROWS: u64 = 10_000;

/// How many rows one call has removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Runs of drills, by clause.
    pub runs: u64,
    /// Announcements.
    pub announced: u64,
    /// Sent and dead mails.
    pub mails: u64,
    /// Records and salts of leaves (erased, the hash stays).
    pub leaves: u64,
    /// Audit rows.
    pub audit: u64,
}

impl Pruned {
    const fn counts(self) -> [u64; 5] {
        [
            self.runs,
            self.announced,
            self.mails,
            self.leaves,
            self.audit,
        ]
    }

    /// Whether there may be more: call again.
    pub fn more(self) -> bool {
        self.counts()
            .into_iter()
            .any(|count| count >= MAX_PRUNE_ROWS)
    }
}

/// The statements, in the order of [`Pruned::counts`] without the audit.
const DELETES: [&str; 4] = [
    "DELETE FROM drill_run WHERE (run, promise, clause) IN \
     (SELECT r.run, r.promise, r.clause FROM drill_run r WHERE r.at < $1 AND NOT EXISTS \
     (SELECT l.run FROM drill_latest l WHERE l.promise = r.promise AND l.clause = r.clause \
     AND l.vantage = r.vantage AND l.run = r.run) ORDER BY r.at LIMIT $2)",
    "DELETE FROM drill_due WHERE (promise, due_at) IN \
     (SELECT promise, due_at FROM drill_due WHERE due_at < $1 ORDER BY due_at LIMIT $2)",
    "DELETE FROM outbox WHERE id IN \
     (SELECT id FROM outbox WHERE state <> 'due' AND settled_at < $1 ORDER BY settled_at LIMIT $2)",
    "UPDATE leaf SET record = NULL, salt = NULL WHERE position IN \
     (SELECT position FROM leaf WHERE at < $1 AND salt IS NOT NULL ORDER BY position LIMIT $2)",
];

impl Store {
    /// Removes what is older than `before` (by default of the configuration: 400 days), at
    /// most [`MAX_PRUNE_ROWS`] of each kind. When something went, one audit row says so.
    ///
    /// # Errors
    /// [`Error::Unavailable`], and nothing is removed.
    pub async fn prune(&self, before: Micros, actor: &Actor) -> Result<Pruned, Error> {
        let mut change = self.change(actor).await?;
        let connection = &mut change.connection;
        let mut counts = [0; 4];
        for (count, sql) in counts.iter_mut().zip(DELETES) {
            *count = connection
                .execute(sql, values![before, MAX_PRUNE_ROWS])
                .await?;
        }
        let [runs, announced, mails, leaves] = counts;
        let mut pruned = Pruned {
            runs,
            announced,
            mails,
            leaves,
            audit: 0,
        };
        let mut after = json!({
            "before": before.to_string(),
            "runs": runs, "announced": announced, "mails": mails, "leaves": leaves,
        });

        // The audit goes from its beginning to the last row before the first young one: a
        // clock that jumped back must not make a hole.
        let row = connection
            .row(
                "SELECT anchor_seq, (SELECT min(seq) FROM audit WHERE at >= $1), seq FROM audit_head WHERE one = 1",
                values![before],
            )
            .await?;
        let anchor = row.count(0)?;
        let young = match row.count_or_null(1)? {
            Some(young) => young,
            None => row.count(2)?.saturating_add(1),
        };
        let through = young
            .saturating_sub(1)
            .min(anchor.saturating_add(MAX_PRUNE_ROWS));
        if through > anchor {
            let hash = connection
                .row("SELECT hash FROM audit WHERE seq = $1", values![through])
                .await?
                .hash(0)?;
            pruned.audit = connection
                .execute("DELETE FROM audit WHERE seq <= $1", values![through])
                .await?;
            connection
                .execute(
                    "UPDATE audit_head SET anchor_seq = $1, anchor_hash = $2 WHERE one = 1",
                    values![through, hash],
                )
                .await?;
            if let Some(after) = after.as_object_mut() {
                after.insert("audit".to_owned(), pruned.audit.into());
                after.insert("audit_through".to_owned(), through.into());
                after.insert("audit_hash".to_owned(), hex::encode(&hash).into());
            }
        }
        if pruned == Pruned::default() {
            return Ok(pruned);
        }
        change.record(Entry::new(PRUNE, "store").after(after))?;
        change.commit().await?;
        Ok(pruned)
    }
}

#[cfg(test)]
mod tests;
