//! What a test stands on: a folder that goes with it, a certificate authority, and
//! configurations.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::{Duration, UNIX_EPOCH},
};

use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose,
};
use tempfile::TempDir;
use terms::Clock;

/// The portal's host, where there is one.
pub const PORTAL: &str = "id.example.test";

/// A folder and the authority in it.
pub struct Ground {
    folder: TempDir,
    issuer: Issuer<'static, KeyPair>,
}

/// Where a certificate and its key are, in PEM.
#[derive(Debug, Clone)]
pub struct Leaf {
    /// The certificate.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// The drill of `throttle` sends a burst to every site: a small one is enough, and what
/// tests send themselves isn't counted.
const PACES: &str = "[throttle]\npages_burst = 60\nsign_in_burst = 20\nexempt = \"127.0.0.0/8\"\n";

impl Ground {
    /// A fresh one.
    ///
    /// # Panics
    /// When the folder can't be made.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("waarborg-it-").tempdir();
        let folder = folder.expect("a temporary folder");
        let mut params = CertificateParams::new(Vec::new()).expect("no names are fine");
        let mut name = DistinguishedName::new();
        name.push(DnType::CommonName, "Waarborg integration tests");
        params.distinguished_name = name;
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("an authority");
        fs::write(folder.path().join("ca.pem"), certificate.pem()).expect("a writable folder");
        Self {
            folder,
            issuer: Issuer::new(params, key),
        }
    }

    /// A path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The authority's certificate, to trust.
    pub fn ca(&self) -> PathBuf {
        self.path("ca.pem")
    }

    /// Makes a certificate for `names`, in files named after the first.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn leaf(&self, names: &[&str]) -> Leaf {
        let first = names.first().expect("at least one name");
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).expect("host names");
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, *first);
        params.distinguished_name = subject;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        // Ninety days, as is usual: judges frown on long lives.
        let now = UNIX_EPOCH + Duration::from_micros(Clock::System.now().0.unsigned_abs());
        params.not_before = (now - Duration::from_secs(3600)).into();
        params.not_after = (now + Duration::from_secs(90 * 86_400)).into();
        self.write_leaf(first, &params)
    }

    /// Makes a certificate by `params`.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn write_leaf(&self, name: &str, params: &CertificateParams) -> Leaf {
        let key = KeyPair::generate().expect("a key");
        self.write_leaf_of(name, params, &key)
    }

    /// Makes a certificate by `params` for this key.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn write_leaf_of(&self, name: &str, params: &CertificateParams, key: &KeyPair) -> Leaf {
        let certificate = params.signed_by(key, &self.issuer).expect("a certificate");
        let leaf = Leaf {
            certificate: self.path(&format!("{name}.pem")),
            key: self.path(&format!("{name}.key")),
        };
        fs::write(&leaf.certificate, certificate.pem()).expect("a writable folder");
        self.write_private(&format!("{name}.key"), &key.serialize_pem());
        leaf
    }

    /// Writes a file; gives its path.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("a writable folder");
        path
    }

    /// Writes a file that only its owner may read.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn write_private(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt as _;
        let path = self.write(name, text);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("it is ours");
        path
    }

    /// The text of a configuration: data folder `data`, free ports of the loopback, and
    /// these sites, public, each with a certificate of the authority. `rest` follows.
    pub fn configuration(&self, sites: &[(&str, &str)], rest: &str) -> String {
        let mut text = String::from(
            "data = \"data\"\nlisten = \"127.0.0.1:0\"\noperations = \"127.0.0.1:0\"\nworkers = 2\n",
        );
        for (host, upstream) in sites {
            text.push_str(&self.site(host, upstream));
        }
        let _ = writeln!(text, "\n{rest}");
        if !rest.contains("[throttle]") {
            text.push_str(PACES);
        }
        text
    }

    /// The section of one site.
    pub fn site(&self, host: &str, upstream: &str) -> String {
        if !self.path(&format!("{host}.pem")).exists() {
            self.leaf(&[host]);
        }
        format!(
            "\n[site.\"{host}\"]\nupstream = \"{upstream}\"\naccess = \"public\"\n\
             certificate = \"{host}.pem\"\nkey = \"{host}.key\"\n"
        )
    }

    /// Writes such a configuration as `waarborg.toml`; gives its path.
    pub fn configure(&self, sites: &[(&str, &str)], rest: &str) -> PathBuf {
        self.write("waarborg.toml", &self.configuration(sites, rest))
    }

    /// The same with the portal [`PORTAL`], at which accounts sign in: without one, nothing
    /// is promised of passwords. They are hashed fast, and three wrong ones lock.
    pub fn configure_with_portal(&self, sites: &[(&str, &str)], rest: &str) -> PathBuf {
        self.leaf(&[PORTAL]);
        let portal = format!(
            "[site.\"{PORTAL}\"]\ncertificate = \"{PORTAL}.pem\"\nkey = \"{PORTAL}.key\"\n\n\
             [password]\ncost = 10\n\n[lockout]\nguesses = 3\n\n{rest}"
        );
        let text = self.configuration(sites, &portal);
        self.write("waarborg.toml", &format!("portal = \"{PORTAL}\"\n{text}"))
    }

    /// Replaces a file in one step, as editors and deployment tools do.
    ///
    /// # Panics
    /// When it can't be written.
    pub fn replace(&self, path: &Path, text: &str) {
        let new = self.write("replacement", text);
        fs::rename(new, path).expect("both are in one folder");
    }
}

impl Default for Ground {
    fn default() -> Self {
        Self::new()
    }
}
