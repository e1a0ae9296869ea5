//! What an application's answer goes through on its way to the client: it is read for markup
//! of its request, its forms get their token, then it is compressed. Most answers go through
//! none of these. Of some pages it is noted besides what is weak in them.

use std::rc::Rc;

use guards::{csrf::Forms, weaknesses::Page};
use seam::Refusal;

use crate::{
    compress::{self, Encoder, Verdict},
    csrf,
    know::Visit,
    weaknesses,
    worker::Worker,
    xss::{self, Reader},
};

/// The filters of one answer.
pub(crate) struct Filters {
    page: Option<Page>,
    reader: Option<Reader>,
    /// Where it has one, there is no encoder.
    forms: Option<Forms>,
    encoder: Option<Encoder>,
    /// What the reader gives to what is behind it.
    read: Vec<u8>,
    has_read: bool,
    /// The head hasn't left: a refusal could take its place.
    held: bool,
}

/// How an answer's head has to change for its filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Change {
    pub(crate) compression: Verdict,
    /// Its bytes may be others than the application's.
    pub(crate) rewritten: bool,
    /// It is kept from other origins.
    pub(crate) isolated: bool,
    /// Its forms bear somebody's token: nobody may keep it.
    pub(crate) filled: bool,
}

impl Change {
    /// None.
    pub(crate) const NONE: Self = Self {
        compression: Verdict::Plain,
        rewritten: false,
        isolated: false,
        filled: false,
    };

    /// Whether what sums up the application's bytes doesn't hold for what leaves.
    pub(crate) const fn is_other_bytes(self) -> bool {
        self.rewritten || self.filled || matches!(self.compression, Verdict::Compressed(_))
    }
}

/// Why an answer can't go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// What left can't be read.
    Broken,
    /// It held what may not leave.
    Refused(Refusal),
}

impl Filters {
    /// Decides what an answer goes through; `None` is nothing.
    ///
    /// # Errors
    /// It may not leave at all.
    pub(crate) fn of(
        visit: &Visit,
        answer: &h1::Answer<'_>,
        worker: &Rc<Worker>,
        compresses: bool,
    ) -> Result<(Change, Option<Self>), Refusal> {
        let reader = xss::begin(visit, answer, worker)?;
        let forms = csrf::forms(visit, answer, &worker.counters);
        let page = weaknesses::begin(visit, answer, worker);
        // A token and a guess in one compressed answer would be BREACH's ground.
        let (compression, encoder) = if compresses && forms.is_none() {
            compress::begin(visit, answer, worker)
        } else {
            (Verdict::Plain, None)
        };
        let change = Change {
            compression,
            rewritten: reader.as_ref().is_some_and(Reader::changes),
            isolated: reader.as_ref().is_some_and(Reader::acts),
            filled: forms.is_some(),
        };
        if page.is_none() && reader.is_none() && forms.is_none() && encoder.is_none() {
            return Ok((change, None));
        }
        let held = reader.as_ref().is_some_and(Reader::refuses);
        let filters = Self {
            page,
            reader,
            forms,
            encoder,
            read: Vec::new(),
            has_read: false,
            held,
        };
        Ok((change, Some(filters)))
    }

    /// Whether the head waits until the first bytes behind it have been read.
    pub(crate) const fn head_is_held(&self) -> bool {
        self.held
    }

    /// The head leaves.
    pub(crate) const fn release_head(&mut self) {
        self.held = false;
    }

    /// Whether anything went in.
    pub(crate) const fn has_read(&self) -> bool {
        self.has_read
    }

    /// Whether trailers may follow: not where they might sum up other bytes.
    pub(crate) fn keeps_trailers(&self) -> bool {
        let changes = self.reader.as_ref().is_some_and(Reader::changes);
        self.encoder.is_none() && self.forms.is_none() && !changes
    }

    /// Takes bytes in; what comes out is appended.
    ///
    /// # Errors
    /// Nothing more may leave.
    pub(crate) fn push(&mut self, data: &[u8], out: &mut Vec<u8>) -> Result<(), Stopped> {
        self.has_read = true;
        if let Some(page) = &mut self.page {
            page.read(data);
        }
        let data = match &mut self.reader {
            None => data,
            Some(reader) => {
                self.read.clear();
                reader.read(data, &mut self.read);
                if reader.is_refused() {
                    return Err(Stopped::Refused(xss::REFLECTED));
                }
                if reader.acts() { &self.read } else { data }
            }
        };
        match (&mut self.forms, &mut self.encoder) {
            (Some(forms), _) => forms.fill(data, out),
            (None, Some(encoder)) => encoder.encode(data, out),
            (None, None) => out.extend_from_slice(data),
        }
        self.judge()
    }

    /// Lets out what an encoder holds. `false` where there was nothing.
    pub(crate) fn flush(&mut self, out: &mut Vec<u8>) -> bool {
        self.encoder
            .as_mut()
            .is_some_and(|encoder| encoder.flush(out))
    }

    /// Ends the stream; what comes out is appended.
    ///
    /// # Errors
    /// Nothing more may leave.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Result<(), Stopped> {
        self.read.clear();
        if let Some(reader) = &mut self.reader {
            reader.finish(&mut self.read);
            if reader.is_refused() {
                return Err(Stopped::Refused(xss::REFLECTED));
            }
        }
        match (&mut self.forms, &mut self.encoder) {
            (Some(forms), _) => forms.fill(&self.read, out),
            (None, Some(encoder)) => {
                encoder.encode(&self.read, out);
                encoder.finish(out);
            }
            (None, None) => out.extend_from_slice(&self.read),
        }
        self.judge()
    }

    fn judge(&self) -> Result<(), Stopped> {
        match &self.encoder {
            Some(encoder) if encoder.is_broken() => Err(Stopped::Broken),
            _ => Ok(()),
        }
    }

    /// Tells what was found, once the answer is over or cut.
    pub(crate) fn report(&mut self, visit: &Visit, worker: &Worker) {
        if let Some(page) = &mut self.page {
            weaknesses::report(page, visit, worker);
        }
        if let Some(reader) = &self.reader {
            reader.report(visit, worker);
        }
        if let Some(forms) = &self.forms {
            let filled = u64::from(forms.filled());
            worker.counters.csrf_forms_filled.add(filled);
        }
    }
}
