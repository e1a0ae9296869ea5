//! Who may enter the console: links that were made over `control.sock`, and the sessions
//! that they become.
//!
//! Nothing of it is stored. Of a secret only its hash is kept; a restart or an upgrade
//! ends every session, and whoever may run commands here makes a new link.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use seam::TokenHash;
use store::Actor;
use terms::{Clock, Micros, Rng, Secret};

use crate::accounts::secret;

/// How long a link holds.
const LINK_LIFE: Duration = Duration::from_secs(60);
/// Links that may be open; the oldest gives way to a new one.
const LINKS_MAX: usize = 16;
/// A session ends after so long without a request.
const IDLE: Duration = Duration::from_secs(15 * 60);
/// A session ends after so long in any case.
const LIFE: Duration = Duration::from_secs(8 * 3600);
/// Sessions at a time; the one unused for longest gives way to a new one.
const SESSIONS_MAX: usize = 16;

struct Link {
    hash: TokenHash,
    actor: Actor,
    made: Micros,
}

struct Session {
    hash: TokenHash,
    actor: Actor,
    /// The token of its forms.
    token: Secret<String>,
    begun: Micros,
    last: Micros,
}

#[derive(Default)]
struct Kept {
    links: Vec<Link>,
    sessions: Vec<Session>,
}

/// Links and sessions of the console on one operations listener.
pub(crate) struct Door {
    address: SocketAddr,
    clock: Clock,
    rng: Rng,
    kept: Mutex<Kept>,
}

/// Whoever is inside.
pub(super) struct Known {
    pub(super) actor: Actor,
    pub(super) token: Secret<String>,
}

impl Door {
    /// Of the operations listener at this address.
    pub(crate) fn new(address: SocketAddr, clock: Clock, rng: Rng) -> Self {
        Self {
            address,
            clock,
            rng,
            kept: Mutex::default(),
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // Nothing that is done while it is held panics halfway.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        kept.links.retain(|it| now < it.made.after(LINK_LIFE));
        kept.sessions
            .retain(|it| now < it.last.after(IDLE) && now < it.begun.after(LIFE));
        kept
    }

    /// A link that opens the console once, for whoever asked; `None` where the listener
    /// can't be reached over loopback: a password would cross the network in the clear.
    pub(crate) fn link(&self, prefix: &str, actor: Actor) -> Option<Secret<String>> {
        let host = match self.address.ip() {
            IpAddr::V4(ip) if ip.is_loopback() || ip.is_unspecified() => "127.0.0.1",
            IpAddr::V6(ip) if ip.is_loopback() || ip.is_unspecified() => "[::1]",
            _ => return None,
        };
        let made = secret::made(&self.rng);
        let mut kept = self.kept();
        if kept.links.len() >= LINKS_MAX {
            kept.links.remove(0);
        }
        kept.links.push(Link {
            hash: made.hash,
            actor,
            made: self.clock.now(),
        });
        let (port, text) = (self.address.port(), made.text.expose());
        Some(Secret::new(format!(
            "http://{host}:{port}{prefix}admin/enter?secret={text}"
        )))
    }

    /// Takes a link, once: who had it made.
    pub(super) fn take(&self, given: &str) -> Option<Actor> {
        let hash = secret::hash(given.as_bytes());
        let mut kept = self.kept();
        let at = kept.links.iter().position(|it| it.hash == hash)?;
        Some(kept.links.remove(at).actor)
    }

    /// Begins a session; gives the secret of its cookie.
    pub(super) fn begin(&self, actor: Actor) -> Secret<String> {
        let (cookie, token) = (secret::made(&self.rng), secret::made(&self.rng));
        let mut kept = self.kept();
        if kept.sessions.len() >= SESSIONS_MAX {
            // Whoever is used moves to the end.
            kept.sessions.remove(0);
        }
        let now = self.clock.now();
        kept.sessions.push(Session {
            hash: cookie.hash,
            actor,
            token: token.text,
            begun: now,
            last: now,
        });
        cookie.text
    }

    /// The session of a cookie; it counts as used.
    pub(super) fn find(&self, cookie: &str) -> Option<Known> {
        let hash = secret::hash(cookie.as_bytes());
        let mut kept = self.kept();
        let at = kept.sessions.iter().position(|it| it.hash == hash)?;
        let mut session = kept.sessions.remove(at);
        session.last = self.clock.now();
        let known = Known {
            actor: session.actor.clone(),
            token: session.token.clone(),
        };
        kept.sessions.push(session);
        Some(known)
    }

    /// Ends the session of a cookie.
    pub(super) fn leave(&self, cookie: &str) {
        let hash = secret::hash(cookie.as_bytes());
        self.kept().sessions.retain(|it| it.hash != hash);
    }

    /// Whether this is what the browser calls the listener: only names of loopback, each
    /// with its port. Any other may be a website's own, pointed here (DNS rebinding).
    pub(super) fn is_own(&self, host: &str) -> bool {
        let Some((name, port)) = host.rsplit_once(':') else {
            return false;
        };
        port.parse() == Ok(self.address.port())
            && matches!(name, "127.0.0.1" | "[::1]" | "localhost")
    }

    /// The name of the cookie: cookies know no ports, and two servers may run here.
    pub(super) fn cookie_name(&self) -> String {
        format!("waarborg-console-{}", self.address.port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn door() -> (Door, Clock) {
        let clock = Clock::manual(Micros(1_000_000_000));
        let address = "127.0.0.1:9443".parse().unwrap();
        (Door::new(address, clock.clone(), Rng::System), clock)
    }

    fn link(door: &Door) -> String {
        let link = door.link("/-/", Actor::command(7)).unwrap();
        let (at, secret) = link.expose().split_once("?secret=").unwrap();
        assert_eq!(at, "http://127.0.0.1:9443/-/admin/enter");
        secret.to_owned()
    }

    #[test]
    fn a_link_opens_once_and_within_a_minute() {
        let (door, clock) = door();
        let secret = link(&door);
        assert_eq!(door.take("other"), None);
        clock.advance(LINK_LIFE - Duration::from_micros(1));
        assert_eq!(door.take(&secret), Some(Actor::command(7)));
        assert_eq!(door.take(&secret), None);
        let late = link(&door);
        clock.advance(LINK_LIFE);
        assert_eq!(door.take(&late), None);
    }

    #[test]
    fn links_are_few_and_the_oldest_gives_way() {
        let (door, _) = door();
        let secrets: Vec<_> = (0..=LINKS_MAX).map(|_| link(&door)).collect();
        assert_eq!(door.take(&secrets[0]), None);
        assert!(
            secrets[1..]
                .iter()
                .all(|secret| door.take(secret).is_some())
        );
    }

    #[test]
    fn a_session_ends_when_it_is_idle_and_after_its_life_in_any_case() {
        let (door, clock) = door();
        let idle = door.begin(Actor::command(7));
        clock.advance(IDLE);
        assert!(door.find(idle.expose()).is_none());
        let used = door.begin(Actor::command(7));
        let step = IDLE - Duration::from_secs(1);
        let mut lived = Duration::ZERO;
        while lived + step < LIFE {
            clock.advance(step);
            lived += step;
            assert!(door.find(used.expose()).is_some(), "{lived:?}");
        }
        clock.advance(LIFE - lived);
        assert!(door.find(used.expose()).is_none());
    }

    #[test]
    fn sessions_are_few_and_the_one_unused_for_longest_gives_way() {
        let (door, _) = door();
        let all: Vec<_> = (0..SESSIONS_MAX)
            .map(|_| door.begin(Actor::command(7)))
            .collect();
        assert!(door.find(all[0].expose()).is_some());
        door.begin(Actor::command(7));
        assert!(door.find(all[0].expose()).is_some());
        assert!(door.find(all[1].expose()).is_none());
        door.leave(all[0].expose());
        assert!(door.find(all[0].expose()).is_none());
    }

    #[test]
    fn there_is_no_link_to_a_listener_on_the_network() {
        for (address, host) in [
            ("0.0.0.0:9443", Some("http://127.0.0.1:9443")),
            ("[::]:9443", Some("http://[::1]:9443")),
            ("[::1]:9443", Some("http://[::1]:9443")),
            ("192.0.2.1:9443", None),
            ("[2001:db8::1]:9443", None),
        ] {
            let door = Door::new(address.parse().unwrap(), Clock::System, Rng::System);
            let link = door.link("/-/", Actor::command(7));
            assert_eq!(link.is_some(), host.is_some(), "{address}");
            assert!(link.is_none_or(|it| it.expose().starts_with(host.unwrap())));
        }
    }

    #[test]
    fn only_names_of_loopback_with_the_port_are_its_own() {
        let (door, _) = door();
        for host in ["127.0.0.1:9443", "[::1]:9443", "localhost:9443"] {
            assert!(door.is_own(host), "{host}");
        }
        for host in [
            "evil.example:9443",
            "localhost",
            "localhost:80",
            "localhost.evil:9443",
        ] {
            assert!(!door.is_own(host), "{host}");
        }
    }
}
