//! Step 3, read: one request, however it was framed.
//!
//! HTTP/1 heads come judged by `lib/h1`. HTTP/2 heads come decoded by h2 and are judged
//! here by the same rules (RFC 9113 section 8), so both say the same to the next steps.

use h1::{Framing, Target};
use http::{HeaderMap, request::Parts};
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
    pub(crate) upgrade: Option<&'a str>,
    fields: Fields<'a>,
}

enum Fields<'a> {
    Http1(h1::Fields<'a>),
    Http2(&'a HeaderMap),
}

/// One field of a head.
pub(crate) struct Field<'a> {
    pub(crate) name: &'a str,
    pub(crate) value: &'a [u8],
    /// Belongs to this connection only.
    pub(crate) hop: bool,
}

impl<'a> Request<'a> {
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
            upgrade: view.upgrade,
            fields: Fields::Http1(view.fields),
        })
    }

    /// A decoded head of HTTP/2. `ended` tells that no body follows.
    pub(crate) fn http2(parts: &'a Parts, ended: bool, limits: &Limits) -> Result<Self, Refusal> {
        let malformed = |reason| Refusal::new(RefusalPage::BadRequest, reason);
        if parts.method == http::Method::CONNECT {
            return Err(Refusal::new(RefusalPage::NotImplemented, "connect-refused"));
        }
        let mut size = 0_usize;
        let mut length = None;
        let mut host = None;
        for (name, value) in &parts.headers {
            // 32 octets of overhead each, as RFC 9113 section 10.5.1 counts.
            size = size.saturating_add(name.as_str().len() + value.len() + 32);
            h1::grammar::judge_field(name.as_str().as_bytes(), value.as_bytes())
                .map_err(refused)?;
            match name.as_str() {
                "connection" | "keep-alive" | "proxy-connection" | "transfer-encoding"
                | "upgrade" => return Err(malformed("connection-field-in-http2")),
                "te" if value != "trailers" => return Err(malformed("te-in-http2")),
                "host" if host.replace(value).is_some() => {
                    return Err(malformed("host-repeated"));
                }
                "content-length" => {
                    let read = content_length(value.as_bytes())
                        .ok_or_else(|| malformed("content-length-malformed"))?;
                    if length.replace(read).is_some() {
                        return Err(malformed("content-length-repeated"));
                    }
                }
                _ => {}
            }
        }
        if size > usize::try_from(limits.head_bytes).unwrap_or(usize::MAX) {
            return Err(Refusal::new(RefusalPage::HeadersTooLarge, "head-too-large"));
        }
        if parts.headers.len() > usize::from(limits.fields) {
            return Err(Refusal::new(
                RefusalPage::HeadersTooLarge,
                "too-many-fields",
            ));
        }
        let host = match host.map(|value| value.to_str()) {
            None => None,
            Some(Ok(host)) => Some(host),
            Some(Err(_)) => return Err(malformed("host-malformed")),
        };
        let authority = match (
            parts.uri.authority().map(http::uri::Authority::as_str),
            host,
        ) {
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(host) => {
                return Err(malformed("authority-and-host-differ"));
            }
            (Some(authority), _) => authority,
            (None, Some(host)) => host,
            (None, None) => return Err(malformed("host-missing")),
        };
        h1::grammar::authority(authority).map_err(refused)?;
        if parts.uri.scheme_str() != Some("https") {
            return Err(malformed("scheme-not-https"));
        }
        let path = parts.uri.path();
        let query = parts.uri.query();
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", http::uri::PathAndQuery::as_str);
        if target != "*" {
            h1::grammar::path_and_query(target).map_err(refused)?;
        }
        let framing = match (ended, length) {
            (true, None | Some(0)) => Framing::None,
            (true, Some(_)) => return Err(malformed("content-length-without-body")),
            (false, Some(length)) => Framing::Length(length),
            (false, None) => Framing::Chunked,
        };
        Ok(Self {
            method: parts.method.as_str(),
            authority,
            path,
            query,
            version: Version::Http2,
            framing,
            upgrade: None,
            fields: Fields::Http2(&parts.headers),
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
            Fields::Http2(map) => {
                for (name, value) in *map {
                    // `te: trailers` speaks to the next hop only.
                    let hop = name == http::header::TE;
                    each(Field {
                        name: name.as_str(),
                        value: value.as_bytes(),
                        hop,
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
