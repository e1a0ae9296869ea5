//! The attack on `csrf`: on every site, what browsers send when another site's page makes
//! them ask, as forms, scripts and WebSockets, from a stranger, a sibling, without
//! encryption, from another port and from nowhere; and at the portal the right password
//! without the form's token, and with another visitor's.
//!
//! The twins: the same from the site itself, and with the right token. The application is
//! asked at a path that nobody has, so nothing of it changes; what it answers doesn't
//! matter, only whether the request is refused before.

use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use visitor::http::{Protocol, Response};

use super::{ACTIONS, ORIGINS, TOKENS, actions::actions};
use crate::{
    approach::{self, Approach, silence, unheard_of},
    entry::{Drilling, Finding, Seen, Step},
    ground::Ground,
    portal::{Browser, Form},
    target,
};

/// What our refusals of such requests say of themselves, as JSON.
const REFUSED: &str = "urn:waarborg:refusal:cross-site";

pub(super) const FORM: &str = "application/x-www-form-urlencoded";

/// What a browser says of where a request comes from.
struct From {
    origin: String,
    site: Option<&'static str>,
    kind: &'static str,
}

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let reading = &ground.order.reading;
    if target::is_foreign(reading) || reading.csrf.observe {
        return Box::pin(std::future::ready(Vec::new()));
    }
    Box::pin(async move {
        let inconclusive = |part| move |why: String| Finding::inconclusive(part, &why);
        let mut findings = vec![origins(ground).await.unwrap_or_else(inconclusive(ORIGINS))];
        if let Some(portal) = reading.portal() {
            let tokens = tokens(ground, portal).await;
            findings.push(tokens.unwrap_or_else(inconclusive(TOKENS)));
            if !reading.csrf.actions.is_empty() {
                let actions = actions(ground, portal).await;
                findings.push(actions.unwrap_or_else(inconclusive(ACTIONS)));
            }
        }
        findings
    })
}

async fn origins(ground: &Ground) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let reading = approach.reading();
    let mut seen = Seen::default();
    for host in approach.sites.clone() {
        if reading.csrf.open.iter().any(|open| open == host) {
            continue;
        }
        ground.say(format!("csrf: requests from elsewhere at {host}"));
        let attack = Attack {
            approach: &approach,
            host,
            path: if reading.portal() == Some(host) {
                format!("{}login", reading.prefix)
            } else {
                format!("/waarborg-{}", unheard_of(ground))
            },
            stranger: format!("https://{}.invalid", unheard_of(ground)),
        };
        seen.add(attack.carry_out(reading.portal() == Some(host)).await);
    }
    Ok(seen.finding(ORIGINS))
}

/// What is attacked, and from where.
struct Attack<'a> {
    approach: &'a Approach<'a>,
    host: &'a str,
    path: String,
    /// The origin of a site that isn't there.
    stranger: String,
}

impl Attack<'_> {
    async fn carry_out(&self, portal: bool) -> Seen {
        let mut seen = Seen::default();
        for (name, protocol) in [("http1", Protocol::Http1), ("http2", Protocol::Http2)] {
            self.try_all(&mut seen, name, "from-elsewhere", &self.forged(), protocol)
                .await;
            self.try_all(&mut seen, name, "from-itself", &self.own(), protocol)
                .await;
        }
        // Own pages take no sockets at all.
        if !portal {
            let socket = |origin: String, site| From {
                origin,
                site,
                kind: "",
            };
            let forged = [
                socket(self.stranger.clone(), Some("cross-site")),
                socket(self.sibling(), None),
                socket("null".to_owned(), None),
            ];
            let own = [socket(self.origin(0), None)];
            self.try_all(
                &mut seen,
                "socket",
                "from-elsewhere",
                &forged,
                Protocol::Http1,
            )
            .await;
            self.try_all(&mut seen, "socket", "from-itself", &own, Protocol::Http1)
                .await;
        }
        seen
    }

    /// What must be refused.
    fn forged(&self) -> Vec<From> {
        let from = |origin: &str, site, kind| From {
            origin: origin.to_owned(),
            site,
            kind,
        };
        let stranger = &*self.stranger;
        vec![
            from(stranger, Some("cross-site"), FORM),
            from(stranger, Some("cross-site"), "text/plain"),
            from(stranger, Some("cross-site"), "application/json"),
            from("null", Some("cross-site"), FORM),
            from(&self.sibling(), Some("same-site"), FORM),
            // Of browsers that say only this.
            from(stranger, None, FORM),
            from("null", None, FORM),
            from(&self.sibling(), None, FORM),
            from(&self.origin(0).replacen("https", "http", 1), None, FORM),
            from(&self.origin(1), None, FORM),
        ]
    }

    /// What must be let in.
    fn own(&self) -> Vec<From> {
        let from = |site| From {
            origin: self.origin(0),
            site,
            kind: FORM,
        };
        vec![from(Some("same-origin")), from(None)]
    }

    /// The site's own origin, or that of a port so many further on.
    fn origin(&self, further: u16) -> String {
        let port = self.approach.reading().public_port.wrapping_add(further);
        approach::origin(self.host, port)
    }

    fn sibling(&self) -> String {
        let own = self.origin(0);
        own.replacen("https://", "https://waarborg-sibling.", 1)
    }

    /// One step of all that come from there.
    async fn try_all(
        &self,
        seen: &mut Seen,
        way: &str,
        whence: &str,
        all: &[From],
        protocol: Protocol,
    ) {
        let twin = whence == "from-itself";
        let (mut refused, mut first) = (0_usize, None);
        for from in all {
            let answer = match self.send(from, protocol).await {
                Ok(answer) => answer,
                Err(why) => {
                    seen.untried = Some(why);
                    return;
                }
            };
            let is_refused = is_refused(&answer);
            if twin && !is_refused && is_away(answer.status) {
                seen.untried = Some("application-away");
                return;
            }
            refused += usize::from(is_refused);
            if is_refused == twin && first.is_none() {
                first = Some((from.site.unwrap_or("unsaid"), answer.status.as_u16()));
            }
        }
        let good = refused == if twin { 0 } else { all.len() };
        let mut step = Step::new(format!("{way}-{whence}"), good)
            .saw("site", self.host)
            .saw("tried", all.len())
            .saw("refused", refused);
        if let Some((site, status)) = first {
            step = step.saw("first", site).saw("status", status);
        }
        seen.steps.push(if twin { step.twin() } else { step });
    }

    async fn send(&self, from: &From, protocol: Protocol) -> Result<Response, &'static str> {
        let url = self.approach.url(self.host, &self.path);
        let url = url.map_err(|_| "unusable-name")?;
        let mut request = self.approach.get(url, protocol);
        let mut fields = vec![("accept", "application/json"), ("origin", &*from.origin)];
        fields.extend(from.site.map(|site| ("sec-fetch-site", site)));
        if from.kind.is_empty() {
            fields.extend([
                ("connection", "upgrade"),
                ("upgrade", "websocket"),
                ("sec-websocket-version", "13"),
                // Any 16 bytes (RFC 6455 section 4.1).
                ("sec-websocket-key", "d2FhcmJvcmcgZHJpbGwuLg=="),
            ]);
        } else {
            fields.push(("content-type", from.kind));
            request.method = Method::POST;
        }
        for (name, value) in fields {
            let value = HeaderValue::from_str(value).map_err(|_| "unusable-origin")?;
            let name = HeaderName::from_static(name);
            request.headers.insert(name, value);
        }
        let fetched = self.approach.visitor.fetch(&request).await;
        fetched.map_err(|error| silence(&error))
    }
}

/// Whether it is our refusal of requests from elsewhere: an application may have one of its
/// own.
pub(super) fn is_refused(answer: &Response) -> bool {
    let kind = answer.headers.get(header::CONTENT_TYPE);
    let problem = kind.is_some_and(|kind| kind == "application/problem+json");
    answer.status == StatusCode::FORBIDDEN
        && problem
        && String::from_utf8_lossy(&answer.body).contains(REFUSED)
}

/// Whether nothing was learnt: whatever let the request in went no further.
pub(super) fn is_away(status: StatusCode) -> bool {
    status == StatusCode::TOO_MANY_REQUESTS || status.is_server_error()
}

async fn tokens(ground: &Ground, portal: &str) -> Result<Finding, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let canary = ground.canary().await?;
    let fresh = || Browser::new(&approach, portal, None);
    let form = async |browser: &mut Browser<'_>| -> Result<Form, &'static str> {
        let shown = browser.open("login").await?;
        let page = String::from_utf8_lossy(&shown.body);
        Form::of(&page, &browser.path("login")).ok_or("no-token")
    };
    ground.say("csrf: the right password without the form's token");
    let filled = [
        ("name", canary.name.as_str()),
        ("password", canary.password.expose()),
    ];
    let theirs = form(&mut fresh()).await?;
    let mut steps = Vec::new();
    for (name, sent) in [
        ("token-missing", Form::default()),
        ("token-guessed", Form::guessed()),
        ("token-of-another-visitor", theirs),
    ] {
        let mut browser = fresh();
        form(&mut browser).await?;
        let answer = browser.submit("login", &sent, &filled).await?;
        let answer = browser.judge(&answer)?;
        let step = Step::new(name, !answer.is_let_in());
        steps.push(step.saw("answer", answer.said()));
    }
    let answer = fresh().sign_in(&canary.name, &canary.password).await?;
    let step = Step::new("token-right", answer.is_let_in()).twin();
    steps.push(step.saw("answer", answer.said()));
    Ok(Finding::by_steps(TOKENS, steps))
}
