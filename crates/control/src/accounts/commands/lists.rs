//! What the commands list: rows of accounts, sessions and tokens, in pages that fit into
//! the lines they are sent in.

use std::collections::HashMap;

use store::{Account, AccountQuery, SessionQuery, Store, StoredSession, StoredToken};
use terms::{GroupName, Micros};

use super::{Trouble, named, said};
use crate::{
    accounts::Accounts,
    socket::{
        Reply,
        accounts::{AccountReply, Session, Spoken, Standing, Token, User},
    },
};

/// Most rows of one page of an answer.
pub(super) const PAGE: u64 = 200;
/// A page of accounts ends beyond so many bytes: the line it is sent in has a limit, and
/// an account may be in thousands of groups.
const PAGE_BYTES: usize = 1024 * 1024;

pub(super) async fn user_list(
    store: &Store,
    query: &AccountQuery,
    emails: bool,
) -> Result<Reply, Trouble> {
    let page = store.accounts(query).await?;
    let whole = u64::try_from(page.len()).unwrap_or(u64::MAX) < query.limit;
    let (mut users, mut bytes, mut cut) = (Vec::new(), 0_usize, false);
    for account in page {
        let groups: usize = account.groups.iter().map(|it| it.as_str().len() + 3).sum();
        bytes = bytes.saturating_add(groups + 1024);
        users.push(user_row(&account, emails));
        if bytes > PAGE_BYTES {
            cut = true;
            break;
        }
    }
    // An address names one at most, and has no page behind it.
    let ends = (whole && !cut) || query.text.contains('@');
    let more = if ends {
        None
    } else {
        users.last().map(|user| user.name.clone())
    };
    said(AccountReply::Users { users, more })
}

fn user_row(account: &Account, emails: bool) -> User {
    User {
        name: account.name.to_string(),
        display: account.display.clone(),
        email: account.email.clone().filter(|_| emails).map(Spoken),
        groups: account.groups.iter().map(GroupName::to_string).collect(),
        state: account.state.word().to_owned(),
        created: account.created_at.to_string(),
        last_sign_in: account.last_sign_in.map(|at| at.to_string()),
    }
}

pub(super) async fn user_show(
    accounts: &Accounts,
    typed: &str,
    emails: bool,
) -> Result<Reply, Trouble> {
    let store = accounts.store()?;
    let account = named(&store, typed).await?;
    let password = store.password_hash(&account.id).await?;
    let locked = store.guesses(&account.id).await?.locked_until;
    let lost = store.lost_factor(&account.id).await?;
    said(AccountReply::User {
        user: user_row(&account, emails),
        standing: Standing {
            password_set: password.map(|(_, at)| at.to_string()),
            locked_until: (accounts.now() < locked).then(|| locked.to_string()),
            second_factors: store.factors(&account.id).await?.len(),
            lost_factor: lost.map(|lost| lost.opens_at.to_string()),
        },
    })
}

/// The names of accounts by their ids, looked up once each.
struct Names<'a> {
    store: &'a Store,
    known: HashMap<String, String>,
}

impl<'a> Names<'a> {
    fn of(store: &'a Store) -> Self {
        Self {
            store,
            known: HashMap::new(),
        }
    }

    async fn get(&mut self, id: &str) -> Result<String, Trouble> {
        if let Some(name) = self.known.get(id) {
            return Ok(name.clone());
        }
        // One that was removed in between takes its rows with it.
        let account = self.store.account(id).await?;
        let name = account.map_or_else(|| "-".to_owned(), |account| account.name.to_string());
        self.known.insert(id.to_owned(), name.clone());
        Ok(name)
    }
}

/// The id of the last row, where there may be more behind it.
fn behind<T>(page: &[T], id: impl FnOnce(&T) -> &String) -> Option<String> {
    let full = u64::try_from(page.len()).unwrap_or(u64::MAX) >= PAGE;
    page.last().filter(|_| full).map(|last| id(last).clone())
}

pub(super) async fn session_list(
    store: &Store,
    user: Option<&str>,
    after: String,
) -> Result<Reply, Trouble> {
    let account = match user {
        Some(typed) => Some(named(store, typed).await?.id),
        None => None,
    };
    let query = SessionQuery {
        account,
        after,
        limit: PAGE,
    };
    let page = store.sessions(&query).await?;
    let more = behind(&page, |row| &row.sid);
    let mut names = Names::of(store);
    let mut sessions = Vec::with_capacity(page.len());
    for row in page {
        let user = names.get(&row.account).await?;
        sessions.push(session_row(row, user));
    }
    said(AccountReply::Sessions { sessions, more })
}

fn session_row(row: StoredSession, user: String) -> Session {
    Session {
        id: row.sid,
        parent: row.parent,
        user,
        site: row.site,
        methods: row.amr,
        began: row.created_at.to_string(),
        last_seen: row.last_seen.to_string(),
        expires: row.expires_at.to_string(),
        network: row.network,
        agent: row.agent,
    }
}

pub(super) async fn token_list(
    store: &Store,
    user: Option<&str>,
    after: &str,
) -> Result<Reply, Trouble> {
    let account = match user {
        Some(typed) => Some(named(store, typed).await?.id),
        None => None,
    };
    let page = store.tokens(account.as_deref(), after, PAGE).await?;
    let more = behind(&page, |row| &row.id);
    let mut names = Names::of(store);
    let mut tokens = Vec::with_capacity(page.len());
    for row in page {
        let user = names.get(&row.account).await?;
        tokens.push(token_row(row, &user));
    }
    said(AccountReply::Tokens { tokens, more })
}

pub(super) fn token_row(row: StoredToken, user: &str) -> Token {
    Token {
        id: row.id,
        user: user.to_owned(),
        kind: row.kind.word().to_owned(),
        name: row.label,
        sites: row.sites,
        created: row.created_at.to_string(),
        expires: row.expires_at.to_string(),
        last_used: row
            .last_used
            .filter(|at| *at > Micros(0))
            .map(|at| at.to_string()),
    }
}
