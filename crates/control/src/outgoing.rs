//! The one client for hooks, feeds and imports: [`visitor`] with a policy.
//!
//! What this guarantees: only public addresses are connected to, but for hosts that the
//! configuration names, at the first connection as at each redirect (a feed's server must
//! not make us talk to the cloud's metadata service); every visit has an end, in time and
//! in bytes; and no host gets more than a few connections of ours at once.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::Duration,
};

use terms::Clock;
use tokio::{
    sync::{Semaphore, SemaphorePermit},
    time::timeout,
};
use visitor::{
    Host, VisitError,
    address::AddressPolicy,
    http::{Entrance, Request, Response, Visitor},
    tls::Trust,
};

/// Visits at once. Further ones wait, within their time.
pub const MAX_VISITS: usize = 32;
/// Visits at once that begin at the same host. Further ones wait, within their time.
pub const MAX_PER_HOST: usize = 4;
/// Longest visit, redirects and waiting included; a request that allows itself more gets
/// this.
pub const MAX_TOTAL: Duration = Duration::from_secs(120);
/// Largest body read; a request that allows itself more gets this. What is longer is cut
/// off and marked as [`Response::truncated`].
pub const MAX_BODY: usize = 64 << 20;
/// Most redirects; a request that allows itself more gets this.
pub const MAX_REDIRECTS: u8 = 5;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum OutgoingError {
    /// The visit failed, or its address isn't one that is connected to.
    #[error(transparent)]
    Visit(#[from] VisitError),
    /// Too many visits were under way for as long as this one may take.
    #[error(
        "{host} wasn't visited: {MAX_VISITS} visits, or {MAX_PER_HOST} to it, were under way for {waited:?}"
    )]
    Busy {
        /// The host.
        host: Host,
        /// The request's time.
        waited: Duration,
    },
    /// The request brought its own way in, past the policy: a bug of the caller.
    #[error("a request to {host} names its own address, which outgoing requests may not")]
    Entrance {
        /// The host.
        host: Host,
    },
}

/// The client. Share it: its limits are its own.
#[derive(Debug)]
pub struct Outgoing {
    visitor: Visitor,
    clock: Clock,
    total: Semaphore,
    /// Only hosts that are being visited, thus at most as many as there are callers.
    hosts: Mutex<HashMap<Host, Weak<Semaphore>>>,
}

impl Outgoing {
    /// A client that believes `trust`; the hosts in `named` may have private addresses,
    /// as the owner's configuration says.
    pub fn new(clock: Clock, trust: Trust, named: Vec<Host>) -> Self {
        Self {
            visitor: Visitor::new(clock.clone(), AddressPolicy::Public { named }, trust),
            clock,
            total: Semaphore::new(MAX_VISITS),
            hosts: Mutex::default(),
        }
    }

    /// Makes a request, once there is room, within `request.limits.total` in all.
    ///
    /// # Errors
    /// [`OutgoingError`]. A status such as 500 is an answer.
    pub async fn fetch(&self, mut request: Request) -> Result<Response, OutgoingError> {
        let host = request.url.host().clone();
        let Entrance {
            door: None,
            announce: None,
            server_name: None,
        } = request.entrance
        else {
            return Err(OutgoingError::Entrance { host });
        };
        request.redirects = request.redirects.min(MAX_REDIRECTS);
        request.limits.body = request.limits.body.min(MAX_BODY);
        let waited = request.limits.total.min(MAX_TOTAL);
        let busy = || OutgoingError::Busy {
            host: host.clone(),
            waited,
        };
        let of_host = self.of_host(&host);
        let begun = self.clock.moment();
        let places = async {
            // First the host's: a slow host's queue must not take the others' room.
            let one = permit(&of_host).await?;
            Some((one, permit(&self.total).await?))
        };
        let places = timeout(waited, places).await.ok().flatten();
        let visited = match &places {
            Some(_) => {
                request.limits.total = waited.saturating_sub(self.clock.moment().since(begun));
                Box::pin(self.visitor.fetch(&request)).await
            }
            None => return Err(busy()),
        };
        drop(places);
        drop(of_host);
        self.forget_idle();
        Ok(visited?)
    }

    fn of_host(&self, host: &Host) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = hosts.get(host).and_then(Weak::upgrade) {
            return known;
        }
        let new = Arc::new(Semaphore::new(MAX_PER_HOST));
        hosts.insert(host.clone(), Arc::downgrade(&new));
        new
    }

    fn forget_idle(&self) {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, visits| visits.strong_count() > 0);
    }
}

/// A place in it; ours are never closed.
async fn permit(semaphore: &Semaphore) -> Option<SemaphorePermit<'_>> {
    semaphore.acquire().await.ok()
}
