//! At the authority of our own: advice, rate limits, unfit certificates, and what is
//! never ordered.

use std::time::Duration;

use serde_json::{Value, json};
use terms::{Clock, Micros};

use super::{
    super::{Trouble, plan},
    authority::{Authority, Flaw},
    ground::{Bound, Ca, Ground},
};

const SITES: &[&[&str]] = &[&["app.example.test", "www.app.example.test"]];
const HOST: &str = "app.example.test";
const DAY: Duration = Duration::from_secs(86_400);
/// 2026-11-24.
const TODAY: Micros = Micros(1_795_478_400_000_000);

/// A ground before an authority, both by the ground's clock.
async fn ground(advice: bool, more: &str) -> (Ground, Authority, Ca) {
    let ca = Ca::make();
    let clock = Clock::manual(TODAY);
    let authority = Authority::start(&ca, &clock, advice).await;
    let acme = format!("directory = \"{}\"\n{more}", authority.directory);
    let ground = Ground::start_with(clock, Bound::bind(), SITES, &acme, &ca).await;
    (ground, authority, ca)
}

fn names(order: &Value) -> Vec<&str> {
    let identifiers = order["identifiers"].as_array().unwrap();
    identifiers
        .iter()
        .map(|name| name["value"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_certificate_is_renewed_when_its_authority_advises_so_and_says_what_it_replaces() {
    let (mut ground, authority, _) = ground(true, "profile = \"shortlived\"").await;
    ground.acme.look().await;
    ground.acme.look().await;
    ground.acme.look().await;
    let asked = |authority: &Authority| authority.script.lock().unwrap().asked_for_advice;
    assert_eq!(asked(&authority), 1, "once, until it is due again");
    let orders = authority.orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(orders[0]["profile"], "shortlived");
    assert_eq!(orders[0].get("replaces"), None);
    let before = ground.serving(HOST);

    authority.set(|script| script.advice = Some((-7200, -3600)));
    ground.clock.advance(Duration::from_secs(6 * 3600 - 1));
    ground.acme.look().await;
    assert_eq!((asked(&authority), authority.orders().len()), (1, 1));
    ground.clock.advance(Duration::from_secs(1));
    ground.acme.look().await;
    assert_eq!(asked(&authority), 2);
    let orders = authority.orders();
    assert_eq!(orders.len(), 2, "long before two thirds of its life");
    let replaces = orders[1]["replaces"].as_str().unwrap();
    assert!(
        replaces
            .split_once('.')
            .is_some_and(|(_, serial)| serial == "AQ"),
        "{replaces}"
    );
    assert_ne!(ground.serving(HOST), before);
}

#[tokio::test]
async fn without_advice_two_thirds_of_the_life_count() {
    let (mut ground, authority, _) = ground(false, "").await;
    ground.acme.look().await;
    ground.clock.advance(56 * DAY);
    ground.acme.look().await;
    assert_eq!(authority.orders().len(), 1);
    ground.clock.advance(4 * DAY);
    ground.acme.look().await;
    assert_eq!(authority.orders().len(), 2);
    assert_eq!(authority.orders()[1].get("replaces"), None);
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_and_a_restart_remembers_it() {
    let (mut ground, authority, _) = ground(false, "").await;
    authority.set(|script| script.refuse = Some((429, "rateLimited", Some("7200"))));
    ground.acme.look().await;
    assert_eq!((authority.orders().len(), ground.orders()), (1, (0, 1)));
    authority.set(|script| script.refuse = None);
    ground.clock.advance(Duration::from_secs(7199));
    ground.restart();
    ground.acme.look().await;
    assert_eq!(authority.orders().len(), 1);
    ground.clock.advance(Duration::from_secs(1));
    ground.acme.look().await;
    assert_eq!((authority.orders().len(), ground.orders()), (2, (1, 0)));
}

#[tokio::test]
async fn failures_are_further_and_further_apart_but_never_more_than_a_day() {
    let (mut ground, authority, _) = ground(false, "").await;
    authority.set(|script| script.refuse = Some((500, "serverInternal", None)));
    let mut pauses = Vec::new();
    for _ in 0..14 {
        ground.acme.look().await;
        let failures = ground.store().acme_failures().await.unwrap();
        let pause = failures[0].not_before.since(ground.clock.now());
        pauses.push(pause);
        ground.clock.advance(pause);
    }
    assert_eq!(authority.orders().len(), 14);
    assert!(pauses[0] >= plan::FIRST_PAUSE && pauses[0] <= plan::FIRST_PAUSE * 2);
    assert!(pauses[5] > pauses[0] * 10);
    assert_eq!(pauses[13], plan::LONGEST_PAUSE);
}

#[tokio::test]
async fn a_certificate_that_cannot_be_served_leaves_the_old_in_force_and_alarms() {
    for flaw in [Flaw::Names, Flaw::Key, Flaw::NotYet, Flaw::Garbage] {
        let (mut ground, authority, _) = ground(false, "").await;
        ground.acme.look().await;
        let before = ground.serving(HOST);
        assert!(before.is_some());
        authority.set(|script| script.flaw = Some(flaw));
        ground.clock.advance(60 * DAY);
        ground.acme.look().await;
        assert_eq!(ground.orders(), (1, 1), "{flaw:?}");
        assert_eq!(ground.serving(HOST), before, "{flaw:?}");
        let kept = ground.store().acme_certificates().await.unwrap();
        let chain = &kept[0].as_ref().unwrap().chain;
        let pair = ground.publisher.issued()[HOST].clone();
        assert!(
            plan::judged(
                chain,
                kept[0].as_ref().unwrap().key.expose(),
                &[],
                ground.clock.now()
            )
            .is_ok()
        );
        assert_eq!(Some(pair.certified.cert[0].clone()), before);
        let kind = Trouble::Unfit.kind().to_owned();
        assert!(
            ground.alarmed().contains(&(kind.clone(), false)),
            "{flaw:?}"
        );

        authority.set(|script| script.flaw = None);
        ground.clock.advance(plan::FIRST_PAUSE * 2);
        ground.acme.look().await;
        assert_ne!(ground.serving(HOST), before, "{flaw:?}");
        assert!(ground.alarmed().contains(&(kind, true)), "{flaw:?}");
    }
}

#[tokio::test]
async fn an_alarm_tells_of_a_certificate_that_ends_soon_and_another_that_it_is_over() {
    let (mut ground, authority, _) = ground(false, "").await;
    ground.acme.look().await;
    authority.set(|script| script.refuse = Some((503, "serverInternal", None)));
    let kind = || Trouble::Ending.kind().to_owned();
    ground.clock.advance(60 * DAY);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (1, 1));
    assert!(
        !ground.alarmed().contains(&(kind(), false)),
        "30 days are left"
    );
    ground.clock.advance(16 * DAY);
    ground.acme.look().await;
    assert!(ground.alarmed().contains(&(kind(), false)));
    authority.set(|script| script.refuse = None);
    ground.clock.advance(DAY);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (2, 2));
    assert!(ground.alarmed().contains(&(kind(), true)));
}

#[tokio::test]
async fn only_names_of_the_configuration_are_ordered_whatever_clients_ask_for() {
    let (mut ground, authority, ca) = ground(false, "").await;
    for name in [
        "other.example.test",
        "evil.test",
        "app.example.test.evil.test",
    ] {
        for offered in [&[&b"http/1.1"[..]][..], &[b"acme-tls/1"], &[]] {
            assert!(ground.hello(name, &ca.pem, offered).await.is_err());
        }
    }
    ground.acme.look().await;
    assert!(
        ground
            .hello("new.example.test", &ca.pem, &[])
            .await
            .is_err()
    );
    ground.acme.look().await;
    let orders = authority.orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(names(&orders[0]), SITES[0]);

    let directory = format!("directory = \"{}\"", authority.directory);
    let wider: &[&[&str]] = &[&[HOST, "www.app.example.test", "new.example.test"]];
    ground.configure(wider, &directory, &ca);
    assert!(
        ground.serving("new.example.test").is_none(),
        "refused until it is there"
    );
    ground.acme.look().await;
    let orders = authority.orders();
    assert_eq!(names(&orders[1]), wider[0], "a new alias is a new order");
    assert!(ground.serving("new.example.test").is_some());

    ground.configure(&[&["else.example.test"]], &directory, &ca);
    ground.clock.advance(80 * DAY);
    ground.acme.look().await;
    let orders = authority.orders();
    assert_eq!(orders.len(), 3);
    assert_eq!(
        names(&orders[2]),
        ["else.example.test"],
        "one that is gone isn't renewed"
    );
}

#[tokio::test]
async fn a_node_that_does_not_lead_orders_nothing_and_takes_what_another_has_ordered() {
    let (mut ground, authority, _) = ground(false, "").await;
    let lease = ground.lease.send_replace(None);
    ground.acme.look().await;
    assert_eq!(authority.orders(), [] as [Value; 0]);
    assert!(
        ground
            .alarmed()
            .contains(&(Trouble::Missing.kind().to_owned(), false))
    );
    ground.lease.send_replace(lease);
    ground.acme.look().await;
    assert!(ground.serving(HOST).is_some());

    // Another process of this node has the lease now: ours is worth nothing.
    ground
        .store()
        .acquire("writer", "test", DAY * 1000)
        .await
        .unwrap();
    let before = ground.serving(HOST);
    ground.clock.advance(60 * DAY);
    ground.acme.look().await;
    assert_eq!(
        ground.serving(HOST),
        before,
        "nothing that isn't kept is served"
    );
}

#[tokio::test]
async fn an_account_that_its_authority_has_forgotten_is_made_anew_and_another_contact_is_told() {
    let (mut ground, authority, ca) = ground(false, "").await;
    ground.acme.look().await;
    let contacts = |authority: &Authority| authority.script.lock().unwrap().contacts.clone();
    assert_eq!(contacts(&authority), [json!(["mailto:ops@example.com"])]);
    authority.set(|script| script.refuse = Some((400, "accountDoesNotExist", None)));
    ground.clock.advance(60 * DAY);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (1, 1));
    authority.set(|script| script.refuse = None);
    ground.clock.advance(plan::FIRST_PAUSE * 2);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (2, 1));
    assert_eq!(contacts(&authority).len(), 2, "it was made again");
    ground.restart();
    ground.clock.advance(60 * DAY);
    ground.acme.look().await;
    assert_eq!(
        (ground.orders(), contacts(&authority).len()),
        ((1, 0), 2),
        "and kept"
    );

    let moved = format!(
        "email = \"new@example.com\"\ndirectory = \"{}\"",
        authority.directory
    );
    ground.configure(SITES, &moved, &ca);
    ground.clock.advance(60 * DAY);
    ground.acme.look().await;
    let new = json!(["mailto:new@example.com"]);
    assert_eq!(contacts(&authority)[2..], [new]);
    ground.acme.look().await;
    assert_eq!((ground.orders(), contacts(&authority).len()), ((2, 0), 3));
}
