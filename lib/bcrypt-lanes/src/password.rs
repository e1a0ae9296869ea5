//! A password as bcrypt takes it: at most 72 bytes, without NUL, and a choice made
//! knowingly about longer ones.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::lane::Key;

/// A password that bcrypt can take, borrowed from the caller, who wipes it.
#[derive(Clone, Copy)]
pub struct Password<'a>(&'a [u8]);

/// Why bytes aren't a password.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PasswordError {
    /// A NUL: implementations in C stop there, so what follows wouldn't count for them.
    #[error("a password for bcrypt holds no NUL byte")]
    Nul,
    /// More than [`Password::USED`] bytes, where all of them should count.
    #[error("bcrypt uses 72 bytes of a password, and this one has {length}")]
    TooLong {
        /// Its bytes.
        length: usize,
    },
}

impl<'a> Password<'a> {
    /// How many bytes of a password bcrypt uses.
    pub const USED: usize = 72;

    /// A password of which every byte counts: what new hashes are made of.
    ///
    /// # Errors
    /// When it holds a NUL, or has more than 72 bytes.
    pub fn whole(bytes: &'a [u8]) -> Result<Self, PasswordError> {
        let length = bytes.len();
        match Self::truncated(bytes)? {
            _ if Self::USED < length => Err(PasswordError::TooLong { length }),
            whole => Ok(whole),
        }
    }

    /// A password of which the first 72 bytes count, as other libraries have it: to
    /// verify hashes that they made.
    ///
    /// # Errors
    /// When it holds a NUL, be it behind the 72.
    pub fn truncated(bytes: &'a [u8]) -> Result<Self, PasswordError> {
        if bytes.contains(&0) {
            return Err(PasswordError::Nul);
        }
        Ok(Self(bytes.get(..Self::USED).unwrap_or(bytes)))
    }

    /// The password with its closing NUL, repeated to 72 bytes.
    pub(crate) fn key(self) -> Zeroizing<Key> {
        let mut key = Zeroizing::new([0; 18]);
        let mut bytes = self.0.iter().chain([&0]).cycle();
        for word in key.iter_mut() {
            for byte in bytes.by_ref().take(4) {
                *word = *word << 8 | u32::from(*byte);
            }
        }
        key
    }
}

impl fmt::Debug for Password<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(…)")
    }
}
