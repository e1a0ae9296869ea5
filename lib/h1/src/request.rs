//! Request heads (RFC 9112 §3, RFC 9110 §7).

use crate::{
    Fields, Framing, Known, Limits, Refusal, Version, class,
    fields::{Section, Span, Step, cap, text, whole_text},
    framing::{Facts, Side},
    grammar,
};

/// Inside a request head, by what comes next:
///
/// ```text
/// Blank ─▶ Method ──SP──▶ Path ──"?"──▶ Query ──SP──▶ Version ──CRLF──▶ Fields ─▶ Done
///                          └─────────────SP─────────────▲
/// ```
/// Any of them can turn into `Refused`, which is final.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Blank,
    Method,
    Path,
    Query,
    Version,
    Fields,
    Done,
    Refused(Refusal),
}

/// The form of the target (RFC 9112 §3.2). Absolute-form is `Origin` with an authority.
#[derive(Debug, Clone, Copy)]
enum Form {
    Origin,
    Asterisk,
    Authority,
}

/// A request head: reusable storage of positions, no bytes of its own.
///
/// ```
/// use waarborg_h1::{Limits, RequestHead};
/// let mut head = RequestHead::new();
/// let bytes = b"GET /a?b HTTP/1.1\r\nHost: example.com\r\n\r\nrest";
/// let len = head.parse(bytes, &Limits::default())?.expect("it is whole");
/// assert_eq!(&bytes[len..], b"rest");
/// assert_eq!(head.view(bytes).authority, "example.com");
/// # Ok::<(), waarborg_h1::Refusal>(())
/// ```
#[derive(Debug)]
pub struct RequestHead {
    section: Section,
    phase: Phase,
    facts: Facts,
    version: Version,
    form: Form,
    method: Span,
    /// All of the target; after the request line its path only.
    target: Span,
    query: Option<Span>,
    /// Of the target in absolute-form or authority-form.
    authority: Option<Span>,
    host: Option<Span>,
    expects: bool,
    framing: Framing,
    upgrade: Option<Span>,
}

impl Default for RequestHead {
    fn default() -> Self {
        Self::new()
    }
}

impl RequestHead {
    /// Empty. Allocates with the first field, and again only for a head with more fields
    /// than any before it.
    pub const fn new() -> Self {
        Self {
            section: Section::new(),
            phase: Phase::Blank,
            facts: Facts::NONE,
            version: Version::Http11,
            form: Form::Origin,
            method: Span::EMPTY,
            target: Span::EMPTY,
            query: None,
            authority: None,
            host: None,
            expects: false,
            framing: Framing::None,
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

    /// Whether nothing of a message has been looked at yet: a connection that ends here
    /// ends cleanly.
    pub fn is_untouched(&self) -> bool {
        self.phase == Phase::Blank && self.section.at == 0
    }

    /// Parses a head from the start of `bytes`, which begin at the message's first byte
    /// and only grow between two calls; what was read before isn't read again.
    ///
    /// `Ok(None)`: more bytes are needed. `Ok(Some(len))`: the head is `bytes[..len]`; the
    /// body, if any, begins there. `limits` must be the same for all calls of a message.
    ///
    /// # Errors
    /// The reason to refuse it; a second call says the same.
    pub fn parse(&mut self, bytes: &[u8], limits: &Limits) -> Result<Option<usize>, Refusal> {
        match self.phase {
            Phase::Done => return Ok(Some(self.section.at)),
            Phase::Refused(refusal) => return Err(refusal),
            _ => {}
        }
        let head = cap(limits.head);
        let parsed = match self.phase {
            Phase::Fields => self.fields(bytes, limits, head),
            _ => match self.request_line(bytes, limits, head) {
                Ok(true) => self.fields(bytes, limits, head),
                Ok(false) => Ok(false),
                Err(refusal) => Err(refusal),
            },
        };
        match parsed {
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

    /// Reads the request line: `true` once it is whole.
    #[inline]
    fn request_line(&mut self, all: &[u8], limits: &Limits, head: usize) -> Result<bool, Refusal> {
        if self.phase == Phase::Blank {
            match all.first() {
                None => return Ok(false),
                Some(b'\r') => {
                    if !self
                        .section
                        .line_feed(all, limits, head)
                        .map_err(of_request_line)?
                    {
                        return Ok(false);
                    }
                }
                Some(_) => {}
            }
            self.phase = Phase::Method;
        }
        let start = self.section.line;
        // As for fields: nothing beyond the limit is looked at.
        let end = head.min(start.saturating_add(limits.line));
        let bytes = all.get(..end).unwrap_or(all);
        let more = |at: usize| match at {
            _ if at >= head => Err(Refusal::HeadTooLarge),
            _ if at >= end => Err(Refusal::TargetTooLong),
            _ => Ok(false),
        };
        if self.phase == Phase::Method {
            let end = class::run(bytes, self.section.at, class::TOKEN);
            self.section.at = end;
            if end - start > grammar::METHOD_LEN_MAX {
                return Err(Refusal::MethodTooLong);
            }
            match bytes.get(end) {
                Some(b' ') if end > start => {}
                Some(b'\r') if end == start && start > 0 => return Err(Refusal::EmptyLines),
                Some(b'\n') => return Err(Refusal::BareLf),
                Some(_) => return Err(Refusal::Method),
                None => return more(end),
            }
            self.method = Span::new(start, end);
            self.section.at = end + 1;
            self.target = Span::new(end + 1, end + 1);
            self.phase = Phase::Path;
        }
        if self.phase == Phase::Path {
            let at = class::run(bytes, self.section.at, class::PATH);
            self.section.at = at;
            self.target = Span::new(self.target.range().start, at);
            match bytes.get(at) {
                Some(b' ') => self.phase = Phase::Version,
                Some(b'?') => {
                    self.query = Some(Span::new(at + 1, at + 1));
                    self.phase = Phase::Query;
                }
                Some(&byte) => return Err(target_byte(byte)),
                None => return more(at),
            }
            self.section.at = at + 1;
        }
        if self.phase == Phase::Query {
            let at = class::run(bytes, self.section.at, class::QUERY);
            self.section.at = at;
            self.query = self.query.map(|query| Span::new(query.range().start, at));
            match bytes.get(at) {
                Some(b' ') => self.phase = Phase::Version,
                Some(&byte) => return Err(target_byte(byte)),
                None => return more(at),
            }
            self.section.at = at + 1;
        }
        // In one piece nearly always; if not, its eight bytes are looked at again.
        let from = match self.query {
            Some(query) => query.range().end + 1,
            None => self.target.range().end + 1,
        };
        let at = class::run(bytes, from, class::QUERY);
        if at - from > b"HTTP/1.1".len() {
            return Err(Refusal::Version);
        }
        match bytes.get(at) {
            Some(b'\r') => {}
            Some(b'\n') => return Err(Refusal::BareLf),
            Some(_) => return Err(Refusal::RequestLine),
            None => return more(at),
        }
        self.section.at = at;
        if !self
            .section
            .line_feed(all, limits, head)
            .map_err(of_request_line)?
        {
            return Ok(false);
        }
        let version = bytes.get(from..at).unwrap_or_default();
        if version != b"HTTP/1.1" {
            self.version = self.other_version(version, bytes)?;
        }
        self.judge_target(bytes)?;
        self.phase = Phase::Fields;
        Ok(true)
    }

    #[cold]
    fn other_version(&self, version: &[u8], bytes: &[u8]) -> Result<Version, Refusal> {
        match version {
            b"HTTP/1.0" => Ok(Version::Http10),
            b"HTTP/2.0" if self.method.of(bytes) == b"PRI" && self.target.of(bytes) == b"*" => {
                Err(Refusal::Http2Preface)
            }
            [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
                if major.is_ascii_digit() && minor.is_ascii_digit() =>
            {
                Err(Refusal::VersionUnsupported)
            }
            _ => Err(Refusal::Version),
        }
    }

    /// Finds the target's form and splits the absolute one (RFC 9112 §3.2).
    #[inline]
    fn judge_target(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let target = self.target.of(bytes);
        let connect = self.method.of(bytes) == b"CONNECT";
        if target.first() == Some(&b'/') && !connect {
            return Ok(());
        }
        self.judge_rare_target(target, connect, self.method.of(bytes) == b"OPTIONS")
    }

    #[cold]
    fn judge_rare_target(
        &mut self,
        target: &[u8],
        connect: bool,
        options: bool,
    ) -> Result<(), Refusal> {
        let start = self.target.range().start;
        if connect {
            let authority = grammar::authority(whole_text(target))?;
            if authority.port.is_none() || self.query.is_some() {
                return Err(Refusal::Target);
            }
            self.authority = Some(self.target);
            self.form = Form::Authority;
            return Ok(());
        }
        if target == b"*" {
            if !options || self.query.is_some() {
                return Err(Refusal::Target);
            }
            self.form = Form::Asterisk;
            return Ok(());
        }
        let scheme = |scheme: &[u8]| {
            target
                .get(..scheme.len())
                .is_some_and(|head| head.eq_ignore_ascii_case(scheme))
        };
        let skip = if scheme(b"http://") {
            7
        } else if scheme(b"https://") {
            8
        } else {
            return Err(Refusal::Target);
        };
        let rest = target.get(skip..).unwrap_or_default();
        let len = rest
            .iter()
            .position(|&byte| byte == b'/')
            .unwrap_or(rest.len());
        grammar::authority(whole_text(rest.get(..len).unwrap_or_default()))?;
        let path = start + skip + len;
        self.authority = Some(Span::new(start + skip, path));
        self.target = Span::new(path, start + target.len());
        // RFC 9112 §3.2.4: without path and query, OPTIONS asks about the server.
        if options && len == rest.len() && self.query.is_none() {
            self.form = Form::Asterisk;
        }
        Ok(())
    }

    /// Reads fields: `true` once the head is whole and judged.
    #[inline]
    fn fields(&mut self, bytes: &[u8], limits: &Limits, head: usize) -> Result<bool, Refusal> {
        loop {
            let line = match self.section.step(bytes, limits, head)? {
                Step::More => return Ok(false),
                Step::End => break,
                Step::Field(line) => line,
            };
            match line.known {
                Some(Known::Host) => {
                    if self.host.is_some() {
                        return Err(Refusal::HostTwice);
                    }
                    grammar::authority(whole_text(line.value.of(bytes)))?;
                    self.host = Some(line.value);
                }
                Some(Known::Expect) => {
                    if !line.value.of(bytes).eq_ignore_ascii_case(b"100-continue") {
                        return Err(Refusal::Expectation);
                    }
                    self.expects = true;
                }
                Some(Known::Upgrade) => self.upgrade = Some(line.value),
                _ => {}
            }
            self.facts
                .take(Side::Request, self.version, &line, bytes, &self.section)?;
            self.section.push(line);
        }
        self.judge_whole(bytes)?;
        Ok(true)
    }

    /// What only the whole head tells.
    #[inline]
    fn judge_whole(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        if self.host.is_none() && self.version == Version::Http11 {
            return Err(Refusal::HostMissing);
        }
        if let (Some(target), Some(host)) = (self.authority, self.host)
            && !target.of(bytes).eq_ignore_ascii_case(host.of(bytes))
        {
            return Err(Refusal::HostMismatch);
        }
        self.framing = self.facts.framing(Framing::None);
        if !self.facts.upgrades(self.version, &self.section) {
            self.upgrade = None;
        } else if self.framing.has_body() {
            return Err(Refusal::UpgradeWithBody);
        }
        if self.facts.nominates() {
            self.section.nominate(bytes);
        }
        Ok(())
    }

    /// The head as a view into the `bytes` it was parsed from. Only after
    /// [`Self::parse`] said `Some`: before, or over other bytes, it is empty or nonsense.
    pub fn view<'a>(&'a self, bytes: &'a [u8]) -> Request<'a> {
        let done = self.phase == Phase::Done;
        let head = bytes
            .get(..self.section.at)
            .filter(|_| done)
            .unwrap_or_default();
        let whole = whole_text(head);
        let word = |span: Span| text(head, whole, span);
        let target = match self.form {
            Form::Asterisk => Target::Asterisk,
            Form::Authority => Target::Authority(word(self.target)),
            Form::Origin => {
                let path = match word(self.target) {
                    "" => "/",
                    path => path,
                };
                Target::Origin {
                    path,
                    query: self.query.map(word),
                }
            }
        };
        Request {
            method: word(self.method),
            target,
            authority: self.authority.or(self.host).map(word).unwrap_or_default(),
            version: self.version,
            fields: if done {
                self.section.view(head, whole)
            } else {
                Fields::EMPTY
            },
            framing: self.framing,
            keep_alive: self.facts.keep_alive(self.version),
            upgrade: self.upgrade.map(word),
            // Without a body there is nothing to continue with, and HTTP/1.0 can't wait
            // for it (RFC 9110 §10.1.1).
            expect_continue: self.expects
                && self.version == Version::Http11
                && self.framing.has_body(),
        }
    }
}

/// A limit met while reading the request line is the target's.
fn of_request_line(refusal: Refusal) -> Refusal {
    match refusal {
        Refusal::FieldTooLong => Refusal::TargetTooLong,
        other => other,
    }
}

fn target_byte(byte: u8) -> Refusal {
    match byte {
        b'\n' => Refusal::BareLf,
        // The line ends before its version: HTTP/0.9.
        b'\r' => Refusal::RequestLine,
        _ => Refusal::TargetByte,
    }
}

/// What the request asks for (RFC 9112 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target<'a> {
    /// Origin-form, or absolute-form, whose authority is then in [`Request::authority`].
    /// The scheme of the latter is dropped: the connection knows better.
    Origin {
        /// Begins with `/`; as it came, not decoded.
        path: &'a str,
        /// Behind the first `?`, if there is one.
        query: Option<&'a str>,
    },
    /// `*`: OPTIONS for the whole server.
    Asterisk,
    /// `host:port`: CONNECT.
    Authority(&'a str),
}

/// A whole, judged request head, borrowed from the bytes it came in.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// A token of at most 32 bytes, case as it came; methods are case-sensitive.
    pub method: &'a str,
    /// What it asks for.
    pub target: Target<'a>,
    /// Whom it asks, judged by [`grammar::authority`]: from the target in absolute-form
    /// or authority-form, else from `Host`. Empty only in HTTP/1.0 without either.
    pub authority: &'a str,
    /// The version it declares.
    pub version: Version,
    /// All its fields, `Host` and the framing ones too.
    pub fields: Fields<'a>,
    /// Where its body ends; never [`Framing::UntilClose`].
    pub framing: Framing,
    /// Whether the client would send another request on this connection.
    pub keep_alive: bool,
    /// The value of `Upgrade`, if `Connection` names it and the version is HTTP/1.1. Such
    /// a request has no body.
    pub upgrade: Option<&'a str>,
    /// Whether the client waits for 100 before it sends the body. Only with a body and
    /// in HTTP/1.1.
    pub expect_continue: bool,
}

#[cfg(test)]
mod tests;
