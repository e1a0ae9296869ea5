use proptest::{collection::vec, prelude::*};

use super::*;

/// The tags of a page, read in pieces of these lengths.
fn tags(page: &[u8], cuts: &[usize]) -> Vec<String> {
    let mut tags = Tags::new(|_| true);
    let mut all = Vec::new();
    let (mut rest, mut cuts) = (page, cuts.iter().cycle());
    while !rest.is_empty() {
        let cut = cuts.next().copied().unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(cut.clamp(1, rest.len()));
        tags.read(piece, |tag, at| {
            assert_eq!(piece[at - 1], b'>');
            let mut text = String::from(if tag.is_end() { "/" } else { "" });
            text.push_str(&String::from_utf8_lossy(tag.name()));
            for (name, value) in tag.attributes() {
                let [name, value] = [name, value].map(String::from_utf8_lossy);
                text.push_str(&format!(" {name}={value}"));
            }
            all.push(text);
        });
        rest = behind;
    }
    all
}

#[test]
fn tags_are_those_that_browsers_find() {
    let check = |page: &str, expected: &[&str]| {
        assert_eq!(tags(page.as_bytes(), &[page.len()]), expected, "{page}");
        assert_eq!(tags(page.as_bytes(), &[1]), expected, "{page}");
    };
    check("<p>a</p>", &["p", "/p"]);
    check("a < b <3 <<b>", &["b"]);
    check("<A HREF='x>y' b c=d/>", &["a href=x>y b= c=d/"]);
    check("<a href = \"x\"title=y>", &["a href=x title=y"]);
    check("<a/b/c=d>", &["a b= c=d"]);
    check("<a =x=y>", &["a =x=y"]);
    check("<a b= >", &["a b="]);
    check("<a b=\"<p>\">", &["a b=<p>"]);
    check("<br/><hr />", &["br", "hr"]);
    check("</><p></ p><q>", &["p", "q"]);
    check("<!doctype html><p>", &["p"]);
    check("<?x <p>?><q>", &["q"]);
    // Comments.
    check("<!-- <p> --><q>", &["q"]);
    check("<!--><p>", &["p"]);
    check("<!---><p>", &["p"]);
    check("<!----><p>", &["p"]);
    check("<!--a--!><p>", &["p"]);
    check("<!----!><p>", &["p"]);
    check("<!--!><p>--><q>", &["q"]);
    check("<!-- a -> <p> -- > <p> --><q>", &["q"]);
    check("<!--a--!-><p>--><q>", &["q"]);
    check("<!-x><p>", &["p"]);
    check("<!><p>", &["p"]);
    check("<![CDATA[<p>]]><q>", &["q"]);
    // Elements whose content is text.
    check("<script><p></script><q>", &["script", "/script", "q"]);
    check(
        "<script>a</scripts></SCRIPT\n><q>",
        &["script", "/script", "q"],
    );
    check("<style><p></style x=y><q>", &["style", "/style", "q"]);
    check(
        "<title><!--</title><q>--></q>",
        &["title", "/title", "q", "/q"],
    );
    check(
        "<textarea><form></textarea/><q>",
        &["textarea", "/textarea", "q"],
    );
    check("<noscript><p></noscript>", &["noscript", "/noscript"]);
    check("<plaintext></plaintext><p>", &["plaintext"]);
    // Scripts within comments within scripts.
    check(
        "<script><!-- <script> </script> <p> --></script><q>",
        &["script", "/script", "q"],
    );
    check("<script><!-- </script><q>", &["script", "/script", "q"]);
    check(
        "<script><!--><script></script><q>",
        &["script", "/script", "q"],
    );
    check(
        "<script><!-- <script>--><p></script><q>",
        &["script", "/script", "q"],
    );
    check(
        "<script><!-- <scripty> </script><q>",
        &["script", "/script", "q"],
    );
}

#[test]
fn a_tag_takes_a_bounded_space() {
    let long = "x".repeat(3 * TEXT_MAX);
    let many = " a=b".repeat(2 * ATTRIBUTES_MAX);
    for page in [
        format!("<{long}>"),
        format!("<a {long}>"),
        format!("<a b=\"{long}\">"),
        format!("<a b={long}>"),
        format!("<a{many}>"),
        format!("<!{long}>"),
        format!("<script><{long}"),
    ] {
        let mut tags = Tags::new(|_| true);
        for piece in page.as_bytes().chunks(7) {
            tags.read(piece, |_, _| {});
            assert!(tags.tag.text.len() <= TEXT_MAX);
            assert!(tags.tag.attributes.len() <= ATTRIBUTES_MAX);
            assert!(tags.word.len() <= WORD_MAX);
        }
        assert_eq!(tags.tag.is_cut(), page.starts_with("<a"), "{page:.20}");
    }
}

#[test]
fn only_pages_whose_bytes_are_those_of_ascii_are_written_into() {
    let check = |content_type: &str, expected: Option<bool>| {
        let charset = charset_of_page(content_type.as_bytes());
        assert_eq!(charset.map(has_ascii), expected, "{content_type}");
    };
    check("text/html", Some(true));
    check("Text/HTML; Charset=\"UTF-8\"", Some(true));
    check("text/html;charset=iso-8859-15", Some(true));
    check("text/html; charset=windows-1252", Some(true));
    check("text/html; charset=utf-16", Some(false));
    check("text/html; charset=iso-2022-jp", Some(false));
    check("text/html; charset=shift_jis", Some(false));
    check("text/html; x=y; charset=utf-7", Some(false));
    check("text/htmlx", None);
    check("application/xhtml+xml", None);
    check("text/plain", None);
    check("", None);
}

proptest! {
    #[test]
    fn however_a_page_is_cut_its_tags_are_the_same(
        page in "(<|>|</|/|!|--|-|!>|=|\"|'| |script|<script|</script>|<!--|-->|style|svg|form|a|b|\\[CDATA\\[|\\]\\]>|<form method=post>){0,60}",
        cuts in vec(1_usize..9, 1..40),
    ) {
        let whole = tags(page.as_bytes(), &[page.len().max(1)]);
        prop_assert_eq!(tags(page.as_bytes(), &cuts), whole);
    }
}
