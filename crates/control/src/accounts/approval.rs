//! Two-person approval (`approval` in `[admin]`): what an administrator asks for waits
//! until another one approves it, and is then exactly what was asked. If the account has
//! been changed meanwhile it is refused; after a day it is forgotten.
//!
//! Whoever works on the machine needs nobody: the way back, and it stands in the trail.

use std::time::Duration;

use config::Approval;
use serde::{Deserialize, Serialize};
use store::{Account, AccountDetails, AccountState, Actor, NewPending, Pending};

use super::{AccountError, Accounts};
use crate::socket::accounts::Spoken;

/// How long a change waits.
const LIFE: Duration = Duration::from_secs(86_400);

/// How an account is, or is to be, as it is kept sealed.
#[derive(Debug, Serialize, Deserialize)]
struct Shape {
    name: String,
    display: String,
    email: Option<Spoken>,
    groups: Vec<String>,
    active: bool,
}

impl Shape {
    fn of(details: &AccountDetails) -> Self {
        Self {
            name: details.name.to_string(),
            display: details.display.clone(),
            email: details.email.clone().map(Spoken),
            groups: details.groups.iter().map(ToString::to_string).collect(),
            active: details.state == AccountState::Active,
        }
    }

    /// `None` for names that are none: nothing that was kept has any.
    fn details(&self) -> Option<AccountDetails> {
        let groups = self.groups.iter().map(|group| group.parse().ok());
        Some(AccountDetails {
            name: self.name.parse().ok()?,
            display: self.display.clone(),
            email: self.email.as_ref().map(|it| it.0.clone()),
            groups: groups.collect::<Option<_>>()?,
            state: if self.active {
                AccountState::Active
            } else {
                AccountState::Disabled
            },
        })
    }
}

/// What exactly was asked for.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    before: Shape,
    /// `None` where it is to be removed.
    after: Option<Shape>,
}

/// A change that waits, for the console.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) pending: Pending,
    pub(crate) before: AccountDetails,
    /// `None` where it is to be removed.
    pub(crate) after: Option<AccountDetails>,
}

/// What came of an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Approved {
    /// It is done.
    Done,
    /// The account, or the one who asked, isn't as it was: nothing was done, and it waits
    /// no more.
    Lapsed,
    /// It is their own.
    Own,
}

impl Accounts {
    /// Whether somebody may do it alone: `before` is `None` for a new account, `after` for
    /// one that is removed.
    ///
    /// # Errors
    /// [`AccountError::Approval`].
    pub(super) fn alone(
        &self,
        actor: &Actor,
        before: Option<&Account>,
        after: Option<&AccountDetails>,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let is_admin = |state, groups: &[_]| {
            let mut groups = groups.iter();
            state == AccountState::Active && groups.any(|group| config.admin.groups.contains(group))
        };
        let was = before.is_some_and(|it| is_admin(it.state, &it.groups));
        let what = match after {
            None => Approval::RemoveUser,
            Some(after) if !was && is_admin(after.state, &after.groups) => Approval::Administrators,
            Some(_) => return Ok(()),
        };
        if actor.account_id().is_some() && config.admin.approval.contains(&what) {
            return Err(AccountError::Approval(what));
        }
        Ok(())
    }

    /// Asks for a change that [`Accounts::alone`] refuses: `after` is `None` where the
    /// account is to be removed.
    ///
    /// # Errors
    /// [`AccountError`]: taken, where the same waits already; too many wait.
    pub(crate) async fn ask_approval(
        &self,
        what: Approval,
        before: &Account,
        after: Option<&AccountDetails>,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        let store = self.store()?;
        let asker = self.account_of(actor).await?.ok_or(AccountError::Away)?;
        let asked = Asked {
            before: Shape::of(&before.details()),
            after: after.map(Shape::of),
        };
        // Plain data becomes JSON.
        let kept = zeroize::Zeroizing::new(serde_json::to_vec(&asked).unwrap_or_default());
        let mut change = store.change(actor).await?;
        let new = NewPending {
            what: what.word(),
            subject: before,
            asker: &asker,
            kept: &kept,
            life: LIFE,
        };
        change.ask_approval(&new).await?;
        change.commit().await?;
        Ok(())
    }

    /// The account that does something; `None` where it isn't one.
    async fn account_of(&self, actor: &Actor) -> Result<Option<Account>, AccountError> {
        match actor.account_id() {
            Some(id) => Ok(self.store()?.account(id).await?),
            None => Ok(None),
        }
    }

    /// Everything that waits.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn waiting(&self) -> Result<Vec<Waiting>, AccountError> {
        let pending = self.store()?.pending_changes().await?;
        Ok(pending.into_iter().filter_map(opened).collect())
    }

    /// Does what somebody else has asked for, exactly.
    ///
    /// # Errors
    /// [`AccountError`]: missing, where it waits no more; [`AccountError::Keeps`].
    pub(crate) async fn approve(&self, id: &str, actor: &Actor) -> Result<Approved, AccountError> {
        let store = self.store()?;
        let pending = store.pending_change(id).await?;
        let gone = || {
            AccountError::Store(store::Error::Missing {
                what: "pending change",
                name: id.to_owned(),
            })
        };
        let waiting = opened(pending).ok_or_else(gone)?;
        let pending = &waiting.pending;
        // A person with rights of their own: two sessions of one are one.
        let Some(approver) = self.account_of(actor).await? else {
            return Ok(Approved::Own);
        };
        if pending.asker == approver.id || !self.is_administrator(&approver) {
            return Ok(Approved::Own);
        }
        let asker = store.account(&pending.asker).await?.ok_or_else(gone)?;
        let mut change = store.change(actor).await?;
        change.take_pending(id).await?;
        let now = change.account_locked(&pending.subject).await?;
        let (user, asked_by, by) = (
            now.name.to_string(),
            asker.name.to_string(),
            approver.name.to_string(),
        );
        let names = [&*user, &*asked_by, &*by];
        if now.details() != waiting.before || !self.is_administrator(&asker) {
            change.record_approval("approval.lapse", pending, names)?;
            change.commit().await?;
            return Ok(Approved::Lapsed);
        }
        change.record_approval("approval.approve", pending, names)?;
        match &waiting.after {
            Some(after) => self.change_within(change, &now, after, actor).await?,
            None => self.remove_within(change, &now, actor).await?,
        }
        Ok(Approved::Done)
    }

    /// Forgets a change that waits: by whoever asked, or by another who refuses it.
    ///
    /// # Errors
    /// [`AccountError`]: missing, where it waits no more.
    pub(crate) async fn withdraw(&self, id: &str, actor: &Actor) -> Result<(), AccountError> {
        let store = self.store()?;
        let pending = store.pending_change(id).await?;
        let own = actor.account_id() == Some(&*pending.asker);
        let name = async |id: &str| {
            let account = store.account(id).await?;
            Ok::<_, AccountError>(account.map_or_else(String::new, |it| it.name.to_string()))
        };
        let (user, asked_by) = (name(&pending.subject).await?, name(&pending.asker).await?);
        let by = match actor.account_id() {
            Some(id) => name(id).await?,
            None => actor.as_str().to_owned(),
        };
        let action = if own {
            "approval.withdraw"
        } else {
            "approval.refuse"
        };
        let mut change = store.change(actor).await?;
        change.take_pending(id).await?;
        change.record_approval(action, &pending, [&*user, &*asked_by, &*by])?;
        change.commit().await?;
        Ok(())
    }
}

/// What is in it; `None` for what can't be read, which then only runs out.
fn opened(pending: Pending) -> Option<Waiting> {
    let asked: Asked = serde_json::from_slice(pending.kept.expose()).ok()?;
    let after = match &asked.after {
        Some(after) => Some(after.details()?),
        None => None,
    };
    Some(Waiting {
        before: asked.before.details()?,
        after,
        pending,
    })
}
