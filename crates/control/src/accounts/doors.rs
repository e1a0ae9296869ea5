//! Where passwords are hashed: the pool, who waits in it, and what is remembered of those
//! who failed.

use std::{
    collections::HashMap,
    net::IpAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use arc_swap::ArcSwapOption;
use login::{
    Cost,
    breached::Breached,
    password::Pepper,
    pool::{
        Account as AccountKey, Asker, Busy, Grid, Network, Outcome, Pace, Pool, Settings, Work,
    },
};
use store::{Purpose, Store};
use terms::Moment;

use super::{AccountError, Accounts};

/// Networks whose failures are remembered.
const NETWORKS_MAX: usize = 4096;
/// How long a network that has failed isn't quiet.
const NOISY_FOR: Duration = Duration::from_secs(15 * 60);
/// Work joins the queue at multiples of this since its request began: counting the attempt
/// of a name that exists takes longer than finding out that there is none.
const JOINS: Duration = Duration::from_millis(25);

/// What is shared by all who sign in.
#[derive(Default)]
pub(crate) struct Doors {
    /// Runs once the store is open: at the pace of the dearest hash there.
    pool: ArcSwapOption<Hashing>,
    /// When each network last failed.
    noisy: Mutex<HashMap<Network, Moment>>,
    /// The filter of breached passwords, by the file it was read from.
    breached: Mutex<Option<(PathBuf, Arc<Breached>)>>,
}

pub(super) struct Hashing {
    pub(super) pool: Pool,
}

impl Doors {
    /// Starts the pool, at the pace of the dearest cost there is.
    async fn open(&self, accounts: &Accounts, store: &Store) -> Result<(), AccountError> {
        if self.pool.load().is_some() {
            return Ok(());
        }
        let cost = accounts.cost();
        let stored = store.dearest_password_cost().await?;
        let dearest = stored.and_then(|cost| Cost::new(cost).ok());
        let dearest = dearest
            .filter(|dearest| dearest.get() > cost.get())
            .unwrap_or(cost);
        let clock = accounts.clock.clone();
        let settings = Settings {
            threads: Settings::default_threads(),
            pace: Pace::measured(dearest, &clock),
            pepper: Pepper::new(store.keyed_hash(Purpose::SignIn, "pepper of long passwords")),
            rng: accounts.rng.clone(),
            clock,
        };
        let step = settings.pace.grid().step();
        match Pool::start(settings) {
            Ok(pool) => {
                self.pool.store(Some(Arc::new(Hashing { pool })));
                tracing::debug!(
                    ?step,
                    cost = dearest.get(),
                    "sign-ins are answered on a grid"
                );
            }
            Err(error) => tracing::error!(%error, "no threads for passwords: nobody can sign in"),
        }
        Ok(())
    }

    pub(super) fn is_quiet(&self, network: Network, now: Moment) -> bool {
        let noisy = self.noisy.lock().unwrap_or_else(PoisonError::into_inner);
        noisy
            .get(&network)
            .is_none_or(|failed| now.since(*failed) >= NOISY_FOR)
    }

    pub(super) fn failed(&self, network: Network, now: Moment) {
        let mut noisy = self.noisy.lock().unwrap_or_else(PoisonError::into_inner);
        if noisy.len() >= NETWORKS_MAX {
            noisy.retain(|_, failed| now.since(*failed) < NOISY_FOR);
        }
        // Still full: a flood from everywhere. Then the oldest is as good as quiet.
        if noisy.len() >= NETWORKS_MAX
            && let Some(oldest) = noisy.iter().min_by_key(|(_, failed)| **failed)
        {
            let oldest = *oldest.0;
            noisy.remove(&oldest);
        }
        noisy.insert(network, now);
    }

    /// The filter of breached passwords; read once per file.
    pub(super) fn filter(&self, path: Option<&PathBuf>) -> Option<Arc<Breached>> {
        let path = path?;
        let mut known = self.breached.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((from, filter)) = &*known
            && from == path
        {
            return Some(filter.clone());
        }
        match Breached::open(path) {
            Ok(filter) => {
                let filter = Arc::new(filter);
                *known = Some((path.clone(), filter.clone()));
                Some(filter)
            }
            Err(error) => {
                tracing::error!(%error, "the filter of breached passwords can't be used: only the commonest are refused");
                None
            }
        }
    }
}

/// An IPv4 address, or the /64 of an IPv6 one.
pub(super) fn network(client: IpAddr) -> Network {
    Network(match client {
        // No IPv6 network is so small a number.
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => u64::try_from(u128::from(v6) >> 64).unwrap_or(u64::MAX),
    })
}

pub(super) fn account_key(hash: &[u8; 32]) -> AccountKey {
    let first = hash.first_chunk().copied().unwrap_or_default();
    AccountKey(u64::from_be_bytes(first))
}

impl Accounts {
    /// Opens the doors, once the store is open.
    pub(super) async fn open_doors(&self, store: &Store) -> Result<(), AccountError> {
        self.doors.open(self, store).await
    }

    /// The pool. A command without a server opens it when the first password is set.
    pub(super) async fn hashing(&self, store: &Store) -> Result<Arc<Hashing>, AccountError> {
        self.open_doors(store).await?;
        self.doors.pool.load_full().ok_or(AccountError::Away)
    }

    /// The cost of new hashes.
    pub(super) fn cost(&self) -> Cost {
        let cost = self.publisher.config().password.cost;
        Cost::new(cost).expect("the configuration takes 10 to 14")
    }

    /// Does work in the pool, and returns when its answer may leave.
    pub(super) async fn hashed(
        &self,
        pool: &Pool,
        asker: Asker,
        work: Work,
    ) -> Result<Outcome, Busy> {
        let busy = Busy {
            retry_after: Duration::from_secs(5),
        };
        let joins = Grid::new(JOINS).next(asker.began, self.clock.moment());
        tokio::time::sleep(joins.since(self.clock.moment())).await;
        // A pool that is closing drops what waits.
        let answer = pool.submit(asker, work)?.await.map_err(|_| busy)??;
        let now = self.clock.moment();
        tokio::time::sleep(answer.at.since(now)).await;
        Ok(answer.outcome)
    }

    /// Does work that nobody signs in with; `None` where too many do.
    pub(super) async fn computed(
        &self,
        asker: Asker,
        work: Work,
    ) -> Result<Option<Outcome>, AccountError> {
        let hashing = self.doors.pool.load_full().ok_or(AccountError::Away)?;
        Ok(self.hashed(&hashing.pool, asker, work).await.ok())
    }
}
