//! Step 5, guard: block, throttle, origin, access, in this order. One function, no
//! trait objects; the cheapest refusal comes first.
//!
//! Here are the places of `csrf` and `login`; what stands now is `block`, `throttle` and
//! what every site refuses.

use seam::{Credential, Refusal, RefusalPage, snapshot::Access};

use crate::{
    block,
    know::{Known, OwnPath, Visit, is_safe},
    signin, teeth, throttle,
    worker::Worker,
};

/// A request that may be served. Only [`guard`] makes one.
pub(crate) struct Admitted<'a>(Known<'a>);

impl<'a> Admitted<'a> {
    pub(crate) const fn known(&self) -> &Known<'a> {
        &self.0
    }
}

/// A request that may not be served as it is.
pub(crate) enum Denied {
    /// It is refused.
    Refused(Refusal),
    /// Whoever asks may sign in, at this address, and come back.
    SignIn(String),
}

impl From<Refusal> for Denied {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Lets a request in, or says why not.
pub(crate) fn guard<'a>(
    known: Known<'a>,
    visit: &mut Visit,
    worker: &Worker,
) -> Result<Admitted<'a>, Denied> {
    block::judge(visit, &worker.counters)?;
    throttle::judge(&known, visit, &worker.arrivals, &worker.counters)?;
    let visit = &*visit;
    let refuse = |page, reason| Err(Denied::Refused(Refusal::new(page, reason)));
    let request = known.request();
    match request.method {
        "TRACE" | "TRACK" => {
            return refuse(RefusalPage::MethodNotAllowed, "trace-refused");
        }
        "CONNECT" => return refuse(RefusalPage::NotImplemented, "connect-refused"),
        _ => {}
    }
    if request
        .upgrade
        .is_some_and(|to| !to.eq_ignore_ascii_case("websocket"))
    {
        return refuse(RefusalPage::BadRequest, "upgrade-refused");
    }
    if let h1::Framing::Length(length) = request.framing
        && length > known.route().body_max
    {
        return refuse(RefusalPage::PayloadTooLarge, "body-too-large");
    }
    origin(&known, visit)?;
    if known.own() == OwnPath::Application {
        access(&known, visit)?;
    }
    Ok(Admitted(known))
}

/// Whether the request comes from where it has to: to own pages, and with what a browser
/// sends by itself.
fn origin(known: &Known<'_>, visit: &Visit) -> Result<(), Refusal> {
    let (request, sent) = (known.request(), known.sent());
    let own = || {
        sent.origin.map_or_else(
            || sent.fetch_site == Some(b"same-origin"),
            |origin| is_origin_of(origin, request.authority),
        )
    };
    let refuse = |reason| Err(Refusal::new(RefusalPage::Forbidden, reason));
    if known.own() == OwnPath::Ours {
        if is_safe(request.method) {
            return Ok(());
        }
        // What the portal hands over comes from there, and from nowhere else.
        let local = &visit.local;
        if signin::is_callback(request.path, &local.prefix) {
            let portal = local.portal.as_deref().map(str::as_bytes);
            return if portal.is_some() && sent.origin == portal {
                Ok(())
            } else {
                refuse("callback-from-elsewhere")
            };
        }
        return if own() {
            Ok(())
        } else {
            refuse("origin-not-ours")
        };
    }
    let by_browser = visit
        .session
        .as_ref()
        .is_some_and(|session| session.credential != Credential::Bearer);
    if by_browser && request.upgrade.is_some() && !own() {
        return refuse("socket-from-elsewhere");
    }
    Ok(())
}

/// Whether `origin` is that of the host a request was sent to.
pub(crate) fn is_origin_of(origin: &[u8], authority: &str) -> bool {
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    origin
        .strip_prefix(b"https://")
        .is_some_and(|theirs| theirs.eq_ignore_ascii_case(host.as_bytes()))
}

/// Whether whoever asks may.
fn access(known: &Known<'_>, visit: &Visit) -> Result<(), Denied> {
    // promise: admin
    if known.has_bad_token() {
        let refusal = Refusal::new(RefusalPage::Unauthorized, "token-refused");
        return Err(Denied::Refused(refusal));
    }
    let access = &known.route().access;
    if *access == Access::Public || known.route().admin && teeth::cut("admin") {
        return Ok(());
    }
    let Some(session) = &visit.session else {
        return Err(signin::wanted(known, visit));
    };
    if !access.admits(&session.person) {
        return Err(Refusal::new(RefusalPage::Forbidden, "not-in-the-group").into());
    }
    if known.route().admin
        && let Some(networks) = &visit.local.admin_networks
        && !networks.contains(visit.client.ip())
    {
        return Err(Refusal::new(RefusalPage::Forbidden, "not-from-this-network").into());
    }
    let Some(within) = known.route().step_up else {
        return Ok(());
    };
    // promise: two-factor
    if session.credential != Credential::Cookie {
        return Err(Refusal::new(RefusalPage::Forbidden, "step-up-by-token").into());
    }
    if session.has_second_factor() && session.is_fresh(within, visit.at) {
        Ok(())
    } else {
        Err(signin::again(known, visit, within))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_that_of_a_host_and_port_exactly() {
        let check = |origin: &str, authority: &str, expected: bool| {
            assert_eq!(
                is_origin_of(origin.as_bytes(), authority),
                expected,
                "{origin}"
            );
        };
        check("https://app.test", "app.test", true);
        check("https://app.test", "APP.test:443", true);
        check("https://app.test:8443", "app.test:8443", true);
        check("https://app.test", "app.test:8443", false);
        check("http://app.test", "app.test", false);
        check("https://app.test.evil", "app.test", false);
        check("https://evil.app.test", "app.test", false);
        check("null", "app.test", false);
        check("", "app.test", false);
    }
}
