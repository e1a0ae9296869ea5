//! A password as somebody gave it, and as it is stored.
//!
//! Stored are two forms. Up to 72 bytes: plain `$2b$`, which every library verifies.
//! Longer: `$wb1$` and a bcrypt hash of base64(HMAC-SHA-384(pepper, password)), so that
//! every byte counts. The pepper keeps stolen plain SHA-384 hashes of the same password
//! from being tried against ours; base64 has no NUL, and its 64 letters fit.
//!
//! What was imported (`$2a$`, `$2b$`, `$2y$`) verifies as those libraries do, by the
//! first 72 bytes. [`Stored::outdated`] tells what to hash anew at the next sign-in.

use std::fmt;

use aws_lc_rs::hmac;
use bcrypt_lanes::{Cost, Digest, ParseStoredError, Password, Salt, Stored as Bcrypt, Version};
use terms::{Rng, Secret, base64};
use thiserror::Error;
use unicode_normalization::{UnicodeNormalization as _, is_nfc};
use zeroize::Zeroizing;

/// The longest password, in bytes as sent. A form with a longer one is answered 413.
pub const BYTES_MAX: usize = 4096;

/// The dearest cost that an import may bring: 14 takes about a second on one core.
pub const IMPORTED_COST_MAX: u8 = 14;

/// Marks our own form of hashes of long passwords.
const LONG: &str = "$wb1$";

/// A password as a form brought it: normalised (NFC), wiped when dropped.
#[derive(Clone)]
pub struct Given(Zeroizing<String>);

/// Why a text is no password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum GivenError {
    /// More than [`BYTES_MAX`] bytes.
    #[error("a password has at most {BYTES_MAX} bytes")]
    TooLong,
    /// A NUL: other implementations of bcrypt stop there.
    #[error("a password holds no NUL")]
    Nul,
}

impl Given {
    /// Takes a text from a form. Both ways to write an `é` become the same.
    ///
    /// # Errors
    /// When it is too long or holds a NUL.
    pub fn new(text: &str) -> Result<Self, GivenError> {
        if BYTES_MAX < text.len() {
            return Err(GivenError::TooLong);
        }
        if text.contains('\0') {
            return Err(GivenError::Nul);
        }
        if is_nfc(text) {
            return Ok(Self(Zeroizing::new(text.to_owned())));
        }
        // NFC makes no text more than three times as long (UAX #15): one allocation,
        // so that growing leaves no copy behind.
        let mut normal = Zeroizing::new(String::with_capacity(3 * text.len()));
        normal.extend(text.nfc());
        Ok(Self(normal))
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    /// Unicode scalar values, which is what a length limit counts.
    pub fn characters(&self) -> usize {
        self.0.chars().count()
    }

    /// What a new hash of this password is made of.
    fn form(&self) -> Form {
        if self.0.len() <= Password::USED {
            Form::Plain
        } else {
            Form::Long
        }
    }

    /// The bytes that bcrypt gets.
    fn prepared(&self, form: Form, pepper: &Pepper) -> Prepared {
        let bytes = match form {
            // bcrypt-lanes truncates it, as whoever made the hash did.
            Form::Plain => self.0.as_bytes().to_vec(),
            Form::Long => {
                let key = hmac::Key::new(hmac::HMAC_SHA384, pepper.0.expose());
                base64(hmac::sign(&key, self.0.as_bytes()).as_ref()).into_bytes()
            }
        };
        Prepared(Zeroizing::new(bytes))
    }
}

impl fmt::Debug for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Given(…)")
    }
}

/// The key of the long form: 32 random bytes outside the store. Without it long
/// passwords don't verify.
#[derive(Clone)]
pub struct Pepper(Secret<[u8; 32]>);

impl Pepper {
    /// Takes the key.
    pub const fn new(key: [u8; 32]) -> Self {
        Self(Secret::new(key))
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(…)")
    }
}

/// Bytes for bcrypt, without NUL; wiped when dropped.
pub(crate) struct Prepared(Zeroizing<Vec<u8>>);

impl Prepared {
    /// As bcrypt takes it.
    pub(crate) fn password(&self) -> Password<'_> {
        Password::truncated(&self.0).expect("`Given` refuses NUL, and base64 has none")
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Plain,
    Long,
}

/// A stored hash, parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    form: Form,
    bcrypt: Bcrypt,
}

/// Why a stored text can't be verified. None holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StoredError {
    /// `$2x$`: its owner needs a reset.
    #[error("a faulty library made this hash (`$2x$`): its owner needs a password reset")]
    ResetRequired,
    /// A cost that we don't compute.
    #[error("cost {cost}: an imported hash has a cost from 4 to {IMPORTED_COST_MAX}")]
    Cost {
        /// Its cost.
        cost: u8,
    },
    /// No hash of ours or of bcrypt's.
    #[error(transparent)]
    Malformed(ParseStoredError),
}

impl Stored {
    /// Parses a text from the store or from an import.
    ///
    /// # Errors
    /// When it can't be verified, or would take too long to.
    pub fn parse(text: &str) -> Result<Self, StoredError> {
        let (form, rest) = match text.strip_prefix(LONG) {
            Some(rest) => (Form::Long, rest),
            None => (Form::Plain, text),
        };
        let bcrypt: Bcrypt = rest.parse().map_err(|error| match error {
            ParseStoredError::NeedsReset => StoredError::ResetRequired,
            other => StoredError::Malformed(other),
        })?;
        if IMPORTED_COST_MAX < bcrypt.cost.get() {
            let cost = bcrypt.cost.get();
            return Err(StoredError::Cost { cost });
        }
        Ok(Self { form, bcrypt })
    }

    /// What stands in for the hash of a name that doesn't exist: no password has it, and
    /// it costs the same.
    pub fn dummy(cost: Cost, rng: &Rng) -> Self {
        let digest = Digest::from(rng.bytes());
        Self {
            form: Form::Plain,
            bcrypt: Bcrypt::new(cost, Salt(rng.bytes()), digest),
        }
    }

    pub(crate) fn new(form_of: &Given, cost: Cost, salt: Salt, digest: Digest) -> Self {
        Self {
            form: form_of.form(),
            bcrypt: Bcrypt::new(cost, salt, digest),
        }
    }

    /// What one guess costs.
    pub const fn cost(&self) -> Cost {
        self.bcrypt.cost
    }

    pub(crate) const fn salt(&self) -> Salt {
        self.bcrypt.salt
    }

    /// Whether this password has this hash, which was just computed. In constant time.
    pub(crate) fn is(&self, digest: &Digest) -> bool {
        self.bcrypt.digest == *digest
    }

    pub(crate) fn prepared(&self, given: &Given, pepper: &Pepper) -> Prepared {
        given.prepared(self.form, pepper)
    }

    /// Whether the password that has just verified should be hashed anew: another cost
    /// than today's, or another form than we would write.
    pub fn outdated(&self, given: &Given, cost: Cost) -> bool {
        self.bcrypt.cost != cost || self.bcrypt.version != Version::B || self.form != given.form()
    }
}

/// The text for the store.
impl fmt::Display for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.form == Form::Long {
            f.write_str(LONG)?;
        }
        self.bcrypt.fmt(f)
    }
}

/// A password and a new salt, ready to be hashed.
pub(crate) fn for_new_hash(given: &Given, pepper: &Pepper) -> Prepared {
    given.prepared(given.form(), pepper)
}

#[cfg(test)]
mod tests;
