//! Our accounts at the authorities: made where there is none, kept sealed in the store,
//! and held in memory for a day (a directory may change).

use std::{collections::HashMap, sync::Arc, time::Duration};

use config::{Acme, Authority};
use instant_acme::{Account, AccountCredentials, ExternalAccountKey, NewAccount};
use serde::{Deserialize, Serialize};
use store::{Lease, Store};
use terms::{Clock, Micros, Secret};

use super::client::{self, Client, RetryAfter};
use crate::outgoing::Outgoing;

/// How long an account is used before its directory is read again.
const HELD: Duration = Duration::from_secs(86_400);

/// Why there is no account.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error("the account in the store can't be read: {0}")]
    Kept(#[from] serde_json::Error),
}

/// As it stands in the store.
#[derive(Serialize, Deserialize)]
struct KeptAccount {
    contact: String,
    credentials: AccountCredentials,
}

struct Held {
    account: Account,
    since: Micros,
}

/// The accounts at the authorities of one configuration.
pub(crate) struct Accounts {
    outgoing: Arc<Outgoing>,
    email: String,
    clock: Clock,
    held: HashMap<String, Held>,
    waits: HashMap<String, RetryAfter>,
}

/// An authority's row in the store: another account made elsewhere is another of ours.
fn row(authority: &Authority) -> String {
    match &authority.external {
        Some(external) => format!("{} {}", authority.directory, external.id),
        None => authority.directory.clone(),
    }
}

impl Accounts {
    pub(crate) fn new(acme: &Acme, clock: Clock) -> Self {
        Self {
            outgoing: client::outgoing(acme, &clock),
            email: acme.email.clone(),
            clock,
            held: HashMap::new(),
            waits: HashMap::new(),
        }
    }

    /// What the authority's last refusal said about waiting.
    pub(crate) fn wait(&self, authority: &Authority) -> Option<Duration> {
        self.waits.get(&row(authority))?.take()
    }

    fn client(&mut self, authority: &Authority) -> Box<Client> {
        Box::new(Client {
            outgoing: self.outgoing.clone(),
            retry_after: self.waits.entry(row(authority)).or_default().clone(),
            clock: self.clock.clone(),
        })
    }

    /// The account at an authority.
    pub(crate) async fn at(
        &mut self,
        authority: &Authority,
        store: &Store,
        lease: &Lease,
    ) -> Result<Account, AccountError> {
        let (row, now) = (row(authority), self.clock.now());
        if let Some(held) = self.held.get(&row)
            && now.since(held.since) < HELD
        {
            return Ok(held.account.clone());
        }
        let account = match store.acme_account(&row).await? {
            Some(kept) => {
                let kept: KeptAccount = serde_json::from_str(kept.expose())?;
                self.again(kept, authority, store, lease).await?
            }
            None => self.made(authority, store, lease).await?,
        };
        let held = Held {
            account: account.clone(),
            since: now,
        };
        self.held.insert(row, held);
        Ok(account)
    }

    /// Forgets an account that its authority doesn't know.
    pub(crate) async fn forget(
        &mut self,
        authority: &Authority,
        store: &Store,
        lease: &Lease,
    ) -> Result<(), store::Error> {
        let row = row(authority);
        self.held.remove(&row);
        let mut tx = store.tx().await?;
        tx.require(lease).await?;
        tx.forget_acme_account(&row).await?;
        tx.commit().await
    }

    async fn made(
        &mut self,
        authority: &Authority,
        store: &Store,
        lease: &Lease,
    ) -> Result<Account, AccountError> {
        let client = self.client(authority);
        let contact = format!("mailto:{}", self.email);
        let new = NewAccount {
            contact: &[&contact],
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let external = authority
            .external
            .as_ref()
            .map(|external| ExternalAccountKey::new(external.id.clone(), external.key.expose()));
        let (account, credentials) = Account::builder_with_http(client)
            .create(&new, authority.directory.clone(), external.as_ref())
            .await?;
        self.keep(authority, credentials, store, lease).await?;
        tracing::info!(
            authority = authority.directory,
            "an account at the certificate authority was made"
        );
        Ok(account)
    }

    /// The account of the store; the authority is told of another contact.
    async fn again(
        &mut self,
        kept: KeptAccount,
        authority: &Authority,
        store: &Store,
        lease: &Lease,
    ) -> Result<Account, AccountError> {
        let moved = kept.contact != self.email;
        // The library takes the credentials, and has no way to copy them.
        let copy = serde_json::from_value(serde_json::to_value(&kept.credentials)?)?;
        let account = Account::builder_with_http(self.client(authority))
            .from_credentials(copy)
            .await?;
        if moved {
            let contact = format!("mailto:{}", self.email);
            match account.update_contacts(&[&contact]).await {
                Ok(()) => self.keep(authority, kept.credentials, store, lease).await?,
                Err(error) => tracing::warn!(
                    authority = authority.directory,
                    %error,
                    "the certificate authority wasn't told of the new contact"
                ),
            }
        }
        Ok(account)
    }

    async fn keep(
        &self,
        authority: &Authority,
        credentials: AccountCredentials,
        store: &Store,
        lease: &Lease,
    ) -> Result<(), AccountError> {
        let kept = KeptAccount {
            contact: self.email.clone(),
            credentials,
        };
        let text = Secret::new(serde_json::to_string(&kept)?);
        let mut tx = store.tx().await?;
        tx.require(lease).await?;
        tx.keep_acme_account(&row(authority), &text).await?;
        tx.commit().await?;
        Ok(())
    }
}
