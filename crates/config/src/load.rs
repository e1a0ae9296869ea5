//! From a file to a [`Config`], or to everything that is wrong with it.

use std::{path::Path, sync::Arc};

use toml::de::DeTable;

use crate::{
    config::{self, Config},
    env::{Env, in_words},
    mistake::{Kind, MISTAKES_MAX, Mistake, Mistakes, Place, Tone},
    reader::{Findings, Reader, harmless},
    source::Source,
    stored::Own,
    table::Table,
};

/// A configuration, and what its owner should look at nevertheless.
#[derive(Debug, Clone)]
pub struct Loaded {
    /// Without mistakes.
    pub config: Config,
    /// May be empty.
    pub warnings: Mistakes,
    /// The file's text, for its digest.
    pub text: String,
}

impl Config {
    /// Reads the file and everything that it names: certificates, keys, secrets.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn load(file: &Path, env: &Env) -> Result<Loaded, Mistakes> {
        let whole = |what: String, help: &str| {
            let mistake = Mistake {
                kind: Kind::Unreadable,
                place: None,
                what,
                expected: Some("a configuration in TOML".to_owned()),
                help: Some(help.to_owned()),
            };
            report(
                file,
                Arc::new(Source::new("")),
                Tone::Mistake,
                vec![mistake],
            )
        };
        let read = env.read(file).map_err(|error| {
            let what = format!("the configuration can't be read: {}", in_words(&error));
            whole(
                what,
                "name it by `--config FILE`; `waarborg init` writes one",
            )
        })?;
        let bytes = read.bytes.expose();
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::parse(file, text, env),
            Err(error) => {
                let text = String::from_utf8_lossy(bytes);
                let source = Arc::new(Source::new(&text));
                let mark = usize::from(text.starts_with('\u{feff}')) * 3;
                let at = error.valid_up_to().saturating_sub(mark);
                let mistake = Mistake {
                    kind: Kind::Syntax,
                    place: Some(source.place(&(at..at + '\u{fffd}'.len_utf8()))),
                    what: "a byte that isn't text".to_owned(),
                    expected: Some("UTF-8".to_owned()),
                    help: Some("save the file as UTF-8".to_owned()),
                };
                Err(report(file, source, Tone::Mistake, vec![mistake]))
            }
        }
    }

    /// As [`Config::load`], with the text at hand; `file` names it in reports, and
    /// relative paths count from its folder.
    ///
    /// # Errors
    /// All mistakes at once.
    pub fn parse(file: &Path, text: &str, env: &Env) -> Result<Loaded, Mistakes> {
        let source = Arc::new(Source::new(text));
        let (config, findings) = read(file, &source, env);
        match config {
            Some(config) if findings.mistakes.is_empty() => Ok(Loaded {
                config,
                warnings: report(file, source, Tone::Warning, findings.warnings),
                text: text.to_owned(),
            }),
            _ => Err(report(file, source, Tone::Mistake, findings.mistakes)),
        }
    }
}

/// Reads the text and says all that was found.
pub(crate) fn read(file: &Path, source: &Arc<Source>, env: &Env) -> (Option<Config>, Findings) {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    let reader = Reader::new(file, source.clone(), env);
    let top = Table::new(&reader, &config::SECTION, Some(document.get_ref()), 0..0);
    let config = config::read(&top, Own::new(file, source));
    let mut findings = reader.into_findings();
    let errors = syntax(&errors, source);
    let broken = errors.iter().any(|mistake| mistake.kind == Kind::Syntax);
    if broken {
        // What couldn't be read is neither missing nor, on the same line, of the wrong
        // type: such follow-ups would only hide the cause.
        let lines: Vec<_> = errors.iter().filter_map(line).collect();
        findings.mistakes.retain(|mistake| {
            // Below a broken header stand keys of a section that isn't known.
            let follows = |at: usize| {
                let above = source.header_before(at);
                lines.contains(&at) || above.is_some_and(|above| lines.contains(&above))
            };
            mistake.kind != Kind::Missing && !line(mistake).is_some_and(follows)
        });
    }
    findings.mistakes.extend(errors);
    (config, findings)
}

fn line(mistake: &Mistake) -> Option<usize> {
    mistake.place.as_ref().map(|place| place.line)
}

/// The parser's errors: the first of each line, since others follow from it.
fn syntax(errors: &[toml::de::Error], source: &Source) -> Vec<Mistake> {
    let mut mistakes: Vec<Mistake> = Vec::new();
    for error in errors.iter().take(MISTAKES_MAX) {
        let end = source.text().len();
        let place = source.place(&error.span().unwrap_or(end..end));
        if mistakes.iter().any(|known| line(known) == Some(place.line)) {
            continue;
        }
        // The keys of a section that stands there twice are no mistakes of their own.
        let of_twice = |known: &Mistake| {
            known.kind == Kind::Duplicate && line(known) == source.header_before(place.line)
        };
        if error.message() == "duplicate key" && mistakes.iter().any(of_twice) {
            continue;
        }
        let (what, expected) = match error.message().split_once(", expected ") {
            Some((what, expected)) => (what, Some(expected.to_owned())),
            None => (error.message(), None),
        };
        let (kind, what, expected, help) = match what {
            "duplicate key" => (
                Kind::Duplicate,
                format!("{} stands there twice", duplicated(source, &place)),
                Some("each key and section once".to_owned()),
                None,
            ),
            "string values must be quoted" if place.span.is_empty() => (
                Kind::Syntax,
                "the value is missing".to_owned(),
                Some("a value behind `=`".to_owned()),
                None,
            ),
            "string values must be quoted" => (
                Kind::Syntax,
                "text without quotes".to_owned(),
                Some("text in double quotes".to_owned()),
                None,
            ),
            other => (
                Kind::Syntax,
                harmless(&format!("not TOML: {other}")),
                expected.as_deref().map(harmless),
                None,
            ),
        };
        mistakes.push(Mistake {
            kind,
            place: Some(place),
            what,
            expected,
            help,
        });
    }
    mistakes
}

fn duplicated(source: &Source, place: &Place) -> String {
    let (text, _) = source.line(place.line);
    if text.trim_start().starts_with('[') {
        "this section".to_owned()
    } else {
        "this key".to_owned()
    }
}

fn report(file: &Path, source: Arc<Source>, tone: Tone, mut items: Vec<Mistake>) -> Mistakes {
    items.sort_by_key(|mistake| mistake.place.as_ref().map(|place| place.span.start));
    let more = items.len().saturating_sub(MISTAKES_MAX);
    items.truncate(MISTAKES_MAX);
    Mistakes {
        file: file.to_owned(),
        source,
        tone,
        items,
        more,
    }
}
