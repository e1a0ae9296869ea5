//! Random sets beside a naive one that reads its list from end to end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::{collection::vec, prelude::*};

use crate::{Found, IpRange, IpSet};

struct Naive(Vec<(IpRange, u32)>);

impl Naive {
    fn get(&self, address: IpAddr) -> Option<Found> {
        let around = self.0.iter().filter(|(range, _)| range.contains(address));
        // Of several as small, `min_by_key` gives the first.
        let (range, tag) = around.min_by_key(|(range, _)| width(*range))?;
        Some(Found {
            tag: *tag,
            range: *range,
        })
    }
}

fn width(range: IpRange) -> u128 {
    number(range.last()) - number(range.first())
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u32::from(address).into(),
        IpAddr::V6(address) => address.into(),
    }
}

/// IPv4 addresses on both sides of a few borders, so that ranges overlap and touch.
fn v4() -> impl Strategy<Value = IpAddr> {
    let near = prop_oneof![
        Just(0_u32),
        Just(0x0a00_0000),
        Just(0x0a01_0000),
        Just(u32::MAX - 40)
    ];
    let far = prop_oneof![
        0_u32..40,
        (0_u32..4).prop_map(|n| n << 15),
        0_u32..=0x2_0000
    ];
    prop_oneof![
        4 => (near, far).prop_map(|(near, far)| near.saturating_add(far)),
        1 => any::<u32>(),
    ]
    .prop_map(|number| Ipv4Addr::from(number).into())
}

/// The same for IPv6: around the mapped addresses, within one /64 and across several.
fn v6() -> impl Strategy<Value = IpAddr> {
    let db8 = 0x2001_0db8_u128 << 96;
    let near = prop_oneof![
        Just(0_u128),
        Just(0xfffe_ffff_ffe0),
        Just(0xffff_ffff_fff0),
        Just(db8),
        Just(db8 + (1 << 64) - 20),
        Just(u128::MAX - 40),
    ];
    let far = prop_oneof![0_u128..40, (0_u128..6).prop_map(|n| n << 64)];
    prop_oneof![
        4 => (near, far).prop_map(|(near, far)| near.saturating_add(far)),
        1 => any::<u128>(),
    ]
    .prop_map(|number| Ipv6Addr::from(number).into())
}

fn ranges() -> impl Strategy<Value = Vec<(IpRange, u32)>> {
    let ends = prop_oneof![(v4(), v4()), (v6(), v6())];
    let from_to = ends.prop_filter_map("mapped", |(one, other)| {
        IpRange::new(one.min(other), one.max(other)).ok()
    });
    let prefixes = prop_oneof![(v4(), 14_u8..=32), (v6(), 60_u8..=128)];
    let prefixes = prefixes.prop_filter_map("mapped", |(address, bits)| {
        IpRange::around(address, bits).ok()
    });
    vec((prop_oneof![from_to, prefixes], any::<u32>()), 0..40)
}

/// The addresses where something changes, and one on each side.
fn borders(ranges: &[(IpRange, u32)]) -> Vec<IpAddr> {
    let ends = ranges
        .iter()
        .flat_map(|(range, _)| [range.first(), range.last()]);
    ends.flat_map(|end| {
        let near = |offset: i8| match end {
            IpAddr::V4(end) => {
                let number = u32::from(end).wrapping_add_signed(offset.into());
                IpAddr::from(Ipv4Addr::from(number))
            }
            IpAddr::V6(end) => {
                Ipv6Addr::from(u128::from(end).wrapping_add_signed(offset.into())).into()
            }
        };
        [near(-1), near(0), near(1)]
    })
    .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn every_look_up_is_as_the_naive_one(
        ranges in ranges(),
        others in vec(prop_oneof![v4(), v6()], 0..40),
    ) {
        let set = IpSet::new(ranges.clone()).unwrap();
        let naive = Naive(ranges);
        for address in borders(&naive.0).into_iter().chain(others) {
            prop_assert_eq!(set.get(address), naive.get(address), "{}", address);
        }
    }

    #[test]
    fn exactly_the_ranges_that_decide_something_are_listed(ranges in ranges()) {
        let set = IpSet::new(ranges.clone()).unwrap();
        let naive = Naive(ranges);
        // Where who decides changes, a range begins or one has just ended.
        let mut deciding: Vec<IpRange> = borders(&naive.0)
            .into_iter()
            .filter_map(|address| Some(naive.get(address)?.range))
            .collect();
        deciding.sort();
        deciding.dedup();
        let mut listed: Vec<IpRange> = set.iter().map(|found| found.range).collect();
        prop_assert_eq!(listed.len(), set.len());
        listed.sort();
        // A piece between the mapped addresses and the next border is on no border.
        prop_assert!(deciding.iter().all(|range| listed.contains(range)));
        listed.dedup();
        prop_assert_eq!(listed.len(), set.len());
        for found in set.iter() {
            let given = naive.0.iter().find(|(range, _)| *range == found.range);
            prop_assert_eq!(given.map(|(_, tag)| *tag), Some(found.tag));
        }
    }

    #[test]
    fn the_covered_ipv4_addresses_are_counted(ranges in ranges()) {
        let set = IpSet::new(ranges.clone()).unwrap();
        let mut spans: Vec<(u64, u64)> = ranges
            .iter()
            .filter(|(range, _)| range.first().is_ipv4())
            .map(|(range, _)| (number(range.first()) as u64, number(range.last()) as u64 + 1))
            .collect();
        spans.sort_unstable();
        let (mut covered, mut until) = (0, 0);
        for (first, end) in spans {
            covered += end.max(until) - first.max(until);
            until = until.max(end);
        }
        prop_assert_eq!(set.covered_v4(), covered);
    }

    #[test]
    fn what_two_sets_have_in_common_is_found_first(
        one in ranges(),
        other in ranges(),
        ends in prop_oneof![(v4(), v4()), (v6(), v6())],
    ) {
        let Ok(within) = IpRange::new(ends.0.min(ends.1), ends.0.max(ends.1)) else {
            return Ok(());
        };
        let sets = (IpSet::new(one.clone()).unwrap(), IpSet::new(other.clone()).unwrap());
        let found = sets.0.first_common(&sets.1, within);
        prop_assert_eq!(found, sets.1.first_common(&sets.0, within));
        let both = |address: IpAddr| {
            let covers = |ranges: &[(IpRange, u32)]| {
                ranges.iter().any(|(range, _)| range.contains(address))
            };
            within.contains(address) && covers(&one) && covers(&other)
        };
        // The first common address is where one of the three begins.
        let all: Vec<(IpRange, u32)> = [&one[..], &other[..], &[(within, 0)]].concat();
        let after_mapped = IpAddr::from(Ipv6Addr::from(1_u128 << 48));
        let naive = borders(&all).into_iter().chain([after_mapped]).filter(|at| both(*at)).min();
        prop_assert_eq!(found, naive);
    }
}
