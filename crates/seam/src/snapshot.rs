//! What the edge goes by: immutable, made by control, swapped whole.

use std::{collections::HashMap, fmt, net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;
use terms::AddressKeeping;

use crate::{
    challenges::Challenges,
    prebuilt::Prebuilt,
    sessions::{Credential, Person},
};

/// Where an application listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Place {
    /// An address and port.
    Socket(SocketAddr),
    /// A name and port, resolved at each connect.
    Name(Box<str>, u16),
    /// A Unix socket.
    Unix(PathBuf),
}

/// An application behind us.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Upstream {
    /// Where it listens.
    pub place: Place,
    /// The name its certificate must bear; `None` for plain http.
    pub tls: Option<Box<str>>,
    /// What is spoken with it.
    pub protocol: Protocol,
}

/// What is spoken with an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// What the TLS handshake settles (ALPN): HTTP/2 where the application takes it, else
    /// HTTP/1.1.
    Negotiated,
    /// HTTP/2 from the first byte, without TLS: the owner knows that it is (RFC 9113
    /// section 3.3).
    Http2,
}

/// Which of several applications is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Balance {
    /// The first that is well: the others stand by.
    First,
    /// Each in its turn.
    RoundRobin,
}

/// Whether answers of the application are compressed where it doesn't do so itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Never.
    Off,
    /// Text, but nothing in which secrets and input may meet (BREACH).
    Safe,
    /// All text: the owner knows that no answer holds both.
    All,
}

/// Who may ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Access {
    /// Everyone.
    Public,
    /// Everyone who has signed in.
    Login,
    /// Whoever is in one of these groups.
    Groups(Box<[Box<str>]>),
}

impl Access {
    /// Whether somebody who is known may ask.
    pub fn admits(&self, person: &Person) -> bool {
        match self {
            Self::Public | Self::Login => true,
            Self::Groups(groups) => groups.iter().any(|group| person.is_in(group)),
        }
    }
}

/// Which credentials count, beside a browser's session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tokens {
    /// None.
    None,
    /// Bearer tokens.
    Bearer,
    /// Bearer tokens, and app passwords by HTTP Basic.
    Basic,
}

impl Tokens {
    /// Whether this credential counts among them; a cookie is none.
    pub fn take(self, credential: Credential) -> bool {
        match credential {
            Credential::Cookie => false,
            Credential::Bearer => self != Self::None,
            Credential::Basic => self == Self::Basic,
        }
    }
}

/// A part of a site that differs from the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    /// It holds for this path and everything below; begins with `/`, no `/` at the end
    /// (the whole site is the empty prefix).
    pub path: Box<str>,
    /// It holds for these methods only; all of them where it is empty.
    pub methods: Box<[Box<str>]>,
    /// Who may ask.
    pub access: Access,
    /// Which credentials count.
    pub tokens: Tokens,
    /// Whoever asks has given a second factor within this time; no token has.
    pub step_up: Option<Duration>,
    /// Only from [`Snapshot::admin_networks`].
    pub admin: bool,
    /// Records keep no client address.
    pub anonymous: bool,
    /// Largest request body in bytes.
    pub body_max: u64,
    /// Which pace its requests have; `None` for no limit.
    pub throttle: Option<guards::throttle::Class>,
    /// Why what could change something may come from other sites; `None`: it may not.
    pub cross_site: Option<Box<str>>,
    /// What changes something here bears a token.
    pub important: bool,
    /// What is done with markup of a request that its answer brings back.
    pub xss: guards::xss::Mode,
}

/// A site: the hosts that lead to one application.
#[derive(Debug)]
pub struct Site {
    /// Index in [`Snapshot::sites`]; what records carry.
    pub index: u16,
    /// The first host: its name in logs and pages.
    pub name: Box<str>,
    /// The applications, in order of preference; none for the portal.
    pub upstreams: Box<[Upstream]>,
    /// Which of them is asked first.
    pub balance: Balance,
    /// The path that each of them is asked for now and then, to see whether it is well.
    pub health: Option<Box<str>>,
    /// Whether its answers are compressed.
    pub compression: Compression,
    /// Whether its application gets a signed assertion of who asks.
    pub assertion: bool,
    /// Longest path first, and of one path those with methods; the last has the empty
    /// path and no methods, so one always holds.
    pub routes: Box<[Route]>,
    /// Whether one of its routes is important.
    pub important: bool,
    /// Its `Strict-Transport-Security`.
    pub hsts: guards::hsts::Policy,
    /// What its application's answers carry of a `Content-Security-Policy`.
    pub csp: guards::csp::Sent,
}

impl Site {
    /// The route of a request.
    ///
    /// # Panics
    /// Never for a site made by `config`: its last route holds for everything.
    pub fn route(&self, path: &str, method: &str) -> &Route {
        let holds = |route: &&Route| {
            path.strip_prefix(&*route.path).is_some_and(|rest| {
                rest.is_empty() || rest.starts_with('/') || route.path.is_empty()
            }) && (route.methods.is_empty() || route.methods.iter().any(|one| **one == *method))
        };
        self.routes
            .iter()
            .find(holds)
            .expect("the last route holds for every path")
    }
}

/// Certificates by the name a client asks for.
#[derive(Default)]
pub struct Certificates {
    by_name: HashMap<Box<str>, Arc<CertifiedKey>>,
}

impl fmt::Debug for Certificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}

impl Certificates {
    /// `host`, lower case, is served with `key`.
    pub fn insert(&mut self, host: &str, key: Arc<CertifiedKey>) {
        self.by_name.insert(host.into(), key);
    }

    /// The certificate for a name (lower case); `None` is a refused handshake.
    pub fn find(&self, host: &str) -> Option<&Arc<CertifiedKey>> {
        self.by_name.get(host)
    }

    /// Whether the certificate served for `asked` is also that of `host`: what a
    /// connection may be used for (421 otherwise).
    pub fn same(&self, asked: &str, host: &str) -> bool {
        asked == host
            || matches!(
                (self.find(asked), self.find(host)),
                (Some(one), Some(other)) if Arc::ptr_eq(one, other)
            )
    }
}

/// Limits on everything a client or an upstream can make long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// From accept to the end of the TLS handshake.
    pub handshake: Duration,
    /// From the first byte of a head to its last.
    pub head: Duration,
    /// Between requests on a kept connection.
    pub idle: Duration,
    /// How long a client may be silent, or take nothing, while a body is under way.
    pub stall: Duration,
    /// Bytes a second that a client's body must reach, or that it must take, once it has
    /// used up `stall`.
    pub least_rate: u32,
    /// To connect to an upstream, TLS included.
    pub connect: Duration,
    /// From request sent to the upstream's head.
    pub answer: Duration,
    /// Bytes of a head.
    pub head_bytes: u32,
    /// Fields of a head.
    pub fields: u16,
    /// Client connections per worker.
    pub connections: u32,
    /// Connections of one client, over all workers: an IPv4 address, or an IPv6 /64.
    pub connections_per_client: u32,
    /// Streams per HTTP/2 connection.
    pub streams: u32,
    /// Kept upstream connections per upstream and worker.
    pub kept: u16,
    /// How long connections may live on in the old process of an upgrade.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            handshake: Duration::from_secs(10),
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            least_rate: 100,
            connect: Duration::from_secs(3),
            answer: Duration::from_secs(60),
            head_bytes: 16 * 1024,
            fields: 100,
            connections: 16_384,
            connections_per_client: 12_288,
            streams: 100,
            kept: 512,
            drain: Duration::from_secs(3600),
        }
    }
}

/// Everything the edge goes by.
#[derive(Debug)]
pub struct Snapshot {
    /// Counts up with each swap.
    pub generation: u64,
    /// All sites, by index.
    pub sites: Box<[Arc<Site>]>,
    /// Index of the site of a host (lower case, no port).
    pub hosts: HashMap<Box<str>, u16>,
    /// The path under which own pages live: begins and ends with `/`.
    pub prefix: Box<str>,
    /// Certificates by name.
    pub certificates: Certificates,
    /// Roots for upstream TLS.
    pub upstream_tls: Option<Arc<rustls::ClientConfig>>,
    /// Pages that need no control.
    pub prebuilt: Arc<Prebuilt>,
    /// Limits.
    pub limits: Limits,
    /// `Strict-Transport-Security` of answers outside every site, such as to unknown hosts.
    pub hsts: guards::hsts::Policy,
    /// Proxies that may say who the client is: by the PROXY protocol, or in each request.
    pub trusted_proxies: guards::network::Networks,
    /// From where administrators may come; `None` for anywhere.
    pub admin_networks: Option<guards::network::Networks>,
    /// Who is refused by address.
    pub block: guards::block::Set,
    /// How many requests a client may make in a time.
    pub throttle: guards::throttle::Throttle,
    /// Which domains are our own.
    pub csrf: guards::csrf::Csrf,
    /// How many pages each worker reads in a second for what is weak in them; 0 for none, and
    /// for no look at cookies.
    pub weakness_pages: u16,
    /// How much of a client's address a record keeps.
    pub addresses: AddressKeeping,
    /// The port in the public address.
    pub public_port: u16,
    /// The origin of the portal (RFC 6454), where there is one.
    pub portal: Option<Box<str>>,
}

impl Snapshot {
    /// The site of a host (lower case, without port).
    pub fn site(&self, host: &str) -> Option<&Arc<Site>> {
        self.sites.get(usize::from(*self.hosts.get(host)?))
    }
}

/// The one place where the current snapshot stands.
#[derive(Debug)]
pub struct SnapshotCell {
    snapshot: ArcSwap<Snapshot>,
    challenges: Challenges,
}

impl SnapshotCell {
    /// Starts with `first`.
    pub fn new(first: Snapshot) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(first),
            challenges: Challenges::default(),
        }
    }

    /// The challenges that are under way.
    pub const fn challenges(&self) -> &Challenges {
        &self.challenges
    }

    /// Puts the next in place; requests under way keep theirs.
    pub fn swap(&self, next: Snapshot) {
        self.snapshot.store(Arc::new(next));
    }

    /// The current one.
    pub fn load(&self) -> arc_swap::Guard<Arc<Snapshot>> {
        self.snapshot.load()
    }

    /// The current one, to keep.
    pub fn load_full(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_path_holds_and_only_at_a_segment_border() {
        let route = |path: &str, methods: &[&str]| Route {
            path: path.into(),
            methods: methods.iter().map(|it| (*it).into()).collect(),
            access: Access::Public,
            tokens: Tokens::None,
            step_up: None,
            admin: false,
            anonymous: false,
            body_max: 1,
            throttle: None,
            cross_site: None,
            important: false,
            xss: guards::xss::Mode::Off,
        };
        let site = Site {
            index: 0,
            name: "a".into(),
            upstreams: Box::default(),
            balance: Balance::First,
            health: None,
            compression: Compression::Off,
            assertion: true,
            routes: Box::new([
                route("/admin/users", &[]),
                route("/admin", &["PUT", "POST"]),
                route("/admin", &[]),
                route("", &[]),
            ]),
            important: false,
            hsts: guards::hsts::Policy::default(),
            csp: guards::csp::Sent::default(),
        };
        let check = |path, expected| {
            assert_eq!(&*site.route(path, "GET").path, expected, "{path}");
        };
        check("/admin/users/7", "/admin/users");
        check("/admin", "/admin");
        check("/administrator", "");
        check("/", "");
        check("*", "");
        assert_eq!(site.route("/admin/x", "POST").methods.len(), 2);
        assert_eq!(site.route("/admin/x", "post").methods.len(), 0);
        assert_eq!(site.route("/x", "POST").methods.len(), 0);
    }
}
