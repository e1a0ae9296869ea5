//! The groups: all of them, one of them, a new one.

use axum::{extract::Path, response::Response};
use pages::{Field, FieldProblem, GroupRemoveView, GroupView, GroupsView};
use store::AccountQuery;
use terms::GroupName;

use super::rooms::Rooms;
use super::visit::{Changing, Visit};
use crate::accounts::AccountError;

/// Members that a group's page names.
const SHOWN: u64 = 100;

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/groups", list)
        .post("/groups/add", add)
        .get("/groups/{name}", show)
        .post("/groups/{name}", rename)
        .get("/groups/{name}/remove", ask_remove)
        .post("/groups/{name}/remove", remove)
}

/// A group by its name in the address, with the number of its members.
async fn existing(visit: &Visit, name: &str) -> Result<(GroupName, u64), AccountError> {
    let groups = visit.store()?.groups().await?;
    let found = groups.into_iter().find(|(group, _)| group.as_str() == name);
    found.ok_or_else(|| {
        AccountError::Store(store::Error::Missing {
            what: "group",
            name: name.to_owned(),
        })
    })
}

async fn list(visit: Visit) -> Response {
    visit.answer(
        listed(&visit, "", Vec::new())
            .await
            .map(|page| visit.page(page)),
    )
}

async fn listed(
    visit: &Visit,
    name: &str,
    problems: Vec<(Field, FieldProblem)>,
) -> Result<pages::Page, AccountError> {
    let groups = visit.store()?.groups().await?;
    let view = GroupsView {
        console: visit.console(),
        groups: groups
            .into_iter()
            .map(|(name, members)| (name.to_string(), members))
            .collect(),
        name: name.to_owned(),
        problems,
    };
    Ok(visit.pages().groups(&view, visit.language))
}

/// A name that was typed, or what is wrong with it.
fn typed(text: &str) -> Result<GroupName, FieldProblem> {
    if text.is_empty() {
        return Err(FieldProblem::Missing);
    }
    text.parse().map_err(|_| FieldProblem::Malformed)
}

/// What came of a name: done, or what is wrong with it.
fn judged(done: Result<(), AccountError>) -> Result<Option<FieldProblem>, AccountError> {
    match done {
        Ok(()) => Ok(None),
        Err(AccountError::Store(store::Error::Taken { .. })) => Ok(Some(FieldProblem::Taken)),
        Err(AccountError::Keeps(_)) => Ok(Some(FieldProblem::OfAdministrators)),
        Err(error) => Err(error),
    }
}

async fn add(Changing { visit, form }: Changing) -> Response {
    let done = async {
        let text = form.text("name").trim();
        let problem = match typed(text) {
            Ok(name) => judged(
                visit
                    .accounts()
                    .add_group(&name, false, visit.actor())
                    .await,
            )?,
            Err(problem) => Some(problem),
        };
        let Some(problem) = problem else {
            return Ok(visit.done("groups", "added"));
        };
        let page = listed(&visit, text, vec![(Field::Name, problem)]).await?;
        Ok(visit.wrong(page))
    };
    visit.answer(done.await)
}

async fn view(
    visit: &Visit,
    (group, count): (GroupName, u64),
    typed: Option<(&str, FieldProblem)>,
) -> Result<pages::Page, AccountError> {
    let query = AccountQuery {
        group: Some(group.clone()),
        limit: SHOWN,
        ..AccountQuery::default()
    };
    let members = visit.store()?.accounts(&query).await?;
    let view = GroupView {
        console: visit.console(),
        count,
        members: members
            .into_iter()
            .map(|account| (account.id, account.name.to_string()))
            .collect(),
        name: typed.map_or(group.as_str(), |(text, _)| text).to_owned(),
        problems: typed
            .map(|(_, problem)| (Field::Name, problem))
            .into_iter()
            .collect(),
        group: group.to_string(),
    };
    Ok(visit.pages().group(&view, visit.language))
}

async fn show(visit: Visit, Path(name): Path<String>) -> Response {
    let shown = async {
        let group = existing(&visit, &name).await?;
        Ok(visit.page(view(&visit, group, None).await?))
    };
    visit.answer(shown.await)
}

async fn rename(Changing { visit, form }: Changing, Path(name): Path<String>) -> Response {
    let done = async {
        let group = existing(&visit, &name).await?;
        let text = form.text("name").trim();
        let problem = match typed(text) {
            Ok(new) if new == group.0 => return Ok(visit.done(&room(&new), "unchanged")),
            Ok(new) => {
                let accounts = visit.accounts();
                let renamed = accounts.rename_group(&group.0, &new, visit.actor()).await;
                match judged(renamed)? {
                    None => return Ok(visit.done(&room(&new), "saved")),
                    Some(problem) => problem,
                }
            }
            Err(problem) => problem,
        };
        Ok(visit.wrong(view(&visit, group, Some((text, problem))).await?))
    };
    visit.answer(done.await)
}

fn room(group: &GroupName) -> String {
    format!("groups/{}", super::visit::encoded(group.as_str()))
}

async fn ask_remove(visit: Visit, Path(name): Path<String>) -> Response {
    let shown = async {
        let group = existing(&visit, &name).await?;
        Ok(visit.page(remove_page(&visit, &group, None)))
    };
    visit.answer(shown.await)
}

fn remove_page(
    visit: &Visit,
    (group, count): &(GroupName, u64),
    problem: Option<FieldProblem>,
) -> pages::Page {
    let view = GroupRemoveView {
        console: visit.console(),
        group: group.to_string(),
        count: *count,
        problem,
    };
    visit.pages().group_remove(&view, visit.language)
}

async fn remove(Changing { visit, .. }: Changing, Path(name): Path<String>) -> Response {
    let done = async {
        let group = existing(&visit, &name).await?;
        let removed = visit.accounts().remove_group(&group.0, visit.actor());
        match judged(removed.await)? {
            None => Ok(visit.done("groups", "removed")),
            problem => Ok(visit.wrong(remove_page(&visit, &group, problem))),
        }
    };
    visit.answer(done.await)
}
