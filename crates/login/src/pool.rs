//! The login pool: a few OS threads that hash, and nothing else does.
//!
//! - Bounded: [`ROOM`] jobs wait; beyond, [`Busy`] says when to come again.
//! - Fair: see [`queue`].
//! - In lanes: a thread takes up to six jobs of one cost, which take hardly longer than
//!   one ([`bcrypt_lanes`]).
//! - Silent: an attempt at a locked account takes a *ticket*, which waits in the same
//!   queue and isn't computed, but holds its thread as long as if it were. Every answer
//!   bears the moment at which it may leave: when a batch of so many jobs at the dearest
//!   cost would be done ([`Pace`]), on the [`Grid`]. So of one attempt neither the cost
//!   nor the work shows, only how many came before. The caller waits. Of many at once at a
//!   name whose hash is cheaper than the others' (imported, until its owner signs in) it
//!   shows that its turns are shorter.
//! - Below everything else: its threads are niced, so the edge goes first.
//!
//! A job whose caller has gone is skipped. Dropping the pool answers what waits first.

use std::{
    num::NonZeroUsize,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use bcrypt_lanes::{Cost, Digest, Input, LANES, Salt, digests};
use terms::{Clock, Moment, Rng};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::password::{Given, Pepper, Prepared, Stored, for_new_hash};
use queue::{Place, Pushed, Queue};

pub use pace::{Grid, Pace};

mod pace;
mod queue;

/// How many jobs wait. Six threads' worth of seconds at cost 12; beyond, a caller is told
/// to come again (503 with `Retry-After`).
pub const ROOM: usize = 1024;

/// How much the threads give way: all that is possible, for a core may serve requests too.
const NICE: i32 = 19;

/// Who goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// A device that has signed in to this account before.
    Known,
    /// A network that hasn't failed lately.
    Quiet,
    /// Everybody else.
    Rest,
    /// Hashing anew after a sign-in: nobody waits for it.
    Background,
}

impl Class {
    const COUNT: usize = 4;

    const fn index(self) -> usize {
        match self {
            Self::Known => 0,
            Self::Quiet => 1,
            Self::Rest => 2,
            Self::Background => 3,
        }
    }
}

/// Whoever asks from one place: an IPv4 address or an IPv6 /64, as a key of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network(pub u64);

/// The account that is asked for, as a key of the caller's; for an unknown name one made
/// from the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Account(pub u64);

/// Who asks, and since when: the answer leaves on the grid from there.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    /// Its class.
    pub class: Class,
    /// Its network.
    pub network: Network,
    /// The account it asks for.
    pub account: Account,
    /// When its request began.
    pub began: Moment,
}

/// What to do.
#[derive(Debug)]
pub enum Work {
    /// Compare a password with a stored hash, or with [`Stored::dummy`] for an unknown
    /// name.
    Verify(Given, Stored),
    /// Make a hash for the store.
    Hash(Given, Cost),
    /// Only wait: a locked account.
    Ticket(Cost),
}

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The password is right.
    Right,
    /// It isn't.
    Wrong,
    /// The new hash.
    Hashed(Stored),
    /// A ticket's time has come.
    Waited,
}

/// An outcome, and when it may leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// What came of it.
    pub outcome: Outcome,
    /// Answer no sooner: the next moment on the grid.
    pub at: Moment,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("too many sign-ins wait; come again in {} s", retry_after.as_secs())]
pub struct Busy {
    /// About when half of the queue will be done, in whole seconds.
    pub retry_after: Duration,
}

/// Where an answer arrives; dropping it gives the job up. `Err(Busy)` when the job had to
/// make room for a better one.
pub type Pending = oneshot::Receiver<Result<Answer, Busy>>;

/// What the pool is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How many threads; by default half of the cores.
    pub threads: NonZeroUsize,
    /// How long batches take.
    pub pace: Pace,
    /// The key for long passwords.
    pub pepper: Pepper,
    /// Where salts come from.
    pub rng: Rng,
    /// Where time comes from.
    pub clock: Clock,
}

impl Settings {
    /// Half of the cores, at least one.
    pub fn default_threads() -> NonZeroUsize {
        let cores = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        NonZeroUsize::new(cores / 2).unwrap_or(NonZeroUsize::MIN)
    }
}

/// The pool. Dropping it finishes what waits, then ends the threads.
pub struct Pool {
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    state: Mutex<State>,
    /// There is another job.
    changed: Condvar,
    /// The pool closes.
    closing: Condvar,
    /// When answers leave.
    grid: Grid,
    settings: Settings,
}

struct State {
    queue: Queue<Job>,
    pace: Pace,
    open: bool,
}

struct Job {
    work: Ready,
    cost: Cost,
    began: Moment,
    reply: oneshot::Sender<Result<Answer, Busy>>,
}

/// Work with everything that doesn't take time done.
enum Ready {
    Verify(Prepared, Stored),
    Hash(Prepared, Given, Salt),
    Ticket,
}

impl Pool {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the operating system gives none.
    pub fn start(settings: Settings) -> std::io::Result<Self> {
        let mut pool = Self::new(settings);
        pool.staff()?;
        Ok(pool)
    }

    /// A pool whose queue is open, and that has no threads yet.
    fn new(settings: Settings) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(State {
                queue: Queue::new(ROOM),
                pace: settings.pace.clone(),
                open: true,
            }),
            changed: Condvar::new(),
            closing: Condvar::new(),
            grid: settings.pace.grid(),
            settings,
        });
        Self {
            shared,
            threads: Vec::new(),
        }
    }

    /// Starts the threads.
    fn staff(&mut self) -> std::io::Result<()> {
        for number in 0..self.shared.settings.threads.get() {
            let shared = Arc::clone(&self.shared);
            let thread = std::thread::Builder::new()
                .name(format!("login-{number}"))
                .spawn(move || shared.work())?;
            self.threads.push(thread);
        }
        Ok(())
    }

    /// Puts work into the queue; never waits for it.
    ///
    /// # Errors
    /// [`Busy`] when the queue is full, or the pool is closing.
    pub fn submit(&self, asker: Asker, work: Work) -> Result<Pending, Busy> {
        let settings = &self.shared.settings;
        let (ready, cost) = match work {
            Work::Verify(given, stored) => {
                let cost = stored.cost();
                let prepared = stored.prepared(&given, &settings.pepper);
                (Ready::Verify(prepared, stored), cost)
            }
            Work::Hash(given, cost) => {
                let salt = Salt(settings.rng.bytes());
                let prepared = for_new_hash(&given, &settings.pepper);
                (Ready::Hash(prepared, given, salt), cost)
            }
            Work::Ticket(cost) => (Ready::Ticket, cost),
        };
        let (reply, pending) = oneshot::channel();
        let job = Job {
            work: ready,
            cost,
            began: asker.began,
            reply,
        };
        let place = Place {
            class: asker.class,
            network: asker.network,
            account: asker.account,
        };
        let mut state = self.shared.lock();
        // A dearer hash than there was at the start: imported, or of another setting.
        state.pace.reach(cost);
        let busy = self.shared.busy(&state);
        if !state.open {
            return Err(busy);
        }
        match state.queue.push(place, job) {
            Pushed::Waits => {}
            Pushed::InsteadOf(other) => {
                // Its caller may have gone.
                let _ = other.reply.send(Err(busy));
            }
            Pushed::Full => return Err(busy),
        }
        drop(state);
        self.shared.changed.notify_one();
        Ok(pending)
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.shared.lock().queue.waiting()
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        self.shared.lock().open = false;
        self.shared.changed.notify_all();
        self.shared.closing.notify_all();
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so already.
            let _ = thread.join();
        }
    }
}

impl Shared {
    /// The queue holds whole jobs at all times, so a panic elsewhere leaves it usable.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn busy(&self, state: &State) -> Busy {
        let at_once = (LANES * self.settings.threads.get()).max(1);
        let batches = (state.queue.waiting() / 2).div_ceil(at_once).max(1);
        let batches = u32::try_from(batches).unwrap_or(u32::MAX);
        let span = state.pace.full().saturating_mul(batches);
        let whole = span.as_secs() + u64::from(0 < span.subsec_nanos());
        Busy {
            retry_after: Duration::from_secs(whole.max(1)),
        }
    }

    /// A thread's life.
    fn work(&self) {
        // Where it isn't allowed, the threads go on as they are.
        let _ = rustix::process::nice(NICE);
        while let Some(batch) = self.next_batch() {
            let Some(cost) = batch.first().map(|job| job.cost) else {
                continue;
            };
            let clock = &self.settings.clock;
            let (begin, jobs) = (clock.moment(), batch.len());
            let is_hash = |job: &&Job| !matches!(job.work, Ready::Ticket);
            let hashes = batch.iter().filter(is_hash).count();
            let outcomes = compute(cost, &batch);
            let done = clock.moment();
            let (held, answered) = {
                let mut state = self.lock();
                state.pace.learn(hashes, cost, done.since(begin));
                let pace = &state.pace;
                (pace.span(jobs, cost), pace.answered(jobs, cost))
            };
            let leaves = begin.after(answered).max(done);
            for (job, outcome) in batch.into_iter().zip(outcomes) {
                let at = self.grid.next(job.began, leaves);
                // Its caller may have gone meanwhile.
                let _ = job.reply.send(Ok(Answer { outcome, at }));
            }
            self.hold(begin.after(held).since(clock.moment()));
        }
    }

    /// Lets a turn last as long as if everything in it had been computed, else a queue of
    /// tickets would move on faster; shorter only where the pool is closing.
    fn hold(&self, rest: Duration) {
        let state = self.lock();
        let open = |state: &mut State| state.open;
        // How it ended makes no difference.
        drop(self.closing.wait_timeout_while(state, rest, open));
    }

    /// Waits for jobs; `None` once the pool is closing and nothing waits any more.
    fn next_batch(&self) -> Option<Vec<Job>> {
        let mut state = self.lock();
        loop {
            let wanted = |job: &Job| !job.reply.is_closed();
            if let Some(first) = state.queue.pop(|_| true) {
                if !wanted(&first) {
                    continue;
                }
                let cost = first.cost;
                let mut batch = vec![first];
                while batch.len() < LANES {
                    let Some(next) = state.queue.pop(|job| job.cost == cost || !wanted(job)) else {
                        break;
                    };
                    if wanted(&next) {
                        batch.push(next);
                    }
                }
                return Some(batch);
            }
            if !state.open {
                return None;
            }
            state = self
                .changed
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// All of a batch at once; a ticket takes a place and no time.
fn compute(cost: Cost, batch: &[Job]) -> Vec<Outcome> {
    let inputs: Vec<Input<'_>> = batch
        .iter()
        .filter_map(|job| match &job.work {
            Ready::Verify(prepared, stored) => Some(Input {
                password: prepared.password(),
                salt: stored.salt(),
            }),
            Ready::Hash(prepared, _, salt) => Some(Input {
                password: prepared.password(),
                salt: *salt,
            }),
            Ready::Ticket => None,
        })
        .collect();
    let mut found = digests(cost, &inputs).into_iter();
    let mut next = || -> Digest { found.next().expect("one digest for each input, in order") };
    batch
        .iter()
        .map(|job| match &job.work {
            Ready::Verify(_, stored) if stored.is(&next()) => Outcome::Right,
            Ready::Verify(..) => Outcome::Wrong,
            Ready::Hash(_, given, salt) => Outcome::Hashed(Stored::new(given, cost, *salt, next())),
            Ready::Ticket => Outcome::Waited,
        })
        .collect()
}

#[cfg(test)]
mod tests;
