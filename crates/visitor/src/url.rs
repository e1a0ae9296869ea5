//! Addresses of the web, as strict as they can be: `http` and `https` only, ASCII, no
//! user name, one way to write each host (RFC 3986; no repairs as browsers make).

use std::{fmt, net::IpAddr, str::FromStr};

use http::uri::PathAndQuery;

const MAX_URL: usize = 8192;

/// Not an address of the web.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MalformedUrl {
    /// Empty, longer than 8 KiB, or with characters a URL can't have.
    #[error("expected 1 to {MAX_URL} printable ASCII characters without `\\`")]
    Characters,
    /// Another scheme than http and https.
    #[error("expected `https://` or `http://` at the beginning")]
    Scheme,
    /// A user name or password stands before the host.
    #[error("a user name or password in a URL isn't taken")]
    UserInfo,
    /// Not a host name, an IPv4 or a bracketed IPv6 address.
    #[error("the host {0:?} is neither a name nor an IPv4 or [IPv6] address")]
    Host(String),
    /// Not 1 to 65535.
    #[error("the port {0:?} isn't a number from 1 to 65535")]
    Port(String),
    /// Not a path and query.
    #[error("the path or query holds characters it can't have")]
    Path,
    /// A redirect without `Location`.
    #[error("there is none")]
    Missing,
}

/// `http` or `https`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// Without TLS.
    Http,
    /// Over TLS.
    Https,
}

impl Scheme {
    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
        }
    }

    /// 80 or 443.
    pub const fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
        }
    }
}

/// A host: a name in lower case without a trailing dot, or an address.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A DNS name (international ones in their `xn--` form).
    Name(String),
    /// An address.
    Ip(IpAddr),
}

impl FromStr for Host {
    type Err = MalformedUrl;

    /// A name, an IPv4 address, or an IPv6 address with or without brackets.
    fn from_str(text: &str) -> Result<Self, MalformedUrl> {
        let wrong = || MalformedUrl::Host(text.chars().take(64).collect());
        let bare = text
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        if bare.is_some() || text.contains(':') {
            let address = bare.unwrap_or(text).parse().map_err(|_| wrong())?;
            return Ok(Self::Ip(IpAddr::V6(address)));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        // Resolvers read `127.1`, `0x7f.1` and `2130706433` as addresses: a last label
        // that looks like a number is one exact IPv4 address or nothing.
        let last = name.rsplit('.').next().unwrap_or_default();
        if last.starts_with(|c: char| c.is_ascii_digit()) {
            let address = name.parse().map_err(|_| wrong())?;
            return if text.ends_with('.') {
                Err(wrong())
            } else {
                Ok(Self::Ip(IpAddr::V4(address)))
            };
        }
        let is_label = |label: &str| {
            (1..=63).contains(&label.len())
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        if name.len() > 253 || !name.split('.').all(is_label) {
            return Err(wrong());
        }
        Ok(Self::Name(name))
    }
}

/// As in a URL: IPv6 in brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Ip(IpAddr::V4(address)) => address.fmt(f),
            Self::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

/// An address of the web.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Url {
    scheme: Scheme,
    host: Host,
    port: u16,
    path: PathAndQuery,
}

impl Url {
    /// The root path of a host.
    pub fn root(scheme: Scheme, host: Host, port: u16) -> Self {
        Self {
            scheme,
            host,
            port,
            path: PathAndQuery::from_static("/"),
        }
    }

    /// `http` or `https`.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The host.
    pub const fn host(&self) -> &Host {
        &self.host
    }

    /// The port, also where it is the scheme's own.
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// Path and query, as sent.
    pub const fn path_and_query(&self) -> &PathAndQuery {
        &self.path
    }

    /// Host, and port where it isn't the scheme's own: the value of `Host`.
    pub fn authority(&self) -> String {
        if self.port == self.scheme.default_port() {
            self.host.to_string()
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Same scheme, host and port (RFC 6454).
    pub fn same_origin(&self, other: &Self) -> bool {
        self.scheme == other.scheme && self.host == other.host && self.port == other.port
    }

    /// The same host with another path and query.
    ///
    /// # Errors
    /// When `path` doesn't begin with `/` or holds what a path can't.
    pub fn with_path(&self, path: &str) -> Result<Self, MalformedUrl> {
        check_characters(path)?;
        if !path.starts_with('/') || path.contains('#') {
            return Err(MalformedUrl::Path);
        }
        let path = PathAndQuery::from_str(path).map_err(|_| MalformedUrl::Path)?;
        Ok(Self {
            path,
            ..self.clone()
        })
    }

    /// Where a reference in `Location` leads from here (RFC 3986 §5.2); a fragment is
    /// dropped.
    ///
    /// # Errors
    /// When the result isn't an address of the web.
    pub fn join(&self, reference: &str) -> Result<Self, MalformedUrl> {
        check_characters(reference)?;
        let reference = reference.split('#').next().unwrap_or_default();
        let head = reference.split(['/', '?']).next().unwrap_or_default();
        if head.contains(':') {
            return reference.parse();
        }
        if reference.starts_with("//") {
            return format!("{}:{reference}", self.scheme.word()).parse();
        }
        if reference.is_empty() {
            return Ok(self.clone());
        }
        if reference.starts_with('?') {
            return self.with_path(&format!("{}{reference}", self.path.path()));
        }
        let (path, query) = match reference.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (reference, None),
        };
        let merged = if path.starts_with('/') {
            path.to_owned()
        } else {
            let folder = self
                .path
                .path()
                .rsplit_once('/')
                .map_or("", |(folder, _)| folder);
            format!("{folder}/{path}")
        };
        let mut joined = without_dots(&merged);
        if let Some(query) = query {
            joined.push('?');
            joined.push_str(query);
        }
        self.with_path(&joined)
    }
}

/// RFC 3986 §5.2.4.
fn without_dots(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." => {}
            ".." => {
                kept.pop();
            }
            other => {
                kept.push(other);
                continue;
            }
        }
        if last {
            kept.push("");
        }
    }
    format!("/{}", kept.join("/"))
}

fn check_characters(text: &str) -> Result<(), MalformedUrl> {
    let fits = (1..=MAX_URL).contains(&text.len());
    if fits
        && text
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    {
        Ok(())
    } else {
        Err(MalformedUrl::Characters)
    }
}

impl FromStr for Url {
    type Err = MalformedUrl;

    fn from_str(text: &str) -> Result<Self, MalformedUrl> {
        check_characters(text)?;
        let (scheme, rest) = text.split_once("://").ok_or(MalformedUrl::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Scheme::Http,
            "https" => Scheme::Https,
            _ => return Err(MalformedUrl::Scheme),
        };
        let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end).ok_or(MalformedUrl::Path)?;
        if authority.contains('@') {
            return Err(MalformedUrl::UserInfo);
        }
        let (host, port) = match authority.rsplit_once(':') {
            // The colons of a bracketed address aren't the port's.
            Some((host, port)) if !port.contains(']') => {
                let digits = port.bytes().all(|byte| byte.is_ascii_digit());
                let number = port.parse().ok().filter(|port: &u16| digits && *port != 0);
                (
                    host,
                    number.ok_or_else(|| MalformedUrl::Port(port.chars().take(16).collect()))?,
                )
            }
            _ => (authority, scheme.default_port()),
        };
        if host.contains(':') && !host.starts_with('[') {
            return Err(MalformedUrl::Host(host.chars().take(64).collect()));
        }
        let root = Self::root(scheme, host.parse()?, port);
        match path.chars().next() {
            None => Ok(root),
            Some('/') => root.with_path(path),
            Some('?') => root.with_path(&format!("/{path}")),
            Some(_) => Err(MalformedUrl::Path),
        }
    }
}

impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{}://{}{}",
            self.scheme.word(),
            self.authority(),
            self.path
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn url(text: &str) -> Url {
        text.parse().unwrap()
    }

    #[test]
    fn addresses_of_the_web_are_read_into_one_form() {
        let check = |text: &str, expected: &str| assert_eq!(url(text).to_string(), expected);
        check("https://Example.COM", "https://example.com/");
        check(
            "HTTPS://example.com.:443/a?b=c",
            "https://example.com/a?b=c",
        );
        check("http://example.com:8080?q", "http://example.com:8080/?q");
        check("https://[2001:DB8::1]:8443/", "https://[2001:db8::1]:8443/");
        check("http://192.0.2.1/", "http://192.0.2.1/");
        check(
            "https://a_b.xn--caf-dma.example/",
            "https://a_b.xn--caf-dma.example/",
        );
    }

    #[test]
    fn what_resolvers_or_browsers_would_repair_is_refused() {
        for text in [
            "",
            "example.com",
            "ftp://example.com/",
            "https:/example.com/",
            "https://",
            "https:///path",
            "https://user@example.com/",
            "https://user:pw@example.com/",
            "https://127.1/",
            "https://2130706433/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.0.0.1./",
            "https://example.com:0/",
            "https://example.com:65536/",
            "https://example.com:+80/",
            "https://example.com:/",
            "https://::1/",
            "https://[::1/",
            "https://[127.0.0.1]/",
            "https://a..b/",
            "https://-a.b/",
            "https://a b/",
            "https://example.com\\@evil.example/",
            "https://caf\u{e9}.example/",
            "https://example.com/a\nb",
            "https://example.com/#part",
            "https://[fe80::1%25eth0]/",
        ] {
            assert!(text.parse::<Url>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn redirects_lead_where_rfc_3986_says() {
        let base = url("https://a.example:8443/b/c/d?q");
        let check = |reference: &str, expected: &str| {
            assert_eq!(
                base.join(reference).unwrap().to_string(),
                expected,
                "{reference}"
            );
        };
        check("g", "https://a.example:8443/b/c/g");
        check("./g?y#s", "https://a.example:8443/b/c/g?y");
        check("/g", "https://a.example:8443/g");
        check("?y", "https://a.example:8443/b/c/d?y");
        check("#s", "https://a.example:8443/b/c/d?q");
        check("//g.example/x", "https://g.example/x");
        check(
            "http://g.example/x?u=http://y",
            "http://g.example/x?u=http://y",
        );
        check("..", "https://a.example:8443/b/");
        check("../../../g", "https://a.example:8443/g");
        check("/x/./y/../z", "https://a.example:8443/x/z");
        check("x?u=http://y", "https://a.example:8443/b/c/x?u=http://y");
        for wrong in [
            "javascript:alert(1)",
            "//user@g.example/",
            "/a b",
            "https:g",
            "",
        ] {
            assert!(base.join(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        assert!(url("https://a.example/x").same_origin(&url("https://a.example:443/y")));
        for other in [
            "http://a.example/",
            "https://b.example/",
            "https://a.example:444/",
        ] {
            assert!(
                !url("https://a.example/").same_origin(&url(other)),
                "{other}"
            );
        }
    }

    proptest! {
        #[test]
        fn reading_never_panics_and_prints_what_reads_the_same(
            text in "https?://[a-z0-9.\\[\\]:@-]{0,20}[/?#]?[ -~]{0,20}|.{0,40}",
            reference in "[a-z./?#:@]{0,20}",
        ) {
            if let Ok(read) = text.parse::<Url>() {
                prop_assert_eq!(&url(&read.to_string()), &read);
                if let Ok(joined) = read.join(&reference) {
                    prop_assert_eq!(url(&joined.to_string()), joined);
                }
            }
        }
    }
}
