//! What holds for all promises: sentences that the pages know, honest states, consent.

use std::time::Duration;

use config::{AccessLog, BlockReading, CspReading, Reading, Way, XssReading};
use pages::Texts;
use terms::{AddressKeeping, Arg, Clause, Language, Micros, PromiseId, Vantage, Verdict};

use crate::{
    Entry, Finding, PROMISES, Part, Report,
    entry::{Drilling, Step},
    ground::Ground,
    run,
    state::{Colour, Latest, Standing, state},
    target,
    testing::{NOON, Said, field, nobody, reading, server},
};

/// Readings that together bring out every clause.
fn readings() -> Vec<Reading> {
    let mut all = vec![reading(), target::reading("a.test", 443)];
    for ways in [
        vec![Way::Tls],
        vec![Way::Private],
        vec![Way::PlaintextAccepted],
        vec![Way::Loopback],
        vec![Way::Tls, Way::Unix],
    ] {
        let mut one = reading();
        one.sites[0].ways = ways;
        all.push(one);
    }
    for (max_age_s, include_subdomains) in [(0, false), (300, false), (86_400, true)] {
        let mut one = reading();
        one.hsts.max_age_s = max_age_s;
        one.hsts.include_subdomains = include_subdomains;
        all.push(one);
    }
    for breached_file in [false, true] {
        let mut one = reading();
        one.sites[0].portal = true;
        one.password.breached_file = breached_file;
        all.push(one);
    }
    for (people, github) in [(true, false), (false, true)] {
        let mut one = reading();
        one.sites[0].portal = true;
        (one.team.people, one.team.github) = (people, github);
        all.push(one);
    }
    for (observe, unknown, entries) in [(true, true, 0), (false, true, 1), (false, false, 2)] {
        let mut one = reading();
        one.block = BlockReading {
            drop: false,
            observe,
            unknown,
            entries,
            feeds: entries,
            bans: unknown,
        };
        all.push(one);
    }
    for (observe, interval_us) in [(true, 10_000), (false, 10_000), (false, 3_600_000_000)] {
        let mut one = reading();
        one.sites[0].portal = true;
        one.throttle.observe = observe;
        one.throttle.pages.interval_us = interval_us;
        one.throttle.sign_in.interval_us = interval_us;
        all.push(one);
    }
    for (observe, count) in [(true, 0), (false, 0), (false, 1), (false, 2)] {
        let mut one = reading();
        one.sites[0].portal = true;
        one.csrf.observe = observe;
        (one.csrf.origins, one.csrf.exceptions, one.csrf.important) = (count, count, count);
        one.csrf.actions = (0..count)
            .map(|_| config::ImportantAction {
                host: one.sites[0].hosts[0].clone(),
                path: "/pay".to_owned(),
                method: "POST".to_owned(),
            })
            .collect();
        all.push(one);
    }
    for (enforced, strict) in [(true, true), (true, false), (false, true)] {
        let mut one = reading();
        one.csp = vec![CspReading {
            host: one.sites[0].hosts[0].clone(),
            enforced,
            strict,
            nonce: false,
            policy: Vec::new(),
        }];
        all.push(one);
    }
    for (off, observe, neutralise, refuse) in [(1, 2, 1, 0), (0, 1, 0, 1), (2, 0, 1, 1)] {
        let mut one = reading();
        one.sites[0].portal = true;
        one.xss = XssReading {
            off,
            observe,
            neutralise,
            refuse,
        };
        all.push(one);
    }
    for addresses in [
        AddressKeeping::Whole,
        AddressKeeping::Truncated,
        AddressKeeping::None,
    ] {
        for log in [AccessLog::File, AccessLog::Stdout, AccessLog::Journald] {
            let mut one = reading();
            one.track.addresses = addresses;
            one.track.access_log = log;
            all.push(one);
        }
    }
    all
}

#[test]
fn every_clause_is_known_to_the_pages_in_every_language() {
    let texts = Texts::load();
    for entry in PROMISES {
        for reading in readings() {
            for part in (entry.parts)(&reading) {
                assert!(texts.knows(&part.clause), "{:?}", part.clause);
                for language in Language::ALL {
                    let said = texts.clause(language, &part.clause);
                    assert!(said.contains(' ') && !said.contains('{'), "{said}");
                }
                for (variable, _) in part.measured {
                    assert!(part.clause.args.iter().any(|(name, _)| name == variable));
                }
            }
        }
    }
}

#[test]
fn the_sentence_follows_the_configuration() {
    let texts = Texts::load();
    let said = |reading: &Reading| {
        let parts: Vec<Part> = PROMISES
            .iter()
            .flat_map(|entry| (entry.parts)(reading))
            .collect();
        let said = parts
            .iter()
            .map(|part| texts.clause(Language::En, &part.clause));
        said.collect::<Vec<_>>().join(" ")
    };
    let usual = said(&reading());
    assert!(usual.contains("for 730 days"), "{usual}");
    assert!(usual.contains("kept for 30 days"), "{usual}");
    // Where others keep the records, nothing is said of how long.
    for (log, place) in [
        (AccessLog::Stdout, "output"),
        (AccessLog::Journald, "journal"),
    ] {
        let mut elsewhere = reading();
        elsewhere.track.access_log = log;
        let elsewhere = said(&elsewhere);
        assert!(
            elsewhere.contains(place) && !elsewhere.contains("found its own trace"),
            "{elsewhere}"
        );
        assert!(!elsewhere.contains("kept for 30 days"), "{elsewhere}");
    }
    let mut short = reading();
    short.hsts.max_age_s = 300;
    assert!(said(&short).contains("for 300 seconds"));
    // A day and a half isn't two.
    short.hsts.max_age_s = 129_600;
    assert!(said(&short).contains("for 1 day."));
}

#[test]
fn entries_stand_in_the_order_of_the_trust_page_and_parts_have_names_of_their_own() {
    let ids: Vec<PromiseId> = PROMISES.iter().map(|entry| entry.id).collect();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(ids, sorted);
    for entry in PROMISES {
        for reading in readings() {
            let parts = (entry.parts)(&reading);
            let mut names: Vec<_> = parts.iter().map(|part| part.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), parts.len());
            // A part that nothing can fail must not make a promise green.
            assert!(parts.iter().all(|part| part.drilled || !part.core));
        }
    }
}

fn parts_of_two(_: &Reading) -> Vec<Part> {
    let part = |name, core, vantage| Part {
        name,
        clause: Clause::new("tls-versions").with("refused", Arg::Number(0)),
        measured: &[("refused", "refused")],
        core,
        drilled: true,
        vantage,
    };
    let stated = Part {
        drilled: false,
        ..part("stated", false, Vantage::Inside)
    };
    vec![
        part("one", true, Vantage::SameHost),
        part("two", true, Vantage::SameHost),
        part("far", false, Vantage::Outside),
        stated,
    ]
}

fn sees_all(_: &Ground) -> Drilling<'_> {
    let steps = || vec![Step::new("attack", true), Step::new("twin", true).twin()];
    Box::pin(async move {
        vec![
            Finding::by_steps("one", steps()),
            Finding::by_steps("far", steps()),
            Finding::by_steps("unknown", steps()),
        ]
    })
}

const TWO: Entry = Entry {
    id: PromiseId::Tls,
    parts: parts_of_two,
    drill: sees_all,
};
const PERIOD: Duration = Duration::from_secs(3600);

fn latest(part: &str, verdict: Verdict, at: Micros) -> Latest {
    Latest {
        promise: PromiseId::Tls,
        part: part.to_owned(),
        run: "run".to_owned(),
        verdict,
        at,
        vantage: Vantage::SameHost,
        figures: vec![("refused".to_owned(), 4)],
    }
}

fn colour(runs: &[Latest], now: Micros) -> Colour {
    state(&TWO, &reading(), runs, now).colour
}

#[test]
fn green_takes_a_fresh_pass_of_every_core_part() {
    use Verdict::{Fail, Inconclusive, Pass};
    let later = NOON.after(PERIOD);
    let both = [latest("one", Pass, NOON), latest("two", Pass, later)];
    assert_eq!(colour(&both, later), Colour::Green);
    assert_eq!(colour(&[], later), Colour::Amber);
    assert_eq!(colour(&both[..1], later), Colour::Amber);
    let unsure = [both[0].clone(), latest("two", Inconclusive, later)];
    assert_eq!(colour(&unsure, later), Colour::Amber);
    let failed = [both[0].clone(), latest("two", Fail, later)];
    assert_eq!(colour(&failed, later), Colour::Red);
    let mut other = both;
    other[1].promise = PromiseId::Hsts;
    assert_eq!(
        colour(&other, later),
        Colour::Amber,
        "another promise's pass is none"
    );
}

#[test]
fn a_pass_counts_for_two_periods_and_no_longer() {
    let runs = [
        latest("one", Verdict::Pass, NOON),
        latest("two", Verdict::Pass, NOON.after(PERIOD)),
    ];
    let last = NOON.after(2 * PERIOD);
    let now = state(&TWO, &reading(), &runs, last);
    assert_eq!(now.colour, Colour::Green);
    assert_eq!((now.proven_at, now.fresh_until), (Some(NOON), Some(last)));
    let then = state(&TWO, &reading(), &runs, Micros(last.0 + 1));
    assert_eq!(then.colour, Colour::Amber);
    assert_eq!((then.proven_at, then.fresh_until), (None, None));
    assert_eq!(then.parts[0].1, Standing::Stale);
    assert_eq!(then.parts[1].1, Standing::Proven);
}

#[test]
fn a_part_that_is_not_core_can_fail_the_whole_but_needs_no_pass() {
    let mut runs = vec![
        latest("one", Verdict::Pass, NOON),
        latest("two", Verdict::Pass, NOON),
    ];
    assert_eq!(colour(&runs, NOON), Colour::Green);
    runs.push(latest("far", Verdict::Fail, NOON));
    assert_eq!(colour(&runs, NOON), Colour::Red);
}

#[test]
fn a_pass_from_too_near_is_none() {
    let mut runs = vec![
        latest("one", Verdict::Pass, NOON),
        latest("two", Verdict::Pass, NOON),
    ];
    runs.push(latest("far", Verdict::Pass, NOON));
    let near = state(&TWO, &reading(), &runs, NOON);
    assert_eq!(near.parts[2].1, Standing::Unproven);
    runs[2].vantage = Vantage::Outside;
    assert_eq!(
        state(&TWO, &reading(), &runs, NOON).parts[2].1,
        Standing::Proven
    );
    runs[0].vantage = Vantage::Inside;
    assert_eq!(colour(&runs, NOON), Colour::Amber);
}

#[test]
fn figures_of_the_run_stand_in_the_sentence() {
    let runs = [latest("one", Verdict::Pass, NOON)];
    let texts = Texts::load();
    let judged = state(&TWO, &reading(), &runs, NOON);
    let (clause, standing, name) = &judged.parts[0];
    assert_eq!((*standing, *name), (Standing::Proven, "one"));
    assert!(texts.knows(clause), "{clause:?}");
    let said = texts.clause(Language::En, clause);
    assert!(
        said.contains("4 older versions were tried and refused"),
        "{said}"
    );
    assert_eq!(judged.parts[3].1, Standing::Stated);
}

#[tokio::test]
async fn a_run_has_a_finding_for_every_part_it_could_and_could_not_try() {
    let mut ground = field(nobody().await, reading()).ground;
    let near = run(&TWO, &ground).await;
    let found = |report: &Report| -> Vec<(String, Verdict)> {
        let one = |finding: &Finding| (finding.part.clone(), finding.verdict);
        let mut found: Vec<_> = report.findings.iter().map(one).collect();
        found.sort();
        found
    };
    let part = |name: &str, verdict| (name.to_owned(), verdict);
    use Verdict::{Inconclusive, Pass};
    assert_eq!(
        found(&near),
        [
            part("far", Inconclusive),
            part("one", Pass),
            part("two", Inconclusive)
        ]
    );
    assert_eq!((near.at, near.vantage), (NOON, Vantage::SameHost));
    ground.order.vantage = Vantage::Outside;
    let outside = run(&TWO, &ground).await;
    assert_eq!(
        found(&outside),
        [
            part("far", Pass),
            part("one", Pass),
            part("two", Inconclusive)
        ]
    );
    assert_eq!(outside.verdict(&parts_of_two(&reading())), Inconclusive);
}

#[test]
fn a_pass_takes_an_attack_and_an_honest_twin() {
    let check = |steps: Vec<Step>, expected| {
        assert_eq!(Finding::by_steps("one", steps).verdict, expected);
    };
    let attack = |good| Step::new("attack", good);
    let twin = |good| Step::new("twin", good).twin();
    check(vec![attack(true), twin(true)], Verdict::Pass);
    check(vec![attack(true)], Verdict::Inconclusive);
    check(vec![twin(true)], Verdict::Inconclusive);
    check(vec![], Verdict::Inconclusive);
    check(vec![attack(false), twin(true)], Verdict::Fail);
    check(vec![attack(true), twin(false)], Verdict::Fail);
    let failed = Finding::by_steps("one", vec![attack(false), twin(true)]);
    assert_eq!(failed.short_of("no-answer").verdict, Verdict::Fail);
    let passed = Finding::by_steps("one", vec![attack(true), twin(true)]);
    assert_eq!(passed.short_of("no-answer").verdict, Verdict::Inconclusive);
}

#[tokio::test]
async fn consent_is_the_printed_token_and_nothing_else() {
    let token = target::token(&terms::Rng::System);
    assert_eq!(token.len(), 32);
    let check = async |status: u16, body: String, expected: bool| {
        let served = body.clone();
        let address = server(move |heard| {
            let there = heard.path == target::CONSENT_PATH;
            Said {
                status: if there { status } else { 404 },
                fields: vec![("location", "/elsewhere".to_owned())],
                body: served.clone(),
            }
        })
        .await;
        let field = field(address, target::reading(crate::testing::NAME, 8443));
        assert_eq!(
            target::consented(&field.ground, &token).await,
            expected,
            "{status} {body:?}"
        );
    };
    check(200, token.clone(), true).await;
    check(200, format!("{token}\n"), true).await;
    check(200, format!("{token}0"), false).await;
    check(200, String::new(), false).await;
    check(404, token.clone(), false).await;
    check(302, token.clone(), false).await;
    let dead = field(nobody().await, target::reading(crate::testing::NAME, 8443));
    assert!(!target::consented(&dead.ground, &token).await);
}

#[tokio::test]
async fn the_vantage_on_a_foreign_site_is_found_out() {
    let order = async |url: &str| {
        target::order(&url.parse().unwrap(), "run".to_owned(), String::new(), None)
            .await
            .unwrap()
    };
    let own = order("https://localhost:8443/x").await;
    assert_eq!(
        (own.vantage, own.reading.public_port, own.active),
        (Vantage::SameHost, 8443, false)
    );
    assert!(target::is_foreign(&own.reading) && !target::is_foreign(&reading()));
    let away = order("http://192.0.2.1/").await;
    assert_eq!(
        (away.vantage, away.reading.public_port),
        (Vantage::Outside, 443)
    );
}

#[test]
fn orders_and_reports_are_read_back_from_json() {
    let field = tempfile::tempdir().unwrap();
    let order = crate::Order {
        run: "run".to_owned(),
        nonce: "00".to_owned(),
        promises: PromiseId::ALL.to_vec(),
        reading: reading(),
        connect: Some("127.0.0.1:8443".parse().unwrap()),
        roots: Some(field.path().to_owned()),
        vantage: Vantage::SameHost,
        active: true,
    };
    let written = serde_json::to_string(&order).unwrap();
    let read: crate::Order = serde_json::from_str(&written).unwrap();
    assert_eq!(read.reading, order.reading);
    assert_eq!((read.connect, read.active), (order.connect, true));
    let report = Report {
        promise: PromiseId::Hsts,
        at: NOON,
        vantage: Vantage::Outside,
        findings: vec![Finding::inconclusive("one", "not-tried").figure("days", 3)],
    };
    let written = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<Report>(&written).unwrap(), report);
}
