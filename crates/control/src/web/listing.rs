//! Rows of the store as the account's pages and the console show them.

use pages::{DeviceView, FactorView, SessionView, TokenView};
use store::{Factor, StoredSession, StoredToken, TokenKind};

/// Sessions of the portal, each with the sites beneath it; the newest first. `here` is
/// the reader's own, `name` tells an account's login name.
pub(crate) fn session_views(
    rows: &[StoredSession],
    here: Option<&str>,
    name: impl Fn(&str) -> String,
) -> Vec<SessionView> {
    let mut roots: Vec<_> = rows.iter().filter(|row| row.parent.is_none()).collect();
    roots.sort_by_key(|row| std::cmp::Reverse(row.created_at));
    let view = |root: &&StoredSession| {
        let below = rows
            .iter()
            .filter(|row| row.parent.as_deref() == Some(&*root.sid));
        let last = below.clone().map(|row| row.last_seen).max();
        let mut sites: Vec<_> = below.map(|row| row.site.clone()).collect();
        sites.sort_unstable();
        sites.dedup();
        SessionView {
            id: root.sid.clone(),
            user: name(&root.account),
            device: device(&root.agent),
            place: root.network.clone(),
            begun: root.created_at,
            last_use: last.map_or(root.last_seen, |last| last.max(root.last_seen)),
            is_this: here == Some(&*root.sid),
            sites,
        }
    };
    roots.iter().map(view).collect()
}

/// A second factor without its secret.
pub(crate) fn factor_view(row: &Factor) -> FactorView {
    FactorView {
        id: row.id.clone(),
        name: row.label.clone(),
        created: row.created_at,
        last_use: row.last_used,
    }
}

/// A token without its secret.
pub(crate) fn token_view(row: &StoredToken, owner: &str) -> TokenView {
    TokenView {
        id: row.id.clone(),
        kind: match row.kind {
            TokenKind::Bearer => pages::TokenKind::Bearer,
            TokenKind::Basic => pages::TokenKind::App,
        },
        name: row.label.clone(),
        owner: owner.to_owned(),
        sites: row.sites.clone(),
        created: row.created_at,
        last_use: row.last_used,
        expires: Some(row.expires_at),
    }
}

/// What a `User-Agent` says of browser and system, roughly: enough to know one's own
/// devices apart. Order matters, since each claims to be the ones behind it too.
fn device(agent: &str) -> DeviceView {
    const BROWSERS: [(&str, &str); 8] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("Chromium/", "Chromium"),
        ("Chrome/", "Chrome"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    const SYSTEMS: [(&str, &str); 7] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("CrOS", "ChromeOS"),
        ("Windows", "Windows"),
        ("Mac OS X", "macOS"),
        ("Linux", "Linux"),
    ];
    let find = |list: &[(&str, &str)]| {
        let found = list.iter().find(|(sign, _)| agent.contains(sign));
        found.map(|(_, name)| (*name).to_owned())
    };
    DeviceView {
        browser: find(&BROWSERS),
        system: find(&SYSTEMS),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_device_is_named_by_what_its_browser_says() {
        let check = |agent: &str, browser: Option<&str>, system: Option<&str>| {
            let seen = device(agent);
            assert_eq!(
                (seen.browser.as_deref(), seen.system.as_deref()),
                (browser, system),
                "{agent}"
            );
        };
        check(
            "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
            Some("Firefox"),
            Some("Linux"),
        );
        check(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36 Edg/140.0",
            Some("Edge"),
            Some("Windows"),
        );
        check(
            "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 (KHTML) Version/18.0 Mobile/15E148 Safari/604.1",
            Some("Safari"),
            Some("iOS"),
        );
        check("curl/8.9", Some("curl"), None);
        check("", None, None);
    }
}
