//! The way to the sign-in page: where somebody is sent who would be let in once we know
//! who they are.

use std::time::Duration;

use seam::{Refusal, RefusalPage};

use crate::{
    guard::Denied,
    know::{Known, Visit},
};

/// Longest address to come back to, in bytes; beyond, people come back to the site's
/// beginning.
const RETURN_MAX: usize = 2048;

/// Whether this is where the portal hands a sign-in over.
pub(crate) fn is_callback(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix) == Some("callback")
}

/// What to say to a request that needs somebody signed in: only a navigation can go to
/// another page and come back; everything else gets 401.
pub(crate) fn wanted(known: &Known<'_>, visit: &Visit) -> Denied {
    to_portal(known, visit, "sign-in-needed", None)
}

/// The same to somebody who is known, and has to give a second factor first: one that is
/// no older than this.
pub(crate) fn again(known: &Known<'_>, visit: &Visit, within: Duration) -> Denied {
    to_portal(known, visit, "step-up-needed", Some(within))
}

fn to_portal(
    known: &Known<'_>,
    visit: &Visit,
    reason: &'static str,
    within: Option<Duration>,
) -> Denied {
    let request = known.request();
    if request.method != "GET" || request.upgrade.is_some() || !known.navigates(visit) {
        let refusal = Refusal::new(RefusalPage::Unauthorized, reason);
        return Denied::Refused(refusal);
    }
    let length = request.path.len() + request.query.map_or(0, |query| query.len() + 1);
    let mut location = format!("{}login?return=", visit.local.prefix);
    if length <= RETURN_MAX {
        encode(request.path, &mut location);
        if let Some(query) = request.query {
            location.push_str("%3F");
            encode(query, &mut location);
        }
    } else {
        location.push_str("%2F");
    }
    if let Some(within) = within {
        location.push_str(&format!("&within={}", within.as_secs()));
    }
    Denied::SignIn(location)
}

/// Percent-encodes for the value of a query (RFC 3986 section 2.3).
fn encode(text: &str, out: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let digit = |nibble: u8| {
                DIGITS
                    .get(usize::from(nibble))
                    .map_or('0', |it| char::from(*it))
            };
            out.push('%');
            out.push(digit(byte >> 4));
            out.push(digit(byte & 15));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_holds_nothing_that_a_query_could_end_at() {
        let mut out = String::new();
        encode("/a b?x=1&y=%2f#z~", &mut out);
        assert_eq!(out, "%2Fa%20b%3Fx%3D1%26y%3D%252f%23z~");
    }

    #[test]
    fn the_callback_is_one_path() {
        assert!(is_callback("/-/callback", "/-/"));
        assert!(!is_callback("/-/callback/", "/-/"));
        assert!(!is_callback("/callback", "/-/"));
    }
}
