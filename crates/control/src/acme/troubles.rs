//! What is wrong with certificates, site by site, as one alarm per kind: a hundred
//! sites behind one authority that is away are one trouble.

use std::collections::BTreeMap;

use crate::alarms::{Alarm, Alarms};

/// Sites that an alarm names; the log names each.
const NAMED_MAX: usize = 20;

/// Kinds of trouble.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Trouble {
    /// A site has no certificate at all.
    Missing,
    /// A renewal fails and the certificate ends soon.
    Ending,
    /// An authority sent a certificate that can't be served.
    Unfit,
}

impl Trouble {
    const ALL: [Self; 3] = [Self::Missing, Self::Ending, Self::Unfit];

    /// The alarm's kind.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::Missing => "certificate-missing",
            Self::Ending => "certificate-ending",
            Self::Unfit => "certificate-unfit",
        }
    }

    const fn subject(self) -> &'static str {
        match self {
            Self::Missing => "a site has no certificate",
            Self::Ending => "a certificate ends soon and isn't renewed",
            Self::Unfit => "an authority sent a certificate that can't be served",
        }
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Missing => {
                "Its handshakes are refused until there is one: nothing self-signed is shown. It \
                 is being ordered; the authority must reach port 443 of every name of the site. \
                 Another mail tells when it is there."
            }
            Self::Ending => {
                "Orders go on, less and less often. The authority must reach port 443 of every \
                 name of the site. Another mail tells when the certificate was renewed."
            }
            Self::Unfit => {
                "The certificate before it stays in force, where there was one, and another is \
                 ordered. Another mail tells when it is there."
            }
        }
    }
}

/// By site, why.
type Sites = BTreeMap<String, String>;

/// The troubles of now.
pub(crate) struct Troubles {
    alarms: Alarms,
    sites: BTreeMap<Trouble, Sites>,
    told: BTreeMap<Trouble, Vec<String>>,
}

impl Troubles {
    pub(crate) const fn new(alarms: Alarms) -> Self {
        Self {
            alarms,
            sites: BTreeMap::new(),
            told: BTreeMap::new(),
        }
    }

    /// Notes the trouble of a site, or with `None` that it is over. Whether that is new.
    pub(crate) fn note(&mut self, trouble: Trouble, site: &str, why: Option<String>) -> bool {
        let sites = self.sites.entry(trouble).or_default();
        match why {
            Some(why) => sites.insert(site.to_owned(), why).is_none(),
            None => sites.remove(site).is_some(),
        }
    }

    /// Forgets sites that aren't there any more.
    pub(crate) fn keep(&mut self, is_there: impl Fn(&str) -> bool) {
        for sites in self.sites.values_mut() {
            sites.retain(|site, _| is_there(site));
        }
    }

    /// Raises what is new and clears what is over.
    pub(crate) fn tell(&mut self) {
        for trouble in Trouble::ALL {
            let sites = self.sites.get(&trouble);
            let names: Vec<_> = sites
                .into_iter()
                .flatten()
                .map(|(site, _)| site.clone())
                .collect();
            if names.is_empty() {
                self.told.remove(&trouble);
                // Of an earlier process of this node, perhaps.
                if self.alarms.is_open(trouble.kind()) {
                    // It is on its way when the call returns.
                    drop(self.alarms.clear(trouble.kind()));
                }
                continue;
            }
            let told = self.told.insert(trouble, names.clone());
            if told.is_some_and(|told| names.iter().all(|name| told.contains(name))) {
                continue;
            }
            let lines: Vec<_> = sites
                .into_iter()
                .flatten()
                .take(NAMED_MAX)
                .map(|(site, why)| format!("{site}: {why}"))
                .collect();
            drop(self.alarms.raise(Alarm {
                kind: trouble.kind(),
                subject: format!("{}: {}", trouble.subject(), names.join(", ")),
                text: format!("{}\n\n{}", lines.join("\n"), trouble.advice()),
            }));
        }
    }
}
