//! `docs/config.md` and the sample for `init`, both from the list of keys.

use std::fmt::Write;

use crate::{
    key::{Absent, Form, Key},
    sections,
};

/// `docs/config.md`.
pub fn markdown() -> String {
    let mut page = String::from(
        "# Configuration\n\n\
         Generated from the list of keys (`cargo run -p waarborg-config --example docs > docs/config.md`): don't edit.\n\n\
         One TOML file. `waarborg check --config FILE` says everything that is wrong with it; nothing is \
         ever written to it. Unknown keys are mistakes. Relative paths count from the file's own folder. \
         Durations have a unit (`s`, `m`, `h`, `d`), and so have sizes (`B`, `KiB`, `MiB`, `GiB`, `TiB`). \
         Secrets never stand in the file: `{ file = \"…\" }` reads a file, `{ env = \"…\" }` an environment \
         variable; line ends around them don't count.\n\n\
         A changed file is taken without a restart, all of it or nothing, except where a key says that it \
         needs one. The smallest useful file:\n\n```toml\n",
    );
    page.push_str(SMALLEST);
    page.push_str("```\n");
    for section in sections() {
        let header = match section.header {
            "" => "The top of the file".to_owned(),
            header => format!("`{header}`"),
        };
        // A page that can't be written to memory doesn't exist: writing never fails.
        let _ = write!(page, "\n## {header}\n{}\n\n", section.about);
        page.push_str("| key | value | default | meaning |\n|---|---|---|---|\n");
        for key in section.keys {
            if !matches!(key.form, Form::Section(_)) {
                row(key, &mut page);
            }
        }
    }
    page
}

/// The smallest useful file, for a site whose application signs its users in itself.
pub const SMALLEST: &str = "data = \"/var/lib/waarborg\"\n\n\
    [site.\"app.example.com\"]\n\
    upstream = \"http://127.0.0.1:3000\"\n\
    access = \"public\"\n\
    certificate = \"app.pem\"\n\
    key = \"app.key\"\n";

fn row(key: &Key, page: &mut String) {
    let default = match key.absent {
        Absent::Required("") => "required".to_owned(),
        Absent::Required(but) => format!("required {but}"),
        Absent::Default(text) => format!("`{}`", literal(&key.form, text)),
        Absent::Means(what) => what.to_owned(),
    };
    let mut value = key.form.expected();
    if let Form::Texts(_, most) = key.form {
        let _ = write!(value, ", or a list of at most {most}");
    }
    if let Form::Word(words) = key.form {
        value = meanings(words);
    }
    let cell = |text: &str| text.replace('|', "\\|");
    let _ = writeln!(
        page,
        "| `{}` | {} | {} | {} |",
        key.name,
        cell(&value),
        cell(&default),
        cell(key.doc)
    );
}

/// Words with what they mean.
fn meanings(words: &[(&str, &str)]) -> String {
    let words: Vec<_> = words
        .iter()
        .map(|(word, meaning)| format!("`\"{word}\"` ({meaning})"))
        .collect();
    words.join(", ")
}

/// A default as it would stand in a file.
fn literal(form: &Form, text: &str) -> String {
    match form {
        Form::Switch | Form::Count(..) => text.to_owned(),
        _ => format!("\"{text}\""),
    }
}

/// The commented sample that `init` writes, with one site: every key with its meaning
/// and default, and only the required ones in force.
pub fn sample(data: &str, host: &str, upstream: &str) -> String {
    let mut file = String::from(
        "# Waarborg: `waarborg check --config FILE` says what is wrong with this file.\n\
         # Keys behind a `#` show their default, or an example where there is none.\n",
    );
    let filled = |key: &Key| match key.name {
        "data" => Some(toml_text(data)),
        "upstream" => Some(toml_text(upstream)),
        _ => None,
    };
    for section in sections() {
        let needed = |key: &&Key| matches!(key.absent, Absent::Required(_));
        let live = section.header.is_empty()
            || (section.header.starts_with("[site.")
                && section.keys.iter().copied().any(|key| needed(&key)));
        let header = section.header.replace("\"host\"", &toml_text(host));
        // A text that can't be written to memory doesn't exist: writing never fails.
        let _ = write!(file, "\n{}", wrapped(section.about));
        if !header.is_empty() {
            let mark = if live { "" } else { "# " };
            let _ = writeln!(file, "{mark}{header}");
        }
        for key in section.keys {
            if matches!(key.form, Form::Section(_)) {
                continue;
            }
            let required = live && matches!(key.absent, Absent::Required(_));
            let mark = if required { "" } else { "# " };
            let value = match key.absent {
                Absent::Default(text) => literal(&key.form, text),
                _ => filled(key).unwrap_or_else(|| key.example.to_owned()),
            };
            let mut doc = key.doc.to_owned();
            if let Form::Word(words) = key.form {
                let _ = write!(doc, " {}.", meanings(words));
            }
            let _ = write!(file, "\n{}{mark}{} = {value}\n", wrapped(&doc), key.name);
        }
    }
    file
}

fn toml_text(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A comment in lines of at most 90 characters.
fn wrapped(text: &str) -> String {
    let mut lines = String::new();
    let mut line = String::from("#");
    for word in text.split_whitespace() {
        if line.chars().count() + word.chars().count() > 90 {
            lines.push_str(&line);
            lines.push('\n');
            line = String::from("#");
        }
        line.push(' ');
        line.push_str(word);
    }
    lines.push_str(&line);
    lines.push('\n');
    lines
}
