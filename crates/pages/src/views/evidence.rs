//! The evidence of one drill: what is public of its transcript, and its place in the
//! ledger, with all that a reader needs to verify it alone.

use askama::Template;
use terms::{Arg, Clause, Language, Micros, PromiseId, Vantage, Verdict};

use super::{Frame, Time, document, message::Switcher, trust};
use crate::{Page, Pages, style::Forms};

/// The public record of one drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvidenceView {
    /// Its id, as in `security/evidence/{drill}`.
    pub drill: String,
    /// What it attacked.
    pub promise: PromiseId,
    /// What it has shown.
    pub verdict: Verdict,
    /// From where it looked.
    pub vantage: Vantage,
    /// When it ended.
    pub at: Micros,
    /// What it has shown of each clause.
    pub clauses: Vec<(Clause, Verdict)>,
    /// The steps, with those fields only that the drill's list makes public.
    pub transcript: Vec<TranscriptLine>,
    /// Absent until a checkpoint covers it.
    pub ledger: Option<LedgerProof>,
}

/// One step of a drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TranscriptLine {
    /// What was done: a constant sentence or word.
    pub step: String,
    /// Names and values of the public fields.
    pub fields: Vec<(String, String)>,
}

/// That an entry is in the ledger (RFC 6962 section 2.1.1). Hashes are SHA-256, base64.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerProof {
    /// Which entry, counted from 0.
    pub index: u64,
    /// The hash of the entry.
    pub leaf_b64: String,
    /// The audit path, the entry's own sibling first.
    pub path_b64: Vec<String>,
    /// How many entries the tree has.
    pub size: u64,
    /// The root of that tree.
    pub root_b64: String,
}

#[derive(Template)]
#[template(path = "evidence.html")]
struct EvidencePage<'a> {
    view: &'a EvidenceView,
    title: String,
    promise: String,
    verdict: String,
    from: String,
    at: Time,
    clauses: Vec<(String, String)>,
    frame: Frame<'a>,
}

impl Pages {
    /// The page `{prefix}security/evidence/{drill}`.
    pub fn evidence(&self, view: &EvidenceView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let promise = trust::name(say, view.promise);
        let html = document(&EvidencePage {
            view,
            title: say.text_with("evidence-title", &[("promise", Arg::Text(promise.clone()))]),
            promise,
            verdict: say.verdict(view.verdict),
            from: say.vantage(view.vantage),
            at: frame.time(view.at),
            clauses: view
                .clauses
                .iter()
                .map(|(clause, verdict)| (say.verdict(*verdict), say.clause(clause)))
                .collect(),
            frame,
        });
        self.page(html, Forms::Refused)
    }
}
