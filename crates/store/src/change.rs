//! Transactions. A [`Tx`] is work that has no author; a [`Change`] has one, and its audit
//! rows are written inside it. Either one, dropped before its commit, leaves nothing.

use std::ops::{Deref, DerefMut};

use crate::{
    audit::{self, Actor, AuditHead, Entry},
    db::Connection,
    error::Error,
    store::Store,
};

/// One open transaction: takes SQLite's write lock, or one of PostgreSQL's connections.
/// Keep it short: other writers wait, and give up after seconds.
pub struct Tx {
    pub(crate) store: Store,
    pub(crate) connection: Connection,
    /// Mails were enqueued: the sender is woken once they are there.
    pub(crate) mails: bool,
}

impl Tx {
    /// The same work, of which it has turned out that somebody is its author.
    pub fn by(self, actor: &Actor) -> Change {
        Change::new(self, actor.clone())
    }

    /// Makes it last. After `Ok` it survives `kill -9` and loss of power.
    ///
    /// # Errors
    /// After [`Error::Unavailable`] it may or may not have happened; after any other it
    /// hasn't.
    pub async fn commit(self) -> Result<(), Error> {
        self.connection.commit().await?;
        if self.mails {
            self.store.wake_sender();
        }
        Ok(())
    }
}

/// What a person, a command or a part of the program does to the store on purpose.
pub struct Change {
    tx: Tx,
    actor: Actor,
    entries: Vec<Entry>,
}

impl Change {
    pub(crate) const fn new(tx: Tx, actor: Actor) -> Self {
        Self {
            tx,
            actor,
            entries: Vec::new(),
        }
    }

    /// Who does it.
    pub(crate) const fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Adds an audit row, written at the commit. No secrets may stand in it.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`MAX_ENTRY_BYTES`](crate::MAX_ENTRY_BYTES) or
    /// [`MAX_ENTRIES_PER_CHANGE`](crate::MAX_ENTRIES_PER_CHANGE).
    pub fn record(&mut self, entry: Entry) -> Result<(), Error> {
        entry.check()?;
        let size = self.entries.len().saturating_add(1);
        if size > audit::MAX_ENTRIES_PER_CHANGE {
            let limit = audit::MAX_ENTRIES_PER_CHANGE;
            return Err(Error::TooLarge {
                what: "the audit rows of one change",
                size,
                limit,
            });
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Writes the audit rows, then makes all of it last; returns the new end of the chain.
    ///
    /// # Errors
    /// [`Error::Unrecorded`] when no row was recorded: nothing is changed then. Else as
    /// [`Tx::commit`].
    pub async fn commit(mut self) -> Result<AuditHead, Error> {
        if self.entries.is_empty() {
            return Err(Error::Unrecorded);
        }
        // Last, so that the head's lock is held for the shortest time and always taken
        // after every other one.
        let now = self.tx.store.clock().now();
        let head = audit::write(&mut self.tx.connection, now, &self.actor, &self.entries).await?;
        self.tx.commit().await?;
        Ok(head)
    }
}

impl Deref for Change {
    type Target = Tx;

    fn deref(&self) -> &Tx {
        &self.tx
    }
}

impl DerefMut for Change {
    fn deref_mut(&mut self) -> &mut Tx {
        &mut self.tx
    }
}
