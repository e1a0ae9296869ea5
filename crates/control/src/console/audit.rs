//! The audit trail, with its filters.

use std::collections::BTreeSet;

use axum::response::Response;
use pages::{AuditFilter, AuditLine, AuditView, ChangeLine};
use serde_json::Value;
use store::{Actor, AuditQuery, AuditRow, Store};
use terms::Micros;

use super::{
    rooms::Rooms,
    sessions::names,
    visit::{PAGE, Visit, cut},
};
use crate::accounts::AccountError;

/// What stands before an account's id where it is the actor.
const ACCOUNT: &str = "account:";
const DAY_MICROS: i64 = 86_400_000_000;

pub(super) fn rooms(rooms: Rooms) -> Rooms {
    rooms.get("/audit", list)
}

async fn list(visit: Visit) -> Response {
    visit.answer(listed(&visit).await)
}

async fn listed(visit: &Visit) -> Result<Response, AccountError> {
    let store = visit.store()?;
    let trimmed = |name: &str| visit.asked(name).trim().to_owned();
    let filter = AuditFilter {
        actor: trimmed("actor"),
        action: trimmed("action"),
        target: trimmed("target"),
        from: trimmed("from"),
        until: trimmed("until"),
    };
    let mut rows = match query(&store, &filter, &visit.asked("after")).await? {
        Some(query) => store.audit_rows(&query).await?,
        // Nothing is like what was asked for.
        None => Vec::new(),
    };
    let more = cut(&mut rows);
    let last = rows.last().filter(|_| more).map(|row| row.seq.to_string());
    let asked = [
        ("actor", &*filter.actor),
        ("action", &*filter.action),
        ("target", &*filter.target),
        ("from", &*filter.from),
        ("until", &*filter.until),
    ];
    let view = AuditView {
        console: visit.console(),
        pager: visit.pager("audit", &asked, last.as_deref()),
        lines: lines(&store, &rows).await?,
        filter,
    };
    Ok(visit.page(visit.pages().audit(&view, visit.language)))
}

/// What was asked for; `None` where nothing can be like it.
async fn query(
    store: &Store,
    filter: &AuditFilter,
    after: &str,
) -> Result<Option<AuditQuery>, AccountError> {
    let actor = match filter.actor.as_str() {
        "" => None,
        typed => match Actor::read(typed) {
            Some(actor) => Some(actor),
            None => match store.account_named(typed).await? {
                Some(account) => Some(Actor::account(&account.id)),
                None => return Ok(None),
            },
        },
    };
    let subject = match filter.target.as_str() {
        "" => None,
        typed => {
            let account = store.account_named(typed).await?;
            let id = account.map_or_else(|| typed.to_owned(), |account| account.id);
            Some([typed.to_owned(), id])
        }
    };
    let moment = |text: &str, more: i64| match text {
        "" => Some(None),
        text => day(text).map(|at| Some(Micros(at.0.saturating_add(more)))),
    };
    let (Some(since), Some(until)) = (moment(&filter.from, 0), moment(&filter.until, DAY_MICROS))
    else {
        return Ok(None);
    };
    Ok(Some(AuditQuery {
        actor,
        action: filter.action.to_ascii_lowercase(),
        subject,
        since,
        until,
        before_seq: after.parse().ok(),
        limit: PAGE as u64 + 1,
    }))
}

/// The first moment of `2026-11-23`, in UTC.
fn day(text: &str) -> Option<Micros> {
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    // Days since 1970-01-01, with years counted from March: the leap day comes last.
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let leaps = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    let days = 365 * year + leaps + (153 * month + 2) / 5 + day - 1 - 719_468;
    let at = Micros(days * DAY_MICROS);
    // Read back, so that 31 February is none.
    at.to_string().starts_with(text).then_some(at)
}

/// Rows as people read them: login names in place of ids.
async fn lines(store: &Store, rows: &[AuditRow]) -> Result<Vec<AuditLine>, AccountError> {
    let actors = rows
        .iter()
        .filter_map(|row| row.actor.strip_prefix(ACCOUNT));
    let subjects = rows
        .iter()
        .filter(|row| is_of_account(&row.action))
        .map(|row| &*row.subject);
    let names = names(store, actors.chain(subjects)).await?;
    let name = |id: &str| names.get(id).cloned().unwrap_or_else(|| id.to_owned());
    let line = |row: &AuditRow| AuditLine {
        at: row.at,
        actor: row
            .actor
            .strip_prefix(ACCOUNT)
            .map_or_else(|| row.actor.clone(), name),
        action: row.action.clone(),
        target: if is_of_account(&row.action) {
            name(&row.subject)
        } else {
            row.subject.clone()
        },
        changes: changes(row.before.as_ref(), row.after.as_ref()),
    };
    Ok(rows.iter().map(line).collect())
}

/// Whether what is done so is done to an account, whose id is the subject then.
fn is_of_account(action: &str) -> bool {
    ["account.", "approval.", "password.", "session.", "token."]
        .iter()
        .any(|of| action.starts_with(of))
}

/// The fields that differ.
fn changes(before: Option<&Value>, after: Option<&Value>) -> Vec<ChangeLine> {
    let fields = |state: Option<&Value>| -> Vec<(String, String)> {
        match state {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Object(fields)) => fields
                .iter()
                .filter_map(|(name, value)| Some((name.clone(), said(value)?)))
                .collect(),
            Some(other) => said(other)
                .map(|said| ("value".to_owned(), said))
                .into_iter()
                .collect(),
        }
    };
    let (before, after) = (fields(before), fields(after));
    let all: BTreeSet<_> = before.iter().chain(&after).map(|(name, _)| name).collect();
    let of = |fields: &[(String, String)], sought: &str| {
        let found = fields.iter().find(|(name, _)| name == sought);
        found.map(|(_, value)| value.clone())
    };
    let line = |field: &String| ChangeLine {
        field: field.clone(),
        before: of(&before, field),
        after: of(&after, field),
    };
    all.into_iter()
        .map(line)
        .filter(|line| line.before != line.after)
        .collect()
}

/// A value as people read it; `None` for one that isn't there.
fn said(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(values) => {
            let all: Vec<_> = values.iter().filter_map(said).collect();
            Some(all.join(", "))
        }
        other => Some(other.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_day_begins_at_its_midnight_and_no_other_text_is_one() {
        for date in [
            "1970-01-01",
            "2000-02-29",
            "2026-11-23",
            "9999-12-31",
            "0001-01-01",
        ] {
            let at = day(date).unwrap();
            assert_eq!(at.to_string(), format!("{date}T00:00:00.000000Z"));
        }
        for none in [
            "",
            "2026",
            "2026-02-30",
            "2023-02-29",
            "2026-13-01",
            "2026-1-1",
            "0000-01-01",
            "2026-11-23x",
            "-2026-11-23",
            "99999-01-01",
            "2026-11-23-01",
        ] {
            assert_eq!(day(none), None, "{none}");
        }
    }

    #[test]
    fn only_what_differs_is_a_change() {
        let line = |field: &str, before: Option<&str>, after: Option<&str>| ChangeLine {
            field: field.to_owned(),
            before: before.map(str::to_owned),
            after: after.map(str::to_owned),
        };
        let before = json!({"name": "ada", "groups": ["a", "b"], "email": null});
        let after = json!({"name": "ada", "groups": ["b"], "email": "…", "count": 3});
        assert_eq!(
            changes(Some(&before), Some(&after)),
            [
                line("count", None, Some("3")),
                line("email", None, Some("…")),
                line("groups", Some("a, b"), Some("b")),
            ]
        );
        assert_eq!(changes(None, Some(&json!(null))), []);
        assert_eq!(
            changes(None, Some(&json!("x"))),
            [line("value", None, Some("x"))]
        );
    }
}
