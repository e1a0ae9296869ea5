//! Heads and chunks as bytes, appended to a buffer without the machinery of `fmt`.
//!
//! Nothing is escaped or judged here: what comes in has passed [`crate::grammar`] or one
//! of the parsers, or is a constant. Debug builds assert it.

use std::num::NonZeroUsize;

use crate::{
    Field, Fields, class,
    fields::Stretch,
    grammar::{is_field_value, is_token},
};

/// `method SP target SP HTTP/1.1 CRLF`.
pub fn request_line(out: &mut Vec<u8>, method: &str, target: &str) {
    debug_assert!(is_token(method.as_bytes()), "a method is a token");
    debug_assert!(
        class::all(target.as_bytes(), class::QUERY),
        "a target has no spaces"
    );
    out.extend_from_slice(method.as_bytes());
    out.push(b' ');
    out.extend_from_slice(target.as_bytes());
    out.extend_from_slice(b" HTTP/1.1\r\n");
}

/// `HTTP/1.1 SP status SP reason CRLF`, the reason from the registry, empty if it isn't
/// there. `status` is 100 to 999.
pub fn status_line(out: &mut Vec<u8>, status: u16) {
    debug_assert!((100..1000).contains(&status), "a status has three digits");
    // The commonest in one piece.
    let line: &[u8] = match status {
        200 => b"HTTP/1.1 200 OK\r\n",
        204 => b"HTTP/1.1 204 No Content\r\n",
        302 => b"HTTP/1.1 302 Found\r\n",
        304 => b"HTTP/1.1 304 Not Modified\r\n",
        404 => b"HTTP/1.1 404 Not Found\r\n",
        _ => b"",
    };
    if !line.is_empty() {
        out.extend_from_slice(line);
        return;
    }
    out.extend_from_slice(b"HTTP/1.1 ");
    decimal(out, u64::from(status));
    out.push(b' ');
    out.extend_from_slice(reason(status).as_bytes());
    out.extend_from_slice(b"\r\n");
}

/// The registered reason phrase (RFC 9110 §15 and the IANA registry), or nothing.
pub const fn reason(status: u16) -> &'static str {
    match status {
        100 => "Continue",
        101 => "Switching Protocols",
        102 => "Processing",
        103 => "Early Hints",
        200 => "OK",
        201 => "Created",
        202 => "Accepted",
        203 => "Non-Authoritative Information",
        204 => "No Content",
        205 => "Reset Content",
        206 => "Partial Content",
        207 => "Multi-Status",
        208 => "Already Reported",
        226 => "IM Used",
        300 => "Multiple Choices",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        305 => "Use Proxy",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        400 => "Bad Request",
        401 => "Unauthorized",
        402 => "Payment Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        406 => "Not Acceptable",
        407 => "Proxy Authentication Required",
        408 => "Request Timeout",
        409 => "Conflict",
        410 => "Gone",
        411 => "Length Required",
        412 => "Precondition Failed",
        413 => "Content Too Large",
        414 => "URI Too Long",
        415 => "Unsupported Media Type",
        416 => "Range Not Satisfiable",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        422 => "Unprocessable Content",
        423 => "Locked",
        424 => "Failed Dependency",
        425 => "Too Early",
        426 => "Upgrade Required",
        428 => "Precondition Required",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        451 => "Unavailable For Legal Reasons",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        504 => "Gateway Timeout",
        505 => "HTTP Version Not Supported",
        506 => "Variant Also Negotiates",
        507 => "Insufficient Storage",
        508 => "Loop Detected",
        511 => "Network Authentication Required",
        _ => "",
    }
}

/// `name: value CRLF`.
// Where the name is a constant, half of the work is done when this is compiled.
#[inline(always)]
pub fn field(out: &mut Vec<u8>, name: &str, value: &[u8]) {
    debug_assert!(is_token(name.as_bytes()), "a field's name is a token");
    debug_assert!(is_field_value(value), "a field's value has no controls");
    out.reserve(name.len() + value.len() + 4);
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    out.extend_from_slice(value);
    out.extend_from_slice(b"\r\n");
}

/// `name: number CRLF`.
pub fn field_number(out: &mut Vec<u8>, name: &str, number: u64) {
    debug_assert!(is_token(name.as_bytes()), "a field's name is a token");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b": ");
    decimal(out, number);
    out.extend_from_slice(b"\r\n");
}

/// The fields that `keep` wants, in their order. Neighbours are copied in one piece, with
/// white space left out where there was more than one space; much faster than one by one.
///
/// Hop-by-hop fields aren't left out by themselves: `keep` says `!field.hop`.
pub fn fields<'a>(out: &mut Vec<u8>, fields: Fields<'a>, keep: impl FnMut(&Field<'a>) -> bool) {
    fields.stretches(keep, |stretch| match stretch {
        Stretch::Lines(lines) => out.extend_from_slice(lines),
        Stretch::Field(one) => field(out, one.name, one.value),
    });
}

/// The empty line after the fields.
pub fn end_of_head(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// The size line of a chunk of `len` bytes. A chunk of none would end the body: the type
/// forbids it.
pub fn chunk_head(out: &mut Vec<u8>, len: NonZeroUsize) {
    hex(out, len.get() as u64);
    out.extend_from_slice(b"\r\n");
}

/// What follows a chunk's data.
pub fn chunk_end(out: &mut Vec<u8>) {
    out.extend_from_slice(b"\r\n");
}

/// A whole chunk, or nothing if `data` is empty.
pub fn chunk(out: &mut Vec<u8>, data: &[u8]) {
    if let Some(len) = NonZeroUsize::new(data.len()) {
        chunk_head(out, len);
        out.extend_from_slice(data);
        chunk_end(out);
    }
}

/// The last chunk with its trailers, which ends the body. Names and values.
pub fn last_chunk<'a>(out: &mut Vec<u8>, trailers: impl IntoIterator<Item = (&'a str, &'a [u8])>) {
    out.extend_from_slice(b"0\r\n");
    for (name, value) in trailers {
        field(out, name, value);
    }
    out.extend_from_slice(b"\r\n");
}

/// A number in decimal digits.
pub fn decimal(out: &mut Vec<u8>, number: u64) {
    digits::<10>(out, number);
}

/// A number in lower-case hex digits.
pub fn hex(out: &mut Vec<u8>, number: u64) {
    digits::<16>(out, number);
}

fn digits<const BASE: u64>(out: &mut Vec<u8>, mut number: u64) {
    // 2^64 has 20 decimal digits.
    let mut digits = [b'0'; 20];
    let mut len = 0;
    for digit in digits.iter_mut().rev() {
        let value = (number % BASE) as u8;
        *digit = value + if value < 10 { b'0' } else { b'a' - 10 };
        number /= BASE;
        len += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - len..).unwrap_or_default());
}

#[cfg(test)]
mod tests;
