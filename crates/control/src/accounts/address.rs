//! Another address for an account. Its owner asks for it, and whoever reads the new one's
//! mail says so, by a link that is taken once; the address of now hears of both.
//!
//! ```text
//! asked for ─▶ link to the new address, word to the old one ─▶ link taken ─▶ changed
//! ```
//! Whether the new address is another account's shows in nothing but a mail to it: what is
//! answered, written and sent is as much in either case.

use std::time::Duration;

use pages::AccountMail;
use seam::Session;
use store::{Account, Actor, AddressLink, LinksOf};
use terms::{Language, Secret};

use super::{AccountError, Accounts, secret, session::From, table};

/// How long a link holds.
pub(super) const LIFE: Duration = Duration::from_secs(30 * 60);
/// Links that an account may have asked for at a time.
const LINKS_MAX: u64 = 3;
/// Links to one address at a time, whoever has asked: nobody fills another's mailbox.
pub(super) const MAILS_MAX: u64 = 3;

/// What came of asking.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum AddressAsked {
    /// A link is on its way, or a word to whoever has that address.
    Yes,
    /// It is the account's address already.
    Same,
    /// As many links as there may be are on their way.
    Wait,
}

impl Accounts {
    /// Sends a link to an address that is to become the account's, and tells the one of now.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn ask_address(
        &self,
        account: &Account,
        new: &Secret<String>,
        (from, language): (&From, Language),
    ) -> Result<AddressAsked, AccountError> {
        if account.email.as_ref() == Some(new) {
            return Ok(AddressAsked::Same);
        }
        let store = self.store()?;
        // Read before the transaction, which has a connection of its own.
        // A name that looks like it counts as well: who types it is taken for that one.
        let other = store.account_named(new.expose()).await?;
        let other = other.filter(|other| other.id != account.id);
        let mut change = store.change(&Actor::account(&account.id)).await?;
        if change.address_links(LinksOf::Account(&account.id)).await? >= LINKS_MAX {
            return Ok(AddressAsked::Wait);
        }
        let to_it = change.address_links(LinksOf::Address(new)).await?;
        // Kept in either case: the one to an address of another is told to nobody.
        let made = secret::made(&self.rng);
        let link = AddressLink {
            account: Some(account.id.clone()),
            email: new.clone(),
        };
        change.keep_address_link(made.hash.0, &link, LIFE).await?;
        change.record_address_link(&account.id)?;
        let place = from.network();
        if to_it < MAILS_MAX {
            let (login, mail) = match &other {
                Some(other) => (
                    other.name.as_str(),
                    AccountMail::AddressTaken {
                        place: place.clone(),
                    },
                ),
                None => (
                    account.name.as_str(),
                    AccountMail::AddressConfirm {
                        place: place.clone(),
                        confirm: self.link("address", &made).ok_or(AccountError::Away)?,
                    },
                ),
            };
            self.mail_to(&mut change, (new, login), &mail, language)
                .await?;
        }
        let mail = |security| AccountMail::AddressChanging {
            new: new.clone(),
            place,
            security,
        };
        self.tell(&mut change, account, language, mail).await?;
        change.commit().await?;
        Ok(AddressAsked::Yes)
    }

    /// Whose address a link is about, and which it is to become; it isn't taken.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn address_of_link(
        &self,
        link: &Secret<String>,
    ) -> Result<Option<(Account, Secret<String>)>, AccountError> {
        let store = self.store()?;
        let hash = secret::hash(link.expose().as_bytes());
        let found = store.address_link(hash.0).await?;
        let Some(AddressLink {
            account: Some(id),
            email,
        }) = found
        else {
            return Ok(None);
        };
        let account = store.account(&id).await?.filter(table::is_active);
        Ok(account.map(|account| (account, email)))
    }

    /// Changes an address by a link, which is taken with it; `false` where it holds for
    /// nothing. Every session ends but the one it is done in, where that is the account's.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn change_address_by_link(
        &self,
        link: &Secret<String>,
        from: &From,
        session: Option<&Session>,
        language: Language,
    ) -> Result<bool, AccountError> {
        let Some((account, new)) = self.address_of_link(link).await? else {
            return Ok(false);
        };
        let mut tx = self.store()?.tx().await?;
        let hash = secret::hash(link.expose().as_bytes());
        if !tx.take_address_link(hash.0).await? {
            return Ok(false);
        }
        let mut change = tx.by(&Actor::account(&account.id));
        match change.change_address(&account.id, &new).await {
            Ok(()) => {}
            // Somebody else has it by now, or the account is gone.
            Err(store::Error::Taken { .. } | store::Error::Missing { .. }) => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        let own = session.filter(|session| *session.person.account == *account.id);
        let own = own.map(Session::public_name);
        let ended = change.end_sessions(&account.id, own.as_deref()).await?;
        let place = from.network();
        // To the address before: that is what `account` still has.
        let mail = |security| AccountMail::AddressChanged { place, security };
        self.tell(&mut change, &account, language, mail).await?;
        change.commit().await?;
        self.forget(&ended);
        self.refresh(&account.id).await?;
        Ok(true)
    }
}
