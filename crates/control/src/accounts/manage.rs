//! What administrators, commands and people themselves change about accounts.

use std::sync::Arc;

use store::{Account, AccountDetails, AccountState, Actor, Change, StoredToken, TokenKind};
use terms::{GroupName, Language, Micros, Secret};

use super::{AccountError, Accounts, admin::Keeps, secret, session::From, table};

/// Whether there was anything to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Changed {
    /// It was changed.
    Yes,
    /// It was so already.
    No,
}

/// Somebody who changes something about themselves.
pub(crate) struct Own<'a> {
    /// The portal session it is done in.
    pub(crate) session: &'a str,
    pub(crate) from: &'a From,
    pub(crate) language: Language,
}

/// A token that is to be made.
pub(crate) struct NewToken {
    pub(crate) account: Account,
    pub(crate) kind: TokenKind,
    pub(crate) label: String,
    pub(crate) sites: Vec<String>,
    pub(crate) expires_at: Micros,
}

impl Accounts {
    /// Makes an account, with the hash of a password where there is one.
    ///
    /// # Errors
    /// [`AccountError`]: a name or address that is taken, a group that isn't there.
    pub(crate) async fn add(
        &self,
        details: &AccountDetails,
        password: Option<(&Secret<String>, &'static str)>,
        actor: &Actor,
    ) -> Result<String, AccountError> {
        self.alone(actor, None, Some(details))?;
        let mut change = self.store()?.change(actor).await?;
        let id = change.add_account(details).await?;
        if let Some((hash, why)) = password {
            change.set_password(&id, hash, why).await?;
        }
        change.commit().await?;
        Ok(id)
    }

    /// Changes an account; its sessions follow at once, and end where it may not be
    /// signed in any more.
    ///
    /// # Errors
    /// As [`Accounts::add`]; [`AccountError::Keeps`], [`AccountError::Approval`].
    pub(crate) async fn change(
        &self,
        before: &Account,
        details: &AccountDetails,
        actor: &Actor,
    ) -> Result<Changed, AccountError> {
        if before.details() == *details {
            return Ok(Changed::No);
        }
        self.alone(actor, Some(before), Some(details))?;
        let change = self.store()?.change(actor).await?;
        self.change_within(change, before, details, actor).await?;
        Ok(Changed::Yes)
    }

    /// The same within a change that has been begun, whoever has to approve it.
    pub(super) async fn change_within(
        &self,
        mut change: Change,
        before: &Account,
        details: &AccountDetails,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        self.keeps_administrators(&mut change, before, Some(details), actor)
            .await?;
        change.change_account(before, details).await?;
        let ended = if details.state == AccountState::Disabled {
            change.end_sessions(&before.id, None).await?
        } else {
            Vec::new()
        };
        change.commit().await?;
        self.forget(&ended);
        self.refresh(&before.id).await
    }

    /// Removes an account with everything it has.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::Keeps`], [`AccountError::Approval`].
    pub(crate) async fn remove(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        self.alone(actor, Some(account), None)?;
        let change = self.store()?.change(actor).await?;
        self.remove_within(change, account, actor).await
    }

    /// The same within a change that has been begun, whoever has to approve it.
    pub(super) async fn remove_within(
        &self,
        mut change: Change,
        account: &Account,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        self.keeps_administrators(&mut change, account, None, actor)
            .await?;
        change.remove_account(account).await?;
        change.commit().await?;
        self.refresh(&account.id).await
    }

    /// Keeps the hash of a new password, and ends every other session: whoever knew the
    /// old one is out. Where its owner did it, that session stays and a mail says so.
    ///
    /// # Errors
    /// [`AccountError`]; [`AccountError::Approval`].
    pub(crate) async fn set_password(
        &self,
        account: &Account,
        hash: &Secret<String>,
        why: &'static str,
        own: Option<Own<'_>>,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        self.alone_with_credentials(account, actor)?;
        let change = self.store()?.change(actor).await?;
        self.password_within(change, account, hash, why, own).await
    }

    /// The same within a change that has been begun, whoever has to approve it.
    pub(super) async fn password_within(
        &self,
        mut change: Change,
        account: &Account,
        hash: &Secret<String>,
        why: &'static str,
        own: Option<Own<'_>>,
    ) -> Result<(), AccountError> {
        change.set_password(&account.id, hash, why).await?;
        let keep = own.as_ref().map(|own| own.session);
        let ended = change.end_sessions(&account.id, keep).await?;
        if let Some(own) = own {
            self.tell_changed(&mut change, account, own.from, own.language)
                .await?;
        }
        change.commit().await?;
        self.forget(&ended);
        Ok(())
    }

    /// Opens an account that is locked.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn unlock(&self, account: &str, actor: &Actor) -> Result<(), AccountError> {
        let mut change = self.store()?.change(actor).await?;
        change.unlock(account).await?;
        change.commit().await?;
        Ok(())
    }

    /// Makes a group; `threshold` lets its members onto the console's threshold.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn add_group(
        &self,
        name: &GroupName,
        threshold: bool,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        let mut change = self.store()?.change(actor).await?;
        change.add_group(name).await?;
        if threshold {
            change.allow_threshold(name).await?;
        }
        change.commit().await?;
        Ok(())
    }

    /// Gives a group another name; its members are told to the edge with it.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn rename_group(
        &self,
        from: &GroupName,
        to: &GroupName,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        // Into such a name a whole group would become administrators at one stroke.
        if self.is_of_administrators(from) || self.is_of_administrators(to) {
            return Err(Keeps::Named.into());
        }
        let mut change = self.store()?.change(actor).await?;
        change.rename_group(from, to).await?;
        change.commit().await?;
        self.refresh_members(from).await
    }

    /// Removes a group; its members are told to the edge without it.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn remove_group(
        &self,
        name: &GroupName,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        if self.is_of_administrators(name) {
            return Err(Keeps::Named.into());
        }
        let mut change = self.store()?.change(actor).await?;
        change.remove_group(name).await?;
        change.commit().await?;
        self.refresh_members(name).await
    }

    /// Tells the edge anew of whoever it knows as a member of this group.
    async fn refresh_members(&self, name: &GroupName) -> Result<(), AccountError> {
        let mut members: Vec<_> = self
            .sessions
            .of(|person| person.is_in(name.as_str()))
            .into_iter()
            .map(|(_, session)| session.person.account.clone())
            .collect();
        members.sort_unstable();
        members.dedup();
        for member in members {
            self.refresh(&member).await?;
        }
        Ok(())
    }

    /// Makes a token; its text is given out here, and never again.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn add_token(
        &self,
        new: &NewToken,
        own: Option<Own<'_>>,
        actor: &Actor,
    ) -> Result<(StoredToken, Secret<String>), AccountError> {
        let store = self.store()?;
        let made = secret::token(&self.rng);
        let row = StoredToken {
            id: store.new_id(),
            hash: made.hash.0,
            account: new.account.id.clone(),
            kind: new.kind,
            label: new.label.clone(),
            sites: new.sites.clone(),
            created_at: self.clock.now(),
            expires_at: new.expires_at,
            last_used: None,
        };
        let mut change = store.change(actor).await?;
        change.add_token(&row).await?;
        if let Some(own) = own {
            self.tell_token(
                &mut change,
                &new.account,
                &new.label,
                own.from,
                own.language,
            )
            .await?;
        }
        change.commit().await?;
        let person = Arc::new(table::person_of(&new.account));
        if let Some(session) =
            table::of_token(&self.sessions, &row, person).filter(|_| table::is_active(&new.account))
        {
            self.sessions.insert(made.hash, Arc::new(session));
        }
        Ok((row, made.text))
    }

    /// Removes a token, of any account or of one.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn remove_token(
        &self,
        id: &str,
        account: Option<&str>,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        let mut change = self.store()?.change(actor).await?;
        let hash = change.remove_token(id, account).await?;
        change.commit().await?;
        self.forget(&[hash]);
        Ok(())
    }
}
