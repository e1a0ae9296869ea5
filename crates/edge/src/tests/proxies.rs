//! Who the client is: said by a trusted proxy, believed of nobody else.

use std::net::IpAddr;

use guards::network::{Network, Networks};
use seam::record::Outcome;

use super::{
    harness::Harness,
    wire::{Application, End, OK},
};

const GET: &str = "GET / HTTP/1.1\r\nHost: app.test\r\n\r\n";
const LINE: &[u8] = b"PROXY TCP4 198.51.100.7 203.0.113.9 4660 443\r\n";
/// Version 2, with a field behind the addresses.
const BINARY: &[u8] =
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\xc6\x33\x64\x07\xcb\0\x71\x09\x12\x34\x01\xbb\x04\0\x02ab";

fn trusting(app: &Application, ranges: &[&str]) -> Harness {
    let ranges = ranges.iter().map(|text| Network::parse(text).unwrap());
    Harness::with(app.address, |setting| {
        setting.trusted_proxies = Networks::new(ranges);
    })
}

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().unwrap())
}

#[tokio::test]
async fn a_trusted_proxy_says_whose_connection_it_is() {
    let app = Application::start().await;
    let mut harness = trusting(&app, &["127.0.0.0/8"]);
    let (first, rest) = LINE.split_at(9);
    for header in [&[LINE][..], &[BINARY], &[first, rest]] {
        let mut client = harness.http1_behind(header).await.unwrap();
        client.say(GET).await;
        let (mut peer, head) = app.asked().await;
        assert!(
            head.contains("\r\nx-forwarded-for: 198.51.100.7\r\n"),
            "{head}"
        );
        assert!(head.contains("\r\nforwarded: for=198.51.100.7;"), "{head}");
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        assert_eq!(harness.record().await.client, address("198.51.100.7"));
    }
}

#[tokio::test]
async fn a_proxy_that_speaks_for_itself_is_the_client() {
    let app = Application::start().await;
    let mut harness = trusting(&app, &["127.0.0.1"]);
    let local = b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0";
    for header in [&b"PROXY UNKNOWN\r\n"[..], local, b""] {
        let mut client = harness.http1_behind(&[header]).await.unwrap();
        client
            .say("GET /-/security HTTP/1.1\r\nHost: app.test\r\n\r\n")
            .await;
        assert_eq!(client.answer().await.status, 200);
        assert_eq!(harness.record().await.client, address("127.0.0.1"));
    }
}

#[tokio::test]
async fn a_header_that_nobody_may_send_or_that_is_none_ends_the_connection() {
    let app = Application::start().await;
    let harness = trusting(&app, &["192.0.2.1"]);
    for header in [LINE, BINARY] {
        assert!(harness.http1_behind(&[header]).await.is_err());
    }
    // The client may see the end before the worker has counted it.
    let counters = harness.counters.clone();
    assert!(harness.has_no_more_records().await);
    assert_eq!(counters.handshakes_failed.get(), 2);

    let harness = trusting(&app, &["127.0.0.1"]);
    let mut huge = BINARY.to_vec();
    huge[14..16].copy_from_slice(&[0xff, 0xff]);
    for header in [&b"PROXY TCP4 198.51.100.7\r\n"[..], &huge] {
        assert!(harness.http1_behind(&[header]).await.is_err());
    }
    // And it serves on.
    assert!(harness.http1_behind(&[LINE]).await.is_ok());
    let counters = harness.counters.clone();
    harness.has_no_more_records().await;
    assert_eq!(counters.connections_refused.get(), 2);
}

#[tokio::test]
async fn a_trusted_proxy_names_the_client_of_each_request() {
    let app = Application::start().await;
    let mut harness = trusting(&app, &["127.0.0.1", "10.0.0.0/8"]);
    let mut client = harness.http1().await;
    for (fields, expected) in [
        (
            "X-Forwarded-For: 6.6.6.6, 198.51.100.7, 10.1.1.1",
            "198.51.100.7",
        ),
        ("x-forwarded-for: 198.51.100.8", "198.51.100.8"),
        (
            "Forwarded: for=\"[2001:db8::7]:4711\";proto=https",
            "2001:db8::7",
        ),
        ("X-Forwarded-For: ::ffff:198.51.100.9", "198.51.100.9"),
        ("X_Forwarded_For: 6.6.6.6", "127.0.0.1"),
        ("X-Forwarded-For: unknown", "127.0.0.1"),
    ] {
        client
            .say(format!(
                "GET / HTTP/1.1\r\nHost: app.test\r\n{fields}\r\n\r\n"
            ))
            .await;
        let (mut peer, head) = app.asked().await;
        assert!(
            head.contains(&format!("\r\nx-forwarded-for: {expected}\r\n")),
            "{head}"
        );
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        assert_eq!(harness.record().await.client, address(expected));
    }
}

#[tokio::test]
async fn what_a_client_says_of_itself_is_not_believed() {
    let app = Application::start().await;
    let asked = "GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 6.6.6.6\r\nForwarded: for=7.7.7.7\r\n\r\n";
    // No proxy is trusted; and a client behind one that passes bytes on unread.
    let mut direct = trusting(&app, &["192.0.2.1"]);
    let mut behind = trusting(&app, &["127.0.0.1"]);
    let client = direct.http1().await;
    let proxied = behind.http1_behind(&[LINE]).await.unwrap();
    for (harness, mut client, expected) in [
        (&mut direct, client, "127.0.0.1"),
        (&mut behind, proxied, "198.51.100.7"),
    ] {
        client.say(asked).await;
        let (mut peer, head) = app.asked().await;
        assert!(
            head.contains(&format!("\r\nx-forwarded-for: {expected}\r\n")),
            "{head}"
        );
        assert!(
            !head.contains("6.6.6.6") && !head.contains("7.7.7.7"),
            "{head}"
        );
        peer.say(OK).await;
        assert_eq!(client.answer().await.status, 200);
        assert_eq!(harness.record().await.client, address(expected));
    }
}

#[tokio::test]
async fn whom_a_proxy_announces_without_an_address_names_nobody_either() {
    let app = Application::start().await;
    let mut harness = trusting(&app, &["127.0.0.1"]);
    let mut client = harness.http1_behind(&[b"PROXY UNKNOWN\r\n"]).await.unwrap();
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n")
        .await;
    let (mut peer, head) = app.asked().await;
    assert!(
        head.contains("\r\nx-forwarded-for: 127.0.0.1\r\n"),
        "{head}"
    );
    peer.say(OK).await;
    assert_eq!(client.answer().await.status, 200);
    assert_eq!(harness.record().await.client, address("127.0.0.1"));
}

#[tokio::test]
async fn two_fields_that_name_different_clients_are_refused() {
    let app = Application::start().await;
    let mut harness = trusting(&app, &["127.0.0.1"]);
    let mut client = harness.http1().await;
    client
        .say("GET / HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 198.51.100.7\r\nForwarded: for=6.6.6.6\r\n\r\n")
        .await;
    let answer = client.answer().await;
    assert_eq!(answer.status, 400);
    answer.assert_hardened();
    let outcome = harness.record().await.outcome;
    assert_eq!(outcome, Outcome::Refused("forwarded-fields-disagree"));
}

#[tokio::test]
async fn one_client_has_so_many_connections_and_its_neighbour_as_many() {
    let app = Application::start().await;
    let harness = Harness::with(app.address, |setting| {
        setting.limits.connections_per_client = 2;
        setting.trusted_proxies = Networks::new([Network::parse("127.0.0.1").unwrap()]);
    });
    let neighbour: &[u8] = b"PROXY TCP4 198.51.100.8 203.0.113.9 4660 443\r\n";
    let mut first = harness.http1_behind(&[LINE]).await.unwrap();
    let second = harness.http1_behind(&[LINE]).await.unwrap();
    assert!(harness.http1_behind(&[LINE]).await.is_err());
    assert_eq!(harness.counters.connections_refused.get(), 1);
    let another = harness.http1_behind(&[neighbour]).await.unwrap();
    // The proxy itself speaks for all its clients.
    let own = [
        harness.http1().await,
        harness.http1().await,
        harness.http1().await,
    ];
    // One that ends makes room.
    first
        .say("GET /-/security HTTP/1.1\r\nHost: app.test\r\nConnection: close\r\n\r\n")
        .await;
    assert_eq!(first.answer().await.status, 200);
    assert_eq!(first.end().await, (Vec::new(), End::Clean));
    drop(first);
    let open = 2 + own.len();
    while harness.counters.connections.get() > u64::try_from(open).unwrap() {
        tokio::task::yield_now().await;
    }
    assert!(harness.http1_behind(&[LINE]).await.is_ok());
    drop((second, another, own));
}
