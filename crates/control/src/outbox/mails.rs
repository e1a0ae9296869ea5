//! The store's mails on their way, from the node that holds the lease.

use std::{collections::VecDeque, time::Duration};

use store::{Claimed, Lease, MAX_TRIES, Outcome, Store};
use terms::Moment;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{
    alarms::{Alarm, Alarms},
    mail::{Message, SendError},
    outbox::{
        FIRST_PAUSE, LONGEST_PAUSE, Tally, at, changed,
        flights::Flights,
        pause,
        post::{Now, Post},
    },
};

/// Mails of one claim: twice what is under way at once.
const CLAIM: u64 = 8;
/// How long a claim lasts: far longer than [`CLAIM`] attempts take at worst.
const CLAIM_FOR: Duration = Duration::from_secs(300);
/// How often the store is asked for mails that other nodes enqueued, and after an error.
const LOOK_AGAIN: Duration = Duration::from_secs(10);

pub(super) struct Sender<'a> {
    pub(super) store: watch::Receiver<Option<Store>>,
    pub(super) lease: watch::Receiver<Option<Lease>>,
    pub(super) alarms: Alarms,
    pub(super) post: &'a Post,
    pub(super) node: &'a str,
}

/// How an attempt ended, while the store hasn't been told.
struct Landed {
    mail: Claimed,
    result: Result<(), SendError>,
    /// A server was asked.
    tried: bool,
}

impl Landed {
    /// Whether the store is to hear of it. A mail isn't given up because the way was
    /// closed at its last attempt: it is due again when its claim is over.
    fn counts(&self) -> bool {
        let tried = match &self.result {
            Ok(()) => true,
            Err(error) => self.tried && !error.is_unreachable(),
        };
        tried || self.mail.attempt < MAX_TRIES
    }
}

impl Sender<'_> {
    pub(super) async fn run(mut self, stop: &CancellationToken) {
        let mut config = self.post.config();
        let mut way = self.post.way();
        // At most one claim's worth: nothing is claimed before these are recorded.
        let mut unrecorded: VecDeque<Landed> = VecDeque::new();
        while !stop.is_cancelled() {
            config.mark_unchanged();
            way.mark_unchanged();
            let leading = self.lease.borrow_and_update().is_some();
            let store = self.store.borrow_and_update().clone();
            let next = match &store {
                Some(store) if leading => self.step(store, &mut unrecorded, stop).await,
                _ => None,
            };
            if next == Some(Next::AtOnce) {
                continue;
            }
            let deadline = match next {
                Some(Next::At(moment)) => Some(moment),
                _ => None,
            };
            let enqueued = async {
                match &store {
                    // Whatever is enqueued while we can't send is found by the next look.
                    Some(store) if deadline.is_some() => store.mail_enqueued().await,
                    _ => std::future::pending().await,
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                () = enqueued => {}
                () = at(deadline) => {}
                () = changed(&mut self.store) => {}
                () = changed(&mut self.lease) => {}
                () = changed(&mut config) => {}
                () = changed(&mut way) => {}
            }
        }
        let store = self.store.borrow().clone();
        if let Some(store) = store {
            self.record(&store, &mut unrecorded).await;
        }
    }

    /// Sends what is due; `None` when only another configuration can help.
    async fn step(
        &self,
        store: &Store,
        unrecorded: &mut VecDeque<Landed>,
        stop: &CancellationToken,
    ) -> Option<Next> {
        let soon = || Some(Next::At(self.post.clock.moment().after(LOOK_AGAIN)));
        if !self.record(store, unrecorded).await {
            return soon();
        }
        let mailer = match self.post.now() {
            Now::Nothing => return None,
            Now::Closed(until) => return Some(Next::At(until)),
            Now::By(mailer, _) => mailer,
        };
        if self.post.is_doubtful() {
            // An attempt costs a mail one of its few tries, so the way is tried without.
            match self.any_due(store).await {
                Ok(true) => {}
                Ok(false) => return soon(),
                Err(error) => return self.store_failed(&error),
            }
            if let Err(error) = Box::pin(mailer.reach()).await {
                self.post.unreachable(&error);
                return Some(Next::AtOnce);
            }
            self.post.reached();
        }
        let claimed = match store.claim(CLAIM, CLAIM_FOR).await {
            Ok(claimed) => claimed,
            Err(error) => return self.store_failed(&error),
        };
        if claimed.is_empty() {
            return match store.next_mail_due().await {
                Ok(due) => {
                    let wait = due.map_or(LOOK_AGAIN, |due| due.since(store.clock().now()));
                    // Not at once even if it claims to be due: a claim just said no.
                    let wait = wait.clamp(Duration::from_millis(50), LOOK_AGAIN);
                    Some(Next::At(self.post.clock.moment().after(wait)))
                }
                Err(error) => self.store_failed(&error),
            };
        }
        let mails = claimed.into_iter().map(|mail| {
            let message = Message {
                to: mail.to.clone(),
                subject: mail.subject.clone(),
                text: mail.text.clone(),
                message_id: mail.message_id.clone(),
                in_reply_to: None,
                date: mail.created_at,
            };
            (mail, message)
        });
        let mut flights = Flights::new(mailer, mails);
        while let Some((mail, result)) = flights.next().await {
            let mut why = None;
            match &result {
                Ok(()) => self.post.reached(),
                Err(error) if error.is_unreachable() => {
                    self.post.unreachable(error);
                    why = Some(error.clone());
                }
                Err(_) => {}
            }
            if stop.is_cancelled() {
                let said = "this node stops".to_owned();
                why = Some(SendError::Later { said });
            }
            let landed = Landed {
                mail,
                result,
                tried: true,
            };
            unrecorded.push_back(landed);
            if let Some(why) = why {
                unrecorded.extend(flights.hold().map(|mail| Landed {
                    mail,
                    result: Err(why.clone()),
                    tried: false,
                }));
            }
            self.record(store, unrecorded).await;
        }
        Some(Next::AtOnce)
    }

    /// Tells the store how attempts ended. Where it can't be told, the mail is due again
    /// when its claim is over. Returns whether all is recorded.
    async fn record(&self, store: &Store, unrecorded: &mut VecDeque<Landed>) -> bool {
        unrecorded.retain(Landed::counts);
        while let Some(landed) = unrecorded.front() {
            let recorded = match &landed.result {
                Ok(()) => store.sent(&landed.mail).await,
                Err(error) => {
                    let wait = if error.is_permanent() {
                        LONGEST_PAUSE
                    } else if error.is_unreachable() || !landed.tried {
                        FIRST_PAUSE // the way decides when
                    } else {
                        pause(landed.mail.attempt, &self.post.rng)
                    };
                    let again = store.clock().now().after(wait);
                    store.failed(&landed.mail, &error.to_string(), again).await
                }
            };
            let outcome = match recorded {
                Ok(outcome) => outcome,
                Err(error) => {
                    tracing::warn!(%error, "the store can't be told how mails fared");
                    return false;
                }
            };
            if let Some(landed) = unrecorded.pop_front() {
                self.count(&landed, outcome);
            }
        }
        true
    }

    fn count(&self, landed: &Landed, outcome: Outcome) {
        let Err(error) = &landed.result else {
            self.post.count(Tally::Sent);
            return;
        };
        if !landed.tried {
            return;
        }
        self.post.count(Tally::Failed);
        let mail = &landed.mail;
        tracing::warn!(mail = mail.id, attempt = mail.attempt, %error, "a mail didn't leave");
        if outcome != Outcome::Dead {
            return;
        }
        self.post.count(Tally::GivenUp);
        let alarm = Alarm {
            kind: "mail-given-up",
            subject: "A mail was given up".to_owned(),
            text: format!(
                "The mail {id} wasn't taken in {MAX_TRIES} attempts and is given up. \
                 The last answer: {error}. Its recipient hasn't heard what it says; look it \
                 up in the outbox, mend the cause and write to them.\nNode {node}.",
                id = mail.id,
                node = self.node,
            ),
        };
        drop(self.alarms.raise(alarm));
    }

    async fn any_due(&self, store: &Store) -> Result<bool, store::Error> {
        let due = store.next_mail_due().await?;
        Ok(due.is_some_and(|due| due <= store.clock().now()))
    }

    /// Whoever holds the lease raises the alarm about the store; this only waits.
    fn store_failed(&self, error: &store::Error) -> Option<Next> {
        tracing::warn!(%error, "the outbox can't be read");
        Some(Next::At(self.post.clock.moment().after(LOOK_AGAIN)))
    }
}

/// When to go on.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    /// There may be more.
    AtOnce,
    /// Then, or when something was enqueued.
    At(Moment),
}
