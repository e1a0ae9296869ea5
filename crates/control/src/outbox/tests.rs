use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Value, json};
use store::{
    Acquisition, Enqueued, Mail,
    testing::{Place, Postgres},
};
use terms::{Micros, Secret};
use tokio::net::TcpListener;

use super::*;
use crate::{
    alarms::Alarm,
    leadership,
    mail::testing::{Received, SmtpServer, plain_config},
};

#[derive(Default)]
struct Tallies {
    sent: AtomicU64,
    failed: AtomicU64,
    given_up: AtomicU64,
}

impl Tallies {
    fn all(&self) -> (u64, u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::SeqCst);
        (read(&self.sent), read(&self.failed), read(&self.given_up))
    }
}

/// A running sender and what it is told by.
pub(super) struct Running {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    lease: watch::Sender<Option<Lease>>,
    mail: watch::Sender<Option<Arc<config::Mail>>>,
    store: watch::Sender<Option<Store>>,
    tallies: Arc<Tallies>,
}

impl Running {
    pub(super) fn start(
        alarms: Alarms,
        store: Option<Store>,
        lease: Option<Lease>,
        mail: Option<config::Mail>,
        clock: Clock,
    ) -> Self {
        let (lease, lease_seen) = watch::channel(lease);
        Self::follow(alarms, store, (lease, lease_seen), mail, clock)
    }

    fn follow(
        alarms: Alarms,
        store: Option<Store>,
        (lease, lease_seen): (watch::Sender<Option<Lease>>, watch::Receiver<Option<Lease>>),
        mail: Option<config::Mail>,
        clock: Clock,
    ) -> Self {
        let (store, store_seen) = watch::channel(store);
        let (mail, mail_seen) = watch::channel(mail.map(Arc::new));
        let stop = CancellationToken::new();
        let tallies = Arc::new(Tallies::default());
        let counted = tallies.clone();
        let parts = Parts {
            store: store_seen,
            lease: lease_seen,
            alarms,
            mail: mail_seen,
            node: "node-1".to_owned(),
            tally: Box::new(move |tally| {
                let counter = match tally {
                    Tally::Sent => &counted.sent,
                    Tally::Failed => &counted.failed,
                    Tally::GivenUp => &counted.given_up,
                };
                counter.fetch_add(1, Ordering::SeqCst);
            }),
            clock,
            rng: Rng::System,
            stop: stop.clone(),
        };
        Self {
            stop,
            task: tokio::spawn(run(parts)),
            lease,
            mail,
            store,
            tallies,
        }
    }

    pub(super) async fn stop(self) -> (u64, u64, u64) {
        self.stop.cancel();
        self.task.await.unwrap();
        self.tallies.all()
    }

    pub(super) async fn ended(self) {
        self.task.await.unwrap();
    }
}

struct Bench {
    alarms: Alarms,
    _folder: tempfile::TempDir,
}

impl Bench {
    fn new(clock: Clock) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let alarms = Alarms::open(folder.path(), clock, Rng::System).unwrap();
        Self {
            alarms,
            _folder: folder,
        }
    }

    async fn raise(&self, kind: &'static str) {
        let alarm = Alarm {
            kind,
            subject: format!("About {kind}"),
            text: "What to do.".to_owned(),
        };
        self.alarms.raise(alarm).await.unwrap();
    }

    fn send(&self, mail: Option<config::Mail>) -> Running {
        Running::start(self.alarms.clone(), None, None, mail, Clock::System)
    }
}

async fn server(order: Value) -> SmtpServer {
    SmtpServer::start(order).await
}

async fn open(place: &Place) -> Store {
    Store::open(&place.location, place.keys(), Clock::System, Rng::System)
        .await
        .unwrap()
}

async fn lease(store: &Store) -> Option<Lease> {
    let ttl = Duration::from_secs(3600);
    match store.acquire("writer", "node", ttl).await.unwrap() {
        Acquisition::Ours(lease) => Some(lease),
        Acquisition::Held { holder, .. } => panic!("held by {holder}"),
    }
}

async fn enqueue(store: &Store, name: &str) {
    let mut tx = store.tx().await.unwrap();
    let mail = Mail {
        to: Secret::new("ann@example.com".to_owned()),
        subject: name.to_owned(),
        text: Secret::new("Hello.".to_owned()),
        dedupe: name.to_owned(),
        domain: "example.com".to_owned(),
    };
    assert!(matches!(tx.enqueue(&mail).await.unwrap(), Enqueued::New(_)));
    tx.commit().await.unwrap();
}

/// The next mail that is taken.
async fn taken(server: &mut SmtpServer) -> Received {
    loop {
        let mail = server.next().await;
        if mail.taken() {
            return mail;
        }
    }
}

fn id_of(mail: &Received) -> String {
    mail.header("Message-ID").to_owned()
}

/// Awaits a state that no event tells of.
async fn until(mut reached: impl AsyncFnMut() -> bool) {
    while !reached().await {
        tokio::task::yield_now().await;
    }
}

#[test]
fn pauses_double_up_to_five_minutes_and_differ_by_chance() {
    for (failures, seconds) in [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 4),
        (9, 256),
        (10, 300),
        (u64::MAX, 300),
    ] {
        let whole = Duration::from_secs(seconds);
        let mut seen = std::collections::BTreeSet::new();
        for _ in 0..50 {
            let wait = pause(failures, &Rng::System);
            assert!(
                wait <= whole && wait >= whole.mul_f64(0.74),
                "{failures}: {wait:?}"
            );
            seen.insert(wait);
        }
        assert!(seen.len() > 10);
    }
}

#[tokio::test]
async fn an_alarm_and_its_end_reach_every_recipient_by_a_mail_of_their_own() {
    let mut server = server(json!({})).await;
    let bench = Bench::new(Clock::manual(Micros(1_795_392_000_000_000)));
    let mut config = server.config();
    config.to = vec!["ann@example.com".to_owned(), "bob@example.com".to_owned()];
    let running = bench.send(Some(config));
    bench.raise("disk-full").await;
    let mut mails = [server.next().await, server.next().await];
    mails.sort_by_key(|mail| mail.to.clone());
    for (mail, to) in mails.iter().zip(["ann@example.com", "bob@example.com"]) {
        assert_eq!(mail.to, [to]);
        assert_eq!(mail.header("To"), to);
        assert_eq!(mail.header("Subject"), "[Waarborg] About disk-full");
        assert_eq!(mail.header("Date"), "Mon, 23 Nov 2026 00:00:00 +0000");
        for told in [
            "What to do.",
            "Raised at 2026-11-23T00:00:00Z.",
            "Node node-1, alarm disk-full.",
        ] {
            assert!(mail.text.contains(told), "{}", mail.text);
        }
        assert!(!mail.text.contains("late"), "{}", mail.text);
    }
    until(async || bench.alarms.waiting() == 0).await;
    bench.raise("disk-full").await; // the same trouble: counted, not told again
    bench.alarms.clear("disk-full").await.unwrap();
    let over = [server.next().await, server.next().await];
    for mail in over {
        assert_eq!(mail.header("Subject"), "[Waarborg] Over: About disk-full");
        assert_eq!(mail.header("In-Reply-To"), id_of(&mails[0]));
        assert_ne!(id_of(&mail), id_of(&mails[0]));
        assert!(mail.text.contains("was raised 2 times"), "{}", mail.text);
    }
    until(async || bench.alarms.waiting() == 0).await;
    assert_eq!(running.stop().await, (4, 0, 0));
}

#[tokio::test]
async fn an_alarm_that_is_not_taken_is_tried_again_under_the_same_id_and_says_so() {
    let mut server = server(json!({ "answers": ["451 later", "451 later"] })).await;
    let bench = Bench::new(Clock::System);
    bench.raise("disk-full").await;
    let running = bench.send(Some(server.config()));
    let mails = [
        server.next().await,
        server.next().await,
        server.next().await,
    ];
    assert_eq!(mails.each_ref().map(Received::taken), [false, false, true]);
    assert_eq!(id_of(&mails[0]), id_of(&mails[2]));
    assert!(
        mails[2].text.contains("late: 2 attempts"),
        "{}",
        mails[2].text
    );
    until(async || bench.alarms.waiting() == 0).await;
    assert_eq!(running.stop().await, (1, 2, 0));
}

#[tokio::test]
async fn one_recipient_who_is_refused_keeps_nothing_from_the_others() {
    let mut server = server(json!({ "answers": ["550 5.1.1 unknown"] })).await;
    let bench = Bench::new(Clock::System);
    let mut config = server.config();
    config.to = vec!["gone@example.com".to_owned(), "ann@example.com".to_owned()];
    let running = bench.send(Some(config));
    bench.raise("disk-full").await;
    let refused = server.next().await;
    let first = taken(&mut server).await;
    assert_eq!(id_of(&refused), id_of(&first));
    bench.raise("feed-broken").await;
    let second = [taken(&mut server).await, taken(&mut server).await];
    assert!(
        second
            .iter()
            .all(|mail| mail.header("Subject").ends_with("feed-broken"))
    );
    until(async || bench.alarms.waiting() == 1).await;
    let kept = &bench.alarms.pending()[0];
    assert_eq!(
        (kept.kind.as_str(), kept.told.len(), kept.failures),
        ("disk-full", 1, 1)
    );
    running.stop().await;
}

#[tokio::test]
async fn alarms_wait_for_a_configuration_and_leave_by_the_first_one_that_works() {
    let mut server = server(json!({})).await;
    let bench = Bench::new(Clock::System);
    let running = bench.send(None);
    bench.raise("disk-full").await;
    let mut broken = server.config();
    broken.from = "nobody".to_owned();
    running.mail.send(Some(Arc::new(broken))).unwrap();
    running.mail.send(Some(Arc::new(server.config()))).unwrap();
    assert!(server.next().await.taken());
    running.stop().await;
}

#[tokio::test]
async fn mails_leave_only_under_the_lease_and_alarms_without() {
    let place = Place::sqlite();
    let store = open(&place).await;
    let mut server = server(json!({})).await;
    let bench = Bench::new(Clock::System);
    enqueue(&store, "first").await;
    let running = Running::start(
        bench.alarms.clone(),
        Some(store.clone()),
        None,
        Some(server.config()),
        Clock::System,
    );
    bench.raise("disk-full").await;
    assert_eq!(
        server.next().await.header("Subject"),
        "[Waarborg] About disk-full"
    );
    until(async || bench.alarms.waiting() == 0).await;
    let claimed = store.claim(1, Duration::ZERO).await.unwrap();
    assert_eq!(claimed[0].attempt, 1, "nobody else has claimed it");

    running.lease.send_replace(lease(&store).await);
    let got = server.next().await;
    assert_eq!(got.header("Subject"), "first");
    assert_eq!(id_of(&got), claimed[0].message_id);
    enqueue(&store, "second").await;
    assert_eq!(
        server.next().await.header("Subject"),
        "second",
        "it is woken at once"
    );
    until(async || store.outbox_counts().await.unwrap().sent == 2).await;
    assert_eq!(running.stop().await, (3, 0, 0));
}

#[tokio::test]
async fn mails_leave_while_nobody_can_change_store_or_configuration_any_more() {
    let place = Place::sqlite();
    let store = open(&place).await;
    let mut server = server(json!({})).await;
    let bench = Bench::new(Clock::System);
    let mut running = Running::start(
        bench.alarms.clone(),
        Some(store.clone()),
        lease(&store).await,
        Some(server.config()),
        Clock::System,
    );
    // Dropped, as by a start that found the store open.
    (running.store, _) = watch::channel(None);
    (running.mail, _) = watch::channel(None);
    for name in ["first", "second"] {
        enqueue(&store, name).await;
        let mail = tokio::time::timeout(Duration::from_secs(30), server.next()).await;
        assert_eq!(mail.unwrap().header("Subject"), name);
        until(async || store.outbox_counts().await.unwrap().due == 0).await;
    }
    bench.raise("disk-full").await;
    assert!(server.next().await.taken());
    assert_eq!(running.stop().await, (3, 0, 0));
}

#[tokio::test]
async fn an_outage_of_the_mail_server_uses_up_one_attempt() {
    let place = Place::sqlite();
    let store = open(&place).await;
    // Someone else answers there: each connection is closed at once.
    let broken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = broken.local_addr().unwrap().port();
    let bench = Bench::new(Clock::System);
    enqueue(&store, "first").await;
    let running = Running::start(
        bench.alarms.clone(),
        Some(store.clone()),
        lease(&store).await,
        Some(plain_config(port)),
        Clock::System,
    );
    for _ in 0..3 {
        drop(broken.accept().await.unwrap());
    }
    drop(broken);
    let mut server = server(json!({ "port": port })).await;
    assert_eq!(taken(&mut server).await.header("Subject"), "first");
    until(async || store.outbox_counts().await.unwrap().sent == 1).await;
    let (sent, failed, given_up) = running.stop().await;
    assert_eq!((sent, failed, given_up), (1, 1, 0));
}

#[tokio::test]
async fn a_mail_that_is_never_taken_is_given_up_and_an_alarm_says_so() {
    let place = Place::sqlite();
    // By the place's clock, which stands until it is moved.
    let store = place.open().await;
    let answers = vec!["451 4.7.1 ann@example.com comes too often"; 12];
    let mut server = server(json!({ "answers": answers })).await;
    let bench = Bench::new(Clock::System);
    enqueue(&store, "first").await;
    let running = Running::start(
        bench.alarms.clone(),
        Some(store.clone()),
        lease(&store).await,
        Some(server.config()),
        Clock::System,
    );
    for attempt in 1..=12 {
        let mail = server.next().await;
        assert_eq!((mail.header("Subject"), mail.taken()), ("first", false));
        until(async || running.tallies.all().1 == attempt).await;
        place.clock.advance(LONGEST_PAUSE);
        running.lease.send_modify(|_| ()); // look again
    }
    let alarm = server.next().await;
    assert_eq!(alarm.header("Subject"), "[Waarborg] A mail was given up");
    assert!(
        alarm.text.contains("451") && !alarm.text.contains("ann@"),
        "{}",
        alarm.text
    );
    assert_eq!(store.outbox_counts().await.unwrap().dead, 1);
    assert_eq!(running.stop().await, (1, 12, 1));
}

#[tokio::test]
async fn a_stop_does_not_wait_for_a_server_that_does_not_answer() {
    let mut server = server(json!({ "stall": true })).await;
    let bench = Bench::new(Clock::System);
    let running = bench.send(Some(server.config()));
    bench.raise("disk-full").await;
    server.next().await;
    let begun = Clock::System.moment();
    running.stop().await;
    let took = Clock::System.moment().since(begun);
    assert!(took < STOP_LIMIT + Duration::from_secs(2), "{took:?}");
    assert_eq!(bench.alarms.waiting(), 1, "it is sent after the next start");
}

#[test]
fn while_the_store_is_gone_an_alarm_says_so_and_another_mail_when_it_is_back() {
    store::testing::run(async {
        let postgres = Postgres::start();
        let place = Place::on(&postgres);
        let store = open(&place).await;
        let mut server = server(json!({})).await;
        let bench = Bench::new(Clock::System);
        let stop = CancellationToken::new();
        let (_keep, store_seen) = watch::channel(Some(store.clone()));
        let (mut lease, leading) = leadership::start(leadership::Parts {
            store: store_seen,
            holder: "node-1".to_owned(),
            alarms: bench.alarms.clone(),
            clock: Clock::System,
            stop: stop.clone(),
        });
        let leading = tokio::spawn(leading);
        let (unused, _) = watch::channel(None);
        let running = Running::follow(
            bench.alarms.clone(),
            Some(store.clone()),
            (unused, lease.clone()),
            Some(server.config()),
            Clock::System,
        );
        lease.wait_for(Option::is_some).await.unwrap();
        enqueue(&store, "before").await;
        assert_eq!(server.next().await.header("Subject"), "before");

        postgres.stop();
        let gone = server.next().await;
        assert_eq!(
            gone.header("Subject"),
            "[Waarborg] The store can't be reached"
        );
        assert_eq!(gone.to, ["ops@example.com"]);
        assert!(
            store.reach().await.is_err(),
            "it left while the store was away"
        );

        postgres.start_again();
        lease.wait_for(Option::is_some).await.unwrap();
        enqueue(&store, "after").await;
        let mut mails = [server.next().await, server.next().await];
        mails.sort_by_key(|mail| mail.header("Subject").to_owned());
        assert_eq!(
            mails[0].header("Subject"),
            "[Waarborg] Over: The store can't be reached"
        );
        assert_eq!(mails[0].header("In-Reply-To"), id_of(&gone));
        assert_eq!(mails[1].header("Subject"), "after");
        stop.cancel();
        leading.await.unwrap();
        running.stop().await;
    });
}
