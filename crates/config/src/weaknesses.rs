//! `[weaknesses]`: what is noted of the applications' own weaknesses.

use crate::{
    key::{Absent, Form, section},
    table::Table,
};

section! {
    "[weaknesses]",
    "What the answers of applications show of their own weaknesses: cookies without `Secure`, `HttpOnly` or `SameSite`, event handlers in pages, assets without encryption, forms by GET that change something or send a password, pages without a charset. The console lists them with what to do. Nothing is changed or refused.";
    PAGES "pages" Form::Count(0, 1000, "pages"), Absent::Default("8"), "0",
        "HTML pages that each worker reads in a second, 256 KiB of each at most. With `0` nothing is looked at, cookies neither.";
}

/// `[weaknesses]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Weaknesses {
    /// `pages`.
    pub pages: u16,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Weaknesses {
    let pages = table.count(&PAGES).unwrap_or_default();
    table.finish();
    Weaknesses {
        pages: u16::try_from(pages).unwrap_or(u16::MAX),
    }
}
