//! The register of what the team uses (promise `team`): services and devices, with which
//! second factor each is signed in to, and whose word that is until when. And how many
//! accounts of a group have none here.
//!
//! Nothing is judged here: whether a word still counts is the caller's.

use std::{collections::BTreeMap, str::FromStr};

use serde_json::{Value, json};
use terms::{GroupName, Micros};

use crate::{
    accounts::AccountState,
    audit::Entry,
    change::Change,
    db::{Row, values},
    error::Error,
    store::Store,
};

/// Most entries of the register.
pub const MAX_ASSETS: u64 = 1000;
/// Longest name, address and holder of an entry, in bytes.
pub const MAX_ASSET_TEXT: usize = 200;
/// Most accounts of one group that are counted.
const MAX_STAFF: u64 = 10_000;

/// An enum of words: the column's, the command line's and the form's.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident($what:literal) { $($(#[$meaning:meta])* $variant:ident $word:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {
            $($(#[$meaning])* $variant,)+
        }

        impl $name {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            /// The word in the column, in lists and in forms.
            pub const fn word(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)+
                }
            }

            fn read(word: &str) -> Result<Self, Error> {
                word.parse().map_err(|()| Error::corrupt(format!(concat!($what, " is `{}`"), word)))
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(word: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|it| it.word() == word).ok_or(())
            }
        }
    };
}

words! {
    /// What stands in the register.
    AssetKind("an entry's kind") {
        /// Something that is signed in to elsewhere.
        Service "service",
        /// A machine of the team.
        Device "device",
    }
}

words! {
    /// With which second factor something is signed in to.
    AssetFactor("an entry's second factor") {
        /// A passkey (Web Authentication).
        Passkey "passkey",
        /// A key that is plugged in or held to it.
        SecurityKey "security-key",
        /// An authenticator app (RFC 6238).
        App "app",
        /// A PIN, finger or face that is bound to the machine.
        Platform "platform",
        /// That of another entry, through which it is signed in to.
        SingleSignOn "single-sign-on",
        /// A code by text message or telephone.
        Sms "sms",
        /// None.
        None "none",
    }
}

/// Somebody's word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attestation {
    /// Whose: the actor as in the audit trail.
    pub by: String,
    /// When it was given.
    pub at: Micros,
    /// Until when it is meant.
    pub until: Micros,
}

/// What is said of an entry when it is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AssetDetails {
    /// What it is.
    pub kind: AssetKind,
    /// Its name, nobody else's; at most [`MAX_ASSET_TEXT`].
    pub name: String,
    /// Where it is, or empty; at most [`MAX_ASSET_TEXT`].
    pub address: String,
    /// Who has it; at most [`MAX_ASSET_TEXT`].
    pub holder: String,
    /// The holder's account, where it is one of ours.
    pub account: Option<String>,
    /// With which second factor it is signed in to.
    pub factor: AssetFactor,
}

/// An entry of the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Never changes.
    pub id: String,
    /// What is said of it.
    pub details: AssetDetails,
    /// When it was made.
    pub created_at: Micros,
    /// The last word on it; `None` before the first.
    pub attested: Option<Attestation>,
}

/// Accounts of some groups that may sign in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Staff {
    /// How many there are.
    pub people: u64,
    /// The ids of those that have no second factor here.
    pub without: Vec<String>,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, kind, name, address, holder, account, factor, created_at, \
             attested_by, attested_at, attested_until FROM asset ",
            $rest
        )
    };
}

fn read(row: &Row) -> Result<Asset, Error> {
    let attested = match row.text_or_null(8)? {
        Some(by) => Some(Attestation {
            by,
            at: row.time(9)?,
            until: row.time(10)?,
        }),
        None => None,
    };
    Ok(Asset {
        id: row.text(0)?,
        details: AssetDetails {
            kind: AssetKind::read(&row.text(1)?)?,
            name: row.text(2)?,
            address: row.text(3)?,
            holder: row.text(4)?,
            account: row.text_or_null(5)?,
            factor: AssetFactor::read(&row.text(6)?)?,
        },
        created_at: row.time(7)?,
        attested,
    })
}

impl Store {
    /// The whole register, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn assets(&self) -> Result<Vec<Asset>, Error> {
        let sql = select!("ORDER BY name LIMIT $1");
        let rows = self.pools().rows(sql, values![MAX_ASSETS]).await?;
        rows.iter().map(read).collect()
    }

    /// An entry by its id or its name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn asset(&self, typed: &str) -> Result<Option<Asset>, Error> {
        let sql = select!("WHERE id = $1 OR name = $1 ORDER BY id = $1 DESC LIMIT 1");
        let rows = self.pools().rows(sql, values![typed]).await?;
        rows.first().map(read).transpose()
    }

    /// The accounts that may sign in and are in one of these groups.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn staff(&self, groups: &[GroupName]) -> Result<Staff, Error> {
        let mut factors = BTreeMap::new();
        for group in groups {
            let sql = "SELECT a.id, (SELECT count(*) FROM factor WHERE account = a.id) + \
                       (SELECT count(*) FROM passkey WHERE account = a.id) \
                       FROM account a JOIN membership m ON m.account = a.id \
                       WHERE m.team = $1 AND a.state = $2 ORDER BY a.id LIMIT $3";
            let active = AccountState::Active.word();
            let values = values![group.as_str(), active, MAX_STAFF];
            for row in self.pools().rows(sql, values).await? {
                factors.insert(row.text(0)?, row.count(1)?);
            }
        }
        Ok(Staff {
            people: u64::try_from(factors.len()).unwrap_or(u64::MAX),
            without: factors
                .into_iter()
                .filter_map(|(id, factors)| (factors == 0).then_some(id))
                .collect(),
        })
    }
}

/// What the trail says of an entry.
fn said(details: &AssetDetails, attested: Option<&Attestation>) -> Value {
    json!({
        "kind": details.kind.word(),
        "address": details.address,
        "holder": details.holder,
        "factor": details.factor.word(),
        "attested_until": attested.map(|word| word.until.to_string()),
    })
}

impl Change {
    /// Adds an entry, of which nothing is attested yet; returns its id.
    ///
    /// # Errors
    /// [`Error::Taken`] for a name that is there, [`Error::TooLarge`] where the register is
    /// full or a text too long.
    pub async fn add_asset(&mut self, details: &AssetDetails) -> Result<String, Error> {
        for (what, text) in [
            ("the name of an entry", &details.name),
            ("the address of an entry", &details.address),
            ("the holder of an entry", &details.holder),
        ] {
            let (size, limit) = (text.len(), MAX_ASSET_TEXT);
            if size > limit {
                return Err(Error::TooLarge { what, size, limit });
            }
        }
        let there = self.connection.row("SELECT count(*) FROM asset", values![]);
        let there = there.await?.count(0)?;
        if there >= MAX_ASSETS {
            return Err(Error::TooLarge {
                what: "the register",
                size: usize::try_from(there).unwrap_or(usize::MAX),
                limit: usize::try_from(MAX_ASSETS).unwrap_or(usize::MAX),
            });
        }
        let (id, now) = (self.store.new_id(), self.store.clock().now());
        let sql = "INSERT INTO asset (id, kind, name, address, holder, account, factor, created_at) \
                   VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (name) DO NOTHING";
        let values = values![
            &id,
            details.kind.word(),
            &details.name,
            &details.address,
            &details.holder,
            details.account.clone(),
            details.factor.word(),
            now
        ];
        if self.connection.execute(sql, values).await? == 0 {
            return Err(Error::taken("entry", &details.name));
        }
        self.record(Entry::new("team.add", &details.name).after(said(details, None)))?;
        Ok(id)
    }

    /// Keeps the author's word that an entry is signed in to with this second factor.
    ///
    /// # Errors
    /// [`Error::Missing`] for an entry that is gone.
    pub async fn attest_asset(
        &mut self,
        before: &Asset,
        factor: AssetFactor,
        until: Micros,
    ) -> Result<(), Error> {
        let word = Attestation {
            by: self.actor().as_str().to_owned(),
            at: self.store.clock().now(),
            until,
        };
        let sql = "UPDATE asset SET factor = $2, attested_by = $3, attested_at = $4, \
                   attested_until = $5 WHERE id = $1";
        let values = values![&before.id, factor.word(), &word.by, word.at, word.until];
        if self.connection.execute(sql, values).await? == 0 {
            return Err(Error::missing("entry", &before.details.name));
        }
        let after = AssetDetails {
            factor,
            ..before.details.clone()
        };
        let entry = Entry::new("team.attest", &before.details.name);
        let entry = entry.before(said(&before.details, before.attested.as_ref()));
        self.record(entry.after(said(&after, Some(&word))))
    }

    /// Removes an entry.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn remove_asset(&mut self, asset: &Asset) -> Result<(), Error> {
        let sql = "DELETE FROM asset WHERE id = $1";
        if self.connection.execute(sql, values![&asset.id]).await? == 0 {
            return Err(Error::missing("entry", &asset.details.name));
        }
        let entry = Entry::new("team.remove", &asset.details.name);
        self.record(entry.before(said(&asset.details, asset.attested.as_ref())))
    }
}

#[cfg(test)]
mod tests;
