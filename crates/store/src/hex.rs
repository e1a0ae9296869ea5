//! Bytes as lower-case hexadecimal: ids, hashes in messages, the key file.

/// `bytes` in lower-case hexadecimal.
pub(crate) fn encode(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 15])
        .filter_map(|nibble| DIGITS.get(usize::from(nibble)))
        .map(|digit| char::from(*digit))
        .collect()
}

/// Exactly `N` bytes from `2 * N` digits; `None` for anything else.
pub(crate) fn decode<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut out = [0; N];
    if text.len() != N * 2 {
        return None;
    }
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let &[high, low] = pair else { return None };
        let high = char::from(high).to_digit(16)?;
        let low = char::from(low).to_digit(16)?;
        *byte = u8::try_from(high * 16 + low).ok()?;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_reads_back(bytes: [u8; 32]) {
            prop_assert_eq!(decode::<32>(&encode(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_read_or_refused_without_a_panic(text in ".{0,80}") {
            if let Some(bytes) = decode::<32>(&text) {
                prop_assert_eq!(encode(&bytes), text.to_lowercase());
            }
        }
    }
}
