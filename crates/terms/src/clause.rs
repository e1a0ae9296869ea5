//! Sentences in parts: what a promise says, before any language is chosen.
//!
//! The parts that know facts (promises, control) hand out clauses; the part that knows
//! languages (pages) turns them into text. So a figure on the trust page always comes
//! from live state, and no sentence is written twice.

/// One clause of a sentence: a message of the locales and what to fill in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clause {
    /// The message's key, such as `hsts-every-answer`.
    pub key: &'static str,
    /// What the message's variables stand for.
    pub args: Vec<(&'static str, Arg)>,
}

/// What a variable of a message stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Arg {
    /// A count or size, written and pluralised as the language does.
    Number(i64),
    /// Text that is shown as it is: a name, an address.
    Text(String),
    /// A word of a closed list (`same-host`), for which the message has its own wording.
    Word(&'static str),
}

impl Clause {
    /// A clause without variables.
    pub const fn new(key: &'static str) -> Self {
        Self {
            key,
            args: Vec::new(),
        }
    }

    /// The same with one more variable.
    #[must_use]
    pub fn with(mut self, name: &'static str, arg: Arg) -> Self {
        self.args.push((name, arg));
        self
    }
}
