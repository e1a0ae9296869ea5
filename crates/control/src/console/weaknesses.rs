//! What the applications' answers have shown of their weaknesses, since this process began.

use axum::response::Response;
use guards::weaknesses::Kind;
use pages::{WeaknessGroup, WeaknessLine, WeaknessesView};

use super::{rooms::Rooms, visit::Visit};
use crate::{
    seen::page,
    weaknesses::{Row, What},
};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/weaknesses", list)
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn list(visit: Visit) -> Response {
    let (rows, beyond) = visit.state.weaknesses.rows();
    let groups = Kind::ALL.into_iter().filter_map(|kind| {
        let of_kind = rows.iter().filter(|(what, _)| what.kind == kind);
        let lines: Vec<_> = of_kind.map(line).collect();
        (!lines.is_empty()).then(|| WeaknessGroup {
            kind: kind.word(),
            lines,
        })
    });
    let view = WeaknessesView {
        console: visit.console(),
        groups: groups.collect(),
        more: beyond > 0,
        off: visit.state.publisher.config().weaknesses.pages == 0,
    };
    visit.page(visit.pages().weaknesses(&view, visit.language))
}

fn line((what, row): &(What, Row)) -> WeaknessLine {
    WeaknessLine {
        page: page(&what.site, &what.route),
        name: what.name.to_string(),
        path: row.lately.to_string(),
        count: row.count,
        first: row.first,
        last: row.last,
        id: row.id.to_string(),
    }
}
