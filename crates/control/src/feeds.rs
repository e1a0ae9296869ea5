//! Promise `block`: lists of addresses that are fetched over HTTPS, by each node for
//! itself.
//!
//! ```text
//! due ─▶ asked (ETag) ─▶ 304: as good as before
//!                    └─▶ read, guarded ─▶ kept on disk ─▶ taken, all feeds in one swap
//!                             └─▶ not taken: alarm; what was taken last holds on
//! ```
//! What was taken last stands in `feeds/NAME` of the data folder, under its address and
//! ETag, so that a restart without the network refuses the same clients. A list that can't
//! be read whole, that refuses too much of the world, a trusted proxy or all of a network
//! that an administrator is signed in from isn't taken.
// promise: block

mod guard;
mod shelf;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, sync::Arc, time::Duration};

use config::{FeedSource, LIST_MAX, Roots, read_list};
use guards::block::{Entry, Feed, Feeds, File};
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use terms::{Clock, Micros};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use visitor::{Url, http::Request, tls::Trust};

use crate::{
    accounts::Accounts,
    alarms::{Alarm, Alarms},
    outgoing::Outgoing,
    publish::Publisher,
};

/// Longest exchange, redirects included: one feed's server holds up the others that long.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(60);
/// Redirects that are followed.
const REDIRECTS: u8 = 3;
/// After a failure the next attempt comes after this, then twice as long, and so on, up to
/// the feed's own time.
const AGAIN: Duration = Duration::from_secs(60);
/// Longest `ETag` that is kept.
const ETAG_MAX: usize = 256;
/// A feed is stale at the earliest after this.
const STALE: Duration = Duration::from_hours(24);
/// Longest wait between two looks at what is due.
const LOOK: Duration = Duration::from_mins(10);
/// The kinds of the alarms.
const NOT_TAKEN: &str = "feed-refused";
const STALE_KIND: &str = "feed-stale";

/// A feed, to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedView {
    /// Its name.
    pub name: String,
    /// What becomes of whoever is on it: `refuse`, `drop` or `observe`.
    pub action: String,
    /// How many entries it has.
    pub entries: usize,
    /// When it was good last; `None` where it never was.
    pub good_at: Option<Micros>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// Why a feed has nothing new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Its server didn't give it.
    Away(String),
    /// What it gave isn't taken.
    Refused(String),
}

impl Trouble {
    fn why(&self) -> &str {
        match self {
            Self::Away(why) | Self::Refused(why) => why,
        }
    }
}

/// What an attempt brought.
enum Brought {
    Unchanged,
    New {
        etag: Option<String>,
        body: bytes::Bytes,
        entries: Vec<Entry>,
    },
}

/// One feed.
struct Fed {
    source: FeedSource,
    etag: Option<String>,
    entries: Vec<Entry>,
    good_at: Option<Micros>,
    /// Since when it is asked for.
    since: Micros,
    due: Micros,
    failures: u32,
    trouble: Option<Trouble>,
}

impl Fed {
    fn is_stale(&self, now: Micros) -> bool {
        let good = self.good_at.unwrap_or(self.since);
        now.since(good) > (self.source.every * 3).max(STALE)
    }

    fn view(&self) -> FeedView {
        use guards::block::Action;
        let action = match self.source.action {
            Action::Refuse => "refuse",
            Action::Drop => "drop",
            Action::Observe => "observe",
        };
        FeedView {
            name: self.source.name.clone(),
            action: action.to_owned(),
            entries: self.entries.len(),
            good_at: self.good_at,
            trouble: self.trouble.as_ref().map(|it| it.why().to_owned()),
        }
    }
}

/// What fetching is made of.
pub(crate) struct Parts {
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) accounts: Accounts,
    pub(crate) alarms: Alarms,
    pub(crate) clock: Clock,
    /// The data folder.
    pub(crate) data: PathBuf,
}

/// Fetches what is due.
pub(crate) struct Fetcher {
    parts: Parts,
    sources: watch::Receiver<Vec<FeedSource>>,
    feeds: Vec<Fed>,
    /// Whether each alarm is raised.
    refused: bool,
    stale: bool,
}

impl Fetcher {
    /// With what was taken last, published.
    pub(crate) async fn new(parts: Parts) -> Self {
        let sources = parts.publisher.feeds();
        let mut fetcher = Self {
            refused: parts.alarms.is_open(NOT_TAKEN),
            stale: parts.alarms.is_open(STALE_KIND),
            parts,
            sources,
            feeds: Vec::new(),
        };
        fetcher.take_sources().await;
        fetcher
    }

    /// Fetches until `stop`.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        loop {
            let now = self.parts.clock.now();
            let due = self.feeds.iter().map(|fed| fed.due).min();
            let wait = due.map_or(LOOK, |due| due.since(now).min(LOOK));
            tokio::select! {
                () = stop.cancelled() => return,
                changed = self.sources.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.take_sources().await;
                }
                () = tokio::time::sleep(wait) => tokio::select! {
                    () = stop.cancelled() => return,
                    () = self.fetch_due() => {}
                },
            }
        }
    }

    /// Goes by the configuration of now. A feed that is as before keeps what it has.
    async fn take_sources(&mut self) {
        let sources = self.sources.borrow_and_update().clone();
        let now = self.parts.clock.now();
        let mut before = std::mem::take(&mut self.feeds);
        for source in sources {
            let same = before
                .iter()
                .position(|fed| fed.source.name == source.name && fed.source.url == source.url);
            if let Some(place) = same {
                let known = before.swap_remove(place);
                let due = if known.source == source {
                    known.due
                } else {
                    now
                };
                self.feeds.push(Fed {
                    source,
                    due,
                    ..known
                });
                continue;
            }
            let (folder, name) = (self.parts.data.clone(), source.clone());
            let kept = tokio::task::spawn_blocking(move || shelf::load(&folder, &name));
            let kept = kept.await.ok().flatten();
            let (etag, good_at, entries) = match kept {
                Some(kept) => (kept.etag, Some(kept.at), kept.entries),
                None => (None, None, Vec::new()),
            };
            self.feeds.push(Fed {
                due: now,
                since: now,
                source,
                etag,
                entries,
                good_at,
                failures: 0,
                trouble: None,
            });
        }
        self.publish();
        self.tell();
    }

    async fn fetch_due(&mut self) {
        for place in 0..self.feeds.len() {
            let now = self.parts.clock.now();
            let Some(fed) = self.feeds.get(place).filter(|fed| fed.due <= now) else {
                continue;
            };
            let others: usize = self.feeds.iter().map(|fed| fed.entries.len()).sum();
            let room = guards::block::RANGES_MAX.saturating_sub(others - fed.entries.len());
            let brought = self.fetch(fed, room).await;
            let now = self.parts.clock.now();
            let Some(fed) = self.feeds.get_mut(place) else {
                continue;
            };
            let name = fed.source.name.clone();
            let mut taken = None;
            match brought {
                Ok(brought) => {
                    (fed.failures, fed.trouble, fed.good_at) = (0, None, Some(now));
                    fed.due = now.after(fed.source.every);
                    if let Brought::New {
                        etag,
                        body,
                        entries,
                    } = brought
                    {
                        taken = Some(entries.len());
                        (fed.etag, fed.entries) = (etag, entries);
                        self.keep(place, Some(body)).await;
                    } else {
                        self.keep(place, None).await;
                    }
                }
                Err(trouble) => {
                    tracing::warn!(feed = name, why = trouble.why(), "a feed is not taken");
                    fed.failures = fed.failures.saturating_add(1);
                    let wait = AGAIN * (1 << fed.failures.saturating_sub(1).min(10));
                    fed.due = now.after(wait.min(fed.source.every));
                    fed.trouble = Some(trouble);
                }
            }
            match taken {
                Some(entries) => {
                    self.publish();
                    tracing::info!(feed = name, entries, "a feed is taken");
                }
                None => self.parts.publisher.set_feed_views(self.views()),
            }
            self.tell();
        }
    }

    /// Asks for one feed.
    async fn fetch(&self, fed: &Fed, room: usize) -> Result<Brought, Trouble> {
        let source = &fed.source;
        let trust = match &source.roots {
            Roots::Public => Trust::public(),
            Roots::Own(roots) => Trust::only(roots.clone()),
        };
        let away = |why: &dyn std::fmt::Display| Trouble::Away(why.to_string());
        let url: Url = source.url.parse().map_err(|error| away(&error))?;
        let named = vec![url.host().clone()];
        let outgoing = Outgoing::new(self.parts.clock.clone(), trust, named);
        let mut request = Request::get(url);
        request.redirects = REDIRECTS;
        request.limits.total = EXCHANGE_LIMIT;
        request.limits.body = usize::try_from(LIST_MAX).unwrap_or(usize::MAX);
        if let Some(etag) = &fed.etag
            && let Ok(etag) = HeaderValue::from_str(etag)
        {
            request.headers.insert(header::IF_NONE_MATCH, etag);
        }
        let answer = outgoing
            .fetch(request)
            .await
            .map_err(|error| away(&error))?;
        match answer.status {
            StatusCode::NOT_MODIFIED if fed.etag.is_some() => return Ok(Brought::Unchanged),
            StatusCode::OK => {}
            status => return Err(away(&format!("its server answers {status}"))),
        }
        if answer.truncated {
            let why = format!("it is larger than {} MiB", LIST_MAX >> 20);
            return Err(Trouble::Refused(why));
        }
        let etag = answer.headers.get(header::ETAG);
        let etag = etag.and_then(|etag| etag.to_str().ok());
        let etag = etag.filter(|etag| etag.len() <= ETAG_MAX);
        let etag = etag.map(ToOwned::to_owned);
        let body = answer.body;
        let text = body.clone();
        let read = tokio::task::spawn_blocking(move || read_list(&text));
        let read = read.await.map_err(|error| away(&error))?;
        let entries = read.map_err(|error| Trouble::Refused(error.to_string()))?;
        if entries.len() > room {
            let why = format!(
                "it has {} entries, and there is room for {room} beside the other feeds",
                entries.len()
            );
            return Err(Trouble::Refused(why));
        }
        let config = self.parts.publisher.config();
        let networks = guard::administrators(&self.parts.accounts).await;
        guard::check(&entries, &config.trusted_proxies, &networks).map_err(Trouble::Refused)?;
        Ok(Brought::New {
            etag,
            body,
            entries,
        })
    }

    /// Keeps what was taken; only when it was good, where nothing else is new.
    async fn keep(&self, place: usize, body: Option<bytes::Bytes>) {
        let Some(fed) = self.feeds.get(place) else {
            return;
        };
        let label = shelf::Label {
            url: fed.source.url.clone(),
            etag: fed.etag.clone(),
            at: fed.good_at.unwrap_or(fed.since),
        };
        let (folder, name) = (self.parts.data.clone(), fed.source.name.clone());
        let keep = move || match body {
            Some(body) => shelf::keep(&folder, &name, &label, &body),
            None => shelf::label(&folder, &name, &label),
        };
        let kept = tokio::task::spawn_blocking(keep).await;
        if let Ok(Err(error)) = kept {
            tracing::error!(%error, feed = fed.source.name, "a feed can't be kept on disk");
        }
    }

    fn views(&self) -> Vec<FeedView> {
        self.feeds.iter().map(Fed::view).collect()
    }

    /// Swaps all feeds in.
    fn publish(&self) {
        let feeds = self.feeds.iter().filter(|fed| !fed.entries.is_empty());
        let feeds: Vec<_> = feeds
            .map(|fed| Feed {
                list: File {
                    name: format!("feed-{}", fed.source.name),
                    entries: fed.entries.clone(),
                },
                action: fed.source.action,
            })
            .collect();
        match Feeds::new(&feeds) {
            Ok(feeds) => {
                let feeds = Arc::new(feeds);
                self.parts.publisher.set_feeds(feeds, self.views());
            }
            // There was room for each when it was taken.
            Err(error) => tracing::error!(%error, "the feeds have too many entries together"),
        }
    }

    /// Raises and clears the alarms.
    fn tell(&mut self) {
        let now = self.parts.clock.now();
        let refused: Vec<_> = self
            .feeds
            .iter()
            .filter(|fed| matches!(fed.trouble, Some(Trouble::Refused(_))))
            .collect();
        let stale: Vec<_> = self.feeds.iter().filter(|fed| fed.is_stale(now)).collect();
        let lines = |feeds: &[&Fed]| -> String {
            let line = |fed: &&Fed| {
                let why = fed.trouble.as_ref().map_or("no answer yet", Trouble::why);
                format!("\n{} ({}): {why}", fed.source.name, fed.source.url)
            };
            feeds.iter().map(line).collect()
        };
        let names = |feeds: &[&Fed]| {
            let names: Vec<_> = feeds.iter().map(|fed| &*fed.source.name).collect();
            names.join(", ")
        };
        let told = [
            (
                NOT_TAKEN,
                &refused,
                self.refused,
                "A feed of addresses is not taken",
                "What these feeds' servers sent isn't taken as a list; what was taken last holds on. \
              Look at the source: it may be broken, or in another hand.\n",
            ),
            (
                STALE_KIND,
                &stale,
                self.stale,
                "A feed of addresses is out of date",
                "These feeds weren't good for longer than three times their own time. What was taken \
              last holds on, and grows old.\n",
            ),
        ];
        for (kind, feeds, raised, subject, text) in told {
            if feeds.is_empty() && raised {
                drop(self.parts.alarms.clear(kind));
            } else if !feeds.is_empty() && !raised {
                drop(self.parts.alarms.raise(Alarm {
                    kind,
                    subject: format!("{subject}: {}", names(feeds)),
                    text: format!("{text}{}", lines(feeds)),
                }));
            }
        }
        (self.refused, self.stale) = (!refused.is_empty(), !stale.is_empty());
    }
}
