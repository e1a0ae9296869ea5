//! Promise `admin`: administration, ours and the applications', is for a select group.
//!
//! Where there is no portal the console is on the machine only, nobody signs in, and
//! nothing is promised.

mod drill;
#[cfg(test)]
mod tests;

use config::Reading;
use terms::{Arg, Clause, PromiseId, Vantage};

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
    let drilled = |name, clause, measured| Part {
        name,
        clause,
        measured,
        core: true,
        drilled: true,
        vantage: Vantage::SameHost,
    };
    let stated = |name, clause| Part {
        name,
        clause,
        measured: &[],
        core: false,
        drilled: false,
        vantage: Vantage::Inside,
    };
    let number = |number: u64| Arg::Number(i64::try_from(number).unwrap_or(i64::MAX));
    let mut parts = vec![
        drilled(
            ROOMS,
            Clause::new("admin-rooms").with("rooms", number(0)),
            &[("rooms", "rooms")],
        ),
        drilled(FACTOR, Clause::new("admin-second-factor"), &[]),
    ];
    if !admin.routes.is_empty() {
        parts.push(drilled(ROUTES, Clause::new("admin-routes"), &[]));
    }
    let minutes = Clause::new("admin-fresh").with("minutes", number(admin.fresh_s.div_ceil(60)));
    parts.push(stated(FRESH, minutes));
    if admin.networks {
        parts.push(stated(NETWORKS, Clause::new("admin-networks")));
    }
    parts
}
