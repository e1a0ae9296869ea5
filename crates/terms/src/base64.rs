//! Base64: with padding (RFC 4648 section 4), and for URLs without it (section 5). What is
//! read has exactly one spelling: no white space, no missing or needless padding, no bits
//! left over.

const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// The two letters in which the alphabets differ, and whether there is padding.
struct Alphabet {
    last: [u8; 2],
    padded: bool,
}

const PLAIN: Alphabet = Alphabet {
    last: *b"+/",
    padded: true,
};
const URL: Alphabet = Alphabet {
    last: *b"-_",
    padded: false,
};

/// `bytes` in base64, with padding.
pub fn base64(bytes: &[u8]) -> String {
    write(bytes, &PLAIN)
}

/// `bytes` in base64 for URLs, without padding.
pub fn base64url(bytes: &[u8]) -> String {
    write(bytes, &URL)
}

/// The bytes of base64 with padding.
pub fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    read(text, &PLAIN)
}

/// The bytes of base64 for URLs without padding.
pub fn from_base64url(text: &[u8]) -> Option<Vec<u8>> {
    read(text, &URL)
}

fn write(bytes: &[u8], alphabet: &Alphabet) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let part = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let word = part(0) << 16 | part(1) << 8 | part(2);
        for place in 0..4 {
            let digit = usize::try_from(word >> (18 - 6 * place) & 63).unwrap_or(0);
            let mut letters = LETTERS.iter().chain(&alphabet.last);
            match letters.nth(digit) {
                Some(&letter) if place <= group.len() => text.push(char::from(letter)),
                _ if alphabet.padded => text.push('='),
                _ => {}
            }
        }
    }
    text
}

fn read(text: &[u8], alphabet: &Alphabet) -> Option<Vec<u8>> {
    let bare = if alphabet.padded {
        let bare = text.strip_suffix(b"=").unwrap_or(text);
        let bare = bare.strip_suffix(b"=").unwrap_or(bare);
        text.len().is_multiple_of(4).then_some(bare)?
    } else {
        text
    };
    let digit = |letter: u8| {
        Some(match letter {
            b'A'..=b'Z' => letter - b'A',
            b'a'..=b'z' => letter - b'a' + 26,
            b'0'..=b'9' => letter - b'0' + 52,
            other => 62 + u8::try_from(alphabet.last.iter().position(|it| *it == other)?).ok()?,
        })
    };
    let mut bytes = Vec::with_capacity(bare.len() / 4 * 3 + 2);
    for group in bare.chunks(4) {
        let mut word = 0_u32;
        for at in 0..4 {
            let letter = group.get(at).map_or(Some(0), |letter| digit(*letter))?;
            word = word << 6 | u32::from(letter);
        }
        let [_, three @ ..] = word.to_be_bytes();
        // One letter alone is no byte; what the last group doesn't fill is nothing.
        let (whole, rest) = three.split_at_checked(group.len().checked_sub(1)?)?;
        if whole.is_empty() || rest.iter().any(|byte| *byte != 0) {
            return None;
        }
        bytes.extend_from_slice(whole);
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base64_agrees_with_the_vectors_of_rfc_4648() {
        let check = |from: &str, to: &str| {
            assert_eq!(base64(from.as_bytes()), to);
            assert_eq!(from_base64(to.as_bytes()).as_deref(), Some(from.as_bytes()));
            let bare = to.trim_end_matches('=');
            assert_eq!(base64url(from.as_bytes()), bare);
            assert_eq!(
                from_base64url(bare.as_bytes()).as_deref(),
                Some(from.as_bytes())
            );
        };
        check("", "");
        check("f", "Zg==");
        check("fo", "Zm8=");
        check("foo", "Zm9v");
        check("foob", "Zm9vYg==");
        check("fooba", "Zm9vYmE=");
        check("foobar", "Zm9vYmFy");
        assert_eq!(base64(&[0xfb, 0xff, 0xbf]), "+/+/");
        assert_eq!(base64url(&[0xfb, 0xff, 0xbf]), "-_-_");
    }

    #[test]
    fn another_spelling_of_the_same_bytes_is_refused() {
        for text in [
            "Zg", "Zg=", "Zh==", "Zg==Zg==", "Zm9v=", "Zm9v====", "Z===", "=", " Zg=", "Zm-_",
        ] {
            assert_eq!(from_base64(text.as_bytes()), None, "{text}");
        }
        for text in ["Zg==", "Zh", "Z", "Zm+/", "Zm9vZ"] {
            assert_eq!(from_base64url(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back_and_what_reads_is_what_is_written(bytes: Vec<u8>, text in "[A-Za-z0-9+/=_-]{0,12}") {
            prop_assert_eq!(from_base64(base64(&bytes).as_bytes()), Some(bytes.clone()));
            prop_assert_eq!(from_base64url(base64url(&bytes).as_bytes()), Some(bytes));
            if let Some(bytes) = from_base64(text.as_bytes()) {
                prop_assert_eq!(base64(&bytes), text.clone());
            }
            if let Some(bytes) = from_base64url(text.as_bytes()) {
                prop_assert_eq!(base64url(&bytes), text);
            }
        }
    }
}
