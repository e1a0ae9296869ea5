//! A report may be pasted into a ticket: what looks like a secret isn't shown.

use crate::nearest::distance;

/// Keys whose value is a secret.
pub(crate) const SECRET_KEYS: [&str; 4] = ["password", "postgres", "hmac_key", "access_token"];

/// The line with the value of every secret key as asterisks, one per character, so
/// that marks below still fit. A key misspelt by two letters counts too. Where the
/// value is `{ file = … }` or `{ env = … }` there is nothing to hide.
pub(crate) fn masked(line: &str) -> String {
    let line = without_passwords(line);
    let mut shown = String::with_capacity(line.len());
    let mut rest = line.as_str();
    while let Some((before, after)) = rest.split_once('=') {
        shown.push_str(before);
        shown.push('=');
        let value = after.trim_start();
        if is_secret(before) && !value.starts_with('{') {
            let space = after.len() - value.len();
            shown.push_str(after.get(..space).unwrap_or_default());
            shown.extend(value.chars().map(|_| '*'));
            return shown;
        }
        rest = after;
    }
    shown.push_str(rest);
    shown
}

/// The text with user and password of every URL as asterisks.
pub(crate) fn without_passwords(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        let authority = after
            .split(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`'))
            .next()
            .unwrap_or_default();
        rest = after;
        if let Some(at) = authority.rfind('@') {
            let (user, host) = after.split_at(at);
            shown.extend(user.chars().map(|_| '*'));
            rest = host;
        }
    }
    shown.push_str(rest);
    shown
}

fn is_secret(before: &str) -> bool {
    let word = before
        .trim_end_matches(|c: char| c.is_whitespace() || c == '"' || c == '\'')
        .rsplit(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-'))
        .next()
        .unwrap_or_default();
    let near = |key: &&str| distance(key, word, 2).is_some();
    word.chars().count() <= 32 && SECRET_KEYS.iter().any(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_also_under_a_misspelt_key() {
        let check = |line, expected| assert_eq!(masked(line), expected);
        check("password = \"é1\"", "password = ****");
        check("mail.pasword=\"x\"", "mail.pasword=***");
        check("a = { \"password\" = 'x' }", "a = { \"password\" = *****");
        check(
            "upstream = \"http://x/?a=1\"",
            "upstream = \"http://x/?a=1\"",
        );
        check("password = { env = \"X\" }", "password = { env = \"X\" }");
        check("hmac_key = \"x\"", "hmac_key = ***");
        check("key = \"app.key\"", "key = \"app.key\"");
        check("port = 1", "port = 1");
        check("u = \"http://a:b@c/\", v", "u = \"http://***@c/\", v");
        check("u = \"http://c/@\"", "u = \"http://c/@\"");
    }
}
