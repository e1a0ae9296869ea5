//! What it costs to find a session among a million, and the memory of one: from the
//! `Cookie` field to the session, in-process. `cargo xtask bench` runs this in release and
//! keeps the figures; the tests don't, since no test depends on speed.

use std::{fs, hint::black_box, sync::Arc, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use seam::{
    Credential, Session, Sessions, TokenHash,
    sessions::{Assertion, Person, SESSION_COOKIE, of_ada},
    snapshot::Tokens,
};
use terms::{Clock, Micros};

use crate::credentials::{Asker, Credentials};

const SESSIONS: u64 = 1_000_000;
/// Look-ups per round, and rounds: the best of them is what it costs undisturbed.
const LOOKUPS: u32 = 100_000;
const ROUNDS: u32 = 25;
/// As long as a signed assertion with two groups is.
const ASSERTION_BYTES: usize = 640;

/// 43 characters that nobody can tell from random ones.
fn secret(number: u64) -> String {
    let hash = digest(&SHA256, &number.to_be_bytes());
    terms::base64url(hash.as_ref())
}

fn session(sessions: &Sessions, number: u64) -> Session {
    let site = sessions.site("app.test");
    site.assertion.store(Some(Arc::new(Assertion {
        text: "e".repeat(ASSERTION_BYTES).into(),
        signed_at: Micros(0),
    })));
    Session {
        person: Arc::new(Person {
            account: format!("{number:032x}").into(),
            name: format!("person-{number}").into(),
            display: format!("Person Number {number}").into(),
            email: format!("person-{number}@example.com").into(),
            groups: "finance,staff".into(),
        }),
        sites: [site].into_iter().collect(),
        idle: Some(Duration::from_secs(1800)),
        last_seen: Arc::default(),
        ..of_ada(Credential::Cookie, &[])
    }
}

/// Memory of this process, in bytes.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
    let kib: u64 = line
        .and_then(|it| it.split_whitespace().next())
        .unwrap()
        .parse()
        .unwrap();
    kib * 1024
}

#[test]
#[ignore = "a measurement: cargo xtask bench"]
fn session_lookup() {
    let sessions = Sessions::default();
    let before = resident();
    for number in 0..SESSIONS {
        let hash = digest(&SHA256, secret(number).as_bytes());
        let token = TokenHash(hash.as_ref().try_into().unwrap());
        sessions.insert(token, Arc::new(session(&sessions, number)));
    }
    let each = (resident() - before) / SESSIONS;
    // Everywhere in the table: a step that shares no factor with its size.
    let cookies: Vec<_> = (0..LOOKUPS)
        .map(|it| {
            let secret = secret(u64::from(it) * 7_368_787 % SESSIONS);
            format!("theme=dark; {SESSION_COOKIE}={secret}")
        })
        .collect();
    let (clock, now) = (Clock::System, Micros(1));
    let mut best = f64::INFINITY;
    for _ in 0..ROUNDS {
        let began = clock.moment();
        for cookie in &cookies {
            let mut given = Credentials::default();
            given.cookie(black_box(cookie.as_bytes()));
            let found = given.find(&sessions, "app.test", Tokens::None, now);
            assert!(matches!(black_box(found), Asker::Somebody(_)));
        }
        let took = clock.moment().since(began).as_secs_f64();
        best = best.min(took / f64::from(LOOKUPS));
    }
    println!("figure session_lookup_ns {:.0}", best * 1e9);
    println!("figure session_bytes {each}");
}
