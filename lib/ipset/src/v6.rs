//! The IPv6 half: entries of whole /64s in a tree without pointers; what is finer than a
//! /64 in lists, one for each /64 that has any. All of the tree but its leaves fits into a
//! core's own caches, so that a look-up waits for a leaf, and where its /64 has finer
//! entries for some of those.
//!
//! Ranges are cut where the finer part of them ends. 23 bytes an entry, 24 a finer one,
//! 48 for each range that was cut.

use std::net::Ipv6Addr;

use crate::{
    Found, IpRange,
    sweep::Piece,
    value::{Cut, Cuts, NOTHING, Value, count, is_first},
};

/// Numbers of a node: a cache line.
const WIDTH: usize = 8;

/// Entries of a leaf: two neighbouring cache lines, which are read at once.
const LEAF: usize = 6;

/// The first and the last address that is an IPv4 one (RFC 4291 section 2.5.5.2).
const MAPPED: (u128, u128) = (0xffff_0000_0000, 0xffff_ffff_ffff);

#[derive(Default)]
pub(crate) struct V6 {
    /// The first number of every node below. The top, which is one node, comes first, and
    /// below the last are the leaves.
    levels: Box<[Level]>,
    leaves: Box<[Leaf]>,
    finer: Box<[Finer]>,
    /// How many finer entries come before those of each /64 that has any, and in all.
    finer_index: Box<[u32]>,
    /// In the order of their first entries.
    cuts: Box<[Cut<u128>]>,
    /// How many ranges decide an address.
    ranges: usize,
}

struct Level {
    /// The last node is filled up with the greatest number.
    nodes: Box<[[u64; WIDTH]]>,
    /// Numbers without the filling.
    len: usize,
}

/// The upper halves of two addresses, for each entry, and what is said of all between.
#[repr(align(128))]
struct Leaf {
    firsts: [u64; LEAF],
    lasts: [u64; LEAF],
    values: [u32; LEAF],
}

/// The upper halves of two addresses, and what is said of all between.
#[derive(Clone, Copy)]
struct Entry {
    first: u64,
    last: u64,
    value: u32,
}

/// The same for the lower halves of two addresses of one /64.
type Finer = Entry;

impl V6 {
    /// From pieces in order.
    pub(crate) fn new(pieces: Vec<Piece<u128>>) -> Self {
        let mut entries: Vec<Entry> = Vec::with_capacity(pieces.len());
        let mut finer = Vec::new();
        let mut finer_index = Vec::new();
        let mut cuts = Cuts::new();
        let parts = pieces.into_iter().flat_map(without_mapped).flat_map(parts);
        for part in parts {
            let value = cuts.value((part.first, part.last), part.whole, part.tag);
            let ((upper, first), (last_upper, last)) = (halves(part.first), halves(part.last));
            if first == 0 && last == u64::MAX {
                entries.push(Entry {
                    first: upper,
                    last: last_upper,
                    value,
                });
                continue;
            }
            if entries.last().is_none_or(|entry| entry.last != upper) {
                let value = Value::finer(count(&finer_index));
                entries.push(Entry {
                    first: upper,
                    last: upper,
                    value,
                });
                finer_index.push(count(&finer));
            }
            finer.push(Finer { first, last, value });
        }
        if !finer.is_empty() {
            finer_index.push(count(&finer));
        }
        let cuts = cuts.into_ranges();
        let tagged = entries.iter().chain(&finer);
        let tagged = tagged.filter(|entry| matches!(Value::of(entry.value), Value::Tag(_)));
        Self {
            ranges: tagged.count() + cuts.len(),
            levels: levels(&entries),
            leaves: entries.chunks(LEAF).map(Leaf::new).collect(),
            finer: finer.into(),
            finer_index: finer_index.into(),
            cuts,
        }
    }

    /// The range that decides an address.
    pub(crate) fn get(&self, address: Ipv6Addr) -> Option<Found> {
        let (upper, lower) = halves(address.into());
        let entry = self.leaves.get(self.leaf(upper)?)?.around(upper)?;
        let Value::Finer(place) = Value::of(entry.value) else {
            return self.found(whole_64s(entry), entry.value);
        };
        let finer = self.finer(place)?;
        let begun = finer.partition_point(|entry| entry.first <= lower);
        let entry = finer.get(begun.checked_sub(1)?)?;
        if entry.last < lower {
            return None;
        }
        self.found(within_64(upper, *entry), entry.value)
    }

    /// The last leaf whose first number isn't greater, or the first of all.
    fn leaf(&self, upper: u64) -> Option<usize> {
        let mut at = 0;
        for level in &self.levels {
            let node = level.nodes.get(at)?;
            let fitting: usize = node
                .iter()
                .map(|number| usize::from(*number <= upper))
                .sum();
            // The filling fits only where everything does; nothing fits only at the start.
            at = (at * WIDTH + fitting).min(level.len).saturating_sub(1);
        }
        Some(at)
    }

    /// The finer entries of a /64.
    fn finer(&self, place: u32) -> Option<&[Finer]> {
        let place = usize::try_from(place).ok()?;
        let begin = usize::try_from(*self.finer_index.get(place)?).ok()?;
        let end = usize::try_from(*self.finer_index.get(place + 1)?).ok()?;
        self.finer.get(begin..end)
    }

    /// What is said of addresses from a first to a last.
    fn found(&self, (first, last): (u128, u128), value: u32) -> Option<Found> {
        match Value::of(value) {
            Value::Tag(tag) => {
                let range = IpRange::v6(first, last);
                Some(Found { tag, range })
            }
            Value::Cut(place) => {
                let cut = self.cuts.get(usize::try_from(place).ok()?)?;
                let range = IpRange::v6(cut.first, cut.last);
                Some(Found {
                    tag: cut.tag,
                    range,
                })
            }
            Value::Finer(_) | Value::Nothing => None,
        }
    }

    /// The first decided address from `from` on.
    pub(crate) fn covered_from(&self, from: u128) -> Option<u128> {
        let (upper, lower) = halves(from);
        let leaves = self.leaves.get(self.leaf(upper)?..)?;
        let mut after = leaves
            .iter()
            .flat_map(Leaf::entries)
            .skip_while(|entry| entry.last < upper);
        // The finer entries of one /64 may all lie before; those of the next don't.
        after.by_ref().take(2).find_map(|entry| {
            let Value::Finer(place) = Value::of(entry.value) else {
                return Some(join(entry.first, 0).max(from));
            };
            let lower = if entry.first == upper { lower } else { 0 };
            let finer = self.finer(place)?;
            let next = finer.get(finer.partition_point(|entry| entry.last < lower))?;
            Some(join(entry.first, next.first.max(lower)))
        })
    }

    /// Each range that decides an address, once, in the order of the first such address.
    pub(crate) fn iter(&self) -> impl Iterator<Item = Found> + '_ {
        let mut seen = 0;
        self.leaves
            .iter()
            .flat_map(Leaf::entries)
            .flat_map(|entry| {
                let finer = match Value::of(entry.value) {
                    Value::Finer(place) => self.finer(place).unwrap_or_default(),
                    _ => &[],
                };
                let itself = [(whole_64s(entry), entry.value)];
                let finer = finer.iter();
                itself
                    .into_iter()
                    .chain(finer.map(move |finer| (within_64(entry.first, *finer), finer.value)))
            })
            .filter(move |(_, value)| is_first(*value, &mut seen))
            .filter_map(|(ends, value)| self.found(ends, value))
    }

    pub(crate) const fn len(&self) -> usize {
        self.ranges
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        let nodes = self.levels.iter().map(|level| size_of_val(&*level.nodes));
        nodes.sum::<usize>()
            + size_of_val(&*self.levels)
            + size_of_val(&*self.leaves)
            + size_of_val(&*self.finer)
            + size_of_val(&*self.finer_index)
            + size_of_val(&*self.cuts)
    }
}

impl Leaf {
    fn new(entries: &[Entry]) -> Self {
        let filling = Entry {
            first: u64::MAX,
            last: u64::MAX,
            value: NOTHING,
        };
        let entry = |at: usize| entries.get(at).copied().unwrap_or(filling);
        Self {
            firsts: std::array::from_fn(|at| entry(at).first),
            lasts: std::array::from_fn(|at| entry(at).last),
            values: std::array::from_fn(|at| entry(at).value),
        }
    }

    /// The entry that a number lies in.
    fn around(&self, upper: u64) -> Option<Entry> {
        let ends_before = self.lasts.iter().map(|last| usize::from(*last < upper));
        self.entry(ends_before.sum())
            .filter(|entry| entry.first <= upper)
    }

    fn entry(&self, at: usize) -> Option<Entry> {
        let (first, last) = (*self.firsts.get(at)?, *self.lasts.get(at)?);
        let value = *self.values.get(at)?;
        (value != NOTHING).then_some(Entry { first, last, value })
    }

    fn entries(&self) -> impl Iterator<Item = Entry> + '_ {
        (0..LEAF).filter_map(|at| self.entry(at))
    }
}

fn levels(entries: &[Entry]) -> Box<[Level]> {
    let firsts = entries.iter().step_by(LEAF).map(|entry| entry.first);
    let mut numbers: Vec<u64> = firsts.collect();
    let mut levels = Vec::new();
    while numbers.len() > 1 {
        let nodes = numbers
            .chunks(WIDTH)
            .map(|chunk| std::array::from_fn(|at| chunk.get(at).copied().unwrap_or(u64::MAX)));
        levels.push(Level {
            nodes: nodes.collect(),
            len: numbers.len(),
        });
        numbers = numbers.into_iter().step_by(WIDTH).collect();
    }
    levels.reverse();
    levels.into()
}

/// A piece but for its IPv4 addresses, which no IPv6 range decides.
fn without_mapped(piece: Piece<u128>) -> impl Iterator<Item = Piece<u128>> {
    let (first, last) = MAPPED;
    let apart = piece.last < first || last < piece.first;
    let before = Piece {
        last: piece.last.min(first - 1),
        ..piece
    };
    let after = Piece {
        first: piece.first.max(last + 1),
        ..piece
    };
    let parts = if apart {
        [Some(piece), None]
    } else {
        [before, after].map(|part| (part.first <= part.last).then_some(part))
    };
    parts.into_iter().flatten()
}

/// What of a piece is finer than a /64, the /64s between, and again what is finer.
fn parts(piece: Piece<u128>) -> impl Iterator<Item = Piece<u128>> {
    let mut left = Some(piece);
    std::iter::from_fn(move || {
        let piece = left?;
        let ((first_upper, first), (last_upper, last)) = (halves(piece.first), halves(piece.last));
        let end = if first != 0 {
            join(first_upper, u64::MAX)
        } else if last == u64::MAX || last_upper == first_upper {
            piece.last
        } else {
            join(last_upper, 0) - 1
        };
        let end = end.min(piece.last);
        left = end
            .checked_add(1)
            .filter(|next| *next <= piece.last)
            .map(|first| Piece { first, ..piece });
        Some(Piece { last: end, ..piece })
    })
}

/// The ends of an entry of whole /64s.
fn whole_64s(entry: Entry) -> (u128, u128) {
    (join(entry.first, 0), join(entry.last, u64::MAX))
}

/// The ends of a finer entry.
fn within_64(upper: u64, finer: Finer) -> (u128, u128) {
    (join(upper, finer.first), join(upper, finer.last))
}

/// The upper and the lower half of an address.
const fn halves(address: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = address.to_be_bytes();
    let upper = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    (upper, u64::from_be_bytes([i, j, k, l, m, n, o, p]))
}

fn join(upper: u64, lower: u64) -> u128 {
    u128::from(upper) << 64 | u128::from(lower)
}
