use std::net::SocketAddr;

use terms::Clock;
use tokio::{io::AsyncReadExt as _, net::TcpStream};

use super::*;
use crate::{address::AddressPolicy, certificate::Problem, testing, tls::Trust, url::Scheme};

const EXTENT: Extent = Extent {
    step: Duration::from_secs(10),
    total: Duration::from_secs(60),
    ssl2: true,
};
/// 2026-11-24; the tests' certificates live from 2026 to 2028.
const NOW: Micros = Micros(1_795_478_400_000_000);

/// Certificates of openssl begin now, those of the others live in 2026 and 2027.
async fn surveyed(server: SocketAddr, host: &str, trust: Trust, clock: Clock) -> Survey {
    let url = Url::root(Scheme::Https, host.parse().unwrap(), server.port());
    let entrance = Entrance {
        door: Some(Door::Tcp(AddressPolicy::Any.admit_address(server).unwrap())),
        ..Entrance::default()
    };
    let visitor = Visitor::new(clock, AddressPolicy::public(), trust);
    survey(&visitor, &Rng::System, &url, &entrance, EXTENT)
        .await
        .unwrap()
}

fn spoken(survey: &Survey) -> Vec<Version> {
    let spoken = survey.versions.iter().filter(|it| it.spoken == Seen::Yes);
    spoken.map(|it| it.version).collect()
}

fn suites(survey: &Survey, version: Version) -> Vec<String> {
    let of = survey.suites.iter().filter(|it| it.version == version);
    let mut names: Vec<String> = of
        .filter_map(|it| Suite::of(it.suite))
        .map(Suite::name)
        .collect();
    names.sort();
    names
}

fn names(groups: &[u16]) -> Vec<String> {
    groups.iter().map(|code| group_name(*code)).collect()
}

#[tokio::test]
async fn a_sound_server_is_found_as_it_is() {
    let server = testing::handshaking(&["app.example"]).await;
    let survey = surveyed(server, "app.example", testing::trust(), Clock::manual(NOW)).await;
    assert_eq!(survey.gaps, BTreeSet::new());
    assert_eq!(spoken(&survey), [Version::Tls12, Version::Tls13]);
    assert_eq!(
        suites(&survey, Version::Tls13),
        [
            "TLS_AES_128_GCM_SHA256",
            "TLS_AES_256_GCM_SHA384",
            "TLS_CHACHA20_POLY1305_SHA256"
        ]
    );
    assert_eq!(
        suites(&survey, Version::Tls12),
        [
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"
        ]
    );
    let mut modern = names(survey.groups(Version::Tls13));
    modern.sort();
    assert!(
        ["X25519MLKEM768", "secp256r1", "secp384r1", "x25519"]
            .iter()
            .all(|name| modern.contains(&(*name).to_owned())),
        "{modern:?}"
    );
    let mut old = names(survey.groups(Version::Tls12));
    old.sort();
    assert_eq!(old, ["secp256r1", "secp384r1", "x25519"]);
    let [chain] = &survey.chains[..] else {
        panic!("one chain: {:?}", survey.chains);
    };
    assert_eq!(
        (chain.problems.as_slice(), chain.others.len()),
        (&[][..], 1)
    );
    assert_eq!(chain.own.key, "EC secp256r1");
    assert_eq!(
        (
            survey.secure_renegotiation,
            survey.compression,
            survey.heartbeat
        ),
        (Seen::Yes, Seen::No, Seen::No)
    );
    assert_eq!(survey.stapled, Seen::No);
    assert_eq!((survey.resumed12, survey.resumed13), (Seen::Yes, Seen::Yes));
    assert!(survey.connections < 50, "{}", survey.connections);

    let text = serde_json::to_string(&survey).unwrap();
    assert_eq!(serde_json::from_str::<Survey>(&text).unwrap(), survey);
}

#[tokio::test]
async fn an_old_server_shows_its_old_suites_primes_and_curves() {
    let server = testing::openssl_server(&[
        "-no_tls1_3",
        "-cipher",
        "DHE-RSA-AES128-SHA:ECDHE-RSA-AES128-SHA:AES256-SHA:NULL-SHA:ADH-AES128-SHA:@SECLEVEL=0",
        "-dhparam",
        dh_1024().to_str().unwrap(),
        "-curves",
        "P-224:P-256",
    ])
    .await;
    let survey = surveyed(server.address, "localhost", Trust::public(), Clock::System).await;
    assert_eq!(survey.gaps, BTreeSet::new());
    assert_eq!(
        spoken(&survey),
        [Version::Tls10, Version::Tls11, Version::Tls12]
    );
    for version in [Version::Tls10, Version::Tls11, Version::Tls12] {
        assert_eq!(
            suites(&survey, version),
            [
                "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
                "TLS_DH_anon_WITH_AES_128_CBC_SHA",
                "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                "TLS_RSA_WITH_AES_256_CBC_SHA",
                "TLS_RSA_WITH_NULL_SHA"
            ],
            "{version}"
        );
    }
    let dhe = survey.suites.iter().find(|it| it.suite == 0x0033).unwrap();
    assert_eq!(dhe.bits, Some(1024));
    let mut curves = names(survey.groups(Version::Tls12));
    curves.sort();
    assert_eq!(curves, ["secp224r1", "secp256r1"]);
    let [chain] = &survey.chains[..] else {
        panic!("one chain: {:?}", survey.chains);
    };
    assert_eq!(chain.problems, [Problem::SelfSigned]);
    assert_eq!((chain.own.key.as_str(), chain.own.key_bits), ("RSA", 2048));
    // rustls takes none of these suites, so of sessions nothing is known.
    assert_eq!(
        (survey.resumed12, survey.resumed13),
        (Seen::Unknown, Seen::Unknown)
    );
}

/// A file with a prime of 1,024 bits.
fn dh_1024() -> std::path::PathBuf {
    // The second Oakley group (RFC 2409 section 6.2).
    const PEM: &str = "-----BEGIN DH PARAMETERS-----\n\
        MIGHAoGBAP//////////yQ/aoiFowjTExmKLgNwc0SkCTgiKZ8x0Agu+pjsTmyJR\n\
        Sgh5jjQE3e+VGbPNOkMbMCsKbfJfFDdP4TVtbVHCReSFtXZiXn7G9ExC6aY37WsL\n\
        /1y29Aa37e44a/taiZ+lrp8kEXxLH+ZJKGZR7OZTgf//////////AgEC\n\
        -----END DH PARAMETERS-----\n";
    let path = std::env::temp_dir().join(format!("waarborg-dh-{}.pem", std::process::id()));
    std::fs::write(&path, PEM).unwrap();
    path
}

#[tokio::test]
async fn a_server_of_tls_1_3_alone_shows_groups_and_certificate() {
    let server = testing::openssl_server(&["-tls1_3", "-groups", "P-384:X448"]).await;
    let survey = surveyed(server.address, "localhost", Trust::public(), Clock::System).await;
    assert_eq!(survey.gaps, BTreeSet::new());
    assert_eq!(spoken(&survey), [Version::Tls13]);
    let mut groups = names(survey.groups(Version::Tls13));
    groups.sort();
    assert_eq!(groups, ["secp384r1", "x448"]);
    assert_eq!(survey.chains.len(), 1);
    assert_eq!(survey.secure_renegotiation, Seen::Unknown);
    assert_eq!(survey.resumed13, Seen::Yes);
}

#[tokio::test]
async fn sessions_that_are_not_resumed_are_told_apart() {
    let server = testing::openssl_server(&["-tls1_2", "-no_ticket", "-no_cache"]).await;
    let survey = surveyed(server.address, "localhost", Trust::public(), Clock::System).await;
    assert_eq!(survey.resumed12, Seen::No);
}

#[tokio::test]
async fn a_survey_that_could_not_be_finished_says_so() {
    let silent = testing::scripted(|mut stream: TcpStream| async move {
        let mut all = Vec::new();
        let _ = stream.read_to_end(&mut all).await;
    })
    .await;
    let url = Url::root(Scheme::Https, "a.example".parse().unwrap(), silent.port());
    let entrance = Entrance {
        door: Some(Door::Tcp(AddressPolicy::Any.admit_address(silent).unwrap())),
        ..Entrance::default()
    };
    let visitor = Visitor::new(Clock::System, AddressPolicy::Any, Trust::public());
    let short = Extent {
        step: Duration::from_millis(20),
        ..EXTENT
    };
    let cut = survey(&visitor, &Rng::System, &url, &entrance, short)
        .await
        .unwrap();
    assert!(cut.gaps.contains("unclear-answer"), "{:?}", cut.gaps);
    assert_eq!(spoken(&cut), []);
    let none = Extent {
        total: Duration::ZERO,
        ..short
    };
    let never = survey(&visitor, &Rng::System, &url, &entrance, none)
        .await
        .unwrap();
    assert!(never.gaps.contains("out-of-time"), "{:?}", never.gaps);
    assert_eq!(never.connections, 0);

    let plain = testing::scripted(|mut stream: TcpStream| async move {
        use tokio::io::AsyncWriteExt as _;
        let mut some = [0; 64];
        let _ = stream.read(&mut some).await;
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    })
    .await;
    let cut = surveyed(plain, "a.example", Trust::public(), Clock::System).await;
    assert!(cut.gaps.contains("unclear-answer"), "{:?}", cut.gaps);
    assert_eq!(spoken(&cut), []);
}
