//! Promise `throttle`: whoever sends too many requests gets 429 for a while.
//!
//! One table for all workers, of fixed size and without a lock, so that a client gets its
//! pace once however its connections are spread. What counts, and how, is
//! [`guards::throttle`]'s business; here is which class a request is in and who sent it:
//!
//! - A request for the **application** is in the class of its route; with a token or an app
//!   password that holds for nothing it is an attempt to get in.
//! - **Reports** on policies that browsers send are a class of their own.
//! - What is sent to **own pages** by somebody who isn't signed in is an attempt to get in,
//!   too; everything else there is a page.
//! - A **trusted proxy** that names nobody is never refused: its address says nothing of who
//!   asks.
//!
//! Nothing allocates; the rule's name is written where somebody is refused.
// promise: throttle

use std::{sync::Arc, time::Duration};

use guards::throttle::{Class, Client, Moment as Tick, Table};
use seam::{Counters, Credential, Refusal, RefusalPage, Session};
use terms::{Clock, Moment, Rng};

use crate::{
    csrf::is_csp_report,
    know::{Known, OwnPath, Visit, is_safe},
    teeth,
};

/// The reason of whoever is refused here.
pub(crate) const THROTTLED: &str = "throttled";

/// What every client has asked lately; one for all workers.
#[derive(Debug, Clone)]
pub struct Arrivals {
    table: Arc<Table>,
    since: Moment,
}

impl Arrivals {
    /// Nothing yet, in a table of so many bytes, at most [`Table::MOST_BYTES`].
    ///
    /// # Panics
    /// Never: the size is in range.
    pub fn new(bytes: u64, rng: &Rng, clock: &Clock) -> Self {
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        let bytes = bytes.clamp(Table::LEAST_BYTES, Table::MOST_BYTES);
        let table = Table::new(bytes, rng.bytes()).expect("a size in range");
        Self {
            table: Arc::new(table),
            since: clock.moment(),
        }
    }
}

/// The class of a request; `None` where nothing limits it.
fn class(known: &Known<'_>, session: Option<&Arc<Session>>, prefix: &str) -> Option<Class> {
    match known.own() {
        OwnPath::Application if known.has_bad_token() => Some(Class::SignIn),
        OwnPath::Application => known.route().throttle,
        OwnPath::Ours if is_csp_report(known.request().path, prefix) => Some(Class::Reports),
        OwnPath::Ours if session.is_none() && !is_safe(known.request().method) => {
            Some(Class::SignIn)
        }
        OwnPath::Ours => Some(Class::Pages),
    }
}

/// Lets a request in, or refuses it; notes where its client stands, and the rule for its
/// record where it is beyond its pace.
pub(crate) fn judge(
    known: &Known<'_>,
    visit: &mut Visit,
    arrivals: &Arrivals,
    counters: &Counters,
) -> Result<(), Refusal> {
    let session = visit.session.as_ref();
    let Some(class) = class(known, session, &visit.local.prefix) else {
        return Ok(());
    };
    let address = visit.client.ip();
    let client = match session {
        None => Client::Address(address),
        Some(session) if session.credential == Credential::Cookie => {
            Client::Account(&session.person.account)
        }
        Some(session) => Client::Token(session.sid),
    };
    let nanos = visit.began.since(arrivals.since).as_nanos();
    let now = Tick::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
    let throttle = &visit.local.throttle;
    let place = (visit.site, class);
    match throttle.judge(&arrivals.table, place, client, now) {
        Ok(standing) => {
            // Programs plan by it; people don't read it.
            visit.standing = (class == Class::Api).then_some(standing);
            Ok(())
        }
        Err(standing) => {
            let exempt = throttle.exempts(address) || visit.local.trusted_proxies.contains(address);
            if exempt || teeth::cut("throttle") {
                return Ok(());
            }
            let observe = throttle.observe;
            visit.notes.set_rule(&standing);
            let kinds = if observe {
                &counters.throttle_observed
            } else {
                &counters.throttle_refused
            };
            for (counter, kind) in kinds.iter().zip(Class::ALL) {
                if kind == class {
                    counter.add(1);
                }
            }
            if observe {
                return Ok(());
            }
            visit.standing = Some(standing);
            let refusal = Refusal::new(RefusalPage::TooManyRequests, THROTTLED);
            Err(refusal.retry_after(seconds(standing.wait)))
        }
    }
}

/// Whole seconds, rounded up: whoever comes then is let in.
pub(crate) fn seconds(span: Duration) -> u32 {
    let whole = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    u32::try_from(whole).unwrap_or(u32::MAX)
}
