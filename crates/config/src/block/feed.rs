//! `[block.feed."name"]`: a list that is fetched over HTTPS.

use std::time::Duration;

use guards::block::{Action, FEEDS_MAX};

use crate::{
    key::{Absent, DAY_S, Form, seconds, section},
    mistake::Kind,
    reader::{At, Say, ticked},
    scalar,
    table::Table,
    tls::{self, Roots},
};

/// Longest name, in characters.
const NAME_MAX: usize = 40;

section! {
    "[block.feed.\"name\"]",
    "A list of addresses that is fetched over HTTPS, in any of the forms that `files` takes. The name stands in records and names a file in the data folder, where the last good list is kept.";
    URL "url" Form::Text("an `https://` address"), Absent::Required(""), "\"https://www.spamhaus.org/drop/drop_v4.json\"",
        "Where it is. Redirects are followed, to public addresses only; the host named here may have a private one.";
    EVERY "every" Form::Duration(seconds(60), seconds(7 * DAY_S)), Absent::Default("12h"), "\"1h\"",
        "How often it is asked for. What hasn't changed isn't sent again (ETag). One that wasn't good for three times as long, and at least a day, raises an alarm; what was taken last holds on.";
    ACTION "action" Form::Word(&[
            ("refuse", "a page says so"),
            ("drop", "the connection is closed before its TLS handshake"),
            ("observe", "nobody is refused; who would be is counted and recorded"),
        ]), Absent::Default("observe"), "\"drop\"",
        "What becomes of whoever is on it. Look at whom it meets before you have it refuse.";
    CA "ca" Form::Path("a PEM file with certificates"), Absent::Means("the public ones (Mozilla's)"), "\"company-ca.pem\"",
        "The only roots that its server's certificate may come from.";
}

/// `[block.feed."name"]`.
#[derive(Debug, Clone)]
pub struct FeedSource {
    /// The name: letters, digits and `-`.
    pub name: String,
    /// `url`.
    pub url: String,
    /// `every`.
    pub every: Duration,
    /// `action`.
    pub action: Action,
    /// `ca`.
    pub roots: Roots,
}

impl PartialEq for FeedSource {
    /// Roots are the same where they are the same list in memory.
    fn eq(&self, other: &Self) -> bool {
        let roots = match (&self.roots, &other.roots) {
            (Roots::Public, Roots::Public) => true,
            (Roots::Own(one), Roots::Own(other)) => std::sync::Arc::ptr_eq(one, other),
            _ => false,
        };
        roots
            && self.name == other.name
            && self.url == other.url
            && self.every == other.every
            && self.action == other.action
    }
}

pub(super) fn read_all(named: &[(At<&str>, Table<'_, '_>)]) -> Vec<FeedSource> {
    let feeds = named.iter().filter_map(|(name, table)| {
        let read = read(name.value, table);
        let sound = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_name = !name.value.is_empty()
            && name.value.len() <= NAME_MAX
            && name.value.bytes().all(sound)
            && !name.value.starts_with('-');
        if !is_name {
            let say = Say::what(format!("{} can't name a feed", ticked(name.value))).expected(
                format!("at most {NAME_MAX} small letters, digits and `-`, such as \"drop\""),
            );
            table.reader.mistake(Kind::Malformed, &name.span, say);
            return None;
        }
        read
    });
    let mut feeds: Vec<_> = feeds.collect();
    if let Some((name, table)) = named.get(FEEDS_MAX) {
        let say = Say::what("there are too many feeds").expected(format!("at most {FEEDS_MAX}"));
        table.reader.mistake(Kind::OutOfRange, &name.span, say);
        feeds.truncate(FEEDS_MAX);
    }
    feeds
}

fn read(name: &str, table: &Table<'_, '_>) -> Option<FeedSource> {
    let url = table.text(&URL, scalar::https);
    let every = table.duration(&EVERY);
    let action = match table.word(&ACTION) {
        Some("refuse") => Action::Refuse,
        Some("drop") => Action::Drop,
        _ => Action::Observe,
    };
    let roots = tls::roots(table, &CA);
    table.finish();
    Some(FeedSource {
        name: name.to_owned(),
        url: url?,
        every,
        action,
        roots,
    })
}
