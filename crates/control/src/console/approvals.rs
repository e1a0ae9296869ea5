//! Changes that wait until a second administrator approves them.

use axum::{extract::Path, response::Response};
use pages::{ApprovalProblem, ApprovalsView, WaitingFor, WaitingView};
use store::{Account, AccountDetails};
use terms::{GroupName, Secret};

use super::{
    rooms::Rooms,
    sessions::names,
    visit::{Changing, Visit},
};
use crate::accounts::{
    AccountError,
    approval::{Approved, Waiting, Wanted},
};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/approvals", list)
        .post("/approvals/{id}/approve", approve)
        .post("/approvals/{id}/withdraw", withdraw)
}

/// The fields that are to differ.
fn changes(before: &AccountDetails, after: &AccountDetails) -> Vec<[String; 3]> {
    let email = |it: &AccountDetails| {
        let email: Option<&Secret<String>> = it.email.as_ref();
        email.map_or_else(String::new, |email| email.expose().clone())
    };
    let groups = |it: &AccountDetails| {
        let groups: Vec<_> = it.groups.iter().map(GroupName::as_str).collect();
        groups.join(", ")
    };
    let state = |it: &AccountDetails| it.state.word().to_owned();
    let fields = [
        [
            "display".to_owned(),
            before.display.clone(),
            after.display.clone(),
        ],
        ["email".to_owned(), email(before), email(after)],
        ["groups".to_owned(), groups(before), groups(after)],
        ["state".to_owned(), state(before), state(after)],
    ];
    let differs = |[_, before, after]: &[String; 3]| before != after;
    fields.into_iter().filter(differs).collect()
}

async fn view(
    visit: &Visit,
    problem: Option<ApprovalProblem>,
) -> Result<pages::Page, AccountError> {
    let waiting = visit.accounts().waiting().await?;
    let ids = waiting.iter().map(|it| &*it.pending.asker);
    let names = names(&visit.store()?, ids).await?;
    let reader = visit.actor().account_id();
    let one = |it: Waiting| WaitingView {
        kind: it.wanted.kind(&it.pending.what),
        user: it.before.name.to_string(),
        asked_by: names.get(&it.pending.asker).cloned().unwrap_or_default(),
        at: it.pending.created_at,
        until: it.pending.expires_at,
        whose: match reader {
            None => WaitingFor::Administrators,
            Some(id) if *id == *it.pending.asker => WaitingFor::Another,
            Some(_) => WaitingFor::You,
        },
        changes: match &it.wanted {
            Wanted::Details(after) => changes(&it.before, after),
            Wanted::Gone | Wanted::Password(_) => Vec::new(),
        },
        id: it.pending.id,
    };
    let view = ApprovalsView {
        console: visit.console(),
        waiting: waiting.into_iter().map(one).collect(),
        problem,
    };
    Ok(visit.pages().approvals(&view, visit.language))
}

async fn list(visit: Visit) -> Response {
    visit.answer(view(&visit, None).await.map(|page| visit.page(page)))
}

async fn approve(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        match visit.accounts().approve(&id, visit.actor()).await {
            Ok(Approved::Done) => Ok(visit.done("approvals", "approved")),
            Ok(Approved::Lapsed) => {
                Ok(visit.wrong(view(&visit, Some(ApprovalProblem::Lapsed)).await?))
            }
            Ok(Approved::Own) => Ok(visit.wrong(view(&visit, Some(ApprovalProblem::Own)).await?)),
            // Nobody is left, or it is about themselves: it isn't theirs to approve.
            Err(AccountError::Keeps(_)) => {
                Ok(visit.wrong(view(&visit, Some(ApprovalProblem::Own)).await?))
            }
            Err(error) => Err(error),
        }
    };
    visit.answer(done.await)
}

async fn withdraw(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        visit.accounts().withdraw(&id, visit.actor()).await?;
        Ok(visit.done("approvals", "withdrawn"))
    };
    visit.answer(done.await)
}

/// Asks for a change that nobody makes alone: where it waits now, or why it doesn't.
pub(super) async fn ask(
    visit: &Visit,
    what: config::Approval,
    before: &Account,
    wanted: &Wanted,
) -> Result<Result<Response, pages::FieldProblem>, AccountError> {
    let accounts = visit.accounts();
    let asked = accounts.ask_approval(what, before, wanted, visit.actor(), visit.language);
    match asked.await {
        Ok(()) => Ok(Ok(visit.done("approvals", "asked"))),
        Err(AccountError::Store(store::Error::Taken { .. })) => Ok(Err(pages::FieldProblem::Waits)),
        Err(AccountError::Store(store::Error::TooLarge { .. })) => {
            let most = u32::try_from(store::MAX_PENDING).unwrap_or(u32::MAX);
            Ok(Err(pages::FieldProblem::TooMany { most }))
        }
        Err(error) => Err(error),
    }
}
