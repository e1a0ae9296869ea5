//! The demo's parts: a sample application that knows nothing of Waarborg, and a
//! local certificate authority that can vouch for `localhost` only.

pub(crate) mod app;
pub(crate) mod ca;
