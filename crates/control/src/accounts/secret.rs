//! Secrets that are handed out once: cookies, codes, tokens, links. What is kept of one is
//! its hash.

use aws_lc_rs::digest::{SHA256, digest};
use seam::{TokenHash, sessions::TOKEN_PREFIX};
use terms::{Rng, Secret};
use zeroize::Zeroize as _;

/// A new secret of 256 random bits, and its hash.
pub(crate) struct Made {
    pub(crate) text: Secret<String>,
    pub(crate) hash: TokenHash,
}

/// For a cookie, a code or a link.
pub(crate) fn made(rng: &Rng) -> Made {
    with_prefix("", rng)
}

/// For a bearer token or an app password: told from others by how it begins.
pub(crate) fn token(rng: &Rng) -> Made {
    with_prefix(TOKEN_PREFIX, rng)
}

fn with_prefix(prefix: &str, rng: &Rng) -> Made {
    let mut bytes = rng.bytes::<32>();
    let mut text = terms::base64url(&bytes);
    bytes.zeroize();
    text.insert_str(0, prefix);
    Made {
        hash: hash(text.as_bytes()),
        text: Secret::new(text),
    }
}

/// SHA-256 of what somebody handed in.
pub(crate) fn hash(secret: &[u8]) -> TokenHash {
    // SHA-256 has 32 bytes.
    TokenHash(
        digest(&SHA256, secret)
            .as_ref()
            .try_into()
            .unwrap_or_default(),
    )
}

/// 32 hexadecimal digits as bytes: the public name of a session.
pub(crate) fn sid(text: &str) -> Option<[u8; 16]> {
    text.parse().ok().map(|id: terms::RequestId| id.0)
}

#[cfg(test)]
mod tests {
    use seam::sessions::is_secret;

    use super::*;

    #[test]
    fn what_is_made_has_the_form_that_is_looked_up_and_is_another_each_time() {
        let rng = Rng::System;
        let (one, other) = (made(&rng), made(&rng));
        assert!(is_secret(one.text.expose().as_bytes()));
        assert_ne!(one.hash, other.hash);
        assert_eq!(one.hash, hash(one.text.expose().as_bytes()));
        let token = token(&rng);
        let bare = token.text.expose().strip_prefix(TOKEN_PREFIX).unwrap();
        assert!(is_secret(bare.as_bytes()));
    }
}
