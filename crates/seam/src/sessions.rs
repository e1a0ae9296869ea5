//! The session table: control alone inserts and removes, the edge looks up.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
};

use papaya::HashMap;
use terms::Micros;
use tokio::sync::Notify;

/// SHA-256 of a session cookie's value: the table never holds a token.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// A live session of one person on one site.
#[derive(Debug)]
pub struct Session {
    /// Random, not derived from the token: what logs and the application may see.
    pub sid: [u8; 16],
    /// The account.
    pub user: Box<str>,
    /// The site it belongs to.
    pub site: u16,
    /// The account's groups, sorted.
    pub groups: Box<[Box<str>]>,
    /// When the credentials were given.
    pub auth_time: Micros,
    /// How: RFC 8176 method names.
    pub amr: Box<[Box<str>]>,
    /// When it ends in any case.
    pub expires: Micros,
    /// Last human activity, microseconds: the one thing the edge writes.
    pub last_seen: AtomicI64,
    /// Signed by control for the application.
    pub assertion: Option<Box<str>>,
    /// Fires when the session ends.
    pub cut: Cut,
}

/// The end of a session: open WebSockets and streams wait for it.
#[derive(Debug, Default)]
pub struct Cut {
    done: AtomicBool,
    waiters: Notify,
}

impl Cut {
    /// Ends the session for everyone who waits.
    pub fn cut(&self) {
        self.done.store(true, Ordering::SeqCst);
        self.waiters.notify_waiters();
    }

    /// Whether it is over.
    pub fn is_cut(&self) -> bool {
        self.done.load(Ordering::SeqCst)
    }

    /// Returns once the session is over.
    pub async fn wait(&self) {
        let waiter = self.waiters.notified();
        tokio::pin!(waiter);
        // Registered before the flag is read: a cut in between is not missed.
        waiter.as_mut().enable();
        if !self.is_cut() {
            waiter.await;
        }
    }
}

/// Every live session. Look-ups take no lock.
#[derive(Debug, Default)]
pub struct Sessions {
    by_token: HashMap<TokenHash, Arc<Session>>,
}

impl Sessions {
    /// The live session of a token; `now` decides about its end.
    pub fn find(&self, token: &TokenHash, now: Micros) -> Option<Arc<Session>> {
        let session = self.by_token.pin().get(token).cloned()?;
        (now < session.expires && !session.cut.is_cut()).then_some(session)
    }

    /// Adds a session. Control alone calls it.
    pub fn insert(&self, token: TokenHash, session: Arc<Session>) {
        self.by_token.pin().insert(token, session);
    }

    /// Ends a session: the next look-up misses, open streams are cut.
    pub fn revoke(&self, token: &TokenHash) -> bool {
        let table = self.by_token.pin();
        let Some(session) = table.remove(token) else {
            return false;
        };
        session.cut.cut();
        true
    }

    /// Ends every session: for when nobody tells any more which ones were revoked.
    pub fn revoke_all(&self) {
        let table = self.by_token.pin();
        for session in table.values() {
            session.cut.cut();
        }
        table.clear();
    }

    /// How many are live.
    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Whether none is live.
    pub fn is_empty(&self) -> bool {
        self.by_token.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(expires: i64) -> Arc<Session> {
        Arc::new(Session {
            sid: [1; 16],
            user: "ada".into(),
            site: 0,
            groups: Box::default(),
            auth_time: Micros(0),
            amr: Box::default(),
            expires: Micros(expires),
            last_seen: AtomicI64::new(0),
            assertion: None,
            cut: Cut::default(),
        })
    }

    #[tokio::test]
    async fn a_revoked_session_is_gone_at_once_and_its_streams_are_cut() {
        let sessions = Sessions::default();
        let (token, twin) = (TokenHash([1; 32]), TokenHash([2; 32]));
        sessions.insert(token, session(100));
        sessions.insert(twin, session(100));
        let held = sessions.find(&token, Micros(5)).expect("live");
        let waiting = tokio::spawn({
            let held = held.clone();
            async move { held.cut.wait().await }
        });
        assert!(sessions.revoke(&token));
        waiting.await.expect("the waiter ends");
        assert!(sessions.find(&token, Micros(5)).is_none());
        assert!(sessions.find(&twin, Micros(5)).is_some());
        assert!(!sessions.revoke(&token));
    }

    #[tokio::test]
    async fn all_can_be_ended_at_once() {
        let sessions = Sessions::default();
        for number in 1..=3 {
            sessions.insert(TokenHash([number; 32]), session(100));
        }
        let held = sessions.find(&TokenHash([3; 32]), Micros(5)).expect("live");
        sessions.revoke_all();
        held.cut.wait().await;
        assert!(sessions.is_empty());
        assert!(sessions.find(&TokenHash([1; 32]), Micros(5)).is_none());
    }

    #[test]
    fn an_expired_session_is_not_found() {
        let sessions = Sessions::default();
        sessions.insert(TokenHash([1; 32]), session(100));
        assert!(sessions.find(&TokenHash([1; 32]), Micros(99)).is_some());
        assert!(sessions.find(&TokenHash([1; 32]), Micros(100)).is_none());
    }
}
