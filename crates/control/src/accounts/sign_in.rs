//! Somebody signs in: looked up, counted, hashed and answered so that nothing tells
//! whether the name exists, or is locked.
//!
//! ```text
//! name ─▶ account? ─▶ counted, or locked ─▶ queue ─▶ hash, or a ticket's wait ─▶ grid ─▶ answer
//! ```
//! A name that doesn't exist has a hash that no password fits. A locked account, or a
//! password that can't be one, only waits its turn. All leave on the same grid.

use std::{sync::Arc, time::Duration};

use login::{
    lockout::{Attempt as Counted, Door, Notice, Rule, Strangers},
    password::{Given, GivenError, Stored},
    pool::{Asker, Busy, Class, Outcome, Work},
};
use pages::AccountMail;
use seam::TokenHash;
use store::{Account, Actor, Guesser, Guesses, Purpose, Store};
use terms::{Language, Secret};

use super::{
    AccountError, Accounts,
    doors::{Hashing, account_key, network},
    secret,
    session::{Begun, Device, From, Left},
    table,
};
use crate::teeth;

/// Longest name or address that is looked up, in bytes.
const NAME_MAX: usize = 256;
/// How long a link in a mail holds.
const LINK_LIFE: Duration = Duration::from_secs(30 * 60);
/// The purpose of links that open a lock.
const UNLOCK: &str = "unlock";

/// Name and password, and where they come from.
pub(crate) struct Attempt {
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    /// The device cookie.
    pub(crate) device: Option<Secret<String>>,
    /// The hash of the start cookie: a sign-in goes on in the browser it began in.
    pub(crate) start: TokenHash,
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
    /// The password is right, and a code is owed: nothing is open yet. What goes through
    /// the browser's hands until then.
    Half(Secret<String>),
    /// Name or password are wrong, or the account is locked: which isn't said.
    No,
    /// Longer than any name or password.
    TooLong,
    /// Too many sign in at once.
    Busy { retry_after_s: u32 },
}

/// Which of an account's doors somebody knocks at.
#[derive(Clone, Copy)]
pub(super) enum Side {
    /// A device that has signed in before.
    Known(TokenHash),
    Stranger,
}

impl Side {
    const fn guesser(self) -> Guesser {
        match self {
            Self::Known(device) => Guesser::Device(device.0),
            Self::Stranger => Guesser::Strangers,
        }
    }

    /// What a success leaves of the guesses: of that account, and of that device.
    pub(super) fn left(self) -> Vec<Left> {
        match self {
            Self::Known(device) => vec![
                (
                    Guesser::Device(device.0),
                    door_succeeded as fn(Guesses) -> Guesses,
                ),
                (Guesser::Strangers, strangers_reopened),
            ],
            Self::Stranger => vec![(Guesser::Strangers, strangers_succeeded)],
        }
    }
}

pub(super) fn strangers(kept: Guesses) -> Strangers {
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

pub(super) const fn kept(strangers: Strangers) -> Guesses {
    Guesses {
        guesses: strangers.door.attempts,
        since: strangers.door.since,
        locks: strangers.door.locks,
        locked_until: strangers.door.until,
        total: strangers.failures,
    }
}

impl Accounts {
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
        let network = network(attempt.from.client.ip());
        let quiet = self.doors.is_quiet(network, began);
        // What nobody looks at is no guess, and costs the store nothing.
        let full = !quiet && hashing.pool.waiting() >= login::pool::ROOM;
        if full && attempt.device.is_none() {
            return Ok(SignedIn::Busy { retry_after_s: 5 });
        }
        let account = store.account_named(attempt.name.trim()).await?;
        // The same questions whether there is somebody or not.
        let id = account.as_ref().map_or("", |account| &account.id);
        let stored = store.password_hash(id).await?;
        let password_at = stored.as_ref().map(|(_, at)| *at);
        let stored = stored.and_then(|(text, _)| Some((Stored::parse(text.expose()).ok()?, text)));
        let side = self.side(&store, id, attempt.device.as_ref()).await?;
        let class = match side {
            Side::Known(_) => Class::Known,
            Side::Stranger if quiet => Class::Quiet,
            Side::Stranger => Class::Rest,
        };
        if full && class == Class::Rest {
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
            (true, Some(given), None) => {
                Work::Verify(given.clone(), Stored::dummy(cost, &self.rng))
            }
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
        if let (Some(given), Some((stored, text))) = (given, stored)
            && stored.outdated(&given, cost)
        {
            self.renew(hashing, account.id.clone(), given, text, asker);
        }
        // promise: two-factor
        if !store.factors(&account.id).await?.is_empty() && !teeth::cut("two-factor") {
            let half = self.half(&store, &account.id, password_at, attempt.start);
            return Ok(SignedIn::Half(half));
        }
        let own = self.own_device(&store, attempt.device).await?;
        let begun = self
            .begin(
                &account,
                &attempt.portal,
                &attempt.from,
                Device {
                    hash: own.hash,
                    left: side.left(),
                },
                &["pwd"],
            )
            .await?;
        // Another password was chosen while this one waited its turn; whoever chooses one
        // later ends this session.
        let now = store.password_hash(&account.id).await?.map(|(_, at)| at);
        if now != password_at {
            let sid = begun.session.public_name();
            self.end(&sid, &Actor::system("sign-in")).await?;
            return Ok(SignedIn::No);
        }
        Ok(SignedIn::Yes {
            begun,
            device: own.text,
        })
    }

    /// Which of an account's doors a device knocks at.
    pub(super) async fn side(
        &self,
        store: &Store,
        account: &str,
        device: Option<&Secret<String>>,
    ) -> Result<Side, AccountError> {
        let device = device.map(|secret| secret::hash(secret.expose().as_bytes()));
        Ok(match device {
            Some(device) if store.knows_device(account, device.0).await? => Side::Known(device),
            _ => Side::Stranger,
        })
    }

    /// What a browser is known by from now on. It keeps its secret, for whichever accounts
    /// use it; one that we never gave out is worth nothing.
    pub(super) async fn own_device(
        &self,
        store: &Store,
        given: Option<Secret<String>>,
    ) -> Result<secret::Made, AccountError> {
        if let Some(text) = given {
            let hash = secret::hash(text.expose().as_bytes());
            if store.has_seen_device(hash.0).await? {
                return Ok(secret::Made { text, hash });
            }
        }
        Ok(secret::made(&self.rng))
    }

    /// Counts an attempt before its password is looked at; `false` where the door is
    /// locked. Its owner hears of the first lock, once.
    pub(super) async fn knock(
        &self,
        store: &Store,
        account: &Account,
        side: Side,
        from: &From,
        language: Language,
    ) -> Result<bool, AccountError> {
        let now = self.clock.now();
        let mut tx = store.tx().await?;
        let before = tx.guesses_locked(&account.id, side.guesser()).await?;
        let mut door = strangers(before);
        let counted = match side {
            Side::Known(_) => door.door.attempt(now, self.rule()),
            Side::Stranger => door.attempt(now, self.rule()),
        };
        let Counted::Counted(notice) = counted else {
            return Ok(false);
        };
        tx.keep_guesses(&account.id, side.guesser(), &kept(door))
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
        let made = secret::made(&self.rng);
        if let (Side::Stranger, Some(unlock)) = (side, self.link("unlock", &made)) {
            change
                .keep_link(made.hash.0, &account.id, UNLOCK, LINK_LIFE)
                .await?;
            let mail = AccountMail::Locked { place, unlock };
            self.mail(&mut change, account, &mail, language).await?;
        }
        change.commit().await?;
        Ok(true)
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
}

pub(super) fn strangers_succeeded(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.succeeded();
    kept(door)
}

pub(super) fn strangers_reopened(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.reopened();
    kept(door)
}

fn door_succeeded(before: Guesses) -> Guesses {
    let mut door = strangers(before);
    door.door.succeeded();
    kept(door)
}

fn too_busy(busy: Busy) -> SignedIn {
    SignedIn::Busy {
        retry_after_s: retry_after_s(busy),
    }
}

/// `Retry-After`.
pub(super) fn retry_after_s(busy: Busy) -> u32 {
    let seconds = busy.retry_after.as_secs().max(1);
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
