//! A chain of certificates as a scanned server sends it: whatever it holds, it is read
//! and judged, or it is none.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use rcgen::{CertificateParams, KeyPair};
use terms::Micros;
use visitor::{certificate::Chain, tls::Trust};

static HONEST: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let key = KeyPair::generate().expect("a key");
    let params = CertificateParams::new(["a.example".to_owned()]).expect("a name");
    params.self_signed(&key).expect("a certificate").der().to_vec()
});
static TRUST: LazyLock<Trust> = LazyLock::new(Trust::nobody);

// An honest certificate with bytes changed, and what follows nothing.
fuzz_target!(|input: (Vec<(u16, u8)>, &[u8], i64)| {
    let (changes, foreign, now) = input;
    let mut changed = HONEST.clone();
    for (at, byte) in changes {
        let length = changed.len();
        changed[usize::from(at) % length] = byte;
    }
    let host = "a.example".parse().expect("a host");
    for sent in [vec![changed.clone()], vec![changed, foreign.to_vec()], vec![foreign.to_vec()]] {
        if let Some(chain) = Chain::read(&sent, &host, Micros(now), &TRUST) {
            // Nobody is trusted here.
            assert!(!chain.problems.is_empty());
            assert!(chain.own.names.len() <= 100);
        }
    }
});
