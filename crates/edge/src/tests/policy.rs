//! What all our policy costs per request, in-process: from a parsed head to what is to be
//! done with it and the bytes for the application, and from the application's head to a
//! hardened answer and its record. `cargo xtask bench` runs this in release and keeps the
//! figure; the tests don't, since no test depends on speed.

use std::{hint::black_box, net::Ipv4Addr, sync::Arc};

use guards::{
    block::{Action, Entry, File, IpRange, Lists, Set},
    network::Networks,
    throttle::Throttle,
};
use h1::{AnswerHead, Asked, RequestHead};
use rustls::RootCertStore;
use seam::{
    Counters, Sessions, SnapshotCell,
    record::Outcome,
    snapshot::{Balance, Compression, Limits, Place, Protocol},
};
use terms::{AddressKeeping, ClientAddr, Clock, Rng};
use tokio::task::LocalSet;

use super::harness::{Setting, arrivals, snapshot};
use crate::{
    Crowd, Listeners, Parts, Tickets,
    accept::Speaker,
    filters::Change,
    handshake::Facts,
    harden::{finish_http1, harden},
    read::Request,
    record::{Notes, Tally, record},
    serve::{Answer, Plan},
    steps::decide,
    worker::assemble,
};

const REQUEST: &[u8] = b"GET /customers/17?tab=notes HTTP/1.1\r\n\
    Host: app.test\r\n\
    User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\n\
    Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8\r\n\
    Accept-Language: nl,en;q=0.5\r\n\
    Accept-Encoding: gzip, deflate, br, zstd\r\n\
    Cookie: session=0123456789abcdef\r\n\
    Sec-Fetch-Dest: document\r\n\
    Sec-Fetch-Mode: navigate\r\n\
    Sec-Fetch-Site: same-origin\r\n\r\n";

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\n\
    Server: gunicorn\r\n\
    Date: Tue, 24 Nov 2026 08:00:00 GMT\r\n\
    Content-Type: text/html; charset=utf-8\r\n\
    Content-Length: 1024\r\n\
    Cache-Control: no-store\r\n\
    Vary: Cookie\r\n\r\n";

/// Requests per round, and rounds: the best of them is what it costs undisturbed.
const REQUESTS: u32 = 20_000;
const ROUNDS: u32 = 25;

#[test]
#[ignore = "a measurement: cargo xtask bench"]
fn policy_per_request() {
    println!("policy_ns_per_request {:.0}", cost(Set::default()));
    let (lists, began) = (listed(), Clock::System.moment());
    let most = lists.refusing();
    let set = Set::new(lists.into(), Action::Refuse, false);
    println!("policy_block_ns_per_request {:.0}", cost(set));
    let took = Clock::System.moment().since(began);
    println!("with {most} ranges, measured in {} s", took.as_secs());
}

/// A range of 64 addresses in each of a million blocks of 4,096.
fn listed() -> Lists {
    let ranges = (0..1_000_000_u32).map(|block| {
        let first = Ipv4Addr::from(block.wrapping_mul(4096).wrapping_add(1 << 24));
        IpRange::from_prefix(first.into(), 26).unwrap()
    });
    let entries = ranges.zip(1..);
    let file = File {
        name: "feed".to_owned(),
        entries: entries
            .map(|(range, number)| Entry { range, number })
            .collect(),
    };
    Lists::new(&[], &[], &[file], true).unwrap()
}

/// An address that no list has, far from the one before.
fn client(count: u32) -> ClientAddr {
    let block = count.wrapping_mul(2_654_435_761) % 200_000;
    ClientAddr::new(Ipv4Addr::from((block + 4096) * 4096 + 128).into())
}

/// Nanoseconds of a request.
fn cost(block: Set) -> f64 {
    let setting = Setting {
        limits: Limits::default(),
        addresses: AddressKeeping::Truncated,
        more: Vec::new(),
        balance: Balance::First,
        health: None,
        compression: Compression::Safe,
        trusted_proxies: Networks::default(),
        admin_networks: None,
        block,
        throttle: Throttle::default(),
        csrf: guards::csrf::Csrf::default(),
        important: false,
        weakness_pages: 0,
        assertion: true,
        csp: guards::csp::Sent::default(),
        protocol: Protocol::Http1,
        upstream_tls: None,
        upstream: Some(Place::Socket(([127, 0, 0, 1], 9).into())),
    };
    let snapshot = snapshot(&setting, &mut RootCertStore::empty());
    let (recorder, mut records) = seam::record::channel();
    let (own, _control) = seam::own::queue();
    let (mut listeners, _) = Listeners::bind(&[], 1, Vec::new()).unwrap();
    let clock = Clock::System;
    let parts = Parts {
        listeners: listeners.remove(0),
        drills: None,
        snapshot: Arc::new(SnapshotCell::new(snapshot)),
        sessions: Arc::new(Sessions::default()),
        own,
        renewals: seam::renewal::queue().0,
        recorder,
        findings: seam::findings::channel().0,
        counters: Arc::new(Counters::default()),
        tickets: Tickets::new().unwrap(),
        crowd: Crowd::default(),
        arrivals: arrivals(),
        clock: clock.clone(),
        rng: Rng::System,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let best = LocalSet::new().block_on(&runtime, async {
        let (worker, _) = assemble(parts).unwrap();
        let client = ClientAddr::new([192, 0, 2, 7].into());
        let mut facts = Facts {
            client,
            speaker: Speaker::Client,
            client_text: client.to_string().into(),
            asked: "app.test".into(),
            watch: worker.watches.add(),
        };
        let codec = h1::Limits::default();
        let mut request = RequestHead::new();
        request.parse(REQUEST, &codec).unwrap();
        let mut answer = AnswerHead::new();
        answer.parse(ANSWER, &codec, Asked::default()).unwrap();
        let (mut forward, mut out, mut notes) = (Vec::new(), Vec::new(), Notes::default());
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = clock.moment();
            for count in 1..=REQUESTS {
                facts.client = self::client(count);
                let view = request.view(black_box(REQUEST));
                let (visit, plan) = decide(
                    Request::http1(&view),
                    &facts,
                    &worker,
                    std::mem::take(&mut notes),
                    &mut forward,
                );
                assert!(matches!(plan, Plan::Forward(_)));
                black_box(&forward);
                let view = answer.view(black_box(ANSWER));
                out.clear();
                let hardened = harden(
                    &Answer::application(&view, Change::NONE),
                    &visit,
                    &worker,
                    &mut out,
                );
                finish_http1(&hardened, visit.version, true, &mut out);
                black_box(&out);
                let tally = Tally {
                    status: 200,
                    bytes_out: 1024,
                    ..Tally::default()
                };
                record(&worker, &visit, &tally, Outcome::Served);
                notes = visit.notes;
                // Control's part, so that batches don't run out.
                if count.is_multiple_of(100) {
                    worker.recorder.borrow_mut().flush();
                    let batch = records.next().await.unwrap();
                    records.done(batch);
                }
            }
            let took = clock.moment().since(began).as_secs_f64();
            best = best.min(took / f64::from(REQUESTS));
        }
        best
    });
    best * 1e9
}
