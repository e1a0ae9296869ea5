//! `[site."host"]`: an application, its hosts, its certificate, its routes.

use std::{collections::HashMap, path::PathBuf, sync::Arc};

use guards::{throttle::Class, xss::Mode};
use seam::snapshot::{Balance, Compression, Place, Protocol, Route, Upstream};

use crate::{
    access::{self, ACCESS, GROUPS, Rule, STEP_UP, TOKENS},
    admin::Admin,
    csp::{self, Csp},
    csrf,
    env::in_words,
    key::{Absent, Form, KIB, TIB, section},
    mistake::Kind,
    pair::{Pair, PairError},
    reader::{At, Say, quoted},
    scalar::{self, Reach, Wrong},
    table::Table,
    throttle::{self, CLASS, ROUTE_CLASS},
    xss::{self, ROUTE_MODE, SITE_MODE},
};

/// Sites of one gateway.
pub const SITES_MAX: usize = 1000;

section! {
    "[site.\"host\"]",
    "An application. The host is the name that browsers know it by, in lower case; the portal's site has only `certificate`, `key` and `aliases`.";
    UPSTREAM "upstream" Form::Texts("`http://host:port`, `https://host:port`, `unix:/path`, `h2c://host:port` or `h2c+unix:/path`", 16), Absent::Required("but for the portal"), "\"http://127.0.0.1:3000\"",
        "Where the application listens; of several, the first that is well. `https://` checks the certificate for that host, and speaks HTTP/2 where the application takes it (ALPN), else HTTP/1.1. `h2c` is HTTP/2 without TLS, for an application that is known to speak it, such as a gRPC server; WebSockets reach such an application only where it takes them over HTTP/2 (RFC 8441). With `https://` they go over HTTP/1.1.";
    BALANCE "balance" Form::Word(&[
            ("first", "the first that is well; the others stand by"),
            ("round-robin", "each in its turn, but those that aren't well"),
        ]), Absent::Default("first"), "\"round-robin\"",
        "Which of several applications is asked. One that can't be reached is passed over for 1 to 30 seconds; requests go to the next at once.";
    HEALTH "health" Form::Text("a path such as \"/healthz\""), Absent::Means("no checks: an application is well while it can be reached"), "\"/healthz\"",
        "A path that each application is asked for every 5 seconds by each worker. One that twice in a row doesn't answer with a status from 200 to 399 is passed over until it does twice.";
    COMPRESSION "compression" Form::Word(&[
            ("off", "answers leave as the application sends them"),
            ("safe", "text is compressed, but for a visitor with a cookie or credentials only styles, scripts, images and fonts without a query"),
            ("all", "all text is compressed"),
        ]), Absent::Default("safe"), "\"safe\"",
        "Whether text that the application sends plain is compressed (zstd, brotli, gzip), never server-sent events. Where an answer holds a secret beside something that a stranger can choose, its compressed length tells of the secret (BREACH): take `all` only where no answer does.";
    = ACCESS;
    = GROUPS;
    = TOKENS;
    = STEP_UP;
    = CLASS;
    = SITE_MODE;
    ASSERTION "assertion" Form::Switch, Absent::Default("true"), "false",
        "Whether the application gets a signed assertion of who asks (`Waarborg-Assertion`, a JWT; keys at `/-/jwks.json`) beside `Remote-User` and its kin.";
    CERTIFICATE "certificate" Form::Path("a PEM file with the certificate and its issuers"), Absent::Required("but with `[acme]`"), "\"app.pem\"",
        "The certificate for the host and all aliases, followed by its issuers'. A changed file is taken within seconds; one that can't be used leaves the old in force.";
    KEY "key" Form::Path("a PEM file with the certificate's key"), Absent::Required("but with `[acme]`"), "\"app.key\"",
        "The key of the certificate: RSA, ECDSA or Ed25519, without a passphrase.";
    ALIASES "aliases" Form::Texts("a host name", 100), Absent::Means("none"), "[\"www.app.example.com\"]",
        "Further hosts of the same application.";
    PLAINTEXT "plaintext" Form::Word(&[
            ("refused", "plain http to this machine and private addresses only"),
            ("accepted", "plain http anywhere; the `tls` promise then says so"),
        ]), Absent::Default("refused"), "\"refused\"",
        "Whether requests may travel to the application unencrypted over foreign networks.";
    BODY_MAX "body_max" Form::Size(KIB, TIB), Absent::Default("16GiB"), "\"1GiB\"",
        "Largest body of a request. Bodies are streamed: a large one costs no memory here.";
    CSP "csp" Form::Section(csp::SITE_SECTION), Absent::Means("as `[csp]` says"), "{}",
        "Promise `csp` on this site.";
    ROUTES "routes" Form::Section(&ROUTE), Absent::Means("the whole site is alike"), "[]",
        "Parts of the site that differ from the rest; of several that hold, the longest path does.";
}

const ROUTE: crate::key::Section = route::SECTION;

mod route {
    use super::{Absent, Form, KIB, TIB, section};
    use crate::{
        access::{ROUTE_ACCESS, ROUTE_GROUPS, ROUTE_STEP_UP, ROUTE_TOKENS},
        csrf::{CROSS_SITE, IMPORTANT},
        throttle::ROUTE_CLASS,
        xss::ROUTE_MODE,
    };

    section! {
        "[[site.\"host\".routes]]",
        "A part of a site that differs from the rest.";
        PATH "path" Form::Text("a path such as \"/reports\""), Absent::Required(""), "\"/reports\"",
            "The route holds for this path and everything below it; `/` is the whole site.";
        METHODS "methods" Form::Texts("a method such as \"POST\"", 16), Absent::Means("all"), "[\"POST\", \"DELETE\"]",
            "The route holds for requests with these methods only.";
        = ROUTE_ACCESS;
        = ROUTE_GROUPS;
        = ROUTE_TOKENS;
        = ROUTE_STEP_UP;
        = ROUTE_CLASS;
        = CROSS_SITE;
        = IMPORTANT;
        = ROUTE_MODE;
        ANONYMOUS "anonymous" Form::Switch, Absent::Default("false"), "true",
            "Whether records of these requests keep no client address.";
        BODY_MAX "body_max" Form::Size(KIB, TIB), Absent::Means("that of the site"), "\"10MiB\"",
            "Largest body of a request.";
    }

    /// Routes of one site.
    pub(super) const MAX: usize = 256;

    pub(super) fn keys() -> [&'static crate::key::Key; 4] {
        [&PATH, &METHODS, &ANONYMOUS, &BODY_MAX]
    }
}

/// The section of routes, for the list of all sections.
pub(crate) const ROUTE_SECTION: &crate::key::Section = &ROUTE;

/// Plain http beyond the machine and its private network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plaintext {
    /// Is a mistake.
    Refused,
    /// Is what the owner wants.
    Accepted,
}

/// What a site is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// An application is behind it.
    Application,
    /// Sign-in, account and console: own pages only.
    Portal,
}

/// Where a site's certificate comes from.
#[derive(Debug, Clone)]
pub enum Certification {
    /// From these files.
    Files {
        /// What is in them.
        pair: Arc<Pair>,
        /// `certificate`.
        certificate: PathBuf,
        /// `key`.
        key: PathBuf,
    },
    /// From an authority, by `[acme]`.
    Acme,
}

/// `[site."host"]`.
#[derive(Debug, Clone)]
pub struct Site {
    /// The host of the header, lower case.
    pub host: String,
    /// Further hosts, lower case.
    pub aliases: Vec<String>,
    /// What it is for.
    pub role: Role,
    /// In order of preference; empty for the portal.
    pub upstreams: Vec<Upstream>,
    /// `balance`.
    pub balance: Balance,
    /// `health`: a path, perhaps with a query.
    pub health: Option<String>,
    /// `compression`.
    pub compression: Compression,
    /// `assertion`.
    pub assertion: bool,
    /// `csp`, and what `[csp]` says.
    pub csp: Csp,
    /// For the host and all aliases.
    pub certification: Certification,
    /// `plaintext`.
    pub plaintext: Plaintext,
    /// Longest path first; the last has the empty path.
    pub routes: Vec<Route>,
}

/// Pairs by their files, so that sites which name the same files share one: a
/// connection made for one of them then serves the other too.
type Pairs = HashMap<(PathBuf, PathBuf), Option<Arc<Pair>>>;

/// What the rest of the file says that a site is judged by.
pub(crate) struct Around<'a> {
    /// `portal`.
    pub(crate) portal: Option<&'a str>,
    /// `prefix`.
    pub(crate) prefix: &'a str,
    /// Whether there is a section `[acme]`.
    pub(crate) acme: bool,
    /// `[csp]`.
    pub(crate) csp: &'a Csp,
    /// `[admin]`.
    pub(crate) admin: &'a Admin,
    /// `mode` of `[xss]`.
    pub(crate) xss: Mode,
}

/// Reads all sites, in the order of the file.
pub(crate) fn read_all(sites: &[(At<&str>, Table<'_, '_>)], around: &Around<'_>) -> Vec<Site> {
    let mut pairs = Pairs::new();
    let mut hosts: HashMap<String, String> = HashMap::new();
    let mut read = Vec::new();
    for (index, (name, table)) in sites.iter().enumerate() {
        if index == SITES_MAX {
            let say = Say::what(format!("there are {} sites", sites.len()))
                .expected(format!("at most {SITES_MAX}"));
            table.reader.mistake(Kind::OutOfRange, &name.span, say);
            break;
        }
        let host = scalar::host(name.value).unwrap_or_else(|wrong| {
            let mut say = Say::what(format!("the site {} has no host name", quoted(name.value)))
                .expected("a host name such as \"app.example.com\"");
            if let Some(help) = wrong.help {
                say = say.help(help);
            }
            table.reader.mistake(Kind::Malformed, &name.span, say);
            String::new()
        });
        let aliases = table.texts(&ALIASES, scalar::host);
        let all = std::iter::once(At {
            value: host.clone(),
            span: name.span.clone(),
        });
        for at in all
            .chain(aliases.iter().cloned())
            .filter(|at| !at.value.is_empty())
        {
            if let Some(first) = hosts.insert(at.value.clone(), host.clone()) {
                let say = Say::what(format!("the host `{}` stands there twice", at.value))
                    .expected("each host once, as a site or an alias")
                    .help(format!("it already leads to the site `{first}`"));
                table.reader.mistake(Kind::HostTwice, &at.span, say);
            }
        }
        let role = if around.portal == Some(host.as_str()) {
            Role::Portal
        } else {
            Role::Application
        };
        read.extend(one(table, host, aliases, role, around, &mut pairs));
    }
    read
}

fn one(
    table: &Table<'_, '_>,
    host: String,
    aliases: Vec<At<String>>,
    role: Role,
    around: &Around<'_>,
    pairs: &mut Pairs,
) -> Option<Site> {
    let upstreams = table.texts(&UPSTREAM, |text| upstream(text, table));
    let rule = match role {
        Role::Portal => Rule::OPEN,
        Role::Application => access::read(table, around),
    };
    let assertion = table.switch(&ASSERTION);
    let plaintext = match table.word(&PLAINTEXT) {
        Some("accepted") => Plaintext::Accepted,
        _ => Plaintext::Refused,
    };
    let balance = match table.word(&BALANCE) {
        Some("round-robin") => Balance::RoundRobin,
        _ => Balance::First,
    };
    let health = table.text(&HEALTH, scalar::request_path);
    let compression = match table.word(&COMPRESSION) {
        Some("off") => Compression::Off,
        Some("all") => Compression::All,
        _ => Compression::Safe,
    };
    for key in [
        &UPSTREAM,
        &BALANCE,
        &HEALTH,
        &COMPRESSION,
        &ACCESS,
        &GROUPS,
        &TOKENS,
        &CLASS,
        &SITE_MODE,
        &ASSERTION,
        &PLAINTEXT,
        &CSP,
    ] {
        match role {
            Role::Portal if table.has(key) => {
                let say = Say::what(format!("`{}` on the portal's site", key.name))
                    .expected("only `certificate`, `key` and `aliases`")
                    .help("the portal has no application: give it a host of its own");
                table.reader.mistake(Kind::Conflict, &table.span(key), say);
            }
            Role::Application if !table.has(key) && matches!(key.absent, Absent::Required(_)) => {
                table.missing(key);
            }
            _ => {}
        }
    }
    judge_plaintext(table, &upstreams, plaintext);
    let body_max = table.size(&BODY_MAX).unwrap_or(KIB);
    let class = throttle::class(table, &CLASS).flatten();
    let csp = if table.has(&CSP) {
        csp::of_site(&table.part(&CSP), around.csp)
    } else {
        around.csp.clone()
    };
    let mode = xss::mode(table, &SITE_MODE).unwrap_or(around.xss);
    let routes = routes(table, (body_max, class, mode), &rule, around);
    let certification = certification(table, around.acme, pairs);
    if let Some(Certification::Files { pair, .. }) = &certification {
        let names = std::iter::once(&host).chain(aliases.iter().map(|at| &at.value));
        judge_names(table, pair, names);
    }
    table.finish();
    Some(Site {
        host,
        aliases: aliases.into_iter().map(|at| at.value).collect(),
        role,
        upstreams: upstreams.into_iter().map(|at| at.value).collect(),
        balance,
        health,
        compression,
        assertion,
        csp,
        certification: certification?,
        plaintext,
        routes,
    })
}

/// `http://host:port`, `https://host:port`, `unix:/path`, `h2c://host:port`,
/// `h2c+unix:/path`.
fn upstream(text: &str, table: &Table<'_, '_>) -> Result<Upstream, Wrong> {
    let unix = [("unix:", Protocol::Http1), ("h2c+unix:", Protocol::Http2)];
    for (scheme, protocol) in unix {
        let Some(path) = text.strip_prefix(scheme) else {
            continue;
        };
        let path = path.strip_prefix("//").unwrap_or(path);
        if path.is_empty() || path.contains('\0') {
            return Err(Wrong::expected("a path behind `unix:`"));
        }
        return Ok(Upstream {
            place: Place::Unix(scalar::beside(&table.reader.folder, path)),
            tls: None,
            protocol,
        });
    }
    let (protocol, rest) = match text.split_once("://") {
        Some(("http", rest)) => (Protocol::Http1, rest),
        Some(("https", rest)) => (Protocol::Negotiated, rest),
        Some(("h2c", rest)) => (Protocol::Http2, rest),
        Some(_) => return Err(Wrong::PLAIN),
        None => {
            let plain = scalar::authority(text, Some(80)).is_ok();
            let help = || Wrong::help(format!("write `\"http://{text}\"` or `\"https://{text}\"`"));
            return Err(if plain { help() } else { Wrong::PLAIN });
        }
    };
    let tls = protocol == Protocol::Negotiated;
    let (name, port) = scalar::authority(rest, Some(if tls { 443 } else { 80 }))?;
    let tls = tls.then(|| name.clone().into_boxed_str());
    let place = match name.parse() {
        Ok(address) => Place::Socket(std::net::SocketAddr::new(address, port)),
        Err(_) => Place::Name(name.into(), port),
    };
    Ok(Upstream {
        place,
        tls,
        protocol,
    })
}

/// Whether an upstream is reached without TLS over a network that isn't ours. A name
/// may resolve to anything, so only `localhost` (RFC 6761 section 6.3) is near.
pub(crate) fn is_plain_beyond(upstream: &Upstream) -> bool {
    let beyond = match &upstream.place {
        Place::Unix(_) => false,
        Place::Socket(address) => scalar::reach(address.ip()) == Reach::Beyond,
        Place::Name(name, _) => !is_localhost(name),
    };
    upstream.tls.is_none() && beyond
}

/// `localhost` and what is below it.
pub(crate) fn is_localhost(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

fn judge_plaintext(table: &Table<'_, '_>, upstreams: &[At<Upstream>], plaintext: Plaintext) {
    let plain: Vec<_> = upstreams
        .iter()
        .filter(|at| is_plain_beyond(&at.value))
        .collect();
    if plaintext == Plaintext::Accepted && plain.is_empty() && !upstreams.is_empty() {
        let say = Say::what("`plaintext = \"accepted\"`, but no upstream needs it")
            .help("leave it out: else a later change could send requests unencrypted unseen");
        let span = table.span(&PLAINTEXT);
        table.reader.warning(Kind::Doubtful, &span, say);
    }
    if plaintext == Plaintext::Accepted {
        return;
    }
    for at in plain {
        let what = match &at.value.place {
            Place::Name(name, _) => {
                format!("plain http to `{name}`, which may resolve to any address")
            }
            _ => "plain http to a public address".to_owned(),
        };
        let say = Say::what(what)
            .expected("https://, or an address of this machine or a private network")
            .help("if the way there is safe otherwise, write `plaintext = \"accepted\"`; the `tls` promise then says so");
        table.reader.mistake(Kind::Plaintext, &at.span, say);
    }
}

fn routes(
    table: &Table<'_, '_>,
    (body_max, class, mode): (u64, Option<Class>, Mode),
    rule: &Rule,
    around: &Around<'_>,
) -> Vec<Route> {
    let prefix = around.prefix;
    let mut routes: Vec<Route> = Vec::new();
    let parts = table.parts(&ROUTES);
    if parts.len() > route::MAX {
        let say = Say::what(format!("there are {} routes", parts.len()))
            .expected(format!("at most {}", route::MAX));
        table
            .reader
            .mistake(Kind::OutOfRange, &table.span(&ROUTES), say);
    }
    let [path_key, methods_key, anonymous, body_key] = route::keys();
    for part in parts.iter().take(route::MAX) {
        let path = part.text(path_key, scalar::route_path);
        let methods = part.texts(methods_key, method);
        let methods: Box<[Box<str>]> = methods.into_iter().map(|at| at.value.into()).collect();
        let own = access::of_route(part, rule, around);
        let anonymous = part.switch(anonymous);
        let body_max = part.size(body_key).unwrap_or(body_max);
        let class = throttle::class(part, &ROUTE_CLASS).unwrap_or(class);
        let (cross_site, important) = csrf::of_route(part, &own.access);
        let mode = xss::mode(part, &ROUTE_MODE).unwrap_or(mode);
        part.finish();
        let Some(path) = path else { continue };
        let span = part.span(path_key);
        if format!("{path}/").starts_with(prefix) {
            let say = Say::what("a route below our own pages")
                .expected(format!("a path outside `{prefix}`"))
                .help("another place for own pages can be chosen by `prefix`");
            part.reader.mistake(Kind::Conflict, &span, say);
        }
        let same = |other: &Route| {
            let both_all = other.methods.is_empty() && methods.is_empty();
            let shared = other.methods.iter().any(|it| methods.contains(it));
            *other.path == *path && (both_all || shared)
        };
        if routes.iter().any(same) {
            let say = Say::what("a second route with this path")
                .expected("each path once, or once for each of its methods");
            part.reader.mistake(Kind::Conflict, &span, say);
        }
        routes.push(Route {
            path: path.into(),
            methods,
            access: own.access,
            tokens: own.tokens,
            step_up: own.step_up,
            admin: own.admin,
            anonymous,
            body_max,
            throttle: class,
            cross_site,
            important,
            xss: mode,
        });
    }
    let whole = |route: &Route| route.path.is_empty() && route.methods.is_empty();
    if !routes.iter().any(whole) {
        routes.push(Route {
            path: "".into(),
            methods: Box::default(),
            access: rule.access.clone(),
            tokens: rule.tokens,
            step_up: rule.step_up,
            admin: rule.admin,
            anonymous: false,
            body_max,
            throttle: class,
            cross_site: None,
            important: false,
            xss: mode,
        });
    }
    routes.sort_by_key(|route| {
        let length = route.path.len();
        (std::cmp::Reverse(length), route.methods.is_empty())
    });
    routes
}

/// A method as requests bear it (RFC 9110 section 9.1): case counts.
fn method(text: &str) -> Result<String, Wrong> {
    if is_token(text) && !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        Ok(text.to_owned())
    } else {
        Err(Wrong::PLAIN)
    }
}

fn is_token(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn certification(table: &Table<'_, '_>, acme: bool, pairs: &mut Pairs) -> Option<Certification> {
    match (table.has(&CERTIFICATE), table.has(&KEY)) {
        (false, false) if acme => return Some(Certification::Acme),
        (false, false) => {
            table.missing_for(
                &CERTIFICATE,
                format!(
                    "add `{} = {}` and `{} = {}`, or a section `[acme]` and no files",
                    CERTIFICATE.name, CERTIFICATE.example, KEY.name, KEY.example
                ),
            );
        }
        (true, false) => table.missing(&KEY),
        (false, true) => table.missing(&CERTIFICATE),
        (true, true) => {}
    }
    let files = (table.path(&CERTIFICATE)?, table.path(&KEY)?);
    let pair = if let Some(known) = pairs.get(&files) {
        known.clone()
    } else {
        let pair = read_pair(table, &files);
        pairs.insert(files.clone(), pair.clone());
        pair
    };
    Some(Certification::Files {
        pair: pair?,
        certificate: files.0,
        key: files.1,
    })
}

fn read_pair(table: &Table<'_, '_>, files: &(PathBuf, PathBuf)) -> Option<Arc<Pair>> {
    let reader = table.reader;
    let read = |key: &crate::key::Key, path: &PathBuf| match reader.env.read(path) {
        Ok(file) => Some(file),
        Err(error) => {
            let what = format!("`{}` can't be read: {}", key.name, in_words(&error));
            let mut say = Say::what(what).expected(key.form.expected());
            // An absolute path stands in the line that is shown.
            if path.is_relative() || path.starts_with(&reader.folder) {
                say = say.help(format!("it was looked for at {}", path.display()));
            }
            reader.mistake(Kind::Unreadable, &table.span(key), say);
            None
        }
    };
    let (certificate, key) = (read(&CERTIFICATE, &files.0), read(&KEY, &files.1));
    let (certificate, key) = (certificate?, key?);
    if key.exposed {
        let say = Say::what("every user of this machine can read the key")
            .help(format!("`chmod 600 {}`", files.1.display()));
        reader.warning(Kind::Exposed, &table.span(&KEY), say);
    }
    let pair = match Pair::from_pem(certificate.bytes.expose(), key.bytes.expose()) {
        Ok(pair) => pair,
        Err(error) => {
            let at = if error.is_keys() { &KEY } else { &CERTIFICATE };
            let kind = match error {
                PairError::Mismatch => Kind::KeyMismatch,
                _ => Kind::BadPem,
            };
            let text = error.to_string();
            let (what, expected) = text.split_once("; expected ").unwrap_or((&text, ""));
            let say = Say::what(format!("`{}` can't be used: {what}", at.name)).expected(expected);
            reader.mistake(kind, &table.span(at), say);
            return None;
        }
    };
    let now = reader.env.now();
    let dated = if now > pair.not_after {
        Some(format!("the certificate ended on {}", day(pair.not_after)))
    } else if now < pair.not_before {
        Some(format!(
            "the certificate begins only on {}",
            day(pair.not_before)
        ))
    } else {
        None
    };
    if let Some(what) = dated {
        let say = Say::what(what).help("browsers refuse it: renew it, or set this machine's clock");
        reader.warning(Kind::OutOfDate, &table.span(&CERTIFICATE), say);
    }
    Some(Arc::new(pair))
}

fn day(time: terms::Micros) -> String {
    let text = time.to_string();
    text.split('T').next().unwrap_or_default().to_owned()
}

fn judge_names<'h>(table: &Table<'_, '_>, pair: &Pair, hosts: impl Iterator<Item = &'h String>) {
    let missing: Vec<_> = hosts
        .filter(|host| !host.is_empty() && !pair.covers(host))
        .map(|host| format!("`{host}`"))
        .collect();
    if missing.is_empty() {
        return;
    }
    let names = match pair.names.as_slice() {
        [] => "it names none".to_owned(),
        names => {
            let more = if names.len() > 5 { ", …" } else { "" };
            let first: Vec<_> = names
                .iter()
                .take(5)
                .map(|name| format!("`{name}`"))
                .collect();
            format!("it names {}{more}", first.join(", "))
        }
    };
    let say = Say::what(format!("the certificate isn't for {}", missing.join(", ")))
        .expected("a certificate for the host and all aliases")
        .help(names);
    table
        .reader
        .mistake(Kind::NotCovered, &table.span(&CERTIFICATE), say);
}
