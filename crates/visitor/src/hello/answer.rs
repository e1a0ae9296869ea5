//! Reading the first answer to a ClientHello. Everything here comes from strangers.

use bytes::Bytes;

use super::{
    Outcome, Version,
    fields::{Fields, Stop},
};

/// What the bytes so far are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// The beginning of something.
    Partial,
    /// All that is needed.
    Whole(Outcome),
}

/// "HelloRetryRequest" hashed: a ServerHello with this random is one (RFC 8446 §4.1.3).
pub(super) const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

pub(super) const ALERT: u8 = 21;
pub(super) const HANDSHAKE: u8 = 22;
pub(super) const SERVER_HELLO: u8 = 2;
/// A record's data, with some room for old implementations.
pub(super) const MAX_RECORD: usize = (1 << 14) + 2048;

/// Reads what there is. The same bytes with more behind them read the same once whole.
pub(super) fn read(bytes: &[u8]) -> Reading {
    const HTTP: &[u8] = b"HTTP/";
    let other = || {
        Reading::Whole(Outcome::Other(Bytes::copy_from_slice(
            bytes.get(..64).unwrap_or(bytes),
        )))
    };
    if bytes.starts_with(HTTP) {
        return Reading::Whole(Outcome::PlainHttp);
    }
    if HTTP.starts_with(bytes) {
        return Reading::Partial;
    }
    match bytes.first() {
        Some(&ALERT | &HANDSHAKE) => {
            let mut fields = Fields(bytes);
            records(&mut fields).unwrap_or_else(|stop| match stop {
                Stop::Short => Reading::Partial,
                Stop::Wrong => other(),
            })
        }
        Some(high) if high & 0x80 != 0 => ssl2(bytes).unwrap_or_else(|stop| match stop {
            Stop::Short => Reading::Partial,
            Stop::Wrong => other(),
        }),
        _ => other(),
    }
}

/// TLS records: an alert, or handshake data until a ServerHello is whole, which may be
/// spread over several.
fn records(fields: &mut Fields<'_>) -> Result<Reading, Stop> {
    let mut handshake = Vec::new();
    loop {
        let [kind, major, _minor] = fields.array()?;
        if major != 3 {
            return Err(Stop::Wrong);
        }
        let length = usize::from(fields.word()?);
        if length == 0 || length > MAX_RECORD {
            return Err(Stop::Wrong);
        }
        match kind {
            ALERT if length == 2 => {
                let [level, description] = fields.array()?;
                return Ok(Reading::Whole(Outcome::Alert { level, description }));
            }
            HANDSHAKE => handshake.extend_from_slice(fields.take(length)?),
            _ => return Err(Stop::Wrong),
        }
        let mut message = Fields(&handshake);
        let Ok([kind, high, middle, low]) = message.array() else {
            continue;
        };
        if kind != SERVER_HELLO {
            return Err(Stop::Wrong);
        }
        let length = u32::from_be_bytes([0, high, middle, low]);
        let Ok(body) = message.take(usize::try_from(length).unwrap_or(usize::MAX)) else {
            continue;
        };
        // A whole message that is too short inside is wrong, not early.
        return server_hello(&mut Fields(body))
            .map(Reading::Whole)
            .map_err(|_| Stop::Wrong);
    }
}

fn server_hello(fields: &mut Fields<'_>) -> Result<Outcome, Stop> {
    let mut version = fields.word()?;
    let random: [u8; 32] = fields.array()?;
    let session = fields.byte()?;
    fields.take(usize::from(session))?;
    let cipher = fields.word()?;
    fields.byte()?; // compression
    if !fields.0.is_empty() {
        let length = fields.word()?;
        let mut extensions = Fields(fields.take(usize::from(length))?);
        while !extensions.0.is_empty() {
            let kind = extensions.word()?;
            let length = extensions.word()?;
            let mut data = Fields(extensions.take(usize::from(length))?);
            if kind == 43 {
                version = data.word()?;
            }
        }
    }
    let version = Version::from_wire(version).ok_or(Stop::Wrong)?;
    Ok(Outcome::ServerHello {
        version,
        cipher,
        retry: random == RETRY,
    })
}

/// An SSL 2 SERVER-HELLO: two bytes of length, type 4, session hit, certificate type,
/// version. The client chooses the cipher there.
fn ssl2(bytes: &[u8]) -> Result<Reading, Stop> {
    let mut fields = Fields(bytes);
    let length = fields.word()? & 0x7fff;
    let kind = fields.byte()?;
    if kind != 4 || length < 11 {
        return Err(Stop::Wrong);
    }
    fields.word()?;
    if fields.word()? != Version::Ssl2.wire() {
        return Err(Stop::Wrong);
    }
    let (version, cipher) = (Version::Ssl2, 0);
    Ok(Reading::Whole(Outcome::ServerHello {
        version,
        cipher,
        retry: false,
    }))
}
