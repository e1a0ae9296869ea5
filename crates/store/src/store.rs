//! The [`Store`] itself: opening, looking without touching, sealing.

use std::{
    fmt,
    fs::OpenOptions,
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
};

use terms::{Clock, Rng, Secret};
use tokio::sync::{Mutex, Notify};

use crate::{
    audit::Actor,
    change::{Change, Tx},
    db::{Begin, Pools, values},
    error::{Backend, Error},
    hex,
    keys::MasterKeys,
    rotation::{Until, ensure_keys},
    schema::{self, STEPS},
    sealed::{Cell, Keyring, Purpose},
};

/// Where the store is.
#[derive(Clone)]
pub enum Location {
    /// A file in the data folder.
    Sqlite(PathBuf),
    /// A database, by `postgres://…`; the URL may hold a password.
    Postgres(Secret<String>),
}

impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) => write!(f, "SQLite({})", path.display()),
            Self::Postgres(_) => f.write_str("PostgreSQL(…)"),
        }
    }
}

/// What stands at a location, found without touching it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// The engine.
    pub backend: Backend,
    /// The schema version there; 0 where there is no store yet.
    pub schema: u64,
    /// Ids of the master keys that wrap its data keys; empty for a new store, two only
    /// while a rotation runs.
    pub masters: Vec<String>,
}

impl Inspection {
    /// Whether `keys` open it.
    ///
    /// # Errors
    /// [`Error::WrongMasterKey`] names the key that is needed.
    pub fn opens_with(&self, keys: &MasterKeys) -> Result<(), Error> {
        match self.masters.iter().find(|id| !keys.has(id)) {
            None => Ok(()),
            Some(needed) => Err(Error::WrongMasterKey {
                needed: needed.clone(),
                present: keys.names(),
            }),
        }
    }
}

pub(crate) struct Inner {
    pools: Pools,
    clock: Clock,
    rng: Rng,
    pub(crate) masters: Mutex<MasterKeys>,
    pub(crate) ring: RwLock<Arc<Keyring>>,
    mail: Notify,
}

/// The store. Clones are the same one.
#[derive(Clone)]
pub struct Store {
    pub(crate) inner: Arc<Inner>,
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Store({})", self.backend())
    }
}

impl Store {
    /// Opens the store, creates or migrates it, and finishes a rotation of the master key
    /// that was interrupted. The caller holds the data folder's lock.
    ///
    /// # Errors
    /// [`Error::NewerSchema`] and [`Error::NotAStore`] before anything was touched;
    /// [`Error::WrongMasterKey`], [`Error::Unavailable`].
    pub async fn open(
        location: &Location,
        masters: MasterKeys,
        clock: Clock,
        rng: Rng,
    ) -> Result<Self, Error> {
        // Opening for writing would already turn a foreign file into WAL mode, and a
        // migration must not run for someone without the key.
        Self::inspect(location).await?.opens_with(&masters)?;
        let pools = match location {
            Location::Sqlite(path) => {
                create_private(path).map_err(|error| unreachable_file(error.into()))?;
                Pools::sqlite(path)
            }
            Location::Postgres(url) => Pools::postgres(url.expose())?,
        };
        schema::migrate(&pools, STEPS, &clock).await?;
        let ring = ensure_keys(&pools, &masters, &clock, &rng).await?;
        let store = Self {
            inner: Arc::new(Inner {
                pools,
                clock,
                rng,
                masters: Mutex::new(masters),
                ring: RwLock::new(Arc::new(ring)),
                mail: Notify::new(),
            }),
        };
        let mut masters = store.inner.masters.lock().await;
        store
            .settle(&mut masters, &Actor::system("store"), Until::Settled)
            .await?;
        drop(masters);
        Ok(store)
    }

    /// What stands at `location`; reads only, and creates nothing (but for SQLite's
    /// scratch index beside a WAL that a crash left).
    ///
    /// # Errors
    /// [`Error::NewerSchema`], [`Error::NotAStore`], [`Error::Unavailable`].
    pub async fn inspect(location: &Location) -> Result<Inspection, Error> {
        let pools = match location {
            Location::Sqlite(path) => match path.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Ok(Inspection {
                        backend: Backend::Sqlite,
                        schema: 0,
                        masters: Vec::new(),
                    });
                }
                Err(error) => return Err(unreachable_file(error.into())),
                Ok(meta) if !meta.is_file() => {
                    return Err(not_a_store(path, "not a file".to_owned()));
                }
                Ok(_) => Pools::sqlite_reader(path),
            },
            Location::Postgres(url) => Pools::postgres(url.expose())?,
        };
        let found = look(&pools).await;
        pools.close().await;
        match (found, location) {
            (
                Err(Error::NotAStore { why, .. } | Error::Corrupt { what: why }),
                Location::Sqlite(path),
            ) => Err(not_a_store(path, why)),
            (found, _) => found,
        }
    }

    /// The engine.
    pub fn backend(&self) -> Backend {
        self.inner.pools.backend()
    }

    /// The clock that the store lives by.
    pub fn clock(&self) -> &Clock {
        &self.inner.clock
    }

    pub(crate) fn rng(&self) -> &Rng {
        &self.inner.rng
    }

    pub(crate) fn pools(&self) -> &Pools {
        &self.inner.pools
    }

    /// A new id for a row: 128 random bits in hexadecimal.
    pub fn new_id(&self) -> String {
        hex::encode(&self.inner.rng.bytes::<16>())
    }

    /// Whether the engine answers now.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn reach(&self) -> Result<(), Error> {
        self.pools()
            .row("SELECT size FROM ledger_size WHERE one = 1", values![])
            .await
            .map(drop)
    }

    /// Closes all connections. Open transactions are waited for.
    pub async fn close(&self) {
        self.inner.pools.close().await;
    }

    /// Begins work that has no author: leases, the outbox, the ledger, drill runs.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when no connection is free within two seconds.
    pub async fn tx(&self) -> Result<Tx, Error> {
        let connection = self.pools().begin(Begin::Write).await?;
        Ok(Tx {
            store: self.clone(),
            connection,
            mails: false,
        })
    }

    /// Begins a change by `actor`, which isn't committed without an audit row.
    ///
    /// # Errors
    /// As [`Store::tx`].
    pub async fn change(&self, actor: &Actor) -> Result<Change, Error> {
        Ok(Change::new(self.tx().await?, actor.clone()))
    }

    pub(crate) fn wake_sender(&self) {
        self.inner.mail.notify_one();
    }

    /// Resolves when mails were enqueued by this process since the last call; for the one
    /// sender, beside its timer.
    pub async fn mail_enqueued(&self) {
        self.inner.mail.notified().await;
    }

    pub(crate) fn ring(&self) -> Arc<Keyring> {
        Arc::clone(
            &self
                .inner
                .ring
                .read()
                .unwrap_or_else(PoisonError::into_inner),
        )
    }

    /// Seals `plain` for this one place.
    pub fn seal(&self, purpose: Purpose, cell: Cell<'_>, plain: &[u8]) -> Vec<u8> {
        self.ring().seal(self.rng(), purpose, cell, plain)
    }

    /// Opens what [`Store::seal`] made for this same place.
    ///
    /// # Errors
    /// [`Error::Unsealable`] for anything else.
    pub async fn unseal(
        &self,
        purpose: Purpose,
        cell: Cell<'_>,
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, Error> {
        let ring = self.ring();
        // Another node may have renewed the key since we read them.
        if Keyring::version_of(sealed).is_some_and(|version| !ring.has(purpose, version)) {
            let masters = self.inner.masters.lock().await;
            self.reload(&masters).await?;
        }
        self.ring().open(purpose, cell, sealed)
    }

    /// As [`Store::unseal`], for text.
    ///
    /// # Errors
    /// [`Error::Unsealable`] for what isn't UTF-8, too.
    pub async fn unseal_text(
        &self,
        purpose: Purpose,
        cell: Cell<'_>,
        sealed: &[u8],
    ) -> Result<Secret<String>, Error> {
        let plain = self.unseal(purpose, cell, sealed).await?;
        let text = std::str::from_utf8(plain.expose()).map_err(|_| Error::Unsealable {
            table: cell.table,
            column: cell.column,
            row: cell.row.to_owned(),
        })?;
        Ok(Secret::new(text.to_owned()))
    }

    /// HMAC-SHA-256 of `text` under the purpose's look-up key: equal texts, equal hashes,
    /// and nothing to guess by without the key. Callers bring the text into one form first.
    pub fn keyed_hash(&self, purpose: Purpose, text: &str) -> [u8; 32] {
        self.ring().hash(purpose, text)
    }
}

async fn look(pools: &Pools) -> Result<Inspection, Error> {
    let mut connection = pools.begin(Begin::Snapshot).await?;
    let schema = schema::version(pools, &mut connection).await?;
    schema::known(schema, STEPS)?;
    let mut masters = Vec::new();
    if schema > 0 {
        for row in connection
            .rows("SELECT DISTINCT master FROM data_key", values![])
            .await?
        {
            masters.push(row.text(0)?);
        }
    }
    masters.sort();
    Ok(Inspection {
        backend: pools.backend(),
        schema,
        masters,
    })
}

/// SQLite would create the file readable by all, and gives its WAL the same mode.
fn create_private(path: &Path) -> io::Result<()> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map(drop)
}

fn unreachable_file(cause: crate::error::Cause) -> Error {
    Error::Unavailable {
        backend: Backend::Sqlite,
        doing: "open the file",
        cause,
    }
}

fn not_a_store(path: &Path, why: String) -> Error {
    Error::NotAStore {
        place: path.display().to_string(),
        why,
    }
}
