//! Reflected markup: which parameters of applications came back unescaped.

use terms::{Language, Micros};

use super::{Console, Room, room};
use crate::{
    Page, Pages, Speech,
    views::{
        message::Switcher,
        sheet::Block,
        table::{Cell, Table},
    },
};

/// As what a parameter came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReflectedAs {
    /// A tag that runs or loads something.
    Script,
    /// An attribute that runs something.
    Attribute,
    /// Code in a script.
    Code,
    /// An address that runs something.
    Url,
    /// Another tag.
    Markup,
}

impl ReflectedAs {
    fn text(self, say: Speech<'_>) -> String {
        match self {
            Self::Script => say.text("reflections-as-script"),
            Self::Attribute => say.text("reflections-as-attribute"),
            Self::Code => say.text("reflections-as-code"),
            Self::Url => say.text("reflections-as-url"),
            Self::Markup => say.text("reflections-as-markup"),
        }
    }
}

/// Where in a request it stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReflectedFrom {
    /// The query.
    Query,
    /// The path.
    Path,
    /// A field of the head.
    Header,
    /// A field of a form.
    Form,
    /// A string of JSON.
    Json,
}

impl ReflectedFrom {
    fn text(self, say: Speech<'_>) -> String {
        match self {
            Self::Query => say.text("reflections-from-query"),
            Self::Path => say.text("reflections-from-path"),
            Self::Header => say.text("reflections-from-header"),
            Self::Form => say.text("reflections-from-form"),
            Self::Json => say.text("reflections-from-json"),
        }
    }
}

/// What was done the last time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReflectedDone {
    /// Nothing.
    Observed,
    /// It left as text.
    Neutralised,
    /// The answer was refused.
    Refused,
}

impl ReflectedDone {
    fn text(self, say: Speech<'_>) -> String {
        match self {
            Self::Observed => say.text("reflections-observed"),
            Self::Neutralised => say.text("reflections-neutralised"),
            Self::Refused => say.text("reflections-refused"),
        }
    }
}

/// A parameter that came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReflectionLine {
    /// Site and route.
    pub page: String,
    /// Where in the request it stood.
    pub from: ReflectedFrom,
    /// Its name.
    pub parameter: String,
    /// As what it came back.
    pub context: ReflectedAs,
    /// What was done the last time.
    pub done: ReflectedDone,
    /// How often.
    pub count: u64,
    /// When for the first time.
    pub first: Micros,
    /// When for the last time.
    pub last: Micros,
    /// The last request's id.
    pub id: String,
}

/// `{prefix}admin/reflections`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReflectionsView {
    /// What every page of the console has.
    pub console: Console,
    /// The last first.
    pub lines: Vec<ReflectionLine>,
    /// Whether there were more than are kept.
    pub more: bool,
}

impl Pages {
    /// Which parameters came back.
    pub fn reflections(&self, view: &ReflectionsView, language: Language) -> Page {
        let frame = self.frame(language, Switcher::Offered);
        let say = frame.say;
        let title = say.text("reflections-title");
        let mut sheet = room(frame, &view.console, Room::Reflections, title);
        sheet.text(say.text("reflections-text"));
        if view.lines.is_empty() {
            sheet.text(say.text("reflections-none"));
        } else {
            let rows = view.lines.iter().map(|line| {
                vec![
                    Cell::name(&line.page),
                    Cell::Text(line.from.text(say)),
                    Cell::name(&line.parameter),
                    Cell::Text(line.context.text(say)),
                    Cell::Text(line.done.text(say)),
                    Cell::Text(line.count.to_string()),
                    Cell::At(sheet.frame.time(line.first)),
                    Cell::At(sheet.frame.time(line.last)),
                    Cell::name(&line.id),
                ]
                .into()
            });
            let rows = rows.collect();
            sheet.add(Block::Table(Table {
                title: say.text("reflections-title"),
                heads: vec![
                    say.text("reflections-page"),
                    say.text("reflections-from"),
                    say.text("reflections-parameter"),
                    say.text("reflections-as"),
                    say.text("reflections-done"),
                    say.text("reflections-count"),
                    say.text("reflections-first"),
                    say.text("reflections-last"),
                    say.text("reflections-id"),
                ],
                rows,
            }));
        }
        if view.more {
            sheet.text(say.text("reflections-more"));
        }
        self.done(&sheet)
    }
}
