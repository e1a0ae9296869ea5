//! The form that every promise has.

use std::pin::Pin;

use config::Reading;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use terms::{Arg, Clause, Micros, PromiseId, Vantage, Verdict};

use crate::{ground::Ground, tls_report};

/// A drill under way.
pub type Drilling<'a> = Pin<Box<dyn Future<Output = Vec<Finding>> + Send + 'a>>;

/// A promise that has landed.
pub struct Entry {
    /// Its id.
    pub id: PromiseId,
    /// The parts of its sentence under this configuration.
    pub parts: fn(&Reading) -> Vec<Part>,
    /// Attacks it; one finding per part that was tried.
    pub drill: for<'a> fn(&'a Ground) -> Drilling<'a>,
}

/// A part of a promise's sentence and what it takes to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name in runs, evidence and JSON: kebab-case.
    pub name: &'static str,
    /// What it says when it is true, with the figures that the configuration gives.
    pub clause: Clause,
    /// Figures that only a run knows: `(variable of the clause, figure of the finding)`.
    /// The clause has each of these variables already, as 0: see [`Part::said`].
    pub measured: &'static [(&'static str, &'static str)],
    /// Whether the promise is green only with it.
    pub core: bool,
    /// Whether it takes a pass to be said. A part that isn't drilled states a fact of the
    /// configuration, or a limit.
    pub drilled: bool,
    /// From how far it must have been seen.
    pub vantage: Vantage,
}

impl Part {
    /// One that the promise needs to be green: it takes a pass, seen from the same host at
    /// least.
    pub(crate) const fn core(name: &'static str, clause: Clause) -> Self {
        Self {
            name,
            clause,
            measured: &[],
            core: true,
            drilled: true,
            vantage: Vantage::SameHost,
        }
    }

    /// A fact of the configuration, or a limit.
    pub(crate) const fn stated(name: &'static str, clause: Clause) -> Self {
        Self {
            name,
            clause,
            measured: &[],
            core: false,
            drilled: false,
            vantage: Vantage::Inside,
        }
    }

    /// The clause with a run's figures in place of those that nobody knew before.
    pub fn said(&self, figures: &[(String, i64)]) -> Clause {
        let mut clause = self.clause.clone();
        for (variable, figure) in self.measured {
            let found = figures.iter().find(|(name, _)| name == figure);
            let arg = clause.args.iter_mut().find(|(name, _)| name == variable);
            if let (Some((_, value)), Some((_, arg))) = (found, arg) {
                *arg = Arg::Number(*value);
            }
        }
        clause
    }
}

/// What a run has shown of one part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The part's name.
    pub part: String,
    /// What it has shown.
    pub verdict: Verdict,
    /// Numbers that the sentence may use.
    #[serde(default)]
    pub figures: Vec<(String, i64)>,
    /// What was done and seen: public fields only.
    #[serde(default)]
    pub steps: Vec<Step>,
    /// What a page of its own shows, where there is one: public as a whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub document: Option<Value>,
}

/// One thing that was done, and what came back. Public: no secret, person or address of
/// one ever stands in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What was tried: kebab-case, such as `hello-tls-1.0`.
    pub step: String,
    /// Whether it is the honest twin of an attack.
    #[serde(default)]
    pub twin: bool,
    /// Whether it went as it must.
    pub good: bool,
    /// Name and value of what was seen.
    pub seen: Vec<(String, String)>,
}

impl Step {
    /// A step with what was seen.
    pub fn new(step: impl Into<String>, good: bool) -> Self {
        Self {
            step: step.into(),
            twin: false,
            good,
            seen: Vec::new(),
        }
    }

    /// The same as an honest twin.
    #[must_use]
    pub fn twin(mut self) -> Self {
        self.twin = true;
        self
    }

    /// The same with one more thing that was seen.
    #[must_use]
    #[allow(
        clippy::needless_pass_by_value,
        reason = "numbers and literals, as they come"
    )]
    pub fn saw(mut self, name: &str, value: impl ToString) -> Self {
        self.seen.push((name.to_owned(), value.to_string()));
        self
    }
}

impl Finding {
    /// Judges by its steps: a pass needs at least one attack that was refused and one
    /// honest twin that was served, and nothing that went otherwise.
    pub fn by_steps(part: &str, steps: Vec<Step>) -> Self {
        let verdict = if steps.iter().any(|step| !step.good) {
            Verdict::Fail
        } else if steps.iter().any(|step| step.twin) && steps.iter().any(|step| !step.twin) {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        Self {
            part: part.to_owned(),
            verdict,
            figures: Vec::new(),
            steps,
            document: None,
        }
    }

    /// It couldn't be tried; `why` is kebab-case.
    pub fn inconclusive(part: &str, why: &str) -> Self {
        Self {
            part: part.to_owned(),
            verdict: Verdict::Inconclusive,
            figures: Vec::new(),
            steps: vec![Step::new("not-tried", true).saw("why", why)],
            document: None,
        }
    }

    /// The same, but a pass is none: part of it couldn't be tried. `why` is kebab-case.
    #[must_use]
    pub fn short_of(mut self, why: &str) -> Self {
        if self.verdict == Verdict::Pass {
            self.verdict = Verdict::Inconclusive;
        }
        self.steps
            .push(Step::new("not-tried", true).saw("why", why));
        self
    }

    /// Whether it looked for what only this run's own publication shows: a second look
    /// finds it.
    pub fn awaits_publication(&self) -> bool {
        let waits = |step: &Step| {
            let mut seen = step.seen.iter();
            step.step == "not-tried" && seen.any(|(_, why)| why == tls_report::NOT_YET)
        };
        self.verdict == Verdict::Inconclusive && self.steps.iter().any(waits)
    }

    /// The same with a figure.
    #[must_use]
    pub fn figure(mut self, name: &str, value: i64) -> Self {
        self.figures.push((name.to_owned(), value));
        self
    }
}

/// What one drill has seen so far.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) steps: Vec<Step>,
    /// Why something couldn't be tried: kebab-case.
    pub(crate) untried: Option<&'static str>,
}

impl Seen {
    /// Adds what another has seen.
    pub(crate) fn add(&mut self, other: Self) {
        self.steps.extend(other.steps);
        self.untried = self.untried.or(other.untried);
    }

    /// What it shows of a part: judged by its steps, and no pass where something couldn't
    /// be tried.
    pub(crate) fn finding(self, part: &str) -> Finding {
        let finding = Finding::by_steps(part, self.steps);
        match self.untried {
            Some(why) => finding.short_of(why),
            None => finding,
        }
    }
}

/// One run of one promise's drill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// The promise.
    pub promise: PromiseId,
    /// When it began.
    pub at: Micros,
    /// From where it looked.
    pub vantage: Vantage,
    /// A finding per part.
    pub findings: Vec<Finding>,
}

impl Report {
    /// The verdict of the whole: that of its core parts, and a failure of any part.
    /// Without a core part nothing was proven.
    pub fn verdict(&self, parts: &[Part]) -> Verdict {
        let provable = parts.iter().any(|part| part.core && part.drilled);
        let mut verdict = if provable {
            Verdict::Pass
        } else {
            Verdict::Inconclusive
        };
        for part in parts.iter().filter(|part| part.drilled) {
            let found = self
                .findings
                .iter()
                .find(|finding| finding.part == part.name)
                .map_or(Verdict::Inconclusive, |finding| finding.verdict);
            if part.core || found == Verdict::Fail {
                verdict = verdict.and(found);
            }
        }
        verdict
    }
}
