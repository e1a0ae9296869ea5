//! How a drill gets to what it attacks: addresses, trust, limits. The same for all, so
//! that two drills never mean different doors.

use std::time::Duration;

use config::Reading;
use terms::{Clock, Micros};
use visitor::{
    Host, MalformedUrl, Phase, Scheme, Url, VisitError,
    address::{AddressPolicy, Checked},
    http::{Entrance, Protocol, Request, Visitor},
    raw::Door,
    tls::{Trust, TrustError, ssl_cert_file},
};

use crate::ground::{Ground, Order};

/// The time for one exchange: twice a slow round trip round the world, and more
/// than our own handshake takes under load.
pub(crate) const STEP: Duration = Duration::from_secs(5);

/// At most so many sites are visited in one run. With more, each run begins at another
/// one, so that none is left out for good.
pub(crate) const MAX_SITES: usize = 50;

/// A client of the target, and where it is.
pub(crate) struct Approach<'a> {
    pub(crate) visitor: Visitor,
    order: &'a Order,
    entrance: Entrance,
    /// The first hosts of the sites to visit.
    pub(crate) sites: Vec<&'a str>,
}

impl<'a> Approach<'a> {
    /// The way that the order names.
    pub(crate) fn new(ground: &'a Ground) -> Result<Self, TrustError> {
        Self::by(ground, ground.clock.clone())
    }

    /// The same, but certificates are judged as if it were so much later.
    pub(crate) fn ahead(ground: &'a Ground, span: Duration) -> Result<Self, TrustError> {
        Self::by(ground, Clock::manual(ground.clock.now().after(span)))
    }

    fn by(ground: &'a Ground, clock: Clock) -> Result<Self, TrustError> {
        let order = &ground.order;
        let trust = match &order.roots {
            Some(path) => Trust::nobody().and_file(path)?,
            None => Trust::standard(ssl_cert_file().as_deref(), None)?,
        };
        let policy = AddressPolicy::Any;
        let door = order
            .connect
            .and_then(|address| policy.admit_address(address).ok());
        let mut sites: Vec<&str> = order
            .reading
            .sites
            .iter()
            .filter_map(|site| site.hosts.first())
            .map(String::as_str)
            .collect();
        if sites.len() > MAX_SITES {
            let chance = usize::from_be_bytes(ground.rng.bytes());
            let first = chance % sites.len();
            sites.rotate_left(first);
            sites.truncate(MAX_SITES);
        }
        Ok(Self {
            visitor: Visitor::new(clock, policy, trust),
            order,
            entrance: Entrance {
                door: door.map(Door::Tcp),
                ..Entrance::default()
            },
            sites,
        })
    }

    pub(crate) const fn reading(&self) -> &'a Reading {
        &self.order.reading
    }

    /// Whether the roots are others than those of browsers.
    pub(crate) fn own_roots(&self) -> bool {
        self.order.roots.is_some() || ssl_cert_file().is_some()
    }

    /// `https://host:public_port` with a path.
    pub(crate) fn url(&self, host: &str, path: &str) -> Result<Url, MalformedUrl> {
        Url::root(Scheme::Https, host.parse()?, self.reading().public_port).with_path(path)
    }

    /// Entered by the door of the order.
    pub(crate) fn entrance(&self) -> Entrance {
        self.entrance.clone()
    }

    /// A GET by the door of the order.
    pub(crate) fn get(&self, url: Url, protocol: Protocol) -> Request {
        let mut request = Request::get(url);
        request.protocol = protocol;
        request.entrance = self.entrance();
        request.limits.total = STEP;
        request
    }

    /// The addresses of the URL's host, or the one of the order.
    pub(crate) async fn addresses(&self, url: &Url) -> Result<Vec<Checked>, VisitError> {
        let doors = match &self.entrance.door {
            Some(door) => vec![door.clone()],
            None => self.visitor.doors(url, STEP).await?,
        };
        let tcp = |door| match door {
            Door::Tcp(address) => Some(address),
            Door::Unix(_) => None,
        };
        Ok(doors.into_iter().filter_map(tcp).collect())
    }
}

/// The origin of a host over HTTPS, as browsers write it (RFC 6454 section 6.2).
pub(crate) fn origin(host: &str, port: u16) -> String {
    match port {
        443 => format!("https://{host}"),
        port => format!("https://{host}:{port}"),
    }
}

/// Whether a host can have neither a certificate of its own nor a place in a browser's
/// memory: an address, or a name of this machine (RFC 6761 section 6.3).
pub(crate) fn is_local_or_address(host: &str) -> bool {
    match host.parse() {
        Ok(Host::Name(name)) => name == "localhost" || name.ends_with(".localhost"),
        _ => true,
    }
}

/// Why nothing came back, for a transcript: without addresses.
pub(crate) const fn silence(error: &VisitError) -> &'static str {
    match error.phase {
        Phase::Resolve => "not-resolved",
        Phase::Connect => "no-connection",
        Phase::Tls => "no-handshake",
        Phase::Head | Phase::Body | Phase::Redirect => "no-answer",
    }
}

/// Whole days from now to then; negative once over.
pub(crate) const fn days_until(then: Micros, now: Micros) -> i64 {
    then.0.saturating_sub(now.0).div_euclid(86_400_000_000)
}

/// A word that nobody has used: for paths and names that exist nowhere.
pub(crate) fn unheard_of(ground: &Ground) -> String {
    let mut hex = ground.trace().to_string();
    hex.truncate(16);
    hex
}
