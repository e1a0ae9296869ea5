//! The attack on `throttle`: from an address that nobody has, by the door that believes a
//! PROXY header of documentation addresses, as many requests as it takes until 429. Then
//! the same client is refused over another connection and at another address of the site
//! (of an IPv6 /64, under another address, too), its neighbour is served, and after
//! waiting as it was told it is served itself.
//!
//! The burst goes to an own page, which no application sees. Of attempts to get in, it is
//! one that the portal refuses anyway, before anything is hashed.

use std::{
    future,
    net::{IpAddr, Ipv6Addr},
    time::Duration,
};

use config::PaceReading;
use http::{HeaderMap, Method, StatusCode, header};
use terms::Moment;
use visitor::{
    VisitError,
    http::{Protocol, Repeated, Request},
};

use super::{PAGES, SIGN_IN};
use crate::{
    approach::{Approach, silence, unheard_of},
    entry::{Drilling, Finding, Seen, Step},
    ground::{Ground, Pair, Question, Sources},
    target,
};

/// Longest wait for the next request: a pace that is slower isn't waited for.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Longest attack of one client. A pace that lets more requests in than the drill can send
/// isn't reached.
const ATTACK_MAX: Duration = Duration::from_secs(20);

/// How often a refusal is looked for elsewhere: between two requests the pace may have let
/// one in.
const TRIES: u32 = 20;

/// How often the neighbour asks, each time right after the client was refused.
const ASKED: u32 = 5;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let reading = &ground.order.reading;
    if target::is_foreign(reading) || reading.throttle.observe {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let pages = pages(ground).await;
        let mut found = vec![pages.unwrap_or_else(|why| Finding::inconclusive(PAGES, &why))];
        if let Some(portal) = reading.portal() {
            let sign_in = sign_in(ground, portal).await;
            found.push(sign_in.unwrap_or_else(|why| Finding::inconclusive(SIGN_IN, &why)));
        }
        found
    })
}

/// The ways and the families: over each way from one of them.
const WAYS: [(&str, Protocol); 2] = [("http1", Protocol::Http1), ("http2", Protocol::Http2)];

async fn pages(ground: &Ground) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let page = format!("{}security", approach.reading().prefix);
    let mut seen = Seen::default();
    for host in approach.sites.clone() {
        ground.say(format!("throttle: too many requests at {host}"));
        let sources = ground.sources(Question::Sources).await?;
        for ((name, protocol), pair) in WAYS.into_iter().zip(&sources.pairs) {
            let elsewhere = format!("/waarborg-{}", unheard_of(ground));
            let attack = Attack {
                ground,
                approach: &approach,
                sources: &sources,
                host,
                protocol,
                name,
                pace: &approach.reading().throttle.pages,
                method: Method::GET,
                path: &page,
                elsewhere: &elsewhere,
                open: StatusCode::OK,
            };
            attack.of(&mut seen, *pair).await;
        }
    }
    Ok(seen.finding(PAGES))
}

async fn sign_in(ground: &Ground, portal: &str) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let prefix = &approach.reading().prefix;
    let (path, elsewhere) = (format!("{prefix}sign-in"), format!("{prefix}reset"));
    ground.say(format!("throttle: too many attempts at {portal}"));
    let sources = ground.sources(Question::Sources).await?;
    let mut seen = Seen::default();
    for ((name, protocol), pair) in WAYS.into_iter().zip(&sources.pairs) {
        let attack = Attack {
            ground,
            approach: &approach,
            sources: &sources,
            host: portal,
            protocol,
            name,
            pace: &approach.reading().throttle.sign_in,
            method: Method::POST,
            path: &path,
            elsewhere: &elsewhere,
            // It comes from nowhere, so it gets no further.
            open: StatusCode::FORBIDDEN,
        };
        attack.of(&mut seen, *pair).await;
    }
    Ok(seen.finding(SIGN_IN))
}

/// What a client that sends too many is told.
struct Told {
    /// How many were let in before.
    admitted: u32,
    /// `Retry-After`; `None` where it isn't there or can't be read.
    wait: Option<Duration>,
    /// Whether `RateLimit` and `RateLimit-Policy` are there.
    fields: bool,
}

/// Why an attack came to no refusal.
enum Unmet {
    /// More were let in than the pace allows for.
    Open(u32),
    /// Another status came.
    Status(StatusCode),
    /// It couldn't be tried to the end.
    Untried(&'static str),
}

/// What one client does at one site.
struct Attack<'a> {
    ground: &'a Ground,
    approach: &'a Approach<'a>,
    sources: &'a Sources,
    host: &'a str,
    protocol: Protocol,
    name: &'static str,
    pace: &'a PaceReading,
    method: Method,
    path: &'a str,
    elsewhere: &'a str,
    /// What whoever isn't refused gets at `path`.
    open: StatusCode,
}

impl Attack<'_> {
    async fn of(&self, seen: &mut Seen, pair: Pair) {
        if let Err(error) = self.attack(seen, pair).await {
            seen.untried = Some(silence(&error));
        }
    }

    async fn attack(&self, seen: &mut Seen, pair: Pair) -> Result<(), VisitError> {
        let Some(mut first) = self.client(pair.attacker, self.path) else {
            seen.untried = Some("unusable-name");
            return Ok(());
        };
        let told = match self.until_refused(&mut first).await {
            Ok(told) => told,
            Err(Unmet::Open(admitted)) => {
                let step = self.step("too-many-refused", false);
                seen.steps.push(step.saw("admitted", admitted));
                return Ok(());
            }
            Err(Unmet::Status(status)) => {
                let step = self.step("first-of-them-let-in", false).twin();
                seen.steps.push(step.saw("status", status.as_u16()));
                return Ok(());
            }
            Err(Unmet::Untried(why)) => {
                seen.untried = Some(why);
                return Ok(());
            }
        };
        let whole = told.admitted >= self.pace.burst;
        let step = self.step("burst-let-in", whole).twin();
        seen.steps.push(step.saw("admitted", told.admitted));
        let said = told.wait.is_some() && told.fields;
        seen.steps.push(self.step("too-many-refused", said));

        // Over another connection, and where it is another's turn: the same client.
        let mut others = vec![("elsewhere-refused", pair.attacker, self.elsewhere)];
        if pair.attacker.is_ipv6() {
            others.push(("same-64-refused", pair.twin, self.path));
        }
        for (what, source, path) in others {
            if let Some(other) = self.client(source, path) {
                let refused = self.is_refused_too(&mut first, other).await?;
                seen.steps.push(self.step(what, refused));
            }
        }

        if let Some(mut other) = self.client(neighbour(pair), self.path) {
            let began = self.ground.clock.moment();
            let mut got = self.open;
            for _ in 0..self.pace.burst.clamp(1, ASKED) {
                self.use_up(&mut first, began).await?;
                got = other.again().await?.0;
                if got != self.open {
                    break;
                }
            }
            let step = self.step("neighbour-let-in", got == self.open).twin();
            seen.steps.push(step.saw("status", got.as_u16()));
        }
        match told.wait {
            Some(wait) if wait <= WAIT_MAX => {
                // A request that was refused costs nothing, so this is more than enough.
                tokio::time::sleep(wait).await;
                let (status, _) = first.again().await?;
                let step = self.step("waiting-helps", status == self.open).twin();
                seen.steps.push(step.saw("waited-s", wait.as_secs()));
            }
            Some(_) => seen.untried = Some("wait-too-long"),
            // Said above.
            None => {}
        }
        Ok(())
    }

    /// Sends requests until one is refused.
    async fn until_refused(&self, client: &mut Repeated) -> Result<Told, Unmet> {
        let began = self.ground.clock.moment();
        let mut admitted = 0_u32;
        loop {
            let (status, fields) = match client.again().await {
                Ok(answer) => answer,
                Err(error) => return Err(Unmet::Untried(silence(&error))),
            };
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Ok(told(admitted, &fields));
            }
            if status != self.open {
                return Err(Unmet::Status(status));
            }
            admitted += 1;
            let spent = self.ground.clock.moment().since(began);
            if admitted > self.most(spent) {
                return Err(Unmet::Open(admitted));
            }
            if spent > ATTACK_MAX {
                return Err(Unmet::Untried("pace-faster-than-the-drill"));
            }
        }
    }

    /// Requests that the pace lets in within a time, and a few that clocks may differ by.
    fn most(&self, spent: Duration) -> u32 {
        let spent = spent.as_micros() / u128::from(self.pace.interval_us.max(1));
        let spent = u32::try_from(spent).unwrap_or(u32::MAX);
        let slack = self.pace.burst / 100 + 5;
        self.pace.burst.saturating_add(spent).saturating_add(slack)
    }

    /// Whether `other` is refused while `first` is. Fewer tries than a burst, so that one
    /// with an account of its own isn't.
    async fn is_refused_too(
        &self,
        first: &mut Repeated,
        mut other: Repeated,
    ) -> Result<bool, VisitError> {
        let began = self.ground.clock.moment();
        for _ in 0..self.pace.burst.saturating_sub(1).clamp(1, TRIES) {
            self.use_up(first, began).await?;
            let (status, _) = other.again().await?;
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Has a client use up what it has got since.
    async fn use_up(&self, first: &mut Repeated, began: Moment) -> Result<(), VisitError> {
        while self.ground.clock.moment().since(began) < ATTACK_MAX {
            let (status, _) = first.again().await?;
            if status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
        }
        Ok(())
    }

    /// A client at `source`; `None` where the host can't be named.
    fn client(&self, source: IpAddr, path: &str) -> Option<Repeated> {
        let url = self.approach.url(self.host, path).ok()?;
        let mut request: Request = self.approach.get(url, self.protocol);
        request.method = self.method.clone();
        let port = self.approach.reading().public_port;
        self.sources.enter(&mut request, source, port);
        Some(self.approach.visitor.repeat(request))
    }

    fn step(&self, what: &str, good: bool) -> Step {
        Step::new(format!("{}-{what}", self.name), good).saw("site", self.host)
    }
}

fn told(admitted: u32, fields: &HeaderMap) -> Told {
    let wait = fields.get(header::RETRY_AFTER);
    let wait = wait.and_then(|value| value.to_str().ok()?.parse().ok());
    Told {
        admitted,
        wait: wait.filter(|seconds| *seconds > 0).map(Duration::from_secs),
        fields: fields.contains_key("ratelimit") && fields.contains_key("ratelimit-policy"),
    }
}

/// The next client: of IPv6 that is the next /64.
fn neighbour(pair: Pair) -> IpAddr {
    match pair.attacker {
        IpAddr::V4(_) => pair.twin,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() ^ 1 << 64)),
    }
}
