//! The control plane: own pages, storage, outboxes, ledger, drills.
//!
//! It runs on a small runtime of its own, and a request that the edge forwards never
//! waits for it. [`Control::start`] opens nothing that the edge needs: whoever wires the
//! two makes a [`Publisher`] first, whose snapshot serves even while the store is away.

pub mod access_log;
pub mod alarms;
mod keeper;
pub mod leadership;
pub mod mail;
mod metrics;
mod operations;
pub mod outbox;
pub mod outgoing;
mod prebuilt;
pub mod prober;
mod proof;
pub mod publish;
mod retention;
pub mod settings;
pub mod socket;
mod state;
mod tls_report;
mod trust;
mod web;

use std::{
    io,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

pub use access_log::LogError;
use alarms::{AlarmError, Alarms};
pub use keeper::{KeeperError, LedgerKey};
pub use publish::Publisher;
use seam::{Counters, SnapshotCell, own::OwnReceiver, record::Records};
use store::{Location, MasterKeys, Store};
use terms::{Clock, Rng};
use tokio::sync::{Mutex, watch};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    access_log::Recent,
    keeper::Keeper,
    metrics::{Metrics, Tallies},
    operations::Operations,
    proof::Prover,
    settings::Settings,
    state::{Kept, State},
};

/// How often a store that can't be reached is tried again.
const OPEN_AGAIN: Duration = Duration::from_secs(2);

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
    /// Requests to own pages.
    pub own: OwnReceiver,
    /// Records of each worker.
    pub records: Vec<Records>,
    /// Numbers of each worker.
    pub counters: Vec<Arc<Counters>>,
    /// The operations listener, bound.
    pub operations: TcpListener,
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
    stop: CancellationToken,
    tasks: TaskTracker,
    ready: Arc<AtomicBool>,
    alarms: Alarms,
    settings: Settings,
    kept: watch::Receiver<Option<Kept>>,
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
        let ready = Arc::new(AtomicBool::new(false));
        let socket = |what| move |source| StartError::Socket { what, source };

        let recent = Arc::new(Recent::default());
        let prefix = parts.publisher.config().prefix.clone();
        let log = access_log::Writer::open(
            parts.publisher.track(),
            recent.clone(),
            parts.snapshot.clone(),
            tallies.clone(),
            parts.clock.clone(),
        )?;
        let opening = Opening {
            location: parts.location,
            masters: parts.masters,
            ledger_key: parts.ledger_key,
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
        };
        let kept = opening.open().await?;
        let (kept_in, kept_now) = watch::channel(kept.clone());
        let (store_in, store_now) = watch::channel(kept.as_ref().map(|kept| kept.store.clone()));
        let alarms = Alarms::open(&parts.data, parts.clock.clone(), parts.rng.clone())?;
        let state = State {
            publisher: parts.publisher.clone(),
            kept: kept_now.clone(),
            tallies: tallies.clone(),
            recent,
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
        };
        let settings = Settings {
            publisher: parts.publisher.clone(),
            kept: kept_now.clone(),
            alarms: alarms.clone(),
        };
        settings.settle().await;
        let commands = socket::bind(&parts.data).map_err(socket("data/control.sock"))?;
        parts
            .operations
            .set_nonblocking(true)
            .map_err(socket("the operations listener"))?;
        let operations = tokio::net::TcpListener::from_std(parts.operations)
            .map_err(socket("the operations listener"))?;
        let address = operations
            .local_addr()
            .map_err(socket("the operations listener"))?;

        tasks.spawn(log.run(parts.records));
        let router = web::router(&prefix, state.clone());
        tasks.spawn(web::serve(parts.own, router, stop.clone()));
        let told = Operations {
            metrics: Arc::new(Metrics {
                workers: parts.counters,
                tallies,
            }),
            ready: ready.clone(),
            address,
        };
        let stopping = stop.clone();
        tasks.spawn(async move {
            if let Err(error) = operations::serve(operations, told, stopping).await {
                tracing::error!(%error, "the operations listener ended");
            }
        });
        let node = node(&parts.data);
        let (lease, leading) = leadership::start(leadership::Parts {
            store: store_now.clone(),
            holder: node.clone(),
            alarms: alarms.clone(),
            clock: parts.clock.clone(),
            stop: stop.clone(),
        });
        tasks.spawn(leading);
        let counted = state.tallies.clone();
        tasks.spawn(outbox::run(outbox::Parts {
            store: store_now,
            lease: lease.clone(),
            alarms: alarms.clone(),
            mail: parts.publisher.mail(),
            node,
            tally: Box::new(move |tally| counted.outbox(tally)),
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
            stop: stop.clone(),
        }));
        tasks.spawn(retention::keep(
            kept_now.clone(),
            lease.clone(),
            parts.clock.clone(),
            stop.clone(),
        ));
        let prover = Arc::new(Prover {
            state,
            program: parts.program,
            connect: parts.connect,
            roots: parts.roots,
            lease,
            alarms: alarms.clone(),
            busy: Mutex::new(None),
        });
        if let Some(kept) = &kept {
            prover.read(kept).await;
        } else {
            tracing::error!("the store can't be reached: proxying and prebuilt pages go on");
            let (prover, settings, stop) = (prover.clone(), settings.clone(), stop.clone());
            tasks.spawn(async move {
                let kept = tokio::select! {
                    () = stop.cancelled() => return,
                    kept = opening.until_open() => kept,
                };
                prover.read(&kept).await;
                // Both fail only when nobody is left who reads them.
                let _ = store_in.send(Some(kept.store.clone()));
                let _ = kept_in.send(Some(kept));
                settings.settle().await;
                tracing::info!("the store is open");
            });
        }
        tasks.spawn(socket::serve(commands, prover.clone(), stop.clone()));
        tasks.spawn(prover.keep(stop.clone()));
        tasks.close();
        guard.disarm();
        Ok(Self {
            stop,
            tasks,
            ready,
            alarms,
            settings,
            kept: kept_now,
        })
    }

    /// This node's alarms.
    pub fn alarms(&self) -> Alarms {
        self.alarms.clone()
    }

    /// What brings a new file and the store together.
    pub fn settings(&self) -> Settings {
        self.settings.clone()
    }

    /// From now on `/readyz` says so.
    pub fn ready(&self) {
        self.ready.store(true, Ordering::SeqCst);
    }

    /// Ends every part; what was answered stays. The access log ends with the workers,
    /// so the edge must have ended before.
    pub async fn stop(self) {
        self.ready.store(false, Ordering::SeqCst);
        self.stop.cancel();
        self.tasks.wait().await;
        let kept = self.kept.borrow().clone();
        if let Some(kept) = kept {
            kept.store.close().await;
        }
    }
}

/// This node's name, and no other's: the machine's and its data folder's.
fn node(data: &Path) -> String {
    let machine = rustix::system::uname();
    let machine = machine.nodename().to_string_lossy().into_owned();
    let folder = std::fs::canonicalize(data).unwrap_or_else(|_| data.to_owned());
    format!("{machine}:{}", folder.display())
}

/// How the store is opened: again and again while it can't be reached.
struct Opening {
    location: Location,
    masters: MasterKeys,
    ledger_key: LedgerKey,
    clock: Clock,
    rng: Rng,
}

impl Opening {
    /// Opens it; `None` while it can't be reached.
    async fn open(&self) -> Result<Option<Kept>, StartError> {
        let opened = Store::open(
            &self.location,
            self.masters.clone(),
            self.clock.clone(),
            self.rng.clone(),
        );
        let store = match opened.await {
            Err(store::Error::Unavailable { .. }) => return Ok(None),
            other => other?,
        };
        let key = self.ledger_key.of(&store).await?;
        let keeper = Keeper::load(&store, key).await?;
        Ok(Some(Kept {
            store,
            keeper: Arc::new(Mutex::new(keeper)),
        }))
    }

    async fn until_open(&self) -> Kept {
        loop {
            tokio::time::sleep(OPEN_AGAIN).await;
            match self.open().await {
                Ok(Some(kept)) => return kept,
                Ok(None) => {}
                Err(error) => tracing::error!(%error, "the store can't be opened"),
            }
        }
    }
}

/// Carries a command out on a store that no server has open.
pub async fn offline(
    store: &Store,
    data: &Path,
    log: &Path,
    command: &socket::Command,
) -> socket::Reply {
    socket::offline(store, data, log, command).await
}

/// Hex of the SHA-256 of `bytes`.
pub fn digest(bytes: &[u8]) -> String {
    prober::hex(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, bytes).as_ref())
}

/// Bytes in base64 with padding (RFC 4648 section 4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or(0));
        let word = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let digit = word >> (18 - 6 * place) & 63;
            let letter = usize::try_from(digit)
                .ok()
                .and_then(|digit| DIGITS.get(digit));
            let padded = place > three.len();
            text.push(if padded {
                '='
            } else {
                char::from(*letter.unwrap_or(&b'='))
            });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn base64_is_that_of_the_rfc() {
        for (plain, encoded) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(super::base64(plain.as_bytes()), encoded);
        }
    }
}
