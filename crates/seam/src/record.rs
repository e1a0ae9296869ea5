//! Request records on their way up.
//!
//! Each worker fills a [`Batch`] and hands it over when it is full or old; control hands
//! it back empty. Memory is set aside once, so recording allocates nothing. When control
//! lags behind and no empty batch is left, records are dropped and counted: they are the
//! only thing that may be.

use std::net::IpAddr;

use guards::strike::Strike;
use terms::{Micros, RequestId};
use tokio::sync::mpsc;

/// Records in one batch.
pub const RECORDS: usize = 512;
/// Bytes of text in one batch.
pub const TEXT: usize = 128 * 1024;
/// Batches per worker.
pub const BATCHES: usize = 8;
/// Longest path and user agent that are kept, in bytes; the rest is cut off.
pub const PATH_MAX: usize = 1024;
/// Longest user agent kept, in bytes.
pub const AGENT_MAX: usize = 200;
/// Longest id of a rule kept, in bytes.
pub const RULE_MAX: usize = 400;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Answered by the application, by control or by a prebuilt page.
    Served,
    /// Answered by a refusal; the word is the rule's.
    Refused(&'static str),
    /// The client left before the answer was complete, or broke its own request.
    ClientGone,
    /// The application broke off in the middle of its answer.
    UpstreamCut,
}

/// The HTTP version a client spoke.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As in the access log.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Http10 => "1.0",
            Self::Http11 => "1.1",
            Self::Http2 => "2",
        }
    }
}

/// One request, as it ended. Texts stand in the batch.
#[derive(Debug, Clone, Copy)]
pub struct Record {
    /// When its head was read.
    pub at: Micros,
    /// Its id.
    pub id: RequestId,
    /// The trace it belongs to.
    pub trace: [u8; 16],
    /// Index of the site in the snapshot's list; `u16::MAX` where none was found.
    pub site: u16,
    /// The client, as much as may be kept of it.
    pub client: Option<IpAddr>,
    /// What its client may be banned for, and the client as it is. It is counted, never
    /// written: of a client, records keep what they may.
    pub strike: Option<(IpAddr, Strike)>,
    /// HTTP version.
    pub version: Version,
    /// Status sent; 0 where none was.
    pub status: u16,
    /// How it ended.
    pub outcome: Outcome,
    /// From head read to last byte written, in microseconds.
    pub took_us: u32,
    /// From request sent to the application's head, in microseconds; 0 where it wasn't asked.
    pub upstream_us: u32,
    /// Body bytes received.
    pub bytes_in: u64,
    /// Body bytes sent.
    pub bytes_out: u64,
    /// Lengths of method, host, path, user agent and rule in the batch's text.
    lengths: [u16; 5],
    start: u32,
}

/// The texts of one record, borrowed from the request.
#[derive(Debug, Clone, Copy, Default)]
pub struct Texts<'a> {
    /// The method.
    pub method: &'a str,
    /// The host that was asked for.
    pub host: &'a str,
    /// The path without its query: queries carry tokens and personal data.
    pub path: &'a str,
    /// `User-Agent`.
    pub agent: &'a [u8],
    /// The id of the rule that refused the client's address, or would have; empty where
    /// there was none.
    pub rule: &'a [u8],
}

impl Record {
    /// A record with everything but its texts.
    pub const fn new(at: Micros, id: RequestId, trace: [u8; 16], version: Version) -> Self {
        Self {
            at,
            id,
            trace,
            site: u16::MAX,
            client: None,
            strike: None,
            version,
            status: 0,
            outcome: Outcome::ClientGone,
            took_us: 0,
            upstream_us: 0,
            bytes_in: 0,
            bytes_out: 0,
            lengths: [0; 5],
            start: 0,
        }
    }
}

/// Records and their texts.
#[derive(Debug)]
pub struct Batch {
    records: Vec<Record>,
    text: Vec<u8>,
}

impl Batch {
    fn new() -> Self {
        Self {
            records: Vec::with_capacity(RECORDS),
            text: Vec::with_capacity(TEXT),
        }
    }

    /// Whether nothing was recorded.
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    fn is_full(&self) -> bool {
        self.records.len() == RECORDS
            || self.text.len() + PATH_MAX + AGENT_MAX + RULE_MAX + 300 > TEXT
    }

    fn push(&mut self, mut record: Record, texts: Texts<'_>) {
        record.start = u32::try_from(self.text.len()).unwrap_or(0);
        let parts = [
            cut(texts.method.as_bytes(), 32),
            cut(texts.host.as_bytes(), 255),
            cut(texts.path.as_bytes(), PATH_MAX),
            cut(texts.agent, AGENT_MAX),
            cut(texts.rule, RULE_MAX),
        ];
        for (length, part) in record.lengths.iter_mut().zip(parts) {
            *length = u16::try_from(part.len()).unwrap_or(0);
            self.text.extend_from_slice(part);
        }
        self.records.push(record);
    }

    /// The records with their texts, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = (&Record, [&[u8]; 5])> {
        self.records.iter().map(|record| {
            let mut at = usize::try_from(record.start).unwrap_or(usize::MAX);
            let texts = record.lengths.map(|length| {
                let end = at.saturating_add(usize::from(length));
                let text = self.text.get(at..end).unwrap_or_default();
                at = end;
                text
            });
            (record, texts)
        })
    }
}

fn cut(text: &[u8], at_most: usize) -> &[u8] {
    text.get(..at_most).unwrap_or(text)
}

/// A worker's end.
#[derive(Debug)]
pub struct Recorder {
    current: Option<Batch>,
    full: mpsc::Sender<Batch>,
    empty: mpsc::Receiver<Batch>,
}

/// Control's end: one per worker.
#[derive(Debug)]
pub struct Records {
    full: mpsc::Receiver<Batch>,
    empty: mpsc::Sender<Batch>,
}

/// A new pair with its memory.
pub fn channel() -> (Recorder, Records) {
    let (full_in, full_out) = mpsc::channel(BATCHES);
    let (empty_in, empty_out) = mpsc::channel(BATCHES);
    for _ in 1..BATCHES {
        // The channel has just been made with room for all of them.
        let _ = empty_in.try_send(Batch::new());
    }
    (
        Recorder {
            current: Some(Batch::new()),
            full: full_in,
            empty: empty_out,
        },
        Records {
            full: full_out,
            empty: empty_in,
        },
    )
}

impl Recorder {
    /// Keeps one record; `false` when it had to be dropped.
    pub fn record(&mut self, record: Record, texts: Texts<'_>) -> bool {
        if self.current.is_none() {
            self.current = self.empty.try_recv().ok();
        }
        let Some(batch) = &mut self.current else {
            return false;
        };
        batch.push(record, texts);
        if batch.is_full() {
            self.flush();
        }
        true
    }

    /// Hands over what was recorded so far: the worker's tick calls it.
    pub fn flush(&mut self) {
        let Some(batch) = self.current.take_if(|batch| !batch.is_empty()) else {
            return;
        };
        // There are no more batches than places in the channel: it is never full, and
        // when control has stopped nobody reads records any more.
        let _ = self.full.try_send(batch);
    }
}

impl Records {
    /// The next batch; `None` once the worker has ended.
    pub async fn next(&mut self) -> Option<Batch> {
        self.full.recv().await
    }

    /// Hands a batch back.
    pub fn done(&self, mut batch: Batch) {
        batch.records.clear();
        batch.text.clear();
        // Fails only when the worker has ended.
        let _ = self.empty.try_send(batch);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(n: i64) -> Record {
        Record::new(Micros(n), RequestId([0; 16]), [0; 16], Version::Http11)
    }

    fn texts(path: &str) -> Texts<'_> {
        Texts {
            method: "GET",
            host: "a.example",
            path,
            agent: b"curl",
            rule: b"",
        }
    }

    #[tokio::test]
    async fn what_was_recorded_arrives_with_its_texts() {
        let (mut recorder, mut records) = channel();
        assert!(recorder.record(record(1), texts("/one")));
        assert!(recorder.record(record(2), texts("/two")));
        recorder.flush();
        let batch = records.next().await.expect("a batch");
        let seen: Vec<_> = batch
            .iter()
            .map(|(record, [_, _, path, _, _])| (record.at.0, path.to_vec()))
            .collect();
        assert_eq!(seen, [(1, b"/one".to_vec()), (2, b"/two".to_vec())]);
    }

    #[tokio::test]
    async fn a_control_that_lags_costs_records_and_only_those() {
        let (mut recorder, mut records) = channel();
        let kept = (0..)
            .take_while(|n| recorder.record(record(*n), texts("/")))
            .count();
        assert_eq!(kept, RECORDS * BATCHES);
        let batch = records.next().await.expect("a batch");
        records.done(batch);
        assert!(
            recorder.record(record(0), texts("/")),
            "an emptied batch is used again"
        );
    }

    #[test]
    fn a_long_path_is_cut() {
        let (mut recorder, _records) = channel();
        let long = "/x".repeat(4000);
        for n in 0..RECORDS as i64 {
            recorder.record(record(n), texts(&long));
        }
    }
}
