use std::net::SocketAddr;

use tokio::net::{TcpListener, UnixListener};

use super::*;
use crate::{address::AddressPolicy, proxy::proxy_v2, testing};

const LIMITS: Limits = Limits {
    bytes: 64,
    deadline: Duration::from_secs(5),
};
const SHORT: Limits = Limits {
    bytes: 64,
    deadline: Duration::from_millis(200),
};

fn door(address: SocketAddr) -> Door {
    Door::Tcp(AddressPolicy::Any.admit_address(address).unwrap())
}

#[tokio::test]
async fn each_way_a_peer_can_behave_has_its_own_outcome() {
    let closing = testing::scripted(|stream| async move { drop(stream) }).await;
    assert_eq!(
        exchange(&door(closing), b"", LIMITS).await.unwrap(),
        Answer::Closed
    );

    let cutting = testing::scripted(|mut stream: TcpStream| async move {
        // Unread bytes in the buffer make the kernel cut instead of close.
        stream.readable().await.unwrap();
        stream.set_zero_linger().unwrap();
        stream.flush().await.unwrap();
    })
    .await;
    assert_eq!(
        exchange(&door(cutting), b"hello", LIMITS).await.unwrap(),
        Answer::Reset
    );

    let silent = testing::scripted(|stream| async move {
        std::future::pending::<()>().await;
        drop(stream);
    })
    .await;
    assert_eq!(
        exchange(&door(silent), b"hello", SHORT).await.unwrap(),
        Answer::Silent
    );

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let free = listener.local_addr().unwrap();
    drop(listener);
    assert_eq!(
        exchange(&door(free), b"hello", LIMITS).await.unwrap(),
        Answer::Refused
    );

    let echo = testing::scripted(|mut stream: TcpStream| async move {
        let mut bytes = [0; 5];
        stream.read_exact(&mut bytes).await.unwrap();
        stream.write_all(&bytes).await.unwrap();
    })
    .await;
    assert_eq!(
        exchange(&door(echo), b"hello", LIMITS).await.unwrap(),
        Answer::Answered {
            bytes: Bytes::from_static(b"hello"),
            end: End::Closed
        }
    );
}

#[tokio::test]
async fn no_more_is_read_than_asked_for() {
    let endless = testing::scripted(|mut stream: TcpStream| async move {
        while stream.write_all(&[b'x'; 4096]).await.is_ok() {}
    })
    .await;
    let answer = exchange(&door(endless), b"", LIMITS).await.unwrap();
    assert_eq!(
        answer,
        Answer::Answered {
            bytes: Bytes::from(vec![b'x'; 64]),
            end: End::Enough
        }
    );
    let three = |bytes: &[u8]| bytes.len() >= 3;
    let Answer::Answered {
        bytes,
        end: End::Enough,
    } = exchange_until(&door(endless), b"", LIMITS, three)
        .await
        .unwrap()
    else {
        panic!("the peer answers without end");
    };
    assert!((3..=64).contains(&bytes.len()));
}

#[tokio::test]
async fn a_peer_that_answers_without_reading_is_heard() {
    let early = testing::scripted(|mut stream: TcpStream| async move {
        stream.write_all(b"no").await.unwrap();
        std::future::pending::<()>().await;
    })
    .await;
    // More than all socket buffers hold, so the send can't finish.
    let flood = vec![0; 64 << 20];
    let two = |bytes: &[u8]| bytes.len() >= 2;
    assert_eq!(
        exchange_until(&door(early), &flood, LIMITS, two)
            .await
            .unwrap(),
        Answer::Answered {
            bytes: Bytes::from_static(b"no"),
            end: End::Enough
        }
    );
}

#[tokio::test]
async fn a_unix_socket_is_a_door_too_and_a_missing_one_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("proxy.sock");
    let listener = UnixListener::bind(&path).unwrap();
    let (source, target) = (
        "198.51.100.7:1".parse().unwrap(),
        "203.0.113.1:443".parse().unwrap(),
    );
    let header = proxy_v2(source, target);
    let expected = header.clone();
    let server = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut bytes = vec![0; expected.len()];
        stream.read_exact(&mut bytes).await.unwrap();
        assert_eq!(bytes, expected);
        stream.write_all(b"in").await.unwrap();
    });
    assert_eq!(
        exchange(&Door::Unix(path), &header, LIMITS).await.unwrap(),
        Answer::Answered {
            bytes: Bytes::from_static(b"in"),
            end: End::Closed
        }
    );
    server.await.unwrap();
    let missing = Door::Unix(folder.path().join("none.sock"));
    let fault = exchange(&missing, b"", LIMITS).await.unwrap_err();
    assert_eq!(fault.phase, Phase::Connect);
    assert!(fault.to_string().contains("none.sock"), "{fault}");
}
