//! A request on a kept connection allocates nothing: neither in our code nor in what it
//! calls. Everything around the edge is arranged not to allocate either, since the
//! whole process is counted.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use guards::{
    block::{Action, IpRange, Lists, Set},
    csp::{Mode, Policy, Sent},
    network::Networks,
    throttle::Throttle,
};
use rustls::RootCertStore;
use seam::{
    Counters, Sessions, SnapshotCell,
    snapshot::{Balance, Compression, Limits, Place, Protocol},
};
use terms::{AddressKeeping, ClientAddr, Clock, Rng};
use tokio::task::LocalSet;

use super::harness::{Setting, arrivals, snapshot};
use crate::{
    Crowd, Listeners, Parts, Tickets, accept::Speaker, handshake::Facts, http1, worker::assemble,
};

const WARM: usize = 50;
const COUNTED: usize = 1000;
/// What runtime and channels may take over all counted requests.
const AT_MOST: u64 = 5;

/// Reads until `end` was seen, into memory that is there already.
fn read_to(stream: &mut TcpStream, space: &mut [u8], end: &[u8]) -> usize {
    let mut filled = 0;
    while !space[..filled].ends_with(end) {
        let count = stream.read(&mut space[filled..]).expect("it goes on");
        if count == 0 {
            break;
        }
        filled += count;
    }
    filled
}

/// Lists that are looked through for every request.
fn listed() -> Set {
    let ranges = |texts: &[&str]| -> Vec<IpRange> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    };
    let (allow, deny) = (ranges(&["198.51.100.7"]), ranges(&["203.0.113.0/24"]));
    let lists = Lists::new(&allow, &deny, &[], true).unwrap();
    Set::new(Arc::new(lists), Action::Drop, false)
}

/// A policy that every answer carries.
fn csp() -> Sent {
    let policy = Policy::parse("default-src 'self'; object-src 'none'").unwrap();
    Sent::new(Mode::Enforce, &policy, false, "/-/csp-report")
}

#[test]
fn a_thousand_kept_requests_allocate_nothing() {
    let application = TcpListener::bind("127.0.0.1:0").unwrap();
    let upstream = application.local_addr().unwrap();
    let front = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = front.local_addr().unwrap();
    let setting = Setting {
        limits: Limits::default(),
        addresses: AddressKeeping::Truncated,
        more: Vec::new(),
        balance: Balance::First,
        health: None,
        compression: Compression::Safe,
        trusted_proxies: Networks::default(),
        admin_networks: None,
        block: listed(),
        throttle: Throttle::default(),
        csrf: guards::csrf::Csrf::default(),
        important: false,
        weakness_pages: 0,
        assertion: true,
        csp: csp(),
        protocol: Protocol::Http1,
        upstream_tls: None,
        upstream: Some(Place::Socket(upstream)),
    };
    let snapshot = snapshot(&setting, &mut RootCertStore::empty());
    let (recorder, _records) = seam::record::channel();
    let (own, _control) = seam::own::queue();
    let (mut listeners, _) = Listeners::bind(&[], 1, Vec::new()).unwrap();
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
        clock: Clock::System,
        rng: Rng::System,
    };

    let _profiler = dhat::Profiler::builder().testing().build();
    let serving = thread::spawn(move || {
        let (mut peer, _) = application.accept().unwrap();
        peer.set_nodelay(true).unwrap();
        let mut space = [0; 4096];
        let mut answer = b"HTTP/1.1 200 OK\r\nServer: app\r\nContent-Type: text/html\r\n\
            Set-Cookie: theirs=1; Path=/\r\nContent-Length: 1024\r\n\r\n"
            .to_vec();
        answer.resize(answer.len() + 1024, b'x');
        while read_to(&mut peer, &mut space, b"\r\n\r\n") > 0 {
            peer.write_all(&answer).unwrap();
        }
    });
    let asking = thread::spawn(move || {
        let mut client = TcpStream::connect(address).unwrap();
        client.set_nodelay(true).unwrap();
        let mut space = [0; 4096];
        let mut before = 0;
        for round in 0..WARM + COUNTED {
            if round == WARM {
                before = dhat::HeapStats::get().total_blocks;
                assert!(before > 0, "the first requests were counted");
            }
            client
                .write_all(
                    b"GET /some/page?query=1 HTTP/1.1\r\nHost: app.test\r\n\
                      User-Agent: Mozilla/5.0 (X11; Linux x86_64)\r\nAccept: text/html\r\n\
                      Accept-Language: nl,en;q=0.5\r\nCookie: session=1; __Host-Http-waarborg=2\r\n\
                      traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n",
                )
                .unwrap();
            let count = read_to(&mut client, &mut space, &[b'x'; 1024]);
            assert!(space[..count].starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
        dhat::HeapStats::get().total_blocks - before
    });

    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    LocalSet::new().block_on(&runtime, async {
        let (worker, _) = assemble(parts).unwrap();
        let (stream, peer) = front.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        stream.set_nodelay(true).unwrap();
        let stream = tokio::net::TcpStream::from_std(stream).unwrap();
        let client = ClientAddr::new(peer.ip());
        let facts = Facts {
            client,
            speaker: Speaker::Client,
            client_text: client.to_string().into(),
            asked: "app.test".into(),
            watch: worker.watches.add(),
        };
        http1::serve(stream, facts, worker).await;
    });
    drop(runtime);
    let allocated = asking.join().unwrap();
    serving.join().unwrap();
    assert!(
        allocated <= AT_MOST,
        "{allocated} blocks for {COUNTED} requests"
    );
}
