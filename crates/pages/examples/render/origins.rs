//! From where requests may come, in the console.

use terms::Language;

use super::{super::api::*, Fill};

pub(super) fn origins(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let route = |path: &str, why: &str| OriginRouteView {
        site: fill.with("app.example.com"),
        path: fill.with(path),
        why: fill.with(why),
    };
    let view = OriginsView {
        console: fill.console(None),
        observe: true,
        origins: vec![fill.with("https://www.example.com")],
        exceptions: vec![route("POST /hooks", "webhook of the payment service")],
        important: vec![route("/transfer", "")],
    };
    pages.origins(&view, language)
}
