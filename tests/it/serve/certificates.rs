//! Certificates by ACME: the whole binary against Debian's `pebble`, which validates at
//! the gateway's own port.

use http::Method;
use serde_json::json;
use tokio::net::TcpStream;
use visitor::{
    address::AddressPolicy,
    http::{Request, Visitor},
    tls::Trust,
};
use waarborg_it::{
    free_port,
    gateway::{Gateway, waarborg},
    ground::Ground,
    in_time,
    program::{Program, command, finish},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";
const ALIAS: &str = "www.app.example.test";

/// The authority, its mock DNS server, and how it is asked.
struct Pebble {
    program: Program,
    _names: Program,
    directory: String,
    management: u16,
}

impl Pebble {
    async fn start(ground: &Ground, validates: u16) -> Self {
        let (port, management) = (free_port().await, free_port().await);
        let (dns, orders) = (free_port().await, free_port().await);
        let leaf = ground.leaf(&["localhost"]);
        let config = json!({ "pebble": {
            "listenAddress": format!("127.0.0.1:{port}"),
            "managementListenAddress": format!("127.0.0.1:{management}"),
            "certificate": leaf.certificate,
            "privateKey": leaf.key,
            "httpPort": 1,
            "tlsPort": validates,
        }});
        let config = ground.write("pebble.json", &config.to_string());
        let dns = format!("127.0.0.1:{dns}");
        let mut names = command("pebble-challtestsrv");
        names.args([
            "-dns01",
            &dns,
            "-management",
            &format!("127.0.0.1:{orders}"),
        ]);
        for unused in ["-defaultIPv6", "-http01", "-https01", "-tlsalpn01"] {
            names.args([unused, ""]);
        }
        let names = Program::start("pebble-challtestsrv", names);
        names.line("Starting management server").await;
        let mut program = command("pebble");
        program
            .arg("-config")
            .arg(config)
            .args(["-dnsserver", &dns, "-strict"])
            .env("PEBBLE_VA_NOSLEEP", "1")
            // Its usual 5 in 100 would fail one order in some hundreds: three in a row do.
            .env("PEBBLE_WFE_NONCEREJECT", "1");
        let program = Program::start("pebble", program);
        program.line("ACME directory available").await;
        // It says so a moment before it listens.
        let listens = async {
            while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::task::yield_now().await;
            }
        };
        in_time("pebble listens", listens).await;
        Self {
            program,
            _names: names,
            directory: format!("https://localhost:{port}/dir"),
            management,
        }
    }

    /// The root of what it issues, in a file to trust.
    async fn root(&self, ground: &Ground) -> std::path::PathBuf {
        let trust = Trust::nobody()
            .and_file(&ground.ca())
            .expect("the authority");
        let visitor = Visitor::new(terms::Clock::System, AddressPolicy::Any, trust);
        let url = format!("https://localhost:{}/roots/0", self.management);
        let request = Request::new(Method::GET, url.parse().expect("a URL"));
        let answer = visitor.fetch(&request).await.expect("it answers");
        ground.write(
            "issued.pem",
            std::str::from_utf8(&answer.body).expect("PEM"),
        )
    }
}

/// A site without files, with its alias, before `upstream`.
fn configuration(upstream: &Upstream, listen: u16, directory: &str) -> String {
    format!(
        "data = \"data\"\nlisten = \"127.0.0.1:{listen}\"\noperations = \"127.0.0.1:0\"\nworkers = 2\n\
         [site.\"{HOST}\"]\nupstream = \"{}\"\naccess = \"public\"\naliases = \"{ALIAS}\"\n\
         [acme]\nemail = \"ops@example.test\"\ndirectory = \"{directory}\"\nca = \"ca.pem\"\n",
        upstream.url()
    )
}

#[tokio::test]
async fn a_site_without_files_gets_its_certificate_by_itself_and_keeps_it_over_a_restart() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let listen = free_port().await;
    let pebble = Pebble::start(&ground, listen).await;
    let config = configuration(&upstream, listen, &pebble.directory);
    let config = ground.write("waarborg.toml", &config);

    let mut check = waarborg(&ground, &["check"]);
    check.arg("--config").arg(&config);
    finish(check).await.good();
    let asked = pebble.program.said();
    assert!(
        !asked.contains("GET /dir"),
        "check contacts nobody: {asked}"
    );

    let gateway = Gateway::serve(&ground, &config).await;
    gateway.program.line("it has no certificate yet").await;
    gateway.program.line("a certificate was issued").await;
    let asked = pebble.program.said();
    assert!(asked.contains("GET /dir"), "serve does: {asked}");
    let root = pebble.root(&ground).await;
    let curl = async |host: &str, gateway: &Gateway| {
        let mut curl = command("curl");
        curl.args(["--silent", "--show-error", "--cacert"])
            .arg(&root);
        curl.args(["--connect-to", &format!("::{}", gateway.address)]);
        curl.arg(format!("https://{host}/"));
        finish(curl).await.good()
    };
    for host in [HOST, ALIAS] {
        curl(host, &gateway).await;
    }
    let (_, metrics) = gateway.operation("/metrics").await;
    let expiry = format!("waarborg_certificate_expiry_timestamp_seconds{{site=\"{HOST}\"}} ");
    assert!(metrics.contains(&expiry), "{metrics}");
    assert!(metrics.contains("waarborg_acme_orders_total{outcome=\"issued\"} 1"));
    gateway.stop().await;

    // The authority is gone: what the store has is enough.
    drop(pebble);
    let gateway = Gateway::serve(&ground, &config).await;
    curl(HOST, &gateway).await;
    let stranger = gateway.request(Method::GET, "other.example.test", "/");
    let refused = in_time("an answer", gateway.visitor().fetch(&stranger)).await;
    assert!(refused.is_err());
    assert!(!gateway.program.said().contains("a certificate is ordered"));
    gateway.stop().await;
}
