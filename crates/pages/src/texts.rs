//! What pages say, in every language: Fluent messages, parsed once.
//!
//! Every key that the code uses stands in the code as a literal, in a call of `text`,
//! `text_with` or `part`, in a template's `say.text`, or in one of the families
//! `refusal-…`, `promise-…`, `tls-rule-…`, `tls-open-…`, `tls-problem-…` and
//! [`CLAUSES`]; so a test can hold the locales against the code.

use std::fmt;

use fluent_bundle::{
    FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle, memoizer::MemoizerKind,
};
use terms::{Arg, Clause, Language, Micros, Vantage, Verdict};

/// The clauses that the locales can say, with the variables that each needs.
pub const CLAUSES: &[(&str, &[&str])] = &[
    ("hsts-every-answer", &["days"]),
    ("hsts-every-answer-short", &["seconds"]),
    ("hsts-subdomains", &[]),
    ("hsts-browser", &[]),
    ("hsts-first-visit-open", &[]),
    ("hsts-first-visit-preloaded", &[]),
    ("hsts-off", &[]),
    ("tls-versions", &["refused"]),
    ("tls-no-plaintext", &[]),
    ("tls-redirect", &[]),
    ("tls-ports", &["ports", "open", "vantage"]),
    ("tls-certificate", &["days"]),
    ("tls-origin", &["vantage"]),
    ("tls-upstream-encrypted", &[]),
    ("tls-upstream-local", &[]),
    ("tls-upstream-private", &[]),
    ("tls-upstream-plaintext", &[]),
    ("tls-report-graded", &["grade", "sites", "own"]),
    ("tls-report-published", &[]),
    ("tls-report-limits", &[]),
    ("password-stored", &["cost", "any", "weaker"]),
    ("password-length", &["length"]),
    ("password-not-breached", &["list"]),
    ("lockout-locked", &["guesses", "minutes"]),
    ("lockout-devices", &[]),
    ("lockout-opens", &["minutes"]),
    ("two-factor-switch", &[]),
    ("two-factor-asked", &[]),
    ("two-factor-once", &[]),
    ("team-second-factor", &[]),
    ("team-register", &["all", "proven", "days"]),
    ("team-people", &["people"]),
    ("team-github", &["members"]),
    ("team-password-managers", &[]),
    ("team-word", &[]),
    ("admin-rooms", &["rooms"]),
    ("admin-second-factor", &[]),
    ("admin-routes", &[]),
    ("admin-fresh", &["minutes"]),
    ("admin-networks", &[]),
    ("block-listed", &["entries"]),
    ("block-unknown", &[]),
    ("block-bans", &[]),
    ("block-feeds", &["feeds"]),
    ("block-no-reputation", &[]),
    ("block-observed", &[]),
    ("throttle-pages", &["burst", "rate"]),
    ("throttle-sign-in", &["burst", "rate"]),
    ("throttle-observed", &[]),
    ("csrf-origins", &[]),
    ("csrf-tokens", &[]),
    ("csrf-actions", &[]),
    ("csrf-important", &["count"]),
    ("csrf-listed", &["count"]),
    ("csrf-exceptions", &["count"]),
    ("csrf-observed", &[]),
    ("xss-own", &["pages", "fields"]),
    ("xss-own-addresses", &[]),
    ("xss-enforced", &["routes", "all"]),
    ("xss-observed", &["routes", "all"]),
    ("xss-unseen", &["routes", "all"]),
    ("track-found", &["seconds"]),
    ("track-handed", &["to", "seconds"]),
    ("track-kept", &["days"]),
    ("track-addresses", &["keeping"]),
    ("csp-own-pages", &[]),
    ("csp-browser", &[]),
    ("csp-applications", &["sites"]),
    ("csp-applications-weak", &["sites"]),
    ("csp-report-only", &["sites"]),
    ("csp-applications-open", &["sites"]),
];

macro_rules! locale {
    ($tag:literal) => {
        [
            include_str!(concat!("../locales/", $tag, "/page.ftl")),
            include_str!(concat!("../locales/", $tag, "/refusal.ftl")),
            include_str!(concat!("../locales/", $tag, "/promises.ftl")),
            include_str!(concat!("../locales/", $tag, "/trust.ftl")),
            include_str!(concat!("../locales/", $tag, "/tls_report.ftl")),
            include_str!(concat!("../locales/", $tag, "/portal.ftl")),
            include_str!(concat!("../locales/", $tag, "/second_factor.ftl")),
            include_str!(concat!("../locales/", $tag, "/passkey.ftl")),
            include_str!(concat!("../locales/", $tag, "/reset.ftl")),
            include_str!(concat!("../locales/", $tag, "/address.ftl")),
            include_str!(concat!("../locales/", $tag, "/register.ftl")),
            include_str!(concat!("../locales/", $tag, "/lost_factor.ftl")),
            include_str!(concat!("../locales/", $tag, "/console.ftl")),
            include_str!(concat!("../locales/", $tag, "/team.ftl")),
            include_str!(concat!("../locales/", $tag, "/mail.ftl")),
        ]
    };
}

/// The Fluent sources of a language.
pub(crate) const fn sources(language: Language) -> [&'static str; 15] {
    match language {
        Language::En => locale!("en"),
        Language::Nl => locale!("nl"),
        Language::Fr => locale!("fr"),
    }
}

/// All messages in all languages.
pub struct Texts {
    bundles: [FluentBundle<FluentResource>; 3],
}

impl fmt::Debug for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Texts")
    }
}

impl Texts {
    /// Parses the locales that are part of this program. They hold no mistake: tests
    /// see to it.
    pub fn load() -> Self {
        Self {
            bundles: Language::ALL.map(bundle),
        }
    }

    /// The texts in one language.
    pub const fn speech(&self, language: Language) -> Speech<'_> {
        let [en, nl, fr] = &self.bundles;
        Speech {
            language,
            bundle: match language {
                Language::En => en,
                Language::Nl => nl,
                Language::Fr => fr,
            },
        }
    }

    /// A clause as a sentence of its own.
    pub fn clause(&self, language: Language, clause: &Clause) -> String {
        self.speech(language).clause(clause)
    }

    /// Whether [`CLAUSES`] has this clause with exactly these variables.
    pub fn knows(&self, clause: &Clause) -> bool {
        CLAUSES.iter().any(|(key, names)| {
            *key == clause.key
                && names.len() == clause.args.len()
                && clause.args.iter().all(|(name, _)| names.contains(name))
        })
    }
}

fn bundle(language: Language) -> FluentBundle<FluentResource> {
    let locale = language.tag().parse().unwrap_or_default();
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // All our languages run from left to right, and isolation marks would end up in
    // JSON, in e-mail and in what people copy.
    bundle.set_use_isolating(false);
    bundle.set_formatter(Some(match language {
        Language::En => numbers_en,
        Language::Nl => numbers_nl,
        Language::Fr => numbers_fr,
    }));
    for source in sources(language) {
        let resource = FluentResource::try_new(source.to_owned())
            .unwrap_or_else(|(what_could_be_read, _)| what_could_be_read);
        // Fails for a key that is already there, which a test excludes.
        let _ = bundle.add_resource(resource);
    }
    bundle
}

fn numbers_en<M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    grouped(value, ',')
}

fn numbers_nl<M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    grouped(value, '.')
}

fn numbers_fr<M: MemoizerKind>(value: &FluentValue<'_>, _: &M) -> Option<String> {
    grouped(value, '\u{202f}')
}

/// A whole number in groups of three digits; `None` for what isn't a number.
fn grouped(value: &FluentValue<'_>, separator: char) -> Option<String> {
    let FluentValue::Number(number) = value else {
        return None;
    };
    let written = format!("{:.0}", number.value);
    let digits = written.trim_start_matches('-');
    let mut out = String::with_capacity(written.len() + written.len() / 3);
    if digits.len() < written.len() {
        out.push('-');
    }
    for (at, digit) in digits.chars().enumerate() {
        // A year or a port of four digits is no number of ours: those come as text.
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(separator);
        }
        out.push(digit);
    }
    Some(out)
}

/// The texts in one language.
#[derive(Clone, Copy)]
pub struct Speech<'a> {
    language: Language,
    bundle: &'a FluentBundle<FluentResource>,
}

impl fmt::Debug for Speech<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Speech").field(&self.language).finish()
    }
}

impl Speech<'_> {
    /// Which language this is.
    pub const fn language(&self) -> Language {
        self.language
    }

    /// The message `key`. The key itself where there is none: tests exclude it, and a
    /// reader still learns more than from an empty place.
    pub fn text(&self, key: &str) -> String {
        self.format(key, None, &[])
    }

    /// The message `key` with its variables filled in.
    pub fn text_with(&self, key: &str, args: &[(&'static str, Arg)]) -> String {
        self.format(key, None, args)
    }

    /// A part of a message: `refusal-not-found` has the parts `what` and `todo`.
    pub(crate) fn part(&self, key: &str, part: &str) -> String {
        self.format(key, Some(part), &[])
    }

    /// A clause as a sentence of its own.
    pub fn clause(&self, clause: &Clause) -> String {
        self.format(clause.key, None, &clause.args)
    }

    /// A verdict in one or two words.
    pub fn verdict(&self, verdict: Verdict) -> String {
        match verdict {
            Verdict::Pass => self.text("verdict-pass"),
            Verdict::Fail => self.text("verdict-fail"),
            Verdict::Inconclusive => self.text("verdict-inconclusive"),
        }
    }

    /// From where somebody looked, to be put behind "from".
    pub fn vantage(&self, vantage: Vantage) -> String {
        self.text_with("vantage", &[("vantage", Arg::Word(vantage.word()))])
    }

    /// A moment for people: `23 November 2026, 14:05 UTC`, cut to the minute.
    pub fn date_time(&self, at: Micros) -> String {
        let written = at.to_string();
        let Some(moment) = Moment::read(&written) else {
            return written;
        };
        self.text_with(
            "date-time",
            &[
                ("day", Arg::Number(moment.day)),
                ("month", Arg::Number(moment.month)),
                ("year", Arg::Text(moment.year.to_owned())),
                ("time", Arg::Text(moment.time.to_owned())),
            ],
        )
    }

    fn format(&self, key: &str, part: Option<&str>, args: &[(&'static str, Arg)]) -> String {
        let pattern = self.bundle.get_message(key).and_then(|message| match part {
            None => message.value(),
            Some(part) => message.get_attribute(part).map(|found| found.value()),
        });
        let Some(pattern) = pattern else {
            return key.to_owned();
        };
        let mut values = FluentArgs::with_capacity(args.len());
        for (name, arg) in args {
            values.set(
                *name,
                match arg {
                    Arg::Number(number) => FluentValue::from(*number),
                    Arg::Text(text) => FluentValue::from(text.as_str()),
                    Arg::Word(word) => FluentValue::from(*word),
                },
            );
        }
        let mut mistakes = Vec::new();
        self.bundle
            .format_pattern(pattern, Some(&values), &mut mistakes)
            .into_owned()
    }
}

/// The parts of a moment as RFC 3339 writes it.
struct Moment<'a> {
    year: &'a str,
    month: i64,
    day: i64,
    time: &'a str,
}

impl<'a> Moment<'a> {
    fn read(written: &'a str) -> Option<Self> {
        let (date, time) = written.split_once('T')?;
        if date.starts_with('-') {
            return None; // before the year 0: no date that people write
        }
        let mut parts = date.split('-');
        let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
        Some(Self {
            year,
            month: month.parse().ok()?,
            day: day.parse().ok()?,
            time: time.get(..5)?,
        })
    }
}

#[cfg(test)]
mod tests;
