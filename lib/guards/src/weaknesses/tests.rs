use proptest::{collection::vec, prelude::*};

use super::*;

fn told(page: &[u8], cut: usize, charset: bool) -> Vec<String> {
    let mut read = Page::new(charset);
    for piece in page.chunks(cut.max(1)) {
        read.read(piece);
    }
    let line = |it: &Weakness| format!("{} {}", it.kind.word(), it.name);
    read.finish().iter().map(line).collect()
}

#[test]
fn what_a_page_does_that_it_should_not_is_found_and_its_twin_is_not() {
    let check = |page: &str, expected: &[&str]| {
        for cut in [1, 7, page.len()] {
            assert_eq!(told(page.as_bytes(), cut, true), expected, "{page}");
        }
    };
    check(
        "<p onclick=go()>a<p ONCLICK='x'>b<body onload=x>",
        &["inline-handler onclick", "inline-handler onload"],
    );
    check("<p data-onclick=a on=b once-more=c>", &[]);
    check(
        "<script>'<p onclick=a>'</script><!-- <p onclick=a> -->",
        &[],
    );
    check(
        "<img src=http://cdn.test/a.png?x><script src=' HTTP://js.test'></script>",
        &["mixed-content cdn.test", "mixed-content js.test"],
    );
    check(
        "<link rel='icon stylesheet' href=http://css.test/><form action=http://a.test:80/x method=post>",
        &["mixed-content css.test", "mixed-content a.test:80"],
    );
    check(
        "<a href=http://a.test/><link rel=canonical href=http://a.test/><img src=//a.test/ alt=http://a.test/>",
        &[],
    );
    check(
        "<form action=/user/7/delete?x=1>",
        &["change-by-get /user/7/delete"],
    );
    check(
        "<form method=get action=/cart/addItem><form action=/deleted>",
        &[],
    );
    check(
        "<form method=post action=/delete><button name=delete></form>",
        &[],
    );
    check(
        "<form action=/list><button name=remove>",
        &["change-by-get /list"],
    );
    check(
        "<form><input type=hidden name=_method value=DELETE>",
        &["change-by-get _method"],
    );
    check(
        "<form><button name=remove formmethod=post></form><button name=remove>",
        &[],
    );
    check("<form action=/search><input name=delete></form>", &[]);
    check(
        "<form action=/login><input type=Password name=p>",
        &["password-by-get /login"],
    );
    check(
        "<form method=POST><input type=password></form><input type=password>",
        &[],
    );
}

#[test]
fn a_page_says_its_charset_by_field_mark_or_meta_within_the_first_kilobyte() {
    let check = |page: &[u8], field, expected: bool| {
        let unsaid = told(page, 5, field)
            .iter()
            .any(|it| it == "charset-unsaid ");
        assert_eq!(unsaid, expected, "{}", String::from_utf8_lossy(page));
    };
    check(b"<p>", false, true);
    check(b"<p>", true, false);
    check(b"", false, false);
    check(b"\xef\xbb\xbf<p>", false, false);
    check(b"<!doctype html><meta charset=utf-8>", false, false);
    check(
        b"<meta http-equiv=Content-Type content='text/html; charset=utf-8'>",
        false,
        false,
    );
    check(b"<meta name=description content='charset'>", false, true);
    check(b"<!-- <meta charset=utf-8> -->", false, true);
    let late = [&b" ".repeat(1024)[..], b"<meta charset=utf-8>"].concat();
    check(&late, false, true);
}

#[test]
fn a_cookie_that_holds_something_says_how_it_is_kept() {
    let check = |field: &str, expected: &[&str]| {
        let mut all = Vec::new();
        cookie(field.as_bytes(), |it| {
            all.push(format!("{} {}", it.kind.word(), it.name));
        });
        assert_eq!(all, expected, "{field}");
    };
    check("sid=1; Secure; HttpOnly; SameSite=Lax", &[]);
    check("sid=1;secure;httponly;samesite=none", &[]);
    check(
        "sid=1",
        &[
            "cookie-unencrypted sid",
            "cookie-readable sid",
            "cookie-cross-site sid",
        ],
    );
    check(
        "a<b=1; Secure; SameSite=Lax; Path=/; HttpOnlyish",
        &["cookie-readable a*b"],
    );
    // Taken away.
    check("sid=; Path=/", &[]);
    check("sid=x; Max-Age=0", &[]);
    check("sid=x; Max-Age=10; Secure; HttpOnly; SameSite=Lax", &[]);
    check("", &[]);
}

#[test]
fn what_is_told_is_short_and_of_a_bounded_number() {
    let mut page = String::new();
    for number in 0..100 {
        page.push_str(&format!("<img src=http://{number}.test/>"));
    }
    assert_eq!(told(page.as_bytes(), 100, true).len(), PAGE_MAX);
    let long = format!("<form action=/delete/{}>", "é".repeat(100));
    assert_eq!(
        told(long.as_bytes(), 100, true),
        [format!(
            "change-by-get /delete/{}",
            "*".repeat(NAME_MAX - 8)
        )]
    );
    let behind = format!("{}<p onclick=x>", " ".repeat(READ_MAX));
    assert!(told(behind.as_bytes(), 1000, true).is_empty());
}

proptest! {
    #[test]
    fn however_a_page_is_cut_the_same_is_found(
        page in "(<form|<input|<img|>|</form>| action=/delete| type=password| src=http://a| onclick=x|<!--|-->|<meta charset=x>|<script>|</script>|\"|'|é){0,40}",
        cuts in vec(1_usize..9, 1..2),
        charset: bool,
    ) {
        let whole = told(page.as_bytes(), page.len(), charset);
        prop_assert_eq!(told(page.as_bytes(), cuts[0], charset), whole);
    }
}
