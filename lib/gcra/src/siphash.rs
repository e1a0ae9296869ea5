//! SipHash-1-3 (Aumasson, Bernstein: "SipHash: a fast short-input PRF", 2012) of a number:
//! without the key nobody can tell which clients share a bucket or a tag.

/// A random key of 128 bits.
#[derive(Clone, Copy)]
pub(crate) struct Key(u64, u64);

impl Key {
    pub(crate) const fn new(secret: [u8; 16]) -> Self {
        let number = u128::from_le_bytes(secret);
        let (low, high) = halves(number);
        Self(low, high)
    }

    /// The hash of a number's 16 bytes, the lowest first.
    pub(crate) const fn hash(self, number: u128) -> u64 {
        self.sip::<1, 3>(number)
    }

    /// With `C` rounds for each eight bytes and `D` at the end.
    #[inline]
    pub(crate) const fn sip<const C: usize, const D: usize>(self, number: u128) -> u64 {
        let mut state = [
            self.0 ^ 0x736f_6d65_7073_6575,
            self.1 ^ 0x646f_7261_6e64_6f6d,
            self.0 ^ 0x6c79_6765_6e65_7261,
            self.1 ^ 0x7465_6462_7974_6573,
        ];
        let (low, high) = halves(number);
        state = block::<C>(state, low);
        state = block::<C>(state, high);
        // What is left of the message: nothing, and its length in the highest byte.
        let [a, b, c, d] = block::<C>(state, 16 << 56);
        let [a, b, c, d] = rounds::<D>([a, b, c ^ 0xff, d]);
        a ^ b ^ c ^ d
    }
}

const fn block<const C: usize>([a, b, c, d]: [u64; 4], word: u64) -> [u64; 4] {
    let [a, b, c, d] = rounds::<C>([a, b, c, d ^ word]);
    [a ^ word, b, c, d]
}

const fn rounds<const N: usize>(mut state: [u64; 4]) -> [u64; 4] {
    let mut round = 0;
    while round < N {
        let [mut a, mut b, mut c, mut d] = state;
        a = a.wrapping_add(b);
        c = c.wrapping_add(d);
        b = b.rotate_left(13) ^ a;
        d = d.rotate_left(16) ^ c;
        a = a.rotate_left(32).wrapping_add(d);
        c = c.wrapping_add(b);
        b = b.rotate_left(17) ^ c;
        d = d.rotate_left(21) ^ a;
        c = c.rotate_left(32);
        state = [a, b, c, d];
        round += 1;
    }
    state
}

/// The lower and the upper half.
const fn halves(number: u128) -> (u64, u64) {
    let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = number.to_le_bytes();
    let low = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    (low, u64::from_le_bytes([i, j, k, l, m, n, o, p]))
}
