//! More clients than a table has words.

use super::{SECRET, at_ms, pace, table};
use crate::{Moment, Table};

/// Clients of a flood.
const FLOOD: u128 = 10_000_000;

#[test]
fn a_flood_grows_nothing_and_an_honest_client_is_never_refused() {
    let table = Table::new(Table::DEFAULT_BYTES, SECRET).unwrap();
    let (before, pace) = (table.memory(), pace(10, 20));
    let honest = 1 << 100;
    for client in 0..FLOOD {
        // A million of them a second.
        let now = Moment::from_nanos(u64::try_from(client).unwrap() * 1000);
        assert!(
            table.check(client, pace, now).is_admitted(),
            "nobody came twice"
        );
        if client.is_multiple_of(100_000) {
            assert!(
                table.check(honest, pace, now).is_admitted(),
                "10 a second at {now:?}"
            );
        }
    }
    assert_eq!(table.memory(), before);
}

#[test]
fn a_limited_client_is_not_forgotten_in_a_flood() {
    // 1,220 clients of the flood for each bucket.
    let (table, pace) = (table(1 << 19), pace(10, 20));
    let busy = 1 << 100;
    while table.check(busy, pace, at_ms(0)).is_admitted() {}
    let mut admitted = 0;
    for client in 0..FLOOD {
        let now = Moment::from_nanos(u64::try_from(client).unwrap() * 100);
        table.check(client, pace, now);
        if client.is_multiple_of(10_000) {
            admitted += u32::from(table.check(busy, pace, now).is_admitted());
        }
    }
    assert_eq!(admitted, 9, "10 a second, in just less than one");
}

#[test]
fn the_word_that_is_replaced_is_the_one_with_least_to_remember() {
    let (table, fast, slow) = (table(Table::LEAST_BYTES), pace(1000, 5), pace(1, 1));
    for client in 0..7 {
        assert!(table.check(client, slow, at_ms(0)).is_admitted());
    }
    // The eighth word is all that the others get.
    for client in 100..200 {
        for _ in 0..4 {
            assert!(table.check(client, fast, at_ms(1)).is_admitted());
        }
    }
    for client in 0..7 {
        assert!(
            !table.check(client, slow, at_ms(1)).is_admitted(),
            "{client} is remembered"
        );
    }
}

#[test]
fn where_all_are_ahead_a_newcomer_is_served_and_the_least_of_them_forgotten() {
    let (table, slow) = (table(Table::LEAST_BYTES), pace(1, 10));
    // Client n has used n + 1 of its ten.
    for client in 0..8 {
        for _ in 0..=client {
            assert!(table.check(client, slow, at_ms(0)).is_admitted());
        }
    }
    assert!(table.check(99, slow, at_ms(0)).is_admitted());
    // 0, with one request, is gone; 7, with eight, has two left.
    let left = |client| {
        (0..20)
            .filter(|_| table.check(client, slow, at_ms(0)).is_admitted())
            .count()
    };
    assert_eq!(left(7), 2);
    assert_eq!(left(99), 9);
    assert_eq!(left(0), 10, "forgotten in its favour");
}
