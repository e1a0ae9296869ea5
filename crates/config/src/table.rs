//! Reading a section key by key. Every read goes through a [`Key`], so what isn't on
//! the list can't be read, and what is wrong is said in the same words everywhere.

use std::{ops::Range, path::PathBuf, time::Duration};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    key::{Absent, Form, Key, Section},
    mistake::Kind,
    nearest::nearest,
    reader::{At, Reader, Say, quoted, shown},
    scalar::{self, Wrong},
};

mod sections;

/// One section of the file; `table` is `None` when it isn't there, which reads as if
/// it stood there empty.
#[derive(Clone)]
pub(crate) struct Table<'r, 't> {
    pub(crate) reader: &'r Reader<'r>,
    section: &'static Section,
    table: Option<&'t DeTable<'t>>,
    header: Range<usize>,
}

impl<'r, 't> Table<'r, 't> {
    pub(crate) const fn new(
        reader: &'r Reader<'r>,
        section: &'static Section,
        table: Option<&'t DeTable<'t>>,
        header: Range<usize>,
    ) -> Self {
        Self {
            reader,
            section,
            table,
            header,
        }
    }

    /// Whether this is the top of the file.
    pub(crate) const fn is_top(&self) -> bool {
        self.section.header.is_empty()
    }

    /// Whether the key stands in the file.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.entry(key).is_some()
    }

    /// Where the value of the key stands, or the section's header without one.
    pub(crate) fn span(&self, key: &Key) -> Range<usize> {
        self.entry(key)
            .map_or_else(|| self.header.clone(), Spanned::span)
    }

    fn entry(&self, key: &Key) -> Option<&'t Spanned<DeValue<'t>>> {
        self.table?.get(key.name)
    }

    /// The value in the file; where it is missing but required, that is said.
    fn value(&self, key: &'static Key) -> Option<&'t Spanned<DeValue<'t>>> {
        debug_assert!(
            self.section.keys.iter().any(|known| known.name == key.name),
            "`{}` isn't on the list of `{}`",
            key.name,
            self.section.header
        );
        let value = self.entry(key);
        if value.is_none() && matches!(key.absent, Absent::Required("")) {
            self.missing(key);
        }
        value
    }

    /// Says that a key is missing which is needed here.
    pub(crate) fn missing(&self, key: &Key) {
        let help = match key.form {
            Form::Section(section) => format!("add `{}`", section.header),
            _ => format!("add `{} = {}`", key.name, key.example),
        };
        self.missing_for(key, help);
    }

    /// As [`Self::missing`], where more than the key alone helps.
    pub(crate) fn missing_for(&self, key: &Key, help: String) {
        let say = Say::what(format!("`{}` is missing", key.name)).expected(key.form.expected());
        self.reader
            .mistake(Kind::Missing, &self.header, say.help(help));
    }

    fn wrong_type(&self, key: &Key, value: &Spanned<DeValue<'_>>) {
        let mut say = Say::what(format!("`{}` is {}", key.name, shown(value.get_ref())))
            .expected(key.form.expected());
        say.help = match (&key.form, value.get_ref()) {
            (Form::Duration(..), DeValue::Integer(number)) => {
                Some(format!("with its unit: `\"{}s\"`", number.as_str()))
            }
            (Form::Size(..), DeValue::Integer(number)) => {
                Some(format!("with its unit: `\"{}B\"`", number.as_str()))
            }
            (Form::Count(..) | Form::Switch, DeValue::String(text))
                if text.parse::<u64>().is_ok() || matches!(&**text, "true" | "false") =>
            {
                Some(format!("without quotes: `{} = {text}`", key.name))
            }
            (Form::Section(section), _) => Some(format!("write `{}`", section.header)),
            _ => None,
        };
        self.reader.mistake(Kind::WrongType, &value.span(), say);
    }

    fn wrong(&self, key: &Key, value: &At<&str>, kind: Kind, wrong: Wrong) {
        let mut say = Say::what(format!("`{}` is {}", key.name, quoted(value.value)));
        say.expected = wrong.expected.or_else(|| Some(key.form.expected()));
        say.help = wrong.help;
        self.reader.mistake(kind, &value.span, say);
    }

    /// Text, or its default's text.
    fn given(&self, key: &'static Key) -> Option<At<&'t str>> {
        let Some(value) = self.value(key) else {
            let Absent::Default(text) = key.absent else {
                return None;
            };
            return Some(At {
                value: text,
                span: self.header.clone(),
            });
        };
        let Some(text) = value.get_ref().as_str() else {
            self.wrong_type(key, value);
            return None;
        };
        Some(At {
            value: text,
            span: value.span(),
        })
    }

    /// Text in the form that `parse` reads.
    pub(crate) fn text<T>(
        &self,
        key: &'static Key,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        let text = self.given(key)?;
        match parse(text.value) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.wrong(key, &text, Kind::Malformed, wrong);
                None
            }
        }
    }

    /// One text or a list; what can't be read is said and left out. An empty list is a
    /// mistake: it would mean the same as the key's absence, or nothing.
    pub(crate) fn texts<T>(
        &self,
        key: &'static Key,
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Vec<At<T>> {
        let Some(value) = self.value(key) else {
            return match key.absent {
                Absent::Default(text) => parse(text)
                    .into_iter()
                    .map(|value| self.at(value))
                    .collect(),
                _ => Vec::new(),
            };
        };
        let one = std::slice::from_ref(value);
        let items: &[_] = value.get_ref().as_array().map_or(one, |list| list);
        let most = if let Form::Texts(_, most) = key.form {
            most
        } else {
            1
        };
        if items.is_empty() || items.len() > most {
            let say = Say::what(format!("`{}` has {} entries", key.name, items.len()))
                .expected(format!("1 to {most}"));
            self.reader.mistake(Kind::OutOfRange, &value.span(), say);
            return Vec::new();
        }
        let mut read = Vec::new();
        for item in items {
            let Some(text) = item.get_ref().as_str() else {
                self.wrong_type(key, item);
                continue;
            };
            match parse(text) {
                Ok(value) => read.push(At {
                    value,
                    span: item.span(),
                }),
                Err(wrong) => {
                    let text = At {
                        value: text,
                        span: item.span(),
                    };
                    self.wrong(key, &text, Kind::Malformed, wrong);
                }
            }
        }
        read
    }

    fn at<T>(&self, value: T) -> At<T> {
        At {
            value,
            span: self.header.clone(),
        }
    }

    /// A path, relative ones beside the file.
    pub(crate) fn path(&self, key: &'static Key) -> Option<PathBuf> {
        self.text(key, |text| {
            if text.is_empty() || text.contains('\0') {
                return Err(Wrong::PLAIN);
            }
            Ok(scalar::beside(&self.reader.folder, text))
        })
    }

    /// One of the key's words.
    pub(crate) fn word(&self, key: &'static Key) -> Option<&'static str> {
        let text = self.given(key)?;
        let Form::Word(words) = key.form else {
            return None;
        };
        let found = words.iter().find(|(word, _)| *word == text.value);
        if found.is_none() {
            let near = nearest(text.value, words.iter().map(|(word, _)| *word));
            let wrong = Wrong {
                expected: None,
                help: near.map(|word| format!("did you mean \"{word}\"?")),
            };
            self.wrong(key, &text, Kind::Malformed, wrong);
        }
        found.map(|(word, _)| *word)
    }

    /// `true` or `false`.
    pub(crate) fn switch(&self, key: &'static Key) -> bool {
        let default = matches!(key.absent, Absent::Default("true"));
        let Some(value) = self.value(key) else {
            return default;
        };
        value.get_ref().as_bool().unwrap_or_else(|| {
            self.wrong_type(key, value);
            default
        })
    }

    /// A duration within the key's limits.
    pub(crate) fn duration(&self, key: &'static Key) -> Duration {
        let (least, most) = match key.form {
            Form::Duration(least, most) => (least.as_secs(), most.as_secs()),
            _ => (0, u64::MAX),
        };
        let seconds = self.amount(key, scalar::duration, least, most);
        Duration::from_secs(seconds.unwrap_or(least))
    }

    /// A size in bytes within the key's limits; `None` where nothing is said.
    pub(crate) fn size(&self, key: &'static Key) -> Option<u64> {
        let (least, most) = match key.form {
            Form::Size(least, most) => (least, most),
            _ => (0, u64::MAX),
        };
        self.amount(key, scalar::size, least, most)
    }

    fn amount(
        &self,
        key: &'static Key,
        parse: fn(&str) -> Result<u64, Wrong>,
        least: u64,
        most: u64,
    ) -> Option<u64> {
        let text = self.given(key)?;
        match parse(text.value) {
            Ok(amount) if (least..=most).contains(&amount) => Some(amount),
            Ok(_) => {
                self.wrong(key, &text, Kind::OutOfRange, Wrong::PLAIN);
                None
            }
            Err(wrong) => {
                self.wrong(key, &text, Kind::Malformed, wrong);
                None
            }
        }
    }

    /// A whole number within the key's limits; `None` where nothing is said.
    pub(crate) fn count(&self, key: &'static Key) -> Option<u64> {
        let (least, most) = match key.form {
            Form::Count(least, most, _) => (least, most),
            _ => (0, u64::MAX),
        };
        let Some(value) = self.value(key) else {
            return match key.absent {
                Absent::Default(text) => text.parse().ok(),
                _ => None,
            };
        };
        let Some(number) = value.get_ref().as_integer() else {
            self.wrong_type(key, value);
            return None;
        };
        let read = u64::from_str_radix(number.as_str(), number.radix()).ok();
        let read = read.filter(|number| (least..=most).contains(number));
        if read.is_none() {
            let say =
                Say::what(format!("`{}` is {number}", key.name)).expected(key.form.expected());
            self.reader.mistake(Kind::OutOfRange, &value.span(), say);
        }
        read
    }

    /// The value of a key that must not stand in the file itself, to be read elsewhere.
    pub(crate) fn secret(&self, key: &'static Key) -> Option<At<&'t Spanned<DeValue<'t>>>> {
        let value = self.value(key)?;
        Some(At {
            value,
            span: value.span(),
        })
    }
}
