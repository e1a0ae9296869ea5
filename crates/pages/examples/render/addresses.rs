//! Who is refused by address, in the console.

use terms::Language;

use super::{super::api::*, Fill, NOW};

pub(super) fn addresses(pages: &Pages, fill: Fill<'_>, language: Language) -> Page {
    let view = AddressesView {
        console: fill.console(None),
        address: fill.with("203.0.113.7"),
        asked: AddressAsked::Judged {
            verdict: AddressVerdict::Refused,
            rule: Some((fill.with("deny-1"), fill.with("203.0.113.0/24"))),
        },
        lately: Some(LatelyView {
            total: 1234,
            refused: 12,
            newest: vec![DeedView {
                time: fill.with("2026-12-01 12:00:00"),
                status: fill.with("429"),
                site: fill.with("app.example.com"),
                what: fill.with("GET /customers"),
                reason: fill.with("throttled"),
                id: fill.with("0123456789abcdef0123456789abcdef"),
            }],
        }),
        observe: true,
        lists: vec![(
            fill.with("file"),
            fill.with("/etc/waarborg/drop.json"),
            12_345,
        )],
        bans: vec![
            BanView {
                range: fill.with("198.51.100.0/28"),
                until: NOW,
                reason: fill.with("it tries passwords"),
                made_by: fill.with("command:0"),
                lifts: true,
                evidence: None,
            },
            BanView {
                range: fill.with("8.8.8.8"),
                until: NOW,
                reason: String::new(),
                made_by: fill.with("system:ban"),
                lifts: true,
                evidence: Some(BanEvidence {
                    cause: "scan",
                    strikes: 5,
                    first: NOW,
                    last: NOW,
                    request: fill.with("0af7651916cd43dd8448eb211c80319c"),
                }),
            },
            BanView {
                range: fill.with("2001:db8::9"),
                until: NOW,
                reason: String::new(),
                made_by: fill.with("system:drill"),
                lifts: false,
                evidence: None,
            },
        ],
        typed: BanTyped {
            range: fill.with("0.0.0.0/0"),
            reason: fill.with("everybody"),
            hours: 168,
            problems: vec![(Field::Range, FieldProblem::TooWide)],
        },
    };
    pages.addresses(&view, language)
}
