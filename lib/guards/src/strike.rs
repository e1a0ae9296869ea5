//! Promise `block`: what a client may be banned for without a person.
//!
//! One strike bans nobody: [`Cause::needs`] says how many within which time do. The paths of
//! [`SOUGHT`] are those of applications that scanners try everywhere; a strike is one that
//! isn't there, and only different ones count, so that whoever asks for one page again and
//! again is no scanner.
//!
//! Who is never banned, whatever comes from there: [`is_bannable`].

use std::{net::IpAddr, time::Duration};

use crate::block::{IpRange, is_for_drills, is_local, one_form};

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Strike {
    /// A request was refused since too many came, and nobody was signed in.
    Throttled,
    /// One of [`SOUGHT`] was asked for, by its place, and isn't there.
    Sought(u8),
    /// Name or password were wrong; the number tells names apart.
    Guessed(u64),
}

/// What somebody is banned for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Cause {
    /// Too many requests, on and on.
    Throttled,
    /// Asking for what attackers look for.
    Scan,
    /// Trying passwords at many accounts.
    LockOut,
}

/// How much of it bans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Needs {
    /// Strikes.
    pub strikes: u64,
    /// Different ones among them.
    pub different: usize,
    /// Within this time since the first.
    pub within: Duration,
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Throttled, Self::Scan, Self::LockOut];

    /// The word in commands, metrics and the audit trail.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Throttled => "throttled",
            Self::Scan => "scan",
            Self::LockOut => "lock-out",
        }
    }

    /// The cause of that word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|cause| cause.word() == word)
    }

    /// How much of it bans.
    pub const fn needs(self) -> Needs {
        match self {
            Self::Throttled => Needs {
                strikes: 500,
                different: 0,
                within: Duration::from_mins(10),
            },
            Self::Scan => Needs {
                strikes: 5,
                different: 5,
                within: Duration::from_hours(1),
            },
            Self::LockOut => Needs {
                strikes: 30,
                different: 10,
                within: Duration::from_mins(10),
            },
        }
    }
}

impl Strike {
    /// What it may lead to.
    pub const fn cause(self) -> Cause {
        match self {
            Self::Throttled => Cause::Throttled,
            Self::Sought(_) => Cause::Scan,
            Self::Guessed(_) => Cause::LockOut,
        }
    }

    /// What tells it from others of its cause.
    pub fn what(self) -> u64 {
        match self {
            Self::Throttled => 0,
            Self::Sought(place) => place.into(),
            Self::Guessed(name) => name,
        }
    }
}

/// How long the first ban lasts, the second, and so on; the last is the longest.
pub const LENGTHS: [Duration; 4] = [
    Duration::from_mins(10),
    Duration::from_hours(1),
    Duration::from_hours(6),
    Duration::from_hours(24),
];

/// Paths that attackers look for, in lower case, each with all that is below it. None is
/// one that a browser, a mail program or a search engine asks for by itself.
pub const SOUGHT: [&str; 36] = [
    "/.env",
    "/.env.bak",
    "/.env.local",
    "/.env.production",
    "/.git",
    "/.svn",
    "/.hg",
    "/.aws",
    "/.ssh",
    "/.htpasswd",
    "/.ds_store",
    "/.vscode",
    "/wp-login.php",
    "/wp-admin",
    "/wp-config.php",
    "/wp-config.php.bak",
    "/wp-includes",
    "/xmlrpc.php",
    "/phpmyadmin",
    "/pma",
    "/adminer.php",
    "/phpinfo.php",
    "/info.php",
    "/shell.php",
    "/vendor/phpunit",
    "/_ignition",
    "/cgi-bin",
    "/server-status",
    "/boaform",
    "/hnap1",
    "/actuator",
    "/solr",
    "/dana-na",
    "/backup.sql",
    "/dump.sql",
    "/web.config",
];

/// The place of a path in [`SOUGHT`], however its letters are written.
pub fn sought(path: &str) -> Option<u8> {
    let is = |sought: &str| {
        let start = path.as_bytes().get(..sought.len());
        let rest = path.as_bytes().get(sought.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(sought.as_bytes()))
            && rest.is_none_or(|byte| *byte == b'/')
    };
    let place = SOUGHT.iter().position(|sought| is(sought))?;
    u8::try_from(place).ok()
}

/// Whose strikes are counted together: an IPv4 address, or the /64 of an IPv6 one.
pub fn client(address: IpAddr) -> Option<IpRange> {
    let address = one_form(address);
    let bits = if address.is_ipv4() { 32 } else { 64 };
    IpRange::around(address, bits).ok()
}

/// Whether an address may be banned without a person: none that every network has for
/// itself, and none of documentation (RFC 5737, RFC 3849), which drills come from.
pub fn is_bannable(address: IpAddr) -> bool {
    let address = one_form(address);
    let documentation = match address {
        IpAddr::V4(v4) => v4.is_documentation(),
        IpAddr::V6(_) => false,
    };
    !is_local(address) && !is_for_drills(address) && !documentation && !address.is_unspecified()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_attackers_look_for_is_known_and_what_others_ask_for_is_not() {
        let place = |path: &str| sought(path).map(|place| SOUGHT[usize::from(place)]);
        for (path, expected) in [
            ("/.env", Some("/.env")),
            ("/.ENV", Some("/.env")),
            ("/.env.local", Some("/.env.local")),
            ("/.git/config", Some("/.git")),
            ("/.git/HEAD", Some("/.git")),
            ("/wp-admin/setup-config.php", Some("/wp-admin")),
            ("/WP-Login.php", Some("/wp-login.php")),
            ("/", None),
            ("", None),
            ("/.environment", None),
            ("/.gitignore", None),
            ("/blog/.env", None),
            ("/robots.txt", None),
            ("/favicon.ico", None),
            ("/.well-known/security.txt", None),
            ("/autodiscover/autodiscover.xml", None),
            ("/apple-touch-icon.png", None),
        ] {
            assert_eq!(place(path), expected, "{path}");
        }
    }

    #[test]
    fn local_addresses_and_those_of_drills_are_never_banned() {
        let check = |address: &str, expected| {
            assert_eq!(is_bannable(address.parse().unwrap()), expected, "{address}");
        };
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.9",
            "192.168.7.7",
            "100.64.0.1",
            "169.254.1.1",
            "192.0.2.7",
            "198.51.100.7",
            "203.0.113.7",
            "::1",
            "::",
            "0.0.0.0",
            "fe80::1",
            "fd00::1",
            "2001:db8::1",
            "::ffff:127.0.0.1",
            "64:ff9b::10.0.0.1",
        ] {
            check(address, false);
        }
        for address in ["198.18.0.1", "8.8.8.8", "2600::1", "::ffff:8.8.8.8"] {
            check(address, true);
        }
    }

    #[test]
    fn an_ipv6_network_is_one_client() {
        let client = |address: &str| client(address.parse().unwrap()).map(|it| it.to_string());
        assert_eq!(client("2600:0:0:7::1").as_deref(), Some("2600:0:0:7::/64"));
        assert_eq!(client("::ffff:8.8.8.8").as_deref(), Some("8.8.8.8"));
    }

    proptest! {
        #[test]
        fn any_path_is_read(path in ".{0,40}") {
            if let Some(place) = sought(&path) {
                prop_assert!(path.to_ascii_lowercase().starts_with(SOUGHT[usize::from(place)]));
            }
        }
    }
}
