//! Promise `tls`: TLS 1.2 and 1.3 only, nothing in plain text. Judges: sslyze by
//! Mozilla's profile, and OpenSSL (its older versions: `serve::judges`).

use std::process::Stdio;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    in_time,
    program::{command, finish},
    tools,
    upstream::Upstream,
};

use super::{HOST, bites, served};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("tls", &["no-plaintext"]).await;
}

#[tokio::test]
async fn sslyze_finds_it_compliant_with_mozillas_intermediate_profile() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    // A name that resolves here: sslyze takes no address beside a name.
    let config = ground.configure(&[("localhost", &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let mut sslyze = command(tools::sslyze());
    sslyze
        .args(["--mozilla_config=intermediate", "--certinfo_ca_file"])
        .arg(ground.ca())
        .arg(format!("localhost:{}", gateway.port()));
    let done = finish(sslyze).await;
    assert_eq!(done.code, Some(0), "{}{}", done.out, done.err);
    assert!(done.out.contains("Compliant"), "{}", done.out);
    // The modern profile takes TLS 1.3 only: sslyze can say no.
    let mut sslyze = command(tools::sslyze());
    sslyze
        .args(["--mozilla_config=modern"])
        .arg(format!("localhost:{}", gateway.port()));
    assert_ne!(finish(sslyze).await.code, Some(0));
}

#[tokio::test]
async fn openssl_finds_no_version_before_1_2_and_no_renegotiation() {
    let (ground, _upstream, gateway) = served().await;
    for version in ["-tls1", "-tls1_1"] {
        let mut openssl = command("openssl");
        openssl
            .args([
                "s_client",
                "-connect",
                &gateway.address.to_string(),
                "-servername",
                HOST,
            ])
            .args(["-cipher", "ALL:@SECLEVEL=0", version, "-brief"])
            .stdin(Stdio::null());
        assert_eq!(finish(openssl).await.code, Some(1), "{version}");
    }
    let mut openssl = command("openssl");
    openssl
        .args([
            "s_client",
            "-connect",
            &gateway.address.to_string(),
            "-servername",
            HOST,
            "-CAfile",
        ])
        .arg(ground.ca())
        .args(["-tls1_2", "-verify_return_error"])
        .stdin(Stdio::null());
    let done = finish(openssl).await.good();
    assert!(
        done.out.contains("Secure Renegotiation IS supported"),
        "{}",
        done.out
    );
}

/// What comes back for bytes in plain text.
async fn plain(gateway: &Gateway, bytes: &[u8]) -> Vec<u8> {
    let mut stream = TcpStream::connect(gateway.address)
        .await
        .expect("it listens");
    stream.write_all(bytes).await.expect("it is open");
    let mut answer = Vec::new();
    // A reset is as good as a close.
    let _ = in_time("the connection is closed", stream.read_to_end(&mut answer)).await;
    answer
}

#[tokio::test]
async fn plain_text_gets_nothing_but_an_alert() {
    let (_ground, upstream, gateway) = served().await;
    let request = format!("GET / HTTP/1.1\r\nHost: {HOST}\r\n\r\n");
    for bytes in [
        request.as_bytes(),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        b"\x80\x2e\x01\x00\x02",
    ] {
        let answer = plain(&gateway, bytes).await;
        assert!(answer.is_empty() || answer[0] == 0x15, "{answer:?}");
    }
    assert_eq!(upstream.count(), 0);
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
}
