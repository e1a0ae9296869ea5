//! Source expressions (CSP level 3, section 2.3.1).

use std::fmt;

/// Bytes of one source: a host of 255 with scheme, port and some path.
pub const SOURCE_MAX: usize = 512;

/// Where an asset may come from, or what else allows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// `'none'`: nothing at all.
    None,
    /// `'self'`: the page's own origin.
    SelfOrigin,
    /// `'unsafe-inline'`: whatever stands in the page itself.
    UnsafeInline,
    /// `'unsafe-eval'`: text that becomes code.
    UnsafeEval,
    /// `'wasm-unsafe-eval'`: WebAssembly.
    WasmUnsafeEval,
    /// `'unsafe-hashes'`: hashes count for event handlers, too.
    UnsafeHashes,
    /// `'strict-dynamic'`: what an allowed script loads is allowed; hosts don't count.
    StrictDynamic,
    /// `'report-sample'`: reports tell how what was stopped begins.
    ReportSample,
    /// `'sha256-…'`: exactly these bytes.
    Hash(Hash),
    /// `https:`: a whole scheme; without the colon, in lower case.
    Scheme(Box<str>),
    /// A host, perhaps with scheme, `*.`, port and path; scheme and host in lower case.
    Host(Box<str>),
}

/// Which digest a hash is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Algorithm {
    const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha384 => "sha384",
            Self::Sha512 => "sha512",
        }
    }

    /// Letters of base64 before the filling, and the filling.
    const fn form(self) -> (usize, &'static str) {
        match self {
            Self::Sha256 => (43, "="),
            Self::Sha384 => (64, ""),
            Self::Sha512 => (86, "=="),
        }
    }
}

/// The digest of a script or style sheet.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Hash {
    algorithm: Algorithm,
    base64: Box<str>,
}

impl Hash {
    /// Of the SHA-256 digest of what stands between the tags, byte for byte.
    pub fn sha256(digest: [u8; 32]) -> Self {
        Self {
            algorithm: Algorithm::Sha256,
            base64: super::base64(&digest).into(),
        }
    }
}

/// A source that can't be read, and what to write instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SourceError {
    /// Nothing, or more than [`SOURCE_MAX`] bytes.
    #[error("expected 1 to {SOURCE_MAX} bytes")]
    Length,
    /// Several sources in one, or a policy's separators.
    #[error("a space, `;` or `,` stands in it; expected one source")]
    Several,
    /// A keyword without its quotes, which is the host of that name.
    #[error("without quotes it is a host; expected the keyword in single quotes")]
    Unquoted,
    /// A keyword that nobody knows.
    #[error("a keyword that isn't known; expected such as `'self'` or `'none'`")]
    Keyword,
    /// A nonce: a fixed one protects from nothing.
    #[error(
        "a nonce that stays the same is none; expected `nonce = true`, which makes one for each answer"
    )]
    Nonce,
    /// A hash that isn't one.
    #[error(
        "not a hash; expected `'sha256-…'`, `'sha384-…'` or `'sha512-…'` with the digest in base64"
    )]
    Hash,
    /// A scheme that isn't one.
    #[error("not a scheme; expected such as `https:`")]
    Scheme,
    /// A host that isn't one.
    #[error("not a host; expected such as `https://cdn.example.com`, `*.example.com` or `https:`")]
    Host,
    /// A port that isn't one.
    #[error("not a port; expected 1 to 65535 or `*`")]
    Port,
    /// A path with a query or fragment, or with bytes that need an escape.
    #[error("not a path; expected a path without `?`, `#`, quotes and spaces")]
    Path,
}

const KEYWORDS: [(&str, Source); 8] = [
    ("none", Source::None),
    ("self", Source::SelfOrigin),
    ("unsafe-inline", Source::UnsafeInline),
    ("unsafe-eval", Source::UnsafeEval),
    ("wasm-unsafe-eval", Source::WasmUnsafeEval),
    ("unsafe-hashes", Source::UnsafeHashes),
    ("strict-dynamic", Source::StrictDynamic),
    ("report-sample", Source::ReportSample),
];

impl Source {
    /// Reads one source expression; keywords in any case (section 6.7.2.6).
    ///
    /// # Errors
    /// Why it is none, and what was expected.
    pub fn parse(text: &str) -> Result<Self, SourceError> {
        if text.is_empty() || text.len() > SOURCE_MAX {
            return Err(SourceError::Length);
        }
        if text
            .bytes()
            .any(|byte| byte.is_ascii_whitespace() || byte == b';' || byte == b',')
        {
            return Err(SourceError::Several);
        }
        if let Some(inner) = text.strip_prefix('\'') {
            return quoted(inner.strip_suffix('\'').ok_or(SourceError::Keyword)?);
        }
        let is_keyword = |(word, _): &(&str, Self)| word.eq_ignore_ascii_case(text);
        let looks = |start: &str| {
            text.get(..start.len())
                .is_some_and(|part| part.eq_ignore_ascii_case(start))
        };
        if KEYWORDS.iter().any(is_keyword) || looks("nonce-") || hash(text).is_ok() {
            return Err(SourceError::Unquoted);
        }
        if let Some(scheme) = text.strip_suffix(':') {
            return is_scheme(scheme)
                .then(|| Self::Scheme(scheme.to_ascii_lowercase().into()))
                .ok_or(SourceError::Scheme);
        }
        host(text)
    }

    /// The source that allows an origin (RFC 6454): its scheme, host and port.
    pub(super) fn origin(origin: &str) -> Option<Self> {
        let (_, rest) = origin.split_once("://")?;
        (!rest.contains(['/', '*'])).then_some(())?;
        Self::parse(origin).ok()
    }
}

fn quoted(inner: &str) -> Result<Source, SourceError> {
    let is = |(word, _): &&(&str, Source)| word.eq_ignore_ascii_case(inner);
    if let Some((_, source)) = KEYWORDS.iter().find(is) {
        return Ok(source.clone());
    }
    if inner
        .get(..6)
        .is_some_and(|start| start.eq_ignore_ascii_case("nonce-"))
    {
        return Err(SourceError::Nonce);
    }
    match inner.get(..3) {
        Some(start) if start.eq_ignore_ascii_case("sha") => hash(inner).map(Source::Hash),
        _ => Err(SourceError::Keyword),
    }
}

fn hash(inner: &str) -> Result<Hash, SourceError> {
    let (name, value) = inner.split_once('-').ok_or(SourceError::Hash)?;
    let is = |one: &Algorithm| one.name().eq_ignore_ascii_case(name);
    let algorithm = Algorithm::ALL.into_iter().find(is);
    let algorithm = algorithm.ok_or(SourceError::Hash)?;
    let (letters, filling) = algorithm.form();
    let body = value.strip_suffix(filling).unwrap_or(value);
    // Browsers take both alphabets.
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    if body.len() != letters || !body.bytes().all(letter) {
        return Err(SourceError::Hash);
    }
    Ok(Hash {
        algorithm,
        base64: format!("{body}{filling}").into(),
    })
}

/// RFC 3986 section 3.1.
fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// `[ scheme "://" ] host [ ":" port ] [ path ]`.
fn host(text: &str) -> Result<Source, SourceError> {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if is_scheme(scheme) => (Some(scheme), rest),
        Some(_) => return Err(SourceError::Scheme),
        None => (None, text),
    };
    let (authority, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let (name, port) = match authority.split_once(':') {
        Some((name, port)) => (name, Some(port)),
        None => (authority, None),
    };
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let below = name.strip_prefix("*.").unwrap_or(name);
    if name != "*" && !below.split('.').all(label) {
        return Err(SourceError::Host);
    }
    let is_port = |port: &str| {
        let number = port.parse::<u16>().is_ok_and(|port| port > 0);
        port == "*" || (number && port.bytes().all(|byte| byte.is_ascii_digit()))
    };
    if !port.is_none_or(is_port) {
        return Err(SourceError::Port);
    }
    if !path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !b"?#'\"<>\\^`{|}".contains(&byte))
    {
        return Err(SourceError::Path);
    }
    let mut whole = String::with_capacity(text.len());
    if let Some(scheme) = scheme {
        whole.push_str(&scheme.to_ascii_lowercase());
        whole.push_str("://");
    }
    whole.push_str(&authority.to_ascii_lowercase());
    // Case counts in a path.
    whole.push_str(path);
    Ok(Source::Host(whole.into()))
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash(hash) => write!(f, "'{}-{}'", hash.algorithm.name(), hash.base64),
            Self::Scheme(scheme) => write!(f, "{scheme}:"),
            Self::Host(host) => f.write_str(host),
            keyword => {
                let is = |(_, source): &&(&str, Self)| source == keyword;
                let word = KEYWORDS.iter().find(is).map_or("", |(word, _)| word);
                write!(f, "'{word}'")
            }
        }
    }
}
