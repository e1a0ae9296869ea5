//! What cargo says of the workspace, and the files in it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use crate::process::{Failure, cargo, output};

/// The members of the workspace and where it lies.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    #[serde(rename = "workspace_root")]
    pub(crate) root: PathBuf,
    #[serde(rename = "target_directory")]
    pub(crate) target: PathBuf,
    pub(crate) packages: Vec<Package>,
}

/// A package as `cargo metadata` describes it: only what the checks read.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// `registry+…` or `git+…`; none for a path.
    pub(crate) source: Option<String>,
    pub(crate) manifest_path: PathBuf,
    pub(crate) dependencies: Vec<Dependency>,
}

/// A line of a manifest's dependencies.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    /// The package's own name, whatever the manifest calls it.
    pub(crate) name: String,
    /// `dev` or `build`; none for a normal one.
    pub(crate) kind: Option<String>,
}

impl Workspace {
    /// The members, with the dependencies their manifests name.
    pub(crate) fn read() -> Result<Self, Failure> {
        Self::ask(&["--no-deps"])
    }

    /// The members and every package of the lock file, on every platform.
    pub(crate) fn read_with_dependencies() -> Result<Self, Failure> {
        Self::ask(&["--locked"])
    }

    fn ask(arguments: &[&str]) -> Result<Self, Failure> {
        // The manifest beside this program's own source: the command works from any folder.
        // Cargo says where that is now; what was compiled in may be another clone's that
        // shares the target folder.
        let compiled = || env!("CARGO_MANIFEST_DIR").to_owned();
        let here = std::env::var("CARGO_MANIFEST_DIR").unwrap_or_else(|_| compiled());
        let manifest = Path::new(&here).join("../Cargo.toml");
        let json = output(
            cargo()
                .args(["metadata", "--format-version", "1", "--manifest-path"])
                .arg(manifest)
                .args(arguments),
        )?;
        serde_json::from_str(&json)
            .map_err(|error| Failure(format!("cargo metadata can't be read: {error}")))
    }

    /// The text of a file of the workspace.
    pub(crate) fn text(&self, path: &str) -> Result<String, Failure> {
        let path = self.root.join(path);
        fs::read_to_string(&path).map_err(|error| Failure::file(&path, &error))
    }

    /// Every file of ours below the named folders, as paths from the root, sorted.
    pub(crate) fn files(&self, folders: &[&str]) -> Result<Vec<String>, Failure> {
        let mut waiting: Vec<PathBuf> = folders.iter().map(|name| self.root.join(name)).collect();
        let mut files = Vec::new();
        while let Some(folder) = waiting.pop() {
            if !folder.is_dir() {
                continue;
            }
            let entries = fs::read_dir(&folder).map_err(|error| Failure::file(&folder, &error))?;
            for entry in entries {
                let entry = entry.map_err(|error| Failure::file(&folder, &error))?;
                let kind = entry
                    .file_type()
                    .map_err(|error| Failure::file(&entry.path(), &error))?;
                let foreign = ["target", "node_modules", "corpus", "artifacts", "runs"]
                    .iter()
                    .any(|name| entry.file_name() == *name);
                if kind.is_dir() && !foreign {
                    waiting.push(entry.path());
                } else if kind.is_file()
                    && let Ok(path) = entry.path().strip_prefix(&self.root)
                {
                    files.push(path.to_string_lossy().into_owned());
                }
            }
        }
        files.sort();
        Ok(files)
    }
}
