//! The table: buckets of one cache line, eight words each.

use std::{
    error, fmt,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use crate::{
    Moment, Pace,
    siphash::Key,
    word::{TICK_NANOS, Tag, Tick, Word},
};

/// Words of a bucket: 64 bytes, a cache line.
const WAYS: usize = 8;

type Bucket = [AtomicU64; WAYS];

/// Bytes of a bucket.
const BUCKET: usize = size_of::<Bucket>();

/// How much further ahead than its pace lets it an arrival may be and still be believed:
/// threads that share a clock have read it at slightly different moments, 100 ms at most.
const SKEW: u64 = 100_000_000 / TICK_NANOS;

/// Arrivals of clients in a memory that never grows, for any number of threads.
///
/// Whose word isn't there has nothing against it. Where a bucket is full, the word that is
/// worth least is replaced: the one whose arrival lies longest ago, and only where all
/// eight are still ahead the one that is least so. What is lost, is lost in the client's
/// favour.
pub struct Table {
    /// One bucket more than there is need for, so that they can begin at a cache line.
    words: Box<[AtomicU64]>,
    /// Where the first bucket begins.
    begin: usize,
    /// Buckets in use: at least one.
    buckets: u64,
    /// Where a place would be beyond all buckets, so that none is without one.
    spare: Bucket,
    key: Key,
}

/// What is said of one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// It is within the pace, and counted.
    Admitted {
        /// How many more would be admitted at the same moment.
        remaining: u32,
        /// When the whole burst is there again, if nothing comes before.
        reset_after: Duration,
    },
    /// It is too early, and not counted: who waits is admitted.
    Limited {
        /// The wait after which it would be admitted; never zero.
        retry_after: Duration,
    },
}

/// A size that no table has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SizeOutOfRange {
    /// The size that was asked for: none from [`Table::LEAST_BYTES`] to
    /// [`Table::MOST_BYTES`].
    pub bytes: usize,
}

impl Verdict {
    /// Whether the request may go on.
    pub const fn is_admitted(self) -> bool {
        matches!(self, Self::Admitted { .. })
    }
}

impl Table {
    /// 64 MiB: 8.4 million clients.
    pub const DEFAULT_BYTES: usize = 64 << 20;

    /// One bucket: eight clients.
    pub const LEAST_BYTES: usize = BUCKET;

    /// 64 GiB, beyond which 18 bits no longer tell so many clients apart.
    pub const MOST_BYTES: usize = 64 << 30;

    /// An empty table of `bytes`, rounded down to whole buckets of 64. `secret` is random
    /// and this table's own, or clients could choose whom they share a bucket with.
    ///
    /// Where the system gives memory lazily and the compiler optimises, pages are taken
    /// from it as clients come.
    ///
    /// # Errors
    /// [`SizeOutOfRange`].
    pub fn new(bytes: usize, secret: [u8; 16]) -> Result<Self, SizeOutOfRange> {
        if !(Self::LEAST_BYTES..=Self::MOST_BYTES).contains(&bytes) {
            return Err(SizeOutOfRange { bytes });
        }
        let buckets = bytes / BUCKET;
        // Zeros that the system has ready, taken over in place: writing them ourselves
        // would touch every page.
        let zeros = vec![Word::NOBODY.0; (buckets + 1) * WAYS];
        let words: Box<[AtomicU64]> = zeros.into_iter().map(AtomicU64::new).collect();
        Ok(Self {
            begin: words.as_ptr().align_offset(BUCKET) % WAYS,
            words,
            // At most MOST_BYTES: it fits.
            buckets: u64::try_from(buckets).unwrap_or(1),
            spare: Bucket::default(),
            key: Key::new(secret),
        })
    }

    /// Judges one request of a client, and counts it where it is admitted.
    ///
    /// `client` is whatever tells clients apart: an address, a /64, a user's number. One
    /// key belongs to one pace: what is limited in several ways (by kind of route, by
    /// prefix) needs a key for each.
    ///
    /// `now` is monotonic, from a clock that all threads share. Where it was read up to
    /// 100 ms before another thread's, the verdict is as exact. Where it goes back further,
    /// a client whose arrival can't be is begun anew: none waits longer than its pace and
    /// those 100 ms.
    ///
    /// Without a lock: it repeats only when another thread has changed the same word in
    /// between, so always one of them gets on.
    pub fn check(&self, client: u128, pace: Pace, now: Moment) -> Verdict {
        let (interval, most) = pace.ticks();
        let now = Tick::of_nanos(now.nanos());
        let hash = self.key.hash(client);
        let tag = Tag::new(hash);
        let bucket = self.bucket(hash);
        loop {
            let (slot, word) = place(bucket, tag, now);
            let ahead = if word.is_of(tag) { word.ahead(now) } else { 0 };
            // Further ahead than it can be: the clock went back, or the pace is another.
            let ahead = if ahead > most + SKEW { 0 } else { ahead };
            let next = ahead + interval;
            if next > most {
                return Verdict::Limited {
                    retry_after: duration(next - most),
                };
            }
            let new = Word::new(tag, now.after(next));
            // The word is all that threads share: no other memory hangs on its order.
            let set = slot.compare_exchange(word.0, new.0, Ordering::Relaxed, Ordering::Relaxed);
            if set.is_ok() {
                let remaining = (most - next) / interval;
                return Verdict::Admitted {
                    remaining: u32::try_from(remaining).unwrap_or(u32::MAX),
                    reset_after: duration(next),
                };
            }
        }
    }

    /// The bucket of a hash, by its upper bits; a tag is of the lowest.
    fn bucket(&self, hash: u64) -> &Bucket {
        let place = (u128::from(hash) * u128::from(self.buckets)) >> 64;
        let (buckets, _) = self.words.get(self.begin..).unwrap_or_default().as_chunks();
        let bucket = usize::try_from(place)
            .ok()
            .and_then(|place| buckets.get(place));
        // There always is one, which the compiler can't know.
        bucket.unwrap_or(&self.spare)
    }

    /// The bytes that the table takes, from the first moment to the last.
    pub fn memory(&self) -> usize {
        size_of_val(self) + size_of_val(&*self.words)
    }
}

/// The client's slot and word, or those that it may have.
fn place(bucket: &Bucket, tag: Tag, now: Tick) -> (&AtomicU64, Word) {
    let slots = bucket
        .each_ref()
        .map(|slot| (slot, Word(slot.load(Ordering::Relaxed))));
    if let Some(own) = slots.iter().find(|(_, word)| word.is_of(tag)) {
        return *own;
    }
    let [first, others @ ..] = slots;
    let lighter = |least: (_, Word), other: (_, Word)| {
        if other.1.weight(now) < least.1.weight(now) {
            other
        } else {
            least
        }
    };
    // Of equals the first, in every thread: two that bring the same client at once choose
    // the same slot, and one of them finds it taken.
    others.into_iter().fold(first, lighter)
}

const fn duration(ticks: u64) -> Duration {
    Duration::from_nanos(ticks * TICK_NANOS)
}

/// Secret, and millions of words: neither is shown.
impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Table")
            .field("memory", &self.memory())
            .finish_non_exhaustive()
    }
}

impl fmt::Display for SizeOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a table of {} bytes; expected {} to {}",
            self.bytes,
            Table::LEAST_BYTES,
            Table::MOST_BYTES
        )
    }
}

impl error::Error for SizeOutOfRange {}
