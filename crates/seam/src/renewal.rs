//! Assertions are signed by control and carried by sessions: when one grows old, the edge
//! asks here for another.

use std::sync::{Arc, atomic::Ordering};

use tokio::sync::{mpsc, oneshot};

use crate::Session;

/// Renewals that may wait for control. Beyond, nobody is asked: what is still fresh enough
/// goes on, what isn't is answered 503.
pub const QUEUE: usize = 4096;

/// A session whose assertion for one site is to be signed anew.
#[derive(Debug)]
pub struct Renewal {
    /// Whose.
    pub session: Arc<Session>,
    /// The site, by its first host.
    pub host: Box<str>,
    /// Told once it is signed; `None` where nobody waits for it.
    pub done: Option<oneshot::Sender<()>>,
}

/// The edge's end.
#[derive(Debug, Clone)]
pub struct RenewalSender(mpsc::Sender<Renewal>);

/// Control's end.
pub type RenewalReceiver = mpsc::Receiver<Renewal>;

/// A new queue.
pub fn queue() -> (RenewalSender, RenewalReceiver) {
    let (sender, receiver) = mpsc::channel(QUEUE);
    (RenewalSender(sender), receiver)
}

impl RenewalSender {
    /// Asks for another while the present one still holds: once, until it is there.
    pub fn ask(&self, session: &Arc<Session>, host: &str) {
        let Some(on) = session.on(host) else { return };
        if on.asked.swap(true, Ordering::Relaxed) {
            return;
        }
        let renewal = Renewal {
            session: session.clone(),
            host: host.into(),
            done: None,
        };
        if self.0.try_send(renewal).is_err() {
            on.asked.store(false, Ordering::Relaxed);
        }
    }

    /// Asks and is told. `None` when control takes no more.
    pub fn ask_and_wait(
        &self,
        session: &Arc<Session>,
        host: &str,
    ) -> Option<oneshot::Receiver<()>> {
        let (done, told) = oneshot::channel();
        let renewal = Renewal {
            session: session.clone(),
            host: host.into(),
            done: Some(done),
        };
        self.0.try_send(renewal).ok().map(|()| told)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Credential, sessions::of_ada};

    #[tokio::test]
    async fn one_that_still_holds_is_asked_for_once_and_one_that_is_waited_for_each_time() {
        let (sender, mut receiver) = queue();
        let session = Arc::new(of_ada(Credential::Cookie, &["app.test"]));
        sender.ask(&session, "app.test");
        sender.ask(&session, "app.test");
        sender.ask(&session, "other.test");
        assert!(receiver.recv().await.unwrap().done.is_none());
        let told = sender.ask_and_wait(&session, "app.test").unwrap();
        drop(receiver.recv().await.unwrap());
        assert!(told.await.is_err(), "nobody signed");
        assert!(receiver.try_recv().is_err());
        for _ in 0..QUEUE {
            assert!(sender.ask_and_wait(&session, "app.test").is_some());
        }
        assert!(sender.ask_and_wait(&session, "app.test").is_none(), "full");
    }
}
