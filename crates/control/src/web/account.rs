//! Somebody's own account on the portal: who they are, their password, app passwords and
//! sessions. Every change asks for the form's token.

use axum::{
    body::Body,
    extract::{FromRequest, FromRequestParts, Path, Request},
    http::{StatusCode, Uri, request::Parts},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use pages::{
    AccountSecurityView, AccountSessionsView, AccountView, ChoiceView, Field, FieldProblem, Notice,
    RefusalKind, SiteOrigin, TokenMadeView, UnlockView,
};
use seam::{Credential, Session};
use store::{
    Account, Actor, FactorKind, MAX_SESSIONS_PAGE, SessionQuery, Store, StoredSession, TokenKind,
};
use terms::{GroupName, Secret};

use super::{
    form::{self, Bound, Form},
    listed::Listed,
    listing::{factor_view, session_views, token_view},
    portal::{Visit, may_enter},
    second_factor::SECURITY,
};
use crate::accounts::{AccountError, NewToken, Own, choice::Choice};
use crate::state::State;

/// The addresses below the prefix.
pub(super) fn routes() -> Listed {
    Listed::default()
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
pub(crate) struct Owner {
    pub(crate) visit: Visit,
    pub(crate) store: Store,
    pub(crate) account: Account,
    pub(crate) session: std::sync::Arc<Session>,
}

/// A form of theirs, with its token.
pub(super) struct Changing {
    pub(super) owner: Owner,
    pub(super) form: Form,
}

impl FromRequestParts<State> for Owner {
    type Rejection = Response;

    /// Whose page it is, or where they have to go first.
    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Response> {
        let visit = Visit::from_request_parts(parts, state).await;
        let visit = visit.map_err(IntoResponse::into_response)?;
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
}

impl FromRequest<State> for Changing {
    type Rejection = Response;

    async fn from_request(request: Request, state: &State) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let owner = Owner::from_request_parts(&mut parts, state).await?;
        let Ok(form) = Form::read(&owner.visit.headers, body).await else {
            return Err(owner.visit.refuse(RefusalKind::BadRequest));
        };
        if form::has_token(&form, &owner.store, Bound::Session(&owner.session)) {
            Ok(Self { owner, form })
        } else {
            Err(owner.visit.refuse(RefusalKind::Forbidden))
        }
    }
}

impl Owner {
    pub(crate) fn token(&self) -> Secret<String> {
        form::token(&self.store, Bound::Session(&self.session))
    }

    pub(crate) fn actor(&self) -> Actor {
        Actor::account(&self.account.id)
    }

    fn sid(&self) -> String {
        self.session.public_name()
    }

    pub(crate) fn answer(&self, page: pages::Page) -> Response {
        self.visit.page(page)
    }

    pub(crate) fn pages(&self) -> &pages::Pages {
        self.visit.state.publisher.pages()
    }

    async fn sessions(&self) -> Result<Vec<StoredSession>, AccountError> {
        let query = SessionQuery {
            account: Some(self.account.id.clone()),
            limit: MAX_SESSIONS_PAGE,
            ..SessionQuery::default()
        };
        Ok(self.store.sessions(&query).await?)
    }

    /// The hosts that take app passwords, of sites that are open to them.
    fn sites_with_app_passwords(&self) -> Vec<String> {
        let sites = self.visit.config.sites.iter();
        let takes = |site: &&config::Site| {
            site.routes
                .iter()
                .filter(|route| route.access.admits(&self.session.person))
                .any(|route| route.tokens.take(Credential::Basic))
        };
        sites.filter(takes).map(|site| site.host.clone()).collect()
    }

    async fn security(
        &self,
        status: StatusCode,
        change: impl FnOnce(&mut AccountSecurityView),
    ) -> Result<Response, AccountError> {
        let id = &self.account.id;
        let tokens = self.store.tokens(Some(id), "", 100).await?;
        let factors = self.store.factors(id).await?;
        let of_kind = |kind| {
            let factors = factors.iter().filter(|factor| factor.kind == kind);
            factors.map(factor_view).collect()
        };
        let name = self.account.name.as_str();
        let mut view = AccountSecurityView {
            token: self.token(),
            login: name.to_owned(),
            least: u32::from(self.visit.config.password.length),
            problems: Vec::new(),
            strength: None,
            factors: of_kind(FactorKind::Totp),
            passkeys: of_kind(FactorKind::Passkey),
            takes_passkeys: self.visit.accounts().takes_passkeys(),
            factor_due: self.visit.accounts().factor_due(&self.session).await?,
            recovery_left: self.store.recovery_codes_left(id).await?,
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

/// What was done before somebody was sent here.
fn notice(uri: &Uri) -> Option<Notice> {
    Some(match form::query(uri.query(), "done")?.as_str() {
        "password" => Notice::PasswordChanged,
        "factor-removed" => Notice::FactorRemoved,
        "passkey-removed" => Notice::PasskeyRemoved,
        "revoked" => Notice::Revoked,
        "ended" => Notice::SessionEnded,
        "all-ended" => Notice::SessionsEnded,
        _ => return None,
    })
}

async fn account(owner: Owner) -> Response {
    let config = &owner.visit.config;
    let sites = config
        .sites
        .iter()
        .filter(|site| site.role == config::Role::Application && may_enter(&owner.session, site));
    let sites = sites.filter_map(|site| {
        let origin = SiteOrigin::new(&config.origin(&site.host))?;
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
        mails: owner.visit.links(),
        console: owner.visit.accounts().is_administrator(&owner.account),
    };
    owner.answer(owner.pages().account(&view, owner.visit.known.language))
}

async fn security(owner: Owner, uri: Uri) -> Response {
    let shown = owner
        .security(StatusCode::OK, |view| view.notice = notice(&uri))
        .await;
    shown.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn change_password(Changing { owner, form }: Changing) -> Response {
    let (current, new) = (form.secret("current"), form.secret("new"));
    let accounts = owner.visit.accounts();
    let from = owner.visit.from();
    let chosen = accounts
        .choose_password(
            &owner.account,
            Some((&current, &from, owner.visit.known.language)),
            &new,
        )
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

async fn add_app_password(Changing { owner, form }: Changing) -> Response {
    // It outlives this session, and no code is asked for with it.
    if let Err(first) = owner.is_present(SECURITY).await {
        return first;
    }
    let done = make_app_password(&owner, &form).await;
    done.unwrap_or_else(|error| owner.visit.failed(&error))
}

async fn make_app_password(owner: &Owner, form: &Form) -> Result<Response, AccountError> {
    // promise: two-factor
    let due = owner.visit.accounts().factor_due(&owner.session).await?;
    if due.is_some_and(|due| due <= owner.visit.accounts().now()) {
        return Ok(form::see_other(&owner.visit.path(SECURITY)));
    }
    let (label, days) = (form::label(form), form::days(form));
    let open = owner.sites_with_app_passwords();
    let sites: Vec<_> = form.all("site").map(str::to_owned).collect();
    let mut problems = Vec::new();
    problems.extend(label.as_ref().err().map(|problem| (Field::Name, *problem)));
    if sites.is_empty() {
        problems.push((Field::Sites, FieldProblem::Missing));
    } else if !sites.iter().all(|site| open.contains(site)) {
        problems.push((Field::Sites, FieldProblem::Unknown));
    }
    problems.extend(days.as_ref().err().map(|problem| (Field::Days, *problem)));
    let (Ok(label), Ok(days), true) = (label, days, problems.is_empty()) else {
        return owner
            .security(StatusCode::UNPROCESSABLE_ENTITY, |view| {
                view.app_problems = problems;
            })
            .await;
    };
    let accounts = owner.visit.accounts();
    let new = NewToken {
        account: owner.account.clone(),
        kind: TokenKind::Basic,
        label: label.clone(),
        sites,
        expires_at: accounts.now().after(days),
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

async fn revoke_app_password(Changing { owner, form }: Changing) -> Response {
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

async fn sessions(owner: Owner, uri: Uri) -> Response {
    match owner.sessions().await {
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
        Err(error) => owner.visit.failed(&error),
    }
}

async fn end_session(Path(what): Path<String>, Changing { owner, form }: Changing) -> Response {
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
    let own = owner.sessions().await?;
    if own.iter().any(|session| session.sid == sid) {
        owner.visit.accounts().end(sid, &owner.actor()).await?;
    }
    Ok(())
}

async fn ask_unlock(visit: Visit, uri: Uri) -> Response {
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

async fn unlock(visit: Visit, body: Body) -> Response {
    let form = match visit.portal_form(body).await {
        Ok(form) => form,
        Err(refused) => return refused,
    };
    let pages = visit.state.publisher.pages();
    let language = visit.known.language;
    match visit.accounts().unlock_by_link(form.secret("secret")).await {
        Ok(true) => visit.page(pages.unlocked(language)),
        Ok(false) => form::page(StatusCode::GONE, pages.link_gone(language)),
        Err(error) => visit.failed(&error),
    }
}
