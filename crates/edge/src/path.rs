//! Which route a path falls under, when several spellings lead to the same page.
//!
//! Applications read `/a/../b`, `//b`, `/%62` and `/b;x` each in their own way. A rule that
//! one spelling escapes is none, so a path is also looked at as a lenient reader would take
//! it; where that leads to another rule of access, pace, origin or reflected markup the
//! request is refused, rather than one of the two believed.

use seam::snapshot::{Route, Site};

/// Longest path that is looked at twice; a longer one of that kind is refused.
const PATH_MAX: usize = 4096;

/// The route of a request; `None` where its path can be read in two ways that matter.
pub(crate) fn route<'a>(site: &'a Site, path: &str, method: &str) -> Option<&'a Route> {
    let route = site.route(path, method);
    let rule = |route: &'a Route| {
        let access = (&route.access, route.tokens, route.step_up, route.admin);
        let origin = (route.cross_site.is_some(), route.important);
        (access, route.throttle, origin, route.xss)
    };
    let alike = |other: &'a Route| rule(other) == rule(route);
    // One rule for everything: no spelling leads around it.
    if site.routes.iter().all(alike) || !may_mean_more(path) {
        return Some(route);
    }
    let mut space = [0; PATH_MAX];
    for dots in [Dots::Kept, Dots::Resolved] {
        if !alike(site.route(plain(path, dots, &mut space)?, method)) {
            return None;
        }
    }
    Some(route)
}

/// Whether another reader may see another path: most paths are of none of these.
fn may_mean_more(path: &str) -> bool {
    let bytes = path.as_bytes();
    bytes
        .iter()
        .any(|byte| matches!(byte, b'%' | b'\\' | b';' | b'A'..=b'Z'))
        || bytes
            .array_windows()
            .any(|pair| matches!(pair, b"//" | b"/."))
}

/// What a reader does with the segments `.` and `..`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Dots {
    Kept,
    Resolved,
}

/// The path as a lenient reader takes it: decoded twice, in lower case, without
/// parameters and empty segments.
fn plain<'s>(path: &str, dots: Dots, space: &'s mut [u8; PATH_MAX]) -> Option<&'s str> {
    let mut bytes: Vec<u8> = path.bytes().collect();
    for _ in 0..2 {
        bytes = decoded(&bytes);
    }
    for byte in &mut bytes {
        *byte = if *byte == b'\\' {
            b'/'
        } else {
            byte.to_ascii_lowercase()
        };
    }
    let mut length = 0;
    let mut put = |at: usize, segment: &[u8]| {
        let end = at + 1 + segment.len();
        let place = space.get_mut(at..end)?;
        let (first, rest) = place.split_first_mut()?;
        *first = b'/';
        rest.copy_from_slice(segment);
        Some(end)
    };
    let mut starts = Vec::new();
    for segment in bytes.split(|byte| *byte == b'/') {
        match segment
            .split(|byte| *byte == b';')
            .next()
            .unwrap_or_default()
        {
            b"" => {}
            b"." if dots == Dots::Resolved => {}
            b".." if dots == Dots::Resolved => length = starts.pop().unwrap_or(0),
            segment => {
                starts.push(length);
                length = put(length, segment)?;
            }
        }
    }
    std::str::from_utf8(space.get(..length)?).ok()
}

/// Percent-encoding undone once; what is none stays as it is.
fn decoded(bytes: &[u8]) -> Vec<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let pair = (digit(bytes.get(at + 1)), digit(bytes.get(at + 2)));
        match (byte, pair) {
            (b'%', (Some(high), Some(low))) => {
                out.push(u8::try_from(high * 16 + low).unwrap_or_default());
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use seam::snapshot::{Access, Balance, Compression, Tokens};

    use super::*;

    fn site(paths: &[&str]) -> Site {
        let route = |path: &&str| Route {
            path: (*path).into(),
            methods: Box::default(),
            access: if path.is_empty() {
                Access::Public
            } else {
                Access::Login
            },
            tokens: Tokens::None,
            step_up: None,
            admin: false,
            anonymous: false,
            body_max: 1,
            throttle: None,
            cross_site: None,
            important: false,
            xss: guards::xss::Mode::Off,
        };
        Site {
            index: 0,
            name: "a".into(),
            upstreams: Box::default(),
            balance: Balance::First,
            health: None,
            compression: Compression::Off,
            assertion: false,
            routes: paths.iter().map(route).collect(),
            important: false,
            hsts: guards::hsts::Policy::default(),
            csp: guards::csp::Sent::default(),
        }
    }

    #[test]
    fn no_spelling_leads_around_a_rule_and_the_plain_ones_pass() {
        let site = site(&["/admin", ""]);
        let check = |path: &str, expected: Option<&str>| {
            let found = route(&site, path, "GET").map(|route| &*route.path);
            assert_eq!(found, expected, "{path}");
        };
        check("/admin/x", Some("/admin"));
        check("/public/a%20b", Some(""));
        check("/Public//x/./y", Some(""));
        check("/admin/%41;v=1/", Some("/admin"));
        for around in [
            "/%61dmin",
            "/%2561dmin",
            "//admin",
            "/./admin",
            "/x/../admin",
            "/x/%2e%2e/admin",
            "/Admin",
            "/x\\..\\admin",
            "/x/..%2fadmin",
            "/admin;x=1",
            "/;/admin",
            "/%2fadmin",
            "/admin/../public",
            "/admin/..;/public",
            "/admin%2f..%2fpublic",
        ] {
            check(around, None);
        }
    }

    #[test]
    fn routes_of_one_rule_are_not_confused() {
        let mut site = site(&["/big", ""]);
        for route in &mut site.routes {
            route.access = Access::Login;
        }
        assert!(route(&site, "/Big", "GET").is_some());
    }

    #[test]
    fn a_site_of_one_route_has_none_to_confuse() {
        let site = site(&[""]);
        assert!(route(&site, "/%61/../b", "GET").is_some());
    }
}
