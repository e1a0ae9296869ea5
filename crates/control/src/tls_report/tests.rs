use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use config::{Config, Env};
use pages::{OwnPath, Pages, PromiseView};
use promises::{
    state::Latest,
    tls_report::{
        PUBLISHED,
        grade::{Rule, Scores, Unexamined},
    },
};
use rcgen::{CertificateParams, KeyPair};
use terms::{Clock, Grade, Language, Vantage, Verdict};
use visitor::certificate::{Certificate, Hash, Problem};

use super::*;
use crate::publish::{Proof, Publisher};

const NOON: Micros = Micros(1_795_435_200_000_000);

fn sample() -> Published {
    Published {
        digest: "d".to_owned(),
        run: "0a".to_owned(),
        report: TlsReport {
            guide: "2009r".to_owned(),
            at: NOON,
            vantage: Vantage::SameHost,
            least: Grade::A,
            sites: vec![SiteReport {
                host: "app.example".to_owned(),
                grade: Grade::B,
                scores: Scores {
                    protocol: 95,
                    key_exchange: 90,
                    cipher: 90,
                    total: 91,
                },
                rules: vec![Rule::OldTls],
                unexamined: vec![Unexamined::Revocation],
                gaps: Vec::new(),
                versions: Vec::new(),
                suites: Vec::new(),
                groups: Vec::new(),
                chains: vec![ChainReport {
                    own: Certificate {
                        subject: "CN=app.example".to_owned(),
                        issuer: "CN=a<b".to_owned(),
                        names: vec!["app.example".to_owned()],
                        not_before: NOON,
                        not_after: NOON,
                        key: "RSA".to_owned(),
                        key_bits: 2048,
                        key_rsa_bits: 2048,
                        signature: "RSA with SHA-256".to_owned(),
                        hash: Hash::Sound,
                        self_issued: false,
                    },
                    sent: 2,
                    others: vec!["CN=a<b".to_owned()],
                    not_after: NOON,
                    problems: vec![Problem::Expired],
                }],
                roots: Roots::Own,
                hsts: Hsts::Yes {
                    max_age_s: 63_072_000,
                    subdomains: false,
                    preload: false,
                },
                preload_ready: false,
                ocsp_stapling: Seen::No,
                resumption_tls12: Seen::Yes,
                resumption_tls13: Seen::Yes,
                secure_renegotiation: Seen::Yes,
                compression: Seen::No,
                heartbeat: Seen::Unknown,
                connections: 40,
            }],
            left_out: 0,
        },
    }
}

fn trust(state: State) -> TrustView {
    TrustView {
        site: "app.example".to_owned(),
        generated_at: NOON,
        promises: vec![PromiseView {
            id: PromiseId::TlsReport,
            state,
            clauses: Vec::new(),
            proven_at: None,
            last: None,
        }],
        ledger: None,
    }
}

/// What the drill can find, the page can say, and nothing else.
#[test]
fn the_page_has_a_word_for_everything_that_the_report_can_hold() {
    let set = |words: Vec<&'static str>| -> BTreeSet<&'static str> { words.into_iter().collect() };
    let rules = set(Rule::ALL.iter().map(|rule| rule.word()).collect());
    assert_eq!(rules, set(TLS_RULES.to_vec()));
    let open = set(Unexamined::ALL.iter().map(|what| what.word()).collect());
    assert_eq!(open, set(TLS_UNEXAMINED.to_vec()));
    for problem in [
        Problem::NotYetValid,
        Problem::Expired,
        Problem::OtherName,
        Problem::SelfSigned,
        Problem::UnknownIssuer,
        Problem::Unusable,
    ] {
        let written = serde_json::to_value(problem).unwrap();
        assert!(
            TLS_PROBLEMS.contains(&written.as_str().unwrap()),
            "{written}"
        );
    }
    // Words in JSON and on the page are one.
    for rule in Rule::ALL {
        assert_eq!(serde_json::to_value(rule).unwrap(), rule.word());
    }
    for what in Unexamined::ALL {
        assert_eq!(serde_json::to_value(what).unwrap(), what.word());
    }
}

#[test]
fn page_and_json_show_grade_date_and_how_the_promise_stands() {
    let published = sample();
    let pages = Pages::load(OwnPath::new("/-/").unwrap());
    for (state, word) in [
        (State::Green, "green"),
        (State::Amber, "amber"),
        (State::Red, "red"),
    ] {
        let view = view(&trust(state), Some(&published));
        let text = json("/-/", &view, Some(&published));
        let document: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(document["state"], word);
        assert_eq!(document["scanned_at"], "2026-11-23T12:00:00Z");
        assert_eq!(document["evidence"], "/-/security/evidence/tls-report-0a");
        let site = &document["sites"][0];
        assert_eq!(site["grade"], "B");
        assert_eq!(site["rules"], json!(["old-tls"]));
        assert_eq!(
            site["chains"][0]["own"]["not_after"],
            "2026-11-23T12:00:00Z"
        );
        for language in Language::ALL {
            let page = pages.tls_report(&view, language).html;
            assert!(page.contains("datetime=\"2026-11-23T12:00:00Z\""), "{page}");
            assert!(page.contains(">B</b>") && page.contains(&format!("state {word}")));
            assert!(!page.contains("a<b") && !page.contains("<script"));
            assert!(!page.contains("tls-rule-"), "every word is said: {page}");
        }
    }
}

#[test]
fn before_the_first_scan_nothing_is_shown_that_nobody_found() {
    let view = view(&trust(State::Amber), None);
    let document: Value = serde_json::from_str(&json("/-/", &view, None)).unwrap();
    assert_eq!(document["scanned_at"], Value::Null);
    assert_eq!(document["sites"], json!([]));
    let pages = Pages::load(OwnPath::new("/-/").unwrap());
    let page = pages.tls_report(&view, Language::En).html;
    assert!(page.contains("scanned yet"), "{page}");
}

#[test]
fn what_is_kept_reads_back_as_it_was() {
    let report = sample().report;
    let written = serde_json::to_value(&report).unwrap();
    assert_eq!(
        serde_json::from_value::<TlsReport>(written).unwrap(),
        report
    );
}

/// A publisher for one site, whose clock stands at noon.
fn publisher() -> Publisher {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["app.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let env = Env::given(Clock::manual(NOON))
        .with_file("app.pem", certificate.as_bytes(), 0o644)
        .with_file("app.key", key.serialize_pem().as_bytes(), 0o600);
    let text = "data = \"d\"\n[site.\"app.example\"]\nupstream = \"http://127.0.0.1:1\"\n\
                access = \"public\"\ncertificate = \"app.pem\"\nkey = \"app.key\"\n";
    let loaded = Config::parse(Path::new("waarborg.toml"), text, &env);
    let config = loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .config;
    Publisher::new(Arc::new(config), "d".to_owned(), Clock::manual(NOON))
}

fn passes() -> Vec<(String, Latest)> {
    let run = |part: &str| Latest {
        promise: PromiseId::TlsReport,
        part: part.to_owned(),
        run: "0a".to_owned(),
        verdict: Verdict::Pass,
        at: NOON,
        vantage: Vantage::SameHost,
        figures: Vec::new(),
    };
    [GRADED, PUBLISHED]
        .map(|part| ("d".to_owned(), run(part)))
        .into()
}

#[test]
fn the_page_turns_amber_by_itself_and_keeps_its_date_even_without_control() {
    let publisher = publisher();
    let cell = publisher.begin();
    let shown = |at: Micros| -> Value {
        let snapshot = cell.load();
        let page = snapshot.prebuilt.page("/-/security/tls.json", at).unwrap();
        serde_json::from_slice(&page.in_language(Language::En).body).unwrap()
    };
    assert_eq!(shown(NOON)["scanned_at"], Value::Null);
    assert_eq!(publisher.tls_report(), None);
    publisher.prove(Proof {
        runs: passes(),
        ledger: None,
        tls_report: Some(sample()),
    });
    assert_eq!(publisher.tls_report(), Some(NOON));
    // Nobody publishes anything from here on.
    let later = |seconds| NOON.after(Duration::from_secs(seconds));
    for (at, state) in [
        (NOON, "green"),
        (later(7200), "green"),
        (later(7201), "amber"),
        (later(90_000), "amber"),
    ] {
        let document = shown(at);
        assert_eq!(document["state"], state, "{at}");
        assert_eq!(document["scanned_at"], "2026-11-23T12:00:00Z");
    }
}

#[test]
fn a_report_of_another_configuration_is_not_shown() {
    let publisher = publisher();
    let cell = publisher.begin();
    publisher.prove(Proof {
        runs: passes(),
        ledger: None,
        tls_report: Some(Published {
            digest: "another".to_owned(),
            ..sample()
        }),
    });
    assert_eq!(publisher.tls_report(), None);
    let snapshot = cell.load();
    let page = snapshot.prebuilt.page("/-/security/tls", NOON).unwrap();
    let page = String::from_utf8_lossy(&page.in_language(Language::En).body).into_owned();
    assert!(
        page.contains("scanned yet") && !page.contains("</b>"),
        "{page}"
    );
}
