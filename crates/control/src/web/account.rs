//! Somebody's own account on the portal: who they are, their password, app passwords and
//! sessions. Every change asks for the form's token.

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, State as Shared},
    http::{HeaderMap, StatusCode, Uri},
    response::Response,
    routing::{get, post},
};
use pages::{
    AccountSecurityView, AccountSessionsView, AccountView, ChoiceView, EXPIRY_DAYS, Field,
    FieldProblem, Notice, RefusalKind, SiteOrigin, TokenMadeView, UnlockView,
};
use seam::{
    Session,
    own::OwnKnown,
    snapshot::{Access, Tokens},
};
use store::{Account, Actor, Store, TokenKind};
use terms::{GroupName, RequestId, Secret};

use super::{
    form::{self, Bound, Form},
    listing::{session_views, token_view},
    portal::Visit,
};
use crate::{
    accounts::{AccountError, NewToken, Own, sign_in::Choice},
    state::State,
};

/// Longest name of an app password, in characters.
const LABEL_MAX: usize = 64;

/// The addresses below the prefix.
pub(super) fn routes() -> Router<State> {
    Router::new()
        .route("/account", get(account))
        .route("/account/security", get(security).post(change_password))
        .route("/account/security/app-passwords", post(add_app_password))
        .route(
            "/account/security/app-passwords/revoke",
            post(revoke_app_password),
        )
        .route("/account/sessions", get(sessions))
        .route("/account/sessions/{what}", post(end_session))
        .route("/unlock", get(ask_unlock).post(unlock))
}

/// Somebody who has signed in on the portal.
struct Owner {
    visit: Visit,
    store: Store,
    account: Account,
    session: std::sync::Arc<Session>,
}

impl Owner {
    /// Whose page it is, or where they have to go first.
    async fn of(visit: Visit) -> Result<Self, Response> {
        if !visit.is_portal() {
            // On a site nothing of ours acts with a session but callback and logout.
            return Err(match visit.config.portal_origin() {
                Some(portal) => form::see_other(&format!("{portal}{}", visit.path("account"))),
                None => visit.refuse(RefusalKind::NotFound),
            });
        }
        let Some(session) = visit.known.session.clone() else {
            return Err(form::see_other(&visit.path("login")));
        };
        let store = match visit.accounts().store() {
            Ok(store) => store,
            Err(error) => return Err(visit.failed(&error)),
        };
        match store.account(&session.person.account).await {
            Ok(Some(account)) => Ok(Self {
                visit,
                store,
                account,
                session,
            }),
            Ok(None) => Err(visit.refuse(RefusalKind::Forbidden)),
            Err(error) => Err(visit.failed(&error.into())),
        }
    }

    /// The same for what a form changes.
    async fn with_form(visit: Visit, body: Body) -> Result<(Self, Form), Response> {
        let owner = Self::of(visit).await?;
        let Ok(form) = Form::read(&owner.visit.headers, body).await else {
            return Err(owner.visit.refuse(RefusalKind::BadRequest));
        };
        if form::has_token(&form, &owner.store, Bound::Session(&owner.session)) {
            Ok((owner, form))
        } else {
            Err(owner.visit.refuse(RefusalKind::Forbidden))
        }
    }

    fn token(&self) -> Secret<String> {
        form::token(&self.store, Bound::Session(&self.session))
    }

    fn actor(&self) -> Actor {
        Actor::account(&self.account.id)
    }

    fn sid(&self) -> String {
        RequestId(self.session.sid).to_string()
    }

    fn answer(&self, page: pages::Page) -> Response {
        self.visit.page(page)
    }

    fn pages(&self) -> &pages::Pages {
        self.visit.state.publisher.pages()
    }

    /// The hosts that take app passwords, of sites that are open to them.
    fn sites_with_app_passwords(&self) -> Vec<String> {
        let sites = self.visit.config.sites.iter();
        let takes = |site: &&config::Site| {
            site.routes
                .iter()
                .any(|route| route.tokens == Tokens::Basic && may(&self.session, &route.access))
        };
        sites.filter(takes).map(|site| site.host.clone()).collect()
    }

    async fn security(
        &self,
        status: StatusCode,
        change: impl FnOnce(&mut AccountSecurityView),
    ) -> Result<Response, AccountError> {
        let tokens = self.store.tokens(Some(&self.account.id), "", 100).await?;
        let name = self.account.name.as_str();
        let mut view = AccountSecurityView {
            token: self.token(),
            login: name.to_owned(),
            least: u32::from(self.visit.config.password.length),
            problems: Vec::new(),
            strength: None,
            app_passwords: tokens.iter().map(|it| token_view(it, name)).collect(),
            sites: self
                .sites_with_app_passwords()
                .into_iter()
                .map(|host| ChoiceView {
                    value: host.clone(),
                    text: host,
                    chosen: false,
                })
                .collect(),
            app_problems: Vec::new(),
            notice: None,
        };
        change(&mut view);
        let page = self
            .pages()
            .account_security(&view, self.visit.known.language);
        Ok(form::page(status, page))
    }
}

fn may(session: &Session, access: &Access) -> bool {
    match access {
        Access::Public | Access::Login => true,
        Access::Groups(groups) => groups.iter().any(|group| session.person.is_in(group)),
    }
}

/// What was done before somebody was sent here.
fn notice(uri: &Uri) -> Option<Notice> {
    Some(match form::query(uri.query(), "done")?.as_str() {
        "password" => Notice::PasswordChanged,
        "revoked" => Notice::Revoked,
        "ended" => Notice::SessionEnded,
        "all-ended" => Notice::SessionsEnded,
        _ => return None,
    })
}

async fn account(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
) -> Response {
    let owner = match Owner::of(Visit::new(state, known, headers)).await {
        Ok(owner) => owner,
        Err(answer) => return answer,
    };
    let config = &owner.visit.config;
    let port = match config.public_port {
        443 => String::new(),
        port => format!(":{port}"),
    };
    let sites = config.sites.iter().filter(|site| {
        site.role == config::Role::Application
            && site
                .routes
                .iter()
                .any(|route| may(&owner.session, &route.access))
    });
    let sites = sites.filter_map(|site| {
        let origin = SiteOrigin::new(&format!("https://{}{port}", site.host))?;
        Some((site.host.clone(), origin))
    });
    let account = &owner.account;
    let view = AccountView {
        token: owner.token(),
        login: account.name.to_string(),
        name: account.display.clone(),
        email: account
            .email
            .as_ref()
            .map_or_else(String::new, |email| email.expose().clone()),
        groups: account.groups.iter().map(GroupName::to_string).collect(),
        sites: sites.collect(),
    };
    owner.answer(owner.pages().account(&view, owner.visit.known.language))
}

async fn security(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let owner = match Owner::of(Visit::new(state, known, headers)).await {
        Ok(owner) => owner,
        Err(answer) => return answer,
    };
    let shown = owner
        .security(StatusCode::OK, |view| view.notice = notice(&uri))
        .await;
    shown.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn change_password(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (owner, form) = match Owner::with_form(Visit::new(state, known, headers), body).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let (current, new) = (form.secret("current"), form.secret("new"));
    let accounts = owner.visit.accounts();
    let from = owner.visit.from();
    let chosen = accounts
        .choose_password(&owner.account, Some((&current, &from)), &new)
        .await;
    let done = match chosen {
        Ok(Choice::Taken(hash)) => {
            let (sid, actor) = (owner.sid(), owner.actor());
            let own = Own {
                session: &sid,
                from: &from,
                language: owner.visit.known.language,
            };
            let kept =
                accounts.set_password(&owner.account, &hash, "password.change", Some(own), &actor);
            match kept.await {
                Ok(()) => {
                    let to = owner.visit.path("account/security?done=password");
                    return form::see_other(&to);
                }
                Err(error) => Err(error),
            }
        }
        Ok(Choice::Refused { problems, strength }) => {
            owner
                .security(StatusCode::UNPROCESSABLE_ENTITY, |view| {
                    view.problems = problems;
                    view.strength = strength;
                })
                .await
        }
        Ok(Choice::Busy) => return owner.visit.refuse(RefusalKind::Unavailable),
        Err(error) => Err(error),
    };
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn add_app_password(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (owner, form) = match Owner::with_form(Visit::new(state, known, headers), body).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let done = make_app_password(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn make_app_password(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    let label = form.text("name").trim().to_owned();
    let open = owner.sites_with_app_passwords();
    let sites: Vec<_> = form.all("site").map(str::to_owned).collect();
    let days = form.text("days").parse::<u16>().ok();
    let days = days.filter(|days| EXPIRY_DAYS.contains(days));
    let mut problems = Vec::new();
    if label.is_empty() {
        problems.push((Field::Name, FieldProblem::Missing));
    } else if label.chars().count() > LABEL_MAX {
        let most = u32::try_from(LABEL_MAX).unwrap_or(u32::MAX);
        problems.push((Field::Name, FieldProblem::TooLong { most }));
    } else if label.chars().any(char::is_control) {
        problems.push((Field::Name, FieldProblem::Malformed));
    }
    if sites.is_empty() {
        problems.push((Field::Sites, FieldProblem::Missing));
    } else if !sites.iter().all(|site| open.contains(site)) {
        problems.push((Field::Sites, FieldProblem::Unknown));
    }
    if days.is_none() {
        problems.push((Field::Days, FieldProblem::Unknown));
    }
    let (Some(days), true) = (days, problems.is_empty()) else {
        return owner
            .security(StatusCode::UNPROCESSABLE_ENTITY, |view| {
                view.app_problems = problems;
            })
            .await;
    };
    let life = std::time::Duration::from_secs(u64::from(days) * 86_400);
    let accounts = owner.visit.accounts();
    let new = NewToken {
        account: owner.account.clone(),
        kind: TokenKind::Basic,
        label: label.clone(),
        sites,
        expires_at: accounts.now().after(life),
    };
    let (sid, from) = (owner.sid(), owner.visit.from());
    let own = Own {
        session: &sid,
        from: &from,
        language: owner.visit.known.language,
    };
    let (_, secret) = accounts.add_token(&new, Some(own), &owner.actor()).await?;
    let view = TokenMadeView {
        kind: pages::TokenKind::App,
        name: label,
        login: owner.account.name.to_string(),
        secret,
    };
    let pages = owner.pages();
    Ok(owner.answer(pages.app_password_made(&view, owner.visit.known.language)))
}

async fn revoke_app_password(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let (owner, form) = match Owner::with_form(Visit::new(state, known, headers), body).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let accounts = owner.visit.accounts();
    let mine = Some(owner.account.id.as_str());
    match accounts
        .remove_token(form.text("id"), mine, &owner.actor())
        .await
    {
        // Twice is as good as once.
        Ok(()) | Err(AccountError::Store(store::Error::Missing { .. })) => {
            form::see_other(&owner.visit.path("account/security?done=revoked"))
        }
        Err(error) => owner.visit.failed(&error),
    }
}

async fn sessions(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let owner = match Owner::of(Visit::new(state, known, headers)).await {
        Ok(owner) => owner,
        Err(answer) => return answer,
    };
    let query = store::SessionQuery {
        account: Some(owner.account.id.clone()),
        limit: store::MAX_SESSIONS_PAGE,
        ..store::SessionQuery::default()
    };
    match owner.store.sessions(&query).await {
        Ok(rows) => {
            let here = owner.sid();
            let name = |_: &str| owner.account.name.to_string();
            let view = AccountSessionsView {
                token: owner.token(),
                sessions: session_views(&rows, Some(&here), name),
                notice: notice(&uri),
            };
            let pages = owner.pages();
            owner.answer(pages.account_sessions(&view, owner.visit.known.language))
        }
        Err(error) => owner.visit.failed(&error.into()),
    }
}

async fn end_session(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    Path(what): Path<String>,
    body: Body,
) -> Response {
    let (owner, form) = match Owner::with_form(Visit::new(state, known, headers), body).await {
        Ok(both) => both,
        Err(answer) => return answer,
    };
    let accounts = owner.visit.accounts();
    let (done, word) = match what.as_str() {
        "revoke" => (end_own(&owner, form.text("id")).await, "ended"),
        "end-others" => {
            let (sid, actor) = (owner.sid(), owner.actor());
            let ended = accounts.end_all(&owner.account.id, Some(&sid), &actor);
            (ended.await.map(|_| ()), "all-ended")
        }
        _ => return owner.visit.refuse(RefusalKind::NotFound),
    };
    match done {
        Ok(()) => form::see_other(&owner.visit.path(&format!("account/sessions?done={word}"))),
        Err(error) => owner.visit.failed(&error),
    }
}

/// Ends a session where it is one of the owner's.
async fn end_own(owner: &Owner, sid: &str) -> Result<(), AccountError> {
    let query = store::SessionQuery {
        account: Some(owner.account.id.clone()),
        limit: store::MAX_SESSIONS_PAGE,
        ..store::SessionQuery::default()
    };
    let own = owner.store.sessions(&query).await?;
    if own.iter().any(|session| session.sid == sid) {
        owner.visit.accounts().end(sid, &owner.actor()).await?;
    }
    Ok(())
}

async fn ask_unlock(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    uri: Uri,
) -> Response {
    let visit = Visit::new(state, known, headers);
    let Some(secret) = form::query(uri.query(), "secret").filter(|_| visit.is_portal()) else {
        return visit.refuse(RefusalKind::NotFound);
    };
    let view = UnlockView {
        // The link is what counts: whoever opens it may not have been here before.
        token: Secret::new(String::new()),
        secret: Secret::new(secret),
    };
    let pages = visit.state.publisher.pages();
    visit.page(pages.unlock(&view, visit.known.language))
}

async fn unlock(
    Shared(state): Shared<State>,
    Extension(known): Extension<OwnKnown>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let visit = Visit::new(state, known, headers);
    if !visit.is_portal() {
        return visit.refuse(RefusalKind::NotFound);
    }
    let Ok(form) = Form::read(&visit.headers, body).await else {
        return visit.refuse(RefusalKind::BadRequest);
    };
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    match visit.accounts().unlock_by_link(form.secret("secret")).await {
        Ok(true) => visit.page(pages.unlocked(language)),
        Ok(false) => form::page(StatusCode::GONE, pages.link_gone(language)),
        Err(error) => visit.failed(&error),
    }
}
