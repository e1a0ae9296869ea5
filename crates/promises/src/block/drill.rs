//! The attack on `block`: control puts an address on the list for the time of the run, and
//! the drill comes from it, by the door that believes a PROXY header of documentation
//! addresses. It must be refused on every site, own pages included, over HTTP/1.1 and
//! HTTP/2, in IPv4 and IPv6; the twin, its neighbour, must be let in.

use std::{future, net::IpAddr};

use visitor::{
    Phase,
    http::{Protocol, Request},
};

use super::LISTED;
use crate::{
    approach::{Approach, silence, unheard_of},
    entry::{Drilling, Finding, Seen, Step},
    ground::{Ground, Question, Sources},
    target,
};

/// How the JSON of a refusal by address says so.
const BLOCKED: &[u8] = b"urn:waarborg:refusal:banned";

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let reading = &ground.order.reading;
    if target::is_foreign(reading) || reading.block.observe {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let found = attack(ground).await;
        vec![found.unwrap_or_else(|why| Finding::inconclusive(LISTED, &why))]
    })
}

async fn attack(ground: &Ground) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let sources = ground.sources(Question::Listed).await?;
    let mut seen = Seen::default();
    for host in approach.sites.clone() {
        ground.say(format!("block: a listed address at {host}"));
        for (way, protocol) in [("http1", Protocol::Http1), ("http2", Protocol::Http2)] {
            for pair in &sources.pairs {
                let from = From {
                    ground,
                    approach: &approach,
                    sources: &sources,
                    host,
                    protocol,
                };
                let family = if pair.attacker.is_ipv4() {
                    "ipv4"
                } else {
                    "ipv6"
                };
                from.pair(
                    &mut seen,
                    &format!("{way}-{family}"),
                    pair.attacker,
                    pair.twin,
                )
                .await;
            }
        }
    }
    Ok(seen.finding(LISTED))
}

/// What came back.
enum Answer {
    /// A refusal by address.
    Blocked,
    /// Something else.
    Status(u16),
    /// Nothing: the connection ended before its handshake.
    Closed,
    /// Nothing, for this reason.
    Silent(&'static str),
}

impl Answer {
    fn said(&self) -> String {
        match self {
            Self::Blocked => "blocked".to_owned(),
            Self::Status(status) => status.to_string(),
            Self::Closed => "closed".to_owned(),
            Self::Silent(why) => (*why).to_owned(),
        }
    }
}

/// Where from and to one goes.
struct From<'a> {
    ground: &'a Ground,
    approach: &'a Approach<'a>,
    sources: &'a Sources,
    host: &'a str,
    protocol: Protocol,
}

impl From<'_> {
    async fn pair(&self, seen: &mut Seen, name: &str, listed: IpAddr, twin: IpAddr) {
        let page = format!("{}security", self.approach.reading().prefix);
        // The twin comes first: where it isn't served, silence would say nothing.
        let answer = self.ask(twin, &page).await;
        let name_of_twin = format!("{name}-neighbour");
        let served = match answer {
            // A site without a certificate serves nobody.
            Answer::Closed | Answer::Silent(_) => {
                seen.untried = Some("neighbour-unanswered");
                seen.steps.push(self.step(name_of_twin, true, &answer));
                return;
            }
            Answer::Status(status) => status == 200,
            Answer::Blocked => false,
        };
        seen.steps
            .push(self.step(name_of_twin, served, &answer).twin());
        if !served {
            return;
        }
        let missing = format!("/waarborg-{}", unheard_of(self.ground));
        for (kind, path) in [("own-page", &page), ("site", &missing)] {
            let answer = self.ask(listed, path).await;
            let drop = self.approach.reading().block.drop;
            let good = match &answer {
                Answer::Blocked => !drop,
                Answer::Closed => drop,
                Answer::Status(_) => false,
                // It wasn't let in; by what, nobody knows.
                Answer::Silent(why) => {
                    seen.untried = Some(why);
                    true
                }
            };
            seen.steps
                .push(self.step(format!("{name}-listed-{kind}"), good, &answer));
        }
    }

    fn step(&self, name: String, good: bool, answer: &Answer) -> Step {
        Step::new(name, good)
            .saw("site", self.host)
            .saw("answer", answer.said())
    }

    async fn ask(&self, source: IpAddr, path: &str) -> Answer {
        let Ok(url) = self.approach.url(self.host, path) else {
            return Answer::Silent("unusable-name");
        };
        let mut request: Request = self.approach.get(url, self.protocol);
        let port = self.approach.reading().public_port;
        self.sources.enter(&mut request, source, port);
        match self.approach.visitor.fetch(&request).await {
            Ok(response) => {
                let body = &response.body;
                let blocked = response.status == 403
                    && body.windows(BLOCKED.len()).any(|part| part == BLOCKED);
                if blocked {
                    Answer::Blocked
                } else {
                    Answer::Status(response.status.as_u16())
                }
            }
            Err(error) if error.phase == Phase::Tls => Answer::Closed,
            Err(error) => Answer::Silent(silence(&error)),
        }
    }
}
