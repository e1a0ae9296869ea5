//! What may be said of a promise now: a pure function of its entry, the configuration
//! and its newest runs.

use config::Reading;
use terms::{Clause, Micros, PromiseId, Vantage, Verdict};

use crate::entry::{Entry, Part};

/// The colour of a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    /// Every core part has a fresh pass, and nothing fails.
    Green,
    /// It isn't proven at the moment.
    Amber,
    /// A part fails.
    Red,
}

/// A part's standing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// A fresh pass.
    Proven,
    /// A fact of the configuration, or a limit: nothing to prove.
    Stated,
    /// The newest run couldn't try it.
    Unproven,
    /// Its newest pass is older than two periods.
    Stale,
    /// The newest run failed.
    Failed,
}

/// The newest run of one part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Latest {
    /// The promise.
    pub promise: PromiseId,
    /// The part's name.
    pub part: String,
    /// The run's id.
    pub run: String,
    /// What it has shown.
    pub verdict: Verdict,
    /// When.
    pub at: Micros,
    /// From where.
    pub vantage: Vantage,
    /// Its figures.
    pub figures: Vec<(String, i64)>,
}

/// What may be said of one promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseState {
    /// The promise.
    pub id: PromiseId,
    /// Its colour.
    pub colour: Colour,
    /// Every part, whether it may be said or not.
    pub parts: Vec<(Clause, Standing, &'static str)>,
    /// When the oldest of its core passes was; `None` while one is missing.
    pub proven_at: Option<Micros>,
    /// The newest run.
    pub last: Option<Latest>,
    /// When it turns amber by itself.
    pub fresh_until: Option<Micros>,
}

/// Judges a promise. `runs` are the newest runs of its parts; a pass counts for two
/// periods.
pub fn state(entry: &Entry, reading: &Reading, runs: &[Latest], now: Micros) -> PromiseState {
    let fresh_for = std::time::Duration::from_secs(reading.period_s.saturating_mul(2));
    let parts = (entry.parts)(reading);
    let mut colour = Colour::Green;
    let mut proven_at: Option<Micros> = None;
    let mut judged = Vec::new();
    for part in parts {
        let run = runs
            .iter()
            .find(|run| run.promise == entry.id && run.part == part.name);
        let standing = standing(&part, run, now, fresh_for);
        match standing {
            Standing::Failed => colour = Colour::Red,
            Standing::Unproven | Standing::Stale if part.core && colour == Colour::Green => {
                colour = Colour::Amber;
            }
            Standing::Proven if part.core => {
                let at = run.map(|run| run.at);
                proven_at = match (proven_at, at) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
            _ => {}
        }
        let clause = run.map_or_else(|| part.clause.clone(), |run| part.said(&run.figures));
        judged.push((clause, standing, part.name));
    }
    let last = runs
        .iter()
        .filter(|run| run.promise == entry.id)
        .max_by_key(|run| run.at)
        .cloned();
    if colour == Colour::Green && proven_at.is_none() {
        colour = Colour::Amber;
    }
    let proven_at = proven_at.filter(|_| colour == Colour::Green);
    PromiseState {
        id: entry.id,
        colour,
        parts: judged,
        fresh_until: proven_at.map(|at| at.after(fresh_for)),
        proven_at,
        last,
    }
}

fn standing(
    part: &Part,
    run: Option<&Latest>,
    now: Micros,
    fresh_for: std::time::Duration,
) -> Standing {
    if !part.drilled {
        return Standing::Stated;
    }
    match run {
        None => Standing::Unproven,
        Some(run) => match run.verdict {
            Verdict::Fail => Standing::Failed,
            Verdict::Inconclusive => Standing::Unproven,
            Verdict::Pass if run.vantage < part.vantage => Standing::Unproven,
            Verdict::Pass if now.since(run.at) > fresh_for => Standing::Stale,
            Verdict::Pass => Standing::Proven,
        },
    }
}
