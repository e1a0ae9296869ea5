//! Running other programs: what they said, how they ended, how long they took.

use std::{
    fmt, io,
    path::Path,
    process::{Command, Stdio},
};

use crate::clock;

/// Why a command of ours can't go on: what, where, expected, what to do, in one text.
#[derive(Debug)]
pub(crate) struct Failure(pub(crate) String);

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Failure {
    /// An error of the system about a file.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        Self(format!("{}: {error}", path.display()))
    }
}

/// Every finding of a check, printed one per line, and the failure that counts them.
pub(crate) fn verdict(check: &str, findings: &[String], fine: &str) -> Result<(), Failure> {
    for finding in findings {
        println!("{check}: {finding}");
    }
    match findings.len() {
        0 => {
            println!("{check}: {fine}");
            Ok(())
        }
        count => Err(Failure(format!("{check}: {count} found"))),
    }
}

/// Runs to the end with our own output; anything but success is a failure.
pub(crate) fn run(command: &mut Command) -> Result<(), Failure> {
    let status = command
        .stdin(Stdio::null())
        .status()
        .map_err(|error| not_started(command, &error))?;
    if status.success() {
        return Ok(());
    }
    Err(Failure(format!("`{}` ended with {status}", shown(command))))
}

/// Runs to the end and gives what it wrote on its output; its errors go to ours.
pub(crate) fn output(command: &mut Command) -> Result<String, Failure> {
    let output = command
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output()
        .map_err(|error| not_started(command, &error))?;
    if !output.status.success() {
        let status = output.status;
        return Err(Failure(format!("`{}` ended with {status}", shown(command))));
    }
    String::from_utf8(output.stdout)
        .map_err(|_| Failure(format!("`{}` wrote what isn't UTF-8", shown(command))))
}

/// What a program says of itself on either output, whatever its exit code: version
/// flags differ in both. Empty when it can't be started.
pub(crate) fn said(name: &str, arguments: &[&str]) -> String {
    let Ok(output) = program(name).args(arguments).stdin(Stdio::null()).output() else {
        return String::new();
    };
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    text
}

/// Runs one part of a long command under its name and says how long it took.
pub(crate) fn step<T>(name: &str, part: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    println!("==> {name}");
    let start = clock::now();
    let result = part()?;
    println!("    {:.1} s", start.elapsed().as_secs_f64());
    Ok(result)
}

/// cargo itself: the one that runs us, so a pinned toolchain stays pinned.
pub(crate) fn cargo() -> Command {
    Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// A program of the system, found also where Debian keeps servers and where PostgreSQL
/// keeps its own, which are on no ordinary user's path.
pub(crate) fn program(name: &str) -> Command {
    let mut folders = std::env::var_os("PATH").unwrap_or_default();
    folders.push(":/usr/local/sbin:/usr/sbin:/sbin");
    if let Ok(versions) = std::fs::read_dir("/usr/lib/postgresql") {
        for version in versions.flatten() {
            folders.push(":");
            folders.push(version.path().join("bin"));
        }
    }
    let mut command = Command::new(name);
    command.env("PATH", folders);
    command
}

fn not_started(command: &Command, error: &io::Error) -> Failure {
    Failure(format!("`{}` doesn't start: {error}", shown(command)))
}

fn shown(command: &Command) -> String {
    let mut text = command.get_program().to_string_lossy().into_owned();
    for argument in command.get_args() {
        text.push(' ');
        text.push_str(&argument.to_string_lossy());
    }
    text
}
