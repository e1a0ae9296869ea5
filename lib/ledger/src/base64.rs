//! Base 64 (RFC 4648 §4), padded and canonical: one text for each value.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn letter(six_bits: u32) -> char {
    let index = usize::try_from(six_bits & 63).unwrap_or(0);
    ALPHABET.get(index).copied().map_or('A', char::from)
}

fn value(letter: u8) -> Option<u32> {
    let (from, base) = match letter {
        b'A'..=b'Z' => (b'A', 0),
        b'a'..=b'z' => (b'a', 26),
        b'0'..=b'9' => (b'0', 52),
        b'+' => (b'+', 62),
        b'/' => (b'/', 63),
        _ => return None,
    };
    Some(u32::from(letter - from) + base)
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let mut word = 0;
        for at in 0..3 {
            word = word << 8 | u32::from(chunk.get(at).copied().unwrap_or(0));
        }
        for (at, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            out.push(if at <= chunk.len() {
                letter(word >> shift)
            } else {
                '='
            });
        }
    }
    out
}

/// `None` for anything that [`encode`] wouldn't have written.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let groups = text.len() / 4;
    for (number, group) in text.chunks(4).enumerate() {
        let padding = group
            .iter()
            .rev()
            .take_while(|letter| **letter == b'=')
            .count();
        if padding > 2 || padding > 0 && number + 1 != groups {
            return None;
        }
        let mut word = 0;
        for letter in group.iter().take(4 - padding) {
            word = word << 6 | value(*letter)?;
        }
        word <<= 6 * padding;
        let bytes = word.to_be_bytes();
        let (kept, spare) = bytes.get(1..)?.split_at_checked(3 - padding)?;
        // Bits beyond the value must be zero, else two texts would mean the same.
        if spare.iter().any(|byte| *byte != 0) {
            return None;
        }
        out.extend_from_slice(kept);
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_vectors_of_rfc_4648_hold() {
        for (bytes, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(encode(bytes.as_bytes()), text);
            assert_eq!(decode(text).as_deref(), Some(bytes.as_bytes()));
        }
    }

    #[test]
    fn another_text_for_the_same_value_is_refused() {
        for text in [
            "Zh==", "Zm9=", "Zg=", "Zg", "Zg==Zg==", "Z===", "====", "Zm9v\n", "Zm-_",
        ] {
            assert_eq!(decode(text), None, "{text:?}");
        }
    }

    proptest! {
        #[test]
        fn what_is_decoded_is_written_the_same_again(text in "[A-Za-z0-9+/=]{0,24}") {
            if let Some(bytes) = decode(&text) {
                prop_assert_eq!(encode(&bytes), text);
            }
        }

        #[test]
        fn every_value_comes_back(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            prop_assert_eq!(decode(&encode(&bytes)), Some(bytes));
        }
    }
}
