//! A configuration's whole text: a configuration, or mistakes that each have a place in
//! the text and a report that can be printed.
#![no_main]

use std::{path::Path, sync::LazyLock};

use config::{Config, Env};
use libfuzzer_sys::fuzz_target;
use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use terms::{Clock, Micros};

/// 2026-11-23, the day of the samples in `crates/config/tests`, which are the seeds.
const TODAY: Micros = Micros(1_795_392_000_000_000);

static ENV: LazyLock<Env> = LazyLock::new(|| {
    let names = ["app.example.com", "www.app.example.com", "id.example.com", "*.wild.example.com"];
    let mut params = CertificateParams::new(names.map(str::to_owned)).expect("host names");
    params.not_before = date_time_ymd(2026, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    let key = KeyPair::generate().expect("a key");
    let certificate = params.self_signed(&key).expect("a certificate");
    Env::given(Clock::manual(TODAY))
        .with_file("app.pem", certificate.pem().as_bytes(), 0o644)
        .with_file("app.key", key.serialize_pem().as_bytes(), 0o600)
        .with_file("mail-password", b"hunter2\n", 0o600)
        .with_file("postgres-url", b"postgres://db/waarborg\n", 0o600)
        .with_file("/usr/bin/chromium", b"", 0o755)
        .with_variable("WAARBORG_POSTGRES", "postgres://waarborg:hunter2@db/waarborg")
});

fuzz_target!(|bytes: &[u8]| {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    match Config::parse(Path::new("waarborg.toml"), text, &ENV) {
        Ok(loaded) => {
            let _ = loaded.warnings.to_string();
            let config = loaded.config;
            assert!(!config.sites.is_empty() && !config.listen.is_empty());
            assert!(config.prefix.starts_with('/') && config.prefix.ends_with('/'));
            let _ = config.reading(String::new());
        }
        Err(mistakes) => {
            assert!(!mistakes.items().is_empty(), "refused without a reason");
            for place in mistakes.items().iter().filter_map(|mistake| mistake.place.as_ref()) {
                assert!(place.line >= 1 && place.column >= 1);
                assert!(place.span.start <= place.span.end && place.span.end <= text.len());
            }
            let report = mistakes.to_string();
            assert!(report.chars().all(|c| c == '\n' || !c.is_control()), "{report:?}");
        }
    }
});
