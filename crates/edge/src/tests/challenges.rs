//! Challenges of certificate authorities: answered only while one is under way, for its
//! very name, and with nothing behind them.

use std::{io, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::{io::AsyncReadExt, net::TcpStream};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::harness::{Harness, certificate};

/// An authority reads whatever certificate comes: it is no client of the site.
#[derive(Debug)]
struct Anything;

impl ServerCertVerifier for Anything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        vec![SignatureScheme::ECDSA_NISTP256_SHA256]
    }
}

async fn hello(
    edge: &Harness,
    name: &str,
    offered: &[&[u8]],
    version: &'static rustls::SupportedProtocolVersion,
) -> io::Result<TlsStream<TcpStream>> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .expect("TLS 1.2 or 1.3")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anything))
        .with_no_client_auth();
    config.alpn_protocols = offered.iter().map(|it| it.to_vec()).collect();
    let stream = TcpStream::connect(edge.address).await?;
    let name = ServerName::try_from(name.to_owned()).expect("a name");
    let connected = TlsConnector::from(Arc::new(config)).connect(name, stream);
    connected.await
}

fn shown(stream: &TlsStream<TcpStream>) -> CertificateDer<'static> {
    let (_, session) = stream.get_ref();
    let chain = session.peer_certificates().expect("a certificate");
    chain.first().expect("one at least").clone().into_owned()
}

/// Far less than an idle connection is kept.
const PATIENCE: Duration = Duration::from_secs(30);
const ACME: &[u8] = b"acme-tls/1";
const VERSIONS: [&rustls::SupportedProtocolVersion; 2] =
    [&rustls::version::TLS13, &rustls::version::TLS12];

#[tokio::test]
async fn a_challenge_under_way_is_answered_for_its_very_name_and_then_the_connection_ends() {
    let edge = Harness::alone();
    let (key, expected) = certificate(&["app.test"]);
    let posted = edge.cell.challenges().post("app.test", &key).unwrap();
    for version in VERSIONS {
        for name in ["app.test", "APP.test"] {
            let mut stream = hello(&edge, name, &[ACME], version).await.unwrap();
            assert_eq!(shown(&stream), expected);
            assert_eq!(stream.get_ref().1.alpn_protocol(), Some(ACME));
            let mut rest = Vec::new();
            let ended = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await;
            ended.expect("the edge ends it").unwrap();
            assert_eq!(rest, b"", "it ends with a notice, and nothing before");
        }
        for name in ["alias.test", "other.test", "unknown.test"] {
            let refused = hello(&edge, name, &[ACME], version).await;
            assert!(refused.is_err(), "{name}");
        }
    }
    drop(posted);
    let refused = hello(&edge, "app.test", &[ACME], VERSIONS[0]).await;
    assert!(refused.is_err(), "it is over");
    let honest = hello(&edge, "app.test", &[b"http/1.1"], VERSIONS[0]).await;
    assert!(honest.is_ok());
}

#[tokio::test]
async fn who_offers_a_challenge_beside_something_else_gets_neither() {
    let edge = Harness::alone();
    let (key, challenge) = certificate(&["app.test"]);
    let posted = edge.cell.challenges().post("app.test", &key).unwrap();
    for offered in [[&b"h2"[..], ACME], [ACME, b"http/1.1"]] {
        let refused = hello(&edge, "app.test", &offered, VERSIONS[0]).await;
        assert!(refused.is_err(), "{offered:?}");
    }
    for offered in [&[&b"h2"[..]][..], &[b"http/1.1"], &[]] {
        let stream = hello(&edge, "app.test", offered, VERSIONS[0])
            .await
            .unwrap();
        assert_ne!(shown(&stream), challenge, "a visitor never sees it");
    }
    drop(posted);
}

#[tokio::test]
async fn a_site_without_a_certificate_is_refused_but_for_its_challenge() {
    let edge = Harness::alone();
    let mut bare = edge.snapshot();
    bare.certificates = seam::snapshot::Certificates::default();
    edge.cell.swap(bare);
    let (key, _) = certificate(&["app.test"]);
    let posted = edge.cell.challenges().post("app.test", &key).unwrap();
    let refused = hello(&edge, "app.test", &[b"http/1.1"], VERSIONS[0]).await;
    assert!(refused.is_err(), "nothing self-signed is shown to visitors");
    let answered = hello(&edge, "app.test", &[ACME], VERSIONS[0]).await;
    assert!(answered.is_ok());
    drop(posted);
    edge.cell.swap(edge.snapshot());
    let honest = hello(&edge, "app.test", &[b"http/1.1"], VERSIONS[0]).await;
    assert!(honest.is_ok(), "as soon as there is one, it is served");
}
