//! Where the binary and other people's programs are. `cargo xtask test` installs them
//! and says where by environment variables; the defaults are where it puts them.

use std::path::{Path, PathBuf};

fn variable(name: &str) -> Option<PathBuf> {
    std::env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

fn there(path: PathBuf, help: &str) -> PathBuf {
    assert!(path.exists(), "{} is missing: {help}", path.display());
    path
}

fn cache() -> PathBuf {
    let home = variable("HOME").expect("HOME is set: the tools are in $HOME/.cache/waarborg");
    home.join(".cache/waarborg")
}

/// Where cargo put the binaries: beside this test program.
fn built(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this program has a path");
    let folder = test.parent().and_then(Path::parent);
    folder
        .expect("cargo builds tests in target/…/deps")
        .join(name)
}

/// The example that writes every own page into a folder.
///
/// # Panics
/// When it isn't built.
pub fn render() -> PathBuf {
    there(
        built("examples/render"),
        "build it with `cargo build -p waarborg-pages --example render`, or run `cargo xtask test`",
    )
}

/// The repository, as the runner says: what was compiled in may be another clone's that
/// shares the target folder.
pub fn repository() -> PathBuf {
    let compiled = || env!("CARGO_MANIFEST_DIR").to_owned();
    let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| compiled());
    let root = Path::new(&here).ancestors().nth(2);
    root.expect("tests/it is two folders below the root")
        .to_owned()
}

/// The binary under test: `WAARBORG_BIN`, else beside this test.
///
/// # Panics
/// When it isn't built.
pub fn waarborg() -> PathBuf {
    there(
        variable("WAARBORG_BIN").unwrap_or_else(|| built("waarborg")),
        "build it with `cargo build -p waarborg`, or run `cargo xtask test`",
    )
}

/// The binary whose controls can be cut: `WAARBORG_TEETH_BIN`, else `waarborg-teeth`
/// beside this test.
///
/// # Panics
/// When it isn't built.
pub fn waarborg_with_teeth() -> PathBuf {
    there(
        variable("WAARBORG_TEETH_BIN").unwrap_or_else(|| built("waarborg-teeth")),
        "`cargo xtask test` builds it; by hand: `cargo build -p waarborg --features teeth` and \
         copy target/debug/waarborg to target/debug/waarborg-teeth, then build without teeth",
    )
}

/// A program of the Python environment (`WAARBORG_PYTHON` is its `bin`): `python`,
/// `jupyter-lab`, `radicale` …
///
/// # Panics
/// When it isn't installed.
pub fn python(program: &str) -> PathBuf {
    let bin = variable("WAARBORG_PYTHON").unwrap_or_else(|| cache().join("venv/bin"));
    there(
        bin.join(program),
        "`cargo xtask test` installs it from PyPI",
    )
}

/// A program of the Python environment with what speaks HTTP/2 (`WAARBORG_HTTP2` is its
/// `bin`): `python` with grpcio, `hypercorn`.
///
/// # Panics
/// When it isn't installed.
pub fn http2(program: &str) -> PathBuf {
    let bin = variable("WAARBORG_HTTP2").unwrap_or_else(|| cache().join("http2/bin"));
    there(
        bin.join(program),
        "`cargo xtask test` installs it from PyPI",
    )
}

/// The program `sslyze` (`WAARBORG_SSLYZE`).
///
/// # Panics
/// When it isn't installed.
pub fn sslyze() -> PathBuf {
    there(
        variable("WAARBORG_SSLYZE").unwrap_or_else(|| cache().join("sslyze/bin/sslyze")),
        "`cargo xtask test` installs it from PyPI",
    )
}

/// The program `node` (`WAARBORG_NODE`).
pub fn node() -> PathBuf {
    variable("WAARBORG_NODE").unwrap_or_else(|| PathBuf::from("node"))
}

/// `node_modules` with axe-core, playwright-core, html-validate and csp_evaluator
/// (`WAARBORG_NODE_MODULES`).
///
/// # Panics
/// When they aren't installed.
pub fn node_modules() -> PathBuf {
    there(
        variable("WAARBORG_NODE_MODULES").unwrap_or_else(|| cache().join("node/node_modules")),
        "`cargo xtask test` installs them from npm",
    )
}

/// A script of `judges/`.
///
/// # Panics
/// When there is none of this name.
pub fn judge(script: &str) -> PathBuf {
    there(
        repository().join("judges").join(script),
        "it is part of the repository",
    )
}

/// Debian's Chromium.
///
/// # Panics
/// When it isn't installed.
pub fn chromium() -> PathBuf {
    there(
        variable("CHROMIUM").unwrap_or_else(|| PathBuf::from("/usr/bin/chromium")),
        "apt-get install chromium",
    )
}

/// Debian's Caddy.
///
/// # Panics
/// When it isn't installed.
pub fn caddy() -> PathBuf {
    there(PathBuf::from("/usr/bin/caddy"), "apt-get install caddy")
}

/// Debian's nginx.
///
/// # Panics
/// When it isn't installed.
pub fn nginx() -> PathBuf {
    there(PathBuf::from("/usr/sbin/nginx"), "apt-get install nginx")
}
