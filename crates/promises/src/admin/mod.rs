//! Promise `admin`: administration, ours and the applications', is for a select group.
//!
//! Where there is no portal the console is on the machine only, nobody signs in, and
//! nothing is promised.

mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId};

use crate::entry::{Entry, Part};

/// The promise.
pub const ENTRY: Entry = Entry {
    id: PromiseId::Admin,
    parts,
    drill: drill::drill,
};

pub(crate) const ROOMS: &str = "rooms";
pub(crate) const FACTOR: &str = "second-factor";
pub(crate) const ROUTES: &str = "routes";
pub(crate) const FRESH: &str = "fresh";
pub(crate) const NETWORKS: &str = "networks";

fn parts(reading: &Reading) -> Vec<Part> {
    if reading.portal().is_none() {
        return Vec::new();
    }
    let admin = &reading.admin;
    let number = |number: u64| Arg::Number(i64::try_from(number).unwrap_or(i64::MAX));
    let mut parts = vec![
        Part {
            measured: &[("rooms", "rooms")],
            ..Part::core(ROOMS, Clause::new("admin-rooms").with("rooms", number(0)))
        },
        Part::core(FACTOR, Clause::new("admin-second-factor")),
    ];
    if !admin.routes.is_empty() {
        parts.push(Part::core(ROUTES, Clause::new("admin-routes")));
    }
    let minutes = Clause::new("admin-fresh").with("minutes", number(admin.fresh_s.div_ceil(60)));
    parts.push(Part::stated(FRESH, minutes));
    if admin.networks {
        parts.push(Part::stated(NETWORKS, Clause::new("admin-networks")));
    }
    parts
}
