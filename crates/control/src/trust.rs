//! The trust page: what may be said of each promise, as its view.
// promise: trust

use config::Reading;
use pages::{ClauseView, LedgerView, PromiseView, RunView, Standing as Shown, State, TrustView};
use promises::state::{Colour, Latest, PromiseState, Standing};
use terms::{Clause, Micros, PromiseId};

/// The view at `now`, and when it changes by itself.
pub(crate) fn view(
    reading: &Reading,
    runs: &[Latest],
    ledger: &Option<LedgerView>,
    now: Micros,
) -> (TrustView, Option<Micros>) {
    let mut changes_at: Option<Micros> = None;
    let promises = PromiseId::ALL
        .into_iter()
        .map(|id| {
            let entry = promises::entry(id).filter(|it| !(it.parts)(reading).is_empty());
            let Some(entry) = entry else {
                return not_promised(id);
            };
            let state = promises::state::state(entry, reading, runs, now);
            changes_at = match (changes_at, state.fresh_until) {
                (Some(one), Some(other)) => Some(one.min(other)),
                (one, other) => one.or(other),
            };
            promised(state)
        })
        .collect();
    let site = reading
        .sites
        .first()
        .and_then(|site| site.hosts.first())
        .cloned();
    let view = TrustView {
        site: site.unwrap_or_default(),
        generated_at: now,
        promises,
        ledger: ledger.clone(),
    };
    (view, changes_at)
}

const fn not_promised(id: PromiseId) -> PromiseView {
    PromiseView {
        id,
        state: State::NotPromised,
        clauses: Vec::new(),
        proven_at: None,
        last: None,
    }
}

fn promised(state: PromiseState) -> PromiseView {
    let said = state
        .parts
        .into_iter()
        .filter(|(clause, _, _)| is_whole(clause));
    let clauses = said.map(|(clause, standing, _)| ClauseView {
        clause,
        standing: match standing {
            Standing::Proven => Shown::Proven,
            Standing::Stated => Shown::Limit,
            Standing::Unproven | Standing::Stale => Shown::Unproven,
            Standing::Failed => Shown::Refuted,
        },
    });
    PromiseView {
        id: state.id,
        state: match state.colour {
            Colour::Green => State::Green,
            Colour::Amber => State::Amber,
            Colour::Red => State::Red,
        },
        clauses: clauses.collect(),
        proven_at: state.proven_at,
        last: state.last.map(|run| RunView {
            drill: format!("{}-{}", state.id, run.run),
            at: run.at,
            vantage: run.vantage,
            verdict: run.verdict,
        }),
    }
}

/// Whether all of a clause's variables are known. Before the first run some aren't, and
/// a sentence with zeros in their place would say something nobody has seen.
fn is_whole(clause: &Clause) -> bool {
    let variables = pages::CLAUSES.iter().find(|(key, _)| *key == clause.key);
    variables.is_some_and(|(_, variables)| {
        variables
            .iter()
            .all(|variable| clause.args.iter().any(|(name, _)| name == variable))
    })
}
