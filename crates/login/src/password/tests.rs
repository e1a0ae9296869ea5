use super::*;

fn given(text: &str) -> Given {
    Given::new(text).expect("a password")
}

#[test]
fn both_ways_to_write_an_accent_are_the_same_password() {
    let (composed, apart) = ("caf\u{e9} am\u{e9}lie", "cafe\u{301} ame\u{301}lie");
    assert_ne!(composed, apart);
    assert_eq!(given(composed).text(), given(apart).text());
    assert_eq!(given(apart).characters(), 11);
    assert_ne!(given("cafe").text(), given("caf\u{e9}").text());
}

#[test]
fn normalising_never_outgrows_what_was_set_aside() {
    // The characters that grow most under NFC (UAX #15).
    for text in ["\u{1d160}", "\u{fb2c}", "\u{1d15f}\u{958}", "\u{390}"] {
        let long = text.repeat(BYTES_MAX / text.len());
        assert!(given(&long).text().len() <= 3 * long.len());
    }
}

#[test]
fn a_nul_and_more_than_4_kib_are_refused_and_one_byte_less_is_not() {
    assert_eq!(Given::new("a\0b").unwrap_err(), GivenError::Nul);
    assert!(Given::new(&"a".repeat(BYTES_MAX)).is_ok());
    assert_eq!(
        Given::new(&"a".repeat(BYTES_MAX + 1)).unwrap_err(),
        GivenError::TooLong
    );
}

const IMPORTED: &str = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

#[test]
fn stored_texts_are_read_and_written_again() {
    let cost = Cost::new(5).expect("a cost");
    let imported = Stored::parse(IMPORTED).expect("an import");
    assert_eq!(imported.to_string(), IMPORTED);
    assert_eq!(imported.cost(), cost);
    let long = format!("$wb1${}", IMPORTED.replacen("2y", "2b", 1));
    assert_eq!(Stored::parse(&long).expect("ours").to_string(), long);
}

#[test]
fn what_can_not_be_verified_says_why() {
    let check = |text: &str, expected: &str| {
        assert!(
            Stored::parse(text)
                .unwrap_err()
                .to_string()
                .contains(expected),
            "{text}"
        );
    };
    check(&IMPORTED.replacen("2y", "2x", 1), "reset");
    check(&IMPORTED.replacen("$05$", "$15$", 1), "cost 15");
    check(&IMPORTED.replacen("$05$", "$31$", 1), "cost 31");
    check(&IMPORTED.replacen("$05$", "$03$", 1), "04 to 31");
    check(&format!("{IMPORTED}\r"), "60 characters");
    check(&format!("\u{feff}{IMPORTED}"), "begins with");
    check("$wb2$x", "begins with");
    assert!(Stored::parse(&IMPORTED.replacen("$05$", "$14$", 1)).is_ok());
}

#[test]
fn other_costs_versions_and_forms_are_outdated() {
    let today = Cost::new(5).expect("a cost");
    let (short, long) = (given("kort"), given(&"lang ".repeat(20)));
    let parse = |text: &str| Stored::parse(text).expect("a hash");
    let ours = IMPORTED.replacen("2y", "2b", 1);
    assert!(!parse(&ours).outdated(&short, today));
    assert!(parse(&ours).outdated(&short, Cost::new(6).expect("a cost")));
    assert!(parse(&ours).outdated(&long, today), "it was truncated");
    assert!(parse(IMPORTED).outdated(&short, today));
    assert!(!parse(&format!("$wb1${ours}")).outdated(&long, today));
}

#[test]
fn every_byte_of_a_long_password_counts_and_so_does_the_pepper() {
    let (one, other) = (
        format!("{}1", "x".repeat(80)),
        format!("{}2", "x".repeat(80)),
    );
    let (pepper, another) = (Pepper::new([1; 32]), Pepper::new([2; 32]));
    let bytes = |text: &str, pepper| for_new_hash(&given(text), pepper).0.to_vec();
    assert_ne!(bytes(&one, &pepper), bytes(&other, &pepper));
    assert_ne!(bytes(&one, &pepper), bytes(&one, &another));
    assert_eq!(bytes(&one, &pepper).len(), 64);
    assert_eq!(
        bytes(&"x".repeat(72), &pepper),
        bytes(&"x".repeat(72), &another)
    );
    assert_eq!(bytes(&"x".repeat(73), &pepper).len(), 64);
    // An import of the same password verifies by its first 72 bytes.
    let imported = Stored::parse(IMPORTED).expect("an import");
    assert_eq!(imported.prepared(&given(&one), &pepper).0.len(), 81);
}

#[test]
fn nothing_secret_prints() {
    let shown = format!("{:?} {:?}", given("hunter2"), Pepper::new([7; 32]));
    assert!(!shown.contains("hunter2") && !shown.contains('7'));
}
