//! Promise `admin`: who may use the console on the portal, and who may not stop being an
//! administrator.

use std::net::IpAddr;

use config::Admin;
use seam::{Credential, Session};
use store::{Account, AccountDetails, AccountState, Actor, Change};
use terms::GroupName;

use super::{AccountError, Accounts};
use crate::teeth;

/// What may be entered by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Right {
    /// The page for trying the console's door, and nothing behind it.
    Threshold,
    /// Every room.
    Console,
}

/// Whether somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Admission {
    /// They are.
    Open,
    /// They are, once they have shown a second factor.
    FactorOwed,
    /// They would be, from another network.
    Elsewhere,
    /// They are in no group that may.
    NoRight,
}

/// Why somebody goes on being an administrator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Keeps {
    /// They would take it from themselves.
    #[error("administrators don't take away their own rights: another one does")]
    Themselves,
    /// Nobody would be left.
    #[error("the last administrator stays one: make somebody else one first")]
    Last,
    /// The configuration names the group.
    #[error("`[admin]` names this group: take it out of the configuration first")]
    Named,
}

fn names(admin: &Admin, groups: &[GroupName]) -> bool {
    groups.iter().any(|group| admin.groups.contains(group))
}

impl Accounts {
    /// Whether a session of the portal may enter, from this address. `account` is whose it
    /// is, as the store has it now.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn admission(
        &self,
        account: &Account,
        session: &Session,
        client: IpAddr,
        right: Right,
    ) -> Result<Admission, AccountError> {
        let admission = self.admits(account, session, client, right).await?;
        self.tallies.admitted(admission);
        Ok(admission)
    }

    async fn admits(
        &self,
        account: &Account,
        session: &Session,
        client: IpAddr,
        right: Right,
    ) -> Result<Admission, AccountError> {
        // promise: admin
        if teeth::cut("admin") {
            return Ok(Admission::Open);
        }
        let mut may = self.is_administrator(account);
        if !may && right == Right::Threshold && account.state == AccountState::Active {
            let store = self.store()?;
            may = store.may_stand_on_threshold(&account.id).await?;
        }
        if !may || session.credential != Credential::Cookie {
            return Ok(Admission::NoRight);
        }
        // The threshold may be tried from anywhere: there is nothing on it.
        if right == Right::Console
            && let Some(networks) = &self.publisher.config().admin.networks
            && !networks.contains(client)
        {
            return Ok(Admission::Elsewhere);
        }
        Ok(if session.has_second_factor() {
            Admission::Open
        } else {
            Admission::FactorOwed
        })
    }

    /// Whether somebody may sign in and is in a group of administrators.
    pub(crate) fn is_administrator(&self, account: &Account) -> bool {
        let config = self.publisher.config();
        account.state == AccountState::Active && names(&config.admin, &account.groups)
    }

    /// Whether somebody has shown who they are lately enough to change something.
    pub(crate) fn is_fresh(&self, session: &Session) -> bool {
        let fresh = self.publisher.config().admin.fresh;
        session.is_fresh(fresh, self.now())
    }

    /// Whether there is an administrator left, and nobody has put himself out, once an
    /// account is as `after` says: within the change that makes it so.
    ///
    /// # Errors
    /// [`AccountError::Keeps`].
    pub(super) async fn keeps_administrators(
        &self,
        change: &mut Change,
        before: &Account,
        after: Option<&AccountDetails>,
        actor: &Actor,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let admin = &config.admin;
        let may =
            |state, groups: &[GroupName]| state == AccountState::Active && names(admin, groups);
        let stays = after.is_some_and(|after| may(after.state, &after.groups));
        if !may(before.state, &before.groups) || stays {
            return Ok(());
        }
        if *actor == Actor::account(&before.id) {
            return Err(Keeps::Themselves.into());
        }
        match change.members_beside(&admin.groups, &before.id).await? {
            0 => Err(Keeps::Last.into()),
            _ => Ok(()),
        }
    }

    /// Whether a group is one of administrators: its name stands in the configuration, so
    /// it goes on having it.
    pub(super) fn is_of_administrators(&self, group: &GroupName) -> bool {
        self.publisher.config().admin.groups.contains(group)
    }
}
