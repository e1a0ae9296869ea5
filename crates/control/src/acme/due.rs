//! What is to be ordered now, at whom.

use std::collections::HashMap;

use config::{Acme as Section, Authority, Site};
use store::AcmeFailure;
use terms::Micros;

use super::{
    held::InForce,
    plan::{self, Advice, Turn},
};

/// An order that is due.
pub(crate) struct Due {
    pub(crate) site: String,
    /// All names of the site, and no other.
    pub(crate) hosts: Vec<String>,
    pub(crate) authority: Authority,
    /// Failures in a row before it.
    pub(crate) failures: u32,
}

/// What is known of every site.
pub(crate) struct Known<'a> {
    pub(crate) in_force: &'a InForce,
    pub(crate) failures: &'a HashMap<String, AcmeFailure>,
    pub(crate) advice: &'a HashMap<String, Advice>,
}

impl Known<'_> {
    /// The order of a site, where one is due at `now`.
    pub(crate) fn due(&self, site: &Site, acme: &Section, now: Micros) -> Option<Due> {
        let failure = self.failures.get(&site.host);
        if failure.is_some_and(|failure| failure.not_before > now) {
            return None;
        }
        if let Some(held) = self.in_force.of(&site.host) {
            let whole = site.hosts().all(|host| held.pair.covers(host));
            let advice = self.advice.get(&site.host).copied();
            if whole && plan::renewal(&held.pair, advice) > now {
                return None;
            }
        }
        let failures = failure.map_or(0, |failure| failure.failures);
        Some(Due {
            site: site.host.clone(),
            hosts: site.hosts().map(str::to_owned).collect(),
            authority: whose(acme, failures).clone(),
            failures,
        })
    }
}

/// The authorities of a configuration, the first first.
pub(crate) fn authorities(acme: &Section) -> impl Iterator<Item = &Authority> {
    std::iter::once(&acme.first).chain(&acme.fallback)
}

/// The authority whose turn it is after so many failures.
pub(crate) fn whose(acme: &Section, failures: u32) -> &Authority {
    match (
        plan::turn(failures, acme.fallback.is_some()),
        &acme.fallback,
    ) {
        (Turn::Second, Some(second)) => second,
        _ => &acme.first,
    }
}
