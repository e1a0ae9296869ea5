//! Promise `block`: who is refused by address, where and how.

use std::{net::IpAddr, sync::Arc, time::Duration};

use guards::{
    block::{Action, Entry, File, Lists, Set, Temporary},
    network::{Network, Networks},
    strike::{Strike, sought},
};
use seam::{Credential, record::Outcome, sessions::of_ada};

use super::{
    harness::Harness,
    sessions::{COOKIE, SECRET, sign_in},
    wire::{Application, OK},
};

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const LISTED: &[u8] = b"PROXY TCP4 198.51.100.7 203.0.113.9 4660 443\r\n";
const TWIN: &[u8] = b"PROXY TCP4 198.51.100.8 203.0.113.9 4660 443\r\n";

/// What is listed, and what becomes of it.
#[derive(Default)]
struct Listing<'a> {
    allow: &'a [&'a str],
    deny: &'a [&'a str],
    file: &'a [&'a str],
    drop: bool,
    observe: bool,
}

impl Listing<'_> {
    fn set(&self) -> Set {
        let read =
            |texts: &[&str]| -> Vec<_> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let entries = read(self.file).into_iter().zip(1..);
        let file = File {
            name: "feed".to_owned(),
            entries: entries
                .map(|(range, number)| Entry { range, number })
                .collect(),
        };
        let lists = Lists::new(&read(self.allow), &read(self.deny), &[file], false).unwrap();
        let action = if self.drop {
            Action::Drop
        } else {
            Action::Refuse
        };
        Set::new(Arc::new(lists), action, self.observe)
    }

    fn harness(&self, app: &Application, proxies: &[&str]) -> Harness {
        let proxies = proxies.iter().map(|text| Network::parse(text).unwrap());
        Harness::with(app.address, |setting| {
            setting.trusted_proxies = Networks::new(proxies);
            setting.block = self.set();
        })
    }
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn a_listed_client_is_refused_on_every_site_and_own_pages_and_its_neighbour_is_not() {
    let app = Application::start().await;
    let listing = Listing {
        deny: &["203.0.113.0/24", "198.51.100.7"],
        ..Listing::default()
    };
    let mut harness = listing.harness(&app, &["127.0.0.1"]);
    for (host, path) in [
        ("app.test", "/"),
        ("alias.test", "/private"),
        ("app.test", "/-/security"),
        ("app.test", "/-/nothing"),
    ] {
        let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
        client
            .say(format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/html\r\nAccept-Language: nl\r\n\r\n"))
            .await;
        let answer = client.answer().await;
        assert_eq!(answer.status, 403, "{host}{path}");
        let record = harness.record().await;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(body, format!("<p lang=nl>blocked {}</p>", record.id));
        assert_eq!(record.outcome, Outcome::Refused("block-deny"));
        // Where no address is recorded, neither is a rule that may be one.
        let rule = if path == "/private" { "" } else { "deny:2" };
        assert_eq!(record.rule, rule, "{path}");
    }
    assert_eq!(harness.counters.block_refused.get(), 4);
    let mut client = harness.http1_behind(&[TWIN]).await.unwrap();
    client.say(GET).await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(harness.record().await.rule, "");
}

#[tokio::test]
async fn a_socket_a_method_or_a_question_of_another_proxy_is_no_way_round() {
    let app = Application::start().await;
    let listing = Listing {
        deny: &["198.51.100.7"],
        ..Listing::default()
    };
    let mut harness = listing.harness(&app, &["127.0.0.1"]);
    for request in [
        "GET /ws HTTP/1.1\r\nHost: app.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        "TRACE / HTTP/1.1\r\nHost: app.test\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: app.test\r\nContent-Length: 0\r\n\r\n",
    ] {
        let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
        client.say(request).await;
        assert_eq!(client.answer().await.status, 403, "{request}");
        assert_eq!(
            harness.record().await.outcome,
            Outcome::Refused("block-deny")
        );
    }
    // A proxy that asks whether its client may.
    let mut client = harness.http1().await;
    for (named, status) in [("198.51.100.8", 200), ("198.51.100.7", 403)] {
        client
            .say(format!("GET /-/auth HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: {named}\r\nX-Original-URL: https://app.test/\r\nX-Original-Method: GET\r\n\r\n"))
            .await;
        assert_eq!(client.answer().await.status, status, "{named}");
        harness.record().await;
    }
}

#[tokio::test]
async fn behind_a_proxy_each_request_is_judged_by_its_own_client_and_the_proxy_never_is() {
    let app = Application::start().await;
    // The proxy is listed itself.
    let listing = Listing {
        deny: &["198.51.100.7", "127.0.0.0/8", "2001:db8::/64"],
        drop: true,
        ..Listing::default()
    };
    let mut harness = listing.harness(&app, &["127.0.0.1"]);
    let mut client = harness.http1().await;
    for (named, status) in [
        ("198.51.100.8", 200),
        ("198.51.100.7", 403),
        ("6.6.6.6, 198.51.100.7", 403),
        ("198.51.100.7, 198.51.100.8", 200),
        ("::ffff:198.51.100.7", 403),
        ("64:ff9b::198.51.100.7", 403),
        ("198.51.100.7:4711", 403),
        ("[2001:db8::7]:4711", 403),
        ("2001:db8:0:1::7", 200),
        ("unknown", 200),
    ] {
        client
            .say(format!(
                "GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: {named}\r\n\r\n"
            ))
            .await;
        if status == 200 {
            let (mut peer, _) = app.asked().await;
            peer.say(OK).await;
        }
        assert_eq!(client.answer().await.status, status, "{named}");
        harness.record().await;
        if status != 200 {
            client = harness.http1().await;
        }
    }
}

#[tokio::test]
async fn what_is_dropped_never_gets_to_a_handshake() {
    let app = Application::start().await;
    let listing = Listing {
        deny: &["198.51.100.7"],
        drop: true,
        ..Listing::default()
    };
    let harness = listing.harness(&app, &["127.0.0.1"]);
    assert!(harness.http1_behind(&[LISTED]).await.is_err());
    assert!(harness.http1_behind(&[TWIN]).await.is_ok());
    let direct = Listing {
        deny: &["127.0.0.1"],
        drop: true,
        ..Listing::default()
    }
    .harness(&app, &[]);
    assert!(direct.http1_behind(&[]).await.is_err());
    for harness in [harness, direct] {
        let counters = harness.counters.clone();
        assert!(harness.has_no_more_records().await);
        assert_eq!(counters.block_dropped.get(), 1);
        assert_eq!(counters.handshakes_failed.get(), 0);
    }
}

#[tokio::test]
async fn who_is_only_observed_is_served_counted_and_recorded_with_the_rule() {
    let app = Application::start().await;
    let listing = Listing {
        file: &["198.51.100.0/24"],
        drop: true,
        observe: true,
        ..Listing::default()
    };
    let mut harness = listing.harness(&app, &["127.0.0.1"]);
    let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
    client.say(GET).await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
    let record = harness.record().await;
    assert_eq!((record.outcome, &*record.rule), (Outcome::Served, "feed:1"));
    assert_eq!(record.client, address("198.51.100.7"));
    assert_eq!(harness.counters.block_observed.get(), 1);
    assert_eq!(harness.counters.block_refused.get(), 0);
}

#[tokio::test]
async fn whoever_is_signed_in_is_not_refused_on_suspicion_and_is_by_the_owners_own_entry() {
    let app = Application::start().await;
    let listing = Listing {
        deny: &["198.51.100.8"],
        file: &["198.51.100.0/24"],
        ..Listing::default()
    };
    let mut harness = listing.harness(&app, &["127.0.0.1"]);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    for (from, cookie, refused) in [
        (LISTED, COOKIE, None),
        (LISTED, "", Some("block-file")),
        (LISTED, "Cookie: a=1\r\n", Some("block-file")),
        // As narrow or not, the own entry is the one that counts.
        (TWIN, COOKIE, Some("block-deny")),
    ] {
        let mut client = harness.http1_behind(&[from]).await.unwrap();
        client
            .say(format!("GET / HTTP/1.1\r\nHost: app.test\r\n{cookie}\r\n"))
            .await;
        let outcome = match refused {
            Some(reason) => Outcome::Refused(reason),
            None => {
                let (mut peer, _) = app.asked().await;
                peer.say(OK).await;
                Outcome::Served
            }
        };
        client.answer().await;
        let record = harness.record().await;
        assert_eq!(record.outcome, outcome, "{cookie}");
        assert!(!record.rule.is_empty(), "the record names the rule");
    }
    assert_eq!(harness.counters.block_observed.get(), 1);
}

#[tokio::test]
async fn a_ban_says_until_when_drops_nobody_and_lets_in_whoever_is_signed_in() {
    let app = Application::start().await;
    let entry = |range: &str, number, learned| Temporary {
        range: range.parse().unwrap(),
        number,
        until: 1_796_101_620_000_000,
        learned,
    };
    let listing = Listing {
        drop: true,
        ..Listing::default()
    };
    let entries = [
        entry("198.51.100.7", 41, true),
        entry("198.51.100.9", 42, false),
    ];
    let mut harness = Harness::with(app.address, |setting| {
        setting.trusted_proxies = Networks::new([Network::parse("127.0.0.1").unwrap()]);
        setting.block = listing.set().with_temporary(&entries);
    });
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    for (fields, before, after) in [
        (
            "Accept: text/html\r\n",
            "until 2026-12-01 05:07 UTC<p lang=en>banned ",
            "</p>",
        ),
        ("", "until 2026-12-01T05:07:00Z{", "\"}"),
    ] {
        let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
        client
            .say(format!("GET / HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n"))
            .await;
        let answer = client.answer().await;
        let body = String::from_utf8_lossy(&answer.body).into_owned();
        assert_eq!(answer.status, 403);
        assert!(body.starts_with(before) && body.ends_with(after), "{body}");
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::Refused("block-ban"));
        assert_eq!((&*record.rule, record.strike), ("ban:41", None));
    }
    let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
    client
        .say(format!("GET / HTTP/1.1\r\nHost: app.test\r\n{COOKIE}\r\n"))
        .await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
    harness.record().await;
    // What a person refuses is dropped.
    let other: &[u8] = b"PROXY TCP4 198.51.100.9 203.0.113.9 4660 443\r\n";
    assert!(harness.http1_behind(&[other]).await.is_err());
}

#[tokio::test]
async fn what_attackers_look_for_is_a_strike_where_it_is_not_there_and_nobody_is_known() {
    const FOUND: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    const ELSEWHERE: &str = "Sec-Fetch-Site: cross-site\r\n";
    const GONE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n";
    let app = Application::start().await;
    let mut harness = Listing::default().harness(&app, &["127.0.0.1"]);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    let strike = Strike::Sought(sought("/.env").unwrap());
    for (path, cookie, said, expected) in [
        ("/.env", "", GONE, Some(strike)),
        ("/.env", ELSEWHERE, GONE, None),
        ("/.ENV?x=1", "", GONE, Some(strike)),
        ("/.env", "", FOUND, None),
        ("/.env", COOKIE, GONE, None),
        ("/robots.txt", "", GONE, None),
    ] {
        let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
        client
            .say(format!(
                "GET {path} HTTP/1.1\r\nHost: app.test\r\n{cookie}\r\n"
            ))
            .await;
        let (mut peer, _) = app.asked().await;
        peer.say(said).await;
        client.answer().await;
        let expected = expected.map(|strike| (address("198.51.100.7").unwrap(), strike));
        assert_eq!(harness.record().await.strike, expected, "{path} {cookie}");
    }
}

#[tokio::test]
async fn a_list_that_changes_counts_for_the_next_request_of_an_open_connection() {
    let app = Application::start().await;
    let mut harness = Listing::default().harness(&app, &["127.0.0.1"]);
    let mut client = harness.http1_behind(&[LISTED]).await.unwrap();
    let mut later = harness.http1_behind(&[LISTED]).await.unwrap();
    let mut served = async |harness: &mut Harness| {
        client.say(GET).await;
        let (mut peer, _) = app.asked().await;
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        harness.record().await;
    };
    served(&mut harness).await;
    let put = |harness: &Harness, set: Set| {
        let mut next = harness.snapshot();
        next.block = set;
        harness.cell.swap(next);
    };
    // An administrator shuts himself out, and comes back with one line.
    let shut = Listing {
        deny: &["198.51.100.0/24"],
        ..Listing::default()
    };
    put(&harness, shut.set());
    client.say(GET).await;
    assert_eq!(client.answer().await.status, 403);
    harness.record().await;
    let back = Listing {
        allow: &["198.51.100.7"],
        ..shut
    };
    put(&harness, back.set());
    later.say(GET).await;
    let (mut peer, _) = app.asked().await;
    peer.say(OK).await;
    assert_eq!(later.answer().await.status, 200);
    harness.drain(Duration::ZERO).await;
}
