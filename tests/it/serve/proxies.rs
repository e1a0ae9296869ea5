//! Ours behind Debian's HAProxy: whose connection it is comes by the PROXY protocol, whose
//! request it is by `X-Forwarded-For`.

use std::net::SocketAddr;

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    program::{Program, command, finish},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

/// Three ways in, each before ours: the PROXY protocol in both versions, and HTTP, which
/// ends TLS and begins it anew.
async fn haproxy(ground: &Ground, gateway: &Gateway) -> (Program, [SocketAddr; 3]) {
    let free = || std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let held = [free(), free(), free()];
    let ways = held
        .each_ref()
        .map(|held| held.local_addr().expect("it is bound"));
    drop(held);
    let [first, second, http] = ways;
    let ours = gateway.address;
    let leaf = ground.path(&format!("{HOST}.pem"));
    let pair = std::fs::read_to_string(leaf).expect("a certificate")
        + &std::fs::read_to_string(ground.path(&format!("{HOST}.key"))).expect("its key");
    let pair = ground.write_private("pair.pem", &pair);
    let config = format!(
        "global\n  log stdout format raw local0\ndefaults\n  timeout connect 10s\n  timeout client 60s\n  timeout server 60s\n\
         listen first\n  mode tcp\n  bind {first}\n  server ours {ours} send-proxy\n\
         listen second\n  mode tcp\n  bind {second}\n  server ours {ours} send-proxy-v2\n\
         listen http\n  mode http\n  bind {http} ssl crt {}\n  option forwardfor\n  http-request del-header forwarded\n\
         \x20 server ours {ours} ssl verify required ca-file {} sni str({HOST})\n",
        pair.display(),
        ground.ca().display()
    );
    let file = ground.write("haproxy.cfg", &config);
    let mut haproxy = command("haproxy");
    haproxy.arg("-db").arg("-V").arg("-f").arg(file);
    let haproxy = Program::start("haproxy", haproxy);
    haproxy.line("Available polling systems").await;
    (haproxy, ways)
}

/// A GET by curl from an address of this machine, through one of the ways in.
async fn ask(ground: &Ground, way: SocketAddr, from: &str, more: &[&str]) {
    let mut curl = command("curl");
    curl.args(["--silent", "--show-error", "--fail", "--max-time", "60"])
        .args(["--retry", "20", "--retry-connrefused", "--retry-delay", "1"])
        .args(["--interface", from, "--cacert"])
        .arg(ground.ca())
        .args(["--connect-to", &format!("::{way}")])
        .args(more)
        .arg(format!("https://{HOST}/"));
    finish(curl).await.good();
}

#[tokio::test]
async fn behind_a_trusted_proxy_clients_keep_their_addresses_and_cant_give_themselves_others() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let text = ground.configuration(&[(HOST, &upstream.url())], "");
    let trusted = format!("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\"]\n{text}");
    let config = ground.write("waarborg.toml", &trusted);
    let gateway = Gateway::serve(&ground, &config).await;
    let (_haproxy, ways) = haproxy(&ground, &gateway).await;
    let mut expected = Vec::new();
    for (index, way) in ways.into_iter().enumerate() {
        for forged in [&[][..], &["-H", "X-Forwarded-For: 192.0.2.66, 10.1.1.1"]] {
            let from = format!("127.0.0.{}", 20 + index);
            ask(&ground, way, &from, forged).await;
            expected.push(from);
        }
    }
    // Directly, from an address that isn't trusted.
    ask(
        &ground,
        gateway.address,
        "127.0.0.30",
        &["-H", "X-Forwarded-For: 192.0.2.66"],
    )
    .await;
    expected.push("127.0.0.30".to_owned());
    let heard: Vec<_> = upstream
        .heard()
        .iter()
        .map(|request| {
            let fields = request["fields"].as_array().expect("fields");
            let mut named = fields.iter().filter(|field| field[0] == "x-forwarded-for");
            let client = named.next().expect("a client")[1].clone();
            assert_eq!(named.next(), None, "one line only");
            client
        })
        .collect();
    assert_eq!(heard.len(), expected.len());
    for (heard, expected) in heard.iter().zip(&expected) {
        assert_eq!(heard.as_str(), Some(expected.as_str()), "{heard:?}");
    }
    gateway.stop().await;
}
