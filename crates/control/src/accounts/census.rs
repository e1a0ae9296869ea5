//! What the drill of `password` asks: what becomes of passwords that an account chooses,
//! and how all of them are stored. Numbers go out, no hash and no account.

use login::{
    census::Census,
    password::{Given, Stored},
    pool::{Asker, Class, Network, Outcome, Work},
};
use pages::PasswordProblem;
use promises::ground::{CANDIDATES_MAX, Fresh, PasswordEvidence, StoredCounts};
use store::Account;
use terms::Secret;

use super::{
    canary::{Canaries, CanaryError, prover},
    choice::Choice,
};

/// Hashes that are read at once.
const PAGE: u64 = 1000;

impl Canaries {
    /// Lets an account choose each candidate in turn, and counts what is stored while it
    /// has the last that was taken.
    pub(crate) async fn passwords(
        &self,
        candidates: &[Secret<String>],
    ) -> Result<PasswordEvidence, CanaryError> {
        if candidates.len() > CANDIDATES_MAX {
            return Err(CanaryError::Unusable);
        }
        let canary = self.make().await?;
        let (mut choices, mut taken) = (Vec::new(), None);
        for candidate in candidates {
            let choice = self.accounts.choose_password(&canary, None, candidate);
            choices.push(match choice.await? {
                Choice::Taken(hash) => {
                    self.accounts
                        .set_password(&canary, &hash, "password.set", None, &prover())
                        .await?;
                    taken = Some(candidate);
                    Vec::new()
                }
                Choice::Refused { problems, .. } => {
                    problems.iter().map(|it| word(*it).to_owned()).collect()
                }
                Choice::Busy => return Err(CanaryError::Busy),
            });
        }
        let fresh = match taken {
            Some(password) => Some(self.kept(&canary, password).await?),
            None => None,
        };
        let stored = self.counted().await?;
        self.remove().await;
        Ok(PasswordEvidence {
            choices,
            breached_file: self.accounts.has_filter(),
            stored,
            fresh,
        })
    }

    /// How the password that was just taken is kept.
    async fn kept(
        &self,
        canary: &Account,
        password: &Secret<String>,
    ) -> Result<Fresh, CanaryError> {
        let text = self.accounts.store()?.password_hash(&canary.id).await?;
        let stored = text.and_then(|(text, _)| Stored::parse(text.expose()).ok());
        let Some(stored) = stored else {
            return Ok(Fresh {
                cost: None,
                opens: false,
                opens_to_another: false,
            });
        };
        let another = Secret::new(format!("{}.", password.expose()));
        Ok(Fresh {
            cost: Some(stored.cost().get()),
            opens: self.opens(password, &stored).await?,
            opens_to_another: self.opens(&another, &stored).await?,
        })
    }

    async fn opens(&self, password: &Secret<String>, stored: &Stored) -> Result<bool, CanaryError> {
        let given = Given::new(password.expose()).map_err(|_| CanaryError::Unusable)?;
        let asker = Asker {
            class: Class::Rest,
            network: Network(0),
            account: login::pool::Account(0),
            began: self.accounts.clock.moment(),
        };
        let work = Work::Verify(given, stored.clone());
        let outcome = self.accounts.computed(asker, work).await?;
        Ok(outcome.ok_or(CanaryError::Busy)? == Outcome::Right)
    }

    /// Counts everything that is stored.
    async fn counted(&self) -> Result<StoredCounts, CanaryError> {
        let store = self.accounts.store()?;
        let mut census = Census::new(self.accounts.publisher.config().password.cost);
        let mut after = String::new();
        loop {
            let (hashes, last) = store.password_hashes(&after, PAGE).await?;
            for hash in &hashes {
                census.count(hash.expose())?;
            }
            match last {
                Some(last) => after = last,
                None => break,
            }
        }
        let counts = census.counts();
        Ok(StoredCounts {
            total: counts.total,
            foreign: counts.foreign,
            weaker: counts.weaker,
            same_salt: counts.same_salt,
            least_cost: counts.least_cost,
        })
    }
}

const fn word(problem: PasswordProblem) -> &'static str {
    match problem {
        PasswordProblem::TooShort { .. } => "too-short",
        PasswordProblem::TooLong { .. } => "too-long",
        PasswordProblem::Guessable => "guessable",
        PasswordProblem::Breached => "breached",
        PasswordProblem::ContainsName => "contains-name",
        PasswordProblem::ForbiddenCharacter => "forbidden-character",
        PasswordProblem::CurrentWrong => "current-wrong",
        PasswordProblem::SameAsOld => "same-as-old",
    }
}
