//! What can go wrong on a visit, and in which phase.

use std::{error::Error, fmt, io, net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};
use terms::{Clock, Moment};

use crate::{address::Special, url::MalformedUrl};

/// How far a visit had come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Finding the name's addresses, and checking them against the policy.
    Resolve,
    /// The TCP (or Unix) connection, and the PROXY header.
    Connect,
    /// The TLS handshake.
    Tls,
    /// Sending the request and waiting for the answer's head.
    Head,
    /// Reading the answer's body.
    Body,
    /// Following a redirect.
    Redirect,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolving",
            Self::Connect => "connecting",
            Self::Tls => "the TLS handshake",
            Self::Head => "waiting for the answer",
            Self::Body => "reading the answer's body",
            Self::Redirect => "following a redirect",
        })
    }
}

/// Why a phase failed.
#[derive(Debug, thiserror::Error)]
pub enum Cause {
    /// The whole visit has this long, and it was over.
    #[error("not done within {0:?}")]
    Deadline(Duration),
    /// The name has no address.
    #[error("the name has no address")]
    NoAddress,
    /// The policy doesn't admit the address.
    #[error(
        "the address {address} is {special}, which isn't connected to unless the host is named \
         in the allow list"
    )]
    NotAdmitted {
        /// The address refused.
        address: IpAddr,
        /// What it is.
        special: Special,
    },
    /// The operating system or the peer ended the connection.
    #[error("{0}")]
    Io(#[source] io::Error),
    /// The handshake failed: refused by the peer, or its certificate doesn't verify.
    #[error("{0}")]
    Tls(#[source] rustls::Error),
    /// The host can't stand in a TLS handshake (a name with `_`, say).
    #[error("this name can't be asked for in TLS: {0:?}")]
    ServerName(String),
    /// What came isn't HTTP, broke off, or has a head beyond the limits.
    #[error("{}", with_source(.0))]
    Http(#[source] hyper::Error),
    /// The request can't be written as HTTP.
    #[error("the request can't be sent: {0}")]
    Request(#[source] ::http::Error),
    /// More redirects than allowed.
    #[error("more than {0} redirects")]
    TooManyRedirects(u8),
    /// A redirect without, or with an unusable `Location`.
    #[error("the redirect's Location isn't usable: {0}")]
    Location(#[source] MalformedUrl),
    /// A redirect from https to http.
    #[error("the redirect leads from https to http ({0})")]
    Downgrade(String),
    /// A redirect would carry the request's body to another origin.
    #[error("the redirect would send the request's body to another origin ({0})")]
    BodyElsewhere(String),
}

/// hyper's own text says what, its source why.
fn with_source(error: &hyper::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        // tokio-rustls wraps; the handshake's own error says more.
        match error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>())
        {
            Some(inner) => Self::Tls(inner.clone()),
            None => Self::Io(error),
        }
    }
}

/// A visit failed.
#[derive(Debug)]
pub struct VisitError {
    /// In which phase.
    pub phase: Phase,
    /// Where to: a URL or an address with port.
    pub target: String,
    /// Why.
    pub cause: Cause,
}

impl VisitError {
    pub(crate) fn new(phase: Phase, target: impl Into<String>, cause: impl Into<Cause>) -> Self {
        Self {
            phase,
            target: target.into(),
            cause: cause.into(),
        }
    }

    /// Whether the peer actively refused the TCP connection.
    pub fn is_connection_refused(&self) -> bool {
        matches!(&self.cause, Cause::Io(error) if self.phase == Phase::Connect
            && error.kind() == io::ErrorKind::ConnectionRefused)
    }
}

impl fmt::Display for VisitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} failed: {}", self.target, self.phase, self.cause)
    }
}

impl Error for VisitError {
    // The cause stands in the message already.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

/// The time a visit has, counted from its beginning.
#[derive(Debug)]
pub(crate) struct Budget<'a> {
    clock: &'a Clock,
    start: Moment,
    total: Duration,
}

impl<'a> Budget<'a> {
    pub(crate) fn new(clock: &'a Clock, total: Duration) -> Self {
        Self {
            clock,
            start: clock.moment(),
            total,
        }
    }

    pub(crate) fn spent(&self) -> Duration {
        self.clock.moment().since(self.start)
    }

    pub(crate) fn left(&self) -> Duration {
        self.total.saturating_sub(self.spent())
    }

    pub(crate) const fn clock(&self) -> &Clock {
        self.clock
    }

    /// Runs `work` within what is left.
    pub(crate) async fn within<T, E: Into<Cause>>(
        &self,
        work: impl Future<Output = Result<T, E>>,
    ) -> Result<T, Cause> {
        match tokio::time::timeout(self.left(), work).await {
            Ok(result) => result.map_err(Into::into),
            Err(_) => Err(Cause::Deadline(self.total)),
        }
    }
}
