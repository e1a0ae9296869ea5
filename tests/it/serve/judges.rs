//! Clients that nobody here wrote: curl and OpenSSL.

use std::process::Stdio;

use tokio::process::Command;
use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    program::{command, finish},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

async fn served() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

#[tokio::test]
async fn curl_is_served_in_both_versions() {
    let (ground, _upstream, gateway) = served().await;
    let upload = ground.write("upload", &"waarborg ".repeat(600_000));
    let upload = format!("@{}", upload.display());
    for (version, spoken) in [("--http1.1", "1.1"), ("--http2", "2")] {
        let url = |path: &str| format!("https://{HOST}{path}");
        let write = [
            "-o",
            "/dev/null",
            "-w",
            "%{http_version} %{http_code} %{size_download}",
        ];
        let told = async |more: &[&str]| {
            let done = gateway.curl(&[&[version], &write[..], more].concat()).await;
            done.good().out
        };
        let ok = told(&[&url("/")]).await;
        assert!(ok.starts_with(&format!("{spoken} 200 ")), "{ok}");
        let big = told(&[&url("/big?5000000")]).await;
        assert_eq!(big, format!("{spoken} 200 5000000"));
        let head = told(&["--head", &url("/")]).await;
        assert!(head.starts_with(&format!("{spoken} 200 ")), "{head}");
        let sent = gateway
            .curl(&[version, "--data-binary", &upload, &url("/up")])
            .await
            .good();
        let heard: serde_json::Value = serde_json::from_str(&sent.out).expect("JSON");
        assert_eq!(heard["length"], 5_400_000, "{version}");
        // curl asks for 100 Continue before a large body over HTTP/1.1.
        let sent = gateway
            .curl(&[
                version,
                "-H",
                "Expect: 100-continue",
                "--data-binary",
                &upload,
                &url("/up"),
            ])
            .await
            .good();
        let heard: serde_json::Value = serde_json::from_str(&sent.out).expect("JSON");
        assert_eq!(heard["length"], 5_400_000, "{version}");
        let kept = gateway
            .curl(&[
                version,
                "--path-as-is",
                &url("/a/../b//c/%2e%2e/d?x=%00&y"),
                "-w",
                "%{num_connects}",
                &url("/second"),
            ])
            .await
            .good();
        assert!(
            kept.out.contains("/a/../b//c/%2e%2e/d?x=%00&y"),
            "the path is kept: {}",
            kept.out
        );
        assert!(
            kept.out.ends_with('0'),
            "one connection served both: {}",
            kept.out
        );
    }
}

#[tokio::test]
async fn curl_refuses_the_certificate_without_the_authority() {
    let (_ground, _upstream, gateway) = served().await;
    let mut stranger = command("curl");
    stranger.args(["-sS", "--connect-to", &format!("::{}", gateway.address)]);
    stranger.arg(format!("https://{HOST}/"));
    assert_eq!(finish(stranger).await.code, Some(60));
}

fn s_client(ground: &Ground, gateway: &Gateway, name: &str, more: &[&str]) -> Command {
    let mut openssl = command("openssl");
    openssl
        .args([
            "s_client",
            "-connect",
            &gateway.address.to_string(),
            "-servername",
            name,
        ])
        .args(["-verify_return_error", "-brief", "-CAfile"])
        .arg(ground.ca())
        .args(more)
        .stdin(Stdio::null());
    openssl
}

#[tokio::test]
async fn openssl_shakes_hands_by_tls_1_2_and_1_3_and_no_older() {
    let (ground, _upstream, gateway) = served().await;
    for (version, spoken) in [("-tls1_3", "TLSv1.3"), ("-tls1_2", "TLSv1.2")] {
        let done = finish(s_client(&ground, &gateway, HOST, &[version]))
            .await
            .good();
        assert!(
            done.err.contains(&format!("Protocol version: {spoken}")),
            "{}",
            done.err
        );
        assert!(done.err.contains("Verification: OK"), "{}", done.err);
    }
    // At security level 0 this OpenSSL does offer them: it is the gateway that refuses.
    for version in ["-tls1_1", "-tls1"] {
        let weak = ["-cipher", "ALL:@SECLEVEL=0", version];
        let done = finish(s_client(&ground, &gateway, HOST, &weak)).await;
        assert_eq!(done.code, Some(1), "{version}: {}", done.err);
        assert!(
            done.err.contains("SSL alert number"),
            "{version}: {}",
            done.err
        );
    }
}

#[tokio::test]
async fn openssl_gets_no_certificate_for_an_unknown_name_and_the_first_sites_without_a_name() {
    let (ground, _upstream, gateway) = served().await;
    let done = finish(s_client(&ground, &gateway, "stranger.example.test", &[])).await;
    assert_eq!(done.code, Some(1), "{}", done.err);
    let mut nameless = command("openssl");
    nameless
        .args([
            "s_client",
            "-connect",
            &gateway.address.to_string(),
            "-noservername",
            "-brief",
        ])
        .stdin(Stdio::null());
    finish(nameless).await.good();
    finish(s_client(&ground, &gateway, HOST, &[])).await.good();
}

#[tokio::test]
async fn openssl_resumes_a_session_and_agrees_on_http2() {
    let (ground, _upstream, gateway) = served().await;
    let told = async |more: &[&str]| {
        let mut openssl = command("openssl");
        openssl
            .args([
                "s_client",
                "-connect",
                &gateway.address.to_string(),
                "-servername",
                HOST,
            ])
            .args(more)
            .stdin(Stdio::null());
        finish(openssl).await.good().out
    };
    let agreed = told(&["-alpn", "h2,http/1.1"]).await;
    assert!(agreed.contains("ALPN protocol: h2"), "{agreed}");
    let session = ground.path("session").to_string_lossy().into_owned();
    let first = ["-tls1_2", "-sess_out", &session];
    finish(s_client(&ground, &gateway, HOST, &first))
        .await
        .good();
    let again = told(&["-tls1_2", "-sess_in", &session]).await;
    assert!(again.contains("Reused, TLSv1.2"), "{again}");
}

#[tokio::test]
async fn h2load_gets_every_answer_whatever_its_windows() {
    let (_ground, _upstream, gateway) = served().await;
    // 2^10 - 1 octets a stream and 2^12 - 1 a connection: updates all the way.
    for (windows, path, requests) in [
        (&[][..], "/", "4000"),
        (&["-w", "10", "-W", "12"], "/big?100000", "100"),
        (&["-w", "30", "-W", "30"], "/big?5000000", "40"),
        (&["--header-table-size=0"], "/", "400"),
    ] {
        let mut load = command("h2load");
        load.stdin(Stdio::null())
            .arg(format!("--connect-to={}", gateway.address))
            .args(["-n", requests, "-c", "4", "-m", "50"])
            .args(windows)
            .arg(format!("https://{HOST}{path}"));
        let done = finish(load).await.good();
        let expected = format!("{requests} succeeded, 0 failed, 0 errored, 0 timeout");
        assert!(done.out.contains(&expected), "{windows:?}: {}", done.out);
        assert!(
            done.out.contains(&format!("{requests} 2xx")),
            "{windows:?}: {}",
            done.out
        );
    }
}

#[tokio::test]
async fn nghttp_uploads_in_padded_frames_with_priorities() {
    let (ground, _upstream, gateway) = served().await;
    let upload = ground.write("upload", &"waarborg ".repeat(100_000));
    let mut sent = command("nghttp");
    // By address: it names no site in its handshake and gets the first one.
    sent.stdin(Stdio::null())
        .args(["--padding=100", "--data"])
        .arg(upload)
        .args(["--header", &format!(":authority: {HOST}")])
        .arg(format!("https://{}/up", gateway.address));
    let done = finish(sent).await.good();
    assert!(done.out.contains("900000"), "{}", done.out);
}

#[tokio::test]
async fn curl_reads_compressed_text_in_each_coding() {
    let (_ground, _upstream, gateway) = served().await;
    for version in ["--http1.1", "--http2"] {
        let url = format!("https://{HOST}/text");
        let plain = gateway.curl(&[version, &url]).await.good().out;
        for coding in ["gzip", "br", "zstd"] {
            let asked = format!("Accept-Encoding: {coding}");
            let read = gateway
                .curl(&[version, "--compressed", "-H", &asked, "-i", &url])
                .await
                .good()
                .out;
            let (head, body) = read.split_once("\r\n\r\n").expect("a head");
            let said = format!("\r\ncontent-encoding: {coding}\r\n");
            assert!(head.to_lowercase().contains(&said), "{version}: {head}");
            assert_eq!(body, plain, "{version} {coding}");
        }
    }
}
