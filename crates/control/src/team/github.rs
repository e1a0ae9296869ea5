//! What GitHub itself says: whether a member of the organisation has no second factor
//! (<https://docs.github.com/en/rest/orgs/members>, `filter=2fa_disabled`).
//!
//! Over the client for outgoing requests, with its limits. Members are counted, and
//! nothing of them is kept. Whatever isn't the answer that was asked for is said as an
//! error: it never means that all is well.

use std::time::Duration;

use config::{GitHub, Roots};
use http::{HeaderName, HeaderValue, header};
use serde::de::IgnoredAny;
use terms::{Clock, Micros};
use visitor::{MalformedUrl, Url, http::Request, tls::Trust};
use zeroize::Zeroizing;

use crate::outgoing::Outgoing;

/// Members of one answer, the most that GitHub gives.
const PAGE: usize = 100;
/// Answers of one question: an organisation with more members isn't counted.
const PAGES_MAX: usize = 50;
/// Longest exchange.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(20);
/// Largest answer: a hundred members take some 150 KiB.
const ANSWER_MAX: usize = 1 << 20;
/// The version of the API that is spoken.
const VERSION: &str = "2022-11-28";

/// Members of an organisation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Members {
    /// How many are shown.
    pub(crate) seen: u64,
    /// How many of them have no second factor.
    pub(crate) without: u64,
}

/// Why GitHub didn't tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Why {
    /// No answer.
    #[error("GitHub can't be reached")]
    Unreachable,
    /// The token isn't taken, or is no owner's.
    #[error(
        "GitHub refused to tell (status {status}): the token must be an owner's, may read members, and hasn't ended"
    )]
    Refused {
        /// The answer's status.
        status: u16,
    },
    /// Something else than a list of members.
    #[error("what GitHub answered can't be read")]
    Unreadable,
    /// More than are counted.
    #[error("the organisation has more than {} members", PAGE * PAGES_MAX)]
    TooMany,
}

impl Why {
    /// The reason in a transcript.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unreachable => "github-unreachable",
            Self::Refused { .. } => "github-refused",
            Self::Unreadable => "github-unreadable",
            Self::TooMany => "github-too-many-members",
        }
    }
}

impl From<MalformedUrl> for Why {
    fn from(_: MalformedUrl) -> Self {
        Self::Unreachable
    }
}

/// An answer, or that there was none, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Checked {
    /// When it was asked for.
    pub(crate) at: Micros,
    /// What came of it.
    pub(crate) outcome: Result<Members, Why>,
}

/// Asks GitHub now.
pub(crate) async fn check(github: &GitHub, clock: &Clock) -> Checked {
    let outcome = members(github, clock).await;
    if let Err(why) = &outcome {
        tracing::warn!(%why, "the team's organisation could not be looked at");
    }
    Checked {
        at: clock.now(),
        outcome,
    }
}

async fn members(github: &GitHub, clock: &Clock) -> Result<Members, Why> {
    let trust = match &github.roots {
        Roots::Public => Trust::public(),
        Roots::Own(roots) => Trust::only(roots.clone()),
    };
    let base: Url = github.api.parse()?;
    let outgoing = Outgoing::new(clock.clone(), trust, vec![base.host().clone()]);
    let without = counted(github, &outgoing, "&filter=2fa_disabled").await?;
    let seen = counted(github, &outgoing, "").await?;
    Ok(Members { seen, without })
}

/// How many members GitHub lists so.
async fn counted(github: &GitHub, outgoing: &Outgoing, filter: &str) -> Result<u64, Why> {
    let mut count = 0;
    for page in 1..=PAGES_MAX {
        let found = asked(github, outgoing, &format!("{filter}&page={page}")).await?;
        count += u64::try_from(found).unwrap_or(u64::MAX);
        if found < PAGE {
            return Ok(count);
        }
    }
    Err(Why::TooMany)
}

async fn asked(github: &GitHub, outgoing: &Outgoing, rest: &str) -> Result<usize, Why> {
    let (api, organisation) = (&github.api, &github.organisation);
    let url = format!("{api}/orgs/{organisation}/members?per_page={PAGE}{rest}");
    let mut request = Request::get(url.parse()?);
    let bearer = Zeroizing::new(format!("Bearer {}", github.token.expose()));
    let mut bearer =
        HeaderValue::try_from(bearer.as_str()).map_err(|_| Why::Refused { status: 0 })?;
    bearer.set_sensitive(true);
    let fields = &mut request.headers;
    fields.insert(header::AUTHORIZATION, bearer);
    for (name, value) in [
        (header::ACCEPT, "application/vnd.github+json"),
        (HeaderName::from_static("x-github-api-version"), VERSION),
    ] {
        fields.insert(name, HeaderValue::from_static(value));
    }
    request.limits.total = EXCHANGE_LIMIT;
    request.limits.body = ANSWER_MAX;
    let answer = outgoing.fetch(request).await.map_err(|error| {
        tracing::info!(%error, "GitHub didn't answer");
        Why::Unreachable
    })?;
    let status = answer.status.as_u16();
    if status != 200 {
        return Err(Why::Refused { status });
    }
    let members: Vec<IgnoredAny> =
        serde_json::from_slice(&answer.body).map_err(|_| Why::Unreadable)?;
    if answer.truncated || members.len() > PAGE {
        return Err(Why::Unreadable);
    }
    Ok(members.len())
}
