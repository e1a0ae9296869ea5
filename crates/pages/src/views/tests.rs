//! Every page in every language: whole, escaped, and no more than is true.

mod own;

use terms::{Arg, Clause, PromiseId, Vantage, Verdict};

use super::*;
use crate::{
    ClauseView, EvidenceView, FormView, LedgerProof, LedgerView, LinkView, MessageView, OwnPath,
    Page, Pages, PromiseView, RefusalKind, RunView, Standing, State, TranscriptLine, TrustView,
    WithHole, style::BARE_POLICY,
};

const EVIL: &str = "<script>alert(1)</script>\"'&<!--";
const ID: &str = "0af7651916cd43dd8448eb211c80319c";
const UNTIL: &str = "2026-12-01 05:07 UTC";

fn pages() -> Pages {
    Pages::load(OwnPath::new("/-/").unwrap())
}

fn trust(text: &str) -> TrustView {
    let clause = |clause, standing| ClauseView { clause, standing };
    TrustView {
        site: text.to_owned(),
        generated_at: Micros(1_795_442_712_345_678),
        promises: vec![
            PromiseView {
                id: PromiseId::Hsts,
                state: State::Green,
                clauses: vec![
                    clause(
                        Clause::new("hsts-every-answer").with("days", Arg::Number(730)),
                        Standing::Proven,
                    ),
                    clause(Clause::new("hsts-browser"), Standing::Unproven),
                    clause(Clause::new("hsts-first-visit-open"), Standing::Limit),
                ],
                proven_at: Some(Micros(1_795_442_400_000_000)),
                last: Some(RunView {
                    drill: text.to_owned(),
                    at: Micros(1_795_442_400_000_000),
                    vantage: Vantage::SameHost,
                    verdict: Verdict::Pass,
                }),
            },
            PromiseView {
                id: PromiseId::Tls,
                state: State::Red,
                clauses: vec![
                    clause(Clause::new("tls-no-plaintext"), Standing::Refuted),
                    clause(
                        Clause::new("tls-versions").with("refused", Arg::Text(text.to_owned())),
                        Standing::Proven,
                    ),
                ],
                proven_at: None,
                last: None,
            },
        ],
        ledger: Some(LedgerView {
            size: 12,
            root_b64: text.to_owned(),
            checkpoint_at: Micros(1_795_442_000_000_000),
        }),
    }
}

fn evidence(text: &str) -> EvidenceView {
    EvidenceView {
        drill: text.to_owned(),
        promise: PromiseId::Tls,
        verdict: Verdict::Pass,
        vantage: Vantage::Outside,
        at: Micros(0),
        clauses: vec![(
            Clause::new("tls-versions").with("refused", Arg::Text(text.to_owned())),
            Verdict::Inconclusive,
        )],
        transcript: vec![TranscriptLine {
            step: text.to_owned(),
            fields: vec![(text.to_owned(), text.to_owned())],
        }],
        ledger: Some(LedgerProof {
            index: 3,
            leaf_b64: text.to_owned(),
            path_b64: vec![text.to_owned()],
            size: 12,
            root_b64: text.to_owned(),
        }),
    }
}

fn message(text: &str) -> MessageView {
    MessageView {
        title: text.to_owned(),
        paragraphs: vec![text.to_owned()],
        form: Some(FormView {
            action: OwnPath::new("/-/ack/<b>&amp;").unwrap(),
            button: text.to_owned(),
            hidden: vec![(text.to_owned(), text.to_owned())],
        }),
        link: Some(LinkView {
            to: OwnPath::new("/-/security").unwrap(),
            text: text.to_owned(),
        }),
        switcher: Switcher::Offered,
    }
}

/// A refusal with its holes filled.
fn whole(page: &WithHole) -> String {
    let lead = page.lead.as_ref().map(|lead| format!("{lead}{UNTIL}"));
    format!(
        "{}{}{ID}{}",
        lead.unwrap_or_default(),
        page.before,
        page.after
    )
}

fn all(language: Language, text: &str) -> Vec<Page> {
    let pages = pages();
    let mut out = vec![
        pages.trust(&trust(text), language),
        pages.evidence(&evidence(text), language),
        pages.message(&message(text), language),
    ];
    out.extend(RefusalKind::ALL.iter().map(|kind| {
        let page = pages.refusal(*kind, language);
        Page {
            html: whole(&page),
            csp: page.csp,
        }
    }));
    out
}

#[test]
fn every_foreign_value_is_escaped_wherever_it_stands() {
    for language in Language::ALL {
        for (evil, good) in all(language, EVIL).iter().zip(all(language, "word")) {
            let html = &evil.html;
            assert!(!html.contains("<script"), "{html}");
            assert!(!html.contains("<!--") && !html.contains("<b>"), "{html}");
            // What `word` doesn't bring, `EVIL` may not bring either: no tag, no quote.
            for sign in ['<', '>', '"', '\''] {
                let count = |html: &str| html.matches(sign).count();
                assert_eq!(count(html), count(&good.html), "{sign}");
            }
        }
    }
}

#[test]
fn every_page_is_whole_and_says_its_language() {
    for language in Language::ALL {
        for Page { html, .. } in all(language, "word") {
            assert!(html.starts_with("<!DOCTYPE html>"));
            assert!(html.trim_end().ends_with("</html>"));
            assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
            for once in ["<h1>", "<main>", "<title>", "<footer", "<header"] {
                assert_eq!(html.matches(once).count(), 1, "{once} in {html}");
            }
            for tag in html
                .split('<')
                .skip(1)
                .filter_map(|rest| rest.split('>').next())
            {
                assert!(
                    !tag.contains(" style=") && !tag.contains(" on"),
                    "inline: {tag}"
                );
            }
            assert!(html.len() < 40_000, "{} bytes", html.len());
        }
    }
}

#[test]
fn the_policy_allows_exactly_the_style_sheet_of_the_page() {
    for Page { html, csp } in all(Language::En, "word") {
        let sheet = html
            .split_once("<style>")
            .and_then(|(_, rest)| rest.split_once("</style>"))
            .map(|(sheet, _)| sheet)
            .unwrap();
        let hash = terms::base64(
            aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, sheet.as_bytes()).as_ref(),
        );
        assert!(
            csp.contains(&format!("style-src 'sha256-{hash}';")),
            "{csp}"
        );
        assert!(csp.starts_with("default-src 'none';"));
        assert!(!csp.contains("unsafe") && !csp.contains("script-src"));
        let form = if html.contains("<form") {
            "'self'"
        } else {
            "'none'"
        };
        assert!(csp.contains(&format!("form-action {form};")), "{csp}");
    }
}

#[test]
fn a_refusal_has_one_hole_in_html_and_one_in_json() {
    let pages = pages();
    for kind in RefusalKind::ALL {
        for language in Language::ALL {
            let page = pages.refusal(*kind, language);
            assert!(
                page.before.ends_with("translate=\"no\">"),
                "{}",
                page.before
            );
            assert!(page.after.starts_with("</p>"));
            let json = pages.refusal_json(*kind, language);
            assert!(json.before.ends_with(",\"id\":\""));
            assert_eq!(json.after, "\"}");
            assert_eq!(json.csp, BARE_POLICY);
            let read: serde_json::Value = serde_json::from_str(&whole(&json)).unwrap();
            assert_eq!(read.get("until").is_some(), *kind == RefusalKind::Banned);
            assert_eq!(read["id"], ID);
            assert_eq!(read["status"], kind.status());
            assert_eq!(
                read["type"],
                format!("urn:waarborg:refusal:{}", kind.word())
            );
            assert_eq!(
                read.get("retry_after").and_then(serde_json::Value::as_u64),
                kind.retry_after().map(u64::from)
            );
            assert!(whole(&page).contains(&pages.texts().speech(language).text(kind.key())));
        }
        assert_eq!(RefusalKind::from_word(kind.word()), Some(*kind));
    }
    assert_eq!(RefusalKind::from_word("teapot"), None);
}

#[test]
fn a_refusal_reads_like_this() {
    let pages = pages();
    let json = pages.refusal_json(RefusalKind::UpstreamDown, Language::Nl);
    insta::assert_snapshot!(format!("{}{ID}{}", json.before, json.after));
    let page = pages.refusal(RefusalKind::TooManyRequests, Language::Fr);
    let html = format!("{}{ID}{}", page.before, page.after);
    let main = html
        .split_once("<main>")
        .unwrap()
        .1
        .split_once("</main>")
        .unwrap()
        .0;
    insta::assert_snapshot!(main);
}

#[test]
fn only_a_refusal_of_an_unknown_site_has_no_link_to_own_pages() {
    let pages = pages();
    for kind in RefusalKind::ALL {
        let page = pages.refusal(*kind, Language::En);
        assert_eq!(
            page.after.contains("href=\"/-/security\""),
            !matches!(
                kind,
                RefusalKind::Misdirected | RefusalKind::Blocked | RefusalKind::Banned
            )
        );
    }
}

#[test]
fn all_promises_stand_on_the_trust_page_and_silence_is_no_promise() {
    let pages = pages();
    for language in Language::ALL {
        let html = pages.trust(&trust("a.example"), language).html;
        for id in PromiseId::ALL {
            assert_eq!(html.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
        let cards = |state: &str| html.matches(&format!("class=\"promise {state}\"")).count();
        assert_eq!((cards("green"), cards("amber"), cards("red")), (1, 0, 1));
        assert_eq!(
            html.matches("class=\"not-promised\"").count(),
            22,
            "21 and the tally"
        );
    }
}

#[test]
fn only_proven_clauses_and_limits_are_said() {
    let pages = pages();
    let view = trust("a.example");
    let json: serde_json::Value = serde_json::from_str(&pages.security_json(&view)).unwrap();
    let promise = |id: &str| {
        let all = json["promises"].as_array().unwrap();
        assert_eq!(all.len(), 23);
        all.iter()
            .find(|promise| promise["id"] == id)
            .unwrap()
            .clone()
    };
    let hsts = promise("hsts")["sentence"].as_str().unwrap().to_owned();
    assert!(
        hsts.contains("730 days") && hsts.contains("preload list"),
        "{hsts}"
    );
    assert!(!hsts.contains("real browser"), "unproven: {hsts}");
    let tls = promise("tls")["sentence"].as_str().unwrap().to_owned();
    assert!(!tls.contains("Unencrypted"), "refuted: {tls}");
    assert_eq!(promise("uptime")["state"], "not-promised");
    assert_eq!(promise("uptime")["sentence"], "");

    let html = pages.trust(&view, Language::En).html;
    let sentence = html.split_once("class=\"sentence\">").unwrap().1;
    let sentence = sentence.split_once("</p>").unwrap().0;
    assert_eq!(
        sentence.trim(),
        promise("tls")["sentence"].as_str().unwrap(),
        "in order of the page"
    );
}

#[test]
fn a_sentence_changes_with_its_state() {
    let pages = pages();
    let mut view = trust("a.example");
    let before = pages.trust(&view, Language::Nl).html;
    assert!(before.contains("730 dagen"));
    view.promises[0].clauses[0].standing = Standing::Unproven;
    view.promises[0].clauses[2].standing = Standing::Unproven;
    view.promises[0].state = State::Amber;
    let after = pages.trust(&view, Language::Nl).html;
    assert!(after.contains("niets met bewijs te zeggen"));
    assert!(after.contains("class=\"promise amber\""));
}

#[test]
fn security_json_keeps_its_schema() {
    let json: serde_json::Value =
        serde_json::from_str(&pages().security_json(&trust("a/b?"))).unwrap();
    insta::assert_snapshot!(
        serde_json::to_string_pretty(&serde_json::json!({
            "version": json["version"],
            "site": json["site"],
            "generated_at": json["generated_at"],
            "promises": [json["promises"][0], json["promises"][4]],
            "ledger": json["ledger"],
        }))
        .unwrap()
    );
}

#[test]
fn evidence_without_a_checkpoint_or_public_fields_says_so() {
    let pages = pages();
    let mut view = evidence("d1");
    let sealed = pages.evidence(&view, Language::En).html;
    assert!(sealed.contains("RFC 6962") && sealed.contains("d1=d1"));
    view.ledger = None;
    view.transcript.clear();
    let open = pages.evidence(&view, Language::En).html;
    assert!(open.contains("sealed part of the ledger yet") && !open.contains("RFC 6962"));
    assert!(open.contains("No part of this transcript is public"));
}

#[test]
fn a_message_offers_languages_only_where_they_lead_somewhere() {
    let pages = pages();
    let mut view = message("Hello");
    assert!(
        pages
            .message(&view, Language::En)
            .html
            .contains("href=\"?lang=nl\"")
    );
    view.switcher = Switcher::Fixed;
    assert!(!pages.message(&view, Language::En).html.contains("?lang="));
}

#[test]
fn pages_can_be_shared_between_threads() {
    const fn shared<T: Send + Sync + 'static>() {}
    shared::<Pages>();
}
