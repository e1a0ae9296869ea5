//! Promise `block`, control's side: entries that last for a while, and what is told of
//! lists and rules.
// promise: block

use std::net::IpAddr;

use config::Config;
use guards::{
    block::{
        self, Action, IpRange, Kind, Lists, Rule, Said, Set, TEMPORARY_MAX, is_for_drills, unknown,
    },
    network::Networks,
};
use serde::{Deserialize, Serialize};
use store::{Ban, Evidence};
use terms::{Micros, Rng};

use crate::feeds::FeedView;

/// How often a free address is sought for a drill.
const TRIES: usize = 64;

/// Numbers of entries of drills begin here: below are those of bans, which records name for
/// longer.
const DRILLS: u32 = 1 << 23;

/// Entries that end by themselves: bans, which stand in the store, and those of drills,
/// which end with the process, too.
#[derive(Debug, Default)]
pub(crate) struct Temporary {
    bans: Vec<(IpRange, Ban)>,
    drills: Vec<(IpRange, u32, Micros)>,
    made: u32,
    /// How often bans were read, and the reading that stands here.
    asked: u64,
    taken: u64,
}

impl Temporary {
    /// Adds an entry of a drill for each range, all or none; gives back their numbers.
    /// `None` where there are too many already.
    pub(crate) fn add(&mut self, ranges: &[IpRange], until: Micros) -> Option<Vec<u32>> {
        if self.bans.len() + self.drills.len() + ranges.len() > TEMPORARY_MAX {
            return None;
        }
        let mut numbers = Vec::new();
        for range in ranges {
            self.made = (self.made + 1) % DRILLS;
            let number = DRILLS + self.made;
            self.drills.push((*range, number, until));
            numbers.push(number);
        }
        Some(numbers)
    }

    /// Takes entries of drills out.
    pub(crate) fn remove(&mut self, numbers: &[u32]) {
        self.drills
            .retain(|(_, number, _)| !numbers.contains(number));
    }

    /// Begins to read bans: what is read later is newer.
    pub(crate) const fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Takes these bans in place of those before, unless what stands here was read later;
    /// whether anything is another.
    pub(crate) fn set_bans(&mut self, asked: u64, bans: Vec<Ban>) -> bool {
        if asked < self.taken {
            return false;
        }
        self.taken = asked;
        let read = bans.into_iter().filter_map(|ban| {
            let range = ban.addresses.parse().ok()?;
            Some((range, ban))
        });
        let new: Vec<_> = read.collect();
        let differs = new != self.bans;
        self.bans = new;
        differs
    }

    /// Takes out those that are over; whether there were any.
    pub(crate) fn expire(&mut self, now: Micros) -> bool {
        let before = (self.bans.len(), self.drills.len());
        self.bans.retain(|(_, ban)| ban.until > now);
        self.drills.retain(|(_, _, until)| *until > now);
        (self.bans.len(), self.drills.len()) != before
    }

    /// Those that there are.
    pub(crate) fn entries(&self) -> Vec<block::Temporary> {
        // A person's before one that nobody made: of the same addresses the first decides.
        let mut bans: Vec<_> = self.bans.iter().collect();
        bans.sort_by_key(|(_, ban)| ban.evidence.is_some());
        let bans = bans.into_iter().map(|(range, ban)| block::Temporary {
            range: *range,
            number: ban.number,
            until: ban.until.0,
            learned: ban.evidence.is_some(),
        });
        let drills = self.drills.iter();
        let drills = drills.map(|(range, number, until)| block::Temporary {
            range: *range,
            number: *number,
            until: until.0,
            learned: false,
        });
        bans.chain(drills).collect()
    }

    /// The same with when each is over, and why it is there.
    pub(crate) fn views(&self) -> Vec<TemporaryView> {
        let bans = self.bans.iter().map(|(range, ban)| TemporaryView {
            number: ban.number,
            range: range.to_string(),
            until: ban.until,
            reason: ban.reason.clone(),
            made_by: ban.made_by.clone(),
            evidence: ban.evidence.as_ref().map(Into::into),
        });
        let drills = self.drills.iter();
        let drills = drills.map(|(range, number, until)| TemporaryView {
            number: *number,
            range: range.to_string(),
            until: *until,
            reason: String::new(),
            made_by: "system:drill".to_owned(),
            evidence: None,
        });
        bans.chain(drills).collect()
    }
}

/// An address that no list has, and its neighbour, which none has either: an IPv4 and an
/// IPv6 pair from the ranges of drills. `None` where none was found.
pub(crate) fn free_pairs(set: &Set, rng: &Rng) -> Option<[(IpAddr, IpAddr); 2]> {
    let is_free = |address| is_for_drills(address) && set.says(address) == Said::Nothing;
    let seek = |make: &dyn Fn() -> (IpAddr, IpAddr)| {
        let made = std::iter::repeat_with(make).take(TRIES);
        made.into_iter()
            .find(|(one, other)| is_free(*one) && is_free(*other))
    };
    let v4 = seek(&|| {
        let [net, host] = rng.bytes::<2>();
        let net = if net & 1 == 0 {
            [198, 51, 100]
        } else {
            [203, 0, 113]
        };
        let with = |host| IpAddr::from([net[0], net[1], net[2], host]);
        (with(host), with(host ^ 1))
    })?;
    let v6 = seek(&|| {
        let mut octets = rng.bytes::<16>();
        octets[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
        let one = IpAddr::from(octets);
        octets[15] ^= 1;
        (one, IpAddr::from(octets))
    })?;
    Some([v4, v6])
}

/// What a command asks.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "block")]
pub enum BlockCommand {
    /// Which rule decides about an address.
    Test {
        /// The address.
        address: IpAddr,
    },
    /// Which lists there are.
    List,
    /// Have addresses refused for a while.
    Add {
        /// An address or a range.
        addresses: String,
        /// For so many seconds.
        seconds: u64,
        /// Why, for people.
        reason: String,
    },
    /// Let them in again.
    Remove {
        /// As they were added.
        addresses: String,
    },
}

/// What it is answered.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "block")]
pub enum BlockReply {
    /// What becomes of an address.
    Said(Box<Judged>),
    /// All lists.
    Lists(ListsView),
    /// It is done, or it can't be: for people.
    Done(Result<String, String>),
}

/// What becomes of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It is let in.
    LetIn,
    /// It is let in, counted and recorded: nobody is refused at the moment.
    Observed,
    /// It gets a page that says so.
    Refused,
    /// Its connections are closed before their handshake.
    Dropped,
}

/// What becomes of an address, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judged {
    /// As it is judged: IPv4 in IPv6 notation or translated by NAT64 is IPv4.
    pub address: IpAddr,
    /// What becomes of it.
    pub verdict: Verdict,
    /// The rule that decides.
    pub rule: Option<RuleView>,
    /// The rule that would refuse it, were it not allowed.
    pub instead: Option<RuleView>,
    /// Whether it is a trusted proxy's, which is never refused itself.
    pub trusted_proxy: bool,
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleView {
    /// As in records.
    pub id: String,
    /// The kind of its list.
    pub list: String,
    /// The list's name: of a file its path.
    pub source: String,
    /// Its number there: of a file the line.
    pub number: u32,
    /// The addresses.
    pub range: String,
    /// What the range is, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
}

/// All lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListsView {
    /// Whether connections are closed before their handshake.
    pub drop: bool,
    /// Whether nobody is refused.
    pub observe: bool,
    /// Those of the configuration that aren't empty.
    pub lists: Vec<ListView>,
    /// Lists from elsewhere.
    pub feeds: Vec<FeedView>,
    /// Entries that end by themselves.
    pub temporary: Vec<TemporaryView>,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListView {
    /// Its kind.
    pub list: String,
    /// Its name: of a file the path.
    pub source: String,
    /// How many entries it has.
    pub entries: usize,
}

/// An entry that ends by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemporaryView {
    /// Its number.
    pub number: u32,
    /// The addresses.
    pub range: String,
    /// When it ends.
    pub until: Micros,
    /// Why, for people; empty where nobody said.
    pub reason: String,
    /// Who wanted it, as in the audit trail.
    pub made_by: String,
    /// What it rests on, where no person made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EvidenceView>,
}

/// What a ban that no person made rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EvidenceView {
    /// For what: `throttled`, `scan` or `lock-out`.
    pub cause: String,
    /// How often that happened.
    pub strikes: u64,
    /// The first time.
    pub first: Micros,
    /// The last time.
    pub last: Micros,
    /// The id of the last request.
    pub request: String,
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self {
            cause: evidence.cause.clone(),
            strikes: evidence.strikes,
            first: evidence.first,
            last: evidence.last,
            request: evidence.request.clone(),
        }
    }
}

impl TemporaryView {
    /// Whether it stands in the store, so that it can be ended by a person.
    pub(crate) const fn is_ban(&self) -> bool {
        self.number < DRILLS
    }
}

impl From<Rule<'_>> for RuleView {
    fn from(rule: Rule<'_>) -> Self {
        let about = unknown::name(rule.number).filter(|_| rule.kind == Kind::Unknown);
        Self {
            id: rule.to_string(),
            list: rule.kind.word().to_owned(),
            source: rule.list.to_owned(),
            number: rule.number,
            range: rule.range.to_string(),
            about: about.map(ToOwned::to_owned),
        }
    }
}

/// Answers a command: by a running server with its feeds and entries for a while, or by what the
/// configuration says.
pub fn answer(
    what: &BlockCommand,
    config: &Config,
    set: &Set,
    (feeds, temporary): (Vec<FeedView>, Vec<TemporaryView>),
) -> BlockReply {
    match what {
        BlockCommand::Test { address } => {
            BlockReply::Said(Box::new(judge(set, &config.trusted_proxies, *address)))
        }
        BlockCommand::List => BlockReply::Lists(lists(set, &config.block.lists, feeds, temporary)),
        BlockCommand::Add { .. } | BlockCommand::Remove { .. } => BlockReply::Done(Err(
            "only a running server refuses addresses for a while; start it, or use `deny` in \
             `[block]`"
                .to_owned(),
        )),
    }
}

/// What becomes of an address that nobody is signed in from.
pub(crate) fn judge(set: &Set, proxies: &Networks, address: IpAddr) -> Judged {
    let address = block::one_form(address);
    let trusted_proxy = proxies.contains(address);
    let (rule, instead) = match set.says(address) {
        Said::Nothing => (None, None),
        Said::Refused(rule) => (Some(rule), None),
        Said::Allowed(rule, instead) => (Some(rule), instead),
    };
    let refuses = rule.filter(|rule| rule.kind != Kind::Allow && !trusted_proxy);
    let verdict = match refuses.map(|rule| rule.action) {
        None => Verdict::LetIn,
        Some(_) if set.observe => Verdict::Observed,
        Some(Action::Observe) => Verdict::Observed,
        Some(Action::Refuse) => Verdict::Refused,
        Some(Action::Drop) => Verdict::Dropped,
    };
    Judged {
        address,
        verdict,
        rule: rule.map(Into::into),
        instead: instead.map(Into::into),
        trusted_proxy,
    }
}

/// The lists, to be told.
pub(crate) fn lists(
    set: &Set,
    lists: &Lists,
    feeds: Vec<FeedView>,
    temporary: Vec<TemporaryView>,
) -> ListsView {
    let all = lists.lists().into_iter();
    ListsView {
        drop: set.action == Action::Drop,
        observe: set.observe,
        lists: all
            .map(|(kind, source, entries)| ListView {
                list: kind.word().to_owned(),
                source,
                entries,
            })
            .collect(),
        feeds,
        temporary,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use guards::network::Network;

    use super::*;

    fn set(allow: &[&str], deny: &[&str], action: Action) -> Set {
        let read = |texts: &[&str]| -> Vec<IpRange> {
            texts.iter().map(|text| text.parse().unwrap()).collect()
        };
        let lists = Lists::new(&read(allow), &read(deny), &[], true).unwrap();
        Set::new(Arc::new(lists), action, false)
    }

    #[test]
    fn an_address_is_judged_as_the_edge_does_and_the_rule_is_named() {
        let set = set(
            &["203.0.113.7"],
            &["203.0.113.0/24", "10.0.0.5"],
            Action::Drop,
        );
        let proxies = Networks::new([Network::parse("10.0.0.5").unwrap()]);
        let check = |address: &str, verdict, rule: Option<&str>| {
            let judged = judge(&set, &proxies, address.parse().unwrap());
            assert_eq!(judged.verdict, verdict, "{address}");
            assert_eq!(
                judged.rule.map(|rule| rule.id).as_deref(),
                rule,
                "{address}"
            );
        };
        check("203.0.113.8", Verdict::Dropped, Some("deny:1"));
        check("::ffff:203.0.113.8", Verdict::Dropped, Some("deny:1"));
        check("203.0.113.7", Verdict::LetIn, Some("allow:1"));
        check("10.0.0.5", Verdict::LetIn, Some("deny:2"));
        check("240.0.0.1", Verdict::Dropped, Some("unknown:7"));
        check("1.1.1.1", Verdict::LetIn, None);
        let allowed = judge(&set, &proxies, "203.0.113.7".parse().unwrap());
        assert_eq!(allowed.instead.unwrap().id, "deny:1");
        let nowhere = judge(&set, &proxies, "240.0.0.1".parse().unwrap());
        assert_eq!(nowhere.rule.unwrap().about.as_deref(), Some("reserved"));
    }

    #[test]
    fn entries_for_a_while_are_bounded_and_end() {
        let range: IpRange = "203.0.113.9".parse().unwrap();
        let mut temporary = Temporary::default();
        let numbers = |few: &[u32]| Some(few.iter().map(|number| DRILLS + number).collect());
        assert_eq!(temporary.add(&[range, range], Micros(10)), numbers(&[1, 2]));
        assert_eq!(temporary.add(&[range], Micros(20)), numbers(&[3]));
        assert!(temporary.add(&[range; TEMPORARY_MAX], Micros(20)).is_none());
        temporary.remove(&[DRILLS + 1]);
        assert!(!temporary.expire(Micros(9)));
        assert!(temporary.expire(Micros(10)));
        assert_eq!(temporary.views().len(), 1);
        assert_eq!(temporary.entries()[0].number, DRILLS + 3);
    }

    #[test]
    fn bans_stand_beside_entries_of_drills_and_what_was_read_later_counts() {
        let ban = |number, until| Ban {
            number,
            addresses: "203.0.113.0/25".to_owned(),
            reason: "it scans".to_owned(),
            made_by: "command:0".to_owned(),
            made_at: Micros(0),
            until: Micros(until),
            evidence: None,
        };
        let mut temporary = Temporary::default();
        let drilled: IpRange = "198.51.100.9".parse().unwrap();
        temporary.add(&[drilled], Micros(90)).unwrap();
        let (first, second) = (temporary.ask(), temporary.ask());
        assert!(temporary.set_bans(second, vec![ban(7, 20)]));
        assert!(
            !temporary.set_bans(second, vec![ban(7, 20)]),
            "nothing is another"
        );
        assert!(!temporary.set_bans(first, Vec::new()), "that was before");
        let numbers: Vec<_> = temporary.entries().iter().map(|it| it.number).collect();
        assert_eq!(numbers, [7, DRILLS + 1]);
        let views = temporary.views();
        assert_eq!(
            (&*views[0].range, &*views[0].reason),
            ("203.0.113.0/25", "it scans")
        );
        assert!(temporary.expire(Micros(20)) && temporary.entries().len() == 1);
    }

    #[test]
    fn a_drill_gets_neighbours_that_no_list_has() {
        let open = set(&[], &["203.0.113.0/24"], Action::Refuse);
        for _ in 0..50 {
            let pairs = free_pairs(&open, &Rng::System).unwrap();
            for (one, other) in pairs {
                assert!(is_for_drills(one) && is_for_drills(other) && one != other);
                assert_eq!(
                    (open.says(one), open.says(other)),
                    (Said::Nothing, Said::Nothing)
                );
            }
            assert!(pairs[0].0.is_ipv4() && pairs[1].1.is_ipv6());
        }
        let shut = set(&[], &["0.0.0.0/0"], Action::Refuse);
        assert_eq!(free_pairs(&shut, &Rng::System), None);
    }
}
