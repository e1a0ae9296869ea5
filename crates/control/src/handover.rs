//! `data/handover.sock`: an upgrade, where one process hands everything to the next.
//!
//! What this guarantees: at each moment exactly one of both may write to the data folder
//! and the store, and the sockets are never closed in between. Until the new one is
//! ready, its end in any way gives everything back to the old one.
//!
//! ```text
//! old                                        new
//! serves          ◀── hello ───────────────  has read its configuration and keys
//!                 ──── its sockets ───────▶  binds what is missing
//! gives up control ◀── take ───────────────
//!                 ──── released, lock ────▶  opens store and log, serves
//! keeps its edge  ◀── ready ───────────────
//! until it is     ◀── beat, revoked … ─────
//! drained
//! ```
//! One JSON line each; a descriptor travels with the line that names it (`SCM_RIGHTS`).
//! `hello` and `refused` are the same in every version, so that two that don't
//! understand each other can say so. Session ticket keys aren't handed over: rustls keeps
//! them to itself, and a client without its ticket only makes a whole handshake.

mod channel;
mod predecessor;
mod revocations;
mod successor;
#[cfg(test)]
mod tests;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    path::PathBuf,
    time::Duration,
};

use serde::{Deserialize, Serialize};

pub use predecessor::Predecessor;
pub use revocations::Revocations;
pub use successor::Successor;
pub(crate) use successor::listen;

/// The socket's name in the data folder.
pub const SOCKET: &str = "handover.sock";
/// The version of what is said. Another one is refused: the old process goes on.
const PROTOCOL: u32 = 1;
/// Longest wait for something that is said at once.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Longest wait of the old process for `take`, and of the new one for `released`.
const TAKE_LIMIT: Duration = Duration::from_secs(30);
/// Longest wait of the old process for `ready`; migrating a large store may take a while.
/// A new process that isn't ready by then is killed.
const READY_LIMIT: Duration = Duration::from_secs(120);
/// A new process that has failed may take so long to end; then it is killed.
const END_LIMIT: Duration = Duration::from_secs(10);
/// How often the new process says that it is there.
const BEAT: Duration = Duration::from_secs(1);
/// After so much silence the old process trusts no session any more.
const SILENCE: Duration = Duration::from_secs(5);
/// Sockets that are handed over at most: those of 1,024 workers on 64 addresses.
const MAX_SOCKETS: usize = 65_536;

/// A listening socket and its address.
#[derive(Debug)]
pub struct Socket {
    /// As the configuration named it.
    pub configured: SocketAddr,
    /// As it was bound.
    pub actual: SocketAddr,
    /// It.
    pub listener: TcpListener,
}

/// The sockets of control itself.
#[derive(Debug)]
pub struct OwnSockets {
    /// `control.sock`.
    pub(crate) commands: UnixListener,
    /// `handover.sock`, for the next upgrade.
    pub(crate) upgrades: UnixListener,
}

/// All sockets of a server.
#[derive(Debug)]
pub struct Sockets {
    /// Where clients connect; several of one address.
    pub listeners: Vec<Socket>,
    /// The operations listener.
    pub operations: Socket,
    /// Control's.
    pub own: OwnSockets,
}

/// What the new process says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
enum New {
    Hello {
        protocol: u32,
        version: String,
    },
    Take,
    Ready,
    Beat,
    /// A session has ended: hex of the SHA-256 of its token.
    Revoked {
        token: String,
    },
    AllRevoked,
}

/// What the old process says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "say")]
enum Old {
    Refused {
        why: String,
    },
    /// With a descriptor.
    Listener {
        configured: SocketAddr,
        actual: SocketAddr,
    },
    /// With a descriptor.
    Operations {
        configured: SocketAddr,
        actual: SocketAddr,
    },
    /// With a descriptor.
    Commands,
    /// With a descriptor; the last of the sockets.
    Upgrades,
    /// With the descriptor of the data folder's lock.
    Released,
}

/// An upgrade that can't go on. Whoever served goes on serving.
#[derive(Debug, thiserror::Error)]
pub enum HandoverError {
    /// Nobody answers.
    #[error(
        "no server answers at {path}: {source}; start it without `--upgrade`, or name its configuration with `--config`"
    )]
    NoServer {
        /// The socket.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It said no.
    #[error("the running server goes on: {0}")]
    Refused(String),
    /// The other side ended or closed.
    #[error("the other process ended during the upgrade")]
    Ended,
    /// It closed before it gave anything.
    #[error(
        "the running server takes no upgrade any more: another upgrade was quicker, or it ends; ask again"
    )]
    Unheard,
    /// The other side is silent.
    #[error("the other process didn't answer within {} s", .0.as_secs())]
    Late(Duration),
    /// It said something that doesn't belong here.
    #[error("the other process said what wasn't expected: {0}")]
    Unexpected(String),
    /// The socket.
    #[error("the upgrade's socket: {0}")]
    Socket(#[from] io::Error),
}

/// Waits no longer than `limit`.
async fn within<T>(
    limit: Duration,
    wait: impl Future<Output = Result<T, HandoverError>>,
) -> Result<T, HandoverError> {
    match tokio::time::timeout(limit, wait).await {
        Ok(done) => done,
        Err(_) => Err(HandoverError::Late(limit)),
    }
}
