use super::*;
use crate::{
    Store,
    audit::{Actor, AuditQuery, Chain},
    db::values,
    outbox::Mail,
    rotation::Until,
    testing::{Place, both},
};

const PLAIN: &[u8] = b"JBSWY3DPEHPK3PXP";
const HERE: Cell<'static> = Cell {
    table: "factor",
    column: "secret",
    row: "ann",
};

fn actor() -> Actor {
    Actor::command(0)
}

async fn opens(store: &Store, cell: Cell<'_>, sealed: &[u8]) -> bool {
    match store.unseal(Purpose::Totp, cell, sealed).await {
        Ok(plain) => {
            assert_eq!(plain.expose(), PLAIN);
            true
        }
        Err(Error::Unsealable { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

both! {
    async fn a_sealed_value_opens_in_its_own_row_and_column_and_nowhere_else(place: Place) {
        let store = place.open().await;
        let sealed = store.seal(Purpose::Totp, HERE, PLAIN);
        assert!(opens(&store, HERE, &sealed).await);
        for other in [
            Cell { row: "bob", ..HERE },
            Cell { column: "note", ..HERE },
            Cell { table: "account", ..HERE },
            // The same letters, cut elsewhere.
            Cell { table: "facto", column: "rsecret", row: "ann" },
        ] {
            assert!(!opens(&store, other, &sealed).await, "{other:?}");
        }
        let foreign = store.unseal(Purpose::Report, HERE, &sealed).await;
        assert!(matches!(foreign, Err(Error::Unsealable { .. })));
        assert_ne!(sealed, store.seal(Purpose::Totp, HERE, PLAIN), "two seals of one value differ");
    }

    async fn a_value_altered_in_any_byte_or_cut_short_does_not_open(place: Place) {
        let store = place.open().await;
        let sealed = store.seal(Purpose::Totp, HERE, PLAIN);
        for at in 0..sealed.len() {
            let mut altered = sealed.clone();
            altered[at] ^= 1;
            assert!(!opens(&store, HERE, &altered).await, "byte {at}");
            assert!(!opens(&store, HERE, &sealed[..at]).await, "{at} bytes");
        }
        assert!(opens(&store, HERE, &sealed).await);
    }

    async fn a_rotation_stopped_at_any_step_still_opens_and_ends_at_the_next_start(place: Place) {
        let store = place.open().await;
        let sealed = store.seal(Purpose::Totp, HERE, PLAIN);
        let hash = store.keyed_hash(Purpose::Email, "ann@example.com");
        store.close().await;
        for until in [Until::KeyWritten, Until::Rewrapped, Until::Settled] {
            let old = place.keys();
            let store = place.open().await;
            let new = store.rotate_until(&actor(), until).await.unwrap();
            assert!(opens(&store, HERE, &sealed).await, "{until:?}, in the process itself");
            store.close().await;
            let stopped = place.keys();
            assert_eq!(stopped.current(), &new);
            assert_eq!(stopped.previous().is_some(), until < Until::Settled);

            let store = place.open().await;
            assert!(opens(&store, HERE, &sealed).await, "{until:?}");
            assert_eq!(store.keyed_hash(Purpose::Email, "ann@example.com"), hash);
            assert_eq!(place.keys().previous(), None, "{until:?}: the old key is gone");
            assert_eq!(store.master_keys().await, (new.clone(), None));
            store.close().await;

            let found = Store::inspect(&place.location).await.unwrap();
            assert_eq!(found.masters, [new.as_str()]);
            found.opens_with(&place.keys()).unwrap();
            let refused = found.opens_with(&old).unwrap_err();
            assert!(matches!(refused, Error::WrongMasterKey { .. }), "{refused}");
            let clock = place.clock.clone();
            let refused = Store::open(&place.location, old, clock, Rng::System).await.unwrap_err();
            assert!(refused.to_string().contains(new.as_str()), "{refused}");
        }
        let store = place.open().await;
        let rows = store.audit_rows(&AuditQuery::default()).await.unwrap();
        let rotations = rows.iter().filter(|row| row.action == "key.rotate").count();
        assert_eq!(rotations, 3, "each is in the trail once, whoever ended it");
        assert!(matches!(store.audit_verify().await.unwrap(), Chain::Whole { .. }));
    }

    async fn a_rotation_after_one_that_was_stopped_forgets_no_key_in_use(place: Place) {
        let store = place.open().await;
        let sealed = store.seal(Purpose::Totp, HERE, PLAIN);
        store.rotate_until(&actor(), Until::KeyWritten).await.unwrap();
        let last = store.rotate(&actor()).await.unwrap();
        assert_eq!((place.keys().current(), place.keys().previous()), (&last, None));
        store.close().await;
        assert!(opens(&place.open().await, HERE, &sealed).await);
    }

    async fn a_renewed_data_key_seals_what_comes_and_opens_what_was(place: Place) {
        let store = place.open().await;
        let other_node = place.open().await;
        let (old, hash) = (store.seal(Purpose::Totp, HERE, PLAIN), store.keyed_hash(Purpose::Totp, "a"));
        assert_eq!(store.renew(Purpose::Totp, &actor()).await.unwrap(), 2);
        let new = store.seal(Purpose::Totp, HERE, PLAIN);
        assert_eq!((Keyring::version_of(&old), Keyring::version_of(&new)), (Some(1), Some(2)));
        for store in [&store, &other_node] {
            assert!(opens(store, HERE, &old).await && opens(store, HERE, &new).await);
            assert_eq!(store.keyed_hash(Purpose::Totp, "a"), hash);
        }
        assert_eq!(other_node.renew(Purpose::Totp, &actor()).await.unwrap(), 3);
        let mut relabelled = new;
        relabelled[3] = 1;
        assert!(!opens(&store, HERE, &relabelled).await);
    }

    async fn look_up_hashes_are_equal_for_equal_texts_of_one_purpose_and_store(place: Place) {
        let store = place.open().await;
        let hash = store.keyed_hash(Purpose::Email, "ann@example.com");
        assert_eq!(store.keyed_hash(Purpose::Email, "ann@example.com"), hash);
        assert_ne!(store.keyed_hash(Purpose::Email, "bob@example.com"), hash);
        assert_ne!(store.keyed_hash(Purpose::Mail, "ann@example.com"), hash);
        let other = Place::sqlite().open().await;
        assert_ne!(other.keyed_hash(Purpose::Email, "ann@example.com"), hash);
    }

    async fn a_data_key_that_was_exchanged_in_the_table_does_not_unwrap(place: Place) {
        let store = place.open().await;
        let mut tx = store.tx().await.unwrap();
        tx.connection.execute(
            "UPDATE data_key SET wrapped = (SELECT k.wrapped FROM data_key k WHERE k.purpose = 'totp' AND k.role = 'seal') \
             WHERE purpose = 'mail' AND role = 'seal'", values![]).await.unwrap();
        tx.commit().await.unwrap();
        let error = place.try_open().await.unwrap_err();
        assert!(error.to_string().contains("`mail`, `seal`, version 1 doesn't unwrap"), "{error}");
    }
}

fn contains(bytes: &[u8], needle: &str) -> bool {
    bytes
        .windows(needle.len())
        .any(|window| window == needle.as_bytes())
}

#[tokio::test]
async fn nothing_sealed_stands_in_the_file_in_the_clear() {
    let place = Place::sqlite();
    let store = place.open().await;
    let mail = Mail {
        to: Secret::new("marker-recipient@example.com".to_owned()),
        subject: "marker-subject".to_owned(),
        text: Secret::new("marker-text ".repeat(500)),
        dedupe: "marker-dedupe".to_owned(),
        domain: "id.example.com".to_owned(),
    };
    let mut tx = store.tx().await.unwrap();
    tx.enqueue(&mail).await.unwrap();
    tx.commit().await.unwrap();
    for bytes in [place.file_bytes(), {
        store.close().await;
        place.file_bytes()
    }] {
        assert!(
            contains(&bytes, "marker-subject"),
            "the honest twin is seen"
        );
        assert!(contains(&bytes, "marker-dedupe"));
        assert!(!contains(&bytes, "marker-recipient"));
        assert!(!contains(&bytes, "marker-text"));
    }
    let key = std::fs::read_to_string(place.folder.key_file()).unwrap();
    let digits = key.split_ascii_whitespace().last().unwrap();
    let raw = crate::hex::decode::<32>(digits).unwrap();
    assert!(!place.file_bytes().windows(32).any(|window| window == raw));
}

#[tokio::test]
async fn a_provided_key_is_not_replaced_but_its_owners_change_is_followed() {
    let place = Place::sqlite();
    let credentials = tempfile::tempdir().unwrap();
    let provided = credentials.path().join("waarborg-master-key");
    std::fs::rename(place.folder.key_file(), &provided).unwrap();
    let open = async || {
        let keys = MasterKeys::load(&place.folder.key_file(), Some(credentials.path())).unwrap();
        Store::open(&place.location, keys, place.clock.clone(), Rng::System)
            .await
            .unwrap()
    };
    let store = open().await;
    let sealed = store.seal(Purpose::Totp, HERE, PLAIN);
    let refused = store.rotate(&actor()).await.unwrap_err().to_string();
    assert!(refused.contains("put the new key there"), "{refused}");
    store.close().await;

    let old = std::fs::read_to_string(&provided).unwrap();
    let new_file = credentials.path().join("new");
    let new = MasterKeys::create(&new_file, &Rng::System).unwrap();
    let both = std::fs::read_to_string(&new_file).unwrap() + &old.replace("current", "previous");
    std::fs::write(&provided, &both).unwrap();
    let store = open().await;
    assert!(opens(&store, HERE, &sealed).await);
    store.close().await;
    assert_eq!(
        std::fs::read_to_string(&provided).unwrap(),
        both,
        "it isn't ours to write"
    );
    let found = Store::inspect(&place.location).await.unwrap();
    assert_eq!(found.masters, [new.current().as_str()]);
}
