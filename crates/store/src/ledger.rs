//! The leaves of the Merkle log and its signed checkpoints. The tree itself, its hashes
//! and its signatures are `lib/ledger`'s; here they are only kept.
//!
//! A leaf's hash stays for ever; its record and salt can be erased, after which the hash
//! says nothing.

use std::ops::Range;

use serde_json::Value;
use terms::Micros;

use crate::{change::Tx, db::values, error::Error, store::Store};

/// Most leaves of one page or one append.
pub const MAX_LEAVES_PAGE: u64 = 4096;
/// Longest record of a leaf, in bytes of JSON.
const MAX_RECORD_BYTES: usize = 256 * 1024;
/// Longest text of a signed checkpoint, in bytes.
const MAX_NOTE_BYTES: usize = 16 * 1024;

/// A leaf to append.
#[derive(Debug, Clone, PartialEq)]
pub struct NewLeaf {
    /// The salted commitment.
    pub hash: [u8; 32],
    /// The salt.
    pub salt: [u8; 32],
    /// What was committed to.
    pub record: Value,
}

/// A leaf as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Leaf {
    /// Counted from 0.
    pub position: u64,
    /// The salted commitment.
    pub hash: [u8; 32],
    /// Salt and record; `None` once erased.
    pub opened: Option<([u8; 32], Value)>,
    /// When it was appended.
    pub at: Micros,
}

/// A signed checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    /// How many leaves it covers.
    pub size: u64,
    /// The root over them.
    pub root: [u8; 32],
    /// The signed note (C2SP signed-note).
    pub note: String,
    /// When it was signed.
    pub at: Micros,
}

impl Tx {
    /// Appends `leaves` to a ledger that has `expected` of them; returns the new size.
    ///
    /// # Errors
    /// [`Error::LedgerMoved`] when it has another size; [`Error::TooLarge`].
    pub async fn append(&mut self, expected: u64, leaves: &[NewLeaf]) -> Result<u64, Error> {
        let count = u64::try_from(leaves.len()).unwrap_or(u64::MAX);
        if count > MAX_LEAVES_PAGE {
            let limit = usize::try_from(MAX_LEAVES_PAGE).unwrap_or(usize::MAX);
            return Err(Error::TooLarge {
                what: "the leaves of one append",
                size: leaves.len(),
                limit,
            });
        }
        // Locks the ledger's end, so that two appends can't both find the size they expect.
        let size = self
            .connection
            .row(
                "UPDATE ledger_size SET size = size + $1 WHERE one = 1 RETURNING size",
                values![count],
            )
            .await?
            .count(0)?;
        let found = size.saturating_sub(count);
        if found != expected {
            self.connection.spoil();
            return Err(Error::LedgerMoved { expected, found });
        }
        let now = self.store.clock().now();
        for (leaf, position) in leaves.iter().zip(expected..) {
            let record = leaf.record.to_string();
            if record.len() > MAX_RECORD_BYTES {
                self.connection.spoil();
                let (size, limit) = (record.len(), MAX_RECORD_BYTES);
                return Err(Error::TooLarge {
                    what: "the record of a leaf",
                    size,
                    limit,
                });
            }
            self.connection
                .execute(
                    "INSERT INTO leaf (position, hash, salt, record, at) VALUES ($1, $2, $3, $4, $5)",
                    values![position, leaf.hash, leaf.salt, record, now],
                )
                .await?;
        }
        Ok(size)
    }

    /// Erases record and salt of a leaf; its hash stays. Whether there was something.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn erase(&mut self, position: u64) -> Result<bool, Error> {
        self.connection
            .execute(
                "UPDATE leaf SET record = NULL, salt = NULL WHERE position = $1 AND salt IS NOT NULL",
                values![position],
            )
            .await
            .map(|erased| erased == 1)
    }

    /// Keeps a signed checkpoint; one of the same size and root is replaced.
    ///
    /// # Errors
    /// [`Error::Conflict`] when another root stands for that size, or the ledger is
    /// shorter: signing it would fork the log.
    pub async fn checkpoint(&mut self, checkpoint: &Checkpoint) -> Result<(), Error> {
        if checkpoint.note.len() > MAX_NOTE_BYTES {
            let size = checkpoint.note.len();
            return Err(Error::TooLarge {
                what: "a checkpoint",
                size,
                limit: MAX_NOTE_BYTES,
            });
        }
        let kept = self
            .connection
            .execute(
                "INSERT INTO ledger_checkpoint (size, root, note, at) \
                 SELECT $1, $2, $3, $4 FROM ledger_size WHERE size >= $1 \
                 ON CONFLICT (size) DO UPDATE SET note = excluded.note, at = excluded.at \
                 WHERE ledger_checkpoint.root = excluded.root",
                values![
                    checkpoint.size,
                    checkpoint.root,
                    &checkpoint.note,
                    checkpoint.at
                ],
            )
            .await?;
        if kept == 1 {
            return Ok(());
        }
        self.connection.spoil();
        Err(Error::Conflict {
            what: format!("the checkpoint of size {}", checkpoint.size),
        })
    }
}

impl Store {
    /// How many leaves there are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn ledger_size(&self) -> Result<u64, Error> {
        self.pools()
            .row("SELECT size FROM ledger_size WHERE one = 1", values![])
            .await?
            .count(0)
    }

    /// The leaves of `range`, at most [`MAX_LEAVES_PAGE`]; go on after the last one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn leaves(&self, range: Range<u64>) -> Result<Vec<Leaf>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT position, hash, salt, record, at FROM leaf \
                 WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3",
                values![range.start, range.end, MAX_LEAVES_PAGE],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Leaf {
                    position: row.count(0)?,
                    hash: row.hash(1)?,
                    opened: row.hash_or_null(2)?.zip(row.json_or_null(3)?),
                    at: row.time(4)?,
                })
            })
            .collect()
    }

    /// Only the hashes of `range`, at most [`MAX_LEAVES_PAGE`]: what a tree is built from.
    ///
    /// # Errors
    /// [`Error::Corrupt`] when one in between is missing.
    pub async fn leaf_hashes(&self, range: Range<u64>) -> Result<Vec<[u8; 32]>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT position, hash FROM leaf \
                 WHERE position >= $1 AND position < $2 ORDER BY position LIMIT $3",
                values![range.start, range.end, MAX_LEAVES_PAGE],
            )
            .await?;
        rows.iter()
            .zip(range.start..)
            .map(|(row, expected)| {
                if row.count(0)? == expected {
                    row.hash(1)
                } else {
                    Err(Error::corrupt(format!(
                        "leaf {expected} of the ledger is missing"
                    )))
                }
            })
            .collect()
    }

    /// The checkpoint of the greatest size.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn latest_checkpoint(&self) -> Result<Option<Checkpoint>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT size, root, note, at FROM ledger_checkpoint ORDER BY size DESC LIMIT 1",
                values![],
            )
            .await?;
        rows.first()
            .map(|row| {
                Ok(Checkpoint {
                    size: row.count(0)?,
                    root: row.hash(1)?,
                    note: row.text(2)?,
                    at: row.time(3)?,
                })
            })
            .transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Place, both};

    fn leaf(number: u8) -> NewLeaf {
        NewLeaf {
            hash: [number; 32],
            salt: [number ^ 0xff; 32],
            record: json!({ "run": number }),
        }
    }

    both! {
        async fn leaves_are_appended_in_order_only_to_the_size_that_was_expected(place: Place) {
            let store = place.open().await;
            let mut tx = store.tx().await.unwrap();
            assert_eq!(tx.append(0, &[leaf(1), leaf(2)]).await.unwrap(), 2);
            tx.commit().await.unwrap();
            for expected in [0, 1, 3] {
                let mut tx = store.tx().await.unwrap();
                let error = tx.append(expected, &[leaf(9)]).await.unwrap_err();
                assert!(matches!(error, Error::LedgerMoved { found: 2, .. }), "{error}");
                tx.commit().await.expect_err("even when the refusal is overlooked");
            }
            let mut tx = store.tx().await.unwrap();
            tx.append(2, &[leaf(3)]).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.ledger_size().await.unwrap(), 3);
            assert_eq!(store.leaf_hashes(0..9).await.unwrap(), [[1; 32], [2; 32], [3; 32]]);
            let kept = store.leaves(1..2).await.unwrap();
            let expected = Leaf { position: 1, hash: [2; 32], opened: Some(([0xfd; 32], json!({ "run": 2 }))), at: place.clock.now() };
            assert_eq!(kept, [expected]);
        }

        async fn an_erased_leaf_keeps_its_hash_alone(place: Place) {
            let store = place.open().await;
            let mut tx = store.tx().await.unwrap();
            tx.append(0, &[leaf(1), leaf(2)]).await.unwrap();
            assert!(tx.erase(0).await.unwrap());
            assert!(!tx.erase(0).await.unwrap(), "once");
            assert!(!tx.erase(7).await.unwrap());
            tx.commit().await.unwrap();
            let leaves = store.leaves(0..2).await.unwrap();
            assert_eq!((leaves[0].hash, leaves[0].opened.clone()), ([1; 32], None));
            assert!(leaves[1].opened.is_some());
        }

        async fn a_checkpoint_never_changes_its_root_nor_runs_ahead(place: Place) {
            let store = place.open().await;
            assert_eq!(store.latest_checkpoint().await.unwrap(), None);
            let mut tx = store.tx().await.unwrap();
            tx.append(0, &[leaf(1)]).await.unwrap();
            tx.commit().await.unwrap();
            let checkpoint = |size, root, note: &str| Checkpoint { size, root: [root; 32], note: note.to_owned(), at: Micros(5) };
            let check = async |kept: &Checkpoint, good: bool| {
                let mut tx = store.tx().await.unwrap();
                assert_eq!(tx.checkpoint(kept).await.is_ok(), good, "{kept:?}");
                assert_eq!(tx.commit().await.is_ok(), good);
            };
            check(&checkpoint(1, 1, "first"), true).await;
            check(&checkpoint(1, 1, "signed again"), true).await;
            check(&checkpoint(1, 2, "fork"), false).await;
            check(&checkpoint(2, 1, "ahead"), false).await;
            assert_eq!(store.latest_checkpoint().await.unwrap(), Some(checkpoint(1, 1, "signed again")));
        }
    }
}
