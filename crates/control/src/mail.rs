//! Mail by SMTP (RFC 5321): one connection, one recipient, one message.
//!
//! What this guarantees to the outbox:
//! - nothing leaves unencrypted but to a loopback address, and the server's certificate
//!   is checked before sign-in or mail (RFC 8314; STARTTLS, RFC 3207, is required);
//! - whatever subject, text and address hold, they can't add a field, a recipient or a
//!   command;
//! - an attempt ends within [`SEND_LIMIT`], having read at most some hundred KiB;
//! - an error tells whether the way, the moment or the mail is at fault, and names no
//!   recipient.

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use lettre::{
    Address,
    address::Envelope,
    message::{
        Mailbox, SinglePart,
        header::{HeaderName, HeaderValue},
    },
    transport::smtp::{
        authentication::{Credentials, DEFAULT_MECHANISMS},
        client::AsyncSmtpConnection,
    },
};
use terms::{Clock, Micros, Secret};
use tokio::time::{timeout, timeout_at};

use crate::mail::wire::{Route, Trouble};

/// Longest time for one attempt, connecting included.
pub const SEND_LIMIT: Duration = Duration::from_secs(30);
/// Longest wait for the answer to QUIT, after the mail was taken.
const QUIT_LIMIT: Duration = Duration::from_secs(2);
/// Longest address (RFC 5321 §4.5.3.1.3, less the brackets).
const MAX_ADDRESS_BYTES: usize = 254;
/// Longest subject; the rest is cut off. As a single word it still fits into a line.
const MAX_SUBJECT_CHARS: usize = 200;
/// Longest `Message-ID`: a line of RFC 5322 §2.1.1, less the field's name.
const MAX_ID_BYTES: usize = 900;
/// Most that is kept of a server's answer, in characters.
const MAX_SAID_CHARS: usize = 200;
/// The last second that `Date` can say.
const MAX_DATE_SECONDS: u64 = 253_402_300_799;

/// A mail to one recipient.
#[derive(Debug, Clone)]
pub struct Message {
    /// The address.
    pub to: Secret<String>,
    /// One line.
    pub subject: String,
    /// Plain text with `\n` line ends.
    pub text: Secret<String>,
    /// With angle brackets; the same at every attempt.
    pub message_id: String,
    /// The `Message-ID` of the mail that this one continues.
    pub in_reply_to: Option<String>,
    /// Its `Date`.
    pub date: Micros,
}

/// Why mail can't be sent by this configuration.
#[derive(Debug, thiserror::Error)]
pub enum MailerError {
    /// Unencrypted, and to another machine.
    #[error(
        "mail to {host} would leave this machine unencrypted; use `smtps://` or `smtp://` (STARTTLS) in [mail] smtp"
    )]
    Unencrypted {
        /// The server.
        host: String,
    },
    /// The server's name can't stand in a certificate.
    #[error("[mail] smtp: {host:?} can't be asked for in TLS; expected a host name or an address")]
    Host {
        /// The server.
        host: String,
    },
    /// `from` isn't an address.
    #[error("[mail] from: expected a mail address such as `waarborg@example.com`")]
    From,
    /// The file of roots holds none.
    #[error("[mail] ca: {path} holds no usable certificate; expected PEM")]
    Roots {
        /// The file.
        path: PathBuf,
    },
    /// TLS can't be set up.
    #[error("TLS can't be set up for mail: {0}")]
    Tls(#[from] rustls::Error),
}

/// Why a mail didn't leave. None of these names the recipient.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// No connection, no TLS, no greeting or no sign-in: no other mail would leave now.
    #[error("the mail server {server} can't be used ({doing}): {said}")]
    Unreachable {
        /// Host and port.
        server: String,
        /// Which step failed.
        doing: &'static str,
        /// What the system or the server said.
        said: String,
    },
    /// The server didn't take this mail now: 4xx, a broken connection, or too slow.
    #[error("the mail server didn't take the mail this time: {said}")]
    Later {
        /// What it said.
        said: String,
    },
    /// The server refused this mail: 5xx.
    #[error("the mail server refused the mail: {said}")]
    Refused {
        /// What it said.
        said: String,
    },
    /// Recipient or `Message-ID` aren't what may stand in a mail.
    #[error("the mail can't be written: its {0} isn't one")]
    Unwritable(&'static str),
}

impl SendError {
    /// Whether the same mail will fail the same way (RFC 5321 §4.2.1): try it rarely.
    pub const fn is_permanent(&self) -> bool {
        matches!(self, Self::Refused { .. } | Self::Unwritable(_))
    }

    /// Whether the way is at fault, not the mail.
    pub const fn is_unreachable(&self) -> bool {
        matches!(self, Self::Unreachable { .. })
    }
}

/// Sends by one configuration. Holds no connection.
#[derive(Debug)]
pub struct Mailer {
    route: Route,
    from: Address,
    sign_in: Option<(String, Secret<String>)>,
    clock: Clock,
    limit: Duration,
}

impl Mailer {
    /// Sends by `mail`.
    ///
    /// # Errors
    /// [`MailerError`]: the owner has to change the configuration.
    pub fn new(mail: &config::Mail, clock: Clock) -> Result<Self, MailerError> {
        Ok(Self {
            route: Route::new(mail, &clock)?,
            from: address(&mail.from).ok_or(MailerError::From)?,
            sign_in: mail.sign_in.clone(),
            clock,
            limit: SEND_LIMIT,
        })
    }

    /// As this one, but every attempt ends within `limit`.
    #[cfg(test)]
    fn within(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// The right side of a `Message-ID` of ours: the sender's domain.
    pub fn domain(&self) -> &str {
        self.from.domain()
    }

    /// Connects, signs in and leaves: whether mail could be sent now.
    ///
    /// # Errors
    /// [`SendError::Unreachable`].
    pub async fn reach(&self) -> Result<(), SendError> {
        let deadline = self.clock.moment().after(self.limit).instant();
        let mut connection = self.connect(deadline.into()).await?;
        let _ = timeout(QUIT_LIMIT, connection.quit()).await;
        Ok(())
    }

    /// Sends `message`. After `Ok` the server is responsible for it; after an error it
    /// may have taken it even so (the answer may have been lost), thus the stable
    /// `Message-ID`.
    ///
    /// # Errors
    /// [`SendError`].
    pub async fn send(&self, message: &Message) -> Result<(), SendError> {
        let (envelope, bytes) = self.compose(message)?;
        let deadline = self.clock.moment().after(self.limit).instant().into();
        let mut connection = self.connect(deadline).await?;
        match timeout_at(deadline, connection.send(&envelope, &bytes)).await {
            Ok(Ok(_)) => {
                // It is taken; whether the server says goodbye doesn't matter.
                let _ = timeout(QUIT_LIMIT, connection.quit()).await;
                Ok(())
            }
            Ok(Err(error)) => Err(judged(&error, message.to.expose())),
            Err(_) => Err(SendError::Later {
                said: format!("no answer within {:?}", self.limit),
            }),
        }
    }

    async fn connect(
        &self,
        deadline: tokio::time::Instant,
    ) -> Result<AsyncSmtpConnection, SendError> {
        let connecting = Box::pin(async {
            let mut connection = self.route.connect().await?;
            if let Some((user, password)) = &self.sign_in {
                let credentials = Credentials::new(user.clone(), password.expose().clone());
                connection
                    .auth(DEFAULT_MECHANISMS, &credentials)
                    .await
                    .map_err(|error| Trouble::new("signing in", &error))?;
            }
            Ok(connection)
        });
        let connected: Result<_, Trouble> = match timeout_at(deadline, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(Trouble {
                doing: "connecting",
                said: format!("no answer within {:?}", self.limit),
            }),
        };
        connected.map_err(|Trouble { doing, said }| SendError::Unreachable {
            server: self.route.to_string(),
            doing,
            said: without_addresses(&said, ""),
        })
    }

    fn compose(&self, message: &Message) -> Result<(Envelope, Vec<u8>), SendError> {
        let to = address(message.to.expose()).ok_or(SendError::Unwritable("recipient"))?;
        let id = |id: &str| message_id(id).ok_or(SendError::Unwritable("Message-ID"));
        let automatic = HeaderName::new_from_ascii_str("Auto-Submitted");
        let mut builder = lettre::Message::builder()
            .from(Mailbox::new(None, self.from.clone()))
            .to(Mailbox::new(None, to))
            .subject(subject(&message.subject))
            .date(date(message.date))
            .message_id(Some(id(&message.message_id)?))
            // RFC 3834: no holiday notices in reply.
            .raw_header(HeaderValue::new(automatic, "auto-generated".to_owned()));
        if let Some(earlier) = &message.in_reply_to {
            let earlier = id(earlier)?;
            builder = builder.in_reply_to(earlier.clone()).references(earlier);
        }
        let text = SinglePart::plain(lines(message.text.expose()));
        let written = builder
            .singlepart(text)
            .map_err(|_| SendError::Unwritable("sender or recipient"))?;
        Ok((written.envelope().clone(), written.formatted()))
    }
}

/// An address to which mail may go, as it is kept: in lower case, and not too long.
pub(crate) fn mailbox(text: &str) -> Option<Secret<String>> {
    let text = text.trim().to_lowercase();
    let fine = text.len() <= store::MAX_DISPLAY_BYTES && text.parse::<Address>().is_ok();
    fine.then(|| Secret::new(text))
}

/// What the failure of a connected attempt means.
fn judged(error: &lettre::transport::smtp::Error, to: &str) -> SendError {
    let said = without_addresses(&error.to_string(), to);
    // A client error is about what this server can't do for this mail (SMTPUTF8, say).
    if error.is_permanent() || error.is_client() {
        SendError::Refused { said }
    } else {
        SendError::Later { said }
    }
}

/// What a server said, without words that may name a person: errors are kept in plain.
fn without_addresses(said: &str, to: &str) -> String {
    let name = to
        .rsplit_once('@')
        .map_or("", |(name, _)| name)
        .to_lowercase();
    let personal =
        |word: &str| word.contains('@') || (name.len() > 1 && word.to_lowercase().contains(&name));
    let words = said
        .split(|c: char| c.is_whitespace() || c.is_control())
        .filter(|word| !word.is_empty())
        .map(|word| if personal(word) { "…" } else { word });
    let kept: Vec<&str> = words.collect();
    kept.join(" ").chars().take(MAX_SAID_CHARS).collect()
}

/// An address without quotes, comments, spaces or brackets: of what RFC 5321 allows, that
/// which can't be mistaken for anything else.
fn address(text: &str) -> Option<Address> {
    let strange = |c: char| c.is_control() || c.is_whitespace() || "<>()\",:;\\".contains(c);
    if text.len() > MAX_ADDRESS_BYTES || text.contains(strange) {
        return None;
    }
    text.parse().ok()
}

fn message_id(text: &str) -> Option<String> {
    let inner = text.strip_prefix('<')?.strip_suffix('>')?;
    let allowed = |byte: u8| byte.is_ascii_graphic() && !b"<>()\",:;\\".contains(&byte);
    let sides = inner.split_once('@')?;
    let well = text.len() <= MAX_ID_BYTES
        && !sides.0.is_empty()
        && !sides.1.is_empty()
        && inner.bytes().all(allowed);
    well.then(|| text.to_owned())
}

/// One line, in which no encoded word (RFC 2047) is hidden: what a client decodes is only
/// what we encoded.
fn subject(text: &str) -> String {
    let line: String = text
        .chars()
        .take(MAX_SUBJECT_CHARS)
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    line.replace("=?", "= ?")
}

/// Text with `\n` line ends and no other control characters but tabs: lettre writes
/// CR LF for each, and no lone CR or LF reaches the server (SMTP smuggling).
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
        .replace('\r', "\n")
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\n' | '\t'))
        .collect()
}

/// lettre can't say times before 1970 and after 9999.
fn date(at: Micros) -> SystemTime {
    let seconds = u64::try_from(at.0 / 1_000_000).unwrap_or(0);
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.min(MAX_DATE_SECONDS))
}
