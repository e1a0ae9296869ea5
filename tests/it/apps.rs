//! Real applications behind the gateway, each used by its own client: none of them was
//! written here but the demo's sample.

mod forward_auth;
mod jupyter;
mod multiplexed;
mod radicale;
mod remote;
mod sample;
mod websocket;
