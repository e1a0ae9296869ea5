//! At pebble: first certificates, renewals, restarts, accounts made elsewhere, a second
//! authority.

use std::{sync::Arc, time::Duration};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{
    super::plan,
    ground::{Bound, Ca, Ground},
    pebble::Pebble,
};

const SITES: &[&[&str]] = &[
    &["app.example.test", "www.app.example.test"],
    &["id.example.test"],
];

fn first(pebble: &Pebble) -> String {
    format!("directory = \"{}\"", pebble.directory)
}

#[tokio::test]
async fn first_certificates_are_issued_over_the_one_port_and_a_restart_orders_nothing() {
    let (bound, ca) = (Bound::bind(), Arc::new(Ca::make()));
    let pebble = Pebble::start(bound.address, &ca).await;
    let root = pebble.root().await;
    let mut ground = Ground::start(bound, SITES, &first(&pebble), &ca).await;
    let hosts = || SITES.iter().copied().flatten();
    for host in hosts() {
        let refused = ground.visit(host, &root).await;
        assert!(refused.is_err(), "{host}: nothing self-signed");
    }
    ground.acme.look().await;
    assert_eq!(ground.orders(), (2, 0), "one order per site, not per name");
    for host in hosts() {
        ground.visit(host, &root).await.expect(host);
        let after = ground.hello(host, &root, &[b"acme-tls/1"]).await;
        assert!(after.is_err(), "{host}: its challenge is over");
    }
    assert_eq!(ground.publisher.expiries().len(), 2);
    let kinds: Vec<_> = ground.alarmed();
    let missing = "certificate-missing".to_owned();
    assert_eq!(kinds, [(missing.clone(), false), (missing, true)]);
    let seen = pebble.orders();

    ground.restart();
    assert!(ground.visit("app.example.test", &root).await.is_err());
    ground.acme.follow().await;
    ground
        .visit("app.example.test", &root)
        .await
        .expect("from the store");
    ground.acme.look().await;
    assert_eq!((ground.orders(), pebble.orders()), ((0, 0), seen));
}

#[tokio::test]
async fn a_renewed_certificate_is_shown_to_whoever_comes_and_open_connections_stay() {
    let (bound, ca) = (Bound::bind(), Arc::new(Ca::make()));
    let pebble = Pebble::start(bound.address, &ca).await;
    let root = pebble.root().await;
    let mut ground = Ground::start(bound, SITES, &first(&pebble), &ca).await;
    ground.acme.look().await;
    let before = ground.serving("app.example.test").unwrap();
    let mut open = ground.visit("app.example.test", &root).await.unwrap();
    ground.acme.look().await;
    assert_eq!(ground.orders(), (2, 0), "nothing is due");

    let pair = ground.publisher.issued()["app.example.test"].clone();
    let due = plan::renewal(&pair, None);
    ground
        .clock
        .advance(due.since(ground.clock.now()) - Duration::from_secs(1));
    ground.acme.look().await;
    let served = |ground: &Ground| ground.serving("app.example.test").unwrap();
    assert_eq!(served(&ground), before, "a second too early");
    ground.clock.advance(Duration::from_secs(1));
    ground.acme.look().await;
    assert_ne!(served(&ground), before);
    let shown = ground.visit("app.example.test", &root).await.unwrap();
    let chain = shown.get_ref().1.peer_certificates().unwrap();
    assert_eq!(chain[0], served(&ground));

    open.write_all(b"GET /-/ HTTP/1.1\r\nHost: app.example.test\r\nConnection: close\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    open.read_to_end(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "), "it wasn't cut");
}

#[tokio::test]
async fn an_authority_that_wants_an_account_made_elsewhere_gets_it() {
    let (bound, ca) = (Bound::bind(), Arc::new(Ca::make()));
    let pebble = Pebble::with_external_accounts(bound.address, &ca).await;
    let without = first(&pebble);
    let with = format!(
        "{without}\nexternal_account = {{ id = \"kid-1\", hmac_key = {{ file = \"eab-key\" }} }}"
    );
    let mut ground = Ground::start(bound, &SITES[1..], &without, &ca).await;
    ground.acme.look().await;
    assert_eq!(ground.orders(), (0, 1), "it is refused without");
    let failures = ground.store().acme_failures().await.unwrap();
    assert!(
        failures[0].error.contains("externalAccountRequired"),
        "{failures:?}"
    );

    ground.configure(&SITES[1..], &with, &ca);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (0, 1), "not before the pause is over");
    ground.clock.advance(plan::FIRST_PAUSE * 2);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (1, 1));
}

#[tokio::test]
async fn the_second_authority_is_asked_after_the_first_has_failed_three_times() {
    let (bound, elsewhere) = (Bound::bind(), Bound::bind());
    let ca = Arc::new(Ca::make());
    // It looks for the challenge where nobody answers it.
    let broken = Pebble::start(elsewhere.address, &ca).await;
    let good = Pebble::start(bound.address, &ca).await;
    drop(elsewhere);
    let acme = format!(
        "{}\n[acme.fallback]\ndirectory = \"{}\"",
        first(&broken),
        good.directory
    );
    let mut ground = Ground::start(bound, &SITES[1..], &acme, &ca).await;
    for failed in 1..=3 {
        ground.acme.look().await;
        assert_eq!(ground.orders(), (0, failed));
        ground.acme.look().await;
        assert_eq!(ground.orders(), (0, failed), "not without a pause");
        ground.clock.advance(plan::LONGEST_PAUSE);
        if failed == 2 {
            ground.restart();
            ground.acme.follow().await;
            ground.acme.look().await;
            assert_eq!(ground.orders(), (0, 1), "a restart doesn't begin anew");
            let failures = ground.store().acme_failures().await.unwrap();
            assert_eq!(failures[0].failures, 3);
            assert!(
                failures[0].error.contains("id.example.test"),
                "{failures:?}"
            );
            ground.clock.advance(plan::LONGEST_PAUSE);
            break;
        }
    }
    assert_eq!(good.orders(), 0);
    ground.acme.look().await;
    assert_eq!(ground.orders(), (1, 1));
    let root = good.root().await;
    ground
        .visit("id.example.test", &root)
        .await
        .expect("of the second");
    assert!(ground.store().acme_failures().await.unwrap().is_empty());
}
