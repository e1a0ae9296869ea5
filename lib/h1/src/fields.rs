//! Field lines: one pass over the bytes, positions kept, nothing copied.
//!
//! Shared by requests, answers and trailer sections (RFC 9112 §5, RFC 9110 §5 and §6.5).

use std::ops::Range;

use crate::{Limits, Refusal, class, framing, grammar, known::Known};

/// A range of a head. Heads are shorter than 4 GiB: [`cap`] sees to it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    start: u32,
    end: u32,
}

impl Span {
    pub(crate) const EMPTY: Self = Self { start: 0, end: 0 };

    /// `start <= end`, both within a head.
    #[inline(always)]
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Self {
            start: start as u32,
            end: end as u32,
        }
    }

    #[inline(always)]
    pub(crate) fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The bytes of `head` it covers; nothing if `head` isn't the head it was made for.
    #[inline(always)]
    pub(crate) fn of(self, head: &[u8]) -> &[u8] {
        head.get(self.range()).unwrap_or_default()
    }
}

/// The largest head whose positions fit a [`Span`].
pub(crate) fn cap(limit: usize) -> usize {
    limit.min(u32::MAX as usize)
}

/// Where one field line stands, and what it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) name: Span,
    /// Without white space around it.
    pub(crate) value: Span,
    pub(crate) known: Option<Known>,
    pub(crate) hop: bool,
    /// `name: value` with one space and none at the end: can be forwarded as it is.
    pub(crate) plain: bool,
}

/// Inside a field section, by what comes next:
///
/// ```text
/// Start ──CRLF──▶ end of the section
///   └─▶ Name ──":"──▶ Gap ──▶ Value ──CRLF──▶ Start
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Start,
    Name,
    Gap,
    Value,
}

/// What one step through a section found.
pub(crate) enum Step {
    /// More bytes are needed.
    More,
    /// A whole field line; the caller judges it and hands it to [`Section::push`].
    Field(Line),
    /// The empty line. [`Section::at`] is behind it.
    End,
}

/// A field section while it is read, and its positions afterwards.
#[derive(Debug)]
pub(crate) struct Section {
    lines: Vec<Line>,
    seen: u64,
    phase: Phase,
    /// The next byte to look at.
    pub(crate) at: usize,
    /// Where the current line began.
    pub(crate) line: usize,
    name_end: usize,
    value: usize,
}

impl Section {
    pub(crate) const fn new() -> Self {
        Self {
            lines: Vec::new(),
            seen: 0,
            phase: Phase::Start,
            at: 0,
            line: 0,
            name_end: 0,
            value: 0,
        }
    }

    /// Forgets everything but the storage.
    pub(crate) fn clear(&mut self) {
        let mut lines = std::mem::take(&mut self.lines);
        lines.clear();
        *self = Self {
            lines,
            ..Self::new()
        };
    }

    pub(crate) fn has(&self, known: Known) -> bool {
        self.seen & known.bit() != 0
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, line: Line) {
        self.seen |= line.known.map_or(0, Known::bit);
        self.lines.push(line);
    }

    /// Reads up to the end of the next field line, or of the section. `bytes` begin with
    /// the message; `head` is the section's own limit, counted from there.
    #[inline(always)]
    pub(crate) fn step(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        head: usize,
    ) -> Result<Step, Refusal> {
        if self.phase == Phase::Start {
            // Limits first: what lies beyond them isn't looked at, here or below.
            self.starve(self.at, limits, head)?;
            match bytes.get(self.at) {
                Some(b'\r') => {
                    return match self.line_feed(bytes, limits, head)? {
                        true => Ok(Step::End),
                        false => Ok(Step::More),
                    };
                }
                Some(b'\n') => return Err(Refusal::BareLf),
                Some(b' ' | b'\t') => return Err(Refusal::FoldedLine),
                Some(b':') => return Err(Refusal::EmptyName),
                Some(_) if self.lines.len() >= limits.fields => return Err(Refusal::TooManyFields),
                Some(_) => {}
                None => return Ok(Step::More),
            }
        }
        // So that a line too long is refused for that, however much of it has arrived.
        let end = head.min(self.line.saturating_add(limits.line));
        let bytes = bytes.get(..end).unwrap_or(bytes);
        // Locals, written back only when bytes are missing: whole lines are the rule.
        let (mut at, mut name_end, mut value) = (self.at, self.name_end, self.value);
        if matches!(self.phase, Phase::Start | Phase::Name) {
            at = class::name_run(bytes, at);
            match bytes.get(at) {
                Some(b':') => {}
                Some(b' ' | b'\t') => return Err(Refusal::SpaceInName),
                Some(b'\n') => return Err(Refusal::BareLf),
                Some(_) => return Err(Refusal::NameByte),
                None => {
                    (self.phase, self.at) = (Phase::Name, at);
                    return self.starve(at, limits, head);
                }
            }
            name_end = at;
            at += 1;
        }
        if self.phase != Phase::Value {
            while let Some(b' ' | b'\t') = bytes.get(at) {
                at += 1;
            }
            value = at;
        }
        at = class::value_run(bytes, at);
        let needed = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\r'), Some(b'\n')) => {
                let value_end = value + trimmed_len(bytes.get(value..at).unwrap_or_default());
                let plain = value_end == at
                    && value == name_end + 2
                    && bytes.get(name_end + 1) == Some(&b' ');
                let line = Line {
                    name: Span::new(self.line, name_end),
                    value: Span::new(value, value_end),
                    known: None,
                    hop: false,
                    plain,
                };
                (self.phase, self.at, self.line) = (Phase::Start, at + 2, at + 2);
                return recognised(line, bytes);
            }
            (Some(b'\r'), Some(_)) => return Err(Refusal::BareCr),
            (Some(b'\r'), None) => at + 1,
            (Some(b'\n'), _) => return Err(Refusal::BareLf),
            (Some(_), _) => return Err(Refusal::ValueByte),
            (None, _) => at,
        };
        // Until something other than white space has come, the value hasn't begun.
        self.phase = if value == bytes.len() {
            Phase::Gap
        } else {
            Phase::Value
        };
        (self.at, self.name_end, self.value) = (at, name_end, value);
        self.starve(needed, limits, head)
    }

    /// Takes the CRLF whose CR is at [`Self::at`]: `true` once both have arrived.
    #[inline(always)]
    pub(crate) fn line_feed(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        head: usize,
    ) -> Result<bool, Refusal> {
        // The LF too must be inside the limits.
        self.starve(self.at + 1, limits, head)?;
        match bytes.get(self.at + 1) {
            Some(b'\n') => {
                self.at += 2;
                self.line = self.at;
                self.phase = Phase::Start;
                Ok(true)
            }
            Some(_) => Err(Refusal::BareCr),
            None => Ok(false),
        }
    }

    /// The byte at `needed` is missing: more can come, unless a limit forbids it.
    #[inline(always)]
    fn starve(&self, needed: usize, limits: &Limits, head: usize) -> Result<Step, Refusal> {
        if needed >= head {
            return Err(Refusal::HeadTooLarge);
        }
        if needed - self.line >= limits.line {
            return Err(Refusal::FieldTooLong);
        }
        Ok(Step::More)
    }

    /// Marks the fields that `Connection` names (RFC 9110 §7.6.1). Bounded: at most 16
    /// names were let in, see [`framing::Facts`].
    #[cold]
    pub(crate) fn nominate(&mut self, head: &[u8]) {
        for at in 0..self.lines.len() {
            let Some(Line {
                known: Some(Known::Connection),
                value,
                ..
            }) = self.lines.get(at).copied()
            else {
                continue;
            };
            for name in framing::list(value.of(head)) {
                for line in &mut self.lines {
                    line.hop |= line.name.of(head).eq_ignore_ascii_case(name);
                }
            }
        }
    }

    /// The section as a view. `head` is what its positions count from, `text` the same
    /// bytes if they are UTF-8, else nothing.
    pub(crate) fn view<'a>(&'a self, head: &'a [u8], text: &'a str) -> Fields<'a> {
        Fields {
            head,
            text,
            lines: &self.lines,
            seen: self.seen,
        }
    }
}

/// Adds what the line's name tells.
#[inline(always)]
fn recognised(line: Line, bytes: &[u8]) -> Result<Step, Refusal> {
    let name = line.name.of(bytes);
    match Known::recognise(name) {
        Some(known) => Ok(Step::Field(Line {
            known: Some(known),
            hop: known.is_hop(),
            ..line
        })),
        None if grammar::is_framing_alias(name) => Err(Refusal::FramingAlias),
        None => Ok(Step::Field(line)),
    }
}

/// How much of `value` is left without the white space at its end.
#[inline(always)]
fn trimmed_len(value: &[u8]) -> usize {
    let mut len = value.len();
    while let Some(b' ' | b'\t') = len.checked_sub(1).and_then(|last| value.get(last)) {
        len -= 1;
    }
    len
}

/// `bytes` as text if they are UTF-8, as nearly all heads are; else nothing, and
/// [`text`] looks at each word by itself.
#[inline]
pub(crate) fn whole_text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap_or_default()
}

/// A span that holds ASCII only, as text.
#[inline(always)]
pub(crate) fn text<'a>(head: &'a [u8], whole: &'a str, span: Span) -> &'a str {
    match whole.get(span.range()) {
        Some(text) => text,
        None => std::str::from_utf8(span.of(head)).unwrap_or_default(),
    }
}

/// One field, borrowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// A token, in the case it came in.
    pub name: &'a str,
    /// Without white space around it; no controls but HTAB, perhaps bytes from 0x80 up.
    pub value: &'a [u8],
    /// Of this connection only, not to be forwarded: by its name ([`Known::is_hop`]) or
    /// because `Connection` names it.
    pub hop: bool,
    /// What it is, if this crate recognises it.
    pub known: Option<Known>,
}

/// The fields of a head or trailer section in their order, borrowed.
#[derive(Debug, Clone, Copy)]
pub struct Fields<'a> {
    head: &'a [u8],
    text: &'a str,
    lines: &'a [Line],
    seen: u64,
}

impl<'a> Fields<'a> {
    /// No fields at all.
    pub const EMPTY: Self = Self {
        head: &[],
        text: "",
        lines: &[],
        seen: 0,
    };

    /// How many there are, repeated ones counted each.
    pub const fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub const fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// All of them in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'a>> + use<'a> {
        let fields = *self;
        fields.lines.iter().map(move |line| fields.field(line))
    }

    /// The value of the first field of this name, in any case.
    pub fn get(&self, name: &str) -> Option<&'a [u8]> {
        self.get_all(name).next()
    }

    /// The values of all fields of this name, in any case, in order.
    pub fn get_all<'n>(&self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        let head = self.head;
        let named = move |line: &&Line| line.name.of(head).eq_ignore_ascii_case(name.as_bytes());
        self.lines
            .iter()
            .filter(named)
            .map(move |line| line.value.of(head))
    }

    /// Whether there is a field of this name: one bit, no search.
    pub const fn has(&self, known: Known) -> bool {
        self.seen & known.bit() != 0
    }

    /// The value of the first field of this name. No search if there is none.
    pub fn get_known(&self, known: Known) -> Option<&'a [u8]> {
        self.get_all_known(known).next()
    }

    /// The values of all fields of this name in order.
    pub fn get_all_known(&self, known: Known) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let head = self.head;
        let lines = if self.has(known) { self.lines } else { &[] };
        let named = move |line: &&Line| line.known == Some(known);
        lines
            .iter()
            .filter(named)
            .map(move |line| line.value.of(head))
    }

    // Out of line, its result goes through memory: 50 ns of a request's policy.
    #[inline(always)]
    fn field(&self, line: &Line) -> Field<'a> {
        Field {
            name: text(self.head, self.text, line.name),
            value: line.value.of(self.head),
            hop: line.hop,
            known: line.known,
        }
    }

    /// The kept fields as stretches of bytes, each made of whole lines ready to be sent.
    /// Neighbours that came in plain form are one stretch.
    pub(crate) fn stretches(
        &self,
        mut keep: impl FnMut(&Field<'a>) -> bool,
        mut send: impl FnMut(Stretch<'a>),
    ) {
        let mut run = 0..0;
        for line in self.lines {
            let field = self.field(line);
            if !keep(&field) {
                continue;
            }
            let place = line.name.range().start..line.value.range().end + 2;
            if line.plain && place.start == run.end {
                run.end = place.end;
                continue;
            }
            send(Stretch::Lines(self.head.get(run).unwrap_or_default()));
            run = 0..0;
            if line.plain {
                run = place;
            } else {
                send(Stretch::Field(field));
            }
        }
        send(Stretch::Lines(self.head.get(run).unwrap_or_default()));
    }
}

/// What [`Fields::stretches`] hands out.
pub(crate) enum Stretch<'a> {
    /// Whole lines with their CRLF, perhaps none.
    Lines(&'a [u8]),
    /// A field that came with white space to be left out.
    Field(Field<'a>),
}
