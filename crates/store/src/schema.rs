//! The schema and its steps forward. There are none back: a newer store is refused.
//!
//! All missing steps run in one transaction under a lock, so a start that is killed
//! half-way leaves the old schema, and two nodes that start together take turns.

use terms::Clock;

use crate::{
    db::{Begin, Connection, Pools, values},
    error::{Backend, Error},
};

/// One step forward.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Every step there has been, oldest first. A released step never changes.
pub(crate) const STEPS: &[Step] = &[
    Step {
        name: "0001_ground",
        sql: include_str!("../migrations/0001_ground.sql"),
    },
    Step {
        name: "0002_acme",
        sql: include_str!("../migrations/0002_acme.sql"),
    },
    Step {
        name: "0003_accounts",
        sql: include_str!("../migrations/0003_accounts.sql"),
    },
    Step {
        name: "0004_factors",
        sql: include_str!("../migrations/0004_factors.sql"),
    },
    Step {
        name: "0005_passkeys",
        sql: include_str!("../migrations/0005_passkeys.sql"),
    },
    Step {
        name: "0006_threshold",
        sql: include_str!("../migrations/0006_threshold.sql"),
    },
    Step {
        name: "0007_links",
        sql: include_str!("../migrations/0007_links.sql"),
    },
    Step {
        name: "0008_team",
        sql: include_str!("../migrations/0008_team.sql"),
    },
    Step {
        name: "0009_approval",
        sql: include_str!("../migrations/0009_approval.sql"),
    },
    Step {
        name: "0010_bans",
        sql: include_str!("../migrations/0010_bans.sql"),
    },
    Step {
        name: "0011_ban_evidence",
        sql: include_str!("../migrations/0011_ban_evidence.sql"),
    },
];

/// The schema version that this program writes; greater ones are refused.
pub const SCHEMA_VERSION: u64 = STEPS.len() as u64;

/// Waits for the other node that migrates, at most a minute; a step itself may take
/// as long as it needs. The number is ours alone: "waarborg" in ASCII.
const LOCK: &str = "SET LOCAL lock_timeout = '60s'; SET LOCAL statement_timeout = '0'; \
                    SELECT pg_advisory_xact_lock(8602263907159994983)";

/// A step in PostgreSQL's words.
fn for_postgres(sql: &str) -> String {
    sql.replace(" INTEGER", " BIGINT")
        .replace(" BLOB", " BYTEA")
        .replace(") STRICT;", ");")
}

/// The version of what is there; 0 for an empty place.
pub(crate) async fn version(pools: &Pools, connection: &mut Connection) -> Result<u64, Error> {
    let sql = match pools.backend() {
        Backend::Sqlite => {
            "SELECT count(*), (SELECT count(*) FROM sqlite_master) FROM sqlite_master \
             WHERE type = 'table' AND name = 'schema_step'"
        }
        // Other tables may live in the same database.
        Backend::Postgres => {
            "SELECT count(*), CAST(0 AS BIGINT) FROM pg_tables \
             WHERE schemaname = current_schema() AND tablename = 'schema_step'"
        }
    };
    let row = connection.row(sql, values![]).await?;
    if row.count(0)? == 0 {
        if row.count(1)? > 0 {
            return Err(Error::NotAStore {
                place: "the SQLite file".to_owned(),
                why: "it holds the tables of another program".to_owned(),
            });
        }
        return Ok(0);
    }
    connection
        .row(
            "SELECT COALESCE(max(version), 0) FROM schema_step",
            values![],
        )
        .await?
        .count(0)
}

/// Refuses a store that a newer program wrote.
pub(crate) fn known(found: u64, steps: &[Step]) -> Result<(), Error> {
    let known = u64::try_from(steps.len()).unwrap_or(u64::MAX);
    if found > known {
        Err(Error::NewerSchema { found, known })
    } else {
        Ok(())
    }
}

/// Brings the store to the last of `steps`; returns the version it had.
pub(crate) async fn migrate(pools: &Pools, steps: &[Step], clock: &Clock) -> Result<u64, Error> {
    let mut connection = pools.begin(Begin::Write).await?;
    if pools.backend() == Backend::Postgres {
        connection
            .script("the lock of the migration", LOCK.to_owned())
            .await?;
    }
    let found = version(pools, &mut connection).await?;
    known(found, steps)?;
    let missing = steps
        .iter()
        .zip(1_u64..)
        .filter(|(_, version)| *version > found);
    let mut ran = 0;
    for (step, version) in missing {
        if version == 1 {
            let table = "CREATE TABLE schema_step (version INTEGER NOT NULL PRIMARY KEY, \
                         name TEXT NOT NULL, at INTEGER NOT NULL) STRICT;";
            run(pools, &mut connection, "schema_step", table).await?;
        }
        run(pools, &mut connection, step.name, step.sql).await?;
        if version == 1 {
            seed(&mut connection).await?;
        }
        connection
            .execute(
                "INSERT INTO schema_step (version, name, at) VALUES ($1, $2, $3)",
                values![version, step.name, clock.now()],
            )
            .await?;
        ran += 1;
    }
    if ran > 0 {
        connection.commit().await?;
        tracing::info!(from = found, to = found + ran, backend = %pools.backend(), "schema migrated");
    }
    Ok(found)
}

async fn run(
    pools: &Pools,
    connection: &mut Connection,
    name: &'static str,
    sql: &str,
) -> Result<(), Error> {
    let script = match pools.backend() {
        Backend::Sqlite => sql.to_owned(),
        Backend::Postgres => for_postgres(sql),
    };
    connection.script(name, script).await
}

/// The single rows that the first step's tables always have.
async fn seed(connection: &mut Connection) -> Result<(), Error> {
    let zero = [0; 32];
    connection
        .execute(
            "INSERT INTO audit_head (one, seq, hash, anchor_seq, anchor_hash) VALUES (1, 0, $1, 0, $1)",
            values![zero],
        )
        .await?;
    connection
        .execute(
            "INSERT INTO ledger_size (one, size) VALUES (1, 0)",
            values![],
        )
        .await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        Actor, Location, Store,
        testing::{Place, both},
    };

    const NEXT: Step = Step {
        name: "9999_test",
        sql: "ALTER TABLE setting ADD COLUMN note TEXT; CREATE TABLE extra (id INTEGER NOT NULL PRIMARY KEY, \
              content BLOB) STRICT;",
    };
    fn newer_by(next: Step) -> Vec<Step> {
        [STEPS, &[next]].concat()
    }

    both! {
        async fn an_empty_place_and_the_first_schema_come_to_the_last_one_with_their_rows(place: Place) {
            assert_eq!(Store::inspect(&place.location).await.unwrap().schema, 0);
            let store = place.open().await;
            let mut change = store.change(&Actor::system("test")).await.unwrap();
            change.set("burst", &400.into()).await.unwrap();
            change.commit().await.unwrap();
            assert_eq!(migrate(store.pools(), STEPS, &place.clock).await.unwrap(), SCHEMA_VERSION, "nothing to do");

            assert_eq!(migrate(store.pools(), &newer_by(NEXT), &place.clock).await.unwrap(), SCHEMA_VERSION);
            assert_eq!(store.setting("burst").await.unwrap(), Some(400.into()));
            let rows = store.pools().rows("SELECT name FROM schema_step ORDER BY version", values![]).await.unwrap();
            let names: Vec<_> = rows.iter().map(|row| row.text(0).unwrap()).collect();
            let expected = newer_by(NEXT);
            assert_eq!(names, expected.iter().map(|step| step.name).collect::<Vec<_>>());
            store.pools().rows("SELECT content FROM extra", values![]).await.unwrap();
        }

        async fn a_store_of_a_newer_program_is_refused_untouched_and_both_versions_are_named(place: Place) {
            let store = place.open().await;
            migrate(store.pools(), &newer_by(NEXT), &place.clock).await.unwrap();
            store.close().await;
            let before = place.file_bytes();
            for error in [
                Store::inspect(&place.location).await.unwrap_err(),
                place.try_open().await.unwrap_err(),
            ] {
                let text = error.to_string();
                let (found, known) = (SCHEMA_VERSION + 1, SCHEMA_VERSION);
                let both = [format!("schema version {found}"), format!("up to {known}")];
                assert!(both.iter().all(|part| text.contains(part)), "{text}");
            }
            assert_eq!(place.file_bytes(), before);
        }

        async fn a_step_that_fails_leaves_the_schema_before_it(place: Place) {
            let store = place.open().await;
            let broken = Step { name: "9999_broken", sql: "CREATE TABLE half (id INTEGER); CREATE TABLE half (id INTEGER);" };
            migrate(store.pools(), &newer_by(broken), &place.clock).await.unwrap_err();
            store.pools().rows("SELECT id FROM half", values![]).await.err().expect("no half table");
            assert_eq!(Store::inspect(&place.location).await.unwrap().schema, SCHEMA_VERSION);
            assert_eq!(migrate(store.pools(), &newer_by(NEXT), &place.clock).await.unwrap(), SCHEMA_VERSION, "the honest twin");
        }

        async fn every_older_schema_comes_to_the_last_one_with_its_rows(place: Place) {
            let pools = match (&place.location, place.file()) {
                (_, Some(file)) => {
                    std::fs::write(&file, "").unwrap();
                    Pools::sqlite(&file)
                }
                (Location::Postgres(url), None) => Pools::postgres(url.expose()).unwrap(),
                (Location::Sqlite(_), None) => unreachable!("SQLite has a file"),
            };
            // Step by step, as its owner may have upgraded.
            assert_eq!(migrate(&pools, &STEPS[..1], &place.clock).await.unwrap(), 0);
            let mut connection = pools.begin(Begin::Write).await.unwrap();
            connection.execute("INSERT INTO setting (key, value, at) VALUES ('burst', '400', 0)", values![]).await.unwrap();
            connection.commit().await.unwrap();
            for steps in 2..STEPS.len() {
                migrate(&pools, &STEPS[..steps], &place.clock).await.unwrap();
            }
            pools.close().await;
            let store = place.open().await;
            assert_eq!(store.setting("burst").await.unwrap(), Some(400.into()));
            assert_eq!(Store::inspect(&place.location).await.unwrap().schema, SCHEMA_VERSION);
            assert!(store.acme_failures().await.unwrap().is_empty());
            assert_eq!(store.account_count().await.unwrap(), 0);
        }
    }

    #[tokio::test]
    async fn a_file_of_another_program_is_refused_and_left_alone() {
        let place = Place::sqlite();
        let path = place.file().unwrap();
        std::fs::write(
            &path,
            "not a database, and longer than a header of a hundred bytes".repeat(4),
        )
        .unwrap();
        let before = place.file_bytes();
        let error = place.try_open().await.unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
        assert_eq!(place.file_bytes(), before);

        let other = Place::sqlite();
        let pools = {
            std::fs::write(other.file().unwrap(), "").unwrap();
            Pools::sqlite(&other.file().unwrap())
        };
        let mut connection = pools.begin(Begin::Write).await.unwrap();
        connection
            .script("other", "CREATE TABLE theirs (id INTEGER)".to_owned())
            .await
            .unwrap();
        connection.commit().await.unwrap();
        pools.close().await;
        let error = other.try_open().await.unwrap_err();
        assert!(matches!(error, Error::NotAStore { .. }), "{error}");
    }
}
