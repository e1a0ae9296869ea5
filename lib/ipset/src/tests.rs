mod parsing;
mod random;

use std::net::IpAddr;

use crate::{IpRange, IpSet, MAX_RANGES, RangeError, TooManyRanges};

fn range(text: &str) -> IpRange {
    text.parse().expect("a range")
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

/// A set whose tags are the places of the ranges.
fn set(ranges: &[&str]) -> IpSet {
    IpSet::new((0..).zip(ranges).map(|(tag, text)| (range(text), tag))).expect("few ranges")
}

/// What is found around an address: the tag and the range.
fn check(set: &IpSet, text: &str, expected: Option<(u32, &str)>) {
    let found = set.get(address(text));
    let found = found.map(|found| (found.tag, found.range.to_string()));
    let expected = expected.map(|(tag, range)| (tag, range.to_owned()));
    assert_eq!(found, expected, "{text}");
}

fn listed(set: &IpSet) -> Vec<(u32, String)> {
    set.iter()
        .map(|found| (found.tag, found.range.to_string()))
        .collect()
}

#[test]
fn an_empty_set_knows_nothing_and_takes_nothing() {
    let set = set(&[]);
    assert_eq!((set.len(), set.is_empty(), set.covered_v4()), (0, true, 0));
    assert_eq!(set.memory(), size_of::<IpSet>());
    for text in [
        "0.0.0.0",
        "192.0.2.1",
        "255.255.255.255",
        "::",
        "2001:db8::1",
    ] {
        check(&set, text, None);
    }
    assert!(!set.intersects(IpRange::ALL_V4) && !set.intersects(IpRange::ALL_V6));
    assert_eq!(set.iter().count(), 0);
}

#[test]
fn all_of_ipv4_is_one_range_and_no_ipv6() {
    let set = set(&["0.0.0.0/0"]);
    for text in [
        "0.0.0.0",
        "0.0.255.255",
        "128.0.0.1",
        "255.255.255.255",
        "::ffff:1.2.3.4",
    ] {
        check(&set, text, Some((0, "0.0.0.0/0")));
    }
    check(&set, "::", None);
    check(&set, "2001:db8::1", None);
    assert_eq!((set.len(), set.covered_v4()), (1, 1 << 32));
}

#[test]
fn all_of_ipv6_is_one_range_and_no_ipv4() {
    let set = set(&["::/0"]);
    let last = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    for text in ["::", "::fffe:ffff:ffff", "::1:0:0:0", "2001:db8::1", last] {
        check(&set, text, Some((0, "::/0")));
    }
    check(&set, "::ffff:192.0.2.1", None);
    check(&set, "192.0.2.1", None);
    assert_eq!((set.len(), set.covered_v4()), (1, 0));
}

#[test]
fn an_ipv6_range_that_has_only_mapped_addresses_left_is_hidden() {
    let set = set(&["::/0", "::-::fffe:ffff:ffff", "::1:0:0:0-ffff::"]);
    assert_eq!(set.len(), 3, "::/0 still has what follows ffff::");
    let hidden = self::set(&[
        "::/64",
        "::-::fffe:ffff:ffff",
        "::1:0:0:0-::ffff:ffff:ffff:ffff",
    ]);
    assert_eq!(hidden.len(), 2);
    assert!(!hidden.iter().any(|found| found.tag == 0));
    assert_eq!(
        hidden.first_covered(range("::ffff:0:0:0/80")),
        Some(address("::ffff:0:0:0"))
    );
}

#[test]
fn an_ipv6_prefix_that_ends_with_the_mapped_addresses_has_what_is_before_them() {
    let set = set(&["::/80", "::8000:0:0/81"]);
    check(&set, "::7fff:ffff:ffff", Some((0, "::/80")));
    check(&set, "::fffe:ffff:ffff", Some((1, "::8000:0:0/81")));
    check(&set, "::ffff:255.255.255.255", None);
    check(&set, "::1:0:0:0", None);
    assert!(!range("::/80").contains(range("::/80").last()));
}

#[test]
fn single_addresses_at_both_ends_are_found_and_their_neighbours_are_not() {
    let last_v6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let set = set(&[
        "0.0.0.0",
        "255.255.255.255/32",
        "::/128",
        last_v6,
        "192.0.2.7",
        "2001:db8::7",
    ]);
    check(&set, "0.0.0.0", Some((0, "0.0.0.0")));
    check(&set, "0.0.0.1", None);
    check(&set, "255.255.255.255", Some((1, "255.255.255.255")));
    check(&set, "255.255.255.254", None);
    check(&set, "::", Some((2, "::")));
    check(&set, "::1", None);
    check(&set, last_v6, Some((3, last_v6)));
    check(&set, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe", None);
    check(&set, "ffff:ffff:ffff:ffff::", None);
    check(&set, "192.0.2.7", Some((4, "192.0.2.7")));
    check(&set, "192.0.2.6", None);
    check(&set, "192.0.2.8", None);
    check(&set, "2001:db8::7", Some((5, "2001:db8::7")));
    check(&set, "2001:db8::6", None);
    check(&set, "2001:db8::8", None);
}

#[test]
fn ranges_that_meet_stay_apart() {
    let set = set(&[
        "192.0.2.0/25",
        "192.0.2.128/25",
        "2001:db8::/33",
        "2001:db8:8000::/33",
    ]);
    check(&set, "192.0.2.127", Some((0, "192.0.2.0/25")));
    check(&set, "192.0.2.128", Some((1, "192.0.2.128/25")));
    check(&set, "2001:db8:7fff::", Some((2, "2001:db8::/33")));
    check(&set, "2001:db8:8000::", Some((3, "2001:db8:8000::/33")));
    assert_eq!((set.len(), set.covered_v4()), (4, 256));
}

#[test]
fn the_most_specific_range_decides_and_gives_its_own_bounds() {
    let set = set(&[
        "10.0.0.0/8",
        "10.1.0.0/16",
        "10.1.2.0/24",
        "10.1.2.3",
        "10.1.2.0-10.1.2.9",
    ]);
    check(&set, "10.0.0.0", Some((0, "10.0.0.0/8")));
    check(&set, "10.1.1.255", Some((1, "10.1.0.0/16")));
    check(&set, "10.1.2.2", Some((4, "10.1.2.0-10.1.2.9")));
    check(&set, "10.1.2.3", Some((3, "10.1.2.3")));
    check(&set, "10.1.2.4", Some((4, "10.1.2.0-10.1.2.9")));
    check(&set, "10.1.2.10", Some((2, "10.1.2.0/24")));
    check(&set, "10.1.3.0", Some((1, "10.1.0.0/16")));
    check(&set, "10.2.0.0", Some((0, "10.0.0.0/8")));
    check(&set, "10.255.255.255", Some((0, "10.0.0.0/8")));
    check(&set, "11.0.0.0", None);
    assert_eq!((set.len(), set.covered_v4()), (5, 1 << 24));
}

#[test]
fn of_equally_specific_ranges_the_first_given_decides() {
    let set = set(&[
        "10.0.0.10-10.0.0.19",
        "10.0.0.15-10.0.0.24",
        "10.0.0.10-10.0.0.19",
    ]);
    check(&set, "10.0.0.19", Some((0, "10.0.0.10-10.0.0.19")));
    check(&set, "10.0.0.20", Some((1, "10.0.0.15-10.0.0.24")));
    assert_eq!(
        (set.len(), set.covered_v4()),
        (2, 15),
        "a duplicate isn't counted"
    );
    let turned = self::set(&["10.0.0.15-10.0.0.24", "10.0.0.10-10.0.0.19"]);
    check(&turned, "10.0.0.15", Some((0, "10.0.0.15-10.0.0.24")));
}

#[test]
fn a_range_that_others_hide_altogether_is_not_in_the_set() {
    let set = set(&["192.0.2.0/24", "192.0.2.0/25", "192.0.2.128/25"]);
    assert_eq!(
        listed(&set),
        [
            (1, "192.0.2.0/25".to_owned()),
            (2, "192.0.2.128/25".to_owned())
        ]
    );
    assert_eq!((set.len(), set.covered_v4()), (2, 256));
}

#[test]
fn each_range_is_listed_once_in_the_order_of_what_it_decides() {
    let set = set(&[
        "2001:db8::/32",
        "10.0.0.0/8",
        "10.0.0.0/16",
        "10.128.0.0/16",
        "2001:db8:5::/48",
        "9.255.255.0-10.0.0.9",
        "192.0.2.1",
    ]);
    let tags: Vec<u32> = set.iter().map(|found| found.tag).collect();
    // 10.0.0.0/8 decides from 10.1.0.0 on.
    assert_eq!(tags, [5, 2, 1, 3, 6, 0, 4]);
    assert_eq!(set.len(), tags.len());
}

#[test]
fn ipv4_in_ipv6_notation_is_looked_up_as_ipv4() {
    let set = set(&["192.0.2.0/24", "::/96", "64:ff9b::/96"]);
    check(&set, "::ffff:192.0.2.1", Some((0, "192.0.2.0/24")));
    check(&set, "::192.0.2.1", Some((1, "::/96")));
    check(&set, "64:ff9b::192.0.2.1", Some((2, "64:ff9b::/96")));
    check(&set, "::ffff:192.0.3.1", None);
}

#[test]
fn a_million_addresses_of_one_64_are_told_apart() {
    let base = u128::from_be_bytes([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let even = (0..1_000_000).map(|n| (IpRange::v6(base + 2 * n, base + 2 * n), 1));
    let set = IpSet::new(even.chain([(IpRange::v6(base, base + 2_000_001), 2)])).unwrap();
    for n in (0..2_000_002_u32).step_by(997) {
        let address = std::net::Ipv6Addr::from(base + u128::from(n));
        let expected = if n % 2 == 0 && n < 2_000_000 { 1 } else { 2 };
        assert_eq!(
            set.get_v6(address).map(|found| found.tag),
            Some(expected),
            "{address}"
        );
    }
    assert_eq!(set.len(), 1_000_001);
}

#[test]
fn whether_a_range_is_touched_is_told_with_the_first_address() {
    let set = set(&["10.0.0.0/8", "192.0.2.8/29", "2001:db8::/32"]);
    let check = |text: &str, expected: Option<&str>| {
        let found = set.first_covered(range(text));
        assert_eq!(found, expected.map(address), "{text}");
        assert_eq!(set.intersects(range(text)), expected.is_some(), "{text}");
    };
    check("0.0.0.0/0", Some("10.0.0.0"));
    check("10.9.9.9", Some("10.9.9.9"));
    check("11.0.0.0-192.0.2.7", None);
    check("11.0.0.0-192.0.2.8", Some("192.0.2.8"));
    check("192.0.2.15-255.255.255.255", Some("192.0.2.15"));
    check("192.0.2.16-255.255.255.255", None);
    check("::/0", Some("2001:db8::"));
    check("2001:db7::/32", None);
    check("2001:db8:ffff::-ffff::", Some("2001:db8:ffff::"));
    check("2001:db9::-ffff::", None);
}

#[test]
fn two_sets_meet_where_both_cover() {
    let one = set(&["10.0.0.0-10.0.0.9", "10.0.0.20-10.0.0.29", "2001:db8::/32"]);
    let other = set(&[
        "10.0.0.10-10.0.0.19",
        "10.0.0.29-10.0.0.40",
        "2001:db8:7::/48",
    ]);
    let check = |within: &str, expected: Option<&str>| {
        let expected = expected.map(address);
        assert_eq!(
            one.first_common(&other, range(within)),
            expected,
            "{within}"
        );
        assert_eq!(
            other.first_common(&one, range(within)),
            expected,
            "{within}"
        );
    };
    check("0.0.0.0/0", Some("10.0.0.29"));
    check("0.0.0.0-10.0.0.28", None);
    check("10.0.0.30-255.255.255.255", None);
    check("::/0", Some("2001:db8:7::"));
    check("2001:db8:8::-ffff::", None);
}

#[test]
fn one_range_too_many_is_refused_and_no_more_are_taken() {
    let mut taken = 0;
    let ranges = |count| std::iter::repeat_n((range("192.0.2.1"), 7), count);
    let refused = IpSet::bounded(ranges(1000).inspect(|_| taken += 1), 3);
    assert_eq!(refused.err(), Some(TooManyRanges { most: 3 }));
    assert_eq!(taken, 4);
    assert_eq!(IpSet::bounded(ranges(3), 3).map(|set| set.len()), Ok(1));
    // At most two pieces a range and three parts a piece: their numbers fit into a value.
    const { assert!(6 * MAX_RANGES < 1 << 30) };
}

#[test]
fn a_set_is_shown_by_its_size_and_not_by_its_millions() {
    let shown = format!("{:?}", set(&["10.0.0.0/8"]));
    assert!(
        shown.starts_with("IpSet { len: 1, covered_v4: 16777216, memory: "),
        "{shown}"
    );
}

#[test]
fn ends_that_make_no_range_are_refused_with_what_was_meant() {
    let check = |first: &str, last: &str, expected: Result<&str, RangeError>| {
        let made = IpRange::new(address(first), address(last));
        assert_eq!(made, expected.map(range), "{first} {last}");
    };
    check("192.0.2.1", "192.0.2.1", Ok("192.0.2.1"));
    check("192.0.2.0", "192.0.2.255", Ok("192.0.2.0/24"));
    check(
        "192.0.2.9",
        "192.0.2.1",
        Err(RangeError::Reversed {
            meant: range("192.0.2.1-192.0.2.9"),
        }),
    );
    check(
        "2001:db8::9",
        "2001:db8::",
        Err(RangeError::Reversed {
            meant: range("2001:db8::-2001:db8::9"),
        }),
    );
    check("192.0.2.1", "2001:db8::", Err(RangeError::Families));
    check("2001:db8::", "192.0.2.1", Err(RangeError::Families));
    let mapped = |meant: &str| RangeError::Mapped {
        meant: Some(range(meant)),
    };
    check(
        "::ffff:192.0.2.0",
        "::ffff:192.0.2.255",
        Err(mapped("192.0.2.0/24")),
    );
    check(
        "::ffff:192.0.2.0",
        "192.0.2.255",
        Err(mapped("192.0.2.0/24")),
    );
    check(
        "192.0.2.0",
        "::ffff:192.0.2.255",
        Err(mapped("192.0.2.0/24")),
    );
    check(
        "::ffff:192.0.2.0",
        "2001:db8::",
        Err(RangeError::Mapped { meant: None }),
    );
    check(
        "::",
        "::ffff:192.0.2.0",
        Err(RangeError::Mapped { meant: None }),
    );
}

#[test]
fn the_range_around_an_address_has_it_and_not_more() {
    let around = |text: &str, bits| IpRange::around(address(text), bits);
    assert_eq!(
        around("2001:db8:1:2:3::4", 64),
        Ok(range("2001:db8:1:2::/64"))
    );
    assert_eq!(around("192.0.2.7", 24), Ok(range("192.0.2.0/24")));
    assert_eq!(around("192.0.2.7", 0), Ok(IpRange::ALL_V4));
    assert_eq!(around("2001:db8::", 0), Ok(IpRange::ALL_V6));
    assert_eq!(
        around("192.0.2.7", 33),
        Err(RangeError::Prefix { most: 32 })
    );
    assert_eq!(around("::1", 129), Err(RangeError::Prefix { most: 128 }));
    let meant = Some(range("192.0.2.0/24"));
    assert_eq!(
        around("::ffff:192.0.2.7", 120),
        Err(RangeError::Mapped { meant })
    );
    assert_eq!(
        around("::ffff:192.0.2.7", 64),
        Err(RangeError::Mapped { meant: None })
    );
    let meant = range("192.0.2.0/24");
    assert_eq!(
        IpRange::from_prefix(address("192.0.2.7"), 24),
        Err(RangeError::HostBits { meant })
    );
    assert_eq!(
        IpRange::from(address("::ffff:192.0.2.7")),
        range("192.0.2.7")
    );
}

#[test]
fn a_range_knows_its_prefix_its_ends_and_what_it_contains() {
    let check = |text: &str, prefix: Option<u8>| assert_eq!(range(text).prefix(), prefix, "{text}");
    check("0.0.0.0-255.255.255.255", Some(0));
    check("192.0.2.0-192.0.2.127", Some(25));
    check("192.0.2.64-192.0.2.191", None);
    check("192.0.2.1-192.0.2.2", None);
    check("192.0.2.7", Some(32));
    check("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some(0));
    check("2001:db8::-2001:db8::1", Some(127));
    check("2001:db8::1-2001:db8::2", None);
    let wide = range("::/0");
    assert!(wide.contains(address("2001:db8::")) && !wide.contains(address("::ffff:1.2.3.4")));
    let few = range("192.0.2.1-192.0.2.9");
    assert_eq!(
        (few.first(), few.last()),
        (address("192.0.2.1"), address("192.0.2.9"))
    );
    assert!(few.contains(address("::ffff:192.0.2.9")) && !few.contains(address("192.0.2.10")));
    assert!(range("255.0.0.0/8") < range("::"), "IPv4 comes first");
}
