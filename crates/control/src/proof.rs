//! Proof on the running deployment: drills on schedule and on demand, their reports in
//! store and ledger in one transaction, the trust page after it.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    sync::{Arc, PoisonError},
    time::Duration,
};

use config::{AccessLog, Reading};
use guards::block::IpRange;
use pages::LedgerView;
use promises::{
    Finding, Order, Report,
    ground::{Canary, Evidence, Pair, Question, Sources},
    state::Latest,
};
use serde_json::{Value, json};
use store::{DrillRun, Lease};
use terms::{Clock, Micros, PromiseId, RequestId, Secret, Vantage, Verdict};
use tokio::sync::{Mutex, mpsc, watch};
use tokio_util::sync::CancellationToken;

use crate::{
    access_log::{self, Recent},
    accounts::canary::{Canaries, CanaryError},
    alarms::{Alarm, Alarms},
    block, console,
    keeper::KeeperError,
    prober::{self, Host, ProbeError, hex},
    publish::Proof,
    state::{Kept, State},
    team, tls_report, web,
};

/// Longer than any run takes: should it end otherwise than by its end, the entry does.
const LISTED_FOR: Duration = Duration::from_secs(900);
/// Lines of one trace that are given as evidence.
const LINES: usize = 16;
/// How long a run waits for the lease: a node that was killed holds it for 15 s.
const LEASE_WAIT: Duration = Duration::from_secs(20);
/// How often a page is looked at for having become too old.
const TICK: Duration = Duration::from_secs(5);
/// The audit trail's head goes into the ledger this often.
const AUDIT_EVERY: Duration = Duration::from_secs(3600);

/// How often a run is begun anew because the configuration was reloaded during it.
const OVERTAKEN_MAX: usize = 5;

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ProofError {
    /// Runs are recorded or not made.
    #[error("the store can't be reached, so a run couldn't be recorded")]
    NoStore,
    /// Another node runs the drills.
    #[error("another node holds the lease and runs the drills")]
    NoLease,
    /// What was attacked wasn't one configuration.
    #[error("the configuration was reloaded during the run, again and again: nothing was shown")]
    Overtaken,
    /// The run failed as a whole.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// It couldn't be recorded.
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Makes runs.
pub(crate) struct Prover {
    pub(crate) state: State,
    pub(crate) program: PathBuf,
    /// Where the edge listens.
    pub(crate) connect: SocketAddr,
    /// The door by which drills come from addresses that nobody has.
    pub(crate) door: PathBuf,
    /// Own certificate authority, where sites use one (the demo).
    pub(crate) roots: Option<PathBuf>,
    pub(crate) lease: watch::Receiver<Option<Lease>>,
    /// Told of drills that fail.
    pub(crate) alarms: Alarms,
    /// One run at a time; when it last put the audit trail's head into the ledger.
    pub(crate) busy: Mutex<Option<Micros>>,
    /// What the schedule has still to run: a run that was asked for takes from it.
    pub(crate) owed: std::sync::Mutex<Vec<PromiseId>>,
}

/// Where the drill's records are to be found.
enum Log {
    /// In files of this folder.
    Files(PathBuf),
    /// Where the log can't be read back: what was handed over.
    Recent(Arc<Recent>, Clock),
}

/// Answers the prober while a run goes on.
struct Asked<'a> {
    log: Log,
    /// When the report was made that is published.
    tls_report: Option<Micros>,
    canaries: Canaries,
    listing: Listing<'a>,
    progress: Option<&'a mpsc::Sender<String>>,
}

impl Host for Asked<'_> {
    async fn evidence(&self, question: Question) -> Evidence {
        let trace = match question {
            Question::Trace { trace } => trace,
            Question::TlsReport => {
                return Evidence::TlsReport {
                    at: self.tls_report,
                };
            }
            Question::Passwords { candidates } => return self.passwords(candidates).await,
            Question::Canary => {
                return match self.canaries.with_password().await {
                    Ok((name, password)) => Evidence::Canary(Canary { name, password }),
                    Err(error) => unseen(&error),
                };
            }
            Question::Pages => {
                let paths = web::addresses().into_iter();
                return Evidence::Pages {
                    paths: paths.map(str::to_owned).collect(),
                };
            }
            Question::Console => {
                let rooms = console::addresses().into_iter();
                return Evidence::Console {
                    rooms: rooms
                        .map(|(method, path)| (method.to_string(), path.to_owned()))
                        .collect(),
                };
            }
            Question::Threshold { name } => {
                return match self.canaries.onto_threshold(&name).await {
                    Ok(()) => Evidence::Threshold,
                    Err(error) => unseen(&error),
                };
            }
            Question::Team => {
                return match team::evidence(&self.canaries.accounts).await {
                    Ok(seen) => Evidence::Team(seen),
                    Err(error) => unseen(&error.into()),
                };
            }
            Question::Listed => return self.listing.list(),
            Question::Sources => return self.listing.free(),
            Question::Lock { name } => {
                return match self.canaries.locked_for(&name).await {
                    Ok(ends_in_s) => Evidence::Lock { ends_in_s },
                    Err(error) => unseen(&error),
                };
            }
        };
        let Ok(id) = trace.parse::<RequestId>() else {
            return none("no-trace-id");
        };
        let folder = match &self.log {
            Log::Files(folder) => folder.clone(),
            Log::Recent(recent, clock) => {
                let sought = recent.find(id, LINES, clock.now());
                if sought.lines.is_empty() && !sought.all_here {
                    return none("too-many-records");
                }
                let lines = sought.lines;
                return Evidence::Trace { lines };
            }
        };
        let found = tokio::task::spawn_blocking(move || access_log::find(&folder, id, LINES)).await;
        match found {
            Ok(Ok(lines)) => Evidence::Trace { lines },
            Ok(Err(error)) => {
                tracing::error!(%error, "the access log could not be read");
                none("log-unreadable")
            }
            Err(_) => none("log-unreadable"),
        }
    }

    fn progress(&self, what: &str) {
        if let Some(progress) = self.progress {
            // A listener that lags behind misses a line of progress, nothing else.
            let _ = progress.try_send(what.to_owned());
        }
    }
}

impl Asked<'_> {
    async fn passwords(&self, candidates: Vec<String>) -> Evidence {
        let candidates: Vec<_> = candidates.into_iter().map(Secret::new).collect();
        match self.canaries.passwords(&candidates).await {
            Ok(seen) => Evidence::Passwords(Box::new(seen)),
            Err(error) => unseen(&error),
        }
    }
}

/// Addresses that are refused for the time of a run: ordinary entries for a while.
struct Listing<'a> {
    prover: &'a Prover,
    /// The numbers of the entries.
    made: std::sync::Mutex<Vec<u32>>,
}

impl Listing<'_> {
    /// Addresses that no list has.
    fn free(&self) -> Evidence {
        match self.pairs() {
            Some(pairs) => self.sources(pairs),
            None => none("no-free-address"),
        }
    }

    /// The same, of which the first of each pair is listed from now on.
    fn list(&self) -> Evidence {
        let Some(pairs) = self.pairs() else {
            return none("no-free-address");
        };
        let state = &self.prover.state;
        let single = |(address, _): (IpAddr, IpAddr)| IpRange::new(address, address).ok();
        let ranges: Vec<_> = pairs.iter().copied().filter_map(single).collect();
        let until = state.clock.now().after(LISTED_FOR);
        let Some(numbers) = state.publisher.refuse(&ranges, until) else {
            return none("too-many-entries");
        };
        self.made
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(numbers);
        self.sources(pairs)
    }

    fn pairs(&self) -> Option<[(IpAddr, IpAddr); 2]> {
        let state = &self.prover.state;
        block::free_pairs(&state.publisher.block(), &state.rng)
    }

    fn sources(&self, pairs: [(IpAddr, IpAddr); 2]) -> Evidence {
        let pair = |(attacker, twin)| Pair { attacker, twin };
        Evidence::Sources(Sources {
            door: self.prover.door.clone(),
            pairs: pairs.map(pair).into(),
        })
    }
}

fn none(why: &str) -> Evidence {
    Evidence::None {
        why: why.to_owned(),
    }
}

impl Drop for Listing<'_> {
    /// However the run has ended.
    fn drop(&mut self) {
        let made = self.made.get_mut().unwrap_or_else(PoisonError::into_inner);
        if !made.is_empty() {
            self.prover.state.publisher.let_in(made);
        }
    }
}

/// A drill isn't given what it asked for.
fn unseen(error: &CanaryError) -> Evidence {
    tracing::error!(%error, "a drill got no evidence of accounts");
    Evidence::None {
        why: error.word().to_owned(),
    }
}

impl Prover {
    /// Runs the drills of `promises` now, records them and publishes what they show.
    pub(crate) async fn run(
        &self,
        promises: Vec<PromiseId>,
        progress: Option<&mpsc::Sender<String>>,
    ) -> Result<Vec<Report>, ProofError> {
        let mut audited = self.busy.lock().await;
        self.take_turn(&mut audited, promises, progress).await
    }

    async fn take_turn(
        &self,
        audited: &mut Option<Micros>,
        promises: Vec<PromiseId>,
        progress: Option<&mpsc::Sender<String>>,
    ) -> Result<Vec<Report>, ProofError> {
        let kept = self.state.kept().ok_or(ProofError::NoStore)?;
        // Just after a start the lease is on its way.
        let mut leading = self.lease.clone();
        let lease = tokio::time::timeout(LEASE_WAIT, leading.wait_for(Option::is_some))
            .await
            .ok()
            .and_then(|held| held.ok()?.clone())
            .ok_or(ProofError::NoLease)?;
        let (mut done, mut left, mut looked_again) = (Vec::new(), promises.clone(), false);
        for _ in 0..OVERTAKEN_MAX {
            let (run, reading) = (kept.store.new_id(), self.state.publisher.reading());
            let reports = self.attack(&kept, &run, &reading, &left, progress).await?;
            if self.state.publisher.reading().digest == reading.digest {
                self.record(&kept, &lease, (&run, &reading), &reports, audited)
                    .await?;
                self.owes(|owed| owed.retain(|id| !left.contains(id)));
                self.count(&run, &reading, &reports, looked_again);
                self.refresh(&kept).await?;
                done = merged(done, reports);
                // What a run publishes is there now: a second look sees it.
                let again = awaiting(&done);
                if again.is_empty() || looked_again {
                    return Ok(done);
                }
                (left, looked_again) = (again, true);
                continue;
            }
            // One half of it was promised otherwise than the other: it shows nothing.
            tracing::info!(run, "a run was overtaken by a reload and is made again");
            (done, left, looked_again) = (Vec::new(), promises.clone(), false);
        }
        Err(ProofError::Overtaken)
    }

    /// Runs the drills against what this reading says.
    async fn attack(
        &self,
        kept: &Kept,
        run: &str,
        reading: &Reading,
        promises: &[PromiseId],
        progress: Option<&mpsc::Sender<String>>,
    ) -> Result<Vec<Report>, ProofError> {
        let nonce = {
            let keeper = kept.keeper.lock().await;
            hex(&keeper
                .latest()
                .map_or(ledger::EMPTY_ROOT, |latest| latest.root))
        };
        let config = self.state.publisher.config();
        let order = Order {
            run: run.to_owned(),
            nonce,
            promises: promised(promises.iter().copied(), reading),
            reading: reading.clone(),
            connect: Some(self.connect),
            roots: self.roots.clone(),
            vantage: Vantage::SameHost,
            active: true,
        };
        let log = match config.track.access_log {
            AccessLog::File => Log::Files(config.track.log_dir.clone()),
            AccessLog::Stdout | AccessLog::Journald | AccessLog::Off => {
                Log::Recent(self.state.recent.clone(), self.state.clock.clone())
            }
        };
        let host = Asked {
            log,
            tls_report: self.state.publisher.tls_report(),
            canaries: Canaries::new(self.state.accounts.clone()),
            listing: Listing {
                prover: self,
                made: std::sync::Mutex::default(),
            },
            progress,
        };
        let ran = prober::run(&self.program, order, &self.state.rng, &host).await;
        host.canaries.remove().await;
        Ok(ran?)
    }

    /// Counts what a run has shown, and tells of it. A report that waits for its own
    /// publication is looked at again first.
    fn count(&self, run: &str, reading: &Reading, reports: &[Report], looked_again: bool) {
        for report in reports {
            if !looked_again && awaits(report) {
                continue;
            }
            let parts = promises::entry(report.promise)
                .map(|entry| (entry.parts)(reading))
                .unwrap_or_default();
            let verdict = report.verdict(&parts);
            self.state.tallies.drilled(report.promise, verdict);
            if let Some(place) = tls_report::worst(report) {
                self.state.tallies.graded(place);
            }
            self.tell(report, verdict);
            if verdict != Verdict::Pass {
                tracing::warn!(promise = %report.promise, %verdict, run, "a drill did not pass");
            }
        }
    }

    /// A drill that fails is an alarm; the next pass clears it. The alarm needn't be
    /// awaited: it is on its way when `raise` returns.
    fn tell(&self, report: &Report, verdict: Verdict) {
        let kind = promises::entry(report.promise).map(|entry| entry.id.alarm());
        let Some(kind) = kind else { return };
        match verdict {
            Verdict::Fail => drop(self.alarms.raise(Alarm {
                kind,
                subject: format!("the drill of `{}` failed", report.promise),
                text: format!(
                    "What the promise `{0}` says isn't true at the moment, and the trust page \
                     says so. `waarborg prove` shows what was tried; docs/promises/{0}.md says \
                     what it takes.",
                    report.promise
                ),
            })),
            Verdict::Pass => drop(self.alarms.clear(kind)),
            Verdict::Inconclusive => {}
        }
    }

    /// Store rows, ledger leaves and checkpoint of one run: all or nothing.
    async fn record(
        &self,
        kept: &Kept,
        lease: &Lease,
        (run, reading): (&str, &Reading),
        reports: &[Report],
        audited: &mut Option<Micros>,
    ) -> Result<(), ProofError> {
        let now = self.state.clock.now();
        let (period, digest) = (Duration::from_secs(reading.period_s), &reading.digest);
        let mut keeper = kept.keeper.lock().await;
        let mut leaves = Vec::new();
        for report in reports {
            leaves.push(json!({ "kind": "run", "run": run, "report": report }));
        }
        for report in reports {
            // What is due next stands in the ledger in advance: a missing run shows.
            let due = now.after(period);
            leaves.push(json!({ "kind": "due", "promise": report.promise, "at": due }));
        }
        let head_due = audited.is_none_or(|at| now.since(at) >= AUDIT_EVERY);
        if head_due {
            let head = kept.store.audit_head().await?;
            leaves.push(json!({ "kind": "audit", "seq": head.seq, "hash": hex(&head.hash) }));
        }
        let mut tx = kept.store.tx().await?;
        let rng = &self.state.rng;
        let appended = keeper.append(&mut tx, lease, &leaves, now, rng).await?;
        for (leaf, report) in (appended.first..).zip(reports) {
            for finding in &report.findings {
                let figures: BTreeMap<_, _> = finding.figures.iter().cloned().collect();
                tx.record_run(&DrillRun {
                    run: run.to_owned(),
                    promise: report.promise,
                    clause: finding.part.clone(),
                    verdict: finding.verdict,
                    vantage: report.vantage,
                    at: report.at,
                    transcript: transcript(digest, &figures, finding),
                    leaf: Some(leaf),
                })
                .await?;
            }
            tx.announce(report.promise, now.after(period)).await?;
        }
        tx.commit().await?;
        keeper.commit(appended);
        if head_due {
            *audited = Some(now);
        }
        Ok(())
    }

    /// Publishes earlier runs, at start.
    pub(crate) async fn read(&self, kept: &Kept) {
        if let Err(error) = self.refresh(kept).await {
            tracing::error!(%error, "earlier runs could not be read");
        }
    }

    /// Publishes what the store says.
    async fn refresh(&self, kept: &Kept) -> Result<(), ProofError> {
        let runs = kept
            .store
            .latest_runs()
            .await?
            .into_iter()
            .map(latest)
            .collect();
        let keeper = kept.keeper.lock().await;
        let ledger = keeper.latest().map(|latest| LedgerView {
            size: latest.size,
            root_b64: terms::base64(&latest.root),
            checkpoint_at: latest.at,
        });
        drop(keeper);
        let tls_report = tls_report::newest(&kept.store).await?;
        self.state.publisher.prove(Proof {
            runs,
            ledger,
            tls_report,
        });
        Ok(())
    }

    /// Runs every drill each period, the first soon after start, until `stop`: one by one,
    /// so that a run that somebody asks for waits for one drill and not for all.
    pub(crate) async fn keep(self: Arc<Self>, stop: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut next = self.state.clock.now();
        let mut proven = String::new();
        let mut lease = self.lease.clone();
        loop {
            self.state.publisher.tick();
            let now = self.state.clock.now();
            let reading = self.state.publisher.reading();
            let ready = self.lease.borrow().is_some() && self.state.kept().is_some();
            let due = now >= next && self.owes(|owed| owed.is_empty());
            // What another configuration has shown doesn't count for this one.
            if ready && (due || reading.digest != proven) {
                let all = promises::PROMISES.iter().map(|entry| entry.id);
                let all = promised(all, &reading);
                self.owes(|owed| *owed = all);
                proven = reading.digest;
                // A tenth of the period more or less, so that nobody can be good at the hour.
                let period = reading.period_s;
                let jitter =
                    u64::from(u16::from_le_bytes(self.state.rng.bytes())) * period / 655_360;
                next = now.after(Duration::from_secs(
                    period.saturating_sub(period / 20).saturating_add(jitter),
                ));
            }
            if !ready || self.owes(|owed| owed.is_empty()) {
                tokio::select! {
                    () = stop.cancelled() => return,
                    _ = ticks.tick() => {}
                    changed = lease.changed() => if changed.is_err() { return },
                }
                continue;
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = self.run_next() => {}
            }
        }
    }

    /// Runs the first drill that is still owed when its turn has come.
    async fn run_next(&self) {
        let mut audited = self.busy.lock().await;
        let Some(id) = self.owes(|owed| owed.first().copied()) else {
            return;
        };
        if let Err(error) = self.take_turn(&mut audited, vec![id], None).await {
            tracing::error!(promise = %id, %error, "the drill could not be run");
            self.owes(|owed| owed.retain(|owed| *owed != id));
        }
    }

    fn owes<T>(&self, look: impl FnOnce(&mut Vec<PromiseId>) -> T) -> T {
        look(&mut self.owed.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Those that are promised under this configuration: of the others there is nothing to
/// show.
fn promised(promises: impl Iterator<Item = PromiseId>, reading: &Reading) -> Vec<PromiseId> {
    let is_promised = |id: &PromiseId| {
        promises::entry(*id).is_some_and(|entry| !(entry.parts)(reading).is_empty())
    };
    promises.filter(is_promised).collect()
}

/// The reports with later ones of the same promise in their places.
fn merged(mut done: Vec<Report>, later: Vec<Report>) -> Vec<Report> {
    for report in later {
        match done.iter_mut().find(|one| one.promise == report.promise) {
            Some(earlier) => *earlier = report,
            None => done.push(report),
        }
    }
    done
}

/// Whether it looked for what its own run publishes.
fn awaits(report: &Report) -> bool {
    report.findings.iter().any(Finding::awaits_publication)
}

/// The promises whose reports do.
fn awaiting(done: &[Report]) -> Vec<PromiseId> {
    let waits = |report: &&Report| awaits(report);
    done.iter()
        .filter(waits)
        .map(|report| report.promise)
        .collect()
}

/// What is public of a finding.
fn transcript(digest: &str, figures: &BTreeMap<String, i64>, finding: &Finding) -> Value {
    let mut transcript = json!({
        "digest": digest,
        "figures": figures,
        "steps": finding.steps,
    });
    if let Some(document) = &finding.document {
        transcript["document"] = document.clone();
    }
    transcript
}

fn latest(row: DrillRun) -> (String, Latest) {
    let digest = row.transcript["digest"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let run = Latest {
        promise: row.promise,
        part: row.clause,
        run: row.run,
        verdict: row.verdict,
        at: row.at,
        vantage: row.vantage,
        figures: figures(&row.transcript),
    };
    (digest, run)
}

/// The figures in a transcript.
pub(crate) fn figures(transcript: &Value) -> Vec<(String, i64)> {
    match &transcript["figures"] {
        Value::Object(figures) => figures
            .iter()
            .filter_map(|(name, value)| Some((name.clone(), value.as_i64()?)))
            .collect(),
        _ => Vec::new(),
    }
}
