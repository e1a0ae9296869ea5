use proptest::prelude::*;

use super::*;

fn policy(max_age_s: u64, scope: Scope) -> Policy {
    Policy::new(max_age_s, scope).unwrap()
}

#[test]
fn the_default_is_two_years_for_this_host() {
    assert_eq!(Policy::default().header_value(), "max-age=63072000");
    assert_eq!(
        policy(31_536_000, Scope::Preload).header_value(),
        "max-age=31536000; includeSubDomains; preload"
    );
    assert_eq!(
        policy(300, Scope::Subdomains).to_string(),
        "max-age=300; includeSubDomains"
    );
}

#[test]
fn less_than_a_year_is_refused_for_preload_and_taken_without() {
    let refused = Policy::new(31_535_999, Scope::Preload).unwrap_err();
    assert_eq!(refused.max_age_s, 31_535_999);
    assert!(refused.to_string().contains("31536000"));
    assert!(Policy::new(31_535_999, Scope::Subdomains).is_ok());
    assert!(Policy::new(31_536_000, Scope::Preload).is_ok());
}

#[test]
fn values_are_read_as_the_rfc_writes_them() {
    let check = |value: &str, max_age_s, include_subdomains, preload| {
        let expected = Seen {
            max_age_s,
            include_subdomains,
            preload,
        };
        assert_eq!(parse(value), Ok(expected), "{value}");
    };
    // RFC 6797 section 6.2, examples.
    check("max-age=31536000", 31_536_000, false, false);
    check(
        "max-age=15768000 ; includeSubDomains",
        15_768_000,
        true,
        false,
    );
    check("max-age=\"31536000\"", 31_536_000, false, false);
    check("max-age=0", 0, false, false);
    check("max-age=0; includeSubDomains", 0, true, false);
    // Names in any case, empty directives, unknown directives.
    check("INCLUDESUBDOMAINS;MAX-AGE=1;Preload", 1, true, true);
    check(";; max-age = 5 ;\t; ext=\"a;b\\\"c\" ;", 5, false, false);
    check("max-age=99999999999999999999999", u64::MAX, false, false);
}

#[test]
fn what_a_browser_must_ignore_is_malformed() {
    let check = |value: &str, why| assert_eq!(parse(value), Err(why), "{value}");
    check("", Malformed::NoMaxAge);
    check("includeSubDomains", Malformed::NoMaxAge);
    check("max-age", Malformed::BadMaxAge);
    check("max-age=-1", Malformed::BadMaxAge);
    check("max-age=1.5", Malformed::BadMaxAge);
    check("max-age=\"\"", Malformed::BadMaxAge);
    check("max-age=", Malformed::Syntax { at: 8 });
    check("max-age=1; max-age=1", Malformed::Twice);
    check("max-age=1; x; X=1", Malformed::Twice);
    check("max-age=1; includeSubDomains=1", Malformed::UnexpectedValue);
    check("max-age=1, preload", Malformed::Syntax { at: 9 });
    check("max-age=1 preload", Malformed::Syntax { at: 10 });
    check("max-age=\"1", Malformed::Syntax { at: 10 });
    check("max-age=\"\\", Malformed::Syntax { at: 10 });
    check("max-age=1; é", Malformed::Syntax { at: 11 });
    let long: String = (0..20).map(|i| format!("x{i};")).collect();
    check(&long, Malformed::TooMany);
}

#[test]
fn a_weaker_value_of_the_application_gives_way_a_stronger_one_stays() {
    let check = |theirs: Option<&str>, ours: &Policy, expected: &str| {
        let sent = match merge(theirs.map(str::as_bytes), ours) {
            Sent::Ours => ours.header_value().to_owned(),
            Sent::Theirs(theirs) => theirs.to_owned(),
            Sent::Both(both) => both.header_value().to_owned(),
        };
        assert_eq!(sent, expected, "{theirs:?}");
    };
    let ours = Policy::default();
    check(None, &ours, "max-age=63072000");
    check(Some("max-age=0"), &ours, "max-age=63072000");
    check(
        Some("max-age=0; includeSubDomains"),
        &ours,
        "max-age=63072000",
    );
    check(Some("nonsense"), &ours, "max-age=63072000");
    check(
        Some("max-age=63072000; includeSubDomains; preload; own=1"),
        &ours,
        "max-age=63072000; includeSubDomains; preload; own=1",
    );
    check(
        Some("max-age=300; includeSubDomains"),
        &ours,
        "max-age=63072000; includeSubDomains",
    );
    let wide = policy(300, Scope::Subdomains);
    check(Some("max-age=900"), &wide, "max-age=900; includeSubDomains");
    // Consent to preloading isn't invented from a value that the list wouldn't take.
    check(
        Some("max-age=200; preload"),
        &wide,
        "max-age=300; includeSubDomains",
    );
    assert_eq!(merge(Some(b"max-age=1\xff"), &ours), Sent::Ours);
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        Just(Scope::Host),
        Just(Scope::Subdomains),
        Just(Scope::Preload)
    ]
}

proptest! {
    #[test]
    fn no_text_makes_the_parser_panic(value in "(max-age|=|;|\"|[0-9]{1,3}|preload|includeSubDomains|\\PC| ){0,24}") {
        let _ = parse(&value);
    }

    #[test]
    fn what_a_policy_says_is_what_is_read(max_age_s in 0_u64.., scope in scope()) {
        if let Ok(policy) = Policy::new(max_age_s, scope) {
            let seen = parse(policy.header_value()).unwrap();
            prop_assert_eq!(seen.max_age_s, max_age_s);
            prop_assert_eq!(seen.include_subdomains, scope != Scope::Host);
            prop_assert_eq!(seen.preload, scope == Scope::Preload);
        }
    }

    #[test]
    fn neither_side_is_ever_weakened(
        ours in (0_u64..100_000_000, scope()),
        theirs in (1_u64..100_000_000, any::<bool>()),
    ) {
        let Ok(ours) = Policy::new(ours.0, ours.1) else { return Ok(()) };
        let subdomains = if theirs.1 { "; includeSubDomains" } else { "" };
        let value = format!("max-age={}{subdomains}", theirs.0);
        let sent = match merge(Some(value.as_bytes()), &ours) {
            Sent::Ours => ours.header_value().to_owned(),
            Sent::Theirs(text) => text.to_owned(),
            Sent::Both(both) => both.header_value().to_owned(),
        };
        let seen = parse(&sent).unwrap();
        prop_assert!(seen.at_least(&ours));
        prop_assert!(seen.max_age_s >= theirs.0 && seen.include_subdomains >= theirs.1);
    }
}
