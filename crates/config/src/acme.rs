//! `[acme]`: certificates from an authority, for every site without files of its own
//! (RFC 8555, by TLS-ALPN-01, RFC 8737: port 443 alone). Nothing is contacted here.

use terms::Secret;

use crate::{
    key::{Absent, Form, Key, section},
    mistake::Kind,
    reader::Say,
    scalar::{self, Wrong},
    secret,
    table::Table,
    tls::{self, Roots},
};

/// Let's Encrypt.
pub const DIRECTORY: &str = "https://acme-v02.api.letsencrypt.org/directory";
/// Characters of a profile or a key id.
const WORD_MAX: usize = 256;
/// Fewest bytes of a key for HMAC-SHA-256 that can't be guessed.
const KEY_BYTES_MIN: usize = 16;

section! {
    "[acme]",
    "Certificates from an authority, by ACME over port 443 alone (TLS-ALPN-01), for every site without `certificate` and `key`. Having this section means to agree to the authority's terms.";
    EMAIL "email" Form::Text("a mail address"), Absent::Required(""), "\"ops@example.com\"",
        "The contact that the authority gets.";
    DIRECTORY_KEY "directory" Form::Text("an `https://` address"), Absent::Default("https://acme-v02.api.letsencrypt.org/directory"), "\"https://acme-v02.api.letsencrypt.org/directory\"",
        "The authority's ACME directory. The host named here may have a private address.";
    PROFILE "profile" Form::Text("a profile of the authority"), Absent::Means("the authority's own choice"), "\"shortlived\"",
        "Which kind of certificate, where the authority offers several.";
    EXTERNAL "external_account" Form::Section(&external::SECTION), Absent::Means("no such account"), "{}", "An account made elsewhere.";
    FALLBACK "fallback" Form::Section(&fallback::SECTION), Absent::Means("none"), "{}", "The second authority.";
    CA "ca" Form::Path("a PEM file with certificates"), Absent::Means("the public ones (Mozilla's)"), "\"company-ca.pem\"",
        "The only roots that the certificates of the directories' own servers may come from: for a private authority such as step-ca.";
}

mod external {
    use super::{Absent, Form, section};

    section! {
        "[acme.external_account]",
        "Ties our account at the authority to one that was made elsewhere (RFC 8555 section 7.3.4), where it asks for that. `[acme.fallback.external_account]` does so for the second authority.";
        ID "id" Form::Text("the key's id"), Absent::Required(""), "\"kid-1\"",
            "The id of the key, as the authority gave it.";
        HMAC_KEY "hmac_key" Form::Secret("the key in base64url"), Absent::Required(""), "{ file = \"acme-key\" }",
            "The key itself.";
    }

    pub(super) const KEYS: (&crate::key::Key, &crate::key::Key) = (&ID, &HMAC_KEY);
}

mod fallback {
    use super::{Absent, Form, external, section};

    section! {
        "[acme.fallback]",
        "A second authority, asked after three failures in a row with the first, and then in turn with it. None unless named: it has terms of its own.";
        DIRECTORY "directory" Form::Text("an `https://` address"), Absent::Required(""), "\"https://acme.example.net/directory\"",
            "Its ACME directory.";
        PROFILE "profile" Form::Text("a profile of the authority"), Absent::Means("the authority's own choice"), "\"default\"",
            "Which kind of certificate, where it offers several.";
        EXTERNAL "external_account" Form::Section(&external::SECTION), Absent::Means("no such account"), "{}", "An account made elsewhere.";
    }

    pub(super) const KEYS: [&crate::key::Key; 3] = [&DIRECTORY, &PROFILE, &EXTERNAL];
}

/// The sections below, for the list of all sections.
pub(crate) const EXTERNAL_SECTION: &crate::key::Section = &external::SECTION;
pub(crate) const FALLBACK_SECTION: &crate::key::Section = &fallback::SECTION;

/// `[acme]`.
#[derive(Debug, Clone)]
pub struct Acme {
    /// `email`.
    pub email: String,
    /// The first, and the second where there is one.
    pub first: Authority,
    /// `[acme.fallback]`.
    pub fallback: Option<Authority>,
    /// `ca`.
    pub roots: Roots,
}

/// Where certificates come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authority {
    /// Its directory: `https://…`.
    pub directory: String,
    /// `profile`.
    pub profile: Option<String>,
    /// `external_account`.
    pub external: Option<ExternalAccount>,
}

/// An account made elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExternalAccount {
    /// The key's id.
    pub id: String,
    /// The key, decoded.
    pub key: Secret<Vec<u8>>,
}

fn word(text: &str) -> Result<String, Wrong> {
    if text.is_empty() || text.len() > WORD_MAX || !text.chars().all(|c| c.is_ascii_graphic()) {
        return Err(Wrong::PLAIN);
    }
    Ok(text.to_owned())
}

/// base64url (RFC 4648 section 5); the other alphabet and padding are taken too, since
/// authorities hand out either.
fn base64url(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    let text = Secret::new(text.replace('+', "-").replace('/', "_"));
    terms::from_base64url(text.expose().as_bytes())
}

fn external_account(table: &Table<'_, '_>) -> Option<ExternalAccount> {
    let (id_key, hmac_key) = external::KEYS;
    let id = table.text(id_key, word);
    let key = secret::read(table, hmac_key);
    table.finish();
    let decoded = base64url(key?.expose()).filter(|key| key.len() >= KEY_BYTES_MIN);
    let Some(key) = decoded else {
        let say = Say::what("`hmac_key` leads to no HMAC key").expected(format!(
            "at least {KEY_BYTES_MIN} bytes in base64url, as the authority gave them"
        ));
        table
            .reader
            .mistake(Kind::Malformed, &table.span(hmac_key), say);
        return None;
    };
    Some(ExternalAccount {
        id: id?,
        key: Secret::new(key),
    })
}

fn authority(table: &Table<'_, '_>, keys: [&'static Key; 3]) -> Option<Authority> {
    let [directory_key, profile, external] = keys;
    let directory = table.text(directory_key, scalar::https);
    let profile = table.text(profile, word);
    let external = table
        .has(external)
        .then(|| external_account(&table.part(external)))
        .flatten();
    Some(Authority {
        directory: directory?,
        profile,
        external,
    })
}

pub(crate) fn read(table: &Table<'_, '_>) -> Option<Acme> {
    let email = table.text(&EMAIL, scalar::mail_address);
    let first = authority(table, [&DIRECTORY_KEY, &PROFILE, &EXTERNAL]);
    let fallback = table.has(&FALLBACK).then(|| {
        let part = table.part(&FALLBACK);
        let second = authority(&part, fallback::KEYS);
        part.finish();
        let same = |second: &Authority| {
            let first = first.as_ref();
            first.is_some_and(|first| first.directory == second.directory)
        };
        if second.as_ref().is_some_and(same) {
            let say = Say::what("`[acme.fallback]` is the first authority again")
                .expected("another directory");
            let span = part.span(fallback::KEYS[0]);
            part.reader.mistake(Kind::Conflict, &span, say);
        }
        second
    });
    let roots = tls::roots(table, &CA);
    table.finish();
    Some(Acme {
        email: email?,
        first: first?,
        fallback: fallback.flatten(),
        roots,
    })
}

#[cfg(test)]
mod tests {
    use super::base64url;

    #[test]
    fn keys_are_read_in_either_alphabet_and_nothing_else_is() {
        assert_eq!(base64url("Zm9vYmFy").unwrap(), b"foobar");
        assert_eq!(base64url("Zm9vYg==").unwrap(), b"foob");
        assert_eq!(base64url("-_-_").unwrap(), base64url("+/+/").unwrap());
        assert_eq!(base64url("Zm9v YmFy"), None);
    }
}
