//! A certificate with its key, checked before anything is served with it.

use std::{fmt, sync::Arc};

use rustls::{
    crypto::{CryptoProvider, aws_lc_rs},
    sign::CertifiedKey,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use terms::Micros;
use x509_parser::{extensions::GeneralName, parse_x509_certificate};

/// Certificates read of one chain file.
pub const CHAIN_MAX: usize = 10;

/// A certificate chain and the key of its first certificate.
pub struct Pair {
    /// As TLS wants it.
    pub certified: Arc<CertifiedKey>,
    /// The DNS names of the certificate, lower case; may begin with `*.`.
    pub names: Vec<String>,
    /// Valid from.
    pub not_before: Micros,
    /// Valid until.
    pub not_after: Micros,
}

impl fmt::Debug for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pair")
            .field("names", &self.names)
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// Why certificate and key can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PairError {
    /// No certificate in the certificate file.
    #[error("no certificate is in it; expected PEM with `-----BEGIN CERTIFICATE-----`")]
    NoCertificate,
    /// A certificate that can't be parsed.
    #[error("certificate {0} in it is damaged; expected an X.509 certificate")]
    Damaged(usize),
    /// More than [`CHAIN_MAX`].
    #[error(
        "more than {CHAIN_MAX} certificates are in it; expected the server's own and its issuers"
    )]
    TooMany,
    /// No key in the key file.
    #[error("no key is in it; expected PEM with `-----BEGIN PRIVATE KEY-----`")]
    NoKey,
    /// The key is protected by a passphrase.
    #[error("the key is under a passphrase; expected one without (`openssl pkey -in … -out …`)")]
    Encrypted,
    /// A kind of key that TLS can't use.
    #[error(
        "the key can't be used; expected RSA of at least 2048 bits, ECDSA P-256, P-384 or P-521, or Ed25519"
    )]
    Unsupported,
    /// The key of another certificate.
    #[error(
        "the key isn't that of the first certificate; expected the server's own certificate first, its issuers behind it"
    )]
    Mismatch,
}

impl PairError {
    /// Whether the fault lies in the key's file rather than the certificate's.
    pub const fn is_keys(self) -> bool {
        match self {
            Self::NoKey | Self::Encrypted | Self::Unsupported | Self::Mismatch => true,
            Self::NoCertificate | Self::Damaged(_) | Self::TooMany => false,
        }
    }
}

impl Pair {
    /// Reads both PEM files. Dates aren't judged here.
    ///
    /// # Errors
    /// [`PairError`] when TLS couldn't be served with them.
    pub fn from_pem(certificate: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let mut chain = Vec::new();
        for found in CertificateDer::pem_slice_iter(certificate) {
            if chain.len() == CHAIN_MAX {
                return Err(PairError::TooMany);
            }
            chain.push(found.map_err(|_| PairError::Damaged(chain.len() + 1))?);
        }
        for (index, one) in chain.iter().enumerate() {
            parse_x509_certificate(one).map_err(|_| PairError::Damaged(index + 1))?;
        }
        let first = chain.first().ok_or(PairError::NoCertificate)?.clone();
        let (names, not_before, not_after) = facts(&first).ok_or(PairError::Damaged(1))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| {
            let encrypted = key.windows(9).any(|word| word == b"ENCRYPTED");
            if encrypted {
                PairError::Encrypted
            } else {
                PairError::NoKey
            }
        })?;
        let certified = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| {
            if matches!(error, rustls::Error::InconsistentKeys(_)) {
                PairError::Mismatch
            } else {
                PairError::Unsupported
            }
        })?;
        Ok(Self {
            certified: Arc::new(certified),
            names,
            not_before,
            not_after,
        })
    }

    /// Whether the certificate names `host` (lower case): itself, or a wildcard in
    /// place of its first label (RFC 9525 section 6.3).
    pub fn covers(&self, host: &str) -> bool {
        let parent = host.split_once('.').map(|(_, parent)| parent);
        self.names.iter().any(|name| {
            name == host
                || name
                    .strip_prefix("*.")
                    .is_some_and(|rest| Some(rest) == parent)
        })
    }
}

/// The one provider of cryptography, also for connections to applications.
pub(crate) fn provider() -> CryptoProvider {
    aws_lc_rs::default_provider()
}

fn facts(der: &CertificateDer<'_>) -> Option<(Vec<String>, Micros, Micros)> {
    let (_, parsed) = parse_x509_certificate(der).ok()?;
    let names = parsed
        .subject_alternative_name()
        .ok()?
        .map_or_else(Vec::new, |names| {
            let dns = names
                .value
                .general_names
                .iter()
                .filter_map(|name| match name {
                    GeneralName::DNSName(name) => Some(name.to_ascii_lowercase()),
                    _ => None,
                });
            dns.collect()
        });
    let micros = |seconds: i64| Micros(seconds.saturating_mul(1_000_000));
    let validity = parsed.validity();
    Some((
        names,
        micros(validity.not_before.timestamp()),
        micros(validity.not_after.timestamp()),
    ))
}
