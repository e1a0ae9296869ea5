//! Changes of accounts that wait until a second administrator approves them: sealed, few,
//! and not for long. Whoever takes one takes it in one statement, so it is done once.

use std::time::Duration;

use serde_json::json;
use terms::{Micros, Secret};

use crate::{
    accounts::Account,
    audit::Entry,
    change::Change,
    db::{Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most changes that wait at a time.
pub const MAX_PENDING: u64 = 100;
/// Longest description of one, in bytes.
pub const MAX_PENDING_BYTES: usize = 64 * 1024;

/// A change that waits.
#[derive(Debug, Clone)]
pub struct Pending {
    /// Its public name: 32 hexadecimal digits.
    pub id: String,
    /// What is to be done, in a word.
    pub what: String,
    /// The account that it is about.
    pub subject: String,
    /// The account that asked.
    pub asker: String,
    /// What exactly is to be done, and how the account was then: the caller's own form.
    pub kept: Secret<Vec<u8>>,
    /// When it was asked.
    pub created_at: Micros,
    /// When it is forgotten.
    pub expires_at: Micros,
}

/// A change to be asked for.
#[derive(Debug, Clone, Copy)]
pub struct NewPending<'a> {
    /// What is to be done, in a word.
    pub what: &'static str,
    /// The account that it is about.
    pub subject: &'a Account,
    /// The account that asks.
    pub asker: &'a Account,
    /// At most [`MAX_PENDING_BYTES`].
    pub kept: &'a [u8],
    /// How long it waits.
    pub life: Duration,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, what, subject, asker, kept, created_at, expires_at \
             FROM pending_change ",
            $rest
        )
    };
}

const fn kept_cell(id: &str) -> Cell<'_> {
    Cell {
        table: "pending_change",
        column: "kept",
        row: id,
    }
}

impl Store {
    async fn pending_of(&self, row: &Row) -> Result<Pending, Error> {
        let id = row.text(0)?;
        let sealed = row.bytes(4)?;
        let kept = self.unseal(Purpose::Approval, kept_cell(&id), &sealed);
        Ok(Pending {
            kept: kept.await?,
            what: row.text(1)?,
            subject: row.text(2)?,
            asker: row.text(3)?,
            created_at: row.time(5)?,
            expires_at: row.time(6)?,
            id,
        })
    }

    /// Everything that waits, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn pending_changes(&self) -> Result<Vec<Pending>, Error> {
        let now = self.clock().now();
        let sql = select!("WHERE expires_at > $1 ORDER BY created_at, id LIMIT $2");
        let rows = self.pools().rows(sql, values![now, MAX_PENDING]).await?;
        let mut pending = Vec::with_capacity(rows.len());
        for row in &rows {
            pending.push(self.pending_of(row).await?);
        }
        Ok(pending)
    }

    /// One that still waits.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn pending_change(&self, id: &str) -> Result<Pending, Error> {
        let now = self.clock().now();
        let sql = select!("WHERE id = $1 AND expires_at > $2");
        let rows = self.pools().rows(sql, values![id, now]).await?;
        match rows.first() {
            Some(row) => self.pending_of(row).await,
            None => Err(Error::missing("pending change", id)),
        }
    }
}

impl Change {
    /// Keeps a change until somebody approves it.
    ///
    /// # Errors
    /// [`Error::Taken`] where the same waits already, [`Error::TooLarge`] where too many do.
    pub async fn ask_approval(&mut self, new: &NewPending<'_>) -> Result<(), Error> {
        let (size, limit) = (new.kept.len(), MAX_PENDING_BYTES);
        if size > limit {
            let what = "a change that waits for approval";
            return Err(Error::TooLarge { what, size, limit });
        }
        let (id, now) = (self.store.new_id(), self.store.clock().now());
        let sql = "DELETE FROM pending_change WHERE expires_at <= $1";
        self.connection.execute(sql, values![now]).await?;
        let count = "SELECT count(*) FROM pending_change";
        let there = self.connection.row(count, values![]).await?.count(0)?;
        if there >= MAX_PENDING {
            return Err(Error::TooLarge {
                what: "the list of changes that wait for approval",
                size: usize::try_from(there).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_PENDING).unwrap_or(usize::MAX),
            });
        }
        let sealed = self.store.seal(Purpose::Approval, kept_cell(&id), new.kept);
        let until = now.after(new.life);
        let sql = "INSERT INTO pending_change (id, what, subject, asker, kept, created_at, \
                   expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
                   ON CONFLICT (subject, what) DO NOTHING";
        let (subject, asker) = (&new.subject.id, &new.asker.id);
        let values = values![&id, new.what, subject, asker, sealed, now, until];
        if self.connection.execute(sql, values).await? == 0 {
            return Err(Error::taken("change", new.what));
        }
        let after = json!({
            "what": new.what,
            "user": new.subject.name.as_str(),
            "asked_by": new.asker.name.as_str(),
            "until": until.to_string(),
        });
        self.record(Entry::new("approval.ask", subject).after(after))
    }

    /// Takes a change that waits, once: whoever comes second finds none.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn take_pending(&mut self, id: &str) -> Result<(), Error> {
        let now = self.store.clock().now();
        let sql = "DELETE FROM pending_change WHERE id = $1 AND expires_at > $2";
        match self.connection.execute(sql, values![id, now]).await? {
            0 => Err(Error::missing("pending change", id)),
            _ => Ok(()),
        }
    }

    /// Says in the trail what became of a change that waited: `approval.approve`,
    /// `approval.withdraw`, `approval.refuse`, `approval.lapse`.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_approval(
        &mut self,
        action: &'static str,
        pending: &Pending,
        [user, asked_by, by]: [&str; 3],
    ) -> Result<(), Error> {
        let after = json!({
            "what": pending.what, "user": user, "asked_by": asked_by, "by": by,
        });
        self.record(Entry::new(action, &pending.subject).after(after))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Actor,
        sessions::tests::account,
        testing::{Place, both},
    };

    const HOUR: Duration = Duration::from_secs(3600);

    async fn ask(
        store: &Store,
        what: &'static str,
        subject: &str,
        asker: &str,
    ) -> Result<(), Error> {
        let (subject, asker) = (
            store.account(subject).await?.unwrap(),
            store.account(asker).await?.unwrap(),
        );
        let mut change = store.change(&Actor::account(&asker.id)).await?;
        let kept = b"what exactly";
        change
            .ask_approval(&NewPending {
                what,
                subject: &subject,
                asker: &asker,
                kept,
                life: HOUR,
            })
            .await?;
        change.commit().await?;
        Ok(())
    }

    both! {
        async fn a_change_waits_sealed_and_is_taken_once(place: Place) {
            let store = place.open().await;
            let (ada, bo) = (account(&store, "ada").await, account(&store, "bo").await);
            ask(&store, "remove-user", &bo, &ada).await.unwrap();
            assert!(matches!(ask(&store, "remove-user", &bo, &ada).await, Err(Error::Taken { .. })));
            ask(&store, "administrators", &bo, &ada).await.unwrap();
            let pending = store.pending_changes().await.unwrap();
            assert_eq!(pending.len(), 2);
            let first = store.pending_change(&pending[0].id).await.unwrap();
            assert_eq!((&*first.asker, first.kept.expose().as_slice()), (&*ada, &b"what exactly"[..]));
            assert!(!place.file_bytes().windows(12).any(|part| part == b"what exactly"), "sealed");
            for expected in [true, false] {
                let mut change = store.change(&Actor::account(&bo)).await.unwrap();
                let taken = change.take_pending(&first.id).await;
                assert_eq!(taken.is_ok(), expected);
                if expected {
                    change.record_approval("approval.withdraw", &first, ["bo", "ada", "ada"]).unwrap();
                    change.commit().await.unwrap();
                }
            }
        }

        async fn what_nobody_approves_is_forgotten(place: Place) {
            let store = place.open().await;
            let (ada, bo) = (account(&store, "ada").await, account(&store, "bo").await);
            ask(&store, "remove-user", &bo, &ada).await.unwrap();
            let id = store.pending_changes().await.unwrap().remove(0).id;
            place.clock.advance(HOUR);
            assert!(store.pending_changes().await.unwrap().is_empty());
            assert!(matches!(store.pending_change(&id).await, Err(Error::Missing { .. })));
            let mut change = store.change(&Actor::account(&bo)).await.unwrap();
            assert!(change.take_pending(&id).await.is_err());
            drop(change);
            ask(&store, "remove-user", &bo, &ada).await.unwrap();
        }

        async fn no_more_wait_than_there_is_room_for(place: Place) {
            let store = place.open().await;
            let ada = account(&store, "ada").await;
            for number in 0..MAX_PENDING {
                let other = account(&store, &format!("user-{number}")).await;
                ask(&store, "remove-user", &other, &ada).await.unwrap();
            }
            let last = account(&store, "last").await;
            assert!(matches!(ask(&store, "remove-user", &last, &ada).await, Err(Error::TooLarge { .. })));
        }
    }
}
