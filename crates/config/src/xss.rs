//! `[xss]`: the promise `xss`.

use guards::xss::Mode;

use crate::{
    key::{Absent, Form, Key, section},
    table::Table,
};

const WORDS: Form = Form::Word(&[
    ("off", "nobody looks"),
    (
        "observe",
        "it is told to the team; answers leave as they are",
    ),
    (
        "neutralise",
        "it leaves escaped: the visitor sees it as text",
    ),
    (
        "refuse",
        "the answer is refused, or cut where its beginning has left",
    ),
]);

section! {
    "[xss]",
    "Promise `xss`: own pages escape whatever they show; markup that a request of an application brought and that the answer brings back unescaped is found. What is found stands in the console with site, route and parameter, never with the value.";
    MODE "mode" WORDS, Absent::Default("observe"), "\"neutralise\"",
        "What is done with markup that comes back, for sites and routes that don't say it themselves. `observe` first: a page that is meant to bring markup back, such as the preview of an editor, would be changed or refused by the others.";
    ALARM "alarm" Form::Switch, Absent::Default("true"), "false",
        "Whether the team hears of each parameter that is found for the first time since the start, at most every ten minutes.";
}

/// `[xss]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Xss {
    /// `mode`.
    pub mode: Mode,
    /// `alarm`.
    pub alarm: bool,
}

pub(crate) const SITE_MODE: Key = Key {
    name: "xss",
    form: WORDS,
    absent: Absent::Means("`mode` of `[xss]`"),
    example: "\"neutralise\"",
    doc: "What is done with markup of a request that the answer brings back unescaped.",
};
pub(crate) const ROUTE_MODE: Key = Key {
    absent: Absent::Means("that of the site"),
    example: "\"observe\"",
    ..SITE_MODE
};

/// The mode that a table names.
pub(crate) fn mode(table: &Table<'_, '_>, key: &'static Key) -> Option<Mode> {
    let word = table.word(key)?;
    Mode::ALL.into_iter().find(|mode| mode.word() == word)
}

pub(crate) fn read(table: &Table<'_, '_>) -> Xss {
    let xss = Xss {
        mode: mode(table, &MODE).unwrap_or_default(),
        alarm: table.switch(&ALARM),
    };
    table.finish();
    xss
}
