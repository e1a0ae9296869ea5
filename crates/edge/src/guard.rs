//! Step 5, guard: block, throttle, origin, access, token, in this order. One function, no
//! trait objects; the cheapest refusal comes first.

use seam::{Credential, Refusal, RefusalPage, snapshot::Access};

use crate::{
    block, csrf,
    know::{Known, OwnPath, Visit},
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
    if known.own() == OwnPath::Application && known.site().csp.has_nonce() {
        visit.nonce = Some(worker.nonce());
    }
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
    csrf::judge(&known, visit, &worker.counters)?;
    if known.own() == OwnPath::Application {
        access(&known, visit)?;
        csrf::issue(&known, visit)?;
    }
    Ok(Admitted(known))
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
