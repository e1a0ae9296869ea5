use proptest::{collection::vec, prelude::*};

use super::*;

/// What a query carries.
fn asked(query: &str) -> Needles {
    let mut needles = Needles::default();
    needles.target(b"/", Some(query.as_bytes()));
    needles
}

/// Percent-encodes everything but letters and digits.
fn encoded(value: &str) -> String {
    use std::fmt::Write as _;
    value.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() {
            out.push(char::from(byte));
        } else {
            write!(out, "%{byte:02X}").unwrap();
        }
        out
    })
}

fn carried(value: &str) -> Needles {
    asked(&format!("q={}", encoded(value)))
}

/// Reads an answer in pieces of so many bytes: what leaves, and the contexts of the finds.
fn read(needles: &Needles, answer: &[u8], piece: usize) -> (Vec<u8>, Vec<Context>) {
    let mut scanner = Scanner::new(needles.clone());
    let mut out = Vec::new();
    for data in answer.chunks(piece) {
        scanner.scan(data, |data| out.extend_from_slice(data));
        assert!(scanner.held_bytes() <= Scanner::HELD_MAX);
    }
    scanner.finish(|data| out.extend_from_slice(data));
    let mut found: Vec<_> = scanner.found().map(Needle::context).collect();
    found.sort();
    (out, found)
}

/// What comes of a page, which has to be the same however it is cut.
fn page(needles: &Needles, answer: &[u8]) -> (Vec<u8>, Vec<Context>) {
    let whole = read(needles, answer, answer.len().max(1));
    for piece in [1, 2, 3, 7, 16] {
        assert_eq!(read(needles, answer, piece), whole, "in pieces of {piece}");
    }
    whole
}

fn text(needles: &Needles, answer: &str) -> (String, Vec<Context>) {
    let (out, found) = page(needles, answer.as_bytes());
    (String::from_utf8(out).unwrap(), found)
}

/// Payloads that run where they stand raw, and as what they are found.
const PAYLOADS: [(&str, Context); 22] = [
    ("<script>alert(1)</script>", Context::Script),
    ("<ScRiPt>alert(1)</sCrIpT>", Context::Script),
    ("<script src=//evil.example/x.js></script>", Context::Script),
    (
        "<script src=https://evil.example></script>",
        Context::Script,
    ),
    (
        "<script src=\"/jsonp?callback=alert(1)\"></script>",
        Context::Script,
    ),
    ("\"><script>alert(1)</script>", Context::Script),
    ("</script><script>alert(1)</script>", Context::Script),
    ("</title><script>alert(1)</script>", Context::Script),
    ("<img src=x onerror=alert(1)>", Context::Script),
    ("<IMG SRC=x OnErRoR = alert(1)>", Context::Script),
    ("<img/src=x/onerror=alert(1)//", Context::Script),
    ("<svg/onload=alert(1)>", Context::Script),
    ("<svg><script>alert&lpar;1)</script>", Context::Script),
    ("<iframe srcdoc=\"&lt;script>alert(1)\">", Context::Script),
    ("<a href=javascript:alert(1)>click</a>", Context::Script),
    (
        "<a href=\"java\tscript:alert(1)\">click</a>",
        Context::Script,
    ),
    ("<details open ontoggle=alert`1`>", Context::Script),
    (
        "<form action=//evil.example><input name=password>",
        Context::Script,
    ),
    ("<base href=//evil.example/>", Context::Script),
    ("<h1>Your session has ended</h1>", Context::Markup),
    ("<b>x</b>", Context::Markup),
    ("<!-- this is a comment", Context::Markup),
];

#[test]
fn markup_that_comes_back_is_found_and_leaves_as_text() {
    for (payload, context) in PAYLOADS {
        let needles = carried(payload);
        let answer = format!("<html><body><p>You asked for {payload}.</p></body></html>");
        let (out, found) = text(&needles, &answer);
        assert!(found.contains(&context), "{payload}: {found:?}");
        let shown = out.strip_prefix("<html><body><p>You asked for ").unwrap();
        let shown = shown.strip_suffix(".</p></body></html>").unwrap();
        let tags = shown.replace("</", "");
        let tags = tags.strip_prefix("\">").unwrap_or(&tags);
        assert!(!tags.contains('<'), "{payload} left as {shown}");
    }
}

#[test]
fn markup_that_comes_back_escaped_is_no_find_and_nothing_changes() {
    for (payload, _) in PAYLOADS {
        let needles = carried(payload);
        let escaped = payload
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;");
        for shown in [&*escaped, &encoded(payload), "nothing"] {
            let answer = format!("<p title=\"{shown}\">You asked for {shown}.</p>");
            assert_eq!(
                text(&needles, &answer),
                (answer.clone(), vec![]),
                "{payload}"
            );
        }
    }
}

#[test]
fn a_value_is_decoded_as_browsers_and_frameworks_decode() {
    let answer = "<p><script>alert(1)</script></p>";
    for query in [
        "q=<script>alert(1)</script>",
        "q=%3Cscript%3Ealert(1)%3C/script%3E",
        "q=%253Cscript%253Ealert(1)%253C%252Fscript%253E",
        "q=%u003cscript%u003ealert(1)%u003c/script%u003e",
        "q=%uFF1Cscript%uFF1Ealert(1)%uFF1C/script%uFF1E",
        "q=%26lt%3Bscript%26gt%3Balert(1)%26lt%3B/script%26gt%3B",
        "q=%26%2360%3Bscript%26%23x3e%3Balert(1)",
        "q=%26%23x0003cscript%3Ealert(1)",
        "a=1&%3Cscript%3Ealert(1)%3C/script%3E=2",
        "%3Cscript%3Ealert(1)%3C/script%3E",
        "q=%3Cscript%00%3Ealert(1)",
        "q=%3Cscript%3E+alert(1)",
        "q=%5C%3Cscript%3Ealert(1)",
    ] {
        let (out, found) = text(&asked(query), answer);
        assert_eq!(found, [Context::Script], "{query}");
        assert!(out.contains("&lt;script&gt;alert"), "{query}: {out}");
    }
}

#[test]
fn every_place_of_a_request_is_looked_at_and_named() {
    let payload = "<script>alert(1)</script>";
    let check = |look: &dyn Fn(&mut Needles), place, name: &str| {
        let mut needles = Needles::default();
        look(&mut needles);
        let found = |needle: &Needle| needle.place() == place && needle.name() == name;
        assert!(
            needles.all().iter().any(found),
            "{place:?} {name}: {needles:?}"
        );
        assert_eq!(text(&needles, payload).1, [Context::Script], "{place:?}");
    };
    let path = format!("/wiki/{}", encoded(payload));
    check(&|it| it.target(path.as_bytes(), None), Place::Path, "");
    let query = format!("page=2&search[text]={}", encoded(payload));
    let look = |it: &mut Needles| it.target(b"/", Some(query.as_bytes()));
    check(&look, Place::Query, "search[text]");
    let referer = format!("https://a.example/?q={}", encoded(payload));
    check(
        &|it| it.header("referer", referer.as_bytes()),
        Place::Header,
        "referer",
    );
    check(
        &|it| it.header("user-agent", payload.as_bytes()),
        Place::Header,
        "user-agent",
    );
    let form = format!("a=1&comment={}&b=2", encoded(payload));
    check(
        &|it| it.body(&Body::Form, form.as_bytes()),
        Place::Form,
        "comment",
    );
    let kind = Body::of(b"multipart/form-data; charset=utf-8; boundary=\"xyz\"").unwrap();
    let parts = format!(
        "--xyz\r\nContent-Disposition: form-data; name=\"title\"\r\n\r\nplain\r\n\
         --xyz\r\nContent-Disposition: form-data; name=\"text\"\r\n\r\n{payload}\r\n\
         --xyz\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{payload}\"\r\n\
         Content-Type: text/html\r\n\r\n<script>whatever()</script>\r\n--xyz--\r\n"
    );
    check(&|it| it.body(&kind, parts.as_bytes()), Place::Form, "text");
    check(
        &|it| it.body(&kind, &parts.as_bytes()[80..]),
        Place::Form,
        "file",
    );
    for string in [
        payload,
        "\\u003cscript\\u003ealert(1)\\u003c\\/script\\u003e",
    ] {
        let json = format!("{{\"a\": [1, true], \"text\" : [\"{string}\"], \"b\": \"\"}}");
        check(
            &|it| it.body(&Body::Json, json.as_bytes()),
            Place::Json,
            "text",
        );
    }
    let cut = format!("{{\"text\": \"{payload} and on");
    check(
        &|it| it.body(&Body::Json, cut.as_bytes()),
        Place::Json,
        "text",
    );
}

#[test]
fn only_types_that_hold_values_are_bodies_to_look_at() {
    let check = |field: &str, expected: Option<Body>| {
        assert_eq!(Body::of(field.as_bytes()), expected, "{field}");
    };
    check("application/x-www-form-urlencoded", Some(Body::Form));
    check(
        "Application/X-WWW-Form-Urlencoded; charset=UTF-8",
        Some(Body::Form),
    );
    check("application/json", Some(Body::Json));
    check("application/csp-report+json;x", Some(Body::Json));
    check(
        "multipart/form-data; boundary=a",
        Some(Body::Multipart(Box::from(&b"a"[..]))),
    );
    check("multipart/form-data", None);
    check("multipart/form-data; boundary=", None);
    check("application/octet-stream", None);
    check("text/plain", None);
    check("", None);
}

#[test]
fn only_types_in_which_markup_runs_are_pages() {
    for kind in [
        "text/html",
        "TEXT/HTML;charset=utf-16",
        "application/xhtml+xml",
        "image/svg+xml",
        "",
    ] {
        assert!(is_page(Some(kind.as_bytes())), "{kind}");
    }
    assert!(is_page(None));
    for kind in ["text/plain", "application/json", "text/html5", "image/png"] {
        assert!(!is_page(Some(kind.as_bytes())), "{kind}");
    }
}

#[test]
fn a_payload_in_utf_16_is_found_and_leaves_as_text_in_utf_16() {
    let needles = carried("<script>alert('é')</script>");
    let answer = "<p>é <script>alert('é')</script> ü</p>";
    for big in [false, true] {
        let bytes = |text: &str| -> Vec<u8> {
            let one = |unit: u16| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            };
            text.encode_utf16().flat_map(one).collect()
        };
        let (out, found) = page(&needles, &bytes(answer));
        assert_eq!(found, [Context::Script]);
        let left = "<p>é &lt;script&gt;alert(&#39;é&#39;)</script> ü</p>";
        // The last part of the value, behind what isn't ASCII, is compared too.
        assert_eq!(out, bytes(left), "big: {big}");
    }
}

#[test]
fn slashes_that_the_application_adds_hide_nothing() {
    let needles = carried("<img src=\"x\" onerror=\"alert('1')\">");
    let answer = "<p><img src=\\\"x\\\" onerror=\\\"alert(\\'1\\')\\\"></p>";
    let (out, found) = text(&needles, answer);
    assert_eq!(found, [Context::Script]);
    assert!(!out.contains("<img") && !out.contains('"'), "{out}");
}

#[test]
fn a_quote_that_ends_an_attribute_is_found_in_a_tag_and_not_in_text() {
    for payload in [
        "\" onfocus=alert(1) autofocus=\"",
        "' onmouseover='alert(1)",
        "x onfocus=alert(1) autofocus",
    ] {
        let needles = carried(payload);
        for (tag, harmful) in [
            (
                format!("<p>a</p><input value=\"{payload}\">"),
                payload.contains('"'),
            ),
            (format!("<input value='{payload}'>"), payload.contains('\'')),
            (format!("<input value={payload}>"), true),
            (format!("<input title='a>b' value={payload}>"), true),
        ] {
            let (out, found) = text(&needles, &tag);
            if !harmful {
                continue;
            }
            assert_eq!(found, [Context::Attribute], "{tag}");
            let (_, again) = text(&needles, &out);
            assert_eq!(again, [], "{out}");
        }
        let honest = format!("<p>You asked for {payload}</p>");
        assert_eq!(text(&needles, &honest).1, [], "{payload}");
    }
    // A `>` of the value's own doesn't make the tag text.
    let payload = "a>b\" onfocus=alert(1) c=\"";
    let (_, found) = text(&carried(payload), &format!("<input value=\"{payload}\">"));
    assert_eq!(found, [Context::Attribute]);
}

#[test]
fn code_behind_a_string_s_end_is_found_in_a_script_and_only_unescaped() {
    let payload = "\";alert(document.cookie)//";
    let needles = carried(payload);
    let script = |value: &str| format!("<p>x</p><script>var q = \"{value}\";</script>");
    let (out, found) = text(&needles, &script(payload));
    assert_eq!(found, [Context::Code]);
    assert!(out.contains("\"&quot;;alert"), "{out}");
    for honest in [
        script("\\\";alert(document.cookie)//"),
        script("\\u0022;alert(document.cookie)//"),
        format!("<p>{payload}</p>"),
        format!("<script>1</script><p>{payload}</p>"),
    ] {
        assert_eq!(text(&needles, &honest).1, [], "{honest}");
    }
    // A backslash that is escaped itself escapes nothing.
    let (_, found) = text(&needles, &script("\\\\\";alert(document.cookie)//"));
    assert_eq!(found, [Context::Code]);
    let template = "${alert(document.cookie)}";
    let (out, found) = text(
        &carried(template),
        &format!("<script>`{template}`</script>"),
    );
    assert_eq!(found, [Context::Code]);
    assert!(!out.contains("${"), "{out}");
}

#[test]
fn json_inside_html_is_read_as_the_page_that_it_is() {
    let payload = "</script><script>alert(1)</script>";
    let needles = carried(payload);
    let data =
        |value: &str| format!("<script type=\"application/json\">{{\"q\":\"{value}\"}}</script>");
    let (out, found) = text(&needles, &data(payload));
    assert_eq!(found, [Context::Script]);
    assert!(!out.contains("</script><script>"), "{out}");
    for honest in [
        "\\u003c/script>\\u003cscript>alert(1)\\u003c/script>",
        "nothing",
    ] {
        assert_eq!(text(&needles, &data(honest)).1, [], "{honest}");
    }
    let lines = "</script>\n<script>alert(1)</script>";
    let (_, found) = text(
        &carried(lines),
        &data("</script>\\n<script>alert(1)</script>"),
    );
    assert_eq!(found, [Context::Script]);
}

#[test]
fn an_address_that_runs_is_found_where_addresses_stand() {
    for payload in [
        "javascript:alert(1)",
        " JaVaScRiPt:alert(1)",
        "java\tscript:alert(1)",
        "javascript&colon;alert(1)",
        "data:text/html,<b>1</b>",
    ] {
        let needles = carried(payload);
        for link in [
            format!("<meta http-equiv=refresh content=\"0; url={payload} \">"),
            format!("<a href=\"{payload}\">on</a>"),
            format!("<a href='{payload}'>on</a>"),
            format!("<a href={payload} >on</a>"),
        ] {
            let (out, found) = text(&needles, &link);
            assert!(found.contains(&Context::Url), "{link}");
            assert!(!text(&needles, &out).1.contains(&Context::Url), "{out}");
        }
        let honest = format!("<p>You asked for {payload}</p>");
        assert!(
            !text(&needles, &honest).1.contains(&Context::Url),
            "{honest}"
        );
    }
}

#[test]
fn a_request_without_markup_is_not_suspect_and_an_honest_one_carries_nothing() {
    for plain in [
        "",
        "/",
        "/de/produkte/42",
        "q=hello+world&page=2&sort=-date",
        "t=12:30&u=https://a.example/b",
        "q=caf%C3%A9%20au%20lait",
        "a&b&lang=nl&quote=7&ltd=1",
    ] {
        assert!(!is_suspect(plain.as_bytes()), "{plain}");
    }
    for honest in [
        "O'Brien & sons",
        "\"exact phrase\"",
        "a < b and c > d",
        "1 <2 3",
        "I <3 you",
        "token=abc==",
        "on = off",
        "say \"hi\", then go",
        "10:30",
        "C:\\users\\me",
        "<b>",
        "</p></div></body></html>",
        "<br><br><br>",
    ] {
        let needles = carried(honest);
        let answer = format!("<p title=\"{honest}\">{honest}</p><a href=\"{honest}\">");
        assert_eq!(text(&needles, &answer).1, [], "{honest}: {needles:?}");
    }
}

#[test]
fn a_request_cannot_name_scripts_in_files_of_the_site_s_own() {
    for own in [
        "<script src=\"/static/app.js\"></script>",
        "<script src='/a.js' defer></script>",
        "<SCRIPT  src=/a-b_c.1.js async></script>",
        "</title><script src=\"/static/app.js\"></script>",
    ] {
        let needles = carried(own);
        let answer = format!("<html><head><title>x{own}</head>");
        assert_eq!(text(&needles, &answer).1, [], "{own}: {needles:?}");
    }
    for other in [
        "<script src=\"//evil.example/a.js\"></script>",
        "<script src=\"/a.js\" onload=alert(1)></script>",
        "<script src=\"/a.js?callback=alert\"></script>",
        "<script/src=\"/a.js\"></script>",
        "<script x=' src=/a.js ' src=//evil.example/></script>",
        "<script src=\"\\/evil.example/a.js\"></script>",
    ] {
        let answer = format!("<p>{other}</p>");
        assert_eq!(
            text(&carried(other), &answer).1,
            [Context::Script],
            "{other}"
        );
    }
}

#[test]
fn a_script_with_a_nonce_cannot_be_named_by_who_doesn_t_know_it() {
    let page = "<script nonce=\"r4nd0mN0nce\">var user = 7; start();</script>";
    for guess in [
        "<script>var user = 7; start();</script>",
        "<script nonce>var user = 7; start();</script>",
        "<script nonce=\"",
        "<script nonce=\"r",
        "<script nonce=\"r4nd0m",
        "<script nonce",
        "<script async nonce=",
        "</title><script nonce='",
    ] {
        assert_eq!(text(&carried(guess), page).1, [], "{guess}");
    }
}

#[test]
fn a_secret_of_the_page_cannot_be_guessed_letter_by_letter() {
    let page = "<script>var token = \"s3cr3tT0ken\";</script><input value=\"s3cr3tT0ken\">";
    for guess in ["s", "s3", "s3c", "s3cr3tT0ke"] {
        let script = format!("<script>var token = \"{guess}");
        let input = format!("<input value=\"{guess}");
        assert_eq!(text(&carried(&script), page).1, [], "{guess}");
        assert_eq!(text(&carried(&input), page).1, [], "{guess}");
    }
    // Only whoever knows all of it is told so.
    let whole = carried("<script>var token = \"s3cr3tT0ken");
    assert_eq!(text(&whole, page).1, [Context::Script]);
    // Nor where a long value is cut: it is cut at a word's end.
    let long = "var a = 1; ".repeat(20);
    let page = format!("<script>{long}s3cr3tT0ken</script>");
    for guess in ["s", "s3x", "x", ""] {
        let needles = carried(&format!("<script>{long}{guess}"));
        let other = carried(&format!("<script>{long}zzz"));
        assert_eq!(text(&needles, &page).1, text(&other, &page).1, "{guess}");
    }
}

#[test]
fn decoys_don_t_crowd_out_what_runs_and_too_much_of_it_is_told() {
    let decoys: String = (0..200).map(|n| format!("<b>decoy {n}</b>")).collect();
    let payload = "<img src=x onerror=alert(1)>";
    let needles = carried(&format!("{decoys}{payload}"));
    assert!(!needles.has_overflowed());
    assert!(text(&needles, payload).1.contains(&Context::Script));
    let many: String = (0..80)
        .map(|n| format!("<img src=x onerror=a({n})>"))
        .collect();
    assert!(carried(&many).has_overflowed());
}

#[test]
fn what_is_behind_the_limit_of_a_body_isn_t_looked_at() {
    let payload = encoded("<script>alert(1)</script>");
    let check = |before: usize, expected| {
        let body = format!("a={}&b={payload}", "x".repeat(before));
        let mut needles = Needles::default();
        needles.body(&Body::Form, body.as_bytes());
        assert_eq!(needles.is_empty(), expected, "{before}");
    };
    check(60_000, false);
    check(BODY_MAX, true);
}

/// Whether a value of the corpus is found where an application shows it as text, or, for
/// markup that is meant to, brings it back.
fn is_found(value: &str, shown: &str) -> bool {
    let page = format!(
        "<!doctype html><title>{shown}</title><h1>You asked for {shown}</h1><form><input name=q \
         value=\"{shown}\"><textarea name=t>{shown}</textarea></form><p title='{shown}'>{shown}</p>\
         <a href=\"/?q={}\">again</a><script>start();</script>",
        encoded(value)
    );
    !text(&carried(value), &page).1.is_empty()
}

#[test]
fn honest_values_that_are_shown_as_text_are_never_found() {
    let corpus = include_str!("honest.txt");
    let lines = corpus.lines().filter(|line| !line.starts_with('#'));
    let (mut all, mut rich, mut found) = (0, 0, Vec::new());
    for (kind, value) in lines.filter_map(|line| line.split_once('\t')) {
        let escaped = value
            .replace('&', "&amp;")
            .replace('<', "&lt;")
            .replace('>', "&gt;")
            .replace('"', "&quot;")
            .replace('\'', "&#39;");
        all += 1;
        assert!(!is_found(value, &escaped), "{value}");
        if kind == "rich" {
            rich += 1;
            if is_found(value, value) {
                found.push(value);
            }
        }
    }
    assert!(all >= 50 && rich >= 8, "{all}, {rich}");
    // What is meant to come back as markup is told: such routes stay at `observe`.
    assert_eq!(found.len(), rich, "{found:?}");
}

/// Whether a needle is somewhere in a page: nothing kept, nothing cut, nothing quick.
fn naive(needle: &[u8], open: bool, page: &[u8]) -> bool {
    (0..page.len()).any(|start| {
        let rest = &page[start..];
        if rest[0].to_ascii_lowercase() != needle[0] {
            return false;
        }
        let mut end = 0;
        let mut matched = 0;
        while matched < needle.len() {
            let Some(byte) = rest.get(end) else {
                return false;
            };
            if byte.to_ascii_lowercase() == needle[matched] {
                matched += 1;
            } else if byte.is_ascii_graphic() {
                return false;
            }
            end += 1;
        }
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric();
        let word = needle.last().is_some_and(is_word) && rest.get(end).is_some_and(is_word);
        open || !word
    })
}

proptest! {
    #[test]
    fn whatever_is_asked_and_answered_the_scanner_finds_what_a_naive_look_finds(
        value in "(<b |<q>|<a|>|s| |x|é|=|on|/){1,14}",
        noise in vec("(<b |<q>|<a|>|s| |x|é|=|on|/|<){0,14}", 2),
        reflected: bool,
        cuts in vec(1_usize..9, 1..40),
    ) {
        let mut needles = Needles::default();
        needles.target(b"/", Some(format!("v={}", encoded(&value)).as_bytes()));
        let middle = if reflected { &*value } else { "" };
        let page = format!("{}{middle}{}", noise[0], noise[1]);
        let plain = needles.all().iter().filter(|it| it.around == needles::Around::Any);
        let expected: Vec<&str> = plain
            .filter(|it| naive(&it.bytes, it.open, page.as_bytes()))
            .map(|it| std::str::from_utf8(&it.bytes).unwrap())
            .collect();
        let run = |cuts: &[usize]| {
            let mut scanner = Scanner::new(needles.clone());
            let (mut out, mut rest) = (Vec::new(), page.as_bytes());
            let mut cuts = cuts.iter().cycle();
            while !rest.is_empty() {
                let cut = cuts.next().map_or(rest.len(), |cut| (*cut).min(rest.len()));
                let (piece, after) = rest.split_at(cut);
                scanner.scan(piece, |data| out.extend_from_slice(data));
                rest = after;
            }
            scanner.finish(|data| out.extend_from_slice(data));
            let found: Vec<Needle> = scanner.found().cloned().collect();
            (out, found)
        };
        let (whole, found) = run(&[]);
        let (pieces, again) = run(&cuts);
        prop_assert_eq!(&whole, &pieces);
        prop_assert_eq!(&found, &again);
        // Of finds that overlap, one is told; none is told that isn't there.
        for needle in found.iter().filter(|it| it.around == needles::Around::Any) {
            let text = std::str::from_utf8(&needle.bytes).unwrap();
            prop_assert!(expected.contains(&text), "{} in {}", text, page);
        }
        let tags = found.iter().filter(|it| it.around == needles::Around::Any).count();
        prop_assert_eq!(tags == 0, expected.is_empty(), "{:?} in {}", expected, page);
        // What leaves holds none of them.
        for needle in &expected {
            prop_assert!(!naive(needle.as_bytes(), false, &whole), "{} in {:?}", needle, whole);
        }
    }

    #[test]
    fn whatever_is_sent_nothing_panics_and_what_isn_t_found_leaves_as_it_is(
        query: Vec<u8>,
        body: Vec<u8>,
        page: Vec<u8>,
        cut in 1_usize..64,
    ) {
        let mut needles = Needles::default();
        needles.target(&body, Some(&query));
        needles.header("referer", &query);
        for kind in [Body::Form, Body::Json, Body::Multipart(Box::from(&b"-"[..]))] {
            needles.body(&kind, &body);
        }
        let (out, found) = read(&needles, &page, cut);
        if found.is_empty() {
            prop_assert_eq!(out, page);
        }
    }
}
