//! What browsers report of a policy, and what would have to be allowed for it to stop.
//!
//! A report is a stranger's word: anybody can send one. So it is only counted, under a key
//! that is short and has no text of the sender's choice but a host; what it would take to
//! allow it is said to a person, and nothing that would let injected scripts through is
//! ever proposed.

use std::collections::BTreeSet;

use super::{Directive, Hash, Policy, PolicyError, SOURCES_MAX, Source};

/// Longest origin that is looked at: a name of 253 bytes, its scheme and port.
const ORIGIN_MAX: usize = 270;

/// Longest sample that browsers send, in UTF-16 units (CSP level 3, section 2.4): a shorter
/// one is the whole text.
const SAMPLE_MAX: usize = 40;

/// What was stopped, or would have been.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Violation {
    /// Which directive doesn't allow it.
    pub directive: Directive,
    /// What it is.
    pub blocked: Blocked,
}

/// What a page wanted to load or run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Blocked {
    /// A script or style sheet in the page itself; its hash where the report tells its
    /// whole text.
    Inline(Option<Hash>),
    /// An event handler or `style` attribute; its hash likewise.
    Attribute(Option<Hash>),
    /// Text that becomes code.
    Eval,
    /// WebAssembly.
    WasmEval,
    /// An asset of the page's own origin.
    Own,
    /// An asset in its address itself, such as `data:`; the scheme.
    Scheme(Box<str>),
    /// An asset of another origin.
    Origin(Box<str>),
}

/// Why a report isn't counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ignored {
    /// It comes from an extension of the visitor's browser, which is none of the site's
    /// business.
    Extension,
    /// It can't be read, or is about nothing that a policy here can state.
    Unreadable,
}

/// A report's fields that count, as the browser wrote them; empty where it says nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fields<'a> {
    /// `effective-directive`, or `violated-directive` of older browsers.
    pub directive: &'a str,
    /// `blocked-uri` or `blockedURL`.
    pub blocked: &'a str,
    /// `document-uri` or `documentURL`.
    pub document: &'a str,
    /// `source-file` or `sourceFile`.
    pub source_file: &'a str,
    /// `script-sample` or `sample`.
    pub sample: &'a str,
}

impl Violation {
    /// Reads a report. `sha256` makes the digest of a whole sample.
    ///
    /// # Errors
    /// Why it isn't counted.
    pub fn read(fields: &Fields<'_>, sha256: impl Fn(&[u8]) -> [u8; 32]) -> Result<Self, Ignored> {
        if is_extension(fields.source_file) || is_extension(fields.blocked) {
            return Err(Ignored::Extension);
        }
        // Older browsers write the whole directive with its sources.
        let name = fields.directive.split_ascii_whitespace().next();
        let name = name.unwrap_or_default();
        let directive = Directive::named(name).ok_or(Ignored::Unreadable)?;
        let attribute = name
            .get(name.len().saturating_sub(5)..)
            .is_some_and(|ending| ending.eq_ignore_ascii_case("-attr"));
        let whole = || {
            let units = fields.sample.encode_utf16().take(SAMPLE_MAX).count();
            let hash = || Hash::sha256(sha256(fields.sample.as_bytes()));
            ((1..SAMPLE_MAX).contains(&units)).then(hash)
        };
        let blocked = match fields.blocked {
            "inline" if attribute => Blocked::Attribute(whole()),
            "inline" => Blocked::Inline(whole()),
            "eval" => Blocked::Eval,
            "wasm-eval" => Blocked::WasmEval,
            "self" => Blocked::Own,
            other => blocked(other, fields.document)?,
        };
        let code = matches!(directive, Directive::ScriptSrc | Directive::StyleSrc);
        let code = code || directive == Directive::DefaultSrc;
        let fits = match blocked {
            Blocked::Inline(_) | Blocked::Attribute(_) | Blocked::Eval | Blocked::WasmEval => code,
            _ => true,
        };
        fits.then_some(Self { directive, blocked })
            .ok_or(Ignored::Unreadable)
    }

    /// What would allow it; `None` for what nobody should allow without a look at the page:
    /// text that becomes code, scripts in addresses, assets without encryption, and scripts
    /// in the page whose text the report doesn't tell.
    pub fn remedy(&self) -> Option<Source> {
        let script = matches!(self.directive, Directive::ScriptSrc | Directive::DefaultSrc);
        match &self.blocked {
            Blocked::Own => Some(Source::SelfOrigin),
            Blocked::Inline(hash) => hash.clone().map(Source::Hash),
            Blocked::Origin(origin) if is_encrypted(origin) => Source::origin(origin),
            Blocked::Scheme(scheme) => {
                let passive = matches!(
                    self.directive,
                    Directive::ImgSrc | Directive::FontSrc | Directive::MediaSrc
                );
                let fits = passive && !script && matches!(&**scheme, "data" | "blob");
                fits.then(|| Source::Scheme(scheme.clone()))
            }
            _ => None,
        }
    }

    /// What it is, in a few words that hold for every language.
    pub fn what(&self) -> String {
        let hash = |hash: &Option<Hash>| match hash {
            Some(hash) => format!(" {}", Source::Hash(hash.clone())),
            None => String::new(),
        };
        match &self.blocked {
            Blocked::Inline(found) => format!("inline{}", hash(found)),
            Blocked::Attribute(found) => format!("attribute{}", hash(found)),
            Blocked::Eval => "eval".to_owned(),
            Blocked::WasmEval => "wasm-eval".to_owned(),
            Blocked::Own => "'self'".to_owned(),
            Blocked::Scheme(scheme) => format!("{scheme}:"),
            Blocked::Origin(origin) => origin.to_string(),
        }
    }
}

/// An address, or only its scheme or origin: browsers send what the page may know.
fn blocked(text: &str, document: &str) -> Result<Blocked, Ignored> {
    let Some(origin) = origin(text) else {
        let scheme = text.split(':').next().unwrap_or_default();
        let short = (1..=20).contains(&scheme.len());
        let plain = scheme.bytes().all(|byte| byte.is_ascii_lowercase());
        // `https` alone says nothing of where from.
        let known = matches!(scheme, "data" | "blob" | "filesystem" | "mediastream");
        return (short && plain && known)
            .then(|| Blocked::Scheme(scheme.into()))
            .ok_or(Ignored::Unreadable);
    };
    if self::origin(document).as_ref() == Some(&origin) {
        return Ok(Blocked::Own);
    }
    // What no policy could name is no origin.
    Source::origin(&origin)
        .map(|_| Blocked::Origin(origin.into()))
        .ok_or(Ignored::Unreadable)
}

/// `scheme://host[:port]` of an address, in lower case.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let known = matches!(scheme, "https" | "http" | "wss" | "ws");
    let fits = known && !authority.is_empty() && authority.len() <= ORIGIN_MAX;
    (fits && !authority.contains('@')).then(|| format!("{scheme}://{authority}").to_lowercase())
}

fn is_encrypted(origin: &str) -> bool {
    origin.starts_with("https://") || origin.starts_with("wss://")
}

/// Whether an address is an extension's, or only the scheme of one.
fn is_extension(address: &str) -> bool {
    let scheme = address.split(':').next().unwrap_or_default();
    let scheme = scheme.to_ascii_lowercase();
    scheme.ends_with("-extension")
        || matches!(&*scheme, "safari-extension" | "ms-browser-extension")
}

/// The smallest policy that allows what `current` does and what these violations ask for,
/// as far as it may be proposed ([`Violation::remedy`]). Where a directive fell back on
/// another, it is stated from now on, so that nothing else is allowed more.
///
/// # Errors
/// More sources than a directive holds.
pub fn propose<'a>(
    current: &Policy,
    violations: impl IntoIterator<Item = &'a Violation>,
) -> Result<Policy, PolicyError> {
    let mut policy = current.clone();
    // In an order of their own, so that the same reports make the same proposal.
    let mut wanted: BTreeSet<(Directive, String)> = BTreeSet::new();
    for violation in violations {
        if let Some(source) = violation.remedy() {
            wanted.insert((violation.directive, source.to_string()));
        }
    }
    for (directive, text) in wanted {
        let Ok(source) = Source::parse(&text) else {
            continue;
        };
        let mut sources = policy.effective(directive).unwrap_or_default().to_vec();
        if sources.contains(&source) {
            continue;
        }
        sources.retain(|known| *known != Source::None);
        if sources.len() == SOURCES_MAX {
            return Err(PolicyError::TooManySources(directive));
        }
        sources.push(source);
        policy.set(directive, sources)?;
    }
    Ok(policy)
}
