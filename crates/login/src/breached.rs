//! Passwords that have leaked: looked up offline, so nobody learns what is looked up.
//!
//! Embedded are the ten thousand commonest. A filter file, built by [`build`] from a list
//! of SHA-1 hashes (Pwned Passwords) or of passwords, holds as many as there are.
//!
//! The file is a Golomb-coded set: hashes mapped in order onto a range of keys ×
//! 2^`precision`, and of those numbers the differences, Rice-coded. It takes `precision`
//! and about one and a half bits a key, within a tenth of the least there is; it is
//! written in one stream from a sorted list; a look-up reads some twenty index entries and
//! one block of a few hundred bytes, so the file needn't be in memory. (A fuse filter
//! answers sooner, and needs all keys in memory, several GB, to be built.) A password that
//! isn't in the list is taken for one that is with probability 2^-`precision`: one in 1,024
//! by default. None that is in it is missed.
//!
//! ```text
//! "WAARBRCH"  version u16  precision u16  block u32  keys u64         header, little-endian
//! Rice codes, each block from a byte's start                          codes
//! (first number u64, offset u64) of each block                        index
//! length of codes u64, blocks u64, SHA-256 of all before it           trailer
//! ```

use std::{
    fs::File,
    io::{self, Read as _},
    os::unix::fs::FileExt as _,
    path::Path,
};

use aws_lc_rs::digest::{self, SHA1_FOR_LEGACY_USE_ONLY, SHA256};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::password::Given;

mod build;
mod rice;

pub use build::{BuildError, Built, PRECISION, build};
use rice::Reader;

/// The ten thousand commonest passwords of at least six characters, one a line, sorted.
///
/// From the list that zxcvbn brings (its crate, version 3.1.1, MIT licence).
const COMMONEST: &str = include_str!("words/commonest.txt");

const MAGIC: &[u8; 8] = b"WAARBRCH";
const VERSION: u16 = 1;
/// Keys per block: what a look-up decodes at most.
const BLOCK: u32 = 256;
const HEADER: u64 = 24;
const ENTRY: u64 = 16;
const TRAILER: u64 = 48;
/// No block of honest codes is longer.
const BLOCK_BYTES_MAX: u64 = 64 * 1024;

/// Passwords that have leaked.
#[derive(Debug)]
pub struct Breached(Source);

#[derive(Debug)]
enum Source {
    Commonest,
    Filter(Filter),
}

/// An open filter file.
#[derive(Debug)]
struct Filter {
    file: File,
    range: u64,
    precision: u32,
    keys: u64,
    codes: u64,
    blocks: u64,
}

/// Why a file isn't a filter.
#[derive(Debug, Error)]
pub enum OpenError {
    /// It can't be read.
    #[error("the filter can't be read")]
    Io(#[from] io::Error),
    /// Something else.
    #[error("this is no filter of leaked passwords: build one from a list of hashes")]
    NotAFilter,
    /// Another version's.
    #[error("a filter of format {0}, and this version reads {VERSION}: build it again")]
    Version(u16),
    /// Cut off or changed.
    #[error("the filter is damaged ({0}): build or copy it again")]
    Damaged(&'static str),
}

/// A filter that could be opened and can't be read now.
#[derive(Debug, Error)]
pub enum LookUpError {
    /// The file.
    #[error("the filter of leaked passwords can't be read")]
    Io(#[from] io::Error),
    /// Its content.
    #[error("the filter of leaked passwords has changed since it was opened")]
    Damaged,
}

impl Breached {
    /// The ten thousand commonest, embedded.
    pub const fn commonest() -> Self {
        Self(Source::Commonest)
    }

    /// Opens a filter file, and reads it through once for its checksum.
    ///
    /// # Errors
    /// When it isn't whole, or isn't a filter.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Filter::open(File::open(path)?).map(|filter| Self(Source::Filter(filter)))
    }

    /// How many passwords it holds.
    pub fn len(&self) -> u64 {
        match &self.0 {
            Source::Commonest => COMMONEST.lines().map(|_| 1).sum(),
            Source::Filter(filter) => filter.keys,
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether this password has leaked; rarely also when it hasn't, as the file says.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn holds(&self, given: &Given) -> Result<bool, LookUpError> {
        match &self.0 {
            // `Password1` is as common as `password1`.
            Source::Commonest => {
                let lower = Zeroizing::new(given.text().to_lowercase());
                Ok(is_common(&lower))
            }
            Source::Filter(filter) => filter.holds(key(given.text().as_bytes())),
        }
    }
}

/// By halves: the lines are sorted by their bytes.
fn is_common(word: &str) -> bool {
    let (mut low, mut high) = (0, COMMONEST.len());
    while low < high {
        let middle = usize::midpoint(low, high);
        let before = COMMONEST.get(low..middle).unwrap_or_default();
        let begin = before.rfind('\n').map_or(low, |at| low + at + 1);
        let rest = COMMONEST.get(begin..high).unwrap_or_default();
        let line = rest.split('\n').next().unwrap_or_default();
        match word.cmp(line) {
            std::cmp::Ordering::Equal => return !line.is_empty(),
            std::cmp::Ordering::Less => high = begin,
            std::cmp::Ordering::Greater => low = begin + line.len() + 1,
        }
    }
    false
}

/// The first eight bytes of the SHA-1: in the order in which hashes are sorted.
fn key(password: &[u8]) -> u64 {
    let hash = digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, password);
    let first = hash.as_ref().first_chunk::<8>();
    first.map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// A key on a smaller range, in the same order.
fn on_range(key: u64, range: u64) -> u64 {
    let [high, _] = halves(u128::from(key) * u128::from(range));
    high
}

const fn halves(wide: u128) -> [u64; 2] {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = wide.to_be_bytes();
    [
        u64::from_be_bytes([a, b, c, d, e, f, g, h]),
        u64::from_be_bytes([i, j, k, l, m, n, o, p]),
    ]
}

/// The range of so many keys at this precision.
fn range(keys: u64, precision: u32) -> Option<u64> {
    let range = keys.checked_mul(1_u64.checked_shl(precision)?)?;
    (precision <= build::PRECISION_MAX).then_some(range)
}

impl Filter {
    fn open(mut file: File) -> Result<Self, OpenError> {
        let length = file.metadata()?.len();
        let mut header = [0; 24];
        if length < HEADER + TRAILER {
            return Err(OpenError::NotAFilter);
        }
        file.read_exact_at(&mut header, 0)?;
        let [
            magic @ ..,
            v0,
            v1,
            p0,
            p1,
            b0,
            b1,
            b2,
            b3,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
            _,
        ] = header;
        if magic != *MAGIC {
            return Err(OpenError::NotAFilter);
        }
        let version = u16::from_le_bytes([v0, v1]);
        if version != VERSION {
            return Err(OpenError::Version(version));
        }
        let [.., k0, k1, k2, k3, k4, k5, k6, k7] = header;
        let keys = u64::from_le_bytes([k0, k1, k2, k3, k4, k5, k6, k7]);
        let precision = u32::from(u16::from_le_bytes([p0, p1]));
        let range = range(keys, precision).ok_or(OpenError::Damaged("precision"))?;
        if u32::from_le_bytes([b0, b1, b2, b3]) != BLOCK {
            return Err(OpenError::Damaged("block"));
        }
        let codes = word_at(&file, length - TRAILER)?;
        let blocks = word_at(&file, length - TRAILER + 8)?;
        let expected = blocks
            .checked_mul(ENTRY)
            .and_then(|index| index.checked_add(codes))
            .and_then(|body| body.checked_add(HEADER + TRAILER));
        if expected != Some(length) || blocks != keys.div_ceil(u64::from(BLOCK)) {
            return Err(OpenError::Damaged("length"));
        }
        let mut stated = [0; 32];
        file.read_exact_at(&mut stated, length - 32)?;
        let mut sum = digest::Context::new(&SHA256);
        let mut rest = length - 32;
        let mut buffer = vec![0; 1 << 16];
        while 0 < rest {
            let wanted = usize::try_from(rest)
                .unwrap_or(usize::MAX)
                .min(buffer.len());
            let (part, _) = buffer.split_at_mut(wanted);
            file.read_exact(part)?;
            sum.update(part);
            rest -= u64::try_from(wanted).unwrap_or(rest);
        }
        if sum.finish().as_ref() != stated {
            return Err(OpenError::Damaged("checksum"));
        }
        Ok(Self {
            file,
            range,
            precision,
            keys,
            codes,
            blocks,
        })
    }

    fn holds(&self, key: u64) -> Result<bool, LookUpError> {
        let wanted = on_range(key, self.range);
        // The last block that begins at or before it.
        let (mut low, mut high) = (0, self.blocks);
        while low < high {
            let middle = u64::midpoint(low, high);
            if self.entry(middle)?.0 <= wanted {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let Some(block) = low.checked_sub(1) else {
            return Ok(false);
        };
        let (first, begin) = self.entry(block)?;
        let end = if low == self.blocks {
            self.codes
        } else {
            self.entry(low)?.1
        };
        let length = end
            .checked_sub(begin)
            .filter(|length| *length <= BLOCK_BYTES_MAX);
        let length = length.and_then(|length| usize::try_from(length).ok());
        let mut codes = vec![0; length.ok_or(LookUpError::Damaged)?];
        self.file.read_exact_at(&mut codes, HEADER + begin)?;
        let mut reader = Reader::new(&codes, self.precision);
        let mut number = first;
        for _ in 1..BLOCK {
            if wanted <= number {
                break;
            }
            // The last block has fewer.
            let Some(step) = reader.next() else { break };
            number = number.saturating_add(step);
        }
        Ok(number == wanted)
    }

    /// The first number of a block, and where its codes begin.
    fn entry(&self, block: u64) -> io::Result<(u64, u64)> {
        let at = HEADER + self.codes + block * ENTRY;
        Ok((word_at(&self.file, at)?, word_at(&self.file, at + 8)?))
    }
}

fn word_at(file: &File, at: u64) -> io::Result<u64> {
    let mut bytes = [0; 8];
    file.read_exact_at(&mut bytes, at)?;
    Ok(u64::from_le_bytes(bytes))
}

#[cfg(test)]
mod tests;
