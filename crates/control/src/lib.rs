//! The control plane: own pages, storage, outboxes, ledger, drills.
//!
//! It runs on a small runtime of its own, and a request that the edge forwards never
//! waits for it. [`Control::start`] opens nothing that the edge needs: whoever wires the
//! two makes a [`Publisher`] first, whose snapshot serves even while the store is away.

pub mod access_log;
mod accounts;
mod acme;
pub mod alarms;
mod bans;
pub mod block;
mod console;
mod csp;
mod duties;
pub mod feeds;
pub mod handover;
mod keeper;
pub mod leadership;
pub mod mail;
mod metrics;
mod offline;
mod opening;
mod operations;
pub mod outbox;
pub mod outgoing;
mod prebuilt;
pub mod prober;
mod proof;
pub mod publish;
mod retention;
mod seen;
pub mod settings;
pub mod socket;
mod state;
mod strikes;
pub mod team;
mod teeth;
mod tls_report;
mod trust;
pub mod weaknesses;
mod web;
mod xss;

use std::{
    io,
    net::SocketAddr,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

pub use access_log::LogError;
use alarms::{AlarmError, Alarms};
use handover::{OwnSockets, Revocations, Socket, Sockets, Successor};
pub use keeper::{KeeperError, LedgerKey};
pub use offline::Offline;
pub use publish::Publisher;
use seam::{
    Counters, Sessions, SnapshotCell, findings::Findings, own::OwnReceiver, record::Records,
    renewal::RenewalReceiver,
};
use store::{Location, MasterKeys};
use terms::{Clock, Rng};
use tokio::sync::{mpsc, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access_log::{Company, Recent},
    accounts::{Accounts, assertion},
    console::Door,
    duties::{Base, Duties},
    metrics::{Metrics, Tallies},
    opening::Opening,
    settings::Settings,
    state::State,
    strikes::Strikes,
};

/// What control is made of; `wire.rs` hands it over.
pub struct Parts {
    /// Builds what the edge goes by.
    pub publisher: Arc<Publisher>,
    /// The cell that the edge reads.
    pub snapshot: Arc<SnapshotCell>,
    /// Where the store is.
    pub location: Location,
    /// The keys that open it.
    pub masters: MasterKeys,
    /// Signs checkpoints.
    pub ledger_key: LedgerKey,
    /// The data folder.
    pub data: PathBuf,
    /// The session table.
    pub sessions: Arc<Sessions>,
    /// Ends sessions, here and in the processes that still drain.
    pub revocations: Revocations,
    /// Assertions that the edge wants signed anew.
    pub renewals: RenewalReceiver,
    /// Requests to own pages.
    pub own: OwnReceiver,
    /// Records of each worker.
    pub records: Vec<Records>,
    /// Markup that came back, of all workers.
    pub findings: Findings,
    /// Numbers of each worker.
    pub counters: Vec<Arc<Counters>>,
    /// The edge's listening sockets, for whoever serves after us.
    pub listeners: Vec<Socket>,
    /// The operations listener, bound.
    pub operations: Socket,
    /// Control's own sockets, as the process before handed them over; `None` to bind them.
    pub own_sockets: Option<OwnSockets>,
    /// Where the edge listens.
    pub connect: SocketAddr,
    /// Own certificate authority of the sites, for drills.
    pub roots: Option<PathBuf>,
    /// The program that is the prober.
    pub program: PathBuf,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
}

/// Control can't start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store can't be opened, for a reason that time doesn't mend.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The ledger.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The access log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The node-local outbox of alarms.
    #[error(transparent)]
    Alarms(#[from] AlarmError),
    /// A socket.
    #[error("{what}: {source}")]
    Socket {
        /// Which.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// The running control plane.
pub struct Control {
    /// Ends with the edge: access log and own pages.
    stop: CancellationToken,
    tasks: TaskTracker,
    base: Base,
    /// Open here beside whoever serves them; `None` once they are another process's.
    sockets: Option<Sockets>,
    /// `None` while another process has them.
    duties: Option<Duties>,
    /// While another process has the duties, own pages change nothing.
    reads_only: Arc<AtomicBool>,
    shares: mpsc::Sender<access_log::Share>,
    asked: Option<mpsc::Receiver<Successor>>,
}

impl Control {
    /// Starts every part on the current runtime.
    ///
    /// # Errors
    /// [`StartError`]; what was started before stops.
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let stop = CancellationToken::new();
        let guard = stop.clone().drop_guard();
        let tasks = TaskTracker::new();
        let tallies = Arc::new(Tallies::default());
        let socket = |what| move |source| StartError::Socket { what, source };

        let recent = Arc::new(Recent::default());
        let strikes = Arc::new(Strikes::default());
        let prefix = parts.publisher.config().prefix.clone();
        let company = if parts.own_sockets.is_some() {
            Company::Predecessor
        } else {
            Company::None
        };
        let log = access_log::Writer::open(
            parts.publisher.track(),
            recent.clone(),
            parts.snapshot.clone(),
            tallies.clone(),
            strikes.clone(),
            parts.clock.clone(),
            company,
        )?;
        let opening = Arc::new(Opening {
            location: parts.location,
            masters: parts.masters,
            ledger_key: parts.ledger_key,
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
        });
        let kept = opening.open().await?;
        let (kept_in, kept_now) = watch::channel(kept.clone());
        let (store_in, store_now) = watch::channel(kept.map(|kept| kept.store));
        let accounts = Accounts {
            publisher: parts.publisher.clone(),
            store: store_now,
            sessions: parts.sessions,
            revocations: parts.revocations,
            doors: Arc::default(),
            signer: Arc::default(),
            tallies: tallies.clone(),
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
        };
        let door = Door::new(
            parts.operations.actual,
            parts.clock.clone(),
            parts.rng.clone(),
        );
        let state = State {
            accounts,
            door: Arc::new(door),
            publisher: parts.publisher,
            kept: kept_now,
            tallies: tallies.clone(),
            recent,
            reflections: Arc::default(),
            weaknesses: Arc::default(),
            strikes,
            clock: parts.clock,
            rng: parts.rng,
        };
        let own = match parts.own_sockets {
            Some(own) => own,
            None => OwnSockets {
                commands: socket::bind(&parts.data, socket::SOCKET)
                    .map_err(socket("data/control.sock"))?,
                upgrades: socket::bind(&parts.data, handover::SOCKET)
                    .map_err(socket("data/handover.sock"))?,
            },
        };
        let (asked_in, asked) = mpsc::channel(1);
        let base = Base {
            state: state.clone(),
            challenges: parts.snapshot.challenges().clone(),
            opening,
            kept: kept_in,
            store: store_in,
            data: parts.data,
            metrics: Arc::new(Metrics {
                workers: parts.counters,
                tallies,
            }),
            asked: asked_in,
            connect: parts.connect,
            roots: parts.roots,
            program: parts.program,
        };
        let sockets = Sockets {
            listeners: parts.listeners,
            operations: parts.operations,
            own,
        };
        // During an upgrade the old edge serves until ours does: it is ready throughout.
        let ready = company == Company::Predecessor;
        tasks.spawn(seen::take(
            state.reflections.clone(),
            state.weaknesses.clone(),
            parts.findings,
        ));
        let duties = Duties::begin(&base, &sockets, ready).await?;
        let (shares, shared) = mpsc::channel(1);
        tasks.spawn(log.run(parts.records, shared));
        let reads_only = Arc::new(AtomicBool::new(false));
        tasks.spawn(assertion::renew(state.accounts.clone(), parts.renewals));
        let router = web::router(&prefix, state);
        tasks.spawn(web::serve(
            parts.own,
            router,
            reads_only.clone(),
            stop.clone(),
        ));
        tasks.close();
        guard.disarm();
        Ok(Self {
            stop,
            tasks,
            base,
            sockets: Some(sockets),
            duties: Some(duties),
            reads_only,
            shares,
            asked: Some(asked),
        })
    }

    /// This node's alarms; `None` while another process has them.
    pub fn alarms(&self) -> Option<Alarms> {
        self.duties.as_ref().map(|duties| duties.alarms.clone())
    }

    /// What brings a new file and the store together; `None` while another process does.
    pub fn settings(&self) -> Option<Settings> {
        self.duties.as_ref().map(|duties| duties.settings.clone())
    }

    /// From now on `/readyz` says so.
    pub fn ready(&self) {
        if let Some(duties) = &self.duties {
            duties.ready.store(true, Ordering::SeqCst);
        }
    }

    /// Where new processes ask to serve in our place; once. Dropped, they are refused.
    pub fn upgrades(&mut self) -> Option<mpsc::Receiver<Successor>> {
        self.asked.take()
    }

    /// Every socket of this server; `None` once they are another process's.
    pub const fn sockets(&self) -> Option<&Sockets> {
        self.sockets.as_ref()
    }

    /// Closes our ends of the edge's listeners, so that they end with the workers.
    pub fn close_listeners(&mut self) {
        if let Some(sockets) = &mut self.sockets {
            sockets.listeners.clear();
        }
    }

    /// Closes our ends of all sockets: another process has them for good.
    pub fn close_sockets(&mut self) {
        self.sockets = None;
    }

    /// Gives up control: the lease, the outboxes, drills, alarms, commands, operations and
    /// the rotation of the access log. Own pages that change nothing go on.
    pub async fn release(&mut self) {
        self.reads_only.store(true, Ordering::SeqCst);
        if let Some(duties) = self.duties.take() {
            duties.end().await;
        }
        self.share_log(true).await;
    }

    /// Takes control back; does nothing where it wasn't given up.
    ///
    /// # Errors
    /// [`StartError`]; it may be tried again.
    pub async fn resume(&mut self) -> Result<(), StartError> {
        let (None, Some(sockets)) = (&self.duties, &self.sockets) else {
            return Ok(());
        };
        if let Some(kept) = self.base.state.kept() {
            kept.keeper.lock().await.read_again(&kept.store).await?;
        }
        self.duties = Some(Duties::begin(&self.base, sockets, true).await?);
        self.share_log(false).await;
        self.reads_only.store(false, Ordering::SeqCst);
        Ok(())
    }

    async fn share_log(&self, shared: bool) {
        let (done, told) = tokio::sync::oneshot::channel();
        if self
            .shares
            .send(access_log::Share { shared, done })
            .await
            .is_ok()
        {
            // It fails only when every worker has ended, and with them the log.
            let _ = told.await;
        }
    }

    /// Ends every part; what was answered stays. The access log ends with the workers,
    /// so the edge must have ended before.
    pub async fn stop(self) {
        if let Some(duties) = self.duties {
            duties.end().await;
        }
        self.stop.cancel();
        self.tasks.wait().await;
        let kept = self.base.state.kept();
        if let Some(kept) = kept {
            kept.store.close().await;
        }
    }
}

/// Hex of the SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    prober::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}
