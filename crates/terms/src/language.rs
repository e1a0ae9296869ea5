//! The languages of our pages.

use serde::{Deserialize, Serialize};

/// A language that every own page speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// English: the default.
    En,
    /// Dutch.
    Nl,
    /// French.
    Fr,
}

impl Language {
    /// All of them, the default first.
    pub const ALL: [Self; 3] = [Self::En, Self::Nl, Self::Fr];

    /// The tag of BCP 47.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Nl => "nl",
            Self::Fr => "fr",
        }
    }

    /// The one that a query asks for: `lang=nl`, the first that names one of ours.
    /// `query` is without its `?`.
    pub fn asked(query: &str) -> Option<Self> {
        query
            .split('&')
            .filter_map(|pair| pair.strip_prefix("lang="))
            .find_map(|tag| Self::ALL.into_iter().find(|ours| ours.tag() == tag))
    }

    /// The one a person prefers, from `Accept-Language` (RFC 9110 section 12.5.4):
    /// the listed language of ours with the highest weight, the first of equals.
    /// Ranges that can't be read are passed over; without a match it is English.
    pub fn preferred(accept: &str) -> Self {
        let mut best = (Self::En, 0);
        for range in accept.split(',').take(32) {
            let mut parts = range.split(';');
            let tag = parts.next().unwrap_or_default().trim();
            let primary = tag.split('-').next().unwrap_or_default();
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(Some(1000), thousandths);
            let (Some(weight), Some(language)) = (
                weight,
                Self::ALL
                    .into_iter()
                    .find(|ours| ours.tag().eq_ignore_ascii_case(primary)),
            ) else {
                continue;
            };
            if weight > best.1 {
                best = (language, weight);
            }
        }
        best.0
    }
}

/// `0.8` → 800; at most three decimals, at most 1.
fn thousandths(weight: &str) -> Option<u32> {
    let (whole, decimals) = weight.split_once('.').unwrap_or((weight, ""));
    if decimals.len() > 3 || !decimals.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let whole: u32 = match whole {
        "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    let mut part = 0;
    for place in 0..3 {
        let digit = decimals
            .as_bytes()
            .get(place)
            .map_or(0, |byte| u32::from(byte - b'0'));
        part = part * 10 + digit;
    }
    (whole + part <= 1000).then_some(whole + part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_asks_for_one_of_ours_or_for_none() {
        let check = |query, expected| assert_eq!(Language::asked(query), expected, "{query}");
        check("", None);
        check("lang=fr", Some(Language::Fr));
        check("a=b&lang=xx&lang=nl&lang=fr", Some(Language::Nl));
        check("lang=NL&language=nl&xlang=nl&lang", None);
    }

    #[test]
    fn the_heaviest_of_ours_wins() {
        let check =
            |accept, expected| assert_eq!(Language::preferred(accept), expected, "{accept}");
        check("", Language::En);
        check("nl", Language::Nl);
        check("nl-BE,nl;q=0.9,fr;q=0.8", Language::Nl);
        check("de, fr;q=0.7, en;q=0.3", Language::Fr);
        check("fr;q=0.3, NL;q=0.31", Language::Nl);
        check("fr;q=0, de", Language::En);
        check("fr;q=2, nl;q=0.1", Language::Nl);
        check("*", Language::En);
    }
}
