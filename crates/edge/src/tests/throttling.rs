//! Promise `throttle`: who has to wait, where and how long.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use guards::{
    network::{Network, Networks},
    throttle::{Pace, Throttle},
};
use seam::{
    Credential,
    record::Outcome,
    sessions::{Person, of_ada},
};

use super::{
    harness::Harness,
    sessions::{COOKIE, SECRET, sign_in},
    wire::{Answer, Application, OK},
};

/// A request an hour, so that none comes back while a test runs; of each class another
/// burst.
const BURSTS: [u32; 4] = [3, 4, 2, 1];

fn paces() -> [Pace; 4] {
    let one = NonZeroU32::MIN;
    BURSTS.map(|burst| {
        let burst = NonZeroU32::new(burst).unwrap();
        Pace::new(one, Duration::from_hours(1), burst).unwrap()
    })
}

fn networks(texts: &[&str]) -> Networks {
    Networks::new(texts.iter().map(|text| Network::parse(text).unwrap()))
}

async fn harness(exempt: &[&str], observe: bool) -> Harness {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.trusted_proxies = networks(&["127.0.0.1"]);
        setting.throttle = Throttle::new(paces(), networks(exempt), observe);
    });
    app.always(OK);
    harness
}

/// One request of a client that a trusted proxy names, on a connection of its own.
async fn ask(harness: &Harness, from: &str, what: &str, fields: &str) -> Answer {
    ask_of(harness, "app.test", from, what, fields).await
}

async fn ask_of(harness: &Harness, host: &str, from: &str, what: &str, fields: &str) -> Answer {
    let mut client = harness.try_http1(host).await.expect("a handshake");
    client.say(request(host, from, what, fields)).await;
    client.answer().await
}

fn request(host: &str, from: &str, what: &str, fields: &str) -> String {
    let named = if from.is_empty() {
        String::new()
    } else {
        format!("X-Forwarded-For: {from}\r\n")
    };
    format!("{what} HTTP/1.1\r\nHost: {host}\r\n{named}{fields}\r\n")
}

/// How many of ten such requests are let in before one gets 429.
async fn burst(harness: &Harness, from: &str, what: &str, fields: &str) -> usize {
    for admitted in 0..10 {
        if ask(harness, from, what, fields).await.status == 429 {
            return admitted;
        }
    }
    10
}

#[tokio::test]
async fn beyond_its_pace_a_client_is_told_to_wait_and_its_neighbour_is_not() {
    let mut harness = harness(&[], false).await;
    for count in 0..3 {
        let path = ["/", "/a", "/?b"][count];
        let answer = ask(&harness, "198.51.100.7", &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.field("ratelimit"), None, "people don't read it");
        harness.record().await;
    }
    for path in ["/", "/-/security", "/elsewhere"] {
        let fields = "Accept: text/html\r\nAccept-Language: nl\r\n";
        let answer = ask(&harness, "198.51.100.7", &format!("GET {path}"), fields).await;
        assert_eq!(answer.status, 429, "{path}");
        answer.assert_hardened();
        let wait: u32 = answer.field("retry-after").unwrap().parse().unwrap();
        assert!((3500..=3600).contains(&wait), "{wait}");
        assert_eq!(
            answer.field("ratelimit-policy"),
            Some("\"pages\";q=3;w=10800")
        );
        let left = format!("\"pages\";r=0;t={wait}");
        assert_eq!(answer.field("ratelimit"), Some(&*left));
        assert_eq!(answer.field("cache-control"), Some("no-store"));
        let record = harness.record().await;
        let body = format!("<p lang=nl>too-many-requests {}</p>", record.id);
        assert_eq!(answer.text(), body);
        assert_eq!(record.outcome, Outcome::Refused("throttled"));
        assert_eq!(record.rule, "pages:address");
    }
    assert_eq!(harness.counters.throttle_refused[0].get(), 3);
    // Another site, another class, another client: each has an account of its own.
    for status in [200, 200, 200, 429] {
        let answer = ask_of(&harness, "other.test", "198.51.100.7", "GET /", "").await;
        assert_eq!(answer.status, status);
    }
    assert_eq!(burst(&harness, "198.51.100.7", "GET /api/x", "").await, 4);
    assert_eq!(burst(&harness, "198.51.100.7", "GET /free", "").await, 10);
    assert_eq!(burst(&harness, "198.51.100.8", "GET /", "").await, 3);
}

#[tokio::test]
async fn an_address_is_one_client_however_it_is_named_and_a_64_is_one() {
    let harness = harness(&[], false).await;
    assert_eq!(burst(&harness, "192.0.2.9", "GET /", "").await, 3);
    for same in [
        "192.0.2.9:4711",
        "::ffff:192.0.2.9",
        "64:ff9b::192.0.2.9",
        "\"192.0.2.9\"",
    ] {
        let answer = ask(&harness, same, "GET /", "").await;
        // What isn't understood is the proxy's own request.
        let expected = if same.starts_with('"') { 200 } else { 429 };
        assert_eq!(answer.status, expected, "{same}");
    }
    assert_eq!(burst(&harness, "2001:db8:0:7::1", "GET /", "").await, 3);
    assert_eq!(
        burst(&harness, "[2001:db8:0:7:ffff::2]:99", "GET /", "").await,
        0
    );
    assert_eq!(burst(&harness, "2001:db8:0:8::1", "GET /", "").await, 3);
}

#[tokio::test]
async fn people_behind_one_address_who_are_signed_in_have_each_their_own_account() {
    let harness = harness(&[], false).await;
    let office = "198.51.100.7";
    // Whoever isn't signed in has used up what the address has.
    assert_eq!(burst(&harness, office, "GET /", "").await, 3);
    sign_in(&harness, SECRET, of_ada(Credential::Cookie, &["app.test"]));
    assert_eq!(burst(&harness, office, "GET /", COOKIE).await, 3);
    // The same account from elsewhere is the same client.
    assert_eq!(burst(&harness, "203.0.113.1", "GET /", COOKIE).await, 0);
    let other = "B".repeat(43);
    let mut bob = of_ada(Credential::Cookie, &["app.test"]);
    bob.person = Arc::new(Person {
        account: "another".into(),
        name: "bob".into(),
        display: "Bob".into(),
        email: "".into(),
        groups: "".into(),
    });
    sign_in(&harness, &other, bob);
    let cookie = format!("Cookie: __Host-Http-waarborg={other}\r\n");
    assert_eq!(burst(&harness, office, "GET /", &cookie).await, 3);
}

#[tokio::test]
async fn a_token_has_its_own_account_and_one_that_is_guessed_is_an_attempt_to_get_in() {
    let mut harness = harness(&[], false).await;
    let secret = format!("wb_{}", "C".repeat(43));
    sign_in(&harness, &secret, of_ada(Credential::Bearer, &["app.test"]));
    let fields = format!("Authorization: Bearer {secret}\r\n");
    let office = "198.51.100.7";
    assert_eq!(burst(&harness, office, "GET /bearer", &fields).await, 3);
    assert_eq!(
        burst(&harness, "198.51.100.8", "GET /bearer", &fields).await,
        0
    );
    for guess in ["D", "E"] {
        let fields = format!("Authorization: Bearer wb_{}\r\n", guess.repeat(43));
        assert_eq!(
            ask(&harness, office, "GET /bearer", &fields).await.status,
            401
        );
    }
    let fields = format!("Authorization: Bearer wb_{}\r\n", "F".repeat(43));
    let answer = ask(&harness, office, "GET /bearer", &fields).await;
    assert_eq!(answer.status, 429);
    let mut rules = Vec::new();
    for _ in 0..8 {
        rules.push(harness.record().await.rule);
    }
    assert!(rules.contains(&"pages:token".to_owned()), "{rules:?}");
    assert!(rules.contains(&"sign-in:address".to_owned()), "{rules:?}");
    // The address itself may still ask for pages.
    assert_eq!(burst(&harness, office, "GET /", "").await, 3);
}

#[tokio::test]
async fn what_strangers_send_to_own_pages_is_an_attempt_to_get_in() {
    let harness = harness(&[], false).await;
    let post = "POST /-/sign-in";
    let fields = "Content-Length: 0\r\n";
    // Refused for another reason, and counted all the same.
    for _ in 0..2 {
        assert_eq!(
            ask(&harness, "198.51.100.7", post, fields).await.status,
            403
        );
    }
    let answer = ask(&harness, "198.51.100.7", post, fields).await;
    assert_eq!(answer.status, 429);
    assert_eq!(
        answer.field("ratelimit-policy"),
        Some("\"sign-in\";q=2;w=7200")
    );
    assert_eq!(harness.counters.throttle_refused[2].get(), 1);
    assert_eq!(
        burst(&harness, "198.51.100.7", "GET /-/security", "").await,
        3
    );
    assert_eq!(
        ask(&harness, "198.51.100.8", post, fields).await.status,
        403
    );
}

#[tokio::test]
async fn programs_are_told_what_is_left_unless_the_application_says_so_itself() {
    let harness = harness(&[], false).await;
    for remaining in (0..4).rev() {
        let answer = ask(&harness, "198.51.100.7", "GET /api", "").await;
        assert_eq!(answer.status, 200);
        assert_eq!(
            answer.field("ratelimit-policy"),
            Some("\"api\";q=4;w=14400")
        );
        let left = answer.field("ratelimit").unwrap();
        assert!(
            left.starts_with(&format!("\"api\";r={remaining};t=")),
            "{left}"
        );
    }
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.throttle = Throttle::new(paces(), Networks::default(), false);
    });
    app.always(b"HTTP/1.1 200 OK\r\nRateLimit: \"own\";r=1;t=2\r\nContent-Length: 2\r\n\r\nok");
    let answer = ask(&harness, "", "GET /api", "").await;
    assert_eq!(answer.field("ratelimit"), Some("\"own\";r=1;t=2"));
    assert_eq!(answer.field("ratelimit-policy"), None);
}

#[tokio::test]
async fn who_is_only_observed_exempt_or_a_proxy_is_served() {
    let mut harness = harness(&[], true).await;
    assert_eq!(burst(&harness, "198.51.100.7", "GET /", "").await, 10);
    for count in 0..10 {
        let record = harness.record().await;
        assert_eq!(record.outcome, Outcome::Served);
        let rule = if count < 3 { "" } else { "pages:address" };
        assert_eq!(record.rule, rule);
    }
    assert_eq!(harness.counters.throttle_observed[0].get(), 7);
    assert_eq!(harness.counters.throttle_refused[0].get(), 0);

    let harness = self::harness(&["198.51.100.0/24"], false).await;
    assert_eq!(burst(&harness, "198.51.100.7", "GET /", "").await, 10);
    assert_eq!(burst(&harness, "203.0.113.7", "GET /", "").await, 3);
    // The proxy's own health checks name nobody.
    assert_eq!(burst(&harness, "", "GET /", "").await, 10);
}

#[tokio::test]
async fn no_spelling_of_a_path_leads_to_another_pace() {
    let harness = harness(&[], false).await;
    for path in ["/%61pi", "/x/../api", "//api", "/API", "/fre%65/.."] {
        let answer = ask(&harness, "198.51.100.7", &format!("GET {path}"), "").await;
        assert_eq!(answer.status, 400, "{path}");
    }
}

#[tokio::test]
async fn a_pace_that_changes_counts_for_the_next_request() {
    let harness = harness(&[], false).await;
    // Made before the swap, which brings another certificate.
    let mut later = harness.http1().await;
    assert_eq!(burst(&harness, "198.51.100.7", "GET /", "").await, 3);
    let mut next = harness.snapshot();
    next.throttle = Throttle::default();
    harness.cell.swap(next);
    for _ in 0..4 {
        later
            .say(request("app.test", "198.51.100.7", "GET /", ""))
            .await;
        assert_eq!(later.answer().await.status, 200);
    }
}
