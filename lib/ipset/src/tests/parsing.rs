//! Text in, a range or a precise refusal out.

use proptest::prelude::*;

use super::range;
use crate::{IpRange, ParseRangeError as E, RangeError};

fn check(text: &str, expected: Result<&str, E>) {
    let read = text.parse::<IpRange>().map(|range| range.to_string());
    assert_eq!(read, expected.map(str::to_owned), "{text:?}");
}

#[test]
fn addresses_prefixes_and_ranges_are_read_and_shown_in_their_shortest_form() {
    check("192.0.2.7", Ok("192.0.2.7"));
    check("192.0.2.7/32", Ok("192.0.2.7"));
    check("192.0.2.7-192.0.2.7", Ok("192.0.2.7"));
    check("192.0.2.0/24", Ok("192.0.2.0/24"));
    check("192.0.2.0-192.0.2.255", Ok("192.0.2.0/24"));
    check("192.0.2.1-192.0.2.9", Ok("192.0.2.1-192.0.2.9"));
    check("0.0.0.0/0", Ok("0.0.0.0/0"));
    check("::/0", Ok("::/0"));
    check("2001:db8::1/128", Ok("2001:db8::1"));
    check("2001:0DB8:0000::/32", Ok("2001:db8::/32"));
    check("2001:db8::-2001:db8::9", Ok("2001:db8::-2001:db8::9"));
    check("64:ff9b::192.0.2.1", Ok("64:ff9b::c000:201"));
}

#[test]
fn set_host_bits_are_refused_with_what_was_meant() {
    let meant = |text| Err(E::Range(RangeError::HostBits { meant: range(text) }));
    check("192.0.2.7/24", meant("192.0.2.0/24"));
    check("10.0.0.1/0", meant("0.0.0.0/0"));
    check("2001:db8::1/64", meant("2001:db8::/64"));
    let told = "192.0.2.7/24".parse::<IpRange>().unwrap_err().to_string();
    assert!(told.contains("192.0.2.0/24"), "{told}");
}

#[test]
fn leading_zeros_are_refused() {
    for text in [
        "192.0.02.1",
        "192.0.2.01",
        "010.0.0.0/8",
        "00.0.0.0",
        "10.0.0.0/08",
        "::/00",
        "192.0.2.1-192.0.2.09",
        "64:ff9b::192.0.02.1",
    ] {
        check(text, Err(E::LeadingZero));
    }
}

#[test]
fn zone_ids_are_refused() {
    for text in [
        "fe80::1%eth0",
        "fe80::1%25eth0",
        "fe80::%1/64",
        "fe80::1-fe80::2%eth0",
    ] {
        check(text, Err(E::Zone));
    }
}

#[test]
fn a_length_is_digits_and_not_longer_than_an_address() {
    check("192.0.2.0/", Err(E::Length));
    check("192.0.2.0/+24", Err(E::Length));
    check("192.0.2.0/-1", Err(E::Length));
    check("192.0.2.0/24/24", Err(E::Length));
    check("192.0.2.0/255.255.255.0", Err(E::Length));
    check(
        "192.0.2.0/33",
        Err(E::Range(RangeError::Prefix { most: 32 })),
    );
    check(
        "192.0.2.0/999999999999",
        Err(E::Range(RangeError::Prefix { most: 32 })),
    );
    check(
        "2001:db8::/129",
        Err(E::Range(RangeError::Prefix { most: 128 })),
    );
}

#[test]
fn the_ends_of_a_range_are_two_addresses_in_order_and_of_one_family() {
    let meant = range("192.0.2.1-192.0.2.9");
    check(
        "192.0.2.9-192.0.2.1",
        Err(E::Range(RangeError::Reversed { meant })),
    );
    check("192.0.2.1-2001:db8::", Err(E::Range(RangeError::Families)));
    check("192.0.2.1-9", Err(E::Address));
    check("192.0.2.1-", Err(E::Address));
    check("-192.0.2.1", Err(E::Address));
    check("192.0.2.1-192.0.2.5-192.0.2.9", Err(E::Address));
}

#[test]
fn ipv4_in_ipv6_notation_is_refused_with_the_range_as_ipv4() {
    let meant = |text| {
        Err(E::Range(RangeError::Mapped {
            meant: Some(range(text)),
        }))
    };
    check("::ffff:192.0.2.7", meant("192.0.2.7"));
    check("::ffff:192.0.2.0/120", meant("192.0.2.0/24"));
    check(
        "::ffff:c000:207-::ffff:c000:209",
        meant("192.0.2.7-192.0.2.9"),
    );
    check(
        "::ffff:0.0.0.0/64",
        Err(E::Range(RangeError::Mapped { meant: None })),
    );
}

#[test]
fn what_is_no_address_is_refused() {
    check("", Err(E::Empty));
    for text in [
        " 192.0.2.1",
        "192.0.2.1\n",
        "192.0.2.1 - 192.0.2.9",
        "192.0.2.0 /24",
        "\u{a0}::",
    ] {
        check(text, Err(E::Space));
    }
    for text in [
        "192.0.2",
        "192.0.2.256",
        "192.0.2.1.1",
        "0x7f.0.0.1",
        "2130706433",
        "example.com",
        "[2001:db8::1]",
        "192.0.2.1:80",
        "2001:db8",
        ":::",
        "/24",
        "-",
        "1٢.0.0.1",
        "#",
    ] {
        check(text, Err(E::Address));
    }
}

#[test]
fn every_refusal_says_what_is_expected_or_meant() {
    for text in [
        "",
        " ",
        "x",
        "01.0.0.0",
        "::%1",
        "::/x",
        "::/129",
        "::1/0",
        "::9-::1",
        "::-1.2.3.4",
        "::ffff:1.2.3.4",
        "::ffff:1.2.3.4/8",
    ] {
        let told = text.parse::<IpRange>().unwrap_err().to_string();
        assert!(
            told.contains("expected") || told.contains("meant"),
            "{told}"
        );
    }
}

proptest! {
    #[test]
    fn what_is_shown_is_read_back(ends: (u128, u128), four: (u32, u32), bits in 0_u8..=128) {
        let six = IpRange::v6(ends.0.min(ends.1), ends.0.max(ends.1));
        let four = IpRange::v4(four.0.min(four.1), four.0.max(four.1));
        let prefix = IpRange::around(std::net::Ipv6Addr::from(ends.0).into(), bits);
        for range in [Ok(six), Ok(four), prefix].into_iter().flatten() {
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }
    }

    #[test]
    fn random_text_is_no_reason_to_panic(text in "[0-9a-f:./% -]{0,40}|\\PC{0,40}") {
        if let Ok(range) = text.parse::<IpRange>() {
            prop_assert_eq!(range.to_string().parse(), Ok(range));
        }
    }
}
