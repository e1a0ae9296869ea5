//! Runs of drills, the newest of each clause, and the schedule that was announced.
//!
//! A run has one row per clause. The transcript holds only the fields that the drill's
//! allow-list names: it may be shown to anyone.

use serde_json::Value;
use terms::{Micros, PromiseId, Vantage, Verdict};

use crate::{
    change::Tx,
    db::{Row, values},
    error::Error,
    store::Store,
};

/// Most runs of one page.
pub const MAX_RUNS_PAGE: u64 = 1000;
/// Longest transcript, in bytes of JSON.
pub const MAX_TRANSCRIPT_BYTES: usize = 256 * 1024;
/// Most clauses that are looked at together: 23 promises have far fewer.
const MAX_CLAUSES: u64 = 5000;

/// What one run has shown of one clause.
#[derive(Debug, Clone, PartialEq)]
pub struct DrillRun {
    /// The run's id ([`Store::new_id`]), shared by its clauses.
    pub run: String,
    /// The promise.
    pub promise: PromiseId,
    /// The clause, by the name that the promise gives it.
    pub clause: String,
    /// What it has shown.
    pub verdict: Verdict,
    /// From where it looked.
    pub vantage: Vantage,
    /// When it ended.
    pub at: Micros,
    /// Public fields.
    pub transcript: Value,
    /// Its leaf in the ledger, once it is there.
    pub leaf: Option<u64>,
}

/// A run that was announced before it was due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Announced {
    /// The promise.
    pub promise: PromiseId,
    /// When it is or was due.
    pub due_at: Micros,
    /// The run that met it.
    pub run: Option<String>,
}

fn promise(row: &Row, column: usize) -> Result<PromiseId, Error> {
    row.text(column)?
        .parse()
        .map_err(|unknown| Error::corrupt(format!("a drill run: {unknown}")))
}

fn read(row: &Row) -> Result<DrillRun, Error> {
    let (verdict, vantage) = (row.text(3)?, row.text(4)?);
    let unknown = || {
        Error::corrupt(format!(
            "a drill run with verdict `{verdict}` from `{vantage}`"
        ))
    };
    let verdicts = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail];
    let vantages = [Vantage::Inside, Vantage::SameHost, Vantage::Outside];
    Ok(DrillRun {
        run: row.text(0)?,
        promise: promise(row, 1)?,
        clause: row.text(2)?,
        verdict: verdicts
            .into_iter()
            .find(|it| it.word() == verdict)
            .ok_or_else(unknown)?,
        vantage: vantages
            .into_iter()
            .find(|it| it.word() == vantage)
            .ok_or_else(unknown)?,
        at: row.time(5)?,
        transcript: row.json(6)?,
        leaf: row.count_or_null(7)?,
    })
}

/// A query for whole runs.
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT r.run, r.promise, r.clause, r.verdict, r.vantage, r.at, r.transcript, r.leaf_position \
             FROM drill_run r ",
            $rest
        )
    };
}

impl Tx {
    /// Keeps what a run has shown of one clause.
    ///
    /// # Errors
    /// [`Error::Conflict`] when this run has the clause already; [`Error::TooLarge`].
    pub async fn record_run(&mut self, run: &DrillRun) -> Result<(), Error> {
        let transcript = run.transcript.to_string();
        if transcript.len() > MAX_TRANSCRIPT_BYTES {
            let (size, limit) = (transcript.len(), MAX_TRANSCRIPT_BYTES);
            return Err(Error::TooLarge {
                what: "the transcript of a drill",
                size,
                limit,
            });
        }
        self.connection
            .execute(
                "INSERT INTO drill_run (run, promise, clause, verdict, vantage, at, transcript, leaf_position) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
                values![
                    &run.run,
                    run.promise.word(),
                    &run.clause,
                    run.verdict.word(),
                    run.vantage.word(),
                    run.at,
                    transcript,
                    run.leaf,
                ],
            )
            .await?;
        self.connection
            .execute(
                "INSERT INTO drill_latest (promise, clause, vantage, run, at) VALUES ($1, $2, $3, $4, $5) \
                 ON CONFLICT (promise, clause, vantage) DO UPDATE SET run = excluded.run, at = excluded.at \
                 WHERE excluded.at >= drill_latest.at",
                values![run.promise.word(), &run.clause, run.vantage.word(), &run.run, run.at],
            )
            .await?;
        Ok(())
    }

    /// Notes the leaf that commits to a run, for all its clauses.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn link_run(&mut self, run: &str, leaf: u64) -> Result<(), Error> {
        self.connection
            .execute(
                "UPDATE drill_run SET leaf_position = $1 WHERE run = $2",
                values![leaf, run],
            )
            .await
            .map(drop)
    }

    /// Announces that `promise` will be drilled at `due_at`. Twice is once.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn announce(&mut self, promise: PromiseId, due_at: Micros) -> Result<(), Error> {
        self.connection
            .execute(
                "INSERT INTO drill_due (promise, due_at) VALUES ($1, $2) \
                 ON CONFLICT (promise, due_at) DO NOTHING",
                values![promise.word(), due_at],
            )
            .await
            .map(drop)
    }

    /// Notes the run that met an announcement. Whether it was announced and still open.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn meet(
        &mut self,
        promise: PromiseId,
        due_at: Micros,
        run: &str,
    ) -> Result<bool, Error> {
        self.connection
            .execute(
                "UPDATE drill_due SET run = $1 WHERE promise = $2 AND due_at = $3 AND run IS NULL",
                values![run, promise.word(), due_at],
            )
            .await
            .map(|met| met == 1)
    }
}

impl Store {
    /// The newest run of each clause from each vantage, in the order of the promises' words.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn latest_runs(&self) -> Result<Vec<DrillRun>, Error> {
        let rows = self
            .pools()
            .rows(
                select!(
                    "JOIN drill_latest l ON l.run = r.run AND l.promise = r.promise AND l.clause = r.clause \
                     AND l.vantage = r.vantage ORDER BY r.promise, r.clause, r.at LIMIT $1"
                ),
                values![MAX_CLAUSES],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// The last runs of a promise, newest first; at most [`MAX_RUNS_PAGE`] clauses.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn runs(&self, promise: PromiseId, limit: u64) -> Result<Vec<DrillRun>, Error> {
        let rows = self
            .pools()
            .rows(
                select!("WHERE r.promise = $1 ORDER BY r.at DESC, r.run, r.clause LIMIT $2"),
                values![promise.word(), limit.min(MAX_RUNS_PAGE)],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// The clauses of one run, for its evidence page.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn run(&self, run: &str) -> Result<Vec<DrillRun>, Error> {
        let rows = self
            .pools()
            .rows(
                select!("WHERE r.run = $1 ORDER BY r.promise, r.clause LIMIT $2"),
                values![run, MAX_RUNS_PAGE],
            )
            .await?;
        rows.iter().map(read).collect()
    }

    /// What was announced for `[from, until)`, in order; at most [`MAX_RUNS_PAGE`]. One in
    /// the past without a run was missed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn announced(&self, from: Micros, until: Micros) -> Result<Vec<Announced>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT promise, due_at, run FROM drill_due WHERE due_at >= $1 AND due_at < $2 \
                 ORDER BY due_at, promise LIMIT $3",
                values![from, until, MAX_RUNS_PAGE],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Announced {
                    promise: promise(row, 0)?,
                    due_at: row.time(1)?,
                    run: row.text_or_null(2)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{Place, both};

    fn run(id: &str, clause: &str, verdict: Verdict, vantage: Vantage, at: i64) -> DrillRun {
        DrillRun {
            run: id.to_owned(),
            promise: PromiseId::Hsts,
            clause: clause.to_owned(),
            verdict,
            vantage,
            at: Micros(at),
            transcript: json!({ "status": 200 }),
            leaf: None,
        }
    }

    both! {
        async fn the_newest_run_of_each_clause_and_vantage_is_found_whatever_order_they_came_in(place: Place) {
            let store = place.open().await;
            let runs = [
                run("b", "header", Verdict::Fail, Vantage::SameHost, 20),
                run("a", "header", Verdict::Pass, Vantage::SameHost, 10),
                run("b", "redirect", Verdict::Pass, Vantage::SameHost, 20),
                run("c", "header", Verdict::Pass, Vantage::Outside, 15),
            ];
            let mut tx = store.tx().await.unwrap();
            for it in &runs {
                tx.record_run(it).await.unwrap();
            }
            tx.link_run("b", 7).await.unwrap();
            tx.commit().await.unwrap();
            let seen: Vec<_> = store.latest_runs().await.unwrap().into_iter()
                .map(|it| (it.run, it.clause, it.verdict, it.leaf)).collect();
            let row = |run: &str, clause: &str, verdict, leaf| (run.to_owned(), clause.to_owned(), verdict, leaf);
            assert_eq!(seen, [
                row("c", "header", Verdict::Pass, None),
                row("b", "header", Verdict::Fail, Some(7)),
                row("b", "redirect", Verdict::Pass, Some(7)),
            ]);
            assert_eq!(store.runs(PromiseId::Hsts, 1).await.unwrap(), [DrillRun { leaf: Some(7), ..runs[0].clone() }]);
            assert_eq!(store.runs(PromiseId::Tls, 9).await.unwrap(), []);
            assert_eq!(store.run("b").await.unwrap().len(), 2);

            let mut tx = store.tx().await.unwrap();
            let error = tx.record_run(&runs[0]).await.unwrap_err();
            assert!(error.is_conflict(), "{error}");
        }

        async fn an_announced_run_that_did_not_happen_shows(place: Place) {
            let store = place.open().await;
            let mut tx = store.tx().await.unwrap();
            for due_at in [10, 20, 20, 30] {
                tx.announce(PromiseId::Tls, Micros(due_at)).await.unwrap();
            }
            assert!(tx.meet(PromiseId::Tls, Micros(10), "a").await.unwrap());
            assert!(!tx.meet(PromiseId::Tls, Micros(10), "b").await.unwrap(), "once");
            assert!(!tx.meet(PromiseId::Tls, Micros(11), "b").await.unwrap(), "never announced");
            tx.commit().await.unwrap();
            let seen: Vec<_> = store.announced(Micros(0), Micros(30)).await.unwrap().into_iter()
                .map(|it| (it.due_at.0, it.run)).collect();
            assert_eq!(seen, [(10, Some("a".to_owned())), (20, None)]);
        }
    }
}
