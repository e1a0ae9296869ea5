//! `[tls-report]`: the promise `tls-report`.

use terms::Grade;

use crate::{
    key::{Absent, Form, section},
    table::Table,
};

section! {
    "[tls-report]",
    "Promise `tls-report`: a public report of how this site encrypts, with a grade by the SSL Labs guide.";
    LEAST "least" Form::Word(&[
            ("A+", "exceptional: needs HSTS of at least half a year"),
            ("A", "good"),
            ("A-", "good, with warnings: without HSTS it is the best there is"),
            ("B", "outdated"),
        ]), Absent::Default("A"), "\"A+\"",
        "The least grade that is promised: with a worse one the promise fails. The report shows every grade.";
}

/// `[tls-report]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TlsReport {
    /// `least`.
    pub least: Grade,
}

pub(crate) fn read(table: &Table<'_, '_>) -> TlsReport {
    let least = table.word(&LEAST).and_then(|word| word.parse().ok());
    table.finish();
    TlsReport {
        least: least.unwrap_or(Grade::A),
    }
}
