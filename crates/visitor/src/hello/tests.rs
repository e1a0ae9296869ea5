use proptest::prelude::*;
use terms::Rng;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::*;
use crate::{address::AddressPolicy, testing, url::Host};

const LIMIT: Duration = Duration::from_secs(10);

async fn made(address: std::net::SocketAddr, offer_: &Offer) -> Outcome {
    let door = Door::Tcp(AddressPolicy::Any.admit_address(address).unwrap());
    offer(&door, b"", offer_, &Rng::System, LIMIT)
        .await
        .unwrap()
}

async fn every(address: std::net::SocketAddr, version: Version) -> Outcome {
    made(
        address,
        &Offer::every(version, Some(Host::Name("localhost".into()))),
    )
    .await
}

/// A server that answers every hello with these bytes, in two parts, then closes.
async fn answering(bytes: &'static [u8]) -> std::net::SocketAddr {
    testing::scripted(move |mut stream: TcpStream| async move {
        let mut hello = [0; 64];
        let _ = stream.read(&mut hello).await;
        let (first, rest) = bytes.split_at(bytes.len() / 2);
        stream.write_all(first).await.unwrap();
        tokio::task::yield_now().await;
        stream.write_all(rest).await.unwrap();
        // Close in order only after the client has: unread bytes would cut the answer.
        let _ = stream.shutdown().await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await
}

#[tokio::test]
async fn todays_server_takes_todays_versions_and_refuses_the_old_ones() {
    let server = testing::handshaking(&["localhost"]).await;
    for version in Version::ALL {
        let outcome = every(server, version).await;
        let expected = if version >= Version::Tls12 {
            Acceptance::Accepted
        } else {
            Acceptance::Refused
        };
        assert_eq!(
            outcome.acceptance(version),
            expected,
            "{version}: {outcome}"
        );
    }
    let weak = Offer {
        version: Version::Tls12,
        suites: Suites::Weak,
        host: Some(Host::Name("localhost".into())),
    };
    assert_eq!(
        made(server, &weak).await,
        Outcome::Alert {
            level: 2,
            description: 40
        }
    );
    let rsa = Offer {
        suites: Suites::StaticRsa,
        ..weak
    };
    assert_eq!(
        made(server, &rsa).await.acceptance(Version::Tls12),
        Acceptance::Refused
    );
}

/// Without this the drill for old versions proves nothing: the same hello that others
/// refuse is taken where the version is spoken.
#[tokio::test]
async fn a_server_that_speaks_an_old_version_takes_its_hello() {
    let old = "ALL:COMPLEMENTOFALL:@SECLEVEL=0";
    for (flag, spoken) in [
        ("-tls1", Version::Tls10),
        ("-tls1_1", Version::Tls11),
        ("-tls1_2", Version::Tls12),
        ("-tls1_3", Version::Tls13),
    ] {
        let server = testing::openssl_server(&[flag, "-cipher", old]).await;
        for version in Version::ALL {
            let outcome = every(server.address, version).await;
            // OpenSSL answers an SSL 2 hello, too, with an alert.
            let expected = if version == spoken {
                Acceptance::Accepted
            } else {
                Acceptance::Refused
            };
            assert_eq!(
                outcome.acceptance(version),
                expected,
                "{flag} {version}: {outcome}"
            );
        }
    }
}

#[tokio::test]
async fn a_server_with_weak_suites_takes_them() {
    let server = testing::openssl_server(&["-tls1_2", "-cipher", "NULL:aNULL:@SECLEVEL=0"]).await;
    let offer = Offer {
        version: Version::Tls12,
        suites: Suites::Weak,
        host: None,
    };
    let Outcome::ServerHello {
        version: Version::Tls12,
        cipher,
        ..
    } = made(server.address, &offer).await
    else {
        panic!("OpenSSL takes NULL or anonymous suites when told to");
    };
    let name = cipher_name(cipher);
    assert!(name.contains("NULL") || name.contains("anon"), "{name}");

    let server = testing::openssl_server(&["-tls1_2", "-cipher", "AES128-SHA"]).await;
    let offer = Offer {
        suites: Suites::StaticRsa,
        ..offer
    };
    assert_eq!(
        made(server.address, &offer).await,
        Outcome::ServerHello {
            version: Version::Tls12,
            cipher: 0x002f,
            retry: false
        }
    );
}

#[tokio::test]
async fn a_hello_retry_request_counts_as_accepted() {
    let server = testing::openssl_server(&["-tls1_3", "-groups", "P-384"]).await;
    let outcome = every(server.address, Version::Tls13).await;
    assert!(
        matches!(
            outcome,
            Outcome::ServerHello {
                version: Version::Tls13,
                retry: true,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn ssl_3_and_ssl_2_are_recognised_where_they_are_spoken() {
    // What an OpenSSL 1.0.1 with SSLv3 sends first: 81 bytes of ServerHello with a
    // session id, TLS_RSA_WITH_AES_256_CBC_SHA (0x0035), no extensions.
    const SSL3: &[u8] = b"\x16\x03\x00\x00\x4a\x02\x00\x00\x46\x03\x00\
        \x54\x3d\x5a\x11\x9c\xe0\x3b\x8e\xa2\x61\x0f\x29\x73\xd0\x44\xb7\
        \x1c\x55\x90\xee\x08\x6a\xf3\x27\xcd\x82\x19\x5e\xb0\x34\x7d\xa6\
        \x20\
        \xa1\x02\xb3\x04\xc5\x06\xd7\x08\xe9\x0a\xfb\x0c\x1d\x0e\x2f\x10\
        \x31\x12\x43\x14\x55\x16\x67\x18\x79\x1a\x8b\x1c\x9d\x1e\xaf\x20\
        \x00\x35\x00";
    let server = answering(SSL3).await;
    assert_eq!(
        every(server, Version::Ssl3).await,
        Outcome::ServerHello {
            version: Version::Ssl3,
            cipher: 0x0035,
            retry: false
        }
    );
    // The same answer to a TLS 1.2 hello is a refusal of TLS 1.2.
    assert_eq!(
        every(server, Version::Tls12)
            .await
            .acceptance(Version::Tls12),
        Acceptance::Refused
    );
    const SSL2: &[u8] = b"\x80\x1b\x04\x00\x01\x00\x02\x00\x00\x00\x00\x00\x10\
        0123456789abcdef";
    assert_eq!(
        every(answering(SSL2).await, Version::Ssl2)
            .await
            .acceptance(Version::Ssl2),
        Acceptance::Accepted
    );
}

#[tokio::test]
async fn what_is_not_tls_is_told_apart_from_a_refusal() {
    let http = answering(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
    assert_eq!(every(http, Version::Tls12).await, Outcome::PlainHttp);
    assert_eq!(
        Outcome::PlainHttp.acceptance(Version::Tls12),
        Acceptance::Unknown
    );
    let ssh = answering(b"SSH-2.0-x\r\n").await;
    let outcome = every(ssh, Version::Tls12).await;
    assert!(
        matches!(&outcome, Outcome::Other(start) if start.starts_with(b"SSH")),
        "{outcome:?}"
    );
    let broken = answering(b"\x16\x03\x03\x00\x10\x02\x00").await;
    assert!(matches!(
        every(broken, Version::Tls12).await,
        Outcome::Other(_)
    ));
    let closing = testing::scripted(|mut stream: TcpStream| async move {
        let _ = stream.shutdown().await;
        let _ = tokio::io::copy(&mut stream, &mut tokio::io::sink()).await;
    })
    .await;
    assert_eq!(every(closing, Version::Tls12).await, Outcome::Closed);
}

#[test]
fn a_server_hello_over_several_records_is_put_together() {
    let mut body = vec![3, 3];
    body.extend([7; 32]);
    body.extend([0, 0x13, 0x01, 0, 0, 6, 0, 43, 0, 2, 3, 4]);
    let mut message = vec![2, 0, 0, u8::try_from(body.len()).unwrap()];
    message.extend(body);
    let mut bytes = Vec::new();
    for part in message.chunks(3) {
        bytes.extend([22, 3, 3, 0, u8::try_from(part.len()).unwrap()]);
        bytes.extend(part);
    }
    for end in 0..bytes.len() {
        assert_eq!(read(&bytes[..end]), Reading::Partial, "{end}");
    }
    assert_eq!(
        read(&bytes),
        Reading::Whole(Outcome::ServerHello {
            version: Version::Tls13,
            cipher: 0x1301,
            retry: false
        })
    );
}

#[test]
fn versions_and_suites_have_their_names() {
    assert_eq!(cipher_name(0x1301), "TLS13_AES_128_GCM_SHA256");
    assert_eq!(cipher_name(0x002f), "TLS_RSA_WITH_AES_128_CBC_SHA");
    assert_eq!(cipher_name(0xeeee), "0xeeee");
    assert_eq!(Version::Tls10.to_string(), "TLS 1.0");
}

proptest! {
    #[test]
    fn reading_never_panics_and_more_bytes_change_nothing(
        start in prop::sample::select(vec![
            vec![], vec![22, 3, 1], vec![22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3], vec![21, 3, 0, 0, 2],
            vec![0x80, 0x20, 4], b"HTTP".to_vec(),
        ]),
        rest in proptest::collection::vec(any::<u8>(), 0..100),
        more in proptest::collection::vec(any::<u8>(), 0..10),
    ) {
        let bytes = [start, rest].concat();
        if let Reading::Whole(outcome) = read(&bytes) {
            let longer = read(&[bytes, more].concat());
            if !matches!(outcome, Outcome::Other(_)) {
                prop_assert_eq!(longer, Reading::Whole(outcome));
            }
        }
    }
}
