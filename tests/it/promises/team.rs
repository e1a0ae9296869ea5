//! Promise `team`: the team signs in with a second factor everywhere. Judges: curl follows
//! the way of a password manager; nginx stands for GitHub, which can't be reached from here.

use std::fs;

use serde_json::Value;
use waarborg_it::{
    gateway::{Gateway, Proved},
    ground::{Ground, PORTAL},
    mails::MailServer,
    nginx::Nginx,
    upstream::Upstream,
};

use super::{HOST, bites, sql};

const PASSWORD: &str = "vier gele fietsen in het bos";

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("team", &["register"]).await;
}

async fn started(rest: &str) -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], rest);
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

/// Proves, and says how the promise stands then, with its sentence.
async fn proven(ground: &Ground, gateway: &Gateway) -> (Proved, String, String) {
    let (_, proved) = gateway.prove_only(ground, &["team"]).await;
    let said = gateway.said_of(HOST, "team").await;
    let text = |name: &str| said[name].as_str().unwrap_or_default().to_owned();
    (proved, text("state"), text("sentence"))
}

#[tokio::test]
async fn the_sentence_follows_the_register_and_an_empty_one_is_never_green() {
    let (ground, _upstream, gateway) = started("").await;
    let (proved, state, sentence) = proven(&ground, &gateway).await;
    assert_eq!(proved.verdict("team"), "inconclusive");
    assert_eq!(state, "amber");
    assert!(!sentence.contains("services and devices"), "{sentence}");
    let page = gateway.said_of(HOST, "team").await.to_string();
    assert!(page.contains("Nothing is registered"), "{page}");

    gateway.register(&ground).await;
    let (proved, state, sentence) = proven(&ground, &gateway).await;
    assert_eq!(
        proved.verdict("team"),
        "pass",
        "{:#}",
        proved.report("team")
    );
    assert_eq!(state, "green");
    for words in [
        "1 of 1 services and devices",
        "is of today",
        "people’s word",
    ] {
        assert!(sentence.contains(words), "{words}: {sentence}");
    }
    assert_eq!(
        gateway
            .metric("waarborg_team_register{standing=\"proven\"}")
            .await,
        1
    );

    // Something that nobody has attested turns it red, until it is gone.
    let add = [
        "team", "add", "old wiki", "--holder", "Bo", "--factor", "app",
    ];
    gateway.command(&ground, &add).await.good();
    let (proved, state, _) = proven(&ground, &gateway).await;
    assert_eq!(proved.part("team", "register")["verdict"], "fail");
    assert_eq!(state, "red");
    let list = ["team", "list", "--json"];
    let listed = gateway.command(&ground, &list).await.good();
    let listed: Value = serde_json::from_str(&listed.out).expect("JSON");
    let standings = listed.as_array().expect("a list").iter();
    let standings: Vec<_> = standings.map(|entry| entry["standing"].clone()).collect();
    assert_eq!(standings, ["proven", "missing"], "{listed:#}");
    let remove = ["team", "remove", "old wiki"];
    gateway.command(&ground, &remove).await.good();
    let again = gateway.command(&ground, &remove).await;
    assert_eq!(again.code, Some(1), "{again:?}");
    let (_, state, _) = proven(&ground, &gateway).await;
    assert_eq!(state, "green");
    // What the drill put there is gone.
    let listed = gateway.command(&ground, &["team", "list"]).await.good();
    assert!(!listed.out.contains("canary"), "{}", listed.out);

    // Without a server the store is asked itself.
    let config = gateway.config().to_owned();
    gateway.stop().await;
    let mut alone = waarborg_it::gateway::waarborg(&ground, &["team", "list"]);
    alone.arg("--config").arg(config);
    let listed = waarborg_it::program::finish(alone).await.good();
    assert!(listed.out.contains("github.com"), "{}", listed.out);
}

#[tokio::test]
async fn a_password_manager_finds_the_page_and_nothing_where_nothing_is() {
    let (_ground, _upstream, gateway) = started("").await;
    let status = async |path: &str, more: &[&str]| {
        // Password managers ask where the browser is: at the portal's own port.
        let url = format!("https://{PORTAL}:{}{path}", gateway.port());
        let mut ask = vec!["-o", "/dev/null", "-w", "%{http_code} %{redirect_url}"];
        ask.extend(more);
        ask.push(&url);
        gateway.curl(&ask).await.good().out
    };
    let led = status("/.well-known/change-password", &[]).await;
    assert!(led.ends_with("/-/account/security"), "{led}");
    // Who hasn't signed in ends at the form for that.
    let ended = status("/.well-known/change-password", &["--location"]).await;
    assert!(ended.starts_with("200"), "{ended}");
    let nothing = "/.well-known/resource-that-should-not-exist-whose-status-code-should-not-be-200";
    assert!(status(nothing, &[]).await.starts_with("404"));
    let form = gateway
        .curl(&[&format!("https://{PORTAL}/-/login")])
        .await
        .good();
    for token in ["username", "current-password"] {
        let mark = format!("autocomplete=\"{token}\"");
        assert!(form.out.contains(&mark), "{token}");
    }
    gateway.stop().await;
}

/// A server that answers as GitHub does, from files.
async fn github(ground: &Ground) -> Nginx {
    let folder = ground.path("github");
    fs::create_dir_all(&folder).expect("a writable folder");
    let server = format!(
        "location = /orgs/example/members {{\n\
         if ($http_authorization != \"Bearer ghp_right\") {{ return 401; }}\n\
         if ($arg_filter = \"2fa_disabled\") {{ rewrite ^ /without.json last; }}\n\
         rewrite ^ /members.json last;\n}}\n\
         location / {{ root {}; default_type application/json; }}\n",
        folder.display()
    );
    ground.write(
        "github/members.json",
        "[{\"login\":\"ada\"},{\"login\":\"bo\"}]",
    );
    ground.write("github/without.json", "[]");
    Nginx::application(ground, &server).await
}

#[tokio::test]
async fn github_is_asked_itself_and_what_it_does_not_say_is_never_green() {
    let ground = Ground::new();
    let server = github(&ground).await;
    ground.write_private("github-token", "ghp_right\n");
    let rest = format!(
        "[team.github]\norganisation = \"example\"\naccess_token = {{ file = \"github-token\" }}\n\
         api = \"https://localhost:{}\"\nca = \"ca.pem\"\n",
        server.port
    );
    let upstream = Upstream::start().await;
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], &rest);
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.register(&ground).await;
    let (proved, state, sentence) = proven(&ground, &gateway).await;
    let found = proved.part("team", "github");
    assert_eq!(found["verdict"], "pass", "{found:#}");
    assert_eq!(state, "green");
    assert!(sentence.contains("none of the 2 members"), "{sentence}");
    assert!(!found.to_string().contains("ada"), "{found:#}");

    ground.write("github/without.json", "[{\"login\":\"bo\"}]");
    let (proved, state, _) = proven(&ground, &gateway).await;
    assert_eq!(proved.part("team", "github")["verdict"], "fail");
    assert_eq!(state, "red");

    // No list, and nobody there: never that all is well.
    ground.write("github/members.json", "{\"message\":\"x\"}");
    let (proved, state, _) = proven(&ground, &gateway).await;
    let found = proved.part("team", "github").to_string();
    assert!(found.contains("github-unreadable"), "{found}");
    assert_ne!(state, "green");
    ground.write("github/without.json", "[]");
    drop(server);
    let (proved, state, _) = proven(&ground, &gateway).await;
    let found = proved.part("team", "github").to_string();
    assert!(found.contains("github-unreachable"), "{found}");
    assert_eq!(state, "amber");
    let said = gateway.program.said();
    assert!(said.contains("could not be looked at"), "{said}");
    assert!(!said.contains("ghp_right"), "no token in the log");
    gateway.stop().await;
}

#[tokio::test]
async fn the_team_gets_mail_before_evidence_ends_and_of_people_without_a_second_factor() {
    let mails = MailServer::start().await;
    let rest = format!("[team]\ngroups = [\"staff\"]\n{}", mails.section);
    let (ground, _upstream, gateway) = started(&rest).await;
    gateway.register(&ground).await;
    gateway
        .command(&ground, &["group", "add", "staff"])
        .await
        .good();
    let more = ["--group", "staff"];
    gateway.add_user(&ground, "ada", PASSWORD, &more).await;
    let (proved, state, _) = proven(&ground, &gateway).await;
    assert_eq!(proved.part("team", "people")["verdict"], "fail");
    assert_eq!(state, "red");
    let config = gateway.config().to_owned();
    gateway.stop().await;
    // Eighty days later.
    let day = 86_400_000_000_i64;
    let earlier = format!(
        "UPDATE asset SET attested_at = attested_at - {span}, \
         attested_until = attested_until - {span}",
        span = 80 * day
    );
    sql(&ground, &earlier).await;
    let gateway = Gateway::serve(&ground, &config).await;
    let program = &mails.program;
    program.line("attestations have ended").await;
    program.line("without a second factor").await;
    let (proved, _, _) = proven(&ground, &gateway).await;
    assert_eq!(proved.part("team", "register")["verdict"], "pass");
    let said = gateway.said_of(HOST, "team").await.to_string();
    assert!(said.contains("80 days old"), "{said}");
    gateway.stop().await;
}
