//! The access log: one JSON line per request, to files that rotate, to standard output
//! or to systemd's journal.
//!
//! Lines say no query, cookie, token or e-mail address, and of the client's address only
//! what may be kept. A line that can't be written is counted, and the fault is said once
//! a minute; requests never wait for it.
// promise: track

mod client;
mod files;
mod find;
mod line;
mod recent;

use std::{
    io::{self, Write as _},
    net::IpAddr,
    os::unix::net::UnixDatagram,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use config::{AccessLog, Track};
use seam::{
    SnapshotCell,
    record::{Batch, Records},
};
use terms::{ClientAddr, Clock, Micros};
use tokio::sync::{mpsc, oneshot, watch};

pub(crate) use client::Search;
pub use client::{Deed, Doings, SHOWN};
pub use files::{Company, LogFiles};
pub use find::find;
use line::Lines;
pub(crate) use recent::Recent;

use crate::{metrics::Tallies, state::State, strikes::Strikes};

/// Batches that may wait for the writer; each worker has no more than this itself.
const WAITING: usize = 64;
/// How often the same fault is said.
const SAY_EVERY: Duration = Duration::from_secs(60);

/// How often old files are looked for; a new configuration does it too.
const LOOK_EVERY: Duration = Duration::from_secs(3600);

/// systemd's socket for structured entries.
const JOURNAL: &str = "/run/systemd/journal/socket";

/// Where lines go.
enum Sink {
    Files(LogFiles),
    Stdout,
    Journal(UnixDatagram),
    Off,
}

/// The access log can't be begun.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The folder or a file in it can't be used.
    #[error(
        "the access log can't be written in {folder}: {source}; make it writable for this user, or change `log_dir`"
    )]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is no journal.
    #[error("systemd's journal doesn't answer at {JOURNAL}: {0}; use `access_log = \"file\"`")]
    Journal(#[source] io::Error),
}

/// What a client has asked for so long back, as far as records are kept.
///
/// # Errors
/// Why nobody knows, for people.
pub(crate) async fn doings(
    state: &State,
    address: IpAddr,
    back: Duration,
) -> Result<Doings, String> {
    let track = state.publisher.config().track.clone();
    let kept = ClientAddr::new(address).kept(track.addresses);
    let address = kept.ok_or("records keep no addresses: see `addresses` in `[track]`")?;
    let back = i64::try_from(back.as_micros()).unwrap_or(i64::MAX);
    let since = Micros(state.clock.now().0.saturating_sub(back));
    let mut search = Search::new(address, since);
    match track.access_log {
        AccessLog::Off => Err("no records are kept: see `access_log` in `[track]`".to_owned()),
        AccessLog::File => {
            let read = move || search.through(&track.log_dir);
            let read = tokio::task::spawn_blocking(read).await;
            let read = read.map_err(|error| error.to_string())?;
            read.map_err(|error| format!("the access log: {error}"))
        }
        AccessLog::Stdout | AccessLog::Journald => {
            state.recent.search(&mut search);
            Ok(search.found())
        }
    }
}

/// Asks the writer to leave rotating to another process, or to take it up again.
pub(crate) struct Share {
    pub(crate) shared: bool,
    /// Told once it is so.
    pub(crate) done: oneshot::Sender<()>,
}

/// Writes what the workers record.
pub(crate) struct Writer {
    sink: Sink,
    /// What `sink` was opened by, and what comes after it.
    now: Track,
    track: watch::Receiver<Track>,
    recent: Arc<Recent>,
    snapshot: Arc<SnapshotCell>,
    tallies: Arc<Tallies>,
    strikes: Arc<Strikes>,
    clock: Clock,
    lines: Lines,
    said: Option<Micros>,
}

impl Writer {
    /// Opens the log as the configuration says; what records bring beside it is counted in
    /// `strikes`.
    pub(crate) fn open(
        mut track: watch::Receiver<Track>,
        recent: Arc<Recent>,
        snapshot: Arc<SnapshotCell>,
        tallies: Arc<Tallies>,
        strikes: Arc<Strikes>,
        clock: Clock,
        company: Company,
    ) -> Result<Self, LogError> {
        let now = track.borrow_and_update().clone();
        Ok(Self {
            sink: open(&now, clock.now(), company)?,
            now,
            track,
            recent,
            snapshot,
            tallies,
            strikes,
            clock,
            lines: Lines::default(),
            said: None,
        })
    }

    /// Writes until every worker has ended.
    pub(crate) async fn run(mut self, workers: Vec<Records>, mut shares: mpsc::Receiver<Share>) {
        let (sender, mut batches) = mpsc::channel::<(usize, Batch)>(WAITING);
        let mut returns = Vec::new();
        for (index, mut records) in workers.into_iter().enumerate() {
            let sender = sender.clone();
            let (back, mut empties) = mpsc::channel::<Batch>(seam::record::BATCHES);
            returns.push(back);
            tokio::spawn(async move {
                loop {
                    tokio::select! {
                        batch = records.next() => match batch {
                            Some(batch) => if sender.send((index, batch)).await.is_err() { return },
                            None => return,
                        },
                        Some(empty) = empties.recv() => records.done(empty),
                    }
                }
            });
        }
        drop(sender);
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                batch = batches.recv() => {
                    let Some((index, batch)) = batch else { return };
                    self.write(&batch);
                    if let Some(back) = returns.get(index) {
                        // There are no more batches than places; a worker that ended
                        // needs none.
                        let _ = back.try_send(batch);
                    }
                }
                Ok(()) = self.track.changed() => self.take(),
                Some(Share { shared, done }) = shares.recv() => {
                    self.share(shared);
                    // Whoever asked may have gone on without waiting.
                    let _ = done.send(());
                }
                _ = looks.tick() => self.look(),
            }
        }
    }

    /// Goes by the configuration of now. A log that can't be begun leaves the last one.
    fn take(&mut self) {
        let next = self.track.borrow_and_update().clone();
        let same = next.access_log == self.now.access_log && next.log_dir == self.now.log_dir;
        match &mut self.sink {
            Sink::Files(files) if same => files.limit(next.rotate_bytes, next.retention),
            _ if same => {}
            sink => match open(&next, self.clock.now(), Company::None) {
                Ok(opened) => *sink = opened,
                Err(error) => {
                    tracing::error!(%error, "the access log stays where it was");
                    return;
                }
            },
        }
        self.now = next;
        self.look();
    }

    fn share(&mut self, shared: bool) {
        if let Sink::Files(files) = &mut self.sink
            && let Err(error) = files.share(shared)
        {
            tracing::error!(%error, "the access log's file could not be opened anew");
        }
    }

    fn look(&mut self) {
        if let Sink::Files(files) = &mut self.sink
            && let Err(error) = files.look(self.clock.now())
        {
            tracing::error!(%error, "the access log could not be rotated");
        }
    }

    fn write(&mut self, batch: &Batch) {
        // Also where no log is kept.
        self.strikes.take(batch);
        if matches!(self.sink, Sink::Off) {
            return;
        }
        self.lines.clear();
        let snapshot = self.snapshot.load_full();
        for (record, texts) in batch.iter() {
            self.lines.push(record, texts, &snapshot);
        }
        let now = self.clock.now();
        let written = match &mut self.sink {
            Sink::Files(files) => files.append(&self.lines.bytes, now),
            Sink::Stdout => io::stdout().lock().write_all(&self.lines.bytes),
            Sink::Journal(socket) => send(socket, &self.lines.bytes),
            Sink::Off => Ok(()),
        };
        // What can't be read back is kept for a while.
        if written.is_ok() && matches!(self.sink, Sink::Stdout | Sink::Journal(_)) {
            self.recent.push(&self.lines.bytes, now);
        }
        if let Err(error) = written {
            self.tallies
                .log_lost
                .fetch_add(self.lines.count, Ordering::Relaxed);
            if self.said.is_none_or(|said| now.since(said) >= SAY_EVERY) {
                self.said = Some(now);
                tracing::error!(%error, lines = self.lines.count, "access log lines were lost");
            }
        }
    }
}

fn open(track: &Track, now: Micros, company: Company) -> Result<Sink, LogError> {
    Ok(match track.access_log {
        AccessLog::File => {
            let (folder, size) = (track.log_dir.clone(), track.rotate_bytes);
            let files = LogFiles::open(folder, size, track.retention, now, company);
            Sink::Files(files.map_err(|source| LogError::Folder {
                folder: track.log_dir.clone(),
                source,
            })?)
        }
        AccessLog::Stdout => Sink::Stdout,
        AccessLog::Journald => Sink::Journal(journal(JOURNAL).map_err(LogError::Journal)?),
        AccessLog::Off => Sink::Off,
    })
}

fn journal(path: &str) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.connect(path)?;
    // A journal that doesn't read must not hold up the writer for long.
    socket.set_write_timeout(Some(Duration::from_millis(200)))?;
    Ok(socket)
}

/// Entries of the journal's native protocol: one field a line, values without newlines.
fn send(socket: &UnixDatagram, lines: &[u8]) -> io::Result<()> {
    let mut entry = Vec::new();
    for line in lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        entry.clear();
        entry.extend_from_slice(b"SYSLOG_IDENTIFIER=waarborg\nPRIORITY=6\nMESSAGE=");
        entry.extend_from_slice(line);
        entry.push(b'\n');
        socket.send(&entry)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
