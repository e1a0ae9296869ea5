//! Weaknesses of an application that its answers show while they go by, for its team to mend.
//!
//! A [`Page`] reads the beginning of an HTML page for what shouldn't be there: event handlers
//! as attributes, assets without encryption, forms by GET that change something or send a
//! password, and text in an unsaid charset. [`cookie`] looks at a cookie's attributes. What
//! is told is a short name, never a value; a page tells each thing once, [`PAGE_MAX`] at most.
//!
//! None of this holds anything up: the promises `csrf`, `csp` and `xss` hold with or without
//! it.

use crate::html::{Tag, Tags};

/// Bytes of a page that are read.
pub const READ_MAX: usize = 256 * 1024;
/// Weaknesses that one page tells.
pub const PAGE_MAX: usize = 16;
/// Longest name that is told.
pub const NAME_MAX: usize = 64;

/// Bytes within which browsers look for a charset (WHATWG HTML section 4.2.5.4).
const CHARSET_WITHIN: usize = 1024;

/// What is weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A cookie without `Secure`: we add it, but where the application is reached otherwise
    /// it goes over any line.
    CookieUnencrypted,
    /// A cookie without `HttpOnly`: scripts read it, injected ones too.
    CookieReadable,
    /// A cookie without `SameSite`: we add `Lax`, but browsers differ elsewhere.
    CookieCrossSite,
    /// An event handler as an attribute: a strict content security policy stops it.
    InlineHandler,
    /// An asset of an encrypted page that comes, or a form that goes, without encryption.
    MixedContent,
    /// A form by GET that seems to change something: other sites can send it.
    ChangeByGet,
    /// A form by GET with a password, which ends up in addresses and logs.
    PasswordByGet,
    /// A page that doesn't say its charset: browsers guess, and can be made to guess wrongly.
    CharsetUnsaid,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::PasswordByGet,
        Self::ChangeByGet,
        Self::MixedContent,
        Self::CookieReadable,
        Self::CookieUnencrypted,
        Self::CookieCrossSite,
        Self::InlineHandler,
        Self::CharsetUnsaid,
    ];

    /// The word in metrics, commands and texts.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CookieUnencrypted => "cookie-unencrypted",
            Self::CookieReadable => "cookie-readable",
            Self::CookieCrossSite => "cookie-cross-site",
            Self::InlineHandler => "inline-handler",
            Self::MixedContent => "mixed-content",
            Self::ChangeByGet => "change-by-get",
            Self::PasswordByGet => "password-by-get",
            Self::CharsetUnsaid => "charset-unsaid",
        }
    }
}

/// A weakness.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Weakness {
    /// What is weak.
    pub kind: Kind,
    /// Which cookie, attribute, host or path: at most [`NAME_MAX`] letters, digits and
    /// `_ . - : / [ ]`, with `*` in place of everything else. Empty where there is only one.
    pub name: Box<str>,
}

impl Weakness {
    fn new(kind: Kind, name: &[u8]) -> Self {
        let plain = |byte: &u8| match byte {
            b'_' | b'.' | b'-' | b':' | b'/' | b'[' | b']' => char::from(*byte),
            byte if byte.is_ascii_alphanumeric() => char::from(*byte),
            _ => '*',
        };
        let name: String = name.iter().take(NAME_MAX).map(plain).collect();
        Self {
            kind,
            name: name.into(),
        }
    }
}

/// What a `Set-Cookie` lacks, and its name. Allocates only where it lacks something.
pub fn cookie(set_cookie: &[u8], mut found: impl FnMut(Weakness)) {
    let mut parts = set_cookie.split(|byte| *byte == b';');
    let pair = parts.next().unwrap_or_default();
    let [mut secure, mut http_only, mut same_site, mut ends] = [false; 4];
    for part in parts {
        let word = part.split(|byte| *byte == b'=').next();
        let word = word.unwrap_or_default().trim_ascii();
        secure |= word.eq_ignore_ascii_case(b"secure");
        http_only |= word.eq_ignore_ascii_case(b"httponly");
        same_site |= word.eq_ignore_ascii_case(b"samesite");
        let value = part.get(word.len()..).unwrap_or_default();
        ends |= word.eq_ignore_ascii_case(b"max-age") && value.trim_ascii().ends_with(b"=0");
    }
    let mut halves = pair.splitn(2, |byte| *byte == b'=');
    let (name, value) = (halves.next(), halves.next().unwrap_or_default());
    let name = name.unwrap_or_default().trim_ascii();
    // What takes a cookie away needs nothing.
    if ends || value.trim_ascii().is_empty() {
        return;
    }
    for (has, kind) in [
        (secure, Kind::CookieUnencrypted),
        (http_only, Kind::CookieReadable),
        (same_site, Kind::CookieCrossSite),
    ] {
        if !has {
            found(Weakness::new(kind, name));
        }
    }
}

/// Reads one page.
#[derive(Debug)]
pub struct Page {
    tags: Tags,
    found: Vec<Weakness>,
    /// Bytes so far.
    read: usize,
    charset: Charset,
    /// Of the form that is open, if it goes by GET: where to.
    by_get: Option<Box<[u8]>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Said,
    /// It may still be said.
    Sought,
    Told,
}

impl Page {
    /// Reads from the beginning. `charset`: the `Content-Type` states one.
    pub fn new(charset: bool) -> Self {
        Self {
            tags: Tags::new(|_| true),
            found: Vec::new(),
            read: 0,
            charset: if charset {
                Charset::Said
            } else {
                Charset::Sought
            },
            by_get: None,
        }
    }

    /// Reads the next piece.
    pub fn read(&mut self, data: &[u8]) {
        if self.read == 0 && self.charset == Charset::Sought && has_mark(data) {
            self.charset = Charset::Said;
        }
        let room = READ_MAX.saturating_sub(self.read);
        let data = data.get(..room).unwrap_or(data);
        let Self {
            tags,
            found,
            read,
            charset,
            by_get,
        } = self;
        tags.read(data, |tag, end| {
            if *charset == Charset::Sought && *read + end <= CHARSET_WITHIN && says_charset(tag) {
                *charset = Charset::Said;
            }
            look(tag, by_get, found);
        });
        *read += data.len();
        if self.read >= CHARSET_WITHIN {
            self.judge_charset();
        }
    }

    /// The page is over, or as much of it as came.
    pub fn finish(&mut self) -> &[Weakness] {
        if self.read > 0 {
            self.judge_charset();
        }
        &self.found
    }

    fn judge_charset(&mut self) {
        if self.charset == Charset::Sought {
            self.charset = Charset::Told;
            add(&mut self.found, Kind::CharsetUnsaid, b"");
        }
    }
}

/// Whether text begins with a byte order mark, which says its charset.
fn has_mark(data: &[u8]) -> bool {
    let marks: [&[u8]; 3] = [b"\xef\xbb\xbf", b"\xfe\xff", b"\xff\xfe"];
    marks.iter().any(|mark| data.starts_with(mark))
}

fn says_charset(tag: &Tag) -> bool {
    let by_type = |content: &[u8]| {
        let mut parts = content.split(|byte| *byte == b';');
        parts.any(|part| begins(part.trim_ascii(), b"charset"))
    };
    !tag.is_end()
        && tag.name() == b"meta"
        && (tag.attribute(b"charset").is_some()
            || tag.attribute(b"http-equiv").is_some()
                && tag.attribute(b"content").is_some_and(by_type))
}

fn look(tag: &Tag, by_get: &mut Option<Box<[u8]>>, found: &mut Vec<Weakness>) {
    let name = tag.name();
    if tag.is_end() {
        if name == b"form" {
            *by_get = None;
        }
        return;
    }
    for (attribute, value) in tag.attributes() {
        if is_handler(attribute) {
            add(found, Kind::InlineHandler, attribute);
        }
        if loads(tag, attribute) && begins(value.trim_ascii_start(), b"http://") {
            let rest = value.trim_ascii_start().get(7..).unwrap_or_default();
            let host = rest.split(|byte| matches!(byte, b'/' | b'?' | b'#'));
            add(
                found,
                Kind::MixedContent,
                host.into_iter().next().unwrap_or_default(),
            );
        }
    }
    match name {
        b"form" => {
            let method = tag.attribute(b"method").unwrap_or_default();
            let gets =
                !method.eq_ignore_ascii_case(b"post") && !method.eq_ignore_ascii_case(b"dialog");
            let action = tag.attribute(b"action").unwrap_or_default();
            let path = action.split(|byte| matches!(byte, b'?' | b'#'));
            let path = path.into_iter().next().unwrap_or_default();
            if gets && changes(path) {
                add(found, Kind::ChangeByGet, path);
            }
            *by_get = gets.then(|| path.into());
        }
        b"input" | b"button" => {
            let Some(path) = by_get else { return };
            let is = |attribute: &[u8], wanted: &[u8]| {
                tag.attribute(attribute)
                    .is_some_and(|value| value.eq_ignore_ascii_case(wanted))
            };
            if is(b"type", b"password") {
                add(found, Kind::PasswordByGet, path);
            }
            // What a framework takes for the method, and what a button says it does.
            let field = tag.attribute(b"name").unwrap_or_default();
            let button = name == b"button" || is(b"type", b"submit");
            let other = field == b"_method" && !is(b"value", b"get");
            let does = button
                && changes(field)
                && !tag
                    .attribute(b"formmethod")
                    .is_some_and(|it| it.eq_ignore_ascii_case(b"post"));
            if other || does {
                add(
                    found,
                    Kind::ChangeByGet,
                    if path.is_empty() { field } else { path },
                );
            }
        }
        _ => {}
    }
}

/// Whether it is an event handler content attribute (WHATWG HTML section 8.1.8.1).
fn is_handler(attribute: &[u8]) -> bool {
    attribute
        .strip_prefix(b"on")
        .is_some_and(|event| event.len() > 2 && event.iter().all(u8::is_ascii_lowercase))
}

/// Whether an attribute names what is loaded, or where a form goes.
fn loads(tag: &Tag, attribute: &[u8]) -> bool {
    let rel = || tag.attribute(b"rel").unwrap_or_default();
    match (tag.name(), attribute) {
        (
            b"script" | b"img" | b"iframe" | b"frame" | b"audio" | b"video" | b"source" | b"track"
            | b"embed" | b"input",
            b"src",
        )
        | (b"object", b"data")
        | (b"video", b"poster")
        | (b"form", b"action") => true,
        (b"link", b"href") => {
            let loaded: [&[u8]; 6] = [
                b"stylesheet",
                b"icon",
                b"preload",
                b"modulepreload",
                b"manifest",
                b"apple-touch-icon",
            ];
            let mut words = rel().split(u8::is_ascii_whitespace);
            words.any(|word| loaded.iter().any(|known| word.eq_ignore_ascii_case(known)))
        }
        _ => false,
    }
}

/// Whether a path or name holds a word of something that changes.
fn changes(name: &[u8]) -> bool {
    const WORDS: [&[u8]; 24] = [
        b"delete",
        b"remove",
        b"destroy",
        b"erase",
        b"purge",
        b"drop",
        b"update",
        b"save",
        b"create",
        b"insert",
        b"add",
        b"set",
        b"approve",
        b"reject",
        b"cancel",
        b"revoke",
        b"enable",
        b"disable",
        b"reset",
        b"transfer",
        b"pay",
        b"buy",
        b"logout",
        b"signout",
    ];
    let mut words = name.split(|byte| !byte.is_ascii_alphabetic());
    words.any(|word| WORDS.iter().any(|known| word.eq_ignore_ascii_case(known)))
}

fn begins(text: &[u8], beginning: &[u8]) -> bool {
    text.get(..beginning.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(beginning))
}

fn add(found: &mut Vec<Weakness>, kind: Kind, name: &[u8]) {
    if found.len() < PAGE_MAX {
        let weakness = Weakness::new(kind, name);
        if !found.contains(&weakness) {
            found.push(weakness);
        }
    }
}

#[cfg(test)]
mod tests;
