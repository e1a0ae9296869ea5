//! The demo's own certificate authority.
//!
//! Whoever trusts `ca.pem` trusts it for `localhost` and the names below it, and for
//! nothing else: the certificate is name-constrained (RFC 5280 §4.2.1.10: permitted
//! DNS `localhost`, excluded every IPv4 and IPv6 address) and limited to TLS servers,
//! so a stolen `ca.key` impersonates no other host. Both files stay in the data
//! folder, because a CA that changed at each start would have to be trusted anew each
//! time. A CA file that can't be used is reported and never overwritten; leaves are
//! derived, so a leaf that no longer serves is replaced.
//!
//! One process at a time uses a folder; the demo's data folder is locked by its store.

mod error;
mod files;
#[cfg(test)]
mod tests;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

pub(crate) use error::CaError;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    NameConstraints, PKCS_ECDSA_P256_SHA256, PublicKeyData as _, SerialNumber, date_time_ymd,
};
use rustls::{
    RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier as _},
    crypto::aws_lc_rs,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _};
use terms::{Clock, Micros, Rng};
use x509_parser::extensions::GeneralName;
use zeroize::Zeroizing;

const DAY: Duration = Duration::from_secs(86_400);
/// How long the CA is valid: two years, after which the demo wants a new folder.
const CA_LIFE: Duration = DAY.saturating_mul(730);
/// How long a leaf is valid.
const LEAF_LIFE: Duration = DAY.saturating_mul(90);
/// A leaf with less than this left is replaced.
const LEAF_MARGIN: Duration = DAY.saturating_mul(30);
/// Certificates begin this much before now, for clients whose clock is late.
const BACKDATE: Duration = Duration::from_secs(3600);
/// The only name, with the names below it, that the CA vouches for (RFC 6761 §6.3).
const ROOT_NAME: &str = "localhost";
/// Most names in one leaf.
const MAX_NAMES: usize = 8;

/// The certificate authority of one data folder, ready to sign.
pub(crate) struct Ca {
    dir: PathBuf,
    certificate: CertificateDer<'static>,
    not_after: Micros,
    issuer: Issuer<'static, KeyPair>,
    clock: Clock,
    rng: Rng,
}

/// Where a server finds its certificate and key: PEM, readable by the owner only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LeafFiles {
    /// The leaf alone: clients that trust the CA have its certificate already.
    pub(crate) certificate: PathBuf,
    /// Its private key (PKCS #8).
    pub(crate) key: PathBuf,
}

impl Ca {
    /// Opens the CA of `dir`, or makes `dir`, `ca.key` and `ca.pem` where none exists.
    /// A key without certificate (the first start was interrupted) gets one.
    ///
    /// Blocks on the disk for a few milliseconds. `rng` gives serial numbers and names
    /// of temporary files; keys come from the system's source always.
    ///
    /// # Errors
    /// A file that can't be read, parsed or written, a key and a certificate that
    /// don't belong together, an expired CA. Nothing was overwritten then.
    pub(crate) fn open_or_create(dir: &Path, clock: &Clock, rng: &Rng) -> Result<Self, CaError> {
        files::make_folder(dir)?;
        let (certificate_path, key_path) = (dir.join("ca.pem"), dir.join("ca.key"));
        let now = clock.now();
        let key = files::read(&key_path)?
            .map(|pem| parse_key(&key_path, &pem))
            .transpose()?;
        let (certificate, issuer) = match (files::read(&certificate_path)?, key) {
            (Some(pem), Some(key)) => (
                parse_certificate(&certificate_path, &pem)?,
                Issuer::new(ca_params(now, rng), key),
            ),
            (Some(_), None) => {
                return Err(CaError::KeyMissing {
                    certificate: certificate_path,
                    key: key_path,
                });
            }
            (None, key) => {
                let key = match key {
                    Some(key) => key,
                    None => {
                        let key = new_key()?;
                        files::write(&key_path, &Zeroizing::new(key.serialize_pem()), rng)?;
                        key
                    }
                };
                let params = ca_params(now, rng);
                let certificate = params
                    .self_signed(&key)
                    .map_err(|source| CaError::Sign { source })?;
                files::write(&certificate_path, &certificate.pem(), rng)?;
                (certificate.into(), Issuer::new(params, key))
            }
        };
        let not_after = examine(&certificate_path, &certificate, issuer.key(), now)?;
        Ok(Self {
            dir: dir.to_owned(),
            certificate,
            not_after,
            issuer,
            clock: clock.clone(),
            rng: rng.clone(),
        })
    }

    /// The file to trust: the CA's certificate in PEM.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.dir.join("ca.pem")
    }

    /// A certificate for `names`, each `localhost` or below it, and its key, in files
    /// named after the first (`localhost.pem`, `localhost.key`). They are kept while
    /// they are valid for these names and for 30 more days; otherwise new ones are
    /// written, valid for 90 days but no longer than the CA.
    ///
    /// # Errors
    /// No names, more than 8, or a name that the CA may not vouch for; a file that
    /// can't be read or written; a certificate that its own CA wouldn't verify.
    pub(crate) fn leaf(&self, names: &[&str]) -> Result<LeafFiles, CaError> {
        let Some(first) = names.first() else {
            return Err(CaError::NoNames);
        };
        if MAX_NAMES < names.len() {
            return Err(CaError::TooManyNames { count: names.len() });
        }
        if let Some(foreign) = names.iter().find(|name| !is_ours(name)) {
            return Err(CaError::ForeignName {
                name: (*foreign).to_owned(),
            });
        }
        let paths = LeafFiles {
            certificate: self.dir.join(format!("{first}.pem")),
            key: self.dir.join(format!("{first}.key")),
        };
        if !self.still_serves(&paths, names)? {
            self.issue(&paths, names)?;
        }
        Ok(paths)
    }

    /// Whether the files exist, belong together and stay valid beyond the margin.
    fn still_serves(&self, paths: &LeafFiles, names: &[&str]) -> Result<bool, CaError> {
        let (Some(certificate), Some(key)) =
            (files::read(&paths.certificate)?, files::read(&paths.key)?)
        else {
            return Ok(false);
        };
        let (Ok(certificate), Ok(key)) = (
            parse_certificate(&paths.certificate, &certificate),
            parse_key(&paths.key, &key),
        ) else {
            return Ok(false);
        };
        let now = self.clock.now();
        Ok(belong_together(&certificate, &key)
            && self.verify(&certificate, names, now).is_ok()
            && self
                .verify(&certificate, names, now.after(LEAF_MARGIN))
                .is_ok())
    }

    fn issue(&self, paths: &LeafFiles, names: &[&str]) -> Result<(), CaError> {
        let now = self.clock.now();
        let sign = |source| CaError::Sign { source };
        let owned: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(owned).map_err(sign)?;
        params.distinguished_name = named(names.first().copied().unwrap_or(ROOT_NAME));
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        let end = Micros(now.after(LEAF_LIFE).0.min(self.not_after.0));
        set_span(&mut params, now, end);
        params.serial_number = Some(serial(&self.rng));
        let key = new_key()?;
        let certificate = params.signed_by(&key, &self.issuer).map_err(sign)?;
        self.verify(certificate.der(), names, now)
            .map_err(|source| CaError::DoesNotVerify {
                path: self.certificate(),
                source,
            })?;
        files::write(&paths.key, &Zeroizing::new(key.serialize_pem()), &self.rng)?;
        files::write(&paths.certificate, &certificate.pem(), &self.rng)
    }

    /// What a TLS client that trusts this CA alone would find at `at`.
    fn verify(
        &self,
        leaf: &CertificateDer<'_>,
        names: &[&str],
        at: Micros,
    ) -> Result<(), rustls::Error> {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(
            Arc::new(roots),
            Arc::new(aws_lc_rs::default_provider()),
        )
        .build()
        .map_err(|error| rustls::Error::General(error.to_string()))?;
        let at = UnixTime::since_unix_epoch(at.since(Micros(0)));
        for name in names {
            let name = ServerName::try_from(*name)
                .map_err(|error| rustls::Error::General(error.to_string()))?;
            verifier.verify_server_cert(leaf, &[], &name, &[], at)?;
        }
        Ok(())
    }
}

/// A lower-case host name that is `localhost` or below it. Such a name holds no `/`,
/// so it is safe in a file's name too.
fn is_ours(name: &str) -> bool {
    let below = name == ROOT_NAME
        || name
            .strip_suffix(ROOT_NAME)
            .is_some_and(|rest| rest.ends_with('.'));
    below
        && name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
        })
}

fn new_key() -> Result<KeyPair, CaError> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(|source| CaError::Sign { source })
}

fn ca_params(now: Micros, rng: &Rng) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Waarborg demo CA (localhost only)");
    // No CA below this one.
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName(ROOT_NAME.to_owned())],
        // A permitted DNS name says nothing about addresses: they are excluded whole.
        excluded_subtrees: vec![
            GeneralSubtree::IpAddress(CidrSubnet::V4([0; 4], [0; 4])),
            GeneralSubtree::IpAddress(CidrSubnet::V6([0; 16], [0; 16])),
        ],
    });
    set_span(&mut params, now, now.after(CA_LIFE));
    params.serial_number = Some(serial(rng));
    params
}

fn named(common_name: &str) -> DistinguishedName {
    let mut name = DistinguishedName::new();
    name.push(DnType::CommonName, common_name);
    name
}

fn set_span(params: &mut CertificateParams, now: Micros, end: Micros) {
    let epoch = date_time_ymd(1970, 1, 1);
    let seconds = |at: Micros| Duration::from_secs(at.since(Micros(0)).as_secs());
    params.not_before = epoch + seconds(now).saturating_sub(BACKDATE);
    params.not_after = epoch + seconds(end);
}

/// 127 random bits, positive and never shorter than 16 octets (RFC 5280 §4.1.2.2).
fn serial(rng: &Rng) -> SerialNumber {
    let mut bytes = rng.bytes::<16>();
    let [first, ..] = &mut bytes;
    *first = (*first & 0x7f) | 0x40;
    SerialNumber::from_slice(&bytes)
}

fn parse_key(path: &Path, pem: &str) -> Result<KeyPair, CaError> {
    KeyPair::from_pem(pem)
        .ok()
        .filter(|key| key.is_compatible(&PKCS_ECDSA_P256_SHA256))
        .ok_or_else(|| CaError::Garbled {
            path: path.to_owned(),
            expected: "one P-256 private key in PEM (PKCS #8)",
        })
}

fn parse_certificate(path: &Path, pem: &str) -> Result<CertificateDer<'static>, CaError> {
    let mut found = CertificateDer::pem_slice_iter(pem.as_bytes());
    match (found.next(), found.next()) {
        (Some(Ok(certificate)), None) => Ok(certificate),
        _ => Err(CaError::Garbled {
            path: path.to_owned(),
            expected: "one certificate in PEM",
        }),
    }
}

fn belong_together(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    x509_parser::parse_x509_certificate(certificate)
        .is_ok_and(|(_, parsed)| parsed.public_key().raw == key.subject_public_key_info())
}

/// Checks that the CA's certificate is one of ours, of this key, and valid now.
/// Returns its end.
fn examine(
    path: &Path,
    certificate: &CertificateDer<'_>,
    key: &KeyPair,
    now: Micros,
) -> Result<Micros, CaError> {
    let garbled = |expected| CaError::Garbled {
        path: path.to_owned(),
        expected,
    };
    let (_, parsed) = x509_parser::parse_x509_certificate(certificate)
        .map_err(|_| garbled("one X.509 certificate"))?;
    if parsed.public_key().raw != key.subject_public_key_info() {
        return Err(CaError::OtherKey {
            certificate: path.to_owned(),
            key: path.with_extension("key"),
        });
    }
    // Someone else's CA under our name would vouch for the whole internet.
    let constrained = parsed
        .name_constraints()
        .ok()
        .flatten()
        .and_then(|extension| extension.value.permitted_subtrees.as_ref())
        .is_some_and(|permitted| {
            matches!(permitted.as_slice(), [only] if only.base == GeneralName::DNSName(ROOT_NAME))
        });
    if !parsed.is_ca() || !constrained {
        return Err(garbled(
            "a CA certificate whose name constraints permit only `localhost`",
        ));
    }
    let moment = |seconds: i64| Micros(seconds.saturating_mul(1_000_000));
    let begin = moment(parsed.validity().not_before.timestamp());
    let end = moment(parsed.validity().not_after.timestamp());
    if now < begin {
        return Err(CaError::NotYetValid {
            path: path.to_owned(),
            begin,
            now,
        });
    }
    if end <= now {
        return Err(CaError::Expired {
            path: path.to_owned(),
            end,
        });
    }
    Ok(end)
}
