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
/// Most of them that no person made.
pub const MAX_LEARNED_BANS: u64 = 512;
/// Longest reason, in bytes.
pub const MAX_REASON_BYTES: usize = 200;
/// How long one that is over is kept, since records name it.
const KEPT: Duration = Duration::from_hours(400 * 24);
/// How long a ban that is over makes the next one of the same client longer.
const REMEMBERED: Duration = Duration::from_hours(30 * 24);

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
    /// What it rests on, where no person made it.
    pub evidence: Option<Evidence>,
}

/// What a ban that no person made rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Evidence {
    /// For what, in a word.
    pub cause: String,
    /// How often that happened.
    pub strikes: u64,
    /// The first time.
    pub first: Micros,
    /// The last time.
    pub last: Micros,
    /// The id of the last request.
    pub request: String,
}

const LIVE: &str = "SELECT number, addresses, reason, made_by, made_at, until, cause, strikes, \
                    first_at, last_at, request FROM ban \
                    WHERE until > $1 ORDER BY number LIMIT $2";

fn ban(row: &Row) -> Result<Ban, Error> {
    let evidence = Evidence {
        cause: row.text(6)?,
        strikes: row.count(7)?,
        first: row.time(8)?,
        last: row.time(9)?,
        request: row.text(10)?,
    };
    Ok(Ban {
        number: u32::try_from(row.count(0)?).unwrap_or(u32::MAX),
        addresses: row.text(1)?,
        reason: row.text(2)?,
        made_by: row.text(3)?,
        made_at: row.time(4)?,
        until: row.time(5)?,
        evidence: Some(evidence).filter(|it| !it.cause.is_empty()),
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
        // Whoever makes it takes it over: it is no longer one that nobody made.
        let longer = "UPDATE ban SET reason = $3, made_by = $4, until = $5, cause = '' \
                      WHERE addresses = $1 AND until > $2";
        let values = values![addresses, now, reason, by, until];
        if self.connection.execute(longer, values).await? == 0 {
            let all = "SELECT count(*) FROM ban WHERE until > $1";
            self.new_ban(addresses, reason, until, (all, MAX_BANS))
                .await?;
        }
        let said = json!({ "reason": reason, "until": until.to_string() });
        self.record(Entry::new("block.add", addresses).after(said))
    }

    /// Has a client refused that no person judged, with an audit row; gives back until when.
    /// The first ban lasts as long as the first of `lengths`, one more as long as the next.
    /// `None` where it is refused for a while already.
    ///
    /// # Errors
    /// [`Error::TooLarge`] beyond [`MAX_LEARNED_BANS`]; [`Error::Conflict`] where somebody
    /// else adds one at this moment.
    pub async fn ban_learned(
        &mut self,
        addresses: &str,
        evidence: &Evidence,
        lengths: &[Duration],
    ) -> Result<Option<Micros>, Error> {
        let now = self.store.clock().now();
        let live = "SELECT count(*) FROM ban WHERE addresses = $1 AND until > $2";
        let live = self.connection.row(live, values![addresses, now]).await?;
        if live.count(0)? > 0 {
            return Ok(None);
        }
        let before = "SELECT count(*) FROM ban WHERE addresses = $1 AND until > $2 \
                      AND cause <> '' AND lifted = 0";
        let values = values![addresses, before_now(now, REMEMBERED)];
        let before = self.connection.row(before, values).await?.count(0)?;
        let before = usize::try_from(before).unwrap_or(usize::MAX);
        let length = lengths.get(before).or(lengths.last());
        let until = now.after(length.copied().unwrap_or_default());
        let all = "SELECT count(*) FROM ban WHERE until > $1 AND cause <> ''";
        let number = self
            .new_ban(addresses, "", until, (all, MAX_LEARNED_BANS))
            .await?;
        let rests = "UPDATE ban SET cause = $2, strikes = $3, first_at = $4, last_at = $5, \
                     request = $6 WHERE number = $1";
        let Evidence {
            cause,
            strikes,
            first,
            last,
            request,
        } = evidence;
        let values = values![
            number,
            cause.as_str(),
            *strikes,
            *first,
            *last,
            request.as_str()
        ];
        self.connection.execute(rests, values).await?;
        let said = json!({
            "cause": cause,
            "strikes": strikes,
            "first": first.to_string(),
            "last": last.to_string(),
            "request": request,
            "until": until.to_string(),
        });
        self.record(Entry::new("block.ban", addresses).after(said))?;
        Ok(Some(until))
    }

    /// A new row, where `all` of its kind are fewer than so many; gives back its number.
    async fn new_ban(
        &mut self,
        addresses: &str,
        reason: &str,
        until: Micros,
        (all, most): (&'static str, u64),
    ) -> Result<u64, Error> {
        let now = self.store.clock().now();
        let by = self.actor().as_str().to_owned();
        let old = "DELETE FROM ban WHERE until < $1";
        let forgotten = values![before_now(now, KEPT)];
        self.connection.execute(old, forgotten).await?;
        for (all, most) in [
            (all, most),
            ("SELECT count(*) FROM ban WHERE until > $1", MAX_BANS),
        ] {
            let live = self.connection.row(all, values![now]).await?.count(0)?;
            if live >= most {
                return Err(Error::TooLarge {
                    what: "the list of addresses that are refused for a while",
                    size: usize::try_from(live).unwrap_or(usize::MAX),
                    limit: usize::try_from(most).unwrap_or(usize::MAX),
                });
            }
        }
        let last = "SELECT COALESCE(MAX(number), 0) FROM ban";
        let last = self.connection.row(last, values![]).await?.count(0)?;
        let number = last.saturating_add(1);
        let new = "INSERT INTO ban (number, addresses, reason, made_by, made_at, until) \
                   VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (number) DO NOTHING";
        let values = values![number, addresses, reason, by, now, until];
        if self.connection.execute(new, values).await? != 1 {
            return Err(Error::Conflict {
                what: format!("the ban of {addresses}"),
            });
        }
        Ok(number)
    }

    /// Lets a range in again, with an audit row; whether it was refused.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn lift_ban(&mut self, addresses: &str) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let over = "UPDATE ban SET until = $2, lifted = 1 WHERE addresses = $1 AND until > $2";
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

/// The moment so long before.
fn before_now(now: Micros, back: Duration) -> Micros {
    let back = i64::try_from(back.as_micros()).unwrap_or(i64::MAX);
    Micros(now.0.saturating_sub(back))
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

        async fn a_ban_that_nobody_made_grows_longer_and_is_forgotten(place: Place) {
            let store = place.open().await;
            let lengths = [60, 600].map(Duration::from_secs);
            let evidence = Evidence {
                cause: "scan".to_owned(),
                strikes: 5,
                first: Micros(1),
                last: Micros(2),
                request: "7".repeat(32),
            };
            let again = async || {
                let mut change = store.change(&Actor::system("ban")).await.unwrap();
                let until = change.ban_learned("198.51.100.7", &evidence, &lengths).await.unwrap()?;
                change.commit().await.unwrap();
                Some(until.since(store.clock().now()).as_secs())
            };
            assert_eq!(again().await, Some(60));
            assert_eq!(again().await, None, "it is refused already");
            assert_eq!(store.bans().await.unwrap()[0].evidence, Some(evidence.clone()));
            for expected in [600, 600] {
                store.clock().advance(Duration::from_secs(601));
                assert_eq!(again().await, Some(expected));
            }
            // One that a person ended doesn't count, and a person's own isn't shortened.
            let mut change = store.change(&Actor::system("test")).await.unwrap();
            assert!(change.lift_ban("198.51.100.7").await.unwrap());
            change.commit().await.unwrap();
            store.clock().advance(Duration::from_secs(40 * 86_400));
            assert_eq!(again().await, Some(60));
            add(&store, "198.51.100.7", 900).await.unwrap();
            assert_eq!(again().await, None);
            assert_eq!(store.bans().await.unwrap()[0].evidence, None);
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
