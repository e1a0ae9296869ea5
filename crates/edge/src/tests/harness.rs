//! Starts an edge of one worker and reads what it hands up.

use std::{
    collections::{HashMap, VecDeque},
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use guards::{
    network::Networks,
    strike::Strike,
    throttle::{Class, Throttle},
    xss::Mode,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer},
    sign::CertifiedKey,
};
use seam::{
    Counters, RefusalPage, Sessions, Snapshot, SnapshotCell,
    own::{OwnReceiver, OwnRequest, OwnSender},
    prebuilt::{Document, Holed, Localised, Prebuilt, RefusalDocument},
    record::{Outcome, Records, Version},
    snapshot::{
        Access, Balance, Certificates, Compression, Limits, Place, Protocol, Route, Site, Tokens,
        Upstream,
    },
};
use terms::{AddressKeeping, Clock, Language, Rng};

use crate::{Arrivals, Crowd, Edge, Listeners, Parts, Tickets, start};

/// The largest body of `/small`, in bytes.
pub(super) const SMALL: u64 = 10;

/// What a test may want different.
pub(super) struct Setting {
    pub(super) limits: Limits,
    pub(super) addresses: AddressKeeping,
    pub(super) upstream: Option<Place>,
    /// Further ones behind it.
    pub(super) more: Vec<Place>,
    pub(super) balance: Balance,
    pub(super) health: Option<&'static str>,
    pub(super) compression: Compression,
    pub(super) trusted_proxies: Networks,
    pub(super) admin_networks: Option<Networks>,
    pub(super) block: guards::block::Set,
    pub(super) throttle: Throttle,
    pub(super) csrf: guards::csrf::Csrf,
    /// `/login/act` is an important action, and so is `/login/sure`.
    pub(super) important: bool,
    pub(super) assertion: bool,
    /// Pages that are read for weaknesses in a second.
    pub(super) weakness_pages: u16,
    /// The sites' policy.
    pub(super) csp: guards::csp::Sent,
    /// What is spoken with the applications.
    pub(super) protocol: Protocol,
    /// They are reached by TLS, as `app.test`.
    pub(super) upstream_tls: Option<Arc<ClientConfig>>,
}

/// Nobody has asked yet.
pub(super) fn arrivals() -> Arrivals {
    Arrivals::new(1 << 20, &Rng::System, &Clock::System)
}

/// A running edge with all its rims.
pub(super) struct Harness {
    pub(super) address: SocketAddr,
    pub(super) counters: Arc<Counters>,
    pub(super) sessions: Arc<Sessions>,
    pub(super) renewed: seam::renewal::RenewalReceiver,
    /// Markup that came back, and weaknesses.
    pub(super) found: seam::findings::Findings,
    pub(super) cell: Arc<SnapshotCell>,
    /// Control's end of the queue; a test may drop it.
    pub(super) control: Option<OwnReceiver>,
    /// The edge's end of the queue.
    pub(super) own: OwnSender,
    roots: Arc<RootCertStore>,
    records: Records,
    recorded: VecDeque<Recorded>,
    edge: Option<Edge>,
    setting: Setting,
}

/// A record with its texts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Recorded {
    pub(super) id: String,
    pub(super) trace: [u8; 16],
    pub(super) site: u16,
    pub(super) client: Option<IpAddr>,
    pub(super) strike: Option<(IpAddr, Strike)>,
    pub(super) version: Version,
    pub(super) status: u16,
    pub(super) outcome: Outcome,
    pub(super) bytes_in: u64,
    pub(super) bytes_out: u64,
    pub(super) method: String,
    pub(super) host: String,
    pub(super) path: String,
    pub(super) agent: String,
    pub(super) rule: String,
}

impl Harness {
    /// An edge before the application at `upstream`.
    pub(super) fn start(upstream: SocketAddr) -> Self {
        Self::with(upstream, |_| {})
    }

    /// An edge before an application that nobody starts.
    pub(super) fn alone() -> Self {
        Self::with(([127, 0, 0, 1], 9).into(), |setting| {
            setting.upstream = None;
        })
    }

    pub(super) fn with(upstream: SocketAddr, change: impl FnOnce(&mut Setting)) -> Self {
        let mut setting = Setting {
            limits: Limits::default(),
            addresses: AddressKeeping::Whole,
            upstream: Some(Place::Socket(upstream)),
            more: Vec::new(),
            balance: Balance::First,
            health: None,
            compression: Compression::Safe,
            trusted_proxies: Networks::default(),
            admin_networks: None,
            block: guards::block::Set::default(),
            throttle: Throttle::default(),
            csrf: guards::csrf::Csrf::default(),
            important: false,
            protocol: Protocol::Http1,
            upstream_tls: None,
            assertion: false,
            weakness_pages: 0,
            csp: guards::csp::Sent::default(),
        };
        change(&mut setting);
        let mut roots = RootCertStore::empty();
        let snapshot = snapshot(&setting, &mut roots);
        let cell = Arc::new(SnapshotCell::new(snapshot));
        let (mut listeners, bound) =
            Listeners::bind(&["127.0.0.1:0".parse().expect("an address")], 1, Vec::new())
                .expect("a port");
        let (own, control) = seam::own::queue();
        let (recorder, records) = seam::record::channel();
        let counters = Arc::new(Counters::default());
        let sessions = Arc::new(Sessions::default());
        let (renewals, renewed) = seam::renewal::queue();
        let (findings, found) = seam::findings::channel();
        let edge = start(vec![Parts {
            listeners: listeners.remove(0),
            drills: None,
            snapshot: cell.clone(),
            sessions: sessions.clone(),
            own: own.clone(),
            renewals,
            recorder,
            findings,
            counters: counters.clone(),
            tickets: Tickets::new().expect("randomness"),
            crowd: Crowd::default(),
            arrivals: arrivals(),
            clock: Clock::System,
            rng: Rng::System,
        }])
        .expect("a thread");
        Self {
            address: bound[0].actual,
            counters,
            sessions,
            renewed,
            found,
            cell,
            control: Some(control),
            own,
            roots: Arc::new(roots),
            records,
            recorded: VecDeque::new(),
            edge: Some(edge),
            setting,
        }
    }

    /// The certificates of its sites.
    pub(super) fn roots(&self) -> Arc<RootCertStore> {
        self.roots.clone()
    }

    /// What a client goes by.
    pub(super) fn client_config(&self, protocol: &[u8]) -> Arc<ClientConfig> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_root_certificates(self.roots.clone())
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.to_vec()];
        Arc::new(config)
    }

    /// The next record.
    pub(super) async fn record(&mut self) -> Recorded {
        while self.recorded.is_empty() {
            let batch = self.records.next().await.expect("the worker lives");
            for (record, texts) in batch.iter() {
                let [method, host, path, agent, rule] =
                    texts.map(|text| String::from_utf8(text.to_vec()).expect("text"));
                self.recorded.push_back(Recorded {
                    id: record.id.to_string(),
                    trace: record.trace,
                    site: record.site,
                    client: record.client,
                    strike: record.strike,
                    version: record.version,
                    status: record.status,
                    outcome: record.outcome,
                    bytes_in: record.bytes_in,
                    bytes_out: record.bytes_out,
                    method,
                    host,
                    path,
                    agent,
                    rule,
                });
            }
            self.records.done(batch);
        }
        self.recorded.pop_front().expect("one was read")
    }

    /// Ends the edge, and says whether no record is left.
    pub(super) async fn has_no_more_records(mut self) -> bool {
        self.drain(Duration::ZERO).await;
        while let Some(batch) = self.records.next().await {
            if !batch.is_empty() {
                return false;
            }
        }
        self.recorded.is_empty()
    }

    /// Drains the edge, as `main` does at SIGTERM.
    pub(super) async fn drain(&mut self, limit: Duration) {
        if let Some(edge) = self.edge.take() {
            tokio::task::spawn_blocking(move || edge.drain(limit))
                .await
                .expect("the edge ends");
        }
    }

    /// Drains beside what the test does next.
    pub(super) fn begin_drain(&mut self, limit: Duration) -> tokio::task::JoinHandle<()> {
        let edge = self.edge.take().expect("it runs");
        tokio::task::spawn_blocking(move || edge.drain(limit))
    }

    /// Hands the listeners over to nobody, as the old process of an upgrade does.
    pub(super) fn hand_over(&mut self) {
        self.edge.as_ref().expect("it runs").hand_over();
    }

    /// Waits until every worker has ended by itself.
    pub(super) async fn ended(&mut self) {
        self.edge.as_mut().expect("it runs").ended().await;
    }

    /// A snapshot like its own.
    pub(super) fn snapshot(&self) -> Snapshot {
        let mut roots = RootCertStore::empty();
        snapshot(&self.setting, &mut roots)
    }

    /// The next request to an own page.
    pub(super) async fn own(&mut self) -> OwnRequest {
        let control = self.control.as_mut().expect("control runs");
        control.recv().await.expect("the worker lives")
    }
}

/// `app.test` and `alias.test` share site 0 and a certificate, `other.test` is site 1.
pub(super) fn snapshot(setting: &Setting, roots: &mut RootCertStore) -> Snapshot {
    let mut certificates = Certificates::default();
    for hosts in [&["app.test", "alias.test"][..], &["other.test"]] {
        let (key, certificate) = certificate(hosts);
        roots.add(certificate).expect("a certificate");
        for host in hosts {
            certificates.insert(host, key.clone());
        }
    }
    let upstreams: Box<[Upstream]> = setting
        .upstream
        .iter()
        .chain(&setting.more)
        .map(|place| Upstream {
            place: place.clone(),
            tls: setting.upstream_tls.as_ref().map(|_| "app.test".into()),
            protocol: setting.protocol,
        })
        .collect();
    let route = |path: &str, anonymous, body_max| Route {
        path: path.into(),
        methods: Box::default(),
        access: Access::Public,
        tokens: Tokens::None,
        step_up: None,
        admin: false,
        anonymous,
        body_max,
        throttle: Some(Class::Pages),
        cross_site: None,
        important: false,
        xss: Mode::Observe,
    };
    let guarded = |path: &str, methods: &[&str], access, tokens| Route {
        methods: methods.iter().map(|it| (*it).into()).collect(),
        access,
        tokens,
        ..route(path, false, 1 << 30)
    };
    let group = |name: &str| Access::Groups(Box::new([name.into()]));
    let site = |index, name: &str| {
        Arc::new(Site {
            index,
            name: name.into(),
            upstreams: upstreams.clone(),
            balance: setting.balance,
            health: setting.health.map(Into::into),
            compression: setting.compression,
            assertion: setting.assertion,
            routes: Box::new([
                guarded("/login/board", &["POST"], group("board"), Tokens::None),
                guarded("/login/staff", &[], group("staff"), Tokens::None),
                Route {
                    step_up: Some(Duration::from_secs(600)),
                    important: true,
                    ..guarded("/login/sure", &[], Access::Login, Tokens::Bearer)
                },
                Route {
                    step_up: Some(Duration::from_secs(600)),
                    admin: true,
                    ..guarded("/login/admin", &[], group("staff"), Tokens::None)
                },
                Route {
                    important: true,
                    ..guarded("/login/act", &[], Access::Login, Tokens::Basic)
                },
                Route {
                    cross_site: Some("payments".into()),
                    ..route("/hook", false, 1 << 30)
                },
                route("/private", true, 1 << 30),
                route("/small", false, SMALL),
                route("/-/small", false, SMALL),
                Route {
                    throttle: Some(Class::Api),
                    ..route("/api", false, 1 << 30)
                },
                Route {
                    throttle: None,
                    ..route("/free", false, 1 << 30)
                },
                Route {
                    xss: Mode::Neutralise,
                    ..route("/neutralise", false, 1 << 30)
                },
                Route {
                    xss: Mode::Refuse,
                    ..route("/refuse", false, 1 << 30)
                },
                Route {
                    xss: Mode::Off,
                    ..route("/unseen", false, 1 << 30)
                },
                guarded("/bearer", &[], Access::Login, Tokens::Bearer),
                guarded("/basic", &[], Access::Login, Tokens::Basic),
                guarded("/login", &[], Access::Login, Tokens::None),
                route("", false, 1 << 30),
            ]),
            important: setting.important,
            hsts: guards::hsts::Policy::default(),
            csp: setting.csp.clone(),
        })
    };
    Snapshot {
        generation: 1,
        sites: Box::new([site(0, "app.test"), site(1, "other.test")]),
        hosts: HashMap::from([
            ("app.test".into(), 0),
            ("alias.test".into(), 0),
            ("other.test".into(), 1),
        ]),
        prefix: "/-/".into(),
        certificates,
        upstream_tls: setting.upstream_tls.clone(),
        prebuilt: Arc::new(prebuilt()),
        limits: setting.limits,
        hsts: guards::hsts::Policy::default(),
        weakness_pages: setting.weakness_pages,
        trusted_proxies: setting.trusted_proxies.clone(),
        admin_networks: setting.admin_networks.clone(),
        block: setting.block.clone(),
        throttle: setting.throttle.clone(),
        csrf: setting.csrf.clone(),
        addresses: setting.addresses,
        public_port: 443,
        portal: Some("https://id.test".into()),
    }
}

pub(super) fn certificate(hosts: &[&str]) -> (Arc<CertifiedKey>, CertificateDer<'static>) {
    let names: Vec<_> = hosts.iter().map(ToString::to_string).collect();
    let made = rcgen::generate_simple_self_signed(names).expect("a certificate");
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let key = provider
        .key_provider
        .load_private_key(key)
        .expect("a usable key");
    let certificate = made.cert.der().clone();
    let certified = CertifiedKey::new(vec![certificate.clone()], key);
    (Arc::new(certified), certificate)
}

/// The page at `/-/security`, and refusals that say language, word and id.
fn prebuilt() -> Prebuilt {
    let mut refusals = HashMap::new();
    for page in RefusalPage::ALL {
        for language in Language::ALL {
            let holed = |content_type, before: String, after: &'static str| Holed {
                content_type,
                csp: "default-src 'none'".to_owned(),
                lead: (*page == RefusalPage::Banned).then(|| Bytes::from_static(b"until ")),
                before: before.into(),
                after: Bytes::from_static(after.as_bytes()),
            };
            let (tag, word) = (language.tag(), page.word());
            let document = RefusalDocument {
                html: holed(
                    "text/html; charset=utf-8",
                    format!("<p lang={tag}>{word} "),
                    "</p>",
                ),
                json: holed(
                    "application/problem+json",
                    format!("{{\"lang\":\"{tag}\",\"type\":\"{word}\",\"id\":\""),
                    "\"}",
                ),
            };
            refusals.insert((*page, language), document);
        }
    }
    let page = |language: Language| Document {
        content_type: "text/html; charset=utf-8",
        csp: "default-src 'none'".to_owned(),
        cache_control: "max-age=60",
        etag: format!("\"{}\"", language.tag()),
        body: format!("security in {}", language.tag()).into(),
    };
    let each = Box::new(Language::ALL.map(page));
    Prebuilt {
        pages: HashMap::from([("/-/security".into(), Localised::Each(each))]),
        stale: HashMap::new(),
        refusals: Arc::new(refusals),
    }
}
