//! Promise `two-factor`: what apps and passkeys have in common. They are added and removed
//! with a mail to their owner, bring recovery codes, and may be a duty.

use login::two_factor::{recovery_code, recovery_codes};
use pages::AccountMail;
use seam::Session;
use store::{Account, Actor, Factor, FactorKind};
use terms::{Language, Micros, Secret};

use super::{AccountError, Accounts, second_factor::recovery_hash, session::From};

impl Accounts {
    /// What follows on a second factor that was added: its owner hears of it, and with the
    /// first one come recovery codes, and the end of every other session.
    pub(super) async fn factor_added(
        &self,
        mut change: store::Change,
        account: &Account,
        session: &Session,
        first: bool,
        (language, mail): (Language, impl FnOnce(String) -> AccountMail),
    ) -> Result<Option<Vec<Secret<String>>>, AccountError> {
        let codes = if first {
            Some(self.new_codes(&mut change, &account.id).await?)
        } else {
            None
        };
        self.tell(&mut change, account, language, mail).await?;
        // Whatever was opened by the password alone.
        let ended = if first {
            let own = session.public_name();
            change.end_sessions(&account.id, Some(&own)).await?
        } else {
            Vec::new()
        };
        change.commit().await?;
        self.forget(&ended);
        Ok(codes)
    }

    /// From when on no site is open to somebody who has no second factor and has to have
    /// one; `None` for everybody else. The time begins with the first question.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn factor_due(
        &self,
        session: &Session,
    ) -> Result<Option<Micros>, AccountError> {
        let config = self.publisher.config();
        let policy = &config.two_factor;
        let person = &session.person;
        let mut bound = policy.groups.iter().chain(&config.team.groups);
        let bound = bound.any(|group| person.is_in(group.as_str()));
        let store = self.store()?;
        if !bound || !store.factors(&person.account).await?.is_empty() {
            return Ok(None);
        }
        let mut tx = store.tx().await?;
        let first = self.now().after(policy.grace);
        let due = tx.factor_due(&person.account, first).await?;
        tx.commit().await?;
        Ok(Some(due))
    }

    async fn new_codes(
        &self,
        change: &mut store::Change,
        account: &str,
    ) -> Result<Vec<Secret<String>>, AccountError> {
        let store = self.store()?;
        let codes = recovery_codes(&self.rng);
        let kept = codes.iter().filter_map(|code| recovery_code(code.expose()));
        let hashes: Vec<_> = kept
            .map(|code| recovery_hash(&store, account, &code))
            .collect();
        change.keep_recovery_codes(account, &hashes).await?;
        Ok(codes.into())
    }

    /// New recovery codes in the place of those that were left.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn renew_codes(
        &self,
        account: &Account,
        from: &From,
        language: Language,
    ) -> Result<Vec<Secret<String>>, AccountError> {
        let mut change = self.store()?.change(&Actor::account(&account.id)).await?;
        let codes = self.new_codes(&mut change, &account.id).await?;
        let place = from.network();
        let mail = |security| AccountMail::RecoveryRenewed { place, security };
        self.tell(&mut change, account, language, mail).await?;
        change.commit().await?;
        Ok(codes)
    }

    /// Removes every second factor of somebody who has lost theirs, and ends their
    /// sessions; the owner hears of each. Returns how many there were.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn reset_factors(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<usize, AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let factors = change.remove_factors(&account.id).await?;
        change.stop_lost_factor(&account.id).await?;
        for factor in &factors {
            let mail = removed(factor, "waarborg user".to_owned());
            self.tell(&mut change, account, Language::En, mail).await?;
        }
        let ended = change.end_sessions(&account.id, None).await?;
        if factors.is_empty() && ended.is_empty() {
            return Ok(0);
        }
        change.commit().await?;
        self.forget(&ended);
        Ok(factors.len())
    }

    /// Removes a second factor; its owner hears of it where it wasn't a command.
    ///
    /// # Errors
    /// [`AccountError`]; missing, where it isn't the account's.
    pub(crate) async fn remove_factor(
        &self,
        account: &Account,
        id: &str,
        from: &From,
        language: Language,
        actor: &Actor,
    ) -> Result<Factor, AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let factor = change.remove_factor(&account.id, id).await?;
        let mail = removed(&factor, from.network());
        self.tell(&mut change, account, language, mail).await?;
        change.commit().await?;
        Ok(factor)
    }
}

/// What the owner hears of a second factor that is gone.
pub(super) fn removed(factor: &Factor, place: String) -> impl FnOnce(String) -> AccountMail {
    let (kind, name) = (factor.kind, factor.label.clone());
    move |security| match kind {
        FactorKind::Totp => AccountMail::FactorRemoved {
            name,
            place,
            security,
        },
        FactorKind::Passkey => AccountMail::PasskeyRemoved {
            name,
            place,
            security,
        },
    }
}
