//! A client from outside: what drills, probes, hooks and feeds connect with.
//!
//! - [`address`]: which addresses may be connected to. A TCP connection takes a
//!   [`address::Checked`] address, which only an [`address::AddressPolicy`] gives; the
//!   checked address itself is dialled, never the name again.
//! - [`raw`]: bytes over TCP or a Unix socket, with the outcome as a type; [`proxy`]:
//!   the PROXY v2 header.
//! - [`hello`]: ClientHellos made by hand, back to SSL 2, which no library offers.
//! - [`http`]: one HTTP request with phase times, the peer's certificates and limits.
//! - [`census`]: which ports answer; [`scan`]: which versions of TLS an endpoint accepts;
//!   [`survey`]: everything that it accepts, by [`suites`] and [`groups`], and its
//!   [`certificate`]s.
//!
//! Everything has a deadline and a limit, and an error names the phase that failed.
//! Nothing here judges: that is for the drills.

pub mod address;
pub mod census;
pub mod certificate;
mod fault;
pub mod groups;
pub mod hello;
pub mod http;
pub mod proxy;
pub mod raw;
pub mod scan;
pub mod session;
pub mod suites;
pub mod survey;
#[cfg(test)]
mod testing;
pub mod tls;
mod url;

pub use fault::{Cause, Phase, VisitError};
pub use url::{Host, MalformedUrl, Scheme, Url};
