//! What a check costs: `taskset -c 1 cargo bench -p waarborg-gcra [-- ROUNDS]`.
//!
//! In a table of 64 MiB: clients at random from so many that the table is full, one client
//! that is admitted and one that is limited, and a flood of clients that are all new.
//! A client at random waits for main memory: compare with what one read of as much memory
//! costs on the same machine in the same minute.
//! Without `taskset`, also two threads, with the same client and with clients at random.

// The only clock in this crate: a bench has nobody to take one from.
#![allow(clippy::disallowed_methods)]

use std::{
    hint::black_box,
    num::NonZeroU32,
    thread,
    time::{Duration, Instant},
};

use waarborg_gcra::{Moment, Pace, Table};

const CHECKS: u64 = 1 << 20;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let rounds: u64 = rounds.unwrap_or(15);
    let resident = resident_kib();
    let table = Table::new(Table::DEFAULT_BYTES, [7; 16]).expect("a size in range");
    println!(
        "a new table of {} bytes: {} KiB resident",
        table.memory(),
        resident_kib() - resident
    );
    let pace = |rate, burst| {
        let number = |number| NonZeroU32::new(number).expect("not zero");
        Pace::per_second(number(rate), number(burst)).expect("a pace")
    };
    let (usual, narrow) = (pace(100, 400), pace(1, 1));
    let wide = pace(10_000_000, 1_000_000);

    // The clock goes on a microsecond a check.
    let at = |round: u64, check: u64| Moment::from_nanos((round * CHECKS + check) * 1000);
    let memory = memory_of_reads();
    print(
        "a read in 64 MiB",
        (0..rounds).map(|_| reads(&memory)).collect(),
    );
    drop(memory);
    run("random clients of 8 million", rounds, |round, check| {
        let client = mixed(round * CHECKS + check) % 8_000_000;
        table
            .check(client.into(), usual, at(round, check))
            .is_admitted()
    });
    run("new clients only", rounds, |round, check| {
        let client = u128::from(round * CHECKS + check) | (1 << 64);
        table.check(client, usual, at(round, check)).is_admitted()
    });
    run("one client, admitted", rounds, |round, check| {
        table.check(1 << 65, wide, at(round, check)).is_admitted()
    });
    run("one client, limited", rounds, |round, check| {
        table.check(1 << 66, narrow, at(round, check)).is_admitted()
    });
    if thread::available_parallelism().map_or(1, usize::from) > 1 {
        threads(
            "two threads, random clients",
            rounds,
            |thread, round, check| {
                let client = mixed((thread << 60) | (round * CHECKS + check)) % 8_000_000;
                table
                    .check(client.into(), usual, at(round, check))
                    .is_admitted()
            },
        );
        threads(
            "two threads, the same client, admitted",
            rounds,
            |_, round, check| table.check(1 << 67, wide, at(round, check)).is_admitted(),
        );
    }
    println!("at the end: {} KiB resident", resident_kib() - resident);
}

fn run(what: &str, rounds: u64, check: impl Fn(u64, u64) -> bool) {
    let took = (0..rounds).map(|round| one(round, &check));
    print(what, took.collect());
}

fn one(round: u64, check: impl Fn(u64, u64) -> bool) -> Duration {
    let begin = Instant::now();
    for number in 0..CHECKS {
        black_box(check(round, number));
    }
    begin.elapsed()
}

fn threads(what: &str, rounds: u64, check: impl Fn(u64, u64, u64) -> bool + Sync) {
    let took = (0..rounds).map(|round| {
        let both = thread::scope(|scope| {
            let check = &check;
            let both = [0, 1].map(|thread| {
                scope.spawn(move || one(round, |round, number| check(thread, round, number)))
            });
            both.map(|thread| thread.join().expect("a thread that ends"))
        });
        both.into_iter().max().unwrap_or_default()
    });
    print(what, took.collect());
}

/// The best and the median of some rounds, for each check.
fn print(what: &str, mut rounds: Vec<Duration>) {
    rounds.sort();
    let share = |took: Option<&Duration>| {
        took.map_or(f64::NAN, |took| took.as_secs_f64() * 1e9) / CHECKS as f64
    };
    let (best, median) = (rounds.first(), rounds.get(rounds.len() / 2));
    println!(
        "{what}, ns: best {:.1}, median {:.1}",
        share(best),
        share(median)
    );
}

/// 64 MiB of cache lines, each of which names the next in a random round through all.
fn memory_of_reads() -> Vec<[usize; 8]> {
    let lines = Table::DEFAULT_BYTES / 64;
    let mut order: Vec<usize> = (0..lines).collect();
    for at in (1..lines).rev() {
        let other = mixed(u64::try_from(at).expect("few lines"));
        order.swap(at, usize::try_from(other).expect("64 bits") % at);
    }
    order.into_iter().map(|next| [next; 8]).collect()
}

fn reads(memory: &[[usize; 8]]) -> Duration {
    let begin = Instant::now();
    let mut at = 0;
    for _ in 0..CHECKS {
        at = memory[at][0];
    }
    black_box(at);
    begin.elapsed()
}

/// SplitMix64's output function.
fn mixed(number: u64) -> u64 {
    let mut mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}

/// Memory of this process, where Linux tells.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse().ok())
        .unwrap_or(0)
}
