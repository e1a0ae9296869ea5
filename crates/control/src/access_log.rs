//! The access log: one JSON line per request, to files that rotate, to standard output
//! or to systemd's journal.
//!
//! Lines say no query, cookie, token or e-mail address, and of the client's address only
//! what may be kept. A line that can't be written is counted, and the fault is said once
//! a minute; requests never wait for it.
// promise: track

mod files;
mod find;

use std::{
    io::{self, Write as _},
    os::unix::net::UnixDatagram,
    path::PathBuf,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use config::{AccessLog, Track};
use seam::{
    SnapshotCell,
    record::{Batch, Outcome, Record, Records},
};
use serde::Serialize;
use terms::{Clock, Micros, RequestId};
use tokio::sync::mpsc;

pub use files::LogFiles;
pub use find::find;

use crate::metrics::Tallies;

/// Batches that may wait for the writer; each worker has no more than this itself.
const WAITING: usize = 64;
/// How often the same fault is said.
const SAY_EVERY: Duration = Duration::from_secs(60);

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

/// Writes what the workers record.
pub(crate) struct Writer {
    sink: Sink,
    snapshot: Arc<SnapshotCell>,
    tallies: Arc<Tallies>,
    clock: Clock,
    lines: Vec<u8>,
    said: Option<Micros>,
}

impl Writer {
    /// Opens the log as the configuration says.
    pub(crate) fn open(
        track: &Track,
        snapshot: Arc<SnapshotCell>,
        tallies: Arc<Tallies>,
        clock: Clock,
    ) -> Result<Self, LogError> {
        let sink = match track.access_log {
            AccessLog::File => {
                let files = LogFiles::open(
                    track.log_dir.clone(),
                    track.rotate_bytes,
                    track.retention,
                    clock.now(),
                );
                Sink::Files(files.map_err(|source| LogError::Folder {
                    folder: track.log_dir.clone(),
                    source,
                })?)
            }
            AccessLog::Stdout => Sink::Stdout,
            AccessLog::Journald => Sink::Journal(journal(JOURNAL).map_err(LogError::Journal)?),
            AccessLog::Off => Sink::Off,
        };
        Ok(Self {
            sink,
            snapshot,
            tallies,
            clock,
            lines: Vec::new(),
            said: None,
        })
    }

    /// Writes until every worker has ended.
    pub(crate) async fn run(mut self, workers: Vec<Records>) {
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
        while let Some((index, batch)) = batches.recv().await {
            self.write(&batch);
            if let Some(back) = returns.get(index) {
                // There are no more batches than places; a worker that ended needs none.
                let _ = back.try_send(batch);
            }
        }
    }

    fn write(&mut self, batch: &Batch) {
        if matches!(self.sink, Sink::Off) {
            return;
        }
        self.lines.clear();
        let snapshot = self.snapshot.load_full();
        let mut count = 0;
        for (record, texts) in batch.iter() {
            let line = Line::of(record, texts, &snapshot);
            // Writing to memory fails only for values that JSON can't hold: none here.
            if serde_json::to_writer(&mut self.lines, &line).is_ok() {
                self.lines.push(b'\n');
                count += 1;
            }
        }
        let now = self.clock.now();
        let written = match &mut self.sink {
            Sink::Files(files) => files.append(&self.lines, now),
            Sink::Stdout => io::stdout().lock().write_all(&self.lines),
            Sink::Journal(socket) => send(socket, &self.lines),
            Sink::Off => Ok(()),
        };
        if let Err(error) = written {
            self.tallies.log_lost.fetch_add(count, Ordering::Relaxed);
            if self.said.is_none_or(|said| now.since(said) >= SAY_EVERY) {
                self.said = Some(now);
                tracing::error!(%error, lines = count, "access log lines were lost");
            }
        }
    }
}

/// A line of the log.
#[derive(Serialize)]
struct Line<'a> {
    time: String,
    id: String,
    trace: String,
    site: Option<&'a str>,
    client: Option<std::net::IpAddr>,
    method: &'a str,
    host: &'a str,
    path: &'a str,
    version: &'static str,
    status: u16,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    took_us: u32,
    upstream_us: u32,
    bytes_in: u64,
    bytes_out: u64,
    agent: std::borrow::Cow<'a, str>,
}

impl<'a> Line<'a> {
    fn of(record: &Record, texts: [&'a [u8]; 4], snapshot: &'a seam::Snapshot) -> Self {
        let [method, host, path, agent] = texts;
        let text = |bytes: &'a [u8]| std::str::from_utf8(bytes).unwrap_or_default();
        let (outcome, reason) = match record.outcome {
            Outcome::Served => ("served", None),
            Outcome::Refused(reason) => ("refused", Some(reason)),
            Outcome::ClientGone => ("client-gone", None),
            Outcome::UpstreamCut => ("upstream-cut", None),
        };
        Self {
            time: record.at.to_string(),
            id: record.id.to_string(),
            trace: RequestId(record.trace).to_string(),
            site: snapshot
                .sites
                .get(usize::from(record.site))
                .map(|site| &*site.name),
            client: record.client,
            method: text(method),
            host: text(host),
            path: text(path),
            version: record.version.word(),
            status: record.status,
            outcome,
            reason,
            took_us: record.took_us,
            upstream_us: record.upstream_us,
            bytes_in: record.bytes_in,
            bytes_out: record.bytes_out,
            agent: String::from_utf8_lossy(agent),
        }
    }
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
