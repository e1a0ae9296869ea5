//! Addresses of links and forms on own pages: on the same site, or a site of ours.

use crate::style::percent_encoded;

/// A path on the same origin. It starts with one `/`, so it can be neither another
/// site (`//evil.example`) nor a scheme (`javascript:`).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct OwnPath(String);

impl OwnPath {
    /// Takes `/`, then printable ASCII without `\`, spaces and quotes; a query may
    /// follow. At most 2,048 bytes. `None` for anything else.
    pub fn new(path: &str) -> Option<Self> {
        let mut bytes = path.bytes();
        let rooted = bytes.next() == Some(b'/') && bytes.next() != Some(b'/');
        // Browsers read `\` as `/` (WHATWG URL), so `/\evil.example` is another site.
        let plain = path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'\\' | b'"' | b'\''));
        (rooted && plain && path.len() <= 2048).then(|| Self(path.to_owned()))
    }

    /// The same, but what it doesn't take is percent-encoded (RFC 3986 section 2.1)
    /// where a browser reads the same path then: for paths that came in a request.
    pub fn encoding(path: &str) -> Option<Self> {
        const KEPT: &str = "-._~/:=?&+,;@!$*()%[]#|^`{}";
        let mut rest = path.strip_prefix('/')?.bytes();
        if matches!(rest.next(), Some(b'/' | b'\\'))
            || path.contains(|c: char| c.is_ascii_control())
        {
            return None;
        }
        Self::new(&percent_encoded(path, KEPT))
    }

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A site behind us: `https://app.example.com`, with a port where it isn't 443. It can
/// stand in a policy as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SiteOrigin(String);

impl SiteOrigin {
    /// Takes `https://`, then a host and perhaps a port, and nothing behind it. At most
    /// 300 bytes. `None` for anything else.
    pub fn new(origin: &str) -> Option<Self> {
        let authority = origin.strip_prefix("https://")?;
        let plain = authority
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-.:[]".contains(&byte));
        let whole = authority.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '[');
        (whole && plain && origin.len() <= 300).then(|| Self(origin.to_owned()))
    }

    /// The origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_a_request_is_encoded_and_stays_on_its_site() {
        let check = |from, to: Option<&str>| {
            let path = OwnPath::encoding(from);
            assert_eq!(path.as_ref().map(OwnPath::as_str), to, "{from:?}");
        };
        check("/a?b=c%20d&e=[f]", Some("/a?b=c%20d&e=[f]"));
        check("/it's \"é\"<\\", Some("/it%27s%20%22%C3%A9%22%3C%5C"));
        for bad in [
            "",
            "a",
            "//evil",
            "/\\evil",
            "/\n",
            "/\t/evil",
            "javascript:alert(1)",
        ] {
            check(bad, None);
        }
    }

    #[test]
    fn only_origins_of_https_are_taken() {
        for good in [
            "https://a.example",
            "https://localhost:8443",
            "https://[::1]:8443",
        ] {
            assert!(SiteOrigin::new(good).is_some(), "{good}");
        }
        for bad in [
            "",
            "http://a.example",
            "https://",
            "https:///a",
            "https://a.example/",
            "https://a.example; script-src *",
            "https://user@a.example",
            "https://*.example",
        ] {
            assert!(SiteOrigin::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn only_paths_of_the_same_site_are_taken() {
        for good in ["/", "/-/", "/-/security?lang=nl", "/a//b"] {
            assert!(OwnPath::new(good).is_some(), "{good}");
        }
        let long = format!("/{}", "a".repeat(2048));
        for bad in [
            "",
            "a",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "javascript:alert(1)",
            "/a b",
            "/a\"b",
            "/\n",
            "/é",
            &long,
        ] {
            assert!(OwnPath::new(bad).is_none(), "{bad}");
        }
    }
}
