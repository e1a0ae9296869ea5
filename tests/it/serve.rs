//! `waarborg serve`: requests through it, its signals, its files, and what it refuses.

mod certificates;
mod files;
mod judges;
mod network;
mod operations;
mod proxies;
mod reload;
mod requests;
mod secrets;
mod upgrade;
mod upstreams;
