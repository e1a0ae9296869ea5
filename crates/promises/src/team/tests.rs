use std::{collections::HashMap, sync::Mutex};

use terms::{Language, Secret, Verdict};

use super::{ENTRY, FACTOR, GITHUB, MANAGERS, PEOPLE, REGISTER};
use crate::{
    entry::Finding,
    ground::{
        Canary, Evidence, GitHubAnswer, OwnEntry, PeopleCounts, Question, RegisterCounts,
        TeamEvidence,
    },
    target,
    testing::{Field, Heard, NOON, Said, field, nobody, reading, server, verdict, wrong},
    two_factor::App,
};

const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";
const ALL: [&str; 5] = [FACTOR, REGISTER, PEOPLE, GITHUB, MANAGERS];

/// What a portal does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// The threshold asks for no second factor.
    NoFactor,
    /// Every address below `.well-known` answers.
    EverythingIsThere,
    /// No way leads to where a password is changed.
    NoWay,
    /// Names and passwords have no `autocomplete`.
    NoTokens,
    /// A script keeps people from pasting.
    NoPasting,
}

/// Sessions are numbered; with their numbers, whether a code was given.
#[derive(Debug, Default)]
struct Portal {
    on: bool,
    sessions: Vec<bool>,
}

fn said(status: u16, fields: Vec<(&'static str, String)>, body: &str) -> Said {
    Said {
        status,
        fields,
        body: body.to_owned(),
    }
}

fn form(action: &str, more: &str) -> String {
    format!(
        "<form action=\"{action}\"><input type=\"hidden\" name=\"token\" value=\"T-1\">{more}</form>"
    )
}

/// Fields by their tokens.
fn fields(flaw: Flaw, tokens: &[&str]) -> String {
    let field = |token: &&str| match flaw {
        Flaw::NoTokens => "<input name=\"x\">".to_owned(),
        Flaw::NoPasting => format!("<input autocomplete=\"{token}\" onpaste=\"return false\">"),
        _ => format!("<input name=\"x\" autocomplete=\"{token}\">"),
    };
    tokens.iter().map(field).collect()
}

impl Portal {
    fn entered(&mut self, code: bool) -> Said {
        self.sessions.push(code);
        let session = format!("__Host-Http-waarborg=s{}; Path=/", self.sessions.len() - 1);
        let device = "__Host-Http-waarborg-device=D; Path=/".to_owned();
        said(
            303,
            vec![("set-cookie", session), ("set-cookie", device)],
            "",
        )
    }

    fn has_code(&self, cookie: &str) -> Option<bool> {
        let rest = cookie.split("__Host-Http-waarborg=s").nth(1)?;
        let number = rest.split(';').next()?.parse::<usize>().ok()?;
        self.sessions.get(number).copied()
    }
}

fn answer(portal: &mut Portal, heard: &Heard, flaw: Flaw) -> Said {
    let code = portal.has_code(&heard.cookie);
    match (heard.method.as_str(), heard.path.as_str()) {
        (_, "/-/admin/threshold") => match code {
            Some(true) => said(200, Vec::new(), &form("/-/admin/threshold", "")),
            Some(false) if flaw == Flaw::NoFactor => {
                said(200, Vec::new(), &form("/-/admin/threshold", ""))
            }
            _ => said(403, Vec::new(), ""),
        },
        ("GET", "/.well-known/change-password") if flaw != Flaw::NoWay => {
            let to = vec![("location", "/-/account/security".to_owned())];
            said(302, to, "")
        }
        ("GET", path) if path.starts_with("/.well-known/") => {
            let status = if flaw == Flaw::EverythingIsThere {
                200
            } else {
                404
            };
            said(status, Vec::new(), "")
        }
        ("GET", "/-/login") => {
            let fields = fields(flaw, &["username", "current-password"]);
            said(200, Vec::new(), &form("/-/login", &fields))
        }
        ("GET", "/-/account") => said(200, Vec::new(), &form("/-/logout", "")),
        ("GET", "/-/account/security") if code.is_some() => {
            let fields = fields(flaw, &["current-password", "new-password"]);
            said(200, Vec::new(), &form("/-/account/security", &fields))
        }
        ("POST", "/-/login") if portal.on => said(200, Vec::new(), &form("/-/login/code", "")),
        ("POST", "/-/login") => portal.entered(false),
        ("POST", "/-/login/code") => {
            let app = App::new(KEY).unwrap();
            let sent: HashMap<_, _> = heard
                .body
                .split('&')
                .filter_map(|it| it.split_once('='))
                .collect();
            assert!((-1..=1).any(|off| app.code(NOON, off).expose() == sent["code"]));
            portal.entered(true)
        }
        ("GET", "/-/account/second-factor") => {
            let shown = format!("<input id=\"once\" value=\"{KEY}\">");
            let form = form("/-/account/second-factor", "");
            said(200, Vec::new(), &(shown + &form))
        }
        ("POST", "/-/account/second-factor") => {
            portal.on = true;
            said(200, Vec::new(), "ten codes")
        }
        other => panic!("{other:?}"),
    }
}

fn promised() -> config::Reading {
    let mut reading = reading();
    reading.sites[0].portal = true;
    reading.team.people = true;
    reading.team.github = true;
    reading
}

/// What an honest server sees.
fn honest() -> TeamEvidence {
    TeamEvidence {
        register: RegisterCounts {
            all: 12,
            proven: 12,
            oldest_days: 34,
            ..RegisterCounts::default()
        },
        own: OwnEntry {
            bare: false,
            attested: true,
            ended: false,
        },
        people: PeopleCounts {
            people: 5,
            without: 0,
        },
        github: Some(GitHubAnswer::Members {
            seen: 7,
            without: 0,
        }),
    }
}

async fn ground(flaw: Flaw, seen: TeamEvidence) -> Field {
    let portal = Mutex::new(Portal::default());
    let address = server(move |heard| answer(&mut portal.lock().unwrap(), heard, flaw)).await;
    field(address, promised()).with_control(move |question| match question {
        Question::Canary => Evidence::Canary(Canary {
            name: "canary-1".to_owned(),
            password: Secret::new("right".to_owned()),
        }),
        Question::Threshold { .. } => Evidence::Threshold,
        Question::Team => Evidence::Team(seen.clone()),
        other => panic!("{other:?}"),
    })
}

async fn attack(flaw: Flaw, change: impl FnOnce(&mut TeamEvidence)) -> Vec<Finding> {
    let mut seen = honest();
    change(&mut seen);
    let field = ground(flaw, seen).await;
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn an_honest_team_passes_and_the_sentence_has_its_figures() {
    let findings = attack(Flaw::None, |_| {}).await;
    for part in ALL {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    let written = serde_json::to_string(&findings).unwrap();
    for secret in ["canary", "right\"", "GEZD"] {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
    let texts = pages::Texts::load();
    let said: Vec<_> = (ENTRY.parts)(&promised())
        .iter()
        .map(|part| {
            let found = findings.iter().find(|found| found.part == part.name);
            let figures = found.map_or(&[][..], |found| &found.figures);
            texts.clause(Language::En, &part.said(figures))
        })
        .collect();
    let said = said.join(" ");
    for words in [
        "12 of 12 services and devices",
        "34 days",
        "5 people",
        "7 members",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
}

#[tokio::test]
async fn an_empty_register_is_never_green_and_says_so() {
    let findings = attack(Flaw::None, |seen| seen.register = RegisterCounts::default()).await;
    assert_eq!(verdict(&findings, REGISTER), Verdict::Inconclusive);
    let written = serde_json::to_string(&findings).unwrap();
    assert!(written.contains("nothing-registered"), "{written}");
    let parts = (ENTRY.parts)(&promised());
    let said = pages::Texts::load().clause(Language::En, &parts[1].said(&findings[0].figures));
    assert!(said.contains("Nothing is registered"), "{said}");
}

#[tokio::test]
async fn what_does_not_count_in_the_register_fails() {
    let check = |findings: Vec<Finding>, steps: &[&str]| {
        assert_eq!(verdict(&findings, REGISTER), Verdict::Fail, "{steps:?}");
        assert_eq!(wrong(&findings, REGISTER), steps);
        assert_eq!(verdict(&findings, FACTOR), Verdict::Pass);
    };
    check(
        attack(Flaw::None, |it| it.register.missing = 1).await,
        &["a-word-on-all"],
    );
    check(
        attack(Flaw::None, |it| it.register.ended = 1).await,
        &["a-word-on-all"],
    );
    check(
        attack(Flaw::None, |it| it.register.without_factor = 1).await,
        &["second-factor-everywhere"],
    );
    check(
        attack(Flaw::None, |it| it.own.bare = true).await,
        &["own-entry-without-a-word"],
    );
    check(
        attack(Flaw::None, |it| it.own.ended = true).await,
        &["own-entry-after-its-end"],
    );
    check(
        attack(Flaw::None, |it| it.own.attested = false).await,
        &["own-entry-attested"],
    );
    // Also where the register is empty besides.
    let both = attack(Flaw::None, |it| {
        it.register = RegisterCounts::default();
        it.own.bare = true;
    });
    assert_eq!(verdict(&both.await, REGISTER), Verdict::Fail);
}

#[tokio::test]
async fn people_and_members_without_a_second_factor_fail_and_none_at_all_prove_nothing() {
    let findings = attack(Flaw::None, |it| it.people.without = 1).await;
    assert_eq!(wrong(&findings, PEOPLE), ["people-without-second-factor"]);
    let findings = attack(Flaw::None, |it| it.people = PeopleCounts::default()).await;
    assert_eq!(verdict(&findings, PEOPLE), Verdict::Inconclusive);
    let github = |answer| attack(Flaw::None, move |it| it.github = Some(answer));
    let members = |seen, without| GitHubAnswer::Members { seen, without };
    let findings = github(members(7, 1)).await;
    assert_eq!(wrong(&findings, GITHUB), ["members-without-second-factor"]);
    assert_eq!(
        verdict(&github(members(0, 0)).await, GITHUB),
        Verdict::Fail,
        "whoever sees nobody sees nobody without"
    );
    let silent = GitHubAnswer::Silent {
        why: "github-unreachable".to_owned(),
    };
    assert_eq!(
        verdict(&github(silent).await, GITHUB),
        Verdict::Inconclusive
    );
}

#[tokio::test]
async fn a_portal_that_lets_a_password_alone_in_or_hinders_password_managers_fails() {
    let findings = attack(Flaw::NoFactor, |_| {}).await;
    assert_eq!(wrong(&findings, FACTOR), ["password-alone"]);
    for (flaw, steps) in [
        (Flaw::EverythingIsThere, &["nothing-is-nothing"][..]),
        (
            Flaw::NoWay,
            &["change-password", "fields-of-a-new-password"],
        ),
        (
            Flaw::NoTokens,
            &["fields-of-signing-in", "fields-of-a-new-password"],
        ),
        (Flaw::NoPasting, &["pasting"]),
    ] {
        let findings = attack(flaw, |_| {}).await;
        assert_eq!(wrong(&findings, MANAGERS), steps, "{flaw:?}");
        assert_eq!(verdict(&findings, FACTOR), Verdict::Pass);
    }
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let dead = field(nobody().await, promised());
    let silent = field(nobody().await, promised()).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    for field in [dead, silent] {
        let findings = (ENTRY.drill)(&field.ground).await;
        assert_eq!(findings.len(), ALL.len());
        for found in findings {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{found:#?}");
        }
    }
}

#[tokio::test]
async fn where_nobody_signs_in_nothing_is_promised_or_attacked() {
    for reading in [reading(), target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
    let names = |reading: &config::Reading| -> Vec<&str> {
        (ENTRY.parts)(reading)
            .iter()
            .map(|part| part.name)
            .collect()
    };
    let mut reading = promised();
    assert_eq!(
        names(&reading),
        [FACTOR, REGISTER, PEOPLE, GITHUB, MANAGERS, "word"]
    );
    (reading.team.people, reading.team.github) = (false, false);
    assert_eq!(names(&reading), [FACTOR, REGISTER, MANAGERS, "word"]);
}
