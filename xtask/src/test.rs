//! `cargo xtask test`: from a fresh machine to the runner's own summary.
//!
//! Everything but the tests comes first, so the last lines are the runner's. The whole
//! workspace is always selected: with fewer packages cargo would choose other features
//! for the same dependencies and compile them twice.

use std::{fs, io, os::unix::process::CommandExt, path::PathBuf};

use crate::{
    docs, layers,
    process::{Failure, cargo, run as run_program, step},
    tidy,
    tools::{self, Installed},
    workspace::Workspace,
};

/// What follows goes to the runner: `cargo xtask test -- hsts`.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Filters and flags for `cargo nextest run`
    #[arg(last = true)]
    runner: Vec<String>,
}

/// Installs, builds, checks, and becomes the runner.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    let installed = step("install what the tests need", tools::for_tests)?;
    step("walls and tidiness", || {
        layers::run(workspace)?;
        tidy::run(workspace)
    })?;
    let teeth = step("build waarborg with teeth", || teeth(workspace))?;
    step("build waarborg and the tests", || {
        run_program(cargo().current_dir(&workspace.root).args([
            "build",
            "--workspace",
            "--bins",
            "--tests",
            "--examples",
        ]))
    })?;
    step("docs/config.md", || docs::check(workspace))?;
    step("examples in the documentation", || doc_tests(workspace))?;
    println!("==> tests");
    runner(workspace, arguments, &installed, teeth)
}

/// Builds the binary whose controls a test can cut, and puts it aside: the plain build
/// that follows has the same name.
fn teeth(workspace: &Workspace) -> Result<PathBuf, Failure> {
    run_program(cargo().current_dir(&workspace.root).args([
        // `--test it` brings the features of development dependencies, as below.
        "build",
        "--workspace",
        "--bin",
        "waarborg",
        "--test",
        "it",
        "--features",
        "waarborg/teeth",
    ]))?;
    let folder = workspace.target.join("debug");
    let (made, kept) = (folder.join("waarborg"), folder.join("waarborg-teeth"));
    match fs::remove_file(&kept) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::file(&kept, &error));
        }
        _ => {}
    }
    fs::copy(&made, &kept).map_err(|error| Failure::file(&made, &error))?;
    Ok(kept)
}

/// Compiles and runs the examples of the crates that have any; rustdoc starts a
/// compiler per example, so the others are left out.
fn doc_tests(workspace: &Workspace) -> Result<(), Failure> {
    let mut packages = Vec::new();
    for package in &workspace.packages {
        let Some(folder) = package
            .manifest_path
            .parent()
            .and_then(|folder| folder.strip_prefix(&workspace.root).ok())
        else {
            continue;
        };
        let source = folder.join("src");
        let mut has = false;
        if workspace.root.join(&source).join("lib.rs").is_file() {
            for file in workspace.files(&[&source.to_string_lossy()])? {
                has |= file.ends_with(".rs") && has_example(&workspace.text(&file)?);
            }
        }
        if has {
            packages.push(package.name.as_str());
        }
    }
    println!("    {} crates have some", packages.len());
    if packages.is_empty() {
        return Ok(());
    }
    let mut command = cargo();
    command
        .current_dir(&workspace.root)
        .args(["test", "--quiet", "--doc"]);
    for package in packages {
        command.args(["--package", package]);
    }
    run_program(&mut command)
}

/// Whether rustdoc would run something here: a fence that isn't marked as other text.
fn has_example(source: &str) -> bool {
    let mut open = false;
    for line in source.lines() {
        let line = line.trim_start();
        let Some(fence) = line
            .strip_prefix("///")
            .or_else(|| line.strip_prefix("//!"))
            .and_then(|text| text.trim_start().strip_prefix("```"))
        else {
            continue;
        };
        open = !open;
        let runs = ["", "rust", "no_run", "should_panic", "compile_fail"];
        if open && fence.split(',').all(|word| runs.contains(&word.trim())) {
            return true;
        }
    }
    false
}

/// Replaces this process by the runner, so nothing can follow its summary.
fn runner(
    workspace: &Workspace,
    arguments: &Arguments,
    installed: &Installed,
    teeth: PathBuf,
) -> Result<(), Failure> {
    let error = cargo()
        .current_dir(&workspace.root)
        .args(["nextest", "run", "--workspace", "--no-tests=fail"])
        .args(&arguments.runner)
        .env("WAARBORG_BIN", workspace.target.join("debug/waarborg"))
        .env("WAARBORG_TEETH_BIN", teeth)
        .env("WAARBORG_PYTHON", &installed.python)
        .env("WAARBORG_HTTP2", &installed.http2)
        .env("WAARBORG_SSLYZE", &installed.sslyze)
        .env("WAARBORG_NODE", &installed.node)
        .env("WAARBORG_NODE_MODULES", &installed.node_modules)
        .exec();
    Err(Failure(format!("cargo nextest doesn't start: {error}")))
}

#[cfg(test)]
mod tests {
    use super::has_example;

    #[test]
    fn an_example_is_a_fence_that_rustdoc_would_run() {
        assert!(has_example("/// ```\n/// let a = 1;\n/// ```\n"));
        assert!(has_example("//! ```no_run\n//! ```\n"));
        assert!(!has_example(
            "/// ```text\n/// a diagram\n/// ```\nfn f() {}\n"
        ));
        assert!(!has_example("// ```\n"));
    }
}
