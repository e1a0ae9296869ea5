//! Promise `block`: requests from listed and unknown addresses are refused.
//!
//! A [`Set`] says of an address which rule of which list decides, or that none does. It is
//! immutable: whatever changes is a new set, swapped in whole. Looking an address up
//! neither allocates nor locks.
//!
//! - **Allow wins**: over every other list, however narrow the other's range is. So an
//!   owner who has shut himself out needs one line to come back.
//! - Of the lists that refuse, entries for a while name the rule before own ones, those
//!   before files and the unknown ranges, and these before feeds. Of files the most specific
//!   range does; of two as specific the first file's; of feeds as well.
//! - **Local addresses** ([`is_local`]) are refused by own entries only: public lists of
//!   what nobody should come from have private ranges in them, too.
//! - **One form of address**: IPv4 in IPv6 notation (RFC 4291 section 2.5.5.2) and
//!   translated by NAT64 (`64:ff9b::/96`, RFC 6052) is IPv4, here as everywhere.
//!
//! What is done about an address is [`Action`]'s and the edge's business.

use std::{
    fmt,
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};

pub use ipset::{IpRange, ParseRangeError, RangeError};
use ipset::{IpSet, TooManyRanges};

mod feeds;
pub mod unknown;

pub use feeds::{FEEDS_MAX, Feed, Feeds};

#[cfg(test)]
mod tests;

/// Most ranges of all lists together; more are refused. They take about 40 MB.
pub const RANGES_MAX: usize = 2_000_000;
/// Most files.
pub const FILES_MAX: usize = 64;
/// Most entries for a while.
pub const TEMPORARY_MAX: usize = 1024;
/// Greatest number of an entry in its list.
pub const ENTRY_MAX: u32 = ENTRIES - 1;

/// Entries that a tag can tell apart within one list.
const ENTRIES: u32 = 1 << 24;
/// Where the files begin among the lists of a tag.
const FIRST_FILE: u32 = 3;

/// What becomes of whoever is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// A page that says so, with an id that leads to the rule.
    Refuse,
    /// The connection is closed before its TLS handshake where the client is known by
    /// then, else as [`Self::Refuse`].
    Drop,
    /// Nothing: who would be refused is counted and recorded.
    Observe,
}

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Whoever is on it is let in, whatever other lists say.
    Allow,
    /// The owner's own entries.
    Deny,
    /// A file.
    File,
    /// A list from elsewhere.
    Feed,
    /// Ranges from which nobody can come: see [`unknown`].
    Unknown,
    /// Entries that end by themselves.
    Temporary,
    /// The same, made without a person: for what a client did.
    Ban,
}

impl Kind {
    /// The word in commands.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Deny => "deny",
            Self::File => "file",
            Self::Feed => "feed",
            Self::Unknown => "unknown",
            Self::Temporary => "temporary",
            Self::Ban => "ban",
        }
    }

    /// The word in records of who was refused by it.
    pub const fn reason(self) -> &'static str {
        match self {
            // It refuses nobody.
            Self::Allow => "block-allowed",
            Self::Deny => "block-deny",
            Self::File => "block-file",
            Self::Feed => "block-feed",
            Self::Unknown => "block-unknown",
            Self::Temporary => "block-temporary",
            Self::Ban => "block-ban",
        }
    }

    /// Whether being on it is a suspicion, rather than somebody's decision. Whoever is
    /// signed in isn't refused on suspicion.
    pub const fn is_suspicion(self) -> bool {
        matches!(self, Self::File | Self::Feed | Self::Unknown | Self::Ban)
    }
}

/// A range and its number in its list, from 1: of a file, the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The addresses.
    pub range: IpRange,
    /// Its number, at most [`ENTRY_MAX`].
    pub number: u32,
}

/// An entry that ends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Temporary {
    /// The addresses.
    pub range: IpRange,
    /// Its number.
    pub number: u32,
    /// When it ends, in microseconds since 1970 (UTC): whoever made it takes it out then.
    pub until: i64,
    /// Whether no person made it: whoever is signed in isn't refused by it, and nobody's
    /// connection is dropped.
    pub learned: bool,
}

/// A list that was read from a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path: the list's name.
    pub name: String,
    /// What stands in it.
    pub entries: Vec<Entry>,
}

/// The rule that decides about an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'a> {
    /// Which kind of list it is of.
    pub kind: Kind,
    /// The list's name: of a file its path, else the word of its kind.
    pub list: &'a str,
    /// Its number in the list, from 1: of a file, the line.
    pub number: u32,
    /// The addresses.
    pub range: IpRange,
    /// When it ends by itself, if it does, in microseconds since 1970 (UTC).
    pub until: Option<i64>,
    /// What becomes of whoever it refuses.
    pub action: Action,
}

/// The id of a rule: list and number. No address is in it, so a record that may keep none
/// may keep this.
impl fmt::Display for Rule<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.list, self.number)
    }
}

/// What a set says of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said<'a> {
    /// No list has it.
    Nothing,
    /// It is refused.
    Refused(Rule<'a>),
    /// It is let in: it would be refused otherwise, or not, as the second rule says.
    Allowed(Rule<'a>, Option<Rule<'a>>),
}

/// All lists that last.
#[derive(Debug, Default)]
pub struct Lists {
    allow: IpSet,
    deny: IpSet,
    /// Files and unknown ranges.
    suspect: IpSet,
    files: Box<[(Box<str>, usize)]>,
    allowed: usize,
    denied: usize,
    unknown: bool,
}

impl Lists {
    /// The lists of a configuration; `unknown` adds [`unknown::RANGES`].
    ///
    /// # Errors
    /// [`TooManyRanges`] with more than [`RANGES_MAX`].
    pub fn new(
        allow: &[IpRange],
        deny: &[IpRange],
        files: &[File],
        unknown: bool,
    ) -> Result<Self, TooManyRanges> {
        let sum = files.iter().map(|file| file.entries.len()).sum::<usize>();
        if allow.len() + deny.len() + sum > RANGES_MAX {
            return Err(TooManyRanges { most: RANGES_MAX });
        }
        let numbered = |kind| move |(range, number): (&IpRange, u32)| (*range, tag(kind, number));
        let allowed = allow.iter().zip(1..).map(numbered(0));
        let own = deny.iter().zip(1..).map(numbered(1));
        let from_files = files.iter().zip(FIRST_FILE..).flat_map(|(file, list)| {
            let entries = file.entries.iter();
            entries.map(move |entry| (entry.range, tag(list, entry.number)))
        });
        let ranges = if unknown {
            unknown::ranges()
        } else {
            Vec::new()
        };
        let nowhere = ranges.iter().zip(1..).map(numbered(2));
        Ok(Self {
            allow: IpSet::new(allowed)?,
            deny: IpSet::new(own)?,
            // Of ranges as narrow as each other the first decides.
            suspect: IpSet::new(from_files.chain(nowhere))?,
            files: files
                .iter()
                .map(|file| (file.name.as_str().into(), file.entries.len()))
                .collect(),
            allowed: allow.len(),
            denied: deny.len(),
            unknown,
        })
    }

    /// The rule of a tag of ours.
    fn rule(&self, found: ipset::Found, action: Action) -> Rule<'_> {
        let (list, number) = (found.tag / ENTRIES, found.tag % ENTRIES);
        let kind = match list {
            0 => Kind::Allow,
            1 => Kind::Deny,
            2 => Kind::Unknown,
            _ => Kind::File,
        };
        let file = list
            .checked_sub(FIRST_FILE)
            .and_then(|place| self.files.get(usize::try_from(place).ok()?));
        Rule {
            kind,
            list: file.map_or(kind.word(), |(name, _)| name),
            number,
            range: found.range,
            until: None,
            action,
        }
    }

    /// Every list with how many entries it has, empty ones left out.
    pub fn lists(&self) -> Vec<(Kind, String, usize)> {
        let own = |kind: Kind, count| (kind, kind.word().to_owned(), count);
        let files = self.files.iter();
        let mut all = vec![own(Kind::Allow, self.allowed), own(Kind::Deny, self.denied)];
        all.extend(files.map(|(name, count)| (Kind::File, name.to_string(), *count)));
        if self.unknown {
            all.push(own(Kind::Unknown, unknown::RANGES.len()));
        }
        all.retain(|(_, _, count)| *count > 0);
        all
    }

    /// How many entries refuse somebody: own ones and those of files.
    pub fn refusing(&self) -> usize {
        self.denied + self.files.iter().map(|(_, count)| *count).sum::<usize>()
    }
}

/// A list and a number in 32 bits. A number beyond [`ENTRY_MAX`] becomes that.
fn tag(list: u32, number: u32) -> u32 {
    list * ENTRIES + number.min(ENTRY_MAX)
}

/// Entries that end by themselves, by their place in the second.
#[derive(Debug, Default)]
struct ForAWhile(IpSet, Box<[Temporary]>);

/// What the edge goes by.
#[derive(Debug, Clone)]
pub struct Set {
    lists: Arc<Lists>,
    feeds: Arc<Feeds>,
    temporary: Arc<ForAWhile>,
    /// What becomes of whoever is refused, but by a feed, which has its own, and by a ban
    /// that nobody made, which never drops.
    pub action: Action,
    /// Nobody is refused: who would be is counted and recorded.
    pub observe: bool,
}

impl Default for Set {
    /// No list.
    fn default() -> Self {
        Self {
            lists: Arc::default(),
            feeds: Arc::default(),
            temporary: Arc::default(),
            action: Action::Refuse,
            observe: false,
        }
    }
}

impl Set {
    /// These lists.
    pub fn new(lists: Arc<Lists>, action: Action, observe: bool) -> Self {
        Self {
            lists,
            feeds: Arc::default(),
            temporary: Arc::default(),
            action,
            observe,
        }
    }

    /// The same with these lists from elsewhere, in place of any before.
    #[must_use]
    pub fn with_feeds(self, feeds: Arc<Feeds>) -> Self {
        Self { feeds, ..self }
    }

    /// The same with entries that last for a while, in place of any before; the first
    /// [`TEMPORARY_MAX`] of them. Of ranges as narrow as each other the first decides.
    #[must_use]
    pub fn with_temporary(self, entries: &[Temporary]) -> Self {
        let entries = entries.get(..TEMPORARY_MAX).unwrap_or(entries);
        let places = entries.iter().zip(0..);
        let ranges = places.map(|(entry, place)| (entry.range, place));
        // So few are never too many.
        let set = IpSet::new(ranges).unwrap_or_default();
        Self {
            temporary: Arc::new(ForAWhile(set, entries.into())),
            ..self
        }
    }

    /// Whether some rule drops.
    pub fn drops(&self) -> bool {
        self.action == Action::Drop || self.feeds.has_drop()
    }

    /// The rule that refuses an address; `None` lets it in.
    #[inline]
    pub fn refuses(&self, address: IpAddr) -> Option<Rule<'_>> {
        let address = one_form(address);
        let rule = self.listed(address)?;
        self.lists.allow.get(address).is_none().then_some(rule)
    }

    /// The rule that would refuse an address if nothing allowed it.
    fn listed(&self, address: IpAddr) -> Option<Rule<'_>> {
        let ForAWhile(set, entries) = &*self.temporary;
        if let Some(found) = set.get(address)
            && let Some(entry) = usize::try_from(found.tag)
                .ok()
                .and_then(|at| entries.get(at))
        {
            // Others may share the address: nobody is dropped by what nobody judged.
            let (kind, action) = if entry.learned {
                (Kind::Ban, Action::Refuse)
            } else {
                (Kind::Temporary, self.action)
            };
            return Some(Rule {
                kind,
                list: kind.word(),
                number: entry.number,
                range: found.range,
                until: Some(entry.until),
                action,
            });
        }
        let lists = &*self.lists;
        if let Some(found) = lists.deny.get(address) {
            return Some(lists.rule(found, self.action));
        }
        if is_local(address) {
            return None;
        }
        let found = lists.suspect.get(address);
        found
            .map(|found| lists.rule(found, self.action))
            .or_else(|| self.feeds.rule(address))
    }

    /// Everything that there is to say of an address.
    pub fn says(&self, address: IpAddr) -> Said<'_> {
        let address = one_form(address);
        match (self.lists.allow.get(address), self.listed(address)) {
            (Some(found), listed) => Said::Allowed(self.lists.rule(found, self.action), listed),
            (None, Some(rule)) => Said::Refused(rule),
            (None, None) => Said::Nothing,
        }
    }
}

/// Whether an address is in the documentation ranges from which drills come (RFC 5737,
/// RFC 3849). In IPv4 that is TEST-NET-2 and TEST-NET-3.
pub const fn is_for_drills(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => matches!(v4.octets(), [198, 51, 100, _] | [203, 0, 113, _]),
        IpAddr::V6(v6) => matches!(v6.segments(), [0x2001, 0xdb8, ..]),
    }
}

/// Whether an address is one of those that every network has for itself: loopback, private
/// (RFC 1918, RFC 4193), shared (RFC 6598) and link-local ones.
pub const fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let shared = v4.to_bits() >> 22 == Ipv4Addr::new(100, 64, 0, 0).to_bits() >> 22;
            v4.is_loopback() || v4.is_private() || v4.is_link_local() || shared
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local(),
    }
}

/// The IPv4 address that an IPv6 one carries, where it does.
pub fn one_form(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else {
        return address;
    };
    let number = v6.to_bits();
    if number >> 32 == NAT64 {
        // The lower 32 bits.
        let [.., a, b, c, d] = number.to_be_bytes();
        return IpAddr::from([a, b, c, d]);
    }
    address.to_canonical()
}

/// The first 96 bits of addresses that NAT64 translates (RFC 6052 section 2.1).
const NAT64: u128 = 0x0064_ff9b << 64;
