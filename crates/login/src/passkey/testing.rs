//! An authenticator in software, for tests of this crate and of others (cargo feature
//! `testing`). What it says wrongly is what the test wants it to.

#![allow(clippy::unwrap_used, reason = "a test that can't go on ends")]

use aws_lc_rs::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use serde_json::{Value, json};

/// One passkey, and what it claims.
#[derive(Debug)]
pub struct Authenticator {
    /// The page that it is told of by its browser.
    pub origin: String,
    /// The host that it signs for.
    pub host: String,
    /// Its sign count; it rises by one with each answer, unless it is zero.
    pub count: u32,
    /// Whether it says that its owner was verified.
    pub verified: bool,
    /// Whether its browser says that it was asked in a frame.
    pub framed: bool,
    /// Whose it says that it is.
    pub handle: Vec<u8>,
    /// What it calls its passkey.
    pub credential: Vec<u8>,
    key: EcdsaKeyPair,
}

/// A head of CBOR (RFC 8949 section 3) for lengths below 2^16.
fn head(major: u8, length: usize) -> Vec<u8> {
    let major = major << 5;
    match u16::try_from(length).unwrap() {
        short @ 0..24 => vec![major | u8::try_from(short).unwrap()],
        byte @ 24..256 => vec![major | 24, u8::try_from(byte).unwrap()],
        long => [&[major | 25][..], &long.to_be_bytes()].concat(),
    }
}

fn bytes(of: &[u8]) -> Vec<u8> {
    [head(2, of.len()), of.to_vec()].concat()
}

fn text(of: &str) -> Vec<u8> {
    [head(3, of.len()), of.as_bytes().to_vec()].concat()
}

impl Authenticator {
    /// One of `host`, which doesn't count, in a browser that shows `origin`.
    pub fn new(host: &str, origin: &str) -> Self {
        Self {
            origin: origin.to_owned(),
            host: host.to_owned(),
            count: 0,
            verified: true,
            framed: false,
            handle: Vec::new(),
            credential: terms::Rng::System.bytes::<16>().to_vec(),
            key: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap(),
        }
    }

    fn client_data(&self, kind: &str, options: &Value) -> Vec<u8> {
        let said = json!({
            "type": kind,
            "challenge": options["challenge"],
            "origin": self.origin,
            "crossOrigin": self.framed,
        });
        said.to_string().into_bytes()
    }

    fn data(&mut self, more: u8) -> Vec<u8> {
        if self.count > 0 {
            self.count += 1;
        }
        let verified = if self.verified { 0x04 } else { 0 };
        [
            digest(&SHA256, self.host.as_bytes()).as_ref(),
            &[0x01 | verified | more],
            &self.count.to_be_bytes(),
        ]
        .concat()
    }

    /// What `navigator.credentials.create` gives for these options.
    pub fn create(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let handle = options["user"]["id"].as_str().unwrap();
        self.handle = terms::from_base64url(handle.as_bytes()).unwrap();
        let client_data = self.client_data("webauthn.create", &options);
        let (x, y) = self.key.public_key().as_ref()[1..].split_at(32);
        // COSE (RFC 9053 section 7.1): EC2, ES256, P-256.
        let key = [
            &[0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21][..],
            &bytes(x),
            &[0x22],
            &bytes(y),
        ]
        .concat();
        let length = u16::try_from(self.credential.len()).unwrap();
        let data = [
            &self.data(0x40)[..],
            &[0; 16],
            &length.to_be_bytes(),
            &self.credential,
            &key,
        ]
        .concat();
        let object = [
            head(5, 3),
            text("fmt"),
            text("none"),
            text("attStmt"),
            head(5, 0),
            text("authData"),
            bytes(&data),
        ]
        .concat();
        self.said(&json!({
            "attestationObject": terms::base64url(&object),
            "clientDataJSON": terms::base64url(&client_data),
        }))
    }

    /// What `navigator.credentials.get` gives for these options.
    pub fn get(&mut self, options: &str) -> String {
        let options: Value = serde_json::from_str(options).unwrap();
        let client_data = self.client_data("webauthn.get", &options);
        let data = self.data(0);
        let hash = digest(&SHA256, &client_data);
        let signed = [&data, hash.as_ref()].concat();
        let signature = self.key.sign(&SystemRandom::new(), &signed).unwrap();
        self.said(&json!({
            "authenticatorData": terms::base64url(&data),
            "clientDataJSON": terms::base64url(&client_data),
            "signature": terms::base64url(signature.as_ref()),
            "userHandle": terms::base64url(&self.handle),
        }))
    }

    fn said(&self, response: &Value) -> String {
        let id = terms::base64url(&self.credential);
        json!({
            "id": id, "rawId": id, "type": "public-key",
            "response": response, "clientExtensionResults": {},
        })
        .to_string()
    }
}
