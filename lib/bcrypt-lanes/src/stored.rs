//! A hash as text: `$2b$12$`, 22 letters of salt, 31 of digest.

use std::{fmt, str::FromStr};

use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    base64::{decode, encode},
    digest::{Cost, Digest, Salt},
};

/// A stored hash, parsed. `Display` writes it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Who made it. It changes nothing in the computation.
    pub version: Version,
    /// The price of a guess.
    pub cost: Cost,
    /// The salt it was made with.
    pub salt: Salt,
    /// What a right password gives again.
    pub digest: Digest,
}

/// The letters after `$2`. All three are the same function of UTF-8 texts of at most 72
/// bytes, and of longer ones truncated to 72.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// `$2a$`: the first, and PHP's, Java's and many others' until today.
    A,
    /// `$2b$`: OpenBSD's since 2014, and what we write.
    B,
    /// `$2y$`: crypt_blowfish's own name for the right function, PHP's and Apache's.
    Y,
}

impl Version {
    const fn letter(self) -> char {
        match self {
            Self::A => 'a',
            Self::B => 'b',
            Self::Y => 'y',
        }
    }
}

/// Why a text isn't a hash that can be verified. None holds a part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ParseStoredError {
    /// `$2x$`: made by a library that mistook letters outside ASCII. Its owner needs a
    /// new password.
    #[error("`$2x$` marks a hash of a faulty library: its owner needs a reset")]
    NeedsReset,
    /// It doesn't begin with `$2a$`, `$2b$` or `$2y$`.
    #[error("no bcrypt hash: one begins with `$2a$`, `$2b$` or `$2y$`")]
    NotBcrypt,
    /// It has another length.
    #[error("a bcrypt hash has 60 characters, and this one {length} bytes")]
    Length {
        /// Its bytes.
        length: usize,
    },
    /// The cost isn't two digits and a `$`, or isn't one of bcrypt's.
    #[error("after the version stands a cost from 04 to 31 and a `$`")]
    Cost,
    /// A character that isn't of bcrypt's base64, or bits at the end of the digest that
    /// no library sets.
    #[error("salt and digest aren't in bcrypt's base64")]
    Letters,
}

impl Stored {
    /// How long each is as text.
    pub const LENGTH: usize = 60;

    /// A new hash, to be written as `$2b$`.
    pub const fn new(cost: Cost, salt: Salt, digest: Digest) -> Self {
        Self {
            version: Version::B,
            cost,
            salt,
            digest,
        }
    }
}

/// Strict, but for one thing: the four bits behind the salt may be set, for some old
/// libraries did that, and libxcrypt takes it. They are written as 0 again.
impl FromStr for Stored {
    type Err = ParseStoredError;

    fn from_str(text: &str) -> Result<Self, ParseStoredError> {
        let bytes = text.as_bytes();
        let (version, rest) = match bytes {
            [b'$', b'2', b'a', b'$', rest @ ..] => (Version::A, rest),
            [b'$', b'2', b'b', b'$', rest @ ..] => (Version::B, rest),
            [b'$', b'2', b'y', b'$', rest @ ..] => (Version::Y, rest),
            [b'$', b'2', b'x', b'$', ..] => return Err(ParseStoredError::NeedsReset),
            _ => return Err(ParseStoredError::NotBcrypt),
        };
        if bytes.len() != Self::LENGTH {
            return Err(ParseStoredError::Length {
                length: bytes.len(),
            });
        }
        let [tens @ b'0'..=b'3', ones @ b'0'..=b'9', b'$', rest @ ..] = rest else {
            return Err(ParseStoredError::Cost);
        };
        let cost =
            Cost::new(10 * (tens - b'0') + (ones - b'0')).map_err(|_| ParseStoredError::Cost)?;
        let (salt_text, digest_text) =
            rest.split_at_checked(22).ok_or(ParseStoredError::Letters)?;
        let mut salt = Salt([0; 16]);
        let mut digest = Digest([0; Digest::LENGTH]);
        decode(salt_text, &mut salt.0).ok_or(ParseStoredError::Letters)?;
        if decode(digest_text, &mut digest.0) != Some(0) {
            return Err(ParseStoredError::Letters);
        }
        Ok(Self {
            version,
            cost,
            salt,
            digest,
        })
    }
}

impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Set aside at once: a text that grew would leave copies behind.
        let mut text = Zeroizing::new(String::with_capacity(Self::LENGTH));
        encode(&self.salt.0, &mut text);
        encode(&self.digest.0, &mut text);
        let (version, cost) = (self.version.letter(), self.cost.get());
        write!(f, "$2{version}${cost:02}${}", *text)
    }
}
