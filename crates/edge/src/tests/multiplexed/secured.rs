//! Applications behind TLS: the handshake settles what is spoken.

use std::sync::Arc;

use rustls::{RootCertStore, ServerConfig, sign::SingleCertAndKey};
use seam::record::Outcome;
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::*;
use crate::tests::{
    frames::{DATA, END_STREAM, Framed, SETTINGS},
    harness::certificate,
    wire::{OK, Wire},
};

/// An application with a certificate for these names, which takes these protocols.
struct Secured {
    app: Application,
    acceptor: TlsAcceptor,
    roots: RootCertStore,
}

impl Secured {
    async fn start(host: &str, protocols: &[&str]) -> Self {
        let (key, certificate) = certificate(&[host]);
        let mut roots = RootCertStore::empty();
        roots.add(certificate).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
        config.alpn_protocols = protocols
            .iter()
            .map(|name| name.as_bytes().to_vec())
            .collect();
        Self {
            app: Application::start().await,
            acceptor: TlsAcceptor::from(Arc::new(config)),
            roots,
        }
    }

    fn harness(&self) -> Harness {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Harness::with(self.app.address, |setting| {
            setting.protocol = Protocol::Negotiated;
            setting.upstream_tls = Some(Arc::new(config));
        })
    }

    /// The next connection, and what was settled.
    async fn accept(&self) -> (Wire<TlsStream<TcpStream>>, Option<String>) {
        let plain = self.app.accept().await.stream;
        let stream = self.acceptor.accept(plain).await.expect("a handshake");
        let settled = stream.get_ref().1.alpn_protocol();
        let settled = settled.map(|name| String::from_utf8_lossy(name).into_owned());
        (Wire::new(stream), settled)
    }
}

#[tokio::test]
async fn the_handshake_settles_on_http2_where_the_application_takes_it() {
    let app = Secured::start("app.test", &["h2", "http/1.1"]).await;
    let harness = app.harness();
    let mut client = harness.http1().await;
    client.say(GET).await;
    let (wire, settled) = app.accept().await;
    assert_eq!(settled.as_deref(), Some("h2"));
    let mut peer = Framed::of(wire);
    peer.wire.take(24).await;
    peer.frame(SETTINGS, 0, 0, &[]).await;
    assert_eq!(peer.next().await.field(":scheme"), Some("https"));
    peer.head(1, &[(":status", "200")], false).await;
    peer.frame(DATA, END_STREAM, 1, b"ok").await;
    assert_eq!(client.answer().await.text(), "ok");
    // A WebSocket needs HTTP/1.1, and gets it on a connection of its own.
    let mut socket = harness.http1().await;
    socket
        .say(
            "GET / HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        )
        .await;
    let (mut wire, settled) = app.accept().await;
    assert_eq!(settled.as_deref(), Some("http/1.1"));
    assert!(wire.head().await.contains("upgrade: websocket\r\n"));
    wire.say(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello",
    )
    .await;
    socket.head().await;
    assert_eq!(socket.take(5).await, b"hello");
    // And the others stay with HTTP/2.
    client.say(GET).await;
    assert_eq!(peer.next().await.field(":path"), Some("/"));
}

#[tokio::test]
async fn the_handshake_settles_on_http1_where_nothing_else_is_taken() {
    for protocols in [&["http/1.1"][..], &[]] {
        let app = Secured::start("app.test", protocols).await;
        let harness = app.harness();
        let mut one = harness.http1().await;
        one.say(GET).await;
        let (mut first, settled) = app.accept().await;
        assert_ne!(settled.as_deref(), Some("h2"));
        first.head().await;
        // Known by now: the next waits for nobody.
        let mut other = harness.http1().await;
        other.say(GET).await;
        let (mut second, _) = app.accept().await;
        second.head().await;
        second.say(OK).await;
        assert_eq!(other.answer().await.text(), "ok");
        first.say(OK).await;
        assert_eq!(one.answer().await.text(), "ok");
        one.say(GET).await;
        // The last one that was used.
        first.head().await;
        first.say(OK).await;
        assert_eq!(one.answer().await.text(), "ok");
        assert_eq!(harness.counters.upstream_connects.get(), 2, "they are kept");
        assert_eq!(harness.counters.upstream_http2.get(), 0);
    }
}

#[tokio::test]
async fn a_certificate_for_another_name_is_refused_whatever_is_spoken() {
    for protocol in ["h2", "http/1.1"] {
        let app = Secured::start("other.test", &[protocol]).await;
        let mut harness = app.harness();
        let mut client = harness.http1().await;
        client.say(GET).await;
        let refused = async {
            let plain = app.app.accept().await.stream;
            assert!(app.acceptor.accept(plain).await.is_err());
        };
        let (answer, ()) = tokio::join!(client.answer(), refused);
        assert_eq!(answer.status, 502);
        let outcome = harness.record().await.outcome;
        assert_eq!(outcome, Outcome::Refused("upstream-tls-refused"));
    }
}
