use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex},
};

use tempfile::TempDir;
use terms::{Arg, Clock, Moment, Verdict};

use super::{ENTRY, PAGES, SIGN_IN};
use crate::{
    entry::Finding,
    ground::{Evidence, Pair, Question, Sources},
    target,
    testing::{Field, Heard, Said, door, field, nobody, reading, server, verdict, wrong},
};

/// What a gateway does about many requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Limits,
    /// It lets everybody in.
    Open,
    /// It counts all clients of a family together.
    Together,
    /// Each address of a site has an account of its own.
    EachPath,
    /// Each IPv6 address has one.
    EachAddress,
    /// It overlooks HTTP/2.
    Http1Only,
    /// It overlooks everything but pages.
    PagesOnly,
    /// It doesn't say how long to wait.
    Silent,
    /// It never lets anybody in again.
    ForEver,
    /// It refuses the first already.
    Shut,
}

/// Tokens of each client, and when they were counted.
type Accounts = Mutex<HashMap<String, (f64, Moment)>>;

impl Guard {
    fn judges(self, accounts: &Accounts, source: IpAddr, heard: &Heard) -> bool {
        let sends = heard.method == "POST";
        let (burst, interval) = if sends { (10.0, 0.5) } else { (30.0, 0.2) };
        let open = match self {
            Self::Open => true,
            Self::Http1Only => heard.http2,
            Self::PagesOnly => sends,
            _ => false,
        };
        if open {
            return true;
        }
        let client = match (self, source) {
            (Self::Shut, _) => return false,
            (Self::Together, source) => source.is_ipv4().to_string(),
            (Self::EachAddress, source) => source.to_string(),
            (_, IpAddr::V4(v4)) => v4.to_string(),
            (_, IpAddr::V6(v6)) => (v6.to_bits() >> 64).to_string(),
        };
        let path = if self == Self::EachPath {
            &heard.path
        } else {
            ""
        };
        let now = Clock::System.moment();
        let mut accounts = accounts.lock().unwrap();
        let account = accounts.entry(format!("{client} {sends} {path}"));
        let (tokens, at) = account.or_insert((burst, now));
        if self != Self::ForEver {
            *tokens = burst.min(*tokens + now.since(*at).as_secs_f64() / interval);
        }
        *at = now;
        if *tokens < 1.0 {
            return false;
        }
        *tokens -= 1.0;
        true
    }

    fn says(self, accounts: &Accounts, source: IpAddr, heard: &Heard) -> Said {
        let said = |status, fields| Said {
            status,
            fields,
            body: String::new(),
        };
        if self.judges(accounts, source, heard) {
            let status = match (heard.method.as_str(), heard.path.as_str()) {
                ("POST", _) => 403,
                (_, "/-/security") => 200,
                _ => 404,
            };
            return said(status, Vec::new());
        }
        let mut fields = vec![
            ("ratelimit", "\"a\";r=0;t=1".to_owned()),
            ("ratelimit-policy", "\"a\";q=30;w=6".to_owned()),
        ];
        if self != Self::Silent {
            fields.push(("retry-after", "1".to_owned()));
        }
        said(429, fields)
    }
}

fn pairs() -> Vec<Pair> {
    let pair = |attacker: &str, twin: &str| Pair {
        attacker: attacker.parse().unwrap(),
        twin: twin.parse().unwrap(),
    };
    vec![
        pair("198.51.100.7", "198.51.100.6"),
        pair("2001:db8::7", "2001:db8::6"),
    ]
}

async fn ground(guard: Guard) -> (Field, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let accounts = Arc::new(Accounts::default());
    let mut servers = HashMap::new();
    for source in [
        "198.51.100.7",
        "198.51.100.6",
        "2001:db8::7",
        "2001:db8::6",
        "2001:db8:0:1::7",
    ] {
        let (source, accounts): (IpAddr, _) = (source.parse().unwrap(), accounts.clone());
        let address = server(move |heard| guard.says(&accounts, source, heard)).await;
        servers.insert(source, address);
    }
    door(&folder, move |source| servers.get(&source).copied());
    let mut reading = reading();
    reading.sites[0].portal = true;
    let door = folder.path().join("proxy.sock");
    let field = field(nobody().await, reading).with_control(move |question| match question {
        Question::Sources => Evidence::Sources(Sources {
            door: door.clone(),
            pairs: pairs(),
        }),
        _ => Evidence::None {
            why: "another-question".to_owned(),
        },
    });
    (field, folder)
}

async fn attack(guard: Guard) -> Vec<Finding> {
    let (field, _folder) = ground(guard).await;
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn a_gateway_that_limits_each_client_passes() {
    let findings = attack(Guard::Limits).await;
    for part in [PAGES, SIGN_IN] {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    // Two ways: a burst, its end, elsewhere, a neighbour, a wait; and of IPv6 the same /64.
    assert_eq!(findings[0].steps.len(), 11);
    let written = serde_json::to_string(&findings).unwrap();
    assert!(!written.contains("198.51.100"), "{written}");
}

#[tokio::test]
async fn a_gateway_that_overlooks_anything_or_anybody_fails() {
    let cases = [
        (Guard::Open, PAGES, "http1-too-many-refused"),
        (Guard::Together, PAGES, "http1-neighbour-let-in"),
        (Guard::EachPath, PAGES, "http1-elsewhere-refused"),
        (Guard::EachAddress, PAGES, "http2-same-64-refused"),
        (Guard::Http1Only, PAGES, "http2-too-many-refused"),
        (Guard::PagesOnly, SIGN_IN, "http1-too-many-refused"),
        (Guard::Silent, PAGES, "http1-too-many-refused"),
        (Guard::ForEver, PAGES, "http1-waiting-helps"),
        (Guard::Shut, PAGES, "http1-burst-let-in"),
    ];
    let mut tried = tokio::task::JoinSet::new();
    for (guard, part, step) in cases {
        tried.spawn(async move {
            let findings = attack(guard).await;
            assert_eq!(
                verdict(&findings, part),
                Verdict::Fail,
                "{guard:?}: {findings:#?}"
            );
            assert_eq!(wrong(&findings, part).first().unwrap(), step, "{guard:?}");
        });
    }
    while let Some(done) = tried.join_next().await {
        done.unwrap();
    }
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let inconclusive = |findings: &[Finding]| {
        for part in [PAGES, SIGN_IN] {
            assert_eq!(
                verdict(findings, part),
                Verdict::Inconclusive,
                "{findings:#?}"
            );
        }
    };
    let (without, folder) = ground(Guard::Limits).await;
    std::fs::remove_file(folder.path().join("proxy.sock")).unwrap();
    inconclusive(&(ENTRY.drill)(&without.ground).await);
    let mut alone = field(nobody().await, reading());
    alone.ground.order.reading.sites[0].portal = true;
    inconclusive(&(ENTRY.drill)(&alone.ground).await);
}

#[test]
fn the_sentence_follows_the_paces_and_says_nothing_while_only_observing() {
    let mut paced = reading();
    paced.throttle.pages.interval_us = 7_000_000;
    let parts = (ENTRY.parts)(&paced);
    assert_eq!(parts.len(), 1, "nobody signs in here");
    assert_eq!(
        parts[0].clause.args,
        [("burst", Arg::Number(30)), ("rate", Arg::Number(8))]
    );
    paced.sites[0].portal = true;
    assert_eq!((ENTRY.parts)(&paced).len(), 2);
    paced.throttle.observe = true;
    let parts = (ENTRY.parts)(&paced);
    assert!(parts.iter().all(|part| !part.drilled && !part.core));
    assert_eq!((ENTRY.parts)(&target::reading("a.test", 443)), []);
}
