//! A real browser: it visits a site once, over HTTPS, and is then given an `http://`
//! link to it. It must go to HTTPS by itself, without a byte in plain text.
//!
//! The browser's ways all end here: `host:443` at a relay to the target, `host:80` at a
//! listener that answers in plain text, every other name nowhere. Its twin is a name
//! that it has never visited, with the same two doors: there it must arrive in plain
//! text, else the browser goes to HTTPS for a reason of its own and nothing is proven.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use terms::Verdict;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};
use visitor::VisitError;

use super::BROWSER;
use crate::{
    approach::{Approach, STEP, is_local_or_address, unheard_of},
    browser::{Browser, CONNECTIONS, Profile, is_error_page, serve},
    entry::{Finding, Step},
    ground::Ground,
    target,
};

const PLAIN: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\
    Connection: close\r\n\r\n<p>plain</p>";

/// Follows the link.
pub(super) async fn follow(ground: &Ground, approach: &Approach<'_>) -> Finding {
    let reading = approach.reading();
    let Some(program) = &reading.browser else {
        return Finding::inconclusive(BROWSER, "no-browser");
    };
    // Browsers ignore the header for addresses (RFC 6797 section 8.1.1), and Chromium
    // for names of this machine.
    let Some(host) = approach
        .sites
        .iter()
        .find(|host| !is_local_or_address(host))
    else {
        return Finding::inconclusive(BROWSER, "only-local-names");
    };
    let mut seen = journey(ground, approach, program, host).await;
    // The browser writes down what it knows as it ends, and a busy machine may cut that
    // short: a failure counts when it comes twice.
    if matches!(&seen, Ok(finding) if finding.verdict == Verdict::Fail) {
        seen = journey(ground, approach, program, host).await;
    }
    seen.unwrap_or_else(|why| Finding::inconclusive(BROWSER, why))
}

async fn journey(
    ground: &Ground,
    approach: &Approach<'_>,
    program: &str,
    host: &str,
) -> Result<Finding, &'static str> {
    let reading = approach.reading();
    let path = if target::is_foreign(reading) {
        "/".to_owned()
    } else {
        format!("{}security", reading.prefix)
    };
    let (address, spki) = meet(approach, host, &path)
        .await
        .map_err(|_| "no-connection")?;
    let address = address.ok_or("not-resolved")?;
    let doors = Doors::open(address).await.map_err(|_| "no-listener")?;
    // `.test` is no name of the world (RFC 6761 section 6.2), so on no preload list.
    let stranger = format!("never-visited-{}.test", unheard_of(ground));
    let profile = Profile::new(&unheard_of(ground)).map_err(|_| "no-profile-folder")?;
    let browser = Browser {
        program,
        profile: profile.path(),
        rules: doors.rules(host, &stranger, reading.public_port),
        trusted: approach.own_roots().then(|| terms::base64(&spki)),
    };

    let page = browser.visit(&format!("https://{host}{path}")).await?;
    let (_, secured) = doors.seen();
    if secured == 0 || is_error_page(&page) {
        return Err("page-not-shown");
    }
    let visited = Step::new("visit-https", true)
        .saw("site", host)
        .saw("https-connections", secured)
        .twin();

    let page = browser.visit(&format!("http://{host}{path}")).await?;
    let (plain, secured) = doors.seen();
    let in_plain = plain.iter().any(|asked| asked == host);
    let broken = !in_plain && (secured == 0 || is_error_page(&page));
    let followed = Step::new("http-link", !in_plain)
        .saw("site", host)
        .saw("in-plain-text", in_plain)
        .saw("https-connections", secured);

    browser.visit(&format!("http://{stranger}{path}")).await?;
    let (plain, _) = doors.seen();
    let in_plain = plain.contains(&stranger);
    let twin = Step::new("http-link-never-visited", true)
        .saw("in-plain-text", in_plain)
        .twin();

    let finding = Finding::by_steps(BROWSER, vec![visited, followed, twin]);
    Ok(if !in_plain {
        finding.short_of("upgrades-every-link")
    } else if broken {
        finding.short_of("page-not-shown")
    } else {
        finding
    })
}

/// Where the target is, and the digest of its key, which the visitor has verified.
async fn meet(
    approach: &Approach<'_>,
    host: &str,
    path: &str,
) -> Result<(Option<SocketAddr>, [u8; 32]), VisitError> {
    let Ok(url) = approach.url(host, path) else {
        return Ok((None, [0; 32]));
    };
    let found = approach.addresses(&url).await?;
    let opened = approach
        .visitor
        .open(&url, &approach.entrance(), &[b"http/1.1"], STEP)
        .await?;
    let spki = opened.peer.map_or([0; 32], |peer| peer.spki_sha256);
    Ok((found.first().map(|address| address.address()), spki))
}

/// What came to the two doors since last asked.
#[derive(Debug, Default)]
struct Seen {
    plain: Mutex<Vec<String>>,
    secured: AtomicUsize,
}

/// The listeners, until dropped.
struct Doors {
    plain: SocketAddr,
    relay: SocketAddr,
    seen: Arc<Seen>,
    _tasks: JoinSet<()>,
}

impl Doors {
    async fn open(target: SocketAddr) -> io::Result<Self> {
        let plain = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let relay = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let seen = Arc::new(Seen::default());
        let (at_plain, at_relay) = (plain.local_addr()?, relay.local_addr()?);
        let mut tasks = JoinSet::new();
        let of_plain = seen.clone();
        tasks.spawn(serve(plain, move |stream| {
            answer_plain(stream, of_plain.clone())
        }));
        let of_relay = seen.clone();
        tasks.spawn(serve(relay, move |stream| {
            pass_on(stream, target, of_relay.clone())
        }));
        Ok(Self {
            plain: at_plain,
            relay: at_relay,
            seen,
            _tasks: tasks,
        })
    }

    /// Chromium's `--host-resolver-rules`; the first that fits counts.
    fn rules(&self, host: &str, stranger: &str, public_port: u16) -> String {
        let (plain, relay) = (self.plain, self.relay);
        format!(
            "MAP {host}:80 {plain},MAP {host}:443 {relay},MAP {host}:{public_port} {relay},\
             MAP {stranger}:80 {plain},MAP {stranger}:443 {relay},MAP * ~NOTFOUND"
        )
    }

    /// Hosts asked for in plain text, and answered connections to the target.
    fn seen(&self) -> (Vec<String>, usize) {
        let mut plain = self
            .seen
            .plain
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        (
            std::mem::take(&mut *plain),
            self.seen.secured.swap(0, Ordering::SeqCst),
        )
    }
}

async fn answer_plain(mut stream: TcpStream, seen: Arc<Seen>) {
    let mut head = Vec::new();
    let mut limited = (&mut stream).take(16 << 10);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        if !matches!(limited.read_buf(&mut head).await, Ok(count) if count > 0) {
            return; // opened in advance and not used
        }
    }
    let text = String::from_utf8_lossy(&head).to_ascii_lowercase();
    let host = text.lines().find_map(|line| line.strip_prefix("host:"));
    if let Some(host) = host {
        let name = host.trim().split(':').next().unwrap_or_default().to_owned();
        let mut plain = seen.plain.lock().unwrap_or_else(PoisonError::into_inner);
        if plain.len() < CONNECTIONS {
            plain.push(name);
        }
    }
    let _ = stream.write_all(PLAIN).await;
    let _ = stream.shutdown().await;
}

/// Counts once the target has answered: a connection opened in advance says nothing.
async fn pass_on(mut stream: TcpStream, target: SocketAddr, seen: Arc<Seen>) {
    let Ok(mut there) = TcpStream::connect(target).await else {
        return;
    };
    let mut first = [0; 1];
    let (mut from, mut to) = there.split();
    let (mut read, mut write) = stream.split();
    let out = tokio::io::copy(&mut read, &mut to);
    let back = async {
        from.read_exact(&mut first).await?;
        seen.secured.fetch_add(1, Ordering::SeqCst);
        write.write_all(&first).await?;
        tokio::io::copy(&mut from, &mut write).await?;
        write.shutdown().await
    };
    tokio::select! {
        _ = back => {}
        // The browser has closed: nobody reads what would come back.
        _ = out => {}
    }
}
