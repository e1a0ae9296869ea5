//! The computation itself: `N` bcrypts side by side.
//!
//! One bcrypt waits most of its time: each of Blowfish's rounds needs the answer of the
//! one before, which is a chain of loads from the first cache. So a core that computes
//! one hash is mostly idle. Here every round is done for all lanes before the next, and
//! the loads of one lane fill the waits of the others. `N` is known at compile time:
//! the loops over lanes are unrolled, and all state but the boxes lives in registers.
//!
//! Every box has 256 words and is indexed by a byte, so no index needs a check.

use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::{
    Cost,
    pi::{BOXES, SUBKEYS},
};

/// A password or a salt, repeated to the eighteen words that Blowfish takes.
pub(crate) type Key = [u32; 18];

/// A digest before its last byte is dropped: three blocks, as words.
pub(crate) type Words = [u32; 6];

/// "OrpheanBeholderScryDoubt", which bcrypt enciphers 64 times.
const TEXT: Words = [
    0x4f72_7068,
    0x6561_6e42,
    0x6568_6f6c,
    0x6465_7253,
    0x6372_7944,
    0x6f75_6274,
];

/// Blowfish's state of `N` lanes: 4 KiB each, so that six fit into a first cache of 32 KiB.
///
/// It is derived from the passwords, hence wiped when it goes.
#[derive(Zeroize, ZeroizeOnDrop)]
struct Lanes<const N: usize> {
    subkeys: [[u32; N]; 18],
    boxes: [[[u32; 256]; 4]; N],
}

/// The digests of `N` keys and salts.
pub(crate) fn digests<const N: usize>(
    cost: Cost,
    keys: &[&Key; N],
    salts: &[&[u32; 4]; N],
) -> [Words; N] {
    // On the heap: a stack that held it couldn't be wiped as surely.
    let mut lanes = Box::new(Lanes::<N> {
        subkeys: SUBKEYS.map(|word| [word; N]),
        boxes: [BOXES; N],
    });
    lanes.mix_key(keys);
    lanes.schedule_salted(salts);
    let salt_keys: [Key; N] = salts.map(|salt| std::array::from_fn(|at| salt[at % 4]));
    let salt_keys: [&Key; N] = salt_keys.each_ref();
    for _ in 0..cost.rounds() {
        lanes.mix_key(keys);
        lanes.schedule();
        lanes.mix_key(&salt_keys);
        lanes.schedule();
    }
    let mut words = [TEXT; N];
    for block in 0..3 {
        let mut left = words.map(|words| words[2 * block]);
        let mut right = words.map(|words| words[2 * block + 1]);
        for _ in 0..64 {
            lanes.encipher(&mut left, &mut right);
        }
        for (lane, words) in words.iter_mut().enumerate() {
            words[2 * block] = left[lane];
            words[2 * block + 1] = right[lane];
        }
    }
    words
}

#[allow(
    clippy::needless_range_loop,
    reason = "one index into several arrays of lanes"
)]
impl<const N: usize> Lanes<N> {
    fn mix_key(&mut self, keys: &[&Key; N]) {
        for (at, subkeys) in self.subkeys.iter_mut().enumerate() {
            for (subkey, key) in subkeys.iter_mut().zip(keys) {
                *subkey ^= key[at];
            }
        }
    }

    /// One block of every lane.
    #[inline(always)]
    fn encipher(&self, left: &mut [u32; N], right: &mut [u32; N]) {
        let mut l = *left;
        let mut r = *right;
        for lane in 0..N {
            l[lane] ^= self.subkeys[0][lane];
        }
        self.pair::<0>(&mut l, &mut r);
        self.pair::<1>(&mut l, &mut r);
        self.pair::<2>(&mut l, &mut r);
        self.pair::<3>(&mut l, &mut r);
        self.pair::<4>(&mut l, &mut r);
        self.pair::<5>(&mut l, &mut r);
        self.pair::<6>(&mut l, &mut r);
        self.pair::<7>(&mut l, &mut r);
        for lane in 0..N {
            r[lane] ^= self.subkeys[17][lane];
        }
        *left = r;
        *right = l;
    }

    /// Two rounds of every lane. Written out eight times, or the compiler keeps a loop
    /// whose counter and copies cost a tenth.
    #[inline(always)]
    fn pair<const AT: usize>(&self, left: &mut [u32; N], right: &mut [u32; N]) {
        for lane in 0..N {
            right[lane] ^= self.subkeys[2 * AT + 1][lane] ^ self.mix(lane, left[lane]);
        }
        for lane in 0..N {
            left[lane] ^= self.subkeys[2 * AT + 2][lane] ^ self.mix(lane, right[lane]);
        }
    }

    /// Blowfish's F.
    #[inline(always)]
    fn mix(&self, lane: usize, word: u32) -> u32 {
        let [first, second, third, fourth] = &self.boxes[lane];
        // Shifts, not `to_be_bytes`: that costs an instruction more.
        let byte = |places: u32| (word >> places & 0xff) as usize;
        (first[byte(24)].wrapping_add(second[byte(16)]) ^ third[byte(8)])
            .wrapping_add(fourth[byte(0)])
    }

    /// Subkeys and boxes anew, each block the cipher of the one before. A function of its
    /// own: inlined, it would have to share registers with its caller's.
    #[inline(never)]
    fn schedule(&mut self) {
        let mut left = [0; N];
        let mut right = [0; N];
        for at in 0..9 {
            self.encipher(&mut left, &mut right);
            self.subkeys[2 * at] = left;
            self.subkeys[2 * at + 1] = right;
        }
        for part in 0..4 {
            for at in 0..128 {
                self.encipher(&mut left, &mut right);
                for lane in 0..N {
                    self.boxes[lane][part][2 * at] = left[lane];
                    self.boxes[lane][part][2 * at + 1] = right[lane];
                }
            }
        }
    }

    /// As [`Self::schedule`], with the salt mixed into every block: once per hash.
    fn schedule_salted(&mut self, salts: &[&[u32; 4]; N]) {
        let mut left = [0; N];
        let mut right = [0; N];
        for at in 0..9 + 4 * 128 {
            for lane in 0..N {
                left[lane] ^= salts[lane][2 * (at % 2)];
                right[lane] ^= salts[lane][2 * (at % 2) + 1];
            }
            self.encipher(&mut left, &mut right);
            if at < 9 {
                self.subkeys[2 * at] = left;
                self.subkeys[2 * at + 1] = right;
                continue;
            }
            let (part, pair) = ((at - 9) / 128, (at - 9) % 128);
            for lane in 0..N {
                self.boxes[lane][part][2 * pair] = left[lane];
                self.boxes[lane][part][2 * pair + 1] = right[lane];
            }
        }
    }
}
