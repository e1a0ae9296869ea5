//! A certificate's end, as the drill of `tls` reads it: never another than the one that
//! the library reads which the configuration's certificates go through.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rcgen::{CertificateParams, KeyPair};
use x509_parser::{certificate::X509Certificate, prelude::FromDer as _};

#[path = "../../crates/promises/src/tls/validity.rs"]
mod validity;

static HONEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["a.example".to_owned()]).expect("a name");
    params.self_signed(&key).expect("a certificate").der().to_vec()
});

// An honest certificate with bytes changed, and what then follows nothing: foreign bytes.
fuzz_target!(|input: (Vec<(u16, u8)>, &[u8])| {
    let (changes, foreign) = input;
    let mut certificate = HONEST.clone();
    for (at, byte) in changes {
        let length = certificate.len();
        certificate[usize::from(at) % length] = byte;
    }
    for bytes in [&certificate, foreign] {
        let ours = validity::not_after(bytes);
        let Ok((_, theirs)) = X509Certificate::from_der(bytes) else { continue };
        let theirs = theirs.validity().not_after.timestamp();
        if let Some(ours) = ours {
            assert_eq!(ours.0, theirs * 1_000_000);
        }
    }
});
