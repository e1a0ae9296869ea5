//! The harness of the integration tests: it starts the whole binary and other people's
//! programs, each test its own, on free ports of the loopback, and ends them with the
//! test however it ends.
//!
//! - [`tools`]: where the binary and the judges are.
//! - [`program`]: a running program, its output line by line; [`program::finish`] runs
//!   one to its end.
//! - [`ground`]: a folder per test with a certificate authority and configurations.
//! - [`gateway`]: a running `waarborg serve`, and clients of it.
//! - [`demo`]: a running `waarborg demo`.
//! - [`hosts`]: other hosts with real addresses.
//! - [`judges`]: scripts that use it as people and programs do.
//! - [`load`]: clients that go on asking and count.
//! - [`streams`]: WebSockets and server-sent events, held open.
//! - [`mails`]: a mail server that prints what it takes.
//! - [`nginx`]: Debian's nginx with bad settings, to be scanned.
//! - [`upstream`]: small applications behind it, honest and lying.
//!
//! Nothing sleeps: tests wait for a line, an answer or an event, with a limit.
#![expect(
    clippy::panic,
    reason = "a test that can't be carried out fails, it never passes"
)]

pub mod browsing;
pub mod demo;
pub mod gateway;
pub mod ground;
pub mod hosts;
pub mod judges;
pub mod load;
pub mod mails;
pub mod nginx;
pub mod program;
pub mod streams;
pub mod tools;
pub mod upstream;

use std::time::Duration;

/// The longest wait for one thing to happen. A busy machine is slow; what doesn't happen
/// within this doesn't happen at all.
pub const PATIENCE: Duration = Duration::from_secs(90);

/// Waits for `what` at most [`PATIENCE`].
///
/// # Panics
/// When it doesn't come.
pub async fn in_time<T>(what: &str, future: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, future).await {
        Ok(value) => value,
        Err(_) => panic!("{what}: not within {} s", PATIENCE.as_secs()),
    }
}

/// A port that was free a moment ago, for programs that can't choose one themselves.
///
/// # Panics
/// When there is none.
pub async fn free_port() -> u16 {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let address = listener.and_then(|listener| listener.local_addr());
    address.expect("a free port").port()
}
