//! What pages may load, in the console.

use terms::Language;

use super::{super::api::*, Fill, NOW};

pub(super) fn content(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let report = |directive, what: &str, remedy: Option<&str>| ContentReport {
        directive,
        what: fill.with(what),
        remedy: remedy.map(|source| fill.with(source)),
        count: 12,
        first: NOW,
        last: NOW,
    };
    let host = "app.example.com".to_owned();
    let view = ContentView {
        console: fill.console(None),
        sites: vec![
            (host.clone(), ContentMode::ReportOnly),
            ("shop.example.com".to_owned(), ContentMode::Off),
        ],
        site: Some(ContentSite {
            host,
            mode: ContentMode::ReportOnly,
            policy: fill.with("default-src 'self' https:; object-src 'none'"),
            nonce: false,
            weaknesses: vec![("scripts-from-anywhere", fill.with("https:"))],
            reports: vec![
                report(
                    "img-src",
                    "https://images.example.org",
                    Some("https://images.example.org"),
                ),
                report("script-src", "inline", None),
            ],
            proposal: Some((
                fill.with("[site.\"app.example.com\".csp]\nimg_src = [\"'self'\", \"https://images.example.org\"]"),
                vec![("scripts-from-gadgets", fill.with("https://unpkg.com"))],
            )),
        }),
    };
    pages.content(&view, language)
}

pub(super) fn nothing(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let view = ContentView {
        console: fill.console(None),
        sites: Vec::new(),
        site: None,
    };
    pages.content(&view, language)
}
