//! What is weak in applications, in the console.

use terms::Language;

use super::{super::api::*, Fill, NOW};

pub(super) fn weaknesses(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let line = |name: &str, path: &str| WeaknessLine {
        page: fill.with("app.example.com /shop"),
        name: fill.with(name),
        path: fill.with(path),
        count: 3,
        first: NOW,
        last: NOW,
        id: fill.with("0123456789abcdef"),
    };
    let group = |kind, name: &str, path: &str| WeaknessGroup {
        kind,
        lines: vec![line(name, path)],
    };
    let view = WeaknessesView {
        console: fill.console(None),
        groups: vec![
            group("password-by-get", "/shop/login", "/shop/login"),
            group("change-by-get", "/shop/delete", "/shop/item/7"),
            group("mixed-content", "cdn.example.net", "/shop"),
            WeaknessGroup {
                kind: "cookie-readable",
                lines: vec![line("sid", "/shop/login"), line("basket", "/shop")],
            },
            group("cookie-unencrypted", "sid", "/shop/login"),
            group("cookie-cross-site", "sid", "/shop/login"),
            group("inline-handler", "onclick", "/shop"),
            group("charset-unsaid", "", "/shop/old"),
        ],
        more: true,
        off: false,
    };
    pages.weaknesses(&view, language)
}
