use std::io::{Cursor, Write as _};

use super::{
    build::{BuildError, Built, PRECISION, build},
    *,
};

fn given(text: &str) -> Given {
    Given::new(text).expect("a password")
}

fn built(list: &[u8], precision: u32) -> Result<(Vec<u8>, Built), BuildError> {
    let mut filter = Vec::new();
    let built = build(&mut Cursor::new(list), &mut filter, precision, &mut |_| {})?;
    Ok((filter, built))
}

fn opened(bytes: &[u8]) -> Result<Breached, OpenError> {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(bytes).expect("written");
    Breached::open(file.path())
}

fn hex(password: &str) -> String {
    let hash = digest::digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
    hash.as_ref()
        .iter()
        .map(|byte| format!("{byte:02X}"))
        .collect()
}

#[test]
fn what_is_in_the_list_is_found_and_other_passwords_hardly_ever() {
    let passwords: Vec<String> = (0..5000).map(|at| format!("gelekt-{at}")).collect();
    let mut hashes: Vec<String> = passwords
        .iter()
        .map(|word| format!("{}:3", hex(word)))
        .collect();
    let unsorted = hashes.join("\r\n");
    hashes.sort();
    let sorted = hashes.join("\n") + "\n";
    let plain = passwords.join("\n");
    let (one, made) = built(sorted.as_bytes(), PRECISION).expect("a list");
    assert_eq!(made.keys, 5000);
    assert_eq!(made.bytes, u64::try_from(one.len()).expect("small"));
    // Whatever the list's form, the filter is the same.
    for list in [
        unsorted,
        plain,
        format!("\u{feff}{}", sorted.to_lowercase()),
    ] {
        assert!(built(list.as_bytes(), PRECISION).expect("a list").0 == one);
    }
    assert!(one.len() < 5000 * 13 / 8, "{} bytes", one.len());
    let filter = opened(&one).expect("a filter");
    assert_eq!(filter.len(), 5000);
    for password in &passwords {
        assert!(filter.holds(&given(password)).expect("read"), "{password}");
    }
    let wrong = (0..20_000)
        .filter(|at| {
            filter
                .holds(&given(&format!("eerlijk-{at}")))
                .expect("read")
        })
        .count();
    // 20 are expected.
    assert!(wrong < 60, "{wrong}");
    let (fine, _) = built(sorted.as_bytes(), 24).expect("a list");
    let fine = opened(&fine).expect("a filter");
    let wrong = (0..20_000)
        .filter(|at| fine.holds(&given(&format!("eerlijk-{at}"))).expect("read"))
        .count();
    assert!(wrong <= 1, "{wrong}");
}

#[test]
fn one_password_is_a_list_and_equal_ones_count_once() {
    let (bytes, made) = built(b"hunter2\n\nhunter2", PRECISION).expect("a list");
    assert_eq!(made.keys, 1);
    let filter = opened(&bytes).expect("a filter");
    assert!(filter.holds(&given("hunter2")).expect("read"));
    assert!(!filter.is_empty());
}

#[test]
fn what_is_no_list_is_refused_with_its_line() {
    let hash = hex("a");
    let check = |list: &str, expected: &str| {
        let error = built(list.as_bytes(), PRECISION).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    };
    check("", "empty");
    check("\n\r\n", "empty");
    check(&format!("{hash}:1\nhello"), "line 2: expected 40");
    check(&format!("{hash}:1\n{hash}:"), "line 2: expected 40");
    check(&format!("{hash}\n{}", &hash[..39]), "line 2: expected 40");
    check(&"a".repeat(5000), "line 1: longer");
    assert!(matches!(built(b"a", 0), Err(BuildError::Precision(0))));
    assert!(matches!(built(b"a", 33), Err(BuildError::Precision(33))));
}

#[test]
fn a_file_that_is_cut_changed_or_something_else_is_refused() {
    let list: String = (0..600).map(|at| format!("gelekt-{at}\n")).collect();
    let (bytes, _) = built(list.as_bytes(), PRECISION).expect("a list");
    assert!(opened(&bytes).is_ok());
    for length in [0, 7, 24, 71, 72, bytes.len() - 1] {
        assert!(opened(&bytes[..length]).is_err(), "{length}");
    }
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        assert!(opened(&changed).is_err(), "{at}");
    }
    assert!(matches!(opened(&[b'a'; 200]), Err(OpenError::NotAFilter)));
    let mut newer = bytes;
    newer[8] = 2;
    assert!(matches!(opened(&newer), Err(OpenError::Version(2))));
    assert!(matches!(
        Breached::open(Path::new("/nonexistent")),
        Err(OpenError::Io(_))
    ));
}

#[test]
fn every_embedded_password_is_found_and_the_list_is_sorted() {
    let lines: Vec<&str> = COMMONEST.lines().collect();
    assert!(lines.is_sorted());
    assert_eq!(lines.len(), 10_000);
    let filter = Breached::commonest();
    assert_eq!(filter.len(), 10_000);
    for line in lines {
        assert!(filter.holds(&given(line)).expect("embedded"), "{line}");
    }
    for other in [
        "gT7#qLw9!xRz2Vb",
        "",
        "a",
        "zzzzzzzzzzzzzzzzz",
        "PASSWORD\n",
    ] {
        assert!(!filter.holds(&given(other)).expect("embedded"), "{other}");
    }
    assert!(filter.holds(&given("PassWord")).expect("embedded"));
}
