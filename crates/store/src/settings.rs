//! Settings that were made in the console: key to JSON value. What stands in the
//! configuration file goes before; that order is the caller's.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    audit::{Entry, MAX_ENTRY_BYTES},
    change::Change,
    db::values,
    error::Error,
    store::Store,
};

/// Most settings that are read; the console's keys are a fixed list, far shorter.
const MAX_SETTINGS: u64 = 10_000;
/// Longest value, so that before and after fit into one audit row.
const MAX_VALUE_BYTES: usize = MAX_ENTRY_BYTES / 2;

impl Store {
    /// Every setting.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn settings(&self) -> Result<BTreeMap<String, Value>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT key, value FROM setting ORDER BY key LIMIT $1",
                values![MAX_SETTINGS],
            )
            .await?;
        rows.iter()
            .map(|row| Ok((row.text(0)?, row.json(1)?)))
            .collect()
    }

    /// One setting.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn setting(&self, key: &str) -> Result<Option<Value>, Error> {
        let rows = self
            .pools()
            .rows("SELECT value FROM setting WHERE key = $1", values![key])
            .await?;
        rows.first().map(|row| row.json(0)).transpose()
    }
}

impl Change {
    /// Sets `key`, with an audit row of the values before and after: no place for secrets.
    /// Returns the value before. Setting what is there already records nothing.
    ///
    /// # Errors
    /// [`Error::Conflict`] when someone else sets the same new key at this moment.
    pub async fn set(&mut self, key: &str, value: &Value) -> Result<Option<Value>, Error> {
        let text = value.to_string();
        if text.len() > MAX_VALUE_BYTES {
            let size = text.len();
            return Err(Error::TooLarge {
                what: "a setting",
                size,
                limit: MAX_VALUE_BYTES,
            });
        }
        let now = self.store.clock().now();
        let before = self.locked(key).await?;
        let written = match &before {
            Some(before) if before == value => return Ok(Some(before.clone())),
            Some(_) => {
                self.connection
                    .execute(
                        "UPDATE setting SET value = $2, at = $3 WHERE key = $1",
                        values![key, text, now],
                    )
                    .await?
            }
            None => {
                self.connection
                    .execute(
                        "INSERT INTO setting (key, value, at) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING",
                        values![key, text, now],
                    )
                    .await?
            }
        };
        if written != 1 {
            return Err(Error::Conflict {
                what: format!("the setting `{key}`"),
            });
        }
        let mut entry = Entry::new("setting.set", key).after(value.clone());
        if let Some(before) = &before {
            entry = entry.before(before.clone());
        }
        self.record(entry)?;
        Ok(before)
    }

    /// Removes `key`, so that the file's value or the default holds again; returns what it
    /// was.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn unset(&mut self, key: &str) -> Result<Option<Value>, Error> {
        let Some(before) = self.locked(key).await? else {
            return Ok(None);
        };
        self.connection
            .execute("DELETE FROM setting WHERE key = $1", values![key])
            .await?;
        self.record(Entry::new("setting.unset", key).before(before.clone()))?;
        Ok(Some(before))
    }

    /// The value of `key`, its row locked until the change ends.
    async fn locked(&mut self, key: &str) -> Result<Option<Value>, Error> {
        let rows = self
            .connection
            .rows(
                "UPDATE setting SET at = at WHERE key = $1 RETURNING value",
                values![key],
            )
            .await?;
        rows.first().map(|row| row.json(0)).transpose()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{
        audit::{Actor, AuditQuery},
        testing::{Place, both},
    };

    both! {
        async fn a_setting_is_kept_with_who_set_it_and_what_it_was(place: Place) {
            let store = place.open().await;
            let ann = Actor::account("ann");
            for value in [json!(100), json!({ "rate": 400 })] {
                let mut change = store.change(&ann).await.unwrap();
                change.set("throttle", &value).await.unwrap();
                change.commit().await.unwrap();
            }
            assert_eq!(store.settings().await.unwrap(), BTreeMap::from([("throttle".to_owned(), json!({ "rate": 400 }))]));
            let mut change = store.change(&ann).await.unwrap();
            assert_eq!(change.unset("throttle").await.unwrap(), Some(json!({ "rate": 400 })));
            assert_eq!(change.unset("never").await.unwrap(), None);
            change.commit().await.unwrap();
            assert_eq!(store.setting("throttle").await.unwrap(), None);

            let rows = store.audit_rows(&AuditQuery::default()).await.unwrap();
            let seen: Vec<_> = rows.iter().rev().map(|row| (row.action.as_str(), row.before.clone(), row.after.clone())).collect();
            assert_eq!(seen, [
                ("setting.set", None, Some(json!(100))),
                ("setting.set", Some(json!(100)), Some(json!({ "rate": 400 }))),
                ("setting.unset", Some(json!({ "rate": 400 })), None),
            ]);
            assert!(rows.iter().all(|row| row.actor == "account:ann" && row.subject == "throttle"));
        }

        async fn a_change_without_an_audit_row_or_without_its_commit_does_not_happen(place: Place) {
            let store = place.open().await;
            let mut dropped = store.change(&Actor::command(0)).await.unwrap();
            dropped.set("a", &json!(1)).await.unwrap();
            drop(dropped);
            let mut silent = store.change(&Actor::command(0)).await.unwrap();
            silent.connection.execute("INSERT INTO setting (key, value, at) VALUES ('b', '1', 0)", values![]).await.unwrap();
            let error = silent.commit().await.unwrap_err();
            assert!(matches!(error, Error::Unrecorded), "{error}");
            assert_eq!(store.settings().await.unwrap(), BTreeMap::new());
            assert_eq!(store.audit_head().await.unwrap().seq, 0);

            let mut large = store.change(&Actor::command(0)).await.unwrap();
            let error = large.set("c", &json!("x".repeat(MAX_VALUE_BYTES))).await.unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            large.set("c", &json!("x".repeat(MAX_VALUE_BYTES - 2))).await.unwrap();
            large.commit().await.unwrap();
        }
    }
}
