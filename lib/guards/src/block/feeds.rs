//! Lists that come from elsewhere, each with what becomes of whoever is on it.

use ipset::{IpSet, TooManyRanges};

use super::{Action, ENTRIES, File, Kind, RANGES_MAX, Rule, tag};

/// Most feeds.
pub const FEEDS_MAX: usize = 32;

/// A list from elsewhere, as it was taken last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Feed {
    /// Its name and entries.
    pub list: File,
    /// What becomes of whoever is on it.
    pub action: Action,
}

/// All of them. Swapped in whole.
#[derive(Debug, Default)]
pub struct Feeds {
    set: IpSet,
    feeds: Box<[Known]>,
}

#[derive(Debug)]
struct Known {
    name: Box<str>,
    entries: usize,
    action: Action,
}

impl Feeds {
    /// These feeds. Of ranges as narrow as each other the first decides.
    ///
    /// # Errors
    /// [`TooManyRanges`] with more than [`RANGES_MAX`] together.
    pub fn new(feeds: &[Feed]) -> Result<Self, TooManyRanges> {
        let feeds = feeds.get(..FEEDS_MAX).unwrap_or(feeds);
        let sum = feeds.iter().map(|feed| feed.list.entries.len());
        if sum.sum::<usize>() > RANGES_MAX {
            return Err(TooManyRanges { most: RANGES_MAX });
        }
        let tagged = feeds.iter().zip(0..).flat_map(|(feed, place)| {
            let entries = feed.list.entries.iter();
            entries.map(move |entry| (entry.range, tag(place, entry.number)))
        });
        Ok(Self {
            set: IpSet::new(tagged)?,
            feeds: feeds
                .iter()
                .map(|feed| Known {
                    name: feed.list.name.as_str().into(),
                    entries: feed.list.entries.len(),
                    action: feed.action,
                })
                .collect(),
        })
    }

    /// The rule about an address.
    pub(super) fn rule(&self, address: std::net::IpAddr) -> Option<Rule<'_>> {
        let found = self.set.get(address)?;
        let place = usize::try_from(found.tag / ENTRIES).ok()?;
        let feed = self.feeds.get(place)?;
        Some(Rule {
            kind: Kind::Feed,
            list: &feed.name,
            number: found.tag % ENTRIES,
            range: found.range,
            until: None,
            action: feed.action,
        })
    }

    /// Whether one of them drops.
    pub(super) fn has_drop(&self) -> bool {
        self.feeds.iter().any(|feed| feed.action == Action::Drop)
    }

    /// Every feed with how many entries it has.
    pub fn lists(&self) -> Vec<(Kind, String, usize)> {
        let feeds = self.feeds.iter();
        feeds
            .map(|feed| (Kind::Feed, feed.name.to_string(), feed.entries))
            .collect()
    }
}
