//! Promise `block`: what clients do that they may be banned for.
//!
//! Records of requests bring strikes from the edge, sign-in its own. Here stands one row for
//! each client and cause, in memory; a record that was dropped on its way is one strike
//! less. Enough of them make a [`Case`], and whoever judges those asks for them. Whoever
//! floods this from many addresses makes it forget the oldest.
// promise: block

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use guards::{
    block::IpRange,
    strike::{Cause, Strike, client, is_bannable},
};
use seam::record::Batch;
use terms::{Micros, RequestId};
use tokio::sync::Notify;

/// Rows of all clients.
const ROWS_MAX: usize = 8192;
/// Cases that wait to be judged; a further one is begun anew.
const CASES_MAX: usize = 512;
/// Different strikes of one row that are told apart: as many as any cause needs.
const DIFFERENT_MAX: usize = 16;

/// What a client did, and how often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Case {
    pub(crate) client: IpRange,
    pub(crate) cause: Cause,
    pub(crate) strikes: u64,
    pub(crate) first: Micros,
    pub(crate) last: Micros,
    /// The last request.
    pub(crate) id: RequestId,
}

#[derive(Debug)]
struct Row {
    strikes: u64,
    different: HashSet<u64>,
    first: Micros,
    last: Micros,
}

#[derive(Debug, Default)]
struct Table {
    rows: HashMap<(IpRange, Cause), Row>,
    cases: Vec<Case>,
}

/// Strikes since the start.
#[derive(Debug, Default)]
pub(crate) struct Strikes {
    table: Mutex<Table>,
    news: Notify,
}

impl Strikes {
    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts what records bring.
    pub(crate) fn take(&self, batch: &Batch) {
        for (record, _) in batch.iter() {
            if let Some((address, strike)) = record.strike {
                self.add(address, strike, record.at, record.id);
            }
        }
    }

    /// Counts one strike.
    pub(crate) fn add(&self, address: IpAddr, strike: Strike, at: Micros, id: RequestId) {
        if !is_bannable(address) {
            return;
        }
        let Some(client) = client(address) else {
            return;
        };
        let cause = strike.cause();
        let needs = cause.needs();
        let key = (client, cause);
        let mut table = self.table();
        if !table.rows.contains_key(&key) {
            make_room(&mut table.rows, at);
        }
        let begun = || Row {
            strikes: 0,
            different: HashSet::new(),
            first: at,
            last: at,
        };
        let row = table.rows.entry(key).or_insert_with(begun);
        // Workers hand their records over in turn: one that is older than the first is new.
        if at.since(row.first) > needs.within {
            *row = begun();
        }
        let new = row.different.len() < DIFFERENT_MAX && row.different.insert(strike.what());
        // The same path again and again is no scan.
        if cause != Cause::Scan || new {
            row.strikes = row.strikes.saturating_add(1);
        }
        row.last = row.last.max(at);
        if row.strikes < needs.strikes || row.different.len() < needs.different {
            return;
        }
        let case = Case {
            client,
            cause,
            strikes: row.strikes,
            first: row.first,
            last: row.last,
            id,
        };
        table.rows.remove(&key);
        if table.cases.len() < CASES_MAX {
            table.cases.push(case);
        }
        drop(table);
        self.news.notify_one();
    }

    /// Cases since the last call, once there are some.
    pub(crate) async fn cases(&self) -> Vec<Case> {
        loop {
            let cases = std::mem::take(&mut self.table().cases);
            if !cases.is_empty() {
                return cases;
            }
            self.news.notified().await;
        }
    }
}

/// Makes room for one more: rows whose time is over go first, then the oldest.
fn make_room(rows: &mut HashMap<(IpRange, Cause), Row>, now: Micros) {
    if rows.len() < ROWS_MAX {
        return;
    }
    rows.retain(|(_, cause), row| now.since(row.first) <= cause.needs().within);
    if rows.len() >= ROWS_MAX
        && let Some(oldest) = rows.iter().min_by_key(|(_, row)| row.last)
    {
        let oldest = *oldest.0;
        rows.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use guards::strike::SOUGHT;

    use super::*;

    const AT: Micros = Micros(1_000_000_000);

    fn add(strikes: &Strikes, address: &str, strike: Strike, after: u64) {
        let at = AT.after(Duration::from_secs(after));
        strikes.add(address.parse().unwrap(), strike, at, RequestId([7; 16]));
    }

    fn cases(strikes: &Strikes) -> Vec<(String, Cause, u64)> {
        let cases = std::mem::take(&mut strikes.table().cases);
        let told = |case: Case| (case.client.to_string(), case.cause, case.strikes);
        cases.into_iter().map(told).collect()
    }

    #[test]
    fn several_different_paths_within_an_hour_are_a_scan_and_one_path_never_is() {
        let strikes = Strikes::default();
        for second in 0..100 {
            add(&strikes, "8.8.8.8", Strike::Sought(1), second);
        }
        for place in 0..4 {
            add(&strikes, "2600::1", Strike::Sought(place), 0);
        }
        // Another address of the same /64, and an hour is over for somebody else.
        add(&strikes, "2600::ffff", Strike::Sought(9), 3600);
        for (place, second) in [(1, 0), (2, 1), (3, 2), (4, 3), (5, 3601)] {
            add(&strikes, "9.9.9.9", Strike::Sought(place), second);
        }
        assert_eq!(cases(&strikes), [("2600::/64".to_owned(), Cause::Scan, 5)]);
        assert_eq!(cases(&strikes), []);
    }

    #[test]
    fn refusals_that_go_on_and_guesses_at_many_names_are_cases() {
        let strikes = Strikes::default();
        for second in 0..499 {
            add(&strikes, "8.8.8.8", Strike::Throttled, second);
            add(&strikes, "9.9.9.9", Strike::Guessed(second % 9), second);
        }
        assert_eq!(cases(&strikes), []);
        add(&strikes, "8.8.8.8", Strike::Throttled, 500);
        assert_eq!(
            cases(&strikes),
            [("8.8.8.8".to_owned(), Cause::Throttled, 500)]
        );
        for name in 0..30 {
            add(&strikes, "9.9.9.8", Strike::Guessed(name % 10), name);
        }
        assert_eq!(
            cases(&strikes),
            [("9.9.9.8".to_owned(), Cause::LockOut, 30)]
        );
    }

    #[test]
    fn drills_and_local_addresses_are_never_counted() {
        let strikes = Strikes::default();
        for address in ["127.0.0.1", "10.0.0.7", "198.51.100.9", "2001:db8::1"] {
            for place in 0..SOUGHT.len() {
                let place = u8::try_from(place).unwrap();
                add(&strikes, address, Strike::Sought(place), 0);
            }
        }
        assert_eq!(cases(&strikes), []);
        assert!(strikes.table().rows.is_empty());
    }

    #[test]
    fn a_flood_of_addresses_is_bounded() {
        let strikes = Strikes::default();
        for number in 0..20_000_u32 {
            let address = IpAddr::from((0x0808_0000 + number).to_be_bytes());
            strikes.add(address, Strike::Throttled, AT, RequestId([7; 16]));
        }
        assert_eq!(strikes.table().rows.len(), ROWS_MAX);
    }
}
