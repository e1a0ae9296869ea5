//! What the edge goes by: made from the configuration and the state of the promises,
//! swapped whole whenever either changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use config::{Config, FeedSource, Ignored, Issued, Mail, Reading, Stored, Track};
use guards::block::{Feeds, IpRange, Set};
use pages::{LedgerView, OwnPath, Pages};
use promises::state::Latest;
use seam::{
    Snapshot, SnapshotCell,
    prebuilt::{Prebuilt, Refusals},
};
use store::Ban;
use terms::{Clock, Micros};
use tokio::sync::watch;

use crate::{
    block::{Temporary, TemporaryView},
    feeds::FeedView,
    prebuilt,
    tls_report::Published,
    trust,
};

/// What the trust page is made of.
#[derive(Debug, Clone, Default)]
pub struct Proof {
    /// The newest run of each part, with the digest of the configuration it was made
    /// under: a proof of another configuration proves nothing of this one.
    pub runs: Vec<(String, Latest)>,
    /// The ledger's newest checkpoint.
    pub ledger: Option<LedgerView>,
    /// The newest report of promise `tls-report`.
    pub tls_report: Option<Published>,
}

struct Now {
    /// As the file has it, and the digest of its text.
    file: (Config, String),
    /// What stands in the store.
    stored: Stored,
    /// Both together.
    config: Arc<Config>,
    digest: String,
    /// Certificates from authorities.
    issued: Issued,
    proof: Proof,
    /// Lists from elsewhere, and how they stand.
    feeds: (Arc<Feeds>, Vec<FeedView>),
    /// Addresses that are refused for a while.
    temporary: Temporary,
    generation: u64,
    /// When the page changes although nothing else does.
    changes_at: Option<Micros>,
}

/// Builds and swaps snapshots. The lock is control's own: the edge never sees it.
pub struct Publisher {
    cell: Mutex<Option<Arc<SnapshotCell>>>,
    refusals: Arc<Refusals>,
    pages: Pages,
    now: Mutex<Now>,
    mail: watch::Sender<Option<Arc<Mail>>>,
    track: watch::Sender<Track>,
    feeds: watch::Sender<Vec<FeedSource>>,
    clock: Clock,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while it was held left whole values behind: each is replaced at once.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Publisher {
    /// For this configuration; `digest` is that of its file.
    ///
    /// # Panics
    /// Never for a configuration that was loaded: its prefix is a path.
    pub fn new(config: Arc<Config>, digest: String, clock: Clock) -> Self {
        let mail = watch::Sender::new(config.mail.clone().map(Arc::new));
        let track = watch::Sender::new(config.track.clone());
        let feeds = watch::Sender::new(config.block.feeds.clone());
        let prefix = OwnPath::new(&config.prefix).expect("the configuration's prefix is a path");
        let pages = Pages::load(prefix);
        Self {
            cell: Mutex::new(None),
            refusals: Arc::new(prebuilt::refusals(&pages)),
            pages,
            now: Mutex::new(Now {
                file: (Config::clone(&config), digest.clone()),
                stored: Stored::new(),
                config,
                digest,
                issued: Issued::new(),
                proof: Proof::default(),
                feeds: Default::default(),
                temporary: Temporary::default(),
                generation: 0,
                changes_at: None,
            }),
            mail,
            track,
            feeds,
            clock,
        }
    }

    /// The pages' texts and templates.
    pub const fn pages(&self) -> &Pages {
        &self.pages
    }

    /// The configuration in force.
    pub fn config(&self) -> Arc<Config> {
        lock(&self.now).config.clone()
    }

    /// What the file alone says.
    pub fn file(&self) -> Config {
        lock(&self.now).file.0.clone()
    }

    /// The drills' reading of it.
    pub fn reading(&self) -> Reading {
        let now = lock(&self.now);
        now.config.reading(now.digest.clone())
    }

    /// The first snapshot, and the cell that later ones go into.
    pub fn begin(&self) -> Arc<SnapshotCell> {
        let cell = Arc::new(SnapshotCell::new(self.build()));
        *lock(&self.cell) = Some(cell.clone());
        cell
    }

    /// How mail leaves, now and after each reload.
    pub fn mail(&self) -> watch::Receiver<Option<Arc<Mail>>> {
        self.mail.subscribe()
    }

    /// The access log's section, now and after each change.
    pub fn track(&self) -> watch::Receiver<Track> {
        self.track.subscribe()
    }

    /// Where lists of addresses are fetched, now and after each change.
    pub(crate) fn feeds(&self) -> watch::Receiver<Vec<FeedSource>> {
        self.feeds.subscribe()
    }

    /// Takes lists from elsewhere, in place of all before.
    pub(crate) fn set_feeds(&self, feeds: Arc<Feeds>, views: Vec<FeedView>) {
        lock(&self.now).feeds = (feeds, views);
        self.publish();
    }

    /// Takes how lists from elsewhere stand, where they are as before.
    pub(crate) fn set_feed_views(&self, views: Vec<FeedView>) {
        lock(&self.now).feeds.1 = views;
    }

    /// How lists from elsewhere stand.
    pub(crate) fn feed_views(&self) -> Vec<FeedView> {
        lock(&self.now).feeds.1.clone()
    }

    /// Takes a new configuration of the file, with what stands in the store; `None`
    /// where the store can't be asked, and what is known of it holds on. Gives back the
    /// settings of the store that can't count.
    pub fn configure(
        &self,
        config: Config,
        digest: String,
        stored: Option<Stored>,
    ) -> Vec<Ignored> {
        {
            let mut now = lock(&self.now);
            now.file = (config, digest);
            if let Some(stored) = stored {
                now.stored = stored;
            }
        }
        self.settle()
    }

    /// Takes what stands in the store. Gives back the settings that can't count.
    pub fn store(&self, stored: Stored) -> Vec<Ignored> {
        lock(&self.now).stored = stored;
        self.settle()
    }

    /// Lays the store's settings under the file and publishes what they make together.
    fn settle(&self) -> Vec<Ignored> {
        let ignored = {
            let mut now = lock(&self.now);
            let settled = now.file.0.with_stored(&now.stored);
            now.digest = now.file.1.clone();
            if !settled.taken.is_empty() {
                // Another configuration than the file's alone: its proof is another too.
                let taken = format!("{}{:?}", now.file.1, settled.taken);
                now.digest = crate::digest(taken.as_bytes());
            }
            now.config = Arc::new(settled.config);
            let (mail, track) = (now.config.mail.clone(), now.config.track.clone());
            self.mail.send_replace(mail.map(Arc::new));
            let feeds = now.config.block.feeds.clone();
            self.feeds.send_if_modified(|present| {
                let differs = *present != feeds;
                *present = feeds;
                differs
            });
            self.track.send_if_modified(|present| {
                let differs = *present != track;
                *present = track;
                differs
            });
            settled.ignored
        };
        self.publish();
        ignored
    }

    /// Takes certificates from authorities, in place of all before.
    pub fn certify(&self, issued: Issued) {
        lock(&self.now).issued = issued;
        self.publish();
    }

    /// Certificates from authorities, those that are in force.
    pub fn issued(&self) -> Issued {
        lock(&self.now).issued.clone()
    }

    /// When the certificate of each site ends; a site without one isn't there.
    pub fn expiries(&self) -> Vec<(String, Micros)> {
        let now = lock(&self.now);
        let sites = now.config.sites.iter();
        sites
            .filter_map(|site| Some((site.host.clone(), site.pair(&now.issued)?.not_after)))
            .collect()
    }

    /// When the scan was whose report is published; `None` while there is none of this
    /// configuration.
    pub fn tls_report(&self) -> Option<Micros> {
        let now = lock(&self.now);
        let kept = now.proof.tls_report.as_ref();
        kept.filter(|kept| kept.digest == now.digest)
            .map(|kept| kept.report.at)
    }

    /// Takes new runs.
    pub fn prove(&self, proof: Proof) {
        lock(&self.now).proof = proof;
        self.publish();
    }

    /// Publishes again where a sentence has become too old meanwhile.
    pub fn tick(&self) {
        let at = self.clock.now();
        let due = {
            let mut now = lock(&self.now);
            // Both are looked at: neither may wait for the other.
            let over = now.temporary.expire(at);
            over || now.changes_at.is_some_and(|due| due <= at)
        };
        if due {
            self.publish();
        }
    }

    /// Refuses these addresses from now on, until then or [`Self::let_in`]; gives back the
    /// entries' numbers. `None` where there are too many.
    pub(crate) fn refuse(&self, ranges: &[IpRange], until: Micros) -> Option<Vec<u32>> {
        let numbers = lock(&self.now).temporary.add(ranges, until)?;
        self.publish();
        Some(numbers)
    }

    /// Begins to read bans: [`Self::set_bans`] wants to know when that was.
    pub(crate) fn ask_bans(&self) -> u64 {
        lock(&self.now).temporary.ask()
    }

    /// Refuses these addresses for a while, in place of those that were read before.
    pub(crate) fn set_bans(&self, asked: u64, bans: Vec<Ban>) {
        // The lock isn't held while it is published.
        let differs = lock(&self.now).temporary.set_bans(asked, bans);
        if differs {
            self.publish();
        }
    }

    /// Ends such entries.
    pub(crate) fn let_in(&self, numbers: &[u32]) {
        lock(&self.now).temporary.remove(numbers);
        self.publish();
    }

    /// Who is refused by address at the moment.
    pub(crate) fn block(&self) -> Set {
        let now = lock(&self.now);
        now.config
            .block_set()
            .with_feeds(now.feeds.0.clone())
            .with_temporary(&now.temporary.entries())
    }

    /// Entries that end by themselves.
    pub(crate) fn temporary(&self) -> Vec<TemporaryView> {
        lock(&self.now).temporary.views()
    }

    fn publish(&self) {
        let next = self.build();
        if let Some(cell) = &*lock(&self.cell) {
            cell.swap(next);
        }
    }

    fn build(&self) -> Snapshot {
        let mut now = lock(&self.now);
        let at = self.clock.now();
        let reading = now.config.reading(now.digest.clone());
        let runs: Vec<_> = now
            .proof
            .runs
            .iter()
            .filter(|(digest, _)| *digest == now.digest)
            .map(|(_, run)| run.clone())
            .collect();
        let ledger = &now.proof.ledger;
        let (view, fresh_until) = trust::view(&reading, &runs, ledger, at);
        let prefix = &now.config.prefix;
        let kept = now.proof.tls_report.as_ref();
        let kept = kept.filter(|kept| kept.digest == now.digest);
        let mut built: Prebuilt = prebuilt::build(&self.pages, prefix, &view, kept, &self.refusals);
        if let Some(until) = fresh_until {
            // Should control stop, the edge shows from then on what is no longer proven.
            let (later, _) = trust::view(
                &reading,
                &runs,
                ledger,
                until.after(std::time::Duration::from_secs(1)),
            );
            built.stale = prebuilt::trust_pages(&self.pages, prefix, &later, kept)
                .into_iter()
                .map(|(path, page)| (path, (until, page)))
                .collect();
        }
        now.changes_at = fresh_until;
        now.generation += 1;
        let mut next = now
            .config
            .compile(Arc::new(built), &now.issued, now.generation);
        next.block = next
            .block
            .with_feeds(now.feeds.0.clone())
            .with_temporary(&now.temporary.entries());
        next
    }
}
