//! `Strict-Transport-Security` as a browser reads it (RFC 6797 sections 6.1 and 8.1).
//! Written apart from the code that sends it: a mistake there must not be made here too.

/// What a browser is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Told {
    /// Seconds; the largest number where it has more digits than fit.
    pub(crate) max_age_s: u64,
    pub(crate) subdomains: bool,
    pub(crate) preload: bool,
}

/// Reads the field's values. A browser takes the first field only, so a second one is
/// either noise or a policy that isn't followed: exactly one is right.
pub(crate) fn read(values: &[Vec<u8>]) -> Result<Told, &'static str> {
    match values {
        [] => Err("missing"),
        [value] => directives(value).ok_or("malformed"),
        _ => Err("more-than-one"),
    }
}

fn directives(value: &[u8]) -> Option<Told> {
    let text = std::str::from_utf8(value)
        .ok()
        .filter(|text| text.is_ascii())?;
    let (mut age, mut subdomains, mut preload) = (None, false, false);
    let mut seen: Vec<String> = Vec::new();
    for directive in split(text)? {
        let directive = directive.trim_matches([' ', '\t']);
        if directive.is_empty() {
            continue;
        }
        let (name, value) = match directive.split_once('=') {
            Some((name, value)) => (
                name.trim_end_matches([' ', '\t']),
                Some(value.trim_start_matches([' ', '\t'])),
            ),
            None => (directive, None),
        };
        if !is_token(name) {
            return None;
        }
        let name = name.to_ascii_lowercase();
        if seen.contains(&name) {
            return None;
        }
        let value = match value {
            None => None,
            Some(value) => Some(unquoted(value)?),
        };
        match (name.as_str(), value) {
            ("max-age", Some(digits)) => age = Some(seconds(digits)?),
            ("max-age", None) | ("includesubdomains", Some(_)) => return None,
            ("includesubdomains", None) => subdomains = true,
            ("preload", None) => preload = true,
            _ => {} // a browser leaves out what it doesn't know
        }
        seen.push(name);
    }
    age.map(|max_age_s| Told {
        max_age_s,
        subdomains,
        preload,
    })
}

/// At `;` outside of quotes; `None` when a quote isn't closed.
fn split(text: &str) -> Option<Vec<&str>> {
    let (mut parts, mut rest) = (Vec::new(), text);
    let mut quoted = false;
    let mut at = 0;
    while let Some(byte) = rest.as_bytes().get(at) {
        match byte {
            b'"' => quoted = !quoted,
            b'\\' if quoted => at += 1,
            b';' if !quoted => {
                let (part, behind) = rest.split_at_checked(at)?;
                parts.push(part);
                rest = behind.strip_prefix(';')?;
                at = 0;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    parts.push(rest);
    (!quoted).then_some(parts)
}

fn unquoted(value: &str) -> Option<&str> {
    match value.strip_prefix('"') {
        Some(rest) => rest.strip_suffix('"').filter(|inner| !inner.contains('"')),
        None => is_token(value).then_some(value),
    }
}

/// RFC 9110 section 5.6.2.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte))
}

fn seconds(digits: &str) -> Option<u64> {
    let all = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    // Only more digits than fit can fail now.
    all.then(|| digits.parse().unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(values: &[&str], expected: Result<(u64, bool, bool), &'static str>) {
        let values: Vec<Vec<u8>> = values
            .iter()
            .map(|value| value.as_bytes().to_vec())
            .collect();
        let told = read(&values).map(|told| (told.max_age_s, told.subdomains, told.preload));
        assert_eq!(told, expected, "{values:?}");
    }

    #[test]
    fn a_header_is_read_as_browsers_do() {
        check(&["max-age=31536000"], Ok((31_536_000, false, false)));
        check(
            &["MAX-AGE = \"300\" ; includesubdomains;preload;"],
            Ok((300, true, true)),
        );
        check(&["unknown=\"a;b\\\"\"; max-age=1"], Err("malformed"));
        check(&["unknown=\"a;b\"; max-age=1"], Ok((1, false, false)));
        check(
            &["max-age=99999999999999999999999"],
            Ok((u64::MAX, false, false)),
        );
        check(&[], Err("missing"));
        check(&["max-age=1", "max-age=1"], Err("more-than-one"));
        for wrong in [
            "",
            "includeSubDomains",
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1s",
            "max-age=1; max-age=2",
            "max-age=1, max-age=2",
            "max-age=\"1",
            "max-age=1; includeSubDomains=yes",
            "max-age=1; caf\u{e9}",
        ] {
            check(&[wrong], Err("malformed"));
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(value in prop::collection::vec(any::<u8>(), 0..80), text in "[a-z=;\\\\\" -]{0,60}") {
            let _ = read(&[value]);
            let _ = read(&[text.into_bytes()]);
        }
    }
}
