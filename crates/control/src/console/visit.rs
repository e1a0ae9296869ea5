//! One request inside the console. A handler that takes a [`Visit`] runs only for a
//! session, one that takes a [`Changing`] only for a form of that session: both are made
//! of what the layer in front has checked, and of nothing else.

use std::sync::Arc;

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse as _, Response},
};
use pages::{Console, ConsoleDoor, Notice, OwnPath, Page, PagerView, Pages, RefusalKind};
use store::{Actor, Store};
use terms::{Language, RequestId, Secret};

use crate::{
    accounts::{AccountError, Accounts},
    state::State,
    web::form::{self, Form},
};

/// Lines of one page of a list.
pub(super) const PAGE: usize = 50;

/// What a browser is asked to wait when the login pool is full.
const RETRY_S: u32 = 5;

/// What the layer has found out.
#[derive(Clone)]
pub(super) struct Inside {
    pub(super) actor: Actor,
    /// The same for people.
    pub(super) who: String,
    pub(super) door: ConsoleDoor,
    pub(super) language: Language,
    pub(super) token: Secret<String>,
    /// Checked; only a request that changes something has one.
    pub(super) form: Option<Arc<Form>>,
}

/// A request of a session.
pub(super) struct Visit {
    pub(super) state: State,
    pub(super) language: Language,
    inside: Inside,
    query: Option<String>,
}

/// A request of a session with a form of it.
pub(super) struct Changing {
    pub(super) visit: Visit,
    pub(super) form: Arc<Form>,
}

impl FromRequestParts<State> for Visit {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        let Some(inside) = parts.extensions.get::<Inside>() else {
            let language = language(parts.uri.query(), &parts.headers);
            return Err(refuse(state, language, RefusalKind::Forbidden));
        };
        Ok(Self {
            state: state.clone(),
            language: inside.language,
            inside: inside.clone(),
            query: parts.uri.query().map(str::to_owned),
        })
    }
}

impl FromRequestParts<State> for Changing {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await?;
        match visit.inside.form.clone() {
            Some(form) => Ok(Self { visit, form }),
            None => Err(visit.refuse(RefusalKind::Forbidden)),
        }
    }
}

/// The language of an answer, as on every own page.
pub(super) fn language(query: Option<&str>, headers: &HeaderMap) -> Language {
    let accept = headers.get(header::ACCEPT_LANGUAGE);
    let accept = accept.and_then(|accept| accept.to_str().ok());
    Language::asked(query.unwrap_or_default())
        .unwrap_or_else(|| Language::preferred(accept.unwrap_or_default()))
}

/// A refusal, under an id that stands in the log too.
pub(super) fn refuse(state: &State, language: Language, kind: RefusalKind) -> Response {
    let id = RequestId(state.rng.bytes::<16>());
    tracing::info!(%id, kind = kind.word(), "refused at the console");
    let page = state.publisher.pages().console_refusal(kind, language);
    // No refusal of the console ends by itself: there is no lead.
    let html = format!("{}{id}{}", page.before, page.after);
    let status = StatusCode::from_u16(kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = form::page(
        status,
        Page {
            html,
            csp: page.csp,
        },
    );
    if let Some(seconds) = kind.retry_after() {
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

impl Visit {
    /// What every page has.
    pub(super) fn console(&self) -> Console {
        Console {
            token: self.inside.token.clone(),
            who: self.inside.who.clone(),
            door: self.inside.door,
            notice: self.notice(),
        }
    }

    /// What was done before somebody was sent here.
    fn notice(&self) -> Option<Notice> {
        Some(match self.asked("done").as_str() {
            "added" => Notice::Added,
            "saved" => Notice::Saved,
            "unchanged" => Notice::Unchanged,
            "removed" => Notice::Removed,
            "unlocked" => Notice::Unlocked,
            "ended" => Notice::SessionEnded,
            "all-ended" => Notice::SessionsEnded,
            "revoked" => Notice::Revoked,
            "attested" => Notice::Attested,
            "asked" => Notice::Asked,
            "approved" => Notice::Approved,
            "withdrawn" => Notice::Withdrawn,
            _ => return None,
        })
    }

    /// A value of the query; empty where it isn't there once.
    pub(super) fn asked(&self, name: &str) -> String {
        form::query(self.query.as_deref(), name).unwrap_or_default()
    }

    pub(super) fn pages(&self) -> &Pages {
        self.state.publisher.pages()
    }

    pub(super) fn accounts(&self) -> &Accounts {
        &self.state.accounts
    }

    pub(super) fn store(&self) -> Result<Store, AccountError> {
        self.state.accounts.store()
    }

    pub(super) fn actor(&self) -> &Actor {
        &self.inside.actor
    }

    /// An address below `admin`.
    pub(super) fn path(&self, below: &str) -> String {
        format!("{}admin/{below}", self.state.publisher.config().prefix)
    }

    /// 303 to a room, which says what was done.
    pub(super) fn done(&self, room: &str, word: &str) -> Response {
        form::see_other(&self.path(&format!("{room}?done={word}")))
    }

    pub(super) fn page(&self, page: Page) -> Response {
        form::page(StatusCode::OK, page)
    }

    /// A form with what is wrong in it.
    pub(super) fn wrong(&self, page: Page) -> Response {
        form::page(StatusCode::UNPROCESSABLE_ENTITY, page)
    }

    /// A page that says that nothing was done, for want of a place in the login pool.
    pub(super) fn busy(&self, page: Page) -> Response {
        let mut answer = form::page(StatusCode::SERVICE_UNAVAILABLE, page);
        let headers = answer.headers_mut();
        headers.insert(header::RETRY_AFTER, RETRY_S.into());
        answer
    }

    pub(super) fn refuse(&self, kind: RefusalKind) -> Response {
        refuse(&self.state, self.language, kind)
    }

    /// An answer, or what its absence looks like.
    pub(super) fn answer(&self, made: Result<Response, AccountError>) -> Response {
        match made {
            Ok(answer) => answer,
            Err(AccountError::Store(store::Error::Missing { .. })) => {
                self.refuse(RefusalKind::NotFound)
            }
            Err(error) => {
                tracing::error!(%error, "the console needs the store");
                self.refuse(RefusalKind::Unavailable)
            }
        }
    }

    /// The way to the page behind `after`, with what this one was asked for.
    pub(super) fn pager(
        &self,
        room: &str,
        asked: &[(&str, &str)],
        after: Option<&str>,
    ) -> PagerView {
        let next = after.and_then(|after| {
            let behind = [("after", after)];
            let asked = asked.iter().filter(|(_, value)| !value.is_empty());
            let pairs: Vec<_> = asked
                .chain(&behind)
                .map(|(name, value)| format!("{name}={}", encoded(value)))
                .collect();
            OwnPath::new(&self.path(&format!("{room}?{}", pairs.join("&"))))
        });
        PagerView {
            previous: None,
            next,
        }
    }
}

/// Takes the one more that was read than a page holds: whether there was one.
pub(super) fn cut<T>(rows: &mut Vec<T>) -> bool {
    let more = rows.len() > PAGE;
    rows.truncate(PAGE);
    more
}

/// A value in a query (RFC 3986 section 2.1).
pub(super) fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

/// What a client that has no session is told.
pub(super) fn gone(state: &State, language: Language, status: StatusCode) -> Response {
    let page = state.publisher.pages().console_gone(language);
    form::page(status, page).into_response()
}
