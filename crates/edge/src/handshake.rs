//! Step 2, handshake: TLS 1.2 and 1.3 with the certificate of the name that was asked
//! for. Unknown names, old versions and plaintext end here, and so does an authority's
//! challenge: what is asked there is the handshake itself (RFC 8737 section 3).
// promise: tls

use std::{fmt, io, rc::Rc, sync::Arc};

use rustls::{
    ServerConfig,
    server::{ClientHello, ProducesTickets, ResolvesServerCert},
    sign::CertifiedKey,
};
use seam::SnapshotCell;
use terms::ClientAddr;
use tokio::io::AsyncWriteExt as _;
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    accept::{Connection, Open, Speaker},
    door::Wire,
    teeth,
    watch::Watch,
    worker::Worker,
};

/// Keys for session tickets: one set for all workers, so that a client can resume on
/// whichever it reaches. They live as long as the process.
#[derive(Clone)]
pub struct Tickets(Arc<dyn ProducesTickets>);

impl fmt::Debug for Tickets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tickets(…)")
    }
}

impl Tickets {
    /// Fresh keys; they rotate every six hours.
    ///
    /// # Errors
    /// Without randomness.
    pub fn new() -> Result<Self, rustls::Error> {
        rustls::crypto::aws_lc_rs::Ticketer::new().map(Self)
    }
}

/// The protocol of a certificate authority's challenge (RFC 8737 section 6.2).
const CHALLENGE: &[u8] = b"acme-tls/1";

/// Finds the certificate in the current snapshot, or that of a challenge.
#[derive(Debug)]
struct BySnapshot(Arc<SnapshotCell>);

impl BySnapshot {
    /// For a hello that offers [`CHALLENGE`]: the challenge for this very name, where
    /// one is under way and nothing else is offered; never a site's certificate.
    fn challenge(&self, hello: &ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let only = hello.alpn()?.all(|protocol| protocol == CHALLENGE);
        let name = hello.server_name().filter(|_| only)?;
        self.0.challenges().find(&name.to_ascii_lowercase())
    }
}

impl ResolvesServerCert for BySnapshot {
    fn resolve(&self, hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        let mut offered = hello.alpn().into_iter().flatten();
        if offered.any(|protocol| protocol == CHALLENGE) {
            return self.challenge(&hello);
        }
        let snapshot = self.0.load();
        // No name asked for (a client older than RFC 6066, a scanner): the first site's.
        // A name that isn't ours is refused.
        let name = match hello.server_name() {
            Some(name) => name,
            None => &snapshot.sites.first()?.name,
        };
        if let Some(key) = snapshot.certificates.find(name) {
            return Some(key.clone());
        }
        // A client may write the name in capitals (RFC 6066 section 3).
        snapshot
            .certificates
            .find(&name.to_ascii_lowercase())
            .cloned()
    }
}

/// Makes the TLS side of one worker.
pub(crate) fn acceptor(
    cell: Arc<SnapshotCell>,
    tickets: &Tickets,
) -> Result<TlsAcceptor, rustls::Error> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(Arc::new(BySnapshot(cell)));
    // Where the last is offered, nothing else was: the resolver sees to it.
    config.alpn_protocols = [&b"h2"[..], b"http/1.1", CHALLENGE].map(Vec::from).to_vec();
    config.ticketer = tickets.0.clone();
    // One is enough: each resumption brings the next.
    config.send_tls13_tickets = 1;
    config.max_early_data_size = 0;
    Ok(TlsAcceptor::from(Arc::new(config)))
}

/// What the steps know of a connection.
pub(crate) struct Facts {
    /// The client, or the trusted proxy that names one in each request.
    pub(crate) client: ClientAddr,
    /// Which of the two.
    pub(crate) speaker: Speaker,
    /// Its address in text: written into every forwarded head.
    pub(crate) client_text: Box<str>,
    /// The name of the handshake, lower case.
    pub(crate) asked: Box<str>,
    /// Deadline of whatever the connection waits for.
    pub(crate) watch: Rc<Watch>,
}

/// A connection whose bytes nobody else can read.
pub(crate) struct Secured {
    stream: TlsStream<Wire>,
    facts: Facts,
    /// Whether the client chose HTTP/2 (ALPN).
    http2: bool,
    open: Open,
}

impl Secured {
    /// Shakes hands within the limit.
    pub(crate) async fn shake(connection: Connection, worker: &Rc<Worker>) -> io::Result<Self> {
        let (stream, client, speaker, watch, open) = connection.into_parts();
        let limit = worker.snapshot().limits.handshake;
        if teeth::cut("tls") && teeth::is_plaintext(&stream).await {
            return Err(teeth::answer_plaintext(stream).await);
        }
        let accepted = tokio::time::timeout(limit, worker.tls.accept(stream)).await;
        let mut stream = match accepted {
            Ok(Ok(stream)) => stream,
            Ok(Err(refused)) => {
                worker.counters.handshakes_failed.add(1);
                return Err(refused);
            }
            Err(_) => {
                worker.counters.handshakes_failed.add(1);
                return Err(io::ErrorKind::TimedOut.into());
            }
        };
        worker.counters.handshakes.add(1);
        let (_, session) = stream.get_ref();
        let protocol = session.alpn_protocol();
        if protocol == Some(CHALLENGE) {
            // The authority has seen what it asked for; there is nothing to be served.
            // A client that doesn't read the end is left behind.
            let _ = tokio::time::timeout(limit, stream.shutdown()).await;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        let http2 = protocol == Some(b"h2");
        let asked = session.server_name().map_or_else(
            || {
                worker
                    .snapshot()
                    .sites
                    .first()
                    .map(|site| site.name.to_string())
            },
            |name| Some(name.to_ascii_lowercase()),
        );
        let asked = asked.unwrap_or_default();
        let facts = Facts {
            client,
            speaker,
            client_text: client.to_string().into(),
            asked: asked.into(),
            watch,
        };
        Ok(Self {
            stream,
            facts,
            http2,
            open,
        })
    }

    /// Whether the client chose HTTP/2.
    pub(crate) const fn is_http2(&self) -> bool {
        self.http2
    }

    /// Splits off what the protocol drivers need.
    pub(crate) fn into_parts(self) -> (TlsStream<Wire>, Facts, Open) {
        (self.stream, self.facts, self.open)
    }
}
