//! Bodies: by length, in chunks with trailers, or up to the connection's end.
//!
//! RFC 9112 §6, §7 and §8. Chunk extensions are read over and never handed out.

use std::ops::Range;

use crate::{
    Fields, Framing, Limits, Refusal, class,
    fields::{Section, Step, cap, whole_text},
    grammar,
};

/// How many times [`Limits::chunk_line`] all extensions of one body may take together:
/// a client that wraps each byte in an extension wastes more of our time than its own.
const EXTENSIONS_FACTOR: usize = 64;

/// Inside a body, by what comes next:
///
/// ```text
/// Size ─[";"▶ Extension]─▶ SizeLf ─┬─▶ Data ─▶ DataCr ─▶ DataLf ─▶ Size
///                                  └─ size 0 ─▶ Last ─┬─▶ LastLf ─▶ Done
///                                                     └─▶ Trailers ─▶ Done
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Exactly(u64),
    Everything,
    Size,
    Extension,
    SizeLf,
    Data(u64),
    DataCr,
    DataLf,
    Last,
    LastLf,
    Trailers,
    Done,
    Refused(Refusal),
}

/// The trailer section is kept, since the caller's buffer has moved on when it ends.
#[derive(Debug)]
struct Trailers {
    section: Section,
    bytes: Vec<u8>,
}

/// Finds the data in a body's bytes. Allocates only when there are trailers.
#[derive(Debug)]
pub struct BodyDecoder {
    phase: Phase,
    limits: Limits,
    /// Of the chunk whose size line is being read.
    size: u64,
    /// Digits of the size so far: at most 16, so `size` can't overflow.
    digits: usize,
    /// Bytes of the size line so far.
    line: usize,
    /// Bytes of all extensions so far.
    extensions: usize,
    trailers: Option<Box<Trailers>>,
}

/// What one call found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decoded {
    /// How many bytes were read; the next call begins behind them.
    pub consumed: usize,
    /// Where in the bytes given the data is; may be empty.
    pub data: Range<usize>,
    /// Whether the body has ended. What follows belongs to the next message.
    pub done: bool,
}

impl BodyDecoder {
    /// For the body of a head that was read with `limits`.
    pub fn new(framing: Framing, limits: &Limits) -> Self {
        let phase = match framing {
            Framing::None | Framing::Length(0) => Phase::Done,
            Framing::Length(length) => Phase::Exactly(length),
            Framing::Chunked => Phase::Size,
            Framing::UntilClose => Phase::Everything,
        };
        Self {
            phase,
            limits: *limits,
            size: 0,
            digits: 0,
            line: 0,
            extensions: 0,
            trailers: None,
        }
    }

    /// Reads from the start of `bytes`, up to the end of one run of data and over whatever
    /// framing is around it. Call it again with what wasn't consumed, until it is done or
    /// consumes nothing: then more input is needed. Cutting the input differently cuts the
    /// data differently, nothing else.
    ///
    /// # Errors
    /// The reason to refuse it; a second call says the same. Data handed out before is
    /// part of a message that is now known to be malformed.
    pub fn decode(&mut self, bytes: &[u8]) -> Result<Decoded, Refusal> {
        let decoded = self.advance(bytes);
        if let Err(refusal) = decoded {
            self.phase = Phase::Refused(refusal);
        }
        decoded
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<Decoded, Refusal> {
        let mut at = 0;
        let mut data = 0..0;
        loop {
            match self.phase {
                Phase::Done => {
                    return Ok(Decoded {
                        consumed: at,
                        data,
                        done: true,
                    });
                }
                Phase::Refused(refusal) => return Err(refusal),
                Phase::Everything => {
                    return Ok(Decoded {
                        consumed: bytes.len(),
                        data: 0..bytes.len(),
                        done: false,
                    });
                }
                _ => {}
            }
            let Some(&byte) = bytes.get(at) else { break };
            match self.phase {
                Phase::Exactly(left) | Phase::Data(left) => {
                    if !data.is_empty() {
                        break;
                    }
                    let len = (bytes.len() - at).min(usize::try_from(left).unwrap_or(usize::MAX));
                    data = at..at + len;
                    at += len;
                    let left = left - len as u64;
                    self.phase = match self.phase {
                        Phase::Exactly(_) if left == 0 => Phase::Done,
                        Phase::Exactly(_) => Phase::Exactly(left),
                        _ if left == 0 => Phase::DataCr,
                        _ => Phase::Data(left),
                    };
                    continue;
                }
                Phase::Last if byte != b'\r' => {
                    self.phase = Phase::Trailers;
                    self.trailers = Some(Box::new(Trailers {
                        section: Section::new(),
                        bytes: Vec::new(),
                    }));
                    continue;
                }
                Phase::Trailers => {
                    at += self.read_trailers(bytes.get(at..).unwrap_or_default())?;
                    continue;
                }
                _ => {}
            }
            at += 1;
            self.phase = match (self.phase, byte) {
                (Phase::DataCr, b'\r') => Phase::DataLf,
                (Phase::DataLf, b'\n') => Phase::Size,
                (Phase::DataCr | Phase::DataLf, _) => return Err(Refusal::ChunkEnd),
                (Phase::Last, _) => Phase::LastLf,
                (Phase::LastLf, b'\n') => Phase::Done,
                (Phase::LastLf, _) => return Err(Refusal::BareCr),
                (phase, byte) => self.size_line(phase, byte)?,
            };
        }
        Ok(Decoded {
            consumed: at,
            data,
            done: false,
        })
    }

    /// Takes one byte of a chunk's size line.
    #[inline]
    fn size_line(&mut self, phase: Phase, byte: u8) -> Result<Phase, Refusal> {
        self.line += 1;
        if self.line > self.limits.chunk_line {
            return Err(Refusal::ChunkLineTooLong);
        }
        let next = match (phase, byte) {
            (Phase::Size, b'\r') if self.digits > 0 => Phase::SizeLf,
            (Phase::Size, b';') if self.digits > 0 => Phase::Extension,
            (Phase::Size, b'\n') => return Err(Refusal::BareLf),
            (Phase::Size, _) => {
                let digit = char::from(byte).to_digit(16).ok_or(Refusal::ChunkSize)?;
                self.digits += 1;
                if self.digits > 16 {
                    return Err(Refusal::ChunkSize);
                }
                self.size = self.size << 4 | u64::from(digit);
                Phase::Size
            }
            (Phase::Extension, b'\r') => Phase::SizeLf,
            (Phase::Extension, b'\n') => return Err(Refusal::BareLf),
            (Phase::Extension, _) if class::is(byte, class::VALUE) => Phase::Extension,
            (Phase::Extension, _) => return Err(Refusal::ChunkExtension),
            (_, b'\n') => {
                let size = self.size;
                (self.size, self.digits, self.line) = (0, 0, 0);
                if size == 0 {
                    Phase::Last
                } else {
                    Phase::Data(size)
                }
            }
            _ => return Err(Refusal::BareCr),
        };
        if next == Phase::Extension {
            self.extensions += 1;
            if self.extensions > self.limits.chunk_line.saturating_mul(EXTENSIONS_FACTOR) {
                return Err(Refusal::ChunkLineTooLong);
            }
        }
        Ok(next)
    }

    /// Takes bytes of the trailer section; says how many.
    fn read_trailers(&mut self, bytes: &[u8]) -> Result<usize, Refusal> {
        let limits = self.limits;
        let head = cap(limits.trailers);
        let Some(trailers) = &mut self.trailers else {
            return Ok(bytes.len());
        };
        let Trailers {
            section,
            bytes: kept,
        } = &mut **trailers;
        let before = kept.len();
        let room = head.saturating_sub(before).min(bytes.len());
        kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        loop {
            let step = section
                .step(kept, &limits, head)
                .map_err(|refusal| match refusal {
                    Refusal::HeadTooLarge => Refusal::TrailersTooLarge,
                    other => other,
                })?;
            match step {
                Step::More => return Ok(room),
                Step::Field(line) if grammar::is_trailer(line.name.of(kept)) => section.push(line),
                Step::Field(_) => return Err(Refusal::Trailer),
                Step::End => {
                    kept.truncate(section.at);
                    self.phase = Phase::Done;
                    return Ok(section.at - before);
                }
            }
        }
    }

    /// Whether the body has ended by its own framing. Never for [`Framing::UntilClose`].
    pub fn is_done(&self) -> bool {
        self.phase == Phase::Done
    }

    /// Judges the end of the connection at this point.
    ///
    /// # Errors
    /// [`Refusal::Truncated`] if more of the body was announced; an earlier refusal again.
    pub fn at_end_of_input(&self) -> Result<(), Refusal> {
        match self.phase {
            Phase::Done | Phase::Everything => Ok(()),
            Phase::Refused(refusal) => Err(refusal),
            _ => Err(Refusal::Truncated),
        }
    }

    /// The trailers, once the body is done: none of them about framing, routing,
    /// authentication or the content's form (RFC 9110 §6.5.1), which are refused. Names
    /// that only the application trusts can be among them: forward none unasked.
    pub fn trailers(&self) -> Fields<'_> {
        match &self.trailers {
            Some(trailers) if self.phase == Phase::Done => trailers
                .section
                .view(&trailers.bytes, whole_text(&trailers.bytes)),
            _ => Fields::EMPTY,
        }
    }
}

#[cfg(test)]
mod tests;
