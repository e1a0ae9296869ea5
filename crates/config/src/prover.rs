//! `[prover]`: the drills that prove the promises.

use std::{path::PathBuf, time::Duration};

use crate::{
    env::{Found, in_words},
    key::{Absent, DAY_S, Form, seconds, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[prover]",
    "The drills that prove the promises, run by a process of their own.";
    PERIOD "period" Form::Duration(seconds(60), seconds(7 * DAY_S)), Absent::Default("1h"), "\"1h\"",
        "Time between two runs. A promise stays green for two periods after a pass.";
    BROWSER "browser" Form::Path("the program of a Chromium"), Absent::Means("steps that need one are left out, which their result says"), "\"/usr/bin/chromium\"",
        "The browser for the steps that need a real one.";
}

/// `[prover]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prover {
    /// `period`.
    pub period: Duration,
    /// `browser`.
    pub browser: Option<PathBuf>,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Prover {
    let browser = table.path(&BROWSER);
    if let Some(path) = &browser {
        let why = match table.reader.env.look(path) {
            Ok(Found::File) => None,
            Ok(Found::Folder) => Some("it is a folder".to_owned()),
            Ok(Found::Nothing) => Some("it doesn't exist".to_owned()),
            Err(error) => Some(in_words(&error)),
        };
        if let Some(why) = why {
            let say = Say::what(format!("`browser` can't be run: {why}"))
                .expected(BROWSER.form.expected());
            let span = table.span(&BROWSER);
            table.reader.mistake(Kind::Unreadable, &span, say);
        }
    }
    let prover = Prover {
        period: table.duration(&PERIOD),
        browser,
    };
    table.finish();
    prover
}
