//! The list at the end of PROMISES.md, walked for every promise that has landed. What
//! the other tests of this program show on the running binary isn't repeated here: this
//! one finds what is missing.

use std::{fs, path::Path};

use config::{Config, Env};
use terms::{Clock, PromiseId, names};
use waarborg_it::{ground::Ground, tools};

/// What a promise is counted by.
fn metrics(id: PromiseId) -> &'static [&'static str] {
    match id {
        PromiseId::Hsts => &[names::HSTS_ANSWERS_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Tls => &[names::HANDSHAKES_TOTAL, names::DRILLS_TOTAL],
        PromiseId::TlsReport => &[names::DRILLS_TOTAL, names::TLS_GRADE],
        PromiseId::Password => &[names::PASSWORDS_CHOSEN_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Lockout => &[
            names::SIGN_INS_TOTAL,
            names::LOCKS_TOTAL,
            names::DRILLS_TOTAL,
        ],
        PromiseId::TwoFactor => &[names::CODES_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Team => &[names::TEAM_REGISTER, names::DRILLS_TOTAL],
        PromiseId::Admin => &[names::CONSOLE_REQUESTS_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Block => &[names::BLOCKED_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Throttle => &[names::THROTTLED_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Csrf => &[names::CSRF_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Csp => &[names::CSP_REPORTS_TOTAL, names::DRILLS_TOTAL],
        PromiseId::Xss => &[
            names::REFLECTED_TOTAL,
            names::REFLECTION_ANSWERS_TOTAL,
            names::DRILLS_TOTAL,
        ],
        PromiseId::Track => &[
            names::RECORDS_DROPPED_TOTAL,
            names::REQUESTS_TOTAL,
            names::DRILLS_TOTAL,
        ],
        _ => &[],
    }
}

/// Words of which its outside judge's test has one.
fn judges(id: PromiseId) -> &'static [&'static str] {
    match id {
        PromiseId::Hsts => &["curl(", "hsts.mjs"],
        PromiseId::Tls => &["sslyze", "openssl"],
        PromiseId::TlsReport => &["sslyze"],
        PromiseId::Password => &["\"htpasswd\""],
        PromiseId::Lockout => &["curl"],
        PromiseId::TwoFactor => &["oathtool"],
        PromiseId::Team => &["curl("],
        PromiseId::Admin => &["curl"],
        PromiseId::Block => &["curl("],
        PromiseId::Throttle => &["curl("],
        PromiseId::Csrf => &["csrf.mjs"],
        PromiseId::Csp => &["\"csp.mjs\""],
        PromiseId::Track => &["\"jq\"", "traceparent"],
        PromiseId::Xss => &["reflected.mjs"],
        _ => &[],
    }
}

/// Configurations under which a promise says different things.
fn readings(ground: &Ground) -> Vec<config::Reading> {
    [
        "",
        "[hsts]\nmax_age = \"0s\"",
        "[block]\nobserve = true",
        "[block]\ndeny = \"198.51.100.0/24\"\nunknown = true",
        "[throttle]\nobserve = true",
        "[csrf]\nobserve = true",
        "[csrf]\norigins = \"https://www.example.test\"",
        "[csp]\nmode = \"report-only\"",
        "[csp]\nmode = \"enforce\"",
        "[csp]\nmode = \"enforce\"\nscript_src = \"https:\"",
        "[xss]\nmode = \"neutralise\"",
        "[xss]\nmode = \"off\"",
        "[team]\ngroups = [\"staff\"]",
        "[hsts]\nmax_age = \"300s\"",
        "[hsts]\nmax_age = \"730d\"\ninclude_subdomains = true\npreload = true",
    ]
    .iter()
    .map(|rest| {
        let file =
            ground.configure_with_portal(&[("app.example.test", "http://127.0.0.1:9")], rest);
        match Config::load(&file, &Env::system(Clock::System)) {
            Ok(loaded) => loaded.config.reading("digest".to_owned()),
            Err(mistakes) => panic!("{mistakes}"),
        }
    })
    .collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[test]
fn every_promise_is_whole() {
    let root = tools::repository();
    let mut missing = Vec::new();
    let mut lacks = |id: PromiseId, what: String| missing.push(format!("{id}: {what}"));
    let documented = read(&root.join("docs/config.md"));
    let ground = Ground::new();
    let readings = readings(&ground);
    for entry in promises::PROMISES {
        let id = entry.id;
        // 1: a documented section.
        let section = format!("## `[{id}]`");
        let keys = documented
            .split(&section)
            .nth(1)
            .and_then(|rest| rest.split("\n## ").next());
        if !keys.is_some_and(|keys| keys.lines().any(|line| line.starts_with("| `"))) {
            lacks(
                id,
                format!("a section {section} with keys in docs/config.md"),
            );
        }
        // 2 and 4: its name and every clause in three languages.
        let mut words = vec![format!("promise-{id}")];
        for reading in &readings {
            let parts = (entry.parts)(reading);
            words.extend(parts.iter().map(|part| part.clause.key.to_owned()));
        }
        words.sort();
        words.dedup();
        if words.len() < 2 {
            lacks(id, "a clause under any configuration".to_owned());
        }
        for language in ["en", "nl", "fr"] {
            let texts = read(&root.join(format!("crates/pages/locales/{language}/promises.ftl")));
            for word in &words {
                if !texts
                    .lines()
                    .any(|line| line.starts_with(&format!("{word} =")))
                {
                    lacks(id, format!("`{word}` in locales/{language}/promises.ftl"));
                }
            }
        }
        // 3: a drill with something to drill, and a test that cuts its control.
        let drilled = readings.iter().any(|reading| {
            (entry.parts)(reading)
                .iter()
                .any(|part| part.core && part.drilled)
        });
        if !drilled {
            lacks(id, "a core clause that is drilled".to_owned());
        }
        let word = id.to_string().replace('-', "_");
        let test = read(&root.join(format!("tests/it/promises/{word}.rs")));
        if !test.contains(&format!("bites(\"{id}\"")) {
            lacks(
                id,
                format!("a test with its control cut, in tests/it/promises/{word}.rs"),
            );
        }
        let cut = [
            "edge/src/block.rs",
            "edge/src/throttle.rs",
            "edge/src/csrf.rs",
            "edge/src/handshake.rs",
            "edge/src/serve.rs",
            "edge/src/harden.rs",
            "edge/src/record.rs",
            "edge/src/xss.rs",
            "control/src/accounts/admin.rs",
            "control/src/accounts/choice.rs",
            "control/src/accounts/sign_in.rs",
            "control/src/team.rs",
        ];
        let cut = cut.iter().any(|file| {
            read(&root.join("crates").join(file)).contains(&format!("teeth::cut(\"{id}\")"))
        });
        if !cut {
            lacks(id, "a place where its control can be cut".to_owned());
        }
        // 5: counted.
        let counted = metrics(id);
        let listed = read(&root.join("crates/terms/src/names.rs"));
        if counted.is_empty() || !counted.iter().all(|name| listed.contains(name)) {
            lacks(id, "its metrics in crates/terms/src/names.rs".to_owned());
        }
        // 6: a page for readers that says what it does not do.
        let page = read(&root.join(format!("docs/promises/{id}.md")));
        if page.len() < 400 {
            lacks(id, format!("docs/promises/{id}.md"));
        } else if !["does not", "doesn't", "not do", " no "]
            .iter()
            .any(|word| page.contains(word))
        {
            lacks(id, format!("what it does not do, in docs/promises/{id}.md"));
        }
        // 7: somebody else's tool.
        let judged = judges(id);
        if judged.is_empty() || !judged.iter().any(|judge| test.contains(judge)) {
            lacks(
                id,
                format!("an outside judge in tests/it/promises/{word}.rs"),
            );
        }
    }
    assert!(!promises::PROMISES.is_empty());
    assert!(missing.is_empty(), "missing:\n  {}", missing.join("\n  "));
}
