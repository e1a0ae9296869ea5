//! A configuration as the edge wants it.

use std::{collections::HashMap, path::Path, sync::Arc};

use guards::block::Set;
use rustls::{ClientConfig, RootCertStore};
use seam::{
    prebuilt::Prebuilt,
    snapshot::{Certificates, Site, Snapshot},
};

use crate::{
    config::Config,
    pair::{Pair, provider},
    site::{Certification, Site as SiteKey},
    tls::Roots,
};

/// Certificates from authorities, by the host of their site.
pub type Issued = HashMap<String, Arc<Pair>>;

impl Config {
    /// The snapshot of this configuration: everything that could fail has been done by
    /// `load`. `prebuilt` are the pages answered without control, `issued` the
    /// certificates of sites that have no files. A host that no certificate covers has
    /// none: its handshakes are refused.
    pub fn compile(&self, prebuilt: Arc<Prebuilt>, issued: &Issued, generation: u64) -> Snapshot {
        let mut hosts = HashMap::new();
        let mut certificates = Certificates::default();
        let mut sites = Vec::with_capacity(self.sites.len());
        for (site, index) in self.sites.iter().zip(0_u16..) {
            for host in std::iter::once(&site.host).chain(&site.aliases) {
                hosts.insert(host.as_str().into(), index);
                if let Some(pair) = site.pair(issued).filter(|pair| pair.covers(host)) {
                    certificates.insert(host, pair.certified.clone());
                }
            }
            sites.push(Arc::new(Site {
                index,
                name: site.host.as_str().into(),
                upstreams: site.upstreams.clone().into(),
                balance: site.balance,
                health: site.health.as_deref().map(Into::into),
                compression: site.compression,
                assertion: site.assertion,
                important: site.routes.iter().any(|route| route.important),
                routes: site.routes.clone().into(),
                hsts: self.hsts.clone(),
                csp: site.csp.sent(&self.csp_policy(site), &self.prefix),
            }));
        }
        Snapshot {
            generation,
            sites: sites.into(),
            hosts,
            prefix: self.prefix.as_str().into(),
            certificates,
            upstream_tls: self.upstream_tls(),
            prebuilt,
            limits: self.limits,
            hsts: self.hsts.clone(),
            trusted_proxies: self.trusted_proxies.clone(),
            admin_networks: self.admin.networks.clone(),
            block: self.block_set(),
            throttle: self.throttle.guard.clone(),
            csrf: self.csrf.clone(),
            weakness_pages: self.weaknesses.pages,
            addresses: self.track.addresses,
            public_port: self.public_port,
            portal: self.portal_origin().map(Into::into),
        }
    }

    /// Who is refused by address.
    pub fn block_set(&self) -> Set {
        let block = &self.block;
        Set::new(block.lists.clone(), block.action, block.observe)
    }

    /// The files whose change is a change of a certificate.
    pub fn certificate_files(&self) -> Vec<&Path> {
        let files = self
            .sites
            .iter()
            .filter_map(|site| match &site.certification {
                Certification::Files {
                    certificate, key, ..
                } => Some([certificate.as_path(), key.as_path()]),
                Certification::Acme => None,
            });
        let mut files: Vec<_> = files.flatten().collect();
        files.sort_unstable();
        files.dedup();
        files
    }

    /// Every file whose change is taken by itself: certificates, keys and lists of
    /// addresses.
    pub fn watched_files(&self) -> Vec<&Path> {
        let mut files = self.certificate_files();
        files.extend(self.block.files.iter().map(std::path::PathBuf::as_path));
        files.sort_unstable();
        files.dedup();
        files
    }

    /// How `https://` applications are reached; `None` where there are none.
    fn upstream_tls(&self) -> Option<Arc<ClientConfig>> {
        let mut upstreams = self.sites.iter().flat_map(|site| &site.upstreams);
        upstreams.find(|upstream| upstream.tls.is_some())?;
        let roots = match &self.tls.upstream_roots {
            Roots::Own(roots) => roots.clone(),
            Roots::Public => Arc::new(RootCertStore {
                roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
            }),
        };
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider has suites for TLS 1.2 and 1.3")
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Some(Arc::new(config))
    }
}

impl SiteKey {
    /// The certificate in force: that of its files, or the one among `issued`.
    pub fn pair<'a>(&'a self, issued: &'a Issued) -> Option<&'a Arc<Pair>> {
        match &self.certification {
            Certification::Files { pair, .. } => Some(pair),
            Certification::Acme => issued.get(&self.host),
        }
    }

    /// The host and all aliases.
    pub fn hosts(&self) -> impl Iterator<Item = &str> {
        std::iter::once(&self.host)
            .chain(&self.aliases)
            .map(String::as_str)
    }
}
