//! The data plane: one OS thread per core, each with its own runtime, listeners and
//! upstream connections.
//!
//! A request goes through eight steps, each one type that only its own file can build:
//!
//! ```text
//! accept::Connection → handshake::Secured → read::Request → know::Known
//!   → guard::Admitted → serve::Answer → harden::Hardened → record::record
//! ```
//!
//! So an unguarded request can't be served and a bare answer can't be written: neither
//! compiles. `steps.rs` shows the chain on one screen.
//! HTTP/1 is `http1.rs` over the codec `lib/h1`, HTTP/2 is `http2.rs` over the codec
//! `lib/http2`; both call the same steps.
//!
//! Absent here by intent: the store, locks between workers, password hashes, signing
//! keys, waiting for another node.
#![warn(clippy::indexing_slicing)]

mod accept;
mod assertion;
mod block;
mod buffer;
mod compress;
mod credentials;
mod crowd;
mod csrf;
mod door;
mod filters;
mod forward;
mod guard;
mod handshake;
mod harden;
mod health;
mod http1;
mod http2;
mod know;
mod own;
mod pace;
mod path;
mod read;
mod record;
mod serve;
mod signin;
mod steps;
mod teeth;
#[cfg(test)]
mod tests;
mod throttle;
mod trailers;
mod tunnel;
mod upstream;
mod vouch;
mod waking;
mod watch;
mod weaknesses;
mod worker;
mod xss;

pub use accept::{BindError, Listeners, Listening};
pub use crowd::Crowd;
pub use handshake::Tickets;
pub use throttle::Arrivals;
pub use worker::{Edge, Parts, start};
