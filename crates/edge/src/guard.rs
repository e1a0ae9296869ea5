//! Step 5, guard: block, throttle, origin, access, in this order. One function, no
//! trait objects; the cheapest refusal comes first.
//!
//! Here are the places of `block`, `throttle`, `csrf` and `login`; what stands now is
//! what every site refuses.

use seam::{Refusal, RefusalPage, snapshot::Access};

use crate::know::Known;

/// A request that may be served. Only [`guard`] makes one.
pub(crate) struct Admitted<'a>(Known<'a>);

impl<'a> Admitted<'a> {
    pub(crate) const fn known(&self) -> &Known<'a> {
        &self.0
    }
}

/// Lets a request in, or says why not.
pub(crate) fn guard(known: Known<'_>) -> Result<Admitted<'_>, Refusal> {
    let refuse = |page, reason| Err(Refusal::new(page, reason));
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
    match known.site().access {
        Access::Public => Ok(Admitted(known)),
    }
}
