//! Alarms: what the operator must hear even when the store can't be reached.
//!
//! They stand in `data/alarms.log` on this node, apart from the store: an alarm that
//! can't say "the database is down" is none. What this guarantees to whoever raises one:
//! - [`Alarms::raise`] that returned `Ok` survives `kill -9` and loss of power, and the
//!   alarm is mailed until a mail server has taken it ([`crate::outbox`] does that);
//! - where the disk fails, the alarm leaves from memory, and the answer says so;
//! - raising takes no lock that the store or the network could hold: a thread of its own
//!   does the writing.
//!
//! ```text
//! raise ─▶ pending ──taken by one recipient's server──▶ … by all ─▶ gone from the file
//!   │         ▲ raised again within TEN minutes: counted, not doubled
//! clear ─▶ recovery notice, pending
//! ```
//! The callers keep personal data out of subject and text: nothing here is sealed.

mod book;
#[cfg(test)]
mod killed;
mod log;
mod record;
#[cfg(test)]
mod tests;

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use terms::{Clock, Rng};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::alarms::{
    book::Book,
    log::{Found, Log},
    record::Event,
};

pub(crate) use book::{Cause, Entry, Open};
pub(crate) use record::to_the_second;

/// The file in the data folder.
pub const FILE: &str = "alarms.log";
/// A kind raised again within this time is counted, not mailed again.
pub const SAME_WITHIN: Duration = Duration::from_secs(600);
/// Alarms of one kind that nobody has received yet; further ones are counted with the
/// last of them, whose mail tells how things stand when it leaves.
pub const MAX_UNHEARD_PER_KIND: usize = 16;
/// Alarms that some recipients have received and others not; beyond, the oldest is given
/// up for the others, with an error in the log.
pub const MAX_HALF_HEARD: usize = 64;
/// Longest subject, in characters; the rest is cut off.
pub const MAX_SUBJECT_CHARS: usize = 200;
/// Longest text, in characters; the rest is cut off.
pub const MAX_TEXT_CHARS: usize = 4_000;
/// Longest wait for the disk; the alarm leaves even so.
pub const KEEP_LIMIT: Duration = Duration::from_secs(10);
/// Lines waiting for the disk. Beyond, the answer is [`AlarmError::Busy`], and the whole
/// state is written anew with the next line.
const MAX_WAITING_LINES: usize = 1024;
/// Lines that share one `fsync`.
const MAX_BATCH: usize = 256;
/// The kind of the alarm about this file itself.
const DAMAGED: &str = "alarms-damaged";

/// Something to tell the operator.
#[derive(Debug, Clone)]
pub struct Alarm {
    /// What it is about, in one word such as `store-unavailable`: the same kind is the
    /// same trouble.
    pub kind: &'static str,
    /// One line, at most [`MAX_SUBJECT_CHARS`].
    pub subject: String,
    /// What happened, what it means, what to do; at most [`MAX_TEXT_CHARS`].
    pub text: String,
}

/// What became of a raised alarm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Raised {
    /// It will be mailed under this id.
    New(String),
    /// It was raised before and is counted with the one of this id.
    Counted(String),
}

/// Why an alarm isn't kept. It is mailed all the same, unless the process ends before.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AlarmError {
    /// The file can't be opened, read or made.
    #[error(
        "the alarms' file {path} can't be opened: {source}; it must be a file of ours in the data folder"
    )]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The disk refused it.
    #[error("the alarm is sent but couldn't be written to {path}: {source}; make room on the disk")]
    NotKept {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The disk didn't answer in time.
    #[error("the alarm is sent but the disk took more than {KEEP_LIMIT:?} to keep it")]
    Late,
    /// More lines wait for the disk than there is room for.
    #[error("the alarm is sent but {MAX_WAITING_LINES} others wait for the disk already")]
    Busy,
}

struct Shared {
    book: Mutex<Book>,
    /// A line was lost before the disk: the file must be written anew.
    missed: AtomicBool,
    changed: Notify,
    path: PathBuf,
    clock: Clock,
    rng: Rng,
}

impl Shared {
    fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line on its way to the disk.
struct Line {
    text: String,
    answer: oneshot::Sender<Result<(), Arc<io::Error>>>,
}

/// The node's alarms. Clones are the same ones.
#[derive(Clone)]
pub struct Alarms {
    shared: Arc<Shared>,
    lines: mpsc::Sender<Line>,
}

impl std::fmt::Debug for Alarms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Alarms({})", self.shared.path.display())
    }
}

impl Alarms {
    /// Opens `alarms.log` in `folder`, makes it where there is none, and starts the
    /// thread that writes it. The caller holds the data folder's lock.
    ///
    /// A last line without an end is cut off: nobody was told that it is kept. Lines that
    /// don't read are skipped, the file is put aside as `alarms.log.damaged`, and an alarm
    /// about that is raised.
    ///
    /// # Errors
    /// [`AlarmError::Open`].
    pub fn open(folder: &Path, clock: Clock, rng: Rng) -> Result<Self, AlarmError> {
        let path = folder.join(FILE);
        let failed = |source: io::Error| AlarmError::Open {
            path: path.clone(),
            source: Arc::new(source),
        };
        let mut book = Book::default();
        let mut log = Log::open(&path).map_err(failed)?;
        let found = log.replay(|event| book.apply(&event)).map_err(failed)?;
        if found.damaged > 0 {
            log.put_aside(&book.lines()).map_err(failed)?;
        }
        let shared = Arc::new(Shared {
            book: Mutex::new(book),
            missed: AtomicBool::new(false),
            changed: Notify::new(),
            path: path.clone(),
            clock,
            rng,
        });
        let (lines, waiting) = mpsc::channel(MAX_WAITING_LINES);
        let writer = shared.clone();
        std::thread::Builder::new()
            .name("alarms".to_owned())
            .spawn(move || keep(log, &writer, waiting))
            .map_err(failed)?;
        let alarms = Self { shared, lines };
        alarms.report(&found);
        Ok(alarms)
    }

    fn report(&self, found: &Found) {
        if found.torn {
            tracing::info!("the last line of the alarms' file was cut short and is removed");
        }
        if found.damaged == 0 {
            return;
        }
        let lines = found.damaged;
        tracing::error!(lines, "lines of the alarms' file don't read");
        let alarm = Alarm {
            kind: DAMAGED,
            subject: "Lines of the alarms' file don't read".to_owned(),
            text: format!(
                "{lines} lines of {path} don't read, so alarms that weren't mailed yet may be lost. \
                 Someone or something wrote to the file, or the disk fails. The file as it was \
                 stands beside it as {FILE}.damaged.",
                path = self.shared.path.display(),
            ),
        };
        drop(self.raise(alarm));
    }

    /// Raises an alarm. It is on its way when this returns, even if the future is
    /// dropped; the future resolves when the disk has it.
    ///
    /// # Errors
    /// Whenever it isn't known to be kept; it is mailed even so.
    pub fn raise(
        &self,
        alarm: Alarm,
    ) -> impl Future<Output = Result<Raised, AlarmError>> + Send + use<> {
        tracing::error!(kind = alarm.kind, "alarm: {}", alarm.subject);
        let mut book = self.shared.book();
        let (event, raised) = book.raised(alarm, self.new_id(), self.shared.clock.now());
        let kept = self.submit(&mut book, &event);
        drop(book);
        self.shared.changed.notify_one();
        async move { kept.await.map(|()| raised) }
    }

    /// Says that the trouble is over: a recovery notice leaves if an alarm of this kind
    /// was raised since the last time. Returns whether one was. As with
    /// [`Alarms::raise`], the future needn't be awaited.
    ///
    /// # Errors
    /// Whenever the notice isn't known to be kept; it is mailed even so.
    pub fn clear(
        &self,
        kind: &'static str,
    ) -> impl Future<Output = Result<bool, AlarmError>> + Send + use<> {
        let mut book = self.shared.book();
        let kept = book
            .cleared(kind, self.new_id(), self.shared.clock.now())
            .map(|event| {
                tracing::info!(kind, "the alarm is over");
                self.submit(&mut book, &event)
            });
        drop(book);
        self.shared.changed.notify_one();
        async move {
            match kept {
                Some(kept) => kept.await.map(|()| true),
                None => Ok(false),
            }
        }
    }

    /// Whether an alarm of this kind was raised and not cleared.
    pub fn is_open(&self, kind: &str) -> bool {
        self.shared.book().open(kind).is_some()
    }

    /// How many alarms and notices wait to be taken by every recipient.
    pub fn waiting(&self) -> usize {
        self.shared.book().pending().len()
    }

    /// Resolves when the disk has whatever was told so far: for an orderly end.
    ///
    /// # Errors
    /// [`AlarmError`]: some of it may be told again after the next start.
    pub fn synced(&self) -> impl Future<Output = Result<(), AlarmError>> + Send + use<> {
        let _order = self.shared.book();
        self.write(String::new())
    }

    /// What waits, oldest first.
    pub(crate) fn pending(&self) -> Vec<Arc<Entry>> {
        self.shared.book().pending().to_vec()
    }

    /// The open alarm of this kind.
    pub(crate) fn open_alarm(&self, kind: &str) -> Option<Open> {
        self.shared.book().open(kind).cloned()
    }

    /// Resolves when something was raised or cleared since the last call; for the one
    /// sender.
    pub(crate) async fn changed(&self) {
        self.shared.changed.notified().await;
    }

    /// A recipient's server has taken it.
    pub(crate) fn sent(
        &self,
        id: &str,
        channel: &str,
        to: &str,
    ) -> impl Future<Output = Result<(), AlarmError>> + Send + use<> {
        let event = Event::Sent {
            id: id.to_owned(),
            channel: channel.to_owned(),
            to: to.to_owned(),
        };
        let mut book = self.shared.book();
        let kept = self.submit(&mut book, &event);
        if let Some(oldest) = book.half_heard_too_many() {
            tracing::error!(alarm = oldest, "given up for those who haven't received it");
            drop(self.submit(&mut book, &Event::Settled { id: oldest }));
        }
        kept
    }

    /// An attempt failed; returns how many have.
    pub(crate) fn failed(&self, id: &str) -> u32 {
        let mut book = self.shared.book();
        let Some(attempts) = book.failures(id).map(|before| before.saturating_add(1)) else {
            return 0;
        };
        let id = id.to_owned();
        drop(self.submit(&mut book, &Event::Failed { id, attempts }));
        attempts
    }

    /// Nothing is left to do for it.
    pub(crate) fn settle(&self, id: &str) {
        let id = id.to_owned();
        drop(self.submit(&mut self.shared.book(), &Event::Settled { id }));
    }

    fn new_id(&self) -> String {
        crate::prober::hex(&self.shared.rng.bytes::<16>())
    }

    /// Enters the event and queues its line, both under the book's lock, so that the file
    /// has the book's order.
    fn submit(
        &self,
        book: &mut Book,
        event: &Event,
    ) -> impl Future<Output = Result<(), AlarmError>> + Send + use<> {
        book.apply(event);
        self.write(record::encode(event))
    }

    /// Queues text for the file; the caller holds the book's lock.
    fn write(&self, text: String) -> impl Future<Output = Result<(), AlarmError>> + Send + use<> {
        let (answer, kept) = oneshot::channel();
        if self.lines.try_send(Line { text, answer }).is_err() {
            self.shared.missed.store(true, Ordering::SeqCst);
        }
        let path = self.shared.path.clone();
        async move {
            match tokio::time::timeout(KEEP_LIMIT, kept).await {
                Ok(Ok(Ok(()))) => Ok(()),
                Ok(Ok(Err(source))) => Err(AlarmError::NotKept { path, source }),
                Ok(Err(_)) => Err(AlarmError::Busy),
                Err(_) => Err(AlarmError::Late),
            }
        }
    }
}

/// The writing thread: ends when the last handle is gone and every line is written.
fn keep(mut log: Log, shared: &Shared, mut waiting: mpsc::Receiver<Line>) {
    while let Some(first) = waiting.blocking_recv() {
        let mut text = first.text;
        let mut answers = vec![first.answer];
        while answers.len() < MAX_BATCH
            && let Ok(line) = waiting.try_recv()
        {
            text.push_str(&line.text);
            answers.push(line.answer);
        }
        if shared.missed.swap(false, Ordering::SeqCst) {
            log.distrust();
        }
        let kept = log
            .keep(text.as_bytes(), || shared.book().lines())
            .map_err(Arc::new);
        if let Err(error) = &kept {
            tracing::error!(%error, "alarms can't be written; they leave from memory");
        }
        for answer in answers {
            // Whoever raised it may have gone on without waiting.
            let _ = answer.send(kept.clone());
        }
    }
}
