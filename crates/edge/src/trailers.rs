//! Trailer sections on their way (RFC 9110 section 6.5).
//!
//! None holds a field that frames, routes, authenticates or describes the content: such a
//! section is refused, whichever protocol brought it. Names that the application trusts
//! only from us are left out of what clients send.

use h1::{BodyDecoder, Limits, grammar, write};
use seam::Refusal;

use crate::{forward::is_written_by_us, read::refused};

/// The trailers of an answer.
pub(crate) fn of_answer(body: &BodyDecoder) -> impl Iterator<Item = (&str, &[u8])> {
    body.trailers()
        .iter()
        .map(|field| (field.name, field.value))
}

/// The trailers of a request of HTTP/1 that go on.
pub(crate) fn of_request(upload: &BodyDecoder) -> impl Iterator<Item = (&str, &[u8])> {
    of_answer(upload).filter(|(name, _)| !is_written_by_us(name))
}

/// Those of a request of HTTP/2, as lines of HTTP/1. `over`: part of the section wasn't
/// kept.
pub(crate) fn lines(
    section: http2::Fields<'_>,
    over: bool,
    limits: &Limits,
) -> Result<Vec<u8>, Refusal> {
    let mut lines = Vec::new();
    for (name, value) in section.iter() {
        grammar::judge_field(name, value).map_err(refused)?;
        if !grammar::is_trailer(name) {
            return Err(refused(h1::Refusal::Trailer));
        }
        // A token, as was judged: ASCII.
        let name = std::str::from_utf8(name).unwrap_or_default();
        if !is_written_by_us(name) {
            write::field(&mut lines, name, value);
        }
    }
    if over || lines.len() > limits.trailers {
        return Err(refused(h1::Refusal::TrailersTooLarge));
    }
    Ok(lines)
}

/// The last chunk, with trailers that are lines already.
pub(crate) fn last_chunk(out: &mut Vec<u8>, lines: &[u8]) {
    out.extend_from_slice(b"0\r\n");
    out.extend_from_slice(lines);
    out.extend_from_slice(b"\r\n");
}
