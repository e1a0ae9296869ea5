//! Everybody's tokens and app passwords. One is shown once, on the answer to the form
//! that made it.

use std::time::Duration;

use axum::response::Response;
use config::Config;
use pages::{ChoiceView, Field, FieldProblem, TokenAddView, TokenMadeView, TokensView};
use store::{Account, MAX_TOKENS, TokenKind};

use super::{
    rooms::Rooms,
    sessions::names,
    visit::{Changing, PAGE, Visit, cut},
};
use crate::{
    accounts::{AccountError, NewToken, credential},
    web::{
        form::{self, Form},
        listing::token_view,
    },
};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/tokens", list)
        .get("/tokens/add", ask_add)
        .post("/tokens/add", add)
        .post("/tokens/revoke", revoke)
}

async fn list(visit: Visit) -> Response {
    visit.answer(listed(&visit).await)
}

async fn listed(visit: &Visit) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let mut rows = store
        .tokens(None, &visit.asked("after"), PAGE as u64 + 1)
        .await?;
    let more = cut(&mut rows);
    let names = names(&store, rows.iter().map(|row| &*row.account)).await?;
    let last = rows.last().filter(|_| more).map(|row| &*row.id);
    let view = TokensView {
        console: visit.console(),
        tokens: rows
            .iter()
            .map(|row| token_view(row, names.get(&row.account).map_or("", String::as_str)))
            .collect(),
        pager: visit.pager("tokens", &[], last),
    };
    Ok(visit.page(visit.pages().tokens(&view, visit.language)))
}

/// The hosts where a token of this kind opens something.
fn sites(config: &Config, kind: TokenKind) -> Vec<String> {
    let takes = |site: &&config::Site| {
        let mut routes = site.routes.iter();
        routes.any(|route| route.tokens.take(credential(kind)))
    };
    let sites = config.sites.iter().filter(takes);
    sites.map(|site| site.host.clone()).collect()
}

fn add_view(visit: &Visit, chosen: &[&str]) -> TokenAddView {
    // What takes app passwords takes bearer tokens, too.
    let hosts = sites(&visit.state.publisher.config(), TokenKind::Bearer);
    let choice = |host: String| ChoiceView {
        chosen: chosen.contains(&&*host),
        value: host.clone(),
        text: host,
    };
    TokenAddView {
        console: visit.console(),
        owner: String::new(),
        kind: pages::TokenKind::Bearer,
        name: String::new(),
        sites: hosts.into_iter().map(choice).collect(),
        problems: Vec::new(),
    }
}

async fn ask_add(visit: Visit) -> Response {
    let view = add_view(&visit, &[]);
    visit.page(visit.pages().token_add(&view, visit.language))
}

/// What was typed, judged.
struct Wanted {
    owner: Account,
    kind: pages::TokenKind,
    label: String,
    sites: Vec<String>,
    life: Duration,
}

async fn judged(
    visit: &Visit,
    form: &Form,
) -> Result<Result<Wanted, Vec<(Field, FieldProblem)>>, AccountError> {
    let mut problems = Vec::new();
    let mut wrong = |field, problem| problems.push((field, problem));
    let owner = match form.text("owner").trim() {
        "" => {
            wrong(Field::Owner, FieldProblem::Missing);
            None
        }
        typed => {
            let owner = visit.store()?.account_named(typed).await?;
            if owner.is_none() {
                wrong(Field::Owner, FieldProblem::Unknown);
            }
            owner
        }
    };
    let kind = kind(form);
    if kind.is_none() {
        wrong(Field::Kind, FieldProblem::Unknown);
    }
    let label = form::label(form).map_err(|problem| wrong(Field::Name, problem));
    let open = sites(&visit.state.publisher.config(), stored(kind));
    let mut chosen: Vec<_> = form.all("site").map(str::to_owned).collect();
    if chosen.is_empty() {
        // None stands for all of them, as they are now.
        chosen.clone_from(&open);
    }
    if chosen.is_empty() || !chosen.iter().all(|site| open.contains(site)) {
        wrong(Field::Sites, FieldProblem::Unknown);
    }
    let life = form::days(form).map_err(|problem| wrong(Field::Days, problem));
    Ok(match (owner, kind, label, life) {
        (Some(owner), Some(kind), Ok(label), Ok(life)) if problems.is_empty() => Ok(Wanted {
            owner,
            kind,
            label,
            sites: chosen,
            life,
        }),
        _ => Err(problems),
    })
}

fn kind(form: &Form) -> Option<pages::TokenKind> {
    let mut kinds = pages::TokenKind::ALL.into_iter();
    kinds.find(|kind| kind.word() == form.text("kind"))
}

const fn stored(kind: Option<pages::TokenKind>) -> TokenKind {
    match kind {
        Some(pages::TokenKind::App) => TokenKind::Basic,
        Some(pages::TokenKind::Bearer) | None => TokenKind::Bearer,
    }
}

async fn add(Changing { visit, form }: Changing) -> Response {
    visit.answer(added(&visit, &form).await)
}

async fn added(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let problems = match judged(visit, form).await? {
        Ok(wanted) => match make(visit, wanted).await {
            Err(AccountError::Store(store::Error::TooLarge { .. })) => {
                let most = u32::try_from(MAX_TOKENS).unwrap_or(u32::MAX);
                vec![(Field::Owner, FieldProblem::TooMany { most })]
            }
            made => return made,
        },
        Err(problems) => problems,
    };
    let chosen: Vec<_> = form.all("site").collect();
    let view = TokenAddView {
        owner: form.text("owner").to_owned(),
        kind: kind(form).unwrap_or(pages::TokenKind::Bearer),
        name: form.text("name").to_owned(),
        problems,
        ..add_view(visit, &chosen)
    };
    Ok(visit.wrong(visit.pages().token_add(&view, visit.language)))
}

async fn make(visit: &Visit, wanted: Wanted) -> Result<Response, AccountError> {
    let accounts = visit.accounts();
    let new = NewToken {
        account: wanted.owner.clone(),
        kind: stored(Some(wanted.kind)),
        label: wanted.label.clone(),
        sites: wanted.sites,
        expires_at: accounts.now().after(wanted.life),
    };
    let (_, secret) = accounts.add_token(&new, None, visit.actor()).await?;
    let view = TokenMadeView {
        kind: wanted.kind,
        name: wanted.label,
        login: wanted.owner.name.to_string(),
        secret,
    };
    let (console, pages) = (visit.console(), visit.pages());
    Ok(visit.page(pages.token_made(&console, &view, visit.language)))
}

async fn revoke(Changing { visit, form }: Changing) -> Response {
    let accounts = visit.accounts();
    let done = accounts.remove_token(form.text("id"), None, visit.actor());
    match done.await {
        // Twice is as good as once.
        Ok(()) | Err(AccountError::Store(store::Error::Missing { .. })) => {
            visit.done("tokens", "revoked")
        }
        Err(error) => visit.answer(Err(error)),
    }
}
