//! The top of the file, and what all sections become together.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

use guards::{csrf::Csrf, hsts::Policy, network::Networks};
use seam::snapshot::Limits;

use crate::{
    accounts,
    accounts::Accounts,
    acme,
    acme::Acme,
    admin,
    admin::Admin,
    block,
    block::Block,
    csp::{self, Csp},
    csrf,
    env::{Found, in_words},
    hsts,
    key::{Absent, Form, section},
    limits, lockout,
    lockout::Lockout,
    mail,
    mail::Mail,
    mistake::Kind,
    password,
    password::Password,
    prover,
    prover::Prover,
    reader::Say,
    scalar::{self, Reach},
    session,
    session::Session,
    site,
    site::Site,
    store,
    store::Store,
    stored::Own,
    table::Table,
    team,
    team::Team,
    throttle,
    throttle::Throttle,
    tls,
    tls::Tls,
    tls_report,
    tls_report::TlsReport,
    track,
    track::Track,
    two_factor,
    two_factor::TwoFactor,
    weaknesses,
    weaknesses::Weaknesses,
    xss,
    xss::Xss,
};

section! {
    "",
    "These keys stand at the top of the file, before the first section.";
    DATA "data" Form::Path("a folder"), Absent::Required(""), "\"/var/lib/waarborg\"",
        "Folder of all that we keep; made at the first start. A change needs a restart.";
    PORTAL "portal" Form::Text("a host name"), Absent::Means("the console is on the operations listener only"), "\"id.example.com\"",
        "Host of sign-in, account and console; it needs a `[site]` of its own.";
    LISTEN "listen" Form::Texts("an address and port such as \"[::]:443\"", 64), Absent::Default("[::]:443"), "\"[::]:443\"",
        "Where browsers connect, TLS only. `[::]` takes IPv4 too, and stands for `0.0.0.0` where there is no IPv6; port 0 is any free one. A change needs a restart.";
    PUBLIC_PORT "public_port" Form::Count(1, 65_535, ""), Absent::Means("the port of the first `listen`"), "443",
        "The port in the address that browsers know, where a router or container maps it.";
    OPERATIONS "operations" Form::Text("an address and port such as \"127.0.0.1:9443\""), Absent::Default("127.0.0.1:9443"), "\"127.0.0.1:9443\"",
        "Where `/healthz`, `/readyz` and `/metrics` are answered; never a public address. A change needs a restart.";
    WORKERS "workers" Form::Count(1, 1024, "threads"), Absent::Means("one per core"), "4",
        "Threads that serve requests. A change needs a restart.";
    PREFIX "prefix" Form::Text("a path such as \"/-/\""), Absent::Default("/-/"), "\"/-/\"",
        "Path of own pages on every site; requests below it never reach an application.";
    TRUSTED_PROXIES "trusted_proxies" Form::Texts("an address or range such as \"10.0.0.0/8\"", Networks::MAX), Absent::Means("nobody"), "[\"10.0.0.5\", \"2001:db8:1::/48\"]",
        "Load balancers and proxies before us. They alone may say who the client is: by the PROXY protocol (versions 1 and 2), or by `X-Forwarded-For` or `Forwarded`, read from the right. A request in which these two fields name different clients is refused: let the proxy remove the one that it doesn't write.";
    STORE "store" Form::Section(&store::SECTION), Absent::Means("defaults"), "{}", "Where control keeps what must last.";
    SITE "site" Form::Section(&site::SECTION), Absent::Required(""), "{}", "An application.";
    HSTS "hsts" Form::Section(&hsts::SECTION), Absent::Means("defaults"), "{}", "Promise `hsts`.";
    CSP "csp" Form::Section(&csp::SECTION), Absent::Means("defaults"), "{}", "Promise `csp`.";
    ACME "acme" Form::Section(&acme::SECTION), Absent::Means("certificates from files"), "{}", "Certificates from an authority.";
    TLS "tls" Form::Section(&tls::SECTION), Absent::Means("defaults"), "{}", "Promise `tls`.";
    TLS_REPORT "tls-report" Form::Section(&tls_report::SECTION), Absent::Means("defaults"), "{}", "Promise `tls-report`.";
    ACCOUNTS "accounts" Form::Section(&accounts::SECTION), Absent::Means("defaults"), "{}", "Whether people make accounts themselves.";
    PASSWORD "password" Form::Section(&password::SECTION), Absent::Means("defaults"), "{}", "Promise `password`.";
    LOCKOUT "lockout" Form::Section(&lockout::SECTION), Absent::Means("defaults"), "{}", "Promise `lockout`.";
    TWO_FACTOR "two-factor" Form::Section(&two_factor::SECTION), Absent::Means("defaults"), "{}", "Promise `two-factor`.";
    ADMIN "admin" Form::Section(&admin::SECTION), Absent::Means("defaults"), "{}", "Promise `admin`.";
    TEAM "team" Form::Section(&team::SECTION), Absent::Means("defaults"), "{}", "Promise `team`.";
    BLOCK "block" Form::Section(&block::SECTION), Absent::Means("defaults"), "{}", "Promise `block`.";
    THROTTLE "throttle" Form::Section(&throttle::SECTION), Absent::Means("defaults"), "{}", "Promise `throttle`.";
    CSRF "csrf" Form::Section(&csrf::SECTION), Absent::Means("defaults"), "{}", "Promise `csrf`.";
    XSS "xss" Form::Section(&xss::SECTION), Absent::Means("defaults"), "{}", "Promise `xss`.";
    WEAKNESSES "weaknesses" Form::Section(&weaknesses::SECTION), Absent::Means("defaults"), "{}", "Weaknesses of applications.";
    SESSION "session" Form::Section(&session::SECTION), Absent::Means("defaults"), "{}", "How long a sign-in lasts.";
    LIMITS "limits" Form::Section(&limits::SECTION), Absent::Means("defaults"), "{}", "Limits.";
    TRACK "track" Form::Section(&track::SECTION), Absent::Means("defaults"), "{}", "Promise `track`.";
    MAIL "mail" Form::Section(&mail::SECTION), Absent::Means("no mail"), "{}", "How our mail leaves.";
    PROVER "prover" Form::Section(&prover::SECTION), Absent::Means("defaults"), "{}", "The drills.";
}

/// A whole configuration without mistakes. Secrets print as `…`.
#[derive(Debug, Clone)]
pub struct Config {
    /// `data`.
    pub data: PathBuf,
    /// `portal`, lower case.
    pub portal: Option<String>,
    /// `listen`: at least one.
    pub listen: Vec<SocketAddr>,
    /// `public_port`; 0 only where `listen` asks for any free port, until that is known.
    pub public_port: u16,
    /// `operations`.
    pub operations: SocketAddr,
    /// `workers`; `None` for one per core.
    pub workers: Option<u16>,
    /// `prefix`: begins and ends with `/`.
    pub prefix: String,
    /// `trusted_proxies`.
    pub trusted_proxies: Networks,
    /// `[store]`.
    pub store: Store,
    /// `[site]`, in the order of the file: at least one.
    pub sites: Vec<Site>,
    /// `[hsts]`.
    pub hsts: Policy,
    /// `[csp]`: of sites that say nothing themselves.
    pub csp: Csp,
    /// `[acme]`.
    pub acme: Option<Acme>,
    /// `[tls]`.
    pub tls: Tls,
    /// `[tls-report]`.
    pub tls_report: TlsReport,
    /// `[accounts]`.
    pub accounts: Accounts,
    /// `[password]`.
    pub password: Password,
    /// `[lockout]`.
    pub lockout: Lockout,
    /// `[two-factor]`.
    pub two_factor: TwoFactor,
    /// `[admin]`.
    pub admin: Admin,
    /// `[team]`.
    pub team: Team,
    /// `[block]`.
    pub block: Block,
    /// `[throttle]`.
    pub throttle: Throttle,
    /// `[csrf]`.
    pub csrf: Csrf,
    /// `[xss]`.
    pub xss: Xss,
    /// `[weaknesses]`.
    pub weaknesses: Weaknesses,
    /// `[session]`.
    pub session: Session,
    /// `[limits]`.
    pub limits: Limits,
    /// `[track]`.
    pub track: Track,
    /// `[mail]`.
    pub mail: Option<Mail>,
    /// `[prover]`.
    pub prover: Prover,
    /// The file itself.
    pub(crate) own: Own,
}

impl Config {
    /// The origin of the portal (RFC 6454), where there is one.
    pub fn portal_origin(&self) -> Option<String> {
        self.portal.as_deref().map(|portal| self.origin(portal))
    }

    /// The origin of one of our hosts, as browsers write it.
    pub fn origin(&self, host: &str) -> String {
        match self.public_port {
            443 => format!("https://{host}"),
            port => format!("https://{host}:{port}"),
        }
    }

    /// The policy of a site as it is sent: its forms may also lead to the portal, since
    /// browsers ask `form-action` of redirects, too, and signing in and out go that way.
    pub fn csp_policy(&self, site: &Site) -> guards::csp::Policy {
        let mut policy = site.csp.policy.clone();
        let forms = policy.stated(guards::csp::Directive::FormAction);
        let mut forms = forms.unwrap_or_default().to_vec();
        let portal = self.portal_origin();
        let portal = portal.and_then(|origin| guards::csp::Source::parse(&origin).ok());
        if let (Some(portal), false) = (
            portal,
            forms.is_empty() || forms == [guards::csp::Source::None],
        ) {
            forms.push(portal);
            // One too many is none: what the owner states comes first.
            let _ = policy.set(guards::csp::Directive::FormAction, forms);
        }
        policy
    }

    /// The keys that differ from `other` and are taken only by a restart.
    pub fn restart_keys(&self, other: &Self) -> Vec<&'static str> {
        [
            (DATA.name, self.data != other.data),
            (LISTEN.name, self.listen != other.listen),
            (OPERATIONS.name, self.operations != other.operations),
            (WORKERS.name, self.workers != other.workers),
            (STORE.name, self.store != other.store),
            (
                "throttle.memory",
                self.throttle.memory != other.throttle.memory,
            ),
        ]
        .into_iter()
        .filter_map(|(name, differs)| differs.then_some(name))
        .collect()
    }
}

/// Reads every section, whatever is wrong with the others. `None` only together with
/// a mistake.
pub(crate) fn read(table: &Table<'_, '_>, own: Own) -> Option<Config> {
    let data = table.path(&DATA);
    if let Some(data) = &data {
        judge_folder(table, data);
    }
    let portal = table.text(&PORTAL, scalar::host);
    let (listen, public_port, operations) = addresses(table);
    let workers = table
        .count(&WORKERS)
        .and_then(|count| u16::try_from(count).ok());
    let prefix = table.text(&PREFIX, scalar::prefix);
    let prefix = prefix.unwrap_or_else(|| "/-/".to_owned());
    let trusted = table.texts(&TRUSTED_PROXIES, scalar::proxies);
    let named = table.named_parts(&SITE);
    let admin = admin::read(&table.part(&ADMIN), portal.is_some());
    let csp = csp::read(&table.part(&CSP));
    let xss = xss::read(&table.part(&XSS));
    let around = site::Around {
        csp: &csp,
        portal: portal.as_deref(),
        admin: &admin,
        xss: xss.mode,
        prefix: &prefix,
        acme: table.has(&ACME),
    };
    let sites = site::read_all(&named, &around);
    if let Some(host) = &portal
        && !named
            .iter()
            .any(|(name, _)| scalar::host(name.value).as_ref() == Ok(host))
    {
        let say = Say::what(format!("the portal `{host}` has no site"))
            .expected("a section of its own")
            .help(format!(
                "add `[site.\"{host}\"]` with `certificate` and `key` (or none, and a section `[acme]`), without `upstream`"
            ));
        table
            .reader
            .mistake(Kind::Missing, &table.span(&PORTAL), say);
    }
    let part = |key| table.part(key);
    let around = accounts::Around {
        portal: portal.is_some(),
        mail: table.has(&MAIL),
        admin: &admin,
    };
    let accounts = accounts::read(&part(&ACCOUNTS), &around);
    let data = data.unwrap_or_default();
    let config = Config {
        portal,
        listen,
        public_port,
        operations,
        workers,
        prefix,
        trusted_proxies: Networks::new(trusted.into_iter().map(|at| at.value)),
        store: store::read(&part(&STORE)),
        sites,
        hsts: hsts::read(&part(&HSTS)),
        csp,
        acme: if table.has(&ACME) {
            acme::read(&part(&ACME))
        } else {
            None
        },
        tls: tls::read(&part(&TLS)),
        tls_report: tls_report::read(&part(&TLS_REPORT)),
        accounts,
        password: password::read(&part(&PASSWORD)),
        lockout: lockout::read(&part(&LOCKOUT)),
        two_factor: two_factor::read(&part(&TWO_FACTOR)),
        admin,
        team: team::read(&part(&TEAM)),
        block: block::read(&part(&BLOCK)),
        throttle: throttle::read(&part(&THROTTLE)),
        csrf: csrf::read(&part(&CSRF)),
        xss,
        weaknesses: weaknesses::read(&part(&WEAKNESSES)),
        session: session::read(&part(&SESSION)),
        limits: limits::read(&part(&LIMITS)),
        track: track::read(&part(&TRACK), &data),
        mail: if table.has(&MAIL) {
            mail::read(&part(&MAIL))
        } else {
            None
        },
        prover: prover::read(&part(&PROVER)),
        data,
        own,
    };
    table.finish();
    Some(config)
}

fn judge_folder(table: &Table<'_, '_>, data: &Path) {
    let why = match table.reader.env.look(data) {
        Ok(Found::Folder | Found::Nothing) => return,
        Ok(Found::File) => "it is a file".to_owned(),
        Err(error) => in_words(&error),
    };
    let say = Say::what(format!("`data` can't be used: {why}"))
        .expected("a folder of ours, or a name that is still free");
    table
        .reader
        .mistake(Kind::Unreadable, &table.span(&DATA), say);
}

fn addresses(table: &Table<'_, '_>) -> (Vec<SocketAddr>, u16, SocketAddr) {
    let listen = table.texts(&LISTEN, |text| scalar::socket(text, "[::]"));
    for (index, at) in listen.iter().enumerate() {
        let before = listen.iter().take(index);
        // Port 0 is another port each time.
        if at.value.port() != 0 && before.clone().any(|other| other.value == at.value) {
            let say = Say::what(format!("`listen` names {} twice", at.value));
            table
                .reader
                .mistake(Kind::Conflict, &at.span, say.expected("each address once"));
        }
    }
    let public_port = table
        .count(&PUBLIC_PORT)
        .and_then(|port| u16::try_from(port).ok());
    let first = listen.first().map_or(0, |at| at.value.port());
    let none = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
    let operations = table.text(&OPERATIONS, |text| scalar::socket(text, "127.0.0.1"));
    let operations = operations.unwrap_or(none);
    let span = table.span(&OPERATIONS);
    if operations.port() != 0 && listen.iter().any(|at| clash(at.value, operations)) {
        let say = Say::what(format!("`operations` and `listen` both take {operations}"))
            .expected("different addresses or ports");
        table.reader.mistake(Kind::Conflict, &span, say);
    }
    if scalar::reach(operations.ip()) == Reach::Beyond {
        let say = Say::what(format!(
            "`operations` is open to the network at {operations}"
        ))
        .help("metrics say much about your users: write `\"127.0.0.1:9443\"` or a private address");
        table.reader.warning(Kind::Doubtful, &span, say);
    }
    let listen = listen.into_iter().map(|at| at.value).collect();
    (listen, public_port.unwrap_or(first), operations)
}

/// Whether both can't be bound at once: the same port, and the same address or all.
fn clash(one: SocketAddr, other: SocketAddr) -> bool {
    let (a, b) = (one.ip(), other.ip());
    one.port() == other.port() && (a == b || a.is_unspecified() || b.is_unspecified())
}
