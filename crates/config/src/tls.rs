//! `[tls]`: connections to applications.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    env::in_words,
    key::{Absent, Form, Key, section},
    mistake::Kind,
    reader::Say,
    table::Table,
};

section! {
    "[tls]",
    "Promise `tls`, towards applications. Towards browsers there is nothing to choose: TLS 1.2 and 1.3 only.";
    UPSTREAM_CA "upstream_ca" Form::Path("a PEM file with certificates"), Absent::Means("the public ones (Mozilla's)"), "\"company-ca.pem\"",
        "The only roots that certificates of `https://` applications may come from.";
}

/// Whom certificates of those that we connect to may come from.
#[derive(Debug, Clone, Default)]
pub enum Roots {
    /// Mozilla's list.
    #[default]
    Public,
    /// Only these.
    Own(Arc<RootCertStore>),
}

/// `[tls]`.
#[derive(Debug, Clone, Default)]
pub struct Tls {
    /// `upstream_ca`.
    pub upstream_roots: Roots,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Tls {
    let upstream_roots = roots(table, &UPSTREAM_CA);
    table.finish();
    Tls { upstream_roots }
}

/// The roots of the file that `key` names; the public ones where it names none.
pub(crate) fn roots(table: &Table<'_, '_>, key: &'static Key) -> Roots {
    let (Some(path), span) = (table.path(key), table.span(key)) else {
        return Roots::Public;
    };
    let mut roots = RootCertStore::empty();
    let taken = match table.reader.env.read(&path) {
        Ok(file) => CertificateDer::pem_slice_iter(file.bytes.expose())
            .try_for_each(|found| {
                let one = found.map_err(|_| "it is damaged".to_owned())?;
                let added = roots.add(one);
                added.map_err(|_| "a certificate in it can't be a root".to_owned())
            })
            .and_then(|()| {
                let none = || Err("no certificate is in it".to_owned());
                if roots.is_empty() { none() } else { Ok(()) }
            })
            .map_err(|why| (Kind::BadPem, why)),
        Err(error) => Err((Kind::Unreadable, in_words(&error))),
    };
    if let Err((kind, why)) = taken {
        let say =
            Say::what(format!("`{}` can't be used: {why}", key.name)).expected(key.form.expected());
        table.reader.mistake(kind, &span, say);
    }
    Roots::Own(Arc::new(roots))
}
