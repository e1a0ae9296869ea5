//! Who is refused by address: which lists there are, and which rule decides about one.
// promise: block

use axum::response::Response;
use pages::{AddressAsked, AddressVerdict, AddressesView};

use super::{rooms::Rooms, visit::Visit};
use crate::block::{self, Verdict};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/addresses", list)
}

async fn list(visit: Visit) -> Response {
    let publisher = &visit.state.publisher;
    let (set, config) = (publisher.block(), publisher.config());
    let lists = block::lists(&set, &config.block.lists, publisher.temporary());
    let typed = visit.asked("address");
    let asked = match typed.trim() {
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
    let view = AddressesView {
        console: visit.console(),
        address: typed,
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
        temporary: lists
            .temporary
            .into_iter()
            .map(|entry| (entry.range, entry.until))
            .collect(),
    };
    visit.page(visit.pages().addresses(&view, visit.language))
}
