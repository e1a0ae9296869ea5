//! The customer book: sample customers, their notes, and which files they have.
//! Pure memory; every list has a limit, and what doesn't fit is refused.

use terms::Micros;

/// Notes of one customer.
pub(super) const MAX_NOTES: usize = 100;
/// Characters of one note.
pub(super) const MAX_NOTE_CHARS: usize = 2000;
/// Files of one customer.
pub(super) const MAX_FILES: usize = 50;
/// How many of the latest notes the list shows.
const LATEST: usize = 5;

/// One customer with everything known of it.
#[derive(Debug, Clone)]
pub(super) struct Customer {
    pub(super) id: u32,
    pub(super) name: &'static str,
    pub(super) town: &'static str,
    pub(super) country: &'static str,
    pub(super) trade: &'static str,
    pub(super) contact: &'static str,
    pub(super) email: &'static str,
    pub(super) since: u16,
    /// Oldest first.
    pub(super) notes: Vec<Note>,
    /// Oldest first.
    pub(super) files: Vec<Kept>,
}

/// A note about a customer.
#[derive(Debug, Clone)]
pub(super) struct Note {
    pub(super) id: u64,
    pub(super) author: String,
    pub(super) text: String,
    pub(super) at: Micros,
    pub(super) edited: bool,
}

/// A file kept for a customer; its bytes lie in the upload folder under its id.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    pub(super) id: u64,
    pub(super) name: String,
    pub(super) bytes: u64,
    pub(super) by: String,
    pub(super) at: Micros,
}

/// Why an entry isn't taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unkept {
    /// Nothing by this id.
    #[error("there is no such customer, note or file")]
    Unknown,
    /// Nothing but spaces.
    #[error("A note needs some text.")]
    Empty,
    /// Over [`MAX_NOTE_CHARS`].
    #[error("A note has at most {MAX_NOTE_CHARS} characters.")]
    TooLong,
    /// [`MAX_NOTES`] reached.
    #[error("This customer has {MAX_NOTES} notes, the most there can be. Delete one first.")]
    NotesFull,
    /// [`MAX_FILES`] reached.
    #[error("This customer has {MAX_FILES} files, the most there can be. Delete one first.")]
    FilesFull,
}

/// All customers.
#[derive(Debug)]
pub(super) struct Book {
    customers: Vec<Customer>,
    /// The next id of a note or file; ids aren't used twice.
    next: u64,
}

/// How much there is in the book.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Figures {
    pub(super) customers: usize,
    pub(super) notes: usize,
    pub(super) files: usize,
}

impl Book {
    /// The sample customers (invented; addresses under `.example`, RFC 2606 §2), two
    /// of them with a note.
    pub(super) fn sample(now: Micros) -> Self {
        let customers = (1..)
            .zip(SAMPLE)
            .map(
                |(id, &(name, town, country, trade, contact, email, since))| Customer {
                    id,
                    name,
                    town,
                    country,
                    trade,
                    contact,
                    email,
                    since,
                    notes: Vec::new(),
                    files: Vec::new(),
                },
            )
            .collect();
        let mut book = Self { customers, next: 1 };
        for (customer, author, text) in SAMPLE_NOTES {
            // The samples fit: the test below counts them.
            let _ = book.add_note(*customer, (*author).to_owned(), text, now);
        }
        book
    }

    /// How many customers there are.
    pub(super) fn len(&self) -> usize {
        self.customers.len()
    }

    /// How much there is of everything.
    pub(super) fn figures(&self) -> Figures {
        let count = |each: fn(&Customer) -> usize| self.customers.iter().map(each).sum();
        Figures {
            customers: self.customers.len(),
            notes: count(|customer| customer.notes.len()),
            files: count(|customer| customer.files.len()),
        }
    }

    /// Customers in whose name, town, country, trade or contact `wanted` occurs, in
    /// any case; all for an empty `wanted`.
    pub(super) fn search(&self, wanted: &str) -> Vec<Customer> {
        let wanted = wanted.trim().to_lowercase();
        let matches = |customer: &&Customer| {
            [
                customer.name,
                customer.town,
                customer.country,
                customer.trade,
                customer.contact,
            ]
            .iter()
            .any(|field| field.to_lowercase().contains(&wanted))
        };
        self.customers.iter().filter(matches).cloned().collect()
    }

    /// The customer with this id.
    pub(super) fn customer(&self, id: u32) -> Option<&Customer> {
        self.customers.iter().find(|customer| customer.id == id)
    }

    fn customer_mut(&mut self, id: u32) -> Result<&mut Customer, Unkept> {
        self.customers
            .iter_mut()
            .find(|customer| customer.id == id)
            .ok_or(Unkept::Unknown)
    }

    /// The newest notes with their customers, newest first.
    pub(super) fn latest(&self) -> Vec<(Customer, Note)> {
        let mut notes: Vec<(&Customer, &Note)> = self
            .customers
            .iter()
            .flat_map(|customer| customer.notes.iter().map(move |note| (customer, note)))
            .collect();
        notes.sort_by_key(|(_, note)| std::cmp::Reverse(note.id));
        notes
            .into_iter()
            .take(LATEST)
            .map(|(customer, note)| (customer.clone(), note.clone()))
            .collect()
    }

    /// Adds a note and returns its id.
    pub(super) fn add_note(
        &mut self,
        customer: u32,
        author: String,
        text: &str,
        at: Micros,
    ) -> Result<u64, Unkept> {
        let text = checked(text)?;
        let id = self.next;
        let customer = self.customer_mut(customer)?;
        if MAX_NOTES <= customer.notes.len() {
            return Err(Unkept::NotesFull);
        }
        customer.notes.push(Note {
            id,
            author,
            text,
            at,
            edited: false,
        });
        self.next += 1;
        Ok(id)
    }

    /// Replaces a note's text; author and time stay.
    pub(super) fn edit_note(&mut self, customer: u32, note: u64, text: &str) -> Result<(), Unkept> {
        let customer = self.customer_mut(customer)?;
        let note = customer
            .notes
            .iter_mut()
            .find(|kept| kept.id == note)
            .ok_or(Unkept::Unknown)?;
        note.text = checked(text)?;
        note.edited = true;
        Ok(())
    }

    /// Removes a note.
    pub(super) fn delete_note(&mut self, customer: u32, note: u64) -> Result<(), Unkept> {
        let notes = &mut self.customer_mut(customer)?.notes;
        let before = notes.len();
        notes.retain(|kept| kept.id != note);
        if notes.len() == before {
            return Err(Unkept::Unknown);
        }
        Ok(())
    }

    /// An id for a file that is about to come, if its customer may have one more.
    pub(super) fn reserve_file(&mut self, customer: u32) -> Result<u64, Unkept> {
        if MAX_FILES <= self.customer_mut(customer)?.files.len() {
            return Err(Unkept::FilesFull);
        }
        let id = self.next;
        self.next += 1;
        Ok(id)
    }

    /// Adds a file that has come whole.
    pub(super) fn add_file(&mut self, customer: u32, file: Kept) -> Result<(), Unkept> {
        let files = &mut self.customer_mut(customer)?.files;
        // Several may have been reserved at once for the last place.
        if MAX_FILES <= files.len() {
            return Err(Unkept::FilesFull);
        }
        files.push(file);
        Ok(())
    }

    /// Removes a file's entry and returns it.
    pub(super) fn delete_file(&mut self, customer: u32, file: u64) -> Result<Kept, Unkept> {
        let files = &mut self.customer_mut(customer)?.files;
        let at = files
            .iter()
            .position(|kept| kept.id == file)
            .ok_or(Unkept::Unknown)?;
        Ok(files.remove(at))
    }
}

/// A note's text as it is kept: trimmed, line ends as `\n`, no other control characters.
fn checked(text: &str) -> Result<String, Unkept> {
    let text: String = text
        .replace("\r\n", "\n")
        .chars()
        .filter(|c| *c == '\n' || *c == '\t' || !c.is_control())
        .collect();
    let text = text.trim();
    if text.is_empty() {
        return Err(Unkept::Empty);
    }
    if MAX_NOTE_CHARS < text.chars().count() {
        return Err(Unkept::TooLong);
    }
    Ok(text.to_owned())
}

type SampleCustomer = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    u16,
);

#[rustfmt::skip]
const SAMPLE: &[SampleCustomer] = &[
    ("Bakkerij De Gouden Aar", "Utrecht", "Netherlands", "Bakery", "Marieke van Dijk", "marieke@goudenaar.example", 2014),
    ("Brouwerij Sint-Aldegonde", "Gent", "Belgium", "Brewery", "Pieter Claes", "pieter@aldegonde.example", 2017),
    ("Café & Zonen", "Antwerpen", "Belgium", "Hospitality", "Noor Peeters", "noor@cafezonen.example", 2021),
    ("Drukkerij Zuiderpers", "Eindhoven", "Netherlands", "Printing", "Ahmed El Idrissi", "ahmed@zuiderpers.example", 2012),
    ("Fietsenmakerij Tandwiel", "Groningen", "Netherlands", "Bicycle repair", "Sanne de Boer", "sanne@tandwiel.example", 2019),
    ("Hoeve Ter Linde", "Brugge", "Belgium", "Dairy farm", "Luc Vermeulen", "luc@terlinde.example", 2015),
    ("Installatiebedrijf Warmstroom", "Zwolle", "Netherlands", "Heat pumps", "Bas Hendriks", "bas@warmstroom.example", 2020),
    ("Kwekerij Groenhart", "Boskoop", "Netherlands", "Tree nursery", "Esra Yılmaz", "esra@groenhart.example", 2018),
    ("Librairie du Parvis", "Liège", "Belgium", "Bookshop", "Élodie Lambert", "elodie@parvis.example", 2016),
    ("Menuiserie Ardoise", "Namur", "Belgium", "Carpentry", "Benoît Dupont", "benoit@ardoise.example", 2022),
    ("Rederij Noordkaap", "Rotterdam", "Netherlands", "Shipping", "Joost Visser", "joost@noordkaap.example", 2011),
    ("Tandartspraktijk De Singel", "Leiden", "Netherlands", "Dental practice", "Fatima Bakker", "fatima@desingel.example", 2023),
    ("Weverij Vlasbloem", "Kortrijk", "Belgium", "Linen weaving", "An Desmet", "an@vlasbloem.example", 2013),
    ("Zorgcoöperatie Dichtbij", "Maastricht", "Netherlands", "Home care", "Loes Janssen", "loes@dichtbij.example", 2020),
];

const SAMPLE_NOTES: &[(u32, &str, &str)] = &[
    (
        2,
        "Emma",
        "Wants the invoice split by location from next quarter.",
    ),
    (
        7,
        "Daan",
        "Called about the yearly check-up.\nCall back on Thursday, not before ten.",
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Micros = Micros(1_795_392_000_000_000);

    fn add(book: &mut Book, text: &str) -> Result<u64, Unkept> {
        book.add_note(1, "Emma".to_owned(), text, AT)
    }

    #[test]
    fn the_samples_are_all_there() {
        let book = Book::sample(AT);
        assert_eq!(book.len(), SAMPLE.len());
        assert_eq!(book.latest().len(), SAMPLE_NOTES.len());
    }

    #[test]
    fn search_looks_at_all_fields_in_any_case() {
        let book = Book::sample(AT);
        let check = |wanted: &str, expected: usize| {
            assert_eq!(book.search(wanted).len(), expected, "{wanted}");
        };
        check("", SAMPLE.len());
        check("  BROUW ", 1);
        check("belgium", 6);
        check("élodie", 1);
        check("nobody", 0);
    }

    #[test]
    fn a_note_is_added_edited_and_deleted() {
        let mut book = Book::sample(AT);
        let id = add(&mut book, " one\r\ntwo\u{7} ").unwrap();
        let text = |book: &Book| book.customer(1).unwrap().notes[0].text.clone();
        assert_eq!(text(&book), "one\ntwo");
        book.edit_note(1, id, "three").unwrap();
        assert_eq!(text(&book), "three");
        assert!(book.customer(1).unwrap().notes[0].edited);
        assert_eq!(book.delete_note(2, id), Err(Unkept::Unknown));
        book.delete_note(1, id).unwrap();
        assert_eq!(book.delete_note(1, id), Err(Unkept::Unknown));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let mut book = Book::sample(AT);
        assert_eq!(add(&mut book, " \r\n "), Err(Unkept::Empty));
        let longest = "é".repeat(MAX_NOTE_CHARS);
        assert!(add(&mut book, &longest).is_ok());
        assert_eq!(add(&mut book, &(longest + "é")), Err(Unkept::TooLong));
        for _ in 1..MAX_NOTES {
            add(&mut book, "x").unwrap();
        }
        assert_eq!(add(&mut book, "x"), Err(Unkept::NotesFull));
        assert_eq!(
            book.add_note(99, String::new(), "x", AT),
            Err(Unkept::Unknown)
        );
    }
}
