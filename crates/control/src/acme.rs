//! Certificates from authorities: ordered, kept in the store, given to the edge, and
//! renewed in time (RFC 8555 by TLS-ALPN-01, RFC 8737).
//!
//! What this guarantees:
//! - only names of the configuration are ordered, all of a site in one order; whatever a
//!   client asks for triggers nothing;
//! - only the node that leads orders, and nothing is kept that it wrote after it led;
//! - a certificate takes the place of another only when it can be served for every name
//!   of its site now; else the old one stays, and an alarm is raised;
//! - a failure is followed by a pause that grows and survives a restart; see [`plan`].
//!
//! ```text
//! none ──ordered──▶ in force ──two thirds of its life, or the authority's advice──▶ ordered again
//!   ▲                  ▲  └─ fails: pause, first authority … second … first …; alarm near its end
//!   └─ refused         └──── unfit: stays in force
//! ```
//! With several nodes a challenge is answered by the node that leads only.
// promise: tls

mod accounts;
mod client;
mod due;
mod held;
mod order;
mod plan;
#[cfg(test)]
mod tests;
mod troubles;

use std::{collections::HashMap, sync::Arc, time::Duration};

use config::{Acme as Section, Authority, Certification, Config, Pair, Site};
use instant_acme::{Account, CertificateIdentifier};
use seam::Challenges;
use store::{AcmeCertificate, AcmeFailure, Lease, Store};
use terms::{Clock, Micros, Rng};
use tokio::{sync::watch, task::JoinSet};
use tokio_util::sync::CancellationToken;

use self::{
    accounts::{AccountError, Accounts},
    due::{Due, Known, authorities, whose},
    held::{Held, InForce},
    order::{Fresh, Order, OrderError},
    plan::{Advice, Asked},
    troubles::{Trouble, Troubles},
};
use crate::{alarms::Alarms, metrics::Tallies, publish::Publisher};

/// How often it is looked what is due.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Orders at once; further ones wait.
const MAX_ORDERS: usize = 4;
/// Orders of one look; further ones wait for the next.
const MAX_ORDERS_PER_LOOK: usize = 40;
/// Questions for advice in one look; further ones wait for the next.
const MAX_ADVICE_PER_LOOK: usize = 20;
/// How long a certificate that has ended stays in the store.
const GONE_AFTER: Duration = Duration::from_secs(30 * 86_400);

/// What it is made of.
pub(crate) struct Parts {
    pub(crate) publisher: Arc<Publisher>,
    pub(crate) challenges: Challenges,
    pub(crate) store: watch::Receiver<Option<Store>>,
    pub(crate) lease: watch::Receiver<Option<Lease>>,
    pub(crate) alarms: Alarms,
    pub(crate) tallies: Arc<Tallies>,
    pub(crate) clock: Clock,
    pub(crate) rng: Rng,
}

/// Keeps the certificates of all sites that have no files.
pub(crate) struct Acme {
    parts: Parts,
    /// The configuration that `accounts` are for.
    config: Option<Arc<Config>>,
    accounts: Option<Accounts>,
    in_force: InForce,
    /// By site; read anew with each lease.
    failures: HashMap<String, AcmeFailure>,
    led: Option<u64>,
    advice: HashMap<String, Advice>,
    troubles: Troubles,
}

/// Why there is no new certificate.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Account(#[from] AccountError),
    #[error(transparent)]
    Order(#[from] OrderError),
    #[error("what the authority sent can't be served: {0}")]
    Unfit(#[from] plan::Unfit),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("{0}")]
    Away(String),
}

impl Failed {
    /// The problem's type, after `urn:ietf:params:acme:error:`.
    fn problem(&self) -> Option<&str> {
        match self {
            Self::Order(error) => error.problem(),
            Self::Account(AccountError::Acme(instant_acme::Error::Api(problem))) => {
                problem.r#type.as_deref()?.rsplit(':').next()
            }
            _ => None,
        }
    }
}

impl Acme {
    pub(crate) fn new(parts: Parts) -> Self {
        Self {
            troubles: Troubles::new(parts.alarms.clone()),
            parts,
            config: None,
            accounts: None,
            in_force: InForce::default(),
            failures: HashMap::new(),
            led: None,
            advice: HashMap::new(),
        }
    }

    /// Looks again and again until `stop`. An order that is under way then is left.
    pub(crate) async fn run(mut self, stop: CancellationToken) {
        let mut lease = self.parts.lease.clone();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                () = Box::pin(self.look()) => {}
            }
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(LOOK_EVERY) => {}
                led = lease.changed() => if led.is_err() { return },
            }
        }
    }

    /// Takes the certificates of the store where they have changed.
    pub(crate) async fn follow(&mut self) {
        let store = self.parts.store.borrow().clone();
        let wanted = self.parts.publisher.config().acme.is_some();
        let Some(store) = store.filter(|_| wanted) else {
            return;
        };
        match self.in_force.read(&store).await {
            Ok(true) => self.publish(),
            Ok(false) => {}
            Err(error) => {
                tracing::warn!(%error, "the certificates of the store could not be read: those in force stay");
            }
        }
    }

    fn publish(&self) {
        self.parts.publisher.certify(self.in_force.issued());
    }

    /// One look: takes what is new in the store, and where this node leads asks for
    /// advice and orders what is due.
    pub(crate) async fn look(&mut self) {
        self.follow().await;
        let config = self.parts.publisher.config();
        let same = self.config.as_ref();
        if !same.is_some_and(|known| Arc::ptr_eq(known, &config)) {
            let clock = || self.parts.clock.clone();
            self.accounts = config
                .acme
                .as_ref()
                .map(|acme| Accounts::new(acme, clock()));
            self.config = Some(config.clone());
        }
        let sites: Vec<_> = config
            .sites
            .iter()
            .filter(|site| matches!(site.certification, Certification::Acme))
            .collect();
        self.forget(&sites);
        self.judge(&sites);
        self.troubles.tell();
        let store = self.parts.store.borrow().clone();
        let lease = self.parts.lease.borrow().clone();
        if let (Some(acme), Some(store), Some(lease)) = (&config.acme, store, lease) {
            if let Err(error) = self.lead(acme, &sites, &store, &lease).await {
                tracing::warn!(%error, "certificates can't be looked after now");
            }
        } else {
            self.led = None;
        }
        self.judge(&sites);
        self.troubles.tell();
    }

    fn forget(&mut self, sites: &[&Site]) {
        let is_there = |name: &str| sites.iter().any(|site| site.host == name);
        self.troubles.keep(is_there);
        self.advice.retain(|site, _| is_there(site));
    }

    /// Notes what is wrong with which site.
    fn judge(&mut self, sites: &[&Site]) {
        let now = self.parts.clock.now();
        for site in sites {
            let host = &site.host;
            let held = self.in_force.of(host);
            let failure = self.failures.get(host);
            let why = || {
                failure
                    .map_or("it is being ordered", |failure| &failure.error)
                    .to_owned()
            };
            let missing = held.is_none_or(|held| !held.pair.covers(host));
            if self
                .troubles
                .note(Trouble::Missing, host, missing.then(why))
                && missing
            {
                tracing::warn!(
                    site = host,
                    "it has no certificate yet: its handshakes are refused until it has"
                );
            }
            let ends = held.filter(|held| plan::is_little_left(&held.pair, now));
            match (ends, failure) {
                (None, _) => {
                    self.troubles.note(Trouble::Ending, host, None);
                }
                (Some(held), Some(failure)) if failure.failures > 0 => {
                    let why = format!("ends at {}; {}", held.pair.not_after, failure.error);
                    self.troubles.note(Trouble::Ending, host, Some(why));
                }
                _ => {}
            }
        }
    }

    async fn lead(
        &mut self,
        acme: &Section,
        sites: &[&Site],
        store: &Store,
        lease: &Lease,
    ) -> Result<(), store::Error> {
        if self.led != Some(lease.token()) {
            let failures = store.acme_failures().await?;
            self.failures = failures
                .into_iter()
                .map(|failure| (failure.site.clone(), failure))
                .collect();
            self.led = Some(lease.token());
        }
        self.ask(acme, sites, store, lease).await;
        let due = self.due(acme, sites);
        self.order(due, store, lease).await;
        Ok(())
    }

    /// Asks authorities for their advice where that is due.
    async fn ask(&mut self, acme: &Section, sites: &[&Site], store: &Store, lease: &Lease) {
        let now = self.parts.clock.now();
        let is_due = |site: &&&Site| {
            let advice = self.advice.get(&site.host);
            advice.is_none_or(|advice| advice.again <= now)
        };
        let due: Vec<_> = sites
            .iter()
            .filter(is_due)
            .filter_map(|site| {
                let held = self.in_force.of(&site.host)?;
                let of = |authority: &&Authority| authority.directory == held.authority;
                let authority = authorities(acme).find(of)?;
                Some((site.host.clone(), held.pair.clone(), authority.clone()))
            })
            .take(MAX_ADVICE_PER_LOOK)
            .collect();
        for (site, pair, authority) in due {
            let known = self.advice.get(&site).copied().unwrap_or_default();
            let advice = match self.account(&authority, store, lease).await {
                Ok(account) => advice(&account, &pair, now).await,
                Err(error) => Err(error.to_string()),
            };
            let advice = advice.unwrap_or_else(|error| {
                tracing::info!(
                    site,
                    error,
                    "the authority's advice on a renewal can't be had"
                );
                known.failed(now)
            });
            self.advice.insert(site, advice);
        }
    }

    async fn account(
        &mut self,
        authority: &Authority,
        store: &Store,
        lease: &Lease,
    ) -> Result<Account, AccountError> {
        let accounts = self.accounts.as_mut();
        let accounts = accounts.expect("made with the configuration, which has `[acme]`");
        Box::pin(accounts.at(authority, store, lease)).await
    }

    /// What is to be ordered now.
    fn due(&self, acme: &Section, sites: &[&Site]) -> Vec<Due> {
        let now = self.parts.clock.now();
        let known = Known {
            in_force: &self.in_force,
            failures: &self.failures,
            advice: &self.advice,
        };
        let due = sites.iter().filter_map(|site| known.due(site, acme, now));
        due.take(MAX_ORDERS_PER_LOOK).collect()
    }

    /// Orders, a few at once, and takes what comes of it.
    async fn order(&mut self, due: Vec<Due>, store: &Store, lease: &Lease) {
        // An authority that can't be reached for one is asked for no other in this look.
        let mut away: HashMap<String, String> = HashMap::new();
        let mut orders = JoinSet::new();
        for due in due {
            if orders.len() >= MAX_ORDERS
                && let Some(done) = orders.join_next().await
            {
                self.settle(done.ok(), store, lease).await;
            }
            let directory = due.authority.directory.clone();
            if let Some(why) = away.get(&directory) {
                let failed = Failed::Away(why.clone());
                self.failed(&due, &failed, store, lease).await;
                continue;
            }
            let account = match self.account(&due.authority, store, lease).await {
                Ok(account) => account,
                Err(error) => {
                    away.insert(directory, error.to_string());
                    self.failed(&due, &error.into(), store, lease).await;
                    continue;
                }
            };
            let order = Order {
                account,
                hosts: due.hosts.clone(),
                profile: due.authority.profile.clone(),
                replaces: self.replaces(&due),
                challenges: self.parts.challenges.clone(),
            };
            tracing::info!(
                site = due.site,
                authority = due.authority.directory,
                "a certificate is ordered"
            );
            orders.spawn(async move {
                let placed = order.place().await;
                (due, placed)
            });
        }
        while let Some(done) = orders.join_next().await {
            self.settle(done.ok(), store, lease).await;
        }
    }

    /// The certificate that an order takes the place of, where its authority asks for it.
    fn replaces(&self, due: &Due) -> Option<CertificateIdentifier<'static>> {
        let held = self.in_force.of(&due.site)?;
        let advised = self.advice.get(&due.site)?.at.is_some();
        if !advised || held.authority != due.authority.directory {
            return None;
        }
        identifier(&held.pair)
    }

    async fn settle(
        &mut self,
        done: Option<(Due, Result<Fresh, OrderError>)>,
        store: &Store,
        lease: &Lease,
    ) {
        // An order's task that panicked: its site is due again at the next look.
        let Some((due, placed)) = done else {
            tracing::error!("an order of a certificate ended without an answer");
            return;
        };
        let taken = match placed {
            Ok(fresh) => self.take(&due, fresh, store, lease).await,
            Err(error) => Err(error.into()),
        };
        match taken {
            Ok(pair) => {
                self.parts.tallies.acme_issued();
                tracing::info!(
                    site = due.site,
                    authority = due.authority.directory,
                    not_after = %pair.not_after,
                    "a certificate was issued"
                );
                for trouble in [Trouble::Unfit, Trouble::Ending] {
                    self.troubles.note(trouble, &due.site, None);
                }
                self.failures.remove(&due.site);
                self.advice.remove(&due.site);
                let held = Held {
                    pair,
                    authority: due.authority.directory,
                };
                self.in_force.put(due.site, held, store).await;
                self.publish();
            }
            Err(failed) => self.failed(&due, &failed, store, lease).await,
        }
    }

    /// Judges what was sent, and keeps it before anything is served with it.
    async fn take(
        &self,
        due: &Due,
        fresh: Fresh,
        store: &Store,
        lease: &Lease,
    ) -> Result<Arc<Pair>, Failed> {
        let now = self.parts.clock.now();
        let pair = plan::judged(&fresh.chain, fresh.key.expose(), &due.hosts, now)?;
        let kept = AcmeCertificate {
            site: due.site.clone(),
            authority: due.authority.directory.clone(),
            chain: fresh.chain,
            key: fresh.key,
            not_after: pair.not_after,
        };
        let gone = i64::try_from(GONE_AFTER.as_micros()).unwrap_or(i64::MAX);
        let mut tx = store.tx().await?;
        tx.require(lease).await?;
        tx.keep_acme_certificate(&kept, Micros(now.0.saturating_sub(gone)))
            .await?;
        tx.commit().await?;
        Ok(Arc::new(pair))
    }

    async fn failed(&mut self, due: &Due, failed: &Failed, store: &Store, lease: &Lease) {
        self.parts.tallies.acme_failed();
        let failures = due.failures.saturating_add(1);
        if failed.problem() == Some("accountDoesNotExist")
            && let Some(accounts) = &mut self.accounts
            && let Err(error) = accounts.forget(&due.authority, store, lease).await
        {
            tracing::warn!(%error, "an account could not be forgotten");
        }
        let asked = Asked {
            retry_after: self
                .accounts
                .as_ref()
                .and_then(|accounts| accounts.wait(&due.authority)),
            limited: failed.problem() == Some("rateLimited"),
        };
        let acme = self.config.as_ref().and_then(|config| config.acme.as_ref());
        let same_again = acme.is_none_or(|acme| *whose(acme, failures) == due.authority);
        let wait = plan::pause(failures, asked, same_again, &self.parts.rng);
        let error = failed.to_string();
        tracing::warn!(
            site = due.site,
            authority = due.authority.directory,
            failures,
            wait_s = wait.as_secs(),
            error,
            "a certificate could not be had; it is ordered again"
        );
        if matches!(failed, Failed::Unfit(_)) {
            self.troubles
                .note(Trouble::Unfit, &due.site, Some(error.clone()));
        }
        let failure = AcmeFailure {
            site: due.site.clone(),
            failures,
            not_before: self.parts.clock.now().after(wait),
            error,
        };
        let kept = async {
            let mut tx = store.tx().await?;
            tx.require(lease).await?;
            tx.keep_acme_failure(&failure).await?;
            tx.commit().await
        };
        if let Err(error) = kept.await {
            tracing::warn!(%error, "a failed order isn't kept: a restart would forget it");
        }
        self.failures.insert(due.site.clone(), failure);
    }
}

fn identifier(pair: &Pair) -> Option<CertificateIdentifier<'static>> {
    let first = pair.certified.cert.first()?;
    Some(CertificateIdentifier::try_from(first).ok()?.into_owned())
}

/// The authority's advice on this certificate (RFC 9773 section 4).
async fn advice(account: &Account, pair: &Pair, now: Micros) -> Result<Advice, String> {
    let Some(identifier) = identifier(pair) else {
        return Ok(Advice::none(now));
    };
    match account.renewal_info(&identifier).await {
        Ok((info, again)) => {
            let micros = |seconds: i64| Micros(seconds.saturating_mul(1_000_000));
            let window = info.suggested_window;
            let window = (
                micros(window.start.unix_timestamp()),
                micros(window.end.unix_timestamp()),
            );
            Ok(Advice::within(window, again, pair, now))
        }
        Err(instant_acme::Error::Unsupported(_)) => Ok(Advice::none(now)),
        Err(error) => Err(error.to_string()),
    }
}
