use std::{fmt::Write as _, path::Path};

use config::Env;
use rcgen::{CertificateParams, KeyPair};
use serde_json::json;
use store::{
    AuditQuery,
    testing::{Place, both},
};
use terms::{Clock, Rng};

use super::*;
use crate::keeper::{Keeper, LedgerKey};

/// The configuration of a file with these sections at its end.
fn file(rest: &str) -> Config {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(["app.example".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap().pem();
    let env = Env::given(Clock::System)
        .with_file("app.pem", certificate.as_bytes(), 0o644)
        .with_file("app.key", key.serialize_pem().as_bytes(), 0o600);
    let mut text = "data = \"d\"\n[site.\"app.example\"]\nupstream = \"http://127.0.0.1:1\"\n\
                    access = \"public\"\ncertificate = \"app.pem\"\nkey = \"app.key\"\n"
        .to_owned();
    let _ = write!(text, "{rest}");
    let loaded = Config::parse(Path::new("waarborg.toml"), &text, &env);
    loaded
        .unwrap_or_else(|mistakes| panic!("{mistakes}"))
        .config
}

struct Ground {
    place: Place,
    store: Store,
    settings: Settings,
    snapshot: Arc<seam::SnapshotCell>,
    kept: watch::Sender<Option<Kept>>,
    _alarms: tempfile::TempDir,
}

impl Ground {
    /// A node that runs with this file.
    async fn start(place: Place, rest: &str) -> Self {
        let store = place.open().await;
        let folder = tempfile::tempdir().unwrap();
        let publisher = Publisher::new(Arc::new(file(rest)), "digest".to_owned(), Clock::System);
        let publisher = Arc::new(publisher);
        let snapshot = publisher.begin();
        let key = LedgerKey::read_or_make(folder.path(), "app.example", &Rng::System).unwrap();
        let key = key.of(&store).await.unwrap();
        let keeper = Keeper::load(&store, key).await.unwrap();
        let (kept, now) = watch::channel(Some(Kept {
            store: store.clone(),
            keeper: Arc::new(tokio::sync::Mutex::new(keeper)),
        }));
        let settings = Settings {
            publisher,
            kept: now,
            alarms: Alarms::open(folder.path(), Clock::System, Rng::System).unwrap(),
        };
        settings.settle().await;
        Self {
            place,
            store,
            settings,
            snapshot,
            kept,
            _alarms: folder,
        }
    }

    /// What every answer now tells a browser.
    fn header(&self) -> String {
        self.snapshot.load_full().hsts.header_value().to_owned()
    }

    /// Writes to the store as another node would: this one isn't told.
    async fn write(&self, key: &str, value: Value) {
        let mut change = self.store.change(&Actor::account("ann")).await.unwrap();
        change.set(key, &value).await.unwrap();
        change.commit().await.unwrap();
    }

    async fn set(&self, key: &str, value: Value) -> Result<(), SettingError> {
        let publisher = &self.settings.publisher;
        set(&self.store, publisher, &Actor::account("ann"), key, &value).await
    }

    async fn reload(&self, rest: &str) {
        self.settings.reload(file(rest), "digest".to_owned()).await;
    }
}

const DEFAULT: &str = "max-age=63072000";

both! {
    async fn what_the_file_does_not_name_stands_in_the_store_and_counts_at_the_next_reload(place: Place) {
        let ground = Ground::start(place, "").await;
        assert_eq!(ground.header(), DEFAULT);
        ground.write("hsts.max_age", json!("300s")).await;
        ground.write("track.retention", json!("7d")).await;
        let mut track = ground.settings.publisher.track();
        ground.reload("").await;
        assert_eq!(ground.header(), "max-age=300");
        assert_eq!(track.borrow_and_update().retention, Duration::from_secs(7 * 86_400));
        // What the drills are told is both together, under a digest of its own.
        let reading = ground.settings.publisher.reading();
        assert_eq!(reading.hsts.max_age_s, 300);
        assert_ne!(reading.digest, "digest");
        // A node that starts has it from the beginning.
        let Ground { place, store, .. } = ground;
        drop(store);
        assert_eq!(Ground::start(place, "").await.header(), "max-age=300");
    }

    async fn where_the_file_names_the_key_the_file_wins(place: Place) {
        let ground = Ground::start(place, "").await;
        ground.set("hsts.max_age", json!("300s")).await.unwrap();
        assert_eq!(ground.header(), "max-age=300", "a setting is published at once");
        ground.reload("[hsts]\nmax_age = \"2d\"\n").await;
        assert_eq!(ground.header(), "max-age=172800");
        assert_eq!(ground.settings.publisher.reading().digest, "digest");
        let refused = ground.set("hsts.max_age", json!("1d")).await.unwrap_err();
        assert!(matches!(refused, SettingError::InFile(_)), "{refused}");
        assert!(!ground.settings.alarms.is_open(IGNORED), "that is no trouble");
        // Beside it, other keys of the section may still stand in the store.
        ground.set("hsts.include_subdomains", json!(true)).await.unwrap();
        assert_eq!(ground.header(), "max-age=172800; includeSubDomains");
        ground.reload("").await;
        assert_eq!(ground.header(), "max-age=300; includeSubDomains");
    }

    async fn a_setting_that_can_not_count_is_ignored_with_an_alarm_and_the_others_count(place: Place) {
        let ground = Ground::start(place, "").await;
        for (key, value) in [
            ("hsts.max_age", json!("soon")),
            ("hsts.include_subdomains", json!(1)),
            ("hsts.preload", json!(true)), // needs include_subdomains
            ("throttle.rate", json!("5")),
            ("track.addresses", json!("none")),
        ] {
            ground.write(key, value).await;
        }
        ground.reload("").await;
        assert_eq!(ground.header(), DEFAULT);
        assert_eq!(ground.snapshot.load_full().addresses, terms::AddressKeeping::None);
        assert!(ground.settings.alarms.is_open(IGNORED));
        let mut change = ground.store.change(&Actor::account("ann")).await.unwrap();
        for key in ["hsts.max_age", "hsts.include_subdomains", "hsts.preload", "throttle.rate"] {
            change.unset(key).await.unwrap();
        }
        change.commit().await.unwrap();
        ground.reload("").await;
        assert!(!ground.settings.alarms.is_open(IGNORED), "the trouble is over");
    }

    async fn only_what_the_file_could_hold_is_set(place: Place) {
        let ground = Ground::start(place, "").await;
        for (key, value) in [("hsts.max_age", json!("soon")), ("hsts.preload", json!(true)), ("hsts.max_age", json!(300))] {
            let refused = ground.set(key, value).await.unwrap_err();
            assert!(matches!(refused, SettingError::Invalid { .. }), "{refused}");
        }
        for key in ["data", "hsts", "hsts.maxage", "mail.password"] {
            let refused = ground.set(key, json!("x")).await.unwrap_err();
            assert!(matches!(refused, SettingError::Unknown { .. }), "{refused}");
        }
        assert_eq!(ground.store.settings().await.unwrap(), Stored::new());
        ground.set("hsts.include_subdomains", json!(true)).await.unwrap();
        ground.set("hsts.preload", json!(true)).await.unwrap();
        assert_eq!(ground.header(), "max-age=63072000; includeSubDomains; preload");
        let rows = ground.store.audit_rows(&AuditQuery::default()).await.unwrap();
        assert!(rows.iter().any(|row| row.subject == "hsts.preload" && row.actor == "account:ann"));
    }

    async fn while_the_store_is_gone_its_last_settings_hold_on(place: Place) {
        let ground = Ground::start(place, "").await;
        ground.set("hsts.max_age", json!("300s")).await.unwrap();
        ground.kept.send(None).unwrap();
        ground.reload("[hsts]\ninclude_subdomains = true\n").await;
        assert_eq!(ground.header(), "max-age=300; includeSubDomains");
    }
}
