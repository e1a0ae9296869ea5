//! Settings that may stand in the store as well as in the file. The file goes before:
//! where it names a key, the store's value counts for nothing. Both are read by the same
//! code, so the store can't hold what the file couldn't.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use terms::Clock;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    config::Config,
    env::Env,
    hsts,
    key::Section,
    reader::{Reader, harmless},
    source::Source,
    table::Table,
    track,
};

/// The settings of a store: `section.key` to a value as the file would have it, text or
/// `true` and `false`.
pub type Stored = BTreeMap<String, Value>;

/// Keys that may stand in the store, each behind those that it depends on.
pub const STORABLE: [&str; 6] = [
    "hsts.max_age",
    "hsts.include_subdomains",
    "hsts.preload",
    "track.rotate_size",
    "track.retention",
    "track.addresses",
];

/// The file's own text, kept so that settings of the store can be laid under it.
#[derive(Clone)]
pub(crate) struct Own {
    file: PathBuf,
    text: Arc<str>,
}

impl Own {
    pub(crate) fn new(file: &Path, source: &Source) -> Self {
        Self {
            file: file.to_owned(),
            text: source.text().into(),
        }
    }
}

impl std::fmt::Debug for Own {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Own({})", self.file.display())
    }
}

/// What file and store make together.
#[derive(Debug)]
pub struct Settled {
    /// The whole.
    pub config: Config,
    /// The settings of the store that count, in the order of [`STORABLE`].
    pub taken: Vec<(&'static str, Value)>,
    /// Those that don't, because the file names their key.
    pub shadowed: Vec<&'static str>,
    /// Those that don't, because they can't.
    pub ignored: Vec<Ignored>,
}

/// A setting of the store that can't count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ignored {
    /// Its key; cut where it is endless.
    pub key: String,
    /// Why, in the words of a mistake in the file.
    pub why: String,
}

impl Config {
    /// This configuration of a file with what stands in the store, where the file
    /// doesn't name the key. A setting that can't be taken, or not together with those
    /// before it, is left out.
    pub fn with_stored(&self, stored: &Stored) -> Settled {
        let mut settled = Settled {
            config: self.clone(),
            taken: Vec::new(),
            shadowed: Vec::new(),
            ignored: Vec::new(),
        };
        for name in STORABLE {
            let Some(value) = stored.get(name) else {
                continue;
            };
            if self.names(name) {
                settled.shadowed.push(name);
                continue;
            }
            settled.taken.push((name, value.clone()));
            match self.read_again(&settled.taken) {
                Ok(config) => settled.config = config,
                Err(why) => {
                    settled.taken.pop();
                    settled.ignored.push(Ignored {
                        key: name.to_owned(),
                        why,
                    });
                }
            }
        }
        let unknown = stored.keys().filter(|key| !STORABLE.contains(&&***key));
        settled.ignored.extend(unknown.map(|key| Ignored {
            key: harmless(key),
            why: format!(
                "there is no such setting; expected one of {}",
                STORABLE.join(", ")
            ),
        }));
        settled
    }

    /// Whether the file names a key such as `hsts.max_age`: it is then read-only
    /// elsewhere.
    pub fn names(&self, name: &str) -> bool {
        let (document, _) = DeTable::parse_recoverable(&self.own.text);
        let named = name.split_once('.').and_then(|(section, key)| {
            let section = document.get_ref().get(section)?;
            section.get_ref().as_table()?.get(key)
        });
        named.is_some()
    }

    /// The sections that may stand in the store, read with these settings laid under
    /// the file. The rest stays: what a file names (certificates, secrets) isn't read
    /// anew.
    fn read_again(&self, settings: &[(&'static str, Value)]) -> Result<Self, String> {
        let source = Arc::new(Source::new(&self.own.text));
        let (mut document, _) = DeTable::parse_recoverable(source.text());
        for (name, value) in settings {
            lay_under(document.get_mut(), name, value)?;
        }
        let env = Env::given(Clock::System);
        let reader = Reader::new(&self.own.file, source.clone(), &env);
        let part = |section: &'static Section, name: &str| {
            let value = document.get_ref().get(name);
            let table = value.and_then(|value| value.get_ref().as_table());
            Table::new(&reader, section, table, 0..0)
        };
        let hsts = hsts::read(&part(&hsts::SECTION, "hsts"));
        let track = track::read(&part(&track::SECTION, "track"), &self.data);
        let mistakes = reader.into_findings().mistakes;
        if let Some(mistake) = mistakes.first() {
            let expected = mistake.expected.as_deref().unwrap_or("another value");
            return Err(format!("{}; expected {expected}", mistake.what));
        }
        Ok(Self {
            hsts,
            track,
            ..self.clone()
        })
    }
}

/// Puts a setting where the file would have it.
fn lay_under(document: &mut DeTable<'_>, name: &'static str, value: &Value) -> Result<(), String> {
    let value = match value {
        Value::String(text) => DeValue::String(text.clone().into()),
        Value::Bool(switch) => DeValue::Boolean(*switch),
        other => {
            return Err(format!(
                "{}; expected text, true or false",
                harmless(&other.to_string())
            ));
        }
    };
    let (section, key) = name.split_once('.').unwrap_or(("", name));
    if document.get(section).is_none() {
        let table = DeValue::Table(DeTable::new());
        document.insert(
            Spanned::new(0..0, section.into()),
            Spanned::new(0..0, table),
        );
    }
    if let Some(DeValue::Table(table)) = document.get_mut(section).map(Spanned::get_mut) {
        table.insert(Spanned::new(0..0, key.into()), Spanned::new(0..0, value));
    }
    Ok(())
}
