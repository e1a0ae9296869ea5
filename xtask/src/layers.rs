//! The walls of STYLE.md section 2: who may name whom in a manifest.
//!
//! Development dependencies are free: a test may hold two planes side by side.

use crate::{
    process::{Failure, verdict},
    workspace::{Package, Workspace},
};

/// Our packages and the ones of ours each may import. A package that isn't in the
/// list may import nothing of ours and be imported by nobody but the binary.
const WALLS: &[(&str, &str)] = &[
    ("waarborg", "*"),
    ("waarborg-it", "*"),
    ("waarborg-edge", "seam guards h1 http2 pages terms"),
    (
        "waarborg-control",
        "seam store login desk visitor guards ipset promises pages config ledger terms",
    ),
    ("waarborg-promises", "visitor config terms"),
    ("waarborg-config", "seam guards terms"),
    ("waarborg-seam", "guards ipset terms"),
    ("waarborg-guards", "ipset gcra"),
    ("waarborg-login", "bcrypt-lanes terms"),
    ("waarborg-store", "terms"),
    ("waarborg-desk", "terms"),
    ("waarborg-agent", "terms"),
    ("waarborg-pages", "terms"),
    ("waarborg-visitor", "terms"),
    ("waarborg-terms", ""),
    ("waarborg-ipset", ""),
    ("waarborg-gcra", ""),
    ("waarborg-ledger", ""),
    ("waarborg-h1", ""),
    ("waarborg-http2", ""),
    ("waarborg-bcrypt-lanes", ""),
    ("xtask", ""),
];

/// Heavy or dangerous crates of others, and the only ones of ours that may name them.
/// `waarborg-it` tests from outside and may name them all.
const CAGES: &[(&str, &str)] = &[
    ("sqlx", "store"),
    ("axum", "control waarborg"),
    ("hyper", "control visitor"),
    ("hyper-util", "control visitor"),
    ("rustls", "edge control visitor seam config waarborg"),
    ("tokio-rustls", "edge visitor control"),
    ("lettre", "control"),
    ("instant-acme", "control"),
    // The binary has a sample application with pages of its own.
    ("askama", "pages waarborg"),
    ("fluent-bundle", "pages"),
    ("rcgen", "control waarborg"),
    ("pgp", "desk"),
    ("gix", "agent"),
    ("webauthn-rs", "login"),
];

/// What a crate in `lib/` never names: it neither waits nor does I/O.
const NOT_IN_LIB: &[&str] = &[
    "async-trait",
    "axum",
    "futures",
    "futures-core",
    "futures-util",
    "h2",
    "http-body",
    "hyper",
    "hyper-util",
    "libc",
    "mio",
    "rustix",
    "smol",
    "socket2",
    "tokio",
    "tokio-rustls",
    "tokio-util",
];

/// Compares the workspace with the tables above.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let mut findings = Vec::new();
    for package in &workspace.packages {
        let in_lib = package
            .manifest_path
            .starts_with(workspace.root.join("lib"));
        findings.extend(breaches(package, in_lib));
    }
    let members = workspace.packages.len();
    verdict(
        "layers",
        &findings,
        &format!("{members} packages keep their walls"),
    )
}

/// What this package names and mustn't, as sentences.
fn breaches(package: &Package, in_lib: bool) -> Vec<String> {
    let name = package.name.as_str();
    let Some((_, may)) = WALLS.iter().find(|(wall, _)| *wall == name) else {
        return vec![format!(
            "`{name}` has no line in WALLS (xtask/src/layers.rs): say there what it may import"
        )];
    };
    let mut found = Vec::new();
    for dependency in &package.dependencies {
        if dependency.kind.as_deref() == Some("dev") {
            continue;
        }
        let other = dependency.name.as_str();
        let ours = other.starts_with("waarborg") || other == "xtask";
        if ours && !names(may, other) {
            let allowed = if may.is_empty() {
                "nothing of ours"
            } else {
                may
            };
            found.push(format!(
                "`{name}` imports `{other}`; it may import {allowed}"
            ));
        }
        if let Some((_, cage)) = CAGES.iter().find(|(crate_name, _)| *crate_name == other)
            && name != "waarborg-it"
            && !names(cage, name)
        {
            found.push(format!("`{name}` names `{other}`, which only {cage} may"));
        }
        if in_lib && NOT_IN_LIB.contains(&other) {
            found.push(format!(
                "`{name}` names `{other}`; a crate in lib/ neither waits nor does I/O"
            ));
        }
    }
    found
}

/// Whether a list of short names holds this package.
fn names(list: &str, package: &str) -> bool {
    let short = package.strip_prefix("waarborg-").unwrap_or(package);
    list == "*" || list.split(' ').any(|word| word == short)
}

#[cfg(test)]
mod tests {
    use super::breaches;
    use crate::workspace::{Dependency, Package};

    fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        Package {
            name: name.into(),
            version: "0.1.0".into(),
            license: None,
            source: None,
            manifest_path: "Cargo.toml".into(),
            dependencies: dependencies
                .iter()
                .map(|(name, kind)| Dependency {
                    name: (*name).into(),
                    kind: kind.map(str::to_owned),
                })
                .collect(),
        }
    }

    #[test]
    fn the_edge_may_name_the_seam_and_not_the_store() {
        let honest = package(
            "waarborg-edge",
            &[("waarborg-seam", None), ("tokio-rustls", None)],
        );
        assert!(breaches(&honest, false).is_empty());
        let found = breaches(
            &package("waarborg-edge", &[("waarborg-store", None)]),
            false,
        );
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("`waarborg-edge` imports `waarborg-store`"));
    }

    #[test]
    fn a_caged_crate_outside_its_cage_is_found() {
        assert!(breaches(&package("waarborg-store", &[("sqlx", None)]), false).is_empty());
        assert_eq!(
            breaches(&package("waarborg-control", &[("sqlx", None)]), false).len(),
            1
        );
        assert_eq!(
            breaches(&package("waarborg-promises", &[("rustls", None)]), false).len(),
            1
        );
    }

    #[test]
    fn a_library_may_test_with_tokio_but_not_depend_on_it() {
        let testing = package("waarborg-h1", &[("tokio", Some("dev"))]);
        assert!(breaches(&testing, true).is_empty());
        assert_eq!(
            breaches(&package("waarborg-h1", &[("tokio", None)]), true).len(),
            1
        );
        assert_eq!(
            breaches(&package("waarborg-h1", &[("tokio", Some("build"))]), true).len(),
            1
        );
    }

    #[test]
    fn a_package_without_a_wall_is_found() {
        assert_eq!(breaches(&package("waarborg-new", &[]), false).len(), 1);
    }
}
