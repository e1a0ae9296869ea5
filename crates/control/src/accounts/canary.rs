//! Accounts of a drill's own: ordinary ones in no group, or in one of their own that may
//! stand on the console's threshold; made for a run and removed after it. No other code
//! asks whether an account is one.

use std::time::Duration;

use store::{AccountDetails, AccountQuery, AccountState, Actor};
use terms::{GroupName, RequestId, Secret};
use tokio::sync::Mutex;

use super::{AccountError, Accounts, choice::Choice};

/// Accounts of one run at a time.
const CANARIES_MAX: usize = 12;
/// How their names begin; a random number follows.
const PREFIX: &str = "canary-";
const DISPLAY: &str = "A drill’s own account";
/// After this long no run can still be using one.
const LEFT_AFTER: Duration = Duration::from_secs(60 * 60);

/// Why a drill doesn't get what it asks for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CanaryError {
    /// The store.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// More accounts than are counted.
    #[error(transparent)]
    TooMany(#[from] login::census::TooMany),
    /// More, or others, than a drill may ask for.
    #[error("no drill asks for this")]
    Unusable,
    /// Too many sign in at once.
    #[error("too many sign in at once")]
    Busy,
}

impl CanaryError {
    /// The reason in a transcript.
    pub(crate) const fn word(&self) -> &'static str {
        match self {
            Self::Account(_) => "store-away",
            Self::TooMany(_) => "too-many-accounts",
            Self::Unusable => "unusable-question",
            Self::Busy => "too-busy",
        }
    }
}

impl From<store::Error> for CanaryError {
    fn from(error: store::Error) -> Self {
        Self::Account(error.into())
    }
}

/// The accounts of one run. What is left when it is dropped is removed then.
pub(crate) struct Canaries {
    pub(crate) accounts: Accounts,
    made: Mutex<Made>,
}

/// What there is to remove.
#[derive(Default)]
struct Made {
    /// Their ids.
    accounts: Vec<String>,
    /// Groups that may stand on the threshold.
    groups: Vec<GroupName>,
}

/// Whoever makes and removes them, in the trail.
pub(super) fn prover() -> Actor {
    Actor::system("prover")
}

impl Canaries {
    /// None yet.
    pub(crate) fn new(accounts: Accounts) -> Self {
        Self {
            accounts,
            made: Mutex::default(),
        }
    }

    /// An account without a password.
    pub(super) async fn make(&self) -> Result<store::Account, CanaryError> {
        let mut made = self.made.lock().await;
        if made.accounts.is_empty() {
            sweep(&self.accounts).await?;
        }
        if made.accounts.len() >= CANARIES_MAX {
            return Err(CanaryError::Unusable);
        }
        let name = format!("{PREFIX}{}", RequestId(self.accounts.rng.bytes()));
        let details = AccountDetails {
            name: name.parse().map_err(|_| CanaryError::Unusable)?,
            display: DISPLAY.to_owned(),
            email: None,
            groups: Vec::new(),
            state: AccountState::Active,
        };
        let id = self.accounts.add(&details, None, &prover()).await?;
        made.accounts.push(id.clone());
        let account = self.accounts.store()?.account(&id).await?;
        account.ok_or(CanaryError::Account(AccountError::Away))
    }

    /// An account with a password that nobody else knows: its name and the password.
    pub(crate) async fn with_password(&self) -> Result<(String, Secret<String>), CanaryError> {
        let account = self.make().await?;
        let password = Secret::new(RequestId(self.accounts.rng.bytes()).to_string());
        let chosen = self.accounts.choose_password(&account, None, &password);
        match chosen.await? {
            Choice::Taken(hash) => {
                self.accounts
                    .set_password(&account, &hash, "password.set", None, &prover())
                    .await?;
                Ok((account.name.as_str().to_owned(), password))
            }
            Choice::Refused { .. } => Err(CanaryError::Unusable),
            Choice::Busy => Err(CanaryError::Busy),
        }
    }

    /// Puts one of them into a group of the run's own that may stand on the console's
    /// threshold.
    pub(crate) async fn onto_threshold(&self, name: &str) -> Result<(), CanaryError> {
        let account = self.own(name).await?;
        let mut made = self.made.lock().await;
        let group = match made.groups.first() {
            Some(group) => group.clone(),
            None => {
                let name = format!("{PREFIX}{}", RequestId(self.accounts.rng.bytes()));
                let group: GroupName = name.parse().map_err(|_| CanaryError::Unusable)?;
                self.accounts.add_group(&group, true, &prover()).await?;
                made.groups.push(group.clone());
                group
            }
        };
        let details = AccountDetails {
            groups: vec![group],
            ..account.details()
        };
        let (accounts, prover) = (&self.accounts, prover());
        accounts.change(&account, &details, &prover).await?;
        Ok(())
    }

    /// One of them, by its name.
    async fn own(&self, name: &str) -> Result<store::Account, CanaryError> {
        let account = self.accounts.store()?.account_named(name).await?;
        let account = account.ok_or(CanaryError::Unusable)?;
        if self.made.lock().await.accounts.contains(&account.id) {
            Ok(account)
        } else {
            Err(CanaryError::Unusable)
        }
    }

    /// In how many seconds strangers may guess again at one of them; `None` where they may.
    pub(crate) async fn locked_for(&self, name: &str) -> Result<Option<u64>, CanaryError> {
        let account = self.own(name).await?;
        let store = self.accounts.store()?;
        let until = store.guesses(&account.id).await?.locked_until;
        let now = self.accounts.now();
        Ok((now < until).then(|| until.since(now).as_secs().max(1)))
    }

    /// Removes all of them.
    pub(crate) async fn remove(&self) {
        let made = std::mem::take(&mut *self.made.lock().await);
        remove(&self.accounts, made).await;
    }
}

impl Drop for Canaries {
    fn drop(&mut self) {
        let made = std::mem::take(self.made.get_mut());
        if !made.accounts.is_empty() || !made.groups.is_empty() {
            let accounts = self.accounts.clone();
            tokio::spawn(async move { remove(&accounts, made).await });
        }
    }
}

/// Removes what a process that was killed left behind.
async fn sweep(accounts: &Accounts) -> Result<(), CanaryError> {
    let query = AccountQuery {
        text: PREFIX.to_owned(),
        limit: 100,
        ..AccountQuery::default()
    };
    let now = accounts.now();
    let found = accounts.store()?.accounts(&query).await?.into_iter();
    let left = found.filter(|account| {
        account.display == DISPLAY
            && account.groups.iter().all(is_own_group)
            && account.email.is_none()
            && account.created_at.after(LEFT_AFTER) < now
    });
    let left: Vec<_> = left.collect();
    let groups = left.iter().flat_map(|account| account.groups.clone());
    let mut groups: Vec<_> = groups.collect();
    groups.sort_unstable();
    groups.dedup();
    let left = left.iter().map(|account| account.id.clone());
    let made = Made {
        accounts: left.collect(),
        groups,
    };
    remove(accounts, made).await;
    Ok(())
}

fn is_own_group(group: &GroupName) -> bool {
    group.as_str().starts_with(PREFIX)
}

async fn remove(accounts: &Accounts, made: Made) {
    // Groups first: by the accounts that are left a later run finds their groups too.
    for group in made.groups {
        if let Err(error) = accounts.remove_group(&group, &prover()).await {
            tracing::error!(%error, %group, "a drill's own group could not be removed");
        }
    }
    for id in made.accounts {
        let removed = async {
            if let Some(account) = accounts.store()?.account(&id).await? {
                accounts.remove(&account, &prover()).await?;
            }
            Ok::<_, AccountError>(())
        };
        if let Err(error) = removed.await {
            tracing::error!(%error, account = id, "a drill's own account could not be removed");
        }
    }
}
