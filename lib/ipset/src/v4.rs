//! The IPv4 half: an index over the upper 16 bits leads to blocks of one cache line, which
//! hold eight entries: the lower 16 bits of their ends, and what is said of each. Index and
//! the first number of each block fit into a core's own caches, so that a look-up waits
//! for one line of the rest, whatever the set; and for none in a large set, if nothing in
//! the same /24 is covered.
//!
//! Ranges are cut where a /16 ends, at most 65,535 times in all, and each /16 has blocks
//! of its own. 8.25 bytes an entry, up to 64 more for each /16 that has any, 12 for each
//! range that was cut, 256 KiB of index, which an empty half doesn't have, and 2 MiB of
//! bits from [`LARGE`] blocks on.

use std::net::Ipv4Addr;

use crate::{
    Found, IpRange,
    sweep::Piece,
    touched::Touched,
    value::{Cut, Cuts, NOTHING, Value, count, is_first},
};

#[derive(Default)]
pub(crate) struct V4 {
    /// How many blocks come before those of each /16, and in all. Empty where there are
    /// none.
    index: Box<[u32]>,
    /// The first number of each block.
    firsts: Box<[u16]>,
    blocks: Box<[Block]>,
    touched: Touched,
    /// In the order of their first entries.
    cuts: Box<[Cut<u32>]>,
    /// How many ranges decide an address, and how many addresses are decided.
    ranges: usize,
    covered: u64,
}

/// Entries of a block.
const WIDTH: usize = 8;

/// Blocks from which on a set gains by [`Touched`]: less of them is cached anyway.
const LARGE: usize = 1 << 14;

/// Entries of one /16 in order: the lower halves of their first and their last addresses,
/// and what is said of those between.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Block {
    firsts: [u16; WIDTH],
    lasts: [u16; WIDTH],
    values: [u32; WIDTH],
}

/// What a block is filled up with: the greatest number, of which nothing is said.
const FILLING: Block = Block {
    firsts: [u16::MAX; WIDTH],
    lasts: [u16::MAX; WIDTH],
    values: [NOTHING; WIDTH],
};

/// The lower halves of two addresses of a /16, and what is said of those between.
#[derive(Clone, Copy)]
struct Entry {
    first: u16,
    last: u16,
    value: u32,
}

impl V4 {
    /// From pieces in order.
    pub(crate) fn new(pieces: &[Piece<u32>]) -> Self {
        if pieces.is_empty() {
            return Self::default();
        }
        let mut blocks = Blocks::default();
        let mut cuts = Cuts::new();
        let (mut ranges, mut covered) = (0, 0);
        for piece in pieces {
            covered += u64::from(piece.last - piece.first) + 1;
            let ((begin, _), (end, _)) = (halves(piece.first), halves(piece.last));
            for upper in begin..=end {
                let first = piece.first.max(join(upper, 0));
                let last = piece.last.min(join(upper, u16::MAX));
                let value = cuts.value((first, last), piece.whole, piece.tag);
                ranges += usize::from(matches!(Value::of(value), Value::Tag(_)));
                let ((_, first), (_, last)) = (halves(first), halves(last));
                blocks.put(upper, Entry { first, last, value });
            }
        }
        let Blocks {
            mut index,
            firsts,
            blocks,
            ..
        } = blocks;
        index.resize(0x1_0001, count(&blocks));
        let touched = if blocks.len() < LARGE {
            Touched::default()
        } else {
            Touched::new(pieces.iter().map(|piece| (piece.first, piece.last)))
        };
        let cuts = cuts.into_ranges();
        Self {
            index: index.into(),
            firsts: firsts.into(),
            blocks: blocks.into(),
            touched,
            ranges: ranges + cuts.len(),
            cuts,
            covered,
        }
    }

    /// The range that decides an address.
    pub(crate) fn get(&self, address: Ipv4Addr) -> Option<Found> {
        let address = address.into();
        if self.touched.excludes(address) {
            return None;
        }
        let (upper, lower) = halves(address);
        let (begin, end) = self.within(upper)?;
        let firsts = self.firsts.get(begin..end)?;
        let begun = firsts.partition_point(|first| *first <= lower);
        let block = self.blocks.get(begin + begun.checked_sub(1)?)?;
        let entry = block.from(lower).filter(|entry| entry.first <= lower)?;
        self.found(upper, entry)
    }

    /// Where the blocks of a /16 are.
    fn within(&self, upper: u16) -> Option<(usize, usize)> {
        let upper = usize::from(upper);
        let begin = usize::try_from(*self.index.get(upper)?).ok()?;
        let end = usize::try_from(*self.index.get(upper + 1)?).ok()?;
        Some((begin, end))
    }

    /// What an entry of a /16 says.
    fn found(&self, upper: u16, entry: Entry) -> Option<Found> {
        match Value::of(entry.value) {
            Value::Tag(tag) => {
                let range = IpRange::v4(join(upper, entry.first), join(upper, entry.last));
                Some(Found { tag, range })
            }
            Value::Cut(place) => {
                let cut = self.cuts.get(usize::try_from(place).ok()?)?;
                let range = IpRange::v4(cut.first, cut.last);
                Some(Found {
                    tag: cut.tag,
                    range,
                })
            }
            Value::Finer(_) | Value::Nothing => None,
        }
    }

    /// The first decided address from `from` on.
    pub(crate) fn covered_from(&self, from: u32) -> Option<u32> {
        let (upper, lower) = halves(from);
        let (begin, end) = self.within(upper)?;
        let firsts = self.firsts.get(begin..end)?;
        let begun = firsts.partition_point(|first| *first <= lower);
        // In the last block that begins before, else at the start of the next.
        let here = begin + begun.saturating_sub(1);
        let blocks = self.blocks.get(here..end)?;
        let found = blocks.iter().take(2).find_map(|block| block.from(lower));
        if let Some(entry) = found {
            return Some(join(upper, entry.first.max(lower)));
        }
        // The next /16 that has one is the last before which no more blocks come.
        let end = u32::try_from(end).ok()?;
        let beyond = self.index.partition_point(|blocks| *blocks <= end);
        let upper = u16::try_from(beyond.checked_sub(1)?).ok()?;
        let (begin, _) = self.within(upper)?;
        Some(join(upper, *self.firsts.get(begin)?))
    }

    /// Each range that decides an address, once, in the order of the first such address.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Found> + '_ {
        let mut seen = 0;
        (0..=u16::MAX)
            .flat_map(move |upper| {
                let (begin, end) = self.within(upper).unwrap_or_default();
                let blocks = self.blocks.get(begin..end).unwrap_or_default();
                let entries = blocks.iter().flat_map(Block::entries);
                entries.map(move |entry| (upper, entry))
            })
            .filter(move |(_, entry)| is_first(entry.value, &mut seen))
            .filter_map(|(upper, entry)| self.found(upper, entry))
    }

    pub(crate) const fn len(&self) -> usize {
        self.ranges
    }

    pub(crate) const fn covered(&self) -> u64 {
        self.covered
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.index)
            + size_of_val(&*self.firsts)
            + size_of_val(&*self.blocks)
            + self.touched.memory()
            + size_of_val(&*self.cuts)
    }
}

impl Block {
    /// The first entry that ends at a number or later.
    fn from(&self, lower: u16) -> Option<Entry> {
        let ends_before = self.lasts.iter().map(|last| usize::from(*last < lower));
        self.entry(ends_before.sum())
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let (first, last) = (*self.firsts.get(at)?, *self.lasts.get(at)?);
        let value = *self.values.get(at)?;
        // The filling comes last: whoever finds it has found nothing.
        (value != NOTHING).then_some(Entry { first, last, value })
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..WIDTH).filter_map(|at| self.entry(at))
    }
}

/// Blocks while they are filled.
#[derive(Default)]
struct Blocks {
    index: Vec<u32>,
    firsts: Vec<u16>,
    blocks: Vec<Block>,
    /// Entries of the last block.
    filled: usize,
}

impl Blocks {
    /// Adds an entry behind those that are there.
    fn put(&mut self, upper: u16, entry: Entry) {
        let is_first_of_16 = self.index.len() <= usize::from(upper);
        if is_first_of_16 {
            self.index
                .resize(usize::from(upper) + 1, count(&self.blocks));
        }
        if is_first_of_16 || self.filled == WIDTH {
            self.firsts.push(entry.first);
            self.blocks.push(FILLING);
            self.filled = 0;
        }
        let at = self.filled;
        if let Some(block) = self.blocks.last_mut()
            && let Some(first) = block.firsts.get_mut(at)
            && let Some(last) = block.lasts.get_mut(at)
            && let Some(value) = block.values.get_mut(at)
        {
            (*first, *last, *value) = (entry.first, entry.last, entry.value);
            self.filled += 1;
        }
    }
}

/// The upper and the lower half of an address.
const fn halves(address: u32) -> (u16, u16) {
    let [a, b, c, d] = address.to_be_bytes();
    (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))
}

fn join(upper: u16, lower: u16) -> u32 {
    u32::from(upper) << 16 | u32::from(lower)
}
