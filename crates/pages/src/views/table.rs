//! What lists are made of: tables of the console, cards of the account.

use super::{Frame, Time, form::Form};
use crate::OwnPath;
use terms::Micros;

/// What stands in one place of a table or card.
pub(crate) enum Cell {
    /// Words.
    Text(String),
    /// A name that nobody translates.
    Name(String),
    /// A name that leads to its own page.
    Link { to: String, text: String },
    /// A moment.
    At(Time),
    /// A button.
    Act(Form),
}

impl Cell {
    /// A moment, or the word for none.
    pub(crate) fn moment(frame: &Frame<'_>, at: Option<Micros>, none: String) -> Self {
        at.map_or(Self::Text(none), |at| Self::At(frame.time(at)))
    }

    /// Names one after the other, or the word for none.
    pub(crate) fn names(names: &[String], none: String) -> Self {
        if names.is_empty() {
            Self::Text(none)
        } else {
            Self::Name(names.join(", "))
        }
    }

    /// A name, or a dash where it is empty.
    pub(crate) fn name(name: &str) -> Self {
        Self::Name(if name.is_empty() { "–" } else { name }.to_owned())
    }
}

/// A table; its first cells name their rows.
pub(crate) struct Table {
    /// What it shows, for those who hear it.
    pub(crate) title: String,
    pub(crate) heads: Vec<String>,
    pub(crate) rows: Vec<Row>,
}

/// A row of a table.
pub(crate) struct Row {
    pub(crate) cells: Vec<Cell>,
    /// What there is to unfold below it.
    pub(crate) below: Option<Changes>,
}

impl From<Vec<Cell>> for Row {
    fn from(cells: Vec<Cell>) -> Self {
        Self { cells, below: None }
    }
}

/// What a change made of each field: its name, the value before and the one after.
pub(crate) struct Changes {
    pub(crate) summary: String,
    pub(crate) heads: [String; 3],
    pub(crate) fields: Vec<[String; 3]>,
}

/// One thing with its facts.
pub(crate) struct Card {
    pub(crate) title: String,
    /// A word that sets it apart.
    pub(crate) badge: Option<String>,
    pub(crate) facts: Vec<(String, Cell)>,
    pub(crate) act: Option<Form>,
}

/// Links to the neighbouring parts of a list that is longer than a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PagerView {
    /// The part before, with its query.
    pub previous: Option<OwnPath>,
    /// The part behind.
    pub next: Option<OwnPath>,
}
