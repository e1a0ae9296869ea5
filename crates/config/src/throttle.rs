//! `[throttle]`: the promise `throttle`.

use std::{num::NonZeroU32, time::Duration};

use guards::{
    network::Networks,
    throttle::{Class, Pace},
};

use crate::{
    key::{Absent, Form, GIB, Key, MIB, section},
    mistake::Kind,
    reader::Say,
    scalar::{self, Wrong},
    table::Table,
};

/// Most requests at once: more than that is no limit, and no drill could try it.
const BURST_MAX: u64 = 100_000;

const RATE: Form = Form::Text("a rate such as \"100/s\", \"60/m\" or \"500/h\"");
const BURST: Form = Form::Count(1, BURST_MAX, "requests");

section! {
    "[throttle]",
    "Promise `throttle`: whoever sends too many requests gets 429 with `Retry-After` until their pace allows for the next. Each class of requests has a rate, and a burst that may come at once. Each client has its own account of both, on each site: people who are signed in by their account, programs by their token, everybody else by their IPv4 address or IPv6 /64; an IPv6 /48 has 16 times as much. Behind a proxy all visitors are one client unless it is among `trusted_proxies`.";
    PAGES "pages" RATE, Absent::Default("100/s"), "\"100/s\"",
        "Requests for pages and all that belongs to them: the class of every request that is in no other.";
    PAGES_BURST "pages_burst" BURST, Absent::Default("1000"), "1000",
        "How many of them may come at once: a page with 200 files, opened in several tabs.";
    API "api" RATE, Absent::Default("50/s"), "\"50/s\"",
        "Requests of sites and routes with `throttle = \"api\"`. Their answers say how much is left (`RateLimit`).";
    API_BURST "api_burst" BURST, Absent::Default("200"), "200",
        "How many of them may come at once.";
    SIGN_IN "sign_in" RATE, Absent::Default("60/m"), "\"60/m\"",
        "Attempts to get in: what is sent to the portal by somebody who isn't signed in, tokens and app passwords that hold for nothing, and requests of routes with `throttle = \"sign-in\"`, such as an application's own form. Wrong passwords are counted for each account besides (`[lockout]`).";
    SIGN_IN_BURST "sign_in_burst" BURST, Absent::Default("100"), "100",
        "How many of them may come at once: an office that begins to work.";
    REPORTS "reports" RATE, Absent::Default("60/m"), "\"60/m\"",
        "Requests of routes with `throttle = \"reports\"`: forms that strangers fill in, reports that browsers send.";
    REPORTS_BURST "reports_burst" BURST, Absent::Default("60"), "60",
        "How many of them may come at once.";
    EXEMPT "exempt" Form::Texts("an address or range such as \"10.0.0.0/8\"", Networks::MAX), Absent::Means("nobody"), "[\"192.0.2.10\"]",
        "Addresses that never get 429: monitors, tests under load. Trusted proxies don't either.";
    MEMORY "memory" Form::Size(MIB, GIB), Absent::Default("64MiB"), "\"64MiB\"",
        "Memory for the accounts of all clients: 8 bytes each, taken as they come and never more. Where it is full, whoever has asked least is forgotten first. A change needs a restart.";
    OBSERVE "observe" Form::Switch, Absent::Default("false"), "true",
        "Nobody is refused; who would be is counted and recorded. The promise isn't made meanwhile.";
}

/// `[throttle]`.
#[derive(Debug, Clone)]
pub struct Throttle {
    /// Rates, bursts, `exempt` and `observe`.
    pub guard: guards::throttle::Throttle,
    /// `memory`, in bytes.
    pub memory: u64,
}

const WORDS: Form = Form::Word(&[
    ("pages", "that of pages"),
    ("api", "that of programs"),
    ("sign-in", "that of attempts to get in"),
    ("reports", "that of reports"),
    ("off", "none: requests aren't counted"),
]);

pub(crate) const CLASS: Key = Key {
    name: "throttle",
    form: WORDS,
    absent: Absent::Default("pages"),
    example: "\"api\"",
    doc: "Which pace of `[throttle]` a client's requests have.",
};
pub(crate) const ROUTE_CLASS: Key = Key {
    absent: Absent::Means("that of the site"),
    example: "\"sign-in\"",
    ..CLASS
};

/// The class of a site's or route's requests; `None` where the key isn't there, and a
/// class of none for `off`.
pub(crate) fn class(table: &Table<'_, '_>, key: &'static Key) -> Option<Option<Class>> {
    let word = table.word(key)?;
    Some(Class::ALL.into_iter().find(|class| class.word() == word))
}

pub(crate) fn read(table: &Table<'_, '_>) -> Throttle {
    let paces = [
        pace(table, &PAGES, &PAGES_BURST),
        pace(table, &API, &API_BURST),
        pace(table, &SIGN_IN, &SIGN_IN_BURST),
        pace(table, &REPORTS, &REPORTS_BURST),
    ];
    let exempt = table.texts(&EXEMPT, scalar::network);
    let exempt = Networks::new(exempt.into_iter().map(|at| at.value));
    let observe = table.switch(&OBSERVE);
    let memory = table.size(&MEMORY).unwrap_or(MIB);
    table.finish();
    Throttle {
        guard: guards::throttle::Throttle::new(paces, exempt, observe),
        memory,
    }
}

/// What stands in the place of a pace that is a mistake, which was said: it isn't used.
fn none() -> Pace {
    let one = NonZeroU32::MIN;
    Pace::per_second(one, one).expect("one a second is a pace")
}

fn pace(table: &Table<'_, '_>, rate: &'static Key, burst: &'static Key) -> Pace {
    let read = table.text(rate, self::rate);
    let most = table.count(burst);
    let most = most.and_then(|count| NonZeroU32::new(u32::try_from(count).ok()?));
    let (Some((count, time)), Some(most)) = (read, most) else {
        return none();
    };
    Pace::new(count, time, most).unwrap_or_else(|error| {
        let keys = format!("`{}` and `{}`", rate.name, burst.name);
        let say = Say::what(format!("{keys} make no pace: {error}"));
        let span = table.span(if table.has(rate) { rate } else { burst });
        table.reader.mistake(Kind::OutOfRange, &span, say);
        none()
    })
}

/// `100/s`, `60/m`, `500/h`.
fn rate(text: &str) -> Result<(NonZeroU32, Duration), Wrong> {
    let (count, unit) = text.split_once('/').ok_or(Wrong::PLAIN)?;
    let seconds = match unit.trim_ascii() {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "min" | "minute" => {
            return Err(Wrong::help(format!("write `\"{}/m\"`", count.trim_ascii())));
        }
        "sec" | "second" => {
            return Err(Wrong::help(format!("write `\"{}/s\"`", count.trim_ascii())));
        }
        _ => return Err(Wrong::PLAIN),
    };
    let digits = count.trim_ascii();
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Wrong::PLAIN);
    }
    let count = digits.parse().map_err(|_| {
        Wrong::help("write at least 1 and at most 10,000,000 a second; with `throttle = \"off\"` a site or route has no limit")
    })?;
    Ok((count, Duration::from_secs(seconds)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_a_number_and_a_unit() {
        let read = |text| {
            rate(text)
                .ok()
                .map(|(count, time)| (count.get(), time.as_secs()))
        };
        assert_eq!(read("100/s"), Some((100, 1)));
        assert_eq!(read("60 / m"), Some((60, 60)));
        assert_eq!(read("4294967295/h"), Some((u32::MAX, 3600)));
        for wrong in [
            "",
            "/",
            "100",
            "100/",
            "/s",
            "0/s",
            "-1/s",
            "+1/s",
            "1.5/s",
            "1/d",
            "1/min",
            "4294967296/s",
            "100/s/s",
            "\u{661}/s",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
