//! What people and programs read: aligned tables with times in UTC, or JSON. Texts that
//! others have chosen come without what steers a terminal.

use std::io::{self, Write as _};

use control::socket::accounts::{Group, Session, Standing, Token, User};
use serde::Serialize;
use serde_json::{Map, Value, json};
use terms::Secret;

/// How it is said.
pub(crate) struct Print {
    pub(crate) json: bool,
}

impl Print {
    /// Rows of any kind.
    pub(crate) fn list<T: Serialize>(
        &self,
        rows: &[T],
        head: &[&str],
        row: impl Fn(&T) -> Vec<String>,
        none: &str,
    ) {
        if self.json {
            return document(&rows);
        }
        table(head, &rows.iter().map(row).collect::<Vec<_>>(), none);
    }

    /// Accounts.
    pub(super) fn users(&self, users: &[User], emails: bool) {
        if self.json {
            return document(&users);
        }
        let mut head = vec!["NAME", "DISPLAY", "GROUPS", "STATE", "LAST SIGN-IN (UTC)"];
        if emails {
            head.push("E-MAIL");
        }
        let row = |user: &User| {
            let mut row = vec![
                user.name.clone(),
                user.display.clone(),
                listed(&user.groups),
                user.state.clone(),
                minute(user.last_sign_in.as_deref()),
            ];
            if emails {
                let email = user.email.as_ref();
                row.push(email.map_or_else(|| "-".to_owned(), |it| it.0.expose().clone()));
            }
            row
        };
        let none = "no users; `waarborg user add` makes one";
        table(&head, &users.iter().map(row).collect::<Vec<_>>(), none);
    }

    /// One account.
    pub(super) fn user(&self, user: &User, standing: &Standing) {
        if self.json {
            let mut object = serde_json::to_value(user).unwrap_or_default();
            let standing = serde_json::to_value(standing).unwrap_or_default();
            if let (Value::Object(fields), Value::Object(more)) = (&mut object, standing) {
                fields.extend(more);
            }
            return document(&object);
        }
        let mut rows = vec![
            ("name", user.name.clone()),
            ("display", user.display.clone()),
            ("groups", listed(&user.groups)),
            ("state", user.state.clone()),
            ("made", minute(Some(&user.created))),
            ("last sign-in", minute(user.last_sign_in.as_deref())),
        ];
        if let Some(email) = &user.email {
            rows.push(("e-mail", email.0.expose().clone()));
        }
        rows.push(match &standing.password_set {
            Some(at) => ("password", format!("set {}", minute(Some(at)))),
            None => ("password", "none: nobody can sign in".to_owned()),
        });
        rows.push(("second steps", standing.second_factors.to_string()));
        if let Some(at) = &standing.lost_factor {
            let at = minute(Some(at));
            let help = "`waarborg user lost-factor --stop` stops it";
            rows.push(("lost step", format!("a link goes out {at} ({help})")));
        }
        if let Some(until) = &standing.locked_until {
            let until = minute(Some(until));
            let help = "known devices still sign in; `waarborg user unlock` opens it";
            rows.push(("locked until", format!("{until} ({help})")));
        }
        for (name, value) in rows {
            say(&format!("{name:<13} {}", plain(&value)));
        }
    }

    /// Groups.
    pub(super) fn groups(&self, groups: &[Group]) {
        if self.json {
            return document(&groups);
        }
        let row = |group: &Group| vec![group.name.clone(), group.members.to_string()];
        let none = "no groups; `waarborg group add` makes one";
        table(
            &["GROUP", "MEMBERS"],
            &groups.iter().map(row).collect::<Vec<_>>(),
            none,
        );
    }

    /// Sessions.
    pub(super) fn sessions(&self, sessions: &[Session]) {
        if self.json {
            return document(&sessions);
        }
        let mut sessions: Vec<_> = sessions.iter().collect();
        sessions.sort_by_key(|session| (&session.user, &session.began, &session.id));
        let row = |session: &&Session| {
            vec![
                session.id.clone(),
                session.user.clone(),
                session.site.clone(),
                minute(Some(&session.began)),
                minute(Some(&session.last_seen)),
                session.network.clone(),
                session.agent.clone(),
            ]
        };
        let head = [
            "SESSION",
            "USER",
            "SITE",
            "BEGAN (UTC)",
            "LAST USE (UTC)",
            "NETWORK",
            "BROWSER",
        ];
        table(
            &head,
            &sessions.iter().map(row).collect::<Vec<_>>(),
            "nobody is signed in",
        );
    }

    /// Tokens.
    pub(super) fn tokens(&self, tokens: &[Token]) {
        if self.json {
            return document(&tokens);
        }
        let mut tokens: Vec<_> = tokens.iter().collect();
        tokens.sort_by_key(|token| (&token.user, &token.created, &token.id));
        let row = |token: &&Token| {
            vec![
                token.id.clone(),
                token.user.clone(),
                token.kind.clone(),
                token.name.clone(),
                listed(&token.sites),
                minute(Some(&token.expires)),
                minute(token.last_used.as_deref()),
            ]
        };
        let head = [
            "TOKEN",
            "USER",
            "KIND",
            "NAME",
            "SITES",
            "EXPIRES (UTC)",
            "LAST USE (UTC)",
        ];
        table(
            &head,
            &tokens.iter().map(row).collect::<Vec<_>>(),
            "no tokens; `waarborg token add` makes one",
        );
    }

    /// A new token: its secret alone on standard output.
    pub(super) fn token_made(&self, token: &Token, secret: &Secret<String>) {
        if self.json {
            let mut object = match serde_json::to_value(token) {
                Ok(Value::Object(fields)) => fields,
                _ => Map::new(),
            };
            object.insert("secret".to_owned(), json!(secret.expose()));
            return document(&object);
        }
        say(secret.expose());
        let (expires, sites) = (minute(Some(&token.expires)), listed(&token.sites));
        let how = if token.kind == "basic" {
            format!("HTTP Basic, as the password of `{}`", token.user)
        } else {
            "`Authorization: Bearer …`".to_owned()
        };
        eprintln!(
            "It is shown this once. Send it with {how}, to {sites}, until {expires} UTC.\n\
             To end it: waarborg token remove {}",
            token.id
        );
    }
}

fn document(value: &impl Serialize) {
    // Texts and numbers always become JSON.
    if let Ok(text) = serde_json::to_string_pretty(value) {
        say(&text);
    }
}

/// Writes a line; a reader that has gone, such as `head`, has read enough.
fn say(line: &str) {
    let _ = writeln!(io::stdout(), "{line}");
}

fn listed(texts: &[String]) -> String {
    if texts.is_empty() {
        "-".to_owned()
    } else {
        texts.join(" ")
    }
}

/// A time of RFC 3339 to its minute.
pub(crate) fn minute(at: Option<&str>) -> String {
    let text = at.and_then(|at| at.get(..16));
    text.map_or_else(|| "-".to_owned(), |text| text.replace('T', " "))
}

/// Without control characters, and without those that turn the reading direction.
fn plain(text: &str) -> String {
    let steers = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|letter| if steers(letter) { '\u{fffd}' } else { letter })
        .collect()
}

fn table(head: &[&str], rows: &[Vec<String>], none: &str) {
    if rows.is_empty() {
        eprintln!("{none}");
        return;
    }
    for line in aligned(head, rows) {
        say(&line);
    }
}

fn aligned(head: &[&str], rows: &[Vec<String>]) -> Vec<String> {
    let rows: Vec<Vec<String>> = std::iter::once(head.iter().map(ToString::to_string).collect())
        .chain(
            rows.iter()
                .map(|row| row.iter().map(|it| plain(it)).collect()),
        )
        .collect();
    let mut widths = vec![0; head.len()];
    for row in &rows {
        for (width, value) in widths.iter_mut().zip(row) {
            *width = value.chars().count().max(*width);
        }
    }
    let line = |row: &Vec<String>| {
        let mut line = String::new();
        for (value, width) in row.iter().zip(&widths) {
            line.push_str(value);
            let gap = 2 + width.saturating_sub(value.chars().count());
            line.extend(std::iter::repeat_n(' ', gap));
        }
        line.trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_aligned_and_nothing_in_it_steers_the_terminal() {
        let rows = vec![
            vec!["ada".to_owned(), "Ada \u{1b}[31m".to_owned()],
            vec!["grace.hopper".to_owned(), "Zoë\u{202e}".to_owned()],
        ];
        assert_eq!(
            aligned(&["NAME", "DISPLAY"], &rows),
            [
                "NAME          DISPLAY",
                "ada           Ada \u{fffd}[31m",
                "grace.hopper  Zoë\u{fffd}",
            ]
        );
    }

    #[test]
    fn a_time_is_shown_to_its_minute() {
        assert_eq!(
            minute(Some("2026-11-23T00:01:02.123456Z")),
            "2026-11-23 00:01"
        );
        assert_eq!(minute(None), "-");
        assert_eq!(minute(Some("odd")), "-");
    }
}
