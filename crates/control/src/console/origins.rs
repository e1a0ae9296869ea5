//! From where requests may come that would change something: what the configuration says.
// promise: csrf

use axum::response::Response;
use pages::{OriginRouteView, OriginsView};
use seam::snapshot::Route;

use super::{rooms::Rooms, visit::Visit};

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/origins", list)
}

async fn list(visit: Visit) -> Response {
    let config = visit.state.publisher.config();
    let routes = |holds: fn(&Route) -> bool| {
        let all = config
            .sites
            .iter()
            .flat_map(|site| site.routes.iter().map(move |route| (site, route)));
        all.filter(move |(_, route)| holds(route))
            .map(|(site, route)| OriginRouteView {
                site: site.host.clone(),
                path: shown(route),
                why: route.cross_site.as_deref().unwrap_or_default().to_owned(),
            })
            .collect()
    };
    let view = OriginsView {
        console: visit.console(),
        observe: config.csrf.observe,
        origins: config.csrf.origins().map(str::to_owned).collect(),
        exceptions: routes(|route| route.cross_site.is_some()),
        important: routes(|route| route.important),
    };
    let page = visit.pages().origins(&view, visit.language);
    visit.page(page)
}

/// `POST, DELETE /path`.
fn shown(route: &Route) -> String {
    let path = match &*route.path {
        "" => "/",
        path => path,
    };
    match &*route.methods {
        [] => path.to_owned(),
        methods => format!("{} {path}", methods.join(", ")),
    }
}
