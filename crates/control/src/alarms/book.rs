//! What the alarms' file says, in memory: which mails wait, and which troubles are open.
//! Pure: events go in, nothing is written here.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use terms::Micros;

use crate::alarms::{
    Alarm, MAX_HALF_HEARD, MAX_SUBJECT_CHARS, MAX_TEXT_CHARS, MAX_UNHEARD_PER_KIND, Raised,
    SAME_WITHIN,
    record::{self, Event},
};

/// Why a mail is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Cause {
    /// An alarm was raised.
    Raised,
    /// It is over: since when it was open, how often it was raised, and its id.
    Cleared {
        since: Micros,
        times: u64,
        raised: String,
    },
}

/// A mail that waits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// 128 random bits in hexadecimal; the left side of its `Message-ID`.
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) cause: Cause,
    pub(crate) subject: String,
    pub(crate) text: String,
    pub(crate) at: Micros,
    /// Whose servers have taken it, by [`Entry::recipient`].
    pub(crate) told: Vec<String>,
    /// Attempts that failed.
    pub(crate) failures: u32,
}

impl Entry {
    /// A recipient's mark in this entry.
    pub(crate) fn recipient(&self, address: &str) -> String {
        record::recipient(&self.id, address)
    }
}

/// A trouble that was raised and not cleared.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Open {
    /// The entry that tells of it.
    pub(crate) id: String,
    pub(crate) subject: String,
    /// Since when it is open.
    pub(crate) since: Micros,
    /// When its entry was made.
    pub(crate) at: Micros,
    /// How often it was raised.
    pub(crate) times: u64,
}

/// The state that the events make.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Book {
    /// Oldest first.
    pending: Vec<Arc<Entry>>,
    open: BTreeMap<String, Open>,
}

impl Book {
    pub(super) fn pending(&self) -> &[Arc<Entry>] {
        &self.pending
    }

    pub(super) fn open(&self, kind: &str) -> Option<&Open> {
        self.open.get(kind)
    }

    pub(super) fn failures(&self, id: &str) -> Option<u32> {
        self.pending
            .iter()
            .find(|entry| entry.id == id)
            .map(|entry| entry.failures)
    }

    /// What raising `alarm` now is: a new mail, or one more of what is told already.
    pub(super) fn raised(&self, alarm: Alarm, id: String, now: Micros) -> (Event, Raised) {
        let Alarm {
            kind,
            subject,
            text,
        } = alarm;
        let kind = kind.to_owned();
        let last = self.last_if_full(&kind);
        let known = self.open.get(&kind);
        let again = match (known, last) {
            (Some(open), _) if now.since(open.at) < SAME_WITHIN => Some(open.clone()),
            (Some(open), Some(_)) => Some(open.clone()),
            (None, Some(last)) => Some(Open {
                id: last.id.clone(),
                subject: last.subject.clone(),
                since: now,
                at: now,
                times: 0,
            }),
            (_, None) => None,
        };
        if let Some(mut open) = again {
            open.times = open.times.saturating_add(1);
            let raised = Raised::Counted(open.id.clone());
            return (Event::Again { kind, open }, raised);
        }
        let entry = Entry {
            id: id.clone(),
            kind,
            cause: Cause::Raised,
            subject: one_line(&subject),
            text: plain(&text),
            at: now,
            told: Vec::new(),
            failures: 0,
        };
        (Event::Raised { entry }, Raised::New(id))
    }

    /// What clearing `kind` now is; `None` where nothing is open.
    pub(super) fn cleared(&self, kind: &str, id: String, now: Micros) -> Option<Event> {
        let open = self.open.get(kind)?;
        let kind = kind.to_owned();
        if self.last_if_full(&kind).is_some() {
            return Some(Event::Over { kind });
        }
        let entry = Entry {
            id,
            kind,
            cause: Cause::Cleared {
                since: open.since,
                times: open.times,
                raised: open.id.clone(),
            },
            subject: open.subject.clone(),
            text: String::new(),
            at: now,
            told: Vec::new(),
            failures: 0,
        };
        Some(Event::Cleared { entry })
    }

    /// The last entry of a kind of which as many wait unheard as may.
    fn last_if_full(&self, kind: &str) -> Option<&Arc<Entry>> {
        let mut unheard = self
            .pending
            .iter()
            .filter(|entry| entry.kind == kind && entry.told.is_empty());
        let last = unheard.next_back()?;
        (unheard.count() + 1 >= MAX_UNHEARD_PER_KIND).then_some(last)
    }

    /// The oldest of more than [`MAX_HALF_HEARD`] entries that only some have received.
    pub(super) fn half_heard_too_many(&self) -> Option<String> {
        let mut half = self.pending.iter().filter(|entry| !entry.told.is_empty());
        let oldest = half.next()?;
        (half.count() >= MAX_HALF_HEARD).then(|| oldest.id.clone())
    }

    /// Enters an event. One about an entry that is gone changes nothing.
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Raised { entry } => {
                let since = self.open.get(&entry.kind).map_or(entry.at, |o| o.since);
                let times = self.open.get(&entry.kind).map_or(0, |open| open.times);
                let open = Open {
                    id: entry.id.clone(),
                    subject: entry.subject.clone(),
                    since,
                    at: entry.at,
                    times: times.saturating_add(1),
                };
                if self.add(entry) {
                    self.open.insert(entry.kind.clone(), open);
                }
            }
            Event::Cleared { entry } => {
                self.open.remove(&entry.kind);
                self.add(entry);
            }
            Event::Over { kind } => {
                self.open.remove(kind);
            }
            Event::Kept { entry } => {
                self.add(entry);
            }
            Event::Again { kind, open } | Event::Open { kind, open } => {
                self.open.insert(kind.clone(), open.clone());
            }
            Event::Sent { id, to, .. } => {
                if let Some(entry) = self.entry(id)
                    && !entry.told.contains(to)
                {
                    entry.told.push(to.clone());
                }
            }
            Event::Failed { id, attempts } => {
                if let Some(entry) = self.entry(id) {
                    entry.failures = *attempts;
                }
            }
            Event::Settled { id } => self.pending.retain(|entry| entry.id != *id),
        }
    }

    fn add(&mut self, entry: &Entry) -> bool {
        let new = self.pending.iter().all(|known| known.id != entry.id);
        if new {
            self.pending.push(Arc::new(entry.clone()));
        }
        new
    }

    fn entry(&mut self, id: &str) -> Option<&mut Entry> {
        let found = self.pending.iter_mut().find(|entry| entry.id == id)?;
        Some(Arc::make_mut(found))
    }

    /// The whole state as lines.
    pub(super) fn lines(&self) -> String {
        let kept = self.pending.iter().map(|entry| Event::Kept {
            entry: (**entry).clone(),
        });
        let open = self.open.iter().map(|(kind, open)| Event::Open {
            kind: kind.clone(),
            open: open.clone(),
        });
        kept.chain(open)
            .map(|event| record::encode(&event))
            .collect()
    }
}

fn one_line(text: &str) -> String {
    let printable = |c: char| if c.is_control() { ' ' } else { c };
    text.chars()
        .take(MAX_SUBJECT_CHARS)
        .map(printable)
        .collect()
}

fn plain(text: &str) -> String {
    text.chars()
        .take(MAX_TEXT_CHARS)
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}
