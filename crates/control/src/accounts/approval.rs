//! Two-person approval (`approval` in `[admin]`): what an administrator asks for waits
//! until another one approves it, and is then exactly what was asked. If the account has
//! been changed meanwhile it is refused; after a day it is forgotten.
//!
//! Whoever works on the machine needs nobody: the way back, and it stands in the trail.

use std::time::Duration;

use config::Approval;
use pages::{AccountMail, WaitingKind};
use serde::{Deserialize, Serialize};
use store::{Account, AccountDetails, AccountQuery, AccountState, Actor, NewPending, Pending};
use terms::{Language, Secret};

use super::{AccountError, Accounts};
use crate::socket::accounts::Spoken;

/// How long a change waits.
const LIFE: Duration = Duration::from_secs(86_400);
/// To how many administrators of a group a mail goes.
const TOLD: u64 = 50;

/// What is to become of an account.
#[derive(Debug, Clone)]
pub(crate) enum Wanted {
    /// It is removed.
    Gone,
    /// It is so.
    Details(AccountDetails),
    /// It has a password with this hash.
    Password(Secret<String>),
}

impl Wanted {
    /// What it is called for people.
    pub(crate) fn kind(&self, what: &str) -> WaitingKind {
        match self {
            Self::Gone => WaitingKind::Remove,
            Self::Details(_) if what == Approval::Administrators.word() => {
                WaitingKind::Administrator
            }
            Self::Details(_) => WaitingKind::Change,
            Self::Password(_) => WaitingKind::Password,
        }
    }
}

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
    /// `None` where it is to be removed, or to have another password.
    after: Option<Shape>,
    /// The hash of another password.
    #[serde(default)]
    password: Option<Spoken>,
}

/// A change that waits, for the console.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) pending: Pending,
    pub(crate) before: AccountDetails,
    pub(crate) wanted: Wanted,
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
        let Some(after) = after else {
            return self.without(Approval::RemoveUser, actor);
        };
        let was = before.is_some_and(|it| is_admin(it.state, &it.groups));
        if !was && is_admin(after.state, &after.groups) {
            self.without(Approval::Administrators, actor)?;
        }
        match before {
            Some(before) if before.email != after.email => {
                self.alone_with_credentials(before, actor)
            }
            _ => Ok(()),
        }
    }

    /// Whether somebody may give an account another password or address alone: their own
    /// always.
    ///
    /// # Errors
    /// [`AccountError::Approval`].
    pub(super) fn alone_with_credentials(
        &self,
        of: &Account,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        if actor.account_id() == Some(&*of.id) {
            return Ok(());
        }
        self.without(Approval::Credentials, actor)
    }

    fn without(&self, what: Approval, actor: &Actor) -> Result<(), AccountError> {
        let waits = self.publisher.config().admin.approval.contains(&what);
        if waits && actor.account_id().is_some() {
            return Err(AccountError::Approval(what));
        }
        Ok(())
    }

    /// Asks for a change that [`AccountError::Approval`] refused, and tells the other
    /// administrators, in the language of whoever asks: theirs aren't known.
    ///
    /// # Errors
    /// [`AccountError`]: taken, where the same waits already; too many wait.
    pub(crate) async fn ask_approval(
        &self,
        what: Approval,
        before: &Account,
        wanted: &Wanted,
        actor: &Actor,
        language: Language,
    ) -> Result<(), AccountError> {
        let store = self.store()?;
        let asker = self.account_of(actor).await?.ok_or(AccountError::Away)?;
        let mut asked = Asked {
            before: Shape::of(&before.details()),
            after: None,
            password: None,
        };
        match wanted {
            Wanted::Gone => {}
            Wanted::Details(after) => asked.after = Some(Shape::of(after)),
            Wanted::Password(hash) => asked.password = Some(Spoken(hash.clone())),
        }
        let others = self.administrators_beside(&asker).await?;
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
        let config = self.publisher.config();
        if let Some(portal) = config.portal_origin() {
            let mail = AccountMail::ApprovalWaits {
                kind: wanted.kind(what.word()),
                user: before.name.to_string(),
                asked_by: asker.name.to_string(),
                approvals: format!("{portal}{}admin/approvals", config.prefix),
            };
            for other in &others {
                self.mail(&mut change, other, &mail, language).await?;
            }
        }
        change.commit().await?;
        Ok(())
    }

    /// Who may approve what somebody asks for.
    async fn administrators_beside(&self, asker: &Account) -> Result<Vec<Account>, AccountError> {
        let store = self.store()?;
        let mut others: Vec<Account> = Vec::new();
        for group in &self.publisher.config().admin.groups {
            let query = AccountQuery {
                group: Some(group.clone()),
                state: Some(AccountState::Active),
                limit: TOLD,
                ..AccountQuery::default()
            };
            others.extend(store.accounts(&query).await?);
        }
        others.sort_unstable_by(|one, other| one.id.cmp(&other.id));
        others.dedup_by(|one, other| one.id == other.id);
        others.retain(|other| other.id != asker.id);
        Ok(others)
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
        match &waiting.wanted {
            Wanted::Details(after) => self.change_within(change, &now, after, actor).await?,
            Wanted::Gone => self.remove_within(change, &now, actor).await?,
            Wanted::Password(hash) => {
                self.password_within(change, &now, hash, "password.set", None)
                    .await?;
            }
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
    let wanted = match (&asked.after, asked.password) {
        (Some(after), _) => Wanted::Details(after.details()?),
        (None, Some(Spoken(hash))) => Wanted::Password(hash),
        (None, None) => Wanted::Gone,
    };
    Some(Waiting {
        before: asked.before.details()?,
        wanted,
        pending,
    })
}
