//! `[block]`: the promise `block`.

mod feed;
mod list;

use std::{path::PathBuf, sync::Arc};

use guards::block::{Action, FILES_MAX, File, IpRange, Lists, RANGES_MAX, RangeError, one_form};

pub use self::{
    feed::FeedSource,
    list::{LIST_MAX, ListError, read as read_list},
};
use crate::{
    env::in_words,
    key::{Absent, Form, SIZES, in_units, section},
    mistake::Kind,
    reader::{At, Say},
    scalar::{self, Wrong},
    table::Table,
};

/// Entries of a list in the configuration itself; longer ones belong in a file.
const ENTRIES_MAX: usize = 4096;

const RANGE: Form = Form::Texts(
    "an address or range such as \"198.51.100.0/24\"",
    ENTRIES_MAX,
);

section! {
    "[block]",
    "Promise `block`: requests from listed and unknown addresses are refused, on every site, own pages included. The operations listener isn't touched. `waarborg block test IP` says which rule decides about an address.";
    ALLOW "allow" RANGE, Absent::Means("nobody"), "[\"198.51.100.7\", \"2001:db8:7::/48\"]",
        "Addresses and ranges that are let in whatever other lists say. Put your own here: so you can't shut yourself out.";
    DENY "deny" RANGE, Absent::Means("nobody"), "[\"203.0.113.0/24\"]",
        "Addresses and ranges that are refused.";
    FILES "files" Form::Texts("the path of a list", FILES_MAX), Absent::Means("none"), "[\"/etc/waarborg/drop.json\"]",
        "Lists of addresses and ranges that are refused, read again whenever they change. Plain lines with comments behind `#` or `;` (netset), hosts style (an address, then names), CSV (the first column counts) or JSON lines with `cidr` (Spamhaus DROP): which it is shows in the file. One that is empty, cut off, a web page, or has a line that can't be read is not taken: the last good one stays and an alarm goes out. Local addresses, such as private ones, are never refused by a file. Relative paths count from this file's folder.";
    UNKNOWN "unknown" Form::Switch, Absent::Default("false"), "true",
        "Whether unknown addresses are refused: the special-purpose and unallocated ranges of IANA's registries, from which nobody can come over the Internet. Local addresses, such as private ones, aren't among them.";
    BANS "bans" Form::Switch, Absent::Default("true"), "false",
        "Whether clients are banned for a while, without a person, for what they do: sending on and on although too much came, asking for several pages that attackers look for, or trying passwords at many accounts. For 10 minutes, then 1, 6 and 24 hours. Never whoever is signed in, local addresses, trusted proxies, or whoever `allow` or `exempt` of `[throttle]` names.";
    FEED "feed" Form::Section(&feed::SECTION), Absent::Means("none"), "{}", "A list that is fetched over HTTPS.";
    ACTION "action" Form::Word(&[
            ("refuse", "a page says so, with an id that leads to the rule"),
            ("drop", "the connection is closed before its TLS handshake; behind a proxy that ends TLS itself, the page"),
        ]), Absent::Default("refuse"), "\"drop\"",
        "What becomes of whoever is refused.";
    OBSERVE "observe" Form::Switch, Absent::Default("false"), "true",
        "Nobody is refused; who would be is counted, and recorded with the rule. The promise isn't made meanwhile.";
}

/// The section of feeds, for the list of all sections.
pub(crate) const FEED_SECTION: &crate::key::Section = &feed::SECTION;

/// `[block]`.
#[derive(Debug, Clone)]
pub struct Block {
    /// `allow`, `deny`, what stands in `files`, and `unknown`.
    pub lists: Arc<Lists>,
    /// `files`.
    pub files: Vec<PathBuf>,
    /// `[block.feed."name"]`, in the order of the file.
    pub feeds: Vec<FeedSource>,
    /// `unknown`.
    pub unknown: bool,
    /// `bans`.
    pub bans: bool,
    /// `action`.
    pub action: Action,
    /// `observe`.
    pub observe: bool,
}

pub(crate) fn read(table: &Table<'_, '_>) -> Block {
    let ranges = |key| {
        let entries = table.texts(key, range).into_iter();
        entries.map(|at| at.value).collect::<Vec<_>>()
    };
    let (allow, deny) = (ranges(&ALLOW), ranges(&DENY));
    let paths = table.texts(&FILES, |text| {
        if text.is_empty() || text.contains('\0') {
            return Err(Wrong::PLAIN);
        }
        Ok(scalar::beside(&table.reader.folder, text))
    });
    let files: Vec<File> = paths.iter().filter_map(|at| file(table, at)).collect();
    let action = match table.word(&ACTION) {
        Some("drop") => Action::Drop,
        _ => Action::Refuse,
    };
    let unknown = table.switch(&UNKNOWN);
    let lists = Lists::new(&allow, &deny, &files, unknown).unwrap_or_else(|_| {
        let say = Say::what("the lists have too many entries together")
            .expected(format!("at most {RANGES_MAX}"))
            .help("leave out the longest of `files`");
        let span = table.span(&FILES);
        table.reader.mistake(Kind::OutOfRange, &span, say);
        Lists::default()
    });
    let block = Block {
        lists: Arc::new(lists),
        files: paths.into_iter().map(|at| at.value).collect(),
        feeds: feed::read_all(&table.named_parts(&FEED)),
        unknown,
        bans: table.switch(&BANS),
        action,
        observe: table.switch(&OBSERVE),
    };
    table.finish();
    block
}

/// A list of `files`, or what is wrong with it.
fn file(table: &Table<'_, '_>, at: &At<PathBuf>) -> Option<File> {
    let name = at.value.display().to_string();
    let mistake = |say| table.reader.mistake(Kind::Unreadable, &at.span, say);
    let bytes = match table.reader.env.read_up_to(&at.value, LIST_MAX) {
        Ok(file) => file.bytes,
        Err(error) => {
            let say = Say::what(format!("{name} can't be read: {}", in_words(&error)));
            mistake(say.expected(format!(
                "a list of addresses of at most {}",
                in_units(LIST_MAX, &SIZES)
            )));
            return None;
        }
    };
    match list::read(bytes.expose()) {
        Ok(entries) => Some(File { name, entries }),
        Err(error) => {
            let place = error.line.map(|line| format!(", line {line}"));
            let say = Say::what(format!(
                "{name}{}: {}",
                place.unwrap_or_default(),
                error.what
            ));
            mistake(Say {
                expected: Some(error.expected),
                help: error.help,
                ..say
            });
            None
        }
    }
}

/// An entry of `allow` or `deny`.
fn range(text: &str) -> Result<IpRange, Wrong> {
    list::range(text).map_err(|error| match error {
        list::Malformed::Parse(guards::block::ParseRangeError::Range(RangeError::HostBits {
            meant,
        })) => Wrong::help(format!(
            "bits behind the prefix are set: write `\"{meant}\"` for the range, or the address \
             alone"
        )),
        list::Malformed::Parse(_) if scalar::host(text).is_ok_and(|_| one_word(text)) => {
            Wrong::help("names aren't resolved here: write the address or range")
        }
        other => Wrong::help(other.to_string()),
    })
}

/// Whether it may be a name: it has a letter, and no sign of an address.
fn one_word(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphabetic();
    text.bytes().any(letter) && !text.contains([':', '/', '%'])
}

/// Whether an address is IPv4 that NAT64 translates: it is judged as IPv4, so that an
/// entry in this form would never count.
fn is_translated(range: IpRange) -> bool {
    range.first().is_ipv6() && one_form(range.first()).is_ipv4()
}
