//! `waarborg serve`: requests through it, its signals, its files, and what it refuses.

mod files;
mod judges;
mod operations;
mod reload;
mod requests;
mod secrets;
mod upgrade;
mod upstreams;
