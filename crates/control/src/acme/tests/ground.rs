//! A store, a publisher, a real edge and the keeper of certificates between them.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use config::{Config, Env};
use edge::{Arrivals, Crowd, Edge, Listeners, Parts as EdgeParts, Tickets};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use seam::{Counters, Sessions, SnapshotCell, own, record};
use store::{Acquisition, testing::Place};
use terms::{Clock, Rng};
use tokio::{net::TcpStream, sync::watch};
use tokio_rustls::{TlsConnector, client::TlsStream};

use super::super::{Acme, Parts};
use crate::{
    alarms::{Alarms, Cause},
    metrics::Tallies,
    publish::Publisher,
};

/// Longer than any test's clock is moved on.
const ALWAYS: Duration = Duration::from_secs(100 * 365 * 86_400);

/// A certificate authority of its own, and a certificate of it for this machine: what
/// the directories' servers show.
pub(super) struct Ca {
    pub(super) pem: String,
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Ca {
    pub(super) fn make() -> Self {
        let mut params = rcgen::CertificateParams::default();
        params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        let key = rcgen::KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = rcgen::Issuer::new(params, key);
        let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
        let params = rcgen::CertificateParams::new(names).unwrap();
        let key = rcgen::KeyPair::generate().unwrap();
        Self {
            pem,
            certificate: params.signed_by(&key, &issuer).unwrap().pem(),
            key: key.serialize_pem(),
        }
    }
}

/// Listeners of an edge that isn't started yet: authorities must know its port.
pub(super) struct Bound {
    listeners: Listeners,
    pub(super) address: SocketAddr,
}

impl Bound {
    pub(super) fn bind() -> Self {
        let any = [([127, 0, 0, 1], 0).into()];
        let (mut listeners, bound) = Listeners::bind(&any, 1, Vec::new()).unwrap();
        Self {
            listeners: listeners.remove(0),
            address: bound[0].actual,
        }
    }
}

pub(super) struct Ground {
    pub(super) acme: Acme,
    pub(super) alarms: Alarms,
    pub(super) clock: Clock,
    pub(super) publisher: Arc<Publisher>,
    _place: Place,
    pub(super) tallies: Arc<Tallies>,
    pub(super) lease: watch::Sender<Option<store::Lease>>,
    pub(super) address: SocketAddr,
    cell: Arc<SnapshotCell>,
    store: watch::Sender<Option<store::Store>>,
    edge: Option<Edge>,
}

/// The configuration of sites without files, with this `[acme]`.
fn config(sites: &[&[&str]], acme: &str, ca: &Ca, clock: &Clock) -> Config {
    let mut text = "data = \"data\"\n".to_owned();
    for hosts in sites {
        text += &format!(
            "[site.\"{}\"]\nupstream = \"http://127.0.0.1:9\"\naccess = \"public\"\n",
            hosts[0]
        );
        if hosts.len() > 1 {
            text += &format!("aliases = {:?}\n", &hosts[1..]);
        }
    }
    let email = if acme.contains("email") {
        ""
    } else {
        "email = \"ops@example.com\"\n"
    };
    text += &format!("[acme]\n{email}ca = \"ca.pem\"\n{acme}\n");
    let env = Env::given(clock.clone())
        .with_file("ca.pem", ca.pem.as_bytes(), 0o644)
        .with_file("eab-key", EAB_KEY.as_bytes(), 0o600);
    let loaded = Config::parse(Path::new("waarborg.toml"), &text, &env);
    loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .config
}

/// The key of accounts made elsewhere.
pub(super) const EAB_KEY: &str = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";

impl Ground {
    /// The edge serves and the node leads; nothing has been ordered yet.
    pub(super) async fn start(bound: Bound, sites: &[&[&str]], acme: &str, ca: &Ca) -> Self {
        let clock = Clock::manual(Clock::System.now());
        Self::start_with(clock, bound, sites, acme, ca).await
    }

    /// As [`Self::start`], by this clock.
    pub(super) async fn start_with(
        clock: Clock,
        bound: Bound,
        sites: &[&[&str]],
        acme: &str,
        ca: &Ca,
    ) -> Self {
        let mut place = Place::sqlite();
        place.clock = clock.clone();
        let store = place.open().await;
        let Acquisition::Ours(lease) = store.acquire("writer", "test", ALWAYS).await.unwrap()
        else {
            panic!("nobody else is there");
        };
        let config = Arc::new(config(sites, acme, ca, &clock));
        let publisher = Arc::new(Publisher::new(config, String::new(), clock.clone()));
        let cell = publisher.begin();
        let alarms = Alarms::open(place.folder.path(), clock.clone(), Rng::System).unwrap();
        let (store, store_seen) = watch::channel(Some(store));
        let (lease, lease_seen) = watch::channel(Some(lease));
        let tallies = Arc::new(Tallies::default());
        let parts = Parts {
            publisher: publisher.clone(),
            challenges: cell.challenges().clone(),
            store: store_seen,
            lease: lease_seen,
            alarms: alarms.clone(),
            tallies: tallies.clone(),
            clock: clock.clone(),
            rng: Rng::System,
        };
        let (own, _) = own::queue();
        let (recorder, _) = record::channel();
        let edge = edge::start(vec![EdgeParts {
            listeners: bound.listeners,
            drills: None,
            snapshot: cell.clone(),
            sessions: Arc::new(Sessions::default()),
            own,
            renewals: seam::renewal::queue().0,
            recorder,
            findings: seam::findings::channel().0,
            counters: Arc::new(Counters::default()),
            tickets: Tickets::new().unwrap(),
            crowd: Crowd::default(),
            arrivals: Arrivals::new(1 << 20, &Rng::System, &Clock::System),
            clock: Clock::System,
            rng: Rng::System,
        }]);
        Self {
            acme: Acme::new(parts),
            alarms,
            clock,
            publisher,
            _place: place,
            tallies,
            lease,
            address: bound.address,
            cell,
            store,
            edge: Some(edge.unwrap()),
        }
    }

    /// As after a restart: a keeper and a publisher that know only the store.
    pub(super) fn restart(&mut self) {
        self.publisher.certify(config::Issued::new());
        self.tallies = Arc::new(Tallies::default());
        self.acme = Acme::new(Parts {
            publisher: self.publisher.clone(),
            challenges: self.cell.challenges().clone(),
            store: self.store.subscribe(),
            lease: self.lease.subscribe(),
            alarms: self.alarms.clone(),
            tallies: self.tallies.clone(),
            clock: self.clock.clone(),
            rng: Rng::System,
        });
    }

    /// Takes another configuration, as a reload does.
    pub(super) fn configure(&self, sites: &[&[&str]], acme: &str, ca: &Ca) {
        let config = config(sites, acme, ca, &self.clock);
        self.publisher.configure(config, String::new(), None);
    }

    pub(super) fn store(&self) -> store::Store {
        self.store.borrow().clone().unwrap()
    }

    /// Orders that brought a certificate, and that didn't.
    pub(super) fn orders(&self) -> (u64, u64) {
        self.tallies.acme()
    }

    /// The certificate that the edge goes by.
    pub(super) fn serving(&self, host: &str) -> Option<CertificateDer<'static>> {
        let snapshot = self.cell.load();
        let key = snapshot.certificates.find(host)?;
        Some(key.cert[0].clone().into_owned())
    }

    /// A visitor of `host` who believes `roots`.
    pub(super) async fn visit(
        &self,
        host: &str,
        roots: &str,
    ) -> std::io::Result<TlsStream<TcpStream>> {
        self.hello(host, roots, &[b"http/1.1"]).await
    }

    pub(super) async fn hello(
        &self,
        host: &str,
        roots: &str,
        offered: &[&[u8]],
    ) -> std::io::Result<TlsStream<TcpStream>> {
        let mut store = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(roots.as_bytes()) {
            store.add(root.unwrap()).unwrap();
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(store)
            .with_no_client_auth();
        config.alpn_protocols = offered.iter().map(|it| it.to_vec()).collect();
        let stream = TcpStream::connect(self.address).await?;
        let name = ServerName::try_from(host.to_owned()).unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        connector.connect(name, stream).await
    }

    /// Every alarm that was raised, and those that are over.
    pub(super) fn alarmed(&self) -> Vec<(String, bool)> {
        let entries = self.alarms.pending();
        let entries = entries.iter().map(|entry| {
            let over = matches!(entry.cause, Cause::Cleared { .. });
            (entry.kind.clone(), over)
        });
        entries.collect()
    }
}

impl Drop for Ground {
    fn drop(&mut self) {
        if let Some(edge) = self.edge.take() {
            edge.drain(Duration::ZERO);
        }
    }
}
