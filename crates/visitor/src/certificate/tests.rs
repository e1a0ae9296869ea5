use rcgen::{CertificateParams, DnType, KeyPair, SigningKey};

use super::*;
use crate::testing;

/// 2026-11-24; the tests' certificates live from 2026 to 2028.
const NOW: Micros = Micros(1_795_478_400_000_000);

fn host(name: &str) -> Host {
    name.parse().unwrap()
}

fn own(
    params: impl FnOnce(&mut CertificateParams),
    key: &impl SigningKey,
) -> CertificateDer<'static> {
    let mut made = CertificateParams::new(["app.example".to_owned()]).unwrap();
    made.not_before = rcgen::date_time_ymd(2026, 1, 1);
    made.not_after = rcgen::date_time_ymd(2028, 1, 1);
    params(&mut made);
    made.signed_by(key, testing::authority())
        .unwrap()
        .der()
        .clone()
}

fn problems(chain: &[CertificateDer<'_>], name: &str, now: Micros) -> Vec<Problem> {
    let judged = Chain::judge(chain, &host(name), now, &testing::trust());
    judged.unwrap().problems
}

#[test]
fn each_problem_is_told_by_itself() {
    use Problem::{Expired, NotYetValid, OtherName, SelfSigned, UnknownIssuer, Unusable};
    let key = KeyPair::generate().unwrap();
    let sound = own(|_| {}, &key);
    let check = |chain: &[CertificateDer<'_>], name: &str, at: &str, expected: &[Problem]| {
        let now = match at {
            "before" => Micros(1_700_000_000_000_000),
            "after" => Micros(1_861_920_000_000_000),
            _ => NOW,
        };
        assert_eq!(problems(chain, name, now), expected, "{name} {at}");
    };
    let sound = [sound];
    check(&sound, "app.example", "now", &[]);
    check(&sound, "APP.example", "now", &[]);
    check(&sound, "other.example", "now", &[OtherName]);
    check(&sound, "app.example", "after", &[Expired]);
    check(&sound, "app.example", "before", &[NotYetValid]);
    check(&sound, "other.example", "after", &[Expired, OtherName]);

    let alone = |authority: bool| {
        let mut params = CertificateParams::new(["app.example".to_owned()]).unwrap();
        params.not_before = rcgen::date_time_ymd(2026, 1, 1);
        params.not_after = rcgen::date_time_ymd(2028, 1, 1);
        if authority {
            params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        }
        [params.self_signed(&key).unwrap().der().clone()]
    };
    check(&alone(false), "app.example", "now", &[SelfSigned]);
    // As `openssl req -x509` makes them.
    check(&alone(true), "app.example", "now", &[SelfSigned]);
    check(
        &alone(true),
        "other.example",
        "after",
        &[Expired, OtherName, SelfSigned],
    );

    let strange = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, "Nobody");
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let nobody = rcgen::CertifiedIssuer::self_signed(params, strange).unwrap();
    let leaf = CertificateParams::new(["app.example".to_owned()]).unwrap();
    let leaf = [
        leaf.signed_by(&key, &nobody).unwrap().der().clone(),
        nobody.der().clone(),
    ];
    check(&leaf, "app.example", "now", &[UnknownIssuer]);
    let for_clients = own(
        |params| {
            params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
        },
        &key,
    );
    check(&[for_clients], "app.example", "now", &[Unusable]);
}

#[test]
fn keys_and_signatures_are_named_with_their_strength() {
    let check = |algorithm, key: &str, bits, rsa_bits| {
        let pair = KeyPair::generate_for(algorithm).unwrap();
        let mut params = CertificateParams::new(["app.example".to_owned()]).unwrap();
        params.distinguished_name.push(DnType::CommonName, "x");
        let der = params.self_signed(&pair).unwrap().der().clone();
        let read = Certificate::read(&der).unwrap();
        assert_eq!(
            (read.key.as_str(), read.key_bits, read.key_rsa_bits),
            (key, bits, rsa_bits)
        );
        assert!(
            read.self_issued && read.hash == Hash::Sound,
            "{}",
            read.signature
        );
        read.signature
    };
    let of = check(&rcgen::PKCS_ECDSA_P256_SHA256, "EC secp256r1", 256, 3072);
    assert_eq!(of, "ECDSA with SHA-256");
    let of = check(&rcgen::PKCS_ECDSA_P384_SHA384, "EC secp384r1", 384, 7680);
    assert_eq!(of, "ECDSA with SHA-384");
    assert_eq!(check(&rcgen::PKCS_ED25519, "Ed25519", 256, 3072), "Ed25519");
    let of = check(&rcgen::PKCS_RSA_SHA256, "RSA", 2048, 2048);
    assert_eq!(of, "RSA with SHA-256");
}

#[test]
fn what_is_no_certificate_is_none() {
    for wrong in [&b""[..], b"no certificate", &[0x30, 0x82, 0xff, 0xff]] {
        let der = CertificateDer::from(wrong.to_vec());
        assert_eq!(Certificate::read(&der), None);
        assert_eq!(
            Chain::judge(&[der], &host("a.example"), NOW, &testing::trust()),
            None
        );
    }
    assert_eq!(
        Chain::judge(&[], &host("a.example"), NOW, &testing::trust()),
        None
    );
}

proptest::proptest! {
    #[test]
    fn a_changed_certificate_never_panics(at in 0_usize..600, byte in proptest::num::u8::ANY) {
        static HONEST: std::sync::OnceLock<Vec<u8>> = std::sync::OnceLock::new();
        let honest = HONEST.get_or_init(|| own(|_| {}, &KeyPair::generate().unwrap()).to_vec());
        let mut changed = honest.clone();
        let length = changed.len();
        changed[at % length] = byte;
        let chain = [CertificateDer::from(changed)];
        let _ = Chain::judge(&chain, &host("app.example"), NOW, &testing::trust());
    }
}
