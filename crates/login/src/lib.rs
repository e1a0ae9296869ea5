//! What sign-in computes, and nothing else: control persists, speaks HTTP and waits.
//!
//! - [`password`]: a password as given, and as it is stored;
//! - [`policy`]: which new passwords are taken, with a hint;
//! - [`breached`]: the offline filter of passwords that have leaked;
//! - [`census`]: what the stored hashes are, in numbers;
//! - [`lockout`]: who may guess how often, so that strangers can't lock the owner out;
//! - [`two_factor`]: codes of an authenticator app, and recovery codes;
//! - [`passkey`]: what browsers are asked for, and whether their answer is right;
//! - [`pool`]: the few threads that hash, their fair queue and the time grid.
//!
//! Time and chance are arguments, but for the challenges of passkeys, which `webauthn-rs`
//! makes itself; nothing secret is in any `Debug`.

pub use bcrypt_lanes::Cost;

pub mod breached;
pub mod census;
pub mod lockout;
pub mod passkey;
pub mod password;
pub mod policy;
pub mod pool;
pub mod two_factor;
