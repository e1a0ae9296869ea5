//! Promise `two-factor`: the codes of an authenticator app (TOTP, RFC 6238), and recovery
//! codes for when the app is lost.
//!
//! A code is good for its half minute, the one before and the one after, and once: the
//! caller keeps the [`Step`] that was used last and changes it in one statement, so that
//! of two attempts at once one fails. SHA-1, six digits and thirty seconds are what every
//! app reads; the seed is 160 random bits (RFC 4226 section 4).

use aws_lc_rs::{
    constant_time::verify_slices_are_equal,
    hmac::{self, HMAC_SHA1_FOR_LEGACY_USE_ONLY},
};
use terms::{Micros, Rng, Secret};
use zeroize::Zeroizing;

/// Bytes of a seed.
const SEED_BYTES: usize = 20;
/// Digits of a code.
const DIGITS: usize = 6;
/// How long one lasts, in seconds.
const PERIOD_S: i64 = 30;
/// RFC 4648 section 6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
/// Crockford's base 32: nothing in it is taken for something else.
const RECOVERY: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Recovery codes of an account.
pub const RECOVERY_CODES: usize = 10;
/// Signs of a recovery code: 50 bits.
const RECOVERY_SIGNS: usize = 10;

/// A half minute since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Step(pub i64);

impl Step {
    /// The one that `now` is in.
    pub const fn at(now: Micros) -> Self {
        Self(now.0.div_euclid(PERIOD_S * 1_000_000))
    }
}

/// What app and server share.
pub struct Seed(Zeroizing<[u8; SEED_BYTES]>);

impl Seed {
    /// A new one.
    pub fn new(rng: &Rng) -> Self {
        Self(Zeroizing::new(rng.bytes()))
    }

    /// One that was kept; `None` for another length.
    pub fn read(kept: &[u8]) -> Option<Self> {
        kept.try_into()
            .ok()
            .map(|bytes| Self(Zeroizing::new(bytes)))
    }

    /// What is kept of it.
    pub fn bytes(&self) -> &[u8] {
        &*self.0
    }

    /// For who types it: base 32 in groups of four.
    pub fn text(&self) -> Secret<String> {
        let signs = base32(&*self.0);
        let groups: Vec<&str> = signs
            .as_bytes()
            .chunks(4)
            .filter_map(|group| std::str::from_utf8(group).ok())
            .collect();
        Secret::new(groups.join(" "))
    }

    /// What the QR code says (the Key Uri Format that apps read). `issuer` is who asks for
    /// the code, `name` whose it is.
    pub fn uri(&self, issuer: &str, name: &str) -> Secret<String> {
        let (issuer, name) = (segment(issuer), segment(name));
        let signs = base32(&*self.0);
        Secret::new(format!(
            "otpauth://totp/{issuer}:{name}?secret={}&issuer={issuer}&algorithm=SHA1\
             &digits={DIGITS}&period={PERIOD_S}",
            *signs
        ))
    }

    /// The code of a step (RFC 4226 section 5.3).
    pub fn code(&self, step: Step) -> Secret<String> {
        let key = hmac::Key::new(HMAC_SHA1_FOR_LEGACY_USE_ONLY, &*self.0);
        let tag = hmac::sign(&key, &step.0.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
        let word = tag
            .get(offset..)
            .and_then(|rest| rest.first_chunk::<4>())
            .map_or(0, |word| u32::from_be_bytes(*word));
        Secret::new(format!("{:06}", (word & 0x7fff_ffff) % 1_000_000))
    }

    /// Whether this is the code of now, the half minute before or the one after, and of a
    /// later step than `last`. Gives the step, which the caller keeps as the last.
    pub fn check(&self, typed: &str, now: Micros, last: Option<Step>) -> Option<Step> {
        let typed: Zeroizing<String> =
            Zeroizing::new(typed.chars().filter(|sign| !sign.is_whitespace()).collect());
        let now = Step::at(now);
        // All three are computed and compared, whichever it is.
        [-1, 0, 1]
            .map(|off| Step(now.0 + off))
            .into_iter()
            .filter(|step| {
                let code = self.code(*step);
                verify_slices_are_equal(typed.as_bytes(), code.expose().as_bytes()).is_ok()
            })
            .filter(|step| last.is_none_or(|last| last < *step))
            .min()
    }
}

fn base32(bytes: &[u8]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::with_capacity(bytes.len().div_ceil(5) * 8));
    for group in bytes.chunks(5) {
        let mut word = [0_u8; 8];
        for (to, from) in word.iter_mut().skip(3).zip(group) {
            *to = *from;
        }
        let word = u64::from_be_bytes(word);
        let signs = (group.len() * 8).div_ceil(5);
        text.extend((0..signs).map(|at| sign(BASE32, word >> (35 - 5 * at))));
    }
    text
}

/// The sign of the lowest five bits.
fn sign(alphabet: &[u8; 32], bits: u64) -> char {
    let at = usize::try_from(bits & 31).unwrap_or_default();
    alphabet.get(at).copied().map_or('?', char::from)
}

/// A segment of a path (RFC 3986 section 3.3), everything but letters and digits encoded.
fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// Ten new recovery codes of 50 bits each, as `xxxxx-xxxxx`.
pub fn recovery_codes(rng: &Rng) -> [Secret<String>; RECOVERY_CODES] {
    std::array::from_fn(|_| {
        let bits = u64::from_be_bytes(rng.bytes());
        let mut text = String::with_capacity(RECOVERY_SIGNS + 1);
        for at in 0..RECOVERY_SIGNS {
            if at == RECOVERY_SIGNS / 2 {
                text.push('-');
            }
            text.push(sign(RECOVERY, bits >> (5 * at)));
        }
        Secret::new(text)
    })
}

/// What somebody typed as a recovery code, in the one form that is hashed: its ten signs.
/// `None` for what is none. Case, spaces and dashes don't matter, and `o`, `i` and `l` are
/// read as the digits that they were taken for.
pub fn recovery_code(typed: &str) -> Option<Secret<String>> {
    let mut signs = Zeroizing::new(String::with_capacity(RECOVERY_SIGNS));
    for sign in typed.chars().filter(|it| !matches!(it, ' ' | '-')) {
        let sign = match sign.to_ascii_lowercase() {
            'o' => '0',
            'i' | 'l' => '1',
            other => other,
        };
        if signs.len() == RECOVERY_SIGNS || !RECOVERY.iter().any(|it| char::from(*it) == sign) {
            return None;
        }
        signs.push(sign);
    }
    (signs.len() == RECOVERY_SIGNS).then(|| Secret::new(signs.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Micros = Micros(1_700_000_000_000_000);

    fn seed() -> Seed {
        Seed::read(b"12345678901234567890").unwrap()
    }

    fn later(seconds: i64) -> Micros {
        Micros(START.0 + seconds * 1_000_000)
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        // Appendix B: eight digits there, of which an app shows the last six.
        for (second, code) in [
            (59, "94287082"),
            (1_111_111_109, "07081804"),
            (1_111_111_111, "14050471"),
            (1_234_567_890, "89005924"),
            (2_000_000_000, "69279037"),
            (20_000_000_000, "65353130"),
        ] {
            let step = Step::at(Micros(second * 1_000_000));
            assert_eq!(*seed().code(step).expose(), code[2..], "{second}");
        }
    }

    #[test]
    fn a_code_is_good_for_one_step_around_now_and_no_further() {
        let seed = seed();
        for (off, good) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            let step = Step(Step::at(START).0 + off);
            let code = seed.code(step);
            let found = seed.check(code.expose(), START, None);
            assert_eq!(found, good.then_some(step), "{off}");
        }
        let code = seed.code(Step::at(START));
        let (first, last) = code.expose().split_at(3);
        assert!(
            seed.check(&format!(" {first} {last}\n"), START, None)
                .is_some()
        );
        for wrong in ["", "12345", "1234567", "abcdef", "１２３４５６"] {
            assert_eq!(seed.check(wrong, START, None), None, "{wrong}");
        }
    }

    #[test]
    fn a_code_is_good_once_and_none_before_it_afterwards() {
        let seed = seed();
        let step = seed
            .check(seed.code(Step::at(START)).expose(), START, None)
            .unwrap();
        let again = seed.check(seed.code(step).expose(), later(5), Some(step));
        assert_eq!(again, None);
        let before = seed.code(Step(step.0 - 1));
        assert_eq!(seed.check(before.expose(), later(5), Some(step)), None);
        let next = seed.code(Step(step.0 + 1));
        assert!(seed.check(next.expose(), later(5), Some(step)).is_some());
    }

    #[test]
    fn a_seed_is_written_as_apps_read_it() {
        let seed = seed();
        assert_eq!(
            seed.text().expose(),
            "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ"
        );
        assert_eq!(
            seed.uri("id.example.com", "ada lovelace/é").expose(),
            "otpauth://totp/id.example.com:ada%20lovelace%2F%C3%A9\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=id.example.com\
             &algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(Seed::read(seed.bytes()).unwrap().bytes(), seed.bytes());
        assert!(Seed::read(b"short").is_none());
    }

    #[test]
    fn recovery_codes_are_read_however_somebody_copies_them() {
        let codes = recovery_codes(&Rng::System);
        for code in &codes {
            let text = code.expose();
            assert_eq!((text.len(), text.find('-')), (11, Some(5)), "{text}");
            let kept = recovery_code(text).unwrap();
            assert_eq!(*kept.expose(), text.replace('-', ""));
            let spoken = text.to_uppercase().replace('-', " ");
            let spoken = spoken.replace('0', "O").replace('1', "l");
            assert_eq!(recovery_code(&spoken), Some(kept));
        }
        let different: std::collections::BTreeSet<_> =
            codes.iter().map(|it| it.expose().clone()).collect();
        assert_eq!(different.len(), RECOVERY_CODES);
        for wrong in ["", "abcde-abcd", "abcde-abcdef", "abcde-abcdu", "123456"] {
            assert!(recovery_code(wrong).is_none(), "{wrong}");
        }
    }
}
