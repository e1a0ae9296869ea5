//! ClientHellos made by hand, from SSL 2 to TLS 1.3: rustls can't *offer* what we must
//! see refused. One version is offered per connection; nothing beyond the first
//! answer is exchanged.
//!
//! A refusal says something only beside an accepted twin: a dead server refuses every
//! version. Sources: SSL 2 (Hickman 1995), RFC 6101 (SSL 3.0), RFC 2246, 4346, 5246,
//! 8446; extensions RFC 6066, 8422, 7627, 5746.

mod answer;
mod client;
mod fields;
mod flight;
mod offer;
mod probe;

use std::{fmt, time::Duration};

use bytes::Bytes;
use rustls::CipherSuite;
use serde::{Deserialize, Serialize};
use terms::Rng;

use self::answer::{Reading, read};
pub use self::{
    flight::Flight,
    offer::{Offer, Suites},
    probe::{Probe, Reply},
};
use crate::{
    fault::VisitError,
    raw::{Answer, Door, Limits, exchange_until},
};

/// A version of SSL or TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Version {
    /// SSL 2.0, prohibited by RFC 6176.
    Ssl2,
    /// SSL 3.0, prohibited by RFC 7568.
    Ssl3,
    /// TLS 1.0, prohibited by RFC 8996.
    Tls10,
    /// TLS 1.1, prohibited by RFC 8996.
    Tls11,
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl Version {
    /// All, oldest first.
    pub const ALL: [Self; 6] = [
        Self::Ssl2,
        Self::Ssl3,
        Self::Tls10,
        Self::Tls11,
        Self::Tls12,
        Self::Tls13,
    ];

    /// As it stands on the wire.
    pub const fn wire(self) -> u16 {
        match self {
            Self::Ssl2 => 0x0002,
            Self::Ssl3 => 0x0300,
            Self::Tls10 => 0x0301,
            Self::Tls11 => 0x0302,
            Self::Tls12 => 0x0303,
            Self::Tls13 => 0x0304,
        }
    }

    fn from_wire(wire: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.wire() == wire)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ssl2 => "SSL 2.0",
            Self::Ssl3 => "SSL 3.0",
            Self::Tls10 => "TLS 1.0",
            Self::Tls11 => "TLS 1.1",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// What came of an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The server goes on with this version.
    ServerHello {
        /// The version chosen (that of `supported_versions` where there is one).
        version: Version,
        /// The cipher suite chosen; 0 in SSL 2, where the client chooses.
        cipher: u16,
        /// It was a HelloRetryRequest: accepted, but with another key share.
        retry: bool,
    },
    /// An alert (RFC 8446 §6): 40 handshake_failure, 70 protocol_version, …
    Alert {
        /// 1 warning, 2 fatal.
        level: u8,
        /// What.
        description: u8,
    },
    /// Closed without a byte.
    Closed,
    /// Cut without a byte.
    Reset,
    /// Nothing came in time.
    Silent,
    /// An HTTP answer in plain text: this isn't a TLS port, or it answers plaintext.
    PlainHttp,
    /// Something else; the first 64 bytes.
    Other(Bytes),
    /// No TCP connection.
    NoConnection,
}

/// What an outcome says about the version offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Acceptance {
    /// The server speaks it.
    Accepted,
    /// The server answered and doesn't.
    Refused,
    /// Nothing can be said: no connection, silence, or no TLS.
    Unknown,
}

impl Outcome {
    /// What the first bytes of a server's answer say; `None` while they are only the
    /// beginning of something. Never [`Outcome::Closed`] and the like: bytes did come.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        match read(bytes) {
            Reading::Whole(outcome) => Some(outcome),
            Reading::Partial => None,
        }
    }

    /// Whether the server took the version that was offered. An answer with an older
    /// version than offered is a refusal of the one offered.
    pub fn acceptance(&self, offered: Version) -> Acceptance {
        match self {
            Self::ServerHello { version, .. } if *version == offered => Acceptance::Accepted,
            Self::ServerHello { .. } | Self::Alert { .. } | Self::Closed | Self::Reset => {
                Acceptance::Refused
            }
            Self::Silent | Self::PlainHttp | Self::Other(_) | Self::NoConnection => {
                Acceptance::Unknown
            }
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServerHello {
                version, cipher, ..
            } => {
                write!(f, "goes on with {version}, {}", cipher_name(*cipher))
            }
            Self::Alert { level, description } => write!(f, "alert {description} (level {level})"),
            Self::Closed => f.write_str("closed without an answer"),
            Self::Reset => f.write_str("cut without an answer"),
            Self::Silent => f.write_str("no answer in time"),
            Self::PlainHttp => f.write_str("answers in plain HTTP"),
            Self::Other(_) => f.write_str("answers, but not in TLS"),
            Self::NoConnection => f.write_str("no connection"),
        }
    }
}

/// A cipher suite's name, as in IANA's registry but `TLS13_` for those of TLS 1.3.
pub fn cipher_name(cipher: u16) -> String {
    match CipherSuite::from(cipher).as_str() {
        Some(name) => name.to_owned(),
        None => format!("{cipher:#06x}"),
    }
}

/// The longest answer read: a ServerHello is far shorter.
const MAX_ANSWER: usize = 16 << 10;

/// Makes the offer and reads the first answer. `preface` is sent before it: empty, or
/// a PROXY header.
///
/// # Errors
/// Only faults here (no descriptors, no such socket).
pub async fn offer(
    door: &Door,
    preface: &[u8],
    offer: &Offer,
    rng: &Rng,
    deadline: Duration,
) -> Result<Outcome, VisitError> {
    let bytes = [preface, &offer.bytes(rng)].concat();
    let limits = Limits {
        bytes: MAX_ANSWER,
        deadline,
    };
    let whole = |bytes: &[u8]| Outcome::read(bytes).is_some();
    Ok(match exchange_until(door, &bytes, limits, whole).await? {
        Answer::Refused | Answer::Filtered | Answer::Unreachable => Outcome::NoConnection,
        Answer::Closed => Outcome::Closed,
        Answer::Reset => Outcome::Reset,
        Answer::Silent => Outcome::Silent,
        Answer::Answered { bytes, .. } => Outcome::read(&bytes)
            .unwrap_or_else(|| Outcome::Other(bytes.slice(..bytes.len().min(64)))),
    })
}

#[cfg(test)]
mod tests;
