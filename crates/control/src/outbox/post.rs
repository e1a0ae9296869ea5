//! The way that mail leaves by: the configured server, and whether it is known not to
//! answer. Both senders share it, so that one's failure spares the other its own.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use terms::{Clock, Moment, Rng};
use tokio::sync::watch;

use crate::{
    mail::{Mailer, SendError},
    outbox::{Tally, pause},
};

/// Whether the way works, as far as is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Way {
    /// Attempts to reach the server that failed in a row.
    pub(super) failures: u64,
    /// It isn't tried before.
    pub(super) closed_until: Option<Moment>,
}

/// The mailer of the present configuration.
#[derive(Default)]
struct Made {
    from: Option<Arc<config::Mail>>,
    mailer: Option<Arc<Mailer>>,
}

pub(super) struct Post {
    config: watch::Receiver<Option<Arc<config::Mail>>>,
    made: Mutex<Made>,
    way: watch::Sender<Way>,
    tally: Box<dyn Fn(Tally) + Send + Sync>,
    pub(super) clock: Clock,
    pub(super) rng: Rng,
}

/// What to send by now, or until when to wait.
pub(super) enum Now {
    /// No usable configuration: wait for another.
    Nothing,
    /// The server can't be reached: not before this.
    Closed(Moment),
    /// Send by this, to these.
    By(Arc<Mailer>, Arc<config::Mail>),
}

impl Post {
    pub(super) fn new(
        config: watch::Receiver<Option<Arc<config::Mail>>>,
        tally: Box<dyn Fn(Tally) + Send + Sync>,
        clock: Clock,
        rng: Rng,
    ) -> Self {
        Self {
            config,
            made: Mutex::default(),
            way: watch::Sender::new(Way::default()),
            tally,
            clock,
            rng,
        }
    }

    pub(super) fn count(&self, tally: Tally) {
        (self.tally)(tally);
    }

    /// For awaiting another configuration. Whoever makes it subscribes before asking
    /// [`Post::now`], so that no change is missed.
    pub(super) fn config(&self) -> watch::Receiver<Option<Arc<config::Mail>>> {
        self.config.clone()
    }

    /// For awaiting another state of the way; as with [`Post::config`].
    pub(super) fn way(&self) -> watch::Receiver<Way> {
        self.way.subscribe()
    }

    /// Whether the last attempt to reach the server failed.
    pub(super) fn is_doubtful(&self) -> bool {
        self.way.borrow().failures > 0
    }

    pub(super) fn now(&self) -> Now {
        let config = self.config.borrow().clone();
        let mut made = self.made();
        let same = match (&config, &made.from) {
            (Some(new), Some(old)) => Arc::ptr_eq(new, old) || new == old,
            (None, None) => true,
            _ => false,
        };
        if !same {
            made.mailer = config.as_deref().and_then(|mail| {
                Mailer::new(mail, self.clock.clone())
                    .inspect_err(|error| tracing::error!(%error, "no mail can leave"))
                    .ok()
                    .map(Arc::new)
            });
            made.from.clone_from(&config);
            // Another server, another chance.
            self.set_way(Way::default());
        }
        let (Some(mailer), Some(config)) = (made.mailer.clone(), config) else {
            return Now::Nothing;
        };
        drop(made);
        match self.way.borrow().closed_until {
            Some(until) if until > self.clock.moment() => Now::Closed(until),
            _ => Now::By(mailer, config),
        }
    }

    /// The server was reached.
    pub(super) fn reached(&self) {
        if self.is_doubtful() {
            tracing::info!("the mail server answers again");
        }
        self.set_way(Way::default());
    }

    /// The server couldn't be reached: it isn't tried again at once.
    pub(super) fn unreachable(&self, error: &SendError) {
        let now = self.clock.moment();
        self.way.send_if_modified(|way| {
            // Attempts that ran at the same time count once.
            if way.closed_until.is_some_and(|until| until > now) {
                return false;
            }
            way.failures = way.failures.saturating_add(1);
            if way.failures == 1 {
                tracing::error!(%error, "alarms and mails can't leave");
            }
            way.closed_until = Some(now.after(pause(way.failures, &self.rng)));
            true
        });
    }

    fn set_way(&self, new: Way) {
        self.way.send_if_modified(|way| {
            let changed = *way != new;
            *way = new;
            changed
        });
    }

    fn made(&self) -> MutexGuard<'_, Made> {
        self.made.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
