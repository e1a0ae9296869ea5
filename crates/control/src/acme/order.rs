//! One order, from its first request to the chain (RFC 8555 section 7.4). Whatever way
//! it ends, none of its challenges is answered any more.

use std::{sync::Arc, time::Duration};

use instant_acme::{
    Account, AuthorizationStatus, CertificateIdentifier, ChallengeType, Identifier, NewOrder,
    OrderStatus, RetryPolicy,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use rustls::{
    crypto::aws_lc_rs::sign::any_ecdsa_type,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};
use seam::{Challenges, Posted};
use terms::Secret;

/// Longest order.
const ORDER_LIMIT: Duration = Duration::from_secs(300);
/// Longest wait for the challenges, and for the certificate.
const STEP_LIMIT: Duration = Duration::from_secs(120);
/// First wait between two questions how an order stands; they grow.
const ASK_AGAIN: Duration = Duration::from_millis(250);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OrderError {
    #[error(transparent)]
    Acme(#[from] instant_acme::Error),
    #[error("the authority asks about {0}, which wasn't ordered")]
    Foreign(String),
    #[error("the authority offers no tls-alpn-01 challenge for {0}")]
    NoChallenge(String),
    #[error("the authorization for {0} is {1:?}")]
    NotPending(String, AuthorizationStatus),
    #[error("more challenges are under way than there is room for")]
    Busy,
    #[error("{0}")]
    Invalid(String),
    #[error("the order took more than {ORDER_LIMIT:?}")]
    Late,
    #[error("a key or request can't be made: {0}")]
    Crypto(#[from] rcgen::Error),
}

impl OrderError {
    /// The problem's type, after `urn:ietf:params:acme:error:`.
    pub(crate) fn problem(&self) -> Option<&str> {
        match self {
            Self::Acme(instant_acme::Error::Api(problem)) => {
                problem.r#type.as_deref()?.rsplit(':').next()
            }
            _ => None,
        }
    }
}

/// What comes of it.
pub(crate) struct Fresh {
    /// PEM.
    pub(crate) chain: String,
    /// PEM.
    pub(crate) key: Secret<String>,
}

/// What is ordered.
#[derive(Clone)]
pub(crate) struct Order {
    pub(crate) account: Account,
    /// All names of one site.
    pub(crate) hosts: Vec<String>,
    pub(crate) profile: Option<String>,
    /// The certificate before, where the authority gives advice on renewals.
    pub(crate) replaces: Option<CertificateIdentifier<'static>>,
    pub(crate) challenges: Challenges,
}

impl Order {
    /// Orders, answers the challenges, fetches.
    pub(crate) async fn place(self) -> Result<Fresh, OrderError> {
        let placed = Box::pin(self.placed());
        let within = tokio::time::timeout(ORDER_LIMIT, placed).await;
        within.unwrap_or(Err(OrderError::Late))
    }

    async fn placed(&self) -> Result<Fresh, OrderError> {
        let mut order = self.begin().await?;
        let posted = self.answer(&mut order).await?;
        let policy = RetryPolicy::new()
            .initial_delay(ASK_AGAIN)
            .timeout(STEP_LIMIT);
        match order.poll_ready(&policy).await {
            Ok(OrderStatus::Ready) => {}
            Ok(_) => return Err(why(&mut order).await.unwrap_or(OrderError::Late)),
            Err(error) => return Err(why(&mut order).await.unwrap_or(error.into())),
        }
        drop(posted);
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::new(self.hosts.clone())?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key)?;
        order.finalize_csr(request.der()).await?;
        Ok(Fresh {
            chain: order.poll_certificate(&policy).await?,
            key: Secret::new(key.serialize_pem()),
        })
    }

    async fn begin(&self) -> Result<instant_acme::Order, OrderError> {
        let hosts: Vec<_> = self.hosts.iter().cloned().map(Identifier::Dns).collect();
        let new = || {
            let new = NewOrder::new(&hosts);
            match &self.profile {
                Some(profile) => new.profile(profile),
                None => new,
            }
        };
        if let Some(replaces) = &self.replaces {
            let replacing = new().replaces(replaces.clone());
            match self
                .account
                .new_order(&replacing)
                .await
                .map_err(OrderError::from)
            {
                Ok(order) => return Ok(order),
                // It has replaced it already, or doesn't give it back: it still takes the
                // order without.
                Err(error)
                    if matches!(
                        error.problem(),
                        None | Some("alreadyReplaced" | "malformed")
                    ) =>
                {
                    tracing::info!(%error, "an order that replaces wasn't taken");
                }
                Err(error) => return Err(error),
            }
        }
        Ok(self.account.new_order(&new()).await?)
    }

    /// Posts the challenge of each name that isn't authorized yet.
    async fn answer(&self, order: &mut instant_acme::Order) -> Result<Vec<Posted>, OrderError> {
        let mut posted = Vec::new();
        let mut authorizations = order.authorizations();
        while let Some(next) = authorizations.next().await {
            let mut authorization = next?;
            let shown = authorization.identifier().to_string();
            if !self.hosts.contains(&shown) {
                return Err(OrderError::Foreign(shown));
            }
            match authorization.status {
                AuthorizationStatus::Valid => continue,
                AuthorizationStatus::Pending => {}
                other => return Err(OrderError::NotPending(shown, other)),
            }
            let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
                return Err(OrderError::NoChallenge(shown));
            };
            let digest = challenge.key_authorization().digest();
            let certificate = certificate(&shown, digest.as_ref())?;
            let answered = self.challenges.post(&shown, &certificate);
            posted.push(answered.ok_or(OrderError::Busy)?);
            challenge.set_ready().await?;
        }
        Ok(posted)
    }
}

/// What the authority found wrong, by name.
async fn why(order: &mut instant_acme::Order) -> Option<OrderError> {
    let mut authorizations = order.authorizations();
    while let Some(Ok(mut authorization)) = authorizations.next().await {
        authorization.refresh().await.ok()?;
        let name = authorization.identifier().to_string();
        let mut errors = authorization.challenges.iter();
        if let Some(error) = errors.find_map(|challenge| challenge.error.as_ref()) {
            return Some(OrderError::Invalid(format!("{name}: {error}")));
        }
    }
    None
}

/// The challenge's certificate: for this name alone, with the digest of the key
/// authorization in a critical extension (RFC 8737 section 3).
pub(crate) fn certificate(name: &str, digest: &[u8]) -> Result<Arc<CertifiedKey>, OrderError> {
    if digest.len() != 32 {
        return Err(OrderError::Invalid("a digest of another size".to_owned()));
    }
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::new(vec![name.to_owned()])?;
    params.distinguished_name = DistinguishedName::new();
    params.custom_extensions = vec![CustomExtension::new_acme_identifier(digest)];
    let certificate = params.self_signed(&key)?;
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let key = any_ecdsa_type(&key).map_err(|error| OrderError::Invalid(error.to_string()))?;
    Ok(Arc::new(CertifiedKey::new(
        vec![certificate.der().clone()],
        key,
    )))
}
