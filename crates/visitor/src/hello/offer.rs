//! Which ClientHello asks whether a version is spoken at all.

use terms::Rng;

use super::{
    Version,
    client::{ClientHello, Share, length},
};
use crate::url::Host;

/// Which cipher suites to offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Suites {
    /// All that a client of that version would, and the weak ones too: whoever speaks
    /// the version at all finds one.
    Every,
    /// Only weak ones (TLS 1.2 and before): NULL, export, anonymous, RC4, DES, 3DES,
    /// IDEA, SEED (RFC 7465, 9325 §4.1).
    Weak,
    /// Only those with RSA key exchange, without forward secrecy (TLS 1.2 and before).
    StaticRsa,
    /// These.
    These(Vec<u16>),
}

/// A ClientHello for exactly one version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// The version.
    pub version: Version,
    /// The cipher suites; SSL 2 has its own list, whatever stands here.
    pub suites: Suites,
    /// The host for `server_name`; sent from TLS 1.0 on, and only for names
    /// (RFC 6066 §3).
    pub host: Option<Host>,
}

const TLS13: [u16; 3] = [0x1301, 0x1302, 0x1303];
/// AEAD and SHA-2, TLS 1.2 only.
const TLS12: [u16; 20] = [
    0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc023, 0xc027, 0xc024, 0xc028, 0x009e, 0x009f,
    0xccaa, 0x0067, 0x006b, 0x009c, 0x009d, 0x003c, 0x003d, 0x009a,
];
/// CBC with elliptic curves, from TLS 1.0.
const CURVES: [u16; 4] = [0xc009, 0xc013, 0xc00a, 0xc014];
/// CBC without, from SSL 3.0.
const OLD: [u16; 4] = [0x0033, 0x0039, 0x002f, 0x0035];
const STATIC_RSA: [u16; 7] = [0x009d, 0x009c, 0x003d, 0x003c, 0x0035, 0x002f, 0x000a];
#[rustfmt::skip]
const WEAK: [u16; 31] = [
    0x000a, 0x0016, 0x0013, 0xc012, 0xc008, 0xc003, 0xc00d, // 3DES
    0x0005, 0x0004, 0xc011, 0xc007, // RC4
    0x0009, 0x0015, 0x0012, 0x0007, 0x0096, // DES, IDEA, SEED
    0x0001, 0x0002, 0x003b, 0xc006, 0xc010, // NULL
    0x0003, 0x0006, 0x0008, 0x0014, // export
    0x0018, 0x0034, 0x003a, 0x006c, 0x00a6, 0xc018, // anonymous
];
/// SSL 2's own, three bytes each: RC4, RC2, IDEA, DES, 3DES.
const SSL2: [u8; 21] = [
    0x01, 0x00, 0x80, 0x02, 0x00, 0x80, 0x03, 0x00, 0x80, 0x04, 0x00, 0x80, 0x05, 0x00, 0x80, 0x06,
    0x00, 0x40, 0x07, 0x00, 0xc0,
];
/// x25519, secp256r1, secp384r1, secp521r1.
const GROUPS: [u16; 4] = [0x001d, 0x0017, 0x0018, 0x0019];
/// Renegotiation is the only thing SSL 3.0 can say, and as a suite (RFC 5746 §3.3).
pub(super) const SCSV: u16 = 0x00ff;

impl Offer {
    /// An offer of every suite of that version.
    pub const fn every(version: Version, host: Option<Host>) -> Self {
        Self {
            version,
            suites: Suites::Every,
            host,
        }
    }

    fn suites(&self) -> Vec<u16> {
        let mut suites = match &self.suites {
            Suites::These(suites) => return suites.clone(),
            Suites::Weak => WEAK.to_vec(),
            Suites::StaticRsa => STATIC_RSA.to_vec(),
            Suites::Every => match self.version {
                Version::Tls13 => TLS13.to_vec(),
                Version::Tls12 => [&TLS12[..], &CURVES, &OLD, &WEAK].concat(),
                Version::Tls11 | Version::Tls10 => [&CURVES[..], &OLD, &WEAK].concat(),
                Version::Ssl2 | Version::Ssl3 => [&OLD[..], &WEAK].concat(),
            },
        };
        if self.version == Version::Ssl3 {
            suites.push(SCSV);
        }
        suites
    }

    /// The bytes to send.
    pub fn bytes(&self, rng: &Rng) -> Vec<u8> {
        if self.version == Version::Ssl2 {
            return ssl2(rng);
        }
        let hello = ClientHello {
            version: self.version,
            suites: &self.suites(),
            host: self.host.as_ref(),
            groups: &GROUPS,
            // Any 32 bytes are a public key of x25519; nobody derives anything from it.
            share: Share::X25519,
            deflate: false,
            heartbeat: false,
        };
        hello.bytes(rng)
    }
}

/// An SSL 2 CLIENT-HELLO, which has neither record nor handshake header.
fn ssl2(rng: &Rng) -> Vec<u8> {
    let mut body = vec![1, 0, 2, 0, 21, 0, 0, 0, 16];
    body.extend_from_slice(&SSL2);
    body.extend_from_slice(&rng.bytes::<16>());
    let [.., high, low] = length(body.len());
    [&[0x80 | high, low][..], &body].concat()
}
