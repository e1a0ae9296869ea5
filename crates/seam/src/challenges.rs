//! Challenges of certificate authorities that are under way (TLS-ALPN-01, RFC 8737).
//!
//! Control posts one per name and takes it away again; the edge answers a hello that
//! offers `acme-tls/1` and nothing else with it, and with it alone. They stand beside
//! the snapshot rather than in it: they come and go while nothing else changes.

use std::{collections::HashMap, fmt, sync::Arc};

use arc_swap::ArcSwap;
use rustls::sign::CertifiedKey;

/// Challenges at once; a further one isn't posted. Control has a few orders under way,
/// each for at most 101 names.
pub const CHALLENGES_MAX: usize = 1024;

type ByName = HashMap<Box<str>, Arc<CertifiedKey>>;

/// The challenge certificates, by name. Clones are the same ones.
#[derive(Clone, Default)]
pub struct Challenges(Arc<ArcSwap<ByName>>);

impl fmt::Debug for Challenges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.load().keys()).finish()
    }
}

impl Challenges {
    /// Answers the challenge for `host` (lower case) with `key` until what is returned
    /// is dropped. `None` beyond [`CHALLENGES_MAX`].
    pub fn post(&self, host: &str, key: &Arc<CertifiedKey>) -> Option<Posted> {
        let mut room = false;
        self.0.rcu(|present| {
            let mut next = ByName::clone(present);
            room = next.len() < CHALLENGES_MAX || next.contains_key(host);
            if room {
                next.insert(host.into(), key.clone());
            }
            next
        });
        room.then(|| Posted {
            of: self.clone(),
            host: host.into(),
        })
    }

    /// The challenge certificate for a name (lower case).
    pub fn find(&self, host: &str) -> Option<Arc<CertifiedKey>> {
        self.0.load().get(host).cloned()
    }
}

/// A challenge that is answered for as long as this lives.
#[must_use]
#[derive(Debug)]
pub struct Posted {
    of: Challenges,
    host: Box<str>,
}

impl Drop for Posted {
    fn drop(&mut self) {
        self.of.0.rcu(|present| {
            let mut next = ByName::clone(present);
            next.remove(&self.host);
            next
        });
    }
}
