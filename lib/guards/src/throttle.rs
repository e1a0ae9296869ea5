//! Promise `throttle`: how many requests one client may make in a time.
//!
//! Each class of requests has a pace, and each client its own account of it on each site
//! ([`gcra`]). Who is signed in, or comes with a token, is known by that: two hundred
//! people behind one address don't use up each other's requests. Everybody else is known
//! by an address: an IPv4 address, or an IPv6 /64, since whoever has one address of a /64
//! has them all. A /48 has [`NETWORK`] times as much, so that whoever has one of those
//! isn't 65,536 clients.

use std::{fmt, net::IpAddr, num::NonZeroU32, time::Duration};

use gcra::Verdict;
pub use gcra::{Moment, Pace, Table};

use crate::{block::one_form, network::Networks};

/// How many clients' pace an IPv6 /48 has.
pub const NETWORK: NonZeroU32 = NonZeroU32::new(16).expect("not zero");

/// A class of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// Pages and what belongs to them.
    Pages,
    /// What programs ask for.
    Api,
    /// Attempts to get in: what is sent to sign-in, and credentials that aren't known.
    SignIn,
    /// Reports from browsers and people.
    Reports,
}

impl Class {
    /// All of them, in the order of [`Throttle::new`].
    pub const ALL: [Self; 4] = [Self::Pages, Self::Api, Self::SignIn, Self::Reports];

    /// The word in fields, rules and metrics.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::Api => "api",
            Self::SignIn => "sign-in",
            Self::Reports => "reports",
        }
    }
}

/// Whose requests are counted together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Client<'a> {
    /// Nothing is known but where they come from.
    Address(IpAddr),
    /// Somebody is signed in with a browser: by the account's id.
    Account(&'a str),
    /// A bearer token or app password: by its public id.
    Token([u8; 16]),
}

/// What a client was counted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// An IPv4 address, or an IPv6 /64.
    Address,
    /// An IPv6 /48.
    Network,
    /// An account.
    Account,
    /// A token.
    Token,
}

/// How much of its pace a client has left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The class.
    pub class: Class,
    /// What it was counted by.
    pub by: By,
    /// The pace.
    pub pace: Pace,
    /// Requests that it may still make at once.
    pub remaining: u32,
    /// When its whole burst is there again; after a refusal, when the next request is let in.
    pub wait: Duration,
}

/// Names no client: it stands in records.
impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = match self.by {
            By::Address => "address",
            By::Network => "network",
            By::Account => "account",
            By::Token => "token",
        };
        write!(f, "{}:{by}", self.class.word())
    }
}

/// Paces, and who has none.
#[derive(Debug, Clone)]
pub struct Throttle {
    /// Of one client, and of an IPv6 /48.
    paces: [(Pace, Pace); Class::ALL.len()],
    exempt: Networks,
    /// Nobody is refused.
    pub observe: bool,
}

/// Paces that nobody meets.
impl Default for Throttle {
    fn default() -> Self {
        Self::new([Pace::FREE; Class::ALL.len()], Networks::default(), false)
    }
}

impl Throttle {
    /// The pace of each class, in the order of [`Class::ALL`].
    pub fn new(paces: [Pace; Class::ALL.len()], exempt: Networks, observe: bool) -> Self {
        Self {
            paces: paces.map(|pace| (pace, pace.times(NETWORK))),
            exempt,
            observe,
        }
    }

    /// The pace of a class: of one client, and of an IPv6 /48.
    pub const fn pace(&self, class: Class) -> (Pace, Pace) {
        let [pages, api, sign_in, reports] = self.paces;
        match class {
            Class::Pages => pages,
            Class::Api => api,
            Class::SignIn => sign_in,
            Class::Reports => reports,
        }
    }

    /// Whether an address is never refused.
    pub fn exempts(&self, client: IpAddr) -> bool {
        self.exempt.contains(client)
    }

    /// Counts one request of a client on a site, where it is within the pace.
    ///
    /// # Errors
    /// It isn't, and costs nothing: whoever waits as long as the standing says is let in.
    pub fn judge(
        &self,
        table: &Table,
        (site, class): (u16, Class),
        client: Client<'_>,
        now: Moment,
    ) -> Result<Standing, Standing> {
        let count = |by: By, who: u64, pace: Pace| {
            let standing = |remaining, wait| Standing {
                class,
                by,
                pace,
                remaining,
                wait,
            };
            match table.check(key(by, site, class, who), pace, now) {
                Verdict::Admitted {
                    remaining,
                    reset_after,
                } => Ok(standing(remaining, reset_after)),
                Verdict::Limited { retry_after } => Err(standing(0, retry_after)),
            }
        };
        let (pace, wide) = self.pace(class);
        let address = match client {
            Client::Address(address) => one_form(address),
            Client::Account(id) => return count(By::Account, digest(id.as_bytes()), pace),
            Client::Token(id) => return count(By::Token, digest(&id), pace),
        };
        let v6 = match address {
            IpAddr::V4(v4) => return count(By::Address, v4.to_bits().into(), pace),
            IpAddr::V6(v6) => v6,
        };
        let [a, b, c, d, ..] = v6.segments().map(u64::from);
        let network = a << 32 | b << 16 | c;
        let standing = count(By::Address, network << 16 | d, pace)?;
        count(By::Network, network, wide)?;
        Ok(standing)
    }
}

/// Each kind of client, class and site has an account of its own.
const fn key(by: By, site: u16, class: Class, who: u64) -> u128 {
    (by as u128) << 96 | (class as u128) << 80 | (site as u128) << 64 | who as u128
}

/// FNV-1a (Fowler, Noll, Vo) of an id: ids are ours, nobody can choose them. The table
/// hashes it under its secret.
fn digest(id: &[u8]) -> u64 {
    id.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
