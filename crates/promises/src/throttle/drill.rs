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
        let inconclusive = |part| move |why: String| Finding::inconclusive(part, &why);
        // Each waits for longer than it works.
        let pages = async { pages(ground).await.unwrap_or_else(inconclusive(PAGES)) };
        let Some(portal) = reading.portal() else {
            return vec![pages.await];
        };
        let sign_in = sign_in(ground, portal);
        let (pages, sign_in) = tokio::join!(pages, sign_in);
        vec![pages, sign_in.unwrap_or_else(inconclusive(SIGN_IN))]
    })
}

async fn pages(ground: &Ground) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let page = format!("{}security", approach.reading().prefix);
    let mut seen = Seen::default();
    for host in approach.sites.clone() {
        ground.say(format!("throttle: too many requests at {host}"));
        let attack = Attack {
            ground,
            approach: &approach,
            sources: ground.sources(Question::Sources).await?,
            host,
            pace: &approach.reading().throttle.pages,
            method: Method::GET,
            path: &page,
            elsewhere: format!("/waarborg-{}", unheard_of(ground)),
            open: StatusCode::OK,
        };
        seen.add(attack.carry_out().await);
    }
    Ok(seen.finding(PAGES))
}

async fn sign_in(ground: &Ground, portal: &str) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let prefix = &approach.reading().prefix;
    ground.say(format!("throttle: too many attempts at {portal}"));
    let attack = Attack {
        ground,
        approach: &approach,
        sources: ground.sources(Question::Sources).await?,
        host: portal,
        pace: &approach.reading().throttle.sign_in,
        method: Method::POST,
        path: &format!("{prefix}login"),
        elsewhere: format!("{prefix}reset"),
        // It comes from nowhere, so it gets no further.
        open: StatusCode::FORBIDDEN,
    };
    Ok(attack.carry_out().await.finding(SIGN_IN))
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

/// What is attacked, and from where.
struct Attack<'a> {
    ground: &'a Ground,
    approach: &'a Approach<'a>,
    sources: Sources,
    host: &'a str,
    pace: &'a PaceReading,
    method: Method,
    path: &'a str,
    elsewhere: String,
    /// What whoever isn't refused gets at `path`.
    open: StatusCode,
}

impl Attack<'_> {
    /// Over both versions of HTTP at once: from an IPv4 address over the first, from an IPv6
    /// address over the second.
    async fn carry_out(&self) -> Seen {
        let client = |name, protocol| Client {
            attack: self,
            name,
            protocol,
        };
        let first = client("http1", Protocol::Http1);
        let second = client("http2", Protocol::Http2);
        let mut pairs = self.sources.pairs.iter();
        let (mut seen, other) = tokio::join!(first.from(pairs.next()), second.from(pairs.next()));
        seen.add(other);
        seen
    }
}

/// One client of an attack.
struct Client<'a> {
    attack: &'a Attack<'a>,
    name: &'static str,
    protocol: Protocol,
}

impl Client<'_> {
    async fn from(&self, pair: Option<&Pair>) -> Seen {
        let mut seen = Seen::default();
        match pair {
            Some(pair) => {
                if let Err(error) = self.attack(&mut seen, *pair).await {
                    seen.untried = Some(silence(&error));
                }
            }
            None => seen.untried = Some("no-free-address"),
        }
        seen
    }

    async fn attack(&self, seen: &mut Seen, pair: Pair) -> Result<(), VisitError> {
        let Some(mut first) = self.client(pair.attacker, self.attack.path) else {
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
        let whole = told.admitted >= self.attack.pace.burst;
        let step = self.step("burst-let-in", whole).twin();
        seen.steps.push(step.saw("admitted", told.admitted));
        let said = told.wait.is_some() && told.fields;
        seen.steps.push(self.step("too-many-refused", said));

        // Over another connection, and where it is another's turn: the same client.
        let mut others = vec![("elsewhere-refused", pair.attacker, &*self.attack.elsewhere)];
        if pair.attacker.is_ipv6() {
            others.push(("same-64-refused", pair.twin, self.attack.path));
        }
        for (what, source, path) in others {
            if let Some(other) = self.client(source, path) {
                let refused = self.is_refused_too(&mut first, other).await?;
                seen.steps.push(self.step(what, refused));
            }
        }

        if let Some(mut other) = self.client(neighbour(pair), self.attack.path) {
            let began = self.attack.ground.clock.moment();
            let mut got = self.attack.open;
            for _ in 0..self.attack.pace.burst.clamp(1, ASKED) {
                self.use_up(&mut first, began).await?;
                got = other.again().await?.0;
                if got != self.attack.open {
                    break;
                }
            }
            let step = self
                .step("neighbour-let-in", got == self.attack.open)
                .twin();
            seen.steps.push(step.saw("status", got.as_u16()));
        }
        match told.wait {
            Some(wait) if wait <= WAIT_MAX => {
                // A request that was refused costs nothing, so this is more than enough.
                tokio::time::sleep(wait).await;
                let (status, _) = first.again().await?;
                let step = self
                    .step("waiting-helps", status == self.attack.open)
                    .twin();
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
        let began = self.attack.ground.clock.moment();
        let mut admitted = 0_u32;
        loop {
            let (status, fields) = match client.again().await {
                Ok(answer) => answer,
                Err(error) => return Err(Unmet::Untried(silence(&error))),
            };
            if status == StatusCode::TOO_MANY_REQUESTS {
                return Ok(told(admitted, &fields));
            }
            if status != self.attack.open {
                return Err(Unmet::Status(status));
            }
            admitted += 1;
            let spent = self.attack.ground.clock.moment().since(began);
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
        let spent = spent.as_micros() / u128::from(self.attack.pace.interval_us.max(1));
        let spent = u32::try_from(spent).unwrap_or(u32::MAX);
        let slack = self.attack.pace.burst / 100 + 5;
        self.attack
            .pace
            .burst
            .saturating_add(spent)
            .saturating_add(slack)
    }

    /// Whether `other` is refused while `first` is. Fewer tries than a burst, so that one
    /// with an account of its own isn't.
    async fn is_refused_too(
        &self,
        first: &mut Repeated,
        mut other: Repeated,
    ) -> Result<bool, VisitError> {
        let began = self.attack.ground.clock.moment();
        for _ in 0..self.attack.pace.burst.saturating_sub(1).clamp(1, TRIES) {
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
        while self.attack.ground.clock.moment().since(began) < ATTACK_MAX {
            let (status, _) = first.again().await?;
            if status == StatusCode::TOO_MANY_REQUESTS {
                break;
            }
        }
        Ok(())
    }

    /// A client at `source`; `None` where the host can't be named.
    fn client(&self, source: IpAddr, path: &str) -> Option<Repeated> {
        let url = self.attack.approach.url(self.attack.host, path).ok()?;
        let mut request: Request = self.attack.approach.get(url, self.protocol);
        request.method = self.attack.method.clone();
        let port = self.attack.approach.reading().public_port;
        self.attack.sources.enter(&mut request, source, port);
        Some(self.attack.approach.visitor.repeat(request))
    }

    fn step(&self, what: &str, good: bool) -> Step {
        Step::new(format!("{}-{what}", self.name), good).saw("site", self.attack.host)
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
