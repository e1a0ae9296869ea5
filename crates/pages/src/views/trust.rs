//! The trust page and its data.
//!
//! The page says only clauses that are proven, and limits; the rest it lists as not
//! proven or as shown to be false. A promise that nobody speaks of stands there as not
//! promised, so silence is never mistaken for a promise.

mod json;

use askama::Template;
use terms::{Arg, Clause, Language, Micros, PromiseId, Vantage, Verdict};

use super::{Frame, Time, document, message::Switcher, segment};
use crate::{Page, Pages, Speech, style::Forms};

/// How a promise stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Its core clauses are proven and none is refuted.
    Green,
    /// It isn't proven now: no run yet, an old one, or an inconclusive one.
    Amber,
    /// A drill showed that it doesn't hold.
    Red,
    /// This site says nothing about it.
    NotPromised,
}

impl State {
    /// All of them, the best first.
    pub const ALL: [Self; 4] = [Self::Green, Self::Amber, Self::Red, Self::NotPromised];

    /// The word in JSON and in the style sheet.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Green => "green",
            Self::Amber => "amber",
            Self::Red => "red",
            Self::NotPromised => "not-promised",
        }
    }

    pub(crate) const fn key(self) -> &'static str {
        match self {
            Self::Green => "state-green",
            Self::Amber => "state-amber",
            Self::Red => "state-red",
            Self::NotPromised => "state-not-promised",
        }
    }
}

/// How a clause stands, and so whether it is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// Its drill passed, less than two periods ago: said.
    Proven,
    /// It takes something back rather than promise it, so it needs no proof: said.
    Limit,
    /// Nothing recent proves it: not said.
    Unproven,
    /// Its drill showed the opposite: not said.
    Refuted,
}

impl Standing {
    /// Whether the sentence contains a clause that stands like this.
    pub const fn is_said(self) -> bool {
        matches!(self, Self::Proven | Self::Limit)
    }

    /// The word in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Limit => "limit",
            Self::Unproven => "unproven",
            Self::Refuted => "refuted",
        }
    }

    fn said_by(self, say: Speech<'_>) -> String {
        match self {
            Self::Proven => say.text("standing-proven"),
            Self::Limit => say.text("standing-limit"),
            Self::Unproven => say.text("standing-unproven"),
            Self::Refuted => say.text("standing-refuted"),
        }
    }
}

/// One clause of a promise's sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClauseView {
    /// What it says.
    pub clause: Clause,
    /// Whether it may.
    pub standing: Standing,
}

/// One run of a promise's drill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunView {
    /// Its id, as in `security/evidence/{drill}`.
    pub drill: String,
    /// When it ended.
    pub at: Micros,
    /// From where it looked.
    pub vantage: Vantage,
    /// What it has shown.
    pub verdict: Verdict,
}

/// One promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PromiseView {
    /// Which.
    pub id: PromiseId,
    /// How it stands.
    pub state: State,
    /// Its sentence, in order.
    pub clauses: Vec<ClauseView>,
    /// When its drill passed last, however long ago.
    pub proven_at: Option<Micros>,
    /// The last run, whatever it has shown.
    pub last: Option<RunView>,
}

/// The ledger as it was sealed last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerView {
    /// How many entries it has.
    pub size: u64,
    /// The Merkle tree's root (RFC 6962), base64.
    pub root_b64: String,
    /// When it was signed.
    pub checkpoint_at: Micros,
}

/// All that the trust page is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TrustView {
    /// The host whose promises these are.
    pub site: String,
    /// When this view was taken.
    pub generated_at: Micros,
    /// What there is to say of each promise, in any order; those left out aren't
    /// promised.
    pub promises: Vec<PromiseView>,
    /// Absent before the first checkpoint.
    pub ledger: Option<LedgerView>,
}

impl TrustView {
    /// All 23 in the order of the page.
    fn all(&self) -> impl Iterator<Item = (PromiseId, Option<&PromiseView>)> {
        PromiseId::ALL
            .into_iter()
            .map(|id| (id, self.promises.iter().find(|promise| promise.id == id)))
    }

    fn state(promise: Option<&PromiseView>) -> State {
        promise.map_or(State::NotPromised, |promise| promise.state)
    }

    /// How many promises stand like this.
    fn count(&self, state: State) -> usize {
        self.all()
            .filter(|(_, promise)| Self::state(*promise) == state)
            .count()
    }
}

struct TallyLine {
    state: State,
    count: usize,
}

struct ClauseLine {
    standing: String,
    text: String,
}

struct Card {
    id: PromiseId,
    state: State,
    name: String,
    about: String,
    said: Vec<String>,
    clauses: Vec<ClauseLine>,
    proven_at: Option<Time>,
    from: Option<String>,
    drill: Option<String>,
    /// Whether it has a page of its own beside the evidence.
    has_report: bool,
}

impl Card {
    fn new(frame: &Frame<'_>, id: PromiseId, promise: Option<&PromiseView>) -> Self {
        let say = frame.say;
        let clauses = promise.map_or(&[][..], |promise| &promise.clauses);
        let last = promise.and_then(|promise| promise.last.as_ref());
        Self {
            id,
            state: TrustView::state(promise),
            name: name(say, id),
            about: say.part(&key(id), "about"),
            said: clauses
                .iter()
                .filter(|view| view.standing.is_said())
                .map(|view| say.clause(&view.clause))
                .collect(),
            clauses: clauses
                .iter()
                .map(|view| ClauseLine {
                    standing: view.standing.said_by(say),
                    text: say.clause(&view.clause),
                })
                .collect(),
            proven_at: promise
                .and_then(|promise| promise.proven_at)
                .map(|at| frame.time(at)),
            from: last.map(|run| {
                say.text_with("trust-from", &[("vantage", Arg::Word(run.vantage.word()))])
            }),
            drill: last.map(|run| segment(&run.drill)),
            has_report: id == PromiseId::TlsReport,
        }
    }
}

struct LedgerLines<'a> {
    size: u64,
    root: &'a str,
    at: Time,
}

fn key(id: PromiseId) -> String {
    format!("promise-{id}")
}

/// The name of a promise for people.
pub(crate) fn name(say: Speech<'_>, id: PromiseId) -> String {
    say.text(&key(id))
}

#[derive(Template)]
#[template(path = "trust.html")]
struct TrustPage<'a> {
    view: &'a TrustView,
    generated: Time,
    tally: Vec<TallyLine>,
    promised: Vec<Card>,
    rest: Vec<Card>,
    ledger: Option<LedgerLines<'a>>,
    frame: Frame<'a>,
}

impl Pages {
    /// The trust page, `{prefix}security`.
    pub fn trust(&self, view: &TrustView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let (promised, rest) = view
            .all()
            .map(|(id, promise)| Card::new(&frame, id, promise))
            .partition(|card| card.state != State::NotPromised);
        let html = document(&TrustPage {
            view,
            generated: frame.time(view.generated_at),
            tally: State::ALL
                .map(|state| TallyLine {
                    state,
                    count: view.count(state),
                })
                .into(),
            promised,
            rest,
            ledger: view.ledger.as_ref().map(|ledger| LedgerLines {
                size: ledger.size,
                root: &ledger.root_b64,
                at: frame.time(ledger.checkpoint_at),
            }),
            frame,
        });
        self.page(html, Forms::Refused)
    }
}
