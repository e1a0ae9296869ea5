//! Who is there: the identity headers that the gateway sets, and `/whoami`, which
//! shows what arrived.

use std::{collections::BTreeMap, convert::Infallible};

use axum::{
    Json,
    extract::FromRequestParts,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Method, header, request::Parts};
use serde_json::json;

/// Most characters of a name that are shown.
const MAX_NAME_CHARS: usize = 80;

/// Who sent the request, as the gateway says. The application believes it, because
/// only the gateway reaches it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Visitor {
    /// `Remote-User`; `None` for somebody who isn't signed in.
    user: Option<String>,
    /// `Remote-Name`.
    name: Option<String>,
    /// `Remote-Groups`, split at commas.
    groups: Vec<String>,
}

impl Visitor {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let value = |name: &str| headers.get(name).map(text).filter(|text| !text.is_empty());
        Self {
            user: value("remote-user"),
            name: value("remote-name"),
            groups: value("remote-groups")
                .map(|groups| {
                    groups
                        .split(',')
                        .map(str::trim)
                        .filter(|group| !group.is_empty())
                        .map(str::to_owned)
                        .collect()
                })
                .unwrap_or_default(),
        }
    }

    /// Whether somebody is signed in.
    pub(super) fn signed_in(&self) -> bool {
        self.user.is_some()
    }

    /// The name to show: the person's, else the user's, else `visitor`. A name without
    /// a user is nobody's.
    pub(super) fn shown(&self) -> String {
        let name = match (&self.user, &self.name) {
            (Some(_), Some(name)) => name,
            (Some(user), None) => user,
            (None, _) => return "visitor".to_owned(),
        };
        name.chars()
            .filter(|c| !c.is_control())
            .take(MAX_NAME_CHARS)
            .collect()
    }

    pub(super) fn groups(&self) -> &[String] {
        &self.groups
    }
}

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.headers))
    }
}

fn text(value: &HeaderValue) -> String {
    // Names come in UTF-8, which `to_str` wouldn't take.
    String::from_utf8_lossy(value.as_bytes()).trim().to_owned()
}

/// Headers whose values `/whoami` repeats. Others may hold secrets: of those it gives
/// the names only.
fn is_shown(name: &str) -> bool {
    ["remote-", "remote_", "x-forwarded-", "x-real-"]
        .iter()
        .any(|prefix| name.starts_with(prefix))
        || [
            "forwarded",
            "host",
            "via",
            "x-request-id",
            "traceparent",
            "tracestate",
        ]
        .contains(&name)
}

/// What arrived: the identity as the application reads it, the forwarded headers with
/// all their values, the names of all headers and cookies.
pub(super) async fn whoami(visitor: Visitor, method: Method, headers: HeaderMap) -> Response {
    let mut shown: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (name, value) in &headers {
        if is_shown(name.as_str()) {
            shown.entry(name.as_str()).or_default().push(text(value));
        }
    }
    let mut names: Vec<&str> = headers.keys().map(header::HeaderName::as_str).collect();
    names.sort_unstable();
    let cookies: Vec<String> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| {
            let line = text(line);
            line.split(';')
                .filter_map(|pair| pair.split('=').next())
                .map(|name| name.trim().to_owned())
                .collect::<Vec<_>>()
        })
        .collect();
    let body = json!({
        "signed_in": visitor.signed_in(),
        "user": visitor.user,
        "name": visitor.name,
        "groups": visitor.groups,
        "method": method.as_str(),
        "headers": shown,
        "header_names": names,
        "cookie_names": cookies,
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(headers: &[(&'static str, &'static [u8])]) -> Visitor {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::from_bytes(value).unwrap());
        }
        Visitor::of(&map)
    }

    #[test]
    fn a_name_is_shown_only_with_a_user() {
        let check = |headers: &[_], shown: &str| assert_eq!(visitor(headers).shown(), shown);
        check(&[], "visitor");
        check(&[("remote-user", b"")], "visitor");
        check(&[("remote-name", b"Emma")], "visitor");
        check(&[("remote-user", b"emma")], "emma");
        check(
            &[
                ("remote-user", b"esra"),
                ("remote-name", "Esra Y\u{131}lmaz".as_bytes()),
            ],
            "Esra Y\u{131}lmaz",
        );
    }

    #[test]
    fn groups_are_split_at_commas() {
        let groups = |value| visitor(&[("remote-groups", value)]).groups;
        assert_eq!(groups(b"admins, staff,,"), ["admins", "staff"]);
        assert!(groups(b" ").is_empty());
    }
}
