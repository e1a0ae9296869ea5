//! What the sections share while one file is read: what is around it, and what was
//! found wrong so far.

use std::{
    cell::RefCell,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use toml::de::DeValue;

use crate::{
    env::Env,
    mistake::{Kind, Mistake},
    secrecy,
    source::Source,
};

/// A value and the bytes of the file it came from.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// What is said of a mistake.
pub(crate) struct Say {
    pub(crate) what: String,
    pub(crate) expected: Option<String>,
    pub(crate) help: Option<String>,
}

impl Say {
    pub(crate) fn what(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            expected: None,
            help: None,
        }
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What all sections share while one file is read.
pub(crate) struct Reader<'e> {
    pub(crate) env: &'e Env,
    pub(crate) folder: PathBuf,
    source: Arc<Source>,
    found: RefCell<Findings>,
}

/// What reading a file has brought to light.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) warnings: Vec<Mistake>,
}

impl<'e> Reader<'e> {
    pub(crate) fn new(file: &Path, source: Arc<Source>, env: &'e Env) -> Self {
        Self {
            env,
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            source,
            found: RefCell::default(),
        }
    }

    pub(crate) fn into_findings(self) -> Findings {
        self.found.into_inner()
    }

    pub(crate) fn mistake(&self, kind: Kind, span: &Range<usize>, say: Say) {
        let mistake = self.made(kind, span, say);
        self.found.borrow_mut().mistakes.push(mistake);
    }

    pub(crate) fn warning(&self, kind: Kind, span: &Range<usize>, say: Say) {
        let warning = self.made(kind, span, say);
        self.found.borrow_mut().warnings.push(warning);
    }

    fn made(&self, kind: Kind, span: &Range<usize>, say: Say) -> Mistake {
        let Say {
            what,
            expected,
            help,
        } = say;
        Mistake {
            kind,
            place: Some(self.source.place(span)),
            what: harmless(&what),
            expected: expected.as_deref().map(harmless),
            help: help.as_deref().map(harmless),
        }
    }
}

/// Characters of a line of a report.
const SAID_MAX: usize = 400;

/// Foreign text in a report: not endless, and nothing that drives a terminal.
pub(crate) fn harmless(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let shown = secrecy::without_passwords(text);
    shown.chars().take(SAID_MAX).map(plain).collect()
}

/// A value as it is named in a message; never a secret's.
pub(crate) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => cut(&number.to_string()),
        DeValue::Float(number) => cut(&number.to_string()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Text in quotes, short.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

/// A name in a message, short.
pub(crate) fn ticked(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// Characters of a foreign value that a message shows.
const SHOWN_MAX: usize = 60;

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}
