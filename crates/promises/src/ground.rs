//! What a drill is given: an order without secrets, and a way to ask control for
//! evidence.

use std::{net::SocketAddr, path::PathBuf};

use config::Reading;
use serde::{Deserialize, Serialize};
use terms::{Clock, Micros, PromiseId, RequestId, Rng, Vantage};
use tokio::sync::{mpsc, oneshot};

/// What control writes to the prober's standard input, first line.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Order {
    /// The run's id.
    pub run: String,
    /// Hex of the ledger's latest root: the run can't have been made before it.
    pub nonce: String,
    /// Which drills to run.
    pub promises: Vec<PromiseId>,
    /// What was promised.
    pub reading: Reading,
    /// Where to connect instead of what the names resolve to; `None` outside.
    pub connect: Option<SocketAddr>,
    /// The certificate authorities to trust (PEM); `None` for the public ones.
    pub roots: Option<PathBuf>,
    /// From where the run looks.
    pub vantage: Vantage,
    /// Whether anything may be tried that a visitor wouldn't (malformed hellos, ports):
    /// only against a target that consented.
    pub active: bool,
}

/// Evidence that only control can gather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "ask")]
pub enum Question {
    /// Whether the access log has a line of this trace.
    Trace {
        /// 32 hex digits.
        trace: String,
    },
    /// Which report of promise `tls-report` is published.
    TlsReport,
}

/// Control's evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "evidence")]
pub enum Evidence {
    /// Lines of the access log.
    Trace {
        /// The lines found, as they stand there.
        lines: Vec<String>,
    },
    /// The report that is published.
    TlsReport {
        /// When its scan was; `None` while there is none of this configuration.
        at: Option<Micros>,
    },
    /// It can't be had here.
    None {
        /// Why: kebab-case.
        why: String,
    },
}

/// A question and the place for its answer.
pub type Asked = (Question, oneshot::Sender<Evidence>);

/// Everything a drill works with.
#[derive(Debug)]
pub struct Ground {
    /// The order.
    pub order: Order,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
    /// The way to control; `None` against a foreign target.
    pub control: Option<mpsc::Sender<Asked>>,
    /// What was said so far, for progress on long work.
    pub progress: Option<mpsc::Sender<String>>,
}

impl Ground {
    /// A ground for one run.
    pub const fn new(order: Order, clock: Clock, rng: Rng) -> Self {
        Self {
            order,
            clock,
            rng,
            control: None,
            progress: None,
        }
    }

    /// Asks control.
    pub async fn ask(&self, question: Question) -> Evidence {
        let none = |why: &str| Evidence::None {
            why: why.to_owned(),
        };
        let Some(control) = &self.control else {
            return none("no-control");
        };
        let (answer, answered) = oneshot::channel();
        if control.send((question, answer)).await.is_err() {
            return none("control-gone");
        }
        answered.await.unwrap_or_else(|_| none("control-gone"))
    }

    /// A fresh trace id.
    pub fn trace(&self) -> RequestId {
        RequestId(self.rng.bytes())
    }

    /// Says what is being done.
    pub fn say(&self, what: impl Into<String>) {
        if let Some(progress) = &self.progress {
            // A listener that lags behind misses a line of progress, nothing else.
            let _ = progress.try_send(what.into());
        }
    }
}
