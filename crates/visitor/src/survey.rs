//! Everything that a TLS endpoint accepts: versions, and in each its cipher suites and
//! groups, one at a time; its certificates; and what it does beside. The findings behind
//! the promise `tls-report`; grades are given elsewhere.
//!
//! Suites are found by elimination: all are offered, the one that the server takes is
//! left out of the next offer, until it takes none. So a server with nine suites sees ten
//! hellos of a version, and nobody needs a hello per suite that exists.
//!
//! Connections come one after the other, at most [`PER_SECOND`] a second and
//! [`MAX_CONNECTIONS`] in all. A survey that was cut short says so.

use std::{collections::BTreeSet, time::Duration};

use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use terms::{Micros, Rng};
use tokio::time::{Interval, MissedTickBehavior};

pub use crate::session::Seen;
use crate::{
    certificate::{Certificate, Chain},
    fault::{Cause, Phase, VisitError},
    groups::{self, group_name},
    hello::{self, Acceptance, Flight, Offer, Probe, Reply, Version},
    http::{Entrance, Visitor},
    proxy::proxy_v2,
    raw::Door,
    session::{self, Way},
    suites::{self, Exchange, Suite},
    url::{Host, Url},
};

/// No more hellos in a second than this: as a few people opening the site.
pub const PER_SECOND: u32 = 100;
/// No more connections in one survey: a server that takes every suite of OpenSSL in every
/// version needs about 260.
pub const MAX_CONNECTIONS: u32 = 400;
/// Suites in one hello: some old servers read no more than 127.
const AT_ONCE: usize = 100;
/// Different certificates of one endpoint that are kept: an RSA and an ECDSA one are usual.
const MAX_CHAINS: usize = 4;

/// A version, and whether it is spoken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spoken {
    /// Which.
    pub version: Version,
    /// Whether a hello of it was taken.
    pub spoken: Seen,
}

/// A suite that was taken, and the exchange of keys that came with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// In which version.
    pub version: Version,
    /// The suite.
    pub suite: u16,
    /// The group that the server chose among all.
    pub group: Option<u16>,
    /// Bits of its prime (DHE) or short-lived key (export).
    pub bits: Option<u16>,
}

/// The groups that were taken in a version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Groups {
    /// In which version.
    pub version: Version,
    /// In the order in which the server took them.
    pub groups: Vec<u16>,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// When it began.
    pub at: Micros,
    /// Connections made.
    pub connections: u32,
    /// What couldn't be found out, in kebab-case: empty when the survey is complete.
    pub gaps: BTreeSet<String>,
    /// Every version, oldest first.
    pub versions: Vec<Spoken>,
    /// Every suite of every version.
    pub suites: Vec<Taken>,
    /// The groups of TLS 1.3, and of the newest version before it.
    pub groups: Vec<Groups>,
    /// The certificates, each chain once.
    pub chains: Vec<Chain>,
    /// Whether a proof of the certificate's validity is stapled to it (RFC 6066 §8).
    pub stapled: Seen,
    /// Whether sessions of TLS 1.2 are resumed.
    pub resumed12: Seen,
    /// Whether sessions of TLS 1.3 are resumed.
    pub resumed13: Seen,
    /// Whether secure renegotiation is announced (TLS 1.2 and before).
    pub secure_renegotiation: Seen,
    /// Whether compression is taken (TLS 1.2 and before).
    pub compression: Seen,
    /// Whether heartbeats are taken.
    pub heartbeat: Seen,
}

impl Survey {
    /// Whether a version is spoken.
    pub fn speaks(&self, version: Version) -> Seen {
        let found = self.versions.iter().find(|found| found.version == version);
        found.map_or(Seen::Unknown, |found| found.spoken)
    }

    /// The groups of a version.
    pub fn groups(&self, version: Version) -> &[u16] {
        let found = self.groups.iter().find(|found| found.version == version);
        found.map_or(&[], |found| &found.groups)
    }
}

/// How far a survey goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// Time for one connection.
    pub step: Duration,
    /// Time for all.
    pub total: Duration,
    /// Whether SSL 2 is tried, whose hello is no TLS record: what no visitor sends.
    pub ssl2: bool,
}

/// Surveys the endpoint of `url` (its scheme isn't looked at), at the first of its
/// addresses.
///
/// # Errors
/// When the host isn't found or admitted, or a fault here ends it.
pub async fn survey(
    visitor: &Visitor,
    rng: &Rng,
    url: &Url,
    entrance: &Entrance,
    extent: Extent,
) -> Result<Survey, VisitError> {
    let step = extent.step;
    let found = match &entrance.door {
        Some(door) => Some(door.clone()),
        None => visitor.doors(url, step).await?.into_iter().next(),
    };
    let no_address = || VisitError::new(Phase::Resolve, url.to_string(), Cause::NoAddress);
    let mut pace = tokio::time::interval(Duration::from_secs(1) / PER_SECOND);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let asking = Asking {
        visitor,
        rng,
        door: found.ok_or_else(no_address)?,
        host: entrance.server_name.as_ref().unwrap_or(url.host()).clone(),
        preface: entrance
            .announce
            .map_or(Vec::new(), |(from, to)| proxy_v2(from, to)),
        step,
        until: visitor.clock().moment().after(extent.total),
        pace,
        chains: Vec::new(),
        survey: Survey {
            at: visitor.clock().now(),
            connections: 0,
            gaps: BTreeSet::new(),
            versions: Vec::new(),
            suites: Vec::new(),
            groups: Vec::new(),
            chains: Vec::new(),
            stapled: Seen::Unknown,
            resumed12: Seen::Unknown,
            resumed13: Seen::Unknown,
            secure_renegotiation: Seen::Unknown,
            compression: Seen::Unknown,
            heartbeat: Seen::Unknown,
        },
    };
    asking.all(extent.ssl2).await
}

/// A survey under way.
struct Asking<'a> {
    visitor: &'a Visitor,
    rng: &'a Rng,
    door: Door,
    host: Host,
    preface: Vec<u8>,
    step: Duration,
    until: terms::Moment,
    pace: Interval,
    chains: Vec<Vec<CertificateDer<'static>>>,
    survey: Survey,
}

/// What a hello came to.
enum Told {
    /// The server goes on, in the version offered.
    Taken(Box<Flight>),
    /// It doesn't.
    Refused,
    /// It can't be said, or wasn't asked any more.
    Unclear,
}

impl Asking<'_> {
    async fn all(mut self, ssl2: bool) -> Result<Survey, VisitError> {
        if ssl2 {
            self.ssl2().await?;
        } else {
            self.survey.versions.push(Spoken {
                version: Version::Ssl2,
                spoken: Seen::Unknown,
            });
        }
        for version in [
            Version::Ssl3,
            Version::Tls10,
            Version::Tls11,
            Version::Tls12,
            Version::Tls13,
        ] {
            self.version(version).await?;
        }
        if self.survey.speaks(Version::Tls13) == Seen::Yes {
            let suites = suites::offered(Version::Tls13);
            self.groups(Version::Tls13, suites).await?;
        }
        self.before_13().await?;
        self.sessions().await?;
        let now = self.visitor.clock().now();
        for chain in std::mem::take(&mut self.chains) {
            let judged = Chain::judge(&chain, &self.host, now, self.visitor.trust());
            match judged {
                Some(judged) => self.survey.chains.push(judged),
                None => self.gap("certificate-unreadable"),
            }
        }
        let spoken = self.survey.versions.iter().any(|it| it.spoken == Seen::Yes);
        if spoken && self.survey.chains.is_empty() {
            self.gap("no-certificate");
        }
        Ok(self.survey)
    }

    fn gap(&mut self, what: &str) {
        self.survey.gaps.insert(what.to_owned());
    }

    /// Waits for its turn; false when there is none any more.
    async fn turn(&mut self) -> bool {
        if self.survey.connections >= MAX_CONNECTIONS {
            self.gap("too-many-connections");
            return false;
        }
        if self.visitor.clock().moment() >= self.until {
            self.gap("out-of-time");
            return false;
        }
        self.survey.connections += 1;
        self.pace.tick().await;
        true
    }

    async fn ssl2(&mut self) -> Result<(), VisitError> {
        let mut spoken = Seen::Unknown;
        if self.turn().await {
            let offer = Offer::every(Version::Ssl2, None);
            let outcome =
                hello::offer(&self.door, &self.preface, &offer, self.rng, self.step).await?;
            spoken = match outcome.acceptance(Version::Ssl2) {
                Acceptance::Accepted => Seen::Yes,
                Acceptance::Refused => Seen::No,
                Acceptance::Unknown => Seen::Unknown,
            };
        }
        self.spoken(Version::Ssl2, spoken);
        Ok(())
    }

    fn spoken(&mut self, version: Version, spoken: Seen) {
        if spoken == Seen::Unknown {
            self.gap("unclear-answer");
        }
        self.survey.versions.push(Spoken { version, spoken });
    }

    async fn ask(&mut self, probe: &Probe) -> Result<Told, VisitError> {
        if !self.turn().await {
            return Ok(Told::Unclear);
        }
        let reply = probe
            .send(&self.door, &self.preface, self.rng, self.step)
            .await?;
        Ok(match reply {
            Reply::Flight(flight) if flight.version == probe.version => {
                self.keep(&flight);
                Told::Taken(flight)
            }
            // Another version than the one offered is a refusal of that one.
            Reply::Flight(_) | Reply::Alert { .. } | Reply::Closed => Told::Refused,
            Reply::Silent | Reply::Other | Reply::NoConnection => Told::Unclear,
        })
    }

    /// Keeps a chain that is new.
    fn keep(&mut self, flight: &Flight) {
        let sent = flight.certificates.iter().cloned();
        self.keep_chain(sent.map(CertificateDer::from).collect());
    }

    fn keep_chain(&mut self, chain: Vec<CertificateDer<'static>>) {
        let known = self.chains.iter().any(|kept| kept.first() == chain.first());
        if !chain.is_empty() && !known && self.chains.len() < MAX_CHAINS {
            self.chains.push(chain);
        }
    }

    fn probe(&self, version: Version, suites: &[u16], groups: &[u16]) -> Probe {
        Probe {
            version,
            suites: suites.to_vec(),
            groups: groups.to_vec(),
            host: Some(self.host.clone()),
            deflate: false,
            heartbeat: false,
        }
    }

    /// Every suite of a version.
    async fn version(&mut self, version: Version) -> Result<(), VisitError> {
        let every = groups::offered(version);
        let mut spoken = Seen::No;
        for offered in suites::offered(version).chunks(AT_ONCE) {
            let mut left = offered.to_vec();
            loop {
                let probe = self.probe(version, &left, &every);
                let flight = match self.ask(&probe).await? {
                    Told::Taken(flight) => flight,
                    Told::Refused => break,
                    Told::Unclear => {
                        if spoken == Seen::No {
                            spoken = Seen::Unknown;
                        }
                        self.gap("unclear-answer");
                        break;
                    }
                };
                spoken = Seen::Yes;
                let Some(at) = left.iter().position(|suite| *suite == flight.cipher) else {
                    self.gap("suite-not-offered");
                    break;
                };
                left.remove(at);
                self.survey.suites.push(Taken {
                    version,
                    suite: flight.cipher,
                    group: flight.group,
                    bits: flight.bits,
                });
                if left.is_empty() {
                    break;
                }
            }
            // Whoever answers nothing of a version isn't asked for it again and again.
            if spoken == Seen::Unknown {
                break;
            }
        }
        self.spoken(version, spoken);
        Ok(())
    }

    /// Every group of a version, with suites that need one.
    async fn groups(&mut self, version: Version, suites: Vec<u16>) -> Result<(), VisitError> {
        let mut left = groups::offered(version);
        let mut taken: Vec<u16> = Vec::new();
        while !left.is_empty() {
            let probe = self.probe(version, &suites, &left);
            let flight = match self.ask(&probe).await? {
                Told::Taken(flight) => flight,
                Told::Refused => break,
                Told::Unclear => {
                    self.gap("unclear-answer");
                    break;
                }
            };
            let Some(group) = flight.group else {
                // A curve without a name is none of ours.
                break;
            };
            let Some(at) = left.iter().position(|offered| *offered == group) else {
                self.gap("group-not-offered");
                break;
            };
            left.remove(at);
            if taken.contains(&group) {
                continue;
            }
            taken.push(group);
            // Many servers take no other curve where the one of their certificate isn't
            // offered: it stays, last, until it is taken once more.
            if version < Version::Tls13 && self.is_own_curve(group) {
                left.push(group);
            }
        }
        if taken.is_empty() {
            self.gap("no-second-answer");
        }
        self.survey.groups.push(Groups {
            version,
            groups: taken,
        });
        Ok(())
    }

    /// Whether a certificate's key is of this curve.
    fn is_own_curve(&self, group: u16) -> bool {
        let named = format!("EC {}", group_name(group));
        let own = self.chains.iter().filter_map(|chain| chain.first());
        own.filter_map(Certificate::read)
            .any(|own| own.key == named)
    }

    /// What only TLS 1.2 and before have.
    async fn before_13(&mut self) -> Result<(), VisitError> {
        let old = self.survey.versions.iter().rev();
        let newest = old
            .filter(|it| it.version < Version::Tls13 && it.version > Version::Ssl2)
            .find(|it| it.spoken == Seen::Yes);
        let Some(version) = newest.map(|it| it.version) else {
            return Ok(());
        };
        let of_version = self.survey.suites.iter().filter(|it| it.version == version);
        let suites: Vec<u16> = of_version.map(|it| it.suite).collect();
        let elliptic: Vec<u16> = suites
            .iter()
            .copied()
            .filter(|code| {
                let exchange = Suite::of(*code).map(Suite::exchange);
                matches!(exchange, Some(Exchange::Ecdhe | Exchange::EcdhAnonymous))
            })
            .collect();
        if !elliptic.is_empty() {
            self.groups(version, elliptic).await?;
        }
        let mut probe = self.probe(version, &suites, &groups::offered(version));
        probe.deflate = true;
        probe.heartbeat = true;
        match self.ask(&probe).await? {
            Told::Taken(flight) => {
                self.survey.compression = Seen::from(flight.compressed);
                self.survey.heartbeat = Seen::from(flight.heartbeat);
                self.survey.secure_renegotiation = Seen::from(flight.secure_renegotiation);
            }
            Told::Refused | Told::Unclear => self.gap("no-second-answer"),
        }
        Ok(())
    }

    /// Whole handshakes, in the versions that rustls speaks.
    async fn sessions(&mut self) -> Result<(), VisitError> {
        for version in [Version::Tls13, Version::Tls12] {
            if self.survey.speaks(version) != Seen::Yes || !self.turn().await {
                continue;
            }
            let supported = if version == Version::Tls13 {
                &rustls::version::TLS13
            } else {
                &rustls::version::TLS12
            };
            let way = Way {
                door: &self.door,
                preface: &self.preface,
                host: &self.host,
                clock: self.visitor.clock(),
                step: self.step,
            };
            // A server of which rustls takes no suite is still surveyed, but for this.
            let Some(met) = session::meet(&way, supported).await? else {
                continue;
            };
            self.survey.connections += 1;
            if version == Version::Tls13 {
                self.survey.resumed13 = met.resumed;
            } else {
                self.survey.resumed12 = met.resumed;
            }
            if self.survey.stapled == Seen::Unknown {
                self.survey.stapled = met.stapled;
            }
            self.keep_chain(met.chain);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
