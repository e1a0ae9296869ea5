//! Somebody signs in.

use seam::TokenHash;
use terms::{Language, Secret};

use super::{
    AccountError, Accounts,
    session::{Begun, From},
};

/// What is shared by all who sign in.
pub(crate) struct Doors;

/// Name and password, and where they come from.
pub(crate) struct Attempt {
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    pub(crate) device: Option<Secret<String>>,
    pub(crate) portal: String,
    pub(crate) from: From,
    pub(crate) language: Language,
}

/// What came of it.
pub(crate) enum SignedIn {
    Yes {
        begun: Begun,
        device: Secret<String>,
    },
    No,
    TooLong,
    Busy {
        retry_after_s: u32,
    },
}

/// Whether a password may be chosen.
pub(crate) enum Choice {
    Taken(Secret<String>),
    Refused {
        problems: Vec<pages::PasswordProblem>,
        strength: Option<pages::Strength>,
    },
    Busy,
}

impl Accounts {
    pub(crate) async fn sign_in(&self, attempt: Attempt) -> Result<SignedIn, AccountError> {
        let _ = (
            attempt.name,
            attempt.password,
            attempt.device,
            attempt.portal,
            attempt.from,
            attempt.language,
            TokenHash([0; 32]),
        );
        Ok(SignedIn::No)
    }

    pub(crate) async fn choose_password(
        &self,
        account: &store::Account,
        current: Option<&Secret<String>>,
        new: &Secret<String>,
    ) -> Result<Choice, AccountError> {
        let _ = (account, current, new);
        Ok(Choice::Busy)
    }

    pub(crate) async fn unlock_by_link(
        &self,
        secret: Secret<String>,
    ) -> Result<bool, AccountError> {
        let _ = secret;
        Ok(false)
    }

    pub(crate) async fn tell_changed(&self, account: &store::Account, from: &From) {
        let _ = (account, from);
    }

    pub(crate) async fn tell_app_password(
        &self,
        account: &store::Account,
        label: &str,
        from: &From,
    ) {
        let _ = (account, label, from);
    }
}
