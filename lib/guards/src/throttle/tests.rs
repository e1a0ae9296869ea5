use super::*;

fn pace(rate: u32, burst: u32) -> Pace {
    let number = |number| NonZeroU32::new(number).unwrap();
    Pace::per_second(number(rate), number(burst)).unwrap()
}

fn ground() -> (Throttle, Table) {
    let paces = [pace(10, 3), pace(10, 5), pace(1, 2), pace(1, 1)];
    let throttle = Throttle::new(paces, Networks::default(), false);
    (throttle, Table::new(1 << 20, [7; 16]).unwrap())
}

const NOW: Moment = Moment::from_nanos(1_000_000_000);

fn address(text: &str) -> Client<'static> {
    Client::Address(text.parse().unwrap())
}

/// How many requests are let in at once.
fn burst(ground: &(Throttle, Table), place: (u16, Class), client: Client<'_>) -> usize {
    let (throttle, table) = ground;
    (0..100)
        .take_while(|_| throttle.judge(table, place, client, NOW).is_ok())
        .count()
}

#[test]
fn each_client_class_and_site_has_its_own_account() {
    let ground = ground();
    let one = address("198.51.100.1");
    for (class, expected) in Class::ALL.into_iter().zip([3, 5, 2, 1]) {
        for site in [0, 1, u16::MAX] {
            assert_eq!(burst(&ground, (site, class), one), expected, "{class:?}");
            assert_eq!(burst(&ground, (site, class), one), 0);
        }
    }
    let pages = (0, Class::Pages);
    for other in [
        address("198.51.100.2"),
        Client::Account("one"),
        Client::Account("other"),
        Client::Token([1; 16]),
        Client::Token([2; 16]),
    ] {
        assert_eq!(burst(&ground, pages, other), 3, "{other:?}");
    }
}

#[test]
fn an_address_is_the_same_however_it_is_written() {
    let ground = ground();
    let pages = (0, Class::Pages);
    assert_eq!(burst(&ground, pages, address("192.0.2.1")), 3);
    for same in ["::ffff:192.0.2.1", "64:ff9b::192.0.2.1"] {
        assert_eq!(burst(&ground, pages, address(same)), 0, "{same}");
    }
    // Whoever is behind NAT64 isn't one client.
    assert_eq!(burst(&ground, pages, address("64:ff9b::192.0.2.2")), 3);
}

#[test]
fn a_64_is_one_client_and_a_48_has_a_wider_pace() {
    let (throttle, table) = ground();
    let pages = (0, Class::Pages);
    // A million addresses of one /64.
    let admitted = (0..1_000_000_u128)
        .map(|number| 0x2001_0db8_0001_0001_u128 << 64 | number)
        .map(|bits| Client::Address(IpAddr::from(bits.to_be_bytes())))
        .filter(|client| throttle.judge(&table, pages, *client, NOW).is_ok())
        .count();
    assert_eq!(admitted, 3);
    // All of one /48, each with its whole burst to come: the first took three.
    let mut last = None;
    let admitted = (2..u128::from(u16::MAX))
        .map(|number| 0x2001_0db8_0001_u128 << 80 | number << 64)
        .map(|bits| Client::Address(IpAddr::from(bits.to_be_bytes())))
        .filter(|client| match throttle.judge(&table, pages, *client, NOW) {
            Ok(_) => true,
            Err(standing) => {
                last = Some(standing);
                false
            }
        })
        .count();
    assert_eq!(admitted, 3 * 16 - 3);
    let standing = last.expect("a refusal");
    assert_eq!(
        (standing.by, standing.to_string().as_str()),
        (By::Network, "pages:network")
    );
    // The next /48 isn't touched.
    let next = address("2001:db8:2::1");
    assert!(throttle.judge(&table, pages, next, NOW).is_ok());
}

#[test]
fn whoever_waits_as_told_is_let_in() {
    let (throttle, table) = ground();
    let one = address("2001:db8::1");
    for remaining in [1, 0] {
        let standing = throttle
            .judge(&table, (0, Class::SignIn), one, NOW)
            .unwrap();
        assert_eq!(standing.remaining, remaining);
    }
    let refused = throttle
        .judge(&table, (0, Class::SignIn), one, NOW)
        .unwrap_err();
    assert_eq!(refused.wait, Duration::from_secs(1));
    assert_eq!(refused.to_string(), "sign-in:address");
    let then = NOW.after(refused.wait);
    assert!(
        throttle
            .judge(&table, (0, Class::SignIn), one, then)
            .is_ok()
    );
    assert!(
        throttle
            .judge(&table, (0, Class::SignIn), one, then)
            .is_err()
    );
}
