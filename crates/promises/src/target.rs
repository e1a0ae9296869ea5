//! What any visitor may check of a site, without its configuration: `waarborg prove
//! --target URL`.
//!
//! Passive unless the site consents: an ordinary visit over HTTPS, a page that isn't
//! there, the certificate, one plain request to port 80, and the hellos that every
//! public server meets daily from scanners of TLS, one at a time. Plaintext at the TLS
//! port, the port census and what `tls` asks of old versions ([`crate::Order::active`])
//! only where the site serves the token that was printed, at [`CONSENT_PATH`].

use std::{
    net::{IpAddr, SocketAddr, UdpSocket},
    path::PathBuf,
};

use config::{
    AccessLog, AdminReading, BlockReading, CsrfReading, HstsReading, LockoutReading, PaceReading,
    PasswordReading, Reading, SiteReading, TeamReading, ThrottleReading, TlsReportReading,
    TrackReading, XssReading,
};
use terms::{AddressKeeping, Grade, PromiseId, Rng, Vantage};
use visitor::{
    Scheme, Url, VisitError,
    address::{AddressPolicy, resolve},
    http::Protocol,
};

use crate::{
    approach::{Approach, STEP},
    ground::{Ground, Order},
};

/// Where a site shows that it consents to active drills.
pub const CONSENT_PATH: &str = "/.well-known/waarborg-prove";

/// What preload lists ask for, and thus what is expected of a site that promised
/// nothing: a year, in seconds.
pub const EXPECTED_MAX_AGE_S: u64 = 31_536_000;

/// Which promises can be checked at all.
pub const PROMISES: [PromiseId; 3] = [PromiseId::Tls, PromiseId::Hsts, PromiseId::TlsReport];

/// The order for a foreign site, passive; set `active` once [`consented`].
///
/// An `http://` URL stands for the same host over HTTPS. The vantage is found out: the
/// site's own machine looks at itself from the same host, whatever the route.
///
/// # Errors
/// When the host isn't found.
pub async fn order(
    url: &Url,
    run: String,
    nonce: String,
    roots: Option<PathBuf>,
) -> Result<Order, VisitError> {
    let port = match url.scheme() {
        Scheme::Https => url.port(),
        Scheme::Http => Scheme::Https.default_port(),
    };
    let found = resolve(url.host(), port, &AddressPolicy::Any, STEP).await?;
    let here = found.iter().any(|address| is_own(address.address().ip()));
    Ok(Order {
        run,
        nonce,
        promises: PROMISES.to_vec(),
        reading: reading(&url.host().to_string(), port),
        connect: None,
        roots,
        vantage: if here {
            Vantage::SameHost
        } else {
            Vantage::Outside
        },
        active: false,
    })
}

/// That of a site that promised none.
const NO_PACE: PaceReading = PaceReading {
    burst: 0,
    interval_us: 0,
};

/// The reading of a site that promised nothing.
pub(crate) fn reading(host: &str, port: u16) -> Reading {
    Reading {
        digest: String::new(),
        public_port: port,
        prefix: String::new(),
        sites: vec![SiteReading {
            hosts: vec![host.to_owned()],
            portal: false,
            ways: Vec::new(),
        }],
        hsts: HstsReading {
            max_age_s: EXPECTED_MAX_AGE_S,
            include_subdomains: false,
            preload: false,
        },
        csp: Vec::new(),
        tls_report: TlsReportReading { least: Grade::A },
        password: PasswordReading {
            length: 0,
            cost: 0,
            breached_file: false,
        },
        lockout: LockoutReading {
            guesses: 0,
            window_s: 0,
        },
        block: BlockReading {
            drop: false,
            observe: false,
            unknown: false,
            entries: 0,
            feeds: 0,
            bans: false,
        },
        throttle: ThrottleReading {
            observe: false,
            pages: NO_PACE,
            sign_in: NO_PACE,
        },
        csrf: CsrfReading::default(),
        xss: XssReading::default(),
        track: TrackReading {
            access_log: AccessLog::Off,
            retention_s: 0,
            addresses: AddressKeeping::None,
        },
        team: TeamReading {
            people: false,
            github: false,
        },
        admin: AdminReading {
            fresh_s: 0,
            networks: false,
            routes: Vec::new(),
        },
        period_s: 3600,
        browser: None,
    }
}

/// Whether a reading is of a foreign site: one without own pages.
pub fn is_foreign(reading: &Reading) -> bool {
    reading.prefix.is_empty()
}

/// Whether an address is this machine's: only its own can be bound.
fn is_own(address: IpAddr) -> bool {
    UdpSocket::bind(SocketAddr::new(address, 0)).is_ok()
}

/// A token to be printed and served: 32 hex digits.
pub fn token(rng: &Rng) -> String {
    terms::RequestId(rng.bytes()).to_string()
}

/// Whether the site serves the token, over verified HTTPS. A redirect isn't followed:
/// the consent must be the site's own.
pub async fn consented(ground: &Ground, token: &str) -> bool {
    let Ok(approach) = Approach::new(ground) else {
        return false;
    };
    let Some(host) = approach.sites.first() else {
        return false;
    };
    let Ok(url) = approach.url(host, CONSENT_PATH) else {
        return false;
    };
    let request = approach.get(url, Protocol::Either);
    match approach.visitor.fetch(&request).await {
        Ok(response) => {
            response.status.as_u16() == 200
                && !token.is_empty()
                && response.body.trim_ascii() == token.as_bytes()
        }
        Err(_) => false,
    }
}
