//! One client in one atomic word: a tag that tells it from others of its bucket, and its
//! arrival.
//!
//! An arrival is a moment on a circle of 2^46 ticks of 100 ns, 81 days. What lies up to a
//! day ahead of now is ahead, all else behind, so the circle may be as old as it likes
//! and any monotonic clock will do, whatever it counts from.

/// Nanoseconds in a tick.
pub(crate) const TICK_NANOS: u64 = 100;

/// Bits of an arrival.
const ARRIVAL_BITS: u32 = 46;

const ARRIVAL_MASK: u64 = (1 << ARRIVAL_BITS) - 1;

/// How far ahead of now an arrival may be, in ticks: a day, which is the longest pace,
/// and a second, for threads that read the clock at slightly different moments.
pub(crate) const MOST_AHEAD: u64 = 86_401 * 1_000_000_000 / TICK_NANOS;

/// What a slot holds; 0 is nobody, for no tag is 0.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Word(pub(crate) u64);

/// Tells a client from others of its bucket: 18 bits, not all 0, where a word has them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag(u64);

/// A moment on the circle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Tick(u64);

impl Tag {
    /// From the lowest bits of a hash.
    pub(crate) const fn new(hash: u64) -> Self {
        let tag = hash << ARRIVAL_BITS;
        Self(if tag == 0 { 1 << ARRIVAL_BITS } else { tag })
    }
}

impl Tick {
    pub(crate) const fn of_nanos(nanos: u64) -> Self {
        Self((nanos / TICK_NANOS) & ARRIVAL_MASK)
    }

    pub(crate) const fn after(self, ticks: u64) -> Self {
        Self(self.0.wrapping_add(ticks) & ARRIVAL_MASK)
    }
}

impl Word {
    pub(crate) const NOBODY: Self = Self(0);

    pub(crate) const fn new(tag: Tag, arrival: Tick) -> Self {
        Self(tag.0 | arrival.0)
    }

    pub(crate) const fn is_of(self, tag: Tag) -> bool {
        self.0 & !ARRIVAL_MASK == tag.0
    }

    /// How far its arrival is ahead of now, in ticks; 0 where it is behind.
    pub(crate) const fn ahead(self, now: Tick) -> u64 {
        let ahead = self.0.wrapping_sub(now.0) & ARRIVAL_MASK;
        if ahead <= MOST_AHEAD { ahead } else { 0 }
    }

    /// Orders words by what forgetting them would forget: nobody first, then who arrived
    /// longest ago, last who is furthest ahead.
    pub(crate) const fn weight(self, now: Tick) -> u64 {
        if self.0 == 0 {
            return 0;
        }
        (self.0.wrapping_sub(now.0).wrapping_sub(MOST_AHEAD + 1) & ARRIVAL_MASK) + 1
    }
}
