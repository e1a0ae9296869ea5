//! What holds for the list of keys as a whole, and for any file at all.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test program")]

mod common;

use std::{path::Path, sync::Arc};

use proptest::prelude::*;
use seam::{
    prebuilt::Prebuilt,
    snapshot::{Access, Limits, Place, Protocol, Tokens},
};
use waarborg_config::{
    AccessLog, Config, Env, Form, Issued, Kind, Loaded, Mistakes, Role, Section, Store, Way,
    markdown, sample, sections,
};

const FILE: &str = "waarborg.toml";

fn parse(text: &str) -> Result<Loaded, Mistakes> {
    Config::parse(Path::new(FILE), text, &common::env())
}

fn parsed(text: &str) -> Loaded {
    parse(text).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

const SITE: &str = "data = \"d\"\n[site.\"app.example.com\"]\nupstream = \"http://127.0.0.1:3000\"\n\
    access = \"public\"\ncertificate = \"app.pem\"\nkey = \"app.key\"\n";

/// A file in which every key of the list stands with its example; the value of one
/// may be replaced.
fn everything(replaced: Option<(&Section, &str, &str)>) -> String {
    let mut file = String::new();
    for section in sections() {
        let header = section.header.replace("host", "app.example.com");
        file.push_str(&format!("\n{header}\n"));
        for key in section.keys {
            if matches!(key.form, Form::Section(_)) {
                continue;
            }
            let value = match replaced {
                Some((other, name, value))
                    if other.header == section.header && name == key.name =>
                {
                    value
                }
                // Groups are for those who have signed in.
                _ if key.name == "access" => "\"login\"",
                _ => key.example,
            };
            file.push_str(&format!("{} = {value}\n", key.name));
        }
    }
    file + "\n[site.\"id.example.com\"]\n"
}

#[test]
fn a_file_with_every_key_loads_without_a_word() {
    let loaded = parsed(&everything(None));
    assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
}

#[test]
fn every_key_of_the_list_is_read() {
    for section in sections() {
        for key in section.keys {
            // Without a portal other keys are wrong, too.
            if matches!(key.form, Form::Section(_)) || key.name == "portal" {
                continue;
            }
            // Nothing takes a time of day, so only a key that nobody reads lets it pass.
            let file = everything(Some((section, key.name, "07:32:00")));
            let Err(mistakes) = parse(&file) else {
                panic!("`{}` of `{}` is never read", key.name, section.header);
            };
            let wrong = mistakes
                .items()
                .iter()
                .filter(|item| item.kind == Kind::WrongType);
            assert_eq!(wrong.count(), 1, "{mistakes}");
            assert!(
                mistakes.to_string().contains(&format!("{} = ", key.name)),
                "{mistakes}"
            );
        }
    }
}

#[test]
fn every_default_is_what_its_own_key_takes() {
    let bare = parsed(SITE).config;
    let mut file = String::from("data = \"d\"\n");
    for section in sections() {
        if section.header.contains("routes") {
            continue;
        }
        if !section.header.is_empty() {
            file.push_str(&format!(
                "{}\n",
                section.header.replace("host", "app.example.com")
            ));
        }
        if section.header == "[site.\"host\"]" {
            file.push_str(SITE.split_once("]\n").unwrap().1);
        }
        if ["[mail", "[acme", "[team.github", "[block.feed"]
            .iter()
            .any(|header| section.header.starts_with(header))
        {
            // They have keys without a default, and may be left out.
            file.truncate(file.len() - section.header.len() - 1);
            continue;
        }
        for key in section.keys {
            if let waarborg_config::Absent::Default(text) = key.absent {
                let literal = match key.form {
                    Form::Switch | Form::Count(..) => text.to_owned(),
                    _ => format!("\"{text}\""),
                };
                file.push_str(&format!("{} = {literal}\n", key.name));
            }
        }
    }
    let written = parsed(&file).config;
    assert_eq!(written.limits, bare.limits);
    assert_eq!(written.limits, Limits::default(), "one set of defaults");
    assert_eq!(written.hsts, bare.hsts);
    assert_eq!(written.csp, bare.csp);
    assert_eq!(written.hsts, guards::hsts::Policy::default());
    assert_eq!(written.track, bare.track);
    assert_eq!(written.prover, bare.prover);
    assert_eq!(
        (written.listen, written.operations),
        (bare.listen, bare.operations)
    );
}

#[test]
fn the_sample_for_init_loads_also_with_all_comments_taken_away() {
    let text = sample(
        "/srv/wa\"arborg",
        "app.example.com",
        "http://127.0.0.1:3000",
    );
    let config = parsed(&text).config;
    assert_eq!(config.data, Path::new("/srv/wa\"arborg"));
    let named = |line: &str| {
        let bare = line.strip_prefix("# ").unwrap_or(line);
        let word = bare.split(' ').next().unwrap_or_default();
        let known = sections()
            .iter()
            .any(|section| section.keys.iter().any(|key| key.name == word));
        let sets = bare.split(' ').nth(1) == Some("=");
        if (known && sets) || bare.starts_with('[') {
            bare.to_owned()
        } else {
            line.to_owned()
        }
    };
    let bare: Vec<_> = text
        .lines()
        .map(named)
        // Groups are for those who have signed in.
        .map(|line| line.replace("access = \"public\"", "access = \"login\""))
        .collect();
    let loaded = parsed(&(bare.join("\n") + "\n[site.\"id.example.com\"]\n"));
    assert!(loaded.config.mail.is_some(), "the comments were taken away");
    insta::assert_snapshot!("sample", text);
}

#[test]
fn the_document_in_the_tree_is_the_one_made_from_the_list() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/config.md");
    let written = std::fs::read_to_string(path).unwrap();
    assert!(
        written == markdown(),
        "run `cargo run -p waarborg-config --example docs > docs/config.md`"
    );
}

#[test]
fn access_rules_compile_per_path_and_method_and_a_route_takes_those_of_its_site() {
    let site = SITE.replace(
        "access = \"public\"",
        "access = \"login\"\ngroups = [\"Staff\"]\ntokens = \"bearer\"",
    );
    let route = |text: &str| format!("[[site.\"app.example.com\".routes]]\n{text}\n");
    let text = format!(
        "portal = \"id.example.com\"\npublic_port = 8443\n{site}{}{}{}{}[site.\"id.example.com\"]\ncertificate = \"app.pem\"\nkey = \"app.key\"\n",
        route("path = \"/a\"\naccess = \"public\""),
        route("path = \"/a\"\nmethods = [\"POST\", \"PUT\"]\naccess = \"login\""),
        route("path = \"/b\"\ntokens = \"basic\""),
        route(
            "path = \"/\"\nmethods = \"DELETE\"\naccess = \"login\"\ngroups = [\"board\", \"staff\"]"
        ),
    );
    let snapshot = parsed(&text)
        .config
        .compile(Arc::new(Prebuilt::default()), &Issued::new(), 1);
    assert_eq!(
        snapshot.portal.as_deref(),
        Some("https://id.example.com:8443")
    );
    let app = snapshot.site("app.example.com").unwrap();
    let groups = |names: &[&str]| Access::Groups(names.iter().map(|it| (*it).into()).collect());
    for (method, path, access, tokens) in [
        ("GET", "/a/x", Access::Public, Tokens::Bearer),
        ("POST", "/a/x", Access::Login, Tokens::Bearer),
        ("GET", "/b", groups(&["staff"]), Tokens::Basic),
        ("GET", "/", groups(&["staff"]), Tokens::Bearer),
        ("DELETE", "/c", groups(&["board", "staff"]), Tokens::Bearer),
        ("delete", "/c", groups(&["staff"]), Tokens::Bearer),
    ] {
        let route = app.route(path, method);
        assert_eq!(
            (&route.access, route.tokens),
            (&access, tokens),
            "{method} {path}"
        );
    }
}

#[test]
fn a_configuration_compiles_to_what_the_edge_goes_by() {
    let text = format!(
        "portal = \"id.example.com\"\nlisten = \"127.0.0.1:8443\"\n{SITE}aliases = \"www.app.example.com\"\n\
         [[site.\"app.example.com\".routes]]\npath = \"/a\"\nanonymous = true\n\
         [[site.\"app.example.com\".routes]]\npath = \"/a/b\"\nbody_max = \"1MiB\"\n\
         [site.\"id.example.com\"]\ncertificate = \"app.pem\"\nkey = \"app.key\"\n"
    );
    let config = parsed(&text).config;
    let snapshot = config.compile(Arc::new(Prebuilt::default()), &Issued::new(), 7);
    assert_eq!((snapshot.generation, snapshot.public_port), (7, 8443));
    let app = snapshot.site("www.app.example.com").unwrap();
    assert_eq!(&*app.name, "app.example.com");
    let address = "127.0.0.1:3000".parse().unwrap();
    assert_eq!(app.upstreams[0].place, Place::Socket(address));
    assert!(app.route("/a/c", "GET").anonymous);
    assert_eq!(app.route("/a/b/c", "GET").body_max, 1024 * 1024);
    assert_eq!(
        app.route("/elsewhere", "GET").body_max,
        16 * 1024 * 1024 * 1024
    );
    assert!(
        snapshot
            .site("id.example.com")
            .unwrap()
            .upstreams
            .is_empty()
    );
    assert_eq!(config.sites[1].role, Role::Portal);
    assert!(
        snapshot
            .certificates
            .same("app.example.com", "id.example.com"),
        "the same files are one certificate"
    );
    assert!(snapshot.certificates.find("example.com").is_none());
    assert!(snapshot.upstream_tls.is_none(), "nothing is reached by TLS");
    let secured = parsed(&text.replace("http://127.0.0.1:3000", "https://app"));
    let snapshot = secured
        .config
        .compile(Arc::new(Prebuilt::default()), &Issued::new(), 8);
    assert!(snapshot.upstream_tls.is_some());
    let app = snapshot.site("app.example.com").unwrap();
    assert_eq!(app.upstreams[0].tls.as_deref(), Some("app"));
    assert_eq!(app.upstreams[0].place, Place::Name("app".into(), 443));
    assert_eq!(app.upstreams[0].protocol, Protocol::Negotiated);
    for (url, protocol) in [
        ("http://127.0.0.1:3000", Protocol::Http1),
        ("h2c://127.0.0.1:50051", Protocol::Http2),
        ("h2c+unix:/run/app.sock", Protocol::Http2),
    ] {
        let spoken = parsed(&text.replace("http://127.0.0.1:3000", url));
        let upstream = &spoken.config.sites[0].upstreams[0];
        assert_eq!(
            (upstream.protocol, &upstream.tls),
            (protocol, &None),
            "{url}"
        );
    }
}

#[test]
fn the_reading_says_what_was_promised_and_no_secret() {
    let text = std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/right/wide.toml"),
    )
    .unwrap();
    let config = parsed(&text).config;
    assert!(matches!(&config.store, Store::Postgres(url) if url.expose().contains("hunter2")));
    let reading = config.reading("abc".to_owned());
    let [app, crm] = reading.sites.as_slice() else {
        panic!("two sites");
    };
    assert_eq!(app.hosts, ["app.example.com", "www.app.example.com"]);
    let expected = [
        Way::Loopback,
        Way::Private,
        Way::Tls,
        Way::Unix,
        Way::Unix,
        Way::Private,
        Way::Loopback,
        Way::Unix,
    ];
    assert_eq!(app.ways, expected);
    assert_eq!(crm.ways, [Way::PlaintextAccepted]);
    assert!(reading.hsts.preload && reading.hsts.include_subdomains);
    assert_eq!(reading.track.access_log, AccessLog::Journald);
    assert_eq!(reading.public_port, 443);
    assert!(!format!("{reading:?}").contains("hunter2"));
}

#[test]
fn only_what_a_running_process_cannot_change_needs_a_restart() {
    let one = parsed(SITE).config;
    let hsts = parsed(&format!("{SITE}[hsts]\nmax_age = \"300s\"\n")).config;
    assert!(one.restart_keys(&hsts).is_empty());
    let other = parsed(&format!(
        "workers = 3\nlisten = \"127.0.0.1:1\"\n{SITE}[store]\npostgres = {{ env = \"WAARBORG_POSTGRES\" }}\n\
         [throttle]\nmemory = \"1MiB\"\n"
    ));
    assert_eq!(
        one.restart_keys(&other.config),
        ["listen", "workers", "store", "throttle.memory"]
    );
}

#[test]
fn more_mistakes_than_anybody_reads_are_counted() {
    let lines: String = (0..150).map(|i| format!("zz{i} = 1\n")).collect();
    let mistakes = parse(&format!("{lines}{SITE}")).unwrap_err();
    assert_eq!(mistakes.items().len(), waarborg_config::MISTAKES_MAX);
    let report = mistakes.to_string();
    assert!(report.contains("150 mistakes in waarborg.toml\nonly the first 100 are shown"));
    assert!(mistakes.coloured().to_string().contains("\u{1b}["));
}

#[test]
fn the_systems_files_are_read_beside_the_configuration() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    std::fs::write(&file, SITE).unwrap();
    let env = || Env::system(terms::Clock::System);
    let mistakes = Config::load(&file, &env()).unwrap_err();
    let kinds: Vec<_> = mistakes.items().iter().map(|item| item.kind).collect();
    assert_eq!(kinds, [Kind::Unreadable, Kind::Unreadable]);
    let made = rcgen::generate_simple_self_signed(["app.example.com".to_owned()]).unwrap();
    std::fs::write(folder.path().join("app.pem"), made.cert.pem()).unwrap();
    std::fs::write(
        folder.path().join("app.key"),
        made.signing_key.serialize_pem(),
    )
    .unwrap();
    let loaded = Config::load(&file, &env()).unwrap();
    assert_eq!(loaded.config.data, folder.path().join("d"));
    let mistakes = Config::load(folder.path(), &env()).unwrap_err();
    assert!(
        mistakes.to_string().contains("it is a folder"),
        "{mistakes}"
    );
}

/// Every mistake has a place inside the file, and the report can be written.
fn judge(bytes: &[u8]) -> Result<(), TestCaseError> {
    let env = Env::given(terms::Clock::System).with_file(FILE, bytes, 0o644);
    let Err(mistakes) = Config::load(Path::new(FILE), &env) else {
        return Ok(());
    };
    prop_assert!(!mistakes.is_empty());
    for item in mistakes.items() {
        let place = item.place.as_ref().expect("the file could be read");
        prop_assert!(place.line >= 1 && place.column >= 1);
        prop_assert!(place.line <= 1 + bytes.iter().filter(|byte| **byte == b'\n').count());
        prop_assert!(place.span.start <= place.span.end);
        // Damaged bytes become characters of three.
        prop_assert!(place.span.end <= bytes.len() * 3);
    }
    let report = mistakes.to_string();
    prop_assert!(!report.chars().any(|c| c.is_control() && c != '\n'));
    prop_assert!(!mistakes.coloured().to_string().is_empty());
    Ok(())
}

proptest! {

    #[test]
    fn random_bytes_load_or_are_mistakes_with_a_place(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        judge(&bytes)?;
    }

    #[test]
    fn a_right_file_with_bytes_changed_loads_or_is_a_mistake_with_a_place(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), 0_u8..3, "[\\PC\\[\\]{}=\"'.#\n\r\t]{0,3}"), 1..6),
    ) {
        let mut text: Vec<char> = everything(None).chars().collect();
        for (at, how, new) in changes {
            let at = at.index(text.len());
            let removed = usize::from(how) .min(text.len() - at);
            text.splice(at..at + removed, new.chars());
        }
        judge(text.into_iter().collect::<String>().as_bytes())?;
    }
}

#[test]
fn every_storable_key_is_a_key_of_the_file_and_takes_its_example() {
    let config = parsed(SITE).config;
    let mut stored = waarborg_config::Stored::new();
    for name in waarborg_config::STORABLE {
        let (section, key) = name.split_once('.').unwrap();
        let header = format!("[{section}]");
        let sections = sections();
        let section = sections.iter().find(|known| known.header == header);
        let key = section.unwrap().keys.iter().find(|known| known.name == key);
        let example = key.unwrap().example;
        let value = match example.trim_matches('"') {
            "true" => true.into(),
            text => text.into(),
        };
        stored.insert(name.to_owned(), value);
    }
    let settled = config.with_stored(&stored);
    assert_eq!(settled.ignored, []);
    assert_eq!(settled.taken.len(), waarborg_config::STORABLE.len());
    // The file with the same examples says the same.
    let file = parsed(&format!(
        "{SITE}[hsts]\nmax_age = \"730d\"\ninclude_subdomains = true\npreload = true\n\
         [track]\nrotate_size = \"64MiB\"\nretention = \"30d\"\naddresses = \"truncated\"\n"
    ));
    assert_eq!(settled.config.hsts, file.config.hsts);
    assert_eq!(settled.config.track, file.config.track);
    // And where it names them all, none of the store counts.
    let shadowed = file.config.with_stored(&stored);
    assert_eq!(shadowed.shadowed, waarborg_config::STORABLE);
    assert!(shadowed.taken.is_empty() && shadowed.ignored.is_empty());
}

#[test]
fn a_section_in_any_form_of_toml_takes_settings_beside_its_own() {
    for file in [
        format!("{SITE}[hsts]\ninclude_subdomains = true\n"),
        format!("hsts.include_subdomains = true\n{SITE}"),
        format!("hsts = {{ include_subdomains = true }}\n{SITE}"),
    ] {
        let config = parsed(&file).config;
        let stored = [("hsts.max_age", "300s"), ("hsts.include_subdomains", "x")];
        let stored = stored.map(|(key, value)| (key.to_owned(), value.into()));
        let settled = config.with_stored(&stored.into_iter().collect());
        assert_eq!(
            settled.config.hsts.to_string(),
            "max-age=300; includeSubDomains"
        );
        assert_eq!(settled.shadowed, ["hsts.include_subdomains"]);
    }
}

#[test]
fn lists_of_addresses_are_watched_as_certificates_are_and_count_in_the_snapshot() {
    let list = "/etc/waarborg/drop.json";
    let text = format!("{SITE}[block]\nfiles = \"{list}\"\nallow = \"198.51.100.9\"\n");
    let config = parsed(&text).config;
    let expected = [list, "app.key", "app.pem"].map(Path::new);
    assert_eq!(config.watched_files(), expected);
    let snapshot = config.compile(Arc::new(Prebuilt::default()), &Issued::new(), 1);
    let refuses = |address: &str| {
        let rule = snapshot.block.refuses(address.parse().unwrap());
        rule.map(|rule| rule.to_string())
    };
    assert_eq!(refuses("198.51.100.7"), Some(format!("{list}:1")));
    assert_eq!(refuses("198.51.100.9"), None);
    assert_eq!(refuses("203.0.113.7"), None);
    assert_eq!(config.reading(String::new()).block.entries, 1);
}

#[test]
fn a_site_of_an_authority_has_a_certificate_only_for_what_was_issued() {
    let text = format!(
        "{}aliases = [\"www.app.example.com\", \"new.app.example.com\"]\n[acme]\nemail = \"ops@example.com\"\n",
        SITE.replace("certificate = \"app.pem\"\nkey = \"app.key\"\n", "")
    );
    let config = parsed(&text).config;
    assert!(config.certificate_files().is_empty());
    let of_files = parsed(SITE).config;
    let pair = of_files.sites[0].pair(&Issued::new()).unwrap().clone();
    assert_eq!(
        of_files.certificate_files(),
        [Path::new("app.key"), Path::new("app.pem")]
    );
    let none = config.compile(Arc::new(Prebuilt::default()), &Issued::new(), 1);
    assert!(none.certificates.find("app.example.com").is_none());
    assert!(none.site("app.example.com").is_some());
    let issued = Issued::from([("app.example.com".to_owned(), pair)]);
    let some = config.compile(Arc::new(Prebuilt::default()), &issued, 2);
    assert!(some.certificates.find("www.app.example.com").is_some());
    assert!(
        some.certificates.find("new.app.example.com").is_none(),
        "an alias that the certificate doesn't name is refused until the next one does"
    );
}

#[test]
fn forms_of_a_site_may_lead_to_the_portal_unless_they_may_lead_nowhere() {
    let sent = |csp: &str| {
        let file = format!(
            "portal = \"id.example.com\"\n{SITE}[csp]\nmode = \"enforce\"\n{csp}\n\
             [site.\"id.example.com\"]\ncertificate = \"app.pem\"\nkey = \"app.key\"\n"
        );
        let config = parsed(&file).config;
        config.csp_policy(&config.sites[0]).to_string()
    };
    let own = sent("");
    assert!(
        own.contains("form-action 'self' https://id.example.com"),
        "{own}"
    );
    let none = sent("form_action = \"'none'\"");
    assert!(none.contains("form-action 'none';"), "{none}");
    let plain = parsed(&format!("{SITE}[csp]\nmode = \"enforce\"\n")).config;
    let plain = plain.csp_policy(&plain.sites[0]).to_string();
    assert!(plain.contains("form-action 'self';"), "{plain}");
}
