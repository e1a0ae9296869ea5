//! Deadlines without timers: each connection keeps one moment in a cell; the worker
//! looks over all of them four times a second and wakes the late.
//!
//! Setting a deadline costs one store, so every wait of a request can have its own. The
//! end of a session ends what its owner has open in the same way.

use std::{
    cell::{Cell, RefCell},
    rc::{Rc, Weak},
    sync::Arc,
    task::{Context, Waker},
    time::Duration,
};

use seam::Session;
use terms::Moment;

use crate::waking::remember;

/// How often the worker looks: a deadline is noticed at most this late.
pub(crate) const LOOK_EVERY: Duration = Duration::from_millis(250);

/// One connection's deadline.
pub(crate) struct Watch {
    deadline: Cell<Option<Moment>>,
    expired: Cell<bool>,
    /// Whose request it is, where that is known.
    session: RefCell<Option<Arc<Session>>>,
    waker: RefCell<Option<Waker>>,
}

/// The deadline has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Late;

impl Watch {
    /// The wait that begins now ends at `deadline`; `None` for one without a limit of
    /// its own.
    pub(crate) fn until(&self, deadline: Option<Moment>) {
        self.deadline.set(deadline);
        self.expired.set(false);
    }

    /// What waits from now on is this person's: it ends with the session. Not for answers
    /// of control, which ends sessions itself and has to be able to say so.
    pub(crate) fn belongs_to(&self, session: Option<&Arc<Session>>) {
        if session.is_some() || self.session.borrow().is_some() {
            *self.session.borrow_mut() = session.cloned();
        }
    }

    /// Whether the session has ended that it belongs to.
    pub(crate) fn is_cut(&self) -> bool {
        let session = self.session.borrow();
        session.as_ref().is_some_and(|session| session.cut.is_cut())
    }

    /// Whether the present wait has taken too long. Remembers who to wake.
    pub(crate) fn check(&self, cx: &Context<'_>) -> Result<(), Late> {
        if self.expired.get() || self.is_cut() {
            return Err(Late);
        }
        remember(&mut self.waker.borrow_mut(), cx);
        Ok(())
    }

    fn look(&self, now: Moment, wake_all: bool) {
        let late = self.deadline.get().is_some_and(|deadline| deadline <= now) || self.is_cut();
        if late {
            self.expired.set(true);
        }
        if (late || wake_all)
            && let Some(waker) = self.waker.borrow_mut().take()
        {
            waker.wake();
        }
    }
}

/// All deadlines of a worker.
#[derive(Default)]
pub(crate) struct Watches(RefCell<Vec<Weak<Watch>>>);

impl Watches {
    /// A new deadline; forgotten when its owner drops it.
    pub(crate) fn add(&self) -> Rc<Watch> {
        let watch = Rc::new(Watch {
            deadline: Cell::new(None),
            expired: Cell::new(false),
            session: RefCell::new(None),
            waker: RefCell::new(None),
        });
        self.0.borrow_mut().push(Rc::downgrade(&watch));
        watch
    }

    /// Wakes whoever is late, or everyone (when the worker drains), and forgets those
    /// that are gone.
    pub(crate) fn look(&self, now: Moment, wake_all: bool) {
        self.0.borrow_mut().retain(|watch| {
            let Some(watch) = watch.upgrade() else {
                return false;
            };
            watch.look(now, wake_all);
            true
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{future::poll_fn, task::Poll};
    use terms::Clock;

    #[tokio::test]
    async fn a_late_wait_is_woken_and_a_new_one_starts_afresh() {
        let (watches, clock) = (Watches::default(), Clock::System);
        let watch = watches.add();
        let now = clock.moment();
        watch.until(Some(now.after(Duration::from_secs(5))));
        let wait = poll_fn(|cx| match watch.check(cx) {
            Err(late) => Poll::Ready(late),
            Ok(()) => Poll::Pending,
        });
        let look = async {
            tokio::task::yield_now().await;
            watches.look(now, false);
            assert!(!watch.expired.get());
            watches.look(now.after(Duration::from_secs(5)), false);
        };
        let (late, ()) = tokio::join!(wait, look);
        assert_eq!(late, Late);
        watch.until(None);
        watches.look(now.after(Duration::from_secs(500)), false);
        assert!(!watch.expired.get());
        let session = Arc::new(seam::sessions::of_ada(seam::Credential::Cookie, &["a"]));
        watch.belongs_to(Some(&session));
        watches.look(now, false);
        assert!(!watch.expired.get());
        session.cut.cut();
        watches.look(now, false);
        assert!(watch.expired.get() && watch.is_cut());
        watch.belongs_to(None);
        watch.until(None);
        watches.look(now, false);
        assert!(!watch.expired.get() && !watch.is_cut());
        drop(watch);
        watches.look(now, false);
        assert!(watches.0.borrow().is_empty());
    }
}
