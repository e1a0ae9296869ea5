//! Reading a section key by key. Every read goes through a [`Key`], so what isn't on
//! the list can't be read, and what is wrong is said in the same words everywhere.

use std::{
    cell::RefCell,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    env::Env,
    key::{Absent, Form, Key, Section},
    later,
    mistake::{Kind, Mistake},
    nearest::nearest,
    scalar::{self, Wrong},
    secrecy,
    source::Source,
};

/// A value and the bytes of the file it came from.
#[derive(Debug, Clone)]
pub(crate) struct At<T> {
    pub(crate) value: T,
    pub(crate) span: Range<usize>,
}

/// What is said of a mistake.
pub(crate) struct Say {
    what: String,
    expected: Option<String>,
    help: Option<String>,
}

impl Say {
    pub(crate) fn what(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            expected: None,
            help: None,
        }
    }

    pub(crate) fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// What all sections share while one file is read.
pub(crate) struct Reader<'e> {
    pub(crate) env: &'e Env,
    pub(crate) folder: PathBuf,
    source: Arc<Source>,
    found: RefCell<Findings>,
}

/// What reading a file has brought to light.
#[derive(Default)]
pub(crate) struct Findings {
    pub(crate) mistakes: Vec<Mistake>,
    pub(crate) warnings: Vec<Mistake>,
}

impl<'e> Reader<'e> {
    pub(crate) fn new(file: &Path, source: Arc<Source>, env: &'e Env) -> Self {
        Self {
            env,
            folder: file.parent().unwrap_or(Path::new("")).to_owned(),
            source,
            found: RefCell::default(),
        }
    }

    pub(crate) fn into_findings(self) -> Findings {
        self.found.into_inner()
    }

    pub(crate) fn mistake(&self, kind: Kind, span: &Range<usize>, say: Say) {
        let mistake = self.made(kind, span, say);
        self.found.borrow_mut().mistakes.push(mistake);
    }

    pub(crate) fn warning(&self, kind: Kind, span: &Range<usize>, say: Say) {
        let warning = self.made(kind, span, say);
        self.found.borrow_mut().warnings.push(warning);
    }

    fn made(&self, kind: Kind, span: &Range<usize>, say: Say) -> Mistake {
        Mistake {
            kind,
            place: Some(self.source.place(span)),
            what: harmless(&say.what),
            expected: say.expected.as_deref().map(harmless),
            help: say.help.as_deref().map(harmless),
        }
    }
}

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
        let say = Say::what(format!("`{}` is missing", key.name)).expected(key.form.expected());
        let help = match key.form {
            Form::Section(section) => format!("add `{}`", section.header),
            _ => format!("add `{} = {}`", key.name, key.example),
        };
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
        if found.is_none() && !later::word(self, key, &text) {
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
            whole.unnamed(&whole.header, "this section names none".to_owned());
        }
        for (name, value) in entries {
            let Some(table) = value.get_ref().as_table() else {
                let what = format!("{} stands in none", ticked(name.get_ref()));
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

    fn unnamed(&self, span: &Range<usize>, what: String) {
        let header = self.section.header.replace("host", "app.example.com");
        let say = Say::what(what).expected(format!("a host: `{header}`"));
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

/// Characters of a line of a report.
const SAID_MAX: usize = 400;

/// Foreign text in a report: not endless, and nothing that drives a terminal.
pub(crate) fn harmless(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    let shown = secrecy::without_passwords(text);
    shown.chars().take(SAID_MAX).map(plain).collect()
}

/// A value as it is named in a message; never a secret's.
pub(crate) fn shown(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => quoted(text),
        DeValue::Integer(number) => cut(&number.to_string()),
        DeValue::Float(number) => cut(&number.to_string()),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => format!("the time {time}"),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

/// Text in quotes, short.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", cut(text))
}

fn ticked(text: &str) -> String {
    format!("`{}`", cut(text))
}

/// Characters of a foreign value that a message shows.
const SHOWN_MAX: usize = 60;

fn cut(text: &str) -> String {
    let mut short: String = text.chars().take(SHOWN_MAX).collect();
    if text.chars().nth(SHOWN_MAX).is_some() {
        short.push('…');
    }
    short
}
