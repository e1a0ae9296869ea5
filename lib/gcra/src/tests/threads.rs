//! One table, several threads.

use std::{
    sync::{
        Barrier,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use super::{pace, table};
use crate::{Moment, Table, Verdict};

const THREADS: u64 = 4;

/// What the threads admit together, each asking `asks` times in each of the rounds, all of
/// which are at one moment.
fn admitted(
    table: &Table,
    client: impl Fn(u64) -> u128 + Sync,
    rounds: u64,
    asks: u64,
) -> Vec<u64> {
    let pace = pace(100, 50);
    let counts: Vec<AtomicU64> = (0..rounds).map(|_| AtomicU64::new(0)).collect();
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                for (round, count) in (0..).zip(&counts) {
                    // 70 ms from each round to the next: seven intervals.
                    let now = Moment::from_nanos(round * 70_000_000);
                    barrier.wait();
                    let times =
                        (0..asks).filter(|ask| table.check(client(*ask), pace, now).is_admitted());
                    count.fetch_add(u64::try_from(times.count()).unwrap(), Ordering::Relaxed);
                }
            });
        }
    });
    counts
        .iter()
        .map(|count| count.load(Ordering::Relaxed))
        .collect()
}

#[test]
fn all_threads_together_admit_a_client_exactly_its_burst_and_its_rate() {
    let table = table(1 << 16);
    let counts = admitted(&table, |_| 7, 200, 500);
    assert_eq!(counts.first(), Some(&50));
    assert!(counts.iter().skip(1).all(|count| *count == 7), "{counts:?}");
}

#[test]
fn no_request_is_lost_between_threads() {
    let (table, pace) = (table(1 << 16), pace(10_000_000, 1_000_000));
    let now = Moment::from_nanos(0);
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for _ in 0..200_000 {
                    assert!(table.check(7, pace, now).is_admitted());
                }
            });
        }
    });
    let Verdict::Admitted { remaining, .. } = table.check(7, pace, now) else {
        panic!("800,000 of a million are used");
    };
    assert_eq!(remaining, 199_999);
}

#[test]
fn threads_that_bring_the_same_clients_at_once_admit_each_exactly_once() {
    // Thousands of clients, each new to the table: two in a bucket of eight, as a rule.
    let table = table(1 << 16);
    let counts = admitted(&table, u128::from, 1, 2000);
    assert_eq!(counts, [2000 * THREADS], "within the burst of each");
    let pace = pace(100, 50);
    let left = |client: u128| {
        let now = Moment::from_nanos(0);
        (0..100)
            .filter(|_| table.check(client, pace, now).is_admitted())
            .count()
    };
    // One that wasn't replaced has used four of its fifty.
    let left: Vec<usize> = (0..2000).map(left).collect();
    assert!(
        left.iter().filter(|left| **left == 46).count() > 1980,
        "{left:?}"
    );
    assert!(left.iter().all(|left| (46..=50).contains(left)), "{left:?}");
}

#[test]
fn a_clock_that_goes_on_meanwhile_gives_exactly_the_rate() {
    let (table, pace) = (table(1 << 16), pace(1000, 100));
    let check = |now| u64::from(table.check(7, pace, Moment::from_nanos(now)).is_admitted());
    let mut total = check(0);
    let clock = AtomicU64::new(0);
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    thread::scope(|scope| {
        let run = || {
            let mut admitted = 0;
            for _ in 0..200 {
                // Nobody lags further behind than one of these rounds, which is 4 ms.
                barrier.wait();
                for _ in 0..500 {
                    // Each ask takes 2 us of this clock: 500 for an interval.
                    admitted += check(clock.fetch_add(2000, Ordering::Relaxed));
                }
            }
            admitted
        };
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(run)).collect();
        total += threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .sum::<u64>();
    });
    // What the last asks left, so that it doesn't matter which thread was the last.
    let end = clock.into_inner();
    while check(end) == 1 {
        total += 1;
    }
    assert_eq!((end, total), (800_000_000, 100 + 800));
}
