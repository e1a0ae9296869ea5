//! What each room changes, and what it shows.

use std::time::Duration;

use store::{AccountState, TokenKind};

use super::super::*;
use super::{
    super::visit::encoded,
    ground::{Ground, form},
};

#[tokio::test]
async fn a_user_is_added_changed_and_removed_and_each_step_is_in_the_trail_without_the_address() {
    let ground = Ground::start().await;
    ground.group("staff").await;
    let browser = ground.browser().await;
    let to = browser
        .change(
            "/-/admin/users/add",
            &[
                ("login", "Ada"),
                ("name", " Ada Lovelace "),
                ("email", "Ada@Example.com"),
                ("group", "staff"),
                ("password", ""),
            ],
        )
        .await;
    let ada = ground.store().account_named("ada").await.unwrap().unwrap();
    assert_eq!(to, format!("/-/admin/users/{}?done=added", ada.id));
    assert_eq!(ada.display, "Ada Lovelace");
    assert_eq!(ada.email.as_ref().unwrap().expose(), "ada@example.com");
    let page = browser.get(&to).await;
    assert!(
        page.body.contains("role=\"status\""),
        "it says what was done"
    );
    assert!(page.body.contains("ada@example.com"));

    let at = format!("/-/admin/users/{}", ada.id);
    let same = [
        ("name", "Ada Lovelace"),
        ("email", "ada@example.com"),
        ("group", "staff"),
        ("state", "active"),
    ];
    assert_eq!(
        browser.change(&at, &same).await,
        format!("{at}?done=unchanged")
    );
    let other = [
        ("name", "Countess"),
        ("email", "lovelace@example.com"),
        ("state", "active"),
    ];
    assert_eq!(
        browser.change(&at, &other).await,
        format!("{at}?done=saved")
    );
    assert_eq!(
        browser.change(&format!("{at}/unlock"), &[]).await,
        format!("{at}?done=unlocked")
    );
    assert_eq!(
        browser.change(&format!("{at}/remove"), &[]).await,
        "/-/admin/users?done=removed"
    );
    assert_eq!(browser.get(&at).await.status, 404);

    let trail = ground.trail().await;
    let actions: Vec<_> = trail.iter().map(|row| &*row.action).collect();
    assert_eq!(
        actions,
        [
            "account.add",
            "account.change",
            "account.unlock",
            "account.remove"
        ]
    );
    let change = &trail[1];
    let (before, after) = (
        change.before.as_ref().unwrap(),
        change.after.as_ref().unwrap(),
    );
    assert_eq!(
        (&before["display"], &after["display"]),
        (&"Ada Lovelace".into(), &"Countess".into())
    );
    assert_eq!(
        (&before["groups"][0], &after["groups"]),
        (&"staff".into(), &serde_json::json!([]))
    );
    assert_ne!(before["email"], after["email"]);
    assert!(!format!("{trail:?}").to_lowercase().contains("example.com"));
}

#[tokio::test]
async fn what_is_typed_wrongly_is_said_and_kept_but_a_password() {
    let ground = Ground::start().await;
    ground.group("staff").await;
    ground.account("ada", &[]).await;
    let grace = ground.account("grace", &[]).await;
    let browser = ground.browser().await;
    let long = "x".repeat(300);
    for (fields, problems) in [
        (&[("login", ""), ("name", "kept")][..], 1),
        (&[("login", "a b"), ("email", "nowhere")], 2),
        (&[("login", "ada")], 1),
        (&[("login", "eve"), ("email", "ada@example.com")], 1),
        (&[("login", "eve"), ("group", "none"), ("password", "")], 1),
        (&[("login", "eve"), ("name", &long)], 1),
    ] {
        let mut all = vec![("password", "hunter2 hunter2")];
        if fields
            .iter()
            .any(|(name, _)| matches!(*name, "email" | "group"))
        {
            all.clear();
        }
        all.extend(fields);
        let answer = browser.post("/-/admin/users/add", &all).await;
        assert_eq!(answer.status, 422, "{fields:?}: {}", answer.body);
        let marked = answer.body.matches("-problem\"").count();
        assert!(marked >= problems, "{fields:?}: {}", answer.body);
        assert!(!answer.body.contains("hunter2"));
        if let Some((_, name)) = fields.iter().find(|(name, _)| *name == "name") {
            assert!(answer.body.contains(&format!("value=\"{name}\"")));
        }
    }
    let at = format!("/-/admin/users/{grace}");
    for fields in [
        &[
            ("name", "G"),
            ("email", "ada@example.com"),
            ("state", "active"),
        ][..],
        &[("name", "G"), ("email", ""), ("state", "locked")],
        &[("name", "G\u{7}"), ("email", ""), ("state", "active")],
    ] {
        assert_eq!(browser.post(&at, fields).await.status, 422, "{fields:?}");
    }
    assert!(ground.trail().await.is_empty(), "nothing was changed");
}

#[tokio::test]
async fn a_password_that_is_set_opens_the_account_ends_its_sessions_and_stands_nowhere() {
    const GOOD: &str = "vier gele fietsen in het bos";
    const OTHER: &str = "drie blauwe boten op de rivier";
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let add = |password: &'static str| [("login", "ada"), ("name", "Ada"), ("password", password)];
    for weak in ["hunter2", "aaaaaaaaaaaaaaaaaaaa", "ada"] {
        let refused = browser.post("/-/admin/users/add", &add(weak)).await;
        assert_eq!(refused.status, 422, "{weak}");
        assert!(refused.body.contains("password-problem"), "{weak}");
        assert!(!refused.body.contains(&format!("value=\"{weak}\"")) || weak == "ada");
    }
    let at = browser.change("/-/admin/users/add", &add(GOOD)).await;
    let at = at.split('?').next().unwrap();
    assert!(ground.gets_in("ada", GOOD).await);
    assert_eq!(ground.state.accounts.sessions.len(), 1);
    let page = browser.get(at).await;
    assert!(page.body.contains("bcrypt, cost 10<") || page.body.contains("bcrypt, cost 10\n"));

    let set = format!("{at}/password");
    let refused = browser.post(&set, &[("password", "hunter2")]).await;
    assert_eq!(refused.status, 422);
    assert!(refused.body.contains("password-problem"));
    assert_eq!(
        browser.change(&set, &[("password", OTHER)]).await,
        format!("{at}?done=saved")
    );
    assert!(ground.state.accounts.sessions.is_empty());
    assert!(!ground.gets_in("ada", GOOD).await && ground.gets_in("ada", OTHER).await);
    let trail = ground.trail().await;
    let actions: Vec<_> = trail.iter().map(|row| &*row.action).collect();
    assert_eq!(
        actions,
        [
            "account.add",
            "password.set",
            "password.set",
            "session.end-all"
        ]
    );
    let said = format!("{trail:?}");
    assert!(!said.contains("fietsen") && !said.contains("boten") && !said.contains("$2b$"));
}

#[tokio::test]
async fn a_disabled_users_sessions_end_in_the_table_and_another_users_go_on() {
    let ground = Ground::start().await;
    let (ada, bob) = (
        ground.account("ada", &[]).await,
        ground.account("bob", &[]).await,
    );
    ground.sign_in(&ada).await;
    ground.sign_in(&bob).await;
    let sessions = &ground.state.accounts.sessions;
    assert_eq!(sessions.len(), 2);
    let browser = ground.browser().await;
    let fields = [
        ("name", "ADA"),
        ("email", "ada@example.com"),
        ("state", "disabled"),
    ];
    browser
        .change(&format!("/-/admin/users/{ada}"), &fields)
        .await;
    let left: Vec<_> = sessions
        .of(|_| true)
        .iter()
        .map(|(_, it)| it.person.account.to_string())
        .collect();
    assert_eq!(left, [bob]);
    let account = ground.store().account(&ada).await.unwrap().unwrap();
    assert_eq!(account.state, AccountState::Disabled);
    let trail = ground.trail().await;
    let change = trail
        .iter()
        .find(|row| row.action == "account.change")
        .unwrap();
    assert_eq!(change.before.as_ref().unwrap()["state"], "active");
    assert_eq!(change.after.as_ref().unwrap()["state"], "disabled");
}

#[tokio::test]
async fn one_session_is_revoked_or_all_of_a_user() {
    let ground = Ground::start().await;
    let (ada, bob) = (
        ground.account("ada", &[]).await,
        ground.account("bob", &[]).await,
    );
    ground.sign_in(&ada).await;
    ground.sign_in(&ada).await;
    ground.sign_in(&bob).await;
    let sessions = &ground.state.accounts.sessions;
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/sessions?user=bob").await;
    assert!(
        page.body.contains(">bob<") && !page.body.contains(">ada<"),
        "{}",
        page.body
    );
    assert!(page.body.contains("Firefox on Linux") && page.body.contains("192.0.2.0/24"));
    let id = page.hidden("id");
    let to = browser
        .change("/-/admin/sessions/revoke", &[("id", &id)])
        .await;
    assert_eq!(to, "/-/admin/sessions?done=ended");
    assert_eq!(sessions.len(), 2);
    let none = browser.get("/-/admin/sessions?user=bob").await;
    assert!(!none.body.contains("<table"), "{}", none.body);
    let nobody = browser.get("/-/admin/sessions?user=nobody").await;
    assert!(!nobody.body.contains("<table"));
    let at = format!("/-/admin/users/{ada}");
    assert_eq!(
        browser.change(&format!("{at}/end-sessions"), &[]).await,
        format!("{at}?done=all-ended")
    );
    assert!(sessions.is_empty());
    assert_eq!(
        browser.change(&format!("{at}/end-sessions"), &[]).await,
        format!("{at}?done=unchanged")
    );
    let trail = ground.trail().await;
    let actions: Vec<_> = trail.iter().map(|row| &*row.action).collect();
    assert_eq!(actions, ["session.end", "session.end-all"]);
}

#[tokio::test]
async fn a_group_is_added_renamed_and_removed_and_its_members_follow_at_once() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    browser
        .change("/-/admin/groups/add", &[("name", "Staff")])
        .await;
    browser
        .change("/-/admin/groups/add", &[("name", "finance")])
        .await;
    for name in ["staff", "", "a b"] {
        let wrong = browser.post("/-/admin/groups/add", &[("name", name)]).await;
        assert_eq!(wrong.status, 422, "{name}");
    }
    let ada = ground.account("ada", &["staff"]).await;
    ground.sign_in(&ada).await;
    let page = browser.get("/-/admin/groups/staff").await;
    assert!(
        page.body.contains(&format!("/-/admin/users/{ada}")),
        "{}",
        page.body
    );
    let groups = || {
        let all = ground.state.accounts.sessions.of(|_| true);
        all[0].1.person.groups.to_string()
    };
    let taken = browser
        .post("/-/admin/groups/staff", &[("name", "finance")])
        .await;
    assert_eq!((taken.status, &*groups()), (422, "staff"));
    let to = browser
        .change("/-/admin/groups/staff", &[("name", "team")])
        .await;
    assert_eq!(
        (&*to, &*groups()),
        ("/-/admin/groups/team?done=saved", "team")
    );
    assert_eq!(browser.get("/-/admin/groups/staff").await.status, 404);
    let to = browser.change("/-/admin/groups/team/remove", &[]).await;
    assert_eq!((&*to, &*groups()), ("/-/admin/groups?done=removed", ""));
    let trail = ground.trail().await;
    let actions: Vec<_> = trail
        .iter()
        .map(|row| (&*row.action, &*row.subject))
        .collect();
    assert_eq!(
        actions,
        [
            ("group.add", "staff"),
            ("group.add", "finance"),
            ("group.rename", "staff"),
            ("group.remove", "team"),
        ]
    );
}

#[tokio::test]
async fn a_token_is_shown_once_opens_what_was_chosen_and_is_revoked() {
    let ground = Ground::start().await;
    ground.account("ada", &[]).await;
    let browser = ground.browser().await;
    let sessions = &ground.state.accounts.sessions;
    let fields = [
        ("owner", "ada"),
        ("kind", "bearer"),
        ("name", "CI"),
        ("days", "30"),
    ];
    let made = browser.post("/-/admin/tokens/add", &fields).await;
    assert_eq!(made.status, 200, "{}", made.body);
    let (_, rest) = made.body.split_once("id=\"once\"").unwrap();
    let (_, rest) = rest.split_once("value=\"").unwrap();
    let secret = rest.split('"').next().unwrap().to_owned();
    let hash = crate::accounts::secret::hash(secret.as_bytes());
    let now = ground.place.clock.now();
    let live = sessions.find(&hash, now).expect("it opens something");
    // None chosen: every site that takes one.
    assert!(live.on("app.example.com").is_some() && live.on("dav.example.com").is_some());
    assert_eq!(live.expires, now.after(Duration::from_secs(30 * 86_400)));
    let list = browser.get("/-/admin/tokens").await;
    assert!(list.body.contains(">CI<") && !list.body.contains(&secret));
    let to = browser
        .change("/-/admin/tokens/revoke", &[("id", &list.hidden("id"))])
        .await;
    assert_eq!(to, "/-/admin/tokens?done=revoked");
    assert!(sessions.find(&hash, now).is_none());

    let app = [
        ("owner", "ADA@example.com"),
        ("kind", "app"),
        ("name", "Calendar"),
        ("site", "dav.example.com"),
        ("days", "365"),
    ];
    assert_eq!(browser.post("/-/admin/tokens/add", &app).await.status, 200);
    let rows = ground.store().tokens(None, "", 10).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].kind, &rows[0].sites),
        (TokenKind::Basic, &vec!["dav.example.com".to_owned()])
    );

    for (name, value) in [
        ("owner", "nobody"),
        ("owner", ""),
        ("kind", "other"),
        ("name", ""),
        ("name", "a\nb"),
        // It takes bearer tokens only.
        ("site", "app.example.com"),
        ("site", "evil.example"),
        ("days", "31"),
    ] {
        let mut wrong = app.to_vec();
        for field in &mut wrong {
            if field.0 == name {
                field.1 = value;
            }
        }
        let answer = browser.post("/-/admin/tokens/add", &wrong).await;
        assert_eq!(answer.status, 422, "{name} {value}");
    }
    let trail = ground.trail().await;
    let actions: Vec<_> = trail.iter().map(|row| &*row.action).collect();
    assert_eq!(actions, ["token.add", "token.remove", "token.add"]);
    assert!(!format!("{trail:?}").contains(&secret));
    assert_eq!(trail[0].after.as_ref().unwrap()["label"], "CI");
    assert_eq!(trail[1].before.as_ref().unwrap()["label"], "CI");
}

#[tokio::test]
async fn users_are_filtered_and_come_in_pages_that_keep_the_filter() {
    let ground = Ground::start().await;
    ground.group("staff").await;
    for number in 0..120 {
        let groups = if number % 2 == 0 { &["staff"][..] } else { &[] };
        ground.account(&format!("u{number:03}"), groups).await;
    }
    ground.account("zoe", &[]).await;
    let browser = ground.browser().await;
    let count = |body: &str| body.matches("<tr><th scope=\"row\">").count();
    let walk = async |query: &[(&str, &str)]| {
        let mut path = format!("/-/admin/users?{}", form(query));
        let mut seen = Vec::new();
        loop {
            let page = browser.get(&path).await;
            assert_eq!(page.status, 200, "{path}");
            seen.push(count(&page.body));
            match page.next() {
                Some(next) => path = next,
                None => return seen,
            }
        }
    };
    assert_eq!(walk(&[]).await, [50, 50, 21]);
    assert_eq!(walk(&[("group", "staff")]).await, [50, 10]);
    assert_eq!(walk(&[("text", "U00"), ("group", "staff")]).await, [5]);
    assert_eq!(walk(&[("text", "zoe@example.com")]).await, [1]);
    assert_eq!(walk(&[("text", "nobody & co")]).await, [0]);
    assert_eq!(walk(&[("state", "disabled")]).await, [0]);
    assert_eq!(
        walk(&[("state", "active"), ("group", "staff")]).await,
        [50, 10]
    );
    // Who is locked is shown so, and found so.
    let zoe = ground.store().account_named("zoe").await.unwrap().unwrap();
    let mut tx = ground.store().tx().await.unwrap();
    let mut guesses = tx
        .guesses_locked(&zoe.id, store::Guesser::Strangers)
        .await
        .unwrap();
    guesses.locked_until = ground.place.clock.now().after(Duration::from_secs(60));
    guesses.total = 10;
    tx.keep_guesses(&zoe.id, store::Guesser::Strangers, &guesses)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(walk(&[("state", "locked")]).await, [1]);
    let at = format!("/-/admin/users/{}", zoe.id);
    let unlock = format!("{at}/unlock");
    assert!(browser.get(&at).await.body.contains(&unlock));
    browser.change(&unlock, &[]).await;
    assert_eq!(walk(&[("state", "locked")]).await, [0]);
    assert!(!browser.get(&at).await.body.contains(&unlock));
}

#[tokio::test]
async fn sessions_and_tokens_come_in_pages_too() {
    let ground = Ground::start().await;
    let ada = ground.account("ada", &[]).await;
    let bob = ground.account("bob", &[]).await;
    for _ in 0..55 {
        ground.sign_in(&ada).await;
    }
    ground.sign_in(&bob).await;
    let account = ground.store().account(&ada).await.unwrap().unwrap();
    let actor = Actor::system("test");
    for _ in 0..55 {
        let new = crate::accounts::NewToken {
            account: account.clone(),
            kind: TokenKind::Bearer,
            label: "CI".to_owned(),
            sites: vec!["app.example.com".to_owned()],
            expires_at: ground.place.clock.now().after(Duration::from_secs(86_400)),
        };
        let add = ground.state.accounts.add_token(&new, None, &actor);
        add.await.unwrap();
    }
    let browser = ground.browser().await;
    for (path, expected) in [
        ("sessions?user=ada", [50, 5]),
        ("sessions", [50, 6]),
        ("tokens", [50, 5]),
    ] {
        let first = browser.get(&format!("/-/admin/{path}")).await;
        let next = browser.get(&first.next().unwrap()).await;
        let count = |body: &str| body.matches("name=\"id\"").count();
        assert_eq!([count(&first.body), count(&next.body)], expected, "{path}");
        assert_eq!(next.next(), None, "{path}");
    }
}

#[tokio::test]
async fn without_the_store_a_room_says_so_and_a_link_is_not_enough() {
    let ground = Ground::start().await;
    let browser = ground.browser().await;
    let mut state = ground.state.clone();
    let (_, away) = tokio::sync::watch::channel(None);
    state.accounts.store = away;
    let away = Ground {
        router: Router::new().merge(router("/-/", state.clone())),
        state,
        place: store::testing::Place::sqlite(),
    };
    let inside = super::ground::Browser {
        ground: &away,
        cookie: browser.cookie.clone(),
        token: browser.token.clone(),
    };
    for path in ["users", "groups", "sessions", "tokens", "audit"] {
        let page = inside.get(&format!("/-/admin/{path}")).await;
        assert_eq!(page.status, 503, "{path}");
        assert_ne!(page.header("retry-after"), "", "{path}");
    }
    let (_, secret) = away.link();
    let entered = away
        .send(super::ground::post(
            "/-/admin/enter",
            &[("secret", &secret)],
        ))
        .await;
    assert_eq!((entered.status, entered.header("set-cookie")), (503, ""));
}

#[tokio::test]
async fn an_address_is_judged_by_the_rule_that_decides_and_what_is_none_is_told() {
    let ground = Ground::start_with("[block]\ndeny = [\"203.0.113.0/24\"]\n").await;
    let browser = ground.browser().await;
    let ask = async |address: &str| {
        let path = format!("/-/admin/addresses?address={}", encoded(address));
        let page = browser.get(&path).await;
        assert_eq!(page.status, 200, "{address}");
        page.body
    };
    let refused = ask("::ffff:203.0.113.7").await;
    assert!(refused.contains("It is refused."), "{refused}");
    assert!(refused.contains("203.0.113.0/24"), "{refused}");
    let twin = ask("203.0.114.7").await;
    assert!(twin.contains("It is let in."), "{twin}");
    assert!(twin.contains("No list has it."), "{twin}");
    assert!(ask("<b>").await.contains("This is no IP address."));
}

#[tokio::test]
async fn exceptions_and_important_actions_are_shown_with_their_reason() {
    let more = "[csrf]\norigins = \"https://www.example.test\"\nobserve = true\n";
    let ground = Ground::start_with(more).await;
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/origins").await;
    assert_eq!(page.status, 200);
    for words in [
        "https://www.example.test",
        "Nobody is refused at the moment",
        "No route takes requests from other sites.",
        "No route asks for a token.",
    ] {
        assert!(page.body.contains(words), "{words}: {}", page.body);
    }
}

#[tokio::test]
async fn addresses_are_refused_for_a_while_and_let_in_again() {
    let ground = Ground::start_with("").await;
    let browser = ground.browser().await;
    let page = browser.get("/-/admin/addresses").await;
    assert!(page.body.contains("No address is refused for a while."));
    for (range, hours, words) in [
        ("nobody", "24", "used as it stands"),
        ("0.0.0.0/0", "24", "too many addresses"),
        ("::1", "24", "loopback addresses"),
        ("203.0.113.7", "0", "no such thing"),
    ] {
        let fields = [("range", range), ("hours", hours), ("reason", "x")];
        let page = browser.post("/-/admin/addresses/add", &fields).await;
        assert_eq!(page.status, 422, "{range}");
        assert!(page.body.contains(words), "{range}: {}", page.body);
    }
    let range = ("range", "203.0.113.0/25");
    let fields = [range, ("hours", "24"), ("reason", "it <scans>")];
    browser.change("/-/admin/addresses/add", &fields).await;
    let page = browser.get("/-/admin/addresses?address=203.0.113.7").await;
    assert!(page.body.contains("It is refused."), "{}", page.body);
    assert!(page.body.contains("temporary:1"), "{}", page.body);
    assert!(page.body.contains("it &#60;scans&#62;"), "{}", page.body);
    browser.change("/-/admin/addresses/remove", &[range]).await;
    let page = browser.get("/-/admin/addresses?address=203.0.113.7").await;
    assert!(page.body.contains("It is let in."), "{}", page.body);
    // Both are in the trail.
    let trail = ground.trail().await;
    let trail = format!("{trail:?}");
    assert!(
        trail.contains("block.add") && trail.contains("block.remove"),
        "{trail}"
    );
}
