//! Markup of requests that came back in answers (promise `xss`), on its way up.
//!
//! What was found is told by the name of its parameter; the value itself never leaves the
//! edge. When control lags behind, findings are dropped and counted.

use guards::xss::{Context, Mode, Place};
use terms::{Micros, RequestId};
use tokio::sync::mpsc;

/// Findings that wait for control.
pub const WAITING_MAX: usize = 256;

/// One parameter of a request whose markup came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// When the request came.
    pub at: Micros,
    /// Its id.
    pub id: RequestId,
    /// The name of the site.
    pub site: Box<str>,
    /// The path of the route; empty for the whole site.
    pub route: Box<str>,
    /// Where in the request the value stood.
    pub place: Place,
    /// The name of the parameter: at most 64 letters, digits and `_ . - [ ] *`.
    pub parameter: Box<str>,
    /// As what it came back.
    pub context: Context,
    /// What was done with it.
    pub mode: Mode,
}

/// The edge's end.
pub type FindingSender = mpsc::Sender<Finding>;
/// Control's end.
pub type Findings = mpsc::Receiver<Finding>;

/// A new pair, for all workers.
pub fn channel() -> (FindingSender, Findings) {
    mpsc::channel(WAITING_MAX)
}
