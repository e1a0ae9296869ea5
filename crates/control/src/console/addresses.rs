//! Who is refused by address: which lists there are, which rule decides about one, and
//! who is refused for a while.
// promise: block

use std::time::Duration;

use axum::response::Response;
use pages::{
    AddressAsked, AddressVerdict, AddressesView, BanTyped, BanView, Field, FieldProblem, Page,
};
use store::{MAX_BANS, MAX_REASON_BYTES};

use super::{
    rooms::Rooms,
    visit::{Changing, Visit},
};
use crate::{
    accounts::AccountError,
    bans::{self, BanError},
    block::{self, TemporaryView, Verdict},
};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms
        .get("/addresses", list)
        .post("/addresses/add", add)
        .post("/addresses/remove", remove)
}

async fn list(visit: Visit) -> Response {
    visit.page(listed(&visit, BanTyped::default()))
}

fn listed(visit: &Visit, typed: BanTyped) -> Page {
    let publisher = &visit.state.publisher;
    let (set, config) = (publisher.block(), publisher.config());
    let lists = block::lists(&set, &config.block.lists, publisher.temporary());
    let address = visit.asked("address");
    let asked = match address.trim() {
        "" => AddressAsked::Nothing,
        text => text.parse().map_or(AddressAsked::Malformed, |address| {
            let judged = block::judge(&set, &config.trusted_proxies, address);
            AddressAsked::Judged {
                verdict: match judged.verdict {
                    Verdict::LetIn => AddressVerdict::LetIn,
                    Verdict::Observed => AddressVerdict::Observed,
                    Verdict::Refused | Verdict::Dropped => AddressVerdict::Refused,
                },
                rule: judged.rule.map(|rule| (rule.id, rule.range)),
            }
        }),
    };
    let ban = |entry: TemporaryView| BanView {
        lifts: entry.is_ban(),
        range: entry.range,
        until: entry.until,
        reason: entry.reason,
        made_by: entry.made_by,
    };
    let view = AddressesView {
        console: visit.console(),
        address,
        asked,
        observe: lists.observe,
        lists: lists
            .lists
            .into_iter()
            .map(|list| match list.list.as_str() {
                "file" => (list.list, list.source, list.entries),
                _ => (list.list, String::new(), list.entries),
            })
            .collect(),
        bans: lists.temporary.into_iter().map(ban).collect(),
        typed,
    };
    visit.pages().addresses(&view, visit.language)
}

/// What came of a ban: done, or what is wrong with what was typed.
fn judged<T>(done: Result<T, BanError>) -> Result<Result<T, (Field, FieldProblem)>, AccountError> {
    let problem = match done {
        Ok(done) => return Ok(Ok(done)),
        Err(BanError::Malformed(_)) => (Field::Range, FieldProblem::Malformed),
        Err(BanError::TooWide(_)) => (Field::Range, FieldProblem::TooWide),
        Err(BanError::Loopback(_)) => (Field::Range, FieldProblem::Loopback),
        Err(BanError::Time) => (Field::Hours, FieldProblem::Unknown),
        Err(BanError::Reason) => (Field::Reason, FieldProblem::Malformed),
        Err(BanError::Long) => {
            let most = u32::try_from(MAX_REASON_BYTES).unwrap_or(u32::MAX);
            (Field::Reason, FieldProblem::TooLong { most })
        }
        Err(BanError::Many) => {
            let most = u32::try_from(MAX_BANS).unwrap_or(u32::MAX);
            (Field::Range, FieldProblem::TooMany { most })
        }
        Err(BanError::NoStore) => return Err(AccountError::Away),
        Err(BanError::Store(error)) => return Err(error.into()),
    };
    Ok(Err(problem))
}

async fn add(Changing { visit, form }: Changing) -> Response {
    let hours: u32 = form.text("hours").parse().unwrap_or(0);
    let (range, reason) = (form.text("range"), form.text("reason").trim());
    let time = Duration::from_secs(u64::from(hours) * 3600);
    let added = bans::add(&visit.state, range, time, reason, visit.actor()).await;
    let answer = judged(added).map(|done| match done {
        Ok(_) => visit.done("addresses", "added"),
        Err(problem) => {
            let typed = BanTyped {
                range: range.to_owned(),
                reason: reason.to_owned(),
                hours,
                problems: vec![problem],
            };
            visit.wrong(listed(&visit, typed))
        }
    });
    visit.answer(answer)
}

async fn remove(Changing { visit, form }: Changing) -> Response {
    let range = form.text("range");
    let removed = bans::remove(&visit.state, range, visit.actor()).await;
    let answer = judged(removed).map(|done| match done {
        Ok(Some(_)) => visit.done("addresses", "removed"),
        // It has ended meanwhile.
        Ok(None) => visit.done("addresses", "unchanged"),
        Err(problem) => {
            let typed = BanTyped {
                range: range.to_owned(),
                problems: vec![problem],
                ..BanTyped::default()
            };
            visit.wrong(listed(&visit, typed))
        }
    });
    visit.answer(answer)
}
