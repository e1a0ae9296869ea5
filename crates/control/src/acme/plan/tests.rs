use proptest::{prop_assert, proptest};
use rcgen::{CertificateParams, KeyPair, date_time_ymd};

use super::*;

const DAY: Duration = Duration::from_secs(86_400);
/// 2026-01-01.
const START: Micros = Micros(1_767_225_600_000_000);

/// Valid from 2026-01-01 to 2026-04-01: 90 days.
fn made(names: &[&str]) -> (String, String) {
    let names: Vec<_> = names.iter().map(ToString::to_string).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2026, 4, 1);
    let key = KeyPair::generate().unwrap();
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn pair() -> Pair {
    let (chain, key) = made(&["a.test"]);
    Pair::from_pem(chain.as_bytes(), key.as_bytes()).unwrap()
}

#[test]
fn without_advice_a_certificate_is_renewed_shortly_before_two_thirds_of_its_life() {
    let pair = pair();
    assert_eq!(life(&pair), 90 * DAY);
    let at = renewal(&pair, None);
    assert!(
        at >= START.after(57 * DAY) && at <= START.after(60 * DAY),
        "{at}"
    );
    assert_eq!(renewal(&pair, Some(Advice::none(START))), at, "no advice");
}

#[test]
fn advice_goes_first_but_never_to_the_last_days() {
    let pair = pair();
    let window = (START.after(10 * DAY), START.after(12 * DAY));
    let advice = Advice::within(window, Duration::from_secs(6 * 3600), &pair, START);
    let at = renewal(&pair, Some(advice));
    assert!(at >= window.0 && at <= window.1, "{at}");
    let again = Advice::within(window, Duration::ZERO, &pair, START);
    assert_eq!(again.at, advice.at, "the same moment at every look");
    assert_eq!(advice.again, START.after(DAY / 4));
    assert_eq!(again.again, START.after(ADVICE_AGAIN.0), "bounded below");
    let rare = Advice::within(window, 300 * DAY, &pair, START);
    assert_eq!(rare.again, START.after(DAY), "and above");
    assert_eq!(advice.failed(START).at, advice.at, "it holds on");

    let late = (START.after(400 * DAY), START.after(500 * DAY));
    let late = Advice::within(late, DAY, &pair, START);
    assert_eq!(renewal(&pair, Some(late)), START.after(81 * DAY));
    let turned = Advice::within((window.1, window.0), DAY, &pair, START);
    assert_eq!(
        turned.at,
        Some(window.1),
        "a window that ends before it begins"
    );
}

#[test]
fn little_is_left_in_the_last_sixth() {
    let pair = pair();
    assert!(!is_little_left(&pair, START.after(74 * DAY)));
    assert!(is_little_left(&pair, START.after(76 * DAY)));
    assert!(is_little_left(&pair, START.after(91 * DAY)));
}

#[test]
fn the_second_authority_has_its_turn_after_three_failures_and_then_every_other_time() {
    let turns: Vec<_> = (0..8).map(|failures| turn(failures, true)).collect();
    use Turn::{First, Second};
    assert_eq!(
        turns,
        [First, First, First, Second, First, Second, First, Second]
    );
    assert!((0..8).all(|failures| turn(failures, false) == First));
}

#[test]
fn a_rate_limit_is_waited_for_unless_another_authority_is_next() {
    let rng = Rng::counted();
    let limited = Asked {
        retry_after: Some(5 * DAY / 24),
        limited: true,
    };
    assert_eq!(pause(1, limited, true, &rng), 5 * DAY / 24);
    assert!(pause(1, limited, false, &rng) < 2 * FIRST_PAUSE);
    let unnamed = Asked {
        retry_after: None,
        limited: true,
    };
    assert_eq!(pause(1, unnamed, true, &rng), LIMITED_PAUSE);
    let endless = Asked {
        retry_after: Some(1000 * DAY),
        limited: false,
    };
    assert_eq!(pause(1, endless, true, &rng), LONGEST_PAUSE);
}

#[test]
fn a_certificate_takes_the_place_of_another_only_where_it_can_be_served() {
    let hosts = ["a.test".to_owned(), "www.a.test".to_owned()];
    let (chain, key) = made(&["a.test", "www.a.test"]);
    let now = START.after(DAY);
    assert!(judged(&chain, &key, &hosts, now).is_ok());

    let (narrow, narrow_key) = made(&["a.test"]);
    let check = |chain: &str, key: &str, now, expected: &str| {
        let unfit = judged(chain, key, &hosts, now).unwrap_err().to_string();
        assert!(unfit.contains(expected), "{unfit}");
    };
    check(&narrow, &narrow_key, now, "it isn't for www.a.test");
    check(&chain, &narrow_key, now, "the key isn't that of the first");
    check("garbage", &key, now, "no certificate is in it");
    check(&chain, &key, Micros(0), "it begins only at 2026-01-01");
    check(
        &chain,
        &key,
        START.after(90 * DAY),
        "it has ended at 2026-04-01",
    );
    let early = Micros(START.0 - 60_000_000);
    assert!(judged(&chain, &key, &hosts, early).is_ok(), "clocks differ");
}

proptest! {
    #[test]
    fn every_pause_is_within_its_bounds(failures in 1_u32..200, after in 0_u64..u64::MAX, limited: bool, same: bool) {
        let rng = Rng::System;
        let asked = Asked { retry_after: Some(Duration::from_secs(after)), limited };
        let long = pause(failures, asked, same, &rng);
        prop_assert!((FIRST_PAUSE..=LONGEST_PAUSE).contains(&long));
        prop_assert!(failures < 12 || long == LONGEST_PAUSE);
    }
}
