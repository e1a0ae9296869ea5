use proptest::prelude::*;

use super::*;

/// A handshake message in one record.
fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

fn record(kind: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], data].concat()
}

fn hello(version: u16, cipher: u16, compression: u8, extensions: &[u8]) -> Vec<u8> {
    let mut body = version.to_be_bytes().to_vec();
    body.extend([7; 32]);
    body.push(0);
    body.extend(cipher.to_be_bytes());
    body.push(compression);
    if !extensions.is_empty() {
        body.extend(u16::try_from(extensions.len()).unwrap().to_be_bytes());
        body.extend(extensions);
    }
    message(SERVER_HELLO, &body)
}

fn chain(certificates: &[&[u8]]) -> Vec<u8> {
    let mut list = Vec::new();
    for certificate in certificates {
        list.extend(&u32::try_from(certificate.len()).unwrap().to_be_bytes()[1..]);
        list.extend(*certificate);
    }
    let length = u32::try_from(list.len()).unwrap().to_be_bytes();
    message(CERTIFICATE, &[&length[1..], &list].concat())
}

fn dh(prime: &[u8]) -> Vec<u8> {
    let length = u16::try_from(prime.len()).unwrap().to_be_bytes();
    message(
        SERVER_KEY_EXCHANGE,
        &[&length[..], prime, &[0, 1, 2, 0, 1, 9]].concat(),
    )
}

fn done() -> Vec<u8> {
    message(SERVER_HELLO_DONE, &[])
}

fn flight(handshake: &[Vec<u8>]) -> Flight {
    match read(&record(HANDSHAKE, &handshake.concat())) {
        Read::Whole(Reply::Flight(flight)) => *flight,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flight_says_suite_certificates_and_key_exchange() {
    let extensions = [0xff, 1, 0, 1, 0, 0, 15, 0, 1, 1];
    let said = flight(&[
        hello(0x0303, 0x009e, 1, &extensions),
        chain(&[b"own", b"issuer"]),
        dh(&[0, 0, 0x81, 1]),
        done(),
    ]);
    assert_eq!((said.version, said.cipher), (Version::Tls12, 0x009e));
    assert_eq!(said.certificates, [b"own".to_vec(), b"issuer".to_vec()]);
    // Leading zeros are no strength.
    assert_eq!((said.bits, said.group), (Some(16), None));
    assert!(said.compressed && said.secure_renegotiation && said.heartbeat && !said.retry);

    let curve = message(SERVER_KEY_EXCHANGE, &[NAMED_CURVE, 0, 0x17, 1, 4]);
    let said = flight(&[
        hello(0x0301, 0xc014, 0, &[]),
        chain(&[b"own"]),
        curve,
        done(),
    ]);
    assert_eq!((said.version, said.group), (Version::Tls10, Some(0x17)));
    assert!(!said.compressed && !said.secure_renegotiation && !said.heartbeat);

    // Without any key exchange of its own, and anonymous without certificates.
    let said = flight(&[hello(0x0300, 0x000a, 0, &[]), chain(&[b"own"]), done()]);
    assert_eq!(
        (said.version, said.bits, said.group),
        (Version::Ssl3, None, None)
    );
    let said = flight(&[hello(0x0303, 0x0034, 0, &[]), dh(&[1; 64]), done()]);
    assert_eq!((said.certificates.len(), said.bits), (0, Some(505)));
}

#[test]
fn of_tls_1_3_the_hello_is_enough() {
    let extensions = [0, 43, 0, 2, 3, 4, 0, 51, 0, 2, 0x11, 0xec];
    let said = flight(&[hello(0x0303, 0x1301, 0, &extensions)]);
    assert_eq!(
        (said.version, said.cipher, said.group),
        (Version::Tls13, 0x1301, Some(0x11ec))
    );
}

#[test]
fn an_alert_is_told_and_a_warning_before_the_hello_is_not() {
    let no = record(ALERT, &[2, 40]);
    assert_eq!(read(&no), Read::Whole(Reply::Alert { description: 40 }));
    let warned = [
        record(ALERT, &[1, 112]),
        record(
            HANDSHAKE,
            &[hello(0x0303, 0x002f, 0, &[]), chain(&[b"x"]), done()].concat(),
        ),
    ]
    .concat();
    assert!(matches!(read(&warned), Read::Whole(Reply::Flight(_))));
    assert_eq!(read(&record(ALERT, &[1, 112])), Read::Partial);
}

#[test]
fn what_is_out_of_order_twice_or_too_short_inside_is_not_a_flight() {
    let start = || hello(0x0303, 0x009e, 0, &[]);
    for wrong in [
        vec![chain(&[b"own"]), start()],
        vec![start(), dh(&[1]), chain(&[b"own"])],
        vec![start(), chain(&[b"own"]), chain(&[b"own"])],
        vec![start(), dh(&[1]), dh(&[1])],
        vec![start(), message(20, &[0; 12])],
        vec![message(SERVER_HELLO, &[3, 3, 0])],
        vec![hello(0x0305, 0x009e, 0, &[])],
        vec![start(), message(CERTIFICATE, &[0, 0, 9, 0, 0, 1, 7])],
        vec![
            start(),
            chain(&[b"own"]),
            message(SERVER_KEY_EXCHANGE, &[0, 9, 1]),
        ],
        vec![hello(0x0303, 0x009e, 0, &[0, 43, 0, 9, 3, 4])],
    ] {
        let bytes = record(HANDSHAKE, &wrong.concat());
        assert_eq!(read(&bytes), Read::Whole(Reply::Other), "{wrong:?}");
    }
    for wrong in [
        &b"HTTP/1.1 400"[..],
        b"\x17\x03\x03\0\x01x",
        b"\x16\x02",
        b"\x16\x03\x03\0\0",
    ] {
        assert_eq!(read(wrong), Read::Whole(Reply::Other), "{wrong:?}");
    }
}

#[test]
fn no_more_certificates_are_kept_than_a_chain_has() {
    let many: Vec<&[u8]> = vec![b"one"; 40];
    let said = flight(&[hello(0x0303, 0x002f, 0, &[]), chain(&many), done()]);
    assert_eq!(said.certificates.len(), MAX_CERTIFICATES);
}

proptest! {
    /// However the network and the server cut it, the same is read, and not too early.
    #[test]
    fn a_flight_is_read_alike_in_however_many_records(cut in 1_usize..40, more in any::<[u8; 3]>()) {
        let handshake = [
            hello(0x0303, 0x009e, 0, &[0xff, 1, 0, 1, 0]),
            chain(&[b"own", b"issuer"]),
            dh(&[0x80; 128]),
            done(),
        ].concat();
        let bytes: Vec<u8> = handshake.chunks(cut).flat_map(|part| record(HANDSHAKE, part)).collect();
        let whole = read(&bytes);
        prop_assert!(matches!(&whole, Read::Whole(Reply::Flight(flight)) if flight.bits == Some(1024)));
        for end in 0..bytes.len() {
            prop_assert_eq!(read(&bytes[..end]), Read::Partial);
        }
        prop_assert_eq!(read(&[&bytes[..], &more].concat()), whole);
    }

    #[test]
    fn foreign_bytes_never_panic_and_more_of_them_change_nothing(
        start in prop::sample::select(vec![
            vec![], vec![22, 3, 1], vec![22, 3, 3, 0, 50, 2, 0, 0, 46, 3, 3], vec![21, 3, 0, 0, 2],
            record(HANDSHAKE, &hello(0x0303, 0x009e, 0, &[])),
            record(HANDSHAKE, &[hello(0x0303, 0xc014, 0, &[]), chain(&[b"own"])].concat()),
        ]),
        rest in proptest::collection::vec(any::<u8>(), 0..100),
        more in proptest::collection::vec(any::<u8>(), 0..10),
    ) {
        let bytes = [start, rest].concat();
        if let Read::Whole(reply) = read(&bytes) {
            prop_assert_eq!(read(&[bytes, more].concat()), Read::Whole(reply));
        }
    }
}
