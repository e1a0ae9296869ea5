//! Installs what the tests and the bench need where it is missing: `xtask/tools.toml`
//! names each with its version and its reason.
//!
//! Debian's packages go into the system; what comes from PyPI and npm goes into one
//! cache folder and leaves the system alone.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde::Deserialize;

use crate::process::{Failure, program, run, said};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    nextest: Nextest,
    debian: Vec<Debian>,
    python: Vec<Python>,
    node: Node,
    npm: Npm,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Nextest {
    version: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Debian {
    package: String,
    /// A shell command that succeeds where the package isn't needed.
    unless: String,
    r#for: Vec<Purpose>,
    why: String,
}

/// Which of our commands needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Purpose {
    /// `cargo xtask test`
    Test,
    /// `cargo xtask bench`
    Bench,
    /// `cargo xtask judges`
    Judges,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Python {
    folder: String,
    packages: Vec<String>,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Node {
    /// The oldest major version that will do.
    oldest: u32,
    python: String,
    why: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Npm {
    packages: Vec<String>,
    why: String,
}

/// Where the tests find what was installed.
pub(crate) struct Installed {
    /// `bin/` of the environment with the applications and Python itself.
    pub(crate) python: PathBuf,
    /// `bin/` of the environment with what speaks HTTP/2.
    pub(crate) http2: PathBuf,
    /// The program `sslyze`.
    pub(crate) sslyze: PathBuf,
    /// The program `node`.
    pub(crate) node: PathBuf,
    /// `node_modules` with axe-core, playwright-core, html-validate and csp_evaluator.
    pub(crate) node_modules: PathBuf,
}

/// Everything the tests need.
pub(crate) fn for_tests() -> Result<Installed, Failure> {
    let list = list()?;
    debian(&list.debian, Purpose::Test)?;
    nextest(&list.nextest)?;
    let cache = cache()?;
    for environment in &list.python {
        python(&cache, environment)?;
    }
    let node = node(&cache, &list.node)?;
    npm(&cache, &node, &list.npm)?;
    Ok(Installed {
        python: cache.join("venv/bin"),
        http2: cache.join("http2/bin"),
        sslyze: cache.join("sslyze/bin/sslyze"),
        node,
        node_modules: cache.join("node/node_modules"),
    })
}

/// Everything the bench needs; it is all Debian's.
pub(crate) fn for_bench() -> Result<(), Failure> {
    debian(&list()?.debian, Purpose::Bench)
}

/// Everything that only judges need; it is all Debian's.
pub(crate) fn for_judges() -> Result<(), Failure> {
    debian(&list()?.debian, Purpose::Judges)
}

fn list() -> Result<List, Failure> {
    toml::from_str(include_str!("../tools.toml"))
        .map_err(|error| Failure(format!("xtask/tools.toml: {error}")))
}

fn cache() -> Result<PathBuf, Failure> {
    let home = std::env::var_os("HOME")
        .ok_or_else(|| Failure("HOME isn't set: the tools go to $HOME/.cache/waarborg".into()))?;
    let cache = Path::new(&home).join(".cache/waarborg");
    fs::create_dir_all(&cache).map_err(|error| Failure::file(&cache, &error))?;
    Ok(cache)
}

/// No server is to start just because its package arrives: Debian asks `policy-rc.d`.
const APT: &str = r#"set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' > "$policy"
    chmod +x "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get -q update
apt-get -q install -y --no-install-recommends "$@"
"#;

fn debian(packages: &[Debian], purpose: Purpose) -> Result<(), Failure> {
    let mut missing = Vec::new();
    for wanted in packages
        .iter()
        .filter(|wanted| wanted.r#for.contains(&purpose))
    {
        let there = program("sh")
            .args(["-c", &wanted.unless])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success());
        if !there {
            println!("    missing: Debian's {} ({})", wanted.package, wanted.why);
            missing.push(wanted.package.as_str());
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    let mut apt = if said("id", &["-u"]).trim() == "0" {
        Command::new("sh")
    } else {
        let mut sudo = Command::new("sudo");
        sudo.args(["-n", "sh"]);
        sudo
    };
    run(apt.args(["-c", APT, "apt"]).args(&missing)).map_err(|failure| {
        Failure(format!(
            "{failure}\n  help: as root, `apt-get install --no-install-recommends {}`",
            missing.join(" ")
        ))
    })
}

fn nextest(wanted: &Nextest) -> Result<(), Failure> {
    if said("cargo", &["nextest", "--version"]).starts_with("cargo-nextest") {
        return Ok(());
    }
    println!("    missing: cargo-nextest (runs the tests)");
    run(Command::new("cargo")
        .args(["install", "cargo-nextest", "--locked", "--version"])
        .arg(&wanted.version))
}

fn python(cache: &Path, wanted: &Python) -> Result<(), Failure> {
    let packages = wanted.packages.join(" ");
    let folder = cache.join(&wanted.folder);
    once(&folder, &packages, &wanted.why, || {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(&wanted.packages))
    })
}

/// The system's Node.js where it is new enough, else the one PyPI carries.
fn node(cache: &Path, wanted: &Node) -> Result<PathBuf, Failure> {
    let version = said("node", &["--version"]);
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|major| major.parse::<u32>().ok());
    if major.is_some_and(|major| wanted.oldest <= major)
        && said("npm", &["--version"]).starts_with(|first: char| first.is_ascii_digit())
        && let Some(system) = on_path("node")
    {
        return Ok(system);
    }
    python(
        cache,
        &Python {
            folder: "nodejs".into(),
            packages: vec![wanted.python.clone()],
            why: wanted.why.clone(),
        },
    )?;
    Ok(cache.join("nodejs/bin/node"))
}

fn npm(cache: &Path, node: &Path, wanted: &Npm) -> Result<(), Failure> {
    let folder = cache.join("node");
    once(&folder, &wanted.packages.join(" "), &wanted.why, || {
        let bin = node.parent().unwrap_or(Path::new("/usr/bin"));
        let mut path = bin.as_os_str().to_owned();
        path.push(":");
        path.push(std::env::var_os("PATH").unwrap_or_default());
        run(Command::new("npm")
            .env("PATH", path)
            .args([
                "install",
                "--no-update-notifier",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
                "--save-exact",
            ])
            .arg("--prefix")
            .arg(&folder)
            .args(&wanted.packages))
    })
}

/// Installs into a fresh folder, unless a stamp in it says that exactly this is there.
/// An installation that was cut short has no stamp and is begun again.
fn once(
    folder: &Path,
    wanted: &str,
    why: &str,
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let stamp = folder.join("installed-by-xtask");
    if fs::read_to_string(&stamp).is_ok_and(|there| there == wanted) {
        return Ok(());
    }
    println!("    missing: {wanted} ({why})");
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(Failure::file(folder, &error));
        }
        _ => {}
    }
    fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    install()?;
    fs::write(&stamp, wanted).map_err(|error| Failure::file(&stamp, &error))
}

fn on_path(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|folder| folder.join(name))
        .find(|candidate| candidate.is_file())
}

#[cfg(test)]
mod tests {
    use super::{Purpose, list};

    #[test]
    fn every_tool_has_a_reason_and_every_package_a_version() {
        let list = list().expect("tools.toml is in our form");
        assert!(list.debian.iter().all(|wanted| !wanted.why.is_empty()));
        assert!(
            list.debian
                .iter()
                .any(|wanted| wanted.r#for.contains(&Purpose::Bench))
        );
        let python = list.python.iter().flat_map(|wanted| &wanted.packages);
        for package in python.chain([&list.node.python]) {
            assert!(package.contains("=="), "{package}");
        }
        for package in &list.npm.packages {
            assert!(package[1..].contains('@'), "{package}");
        }
    }
}
