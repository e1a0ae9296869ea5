//! What an application may believe of who asks: a JWT (RFC 7519, ES256) per session and
//! site, valid for a minute, which control signs and the session carries. Keys live in
//! the store, sealed; whoever leads makes the next one, and each one's public half is
//! published long enough for what it signed.

use std::{sync::Arc, time::Duration};

use arc_swap::ArcSwap;
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _},
};
use seam::{
    Session,
    renewal::RenewalReceiver,
    sessions::{Assertion, OnSite},
};
use serde_json::{Value, json};
use store::{Lease, SigningKey, Store};
use terms::{Micros, Secret};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::{AccountError, Accounts};

/// How long an assertion holds (RFC 7519 section 4.1.4).
const LIFE_S: i64 = 60;
/// How long a key signs.
const SIGNS_FOR: Duration = Duration::from_secs(30 * 86_400);
/// How long its public half is published after that.
const PUBLISHED_FOR: Duration = Duration::from_secs(86_400);
/// How often keys are looked at: those that another node made count after so long.
const LOOK_EVERY: Duration = Duration::from_secs(10);

/// A key, ready to sign.
struct Key {
    kid: String,
    pair: EcdsaKeyPair,
    made: Micros,
}

/// The keys that count now.
pub(crate) struct Signer {
    /// The first signs; all are published.
    keys: ArcSwap<Vec<Key>>,
    random: SystemRandom,
}

impl Default for Signer {
    fn default() -> Self {
        Self {
            keys: ArcSwap::default(),
            random: SystemRandom::new(),
        }
    }
}

impl Signer {
    /// Takes the keys of the store.
    fn take(&self, stored: &[SigningKey]) {
        let read = stored.iter().filter_map(|key| {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, key.key.expose());
            match pair {
                Ok(pair) => Some(Key {
                    kid: key.kid.clone(),
                    pair,
                    made: key.created_at,
                }),
                Err(error) => {
                    tracing::error!(%error, kid = key.kid, "a signing key can't be read");
                    None
                }
            }
        });
        self.keys.store(Arc::new(read.collect()));
    }

    /// The public halves (RFC 7517).
    pub(crate) fn jwks(&self) -> Value {
        let keys = self.keys.load();
        let jwk = |key: &Key| {
            // An uncompressed point (SEC 1 section 2.3.3): 4, x, y.
            let point = key.pair.public_key().as_ref();
            let half =
                |from: usize| terms::base64url(point.get(from..from + 32).unwrap_or_default());
            json!({
                "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256",
                "kid": key.kid, "x": half(1), "y": half(33),
            })
        };
        json!({ "keys": keys.iter().map(jwk).collect::<Vec<_>>() })
    }

    /// A compact JWS of these claims; `None` while there is no key.
    fn sign(&self, claims: &Value) -> Option<String> {
        let keys = self.keys.load();
        let key = keys.first()?;
        let head = json!({ "alg": "ES256", "typ": "JWT", "kid": key.kid });
        let part = |value: &Value| terms::base64url(value.to_string().as_bytes());
        let text = format!("{}.{}", part(&head), part(claims));
        let signature = key.pair.sign(&self.random, text.as_bytes()).ok()?;
        Some(format!("{text}.{}", terms::base64url(signature.as_ref())))
    }
}

impl Accounts {
    /// Signs what the application of a site may believe of a session's owner.
    pub(super) fn assert(&self, session: &Session, on: &OnSite) {
        let config = self.publisher.config();
        let now = self.clock.now();
        let seconds = |at: Micros| at.0.div_euclid(1_000_000);
        let person = &session.person;
        let groups: Vec<_> = person
            .groups
            .split(',')
            .filter(|it| !it.is_empty())
            .collect();
        let mut claims = json!({
            "iss": config.portal_origin(),
            "aud": config.origin(&on.host),
            "sub": person.account,
            "preferred_username": person.name,
            "name": person.display,
            "groups": groups,
            "auth_time": seconds(session.auth_time),
            "amr": session.amr,
            "sid": session.public_name(),
            "iat": seconds(now),
            "exp": seconds(now) + LIFE_S,
        });
        if let (Some(claims), false) = (claims.as_object_mut(), person.email.is_empty()) {
            claims.insert("email".to_owned(), Value::from(&*person.email));
        }
        let Some(text) = self.signer.sign(&claims) else {
            return;
        };
        on.assertion.store(Some(Arc::new(Assertion {
            text: text.into(),
            signed_at: now,
        })));
    }

    /// Reads the keys; under the lease the first and each next one is made.
    async fn look_at_keys(&self, leads: bool) -> Result<(), AccountError> {
        let store = self.store()?;
        let mut keys = store.signing_keys().await?;
        let now = self.clock.now();
        let signs = keys
            .first()
            .is_some_and(|key| key.retire_at.is_none() && now < key.created_at.after(SIGNS_FOR));
        if !signs && leads {
            make_key(&store, now).await?;
            keys = store.signing_keys().await?;
        }
        let known = self.signer.keys.load();
        let same = known.len() == keys.len()
            && known
                .iter()
                .zip(&keys)
                .all(|(one, other)| one.kid == other.kid && one.made == other.created_at);
        if !same {
            self.signer.take(&keys);
        }
        Ok(())
    }
}

async fn make_key(store: &Store, now: Micros) -> Result<(), AccountError> {
    let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &SystemRandom::new());
    let Ok(made) = made else {
        tracing::error!("no signing key could be made");
        return Ok(());
    };
    let key = Secret::new(made.as_ref().to_vec());
    let mut tx = store.tx().await?;
    tx.keep_signing_key(&store.new_id(), &key, now.after(PUBLISHED_FOR))
        .await?;
    tx.commit().await?;
    tracing::info!("a new key signs assertions");
    Ok(())
}

/// Keeps the keys until `stop`.
pub(crate) async fn keep_keys(
    accounts: Accounts,
    mut lease: watch::Receiver<Option<Lease>>,
    stop: CancellationToken,
) {
    let mut looks = tokio::time::interval(LOOK_EVERY);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = looks.tick() => {}
            led = lease.changed() => if led.is_err() { return },
        }
        let leads = lease.borrow_and_update().is_some();
        match accounts.look_at_keys(leads).await {
            Ok(()) | Err(AccountError::Away) => {}
            Err(error) => tracing::error!(%error, "signing keys could not be looked at"),
        }
    }
}

/// Signs what the edge asks for, until it has ended.
pub(crate) async fn renew(accounts: Accounts, mut asked: RenewalReceiver) {
    use std::sync::atomic::Ordering;
    while let Some(renewal) = asked.recv().await {
        if let Some(on) = renewal.session.on(&renewal.host) {
            accounts.assert(&renewal.session, on);
            on.asked.store(false, Ordering::Relaxed);
        }
        if let Some(done) = renewal.done {
            // Whoever asked may have gone.
            let _ = done.send(());
        }
    }
}
