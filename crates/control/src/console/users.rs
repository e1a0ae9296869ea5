//! The users: looked through, made, changed, unlocked, removed.

use axum::{extract::Path, response::Response};
use login::lockout::CAP;
use pages::{
    Field, FieldProblem, Notice, PasswordProblem, UserAddView, UserFilter, UserInputs, UserLine,
    UserRemoveView, UserState, UserView, UsersView,
};
use store::{Account, AccountDetails, AccountQuery, AccountState, SessionQuery, Store};
use terms::{GroupName, Micros, Secret, UserName};

use self::inputs::{Typed, group_choices, is_locked, password_form};
use super::approvals;
use super::rooms::Rooms;
use super::visit::{Changing, PAGE, Visit, cut};
use crate::{
    accounts::{AccountError, Changed, admin::Keeps, approval::Wanted, choice::Choice},
    web::{
        form::Form,
        listing::{session_views, token_view},
    },
};

mod inputs;
mod lost_factor;

/// Sessions and tokens that a user's page shows.
const SHOWN: u64 = 100;

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/users", list)
        .get("/users/add", ask_add)
        .post("/users/add", add)
        .get("/users/{id}", show)
        .post("/users/{id}", change)
        .post("/users/{id}/password", set_password)
        .post("/users/{id}/unlock", unlock)
        .post("/users/{id}/end-sessions", end_sessions)
        .post("/users/{id}/lost-factor", lost_factor::begin)
        .post("/users/{id}/lost-factor/stop", lost_factor::stop)
        .get("/users/{id}/remove", ask_remove)
        .post("/users/{id}/remove", remove)
}

async fn list(visit: Visit) -> Response {
    visit.answer(listed(&visit).await)
}

async fn listed(visit: &Visit) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let now = visit.state.clock.now();
    let (text, group, state) = (
        visit.asked("text"),
        visit.asked("group"),
        visit.asked("state"),
    );
    let wanted = UserState::ALL
        .into_iter()
        .find(|known| known.word() == state);
    let query = AccountQuery {
        text: text.trim().to_owned(),
        group: group.parse().ok(),
        state: match wanted {
            Some(UserState::Active) => Some(AccountState::Active),
            Some(UserState::Disabled) => Some(AccountState::Disabled),
            Some(UserState::Locked) | None => None,
        },
        locked: (wanted == Some(UserState::Locked)).then_some((now, CAP)),
        after: visit.asked("after").parse().ok(),
        limit: PAGE as u64 + 1,
    };
    let mut accounts = store.accounts(&query).await?;
    let more = cut(&mut accounts);
    let mut users = Vec::with_capacity(accounts.len());
    for account in &accounts {
        let state = match account.state {
            AccountState::Disabled => UserState::Disabled,
            AccountState::Active if is_locked(&store.guesses(&account.id).await?, now) => {
                UserState::Locked
            }
            AccountState::Active => UserState::Active,
        };
        users.push(UserLine {
            id: account.id.clone(),
            login: account.name.to_string(),
            name: account.display.clone(),
            email: address(account),
            groups: account.groups.iter().map(GroupName::to_string).collect(),
            state,
            last_sign_in: account.last_sign_in,
        });
    }
    let last = accounts.last().filter(|_| more);
    let asked = [("text", &*text), ("group", &*group), ("state", &*state)];
    let view = UsersView {
        console: visit.console(),
        pager: visit.pager("users", &asked, last.map(|it| it.name.as_str())),
        filter: UserFilter {
            groups: group_choices(&store, &[&group]).await?,
            text,
            state: wanted,
        },
        users,
    };
    Ok(visit.page(visit.pages().users(&view, visit.language)))
}

fn address(account: &Account) -> String {
    let email = account.email.as_ref();
    email.map_or_else(String::new, |email| email.expose().clone())
}

/// An account that must be there.
async fn existing(store: &Store, id: &str) -> Result<Account, AccountError> {
    let account = store.account(id).await?;
    account.ok_or_else(|| {
        AccountError::Store(store::Error::Missing {
            what: "account",
            name: id.to_owned(),
        })
    })
}

/// One user as they stand; `change` puts what was typed in place of it.
async fn view(
    visit: &Visit,
    account: &Account,
    change: impl FnOnce(&mut UserView),
) -> Result<pages::Page, AccountError> {
    let store = visit.store()?;
    let guesses = store.guesses(&account.id).await?;
    let query = SessionQuery {
        account: Some(account.id.clone()),
        limit: SHOWN,
        ..SessionQuery::default()
    };
    let sessions = store.session_families(&query).await?;
    let tokens = store.tokens(Some(&account.id), "", SHOWN).await?;
    let name = account.name.as_str();
    let groups: Vec<_> = account.groups.iter().map(GroupName::as_str).collect();
    let mut view = UserView {
        console: visit.console(),
        id: account.id.clone(),
        login: name.to_owned(),
        inputs: UserInputs {
            login: name.to_owned(),
            name: account.display.clone(),
            email: address(account),
            groups: group_choices(&store, &groups).await?,
        },
        disabled: account.state == AccountState::Disabled,
        problems: Vec::new(),
        least: least(visit),
        password_problems: Vec::new(),
        created: account.created_at,
        last_sign_in: account.last_sign_in,
        password: password_form(store.password_hash(&account.id).await?.map(|it| it.0)),
        failures: guesses.total,
        locked_for_good: CAP <= guesses.total,
        factors: u64::try_from(store.factors(&account.id).await?.len()).unwrap_or(u64::MAX),
        lost_factor: lost_factor::standing(visit, &store, account).await?,
        locked_until: Some(guesses.locked_until).filter(|until| *until > visit.state.clock.now()),
        sessions: session_views(&sessions, None, |_| name.to_owned()),
        tokens: tokens.iter().map(|it| token_view(it, name)).collect(),
    };
    change(&mut view);
    Ok(visit.pages().user(&view, visit.language))
}

fn least(visit: &Visit) -> u32 {
    visit.state.publisher.config().password.length.into()
}

async fn show(visit: Visit, Path(id): Path<String>) -> Response {
    let shown = async {
        let account = existing(&visit.store()?, &id).await?;
        Ok(visit.page(view(&visit, &account, |_| {}).await?))
    };
    visit.answer(shown.await)
}

async fn change(Changing { visit, form }: Changing, Path(id): Path<String>) -> Response {
    visit.answer(changed(&visit, &form, &id).await)
}

async fn changed(visit: &Visit, form: &Form, id: &str) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let before = existing(&store, id).await?;
    let mut typed = Typed::of(form);
    let state = match form.text("state") {
        "active" => AccountState::Active,
        "disabled" => AccountState::Disabled,
        _ => {
            typed.problems.push((Field::State, FieldProblem::Unknown));
            before.state
        }
    };
    let details = AccountDetails {
        name: before.name.clone(),
        display: typed.display.clone(),
        email: typed.email.clone(),
        groups: typed.groups.clone(),
        state,
    };
    if typed.problems.is_empty() {
        let done = visit.accounts().change(&before, &details, visit.actor());
        match done.await {
            Ok(done) => {
                let word = match done {
                    Changed::Yes => "saved",
                    Changed::No => "unchanged",
                };
                return Ok(visit.done(&format!("users/{}", before.id), word));
            }
            Err(AccountError::Approval(what)) => {
                match approvals::ask(visit, what, &before, &Wanted::Details(details.clone()))
                    .await?
                {
                    Ok(answer) => return Ok(answer),
                    Err(problem) => typed.problems.push((Field::Groups, problem)),
                }
            }
            Err(error) => typed.problems.push(problem(error)?),
        }
    }
    let chosen: Vec<_> = form.all("group").collect();
    let groups = group_choices(&store, &chosen).await?;
    let page = view(visit, &before, |view| {
        view.inputs = UserInputs {
            login: before.name.to_string(),
            name: form.text("name").to_owned(),
            email: form.text("email").to_owned(),
            groups,
        };
        view.disabled = state == AccountState::Disabled;
        view.problems = typed.problems;
    });
    Ok(visit.wrong(page.await?))
}

/// What the store refuses, as something that was typed; everything else is no answer.
fn problem(error: AccountError) -> Result<(Field, FieldProblem), AccountError> {
    match &error {
        AccountError::Store(store::Error::Taken { what: "name", .. }) => {
            Ok((Field::Login, FieldProblem::Taken))
        }
        AccountError::Store(store::Error::Taken { .. }) => Ok((Field::Email, FieldProblem::Taken)),
        AccountError::Store(store::Error::Missing { what: "group", .. }) => {
            Ok((Field::Groups, FieldProblem::Unknown))
        }
        AccountError::Keeps(keeps) => Ok((Field::Groups, kept(*keeps))),
        AccountError::Approval(_) => Ok((Field::Groups, FieldProblem::Approval)),
        _ => Err(error),
    }
}

const fn kept(keeps: Keeps) -> FieldProblem {
    match keeps {
        Keeps::Themselves => FieldProblem::OwnRights,
        Keeps::Last => FieldProblem::LastAdministrator,
        Keeps::Named => FieldProblem::OfAdministrators,
    }
}

async fn ask_add(visit: Visit) -> Response {
    let shown = async {
        let inputs = UserInputs {
            groups: group_choices(&visit.store()?, &[]).await?,
            ..UserInputs::default()
        };
        let view = add_view(&visit, inputs, Vec::new());
        Ok(visit.page(visit.pages().user_add(&view, visit.language)))
    };
    visit.answer(shown.await)
}

fn add_view(
    visit: &Visit,
    inputs: UserInputs,
    problems: Vec<(Field, FieldProblem)>,
) -> UserAddView {
    UserAddView {
        console: visit.console(),
        inputs,
        problems,
        least: least(visit),
    }
}

async fn add(Changing { visit, form }: Changing) -> Response {
    visit.answer(added(&visit, &form).await)
}

async fn added(visit: &Visit, form: &Form) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let mut typed = Typed::of(form);
    let mut busy = false;
    let login = form.text("login").trim();
    let name: Option<UserName> = login.parse().ok();
    match &name {
        None if login.is_empty() => typed.problems.push((Field::Login, FieldProblem::Missing)),
        None => typed.problems.push((Field::Login, FieldProblem::Malformed)),
        // Before a password is hashed for nothing.
        Some(name) if store.account_named(name.as_str()).await?.is_some() => {
            typed.problems.push((Field::Login, FieldProblem::Taken));
        }
        Some(_) => {}
    }
    if let (Some(name), true) = (name, typed.problems.is_empty()) {
        let details = AccountDetails {
            name,
            display: typed.display.clone(),
            email: typed.email.clone(),
            groups: typed.groups.clone(),
            state: AccountState::Active,
        };
        match make(visit, &details, form.secret("password")).await? {
            Made::Yes(id) => return Ok(visit.done(&format!("users/{id}"), "added")),
            Made::Busy => busy = true,
            Made::No(problems) => typed.problems = problems,
        }
    }
    let chosen: Vec<_> = form.all("group").collect();
    let inputs = UserInputs {
        login: login.to_owned(),
        name: form.text("name").to_owned(),
        email: form.text("email").to_owned(),
        groups: group_choices(&store, &chosen).await?,
    };
    let mut view = add_view(visit, inputs, typed.problems);
    if busy {
        view.console.notice = Some(Notice::Busy);
        return Ok(visit.busy(visit.pages().user_add(&view, visit.language)));
    }
    Ok(visit.wrong(visit.pages().user_add(&view, visit.language)))
}

enum Made {
    Yes(String),
    No(Vec<(Field, FieldProblem)>),
    Busy,
}

async fn make(
    visit: &Visit,
    details: &AccountDetails,
    password: Secret<String>,
) -> Result<Made, AccountError> {
    let accounts = visit.accounts();
    let hash = if password.expose().is_empty() {
        None
    } else {
        // The policy looks at names and address; nothing else is there yet.
        let to_be = details.to_be(Micros(0));
        match accounts.choose_password(&to_be, None, &password).await? {
            Choice::Taken(hash) => Some(hash),
            Choice::Busy => return Ok(Made::Busy),
            Choice::Refused { problems, .. } => {
                let wrong = |it| (Field::Password, FieldProblem::Password(it));
                return Ok(Made::No(problems.into_iter().map(wrong).collect()));
            }
        }
    };
    let hash = hash.as_ref().map(|hash| (hash, "password.set"));
    match accounts.add(details, hash, visit.actor()).await {
        Ok(id) => Ok(Made::Yes(id)),
        Err(error) => Ok(Made::No(vec![problem(error)?])),
    }
}

async fn set_password(Changing { visit, form }: Changing, Path(id): Path<String>) -> Response {
    visit.answer(password_set(&visit, &form, &id).await)
}

async fn password_set(visit: &Visit, form: &Form, id: &str) -> Result<Response, AccountError> {
    let account = existing(&visit.store()?, id).await?;
    let new = form.secret("password");
    let accounts = visit.accounts();
    match accounts.choose_password(&account, None, &new).await? {
        Choice::Taken(hash) => {
            let set = accounts.set_password(&account, &hash, "password.set", None, visit.actor());
            match set.await {
                Ok(()) => Ok(visit.done(&format!("users/{}", account.id), "saved")),
                Err(AccountError::Approval(what)) => {
                    match approvals::ask(visit, what, &account, &Wanted::Password(hash)).await? {
                        Ok(answer) => Ok(answer),
                        Err(problem) => {
                            let problems = vec![(Field::Password, problem)];
                            let page = view(visit, &account, |view| view.problems = problems);
                            Ok(visit.wrong(page.await?))
                        }
                    }
                }
                Err(error) => Err(error),
            }
        }
        Choice::Refused { problems, .. } => {
            Ok(visit.wrong(refused(visit, &account, problems).await?))
        }
        Choice::Busy => {
            let page = view(visit, &account, |view| {
                view.console.notice = Some(Notice::Busy);
            });
            Ok(visit.busy(page.await?))
        }
    }
}

async fn refused(
    visit: &Visit,
    account: &Account,
    problems: Vec<PasswordProblem>,
) -> Result<pages::Page, AccountError> {
    view(visit, account, |view| view.password_problems = problems).await
}

async fn unlock(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let account = existing(&visit.store()?, &id).await?;
        visit.accounts().unlock(&account.id, visit.actor()).await?;
        Ok(visit.done(&format!("users/{}", account.id), "unlocked"))
    };
    visit.answer(done.await)
}

async fn end_sessions(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let account = existing(&visit.store()?, &id).await?;
        let ended = visit
            .accounts()
            .end_all(&account.id, None, visit.actor())
            .await?;
        let word = if ended == 0 { "unchanged" } else { "all-ended" };
        Ok(visit.done(&format!("users/{}", account.id), word))
    };
    visit.answer(done.await)
}

async fn ask_remove(visit: Visit, Path(id): Path<String>) -> Response {
    let shown = async {
        let account = existing(&visit.store()?, &id).await?;
        Ok(visit.page(remove_page(&visit, account, None)))
    };
    visit.answer(shown.await)
}

fn remove_page(visit: &Visit, account: Account, problem: Option<FieldProblem>) -> pages::Page {
    let view = UserRemoveView {
        console: visit.console(),
        id: account.id,
        login: account.name.to_string(),
        problem,
    };
    visit.pages().user_remove(&view, visit.language)
}

async fn remove(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let account = existing(&visit.store()?, &id).await?;
        match visit.accounts().remove(&account, visit.actor()).await {
            Ok(()) => Ok(visit.done("users", "removed")),
            Err(AccountError::Keeps(keeps)) => {
                Ok(visit.wrong(remove_page(&visit, account, Some(kept(keeps)))))
            }
            Err(AccountError::Approval(what)) => {
                match approvals::ask(&visit, what, &account, &Wanted::Gone).await? {
                    Ok(answer) => Ok(answer),
                    Err(problem) => Ok(visit.wrong(remove_page(&visit, account, Some(problem)))),
                }
            }
            Err(error) => Err(error),
        }
    };
    visit.answer(done.await)
}
