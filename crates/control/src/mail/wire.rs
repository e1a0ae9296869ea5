//! The way to the mail server: addresses, TLS, STARTTLS.
//!
//! TLS is ours rather than lettre's for two reasons: the STARTTLS dialogue reads not a
//! byte beyond the server's `220`, so that whatever an attacker appends to it ends in the
//! handshake and fails there instead of passing for the server's later answers; and what
//! a server may say in all is limited.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use config::SmtpSecurity;
use lettre::transport::smtp::{
    client::{AsyncSmtpConnection, AsyncTokioStream},
    extension::ClientId,
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
    time_provider::TimeProvider,
};
use terms::Clock;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, ReadBuf},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::{TlsConnector, client::TlsStream};

use crate::mail::MailerError;

/// Longest wait for one address to answer, so that another is tried.
const DIAL_LIMIT: Duration = Duration::from_secs(8);
/// At most so many addresses of a name are tried.
const MAX_ADDRESSES: usize = 8;
/// Most a server may say over a connection; then the connection is broken.
const MAX_SAID_BYTES: usize = 256 * 1024;
/// Most a server may say before TLS, in bytes.
const MAX_GREETING_BYTES: usize = 16 * 1024;
/// lettre begins with the greeting, which after STARTTLS has been read already.
const GREETING_READ: &[u8] = b"220 read before TLS\r\n";

/// A step that failed, and what was said.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) doing: &'static str,
    pub(super) said: String,
}

impl Trouble {
    pub(super) fn new(doing: &'static str, error: &dyn fmt::Display) -> Self {
        let said = error.to_string();
        Self { doing, said }
    }
}

/// Where the server is and how it is spoken to.
pub(super) struct Route {
    host: String,
    port: u16,
    security: Security,
}

enum Security {
    Tls(Tls),
    StartTls(Tls),
    /// Only ever loopback addresses.
    Plain(Vec<IpAddr>),
}

struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Route({self})")
    }
}

impl Route {
    pub(super) fn new(mail: &config::Mail, clock: &Clock) -> Result<Self, MailerError> {
        let security = match mail.security {
            SmtpSecurity::Tls => Security::Tls(Tls::new(mail, clock)?),
            SmtpSecurity::StartTls => Security::StartTls(Tls::new(mail, clock)?),
            SmtpSecurity::Plain => {
                let host = mail.host.clone();
                Security::Plain(loopback(&host).ok_or(MailerError::Unencrypted { host })?)
            }
        };
        Ok(Self {
            host: mail.host.clone(),
            port: mail.port,
            security,
        })
    }

    /// Connects and, but for a loopback, encrypts.
    pub(super) async fn connect(&self) -> Result<AsyncSmtpConnection, Trouble> {
        let hello = ClientId::default();
        let tcp = self.dial().await?;
        let stream: Box<dyn AsyncTokioStream> = match &self.security {
            Security::Plain(_) => Box::new(Guarded::new(tcp, &[])),
            Security::Tls(tls) => Box::new(Guarded::new(tls.secure(tcp).await?, &[])),
            Security::StartTls(tls) => {
                let tcp = start_tls(tcp, &hello).await?;
                Box::new(Guarded::new(tls.secure(tcp).await?, GREETING_READ))
            }
        };
        AsyncSmtpConnection::connect_with_transport(stream, &hello)
            .await
            .map_err(|error| Trouble::new("waiting for the greeting", &error))
    }

    async fn dial(&self) -> Result<TcpStream, Trouble> {
        let addresses: Vec<SocketAddr> = match &self.security {
            Security::Plain(addresses) => addresses
                .iter()
                .map(|address| SocketAddr::new(*address, self.port))
                .collect(),
            Security::Tls(_) | Security::StartTls(_) => {
                lookup_host((self.host.as_str(), self.port))
                    .await
                    .map_err(|error| Trouble::new("finding its address", &error))?
                    .take(MAX_ADDRESSES)
                    .collect()
            }
        };
        let mut failed = Trouble::new("finding its address", &"the name has no address");
        for address in addresses {
            match timeout(DIAL_LIMIT, TcpStream::connect(address)).await {
                Ok(Ok(tcp)) => return Ok(tcp),
                Ok(Err(error)) => failed = Trouble::new("connecting", &error),
                Err(_) => failed = Trouble::new("connecting", &"no answer"),
            }
        }
        Err(failed)
    }
}

/// The addresses of a host that is this machine, without asking anybody.
fn loopback(host: &str) -> Option<Vec<IpAddr>> {
    if host == "localhost" {
        return Some(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let address: IpAddr = host.parse().ok()?;
    address.is_loopback().then(|| vec![address])
}

impl Tls {
    fn new(mail: &config::Mail, clock: &Clock) -> Result<Self, MailerError> {
        let name = ServerName::try_from(mail.host.clone()).map_err(|_| MailerError::Host {
            host: mail.host.clone(),
        })?;
        let mut roots = RootCertStore::empty();
        match &mail.ca {
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
            Some((path, pem)) => {
                let found = CertificateDer::pem_slice_iter(pem).flatten();
                if roots.add_parsable_certificates(found).0 == 0 {
                    return Err(MailerError::Roots { path: path.clone() });
                }
            }
        }
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_details(provider, Arc::new(Now(clock.clone())))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(config));
        Ok(Self { connector, name })
    }

    async fn secure(&self, tcp: TcpStream) -> Result<TlsStream<TcpStream>, Trouble> {
        self.connector
            .connect(self.name.clone(), tcp)
            .await
            .map_err(|error| Trouble::new("the TLS handshake", &error))
    }
}

/// The time that certificates are judged by.
#[derive(Debug)]
struct Now(Clock);

impl TimeProvider for Now {
    fn current_time(&self) -> Option<UnixTime> {
        let micros = u64::try_from(self.0.now().0).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_micros(micros)))
    }
}

/// Speaks until the server is ready for TLS (RFC 3207 §4).
async fn start_tls(mut tcp: TcpStream, hello: &ClientId) -> Result<TcpStream, Trouble> {
    let failed = |error: io::Error| Trouble::new("asking for STARTTLS", &error);
    expect(&mut tcp, "220").await?;
    let ehlo = format!("EHLO {hello}\r\n");
    tcp.write_all(ehlo.as_bytes()).await.map_err(failed)?;
    let offers = expect(&mut tcp, "250").await?;
    let offered = offers.lines().any(|line| {
        line.get(4..)
            .is_some_and(|word| word.trim().eq_ignore_ascii_case("STARTTLS"))
    });
    if !offered {
        let said = "the server doesn't offer STARTTLS; if it speaks TLS from the first byte, use `smtps://`";
        return Err(Trouble::new("asking for STARTTLS", &said));
    }
    tcp.write_all(b"STARTTLS\r\n").await.map_err(failed)?;
    expect(&mut tcp, "220").await?;
    Ok(tcp)
}

/// Reads one answer, byte by byte so that nothing behind it is taken, and returns it if
/// it has this code.
async fn expect(tcp: &mut TcpStream, code: &str) -> Result<String, Trouble> {
    let doing = "waiting for STARTTLS";
    let (mut answer, mut line) = (String::new(), Vec::new());
    while answer.len() + line.len() < MAX_GREETING_BYTES {
        let byte = tcp
            .read_u8()
            .await
            .map_err(|error| Trouble::new(doing, &error))?;
        line.push(byte);
        if byte != b'\n' {
            continue;
        }
        // `250-` goes on, `250 ` and a bare `250` end (RFC 5321 §4.2.1).
        let last = line.get(3) != Some(&b'-');
        answer.push_str(&String::from_utf8_lossy(&line));
        line.clear();
        if last {
            return if answer.starts_with(code) {
                Ok(answer)
            } else {
                Err(Trouble::new(doing, &answer.trim()))
            };
        }
    }
    Err(Trouble::new(doing, &"the answer is too long"))
}

/// A stream that begins with `head` and breaks when the other end says too much.
#[derive(Debug)]
struct Guarded<S> {
    head: &'static [u8],
    stream: S,
    left: usize,
}

impl<S> Guarded<S> {
    const fn new(stream: S, head: &'static [u8]) -> Self {
        Self {
            head,
            stream,
            left: MAX_SAID_BYTES,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if !this.head.is_empty() {
            let room = buffer.remaining().min(this.head.len());
            let (now, later) = this.head.split_at(room);
            buffer.put_slice(now);
            this.head = later;
            return Poll::Ready(Ok(()));
        }
        if this.left == 0 {
            let error = io::Error::new(io::ErrorKind::InvalidData, "the server says too much");
            return Poll::Ready(Err(error));
        }
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(context, buffer);
        let said = buffer.filled().len().saturating_sub(before);
        this.left = this.left.saturating_sub(said);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(context)
    }
}

impl AsyncTokioStream for Guarded<TcpStream> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.peer_addr()
    }
}

impl AsyncTokioStream for Guarded<TlsStream<TcpStream>> {
    fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.stream.get_ref().0.peer_addr()
    }
}
