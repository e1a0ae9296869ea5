//! Two-person approval: who may approve what, and that it is exactly what was asked.

use std::time::Duration;

use store::{Actor, AuditQuery, AuditRow};

use super::{
    administrators::{FULL, Person, person},
    ground::Ground,
};

const ADMIN: &str = "[admin]\ngroups = [\"admins\"]\napproval = [\"remove-user\", \"administrators\", \"credentials\"]\n";

/// Two administrators, and somebody to be removed: their ids.
async fn ground() -> (Ground, [String; 3]) {
    let ground = Ground::start_with(ADMIN).await;
    for group in ["admins", "staff"] {
        ground.group(group).await;
    }
    let ids = [
        ground.account("ada", &["admins"]).await,
        ground.account("bo", &["admins"]).await,
        ground.account("eve", &["staff"]).await,
    ];
    (ground, ids)
}

async fn fresh<'a>(ground: &'a Ground, id: &str) -> Person<'a> {
    person(ground, id, FULL, Duration::ZERO).await
}

/// The id of the one change that waits.
async fn waiting(ground: &Ground) -> String {
    let mut pending = ground.store().pending_changes().await.unwrap();
    assert_eq!(pending.len(), 1);
    pending.remove(0).id
}

async fn is_there(ground: &Ground, id: &str) -> bool {
    ground.store().account(id).await.unwrap().is_some()
}

/// What stands in the trail of approvals, oldest first.
async fn trail(ground: &Ground) -> Vec<AuditRow> {
    let query = AuditQuery {
        action: "approval.".to_owned(),
        limit: 100,
        ..AuditQuery::default()
    };
    let mut rows = ground.store().audit_rows(&query).await.unwrap();
    rows.reverse();
    rows
}

#[tokio::test]
async fn a_removal_waits_for_another_administrator_and_both_stand_in_the_trail() {
    let (ground, [ada, bo, eve]) = ground().await;
    let asker = fresh(&ground, &ada).await;
    let remove = format!("/-/admin/users/{eve}/remove");
    let asked = asker.post(&remove, &[]).await;
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, "/-/admin/approvals?done=asked")
    );
    assert!(is_there(&ground, &eve).await);
    assert_eq!(asker.post(&remove, &[]).await.status, 422, "once at a time");
    let id = waiting(&ground).await;
    let approve = format!("/-/admin/approvals/{id}/approve");

    // Their own they don't approve, nor by a second session.
    let page = asker.get("/-/admin/approvals").await;
    assert!(page.body.contains("Remove eve"), "{}", page.body);
    assert!(!page.body.contains("/approve\""), "{}", page.body);
    for own in [&asker, &fresh(&ground, &ada).await] {
        let refused = own.post(&approve, &[]).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert!(refused.body.contains("role=\"alert\""));
    }
    // Nor does the machine's door, where nobody is somebody.
    let browser = ground.browser().await;
    assert_eq!(browser.post(&approve, &[]).await.status, 422);
    // And whoever has given no code lately is asked for one first.
    let stale = person(&ground, &bo, FULL, Duration::from_secs(600)).await;
    let asked = stale.post(&approve, &[]).await;
    assert!(asked.body.contains("account/confirm"), "{}", asked.body);
    assert!(is_there(&ground, &eve).await);

    let other = fresh(&ground, &bo).await;
    let done = other.post(&approve, &[]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, "/-/admin/approvals?done=approved")
    );
    assert!(!is_there(&ground, &eve).await);
    assert_eq!(other.post(&approve, &[]).await.status, 404, "once");
    let rows = trail(&ground).await;
    let said: Vec<_> = rows.iter().map(|row| (&*row.action, &*row.actor)).collect();
    let (ada, bo) = (Actor::account(&ada), Actor::account(&bo));
    assert_eq!(
        said,
        [
            ("approval.ask", ada.as_str()),
            ("approval.approve", bo.as_str())
        ]
    );
    let after = rows[1].after.as_ref().unwrap();
    assert_eq!(
        [&after["user"], &after["asked_by"], &after["by"]],
        ["eve", "ada", "bo"]
    );
}

#[tokio::test]
async fn what_was_changed_meanwhile_is_not_done() {
    let (ground, [ada, bo, eve]) = ground().await;
    let asker = fresh(&ground, &ada).await;
    asker
        .post(&format!("/-/admin/users/{eve}/remove"), &[])
        .await;
    let approve = format!("/-/admin/approvals/{}/approve", waiting(&ground).await);
    let fields = [
        ("name", "Eve"),
        ("email", "eve@example.com"),
        ("state", "active"),
    ];
    let changed = asker.post(&format!("/-/admin/users/{eve}"), &fields).await;
    assert_eq!(changed.status, 303, "{}", changed.body);
    let other = fresh(&ground, &bo).await;
    let lapsed = other.post(&approve, &[]).await;
    assert_eq!(lapsed.status, 422);
    assert!(lapsed.body.contains("Nothing was done"), "{}", lapsed.body);
    assert!(is_there(&ground, &eve).await);
    assert_eq!(other.post(&approve, &[]).await.status, 404);
    let rows = trail(&ground).await;
    assert_eq!(rows.last().unwrap().action, "approval.lapse");
}

#[tokio::test]
async fn what_somebody_asked_who_is_no_administrator_any_more_is_not_done() {
    let (ground, [ada, bo, eve]) = ground().await;
    let asker = fresh(&ground, &ada).await;
    asker
        .post(&format!("/-/admin/users/{eve}/remove"), &[])
        .await;
    let approve = format!("/-/admin/approvals/{}/approve", waiting(&ground).await);
    let other = fresh(&ground, &bo).await;
    let fields = [
        ("name", "ADA"),
        ("email", "ada@example.com"),
        ("state", "active"),
    ];
    let out = other.post(&format!("/-/admin/users/{ada}"), &fields).await;
    assert_eq!(out.status, 303, "{}", out.body);
    assert_eq!(other.post(&approve, &[]).await.status, 422);
    assert!(is_there(&ground, &eve).await);
}

#[tokio::test]
async fn what_waits_is_withdrawn_refused_or_forgotten() {
    let (ground, [ada, bo, eve]) = ground().await;
    let (asker, other) = (fresh(&ground, &ada).await, fresh(&ground, &bo).await);
    let remove = format!("/-/admin/users/{eve}/remove");
    for (who, action) in [(&asker, "approval.withdraw"), (&other, "approval.refuse")] {
        asker.post(&remove, &[]).await;
        let id = waiting(&ground).await;
        let withdraw = format!("/-/admin/approvals/{id}/withdraw");
        assert_eq!(who.post(&withdraw, &[]).await.status, 303);
        assert_eq!(trail(&ground).await.last().unwrap().action, action);
        let approve = format!("/-/admin/approvals/{id}/approve");
        assert_eq!(other.post(&approve, &[]).await.status, 404);
    }
    asker.post(&remove, &[]).await;
    let approve = format!("/-/admin/approvals/{}/approve", waiting(&ground).await);
    ground.place.clock.advance(Duration::from_secs(86_400));
    let later = fresh(&ground, &bo).await;
    assert_eq!(later.post(&approve, &[]).await.status, 404);
    assert!(is_there(&ground, &eve).await);
}

#[tokio::test]
async fn nobody_makes_an_administrator_alone() {
    let (ground, [ada, bo, eve]) = ground().await;
    let asker = fresh(&ground, &ada).await;
    let new = [("login", "mallory"), ("name", "M"), ("group", "admins")];
    let refused = asker.post("/-/admin/users/add", &new).await;
    assert_eq!(refused.status, 422, "{}", refused.body);
    // A whole group would become administrators at one stroke.
    let renamed = asker
        .post("/-/admin/groups/staff", &[("name", "admins")])
        .await;
    assert_eq!(renamed.status, 422);
    let fields = [
        ("name", "Eve"),
        ("email", "eve@example.com"),
        ("state", "active"),
        ("group", "admins"),
    ];
    let asked = asker.post(&format!("/-/admin/users/{eve}"), &fields).await;
    assert_eq!(asked.header("location"), "/-/admin/approvals?done=asked");
    let groups = async || {
        let account = ground.store().account(&eve).await.unwrap().unwrap();
        account
            .groups
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(groups().await, ["staff"]);
    let other = fresh(&ground, &bo).await;
    let page = other.get("/-/admin/approvals").await;
    for words in ["Make eve an administrator", ">staff<", ">admins<"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    let approve = format!("/-/admin/approvals/{}/approve", waiting(&ground).await);
    assert_eq!(other.post(&approve, &[]).await.status, 303);
    assert_eq!(groups().await, ["admins"]);
    // What makes nobody an administrator needs nobody.
    let at = format!("/-/admin/users/{eve}");
    let less = asker.post(&at, &fields[..3]).await;
    assert_eq!(
        less.header("location"),
        format!("/-/admin/users/{eve}?done=saved")
    );
}

#[tokio::test]
async fn whoever_works_on_the_machine_needs_nobody() {
    let (ground, [_, _, eve]) = ground().await;
    let browser = ground.browser().await;
    let to = browser
        .change(&format!("/-/admin/users/{eve}/remove"), &[])
        .await;
    assert_eq!(to, "/-/admin/users?done=removed");
    assert!(!is_there(&ground, &eve).await);
    let rows = ground.trail().await;
    assert_eq!(rows.last().unwrap().action, "account.remove");
}

#[tokio::test]
async fn nobody_takes_over_an_account_alone_and_the_others_hear_of_it() {
    let (ground, [ada, bo, eve]) = ground().await;
    let (asker, other) = (fresh(&ground, &ada).await, fresh(&ground, &bo).await);
    let hash = async || {
        let stored = ground.store().password_hash(&eve).await.unwrap();
        stored.map(|(hash, _)| hash.expose().clone())
    };
    let password = [("password", "hemel-azuur-ribbel-42")];
    let at = format!("/-/admin/users/{eve}/password");
    let asked = asker.post(&at, &password).await;
    assert_eq!(
        asked.header("location"),
        "/-/admin/approvals?done=asked",
        "{}",
        asked.body
    );
    assert_eq!(hash().await, None);
    assert_eq!(asker.post(&at, &password).await.status, 422, "it waits");
    // The other administrator hears of it, and nobody else.
    let minute = Duration::from_secs(60);
    let mails = ground.store().claim(50, minute).await.unwrap();
    let to: Vec<_> = mails.iter().map(|mail| mail.to.expose().clone()).collect();
    assert_eq!(to, ["bo@example.com"]);
    let text = mails[0].text.expose();
    for words in [
        "“Give eve another password”",
        "ada asks",
        "/-/admin/approvals",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    let page = other.get("/-/admin/approvals").await.body;
    assert!(page.contains("Give eve another password"), "{page}");
    assert!(!page.contains("$2b$"), "{page}");
    let approve = format!("/-/admin/approvals/{}/approve", waiting(&ground).await);
    assert_eq!(other.post(&approve, &[]).await.status, 303);
    assert!(hash().await.is_some_and(|hash| hash.starts_with("$2b$")));

    // By another address a link for a new password would go there.
    let fields = [
        ("name", "EVE"),
        ("email", "mallory@example.com"),
        ("state", "active"),
        ("group", "staff"),
    ];
    let asked = asker.post(&format!("/-/admin/users/{eve}"), &fields).await;
    assert_eq!(asked.header("location"), "/-/admin/approvals?done=asked");
    let page = other.get("/-/admin/approvals").await.body;
    assert!(page.contains("Change eve"), "{page}");
    let account = ground.store().account(&eve).await.unwrap().unwrap();
    assert_eq!(account.email.unwrap().expose(), "eve@example.com");
    // One's own needs nobody.
    let own = asker
        .post(&format!("/-/admin/users/{ada}/password"), &password)
        .await;
    assert_eq!(
        own.header("location"),
        format!("/-/admin/users/{ada}?done=saved")
    );
}
