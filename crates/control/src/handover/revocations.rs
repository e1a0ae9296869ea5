//! The end of sessions, here and in every process that still drains: whoever ends one in
//! control does it here.

use std::sync::Arc;

use seam::{Sessions, TokenHash};
use tokio::sync::broadcast::{self, error::RecvError};

/// Revocations that may wait for a process that drains; beyond, all its sessions end.
const WAITING: usize = 1024;

/// What has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Revoked {
    One(TokenHash),
    All,
}

/// Ends sessions. Clones end the same ones.
#[derive(Debug, Clone)]
pub struct Revocations {
    sessions: Arc<Sessions>,
    told: broadcast::Sender<Revoked>,
}

impl Revocations {
    /// Those of this table.
    pub fn new(sessions: Arc<Sessions>) -> Self {
        let (told, _) = broadcast::channel(WAITING);
        Self { sessions, told }
    }

    /// Ends a session; whether there was one. Processes that drain are told in any case:
    /// they may know it.
    pub fn revoke(&self, token: &TokenHash) -> bool {
        let known = self.sessions.revoke(token);
        // Mostly nobody drains.
        let _ = self.told.send(Revoked::One(*token));
        known
    }

    /// Ends all of them.
    pub fn revoke_all(&self) {
        self.sessions.revoke_all();
        let _ = self.told.send(Revoked::All);
    }

    /// Whether no process that drains is told.
    #[cfg(test)]
    pub(super) fn nobody_listens(&self) -> bool {
        self.told.receiver_count() == 0
    }

    pub(super) fn subscribe(&self) -> Told {
        Told(self.told.subscribe())
    }
}

/// What a process that drains is told.
pub(super) struct Told(broadcast::Receiver<Revoked>);

impl Told {
    /// The next; `None` once nobody can revoke any more.
    pub(super) async fn next(&mut self) -> Option<Revoked> {
        match self.0.recv().await {
            Ok(revoked) => Some(revoked),
            // Which ones were missed isn't known.
            Err(RecvError::Lagged(_)) => Some(Revoked::All),
            Err(RecvError::Closed) => None,
        }
    }
}
