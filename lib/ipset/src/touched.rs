//! Which /24s of IPv4 have an address that is covered: a bit for each, 2 MiB.
//!
//! Most addresses that are looked up are in none, and those bits stay in the caches that
//! cores share where millions of entries don't.

/// Words of all bits.
const WORDS: usize = 1 << 18;

/// The bits, or nothing where a set is too small to gain by them.
#[derive(Default)]
pub(crate) struct Touched(Box<[u64]>);

impl Touched {
    /// Of ranges, each by its first and its last address.
    pub(crate) fn new(ranges: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut words = vec![0; WORDS];
        for (first, last) in ranges {
            let ((begin, first), (end, last)) = (place(first), place(last));
            // From the first bit on, and up to the last.
            let (above, below) = (u64::MAX << first, u64::MAX >> (63 - last));
            for (at, word) in (begin..).zip(words.get_mut(begin..=end).unwrap_or_default()) {
                let from = if at == begin { above } else { u64::MAX };
                let to = if at == end { below } else { u64::MAX };
                *word |= from & to;
            }
        }
        Self(words.into())
    }

    /// Whether nothing near an address is covered; if not, that isn't known.
    #[inline]
    pub(crate) fn excludes(&self, address: u32) -> bool {
        let (word, bit) = place(address);
        self.0.get(word).is_some_and(|word| word >> bit & 1 == 0)
    }

    /// Bytes on the heap.
    pub(crate) fn memory(&self) -> usize {
        size_of_val(&*self.0)
    }
}

/// The word of an address's /24, and its bit there.
#[inline]
fn place(address: u32) -> (usize, u32) {
    let network = address >> 8;
    let word = usize::try_from(network >> 6).unwrap_or(usize::MAX);
    (word, network & 63)
}
