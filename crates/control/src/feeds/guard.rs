//! Which lists from elsewhere aren't taken although they can be read.

use std::collections::HashSet;

use guards::{
    block::{Entry, is_local},
    network::{Network, Networks},
};
use store::SessionQuery;

use crate::accounts::Accounts;

/// Sessions that are looked through for administrators.
const SESSIONS_MAX: u64 = 500;

/// Why these entries aren't taken, if they aren't.
///
/// Local addresses are passed over: a feed never refuses them.
pub(super) fn check(
    entries: &[Entry],
    proxies: &Networks,
    administrators: &[Network],
) -> Result<(), String> {
    let proxies = proxies.iter().filter(|it| !is_local(it.address()));
    for proxy in proxies {
        let met = entries.iter().find(|entry| {
            entry.range.contains(proxy.address()) || proxy.contains(entry.range.first())
        });
        if let Some(entry) = met {
            return Err(format!(
                "line {} has {}, which is of `trusted_proxies` ({proxy})",
                entry.number, entry.range
            ));
        }
    }
    for network in administrators {
        let whole = |entry: &&Entry| {
            entry.range.contains(network.address()) && entry.range.contains(network.last())
        };
        if let Some(entry) = entries.iter().find(whole) {
            return Err(format!(
                "line {} has {}, all of a network that an administrator is signed in from",
                entry.number, entry.range
            ));
        }
    }
    Ok(())
}

/// The networks that administrators are signed in from, as far as sessions keep them: an
/// IPv4 /24 or an IPv6 /48. None where the store can't be asked.
pub(super) async fn administrators(accounts: &Accounts) -> Vec<Network> {
    let Ok(store) = accounts.store() else {
        return Vec::new();
    };
    let query = SessionQuery {
        limit: SESSIONS_MAX,
        ..SessionQuery::default()
    };
    let sessions = store.sessions(&query).await.unwrap_or_default();
    let (mut seen, mut networks) = (HashSet::new(), Vec::new());
    for session in sessions {
        let Ok(network) = Network::parse(&session.network) else {
            continue;
        };
        if is_local(network.address()) || !seen.insert((session.account.clone(), network)) {
            continue;
        }
        let account = store.account(&session.account).await.ok().flatten();
        if account.is_some_and(|account| accounts.is_administrator(&account)) {
            networks.push(network);
        }
    }
    networks
}
