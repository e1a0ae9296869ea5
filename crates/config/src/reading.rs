//! What the prober is told of a configuration: no secrets, and nothing but what a
//! drill needs to know what was promised.

use guards::{
    block::Action,
    csp::{Mode, Source},
    hsts::Scope,
    throttle::Class,
    xss,
};
use seam::snapshot::{Access, Place, Route, Upstream};
use serde::{Deserialize, Serialize};
use terms::{AddressKeeping, Grade};

use crate::{
    config::Config,
    scalar::{self, Reach},
    site::{self, Role},
    track::AccessLog,
};

/// The drills' reading of a configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// Digest of the file's text, in hex: which configuration a verdict is about.
    pub digest: String,
    /// The port in the public address.
    pub public_port: u16,
    /// The path of own pages.
    pub prefix: String,
    /// All sites; the first host of each is its name.
    pub sites: Vec<SiteReading>,
    /// Promise `hsts`.
    pub hsts: HstsReading,
    /// Promise `csp`: the sites whose applications have a policy of ours.
    pub csp: Vec<CspReading>,
    /// Promise `tls-report`.
    pub tls_report: TlsReportReading,
    /// Promise `password`.
    pub password: PasswordReading,
    /// Promise `lockout`.
    pub lockout: LockoutReading,
    /// Promise `block`.
    pub block: BlockReading,
    /// Promise `throttle`.
    pub throttle: ThrottleReading,
    /// Promise `csrf`.
    pub csrf: CsrfReading,
    /// Promise `xss`.
    pub xss: XssReading,
    /// Promise `track`.
    pub track: TrackReading,
    /// Promise `team`.
    pub team: TeamReading,
    /// Promise `admin`.
    pub admin: AdminReading,
    /// Seconds between two runs.
    pub period_s: u64,
    /// Whether steps that need a browser can be run, and with which program.
    pub browser: Option<String>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SiteReading {
    /// The name, then the aliases.
    pub hosts: Vec<String>,
    /// Whether it is the portal: own pages only.
    pub portal: bool,
    /// Promise `tls`: the ways to its applications.
    pub ways: Vec<Way>,
}

/// How requests travel to an application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// A Unix socket.
    Unix,
    /// Plain, without leaving the machine.
    Loopback,
    /// Plain, to an address of a private network.
    Private,
    /// Verified TLS.
    Tls,
    /// Plain over a network that isn't ours: the owner accepts it.
    PlaintextAccepted,
}

/// Promise `hsts`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HstsReading {
    /// Seconds.
    pub max_age_s: u64,
    /// Whether hosts below are covered.
    pub include_subdomains: bool,
    /// Whether the owner consents to preloading.
    pub preload: bool,
}

/// Promise `csp`, on one site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CspReading {
    /// The site's name.
    pub host: String,
    /// Whether browsers hold to it, rather than only report.
    pub enforced: bool,
    /// Whether it stops scripts that somebody put into a page.
    pub strict: bool,
    /// Whether each answer's policy has a nonce of its own besides.
    pub nonce: bool,
    /// What it states, each directive with its sources.
    pub policy: Vec<(String, Vec<String>)>,
}

/// Promise `tls-report`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TlsReportReading {
    /// The least grade that is promised.
    pub least: Grade,
}

/// Promise `password`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordReading {
    /// The shortest that may be chosen, in characters.
    pub length: u8,
    /// bcrypt's cost of new hashes.
    pub cost: u8,
    /// Whether a file of breached passwords is refused, beside the commonest.
    pub breached_file: bool,
}

/// Promise `lockout`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LockoutReading {
    /// Wrong passwords that are let in within the window.
    pub guesses: u8,
    /// Seconds.
    pub window_s: u64,
}

/// Promise `block`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BlockReading {
    /// Whether connections are closed before their handshake, rather than refused.
    pub drop: bool,
    /// Whether nobody is refused.
    pub observe: bool,
    /// Whether unknown addresses are refused.
    pub unknown: bool,
    /// How many entries refuse somebody, those of files among them.
    pub entries: u64,
    /// How many lists of others are fetched that refuse somebody.
    pub feeds: u64,
    /// Whether clients are banned without a person.
    pub bans: bool,
}

/// Promise `throttle`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThrottleReading {
    /// Whether nobody is refused.
    pub observe: bool,
    /// Of pages, ours among them.
    pub pages: PaceReading,
    /// Of attempts to get in.
    pub sign_in: PaceReading,
}

/// Promise `xss`: how many routes of applications have each mode; a site counts as one, and
/// each of its routes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct XssReading {
    /// Nobody looks.
    pub off: u32,
    /// Markup that comes back is told to the team.
    pub observe: u32,
    /// It leaves escaped.
    pub neutralise: u32,
    /// Its answer is refused.
    pub refuse: u32,
}

impl XssReading {
    /// How many routes there are.
    pub const fn routes(&self) -> u32 {
        self.off + self.observe + self.enforced()
    }

    /// How many of them act.
    pub const fn enforced(&self) -> u32 {
        self.neutralise + self.refuse
    }
}

/// A pace of one client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaceReading {
    /// Requests that may come at once.
    pub burst: u32,
    /// The time between two of them afterwards, in microseconds.
    pub interval_us: u64,
}

/// Promise `csrf`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CsrfReading {
    /// Whether nobody is refused.
    pub observe: bool,
    /// Own domains beside the sites.
    pub origins: u64,
    /// Routes that take requests from other sites.
    pub exceptions: u64,
    /// Sites that do so at paths that nobody has named.
    pub open: Vec<String>,
    /// Routes whose actions need a token.
    pub important: u64,
    /// Those of them that everybody reaches who has signed in, by the password alone.
    #[serde(default)]
    pub actions: Vec<ImportantAction>,
}

/// What needs a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportantAction {
    /// The site's name.
    pub host: String,
    /// The path of the route, without `/` at its end.
    pub path: String,
    /// A method that it takes, and that makes nothing at a path that nobody has: `PUT` might.
    pub method: String,
}

/// Promise `track`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackReading {
    /// Where the access log goes.
    pub access_log: AccessLog,
    /// Seconds that records are kept.
    pub retention_s: u64,
    /// How much of a client's address is kept.
    pub addresses: AddressKeeping,
}

/// Promise `team`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TeamReading {
    /// Whether it is said who the team is.
    pub people: bool,
    /// Whether GitHub is asked.
    pub github: bool,
}

/// Promise `admin`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminReading {
    /// How old a second factor may be when something is changed, in seconds.
    pub fresh_s: u64,
    /// Whether administrators may only come from some networks.
    pub networks: bool,
    /// Routes of applications with `access = "admin"`.
    pub routes: Vec<AdminRoute>,
}

/// A route with `access = "admin"`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdminRoute {
    /// The site's name.
    pub host: String,
    /// The path; `/` for the whole site.
    pub path: String,
}

impl Reading {
    /// The host that people sign in at, where there is one.
    pub fn portal(&self) -> Option<&str> {
        let portal = self.sites.iter().find(|site| site.portal)?;
        portal.hosts.first().map(String::as_str)
    }
}

impl Config {
    /// The drills' reading; `digest` is that of the file's text, in hex.
    pub fn reading(&self, digest: String) -> Reading {
        let sites = self.sites.iter().map(|site| SiteReading {
            hosts: std::iter::once(&site.host)
                .chain(&site.aliases)
                .cloned()
                .collect(),
            portal: site.role == Role::Portal,
            ways: site.upstreams.iter().map(way).collect(),
        });
        Reading {
            digest,
            public_port: self.public_port,
            prefix: self.prefix.clone(),
            sites: sites.collect(),
            hsts: HstsReading {
                max_age_s: self.hsts.max_age_s(),
                include_subdomains: self.hsts.scope() != Scope::Host,
                preload: self.hsts.scope() == Scope::Preload,
            },
            csp: self
                .sites
                .iter()
                .filter_map(|site| csp(self, site))
                .collect(),
            tls_report: TlsReportReading {
                least: self.tls_report.least,
            },
            password: PasswordReading {
                length: self.password.length,
                cost: self.password.cost,
                breached_file: self.password.breached.is_some(),
            },
            lockout: LockoutReading {
                guesses: self.lockout.guesses,
                window_s: self.lockout.window.as_secs(),
            },
            block: BlockReading {
                drop: self.block.action == Action::Drop,
                observe: self.block.observe,
                unknown: self.block.unknown,
                entries: u64::try_from(self.block.lists.refusing()).unwrap_or(u64::MAX),
                feeds: self
                    .block
                    .feeds
                    .iter()
                    .map(|feed| u64::from(feed.action != Action::Observe))
                    .sum(),
                bans: self.block.bans,
            },
            throttle: ThrottleReading {
                observe: self.throttle.guard.observe,
                pages: pace(self, Class::Pages),
                sign_in: pace(self, Class::SignIn),
            },
            csrf: csrf(self),
            xss: modes(self),
            track: TrackReading {
                access_log: self.track.access_log,
                retention_s: self.track.retention.as_secs(),
                addresses: self.track.addresses,
            },
            team: TeamReading {
                people: !self.team.groups.is_empty(),
                github: self.team.github.is_some(),
            },
            admin: AdminReading {
                fresh_s: self.admin.fresh.as_secs(),
                networks: self.admin.networks.is_some(),
                routes: self.sites.iter().flat_map(admin_routes).collect(),
            },
            period_s: self.prover.period.as_secs(),
            browser: self
                .prover
                .browser
                .as_ref()
                .map(|path| path.display().to_string()),
        }
    }
}

fn csp(config: &Config, site: &site::Site) -> Option<CspReading> {
    let csp = &site.csp;
    let sent = site.role == Role::Application && csp.mode != Mode::Off;
    let texts = |sources: &[Source]| sources.iter().map(Source::to_string).collect();
    sent.then(|| CspReading {
        host: site.host.clone(),
        enforced: csp.mode == Mode::Enforce,
        strict: csp.policy.stops_injected_scripts(csp.nonce),
        nonce: csp.nonce,
        policy: config
            .csp_policy(site)
            .iter()
            .map(|(directive, sources)| (directive.name().to_owned(), texts(sources)))
            .collect(),
    })
}

fn pace(config: &Config, class: Class) -> PaceReading {
    let (pace, _) = config.throttle.guard.pace(class);
    PaceReading {
        burst: pace.burst(),
        interval_us: u64::try_from(pace.interval().as_micros()).unwrap_or(u64::MAX),
    }
}

fn csrf(config: &Config) -> CsrfReading {
    let routes = || config.sites.iter().flat_map(|site| &site.routes);
    let count = |count: usize| u64::try_from(count).unwrap_or(u64::MAX);
    let is_open = |route: &Route| {
        let posts = route.methods.is_empty() || route.methods.iter().any(|it| **it == *"POST");
        route.path.is_empty() && posts && route.cross_site.is_some()
    };
    let open = config
        .sites
        .iter()
        .filter(|site| site.routes.iter().any(is_open));
    CsrfReading {
        observe: config.csrf.observe,
        origins: count(config.csrf.origins().count()),
        exceptions: count(routes().filter(|route| route.cross_site.is_some()).count()),
        open: open.map(|site| site.host.clone()).collect(),
        important: count(routes().filter(|route| route.important).count()),
        actions: config.sites.iter().flat_map(actions).collect(),
    }
}

fn actions(site: &site::Site) -> impl Iterator<Item = ImportantAction> {
    let open = |route: &&Route| {
        route.important && route.access == Access::Login && route.step_up.is_none()
    };
    let routes = site.routes.iter().filter(open);
    routes.filter_map(|route| {
        let takes = |method: &str| route.methods.iter().any(|it| **it == *method);
        let mut changes = ["POST", "DELETE", "PATCH"].into_iter();
        let method = match &*route.methods {
            [] => "POST",
            _ => changes.find(|method| takes(method))?,
        };
        Some(ImportantAction {
            host: site.host.clone(),
            path: route.path.to_string(),
            method: method.to_owned(),
        })
    })
}

fn modes(config: &Config) -> XssReading {
    let applications = config.sites.iter().filter(|it| it.role != Role::Portal);
    let mut reading = XssReading::default();
    for route in applications.flat_map(|site| &site.routes) {
        let count = match route.xss {
            xss::Mode::Off => &mut reading.off,
            xss::Mode::Observe => &mut reading.observe,
            xss::Mode::Neutralise => &mut reading.neutralise,
            xss::Mode::Refuse => &mut reading.refuse,
        };
        // Sites and routes are few.
        *count = count.saturating_add(1);
    }
    reading
}

fn admin_routes(site: &site::Site) -> impl Iterator<Item = AdminRoute> {
    let reads = |route: &&Route| {
        route.methods.is_empty() || route.methods.iter().any(|method| **method == *"GET")
    };
    let routes = site.routes.iter().filter(|route| route.admin).filter(reads);
    routes.map(|route| AdminRoute {
        host: site.host.clone(),
        path: match &*route.path {
            "" => "/".to_owned(),
            path => path.to_owned(),
        },
    })
}

fn way(upstream: &Upstream) -> Way {
    if upstream.tls.is_some() {
        return Way::Tls;
    }
    match &upstream.place {
        Place::Unix(_) => Way::Unix,
        _ if site::is_plain_beyond(upstream) => Way::PlaintextAccepted,
        Place::Socket(address) if scalar::reach(address.ip()) == Reach::Private => Way::Private,
        Place::Socket(_) | Place::Name(..) => Way::Loopback,
    }
}
