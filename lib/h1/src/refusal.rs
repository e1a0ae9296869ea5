//! Why a message is refused: one word per reason, for the log and for the answer.

/// Why a message is refused. The connection it came on can't be used any further:
/// where the next message would start is unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    // The start line.
    /// More than one empty line before the request line (RFC 9112 §2.2).
    #[error("expected a request line after at most one empty line")]
    EmptyLines,
    /// The method is empty or no token (RFC 9110 §9.1).
    #[error("expected a method: a token, then one space")]
    Method,
    /// A method of more than 32 bytes.
    #[error("expected a method of at most 32 bytes")]
    MethodTooLong,
    /// The request line isn't `method SP target SP version CRLF` (RFC 9112 §3).
    #[error("expected `method target version`, separated by one space each")]
    RequestLine,
    /// A byte that can't stand in a request target: a control, `"`, `#`, `<`, `>`,
    /// anything not ASCII, or `\` or a backquote before the query (RFC 3986 §3.3).
    #[error(
        "expected visible ASCII other than `\"`, `#`, `<`, `>` (in the path also `\\` and a backquote) in the target"
    )]
    TargetByte,
    /// The target has none of the four forms, or not the one its method asks for
    /// (RFC 9112 §3.2).
    #[error("expected a path, an http(s) URL, `*` for OPTIONS or host:port for CONNECT")]
    Target,
    /// The request line is longer than [`crate::Limits::line`].
    #[error("expected a shorter request line")]
    TargetTooLong,
    /// The version isn't `HTTP/` digit `.` digit (RFC 9112 §2.3).
    #[error("expected the version HTTP/1.1 or HTTP/1.0")]
    Version,
    /// A well-formed version other than 1.0 and 1.1.
    #[error("expected the version HTTP/1.1 or HTTP/1.0, got another")]
    VersionUnsupported,
    /// The preface of HTTP/2 (RFC 9113 §3.4) where HTTP/1 was expected.
    #[error("expected HTTP/1, got the preface of HTTP/2")]
    Http2Preface,
    /// The status line isn't `version SP three digits [SP reason] CRLF` (RFC 9112 §4).
    #[error("expected `HTTP/1.1`, one space and a status of 100 to 999")]
    StatusLine,

    // Lines.
    /// LF without CR before it (RFC 9112 §2.2).
    #[error("expected CRLF at the end of a line, got LF alone")]
    BareLf,
    /// CR without LF after it (RFC 9112 §2.2).
    #[error("expected LF after CR")]
    BareCr,
    /// A line that begins with a space or tab: obs-fold (RFC 9112 §5.2).
    #[error("expected a field's name at the start of a line, got white space")]
    FoldedLine,
    /// A field line that begins with its colon.
    #[error("expected a field's name before the colon")]
    EmptyName,
    /// A space or tab in or after a field's name (RFC 9112 §5.1).
    #[error("expected the colon right after the field's name, got white space")]
    SpaceInName,
    /// A byte that can't stand in a field's name (RFC 9110 §5.1).
    #[error("expected a field's name to be a token followed by a colon")]
    NameByte,
    /// NUL, another control or DEL in a field's value (RFC 9110 §5.5).
    #[error("expected no control character in a field's value")]
    ValueByte,
    /// A field line, or an answer's status line, longer than [`crate::Limits::line`].
    #[error("expected a shorter line")]
    FieldTooLong,
    /// A head longer than [`crate::Limits::head`].
    #[error("expected a shorter head")]
    HeadTooLarge,
    /// More fields than [`crate::Limits::fields`].
    #[error("expected fewer fields")]
    TooManyFields,

    // Host.
    /// No `Host` in HTTP/1.1 (RFC 9112 §3.2).
    #[error("expected a Host field")]
    HostMissing,
    /// More than one `Host` (RFC 9112 §3.2).
    #[error("expected one Host field, got more")]
    HostTwice,
    /// Not `host[:port]` (RFC 9110 §7.2): user information, an empty or malformed host,
    /// a port that isn't 1 to 65535 or has leading zeros.
    #[error(
        "expected a host name, an IPv4 address or an [IPv6] address, and at most a port of 1 to 65535"
    )]
    Authority,
    /// `Host` differs from the authority in the target (RFC 9112 §3.2.2).
    #[error("expected the Host field to equal the authority in the target")]
    HostMismatch,

    // Framing.
    /// `Content-Length` isn't 1 to 19 digits, at most 2^63 − 1 (RFC 9110 §8.6).
    #[error("expected Content-Length to be digits only, at most 9223372036854775807")]
    Length,
    /// More than one `Content-Length`, even if equal.
    #[error("expected one Content-Length field, got more")]
    LengthTwice,
    /// `Content-Length` and `Transfer-Encoding` together (RFC 9112 §6.1).
    #[error("expected Content-Length or Transfer-Encoding, got both")]
    LengthAndCoding,
    /// More than one `Transfer-Encoding`.
    #[error("expected one Transfer-Encoding field, got more")]
    CodingTwice,
    /// A `Transfer-Encoding` that is no list of codings with at most one `chunked`, the
    /// last one (RFC 9112 §6.1).
    #[error("expected Transfer-Encoding to be `chunked`")]
    Coding,
    /// A well-formed `Transfer-Encoding` with another coding (RFC 9112 §6.1).
    #[error("expected no transfer coding but `chunked`")]
    CodingUnknown,
    /// `Transfer-Encoding` in HTTP/1.0 (RFC 9112 §6.1).
    #[error("expected no Transfer-Encoding in HTTP/1.0")]
    CodingInHttp10,
    /// A name that becomes a framing field's once `_` or `.` count as `-`, as CGI and its
    /// heirs do: `Content_Length`, `Transfer.Encoding`.
    #[error("expected no field that some servers take for Content-Length or Transfer-Encoding")]
    FramingAlias,

    // Connection.
    /// `Connection` is no list of tokens (RFC 9110 §7.6.1).
    #[error("expected Connection to be a list of tokens")]
    Connection,
    /// More than 16 names in `Connection`.
    #[error("expected at most 16 names in Connection")]
    ConnectionTooLong,
    /// `Connection` names a field that isn't the connection's to take away, such as
    /// `Host`, `Content-Length`, `Cookie` (RFC 9110 §7.6.1).
    #[error("expected Connection not to name a field meant for the recipient")]
    Nomination,
    /// `Upgrade` is no list of protocols, or comes twice (RFC 9110 §7.8).
    #[error("expected one Upgrade field, a list of protocols")]
    Upgrade,
    /// A request to upgrade that brings a body: where the new protocol would begin is
    /// then in doubt.
    #[error("expected no body in a request to upgrade")]
    UpgradeWithBody,
    /// `Expect` is something other than `100-continue` (RFC 9110 §10.1.1).
    #[error("expected Expect to be `100-continue`")]
    Expectation,

    // The body.
    /// A chunk's size isn't 1 to 16 hex digits, then CRLF or `;` (RFC 9112 §7.1).
    #[error("expected a chunk's size: 1 to 16 hex digits")]
    ChunkSize,
    /// A control character in a chunk's extension (RFC 9112 §7.1.1).
    #[error("expected no control character in a chunk's extension")]
    ChunkExtension,
    /// A chunk's size line longer than [`crate::Limits::chunk_line`], or too many
    /// extensions in all.
    #[error("expected shorter chunk extensions")]
    ChunkLineTooLong,
    /// A chunk's data isn't followed by CRLF (RFC 9112 §7.1).
    #[error("expected CRLF after a chunk's data")]
    ChunkEnd,
    /// A trailer section longer than [`crate::Limits::trailers`].
    #[error("expected a shorter trailer section")]
    TrailersTooLarge,
    /// A field about framing, routing, authentication, the content's form or the
    /// request's conditions among the trailers (RFC 9110 §6.5.1).
    #[error("expected no field among the trailers that belongs into the head")]
    Trailer,
    /// The input ended before the message did (RFC 9112 §8).
    #[error("expected more of the message before the connection ended")]
    Truncated,

    // Answers only.
    /// A 1xx or 204 answer with `Transfer-Encoding`, or a `Content-Length` other than 0
    /// (RFC 9112 §6.1, RFC 9110 §8.6).
    #[error("expected no body with a status of 1xx or 204")]
    BodyForbidden,
    /// A 101 answer in HTTP/1.0, or without `Upgrade` named by `Connection` (RFC 9110 §15.2.2).
    #[error("expected 101 with Upgrade and `Connection: upgrade`")]
    SwitchWithoutUpgrade,
}

impl Refusal {
    /// The status that tells a *client* of its fault. When an upstream's answer is
    /// refused, the client gets 502, whatever this says.
    pub const fn status(self) -> u16 {
        match self {
            Self::TargetTooLong => 414,
            Self::Expectation => 417,
            Self::FieldTooLong
            | Self::HeadTooLarge
            | Self::TooManyFields
            | Self::TrailersTooLarge => 431,
            Self::CodingUnknown | Self::MethodTooLong => 501,
            Self::StatusLine | Self::BodyForbidden | Self::SwitchWithoutUpgrade => 502,
            Self::VersionUnsupported | Self::Http2Preface => 505,
            _ => 400,
        }
    }

    /// The word for logs and metrics, kebab-case. It stays the same between versions.
    pub const fn code(self) -> &'static str {
        match self {
            Self::EmptyLines => "empty-lines",
            Self::Method => "method",
            Self::MethodTooLong => "method-too-long",
            Self::RequestLine => "request-line",
            Self::TargetByte => "target-byte",
            Self::Target => "target",
            Self::TargetTooLong => "target-too-long",
            Self::Version => "version",
            Self::VersionUnsupported => "version-unsupported",
            Self::Http2Preface => "http2-preface",
            Self::StatusLine => "status-line",
            Self::BareLf => "bare-lf",
            Self::BareCr => "bare-cr",
            Self::FoldedLine => "folded-line",
            Self::EmptyName => "empty-name",
            Self::SpaceInName => "space-in-name",
            Self::NameByte => "name-byte",
            Self::ValueByte => "value-byte",
            Self::FieldTooLong => "field-too-long",
            Self::HeadTooLarge => "head-too-large",
            Self::TooManyFields => "too-many-fields",
            Self::HostMissing => "host-missing",
            Self::HostTwice => "host-twice",
            Self::Authority => "authority",
            Self::HostMismatch => "host-mismatch",
            Self::Length => "length",
            Self::LengthTwice => "length-twice",
            Self::LengthAndCoding => "length-and-coding",
            Self::CodingTwice => "coding-twice",
            Self::Coding => "coding",
            Self::CodingUnknown => "coding-unknown",
            Self::CodingInHttp10 => "coding-in-http10",
            Self::FramingAlias => "framing-alias",
            Self::Connection => "connection",
            Self::ConnectionTooLong => "connection-too-long",
            Self::Nomination => "nomination",
            Self::Upgrade => "upgrade",
            Self::UpgradeWithBody => "upgrade-with-body",
            Self::Expectation => "expectation",
            Self::ChunkSize => "chunk-size",
            Self::ChunkExtension => "chunk-extension",
            Self::ChunkLineTooLong => "chunk-line-too-long",
            Self::ChunkEnd => "chunk-end",
            Self::TrailersTooLarge => "trailers-too-large",
            Self::Trailer => "trailer",
            Self::Truncated => "truncated",
            Self::BodyForbidden => "body-forbidden",
            Self::SwitchWithoutUpgrade => "switch-without-upgrade",
        }
    }
}
