//! What applications brought back as markup, since this process began.

use axum::response::Response;
use guards::xss::{Context, Mode, Place};
use pages::{ReflectedAs, ReflectedDone, ReflectedFrom, ReflectionLine, ReflectionsView};

use super::{rooms::Rooms, visit::Visit};
use crate::{
    seen::page,
    xss::{Row, What},
};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/reflections", list)
}

#[allow(clippy::unused_async, reason = "a handler")]
async fn list(visit: Visit) -> Response {
    let (rows, beyond) = visit.state.reflections.rows();
    let view = ReflectionsView {
        console: visit.console(),
        lines: rows.into_iter().map(line).collect(),
        more: beyond > 0,
    };
    visit.page(visit.pages().reflections(&view, visit.language))
}

fn line((what, row): (What, Row)) -> ReflectionLine {
    ReflectionLine {
        page: page(&what.site, &what.route),
        from: match what.place {
            Place::Query => ReflectedFrom::Query,
            Place::Path => ReflectedFrom::Path,
            Place::Header => ReflectedFrom::Header,
            Place::Form => ReflectedFrom::Form,
            Place::Json => ReflectedFrom::Json,
        },
        parameter: what.parameter.into(),
        context: match what.context {
            Context::Script => ReflectedAs::Script,
            Context::Attribute => ReflectedAs::Attribute,
            Context::Code => ReflectedAs::Code,
            Context::Url => ReflectedAs::Url,
            Context::Markup => ReflectedAs::Markup,
        },
        done: match row.lately {
            Mode::Off | Mode::Observe => ReflectedDone::Observed,
            Mode::Neutralise => ReflectedDone::Neutralised,
            Mode::Refuse => ReflectedDone::Refused,
        },
        count: row.count,
        first: row.first,
        last: row.last,
        id: row.id.to_string(),
    }
}
