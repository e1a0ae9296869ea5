//! How authorities are spoken to: [`Outgoing`] with its limits, under the ACME client.
//!
//! HTTPS only, whatever a directory names; every answer has an end in time and in
//! bytes. What a refusal says about waiting is kept, since problem documents don't.

use std::{
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use config::{Acme, Authority, Roots};
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt as _, Full};
use instant_acme::{BodyWrapper, BytesResponse, Error, HttpClient};
use terms::{Clock, Micros};
use visitor::{Host, Scheme, Url, tls::Trust};

use crate::outgoing::Outgoing;

/// Longest exchange with an authority.
const EXCHANGE_LIMIT: Duration = Duration::from_secs(30);
/// Largest answer: a directory, an order, a chain.
const ANSWER_MAX: usize = 256 * 1024;

/// The client for both authorities of a configuration.
pub(crate) fn outgoing(acme: &Acme, clock: &Clock) -> Arc<Outgoing> {
    let trust = match &acme.roots {
        Roots::Public => Trust::public(),
        Roots::Own(roots) => Trust::only(roots.clone()),
    };
    let hosts = std::iter::once(&acme.first).chain(&acme.fallback);
    let named = hosts.filter_map(host).collect();
    Arc::new(Outgoing::new(clock.clone(), trust, named))
}

fn host(authority: &Authority) -> Option<Host> {
    let url: Url = authority.directory.parse().ok()?;
    Some(url.host().clone())
}

/// What an authority's last refusal said about waiting.
#[derive(Debug, Clone, Default)]
pub(crate) struct RetryAfter(Arc<Mutex<Option<Duration>>>);

impl RetryAfter {
    fn set(&self, wait: Option<Duration>) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *known = wait.or(*known);
    }

    /// Takes it: it counts once.
    pub(crate) fn take(&self) -> Option<Duration> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// One authority's.
pub(crate) struct Client {
    pub(crate) outgoing: Arc<Outgoing>,
    pub(crate) retry_after: RetryAfter,
    pub(crate) clock: Clock,
}

fn other(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::Other(error.into())
}

impl HttpClient for Client {
    fn request(
        &self,
        request: Request<BodyWrapper<Bytes>>,
    ) -> Pin<Box<dyn Future<Output = Result<BytesResponse, Error>> + Send>> {
        let (outgoing, retry_after) = (self.outgoing.clone(), self.retry_after.clone());
        let clock = self.clock.clone();
        Box::pin(async move {
            let request = translated(request).await?;
            let answer = outgoing.fetch(request).await.map_err(other)?;
            if answer.truncated {
                let url = &answer.url;
                return Err(other(format!(
                    "{url} answered more than {ANSWER_MAX} bytes"
                )));
            }
            if answer.status.is_client_error() || answer.status.is_server_error() {
                let wait = answer.headers.get(header::RETRY_AFTER);
                retry_after.set(wait.and_then(|wait| seconds(wait, clock.now())));
            }
            let mut response = Response::new(Full::new(answer.body));
            *response.status_mut() = answer.status;
            *response.headers_mut() = answer.headers;
            Ok(BytesResponse::from(response))
        })
    }
}

async fn translated(request: Request<BodyWrapper<Bytes>>) -> Result<visitor::http::Request, Error> {
    let (head, body) = request.into_parts();
    let url: Url = head.uri.to_string().parse().map_err(other)?;
    if url.scheme() != Scheme::Https {
        return Err(other(format!("{url} isn't HTTPS, which ACME requires")));
    }
    let body = match body.collect().await {
        Ok(body) => body.to_bytes(),
        Err(never) => match never {},
    };
    let mut request = visitor::http::Request::new(head.method, url);
    request.headers = head.headers;
    // RFC 8555 section 6.1: the client and its library.
    const AGENT: &str = concat!("waarborg/", env!("CARGO_PKG_VERSION"), " instant-acme");
    request
        .headers
        .insert(header::USER_AGENT, HeaderValue::from_static(AGENT));
    request.body = body;
    request.limits.total = EXCHANGE_LIMIT;
    request.limits.body = ANSWER_MAX;
    Ok(request)
}

/// `Retry-After` (RFC 9110 section 10.2.3): seconds, or a date.
fn seconds(value: &HeaderValue, now: Micros) -> Option<Duration> {
    let text = value.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    Some(date(text)?.since(now))
}

/// `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7), the one form that is sent.
fn date(text: &str) -> Option<Micros> {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let (_, rest) = text.strip_suffix(" GMT")?.split_once(", ")?;
    let mut parts = rest.split([' ', ':']);
    let day: i64 = parts.next()?.parse().ok()?;
    let word = parts.next()?;
    let month = MONTHS.iter().position(|month| *month == word)?;
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (year, hour, minute, second) = (number()?, number()?, number()?, number()?);
    if !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    // Years from March, so that the leap day comes last.
    let month = i64::try_from(month).ok()?;
    let (year, month) = (year - i64::from(month < 2), (month + 10) % 12);
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1;
    let seconds = (days - 719_468) * 86_400 + hour * 3600 + minute * 60 + second;
    Some(Micros(seconds.saturating_mul(1_000_000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_read_in_seconds_and_as_a_date() {
        let now = Micros(784_111_777_000_000);
        let check = |text: &'static str, expected: Option<u64>| {
            let read = seconds(&HeaderValue::from_static(text), now);
            assert_eq!(read, expected.map(Duration::from_secs), "{text}");
        };
        check("120", Some(120));
        check("Sun, 06 Nov 1994 09:49:37 GMT", Some(3600));
        check("Sun, 06 Nov 1994 07:49:37 GMT", Some(0));
        check(
            "Mon, 29 Feb 2000 00:00:00 GMT",
            Some(951_782_400 - 784_111_777),
        );
        check("Sun, 06 Foo 1994 09:49:37 GMT", None);
        check("Sun, 06 Nov 1994 09:49 GMT", None);
        check("soon", None);
        check("-1", None);
    }
}
