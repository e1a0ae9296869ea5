//! Somebody chooses a password: judged, and hashed where it may be chosen.

use login::{
    breached::Breached,
    password::{Given, GivenError, Stored},
    policy::{Judgement, Strength, Weakness, judge},
    pool::{Asker, Busy, Class, Network, Outcome, Work},
};
use pages::PasswordProblem;
use store::{Account, Guesser, Purpose, Store};
use terms::{Language, Secret};

use super::{
    AccountError, Accounts,
    doors::{Hashing, account_key, network},
    session::From,
    sign_in::{Side, strangers_succeeded},
};
use crate::teeth;

/// Whether a password may be chosen.
pub(crate) enum Choice {
    /// Its hash.
    Taken(Secret<String>),
    Refused {
        problems: Vec<PasswordProblem>,
        strength: Option<pages::Strength>,
    },
    /// Too many sign in at once.
    Busy,
}

impl Choice {
    /// Why it may not be chosen, for a form: nothing where it isn't refused.
    pub(crate) fn refusal(self) -> (Vec<PasswordProblem>, Option<pages::Strength>) {
        match self {
            Self::Refused { problems, strength } => (problems, strength),
            Self::Taken(_) | Self::Busy => (Vec::new(), None),
        }
    }
}

/// Whether somebody who is signed in knows their password.
pub(crate) enum Known {
    Yes,
    No,
    /// Nobody can say now: too many sign in at once.
    Busy,
}

impl Accounts {
    /// Somebody who is signed in shows once more who they are, by their password: guesses
    /// at it count as those of a stranger do.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn confirms_password(
        &self,
        account: &Account,
        password: &Secret<String>,
        from: &From,
        language: Language,
    ) -> Result<Known, AccountError> {
        let store = self.store()?;
        let hashing = self.hashing(&store).await?;
        let asker = self.asker(&store, account, Some(from));
        self.knows_current(&store, &hashing, account, password, (from, language), asker)
            .await
    }

    /// Who waits in the pool for something about their own account.
    fn asker(&self, store: &Store, account: &Account, from: Option<&From>) -> Asker {
        Asker {
            class: Class::Quiet,
            network: from.map_or(Network(0), |from| network(from.client.ip())),
            account: account_key(&store.keyed_hash(Purpose::SignIn, account.name.as_str())),
            began: self.clock.moment(),
        }
    }

    /// Judges a new password, and hashes it where it may be chosen. `current` is the one
    /// that it replaces, where its owner has to know it: guesses at it count as those of
    /// a stranger do.
    ///
    /// # Errors
    /// [`AccountError`].
    pub(crate) async fn choose_password(
        &self,
        account: &Account,
        current: Option<(&Secret<String>, &From, Language)>,
        new: &Secret<String>,
    ) -> Result<Choice, AccountError> {
        let choice = self.judge_choice(account, current, new).await?;
        self.tallies.chose(&choice);
        Ok(choice)
    }

    async fn judge_choice(
        &self,
        account: &Account,
        current: Option<(&Secret<String>, &From, Language)>,
        new: &Secret<String>,
    ) -> Result<Choice, AccountError> {
        let store = self.store()?;
        let hashing = self.hashing(&store).await?;
        let refused = |problem, strength| Choice::Refused {
            problems: vec![problem],
            strength,
        };
        let given = match Given::new(new.expose()) {
            Ok(given) => given,
            Err(GivenError::TooLong) => {
                let most = u32::try_from(login::password::BYTES_MAX).unwrap_or(u32::MAX);
                return Ok(refused(PasswordProblem::TooLong { most }, None));
            }
            Err(GivenError::Nul) => {
                return Ok(refused(PasswordProblem::ForbiddenCharacter, None));
            }
        };
        let asker = self.asker(&store, account, current.map(|(_, from, _)| from));
        if let Some((current, from, language)) = current {
            let known = self
                .knows_current(&store, &hashing, account, current, (from, language), asker)
                .await?;
            match known {
                Known::Yes => {}
                Known::No => return Ok(refused(PasswordProblem::CurrentWrong, None)),
                Known::Busy => return Ok(Choice::Busy),
            }
            if current.expose() == new.expose() {
                return Ok(refused(PasswordProblem::SameAsOld, None));
            }
        }
        let (problems, strength) = self.judged(account, &given);
        if !problems.is_empty() {
            return Ok(Choice::Refused { problems, strength });
        }
        let work = Work::Hash(given, self.cost());
        Ok(match self.hashed(&hashing.pool, asker, work).await {
            Ok(Outcome::Hashed(_)) if teeth::cut("password") => {
                Choice::Taken(Secret::new(crate::digest(new.expose().as_bytes())))
            }
            Ok(Outcome::Hashed(hash)) => Choice::Taken(Secret::new(hash.to_string())),
            Ok(_) | Err(Busy { .. }) => Choice::Busy,
        })
    }

    async fn knows_current(
        &self,
        store: &Store,
        hashing: &Hashing,
        account: &Account,
        current: &Secret<String>,
        (from, language): (&From, Language),
        asker: Asker,
    ) -> Result<Known, AccountError> {
        let Ok(given) = Given::new(current.expose()) else {
            return Ok(Known::No);
        };
        let Some((text, _)) = store.password_hash(&account.id).await? else {
            return Ok(Known::No);
        };
        let Ok(stored) = Stored::parse(text.expose()) else {
            return Ok(Known::No);
        };
        let side = Side::Stranger;
        if !self.knock(store, account, side, from, language).await? {
            return Ok(Known::No);
        }
        let work = Work::Verify(given, stored);
        match self.hashed(&hashing.pool, asker, work).await {
            Ok(Outcome::Right) => {
                let mut tx = store.tx().await?;
                let now =
                    strangers_succeeded(tx.guesses_locked(&account.id, Guesser::Strangers).await?);
                tx.keep_guesses(&account.id, Guesser::Strangers, &now)
                    .await?;
                tx.commit().await?;
                Ok(Known::Yes)
            }
            Ok(_) => Ok(Known::No),
            Err(Busy { .. }) => Ok(Known::Busy),
        }
    }

    /// Whether the configured file of breached passwords is looked at.
    pub(super) fn has_filter(&self) -> bool {
        let config = self.publisher.config();
        self.doors
            .filter(config.password.breached.as_ref())
            .is_some()
    }

    // promise: password
    fn judged(
        &self,
        account: &Account,
        given: &Given,
    ) -> (Vec<PasswordProblem>, Option<pages::Strength>) {
        let config = self.publisher.config();
        let email = account.email.as_ref().map_or("", |email| email.expose());
        let mut own = vec![account.name.as_str(), &account.display, email];
        own.extend(config.sites.iter().map(|site| site.host.as_str()));
        let commonest = Breached::commonest();
        let file = self.doors.filter(config.password.breached.as_ref());
        let mut filters = vec![&commonest];
        filters.extend(file.as_deref());
        let least = usize::from(config.password.length);
        let judgement = judge(given, least, &own, &filters).or_else(|error| {
            tracing::error!(%error, "the filter of breached passwords can't be read: only the commonest are refused");
            judge(given, least, &own, &[&commonest])
        });
        let Ok(Judgement {
            strength,
            weaknesses,
        }) = judgement
        else {
            // The list that is part of the program can be read.
            return (vec![PasswordProblem::Guessable], None);
        };
        let problems = weaknesses.into_iter().map(|weakness| match weakness {
            Weakness::TooShort { least } => PasswordProblem::TooShort {
                least: u32::try_from(least).unwrap_or(u32::MAX),
            },
            Weakness::Guessable(_) => PasswordProblem::Guessable,
            Weakness::ContainsName => PasswordProblem::ContainsName,
            Weakness::Breached => PasswordProblem::Breached,
        });
        let strength = match strength {
            Strength::VeryWeak => pages::Strength::VeryWeak,
            Strength::Weak => pages::Strength::Weak,
            Strength::Fair => pages::Strength::Fair,
            Strength::Strong => pages::Strength::Strong,
            Strength::VeryStrong => pages::Strength::VeryStrong,
        };
        (problems.collect(), Some(strength))
    }
}
