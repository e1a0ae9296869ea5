//! The old process, as the new one sees it.

use std::{os::fd::OwnedFd, path::Path};

use tokio::net::UnixStream;

use super::{
    ANSWER_LIMIT, BEAT, HandoverError, MAX_SOCKETS, New, Old, OwnSockets, PROTOCOL, Revocations,
    SOCKET, Socket, Sockets, TAKE_LIMIT, channel::Channel, revocations::Revoked, within,
};

/// What it means that the other side ends before it has answered: nothing has begun.
fn unheard(error: HandoverError) -> HandoverError {
    match error {
        HandoverError::Ended => HandoverError::Unheard,
        other => other,
    }
}

/// The running server that is to be replaced. Dropped before [`Predecessor::ready`], it
/// goes on serving as soon as this process has ended.
#[derive(Debug)]
pub struct Predecessor {
    channel: Channel,
}

impl Predecessor {
    /// Asks the server of the data folder for its sockets. It goes on serving.
    ///
    /// # Errors
    /// [`HandoverError`]: there is none, or it says no.
    pub async fn meet(data: &Path) -> Result<(Self, Sockets), HandoverError> {
        let path = data.join(SOCKET);
        let stream = UnixStream::connect(&path)
            .await
            .map_err(|source| HandoverError::NoServer { path, source })?;
        let mut channel = Channel::new(stream);
        let hello = New::Hello {
            protocol: PROTOCOL,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        };
        channel.say(&hello, None).await.map_err(unheard)?;
        let (mut listeners, mut operations, mut commands) = (Vec::new(), None, None);
        loop {
            let heard = within(ANSWER_LIMIT, channel.hear()).await;
            let heard = if listeners.is_empty() {
                heard.map_err(unheard)?
            } else {
                heard?
            };
            match heard {
                Old::Refused { why } => return Err(HandoverError::Refused(why)),
                Old::Listener { configured, actual } if listeners.len() < MAX_SOCKETS => {
                    listeners.push(Socket {
                        configured,
                        actual,
                        listener: channel.descriptor()?.into(),
                    });
                }
                Old::Operations { configured, actual } => {
                    let listener = channel.descriptor()?.into();
                    operations = Some(Socket {
                        configured,
                        actual,
                        listener,
                    });
                }
                Old::Commands => commands = Some(channel.descriptor()?.into()),
                Old::Upgrades => {
                    let upgrades = channel.descriptor()?.into();
                    let (Some(operations), Some(commands)) = (operations, commands) else {
                        return Err(HandoverError::Unexpected("too few sockets".to_owned()));
                    };
                    let sockets = Sockets {
                        listeners,
                        operations,
                        own: OwnSockets { commands, upgrades },
                    };
                    return Ok((Self { channel }, sockets));
                }
                other => return Err(HandoverError::Unexpected(format!("{other:?}"))),
            }
        }
    }

    /// Has it give up control. Gives back the data folder's lock; `None` where the old
    /// process has ended meanwhile, so that there is nobody to go back to.
    ///
    /// # Errors
    /// [`HandoverError`]: it goes on serving.
    pub async fn take(&mut self) -> Result<Option<OwnedFd>, HandoverError> {
        let taken = async {
            self.channel.say(&New::Take, None).await?;
            match self.channel.hear().await? {
                Old::Released => self.channel.descriptor().map(Some),
                Old::Refused { why } => Err(HandoverError::Refused(why)),
                other => Err(HandoverError::Unexpected(format!("{other:?}"))),
            }
        };
        match within(TAKE_LIMIT, taken).await {
            Err(HandoverError::Ended) => Ok(None),
            other => other,
        }
    }

    /// Tells it that this process serves: from now on there is no way back.
    pub async fn ready(&mut self) {
        match within(ANSWER_LIMIT, self.channel.say(&New::Ready, None)).await {
            Ok(()) => tracing::info!("the upgrade is done: the old server ends when it is drained"),
            Err(error) => tracing::warn!(%error, "the old server has ended before its time"),
        }
    }

    /// Tells it which sessions end, until it has ended.
    pub async fn lead(mut self, revocations: Revocations) {
        let mut told = revocations.subscribe();
        let mut beats = tokio::time::interval(BEAT);
        beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let said = tokio::select! {
                revoked = told.next() => match revoked {
                    Some(Revoked::One(token)) => New::Revoked {
                        token: crate::prober::hex(&token.0),
                    },
                    Some(Revoked::All) => New::AllRevoked,
                    None => return,
                },
                _ = beats.tick() => New::Beat,
                // It has nothing more to say: this ends when it does.
                _ = self.channel.hear::<Old>() => break,
            };
            if self.channel.say(&said, None).await.is_err() {
                break;
            }
        }
        tracing::info!("the old server has ended");
    }
}
