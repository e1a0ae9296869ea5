use proptest::{collection::vec, prelude::*, sample::select};

use super::*;

fn policy(text: &str) -> Policy {
    Policy::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn a_source_is_read_as_browsers_read_it() {
    let check = |text: &str, expected: &str| {
        let read = Source::parse(text).map(|source| source.to_string());
        assert_eq!(read.as_deref(), Ok(expected), "{text}");
    };
    check("'SELF'", "'self'");
    check("'none'", "'none'");
    check("HTTPS:", "https:");
    check("data:", "data:");
    check("*", "*");
    check("*.Example.com", "*.example.com");
    check(
        "https://cdn.example.com:8443/Lib/a.js",
        "https://cdn.example.com:8443/Lib/a.js",
    );
    check("wss://*.example.com:*", "wss://*.example.com:*");
    check("localhost:3000", "localhost:3000");
    check("my_service.internal", "my_service.internal");
    let hash = "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='";
    check(hash, hash);
    check(&hash.replace("='", "'"), hash);
    let upper = hash.to_uppercase();
    check(&upper, &upper.replace("SHA256-", "sha256-"));
}

#[test]
fn what_is_no_source_is_said_by_what_was_meant() {
    let check = |text: &str, error| assert_eq!(Source::parse(text), Err(error), "{text}");
    check("", SourceError::Length);
    check(&"a".repeat(513), SourceError::Length);
    check("self", SourceError::Unquoted);
    check("unsafe-inline", SourceError::Unquoted);
    check("nonce-abc", SourceError::Unquoted);
    check("'nonce-abc'", SourceError::Nonce);
    check("'selff'", SourceError::Keyword);
    check("'self", SourceError::Keyword);
    check("'sha256-short='", SourceError::Hash);
    check(
        "'sha1-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
        SourceError::Hash,
    );
    check("a b", SourceError::Several);
    check("a;script-src *", SourceError::Several);
    check("a,b", SourceError::Several);
    check("1:", SourceError::Scheme);
    check("1://a", SourceError::Scheme);
    check("a..b", SourceError::Host);
    check("*.*.a", SourceError::Host);
    check("a*.b", SourceError::Host);
    check("https://", SourceError::Host);
    check("https://a\u{e9}.example", SourceError::Host);
    check("a:0", SourceError::Port);
    check("a:65536", SourceError::Port);
    check("a:+1", SourceError::Port);
    check("a/b?c", SourceError::Path);
    check("a/b#c", SourceError::Path);
    check("a/'b", SourceError::Path);
}

#[test]
fn a_policy_is_read_strictly_and_written_in_one_order() {
    let read = policy("IMG-SRC data: ; default-src 'self';;script-src https://a.example 'self'");
    assert_eq!(
        read.to_string(),
        "default-src 'self'; script-src https://a.example 'self'; img-src data:"
    );
    let check = |text: &str, error| assert_eq!(Policy::parse(text), Err(error), "{text}");
    check("script-src", PolicyError::Empty(Directive::ScriptSrc));
    check(
        "img-src 'none' a.example",
        PolicyError::NoneBesideOthers(Directive::ImgSrc),
    );
    check(
        "img-src a; img-src b",
        PolicyError::Twice(Directive::ImgSrc),
    );
    check("sandbox", PolicyError::Unknown);
    check(
        "img-src 'unsafe-eval'",
        PolicyError::Misplaced(Directive::ImgSrc, Source::UnsafeEval),
    );
    check(
        "img-src self",
        PolicyError::Source(Directive::ImgSrc, SourceError::Unquoted),
    );
    let many: String = (0..=SOURCES_MAX)
        .map(|index| format!(" a{index}"))
        .collect();
    check(
        &format!("img-src{many}"),
        PolicyError::TooManySources(Directive::ImgSrc),
    );
    check(&"x;".repeat(33), PolicyError::Unknown);
}

#[test]
fn what_is_not_stated_falls_back() {
    let read = policy("default-src 'none'; script-src 'self'");
    let effective = |directive| read.effective(directive).map(<[_]>::to_vec);
    assert_eq!(effective(Directive::ImgSrc), Some(vec![Source::None]));
    assert_eq!(
        effective(Directive::WorkerSrc),
        Some(vec![Source::SelfOrigin])
    );
    for alone in [
        Directive::BaseUri,
        Directive::FormAction,
        Directive::FrameAncestors,
    ] {
        assert_eq!(effective(alone), None);
    }
    assert_eq!(
        Directive::named("Script-Src-Elem"),
        Some(Directive::ScriptSrc)
    );
    assert_eq!(
        Directive::named("style-src-attr"),
        Some(Directive::StyleSrc)
    );
    assert_eq!(Directive::named("img-src-elem"), None);
    assert_eq!(Directive::named("-elem"), None);
}

#[test]
fn weak_policies_are_known_and_strict_ones_pass() {
    let check = |text: &str, nonce: bool, expected: &[&str]| {
        let found = policy(text).weaknesses(nonce);
        let words: Vec<_> = found.iter().map(Weakness::word).collect();
        assert_eq!(words, expected, "{text}");
    };
    check(
        "default-src 'self'; object-src 'none'; base-uri 'self'",
        false,
        &[],
    );
    check(
        "script-src 'strict-dynamic'; object-src 'none'; base-uri 'none'",
        true,
        &[],
    );
    check("object-src 'none'; base-uri 'none'", true, &[]);
    check(
        "img-src 'self'",
        false,
        &["scripts-unlimited", "plugins-unlimited"],
    );
    check(
        "default-src 'self' 'unsafe-inline'",
        false,
        &["inline-scripts"],
    );
    check(
        "default-src 'self' 'unsafe-inline'; base-uri 'self'",
        true,
        &[],
    );
    check(
        "script-src https: 'unsafe-eval'; object-src *",
        false,
        &["scripts-from-anywhere", "eval", "plugins-from-anywhere"],
    );
    check(
        "default-src 'self'; script-src data:",
        false,
        &["scripts-from-anywhere"],
    );
    check(
        "default-src 'self'; script-src *:443",
        false,
        &["scripts-from-anywhere"],
    );
    check(
        "default-src 'self'; script-src https://cdn.jsdelivr.net/npm/ *.googleapis.com",
        false,
        &["scripts-from-gadgets", "scripts-from-gadgets"],
    );
    // Hosts don't count beside it.
    check(
        "default-src 'self'; script-src https: 'strict-dynamic'; base-uri 'self'",
        true,
        &[],
    );
    check(
        "default-src 'self'; script-src 'strict-dynamic'",
        false,
        &["nothing-trusted"],
    );
    check("default-src 'self'", true, &["base-unlimited"]);
    check(
        "default-src 'self'; img-src http://a.example",
        false,
        &["unencrypted"],
    );
    assert!(policy("default-src 'self'; object-src *").stops_injected_scripts(false));
    assert!(!policy("default-src 'self' 'unsafe-inline'").stops_injected_scripts(false));
}

#[test]
fn a_policy_is_sent_with_its_reports_and_a_place_for_the_nonce() {
    let strict = policy("default-src 'none'; script-src 'none'; img-src 'self'");
    assert_eq!(
        Sent::new(Mode::Off, &strict, true, "/-/csp-report"),
        Sent::Nothing
    );
    let Sent::Enforced(value) = Sent::new(Mode::Enforce, &strict, false, "/-/csp-report") else {
        panic!("enforced")
    };
    let reports = "; report-uri /-/csp-report; report-to waarborg-csp";
    assert_eq!(value.before(), format!("{strict}{reports}"));
    assert_eq!(value.after(), None);
    assert_eq!(value.endpoints(), "waarborg-csp=\"/-/csp-report\"");
    let nonced = Sent::new(Mode::ReportOnly, &strict, true, "/-/csp-report");
    assert!(nonced.has_nonce());
    let Sent::ReportOnly(value) = nonced else {
        panic!("report-only")
    };
    assert_eq!(value.before(), "default-src 'none'; script-src 'nonce-");
    assert_eq!(value.after(), Some(&*format!("'; img-src 'self'{reports}")));
    // Without a list of its own, scripts have that which they fell back on.
    let fallen = Sent::new(Mode::Enforce, &policy("default-src a.example"), true, "/r");
    let Sent::Enforced(value) = fallen else {
        panic!("enforced")
    };
    assert_eq!(
        value.before(),
        "default-src a.example; script-src a.example 'nonce-"
    );
}

#[test]
fn base64_is_that_of_the_rfc() {
    // RFC 4648 section 10.
    for (bytes, text) in [
        ("", ""),
        ("f", "Zg=="),
        ("fo", "Zm8="),
        ("foo", "Zm9v"),
        ("foobar", "Zm9vYmFy"),
    ] {
        assert_eq!(base64(bytes.as_bytes()), text);
    }
    assert_eq!(base64(&[0xfb, 0xff]), "+/8=");
}

const PAGE: &str = "https://app.example/orders?secret=1";

fn read(directive: &str, blocked: &str, sample: &str) -> Result<Violation, Ignored> {
    let fields = Fields {
        directive,
        blocked,
        document: PAGE,
        source_file: "",
        sample,
    };
    Violation::read(&fields, |_| [7; 32])
}

#[test]
fn a_report_becomes_a_short_key_without_the_addresses_of_people() {
    let check = |directive: &str, blocked: &str, sample: &str, expected: &str| {
        let found = read(directive, blocked, sample).unwrap();
        assert_eq!(format!("{} {}", found.directive, found.what()), expected);
    };
    check(
        "img-src",
        "https://img.example:8443/a/b?token=1",
        "",
        "img-src https://img.example:8443",
    );
    check(
        "script-src-elem",
        "https://APP.example/js/x.js",
        "",
        "script-src 'self'",
    );
    check(
        "script-src 'self' https:",
        "https://cdn.example",
        "",
        "script-src https://cdn.example",
    );
    check("font-src", "data", "", "font-src data:");
    check("img-src", "data:image/png", "", "img-src data:");
    check("script-src", "eval", "", "script-src eval");
    check("script-src-elem", "inline", "", "script-src inline");
    let hash = "'sha256-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='";
    check(
        "script-src-elem",
        "inline",
        "alert(1)",
        &format!("script-src inline {hash}"),
    );
    check(
        "script-src-attr",
        "inline",
        "go()",
        &format!("script-src attribute {hash}"),
    );
    // A sample of this length may be the beginning of more.
    check(
        "script-src-elem",
        "inline",
        &"a".repeat(40),
        "script-src inline",
    );
    check(
        "script-src-elem",
        "inline",
        &"\u{1f980}".repeat(20),
        "script-src inline",
    );
}

#[test]
fn extensions_and_what_no_policy_states_are_left_out() {
    for blocked in [
        "chrome-extension",
        "chrome-extension://abcdef/x.js",
        "moz-extension://a/b",
        "safari-web-extension://a",
        "Safari-Extension:",
    ] {
        assert_eq!(
            read("script-src", blocked, ""),
            Err(Ignored::Extension),
            "{blocked}"
        );
    }
    let of_one = Fields {
        directive: "script-src-elem",
        blocked: "inline",
        document: PAGE,
        source_file: "moz-extension",
        sample: "",
    };
    assert_eq!(
        Violation::read(&of_one, |_| [0; 32]),
        Err(Ignored::Extension)
    );
    for (directive, blocked) in [
        ("", "inline"),
        ("sandbox", "inline"),
        ("img-src", ""),
        ("img-src", "inline"),
        ("img-src", "https://"),
        ("img-src", "https://user:password@a.example/"),
        ("img-src", "https://a example/"),
        ("img-src", "https://a;script-src%20*/"),
        ("img-src", "javascript:alert(1)"),
        ("img-src", "https"),
        ("img-src", "<script>"),
    ] {
        assert_eq!(
            read(directive, blocked, ""),
            Err(Ignored::Unreadable),
            "{directive} {blocked}"
        );
    }
    let long = format!("https://{}.example", "a".repeat(300));
    assert_eq!(read("img-src", &long, ""), Err(Ignored::Unreadable));
}

#[test]
fn a_proposal_allows_what_was_seen_and_no_more() {
    let current = policy("default-src 'self'; object-src 'none'; font-src 'none'");
    let seen = [
        read("img-src", "https://img.example/a", "").unwrap(),
        read("img-src", "https://img.example/b", "").unwrap(),
        read("font-src", "data", "").unwrap(),
        read("script-src-elem", "inline", "go()").unwrap(),
        // None of these is ever proposed.
        read("script-src-elem", "inline", "").unwrap(),
        read("script-src-attr", "inline", "go()").unwrap(),
        read("script-src", "eval", "").unwrap(),
        read("script-src-elem", "data", "").unwrap(),
        read("script-src-elem", "http://cdn.example/x.js", "").unwrap(),
        read("img-src", "filesystem", "").unwrap(),
    ];
    let proposed = propose(&current, &seen).unwrap();
    assert_eq!(
        proposed.to_string(),
        "default-src 'self'; script-src 'self' \
         'sha256-BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc='; \
         img-src 'self' https://img.example; font-src data:; object-src 'none'"
    );
    assert_eq!(propose(&proposed, &seen).unwrap(), proposed);
}

#[test]
fn whatever_is_reported_no_proposal_lets_injected_scripts_through() {
    let current = policy("default-src 'self'; object-src 'none'; base-uri 'self'");
    for directive in [
        "script-src",
        "script-src-elem",
        "script-src-attr",
        "default-src",
        "object-src",
    ] {
        for blocked in [
            "inline",
            "eval",
            "wasm-eval",
            "data",
            "blob",
            "https://*",
            "http://a.example",
            "*",
            "https:",
        ] {
            let Ok(found) = read(directive, blocked, "") else {
                continue;
            };
            let proposed = propose(&current, [&found]).unwrap();
            assert!(
                proposed.weaknesses(false).is_empty(),
                "{directive} {blocked}: {proposed}"
            );
        }
    }
}

fn some_source() -> impl Strategy<Value = String> {
    prop_oneof![
        select(
            &[
                "'self'",
                "'none'",
                "'unsafe-inline'",
                "'strict-dynamic'",
                "https:",
                "data:",
                "*"
            ][..]
        )
        .prop_map(str::to_owned),
        "(https://|wss://|)(\\*\\.|)[a-zA-Z0-9-]{1,8}\\.example(:[1-9][0-9]{0,3}|:\\*|)(/[a-zA-Z]{0,4}|)",
        ".{0,12}",
    ]
}

proptest! {
    #[test]
    fn what_is_read_is_written_as_it_is_read_again(
        lists in vec((select(&Directive::ALL[..]), vec(some_source(), 0..4)), 0..5),
    ) {
        let text: Vec<_> = lists
            .iter()
            .map(|(directive, sources)| format!("{directive} {}", sources.join(" ")))
            .collect();
        if let Ok(read) = Policy::parse(&text.join(";")) {
            let written = read.to_string();
            prop_assert!(written.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic()));
            prop_assert_eq!(Policy::parse(&written), Ok(read));
        }
    }

    #[test]
    fn no_source_carries_a_separator_into_a_header(text in ".{0,40}") {
        if let Ok(source) = Source::parse(&text) {
            let written = source.to_string();
            prop_assert!(!written.contains([' ', ';', ',', '\r', '\n']));
            prop_assert_eq!(Source::parse(&written), Ok(source));
        }
    }

    #[test]
    fn a_strangers_report_widens_a_proposal_by_an_encrypted_origin_at_most(
        directive in "(script-src|script-src-elem|img-src|default-src|base-uri|.{0,8})",
        blocked in "(inline|eval|data|blob|https://.{0,20}|http://.{0,9}|.{0,20})",
        sample in ".{0,50}",
    ) {
        let current = policy("default-src 'self'; object-src 'none'; base-uri 'self'");
        let fields = Fields { directive: &directive, blocked: &blocked, document: PAGE, source_file: "", sample: &sample };
        if let Ok(found) = Violation::read(&fields, |_| [1; 32]) {
            prop_assert!(found.what().len() <= 400);
            let proposed = propose(&current, [&found]).unwrap();
            prop_assert!(
                proposed.weaknesses(false).iter().all(|it| matches!(it, Weakness::ScriptsFromGadgets(_))),
                "{}", proposed
            );
        }
    }
}
