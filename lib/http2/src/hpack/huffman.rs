//! Huffman-coded strings (§5.2, appendix B), decoded by table.
//!
//! Codes of up to ten bits, all that is common in fields, are one look-up in 1,024
//! entries, 2 KiB; of the longer ones the first of each length is enough, for the code is
//! canonical. There is no encoder: what we send raw costs the peer a few octets once, and
//! is an index from then on.

use super::HpackError;

/// Bits of each octet's code, and of EOS. The codes follow from them: in the order of
/// lengths, then of octets, each is its predecessor plus one.
#[rustfmt::skip]
const LENGTHS: [u8; 257] = [
    13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28,
    28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
    6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6,
    5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
    13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7,
    7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
    15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5,
    6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
    20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23,
    24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
    22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23,
    21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
    26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25,
    19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
    20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23,
    26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
    30,
];

const EOS: u16 = 256;
const LONGEST: u32 = 30;
/// Bits that [`Codes::short`] looks at.
const SHORTS: u32 = 10;
/// Bits there are for sure in eight octets that begin with some decoded already.
const SURE: usize = 57;
const STEPS: usize = (LONGEST - SHORTS) as usize;

/// The codes of one length beyond [`SHORTS`].
#[derive(Clone, Copy)]
struct Step {
    /// The first code of a greater length, filled up to [`LONGEST`] bits.
    end: u32,
    /// What a code needs added to be a place in [`Codes::sorted`].
    base: u32,
}

struct Codes {
    /// By the next ten bits the octet and, lower, the bits of its code; 0 if that is longer.
    short: [u16; 1 << SHORTS],
    /// By length, from `SHORTS + 1` to [`LONGEST`].
    long: [Step; STEPS],
    /// All symbols in the order of their codes.
    sorted: [u16; 257],
}

static CODES: Codes = {
    let mut codes = Codes {
        short: [0; 1 << SHORTS],
        long: [Step { end: 0, base: 0 }; STEPS],
        sorted: [0; 257],
    };
    let (mut code, mut place, mut length) = (0_u32, 0_u32, 1);
    while length <= LONGEST {
        let base = place.wrapping_sub(code);
        let mut symbol = 0;
        while symbol < 257 {
            if LENGTHS[symbol as usize] as u32 == length {
                codes.sorted[place as usize] = symbol;
                if length <= SHORTS {
                    let mut tail = 0;
                    while tail < 1 << (SHORTS - length) {
                        let bits = code << (SHORTS - length) | tail;
                        codes.short[bits as usize] = symbol << 8 | length as u16;
                        tail += 1;
                    }
                }
                place += 1;
                code += 1;
            }
            symbol += 1;
        }
        if length > SHORTS {
            codes.long[(length - SHORTS - 1) as usize] = Step {
                end: code << (LONGEST - length),
                base,
            };
        }
        code <<= 1;
        length += 1;
    }
    codes
};

#[inline(always)]
fn short(word: u64) -> u16 {
    CODES.short[(word >> (u64::BITS - SHORTS)) as usize]
}

/// The symbol whose code `word` begins with, and the code's bits.
#[inline]
fn symbol(word: u64) -> (u16, u32) {
    let short = short(word);
    if short != 0 {
        return (short >> 8, u32::from(short & 0xff));
    }
    let bits = (word >> (u64::BITS - LONGEST)) as u32;
    for (step, length) in CODES.long.iter().zip(SHORTS + 1..) {
        if bits < step.end {
            let place = (bits >> (LONGEST - length)).wrapping_add(step.base);
            let symbol = CODES.sorted.get(place as usize).copied();
            return (symbol.unwrap_or(EOS), length);
        }
    }
    // Not reached: the last step ends behind all codes.
    (EOS, LONGEST)
}

/// The octets of the next `N` codes and all their bits, unless these are more than `left`
/// or one is longer than [`SHORTS`]: that stays where it is met, and is the last one too.
#[inline(always)]
fn batch<const N: usize>(mut word: u64, left: usize) -> Option<([u8; N], u32)> {
    let (mut sum, mut last) = (0, 0);
    let mut octets = [0; N];
    for octet in &mut octets {
        last = short(word);
        *octet = (last >> 8) as u8;
        word <<= last & 0xff;
        // Only the lower half counts, and never grows into the upper one.
        sum += u32::from(last);
    }
    let bits = sum & 0xff;
    (last != 0 && bits as usize <= left).then_some((octets, bits))
}

/// Appends the octets of a Huffman-coded string. After an error some have been.
pub(super) fn decode(coded: &[u8], out: &mut Vec<u8>) -> Result<(), HpackError> {
    // The shortest code has five bits.
    out.reserve(coded.len() * 2);
    // How many bits have been decoded.
    let mut at = 0;
    while let Some(next) = coded.get(at / 8..).and_then(<[u8]>::first_chunk) {
        let mut word = u64::from_be_bytes(*next) << (at % 8);
        if let Some((octets, bits)) = batch::<8>(word, SURE) {
            out.extend_from_slice(&octets);
            at += bits as usize;
            continue;
        }
        let enough = at + SURE - LONGEST as usize;
        while at <= enough {
            let (octet, bits) = octet(word)?;
            out.push(octet);
            word <<= bits;
            at += bits as usize;
        }
    }
    let mut left = coded.len() * 8 - at;
    let mut word = ending(coded, left);
    while let Some((octets, bits)) = batch::<4>(word, left) {
        out.extend_from_slice(&octets);
        word <<= bits;
        left -= bits as usize;
    }
    loop {
        // What is behind the end doesn't matter: no code begins with another.
        let (symbol, bits) = symbol(word);
        if bits as usize > left {
            return match left < 8 && word | (u64::MAX >> left) == u64::MAX {
                true => Ok(()),
                false => Err(HpackError::Padding),
            };
        }
        out.push(u8::try_from(symbol).map_err(|_| HpackError::Eos)?);
        word <<= bits;
        left -= bits as usize;
    }
}

#[inline]
fn octet(word: u64) -> Result<(u8, u32), HpackError> {
    let (symbol, bits) = symbol(word);
    let octet = u8::try_from(symbol).map_err(|_| HpackError::Eos)?;
    Ok((octet, bits))
}

/// The last bits of `coded`, `left` of them and fewer than 64, with zeros behind.
#[inline(always)]
fn ending(coded: &[u8], left: usize) -> u64 {
    let word = match coded.last_chunk() {
        Some(last) => u64::from_be_bytes(*last),
        None => coded
            .iter()
            .fold(0, |word, octet| word << 8 | u64::from(*octet)),
    };
    match left {
        0 => 0,
        left => word << (64 - left),
    }
}

/// The code of a symbol and its bits, found the plain way.
#[cfg(test)]
pub(super) fn code(symbol: u16) -> (u32, u32) {
    let mut code = 0;
    for length in 1..=LONGEST {
        for other in 0..257 {
            if u32::from(LENGTHS[usize::from(other)]) == length {
                if other == symbol {
                    return (code, length);
                }
                code += 1;
            }
        }
        code <<= 1;
    }
    (0, 0)
}
