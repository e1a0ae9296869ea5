//! Addresses on the same site: the only ones that links and forms of own pages have.

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

    /// The path.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
