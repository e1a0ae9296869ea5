//! The audit trail's room.

use std::time::Duration;

use super::ground::{Ground, form};

/// The actions of one page, in its order.
fn actions(body: &str) -> Vec<String> {
    let row = |row: &str| {
        let mut cells = row.split("<td>").skip(2);
        let (_, rest) = cells.next()?.split_once("translate=\"no\">")?;
        Some(rest.split('<').next()?.to_owned())
    };
    let rows = body.split("<th scope=\"row\"><time").skip(1);
    rows.filter_map(row).collect()
}

#[tokio::test]
async fn the_trail_is_found_by_who_what_to_whom_and_when_and_names_people() {
    let ground = Ground::start().await;
    ground.place.clock.advance(Duration::from_secs(43_200));
    ground.group("staff").await;
    let ada = ground.account("ada", &[]).await;
    ground.place.clock.advance(Duration::from_secs(86_400));
    let bob = ground.account("bob", &[]).await;
    ground.sign_in(&ada).await;
    let browser = ground.browser().await;
    let fields = [
        ("name", "Bob"),
        ("email", "bob@example.com"),
        ("group", "staff"),
        ("state", "active"),
    ];
    browser
        .change(&format!("/-/admin/users/{bob}"), &fields)
        .await;

    let page = browser.get("/-/admin/audit").await;
    assert_eq!(
        actions(&page.body),
        [
            "account.change",
            "console.enter",
            "session.begin",
            "account.add",
            "account.add",
            "group.add"
        ]
    );
    // People by their names, and what a change made of which field.
    assert!(
        !page.body.contains(&ada) && !page.body.contains(&bob),
        "{}",
        page.body
    );
    let (_, change) = page.body.split_once("account.change").unwrap();
    assert!(
        change.contains(">groups</th>") && change.contains(">BOB</td>"),
        "{change}"
    );
    assert!(!page.body.contains("example.com"), "no address");

    let find = async |filter: &[(&str, &str)]| {
        let page = browser
            .get(&format!("/-/admin/audit?{}", form(filter)))
            .await;
        assert_eq!(page.status, 200, "{filter:?}");
        for (_, value) in filter {
            assert!(
                page.body.contains(&format!("value=\"{value}\"")),
                "{value} is kept"
            );
        }
        actions(&page.body)
    };
    for (filter, expected) in [
        (&[("actor", "ada")][..], &["session.begin"][..]),
        (
            &[("actor", "command:1000")],
            &["account.change", "console.enter"],
        ),
        (&[("actor", "nobody")], &[]),
        (
            &[("action", "Account.")],
            &["account.change", "account.add", "account.add"],
        ),
        (&[("target", "bob")], &["account.change", "account.add"]),
        (
            &[("target", "BOB@example.com")],
            &["account.change", "account.add"],
        ),
        (&[("target", &*bob)], &["account.change", "account.add"]),
        (&[("target", "staff")], &["group.add"]),
        (
            &[("from", "2026-11-24")],
            &[
                "account.change",
                "console.enter",
                "session.begin",
                "account.add",
            ],
        ),
        (&[("until", "2026-11-23")], &["account.add", "group.add"]),
        (
            &[
                ("from", "2026-11-23"),
                ("until", "2026-11-23"),
                ("action", "group"),
            ],
            &["group.add"],
        ),
        (&[("from", "2026-02-31")], &[]),
        (
            &[("actor", "command:1000"), ("target", "bob")],
            &["account.change"],
        ),
    ] {
        assert_eq!(find(filter).await, expected, "{filter:?}");
    }
}

#[tokio::test]
async fn the_trail_comes_in_pages_that_keep_the_filter() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    for number in 0..60 {
        ground.group(&format!("g{number}")).await;
        ground.account(&format!("u{number}"), &[]).await;
    }
    let first = browser
        .get("/-/admin/audit?action=group.&actor=system%3Atest")
        .await;
    let next = browser.get(&first.next().unwrap()).await;
    let (first, last) = (actions(&first.body), (actions(&next.body), next.next()));
    assert_eq!(first, vec!["group.add"; 50]);
    assert_eq!(last, (vec!["group.add".to_owned(); 10], None));
}
