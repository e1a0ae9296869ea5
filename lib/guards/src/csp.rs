//! Promise `csp`: a header says which assets a page may load and run.
//!
//! Source: Content Security Policy Level 3 (W3C), with its section numbers below. A
//! [`Policy`] is typed: what a browser would ignore can't be built. [`Policy::weaknesses`]
//! says where it lets injected scripts through, [`Violation`] reads what browsers report of
//! it, and [`propose`] says what would have to be allowed for nothing more to be reported;
//! who decides is a person. [`Sent`] is what a site's answers carry, made once.
//!
//! That the header is on every answer is the edge's work, not this file's.

use std::{collections::BTreeMap, fmt};

mod report;
mod sent;
mod source;
#[cfg(test)]
mod tests;
mod weakness;

pub use report::{Blocked, Fields, Ignored, Violation, propose};
use sent::base64;
pub use sent::{ENDPOINT, Mode, NONCE_BYTES, REPORT_PATH, Sent, Value};
pub use source::{Algorithm, Hash, SOURCE_MAX, Source, SourceError};
pub use weakness::{Severity, Weakness};

/// The policy of answers that load nothing at all: what own answers carry that bring none.
pub const BARE: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// Sources of one directive.
pub const SOURCES_MAX: usize = 64;

/// Directives looked at in one policy's text; more is [`PolicyError::TooMany`].
pub const DIRECTIVES_MAX: usize = 32;

/// What a directive is about (section 6), in the order in which policies are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Directive {
    /// What holds for every kind of asset that isn't named.
    DefaultSrc,
    /// Scripts, `javascript:` and event handlers.
    ScriptSrc,
    /// Style sheets and `style` attributes.
    StyleSrc,
    /// Images and icons.
    ImgSrc,
    /// Fonts.
    FontSrc,
    /// `fetch`, WebSockets, server-sent events, beacons.
    ConnectSrc,
    /// Sound and film.
    MediaSrc,
    /// Pages in frames.
    FrameSrc,
    /// Workers.
    WorkerSrc,
    /// Manifests of web applications.
    ManifestSrc,
    /// Plug-ins.
    ObjectSrc,
    /// What `<base>` may name.
    BaseUri,
    /// Where forms may go.
    FormAction,
    /// Who may frame the page.
    FrameAncestors,
}

impl Directive {
    /// All of them, in the order in which policies are written.
    pub const ALL: [Self; 14] = [
        Self::DefaultSrc,
        Self::ScriptSrc,
        Self::StyleSrc,
        Self::ImgSrc,
        Self::FontSrc,
        Self::ConnectSrc,
        Self::MediaSrc,
        Self::FrameSrc,
        Self::WorkerSrc,
        Self::ManifestSrc,
        Self::ObjectSrc,
        Self::BaseUri,
        Self::FormAction,
        Self::FrameAncestors,
    ];

    /// As headers name it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::DefaultSrc => "default-src",
            Self::ScriptSrc => "script-src",
            Self::StyleSrc => "style-src",
            Self::ImgSrc => "img-src",
            Self::FontSrc => "font-src",
            Self::ConnectSrc => "connect-src",
            Self::MediaSrc => "media-src",
            Self::FrameSrc => "frame-src",
            Self::WorkerSrc => "worker-src",
            Self::ManifestSrc => "manifest-src",
            Self::ObjectSrc => "object-src",
            Self::BaseUri => "base-uri",
            Self::FormAction => "form-action",
            Self::FrameAncestors => "frame-ancestors",
        }
    }

    /// The one with this name, in any case (section 2.2.1); also by `script-src-elem`,
    /// `style-src-attr` and their kin, which are parts of the one without the ending.
    pub fn named(name: &str) -> Option<Self> {
        let whole = |name: &str| {
            let is = |one: &Self| one.name().eq_ignore_ascii_case(name);
            Self::ALL.into_iter().find(is)
        };
        whole(name).or_else(|| {
            let at = name.len().checked_sub("-elem".len())?;
            let (part, ending) = name.split_at_checked(at)?;
            let is = |known: &str| ending.eq_ignore_ascii_case(known);
            let found = whole(part).filter(|_| is("-elem") || is("-attr"));
            found.filter(|one| matches!(one, Self::ScriptSrc | Self::StyleSrc))
        })
    }

    /// Whether it falls back on `default-src` where it isn't stated (section 6.8.3).
    pub const fn falls_back(self) -> bool {
        !matches!(
            self,
            Self::DefaultSrc | Self::BaseUri | Self::FormAction | Self::FrameAncestors
        )
    }

    /// Whether a browser heeds such a source there.
    pub const fn takes(self, source: &Source) -> bool {
        let script = matches!(self, Self::DefaultSrc | Self::ScriptSrc);
        let code = script || matches!(self, Self::StyleSrc);
        match source {
            Source::None | Source::SelfOrigin | Source::Scheme(_) | Source::Host(_) => true,
            Source::UnsafeEval | Source::WasmUnsafeEval | Source::StrictDynamic => script,
            Source::UnsafeInline | Source::UnsafeHashes | Source::ReportSample => code,
            Source::Hash(_) => code,
        }
    }
}

impl fmt::Display for Directive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A list of sources or a policy that no browser would take as it is meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// No sources.
    #[error("`{0}` has no sources; expected at least `'none'`")]
    Empty(Directive),
    /// `'none'` beside another source, which makes browsers ignore it.
    #[error("`'none'` stands beside others in `{0}`; expected it alone")]
    NoneBesideOthers(Directive),
    /// A source that means nothing there.
    #[error("`{1}` means nothing in `{0}`; expected a source that browsers heed there")]
    Misplaced(Directive, Source),
    /// More sources than [`SOURCES_MAX`].
    #[error("`{0}` has too many sources; expected at most {SOURCES_MAX}")]
    TooManySources(Directive),
    /// More directives than [`DIRECTIVES_MAX`].
    #[error("too many directives; expected at most {DIRECTIVES_MAX}")]
    TooMany,
    /// A directive that isn't known here.
    #[error("a directive that isn't known; expected one of CSP level 3")]
    Unknown,
    /// A directive twice: browsers heed the first only.
    #[error("`{0}` stands there twice; expected it once")]
    Twice(Directive),
    /// A source that can't be read.
    #[error("a source of `{0}`: {1}")]
    Source(Directive, SourceError),
}

/// Which assets a page may load and run.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    lists: BTreeMap<Directive, Vec<Source>>,
}

impl Policy {
    /// States a directive, in place of what was stated before. A source that stands there
    /// twice is kept once.
    ///
    /// # Errors
    /// A list that browsers wouldn't take as it is meant.
    pub fn set(
        &mut self,
        directive: Directive,
        sources: impl IntoIterator<Item = Source>,
    ) -> Result<(), PolicyError> {
        let mut list: Vec<Source> = Vec::new();
        for source in sources {
            if !directive.takes(&source) {
                return Err(PolicyError::Misplaced(directive, source));
            }
            if list.contains(&source) {
                continue;
            }
            if list.len() == SOURCES_MAX {
                return Err(PolicyError::TooManySources(directive));
            }
            list.push(source);
        }
        if list.is_empty() {
            return Err(PolicyError::Empty(directive));
        }
        if list.len() > 1 && list.contains(&Source::None) {
            return Err(PolicyError::NoneBesideOthers(directive));
        }
        self.lists.insert(directive, list);
        Ok(())
    }

    /// Reads a policy as headers write it (section 2.2.1), strictly: what browsers would
    /// skip over is an error, since whoever wrote it meant something.
    ///
    /// # Errors
    /// The first of it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let mut policy = Self::default();
        let parts = text.split(';').map(str::trim_ascii);
        for (index, part) in parts.filter(|part| !part.is_empty()).enumerate() {
            if index == DIRECTIVES_MAX {
                return Err(PolicyError::TooMany);
            }
            let mut words = part.split_ascii_whitespace();
            let name = words.next().unwrap_or_default();
            let is = |one: &Directive| one.name().eq_ignore_ascii_case(name);
            let directive = Directive::ALL.into_iter().find(is);
            let directive = directive.ok_or(PolicyError::Unknown)?;
            if policy.lists.contains_key(&directive) {
                return Err(PolicyError::Twice(directive));
            }
            let read =
                |word| Source::parse(word).map_err(|error| PolicyError::Source(directive, error));
            let sources: Vec<_> = words
                .take(SOURCES_MAX + 1)
                .map(read)
                .collect::<Result<_, _>>()?;
            policy.set(directive, sources)?;
        }
        Ok(policy)
    }

    /// What is stated of a directive itself.
    pub fn stated(&self, directive: Directive) -> Option<&[Source]> {
        self.lists.get(&directive).map(Vec::as_slice)
    }

    /// What holds for a directive: what is stated of it, or of what it falls back on
    /// (section 6.8.3; `worker-src` falls back on `script-src` first). `None` where nothing
    /// limits it.
    pub fn effective(&self, directive: Directive) -> Option<&[Source]> {
        let stated = self.stated(directive);
        let scripts = || match directive {
            Directive::WorkerSrc => self.stated(Directive::ScriptSrc),
            _ => None,
        };
        let default = || match directive.falls_back() {
            true => self.stated(Directive::DefaultSrc),
            false => None,
        };
        stated.or_else(scripts).or_else(default)
    }

    /// All that is stated, in the order in which it is written.
    pub fn iter(&self) -> impl Iterator<Item = (Directive, &[Source])> {
        self.lists
            .iter()
            .map(|(directive, sources)| (*directive, sources.as_slice()))
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }
}

/// As headers write it: visible ASCII and single spaces.
impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (directive, sources)) in self.iter().enumerate() {
            f.write_str(if index == 0 { "" } else { "; " })?;
            f.write_str(directive.name())?;
            for source in sources {
                write!(f, " {source}")?;
            }
        }
        Ok(())
    }
}
