use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use terms::{Secret, Verdict};

use super::{DEVICES, ENTRY, LOCKED, OPENS};
use crate::{
    entry::Finding,
    ground::{Canary, Evidence, Question},
    target,
    testing::{Field, Heard, Said, field, nobody, reading, server, verdict, wrong},
};

/// What a portal does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// Wrong passwords are counted, and that is all.
    NeverLocks,
    /// The owner's device is locked out with the strangers.
    LocksDevices,
    /// One lock locks everybody.
    LocksAll,
    /// Any password is right.
    LetsAnybodyIn,
    /// One guess fewer is let in than promised.
    LocksEarly,
    /// The lock has no end.
    LocksForEver,
    /// The form has no token.
    NoToken,
    /// It sends people away for a while.
    Busy,
}

#[derive(Debug, Default)]
struct Portal {
    passwords: HashMap<String, String>,
    wrong: HashMap<String, u32>,
}

const GUESSES: u32 = 10;

impl Portal {
    fn is_locked(&self, name: &str, flaw: Flaw) -> bool {
        let most = if flaw == Flaw::LocksEarly { 1 } else { GUESSES };
        let locked = |wrong: &u32| *wrong >= most;
        match flaw {
            Flaw::NeverLocks => false,
            Flaw::LocksAll => self.wrong.values().any(locked),
            _ => self.wrong.get(name).is_some_and(locked),
        }
    }

    fn enter(&mut self, name: &str, password: &str, device: bool, flaw: Flaw) -> bool {
        let known = device && flaw != Flaw::LocksDevices;
        if self.is_locked(name, flaw) && !known {
            return false;
        }
        let right = self.passwords.get(name).is_some_and(|it| it == password);
        if !right {
            *self.wrong.entry(name.to_owned()).or_default() += 1;
        }
        right || flaw == Flaw::LetsAnybodyIn
    }
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

fn answer(portal: &mut Portal, heard: &Heard, flaw: Flaw) -> Said {
    assert_eq!(heard.path, "/-/login");
    let start = set("__Host-Http-waarborg-start", "S");
    let token = if flaw == Flaw::NoToken { "" } else { "T-1" };
    let form = format!(
        "<form action=\"/-/login\"><input type=\"hidden\" name=\"token\" value=\"{token}\"></form>"
    );
    if heard.method == "GET" {
        return said(200, vec![start], &form);
    }
    let fields: HashMap<_, _> = heard
        .body
        .split('&')
        .filter_map(|it| it.split_once('='))
        .collect();
    assert!(heard.cookie.contains("__Host-Http-waarborg-start=S"));
    assert_eq!(fields["token"], "T-1");
    if flaw == Flaw::Busy {
        return said(503, Vec::new(), "");
    }
    let device = heard.cookie.contains("__Host-Http-waarborg-device=D");
    if !portal.enter(fields["name"], fields["password"], device, flaw) {
        return said(422, vec![start], &form);
    }
    let cookies = vec![
        set("__Host-Http-waarborg", "N"),
        set("__Host-Http-waarborg-device", "D"),
    ];
    said(303, cookies, "")
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
        match question {
            Question::Canary => {
                let number = portal.passwords.len();
                let (name, password) = (format!("canary-{number}"), format!("right-{number}"));
                portal.passwords.insert(name.clone(), password.clone());
                let password = Secret::new(password);
                Evidence::Canary(Canary { name, password })
            }
            Question::Lock { name } => {
                let for_s = if flaw == Flaw::LocksForEver {
                    86_400
                } else {
                    890
                };
                let ends_in_s = portal.is_locked(name, flaw).then_some(for_s);
                Evidence::Lock { ends_in_s }
            }
            _ => Evidence::None {
                why: "another-question".to_owned(),
            },
        }
    })
}

async fn attack(flaw: Flaw) -> Vec<Finding> {
    let field = ground(flaw).await;
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn an_honest_portal_passes_and_no_name_or_password_is_told() {
    let findings = attack(Flaw::None).await;
    for part in [LOCKED, DEVICES, OPENS] {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    assert_eq!(findings[2].figures, [("minutes".to_owned(), 15)]);
    let written = serde_json::to_string(&findings).unwrap();
    assert!(
        !written.contains("canary") && !written.contains("right-0"),
        "{written}"
    );
}

#[tokio::test]
async fn a_portal_that_never_locks_fails() {
    let findings = attack(Flaw::NeverLocks).await;
    let step = "right-password-once-locked";
    assert_eq!(wrong(&findings, LOCKED), [step]);
    assert_eq!(wrong(&findings, DEVICES), [step]);
    assert_eq!(wrong(&findings, OPENS), ["lock-ends"]);
}

#[tokio::test]
async fn a_stranger_who_locks_the_owner_or_everybody_out_fails_it() {
    let findings = attack(Flaw::LocksDevices).await;
    assert_eq!(verdict(&findings, LOCKED), Verdict::Pass);
    assert_eq!(wrong(&findings, DEVICES), ["known-device"]);
    let findings = attack(Flaw::LocksAll).await;
    assert_eq!(wrong(&findings, LOCKED), ["another-account"]);
    assert_eq!(wrong(&findings, OPENS), ["another-account"]);
}

#[tokio::test]
async fn a_portal_that_lets_anybody_in_fails() {
    let findings = attack(Flaw::LetsAnybodyIn).await;
    assert_eq!(verdict(&findings, LOCKED), Verdict::Fail);
    assert!(wrong(&findings, LOCKED).contains(&"wrong-passwords".to_owned()));
}

#[tokio::test]
async fn a_lock_that_comes_early_is_still_one() {
    let findings = attack(Flaw::LocksEarly).await;
    assert_eq!(verdict(&findings, LOCKED), Verdict::Pass);
}

#[tokio::test]
async fn a_lock_beyond_the_promised_time_fails() {
    let findings = attack(Flaw::LocksForEver).await;
    assert_eq!(verdict(&findings, LOCKED), Verdict::Pass);
    assert_eq!(wrong(&findings, OPENS), ["lock-ends"]);
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let all = |findings: &[Finding]| {
        assert_eq!(findings.len(), 3);
        for found in findings {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{findings:#?}");
        }
    };
    all(&attack(Flaw::NoToken).await);
    all(&attack(Flaw::Busy).await);
    let dead = field(nobody().await, promised());
    all(&(ENTRY.drill)(&dead.ground).await);
    let silent = field(nobody().await, promised()).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    all(&(ENTRY.drill)(&silent.ground).await);
}

#[tokio::test]
async fn a_canary_goes_over_the_pipe_and_is_never_printed() {
    let canary = Canary {
        name: "canary-1".to_owned(),
        password: Secret::new("hunter2".to_owned()),
    };
    let evidence = Evidence::Canary(canary);
    assert!(!format!("{evidence:?}").contains("hunter2"));
    let text = serde_json::to_string(&evidence).unwrap();
    assert_eq!(serde_json::from_str::<Evidence>(&text).unwrap(), evidence);
}

#[tokio::test]
async fn where_nobody_signs_in_nothing_is_promised_or_attacked() {
    for reading in [reading(), target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
}
