//! `security.json`: the trust page for programs.
//!
//! The schema is stable: members may be added, none changes its meaning or goes away
//! without a new `version`. Moments are RFC 3339 in UTC; an absent value is `null`.
//!
//! ```json
//! {
//!   "version": 1,
//!   "site": "app.example.com",
//!   "generated_at": "2026-11-23T14:05:12Z",
//!   "promises": [                      all 23, always in the same order
//!     {
//!       "id": "hsts",
//!       "name": "HTTPS only",
//!       "state": "green",              green, amber, red or not-promised
//!       "sentence": "Every answer …",  the clauses that are said; "" when none is
//!       "proven_at": "2026-11-23T14:00:00Z",
//!       "last": {                      the last run; null before the first
//!         "drill": "…", "at": "…", "verdict": "pass",  pass, inconclusive or fail
//!         "vantage": "outside",        inside, same-host or outside
//!         "evidence": "/-/security/evidence/…"
//!       },
//!       "clauses": [
//!         { "key": "hsts-every-answer", "standing": "proven",  proven, limit, unproven, refuted
//!           "text": "Every answer …", "values": { "days": 730 } }
//!       ]
//!     }
//!   ],
//!   "ledger": { "size": 12, "root": "base64", "checkpoint_at": "…" }
//! }
//! ```
//! Texts are English.

use std::collections::BTreeMap;

use serde::Serialize;
use terms::{Arg, Language, PromiseId};

use super::{ClauseView, PromiseView, TrustView, name};
use crate::{
    Pages, Speech,
    views::{machine_time, segment},
};

#[derive(Serialize)]
struct Document<'a> {
    version: u32,
    site: &'a str,
    generated_at: String,
    promises: Vec<Promise<'a>>,
    ledger: Option<Ledger<'a>>,
}

#[derive(Serialize)]
struct Promise<'a> {
    id: &'static str,
    name: String,
    state: &'static str,
    sentence: String,
    proven_at: Option<String>,
    last: Option<Run<'a>>,
    clauses: Vec<ClauseLine<'a>>,
}

#[derive(Serialize)]
struct Run<'a> {
    drill: &'a str,
    at: String,
    verdict: &'static str,
    vantage: &'static str,
    evidence: String,
}

#[derive(Serialize)]
struct ClauseLine<'a> {
    key: &'static str,
    standing: &'static str,
    text: String,
    values: BTreeMap<&'static str, Value<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Value<'a> {
    Number(i64),
    Text(&'a str),
}

#[derive(Serialize)]
struct Ledger<'a> {
    size: u64,
    root: &'a str,
    checkpoint_at: String,
}

impl Pages {
    /// `{prefix}security.json`, in the schema that stands above this file's code and in
    /// the documentation.
    pub fn security_json(&self, view: &TrustView) -> String {
        let say = self.texts.speech(Language::En);
        let document = Document {
            version: 1,
            site: &view.site,
            generated_at: machine_time(view.generated_at),
            promises: view
                .all()
                .map(|(id, promise)| self.promise(say, id, promise))
                .collect(),
            ledger: view.ledger.as_ref().map(|ledger| Ledger {
                size: ledger.size,
                root: &ledger.root_b64,
                checkpoint_at: machine_time(ledger.checkpoint_at),
            }),
        };
        // Strings, numbers and maps with string keys always serialise.
        serde_json::to_string(&document).unwrap_or_default()
    }

    fn promise<'a>(
        &self,
        say: Speech<'_>,
        id: PromiseId,
        promise: Option<&'a PromiseView>,
    ) -> Promise<'a> {
        let clauses = promise.map_or(&[][..], |promise| &promise.clauses);
        let said: Vec<_> = clauses
            .iter()
            .filter(|view| view.standing.is_said())
            .map(|view| say.clause(&view.clause))
            .collect();
        Promise {
            id: id.word(),
            name: name(say, id),
            state: TrustView::state(promise).word(),
            sentence: said.join(" "),
            proven_at: promise
                .and_then(|promise| promise.proven_at)
                .map(machine_time),
            last: promise
                .and_then(|promise| promise.last.as_ref())
                .map(|run| Run {
                    drill: &run.drill,
                    at: machine_time(run.at),
                    verdict: run.verdict.word(),
                    vantage: run.vantage.word(),
                    evidence: format!(
                        "{}security/evidence/{}",
                        self.prefix.as_str(),
                        segment(&run.drill)
                    ),
                }),
            clauses: clauses.iter().map(|view| line(say, view)).collect(),
        }
    }
}

fn line<'a>(say: Speech<'_>, view: &'a ClauseView) -> ClauseLine<'a> {
    ClauseLine {
        key: view.clause.key,
        standing: view.standing.word(),
        text: say.clause(&view.clause),
        values: view
            .clause
            .args
            .iter()
            .map(|(name, arg)| {
                let value = match arg {
                    Arg::Number(number) => Value::Number(*number),
                    Arg::Text(text) => Value::Text(text),
                    Arg::Word(word) => Value::Text(word),
                };
                (*name, value)
            })
            .collect(),
    }
}
