//! TLS towards others: which roots are trusted, and who the peer was. rustls with
//! aws-lc, TLS 1.2 and 1.3; nothing is ever sent to a peer that doesn't verify.

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    CipherSuite, ClientConfig, DigitallySignedStruct, ProtocolVersion, RootCertStore,
    SignatureScheme,
    client::{
        Resumption, WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::CryptoProvider,
    time_provider::TimeProvider,
};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject};
use terms::Clock;
use tokio_rustls::{TlsConnector, client::TlsStream};
use x509_parser::{certificate::X509Certificate, prelude::FromDer};

use crate::{fault::Cause, raw::Wire, url::Host};

/// The largest file of roots read, in bytes (the usual bundles have 250 kB).
pub const MAX_ROOTS_FILE: u64 = 4 << 20;

/// A file of roots can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// The file can't be read.
    #[error("the certificate file {path} can't be read: {source}")]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Larger than [`MAX_ROOTS_FILE`].
    #[error("the certificate file {path} is larger than {MAX_ROOTS_FILE} bytes")]
    TooLarge {
        /// Which file.
        path: PathBuf,
    },
    /// No usable certificate in it.
    #[error("{path} holds no certificate that can be trusted: expected PEM (BEGIN CERTIFICATE)")]
    Empty {
        /// Which file.
        path: PathBuf,
    },
}

/// Whose certificates are believed.
#[derive(Debug, Clone)]
pub struct Trust {
    roots: Arc<RootCertStore>,
}

impl Trust {
    /// Mozilla's roots, as compiled in (`webpki-roots`).
    pub fn public() -> Self {
        let roots = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self {
            roots: Arc::new(roots),
        }
    }

    /// Nobody: to add a private CA to, and trust it alone.
    pub fn nobody() -> Self {
        Self {
            roots: Arc::new(RootCertStore::empty()),
        }
    }

    /// These roots alone.
    pub const fn only(roots: Arc<RootCertStore>) -> Self {
        Self { roots }
    }

    /// What an installation trusts: the file that `SSL_CERT_FILE` names in place of
    /// Mozilla's roots (as with OpenSSL and curl), and `extra` on top.
    ///
    /// # Errors
    /// When a named file can't be used.
    pub fn standard(
        ssl_cert_file: Option<&Path>,
        extra: Option<&Path>,
    ) -> Result<Self, TrustError> {
        let base = match ssl_cert_file {
            Some(path) => Self::nobody().and_file(path)?,
            None => Self::public(),
        };
        match extra {
            Some(path) => base.and_file(path),
            None => Ok(base),
        }
    }

    pub(crate) fn roots(&self) -> &RootCertStore {
        &self.roots
    }

    /// These and the roots in a PEM file.
    ///
    /// # Errors
    /// When the file can't be read, is too large, or holds no usable certificate.
    pub fn and_file(self, path: &Path) -> Result<Self, TrustError> {
        use std::io::Read;
        let failed = |source| TrustError::Read {
            path: path.to_owned(),
            source,
        };
        let file = std::fs::File::open(path).map_err(failed)?;
        let mut pem = Vec::new();
        file.take(MAX_ROOTS_FILE + 1)
            .read_to_end(&mut pem)
            .map_err(failed)?;
        if u64::try_from(pem.len()).is_ok_and(|length| length > MAX_ROOTS_FILE) {
            return Err(TrustError::TooLarge {
                path: path.to_owned(),
            });
        }
        let found = CertificateDer::pem_slice_iter(&pem).flatten();
        let mut roots = Arc::unwrap_or_clone(self.roots);
        let (added, _) = roots.add_parsable_certificates(found);
        if added == 0 {
            return Err(TrustError::Empty {
                path: path.to_owned(),
            });
        }
        Ok(Self {
            roots: Arc::new(roots),
        })
    }
}

/// What `SSL_CERT_FILE` names, if anything: for [`Trust::standard`].
pub fn ssl_cert_file() -> Option<PathBuf> {
    std::env::var_os("SSL_CERT_FILE")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// Who answered in TLS.
#[derive(Debug, Clone)]
pub struct Peer {
    /// The certificates as sent, the peer's own first.
    pub chain: Vec<CertificateDer<'static>>,
    /// SHA-256 of the own certificate's SubjectPublicKeyInfo (as in RFC 7469).
    pub spki_sha256: [u8; 32],
    /// The version agreed on.
    pub version: ProtocolVersion,
    /// The cipher suite agreed on.
    pub cipher: CipherSuite,
    /// The protocol agreed on by ALPN.
    pub alpn: Option<Vec<u8>>,
}

/// The time for rustls, which judges certificates by it.
#[derive(Debug)]
pub(crate) struct Now(pub(crate) Clock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from(self.0.now().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}

pub(crate) fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The configuration of one connection. No session is resumed: each visit shows the
/// whole handshake.
pub(crate) fn config(clock: &Clock, trust: &Trust, alpn: &[&[u8]]) -> Result<ClientConfig, Cause> {
    let builder = ClientConfig::builder_with_details(provider(), Arc::new(Now(clock.clone())));
    let mut config = builder
        .with_safe_default_protocol_versions()
        .map_err(Cause::Tls)?
        .with_root_certificates(trust.roots.clone())
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    config.resumption = Resumption::disabled();
    Ok(config)
}

/// The name to ask for and to verify.
pub(crate) fn server_name(host: &Host) -> Result<ServerName<'static>, Cause> {
    match host {
        Host::Ip(address) => Ok(ServerName::from(*address)),
        Host::Name(name) => {
            ServerName::try_from(name.clone()).map_err(|_| Cause::ServerName(name.clone()))
        }
    }
}

/// The handshake.
pub(crate) async fn secure(
    wire: Wire,
    host: &Host,
    config: ClientConfig,
) -> Result<(TlsStream<Wire>, Peer), Cause> {
    let name = server_name(host)?;
    let stream = TlsConnector::from(Arc::new(config))
        .connect(name, wire)
        .await?;
    let peer = peer(&stream);
    Ok((stream, peer))
}

fn peer(stream: &TlsStream<Wire>) -> Peer {
    let (_, session) = stream.get_ref();
    let chain: Vec<_> = session
        .peer_certificates()
        .unwrap_or_default()
        .iter()
        .map(|certificate| certificate.clone().into_owned())
        .collect();
    let suite = session.negotiated_cipher_suite();
    Peer {
        spki_sha256: chain.first().map_or([0; 32], |own| spki_sha256(own)),
        chain,
        // After a handshake both are known; rustls's types don't say so.
        version: session
            .protocol_version()
            .unwrap_or(ProtocolVersion::Unknown(0)),
        cipher: suite.map_or(CipherSuite::Unknown(0), |suite| suite.suite()),
        alpn: session.alpn_protocol().map(<[u8]>::to_vec),
    }
}

/// SHA-256 of a certificate's SubjectPublicKeyInfo; zeros when it can't be read, which
/// the handshake would have refused.
fn spki_sha256(certificate: &CertificateDer<'_>) -> [u8; 32] {
    let mut out = [0; 32];
    if let Ok((_, parsed)) = X509Certificate::from_der(certificate) {
        for (to, from) in out
            .iter_mut()
            .zip(digest(&SHA256, parsed.public_key().raw).as_ref())
        {
            *to = *from;
        }
    }
    out
}

/// For the TLS scan only, which must see certificates that don't verify: notes what
/// the ordinary verifier says, and whether a proof of validity was stapled, and lets the
/// handshake end. The signatures of the handshake are verified all the same. Nothing is
/// sent over such a connection.
#[derive(Debug)]
pub(crate) struct Inspecting {
    ordinary: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
    finding: Mutex<Option<rustls::Error>>,
    stapled: AtomicBool,
}

impl Inspecting {
    /// Without an ordinary verifier nobody is believed.
    pub(crate) fn new(
        ordinary: Option<Arc<WebPkiServerVerifier>>,
        provider: Arc<CryptoProvider>,
    ) -> Arc<Self> {
        Arc::new(Self {
            ordinary,
            provider,
            finding: Mutex::new(None),
            stapled: AtomicBool::new(false),
        })
    }

    /// Whether an OCSP response came with the last certificate.
    pub(crate) fn stapled(&self) -> bool {
        self.stapled.load(Ordering::Relaxed)
    }
}

impl ServerCertVerifier for Inspecting {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let judged = match &self.ordinary {
            Some(ordinary) => ordinary
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .err(),
            None => Some(rustls::CertificateError::UnknownIssuer.into()),
        };
        *self.finding.lock().unwrap_or_else(PoisonError::into_inner) = judged;
        self.stapled
            .store(!ocsp_response.is_empty(), Ordering::Relaxed);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, known)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let known = &self.provider.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, known)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider
            .signature_verification_algorithms
            .supported_schemes()
    }
}

/// A peer seen without being believed.
#[derive(Debug)]
pub(crate) struct Inspected {
    pub(crate) peer: Peer,
    /// Why an ordinary visit would refuse it.
    pub(crate) problem: Option<rustls::Error>,
}

/// Shakes hands to look at the certificate, then closes without a byte of data.
pub(crate) async fn inspect(
    wire: Wire,
    host: &Host,
    clock: &Clock,
    trust: &Trust,
) -> Result<Inspected, Cause> {
    let provider = provider();
    // Without roots there is no ordinary verifier.
    let ordinary =
        WebPkiServerVerifier::builder_with_provider(trust.roots.clone(), provider.clone()).build();
    let verifier = Inspecting::new(ordinary.ok(), provider.clone());
    let mut config = ClientConfig::builder_with_details(provider, Arc::new(Now(clock.clone())))
        .with_safe_default_protocol_versions()
        .map_err(Cause::Tls)?
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone())
        .with_no_client_auth();
    config.resumption = Resumption::disabled();
    let (_stream, peer) = secure(wire, host, config).await?;
    let problem = verifier
        .finding
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    Ok(Inspected { peer, problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_refused_and_says_which() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        assert!(matches!(
            Trust::standard(Some(&path), None),
            Err(TrustError::Read { path: wrong, .. }) if wrong == path
        ));
        std::fs::write(&path, "no certificate").unwrap();
        assert!(matches!(
            Trust::standard(None, Some(&path)),
            Err(TrustError::Empty { .. })
        ));
        std::fs::write(&path, vec![b'\n'; 4 * 1024 * 1024 + 1]).unwrap();
        assert!(matches!(
            Trust::public().and_file(&path),
            Err(TrustError::TooLarge { .. })
        ));
        std::fs::write(&path, crate::testing::authority().pem()).unwrap();
        assert_eq!(Trust::standard(Some(&path), None).unwrap().roots.len(), 1);
        let both = Trust::standard(None, Some(&path)).unwrap();
        assert_eq!(both.roots.len(), Trust::public().roots.len() + 1);
    }
}
