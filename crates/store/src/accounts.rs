//! Accounts and groups: who may sign in, and what they belong to. Addresses are sealed
//! and found by a keyed hash; passwords are hashes that this crate doesn't look into.
//!
//! Every change records what it did, in states without passwords or addresses.

use serde_json::{Value, json};
use terms::{GroupName, Micros, Secret, UserName};

use crate::{
    audit::Entry,
    change::Change,
    db::{Connection, Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most accounts of one page.
pub const MAX_ACCOUNTS_PAGE: u64 = 500;
/// Most groups that are read.
pub const MAX_GROUPS: u64 = 10_000;
/// Longest display name and address, in bytes.
pub const MAX_DISPLAY_BYTES: usize = 256;

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountState {
    /// May.
    Active,
    /// May not; what it has is kept.
    Disabled,
}

impl AccountState {
    /// The word in the column and in lists.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    fn read(word: &str) -> Result<Self, Error> {
        match word {
            "active" => Ok(Self::Active),
            "disabled" => Ok(Self::Disabled),
            other => Err(Error::corrupt(format!("an account's state is `{other}`"))),
        }
    }
}

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Never changes, and is never given out anew.
    pub id: String,
    /// What is typed to sign in.
    pub name: UserName,
    /// For people to read.
    pub display: String,
    /// The address, where one is known.
    pub email: Option<Secret<String>>,
    /// Sorted.
    pub groups: Vec<GroupName>,
    /// Whether they may sign in.
    pub state: AccountState,
    /// When it was made.
    pub created_at: Micros,
    /// When they last signed in.
    pub last_sign_in: Option<Micros>,
}

/// What can be said of an account when it is made or changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountDetails {
    /// What is typed to sign in.
    pub name: UserName,
    /// For people to read; at most [`MAX_DISPLAY_BYTES`].
    pub display: String,
    /// The address, in lower case; at most [`MAX_DISPLAY_BYTES`].
    pub email: Option<Secret<String>>,
    /// Groups that exist.
    pub groups: Vec<GroupName>,
    /// Whether they may sign in.
    pub state: AccountState,
}

/// Which accounts.
#[derive(Debug, Clone, Default)]
pub struct AccountQuery {
    /// An exact address, or the beginning of a name.
    pub text: String,
    /// Members of this group only.
    pub group: Option<GroupName>,
    /// In this state only.
    pub state: Option<AccountState>,
    /// Only those that are locked for unknown devices at this moment, or without end
    /// after this many failures.
    pub locked: Option<(Micros, u32)>,
    /// Those behind this name, in the order of names.
    pub after: Option<UserName>,
    /// At most so many, and at most [`MAX_ACCOUNTS_PAGE`].
    pub limit: u64,
}

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, name, display, email, state, created_at, last_sign_in, \
             (SELECT string_agg(team, ',' ORDER BY team) FROM membership WHERE account = a.id) \
             FROM account a ",
            $rest
        )
    };
}

pub(crate) const fn email_cell(id: &str) -> Cell<'_> {
    Cell {
        table: "account",
        column: "email",
        row: id,
    }
}

fn name_of<T: std::str::FromStr>(text: &str) -> Result<T, Error> {
    text.parse()
        .map_err(|_| Error::corrupt(format!("`{text}` is no name of ours")))
}

impl Store {
    async fn account_of(&self, row: &Row) -> Result<Account, Error> {
        let id = row.text(0)?;
        let email = match row.bytes_or_null(3)? {
            Some(sealed) => Some(
                self.unseal_text(Purpose::Email, email_cell(&id), &sealed)
                    .await?,
            ),
            None => None,
        };
        let groups = row.text_or_null(7)?.unwrap_or_default();
        let groups = groups.split(',').filter(|group| !group.is_empty());
        Ok(Account {
            name: name_of(&row.text(1)?)?,
            display: row.text(2)?,
            email,
            groups: groups.map(name_of).collect::<Result<_, _>>()?,
            state: AccountState::read(&row.text(4)?)?,
            created_at: row.time(5)?,
            last_sign_in: row.int_or_null(6)?.map(Micros),
            id,
        })
    }

    async fn first_account(&self, rows: Vec<Row>) -> Result<Option<Account>, Error> {
        match rows.first() {
            Some(row) => self.account_of(row).await.map(Some),
            None => Ok(None),
        }
    }

    /// An account by its id.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn account(&self, id: &str) -> Result<Option<Account>, Error> {
        let rows = self.pools().rows(select!("WHERE id = $1"), values![id]);
        self.first_account(rows.await?).await
    }

    /// An account by what somebody typed: its name, or its address.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn account_named(&self, typed: &str) -> Result<Option<Account>, Error> {
        // One statement whatever was typed: what is found must not tell by its time.
        let name: Option<UserName> = typed.parse().ok();
        let name = name.as_ref().map_or("", UserName::as_str);
        let rows = self.pools().rows(
            select!("WHERE name = $1 OR email_hash = $2 ORDER BY name = $1 DESC LIMIT 1"),
            values![name, self.email_hash(typed)],
        );
        self.first_account(rows.await?).await
    }

    /// A page of accounts, in the order of their names.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn accounts(&self, query: &AccountQuery) -> Result<Vec<Account>, Error> {
        let limit = query.limit.min(MAX_ACCOUNTS_PAGE);
        let after = query.after.as_ref().map_or("", UserName::as_str);
        let state = query.state.map(|state| state.word().to_owned());
        let group = query.group.as_ref().map(|group| group.as_str().to_owned());
        // No lock ends before the beginning of time.
        let (locked_at, cap) = query.locked.unwrap_or((Micros(i64::MIN), u32::MAX));
        let prefix = query.text.to_ascii_lowercase();
        let rows = if prefix.contains('@') && query.after.is_none() {
            let values = values![prefix.as_str(), self.email_hash(&prefix), limit];
            let sql = select!("WHERE name = $1 OR email_hash = $2 ORDER BY name LIMIT $3");
            self.pools().rows(sql, values).await?
        } else {
            // Behind every name that begins so: names are ASCII.
            let end = format!("{prefix}\u{7f}");
            let sql = select!(
                "WHERE name > $1 AND name >= $2 AND name < $3 \
                 AND (CAST($4 AS TEXT) IS NULL OR state = $4) \
                 AND (CAST($5 AS TEXT) IS NULL OR EXISTS \
                 (SELECT 1 FROM membership m WHERE m.account = a.id AND m.team = $5)) \
                 AND ($7 < 0 OR EXISTS (SELECT 1 FROM guess g WHERE g.account = a.id \
                 AND g.device = $8 AND (g.locked_until > $7 OR g.total >= $9))) \
                 ORDER BY name LIMIT $6"
            );
            let unknown = Vec::<u8>::new();
            let cap = u64::from(cap);
            let values = values![
                after, prefix, end, state, group, limit, locked_at, unknown, cap
            ];
            self.pools().rows(sql, values).await?
        };
        let mut accounts = Vec::with_capacity(rows.len());
        for row in &rows {
            accounts.push(self.account_of(row).await?);
        }
        Ok(accounts)
    }

    /// How many accounts there are.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn account_count(&self) -> Result<u64, Error> {
        let sql = "SELECT count(*) FROM account";
        self.pools().row(sql, values![]).await?.count(0)
    }

    /// The stored hash of an account's password, and when it was chosen.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn password_hash(&self, id: &str) -> Result<Option<(Secret<String>, Micros)>, Error> {
        let sql =
            "SELECT password, password_at FROM account WHERE id = $1 AND password IS NOT NULL";
        let rows = self.pools().rows(sql, values![id]).await?;
        let hash = |row: &Row| Ok((Secret::new(row.text(0)?), row.time(1)?));
        rows.first().map(hash).transpose()
    }

    /// Every stored hash, for the census of the promise `password`: nothing says whose.
    /// Behind `after`, at most `limit`; the second value continues.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn password_hashes(
        &self,
        after: &str,
        limit: u64,
    ) -> Result<(Vec<Secret<String>>, Option<String>), Error> {
        let sql = "SELECT id, password FROM account WHERE id > $1 AND password IS NOT NULL \
                   ORDER BY id LIMIT $2";
        let rows = self.pools().rows(sql, values![after, limit]).await?;
        let hashes = rows.iter().map(|row| row.text(1).map(Secret::new));
        let last = rows.last().map(|row| row.text(0)).transpose()?;
        Ok((hashes.collect::<Result<_, _>>()?, last))
    }

    /// The dearest cost among the stored hashes; `None` where there are none.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn dearest_password_cost(&self) -> Result<Option<u8>, Error> {
        // Two digits behind `$2b$`, perhaps with the tag of long passwords before it.
        let sql = "SELECT max(CASE WHEN password LIKE '$wb1$%' THEN substr(password, 10, 2) \
                   ELSE substr(password, 5, 2) END) FROM account WHERE password IS NOT NULL";
        let cost = self.pools().row(sql, values![]).await?.text_or_null(0)?;
        Ok(cost.and_then(|cost| cost.parse().ok()))
    }

    /// Every group with the number of its members, by name.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn groups(&self) -> Result<Vec<(GroupName, u64)>, Error> {
        let sql = "SELECT name, (SELECT count(*) FROM membership WHERE team = name) \
                   FROM team ORDER BY name LIMIT $1";
        let rows = self.pools().rows(sql, values![MAX_GROUPS]).await?;
        let group = |row: &Row| Ok((name_of(&row.text(0)?)?, row.count(1)?));
        rows.iter().map(group).collect()
    }

    /// Whether somebody is in a group that may stand on the console's threshold.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn may_stand_on_threshold(&self, account: &str) -> Result<bool, Error> {
        let sql = "SELECT count(*) FROM membership JOIN team ON team.name = membership.team \
                   WHERE membership.account = $1 AND team.threshold = 1";
        Ok(self.pools().row(sql, values![account]).await?.count(0)? > 0)
    }

    /// The keyed hash an address is found by.
    pub(crate) fn email_hash(&self, email: &str) -> [u8; 32] {
        self.keyed_hash(Purpose::Email, &email.to_lowercase())
    }
}

/// What the trail says of an account: no address, no password.
fn said(details: &AccountDetails) -> Value {
    let groups: Vec<_> = details.groups.iter().map(GroupName::as_str).collect();
    json!({
        "name": details.name.as_str(),
        "display": details.display,
        "email": details.email.as_ref().map(|_| "…"),
        "groups": groups,
        "state": details.state.word(),
    })
}

impl AccountDetails {
    /// The account that would be made of it, without an id: for whoever judges its password.
    pub fn to_be(&self, created_at: Micros) -> Account {
        Account {
            id: String::new(),
            name: self.name.clone(),
            display: self.display.clone(),
            email: self.email.clone(),
            groups: self.groups.clone(),
            state: self.state,
            created_at,
            last_sign_in: None,
        }
    }
}

impl Account {
    /// What can be changed of it.
    pub fn details(&self) -> AccountDetails {
        AccountDetails {
            name: self.name.clone(),
            display: self.display.clone(),
            email: self.email.clone(),
            groups: self.groups.clone(),
            state: self.state,
        }
    }
}

impl Change {
    /// An account as it is now, locked until this ends.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn account_locked(&mut self, id: &str) -> Result<Account, Error> {
        // Written, so that nobody else changes it meanwhile, on either engine.
        let sql = "UPDATE account SET state = state WHERE id = $1";
        self.connection.execute(sql, values![id]).await?;
        let rows = self.connection.rows(select!("WHERE id = $1"), values![id]);
        let rows = rows.await?;
        let found = self.store.first_account(rows).await?;
        found.ok_or_else(|| Error::missing("account", id))
    }

    /// Makes an account; returns its id.
    ///
    /// # Errors
    /// [`Error::Taken`] for a name or address of another, [`Error::Missing`] for a group
    /// that doesn't exist, [`Error::TooLarge`].
    pub async fn add_account(&mut self, details: &AccountDetails) -> Result<String, Error> {
        check(details)?;
        let id = self.store.new_id();
        let (email, hash) = self.sealed_email(&id, details);
        let now = self.store.clock().now();
        self.free(&id, details, hash).await?;
        self.connection
            .execute(
                "INSERT INTO account (id, name, display, email, email_hash, state, created_at) \
                 VALUES ($1, $2, $3, $4, $5, $6, $7)",
                values![
                    id.as_str(),
                    details.name.as_str(),
                    details.display.as_str(),
                    email,
                    hash,
                    details.state.word(),
                    now
                ],
            )
            .await?;
        self.join(&id, &details.groups).await?;
        self.record(Entry::new("account.add", id.as_str()).after(said(details)))?;
        Ok(id)
    }

    /// Changes an account.
    ///
    /// # Errors
    /// As [`Change::add_account`]; [`Error::Missing`] for an account that isn't there.
    pub async fn change_account(
        &mut self,
        before: &Account,
        details: &AccountDetails,
    ) -> Result<(), Error> {
        check(details)?;
        let (email, hash) = self.sealed_email(&before.id, details);
        self.free(&before.id, details, hash).await?;
        let written = self
            .connection
            .execute(
                "UPDATE account SET name = $2, display = $3, email = $4, email_hash = $5, state = $6 \
                 WHERE id = $1",
                values![
                    before.id.as_str(),
                    details.name.as_str(),
                    details.display.as_str(),
                    email,
                    hash,
                    details.state.word()
                ],
            )
            .await?;
        if written == 0 {
            return Err(Error::missing("account", before.name.as_str()));
        }
        self.connection
            .execute(
                "DELETE FROM membership WHERE account = $1",
                values![before.id.as_str()],
            )
            .await?;
        self.join(&before.id, &details.groups).await?;
        if details.email != before.email {
            self.forget_links(&before.id).await?;
        }
        if details.email != before.email || details.state == AccountState::Disabled {
            self.stop_lost_factor(&before.id).await?;
        }
        let entry = Entry::new("account.change", before.id.as_str());
        let mut after = said(details);
        if details.email.is_some() && details.email != before.email && before.email.is_some() {
            // That it is another one, without saying which.
            if let Some(said) = after.get_mut("email") {
                *said = "… (another)".into();
            }
        }
        self.record(entry.before(said(&before.details())).after(after))
    }

    /// Keeps the hash of a password that was chosen. `why` is the action in the trail:
    /// `password.set`, `password.change`, `password.import`.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn set_password(
        &mut self,
        id: &str,
        hash: &Secret<String>,
        why: &'static str,
    ) -> Result<(), Error> {
        let now = self.store.clock().now();
        let written = self
            .connection
            .execute(
                "UPDATE account SET password = $2, password_at = $3 WHERE id = $1",
                values![id, hash.expose().as_str(), now],
            )
            .await?;
        if written == 0 {
            return Err(Error::missing("account", id));
        }
        self.forget_links(id).await?;
        // Whoever lets themselves in without their second factor knew it before.
        self.stop_lost_factor(id).await?;
        self.record(Entry::new(why, id))
    }

    /// Puts another hash of the same password in the place of `before`, unless that was
    /// replaced meanwhile. Says whether it did.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn renew_password(
        &mut self,
        id: &str,
        before: &Secret<String>,
        hash: &Secret<String>,
    ) -> Result<bool, Error> {
        let sql = "UPDATE account SET password = $3 WHERE id = $1 AND password = $2";
        let values = values![id, before.expose().as_str(), hash.expose().as_str()];
        let written = self.connection.execute(sql, values).await?;
        if written > 0 {
            self.record(Entry::new("password.renew", id))?;
        }
        Ok(written > 0)
    }

    /// Removes an account with its sessions, devices and tokens.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn remove_account(&mut self, account: &Account) -> Result<(), Error> {
        let sql = "DELETE FROM account WHERE id = $1";
        let written = self.connection.execute(sql, values![account.id.as_str()]);
        if written.await? == 0 {
            return Err(Error::missing("account", account.name.as_str()));
        }
        let entry = Entry::new("account.remove", account.id.as_str());
        self.record(entry.before(said(&account.details())))
    }

    /// Makes a group.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Unavailable`].
    pub async fn add_group(&mut self, name: &GroupName) -> Result<(), Error> {
        let now = self.store.clock().now();
        let sql =
            "INSERT INTO team (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
        let written = self.connection.execute(sql, values![name.as_str(), now]);
        if written.await? == 0 {
            return Err(Error::taken("group", name.as_str()));
        }
        self.record(Entry::new("group.add", name.as_str()))
    }

    /// How many may sign in that are in one of these groups, but for one of them: one of
    /// each group is counted.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn members_beside(
        &mut self,
        groups: &[GroupName],
        account: &str,
    ) -> Result<u64, Error> {
        let mut members = std::collections::BTreeSet::new();
        for group in groups {
            // Written, so that of two changes at once one sees what the other did.
            let sql = "UPDATE team SET threshold = threshold WHERE name = $1";
            self.connection
                .execute(sql, values![group.as_str()])
                .await?;
            let sql = "SELECT account.id FROM membership \
                       JOIN account ON account.id = membership.account \
                       WHERE membership.team = $1 AND account.state = $2 AND account.id <> $3 \
                       LIMIT 1";
            let active = AccountState::Active.word();
            let values = values![group.as_str(), active, account];
            for row in self.connection.rows(sql, values).await? {
                members.insert(row.text(0)?);
            }
        }
        Ok(u64::try_from(members.len()).unwrap_or(u64::MAX))
    }

    /// Lets members of a group onto the console's threshold.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn allow_threshold(&mut self, name: &GroupName) -> Result<(), Error> {
        let sql = "UPDATE team SET threshold = 1 WHERE name = $1";
        let written = self.connection.execute(sql, values![name.as_str()]);
        if written.await? == 0 {
            return Err(Error::missing("group", name.as_str()));
        }
        let entry = Entry::new("group.change", name.as_str());
        self.record(entry.after(json!({ "threshold": true })))
    }

    /// Gives a group another name; its members stay in it.
    ///
    /// # Errors
    /// [`Error::Taken`], [`Error::Missing`], [`Error::Unavailable`].
    pub async fn rename_group(&mut self, from: &GroupName, to: &GroupName) -> Result<(), Error> {
        let sql = "INSERT INTO team (name, created_at, threshold) \
                   SELECT $2, created_at, threshold FROM team WHERE name = $1 \
                   ON CONFLICT (name) DO NOTHING";
        let names = || values![from.as_str(), to.as_str()];
        if self.connection.execute(sql, names()).await? == 0 {
            let sql = "SELECT count(*) FROM team WHERE name = $1";
            let there = self.connection.row(sql, values![from.as_str()]).await?;
            return Err(match there.count(0)? {
                0 => Error::missing("group", from.as_str()),
                _ => Error::taken("group", to.as_str()),
            });
        }
        let sql = "UPDATE membership SET team = $2 WHERE team = $1";
        self.connection.execute(sql, names()).await?;
        let sql = "DELETE FROM team WHERE name = $1";
        self.connection.execute(sql, values![from.as_str()]).await?;
        let entry = Entry::new("group.rename", from.as_str());
        let name = |name: &GroupName| json!({ "name": name.as_str() });
        self.record(entry.before(name(from)).after(name(to)))
    }

    /// Removes a group; its members stay.
    ///
    /// # Errors
    /// [`Error::Missing`], [`Error::Unavailable`].
    pub async fn remove_group(&mut self, name: &GroupName) -> Result<(), Error> {
        let sql = "SELECT count(*) FROM membership WHERE team = $1";
        let members = self.connection.row(sql, values![name.as_str()]).await?;
        let sql = "DELETE FROM team WHERE name = $1";
        let written = self.connection.execute(sql, values![name.as_str()]);
        if written.await? == 0 {
            return Err(Error::missing("group", name.as_str()));
        }
        let before = json!({ "members": members.count(0)? });
        self.record(Entry::new("group.remove", name.as_str()).before(before))
    }

    fn sealed_email(
        &self,
        id: &str,
        details: &AccountDetails,
    ) -> (Option<Vec<u8>>, Option<[u8; 32]>) {
        let email = details.email.as_ref().map(Secret::expose);
        let sealed = email.map(|it| {
            self.store
                .seal(Purpose::Email, email_cell(id), it.as_bytes())
        });
        (sealed, email.map(|it| self.store.email_hash(it)))
    }

    /// Whether name and address are nobody else's.
    async fn free(
        &mut self,
        id: &str,
        details: &AccountDetails,
        hash: Option<[u8; 32]>,
    ) -> Result<(), Error> {
        let sql = "SELECT name FROM account WHERE (name = $1 OR email_hash = $2) AND id <> $3";
        let values = values![details.name.as_str(), hash, id];
        let other = self.connection.rows(sql, values).await?;
        match other.first().map(|row| row.text(0)).transpose()? {
            None => Ok(()),
            Some(name) if name == details.name.as_str() => Err(Error::taken("name", &name)),
            Some(_) => Err(Error::taken("e-mail address", "…")),
        }
    }

    async fn join(&mut self, id: &str, groups: &[GroupName]) -> Result<(), Error> {
        for group in groups {
            let written = join(&mut self.connection, id, group).await?;
            if written == 0 {
                return Err(Error::missing("group", group.as_str()));
            }
        }
        Ok(())
    }
}

async fn join(connection: &mut Connection, id: &str, group: &GroupName) -> Result<u64, Error> {
    // From the group itself: PostgreSQL would otherwise fail the whole transaction where
    // there is none.
    let sql = "INSERT INTO membership (account, team) SELECT $1, name FROM team WHERE name = $2 \
               ON CONFLICT (account, team) DO NOTHING";
    connection.execute(sql, values![id, group.as_str()]).await
}

fn check(details: &AccountDetails) -> Result<(), Error> {
    let email = details.email.as_ref().map_or(0, |it| it.expose().len());
    for (what, size) in [
        ("a display name", details.display.len()),
        ("an e-mail address", email),
    ] {
        let limit = MAX_DISPLAY_BYTES;
        if size > limit {
            return Err(Error::TooLarge { what, size, limit });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
