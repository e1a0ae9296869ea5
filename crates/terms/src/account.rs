//! Names of accounts and groups: what an application reads in `Remote-User` and
//! `Remote-Groups`.

use std::{fmt, str::FromStr};

/// Longest name of an account or group, in characters.
pub const NAME_MAX: usize = 64;

/// Why a text is no name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected {}", Self::EXPECTED)]
pub struct MalformedName;

impl MalformedName {
    /// What is expected.
    pub const EXPECTED: &str =
        "1 to 64 of the letters a to z, digits and `. _ - @ +`, beginning with a letter or digit";
}

fn judge(text: &str) -> Result<Box<str>, MalformedName> {
    // Case makes no difference, so that nobody can take a name that looks like another's.
    let text = text.to_ascii_lowercase();
    let mut bytes = text.bytes();
    let first = bytes.next().ok_or(MalformedName)?;
    let fine = first.is_ascii_alphanumeric()
        && text.len() <= NAME_MAX
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"._-@+".contains(&byte));
    fine.then(|| text.into()).ok_or(MalformedName)
}

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Box<str>);

        impl $name {
            /// As text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = MalformedName;

            fn from_str(text: &str) -> Result<Self, MalformedName> {
                judge(text).map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// The name an account signs in with, in lower case.
    UserName
}
name! {
    /// The name of a group, in lower case. It holds no comma: lists are joined by them.
    GroupName
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_lower_case_ascii_and_nothing_that_could_mean_more() {
        let check = |text: &str, expected: Option<&str>| {
            let name: Option<UserName> = text.parse().ok();
            assert_eq!(name.as_ref().map(UserName::as_str), expected, "{text}");
        };
        check("ada", Some("ada"));
        check(
            "Ada.Lovelace+x@example.com",
            Some("ada.lovelace+x@example.com"),
        );
        check("", None);
        check("-ada", None);
        check("a,b", None);
        check("ada lovelace", None);
        check("ad\u{430}", None);
        check(&"a".repeat(64), Some(&"a".repeat(64)));
        check(&"a".repeat(65), None);
    }
}
