//! An upgrade from the old process's side: it hands everything to a new one, and goes on
//! as if nothing had happened should that fail.

use std::{os::fd::AsFd as _, time::Duration};

use control::handover::{HandoverError, Successor};

use crate::{
    serve::Signals,
    wire::{DRAIN, Server},
};

impl Server {
    /// Hands everything to a new process. On an error this one goes on serving.
    pub(crate) async fn hand_over(
        &mut self,
        mut successor: Successor,
    ) -> Result<Successor, HandoverError> {
        let (Some(lock), Some(sockets)) = (&self.lock, self.control.sockets()) else {
            return Err(HandoverError::Ended);
        };
        successor.pass(sockets).await?;
        self.control.release().await;
        match successor.released(lock.as_fd()).await {
            Ok(()) => {
                self.edge.hand_over();
                self.control.close_sockets();
                self.lock = None;
                Ok(successor)
            }
            Err(error) => {
                // Only one of us may write.
                successor.gone().await;
                if let Some(lock) = &mut self.lock
                    && let Err(error) = lock.sign()
                {
                    tracing::warn!(%error, "the data folder's lock names another process");
                }
                self.take_back_if_released().await;
                Err(error)
            }
        }
    }

    /// Takes control back where a new process had it and failed. What doesn't succeed is
    /// tried again at the next look.
    pub(crate) async fn take_back_if_released(&mut self) {
        if let Err(error) = self.control.resume().await {
            tracing::error!(%error, "control could not be taken back yet; sites are served");
        }
    }

    /// Serves what is still connected until it has ended, its limit comes, or a signal.
    pub(crate) fn leave(mut self, successor: Successor, mut signals: Signals) {
        let limit = self.publisher.config().limits.drain;
        let runtime = self.runtime().handle().clone();
        tracing::info!("the new process serves; this one ends with its last connection");
        let following = runtime.spawn(successor.follow(self.revocations.clone()));
        let rest = runtime.block_on(async {
            tokio::select! {
                () = self.edge.ended() => Duration::ZERO,
                () = signals.end() => DRAIN,
                () = tokio::time::sleep(limit) => {
                    tracing::warn!("connections outlived `limits.drain` and are cut");
                    Duration::ZERO
                }
            }
        });
        self.edge.drain(rest);
        following.abort();
        runtime.block_on(self.control.stop());
        tracing::info!("drained");
    }
}
