//! Everybody's sessions.

use std::collections::HashMap;

use axum::response::Response;
use pages::ConsoleSessionsView;
use store::{SessionQuery, Store};

use super::rooms::Rooms;
use super::visit::{Changing, PAGE, Visit};
use crate::{accounts::AccountError, web::listing::session_views};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/sessions", list)
        .post("/sessions/revoke", revoke)
}

/// The login names of accounts, each looked up once; an account that is gone keeps its id.
pub(super) async fn names(
    store: &Store,
    ids: impl Iterator<Item = &str>,
) -> Result<HashMap<String, String>, AccountError> {
    let mut names = HashMap::new();
    for id in ids {
        if !names.contains_key(id) {
            let account = store.account(id).await?;
            let name = account.map_or_else(|| id.to_owned(), |it| it.name.to_string());
            names.insert(id.to_owned(), name);
        }
    }
    Ok(names)
}

async fn list(visit: Visit) -> Response {
    visit.answer(listed(&visit).await)
}

async fn listed(visit: &Visit) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let user = visit.asked("user");
    let account = match user.trim() {
        "" => None,
        typed => {
            let found = store.account_named(typed).await?;
            // No account has the empty id: whoever isn't there has no sessions.
            Some(found.map_or_else(String::new, |account| account.id))
        }
    };
    let query = SessionQuery {
        account,
        after: visit.asked("after"),
        limit: PAGE as u64 + 1,
    };
    let mut rows = store.session_families(&query).await?;
    let mut roots: Vec<_> = rows
        .iter()
        .filter(|row| row.parent.is_none())
        .map(|row| row.sid.clone())
        .collect();
    roots.sort_unstable();
    let more = super::visit::cut(&mut roots);
    rows.retain(|row| {
        roots
            .binary_search(row.parent.as_ref().unwrap_or(&row.sid))
            .is_ok()
    });
    let names = names(&store, rows.iter().map(|row| &*row.account)).await?;
    let name = |id: &str| names.get(id).cloned().unwrap_or_default();
    let last = roots.last().filter(|_| more);
    let view = ConsoleSessionsView {
        console: visit.console(),
        sessions: session_views(&rows, None, name),
        pager: visit.pager("sessions", &[("user", &user)], last.map(String::as_str)),
        user,
    };
    Ok(visit.page(visit.pages().console_sessions(&view, visit.language)))
}

async fn revoke(Changing { visit, form }: Changing) -> Response {
    // Twice is as good as once.
    let ended = visit.accounts().end(form.text("id"), visit.actor()).await;
    visit.answer(ended.map(|_| visit.done("sessions", "ended")))
}
