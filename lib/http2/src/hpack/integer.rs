//! Integers with a prefix of some bits (§5.1).

use super::HpackError;

/// Octets an integer may take behind its prefix: values up to 2^28, far beyond any block.
const MORE: u32 = 4;

/// The integer whose first octet is `first`, and what comes behind it in `rest`. `mask` has
/// the prefix's bits set.
#[inline(always)]
pub(super) fn decode(first: u8, mask: u8, rest: &[u8]) -> Result<(usize, &[u8]), HpackError> {
    let value = first & mask;
    if value < mask {
        return Ok((usize::from(value), rest));
    }
    more(mask, rest)
}

#[inline(never)]
fn more(mask: u8, mut rest: &[u8]) -> Result<(usize, &[u8]), HpackError> {
    let mut value = usize::from(mask);
    for step in 0..MORE {
        let (&octet, behind) = rest.split_first().ok_or(HpackError::Truncated)?;
        rest = behind;
        value += usize::from(octet & 0x7f) << (7 * step);
        if octet & 0x80 == 0 {
            return Ok((value, rest));
        }
    }
    Err(HpackError::Integer)
}

/// Writes `value` behind the bits of `pattern` outside `mask`.
#[inline(always)]
pub(super) fn encode(out: &mut Vec<u8>, pattern: u8, mask: u8, value: usize) {
    match u8::try_from(value) {
        Ok(value) if value < mask => out.push(pattern | value),
        _ => encode_more(out, pattern, mask, value - usize::from(mask)),
    }
}

fn encode_more(out: &mut Vec<u8>, pattern: u8, mask: u8, mut left: usize) {
    out.push(pattern | mask);
    while left >= 0x80 {
        out.push((left & 0x7f) as u8 | 0x80);
        left >>= 7;
    }
    out.push(left as u8);
}
