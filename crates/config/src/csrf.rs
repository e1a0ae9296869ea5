//! `[csrf]`: the promise `csrf`, and what sites say of it.

use guards::csrf::{Csrf, ORIGINS_MAX};
use seam::snapshot::Access;

use crate::{
    key::{Absent, Form, Key, section},
    mistake::Kind,
    reader::Say,
    scalar::{self, Wrong},
    table::Table,
};

/// Longest reason of an exception, in characters.
const WHY_MAX: usize = 80;

section! {
    "[csrf]",
    "Promise `csrf`: what could change something (every method but GET, HEAD and OPTIONS, and WebSockets) is refused with 403 unless it comes from the site's own pages, by what browsers say in `Sec-Fetch-Site` and `Origin`. Siblings, such as another host of the same domain, are foreign too. Programs that send neither field and no session cookie of ours aren't affected, nor are bearer tokens.";
    ORIGINS "origins" Form::Texts("an origin such as \"https://www.example.com\"", ORIGINS_MAX), Absent::Means("each site's own pages alone"), "[\"https://www.example.com\"]",
        "Further domains of your own, from whose pages requests may come, to every site: a front end on another host.";
    OBSERVE "observe" Form::Switch, Absent::Default("false"), "true",
        "Nobody is refused, but on own pages; who would be is counted and recorded with the reason. The promise isn't made meanwhile.";
    FORMS "forms" Form::Switch, Absent::Default("false"), "true",
        "On sites with `important` routes: the token is put into the POST forms of the application's pages, as the field `waarborg_csrf`, for people who have signed in. Only forms that lead to the site itself get it. Such pages leave with `Cache-Control: private, no-store` and are asked of the application uncompressed.";
}

/// A route's exception.
pub(crate) const CROSS_SITE: Key = Key {
    name: "cross_site",
    form: Form::Text("a reason of 1 to 80 characters, such as \"webhook of the payment service\""),
    absent: Absent::Means("requests come from the site itself"),
    example: "\"form_post of the identity provider\"",
    doc: "Lets requests of this route come from other sites, and says why: for a webhook that sends an `Origin`, SAML or `form_post`. The reason stands in records and on the console.",
};

/// A route's important actions.
pub(crate) const IMPORTANT: Key = Key {
    name: "important",
    form: Form::Switch,
    absent: Absent::Default("false"),
    example: "false",
    doc: "With `access = \"login\"`: what changes something here also needs a token that only the site's own pages know. The application gets it in `Waarborg-Csrf-Token`, scripts read it from the cookie `__Host-waarborg-csrf`; it comes back in `X-CSRF-Token`, or as the field `waarborg_csrf` within the first 64 KiB of a form (`forms` in `[csrf]` puts it there). `step_up` may ask for a second factor besides.",
};

/// Reads `[csrf]`.
pub(crate) fn read(table: &Table<'_, '_>) -> Csrf {
    let origins = table.texts(&ORIGINS, origin);
    let observe = table.switch(&OBSERVE);
    let forms = table.switch(&FORMS);
    table.finish();
    let mut csrf = Csrf::new(origins.into_iter().map(|at| at.value), observe);
    csrf.forms = forms;
    csrf
}

/// What a route says: why it takes requests from other sites, and whether it is important.
pub(crate) fn of_route(table: &Table<'_, '_>, access: &Access) -> (Option<Box<str>>, bool) {
    let why = table.text(&CROSS_SITE, reason).map(Into::into);
    let important = table.switch(&IMPORTANT);
    let conflict = |what: &str, help: &str| {
        let say = Say::what(what).expected("one of them").help(help);
        let span = table.span(&IMPORTANT);
        table.reader.mistake(Kind::Conflict, &span, say);
    };
    if important && *access == Access::Public {
        conflict(
            "`important` on a route that is open to everyone",
            "a token is that of somebody's session: add `access = \"login\"`",
        );
    }
    if important && why.is_some() {
        conflict(
            "`important` beside `cross_site`",
            "another site's page can't know the token",
        );
    }
    (why, important)
}

/// `https://host`, with a port that isn't 443: as browsers write it (RFC 6454 section 6.2).
fn origin(text: &str) -> Result<String, Wrong> {
    let Some(rest) = text.strip_prefix("https://") else {
        return Err(if text.starts_with("http://") {
            Wrong::help("over plain http anybody on the way could send in your name")
        } else {
            Wrong::PLAIN
        });
    };
    if rest.contains('*') {
        return Err(Wrong::help("name each host: a wildcard is everybody below"));
    }
    if let Some(rest) = rest.strip_suffix('/') {
        return Err(Wrong::help(format!("write `\"https://{rest}\"`")));
    }
    let (host, port) = scalar::authority(rest, Some(443))?;
    Ok(match port {
        443 => format!("https://{}", host.to_ascii_lowercase()),
        port => format!("https://{}:{port}", host.to_ascii_lowercase()),
    })
}

fn reason(text: &str) -> Result<String, Wrong> {
    let text = text.trim();
    let fits = (1..=WHY_MAX).contains(&text.chars().count());
    if fits && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(Wrong::PLAIN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_as_browsers_write_it() {
        let check = |text, expected: Option<&str>| {
            assert_eq!(origin(text).ok().as_deref(), expected, "{text}");
        };
        check("https://www.example.com", Some("https://www.example.com"));
        check(
            "https://WWW.example.com:443",
            Some("https://www.example.com"),
        );
        check("https://a.test:8443", Some("https://a.test:8443"));
        for wrong in [
            "",
            "www.example.com",
            "http://www.example.com",
            "https://",
            "https://a.test/",
            "https://a.test/x",
            "https://*.a.test",
            "https://u@a.test",
            "https://a.test:0",
            "https://a.test:x",
            "null",
            "*",
        ] {
            check(wrong, None);
        }
    }

    #[test]
    fn a_reason_says_something_on_one_line() {
        assert_eq!(reason(" webhook ").ok().as_deref(), Some("webhook"));
        for wrong in ["", "  ", "a\nb", &"x".repeat(81)] {
            assert!(reason(wrong).is_err(), "{wrong}");
        }
    }
}
