//! Debian's `pebble` with its mock DNS server: every name is on this machine.

use std::{
    net::{SocketAddr, TcpListener, UdpSocket},
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::json;
use terms::Clock;
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    process::{Child, Command},
};
use visitor::{
    address::AddressPolicy,
    http::{Request, Visitor},
    tls::Trust,
};

use super::ground::{Ca, EAB_KEY};

const PATIENCE: Duration = Duration::from_secs(30);

pub(super) struct Pebble {
    pub(super) directory: String,
    management: u16,
    ca: Arc<Ca>,
    log: Arc<Mutex<Vec<String>>>,
    _folder: tempfile::TempDir,
    _children: [Child; 2],
}

/// A port that is free for TCP and UDP.
fn free() -> u16 {
    loop {
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = tcp.local_addr().unwrap().port();
        if UdpSocket::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

fn child(program: &str, arguments: &[&str]) -> Child {
    Command::new(program)
        .args(arguments)
        .env("PEBBLE_VA_NOSLEEP", "1")
        .env("PEBBLE_AUTHZREUSE", "0")
        // Its usual 5 in 100 would fail one order in some hundreds: three in a row do.
        .env("PEBBLE_WFE_NONCEREJECT", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| panic!("{program}: {error}; `cargo xtask test` installs it"))
}

/// Reads what it says until a line holds `sign`, and keeps the rest.
async fn until(child: &mut Child, sign: &str, log: Arc<Mutex<Vec<String>>>) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let begun = async {
        loop {
            let line = lines.next_line().await.unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended: {:?}", log.lock().unwrap()));
            let ready = line.contains(sign);
            log.lock().unwrap().push(line);
            if ready {
                return;
            }
        }
    };
    tokio::time::timeout(PATIENCE, begun).await.expect(sign);
    tokio::spawn(async move {
        while let Ok(Some(line)) = lines.next_line().await {
            log.lock().unwrap().push(line);
        }
    });
}

impl Pebble {
    /// One that validates at `edge`.
    pub(super) async fn start(edge: SocketAddr, ca: &Arc<Ca>) -> Self {
        Self::with(edge, ca, false).await
    }

    /// One that wants an account made elsewhere: `kid-1` with [`EAB_KEY`].
    pub(super) async fn with_external_accounts(edge: SocketAddr, ca: &Arc<Ca>) -> Self {
        Self::with(edge, ca, true).await
    }

    async fn with(edge: SocketAddr, ca: &Arc<Ca>, external: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let (port, management, dns) = (free(), free(), free());
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": file("server.pem", &ca.certificate),
            "privateKey": file("server.key", &ca.key),
            "httpPort": 1,
            "tlsPort": edge.port(),
            "externalAccountBindingRequired": external,
            "externalAccountMACKeys": { "kid-1": EAB_KEY },
        }});
        let config = file("pebble.json", &config.to_string());
        let dns_at = format!("127.0.0.1:{dns}");
        let mut names = child(
            "pebble-challtestsrv",
            &[
                "-dns01",
                &dns_at,
                "-management",
                &format!("127.0.0.1:{}", free()),
                "-defaultIPv6",
                "",
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
            ],
        );
        until(&mut names, "Starting management server", Arc::default()).await;
        let log = Arc::default();
        let mut authority = child(
            "pebble",
            &["-config", &config, "-dnsserver", &dns_at, "-strict"],
        );
        until(&mut authority, "ACME directory available", Arc::clone(&log)).await;
        let pebble = Self {
            directory: format!("https://127.0.0.1:{port}/dir"),
            management,
            ca: ca.clone(),
            log,
            _folder: folder,
            _children: [names, authority],
        };
        // It says so a moment before it listens.
        pebble.root().await;
        pebble
    }

    /// The root of what it issues, PEM.
    pub(super) async fn root(&self) -> String {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.pem");
        std::fs::write(&file, &self.ca.pem).unwrap();
        let trust = Trust::nobody().and_file(&file).unwrap();
        let visitor = Visitor::new(Clock::System, AddressPolicy::Any, trust);
        let url = format!("https://127.0.0.1:{}/roots/0", self.management);
        let request = Request::get(url.parse().unwrap());
        for _ in 0..500 {
            if let Ok(answer) = visitor.fetch(&request).await {
                return String::from_utf8(answer.body.to_vec()).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("pebble doesn't answer: {:?}", self.log.lock().unwrap());
    }

    /// How many times it was asked for an order; one refused for its nonce counts.
    pub(super) fn orders(&self) -> usize {
        let log = self.log.lock().unwrap();
        let order = |line: &&String| line.contains("/order-plz ");
        log.iter().filter(order).count()
    }
}
