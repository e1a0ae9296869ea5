//! Keys of signed notes: Ed25519 (signature type 0x01 of C2SP `signed-note`).

use std::{fmt, str::FromStr};

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use zeroize::Zeroizing;

use crate::{base64, hash::sha256};

/// The longest key name taken, in bytes.
pub const MAX_KEY_NAME: usize = 255;

const ED25519_TYPE: u8 = 0x01;
const PUBLIC_KEY_LEN: usize = 32;

/// A key or its text form isn't one.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyError {
    /// A key name is 1 to 255 bytes without white space, control characters and `+`.
    #[error(
        "the key name {name:?} isn't usable: expected 1 to {MAX_KEY_NAME} bytes without spaces, \
         control characters and `+`, such as `example.com/trust`"
    )]
    Name {
        /// The name (its beginning).
        name: String,
    },
    /// The text isn't `name+hex+base64`.
    #[error("a verifier key is written `<name>+<8 hex digits>+<base64 of type and key>`")]
    Form,
    /// The key is of another kind than Ed25519.
    #[error("the verifier key has signature type {found:#04x}: only 0x01 (Ed25519) is known")]
    Type {
        /// The type's byte.
        found: u8,
    },
    /// The key id isn't the one of this name and key.
    #[error("the key id {found:08x} doesn't belong to this name and key ({expected:08x} does)")]
    Id {
        /// What the text says.
        found: u32,
        /// What name and key give.
        expected: u32,
    },
    /// The seed gives no key.
    #[error("the 32-byte seed isn't accepted as an Ed25519 private key")]
    Seed,
}

pub(crate) fn check_name(name: &str) -> Result<(), KeyError> {
    let fits = (1..=MAX_KEY_NAME).contains(&name.len());
    if fits
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '+')
    {
        return Ok(());
    }
    Err(KeyError::Name {
        name: name.chars().take(64).collect(),
    })
}

/// A key to verify with. Its text form, `name+hex+base64`, is what Go's
/// `sumdb/note`, witnesses and monitors take.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct VerifierKey {
    name: String,
    id: u32,
    public: [u8; PUBLIC_KEY_LEN],
}

impl VerifierKey {
    /// From a name and the 32 bytes of an Ed25519 public key (RFC 8032).
    ///
    /// # Errors
    /// When the name isn't usable.
    pub fn new(name: &str, public: [u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        check_name(name)?;
        let [a, b, c, d, ..] = sha256(&[name.as_bytes(), b"\n", &[ED25519_TYPE], &public]);
        let id = u32::from_be_bytes([a, b, c, d]);
        Ok(Self {
            name: name.to_owned(),
            id,
            public,
        })
    }

    /// The key's name, on the signature line.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of SHA-256(name ‖ "\n" ‖ 0x01 ‖ key): tells keys of the
    /// same name apart. It is no fingerprint.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// The public key's 32 bytes.
    pub const fn public(&self) -> &[u8; PUBLIC_KEY_LEN] {
        &self.public
    }

    /// Whether `signature` (64 bytes) is this key's over `text`.
    pub fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, &self.public)
            .verify(text, signature)
            .is_ok()
    }
}

impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut typed = vec![ED25519_TYPE];
        typed.extend_from_slice(&self.public);
        write!(
            f,
            "{}+{:08x}+{}",
            self.name,
            self.id,
            base64::encode(&typed)
        )
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        // The base64 part may hold `+` itself, so split from the left.
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Form);
        };
        let hex = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if id.len() != 8 || !id.bytes().all(hex) || key.len() > 64 {
            return Err(KeyError::Form);
        }
        let found = u32::from_str_radix(id, 16).map_err(|_| KeyError::Form)?;
        let bytes = base64::decode(key).ok_or(KeyError::Form)?;
        let (kind, public) = bytes.split_first().ok_or(KeyError::Form)?;
        if *kind != ED25519_TYPE {
            return Err(KeyError::Type { found: *kind });
        }
        let verifier = Self::new(name, public.try_into().map_err(|_| KeyError::Form)?)?;
        if verifier.id != found {
            return Err(KeyError::Id {
                found,
                expected: verifier.id,
            });
        }
        Ok(verifier)
    }
}

/// A key to sign with. It can't be printed, compared or copied; aws-lc holds it and
/// wipes it when dropped.
pub struct SigningKey {
    pair: Ed25519KeyPair,
    verifier: VerifierKey,
}

impl SigningKey {
    /// From a name and the 32-byte seed (the RFC 8032 private key). The argument's
    /// type sees to it that the caller's copy is wiped as well.
    ///
    /// # Errors
    /// When the name isn't usable, or the seed isn't accepted.
    pub fn from_seed(name: &str, seed: &Zeroizing<[u8; 32]>) -> Result<Self, KeyError> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.as_slice()).map_err(|_| KeyError::Seed)?;
        let public = pair
            .public_key()
            .as_ref()
            .try_into()
            .map_err(|_| KeyError::Seed)?;
        Ok(Self {
            verifier: VerifierKey::new(name, public)?,
            pair,
        })
    }

    /// The key that others verify with.
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The 64-byte Ed25519 signature over `text`.
    pub fn sign(&self, text: &[u8]) -> Vec<u8> {
        self.pair.sign(text).as_ref().to_vec()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example key of Go's `sumdb/note`.
    const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

    fn seed(byte: u8) -> Zeroizing<[u8; 32]> {
        Zeroizing::new([byte; 32])
    }

    #[test]
    fn a_verifier_key_reads_and_prints_as_gos_does() {
        let key: VerifierKey = PETER.parse().unwrap();
        assert_eq!((key.name(), key.id()), ("PeterNeumann", 0xc74f_20a3));
        assert_eq!(key.to_string(), PETER);
    }

    #[test]
    fn a_damaged_verifier_key_is_refused() {
        let check = |text: &str, expected: KeyError| {
            assert_eq!(text.parse::<VerifierKey>(), Err(expected), "{text}");
        };
        check("", KeyError::Form);
        check("PeterNeumann+c74f20a3", KeyError::Form);
        check(&PETER.replace("c74f", "C74F"), KeyError::Form);
        check(&PETER[..PETER.len() - 4], KeyError::Form);
        check(
            &PETER.replace("c74f", "c74e"),
            KeyError::Id {
                found: 0xc74e_20a3,
                expected: 0xc74f_20a3,
            },
        );
        check(&PETER.replace("ARpc", "Ahpc"), KeyError::Type { found: 2 });
        check(
            &PETER.replace("PeterNeumann", "Peter Neumann"),
            KeyError::Name {
                name: "Peter Neumann".into(),
            },
        );
    }

    #[test]
    fn names_that_would_break_a_signature_line_are_refused() {
        for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", &"n".repeat(256)] {
            assert!(matches!(
                VerifierKey::new(name, [1; 32]),
                Err(KeyError::Name { .. })
            ));
        }
        assert!(VerifierKey::new(&"n".repeat(255), [1; 32]).is_ok());
    }

    #[test]
    fn only_the_own_text_verifies() {
        let key = SigningKey::from_seed("example.com/log", &seed(1)).unwrap();
        let other = SigningKey::from_seed("example.com/log", &seed(2)).unwrap();
        let signature = key.sign(b"text");
        assert!(key.verifier().verifies(b"text", &signature));
        assert!(!key.verifier().verifies(b"texT", &signature));
        assert!(!other.verifier().verifies(b"text", &signature));
        assert!(!key.verifier().verifies(b"text", &signature[1..]));
    }
}
