//! Real servers on port 0 for the tests of this crate.

use std::{
    net::SocketAddr,
    process::Stdio,
    sync::{Arc, OnceLock},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::{TcpListener, TcpStream},
    process::{Child, Command},
};

/// A CA that exists for this test run.
pub(crate) fn authority() -> &'static CertifiedIssuer<'static, KeyPair> {
    static AUTHORITY: OnceLock<CertifiedIssuer<'static, KeyPair>> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::new(vec![]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        params
            .distinguished_name
            .push(DnType::CommonName, "Test CA");
        CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
    })
}

/// A certificate of [`authority`] with its key, valid in 2026 and 2027 only.
pub(crate) fn certificate(names: &[&str]) -> (rcgen::Certificate, KeyPair) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(2028, 1, 1);
    params.distinguished_name.push(DnType::CommonName, "a test");
    let key = KeyPair::generate().unwrap();
    (params.signed_by(&key, authority()).unwrap(), key)
}

/// A trust in [`authority`] alone.
pub(crate) fn trust() -> crate::tls::Trust {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ca.pem");
    std::fs::write(&path, authority().pem()).unwrap();
    crate::tls::Trust::nobody().and_file(&path).unwrap()
}

/// A rustls server's configuration, TLS 1.2 and 1.3.
pub(crate) fn server_config(names: &[&str], alpn: &[&[u8]]) -> Arc<ServerConfig> {
    let (certificate, key) = certificate(names);
    let chain: Vec<CertificateDer<'static>> =
        vec![certificate.der().clone(), authority().der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    Arc::new(config)
}

/// A TCP server that does the same with every connection, as long as the test runs.
pub(crate) async fn scripted<F>(script: impl Fn(TcpStream) -> F + Send + 'static) -> SocketAddr
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(script(stream));
        }
    });
    address
}

/// A rustls server that shakes hands and then reads until the end.
pub(crate) async fn handshaking(names: &[&str]) -> SocketAddr {
    let acceptor = tokio_rustls::TlsAcceptor::from(server_config(names, &[]));
    scripted(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
            }
        }
    })
    .await
}

/// `openssl s_server` with an RSA certificate, until dropped: accepts old versions
/// that no other server at hand speaks.
pub(crate) struct OpensslServer {
    pub(crate) address: SocketAddr,
    _child: Child,
    _folder: tempfile::TempDir,
}

pub(crate) async fn openssl_server(arguments: &[&str]) -> OpensslServer {
    let folder = tempfile::tempdir().unwrap();
    let (key, cert) = (
        folder.path().join("key.pem"),
        folder.path().join("cert.pem"),
    );
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "30",
        ])
        .args([
            "-subj",
            "/CN=localhost",
            "-addext",
            "subjectAltName=DNS:localhost",
        ])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&cert)
        .stdin(Stdio::null())
        .output()
        .await
        .expect("these tests need the program openssl (apt-get install openssl)");
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let mut child = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-key"])
        .arg(&key)
        .arg("-cert")
        .arg(&cert)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            let address = address.parse().unwrap();
            // Its later output must go somewhere, else it stops writing and serving.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return OpensslServer {
                address,
                _child: child,
                _folder: folder,
            };
        }
    }
    panic!("openssl s_server ended without listening: {arguments:?}");
}
