//! What owners hear of their accounts, by mail: in the same change as what it is about.

use pages::AccountMail;
use store::{Account, Enqueued, Mail};
use terms::{Language, Secret};

use super::{AccountError, Accounts, secret::Made, session::From};

impl Accounts {
    /// A page of the portal as a mailed link leads to it: a whole address, with its secret;
    /// `None` without a portal.
    pub(super) fn link(&self, page: &str, made: &Made) -> Option<Secret<String>> {
        let config = self.publisher.config();
        let (portal, prefix) = (config.portal_origin()?, &config.prefix);
        let secret = made.text.expose();
        Some(Secret::new(format!(
            "{portal}{prefix}{page}?secret={secret}"
        )))
    }

    /// Whether a mail reaches an account's owner: they have an address, and mail leaves.
    pub(crate) fn mails_to(&self, account: &Account) -> bool {
        account.email.is_some() && self.publisher.config().mail.is_some()
    }

    /// Tells an account's owner of something, by mail, in the same change.
    pub(super) async fn mail(
        &self,
        change: &mut store::Change,
        account: &Account,
        mail: &AccountMail,
        language: Language,
    ) -> Result<(), AccountError> {
        match &account.email {
            Some(to) => {
                let login = account.name.as_str();
                self.mail_to(change, (to, login), mail, language).await
            }
            None => Ok(()),
        }
    }

    /// Writes to an address about an account, by its login name, in the same transaction:
    /// to one that isn't the account's, too.
    pub(super) async fn mail_to(
        &self,
        tx: &mut store::Tx,
        (to, login): (&Secret<String>, &str),
        mail: &AccountMail,
        language: Language,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let Some(portal) = &config.portal else {
            return Ok(());
        };
        let now = self.clock.now();
        let pages = self.publisher.pages();
        let text = pages.account_mail(mail, login, portal, now, language);
        let enqueued = tx
            .enqueue(&Mail {
                to: to.clone(),
                subject: text.subject,
                text: text.body,
                // Each is a mail of its own.
                dedupe: terms::base64url(&self.rng.bytes::<16>()),
                domain: portal.clone(),
            })
            .await?;
        debug_assert!(matches!(enqueued, Enqueued::New(_)), "it is new");
        Ok(())
    }

    /// The same of something that is looked after on the account's page, whose address
    /// `about` gets.
    pub(super) async fn tell(
        &self,
        change: &mut store::Change,
        account: &Account,
        language: Language,
        about: impl FnOnce(String) -> AccountMail,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let Some(portal) = config.portal_origin() else {
            return Ok(());
        };
        let mail = about(format!("{portal}{}account/security", config.prefix));
        self.mail(change, account, &mail, language).await
    }

    /// Tells of a password that was changed, in the change itself.
    pub(super) async fn tell_changed(
        &self,
        change: &mut store::Change,
        account: &Account,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let place = from.network();
        let mail = |security| AccountMail::PasswordChanged { place, security };
        self.tell(change, account, language, mail).await
    }

    /// Tells of a new app password, in the change that made it.
    pub(super) async fn tell_token(
        &self,
        change: &mut store::Change,
        account: &Account,
        name: &str,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let (name, place) = (name.to_owned(), from.network());
        let mail = |security| AccountMail::AppPasswordMade {
            name,
            place,
            security,
        };
        self.tell(change, account, language, mail).await
    }
}
