//! Hellos that ask for something particular (these suites, these groups), and all that a
//! server says before it waits for the client.

use std::time::Duration;

use terms::Rng;

use super::{
    Flight, Version,
    client::{ClientHello, Share},
    flight::{self, Read},
    offer::SCSV,
};
use crate::{
    fault::VisitError,
    raw::{Answer, Door, Limits, exchange_until},
    url::Host,
};

/// The longest answer read: chains of certificates are far shorter.
const MAX_FLIGHT: usize = 128 << 10;

/// A ClientHello for one version from SSL 3.0 on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// The version; of SSL 2.0 nothing is asked this way, SSL 3.0 is then offered.
    pub version: Version,
    /// The cipher suites.
    pub suites: Vec<u16>,
    /// The groups for key exchange. In TLS 1.3 no key is sent with them, so that the
    /// server names the one it takes.
    pub groups: Vec<u16>,
    /// The host for `server_name`.
    pub host: Option<Host>,
    /// Whether DEFLATE is offered, too (TLS 1.2 and before).
    pub deflate: bool,
    /// Whether heartbeats are offered.
    pub heartbeat: bool,
}

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// The server goes on.
    Flight(Box<Flight>),
    /// An alert: no, or an error of ours.
    Alert {
        /// What (RFC 8446 §6).
        description: u8,
    },
    /// Closed or cut without an answer.
    Closed,
    /// Nothing came in time, or not all of it.
    Silent,
    /// Bytes that aren't TLS, or break its rules.
    Other,
    /// No TCP connection.
    NoConnection,
}

impl Probe {
    /// The bytes to send.
    pub fn bytes(&self, rng: &Rng) -> Vec<u8> {
        let version = self.version.max(Version::Ssl3);
        let mut suites = self.suites.clone();
        if version == Version::Ssl3 {
            suites.push(SCSV);
        }
        let hello = ClientHello {
            version,
            suites: &suites,
            host: self.host.as_ref(),
            groups: &self.groups,
            share: Share::Empty,
            deflate: self.deflate,
            heartbeat: self.heartbeat,
        };
        hello.bytes(rng)
    }

    /// Sends it over a connection of its own, after `preface` (empty, or a PROXY header).
    ///
    /// # Errors
    /// Only faults here (no descriptors, no such socket).
    pub async fn send(
        &self,
        door: &Door,
        preface: &[u8],
        rng: &Rng,
        deadline: Duration,
    ) -> Result<Reply, VisitError> {
        let bytes = [preface, &self.bytes(rng)].concat();
        let limits = Limits {
            bytes: MAX_FLIGHT,
            deadline,
        };
        let mut whole = None;
        let enough = |bytes: &[u8]| match flight::read(bytes) {
            Read::Partial => false,
            Read::Whole(reply) => {
                whole = Some(reply);
                true
            }
        };
        let answer = exchange_until(door, &bytes, limits, enough).await?;
        Ok(match answer {
            Answer::Refused | Answer::Filtered | Answer::Unreachable => Reply::NoConnection,
            Answer::Closed | Answer::Reset => Reply::Closed,
            Answer::Silent => Reply::Silent,
            Answer::Answered { bytes, end } => match (whole, flight::read(&bytes), end) {
                (Some(reply), _, _) | (None, Read::Whole(reply), _) => reply,
                (None, Read::Partial, crate::raw::End::Deadline) => Reply::Silent,
                (None, Read::Partial, _) => Reply::Other,
            },
        })
    }
}

impl Reply {
    /// What the first bytes of a server's answer say; `None` while they are only the
    /// beginning of something.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match flight::read(bytes) {
            Read::Whole(reply) => Some(reply),
            Read::Partial => None,
        }
    }
}
