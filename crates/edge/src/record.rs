//! Step 8, record: what is kept of a request once it is over.
// promise: track

use std::{fmt, io::Write as _};

use guards::strike::{Strike, sought};
use seam::record::{Outcome, Record, Texts};

use crate::{know::Visit, read::Request, teeth, throttle::THROTTLED, worker::Worker};

/// Texts of a request, copied out of its buffer into memory that is used again.
#[derive(Default)]
pub(crate) struct Notes {
    text: Vec<u8>,
    method: usize,
    host: usize,
    path: usize,
    agent: (usize, usize),
    accept: (usize, usize),
    language: (usize, usize),
    encoding: (usize, usize),
    rule: (usize, usize),
}

/// Longest part that is kept of a header value.
const NOTE_MAX: usize = 256;

impl Notes {
    /// Forgets the last request.
    pub(crate) fn clear(&mut self) {
        let mut text = std::mem::take(&mut self.text);
        text.clear();
        *self = Self {
            text,
            ..Self::default()
        };
    }

    /// Keeps method, host and path; never the query.
    pub(crate) fn request(&mut self, request: &Request<'_>) {
        let mut keep = |text: &str, at_most: usize| {
            let text = text.as_bytes();
            self.text
                .extend_from_slice(text.get(..at_most).unwrap_or(text));
            self.text.len()
        };
        self.method = keep(request.method, 32);
        self.host = keep(request.authority, 255);
        self.path = keep(request.path, seam::record::PATH_MAX);
    }

    fn keep(&mut self, value: &[u8]) -> (usize, usize) {
        let start = self.text.len();
        self.text
            .extend_from_slice(value.get(..NOTE_MAX).unwrap_or(value));
        (start, self.text.len())
    }

    pub(crate) fn set_agent(&mut self, value: &[u8]) {
        self.agent = self.keep(value);
    }

    pub(crate) fn set_accept(&mut self, value: &[u8]) {
        self.accept = self.keep(value);
    }

    pub(crate) fn set_language(&mut self, value: &[u8]) {
        self.language = self.keep(value);
    }

    pub(crate) fn set_encoding(&mut self, value: &[u8]) {
        self.encoding = self.keep(value);
    }

    /// Keeps the id of the rule that judged the client.
    pub(crate) fn set_rule(&mut self, rule: &dyn fmt::Display) {
        let start = self.text.len();
        let written = write!(self.text, "{rule}");
        debug_assert!(written.is_ok(), "writing to memory can't fail");
        self.rule = (start, self.text.len());
    }

    fn part(&self, (start, end): (usize, usize)) -> &[u8] {
        self.text.get(start..end).unwrap_or_default()
    }

    fn str_part(&self, start: usize, end: usize) -> &str {
        std::str::from_utf8(self.part((start, end))).unwrap_or_default()
    }

    /// The authority as it was sent.
    pub(crate) fn host(&self) -> &str {
        self.str_part(self.method, self.host)
    }

    /// Method and path.
    pub(crate) fn asked(&self) -> (&str, &str) {
        let Texts { method, path, .. } = self.texts();
        (method, path)
    }

    pub(crate) fn accept(&self) -> &[u8] {
        self.part(self.accept)
    }

    pub(crate) fn language(&self) -> &[u8] {
        self.part(self.language)
    }

    pub(crate) fn encoding(&self) -> &[u8] {
        self.part(self.encoding)
    }

    fn texts(&self) -> Texts<'_> {
        Texts {
            method: self.str_part(0, self.method),
            host: self.host(),
            path: self.str_part(self.host, self.path),
            agent: self.part(self.agent),
            rule: self.part(self.rule),
        }
    }
}

/// What is counted while a request is under way.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Tally {
    /// Status sent; 0 while none was.
    pub(crate) status: u16,
    pub(crate) upstream_us: u32,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// What a client may be banned for; nothing of whoever is known, nothing on routes that keep
/// no addresses, and nothing that another site's page has its visitors' browsers do: it could
/// have them banned.
// promise: block
fn strike(visit: &Visit, tally: &Tally, outcome: Outcome) -> Option<Strike> {
    let strike = match (outcome, tally.status) {
        (Outcome::Refused(THROTTLED), _) => Strike::Throttled,
        (_, 404 | 410) => Strike::Sought(sought(visit.notes.asked().1)?),
        _ => return None,
    };
    (visit.session.is_none() && !visit.anonymous && !visit.is_cross_site).then_some(strike)
}

/// Writes the record of a request that is over.
pub(crate) fn record(worker: &Worker, visit: &Visit, tally: &Tally, outcome: Outcome) {
    let took = worker.now().since(visit.began);
    let took_us = u32::try_from(took.as_micros()).unwrap_or(u32::MAX);
    if teeth::cut("track") {
        return;
    }
    let counters = &worker.counters;
    counters.answered(tally.status, took_us);
    counters.bytes_in.add(tally.bytes_in);
    counters.bytes_out.add(tally.bytes_out);
    if outcome == Outcome::UpstreamCut {
        counters.upstream_faults.add(1);
    }
    let mut entry = Record::new(visit.at, visit.id, visit.trace.trace, visit.version);
    entry.site = visit.site;
    if !visit.anonymous {
        entry.client = visit.client.kept(visit.local.addresses);
    }
    entry.strike = strike(visit, tally, outcome).map(|strike| (visit.client.ip(), strike));
    entry.status = tally.status;
    entry.outcome = outcome;
    entry.took_us = took_us;
    entry.upstream_us = tally.upstream_us;
    entry.bytes_in = tally.bytes_in;
    entry.bytes_out = tally.bytes_out;
    if !worker
        .recorder
        .borrow_mut()
        .record(entry, visit.notes.texts())
    {
        counters.records_dropped.add(1);
    }
}
