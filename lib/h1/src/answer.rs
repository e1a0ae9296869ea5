//! Answer heads (RFC 9112 §4, RFC 9110 §15).

use crate::{
    Fields, Framing, Known, Limits, Refusal, Version, class,
    fields::{Section, Span, Step, cap, text, whole_text},
    framing::{Facts, Side},
};

/// What was asked: the answer's framing depends on it (RFC 9112 §6.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Asked {
    /// The request's method was HEAD: no body, whatever the fields say.
    pub head: bool,
    /// The request's method was CONNECT: a 2xx answer has no body, a tunnel follows.
    pub connect: bool,
}

/// `Line ──CRLF──▶ Fields ─▶ Done`; each can turn into `Refused`, which is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Line,
    Fields,
    Done,
    Refused(Refusal),
}

/// An answer head: reusable storage of positions, no bytes of its own.
///
/// An interim answer (1xx other than 101) is a head like any other, without a body:
/// parse it, then `clear` and parse again from its end.
#[derive(Debug)]
pub struct AnswerHead {
    section: Section,
    phase: Phase,
    facts: Facts,
    version: Version,
    status: u16,
    reason: Span,
    framing: Framing,
    keep_alive: bool,
    upgrade: Option<Span>,
}

impl Default for AnswerHead {
    fn default() -> Self {
        Self::new()
    }
}

impl AnswerHead {
    /// Empty. Allocates with the first field, and again only for a head with more fields
    /// than any before it.
    pub const fn new() -> Self {
        Self {
            section: Section::new(),
            phase: Phase::Line,
            facts: Facts::NONE,
            version: Version::Http11,
            status: 0,
            reason: Span::EMPTY,
            framing: Framing::None,
            keep_alive: false,
            upgrade: None,
        }
    }

    /// Forgets the message but keeps the storage. Call it before the next message.
    pub fn clear(&mut self) {
        let mut section = std::mem::replace(&mut self.section, Section::new());
        section.clear();
        *self = Self {
            section,
            ..Self::new()
        };
    }

    /// Parses a head from the start of `bytes`, as [`crate::RequestHead::parse`] does. No
    /// empty line may come first. `asked` must be the same for all calls of a message.
    ///
    /// # Errors
    /// The reason to refuse it; a second call says the same.
    pub fn parse(
        &mut self,
        bytes: &[u8],
        limits: &Limits,
        asked: Asked,
    ) -> Result<Option<usize>, Refusal> {
        match self.phase {
            Phase::Done => return Ok(Some(self.section.at)),
            Phase::Refused(refusal) => return Err(refusal),
            Phase::Line | Phase::Fields => {}
        }
        match self.advance(bytes, limits, asked) {
            Ok(true) => {
                self.phase = Phase::Done;
                Ok(Some(self.section.at))
            }
            Ok(false) => Ok(None),
            Err(refusal) => {
                self.phase = Phase::Refused(refusal);
                Err(refusal)
            }
        }
    }

    /// `true` once the head is whole and judged.
    #[inline]
    fn advance(&mut self, bytes: &[u8], limits: &Limits, asked: Asked) -> Result<bool, Refusal> {
        let head = cap(limits.head);
        if self.phase == Phase::Line {
            if !self.status_line(bytes, limits, head)? {
                return Ok(false);
            }
            self.phase = Phase::Fields;
        }
        loop {
            let line = match self.section.step(bytes, limits, head)? {
                Step::More => return Ok(false),
                Step::End => break,
                Step::Field(line) => line,
            };
            self.facts
                .take(Side::Answer, self.version, &line, bytes, &self.section)?;
            if line.known == Some(Known::Upgrade) {
                self.upgrade = Some(line.value);
            }
            self.section.push(line);
        }
        self.judge_whole(bytes, asked)?;
        Ok(true)
    }

    #[inline]
    fn status_line(&mut self, bytes: &[u8], limits: &Limits, head: usize) -> Result<bool, Refusal> {
        let end = head.min(limits.line);
        let visible = bytes.get(..end).unwrap_or(bytes);
        let at = class::value_run(visible, self.section.at);
        self.section.at = at;
        match visible.get(at) {
            Some(b'\r') => {}
            Some(b'\n') => return Err(Refusal::BareLf),
            Some(_) => return Err(Refusal::StatusLine),
            None if at >= head => return Err(Refusal::HeadTooLarge),
            None if at >= end => return Err(Refusal::FieldTooLong),
            None => return Ok(false),
        }
        if !self.section.line_feed(bytes, limits, head)? {
            return Ok(false);
        }
        let line = bytes.get(..at).unwrap_or_default();
        let (version, rest) = line.split_at_checked(9).ok_or(Refusal::StatusLine)?;
        self.version = match version {
            b"HTTP/1.1 " => Version::Http11,
            b"HTTP/1.0 " => Version::Http10,
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor, b' ']
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                return Err(Refusal::VersionUnsupported);
            }
            _ => return Err(Refusal::StatusLine),
        };
        // The space before an empty reason is left out by so many servers that demanding
        // it would break sites; nothing else can be meant.
        self.status = match rest {
            [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9']
            | [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', b' ', ..] => {
                let digit = |byte: &u8| u16::from(byte - b'0');
                digit(a) * 100 + digit(b) * 10 + digit(c)
            }
            _ => return Err(Refusal::StatusLine),
        };
        self.reason = Span::new(at.min(13), at);
        Ok(true)
    }

    /// What only the whole head tells.
    #[inline]
    fn judge_whole(&mut self, bytes: &[u8], asked: Asked) -> Result<(), Refusal> {
        let switches = self.status == 101;
        let upgrades = self.facts.upgrades(self.version, &self.section);
        if switches && !upgrades {
            return Err(Refusal::SwitchWithoutUpgrade);
        }
        if !upgrades {
            self.upgrade = None;
        }
        let tunnels = asked.connect && (200..300).contains(&self.status);
        self.framing = if self.status < 200 || self.status == 204 {
            if self.facts.framing(Framing::None).has_body() {
                return Err(Refusal::BodyForbidden);
            }
            Framing::None
        } else if asked.head || tunnels || self.status == 304 {
            Framing::None
        } else {
            self.facts.framing(Framing::UntilClose)
        };
        self.keep_alive = self.facts.keep_alive(self.version)
            && self.framing != Framing::UntilClose
            && !switches
            && !tunnels;
        if self.facts.nominates() {
            self.section.nominate(bytes);
        }
        Ok(())
    }

    /// The status of a head that [`Self::parse`] said is whole, without a view of the rest.
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The head as a view into the `bytes` it was parsed from. Only after
    /// [`Self::parse`] said `Some`: before, or over other bytes, it is empty or nonsense.
    pub fn view<'a>(&'a self, bytes: &'a [u8]) -> Answer<'a> {
        let done = self.phase == Phase::Done;
        let head = bytes
            .get(..self.section.at)
            .filter(|_| done)
            .unwrap_or_default();
        let whole = whole_text(head);
        Answer {
            status: self.status,
            reason: self.reason.of(head),
            version: self.version,
            fields: if done {
                self.section.view(head, whole)
            } else {
                Fields::EMPTY
            },
            framing: self.framing,
            keep_alive: self.keep_alive,
            upgrade: self.upgrade.map(|span| text(head, whole, span)),
        }
    }
}

/// A whole, judged answer head, borrowed from the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Answer<'a> {
    /// 100 to 999, as it came.
    pub status: u16,
    /// The reason phrase, often empty; it means nothing (RFC 9110 §15.1).
    pub reason: &'a [u8],
    /// The version it declares.
    pub version: Version,
    /// All its fields, the framing ones too.
    pub fields: Fields<'a>,
    /// Where its body ends. [`Framing::None`] for 1xx, 204, 304 and whatever answers HEAD.
    pub framing: Framing,
    /// Whether the connection can carry another request once the body has ended. Not
    /// after 101 or a tunnel's 2xx.
    pub keep_alive: bool,
    /// The value of `Upgrade`, if `Connection` names it and the version is HTTP/1.1.
    /// Always there with 101.
    pub upgrade: Option<&'a str>,
}

#[cfg(test)]
mod tests;
