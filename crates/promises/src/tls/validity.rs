//! A certificate's validity (RFC 5280 section 4.1.2.5): its end for the sentence, and
//! when it should have been renewed. Whether the certificate is valid isn't judged here:
//! the handshake has done that.

use std::time::Duration;

use terms::Micros;

/// Whoever has less time left than this renews too late.
const AHEAD_MAX: Duration = Duration::from_secs(14 * 86_400);

const SEQUENCE: u8 = 0x30;
const VERSION: u8 = 0xa0;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when until when a certificate holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Validity {
    pub(super) not_before: Micros,
    pub(super) not_after: Micros,
}

impl Validity {
    /// How long before its end a certificate should have been renewed: fourteen days, or
    /// a third of its life where that is shorter, as of certificates for six days.
    pub(super) fn ahead(self) -> Duration {
        let lasts = self.not_after.0.saturating_sub(self.not_before.0);
        let third = Duration::from_micros(u64::try_from(lasts / 3).unwrap_or(0));
        third.min(AHEAD_MAX)
    }
}

/// That of a certificate in DER; `None` for anything else.
pub(super) fn of(certificate: &[u8]) -> Option<Validity> {
    let (certificate, _) = expect(certificate, SEQUENCE)?;
    let (mut fields, _) = expect(certificate, SEQUENCE)?;
    if fields.first() == Some(&VERSION) {
        (_, _, fields) = element(fields)?;
    }
    for _serial_algorithm_issuer in 0..3 {
        (_, _, fields) = element(fields)?;
    }
    let (validity, _) = expect(fields, SEQUENCE)?;
    let (begin, from, rest) = element(validity)?;
    let (end, until, _) = element(rest)?;
    Some(Validity {
        not_before: time(begin, from)?,
        not_after: time(end, until)?,
    })
}

/// Tag, content and what follows of a DER element of at most 4 GiB.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let [tag, first, rest @ ..] = bytes else {
        return None;
    };
    let (length, rest) = if *first < 0x80 {
        (usize::from(*first), rest)
    } else {
        let (digits, rest) = rest.split_at_checked(usize::from(first & 0x7f))?;
        if !(1..=4).contains(&digits.len()) {
            return None;
        }
        let length = digits
            .iter()
            .fold(0_u64, |length, digit| length << 8 | u64::from(*digit));
        (usize::try_from(length).ok()?, rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((*tag, content, rest))
}

fn expect(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (found, content, rest) = element(bytes)?;
    (found == tag).then_some((content, rest))
}

/// `YYMMDDHHMMSSZ`, the years 1950 to 2049, or `YYYYMMDDHHMMSSZ`.
fn time(tag: u8, text: &[u8]) -> Option<Micros> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = text.split_at_checked(if tag == UTC_TIME { 2 } else { 4 })?;
    let year: i64 = year.parse().ok()?;
    let year = match tag {
        UTC_TIME if year < 50 => 2000 + year,
        UTC_TIME => 1900 + year,
        GENERALIZED_TIME => year,
        _ => return None,
    };
    if rest.len() != 10 {
        return None;
    }
    let part = |at: usize| rest.get(at..at + 2)?.parse::<i64>().ok();
    let (month, day) = (part(0)?, part(2)?);
    let seconds = part(4)? * 3600 + part(6)? * 60 + part(8)?;
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    Some(Micros(
        (days(year, month, day) * 86_400 + seconds) * 1_000_000,
    ))
}

/// Days since 1970-01-01, with years that begin in March so that the leap day is last.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month < 3 { year - 1 } else { year };
    let from_march = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (153 * from_march + 2) / 5 + day - 719_469
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_of_both_forms_are_read() {
        let check = |tag, text: &str, expected: Option<&str>| {
            let read = time(tag, text.as_bytes()).map(|at| at.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        };
        check(
            UTC_TIME,
            "700101000000Z",
            Some("1970-01-01T00:00:00.000000Z"),
        );
        check(
            UTC_TIME,
            "261123120501Z",
            Some("2026-11-23T12:05:01.000000Z"),
        );
        check(
            UTC_TIME,
            "491231235959Z",
            Some("2049-12-31T23:59:59.000000Z"),
        );
        check(
            UTC_TIME,
            "500101000000Z",
            Some("1950-01-01T00:00:00.000000Z"),
        );
        check(
            GENERALIZED_TIME,
            "20000229000000Z",
            Some("2000-02-29T00:00:00.000000Z"),
        );
        check(
            GENERALIZED_TIME,
            "21000301000000Z",
            Some("2100-03-01T00:00:00.000000Z"),
        );
        for wrong in [
            "",
            "Z",
            "261123120501",
            "26112312050Z",
            "261323120501Z",
            "2611231205+1Z",
        ] {
            check(UTC_TIME, wrong, None);
        }
        check(0x0c, "20000229000000Z", None);
    }

    #[test]
    fn a_short_life_is_renewed_in_its_last_third() {
        let ahead = |days: i64| {
            let not_before = Micros(1_700_000_000_000_000);
            let not_after = Micros(not_before.0 + days * 86_400 * 1_000_000);
            Validity {
                not_before,
                not_after,
            }
            .ahead()
            .as_secs()
        };
        assert_eq!(ahead(6), 2 * 86_400);
        assert_eq!(ahead(42), 14 * 86_400);
        assert_eq!(ahead(90), 14 * 86_400);
        assert_eq!(ahead(-1), 0);
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = of(&bytes);
            let _ = time(UTC_TIME, &bytes);
            let nested = [&[SEQUENCE, 62, SEQUENCE, 60][..], &bytes].concat();
            let _ = of(&nested);
        }

        #[test]
        fn every_moment_is_the_one_that_terms_writes(seconds in 0..253_402_300_799_i64) {
            let at = Micros(seconds * 1_000_000);
            let written: String = at.to_string().chars().take(19).filter(char::is_ascii_digit).collect();
            prop_assert_eq!(time(GENERALIZED_TIME, format!("{written}Z").as_bytes()), Some(at));
        }
    }
}
