//! A user's lost second factor: begun and stopped here, and how it stands.

use axum::{extract::Path, response::Response};
use pages::LostFactor;
use store::{Account, Actor, Store};

use super::{Changing, Visit, existing};
use crate::accounts::{AccountError, lost_factor::NotBegun};

/// How it stands, for the page of a user.
pub(super) async fn standing(
    visit: &Visit,
    store: &Store,
    account: &Account,
) -> Result<LostFactor, AccountError> {
    if let Some(lost) = store.lost_factor(&account.id).await? {
        let who = name(store, &lost.begun_by).await?;
        let begun = lost.begun_at;
        return Ok(match lost.ends_at {
            None => LostFactor::Waits {
                who,
                begun,
                opens: lost.opens_at,
            },
            Some(until) => LostFactor::Open { who, begun, until },
        });
    }
    let accounts = visit.accounts();
    Ok(match accounts.why_not_lost(account, visit.actor()).await? {
        None => LostFactor::MayBegin {
            opens: accounts.lost_opens(),
        },
        Some(NotBegun::Own) => LostFactor::Own,
        Some(NotBegun::NoMail) => LostFactor::NoMail,
        Some(NotBegun::NoFactor | NotBegun::Disabled | NotBegun::Before) => LostFactor::Nothing,
    })
}

/// Who an actor is, by the login name where it is an account.
async fn name(store: &Store, actor: &Actor) -> Result<String, AccountError> {
    let account = match actor.as_str().strip_prefix("account:") {
        Some(id) => store.account(id).await?,
        None => None,
    };
    Ok(account.map_or_else(
        || actor.as_str().to_owned(),
        |account| account.name.to_string(),
    ))
}

pub(super) async fn begin(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let account = existing(&visit.store()?, &id).await?;
        let begun = visit
            .accounts()
            .begin_lost(&account, visit.actor(), visit.language);
        let word = match begun.await? {
            Ok(_) => "saved",
            Err(_) => "unchanged",
        };
        Ok(visit.done(&format!("users/{}", account.id), word))
    };
    visit.answer(done.await)
}

pub(super) async fn stop(Changing { visit, .. }: Changing, Path(id): Path<String>) -> Response {
    let done = async {
        let account = existing(&visit.store()?, &id).await?;
        let stopped = visit.accounts().stop_lost(&account, visit.actor()).await?;
        let word = if stopped { "saved" } else { "unchanged" };
        Ok(visit.done(&format!("users/{}", account.id), word))
    };
    visit.answer(done.await)
}
