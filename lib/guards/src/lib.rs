//! The policies as plain synchronous functions over borrowed data.
//!
//! One file per promise, named after it; beside them what several of them need: who the
//! client is. Nothing here does I/O, waits, locks or reads a clock; what a request's way
//! calls doesn't allocate unless its doc says when.

pub mod block;
pub mod csp;
pub mod csrf;
pub mod forwarded;
pub mod hsts;
pub mod html;
pub mod network;
pub mod proxy;
pub mod strike;
pub mod throttle;
pub mod weaknesses;
pub mod xss;
