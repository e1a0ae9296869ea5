//! What rustfmt and clippy don't check.
//!
//! - every source file opens with `//!` (a `tests.rs` says by its place what it tests),
//!   holds no note to self, and ignores no test
//!   without a reason;
//! - files stay readable: named from [`LINES_NAMED`] lines on, refused beyond
//!   [`LINES_MAX`], tests excepted;
//! - `tests/it` forgets no file; a `clippy.toml` that replaces the root's repeats it;
//! - every file in `fuzz/fuzz_targets` is a target of `fuzz/Cargo.toml`, and no other;
//! - what a template writes is escaped (promise `xss`), but for what [`RAW`] names;
//! - a promise that has landed has its page in `docs/promises/`.

use crate::{
    process::{Failure, verdict},
    workspace::Workspace,
};

/// From here on a file is named: look for the second noun.
const LINES_NAMED: usize = 600;
/// Beyond this a file is refused.
const LINES_MAX: usize = 800;

/// What templates write as it is, and why it can't be foreign.
const RAW: &[(&str, &str, &str)] = &[
    (
        "crates/pages/templates/frame.html",
        "{{ frame.style|safe }}",
        "our one style sheet, allowed by its hash",
    ),
    (
        "crates/pages/templates/sheet.html",
        "{{ script|safe }}",
        "our one script, allowed by its hash",
    ),
];

const FOLDERS: &[&str] = &["lib", "crates", "tests", "judges", "bench", "fuzz", "xtask"];

/// Looks at every source file of ours.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let files = workspace.files(FOLDERS)?;
    let mut findings = Vec::new();
    let mut sources = 0;
    for path in files.iter().filter(|path| path.ends_with(".rs")) {
        sources += 1;
        findings.extend(source(path, &workspace.text(path)?));
    }
    for path in files.iter().filter(|path| path.contains("/templates/")) {
        findings.extend(raw(path, &workspace.text(path)?));
    }
    for path in files
        .iter()
        .filter(|path| path.starts_with("crates/") && path.ends_with(".rs"))
    {
        findings.extend(unescaping(path, &workspace.text(path)?));
    }
    findings.extend(forgotten(workspace, &files)?);
    findings.extend(shadowing(workspace, &files)?);
    findings.extend(undocumented(workspace, &files));
    findings.extend(unfuzzed(&files, &fuzz_targets(workspace)?));
    verdict(
        "tidy",
        &findings,
        &format!("{sources} source files are in order"),
    )
}

/// What is wrong in one source file.
fn source(path: &str, text: &str) -> Vec<String> {
    // Put together here, or this file would find itself.
    let notes = [
        concat!("TO", "DO"),
        concat!("FIX", "ME"),
        concat!("to", "do!("),
    ];
    let ignored = concat!("#[ig", "nore]");
    let mut found = Vec::new();
    if !text.starts_with("//!") && !path.ends_with("/tests.rs") {
        found.push(format!(
            "{path}:1: begins with `//!`: what the file guarantees, to whom"
        ));
    }
    for (number, line) in (1..).zip(text.lines()) {
        if let Some(note) = notes.iter().find(|note| line.contains(**note)) {
            found.push(format!(
                "{path}:{number}: `{note}`: do it, or make it an issue"
            ));
        }
        if line.contains(ignored) {
            found.push(format!("{path}:{number}: say why: `#[ignore = \"…\"]`"));
        }
    }
    let lines = text.lines().count();
    let test = path.contains("/tests/") || path.starts_with("tests/") || path.ends_with("tests.rs");
    if !test && LINES_MAX < lines {
        found.push(format!(
            "{path}: {lines} lines, at most {LINES_MAX}: look for the second noun"
        ));
    } else if !test && LINES_NAMED < lines {
        println!("tidy: {path} has {lines} lines: is there a second noun?");
    }
    found
}

/// What a template writes unescaped.
fn raw(path: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let mut rest = line.to_owned();
        for (_, known, _) in RAW.iter().filter(|(file, _, _)| *file == path) {
            rest = rest.replace(known, "");
        }
        let bare: String = rest.chars().filter(|it| !it.is_whitespace()).collect();
        if ["|safe", "|escape(", "|e(", "{%filter"]
            .iter()
            .any(|raw| bare.contains(raw))
        {
            found.push(format!(
                "{path}:{number}: raw output: let it be escaped, or give the reason in RAW of \
                 xtask/src/tidy.rs"
            ));
        }
    }
    found
}

/// What turns escaping off from the side of the code.
fn unescaping(path: &str, text: &str) -> Vec<String> {
    // Put together here, or this file would find itself.
    let words = [
        concat!("escape = \"", "none\""),
        concat!("filters::", "Safe"),
        concat!("Html", "Safe"),
    ];
    let lines = (1..).zip(text.lines());
    lines
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(number, _)| format!("{path}:{number}: raw output: let the template escape it"))
        .collect()
}

/// Files of the one test program that no module names: their tests would never run.
fn forgotten(workspace: &Workspace, files: &[String]) -> Result<Vec<String>, Failure> {
    let mut found = Vec::new();
    for path in files {
        let Some(inner) = path
            .strip_prefix("tests/it/")
            .filter(|inner| !inner.starts_with("src/") && *inner != "main.rs")
            .and_then(|inner| inner.strip_suffix(".rs"))
        else {
            continue;
        };
        let module = inner.strip_suffix("/mod").unwrap_or(inner);
        let (folder, name) = module.rsplit_once('/').unwrap_or(("", module));
        let parents = if folder.is_empty() {
            vec!["tests/it/main.rs".to_owned()]
        } else {
            vec![
                format!("tests/it/{folder}/mod.rs"),
                format!("tests/it/{folder}.rs"),
            ]
        };
        let mut listed = false;
        for parent in parents.iter().filter(|parent| files.contains(parent)) {
            listed |= lists(&workspace.text(parent)?, name);
        }
        if !listed {
            found.push(format!(
                "{path}: `mod {name};` is missing in {}",
                parents.join(" or ")
            ));
        }
    }
    Ok(found)
}

/// Whether a module's text names this child.
fn lists(text: &str, child: &str) -> bool {
    text.lines().any(|line| {
        line.trim()
            .strip_suffix(';')
            .and_then(|line| line.rsplit_once("mod "))
            .is_some_and(|(_, name)| name == child)
    })
}

/// The nearest `clippy.toml` replaces the root's instead of adding to it.
fn shadowing(workspace: &Workspace, files: &[String]) -> Result<Vec<String>, Failure> {
    let root = table("clippy.toml", &workspace.text("clippy.toml")?)?;
    let mut found = Vec::new();
    for path in files.iter().filter(|path| path.ends_with("/clippy.toml")) {
        let near = table(path, &workspace.text(path)?)?;
        found.extend(unrepeated(&root, &near).map(|missing| {
            format!("{path}: replaces the root's clippy.toml and doesn't repeat {missing}")
        }));
    }
    Ok(found)
}

fn table(path: &str, text: &str) -> Result<toml::Table, Failure> {
    text.parse::<toml::Table>()
        .map_err(|error| Failure(format!("{path}: {error}")))
}

/// The settings of the root that the nearer file lacks; its lists may be longer.
fn unrepeated<'a>(
    root: &'a toml::Table,
    near: &'a toml::Table,
) -> impl Iterator<Item = String> + 'a {
    root.iter()
        .flat_map(|(key, value)| match (value, near.get(key)) {
            (toml::Value::Array(wanted), Some(toml::Value::Array(there))) => wanted
                .iter()
                .filter(|item| !there.contains(item))
                .map(|item| format!("{item} of `{key}`"))
                .collect(),
            (wanted, Some(there)) if wanted == there => Vec::new(),
            _ => vec![format!("`{key}`")],
        })
}

/// The names of the fuzz targets in their manifest, which is no member of the workspace:
/// nothing else would miss one.
pub(crate) fn fuzz_targets(workspace: &Workspace) -> Result<Vec<String>, Failure> {
    let manifest = table("fuzz/Cargo.toml", &workspace.text("fuzz/Cargo.toml")?)?;
    let targets = manifest.get("bin").and_then(toml::Value::as_array);
    let mut names = Vec::new();
    for target in targets.into_iter().flatten() {
        let text = |key| target.get(key).and_then(toml::Value::as_str);
        let name = text("name").unwrap_or_default();
        if text("path") != Some(&format!("fuzz_targets/{name}.rs")) {
            let wrong = format!("fuzz/Cargo.toml: the path of `{name}` is another's");
            return Err(Failure(wrong));
        }
        names.push(name.to_owned());
    }
    Ok(names)
}

/// Files that are no target, and targets without a file.
fn unfuzzed(files: &[String], targets: &[String]) -> Vec<String> {
    let there: Vec<&str> = files
        .iter()
        .filter_map(|path| path.strip_prefix("fuzz/fuzz_targets/")?.strip_suffix(".rs"))
        .collect();
    let forgotten = there
        .iter()
        .filter(|name| !targets.iter().any(|target| target == *name))
        .map(|name| format!("fuzz/fuzz_targets/{name}.rs is no target of fuzz/Cargo.toml"));
    let missing = targets
        .iter()
        .filter(|target| !there.contains(&target.as_str()))
        .map(|target| format!("fuzz/Cargo.toml: the target `{target}` has no file"));
    forgotten.chain(missing).collect()
}

/// Promises with a folder in `crates/promises/src` and no page of their own.
fn undocumented(workspace: &Workspace, files: &[String]) -> Vec<String> {
    files
        .iter()
        .filter_map(|path| {
            path.strip_prefix("crates/promises/src/")?
                .strip_suffix("/drill.rs")
        })
        .map(|word| format!("docs/promises/{}.md", word.replace('_', "-")))
        .filter(|page| !workspace.root.join(page).is_file())
        .map(|page| format!("{page} is missing, and the promise has landed"))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LINES_MAX, RAW, lists, raw, source, unescaping, unfuzzed, unrepeated};

    #[test]
    fn raw_output_is_found_but_for_what_has_a_reason() {
        let (file, known, _) = RAW[0];
        assert!(raw(file, &format!("<style>{known}</style>")).is_empty());
        assert_eq!(raw("other.html", known).len(), 1);
        assert_eq!(raw(file, &format!("{known}{{{{ name | safe }}}}")).len(), 1);
        assert!(raw("other.html", "<p>{{ name }}</p>").is_empty());
        let off = concat!("#[template(escape = \"", "none\")]");
        assert_eq!(unescaping("a.rs", off).len(), 1);
        assert!(unescaping("a.rs", "#[template(path = \"a.html\")]").is_empty());
    }

    #[test]
    fn a_fuzz_target_has_a_file_and_a_file_is_a_target() {
        let files = |names: &[&str]| -> Vec<String> {
            let path = |name: &&str| format!("fuzz/fuzz_targets/{name}.rs");
            names.iter().map(path).collect()
        };
        let targets = ["a".to_owned(), "b".to_owned()];
        assert!(unfuzzed(&files(&["a", "b"]), &targets).is_empty());
        assert_eq!(unfuzzed(&files(&["a", "c"]), &targets).len(), 2);
    }

    #[test]
    fn a_file_without_a_head_or_with_a_note_is_found_and_its_twin_is_not() {
        assert!(source("a.rs", "//! What it is.\nfn f() {}\n").is_empty());
        assert_eq!(source("a.rs", "fn f() {}\n").len(), 1);
        let note = format!("//! A.\n// {}: later\n", concat!("TO", "DO"));
        assert_eq!(source("a.rs", &note).len(), 1);
        let bare = format!("//! A.\n{}\n", concat!("#[ig", "nore]"));
        assert_eq!(source("a.rs", &bare).len(), 1);
        assert!(source("a/tests.rs", "fn f() {}\n").is_empty());
        assert!(source("a.rs", "//! A.\n#[ignore = \"needs a second machine\"]\n").is_empty());
    }

    #[test]
    fn a_long_file_is_refused_unless_it_is_a_test() {
        let long = "//! A.\n".repeat(LINES_MAX + 1);
        assert_eq!(source("crates/a/src/b.rs", &long).len(), 1);
        assert!(source("crates/a/src/b/tests.rs", &long).is_empty());
    }

    #[test]
    fn a_module_is_listed_by_its_whole_name() {
        assert!(lists("mod apps;\npub(crate) mod browser;\n", "browser"));
        assert!(!lists("mod apps_more;\n// mod browsers;\n", "apps"));
    }

    #[test]
    fn a_nearer_list_may_be_longer_and_not_shorter() {
        let parse = |text: &str| text.parse::<toml::Table>().expect("it is TOML");
        let root = parse("a = true\nb = ['x', 'y']");
        let found = |near: &str| unrepeated(&root, &parse(near)).count();
        assert_eq!(found("a = true\nb = ['x', 'y', 'z']"), 0);
        assert_eq!(found("a = true\nb = ['x']"), 1);
        assert_eq!(found("a = false\nb = ['x', 'y']"), 1);
        assert_eq!(found(""), 2);
    }
}
