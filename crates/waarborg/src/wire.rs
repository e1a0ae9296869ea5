//! Puts the planes together: opens what a configuration names, in the order in which it
//! can fail without leaving anything half done, and starts edge and control.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use config::{Config, Env, Loaded, Store as StoreKey};
use control::{
    Control, LedgerKey, Parts as ControlParts, Publisher,
    alarms::Alarms,
    handover::{HandoverError, OwnSockets, Predecessor, Revocations, Socket},
    socket,
};
use edge::{Arrivals, BindError, Crowd, Edge, Listeners, Listening, Parts as EdgeParts, Tickets};
use seam::{Counters, Sessions, findings, own, record, renewal};
use store::{DataError, DataFolder, DataLock, KeyError, Location, MasterKeys};
use terms::{Clock, Rng};

use crate::notify;

/// How long requests under way may take to end.
pub(crate) const DRAIN: Duration = Duration::from_secs(30);
/// Threads of control's runtime.
const CONTROL_THREADS: usize = 2;
/// How much control gives way to the edge, of 19 at most.
const CONTROL_NICE: i32 = 5;

/// The server can't start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error(transparent)]
    Data(#[from] DataError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Bind(#[from] BindError),
    #[error("can't listen on {address} for operations: {source}")]
    Operations {
        address: SocketAddr,
        #[source]
        source: io::Error,
    },
    #[error(transparent)]
    Handover(#[from] HandoverError),
    #[error(transparent)]
    Control(#[from] control::StartError),
    #[error(transparent)]
    Ledger(#[from] control::KeeperError),
    #[error("TLS can't be set up: {0}")]
    Tls(#[from] rustls::Error),
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        #[source]
        source: io::Error,
    },
}

/// The running server.
pub(crate) struct Server {
    pub(crate) edge: Edge,
    pub(crate) control: Control,
    runtime: tokio::runtime::Runtime,
    pub(crate) publisher: Arc<Publisher>,
    /// Where it listens, as bound.
    pub(crate) listen: Vec<SocketAddr>,
    /// The operations listener, as bound.
    pub(crate) operations: SocketAddr,
    /// Ends sessions, here and in the processes that still drain.
    pub(crate) revocations: Revocations,
    predecessor: Option<Predecessor>,
    /// `None` once another process has it.
    pub(crate) lock: Option<DataLock>,
}

/// Hex of the SHA-256 of a configuration's text: which one a verdict is about.
pub(crate) fn digest(text: &str) -> String {
    control::digest(text.as_bytes())
}

/// Where the store of a configuration is.
pub(crate) fn location(config: &Config, data: &DataFolder) -> Location {
    match &config.store {
        StoreKey::Sqlite => Location::Sqlite(data.store_file()),
        StoreKey::Postgres(url) => Location::Postgres(url.clone()),
    }
}

/// The folder of systemd's credentials.
pub(crate) fn credentials() -> Option<PathBuf> {
    std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from)
}

/// The master key; made where neither it nor a store is there yet.
fn master_keys(data: &DataFolder, location: &Location, rng: &Rng) -> Result<MasterKeys, KeyError> {
    let path = data.key_file();
    match MasterKeys::load(&path, credentials().as_deref()) {
        Err(KeyError::Missing { .. }) if !matches!(location, Location::Sqlite(file) if file.exists()) => {
            MasterKeys::create(&path, rng)
        }
        other => other,
    }
}

/// What a server stands on before it opens the store: nothing of it is half done when the
/// next thing fails.
struct Ground {
    data: DataFolder,
    lock: DataLock,
    runtime: tokio::runtime::Runtime,
    listeners: Vec<Listeners>,
    listening: Vec<Listening>,
    operations: Socket,
    /// Of an upgrade: control's sockets, and the server that runs.
    own_sockets: Option<OwnSockets>,
    predecessor: Option<Predecessor>,
}

impl Ground {
    /// Where nothing runs.
    fn new(config: &Config) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data)?;
        let lock = data.lock()?;
        let (listeners, listening) = Listeners::bind(&config.listen, workers(config), Vec::new())?;
        Ok(Self {
            operations: operations(config.operations, None)?,
            runtime: runtime()?,
            data,
            lock,
            listeners,
            listening,
            own_sockets: None,
            predecessor: None,
        })
    }

    /// Takes everything over from the server that runs. What can fail comes first: until
    /// it is asked for control, that server hasn't changed.
    fn taken_over(config: &Config, rng: &Rng) -> Result<Self, StartError> {
        let data = DataFolder::open(&config.data)?;
        let runtime = runtime()?;
        let met = runtime.block_on(Predecessor::meet(data.path()));
        let (mut predecessor, handed) = match met {
            // One that works there but doesn't answer is named by its lock.
            Err(error @ HandoverError::NoServer { .. }) => {
                drop(data.lock()?);
                return Err(error.into());
            }
            other => other?,
        };
        let (listeners, listening) =
            Listeners::bind(&config.listen, workers(config), grouped(handed.listeners))?;
        let operations = operations(config.operations, Some(handed.operations))?;
        master_keys(&data, &location(config, &data), rng)?;
        LedgerKey::read_or_make(data.path(), "waarborg", rng)?;
        let lock = match runtime.block_on(predecessor.take())? {
            Some(descriptor) => data.join(descriptor)?,
            None => data.lock()?,
        };
        Ok(Self {
            data,
            lock,
            runtime,
            listeners,
            listening,
            operations,
            own_sockets: Some(handed.own),
            predecessor: Some(predecessor),
        })
    }
}

fn runtime() -> Result<tokio::runtime::Runtime, StartError> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(CONTROL_THREADS)
        .thread_name("control")
        .on_thread_start(give_way)
        .enable_all()
        .build()
        .map_err(system("control's threads"))
}

/// Control gives way to the edge, and so do the threads and processes that it starts:
/// forwarded requests come first where both want a core.
fn give_way() {
    // Where it isn't allowed, control goes on as it is.
    let _ = rustix::process::nice(CONTROL_NICE);
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> StartError {
    move |source| StartError::System { what, source }
}

fn workers(config: &Config) -> usize {
    match config.workers {
        Some(workers) => usize::from(workers),
        None => std::thread::available_parallelism().map_or(1, usize::from),
    }
}

/// The operations listener: the one that was handed over where it is meant.
fn operations(address: SocketAddr, handed: Option<Socket>) -> Result<Socket, StartError> {
    if let Some(socket) = handed
        && (socket.configured == address || socket.actual == address)
    {
        return Ok(Socket {
            configured: address,
            ..socket
        });
    }
    let bound = TcpListener::bind(address)
        .and_then(|listener| Ok((listener.local_addr()?, listener)))
        .map_err(|source| StartError::Operations { address, source });
    let (actual, listener) = bound?;
    Ok(Socket {
        configured: address,
        actual,
        listener,
    })
}

/// Sockets by their addresses, as the edge takes them.
fn grouped(sockets: Vec<Socket>) -> Vec<Listening> {
    let mut groups: Vec<Listening> = Vec::new();
    for socket in sockets {
        match groups.iter_mut().find(|one| one.actual == socket.actual) {
            Some(group) => group.sockets.push(socket.listener),
            None => groups.push(Listening {
                configured: socket.configured,
                actual: socket.actual,
                sockets: vec![socket.listener],
            }),
        }
    }
    groups
}

/// The way back.
fn single(groups: Vec<Listening>) -> Vec<Socket> {
    let mut sockets = Vec::new();
    for group in groups {
        let (configured, actual) = (group.configured, group.actual);
        sockets.extend(group.sockets.into_iter().map(|listener| Socket {
            configured,
            actual,
            listener,
        }));
    }
    sockets
}

impl Server {
    /// Starts everything. `roots` is the certificate authority of the sites where it is
    /// our own: the drills trust it.
    pub(crate) fn start(loaded: Loaded, roots: Option<PathBuf>) -> Result<Self, StartError> {
        let ground = Ground::new(&loaded.config)?;
        Self::on(ground, loaded, roots)
    }

    /// Starts everything in the place of the server that runs, which goes on should this
    /// fail. [`Server::ready`] makes it final.
    pub(crate) fn upgrade(loaded: Loaded) -> Result<Self, StartError> {
        let ground = Ground::taken_over(&loaded.config, &Rng::System)?;
        Self::on(ground, loaded, None)
    }

    fn on(ground: Ground, loaded: Loaded, roots: Option<PathBuf>) -> Result<Self, StartError> {
        let Loaded {
            mut config, text, ..
        } = loaded;
        let Ground {
            data,
            lock,
            runtime,
            listeners,
            listening,
            operations,
            own_sockets,
            predecessor,
        } = ground;
        let (clock, rng) = (Clock::System, Rng::System);
        let location = location(&config, &data);
        let masters = master_keys(&data, &location, &rng)?;
        let listen: Vec<_> = listening.iter().map(|one| one.actual).collect();
        let operations_at = operations.actual;
        let first = listen.first().copied();
        let first = first.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        if config.public_port == 0 {
            config.public_port = first.port();
        }

        let origin = config
            .sites
            .first()
            .map_or("waarborg", |site| site.host.as_str());
        let origin = format!("{origin}{}ledger", config.prefix);
        let ledger_key = LedgerKey::read_or_make(data.path(), &origin, &rng)?;
        let memory = config.throttle.memory;
        let publisher = Arc::new(Publisher::new(
            Arc::new(config),
            digest(&text),
            clock.clone(),
        ));
        let snapshot = publisher.begin();
        let (own_in, own_out) = own::queue();
        let (renewals, renewed) = renewal::queue();
        let sessions = Arc::new(Sessions::default());
        let revocations = Revocations::new(sessions.clone());
        let tickets = Tickets::new()?;
        let crowd = Crowd::default();
        let arrivals = Arrivals::new(memory, &rng, &clock);
        let (findings, found) = findings::channel();
        let (mut parts, mut records, mut counters) = (Vec::new(), Vec::new(), Vec::new());
        for listeners in listeners {
            let (recorder, recorded) = record::channel();
            let numbers = Arc::new(Counters::default());
            records.push(recorded);
            counters.push(numbers.clone());
            parts.push(EdgeParts {
                listeners,
                drills: None,
                snapshot: snapshot.clone(),
                sessions: sessions.clone(),
                own: own_in.clone(),
                renewals: renewals.clone(),
                recorder,
                findings: findings.clone(),
                counters: numbers,
                tickets: tickets.clone(),
                crowd: crowd.clone(),
                arrivals: arrivals.clone(),
                clock: clock.clone(),
                rng: rng.clone(),
            });
        }
        // It ends with the workers.
        drop(findings);
        let program = std::env::current_exe().map_err(system("our own program file"))?;
        let control = runtime.block_on(Control::start(ControlParts {
            publisher: publisher.clone(),
            snapshot,
            location,
            masters,
            ledger_key,
            data: data.path().to_owned(),
            sessions,
            revocations: revocations.clone(),
            renewals: renewed,
            own: own_out,
            records,
            findings: found,
            counters,
            listeners: single(listening),
            operations,
            own_sockets,
            connect: reachable(first),
            roots,
            program,
            clock,
            rng,
        }))?;
        // A process before has its own until then; there is one file of this name.
        if let Some(first) = parts.first_mut() {
            let door = socket::open_door(data.path());
            first.drills = Some(door.map_err(system("data/proxy.sock"))?);
        }
        let edge = edge::start(parts).map_err(system("the edge's threads"))?;
        control.ready();
        Ok(Self {
            edge,
            control,
            runtime,
            publisher,
            listen,
            operations: operations_at,
            revocations,
            predecessor,
            lock: Some(lock),
        })
    }

    /// Tells whoever waits for it that this process serves: the server before, and systemd.
    pub(crate) fn ready(&mut self) {
        if let Some(mut predecessor) = self.predecessor.take() {
            self.runtime.block_on(predecessor.ready());
            self.runtime
                .spawn(predecessor.lead(self.revocations.clone()));
        }
        notify::ready();
    }

    /// The runtime of control, for what is awaited beside it.
    pub(crate) const fn runtime(&self) -> &tokio::runtime::Runtime {
        &self.runtime
    }

    /// The files whose change is taken by itself: certificates, keys, lists of addresses.
    pub(crate) fn watched_files(&self) -> Vec<PathBuf> {
        let config = self.publisher.config();
        config
            .watched_files()
            .into_iter()
            .map(PathBuf::from)
            .collect()
    }

    /// This node's alarms; `None` while another process has them.
    pub(crate) fn alarms(&self) -> Option<Alarms> {
        self.control.alarms()
    }

    /// Takes a configuration into the running server, all or nothing. Returns the keys
    /// that need a restart to count.
    pub(crate) async fn reload(
        &self,
        file: &std::path::Path,
    ) -> Result<Vec<&'static str>, config::Mistakes> {
        // Reading keys takes milliseconds of computing.
        let loaded =
            tokio::task::block_in_place(|| Config::load(file, &Env::system(Clock::System)))?;
        let (mut config, text) = (loaded.config, loaded.text);
        let present = self.publisher.config();
        let restart = present.restart_keys(&config);
        config.data.clone_from(&present.data);
        config.listen.clone_from(&present.listen);
        config.operations = present.operations;
        config.workers = present.workers;
        config.store = present.store.clone();
        if config.public_port == 0 {
            config.public_port = present.public_port;
        }
        if let Some(settings) = self.control.settings() {
            settings.reload(config, digest(&text)).await;
        }
        Ok(restart)
    }

    /// Lets requests under way end, then ends itself. The edge first: control answers
    /// its own pages until then.
    pub(crate) fn stop(mut self) {
        self.control.close_listeners();
        self.edge.drain(DRAIN);
        self.runtime.block_on(self.control.stop());
    }
}

/// An address that this machine can connect to, for a listening one.
fn reachable(listening: SocketAddr) -> SocketAddr {
    let ip = match listening.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        other => other,
    };
    SocketAddr::new(ip, listening.port())
}
