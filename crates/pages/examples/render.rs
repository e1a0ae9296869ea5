//! Writes every own page in every language into a folder, for judges (axe,
//! html-validate, eyes): `cargo run -p waarborg-pages --example render -- FOLDER`.
//! Beside each `x.html` stands its policy, `x.csp`.

use std::{env, error::Error, fs, path::Path, process::ExitCode};

use terms::{Arg, Clause, Grade, Language, Micros, PromiseId, Vantage, Verdict};
use waarborg_pages::{
    ClauseView, EvidenceView, FormView, HstsView, LedgerProof, LedgerView, LinkView, MessageView,
    OwnPath, Page, Pages, PromiseView, RefusalKind, RunView, Standing, State, Switcher,
    TlsChainView, TlsReportView, TlsScanView, TlsSeen, TlsSiteView, TlsSuiteView, TranscriptLine,
    TrustView,
};

/// What `own` takes its names from; the tests of the crate give it others.
mod api {
    pub(crate) use waarborg_pages::*;
}
#[path = "render/own.rs"]
mod own;

const NOW: Micros = Micros(1_795_442_712_345_678);
const HASH: &str = "Q2hlY2tlZCBieSBzb21lYm9keSBlbHNlLCBhbHdheXM=";

fn main() -> ExitCode {
    let Some(folder) = env::args().nth(1) else {
        eprintln!("usage: render FOLDER");
        return ExitCode::from(2);
    };
    match render(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{folder}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn render(folder: &Path) -> Result<(), Box<dyn Error>> {
    fs::create_dir_all(folder)?;
    let path = |path| OwnPath::new(path).ok_or("not a path of our own");
    let pages = Pages::load(path("/-/")?);
    let write = |name: String, page: Page| {
        fs::write(folder.join(format!("{name}.csp")), page.csp)?;
        fs::write(folder.join(format!("{name}.html")), page.html)
    };
    for language in Language::ALL {
        let tag = language.tag();
        for kind in RefusalKind::ALL {
            let page = pages.refusal(*kind, language);
            let until = page.lead.map(|lead| lead + "2026-12-01 05:07 UTC");
            let html = format!(
                "{}{}0af7651916cd43dd8448eb211c80319c{}",
                until.unwrap_or_default(),
                page.before,
                page.after
            );
            write(
                format!("refusal-{}-{tag}", kind.word()),
                Page {
                    html,
                    csp: page.csp,
                },
            )?;
        }
        write(format!("trust-{tag}"), pages.trust(&trust(), language))?;
        write(
            format!("trust-new-{tag}"),
            pages.trust(
                &TrustView {
                    site: "a-rather-long-label.eu.example.com".to_owned(),
                    promises: Vec::new(),
                    ledger: None,
                    ..trust()
                },
                language,
            ),
        )?;
        write(format!("tls-{tag}"), pages.tls_report(&tls(), language))?;
        write(
            format!("tls-new-{tag}"),
            pages.tls_report(
                &TlsReportView {
                    state: State::Amber,
                    scan: None,
                    ..tls()
                },
                language,
            ),
        )?;
        write(
            format!("evidence-{tag}"),
            pages.evidence(&evidence(), language),
        )?;
        let say = pages.texts().speech(language);
        let message = MessageView {
            title: say.text("refusal-unauthorized"),
            paragraphs: vec![say.text("trust-lead"), say.text("whose-ours")],
            form: Some(FormView {
                action: path("/-/clear")?,
                button: say.text("evidence-back"),
                hidden: vec![("token".to_owned(), "x\"y".to_owned())],
            }),
            link: Some(LinkView {
                to: path("/-/security")?,
                text: say.text("footer-trust"),
            }),
            switcher: Switcher::Offered,
        };
        write(format!("message-{tag}"), pages.message(&message, language))?;
        let fill = own::Fill(None);
        for (name, page) in own::portal(&pages, fill, language)
            .into_iter()
            .chain(own::console(&pages, fill, language))
        {
            // Judges want to see the page, not what it leads to.
            let refresh = page.html.find("<meta http-equiv=\"refresh\"");
            let html = match refresh.and_then(|at| page.html.split_at_checked(at)) {
                Some((before, rest)) => {
                    let behind = rest.split_once('>').map_or("", |(_, behind)| behind);
                    format!("{before}{behind}")
                }
                None => page.html,
            };
            write(
                format!("{name}-{tag}"),
                Page {
                    html,
                    csp: page.csp,
                },
            )?;
        }
        let Page { html, csp } = own::handover(&pages, fill, language);
        let html = html.replace("document.forms[0].submit()", "");
        write(format!("handover-{tag}"), Page { html, csp })?;
    }
    fs::write(folder.join("security.json"), pages.security_json(&trust()))?;
    Ok(())
}

fn clause(key: &'static str, args: &[(&'static str, Arg)], standing: Standing) -> ClauseView {
    ClauseView {
        clause: Clause {
            key,
            args: args.to_vec(),
        },
        standing,
    }
}

fn promise(id: PromiseId, state: State, clauses: Vec<ClauseView>) -> PromiseView {
    PromiseView {
        id,
        state,
        clauses,
        proven_at: Some(NOW),
        last: Some(RunView {
            drill: format!("{id}-20261123-1405"),
            at: NOW,
            vantage: Vantage::SameHost,
            verdict: Verdict::Pass,
        }),
    }
}

fn trust() -> TrustView {
    use Standing::{Limit, Proven, Refuted, Unproven};
    TrustView {
        site: "app.example.com".to_owned(),
        generated_at: NOW,
        promises: vec![
            promise(
                PromiseId::Tls,
                State::Green,
                vec![
                    clause("tls-versions", &[("refused", Arg::Number(4))], Proven),
                    clause("tls-no-plaintext", &[], Proven),
                    clause(
                        "tls-ports",
                        &[
                            ("ports", Arg::Number(1024)),
                            ("open", Arg::Number(1)),
                            ("vantage", Arg::Word("outside")),
                        ],
                        Unproven,
                    ),
                    clause("tls-upstream-local", &[], Proven),
                ],
            ),
            promise(
                PromiseId::Hsts,
                State::Amber,
                vec![
                    clause("hsts-every-answer", &[("days", Arg::Number(730))], Unproven),
                    clause("hsts-first-visit-open", &[], Unproven),
                ],
            ),
            promise(
                PromiseId::Track,
                State::Red,
                vec![
                    clause("track-found", &[("seconds", Arg::Number(2))], Refuted),
                    clause("track-kept", &[("days", Arg::Number(30))], Proven),
                    clause(
                        "track-addresses",
                        &[("keeping", Arg::Word("truncated"))],
                        Limit,
                    ),
                ],
            ),
        ],
        ledger: Some(LedgerView {
            size: 1287,
            root_b64: HASH.to_owned(),
            checkpoint_at: NOW,
        }),
    }
}

fn tls_site(host: &str, grade: Grade) -> TlsSiteView {
    let suite = |version: &str, name: &str, exchange: &str, modern| TlsSuiteView {
        version: version.to_owned(),
        name: name.to_owned(),
        exchange: exchange.to_owned(),
        bits: 128,
        modern,
    };
    TlsSiteView {
        host: host.to_owned(),
        grade,
        kept: grade <= Grade::A,
        scores: [100, 90, 90, 93],
        rules: Vec::new(),
        unexamined: vec!["programs", "revocation", "simulations", "addresses"],
        complete: true,
        versions: ["SSL 2.0", "SSL 3.0", "TLS 1.0", "TLS 1.1"]
            .map(|version| (version.to_owned(), TlsSeen::No))
            .into_iter()
            .chain(["TLS 1.2", "TLS 1.3"].map(|version| (version.to_owned(), TlsSeen::Yes)))
            .collect(),
        suites: vec![
            suite("TLS 1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768", true),
            suite(
                "TLS 1.2",
                "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                "x25519",
                true,
            ),
        ],
        groups: vec![
            (
                "TLS 1.3".to_owned(),
                ["X25519MLKEM768", "x25519", "secp256r1", "secp384r1"]
                    .map(str::to_owned)
                    .into(),
            ),
            (
                "TLS 1.2".to_owned(),
                ["x25519", "secp256r1", "secp384r1"]
                    .map(str::to_owned)
                    .into(),
            ),
        ],
        chains: vec![TlsChainView {
            subject: format!("CN={host}"),
            issuer: "C=NL, O=An authority <of tests>, CN=R9".to_owned(),
            names: vec![host.to_owned(), format!("www.{host}")],
            not_before: NOW,
            not_after: NOW.after(std::time::Duration::from_secs(90 * 86_400)),
            key: "EC secp256r1".to_owned(),
            signature: "ECDSA with SHA-384".to_owned(),
            sent: 2,
            problems: Vec::new(),
        }],
        own_roots: false,
        hsts: HstsView::Told {
            days: 730,
            subdomains: true,
            preload_ready: false,
        },
        stapled: TlsSeen::No,
        resumed12: TlsSeen::Yes,
        resumed13: TlsSeen::Yes,
        renegotiation: TlsSeen::Yes,
        compression: TlsSeen::No,
    }
}

fn tls() -> TlsReportView {
    let mut bad = tls_site("a-rather-long-label.old.eu.example.com", Grade::T);
    bad.rules = vec!["untrusted", "poodle", "block64", "old-tls", "no-hsts"];
    bad.unexamined
        .splice(0..0, ["robot", "cbc-oracles", "heartbleed"]);
    bad.complete = false;
    bad.hsts = HstsView::Unknown;
    for chain in &mut bad.chains {
        chain.problems = vec!["expired", "self-signed"];
    }
    bad.suites.push(TlsSuiteView {
        version: "TLS 1.0".to_owned(),
        name: "TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA".to_owned(),
        exchange: "DH 1024".to_owned(),
        bits: 112,
        modern: false,
    });
    TlsReportView {
        site: "app.example.com".to_owned(),
        state: State::Red,
        scan: Some(TlsScanView {
            at: NOW,
            vantage: Vantage::SameHost,
            guide: "2009r".to_owned(),
            least: Grade::A,
            drill: "tls-report-20261123-1405".to_owned(),
            sites: vec![tls_site("app.example.com", Grade::APlus), bad],
            left_out: 3,
        }),
    }
}

fn evidence() -> EvidenceView {
    let field = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    EvidenceView {
        drill: "tls-20261123-1405".to_owned(),
        promise: PromiseId::Tls,
        verdict: Verdict::Inconclusive,
        vantage: Vantage::SameHost,
        at: NOW,
        clauses: vec![
            (
                Clause::new("tls-versions").with("refused", Arg::Number(4)),
                Verdict::Pass,
            ),
            (Clause::new("tls-no-plaintext"), Verdict::Inconclusive),
        ],
        transcript: vec![
            TranscriptLine {
                step: "hello".to_owned(),
                fields: vec![
                    field("version", "TLS 1.0"),
                    field("answer", "alert protocol_version"),
                    field("took_ms", "3"),
                ],
            },
            TranscriptLine {
                step: "twin".to_owned(),
                fields: vec![field("version", "TLS 1.3"), field("answer", "server_hello")],
            },
        ],
        ledger: Some(LedgerProof {
            index: 1285,
            leaf_b64: HASH.to_owned(),
            path_b64: vec![HASH.to_owned(); 4],
            size: 1287,
            root_b64: HASH.to_owned(),
        }),
    }
}
