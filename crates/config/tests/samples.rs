//! Every sample in `wrong/` is refused and every one in `doubtful/` warned of, with the
//! whole answer as a snapshot beside it; those in `right/` load without a word.
//!
//! A sample without a snapshot fails. After a wanted change run the test with
//! `INSTA_UPDATE=always` and read the difference.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

mod common;

use std::{collections::BTreeSet, fs, path::Path};

use waarborg_config::{Config, Loaded, Mistakes};

/// The samples of a folder, by name.
fn samples(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "toml") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            found.push((name, fs::read(&path).unwrap()));
        }
    }
    found.sort();
    assert!(!found.is_empty());
    found
}

fn load(bytes: &[u8]) -> Result<Loaded, Mistakes> {
    let env = common::env().with_file("waarborg.toml", bytes, 0o644);
    Config::load(Path::new("waarborg.toml"), &env)
}

fn compare(folder: &str, name: &str, answer: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder);
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, answer));
}

/// No snapshot may outlive its sample.
fn no_snapshot_is_left_over(folder: &str) {
    let names: BTreeSet<_> = samples(folder).into_iter().map(|(name, _)| name).collect();
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests")
        .join(folder);
    for entry in fs::read_dir(path).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "snap") {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            assert!(names.contains(&name), "{folder}/{name}.snap has no sample");
        }
    }
}

#[test]
fn every_wrong_sample_is_refused_with_exactly_this_answer() {
    for (name, bytes) in samples("wrong") {
        let Err(mistakes) = load(&bytes) else {
            panic!("{name} loads, but it should be refused");
        };
        let answer = mistakes.to_string();
        assert!(!answer.contains("hunter2"), "{name} shows a secret");
        assert!(
            !answer.contains('\u{1b}'),
            "{name} lets an escape sequence through"
        );
        compare("wrong", &name, &answer);
        let places: Vec<_> = mistakes
            .items()
            .iter()
            .map(|item| item.place.as_ref())
            .collect();
        assert!(
            places.is_sorted_by_key(|place| place.map(|place| place.span.start)),
            "{name} isn't in the order of the file"
        );
    }
    no_snapshot_is_left_over("wrong");
}

#[test]
fn every_doubtful_sample_loads_with_exactly_this_warning() {
    for (name, bytes) in samples("doubtful") {
        let loaded = load(&bytes).unwrap_or_else(|mistakes| panic!("{name}:\n{mistakes}"));
        assert!(
            !loaded.warnings.is_empty(),
            "{name} loads without a warning"
        );
        compare("doubtful", &name, &loaded.warnings.to_string());
    }
    no_snapshot_is_left_over("doubtful");
}

#[test]
fn every_right_sample_loads_without_a_word() {
    for (name, bytes) in samples("right") {
        let loaded = load(&bytes).unwrap_or_else(|mistakes| panic!("{name}:\n{mistakes}"));
        assert!(loaded.warnings.is_empty(), "{name}:\n{}", loaded.warnings);
        assert!(
            !format!("{:?}", loaded.config).contains("hunter2"),
            "{name} prints a secret"
        );
    }
}

#[test]
fn a_file_that_is_not_there_is_said_so() {
    let mistakes = Config::load(Path::new("waarborg.toml"), &common::env()).unwrap_err();
    let expected = "error: the configuration can't be read: it doesn't exist\n\
        \x20 waarborg.toml: expected a configuration in TOML\n\
        \x20 help: name it by `--config FILE`; `waarborg init` writes one\n";
    assert_eq!(mistakes.to_string(), expected);
}
