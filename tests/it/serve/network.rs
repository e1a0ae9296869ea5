//! From other hosts: what addresses decide, as it happens on a network.

use std::net::IpAddr;

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    hosts::Host,
    in_time,
    nginx::Nginx,
    program::{Program, command, finish},
    tools,
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// A gateway that other hosts reach, before an application.
async fn gateway(ground: &Ground, upstream: &Upstream, top: &str, rest: &str) -> Gateway {
    let text = ground.configuration(&[(HOST, &upstream.url())], rest);
    let text = text.replace("listen = \"127.0.0.1:0\"", "listen = \"[::]:0\"");
    let config = ground.write("waarborg.toml", &format!("{top}{text}"));
    Gateway::serve(ground, &config).await
}

/// The statuses that curl on another host gets for so many requests; 000 where there is no
/// answer. From each of these addresses, or its own.
async fn curl(
    ground: &Ground,
    host: &Host,
    (to, port): (IpAddr, u16),
    count: u32,
    more: &[&str],
) -> String {
    let to = match to {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    };
    let mut curl = host.command("curl");
    curl.args(["--silent", "--max-time", "60", "--output", "/dev/null"])
        .args(["--write-out", "%{http_code} ", "--cacert"])
        .arg(ground.ca())
        .args(["--connect-to", &format!("::{to}:{port}")])
        .args(more)
        .arg(format!("https://{HOST}/?[1-{count}]"));
    finish(curl).await.out.trim().to_owned()
}

fn times(status: &str, count: usize) -> String {
    vec![status; count].join(" ")
}

#[tokio::test]
async fn a_listed_host_is_refused_or_dropped_and_its_neighbour_is_served() {
    let (one, other) = (Host::start(0), Host::start(1));
    let [v4, v6] = one.addresses();
    for (action, status) in [("refuse", "403"), ("drop", "000")] {
        let (ground, upstream) = (Ground::new(), Upstream::start().await);
        let list = format!("[block]\ndeny = [\"{v4}\", \"{v6}\"]\naction = \"{action}\"\n");
        let gateway = gateway(&ground, &upstream, "", &list).await;
        for (index, to) in one.gateways().into_iter().enumerate() {
            let port = gateway.port();
            let got = curl(&ground, &one, (to, port), 1, &[]).await;
            assert_eq!(got, status, "{action} from {}", one.addresses()[index]);
            let to = other.gateways()[index];
            let got = curl(&ground, &other, (to, port), 1, &[]).await;
            assert_eq!(got, "200", "{action} from {}", other.addresses()[index]);
        }
        gateway.stop().await;
    }
}

#[tokio::test]
async fn whoever_walks_through_a_64_is_one_client_and_a_48_has_a_wider_pace() {
    let (one, other) = (Host::start(0), Host::start(1));
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let paces = "[throttle]\npages = \"1/h\"\npages_burst = 3\n";
    let gateway = gateway(&ground, &upstream, "", paces).await;
    let to = (one.gateways()[1], gateway.port());
    let from = async |subnet: u16, last: u16, count| {
        let source = one.v6(subnet, last).to_string();
        curl(&ground, &one, to, count, &["--interface", &source]).await
    };
    assert_eq!(from(7, 1, 2).await, times("200", 2));
    assert_eq!(from(7, 0xffff, 2).await, "200 429");
    assert_eq!(from(7, 9, 1).await, "429");
    // Sixteen such clients, whatever /64 they take: three of them are gone.
    let mut served = 3;
    for subnet in 8..40 {
        let got = from(subnet, 1, 3).await;
        served += got.matches("200").count();
    }
    assert_eq!(served, 48);
    // By IPv4 it is another client, and the next host isn't touched.
    let by_v4 = (one.gateways()[0], gateway.port());
    assert_eq!(curl(&ground, &one, by_v4, 4, &[]).await, "200 200 200 429");
    for to in other.gateways() {
        let got = curl(&ground, &other, (to, gateway.port()), 3, &[]).await;
        assert_eq!(got, times("200", 3));
    }
    gateway.stop().await;
}

/// Caddy before the gateway, at these addresses.
async fn caddy(ground: &Ground, at: &[IpAddr], port: u16, to: u16) -> Program {
    let leaf = ground.leaf(&[HOST]);
    let places: Vec<_> = at.iter().map(ToString::to_string).collect();
    let file = ground.write(
        "Caddyfile",
        &format!(
            "{{\n admin off\n auto_https off\n}}\n\
             https://{HOST}:{port} {{\n bind {}\n tls {} {}\n \
             reverse_proxy https://127.0.0.1:{to} {{\n  header_up Host {HOST}\n  \
             transport http {{\n   tls_server_name {HOST}\n  }}\n }}\n}}\n",
            places.join(" "),
            leaf.certificate.display(),
            leaf.key.display(),
        ),
    );
    let mut caddy = command(tools::caddy());
    caddy.args(["run", "--adapter", "caddyfile", "--config"]);
    caddy.arg(file);
    caddy.env("SSL_CERT_FILE", ground.ca());
    caddy.env("HOME", ground.path(""));
    let program = Program::start("caddy", caddy);
    program.line("serving initial configuration").await;
    program
}

#[tokio::test]
async fn behind_a_real_nginx_and_caddy_each_host_is_who_it_is_whatever_it_claims() {
    let (one, other) = (Host::start(0), Host::start(1));
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let paces = "[throttle]\npages = \"1/h\"\npages_burst = 4\n";
    let top = "trusted_proxies = \"127.0.0.1\"\n";
    let gateway = gateway(&ground, &upstream, top, paces).await;
    let places: Vec<IpAddr> = [one.gateways(), other.gateways()].concat();
    let free = |_| {
        let held = std::net::TcpListener::bind("[::]:0").and_then(|at| at.local_addr());
        held.expect("a free port").port()
    };
    let ports = [0, 1].map(free);
    let listen: String = places
        .iter()
        .map(|place| match place {
            IpAddr::V4(v4) => format!("listen {v4}:{} ssl;\n", ports[0]),
            IpAddr::V6(v6) => format!("listen [{v6}]:{} ssl;\n", ports[0]),
        })
        .collect();
    let pass = format!(
        "{listen}location / {{\nproxy_pass https://127.0.0.1:{};\nproxy_ssl_verify on;\n\
         proxy_ssl_trusted_certificate {};\nproxy_ssl_name {HOST};\nproxy_ssl_server_name on;\n\
         proxy_http_version 1.1;\nproxy_set_header Host {HOST};\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n}}\n",
        gateway.port(),
        ground.ca().display(),
    );
    let _nginx = Nginx::in_front(&ground, HOST, &pass).await;
    let _caddy = caddy(&ground, &places, ports[1], gateway.port()).await;
    // A name that somebody gives himself doesn't count, and neither does another proxy's.
    let forged = ["-H", "X-Forwarded-For: 192.0.2.1"];
    for family in [0, 1] {
        let there = |host: &Host, proxy: usize| (host.gateways()[family], ports[proxy]);
        let by_nginx = curl(&ground, &one, there(&one, 0), 2, &[]).await;
        assert_eq!(by_nginx, times("200", 2));
        let by_caddy = curl(&ground, &one, there(&one, 1), 2, &forged).await;
        assert_eq!(by_caddy, times("200", 2));
        for proxy in [0, 1] {
            let got = curl(&ground, &one, there(&one, proxy), 2, &forged).await;
            assert_eq!(got, times("429", 2), "by proxy {proxy}");
            let got = curl(&ground, &other, there(&other, proxy), 2, &[]).await;
            assert_eq!(got, times("200", 2), "the neighbour by proxy {proxy}");
        }
    }
    // Whoever comes without a proxy can't name anybody.
    let direct = (other.gateways()[0], gateway.port());
    let got = curl(&ground, &other, direct, 1, &forged).await;
    assert_eq!(got, "429", "it has used up its own");
    gateway.stop().await;
}

#[tokio::test]
async fn from_another_host_there_is_tls_and_nothing_else() {
    let one = Host::start(0);
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let gateway = gateway(&ground, &upstream, "", "").await;
    let operations = gateway.operations.port();
    for to in one.gateways() {
        let got = curl(&ground, &one, (to, gateway.port()), 1, &[]).await;
        assert_eq!(got, "200");
        // Each port that listens on this machine, asked from there: all but ours are on
        // loopback addresses.
        let to = match to {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => format!("[{v6}]"),
        };
        for (scheme, port) in [("http", operations), ("http", gateway.port())] {
            let mut curl = one.command("curl");
            curl.args(["--silent", "--max-time", "20", "--output", "/dev/null"])
                .args(["--write-out", "%{http_code}"])
                .arg(format!("{scheme}://{to}:{port}/"));
            let done = finish(curl).await;
            assert_eq!(done.out.trim(), "000", "{scheme}://{to}:{port}");
        }
    }
    in_time("the gateway ends", gateway.stop()).await;
}
