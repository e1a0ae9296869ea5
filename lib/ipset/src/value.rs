//! What an entry says, in 32 bits: a tag, a place in a table, or nothing.
//!
//! Most entries are their ranges themselves and have a tag below 2^31, which fits in.
//! Where a more specific range, or a border of the layout, has cut a range, or its tag is
//! greater, the range and the tag are in a table, once for all entries of that range.

use std::{collections::HashMap, hash::Hash};

/// Values from here on are no tags.
const TAGS: u32 = 1 << 31;
/// Values from here on are places of finer entries.
const CUTS: u32 = 3 << 30;
/// The value of an entry that fills up a node.
pub(crate) const NOTHING: u32 = u32::MAX;

/// What a value means.
#[derive(Clone, Copy)]
pub(crate) enum Value {
    /// The entry is its range itself.
    Tag(u32),
    /// A place in the table of cut ranges.
    Cut(u32),
    /// A place in the table of finer entries.
    Finer(u32),
    Nothing,
}

impl Value {
    pub(crate) const fn of(bits: u32) -> Self {
        match bits {
            0..TAGS => Self::Tag(bits),
            TAGS..CUTS => Self::Cut(bits - TAGS),
            CUTS..NOTHING => Self::Finer(bits - CUTS),
            NOTHING => Self::Nothing,
        }
    }

    /// Places are below 2^30: a set's limit sees to it.
    pub(crate) const fn finer(place: u32) -> u32 {
        CUTS | place
    }
}

/// A range that isn't one entry.
#[derive(Clone, Copy)]
pub(crate) struct Cut<N> {
    pub(crate) first: N,
    pub(crate) last: N,
    pub(crate) tag: u32,
}

/// Such ranges while a set is built, numbered in the order of their first entries.
pub(crate) struct Cuts<N> {
    places: HashMap<(N, N), u32>,
    ranges: Vec<Cut<N>>,
}

impl<N: Copy + Eq + Hash> Cuts<N> {
    pub(crate) fn new() -> Self {
        let (places, ranges) = (HashMap::new(), Vec::new());
        Self { places, ranges }
    }

    /// The value of an entry that has this tag, of a range that may be the entry itself.
    pub(crate) fn value(&mut self, entry: (N, N), range: (N, N), tag: u32) -> u32 {
        if entry == range && tag < TAGS {
            return tag;
        }
        let Self { places, ranges } = self;
        let place = *places.entry(range).or_insert_with(|| {
            let (first, last) = range;
            ranges.push(Cut { first, last, tag });
            count(ranges) - 1
        });
        TAGS | place
    }

    pub(crate) fn into_ranges(self) -> Box<[Cut<N>]> {
        self.ranges.into()
    }
}

/// Whether an entry is the first of its range. `seen` counts the cut ranges so far.
pub(crate) fn is_first(value: u32, seen: &mut u32) -> bool {
    match Value::of(value) {
        Value::Tag(_) => true,
        Value::Cut(place) if place == *seen => {
            *seen += 1;
            true
        }
        _ => false,
    }
}

/// How many there are: a set's limit keeps it far below `u32::MAX`.
pub(crate) fn count<T>(all: &[T]) -> u32 {
    u32::try_from(all.len()).unwrap_or(u32::MAX)
}
