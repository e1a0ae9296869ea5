//! What a request brings to say who asks: the session cookie, or an `Authorization` of
//! ours. Only what has the form of a secret of ours is looked up; everything else is the
//! application's.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use seam::{
    Credential, Session, Sessions, TokenHash,
    sessions::{SESSION_COOKIE, TOKEN_PREFIX, is_secret},
    snapshot::Tokens,
};
use terms::Micros;

/// Longest `Authorization` of ours: a name of 64 characters and a token, in base64.
const AUTHORIZATION_MAX: usize = 256;

/// The credentials of one request, as they stand in its head.
#[derive(Default)]
pub(crate) struct Credentials<'a> {
    cookie: Option<&'a [u8]>,
    /// The cookie stands there more than once: it counts as none.
    cookie_twice: bool,
    authorization: Option<&'a [u8]>,
}

/// Who asks.
pub(crate) enum Asker {
    /// Nobody that we know.
    Nobody,
    /// Somebody.
    Somebody(Arc<Session>),
    /// An `Authorization` of ours that holds for nothing here.
    Refused,
}

impl<'a> Credentials<'a> {
    /// Takes a `Cookie` field. HTTP/2 may split it into several.
    pub(crate) fn cookie(&mut self, value: &'a [u8]) {
        for pair in value.split(|byte| *byte == b';') {
            let secret = pair
                .trim_ascii_start()
                .strip_prefix(SESSION_COOKIE.as_bytes())
                .and_then(|rest| rest.strip_prefix(b"="));
            if let Some(secret) = secret {
                self.cookie_twice |= self.cookie.is_some();
                self.cookie = Some(secret.trim_ascii_end());
            }
        }
    }

    /// Takes an `Authorization` field.
    pub(crate) const fn authorization(&mut self, value: &'a [u8]) {
        self.authorization = Some(value);
    }

    /// The session cookie's secret, where it stands there once and is one.
    pub(crate) fn secret(&self) -> Option<&'a [u8]> {
        self.cookie.filter(|it| !self.cookie_twice && is_secret(it))
    }

    /// Looks up who asks for `site`, where `tokens` count. A session that nobody has used
    /// for too long is locked: it is nobody's until its owner signs in again.
    pub(crate) fn find(
        &self,
        sessions: &Sessions,
        site: &str,
        tokens: Tokens,
        now: Micros,
    ) -> Asker {
        if let Some(given) = self.authorization.and_then(ours) {
            let allowed = tokens.take(given.credential);
            let session = sessions
                .find(&given.hash, now)
                .filter(|session| allowed && given.is_for(session) && session.on(site).is_some());
            return session.map_or(Asker::Refused, |session| {
                session.seen(now);
                Asker::Somebody(session)
            });
        }
        let session = self
            .secret()
            .and_then(|secret| sessions.find(&hash(secret), now))
            .filter(|session| session.credential == Credential::Cookie)
            .filter(|session| session.on(site).is_some() && !session.is_locked(now));
        session.map_or(Asker::Nobody, Asker::Somebody)
    }
}

/// An `Authorization` of ours.
struct Given {
    credential: Credential,
    hash: TokenHash,
    /// The name that stands beside an app password.
    name: Option<Box<str>>,
}

impl Given {
    fn is_for(&self, session: &Session) -> bool {
        let named = self
            .name
            .as_ref()
            .is_none_or(|name| name.eq_ignore_ascii_case(&session.person.name));
        session.credential == self.credential && named
    }
}

/// Whether an `Authorization` bears a secret of ours; such a one never reaches an
/// application.
pub(crate) fn is_ours(value: &[u8]) -> bool {
    ours(value).is_some()
}

fn ours(value: &[u8]) -> Option<Given> {
    let value = value.trim_ascii();
    let space = value.iter().position(u8::is_ascii_whitespace)?;
    let (scheme, rest) = value.split_at_checked(space)?;
    let rest = rest.trim_ascii();
    if scheme.eq_ignore_ascii_case(b"bearer") {
        return Some(Given {
            credential: Credential::Bearer,
            hash: token(rest)?,
            name: None,
        });
    }
    if !scheme.eq_ignore_ascii_case(b"basic") || rest.len() > AUTHORIZATION_MAX {
        return None;
    }
    let pair = terms::from_base64(rest)?;
    let colon = pair.iter().position(|byte| *byte == b':')?;
    let (name, secret) = pair.split_at_checked(colon)?;
    let hash = token(secret.get(1..)?)?;
    Some(Given {
        credential: Credential::Basic,
        hash,
        name: Some(std::str::from_utf8(name).ok()?.into()),
    })
}

fn token(text: &[u8]) -> Option<TokenHash> {
    let secret = text.strip_prefix(TOKEN_PREFIX.as_bytes())?;
    is_secret(secret).then(|| hash(text))
}

fn hash(secret: &[u8]) -> TokenHash {
    let hash = digest(&SHA256, secret);
    // SHA-256 has 32 bytes.
    TokenHash(hash.as_ref().try_into().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use seam::sessions::of_ada;

    use super::*;

    const SECRET: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    const NOW: Micros = Micros(1);

    fn table(secret: &str, credential: Credential) -> Sessions {
        let sessions = Sessions::default();
        let session = of_ada(credential, &["app.test"]);
        sessions.insert(hash(secret.as_bytes()), Arc::new(session));
        sessions
    }

    fn word(asker: &Asker) -> &'static str {
        match asker {
            Asker::Nobody => "nobody",
            Asker::Somebody(_) => "somebody",
            Asker::Refused => "refused",
        }
    }

    #[test]
    fn the_cookie_counts_once_byte_for_byte_and_on_its_site() {
        let sessions = table(SECRET, Credential::Cookie);
        let check = |fields: &[String], site: &str, expected: &str| {
            let mut credentials = Credentials::default();
            for field in fields {
                credentials.cookie(field.as_bytes());
            }
            let asker = credentials.find(&sessions, site, Tokens::None, NOW);
            assert_eq!(word(&asker), expected, "{fields:?}");
        };
        let ours = format!("__Host-Http-waarborg={SECRET}");
        check(std::slice::from_ref(&ours), "app.test", "somebody");
        check(&[format!("a=1;  {ours} ; b=2")], "app.test", "somebody");
        check(&["a=1".to_owned(), ours.clone()], "app.test", "somebody");
        check(std::slice::from_ref(&ours), "other.test", "nobody");
        check(&[format!("{ours}; {ours}")], "app.test", "nobody");
        check(&[ours.clone(), ours.clone()], "app.test", "nobody");
        check(&[ours.replace("Host", "host")], "app.test", "nobody");
        check(&[format!("{ours}A")], "app.test", "nobody");
        check(
            &[ours.replace("waarborg=", "waarborg-start=")],
            "app.test",
            "nobody",
        );
        check(&[ours.replace("=A", "=B")], "app.test", "nobody");
    }

    #[test]
    fn a_locked_session_is_nobodys_and_an_open_one_is_its_owners() {
        let sessions = Sessions::default();
        let mut session = of_ada(Credential::Cookie, &["app.test"]);
        session.idle = Some(std::time::Duration::from_micros(10));
        sessions.insert(hash(SECRET.as_bytes()), Arc::new(session));
        let cookie = format!("__Host-Http-waarborg={SECRET}");
        let mut credentials = Credentials::default();
        credentials.cookie(cookie.as_bytes());
        let find = |now| word(&credentials.find(&sessions, "app.test", Tokens::None, Micros(now)));
        assert_eq!(find(9), "somebody");
        assert_eq!(find(10), "nobody");
    }

    #[test]
    fn tokens_count_where_the_route_takes_them_and_for_their_owner() {
        let secret = format!("wb_{SECRET}");
        let bearer = format!("Bearer {secret}");
        let basic = |name: &str| {
            format!(
                "Basic {}",
                terms::base64(format!("{name}:{secret}").as_bytes())
            )
        };
        let check = |credential, value: &str, tokens, site: &str, expected: &str| {
            let sessions = table(&secret, credential);
            let mut credentials = Credentials::default();
            credentials.authorization(value.as_bytes());
            let asker = credentials.find(&sessions, site, tokens, NOW);
            assert_eq!(word(&asker), expected, "{value} {tokens:?}");
        };
        use Credential::{Basic, Bearer};
        check(Bearer, &bearer, Tokens::Bearer, "app.test", "somebody");
        check(Bearer, &bearer, Tokens::Basic, "app.test", "somebody");
        check(Bearer, &bearer, Tokens::None, "app.test", "refused");
        check(Bearer, &bearer, Tokens::Bearer, "other.test", "refused");
        check(
            Bearer,
            &bearer.replace("Bearer", "bEARER "),
            Tokens::Bearer,
            "app.test",
            "somebody",
        );
        check(
            Bearer,
            &bearer.replace("AAA", "BBB"),
            Tokens::Bearer,
            "app.test",
            "refused",
        );
        check(Basic, &basic("ada"), Tokens::Basic, "app.test", "somebody");
        check(Basic, &basic("ADA"), Tokens::Basic, "app.test", "somebody");
        check(Basic, &basic("bob"), Tokens::Basic, "app.test", "refused");
        check(Basic, &basic("ada"), Tokens::Bearer, "app.test", "refused");
        // Each kind by its own scheme.
        check(Basic, &bearer, Tokens::Basic, "app.test", "refused");
        check(Bearer, &basic("ada"), Tokens::Basic, "app.test", "refused");
        // The application's own.
        for theirs in ["Bearer abc", "Basic YTpi", "Digest x", "Basic", "Basic %%%"] {
            check(Bearer, theirs, Tokens::Basic, "app.test", "nobody");
            assert!(!is_ours(theirs.as_bytes()));
        }
        assert!(is_ours(bearer.as_bytes()) && is_ours(basic("x").as_bytes()));
    }
}
