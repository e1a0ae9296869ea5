//! Step 3, read: one request, however it was framed.
//!
//! HTTP/1 heads come judged by `lib/h1`. HTTP/2 heads come decoded by `lib/http2` and are
//! judged here by the same rules (RFC 9113 section 8), so both say the same to the next
//! steps.

use h1::{Framing, Target};
use seam::{Refusal, RefusalPage, record::Version, snapshot::Limits};

/// A request whose head is whole and well-formed.
pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    /// Host and perhaps port; empty only for HTTP/1.0 without `Host`.
    pub(crate) authority: &'a str,
    /// Begins with `/`, or is `*`.
    pub(crate) path: &'a str,
    pub(crate) query: Option<&'a str>,
    pub(crate) version: Version,
    pub(crate) framing: Framing,
    /// The client waits for an interim answer before it sends its body.
    pub(crate) expects: bool,
    pub(crate) upgrade: Option<&'a str>,
    fields: Fields<'a>,
}

enum Fields<'a> {
    Http1(h1::Fields<'a>),
    Http2(http2::Fields<'a>),
}

/// One field of a head.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a [u8],
    /// Belongs to this connection only.
    pub(crate) hop: bool,
}

impl<'a> Request<'a> {
    /// The request that this one asks about: with its fields, and without a body.
    pub(crate) fn about(
        self,
        method: &'a str,
        authority: &'a str,
        (path, query): (&'a str, Option<&'a str>),
        upgrade: Option<&'a str>,
    ) -> Self {
        Self {
            method,
            authority,
            path,
            query,
            framing: Framing::None,
            expects: false,
            upgrade,
            ..self
        }
    }

    /// A head of HTTP/1.
    pub(crate) fn http1(view: &h1::Request<'a>) -> Result<Self, Refusal> {
        let (path, query) = match view.target {
            Target::Origin { path, query } => (path, query),
            Target::Asterisk => ("*", None),
            Target::Authority(_) => {
                return Err(Refusal::new(RefusalPage::NotImplemented, "connect-refused"));
            }
        };
        Ok(Self {
            method: view.method,
            authority: view.authority,
            path,
            query,
            version: match view.version {
                h1::Version::Http10 => Version::Http10,
                h1::Version::Http11 => Version::Http11,
            },
            framing: view.framing,
            expects: view.expect_continue,
            upgrade: view.upgrade,
            fields: Fields::Http1(view.fields),
        })
    }

    /// A decoded head of HTTP/2. `over`: part of it wasn't kept, for it was too large;
    /// `ended`: no body follows.
    pub(crate) fn http2(
        head: Result<http2::Head<'a>, http2::Malformed>,
        over: bool,
        ended: bool,
        limits: &Limits,
    ) -> Result<Self, Refusal> {
        let malformed = |reason| Refusal::new(RefusalPage::BadRequest, reason);
        if over {
            return Err(Refusal::new(RefusalPage::HeadersTooLarge, "head-too-large"));
        }
        let head = head.map_err(|reason| malformed(reason.code()))?;
        if head.fields.len() > usize::from(limits.fields) {
            return Err(Refusal::new(
                RefusalPage::HeadersTooLarge,
                "too-many-fields",
            ));
        }
        h1::grammar::judge_method(head.method.as_bytes()).map_err(refused)?;
        // A WebSocket over one stream (RFC 8441): what HTTP/1 asks for by an upgrade.
        let tunnel = head
            .protocol
            .is_some_and(|protocol| protocol == "websocket");
        if head.method == "CONNECT" && !tunnel {
            return Err(Refusal::new(RefusalPage::NotImplemented, "connect-refused"));
        }
        let mut length = None;
        let mut host = None;
        let mut expects = false;
        for (name, value) in head.fields.iter() {
            h1::grammar::judge_field(name, value).map_err(refused)?;
            match name {
                b"host" if host.replace(value).is_some() => {
                    return Err(malformed("host-repeated"));
                }
                b"content-length" => {
                    let read = content_length(value)
                        .ok_or_else(|| malformed("content-length-malformed"))?;
                    if length.replace(read).is_some() {
                        return Err(malformed("content-length-repeated"));
                    }
                }
                b"expect" if !value.eq_ignore_ascii_case(b"100-continue") => {
                    return Err(refused(h1::Refusal::Expectation));
                }
                b"expect" => expects = true,
                _ => {}
            }
        }
        let host = match host.map(std::str::from_utf8) {
            None => None,
            Some(Ok(host)) => Some(host),
            Some(Err(_)) => return Err(malformed("host-malformed")),
        };
        let authority = match (head.authority, host) {
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
                return Err(malformed("authority-and-host-differ"));
            }
            (Some(authority), _) => authority,
            (None, Some(host)) => host,
            (None, None) => return Err(malformed("host-missing")),
        };
        h1::grammar::authority(authority).map_err(refused)?;
        if head.scheme != "https" {
            return Err(malformed("scheme-not-https"));
        }
        let (path, query) = match head.path {
            "*" if head.method == "OPTIONS" => ("*", None),
            path => h1::grammar::path_and_query(path).map_err(refused)?,
        };
        if tunnel && (ended || length.is_some()) {
            return Err(malformed("websocket-with-body"));
        }
        let framing = match (ended, length) {
            _ if tunnel => Framing::UntilClose,
            (true, None | Some(0)) => Framing::None,
            (true, Some(_)) => return Err(malformed("content-length-without-body")),
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::Chunked,
        };
        Ok(Self {
            method: if tunnel { "GET" } else { head.method },
            authority,
            path,
            query,
            version: Version::Http2,
            framing,
            expects,
            upgrade: head.protocol,
            fields: Fields::Http2(head.fields),
        })
    }

    /// Calls `each` for every field, in order.
    pub(crate) fn fields(&self, mut each: impl FnMut(Field<'a>)) {
        match &self.fields {
            Fields::Http1(fields) => {
                for field in fields.iter() {
                    each(Field {
                        name: field.name,
                        value: field.value,
                        hop: field.hop,
                    });
                }
            }
            Fields::Http2(fields) => {
                for (name, value) in fields.iter() {
                    each(Field {
                        // A token, as `http2` judged it: ASCII.
                        name: std::str::from_utf8(name).unwrap_or_default(),
                        value,
                        // `te: trailers` speaks to the next hop only.
                        hop: name == b"te",
                    });
                }
            }
        }
    }
}

/// A `Content-Length`: digits only, and no more than a u64 (RFC 9110 section 8.6).
pub(crate) fn content_length(value: &[u8]) -> Option<u64> {
    let digits = std::str::from_utf8(value).ok()?;
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

/// The codec's refusal as ours.
pub(crate) fn refused(refusal: h1::Refusal) -> Refusal {
    let page = match refusal.status() {
        413 => RefusalPage::PayloadTooLarge,
        414 => RefusalPage::UriTooLong,
        417 => RefusalPage::ExpectationFailed,
        431 => RefusalPage::HeadersTooLarge,
        501 => RefusalPage::NotImplemented,
        505 => RefusalPage::VersionNotSupported,
        _ => RefusalPage::BadRequest,
    };
    Refusal::new(page, refusal.code())
}
