//! bcrypt's own base64: `./A–Za–z0–9`, without padding.

const LETTERS: &[u8; 64] = b"./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// Adds `bytes` to `text`.
pub(crate) fn encode(bytes: &[u8], text: &mut String) {
    for group in bytes.chunks(3) {
        let part = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let word = part(0) << 16 | part(1) << 8 | part(2);
        for place in 0..=group.len() {
            let [.., low] = (word >> (18 - 6 * place) & 63).to_be_bytes();
            text.push(char::from(LETTERS[usize::from(low)]));
        }
    }
}

/// Fills `bytes` from a text of exactly the length that they take; gives the bits that
/// are left over, which an honest encoder leaves 0.
pub(crate) fn decode(text: &[u8], bytes: &mut [u8]) -> Option<u32> {
    let mut bits = 0_u32;
    let mut held = 0;
    let mut out = bytes.iter_mut();
    for &letter in text {
        bits = bits << 6 | u32::from(value(letter)?);
        held += 6;
        if 8 <= held {
            held -= 8;
            let [.., low] = (bits >> held).to_be_bytes();
            *out.next()? = low;
            bits &= (1 << held) - 1;
        }
    }
    // A byte without a letter, or a letter without a byte.
    (out.next().is_none() && held < 6).then_some(bits)
}

const fn value(letter: u8) -> Option<u8> {
    match letter {
        b'.' => Some(0),
        b'/' => Some(1),
        b'A'..=b'Z' => Some(letter - b'A' + 2),
        b'a'..=b'z' => Some(letter - b'a' + 28),
        b'0'..=b'9' => Some(letter - b'0' + 54),
        _ => None,
    }
}
