//! A real edge between real sockets: a scripted application behind it, a control stub
//! beside it, and clients that write their own bytes.
#![allow(
    clippy::disallowed_methods,
    reason = "clients, applications and control run on the test's own runtime"
)]
#![allow(
    clippy::indexing_slicing,
    reason = "a test that is wrong about a place should fail there"
)]

mod allocation;
mod blocking;
mod bodies;
mod challenges;
mod client;
mod compression;
mod content_policy;
mod csrf;
mod exchange;
mod forwarding;
mod frames;
mod hardening;
mod harness;
mod http2;
mod limits;
mod lookup;
mod multiplexed;
mod own_pages;
mod policy;
mod proxies;
mod records;
mod refusals;
mod sessions;
mod smuggling;
mod throttling;
mod tls;
mod upstreams;
mod weaknesses;
mod websocket;
mod wire;
mod xss;

/// Counts what the whole test process allocates, where a test asks for it.
#[global_allocator]
static ALLOC: dhat::Alloc = dhat::Alloc;
