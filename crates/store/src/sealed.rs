//! Sealed columns: AES-256-GCM under a data key per purpose, bound to their place.
//!
//! A sealed value is `version (4 bytes, big-endian) ‖ nonce (12, random) ‖ ciphertext ‖
//! tag (16)`. The associated data name the purpose, the key's version, table, column and
//! row, each with its length before it, so that a value moved elsewhere doesn't open.
//! Data keys stand in table `data_key`, wrapped the same way by the master key.
//!
//! With random nonces one key version may seal 2^32 values (NIST SP 800-38D §8.3);
//! [`Store::renew`](crate::Store::renew) begins a new version long before.

use std::collections::HashMap;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};
use terms::{Rng, Secret};
use zeroize::Zeroizing;

use crate::{
    db::{Row, values},
    error::Error,
    keys::{MasterKey, MasterKeys},
};

/// What a data key is for. Each has keys of its own, so that one leak stays one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Purpose {
    /// Recipients and texts in the outbox.
    Mail,
    /// E-mail addresses of accounts, and their look-up.
    Email,
    /// TOTP secrets.
    Totp,
    /// Passkeys, their look-up, and challenges on their way through a browser.
    Passkey,
    /// Texts of flaw reports.
    Report,
    /// Secrets of webhooks and other outgoing calls.
    Webhook,
    /// Accounts at certificate authorities, and keys of certificates.
    Acme,
    /// Keys that sign assertions.
    Signing,
    /// Changes that wait for a second administrator.
    Approval,
    /// What goes through a visitor's hands and comes back: requests to sign in, tokens of
    /// forms.
    SignIn,
}

impl Purpose {
    /// All of them. A store gets the keys of new ones when it is opened.
    pub const ALL: [Self; 10] = [
        Self::Mail,
        Self::Email,
        Self::Totp,
        Self::Passkey,
        Self::Report,
        Self::Webhook,
        Self::Acme,
        Self::Signing,
        Self::Approval,
        Self::SignIn,
    ];

    /// The word in table `data_key` and in the associated data: never changes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Mail => "mail",
            Self::Email => "email",
            Self::Totp => "totp",
            Self::Passkey => "passkey",
            Self::Report => "report",
            Self::Webhook => "webhook",
            Self::Acme => "acme",
            Self::Signing => "signing",
            Self::Approval => "approval",
            Self::SignIn => "sign-in",
        }
    }
}

/// The one place where a sealed value opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell<'a> {
    /// The table.
    pub table: &'static str,
    /// The column.
    pub column: &'static str,
    /// The row's id.
    pub row: &'a str,
}

/// What a data key does. The look-up key has one version: a new one would lose every
/// address that is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Role {
    Seal,
    Hash,
}

impl Role {
    const fn word(self) -> &'static str {
        match self {
            Self::Seal => "seal",
            Self::Hash => "hash",
        }
    }
}

/// Each part with its length before it, so that no two lists of parts look alike.
fn associated(parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in parts {
        bytes.extend_from_slice(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

fn cipher(key: &[u8; 32]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, key).expect("AES-256 takes 32 bytes"))
}

/// `nonce ‖ ciphertext ‖ tag` after `head`.
fn encrypt(key: &LessSafeKey, rng: &Rng, head: &[u8], associated: &[u8], plain: &[u8]) -> Vec<u8> {
    let nonce: [u8; NONCE_LEN] = rng.bytes();
    let mut text = Vec::with_capacity(plain.len().saturating_add(64));
    text.extend_from_slice(plain);
    // Fails only beyond 64 GiB, which no caller can hold: values are bounded by kilobytes.
    key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(associated),
        &mut text,
    )
    .expect("a value of the store is far below 64 GiB");
    [head, &nonce, &text].concat()
}

fn decrypt(key: &LessSafeKey, associated: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, text) = sealed.split_first_chunk::<NONCE_LEN>()?;
    let mut text = Zeroizing::new(text.to_vec());
    let length = key
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(associated),
            &mut text,
        )
        .ok()?
        .len();
    text.truncate(length);
    Some(text)
}

/// A row of `data_key`.
pub(crate) struct Wrapped {
    purpose: Purpose,
    role: Role,
    pub(crate) version: u32,
    pub(crate) master: String,
    wrapped: Vec<u8>,
}

/// Reads every data key.
pub(crate) const SELECT_KEYS: &str =
    "SELECT purpose, role, version, master, wrapped FROM data_key ORDER BY purpose, role, version";

impl Wrapped {
    pub(crate) fn read(row: &Row) -> Result<Self, Error> {
        let (purpose, role) = (row.text(0)?, row.text(1)?);
        let unknown = || Error::corrupt(format!("data_key has the unknown `{purpose}`, `{role}`"));
        Ok(Self {
            purpose: Purpose::ALL
                .into_iter()
                .find(|it| it.word() == purpose)
                .ok_or_else(unknown)?,
            role: [Role::Seal, Role::Hash]
                .into_iter()
                .find(|it| it.word() == role)
                .ok_or_else(unknown)?,
            version: u32::try_from(row.count(2)?).map_err(|_| unknown())?,
            master: row.text(3)?,
            wrapped: row.bytes(4)?,
        })
    }

    fn associated(master: &str, purpose: Purpose, role: Role, version: u32) -> Vec<u8> {
        associated(&[
            b"waarborg data key 1",
            master.as_bytes(),
            purpose.word().as_bytes(),
            role.word().as_bytes(),
            &version.to_be_bytes(),
        ])
    }

    fn wrap(
        key: &[u8; 32],
        master: &MasterKey,
        rng: &Rng,
        (purpose, role, version): (Purpose, Role, u32),
    ) -> Self {
        let associated = Self::associated(master.id().as_str(), purpose, role, version);
        let wrapped = encrypt(
            &cipher(master.secret().expose()),
            rng,
            &[],
            &associated,
            key,
        );
        Self {
            purpose,
            role,
            version,
            master: master.id().as_str().to_owned(),
            wrapped,
        }
    }

    fn unwrap(&self, masters: &MasterKeys) -> Result<Secret<[u8; 32]>, Error> {
        let master = masters
            .find(&self.master)
            .ok_or_else(|| Error::WrongMasterKey {
                needed: self.master.clone(),
                present: masters.names(),
            })?;
        let associated = Self::associated(&self.master, self.purpose, self.role, self.version);
        let key = decrypt(
            &cipher(master.secret().expose()),
            &associated,
            &self.wrapped,
        )
        .and_then(|key| <[u8; 32]>::try_from(key.as_slice()).ok())
        .ok_or_else(|| {
            let (purpose, role) = (self.purpose.word(), self.role.word());
            Error::corrupt(format!(
                "data key `{purpose}`, `{role}`, version {} doesn't unwrap",
                self.version
            ))
        })?;
        Ok(Secret::new(key))
    }

    /// The same key under the current master key, as an update that changes nothing if
    /// somebody else has rewrapped it in between.
    pub(crate) fn rewrap(
        &self,
        masters: &MasterKeys,
        rng: &Rng,
    ) -> Result<(&'static str, Vec<crate::db::Value>), Error> {
        let key = self.unwrap(masters)?;
        let place = (self.purpose, self.role, self.version);
        let new = Self::wrap(key.expose(), &masters.current, rng, place);
        Ok((
            "UPDATE data_key SET master = $1, wrapped = $2 \
             WHERE purpose = $3 AND role = $4 AND version = $5 AND master = $6",
            values![
                new.master,
                new.wrapped,
                self.purpose.word(),
                self.role.word(),
                u64::from(self.version),
                &self.master,
            ],
        ))
    }

    /// A new random key as a row; nothing happens where there is one already.
    fn insert(
        masters: &MasterKeys,
        rng: &Rng,
        place: (Purpose, Role, u32),
        now: terms::Micros,
    ) -> (&'static str, Vec<crate::db::Value>) {
        let key = Secret::new(rng.bytes::<32>());
        let new = Self::wrap(key.expose(), &masters.current, rng, place);
        (
            "INSERT INTO data_key (purpose, role, version, master, wrapped, created_at) \
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (purpose, role, version) DO NOTHING",
            values![
                new.purpose.word(),
                new.role.word(),
                u64::from(new.version),
                new.master,
                new.wrapped,
                now,
            ],
        )
    }

    /// A seal key of this version.
    pub(crate) fn insert_seal(
        masters: &MasterKeys,
        rng: &Rng,
        purpose: Purpose,
        version: u32,
        now: terms::Micros,
    ) -> (&'static str, Vec<crate::db::Value>) {
        Self::insert(masters, rng, (purpose, Role::Seal, version), now)
    }

    /// First versions for the purposes that have none in `there`.
    pub(crate) fn missing(
        there: &[Self],
        masters: &MasterKeys,
        rng: &Rng,
        now: terms::Micros,
    ) -> Vec<(&'static str, Vec<crate::db::Value>)> {
        Purpose::ALL
            .into_iter()
            .flat_map(|purpose| [(purpose, Role::Seal), (purpose, Role::Hash)])
            .filter(|(purpose, role)| {
                !there
                    .iter()
                    .any(|key| (key.purpose, key.role) == (*purpose, *role))
            })
            .map(|(purpose, role)| Self::insert(masters, rng, (purpose, role, 1), now))
            .collect()
    }
}

/// The data keys, unwrapped.
pub(crate) struct Keyring {
    seal: HashMap<(Purpose, u32), LessSafeKey>,
    newest: HashMap<Purpose, u32>,
    hash: HashMap<Purpose, hmac::Key>,
}

impl Keyring {
    /// Unwraps all of `rows`, which must hold a key for each purpose and role.
    pub(crate) fn unwrap(rows: &[Wrapped], masters: &MasterKeys) -> Result<Self, Error> {
        let mut ring = Self {
            seal: HashMap::new(),
            newest: HashMap::new(),
            hash: HashMap::new(),
        };
        for row in rows {
            let key = row.unwrap(masters)?;
            match row.role {
                Role::Seal => {
                    let newest = ring.newest.entry(row.purpose).or_default();
                    *newest = row.version.max(*newest);
                    ring.seal
                        .insert((row.purpose, row.version), cipher(key.expose()));
                }
                Role::Hash => {
                    ring.hash
                        .insert(row.purpose, hmac::Key::new(hmac::HMAC_SHA256, key.expose()));
                }
            }
        }
        let whole = Purpose::ALL
            .iter()
            .all(|purpose| ring.newest.contains_key(purpose) && ring.hash.contains_key(purpose));
        if whole {
            Ok(ring)
        } else {
            Err(Error::corrupt("data_key lacks the keys of a purpose"))
        }
    }

    fn cell(purpose: Purpose, version: u32, cell: Cell<'_>) -> Vec<u8> {
        associated(&[
            b"waarborg seal 1",
            purpose.word().as_bytes(),
            &version.to_be_bytes(),
            cell.table.as_bytes(),
            cell.column.as_bytes(),
            cell.row.as_bytes(),
        ])
    }

    /// The newest version for seals of `purpose`.
    pub(crate) fn newest(&self, purpose: Purpose) -> u32 {
        self.newest.get(&purpose).copied().unwrap_or_default()
    }

    pub(crate) fn seal(
        &self,
        rng: &Rng,
        purpose: Purpose,
        cell: Cell<'_>,
        plain: &[u8],
    ) -> Vec<u8> {
        let version = self.newest(purpose);
        let key = self
            .seal
            .get(&(purpose, version))
            .expect("`unwrap` saw to it");
        encrypt(
            key,
            rng,
            &version.to_be_bytes(),
            &Self::cell(purpose, version, cell),
            plain,
        )
    }

    /// The version that sealed it; `None` when it is too short to have one.
    pub(crate) fn version_of(sealed: &[u8]) -> Option<u32> {
        sealed
            .first_chunk::<4>()
            .map(|head| u32::from_be_bytes(*head))
    }

    /// Whether the key of this version is here.
    pub(crate) fn has(&self, purpose: Purpose, version: u32) -> bool {
        self.seal.contains_key(&(purpose, version))
    }

    pub(crate) fn open(
        &self,
        purpose: Purpose,
        cell: Cell<'_>,
        sealed: &[u8],
    ) -> Result<Secret<Vec<u8>>, Error> {
        let opened = sealed.split_first_chunk::<4>().and_then(|(head, rest)| {
            let version = u32::from_be_bytes(*head);
            let key = self.seal.get(&(purpose, version))?;
            decrypt(key, &Self::cell(purpose, version, cell), rest)
        });
        match opened {
            Some(mut plain) => Ok(Secret::new(std::mem::take(&mut *plain))),
            None => Err(Error::Unsealable {
                table: cell.table,
                column: cell.column,
                row: cell.row.to_owned(),
            }),
        }
    }

    pub(crate) fn hash(&self, purpose: Purpose, text: &str) -> [u8; 32] {
        let key = self.hash.get(&purpose).expect("`unwrap` saw to it");
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(key, text.as_bytes()).as_ref());
        out
    }
}

#[cfg(test)]
mod tests;
