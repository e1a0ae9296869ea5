//! The room of the team's register.

use std::time::Duration;

use super::ground::Ground;

const ENTRY: [(&str, &str); 5] = [
    ("kind", "service"),
    ("name", "github.com"),
    ("address", "https://github.com/example"),
    ("holder", "ada"),
    ("factor", "app"),
];

#[tokio::test]
async fn an_entry_is_added_attested_and_removed_and_each_step_is_in_the_trail() {
    let ground = Ground::start().await;
    ground.account("ada", &[]).await;
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/team").await;
    assert!(
        page.body.contains("Nothing is registered yet"),
        "{}",
        page.body
    );
    let to = browser.change("/-/admin/team/add", &ENTRY).await;
    let asset = ground.store().asset("github.com").await.unwrap().unwrap();
    let at = format!("/-/admin/team/{}", asset.id);
    assert_eq!(to, format!("{at}?done=added"));
    let page = browser.get("/-/admin/team").await;
    assert!(page.body.contains("Not attested"), "{}", page.body);

    let to = browser
        .change(&format!("{at}/attest"), &[("factor", "passkey")])
        .await;
    assert_eq!(to, format!("{at}?done=attested"));
    let page = browser.get(&to).await;
    for words in ["Your word was kept", "command:1000", "Passkey", "90 days"] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
    ground.place.clock.advance(Duration::from_secs(90 * 86_400));
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/team").await;
    assert!(page.body.contains("Ended"), "{}", page.body);

    assert_eq!(browser.get(&format!("{at}/remove")).await.status, 200);
    let to = browser.change(&format!("{at}/remove"), &[]).await;
    assert_eq!(to, "/-/admin/team?done=removed");
    assert_eq!(browser.get(&at).await.status, 404);

    let trail = ground.trail().await;
    let actions: Vec<_> = trail.iter().map(|row| &*row.action).collect();
    assert_eq!(actions, ["team.add", "team.attest", "team.remove"]);
    let before = trail[1].before.as_ref().unwrap();
    let after = trail[1].after.as_ref().unwrap();
    assert_eq!(
        (&before["factor"], &after["factor"]),
        (&"app".into(), &"passkey".into())
    );
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_is_said_and_nothing_is_kept() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let mut fields = ENTRY;
    fields[1].1 = "";
    fields[4].1 = "prayer";
    let wrong = browser.post("/-/admin/team/add", &fields).await;
    assert_eq!(wrong.status, 422);
    assert!(
        wrong.body.contains("https://github.com/example"),
        "it stays typed"
    );
    browser.change("/-/admin/team/add", &ENTRY).await;
    let again = browser.post("/-/admin/team/add", &ENTRY).await;
    assert_eq!(again.status, 422);
    let asset = ground.store().asset("github.com").await.unwrap().unwrap();
    let at = format!("/-/admin/team/{}", asset.id);
    let other = browser
        .post(&format!("{at}/attest"), &[("factor", "x")])
        .await;
    assert_eq!(other.status, 422);
    assert_eq!(browser.get("/-/admin/team/x").await.status, 404);
    // By its name it isn't an address.
    assert_eq!(browser.get("/-/admin/team/github.com").await.status, 404);
    assert_eq!(ground.store().assets().await.unwrap().len(), 1);
}
