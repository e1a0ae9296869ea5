//! What a look-up, a set and its building cost:
//! `taskset -c 1 cargo bench -p waarborg-ipset [-- ROUNDS]`.
//!
//! 1,050,000 IPv4 and 200,000 IPv6 ranges that resemble public lists put together: mostly
//! single addresses and /24s, half of them crowded into a part of the space; prefixes from
//! /19 and /29 on, some from-to, nesting where chance has it.
//!
//! "Anywhere" are addresses at random (IPv6: in networks of which others are listed), few
//! of which are in a range; "listed" are addresses at random of ranges at random. Both are
//! spread over the whole set, which is far larger than a core's own caches: compare them
//! with what a read costs in as much memory on the same machine in the same minute. "At
//! once" the next look-up doesn't wait for the one before. "In turn" it does, as a request
//! waits for its own.

// The only clock in this crate: a bench has nobody to take one from.
#![allow(clippy::disallowed_methods)]

use std::{
    hint::black_box,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    time::{Duration, Instant},
};

use waarborg_ipset::{Found, IpRange, IpSet};

const V4: usize = 1_050_000;
const V6: usize = 200_000;
const ADDRESSES: usize = 1 << 20;
const READS: u64 = 1 << 20;

fn main() {
    let rounds = std::env::args().skip(1).find_map(|word| word.parse().ok());
    let rounds: u32 = rounds.unwrap_or(9);
    let mut chance = Chance(7);
    let v4 = chance.v4();
    let v6 = chance.v6();
    let ranges: Vec<(IpRange, u32)> = v4.iter().chain(&v6).copied().zip(0..).collect();
    let listed_v4 = chance.listed_v4(&v4);
    let listed_v6 = chance.listed_v6(&v6);
    let anywhere_v4: Vec<Ipv4Addr> = (0..ADDRESSES).map(|_| chance.half().into()).collect();
    let anywhere_v6: Vec<Ipv6Addr> = (0..ADDRESSES).map(|_| chance.address_v6()).collect();

    let mut building = Vec::new();
    let mut set = IpSet::default();
    for _ in 0..rounds {
        let ranges = ranges.clone();
        let begin = Instant::now();
        set = IpSet::new(ranges).expect("not too many ranges");
        building.push(begin.elapsed());
    }
    let mib = f64::from(u32::try_from(set.memory() >> 10).unwrap_or(u32::MAX)) / 1024.0;
    println!("{} ranges of {} in {mib:.1} MiB", set.len(), ranges.len());
    print("building, ms", building, 1_000_000);
    for mib in [1, 4, 8, 16] {
        let took = (0..rounds).map(|_| chance.reads(mib)).collect();
        print(&format!("a read in {mib} MiB, ns"), took, READS);
    }
    let v4 = |what, addresses: &[Ipv4Addr]| {
        run(
            what,
            rounds,
            addresses,
            |address| set.get_v4(address),
            |address, found| Ipv4Addr::from(u32::from(address) ^ u32::from(found)),
        );
    };
    v4("IPv4 anywhere", &anywhere_v4);
    v4("IPv4 listed", &listed_v4);
    let v6 = |what, addresses: &[Ipv6Addr]| {
        run(
            what,
            rounds,
            addresses,
            |address| set.get_v6(address),
            |address, found| Ipv6Addr::from(u128::from(address) ^ u128::from(found)),
        );
    };
    v6("IPv6 anywhere", &anywhere_v6);
    v6("IPv6 listed", &listed_v6);
}

/// `turn` mixes into an address whether the one before was found.
fn run<A: Copy>(
    what: &str,
    rounds: u32,
    addresses: &[A],
    get: impl Fn(A) -> Option<Found>,
    turn: impl Fn(A, bool) -> A,
) {
    let (mut at_once, mut in_turn, mut hits) = (Vec::new(), Vec::new(), 0_u32);
    for _ in 0..rounds {
        let begin = Instant::now();
        hits = 0;
        for address in addresses {
            hits += u32::from(black_box(get(*address)).is_some());
        }
        at_once.push(begin.elapsed());
        let begin = Instant::now();
        let mut before = false;
        for address in addresses {
            // Never true, which the compiler can't know: no such tag was given.
            let found = get(turn(*address, before));
            before = black_box(found.is_some_and(|found| found.tag == u32::MAX));
        }
        in_turn.push(begin.elapsed());
    }
    let count = u64::try_from(addresses.len()).expect("few addresses");
    println!("{what}: {} of 100 found", u64::from(hits) * 100 / count);
    print(&format!("{what}, at once, ns"), at_once, count);
    print(&format!("{what}, in turn, ns"), in_turn, count);
}

/// The best and the median of some rounds, for each of `count`.
fn print(what: &str, mut rounds: Vec<Duration>, count: u64) {
    rounds.sort();
    let share = |took: Option<&Duration>| {
        took.map_or(f64::NAN, |took| took.as_secs_f64() * 1e9) / count as f64
    };
    let (best, median) = (rounds.first(), rounds.get(rounds.len() / 2));
    println!(
        "{what}: best {:.1}, median {:.1}",
        share(best),
        share(median)
    );
}

/// SplitMix64: the same numbers in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    fn half(&mut self) -> u32 {
        u32::try_from(self.next() >> 32).unwrap_or(0)
    }

    /// Anywhere in IPv4, or where the lists are crowded: 4,096 of the /16s.
    fn address_v4(&mut self) -> Ipv4Addr {
        let address = self.half();
        let crowded = self.below(2) == 0;
        Ipv4Addr::from(if crowded {
            address & 0xfff0_ffff
        } else {
            address
        })
    }

    fn v4(&mut self) -> Vec<IpRange> {
        (0..V4)
            .filter_map(|_| {
                let address = self.address_v4();
                match self.below(100) {
                    0..60 => Some(IpRange::from(IpAddr::V4(address))),
                    60..90 => IpRange::around(address.into(), 24).ok(),
                    90..97 => {
                        let bits = u8::try_from(19 + self.below(13)).ok()?;
                        IpRange::around(address.into(), bits).ok()
                    }
                    _ => {
                        let last = u32::from(address).saturating_add(self.half() % 2000);
                        IpRange::new(address.into(), Ipv4Addr::from(last).into()).ok()
                    }
                }
            })
            .collect()
    }

    /// In one of 30,000 /32s.
    fn address_v6(&mut self) -> Ipv6Addr {
        let network = u128::from(0x2000_0000 + self.below(30_000) * 0x2_2222);
        let subnet = u128::from(self.below(1 << 20) << 12);
        Ipv6Addr::from(network << 96 | subnet << 64 | u128::from(self.next()))
    }

    fn v6(&mut self) -> Vec<IpRange> {
        (0..V6)
            .filter_map(|_| {
                let address = self.address_v6();
                let bits = match self.below(100) {
                    0..40 => 64,
                    40..65 => 48,
                    65..80 => 128,
                    80..90 => 56,
                    _ => u8::try_from(29 + self.below(20)).ok()?,
                };
                IpRange::around(address.into(), bits).ok()
            })
            .collect()
    }

    fn listed_v4(&mut self, ranges: &[IpRange]) -> Vec<Ipv4Addr> {
        let one = |range: IpRange| match (range.first(), range.last()) {
            (IpAddr::V4(first), IpAddr::V4(last)) => {
                let (first, last) = (u32::from(first), u32::from(last));
                let far = self.below(u64::from(last - first) + 1);
                Some(Ipv4Addr::from(first + u32::try_from(far).ok()?))
            }
            _ => None,
        };
        // In the order of chance already.
        ranges
            .iter()
            .copied()
            .filter_map(one)
            .take(ADDRESSES)
            .collect()
    }

    fn listed_v6(&mut self, ranges: &[IpRange]) -> Vec<Ipv6Addr> {
        let one = |range: IpRange| match (range.first(), range.last()) {
            (IpAddr::V6(first), IpAddr::V6(last)) => {
                let any = u128::from(self.next()) << 64 | u128::from(self.next());
                let host = u128::from(first) ^ u128::from(last);
                Some(Ipv6Addr::from(u128::from(first) | any & host))
            }
            _ => None,
        };
        ranges
            .iter()
            .copied()
            .filter_map(one)
            .take(ADDRESSES)
            .collect()
    }

    /// The time of reads of random cache lines, each of which names the next.
    fn reads(&mut self, mib: usize) -> Duration {
        let lines = mib << 14;
        let mut order: Vec<usize> = (0..lines).collect();
        for at in (1..lines).rev() {
            let other = self.below(u64::try_from(at).expect("few lines"));
            order.swap(at, usize::try_from(other).expect("below `at`"));
        }
        let memory: Vec<[usize; 8]> = order.into_iter().map(|next| [next; 8]).collect();
        let begin = Instant::now();
        let mut at = 0;
        for _ in 0..READS {
            at = memory[at][0];
        }
        black_box(at);
        begin.elapsed()
    }
}
