//! The style sheet inside each page, the one script inside a few, and the policy that
//! allows exactly them.
//!
//! Prebuilt pages can't carry a nonce, which must differ in every answer. A hash of the
//! sheet (CSP level 3, section 2.3.1) says the same: these bytes and no others.

use std::fmt::Write as _;

use aws_lc_rs::digest;

use crate::SiteOrigin;

const SHEET: &str = include_str!("../static/waarborg.css");
/// What asks the browser for a passkey.
const SCRIPT: &str = include_str!("../static/passkey.js");
const ICON: &str = include_str!("../static/icon.svg");

/// Whether a page may send a form, and then only to its own origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Forms {
    Refused,
    Own,
}

/// A word that allows one script in one answer (CSP level 3, section 2.3.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nonce(String);

impl Nonce {
    /// Takes base64 or base64url of at least 128 bits; `None` for anything else. It must
    /// be made by chance for each answer.
    pub fn new(base64: &str) -> Option<Self> {
        let plain = base64
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+/-_=".contains(&byte));
        (plain && (22..=128).contains(&base64.len())).then(|| Self(base64.to_owned()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The sheet as pages carry it.
#[derive(Debug)]
pub(crate) struct Style {
    sheet: String,
    hash: String,
    script_hash: String,
    icon: String,
}

impl Style {
    pub(crate) fn load() -> Self {
        let sheet = minified(SHEET);
        Self {
            hash: hash(&sheet),
            script_hash: hash(SCRIPT),
            sheet,
            icon: format!(
                "data:image/svg+xml,{}",
                percent_encoded(ICON.trim(), "-._~/:=")
            ),
        }
    }

    /// What stands between `<style>` and `</style>`, byte for byte.
    pub(crate) fn sheet(&self) -> &str {
        &self.sheet
    }

    /// The icon as a `data:` URL, so that no browser asks the application for one.
    pub(crate) fn icon(&self) -> &str {
        &self.icon
    }

    /// What stands between `<script>` and `</script>`, byte for byte.
    pub(crate) const fn script() -> &'static str {
        SCRIPT
    }

    pub(crate) fn policy(&self, forms: Forms) -> String {
        let forms = match forms {
            Forms::Refused => "'none'",
            Forms::Own => "'self'",
        };
        format!(
            "default-src 'none'; style-src 'sha256-{}'; img-src data:; form-action {forms}; \
             frame-ancestors 'none'; base-uri 'none'",
            self.hash
        )
    }

    /// The policy of pages that ask for a passkey, by that one script.
    pub(crate) fn asking(&self, forms: Forms) -> String {
        let script = format!("script-src 'sha256-{}'; style-src ", self.script_hash);
        self.policy(forms).replacen("style-src ", &script, 1)
    }

    /// The policy of the one page that sends a form to another site, by its one script.
    pub(crate) fn handover(&self, to: &SiteOrigin, nonce: &Nonce) -> String {
        format!(
            "default-src 'none'; script-src 'nonce-{}'; style-src 'sha256-{}'; img-src data:; \
             form-action {}; frame-ancestors 'none'; base-uri 'none'",
            nonce.as_str(),
            self.hash,
            to.as_str()
        )
    }
}

/// SHA-256, as a policy names it.
fn hash(text: &str) -> String {
    terms::base64(digest::digest(&digest::SHA256, text.as_bytes()).as_ref())
}

/// The policy of documents that load nothing at all: JSON, looked at in a browser.
pub(crate) const BARE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'";

/// The sheet without comments and needless space. It knows strings, and leaves what is
/// between two words or around `+` and `-` as one space, as `calc()` needs it.
fn minified(sheet: &str) -> String {
    let mut out = String::with_capacity(sheet.len());
    let mut rest = sheet;
    let mut pending = false;
    while let Some(next) = rest.chars().next() {
        if let Some(comment) = rest.strip_prefix("/*") {
            rest = comment.split_once("*/").map_or("", |(_, behind)| behind);
            pending = true;
            continue;
        }
        if next.is_whitespace() {
            pending = true;
            rest = rest.trim_start();
            continue;
        }
        let glued = |c: char| matches!(c, '{' | '}' | ';' | ',');
        let before = out.chars().next_back();
        if pending && !glued(next) && before.is_some_and(|c| !glued(c) && c != ':') {
            out.push(' ');
        }
        pending = false;
        if next == '}' && before == Some(';') {
            out.pop();
        }
        let length = if next == '"' {
            rest.get(1..)
                .and_then(|inner| inner.find('"'))
                .map_or(rest.len(), |end| end + 2)
        } else {
            next.len_utf8()
        };
        let (token, behind) = rest.split_at(length);
        out.push_str(token);
        rest = behind;
    }
    out
}

/// Percent-encodes (RFC 3986 section 2.1) all but ASCII letters, digits and `kept`.
pub(crate) fn percent_encoded(text: &str, kept: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || kept.as_bytes().contains(&byte) {
            out.push(char::from(byte));
        } else {
            // Writing into a String doesn't fail.
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smaller_sheet_means_the_same() {
        let check = |from, to: &str| assert_eq!(minified(from), to);
        check("/* a */ a { b: c; }\n", "a{b:c}");
        check(
            "a  b > c, d { e: f(1rem + 2vw, 3px)  g ; }",
            "a b > c,d{e:f(1rem + 2vw,3px) g}",
        );
        check(
            "a::after { content: \" ( /* \"; }",
            "a::after{content:\" ( /* \"}",
        );
        check("a :focus { b: c }", "a :focus{b:c}");
        check("@media (a: b) { c { d: e } }", "@media (a:b){c{d:e}}");
        check("a { b: \"never closed", "a{b:\"never closed");
        check("/* never closed", "");
    }

    #[test]
    fn the_sheet_cannot_end_its_element_and_stays_small() {
        let style = Style::load();
        assert!(!style.sheet().contains("</"), "would end <style>");
        assert!(!style.sheet().contains("url("), "would load something");
        assert!(
            style.sheet().len() < 12_000,
            "{} bytes",
            style.sheet().len()
        );
        let braces = |brace| style.sheet().matches(brace).count();
        assert_eq!(braces('{'), braces('}'));
    }

    #[test]
    fn the_script_cannot_end_its_element_and_the_policy_allows_it_alone() {
        assert!(!SCRIPT.contains("</") && !SCRIPT.contains("<!--"));
        let policy = Style::load().asking(Forms::Own);
        let script = policy.split("; ").nth(1).unwrap();
        assert_eq!(script, format!("script-src 'sha256-{}'", hash(SCRIPT)));
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains("; style-src 'sha256-"), "{policy}");
    }

    #[test]
    fn a_nonce_is_long_enough_and_adds_nothing_to_a_policy() {
        assert!(Nonce::new("AAAAAAAAAAAAAAAAAAAAAA==").is_some());
        for bad in [
            "",
            "AAAA",
            "AAAAAAAAAAAAAAAAAAAAA' *",
            "AAAAAAAAAAAAAAAAAAAAAA; x",
        ] {
            assert!(Nonce::new(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_icon_needs_no_escaping() {
        let style = Style::load();
        assert!(style.icon().starts_with("data:image/svg+xml,%3Csvg"));
        assert!(!style.icon().contains(['"', '<', '>', '&', ' ', '#']));
    }
}
