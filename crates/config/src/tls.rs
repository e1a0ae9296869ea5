//! `[tls]`: connections to applications.

use std::sync::Arc;

use rustls::RootCertStore;
use rustls_pki_types::{CertificateDer, pem::PemObject};

use crate::{
    env::in_words,
    key::{Absent, Form, section},
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

/// Whom certificates of applications may come from.
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
    let path = table.path(&UPSTREAM_CA);
    table.finish();
    let (Some(path), span) = (path, table.span(&UPSTREAM_CA)) else {
        return Tls::default();
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
        let say = Say::what(format!("`upstream_ca` can't be used: {why}"))
            .expected(UPSTREAM_CA.form.expected());
        table.reader.mistake(kind, &span, say);
    }
    Tls {
        upstream_roots: Roots::Own(Arc::new(roots)),
    }
}
