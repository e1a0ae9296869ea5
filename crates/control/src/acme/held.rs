//! The certificates in force, as the store has them.

use std::{collections::HashMap, sync::Arc};

use config::{Issued, Pair};
use store::{AcmeMark, Store};

/// A certificate in force.
pub(crate) struct Held {
    pub(crate) pair: Arc<Pair>,
    /// The directory of the authority that it is from.
    pub(crate) authority: String,
}

/// All of them, by site.
#[derive(Default)]
pub(crate) struct InForce {
    certificates: HashMap<String, Held>,
    /// What they were read at.
    mark: Option<AcmeMark>,
}

impl InForce {
    pub(crate) fn of(&self, site: &str) -> Option<&Held> {
        self.certificates.get(site)
    }

    /// Takes one that this node, the only one that writes, has just kept in the store: it
    /// needn't be read from there, and neither need all the others.
    pub(crate) async fn put(&mut self, site: String, held: Held, store: &Store) {
        self.certificates.insert(site, held);
        self.mark = store.acme_mark().await.ok();
    }

    /// As the edge wants them.
    pub(crate) fn issued(&self) -> Issued {
        let certificates = self.certificates.iter();
        certificates
            .map(|(site, held)| (site.clone(), held.pair.clone()))
            .collect()
    }

    /// Reads them where they have changed; whether they had. One that can't be used is
    /// said and left out.
    pub(crate) async fn read(&mut self, store: &Store) -> Result<bool, store::Error> {
        let mark = store.acme_mark().await?;
        if self.mark == Some(mark) {
            return Ok(false);
        }
        let mut certificates = HashMap::new();
        for kept in store.acme_certificates().await? {
            let kept = match kept {
                Ok(kept) => kept,
                Err(error) => {
                    tracing::error!(%error, "a certificate of the store could not be opened");
                    continue;
                }
            };
            match Pair::from_pem(kept.chain.as_bytes(), kept.key.expose().as_bytes()) {
                Ok(pair) => {
                    let held = self.same_or_new(pair, kept.authority);
                    certificates.insert(kept.site, held);
                }
                Err(error) => {
                    tracing::error!(site = kept.site, %error, "a certificate of the store can't be used");
                }
            }
        }
        self.certificates = certificates;
        self.mark = Some(mark);
        Ok(true)
    }

    /// The one in force where it is this very certificate.
    fn same_or_new(&self, pair: Pair, authority: String) -> Held {
        let mut held = self.certificates.values();
        let same = held.find(|held| held.pair.certified.cert == pair.certified.cert);
        Held {
            pair: same.map_or_else(|| Arc::new(pair), |held| held.pair.clone()),
            authority,
        }
    }
}
