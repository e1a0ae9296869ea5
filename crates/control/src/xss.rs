//! Promise `xss`: which parameters of which pages came back as markup.
//!
//! The edge tells each find; here stands one row for each site, route, place, parameter and
//! context. The team hears of a new row by alarm, at most every ten minutes. No value is known
//! here, so none can be shown.
// promise: xss

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use guards::xss::{Context, Mode, Place};
use seam::findings::Finding;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::{
    alarms::{Alarm, Alarms},
    publish::Publisher,
    seen::{self, Seen, page},
};

/// Rows of all routes; further ones are counted only.
const ROWS_MAX: usize = 512;
/// Rows of one route.
const ROWS_OF_ROUTE_MAX: usize = 32;
/// Rows that one alarm names.
const NAMED_MAX: usize = 10;
/// The kind of the alarm.
const KIND: &str = "markup-reflected";

/// What came back.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct What {
    pub(crate) site: Box<str>,
    pub(crate) route: Box<str>,
    pub(crate) place: Place,
    pub(crate) parameter: Box<str>,
    pub(crate) context: Context,
}

/// How often, and what was done the last time.
pub(crate) type Row = seen::Row<Mode>;

#[derive(Debug, Default)]
struct Table {
    seen: Seen<What, Mode>,
    /// New ones that the team hasn't heard of.
    unheard: Vec<What>,
}

/// What came back since the start.
#[derive(Debug, Default)]
pub(crate) struct Reflections {
    table: Mutex<Table>,
    news: Notify,
}

impl Reflections {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts a find.
    pub(crate) fn add(&self, finding: Finding) {
        let what = What {
            site: finding.site,
            route: finding.route,
            place: finding.place,
            parameter: finding.parameter,
            context: finding.context,
        };
        let row = Row {
            first: finding.at,
            last: finding.at,
            count: 1,
            id: finding.id,
            lately: finding.mode,
        };
        let alike =
            |one: &What, other: &What| (&one.site, &one.route) == (&other.site, &other.route);
        let bounds = (ROWS_MAX, ROWS_OF_ROUTE_MAX);
        let mut table = self.table();
        if table.seen.add(&what, row, bounds, alike) {
            table.unheard.push(what);
            drop(table);
            self.news.notify_one();
        }
    }

    /// All rows, those found last first, and how many finds had no row.
    pub(crate) fn rows(&self) -> (Vec<(What, Row)>, u64) {
        self.table().seen.rows()
    }

    fn take_unheard(&self) -> Vec<What> {
        std::mem::take(&mut self.table().unheard)
    }
}

/// Tells the team of what is new, until `stop`.
pub(crate) async fn tell(
    reflections: Arc<Reflections>,
    publisher: Arc<Publisher>,
    alarms: Alarms,
    stop: CancellationToken,
) {
    loop {
        let new = reflections.take_unheard();
        if !new.is_empty() && publisher.config().xss.alarm {
            // On its way when the call returns.
            drop(alarms.raise(alarm(&new)));
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = reflections.news.notified() => {}
        }
    }
}

fn alarm(new: &[What]) -> Alarm {
    let mut text = String::from(
        "What a request brought came back unescaped in the page that answered it: whoever makes \
         somebody open a prepared link runs a script in their name (cross-site scripting). \
         The page has to escape what it shows; meanwhile `xss = \"neutralise\"` on the route \
         does it. The console has all of them, under reflected markup.\n",
    );
    for what in new.iter().take(NAMED_MAX) {
        text.push_str(&format!(
            "\n{}: {} {} as {}",
            page(&what.site, &what.route),
            what.place.word(),
            what.parameter,
            what.context.word()
        ));
    }
    if new.len() > NAMED_MAX {
        text.push_str(&format!("\nand {} more", new.len() - NAMED_MAX));
    }
    let count = new.len();
    Alarm {
        kind: KIND,
        subject: format!("parameters that came back as markup: {count}"),
        text,
    }
}

#[cfg(test)]
mod tests {
    use terms::{Micros, RequestId};

    use super::*;

    fn finding(at: i64, route: &str, parameter: &str) -> Finding {
        Finding {
            at: Micros(at),
            id: RequestId([7; 16]),
            site: "app.example".into(),
            route: route.into(),
            place: Place::Query,
            parameter: parameter.into(),
            context: Context::Script,
            mode: Mode::Observe,
        }
    }

    #[test]
    fn each_parameter_has_one_row_and_the_team_hears_of_it_once() {
        let reflections = Reflections::default();
        for (at, parameter) in [(1, "q"), (2, "q"), (3, "name"), (4, "q")] {
            reflections.add(finding(at, "/search", parameter));
        }
        let (rows, beyond) = reflections.rows();
        let rows: Vec<_> = rows
            .iter()
            .map(|(what, row)| (&*what.parameter, row.first.0, row.last.0, row.count))
            .collect();
        assert_eq!(rows, [("q", 1, 4, 3), ("name", 3, 3, 1)]);
        assert_eq!(beyond, 0);
        let new = reflections.take_unheard();
        let told = alarm(&new);
        assert!(told.subject.ends_with(": 2"), "{}", told.subject);
        assert!(told.text.contains("app.example /search: query q as script"));
        assert!(reflections.take_unheard().is_empty());
        reflections.add(finding(5, "/search", "q"));
        assert!(reflections.take_unheard().is_empty());
    }

    #[test]
    fn a_flood_fills_the_share_of_its_route_and_no_more() {
        let reflections = Reflections::default();
        for number in 0..1000 {
            reflections.add(finding(number, "/search", &format!("q{number}")));
        }
        reflections.add(finding(2000, "/other", "q"));
        let (rows, beyond) = reflections.rows();
        assert_eq!(rows.len(), ROWS_OF_ROUTE_MAX + 1);
        assert_eq!(beyond, 1000 - ROWS_OF_ROUTE_MAX as u64);
        assert_eq!(&*rows[0].0.route, "/other");
        let told = alarm(&reflections.take_unheard());
        assert!(
            told.text
                .ends_with(&format!("and {} more", rows.len() - NAMED_MAX))
        );
    }
}
