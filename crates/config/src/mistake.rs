//! What is wrong with a file, said so that its owner can mend it at 3 a.m.: what,
//! where, what was expected, what to do.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::{secrecy, source::Source};

/// Mistakes kept of one file; the rest is only counted.
pub const MISTAKES_MAX: usize = 100;

/// What kind of mistake it is: stable, for programs and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Not TOML.
    Syntax,
    /// No such key or section.
    Unknown,
    /// A key or section of a later version.
    NotYet,
    /// A number where text is expected, and the like.
    WrongType,
    /// Beyond the limits of the key.
    OutOfRange,
    /// The key stands there twice.
    Duplicate,
    /// Text that isn't the address, host, duration … it should be.
    Malformed,
    /// A required key isn't there.
    Missing,
    /// Two keys that can't both hold.
    Conflict,
    /// A host leads to two sites.
    HostTwice,
    /// A file or folder that can't be read.
    Unreadable,
    /// What stands in a certificate or key file can't be used.
    BadPem,
    /// The key isn't that of the certificate.
    KeyMismatch,
    /// The certificate doesn't name a host it should serve.
    NotCovered,
    /// The certificate is out of date, or not valid yet.
    OutOfDate,
    /// A file with a secret that other users of the machine can read.
    Exposed,
    /// Plain http beyond the machine and its private network.
    Plaintext,
    /// An environment variable that isn't set.
    Unset,
    /// A secret written into the file.
    InlineSecret,
    /// Allowed, but hardly meant.
    Doubtful,
}

/// A place in the file: of the first character that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
    /// Bytes of the text that is wrong, counted behind a byte order mark; empty where
    /// something is missing.
    pub span: Range<usize>,
}

/// One mistake, or one warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistake {
    /// Which kind.
    pub kind: Kind,
    /// Where; `None` when the whole file can't be read.
    pub place: Option<Place>,
    /// What is wrong: no secret is in it.
    pub what: String,
    /// What was expected, if that isn't plain from `what`.
    pub expected: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

/// All that is wrong with one file, in its order. Also used for warnings.
#[derive(Debug, Clone)]
pub struct Mistakes {
    pub(crate) file: PathBuf,
    pub(crate) source: Arc<Source>,
    pub(crate) tone: Tone,
    pub(crate) items: Vec<Mistake>,
    pub(crate) more: usize,
}

/// How grave what is listed is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// The file can't be used.
    Mistake,
    /// It can.
    Warning,
}

impl Mistakes {
    /// The mistakes, in the order of the file; at most [`MISTAKES_MAX`].
    pub fn items(&self) -> &[Mistake] {
        &self.items
    }

    /// Those of other kinds; `None` where there are none.
    #[must_use]
    pub fn without(mut self, kind: Kind) -> Option<Self> {
        self.items.retain(|mistake| mistake.kind != kind);
        (!self.items.is_empty()).then_some(self)
    }

    /// The file, as it was named.
    pub fn file(&self) -> &Path {
        &self.file
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The report, coloured for a terminal. `Display` is the same without colour.
    pub fn coloured(&self) -> impl fmt::Display + '_ {
        Report {
            of: self,
            paint: Paint::Terminal,
        }
    }
}

impl std::error::Error for Mistakes {}

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Report {
            of: self,
            paint: Paint::Plain,
        }
        .fmt(f)
    }
}

#[derive(Clone, Copy)]
enum Paint {
    Plain,
    Terminal,
}

#[derive(Clone, Copy)]
enum Ink {
    Bad,
    Doubt,
    Dim,
    Good,
}

impl Paint {
    fn paint<'t>(self, ink: Ink, text: &'t str) -> impl fmt::Display + use<'t> {
        let code = match ink {
            Ink::Bad => "1;31",
            Ink::Doubt => "1;33",
            Ink::Dim => "2",
            Ink::Good => "36",
        };
        match self {
            Self::Plain => text.to_owned(),
            Self::Terminal => format!("\x1b[{code}m{text}\x1b[0m"),
        }
    }
}

struct Report<'m> {
    of: &'m Mistakes,
    paint: Paint,
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, mistake) in self.of.items.iter().enumerate() {
            if index > 0 {
                writeln!(f)?;
            }
            self.one(mistake, f)?;
        }
        let count = self.of.items.len() + self.of.more;
        if count > 1 {
            let word = match self.of.tone {
                Tone::Mistake => "mistakes",
                Tone::Warning => "warnings",
            };
            writeln!(f, "\n{count} {word} in {}", self.of.file.display())?;
        }
        if self.of.more > 0 {
            writeln!(f, "only the first {} are shown", self.of.items.len())?;
        }
        Ok(())
    }
}

impl Report<'_> {
    fn one(&self, mistake: &Mistake, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ink, word) = match self.of.tone {
            Tone::Mistake => (Ink::Bad, "error"),
            Tone::Warning => (Ink::Doubt, "warning"),
        };
        let word = self.paint.paint(ink, word);
        writeln!(f, "{word}: {}", mistake.what)?;
        write!(f, "  {}", self.of.file.display())?;
        if let Some(place) = &mistake.place {
            write!(f, ":{}:{}", place.line, place.column)?;
        }
        match &mistake.expected {
            Some(expected) => writeln!(f, ": expected {expected}")?,
            None => writeln!(f)?,
        }
        if let Some(place) = &mistake.place {
            self.underline(place, ink, f)?;
        }
        if let Some(help) = &mistake.help {
            writeln!(f, "  {}: {help}", self.paint.paint(Ink::Good, "help"))?;
        }
        Ok(())
    }

    /// The line with the wrong text marked below it. Tabs become one space, so that
    /// the marks stand right below; secrets become asterisks.
    fn underline(&self, place: &Place, ink: Ink, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (line, start) = self.of.source.line(place.line);
        if line.trim().is_empty() {
            return Ok(());
        }
        let marked = place.span.end.min(start + line.len());
        let width = self
            .of
            .source
            .text()
            .get(place.span.start..marked)
            .map_or(1, |text| text.chars().count().max(1));
        let gutter = format!("{:>5} |", place.line);
        // Control characters (escape sequences too) never reach a terminal.
        let shown: String = secrecy::masked(line)
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .collect();
        // A line of a megabyte helps nobody: only what stands around the mark.
        let first = (place.column - 1).saturating_sub(LEAD_MAX);
        let before = if first > 0 { "…" } else { "" };
        let part: String = shown.chars().skip(first).take(WIDTH_MAX).collect();
        let part = part.trim_end();
        writeln!(f, "{} {before}{part}", self.paint.paint(Ink::Dim, &gutter))?;
        let lead = place.column - 1 - first + before.chars().count();
        let width = width.min(WIDTH_MAX.saturating_sub(lead)).max(1);
        let marks = "^".repeat(width);
        let bar = self.paint.paint(Ink::Dim, "      |");
        writeln!(
            f,
            "{bar} {}{}",
            " ".repeat(lead),
            self.paint.paint(ink, &marks)
        )
    }
}

/// Characters of a line that are shown.
const WIDTH_MAX: usize = 160;
/// Characters shown before the mark.
const LEAD_MAX: usize = 100;
