//! The connections of HTTP/2 to one application: as few as its limits allow, made one
//! after the other. A request waits for a stream no longer than for a connection.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use seam::snapshot::Upstream;
use terms::Moment;

use super::{
    link::{Link, Waiting},
    stream::StreamSocket,
};
use crate::{
    upstream::{Fault, Socket, dial::dial},
    worker::{Local, Worker},
};

/// Connections to one application and of one worker.
const LINKS_MAX: usize = 16;
/// Requests of one worker that wait for a stream of one application. Beyond it: 503.
const WAITING_MAX: usize = 1024;

/// See the module.
#[derive(Default)]
pub(crate) struct Peer {
    links: RefCell<Vec<Rc<Link>>>,
    /// A connection is being made: others wait for it.
    connecting: Cell<bool>,
    /// What the last handshake settled: HTTP/1.1. Unknown, the first connection tells.
    http1: Cell<bool>,
    waiting: Rc<Waiting>,
}

impl Drop for Peer {
    /// A changed configuration lets what is under way end.
    fn drop(&mut self) {
        for link in self.links.get_mut() {
            link.leave();
        }
    }
}

/// What a request may be sent on.
pub(in crate::upstream) enum Found {
    /// A stream of HTTP/2.
    Stream(StreamSocket),
    /// A new socket: the handshake settled on HTTP/1.1.
    Http1(Socket),
}

impl Peer {
    /// Ends connections that carried nothing for so long.
    pub(in crate::upstream) fn tidy(&self, now: Moment, most: Duration) {
        let links = self.links.borrow();
        for link in &*links {
            link.tidy(now, most);
        }
    }

    /// A stream on one of the connections, or on a new one, or a socket of HTTP/1.1.
    pub(in crate::upstream) async fn find(
        &self,
        worker: &Rc<Worker>,
        local: &Local,
        upstream: &Upstream,
        te: bool,
    ) -> Result<Found, Fault> {
        let limit = local.limits.connect;
        let late = Cell::new(Fault::Unreachable("upstream-connect-late"));
        let finding = self.search(worker, local, upstream, te, &late);
        let found = tokio::time::timeout(limit, finding).await;
        found.unwrap_or_else(|_| Err(late.get()))
    }

    async fn search(
        &self,
        worker: &Rc<Worker>,
        local: &Local,
        upstream: &Upstream,
        te: bool,
        late: &Cell<Fault>,
    ) -> Result<Found, Fault> {
        loop {
            // Made before anything is looked at, so that no change is missed.
            let changed = self.waiting.changed.notified();
            if let Some(stream) = self.stream(te, local.limits.connect) {
                return Ok(Found::Stream(stream));
            }
            let alone = self.http1.get() || !self.connecting.get();
            if alone && self.links.borrow().len() < LINKS_MAX {
                late.set(Fault::Unreachable("upstream-connect-late"));
                if let Some(socket) = self.connect(worker, local, upstream).await? {
                    return Ok(Found::Http1(socket));
                }
                continue;
            }
            if !self.connecting.get() {
                late.set(Fault::Busy);
            }
            let Some(_place) = Place::take(&self.waiting) else {
                return Err(Fault::Busy);
            };
            changed.await;
        }
    }

    /// A stream on a connection that has one free.
    fn stream(&self, te: bool, patience: Duration) -> Option<StreamSocket> {
        let mut links = self.links.borrow_mut();
        links.retain(|link| link.is_open());
        let link = links.iter().find(|link| link.reserve())?;
        Some(StreamSocket::new(link.clone(), te, patience))
    }

    /// Makes a connection; gives it back where HTTP/1.1 is spoken on it.
    async fn connect(
        &self,
        worker: &Rc<Worker>,
        local: &Local,
        upstream: &Upstream,
    ) -> Result<Option<Socket>, Fault> {
        let _connecting = Connecting::begin(self);
        let dialled = dial(local, upstream, false).await?;
        worker.counters.upstream_connects.add(1);
        self.http1.set(!dialled.http2);
        if !dialled.http2 {
            return Ok(Some(dialled.socket));
        }
        let link = super::begin(dialled.socket, worker, local, &self.waiting).await?;
        self.links.borrow_mut().push(link);
        Ok(None)
    }
}

/// A connection of its own for one request, such as a check.
pub(in crate::upstream) async fn alone(
    worker: &Rc<Worker>,
    local: &Local,
    upstream: &Upstream,
) -> Result<Found, Fault> {
    let attempt = async {
        let dialled = dial(local, upstream, false).await?;
        if !dialled.http2 {
            return Ok(Found::Http1(dialled.socket));
        }
        let link = super::begin(dialled.socket, worker, local, &Rc::default()).await?;
        let free = link.reserve();
        link.leave();
        if free {
            let patience = local.limits.connect;
            Ok(Found::Stream(StreamSocket::new(link, false, patience)))
        } else {
            Err(Fault::Busy)
        }
    };
    let made = tokio::time::timeout(local.limits.connect, attempt).await;
    made.unwrap_or(Err(Fault::Unreachable("upstream-connect-late")))
}

/// A connection is being made; others look again when it is, or isn't any more.
struct Connecting<'p>(&'p Peer);

impl<'p> Connecting<'p> {
    fn begin(peer: &'p Peer) -> Self {
        peer.connecting.set(true);
        Self(peer)
    }
}

impl Drop for Connecting<'_> {
    fn drop(&mut self) {
        self.0.connecting.set(false);
        self.0.waiting.look_again();
    }
}

/// A place among those that wait.
struct Place<'w>(&'w Waiting);

impl<'w> Place<'w> {
    fn take(waiting: &'w Waiting) -> Option<Self> {
        let count = waiting.count.get();
        (count < WAITING_MAX).then(|| {
            waiting.count.set(count + 1);
            Self(waiting)
        })
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.count.set(self.0.count.get().saturating_sub(1));
    }
}
