//! Carries out what commands ask about accounts, for the socket and for a command that
//! works alone: both end here, so that a rule holds for both.
//!
//! What can't be is a no with what to do about it; what fails through no fault of the
//! caller says so.

mod lists;
mod lost_factor;

use std::time::Duration;

use pages::{PasswordProblem, Strength};
use store::{
    Account, AccountDetails, AccountQuery, AccountState, Actor, MAX_DISPLAY_BYTES, Store, TokenKind,
};
use terms::{GroupName, MalformedName, Secret, UserName};

use self::lists::{PAGE, session_list, token_list, token_row, user_list, user_show};
use super::{AccountError, Accounts, Changed, NewToken, choice::Choice, credential, import};
use crate::mail::mailbox;
use crate::socket::{
    Reply,
    accounts::{
        AccountCommand, AccountReply, Group, NewUser, Spoken, TOKEN_DAYS_MAX, TOKEN_NAME_MAX,
    },
};

const DAY: Duration = Duration::from_secs(86_400);

/// Why it was not done.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The answer is no.
    No(String),
    /// It couldn't be done.
    Failed(String),
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        match &error {
            E::Missing {
                what: "group",
                name,
            } => Self::No(format!(
                "there is no group `{name}`; make it with `waarborg group add {name}`, or see `waarborg group list`"
            )),
            E::Missing { .. } | E::Taken { .. } | E::TooLarge { .. } => Self::No(error.to_string()),
            _ => Self::Failed(error.to_string()),
        }
    }
}

impl From<AccountError> for Trouble {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::Away | AccountError::Keeps(_) | AccountError::Approval(_) => {
                Self::Failed(error.to_string())
            }
        }
    }
}

/// Carries out a command of `actor`.
pub(crate) async fn carry_out(
    accounts: &Accounts,
    command: AccountCommand,
    actor: &Actor,
) -> Reply {
    match obey(accounts, command, actor).await {
        Ok(reply) => reply,
        Err(Trouble::No(why)) => Reply::No { why },
        Err(Trouble::Failed(why)) => Reply::Failed { why },
    }
}

async fn obey(
    accounts: &Accounts,
    command: AccountCommand,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    use AccountCommand as C;
    match command {
        C::UserAdd { user, password } => user_add(accounts, &user, password, actor).await,
        C::UserList {
            text,
            group,
            active,
            after,
            emails,
        } => {
            let query = AccountQuery {
                text,
                group: group.map(|group| parsed(&group)).transpose()?,
                state: active.map(state_of),
                locked: None,
                after: after.map(|name| parsed(&name)).transpose()?,
                limit: PAGE,
            };
            user_list(&accounts.store()?, &query, emails).await
        }
        C::UserShow { user, emails } => user_show(accounts, &user, emails).await,
        C::UserImport { rows, dry_run } => {
            import::import(&accounts.store()?, rows, dry_run, actor).await
        }
        C::UserUnlock { user } => {
            let account = named(&accounts.store()?, &user).await?;
            accounts.unlock(&account.id, actor).await?;
            done(format!("`{}` isn't locked any more", account.name))
        }
        C::UserInvite { user } => {
            let account = named(&accounts.store()?, &user).await?;
            if account.email.is_none() {
                return Err(Trouble::No(format!("`{}` has no address", account.name)));
            }
            if accounts.publisher.config().mail.is_none() {
                let why = "nothing leaves by mail: the configuration has no [mail]";
                return Err(Trouble::No(why.to_owned()));
            }
            if !accounts.invite(&account, actor).await? {
                let why = "several links hold already, or there is no portal";
                return Err(Trouble::No(format!("`{}`: {why}", account.name)));
            }
            done(format!("a link is on its way to `{}`", account.name))
        }
        C::UserResetFactors { user } => {
            let account = named(&accounts.store()?, &user).await?;
            let removed = accounts.reset_factors(&account, actor).await?;
            done(format!(
                "`{}` had {removed} second factors, and has none now",
                account.name
            ))
        }
        C::UserLostFactor { user, stop } => {
            lost_factor::lost_factor(accounts, &user, stop, actor).await
        }
        C::UserPassword { user, password } => {
            let account = named(&accounts.store()?, &user).await?;
            let hash = match chosen(accounts, &account, &password.0).await? {
                Ok(hash) => hash,
                Err(refused) => return Ok(refused),
            };
            accounts
                .set_password(&account, &hash, "password.set", None, actor)
                .await?;
            done(format!(
                "`{}` has a new password; every session has ended",
                account.name
            ))
        }
        C::UserState { user, active } => user_state(accounts, &user, active, actor).await,
        C::UserRemove { user } => {
            let account = named(&accounts.store()?, &user).await?;
            accounts.remove(&account, actor).await?;
            done(format!(
                "`{}` is gone, with every session and token",
                account.name
            ))
        }
        C::GroupAdd { group, threshold } => {
            let group: GroupName = parsed(&group)?;
            accounts.add_group(&group, threshold, actor).await?;
            done(format!("group `{group}` was made"))
        }
        C::GroupList => {
            let groups = accounts.store()?.groups().await?;
            let group = |(name, members): (GroupName, u64)| Group {
                name: name.to_string(),
                members,
            };
            said(AccountReply::Groups {
                groups: groups.into_iter().map(group).collect(),
            })
        }
        C::GroupRemove { group } => {
            let group: GroupName = parsed(&group)?;
            accounts.remove_group(&group, actor).await?;
            done(format!("group `{group}` is gone; its members stay"))
        }
        C::GroupMembers {
            group,
            users,
            joined,
        } => group_members(accounts, &parsed(&group)?, &users, joined, actor).await,
        C::SessionList { user, after } => {
            session_list(&accounts.store()?, user.as_deref(), after).await
        }
        C::SessionRevoke { id } => {
            if accounts.end(&id, actor).await? {
                done("the session has ended, with all that belonged to it".to_owned())
            } else {
                Err(Trouble::No(format!(
                    "there is no session `{id}`; see `waarborg session list`"
                )))
            }
        }
        C::SessionRevokeAll { user } => {
            let account = named(&accounts.store()?, &user).await?;
            let ended = accounts.end_all(&account.id, None, actor).await?;
            done(format!(
                "sessions of `{}` that have ended: {ended}",
                account.name
            ))
        }
        C::TokenAdd {
            user,
            basic,
            name,
            sites,
            days,
        } => {
            let kind = if basic {
                TokenKind::Basic
            } else {
                TokenKind::Bearer
            };
            let account = named(&accounts.store()?, &user).await?;
            check_token(accounts, kind, &name, &sites, days)?;
            let new = NewToken {
                account,
                kind,
                label: name,
                sites,
                expires_at: accounts.now().after(DAY.saturating_mul(u32::from(days))),
            };
            let (row, secret) = accounts.add_token(&new, None, actor).await?;
            said(AccountReply::Token {
                token: token_row(row, new.account.name.as_str()),
                secret: Spoken(secret),
            })
        }
        C::TokenList { user, after } => {
            token_list(&accounts.store()?, user.as_deref(), &after).await
        }
        C::TokenRemove { id } => {
            accounts.remove_token(&id, None, actor).await?;
            done("the token holds no more".to_owned())
        }
    }
}

fn done(what: String) -> Result<Reply, Trouble> {
    Ok(Reply::Done { what })
}

pub(super) fn said(what: AccountReply) -> Result<Reply, Trouble> {
    let what = Box::new(what);
    Ok(Reply::Accounts { what })
}

fn parsed<T: std::str::FromStr<Err = MalformedName>>(text: &str) -> Result<T, Trouble> {
    text.parse()
        .map_err(|error| Trouble::No(format!("`{text}` is no name: {error}")))
}

const fn state_of(active: bool) -> AccountState {
    if active {
        AccountState::Active
    } else {
        AccountState::Disabled
    }
}

async fn named(store: &Store, typed: &str) -> Result<Account, Trouble> {
    let found = store.account_named(typed).await?;
    found.ok_or_else(|| {
        Trouble::No(format!(
            "there is no user `{typed}`; see `waarborg user list`"
        ))
    })
}

/// What is wrong with the details of a new account, as sentences; or the details.
pub(super) fn details(user: &NewUser) -> Result<AccountDetails, Vec<String>> {
    let mut wrong = Vec::new();
    let name = user.name.parse::<UserName>();
    if let Err(error) = &name {
        wrong.push(format!("`{}` is no name: {error}", shown(&user.name)));
    }
    let display = user.display.trim();
    if display.len() > MAX_DISPLAY_BYTES || display.chars().any(char::is_control) {
        wrong.push(format!(
            "the display name can't be kept: expected at most {MAX_DISPLAY_BYTES} bytes on one line"
        ));
    }
    let email = user
        .email
        .as_ref()
        .map(|email| mailbox(email.0.expose()).ok_or(()))
        .transpose();
    if email.is_err() {
        wrong.push(
            "the e-mail address can't be used: expected one like `ada@example.com`".to_owned(),
        );
    }
    let mut groups = Vec::new();
    for group in &user.groups {
        match group.parse::<GroupName>() {
            Ok(group) => groups.push(group),
            Err(error) => wrong.push(format!("`{}` is no group: {error}", shown(group))),
        }
    }
    groups.sort_unstable();
    groups.dedup();
    match (name, email) {
        (Ok(name), Ok(email)) if wrong.is_empty() => Ok(AccountDetails {
            display: if display.is_empty() {
                name.to_string()
            } else {
                display.to_owned()
            },
            name,
            email,
            groups,
            state: AccountState::Active,
        }),
        _ => Err(wrong),
    }
}

/// A piece of foreign text in a message: short, and nothing that steers a terminal.
pub(super) fn shown(text: &str) -> String {
    let mut shown: String = text
        .chars()
        .map(|letter| {
            if letter.is_control() {
                '\u{fffd}'
            } else {
                letter
            }
        })
        .take(40)
        .collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}

async fn user_add(
    accounts: &Accounts,
    user: &NewUser,
    password: Option<Spoken>,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    let details = details(user).map_err(|wrong| Trouble::No(wrong.join("; ")))?;
    let hash = match password {
        None => None,
        Some(password) => {
            // Who it will be: a password may not be made of their name.
            let account = details.to_be(accounts.now());
            match chosen(accounts, &account, &password.0).await? {
                Ok(hash) => Some(hash),
                Err(refused) => return Ok(refused),
            }
        }
    };
    let with = hash.as_ref().map(|hash| (hash, "password.set"));
    accounts.add(&details, with, actor).await?;
    done(format!("`{}` was added", details.name))
}

/// The hash of a password that may be chosen, or the answer that it may not.
async fn chosen(
    accounts: &Accounts,
    account: &Account,
    password: &Secret<String>,
) -> Result<Result<Secret<String>, Reply>, Trouble> {
    match accounts.choose_password(account, None, password).await? {
        Choice::Taken(hash) => Ok(Ok(hash)),
        Choice::Refused { problems, strength } => {
            let mut why: Vec<_> = problems.into_iter().map(problem).collect();
            why.extend(strength.map(|it| strength_said(it).to_owned()));
            let what = Box::new(AccountReply::PasswordRefused { why });
            Ok(Err(Reply::Accounts { what }))
        }
        Choice::Busy => Err(Trouble::Failed(
            "too many are signing in at this moment to hash a password; try again in a minute"
                .to_owned(),
        )),
    }
}

fn problem(problem: PasswordProblem) -> String {
    match problem {
        PasswordProblem::TooShort { least } => {
            format!("it is too short: take at least {least} characters, for instance five words")
        }
        PasswordProblem::TooLong { most } => format!("it is too long: take at most {most} bytes"),
        PasswordProblem::Guessable => {
            "a program would soon guess it: add a word or two that don't follow from the rest"
                .to_owned()
        }
        PasswordProblem::Breached => {
            "it stands in lists that attackers use: take one that was never used elsewhere"
                .to_owned()
        }
        PasswordProblem::ContainsName => {
            "it is built on the name, the address or the site: take something else".to_owned()
        }
        PasswordProblem::ForbiddenCharacter => "it has a NUL, which can't be kept".to_owned(),
        PasswordProblem::CurrentWrong => "the current password is another".to_owned(),
        PasswordProblem::SameAsOld => "it is the old one: take another".to_owned(),
    }
}

const fn strength_said(strength: Strength) -> &'static str {
    match strength {
        Strength::VeryWeak => "its strength: very weak, guessed at once",
        Strength::Weak => "its strength: weak, guessed within minutes",
        Strength::Fair => "its strength: fair, it withstands a person but not a program",
        Strength::Strong => "its strength: strong, it withstands a program for long",
        Strength::VeryStrong => "its strength: very strong",
    }
}

async fn user_state(
    accounts: &Accounts,
    typed: &str,
    active: bool,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    let account = named(&accounts.store()?, typed).await?;
    let details = AccountDetails {
        state: state_of(active),
        ..account.details()
    };
    let changed = accounts.change(&account, &details, actor).await?;
    let name = &account.name;
    done(match (active, changed) {
        (true, Changed::Yes) => format!("`{name}` may sign in again"),
        (true, Changed::No) => format!("`{name}` may sign in already"),
        (false, Changed::Yes) => format!("`{name}` may not sign in; every session has ended"),
        (false, Changed::No) => format!("`{name}` may not sign in already"),
    })
}

async fn group_members(
    accounts: &Accounts,
    group: &GroupName,
    users: &[String],
    joined: bool,
    actor: &Actor,
) -> Result<Reply, Trouble> {
    let store = accounts.store()?;
    // All of them before any is changed: a mistyped name changes nothing.
    let mut found = Vec::with_capacity(users.len());
    for typed in users {
        found.push(named(&store, typed).await?);
    }
    if !store.groups().await?.iter().any(|(name, _)| name == group) {
        return Err(Trouble::from(store::Error::Missing {
            what: "group",
            name: group.to_string(),
        }));
    }
    let mut lines = Vec::with_capacity(found.len());
    for account in found {
        let mut details = account.details();
        details.groups.retain(|name| name != group);
        if joined {
            details.groups.push(group.clone());
            details.groups.sort_unstable();
        }
        let changed = accounts.change(&account, &details, actor).await?;
        let name = &account.name;
        lines.push(match (joined, changed) {
            (true, Changed::Yes) => format!("`{name}` is in `{group}` now"),
            (true, Changed::No) => format!("`{name}` is in `{group}` already"),
            (false, Changed::Yes) => format!("`{name}` is out of `{group}`"),
            (false, Changed::No) => format!("`{name}` isn't in `{group}`"),
        });
    }
    done(lines.join("\n"))
}

/// Whether such a token would let anybody in anywhere.
fn check_token(
    accounts: &Accounts,
    kind: TokenKind,
    name: &str,
    sites: &[String],
    days: u16,
) -> Result<(), Trouble> {
    let length = name.chars().count();
    if length == 0 || length > TOKEN_NAME_MAX || name.chars().any(char::is_control) {
        return Err(Trouble::No(format!(
            "a token's name has 1 to {TOKEN_NAME_MAX} characters on one line"
        )));
    }
    if !(1..=TOKEN_DAYS_MAX).contains(&days) {
        return Err(Trouble::No(format!(
            "a token holds for 1 to {TOKEN_DAYS_MAX} days"
        )));
    }
    let config = accounts.publisher.config();
    let word = kind.word();
    let open: Vec<_> = config
        .sites
        .iter()
        .filter(|site| {
            let mut routes = site.routes.iter();
            routes.any(|route| route.tokens.take(credential(kind)))
        })
        .map(|site| site.host.as_str())
        .collect();
    if sites.is_empty() {
        return Err(Trouble::No("a token is for one site at least".to_owned()));
    }
    for host in sites {
        if open.contains(&host.as_str()) {
            continue;
        }
        if config.sites.iter().any(|site| site.host == *host) {
            return Err(Trouble::No(format!(
                "no route of `{host}` takes such a token: set `tokens = \"{word}\"` for the site or a route"
            )));
        }
        let expected = if open.is_empty() {
            format!("but no site takes such a token: set `tokens = \"{word}\"` for one")
        } else {
            format!("expected one of `{}`", open.join("`, `"))
        };
        return Err(Trouble::No(format!(
            "there is no site `{}`; {expected}",
            shown(host)
        )));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
