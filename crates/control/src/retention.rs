//! Retention in the store: audit rows, runs and settled mails that are too old go, and
//! their going is in the audit trail. The access log's own is in [`crate::access_log`].

use std::time::Duration;

use store::{Actor, Lease};
use terms::{Clock, Micros};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::state::Kept;

/// How long rows are kept, in microseconds: 400 days, so that a year can be compared.
const KEPT_US: i64 = 400 * 86_400 * 1_000_000;
/// How often old rows are looked for.
const EVERY: Duration = Duration::from_secs(3600);
/// Calls of one look; what is left then waits for the next.
const MOST_CALLS: usize = 100;

/// Looks now and then, on the node that leads, until `stop`.
pub(crate) async fn keep(
    kept: watch::Receiver<Option<Kept>>,
    mut lease: watch::Receiver<Option<Lease>>,
    clock: Clock,
    stop: CancellationToken,
) {
    let mut looks = tokio::time::interval(EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
            led = lease.changed() => if led.is_err() { return },
        }
        let leads = lease.borrow_and_update().is_some();
        let store = kept.borrow().as_ref().map(|kept| kept.store.clone());
        let Some(store) = store.filter(|_| leads) else {
            continue;
        };
        let before = Micros(clock.now().0.saturating_sub(KEPT_US));
        for _ in 0..MOST_CALLS {
            match store.prune(before, &Actor::system("retention")).await {
                Ok(pruned) if pruned.more() => {}
                Ok(pruned) => {
                    if pruned != store::Pruned::default() {
                        tracing::info!(?pruned, "rows that were too old were removed");
                    }
                    break;
                }
                Err(error) => {
                    tracing::error!(%error, "rows that are too old could not be removed");
                    break;
                }
            }
        }
    }
}
