//! `[csp]` and `[site."host".csp]`: the promise `csp`.

use guards::csp::{
    Directive, Mode, Policy, REPORT_PATH, SOURCES_MAX, Sent, Severity, Source, SourceError,
};

use crate::{
    key::{Absent, Form, Key, Section},
    mistake::Kind,
    reader::{At, Say},
    scalar::Wrong,
    table::Table,
};

const SOURCES: Form = Form::Texts(
    "a source such as \"'self'\", \"https://cdn.example.com\" or \"'none'\"",
    SOURCES_MAX,
);

const OF_ALL: Absent = Absent::Means("that of `[csp]`");
const AS_DEFAULT: Absent = Absent::Means("as `default_src` says");

const MODE: Key = Key {
    name: "mode",
    form: Form::Word(&[
        ("off", "the policy isn't sent"),
        (
            "report-only",
            "browsers report what it would stop, and stop nothing",
        ),
        ("enforce", "browsers stop what it doesn't allow"),
    ]),
    absent: Absent::Default("off"),
    example: "\"report-only\"",
    doc: "What becomes of the policy. Begin with `\"report-only\"`: the console shows what browsers report, and what would have to be allowed. In every mode answers have `frame-ancestors 'self'` and `object-src 'none'` where the application states neither itself.",
};

const NONCE: Key = Key {
    name: "nonce",
    form: Form::Switch,
    absent: Absent::Default("false"),
    example: "true",
    doc: "Whether scripts run that bear the nonce of their answer. The application gets it in the request header `Waarborg-Csp-Nonce`, another one each time, and writes it on the scripts that it means; nobody else puts it anywhere. Its pages then leave with `Cache-Control: no-store`, since a kept page would bring an old one.",
};

/// The directives as keys: of `[csp]`, and of a site.
macro_rules! directives {
    ($($id:ident $site:ident $directive:ident $name:literal $absent:expr, $example:literal, $doc:literal;)+) => {
        $(
            const $id: Key = Key {
                name: $name,
                form: SOURCES,
                absent: $absent,
                example: $example,
                doc: $doc,
            };
            const $site: Key = Key { absent: OF_ALL, ..$id };
        )+
        const ALL: [(Directive, &Key, &Key); 14] = [$((Directive::$directive, &$id, &$site)),+];
        pub(crate) const SECTION: Section = Section {
            header: "[csp]",
            about: "Promise `csp`: which assets the pages of applications may load and run (Content Security Policy level 3). What stands here holds for every site that doesn't state it itself. An application's own policy is never touched: ours comes as a second header, and browsers allow what both allow. `check` warns of what lets injected scripts through. Our own pages have a strict policy of their own.",
            keys: &[&MODE, &NONCE, $(&$id),+],
        };
        const SITE: Section = Section {
            header: "[site.\"host\".csp]",
            about: "Promise `csp` on one site; what isn't stated is as `[csp]` says.",
            keys: &[&SITE_MODE, &SITE_NONCE, $(&$site),+],
        };
    };
}

const SITE_MODE: Key = Key {
    absent: OF_ALL,
    ..MODE
};
const SITE_NONCE: Key = Key {
    absent: OF_ALL,
    ..NONCE
};

directives! {
    DEFAULT_SRC SITE_DEFAULT_SRC DefaultSrc "default_src" Absent::Default("'self'"), "[\"'self'\", \"https://cdn.example.com\"]",
        "Assets of every kind that isn't named below. A source is `'none'`, `'self'` (the site's own origin), a host with or without scheme, port and path, `*.` before one, a scheme such as `https:`, a hash such as `'sha256-…'`, or one of the keywords of CSP level 3.";
    SCRIPT_SRC SITE_SCRIPT_SRC ScriptSrc "script_src" AS_DEFAULT, "[\"'self'\", \"'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='\"]",
        "Scripts. With `'unsafe-inline'`, or a scheme such as `https:`, injected ones run, too.";
    STYLE_SRC SITE_STYLE_SRC StyleSrc "style_src" AS_DEFAULT, "[\"'self'\"]",
        "Style sheets.";
    IMG_SRC SITE_IMG_SRC ImgSrc "img_src" AS_DEFAULT, "[\"'self'\", \"data:\"]",
        "Images.";
    FONT_SRC SITE_FONT_SRC FontSrc "font_src" AS_DEFAULT, "[\"'self'\"]",
        "Fonts.";
    CONNECT_SRC SITE_CONNECT_SRC ConnectSrc "connect_src" AS_DEFAULT, "[\"'self'\", \"wss://live.example.com\"]",
        "What scripts ask for: `fetch`, WebSockets, server-sent events.";
    MEDIA_SRC SITE_MEDIA_SRC MediaSrc "media_src" AS_DEFAULT, "[\"'self'\"]",
        "Sound and film.";
    FRAME_SRC SITE_FRAME_SRC FrameSrc "frame_src" AS_DEFAULT, "[\"https://pay.example.com\"]",
        "Pages in frames.";
    WORKER_SRC SITE_WORKER_SRC WorkerSrc "worker_src" Absent::Means("as `script_src` says"), "[\"'self'\"]",
        "Workers.";
    MANIFEST_SRC SITE_MANIFEST_SRC ManifestSrc "manifest_src" AS_DEFAULT, "[\"'self'\"]",
        "Manifests of web applications.";
    OBJECT_SRC SITE_OBJECT_SRC ObjectSrc "object_src" Absent::Default("'none'"), "[\"'none'\"]",
        "Plug-ins.";
    BASE_URI SITE_BASE_URI BaseUri "base_uri" Absent::Default("'self'"), "[\"'none'\"]",
        "What a page's `<base>` may name.";
    FORM_ACTION SITE_FORM_ACTION FormAction "form_action" Absent::Default("'self'"), "[\"'self'\", \"https://pay.example.com\"]",
        "Where forms may go, redirects after them included; always to the portal, too, unless it is `'none'`.";
    FRAME_ANCESTORS SITE_FRAME_ANCESTORS FrameAncestors "frame_ancestors" Absent::Default("'self'"), "[\"'none'\"]",
        "Who may show the page in a frame.";
}

/// The section of one site, for the list of all sections.
pub(crate) const SITE_SECTION: &Section = &SITE;

/// The policy of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csp {
    /// `mode`.
    pub mode: Mode,
    /// `nonce`.
    pub nonce: bool,
    /// All directives.
    pub policy: Policy,
}

/// `[csp]`.
pub(crate) fn read(table: &Table<'_, '_>) -> Csp {
    let mut policy = Policy::default();
    for (directive, key, _) in ALL {
        set(table, directive, key, &mut policy);
    }
    let csp = Csp {
        mode: mode(table.word(&MODE)).unwrap_or_default(),
        nonce: table.switch(&NONCE),
        policy,
    };
    table.finish();
    judge(table, &csp, |directive| {
        let mut all = ALL.into_iter();
        all.find(|(one, ..)| *one == directive)
            .map(|(_, key, _)| key)
    });
    csp
}

/// `[site."host".csp]`, where `of_all` is what `[csp]` says.
pub(crate) fn of_site(table: &Table<'_, '_>, of_all: &Csp) -> Csp {
    let mut csp = of_all.clone();
    for (directive, _, key) in ALL {
        if table.has(key) {
            set(table, directive, key, &mut csp.policy);
        }
    }
    if let Some(mode) = mode(table.word(&SITE_MODE)) {
        csp.mode = mode;
    }
    if table.has(&SITE_NONCE) {
        csp.nonce = table.switch(&SITE_NONCE);
    }
    table.finish();
    judge(table, &csp, |directive| {
        let mut all = ALL.into_iter();
        let (_, _, key) = all.find(|(one, ..)| *one == directive)?;
        (of_all.mode == Mode::Off || table.has(key)).then_some(key)
    });
    csp
}

fn mode(word: Option<&'static str>) -> Option<Mode> {
    let mut modes = [Mode::Off, Mode::ReportOnly, Mode::Enforce].into_iter();
    modes.find(|mode| Some(mode.word()) == word)
}

fn set(table: &Table<'_, '_>, directive: Directive, key: &'static Key, policy: &mut Policy) {
    let sources = table.texts(key, source);
    let mut fitting = Vec::new();
    for At { value, span } in sources {
        if directive.takes(&value) {
            fitting.push(value);
            continue;
        }
        let say =
            Say::what(format!("`{value}` means nothing in `{}`", key.name)).expected(match value {
                Source::UnsafeEval | Source::WasmUnsafeEval | Source::StrictDynamic => {
                    "`script_src` or `default_src`"
                }
                _ => "`script_src`, `style_src` or `default_src`",
            });
        table.reader.mistake(Kind::Conflict, &span, say);
    }
    if fitting.is_empty() {
        // Absent, or a mistake that was said.
        return;
    }
    if policy.set(directive, fitting).is_err() {
        let say = Say::what(format!("`'none'` beside others in `{}`", key.name))
            .expected("`'none'` alone, or the others")
            .help("browsers pass over `'none'` where something else is allowed");
        let span = table.span(key);
        table.reader.mistake(Kind::Conflict, &span, say);
    }
}

fn source(text: &str) -> Result<Source, Wrong> {
    let parsed = Source::parse(text);
    parsed.map_err(|error| match error {
        SourceError::Unquoted => Wrong::help(format!("write `\"'{text}'\"`")),
        SourceError::Nonce => {
            Wrong::help("a nonce that stays the same protects from nothing: write `nonce = true`")
        }
        SourceError::Several => Wrong::help("several sources are a list: `[\"'self'\", \"…\"]`"),
        other => {
            let text = other.to_string();
            match text.split_once("expected ") {
                Some((_, expected)) => Wrong::expected(expected),
                None => Wrong::PLAIN,
            }
        }
    })
}

/// Warns of what lets injected code through, where the policy is sent and it wasn't said
/// of `[csp]` already.
fn judge(table: &Table<'_, '_>, csp: &Csp, keys: impl Fn(Directive) -> Option<&'static Key>) {
    if csp.mode == Mode::Off {
        return;
    }
    for found in csp.policy.weaknesses(csp.nonce) {
        let directive = found.directive();
        let stated = csp.policy.stated(directive).is_some() || !directive.falls_back();
        let at = if stated {
            directive
        } else {
            Directive::DefaultSrc
        };
        let Some(key) = keys(at) else {
            continue;
        };
        let say = Say::what(format!("the policy is weak: {found}")).help(match found.severity() {
            Severity::High => "injected code gets through it",
            Severity::Medium => "allow it only where the application can't do without",
        });
        table.reader.warning(Kind::Doubtful, &table.span(key), say);
    }
}

impl Csp {
    /// What the site's answers carry of `policy`; reports go to `csp-report` below `prefix`.
    pub(crate) fn sent(&self, policy: &Policy, prefix: &str) -> Sent {
        let path = format!("{prefix}{REPORT_PATH}");
        Sent::new(self.mode, policy, self.nonce, &path)
    }
}
