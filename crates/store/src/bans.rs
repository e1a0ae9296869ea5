//! Addresses that are refused for a while: one list for all nodes.
// promise: block

use std::time::Duration;

use serde_json::json;
use terms::Micros;

use crate::{
    audit::Entry,
    change::Change,
    db::{Row, values},
    error::Error,
    store::Store,
};

/// Most that hold at a time.
pub const MAX_BANS: u64 = 896;
/// Longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 200;
/// How long one that is over is kept, since records name it.
const KEPT: Duration = Duration::from_hours(400 * 24);

/// Addresses that are refused until then.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Its number, never given out anew while records may name it.
    pub number: u32,
    /// The range, in its one form.
    pub addresses: String,
    /// Why, for people.
    pub reason: String,
    /// Who wanted it, as in the audit trail.
    pub made_by: String,
    /// Since when.
    pub made_at: Micros,
    /// When it ends by itself.
    pub until: Micros,
}

const LIVE: &str = "SELECT number, addresses, reason, made_by, made_at, until FROM ban \
                    WHERE until > $1 ORDER BY number LIMIT $2";

fn ban(row: &Row) -> Result<Ban, Error> {
    Ok(Ban {
        number: u32::try_from(row.count(0)?).unwrap_or(u32::MAX),
        addresses: row.text(1)?,
        reason: row.text(2)?,
        made_by: row.text(3)?,
        made_at: row.time(4)?,
        until: row.time(5)?,
    })
}

impl Store {
    /// Those that hold now, the oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn bans(&self) -> Result<Vec<Ban>, Error> {
        let now = self.clock().now();
        let rows = self.pools().rows(LIVE, values![now, MAX_BANS]).await?;
        rows.iter().map(ban).collect()
    }
}

impl Change {
    /// Has a range refused until then, with an audit row. One that is refused already gets
    /// this reason and this end.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`MAX_BANS`] or [`MAX_REASON_BYTES`]; [`Error::Conflict`]
    /// where somebody else adds one at this moment.
    pub async fn ban(&mut self, addresses: &str, reason: &str, until: Micros) -> Result<(), Error> {
        if reason.len() > MAX_REASON_BYTES {
            return Err(Error::TooLarge {
                what: "the reason of a ban",
                size: reason.len(),
                limit: MAX_REASON_BYTES,
            });
        }
        let now = self.store.clock().now();
        let by = self.actor().as_str().to_owned();
        let forgotten = Micros(
            now.0
                .saturating_sub(i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX)),
        );
        let old = "DELETE FROM ban WHERE until < $1";
        self.connection.execute(old, values![forgotten]).await?;
        let longer = "UPDATE ban SET reason = $3, made_by = $4, until = $5 \
                      WHERE addresses = $1 AND until > $2";
        let values = values![addresses, now, reason, by.clone(), until];
        if self.connection.execute(longer, values).await? == 0 {
            let there = "SELECT count(*) FROM ban WHERE until > $1";
            let live = self.connection.row(there, values![now]).await?.count(0)?;
            if live >= MAX_BANS {
                return Err(Error::TooLarge {
                    what: "the list of addresses that are refused for a while",
                    size: usize::try_from(live).unwrap_or(usize::MAX),
                    limit: usize::try_from(MAX_BANS).unwrap_or(usize::MAX),
                });
            }
            let new = "INSERT INTO ban (number, addresses, reason, made_by, made_at, until) \
                       SELECT COALESCE(MAX(number), 0) + 1, $1, $2, $3, $4, $5 FROM ban \
                       WHERE true ON CONFLICT (number) DO NOTHING";
            let values = values![addresses, reason, by, now, until];
            if self.connection.execute(new, values).await? != 1 {
                return Err(Error::Conflict {
                    what: format!("the ban of {addresses}"),
                });
            }
        }
        let said = json!({ "reason": reason, "until": until.to_string() });
        self.record(Entry::new("block.add", addresses).after(said))
    }

    /// Lets a range in again, with an audit row; whether it was refused.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lift_ban(&mut self, addresses: &str) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let over = "UPDATE ban SET until = $2 WHERE addresses = $1 AND until > $2";
        let lifted = self
            .connection
            .execute(over, values![addresses, now])
            .await?
            > 0;
        if lifted {
            self.record(Entry::new("block.remove", addresses))?;
        }
        Ok(lifted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        audit::Actor,
        testing::{Place, both},
    };

    async fn add(store: &Store, addresses: &str, seconds: u64) -> Result<(), Error> {
        let until = store.clock().now().after(Duration::from_secs(seconds));
        let mut change = store.change(&Actor::system("test")).await?;
        change.ban(addresses, "it scans", until).await?;
        change.commit().await.map(|_| ())
    }

    both! {
        async fn a_ban_holds_until_its_end_or_until_it_is_lifted(place: Place) {
            let store = place.open().await;
            add(&store, "198.51.100.7", 60).await.unwrap();
            add(&store, "2001:db8::/64", 600).await.unwrap();
            let bans = store.bans().await.unwrap();
            let named: Vec<_> = bans.iter().map(|ban| (ban.number, &*ban.addresses)).collect();
            assert_eq!(named, [(1, "198.51.100.7"), (2, "2001:db8::/64")]);
            assert_eq!((&*bans[0].reason, &*bans[0].made_by), ("it scans", "system:test"));
            // Once more is longer, and no second one.
            add(&store, "198.51.100.7", 900).await.unwrap();
            let longer = store.bans().await.unwrap();
            assert_eq!(longer.len(), 2);
            assert!(longer[0].until > bans[0].until && longer[0].number == 1);
            store.clock().advance(Duration::from_secs(601));
            assert_eq!(store.bans().await.unwrap().len(), 1);
            let mut change = store.change(&Actor::system("test")).await.unwrap();
            assert!(!change.lift_ban("2001:db8::/64").await.unwrap(), "it is over");
            assert!(change.lift_ban("198.51.100.7").await.unwrap());
            change.commit().await.unwrap();
            assert_eq!(store.bans().await.unwrap(), []);
            // Numbers aren't given out anew.
            add(&store, "198.51.100.7", 60).await.unwrap();
            assert_eq!(store.bans().await.unwrap()[0].number, 3);
        }

        async fn there_are_never_more_than_so_many(place: Place) {
            let store = place.open().await;
            let mut change = store.change(&Actor::system("test")).await.unwrap();
            let until = store.clock().now().after(Duration::from_secs(60));
            let mut done = 0;
            let refused = loop {
                let addresses = format!("10.{}.{}.1", done / 250, done % 250);
                match change.ban(&addresses, "", until).await {
                    Ok(()) => done += 1,
                    Err(error) => break error,
                }
            };
            assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
            let long = "x".repeat(MAX_REASON_BYTES + 1);
            let refused = change.ban("10.200.0.1", &long, until).await.unwrap_err();
            assert!(matches!(refused, Error::TooLarge { .. }), "{refused}");
        }
    }
}
