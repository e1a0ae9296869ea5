//! Names and values eight octets at a time: hashes and comparison without regard to case.

/// The bit that tells `a` from `A`. Setting it everywhere also makes one of `^` and `~`,
/// the only other pair of token octets (RFC 9110 §5.6.2): names with them never get here.
const CASE: u64 = 0x2020_2020_2020_2020;

const MIX: u64 = 0x9e37_79b9_7f4a_7c15;
const STIR: u64 = 0xd6e8_feb8_6659_fd93;

/// The first and the last eight octets, which overlap in short `bytes`; each octet is in
/// at least one if there are at most sixteen.
#[inline(always)]
const fn ends(bytes: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
        return (first as u64, last as u64);
    }
    match *bytes {
        [one] => (one as u64, 0),
        [one, two] => (one as u64, two as u64),
        [one, two, three] => (one as u64 | (two as u64) << 8, three as u64),
        _ => (0, 0),
    }
}

/// The same for all cases of a name. Its upper bits are the better ones.
#[inline(always)]
pub(super) const fn hash(name: &[u8]) -> u64 {
    let (first, last) = ends(name);
    let hash = ((first | CASE) ^ name.len() as u64).wrapping_mul(MIX);
    (hash ^ (hash >> 32) ^ (last | CASE)).wrapping_mul(STIR)
}

/// Of a name's hash and a value. Of long values only both ends and the middle count: two
/// that share these take turns in the index, which costs octets, not correctness.
#[inline(always)]
pub(super) fn hash_pair(name: u64, value: &[u8]) -> u64 {
    let (first, last) = ends(value);
    let hash = (name ^ first ^ value.len() as u64).wrapping_mul(MIX);
    let hash = (hash ^ (hash >> 32) ^ last).wrapping_mul(STIR);
    let middle = value.len() / 2;
    match value.get(middle..).and_then(<[u8]>::first_chunk) {
        Some(middle) => (hash ^ (hash >> 32) ^ u64::from_le_bytes(*middle)).wrapping_mul(MIX),
        None => hash,
    }
}

/// The first and the last sixteen octets of both, which must have the same length, put
/// over each other: ones where they differ. Nothing if they are shorter.
#[inline(always)]
fn differ_wide(one: &[u8], other: &[u8]) -> Option<u128> {
    let first = u128::from_le_bytes(*one.first_chunk()?);
    let last = u128::from_le_bytes(*one.last_chunk()?);
    let other_first = u128::from_le_bytes(*other.first_chunk()?);
    let other_last = u128::from_le_bytes(*other.last_chunk()?);
    Some((first ^ other_first) | (last ^ other_last))
}

/// Whether two names are the same but for case. Split, not compared, so that the compiler
/// knows of the same length.
#[inline(always)]
pub(super) fn same(one: &[u8], other: &[u8]) -> bool {
    let Some((other, [])) = other.split_at_checked(one.len()) else {
        return false;
    };
    match differ_wide(one, other) {
        None => {
            let (one, other) = (ends(one), ends(other));
            ((one.0 ^ other.0) | (one.1 ^ other.1)) & !CASE == 0
        }
        Some(differ) if one.len() <= 32 => {
            differ & !(u128::from(CASE) << 64 | u128::from(CASE)) == 0
        }
        Some(_) => one.eq_ignore_ascii_case(other),
    }
}

/// Whether two values are the same.
#[inline(always)]
pub(super) fn equal(one: &[u8], other: &[u8]) -> bool {
    let Some((other, [])) = other.split_at_checked(one.len()) else {
        return false;
    };
    match differ_wide(one, other) {
        None => ends(one) == ends(other),
        Some(differ) if one.len() <= 32 => differ == 0,
        Some(_) => one == other,
    }
}

/// Whether [`same`] is exact for this name.
#[inline]
pub(super) fn is_plain(name: &[u8]) -> bool {
    !name.iter().any(|octet| matches!(octet, b'^' | b'~'))
}
