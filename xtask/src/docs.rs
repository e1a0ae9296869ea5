//! `docs/config.md` is made from the configuration's types, never by hand.

use std::{fs, process::Command};

use clap::Args;

use crate::{
    process::{Failure, cargo, output, run as run_program},
    workspace::Workspace,
};

const PAGE: &str = "docs/config.md";
const MAKER: &str = "crates/config/examples/docs.rs";

/// Exactly one of the two.
#[derive(Args)]
#[group(required = true, multiple = false)]
pub(crate) struct Arguments {
    /// Fail when the page differs from what the types say
    #[arg(long)]
    check: bool,
    /// Write the page
    #[arg(long)]
    write: bool,
}

/// Runs the example that prints the page and compares or writes it.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    if arguments.write {
        let path = workspace.root.join(PAGE);
        let made = made(workspace)?;
        fs::write(&path, made).map_err(|error| Failure::file(&path, &error))?;
        println!("docs: {PAGE} written");
        return Ok(());
    }
    check(workspace)
}

/// Fails with the first line that differs.
pub(crate) fn check(workspace: &Workspace) -> Result<(), Failure> {
    let made = made(workspace)?;
    let stands = workspace.text(PAGE)?;
    if let Some(difference) = difference(&stands, &made) {
        return Err(Failure(format!(
            "{PAGE}:{difference}\n  help: `cargo xtask docs --write`"
        )));
    }
    println!("docs: {PAGE} says what the types say");
    Ok(())
}

fn made(workspace: &Workspace) -> Result<String, Failure> {
    if !workspace.root.join(MAKER).is_file() {
        return Err(Failure(format!(
            "{MAKER} isn't there: {PAGE} is what this example prints"
        )));
    }
    // With the whole workspace selected the features are those of the tests' build,
    // so what is built already is used.
    run_program(cargo().current_dir(&workspace.root).args([
        "build",
        "--quiet",
        "--workspace",
        "--example",
        "docs",
    ]))?;
    let program = workspace.target.join("debug/examples/docs");
    output(Command::new(program).current_dir(&workspace.root))
}

/// The number of the first line that differs and both its forms.
fn difference(stands: &str, made: &str) -> Option<String> {
    let (mut left, mut right) = (stands.lines(), made.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (left.next(), right.next()) {
            (None, None) => {
                return (stands != made).then(|| format!("{number}: the last line end"));
            }
            (a, b) if a == b => {}
            (a, b) => {
                let (a, b) = (a.unwrap_or("(the end)"), b.unwrap_or("(the end)"));
                return Some(format!("{number}: says `{a}`\n  the types say `{b}`"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::difference;

    #[test]
    fn the_first_line_that_differs_is_named_and_equal_pages_pass() {
        assert_eq!(difference("a\nb\n", "a\nb\n"), None);
        assert!(difference("a\nb\n", "a\nc\n").is_some_and(|text| text.starts_with("2: says `b`")));
        assert!(difference("a\n", "a\nc\n").is_some_and(|text| text.contains("(the end)")));
        assert!(difference("a", "a\n").is_some());
    }
}
