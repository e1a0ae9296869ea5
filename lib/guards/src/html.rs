//! The tags of a page that streams by, as browsers find them (WHATWG HTML section 13.2.5).
//!
//! However the page is cut, the tags are the same, and nothing of it is held back: of each
//! tag its name and attributes are kept until its `>` has come, [`TEXT_MAX`] bytes and
//! [`ATTRIBUTES_MAX`] attributes of it. What isn't markup is no tag: comments, and what
//! stands in elements whose content is text (`script`, `style`, `textarea`, `title`,
//! `noscript`, as where scripts run, and their kin).
//!
//! Which elements are SVG's or MathML's, where other rules hold, only a tree builder knows.
//! Where that could matter [`Tag::is_doubtful`] says so from there on.

/// Bytes of one tag that are kept: name, and names and values of its attributes.
pub(crate) const TEXT_MAX: usize = 4096;
/// Attributes of one tag that are kept.
pub(crate) const ATTRIBUTES_MAX: usize = 64;
/// Longest name of a tag that is told: those that mean something are shorter.
const NAME_MAX: usize = 16;

/// A tag.
#[derive(Debug, Default)]
pub(crate) struct Tag {
    end: bool,
    /// Its name and attributes, each in lower case but the values.
    text: Vec<u8>,
    name: usize,
    attributes: Vec<Attribute>,
    /// Some of it wasn't kept.
    cut: bool,
    doubtful: bool,
}

/// Where an attribute's name begins and ends, and where its value does.
#[derive(Debug, Clone, Copy)]
struct Attribute {
    from: usize,
    name: usize,
    value: usize,
}

impl Tag {
    /// Whether it is an end tag.
    pub(crate) const fn is_end(&self) -> bool {
        self.end
    }

    /// Its name in lower case; a longer one than any that means something is empty.
    pub(crate) fn name(&self) -> &[u8] {
        self.text.get(..self.name).unwrap_or_default()
    }

    /// Whether it has more than is kept of it.
    pub(crate) const fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether a browser may read the page otherwise, from here on.
    pub(crate) const fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// The value of an attribute as it is written: of several with one name, the first.
    pub(crate) fn attribute(&self, name: &[u8]) -> Option<&[u8]> {
        let mut all = self.attributes();
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }

    /// Names in lower case, and values as they are written.
    pub(crate) fn attributes(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.attributes.iter().filter_map(|at| {
            let name = self.text.get(at.from..at.name)?;
            Some((name, self.text.get(at.name..at.value)?))
        })
    }

    fn begin(&mut self, end: bool) {
        self.end = end;
        self.cut = false;
        self.name = 0;
        self.text.clear();
        self.attributes.clear();
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = TEXT_MAX.saturating_sub(self.text.len());
        self.cut |= bytes.len() > room;
        self.text
            .extend_from_slice(bytes.get(..room).unwrap_or(bytes));
    }

    fn name_with(&mut self, byte: u8) {
        if self.text.len() < NAME_MAX {
            self.text.push(byte.to_ascii_lowercase());
            self.name = self.text.len();
        } else {
            self.name = 0;
        }
    }

    fn begin_attribute(&mut self, byte: u8) {
        if self.attributes.len() == ATTRIBUTES_MAX {
            self.cut = true;
            return;
        }
        let from = self.text.len();
        self.attributes.push(Attribute {
            from,
            name: from,
            value: from,
        });
        self.attribute_name_with(byte);
    }

    /// Attributes that are one too many add to nothing.
    fn attribute_name_with(&mut self, byte: u8) {
        if self.cut {
            return;
        }
        self.push(&[byte.to_ascii_lowercase()]);
        let end = self.text.len();
        if let Some(last) = self.attributes.last_mut() {
            (last.name, last.value) = (end, end);
        }
    }

    fn value_with(&mut self, bytes: &[u8]) {
        if self.cut {
            return;
        }
        self.push(bytes);
        let end = self.text.len();
        if let Some(last) = self.attributes.last_mut() {
            last.value = end;
        }
    }
}

/// ```text
/// Text ─<─ Open ─letter─ Name ─space─ BeforeAttribute ─ AttributeName ─=─ BeforeValue ─ …
///            │ /  EndOpen ─letter─ Name                                    Quoted, Unquoted
///            │ !  Declaration ─--─ Comment          every `>` of a tag leads to Text, or to
///            └ ?  Bogus                             Raw behind a tag whose content is text
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum State {
    #[default]
    Text,
    Open,
    EndOpen,
    Name,
    BeforeAttribute,
    AttributeName,
    AfterAttributeName,
    BeforeValue,
    Quoted(u8),
    Unquoted,
    AfterQuoted,
    SelfClosing,
    Bogus,
    /// Behind `<!`.
    Declaration,
    /// So many dashes stand before, behind them perhaps a `!`; or it has only begun.
    Comment {
        dashes: u8,
        bang: bool,
        begun: bool,
    },
    /// In an element whose content is text.
    Raw(Level),
    /// Behind a `<` in there.
    RawOpen(Level),
    /// Behind `<plaintext>`: nothing ends it.
    Plain,
}

/// How deep in a script (section 13.2.5.4): behind `<!--` its end tag may be none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Plain,
    /// Behind `<!--` and so many dashes.
    Escaped(u8),
    /// Behind a `<script` in there: an end tag leads back only.
    Double(u8),
}

impl Level {
    /// Behind a byte that isn't `<`.
    fn after(self, byte: u8) -> Self {
        let count = |dashes: u8| match byte {
            b'-' => dashes.saturating_add(1),
            _ => 0,
        };
        match self {
            Self::Plain => self,
            Self::Escaped(2..) | Self::Double(2..) if byte == b'>' => Self::Plain,
            Self::Escaped(dashes) => Self::Escaped(count(dashes)),
            Self::Double(dashes) => Self::Double(count(dashes)),
        }
    }
}

/// Reads tags.
#[derive(Debug)]
pub(crate) struct Tags {
    state: State,
    tag: Tag,
    /// Whose attributes are kept.
    kept: fn(&[u8]) -> bool,
    keeps: bool,
    /// What stands behind `<!`, or behind a `<` in text, in lower case.
    word: Vec<u8>,
    /// The element whose content is text.
    raw: &'static [u8],
    /// Within SVG or MathML, as far as their tags tell.
    foreign: bool,
}

/// Elements whose content is text (section 13.2.6.4).
const RAW: [&[u8]; 9] = [
    b"script",
    b"style",
    b"textarea",
    b"title",
    b"noscript",
    b"iframe",
    b"noembed",
    b"noframes",
    b"xmp",
];

/// Longest word that means something: `[CDATA[`, `/textarea`, and one more.
const WORD_MAX: usize = 10;

impl Tags {
    /// Reads from the beginning of a page. Attributes are kept of the tags whose name `kept`
    /// is glad of.
    pub(crate) fn new(kept: fn(&[u8]) -> bool) -> Self {
        Self {
            state: State::Text,
            tag: Tag::default(),
            kept,
            keeps: false,
            word: Vec::new(),
            raw: b"",
            foreign: false,
        }
    }

    /// Reads the next piece. `found` gets each tag that ends in it, and where in the piece
    /// it does: behind its `>`.
    pub(crate) fn read(&mut self, data: &[u8], mut found: impl FnMut(&Tag, usize)) {
        let mut at = 0;
        while let Some(rest) = data.get(at..)
            && let Some(&byte) = rest.first()
        {
            // Most of a page is skipped to the one byte that ends where it is.
            let skipped = match self.state {
                State::Text | State::Raw(Level::Plain) => memchr::memchr(b'<', rest),
                State::Bogus => memchr::memchr(b'>', rest),
                State::Quoted(quote) => memchr::memchr(quote, rest),
                State::Plain => None,
                _ => Some(0),
            };
            let skipped = skipped.unwrap_or(rest.len());
            if skipped > 0 {
                if matches!(self.state, State::Quoted(_)) && self.keeps {
                    self.tag.value_with(rest.get(..skipped).unwrap_or_default());
                }
                at += skipped;
                continue;
            }
            if self.step(byte) {
                self.end_tag();
                found(&self.tag, at + 1);
            }
            at += 1;
        }
    }

    /// Takes a byte; `true` where it ends a tag.
    fn step(&mut self, byte: u8) -> bool {
        match self.state {
            State::Text => self.state = State::Open,
            State::Plain => {}
            State::Open => match byte {
                b'!' => {
                    self.word.clear();
                    self.state = State::Declaration;
                }
                b'/' => self.state = State::EndOpen,
                b'?' => self.state = State::Bogus,
                b'a'..=b'z' | b'A'..=b'Z' => self.begin_tag(false, byte),
                b'<' => {}
                _ => self.state = State::Text,
            },
            State::EndOpen => match byte {
                b'a'..=b'z' | b'A'..=b'Z' => self.begin_tag(true, byte),
                b'>' => self.state = State::Text,
                _ => self.state = State::Bogus,
            },
            State::Name => match byte {
                b'>' => return true,
                b'/' => self.named(State::SelfClosing),
                byte if is_space(byte) => self.named(State::BeforeAttribute),
                byte => self.tag.name_with(byte),
            },
            State::BeforeAttribute
            | State::AttributeName
            | State::AfterAttributeName
            | State::BeforeValue
            | State::Quoted(_)
            | State::Unquoted
            | State::AfterQuoted
            | State::SelfClosing => return self.step_in_tag(byte),
            State::Bogus => {
                if byte == b'>' {
                    self.state = State::Text;
                }
            }
            State::Declaration => self.declare(byte),
            State::Comment {
                dashes,
                bang,
                begun,
            } => {
                let ends = dashes >= 2 || begun;
                self.state = match byte {
                    b'>' if ends || bang => State::Text,
                    b'-' => State::Comment {
                        dashes: if bang { 1 } else { dashes.saturating_add(1) },
                        bang: false,
                        begun,
                    },
                    byte => State::Comment {
                        dashes: 0,
                        bang: byte == b'!' && dashes >= 2,
                        begun: false,
                    },
                };
            }
            State::Raw(level) => {
                if byte == b'<' {
                    self.word.clear();
                    self.state = State::RawOpen(level);
                } else {
                    self.state = State::Raw(level.after(byte));
                }
            }
            State::RawOpen(level) => return self.step_in_text(byte, level),
        }
        false
    }

    fn step_in_tag(&mut self, byte: u8) -> bool {
        let space = is_space(byte);
        match self.state {
            State::BeforeAttribute | State::AfterAttributeName if space => {}
            State::SelfClosing | State::BeforeAttribute | State::AfterQuoted
                if !matches!(byte, b'>' | b'/') && !space =>
            {
                if self.keeps {
                    self.tag.begin_attribute(byte);
                }
                self.state = State::AttributeName;
            }
            State::SelfClosing | State::BeforeAttribute | State::AfterQuoted => match byte {
                b'>' => return true,
                b'/' => self.state = State::SelfClosing,
                _ => self.state = State::BeforeAttribute,
            },
            State::AttributeName | State::AfterAttributeName => match byte {
                b'>' => return true,
                b'/' => self.state = State::SelfClosing,
                b'=' => self.state = State::BeforeValue,
                _ if space => self.state = State::AfterAttributeName,
                byte => {
                    if self.keeps && self.state == State::AfterAttributeName {
                        self.tag.begin_attribute(byte);
                    } else if self.keeps {
                        self.tag.attribute_name_with(byte);
                    }
                    self.state = State::AttributeName;
                }
            },
            State::BeforeValue => match byte {
                b'>' => return true,
                b'"' | b'\'' => self.state = State::Quoted(byte),
                _ if space => {}
                byte => {
                    self.value_with(byte);
                    self.state = State::Unquoted;
                }
            },
            State::Unquoted => match byte {
                b'>' => return true,
                _ if space => self.state = State::BeforeAttribute,
                byte => self.value_with(byte),
            },
            State::Quoted(quote) => {
                if byte == quote {
                    self.state = State::AfterQuoted;
                } else {
                    self.value_with(byte);
                }
            }
            _ => {}
        }
        false
    }

    fn value_with(&mut self, byte: u8) {
        if self.keeps {
            self.tag.value_with(&[byte]);
        }
    }

    fn begin_tag(&mut self, end: bool, byte: u8) {
        self.keeps = false;
        self.tag.begin(end);
        self.tag.name_with(byte);
        self.state = State::Name;
    }

    /// The name is whole, and attributes follow.
    fn named(&mut self, state: State) {
        self.keeps = !self.tag.end && (self.kept)(self.tag.name());
        self.state = state;
    }

    /// A byte behind `<!`.
    fn declare(&mut self, byte: u8) {
        const CDATA: &[u8] = b"[cdata[";
        self.word.push(byte.to_ascii_lowercase());
        if self.word == b"--" {
            self.state = State::Comment {
                dashes: 0,
                bang: false,
                begun: true,
            };
        } else if self.word == CDATA {
            // In SVG and MathML its end is another.
            self.tag.doubtful = true;
            self.state = State::Bogus;
        } else if !b"--".starts_with(&self.word) && !CDATA.starts_with(&self.word) {
            self.state = if byte == b'>' {
                State::Text
            } else {
                State::Bogus
            };
        }
    }

    /// A byte behind a `<` in an element whose content is text.
    fn step_in_text(&mut self, byte: u8, level: Level) -> bool {
        let first = self.word.is_empty();
        let goes_on = match byte {
            b'a'..=b'z' | b'A'..=b'Z' => self.word.first() != Some(&b'!'),
            b'/' => first,
            b'!' => first && level == Level::Plain && self.raw == b"script",
            b'-' => self.word.first() == Some(&b'!'),
            _ => false,
        };
        if goes_on && self.word.len() < WORD_MAX {
            self.word.push(byte.to_ascii_lowercase());
            if self.word == b"!--" {
                self.state = State::Raw(Level::Escaped(2));
            }
            return false;
        }
        let ends = is_space(byte) || matches!(byte, b'/' | b'>');
        let is = |word: &[u8]| ends && self.word == word;
        let closes = ends
            && self
                .word
                .split_first()
                .is_some_and(|(slash, name)| *slash == b'/' && name == self.raw);
        let level = match level {
            Level::Double(_) if is(b"/script") => Level::Escaped(0),
            Level::Plain | Level::Escaped(_) if closes => {
                let raw = self.raw;
                self.keeps = false;
                self.tag.begin(true);
                raw.iter().for_each(|byte| self.tag.name_with(*byte));
                self.state = State::BeforeAttribute;
                return self.step_in_tag(byte);
            }
            Level::Escaped(_) if is(b"script") => Level::Double(0),
            Level::Plain => Level::Plain,
            Level::Escaped(_) => Level::Escaped(0),
            Level::Double(_) => Level::Double(0),
        };
        // In SVG the content of such an element is markup.
        self.tag.doubtful |= self.foreign && self.word == b"form";
        self.state = State::Raw(level);
        self.step(byte)
    }

    /// A tag is whole: what follows it.
    fn end_tag(&mut self) {
        let (end, name) = (self.tag.end, self.tag.name());
        let raw = RAW.into_iter().find(|raw| *raw == name);
        let (plain, foreign) = (name == b"plaintext", matches!(name, b"svg" | b"math"));
        self.state = match raw {
            Some(raw) if !end => {
                self.raw = raw;
                State::Raw(Level::Plain)
            }
            None if plain && !end => State::Plain,
            Some(_) | None => State::Text,
        };
        if foreign {
            self.foreign = !end;
        }
    }
}

/// The type of a `Content-Type`, without its parameters.
pub(crate) fn media_type(content_type: &[u8]) -> &[u8] {
    let bare = content_type.split(|byte| *byte == b';').next();
    bare.unwrap_or_default().trim_ascii()
}

/// The charset that a `Content-Type` states for an HTML page; empty where it states none,
/// `None` where it is no such page.
pub fn charset_of_page(content_type: &[u8]) -> Option<&[u8]> {
    if !media_type(content_type).eq_ignore_ascii_case(b"text/html") {
        return None;
    }
    let parameters = content_type.split(|byte| *byte == b';').skip(1);
    let mut charsets = parameters.filter_map(|part| after(part.trim_ascii(), b"charset="));
    let charset = charsets.next().unwrap_or_default();
    let charset = charset.trim_ascii();
    let bare = charset
        .strip_prefix(b"\"")
        .and_then(|it| it.strip_suffix(b"\""));
    Some(bare.unwrap_or(charset))
}

/// Whether text in a charset has ASCII's bytes where it has ASCII's characters, and nowhere
/// else: UTF-8, and the encodings of one byte (WHATWG Encoding section 4.2). Of a page that
/// states none it is taken for granted.
pub fn has_ascii(charset: &[u8]) -> bool {
    let is = |known: &[u8]| charset.eq_ignore_ascii_case(known);
    let begins = |with: &[u8]| after(charset, with).is_some();
    charset.is_empty()
        || is(b"utf-8")
        || is(b"utf8")
        || is(b"us-ascii")
        || is(b"ascii")
        || is(b"latin1")
        || begins(b"iso-8859-")
        || begins(b"windows-125")
        || begins(b"koi8-")
}

/// What follows a beginning, whatever its case.
pub(crate) fn after<'a>(text: &'a [u8], beginning: &[u8]) -> Option<&'a [u8]> {
    let (start, rest) = text.split_at_checked(beginning.len())?;
    start.eq_ignore_ascii_case(beginning).then_some(rest)
}

const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0c)
}

#[cfg(test)]
mod tests;
