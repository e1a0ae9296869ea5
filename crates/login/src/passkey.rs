//! Promise `two-factor`: passkeys (Web Authentication level 3).
//!
//! A passkey signs a challenge of ours for one host alone, so a page that looks like ours
//! gets nothing out of it. It is made *discoverable*, so that it opens an account without
//! a name, and asks its owner for a finger or a PIN each time (user verification), so
//! that it stands for both factors.
//!
//! ```text
//! ask ─▶ options (to the browser) + state (kept) ─▶ answer ─▶ shown: the sign count
//! ```
//! The state belongs to one answer: that it is taken once, in time, and from the browser
//! that was asked is the caller's part. So is the last sign count: it may only rise, and
//! one statement says so for all nodes.

use std::time::Duration;

use serde_json::{Value, json};
use webauthn_rs::prelude::{
    DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Url, Uuid, Webauthn, WebauthnBuilder, WebauthnError,
};

#[cfg(any(test, feature = "testing"))]
pub mod testing;

/// How long a challenge may take to be answered. Browsers are told the same.
pub const CHALLENGE_LIFE: Duration = Duration::from_secs(5 * 60);
/// Longest answer of a browser that is read, in bytes. Without attestation it is about one
/// kilobyte.
const ANSWER_MAX: usize = 16 * 1024;
/// Longest credential id (Web Authentication section 4), in bytes.
const CREDENTIAL_MAX: usize = 1023;

/// Why an answer wasn't taken. The visitor hears none of it: they get one sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It isn't what `navigator.credentials` gives.
    #[error("it can't be read")]
    Malformed,
    /// It answers another challenge.
    #[error("it answers another challenge")]
    Challenge,
    /// It was made on another page.
    #[error("it was made for another origin")]
    Origin,
    /// It was made for another host.
    #[error("it was made for another relying party")]
    RelyingParty,
    /// Nobody showed a finger or a PIN.
    #[error("its owner wasn't verified")]
    Unverified,
    /// The sign count didn't rise: there may be a copy.
    #[error("its sign count didn't rise: there may be a copy")]
    CountBack,
    /// The signature is another's, or what was signed contradicts itself.
    #[error("it doesn't verify")]
    Invalid,
}

impl From<WebauthnError> for Refused {
    fn from(error: WebauthnError) -> Self {
        match error {
            WebauthnError::MismatchedChallenge => Self::Challenge,
            WebauthnError::InvalidRPOrigin => Self::Origin,
            WebauthnError::InvalidRPIDHash => Self::RelyingParty,
            WebauthnError::UserNotVerified | WebauthnError::UserNotPresent => Self::Unverified,
            WebauthnError::CredentialPossibleCompromise => Self::CountBack,
            _ => Self::Invalid,
        }
    }
}

/// Whose passkey is made.
#[derive(Debug, Clone, Copy)]
pub struct Person<'a> {
    /// What the passkey is asked for by: random, and never a name or an address.
    pub handle: [u8; 16],
    /// The login name, which browsers show.
    pub name: &'a str,
    /// The name for people.
    pub display: &'a str,
}

/// A question to a browser.
#[derive(Debug, Clone)]
pub struct Asked {
    /// What `navigator.credentials` takes as `publicKey`, as JSON: bytes in base64url.
    pub options: String,
    /// What its answer is compared with. Nothing in it is secret, but it counts only
    /// where nobody else can have written it.
    pub state: Vec<u8>,
}

/// A passkey that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// What its authenticator calls it.
    pub credential: Vec<u8>,
    /// What is kept of it: the public key and what was said of it.
    pub kept: Vec<u8>,
}

/// An answer to [`RelyingParty::ask`], read and not believed.
#[derive(Debug, Clone)]
pub struct Answer(PublicKeyCredential);

impl Answer {
    /// Reads the JSON of a browser.
    ///
    /// # Errors
    /// [`Refused::Malformed`]; [`Refused::Origin`] for one from within another page.
    pub fn read(text: &str) -> Result<Self, Refused> {
        let answer: PublicKeyCredential = read(text)?;
        if answer.raw_id.is_empty() || answer.raw_id.len() > CREDENTIAL_MAX {
            return Err(Refused::Malformed);
        }
        outermost(&answer.response.client_data_json)?;
        Ok(Self(answer))
    }

    /// Which passkey it says that it is from.
    pub fn credential(&self) -> &[u8] {
        &self.0.raw_id
    }

    /// Whose it says that it is; `None` where it doesn't say, which only a passkey that
    /// was asked for by name may do.
    ///
    /// # Errors
    /// [`Refused::Malformed`] for what can't be a handle of ours.
    pub fn handle(&self) -> Result<Option<[u8; 16]>, Refused> {
        let handle = self.0.response.user_handle.as_deref();
        let handle = handle.map(|bytes| bytes.try_into().map_err(|_| Refused::Malformed));
        handle.transpose()
    }
}

/// The portal, as passkeys know it: its host without a port, and the one origin on which
/// they are asked for.
#[derive(Debug, Clone)]
pub struct RelyingParty(Webauthn);

impl RelyingParty {
    /// `None` where no browser makes passkeys: for an address instead of a name.
    pub fn new(host: &str, origin: &str) -> Option<Self> {
        let origin = Url::parse(origin).ok()?;
        // A passkey of a parent domain would be every sibling's too.
        if origin.scheme() != "https" || origin.domain() != Some(host) {
            return None;
        }
        let builder = WebauthnBuilder::new(host, &origin).ok()?;
        let party = builder.rp_name(host).timeout(CHALLENGE_LIFE).build();
        party.ok().map(Self)
    }

    /// Asks for a new passkey. `had` are those that the account has: no authenticator
    /// makes a second one beside them.
    ///
    /// # Errors
    /// [`Refused::Invalid`], which a name of ours doesn't lead to.
    pub fn offer(&self, person: Person<'_>, had: &[Vec<u8>]) -> Result<Asked, Refused> {
        let (options, state) = self.0.start_passkey_registration(
            Uuid::from_bytes(person.handle),
            person.name,
            person.display,
            Some(had.to_vec()),
        )?;
        let mut options = public_key(&options)?;
        // The library leaves this to the authenticator; without it nobody signs in
        // without a name.
        if let Some(chosen) = options.get_mut("authenticatorSelection") {
            chosen["residentKey"] = json!("required");
            chosen["requireResidentKey"] = json!(true);
        }
        Ok(Asked {
            options: options.to_string(),
            state: serde_json::to_vec(&state).map_err(|_| Refused::Invalid)?,
        })
    }

    /// The passkey that answers [`Self::offer`].
    ///
    /// # Errors
    /// [`Refused`].
    pub fn made(&self, answer: &str, state: &[u8]) -> Result<Made, Refused> {
        let answer: RegisterPublicKeyCredential = read(answer)?;
        outermost(&answer.response.client_data_json)?;
        let state: PasskeyRegistration =
            serde_json::from_slice(state).map_err(|_| Refused::Malformed)?;
        let passkey = self.0.finish_passkey_registration(&answer, &state)?;
        let credential = passkey.cred_id().to_vec();
        if credential.is_empty() || credential.len() > CREDENTIAL_MAX {
            return Err(Refused::Malformed);
        }
        Ok(Made {
            credential,
            kept: serde_json::to_vec(&passkey).map_err(|_| Refused::Invalid)?,
        })
    }

    /// Asks for one of `allowed`, or, where there are none, for any that its owner chooses.
    ///
    /// # Errors
    /// [`Refused::Invalid`], which nothing leads to.
    pub fn ask(&self, allowed: &[Vec<u8>]) -> Result<Asked, Refused> {
        let (options, state) = self.0.start_discoverable_authentication()?;
        let mut options = public_key(&options)?;
        let allowed = allowed
            .iter()
            .map(|id| json!({ "type": "public-key", "id": terms::base64url(id) }));
        options["allowCredentials"] = allowed.collect();
        Ok(Asked {
            options: options.to_string(),
            state: serde_json::to_vec(&state).map_err(|_| Refused::Invalid)?,
        })
    }

    /// Whether an answer is that of the passkey in `kept`, to the question in `state`.
    /// Gives the sign count: the caller refuses one that isn't above the last, but for the
    /// zeros of passkeys that don't count.
    ///
    /// # Errors
    /// [`Refused`].
    pub fn shown(&self, answer: &Answer, state: &[u8], kept: &[u8]) -> Result<u32, Refused> {
        let state: DiscoverableAuthentication =
            serde_json::from_slice(state).map_err(|_| Refused::Malformed)?;
        let passkey: Passkey = serde_json::from_slice(kept).map_err(|_| Refused::Malformed)?;
        let shown = self
            .0
            .finish_discoverable_authentication_v2(&answer.0, state, &passkey)?;
        Ok(shown.counter())
    }
}

/// What the authenticator calls a passkey that was kept; `None` for what we never wrote.
pub fn credential(kept: &[u8]) -> Option<Vec<u8>> {
    let passkey: Passkey = serde_json::from_slice(kept).ok()?;
    Some(passkey.cred_id().to_vec())
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Refused> {
    if text.len() > ANSWER_MAX {
        return Err(Refused::Malformed);
    }
    serde_json::from_str(text).map_err(|_| Refused::Malformed)
}

/// Refuses what was made in a frame of another site: the origin alone doesn't tell.
fn outermost(client_data: &[u8]) -> Result<(), Refused> {
    let said: Value = serde_json::from_slice(client_data).map_err(|_| Refused::Malformed)?;
    match said.get("crossOrigin") {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(_) => Err(Refused::Origin),
    }
}

/// The part that `navigator.credentials` takes; what stands beside it is for other flows.
fn public_key(options: &impl serde::Serialize) -> Result<Value, Refused> {
    let mut options = serde_json::to_value(options).map_err(|_| Refused::Invalid)?;
    options
        .get_mut("publicKey")
        .map(Value::take)
        .ok_or(Refused::Invalid)
}

#[cfg(test)]
mod tests;
