//! What a request carries that would be markup in a page.

use super::{Body, Context, Place, decode};

/// Needles of one request. A worse one takes the place of mere [`Context::Markup`].
const NEEDLES_MAX: usize = 64;
/// Fewest significant bytes of a needle: shorter ones can't be told from the page's own.
const LEAST: usize = 8;
/// Most significant bytes of a needle: what is behind them isn't compared.
pub(super) const MOST: usize = 96;
/// A needle that is cut ends at a word's end if there is one behind so many bytes.
const WORD_FROM: usize = 32;
/// Longest name of a parameter that is kept, in bytes.
const NAME_MAX: usize = 64;
/// Places in one value that are looked at for each of attributes and code.
const SPOTS_MAX: usize = 32;

/// What has to stand around a needle in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Around {
    /// Anything.
    Any,
    /// A tag that has begun, in a value or not.
    Tag,
    /// A tag that has begun, outside of values in quotes.
    Bare,
    /// A script, in which a backslash before a quote keeps it from ending a string.
    Code,
    /// The name of what holds addresses, `=` and perhaps a quote before it.
    Assignment,
}

/// One piece of markup that a request carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needle {
    /// Significant bytes in lower case, at least [`LEAST`] and at most [`MOST`].
    pub(super) bytes: Box<[u8]>,
    pub(super) around: Around,
    /// It was cut in the middle of a word, which goes on behind it.
    pub(super) open: bool,
    context: Context,
    place: Place,
    name: Box<str>,
}

impl Needle {
    /// As what it comes back, if it does.
    pub const fn context(&self) -> Context {
        self.context
    }

    /// Where the value stood that it is from.
    pub const fn place(&self) -> Place {
        self.place
    }

    /// The name of that parameter, at most 64 letters, digits and `_ . - [ ]`; empty for the
    /// path, `*` for what stood in a name itself.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// What a request carries that would be markup, at most 64 pieces.
#[derive(Debug, Clone, Default)]
pub struct Needles {
    all: Vec<Needle>,
    overflowed: bool,
}

impl Needles {
    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether there were more pieces that run something than can be kept: some of them
    /// wouldn't be found.
    pub const fn has_overflowed(&self) -> bool {
        self.overflowed
    }

    #[cfg(test)]
    pub(super) fn all(&self) -> &[Needle] {
        &self.all
    }

    pub(super) fn into_all(self) -> Vec<Needle> {
        self.all
    }

    /// Looks at a path, and at each name and value of a query.
    pub fn target(&mut self, path: &[u8], query: Option<&[u8]>) {
        self.value(Place::Path, b"", path, false);
        if let Some(query) = query {
            self.pairs(Place::Query, query);
        }
    }

    /// Looks at a field of the head.
    pub fn header(&mut self, name: &str, value: &[u8]) {
        if decode::is_suspect(value) {
            self.decoded(Place::Header, name.as_bytes(), value);
        }
    }

    /// Looks at a body or its beginning, at most [`BODY_MAX`](super::BODY_MAX) bytes of it.
    pub fn body(&mut self, kind: &Body, bytes: &[u8]) {
        kind.read(bytes, self);
    }

    /// Names and values as forms send them (WHATWG URL, `application/x-www-form-urlencoded`).
    pub(super) fn pairs(&mut self, place: Place, text: &[u8]) {
        for pair in text.split(|byte| *byte == b'&') {
            let (name, value) = match memchr::memchr(b'=', pair) {
                Some(at) => (pair.get(..at), pair.get(at + 1..)),
                None => (Some(&b"*"[..]), Some(pair)),
            };
            let (name, value) = (name.unwrap_or_default(), value.unwrap_or_default());
            self.value(place, b"*", name, true);
            self.value(place, name, value, true);
        }
        // An application that takes the whole for one value.
        if text.contains(&b'&') && decode::is_suspect(text) {
            let whole = decode::percent(text, true);
            if memchr::memchr2(b'<', b'"', &whole).is_some() {
                self.extract(place, b"*", &whole);
            }
        }
    }

    /// A percent-encoded value.
    pub(super) fn value(&mut self, place: Place, name: &[u8], raw: &[u8], plus: bool) {
        // A `=` inside a value is looked at, too.
        if decode::is_suspect(raw) || raw.contains(&b'=') {
            self.decoded(place, name, &decode::percent(raw, plus));
        }
    }

    /// A value that was decoded once, and what it is when somebody decodes it again.
    pub(super) fn decoded(&mut self, place: Place, name: &[u8], once: &[u8]) {
        self.extract(place, name, once);
        if once.contains(&b'%') {
            let twice = decode::percent(once, false);
            if twice != once {
                self.extract(place, name, &twice);
            }
        }
        if once.contains(&b'&') {
            let resolved = decode::references(once);
            if resolved != once {
                self.extract(place, name, &resolved);
            }
        }
    }

    fn extract(&mut self, place: Place, name: &[u8], value: &[u8]) {
        let from = From { place, name };
        self.tags(&from, value);
        self.attributes(&from, value);
        self.code(&from, value);
        self.address(&from, value);
    }

    fn tags(&mut self, from: &From<'_>, value: &[u8]) {
        let mut at = 0;
        while let Some(start) = next_tag(value, at) {
            at = start + 1;
            let piece = piece_of_tags(value, start);
            if let Some((context, piece)) = piece {
                self.push(from, context, Around::Any, piece);
            }
        }
    }

    fn attributes(&mut self, from: &From<'_>, value: &[u8]) {
        let handlers = value.windows(2).enumerate().filter(|(_, two)| {
            matches!(
                two,
                [b'o' | b'O', b'n' | b'N']
                    | [b's' | b'S', b'r' | b'R']
                    | [b'f' | b'F', b'o' | b'O']
            )
        });
        for (at, _) in handlers
            .filter(|(at, _)| is_handler(value, *at))
            .take(SPOTS_MAX)
        {
            let before = value.get(..at).unwrap_or_default();
            let quote = before.trim_ascii_end();
            let (start, around) = match quote.last() {
                Some(b'"' | b'\'') => (quote.len() - 1, Around::Tag),
                _ => (at, Around::Bare),
            };
            let piece = value.get(start..).unwrap_or_default();
            self.push(from, Context::Attribute, around, piece);
        }
    }

    fn code(&mut self, from: &From<'_>, value: &[u8]) {
        let starts = value.iter().enumerate().filter(|(at, byte)| {
            let rest = value.get(at + 1..).unwrap_or_default();
            match byte {
                b'$' => rest.first() == Some(&b'{'),
                b'"' | b'\'' | b'`' => {
                    let goes_on = rest.trim_ascii_start().first();
                    goes_on.is_some_and(|next| b";,)+-*/|&^%]}?:<>=".contains(next))
                }
                _ => false,
            }
        });
        for (start, _) in starts.take(SPOTS_MAX) {
            let piece = value.get(start..).unwrap_or_default();
            if memchr::memchr3(b'(', b'`', b'=', piece).is_some() {
                self.push(from, Context::Code, Around::Code, piece);
            }
        }
    }

    fn address(&mut self, from: &From<'_>, value: &[u8]) {
        let is_blank = |byte: &u8| *byte <= b' ';
        let start = value.iter().position(|byte| !is_blank(byte));
        let piece = start.and_then(|start| value.get(start..));
        let piece = piece.unwrap_or_default();
        let mut read = decode::references(piece.get(..4 * MOST).unwrap_or(piece));
        read.retain(|byte| !is_blank(byte));
        if [&b"javascript:"[..], b"vbscript:", b"data:text/html"]
            .iter()
            .any(|scheme| {
                read.get(..scheme.len())
                    .is_some_and(|begin| begin.eq_ignore_ascii_case(scheme))
            })
        {
            self.push(from, Context::Url, Around::Assignment, piece);
        }
    }

    /// Keeps a piece, cut to its significant bytes.
    fn push(&mut self, from: &From<'_>, context: Context, around: Around, piece: &[u8]) {
        let mut bytes: Vec<u8> = piece
            .iter()
            .filter(|byte| is_significant(**byte))
            .take(MOST + 1)
            .map(u8::to_ascii_lowercase)
            .collect();
        let mut open = false;
        if bytes.len() > MOST {
            bytes.truncate(MOST);
            let word = bytes.iter().rposition(|byte| !byte.is_ascii_alphanumeric());
            match word {
                Some(end) if end >= WORD_FROM => bytes.truncate(end + 1),
                _ => open = true,
            }
        }
        if bytes.len() < LEAST
            || self
                .all
                .iter()
                .any(|known| *known.bytes == *bytes && known.around == around)
        {
            return;
        }
        if self.all.len() == NEEDLES_MAX {
            if context == Context::Markup {
                return;
            }
            match self.all.iter().position(|it| it.context == Context::Markup) {
                Some(at) => {
                    self.all.swap_remove(at);
                }
                None => {
                    self.overflowed = true;
                    return;
                }
            }
        }
        self.all.push(Needle {
            bytes: bytes.into(),
            around,
            open,
            context,
            place: from.place,
            name: shown(from.name),
        });
    }
}

/// Where a value stood.
struct From<'a> {
    place: Place,
    name: &'a [u8],
}

/// A name that may stand in logs and pages.
fn shown(name: &[u8]) -> Box<str> {
    let plain = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'[' | b']' | b'*' => {
            char::from(*byte)
        }
        _ => '_',
    };
    let shown: String = name.iter().take(NAME_MAX).map(plain).collect();
    shown.into()
}

/// Whether a byte is compared: what isn't may have been put in or taken out on the way.
pub(super) const fn is_significant(byte: u8) -> bool {
    byte > b' ' && byte < 0x7f && byte != b'\\'
}

/// Where the next tag, comment or declaration begins (WHATWG HTML, tag open state).
fn next_tag(value: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr(b'<', value.get(at..)?)?;
        match value.get(at + 1)? {
            b'/' | b'!' | b'?' | b'a'..=b'z' | b'A'..=b'Z' => return Some(at),
            _ => at += 1,
        }
    }
}

/// What is read of a piece, to know where it ends.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Name,
    Attributes,
    Text,
}

/// The piece that begins with a tag: up to the next tag, or the one after it where that is
/// too little to be told from what pages hold anyway: bare tags. `None` where there isn't
/// more, or where it only names a script of the site's own.
fn piece_of_tags(value: &[u8], start: usize) -> Option<(Context, &[u8])> {
    let rest = value.get(start..)?;
    if names_own_file(rest) {
        return None;
    }
    let (mut part, mut own, mut length) = (Part::Name, false, 0_usize);
    let (mut end, mut begun) = (rest.len(), 0);
    for (at, byte) in rest.iter().enumerate() {
        let is_tag = *byte == b'<' && next_tag(rest, at) == Some(at);
        if is_tag && at > 0 {
            let whole = own && length >= LEAST;
            if whole || names_own_file(rest.get(at..).unwrap_or_default()) {
                end = at;
                break;
            }
        }
        if is_tag {
            (part, begun) = (Part::Name, at);
            length += 1;
            continue;
        }
        if !is_significant(*byte) {
            if part == Part::Name && byte.is_ascii_whitespace() {
                part = Part::Attributes;
            }
            continue;
        }
        length += 1;
        if length > MOST {
            break;
        }
        match (part, byte) {
            (Part::Name | Part::Attributes, b'>') => part = Part::Text,
            (Part::Name, b'/') if at > begun + 1 => part = Part::Attributes,
            (Part::Name, _) | (Part::Attributes, b'/') => {}
            (Part::Attributes | Part::Text, _) => own = true,
        }
    }
    let mut piece = rest.get(..end)?;
    if end == rest.len() {
        let whole = without_begun_attributes(piece);
        if whole.len() < piece.len() {
            // What is left may be too little: it is looked at again.
            return piece_of_tags(whole, 0);
        }
        piece = whole;
    }
    if !own || length < LEAST {
        return None;
    }
    let context = if runs(piece) {
        Context::Script
    } else {
        Context::Markup
    };
    Some((context, piece))
}

/// What a value holds of a tag that it doesn't end, without attributes that have no value
/// yet. Such a beginning stands in the page's own tags, too: with a nonce behind it that
/// nobody knows.
fn without_begun_attributes(piece: &[u8]) -> &[u8] {
    let Some(start) = memchr::memrchr(b'<', piece) else {
        return piece;
    };
    let mut tag = piece.get(start..).unwrap_or_default();
    if tag.contains(&b'>') || tag.starts_with(b"<!") {
        return piece;
    }
    loop {
        tag = tag.trim_ascii_end();
        let begun = tag
            .strip_suffix(b"\"")
            .or_else(|| tag.strip_suffix(b"'"))
            .filter(|before| before.trim_ascii_end().ends_with(b"="))
            .unwrap_or(tag)
            .trim_ascii_end();
        let (begun, assigns) = match begun.strip_suffix(b"=") {
            Some(name) => (name.trim_ascii_end(), true),
            None => (begun, false),
        };
        let word = begun
            .iter()
            .rposition(|byte| b" \t\r\n\x0c/\"'".contains(byte));
        let Some(word) = word else { break };
        let last = begun.get(word + 1..).unwrap_or_default();
        if !assigns && (last.is_empty() || last.contains(&b'=')) {
            break;
        }
        tag = begun.get(..=word).unwrap_or_default();
        if matches!(begun.get(word), Some(b'"' | b'\'' | b'/')) {
            break;
        }
    }
    piece.get(..start + tag.len()).unwrap_or(piece)
}

/// Elements that run or load something, or that change what others mean.
const RUNNING: [&[u8]; 17] = [
    b"script",
    b"iframe",
    b"frame",
    b"frameset",
    b"object",
    b"embed",
    b"applet",
    b"base",
    b"meta",
    b"link",
    b"style",
    b"svg",
    b"math",
    b"form",
    b"animate",
    b"set",
    b"portal",
];

/// Whether markup runs or loads something by itself.
fn runs(piece: &[u8]) -> bool {
    let mut at = 0;
    while let Some(start) = next_tag(piece, at) {
        at = start + 1;
        let name = piece.get(at..).unwrap_or_default();
        let name = name
            .split(|byte| !byte.is_ascii_alphanumeric())
            .next()
            .unwrap_or_default();
        if RUNNING.iter().any(|known| name.eq_ignore_ascii_case(known)) {
            return true;
        }
    }
    let handler = (0..piece.len()).any(|at| is_handler(piece, at));
    handler || {
        let mut read = decode::references(piece);
        read.retain(|byte| is_significant(*byte));
        read.make_ascii_lowercase();
        memchr::memmem::find(&read, b"script:").is_some()
            || memchr::memmem::find(&read, b"data:text/html").is_some()
    }
}

/// Whether an attribute that runs something begins here, with its `=`.
fn is_handler(value: &[u8], at: usize) -> bool {
    let begins = at.checked_sub(1).is_none_or(|before| {
        value
            .get(before)
            .is_some_and(|byte| !byte.is_ascii_alphanumeric() && !b"_-.".contains(byte))
    });
    let rest = value.get(at..).unwrap_or_default();
    let word = rest
        .iter()
        .take(32)
        .take_while(|byte| byte.is_ascii_alphabetic())
        .count();
    let name = rest.get(..word).unwrap_or_default();
    let assigned = rest.get(word..).unwrap_or_default().trim_ascii_start();
    let known = (word > 4
        && name
            .get(..2)
            .is_some_and(|on| on.eq_ignore_ascii_case(b"on")))
        || name.eq_ignore_ascii_case(b"srcdoc")
        || name.eq_ignore_ascii_case(b"formaction");
    begins && known && assigned.first() == Some(&b'=')
}

/// Whether this is a tag that names a script of the site's own, and nothing else: an absolute
/// path without a query. A request that named the page's own scripts could otherwise switch
/// them off.
fn names_own_file(tag: &[u8]) -> bool {
    let read = || {
        let (name, rest) = tag.split_at_checked(7)?;
        let after = rest.trim_ascii_start();
        if !name.eq_ignore_ascii_case(b"<script") || after.len() == rest.len() {
            return None;
        }
        let (attribute, rest) = after.split_at_checked(4)?;
        if !attribute.eq_ignore_ascii_case(b"src=") {
            return None;
        }
        let quote = rest.first().filter(|byte| matches!(byte, b'"' | b'\''));
        let rest = match quote {
            Some(_) => rest.get(1..)?,
            None => rest,
        };
        let is_path = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._~-".contains(byte);
        let length = rest.iter().take_while(|byte| is_path(byte)).count();
        let (path, mut rest) = rest.split_at_checked(length)?;
        if path.first() != Some(&b'/') || path.get(1) == Some(&b'/') {
            return None;
        }
        if let Some(quote) = quote {
            rest = rest.strip_prefix(std::slice::from_ref(quote))?;
        }
        for word in [&b" defer"[..], b" async"] {
            rest = rest.strip_prefix(word).unwrap_or(rest);
        }
        (rest.first() == Some(&b'>')).then_some(())
    };
    read().is_some()
}
