//! Promise `xss`: markup that a request brought doesn't come back unescaped in the page that
//! answers it (reflected cross-site scripting, CWE-79).
//!
//! [`Needles`] are what a request carries that would be markup: read out of its path, query,
//! form, JSON strings and echoed fields, decoded as browsers and frameworks decode. A
//! [`Scanner`] reads an answer as it streams by, however it is cut, and finds them. It needs
//! no more memory than [`Scanner::HELD_MAX`] bytes beside the needles. A request without
//! markup costs one look ([`is_suspect`]) and nothing is allocated for it.
//!
//! What is compared: letters whatever their case, and only what is significant. White space,
//! backslashes, NULs and whatever isn't ASCII may have been put between or taken out by the
//! application (`addslashes`, UTF-16, other character sets).
//!
//! What isn't found: markup that only several values together make; what the application
//! changes in another way than by those; markup of earlier requests (stored), and what a
//! page's own script puts into it.

mod body;
mod decode;
mod needles;
mod scanner;

pub use body::{BODY_MAX, Body};
pub use decode::is_suspect;
pub use needles::{Needle, Needles};
pub use scanner::Scanner;

use crate::html::media_type;

/// What is done with markup that comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Mode {
    /// Nobody looks.
    Off,
    /// It is told to the team; answers leave as they are.
    #[default]
    Observe,
    /// It leaves escaped.
    Neutralise,
    /// The answer is refused or cut.
    Refuse,
}

impl Mode {
    /// All of them, the mildest first.
    pub const ALL: [Self; 4] = [Self::Off, Self::Observe, Self::Neutralise, Self::Refuse];

    /// The word in configuration and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Observe => "observe",
            Self::Neutralise => "neutralise",
            Self::Refuse => "refuse",
        }
    }

    /// Whether answers may change.
    pub const fn acts(self) -> bool {
        matches!(self, Self::Neutralise | Self::Refuse)
    }
}

/// Where in a request a value stood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Place {
    /// The query of the target.
    Query,
    /// The path of the target.
    Path,
    /// A field of the head, such as `Referer`.
    Header,
    /// A field of a form.
    Form,
    /// A string of a JSON body.
    Json,
}

impl Place {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Query,
        Self::Path,
        Self::Header,
        Self::Form,
        Self::Json,
    ];

    /// The word in logs and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Query => "query",
            Self::Path => "path",
            Self::Header => "header",
            Self::Form => "form",
            Self::Json => "json",
        }
    }
}

/// As what a value came back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Context {
    /// A tag that runs or loads something: a script, a frame, an event handler.
    Script,
    /// An attribute that runs something, behind a quote or space that ends the value before.
    Attribute,
    /// Code behind a quote that ends a string of a script.
    Code,
    /// An address that runs something: `javascript:`.
    Url,
    /// Another tag.
    Markup,
}

impl Context {
    /// All of them, the worst first.
    pub const ALL: [Self; 5] = [
        Self::Script,
        Self::Attribute,
        Self::Code,
        Self::Url,
        Self::Markup,
    ];

    /// The word in logs and pages.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Script => "script",
            Self::Attribute => "attribute",
            Self::Code => "code",
            Self::Url => "url",
            Self::Markup => "markup",
        }
    }
}

/// Whether an answer of this type is a page in which markup runs. One without a type is: a
/// browser may take it for one.
pub fn is_page(content_type: Option<&[u8]>) -> bool {
    const PAGES: [&[u8]; 3] = [b"text/html", b"application/xhtml+xml", b"image/svg+xml"];
    let Some(field) = content_type else {
        return true;
    };
    let bare = media_type(field);
    bare.is_empty() || PAGES.iter().any(|page| bare.eq_ignore_ascii_case(page))
}

#[cfg(test)]
mod tests;
