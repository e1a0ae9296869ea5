use proptest::prelude::*;

use super::*;
use crate::network::Network;

const PEER: &str = "10.0.0.1";

fn trusted() -> Networks {
    let networks = ["10.0.0.0/8", "2001:db8:ffff::/48"];
    Networks::new(networks.map(|text| Network::parse(text).unwrap()))
}

fn client(list: &[&str], standard: &[&str]) -> Result<String, Disagree> {
    let mut told = Told::default();
    for line in list {
        told.x_forwarded_for(line.as_bytes());
    }
    for line in standard {
        told.forwarded(line.as_bytes());
    }
    let client = told.client(PEER.parse().unwrap(), &trusted())?;
    Ok(client.to_string())
}

#[test]
fn x_forwarded_for_is_read_from_the_right() {
    let check = |lines: &[&str], expected: &str| {
        assert_eq!(client(lines, &[]).as_deref(), Ok(expected), "{lines:?}");
    };
    check(&[], PEER);
    check(&["192.0.2.7"], "192.0.2.7");
    check(&["1.1.1.1, 192.0.2.7"], "192.0.2.7");
    check(&["1.1.1.1, 192.0.2.7, 10.9.9.9"], "192.0.2.7");
    check(&["1.1.1.1,192.0.2.7 ,\t10.9.9.9"], "192.0.2.7");
    check(&["1.1.1.1", "192.0.2.7", "10.9.9.9"], "192.0.2.7");
    // Nobody but proxies: the one farthest away.
    check(&["10.7.7.7, 10.9.9.9"], "10.7.7.7");
    check(&["192.0.2.7:4711"], "192.0.2.7");
    check(&["2001:db8::7"], "2001:db8::7");
    check(&["[2001:db8::7]:4711, 2001:db8:ffff::1"], "2001:db8::7");
    check(&["[2001:db8::7]"], "2001:db8::7");
    check(&["::ffff:10.9.9.9"], "::ffff:10.9.9.9");
    check(&["192.0.2.7, ::ffff:10.9.9.9"], "192.0.2.7");
}

#[test]
fn what_cant_be_read_ends_at_its_right_hand_neighbour() {
    let check = |line: &str, expected: &str| {
        assert_eq!(client(&[line], &[]).as_deref(), Ok(expected), "{line}");
    };
    for line in [
        "unknown",
        "",
        ",",
        "192.0.2.7,",
        "192.0.2",
        "192.0.2.07",
        "192.0.2.7:",
        "192.0.2.7:99999",
        "192.0.2.7:+1",
        "[192.0.2.7]",
        "[2001:db8::7",
        "[2001:db8::7]x",
        "[2001:db8::7]:",
        "fe80::1%eth0",
        "\"192.0.2.7\"",
    ] {
        check(line, PEER);
    }
    check("192.0.2.7, unknown, 10.9.9.9", "10.9.9.9");
    assert_eq!(
        client(&["\u{e9}, 10.9.9.9"], &[]).as_deref(),
        Ok("10.9.9.9")
    );
}

#[test]
fn forwarded_is_read_from_the_right() {
    let check = |lines: &[&str], expected: &str| {
        assert_eq!(client(&[], lines).as_deref(), Ok(expected), "{lines:?}");
    };
    check(&["for=192.0.2.7"], "192.0.2.7");
    check(
        &["For=\"192.0.2.7:4711\";proto=https;by=10.0.0.1"],
        "192.0.2.7",
    );
    check(&["proto=https ; for=192.0.2.7"], "192.0.2.7");
    check(&["for=1.1.1.1, for=192.0.2.7, for=10.9.9.9"], "192.0.2.7");
    check(&["for=1.1.1.1", "for=192.0.2.7,for=10.9.9.9"], "192.0.2.7");
    check(
        &["for=\"[2001:db8::7]:4711\";host=\"a,b;c\""],
        "2001:db8::7",
    );
    check(
        &["for=1.1.1.1, host=\"x, for=2.2.2.2\";for=192.0.2.7"],
        "192.0.2.7",
    );
}

#[test]
fn a_forwarded_that_cant_be_read_names_nobody() {
    for line in [
        "",
        "for=unknown",
        "for=_hidden",
        "proto=https",
        "for=192.0.2.7;for=192.0.2.8",
        "for=2001:db8::7",
        "for=[2001:db8::7]",
        "for=\"192.0.2.7",
        "for=\"192.0.2.7\\\"\"",
        "for=192.0.2.7\"",
        "192.0.2.7",
    ] {
        assert_eq!(client(&[], &[line]).as_deref(), Ok(PEER), "{line}");
    }
}

#[test]
fn two_kinds_must_say_the_same() {
    assert_eq!(
        client(&["192.0.2.7"], &["for=192.0.2.7"]).as_deref(),
        Ok("192.0.2.7")
    );
    // A client's own field beside the proxy's, whichever of the two it is.
    assert_eq!(client(&["192.0.2.7"], &["for=192.0.2.8"]), Err(Disagree));
    assert_eq!(client(&["192.0.2.7"], &["for=unknown"]), Err(Disagree));
}

#[test]
fn of_many_lines_and_hops_the_nearest_count() {
    let lines = vec!["10.9.9.9"; LINES_MAX - 1];
    let with = |first| [&[first][..], &lines].concat();
    assert_eq!(client(&with("192.0.2.7"), &[]).as_deref(), Ok("192.0.2.7"));
    let more = [&["192.0.2.7"][..], &with("10.9.9.9")].concat();
    assert_eq!(client(&more, &[]).as_deref(), Ok("10.9.9.9"));
    let long = format!("192.0.2.7{}", ", 10.9.9.9".repeat(HOPS_MAX));
    assert_eq!(client(&[&long], &[]).as_deref(), Ok("10.9.9.9"));
}

proptest! {
    /// Whatever a client writes, it stands left of what the proxy adds.
    #[test]
    fn a_client_cant_become_another(written in "[ -~]{0,60}", second in "[ -~]{0,60}") {
        let line = format!("{second}, 192.0.2.7");
        prop_assert_eq!(client(&[&written, &line], &[]), Ok("192.0.2.7".to_owned()));
        prop_assert_eq!(client(&[], &[&written, "for=192.0.2.7"]), Ok("192.0.2.7".to_owned()));
    }

    #[test]
    fn random_bytes_are_no_reason_to_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let mut told = Told::default();
        told.x_forwarded_for(&bytes);
        let _ = told.client(PEER.parse().unwrap(), &trusted());
        let mut told = Told::default();
        told.forwarded(&bytes);
        let _ = told.client(PEER.parse().unwrap(), &trusted());
    }
}
