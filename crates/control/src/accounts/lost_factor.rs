//! Promise `two-factor`: a second factor that somebody has lost. An administrator begins to
//! let them in without, they hear of it at once and can stop it, and only after a while a
//! link goes to them which, together with the right password, lets them in once.
//!
//! ```text
//! begun ─▶ mail with a way to stop it ─▶ `lost_wait` ─▶ mail with the link ─▶ link and
//!     password ─▶ factors removed, signed in, another one is switched on
//! ```
//! Whoever signs in with a second factor meanwhile has it: that stops it, and so does
//! another password or address. So nobody is let in by mail alone, who has the mailbox can't
//! choose the password that goes with the link, and the factors are there until the end.

use std::time::Duration;

use pages::AccountMail;
use seam::TokenHash;
use store::{Account, Actor, Change, LostFactor, Store};
use terms::{Language, Micros, Secret};

use super::{
    AccountError, Accounts,
    factors::removed,
    secret,
    session::{Begun, Device},
    sign_in::{Attempt, SignedIn},
    table,
};

/// How long the link that lets somebody in holds.
const ENTER_LIFE: Duration = Duration::from_secs(3 * 86_400);
/// Links that are mailed at a time; the others follow with the next look.
const OPENS_MOST: u64 = 100;

/// Why it isn't begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotBegun {
    /// There is no second factor to lose.
    NoFactor,
    /// They may not sign in anyway.
    Disabled,
    /// It would be one's own.
    Own,
    /// No mail reaches them.
    NoMail,
    /// It was begun already.
    Before,
}

/// What came of a link and a password.
pub(crate) enum LetIn {
    /// A new session, and the new secret of the device.
    Yes {
        begun: Begun,
        device: Secret<String>,
    },
    /// As any sign-in fails; the link still holds.
    No(SignedIn),
    /// The link holds for nothing.
    Gone,
}

impl Accounts {
    /// Why `actor` can't begin to let somebody in without their second factor; `None` where
    /// they can.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn why_not_lost(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<Option<NotBegun>, AccountError> {
        let store = self.store()?;
        Ok(if store.factors(&account.id).await?.is_empty() {
            Some(NotBegun::NoFactor)
        } else if !table::is_active(account) {
            Some(NotBegun::Disabled)
        } else if *actor == Actor::account(&account.id) {
            Some(NotBegun::Own)
        } else if !self.mails_to(account) {
            Some(NotBegun::NoMail)
        } else if store.lost_factor(&account.id).await?.is_some() {
            Some(NotBegun::Before)
        } else {
            None
        })
    }

    /// When the link would leave if it was begun now.
    pub(crate) fn lost_opens(&self) -> Micros {
        let wait = self.publisher.config().two_factor.lost_wait;
        self.now().after(wait)
    }

    /// Begins to let somebody in without their second factor, and tells them how to stop it;
    /// when the link will be mailed.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn begin_lost(
        &self,
        account: &Account,
        actor: &Actor,
        language: Language,
    ) -> Result<Result<Micros, NotBegun>, AccountError> {
        if let Some(not) = self.why_not_lost(account, actor).await? {
            return Ok(Err(not));
        }
        let made = secret::made(&self.rng);
        let Some(stop) = self.link("lost-factor/stop", &made) else {
            return Ok(Err(NotBegun::NoMail));
        };
        let opens = self.lost_opens();
        let lost = LostFactor {
            account: account.id.clone(),
            begun_by: actor.clone(),
            language,
            begun_at: self.now(),
            opens_at: opens,
            ends_at: None,
        };
        let mut change = self.store()?.change(actor).await?;
        match change.begin_lost_factor(&lost, made.hash.0).await {
            Ok(()) => {}
            Err(store::Error::Taken { .. }) => return Ok(Err(NotBegun::Before)),
            Err(error) => return Err(error.into()),
        }
        let mail = AccountMail::LostFactorBegun { opens, stop };
        self.mail(&mut change, account, &mail, language).await?;
        change.commit().await?;
        Ok(Ok(opens))
    }

    /// Stops it; `false` where there was nothing.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn stop_lost(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<bool, AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let stopped = self.stop_lost_in(&mut change, account).await?;
        if stopped {
            change.commit().await?;
        }
        Ok(stopped)
    }

    /// The same within a change; the owner hears of it.
    pub(super) async fn stop_lost_in(
        &self,
        change: &mut Change,
        account: &Account,
    ) -> Result<bool, AccountError> {
        let Some(language) = change.stop_lost_factor(&account.id).await? else {
            return Ok(false);
        };
        let mail = AccountMail::LostFactorStopped;
        self.mail(change, account, &mail, language).await?;
        Ok(true)
    }

    /// Whose a link is that stops it.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn lost_stopped_by(
        &self,
        link: &Secret<String>,
    ) -> Result<Option<Account>, AccountError> {
        let store = self.store()?;
        let found = store.lost_factor_stopped_by(hash(link).0).await?;
        found_account(&store, found).await
    }

    /// Whom a link lets in; it isn't taken.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn lost_entered_by(
        &self,
        link: &Secret<String>,
    ) -> Result<Option<Account>, AccountError> {
        let store = self.store()?;
        let found = store.lost_factor_entered_by(hash(link).0).await?;
        let account = found_account(&store, found).await?;
        Ok(account.filter(table::is_active))
    }

    /// Mails the links whose time has come.
    pub(super) async fn open_lost(&self) -> Result<(), AccountError> {
        let store = self.store()?;
        for lost in store.due_lost_factors(OPENS_MOST).await? {
            let made = secret::made(&self.rng);
            let account = store.account(&lost.account).await?;
            let (Some(account), Some(enter)) = (account, self.link("lost-factor", &made)) else {
                continue;
            };
            let until = self.now().after(ENTER_LIFE);
            let mut change = store.change(&Actor::system("lost-factor")).await?;
            let hash = made.hash.0;
            // Stopped in between, or mailed by another node.
            if !change.open_lost_factor(&account.id, hash, until).await? {
                continue;
            }
            let mail = AccountMail::LostFactorOpen { until, enter };
            self.mail(&mut change, &account, &mail, lost.language)
                .await?;
            change.commit().await?;
        }
        Ok(())
    }

    /// Signs somebody in by the link and their password, which is counted and compared as
    /// ever. With that their second factors are gone, and every other session.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn sign_in_without_factor(
        &self,
        link: &Secret<String>,
        attempt: Attempt,
    ) -> Result<LetIn, AccountError> {
        let Some(account) = self.lost_entered_by(link).await? else {
            return Ok(LetIn::Gone);
        };
        let attempt = Attempt {
            name: account.name.to_string(),
            ..attempt
        };
        let (portal, start, from) = (attempt.portal.clone(), attempt.start, attempt.from.clone());
        let (given, language) = (attempt.device.clone(), attempt.language);
        let half = match self.sign_in(attempt).await? {
            SignedIn::Half(half) => half,
            // The last factor was removed a moment ago, perhaps by this very link: it lets
            // nobody in a second time.
            SignedIn::Yes { begun, .. } => {
                let sid = begun.session.public_name();
                self.end(&sid, &Actor::system("sign-in")).await?;
                return Ok(LetIn::Gone);
            }
            failed => return Ok(LetIn::No(failed)),
        };
        let store = self.store()?;
        if !self.still_holds(&store, &half, start).await? {
            return Ok(LetIn::Gone);
        }
        let mut tx = store.tx().await?;
        if tx.take_lost_factor(hash(link).0).await?.as_ref() != Some(&account.id) {
            return Ok(LetIn::Gone);
        }
        let mut change = tx.by(&Actor::account(&account.id));
        change.record_lost_factor(&account.id)?;
        for factor in change.remove_factors(&account.id).await? {
            let mail = removed(&factor, from.network());
            self.tell(&mut change, &account, language, mail).await?;
        }
        let ended = change.end_sessions(&account.id, None).await?;
        change.commit().await?;
        self.forget(&ended);
        let side = self.side(&store, &account.id, given.as_ref()).await?;
        let own = self.own_device(&store, given).await?;
        let device = Device {
            hash: own.hash,
            left: side.left(),
        };
        let begun = self
            .begin(&account, &portal, &from, device, &["pwd"])
            .await?;
        // Another password was chosen in between; whoever chooses one later ends this.
        if !self.still_holds(&store, &half, start).await? {
            let sid = begun.session.public_name();
            self.end(&sid, &Actor::system("sign-in")).await?;
            return Ok(LetIn::Gone);
        }
        Ok(LetIn::Yes {
            begun,
            device: own.text,
        })
    }

    /// Whether the password that was right is still the account's.
    async fn still_holds(
        &self,
        store: &Store,
        half: &Secret<String>,
        start: TokenHash,
    ) -> Result<bool, AccountError> {
        Ok(self.whole(store, half.expose(), start).await?.is_some())
    }
}

fn hash(link: &Secret<String>) -> TokenHash {
    secret::hash(link.expose().as_bytes())
}

async fn found_account(store: &Store, id: Option<String>) -> Result<Option<Account>, AccountError> {
    Ok(match id {
        Some(id) => store.account(&id).await?,
        None => None,
    })
}
