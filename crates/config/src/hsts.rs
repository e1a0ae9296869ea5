//! `[hsts]`: the promise `hsts`.

use guards::hsts::{PRELOAD_MAX_AGE_MIN_S, Policy, Scope};

use crate::{
    key::{Absent, DAY_S, Form, seconds, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[hsts]",
    "Promise `hsts`: browsers are told, on every answer, to use HTTPS only. An application's own header is never weakened.";
    MAX_AGE "max_age" Form::Duration(seconds(0), seconds(3650 * DAY_S)), Absent::Default("730d"), "\"730d\"",
        "How long browsers remember. `\"0s\"` makes them forget: the way back, and the end of the promise.";
    INCLUDE_SUBDOMAINS "include_subdomains" Form::Switch, Absent::Default("false"), "true",
        "Whether it holds for every host below yours too; those without HTTPS then can't be reached any more.";
    PRELOAD "preload" Form::Switch, Absent::Default("false"), "true",
        "Your consent to being built into browsers (hstspreload.org), which takes months to undo. Needs `include_subdomains` and a `max_age` of at least `\"365d\"`.";
}

pub(crate) fn read(table: &Table<'_, '_>) -> Policy {
    let max_age_s = table.duration(&MAX_AGE).as_secs();
    let include_subdomains = table.switch(&INCLUDE_SUBDOMAINS);
    let preload = table.switch(&PRELOAD);
    let scope = match (include_subdomains, preload) {
        (_, true) => Scope::Preload,
        (true, false) => Scope::Subdomains,
        (false, false) => Scope::Host,
    };
    if preload && !include_subdomains {
        let say = Say::what("`preload` without `include_subdomains`")
            .expected("both, or neither")
            .help("the preload list takes whole domains only: add `include_subdomains = true`");
        let span = table.span(&PRELOAD);
        table.reader.mistake(Kind::Conflict, &span, say);
    }
    if max_age_s == 0 {
        let say = Say::what("`max_age` is 0: browsers forget to use HTTPS only")
            .help("without the key it is two years");
        let span = table.span(&MAX_AGE);
        table.reader.warning(Kind::Doubtful, &span, say);
    }
    table.finish();
    Policy::new(max_age_s, scope).unwrap_or_else(|_| {
        let say = Say::what("`preload` with so short a `max_age`")
            .expected(format!("at least \"{}d\"", PRELOAD_MAX_AGE_MIN_S / DAY_S))
            .help("the preload list asks for a year: leave `max_age` out for two");
        let span = table.span(&MAX_AGE);
        table.reader.mistake(Kind::Conflict, &span, say);
        Policy::default()
    })
}
