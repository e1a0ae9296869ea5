//! A worker: one OS thread, one current-thread runtime, its own listeners, upstream
//! connections and counters. Workers share nothing that locks.

use std::{
    cell::{Cell, RefCell},
    convert::Infallible,
    fmt::Write as _,
    io,
    ops::Deref,
    os::unix::net::UnixListener,
    rc::Rc,
    sync::Arc,
    thread,
    time::Duration,
};

use guards::csp::NONCE_BYTES;
use seam::{
    Counters, Sessions, Snapshot, SnapshotCell, findings::FindingSender, own::OwnSender,
    record::Recorder, renewal::RenewalSender,
};
use terms::{Clock, Micros, Moment, RequestId, Rng};
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::{LocalSet, spawn_local},
};
use tokio_rustls::TlsAcceptor;

use crate::{
    accept::{self, Connection, Listeners},
    buffer::{self, Buffers},
    crowd::Crowd,
    handshake::{self, Secured, Tickets},
    health::Accounts,
    http1, http2,
    throttle::Arrivals,
    upstream::Pools,
    watch::{LOOK_EVERY, Watches},
    weaknesses::Told,
};

/// What a worker is made of; `wire.rs` hands it over.
#[derive(Debug)]
pub struct Parts {
    /// Its listeners.
    pub listeners: Listeners,
    /// The door of drills: at most one worker has it.
    pub drills: Option<UnixListener>,
    /// The current snapshot.
    pub snapshot: Arc<SnapshotCell>,
    /// The session table.
    pub sessions: Arc<Sessions>,
    /// The way to control.
    pub own: OwnSender,
    /// Where assertions are signed anew.
    pub renewals: RenewalSender,
    /// Where records go.
    pub recorder: Recorder,
    /// Where markup is told that came back, and what is weak.
    pub findings: FindingSender,
    /// Its numbers.
    pub counters: Arc<Counters>,
    /// Session tickets, shared by all workers.
    pub tickets: Tickets,
    /// The connections of each client, shared by all workers.
    pub crowd: Crowd,
    /// What each client has asked lately, shared by all workers.
    pub arrivals: Arrivals,
    /// Time.
    pub clock: Clock,
    /// Chance.
    pub rng: Rng,
}

/// The running edge.
#[derive(Debug)]
pub struct Edge {
    threads: Vec<thread::JoinHandle<()>>,
    drain: watch::Sender<Drain>,
    /// Closed once every worker has ended.
    alive: mpsc::Receiver<Infallible>,
}

/// While a worker stops, an idle connection may ask so long before it is closed. A client
/// that asks all the time is told with its answer; one that is closed unasked might be
/// asking at that moment, and couldn't know whether it was heard.
const LAST_ASKING: Duration = Duration::from_secs(1);

/// What the workers are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Drain {
    Serve,
    /// Others have the listeners: connections end by themselves, each with its next
    /// answer, or at its own limits.
    HandedOver,
    /// No new connections; requests under way end.
    Finish,
    /// End now.
    Stop,
}

/// Starts one thread per set of parts. They serve at once.
///
/// # Errors
/// When a thread or its runtime can't be made.
pub fn start(parts: Vec<Parts>) -> io::Result<Edge> {
    let (drain, told) = watch::channel(Drain::Serve);
    let (living, alive) = mpsc::channel(1);
    let mut threads = Vec::new();
    for (index, parts) in parts.into_iter().enumerate() {
        let (told, living) = (told.clone(), living.clone());
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = thread::Builder::new()
            .name(format!("edge-{index}"))
            .spawn(move || {
                LocalSet::new().block_on(&runtime, run(parts, told));
                drop(living);
            })?;
        threads.push(thread);
    }
    Ok(Edge {
        threads,
        drain,
        alive,
    })
}

impl Edge {
    /// Another process serves the listeners now. No connection is cut: each ends with its
    /// next answer, streams when their own ends do. [`Edge::ended`] tells when all have.
    pub fn hand_over(&self) {
        // Fails only when every worker has already ended.
        let _ = self.drain.send(Drain::HandedOver);
    }

    /// Returns once every worker has ended.
    pub async fn ended(&mut self) {
        // Nothing is ever sent: the channel closes.
        let _ = self.alive.recv().await;
    }

    /// Stops accepting, lets requests under way end for at most `limit`, then ends.
    /// Blocks until every worker has ended.
    pub fn drain(self, limit: Duration) {
        // Fails only when every worker has already ended.
        let _ = self.drain.send(Drain::Finish);
        let (done, all_done) = std::sync::mpsc::channel();
        let waiter = thread::spawn(move || {
            for worker in self.threads {
                // A worker that panicked has ended as well.
                let _ = worker.join();
            }
            let _ = done.send(());
        });
        if all_done.recv_timeout(limit).is_err() {
            let _ = self.drain.send(Drain::Stop);
        }
        let _ = waiter.join();
    }
}

/// A worker's own view of a snapshot, with its upstream connections.
pub(crate) struct Local {
    snapshot: Arc<Snapshot>,
    pub(crate) pools: Pools,
    pub(crate) accounts: Accounts,
    /// The snapshot's limits as the codec takes them.
    pub(crate) codec: h1::Limits,
}

impl Local {
    fn of(snapshot: Arc<Snapshot>, before: Option<&Self>) -> Rc<Self> {
        let before = before.map(|local| (&*local.snapshot.sites, &local.accounts));
        Rc::new(Self {
            pools: Pools::of(&snapshot.sites),
            accounts: Accounts::of(&snapshot.sites, before),
            codec: h1::Limits {
                // A head is judged whole, in one buffer.
                head: usize::try_from(snapshot.limits.head_bytes)
                    .unwrap_or(buffer::SIZE)
                    .min(buffer::SIZE),
                fields: usize::from(snapshot.limits.fields),
                ..h1::Limits::default()
            },
            snapshot,
        })
    }
}

impl Deref for Local {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}

/// Spare heads a worker keeps.
const HEADS: usize = 128;

/// Pairs of a request id and a span id that are drawn at once.
const POOL: usize = 170;

struct Ids {
    pairs: Box<[[u8; 24]; POOL]>,
    used: usize,
}

/// Whether and how a worker comes to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leaving {
    No,
    /// Idle connections may stay to ask once more.
    Patiently,
    /// Idle connections may ask until then.
    Soon(Moment),
}

/// What all connections of a thread share.
pub(crate) struct Worker {
    cell: Arc<SnapshotCell>,
    local: RefCell<Rc<Local>>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) recorder: RefCell<Recorder>,
    pub(crate) findings: FindingSender,
    pub(crate) sessions: Arc<Sessions>,
    pub(crate) own: OwnSender,
    pub(crate) renewals: RenewalSender,
    pub(crate) tls: TlsAcceptor,
    pub(crate) crowd: Crowd,
    pub(crate) arrivals: Arrivals,
    pub(crate) clock: Clock,
    pub(crate) buffers: Buffers,
    pub(crate) watches: Watches,
    rng: Rng,
    ids: RefCell<Ids>,
    heads: RefCell<Vec<Vec<u8>>>,
    leaving: Cell<Leaving>,
    /// Answers that are being compressed.
    pub(crate) encoders: Cell<u16>,
    /// What is weak in applications, as far as it was told.
    pub(crate) weaknesses: RefCell<Told>,
    recent: Cell<Moment>,
    /// UTC at a monotonic moment: one clock is read per request.
    utc: Cell<(Moment, Micros)>,
    date: RefCell<String>,
}

impl Worker {
    /// The current snapshot. A new one is noticed here, by its address.
    pub(crate) fn snapshot(&self) -> Rc<Local> {
        let current = self.cell.load();
        let mut local = self.local.borrow_mut();
        if !Arc::ptr_eq(&current, &local.snapshot) {
            *local = Local::of(Arc::clone(&current), Some(&**local));
        }
        local.clone()
    }

    /// A word that nobody can guess: the nonce of one answer's policy.
    pub(crate) fn nonce(&self) -> String {
        terms::base64(&self.rng.bytes::<NONCE_BYTES>())
    }

    /// A request id and a span id.
    pub(crate) fn ids(&self) -> (RequestId, [u8; 8]) {
        let mut ids = self.ids.borrow_mut();
        if ids.used >= POOL {
            self.rng.fill(ids.pairs.as_flattened_mut());
            ids.used = 0;
        }
        let pair = ids.pairs.get(ids.used).copied().unwrap_or_default();
        let (mut id, mut span) = ([0; 16], [0; 8]);
        let (first, last) = pair.split_at(16);
        id.copy_from_slice(first);
        span.copy_from_slice(last);
        ids.used += 1;
        // All zero is no valid id (W3C Trace Context).
        if let (Some(last_of_id), Some(last_of_span)) = (id.last_mut(), span.last_mut()) {
            *last_of_id |= u8::from(*last_of_id == 0);
            *last_of_span |= u8::from(*last_of_span == 0);
        }
        (RequestId(id), span)
    }

    /// Memory for a head that goes to an application, used again: HTTP/2 has many under
    /// way at once.
    pub(crate) fn spare_head(&self) -> Vec<u8> {
        self.heads.borrow_mut().pop().unwrap_or_default()
    }

    /// Gives it back.
    pub(crate) fn keep_head(&self, head: Vec<u8>) {
        let mut heads = self.heads.borrow_mut();
        if heads.len() < HEADS && head.capacity() <= buffer::SIZE {
            heads.push(head);
        }
    }

    /// Now.
    pub(crate) fn now(&self) -> Moment {
        let now = self.clock.moment();
        self.recent.set(now);
        now
    }

    /// The last moment that was read, at most [`LOOK_EVERY`] ago: enough for deadlines, and
    /// reading a clock costs more than a deadline does.
    pub(crate) fn recent(&self) -> Moment {
        self.recent.get()
    }

    /// UTC at a moment of this worker's recent past.
    pub(crate) fn utc(&self, at: Moment) -> Micros {
        let (moment, utc) = self.utc.get();
        utc.after(at.since(moment))
    }

    /// The `Date` of an answer (RFC 9110 section 5.6.7), at most a look old.
    pub(crate) fn date(&self) -> std::cell::Ref<'_, String> {
        self.date.borrow()
    }

    /// Whether connections should end after their request.
    pub(crate) fn is_draining(&self) -> bool {
        self.leaving.get() != Leaving::No
    }

    /// Whether a connection without a request may stay.
    pub(crate) fn may_idle(&self) -> bool {
        match self.leaving.get() {
            Leaving::No | Leaving::Patiently => true,
            Leaving::Soon(until) => self.recent() < until,
        }
    }

    fn leave(self: &Rc<Self>, leaving: Leaving) {
        self.leaving.set(leaving);
        self.look(true);
    }

    fn look(self: &Rc<Self>, wake_all: bool) {
        let now = self.now();
        if !self.is_draining() {
            Accounts::check(self, &self.snapshot(), now);
        }
        self.utc.set((now, self.clock.now()));
        let mut date = self.date.borrow_mut();
        date.clear();
        let written = write!(date, "{}", HttpDate(self.clock.now()));
        debug_assert!(written.is_ok(), "writing to memory can't fail");
        self.watches.look(now, wake_all);
        self.local.borrow().pools.tidy(now);
        self.recorder.borrow_mut().flush();
    }
}

impl Drop for Worker {
    /// Whatever ended with the worker was recorded on the way: it isn't lost.
    fn drop(&mut self) {
        self.recorder.get_mut().flush();
    }
}

/// Makes a worker of its parts, on the thread and in the runtime where it will run.
pub(crate) fn assemble(parts: Parts) -> Result<(Rc<Worker>, Vec<TcpListener>), String> {
    let Parts {
        listeners,
        drills: _,
        snapshot,
        sessions,
        own,
        renewals,
        recorder,
        findings,
        counters,
        tickets,
        crowd,
        arrivals,
        clock,
        rng,
    } = parts;
    let tls = handshake::acceptor(snapshot.clone(), &tickets).map_err(|error| error.to_string())?;
    let listeners = listeners.serve().map_err(|error| error.to_string())?;
    let worker = Rc::new(Worker {
        local: RefCell::new(Local::of(snapshot.load_full(), None)),
        cell: snapshot,
        counters,
        recorder: RefCell::new(recorder),
        findings,
        sessions,
        own,
        renewals,
        tls,
        crowd,
        arrivals,
        buffers: Buffers::default(),
        watches: Watches::default(),
        ids: RefCell::new(Ids {
            pairs: Box::new([[0; 24]; POOL]),
            used: POOL,
        }),
        rng,
        heads: RefCell::default(),
        leaving: Cell::new(Leaving::No),
        encoders: Cell::new(0),
        weaknesses: RefCell::default(),
        recent: Cell::new(clock.moment()),
        utc: Cell::new((clock.moment(), clock.now())),
        date: RefCell::new(String::new()),
        clock,
    });
    worker.look(false);
    Ok((worker, listeners))
}

async fn run(mut parts: Parts, mut told: watch::Receiver<Drain>) {
    let drills = parts.drills.take();
    let (worker, listeners) = match assemble(parts) {
        Ok(assembled) => assembled,
        Err(error) => {
            tracing::error!(error, "a worker could not start");
            return;
        }
    };
    if let Some(listener) = drills {
        spawn_local(accept_drills(listener, worker.clone(), told.clone()));
    }
    let accepting: Vec<_> = listeners
        .into_iter()
        .map(|listener| spawn_local(accept(listener, worker.clone(), told.clone())))
        .collect();
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {
                worker.look(matches!(worker.leaving.get(), Leaving::Soon(_)));
                if worker.is_draining()
                    && accepting.iter().all(tokio::task::JoinHandle::is_finished)
                    && worker.counters.connections.get() == 0
                {
                    return;
                }
            }
            changed = told.changed() => {
                let now = *told.borrow_and_update();
                match now {
                    Drain::Serve if changed.is_ok() => {}
                    Drain::HandedOver => worker.leave(Leaving::Patiently),
                    Drain::Finish => {
                        worker.leave(Leaving::Soon(worker.now().after(LAST_ASKING)));
                    }
                    Drain::Stop | Drain::Serve => {
                        worker.look(true);
                        return;
                    }
                }
            }
        }
    }
}

/// Takes connections until the worker is to end, and then those that wait already.
async fn accept(listener: TcpListener, worker: Rc<Worker>, mut told: watch::Receiver<Drain>) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            // Closed, it means the same: the edge is gone.
            _ = told.wait_for(|told| *told != Drain::Serve) => break,
        };
        match accepted {
            Ok((stream, peer)) => {
                if let Some(connection) = Connection::admit(stream, peer, &worker) {
                    spawn_local(serve(connection, worker.clone()));
                }
            }
            Err(error) => {
                // Out of descriptors: others will close; a busy loop would only hinder them.
                tracing::warn!(%error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
    for connection in accept::take_waiting(listener, &worker) {
        spawn_local(serve(connection, worker.clone()));
    }
}

/// Takes connections at the door of drills until the worker is to end.
async fn accept_drills(
    listener: UnixListener,
    worker: Rc<Worker>,
    mut told: watch::Receiver<Drain>,
) {
    let listening = listener
        .set_nonblocking(true)
        .and_then(|()| tokio::net::UnixListener::from_std(listener));
    let listener = match listening {
        Ok(listener) => listener,
        Err(error) => {
            tracing::error!(%error, "the door of drills can't be opened");
            return;
        }
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = told.wait_for(|told| *told != Drain::Serve) => return,
        };
        match accepted {
            Ok((stream, _)) => {
                if let Some(connection) = Connection::admit_drill(stream, &worker) {
                    spawn_local(serve(connection, worker.clone()));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "a drill's connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

async fn serve(connection: Connection, worker: Rc<Worker>) {
    let Some(connection) = connection.seat(&worker).await else {
        return;
    };
    // A failed handshake is counted where it fails; there is nobody to answer.
    let Ok(secured) = Secured::shake(connection, &worker).await else {
        return;
    };
    let http2 = secured.is_http2();
    let (stream, facts, open) = secured.into_parts();
    if http2 {
        http2::serve(stream, facts, worker).await;
    } else {
        http1::serve(stream, facts, worker).await;
    }
    drop(open);
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`.
struct HttpDate(Micros);

impl std::fmt::Display for HttpDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        const DAYS: [&str; 7] = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"];
        const MONTHS: [&str; 12] = [
            "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
        ];
        let seconds = self.0.0.div_euclid(1_000_000);
        let weekday = usize::try_from(seconds.div_euclid(86_400).rem_euclid(7)).unwrap_or(0);
        let text = self.0.to_string();
        // RFC 3339 in UTC has its parts at fixed places.
        let part = |from: usize, to: usize| text.get(from..to).unwrap_or("00");
        let month = part(5, 7).parse::<usize>().unwrap_or(1).saturating_sub(1);
        write!(
            f,
            "{}, {} {} {} {} GMT",
            DAYS.get(weekday).unwrap_or(&"Thu"),
            part(8, 10),
            MONTHS.get(month).unwrap_or(&"Jan"),
            part(0, 4),
            part(11, 19)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_written_as_http_wants_it() {
        let check = |micros, expected: &str| {
            assert_eq!(HttpDate(Micros(micros)).to_string(), expected);
        };
        check(784_111_777_000_000, "Sun, 06 Nov 1994 08:49:37 GMT");
        check(0, "Thu, 01 Jan 1970 00:00:00 GMT");
        check(951_782_400_000_000, "Tue, 29 Feb 2000 00:00:00 GMT");
    }
}
