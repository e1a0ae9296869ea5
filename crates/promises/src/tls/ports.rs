//! Which ports the world sees: only the public one, and 80 where it does nothing but
//! redirect.

use std::{collections::BTreeSet, time::Duration};

use visitor::{
    Url,
    address::AddressPolicy,
    census::{self, PortAnswer, PortFinding, default_ports},
};

use super::{
    PORTS,
    plain::{At80, PORT},
};
use crate::{
    approach::{Approach, silence},
    entry::{Finding, Step},
};

/// Time for each port; a thousand that don't answer take 18 s at an address.
const KNOCK: Duration = Duration::from_secs(1);
/// So many addresses are looked at: those of a site with both IP versions on two lines.
const MAX_ADDRESSES: usize = 4;

pub(super) async fn census(approach: &Approach<'_>, at_80: &[(&str, At80)]) -> Finding {
    let public = approach.reading().public_port;
    let mut ports = default_ports();
    if !ports.contains(&public) {
        ports.push(public);
    }
    let mut addresses = BTreeSet::new();
    let mut found = Vec::new();
    for host in &approach.sites {
        let Ok(url) = approach.url(host, "/") else {
            continue;
        };
        match look(approach, &url, &ports, &mut addresses).await {
            Ok(more) => found.extend(more),
            Err(why) => return Finding::inconclusive(PORTS, why),
        }
    }
    let redirects = at_80
        .iter()
        .all(|(_, at_80)| matches!(at_80, At80::Redirects | At80::Closed));
    judge(&found, public, redirects).figure("ports", i64::try_from(ports.len()).unwrap_or(i64::MAX))
}

async fn look(
    approach: &Approach<'_>,
    url: &Url,
    ports: &[u16],
    seen: &mut BTreeSet<std::net::IpAddr>,
) -> Result<Vec<PortFinding>, &'static str> {
    let addresses = approach
        .addresses(url)
        .await
        .map_err(|error| silence(&error))?;
    let mut found = Vec::new();
    for address in addresses {
        let address = address.address().ip();
        if seen.len() >= MAX_ADDRESSES || !seen.insert(address) {
            continue;
        }
        let looked = census::census(url.host(), address, &AddressPolicy::Any, ports, KNOCK).await;
        found.extend(looked.map_err(|error| silence(&error))?);
    }
    Ok(found)
}

/// A pass needs the public port open (the twin) and every other one shut.
pub(super) fn judge(found: &[PortFinding], public: u16, redirects: bool) -> Finding {
    let open: BTreeSet<u16> = found
        .iter()
        .filter(|finding| finding.answer == PortAnswer::Open)
        .map(|finding| finding.port)
        .collect();
    let others: Vec<u16> = open
        .iter()
        .copied()
        .filter(|port| *port != public && !(*port == PORT && redirects))
        .collect();
    let listed = others
        .iter()
        .take(20)
        .map(u16::to_string)
        .collect::<Vec<_>>()
        .join(" ");
    let steps = vec![
        Step::new("public-port", true)
            .twin()
            .saw("port", public)
            .saw("open", open.contains(&public)),
        Step::new("other-ports", others.is_empty()).saw("open", listed),
    ];
    let finding = Finding::by_steps(PORTS, steps)
        .figure("open", i64::try_from(open.len()).unwrap_or(i64::MAX));
    // Nobody there at all: a dead machine has no open port either.
    if open.contains(&public) {
        finding
    } else {
        finding.short_of("public-port-closed")
    }
}
