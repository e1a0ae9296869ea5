//! Real servers on port 0 that do as their script says, and orders to attack them.

use std::{
    future,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    process::Stdio,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;
use config::{
    AccessLog, AdminReading, BlockReading, CsrfReading, HstsReading, LockoutReading, PaceReading,
    PasswordReading, Reading, SiteReading, TeamReading, ThrottleReading, TlsReportReading,
    TrackReading, Way, XssReading,
};
use http_body_util::Full;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tempfile::TempDir;
use terms::{AddressKeeping, Clock, Grade, Micros, Rng, Vantage, Verdict};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy_bidirectional},
    net::{TcpListener, TcpStream, UnixListener},
    process::{Child, Command},
    sync::mpsc,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use crate::{
    entry::Finding,
    ground::{Evidence, Ground, Order, Question},
};

/// The name that the servers here have a certificate for.
pub(crate) const NAME: &str = "gateway.test";

/// 23 November 2026, noon: within the certificates' time.
pub(crate) const NOON: Micros = Micros(1_795_435_200_000_000);

/// The fields of [`Heard::from`].
const FROM: [&str; 3] = ["origin", "sec-fetch-site", "upgrade"];

/// What a server heard.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    pub(crate) http2: bool,
    pub(crate) method: String,
    pub(crate) path: String,
    /// Host, without the port.
    pub(crate) host: String,
    pub(crate) malformed: bool,
    pub(crate) traceparent: Option<String>,
    /// `Accept-Language`, or nothing.
    pub(crate) language: String,
    /// `Cookie`, or nothing.
    pub(crate) cookie: String,
    /// `Origin`, `Sec-Fetch-Site` and `Upgrade`, or nothing.
    pub(crate) from: [String; 3],
    /// A form over HTTP/1.
    pub(crate) body: String,
}

/// What it says.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(&'static str, String)>,
    pub(crate) body: String,
}

/// The statuses of a good gateway, without any field.
pub(crate) fn gateway(heard: &Heard) -> Said {
    let status = if heard.malformed {
        400
    } else if heard.host != NAME {
        421
    } else if heard.method == "TRACE" {
        405
    } else if heard.path.starts_with("/-/") && heard.path != "/-/security" {
        404
    } else {
        200
    };
    Said {
        status,
        fields: Vec::new(),
        body: "<p>page</p>".to_owned(),
    }
}

/// How long a certificate lasts, as a year.
const USUAL: i32 = 2028;

fn authority() -> &'static CertifiedIssuer<'static, KeyPair> {
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

fn acceptor(until: (i32, u8, u8)) -> TlsAcceptor {
    let mut params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    params.not_before = rcgen::date_time_ymd(2026, 1, 1);
    params.not_after = rcgen::date_time_ymd(until.0, until.1, until.2);
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, authority()).unwrap();
    let chain = vec![certificate.der().clone(), authority().der().clone()];
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::try_from(key.serialize_der()).unwrap())
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

/// A server over TLS, HTTP/1.1 and HTTP/2, as long as the test runs.
pub(crate) async fn server(script: impl Fn(&Heard) -> Said + Send + Sync + 'static) -> SocketAddr {
    serving(acceptor((USUAL, 1, 1)), script, false).await
}

/// The same with a certificate until this day.
pub(crate) async fn server_until(day: (i32, u8, u8)) -> SocketAddr {
    serving(acceptor(day), gateway, false).await
}

/// The same, but it answers plain text at the TLS port too.
pub(crate) async fn server_with_plaintext() -> SocketAddr {
    serving(acceptor((USUAL, 1, 1)), gateway, true).await
}

async fn serving(
    acceptor: TlsAcceptor,
    script: impl Fn(&Heard) -> Said + Send + Sync + 'static,
    plaintext: bool,
) -> SocketAddr {
    let script = Arc::new(script);
    scripted(move |stream| {
        let (acceptor, script) = (acceptor.clone(), script.clone());
        async move {
            let mut first = [0; 1];
            let _ = stream.peek(&mut first).await;
            if plaintext && first != [22] {
                return answer_plain(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
                    .await;
            }
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
                second(stream, script).await;
            } else {
                first_version(stream, &*script).await;
            }
        }
    })
    .await
}

/// A door that leads each source to a server of its own, or nowhere.
pub(crate) fn door(
    folder: &TempDir,
    leads: impl Fn(IpAddr) -> Option<SocketAddr> + Send + Sync + 'static,
) {
    let listener = UnixListener::bind(folder.path().join("proxy.sock")).unwrap();
    let leads = Arc::new(leads);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let leads = leads.clone();
            tokio::spawn(async move {
                let mut start = [0; 16];
                stream.read_exact(&mut start).await.unwrap();
                let mut rest = vec![0; usize::from(start[15])];
                stream.read_exact(&mut rest).await.unwrap();
                let source = match start[13] {
                    0x11 => IpAddr::from(<[u8; 4]>::try_from(&rest[..4]).unwrap()),
                    _ => IpAddr::from(<[u8; 16]>::try_from(&rest[..16]).unwrap()),
                };
                if let Some(address) = leads(source) {
                    let mut on = TcpStream::connect(address).await.unwrap();
                    let _ = copy_bidirectional(&mut stream, &mut on).await;
                }
            });
        }
    });
}

/// A TCP server that does the same with every connection.
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

/// A server in plain text that always says the same.
pub(crate) async fn plain_server(answer: &'static str) -> SocketAddr {
    scripted(move |stream| answer_plain(stream, answer)).await
}

async fn answer_plain(mut stream: TcpStream, answer: &'static str) {
    let _ = stream.read(&mut [0; 4096]).await;
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// An address where nobody listens: it was free a moment ago.
pub(crate) async fn nobody() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap()
}

async fn first_version(mut stream: TlsStream<TcpStream>, script: &(dyn Fn(&Heard) -> Said + Sync)) {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(stream.read_buf(&mut head).await, Ok(count) if count > 0) {
            return;
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.lines().take_while(|line| !line.is_empty());
    let mut request = lines.next().unwrap().split(' ');
    let mut heard = Heard {
        http2: false,
        method: request.next().unwrap().to_owned(),
        path: request.next().unwrap().to_owned(),
        host: String::new(),
        malformed: false,
        traceparent: None,
        language: String::new(),
        cookie: String::new(),
        from: Default::default(),
        body: String::new(),
    };
    let mut length = 0;
    for line in lines {
        match line.split_once(':') {
            None => heard.malformed = true,
            Some((name, value)) if name.eq_ignore_ascii_case("host") => {
                heard.host = value.trim().split(':').next().unwrap().to_owned();
            }
            Some((name, value)) if name.eq_ignore_ascii_case("traceparent") => {
                heard.traceparent = Some(value.trim().to_owned());
            }
            Some((name, value)) if name.eq_ignore_ascii_case("accept-language") => {
                value.trim().clone_into(&mut heard.language);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("cookie") => {
                value.trim().clone_into(&mut heard.cookie);
            }
            Some((name, value)) if FROM.contains(&&*name.to_ascii_lowercase()) => {
                let at = FROM.iter().position(|it| name.eq_ignore_ascii_case(it));
                value.trim().clone_into(&mut heard.from[at.unwrap()]);
            }
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => {
                length = value.trim().parse().unwrap_or(0);
            }
            _ => {}
        }
    }
    let begins = text.find("\r\n\r\n").map_or(0, |end| end + 4);
    while head.len() < begins + length {
        if !matches!(stream.read_buf(&mut head).await, Ok(count) if count > 0) {
            return;
        }
    }
    heard.body = String::from_utf8_lossy(&head[begins..]).into_owned();
    let said = script(&heard);
    let body = if heard.method == "HEAD" {
        ""
    } else {
        &said.body
    };
    let mut answer = format!(
        "HTTP/1.1 {} So\r\nConnection: close\r\nContent-Length: {}\r\n",
        said.status,
        said.body.len()
    );
    if said.fields.iter().all(|(name, _)| *name != "content-type") {
        answer.push_str("Content-Type: text/html\r\n");
    }
    for (name, value) in &said.fields {
        answer.push_str(&format!("{name}: {value}\r\n"));
    }
    answer.push_str(&format!("\r\n{body}"));
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

async fn second(
    stream: TlsStream<TcpStream>,
    script: Arc<impl Fn(&Heard) -> Said + Send + Sync + 'static>,
) {
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let heard = Heard {
            http2: true,
            method: request.method().to_string(),
            path: request.uri().path().to_owned(),
            host: request.uri().host().unwrap_or_default().to_owned(),
            malformed: false,
            traceparent: request
                .headers()
                .get("traceparent")
                .map(|value| value.to_str().unwrap().to_owned()),
            language: request
                .headers()
                .get("accept-language")
                .map_or("", |value| value.to_str().unwrap())
                .to_owned(),
            cookie: String::new(),
            from: FROM.map(|name| {
                let value = request.headers().get(name);
                value.map_or("", |value| value.to_str().unwrap()).to_owned()
            }),
            body: String::new(),
        };
        let said = script(&heard);
        let mut answer = http::Response::builder().status(said.status);
        for (name, value) in said.fields {
            answer = answer.header(name, value);
        }
        let body = if heard.method == "HEAD" {
            String::new()
        } else {
            said.body
        };
        future::ready(answer.body(Full::new(Bytes::from(body))))
    });
    let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

/// What was promised by the gateway here: the drill's own defaults.
pub(crate) fn reading() -> Reading {
    Reading {
        digest: "d".repeat(64),
        public_port: 8443,
        prefix: "/-/".to_owned(),
        sites: vec![SiteReading {
            hosts: vec![NAME.to_owned()],
            portal: false,
            ways: vec![Way::Unix],
        }],
        hsts: HstsReading {
            max_age_s: 63_072_000,
            include_subdomains: false,
            preload: false,
        },
        csp: Vec::new(),
        tls_report: TlsReportReading { least: Grade::A },
        password: PasswordReading {
            length: 15,
            cost: 12,
            breached_file: false,
        },
        lockout: LockoutReading {
            guesses: 10,
            window_s: 900,
        },
        block: BlockReading {
            drop: false,
            observe: false,
            unknown: false,
            entries: 0,
            feeds: 0,
            bans: false,
        },
        throttle: ThrottleReading {
            observe: false,
            pages: PaceReading {
                burst: 30,
                interval_us: 200_000,
            },
            sign_in: PaceReading {
                burst: 10,
                interval_us: 500_000,
            },
        },
        csrf: CsrfReading::default(),
        xss: XssReading::default(),
        track: TrackReading {
            access_log: AccessLog::File,
            retention_s: 30 * 86_400,
            addresses: AddressKeeping::Truncated,
        },
        team: TeamReading {
            people: false,
            github: false,
        },
        admin: AdminReading {
            fresh_s: 600,
            networks: false,
            routes: Vec::new(),
        },
        period_s: 3600,
        browser: None,
    }
}

/// A ground for a server, with the files it needs.
pub(crate) struct Field {
    pub(crate) ground: Ground,
    _folder: TempDir,
}

/// A ground on which [`authority`] is trusted and `address` attacked.
pub(crate) fn field(address: SocketAddr, reading: Reading) -> Field {
    let folder = tempfile::tempdir().unwrap();
    let roots: PathBuf = folder.path().join("ca.pem");
    std::fs::write(&roots, authority().pem()).unwrap();
    let order = Order {
        run: "run".to_owned(),
        nonce: "0".repeat(64),
        promises: Vec::new(),
        reading,
        connect: Some(address),
        roots: Some(roots),
        vantage: Vantage::SameHost,
        active: true,
    };
    let ground = Ground::new(order, Clock::manual(NOON), Rng::System);
    Field {
        ground,
        _folder: folder,
    }
}

impl Field {
    /// The same with somebody who answers questions.
    pub(crate) fn with_control(
        mut self,
        answer: impl Fn(&Question) -> Evidence + Send + 'static,
    ) -> Self {
        let (sender, mut asked) = mpsc::channel::<crate::ground::Asked>(1);
        tokio::spawn(async move {
            while let Some((question, reply)) = asked.recv().await {
                let _ = reply.send(answer(&question));
            }
        });
        self.ground.control = Some(sender);
        self
    }
}

/// The verdict on a part.
pub(crate) fn verdict(findings: &[Finding], part: &str) -> Verdict {
    let found: Vec<_> = findings
        .iter()
        .filter(|finding| finding.part == part)
        .collect();
    assert_eq!(found.len(), 1, "one finding of {part}: {findings:#?}");
    found[0].verdict
}

/// The names of the steps that went wrong.
pub(crate) fn wrong(findings: &[Finding], part: &str) -> Vec<String> {
    let found = findings.iter().filter(|finding| finding.part == part);
    let steps = found.flat_map(|finding| &finding.steps);
    steps
        .filter(|step| !step.good)
        .map(|step| step.step.clone())
        .collect()
}

/// `openssl s_server` until dropped: speaks versions that rustls doesn't know.
pub(crate) struct OldServer {
    pub(crate) address: SocketAddr,
    _child: Child,
    _folder: TempDir,
}

/// One with these arguments.
pub(crate) async fn old_server(arguments: &[&str]) -> OldServer {
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec![NAME.to_owned()]).unwrap();
    let certificate = params.signed_by(&key, authority()).unwrap();
    let (key_file, cert_file) = (
        folder.path().join("key.pem"),
        folder.path().join("cert.pem"),
    );
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    std::fs::write(&cert_file, certificate.pem()).unwrap();
    let mut child = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-www", "-key"])
        .arg(&key_file)
        .arg("-cert")
        .arg(&cert_file)
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("these tests need the program openssl (apt-get install openssl)");
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    while let Some(line) = lines.next_line().await.unwrap() {
        if let Some(address) = line.strip_prefix("ACCEPT ") {
            let address = address.parse().unwrap();
            // Its later output must go somewhere, else it stops writing and serving.
            tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
            return OldServer {
                address,
                _child: child,
                _folder: folder,
            };
        }
    }
    panic!("openssl s_server ended without listening: {arguments:?}");
}
