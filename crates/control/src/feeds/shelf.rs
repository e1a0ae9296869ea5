//! What was taken last of each feed, on disk: `feeds/NAME` as it came, and `feeds/NAME.json`
//! with where it came from and when it was good.
//!
//! The list is written first. Should the process end in between, the label beside it is an
//! older one: its ETag isn't the list's, so a label names the list's length and digest, and
//! one that doesn't fit is none.

use std::{fs, io, path::Path};

use config::{FeedSource, LIST_MAX, read_list};
use guards::block::Entry;
use serde::{Deserialize, Serialize};
use terms::Micros;

use crate::keeper::write_private;

/// The folder in the data folder.
const FOLDER: &str = "feeds";

/// What stands beside a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) url: String,
    pub(super) etag: Option<String>,
    pub(super) at: Micros,
}

/// A list that was taken, with its label.
pub(super) struct Kept {
    pub(super) etag: Option<String>,
    pub(super) at: Micros,
    pub(super) entries: Vec<Entry>,
}

#[derive(Serialize, Deserialize)]
struct Written {
    #[serde(flatten)]
    label: Label,
    digest: String,
}

/// Keeps a list.
pub(super) fn keep(data: &Path, name: &str, label: &Label, body: &[u8]) -> io::Result<()> {
    let folder = data.join(FOLDER);
    fs::create_dir_all(&folder)?;
    write_private(&folder, name, body)?;
    write_label(&folder, name, label, crate::digest(body))
}

/// Writes that a list is still good.
pub(super) fn label(data: &Path, name: &str, label: &Label) -> io::Result<()> {
    let folder = data.join(FOLDER);
    let Some(before) = read_label(&folder, name) else {
        return Ok(());
    };
    write_label(&folder, name, label, before.digest)
}

fn write_label(folder: &Path, name: &str, label: &Label, digest: String) -> io::Result<()> {
    let written = Written {
        label: label.clone(),
        digest,
    };
    let json = serde_json::to_vec(&written).map_err(io::Error::other)?;
    write_private(folder, &format!("{name}.json"), &json)
}

fn read_label(folder: &Path, name: &str) -> Option<Written> {
    let json = fs::read(folder.join(format!("{name}.json"))).ok()?;
    serde_json::from_slice(&json).ok()
}

/// What was taken last from where the feed is now; `None` where there is nothing whole.
pub(super) fn load(data: &Path, source: &FeedSource) -> Option<Kept> {
    let folder = data.join(FOLDER);
    let written = read_label(&folder, &source.name)?;
    let path = folder.join(&source.name);
    if written.label.url != source.url || fs::metadata(&path).ok()?.len() > LIST_MAX {
        return None;
    }
    let body = fs::read(&path).ok()?;
    if crate::digest(&body) != written.digest {
        return None;
    }
    Some(Kept {
        etag: written.label.etag,
        at: written.label.at,
        entries: read_list(&body).ok()?,
    })
}
