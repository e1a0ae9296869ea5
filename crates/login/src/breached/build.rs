//! Building a filter file from a list, sorted or not, in bounded memory.

use std::io::{self, BufRead, Read as _, Seek, SeekFrom, Write};

use aws_lc_rs::digest::{Context, SHA256};
use thiserror::Error;

use super::{BLOCK, MAGIC, VERSION, key, on_range, range, rice::Writer};

/// One honest password in 2^10 is taken for a leaked one.
pub const PRECISION: u32 = 10;
/// The finest that is built.
pub(super) const PRECISION_MAX: u32 = 32;
/// As many keys are sorted in memory (128 MiB). A longer list must be sorted already, as
/// Pwned Passwords' by hash is.
const SORTED_HERE: usize = 16 << 20;
/// The longest line.
const LINE_MAX: u64 = 4096;
/// Progress is told every so many lines.
const TOLD_EVERY: u64 = 1 << 20;

/// Why no filter was built.
#[derive(Debug, Error)]
pub enum BuildError {
    /// Reading or writing failed.
    #[error("reading the list or writing the filter failed")]
    Io(#[from] io::Error),
    /// Among hashes stands a line that is none.
    #[error("line {line}: expected 40 hexadecimal digits, and perhaps a colon and a count")]
    NotAHash {
        /// Its number, from 1.
        line: u64,
    },
    /// A line is too long.
    #[error("line {line}: longer than {LINE_MAX} bytes")]
    LineTooLong {
        /// Its number, from 1.
        line: u64,
    },
    /// Too long a list to be sorted here.
    #[error(
        "line {line}: out of order; a list of more than {SORTED_HERE} lines must be one of hashes, sorted (LC_ALL=C sort)"
    )]
    OutOfOrder {
        /// The first line that is.
        line: u64,
    },
    /// Nothing in it.
    #[error("the list is empty")]
    Empty,
    /// The list changed while it was read.
    #[error("the list changed while it was read")]
    Changed,
    /// A precision that isn't built.
    #[error("a precision of {0}: it is 1 to {PRECISION_MAX}")]
    Precision(u32),
}

/// What was built.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Built {
    /// Passwords in the filter, equal ones once.
    pub keys: u64,
    /// Bytes written.
    pub bytes: u64,
}

/// What a list consists of, as its first line shows.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Hashes,
    Passwords,
}

/// Builds a filter from `list`: lines of `SHA1HEX:count` or `SHA1HEX`, or passwords.
/// LF or CRLF; empty lines don't count. `progress` hears how many lines were read.
///
/// # Errors
/// When the list isn't one; what was written until then is no filter.
pub fn build(
    list: &mut (impl BufRead + Seek),
    filter: &mut impl Write,
    precision: u32,
    progress: &mut dyn FnMut(u64),
) -> Result<Built, BuildError> {
    if precision == 0 || PRECISION_MAX < precision {
        return Err(BuildError::Precision(precision));
    }
    let mut kept = Some(Vec::new());
    let (mut keys, mut last, mut disorder) = (0_u64, 0, None);
    each(list, progress, &mut |line, key| {
        if keys == 0 || last != key {
            keys += 1;
        }
        if key < last && disorder.is_none() {
            disorder = Some(line);
        }
        last = key;
        kept = kept.take().filter(|kept| kept.len() < SORTED_HERE);
        if let Some(kept) = &mut kept {
            kept.push(key);
        }
        Ok(())
    })?;
    match (kept, disorder) {
        _ if keys == 0 => Err(BuildError::Empty),
        (Some(mut kept), _) => {
            kept.sort_unstable();
            kept.dedup();
            let keys = u64::try_from(kept.len()).unwrap_or(u64::MAX);
            let mut out = Output::begin(filter, keys, precision)?;
            for key in kept {
                out.push(key)?;
            }
            out.end()
        }
        (None, Some(line)) => Err(BuildError::OutOfOrder { line }),
        (None, None) => {
            list.seek(SeekFrom::Start(0))?;
            let mut out = Output::begin(filter, keys, precision)?;
            let mut before = None;
            each(list, progress, &mut |_, key| {
                if before.is_some_and(|before| key < before) {
                    return Err(BuildError::Changed);
                }
                if before.replace(key) != Some(key) {
                    out.push(key)?;
                }
                Ok(())
            })?;
            out.end()
        }
    }
}

/// Every line's key.
fn each(
    list: &mut impl BufRead,
    progress: &mut dyn FnMut(u64),
    take: &mut dyn FnMut(u64, u64) -> Result<(), BuildError>,
) -> Result<(), BuildError> {
    let (mut bytes, mut number, mut kind) = (Vec::new(), 0, None);
    loop {
        bytes.clear();
        number += 1;
        let read = list
            .by_ref()
            .take(LINE_MAX + 1)
            .read_until(b'\n', &mut bytes)?;
        if read == 0 {
            return Ok(());
        }
        if number % TOLD_EVERY == 0 {
            progress(number);
        }
        let mut line = bytes.as_slice();
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        match line.strip_suffix(b"\n") {
            Some(rest) => line = rest.strip_suffix(b"\r").unwrap_or(rest),
            None if LINE_MAX < u64::try_from(read).unwrap_or(u64::MAX) => {
                return Err(BuildError::LineTooLong { line: number });
            }
            None => {}
        }
        if line.is_empty() {
            continue;
        }
        let hash = hash_key(line);
        let of_kind = *kind.get_or_insert(match hash {
            Some(_) => Kind::Hashes,
            None => Kind::Passwords,
        });
        let key = match of_kind {
            Kind::Hashes => hash.ok_or(BuildError::NotAHash { line: number })?,
            Kind::Passwords => key(line),
        };
        take(number, key)?;
    }
}

/// The key of `SHA1HEX` or `SHA1HEX:count`.
fn hash_key(line: &[u8]) -> Option<u64> {
    let (hash, count) = line.split_at_checked(40)?;
    let counted = match count {
        [] => true,
        [b':', digits @ ..] => !digits.is_empty() && digits.iter().all(u8::is_ascii_digit),
        _ => false,
    };
    if !counted || !hash.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let first = std::str::from_utf8(hash).ok()?.get(..16)?;
    u64::from_str_radix(first, 16).ok()
}

/// A filter on its way out: header, codes, index, trailer.
struct Output<'a, W> {
    to: &'a mut W,
    sum: Context,
    written: u64,
    codes: u64,
    keys: u64,
    pushed: u64,
    range: u64,
    last: u64,
    writer: Writer,
    /// 16 bytes for every block of keys: an eighth of a byte a key, until the end.
    index: Vec<u8>,
}

impl<'a, W: Write> Output<'a, W> {
    fn begin(to: &'a mut W, keys: u64, precision: u32) -> Result<Self, BuildError> {
        let range = range(keys, precision).ok_or(BuildError::Precision(precision))?;
        let mut out = Self {
            to,
            sum: Context::new(&SHA256),
            written: 0,
            codes: 0,
            keys,
            pushed: 0,
            range,
            last: 0,
            writer: Writer::new(precision),
            index: Vec::new(),
        };
        let precision = u16::try_from(precision).unwrap_or(u16::MAX);
        out.write(MAGIC)?;
        out.write(&VERSION.to_le_bytes())?;
        out.write(&precision.to_le_bytes())?;
        out.write(&BLOCK.to_le_bytes())?;
        out.write(&keys.to_le_bytes())?;
        Ok(out)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sum.update(bytes);
        self.written += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.to.write_all(bytes)
    }

    /// Keys come in order.
    fn push(&mut self, key: u64) -> Result<(), BuildError> {
        let number = on_range(key, self.range);
        if self.pushed.is_multiple_of(u64::from(BLOCK)) {
            self.end_block()?;
            self.index.extend(number.to_le_bytes());
            self.index.extend(self.codes.to_le_bytes());
        } else {
            self.writer.push(number - self.last);
        }
        self.last = number;
        self.pushed += 1;
        Ok(())
    }

    fn end_block(&mut self) -> Result<(), BuildError> {
        let bytes = self.writer.take();
        self.codes += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        Ok(self.write(&bytes)?)
    }

    fn end(mut self) -> Result<Built, BuildError> {
        if self.pushed != self.keys {
            return Err(BuildError::Changed);
        }
        self.end_block()?;
        let index = std::mem::take(&mut self.index);
        self.write(&index)?;
        let trailer = [self.codes, self.keys.div_ceil(u64::from(BLOCK))];
        for word in trailer {
            self.write(&word.to_le_bytes())?;
        }
        let sum = self.sum.finish();
        self.to.write_all(sum.as_ref())?;
        self.to.flush()?;
        Ok(Built {
            keys: self.keys,
            bytes: self.written + 32,
        })
    }
}
