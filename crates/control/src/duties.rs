//! What only one process of a node may do at a time: lead, send, drill, write alarms,
//! answer commands and operations. All of it is put down when an upgrade hands it over,
//! and taken up again should the new process fail.
//!
//! The sockets are kept open meanwhile: who connects waits a moment, nobody is refused.

use std::{
    net::{SocketAddr, TcpListener},
    os::unix::net::UnixListener,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use seam::Challenges;
use store::Store;
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    StartError, accounts,
    acme::{self, Acme},
    alarms::Alarms,
    bans, feeds,
    handover::{self, Sockets, Successor},
    leadership,
    metrics::Metrics,
    opening::{Opening, node},
    operations::{self, Operations},
    outbox,
    proof::Prover,
    retention,
    settings::Settings,
    socket,
    state::{Kept, State},
    team, xss,
};

/// Longest wait for the duties to end. Whatever takes longer goes on without the lease,
/// so that it can't write to the store any more.
const END_LIMIT: Duration = Duration::from_secs(10);

/// What the duties are made of, each time.
pub(crate) struct Base {
    pub(crate) state: State,
    /// What the edge answers to authorities.
    pub(crate) challenges: Challenges,
    pub(crate) opening: Arc<Opening>,
    /// Where an opened store is told.
    pub(crate) kept: watch::Sender<Option<Kept>>,
    pub(crate) store: watch::Sender<Option<Store>>,
    pub(crate) data: PathBuf,
    pub(crate) metrics: Arc<Metrics>,
    /// New processes that want to serve in our place.
    pub(crate) asked: mpsc::Sender<Successor>,
    pub(crate) connect: SocketAddr,
    pub(crate) roots: Option<PathBuf>,
    pub(crate) program: PathBuf,
}

/// The duties while they are ours.
pub(crate) struct Duties {
    stop: CancellationToken,
    tasks: TaskTracker,
    pub(crate) ready: Arc<AtomicBool>,
    pub(crate) alarms: Alarms,
    pub(crate) settings: Settings,
}

impl Duties {
    /// Takes them up, on the current runtime. `ready` is what `/readyz` says at first.
    ///
    /// # Errors
    /// [`StartError`]; what was begun ends.
    pub(crate) async fn begin(
        base: &Base,
        sockets: &Sockets,
        ready: bool,
    ) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let tasks = TaskTracker::new();
        let state = &base.state;
        let socket = |what| move |source| StartError::Socket { what, source };
        let alarms = Alarms::open(&base.data, state.clock.clone(), state.rng.clone())?;
        let settings = Settings {
            publisher: state.publisher.clone(),
            kept: state.kept.clone(),
            alarms: alarms.clone(),
        };
        settings.settle().await;
        let listener = operations_listener(&sockets.operations.listener)
            .map_err(socket("the operations listener"))?;
        let own = &sockets.own;
        let commands = duplicate(&own.commands).map_err(socket("data/control.sock"))?;
        let commands =
            tokio::net::UnixListener::from_std(commands).map_err(socket("data/control.sock"))?;
        let upgrades = duplicate(&own.upgrades).map_err(socket("data/handover.sock"))?;

        let ready = Arc::new(AtomicBool::new(ready));
        let told = Operations {
            state: state.clone(),
            metrics: base.metrics.clone(),
            ready: ready.clone(),
            address: sockets.operations.actual,
        };
        let stopping = stop.clone();
        tasks.spawn(async move {
            if let Err(error) = operations::serve(listener, told, stopping).await {
                tracing::error!(%error, "the operations listener ended");
            }
        });
        let node = node(&base.data);
        let (lease, leading) = leadership::start(leadership::Parts {
            store: base.store.subscribe(),
            holder: node.clone(),
            alarms: alarms.clone(),
            clock: state.clock.clone(),
            stop: stop.clone(),
        });
        tasks.spawn(leading);
        let mut certificates = Acme::new(acme::Parts {
            publisher: state.publisher.clone(),
            challenges: base.challenges.clone(),
            store: base.store.subscribe(),
            lease: lease.clone(),
            alarms: alarms.clone(),
            tallies: state.tallies.clone(),
            clock: state.clock.clone(),
            rng: state.rng.clone(),
        });
        // Before the edge serves: no handshake is refused for want of what is there.
        certificates.follow().await;
        tasks.spawn(certificates.run(stop.clone()));
        if let Some(kept) = state.kept()
            && let Err(error) = bans::follow(&kept.store, &state.publisher).await
        {
            tracing::warn!(%error, "addresses that are refused for a while aren't known yet");
        }
        tasks.spawn(bans::run(
            state.kept.clone(),
            state.publisher.clone(),
            stop.clone(),
        ));
        tasks.spawn(bans::judge(state.clone(), stop.clone()));
        let fetcher = feeds::Fetcher::new(feeds::Parts {
            publisher: state.publisher.clone(),
            accounts: state.accounts.clone(),
            alarms: alarms.clone(),
            clock: state.clock.clone(),
            data: base.data.clone(),
        });
        // With what was taken last, before the edge serves.
        tasks.spawn(fetcher.await.run(stop.clone()));
        let counted = state.tallies.clone();
        tasks.spawn(outbox::run(outbox::Parts {
            store: base.store.subscribe(),
            lease: lease.clone(),
            alarms: alarms.clone(),
            mail: state.publisher.mail(),
            node,
            tally: Box::new(move |tally| counted.outbox(tally)),
            clock: state.clock.clone(),
            rng: state.rng.clone(),
            stop: stop.clone(),
        }));
        tasks.spawn(retention::keep(
            state.kept.clone(),
            lease.clone(),
            state.clock.clone(),
            stop.clone(),
        ));
        tasks.spawn(accounts::assertion::keep_keys(
            state.accounts.clone(),
            lease.clone(),
            stop.clone(),
        ));
        tasks.spawn(accounts::keep(
            state.accounts.clone(),
            lease.clone(),
            stop.clone(),
        ));
        tasks.spawn(team::remind(
            state.accounts.clone(),
            lease.clone(),
            alarms.clone(),
            stop.clone(),
        ));
        tasks.spawn(xss::tell(
            state.reflections.clone(),
            state.publisher.clone(),
            alarms.clone(),
            stop.clone(),
        ));
        let prover = Arc::new(Prover {
            state: state.clone(),
            program: base.program.clone(),
            connect: base.connect,
            door: base.data.join(socket::DOOR),
            roots: base.roots.clone(),
            lease,
            alarms: alarms.clone(),
            busy: Mutex::new(None),
            owed: std::sync::Mutex::default(),
        });
        if let Some(kept) = state.kept() {
            prover.read(&kept).await;
            // Before the edge serves: nobody who has signed in is asked again.
            if let Err(error) = state.accounts.load(&kept.store).await {
                tracing::error!(%error, "sessions could not be read: people sign in again");
            }
        } else {
            tracing::error!("the store can't be reached: proxying and prebuilt pages go on");
            tasks.spawn(open_later(base, prover.clone(), settings.clone(), &stop));
        }
        tasks.spawn(socket::serve(
            commands,
            prover.clone(),
            tasks.clone(),
            stop.clone(),
        ));
        tasks.spawn(handover::listen(upgrades, base.asked.clone(), stop.clone()));
        tasks.spawn(prover.keep(stop.clone()));
        tasks.close();
        guard.disarm();
        Ok(Self {
            stop,
            tasks,
            ready,
            alarms,
            settings,
        })
    }

    /// Puts them down: the lease is given back, nothing is written any more.
    pub(crate) async fn end(self) {
        self.ready.store(false, Ordering::SeqCst);
        self.stop.cancel();
        if tokio::time::timeout(END_LIMIT, self.tasks.wait())
            .await
            .is_err()
        {
            tracing::warn!("not all of control ended in time");
        }
        if let Err(error) = self.alarms.synced().await {
            tracing::warn!(%error, "some alarms may leave twice");
        }
    }
}

/// Opens the store as soon as it can be reached.
fn open_later(
    base: &Base,
    prover: Arc<Prover>,
    settings: Settings,
    stop: &CancellationToken,
) -> impl Future<Output = ()> + Send + 'static {
    let (opening, stop) = (base.opening.clone(), stop.clone());
    let accounts = base.state.accounts.clone();
    let (store_in, kept_in) = (base.store.clone(), base.kept.clone());
    async move {
        let kept = tokio::select! {
            () = stop.cancelled() => return,
            kept = opening.until_open() => kept,
        };
        prover.read(&kept).await;
        if let Err(error) = accounts.load(&kept.store).await {
            tracing::error!(%error, "sessions could not be read: people sign in again");
        }
        store_in.send_replace(Some(kept.store.clone()));
        kept_in.send_replace(Some(kept));
        settings.settle().await;
        tracing::info!("the store is open");
    }
}

fn operations_listener(listener: &TcpListener) -> std::io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener.try_clone()?)
}

fn duplicate(listener: &UnixListener) -> std::io::Result<UnixListener> {
    listener.set_nonblocking(true)?;
    listener.try_clone()
}
