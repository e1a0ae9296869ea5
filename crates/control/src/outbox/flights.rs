//! Several mails under way at once, a few at a time.

use std::{collections::VecDeque, sync::Arc};

use tokio::task::JoinSet;

use crate::mail::{Mailer, Message, SendError};

/// Connections to the mail server that one sender has open at once.
pub(super) const MAX_AT_ONCE: usize = 4;

/// Mails on their way, each with what it is for. Dropped, it abandons what is under way.
pub(super) struct Flights<K> {
    mailer: Arc<Mailer>,
    waiting: VecDeque<(K, Message)>,
    flying: JoinSet<(K, Result<(), SendError>)>,
}

impl<K: Send + 'static> Flights<K> {
    pub(super) fn new(mailer: Arc<Mailer>, mails: impl IntoIterator<Item = (K, Message)>) -> Self {
        Self {
            mailer,
            waiting: mails.into_iter().collect(),
            flying: JoinSet::new(),
        }
    }

    /// The next one that arrived or failed; `None` when all have.
    pub(super) async fn next(&mut self) -> Option<(K, Result<(), SendError>)> {
        loop {
            while self.flying.len() < MAX_AT_ONCE
                && let Some((about, message)) = self.waiting.pop_front()
            {
                let mailer = self.mailer.clone();
                self.flying.spawn(async move {
                    let result = Box::pin(mailer.send(&message)).await;
                    (about, result)
                });
            }
            match self.flying.join_next().await? {
                Ok(landed) => return Some(landed),
                // Its sender's own deadline brings it up again.
                Err(error) => tracing::error!(%error, "bug: sending a mail ended unexpectedly"),
            }
        }
    }

    /// Starts no more; returns what wasn't started.
    pub(super) fn hold(&mut self) -> impl Iterator<Item = K> {
        std::mem::take(&mut self.waiting)
            .into_iter()
            .map(|(about, _)| about)
    }
}
