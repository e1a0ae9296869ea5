//! The handshake: which keys, which versions, and what a second one may leave out.

use std::sync::Arc;

use rustls::{
    ClientConfig, HandshakeKind, NamedGroup, ProtocolVersion,
    client::Resumption,
    crypto::{SupportedKxGroup, aws_lc_rs::kx_group},
    pki_types::ServerName,
    version::{TLS12, TLS13},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::{harness::Harness, wire::Wire};

/// A client of these versions and groups.
fn client(
    harness: &Harness,
    version: &'static rustls::SupportedProtocolVersion,
    groups: &[&'static dyn SupportedKxGroup],
) -> Arc<ClientConfig> {
    let mut provider = rustls::crypto::aws_lc_rs::default_provider();
    provider.kx_groups = groups.to_vec();
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(harness.roots())
        .with_no_client_auth();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.resumption = Resumption::in_memory_sessions(8);
    config.enable_early_data = true;
    Arc::new(config)
}

async fn connect(
    harness: &Harness,
    config: &Arc<ClientConfig>,
) -> std::io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(harness.address).await?;
    let name = ServerName::try_from("app.test").unwrap();
    TlsConnector::from(config.clone())
        .connect(name, stream)
        .await
}

#[tokio::test]
async fn a_key_exchange_that_outlasts_quantum_computers_is_used_and_older_clients_are_served() {
    let harness = Harness::alone();
    let all: &[&'static dyn SupportedKxGroup] = &[
        kx_group::X25519MLKEM768,
        kx_group::X25519,
        kx_group::SECP256R1,
        kx_group::SECP384R1,
    ];
    for (groups, expected) in [
        (all, NamedGroup::X25519MLKEM768),
        (&all[1..], NamedGroup::X25519),
        (&all[2..], NamedGroup::secp256r1),
        (&all[3..], NamedGroup::secp384r1),
    ] {
        let stream = connect(&harness, &client(&harness, &TLS13, groups))
            .await
            .unwrap();
        let (_, session) = stream.get_ref();
        let group = session.negotiated_key_exchange_group().unwrap().name();
        assert_eq!(group, expected);
    }
    let stream = connect(&harness, &client(&harness, &TLS12, &all[1..3]))
        .await
        .unwrap();
    let (_, session) = stream.get_ref();
    assert_eq!(session.protocol_version(), Some(ProtocolVersion::TLSv1_2));
}

#[tokio::test]
async fn a_second_handshake_is_resumed_and_takes_no_early_data() {
    let harness = Harness::alone();
    for version in [&TLS13, &TLS12] {
        let config = client(&harness, version, &[kx_group::X25519]);
        let mut kinds = Vec::new();
        for _ in 0..2 {
            let stream = connect(&harness, &config).await.unwrap();
            let (_, session) = stream.get_ref();
            kinds.push(session.handshake_kind());
            assert!(!session.is_early_data_accepted());
            let mut wire = Wire::new(stream);
            wire.say("GET /-/security HTTP/1.1\r\nHost: app.test\r\n\r\n")
                .await;
            // The ticket comes before the answer.
            assert_eq!(wire.answer().await.status, 200);
        }
        let expected = [Some(HandshakeKind::Full), Some(HandshakeKind::Resumed)];
        assert_eq!(kinds, expected, "{version:?}");
    }
}
