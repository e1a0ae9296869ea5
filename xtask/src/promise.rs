//! Prints every place of a promise: the files that bear its word and the lines that say
//! `promise: <id>` in a comment, in the order in which a request meets them.

use crate::{process::Failure, workspace::Workspace};

/// `cargo xtask promise two-factor`
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// The promise's word, as `hsts` or `two-factor`
    id: String,
}

/// The parts of a promise; a table in STYLE.md section 2 describes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Configuration,
    Control,
    Refusal,
    Sentence,
    Drill,
    Tests,
    Docs,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Configuration,
        Self::Control,
        Self::Refusal,
        Self::Sentence,
        Self::Drill,
        Self::Tests,
        Self::Docs,
    ];

    /// To which part a file of ours belongs, from where it lies.
    fn of(path: &str) -> Self {
        let in_tests = path
            .split('/')
            .any(|step| step == "tests" || step == "tests.rs" || step == "snapshots");
        if in_tests || path.starts_with("judges/") || path.starts_with("fuzz/") {
            Self::Tests
        } else if path.starts_with("docs/") || path.ends_with(".md") {
            Self::Docs
        } else if path.starts_with("crates/config/") {
            Self::Configuration
        } else if path.starts_with("crates/pages/") && path.contains("refusal") {
            Self::Refusal
        } else if path.starts_with("crates/promises/") && path.ends_with("/drill.rs") {
            Self::Drill
        } else if path.starts_with("crates/promises/") || path.starts_with("crates/pages/") {
            Self::Sentence
        } else {
            Self::Control
        }
    }
}

const FOLDERS: &[&str] = &["lib", "crates", "tests", "judges", "fuzz", "docs"];

/// Finds the places and prints them under their parts.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    let id = arguments.id.as_str();
    let mut places = Vec::new();
    for path in workspace.files(FOLDERS)? {
        let part = Part::of(&path);
        if bears(&path, id) {
            places.push((part, path.clone()));
        }
        // Pictures and other binaries have no comments.
        let Ok(text) = workspace.text(&path) else {
            continue;
        };
        for (number, line) in (1..).zip(text.lines()) {
            if says(line, id) {
                places.push((part, format!("{path}:{number}: {}", line.trim())));
            }
        }
    }
    if places.is_empty() {
        return Err(Failure(format!(
            "no file bears the word `{id}` and no line says `promise: {id}`\n  \
             help: the 23 ids stand in crates/terms/src/promise.rs"
        )));
    }
    for part in Part::ALL {
        println!("{part:?}");
        let mut none = true;
        for (_, place) in places.iter().filter(|(of, _)| *of == part) {
            println!("  {place}");
            none = false;
        }
        if none {
            println!("  –");
        }
    }
    Ok(())
}

/// Whether a folder or file on this path is named after the promise.
fn bears(path: &str, id: &str) -> bool {
    path.split('/').any(|step| {
        let stem = step.split('.').next().unwrap_or(step);
        stem.replace('_', "-") == id
    })
}

/// Whether a line is the mark of an enforcing place, in any of our comment forms.
fn says(line: &str, id: &str) -> bool {
    let Some((before, after)) = line.split_once("promise: ") else {
        return false;
    };
    let comment = ["//", "#", "<!--", "{#", "/*", "--"]
        .iter()
        .any(|mark| before.trim_end().ends_with(mark));
    let word = after
        .split(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '-'))
        .next();
    comment && word == Some(id)
}

#[cfg(test)]
mod tests {
    use super::{Part, bears, says};

    #[test]
    fn a_file_bears_the_word_with_its_stem_or_its_folder() {
        assert!(bears("crates/config/src/two_factor.rs", "two-factor"));
        assert!(bears("crates/promises/src/hsts/drill.rs", "hsts"));
        assert!(bears("docs/promises/two-factor.md", "two-factor"));
        assert!(!bears("crates/pages/src/status_line.rs", "status"));
    }

    #[test]
    fn a_line_says_it_in_a_comment_and_with_the_whole_word() {
        assert!(says("    // promise: tls", "tls"));
        assert!(says("    let a = b; // promise: tls (no plaintext)", "tls"));
        assert!(says("# promise: tls", "tls"));
        assert!(!says("// promise: tls-report", "tls"));
        assert!(!says("let promise: tls = 1;", "tls"));
    }

    #[test]
    fn places_follow_the_order_of_a_request() {
        let check = |path, part| assert_eq!(Part::of(path), part, "{path}");
        check("crates/config/src/throttle.rs", Part::Configuration);
        check("crates/config/tests/wrong/throttle.toml", Part::Tests);
        check("lib/guards/src/throttle.rs", Part::Control);
        check("crates/edge/src/guard.rs", Part::Control);
        check(
            "crates/pages/templates/refusal/throttle.html",
            Part::Refusal,
        );
        check("crates/promises/src/throttle/mod.rs", Part::Sentence);
        check("crates/promises/src/throttle/drill.rs", Part::Drill);
        check("crates/promises/src/throttle/tests.rs", Part::Tests);
        check("docs/promises/throttle.md", Part::Docs);
        assert!(Part::Configuration < Part::Control && Part::Tests < Part::Docs);
    }
}
