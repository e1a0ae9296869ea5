use terms::{Arg, Verdict};

use super::{ACTIONS, ENTRY, ORIGINS, TOKENS};
use crate::{
    entry::Finding,
    target,
    testing::{Heard, Said, field, nobody, reading, server, verdict, wrong},
};

/// What a gateway does about requests from elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Judges,
    /// It lets everything in.
    Open,
    /// It believes browsers that say nothing in `Sec-Fetch-Site`.
    OldBrowsers,
    /// It takes a sibling for itself.
    Siblings,
    /// It overlooks ports.
    Ports,
    /// It overlooks encryption.
    Schemes,
    /// It takes `null` for nothing said.
    Null,
    /// It overlooks WebSockets, which are GETs.
    Gets,
    /// It overlooks HTTP/2.
    Http1Only,
    /// It refuses everything, as ours do.
    Shut,
    /// It refuses everything in words of its own.
    Another,
    /// What is behind it is gone.
    Away,
}

const OWN: &str = "https://gateway.test:8443";

impl Guard {
    fn refuses(self, heard: &Heard) -> bool {
        let [origin, site, upgrade] = heard.from.each_ref().map(String::as_str);
        if heard.method == "GET" && upgrade.is_empty() {
            return false;
        }
        let sibling = origin.contains("sibling.");
        match self {
            Self::Open | Self::Away => return false,
            Self::OldBrowsers if site.is_empty() => return false,
            Self::Siblings if sibling => return false,
            Self::Ports if origin.starts_with("https://gateway.test:") => return false,
            Self::Schemes if origin == "http://gateway.test:8443" => return false,
            Self::Null if origin == "null" && site.is_empty() => return false,
            Self::Gets if heard.method == "GET" => return false,
            Self::Http1Only if heard.http2 => return false,
            Self::Shut => return true,
            _ => {}
        }
        !(matches!(site, "" | "same-origin") && origin == OWN)
    }

    fn says(self, heard: &Heard) -> Said {
        let said = |status, kind: &str, word: &str| Said {
            status,
            fields: vec![("content-type", kind.to_owned())],
            body: format!("{{\"type\":\"urn:waarborg:refusal:{word}\"}}"),
        };
        match self {
            Self::Another => said(403, "text/html", "cross-site"),
            Self::Away => said(502, "application/problem+json", "upstream-down"),
            _ if self.refuses(heard) => said(403, "application/problem+json", "cross-site"),
            _ => said(404, "text/html", "none"),
        }
    }
}

async fn attack(guard: Guard) -> Vec<Finding> {
    let field = field(server(move |heard| guard.says(heard)).await, reading());
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn a_gateway_that_judges_origins_passes() {
    let findings = attack(Guard::Judges).await;
    assert_eq!(verdict(&findings, ORIGINS), Verdict::Pass, "{findings:#?}");
    // Two versions and sockets, each from elsewhere and from itself; nobody signs in here.
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].steps.len(), 6);
}

#[tokio::test]
async fn a_gateway_that_overlooks_anything_fails() {
    for (guard, step) in [
        (Guard::Open, "http1-from-elsewhere"),
        (Guard::OldBrowsers, "http1-from-elsewhere"),
        (Guard::Siblings, "http1-from-elsewhere"),
        (Guard::Ports, "http1-from-elsewhere"),
        (Guard::Schemes, "http1-from-elsewhere"),
        (Guard::Null, "http1-from-elsewhere"),
        (Guard::Gets, "socket-from-elsewhere"),
        (Guard::Http1Only, "http2-from-elsewhere"),
        (Guard::Shut, "http1-from-itself"),
        (Guard::Another, "http1-from-elsewhere"),
    ] {
        let findings = attack(guard).await;
        assert_eq!(
            verdict(&findings, ORIGINS),
            Verdict::Fail,
            "{guard:?}: {findings:#?}"
        );
        assert_eq!(
            wrong(&findings, ORIGINS).first().unwrap(),
            step,
            "{guard:?}"
        );
    }
}

#[tokio::test]
async fn where_nothing_answers_nothing_is_proven() {
    let without = field(nobody().await, reading());
    let findings = (ENTRY.drill)(&without.ground).await;
    assert_eq!(verdict(&findings, ORIGINS), Verdict::Inconclusive);
    // Nor where every site is an exception.
    let mut open = reading();
    open.csrf.open = vec![open.sites[0].hosts[0].clone()];
    let field = field(nobody().await, open);
    let findings = (ENTRY.drill)(&field.ground).await;
    assert_eq!(verdict(&findings, ORIGINS), Verdict::Inconclusive);
    assert!(findings[0].steps.is_empty(), "{findings:#?}");
    // What let it in went no further.
    let findings = attack(Guard::Away).await;
    assert_eq!(verdict(&findings, ORIGINS), Verdict::Fail);
}

#[test]
fn the_sentence_follows_the_configuration() {
    let names = |reading: &config::Reading| {
        let parts = (ENTRY.parts)(reading);
        parts.iter().map(|part| part.name).collect::<Vec<_>>()
    };
    let mut one = reading();
    assert_eq!(names(&one), [ORIGINS]);
    one.sites[0].portal = true;
    one.csrf.exceptions = 2;
    one.csrf.important = 3;
    one.csrf.actions = vec![config::ImportantAction {
        host: "gateway.test".into(),
        path: "/pay".into(),
        method: "POST".into(),
    }];
    one.csrf.origins = 1;
    assert_eq!(
        names(&one),
        [
            ORIGINS,
            TOKENS,
            ACTIONS,
            "important",
            "listed",
            "exceptions"
        ]
    );
    let parts = (ENTRY.parts)(&one);
    assert_eq!(parts[5].clause.args, [("count", Arg::Number(2))]);
    assert!(parts[3..].iter().all(|part| !part.core && !part.drilled));
    one.csrf.observe = true;
    assert_eq!(names(&one), ["observed"]);
    assert_eq!(names(&target::reading("a.test", 443)), [""; 0]);
}
