//! Reading all that a server says in plain text before it waits for the client: in TLS
//! 1.2 and before up to ServerHelloDone (RFC 5246 §7.4), in TLS 1.3 the ServerHello
//! alone. Everything here comes from strangers.

use super::{
    Version,
    answer::{ALERT, HANDSHAKE, MAX_RECORD, RETRY, SERVER_HELLO},
    fields::{Fields, Stop},
    probe::Reply,
};
use crate::suites::{Exchange, Suite};

/// At most so many certificates of a chain are kept.
const MAX_CERTIFICATES: usize = 16;

const CERTIFICATE: u8 = 11;
const SERVER_KEY_EXCHANGE: u8 = 12;
const CERTIFICATE_REQUEST: u8 = 13;
const SERVER_HELLO_DONE: u8 = 14;
const CERTIFICATE_STATUS: u8 = 22;
/// `named_curve` (RFC 8422 §5.4).
const NAMED_CURVE: u8 = 3;

/// What a server said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flight {
    /// The version chosen.
    pub version: Version,
    /// The cipher suite chosen.
    pub cipher: u16,
    /// Whether it is a HelloRetryRequest.
    pub retry: bool,
    /// The group chosen for key exchange; `None` where there is none, or one without a
    /// name.
    pub group: Option<u16>,
    /// Bits of the prime (DHE), or of the short-lived RSA key (export).
    pub bits: Option<u16>,
    /// Whether compression was chosen.
    pub compressed: bool,
    /// Whether secure renegotiation is announced (RFC 5746).
    pub secure_renegotiation: bool,
    /// Whether heartbeats are taken (RFC 6520).
    pub heartbeat: bool,
    /// The certificates as sent, in DER, the server's own first; none in TLS 1.3, where
    /// they are encrypted.
    pub certificates: Vec<Vec<u8>>,
}

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// The beginning of something.
    Partial,
    /// All that is needed.
    Whole(Reply),
}

/// Reads what there is. The same bytes with more behind them read the same once whole.
pub(super) fn read(bytes: &[u8]) -> Read {
    let mut fields = Fields(bytes);
    match records(&mut fields) {
        Ok(reply) => Read::Whole(reply),
        Err(Stop::Short) => Read::Partial,
        Err(Stop::Wrong) => Read::Whole(Reply::Other),
    }
}

/// Records until the flight is whole, or an alert.
fn records(fields: &mut Fields<'_>) -> Result<Reply, Stop> {
    let mut handshake = Vec::new();
    loop {
        let kind = fields.byte()?;
        if !matches!(kind, ALERT | HANDSHAKE) {
            return Err(Stop::Wrong);
        }
        if fields.byte()? != 3 {
            return Err(Stop::Wrong);
        }
        fields.byte()?;
        let length = usize::from(fields.word()?);
        if length == 0 || length > MAX_RECORD {
            return Err(Stop::Wrong);
        }
        if kind == ALERT {
            let [level, description] = fields.array()?;
            if length != 2 {
                return Err(Stop::Wrong);
            }
            // `unrecognized_name` may be a warning before the server goes on (RFC 6066
            // §3); every other alert here is the end.
            if handshake.is_empty() && level == 1 && description == 112 {
                continue;
            }
            return Ok(Reply::Alert { description });
        }
        handshake.extend_from_slice(fields.take(length)?);
        match messages(&handshake) {
            Err(Stop::Short) => {}
            done => return done.map(|flight| Reply::Flight(Box::new(flight))),
        }
    }
}

/// The handshake messages of the flight. `Short` only where another record may follow.
fn messages(bytes: &[u8]) -> Result<Flight, Stop> {
    let mut rest = Fields(bytes);
    let inner = |error| match error {
        // A whole message that is too short inside is wrong, not early.
        Stop::Short | Stop::Wrong => Stop::Wrong,
    };
    let (kind, body) = message(&mut rest)?;
    if kind != SERVER_HELLO {
        return Err(Stop::Wrong);
    }
    let mut flight = server_hello(&mut Fields(body)).map_err(inner)?;
    if flight.version == Version::Tls13 {
        return Ok(flight);
    }
    let mut before = SERVER_HELLO;
    loop {
        let (kind, body) = message(&mut rest)?;
        // Each at most once and in this order (RFC 5246 §7.3, RFC 6066 §8).
        let in_order = match kind {
            CERTIFICATE => before == SERVER_HELLO,
            CERTIFICATE_STATUS => before == CERTIFICATE,
            SERVER_KEY_EXCHANGE => {
                matches!(before, SERVER_HELLO | CERTIFICATE | CERTIFICATE_STATUS)
            }
            CERTIFICATE_REQUEST => before != CERTIFICATE_REQUEST,
            SERVER_HELLO_DONE => true,
            _ => false,
        };
        if !in_order {
            return Err(Stop::Wrong);
        }
        before = kind;
        let mut body = Fields(body);
        match kind {
            CERTIFICATE => flight.certificates = certificates(&mut body).map_err(inner)?,
            SERVER_KEY_EXCHANGE => key_exchange(&mut body, &mut flight).map_err(inner)?,
            SERVER_HELLO_DONE => return Ok(flight),
            _ => {}
        }
    }
}

fn message<'a>(rest: &mut Fields<'a>) -> Result<(u8, &'a [u8]), Stop> {
    let kind = rest.byte()?;
    rest.sized24().map(|body| (kind, body))
}

fn server_hello(fields: &mut Fields<'_>) -> Result<Flight, Stop> {
    let mut version = fields.word()?;
    let random: [u8; 32] = fields.array()?;
    if fields.sized8()?.len() > 32 {
        return Err(Stop::Wrong);
    }
    let cipher = fields.word()?;
    let compressed = fields.byte()? != 0;
    let (mut secure_renegotiation, mut heartbeat, mut group) = (false, false, None);
    if !fields.0.is_empty() {
        let mut extensions = Fields(fields.sized16()?);
        while !extensions.0.is_empty() {
            let kind = extensions.word()?;
            let mut data = Fields(extensions.sized16()?);
            match kind {
                43 => version = data.word()?,
                // The group of the key, or in a HelloRetryRequest the one asked for.
                51 => group = Some(data.word()?),
                15 => heartbeat = true,
                0xff01 => secure_renegotiation = true,
                _ => {}
            }
        }
        if !fields.0.is_empty() {
            return Err(Stop::Wrong);
        }
    }
    Ok(Flight {
        version: Version::from_wire(version).ok_or(Stop::Wrong)?,
        cipher,
        retry: random == RETRY,
        group,
        bits: None,
        compressed,
        secure_renegotiation,
        heartbeat,
        certificates: Vec::new(),
    })
}

fn certificates(fields: &mut Fields<'_>) -> Result<Vec<Vec<u8>>, Stop> {
    let mut list = Fields(fields.sized24()?);
    let mut found = Vec::new();
    while !list.0.is_empty() {
        let certificate = list.sized24()?;
        if found.len() < MAX_CERTIFICATES {
            found.push(certificate.to_vec());
        }
    }
    Ok(found)
}

/// What the suite says that it must be. The signature behind isn't looked at.
fn key_exchange(fields: &mut Fields<'_>, flight: &mut Flight) -> Result<(), Stop> {
    match Suite::of(flight.cipher).map(|suite| suite.exchange()) {
        Some(Exchange::Ecdhe | Exchange::EcdhAnonymous) => {
            let kind = fields.byte()?;
            flight.group = match kind {
                NAMED_CURVE => Some(fields.word()?),
                _ => None,
            };
        }
        Some(Exchange::Dhe | Exchange::DhAnonymous | Exchange::Rsa) => {
            flight.bits = Some(bits(fields.sized16()?));
        }
        _ => {}
    }
    Ok(())
}

/// Bits of a number, most significant byte first.
fn bits(number: &[u8]) -> u16 {
    let mut digits = number.iter().skip_while(|byte| **byte == 0);
    let first = digits.next().map_or(0, |byte| 8 - byte.leading_zeros());
    let rest = u16::try_from(digits.count()).unwrap_or(u16::MAX);
    rest.saturating_mul(8)
        .saturating_add(u16::try_from(first).unwrap_or(0))
}

#[cfg(test)]
mod tests;
