//! The field names a proxy has business with, recognised by one look-up.

/// Whose field it is, which decides what `Connection` and a trailer section may do to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of one connection: never forwarded.
    Hop,
    /// Meant for the recipient: `Connection` may not name it.
    End,
    /// Written by proxies: `Connection` may name it, for it is authored anew anyway.
    Proxy,
}

macro_rules! known {
    ($($(#[$doc:meta])* $variant:ident $name:literal $kind:ident;)+) => {
        /// A field name this crate recognises, in any case. Not a list of good names.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        #[non_exhaustive]
        pub enum Known { $(#[doc = concat!("`", $name, "`")] $variant,)+ }

        impl Known {
            /// All of them, in the order of their discriminants.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            const NAMES: &[&'static str] = &[$($name),+];

            /// The name as the RFCs write it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            const fn kind(self) -> Kind {
                match self { $(Self::$variant => Kind::$kind),+ }
            }
        }
    };
}

known! {
    Accept "Accept" End;
    AcceptEncoding "Accept-Encoding" End;
    AcceptLanguage "Accept-Language" End;
    Authorization "Authorization" End;
    CacheControl "Cache-Control" End;
    Connection "Connection" Hop;
    ContentEncoding "Content-Encoding" End;
    ContentLength "Content-Length" End;
    ContentRange "Content-Range" End;
    ContentSecurityPolicy "Content-Security-Policy" End;
    ContentType "Content-Type" End;
    Cookie "Cookie" End;
    Date "Date" End;
    Etag "ETag" End;
    Expect "Expect" End;
    Forwarded "Forwarded" Proxy;
    Host "Host" End;
    Http2Settings "HTTP2-Settings" Hop;
    KeepAlive "Keep-Alive" Hop;
    Location "Location" End;
    Origin "Origin" End;
    ProxyAuthenticate "Proxy-Authenticate" End;
    ProxyAuthorization "Proxy-Authorization" End;
    ProxyConnection "Proxy-Connection" Hop;
    Range "Range" End;
    Referer "Referer" End;
    SecFetchDest "Sec-Fetch-Dest" End;
    SecFetchMode "Sec-Fetch-Mode" End;
    SecFetchSite "Sec-Fetch-Site" End;
    SecWebsocketKey "Sec-WebSocket-Key" End;
    Server "Server" End;
    SetCookie "Set-Cookie" End;
    StrictTransportSecurity "Strict-Transport-Security" End;
    Te "TE" Hop;
    Traceparent "traceparent" Proxy;
    Trailer "Trailer" Hop;
    TransferEncoding "Transfer-Encoding" Hop;
    Upgrade "Upgrade" Hop;
    UserAgent "User-Agent" End;
    Vary "Vary" End;
    Via "Via" Proxy;
    WwwAuthenticate "WWW-Authenticate" End;
    XContentTypeOptions "X-Content-Type-Options" End;
    XForwardedFor "X-Forwarded-For" Proxy;
    XForwardedHost "X-Forwarded-Host" Proxy;
    XForwardedProto "X-Forwarded-Proto" Proxy;
    XFrameOptions "X-Frame-Options" End;
    XRealIp "X-Real-IP" Proxy;
    XRequestId "X-Request-Id" Proxy;
}

/// Whether `name`, a token, is `known` in any case.
///
/// Words instead of bytes: bit 0x20 is set in both, which folds letters. It folds other
/// bytes too, but among tokens only `^` with `~` and `_` with DEL; no known name has them.
#[inline(always)]
fn same_name(known: &[u8], name: &[u8]) -> bool {
    if known.len() != name.len() {
        return false;
    }
    let (known_words, _) = known.as_chunks::<8>();
    let (words, _) = name.as_chunks::<8>();
    let fold = |word: &[u8; 8]| u64::from_le_bytes(*word) | 0x2020_2020_2020_2020;
    if let (Some(known_last), Some(last)) = (known.last_chunk(), name.last_chunk()) {
        // The last eight overlap the words before them.
        return fold(known_last) == fold(last)
            && known_words
                .iter()
                .zip(words)
                .all(|(known, word)| fold(known) == fold(word));
    }
    let fold = |word: &[u8; 4]| u32::from_le_bytes(*word) | 0x2020_2020;
    if let (Some(known_first), Some(first)) = (known.first_chunk(), name.first_chunk())
        && let (Some(known_last), Some(last)) = (known.last_chunk(), name.last_chunk())
    {
        return fold(known_first) == fold(first) && fold(known_last) == fold(last);
    }
    known.eq_ignore_ascii_case(name)
}

/// A slot of [`SLOTS`] that holds no name.
const EMPTY: u8 = u8::MAX;

/// Where a name stands in [`SLOTS`]: first letter, last letter but one and the length
/// tell all known names apart, which the table's construction asserts.
#[inline(always)]
const fn slot(first: u8, last_but_one: u8, len: usize) -> usize {
    let mix = (first | 0x20) as usize * 138 + (last_but_one | 0x20) as usize * 41 + len * 13;
    mix & 255
}

const SLOTS: [u8; 256] = {
    let mut slots = [EMPTY; 256];
    let mut at = 0;
    while at < Known::NAMES.len() {
        let name = Known::NAMES[at].as_bytes();
        let slot = slot(name[0], name[name.len() - 2], name.len());
        assert!(
            slots[slot] == EMPTY,
            "two known names share a slot: change the factors"
        );
        slots[slot] = at as u8;
        at += 1;
    }
    slots
};

// One bit each in `Fields::has`.
const _: () = assert!(Known::ALL.len() <= 64);

impl Known {
    /// Recognises a name, in any case. `name` must be a token: what has control characters
    /// can be taken for a name without them.
    #[inline]
    pub fn recognise(name: &[u8]) -> Option<Self> {
        let (first, last_but_one) = (name.first()?, name.get(name.len().checked_sub(2)?)?);
        let known = usize::from(SLOTS[slot(*first, *last_but_one, name.len())]);
        let expected = Self::NAMES.get(known)?.as_bytes();
        if same_name(expected, name) {
            Self::ALL.get(known).copied()
        } else {
            None
        }
    }

    /// Whether it is of one connection and never forwarded (RFC 9110 §7.6.1):
    /// `Connection`, `Keep-Alive`, `Proxy-Connection`, `TE`, `Trailer`,
    /// `Transfer-Encoding`, `Upgrade`, and `HTTP2-Settings` (RFC 7540 §3.2.1).
    pub const fn is_hop(self) -> bool {
        matches!(self.kind(), Kind::Hop)
    }

    /// Whether it is meant for the recipient, so that `Connection` may not name it.
    pub const fn is_end_to_end(self) -> bool {
        matches!(self.kind(), Kind::End)
    }

    /// Its bit in a set.
    pub(crate) const fn bit(self) -> u64 {
        1 << self as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_known_name_is_recognised_in_any_case() {
        for &known in Known::ALL {
            let name = known.name();
            assert_eq!(Known::recognise(name.as_bytes()), Some(known));
            assert_eq!(
                Known::recognise(name.to_ascii_uppercase().as_bytes()),
                Some(known)
            );
            assert_eq!(
                Known::recognise(name.to_ascii_lowercase().as_bytes()),
                Some(known)
            );
        }
    }

    #[test]
    fn a_name_of_the_same_shape_is_not_recognised() {
        for name in [
            "",
            "h",
            "Hosd",
            "Hxst",
            "Content-Lengtz",
            "TX",
            "Content_Length",
            "X",
            "Host ",
        ] {
            assert_eq!(Known::recognise(name.as_bytes()), None, "{name}");
        }
    }
}
