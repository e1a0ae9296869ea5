//! Addresses on their way to an account: links that were mailed to one, by which whoever
//! reads its mail says so. The address is sealed, and counted by its keyed hash.

use std::time::Duration;

use serde_json::json;
use terms::Secret;

use crate::{
    accounts::{MAX_DISPLAY_BYTES, email_cell},
    audit::Entry,
    change::{Change, Tx},
    db::values,
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// What a link that was mailed to an address is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressLink {
    /// Whose address it is to become, by the account's id; `None` where an account is to be
    /// made with it.
    pub account: Option<String>,
    /// The address, in lower case.
    pub email: Secret<String>,
}

/// Which links are counted.
#[derive(Debug, Clone, Copy)]
pub enum LinksOf<'a> {
    /// Those that an account has asked for, by its id.
    Account(&'a str),
    /// Those to this address, whoever has asked.
    Address(&'a Secret<String>),
    /// All by which an account is to be made.
    NewAccounts,
}

const fn cell(id: &str) -> Cell<'_> {
    Cell {
        table: "address_link",
        column: "email",
        row: id,
    }
}

impl Store {
    /// What a link is for, without taking it.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn address_link(&self, hash: [u8; 32]) -> Result<Option<AddressLink>, Error> {
        let now = self.clock().now();
        let sql = "SELECT id, account, email FROM address_link WHERE hash = $1 AND expires_at > $2";
        let rows = self.pools().rows(sql, values![hash, now]).await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        let (id, sealed) = (row.text(0)?, row.bytes(2)?);
        let email = self.unseal_text(Purpose::Email, cell(&id), &sealed).await?;
        Ok(Some(AddressLink {
            account: row.text_or_null(1)?,
            email,
        }))
    }
}

impl Tx {
    /// Keeps a link to an address, by its hash.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn keep_address_link(
        &mut self,
        hash: [u8; 32],
        link: &AddressLink,
        life: Duration,
    ) -> Result<(), Error> {
        check(&link.email)?;
        let id = self.store.new_id();
        let email = link.email.expose();
        let sealed = self.store.seal(Purpose::Email, cell(&id), email.as_bytes());
        let email_hash = self.store.email_hash(email);
        let until = self.store.clock().now().after(life);
        let sql = "INSERT INTO address_link (hash, id, account, email, email_hash, expires_at) \
                   VALUES ($1, $2, $3, $4, $5, $6)";
        let account = link.account.clone();
        let values = values![hash, id, account, sealed, email_hash, until];
        self.connection.execute(sql, values).await.map(drop)
    }

    /// How many links hold.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn address_links(&mut self, of: LinksOf<'_>) -> Result<u64, Error> {
        let now = self.store.clock().now();
        let (sql, values) = match of {
            LinksOf::Account(id) => (
                "SELECT count(*) FROM address_link WHERE account = $1 AND expires_at > $2",
                values![id, now],
            ),
            LinksOf::Address(email) => (
                "SELECT count(*) FROM address_link WHERE email_hash = $1 AND expires_at > $2",
                values![self.store.email_hash(email.expose()), now],
            ),
            LinksOf::NewAccounts => (
                "SELECT count(*) FROM address_link WHERE account IS NULL AND expires_at > $1",
                values![now],
            ),
        };
        self.connection.row(sql, values).await?.count(0)
    }

    /// Takes a link, once: `false` where it holds for nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn take_address_link(&mut self, hash: [u8; 32]) -> Result<bool, Error> {
        let now = self.store.clock().now();
        let sql = "DELETE FROM address_link WHERE hash = $1 RETURNING expires_at";
        let rows = self.connection.rows(sql, values![hash]).await?;
        match rows.first() {
            Some(row) => Ok(now < row.time(0)?),
            None => Ok(false),
        }
    }
}

impl Change {
    /// Gives an account another address, and changes nothing else of it. Every link that
    /// was mailed for it before holds no more.
    ///
    /// # Errors
    /// [`Error::Taken`] for the address of another, [`Error::Missing`] for an account that
    /// isn't there, [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn change_address(
        &mut self,
        account: &str,
        email: &Secret<String>,
    ) -> Result<(), Error> {
        check(email)?;
        let hash = self.store.email_hash(email.expose());
        let sql = "SELECT count(*) FROM account WHERE email_hash = $1 AND id <> $2";
        let others = self.connection.row(sql, values![hash, account]).await?;
        if others.count(0)? > 0 {
            return Err(Error::taken("e-mail address", "…"));
        }
        let bytes = email.expose().as_bytes();
        let sealed = self.store.seal(Purpose::Email, email_cell(account), bytes);
        let sql = "UPDATE account SET email = $2, email_hash = $3 WHERE id = $1";
        let written = self.connection.execute(sql, values![account, sealed, hash]);
        if written.await? == 0 {
            return Err(Error::missing("account", account));
        }
        self.forget_links(account).await?;
        self.stop_lost_factor(account).await?;
        // That it is another one, without saying which.
        let after = json!({ "email": "… (another)" });
        self.record(Entry::new("account.address", account).after(after))
    }

    /// Says in the trail that another address was asked for, and a link mailed to it.
    ///
    /// # Errors
    /// [`Error::TooLarge`].
    pub fn record_address_link(&mut self, account: &str) -> Result<(), Error> {
        self.record(Entry::new("address.link", account))
    }
}

fn check(email: &Secret<String>) -> Result<(), Error> {
    let (size, limit) = (email.expose().len(), MAX_DISPLAY_BYTES);
    if size > limit {
        let what = "an e-mail address";
        return Err(Error::TooLarge { what, size, limit });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
