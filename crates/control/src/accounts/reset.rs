//! A password by a mailed link: for whoever has forgotten theirs, or was invited.
//!
//! Asking for one says nothing: it takes a ticket in the queue of sign-ins, leaves on the
//! same grid, and what there is to do is done beside it. The link is taken with the
//! password that is chosen, once; it opens nothing else, and a second factor is asked for
//! as always.

use std::time::Duration;

use login::pool::{Asker, Class, Work};
use pages::AccountMail;
use store::{Account, Actor, Purpose};
use terms::{Language, Secret};

use super::{
    AccountError, Accounts,
    choice::Choice,
    doors::{account_key, network},
    secret,
    session::From,
    sign_in::retry_after_s,
    table,
};

/// How long a link holds.
const LIFE: Duration = Duration::from_secs(30 * 60);
/// The purpose of these links.
const RESET: &str = "reset";
/// Links of an account that hold at a time: whoever asks on and on fills no mailbox.
const LINKS_MAX: u64 = 3;

/// Whether somebody could ask.
pub(crate) enum Asked {
    /// Whatever there was to do is done.
    Yes,
    /// Too many sign in at once.
    Busy { retry_after_s: u32 },
}

/// What came of a link.
pub(crate) enum Chosen {
    /// The password is kept.
    Yes,
    /// It may not be chosen; the link still holds.
    Refused(Choice),
    /// The link holds for nothing.
    Gone,
}

impl Accounts {
    /// Sends a link to the owner of an account, where there is one with an address.
    ///
    /// # Errors
    /// [`AccountError`]: 503.
    pub(crate) async fn ask_reset(
        &self,
        name: &str,
        from: From,
        language: Language,
    ) -> Result<Asked, AccountError> {
        let name = name.trim().to_owned();
        if let Some(busy) = self.waits_its_turn(&name, &from).await? {
            return Ok(busy);
        }
        let store = self.store()?;
        // Beside the answer: what it takes must not show in it.
        let accounts = self.clone();
        tokio::spawn(async move {
            let sent = async {
                let account = store.account_named(&name).await?;
                let account = account.filter(table::is_active);
                match account {
                    Some(account) => {
                        let place = from.network();
                        let actor = Actor::system("reset");
                        let mail = |choose| AccountMail::Reset { place, choose };
                        accounts.send_link(&account, mail, &actor, language).await
                    }
                    None => Ok(false),
                }
            };
            if let Err(error) = sent.await {
                tracing::warn!(%error, "a link for another password could not be sent");
            }
        });
        Ok(Asked::Yes)
    }

    /// Waits in the queue of sign-ins and leaves on its grid, as if somebody signed in by
    /// this name or address; [`Asked::Busy`] where there is no room.
    pub(super) async fn waits_its_turn(
        &self,
        name: &str,
        from: &From,
    ) -> Result<Option<Asked>, AccountError> {
        let store = self.store()?;
        let hashing = self.hashing(&store).await?;
        let began = self.clock.moment();
        let network = network(from.client.ip());
        let key = store.keyed_hash(Purpose::SignIn, &name.to_lowercase());
        let asker = Asker {
            class: if self.doors.is_quiet(network, began) {
                Class::Quiet
            } else {
                Class::Rest
            },
            network,
            account: account_key(&key),
            began,
        };
        // Whoever asks and asks isn't quiet.
        self.doors.failed(network, began);
        let ticket = Work::Ticket(self.cost());
        let waited = self.hashed(&hashing.pool, asker, ticket).await;
        Ok(waited.err().map(|busy| Asked::Busy {
            retry_after_s: retry_after_s(busy),
        }))
    }

    /// Mails somebody a link by which they choose their first password; `false` where they
    /// have no address, nothing leaves by mail, or several hold already.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn invite(
        &self,
        account: &Account,
        actor: &Actor,
    ) -> Result<bool, AccountError> {
        let mail = |choose| AccountMail::Invited { choose };
        self.send_link(account, mail, actor, Language::En).await
    }

    async fn send_link(
        &self,
        account: &Account,
        mail: impl FnOnce(Secret<String>) -> AccountMail,
        actor: &Actor,
        language: Language,
    ) -> Result<bool, AccountError> {
        let made = secret::made(&self.rng);
        let link = self.link("reset/choose", &made);
        let (Some(link), true) = (link, self.mails_to(account)) else {
            return Ok(false);
        };
        let mut change = self.store()?.change(actor).await?;
        if change.has_links(&account.id, RESET, LINKS_MAX).await? {
            return Ok(false);
        }
        change
            .keep_link(made.hash.0, &account.id, RESET, LIFE)
            .await?;
        let mail = mail(link);
        change.record_link(&account.id)?;
        self.mail(&mut change, account, &mail, language).await?;
        change.commit().await?;
        Ok(true)
    }

    /// Whose password a link is for; it isn't taken.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn link_account(
        &self,
        link: &Secret<String>,
    ) -> Result<Option<Account>, AccountError> {
        let store = self.store()?;
        let hash = secret::hash(link.expose().as_bytes());
        let Some(id) = store.link(hash.0, RESET).await? else {
            return Ok(None);
        };
        Ok(store.account(&id).await?.filter(table::is_active))
    }

    /// Chooses a password by a link, which is taken with it. Every session ends.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn choose_by_link(
        &self,
        link: &Secret<String>,
        new: &Secret<String>,
        from: &From,
        language: Language,
    ) -> Result<Chosen, AccountError> {
        let Some(account) = self.link_account(link).await? else {
            return Ok(Chosen::Gone);
        };
        let choice = self.choose_password(&account, None, new).await?;
        let Choice::Taken(hash) = choice else {
            return Ok(Chosen::Refused(choice));
        };
        let mut tx = self.store()?.tx().await?;
        let taken = secret::hash(link.expose().as_bytes());
        if tx.take_link(taken.0, RESET).await?.as_ref() != Some(&account.id) {
            return Ok(Chosen::Gone);
        }
        let mut change = tx.by(&Actor::account(&account.id));
        change
            .set_password(&account.id, &hash, "password.reset")
            .await?;
        let ended = change.end_sessions(&account.id, None).await?;
        self.tell_changed(&mut change, &account, from, language)
            .await?;
        change.commit().await?;
        self.forget(&ended);
        Ok(Chosen::Yes)
    }
}
