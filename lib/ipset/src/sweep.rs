//! Ranges in any order, with duplicates, overlaps and nesting, made into pieces that
//! don't overlap: each has one range that decides it.
//!
//! A line moves over the addresses. A heap holds the ranges it is in, the most specific
//! on top; a piece ends where a range begins or the topmost one ends. `n` ranges make at
//! most `2n - 1` pieces, in time `n log n` whatever their order.

use std::{cmp::Reverse, collections::BinaryHeap};

use crate::family::Number;

/// A range as it was given.
#[derive(Clone, Copy)]
pub(crate) struct Given<N> {
    pub(crate) first: N,
    pub(crate) last: N,
    pub(crate) tag: u32,
    /// Its place among those given: of two that are equally specific, the first decides.
    pub(crate) place: u32,
}

/// Addresses that one range decides.
#[derive(Clone, Copy)]
pub(crate) struct Piece<N> {
    pub(crate) first: N,
    pub(crate) last: N,
    pub(crate) tag: u32,
    /// Its range, whole: a more specific one may have taken parts of it.
    pub(crate) whole: (N, N),
}

/// The most specific range is the greatest, so that it is on top.
type Open<N> = (Reverse<(N, u32)>, N, N, u32);

/// The pieces, in order.
pub(crate) fn pieces<N: Number>(mut given: Vec<Given<N>>) -> Vec<Piece<N>> {
    given.sort_unstable_by_key(|range| (range.first, range.last, range.place));
    given.dedup_by_key(|range| (range.first, range.last));
    let mut sweep = Sweep {
        open: BinaryHeap::new(),
        pieces: Vec::with_capacity(given.len()),
        line: None,
    };
    for range in given {
        // Where the first range of all begins at 0, nothing lies before it.
        if let Some(before) = range.first.before() {
            sweep.advance(before);
        }
        sweep.line = Some(range.first);
        let width = range.first.until(range.last);
        let open = (
            Reverse((width, range.place)),
            range.first,
            range.last,
            range.tag,
        );
        sweep.open.push(open);
    }
    while let Some(&(_, _, last, _)) = sweep.open.peek() {
        sweep.advance(last);
    }
    sweep.pieces
}

struct Sweep<N> {
    open: BinaryHeap<Open<N>>,
    pieces: Vec<Piece<N>>,
    /// The first address that isn't decided; none before the first range and behind the
    /// last address of all.
    line: Option<N>,
}

impl<N: Number> Sweep<N> {
    /// Decides everything up to `end`, which is counted in.
    fn advance(&mut self, end: N) {
        while let Some(&(_, first, last, tag)) = self.open.peek() {
            let Some(line) = self.line.filter(|line| *line <= last) else {
                // Over already: a more specific range hid its end.
                self.open.pop();
                continue;
            };
            if end < line {
                return;
            }
            let until = last.min(end);
            self.put(Piece {
                first: line,
                last: until,
                tag,
                whole: (first, last),
            });
            self.line = until.after();
        }
    }

    /// Adds a piece, to the one before it where both are of the same range.
    fn put(&mut self, piece: Piece<N>) {
        match self.pieces.last_mut() {
            Some(before)
                if before.whole == piece.whole && before.last.after() == Some(piece.first) =>
            {
                before.last = piece.last;
            }
            _ => self.pieces.push(piece),
        }
    }
}
