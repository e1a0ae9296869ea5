//! What takes whole handshakes, by rustls: the certificate as TLS 1.3 shows it, whether a
//! proof of its validity is stapled to it, and whether sessions are resumed.
//!
//! Nothing is sent over these connections.

use std::{sync::Arc, time::Duration};

use rustls::{
    ClientConfig, HandshakeKind, NamedGroup, SupportedProtocolVersion,
    client::{
        ClientSessionMemoryCache, ClientSessionStore, Resumption, Tls12ClientSessionValue,
        Tls13ClientSessionValue,
    },
};
use rustls_pki_types::{CertificateDer, ServerName};
use serde::{Deserialize, Serialize};
use terms::Clock;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::Notify,
};

use crate::{
    fault::VisitError,
    raw::{Door, Knock, knock},
    tls::{Inspecting, Now, provider, secure},
    url::Host,
};

/// How long a server may take to send its ticket after the handshake.
const TICKET: Duration = Duration::from_secs(1);

/// Whether a server does something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Seen {
    /// It does.
    Yes,
    /// It doesn't.
    No,
    /// It couldn't be seen.
    #[default]
    Unknown,
}

impl From<bool> for Seen {
    fn from(seen: bool) -> Self {
        if seen { Self::Yes } else { Self::No }
    }
}

/// What two handshakes of one version showed.
#[derive(Debug, Clone, Default)]
pub(crate) struct Met {
    /// The certificates, as sent.
    pub(crate) chain: Vec<CertificateDer<'static>>,
    /// Whether an OCSP response was stapled.
    pub(crate) stapled: Seen,
    /// Whether the second resumed the session of the first.
    pub(crate) resumed: Seen,
}

/// One session, and a sign when its ticket has come.
#[derive(Debug)]
struct Kept {
    cache: ClientSessionMemoryCache,
    came: Notify,
}

impl ClientSessionStore for Kept {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.cache.set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.cache.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        self.cache.set_tls12_session(server_name, value);
        self.came.notify_one();
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.cache.tls12_session(server_name)
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.cache.remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(
        &self,
        server_name: ServerName<'static>,
        value: Tls13ClientSessionValue,
    ) {
        self.cache.insert_tls13_ticket(server_name, value);
        self.came.notify_one();
    }

    fn take_tls13_ticket(
        &self,
        server_name: &ServerName<'static>,
    ) -> Option<Tls13ClientSessionValue> {
        self.cache.take_tls13_ticket(server_name)
    }
}

/// Where to, and how.
pub(crate) struct Way<'a> {
    pub(crate) door: &'a Door,
    pub(crate) preface: &'a [u8],
    pub(crate) host: &'a Host,
    pub(crate) clock: &'a Clock,
    pub(crate) step: Duration,
}

/// Shakes hands twice in one version; `None` where the first handshake fails.
///
/// # Errors
/// Only faults here.
pub(crate) async fn meet(
    way: &Way<'_>,
    version: &'static SupportedProtocolVersion,
) -> Result<Option<Met>, VisitError> {
    let provider = provider();
    // What the certificate is worth is judged afterwards.
    let verifier = Inspecting::new(None, provider.clone());
    let kept = Arc::new(Kept {
        cache: ClientSessionMemoryCache::new(1),
        came: Notify::new(),
    });
    let builder = ClientConfig::builder_with_details(provider, Arc::new(Now(way.clock.clone())))
        .with_protocol_versions(&[version]);
    let Ok(builder) = builder else {
        return Ok(None);
    };
    let mut config = builder
        .dangerous()
        .with_custom_certificate_verifier(verifier.clone())
        .with_no_client_auth();
    config.resumption = Resumption::store(kept.clone());
    let Some((chain, _)) = shake(way, config.clone(), &kept).await? else {
        return Ok(None);
    };
    let stapled = Seen::from(verifier.stapled());
    let resumed = match shake(way, config, &kept).await? {
        Some((_, kind)) => Seen::from(kind == HandshakeKind::Resumed),
        None => Seen::Unknown,
    };
    Ok(Some(Met {
        chain,
        stapled,
        resumed,
    }))
}

type Shaken = Option<(Vec<CertificateDer<'static>>, HandshakeKind)>;

/// One handshake, and its ticket where one comes in time.
async fn shake(way: &Way<'_>, config: ClientConfig, kept: &Kept) -> Result<Shaken, VisitError> {
    let Knock::Open(mut wire) = knock(way.door, way.step).await? else {
        return Ok(None);
    };
    let shaking = async {
        wire.write_all(way.preface).await.ok()?;
        secure(wire, way.host, config).await.ok()
    };
    let done = tokio::time::timeout(way.step, shaking).await;
    let Ok(Some((mut stream, peer))) = done else {
        return Ok(None);
    };
    let kind = stream.get_ref().1.handshake_kind();
    // A ticket of TLS 1.3 comes behind the handshake, and is seen by reading on.
    let mut byte = [0; 1];
    let reading = async {
        tokio::select! {
            () = kept.came.notified() => {}
            _ = stream.read(&mut byte) => {}
        }
    };
    let _late = tokio::time::timeout(TICKET.min(way.step), reading).await;
    let _closed = tokio::time::timeout(way.step, stream.shutdown()).await;
    Ok(kind.map(|kind| (peer.chain, kind)))
}
