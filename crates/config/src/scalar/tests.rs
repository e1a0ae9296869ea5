use proptest::prelude::*;

use super::*;

#[test]
fn hosts_are_lower_cased_names_and_nothing_else() {
    let good = |text, expected: &str| assert_eq!(host(text).as_deref(), Ok(expected));
    good("App.Example.COM", "app.example.com");
    good("localhost", "localhost");
    good("xn--bcher-kva.example", "xn--bcher-kva.example");
    for bad in [
        "",
        ".",
        "a..b",
        "-a.b",
        "a-.b",
        "a_b",
        "a b",
        "bücher.example",
        "*.a.b",
        "a.b.",
        "a:443",
        "https://a",
        "a/b",
        "1.2.3.4",
        "1.2.3.4.5",
        "::1",
        "[::1]",
        "a.7",
    ] {
        assert!(host(bad).is_err(), "{bad}");
    }
    assert!(host(&"a".repeat(63)).is_ok());
    assert!(host(&"a".repeat(64)).is_err());
}

#[test]
fn amounts_have_a_whole_number_and_a_unit() {
    assert_eq!(duration("10s"), Ok(10));
    assert_eq!(duration("730d"), Ok(63_072_000));
    assert_eq!(duration("2 h"), Ok(7200));
    assert_eq!(size("16KiB"), Ok(16_384));
    assert_eq!(size("99999999999999999999TiB"), Ok(u64::MAX));
    for bad in ["", "s", "10", "1.5s", "-1s", "10S", "10 min", "10ss"] {
        assert!(duration(bad).is_err(), "{bad}");
    }
    assert!(size("10kb").is_err());
}

#[test]
fn authorities_are_names_or_addresses_with_a_port() {
    let good =
        |text, name: &str, port| assert_eq!(authority(text, Some(80)), Ok((name.to_owned(), port)));
    good("127.0.0.1:3000", "127.0.0.1", 3000);
    good("[::1]:3000", "::1", 3000);
    good("[::1]", "::1", 80);
    good("App_1:8080", "app_1", 8080);
    good("app", "app", 80);
    for bad in [
        "", ":80", "a:0", "a:65536", "a:b", "u:p@a", "a/", "a/b", "::1", "[x]:1", "a b",
    ] {
        assert!(authority(bad, Some(80)).is_err(), "{bad}");
    }
    assert!(authority("a", None).is_err());
}

#[test]
fn addresses_are_told_apart_by_their_reach() {
    let check = |text: &str, expected| assert_eq!(reach(text.parse().unwrap()), expected, "{text}");
    check("127.0.0.9", Reach::Loopback);
    check("::1", Reach::Loopback);
    check("::ffff:127.0.0.1", Reach::Loopback);
    check("10.1.2.3", Reach::Private);
    check("172.31.0.1", Reach::Private);
    check("fd00::1", Reach::Private);
    check("fe80::1", Reach::Private);
    check("172.32.0.1", Reach::Beyond);
    check("100.64.0.1", Reach::Beyond);
    check("2001:db8::1", Reach::Beyond);
    check("0.0.0.0", Reach::Beyond);
}

#[test]
fn paths_and_prefixes_hold_no_tricks() {
    assert_eq!(prefix("/-/"), Ok("/-/".to_owned()));
    assert_eq!(prefix("/a/b/"), Ok("/a/b/".to_owned()));
    for bad in ["", "/", "//", "-", "/-", "/../", "/a//b/", "/a b/", "/%2e/"] {
        assert!(prefix(bad).is_err(), "{bad}");
    }
    assert_eq!(route_path("/"), Ok(String::new()));
    assert_eq!(route_path("/a/b"), Ok("/a/b".to_owned()));
    for bad in [
        "", "a", "/a/", "//", "/a//b", "/a/../b", "/a?b", "/a#b", "/a%20b", "/a/*", "/é",
    ] {
        assert!(route_path(bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_parser_panic(text in "(\\PC|[0-9:./@\\[\\]-]|s|KiB){0,12}") {
        let _ = (host(&text), socket(&text, "[::]"), prefix(&text), route_path(&text));
        let _ = (mail_address(&text), authority(&text, None), duration(&text), size(&text));
    }
}
