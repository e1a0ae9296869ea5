//! Somebody signs in: looked up, counted, hashed and answered so that nothing tells
//! whether the name exists, or is locked.
//!
//! ```text
//! name ─▶ account? ─▶ counted, or locked ─▶ queue ─▶ hash, or a ticket's wait ─▶ grid ─▶ answer
//! ```
//! A name that doesn't exist has a hash that no password fits. A locked account, or a
//! password that can't be one, only waits its turn. All leave on the same grid.

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
    lockout::{Attempt as Counted, Door, Notice, Rule, Strangers},
    password::{Given, GivenError, Pepper, Stored},
    policy::{Judgement, Strength, Weakness, judge},
    pool::{
        Account as AccountKey, Asker, Busy, Class, Grid, Network, Outcome, Pool, Settings, Work,
        batch_time,
    },
};
use pages::{AccountMail, PasswordProblem};
use seam::TokenHash;
use store::{Account, Actor, Enqueued, Guesses, Mail, Purpose, Store};
use terms::{Language, Micros, Moment, Secret};

use super::{
    AccountError, Accounts, secret,
    session::{Begun, Device, From, Left},
    table,
};
use crate::teeth;

/// Longest name or address that is looked up, in bytes.
const NAME_MAX: usize = 256;
/// Networks whose failures are remembered.
const NETWORKS_MAX: usize = 4096;
/// How long a network that has failed isn't quiet.
const NOISY_FOR: Duration = Duration::from_secs(15 * 60);
/// How long a link in a mail holds.
const LINK_LIFE: Duration = Duration::from_secs(30 * 60);
/// The purpose of links that open a lock.
const UNLOCK: &str = "unlock";

/// What is shared by all who sign in.
#[derive(Default)]
pub(crate) struct Doors {
    /// Runs once the store is open: its grid exceeds the dearest hash there.
    pool: ArcSwapOption<Hashing>,
    /// When each network last failed.
    noisy: Mutex<HashMap<Network, Moment>>,
    /// The filter of breached passwords, by the file it was read from.
    breached: Mutex<Option<(PathBuf, Arc<Breached>)>>,
}

struct Hashing {
    pool: Pool,
    /// What an unknown name is compared with.
    dummy: Stored,
}

/// Name and password, and where they come from.
pub(crate) struct Attempt {
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    /// The device cookie.
    pub(crate) device: Option<Secret<String>>,
    pub(crate) portal: String,
    pub(crate) from: From,
    pub(crate) language: Language,
}

/// What came of it.
pub(crate) enum SignedIn {
    /// A new session, and the new secret of the device.
    Yes {
        begun: Begun,
        device: Secret<String>,
    },
    /// Name or password are wrong, or the account is locked: which isn't said.
    No,
    /// Longer than any name or password.
    TooLong,
    /// Too many sign in at once.
    Busy { retry_after_s: u32 },
}

/// Whether a password may be chosen.
pub(crate) enum Choice {
    /// Its hash.
    Taken(Secret<String>),
    Refused {
        problems: Vec<PasswordProblem>,
        strength: Option<pages::Strength>,
    },
    /// Too many sign in at once.
    Busy,
}

impl Doors {
    /// Starts the pool, with a grid that exceeds the dearest cost there is.
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
            grid: Grid::exceeding(batch_time(dearest, &clock)),
            pepper: Pepper::new(store.keyed_hash(Purpose::SignIn, "pepper of long passwords")),
            rng: accounts.rng.clone(),
            clock,
        };
        let step = settings.grid.step();
        match Pool::start(settings) {
            Ok(pool) => {
                let dummy = Stored::dummy(cost, &accounts.rng);
                self.pool.store(Some(Arc::new(Hashing { pool, dummy })));
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

    fn is_quiet(&self, network: Network, now: Moment) -> bool {
        let noisy = self.noisy.lock().unwrap_or_else(PoisonError::into_inner);
        noisy
            .get(&network)
            .is_none_or(|failed| now.since(*failed) >= NOISY_FOR)
    }

    fn failed(&self, network: Network, now: Moment) {
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
}

/// An IPv4 address, or the /64 of an IPv6 one.
fn network(client: IpAddr) -> Network {
    Network(match client {
        // No IPv6 network is so small a number.
        IpAddr::V4(v4) => u64::from(u32::from(v4)),
        IpAddr::V6(v6) => u64::try_from(u128::from(v6) >> 64).unwrap_or(u64::MAX),
    })
}

/// Which of an account's doors somebody knocks at.
#[derive(Clone, Copy)]
enum Side {
    /// A device that has signed in before.
    Known(TokenHash),
    Stranger,
}

impl Side {
    const fn device(self) -> Option<[u8; 32]> {
        match self {
            Self::Known(device) => Some(device.0),
            Self::Stranger => None,
        }
    }

    /// What a success leaves of the guesses: of that account, and of that device.
    fn left(self) -> Vec<Left> {
        match self {
            Self::Known(device) => vec![
                (Some(device.0), device_succeeded as fn(Guesses) -> Guesses),
                (None, strangers_reopened),
            ],
            Self::Stranger => vec![(None, strangers_succeeded)],
        }
    }
}

fn strangers(kept: Guesses) -> Strangers {
    Strangers {
        door: Door {
            attempts: kept.guesses,
            since: kept.since,
            locks: kept.locks,
            until: kept.locked_until,
        },
        failures: kept.total,
    }
}

const fn kept(strangers: Strangers) -> Guesses {
    Guesses {
        guesses: strangers.door.attempts,
        since: strangers.door.since,
        locks: strangers.door.locks,
        locked_until: strangers.door.until,
        total: strangers.failures,
    }
}

impl Accounts {
    /// Opens the doors, once the store is open.
    pub(super) async fn open_doors(&self, store: &Store) -> Result<(), AccountError> {
        self.doors.open(self, store).await
    }

    /// The pool. A command without a server opens it when the first password is set.
    async fn hashing(&self, store: &Store) -> Result<Arc<Hashing>, AccountError> {
        self.open_doors(store).await?;
        self.doors.pool.load_full().ok_or(AccountError::Away)
    }

    /// The cost of new hashes.
    fn cost(&self) -> Cost {
        let cost = self.publisher.config().password.cost;
        Cost::new(cost).expect("the configuration takes 10 to 14")
    }

    fn rule(&self) -> Rule {
        let lockout = self.publisher.config().lockout;
        Rule {
            guesses: u32::from(lockout.guesses),
            window: lockout.window,
        }
    }

    /// Tries to sign somebody in.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, AccountError> {
        let signed_in = self.attempt(attempt).await?;
        self.tallies.signed_in(&signed_in);
        Ok(signed_in)
    }

    async fn attempt(&self, attempt: Attempt) -> Result<SignedIn, AccountError> {
        let began = self.clock.moment();
        let store = self.store()?;
        let hashing = self.hashing(&store).await?;
        let given = match Given::new(attempt.password.expose()) {
            Ok(given) => Some(given),
            Err(GivenError::TooLong) => return Ok(SignedIn::TooLong),
            Err(GivenError::Nul) => None,
        };
        if attempt.name.len() > NAME_MAX {
            return Ok(SignedIn::TooLong);
        }
        let account = store.account_named(attempt.name.trim()).await?;
        // The same questions whether there is somebody or not.
        let id = account.as_ref().map_or("", |account| &account.id);
        let stored = store.password_hash(id).await?;
        let stored = stored.and_then(|(text, _)| Some((Stored::parse(text.expose()).ok()?, text)));
        let device = attempt.device.as_ref();
        let device = device.map(|secret| secret::hash(secret.expose().as_bytes()));
        let side = match device {
            Some(device) if store.knows_device(id, device.0).await? => Side::Known(device),
            _ => Side::Stranger,
        };
        let network = network(attempt.from.client.ip());
        let class = match side {
            Side::Known(_) => Class::Known,
            Side::Stranger if self.doors.is_quiet(network, began) => Class::Quiet,
            Side::Stranger => Class::Rest,
        };
        // Before it is counted: what nobody looks at is no guess.
        if hashing.pool.waiting() >= login::pool::ROOM && class == Class::Rest {
            return Ok(SignedIn::Busy { retry_after_s: 5 });
        }
        // promise: lockout
        let counted = match &account {
            Some(account) => {
                self.knock(&store, account, side, &attempt.from, attempt.language)
                    .await?
            }
            None => true,
        };
        let counted = counted || teeth::cut("lockout");
        let cost = self.cost();
        let work = match (counted, &given, &stored) {
            (true, Some(given), Some((stored, _))) => Work::Verify(given.clone(), stored.clone()),
            (true, Some(given), None) => Work::Verify(given.clone(), hashing.dummy.clone()),
            _ => Work::Ticket(cost),
        };
        let key = store.keyed_hash(Purpose::SignIn, &attempt.name.to_lowercase());
        let asker = Asker {
            class,
            network,
            account: account_key(&key),
            began,
        };
        let outcome = match self.hashed(&hashing.pool, asker, work).await {
            Ok(outcome) => outcome,
            Err(busy) => return Ok(too_busy(busy)),
        };
        let (Outcome::Right, Some(account)) = (outcome, account.filter(table::is_active)) else {
            self.doors.failed(network, began);
            return Ok(SignedIn::No);
        };
        // A browser keeps its secret, for whichever accounts use it; one that we never gave
        // out is worth nothing.
        let own = match (attempt.device, device) {
            (Some(text), Some(hash)) if store.has_seen_device(hash.0).await? => {
                secret::Made { text, hash }
            }
            _ => secret::made(&self.rng),
        };
        let begun = self
            .begin(
                &account,
                &attempt.portal,
                &attempt.from,
                Device {
                    hash: own.hash,
                    left: side.left(),
                },
            )
            .await?;
        if let (Some(given), Some((stored, text))) = (given, stored)
            && stored.outdated(&given, cost)
        {
            self.renew(hashing, account.id, given, text, asker);
        }
        Ok(SignedIn::Yes {
            begun,
            device: own.text,
        })
    }

    /// Counts an attempt before its password is looked at; `false` where the door is
    /// locked. Its owner hears of the first lock, once.
    async fn knock(
        &self,
        store: &Store,
        account: &Account,
        side: Side,
        from: &From,
        language: Language,
    ) -> Result<bool, AccountError> {
        let now = self.clock.now();
        let mut tx = store.tx().await?;
        let before = tx.guesses_locked(&account.id, side.device()).await?;
        let mut door = strangers(before);
        let counted = match side {
            Side::Known(_) => door.door.attempt(now, self.rule()),
            Side::Stranger => door.attempt(now, self.rule()),
        };
        let Counted::Counted(notice) = counted else {
            return Ok(false);
        };
        tx.keep_guesses(&account.id, side.device(), &kept(door))
            .await?;
        // What was counted is forgotten by nothing but the lock that it led to.
        if door.door.attempts == 0 {
            self.tallies.locked();
        }
        if notice == Notice::None {
            tx.commit().await?;
            return Ok(true);
        }
        let mut change = tx.by(&Actor::system("sign-in"));
        let place = from.network();
        change.record_lock(&account.id, door.door.until, &place)?;
        // A known device that locks itself is its owner's, who knows.
        let portal = self.publisher.config().portal_origin();
        if let (Side::Stranger, Some(portal)) = (side, portal) {
            let link = secret::made(&self.rng);
            change
                .keep_link(link.hash.0, &account.id, UNLOCK, LINK_LIFE)
                .await?;
            let prefix = &self.publisher.config().prefix;
            let unlock = format!("{portal}{prefix}unlock?secret={}", link.text.expose());
            let unlock = Secret::new(unlock);
            let mail = AccountMail::Locked { place, unlock };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(true)
    }

    /// Does work in the pool, and returns when its answer may leave.
    async fn hashed(&self, pool: &Pool, asker: Asker, work: Work) -> Result<Outcome, Busy> {
        let busy = Busy {
            retry_after: Duration::from_secs(5),
        };
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

    /// Whether the configured file of breached passwords is looked at.
    pub(super) fn has_filter(&self) -> bool {
        let config = self.publisher.config();
        self.doors
            .filter(config.password.breached.as_ref())
            .is_some()
    }

    /// Hashes a password anew after its sign-in, in the form and at the cost of today.
    fn renew(
        &self,
        hashing: Arc<Hashing>,
        account: String,
        given: Given,
        before: Secret<String>,
        asker: Asker,
    ) {
        let accounts = self.clone();
        tokio::spawn(async move {
            let asker = Asker {
                class: Class::Background,
                ..asker
            };
            let work = Work::Hash(given, accounts.cost());
            // No room: the next sign-in tries again.
            let Ok(Outcome::Hashed(hash)) = accounts.hashed(&hashing.pool, asker, work).await
            else {
                return;
            };
            let hash = Secret::new(hash.to_string());
            let renewed = async {
                let mut change = accounts.store()?.change(&Actor::system("sign-in")).await?;
                if change.renew_password(&account, &before, &hash).await? {
                    change.commit().await?;
                }
                Ok::<_, AccountError>(())
            };
            if let Err(error) = renewed.await {
                tracing::warn!(%error, "a password could not be hashed anew");
            }
        });
    }

    /// Judges a new password, and hashes it where it may be chosen. `current` is the one
    /// that it replaces, where its owner has to know it: guesses at it count as those of
    /// a stranger do.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn choose_password(
        &self,
        account: &Account,
        current: Option<(&Secret<String>, &From)>,
        new: &Secret<String>,
    ) -> Result<Choice, AccountError> {
        let choice = self.judge_choice(account, current, new).await?;
        self.tallies.chose(&choice);
        Ok(choice)
    }

    async fn judge_choice(
        &self,
        account: &Account,
        current: Option<(&Secret<String>, &From)>,
        new: &Secret<String>,
    ) -> Result<Choice, AccountError> {
        let store = self.store()?;
        let hashing = self.hashing(&store).await?;
        let refused = |problem, strength| Choice::Refused {
            problems: vec![problem],
            strength,
        };
        let given = match Given::new(new.expose()) {
            Ok(given) => given,
            Err(GivenError::TooLong) => {
                let most = u32::try_from(login::password::BYTES_MAX).unwrap_or(u32::MAX);
                return Ok(refused(PasswordProblem::TooLong { most }, None));
            }
            Err(GivenError::Nul) => {
                return Ok(refused(PasswordProblem::ForbiddenCharacter, None));
            }
        };
        let asker = Asker {
            class: Class::Quiet,
            network: current.map_or(Network(0), |(_, from)| network(from.client.ip())),
            account: account_key(&store.keyed_hash(Purpose::SignIn, account.name.as_str())),
            began: self.clock.moment(),
        };
        if let Some((current, from)) = current {
            let known = self
                .knows_current(&store, &hashing, account, current, from, asker)
                .await?;
            match known {
                Some(true) => {}
                Some(false) => return Ok(refused(PasswordProblem::CurrentWrong, None)),
                None => return Ok(Choice::Busy),
            }
            if current.expose() == new.expose() {
                return Ok(refused(PasswordProblem::SameAsOld, None));
            }
        }
        let (problems, strength) = self.judged(account, &given);
        if !problems.is_empty() {
            return Ok(Choice::Refused { problems, strength });
        }
        let work = Work::Hash(given, self.cost());
        Ok(match self.hashed(&hashing.pool, asker, work).await {
            Ok(Outcome::Hashed(_)) if teeth::cut("password") => {
                Choice::Taken(Secret::new(crate::digest(new.expose().as_bytes())))
            }
            Ok(Outcome::Hashed(hash)) => Choice::Taken(Secret::new(hash.to_string())),
            Ok(_) | Err(Busy { .. }) => Choice::Busy,
        })
    }

    /// Whether somebody who is signed in knows their password; `None` when nobody can say
    /// now.
    async fn knows_current(
        &self,
        store: &Store,
        hashing: &Hashing,
        account: &Account,
        current: &Secret<String>,
        from: &From,
        asker: Asker,
    ) -> Result<Option<bool>, AccountError> {
        let Ok(given) = Given::new(current.expose()) else {
            return Ok(Some(false));
        };
        let Some((text, _)) = store.password_hash(&account.id).await? else {
            return Ok(Some(false));
        };
        let Ok(stored) = Stored::parse(text.expose()) else {
            return Ok(Some(false));
        };
        let side = Side::Stranger;
        if !self.knock(store, account, side, from, Language::En).await? {
            return Ok(Some(false));
        }
        let work = Work::Verify(given, stored);
        match self.hashed(&hashing.pool, asker, work).await {
            Ok(Outcome::Right) => {
                let mut tx = store.tx().await?;
                let now = strangers_succeeded(tx.guesses_locked(&account.id, None).await?);
                tx.keep_guesses(&account.id, None, &now).await?;
                tx.commit().await?;
                Ok(Some(true))
            }
            Ok(_) => Ok(Some(false)),
            Err(Busy { .. }) => Ok(None),
        }
    }

    // promise: password
    fn judged(
        &self,
        account: &Account,
        given: &Given,
    ) -> (Vec<PasswordProblem>, Option<pages::Strength>) {
        let config = self.publisher.config();
        let email = account.email.as_ref().map_or("", |email| email.expose());
        let mut own = vec![account.name.as_str(), &account.display, email];
        own.extend(config.sites.iter().map(|site| site.host.as_str()));
        let commonest = Breached::commonest();
        let file = self.doors.filter(config.password.breached.as_ref());
        let mut filters = vec![&commonest];
        filters.extend(file.as_deref());
        let least = usize::from(config.password.length);
        let judgement = judge(given, least, &own, &filters).or_else(|error| {
            tracing::error!(%error, "the filter of breached passwords can't be read: only the commonest are refused");
            judge(given, least, &own, &[&commonest])
        });
        let Ok(Judgement {
            strength,
            weaknesses,
        }) = judgement
        else {
            // The list that is part of the program can be read.
            return (vec![PasswordProblem::Guessable], None);
        };
        let problems = weaknesses.into_iter().map(|weakness| match weakness {
            Weakness::TooShort { least } => PasswordProblem::TooShort {
                least: u32::try_from(least).unwrap_or(u32::MAX),
            },
            Weakness::Guessable(_) => PasswordProblem::Guessable,
            Weakness::ContainsName => PasswordProblem::ContainsName,
            Weakness::Breached => PasswordProblem::Breached,
        });
        let strength = match strength {
            Strength::VeryWeak => pages::Strength::VeryWeak,
            Strength::Weak => pages::Strength::Weak,
            Strength::Fair => pages::Strength::Fair,
            Strength::Strong => pages::Strength::Strong,
            Strength::VeryStrong => pages::Strength::VeryStrong,
        };
        (problems.collect(), Some(strength))
    }

    /// Opens a lock by the link of a mail; `false` for one that holds for nothing.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn unlock_by_link(&self, link: Secret<String>) -> Result<bool, AccountError> {
        let hash = secret::hash(link.expose().as_bytes());
        let mut tx = self.store()?.tx().await?;
        let Some(account) = tx.take_link(hash.0, UNLOCK).await? else {
            return Ok(false);
        };
        let mut change = tx.by(&Actor::account(&account));
        change.unlock(&account).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Tells an account's owner of something, by mail, in the same change.
    async fn mail(
        &self,
        change: &mut store::Change,
        account: &Account,
        mail: &AccountMail,
        language: Language,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let (Some(to), Some(portal)) = (&account.email, &config.portal) else {
            return Ok(());
        };
        let now = self.clock.now();
        let text =
            self.publisher
                .pages()
                .account_mail(mail, account.name.as_str(), portal, now, language);
        let enqueued = change
            .enqueue(&Mail {
                to: to.clone(),
                subject: text.subject,
                text: text.body,
                // Each is a mail of its own.
                dedupe: terms::base64url(&self.rng.bytes::<16>()),
                domain: portal.clone(),
            })
            .await?;
        debug_assert!(matches!(enqueued, Enqueued::New(_)), "it is new");
        Ok(())
    }

    /// Tells of a password that was changed, in the change itself.
    pub(super) async fn tell_changed(
        &self,
        change: &mut store::Change,
        account: &Account,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let Some(security) = self.security_page() else {
            return Ok(());
        };
        let place = from.network();
        let mail = AccountMail::PasswordChanged { place, security };
        self.mail(change, account, &mail, language).await
    }

    /// Tells of a new app password, in the change that made it.
    pub(super) async fn tell_token(
        &self,
        change: &mut store::Change,
        account: &Account,
        name: &str,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let Some(security) = self.security_page() else {
            return Ok(());
        };
        let mail = AccountMail::AppPasswordMade {
            name: name.to_owned(),
            place: from.network(),
            security,
        };
        self.mail(change, account, &mail, language).await
    }

    fn security_page(&self) -> Option<String> {
        let config = self.publisher.config();
        let portal = config.portal_origin()?;
        Some(format!("{portal}{}account/security", config.prefix))
    }

    /// The moment, for what is stored.
    pub(crate) fn now(&self) -> Micros {
        self.clock.now()
    }
}

impl Doors {
    /// The filter of breached passwords; read once per file.
    fn filter(&self, path: Option<&PathBuf>) -> Option<Arc<Breached>> {
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

fn strangers_succeeded(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.succeeded();
    kept(door)
}

fn strangers_reopened(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.reopened();
    kept(door)
}

fn device_succeeded(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.door.succeeded();
    kept(door)
}

fn account_key(hash: &[u8; 32]) -> AccountKey {
    let first = hash.first_chunk().copied().unwrap_or_default();
    AccountKey(u64::from_be_bytes(first))
}

fn too_busy(busy: Busy) -> SignedIn {
    let seconds = busy.retry_after.as_secs().max(1);
    SignedIn::Busy {
        retry_after_s: u32::try_from(seconds).unwrap_or(u32::MAX),
    }
}
