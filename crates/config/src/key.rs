//! The one list of what a file may say. Reading, suggestions, `docs/config.md` and
//! the sample for `init` all come from it.

use std::time::Duration;

/// A key of a section.
#[derive(Debug)]
pub struct Key {
    /// As it stands in the file.
    pub name: &'static str,
    /// Which values it takes.
    pub form: Form,
    /// What holds when it isn't there.
    pub absent: Absent,
    /// A value as it would stand in a file (TOML).
    pub example: &'static str,
    /// What it means and why one would set it: a sentence or two.
    pub doc: &'static str,
}

/// Which values a key takes.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    /// Text; the words say what is expected in it.
    Text(&'static str),
    /// One text or a list of at most this many.
    Texts(&'static str, usize),
    /// The path of a file or folder; relative ones count from the file's own folder.
    Path(&'static str),
    /// One of these words, each with its meaning.
    Word(&'static [(&'static str, &'static str)]),
    /// `true` or `false`.
    Switch,
    /// A time with its unit, such as `"10s"`.
    Duration(Duration, Duration),
    /// Bytes with their unit, such as `"16KiB"`.
    Size(u64, u64),
    /// A whole number of something.
    Count(u64, u64, &'static str),
    /// `{ file = "…" }` or `{ env = "…" }`.
    Secret(&'static str),
    /// A section of its own, or several.
    Section(&'static Section),
}

/// What holds when a key isn't there.
#[derive(Debug, Clone, Copy)]
pub enum Absent {
    /// The key must be there; the words say when, empty for always.
    Required(&'static str),
    /// This text is read in its place.
    Default(&'static str),
    /// What it means when the key is absent.
    Means(&'static str),
}

/// A section of the file.
#[derive(Debug)]
pub struct Section {
    /// As its header is written in documents; empty for the top of the file.
    pub header: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// Its keys, in the order of the documents.
    pub keys: &'static [&'static Key],
}

/// Declares a section and a constant per key; `= KEY;` takes in one that is declared
/// elsewhere.
macro_rules! section {
    ($header:literal, $about:literal; $($rest:tt)+) => {
        $crate::key::section!(@keys ($header, $about) [] $($rest)+);
    };
    (@keys $head:tt [$($known:ident)*] = $id:ident; $($rest:tt)*) => {
        $crate::key::section!(@keys $head [$($known)* $id] $($rest)*);
    };
    (
        @keys $head:tt [$($known:ident)*]
        $id:ident $name:literal $form:expr, $absent:expr, $example:literal, $doc:literal;
        $($rest:tt)*
    ) => {
        const $id: $crate::key::Key = $crate::key::Key {
            name: $name,
            form: $form,
            absent: $absent,
            example: $example,
            doc: $doc,
        };
        $crate::key::section!(@keys $head [$($known)* $id] $($rest)*);
    };
    (@keys ($header:literal, $about:literal) [$($id:ident)+]) => {
        pub(crate) const SECTION: $crate::key::Section = $crate::key::Section {
            header: $header,
            about: $about,
            keys: &[$(&$id),+],
        };
    };
}
pub(crate) use section;

/// Seconds, for the limits of a key.
pub(crate) const fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

pub(crate) const KIB: u64 = 1024;
pub(crate) const MIB: u64 = 1024 * KIB;
pub(crate) const GIB: u64 = 1024 * MIB;
pub(crate) const TIB: u64 = 1024 * GIB;
pub(crate) const DAY_S: u64 = 86_400;

impl Form {
    /// What is expected, in words; of a list, in each of its entries.
    pub fn expected(&self) -> String {
        match self {
            Self::Text(what) | Self::Path(what) | Self::Texts(what, _) => (*what).to_owned(),
            Self::Word(words) => {
                let words: Vec<_> = words
                    .iter()
                    .map(|(word, _)| format!("\"{word}\""))
                    .collect();
                one_of(&words)
            }
            Self::Switch => "true or false".to_owned(),
            Self::Duration(least, most) => format!(
                "a duration from {} to {}",
                in_units(least.as_secs(), &DURATIONS),
                in_units(most.as_secs(), &DURATIONS)
            ),
            Self::Size(least, most) => format!(
                "a size from {} to {}",
                in_units(*least, &SIZES),
                in_units(*most, &SIZES)
            ),
            Self::Count(least, most, unit) => {
                let space = if unit.is_empty() { "" } else { " " };
                format!("{least} to {most}{space}{unit}")
            }
            Self::Secret(what) => {
                format!("{what} as `{{ file = \"…\" }}` or `{{ env = \"…\" }}`")
            }
            Self::Section(section) => format!("the section `{}`", section.header),
        }
    }
}

fn one_of(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} or {last}", rest.join(", ")),
    }
}

/// Units of durations, in seconds, smallest first.
pub(crate) const DURATIONS: [(&str, u64); 4] = [("s", 1), ("m", 60), ("h", 3600), ("d", DAY_S)];

/// Units of sizes, in bytes, smallest first.
pub(crate) const SIZES: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", KIB),
    ("MiB", MIB),
    ("GiB", GIB),
    ("TiB", TIB),
];

/// An amount in the largest unit that divides it.
pub(crate) fn in_units(amount: u64, units: &[(&str, u64)]) -> String {
    let fits = |(_, size): &&(&str, u64)| amount > 0 && amount.is_multiple_of(*size);
    let (unit, size) = units
        .iter()
        .rev()
        .find(fits)
        .or(units.first())
        .copied()
        .unwrap_or(("", 1));
    format!("{}{unit}", amount / size)
}
