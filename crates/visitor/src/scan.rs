//! What a TLS endpoint accepts, and the certificate it shows: the report behind
//! `tls` and `tls-report`. Findings only; grades are given elsewhere.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use rustls_pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use terms::{Micros, Rng};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer};

use crate::{
    fault::{Phase, VisitError},
    hello::{self, Acceptance, Offer, Outcome, Suites, Version, cipher_name},
    http::{Entrance, Visitor},
    proxy::proxy_v2,
    raw::{Door, Knock, knock},
    tls::{Inspected, inspect},
    url::{Host, Url},
};

/// At most so many names of a certificate are reported.
const MAX_NAMES: usize = 100;

/// What an offer showed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// Taken, and with this suite: the server's choice among all offered.
    Accepted {
        /// Its name.
        cipher: String,
    },
    /// Not taken.
    Refused {
        /// How it was refused.
        how: String,
    },
    /// Nothing can be said.
    Unknown {
        /// What happened instead.
        why: String,
    },
}

impl Finding {
    fn of(outcome: &Outcome, offered: Version) -> Self {
        match (outcome.acceptance(offered), outcome) {
            (Acceptance::Accepted, Outcome::ServerHello { cipher, .. }) => Self::Accepted {
                cipher: cipher_name(*cipher),
            },
            (Acceptance::Refused, _) => Self::Refused {
                how: outcome.to_string(),
            },
            _ => Self::Unknown {
                why: outcome.to_string(),
            },
        }
    }
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VersionFinding {
    /// Which.
    pub version: Version,
    /// What came of it.
    #[serde(flatten)]
    pub finding: Finding,
}

/// The certificate shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateFinding {
    /// Whose.
    pub subject: String,
    /// By whom.
    pub issuer: String,
    /// The names and addresses it covers, at most 100.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: Micros,
    /// Valid until.
    pub not_after: Micros,
    /// When the first certificate of the chain as sent runs out.
    pub chain_not_after: Micros,
    /// Certificates sent.
    pub chain_length: usize,
    /// SHA-256 of its SubjectPublicKeyInfo, in hex.
    pub spki_sha256: String,
    /// Why an ordinary client would refuse it; `None` when it verifies.
    pub problem: Option<String>,
}

/// What a scan found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsReport {
    /// Which URL's endpoint.
    pub target: String,
    /// Which address; `None` for a Unix socket.
    pub address: Option<SocketAddr>,
    /// When.
    pub at: Micros,
    /// Each version, offered alone.
    pub versions: Vec<VersionFinding>,
    /// TLS 1.2 with weak suites only ([`Suites::Weak`]).
    pub weak_suites: Finding,
    /// TLS 1.2 with suites without forward secrecy only ([`Suites::StaticRsa`]).
    pub static_rsa: Finding,
    /// The certificate as shown to TLS 1.2 and 1.3; `None` when no such handshake
    /// succeeded, with the reason below.
    pub certificate: Option<CertificateFinding>,
    /// Why there is no certificate.
    pub no_certificate: Option<String>,
}

impl TlsReport {
    /// What was found for a version.
    pub fn version(&self, version: Version) -> Option<&Finding> {
        let found = self.versions.iter().find(|found| found.version == version);
        found.map(|found| &found.finding)
    }
}

/// Scans the endpoint of `url` (its scheme isn't looked at): nine connections to the
/// first of its addresses, one after the other, each within `step`.
///
/// # Errors
/// When the host isn't found or admitted, or a fault here leaves the scan incomplete.
pub async fn tls_scan(
    visitor: &Visitor,
    rng: &Rng,
    url: &Url,
    entrance: &Entrance,
    step: Duration,
) -> Result<TlsReport, VisitError> {
    let found = match &entrance.door {
        Some(door) => Some(door.clone()),
        None => visitor.doors(url, step).await?.into_iter().next(),
    };
    let no_address = || {
        VisitError::new(
            Phase::Resolve,
            url.to_string(),
            crate::fault::Cause::NoAddress,
        )
    };
    let door = found.ok_or_else(no_address)?;
    let host = entrance.server_name.as_ref().unwrap_or(url.host());
    let preface = entrance
        .announce
        .map_or(Vec::new(), |(from, to)| proxy_v2(from, to));
    let finding = async |version, suites| {
        let offer = Offer {
            version,
            suites,
            host: Some(host.clone()),
        };
        let outcome = hello::offer(&door, &preface, &offer, rng, step).await?;
        Ok::<_, VisitError>(Finding::of(&outcome, version))
    };
    let mut versions = Vec::new();
    for version in Version::ALL {
        versions.push(VersionFinding {
            version,
            finding: finding(version, Suites::Every).await?,
        });
    }
    let weak_suites = finding(Version::Tls12, Suites::Weak).await?;
    let static_rsa = finding(Version::Tls12, Suites::StaticRsa).await?;
    let shown = certificate(visitor, &door, &preface, host, step).await;
    let (certificate, no_certificate) = match shown {
        Ok(certificate) => (Some(certificate), None),
        Err(why) => (None, Some(why)),
    };
    let address = match &door {
        Door::Tcp(checked) => Some(checked.address()),
        Door::Unix(_) => None,
    };
    Ok(TlsReport {
        target: url.authority(),
        address,
        at: visitor.clock().now(),
        versions,
        weak_suites,
        static_rsa,
        certificate,
        no_certificate,
    })
}

/// The certificate, or why there is none.
async fn certificate(
    visitor: &Visitor,
    door: &Door,
    preface: &[u8],
    host: &Host,
    step: Duration,
) -> Result<CertificateFinding, String> {
    use tokio::io::AsyncWriteExt;
    let mut wire = match knock(door, step).await.map_err(|error| error.to_string())? {
        Knock::Open(wire) => wire,
        Knock::Refused | Knock::Filtered | Knock::Unreachable => {
            return Err(Outcome::NoConnection.to_string());
        }
    };
    let looking = async {
        wire.write_all(preface)
            .await
            .map_err(|error| error.to_string())?;
        let inspected = inspect(wire, host, visitor.clock(), visitor.trust()).await;
        inspected.map_err(|cause| cause.to_string())
    };
    let inspected = tokio::time::timeout(step, looking)
        .await
        .unwrap_or_else(|_| Err(Outcome::Silent.to_string()))?;
    describe(&inspected).ok_or_else(|| "the certificate can't be read".to_owned())
}

fn parse<'a>(der: &'a CertificateDer<'_>) -> Option<X509Certificate<'a>> {
    X509Certificate::from_der(der)
        .ok()
        .map(|(_, parsed)| parsed)
}

fn describe(inspected: &Inspected) -> Option<CertificateFinding> {
    let chain = &inspected.peer.chain;
    let own = parse(chain.first()?)?;
    let expiry = |der: &CertificateDer<'_>| {
        parse(der).map(|certificate| seconds(certificate.validity().not_after.timestamp()))
    };
    let names = own.subject_alternative_name().ok().flatten();
    let names = names
        .map(|names| names.value.general_names.as_slice())
        .unwrap_or_default();
    let hex = inspected
        .peer
        .spki_sha256
        .iter()
        .map(|byte| format!("{byte:02x}"));
    Some(CertificateFinding {
        subject: own.subject().to_string(),
        issuer: own.issuer().to_string(),
        names: names.iter().filter_map(name).take(MAX_NAMES).collect(),
        not_before: seconds(own.validity().not_before.timestamp()),
        not_after: seconds(own.validity().not_after.timestamp()),
        chain_not_after: chain.iter().filter_map(expiry).min()?,
        chain_length: chain.len(),
        spki_sha256: hex.collect(),
        problem: inspected.problem.as_ref().map(ToString::to_string),
    })
}

const fn seconds(timestamp: i64) -> Micros {
    Micros(timestamp.saturating_mul(1_000_000))
}

/// A DNS name or an address; other kinds don't name web servers.
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some((*name).to_owned()),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
