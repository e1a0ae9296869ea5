//! Promise `block`: who is refused by address, at the door and for each request.
//!
//! At the door where the client is known from the connection and the owner wants no
//! handshake (`action = "drop"`); in step 5 for every request, on every site, own pages
//! included. What lists say is [`guards::block::Set`]'s business; here is who is asked
//! about:
//!
//! - The **client**, never a trusted proxy: its address says nothing of who asks. A
//!   trusted proxy that is listed itself is let in.
//! - Whoever is **signed in** with a browser isn't refused on suspicion (a file, unknown
//!   ranges, a ban that nobody made), only by the owner's own entries. Behind `drop` nobody
//!   can know that; bans that nobody made never drop, since others may share the address.
//!
//! Neither allocates, but for the rule's name where somebody is refused.
// promise: block

use guards::block::{Action, Rule};
use seam::{Counters, Credential, Refusal, RefusalPage, Snapshot};
use terms::{ClientAddr, Micros};

use crate::{know::Visit, teeth};

/// The rule that refuses a client.
fn rule(client: ClientAddr, snapshot: &Snapshot) -> Option<Rule<'_>> {
    let rule = snapshot.block.refuses(client.ip())?;
    let is_proxy = snapshot.trusted_proxies.contains(client.ip());
    (!is_proxy && !teeth::cut("block")).then_some(rule)
}

/// Whether a connection is closed before its handshake; counts it.
pub(crate) fn drops(client: ClientAddr, snapshot: &Snapshot, counters: &Counters) -> bool {
    let block = &snapshot.block;
    // Where nothing drops, nobody is looked up at the door.
    let drops = block.drops()
        && !block.observe
        && rule(client, snapshot).is_some_and(|rule| rule.action == Action::Drop);
    if drops {
        counters.block_dropped.add(1);
    }
    drops
}

/// Lets a request in, or refuses it; notes the rule for its record in either case.
pub(crate) fn judge(visit: &mut Visit, counters: &Counters) -> Result<(), Refusal> {
    let local = visit.local.clone();
    let Some(rule) = rule(visit.client, &local) else {
        return Ok(());
    };
    // A rule may be one address: an anonymous route's record has none.
    if !visit.anonymous {
        visit.notes.set_rule(&rule);
    }
    let signed_in = visit.session.as_ref();
    let signed_in = signed_in.is_some_and(|it| it.credential == Credential::Cookie);
    let observes = local.block.observe || rule.action == Action::Observe;
    if observes || rule.kind.is_suspicion() && signed_in {
        counters.block_observed.add(1);
        return Ok(());
    }
    counters.block_refused.add(1);
    let page = match rule.until.map(Micros) {
        Some(until) => {
            visit.until = Some(until);
            RefusalPage::Banned
        }
        None => RefusalPage::Blocked,
    };
    Err(Refusal::new(page, rule.kind.reason()))
}
