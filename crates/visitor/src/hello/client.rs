//! Writing a ClientHello, from SSL 3.0 to TLS 1.3.

use terms::Rng;

use super::Version;
use crate::url::Host;

/// What stands in `key_share` (TLS 1.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Share {
    /// A key of x25519.
    X25519,
    /// Nothing: the server then names the group it wants (RFC 8446 §4.2.8), so a group
    /// can be asked for without doing its arithmetic.
    Empty,
}

/// What is offered. Lists are ours, and short.
pub(super) struct ClientHello<'a> {
    pub(super) version: Version,
    pub(super) suites: &'a [u16],
    /// For `server_name`; sent from TLS 1.0 on, and only for names (RFC 6066 §3).
    pub(super) host: Option<&'a Host>,
    /// For `supported_groups`; without any, the extension is left out.
    pub(super) groups: &'a [u16],
    pub(super) share: Share,
    /// Whether compression is offered beside none (RFC 3749; TLS 1.2 and before).
    pub(super) deflate: bool,
    /// Whether heartbeats are offered (RFC 6520).
    pub(super) heartbeat: bool,
}

/// Everything a server may sign with: ECDSA, PSS, PKCS #1, Ed25519, Ed448, DSA.
const SCHEMES: [u16; 19] = [
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601, 0x0807, 0x0603, 0x0808, 0x0809,
    0x080a, 0x080b, 0x0203, 0x0201, 0x0402, 0x0202, 0x0301,
];

impl ClientHello<'_> {
    pub(super) fn bytes(&self, rng: &Rng) -> Vec<u8> {
        let old = self.version < Version::Tls13;
        let mut body = Vec::new();
        // TLS 1.3 calls itself 1.2 here and says better below (RFC 8446 §4.1.2).
        let legacy = if old { self.version } else { Version::Tls12 };
        body.extend_from_slice(&legacy.wire().to_be_bytes());
        body.extend_from_slice(&rng.bytes::<32>());
        // A session id makes middleboxes take 1.3 for a resumption (appendix D.4).
        if old {
            body.push(0);
        } else {
            body.push(32);
            body.extend_from_slice(&rng.bytes::<32>());
        }
        body.extend(sized(&words(self.suites)));
        if self.deflate && old {
            body.extend_from_slice(&[2, 1, 0]);
        } else {
            body.extend_from_slice(&[1, 0]);
        }
        if self.version > Version::Ssl3 {
            body.extend(sized(&self.extensions(rng)));
        }
        let mut handshake = vec![1]; // client_hello
        handshake.extend_from_slice(&length(body.len())[1..]);
        handshake.extend(body);
        // The record's version is the lowest that a server must read.
        let record = self.version.min(Version::Tls10);
        let mut bytes = vec![22];
        bytes.extend_from_slice(&record.wire().to_be_bytes());
        bytes.extend(sized(&handshake));
        bytes
    }

    fn extensions(&self, rng: &Rng) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |kind: u16, data: &[u8]| {
            out.extend_from_slice(&kind.to_be_bytes());
            out.extend(sized(data));
        };
        if let Some(Host::Name(name)) = self.host {
            let entry = [&[0][..], &sized(name.as_bytes())].concat();
            add(0, &sized(&entry));
        }
        if !self.groups.is_empty() {
            add(10, &sized(&words(self.groups)));
        }
        if self.version < Version::Tls13 {
            add(11, &[1, 0]); // uncompressed points
            add(0xff01, &[0]); // secure renegotiation
        }
        if self.heartbeat {
            add(15, &[1]); // the peer may send some
        }
        add(23, &[]); // extended master secret
        if self.version >= Version::Tls12 {
            add(13, &sized(&words(&SCHEMES)));
        }
        if self.version == Version::Tls13 {
            add(43, &[2, 3, 4]); // supported versions: 1.3 only
            add(45, &[1, 1]); // psk_dhe_ke
            let shares = match self.share {
                Share::X25519 => [&words(&[0x001d])[..], &sized(&rng.bytes::<32>())].concat(),
                Share::Empty => Vec::new(),
            };
            add(51, &sized(&shares));
        }
        out
    }
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// With its length in two bytes before it. No hello comes near 64 KiB: names have at
/// most 253 bytes, and lists of suites are ours.
fn sized(bytes: &[u8]) -> Vec<u8> {
    let [.., high, low] = length(bytes.len());
    [&[high, low][..], bytes].concat()
}

pub(super) fn length(length: usize) -> [u8; 4] {
    u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes()
}
