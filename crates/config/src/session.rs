//! `[session]`: how long a sign-in lasts.

use std::time::Duration;

use crate::{
    key::{Absent, DAY_S, Form, seconds, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[session]",
    "How long a sign-in lasts.";
    IDLE "idle" Form::Duration(seconds(60), seconds(30 * DAY_S)), Absent::Default("1h"), "\"30m\"",
        "After so long without a person's doing the session is locked: its owner signs in again. A page that polls doesn't count.";
    LIFE "life" Form::Duration(seconds(300), seconds(90 * DAY_S)), Absent::Default("24h"), "\"12h\"",
        "After so long a session ends in any case.";
}

/// `[session]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Session {
    /// `idle`.
    pub idle: Duration,
    /// `life`.
    pub life: Duration,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Session {
    let (idle, life) = (table.duration(&IDLE), table.duration(&LIFE));
    if idle > life {
        let say = Say::what("`idle` is longer than `life`")
            .expected("at most as long")
            .help("a session ends after its `life` in any case");
        table
            .reader
            .mistake(Kind::Conflict, &table.span(&IDLE), say);
    }
    table.finish();
    Session { idle, life }
}
