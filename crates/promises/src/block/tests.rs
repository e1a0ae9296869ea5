use tempfile::TempDir;
use terms::{Arg, Verdict};

use super::{ENTRY, LISTED};
use crate::{
    entry::Finding,
    ground::{Evidence, Pair, Question, Sources},
    target,
    testing::{Field, Said, door, field, nobody, reading, server, verdict, wrong},
};

/// What a gateway does about addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guard {
    Refuses,
    Drops,
    /// It lets everybody in.
    Open,
    /// It refuses everybody.
    Shut,
    /// It overlooks IPv6.
    Ipv4Only,
    /// It overlooks HTTP/2.
    Http1Only,
    /// It overlooks own pages.
    SitesOnly,
    /// It refuses with another page.
    Otherwise,
}

fn pairs() -> Vec<Pair> {
    let pair = |listed: &str, twin: &str| Pair {
        attacker: listed.parse().unwrap(),
        twin: twin.parse().unwrap(),
    };
    vec![
        pair("198.51.100.7", "198.51.100.6"),
        pair("2001:db8::7", "2001:db8::6"),
    ]
}

fn said(status: u16, body: &str) -> Said {
    Said {
        status,
        fields: Vec::new(),
        body: body.to_owned(),
    }
}

async fn ground(guard: Guard) -> (Field, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let good = server(|heard| match heard.path.as_str() {
        "/-/security" => said(200, "page"),
        _ => said(404, "none"),
    })
    .await;
    let refusing = server(move |heard| {
        let overlooked = match guard {
            Guard::Http1Only => heard.http2,
            Guard::SitesOnly => heard.path.starts_with("/-/"),
            _ => false,
        };
        match guard {
            _ if overlooked => said(200, "page"),
            Guard::Otherwise => said(403, "{\"type\":\"urn:waarborg:refusal:forbidden\"}"),
            _ => said(403, "{\"type\":\"urn:waarborg:refusal:banned\"}"),
        }
    })
    .await;
    door(&folder, move |source| {
        let listed = pairs().iter().any(|pair| pair.attacker == source);
        match guard {
            Guard::Open => Some(good),
            Guard::Shut => Some(refusing),
            Guard::Ipv4Only if source.is_ipv6() => Some(good),
            Guard::Drops if listed => None,
            _ if listed => Some(refusing),
            _ => Some(good),
        }
    });
    let mut reading = reading();
    reading.block.drop = guard == Guard::Drops;
    let door = folder.path().join("proxy.sock");
    let field = field(nobody().await, reading).with_control(move |question| match question {
        Question::Listed => Evidence::Sources(Sources {
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
async fn a_gateway_that_refuses_or_drops_as_it_promises_passes() {
    for guard in [Guard::Refuses, Guard::Drops] {
        let findings = attack(guard).await;
        assert_eq!(verdict(&findings, LISTED), Verdict::Pass, "{findings:#?}");
        // Two ways, two families, a neighbour and two refusals each.
        assert_eq!(findings[0].steps.len(), 12);
        let written = serde_json::to_string(&findings).unwrap();
        assert!(!written.contains("198.51.100"), "{written}");
    }
}

#[tokio::test]
async fn a_gateway_that_overlooks_anything_fails() {
    for (guard, step) in [
        (Guard::Open, "http1-ipv4-listed-own-page"),
        (Guard::Ipv4Only, "http1-ipv6-listed-own-page"),
        (Guard::Http1Only, "http2-ipv4-listed-own-page"),
        (Guard::SitesOnly, "http1-ipv4-listed-own-page"),
        (Guard::Otherwise, "http1-ipv4-listed-own-page"),
        (Guard::Shut, "http1-ipv4-neighbour"),
    ] {
        let findings = attack(guard).await;
        assert_eq!(verdict(&findings, LISTED), Verdict::Fail, "{guard:?}");
        assert_eq!(wrong(&findings, LISTED).first().unwrap(), step, "{guard:?}");
    }
}

#[tokio::test]
async fn a_gateway_that_drops_where_a_page_is_promised_is_not_green() {
    let (mut field, _folder) = ground(Guard::Drops).await;
    field.ground.order.reading.block.drop = false;
    let findings = (ENTRY.drill)(&field.ground).await;
    assert_eq!(verdict(&findings, LISTED), Verdict::Fail);
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let inconclusive = |findings: &[Finding]| {
        assert_eq!(
            verdict(findings, LISTED),
            Verdict::Inconclusive,
            "{findings:#?}"
        );
    };
    // No door, no address, nobody to ask.
    let (field_without, folder) = ground(Guard::Refuses).await;
    std::fs::remove_file(folder.path().join("proxy.sock")).unwrap();
    inconclusive(&(ENTRY.drill)(&field_without.ground).await);
    let full = field(nobody().await, reading()).with_control(|_| Evidence::None {
        why: "no-free-address".to_owned(),
    });
    inconclusive(&(ENTRY.drill)(&full.ground).await);
    let alone = field(nobody().await, reading());
    inconclusive(&(ENTRY.drill)(&alone.ground).await);
}

#[tokio::test]
async fn the_sentence_follows_the_lists_and_says_nothing_while_only_observing() {
    let mut listed = reading();
    listed.block.entries = 1234;
    let parts = (ENTRY.parts)(&listed);
    assert_eq!(parts[0].clause.args, [("entries", Arg::Number(1234))]);
    assert!(parts[0].core && parts[0].drilled);
    assert!(!parts.iter().any(|part| part.name == "unknown"));
    listed.block.unknown = true;
    assert!(
        (ENTRY.parts)(&listed)
            .iter()
            .any(|part| part.name == "unknown")
    );
    listed.block.observe = true;
    let parts = (ENTRY.parts)(&listed);
    assert!(parts.iter().all(|part| !part.drilled && !part.core));
    let field = field(nobody().await, listed);
    assert_eq!((ENTRY.drill)(&field.ground).await, []);
    assert_eq!((ENTRY.parts)(&target::reading("a.test", 443)), []);
}
