//! Address ranges as lists have them: one reading, shown as it is read, and a set of them
//! knows its own ends.
#![no_main]

use ipset::{IpRange, IpSet, ParseRangeError, RangeError};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let lines = text.lines().map(str::parse::<IpRange>);
    let mut ranges = Vec::new();
    for range in lines {
        match range {
            Ok(range) => ranges.push((range, 7)),
            Err(ParseRangeError::Range(
                RangeError::HostBits { meant }
                | RangeError::Reversed { meant }
                | RangeError::Mapped { meant: Some(meant) },
            )) => assert_eq!(meant.to_string().parse(), Ok(meant)),
            Err(refused) => assert!(!refused.to_string().is_empty()),
        }
    }
    let set = IpSet::new(ranges.iter().copied()).expect("fewer lines than ranges may be");
    assert!(set.len() <= ranges.len());
    for (range, tag) in &ranges {
        assert_eq!(range.to_string().parse(), Ok(*range));
        assert!(range.first() <= range.last());
        assert!(set.intersects(*range));
        // An IPv6 prefix may end among addresses that are IPv4 ones.
        for end in [range.first(), range.last()].into_iter().filter(|end| range.contains(*end)) {
            let found = set.get(end).expect("an end is covered");
            assert!(found.range.contains(end) && found.tag == *tag);
        }
    }
});
