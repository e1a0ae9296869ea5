//! A configuration as the edge wants it.

use std::{collections::HashMap, sync::Arc};

use rustls::{ClientConfig, RootCertStore};
use seam::{
    prebuilt::Prebuilt,
    snapshot::{Certificates, Site, Snapshot},
};

use crate::{config::Config, pair::provider, tls::Roots};

impl Config {
    /// The snapshot of this configuration: everything that could fail has been done by
    /// `load`. `prebuilt` are the pages answered without control.
    pub fn compile(&self, prebuilt: Arc<Prebuilt>, generation: u64) -> Snapshot {
        let mut hosts = HashMap::new();
        let mut certificates = Certificates::default();
        let mut sites = Vec::with_capacity(self.sites.len());
        for (site, index) in self.sites.iter().zip(0_u16..) {
            for host in std::iter::once(&site.host).chain(&site.aliases) {
                hosts.insert(host.as_str().into(), index);
                certificates.insert(host, site.pair.certified.clone());
            }
            sites.push(Arc::new(Site {
                index,
                name: site.host.as_str().into(),
                upstreams: site.upstreams.clone().into(),
                balance: site.balance,
                health: site.health.as_deref().map(Into::into),
                compression: site.compression,
                access: site.access,
                routes: site.routes.clone().into(),
                hsts: self.hsts.clone(),
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
            addresses: self.track.addresses,
            public_port: self.public_port,
        }
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
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Some(Arc::new(config))
    }
}
