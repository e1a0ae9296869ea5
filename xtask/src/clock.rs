//! The one place where the tools read the clock and sleep.
//!
//! In the product time is an argument; a tool that waits for other programs has
//! nobody to take it from.

use std::time::{Duration, Instant};

/// Now, by the monotonic clock.
#[expect(
    clippy::disallowed_methods,
    reason = "a tool's own clock; nothing of the product comes here"
)]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Waits between two looks at a program that can't tell us when it is ready.
#[expect(
    clippy::disallowed_methods,
    reason = "other people's servers are polled; they announce nothing"
)]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}
