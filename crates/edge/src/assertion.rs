//! The signed assertion of who asks, in the head that the application gets: never an
//! expired one, and never none where the site wants one.
//!
//! ```text
//! age      0 ───────── 30 s ─────────── 50 s ───────▶
//!          as it is    as it is, and    not before control has signed
//!                      another is asked another, 250 ms at most; then 503
//! ```

use std::{sync::Arc, time::Duration};

use seam::{
    Refusal, RefusalPage, Session,
    sessions::{Assertion, OnSite},
};
use terms::Micros;

use crate::{know::Visit, worker::Worker};

/// From this age on another one is asked for.
const RENEWED_AT: Duration = Duration::from_secs(30);
/// At this age it isn't sent any more: the application has ten seconds to look at it.
const HOLDS_FOR: Duration = Duration::from_secs(50);
/// How long a request waits for control.
const PATIENCE: Duration = Duration::from_millis(250);

/// Control didn't sign in time.
const LATE: Refusal = Refusal::new(RefusalPage::Unavailable, "assertion-late").retry_after(1);

/// The assertion of who asks; `None` where the site wants none, or nobody is known.
pub(crate) async fn current(
    worker: &Worker,
    visit: &Visit,
) -> Result<Option<Arc<Assertion>>, Refusal> {
    let (Some(session), Some(site)) = (&visit.session, visit.site()) else {
        return Ok(None);
    };
    let Some(on) = session.on(&site.name).filter(|_| site.assertion) else {
        return Ok(None);
    };
    let assertion = match fresh(on, visit.at) {
        Some(assertion) => {
            if visit.at.since(assertion.signed_at) >= RENEWED_AT {
                worker.renewals.ask(session, &site.name);
            }
            assertion
        }
        None => awaited(worker, session, on).await.ok_or(LATE)?,
    };
    Ok(Some(assertion))
}

/// Adds the assertion to a head that is otherwise whole.
pub(crate) async fn add(worker: &Worker, visit: &Visit, head: &mut Vec<u8>) -> Result<(), Refusal> {
    let Some(assertion) = current(worker, visit).await? else {
        return Ok(());
    };
    // Before the empty line that ends the head.
    head.truncate(head.len().saturating_sub(2));
    h1::write::field(head, "waarborg-assertion", assertion.text.as_bytes());
    h1::write::end_of_head(head);
    Ok(())
}

fn fresh(on: &OnSite, now: Micros) -> Option<Arc<Assertion>> {
    let assertion = on.assertion.load_full()?;
    (now.since(assertion.signed_at) < HOLDS_FOR).then_some(assertion)
}

async fn awaited(worker: &Worker, session: &Arc<Session>, on: &OnSite) -> Option<Arc<Assertion>> {
    let told = worker.renewals.ask_and_wait(session, &on.host)?;
    tokio::time::timeout(PATIENCE, told).await.ok()?.ok()?;
    fresh(on, worker.utc(worker.now()))
}
