//! The integration tests: one program, the whole binary from outside.
//!
//! Each test starts its own gateway and whatever stands behind it, on free ports of the
//! loopback. What a test needs and doesn't find fails it: an absent judge never passes.
#![expect(
    clippy::panic,
    reason = "a test that can't be carried out fails, it never passes"
)]

mod accounts;
mod address;
mod apps;
mod browser;
mod consent;
mod console;
mod control;
mod demo;
mod differential;
mod lost_factor;
mod measures;
mod passkey;
mod promises;
mod proof;
mod register;
mod reset;
mod serve;
mod sign_in;
