use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use proptest::prelude::*;

use crate::{
    Cost, CostOutOfRange, Digest, Input, ParseStoredError, Password, PasswordError, Salt, Stored,
    Version, digests,
};

fn hash(version: &str, password: &[u8], salt: Salt) -> String {
    let input = Input {
        password: Password::truncated(password).expect("no NUL"),
        salt,
    };
    let digest = digests(Cost::LEAST, &[input]).remove(0);
    let text = Stored::new(Cost::LEAST, salt, digest).to_string();
    text.replacen("$2b$", version, 1)
}

/// Whether this password gives this text again.
fn verifies(password: &[u8], text: &str) -> bool {
    let stored: Stored = text.parse().expect("a stored hash");
    let input = Input {
        password: Password::truncated(password).expect("no NUL"),
        salt: stored.salt,
    };
    digests(stored.cost, &[input]) == [stored.digest]
}

#[test]
fn the_vectors_of_the_first_libraries_verify_and_their_neighbours_do_not() {
    let long = b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored";
    // From crypt_blowfish's and jBCrypt's published tests, but for `\xa3`: that one is what
    // Debian 12's libxcrypt makes of it.
    let vectors: [(&[u8], &str); 12] = [
        (
            b"U*U",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW",
        ),
        (
            b"U*U*",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK",
        ),
        (
            b"U*U*U",
            "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a",
        ),
        (
            b"",
            "$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy",
        ),
        (
            long,
            "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui",
        ),
        (
            b"\xff\xff\xa3",
            "$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e",
        ),
        (
            b"\xa3",
            "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq",
        ),
        (
            b"",
            "$2a$06$DCq7YPn5Rq63x1Lad4cll.TV4S6ytwfsfvkgY8jIucDrjc8deX1s.",
        ),
        (
            b"a",
            "$2a$06$m0CrhHm10qJ3lXRY.5zDGO3rS2KdeeWLuGmsfGlMfOxih58VYVfxe",
        ),
        (
            b"abc",
            "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
        ),
        (
            b"abcdefghijklmnopqrstuvwxyz",
            "$2a$06$.rCVZVOThsIa97pEDOxvGuRRgzG64bvtJ0938xuqzv18d3ZpQhstC",
        ),
        (
            b"~!@#$%^&*()      ~!@#$%^&*()PNBFRD",
            "$2a$06$fPIsBO8qRqkjj273rfaOI.HtSV9jLDpTbZn782DC6/t7qT67P6FfO",
        ),
    ];
    for (password, text) in vectors {
        assert!(verifies(password, text), "{text}");
        assert!(
            !verifies(&[password, b"!"].concat()[..], text) || password.len() > 72,
            "{text}"
        );
    }
}

#[test]
fn every_number_of_inputs_gives_each_its_own_digest() {
    let passwords: Vec<String> = (0..17).map(|at| format!("wachtwoord-{at}-é")).collect();
    let salts: Vec<Salt> = (0..17).map(|at| Salt([at; 16])).collect();
    for count in 0..=passwords.len() {
        let inputs: Vec<Input<'_>> = passwords
            .iter()
            .zip(&salts)
            .take(count)
            .map(|(password, salt)| Input {
                password: Password::whole(password.as_bytes()).expect("short"),
                salt: *salt,
            })
            .collect();
        let found = digests(Cost::LEAST, &inputs);
        assert_eq!(found.len(), count);
        for ((digest, password), salt) in found.iter().zip(&passwords).zip(&salts) {
            let theirs = bcrypt::hash_with_salt(password, 4, salt.0).expect("a hash");
            let theirs: Stored = theirs.to_string().parse().expect("a stored hash");
            assert!(theirs.digest == *digest);
        }
    }
}

/// Vectors, one a line, answered by libxcrypt through Python in one process. `None` only
/// where one of both isn't installed.
fn libxcrypt(asked: &str) -> Option<String> {
    // By ctypes, since Python's own `crypt` takes text only, and these are any bytes.
    const PYTHON: &str = "
import ctypes, sys
try:
    crypt = ctypes.CDLL('libcrypt.so.1').crypt
except OSError:
    sys.exit('no libxcrypt')
crypt.restype = ctypes.c_char_p
crypt.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
for line in sys.stdin:
    setting, password = line.rstrip('\\n').split(' ')
    print(crypt(bytes.fromhex(password), setting.encode()).decode())
";
    let mut child = Command::new("/usr/bin/python3")
        .args(["-c", PYTHON])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .ok()?;
    let mut stdin = child.stdin.take()?;
    let asked = asked.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(asked.as_bytes()));
    let output = child.wait_with_output().expect("python ends");
    let _ = writer.join().expect("the writer ends");
    let complaint = String::from_utf8_lossy(&output.stderr);
    if complaint.trim() == "no libxcrypt" {
        return None;
    }
    assert!(output.status.success(), "{complaint}");
    Some(String::from_utf8(output.stdout).expect("hashes are ASCII"))
}

/// Chance that is the same in every run.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    fn below(&mut self, limit: u64) -> usize {
        usize::try_from(self.next() % limit).expect("a small number")
    }

    fn bytes(&mut self, length: usize) -> Vec<u8> {
        // Neither NUL nor 0xff: see the crate's documentation on `$2a$`.
        (0..length)
            .map(|_| u8::try_from(1 + self.next() % 254).expect("a byte"))
            .collect()
    }

    fn password(&mut self) -> Vec<u8> {
        const LETTERS: [&str; 8] = ["a", "Z", "7", "é", "ß", "€", "字", "🔑"];
        match self.below(8) {
            0 => Vec::new(),
            1 => self.bytes(71),
            2 => self.bytes(72),
            3 => self.bytes(73),
            4 | 5 => {
                let length = self.below(40);
                (0..length)
                    .map(|_| LETTERS[self.below(8)])
                    .collect::<String>()
                    .into_bytes()
            }
            _ => {
                let length = self.below(100);
                self.bytes(length)
            }
        }
    }
}

#[test]
fn ten_thousand_vectors_agree_with_libxcrypt_in_every_batch_size() {
    const VECTORS: usize = 10_000;
    let mut chance = Chance(20_261_124);
    let mut vectors = Vec::with_capacity(VECTORS);
    let mut asked = String::new();
    for at in 0..VECTORS {
        let salt: [u8; 16] =
            std::array::from_fn(|_| u8::try_from(chance.below(256)).expect("a byte"));
        let (salt, password) = (Salt(salt), chance.password());
        let version = ["$2a$", "$2b$", "$2y$"][at % 3];
        let text = Stored::new(Cost::LEAST, salt, Digest([0; 23])).to_string();
        let setting = text[..29].replacen("$2b$", version, 1);
        asked += &setting;
        asked.push(' ');
        asked.extend(password.iter().map(|byte| format!("{byte:02x}")));
        asked.push('\n');
        vectors.push((salt, password));
    }
    let Some(answers) = libxcrypt(&asked) else {
        println!("skipped: no python3, or no libxcrypt");
        return;
    };
    let answers: Vec<&str> = answers.lines().collect();
    assert_eq!(answers.len(), VECTORS);
    let (mut begin, mut batch) = (0, 0);
    while begin < VECTORS {
        batch = batch % 8 + 1;
        let end = VECTORS.min(begin + batch);
        let inputs: Vec<Input<'_>> = vectors[begin..end]
            .iter()
            .map(|(salt, password)| Input {
                password: Password::truncated(password).expect("no NUL"),
                salt: *salt,
            })
            .collect();
        for (digest, answer) in digests(Cost::LEAST, &inputs)
            .iter()
            .zip(&answers[begin..end])
        {
            let theirs: Stored = answer.parse().expect("libxcrypt's is a stored hash");
            assert!(theirs.digest == *digest, "{answer} in a batch of {batch}");
            assert_eq!(theirs.to_string(), *answer);
        }
        begin = end;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn any_password_and_salt_agree_with_the_crate(
        password in prop::collection::vec(1_u8..=255, 0..80),
        salt in any::<[u8; 16]>(),
        cost in 4_u8..=5,
    ) {
        let theirs = bcrypt::hash_with_salt(&password, u32::from(cost), salt).expect("a hash");
        prop_assert!(verifies(&password, &theirs.to_string()));
    }

    #[test]
    fn a_parsed_hash_is_written_as_it_was(salt in any::<[u8; 16]>(), digest in any::<[u8; 23]>()) {
        let text = Stored::new(Cost::LEAST, Salt(salt), Digest(digest)).to_string();
        prop_assert_eq!(text.len(), Stored::LENGTH);
        let parsed: Stored = text.parse().expect("our own text");
        prop_assert_eq!(parsed.salt, Salt(salt));
        prop_assert!(parsed.digest == Digest(digest));
        prop_assert_eq!(parsed.to_string(), text);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "(\\$2[abxy]\\$)?[0-9$./A-Za-zé]{0,70}") {
        if let Ok(stored) = text.parse::<Stored>() {
            let written = stored.to_string();
            prop_assert_eq!(written.get(..7), text.get(..7));
        }
    }
}

#[test]
fn what_is_no_stored_hash_is_refused_with_its_reason() {
    let good = "$2b$04$abcdefghijklmnopqrstuuKXkO3uGcMb1y4OLVNZz.3dR1wIIk1uK";
    assert!(
        good.parse::<Stored>()
            .is_ok_and(|stored| stored.version == Version::B)
    );
    let check = |text: &str, expected: ParseStoredError| {
        assert_eq!(text.parse::<Stored>().unwrap_err(), expected, "{text:?}");
    };
    check(&good.replacen("2b", "2x", 1), ParseStoredError::NeedsReset);
    check("$2x$", ParseStoredError::NeedsReset);
    check(&good.replacen("2b", "2", 1), ParseStoredError::NotBcrypt);
    check("$6$salt$digest", ParseStoredError::NotBcrypt);
    check("", ParseStoredError::NotBcrypt);
    check(&good[..59], ParseStoredError::Length { length: 59 });
    check(
        &format!("{good}\n"),
        ParseStoredError::Length { length: 61 },
    );
    for cost in ["03", "32", "+4", "4$", "39", "99"] {
        check(&good.replacen("04", cost, 1), ParseStoredError::Cost);
    }
    check(&good.replacen("abc", "ab+", 1), ParseStoredError::Letters);
    check(
        &good.replacen("KXk", "KéK", 1),
        ParseStoredError::Length { length: 61 },
    );
    // The last letter of a digest carries four bits: `L` sets one that no library sets.
    check(&format!("{}L", &good[..59]), ParseStoredError::Letters);
}

#[test]
fn bits_behind_the_salt_are_taken_and_written_as_nought() {
    let honest = hash("$2a$", b"secret", Salt([9; 16]));
    let mut odd: Vec<char> = honest.chars().collect();
    let last = odd[28];
    odd[28] = char::from_u32(u32::from(last) + 1).expect("a letter");
    let odd: String = odd.into_iter().collect();
    assert_ne!(odd, honest);
    assert!(verifies(b"secret", &odd));
    assert_eq!(odd.parse::<Stored>().expect("taken").to_string(), honest);
}

#[test]
fn a_password_is_whole_or_knowingly_truncated_and_never_holds_a_nul() {
    let long = [b'a'; 73];
    assert!(Password::whole(&long[..72]).is_ok());
    assert_eq!(
        Password::whole(&long).unwrap_err(),
        PasswordError::TooLong { length: 73 }
    );
    assert_eq!(
        hash("$2b$", &long, Salt([1; 16])),
        hash("$2b$", &long[..72], Salt([1; 16]))
    );
    assert_ne!(
        hash("$2b$", &long[..71], Salt([1; 16])),
        hash("$2b$", &long[..72], Salt([1; 16]))
    );
    assert_eq!(Password::whole(b"a\0b").unwrap_err(), PasswordError::Nul);
    let mut hidden = [b'a'; 80];
    hidden[79] = 0;
    assert_eq!(
        Password::truncated(&hidden).unwrap_err(),
        PasswordError::Nul
    );
}

#[test]
fn costs_are_four_to_thirty_one() {
    assert_eq!(Cost::new(3), Err(CostOutOfRange(3)));
    assert_eq!(Cost::new(4).map(Cost::get), Ok(4));
    assert_eq!(Cost::new(31).map(Cost::get), Ok(31));
    assert_eq!(Cost::new(32), Err(CostOutOfRange(32)));
}

#[test]
fn nothing_secret_prints() {
    let password = Password::whole(b"hunter2").expect("short");
    assert_eq!(format!("{password:?}"), "Password(…)");
    let stored: Stored = hash("$2b$", b"hunter2", Salt([0; 16]))
        .parse()
        .expect("ours");
    assert!(format!("{stored:?}").contains("Digest(…)"));
}
