//! What the edge answers when it doesn't serve.

/// Whose fault a refusal is. Availability counts only the upstream's and ours, so a
/// client can't lower the figure at will.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whose {
    /// The client sent what can't be served.
    Client,
    /// The application behind us failed.
    Upstream,
    /// We failed, or are too busy.
    Ours,
}

macro_rules! refusal_pages {
    ($($(#[$doc:meta])* $variant:ident $status:literal $word:literal $whose:ident),+ $(,)?) => {
        /// The pages a refused request can get: one prebuilt document each, per
        /// language, as HTML and JSON.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RefusalPage {
            $($(#[$doc])* $variant,)+
        }

        impl RefusalPage {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The HTTP status.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// The word in page keys, logs and metrics.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// Whose fault it is.
            pub const fn whose(self) -> Whose {
                match self { $(Self::$variant => Whose::$whose,)+ }
            }
        }
    };
}

refusal_pages! {
    /// The request can't be read (RFC 9112).
    BadRequest 400 "bad-request" Client,
    /// Only for who has signed in.
    Unauthorized 401 "unauthorized" Client,
    /// Not for this visitor.
    Forbidden 403 "forbidden" Client,
    /// Not for this visitor's address (promise `block`).
    Blocked 403 "blocked" Client,
    /// Not for this visitor's address for a while (promise `block`).
    Banned 403 "banned" Client,
    /// It doesn't come from our own pages, or lacks their token (promise `csrf`).
    CrossSite 403 "cross-site" Client,
    /// No own page has this address.
    NotFound 404 "not-found" Client,
    /// The method is refused here.
    MethodNotAllowed 405 "method-not-allowed" Client,
    /// The client took too long to send its request.
    RequestTimeout 408 "request-timeout" Client,
    /// The body is larger than the site takes.
    PayloadTooLarge 413 "payload-too-large" Client,
    /// The request line is too long.
    UriTooLong 414 "uri-too-long" Client,
    /// An expectation other than 100-continue.
    ExpectationFailed 417 "expectation-failed" Client,
    /// No site has this name here, or the connection's certificate doesn't cover it.
    Misdirected 421 "misdirected" Client,
    /// The client sends more requests than it may (promise `throttle`).
    TooManyRequests 429 "too-many-requests" Client,
    /// Too many or too large header fields.
    HeadersTooLarge 431 "headers-too-large" Client,
    /// We failed.
    Internal 500 "internal" Ours,
    /// A transfer coding or method that nobody here knows.
    NotImplemented 501 "not-implemented" Client,
    /// The application can't be reached.
    UpstreamDown 502 "upstream-down" Upstream,
    /// The application's answer can't be read.
    UpstreamBroken 502 "upstream-broken" Upstream,
    /// Control is busy or gone, or we are going down.
    Unavailable 503 "unavailable" Ours,
    /// The application took too long.
    UpstreamTimeout 504 "upstream-timeout" Upstream,
    /// A version of HTTP other than 1.0, 1.1 and 2.
    VersionNotSupported 505 "version-not-supported" Client,
}

/// A request that isn't served, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The page it gets.
    pub page: RefusalPage,
    /// The rule that refused it: a kebab-case word that stands in the record, where
    /// the page's id leads.
    pub reason: &'static str,
    /// `Retry-After` in seconds, where waiting helps.
    pub retry_after: Option<u32>,
}

impl Refusal {
    /// A refusal for which waiting doesn't help.
    pub const fn new(page: RefusalPage, reason: &'static str) -> Self {
        Self {
            page,
            reason,
            retry_after: None,
        }
    }

    /// The same with `Retry-After`.
    #[must_use]
    pub const fn retry_after(self, seconds: u32) -> Self {
        Self {
            retry_after: Some(seconds),
            ..self
        }
    }
}
