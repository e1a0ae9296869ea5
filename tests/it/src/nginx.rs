//! Debian's nginx: as an application that speaks HTTP/2, and with settings that a scanner
//! must see: old versions, weak ciphers and primes, certificates that nobody should
//! believe.

use std::{net::TcpListener, time::Duration};

use rcgen::{
    CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose,
};
use tokio::net::TcpStream;

use crate::{
    ground::{Ground, Leaf},
    in_time,
    program::{Program, command},
    tools,
};

/// What is wrong with one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bad {
    /// TLS 1.0 and 1.1 with CBC and suites without forward secrecy.
    Old,
    /// Diffie-Hellman with a prime of 1,024 bits.
    SmallPrime,
    /// Suites without authentication and without encryption.
    Open,
    /// A certificate that nobody vouches for.
    SelfSigned,
    /// A certificate whose time is over.
    Expired,
    /// A certificate for another name.
    OtherName,
}

impl Bad {
    /// All of them.
    pub const ALL: &[Self] = &[
        Self::Old,
        Self::SmallPrime,
        Self::Open,
        Self::SelfSigned,
        Self::Expired,
        Self::OtherName,
    ];

    /// Its grade by the SSL Labs guide.
    pub const fn grade(self) -> &'static str {
        match self {
            Self::Old | Self::SmallPrime => "B",
            Self::Open => "F",
            Self::SelfSigned | Self::Expired => "T",
            Self::OtherName => "M",
        }
    }

    /// Rules that must be among those that lower it.
    pub const fn rules(self) -> &'static [&'static str] {
        match self {
            Self::Old => &["old-tls", "no-hsts"],
            Self::SmallPrime => &["dh-weak", "no-hsts"],
            Self::Open => &["anonymous", "no-encryption"],
            Self::SelfSigned | Self::Expired => &["untrusted"],
            Self::OtherName => &["other-name"],
        }
    }

    /// What is wrong with its certificate.
    pub const fn problems(self) -> &'static [&'static str] {
        match self {
            Self::Old | Self::SmallPrime | Self::Open => &[],
            Self::SelfSigned => &["self-signed"],
            Self::Expired => &["expired"],
            Self::OtherName => &["other-name"],
        }
    }

    fn settings(self) -> &'static str {
        match self {
            Self::Old => {
                "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;\n\
                 ssl_ciphers ALL:!aNULL:!eNULL:!DH:@SECLEVEL=0;\n\
                 ssl_ecdh_curve X25519:prime256v1:secp384r1;\n"
            }
            Self::SmallPrime => {
                "ssl_protocols TLSv1.2 TLSv1.3;\nssl_dhparam dh.pem;\n\
                 ssl_ciphers DHE+AES:ECDHE+AESGCM:@SECLEVEL=0;\n"
            }
            Self::Open => {
                "ssl_protocols TLSv1.2 TLSv1.3;\nssl_dhparam dh.pem;\n\
                 ssl_ciphers aNULL:eNULL:ECDHE+AESGCM:@SECLEVEL=0;\n"
            }
            Self::SelfSigned | Self::Expired | Self::OtherName => {
                "ssl_protocols TLSv1.2 TLSv1.3;\nssl_ciphers HIGH:!aNULL;\n"
            }
        }
    }

    fn certificate(self, ground: &Ground) -> Leaf {
        let name = format!("bad-{self:?}").to_lowercase();
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("a host name");
        let mut subject = DistinguishedName::new();
        subject.push(DnType::CommonName, "localhost");
        params.distinguished_name = subject;
        params.key_usages = vec![
            KeyUsagePurpose::DigitalSignature,
            KeyUsagePurpose::KeyEncipherment,
        ];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = self != Self::SelfSigned;
        let now = std::time::UNIX_EPOCH
            + Duration::from_micros(terms::Clock::System.now().0.unsigned_abs());
        let day = Duration::from_secs(86_400);
        params.not_before = (now - 60 * day).into();
        params.not_after = match self {
            Self::Expired => (now - day).into(),
            _ => (now + 30 * day).into(),
        };
        if self == Self::OtherName {
            params.subject_alt_names = CertificateParams::new(vec!["other.test".to_owned()])
                .expect("a host name")
                .subject_alt_names;
        }
        // RSA, so that suites of both kinds can be had.
        let key = KeyPair::generate_for(&rcgen::PKCS_RSA_SHA256).expect("a key");
        if self == Self::SelfSigned {
            let made = params.self_signed(&key).expect("a certificate");
            let leaf = Leaf {
                certificate: ground.write(&format!("{name}.pem"), &made.pem()),
                key: ground.write_private(&format!("{name}.key"), &key.serialize_pem()),
            };
            return leaf;
        }
        ground.write_leaf_of(&name, &params, &key)
    }
}

/// A running nginx.
#[derive(Debug)]
pub struct Nginx {
    /// Where it listens, on 127.0.0.1.
    pub port: u16,
    _program: Program,
}

/// The second Oakley group (RFC 2409 section 6.2): 1,024 bits.
const PRIME: &str = "-----BEGIN DH PARAMETERS-----\n\
    MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR\n\
    Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL\n\
    /1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC\n\
    -----END DH PARAMETERS-----\n";

impl Nginx {
    /// Starts one and waits until it listens.
    ///
    /// # Panics
    /// When it doesn't.
    pub async fn start(ground: &Ground, bad: Bad) -> Self {
        let leaf = bad.certificate(ground);
        ground.write("dh.pem", PRIME);
        let server = format!("{}return 200 hello;", bad.settings());
        Self::serve(
            ground,
            &format!("{bad:?}").to_lowercase(),
            &leaf,
            "ssl",
            &server,
        )
        .await
    }

    /// Starts one that speaks HTTP/2 where it is asked to, with this in its `server`.
    pub async fn application(ground: &Ground, server: &str) -> Self {
        let leaf = ground.leaf(&["localhost"]);
        Self::serve(ground, "application", &leaf, "ssl http2", server).await
    }

    /// Starts one in front of others, with this in its `server` for a host.
    pub async fn in_front(ground: &Ground, host: &str, server: &str) -> Self {
        let leaf = ground.leaf(&[host]);
        Self::serve(ground, "front", &leaf, "ssl", server).await
    }

    /// Starts one that speaks plain HTTP/1.1, with this in its `server`.
    pub async fn plain(ground: &Ground, server: &str) -> Self {
        let leaf = ground.leaf(&["localhost"]);
        Self::serve(ground, "plain", &leaf, "", server).await
    }

    async fn serve(ground: &Ground, name: &str, leaf: &Leaf, listen: &str, server: &str) -> Self {
        let folder = ground.path("");
        let free = TcpListener::bind("127.0.0.1:0").and_then(|at| at.local_addr());
        let port = free.expect("a free port").port();
        let config = ground.write(
            &format!("nginx-{name}.conf"),
            &format!(
                "daemon off;\nmaster_process off;\npid {folder}/nginx-{port}.pid;\n\
                 error_log stderr;\nevents {{}}\nhttp {{\naccess_log off;\n\
                 client_body_temp_path {folder}/body;\nproxy_temp_path {folder}/proxy;\n\
                 fastcgi_temp_path {folder}/fastcgi;\nuwsgi_temp_path {folder}/uwsgi;\n\
                 scgi_temp_path {folder}/scgi;\n\
                 server {{\nlisten 127.0.0.1:{port} {listen};\nlisten [::1]:{port} {listen};\n\
                 ssl_certificate {};\nssl_certificate_key {};\nssl_session_cache shared:s:1m;\n\
                 {server}\n}}\n}}\n",
                leaf.certificate.display(),
                leaf.key.display(),
                folder = folder.display(),
            ),
        );
        let mut nginx = command(tools::nginx());
        nginx.arg("-p").arg(&folder).arg("-c").arg(&config);
        let program = Program::start("nginx", nginx);
        let listening = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        in_time("nginx listens", listening).await;
        Self {
            port,
            _program: program,
        }
    }
}
