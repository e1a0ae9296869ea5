//! Every pair of what browsers say, and where a token may stand.

use proptest::prelude::*;

use super::*;

const TOKEN_TEXT: &str = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0";

fn guard() -> Csrf {
    Csrf::new(["https://www.example.com".to_owned()], false)
}

#[test]
fn what_browsers_say_of_their_own_pages_passes_and_nothing_else_does() {
    let own = "https://app.test";
    let check = |site: Option<&str>, origin: Option<&str>, expected: Result<(), Foreign>| {
        let sent = Sent {
            fetch_site: site.map(str::as_bytes),
            origin: origin.map(str::as_bytes),
        };
        let got = guard().judge(sent, "app.test", true);
        assert_eq!(got, expected, "{site:?} {origin:?}");
    };
    check(Some("same-origin"), Some(own), Ok(()));
    check(Some("same-origin"), None, Ok(()));
    check(Some("same-origin"), Some("null"), Ok(()));
    check(Some("none"), None, Ok(()));
    check(
        Some("same-origin"),
        Some("https://evil.test"),
        Err(Foreign::Contradiction),
    );
    check(
        Some("none"),
        Some("http://app.test"),
        Err(Foreign::Contradiction),
    );
    check(Some("cross-site"), Some("null"), Err(Foreign::CrossSite));
    check(Some("cross-site"), None, Err(Foreign::CrossSite));
    // After a foreign redirect an origin of ours isn't ours any more.
    check(Some("cross-site"), Some(own), Err(Foreign::CrossSite));
    check(
        Some("same-site"),
        Some("https://other.app.test"),
        Err(Foreign::SameSite),
    );
    check(Some("SAME-ORIGIN"), Some(own), Err(Foreign::CrossSite));
    check(Some(""), Some(own), Err(Foreign::CrossSite));
    // A browser that knows no `Sec-Fetch-Site`.
    check(None, Some(own), Ok(()));
    check(None, Some("https://APP.test"), Ok(()));
    check(None, Some("null"), Err(Foreign::Null));
    for foreign in [
        "",
        "http://app.test",
        "https://app.test:8443",
        "https://app.test.evil.test",
        "https://evil-app.test",
        "https://sub.app.test",
        "https://test",
        "https://app.test/",
        "https://user@app.test",
        "https://app.test https://evil.test",
        "app.test",
    ] {
        check(None, Some(foreign), Err(Foreign::Origin));
    }
    check(None, None, Err(Foreign::Unsaid));
    // What is listed is ours, from wherever the browser says it came.
    let listed = "https://www.example.com";
    for site in [None, Some("same-site"), Some("cross-site")] {
        check(site, Some(listed), Ok(()));
    }
    check(None, Some("https://example.com"), Err(Foreign::Origin));
}

#[test]
fn a_program_without_a_cookie_needs_to_say_nothing() {
    let guard = guard();
    assert_eq!(guard.judge(Sent::default(), "app.test", false), Ok(()));
    let foreign = Sent {
        origin: Some(b"https://evil.test"),
        ..Sent::default()
    };
    assert_eq!(
        guard.judge(foreign, "app.test", false),
        Err(Foreign::Origin)
    );
}

#[test]
fn the_port_in_the_public_address_is_part_of_the_origin() {
    let check = |origin: &str, authority: &str, expected: bool| {
        assert_eq!(
            is_origin_of(origin.as_bytes(), authority),
            expected,
            "{origin}"
        );
    };
    check("https://app.test", "app.test", true);
    check("https://app.test", "APP.test:443", true);
    check("https://app.test:8443", "app.test:8443", true);
    check("https://app.test", "app.test:8443", false);
    check("http://app.test", "app.test", false);
    check("https://app.test.evil", "app.test", false);
    check("https://evil.app.test", "app.test", false);
    check("null", "app.test", false);
    check("", "app.test", false);
}

fn looked(form: Form, body: &str, whole: bool) -> Field<'_> {
    field(form, "csrf_token", body.as_bytes(), whole)
}

#[test]
fn a_token_is_found_in_both_kinds_of_forms() {
    let found = Field::Found(TOKEN_TEXT.as_bytes());
    let form = Form::UrlEncoded;
    let pair = format!("csrf_token={TOKEN_TEXT}");
    assert_eq!(looked(form, &pair, true), found);
    // More of the value may follow.
    assert_eq!(looked(form, &pair, false), Field::NotYet);
    assert_eq!(looked(form, &format!("a=1&{pair}&b=2"), false), found);
    assert_eq!(looked(form, &format!("a=1&{pair}x"), true), Field::Missing);
    assert_eq!(looked(form, &format!("x{pair}"), true), Field::Missing);
    assert_eq!(looked(form, &format!("csrf_token=x&{pair}"), true), found);
    assert_eq!(looked(form, "", true), Field::Missing);
    assert_eq!(looked(form, "a=1&&", true), Field::Missing);
    let part = format!(
        "--b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--b\r\n\
         Content-Disposition: form-data; name=\"csrf_token\"\r\n\r\n{TOKEN_TEXT}\r\n--b--\r\n"
    );
    assert_eq!(looked(Form::Multipart, &part, false), found);
    let cut = part.len() - 8;
    assert_eq!(
        looked(Form::Multipart, part.get(..cut).unwrap(), false),
        Field::NotYet
    );
    assert_eq!(
        looked(Form::Multipart, &part.replace("csrf", "xsrf"), true),
        Field::Missing
    );
}

#[test]
fn what_stands_behind_the_first_64_kib_is_not_looked_for() {
    let late = format!("a={}&csrf_token={TOKEN_TEXT}&", "x".repeat(FIELD_WITHIN));
    assert_eq!(looked(Form::UrlEncoded, &late, false), Field::Missing);
    let just = FIELD_WITHIN - "a=&csrf_token=&".len() - TOKEN;
    let early = format!("a={}&csrf_token={TOKEN_TEXT}&", "x".repeat(just));
    assert!(matches!(
        looked(Form::UrlEncoded, &early, false),
        Field::Found(_)
    ));
}

#[test]
fn only_forms_are_looked_into() {
    let check = |text: &str, expected| assert_eq!(Form::of(text.as_bytes()), expected, "{text}");
    check("application/x-www-form-urlencoded", Some(Form::UrlEncoded));
    check(
        "Application/X-WWW-Form-Urlencoded ; charset=utf-8",
        Some(Form::UrlEncoded),
    );
    check("multipart/form-data; boundary=b", Some(Form::Multipart));
    check("application/json", None);
    check("text/plain", None);
    check("", None);
}

proptest! {
    #[test]
    fn a_foreign_origin_never_passes_whatever_else_is_said(
        site in proptest::option::of("same-origin|none|same-site|cross-site|[a-z-]{0,12}"),
        host in "[a-z]{1,8}\\.evil",
        cookie: bool,
    ) {
        let origin = format!("https://{host}");
        let sent = Sent {
            fetch_site: site.as_deref().map(str::as_bytes),
            origin: Some(origin.as_bytes()),
        };
        prop_assert!(guard().judge(sent, "app.test", cookie).is_err());
    }

    #[test]
    fn however_a_form_is_cut_its_token_is_found_once_it_is_there(
        before in "([a-z]{0,9}=[a-z]{0,9}&){0,4}",
        cut in 0_usize..200,
    ) {
        let body = format!("{before}csrf_token={TOKEN_TEXT}&z=1");
        let there = before.len() + "csrf_token=&".len() + TOKEN;
        let cut = cut.min(body.len());
        let got = looked(Form::UrlEncoded, body.get(..cut).unwrap(), false);
        if cut >= there {
            prop_assert_eq!(got, Field::Found(TOKEN_TEXT.as_bytes()));
        } else {
            prop_assert_eq!(got, Field::NotYet);
        }
    }

    #[test]
    fn whatever_a_body_is_looking_ends(body: Vec<u8>, whole: bool) {
        for form in [Form::UrlEncoded, Form::Multipart] {
            let looked = field(form, "a", &body, whole);
            prop_assert!(!(whole && looked == Field::NotYet));
        }
    }
}
