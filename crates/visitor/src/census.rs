//! Which TCP ports of an address answer: the drill for "only port 443 is answered".
//!
//! It says something only from outside: from the same host or behind the same firewall
//! other ports show than the world sees.

use std::{net::SocketAddr, ops::RangeInclusive, time::Duration};

use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;

use crate::{
    address::AddressPolicy,
    fault::{Phase, VisitError},
    raw::{Door, Knock, knock},
    url::Host,
};

/// Connections tried at a time.
pub const CONCURRENCY: usize = 64;

/// What a port did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PortAnswer {
    /// Accepted the connection.
    Open,
    /// Refused it at once.
    Refused,
    /// Said nothing in time.
    Filtered,
    /// The network said that there is no way.
    Unreachable,
}

/// One port of a census.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortFinding {
    /// The port.
    pub port: u16,
    /// What it did.
    pub answer: PortAnswer,
}

/// All system ports (RFC 6335 §6), where services listen by default.
const SYSTEM: RangeInclusive<u16> = 1..=1023;

/// Ports beyond, where servers, consoles and databases listen by default.
#[rustfmt::skip]
const BEYOND: [u16; 101] = [
    1025, 1080, 1194, 1433, 1434, 1521, 1723, 1883, 2000, 2049, 2082, 2083, 2086, 2087, 2181, 2222,
    2375, 2376, 2379, 2380, 3000, 3001, 3128, 3260, 3268, 3306, 3307, 3333, 3389, 4000, 4040, 4200,
    4222, 4369, 4443, 4444, 4505, 4567, 4646, 4848, 5000, 5001, 5060, 5173, 5222, 5432, 5433, 5555,
    5601, 5671, 5672, 5800, 5900, 5984, 5985, 5986, 6000, 6379, 6443, 6667, 7000, 7001, 7199, 7474,
    7687, 8000, 8001, 8008, 8009, 8025, 8080, 8081, 8086, 8088, 8089, 8123, 8161, 8200, 8222, 8443,
    8500, 8501, 8834, 8888, 9000, 9042, 9090, 9091, 9092, 9093, 9100, 9200, 9300, 9418, 9443, 9990,
    10000, 10250, 11211, 15672, 27017,
];

/// The ports looked at by default: 1 to 1023 and 101 beyond, 1,124 in all. With one
/// second each and none answering, a census of them takes 18 s.
pub fn default_ports() -> Vec<u16> {
    SYSTEM.chain(BEYOND).collect()
}

/// Tries to connect to each of `ports` of the address of `host`, [`CONCURRENCY`] at a
/// time, each within `deadline`. Nothing is sent. The findings are sorted by port.
///
/// # Errors
/// When the policy doesn't admit the address, or a connection fails for a reason here
/// (such as no free descriptors): half a census proves nothing.
pub async fn census(
    host: &Host,
    address: std::net::IpAddr,
    policy: &AddressPolicy,
    ports: &[u16],
    deadline: Duration,
) -> Result<Vec<PortFinding>, VisitError> {
    let mut findings = Vec::with_capacity(ports.len());
    let mut under_way = JoinSet::new();
    for port in ports.iter().copied() {
        let admitted = policy.admit(host, SocketAddr::new(address, port));
        let door = admitted
            .map(Door::Tcp)
            .map_err(|cause| VisitError::new(Phase::Resolve, host.to_string(), cause))?;
        if under_way.len() >= CONCURRENCY {
            findings.extend(finished(&mut under_way).await?);
        }
        under_way.spawn(async move {
            let answer = match knock(&door, deadline).await? {
                Knock::Open(_) => PortAnswer::Open,
                Knock::Refused => PortAnswer::Refused,
                Knock::Filtered => PortAnswer::Filtered,
                Knock::Unreachable => PortAnswer::Unreachable,
            };
            Ok(PortFinding { port, answer })
        });
    }
    while let Some(finding) = finished(&mut under_way).await? {
        findings.push(finding);
    }
    findings.sort_unstable_by_key(|finding| finding.port);
    Ok(findings)
}

/// The next finding; `None` when no port is left.
async fn finished(
    under_way: &mut JoinSet<Result<PortFinding, VisitError>>,
) -> Result<Option<PortFinding>, VisitError> {
    match under_way.join_next().await {
        None => Ok(None),
        Some(Ok(finding)) => finding.map(Some),
        // Only when the runtime shuts down, or after a panic.
        Some(Err(stopped)) => {
            let error = std::io::Error::other(stopped);
            Err(VisitError::new(Phase::Connect, "port census", error))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::net::TcpListener;

    use super::*;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[test]
    fn the_default_ports_are_distinct_and_hold_the_usual_ones() {
        let ports = default_ports();
        assert_eq!(ports.len(), 1124);
        assert!(ports.windows(2).all(|pair| pair[0] < pair[1]));
        for usual in [22, 80, 443, 3306, 5432, 6379, 8080, 9443] {
            assert!(ports.contains(&usual), "{usual}");
        }
    }

    #[tokio::test]
    async fn open_ports_are_found_among_closed_ones() {
        let mut listeners = Vec::new();
        for _ in 0..CONCURRENCY + 20 {
            listeners.push(TcpListener::bind((HERE, 0)).await.unwrap());
        }
        let port = |listener: &TcpListener| listener.local_addr().unwrap().port();
        // Split off and dropped, thus closed again: free ports that were real.
        let closed: Vec<u16> = listeners.split_off(30).iter().map(port).collect();
        let open: Vec<u16> = listeners.iter().map(port).collect();
        let all = [open.clone(), closed].concat();
        let findings = census(
            &Host::Ip(HERE),
            HERE,
            &AddressPolicy::Any,
            &all,
            Duration::from_secs(5),
        )
        .await
        .unwrap();
        assert_eq!(findings.len(), all.len());
        for finding in findings {
            let expected = if open.contains(&finding.port) {
                PortAnswer::Open
            } else {
                PortAnswer::Refused
            };
            assert_eq!(finding.answer, expected, "{}", finding.port);
        }
    }

    #[tokio::test]
    async fn an_address_that_is_not_admitted_is_not_knocked_at() {
        let refused = census(
            &Host::Ip(HERE),
            HERE,
            &AddressPolicy::public(),
            &[1],
            Duration::from_secs(5),
        )
        .await
        .unwrap_err();
        assert_eq!(refused.phase, Phase::Resolve);
    }
}
