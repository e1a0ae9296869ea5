//! Who is to be woken, when something comes that a task waits for.

use std::{
    cell::{Cell, RefCell},
    task::{Context, Waker},
};

/// Keeps whoever polls now. Mostly it is the same task again, of which nothing is copied.
pub(crate) fn remember(waker: &mut Option<Waker>, cx: &Context<'_>) {
    match waker {
        Some(known) => known.clone_from(cx.waker()),
        None => *waker = Some(cx.waker().clone()),
    }
}

/// The task that reads and writes a connection, as the others of that connection know it.
#[derive(Default)]
pub(crate) struct Driver {
    waker: RefCell<Option<Waker>>,
    /// It was woken and hasn't run since: once is enough.
    woken: Cell<bool>,
}

impl Driver {
    /// Notes the task, which runs now.
    pub(crate) fn runs(&self, cx: &Context<'_>) {
        self.woken.set(false);
        remember(&mut self.waker.borrow_mut(), cx);
    }

    /// There is something to write, or to end.
    pub(crate) fn wake(&self) {
        if !self.woken.replace(true)
            && let Some(waker) = &*self.waker.borrow()
        {
            waker.wake_by_ref();
        }
    }
}
