//! Sections below sections, and the keys that nobody knows.

use std::ops::Range;

use toml::de::DeTable;

use super::Table;
use crate::{
    key::{Form, Key},
    later,
    mistake::Kind,
    nearest::nearest,
    reader::{At, Say, ticked},
    scalar,
};

impl<'r, 't> Table<'r, 't> {
    /// A section below this one.
    pub(crate) fn part(&self, key: &'static Key) -> Table<'r, 't> {
        let Form::Section(section) = key.form else {
            return self.clone();
        };
        let mut table = Table::new(self.reader, section, None, self.header.clone());
        if let Some(value) = self.value(key) {
            table.header = value.span();
            table.table = value.get_ref().as_table();
            if table.table.is_none() {
                self.wrong_type(key, value);
            }
        }
        table
    }

    /// The sections below a key whose names the owner chooses, in the file's order.
    pub(crate) fn named_parts(&self, key: &'static Key) -> Vec<(At<&'t str>, Table<'r, 't>)> {
        let whole = self.part(key);
        let mut parts = Vec::new();
        let entries = whole.table.into_iter().flatten();
        if whole.table.is_some_and(DeTable::is_empty) {
            whole.unnamed(
                &whole.header,
                format!("this section names no {}", whole.what()),
            );
        }
        for (name, value) in entries {
            let Some(table) = value.get_ref().as_table() else {
                let what = format!(
                    "{} stands in a section that names no {}",
                    ticked(name.get_ref()),
                    whole.what()
                );
                whole.unnamed(&name.span(), what);
                continue;
            };
            if let Some(dotted) = whole.dotted(name.get_ref(), table) {
                let say = Say::what(format!("{} isn't in quotes", ticked(&dotted)))
                    .expected(whole.section.header.replace("host", &dotted))
                    .help("a dot outside quotes begins a section within a section");
                self.reader.mistake(Kind::Malformed, &name.span(), say);
                continue;
            }
            let at = At {
                value: name.get_ref().as_ref(),
                span: name.span(),
            };
            // A header written with dots has no span of its own.
            let header = if value.span().is_empty() {
                name.span()
            } else {
                value.span()
            };
            parts.push((
                at,
                Table::new(self.reader, whole.section, Some(table), header),
            ));
        }
        parts.sort_by_key(|(name, _)| name.span.start);
        parts
    }

    /// What a section below this key is named after.
    fn what(&self) -> &'static str {
        if self.section.header.contains("host") {
            "host"
        } else {
            "feed"
        }
    }

    fn unnamed(&self, span: &Range<usize>, what: String) {
        let header = self.section.header.replace("host", "app.example.com");
        let say = Say::what(what).expected(format!("`{header}`"));
        self.reader.mistake(Kind::Missing, span, say);
    }

    /// The name that was meant by `[site.app.example.com]`, which TOML takes for
    /// sections within sections.
    fn dotted(&self, name: &str, table: &DeTable<'_>) -> Option<String> {
        let known = |word: &str| self.section.keys.iter().any(|key| key.name == word);
        let mut whole = name.to_owned();
        let mut table = table;
        // A name has at most 127 labels.
        for _ in 0..127 {
            let below = table.iter().find_map(|(name, value)| {
                let below = value.get_ref().as_table()?;
                (!known(name.get_ref())).then_some((name.get_ref(), below))
            });
            let Some((name, below)) = below else { break };
            whole = format!("{whole}.{name}");
            table = below;
        }
        (whole != name && scalar::host(&whole).is_ok()).then_some(whole)
    }

    /// The entries of a list of sections.
    pub(crate) fn parts(&self, key: &'static Key) -> Vec<Table<'r, 't>> {
        let (Some(value), Form::Section(section)) = (self.value(key), key.form) else {
            return Vec::new();
        };
        let Some(list) = value.get_ref().as_array() else {
            self.wrong_type(key, value);
            return Vec::new();
        };
        let mut parts = Vec::new();
        for item in list {
            match item.get_ref().as_table() {
                Some(table) => {
                    parts.push(Table::new(self.reader, section, Some(table), item.span()));
                }
                None => self.wrong_type(key, item),
            }
        }
        parts
    }

    /// Says which keys of the file nobody knows. Call it last.
    pub(crate) fn finish(&self) {
        for (name, value) in self.table.into_iter().flatten() {
            let (word, span) = (name.get_ref(), name.span());
            if self.section.keys.iter().any(|key| key.name == *word) {
                continue;
            }
            if later::key(self, word, &span) {
                continue;
            }
            let thing = if value.get_ref().is_table() && self.section.header.is_empty() {
                "section"
            } else {
                "key"
            };
            let place = match self.section.header {
                "" => String::new(),
                header => format!(" in `{header}`"),
            };
            let mut say = Say::what(format!("there is no {thing} {}{place}", ticked(word)));
            let near = nearest(word, self.section.keys.iter().map(|key| key.name));
            say.help = near
                .map(|near| format!("did you mean `{near}`?"))
                .or_else(|| {
                    let other = crate::sections().into_iter().find(|section| {
                        section.header != self.section.header
                            && section.keys.iter().any(|key| key.name == *word)
                    })?;
                    Some(match other.header {
                        "" => format!(
                            "`{word}` stands at the top of the file, before the first section"
                        ),
                        header => format!("`{word}` belongs to `{header}`"),
                    })
                });
            if say.help.is_none() {
                let names: Vec<_> = self.section.keys.iter().map(|key| key.name).collect();
                let few = if names.len() > 1 { "one of " } else { "" };
                say = say.expected(format!("{few}{}", names.join(", ")));
            }
            self.reader.mistake(Kind::Unknown, &span, say);
        }
    }
}
