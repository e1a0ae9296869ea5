//! What the edge counts: plain numbers, one set per worker, read by control.
//!
//! A set is written by one thread only, so an increment is a load and a store, without
//! the locked instruction that a shared counter costs.

use std::sync::atomic::{AtomicU64, Ordering};

use guards::{throttle::Class, weaknesses::Kind, xss::Mode};

use crate::RefusalPage;

/// One number that one thread raises and any thread reads.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `by`. Only the owning worker may call it.
    pub fn add(&self, by: u64) {
        self.0.store(
            self.0.load(Ordering::Relaxed).wrapping_add(by),
            Ordering::Relaxed,
        );
    }

    /// Takes one off (for gauges). Only the owning worker may call it.
    pub fn lower(&self) {
        self.0.store(
            self.0.load(Ordering::Relaxed).saturating_sub(1),
            Ordering::Relaxed,
        );
    }

    /// The present value.
    pub fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Upper bounds of the latency histogram in microseconds; the last bucket is open.
pub const LATENCY_BOUNDS_US: [u32; 14] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
    5_000_000, 30_000_000,
];

/// One worker's numbers.
#[derive(Debug, Default)]
#[repr(align(128))]
pub struct Counters {
    /// Answers by status class, index 1 to 5; 0 counts requests that got no answer.
    pub answers: [Counter; 6],
    /// Refusals, in the order of [`RefusalPage::ALL`].
    pub refusals: [Counter; RefusalPage::ALL.len()],
    /// Time from head to last byte, by [`LATENCY_BOUNDS_US`].
    pub latency: [Counter; LATENCY_BOUNDS_US.len() + 1],
    /// Sum of all latencies in microseconds.
    pub latency_sum_us: Counter,
    /// Client connections now open.
    pub connections: Counter,
    /// Client connections accepted so far.
    pub accepted: Counter,
    /// Client connections closed before their handshake: too many in all or of one client,
    /// or a trusted proxy's header that can't be read.
    pub connections_refused: Counter,
    /// Requests refused by address (promise `block`).
    pub block_refused: Counter,
    /// Connections closed by address, before their handshake.
    pub block_dropped: Counter,
    /// Requests let in although a list has the address: nobody is refused, or whoever asks
    /// is signed in.
    pub block_observed: Counter,
    /// Requests refused since their client sends too many (promise `throttle`), in the order
    /// of [`Class::ALL`].
    pub throttle_refused: [Counter; Class::ALL.len()],
    /// Requests let in although their client sends too many, in the same order.
    pub throttle_observed: [Counter; Class::ALL.len()],
    /// Requests refused since they don't come from our own pages (promise `csrf`).
    pub csrf_refused: Counter,
    /// Requests let in although they don't.
    pub csrf_observed: Counter,
    /// Forms that got the token of important actions.
    pub csrf_forms_filled: Counter,
    /// Pages whose forms were to get it, and that can't be written into.
    pub csrf_pages_unread: Counter,
    /// Answers that were read for markup of their request (promise `xss`).
    pub xss_read: Counter,
    /// Answers that held some, by what was done, in the order of [`Mode::ALL`].
    pub xss_found: [Counter; Mode::ALL.len()],
    /// Pages that weren't read although their request carries markup: compressed, or in parts.
    pub xss_unwatched: Counter,
    /// Weaknesses that answers of applications have shown, in the order of `Kind::ALL`.
    pub weaknesses: [Counter; Kind::ALL.len()],
    /// Markup that came back, and weaknesses, of which control wasn't told.
    pub findings_dropped: Counter,
    /// TLS handshakes that ended well.
    pub handshakes: Counter,
    /// TLS handshakes that failed: old versions, plaintext, unknown names, time-outs.
    pub handshakes_failed: Counter,
    /// Answers that carried `Strict-Transport-Security`.
    pub hsts: Counter,
    /// Records dropped because control lagged behind.
    pub records_dropped: Counter,
    /// Body bytes from clients.
    pub bytes_in: Counter,
    /// Body bytes to clients.
    pub bytes_out: Counter,
    /// Connections opened to upstreams.
    pub upstream_connects: Counter,
    /// Requests that went to upstreams over HTTP/2.
    pub upstream_http2: Counter,
    /// Upstream failures: unreachable, late, or an answer that can't be read.
    pub upstream_faults: Counter,
}

impl Counters {
    /// Counts one answer.
    pub fn answered(&self, status: u16, took_us: u32) {
        let class = usize::from(status / 100);
        if let Some(counter) = self.answers.get(if class < 6 { class } else { 0 }) {
            counter.add(1);
        }
        let bucket = LATENCY_BOUNDS_US.partition_point(|bound| *bound < took_us);
        if let Some(counter) = self.latency.get(bucket) {
            counter.add(1);
        }
        self.latency_sum_us.add(u64::from(took_us));
    }

    /// Counts one refusal.
    pub fn refused(&self, page: RefusalPage) {
        if let Some(counter) = self.refusals.get(page as usize) {
            counter.add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_counted_in_its_class_and_bucket() {
        let counters = Counters::default();
        counters.answered(204, 251);
        counters.answered(503, 40_000_000);
        assert_eq!(counters.answers[2].get(), 1);
        assert_eq!(counters.answers[5].get(), 1);
        assert_eq!(counters.latency[1].get(), 1);
        assert_eq!(counters.latency[14].get(), 1);
        assert_eq!(counters.latency_sum_us.get(), 40_000_251);
    }

    #[test]
    fn a_refusal_is_counted_at_its_place() {
        let counters = Counters::default();
        for page in RefusalPage::ALL {
            counters.refused(*page);
        }
        assert!(counters.refusals.iter().all(|counter| counter.get() == 1));
    }
}
