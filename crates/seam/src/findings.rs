//! What the edge finds in answers of applications, on its way up: markup of requests that
//! came back (promise `xss`), and weaknesses.
//!
//! What was found is told by its name, such as that of a parameter or cookie; values never
//! leave the edge. When control lags behind, findings are dropped and counted.

use guards::{
    weaknesses::Weakness,
    xss::{Context, Mode, Place},
};
use terms::{Micros, RequestId};
use tokio::sync::mpsc;

/// Findings that wait for control.
pub const WAITING_MAX: usize = 256;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Markup of a request.
    Markup(Finding),
    /// A weakness.
    Weakness(Shown),
}

/// A weakness that an answer has shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// When the last request came whose answer showed it.
    pub at: Micros,
    /// Its id.
    pub id: RequestId,
    /// The name of the site.
    pub site: Box<str>,
    /// The path of the route; empty for the whole site.
    pub route: Box<str>,
    /// The path of that request, at most 128 bytes of it.
    pub path: Box<str>,
    /// What is weak.
    pub weakness: Weakness,
    /// In how many answers it was seen since it was told before.
    pub count: u32,
}

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
pub type FindingSender = mpsc::Sender<Found>;
/// Control's end.
pub type Findings = mpsc::Receiver<Found>;

/// A new pair, for all workers.
pub fn channel() -> (FindingSender, Findings) {
    mpsc::channel(WAITING_MAX)
}
