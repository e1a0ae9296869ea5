use store::testing::{Place, Postgres, both};
use terms::Rng;

use super::*;

/// As the product's, a little faster.
const QUICK: Timing = Timing {
    ttl: Duration::from_secs(3),
    every: Duration::from_millis(100),
    again: Duration::from_millis(100),
    attempt: Duration::from_secs(2),
    margin: Duration::from_secs(1),
};

struct Node {
    lease: watch::Receiver<Option<Lease>>,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    alarms: Alarms,
    store: watch::Sender<Option<Store>>,
    _folder: tempfile::TempDir,
}

impl Node {
    fn start(name: &str, store: Option<Store>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let alarms = Alarms::open(folder.path(), Clock::System, Rng::System).unwrap();
        let stop = CancellationToken::new();
        let (store, seen) = watch::channel(store);
        let parts = Parts {
            store: seen,
            holder: name.to_owned(),
            alarms: alarms.clone(),
            clock: Clock::System,
            stop: stop.clone(),
        };
        let (lease, run) = start_with(parts, QUICK);
        let task = tokio::spawn(run);
        Self {
            lease,
            stop,
            task,
            alarms,
            store,
            _folder: folder,
        }
    }

    /// Waits until it leads, or doesn't; the lease's token.
    async fn leads(&mut self, leads: bool) -> Option<u64> {
        let lease = self.lease.wait_for(|lease| lease.is_some() == leads);
        lease.await.unwrap().as_ref().map(Lease::token)
    }

    async fn alarm(&self, open: bool) {
        while self.alarms.is_open(UNAVAILABLE) != open {
            self.alarms.changed().await;
        }
    }

    async fn stop(mut self) {
        self.stop.cancel();
        self.task.await.unwrap();
        assert!(self.lease.borrow_and_update().is_none());
        assert!(self.lease.changed().await.is_err(), "the channel closes");
    }
}

/// The store by the real clock, which leases need to end by themselves.
async fn open(place: &Place) -> Store {
    Store::open(&place.location, place.keys(), Clock::System, Rng::System)
        .await
        .unwrap()
}

both! {
    async fn one_node_leads_and_another_follows_when_it_stops(place: Place) {
        let store = open(&place).await;
        let mut first = Node::start("first", Some(store.clone()));
        assert_eq!(first.leads(true).await, Some(1));
        let mut second = Node::start("second", Some(store.clone()));
        // Beyond the lease's time: it is renewed, and the second has asked meanwhile.
        let held_for = first.lease.borrow().as_ref().unwrap().expires_at();
        while first.lease.borrow().as_ref().unwrap().expires_at() <= held_for.after(QUICK.ttl) {
            tokio::time::sleep(QUICK.every).await;
            assert!(second.lease.borrow().is_none());
        }
        assert!(!first.lease.has_changed().unwrap(), "a renewal is no change");
        first.stop().await;
        assert_eq!(second.leads(true).await, Some(2));
        second.stop().await;
        let mut again = Node::start("first", Some(store));
        assert_eq!(again.leads(true).await, Some(3));
        again.stop().await;
    }

    async fn a_lease_that_another_node_took_is_lost(place: Place) {
        let store = open(&place).await;
        let mut node = Node::start("node", Some(store.clone()));
        assert_eq!(node.leads(true).await, Some(1));
        // As if it had been paused for long: the same name takes it at once.
        let thief = store.acquire(LEASE, "node", Duration::from_secs(2)).await.unwrap();
        assert!(matches!(thief, Acquisition::Ours(lease) if lease.token() == 2));
        assert_eq!(node.leads(false).await, None);
        assert_eq!(node.leads(true).await, Some(3));
        assert!(!node.alarms.is_open(UNAVAILABLE));
        node.stop().await;
    }
}

#[test]
fn a_store_that_is_gone_costs_the_lease_in_time_and_is_said_once() {
    store::testing::run(async {
        let server = Postgres::start();
        let place = Place::on(&server);
        let mut node = Node::start("node", Some(open(&place).await));
        node.leads(true).await;
        let renewed = Clock::System.moment();
        server.stop();
        let given_up = tokio::time::timeout(QUICK.ttl * 2, node.leads(false)).await;
        given_up.expect("the lease isn't kept for ever");
        let lost = Clock::System.moment().since(renewed);
        assert!(
            lost < QUICK.ttl,
            "given up after {lost:?}, before others may have it"
        );
        node.alarm(true).await;
        assert_eq!(node.alarms.waiting(), 1);
        server.start_again();
        node.leads(true).await;
        node.alarm(false).await;
        let told: Vec<_> = node
            .alarms
            .pending()
            .iter()
            .map(|entry| entry.kind.clone())
            .collect();
        assert_eq!(told, [UNAVAILABLE; 2], "one alarm and one notice");
        node.stop().await;
    });
}

#[tokio::test]
async fn a_store_that_could_not_be_opened_is_said_and_led_once_it_is_open() {
    let mut node = Node::start("node", None);
    node.alarm(true).await;
    assert!(node.lease.borrow().is_none());
    let place = Place::sqlite();
    node.store.send(Some(open(&place).await)).unwrap();
    node.leads(true).await;
    node.alarm(false).await;
    node.stop().await;
}
