//! The chain of the eight steps on one screen.

use seam::Refusal;

use crate::{
    guard::guard,
    handshake::Facts,
    know::{Visit, know},
    read::Request,
    record::Notes,
    serve::{Plan, plan},
    worker::Worker,
};

/// Steps 3 to 6 up to the point where I/O begins: what is to be done with a request.
/// The head that goes to the application is written into `forward`.
///
/// The caller then answers: it makes an [`Answer`](crate::serve::Answer), which becomes
/// [`Hardened`](crate::harden::Hardened) in [`harden`](crate::harden::harden), the only
/// thing that the writers take, and [`record`](crate::record::record)s.
pub(crate) fn decide(
    request: Result<Request<'_>, Refusal>,
    facts: &Facts,
    worker: &Worker,
    notes: Notes,
    forward: &mut Vec<u8>,
) -> (Visit, Plan) {
    let mut visit = Visit::begin(facts, worker, notes);
    let local = visit.local.clone();
    let plan = request
        .and_then(|request| know(request, &mut visit, &local, facts))
        .and_then(guard)
        .map(|admitted| plan(&admitted, &visit, facts, forward))
        .unwrap_or_else(Plan::Refuse);
    (visit, plan)
}
