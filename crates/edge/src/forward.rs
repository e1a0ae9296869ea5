//! The head that the application gets: the client's fields without those that are ours
//! or the connection's, then ours. A WebSocket that came over HTTP/2 asks as one of HTTP/1
//! does.

use std::io::Write as _;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use h1::{Framing, write};
use seam::{Session, record::Version, snapshot::Site};

use crate::{
    credentials, csrf,
    handshake::Facts,
    know::Visit,
    read::{Field, Request},
};

/// Writes the head that the application gets: the client's fields without those that
/// are ours or the connection's, then ours. Gives back whether the client takes trailers,
/// which only HTTP/2 is told: over HTTP/1 it would be a field of the connection.
pub(crate) fn write_head(
    request: &Request<'_>,
    site: &Site,
    visit: &Visit,
    facts: &Facts,
    out: &mut Vec<u8>,
) -> bool {
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
    let mut cookies = 0;
    let keyed = request.upgrade.is_some() && request.version == Version::Http2;
    let mut te = false;
    let suspect = visit.suspect.as_ref();
    let plain = suspect.is_some_and(|suspect| suspect.wants_plain(visit.wants_html()))
        || csrf::wants_plain(visit);
    request.fields(|field| {
        if field.hop {
            te |= field.name.eq_ignore_ascii_case("te") && takes_trailers(field.value);
            return;
        }
        if is_written_by_us(field.name) {
            return;
        }
        if keyed && field.name.eq_ignore_ascii_case(KEY) {
            return;
        }
        // What is to be read or written into isn't to come compressed.
        if plain && field.name.len() == 15 && field.name.eq_ignore_ascii_case("accept-encoding") {
            return;
        }
        if field.name.len() == 6 && field.name.eq_ignore_ascii_case("cookie") {
            write_cookie(&field, request.version, &mut cookies, out);
            return;
        }
        // What tells us who asks is nobody else's business.
        if field.name.len() == 13
            && field.name.eq_ignore_ascii_case("authorization")
            && credentials::is_ours(field.value)
        {
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
    if keyed {
        write::field(out, KEY, websocket_key(visit).as_bytes());
    }
    if let Some(nonce) = &visit.nonce {
        write::field(out, "waarborg-csp-nonce", nonce.as_bytes());
    }
    if let Some(session) = &visit.session {
        write_person(session, out);
    }
    if let Some(issued) = &visit.csrf {
        write::field(out, "waarborg-csrf-token", issued.token.text());
    }
    out.extend_from_slice(b"x-forwarded-for: ");
    write_client(visit, facts, out);
    out.extend_from_slice(b"\r\nx-forwarded-proto: https\r\nx-forwarded-host: ");
    out.extend_from_slice(authority.as_bytes());
    out.extend_from_slice(b"\r\nforwarded: for=");
    if visit.client.ip().is_ipv6() {
        // RFC 7239 section 6: an IPv6 address stands in brackets and quotes.
        out.extend_from_slice(b"\"[");
        write_client(visit, facts, out);
        out.extend_from_slice(b"]\"");
    } else {
        write_client(visit, facts, out);
    }
    out.extend_from_slice(b";host=\"");
    out.extend_from_slice(authority.as_bytes());
    out.extend_from_slice(b"\";proto=https\r\nx-request-id: ");
    out.extend_from_slice(&visit.id.hex());
    out.extend_from_slice(b"\r\ntraceparent: ");
    out.extend_from_slice(&visit.trace.header());
    out.extend_from_slice(b"\r\n\r\n");
    te
}

/// Says who asks. What isn't known is left out: an empty field could be taken for a name.
fn write_person(session: &Session, out: &mut Vec<u8>) {
    let person = &session.person;
    for (name, value) in [
        ("remote-user", &person.name),
        ("remote-name", &person.display),
        ("remote-email", &person.email),
        ("remote-groups", &person.groups),
    ] {
        if !value.is_empty() {
            write::field(out, name, value.as_bytes());
        }
    }
}

/// Whether a `TE` says that trailers are welcome (RFC 9110 section 10.1.4).
fn takes_trailers(value: &[u8]) -> bool {
    let mut codings = value.split(|byte| *byte == b',');
    codings.any(|coding| coding.trim_ascii().eq_ignore_ascii_case(b"trailers"))
}

pub(crate) const KEY: &str = "sec-websocket-key";

/// The nonce of a handshake that we make for a client of HTTP/2, which has none (RFC 8441
/// section 5): the request's id, which is random.
fn websocket_key(visit: &Visit) -> String {
    terms::base64(&visit.id.0)
}

/// What a WebSocket server says to prove that it read this nonce (RFC 6455 section 4.2.2).
pub(crate) fn websocket_accept(key: &[u8]) -> String {
    const APPENDED: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    let proof = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, APPENDED].concat());
    terms::base64(proof.as_ref())
}

/// Whether an application's answer to such a handshake is one (RFC 6455 section 4.1): it
/// proves that it read the nonce as a WebSocket server does.
pub(crate) fn accepts_websocket(visit: &Visit, answer: &h1::Answer<'_>) -> bool {
    const ACCEPT: &str = "sec-websocket-accept";
    let expected = websocket_accept(websocket_key(visit).as_bytes());
    let mut said = answer
        .fields
        .iter()
        .filter(|field| field.name.eq_ignore_ascii_case(ACCEPT));
    let first = said.next().map(|field| field.value);
    first == Some(expected.as_bytes()) && said.next().is_none()
}

/// The client's address: that of the connection was made into text once.
fn write_client(visit: &Visit, facts: &Facts, out: &mut Vec<u8>) {
    if visit.client == facts.client {
        out.extend_from_slice(facts.client_text.as_bytes());
    } else {
        let written = write!(out, "{}", visit.client);
        debug_assert!(written.is_ok(), "writing to memory can't fail");
    }
}

/// Field names that we write ourselves, folded: `_` and `.` count as `-`, since servers
/// that put headers into environment variables can't tell them apart (CVE-2026-39858
/// and its kin).
pub(crate) fn is_written_by_us(name: &str) -> bool {
    let is = |ours: &str| {
        let mut bytes = name.bytes().zip(ours.bytes());
        bytes.all(|(theirs, ours)| fold(theirs) == ours)
    };
    let known = match name.len() {
        4 => is("host"),
        6 => is("expect"),
        9 => is("forwarded") || is("x-real-ip"),
        11 => is("traceparent") || is("remote-user") || is("remote-name"),
        12 => is("x-request-id") || is("remote-email"),
        13 => is("remote-groups"),
        14 => is("content-length"),
        17 => is("transfer-encoding"),
        18 => is("waarborg-assertion") || is("waarborg-csp-nonce"),
        19 => is("waarborg-csrf-token"),
        _ => false,
    };
    known || (name.len() >= FORWARDED.len() && is(FORWARDED))
}

/// How the names begin of what proxies say of the client.
const FORWARDED: &str = "x-forwarded";

const fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b'.' => b'-',
        other => other.to_ascii_lowercase(),
    }
}

/// The beginnings of the names of our cookies: those that scripts can't read, and those
/// that they can.
const OUR_COOKIES: [&[u8]; 2] = [b"__host-http-waarborg", b"__host-waarborg"];

/// Writes a `Cookie` field without our own cookies. HTTP/2 may split the field; the
/// parts, wherever they stand, are joined again (RFC 9113 section 8.2.3). `end` is where
/// the line ends that was written before; 0 while there is none.
fn write_cookie(field: &Field<'_>, version: Version, end: &mut usize, out: &mut Vec<u8>) {
    let ours = field
        .value
        .windows(8)
        .any(|part| part.eq_ignore_ascii_case(b"waarborg"));
    let mark = out.len();
    let joins = version == Version::Http2 && *end > 0;
    out.extend_from_slice(if joins { b"; " } else { b"cookie: " });
    let start = out.len();
    if ours {
        let kept = field
            .value
            .split(|byte| *byte == b';')
            .filter(|pair| !is_our_cookie(pair));
        for pair in kept {
            if out.len() > start {
                out.extend_from_slice(b"; ");
            }
            out.extend_from_slice(pair.trim_ascii());
        }
    } else {
        out.extend_from_slice(field.value);
    }
    if out.len() == start {
        // Nothing but ours.
        out.truncate(mark);
    } else if joins {
        // Into the line that is there, before its end.
        let length = out.len() - mark;
        if let Some(tail) = out.get_mut(*end - 2..) {
            tail.rotate_right(length);
        }
        *end += length;
    } else {
        out.extend_from_slice(b"\r\n");
        *end = out.len();
    }
}

/// Whether a cookie pair bears our name, also behind spaces and quotes.
fn is_our_cookie(pair: &[u8]) -> bool {
    let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
    let skip = name
        .iter()
        .position(|byte| !matches!(byte, b' ' | b'\t' | b'"' | b'$'))
        .unwrap_or(name.len());
    let name = name.get(skip..).unwrap_or_default();
    OUR_COOKIES.iter().any(|ours| {
        let start = name.get(..ours.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(ours))
    })
}

/// Whether a `Set-Cookie` of the application uses one of our names.
pub(crate) fn sets_our_cookie(value: &[u8]) -> bool {
    is_our_cookie(value)
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn cookies(version: Version, fields: &[&str]) -> String {
        let mut out = b"a: b\r\n".to_vec();
        let mut written = 0;
        for value in fields {
            let field = Field {
                name: "cookie",
                value: value.as_bytes(),
                hop: false,
            };
            write_cookie(&field, version, &mut written, &mut out);
        }
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn our_cookies_stay_here_and_others_go_on() {
        let check = |value: &str, expected: &str| {
            assert_eq!(
                cookies(Version::Http11, &[value]),
                format!("a: b\r\n{expected}"),
                "{value}"
            );
        };
        check("a=1; b=2", "cookie: a=1; b=2\r\n");
        check("a=1; __Host-Http-waarborg=x; b=2", "cookie: a=1; b=2\r\n");
        check("__Host-Http-waarborg-device=x", "");
        check("a=1; __Host-waarborg-csrf=x", "cookie: a=1\r\n");
        check("__HOST-http-WaarBorg=x;b=2", "cookie: b=2\r\n");
        check("a=1;  \"__Host-Http-waarborg\"=x", "cookie: a=1\r\n");
        check("$__Host-Http-waarborg=x; b=2", "cookie: b=2\r\n");
        check("shop=waarborg", "cookie: shop=waarborg\r\n");
    }

    #[test]
    fn the_parts_of_a_split_field_are_joined_and_ours_leaves_no_trace() {
        let check = |fields: &[&str], expected: &str| {
            assert_eq!(
                cookies(Version::Http2, fields),
                format!("a: b\r\n{expected}"),
                "{fields:?}"
            );
        };
        check(&["a=1", "b=2"], "cookie: a=1; b=2\r\n");
        check(&["a=1", "__Host-Http-waarborg=x"], "cookie: a=1\r\n");
        check(
            &["__Host-Http-waarborg=x", "a=1", "b=2"],
            "cookie: a=1; b=2\r\n",
        );
        check(
            &["a=1", "__Host-Http-waarborg=x", "b=2"],
            "cookie: a=1; b=2\r\n",
        );
        check(&["__Host-Http-waarborg=x"], "");
    }

    proptest! {
        #[test]
        fn whatever_is_sent_ours_is_gone_and_the_rest_stays_in_one_head(
            fields in vec(vec("( |\"|\\$)*(__Host-Http-|__hOsT-hTTp-|__Host-|)(waarborg|Waarborg-x|a|)(=|\")?[b ]*", 0..4), 0..5),
            http2: bool,
        ) {
            let sent: Vec<_> = fields.iter().map(|pairs| pairs.join(";")).collect();
            let sent: Vec<_> = sent.iter().map(String::as_str).collect();
            let version = if http2 { Version::Http2 } else { Version::Http11 };
            let head = cookies(version, &sent);
            prop_assert!(head.ends_with("\r\n"));
            let mut lines = head.split_terminator("\r\n");
            prop_assert_eq!(lines.next(), Some("a: b"));
            let mut arrived = Vec::new();
            for line in lines {
                let value = line.strip_prefix("cookie: ");
                prop_assert!(value.is_some(), "{}", line);
                arrived.extend(value.unwrap_or_default().split(';').map(str::trim));
            }
            prop_assert!(!arrived.iter().any(|pair| is_our_cookie(pair.as_bytes())));
            let kept = fields.iter().flatten().map(|pair| pair.trim());
            let kept = kept.filter(|pair| !pair.is_empty() && !is_our_cookie(pair.as_bytes()));
            arrived.retain(|pair| !pair.is_empty());
            prop_assert_eq!(arrived, kept.collect::<Vec<_>>());
        }
    }

    #[test]
    fn parts_that_others_stand_between_are_joined_too() {
        let (mut out, mut end) = (Vec::new(), 0);
        for (name, value) in [
            ("cookie", "a=1"),
            ("x", "y"),
            ("cookie", "b=2"),
            ("cookie", "c=3"),
        ] {
            let field = Field {
                name,
                value: value.as_bytes(),
                hop: false,
            };
            if name == "cookie" {
                write_cookie(&field, Version::Http2, &mut end, &mut out);
            } else {
                write::field(&mut out, name, field.value);
            }
        }
        assert_eq!(out, b"cookie: a=1; b=2; c=3\r\nx: y\r\n");
    }

    #[test]
    fn names_of_ours_are_known_in_every_spelling() {
        for name in [
            "X-Forwarded-For",
            "x_forwarded_for",
            "X.Forwarded.Proto",
            "X-Forwarded",
            "Remote_User",
            "remote.user",
            "X-Request-Id",
            "Waarborg_Assertion",
            "Waarborg.Csrf_Token",
        ] {
            assert!(is_written_by_us(name), "{name}");
        }
        for name in ["x-forward", "remote-users", "accept", "x-request-ids"] {
            assert!(!is_written_by_us(name), "{name}");
        }
    }
}
