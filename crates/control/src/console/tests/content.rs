//! What pages may load: reports as they come, the proposal, and who forgets them.

use serde_json::json;

use super::ground::Ground;
use crate::csp::Kind;

fn reported(ground: &Ground, directive: &str, blocked: &str) {
    let body = json!({"csp-report": {"effective-directive": directive, "blocked-uri": blocked}});
    let now = ground.state.clock.now();
    let taken = ground.state.tallies.csp.take(
        "app.example.com",
        Kind::Legacy,
        body.to_string().as_bytes(),
        now,
    );
    assert_eq!(taken, Some(()));
}

#[tokio::test]
async fn what_browsers_report_is_shown_with_lines_that_a_person_may_take_over() {
    let ground = Ground::start_with(
        "[csp]\nmode = \"report-only\"\n[site.\"dav.example.com\".csp]\nmode = \"off\"\n",
    )
    .await;
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/content").await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("Nothing was reported"), "{}", page.body);
    assert!(page.body.contains("/-/admin/content?site=dav.example.com"));
    for (directive, blocked) in [
        ("img-src", "https://images.example/a"),
        ("img-src", "https://images.example/b?secret=1"),
        ("script-src-elem", "inline"),
        ("script-src-elem", "https://unpkg.com/x.js"),
    ] {
        reported(&ground, directive, blocked);
    }
    let page = browser.get("/-/admin/content?site=app.example.com").await;
    let body = page
        .body
        .replace("&#39;", "'")
        .replace("&#34;", "\"")
        .replace("&quot;", "\"");
    assert!(
        body.contains("img_src = [\"'self'\", \"https://images.example\"]"),
        "{body}"
    );
    assert!(!body.contains("secret=1"), "{body}");
    // Of the inline script nothing is proposed, and the host is warned of.
    assert!(body.contains("look at the page"), "{body}");
    assert!(body.contains("serves what runs any script"), "{body}");
    assert!(!body.contains("unsafe-inline"), "{body}");
    // What isn't sent isn't reported on.
    let page = browser.get("/-/admin/content?site=dav.example.com").await;
    assert!(page.body.contains("nobody reports on it"), "{}", page.body);
    let page = browser.get("/-/admin/content?site=nobody.example").await;
    assert!(
        page.body.contains("There is no application"),
        "{}",
        page.body
    );

    let site = ("site", "app.example.com");
    let to = browser.change("/-/admin/content/forget", &[site]).await;
    assert_eq!(to, "/-/admin/content?done=removed");
    let page = browser.get("/-/admin/content?site=app.example.com").await;
    assert!(page.body.contains("Nothing was reported"), "{}", page.body);
    let trail = format!("{:?}", ground.trail().await);
    assert!(trail.contains("csp.forget"), "{trail}");
    let unknown = ("site", "nobody.example");
    let to = browser.change("/-/admin/content/forget", &[unknown]).await;
    assert_eq!(to, "/-/admin/content?done=unchanged");
}
