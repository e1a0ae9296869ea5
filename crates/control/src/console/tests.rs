//! The whole operations router with a real store, as a browser on this machine meets it;
//! and the same rooms on the portal.

mod administrators;
mod approvals;
mod content;
mod entering;
mod ground;
mod rooms;
mod team;
mod trail;
