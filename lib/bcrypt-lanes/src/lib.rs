//! bcrypt in interleaved lanes: up to [`LANES`] hashes at once on one core.
//!
//! bcrypt is bound by latency: a core that computes one hash waits most of the time.
//! Who has several to compute, as a server's sign-in has, gets them for little more
//! than the price of one. At cost 12, on one core of a 2-vCPU AMD EPYC that others kept
//! busy (2026-11-24, seven alternating rounds), against libxcrypt in the same round: one
//! lane 0.94 times its hashes a second, two 1.75, four 2.3, six 2.96 (quartiles 2.76 and
//! 3.10); the `bcrypt` crate 0.86.
//!
//! ```
//! use waarborg_bcrypt_lanes::{Cost, Input, Password, Salt, Stored, digests};
//!
//! let stored: Stored =
//!     "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".parse()?;
//! let right = Input { password: Password::whole(b"U*U")?, salt: stored.salt };
//! let wrong = Input { password: Password::whole(b"U*V")?, salt: stored.salt };
//! let found = digests(stored.cost, &[right, wrong]);
//! assert!(stored.digest == found[0]);
//! assert!(stored.digest != found[1]);
//!
//! let new = Input { password: Password::truncated(b"correct horse")?, salt: Salt([7; 16]) };
//! let digest = digests(Cost::new(4)?, &[new]).remove(0);
//! println!("{}", Stored::new(Cost::new(4)?, Salt([7; 16]), digest));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What all inputs of one call share is the cost: lanes go in step. Everything derived
//! from a password is wiped when it goes, digests are compared in constant time, and
//! there is neither `unsafe` nor I/O nor chance: salts are an argument.
//!
//! Blowfish's table look-ups depend on the password, as in every bcrypt: who shares the
//! core's first cache can learn from them. That is bcrypt's design, not this crate's.
//!
//! Not here: `$2x$`, the hashes of a library of 2011 that mistook letters outside ASCII
//! (see [`ParseStoredError::NeedsReset`]), and libxcrypt's extra protection for `$2a$`
//! against collisions with those. It concerns passwords with a byte 0xff only, which no
//! text in UTF-8 holds.
//!
//! Measure it: `taskset -c 1 cargo bench -p waarborg-bcrypt-lanes`.
#![forbid(unsafe_code)]

mod base64;
mod digest;
mod lane;
mod password;
mod pi;
mod stored;

#[cfg(test)]
mod tests;

pub use digest::{Cost, CostOutOfRange, Digest, Salt};
pub use password::{Password, PasswordError};
pub use stored::{ParseStoredError, Stored, Version};

use lane::Words;

/// How many hashes go side by side; more are computed in turns. Chosen by measuring
/// four to eight (2026-11-24): six gave most, and their boxes still fit into a first cache
/// of 32 KiB beside their keys.
pub const LANES: usize = 6;

/// What one digest is made of.
#[derive(Debug)]
pub struct Input<'a> {
    /// The password.
    pub password: Password<'a>,
    /// Its salt: random and new for a new hash, the stored one's to verify.
    pub salt: Salt,
}

/// The digests of `inputs`, in their order.
///
/// Any number of inputs is right; the time is that of one hash (and about half more) for
/// every [`LANES`] of them.
pub fn digests(cost: Cost, inputs: &[Input<'_>]) -> Vec<Digest> {
    let mut found = Vec::with_capacity(inputs.len());
    for batch in inputs.chunks(LANES) {
        match batch {
            [a, b, c, d, e, f] => side_by_side(cost, [a, b, c, d, e, f], &mut found),
            [a, b, c, d, e] => side_by_side(cost, [a, b, c, d, e], &mut found),
            [a, b, c, d] => side_by_side(cost, [a, b, c, d], &mut found),
            [a, b, c] => side_by_side(cost, [a, b, c], &mut found),
            [a, b] => side_by_side(cost, [a, b], &mut found),
            rest => {
                for one in rest {
                    side_by_side(cost, [one], &mut found);
                }
            }
        }
    }
    found
}

fn side_by_side<const N: usize>(cost: Cost, batch: [&Input<'_>; N], found: &mut Vec<Digest>) {
    let keys = batch.map(|input| input.password.key());
    let salts = batch.map(|input| input.salt.words());
    let mut words: [Words; N] =
        lane::digests(cost, &keys.each_ref().map(|key| &**key), &salts.each_ref());
    found.extend(words.iter().map(Digest::from_words));
    zeroize::Zeroize::zeroize(&mut words);
}
