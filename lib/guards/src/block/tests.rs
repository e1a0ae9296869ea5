use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn ranges(texts: &[&str]) -> Vec<IpRange> {
    texts.iter().map(|text| text.parse().unwrap()).collect()
}

fn file(name: &str, texts: &[&str]) -> File {
    let entries = ranges(texts).into_iter().zip(1..);
    File {
        name: name.to_owned(),
        entries: entries
            .map(|(range, number)| Entry { range, number })
            .collect(),
    }
}

fn set(allow: &[&str], deny: &[&str], files: &[File], unknown: bool) -> Set {
    let lists = Lists::new(&ranges(allow), &ranges(deny), files, unknown).unwrap();
    Set::new(Arc::new(lists), Action::Refuse, false)
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The id of the rule that refuses an address.
fn refused(set: &Set, address: &str) -> Option<String> {
    set.refuses(ip(address)).map(|rule| rule.to_string())
}

#[test]
fn a_rule_is_named_by_its_list_and_its_number_there() {
    let files = [
        file("/etc/drop.json", &["198.51.100.128/25", "2001:db8:1::/48"]),
        file("/etc/more", &["203.0.113.0/24", "198.51.100.192/26"]),
    ];
    let set = set(&[], &["198.51.100.0/26", "203.0.113.0/24"], &files, true);
    let check = |address, expected: Option<&str>| {
        assert_eq!(refused(&set, address).as_deref(), expected, "{address}");
    };
    check("198.51.100.7", Some("deny:1"));
    check("198.51.100.130", Some("/etc/drop.json:1"));
    check("198.51.100.200", Some("/etc/more:2"));
    check("2001:db8:1::7", Some("/etc/drop.json:2"));
    // In a file as well: the own list goes before.
    check("203.0.113.7", Some("deny:2"));
    check("240.0.0.1", Some("unknown:7"));
    check("8.8.8.8", None);
    check("2001:db8::1", None);
    assert_eq!(unknown::name(7), Some("reserved"));
    assert_eq!((unknown::name(0), unknown::name(999)), (None, None));
    assert_eq!(set.lists.refusing(), 6);
}

#[test]
fn allow_wins_however_narrow_the_other_range_is() {
    let files = [file("feed", &["203.0.113.7"])];
    let allowing = set(&["203.0.113.0/24"], &["203.0.113.7"], &files, false);
    assert_eq!(refused(&allowing, "203.0.113.7"), None);
    let Said::Allowed(rule, Some(other)) = allowing.says(ip("203.0.113.7")) else {
        panic!("it is allowed");
    };
    assert_eq!(
        (rule.to_string(), other.to_string()),
        ("allow:1".to_owned(), "deny:1".to_owned())
    );
    let banned = allowing.with_temporary(&[for_a_while("203.0.113.7", 1, false)]);
    assert_eq!(refused(&banned, "203.0.113.7"), None);
    // A list of everybody, and an exception: only those who are named come in.
    let closed = set(&["198.51.100.7"], &["0.0.0.0/0", "::/0"], &[], false);
    assert_eq!(refused(&closed, "198.51.100.7"), None);
    assert_eq!(refused(&closed, "198.51.100.8").as_deref(), Some("deny:1"));
    assert_eq!(refused(&closed, "2001:db8::8").as_deref(), Some("deny:2"));
}

#[test]
fn ipv4_mapped_and_nat64_addresses_are_judged_as_ipv4() {
    let listed = set(&[], &["198.51.100.7", "2001:db8::/32"], &[], true);
    for address in [
        "198.51.100.7",
        "::ffff:198.51.100.7",
        "64:ff9b::198.51.100.7",
    ] {
        assert_eq!(refused(&listed, address).as_deref(), Some("deny:1"));
    }
    for twin in [
        "198.51.100.8",
        "::ffff:198.51.100.8",
        "64:ff9b::198.51.100.8",
    ] {
        assert_eq!(refused(&listed, twin), None, "{twin}");
    }
    // A prefix that only looks alike isn't NAT64's.
    assert_eq!(
        refused(&listed, "64:ff9b:1::198.51.100.8").as_deref(),
        Some("unknown:9")
    );
}

#[test]
fn unknown_ranges_have_neither_what_is_local_nor_what_drills_come_from() {
    let on = set(&[], &[], &[], true);
    for good in [
        "10.0.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "172.16.0.1",
        "192.168.1.1",
        "198.51.100.1",
        "203.0.113.255",
        "1.1.1.1",
        "223.255.255.255",
        "::1",
        "2001:db8::1",
        "2001:db8:ffff:ffff::1",
        "2001:4860::8888",
        "2002:c633:6401::1",
        "2a00::1",
        "2c0f:fb50::1",
        "fd00::1",
        "fe80::1",
    ] {
        assert_eq!(refused(&on, good), None, "{good}");
    }
    for bad in [
        "0.1.2.3",
        "192.0.2.1",
        "198.19.0.1",
        "224.0.0.1",
        "255.255.255.255",
        "::",
        "100::1",
        "2d00::1",
        "3fff::1",
        "4000::1",
        "fec0::1",
        "ff02::1",
    ] {
        assert!(refused(&on, bad).is_some(), "{bad}");
    }
    let off = set(&[], &[], &[], false);
    assert_eq!(refused(&off, "240.0.0.1"), None);
    for (text, _) in unknown::RANGES {
        let range: IpRange = text.parse().unwrap();
        let drills = ["198.51.100.0/24", "203.0.113.0/24", "2001:db8::/32"];
        for drill in ranges(&drills) {
            assert!(!range.contains(drill.first()) && !drill.contains(range.first()));
        }
    }
}

#[test]
fn a_file_never_refuses_local_addresses_and_an_own_entry_does() {
    let bogons = [file(
        "bogons",
        &["10.0.0.0/8", "127.0.0.0/8", "fc00::/7", "100.64.0.0/10"],
    )];
    let listed = set(&[], &["10.0.7.0/24"], &bogons, true);
    for address in ["10.0.6.1", "127.0.0.1", "fd00::1", "100.127.0.1", "::1"] {
        assert_eq!(refused(&listed, address), None, "{address}");
    }
    assert_eq!(refused(&listed, "10.0.7.1").as_deref(), Some("deny:1"));
}

fn for_a_while(range: &str, number: u32, learned: bool) -> Temporary {
    Temporary {
        range: range.parse().unwrap(),
        number,
        until: 99,
        learned,
    }
}

#[test]
fn entries_for_a_while_come_and_go() {
    let before = set(&[], &[], &[], false);
    let entries = [
        for_a_while("203.0.113.9", 41, false),
        for_a_while("2001:db8:0:7::/64", 42, true),
    ];
    let during = before.clone().with_temporary(&entries);
    assert_eq!(
        refused(&during, "203.0.113.9").as_deref(),
        Some("temporary:41")
    );
    // One that no person made is a suspicion.
    let learned = during.refuses(ip("2001:db8:0:7::1")).unwrap();
    assert_eq!((&*learned.to_string(), learned.until), ("ban:42", Some(99)));
    assert!(learned.kind.is_suspicion() && !Kind::Temporary.is_suspicion());
    assert_eq!(refused(&during, "203.0.113.8"), None);
    let after = during.with_temporary(&[]);
    assert_eq!(refused(&after, "203.0.113.9"), None);
    assert_eq!(refused(&before, "203.0.113.9"), None);
}

#[test]
fn a_feed_refuses_after_every_other_list_with_an_action_of_its_own() {
    let feed = |name: &str, range: &str, action| Feed {
        list: file(name, &[range]),
        action,
    };
    let feeds = [
        feed("drop", "203.0.113.0/24", Action::Drop),
        feed("maybe", "198.51.100.0/24", Action::Observe),
        feed("late", "203.0.113.0/24", Action::Refuse),
        feed("bogons", "10.0.0.0/8", Action::Drop),
    ];
    let lists = set(&["203.0.113.7"], &["203.0.113.8"], &[], false);
    assert!(!lists.drops());
    let fed = lists.with_feeds(Arc::new(Feeds::new(&feeds).unwrap()));
    assert!(fed.drops());
    let said = |address: &str| {
        let rule = fed.refuses(ip(address));
        rule.map(|rule| (rule.to_string(), rule.action))
    };
    let expected = |id: &str, action| Some((id.to_owned(), action));
    assert_eq!(said("203.0.113.9"), expected("drop:1", Action::Drop));
    assert_eq!(said("203.0.113.8"), expected("deny:1", Action::Refuse));
    assert_eq!(said("198.51.100.1"), expected("maybe:1", Action::Observe));
    assert_eq!((said("203.0.113.7"), said("10.0.0.1")), (None, None));
    let many = Entry {
        range: "203.0.113.9".parse().unwrap(),
        number: 1,
    };
    let mut large = feed("large", "203.0.113.9", Action::Refuse);
    large.list.entries = vec![many; RANGES_MAX + 1];
    assert!(Feeds::new(&[large]).is_err());
}

#[test]
fn more_ranges_than_may_be_are_refused() {
    let many = Entry {
        range: "203.0.113.9".parse().unwrap(),
        number: 1,
    };
    let file = File {
        name: "feed".to_owned(),
        entries: vec![many; RANGES_MAX + 1],
    };
    assert!(Lists::new(&[], &[], &[file], false).is_err());
}

/// Ranges near each other, so that they overlap, nest and repeat.
fn near() -> impl Strategy<Value = IpRange> {
    prop_oneof![
        (0_u32..64, 26_u8..=32).prop_map(|(host, bits)| {
            let address = IpAddr::V4(Ipv4Addr::from(0xc633_6400 | host));
            IpRange::around(address, bits).unwrap()
        }),
        (0_u128..64, 122_u8..=128).prop_map(|(host, bits)| {
            let address = IpAddr::V6(Ipv6Addr::from((0x2001_0db8_u128 << 96) | host));
            IpRange::around(address, bits).unwrap()
        }),
    ]
}

fn size(range: IpRange) -> u128 {
    match (range.first(), range.last()) {
        (IpAddr::V4(first), IpAddr::V4(last)) => u128::from(last.to_bits() - first.to_bits()),
        (IpAddr::V6(first), IpAddr::V6(last)) => last.to_bits() - first.to_bits(),
        _ => unreachable!("one family"),
    }
}

proptest! {
    /// Against one who reads all lists from end to end.
    #[test]
    fn a_set_says_what_a_naive_reader_says(
        allow in prop::collection::vec(near(), 0..3),
        deny in prop::collection::vec(near(), 0..8),
        first in prop::collection::vec(near(), 0..8),
        second in prop::collection::vec(near(), 0..8),
        asked in near(),
    ) {
        let numbered = |name: &str, ranges: &[IpRange]| File {
            name: name.to_owned(),
            entries: ranges
                .iter()
                .zip(1..)
                .map(|(range, number)| Entry { range: *range, number })
                .collect(),
        };
        let files = [numbered("one", &first), numbered("two", &second)];
        let lists = Lists::new(&allow, &deny, &files, false).unwrap();
        let set = Set::new(Arc::new(lists), Action::Drop, false);
        let address = asked.first();

        let own = numbered("deny", &deny);
        let mut best: Option<(u128, String)> = None;
        for file in if deny.iter().any(|range| range.contains(address)) {
            vec![&own]
        } else {
            vec![&files[0], &files[1]]
        } {
            for entry in &file.entries {
                let smaller = best.as_ref().is_none_or(|(least, _)| size(entry.range) < *least);
                if entry.range.contains(address) && smaller {
                    best = Some((size(entry.range), format!("{}:{}", file.name, entry.number)));
                }
            }
        }
        let allowed = allow.iter().any(|range| range.contains(address));
        let expected = best.filter(|_| !allowed).map(|(_, rule)| rule);
        let said = set.refuses(address).map(|rule| rule.to_string());
        prop_assert_eq!(&said, &expected);
        if let IpAddr::V4(v4) = address {
            let mapped = set.refuses(IpAddr::V6(v4.to_ipv6_mapped()));
            prop_assert_eq!(mapped.map(|rule| rule.to_string()), expected);
        }
    }
}
