//! Secrets never stand in the file: they come from a file of their own or from the
//! environment.

use std::ops::Range;

use terms::Secret;
use toml::{Spanned, de::DeValue};

use crate::{
    env::in_words,
    key::Key,
    mistake::Kind,
    nearest::nearest,
    reader::{Say, quoted},
    scalar,
    table::Table,
};

/// Reads a secret. Spaces and line ends around a file's text aren't part of it.
pub(crate) fn read(table: &Table<'_, '_>, key: &'static Key) -> Option<Secret<String>> {
    let found = table.secret(key)?;
    let forms = key.form.expected();
    let Some(source) = found.value.get_ref().as_table() else {
        let (kind, what, help) = if found.value.get_ref().is_str() {
            let help = format!(
                "put it into a file that only we can read: `{} = {}`",
                key.name, key.example
            );
            let what = format!("`{}` stands in the file as it is", key.name);
            (Kind::InlineSecret, what, Some(help))
        } else {
            let what = format!("`{}` isn't written as a secret", key.name);
            (Kind::WrongType, what, None)
        };
        let mut say = Say::what(what).expected(forms);
        if let Some(help) = help {
            say = say.help(help);
        }
        table.reader.mistake(kind, &found.span, say);
        return None;
    };
    let mut entries = source.iter();
    let (Some((name, value)), None) = (entries.next(), entries.next()) else {
        let say = Say::what(format!("`{}` has {} entries", key.name, source.len())).expected(forms);
        table.reader.mistake(Kind::Conflict, &found.span, say);
        return None;
    };
    let Some(text) = value.get_ref().as_str() else {
        let say = Say::what(format!("`{}` of `{}` isn't text", name.get_ref(), key.name));
        table
            .reader
            .mistake(Kind::WrongType, &value.span(), say.expected(forms));
        return None;
    };
    match &**name.get_ref() {
        "file" => from_file(table, key, text, value),
        "env" => from_variable(table, key, text, &value.span()),
        other => {
            let what = format!("`{}` can't come from {}", key.name, quoted(other));
            let say = Say::what(what).expected(forms);
            let near = nearest(other, ["file", "env"].into_iter());
            let say = match near {
                Some(near) => say.help(format!("did you mean `{near}`?")),
                None => say,
            };
            table.reader.mistake(Kind::Unknown, &name.span(), say);
            None
        }
    }
}

fn from_file(
    table: &Table<'_, '_>,
    key: &Key,
    text: &str,
    value: &Spanned<DeValue<'_>>,
) -> Option<Secret<String>> {
    let (reader, span) = (table.reader, value.span());
    let path = scalar::beside(&reader.folder, text);
    let file = match reader.env.read(&path) {
        Ok(file) => file,
        Err(error) => {
            let what = format!("{} can't be read: {}", quoted(text), in_words(&error));
            let say = Say::what(what).expected(format!("a file with `{}`", key.name));
            reader.mistake(Kind::Unreadable, &span, say);
            return None;
        }
    };
    if file.exposed {
        let say = Say::what(format!(
            "every user of this machine can read {}",
            quoted(text)
        ))
        .help(format!("`chmod 600 {}`", path.display()));
        reader.warning(Kind::Exposed, &span, say);
    }
    let content = std::str::from_utf8(file.bytes.expose()).ok().map(str::trim);
    let Some(content) = content.filter(|content| !content.is_empty()) else {
        let say = Say::what(format!("{} is empty or isn't text", quoted(text)))
            .expected(format!("a file with `{}` in UTF-8", key.name));
        reader.mistake(Kind::Unreadable, &span, say);
        return None;
    };
    Some(Secret::new(content.to_owned()))
}

fn from_variable(
    table: &Table<'_, '_>,
    key: &Key,
    name: &str,
    span: &Range<usize>,
) -> Option<Secret<String>> {
    // The platform's own look-up panics or lies on these.
    let sound = !name.is_empty() && !name.contains(['=', '\0']);
    let value = sound.then(|| table.reader.env.variable(name)).flatten();
    let (state, value) = match value.map(std::ffi::OsString::into_string) {
        None => ("isn't set", None),
        Some(Err(_)) => ("isn't UTF-8", None),
        Some(Ok(text)) if text.trim().is_empty() => ("is empty", None),
        Some(Ok(text)) => ("", Some(Secret::new(text))),
    };
    if value.is_none() {
        let say = Say::what(format!("the environment variable {} {state}", quoted(name)))
            .expected(format!("`{}` in it", key.name))
            .help("under systemd set it by `EnvironmentFile=`, or use `{ file = \"…\" }`");
        table.reader.mistake(Kind::Unset, span, say);
    }
    value
}
