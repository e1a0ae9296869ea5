//! What a server's certificates say, and what is wrong with them, each thing by itself:
//! a certificate that has expired *and* bears another name has two problems.
//!
//! Revocation isn't looked at: that would take asking its issuer.

use std::{net::IpAddr, time::Duration};

use rustls::{
    CertificateError, Error,
    client::{verify_server_cert_signed_by_trust_anchor, verify_server_name},
    server::ParsedCertificate,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use serde::{Deserialize, Serialize};
use terms::Micros;
use x509_parser::{
    certificate::X509Certificate, extensions::GeneralName, oid_registry::Oid, prelude::FromDer,
    public_key::PublicKey,
};

use crate::{
    tls::{Trust, provider, server_name},
    url::Host,
};

/// At most so many names of a certificate are kept.
const MAX_NAMES: usize = 100;
/// A name that is longer is cut: DNS names have at most 253 characters.
const MAX_TEXT: usize = 256;

/// A certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
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
    /// Which kind of key, such as `RSA` or `EC secp256r1`.
    pub key: String,
    /// Bits of the key; 0 where they can't be told.
    pub key_bits: u32,
    /// Bits of an RSA key that is as strong; 0 where it can't be told.
    pub key_rsa_bits: u32,
    /// How it is signed, such as `RSA with SHA-256`.
    pub signature: String,
    /// What the signature's hash is worth today.
    pub hash: Hash,
    /// Whether issuer and subject are the same: a root, or self-signed.
    pub self_issued: bool,
}

/// What a signature's hash is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hash {
    /// SHA-2, or part of the algorithm (Ed25519).
    Sound,
    /// SHA-1: collisions were found (RFC 9155).
    Sha1,
    /// MD2 or MD5: forged long ago.
    Broken,
    /// Not known here.
    Unknown,
}

/// What is wrong with a chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Problem {
    /// Its time hasn't come.
    NotYetValid,
    /// Its time is over.
    Expired,
    /// It is for other names.
    OtherName,
    /// Signed by itself, and not trusted by anyone else.
    SelfSigned,
    /// No authority that is trusted vouches for it, or a link of the chain wasn't sent.
    UnknownIssuer,
    /// It can't be used by a web server, or a signature is wrong.
    Unusable,
}

/// The certificates a server sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chain {
    /// The server's own.
    pub own: Certificate,
    /// The others, as sent.
    pub others: Vec<Certificate>,
    /// What is wrong; empty when an ordinary client believes it.
    pub problems: Vec<Problem>,
}

impl Chain {
    /// Reads and judges a chain in DER as sent, the own certificate first. `None` when
    /// that one can't be read at all.
    pub fn read(sent: &[Vec<u8>], host: &Host, now: Micros, trust: &Trust) -> Option<Self> {
        let sent: Vec<CertificateDer<'_>> = sent
            .iter()
            .map(|der| CertificateDer::from(der.as_slice()))
            .collect();
        Self::judge(&sent, host, now, trust)
    }

    pub(crate) fn judge(
        sent: &[CertificateDer<'_>],
        host: &Host,
        now: Micros,
        trust: &Trust,
    ) -> Option<Self> {
        let (first, rest) = sent.split_first()?;
        let own = Certificate::read(first)?;
        let mut problems = Vec::new();
        match verified(first, rest, now, trust) {
            Ok(()) => {}
            Err(Doubt::Time) => {
                let over = own.not_after < now || own.not_before <= now;
                problems.push(if over {
                    Problem::Expired
                } else {
                    Problem::NotYetValid
                });
                // The rest as of a moment within its time.
                let within = if over { own.not_after } else { own.not_before };
                if let Err(Doubt::Chain(problem)) = verified(first, rest, within, trust) {
                    problems.push(problem);
                }
            }
            Err(Doubt::Chain(problem)) => {
                if now < own.not_before {
                    problems.push(Problem::NotYetValid);
                } else if own.not_after < now {
                    problems.push(Problem::Expired);
                }
                problems.push(problem);
            }
        }
        if own.self_issued {
            for problem in &mut problems {
                if matches!(problem, Problem::UnknownIssuer | Problem::Unusable) {
                    *problem = Problem::SelfSigned;
                }
            }
        }
        let named = ParsedCertificate::try_from(first)
            .ok()
            .zip(server_name(host).ok());
        if named.is_none_or(|(parsed, name)| verify_server_name(&parsed, &name).is_err()) {
            problems.push(Problem::OtherName);
        }
        problems.sort_unstable();
        problems.dedup();
        Some(Self {
            own,
            others: rest.iter().filter_map(Certificate::read).collect(),
            problems,
        })
    }
}

enum Doubt {
    /// Not valid at this moment.
    Time,
    /// Something else.
    Chain(Problem),
}

/// Whether an authority that is trusted vouches for it, at `now`. Says nothing of names.
fn verified(
    own: &CertificateDer<'_>,
    rest: &[CertificateDer<'_>],
    now: Micros,
    trust: &Trust,
) -> Result<(), Doubt> {
    let unusable = || Doubt::Chain(Problem::Unusable);
    let parsed = ParsedCertificate::try_from(own).map_err(|_| unusable())?;
    let since = Duration::from_micros(u64::try_from(now.0).map_err(|_| unusable())?);
    let algorithms = provider().signature_verification_algorithms.all;
    let judged = verify_server_cert_signed_by_trust_anchor(
        &parsed,
        trust.roots(),
        rest,
        UnixTime::since_unix_epoch(since),
        algorithms,
    );
    judged.map_err(|error| match error {
        Error::InvalidCertificate(
            CertificateError::Expired
            | CertificateError::ExpiredContext { .. }
            | CertificateError::NotValidYet
            | CertificateError::NotValidYetContext { .. },
        ) => Doubt::Time,
        Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
            Doubt::Chain(Problem::UnknownIssuer)
        }
        _ => unusable(),
    })
}

impl Certificate {
    /// Reads a certificate in DER.
    pub(crate) fn read(der: &CertificateDer<'_>) -> Option<Self> {
        let (_, parsed) = X509Certificate::from_der(der).ok()?;
        let names = parsed.subject_alternative_name().ok().flatten();
        let names = names
            .map(|names| names.value.general_names.as_slice())
            .unwrap_or_default();
        let (key, key_bits, key_rsa_bits) = key(&parsed);
        let (signature, hash) = signature(&parsed);
        Some(Self {
            subject: cut(parsed.subject().to_string()),
            issuer: cut(parsed.issuer().to_string()),
            names: names.iter().filter_map(name).take(MAX_NAMES).collect(),
            not_before: seconds(parsed.validity().not_before.timestamp()),
            not_after: seconds(parsed.validity().not_after.timestamp()),
            key,
            key_bits,
            key_rsa_bits,
            signature,
            hash,
            self_issued: parsed.subject().as_raw() == parsed.issuer().as_raw(),
        })
    }
}

fn cut(text: String) -> String {
    if text.chars().count() <= MAX_TEXT {
        return text;
    }
    text.chars().take(MAX_TEXT).chain(['…']).collect()
}

const fn seconds(timestamp: i64) -> Micros {
    Micros(timestamp.saturating_mul(1_000_000))
}

/// A DNS name or an address; other kinds don't name web servers.
fn name(name: &GeneralName<'_>) -> Option<String> {
    match name {
        GeneralName::DNSName(name) => Some(cut((*name).to_owned())),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(IpAddr::from);
            let v6 = <[u8; 16]>::try_from(*bytes).map(IpAddr::from);
            v4.or(v6).ok().map(|address| address.to_string())
        }
        _ => None,
    }
}

/// Kind, bits, and bits of an RSA key that is as strong (NIST SP 800-57 part 1, table 2).
fn key(parsed: &X509Certificate<'_>) -> (String, u32, u32) {
    let info = parsed.public_key();
    let named = |oid: &Oid<'_>| oid.to_id_string();
    match named(&info.algorithm.algorithm).as_str() {
        "1.3.101.112" => return ("Ed25519".to_owned(), 256, 3072),
        "1.3.101.113" => return ("Ed448".to_owned(), 456, 7680),
        _ => {}
    }
    let whole = |bits: usize| u32::try_from(bits).unwrap_or(u32::MAX);
    match info.parsed() {
        Ok(PublicKey::RSA(key)) => {
            let bits = whole(key.key_size());
            ("RSA".to_owned(), bits, bits)
        }
        Ok(PublicKey::EC(_)) => {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve
                .and_then(|any| any.as_oid().ok())
                .map(|oid| named(&oid));
            let (name, bits, strong) = match curve.as_deref() {
                Some("1.2.840.10045.3.1.7") => ("EC secp256r1", 256, 3072),
                Some("1.3.132.0.34") => ("EC secp384r1", 384, 7680),
                Some("1.3.132.0.35") => ("EC secp521r1", 521, 15360),
                Some("1.3.132.0.10") => ("EC secp256k1", 256, 3072),
                Some("1.3.132.0.33") => ("EC secp224r1", 224, 2048),
                Some("1.2.840.10045.3.1.1") => ("EC secp192r1", 192, 1536),
                Some("1.3.36.3.3.2.8.1.1.7") => ("EC brainpoolP256r1", 256, 3072),
                Some("1.3.36.3.3.2.8.1.1.11") => ("EC brainpoolP384r1", 384, 7680),
                Some("1.3.36.3.3.2.8.1.1.13") => ("EC brainpoolP512r1", 512, 15360),
                _ => ("EC", 0, 0),
            };
            (name.to_owned(), bits, strong)
        }
        Ok(PublicKey::DSA(_)) => ("DSA".to_owned(), 0, 0),
        _ => ("unknown".to_owned(), 0, 0),
    }
}

fn signature(parsed: &X509Certificate<'_>) -> (String, Hash) {
    let oid = parsed.signature_algorithm.algorithm.to_id_string();
    let (name, hash) = match oid.as_str() {
        "1.2.840.113549.1.1.2" => ("RSA with MD2", Hash::Broken),
        "1.2.840.113549.1.1.4" => ("RSA with MD5", Hash::Broken),
        "1.2.840.113549.1.1.5" => ("RSA with SHA-1", Hash::Sha1),
        "1.2.840.113549.1.1.14" => ("RSA with SHA-224", Hash::Sound),
        "1.2.840.113549.1.1.11" => ("RSA with SHA-256", Hash::Sound),
        "1.2.840.113549.1.1.12" => ("RSA with SHA-384", Hash::Sound),
        "1.2.840.113549.1.1.13" => ("RSA with SHA-512", Hash::Sound),
        // Its hash is a parameter, SHA-1 unless said otherwise.
        "1.2.840.113549.1.1.10" => match &parsed.signature_algorithm.parameters {
            Some(parameters) if parameters.data.len() > 16 => ("RSA-PSS", Hash::Sound),
            _ => ("RSA-PSS with SHA-1", Hash::Sha1),
        },
        "1.2.840.10045.4.1" => ("ECDSA with SHA-1", Hash::Sha1),
        "1.2.840.10045.4.3.1" => ("ECDSA with SHA-224", Hash::Sound),
        "1.2.840.10045.4.3.2" => ("ECDSA with SHA-256", Hash::Sound),
        "1.2.840.10045.4.3.3" => ("ECDSA with SHA-384", Hash::Sound),
        "1.2.840.10045.4.3.4" => ("ECDSA with SHA-512", Hash::Sound),
        "1.3.101.112" => ("Ed25519", Hash::Sound),
        "1.3.101.113" => ("Ed448", Hash::Sound),
        "1.2.840.10040.4.3" => ("DSA with SHA-1", Hash::Sha1),
        "2.16.840.1.101.3.4.3.2" => ("DSA with SHA-256", Hash::Sound),
        _ => return (cut(oid), Hash::Unknown),
    };
    (name.to_owned(), hash)
}

#[cfg(test)]
mod tests;
