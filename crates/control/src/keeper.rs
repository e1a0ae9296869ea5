//! The ledger's keeper: appends leaves with whatever they are about in one transaction,
//! signs checkpoints, and answers for tiles and proofs.

use std::{
    fs,
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
};

use ledger::{Checkpoint, Hash, SigningKey, VerifierKey, leaf_hash};
use serde_json::Value;
use store::{Lease, NewLeaf, Store, Tx};
use terms::{Micros, Rng};
use zeroize::Zeroizing;

use crate::prober::{hex, unhex};

/// The signing key's file in the data folder: origin and seed.
const KEY_FILE: &str = "ledger.key";

/// The ledger can't be kept.
#[derive(Debug, thiserror::Error)]
pub enum KeeperError {
    /// The key's file can't be read, made or understood.
    #[error(
        "the ledger's key {path}: {why}; restore it from a backup, never make a new one for an old ledger"
    )]
    Key {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// What stands in the store isn't what was signed.
    #[error("the ledger doesn't agree with its last checkpoint: {0}")]
    Broken(String),
    /// The store.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The ledger of this deployment.
pub(crate) struct Keeper {
    key: Arc<SigningKey>,
    /// Hashes of all leaves, in order: 32 bytes each.
    leaves: Vec<Hash>,
    latest: Option<store::Checkpoint>,
}

impl Keeper {
    /// Loads the ledger and holds it against its last checkpoint.
    pub(crate) async fn load(store: &Store, key: Arc<SigningKey>) -> Result<Self, KeeperError> {
        let size = store.ledger_size().await?;
        let mut leaves = Vec::new();
        let mut at = 0;
        while at < size {
            let end = size.min(at + store::MAX_LEAVES_PAGE);
            let page = store.leaf_hashes(at..end).await?;
            if page.is_empty() {
                return Err(KeeperError::Broken(format!("leaf {at} is missing")));
            }
            at += u64::try_from(page.len()).unwrap_or(u64::MAX);
            leaves.extend(page.iter().map(|commitment| leaf_hash(commitment)));
        }
        let latest = store.latest_checkpoint().await?;
        if let Some(signed) = &latest {
            check(signed, &leaves, key.verifier())?;
        } else if !leaves.is_empty() {
            return Err(KeeperError::Broken(
                "it has leaves but no checkpoint".to_owned(),
            ));
        }
        Ok(Self {
            key,
            leaves,
            latest,
        })
    }

    /// Reads the ledger anew: another process may have continued it.
    pub(crate) async fn read_again(&mut self, store: &Store) -> Result<(), KeeperError> {
        *self = Self::load(store, self.key.clone()).await?;
        Ok(())
    }

    /// Appends records and signs the new checkpoint, inside `tx`. The caller commits and
    /// then calls [`Self::commit`]. Returns the position of the first leaf.
    pub(crate) async fn append(
        &self,
        tx: &mut Tx,
        lease: &Lease,
        records: &[Value],
        now: Micros,
        rng: &Rng,
    ) -> Result<Appended, KeeperError> {
        tx.require(lease).await?;
        let first = u64::try_from(self.leaves.len()).unwrap_or(u64::MAX);
        let mut new = Vec::new();
        let mut leaves = self.leaves.clone();
        for record in records {
            let salt = rng.bytes::<32>();
            let hash = ledger::commit(&salt, record.to_string().as_bytes());
            leaves.push(leaf_hash(&hash));
            new.push(NewLeaf {
                hash,
                salt,
                record: record.clone(),
            });
        }
        let size = tx.append(first, &new).await?;
        let root = ledger::root(&leaves);
        let note = Checkpoint::new(self.key.verifier().name(), size, root)
            .sign(&self.key)
            .map_err(|error| KeeperError::Broken(error.to_string()))?
            .to_string();
        let latest = store::Checkpoint {
            size,
            root,
            note,
            at: now,
        };
        tx.checkpoint(&latest).await?;
        Ok(Appended {
            first,
            leaves,
            latest,
        })
    }

    /// Takes over what was committed.
    pub(crate) fn commit(&mut self, appended: Appended) {
        self.leaves = appended.leaves;
        self.latest = Some(appended.latest);
    }

    /// The newest checkpoint.
    pub(crate) const fn latest(&self) -> Option<&store::Checkpoint> {
        self.latest.as_ref()
    }

    /// Hashes of all leaves.
    pub(crate) fn leaves(&self) -> &[Hash] {
        &self.leaves
    }

    /// The key that others verify with.
    pub(crate) fn verifier(&self) -> &VerifierKey {
        self.key.verifier()
    }
}

/// What an append made of the ledger, until it is committed.
pub(crate) struct Appended {
    /// Position of the first new leaf.
    pub(crate) first: u64,
    leaves: Vec<Hash>,
    latest: store::Checkpoint,
}

fn check(
    signed: &store::Checkpoint,
    leaves: &[Hash],
    key: &VerifierKey,
) -> Result<(), KeeperError> {
    let broken = |why: String| KeeperError::Broken(why);
    let opened = Checkpoint::open(
        signed.note.as_bytes(),
        key.name(),
        std::slice::from_ref(key),
    )
    .map_err(|error| broken(error.to_string()))?;
    let covered = usize::try_from(opened.size)
        .ok()
        .and_then(|size| leaves.get(..size));
    let Some(covered) = covered else {
        return Err(broken(format!(
            "{} leaves were signed and {} are there",
            opened.size,
            leaves.len()
        )));
    };
    if ledger::root(covered) != opened.root {
        return Err(broken("a leaf was changed".to_owned()));
    }
    if covered.len() != leaves.len() {
        return Err(broken(
            "a leaf was added that no checkpoint covers".to_owned(),
        ));
    }
    Ok(())
}

/// Verifies everything that stands in the store: every commitment against its record,
/// every leaf against the signed root. Says how many leaves there are.
///
/// # Errors
/// What doesn't agree, by its place.
pub(crate) async fn verify(store: &Store, key: &VerifierKey) -> Result<u64, KeeperError> {
    let size = store.ledger_size().await?;
    let mut leaves = Vec::new();
    let mut at = 0;
    while at < size {
        let page = store
            .leaves(at..size.min(at + store::MAX_LEAVES_PAGE))
            .await?;
        if page.is_empty() {
            return Err(KeeperError::Broken(format!("leaf {at} is missing")));
        }
        for leaf in page {
            if leaf.position != at {
                return Err(KeeperError::Broken(format!("leaf {at} is missing")));
            }
            if let Some((salt, record)) = &leaf.opened
                && ledger::commit(salt, record.to_string().as_bytes()) != leaf.hash
            {
                return Err(KeeperError::Broken(format!(
                    "the record of leaf {at} was changed"
                )));
            }
            leaves.push(leaf_hash(&leaf.hash));
            at += 1;
        }
    }
    match store.latest_checkpoint().await? {
        Some(signed) => check(&signed, &leaves, key)?,
        None if leaves.is_empty() => {}
        None => {
            return Err(KeeperError::Broken(
                "it has leaves but no checkpoint".to_owned(),
            ));
        }
    }
    Ok(size)
}

/// The signing key: of the data folder, or a new one that isn't written yet, since only
/// the store knows whether there is a ledger already.
pub struct LedgerKey {
    key: Arc<SigningKey>,
    folder: PathBuf,
    unwritten: Option<Zeroizing<String>>,
}

impl LedgerKey {
    /// Reads the key, or makes one where there is none.
    ///
    /// # Errors
    /// [`KeeperError::Key`]. Nothing is written.
    pub fn read_or_make(data: &Path, origin: &str, rng: &Rng) -> Result<Self, KeeperError> {
        let folder = data.to_owned();
        if let Some(key) = read_key(data)? {
            return Ok(Self {
                key: Arc::new(key),
                folder,
                unwritten: None,
            });
        }
        let seed = Zeroizing::new(rng.bytes::<32>());
        let key =
            SigningKey::from_seed(origin, &seed).map_err(|error| fault(data, error.to_string()))?;
        Ok(Self {
            key: Arc::new(key),
            folder,
            unwritten: Some(Zeroizing::new(format!("{origin}\n{}\n", hex(&*seed)))),
        })
    }

    /// The key for the ledger of this store. A new one is written first, and only where
    /// the ledger is empty.
    pub(crate) async fn of(&self, store: &Store) -> Result<Arc<SigningKey>, KeeperError> {
        if let Some(text) = &self.unwritten {
            let leaves = store.ledger_size().await?;
            if leaves > 0 {
                let why = format!("it is missing, and the ledger has {leaves} leaves");
                return Err(fault(&self.folder, why));
            }
            write_private(&self.folder, KEY_FILE, text.as_bytes())
                .map_err(|error| fault(&self.folder, error.to_string()))?;
        }
        Ok(self.key.clone())
    }
}

fn fault(data: &Path, why: String) -> KeeperError {
    KeeperError::Key {
        path: data.join(KEY_FILE),
        why,
    }
}

/// Reads the signing key; `None` where there is none yet.
pub(crate) fn read_key(data: &Path) -> Result<Option<SigningKey>, KeeperError> {
    let path = data.join(KEY_FILE);
    let fault = |why: String| fault(data, why);
    let text = match fs::read_to_string(&path) {
        Ok(text) => Zeroizing::new(text),
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(fault(error.to_string())),
    };
    let mode = fs::metadata(&path).map_err(|error| fault(error.to_string()))?;
    if mode.permissions().mode() & 0o077 != 0 {
        let shown = path.display();
        return Err(fault(format!("others can read it; `chmod 600 {shown}`")));
    }
    let mut lines = text.lines();
    let (Some(origin), Some(seed)) = (lines.next(), lines.next()) else {
        return Err(fault(
            "expected two lines: the origin and 64 hex digits".to_owned(),
        ));
    };
    let seed = unhex(seed).and_then(|seed| <[u8; 32]>::try_from(seed).ok());
    let seed = seed.ok_or_else(|| fault("the seed isn't 64 hex digits".to_owned()))?;
    SigningKey::from_seed(origin, &Zeroizing::new(seed))
        .map(Some)
        .map_err(|error| fault(error.to_string()))
}

/// Writes a file that only we may read, whole or not at all.
pub(crate) fn write_private(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let temporary = folder.join(format!(".{name}.new"));
    match fs::remove_file(&temporary) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&temporary, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
