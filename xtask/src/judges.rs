//! `cargo xtask judges`: what takes longer than the tests may. A judge that isn't there
//! is said to be skipped, never passed.
//!
//! - `testssl`: what testssl.sh finds of good and bad servers must be what our own scan
//!   finds (the ignored tests of `tests/it/promises/tls_report.rs`).
//! - `fuzz`: every target of `fuzz/`, for a time, by libFuzzer. What it learns stays in
//!   the target folder, so that the next run begins there.

use std::{
    ffi::OsString,
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::{
    process::{Failure, cargo, said, step},
    tidy, tools,
    workspace::Workspace,
};

/// Lines of a failed run that are shown.
const SHOWN: usize = 40;

/// Which judges, and for how long.
#[derive(clap::Args)]
pub(crate) struct Arguments {
    /// Seconds for each fuzz target
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Fuzz targets; all where none is named
    targets: Vec<String>,
}

/// What became of a judge.
enum Judged {
    Passed(String),
    Skipped(&'static str),
}

/// Asks every judge; the last lines say what each did.
pub(crate) fn run(workspace: &Workspace, arguments: &Arguments) -> Result<(), Failure> {
    // Named targets are all that is wanted.
    let scanned = if arguments.targets.is_empty() {
        Some(testssl(workspace)?)
    } else {
        None
    };
    let fuzzed = fuzz(workspace, arguments)?;
    if let Some(judged) = scanned {
        tell("testssl", judged);
    }
    tell("fuzz", fuzzed);
    Ok(())
}

fn tell(judge: &str, judged: Judged) {
    match judged {
        Judged::Passed(what) => println!("judges: {judge} passed: {what}"),
        Judged::Skipped(why) => println!("judges: {judge} SKIPPED: {why}"),
    }
}

/// Needs what `cargo xtask test` installs and builds.
fn testssl(workspace: &Workspace) -> Result<Judged, Failure> {
    if tools::for_judges().is_err() || !said("testssl", &["--version"]).contains("testssl") {
        return Ok(Judged::Skipped("testssl.sh can't be installed here"));
    }
    if !workspace.target.join("debug/waarborg").exists() {
        return Ok(Judged::Skipped(
            "the binary isn't built; `cargo xtask test` builds it",
        ));
    }
    step("testssl.sh on good and bad servers", || {
        crate::process::run(cargo().current_dir(&workspace.root).args([
            "nextest",
            "run",
            "--workspace",
            "--run-ignored",
            "only",
            "-E",
            "package(waarborg-it) and test(testssl)",
        ]))
    })?;
    Ok(Judged::Passed("our edge and every bad server".to_owned()))
}

fn fuzz(workspace: &Workspace, arguments: &Arguments) -> Result<Judged, Failure> {
    if !said("cargo", &["fuzz", "--version"]).starts_with("cargo-fuzz") {
        return Ok(Judged::Skipped(
            "cargo-fuzz isn't there; `cargo install cargo-fuzz --locked`",
        ));
    }
    let known = tidy::fuzz_targets(workspace)?;
    if let Some(unknown) = arguments.targets.iter().find(|name| !known.contains(name)) {
        return Err(Failure(format!(
            "there is no fuzz target `{unknown}`; expected one of {}",
            known.join(", ")
        )));
    }
    let chosen = if arguments.targets.is_empty() {
        known
    } else {
        arguments.targets.clone()
    };
    step("build the fuzz targets", || {
        crate::process::run(cargo_fuzz(workspace, "build").args(sanitizer(workspace)))
    })?;
    let mut told = Vec::new();
    for target in &chosen {
        let name = format!("fuzz {target}, {} s", arguments.seconds);
        let runs = step(&name, || one(workspace, target, arguments.seconds))?;
        println!("    {runs}");
        told.push(target.as_str());
    }
    Ok(Judged::Passed(format!(
        "{} targets for {} s each: {}",
        told.len(),
        arguments.seconds,
        told.join(", ")
    )))
}

/// cargo-fuzz asks for flags that the stable compiler has, but doesn't promise.
fn cargo_fuzz(workspace: &Workspace, what: &str) -> Command {
    let mut command = cargo();
    command
        .current_dir(workspace.root.join("fuzz"))
        .env("RUSTC_BOOTSTRAP", "1")
        .args(["fuzz", what]);
    command
}

/// Our code has no `unsafe`: there is nothing that an address sanitizer would find.
fn sanitizer(workspace: &Workspace) -> Vec<OsString> {
    let target = workspace.target.join("fuzz").into_os_string();
    vec![
        "--sanitizer".into(),
        "none".into(),
        "--target-dir".into(),
        target,
    ]
}

/// Feeds one target; gives what libFuzzer says at the end.
fn one(workspace: &Workspace, target: &str, seconds: u32) -> Result<String, Failure> {
    let folder = |kind: &str| -> Result<PathBuf, Failure> {
        let folder = workspace.target.join(kind).join(target);
        fs::create_dir_all(&folder).map_err(|error| Failure::file(&folder, &error))?;
        Ok(folder)
    };
    let (corpus, found) = (folder("fuzz-corpus")?, folder("fuzz-found")?);
    let mut command = cargo_fuzz(workspace, "run");
    command.args(sanitizer(workspace)).arg(target).arg(corpus);
    for seeds in seeds(workspace, target) {
        command.arg(seeds);
    }
    command
        .args(["--", "-print_final_stats=1", "-timeout=10"])
        .arg(format!("-max_total_time={seconds}"))
        .arg(format!("-artifact_prefix={}/", found.display()))
        .stdin(Stdio::null());
    let output = command
        .output()
        .map_err(|error| Failure(format!("cargo fuzz doesn't start: {error}")))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let lines: Vec<&str> = text.lines().collect();
        let first = lines.len().saturating_sub(SHOWN);
        for line in lines.iter().skip(first) {
            println!("    {line}");
        }
        return Err(Failure(format!(
            "fuzz target `{target}` failed; what it was fed is in {}",
            found.display()
        )));
    }
    let done = text.lines().rev().find(|line| line.starts_with("Done "));
    Ok(done.unwrap_or("it ended without a word").to_owned())
}

/// Folders with inputs to begin from: what a random start would hardly come upon.
fn seeds(workspace: &Workspace, target: &str) -> Vec<PathBuf> {
    let mut folders = vec![format!("fuzz/seeds/{target}")];
    if target == "config_file" {
        let samples = ["right", "wrong", "doubtful"];
        folders.extend(samples.map(|kind| format!("crates/config/tests/{kind}")));
    }
    folders
        .iter()
        .map(|folder| workspace.root.join(folder))
        .filter(|folder| folder.is_dir())
        .collect()
}
