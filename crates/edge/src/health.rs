//! Which of a site's applications a worker asks first.
//!
//! Each worker keeps its own account, without a lock. An application that couldn't be
//! reached is passed over for a while, which doubles with each failure; then one request
//! tries it again. One that fails its health check is passed over until it passes. Where
//! none is well all are tried in their order: an account may be wrong.

use std::{cell::Cell, future::poll_fn, rc::Rc, sync::Arc, time::Duration};

use h1::Asked;
use seam::snapshot::{Balance, Site};
use terms::Moment;

use crate::{
    upstream,
    worker::{Local, Worker},
};

/// Applications of one site; the configuration takes no more.
const APPLICATIONS_MAX: usize = 16;
/// How long an application is passed over after its first failure, and at most.
const PAUSE: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));
/// From the end of a health check to the next.
const CHECK_EVERY: Duration = Duration::from_secs(5);
/// Checks in a row that change what is thought of an application.
const CHECKS: u8 = 2;

/// The accounts of all sites, in the order of the snapshot.
#[derive(Default)]
pub(crate) struct Accounts(Vec<SiteAccount>);

struct SiteAccount {
    each: Vec<Account>,
    /// Where the next round begins.
    next: Cell<usize>,
}

/// What a worker knows of one application.
#[derive(Clone, Default)]
struct Account {
    failures: Cell<u32>,
    /// Passed over until then.
    paused: Cell<Option<Moment>>,
    /// One request tries it while the others still pass it over.
    trial: Cell<bool>,
    /// It failed its health checks.
    unwell: Cell<bool>,
    /// Checks in a row that said the contrary.
    contrary: Cell<u8>,
    check_due: Cell<Option<Moment>>,
}

impl Account {
    fn is_well(&self, now: Moment) -> bool {
        !self.unwell.get() && self.paused.get().is_none_or(|until| until <= now)
    }
}

impl Accounts {
    /// Accounts of these sites; what is known of an application stays known. `before` are
    /// the sites and accounts that were in force.
    pub(crate) fn of(sites: &[Arc<Site>], before: Option<(&[Arc<Site>], &Self)>) -> Self {
        let known = |site: &Site, index: usize| {
            let (sites, accounts) = before?;
            let old = sites.iter().find(|old| old.name == site.name)?;
            let upstream = site.upstreams.get(index)?;
            let place = old.upstreams.iter().position(|other| other == upstream)?;
            let account = accounts.get(old.index, place)?.clone();
            if old.health != site.health {
                account.unwell.set(false);
            }
            // A check under way notes its outcome in the old account.
            account.check_due.set(None);
            Some(account)
        };
        let account = |site: &Arc<Site>| SiteAccount {
            each: (0..site.upstreams.len())
                .map(|index| known(site, index).unwrap_or_default())
                .collect(),
            next: Cell::new(0),
        };
        Self(sites.iter().map(account).collect())
    }

    fn get(&self, site: u16, upstream: usize) -> Option<&Account> {
        self.0.get(usize::from(site))?.each.get(upstream)
    }

    /// The order in which a site's applications are to be tried. One whose pause has ended
    /// is tried by this request only, for as long as a connection may take (`trial`).
    pub(crate) fn order(
        &self,
        site: &Site,
        now: Moment,
        trial: Duration,
    ) -> impl Iterator<Item = usize> + use<> {
        let mut order = [usize::MAX; APPLICATIONS_MAX];
        // There is nothing to choose where there is but one.
        if let ([_], [first, ..]) = (&*site.upstreams, &mut order) {
            *first = 0;
        } else if let Some(accounts) = self.0.get(usize::from(site.index)) {
            let count = accounts.each.len().min(APPLICATIONS_MAX);
            let first = match site.balance {
                Balance::First => 0,
                Balance::RoundRobin => {
                    let first = accounts.next.get();
                    accounts.next.set((first + 1) % count.max(1));
                    first
                }
            };
            let all = (first..count).chain(0..first.min(count));
            let well = |index: &usize| {
                let account = accounts.each.get(*index);
                account.is_some_and(|account| account.is_well(now))
            };
            let ordered = all
                .clone()
                .filter(well)
                .chain(all.filter(|index| !well(index)));
            for (place, index) in order.iter_mut().zip(ordered) {
                *place = index;
            }
            let first = order.first().and_then(|first| accounts.each.get(*first));
            if let Some(account) = first
                && account.paused.get().is_some_and(|until| until <= now)
            {
                account.paused.set(Some(now.after(trial)));
                account.trial.set(true);
            }
        }
        order.into_iter().take_while(|index| *index != usize::MAX)
    }

    /// A connection to it was made.
    pub(crate) fn reached(&self, site: u16, upstream: usize) {
        if let Some(account) = self.get(site, upstream) {
            account.failures.set(0);
            account.paused.set(None);
            account.trial.set(false);
        }
    }

    /// None could be made. Requests that failed together are one failure.
    pub(crate) fn failed(&self, site: u16, upstream: usize, now: Moment) {
        if let Some(account) = self.get(site, upstream) {
            let noted = account.paused.get().is_some_and(|until| now < until);
            if noted && !account.trial.take() {
                return;
            }
            let failures = account.failures.get();
            account.failures.set(failures.saturating_add(1));
            let pause = PAUSE.0.saturating_mul(1 << failures.min(5)).min(PAUSE.1);
            account.paused.set(Some(now.after(pause)));
        }
    }

    /// Begins the health checks that are due.
    pub(crate) fn check(worker: &Rc<Worker>, local: &Rc<Local>, now: Moment) {
        for site in &local.sites {
            if site.health.is_none() {
                continue;
            }
            for upstream in 0..site.upstreams.len() {
                let Some(account) = local.accounts.get(site.index, upstream) else {
                    continue;
                };
                if account.check_due.get().is_none_or(|due| due <= now) {
                    // Set anew behind the check: one that hangs isn't joined by another.
                    account
                        .check_due
                        .set(Some(now.after(Duration::from_secs(3600))));
                    let task = examine(worker.clone(), local.clone(), site.clone(), upstream);
                    tokio::task::spawn_local(task);
                }
            }
        }
    }

    /// Notes a check. What is thought of an application changes only when [`CHECKS`] in a
    /// row say so.
    fn note(&self, site: u16, upstream: usize, passed: bool, now: Moment) -> Option<bool> {
        let account = self.get(site, upstream)?;
        account.check_due.set(Some(now.after(CHECK_EVERY)));
        if passed != account.unwell.get() {
            account.contrary.set(0);
            return None;
        }
        account.contrary.set(account.contrary.get() + 1);
        if account.contrary.get() < CHECKS {
            return None;
        }
        account.contrary.set(0);
        account.unwell.set(!passed);
        Some(passed)
    }
}

/// One health check, on a connection of its own.
async fn examine(worker: Rc<Worker>, local: Rc<Local>, site: Arc<Site>, upstream: usize) {
    let limit = local.limits.connect.saturating_add(local.limits.answer);
    let passed = tokio::time::timeout(limit, asked(&worker, &local, &site, upstream)).await;
    let passed = passed.unwrap_or(false);
    let changed = local
        .accounts
        .note(site.index, upstream, passed, worker.now());
    match changed {
        Some(true) => tracing::info!(site = &*site.name, upstream, "an application is well again"),
        Some(false) => tracing::warn!(
            site = &*site.name,
            upstream,
            "an application fails its health check"
        ),
        None => {}
    }
}

/// Whether the application answers with a status from 200 to 399.
async fn asked(worker: &Rc<Worker>, local: &Local, site: &Site, upstream: usize) -> bool {
    let (Some(path), Some(to)) = (&site.health, site.upstreams.get(upstream)) else {
        return false;
    };
    let Ok(mut conn) = upstream::alone(worker, local, to).await else {
        return false;
    };
    let mut head = format!(
        "GET {path} HTTP/1.1\r\nhost: {}\r\nuser-agent: waarborg-health\r\nconnection: close\r\n\r\n",
        site.name
    )
    .into_bytes();
    conn.begin(&mut head);
    let answered = poll_fn(|cx| {
        // Where it can't be written there may be an answer all the same.
        let _ = conn.poll_write(cx);
        conn.poll_head(cx, Asked::default(), &local.codec, worker)
    })
    .await;
    let status = answered.map(|_| conn.view().status);
    conn.input.consume(usize::MAX);
    conn.input.release(&worker.buffers);
    matches!(status, Ok(200..=399))
}

#[cfg(test)]
mod tests {
    use terms::Clock;

    use super::*;

    fn site(balance: Balance, count: u16) -> Arc<Site> {
        let upstream = |port| seam::snapshot::Upstream {
            place: seam::snapshot::Place::Socket(([127, 0, 0, 1], port).into()),
            tls: None,
            protocol: seam::snapshot::Protocol::Http1,
        };
        Arc::new(Site {
            index: 0,
            name: "app.test".into(),
            upstreams: (1..=count).map(upstream).collect(),
            balance,
            health: None,
            compression: seam::snapshot::Compression::Off,
            assertion: false,
            routes: Box::default(),
            important: false,
            hsts: guards::hsts::Policy::default(),
            csp: guards::csp::Sent::default(),
        })
    }

    fn order(accounts: &Accounts, site: &Site, now: Moment) -> Vec<usize> {
        accounts.order(site, now, Duration::from_secs(3)).collect()
    }

    #[test]
    fn one_that_failed_is_passed_over_for_a_while_and_longer_each_time() {
        let mut now = Clock::System.moment();
        let site = site(Balance::First, 3);
        let accounts = Accounts::of(std::slice::from_ref(&site), None);
        let s = Duration::from_secs;
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        // Several requests that fail together are one failure.
        accounts.failed(0, 0, now);
        accounts.failed(0, 0, now);
        assert_eq!(order(&accounts, &site, now), [1, 2, 0]);
        now = now.after(s(1));
        // One request tries it, the others don't wait for that.
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        assert_eq!(order(&accounts, &site, now), [1, 2, 0]);
        accounts.failed(0, 0, now);
        now = now.after(s(1));
        assert_eq!(order(&accounts, &site, now), [1, 2, 0], "two seconds now");
        now = now.after(s(1));
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        accounts.reached(0, 0);
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        for index in 0..3 {
            accounts.failed(0, index, now);
        }
        assert_eq!(order(&accounts, &site, now), [0, 1, 2], "none is well");
    }

    #[test]
    fn a_pause_has_an_end_however_often_it_failed() {
        let mut now = Clock::System.moment();
        let site = site(Balance::First, 2);
        let accounts = Accounts::of(std::slice::from_ref(&site), None);
        for _ in 0..100 {
            accounts.failed(0, 0, now);
            now = now.after(PAUSE.1);
            assert_eq!(order(&accounts, &site, now), [0, 1]);
        }
    }

    #[test]
    fn what_is_known_outlives_a_change_of_the_configuration() {
        let now = Clock::System.moment();
        let before = [site(Balance::First, 2)];
        let accounts = Accounts::of(&before, None);
        accounts.failed(0, 0, now);
        let after = site(Balance::First, 3);
        let accounts = Accounts::of(std::slice::from_ref(&after), Some((&before, &accounts)));
        assert_eq!(order(&accounts, &after, now), [1, 2, 0]);
    }

    #[test]
    fn in_rounds_each_comes_first_in_its_turn() {
        let now = Clock::System.moment();
        let site = site(Balance::RoundRobin, 3);
        let accounts = Accounts::of(std::slice::from_ref(&site), None);
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        assert_eq!(order(&accounts, &site, now), [1, 2, 0]);
        accounts.failed(0, 2, now);
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        assert_eq!(order(&accounts, &site, now), [0, 1, 2]);
        assert_eq!(order(&accounts, &site, now), [1, 0, 2]);
    }

    #[test]
    fn two_checks_in_a_row_change_what_is_thought() {
        let now = Clock::System.moment();
        let site = site(Balance::First, 2);
        let accounts = Accounts::of(std::slice::from_ref(&site), None);
        assert_eq!(accounts.note(0, 0, false, now), None);
        assert_eq!(accounts.note(0, 0, true, now), None);
        assert_eq!(accounts.note(0, 0, false, now), None);
        assert_eq!(accounts.note(0, 0, false, now), Some(false));
        assert_eq!(order(&accounts, &site, now), [1, 0]);
        assert_eq!(accounts.note(0, 0, true, now), None);
        assert_eq!(accounts.note(0, 0, true, now), Some(true));
        assert_eq!(order(&accounts, &site, now), [0, 1]);
    }
}
