//! Weaknesses of applications, as their answers have shown them: one row for each site, route,
//! kind and name.

use std::sync::{Mutex, MutexGuard, PoisonError};

use guards::weaknesses::Kind;
use seam::findings::Shown;
use serde::{Deserialize, Serialize};

use crate::seen::{self, Seen};

/// Rows of all routes; further things are counted only.
const ROWS_MAX: usize = 1024;
/// Rows of one kind on one route.
const ROWS_OF_KIND_MAX: usize = 16;

/// What is weak, and where.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct What {
    pub(crate) site: Box<str>,
    pub(crate) route: Box<str>,
    pub(crate) kind: Kind,
    pub(crate) name: Box<str>,
}

/// In how many answers, and the path of the last one's request.
pub(crate) type Row = seen::Row<Box<str>>;

/// What was shown since the start.
#[derive(Debug, Default)]
pub(crate) struct Weaknesses(Mutex<Seen<What, Box<str>>>);

impl Weaknesses {
    fn table(&self) -> MutexGuard<'_, Seen<What, Box<str>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes what was shown.
    pub(crate) fn add(&self, shown: Shown) {
        let what = What {
            site: shown.site,
            route: shown.route,
            kind: shown.weakness.kind,
            name: shown.weakness.name,
        };
        let row = Row {
            first: shown.at,
            last: shown.at,
            count: shown.count.into(),
            id: shown.id,
            lately: shown.path,
        };
        let alike = |one: &What, other: &What| {
            (&one.site, &one.route, one.kind) == (&other.site, &other.route, other.kind)
        };
        let bounds = (ROWS_MAX, ROWS_OF_KIND_MAX);
        self.table().add(&what, row, bounds, alike);
    }

    /// All rows of the kinds in the order of [`Kind::ALL`], of each the one seen last first;
    /// and in how many answers there was something without a row.
    pub(crate) fn rows(&self) -> (Vec<(What, Row)>, u64) {
        let (mut rows, beyond) = self.table().rows();
        rows.sort_by_key(|(what, _)| Kind::ALL.iter().position(|known| *known == what.kind));
        (rows, beyond)
    }

    /// The same for a command.
    pub(crate) fn listed(&self) -> Vec<WeaknessRow> {
        let (rows, _) = self.rows();
        rows.into_iter()
            .map(|(what, row)| WeaknessRow {
                site: what.site.into(),
                route: what.route.into(),
                weakness: what.kind.word().to_owned(),
                name: what.name.into(),
                count: row.count,
                path: row.lately.into(),
                first: row.first.to_string(),
                last: row.last.to_string(),
                id: row.id.to_string(),
            })
            .collect()
    }
}

/// A weakness, for a command.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WeaknessRow {
    /// The site's name.
    pub site: String,
    /// The path of the route; empty for the whole site.
    pub route: String,
    /// What is weak: kebab-case.
    pub weakness: String,
    /// Which cookie, attribute, host or path.
    pub name: String,
    /// In how many of the answers that were read.
    pub count: u64,
    /// The path of the last request.
    pub path: String,
    /// When it was seen first (RFC 3339).
    pub first: String,
    /// When it was seen last.
    pub last: String,
    /// The last request's id.
    pub id: String,
}

#[cfg(test)]
mod tests {
    use guards::weaknesses::Weakness;
    use terms::{Micros, RequestId};

    use super::*;

    fn shown(at: i64, route: &str, kind: Kind, name: &str) -> Shown {
        Shown {
            at: Micros(at),
            id: RequestId([7; 16]),
            site: "app.example".into(),
            route: route.into(),
            path: format!("/at/{at}").into(),
            weakness: Weakness {
                kind,
                name: name.into(),
            },
            count: 2,
        }
    }

    #[test]
    fn each_thing_has_one_row_and_the_worst_kinds_come_first() {
        let all = Weaknesses::default();
        all.add(shown(1, "", Kind::CharsetUnsaid, ""));
        all.add(shown(2, "/shop", Kind::CookieReadable, "sid"));
        all.add(shown(3, "/shop", Kind::CookieReadable, "sid"));
        all.add(shown(4, "/shop", Kind::PasswordByGet, "/login"));
        let (rows, beyond) = all.rows();
        let rows: Vec<_> = rows
            .iter()
            .map(|(what, row)| (what.kind, &*what.name, row.first.0, row.last.0, row.count))
            .collect();
        assert_eq!(
            rows,
            [
                (Kind::PasswordByGet, "/login", 4, 4, 2),
                (Kind::CookieReadable, "sid", 2, 3, 4),
                (Kind::CharsetUnsaid, "", 1, 1, 2),
            ]
        );
        assert_eq!(beyond, 0);
        assert_eq!(all.listed()[1].path, "/at/3");
    }

    #[test]
    fn a_flood_fills_the_share_of_its_kind_and_route_and_no_more() {
        let all = Weaknesses::default();
        for number in 0..100 {
            all.add(shown(number, "", Kind::CookieReadable, &number.to_string()));
        }
        all.add(shown(200, "", Kind::InlineHandler, "onclick"));
        let (rows, beyond) = all.rows();
        assert_eq!(rows.len(), ROWS_OF_KIND_MAX + 1);
        assert_eq!(beyond, 2 * (100 - ROWS_OF_KIND_MAX as u64));
    }
}
