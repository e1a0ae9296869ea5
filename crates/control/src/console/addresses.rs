//! Who is refused by address: which lists there are, which rule decides about one, and
//! who is refused for a while.
// promise: block

use std::{net::IpAddr, time::Duration};

use axum::response::Response;
use guards::strike::Cause;
use pages::{
    AddressAsked, AddressVerdict, AddressesView, BanEvidence, BanTyped, BanView, DeedView, Field,
    FieldProblem, LatelyView, Page,
};
use store::{MAX_BANS, MAX_REASON_BYTES};

use super::{
    rooms::Rooms,
    visit::{Changing, Visit},
};
use crate::{
    access_log::{self, Deed},
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

/// How far back a client's requests are shown.
const LATELY: Duration = Duration::from_secs(3600);

async fn list(visit: Visit) -> Response {
    let page = listed(&visit, BanTyped::default()).await;
    visit.page(page)
}

/// What a client has asked lately; `None` where records don't tell.
async fn lately(visit: &Visit, address: IpAddr) -> Option<LatelyView> {
    let doings = access_log::doings(&visit.state, address, LATELY).await;
    let doings = doings
        .inspect_err(|why| tracing::debug!(why, "what a client has asked isn't known"))
        .ok()?;
    let deed = |deed: Deed| DeedView {
        // To the second.
        time: deed.time.get(..19).unwrap_or_default().replace('T', " "),
        status: deed.status.to_string(),
        site: deed.site.unwrap_or_default(),
        what: format!("{} {}", deed.method, deed.path),
        reason: deed.reason.unwrap_or_default(),
        id: deed.id,
    };
    Some(LatelyView {
        total: doings.total,
        refused: doings.refused.values().sum(),
        newest: doings.newest.into_iter().map(deed).collect(),
    })
}

async fn listed(visit: &Visit, typed: BanTyped) -> Page {
    let publisher = &visit.state.publisher;
    let (set, config) = (publisher.block(), publisher.config());
    let lists = block::lists(
        &set,
        &config.block.lists,
        publisher.feed_views(),
        publisher.temporary(),
    );
    let address = visit.asked("address");
    let parsed = address.trim().parse();
    let lately = match parsed {
        Ok(address) => lately(visit, address).await,
        Err(_) => None,
    };
    let asked = match parsed {
        Err(_) if address.trim().is_empty() => AddressAsked::Nothing,
        Err(_) => AddressAsked::Malformed,
        Ok(address) => {
            let judged = block::judge(&set, &config.trusted_proxies, address);
            AddressAsked::Judged {
                verdict: match judged.verdict {
                    Verdict::LetIn => AddressVerdict::LetIn,
                    Verdict::Observed => AddressVerdict::Observed,
                    Verdict::Refused | Verdict::Dropped => AddressVerdict::Refused,
                },
                rule: judged.rule.map(|rule| (rule.id, rule.range)),
            }
        }
    };
    let ban = |entry: TemporaryView| BanView {
        lifts: entry.is_ban(),
        range: entry.range,
        until: entry.until,
        reason: entry.reason,
        made_by: entry.made_by,
        evidence: entry.evidence.map(|it| BanEvidence {
            cause: Cause::from_word(&it.cause).map_or("", Cause::word),
            strikes: it.strikes,
            first: it.first,
            last: it.last,
            request: it.request,
        }),
    };
    let fed = lists.feeds.into_iter().map(|feed| {
        let name = match feed.trouble {
            None => feed.name,
            Some(why) => format!("{}: {why}", feed.name),
        };
        ("feed".to_owned(), name, feed.entries)
    });
    let view = AddressesView {
        console: visit.console(),
        address,
        asked,
        lately,
        observe: lists.observe,
        lists: lists
            .lists
            .into_iter()
            .map(|list| match list.list.as_str() {
                "file" => (list.list, list.source, list.entries),
                _ => (list.list, String::new(), list.entries),
            })
            .chain(fed)
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
        Err(BanError::Many | BanError::ManyLearned) => {
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
    let problem = match judged(added) {
        Ok(Ok(_)) => return visit.done("addresses", "added"),
        Ok(Err(problem)) => problem,
        Err(error) => return visit.answer(Err(error)),
    };
    let typed = BanTyped {
        range: range.to_owned(),
        reason: reason.to_owned(),
        hours,
        problems: vec![problem],
    };
    let page = listed(&visit, typed).await;
    visit.wrong(page)
}

async fn remove(Changing { visit, form }: Changing) -> Response {
    let range = form.text("range");
    let removed = bans::remove(&visit.state, range, visit.actor()).await;
    let problem = match judged(removed) {
        Ok(Ok(Some(_))) => return visit.done("addresses", "removed"),
        // It has ended meanwhile.
        Ok(Ok(None)) => return visit.done("addresses", "unchanged"),
        Ok(Err(problem)) => problem,
        Err(error) => return visit.answer(Err(error)),
    };
    let typed = BanTyped {
        range: range.to_owned(),
        problems: vec![problem],
        ..BanTyped::default()
    };
    let page = listed(&visit, typed).await;
    visit.wrong(page)
}
