mod clocks;
mod floods;
mod naive;
mod threads;

use std::{collections::HashSet, num::NonZeroU32, time::Duration};

use proptest::prelude::*;

use crate::{Moment, Pace, PaceError, SizeOutOfRange, Table, Verdict, siphash::Key};

const SECRET: [u8; 16] = *b"a secret of ours";

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).expect("not zero")
}

fn pace(rate: u32, burst: u32) -> Pace {
    Pace::per_second(number(rate), number(burst)).expect("a pace")
}

fn table(bytes: usize) -> Table {
    Table::new(bytes, SECRET).expect("a size in range")
}

const fn at_ms(ms: u64) -> Moment {
    Moment::from_nanos(ms * 1_000_000)
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn a_burst_is_admitted_the_next_is_not_and_waiting_helps() {
    let (table, pace) = (table(1 << 16), pace(10, 3));
    for (remaining, reset_after) in [(2, ms(100)), (1, ms(200)), (0, ms(300))] {
        let expected = Verdict::Admitted {
            remaining,
            reset_after,
        };
        assert_eq!(table.check(1, pace, at_ms(5)), expected);
    }
    let limited = |retry_after| Verdict::Limited { retry_after };
    assert_eq!(table.check(1, pace, at_ms(5)), limited(ms(100)));
    assert_eq!(
        table.check(1, pace, at_ms(65)),
        limited(ms(40)),
        "refusals cost nothing"
    );
    assert!(
        table.check(2, pace, at_ms(65)).is_admitted(),
        "a neighbour isn't touched"
    );
    assert!(
        !table
            .check(1, pace, Moment::from_nanos(104_999_999))
            .is_admitted()
    );
    let expected = Verdict::Admitted {
        remaining: 0,
        reset_after: ms(300),
    };
    assert_eq!(table.check(1, pace, at_ms(105)), expected);
    let expected = Verdict::Admitted {
        remaining: 2,
        reset_after: ms(100),
    };
    assert_eq!(
        table.check(1, pace, at_ms(405)),
        expected,
        "the whole burst is there again"
    );
}

#[test]
fn a_burst_of_one_is_a_request_an_interval() {
    let (table, pace) = (table(64), pace(1000, 1));
    for at in 0..100 {
        assert!(table.check(7, pace, at_ms(at)).is_admitted());
        assert_eq!(
            table.check(7, pace, at_ms(at)),
            Verdict::Limited { retry_after: ms(1) }
        );
    }
}

#[test]
fn a_pace_is_never_faster_than_was_said() {
    let check = |rate, interval| {
        assert_eq!(
            pace(rate, 5).interval(),
            Duration::from_nanos(interval),
            "{rate}"
        );
    };
    check(1, 1_000_000_000);
    check(3, 333_333_400);
    check(100, 10_000_000);
    check(30_000, 33_400);
    check(65_535, 15_300);
    check(Pace::FASTEST, 100);
    let minute = Pace::per_minute(number(7), number(2)).unwrap();
    assert_eq!(minute.interval(), Duration::from_nanos(8_571_428_600));
    assert_eq!(
        (minute.burst(), minute.whole()),
        (2, Duration::from_nanos(17_142_857_200))
    );
}

#[test]
fn a_pace_that_cannot_be_kept_is_refused() {
    let new = |rate, time, burst| Pace::new(number(rate), time, number(burst)).map(|_| ());
    let second = Duration::from_secs(1);
    assert_eq!(new(Pace::FASTEST, second, 1), Ok(()));
    assert_eq!(new(Pace::FASTEST + 1, second, 1), Err(PaceError::TooFast));
    assert_eq!(new(1, Duration::ZERO, 1), Err(PaceError::TooFast));
    assert_eq!(new(1, Pace::LONGEST, 1), Ok(()));
    assert_eq!(new(1, Pace::LONGEST, 2), Err(PaceError::TooLong));
    assert_eq!(new(1, second, 86_401), Err(PaceError::TooLong));
    assert_eq!(new(1, Duration::MAX, 1), Err(PaceError::TooLong));
    assert_eq!(
        new(u32::MAX, Duration::MAX, u32::MAX),
        Err(PaceError::TooLong)
    );
    for told in [PaceError::TooFast, PaceError::TooLong] {
        assert!(told.to_string().contains("expected"), "{told}");
    }
}

#[test]
fn a_table_has_its_size_from_the_beginning() {
    for bytes in [64, 127, 4096, 1 << 20, Table::DEFAULT_BYTES] {
        let table = table(bytes);
        // A bucket to begin at a cache line, and the table itself.
        assert!((bytes / 64 * 64..=bytes + 64 + size_of::<Table>()).contains(&table.memory()));
    }
    for bytes in [0, 63, Table::MOST_BYTES + 1, usize::MAX] {
        let refused = Table::new(bytes, SECRET).err();
        assert_eq!(refused, Some(SizeOutOfRange { bytes }));
        assert!(
            SizeOutOfRange { bytes }
                .to_string()
                .contains("expected 64 to ")
        );
    }
}

#[test]
fn eight_clients_fit_into_the_least_table() {
    let (table, pace) = (table(Table::LEAST_BYTES), pace(1, 1));
    for round in 0..2 {
        for client in 0..8 {
            let admitted = table.check(client, pace, at_ms(0)).is_admitted();
            assert_eq!(admitted, round == 0, "client {client} in round {round}");
        }
    }
}

#[test]
fn the_secret_decides_who_shares_a_bucket() {
    // Of the clients that come first into eight words, some meet the same eight under
    // one secret and others under another.
    let kept = |secret: [u8; 16]| -> HashSet<u128> {
        let table = Table::new(2 * 64, secret).expect("a size in range");
        let slow = pace(1, 1);
        (0..64).for_each(|client| {
            table.check(client, slow, at_ms(0));
        });
        (0..64)
            .filter(|client| !table.check(*client, slow, at_ms(0)).is_admitted())
            .collect()
    };
    assert_ne!(kept(SECRET), kept(*b"another secret !"));
    assert_eq!(kept(SECRET), kept(SECRET));
}

#[test]
fn neither_the_secret_nor_the_words_are_shown() {
    let shown = format!("{:?}", table(4096));
    assert!(
        shown.starts_with("Table { memory: ") && shown.len() < 40,
        "{shown}"
    );
}

proptest! {
    #[test]
    fn the_hash_is_siphash(secret: [u8; 16], client: u128) {
        // The standard library has SipHash-2-4 with keys, and 1-3 without.
        #[allow(deprecated)]
        use std::hash::{DefaultHasher, Hasher as _, SipHasher};

        let key = Key::new(secret);
        let [a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p] = secret;
        let low = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
        let high = u64::from_le_bytes([i, j, k, l, m, n, o, p]);
        #[allow(deprecated)]
        let mut oracle = SipHasher::new_with_keys(low, high);
        oracle.write(&client.to_le_bytes());
        prop_assert_eq!(key.sip::<2, 4>(client), oracle.finish());
        let mut oracle = DefaultHasher::new();
        oracle.write(&client.to_le_bytes());
        prop_assert_eq!(Key::new([0; 16]).hash(client), oracle.finish());
    }
}

#[test]
fn the_pace_of_several_clients_is_never_faster_than_theirs() {
    let one = pace(10, 3);
    let many = one.times(number(16));
    assert_eq!(
        (many.burst(), many.interval()),
        (48, Duration::from_nanos(6_250_000))
    );
    assert_eq!(one.times(number(1)), one);
    // Rounded so that it is slower, and never beyond a day.
    let fast = pace(Pace::FASTEST, 1);
    assert_eq!(fast.times(number(7)).interval(), fast.interval());
    let slow = Pace::new(number(1), Duration::from_hours(24), number(1)).expect("a pace");
    let many = slow.times(number(7));
    assert!(
        many.whole() <= Pace::LONGEST && many.burst() >= 6,
        "{many:?}"
    );
}
