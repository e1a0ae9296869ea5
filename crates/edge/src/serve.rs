//! Step 6, serve: a prebuilt page, an own page by control, or the application.
//!
//! What is decided here needs no I/O; the protocol drivers carry the [`Plan`] out.

use std::io::Write as _;

use h1::{Framing, write};
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use seam::{Refusal, RefusalPage, prebuilt::Document, record::Version, snapshot::Site};
use terms::Language;

use crate::{
    guard::Admitted,
    handshake::Facts,
    know::{OwnPath, Visit},
    read::{Field, Request, content_length},
};

/// What is to be done with a request.
pub(crate) enum Plan {
    /// Refused, by whichever step.
    Refuse(Refusal),
    /// A prebuilt page.
    Page(Document),
    /// A page that control answers: the head without authority.
    Own(http::Request<()>),
    /// The application's: its head stands in the forward buffer.
    Forward(Forward),
}

/// How a request goes to the application.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Forward {
    /// A WebSocket handshake.
    pub(crate) upgrade: bool,
    /// May be sent again on another connection while nothing was answered: idempotent
    /// (RFC 9110 section 9.2.2) and without a body.
    pub(crate) replayable: bool,
}

/// Decides what serves an admitted request.
pub(crate) fn plan(
    admitted: &Admitted<'_>,
    visit: &Visit,
    facts: &Facts,
    forward: &mut Vec<u8>,
) -> Plan {
    let known = admitted.known();
    match known.own {
        OwnPath::Ours => own(&known.request, visit),
        OwnPath::Application if known.site.upstreams.is_empty() => {
            Plan::Refuse(Refusal::new(RefusalPage::NotFound, "no-application"))
        }
        OwnPath::Application => {
            write_head(&known.request, known.site, visit, facts, forward);
            let idempotent = matches!(
                known.request.method,
                "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE"
            );
            Plan::Forward(Forward {
                upgrade: known.request.upgrade.is_some(),
                replayable: idempotent && known.request.framing == Framing::None,
            })
        }
    }
}

fn own(request: &Request<'_>, visit: &Visit) -> Plan {
    if let Some(page) = visit.local.prebuilt.page(request.path) {
        if !matches!(request.method, "GET" | "HEAD") {
            return Plan::Refuse(Refusal::new(
                RefusalPage::MethodNotAllowed,
                "page-is-read-only",
            ));
        }
        let asked = request.query.and_then(asked_language);
        let language = asked.unwrap_or_else(|| visit.language());
        return Plan::Page(page.in_language(language).clone());
    }
    match own_head(request) {
        Some(head) => Plan::Own(head),
        None => Plan::Refuse(Refusal::new(RefusalPage::BadRequest, "head-malformed")),
    }
}

fn asked_language(query: &str) -> Option<Language> {
    let tag = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("lang="))?;
    Language::ALL
        .into_iter()
        .find(|language| language.tag() == tag)
}

/// The head as control gets it: without hop-by-hop fields.
fn own_head(request: &Request<'_>) -> Option<http::Request<()>> {
    let mut target = request.path.to_owned();
    if let Some(query) = request.query {
        target.push('?');
        target.push_str(query);
    }
    let mut fields = HeaderMap::new();
    let mut whole = true;
    request.fields(|field| {
        if field.hop {
            return;
        }
        match (
            HeaderName::from_bytes(field.name.as_bytes()),
            HeaderValue::from_bytes(field.value),
        ) {
            (Ok(name), Ok(value)) => whole &= fields.try_append(name, value).is_ok(),
            _ => whole = false,
        }
    });
    let mut head = http::Request::new(());
    *head.method_mut() = Method::from_bytes(request.method.as_bytes()).ok()?;
    *head.uri_mut() = target.parse().ok()?;
    *head.headers_mut() = fields;
    whole.then_some(head)
}

/// Writes the head that the application gets: the client's fields without those that
/// are ours or the connection's, then ours.
fn write_head(request: &Request<'_>, site: &Site, visit: &Visit, facts: &Facts, out: &mut Vec<u8>) {
    out.clear();
    let authority = if request.authority.is_empty() {
        &site.name
    } else {
        request.authority
    };
    out.extend_from_slice(request.method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(request.path.as_bytes());
    if let Some(query) = request.query {
        out.push(b'?');
        out.extend_from_slice(query.as_bytes());
    }
    out.extend_from_slice(b" HTTP/1.1\r\nhost: ");
    out.extend_from_slice(authority.as_bytes());
    out.extend_from_slice(b"\r\n");
    let mut cookies = 0_u32;
    request.fields(|field| {
        if field.hop || is_written_by_us(field.name) {
            return;
        }
        if field.name.len() == 6 && field.name.eq_ignore_ascii_case("cookie") {
            write_cookie(&field, request.version, &mut cookies, out);
            return;
        }
        write::field(out, field.name, field.value);
    });
    match request.framing {
        Framing::Length(length) => write::field_number(out, "content-length", length),
        Framing::Chunked => out.extend_from_slice(b"transfer-encoding: chunked\r\n"),
        Framing::None | Framing::UntilClose => {
            // A body-less POST says so (RFC 9110 section 8.6).
            if matches!(request.method, "POST" | "PUT" | "PATCH") {
                write::field_number(out, "content-length", 0);
            }
        }
    }
    if request.upgrade.is_some() {
        out.extend_from_slice(b"connection: upgrade\r\nupgrade: websocket\r\n");
    }
    let client = facts.client_text.as_bytes();
    out.extend_from_slice(b"x-forwarded-for: ");
    out.extend_from_slice(client);
    out.extend_from_slice(b"\r\nx-forwarded-proto: https\r\nx-forwarded-host: ");
    out.extend_from_slice(authority.as_bytes());
    out.extend_from_slice(b"\r\nforwarded: for=");
    if facts.client.ip().is_ipv6() {
        // RFC 7239 section 6: an IPv6 address stands in brackets and quotes.
        let written = write!(out, "\"[{}]\"", facts.client_text);
        debug_assert!(written.is_ok(), "writing to memory can't fail");
    } else {
        out.extend_from_slice(client);
    }
    out.extend_from_slice(b";host=\"");
    out.extend_from_slice(authority.as_bytes());
    out.extend_from_slice(b"\";proto=https\r\nx-request-id: ");
    out.extend_from_slice(&visit.id.hex());
    out.extend_from_slice(b"\r\ntraceparent: ");
    out.extend_from_slice(&visit.trace.header());
    out.extend_from_slice(b"\r\n\r\n");
}

/// Field names that we write ourselves, folded: `_` and `.` count as `-`, since servers
/// that put headers into environment variables can't tell them apart (CVE-2026-39858
/// and its kin).
pub(crate) fn is_written_by_us(name: &str) -> bool {
    const OURS: [&str; 14] = [
        "host",
        "expect",
        "forwarded",
        "x-real-ip",
        "traceparent",
        "remote-user",
        "remote-name",
        "x-request-id",
        "remote-email",
        "remote-groups",
        "content-length",
        "transfer-encoding",
        "waarborg-assertion",
        "waarborg-csp-nonce",
    ];
    let folded = |with: &str| {
        name.len() == with.len()
            && name
                .bytes()
                .zip(with.bytes())
                .all(|(ours, theirs)| fold(ours) == theirs)
    };
    OURS.iter().any(|ours| folded(ours))
        || (name.len() > 11
            && name
                .bytes()
                .zip(*b"x-forwarded")
                .all(|(ours, theirs)| fold(ours) == theirs))
}

const fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b'.' => b'-',
        other => other.to_ascii_lowercase(),
    }
}

/// The beginning of the names of our cookies.
const OUR_COOKIES: &[u8] = b"__host-http-waarborg";

/// Writes a `Cookie` field without our own cookies. HTTP/2 splits the field; the parts
/// go on as they came, one field each, which HTTP/1 servers accept joined only.
fn write_cookie(field: &Field<'_>, version: Version, written: &mut u32, out: &mut Vec<u8>) {
    let ours = field
        .value
        .windows(8)
        .any(|part| part.eq_ignore_ascii_case(b"waarborg"));
    let mark = out.len();
    if version == Version::Http2 && *written > 0 && out.ends_with(b"\r\n") {
        // RFC 9113 section 8.2.3: the parts are joined again for HTTP/1.
        out.truncate(mark - 2);
        out.extend_from_slice(b"; ");
    } else {
        out.extend_from_slice(b"cookie: ");
    }
    let start = out.len();
    if ours {
        let kept = field
            .value
            .split(|byte| *byte == b';')
            .filter(|pair| !is_our_cookie(pair));
        for (place, pair) in kept.enumerate() {
            if place > 0 {
                out.push(b';');
            }
            out.extend_from_slice(pair);
        }
        while out.get(start) == Some(&b' ') {
            out.remove(start);
        }
    } else {
        out.extend_from_slice(field.value);
    }
    if out.len() == start {
        out.truncate(mark);
        return;
    }
    out.extend_from_slice(b"\r\n");
    *written += 1;
}

/// Whether a cookie pair bears our name, also behind spaces and quotes.
fn is_our_cookie(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    let skip = name
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'"' | b'$'))
        .unwrap_or(name.len());
    name.get(skip..)
        .and_then(|name| name.get(..OUR_COOKIES.len()))
        .is_some_and(|start| start.eq_ignore_ascii_case(OUR_COOKIES))
}

/// Whether a `Set-Cookie` of the application uses one of our names.
pub(crate) fn sets_our_cookie(value: &[u8]) -> bool {
    is_our_cookie(value)
}

/// What goes back to the client before it is hardened.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) source: Source<'a>,
    pub(crate) length: Length,
}

/// Where an answer's fields come from.
pub(crate) enum Source<'a> {
    /// The application's head.
    Application(h1::Fields<'a>),
    /// Control's head.
    Control(&'a HeaderMap),
    /// A prebuilt page or refusal.
    Prebuilt(Static<'a>),
}

/// The fields of prebuilt bytes.
pub(crate) struct Static<'a> {
    pub(crate) content_type: &'static str,
    pub(crate) csp: &'a str,
    pub(crate) cache_control: &'static str,
    pub(crate) etag: Option<&'a str>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) allow: bool,
    pub(crate) varies: bool,
}

/// How long an answer's body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Length {
    /// None follows; a length that the application states for HEAD or 304 stays.
    NoBody,
    /// This many bytes.
    Known(u64),
    /// Until it ends.
    Unknown,
}

/// The length that control states for its answer.
pub(crate) fn own_length(head: &http::Response<()>) -> Length {
    head.headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| content_length(value.as_bytes()))
        .map_or(Length::Unknown, Length::Known)
}
