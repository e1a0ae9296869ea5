//! The new process, as the old one sees it.

use std::{
    os::{
        fd::{AsFd as _, BorrowedFd, OwnedFd},
        unix::net::UnixListener as StdListener,
    },
    sync::Arc,
    time::Duration,
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal},
};
use seam::TokenHash;
use tokio::{
    net::{UnixListener, UnixStream},
    sync::mpsc::{self, error::TrySendError},
};
use tokio_util::sync::CancellationToken;

use super::{
    ANSWER_LIMIT, END_LIMIT, HandoverError, New, Old, PROTOCOL, READY_LIMIT, Revocations, SILENCE,
    Sockets, TAKE_LIMIT, channel::Channel, within,
};
use crate::prober::unhex;

/// A new process that wants to serve in our place.
#[derive(Debug)]
pub struct Successor {
    pub(super) channel: Channel,
    /// Names the process, whatever becomes of its number.
    pub(super) process: Arc<OwnedFd>,
}

/// Lets new processes ask, until `stop`.
pub(crate) async fn listen(
    listener: StdListener,
    asked: mpsc::Sender<Successor>,
    stop: CancellationToken,
) {
    let listener = match UnixListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => return tracing::error!(%error, "nobody can ask for an upgrade"),
    };
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "an upgrade could not be accepted");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let met = tokio::select! {
            () = stop.cancelled() => return,
            met = Successor::meet(stream, rustix::process::geteuid().as_raw()) => met,
        };
        let refused = match met {
            Ok(successor) => match asked.try_send(successor) {
                Ok(()) => continue,
                Err(TrySendError::Full(successor)) => (successor, "another upgrade is under way"),
                Err(TrySendError::Closed(successor)) => (
                    successor,
                    "it can't be upgraded: it has no configuration file",
                ),
            },
            Err(error) => {
                tracing::warn!(%error, "an upgrade was not begun");
                continue;
            }
        };
        let (successor, why) = refused;
        successor.refuse(why.to_owned()).await;
    }
}

/// Whether the process ends within `limit`: a process's descriptor becomes readable then.
async fn ended_within(process: &Arc<OwnedFd>, limit: Duration) -> bool {
    let process = process.clone();
    let waiting = tokio::task::spawn_blocking(move || {
        let mut watched = [PollFd::new(&process, PollFlags::IN)];
        let limit = Timespec::try_from(limit).ok();
        matches!(poll(&mut watched, limit.as_ref()), Ok(1))
    });
    waiting.await.unwrap_or(false)
}

impl Successor {
    /// Looks who it is: one of our own user, that speaks as we do.
    pub(super) async fn meet(stream: UnixStream, ours: u32) -> Result<Self, HandoverError> {
        let peer = stream.peer_cred()?;
        let mut channel = Channel::new(stream);
        let refused = async |channel: &Channel, why: String| {
            // Whoever is refused may be gone.
            let _ = within(
                ANSWER_LIMIT,
                channel.say(&Old::Refused { why: why.clone() }, None),
            )
            .await;
            Err(HandoverError::Refused(why))
        };
        let uid = peer.uid();
        if uid != ours {
            let why = format!("user {uid} may not replace it; run the new one as user {ours}");
            return refused(&channel, why).await;
        }
        let process = peer.pid().and_then(Pid::from_raw);
        let process = process.and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let Some(process) = process else {
            let why = "the new process can't be watched: is it in another container?";
            return refused(&channel, why.to_owned()).await;
        };
        match within(ANSWER_LIMIT, channel.hear()).await? {
            New::Hello { protocol, version } if protocol != PROTOCOL => {
                let why = format!(
                    "it is version {} and the new one {version}, which hands over in another \
                     way: stop it, then start the new one without `--upgrade`",
                    env!("CARGO_PKG_VERSION"),
                );
                refused(&channel, why).await
            }
            New::Hello { version, .. } => {
                tracing::info!(version, "an upgrade begins");
                let process = Arc::new(process);
                Ok(Self { channel, process })
            }
            other => Err(HandoverError::Unexpected(format!("{other:?}"))),
        }
    }

    /// Says no.
    pub async fn refuse(self, why: String) {
        tracing::warn!(why, "an upgrade was refused");
        let no = Old::Refused { why };
        // It may be gone.
        let _ = within(ANSWER_LIMIT, self.channel.say(&no, None)).await;
    }

    /// Gives it the sockets, which stay open here too, and waits until it asks for the
    /// rest: until then nothing has changed here.
    ///
    /// # Errors
    /// [`HandoverError`].
    pub async fn pass(&mut self, sockets: &Sockets) -> Result<(), HandoverError> {
        within(ANSWER_LIMIT, self.say_all(sockets)).await?;
        match within(TAKE_LIMIT, self.channel.hear()).await? {
            New::Take => Ok(()),
            other => Err(HandoverError::Unexpected(format!("{other:?}"))),
        }
    }

    pub(super) async fn say_all(&self, sockets: &Sockets) -> Result<(), HandoverError> {
        let say = async |what: Old, descriptor: BorrowedFd<'_>| {
            self.channel.say(&what, Some(descriptor)).await
        };
        for socket in &sockets.listeners {
            let (configured, actual) = (socket.configured, socket.actual);
            let what = Old::Listener { configured, actual };
            say(what, socket.listener.as_fd()).await?;
        }
        let operations = &sockets.operations;
        let what = Old::Operations {
            configured: operations.configured,
            actual: operations.actual,
        };
        say(what, operations.listener.as_fd()).await?;
        say(Old::Commands, sockets.own.commands.as_fd()).await?;
        say(Old::Upgrades, sockets.own.upgrades.as_fd()).await
    }

    /// Tells it that control was given up, hands it the data folder's lock and waits until
    /// it serves.
    ///
    /// # Errors
    /// [`HandoverError`]: take control back once [`Successor::gone`] has returned.
    pub async fn released(&mut self, lock: BorrowedFd<'_>) -> Result<(), HandoverError> {
        within(ANSWER_LIMIT, self.channel.say(&Old::Released, Some(lock))).await?;
        match within(READY_LIMIT, self.channel.hear()).await? {
            New::Ready => Ok(()),
            other => Err(HandoverError::Unexpected(format!("{other:?}"))),
        }
    }

    /// Returns once the process has ended, which has failed. One that doesn't end is
    /// killed: it must not write where we do.
    pub async fn gone(self) {
        self.gone_within(END_LIMIT).await;
    }

    pub(super) async fn gone_within(self, limit: Duration) {
        drop(self.channel);
        if ended_within(&self.process, limit).await {
            return;
        }
        tracing::error!("the new process hangs and is killed");
        if let Err(error) = pidfd_send_signal(&self.process, Signal::KILL) {
            tracing::error!(%error, "the new process could not be killed");
        }
        // Whatever the kernel still holds it for, it runs no further.
        ended_within(&self.process, END_LIMIT).await;
    }

    /// Ends the sessions that it says have ended, and all of them when it falls silent.
    pub async fn follow(self, revocations: Revocations) {
        self.follow_for(revocations, SILENCE).await;
    }

    pub(super) async fn follow_for(mut self, revocations: Revocations, silence: Duration) {
        loop {
            match within(silence, self.channel.hear()).await {
                Ok(New::Beat) => {}
                Ok(New::Revoked { token }) => {
                    let token = unhex(&token).and_then(|token| <[u8; 32]>::try_from(token).ok());
                    match token {
                        Some(token) => drop(revocations.revoke(&TokenHash(token))),
                        // What isn't understood might have been any.
                        None => revocations.revoke_all(),
                    }
                }
                Ok(_) => revocations.revoke_all(),
                Err(HandoverError::Late(_)) => break,
                Err(_) => {
                    // It may have ended with nothing to say; silence is what counts.
                    tokio::time::sleep(silence).await;
                    break;
                }
            }
        }
        tracing::warn!("the new server is silent: no session is trusted here any more");
        revocations.revoke_all();
    }
}
