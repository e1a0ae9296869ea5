use std::{
    collections::BTreeSet,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use serde_json::json;
use terms::{Clause, Grade, Micros, Vantage, Verdict};
use visitor::{
    certificate::{Certificate, Chain, Hash, Problem},
    hello::Version,
    survey::{Groups, Seen, Spoken, Survey, Taken},
};

use super::{
    ENTRY, GRADED, PUBLISHED,
    grade::{GUIDE, Hsts, Rule, Scores, Unexamined, grade, unexamined},
    report::{Roots, SiteReport, TlsReport},
};
use crate::{
    entry::Finding,
    ground::{Evidence, Question},
    target,
    testing::{
        Field, NAME, NOON, Said, field, gateway, nobody, old_server, reading, scripted, server,
        server_until, verdict, wrong,
    },
};

const LONG: Hsts = Hsts::Yes {
    max_age_s: 63_072_000,
    subdomains: false,
    preload: false,
};

/// What our own edge looks like.
fn sound() -> Survey {
    let taken = |version, suite, group| Taken {
        version,
        suite,
        group: Some(group),
        bits: None,
    };
    Survey {
        at: NOON,
        connections: 30,
        gaps: BTreeSet::new(),
        versions: Version::ALL
            .into_iter()
            .map(|version| Spoken {
                version,
                spoken: Seen::from(version >= Version::Tls12),
            })
            .collect(),
        suites: vec![
            taken(Version::Tls12, 0xc02b, 0x001d),
            taken(Version::Tls12, 0xc02c, 0x001d),
            taken(Version::Tls13, 0x1301, 0x11ec),
            taken(Version::Tls13, 0x1302, 0x11ec),
        ],
        groups: vec![
            Groups {
                version: Version::Tls13,
                groups: vec![0x11ec, 0x001d, 0x0017, 0x0018],
            },
            Groups {
                version: Version::Tls12,
                groups: vec![0x001d, 0x0017, 0x0018],
            },
        ],
        chains: vec![Chain {
            own: certificate("EC secp256r1", 3072),
            others: Vec::new(),
            problems: Vec::new(),
        }],
        stapled: Seen::No,
        resumed12: Seen::Yes,
        resumed13: Seen::Yes,
        secure_renegotiation: Seen::Yes,
        compression: Seen::No,
        heartbeat: Seen::No,
    }
}

fn certificate(key: &str, key_rsa_bits: u32) -> Certificate {
    Certificate {
        subject: "CN=gateway.test".to_owned(),
        issuer: "CN=Test CA".to_owned(),
        names: vec![NAME.to_owned()],
        not_before: NOON,
        not_after: Micros(NOON.0 + 1),
        key: key.to_owned(),
        key_bits: key_rsa_bits,
        key_rsa_bits,
        signature: "ECDSA with SHA-256".to_owned(),
        hash: Hash::Sound,
        self_issued: false,
    }
}

fn speaks(survey: &mut Survey, version: Version, spoken: bool) {
    let found = survey.versions.iter_mut().find(|it| it.version == version);
    found.unwrap().spoken = Seen::from(spoken);
    if !spoken {
        survey.suites.retain(|taken| taken.version != version);
    }
}

fn takes(survey: &mut Survey, version: Version, suite: u16, bits: Option<u16>) {
    survey.suites.push(Taken {
        version,
        suite,
        group: None,
        bits,
    });
}

/// The guide's tables and every rule, one change at a time to a sound server.
#[test]
fn each_rule_of_the_guide_sets_its_limit() {
    use Grade::{A, AMinus, APlus, B, C, F, M, T};
    let check = |what: &str, expected, rules: &[Rule], change: &dyn Fn(&mut Survey)| {
        let mut survey = sound();
        change(&mut survey);
        let graded = grade(&survey, LONG).unwrap();
        assert_eq!(
            (graded.grade, graded.rules.as_slice()),
            (expected, rules),
            "{what}"
        );
    };
    check("a sound server", APlus, &[], &|_| {});
    check("TLS 1.3 alone", APlus, &[], &|it| {
        speaks(it, Version::Tls12, false);
    });
    check("no TLS 1.3", AMinus, &[Rule::NoTls13], &|it| {
        speaks(it, Version::Tls13, false);
    });
    let with = |version, suite| {
        move |it: &mut Survey| {
            speaks(it, version, true);
            takes(it, version, suite, None);
        }
    };
    check("TLS 1.1", B, &[Rule::OldTls], &with(Version::Tls11, 0xc013));
    check("TLS 1.0", B, &[Rule::OldTls], &with(Version::Tls10, 0xc013));
    check(
        "SSL 3 with CBC",
        C,
        &[Rule::Poodle, Rule::Ssl3],
        &with(Version::Ssl3, 0x002f),
    );
    check(
        "SSL 3 with RC4",
        B,
        &[Rule::Ssl3, Rule::Rc4],
        &with(Version::Ssl3, 0x0005),
    );
    check("SSL 2", F, &[Rule::Ssl2], &|it| {
        speaks(it, Version::Ssl2, true);
    });
    check("3DES", C, &[Rule::Block64], &with(Version::Tls12, 0x000a));
    check(
        "3DES in TLS 1.0 only",
        B,
        &[Rule::OldTls],
        &with(Version::Tls10, 0x000a),
    );
    check(
        "RC4 today",
        C,
        &[Rule::Rc4Modern, Rule::Rc4],
        &with(Version::Tls12, 0xc011),
    );
    check(
        "export",
        F,
        &[Rule::Export, Rule::Rc4Modern, Rule::Rc4],
        &with(Version::Tls12, 0x0003),
    );
    check(
        "anonymous",
        F,
        &[Rule::Anonymous],
        &with(Version::Tls12, 0x00a6),
    );
    check(
        "no encryption",
        F,
        &[Rule::NoEncryption],
        &with(Version::Tls12, 0x003b),
    );
    check(
        "static RSA beside",
        APlus,
        &[],
        &with(Version::Tls12, 0x009c),
    );
    for (bits, grade, rules) in [
        (512, F, &[Rule::DhBroken, Rule::DhWeak][..]),
        (1023, F, &[Rule::DhBroken, Rule::DhWeak]),
        (1024, B, &[Rule::DhWeak]),
        (2047, B, &[Rule::DhWeak]),
        (2048, APlus, &[]),
    ] {
        check("DHE", grade, rules, &|it| {
            takes(it, Version::Tls12, 0x009e, Some(bits));
        });
        check(
            "a key",
            grade,
            &rules
                .iter()
                .map(|rule| match rule {
                    Rule::DhBroken => Rule::KeyBroken,
                    _ => Rule::KeyWeak,
                })
                .collect::<Vec<_>>(),
            &|it| it.chains[0].own = certificate("RSA", bits.into()),
        );
    }
    check(
        "TLS 1.1 at best",
        C,
        &[Rule::NoTls12, Rule::OldTls, Rule::NoAead, Rule::NoTls13],
        &|it| {
            speaks(it, Version::Tls12, false);
            speaks(it, Version::Tls13, false);
            speaks(it, Version::Tls11, true);
            takes(it, Version::Tls11, 0xc014, None);
        },
    );
    check(
        "no forward secrecy",
        B,
        &[Rule::NoForwardSecrecy, Rule::NoTls13],
        &|it| {
            speaks(it, Version::Tls12, false);
            speaks(it, Version::Tls13, false);
            speaks(it, Version::Tls12, true);
            takes(it, Version::Tls12, 0x009d, None);
        },
    );
    check("no AEAD", B, &[Rule::NoAead, Rule::NoTls13], &|it| {
        speaks(it, Version::Tls12, false);
        speaks(it, Version::Tls13, false);
        speaks(it, Version::Tls12, true);
        takes(it, Version::Tls12, 0xc028, None);
    });
    check("compression", C, &[Rule::Compression], &|it| {
        it.compression = Seen::Yes;
    });
    check(
        "no renegotiation info",
        AMinus,
        &[Rule::NoSecureRenegotiation],
        &|it| {
            it.secure_renegotiation = Seen::No;
        },
    );
    let signed = |hash| move |it: &mut Survey| it.chains[0].own.hash = hash;
    check("SHA-1", T, &[Rule::Sha1Signature], &signed(Hash::Sha1));
    check("MD5", F, &[Rule::Md5Signature], &signed(Hash::Broken));
    check("a root of SHA-1", APlus, &[], &|it| {
        let mut root = certificate("RSA", 2048);
        (root.hash, root.self_issued) = (Hash::Sha1, true);
        it.chains[0].others.push(root);
    });
    let wrong = |problem| move |it: &mut Survey| it.chains[0].problems.push(problem);
    check(
        "another name",
        M,
        &[Rule::OtherName],
        &wrong(Problem::OtherName),
    );
    for problem in [
        Problem::Expired,
        Problem::NotYetValid,
        Problem::SelfSigned,
        Problem::UnknownIssuer,
        Problem::Unusable,
    ] {
        check("not trusted", T, &[Rule::Untrusted], &wrong(problem));
    }
    // The second of two certificates counts as much.
    check(
        "both wrong",
        T,
        &[Rule::Untrusted, Rule::OtherName],
        &|it| {
            let mut second = it.chains[0].clone();
            second.problems = vec![Problem::Expired, Problem::OtherName];
            it.chains.push(second);
        },
    );

    let hsts = |hsts| grade(&sound(), hsts).map(|graded| (graded.grade, graded.rules));
    assert_eq!(hsts(Hsts::No), Some((AMinus, vec![Rule::NoHsts])));
    let short = Hsts::Yes {
        max_age_s: 15_767_999,
        subdomains: true,
        preload: true,
    };
    assert_eq!(hsts(short), Some((A, vec![Rule::ShortHsts])));
    let mut silent = sound();
    for found in &mut silent.versions {
        found.spoken = Seen::No;
    }
    assert_eq!(grade(&silent, LONG), None);
}

#[test]
fn the_scores_are_those_of_the_guides_tables() {
    let check = |expected: (u8, u8, u8, u8), change: &dyn Fn(&mut Survey)| {
        let mut survey = sound();
        change(&mut survey);
        let (protocol, key_exchange, cipher, total) = expected;
        let scores = Scores {
            protocol,
            key_exchange,
            cipher,
            total,
        };
        assert_eq!(grade(&survey, LONG).unwrap().scores, scores);
    };
    check((100, 90, 90, 93), &|_| {});
    // The best and the worst, halved: 1.0 and 1.3.
    check((95, 90, 90, 91), &|it| {
        speaks(it, Version::Tls10, true);
        takes(it, Version::Tls10, 0xc013, None);
    });
    // The weakest key exchange counts: of 1,024 bits.
    check((100, 80, 90, 90), &|it| {
        takes(it, Version::Tls12, 0x009e, Some(1024));
    });
    check((100, 80, 90, 90), &|it| it.groups[1].groups.push(0x0013));
    check((100, 20, 90, 72), &|it| {
        takes(it, Version::Tls12, 0x009e, Some(511));
    });
    // P-384 and stronger alone.
    check((100, 100, 90, 96), &|it| {
        it.groups = vec![Groups {
            version: Version::Tls13,
            groups: vec![0x0018],
        }];
        for taken in &mut it.suites {
            taken.group = Some(0x0018);
        }
        it.chains[0].own = certificate("RSA", 4096);
    });
    check((100, 90, 60, 81), &|it| {
        takes(it, Version::Tls12, 0x000a, None);
    });
    check((100, 40, 60, 66), &|it| {
        takes(it, Version::Tls12, 0x0003, Some(512));
    });
    // Nothing at all in one column is nothing at all.
    check((100, 0, 90, 0), &|it| {
        takes(it, Version::Tls12, 0x00a6, None);
    });
    check((100, 90, 50, 77), &|it| {
        takes(it, Version::Tls12, 0xc010, None);
    });
    check((50, 90, 90, 78), &|it| speaks(it, Version::Ssl2, true));
}

#[test]
fn what_was_not_examined_is_said_and_what_cannot_be_attacked_is_not() {
    use Unexamined::{
        Addresses, CbcOracles, DebianKey, Heartbleed, Hsts as NoAnswer, Key, PreloadList, Programs,
        Renegotiation, Revocation, Robot, Simulations, Ssl2,
    };
    let always = [Revocation, Simulations, Addresses, PreloadList];
    let check = |expected: &[Unexamined], hsts, change: &dyn Fn(&mut Survey)| {
        let mut survey = sound();
        change(&mut survey);
        let all: Vec<_> = expected.iter().chain(&always).copied().collect();
        assert_eq!(unexamined(&survey, hsts), all);
    };
    check(&[Programs], LONG, &|_| {});
    check(&[], LONG, &|it| speaks(it, Version::Tls12, false));
    check(&[NoAnswer, Programs], Hsts::Unknown, &|_| {});
    check(&[Robot, CbcOracles, Programs], LONG, &|it| {
        takes(it, Version::Tls12, 0x002f, None);
    });
    check(&[Renegotiation, Heartbleed, Programs], LONG, &|it| {
        it.secure_renegotiation = Seen::No;
        it.heartbeat = Seen::Yes;
    });
    check(&[Programs, DebianKey], LONG, &|it| {
        it.chains[0].own = certificate("RSA", 2048);
    });
    check(&[Ssl2, Programs], LONG, &|it| {
        it.versions[0].spoken = Seen::Unknown;
    });
    check(&[Key, Programs], LONG, &|it| {
        it.chains[0].own = certificate("DSA", 0);
    });
}

#[test]
fn preload_lists_ask_for_a_year_every_host_and_consent() {
    let told = |max_age_s, subdomains, preload| Hsts::Yes {
        max_age_s,
        subdomains,
        preload,
    };
    assert!(told(31_536_000, true, true).is_ready_for_preload());
    for short in [
        told(31_535_999, true, true),
        told(31_536_000, false, true),
        told(31_536_000, true, false),
        Hsts::No,
        Hsts::Unknown,
    ] {
        assert!(!short.is_ready_for_preload(), "{short:?}");
    }
}

/// A gateway with HSTS that publishes a report when told to.
#[derive(Clone, Default)]
struct Publishing(Arc<Mutex<Option<(Micros, String)>>>);

impl Publishing {
    fn publish(&self, at: Micros, grade: &str) {
        *self.0.lock().unwrap() = Some((at, grade.to_owned()));
    }

    async fn serve(&self) -> SocketAddr {
        let published = self.clone();
        server(move |heard| {
            let mut said = gateway(heard);
            let report = published.0.lock().unwrap().clone();
            let written = report.as_ref().map(|(at, _)| {
                let text = at.to_string();
                format!("{}Z", text.split('.').next().unwrap())
            });
            if heard.path == "/-/security/tls.json" {
                said.status = 200;
                said.body = match &report {
                    Some((_, grade)) => json!({
                        "scanned_at": written,
                        "sites": [{ "host": NAME, "grade": grade }],
                    }),
                    None => json!({ "scanned_at": null, "sites": [] }),
                }
                .to_string();
            } else if heard.path == "/-/security/tls" {
                said.status = 200;
                let (at, grade) = (written.unwrap_or_default(), report.map(|it| it.1));
                said.body = format!(
                    "<html lang=\"{}\"><time datetime=\"{at}\"></time><b>{}</b>",
                    heard.language,
                    grade.unwrap_or_default()
                );
            }
            hsts(said)
        })
        .await
    }

    /// A field on which control says what is published.
    async fn field(&self) -> Field {
        let published = self.clone();
        field(self.serve().await, reading()).with_control(move |question| match question {
            Question::TlsReport => Evidence::TlsReport {
                at: published.0.lock().unwrap().as_ref().map(|it| it.0),
            },
            _ => Evidence::None {
                why: "another-question".to_owned(),
            },
        })
    }
}

fn hsts(mut said: Said) -> Said {
    let value = "max-age=63072000".to_owned();
    said.fields.push(("strict-transport-security", value));
    said
}

async fn attack(field: &Field) -> Vec<Finding> {
    (ENTRY.drill)(&field.ground).await
}

fn document(findings: &[Finding]) -> TlsReport {
    let graded = findings.iter().find(|it| it.part == GRADED).unwrap();
    serde_json::from_value(graded.document.clone().unwrap()).unwrap()
}

#[tokio::test]
async fn a_sound_gateway_is_graded_and_what_it_publishes_is_compared() {
    let publishing = Publishing::default();
    let field = publishing.field().await;
    // Nothing is published before the first scan: a second look must find it.
    let first = attack(&field).await;
    assert_eq!(verdict(&first, GRADED), Verdict::Pass, "{first:#?}");
    assert_eq!(
        verdict(&first, PUBLISHED),
        Verdict::Inconclusive,
        "{first:#?}"
    );
    assert!(first[1].awaits_publication() && !first[0].awaits_publication());
    let report = document(&first);
    assert_eq!(
        (report.guide.as_str(), report.vantage),
        (GUIDE, Vantage::SameHost)
    );
    let site = &report.sites[0];
    assert_eq!(
        (site.host.as_str(), site.grade, site.roots),
        (NAME, Grade::APlus, Roots::Own)
    );
    assert_eq!((site.rules.len(), site.gaps.len()), (0, 0), "{site:#?}");
    assert_eq!(
        first[0].figures,
        [
            ("grade".to_owned(), 1),
            ("sites".to_owned(), 1),
            ("own".to_owned(), 1)
        ]
    );
    let written = serde_json::to_string(&first).unwrap();
    assert!(!written.contains("127.0.0.1"), "no address is public");

    publishing.publish(report.at, "A+");
    let second = attack(&field).await;
    assert_eq!(verdict(&second, PUBLISHED), Verdict::Pass, "{second:#?}");
    // A better grade than the one found, just now.
    publishing.publish(report.at, "A");
    let other = attack(&field).await;
    assert_eq!(wrong(&other, PUBLISHED), ["grade"], "{other:#?}");
    // An older one may have been right when it was made.
    publishing.publish(Micros(report.at.0 - 3_600_000_000), "A");
    let older = attack(&field).await;
    assert_eq!(verdict(&older, PUBLISHED), Verdict::Inconclusive);
    assert!(older[1].awaits_publication());
}

#[tokio::test]
async fn a_page_that_is_undated_stale_or_missing_fails() {
    let publishing = Publishing::default();
    publishing.publish(NOON, "A+");
    let address = publishing.serve().await;
    let claims = |at| move |_: &Question| Evidence::TlsReport { at };
    // Control has a newer report than the page shows.
    let newer = Some(Micros(NOON.0 + 60_000_000));
    let findings = attack(&field(address, reading()).with_control(claims(newer))).await;
    assert_eq!(verdict(&findings, PUBLISHED), Verdict::Fail);
    assert_eq!(
        wrong(&findings, PUBLISHED),
        ["json", "page-en", "page-nl", "page-fr"]
    );
    // A report that nobody has.
    let findings = attack(&field(address, reading()).with_control(claims(None))).await;
    assert_eq!(wrong(&findings, PUBLISHED), ["json"]);
    // Not there at all, before and after the first scan.
    let without = server(|heard| hsts(gateway(heard))).await;
    for at in [None, Some(NOON)] {
        let findings = attack(&field(without, reading()).with_control(claims(at))).await;
        assert_eq!(
            verdict(&findings, PUBLISHED),
            Verdict::Fail,
            "{findings:#?}"
        );
        assert_eq!(verdict(&findings, GRADED), Verdict::Pass);
    }
    // A server that answers everything.
    let anything = server(|heard| {
        let mut said = gateway(heard);
        said.status = 200;
        hsts(said)
    })
    .await;
    let findings = attack(&field(anything, reading()).with_control(claims(None))).await;
    assert!(wrong(&findings, PUBLISHED).contains(&"another-address".to_owned()));
}

#[tokio::test]
async fn a_worse_grade_than_promised_fails_and_the_report_shows_it() {
    let bare = server(gateway).await;
    let findings = attack(&field(bare, reading())).await;
    assert_eq!(verdict(&findings, GRADED), Verdict::Fail);
    assert_eq!(document(&findings).sites[0].rules, [Rule::NoHsts]);
    let mut modest = reading();
    modest.tls_report.least = Grade::AMinus;
    let findings = attack(&field(bare, modest)).await;
    assert_eq!(verdict(&findings, GRADED), Verdict::Pass);
    assert_eq!(document(&findings).worst(), Some(Grade::AMinus));

    let expired = server_until((2026, 11, 1)).await;
    let findings = attack(&field(expired, reading())).await;
    assert_eq!(verdict(&findings, GRADED), Verdict::Fail);
    let site = &document(&findings).sites[0];
    assert_eq!(site.grade, Grade::T);
    assert_eq!(site.chains[0].problems, [Problem::Expired]);
    assert!(site.unexamined.contains(&Unexamined::Hsts));
    let mut other = reading();
    other.sites[0].hosts = vec!["other.test".to_owned()];
    let findings = attack(&field(server(gateway).await, other)).await;
    assert_eq!(document(&findings).worst(), Some(Grade::M));
}

#[tokio::test]
async fn an_old_server_gets_what_it_deserves() {
    let old = old_server(&["-cipher", "ALL:@SECLEVEL=0", "-no_tls1_3"]).await;
    let findings = attack(&field(old.address, reading())).await;
    assert_eq!(verdict(&findings, GRADED), Verdict::Fail);
    let site = &document(&findings).sites[0];
    assert!(site.rules.contains(&Rule::OldTls), "{:?}", site.rules);
    assert!(site.grade >= Grade::B, "{}", site.grade);
    assert!(
        site.suites
            .iter()
            .any(|suite| !suite.forward_secrecy || !suite.aead)
    );
}

#[tokio::test]
async fn what_cannot_be_scanned_is_inconclusive() {
    let closing = scripted(|stream| async move { drop(stream) }).await;
    for address in [nobody().await, closing] {
        let findings = attack(&field(address, reading())).await;
        assert_eq!(
            verdict(&findings, GRADED),
            Verdict::Inconclusive,
            "{findings:#?}"
        );
        assert_eq!(verdict(&findings, PUBLISHED), Verdict::Inconclusive);
        assert_eq!(findings[0].document, None);
    }
}

#[tokio::test]
async fn a_foreign_site_is_graded_and_nothing_is_sought_there() {
    let address = server(|heard| hsts(gateway(heard))).await;
    let mut foreign = field(address, target::reading(NAME, address.port()));
    foreign.ground.order.active = false;
    let findings = attack(&foreign).await;
    assert_eq!(findings.len(), 1);
    assert_eq!(verdict(&findings, GRADED), Verdict::Pass, "{findings:#?}");
    let parts = (ENTRY.parts)(&foreign.ground.order.reading);
    let names: Vec<_> = parts.iter().map(|part| part.name).collect();
    assert_eq!(names, [GRADED, "limits"]);
    // What no visitor sends wasn't tried, and that is said.
    let site = &document(&findings).sites[0];
    assert!(site.unexamined.contains(&Unexamined::Ssl2));
    assert_eq!(site.gaps, Vec::<String>::new());
}

#[test]
fn the_sentence_says_the_grade_that_was_found() {
    let texts = pages::Texts::load();
    let part = &(ENTRY.parts)(&reading())[0];
    let said = |grade: i64, sites: i64, own: i64| {
        let figures = [("grade", grade), ("sites", sites), ("own", own)];
        let figures = figures.map(|(name, value)| (name.to_owned(), value));
        let clause: Clause = part.said(&figures);
        terms::Language::ALL.map(|language| texts.clause(language, &clause))
    };
    for grade in Grade::ALL {
        for text in said(grade.place(), 1, 0) {
            assert!(text.contains(&format!(" {grade} ")), "{text}");
            assert!(!text.contains("autorit"), "{text}");
        }
    }
    let [english, dutch, french] = said(1, 3, 1);
    assert!(
        english.contains("3 sites") && english.contains("own certificate authorities"),
        "{english}"
    );
    assert!(
        dutch.contains("3 sites") && dutch.contains("autoriteiten"),
        "{dutch}"
    );
    assert!(
        french.contains("3 sites") && french.contains("autorités"),
        "{french}"
    );
}

#[test]
fn the_public_form_names_what_was_found() {
    let graded = grade(&sound(), LONG).unwrap();
    let report = SiteReport::new(NAME, Roots::Public, &sound(), LONG, graded);
    let first = &report.suites[0];
    assert_eq!(
        (
            first.version.as_str(),
            first.suite.as_str(),
            first.exchange.as_str()
        ),
        ("TLS 1.3", "TLS_AES_128_GCM_SHA256", "X25519MLKEM768")
    );
    assert_eq!(
        report.groups[1].groups,
        ["x25519", "secp256r1", "secp384r1"]
    );
    assert_eq!(report.versions.len(), 6);
}
