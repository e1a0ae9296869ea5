//! The checks of `cargo deny check bans licenses sources`, from the same `deny.toml`,
//! without building cargo-deny.
//!
//! `cargo metadata` knows licences and sources but lists packages whose features are
//! off; `cargo tree` says which ones are really built, and by whom they are named.
//! A key of `deny.toml` that isn't understood here is a failure: nothing is passed over.

mod spdx;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use crate::{
    process::{Failure, cargo, output, verdict},
    workspace::{Package, Workspace},
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Policy {
    #[serde(rename = "graph")]
    _graph: Graph,
    licenses: Licenses,
    bans: Bans,
    sources: Sources,
}

/// Read by cargo-deny only; here the graph is what the workspace builds by default.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Graph {
    #[serde(rename = "all-features")]
    _all_features: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Licenses {
    allow: BTreeSet<String>,
    #[serde(default)]
    exceptions: Vec<Exception>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Exception {
    #[serde(rename = "crate")]
    name: String,
    allow: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Bans {
    /// Only `allow` is known here.
    multiple_versions: Allowed,
    deny: Vec<Ban>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Allowed {
    Allow,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ban {
    #[serde(rename = "crate")]
    name: String,
    reason: String,
    /// The only packages that may name it; empty: nobody may.
    #[serde(default)]
    wrappers: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Sources {
    #[serde(rename = "unknown-registry")]
    _unknown_registry: Denied,
    #[serde(rename = "unknown-git")]
    _unknown_git: Denied,
    allow_registry: BTreeSet<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Denied {
    Deny,
}

/// Which packages are built, and which of them name each: `name version` to names.
type Built = BTreeMap<String, BTreeSet<String>>;

/// Reads the policy and the graph and prints every finding.
pub(crate) fn run(workspace: &Workspace) -> Result<(), Failure> {
    let policy: Policy = toml::from_str(&workspace.text("deny.toml")?)
        .map_err(|error| Failure(format!("deny.toml: {error}")))?;
    let Allowed::Allow = policy.bans.multiple_versions;
    let whole = Workspace::read_with_dependencies()?;
    let built = built(&output(cargo().current_dir(&workspace.root).args([
        "tree",
        "--locked",
        "--workspace",
        "--target=all",
        "--edges=normal,build,dev",
        "--prefix=depth",
        "--format= {p}",
    ]))?)?;
    let mut findings = Vec::new();
    let mut count = 0;
    for package in &whole.packages {
        let Some(parents) = built.get(&format!("{} {}", package.name, package.version)) else {
            continue;
        };
        count += 1;
        findings.extend(license(&policy.licenses, package));
        findings.extend(ban(&policy.bans, package, parents));
        if !package.manifest_path.starts_with(&workspace.root) {
            findings.extend(source(&policy.sources, package));
        }
    }
    verdict(
        "deny",
        &findings,
        &format!("{count} packages: bans, licenses and sources are in order"),
    )
}

/// Reads `cargo tree --prefix=depth`: `2 name v1.0.0 (…)`, one line per edge.
fn built(tree: &str) -> Result<Built, Failure> {
    let mut built = Built::new();
    let mut path: Vec<String> = Vec::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let mut words = line.split(' ');
        let depth = words.next().and_then(|word| word.parse::<usize>().ok());
        let (Some(depth), Some(name), Some(version)) = (depth, words.next(), words.next()) else {
            return Err(Failure(format!(
                "`cargo tree` wrote a line unlike others: `{line}`"
            )));
        };
        let version = version.trim_start_matches('v');
        path.truncate(depth);
        let parents = built.entry(format!("{name} {version}")).or_default();
        parents.extend(path.last().cloned());
        path.push(name.to_owned());
    }
    Ok(built)
}

fn license(policy: &Licenses, package: &Package) -> Option<String> {
    let Package { name, version, .. } = package;
    let Some(expression) = &package.license else {
        return Some(format!("`{name} {version}` names no licence"));
    };
    let allowed = |license: &str| {
        policy.allow.contains(license)
            || policy
                .exceptions
                .iter()
                .any(|exception| exception.name == *name && exception.allow.contains(license))
    };
    match spdx::satisfied(expression, allowed) {
        Ok(true) => None,
        Ok(false) => Some(format!(
            "`{name} {version}` is `{expression}`, which isn't allowed"
        )),
        Err(error) => Some(format!(
            "`{name} {version}`: licence `{expression}`: {error}"
        )),
    }
}

fn ban(policy: &Bans, package: &Package, parents: &BTreeSet<String>) -> Option<String> {
    let ban = policy.deny.iter().find(|ban| ban.name == package.name)?;
    let strangers: Vec<&str> = parents
        .iter()
        .filter(|parent| !ban.wrappers.contains(*parent))
        .map(String::as_str)
        .collect();
    if !ban.wrappers.is_empty() && strangers.is_empty() {
        return None;
    }
    Some(format!(
        "`{} {}` is banned ({}); named by {}",
        package.name,
        package.version,
        ban.reason,
        strangers.join(", ")
    ))
}

fn source(policy: &Sources, package: &Package) -> Option<String> {
    let source = package
        .source
        .as_deref()
        .unwrap_or("a path outside the workspace");
    let known = source
        .strip_prefix("registry+")
        .is_some_and(|registry| policy.allow_registry.contains(registry));
    (!known).then(|| format!("`{} {}` comes from {source}", package.name, package.version))
}

#[cfg(test)]
mod tests;
