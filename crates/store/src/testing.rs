//! For tests, of this crate and of others (cargo feature `testing`): a fresh store per
//! test, in a temporary folder or in a real PostgreSQL.
//!
//! ```ignore
//! both! {
//!     async fn a_sentence_of_behaviour(place: Place) {
//!         let store = place.open().await;
//!     }
//! }
//! ```
//! makes two tests, `a_sentence_of_behaviour::on_sqlite` and `…::on_postgres`.

mod postgres;

use std::path::PathBuf;

use tempfile::TempDir;
use terms::{Clock, Micros, Rng, Secret};

pub use postgres::Postgres;

use crate::{DataFolder, Error, KeySource, Location, MasterKeys, Store};

/// Turns each `async fn name(place: Place)` into a test on SQLite and one on PostgreSQL.
#[macro_export]
macro_rules! on_both_backends {
    ($($(#[$meta:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {
        $(
            mod $name {
                #[allow(unused_imports, reason = "each body uses some")]
                use super::*;

                async fn body($place: Place) $body

                $(#[$meta])*
                #[test]
                fn on_sqlite() {
                    $crate::testing::run(body($crate::testing::Place::sqlite()));
                }

                $(#[$meta])*
                #[test]
                fn on_postgres() {
                    $crate::testing::run(body($crate::testing::Place::postgres()));
                }
            }
        )+
    };
}
pub use crate::on_both_backends as both;

/// Runs a test on a runtime of its own.
pub fn run(test: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime starts")
        .block_on(test);
}

/// Somewhere for one store, gone when this is dropped.
#[derive(Debug)]
pub struct Place {
    /// Where the store is.
    pub location: Location,
    /// Stands at 2026-11-23 until the test moves it.
    pub clock: Clock,
    /// The folder, with the master key in it.
    pub folder: DataFolder,
    _temporary: TempDir,
}

impl Place {
    /// A file in a fresh folder.
    pub fn sqlite() -> Self {
        let (temporary, folder) = fresh_folder();
        let location = Location::Sqlite(folder.store_file());
        Self {
            location,
            clock: clock(),
            folder,
            _temporary: temporary,
        }
    }

    /// A fresh database in the server of this process.
    pub fn postgres() -> Self {
        Self::on(Postgres::shared())
    }

    /// A fresh database in `server`.
    pub fn on(server: &Postgres) -> Self {
        let (temporary, folder) = fresh_folder();
        let location = Location::Postgres(Secret::new(server.fresh_database()));
        Self {
            location,
            clock: clock(),
            folder,
            _temporary: temporary,
        }
    }

    /// The master key in the folder.
    pub fn keys(&self) -> MasterKeys {
        MasterKeys::load(&self.folder.key_file(), None).expect("`fresh_folder` made it")
    }

    /// Opens the store with the key in the folder.
    pub async fn open(&self) -> Store {
        self.try_open().await.expect("the store opens")
    }

    /// As [`Place::open`], for stores that mustn't open.
    ///
    /// # Errors
    /// Those of [`Store::open`].
    pub async fn try_open(&self) -> Result<Store, Error> {
        let keys = self.keys();
        assert_eq!(keys.source(), &KeySource::File(self.folder.key_file()));
        Store::open(&self.location, keys, self.clock.clone(), Rng::System).await
    }

    /// The SQLite file; `None` on PostgreSQL.
    pub fn file(&self) -> Option<PathBuf> {
        match &self.location {
            Location::Sqlite(path) => Some(path.clone()),
            Location::Postgres(_) => None,
        }
    }

    /// All bytes of the SQLite file and its WAL; empty on PostgreSQL.
    pub fn file_bytes(&self) -> Vec<u8> {
        let Some(path) = self.file() else {
            return Vec::new();
        };
        let mut wal = path.clone().into_os_string();
        wal.push("-wal");
        let read = |path: PathBuf| std::fs::read(path).unwrap_or_default();
        [read(path), read(wal.into())].concat()
    }
}

fn fresh_folder() -> (TempDir, DataFolder) {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let folder = DataFolder::open(temporary.path().join("data")).expect("a data folder");
    MasterKeys::create(&folder.key_file(), &Rng::System).expect("a master key");
    (temporary, folder)
}

fn clock() -> Clock {
    Clock::manual(Micros(1_795_392_000_000_000))
}
