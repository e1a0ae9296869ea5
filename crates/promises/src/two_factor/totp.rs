//! The drill's own authenticator app: it reads a key as people type it, and shows codes
//! (RFC 6238).

use aws_lc_rs::hmac::{HMAC_SHA1_FOR_LEGACY_USE_ONLY, Key, sign};
use terms::{Micros, Secret};

/// A key of base 32 (RFC 4648), in groups.
pub(crate) struct App(Key);

impl App {
    /// `None` for what no app takes.
    pub(crate) fn new(key: &str) -> Option<Self> {
        let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
        for sign in key.bytes().filter(|sign| *sign != b' ') {
            let value = match sign {
                b'A'..=b'Z' => sign - b'A',
                b'2'..=b'7' => sign - b'2' + 26,
                _ => return None,
            };
            held = (held << 5) | u32::from(value);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                bytes.push(u8::try_from((held >> bits) & 0xff).ok()?);
                held &= (1 << bits) - 1;
            }
        }
        // 128 bits are the least (RFC 4226 section 4).
        (bytes.len() >= 16).then(|| Self(Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &bytes)))
    }

    /// The code of the half minute of `at`, or of one that is `later`.
    pub(crate) fn code(&self, at: Micros, later: i64) -> Secret<String> {
        let step = at.0.div_euclid(30_000_000) + later;
        let tag = sign(&self.0, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = tag.last().map_or(0, |last| usize::from(last & 0x0f));
        let word = tag
            .get(offset..)
            .and_then(|rest| rest.first_chunk::<4>())
            .map_or(0, |word| u32::from_be_bytes(*word) & 0x7fff_ffff);
        Secret::new(format!("{:06}", word % 1_000_000))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_rfc() {
        let app = App::new("GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ").unwrap();
        let code = |second: i64, later| app.code(Micros(second * 1_000_000), later);
        assert_eq!(code(59, 0).expose(), "287082");
        assert_eq!(code(29, 1).expose(), "287082");
        assert_eq!(code(1_111_111_109, 0).expose(), "081804");
        assert!(App::new("GEZD").is_none() && App::new("gezd!").is_none());
    }
}
