//! `[lockout]`: the promise `lockout`.

use std::time::Duration;

use crate::{
    key::{Absent, Form, seconds, section},
    table::Table,
};

section! {
    "[lockout]",
    "Promise `lockout`: repeated wrong passwords lock an account for a while. Devices that have signed in before have a count of their own, so that a stranger can't lock the owner out.";
    GUESSES "guesses" Form::Count(3, 20, "guesses"), Absent::Default("10"), "10",
        "Wrong passwords that all unknown devices together, or one known device, may try at an account within the `window`.";
    WINDOW "window" Form::Duration(seconds(60), seconds(86_400)), Absent::Default("15m"), "\"15m\"",
        "The time in which they are counted, and for which the account is then locked. Each further lock lasts twice as long, to 24 hours.";
}

/// `[lockout]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lockout {
    /// `guesses`.
    pub guesses: u8,
    /// `window`.
    pub window: Duration,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Lockout {
    let guesses = table.count(&GUESSES);
    let window = table.duration(&WINDOW);
    table.finish();
    Lockout {
        guesses: guesses
            .and_then(|count| u8::try_from(count).ok())
            .unwrap_or(10),
        window,
    }
}
