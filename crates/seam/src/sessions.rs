//! The session table: control alone inserts and removes, the edge looks up.
//!
//! Three kinds of credential stand in it, each under the SHA-256 of its secret: session
//! cookies, bearer tokens and app passwords.

mod table;

use std::{
    collections::HashSet,
    fmt,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use smallvec::SmallVec;
use terms::{Micros, RequestId};
use tokio::sync::Notify;

use self::table::Table;

/// The name of the session cookie. Script can't set `__Host-Http-` names, and siblings
/// can't set `__Host-` ones.
pub const SESSION_COOKIE: &str = "__Host-Http-waarborg";
/// The cookie of a browser that begins to sign in.
pub const START_COOKIE: &str = "__Host-Http-waarborg-start";
/// The cookie of a browser that has signed in before.
pub const DEVICE_COOKIE: &str = "__Host-Http-waarborg-device";
/// The cookie of a browser whose owner has chosen a language.
pub const LANGUAGE_COOKIE: &str = "__Host-Http-waarborg-language";
/// How bearer tokens and app passwords begin: so they are told from the application's own.
pub const TOKEN_PREFIX: &str = "wb_";
/// Length of a secret: 256 bits in base64url without padding (RFC 4648 section 5).
pub const SECRET_CHARS: usize = 43;

/// SHA-256 of a secret: the table never holds one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Whether these are the characters of a secret, so that looking it up makes sense.
pub fn is_secret(text: &[u8]) -> bool {
    let base64url = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    text.len() == SECRET_CHARS && text.iter().all(base64url)
}

/// What a session was found by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Credential {
    /// A browser's cookie.
    Cookie,
    /// `Authorization: Bearer`.
    Bearer,
    /// The password of HTTP Basic.
    Basic,
}

/// Whom a session is of. What the application is told.
#[derive(PartialEq, Eq)]
pub struct Person {
    /// The account's id: never given out anew.
    pub account: Box<str>,
    /// The name they sign in with.
    pub name: Box<str>,
    /// For people to read.
    pub display: Box<str>,
    /// The address; empty where none is known.
    pub email: Box<str>,
    /// The account's groups, sorted, joined by commas: as the application gets them.
    pub groups: Box<str>,
}

impl Person {
    /// Whether they are in a group.
    pub fn is_in(&self, group: &str) -> bool {
        self.groups.split(',').any(|one| one == group)
    }
}

impl fmt::Debug for Person {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Person({})", self.account)
    }
}

/// What control has signed for an application.
#[derive(Debug)]
pub struct Assertion {
    /// A JWT (RFC 7519).
    pub text: Box<str>,
    /// When it was signed.
    pub signed_at: Micros,
}

/// A site that a session is for.
#[derive(Debug)]
pub struct OnSite {
    /// Its host: the same text for every session, so that it is near when it is compared.
    pub host: Arc<str>,
    /// The last assertion for its application.
    pub assertion: ArcSwapOption<Assertion>,
    /// Another one is under way.
    pub asked: AtomicBool,
}

impl OnSite {
    /// A site for which nothing is signed yet.
    pub fn new(host: Arc<str>) -> Self {
        Self {
            host,
            assertion: ArcSwapOption::empty(),
            asked: AtomicBool::new(false),
        }
    }
}

/// A live session of one person. What every look-up reads comes first: main memory is far.
#[derive(Debug)]
#[repr(C)]
pub struct Session {
    /// When it ends in any case.
    pub expires: Micros,
    /// After so long without a human's doing it is locked.
    pub idle: Option<Duration>,
    /// Last human activity of the whole family, microseconds: what the edge writes.
    pub last_seen: Arc<AtomicI64>,
    /// Where it holds: one site for a cookie.
    pub sites: SmallVec<[OnSite; 1]>,
    /// What it is found by.
    pub credential: Credential,
    /// Fires when the session ends.
    pub cut: Cut,
    /// Whose it is.
    pub person: Arc<Person>,
    /// Random, not derived from the secret: what logs and the application may see.
    pub sid: [u8; 16],
    /// When the credentials were given.
    pub auth_time: Micros,
    /// How: RFC 8176 method names.
    pub amr: Box<[Box<str>]>,
}

impl Session {
    /// Its part for a site, where it holds there.
    pub fn on(&self, host: &str) -> Option<&OnSite> {
        self.sites.iter().find(|site| *site.host == *host)
    }

    /// Its [`sid`](Self::sid) as text: 32 hexadecimal digits.
    pub fn public_name(&self) -> String {
        RequestId(self.sid).to_string()
    }

    /// Whether a second factor was shown with it (RFC 8176: `mfa`).
    pub fn has_second_factor(&self) -> bool {
        self.amr.iter().any(|method| &**method == "mfa")
    }

    /// Whether the credentials were given no longer ago than this.
    pub fn is_fresh(&self, within: Duration, now: Micros) -> bool {
        now < self.auth_time.after(within)
    }

    /// Whether nobody has done anything for too long: whoever comes back signs in again.
    pub fn is_locked(&self, now: Micros) -> bool {
        let seen = Micros(self.last_seen.load(Ordering::Relaxed));
        self.idle.is_some_and(|idle| seen.after(idle) <= now)
    }

    /// Notes that a person did something. Earlier moments change nothing.
    pub fn seen(&self, now: Micros) {
        self.last_seen.fetch_max(now.0, Ordering::Relaxed);
    }
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
    by_token: Table,
    hosts: Mutex<HashSet<Arc<str>>>,
}

impl Sessions {
    /// The live session of a secret; `now` decides about its end. A locked one is found.
    pub fn find(&self, token: &TokenHash, now: Micros) -> Option<Arc<Session>> {
        let session = self.by_token.get(token)?;
        (now < session.expires && !session.cut.is_cut()).then_some(session)
    }

    /// Adds a session, or puts it in the place of the one that was there, whose open
    /// streams are then cut: what they were opened with may not hold any more. Control
    /// alone calls it.
    pub fn insert(&self, token: TokenHash, session: Arc<Session>) {
        if let Some(before) = self.by_token.insert(&token, session) {
            before.cut.cut();
        }
    }

    /// Ends a session: the next look-up misses, open streams are cut.
    pub fn revoke(&self, token: &TokenHash) -> bool {
        let Some(session) = self.by_token.remove(token) else {
            return false;
        };
        session.cut.cut();
        true
    }

    /// Ends every session: for when nobody tells any more which ones were revoked.
    pub fn revoke_all(&self) {
        for session in self.by_token.clear() {
            session.cut.cut();
        }
    }

    /// Those of some people, with what they are found by. Looks at every session: for
    /// control's housekeeping.
    pub fn of(&self, wanted: impl Fn(&Person) -> bool) -> Vec<(TokenHash, Arc<Session>)> {
        self.by_token.filter(|session| wanted(&session.person))
    }

    /// A site for sessions of this table: hosts that sessions were ever for are kept, of
    /// which there are as many as the configuration ever had sites.
    pub fn site(&self, host: &str) -> OnSite {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        let known = hosts.get(host).cloned();
        OnSite::new(known.unwrap_or_else(|| {
            let host: Arc<str> = host.into();
            hosts.insert(host.clone());
            host
        }))
    }

    /// How many are live.
    pub fn len(&self) -> usize {
        self.by_token.len()
    }

    /// Whether none is live.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// For tests, of this crate and of others (cargo feature `testing`): a session of `ada`
/// from the group `staff` on these hosts, which ends in the year 2286.
#[cfg(any(test, feature = "testing"))]
pub fn of_ada(credential: Credential, hosts: &[&str]) -> Session {
    Session {
        sid: [1; 16],
        credential,
        person: Arc::new(Person {
            account: "0123456789abcdef0123456789abcdef".into(),
            name: "ada".into(),
            display: "Ada Lovelace".into(),
            email: "ada@example.com".into(),
            groups: "finance,staff".into(),
        }),
        sites: hosts
            .iter()
            .map(|host| OnSite::new((*host).into()))
            .collect(),
        auth_time: Micros(0),
        amr: Box::new(["pwd".into()]),
        expires: Micros(10_000_000_000_000_000),
        last_seen: Arc::default(),
        idle: None,
        cut: Cut::default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(expires: i64) -> Arc<Session> {
        Arc::new(Session {
            expires: Micros(expires),
            ..of_ada(Credential::Cookie, &["app.test"])
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
    async fn what_is_replaced_is_cut_and_what_takes_its_place_is_not() {
        let sessions = Sessions::default();
        let token = TokenHash([1; 32]);
        let (before, after) = (session(100), session(100));
        sessions.insert(token, before.clone());
        sessions.insert(token, after.clone());
        before.cut.wait().await;
        assert!(!after.cut.is_cut());
        assert!(sessions.find(&token, Micros(5)).is_some());
    }

    #[tokio::test]
    async fn all_can_be_ended_at_once() {
        let sessions = Sessions::default();
        for number in 1..=3 {
            sessions.insert(TokenHash([number; 32]), session(100));
        }
        assert_eq!(sessions.of(|_| true).len(), 3);
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

    #[test]
    fn a_second_factor_is_one_of_the_methods_and_credentials_grow_old() {
        let mut session = of_ada(Credential::Cookie, &["app.test"]);
        assert!(!session.has_second_factor());
        session.amr = Box::new(["pwd".into(), "otp".into(), "mfa".into()]);
        assert!(session.has_second_factor());
        session.auth_time = Micros(100);
        let minute = Duration::from_secs(60);
        assert!(session.is_fresh(minute, Micros(99).after(minute)));
        assert!(!session.is_fresh(minute, Micros(100).after(minute)));
    }

    #[test]
    fn a_session_is_locked_while_nobody_does_anything_and_a_token_never_is() {
        let minute = Duration::from_secs(60);
        let mut session = of_ada(Credential::Cookie, &["app.test"]);
        session.idle = Some(minute);
        session.seen(Micros(100));
        session.seen(Micros(50));
        assert!(!session.is_locked(Micros(99).after(minute)));
        assert!(session.is_locked(Micros(100).after(minute)));
        session.idle = None;
        assert!(!session.is_locked(Micros(i64::MAX)));
    }

    #[test]
    fn a_secret_is_told_by_its_length_and_characters() {
        let good = "A-z_".repeat(10) + "019";
        assert!(is_secret(good.as_bytes()));
        for bad in [
            "",
            &good[1..],
            &(good.clone() + "a"),
            &good.replace('-', "+"),
        ] {
            assert!(!is_secret(bad.as_bytes()), "{bad}");
        }
    }
}
