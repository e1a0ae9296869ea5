//! Names that the documentation of a later version knows. Somebody who copied them
//! should hear that, not be told that there is no such thing.

use std::ops::Range;

use crate::{
    key::Key,
    mistake::Kind,
    reader::{At, Say},
    table::Table,
};

/// Keys and sections at the top of the file.
const KEYS: [&str; 1] = ["redirect_http"];

/// Words of a key, with what to write meanwhile.
const WORDS: [(&str, &str, &str); 1] = [(
    "access",
    "login",
    "write \"public\" only if the application signs its users in itself",
)];

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

/// Says so when the unknown word of a key is one of them.
pub(crate) fn word(table: &Table<'_, '_>, key: &Key, text: &At<&str>) -> bool {
    let known = WORDS
        .iter()
        .find(|(name, word, _)| *name == key.name && *word == text.value);
    if let Some((name, word, help)) = known {
        let what = format!("`{name} = \"{word}\"` isn't available in this version ({VERSION})");
        let say = Say::what(what).expected(key.form.expected()).help(*help);
        table.reader.mistake(Kind::NotYet, &text.span, say);
    }
    known.is_some()
}

const VERSION: &str = env!("CARGO_PKG_VERSION");
