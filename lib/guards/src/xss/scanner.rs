//! Finds needles in an answer that streams by.

use super::{
    Context,
    needles::{Around, MOST, Needle, Needles, is_significant},
};

/// Bytes that aren't significant inside one find: more are no find. UTF-16 has one for each
/// that is.
const BETWEEN_MAX: usize = 2 * MOST + 64;

/// Significant bytes before a place that tell what it is assigned to.
const NAMED: usize = 12;

/// Where a script begins and ends, as it is looked for where code is.
const SCRIPT: [&[u8]; 2] = [b"<script", b"</script"];

/// Reads one answer. What it writes is the answer with every find escaped; whoever only
/// wants to know throws that away.
///
/// Whatever way an answer is cut into pieces, the finds and the bytes are the same.
#[derive(Debug)]
pub struct Scanner {
    /// Longest first: of two that fit, the longer counts.
    needles: Vec<Needle>,
    found: u64,
    /// The first bytes of needles, in both cases: at most three of them, or a table.
    firsts: Firsts,
    /// Which bytes are the first two of a needle, as one bit each.
    pairs: Box<[u64; 1024]>,
    code: bool,
    tags: bool,
    /// The beginning of what may become a find.
    held: Vec<u8>,
    seen: Seen,
}

#[derive(Debug)]
enum Firsts {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    Many(Box<[bool; 256]>),
}

/// How far behind a first byte the second is looked for before all needles are tried.
const NEAR: usize = 8;

/// Word and bit of two bytes.
const fn pair(first: u8, second: u8) -> (usize, u64) {
    let number = (first as usize) << 8 | second as usize;
    (number >> 6, 1 << (number & 63))
}

/// Where in a tag something stands, as far as its `<`, `>` and quotes tell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Tag {
    #[default]
    None,
    Bare,
    Quoted(u8),
}

/// What went by before the bytes at hand.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    tag: Tag,
    in_script: bool,
    /// The last significant bytes, in lower case.
    last: [u8; NAMED],
    /// How many backslashes it ended with: odd.
    odd_backslashes: bool,
}

enum At {
    Nothing,
    /// It can't be known yet.
    Wait,
    Script(bool),
    /// Which needle, and where it ends.
    Find(usize, usize),
}

enum Fit {
    No,
    Wait,
    To(usize),
}

impl Scanner {
    /// Most bytes that are held back until it is known what they become.
    pub const HELD_MAX: usize = MOST + BETWEEN_MAX + 2;

    /// Looks for what a request carried.
    pub fn new(needles: Needles) -> Self {
        let mut needles = needles.into_all();
        needles.sort_by_key(|needle| std::cmp::Reverse(needle.bytes.len()));
        let code = needles.iter().any(|it| it.around == Around::Code);
        let tags = needles
            .iter()
            .any(|it| matches!(it.around, Around::Tag | Around::Bare));
        let mut firsts = [false; 256];
        let mut pairs = Box::new([0; 1024]);
        let marks = if code { &SCRIPT[..] } else { &[] };
        let texts = needles.iter().map(|it| &*it.bytes);
        for text in texts.chain(marks.iter().copied()) {
            if let [first, second, ..] = text {
                let cases = |byte: &u8| [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()];
                for first in cases(first) {
                    if let Some(has) = firsts.get_mut(usize::from(first)) {
                        *has = true;
                    }
                    for second in cases(second) {
                        let (place, bit) = pair(first, second);
                        if let Some(word) = pairs.get_mut(place) {
                            *word |= bit;
                        }
                    }
                }
            }
        }
        let each: Vec<u8> = (0..=u8::MAX)
            .zip(firsts)
            .filter_map(|(byte, has)| has.then_some(byte))
            .collect();
        let firsts = match *each {
            [one] => Firsts::One(one),
            [one, two] => Firsts::Two(one, two),
            [one, two, three] => Firsts::Three(one, two, three),
            _ => Firsts::Many(Box::new(firsts)),
        };
        Self {
            needles,
            found: 0,
            firsts,
            pairs,
            code,
            tags,
            held: Vec::new(),
            seen: Seen::default(),
        }
    }

    #[cfg(test)]
    pub(super) fn held_bytes(&self) -> usize {
        self.held.len()
    }

    /// Whether anything came back so far.
    pub const fn has_found(&self) -> bool {
        self.found != 0
    }

    /// What came back so far, each once.
    pub fn found(&self) -> impl Iterator<Item = &Needle> {
        let found = self.found;
        self.needles
            .iter()
            .enumerate()
            .filter_map(move |(at, needle)| (found >> at & 1 == 1).then_some(needle))
    }

    /// Reads the next piece. Up to [`Self::HELD_MAX`] bytes of it are written with the piece
    /// after it, and only where a find may have begun.
    pub fn scan(&mut self, data: &[u8], mut out: impl FnMut(&[u8])) {
        if self.held.is_empty() {
            let done = self.read(data, false, &mut out);
            self.held
                .extend_from_slice(data.get(done..).unwrap_or_default());
            return;
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.extend_from_slice(data);
        let done = self.read(&whole, false, &mut out);
        whole.drain(..done);
        self.held = whole;
    }

    /// The answer is over: writes what was held back.
    pub fn finish(&mut self, mut out: impl FnMut(&[u8])) {
        let held = std::mem::take(&mut self.held);
        self.read(&held, true, &mut out);
    }

    /// Reads as far as it can be known what there is. Gives back how far.
    fn read(&mut self, data: &[u8], end: bool, out: &mut impl FnMut(&[u8])) -> usize {
        let (mut from, mut at) = (0, 0);
        while let Some(next) = self.next(data, at) {
            match self.at(data, next, end) {
                At::Nothing => at = next + 1,
                At::Script(opens) => {
                    self.seen.in_script = opens;
                    at = next + 1;
                }
                At::Wait => {
                    write(out, data.get(from..next));
                    self.remember(data.get(..next).unwrap_or_default());
                    return next;
                }
                At::Find(needle, until) => {
                    write(out, data.get(from..next));
                    self.found |= 1 << needle;
                    let context = self.needles.get(needle).map(Needle::context);
                    let find = data.get(next..until).unwrap_or_default();
                    escape(find, context == Some(Context::Url), out);
                    (from, at) = (until, until);
                }
            }
        }
        write(out, data.get(from..));
        self.remember(data);
        data.len()
    }

    /// Where the next needle may begin.
    fn next(&self, data: &[u8], at: usize) -> Option<usize> {
        let rest = data.get(at..)?;
        let may = |found: &usize| self.may_begin(rest, *found);
        let found = match &self.firsts {
            Firsts::One(one) => memchr::memchr_iter(*one, rest).find(may),
            Firsts::Two(one, two) => memchr::memchr2_iter(*one, *two, rest).find(may),
            Firsts::Three(one, two, three) => {
                memchr::memchr3_iter(*one, *two, *three, rest).find(may)
            }
            Firsts::Many(table) => {
                let first = |byte: &u8| table.get(usize::from(*byte)) == Some(&true);
                let each = rest.iter().enumerate();
                each.filter(|(_, byte)| first(byte))
                    .map(|(found, _)| found)
                    .find(may)
            }
        };
        found.map(|found| at + found)
    }

    /// Whether what stands behind a first byte may be a needle's second: of most it isn't.
    fn may_begin(&self, data: &[u8], at: usize) -> bool {
        let Some([first, rest @ ..]) = data.get(at..) else {
            return false;
        };
        let near = rest.iter().take(NEAR);
        match near.copied().find(|byte| is_significant(*byte)) {
            Some(second) => {
                let (place, bit) = pair(*first, second);
                self.pairs.get(place).is_some_and(|word| word & bit != 0)
            }
            None => true,
        }
    }

    fn at(&self, data: &[u8], at: usize, end: bool) -> At {
        if self.code {
            for (mark, opens) in SCRIPT.into_iter().zip([true, false]) {
                match fits(data, at, mark, true) {
                    Fit::To(_) => {
                        // It may be a find as well.
                        let find = self.needle_at(data, at, end);
                        return if matches!(find, At::Nothing) {
                            At::Script(opens)
                        } else {
                            find
                        };
                    }
                    Fit::Wait if !end => return At::Wait,
                    Fit::Wait | Fit::No => {}
                }
            }
        }
        self.needle_at(data, at, end)
    }

    fn needle_at(&self, data: &[u8], at: usize, end: bool) -> At {
        for (number, needle) in self.needles.iter().enumerate() {
            match fits(data, at, &needle.bytes, needle.open) {
                Fit::To(until) if self.is_around(needle.around, data, at) => {
                    return At::Find(number, until);
                }
                Fit::Wait if end => {
                    // Nothing comes behind it that could make the word longer.
                    if let Fit::To(until) = fits(data, at, &needle.bytes, true)
                        && self.is_around(needle.around, data, at)
                    {
                        return At::Find(number, until);
                    }
                }
                Fit::Wait if self.is_around(needle.around, data, at) => return At::Wait,
                Fit::To(_) | Fit::Wait | Fit::No => {}
            }
        }
        At::Nothing
    }

    /// Whether a place is what a needle needs.
    fn is_around(&self, around: Around, data: &[u8], at: usize) -> bool {
        let before = data.get(..at).unwrap_or_default();
        match around {
            Around::Any => true,
            Around::Tag => self.tag(before) != Tag::None,
            Around::Bare => self.tag(before) == Tag::Bare,
            Around::Code => self.seen.in_script && !self.is_escaped(before),
            Around::Assignment => assigns_address(&self.last(before)),
        }
    }

    fn tag(&self, before: &[u8]) -> Tag {
        let (mut tag, rest) = match memchr::memrchr(b'<', before) {
            Some(last) => (Tag::Bare, before.get(last + 1..).unwrap_or_default()),
            None => (self.seen.tag, before),
        };
        for byte in rest {
            tag = match (tag, byte) {
                (Tag::None, _) => break,
                (Tag::Bare, b'>') => Tag::None,
                (Tag::Bare, b'"' | b'\'') => Tag::Quoted(*byte),
                (Tag::Quoted(quote), _) if quote == *byte => Tag::Bare,
                (same, _) => same,
            };
        }
        tag
    }

    fn last(&self, before: &[u8]) -> [u8; NAMED] {
        let mut last = self.seen.last;
        let mut count = 0;
        for byte in before.iter().rev().filter(|byte| is_significant(**byte)) {
            if count == NAMED {
                break;
            }
            // The first of them comes to the end.
            if count == 0 {
                last = [0; NAMED];
            }
            count += 1;
            if let Some(place) = last.get_mut(NAMED - count) {
                *place = byte.to_ascii_lowercase();
            }
        }
        if count > 0 {
            // What is left is from before.
            let (from, to) = (count, NAMED - count);
            for place in 0..to {
                let older = self.seen.last.get(place + from).copied();
                if let (Some(older), Some(place)) = (older, last.get_mut(place)) {
                    *place = older;
                }
            }
        }
        last
    }

    fn is_escaped(&self, before: &[u8]) -> bool {
        let mut odd = false;
        for byte in before.iter().rev().filter(|byte| **byte != 0) {
            if *byte != b'\\' {
                return odd;
            }
            odd = !odd;
        }
        odd ^ self.seen.odd_backslashes
    }

    fn remember(&mut self, data: &[u8]) {
        self.seen = Seen {
            tag: if self.tags { self.tag(data) } else { Tag::None },
            in_script: self.seen.in_script,
            last: self.last(data),
            odd_backslashes: self.is_escaped(data),
        };
    }
}

/// Whether what stands there is assigned to something that holds an address.
fn assigns_address(before: &[u8]) -> bool {
    const NAMES: [&[u8]; 10] = [
        b"href",
        b"src",
        b"action",
        b"data",
        b"url",
        b"location",
        b"content",
        b"values",
        b"to",
        b"from",
    ];
    let bare = match before {
        [bare @ .., b'"' | b'\'' | b'`'] => bare,
        bare => bare,
    };
    let name = bare.strip_suffix(b"=");
    name.is_some_and(|name| NAMES.iter().any(|known| name.ends_with(known)))
}

fn write(out: &mut impl FnMut(&[u8]), data: Option<&[u8]>) {
    if let Some(data) = data.filter(|data| !data.is_empty()) {
        out(data);
    }
}

/// Whether a needle stands here. One that ends a word isn't there where the word goes on:
/// else a secret of the page could be guessed letter by letter. `open`: its word was cut.
fn fits(data: &[u8], at: usize, needle: &[u8], open: bool) -> Fit {
    let mut place = at;
    let mut between = 0;
    let mut wanted = needle.iter();
    let mut next = wanted.next();
    let mut last = 0;
    while let Some(byte) = next {
        let Some(have) = data.get(place) else {
            return Fit::Wait;
        };
        if have.to_ascii_lowercase() == *byte {
            (last, next) = (*byte, wanted.next());
            place += 1;
            continue;
        }
        if place == at || is_significant(*have) || between >= BETWEEN_MAX {
            return Fit::No;
        }
        between += 1;
        place += 1;
        // A line's end as scripts and JSON write it.
        if *have == b'\\' {
            match data.get(place) {
                None => return Fit::Wait,
                Some(escape @ (b'n' | b'r' | b't')) if escape != byte => {
                    between += 1;
                    place += 1;
                }
                Some(_) => {}
            }
        }
    }
    if open || !last.is_ascii_alphanumeric() {
        return Fit::To(place);
    }
    let behind = match data.get(place) {
        // UTF-16.
        Some(0) => data.get(place + 1),
        other => other,
    };
    match behind {
        None => Fit::Wait,
        Some(byte) if byte.is_ascii_alphanumeric() => Fit::No,
        Some(_) => Fit::To(place),
    }
}

/// Writes a find so that it is text, or an address that leads nowhere. Where it is UTF-16 the
/// references are, too: in both byte orders a NUL stands before or behind each of them.
fn escape(find: &[u8], address: bool, out: &mut impl FnMut(&[u8])) {
    let wide = find.contains(&0);
    let mut from = 0;
    for (at, byte) in find.iter().enumerate() {
        let reference: &[u8] = match byte {
            b'<' => b"&lt;",
            b'>' => b"&gt;",
            b'"' => b"&quot;",
            b'\'' => b"&#39;",
            b'`' => b"&#96;",
            b'=' => b"&#61;",
            b'\\' => b"&#92;",
            b'$' => b"&#36;",
            b'&' if address => b"&amp;",
            b':' if address => b"%3a",
            _ => continue,
        };
        write(out, find.get(from..at));
        from = at + 1;
        if wide {
            for (number, part) in reference.iter().enumerate() {
                if number > 0 {
                    out(&[0]);
                }
                out(std::slice::from_ref(part));
            }
        } else {
            out(reference);
        }
    }
    write(out, find.get(from..));
}
