//! Promise `xss`: markup of a request is found where the application's answer brings it back
//! unescaped.
//!
//! What is markup, and where it is found, is [`guards::xss`]'s business; here is which
//! requests are looked at, which answers are read, and what is done:
//!
//! - A request whose target and fields carry nothing suspect, and whose body holds no values,
//!   costs one look and no memory. The first 64 KiB of a body that holds some are copied
//!   while they go by, and looked at when a page answers them.
//! - Read are pages (HTML, XHTML, SVG) that aren't compressed and come whole. Those that
//!   can't be read are counted. So that they can be, the application isn't told that the
//!   client takes compressed answers, where the request carries markup or sends a form for a
//!   page.
//! - Where answers may change, one to a request that carries markup is kept from other
//!   origins, whatever it holds: nobody else can frame it, open it and look at its window, or
//!   load it as a part. So nobody can tell from outside whether something was found.
// promise: xss

use std::{cell::RefCell, rc::Rc};

use guards::xss::{self, BODY_MAX, Body, Mode, Needles, Scanner};
use seam::{
    Refusal, RefusalPage,
    findings::{Finding, Found},
};

use crate::{
    guard::Admitted,
    know::{OwnPath, Visit},
    teeth,
    worker::Worker,
};

/// The answer held markup of its request, where that is refused.
pub(crate) const REFLECTED: Refusal = Refusal::new(RefusalPage::Forbidden, "markup-reflected");
/// More markup than can be looked for, where it would have to be.
const TOO_MUCH: Refusal = Refusal::new(RefusalPage::BadRequest, "markup-too-much");

/// A request that may carry markup.
pub(crate) struct Suspect {
    mode: Mode,
    route: Box<str>,
    /// Of its head.
    needles: Needles,
    body: Option<Body>,
    copy: Rc<Copied>,
}

/// The beginning of a body, as it went by.
#[derive(Default)]
pub(crate) struct Copied(RefCell<Vec<u8>>);

impl Copied {
    /// Keeps what is within the limit.
    pub(crate) fn add(&self, data: &[u8]) {
        let mut bytes = self.0.borrow_mut();
        let room = BODY_MAX.saturating_sub(bytes.len());
        bytes.extend_from_slice(data.get(..room).unwrap_or(data));
    }
}

impl Suspect {
    /// Whether its answer is wanted in a form that can be read: the request carries markup,
    /// or may in the body with which a page is asked for. What programs ask for stays
    /// compressed.
    pub(crate) fn wants_plain(&self, page: bool) -> bool {
        page || !self.needles.is_empty()
    }

    /// Where the request's body is to be copied, if it is.
    pub(crate) fn copy(&self) -> Option<&Rc<Copied>> {
        self.body.as_ref().map(|_| &self.copy)
    }
}

/// Looks at a request for the application. `None`: nothing it carries could be markup, or
/// nobody is to look.
pub(crate) fn look(admitted: &Admitted<'_>) -> Option<Box<Suspect>> {
    let known = admitted.known();
    let (request, route) = (known.request(), known.route());
    if route.xss == Mode::Off
        || known.own() == OwnPath::Ours
        || request.upgrade.is_some()
        || teeth::cut("xss")
    {
        return None;
    }
    let (path, query) = (request.path.as_bytes(), request.query.map(str::as_bytes));
    let sent = known.sent();
    let suspect = sent.suspect || xss::is_suspect(path) || query.is_some_and(xss::is_suspect);
    let body = match sent.content_type {
        Some(kind) if request.framing != h1::Framing::None => Body::of(kind),
        _ => None,
    };
    if !suspect && body.is_none() {
        return None;
    }
    let mut needles = Needles::default();
    if suspect {
        needles.target(path, query);
        request.fields(|field| {
            for name in ["referer", "user-agent"] {
                if field.name.eq_ignore_ascii_case(name) {
                    needles.header(name, field.value);
                }
            }
        });
    }
    if needles.is_empty() && body.is_none() {
        return None;
    }
    Some(Box::new(Suspect {
        mode: route.xss,
        route: route.path.clone(),
        needles,
        body,
        copy: Rc::default(),
    }))
}

/// Reads one answer.
pub(crate) struct Reader {
    scanner: Scanner,
    mode: Mode,
}

impl Reader {
    /// Whether what leaves may be other bytes than what came.
    pub(crate) fn changes(&self) -> bool {
        self.mode == Mode::Neutralise
    }

    /// Whether a find ends the answer.
    pub(crate) fn refuses(&self) -> bool {
        self.mode == Mode::Refuse
    }

    /// Whether what leaves is what [`Self::read`] writes; such an answer is kept from other
    /// origins, whatever it holds.
    pub(crate) const fn acts(&self) -> bool {
        self.mode.acts()
    }

    /// Whether the answer must not go on.
    pub(crate) const fn is_refused(&self) -> bool {
        matches!(self.mode, Mode::Refuse) && self.scanner.has_found()
    }

    /// Reads a piece; what leaves of it is appended, where that may change.
    pub(crate) fn read(&mut self, data: &[u8], out: &mut Vec<u8>) {
        match self.mode {
            Mode::Observe | Mode::Off => self.scanner.scan(data, |_| {}),
            Mode::Neutralise | Mode::Refuse => {
                self.scanner.scan(data, |data| out.extend_from_slice(data));
            }
        }
    }

    /// The answer is over; what was held back is appended.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) {
        let acts = self.mode.acts();
        self.scanner.finish(|data| {
            if acts {
                out.extend_from_slice(data);
            }
        });
    }

    /// Tells what came back.
    pub(crate) fn report(&self, visit: &Visit, worker: &Worker) {
        let (Some(suspect), Some(site)) = (&visit.suspect, visit.site()) else {
            return;
        };
        if !self.scanner.has_found() {
            return;
        }
        let counters = &worker.counters;
        for (counter, mode) in counters.xss_found.iter().zip(Mode::ALL) {
            if mode == self.mode {
                counter.add(1);
            }
        }
        for needle in self.scanner.found() {
            let finding = Finding {
                at: visit.at,
                id: visit.id,
                site: site.name.clone(),
                route: suspect.route.clone(),
                place: needle.place(),
                parameter: needle.name().into(),
                context: needle.context(),
                mode: self.mode,
            };
            if worker.findings.try_send(Found::Markup(finding)).is_err() {
                counters.findings_dropped.add(1);
            }
        }
    }
}

/// Decides whether an answer is read, and for what.
///
/// # Errors
/// The request carries more than can be looked for, where that would have to be done.
pub(crate) fn begin(
    visit: &Visit,
    answer: &h1::Answer<'_>,
    worker: &Worker,
) -> Result<Option<Reader>, Refusal> {
    let Some(suspect) = visit.suspect.as_deref() else {
        return Ok(None);
    };
    if !answer.framing.has_body() {
        return Ok(None);
    }
    let (mut content_type, mut readable) = (None, answer.status != 206);
    for field in answer.fields.iter() {
        match field.name.len() {
            12 if field.name.eq_ignore_ascii_case("content-type") => {
                content_type = Some(field.value);
            }
            16 if field.name.eq_ignore_ascii_case("content-encoding") => {
                readable &= field.value.eq_ignore_ascii_case(b"identity");
            }
            _ => {}
        }
    }
    if !xss::is_page(content_type) {
        return Ok(None);
    }
    let mut needles = suspect.needles.clone();
    if let Some(kind) = &suspect.body {
        needles.body(kind, &suspect.copy.0.borrow());
    }
    if needles.is_empty() {
        return Ok(None);
    }
    let counters = &worker.counters;
    if !readable {
        counters.xss_unwatched.add(1);
        return Ok(None);
    }
    if needles.has_overflowed() && suspect.mode.acts() {
        return Err(TOO_MUCH);
    }
    counters.xss_read.add(1);
    Ok(Some(Reader {
        scanner: Scanner::new(needles),
        mode: suspect.mode,
    }))
}
