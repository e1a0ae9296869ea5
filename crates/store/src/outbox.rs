//! Mails that belong to a transaction: they stand in the store in that transaction, and
//! leave it afterwards.
//!
//! ```text
//! enqueue ─▶ due ──claim──▶ due, later ──sent──▶ sent
//!             ▲                 │ failed
//!             └─────────────────┴──after MAX_TRIES──▶ dead
//! ```
//! A claim only moves the due time on, so a sender that is killed loses nothing: the mail
//! is due again when the claim's time is over. It may then leave twice, with the same
//! `Message-ID`, by which mailboxes recognise it.

use std::time::Duration;

use terms::{Micros, Secret};

use crate::{
    change::Tx,
    db::{Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// After this many failed attempts a mail is dead.
pub const MAX_TRIES: u64 = 12;
/// Most mails of one claim.
pub const MAX_CLAIM: u64 = 100;
/// Longest text of a mail, in bytes.
pub const MAX_MAIL_BYTES: usize = 256 * 1024;
/// Longest recipient, subject, dedupe key or domain, in bytes (RFC 5322 §2.1.1).
const MAX_LINE_BYTES: usize = 998;
/// Longest error that is kept, in characters.
const MAX_ERROR_CHARS: usize = 500;

/// A mail to be sent. Recipient and text are sealed in the store; the subject isn't, so
/// nothing personal belongs into it.
#[derive(Debug, Clone)]
pub struct Mail {
    /// The address.
    pub to: Secret<String>,
    /// Shown in lists of the outbox.
    pub subject: String,
    /// Plain text.
    pub text: Secret<String>,
    /// A mail with the same key that is still kept is the same mail and not sent again.
    pub dedupe: String,
    /// The right side of its `Message-ID`.
    pub domain: String,
}

/// What became of an enqueued mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Enqueued {
    /// It will be sent; this is its id.
    New(String),
    /// One with the same key was there.
    Already,
}

/// A mail to send now.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Its id.
    pub id: String,
    /// Which attempt this is, from 1; an answer to an earlier one is ignored.
    pub attempt: u64,
    /// With angle brackets; the same at every attempt.
    pub message_id: String,
    /// The address.
    pub to: Secret<String>,
    /// The subject.
    pub subject: String,
    /// Plain text.
    pub text: Secret<String>,
    /// When it was enqueued: its `Date`.
    pub created_at: Micros,
}

/// What a report of success or failure has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is sent.
    Sent,
    /// It will be tried again.
    Later,
    /// It was tried [`MAX_TRIES`] times and is given up: someone has to look.
    Dead,
    /// The claim was over and another attempt goes on; nothing changed.
    Stale,
}

/// The outbox in numbers, for metrics and alarms.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OutboxCounts {
    /// Waiting, or being sent.
    pub due: u64,
    /// Sent and still kept.
    pub sent: u64,
    /// Given up and still kept.
    pub dead: u64,
    /// When the oldest waiting one was enqueued.
    pub oldest_due: Option<Micros>,
}

fn cell<'a>(column: &'static str, id: &'a str) -> Cell<'a> {
    Cell {
        table: "outbox",
        column,
        row: id,
    }
}

impl Tx {
    /// Adds a mail to this transaction.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub async fn enqueue(&mut self, mail: &Mail) -> Result<Enqueued, Error> {
        for (what, size, limit) in [
            (
                "the recipient of a mail",
                mail.to.expose().len(),
                MAX_LINE_BYTES,
            ),
            ("the subject of a mail", mail.subject.len(), MAX_LINE_BYTES),
            (
                "the dedupe key of a mail",
                mail.dedupe.len(),
                MAX_LINE_BYTES,
            ),
            ("the domain of a mail", mail.domain.len(), MAX_LINE_BYTES),
            (
                "the text of a mail",
                mail.text.expose().len(),
                MAX_MAIL_BYTES,
            ),
        ] {
            if size > limit {
                return Err(Error::TooLarge { what, size, limit });
            }
        }
        let id = self.store.new_id();
        let seal = |column, text: &Secret<String>| {
            self.store
                .seal(Purpose::Mail, cell(column, &id), text.expose().as_bytes())
        };
        let (recipient, body) = (seal("recipient", &mail.to), seal("body", &mail.text));
        let now = self.store.clock().now();
        let added = self
            .connection
            .execute(
                "INSERT INTO outbox (id, dedupe, message_id, recipient, subject, body, state, attempts, \
                 created_at, due_at) VALUES ($1, $2, $3, $4, $5, $6, 'due', 0, $7, $7) \
                 ON CONFLICT (dedupe) DO NOTHING",
                values![
                    &id,
                    &mail.dedupe,
                    format!("<{id}@{}>", mail.domain),
                    recipient,
                    &mail.subject,
                    body,
                    now,
                ],
            )
            .await?;
        if added == 0 {
            return Ok(Enqueued::Already);
        }
        self.mails = true;
        Ok(Enqueued::New(id))
    }
}

impl Store {
    /// Takes up to `limit` due mails for `lease_for`; none of them is due for another
    /// sender before that. A mail that doesn't open is dead at once and left out.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn claim(&self, limit: u64, lease_for: Duration) -> Result<Vec<Claimed>, Error> {
        let mut tx = self.tx().await?;
        let now = self.clock().now();
        // The outer condition is checked again on rows that another sender had locked.
        let rows = tx
            .connection
            .rows(
                "UPDATE outbox SET attempts = attempts + 1, due_at = $2 \
                 WHERE state = 'due' AND due_at <= $1 AND id IN \
                 (SELECT id FROM outbox WHERE state = 'due' AND due_at <= $1 ORDER BY due_at, id LIMIT $3) \
                 RETURNING id, attempts, message_id, recipient, subject, body, created_at",
                values![now, now.after(lease_for), limit.min(MAX_CLAIM)],
            )
            .await?;
        tx.commit().await?;
        let mut mails = Vec::with_capacity(rows.len());
        for row in &rows {
            match self.open_mail(row).await {
                Ok(mail) => mails.push(mail),
                Err(Error::Unsealable {
                    row: id, column, ..
                }) => {
                    tracing::error!(mail = id, column, "mail doesn't open and is given up");
                    self.settle_mail(&id, None, "dead", Some("it doesn't open"))
                        .await?;
                }
                Err(other) => return Err(other),
            }
        }
        mails.sort_by(|a, b| (a.created_at, &a.id).cmp(&(b.created_at, &b.id)));
        Ok(mails)
    }

    async fn open_mail(&self, row: &Row) -> Result<Claimed, Error> {
        let id = row.text(0)?;
        let to = self
            .unseal_text(Purpose::Mail, cell("recipient", &id), &row.bytes(3)?)
            .await?;
        let text = self
            .unseal_text(Purpose::Mail, cell("body", &id), &row.bytes(5)?)
            .await?;
        Ok(Claimed {
            attempt: row.count(1)?,
            message_id: row.text(2)?,
            subject: row.text(4)?,
            created_at: row.time(6)?,
            id,
            to,
            text,
        })
    }

    /// Records that the mail has left.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: it will be sent again.
    pub async fn sent(&self, mail: &Claimed) -> Result<Outcome, Error> {
        let settled = self
            .settle_mail(&mail.id, Some(mail.attempt), "sent", None)
            .await?;
        Ok(if settled {
            Outcome::Sent
        } else {
            Outcome::Stale
        })
    }

    /// Records that the attempt failed with `error`; tries again at `next_try`.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: it is due again when the claim is over.
    pub async fn failed(
        &self,
        mail: &Claimed,
        error: &str,
        next_try: Micros,
    ) -> Result<Outcome, Error> {
        if mail.attempt >= MAX_TRIES {
            let settled = self
                .settle_mail(&mail.id, Some(mail.attempt), "dead", Some(error))
                .await?;
            return Ok(if settled {
                Outcome::Dead
            } else {
                Outcome::Stale
            });
        }
        let mut tx = self.tx().await?;
        let kept: String = error.chars().take(MAX_ERROR_CHARS).collect();
        let changed = tx
            .connection
            .execute(
                "UPDATE outbox SET due_at = $1, error = $2 \
                 WHERE id = $3 AND attempts = $4 AND state = 'due'",
                values![next_try, kept, &mail.id, mail.attempt],
            )
            .await?;
        tx.commit().await?;
        Ok(if changed == 1 {
            Outcome::Later
        } else {
            Outcome::Stale
        })
    }

    /// Ends a mail's way; whether it was still on it, at this attempt (any, for `None`).
    async fn settle_mail(
        &self,
        id: &str,
        attempt: Option<u64>,
        state: &str,
        error: Option<&str>,
    ) -> Result<bool, Error> {
        let mut tx = self.tx().await?;
        let now = self.clock().now();
        let kept = error.map(|error| error.chars().take(MAX_ERROR_CHARS).collect::<String>());
        let changed = tx
            .connection
            .execute(
                "UPDATE outbox SET state = $1, settled_at = $2, error = $3 \
                 WHERE id = $4 AND state = 'due' AND attempts = COALESCE($5, attempts)",
                values![state, now, kept, id, attempt],
            )
            .await?;
        tx.commit().await?;
        Ok(changed == 1)
    }

    /// When the next mail is due; `None` for an empty outbox.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn next_mail_due(&self) -> Result<Option<Micros>, Error> {
        let row = self
            .pools()
            .row(
                "SELECT min(due_at) FROM outbox WHERE state = 'due'",
                values![],
            )
            .await?;
        Ok(row.int_or_null(0)?.map(Micros))
    }

    /// The outbox in numbers.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn outbox_counts(&self) -> Result<OutboxCounts, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT state, count(*), min(created_at) FROM outbox GROUP BY state",
                values![],
            )
            .await?;
        let mut counts = OutboxCounts::default();
        for row in &rows {
            let count = row.count(1)?;
            match row.text(0)?.as_str() {
                "due" => {
                    counts.due = count;
                    counts.oldest_due = row.int_or_null(2)?.map(Micros);
                }
                "sent" => counts.sent = count,
                "dead" => counts.dead = count,
                other => {
                    return Err(Error::corrupt(format!(
                        "a mail in the unknown state `{other}`"
                    )));
                }
            }
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests;
