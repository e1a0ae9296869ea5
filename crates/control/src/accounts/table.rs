//! The session table as it follows from the store: what the edge finds, and nothing else.
//!
//! The store comes first: a row is written, then the table is told. So a session that was
//! handed out is there after a restart, and one that ended isn't.

use std::{
    collections::HashMap,
    sync::{Arc, atomic::AtomicI64},
    time::Duration,
};

use seam::{
    Credential, Session, Sessions, TokenHash,
    sessions::{Cut, Person},
};
use store::{
    Account, AccountState, MAX_SESSIONS_PAGE, MAX_TOKENS_PAGE, SessionQuery, Store, StoredSession,
    StoredToken, TokenKind,
};
use terms::{GroupName, Micros};

use super::secret;

/// The moments of last activity, by the portal session of a family.
pub(super) type Families = HashMap<String, Arc<AtomicI64>>;

/// Puts every live session and token into the table; returns how many.
///
/// # Errors
/// [`store::Error`].
pub(super) async fn load(
    store: &Store,
    sessions: &Sessions,
    idle: Duration,
) -> Result<usize, store::Error> {
    let mut accounts = HashMap::new();
    let mut families = Families::new();
    let mut query = SessionQuery {
        limit: MAX_SESSIONS_PAGE,
        ..SessionQuery::default()
    };
    loop {
        let page = store.sessions(&query).await?;
        for row in &page {
            let Some(person) = person(store, &mut accounts, &row.account).await? else {
                continue;
            };
            let root = row.parent.as_ref().unwrap_or(&row.sid);
            let family = families.entry(root.clone()).or_default();
            if let Some(session) = of_session(sessions, row, person, family.clone(), idle) {
                session.seen(row.last_seen);
                sessions.insert(TokenHash(row.hash), Arc::new(session));
            }
        }
        match page.last() {
            Some(last) => query.after.clone_from(&last.sid),
            None => break,
        }
    }
    let mut after = String::new();
    loop {
        let page = store.tokens(None, &after, MAX_TOKENS_PAGE).await?;
        for row in &page {
            if let Some(person) = person(store, &mut accounts, &row.account).await?
                && let Some(session) = of_token(sessions, row, person)
            {
                sessions.insert(TokenHash(row.hash), Arc::new(session));
            }
        }
        match page.last() {
            Some(last) => after.clone_from(&last.id),
            None => break,
        }
    }
    Ok(sessions.len())
}

/// Whom an account's sessions are of; `None` where it may not be signed in.
async fn person(
    store: &Store,
    known: &mut HashMap<String, Option<Arc<Person>>>,
    id: &str,
) -> Result<Option<Arc<Person>>, store::Error> {
    if let Some(person) = known.get(id) {
        return Ok(person.clone());
    }
    let account = store.account(id).await?;
    let person = account.filter(is_active).map(|it| Arc::new(person_of(&it)));
    known.insert(id.to_owned(), person.clone());
    Ok(person)
}

/// Whether an account may be signed in.
pub(super) fn is_active(account: &Account) -> bool {
    account.state == AccountState::Active
}

/// What an application is told of somebody.
pub(super) fn person_of(account: &Account) -> Person {
    // A header's value has no controls (RFC 9110 section 5.5).
    let plain = |text: &str| -> Box<str> { text.replace(char::is_control, " ").trim().into() };
    let groups: Vec<_> = account.groups.iter().map(GroupName::as_str).collect();
    let email = account.email.as_ref().map_or("", |email| email.expose());
    Person {
        account: account.id.as_str().into(),
        name: account.name.as_str().into(),
        display: plain(&account.display),
        email: plain(email),
        groups: groups.join(",").into(),
    }
}

/// A session as the edge finds it; `None` for a row whose name can't be read.
pub(super) fn of_session(
    sessions: &Sessions,
    row: &StoredSession,
    person: Arc<Person>,
    family: Arc<AtomicI64>,
    idle: Duration,
) -> Option<Session> {
    Some(Session {
        sid: secret::sid(&row.sid)?,
        credential: Credential::Cookie,
        person,
        sites: [sessions.site(&row.site)].into_iter().collect(),
        auth_time: row.auth_time,
        amr: row.amr.iter().map(|it| it.as_str().into()).collect(),
        expires: row.expires_at,
        last_seen: family,
        idle: Some(idle),
        cut: Cut::default(),
    })
}

/// What a token is found by.
pub(crate) const fn credential(kind: TokenKind) -> Credential {
    match kind {
        TokenKind::Bearer => Credential::Bearer,
        TokenKind::Basic => Credential::Basic,
    }
}

/// A token as the edge finds it.
pub(super) fn of_token(
    sessions: &Sessions,
    row: &StoredToken,
    person: Arc<Person>,
) -> Option<Session> {
    Some(Session {
        sid: secret::sid(&row.id)?,
        credential: credential(row.kind),
        person,
        sites: row.sites.iter().map(|site| sessions.site(site)).collect(),
        auth_time: row.created_at,
        amr: Box::default(),
        expires: row.expires_at,
        last_seen: Arc::new(AtomicI64::new(row.last_used.unwrap_or(Micros(0)).0)),
        idle: None,
        cut: Cut::default(),
    })
}
