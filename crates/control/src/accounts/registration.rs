//! Accounts that people make themselves, where the configuration lets them: whoever reads
//! the mail of an address chooses a password by a link that went there.
//!
//! ```text
//! address ─▶ queue of sign-ins ─▶ answer          link ─▶ name, password ─▶ account
//!                └─ beside it: a mail, to whoever has that address ─┘
//! ```
//! Asking says nothing: it takes a ticket as asking for another password does, and an
//! address that is an account's gets a mail that says so. What is written and sent is as
//! much in either case, and bounded per address and in all. The login name is made of the
//! address, so that nobody finds out by choosing which names are taken; people sign in with
//! the address.

use pages::AccountMail;
use store::{AccountDetails, AccountState, Actor, AddressLink, LinksOf};
use terms::{GroupName, Language, Secret, UserName};

use super::{
    AccountError, Accounts,
    address::{LIFE, MAILS_MAX},
    choice::Choice,
    reset::Asked,
    secret,
    session::From,
};

/// Links that hold at a time in all. Beyond, nobody gets another until some are over.
const LINKS_MAX: u64 = 10_000;
/// Names that are tried before it is given up.
const NAMES_MAX: usize = 8;
/// Longest beginning of a name that is made of an address: a number may follow.
const STEM_MAX: usize = 40;

/// Who makes these accounts, in the trail.
fn registration() -> Actor {
    Actor::system("registration")
}

/// What came of a link.
pub(crate) enum Registered {
    /// There is an account.
    Yes,
    /// The password may not be chosen; the link still holds.
    Refused(Choice),
    /// The link holds for nothing.
    Gone,
}

impl Accounts {
    /// Whether people make accounts themselves.
    pub(crate) fn registers(&self) -> bool {
        let config = self.publisher.config();
        config.accounts.registration && config.mail.is_some() && config.portal.is_some()
    }

    /// Sends a link to an address, or, where it is an account's, a word about that.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn ask_account(
        &self,
        email: &Secret<String>,
        from: From,
        language: Language,
    ) -> Result<Asked, AccountError> {
        if let Some(busy) = self.waits_its_turn(email.expose(), &from).await? {
            return Ok(busy);
        }
        // Beside the answer: what it takes must not show in it.
        let (accounts, email) = (self.clone(), email.clone());
        tokio::spawn(async move {
            if let Err(error) = accounts.send_account_link(&email, &from, language).await {
                tracing::warn!(%error, "a link for a new account could not be sent");
            }
        });
        Ok(Asked::Yes)
    }

    /// Sends it, now.
    pub(super) async fn send_account_link(
        &self,
        email: &Secret<String>,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let store = self.store()?;
        // Read before the transaction, which has a connection of its own.
        // A name that looks like it counts as well: who types it is taken for that one.
        let there = store.account_named(email.expose()).await?;
        let made = secret::made(&self.rng);
        let Some(confirm) = self.link("register/choose", &made) else {
            return Ok(());
        };
        // Nobody is its author: whoever asks isn't known, and must not fill the trail.
        let mut tx = store.tx().await?;
        if tx.address_links(LinksOf::Address(email)).await? >= MAILS_MAX {
            return Ok(());
        }
        if tx.address_links(LinksOf::NewAccounts).await? >= LINKS_MAX {
            tracing::warn!(
                most = LINKS_MAX,
                "no more links for new accounts hold at a time"
            );
            return Ok(());
        }
        // Kept in either case: the one to an address of another is told to nobody.
        let link = AddressLink {
            account: None,
            email: email.clone(),
        };
        tx.keep_address_link(made.hash.0, &link, LIFE).await?;
        let place = from.network();
        let (login, mail) = match &there {
            Some(account) => (
                account.name.as_str(),
                AccountMail::RegisteredBefore { place },
            ),
            None => ("", AccountMail::Register { place, confirm }),
        };
        self.mail_to(&mut tx, (email, login), &mail, language)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Which address a link is for, where an account may be made with it; it isn't taken.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn account_link(
        &self,
        link: &Secret<String>,
    ) -> Result<Option<Secret<String>>, AccountError> {
        let hash = secret::hash(link.expose().as_bytes());
        let found = self.store()?.address_link(hash.0).await?;
        let found = found.filter(|found| found.account.is_none() && self.registers());
        Ok(found.map(|found| found.email))
    }

    /// Makes an account by a link, which is taken with it. `display` is for people to read.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn complete_registration(
        &self,
        link: &Secret<String>,
        display: &str,
        new: &Secret<String>,
    ) -> Result<Registered, AccountError> {
        let Some(email) = self.account_link(link).await? else {
            return Ok(Registered::Gone);
        };
        let store = self.store()?;
        let Some(name) = self.free_name(&store, &email).await? else {
            return Ok(Registered::Gone);
        };
        let details = AccountDetails {
            display: display.to_owned(),
            email: Some(email),
            groups: self.publisher.config().accounts.groups.clone(),
            state: AccountState::Active,
            name,
        };
        // Who it will be: a password may not be made of their name.
        let to_be = details.to_be(self.now());
        let choice = self.choose_password(&to_be, None, new).await?;
        let Choice::Taken(hash) = choice else {
            return Ok(Registered::Refused(choice));
        };
        let mut tx = store.tx().await?;
        let taken = secret::hash(link.expose().as_bytes());
        if !tx.take_address_link(taken.0).await? {
            return Ok(Registered::Gone);
        }
        let mut change = tx.by(&registration());
        for group in &details.groups {
            make_group(&mut change, group).await?;
        }
        let id = match change.add_account(&details).await {
            Ok(id) => id,
            // The address is somebody's by now, or a name was faster: then the link still
            // holds, for nothing is kept.
            Err(store::Error::Taken { .. }) => return Ok(Registered::Gone),
            Err(error) => return Err(error.into()),
        };
        change.set_password(&id, &hash, "password.set").await?;
        change.commit().await?;
        Ok(Registered::Yes)
    }

    /// A login name that nobody has, made of an address.
    async fn free_name(
        &self,
        store: &store::Store,
        email: &Secret<String>,
    ) -> Result<Option<UserName>, AccountError> {
        let stem = stem(email.expose());
        for attempt in 0..NAMES_MAX {
            let name = match attempt {
                0 => stem.clone(),
                _ => format!("{stem}-{}", u32::from_be_bytes(self.rng.bytes::<4>())),
            };
            let Ok(name) = name.parse::<UserName>() else {
                return Ok(None);
            };
            if store.account_named(name.as_str()).await?.is_none() {
                return Ok(Some(name));
            }
        }
        Ok(None)
    }
}

/// The beginning of a login name, out of what stands before an address's `@`. It never has
/// one itself: who signs in by an address mustn't find somebody's name.
fn stem(email: &str) -> String {
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    let plain = |sign: &char| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '_' | '-');
    let kept: String = local.chars().filter(plain).take(STEM_MAX).collect();
    let kept = kept.trim_start_matches(|sign: char| !sign.is_ascii_alphanumeric());
    if kept.is_empty() {
        "user".to_owned()
    } else {
        kept.to_ascii_lowercase()
    }
}

/// The configuration names it: whoever wrote that wants it to be there.
async fn make_group(change: &mut store::Change, group: &GroupName) -> Result<(), AccountError> {
    match change.add_group(group).await {
        Ok(()) | Err(store::Error::Taken { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_name_is_made_of_any_address_and_is_none_itself() {
        let check = |email: &str, expected: &str| {
            let made = stem(email);
            assert_eq!(made, expected, "{email}");
            assert!(made.parse::<UserName>().is_ok() && !made.contains('@'));
        };
        check("ada@example.com", "ada");
        check("Ada.Lovelace+shop@example.com", "ada.lovelaceshop");
        check("..ada@example.com", "ada");
        check("\"a@b\"@example.com", "ab");
        check("é@example.com", "user");
        check("@", "user");
        check(&format!("{}@x", "a".repeat(64)), &"a".repeat(STEM_MAX));
    }
}
