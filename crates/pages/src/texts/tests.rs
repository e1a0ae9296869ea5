//! The locales against each other and against the code.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use terms::PromiseId;

use super::*;
use crate::RefusalKind;

/// Key or `key.part` → the text of its message, as far as a line-wise look can tell.
fn entries(language: Language) -> BTreeMap<String, String> {
    let mut out = BTreeMap::new();
    let (mut message, mut current) = (String::new(), String::new());
    for line in sources(language).iter().flat_map(|source| source.lines()) {
        let head = line.split_once(" =").map(|(head, _)| head);
        match head {
            Some(key) if key.starts_with(|c: char| c.is_ascii_lowercase()) => {
                key.clone_into(&mut message);
                current.clone_from(&message);
                assert!(
                    !out.contains_key(&current),
                    "`{current}` stands there twice"
                );
            }
            Some(part) if part.trim_start().starts_with('.') => {
                current = format!("{message}{}", part.trim_start());
            }
            _ if line.starts_with('#') => continue,
            _ => {}
        }
        out.entry(current.clone())
            .or_insert_with(String::new)
            .push_str(&format!("{line}\n"));
    }
    out
}

fn variables(text: &str) -> BTreeSet<&str> {
    text.split('$')
        .skip(1)
        .map(|rest| {
            rest.split(|c: char| !c.is_ascii_lowercase())
                .next()
                .unwrap_or_default()
        })
        .collect()
}

/// All literals in calls of `text(…)` and `text_with(…)` in our code and templates.
fn used() -> BTreeSet<String> {
    fn visit(folder: &Path, out: &mut BTreeSet<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                visit(&path, out);
            } else if !path.ends_with("tests.rs") {
                let source = fs::read_to_string(&path).unwrap();
                for call in ["text(", "text_with("] {
                    for rest in source.split(call).skip(1) {
                        if let Some(rest) = rest.trim_start().strip_prefix('"') {
                            out.insert(rest.split('"').next().unwrap().to_owned());
                        }
                    }
                }
            }
        }
    }
    let mut out = BTreeSet::new();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    visit(&here.join("src"), &mut out);
    visit(&here.join("templates"), &mut out);
    for kind in RefusalKind::ALL {
        let key = kind.key();
        out.extend([key.to_owned(), format!("{key}.what"), format!("{key}.todo")]);
    }
    for id in PromiseId::ALL {
        out.extend([format!("promise-{id}"), format!("promise-{id}.about")]);
    }
    for state in crate::State::ALL {
        let key = state.key();
        out.extend([key.to_owned(), format!("{key}.meaning")]);
    }
    for (family, words) in [
        ("tls-rule", crate::TLS_RULES),
        ("tls-open", crate::TLS_UNEXAMINED),
        ("tls-problem", crate::TLS_PROBLEMS),
    ] {
        out.extend(words.iter().map(|word| format!("{family}-{word}")));
    }
    out.extend(CLAUSES.iter().map(|(key, _)| (*key).to_owned()));
    out
}

#[test]
fn every_locale_parses_without_a_mistake() {
    for language in Language::ALL {
        let mut bundle =
            FluentBundle::<FluentResource>::new_concurrent(vec![language.tag().parse().unwrap()]);
        for source in sources(language) {
            let resource = FluentResource::try_new(source.to_owned())
                .unwrap_or_else(|(_, mistakes)| panic!("{language:?}: {mistakes:?}"));
            bundle.add_resource(resource).unwrap();
        }
    }
}

#[test]
fn no_key_is_missing_and_none_is_unused() {
    let used = used();
    assert!(used.len() > 100, "the search finds the calls");
    for language in Language::ALL {
        let there: BTreeSet<_> = entries(language)
            .into_keys()
            .filter(|key| !key.is_empty())
            .collect();
        let missing: Vec<_> = used.difference(&there).collect();
        let unused: Vec<_> = there.difference(&used).collect();
        assert!(missing.is_empty(), "{language:?} lacks {missing:?}");
        assert!(unused.is_empty(), "{language:?}: nobody says {unused:?}");
    }
}

#[test]
fn each_message_takes_the_same_variables_in_every_language() {
    let english = entries(Language::En);
    for language in [Language::Nl, Language::Fr] {
        for (key, text) in entries(language) {
            assert_eq!(
                variables(&text),
                english
                    .get(&key)
                    .map_or_else(BTreeSet::new, |text| variables(text)),
                "{language:?} {key}"
            );
        }
    }
}

#[test]
fn every_clause_is_said_whole_in_every_language() {
    let texts = Texts::load();
    let mut said = BTreeSet::new();
    for (key, names) in CLAUSES {
        let mut clause = Clause::new(key);
        for name in *names {
            let arg = match *name {
                "vantage" => Arg::Word("same-host"),
                "keeping" => Arg::Word("truncated"),
                "to" => Arg::Word("journald"),
                _ => Arg::Number(1234),
            };
            clause = clause.with(name, arg);
        }
        assert!(texts.knows(&clause));
        for language in Language::ALL {
            let text = texts.clause(language, &clause);
            assert!(text.ends_with('.'), "{language:?} {key}: {text}");
            assert!(
                !text.contains(['{', '}', '$']),
                "{language:?} {key}: {text}"
            );
            assert!(
                said.insert(text),
                "{key} says what another says, or isn't translated"
            );
        }
    }
    assert!(
        !texts.knows(&Clause::new("hsts-every-answer")),
        "days are missing"
    );
    assert!(!texts.knows(&Clause::new("hsts-everything")));
}

#[test]
fn words_of_closed_lists_have_their_own_wording() {
    let texts = Texts::load();
    for language in Language::ALL {
        let say = texts.speech(language);
        let vantages: BTreeSet<_> = [Vantage::Inside, Vantage::SameHost, Vantage::Outside]
            .map(|vantage| say.vantage(vantage))
            .into();
        assert_eq!(vantages.len(), 3);
        let keepings: BTreeSet<_> = ["whole", "truncated", "none"]
            .map(|word| {
                say.clause(&Clause::new("track-addresses").with("keeping", Arg::Word(word)))
            })
            .into();
        assert_eq!(keepings.len(), 3);
        let places: BTreeSet<_> = ["stdout", "journald"]
            .map(|word| {
                let seconds = Clause::new("track-handed").with("seconds", Arg::Number(2));
                say.clause(&seconds.with("to", Arg::Word(word)))
            })
            .into();
        assert_eq!(places.len(), 2);
    }
}

#[test]
fn dates_numbers_and_plurals_follow_the_language() {
    let texts = Texts::load();
    let date = |language, micros| texts.speech(language).date_time(Micros(micros));
    let november = 1_795_442_712_345_678;
    assert_eq!(date(Language::En, november), "23 November 2026, 14:05 UTC");
    assert_eq!(date(Language::Nl, november), "23 november 2026, 14:05 UTC");
    assert_eq!(date(Language::Fr, november), "23 novembre 2026 à 14:05 UTC");
    assert_eq!(date(Language::Fr, 0), "1er janvier 1970 à 00:00 UTC");
    assert!(
        date(Language::En, i64::MIN).contains('-'),
        "a moment before our era is still said"
    );

    let kept = |language, days| {
        texts.clause(
            language,
            &Clause::new("track-kept").with("days", Arg::Number(days)),
        )
    };
    assert_eq!(kept(Language::En, 1), "Request records are kept for 1 day.");
    assert_eq!(
        kept(Language::En, 12_345),
        "Request records are kept for 12,345 days."
    );
    assert_eq!(
        kept(Language::Nl, 1),
        "Gegevens over verzoeken worden 1 dag bewaard."
    );
    assert_eq!(
        kept(Language::Nl, 1_000_000),
        "Gegevens over verzoeken worden 1.000.000 dagen bewaard."
    );
    assert_eq!(
        kept(Language::Fr, 0),
        "Les données sur les requêtes sont conservées 0 jour."
    );
    assert_eq!(
        kept(Language::Fr, -4000),
        "Les données sur les requêtes sont conservées -4\u{202f}000 jours."
    );
}

#[test]
fn french_signs_of_two_parts_stand_behind_an_unbreakable_space() {
    for (key, text) in entries(Language::Fr) {
        for line in text
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'))
        {
            for sign in [':', ';', '?', '!', '»'] {
                assert!(!line.contains(&format!(" {sign}")), "{key}: {line}");
            }
            assert!(!line.contains('\''), "{key}: a typewriter's apostrophe");
        }
    }
}

#[test]
fn an_unknown_key_is_said_as_it_is() {
    let texts = Texts::load();
    assert_eq!(
        texts.clause(Language::Nl, &Clause::new("no-such-clause")),
        "no-such-clause"
    );
}
