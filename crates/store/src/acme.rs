//! Certificates from authorities (RFC 8555): one per site, with what is needed to get
//! the next. Keys and accounts are sealed; whoever writes holds the lease.

use terms::{Micros, Secret};

use crate::{
    change::Tx,
    db::{Row, values},
    error::Error,
    sealed::{Cell, Purpose},
    store::Store,
};

/// Most certificates that are read: sites of one gateway, and as many that are gone.
pub const MAX_CERTIFICATES: u64 = 2000;
/// Longest chain, in bytes of PEM.
pub const MAX_CHAIN_BYTES: usize = 128 * 1024;
/// Longest error that is kept, in characters; the rest is cut off.
const MAX_ERROR_CHARS: usize = 500;

/// The certificate of a site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeCertificate {
    /// The site's host.
    pub site: String,
    /// The authority's directory.
    pub authority: String,
    /// The certificate and its issuers, PEM.
    pub chain: String,
    /// Its key, PEM.
    pub key: Secret<String>,
    /// When it ends.
    pub not_after: Micros,
}

/// What a site's orders have come to since its last certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AcmeFailure {
    /// The site's host.
    pub site: String,
    /// Orders that failed in a row.
    pub failures: u32,
    /// No order before.
    pub not_before: Micros,
    /// Why the last one failed.
    pub error: String,
}

/// How many certificates there are and when the last was written: differs after any
/// change by another node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AcmeMark {
    count: u64,
    at: Micros,
}

const fn account_cell(authority: &str) -> Cell<'_> {
    Cell {
        table: "acme_account",
        column: "credentials",
        row: authority,
    }
}

const fn key_cell(site: &str) -> Cell<'_> {
    Cell {
        table: "acme_certificate",
        column: "sealed_key",
        row: site,
    }
}

impl Tx {
    /// Keeps our account at an authority, in place of an older one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_acme_account(
        &mut self,
        authority: &str,
        credentials: &Secret<String>,
    ) -> Result<(), Error> {
        let sealed = self.store.seal(
            Purpose::Acme,
            account_cell(authority),
            credentials.expose().as_bytes(),
        );
        let now = self.store.clock().now();
        self.connection
            .execute(
                "INSERT INTO acme_account (authority, credentials, at) VALUES ($1, $2, $3) \
                 ON CONFLICT (authority) DO UPDATE SET credentials = excluded.credentials, at = excluded.at",
                values![authority, sealed, now],
            )
            .await
            .map(drop)
    }

    /// Forgets an account that the authority doesn't know any more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn forget_acme_account(&mut self, authority: &str) -> Result<(), Error> {
        self.connection
            .execute(
                "DELETE FROM acme_account WHERE authority = $1",
                values![authority],
            )
            .await
            .map(drop)
    }

    /// Keeps a site's certificate in place of an older one, and forgets the failures
    /// before it; certificates that ended before `gone` are removed.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Unavailable`].
    pub async fn keep_acme_certificate(
        &mut self,
        new: &AcmeCertificate,
        gone: Micros,
    ) -> Result<(), Error> {
        let (size, limit) = (new.chain.len(), MAX_CHAIN_BYTES);
        if size > limit {
            return Err(Error::TooLarge {
                what: "a certificate with its issuers",
                size,
                limit,
            });
        }
        let sealed = self.store.seal(
            Purpose::Acme,
            key_cell(&new.site),
            new.key.expose().as_bytes(),
        );
        let now = self.store.clock().now();
        self.connection
            .execute(
                "INSERT INTO acme_certificate (site, authority, chain, sealed_key, not_after, at) \
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (site) DO UPDATE SET \
                 authority = excluded.authority, chain = excluded.chain, sealed_key = excluded.sealed_key, \
                 not_after = excluded.not_after, at = excluded.at",
                values![
                    &new.site,
                    &new.authority,
                    &new.chain,
                    sealed,
                    new.not_after,
                    now
                ],
            )
            .await?;
        for (sql, value) in [
            (
                "DELETE FROM acme_failure WHERE site = $1",
                values![&new.site],
            ),
            (
                "DELETE FROM acme_certificate WHERE not_after < $1",
                values![gone],
            ),
            (
                "DELETE FROM acme_failure WHERE not_before < $1",
                values![gone],
            ),
        ] {
            self.connection.execute(sql, value).await?;
        }
        Ok(())
    }

    /// Keeps what a site's orders have come to.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_acme_failure(&mut self, failure: &AcmeFailure) -> Result<(), Error> {
        let error: String = failure.error.chars().take(MAX_ERROR_CHARS).collect();
        let now = self.store.clock().now();
        self.connection
            .execute(
                "INSERT INTO acme_failure (site, failures, not_before, error, at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (site) DO UPDATE SET \
                 failures = excluded.failures, not_before = excluded.not_before, \
                 error = excluded.error, at = excluded.at",
                values![
                    &failure.site,
                    u64::from(failure.failures),
                    failure.not_before,
                    error,
                    now
                ],
            )
            .await
            .map(drop)
    }
}

impl Store {
    /// Our account at an authority.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Unsealable`].
    pub async fn acme_account(&self, authority: &str) -> Result<Option<Secret<String>>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT credentials FROM acme_account WHERE authority = $1",
                values![authority],
            )
            .await?;
        let Some(row) = rows.first() else {
            return Ok(None);
        };
        self.unseal_text(Purpose::Acme, account_cell(authority), &row.bytes(0)?)
            .await
            .map(Some)
    }

    /// Every certificate, by site; those that end last go before others where there are
    /// more than [`MAX_CERTIFICATES`]. One that can't be read is an error of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn acme_certificates(&self) -> Result<Vec<Result<AcmeCertificate, Error>>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT site, authority, chain, sealed_key, not_after FROM acme_certificate \
                 ORDER BY not_after DESC, site LIMIT $1",
                values![MAX_CERTIFICATES],
            )
            .await?;
        let mut read = Vec::with_capacity(rows.len());
        for row in &rows {
            read.push(self.acme_certificate(row).await);
        }
        Ok(read)
    }

    async fn acme_certificate(&self, row: &Row) -> Result<AcmeCertificate, Error> {
        let site = row.text(0)?;
        let key = self
            .unseal_text(Purpose::Acme, key_cell(&site), &row.bytes(3)?)
            .await?;
        Ok(AcmeCertificate {
            authority: row.text(1)?,
            chain: row.text(2)?,
            key,
            not_after: row.time(4)?,
            site,
        })
    }

    /// Tells whether certificates have changed.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn acme_mark(&self) -> Result<AcmeMark, Error> {
        let row = self
            .pools()
            .row(
                "SELECT count(*), COALESCE(max(at), 0) FROM acme_certificate",
                values![],
            )
            .await?;
        Ok(AcmeMark {
            count: row.count(0)?,
            at: row.time(1)?,
        })
    }

    /// What the orders of each site have come to.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn acme_failures(&self) -> Result<Vec<AcmeFailure>, Error> {
        let rows = self
            .pools()
            .rows(
                "SELECT site, failures, not_before, error FROM acme_failure \
                 ORDER BY at DESC, site LIMIT $1",
                values![MAX_CERTIFICATES],
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(AcmeFailure {
                    site: row.text(0)?,
                    failures: u32::try_from(row.count(1)?).unwrap_or(u32::MAX),
                    not_before: row.time(2)?,
                    error: row.text(3)?,
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Place, both};

    fn certificate(site: &str, key: &str, not_after: i64) -> AcmeCertificate {
        AcmeCertificate {
            site: site.to_owned(),
            authority: "https://ca.test/dir".to_owned(),
            chain: format!("chain of {site}"),
            key: Secret::new(key.to_owned()),
            not_after: Micros(not_after),
        }
    }

    async fn read(store: &Store) -> Vec<AcmeCertificate> {
        let all = store.acme_certificates().await.unwrap();
        all.into_iter().map(Result::unwrap).collect()
    }

    both! {
        async fn a_certificate_is_kept_with_its_key_sealed_and_the_next_takes_its_place(place: Place) {
            let store = place.open().await;
            let empty = store.acme_mark().await.unwrap();
            let failure = AcmeFailure {
                site: "a.test".to_owned(),
                failures: 2,
                not_before: Micros(77),
                error: "é".repeat(MAX_ERROR_CHARS + 1),
            };
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_failure(&AcmeFailure { failures: 1, ..failure.clone() }).await.unwrap();
            tx.keep_acme_failure(&failure).await.unwrap();
            tx.keep_acme_failure(&AcmeFailure { site: "b.test".to_owned(), ..failure.clone() }).await.unwrap();
            tx.commit().await.unwrap();
            let failures = store.acme_failures().await.unwrap();
            assert_eq!(failures.len(), 2);
            assert_eq!(failures[0], AcmeFailure { error: "é".repeat(MAX_ERROR_CHARS), ..failure });

            let old = certificate("a.test", "the very first key", 10);
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_certificate(&old, Micros(0)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(read(&store).await, std::slice::from_ref(&old));
            let left: Vec<_> = store.acme_failures().await.unwrap().into_iter().map(|it| it.site).collect();
            assert_eq!(left, ["b.test"], "its failures are over, another site's aren't");
            let first = store.acme_mark().await.unwrap();
            assert_ne!(first, empty);

            place.clock.advance(std::time::Duration::from_secs(1));
            let next = certificate("a.test", "the second key", 90);
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_certificate(&next, Micros(0)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(read(&store).await, std::slice::from_ref(&next));
            assert_ne!(store.acme_mark().await.unwrap(), first);
            assert!(!place.file_bytes().windows(8).any(|it| it == b"the very"), "sealed");
        }

        async fn a_key_that_was_moved_to_another_site_does_not_open_and_the_others_do(place: Place) {
            let store = place.open().await;
            let mut tx = store.tx().await.unwrap();
            for site in ["a.test", "b.test"] {
                tx.keep_acme_certificate(&certificate(site, site, 90), Micros(0)).await.unwrap();
            }
            tx.connection.execute(
                "UPDATE acme_certificate SET sealed_key = (SELECT sealed_key FROM acme_certificate WHERE site = 'b.test') WHERE site = 'a.test'",
                values![],
            ).await.unwrap();
            tx.commit().await.unwrap();
            let all = store.acme_certificates().await.unwrap();
            assert!(matches!(&all[0], Err(Error::Unsealable { row, .. }) if row == "a.test"));
            assert_eq!(all[1].as_ref().unwrap().key.expose(), "b.test");
        }

        async fn a_certificate_that_is_long_over_is_removed_with_the_next_one(place: Place) {
            let store = place.open().await;
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_certificate(&certificate("gone.test", "k", 10), Micros(0)).await.unwrap();
            tx.keep_acme_certificate(&certificate("a.test", "k", 90), Micros(10)).await.unwrap();
            assert_eq!(read(&store).await.len(), 0, "nothing before the commit");
            tx.commit().await.unwrap();
            assert_eq!(read(&store).await.len(), 2, "10 isn't before 10");
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_certificate(&certificate("a.test", "k", 90), Micros(11)).await.unwrap();
            let long = AcmeCertificate { chain: "x".repeat(MAX_CHAIN_BYTES + 1), ..certificate("a.test", "k", 90) };
            let error = tx.keep_acme_certificate(&long, Micros(0)).await.unwrap_err();
            assert!(matches!(error, Error::TooLarge { .. }), "{error}");
            tx.commit().await.unwrap();
            assert_eq!(read(&store).await, [certificate("a.test", "k", 90)]);
        }

        async fn an_account_is_kept_sealed_per_authority_and_can_be_forgotten(place: Place) {
            let store = place.open().await;
            let credentials = Secret::new("zwanenhals en zonnehoed".to_owned());
            let mut tx = store.tx().await.unwrap();
            tx.keep_acme_account("https://ca.test/dir", &Secret::new("older".to_owned())).await.unwrap();
            tx.keep_acme_account("https://ca.test/dir", &credentials).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.acme_account("https://ca.test/dir").await.unwrap(), Some(credentials));
            assert_eq!(store.acme_account("https://other.test/dir").await.unwrap(), None);
            assert!(!place.file_bytes().windows(10).any(|it| it == b"zwanenhals"), "sealed");
            let mut tx = store.tx().await.unwrap();
            tx.forget_acme_account("https://ca.test/dir").await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store.acme_account("https://ca.test/dir").await.unwrap(), None);
        }
    }
}
