//! What owners hear of their accounts, by mail: in the same change as what it is about.

use pages::AccountMail;
use store::{Account, Enqueued, Mail};
use terms::Language;

use super::{AccountError, Accounts, session::From};

impl Accounts {
    /// Tells an account's owner of something, by mail, in the same change.
    pub(super) async fn mail(
        &self,
        change: &mut store::Change,
        account: &Account,
        mail: &AccountMail,
        language: Language,
    ) -> Result<(), AccountError> {
        let config = self.publisher.config();
        let (Some(to), Some(portal)) = (&account.email, &config.portal) else {
            return Ok(());
        };
        let now = self.clock.now();
        let text =
            self.publisher
                .pages()
                .account_mail(mail, account.name.as_str(), portal, now, language);
        let enqueued = change
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

    /// Tells of a password that was changed, in the change itself.
    pub(super) async fn tell_changed(
        &self,
        change: &mut store::Change,
        account: &Account,
        from: &From,
        language: Language,
    ) -> Result<(), AccountError> {
        let Some(security) = self.security_page() else {
            return Ok(());
        };
        let place = from.network();
        let mail = AccountMail::PasswordChanged { place, security };
        self.mail(change, account, &mail, language).await
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
        let Some(security) = self.security_page() else {
            return Ok(());
        };
        let mail = AccountMail::AppPasswordMade {
            name: name.to_owned(),
            place: from.network(),
            security,
        };
        self.mail(change, account, &mail, language).await
    }

    pub(super) fn security_page(&self) -> Option<String> {
        let config = self.publisher.config();
        let portal = config.portal_origin()?;
        Some(format!("{portal}{}account/security", config.prefix))
    }
}
