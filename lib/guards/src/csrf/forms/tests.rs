use proptest::{collection::vec, prelude::*};

use super::*;

const TOKEN: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0";
const FIELD: &str =
    "<input type=\"hidden\" name=\"t\" value=\"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMN-_0\">";

/// The page as it leaves, read in pieces of these lengths.
fn filled(page: &str, cuts: &[usize]) -> String {
    let mut forms = Forms::new("t", TOKEN, "app.test:8443");
    let mut out = Vec::new();
    let (mut rest, mut cuts) = (page.as_bytes(), cuts.iter().cycle());
    while !rest.is_empty() {
        let cut = cuts.next().copied().unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(cut.clamp(1, rest.len()));
        forms.fill(piece, &mut out);
        rest = behind;
    }
    let out = String::from_utf8(out).expect("UTF-8");
    assert_eq!(out.matches(FIELD).count(), forms.filled() as usize);
    out
}

/// `^` marks where a field is to stand.
fn check(marked: &str) {
    let page = marked.replace('^', "");
    let expected = marked.replace('^', FIELD);
    for cut in 1..=page.len().max(1) {
        assert_eq!(filled(&page, &[cut]), expected, "in pieces of {cut}");
    }
}

#[test]
fn a_form_of_the_page_gets_the_token_right_behind_its_tag() {
    check("<form method=post>^<p>");
    check("<FORM class='a>b' METHOD=\"PoSt\" action='/save'>^</form><form method=post>^");
    check("<form method=post action=\"\">^");
    check("<form method=post action=?a=1&amp;b=2>^");
    check("<form method=post action=#x>^");
    check("<form method=post action=save.php?to=https://evil.test/>^");
    check("<form method=post action=\" ./a/b:c \">^");
    check("<form method=post action=../x>^");
    check("<form method=post action=https://app.test:8443>^");
    check("<form method=post action=HTTPS://APP.test:8443/save>^");
    check("<form method=post action=//app.test:8443/save>^");
    check("<base href=/deep/><form method=post action=x>^");
    check("<form method=\"post\"/>^<form method=post/>");
}

#[test]
fn no_form_that_leads_elsewhere_gets_it() {
    for action in [
        "https://evil.test/",
        "https://app.test/",
        "https://app.test:8443.evil.test/",
        "https://app.test:8443@evil.test/",
        "https://app.test:84433/",
        "http://app.test:8443/",
        "https:evil.test",
        "https:/evil.test",
        "//evil.test/",
        "//app.test:8443@evil.test/",
        "/\\evil.test",
        "\\\\evil.test",
        "\\/evil.test",
        "/\t/evil.test",
        "ht\ntps://evil.test",
        "/&#47;evil.test",
        "/&sol;evil.test",
        "&#47;/evil.test",
        "https&colon;//evil.test",
        "javascript:alert(1)",
        "data:text/html,x",
        "mailto:x@evil.test",
    ] {
        check(&format!(
            "<form method=post action=\"{action}\"><p></form><form method=post>^"
        ));
    }
    check("<base href=//evil.test/><form method=post action=/x></form><form method=post>");
    check("<form><form method=get></form><form method=dialog></form><form method='&#112;ost'>");
    // The first counts.
    check("<form method=get method=post><p></form><form action=//evil.test action=/x method=post>");
}

#[test]
fn a_form_within_another_is_a_part_of_that() {
    check(
        "<form method=post action=//evil.test><form method=post action=/x></form><form method=post>^",
    );
    check(
        "<form method=get><template></form></template><form method=post></form><form method=post>^",
    );
    check("<template><form method=post></form></template><form method=post>^");
    check("<template><template></template><form method=post></template><form method=post>");
    check("<svg><template><p><form method=post action=//evil.test></template><form method=post>");
}

#[test]
fn what_is_no_markup_gets_none() {
    check("<!-- <form method=post> --><form method=post>^");
    check("<script>'<form method=post>'</script><form method=post>^");
    check("<script><!-- <script> </script><form method=post> --></script><form method=post>^");
    check("<style><form method=post></style><form method=post>^");
    check("<textarea><form method=post></textarea><form method=post>^");
    check("<title><form method=post></title><form method=post>^");
    check("<noscript><form method=post></noscript><form method=post>^");
    check("<iframe><form method=post></iframe><form method=post>^");
    check("<a title='<form method=post>'><form method=post>^");
    check("<formx method=post><xform method=post></form method=post>");
    // Browsers may read these otherwise.
    check("<svg><![CDATA[ > <form method=post> ]]></svg><form method=post>");
    check("<svg><style><form method=post action=//evil.test></style></svg><form method=post>");
    check("<svg><style>a</style></svg><form method=post>^");
}

#[test]
fn a_form_with_more_than_is_kept_of_a_tag_gets_none() {
    let long = "x".repeat(5000);
    for page in [
        format!("<form method=post action=/{long}>"),
        format!("<form method=post {long}>"),
        format!("<form method=post{}>", " a=b".repeat(100)),
        format!("<base href=/{long}><form method=post>"),
    ] {
        assert_eq!(filled(&page, &[1000]), page);
    }
}

proptest! {
    #[test]
    fn however_a_page_is_cut_it_leaves_the_same_and_nothing_else_is_changed(
        page in "(<form method=post>|</form>|<form|method=post|action=/x|action=//e|>|<!--|-->|<script>|</script>|<template>|</template>|<base href=/>|\"|'| |=|a|é|<svg>|<style>|</style>){0,40}",
        cuts in vec(1_usize..9, 1..40),
    ) {
        let whole = filled(&page, &[page.len().max(1)]);
        prop_assert_eq!(&filled(&page, &cuts), &whole);
        prop_assert_eq!(whole.replace(FIELD, ""), page);
    }
}
