//! `[password]`: the promise `password`.

use std::path::PathBuf;

use crate::{
    key::{Absent, Form, section},
    table::Table,
};

section! {
    "[password]",
    "Promise `password`: strong passwords, kept only as bcrypt hashes with a salt of their own.";
    LENGTH "length" Form::Count(6, 64, "characters"), Absent::Default("15"), "15",
        "The shortest password that may be chosen. There are no rules about kinds of characters: length and strength count (NIST SP 800-63B-4).";
    COST "cost" Form::Count(10, 14, ""), Absent::Default("12"), "12",
        "bcrypt's cost: each step doubles the time of a guess, and of a sign-in. Older hashes are renewed as people sign in.";
    BREACHED "breached" Form::Path("a filter made by `waarborg user breached`"), Absent::Means("the commonest passwords only, which are part of the program"), "\"breached.filter\"",
        "Passwords that were published in breaches: none of them may be chosen.";
}

/// `[password]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Password {
    /// `length`, in characters.
    pub length: u8,
    /// `cost`.
    pub cost: u8,
    /// `breached`.
    pub breached: Option<PathBuf>,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Password {
    let small = |key| table.count(key).and_then(|count| u8::try_from(count).ok());
    let (length, cost) = (small(&LENGTH), small(&COST));
    let breached = table.path(&BREACHED);
    table.finish();
    Password {
        length: length.unwrap_or(15),
        cost: cost.unwrap_or(12),
        breached,
    }
}
