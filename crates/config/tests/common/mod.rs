//! The files around the samples: certificates made anew for each run, at a time that
//! stands still.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use terms::{Clock, Micros};
use waarborg_config::Env;

/// 2026-11-23, the day of the samples.
const TODAY: Micros = Micros(1_795_392_000_000_000);

fn pair(names: &[&str], years: (i32, i32)) -> (String, String) {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = date_time_ymd(years.0, 1, 1);
    params.not_after = date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = params.self_signed(&key).unwrap();
    (certificate.pem(), key.serialize_pem())
}

/// What the samples name.
pub(crate) fn env() -> Env {
    let hosts = [
        "app.example.com",
        "www.app.example.com",
        "id.example.com",
        "*.wild.example.com",
    ];
    let good = pair(&hosts, (2026, 2027));
    let open = pair(&hosts, (2026, 2027));
    let ended = pair(&hosts, (2024, 2025));
    let future = pair(&hosts, (2027, 2028));
    let (_, other) = pair(&hosts, (2026, 2027));
    let damaged = "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n";
    let encrypted =
        "-----BEGIN ENCRYPTED PRIVATE KEY-----\naGVsbG8=\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let files = [
        ("app.pem", good.0, 0o644),
        ("app.key", good.1, 0o600),
        ("other.key", other, 0o600),
        ("open.pem", open.0, 0o644),
        ("open.key", open.1, 0o644),
        ("ended.pem", ended.0, 0o644),
        ("ended.key", ended.1, 0o640),
        ("future.pem", future.0, 0o644),
        ("future.key", future.1, 0o600),
        ("damaged.pem", damaged.to_owned(), 0o644),
        ("encrypted.key", encrypted.to_owned(), 0o600),
        ("garbage", "garbage".to_owned(), 0o600),
        ("empty", " \n".to_owned(), 0o600),
        ("mail-password", "hunter2\n".to_owned(), 0o600),
        ("github-token", "hunter2\n".to_owned(), 0o600),
        (
            "acme-key",
            "aHVudGVyMmh1bnRlcjJodW50ZXIy\n".to_owned(),
            0o600,
        ),
        ("open-url", "postgres://db/waarborg\n".to_owned(), 0o644),
        ("postgres-url", "postgres://db/waarborg\n".to_owned(), 0o600),
        ("company-ca.pem", pair(&["ca"], (2026, 2027)).0, 0o644),
        (
            "/etc/waarborg/drop.json",
            "{\"cidr\":\"198.51.100.0/24\"}\n".to_owned(),
            0o644,
        ),
        (
            "cut.netset",
            "# list\n198.51.100.0/24\n203.0.113.1".to_owned(),
            0o644,
        ),
        ("page.html", "<html>\n".to_owned(), 0o644),
        ("world.netset", "0.0.0.0/0\n".to_owned(), 0o644),
        ("bits.netset", "# list\n198.51.100.7/24\n".to_owned(), 0o644),
        ("/usr/bin/chromium", String::new(), 0o755),
    ];
    files
        .into_iter()
        .fold(
            Env::given(Clock::manual(TODAY)),
            |env, (path, text, mode)| env.with_file(path, text.as_bytes(), mode),
        )
        .with_variable(
            "WAARBORG_POSTGRES",
            "postgres://waarborg:hunter2@db/waarborg",
        )
        .with_variable("WAARBORG_ACME_KEY", "aHVudGVyMmh1bnRlcjJodW50ZXIy")
}
