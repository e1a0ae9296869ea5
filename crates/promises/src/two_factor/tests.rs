use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use terms::{Secret, Verdict};

use super::{ASKED, ENTRY, ONCE, SWITCH, totp::App};
use crate::{
    entry::Finding,
    ground::{Canary, Evidence, Question},
    target,
    testing::{Field, Heard, NOON, Said, field, nobody, reading, server, verdict, wrong},
};

const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";

/// What a portal does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// The password is enough, whatever was switched on.
    NeverAsks,
    /// The form for the code comes with a session.
    OpensHalf,
    /// Any code is right.
    AnyCode,
    /// It asks once, and never again.
    AsksOnce,
    /// A code is right for as long as it shows.
    TakesTwice,
    /// No code is right.
    NoCode,
    /// The page to switch it on isn't there.
    NoSwitch,
    /// Everybody is asked for a code.
    AsksAll,
    /// The page has no key to read.
    NoKey,
}

#[derive(Debug, Default)]
struct Portal {
    passwords: HashMap<String, String>,
    on: Vec<String>,
    used: Vec<String>,
    /// Who is in the middle of what, by the start cookie or the session.
    half: Option<String>,
    last: Option<String>,
}

fn set(name: &str, value: &str) -> (&'static str, String) {
    ("set-cookie", format!("{name}={value}; Path=/; Secure"))
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
        "<form action=\"/-/{action}\"><input type=\"hidden\" name=\"token\" value=\"T-1\">{more}</form>"
    )
}

fn entered() -> Said {
    let cookies = vec![
        set("__Host-Http-waarborg", "N"),
        set("__Host-Http-waarborg-device", "D"),
    ];
    said(303, cookies, "")
}

fn answer(portal: &mut Portal, heard: &Heard, flaw: Flaw) -> Said {
    let fields: HashMap<_, _> = heard
        .body
        .split('&')
        .filter_map(|it| it.split_once('='))
        .collect();
    let signed_in = heard.cookie.contains("__Host-Http-waarborg=N");
    let app = App::new(KEY).unwrap();
    let right = |code: &str| (-1..=1).any(|off| app.code(NOON, off).expose() == code);
    match (heard.method.as_str(), heard.path.as_str()) {
        ("GET", "/-/login") => said(200, Vec::new(), &form("login", "")),
        ("GET", "/-/account") => said(if signed_in { 200 } else { 303 }, Vec::new(), ""),
        ("POST", "/-/login") => {
            let name = fields["name"].to_owned();
            if portal.passwords[&name] != fields["password"] {
                return said(422, Vec::new(), "");
            }
            let asked = portal.on.contains(&name) || flaw == Flaw::AsksAll;
            portal.last = Some(name.clone());
            let enough = flaw == Flaw::AsksOnce && portal.used.len() > 1;
            if !asked || enough || flaw == Flaw::NeverAsks {
                return entered();
            }
            portal.half = Some(name);
            let half = "<input type=\"hidden\" name=\"half\" value=\"H-1\">";
            let cookies = if flaw == Flaw::OpensHalf {
                vec![
                    set("__Host-Http-waarborg", "N"),
                    set("__Host-Http-waarborg-device", "D"),
                ]
            } else {
                Vec::new()
            };
            said(200, cookies, &form("login/code", half))
        }
        ("POST", "/-/login/code") => {
            assert_eq!((fields["half"], fields["token"]), ("H-1", "T-1"));
            let code = fields["code"].to_owned();
            let fresh = !portal.used.contains(&code) || flaw == Flaw::TakesTwice;
            let taken = right(&code) && fresh && flaw != Flaw::NoCode;
            if taken || flaw == Flaw::AnyCode {
                portal.used.push(code);
                return entered();
            }
            said(422, Vec::new(), "")
        }
        ("GET", "/-/account/second-factor") => {
            assert!(signed_in);
            if flaw == Flaw::NoSwitch {
                return said(404, Vec::new(), "");
            }
            let key = if flaw == Flaw::NoKey { "none" } else { KEY };
            let shown = format!("<input id=\"once\" value=\"{key}\">");
            said(
                200,
                Vec::new(),
                &(shown + &form("account/second-factor", "")),
            )
        }
        ("POST", "/-/account/second-factor") => {
            assert!(right(fields["code"]) && signed_in);
            portal.used.push(fields["code"].to_owned());
            portal.on.extend(portal.last.clone());
            said(200, Vec::new(), "ten codes")
        }
        other => panic!("{other:?}"),
    }
}

fn promised() -> config::Reading {
    let mut reading = reading();
    reading.sites[0].portal = true;
    reading
}

async fn ground(flaw: Flaw) -> Field {
    let portal = Arc::new(Mutex::new(Portal::default()));
    let served = portal.clone();
    let address = server(move |heard| answer(&mut served.lock().unwrap(), heard, flaw)).await;
    field(address, promised()).with_control(move |question| {
        let mut portal = portal.lock().unwrap();
        assert_eq!(*question, Question::Canary);
        let number = portal.passwords.len();
        let (name, password) = (format!("canary-{number}"), format!("right-{number}"));
        portal.passwords.insert(name.clone(), password.clone());
        let password = Secret::new(password);
        Evidence::Canary(Canary { name, password })
    })
}

async fn attack(flaw: Flaw) -> Vec<Finding> {
    let field = ground(flaw).await;
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn an_honest_portal_passes_and_no_key_or_code_is_told() {
    let findings = attack(Flaw::None).await;
    for part in [SWITCH, ASKED, ONCE] {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    let written = serde_json::to_string(&findings).unwrap();
    let code = App::new(KEY).unwrap().code(NOON, 1);
    for secret in ["canary", "right-0", "GEZD", code.expose()] {
        assert!(!written.contains(secret), "{written}");
    }
}

#[tokio::test]
async fn a_portal_to_which_the_password_is_enough_fails_everything() {
    let findings = attack(Flaw::NeverAsks).await;
    for part in [SWITCH, ASKED, ONCE] {
        assert_eq!(wrong(&findings, part), ["password-alone"]);
    }
}

#[tokio::test]
async fn a_session_that_comes_with_the_question_fails() {
    let findings = attack(Flaw::OpensHalf).await;
    assert_eq!(wrong(&findings, ASKED), ["password-alone"]);
}

#[tokio::test]
async fn a_portal_that_takes_any_code_or_none_or_one_twice_fails() {
    let findings = attack(Flaw::AnyCode).await;
    assert_eq!(wrong(&findings, ASKED), ["wrong-code"]);
    assert_eq!(wrong(&findings, ONCE), ["same-code-again"]);
    let findings = attack(Flaw::TakesTwice).await;
    assert_eq!(verdict(&findings, ASKED), Verdict::Pass);
    assert_eq!(wrong(&findings, ONCE), ["same-code-again"]);
    let findings = attack(Flaw::AsksOnce).await;
    assert_eq!(wrong(&findings, ONCE), ["password-alone-again"]);
    let findings = attack(Flaw::NoCode).await;
    assert_ne!(verdict(&findings, ASKED), Verdict::Pass);
}

#[tokio::test]
async fn where_it_cannot_be_switched_on_it_is_not_promised_true() {
    let findings = attack(Flaw::NoSwitch).await;
    assert_eq!(wrong(&findings, SWITCH), ["switched-on", "password-alone"]);
}

#[tokio::test]
async fn where_the_twin_is_not_let_in_nothing_is_proven() {
    let findings = attack(Flaw::AsksAll).await;
    for part in [SWITCH, ASKED] {
        assert_ne!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let all = |findings: &[Finding]| {
        assert_eq!(findings.len(), 3);
        for found in findings {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{findings:#?}");
        }
    };
    all(&attack(Flaw::NoKey).await);
    let dead = field(nobody().await, promised());
    all(&(ENTRY.drill)(&dead.ground).await);
    let silent = field(nobody().await, promised()).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    all(&(ENTRY.drill)(&silent.ground).await);
}

#[tokio::test]
async fn where_nobody_signs_in_nothing_is_promised_or_attacked() {
    for reading in [reading(), target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
}
