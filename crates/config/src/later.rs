//! Names that the documentation of a later version knows. Somebody who copied them
//! should hear that, not be told that there is no such thing.

use std::ops::Range;

use crate::{mistake::Kind, reader::Say, table::Table};

/// Keys and sections at the top of the file.
const KEYS: [&str; 1] = ["redirect_http"];

/// Says so when the unknown key of a table is one of them.
pub(crate) fn key(table: &Table<'_, '_>, word: &str, span: &Range<usize>) -> bool {
    let known = table.is_top() && KEYS.contains(&word);
    if known {
        let what = format!("`{word}` isn't available in this version ({VERSION})");
        table
            .reader
            .mistake(Kind::NotYet, span, Say::what(what).help("leave it out"));
    }
    known
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
