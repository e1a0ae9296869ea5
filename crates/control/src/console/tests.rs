//! The whole operations router with a real store, as a browser on this machine meets it.

mod entering;
mod ground;
mod rooms;
mod trail;
