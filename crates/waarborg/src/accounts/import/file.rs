//! Reads a file with accounts: CSV (RFC 4180) with a header line, or that of htpasswd.
//!
//! Any bytes are either read or refused. Every line that isn't as it should be is named
//! with its number; the values themselves are judged by whoever takes them.

use std::{collections::HashMap, fmt};

use terms::Secret;

/// Largest file, in bytes.
pub(crate) const FILE_MAX: u64 = 64 * 1024 * 1024;
/// Longest value, in bytes: nothing that is kept is nearly as long.
const VALUE_MAX: usize = 4096;
/// Most groups of one account.
const GROUPS_MAX: usize = 100;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// Values separated by commas, with a header line.
    Csv,
    /// `name:hash` in each line.
    Htpasswd,
}

/// A line with an account. Texts are as they stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    /// Its number; the first line is 1.
    pub(crate) number: usize,
    pub(crate) name: String,
    /// Empty where there is none, as all that follows.
    pub(crate) email: String,
    pub(crate) display: String,
    pub(crate) groups: Vec<String>,
    pub(crate) hash: Secret<String>,
}

/// What is wrong with a line, and what was expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mistake {
    pub(crate) number: usize,
    pub(crate) why: String,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    pub(crate) lines: Vec<Line>,
    pub(crate) mistakes: Vec<Mistake>,
}

/// The file as a whole isn't one of these.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unreadable {
    /// Nothing in it.
    #[error(
        "it is empty: expected a header line such as `name,email,password_hash`, or lines of htpasswd"
    )]
    Empty,
    /// It isn't UTF-8.
    #[error("line {line} isn't UTF-8: save the file in UTF-8")]
    NotUtf8 {
        /// The first such line.
        line: usize,
    },
    /// The first line is of neither form.
    #[error(
        "line {line} is neither a header line such as `name,email,password_hash` nor `name:hash` \
         as htpasswd writes it"
    )]
    NoForm {
        /// Which it is.
        line: usize,
    },
    /// The header can't be used.
    #[error("the header line: {0}")]
    Header(String),
}

/// Reads a file; `form` is told from its first line unless it is given.
pub(crate) fn read(bytes: &[u8], form: Option<Form>) -> Result<Content, Unreadable> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let good = bytes.get(..error.valid_up_to()).unwrap_or_default();
        let line = 1 + good.iter().filter(|byte| **byte == b'\n').count();
        Unreadable::NotUtf8 { line }
    })?;
    let mut content = match form.map_or_else(|| form_of(text), Ok)? {
        Form::Csv => csv(text)?,
        Form::Htpasswd => htpasswd(text),
    };
    content.find_doubles();
    Ok(content)
}

/// Lines with their numbers, without their ends.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines())
}

fn form_of(text: &str) -> Result<Form, Unreadable> {
    let telling = |line: &str| !line.trim().is_empty() && !line.starts_with('#');
    let mut telling = lines(text).filter(|(_, line)| telling(line));
    let (line, first) = telling.next().ok_or(Unreadable::Empty)?;
    let column = |name: &str| Column::named(name).is_some();
    if first.contains(',') || first.trim().trim_matches('"').eq_ignore_ascii_case("name") {
        Ok(Form::Csv)
    } else if first.contains(':') {
        Ok(Form::Htpasswd)
    } else if first.split([';', '\t']).any(column) {
        let why = "its values aren't separated by commas: expected `name,email,…`";
        Err(Unreadable::Header(why.to_owned()))
    } else {
        Err(Unreadable::NoForm { line })
    }
}

impl Content {
    fn mistake(&mut self, number: usize, why: impl fmt::Display) {
        self.mistakes.push(Mistake {
            number,
            why: why.to_string(),
        });
    }

    /// Keeps a line unless it is too long for anything.
    fn keep(&mut self, line: Line) {
        let longest = [&line.name, &line.email, &line.display, line.hash.expose()]
            .into_iter()
            .chain(&line.groups)
            .map(String::len)
            .max();
        if longest.is_some_and(|longest| longest > VALUE_MAX) {
            let why = format!("a value is longer than {VALUE_MAX} bytes");
            self.mistake(line.number, why);
        } else if line.groups.len() > GROUPS_MAX {
            self.mistake(line.number, format!("more than {GROUPS_MAX} groups"));
        } else if line.name.is_empty() {
            self.mistake(line.number, "the name is empty");
        } else {
            self.lines.push(line);
        }
    }

    /// Of lines with the same name or address the first stays.
    fn find_doubles(&mut self) {
        let mut names: HashMap<String, usize> = HashMap::new();
        let mut emails: HashMap<String, usize> = HashMap::new();
        let mut doubles = Vec::new();
        self.lines.retain(|line| {
            let of = |text: &str| text.trim().to_lowercase();
            let (name, email) = (of(&line.name), of(&line.email));
            let same_name = names.get(&name).copied();
            let same_email = emails.get(&email).copied();
            let why = match (same_name, same_email) {
                (Some(first), _) => format!("the same name as in line {first}"),
                (None, Some(first)) => format!("the same e-mail address as in line {first}"),
                (None, None) => {
                    names.insert(name, line.number);
                    if !email.is_empty() {
                        emails.insert(email, line.number);
                    }
                    return true;
                }
            };
            doubles.push(Mistake {
                number: line.number,
                why,
            });
            false
        });
        self.mistakes.append(&mut doubles);
        self.mistakes.sort_by_key(|mistake| mistake.number);
    }
}

fn htpasswd(text: &str) -> Content {
    let mut content = Content::default();
    for (number, line) in lines(text) {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        let Some((name, rest)) = line.split_once(':') else {
            content.mistake(number, "no colon: expected `name:hash`");
            continue;
        };
        // What may follow is a remark.
        let hash = rest.split(':').next().unwrap_or_default().trim();
        if hash.is_empty() {
            content.mistake(number, "no hash behind the colon");
            continue;
        }
        content.keep(Line {
            number,
            name: name.to_owned(),
            email: String::new(),
            display: String::new(),
            groups: Vec::new(),
            hash: Secret::new(hash.to_owned()),
        });
    }
    content
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
    Name,
    Email,
    Display,
    Groups,
    Hash,
}

impl Column {
    const NAMES: [(&str, Self); 5] = [
        ("name", Self::Name),
        ("email", Self::Email),
        ("display", Self::Display),
        ("groups", Self::Groups),
        ("password_hash", Self::Hash),
    ];

    fn named(text: &str) -> Option<Self> {
        let text = text.trim();
        let found = Self::NAMES
            .iter()
            .find(|(name, _)| text.eq_ignore_ascii_case(name));
        found.map(|(_, column)| *column)
    }
}

fn header(values: &[String]) -> Result<Vec<Column>, Unreadable> {
    let mut columns = Vec::with_capacity(values.len());
    for value in values {
        let Some(column) = Column::named(value) else {
            let start: String = value.escape_debug().take(40).collect();
            return Err(Unreadable::Header(format!(
                "there is no column `{start}`: expected some of `name`, `email`, `display`, \
                 `groups`, `password_hash`"
            )));
        };
        if columns.contains(&column) {
            return Err(Unreadable::Header(format!(
                "the column `{}` stands there twice",
                value.trim()
            )));
        }
        columns.push(column);
    }
    if columns.contains(&Column::Name) {
        Ok(columns)
    } else {
        let why = "there is no column `name`: what is typed to sign in";
        Err(Unreadable::Header(why.to_owned()))
    }
}

fn csv(text: &str) -> Result<Content, Unreadable> {
    let mut content = Content::default();
    let mut records = Records {
        rest: text,
        line: 1,
    };
    let columns = loop {
        match records.next() {
            None => return Err(Unreadable::Empty),
            Some((_, Ok(values))) if is_blank(&values) => {}
            Some((_, Ok(values))) => break header(&values)?,
            Some((_, Err(why))) => return Err(Unreadable::Header(why.to_owned())),
        }
    };
    for (number, record) in records {
        let values = match record {
            Ok(values) if is_blank(&values) => continue,
            Ok(values) => values,
            Err(why) => {
                content.mistake(number, why);
                continue;
            }
        };
        if values.len() != columns.len() {
            content.mistake(
                number,
                format_args!(
                    "{} values, but the header names {}",
                    values.len(),
                    columns.len()
                ),
            );
            continue;
        }
        let mut line = Line {
            number,
            name: String::new(),
            email: String::new(),
            display: String::new(),
            groups: Vec::new(),
            hash: Secret::default(),
        };
        for (column, value) in columns.iter().zip(values) {
            match column {
                Column::Name => line.name = value,
                Column::Email => line.email = value,
                Column::Display => line.display = value,
                Column::Groups => {
                    let groups = value.split([' ', ',', ';', '\t']);
                    let groups = groups.filter(|group| !group.is_empty());
                    line.groups = groups.map(str::to_owned).collect();
                }
                Column::Hash => line.hash = Secret::new(value),
            }
        }
        content.keep(line);
    }
    Ok(content)
}

/// Whether a record is an empty line.
fn is_blank(values: &[String]) -> bool {
    matches!(values, [only] if only.is_empty())
}

/// The records of a CSV file, each with the number of the line it begins in. After one
/// that is malformed the next begins at the next line.
struct Records<'a> {
    rest: &'a str,
    line: usize,
}

impl Iterator for Records<'_> {
    type Item = (usize, Result<Vec<String>, &'static str>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let number = self.line;
        Some((number, self.record()))
    }
}

impl Records<'_> {
    fn record(&mut self) -> Result<Vec<String>, &'static str> {
        let mut values = Vec::new();
        loop {
            let (value, rest) = match self.rest.strip_prefix('"') {
                Some(inner) => match quoted(inner) {
                    Ok(read) => read,
                    Err(why) => {
                        self.skip_line();
                        return Err(why);
                    }
                },
                None => {
                    let end = self.rest.find([',', '\n']).unwrap_or(self.rest.len());
                    let (value, rest) = self.rest.split_at_checked(end).unwrap_or_default();
                    // The end of a line may be CRLF.
                    let value = if rest.starts_with(',') {
                        value
                    } else {
                        value.strip_suffix('\r').unwrap_or(value)
                    };
                    if value.contains(['"', '\r']) {
                        self.skip_line();
                        return Err(
                            "a quotation mark or carriage return inside of a value: put the whole \
                             value in quotation marks, and double those inside",
                        );
                    }
                    (value.trim_matches([' ', '\t']).to_owned(), rest)
                }
            };
            self.advance(rest.len());
            values.push(value);
            if let Some(rest) = self.rest.strip_prefix(',') {
                self.rest = rest;
                continue;
            }
            // A quoted value ends a line here, or stands before what doesn't belong there.
            let ends = ["\r\n", "\n"]
                .iter()
                .find_map(|end| self.rest.strip_prefix(end));
            match ends {
                Some(rest) => self.advance(rest.len()),
                None if self.rest.is_empty() || self.rest == "\r" => self.rest = "",
                None => {
                    self.skip_line();
                    return Err("text behind the closing quotation mark: expected a comma");
                }
            }
            return Ok(values);
        }
    }

    /// Goes on so that `left` bytes are left, counting lines.
    fn advance(&mut self, left: usize) {
        let gone = self.rest.len().saturating_sub(left);
        let (gone, rest) = self.rest.split_at_checked(gone).unwrap_or((self.rest, ""));
        self.line += gone.matches('\n').count();
        self.rest = rest;
    }

    fn skip_line(&mut self) {
        let rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
        self.advance(rest.len());
    }
}

/// A value behind its opening quotation mark, and what follows the closing one.
fn quoted(inner: &str) -> Result<(String, &str), &'static str> {
    let mut value = String::new();
    let mut rest = inner;
    loop {
        let Some((piece, after)) = rest.split_once('"') else {
            return Err("a quotation mark that is never closed");
        };
        value.push_str(piece);
        match after.strip_prefix('"') {
            Some(after) => {
                value.push('"');
                rest = after;
            }
            None => return Ok((value, after)),
        }
    }
}

#[cfg(test)]
mod tests;
