//! The console on the operations listener: the whole binary, curl and Chromium.

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    judges,
    program::{Finished, command, finish},
    upstream::Upstream,
};

const HOST: &str = "app.example.test";

async fn served() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

/// What `waarborg console` prints: the link and nothing else.
async fn link(ground: &Ground, gateway: &Gateway) -> String {
    let said = gateway.command(ground, &["console"]).await.good().out;
    let link = said.trim_end().to_owned();
    let begins = format!("http://{}/-/admin/enter?secret=", gateway.operations);
    assert!(link.starts_with(&begins) && !link.contains('\n'), "{said}");
    link
}

/// curl with a jar of cookies; the status stands behind the body.
async fn curl(ground: &Ground, arguments: &[&str]) -> Finished {
    let jar = ground.path("jar");
    let mut curl = command("curl");
    curl.args(["--silent", "--show-error", "--max-time", "60"]);
    curl.args(["--write-out", "%{http_code}"]);
    curl.arg("--cookie").arg(&jar).arg("--cookie-jar").arg(&jar);
    curl.args(arguments);
    finish(curl).await.good()
}

#[tokio::test]
async fn a_link_opens_the_console_once_and_without_one_nobody_enters() {
    let (ground, _upstream, gateway) = served().await;
    let origin = format!("http://{}", gateway.operations);
    let users = format!("{origin}/-/admin/users");
    let before = curl(&ground, &[&users]).await.out;
    assert!(before.ends_with("403"), "{before}");

    let link = link(&ground, &gateway).await;
    let page = curl(&ground, &[&link]).await.out;
    assert!(
        page.ends_with("200") && page.contains("method=\"post\""),
        "{page}"
    );
    let (door, secret) = link.split_once("?secret=").expect("a secret");
    let (secret, header) = (format!("secret={secret}"), format!("Origin: {origin}"));
    let enter = ["--data", &secret, "--header", &header, door];
    let foreign = [
        "--data",
        &secret,
        "--header",
        "Origin: https://evil.example",
        door,
    ];
    let refused = curl(&ground, &foreign).await.out;
    assert!(refused.ends_with("403"), "{refused}");
    let entered = curl(&ground, &enter).await.out;
    assert!(entered.ends_with("303"), "{entered}");
    let inside = curl(&ground, &[&users]).await.out;
    assert!(inside.ends_with("200"), "{inside}");
    let again = curl(&ground, &enter).await.out;
    assert!(again.ends_with("403"), "{again}");
    // A name that is pointed here, with the cookie and all.
    let foreign = curl(&ground, &["--header", "Host: evil.example", &users])
        .await
        .out;
    assert!(foreign.ends_with("421"), "{foreign}");

    // The session adds a group; the command that checks the trail finds it whole.
    let (_, token) = inside
        .split_once("name=\"token\" value=\"")
        .expect("a token");
    let token = token.split('"').next().expect("its end");
    let add = format!("{origin}/-/admin/groups/add");
    let fields = format!("token={token}&name=staff");
    let added = curl(&ground, &["--data", &fields, "--header", &header, &add])
        .await
        .out;
    assert!(added.ends_with("303"), "{added}");
    let audit = curl(&ground, &[&format!("{origin}/-/admin/audit")])
        .await
        .out;
    assert!(
        audit.contains("group.add") && audit.contains("console.enter"),
        "{audit}"
    );
    let whole = gateway.command(&ground, &["ledger", "verify"]).await.good();
    assert!(
        whole.out.contains("the audit trail is whole"),
        "{}",
        whole.out
    );

    // On the public side there is no console.
    assert_eq!(gateway.get(HOST, "/-/admin/users").await.status, 404);
    // Nor a link without a server.
    let config = gateway.config().to_owned();
    gateway.stop().await;
    let mut alone = waarborg_it::gateway::waarborg(&ground, &["console", "--config"]);
    alone.arg(config);
    let said = finish(alone).await;
    assert_eq!(said.code, Some(1), "{}{}", said.out, said.err);
    assert!(said.err.contains("waarborg serve"), "{}", said.err);
}

#[tokio::test]
async fn axe_finds_no_violation_in_the_rooms_that_a_browser_enters_by_a_link() {
    let (ground, _upstream, gateway) = served().await;
    let rooms = [
        "users",
        "users/add",
        "groups",
        "sessions",
        "tokens",
        "tokens/add",
        "origins",
        "content",
        "team",
        "team/add",
        "approvals",
        "reflections",
        "audit",
    ];
    let mut arguments = vec!["--enter".to_owned(), link(&ground, &gateway).await];
    let at = |room: &&str| format!("http://{}/-/admin/{room}", gateway.operations);
    arguments.extend(rooms.iter().map(at));
    // The door itself, which looks the same as often as it is looked at.
    arguments.push(link(&ground, &gateway).await);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let judged = judges::node("axe.mjs", &arguments).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
}
