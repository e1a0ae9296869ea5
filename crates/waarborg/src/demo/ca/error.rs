//! What can go wrong with the demo's CA, each with the way out.

use std::{io, path::PathBuf};

use terms::Micros;

/// Why the CA can't be opened or can't issue. No file was overwritten.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CaError {
    /// The data folder can't be made.
    #[error("can't make the folder {}: choose another one with `--data`", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file exists and can't be read.
    #[error("can't read {}: make it readable for this user, or choose another folder with `--data`", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file can't be written.
    #[error("can't write {}: is the folder writable and the disk not full?", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the CA holds something else.
    #[error("{} isn't usable: expected {expected}. It was left as it is; move `ca.pem` and `ca.key` away together to get a new CA, which must then be trusted anew", path.display())]
    Garbled {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// The certificate is there, its key isn't.
    #[error("{} exists, its key {} doesn't: bring the key back, or move the certificate away to get a new CA, which must then be trusted anew", certificate.display(), key.display())]
    KeyMissing {
        /// The CA's certificate.
        certificate: PathBuf,
        /// Where its key should be.
        key: PathBuf,
    },
    /// The certificate was made for another key.
    #[error("{} doesn't belong to {}: bring back the pair, or move both away to get a new CA, which must then be trusted anew", certificate.display(), key.display())]
    OtherKey {
        /// The CA's certificate.
        certificate: PathBuf,
        /// The key beside it.
        key: PathBuf,
    },
    /// The CA is over.
    #[error("{} ended at {end}: move `ca.pem` and `ca.key` away to get a new CA, and trust that instead", path.display())]
    Expired {
        /// The CA's certificate.
        path: PathBuf,
        /// Its end.
        end: Micros,
    },
    /// The CA begins in the future.
    #[error("{} begins at {begin}, but it is {now} now: is this machine's clock right?", path.display())]
    NotYetValid {
        /// The CA's certificate.
        path: PathBuf,
        /// Its begin.
        begin: Micros,
        /// What the clock says.
        now: Micros,
    },
    /// A leaf for nobody.
    #[error("a certificate needs at least one name, such as `localhost`")]
    NoNames,
    /// A leaf for too many.
    #[error("{count} names for one certificate: expected at most 8; ask for a second certificate")]
    TooManyNames {
        /// How many were asked for.
        count: usize,
    },
    /// A name outside of what the CA may vouch for.
    #[error(
        "the demo's CA can't vouch for `{name}`: expected `localhost` or a lower-case name below it, such as `portal.localhost`"
    )]
    ForeignName {
        /// The name that was asked for.
        name: String,
    },
    /// The cryptography refused: a bug, or a machine without randomness.
    #[error("can't make a key or sign a certificate")]
    Sign {
        /// What it said.
        source: rcgen::Error,
    },
    /// A fresh leaf isn't accepted by a client that trusts `path`.
    #[error("a certificate signed by this CA isn't accepted by one who trusts {}: move `ca.pem` and `ca.key` away together to get a new CA, which must then be trusted anew", path.display())]
    DoesNotVerify {
        /// The CA's certificate.
        path: PathBuf,
        /// Why a client refuses.
        source: rustls::Error,
    },
}
