//! One writer among several nodes: a lease with a fencing token.
//!
//! ```text
//! free ──acquire──▶ held (token n) ──renew──▶ held (token n)
//!   ▲                  │ release, or its time is over
//!   └──────────────────┘        the next holder has token n + 1
//! ```
//! A holder that was paused beyond its time finds out when it writes: [`Tx::require`]
//! locks the lease's row in the write's own transaction, so nobody can take it over
//! between the check and the commit.

use std::time::Duration;

use terms::Micros;

use crate::{change::Tx, db::values, error::Error, store::Store};

/// A lease that was acquired. It may have been lost since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    name: String,
    holder: String,
    token: u64,
    expires_at: Micros,
}

impl Lease {
    /// What it is for.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Greater than every token of this name before: others can refuse the smaller.
    pub const fn token(&self) -> u64 {
        self.token
    }

    /// When it ends unless it is renewed.
    pub const fn expires_at(&self) -> Micros {
        self.expires_at
    }

    fn lost(&self) -> Error {
        Error::LeaseLost {
            name: self.name.clone(),
            token: self.token,
        }
    }
}

/// The answer to an attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acquisition {
    /// It is ours.
    Ours(Lease),
    /// Another node has it.
    Held {
        /// That node.
        holder: String,
        /// Until then at least.
        until: Micros,
    },
}

impl Store {
    /// Tries to take the lease `name` for `ttl`. `holder` names this node, which the data
    /// folder's lock makes unique; a node that was killed takes its own lease over at once.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn acquire(
        &self,
        name: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<Acquisition, Error> {
        let mut tx = self.tx().await?;
        let now = self.clock().now();
        let expires_at = now.after(ttl);
        let taken = tx
            .connection
            .rows(
                "INSERT INTO lease (name, holder, token, expires_at) VALUES ($1, $2, 1, $3) \
                 ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = lease.token + 1, \
                 expires_at = excluded.expires_at \
                 WHERE lease.expires_at <= $4 OR lease.holder = excluded.holder \
                 RETURNING token",
                values![name, holder, expires_at, now],
            )
            .await?;
        let answer = if let Some(row) = taken.first() {
            let (name, holder) = (name.to_owned(), holder.to_owned());
            Acquisition::Ours(Lease {
                name,
                holder,
                token: row.count(0)?,
                expires_at,
            })
        } else {
            let row = tx
                .connection
                .row(
                    "SELECT holder, expires_at FROM lease WHERE name = $1",
                    values![name],
                )
                .await?;
            Acquisition::Held {
                holder: row.text(0)?,
                until: row.time(1)?,
            }
        };
        tx.commit().await?;
        Ok(answer)
    }

    /// Keeps the lease for `ttl` from now.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]: stop working under it.
    pub async fn renew_lease(&self, lease: &mut Lease, ttl: Duration) -> Result<(), Error> {
        let mut tx = self.tx().await?;
        let now = self.clock().now();
        let expires_at = now.after(ttl);
        let renewed = tx
            .connection
            .execute(
                "UPDATE lease SET expires_at = $1 \
                 WHERE name = $2 AND token = $3 AND holder = $4 AND expires_at > $5",
                values![expires_at, &lease.name, lease.token, &lease.holder, now],
            )
            .await?;
        if renewed != 1 {
            return Err(lease.lost());
        }
        tx.commit().await?;
        lease.expires_at = expires_at;
        Ok(())
    }

    /// Gives the lease up, so that the next one needn't wait. A lost one is let be.
    ///
    /// # Errors
    /// [`Error::Unavailable`]: it then ends by itself.
    pub async fn release(&self, lease: Lease) -> Result<(), Error> {
        let mut tx = self.tx().await?;
        let (now, token) = (self.clock().now(), lease.token);
        tx.connection
            .execute(
                "UPDATE lease SET expires_at = $1 WHERE name = $2 AND token = $3 AND expires_at > $1",
                values![now, lease.name, token],
            )
            .await?;
        tx.commit().await
    }
}

impl Tx {
    /// Makes this transaction fail unless `lease` is still held; nobody else can take it
    /// until the transaction ends.
    ///
    /// # Errors
    /// [`Error::LeaseLost`]: drop the transaction.
    pub async fn require(&mut self, lease: &Lease) -> Result<(), Error> {
        let now = self.store.clock().now();
        let held = self
            .connection
            .execute(
                "UPDATE lease SET token = token \
                 WHERE name = $1 AND token = $2 AND holder = $3 AND expires_at > $4",
                values![&lease.name, lease.token, &lease.holder, now],
            )
            .await?;
        if held == 1 {
            return Ok(());
        }
        self.connection.spoil();
        Err(lease.lost())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        audit::Actor,
        testing::{Place, both},
    };

    const TTL: Duration = Duration::from_secs(15);

    fn ours(acquisition: Acquisition) -> Lease {
        match acquisition {
            Acquisition::Ours(lease) => lease,
            Acquisition::Held { holder, .. } => panic!("held by {holder}"),
        }
    }

    both! {
        async fn one_node_has_the_lease_until_its_time_is_over_or_it_gives_it_up(place: Place) {
            let store = place.open().await;
            let mut first = ours(store.acquire("writer", "a", TTL).await.unwrap());
            assert_eq!(first.token(), 1);
            let held = Acquisition::Held { holder: "a".to_owned(), until: first.expires_at() };
            assert_eq!(store.acquire("writer", "b", TTL).await.unwrap(), held);
            assert_eq!(ours(store.acquire("other", "b", TTL).await.unwrap()).token(), 1);

            place.clock.advance(TTL / 2);
            store.renew_lease(&mut first, TTL).await.unwrap();
            place.clock.advance(TTL / 2 + Duration::from_secs(1));
            assert_ne!(store.acquire("writer", "b", TTL).await.unwrap(), held, "it was renewed");
            place.clock.advance(TTL);
            let second = ours(store.acquire("writer", "b", TTL).await.unwrap());
            assert_eq!(second.token(), 2);
            let error = store.renew_lease(&mut first, TTL).await.unwrap_err();
            assert!(matches!(error, Error::LeaseLost { token: 1, .. }), "{error}");
            store.release(first).await.unwrap();
            assert!(matches!(store.acquire("writer", "a", TTL).await.unwrap(), Acquisition::Held { .. }));

            store.release(second).await.unwrap();
            assert_eq!(ours(store.acquire("writer", "a", TTL).await.unwrap()).token(), 3);
            assert_eq!(ours(store.acquire("writer", "a", TTL).await.unwrap()).token(), 4, "after a crash");
        }

        async fn a_write_under_a_lost_lease_fails_and_under_a_held_one_succeeds(place: Place) {
            let store = place.open().await;
            let actor = Actor::system("drills");
            let lost = ours(store.acquire("writer", "a", TTL).await.unwrap());
            place.clock.advance(TTL);
            let held = ours(store.acquire("writer", "b", TTL).await.unwrap());

            let mut change = store.change(&actor).await.unwrap();
            change.set("mark", &json!("lost")).await.unwrap();
            let error = change.require(&lost).await.unwrap_err();
            assert!(matches!(error, Error::LeaseLost { .. }), "{error}");
            change.commit().await.expect_err("even when the refusal is overlooked");
            assert_eq!(store.setting("mark").await.unwrap(), None);

            let mut change = store.change(&actor).await.unwrap();
            change.require(&held).await.unwrap();
            change.set("mark", &json!("held")).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(store.setting("mark").await.unwrap(), Some(json!("held")));
        }
    }

    #[tokio::test]
    async fn nobody_takes_a_lease_over_while_a_write_under_it_is_open() {
        let place = Place::postgres();
        let store = place.open().await;
        let lease = ours(store.acquire("writer", "a", TTL).await.unwrap());
        let mut tx = store.tx().await.unwrap();
        tx.require(&lease).await.unwrap();
        place.clock.advance(TTL * 2);
        let rival = store.clone();
        let taking = tokio::spawn(async move { rival.acquire("writer", "b", TTL).await });
        // The rival's statement waits for our row: the server says so.
        loop {
            let waiting = store
                .pools()
                .row(
                    "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'",
                    values![],
                )
                .await
                .unwrap();
            if waiting.count(0).unwrap() > 0 {
                break;
            }
        }
        assert!(!taking.is_finished());
        tx.commit().await.unwrap();
        assert_eq!(ours(taking.await.unwrap().unwrap()).token(), 2);
    }
}
