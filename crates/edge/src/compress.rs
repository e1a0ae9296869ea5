//! Compression of what the application sends plain: text, where the client takes it.
//!
//! Never of server-sent events, of parts (206), of what is encoded already, and of what a
//! `no-transform` forbids. By default never where secrets and input meet in one answer
//! (BREACH, CVE-2013-3587: the length of the compressed answer tells of the secret what the
//! attacker's guess has in common with it): a request with a cookie or credentials is
//! answered plain, unless for styles, scripts, images and fonts asked for without a query.
//!
//! What has come is passed on when no more is there: nothing waits in an encoder for an
//! application that thinks.

use std::rc::Rc;

use compression_codecs::{
    BrotliEncoder, EncodeV2, GzipEncoder, ZstdEncoder,
    brotli::params::EncoderParams,
    core::{
        Level,
        util::{PartialBuffer, WriteBuffer},
    },
    flate::params::FlateEncoderParams,
    zstd::params::CParameter,
};
use seam::snapshot::Compression;

use crate::{know::Visit, worker::Worker};

/// Answers shorter than this leave as they are, in bytes: they would hardly shrink.
const LEAST: u64 = 512;
/// Encoders of one worker at once: each takes up to a MiB. Beyond them answers leave plain.
const ENCODERS_MAX: u16 = 256;
/// Windows of the encoders, in bits: 256 KiB, for the sake of memory.
const WINDOW_BITS: u8 = 18;

/// A content coding (RFC 9110 section 8.4.1) that we write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Zstd,
    Brotli,
    Gzip,
}

impl Coding {
    /// Those we would rather write first.
    const ALL: [Self; 3] = [Self::Zstd, Self::Brotli, Self::Gzip];

    /// As it stands in fields.
    pub(crate) const fn token(self) -> &'static str {
        match self {
            Self::Zstd => "zstd",
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// The one that a client takes best (RFC 9110 section 12.5.3).
    pub(crate) fn accepted(field: &[u8]) -> Option<Self> {
        let mut best: Option<(u16, Self)> = None;
        for entry in field.split(|byte| *byte == b',') {
            let mut parts = entry.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
            let token = parts.next().unwrap_or_default();
            let coding = Self::ALL
                .into_iter()
                .find(|coding| token.eq_ignore_ascii_case(coding.token().as_bytes()));
            let (Some(coding), Some(weight)) = (coding, weight(parts.next())) else {
                continue;
            };
            let better = best.is_none_or(|(known, other)| {
                weight > known || (weight == known && (coding as u8) < other as u8)
            });
            if weight > 0 && better {
                best = Some((weight, coding));
            }
        }
        best.map(|(_, coding)| coding)
    }
}

/// A weight in thousandths; `None` where it is malformed.
fn weight(parameter: Option<&[u8]>) -> Option<u16> {
    let Some(parameter) = parameter else {
        return Some(1000);
    };
    let (name, value) = parameter.split_at_checked(2)?;
    if !name.eq_ignore_ascii_case(b"q=") {
        return None;
    }
    let text = std::str::from_utf8(value).ok()?;
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if !matches!(whole, "0" | "1") || part.len() > 3 || !part.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let thousandths = format!("{part:0<3}").parse::<u16>().ok()?;
    Some(whole.parse::<u16>().ok()? * 1000 + thousandths).filter(|weight| *weight <= 1000)
}

/// What is to be done with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It leaves as it is, to everyone.
    Plain,
    /// It leaves as it is, but another client might get it compressed.
    PlainHere,
    /// It leaves compressed.
    Compressed(Coding),
}

/// Judges the application's answer to a visit.
fn judge(visit: &Visit, answer: &h1::Answer<'_>) -> Verdict {
    let Some(site) = visit.site() else {
        return Verdict::Plain;
    };
    let long = match answer.framing {
        h1::Framing::Length(length) => length >= LEAST,
        h1::Framing::Chunked | h1::Framing::UntilClose => true,
        h1::Framing::None => false,
    };
    // Of HEAD and of what the client has already (304) only the fields tell, and those are
    // to be as for the whole.
    let fields_only = answer.framing == h1::Framing::None;
    let whole = !matches!(answer.status, ..200 | 204 | 206);
    if site.compression == Compression::Off || !(long || fields_only) || !whole {
        return Verdict::Plain;
    }
    let mut kind = if answer.status == 304 {
        Kind::Text
    } else {
        Kind::Other
    };
    for field in answer.fields.iter() {
        let is = |known: &str| field.name.eq_ignore_ascii_case(known);
        match field.name.len() {
            12 if is("content-type") => kind = Kind::of(field.value),
            13 if is("cache-control") && forbids(field.value) => return Verdict::Plain,
            13 if is("content-range") => return Verdict::Plain,
            16 if is("content-encoding") => return Verdict::Plain,
            _ => {}
        }
    }
    let safe = match kind {
        Kind::Other => return Verdict::Plain,
        Kind::Asset => !(visit.credentials && visit.query),
        Kind::Text => !visit.credentials,
    };
    // Read only here: most answers are decided before.
    match Coding::accepted(visit.notes.encoding()) {
        _ if fields_only => Verdict::PlainHere,
        Some(coding) if safe || site.compression == Compression::All => Verdict::Compressed(coding),
        _ => Verdict::PlainHere,
    }
}

/// Judges an answer and makes its encoder; where there is none left it leaves as it is.
pub(crate) fn begin(
    visit: &Visit,
    answer: &h1::Answer<'_>,
    worker: &Rc<Worker>,
) -> (Verdict, Option<Encoder>) {
    match judge(visit, answer) {
        Verdict::Compressed(coding) => match Encoder::new(coding, worker) {
            Some(encoder) => (Verdict::Compressed(coding), Some(encoder)),
            None => (Verdict::PlainHere, None),
        },
        plain => (plain, None),
    }
}

/// Whether `Cache-Control` says `no-transform` (RFC 9111 section 5.2.2.6).
fn forbids(value: &[u8]) -> bool {
    value
        .split(|byte| *byte == b',')
        .any(|directive| directive.trim_ascii().eq_ignore_ascii_case(b"no-transform"))
}

/// What a media type means for compression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Doesn't shrink, or must not wait.
    Other,
    /// Text that a person's data may stand in.
    Text,
    /// Text that is the same for everyone.
    Asset,
}

impl Kind {
    fn of(content_type: &[u8]) -> Self {
        const ASSETS: [&str; 8] = [
            "text/css",
            "text/javascript",
            "application/javascript",
            "application/wasm",
            "image/svg+xml",
            "font/ttf",
            "font/otf",
            "application/manifest+json",
        ];
        let bare = content_type.split(|byte| *byte == b';').next();
        let bare = bare.unwrap_or_default().trim_ascii();
        let is = |known: &str| bare.eq_ignore_ascii_case(known.as_bytes());
        let begins = |with: &[u8]| {
            bare.get(..with.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(with))
        };
        let ends = |with: &[u8]| {
            let from = bare.len().saturating_sub(with.len());
            bare.get(from..)
                .is_some_and(|end| end.eq_ignore_ascii_case(with))
        };
        if ASSETS.iter().any(|asset| is(asset)) {
            Self::Asset
        } else if is("text/event-stream") {
            Self::Other
        } else if begins(b"text/")
            || is("application/json")
            || is("application/xml")
            || ends(b"+json")
            || ends(b"+xml")
        {
            Self::Text
        } else {
            Self::Other
        }
    }
}

/// One answer on its way through an encoder.
pub(crate) struct Encoder {
    codec: Box<dyn EncodeV2>,
    /// Bytes went in that may not have come out.
    holds: bool,
    broken: bool,
    worker: Rc<Worker>,
}

impl Drop for Encoder {
    fn drop(&mut self) {
        let others = self.worker.encoders.get();
        self.worker.encoders.set(others.saturating_sub(1));
    }
}

impl Encoder {
    /// `None` where the worker has as many as it may.
    pub(crate) fn new(coding: Coding, worker: &Rc<Worker>) -> Option<Self> {
        let others = worker.encoders.get();
        if others >= ENCODERS_MAX {
            return None;
        }
        worker.encoders.set(others + 1);
        let codec: Box<dyn EncodeV2> = match coding {
            Coding::Gzip => Box::new(GzipEncoder::new(FlateEncoderParams::from(Level::Precise(
                5,
            )))),
            Coding::Brotli => Box::new(BrotliEncoder::new(
                EncoderParams::default()
                    .quality(Level::Precise(4))
                    .window_size(i32::from(WINDOW_BITS)),
            )),
            Coding::Zstd => Box::new(ZstdEncoder::new_with_params(
                3,
                &[CParameter::window_log(u32::from(WINDOW_BITS))],
            )),
        };
        Some(Self {
            codec,
            holds: false,
            broken: false,
            worker: worker.clone(),
        })
    }

    /// Whether it failed: what it wrote since can't be read.
    pub(crate) const fn is_broken(&self) -> bool {
        self.broken
    }

    /// Takes bytes in; what comes out is appended.
    pub(crate) fn encode(&mut self, data: &[u8], out: &mut Vec<u8>) {
        let mut input = PartialBuffer::new(data);
        self.holds = true;
        while !input.unwritten().is_empty() && !self.broken {
            self.step(out, |codec, room| {
                codec.encode(&mut input, room).map(|()| true)
            });
        }
    }

    /// Lets out all that went in. `false` where there was nothing.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) -> bool {
        let held = std::mem::take(&mut self.holds);
        while held && !self.step(out, |codec, room| codec.flush(room)) {}
        held
    }

    /// Ends the stream.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        while !self.step(out, |codec, room| codec.finish(room)) {}
    }

    /// One call of the codec, with room for its output; `true` when it is done.
    fn step(
        &mut self,
        out: &mut Vec<u8>,
        call: impl FnOnce(&mut dyn EncodeV2, &mut WriteBuffer<'_>) -> std::io::Result<bool>,
    ) -> bool {
        let mut space = [0; 8192];
        let mut room = WriteBuffer::new_initialized(&mut space);
        let done = call(&mut *self.codec, &mut room);
        out.extend_from_slice(room.written());
        self.broken |= done.is_err();
        done.unwrap_or(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_coding_that_a_client_takes_best_is_chosen() {
        let check = |field: &str, expected| {
            assert_eq!(Coding::accepted(field.as_bytes()), expected, "{field}");
        };
        check("gzip, deflate, br, zstd", Some(Coding::Zstd));
        check("gzip, deflate, br", Some(Coding::Brotli));
        check("GZIP", Some(Coding::Gzip));
        check("gzip;q=1.0, br;q=0.5", Some(Coding::Gzip));
        check("gzip;q=0.1 , br ; q=0.25", Some(Coding::Brotli));
        check("gzip;q=0", None);
        check("gzip;q=0.000, br;q=0.001", Some(Coding::Brotli));
        check("gzip;q=1.001", None);
        check("gzip;q=2", None);
        check("gzip;q=", None);
        check("gzip;level=9", None);
        check("identity, *", None);
        check("deflate", None);
        check("", None);
    }

    #[test]
    fn types_are_told_apart() {
        let check =
            |kind: &str, expected| assert_eq!(Kind::of(kind.as_bytes()), expected, "{kind}");
        check("text/html; charset=utf-8", Kind::Text);
        check("Text/Plain", Kind::Text);
        check("application/json", Kind::Text);
        check("application/problem+json", Kind::Text);
        check("application/atom+xml;x=y", Kind::Text);
        check("text/css", Kind::Asset);
        check("image/svg+xml", Kind::Asset);
        check("text/event-stream", Kind::Other);
        check("image/png", Kind::Other);
        check("application/octet-stream", Kind::Other);
        check("", Kind::Other);
    }
}
