//! Metrics in the Prometheus text format, made from the workers' counters at each
//! scrape. Control's own numbers stand beside them.
// promise: track

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use guards::{strike::Cause, throttle::Class, weaknesses::Kind, xss::Mode};
use seam::{
    Counters, RefusalPage,
    counters::{Counter, LATENCY_BOUNDS_US},
};
use terms::{Micros, PromiseId, Verdict, names};

use crate::{
    accounts::{
        admin::Admission, choice::Choice, passkey::Keyed, second_factor::Coded, sign_in::SignedIn,
    },
    csp::Reports,
    outbox::Tally,
    team::{self, Standing},
};

/// What can come of a request for the console, and its word.
const ADMISSIONS: [(Admission, &str); 4] = [
    (Admission::Open, "open"),
    (Admission::FactorOwed, "factor-owed"),
    (Admission::Elsewhere, "elsewhere"),
    (Admission::NoRight, "no-right"),
];

/// Control's own counters.
#[derive(Debug, Default)]
pub(crate) struct Tallies {
    /// Drill runs by promise and verdict.
    drills: [[AtomicU64; 3]; PromiseId::ALL.len()],
    /// Access log lines that could not be written.
    pub(crate) log_lost: AtomicU64,
    /// Alarms and mails that left, and attempts that failed.
    pub(crate) outbox_sent: AtomicU64,
    pub(crate) outbox_failed: AtomicU64,
    /// Orders of certificates, by what came of them.
    acme_issued: AtomicU64,
    acme_failed: AtomicU64,
    /// Place of the worst grade that the last scan found.
    tls_grade: AtomicU64,
    /// Passwords that were to be chosen, by what came of it.
    passwords_taken: AtomicU64,
    passwords_refused: AtomicU64,
    /// Attempts to sign in, by what came of them.
    signed_in: AtomicU64,
    sign_in_refused: AtomicU64,
    sign_in_busy: AtomicU64,
    /// Codes behind a right password, by what came of them.
    codes_right: AtomicU64,
    codes_refused: AtomicU64,
    /// In the order of [`ADMISSIONS`].
    admissions: [AtomicU64; ADMISSIONS.len()],
    /// Locks of accounts, or of one device on one.
    locks: AtomicU64,
    /// Bans that nobody made, in the order of [`Cause::ALL`].
    bans: [AtomicU64; Cause::ALL.len()],
    /// Reports on the sites' policies.
    pub(crate) csp: Reports,
    /// How the team's register stands, and what was asked beside it.
    pub(crate) team: team::Seen,
}

impl Tallies {
    /// Counts an attempt to send.
    pub(crate) fn outbox(&self, tally: Tally) {
        let counter = match tally {
            Tally::Sent => &self.outbox_sent,
            Tally::Failed | Tally::GivenUp => &self.outbox_failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an order that brought a certificate.
    pub(crate) fn acme_issued(&self) {
        self.acme_issued.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an order that didn't.
    pub(crate) fn acme_failed(&self) {
        self.acme_failed.fetch_add(1, Ordering::Relaxed);
    }

    /// Both, for tests.
    #[cfg(test)]
    pub(crate) fn acme(&self) -> (u64, u64) {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        (read(&self.acme_issued), read(&self.acme_failed))
    }

    /// Takes the worst grade of a scan.
    pub(crate) fn graded(&self, place: i64) {
        let place = u64::try_from(place).unwrap_or(0);
        self.tls_grade.store(place, Ordering::Relaxed);
    }

    /// Counts a password that was to be chosen.
    pub(crate) fn chose(&self, choice: &Choice) {
        let counter = match choice {
            Choice::Taken(_) => &self.passwords_taken,
            Choice::Refused { .. } => &self.passwords_refused,
            // Nobody looked at it.
            Choice::Busy => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an attempt to sign in.
    pub(crate) fn signed_in(&self, signed_in: &SignedIn) {
        let counter = match signed_in {
            SignedIn::Yes { .. } => &self.signed_in,
            // Counted with its code.
            SignedIn::Half(_) => return,
            SignedIn::No | SignedIn::TooLong => &self.sign_in_refused,
            SignedIn::Busy { .. } => &self.sign_in_busy,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a code behind a right password.
    pub(crate) fn coded(&self, coded: &Coded) {
        let counter = match coded {
            Coded::Yes { .. } => {
                self.signed_in.fetch_add(1, Ordering::Relaxed);
                &self.codes_right
            }
            Coded::Wrong | Coded::Locked(_) => &self.codes_refused,
            // Nobody looked at it.
            Coded::Stale => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a request for the console on the portal.
    pub(crate) fn admitted(&self, admission: Admission) {
        let mut counters = ADMISSIONS.iter().zip(&self.admissions);
        if let Some((_, counter)) = counters.find(|((it, _), _)| *it == admission) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Counts a passkey that somebody signs in with.
    pub(crate) fn keyed(&self, keyed: &Keyed) {
        let counter = match keyed {
            Keyed::Yes { .. } => &self.signed_in,
            Keyed::No => &self.sign_in_refused,
            // Nobody looked at it.
            Keyed::Stale => return,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a lock.
    pub(crate) fn locked(&self) {
        self.locks.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a ban that nobody made.
    pub(crate) fn banned(&self, cause: Cause) {
        for (counter, it) in self.bans.iter().zip(Cause::ALL) {
            counter.fetch_add(u64::from(it == cause), Ordering::Relaxed);
        }
    }

    /// Counts one run.
    pub(crate) fn drilled(&self, promise: PromiseId, verdict: Verdict) {
        let place = PromiseId::ALL.iter().position(|id| *id == promise);
        if let Some(counter) = place.and_then(|place| self.drills.get(place)?.get(verdict as usize))
        {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Everything that is scraped.
#[derive(Debug)]
pub(crate) struct Metrics {
    pub(crate) workers: Vec<Arc<Counters>>,
    pub(crate) tallies: Arc<Tallies>,
}

impl Metrics {
    fn sum(&self, pick: impl Fn(&Counters) -> &Counter) -> u64 {
        self.workers.iter().map(|worker| pick(worker).get()).sum()
    }

    /// The page of `/metrics`; `expiries` are the ends of the sites' certificates.
    pub(crate) fn render(&self, expiries: &[(String, Micros)]) -> String {
        let mut page = Page(String::with_capacity(8 * 1024));
        page.family(
            names::REQUESTS_TOTAL,
            "counter",
            "Requests answered, by status class.",
        );
        for class in 1..6 {
            let count = self
                .workers
                .iter()
                .filter_map(|worker| worker.answers.get(class))
                .map(Counter::get)
                .sum();
            page.line(
                names::REQUESTS_TOTAL,
                &format!("class=\"{class}xx\""),
                count,
            );
        }
        page.family(
            names::REFUSALS_TOTAL,
            "counter",
            "Refusals, by the page they got.",
        );
        for (place, refusal) in RefusalPage::ALL.iter().enumerate() {
            let count = self
                .workers
                .iter()
                .filter_map(|worker| worker.refusals.get(place))
                .map(Counter::get)
                .sum();
            page.line(
                names::REFUSALS_TOTAL,
                &format!("page=\"{}\"", refusal.word()),
                count,
            );
        }
        self.latency(&mut page);
        let plain = [
            (
                names::CONNECTIONS,
                "gauge",
                "Open client connections.",
                self.sum(|c| &c.connections),
            ),
            (
                "waarborg_connections_accepted_total",
                "counter",
                "Client connections accepted.",
                self.sum(|c| &c.accepted),
            ),
            (
                "waarborg_connections_refused_total",
                "counter",
                "Client connections closed before their handshake: too many, or a proxy's header that can't be read.",
                self.sum(|c| &c.connections_refused),
            ),
            (
                names::RECORDS_DROPPED_TOTAL,
                "counter",
                "Request records dropped because control lagged behind.",
                self.sum(|c| &c.records_dropped),
            ),
            (
                names::HSTS_ANSWERS_TOTAL,
                "counter",
                "Answers that carried Strict-Transport-Security.",
                self.sum(|c| &c.hsts),
            ),
            (
                names::TLS_GRADE,
                "gauge",
                "Worst grade of the last TLS scan: 1 for A+, 2 A, 3 A-, 4 B, 5 C, 6 D, 7 E, 8 F, 9 M, 10 T; 0 before the first.",
                self.tallies.tls_grade.load(Ordering::Relaxed),
            ),
            (
                "waarborg_request_body_bytes_total",
                "counter",
                "Body bytes from clients.",
                self.sum(|c| &c.bytes_in),
            ),
            (
                "waarborg_answer_body_bytes_total",
                "counter",
                "Body bytes to clients.",
                self.sum(|c| &c.bytes_out),
            ),
            (
                "waarborg_upstream_connects_total",
                "counter",
                "Connections opened to applications.",
                self.sum(|c| &c.upstream_connects),
            ),
            (
                "waarborg_upstream_http2_requests_total",
                "counter",
                "Requests that went to applications over HTTP/2.",
                self.sum(|c| &c.upstream_http2),
            ),
            (
                "waarborg_upstream_faults_total",
                "counter",
                "Applications unreachable, late, or with an answer that can't be read.",
                self.sum(|c| &c.upstream_faults),
            ),
            (
                names::LOCKS_TOTAL,
                "counter",
                "Locks of accounts after wrong passwords, for strangers or for one device.",
                self.tallies.locks.load(Ordering::Relaxed),
            ),
            (
                "waarborg_access_log_lost_total",
                "counter",
                "Access log lines that could not be written.",
                self.tallies.log_lost.load(Ordering::Relaxed),
            ),
            (
                "waarborg_outbox_sent_total",
                "counter",
                "Mails and alarms that were taken by their channel.",
                self.tallies.outbox_sent.load(Ordering::Relaxed),
            ),
            (
                "waarborg_outbox_failed_total",
                "counter",
                "Attempts to send that failed.",
                self.tallies.outbox_failed.load(Ordering::Relaxed),
            ),
        ];
        for (name, kind, help, value) in plain {
            page.family(name, kind, help);
            page.line(name, "", value);
        }
        page.family(
            names::HANDSHAKES_TOTAL,
            "counter",
            "TLS handshakes, by outcome.",
        );
        page.line(
            names::HANDSHAKES_TOTAL,
            "outcome=\"done\"",
            self.sum(|c| &c.handshakes),
        );
        page.line(
            names::HANDSHAKES_TOTAL,
            "outcome=\"failed\"",
            self.sum(|c| &c.handshakes_failed),
        );
        page.family(
            names::BLOCKED_TOTAL,
            "counter",
            "What came from listed addresses: requests refused, connections dropped, requests only observed.",
        );
        for (action, count) in [
            ("refused", self.sum(|c| &c.block_refused)),
            ("dropped", self.sum(|c| &c.block_dropped)),
            ("observed", self.sum(|c| &c.block_observed)),
        ] {
            page.line(names::BLOCKED_TOTAL, &format!("action=\"{action}\""), count);
        }
        page.family(
            names::BANS_TOTAL,
            "counter",
            "Clients banned without a person, by cause.",
        );
        for (counter, cause) in self.tallies.bans.iter().zip(Cause::ALL) {
            let label = format!("cause=\"{}\"", cause.word());
            page.line(names::BANS_TOTAL, &label, counter.load(Ordering::Relaxed));
        }
        page.family(
            names::THROTTLED_TOTAL,
            "counter",
            "Requests of clients that send too many: refused, or only observed.",
        );
        for (index, class) in Class::ALL.into_iter().enumerate() {
            for (action, count) in [
                ("refused", self.sum(|c| &c.throttle_refused[index])),
                ("observed", self.sum(|c| &c.throttle_observed[index])),
            ] {
                let labels = format!("class=\"{}\",action=\"{action}\"", class.word());
                page.line(names::THROTTLED_TOTAL, &labels, count);
            }
        }
        page.family(
            names::CSRF_TOTAL,
            "counter",
            "Requests that don't come from our own pages: refused, or only observed.",
        );
        for (action, count) in [
            ("refused", self.sum(|c| &c.csrf_refused)),
            ("observed", self.sum(|c| &c.csrf_observed)),
        ] {
            page.line(names::CSRF_TOTAL, &format!("action=\"{action}\""), count);
        }
        page.family(
            names::CSRF_FORMS_TOTAL,
            "counter",
            "Forms that got the token of important actions, and pages that couldn't be written into.",
        );
        for (outcome, count) in [
            ("filled", self.sum(|c| &c.csrf_forms_filled)),
            ("unread", self.sum(|c| &c.csrf_pages_unread)),
        ] {
            let labels = format!("outcome=\"{outcome}\"");
            page.line(names::CSRF_FORMS_TOTAL, &labels, count);
        }
        page.family(
            names::CSP_REPORTS_TOTAL,
            "counter",
            "Reports that browsers sent on the sites' policies, by what became of them.",
        );
        for (result, count) in self.tallies.csp.counts() {
            let labels = format!("result=\"{result}\"");
            page.line(names::CSP_REPORTS_TOTAL, &labels, count);
        }
        page.family(
            names::REFLECTED_TOTAL,
            "counter",
            "Answers that brought markup of their request back unescaped, by what was done.",
        );
        for (index, mode) in Mode::ALL.into_iter().enumerate() {
            if mode != Mode::Off {
                let labels = format!("mode=\"{}\"", mode.word());
                page.line(
                    names::REFLECTED_TOTAL,
                    &labels,
                    self.sum(|c| &c.xss_found[index]),
                );
            }
        }
        page.family(
            names::REFLECTION_ANSWERS_TOTAL,
            "counter",
            "Pages that answer a request with markup: read for it, or unwatched since they were compressed or parts.",
        );
        for (outcome, count) in [
            ("read", self.sum(|c| &c.xss_read)),
            ("unwatched", self.sum(|c| &c.xss_unwatched)),
        ] {
            let labels = format!("outcome=\"{outcome}\"");
            page.line(names::REFLECTION_ANSWERS_TOTAL, &labels, count);
        }
        page.family(
            names::WEAKNESSES_TOTAL,
            "counter",
            "Answers of applications that showed a weakness, of those that were read.",
        );
        for (index, kind) in Kind::ALL.into_iter().enumerate() {
            let labels = format!("kind=\"{}\"", kind.word());
            let count = self.sum(|c| &c.weaknesses[index]);
            page.line(names::WEAKNESSES_TOTAL, &labels, count);
        }
        page.family(
            names::FINDINGS_DROPPED_TOTAL,
            "counter",
            "Finds of reflected markup and weaknesses that were dropped because control lagged behind.",
        );
        let dropped = self.sum(|c| &c.findings_dropped);
        page.line(names::FINDINGS_DROPPED_TOTAL, "", dropped);
        page.family(
            names::CERTIFICATE_EXPIRY,
            "gauge",
            "When the certificate of a site ends, in seconds since 1970; a site without one isn't there.",
        );
        for (site, ends) in expiries {
            // A host has no character that would need escaping.
            let seconds = u64::try_from(ends.0 / 1_000_000).unwrap_or(0);
            page.line(
                names::CERTIFICATE_EXPIRY,
                &format!("site=\"{site}\""),
                seconds,
            );
        }
        page.family(
            names::ACME_ORDERS_TOTAL,
            "counter",
            "Orders of certificates at authorities, by outcome.",
        );
        for (outcome, count) in [
            ("issued", &self.tallies.acme_issued),
            ("failed", &self.tallies.acme_failed),
        ] {
            page.line(
                names::ACME_ORDERS_TOTAL,
                &format!("outcome=\"{outcome}\""),
                count.load(Ordering::Relaxed),
            );
        }
        page.family(
            names::PASSWORDS_CHOSEN_TOTAL,
            "counter",
            "Passwords that were to be chosen, by outcome.",
        );
        for (outcome, count) in [
            ("taken", &self.tallies.passwords_taken),
            ("refused", &self.tallies.passwords_refused),
        ] {
            page.line(
                names::PASSWORDS_CHOSEN_TOTAL,
                &format!("outcome=\"{outcome}\""),
                count.load(Ordering::Relaxed),
            );
        }
        page.family(
            names::SIGN_INS_TOTAL,
            "counter",
            "Attempts to sign in with a password, by outcome.",
        );
        for (outcome, count) in [
            ("signed-in", &self.tallies.signed_in),
            ("refused", &self.tallies.sign_in_refused),
            ("busy", &self.tallies.sign_in_busy),
        ] {
            page.line(
                names::SIGN_INS_TOTAL,
                &format!("outcome=\"{outcome}\""),
                count.load(Ordering::Relaxed),
            );
        }
        page.family(
            names::CODES_TOTAL,
            "counter",
            "Codes of a second factor behind a right password, by outcome.",
        );
        for (outcome, count) in [
            ("right", &self.tallies.codes_right),
            ("refused", &self.tallies.codes_refused),
        ] {
            page.line(
                names::CODES_TOTAL,
                &format!("outcome=\"{outcome}\""),
                count.load(Ordering::Relaxed),
            );
        }
        page.family(
            names::CONSOLE_REQUESTS_TOTAL,
            "counter",
            "Requests for the console on the portal by who has signed in, by outcome.",
        );
        for ((_, outcome), count) in ADMISSIONS.iter().zip(&self.tallies.admissions) {
            page.line(
                names::CONSOLE_REQUESTS_TOTAL,
                &format!("outcome=\"{outcome}\""),
                count.load(Ordering::Relaxed),
            );
        }
        page.family(
            names::TEAM_REGISTER,
            "gauge",
            "Entries of the team's register as they were last looked at, by how they stand.",
        );
        let counts = self.tallies.team.counts();
        for standing in Standing::ALL {
            page.line(
                names::TEAM_REGISTER,
                &format!("standing=\"{}\"", standing.word()),
                counts.at(standing),
            );
        }
        page.family(
            names::DRILLS_TOTAL,
            "counter",
            "Drill runs, by promise and verdict.",
        );
        for (promise, counts) in PromiseId::ALL.iter().zip(&self.tallies.drills) {
            for (verdict, count) in [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail]
                .iter()
                .zip(counts)
            {
                let count = count.load(Ordering::Relaxed);
                if count > 0 {
                    let labels = format!("promise=\"{promise}\",verdict=\"{verdict}\"");
                    page.line(names::DRILLS_TOTAL, &labels, count);
                }
            }
        }
        page.0
    }

    fn latency(&self, page: &mut Page) {
        let name = names::REQUEST_SECONDS;
        page.family(
            name,
            "histogram",
            "From the head of a request to the last byte of its answer.",
        );
        let mut total = 0;
        for place in 0..=LATENCY_BOUNDS_US.len() {
            total += self
                .workers
                .iter()
                .filter_map(|worker| worker.latency.get(place))
                .map(Counter::get)
                .sum::<u64>();
            let bound = LATENCY_BOUNDS_US
                .get(place)
                .map_or_else(|| "+Inf".to_owned(), |us| seconds(u64::from(*us)));
            page.line(&format!("{name}_bucket"), &format!("le=\"{bound}\""), total);
        }
        let sum = seconds(self.sum(|c| &c.latency_sum_us));
        page.text(&format!("{name}_sum"), &sum);
        page.line(&format!("{name}_count"), "", total);
    }
}

/// Microseconds as seconds, exactly.
fn seconds(us: u64) -> String {
    let text = format!("{}.{:06}", us / 1_000_000, us % 1_000_000);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let written = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        debug_assert!(written.is_ok(), "writing to memory can't fail");
    }

    fn line(&mut self, name: &str, labels: &str, value: u64) {
        let braces = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        self.text(&format!("{name}{braces}"), &value.to_string());
    }

    fn text(&mut self, name: &str, value: &str) {
        let written = writeln!(self.0, "{name} {value}");
        debug_assert!(written.is_ok(), "writing to memory can't fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_sums_over_workers() {
        let workers = vec![Arc::new(Counters::default()), Arc::new(Counters::default())];
        workers[0].answered(200, 300);
        workers[1].answered(204, 3_000_000);
        workers[1].answered(503, 10);
        let metrics = Metrics {
            workers,
            tallies: Arc::default(),
        };
        metrics.tallies.drilled(PromiseId::Hsts, Verdict::Pass);
        metrics.tallies.acme_failed();
        let hash = terms::Secret::new(String::new());
        metrics.tallies.chose(&Choice::Taken(hash));
        metrics.tallies.chose(&Choice::Busy);
        metrics.tallies.signed_in(&SignedIn::No);
        metrics
            .tallies
            .signed_in(&SignedIn::Busy { retry_after_s: 1 });
        metrics.tallies.locked();
        let page = metrics.render(&[("a.test".to_owned(), Micros(1_795_392_000_999_999))]);
        for line in [
            "waarborg_requests_total{class=\"2xx\"} 2",
            "waarborg_requests_total{class=\"5xx\"} 1",
            "waarborg_request_seconds_bucket{le=\"0.00025\"} 1",
            "waarborg_request_seconds_bucket{le=\"0.0005\"} 2",
            "waarborg_request_seconds_bucket{le=\"+Inf\"} 3",
            "waarborg_request_seconds_sum 3.00031",
            "waarborg_certificate_expiry_timestamp_seconds{site=\"a.test\"} 1795392000",
            "waarborg_acme_orders_total{outcome=\"issued\"} 0",
            "waarborg_acme_orders_total{outcome=\"failed\"} 1",
            "waarborg_passwords_chosen_total{outcome=\"taken\"} 1",
            "waarborg_passwords_chosen_total{outcome=\"refused\"} 0",
            "waarborg_sign_ins_total{outcome=\"refused\"} 1",
            "waarborg_sign_ins_total{outcome=\"busy\"} 1",
            "waarborg_locks_total 1",
            "waarborg_drills_total{promise=\"hsts\",verdict=\"pass\"} 1",
        ] {
            assert!(page.lines().any(|found| found == line), "{line}\n{page}");
        }
    }
}
