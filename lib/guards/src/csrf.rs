//! Promise `csrf`: whether a request comes from our own domains.
//!
//! A browser sends cookies, and what it knows of HTTP Basic, whoever made it send the
//! request. It also says who that was: `Sec-Fetch-Site` (W3C Fetch Metadata section 2.3)
//! and `Origin` (RFC 6454 section 7). The first counts before the second; where both are
//! there they must not contradict each other. Whoever says neither is no browser of this
//! decade; it is refused only where a session's cookie comes with it. Siblings
//! (`same-site`) are foreign unless they are listed: whoever has one host of a domain
//! doesn't have the others.
//!
//! What an important action needs besides is a token that only the session's own pages
//! know; where it may stand in a form is [`Field`]'s business, and how it comes into the
//! forms of pages [`Forms`]'s.

mod forms;

pub use forms::Forms;

/// Most own domains of one gateway.
pub const ORIGINS_MAX: usize = 100;

/// Bytes at the beginning of a body in which a token is looked for.
pub const FIELD_WITHIN: usize = 64 * 1024;

/// Length of a token: 32 bytes in unpadded base64url (RFC 4648 section 5).
pub const TOKEN: usize = 43;

/// Whose requests count as our own, beside each site's.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Csrf {
    origins: Box<[Box<str>]>,
    /// Nobody is refused: what would be is counted and recorded.
    pub observe: bool,
    /// The token is put into the forms of pages, on sites with important actions.
    pub forms: bool,
}

/// What a browser says of where a request comes from; a field that stands there twice is
/// given as an empty value, which is nobody's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Sent<'a> {
    /// `Sec-Fetch-Site`.
    pub fetch_site: Option<&'a [u8]>,
    /// `Origin`.
    pub origin: Option<&'a [u8]>,
}

/// Why a request isn't our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Foreign {
    /// `Sec-Fetch-Site` says that another site sent it.
    CrossSite,
    /// Another host of the same domain did.
    SameSite,
    /// `Origin` is that of another host, port or scheme.
    Origin,
    /// `Origin` is `null`: a sandbox, a file, or a page behind a foreign redirect.
    Null,
    /// `Origin` and `Sec-Fetch-Site` contradict each other, as no browser's do.
    Contradiction,
    /// It says nothing, and bears a session's cookie.
    Unsaid,
}

impl Foreign {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::CrossSite,
        Self::SameSite,
        Self::Origin,
        Self::Null,
        Self::Contradiction,
        Self::Unsaid,
    ];

    /// The reason in records: kebab-case.
    pub const fn reason(self) -> &'static str {
        match self {
            Self::CrossSite => "cross-site",
            Self::SameSite => "same-site",
            Self::Origin => "origin-foreign",
            Self::Null => "origin-null",
            Self::Contradiction => "origin-contradicts",
            Self::Unsaid => "origin-unsaid",
        }
    }
}

impl Csrf {
    /// Own domains beside each site's: origins as browsers write them
    /// (`https://host`, with a port that isn't 443).
    pub fn new(origins: impl IntoIterator<Item = String>, observe: bool) -> Self {
        Self {
            origins: origins.into_iter().map(String::into_boxed_str).collect(),
            observe,
            forms: false,
        }
    }

    /// The own domains that are listed.
    pub fn origins(&self) -> impl Iterator<Item = &str> {
        self.origins.iter().map(|origin| &**origin)
    }

    /// Whether a request to `authority` (its public host, with the port if that isn't 443)
    /// that could change something is our own. `cookie`: it bears a session's cookie.
    ///
    /// # Errors
    /// Why it isn't.
    pub fn judge(&self, sent: Sent<'_>, authority: &str, cookie: bool) -> Result<(), Foreign> {
        let own = |origin| is_origin_of(origin, authority);
        let listed = |origin: &[u8]| {
            self.origins
                .iter()
                .any(|ours| ours.as_bytes().eq_ignore_ascii_case(origin))
        };
        match (sent.fetch_site, sent.origin) {
            // A page that sends no referrer says `null` of itself (Fetch section 3.1).
            (Some(b"same-origin" | b"none"), None | Some(b"null")) => Ok(()),
            (Some(b"same-origin" | b"none"), Some(origin)) if own(origin) => Ok(()),
            (Some(b"same-origin" | b"none"), Some(_)) => Err(Foreign::Contradiction),
            (_, Some(origin)) if listed(origin) => Ok(()),
            (Some(b"same-site"), _) => Err(Foreign::SameSite),
            (Some(_), _) => Err(Foreign::CrossSite),
            (None, Some(b"null")) => Err(Foreign::Null),
            (None, Some(origin)) if own(origin) => Ok(()),
            (None, Some(_)) => Err(Foreign::Origin),
            (None, None) if cookie => Err(Foreign::Unsaid),
            (None, None) => Ok(()),
        }
    }
}

/// Whether `origin` is that of the host a request was sent to, over HTTPS.
pub fn is_origin_of(origin: &[u8], authority: &str) -> bool {
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    origin
        .strip_prefix(b"https://")
        .is_some_and(|theirs| theirs.eq_ignore_ascii_case(host.as_bytes()))
}

/// The form that a body has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `application/x-www-form-urlencoded` (WHATWG URL section 5).
    UrlEncoded,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
}

impl Form {
    /// The form that a `Content-Type` names, where it is one that a field is looked for in.
    pub fn of(content_type: &[u8]) -> Option<Self> {
        let kind = content_type.split(|byte| *byte == b';').next()?;
        let kind = kind.trim_ascii();
        if kind.eq_ignore_ascii_case(b"application/x-www-form-urlencoded") {
            Some(Self::UrlEncoded)
        } else if kind.eq_ignore_ascii_case(b"multipart/form-data") {
            Some(Self::Multipart)
        } else {
            None
        }
    }
}

/// What is known of a field after the beginning of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field<'b> {
    /// Its value, [`TOKEN`] bytes long.
    Found(&'b [u8]),
    /// It may stand in what is still to come.
    NotYet,
    /// It isn't there, or not within [`FIELD_WITHIN`] bytes.
    Missing,
}

/// Looks for the field `name` (letters, digits, `-`, `_`) at the beginning of a body;
/// `whole` once there is no more of it.
///
/// It is a search for bytes, not a parser of forms: what stands there counts only if it is
/// the secret that nobody else knows, wherever in the form somebody has put it.
pub fn field<'b>(form: Form, name: &str, body: &'b [u8], whole: bool) -> Field<'b> {
    let body = body.get(..FIELD_WITHIN).unwrap_or(body);
    let ended = whole || body.len() == FIELD_WITHIN;
    let value = match form {
        Form::UrlEncoded => url_encoded(name.as_bytes(), body, whole),
        Form::Multipart => multipart(name.as_bytes(), body),
    };
    match value {
        Some(value) => Field::Found(value),
        None if ended => Field::Missing,
        None => Field::NotYet,
    }
}

fn url_encoded<'b>(name: &[u8], body: &'b [u8], whole: bool) -> Option<&'b [u8]> {
    let mut rest = body;
    loop {
        let end = rest.iter().position(|byte| *byte == b'&');
        // The last pair ends where the body does.
        let (pair, next) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None if whole => (rest, Default::default()),
            None => return None,
        };
        let value = pair
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(b"="));
        if let Some(value) = value.filter(|value| value.len() == TOKEN) {
            return Some(value);
        }
        if next.is_empty() {
            return None;
        }
        rest = next;
    }
}

/// The value behind a part's head, which ends at an empty line; browsers write the name as
/// `name="…"` (RFC 7578 section 4.2).
fn multipart<'b>(name: &[u8], body: &'b [u8]) -> Option<&'b [u8]> {
    const MARK: &[u8] = b"name=\"";
    let mut rest = body;
    while let Some(at) = rest.windows(MARK.len()).position(|part| part == MARK) {
        rest = rest.get(at + MARK.len()..)?;
        let Some(behind) = rest
            .strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(b"\""))
        else {
            continue;
        };
        let head = behind.windows(4).position(|part| part == b"\r\n\r\n")?;
        let value = behind.get(head + 4..)?;
        if value.get(TOKEN..TOKEN + 2)? == b"\r\n" {
            return value.get(..TOKEN);
        }
    }
    None
}

#[cfg(test)]
mod tests;
