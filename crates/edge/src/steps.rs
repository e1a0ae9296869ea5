//! The chain of the eight steps on one screen.

use seam::Refusal;

use crate::{
    csrf,
    guard::{Denied, guard},
    handshake::Facts,
    know::{Visit, know},
    read::Request,
    record::Notes,
    serve::{Plan, plan, see_other},
    vouch::{self, Caller},
    worker::Worker,
    xss,
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
    let head_only = request.as_ref().is_ok_and(|it| it.method == "HEAD");
    let mut caller = None;
    let plan = request
        .and_then(|request| vouch::asked(request, facts, &local))
        .and_then(|(request, asker)| {
            caller = asker;
            know(request, &mut visit, &local, facts, &worker.sessions)
        })
        .map_err(Denied::Refused)
        .and_then(|known| guard(known, &mut visit, worker))
        .map(|admitted| match caller {
            // A body that could bear a token isn't here.
            Some(_) if visit.csrf.as_ref().is_some_and(|it| it.wanted.is_some()) => {
                Plan::Refuse(csrf::WITHOUT)
            }
            None => {
                visit.suspect = xss::look(&admitted);
                plan(&admitted, &visit, facts, forward)
            }
            Some(_) => Plan::Vouch(vouch::known(&visit)),
        })
        .unwrap_or_else(|denied| {
            let denied = match caller {
                None => denied,
                Some(caller) => vouch::denied(denied, caller),
            };
            match denied {
                Denied::Refused(refusal) => Plan::Refuse(refusal),
                Denied::SignIn(location) if caller == Some(Caller::Nginx) => {
                    Plan::Redirect(vouch::unknown(location))
                }
                Denied::SignIn(location) => Plan::Redirect(see_other(location)),
            }
        });
    if caller.is_some() {
        // What is asked about isn't what is answered.
        visit.head_only = head_only;
    }
    (visit, plan)
}
