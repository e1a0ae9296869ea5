//! What a browser makes of the policies on an answer: a second reading, of this drill's own,
//! so that a mistake in how we write policies isn't repeated in how they are judged.

use std::collections::{BTreeMap, BTreeSet};

/// One policy: directives in lower case, each with its sources. Of a directive that stands
/// there twice browsers heed the first (CSP level 3, section 2.2.1).
pub(crate) type Stated = BTreeMap<String, BTreeSet<String>>;

/// Reads the values of `Content-Security-Policy`; each may hold several policies.
pub(crate) fn read(values: &[Vec<u8>]) -> Vec<Stated> {
    let texts = values.iter().map(|value| String::from_utf8_lossy(value));
    let mut policies = Vec::new();
    for text in texts {
        for policy in text.split(',') {
            let mut stated = Stated::new();
            for directive in policy.split(';') {
                let mut words = directive.split_ascii_whitespace().map(str::to_owned);
                if let Some(name) = words.next() {
                    let name = name.to_ascii_lowercase();
                    stated.entry(name).or_insert_with(|| words.collect());
                }
            }
            if !stated.is_empty() {
                policies.push(stated);
            }
        }
    }
    policies
}

/// Whether scripts that somebody put into a page are stopped, plug-ins too, and nobody else
/// may frame it or say where its addresses begin: all of it by one policy, so that the
/// verdict rests on no reading of how several work together. The error is kebab-case.
pub(crate) fn strict(policies: &[Stated]) -> Result<(), &'static str> {
    let mut why = "no-policy";
    for policy in policies {
        match strict_alone(policy) {
            Ok(()) => return Ok(()),
            Err(found) => why = found,
        }
    }
    Err(why)
}

fn strict_alone(policy: &Stated) -> Result<(), &'static str> {
    let effective = |names: &[&str]| names.iter().find_map(|name| policy.get(*name));
    let only = |list: Option<&BTreeSet<String>>, fits: fn(&str) -> bool| {
        list.is_some_and(|list| list.iter().all(|source| fits(source)))
    };
    // By name, by hash or by nonce; hosts and whole schemes are none of it.
    let known = |source: &str| {
        let source = source.to_ascii_lowercase();
        matches!(
            &*source,
            "'none'" | "'self'" | "'strict-dynamic'" | "'report-sample'"
        ) || ["'nonce-", "'sha256-", "'sha384-", "'sha512-"]
            .iter()
            .any(|start| source.starts_with(start))
    };
    let none = |source: &str| source.eq_ignore_ascii_case("'none'");
    let near = |source: &str| {
        source.eq_ignore_ascii_case("'none'") || source.eq_ignore_ascii_case("'self'")
    };
    if !only(
        effective(&["script-src-elem", "script-src", "default-src"]),
        known,
    ) || !only(
        effective(&["script-src-attr", "script-src", "default-src"]),
        known,
    ) {
        return Err("scripts-not-limited");
    }
    if !only(effective(&["object-src", "default-src"]), none) {
        return Err("plug-ins-not-limited");
    }
    if !only(policy.get("base-uri"), near) {
        return Err("base-not-limited");
    }
    if !only(policy.get("frame-ancestors"), near) {
        return Err("framing-not-limited");
    }
    Ok(())
}

/// Whether an answer that loads nothing at all: such as redirects and refusals of ours.
pub(crate) fn loads_nothing(policies: &[Stated]) -> bool {
    policies.iter().any(|policy| {
        let list = policy.get("default-src");
        list.is_some_and(|list| list.len() == 1 && list.contains("'none'"))
    })
}

/// Whether one of the policies states at least what was promised: each directive with
/// exactly these sources. Where each answer has a nonce, it gives that back.
pub(crate) fn holds<'a>(
    policies: &'a [Stated],
    promised: &[(String, Vec<String>)],
    nonce: bool,
) -> Result<Option<&'a str>, &'static str> {
    let mut why = "no-policy";
    'policies: for policy in policies {
        let mut found = None;
        if nonce {
            let scripts = policy.get("script-src").into_iter().flatten();
            found = scripts
                .map(String::as_str)
                .find(|source| source.starts_with("'nonce-"));
            if found.is_none() {
                why = "no-nonce";
                continue;
            }
        }
        for (name, sources) in promised {
            let is_word = |source: &&String| {
                let nonced = nonce && name == "script-src";
                !(nonced && (source.starts_with("'nonce-") || *source == "'none'"))
            };
            let stated = policy.get(name).into_iter().flatten().filter(is_word);
            let stated: BTreeSet<_> = stated.collect();
            if stated != sources.iter().filter(is_word).collect::<BTreeSet<_>>()
                || !policy.contains_key(name)
            {
                why = "other-policy";
                continue 'policies;
            }
        }
        return Ok(found);
    }
    Err(why)
}
