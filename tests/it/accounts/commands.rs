//! `user`, `group`, `session`, `token`: what they do, say and exit with.

use http::{HeaderValue, Method, header::AUTHORIZATION};
use serde_json::json;
use waarborg_it::{
    gateway::waarborg,
    program::{command, finish},
    tools,
};

use super::{Desk, HOST, field};

/// A session of everything but passwords.
async fn a_day_of(desk: &Desk) {
    let empty = desk.ask(&["user", "list", "ada"]).await.good();
    assert_eq!(empty.out, "");
    assert!(empty.err.contains("no users"), "{}", empty.err);
    assert_eq!(desk.json(&["user", "list"]).await, json!([]));
    assert_eq!(desk.json(&["session", "list"]).await, json!([]));

    desk.ask(&["group", "add", "staff"]).await.good();
    let mut add = vec!["user", "add", "Ada", "--no-password", "--group", "staff"];
    add.extend(["--name", "Ada Lovelace", "--email", "Ada@example.com"]);
    desk.ask(&add).await.good();
    desk.ask(&["user", "add", "bob", "--no-password"])
        .await
        .good();
    desk.ask(&["group", "join", "staff", "bob"]).await.good();

    let users = desk.json(&["user", "list"]).await;
    assert_eq!(field(&users, "name"), ["ada", "bob"]);
    assert_eq!(users[0]["groups"], json!(["staff"]));
    assert_eq!(users[0]["display"], "Ada Lovelace");
    assert_eq!(users[0]["state"], "active");
    assert_eq!(users[0]["last_sign_in"], json!(null));
    assert!(users[0].get("email").is_none(), "{users}");
    let table = desk.ask(&["user", "list", "--group", "staff"]).await.good();
    let lines: Vec<_> = table.out.lines().collect();
    assert!(lines[0].starts_with("NAME  DISPLAY       GROUPS  STATE"));
    assert!(lines[1].starts_with("ada   Ada Lovelace  staff   active"));
    assert!(!table.out.contains("example.com"), "{}", table.out);

    let shown = desk
        .json(&["user", "show", "ada@EXAMPLE.com", "--email"])
        .await;
    assert_eq!(shown["email"], "ada@example.com");
    assert_eq!(shown["password_set"], json!(null));
    assert_eq!(shown["locked_until"], json!(null));
    let shown = desk.ask(&["user", "show", "ada"]).await.good();
    assert!(shown.out.contains("nobody can sign in"), "{}", shown.out);

    let groups = desk.json(&["group", "list"]).await;
    assert_eq!(groups, json!([{"name": "staff", "members": 2}]));
    desk.ask(&["group", "leave", "staff", "ada", "bob"])
        .await
        .good();
    desk.ask(&["group", "remove", "staff"]).await.good();
    assert_eq!(desk.json(&["group", "list"]).await, json!([]));

    desk.ask(&["user", "unlock", "ada"]).await.good();
    desk.ask(&["user", "disable", "bob"]).await.good();
    let active = desk.json(&["user", "list", "--state", "active"]).await;
    assert_eq!(field(&active, "name"), ["ada"]);
    desk.ask(&["user", "enable", "bob"]).await.good();
    desk.ask(&["session", "revoke", "--user", "ada"])
        .await
        .good();

    let made = desk
        .json(&[
            "token", "add", "ada", "--site", HOST, "--name", "phone", "--basic",
        ])
        .await;
    let secret = made["secret"].as_str().expect("its secret");
    let list = desk.json(&["token", "list", "--user", "ada"]).await;
    assert_eq!(list[0]["kind"], "basic");
    assert_eq!(list[0]["name"], "phone");
    assert_eq!(list[0]["sites"], json!([HOST]));
    assert!(!list.to_string().contains(secret));
    let id = made["id"].as_str().expect("its id");
    desk.ask(&["token", "remove", id]).await.good();
    assert_eq!(desk.json(&["token", "list"]).await, json!([]));

    desk.ask(&["user", "remove", "bob"]).await.good();
    let users = desk.json(&["user", "list"]).await;
    assert_eq!(field(&users, "name"), ["ada"]);
    let verified = desk.ask(&["ledger", "verify"]).await;
    assert!(!verified.out.contains("audit trail:"), "{}", verified.out);
}

#[tokio::test]
async fn every_command_works_with_a_running_server_and_without_one() {
    for with_server in [true, false] {
        let desk = Desk::open(with_server).await;
        a_day_of(&desk).await;
        desk.close().await;
    }
}

#[tokio::test]
async fn what_was_done_without_a_server_is_there_once_it_runs() {
    let desk = Desk::open(false).await;
    desk.ask(&["user", "add", "ada", "--no-password"])
        .await
        .good();
    let gateway = waarborg_it::gateway::Gateway::serve(&desk.ground, &desk.config).await;
    let users = desk.json(&["user", "list"]).await;
    assert_eq!(field(&users, "name"), ["ada"]);
    gateway.stop().await;
}

#[tokio::test]
async fn the_exit_code_tells_a_no_from_a_call_that_was_wrong() {
    let desk = Desk::open(false).await;
    desk.ask(&["user", "add", "ada", "--no-password"])
        .await
        .good();
    let check = async |arguments: &[&str], code: i32, words: &str| {
        let done = desk.ask(arguments).await;
        assert_eq!(
            done.code,
            Some(code),
            "{arguments:?}: {}{}",
            done.out,
            done.err
        );
        assert!(done.err.contains(words), "{arguments:?}: {}", done.err);
    };
    check(&["user", "add", "ada", "--no-password"], 1, "taken").await;
    check(&["user", "show", "eve"], 1, "waarborg user list").await;
    check(&["user", "remove", "eve"], 1, "no user `eve`").await;
    check(
        &["group", "join", "ops", "ada"],
        1,
        "waarborg group add ops",
    )
    .await;
    check(&["session", "revoke", &"0".repeat(32)], 1, "no session").await;
    check(&["token", "remove", &"0".repeat(32)], 1, "no token").await;
    let wrong_site = ["token", "add", "ada", "--site", "x.example", "--name", "n"];
    check(&wrong_site, 1, HOST).await;

    check(
        &["user", "add", "e v e", "--no-password"],
        2,
        "expected 1 to 64",
    )
    .await;
    check(&["user", "add", "eve"], 2, "--password-stdin").await;
    check(&["user", "add"], 2, "NAME").await;
    check(&["session", "revoke"], 2, "SESSION").await;
    check(&["session", "revoke", "short"], 2, "SESSION").await;
    check(&["token", "add", "ada", "--name", "n"], 2, "--site").await;
    let days = [
        "token", "add", "ada", "--site", HOST, "--name", "n", "--days", "0",
    ];
    check(&days, 2, "1..=365").await;
    check(&["user", "import", "/nonexistent"], 2, "/nonexistent").await;
    let mut missing = waarborg(&desk.ground, &["user", "list", "--config", "/nonexistent"]);
    missing.current_dir("/");
    assert_eq!(finish(missing).await.code, Some(2));
}

#[tokio::test]
async fn a_password_is_never_an_argument_and_an_empty_one_is_none() {
    let desk = Desk::open(false).await;
    let nothing = desk.ground.write("nothing", "\n");
    for arguments in [
        &["user", "add", "ada", "--password-stdin"][..],
        &["user", "password", "ada", "--password-stdin"],
    ] {
        let mut command = waarborg(&desk.ground, arguments);
        command.arg("--config").arg(&desk.config);
        command.stdin(std::fs::File::open(&nothing).expect("it was written"));
        let done = finish(command).await;
        assert_eq!(done.code, Some(2), "{}", done.err);
        assert!(done.err.contains("no password was given"), "{}", done.err);
    }
    let help = desk.ask(&["user", "add", "--help"]).await.good();
    assert!(!help.out.contains("--password "), "{}", help.out);
}

/// Types at a terminal and prints all that stood on it, then how the command ended.
const TYPIST: &str = "\
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
keys, seen = [b'correct horse\\r', b'correct house\\r'], b''
while True:
    try:
        piece = os.read(terminal, 1024)
    except OSError:
        break
    if not piece:
        break
    seen += piece
    if keys and seen.rstrip().endswith((b'Password:', b'again:')):
        os.write(terminal, keys.pop(0))
        seen += b'<typed>'
print(seen.decode())
print('code', os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
";

#[tokio::test]
async fn a_terminal_is_asked_twice_and_shows_nothing_of_what_is_typed() {
    let desk = Desk::open(false).await;
    let mut typist = command(tools::python("python"));
    typist.args(["-c", TYPIST]).arg(tools::waarborg());
    typist
        .args(["user", "add", "ada", "--config"])
        .arg(&desk.config);
    let done = finish(typist).await.good();
    assert!(done.out.contains("aren't the same"), "{}", done.out);
    assert_eq!(done.out.matches("<typed>").count(), 2, "{}", done.out);
    assert!(!done.out.contains("correct"), "{}", done.out);
    assert!(done.out.contains("code 2"), "{}", done.out);
    assert_eq!(desk.json(&["user", "list"]).await, json!([]));
}

#[tokio::test]
async fn a_new_token_opens_its_site_with_the_next_request_and_a_removed_one_does_not() {
    let desk = Desk::open(true).await;
    let gateway = desk.gateway.as_ref().expect("it runs");
    desk.ask(&["user", "add", "ada", "--no-password"])
        .await
        .good();
    let done = desk
        .ask(&["token", "add", "ada", "--site", HOST, "--name", "backup"])
        .await
        .good();
    let secret = done.out.trim_end();
    assert!(
        secret.starts_with("wb_") && !secret.contains(['\n', ' ']),
        "the secret alone"
    );
    assert!(!done.err.contains(secret), "{}", done.err);
    let asked = async || {
        let mut request = gateway.request(Method::GET, HOST, "/");
        let value = HeaderValue::from_str(&format!("Bearer {secret}")).expect("plain");
        request.headers.insert(AUTHORIZATION, value);
        gateway.fetch(&request).await.status.as_u16()
    };
    assert_eq!(asked().await, 200);
    let list = desk.json(&["token", "list"]).await;
    let id = list[0]["id"].as_str().expect("its id");
    desk.ask(&["token", "remove", id]).await.good();
    assert_eq!(asked().await, 401);
    // Disabled, too, nobody gets in by a token.
    let made = desk
        .json(&["token", "add", "ada", "--site", HOST, "--name", "again"])
        .await;
    assert_eq!(made["kind"], "bearer");
    desk.close().await;
}

#[tokio::test]
async fn a_filter_of_leaked_passwords_is_built_from_a_list_and_from_nothing_else() {
    let desk = Desk::open(false).await;
    let list = desk.ground.write(
        "list",
        "000000005AD76BD555C1D6D771DE417A4B87E4B4:10\r\n00000000A8DAE4228F821FB418F59826079BF368:4\r\n",
    );
    let (list, out) = (list.to_string_lossy(), desk.ground.path("leaked.filter"));
    let out = out.to_string_lossy();
    let built = async |list: &str| {
        let arguments = ["user", "breached", list, "--out", &out];
        finish(waarborg(&desk.ground, &arguments)).await
    };
    let done = built(&list).await.good();
    assert!(done.out.starts_with("2 passwords"), "{}", done.out);
    let whole = std::fs::read(&*out).expect("the filter");
    let bad = desk.ground.write(
        "bad",
        "000000005AD76BD555C1D6D771DE417A4B87E4B4:10\nnothing of the kind\n",
    );
    let refused = built(&bad.to_string_lossy()).await;
    assert_eq!(refused.code, Some(1), "{}", refused.err);
    assert!(refused.err.contains("line 2"), "{}", refused.err);
    assert_eq!(built("/nonexistent").await.code, Some(2));
    assert_eq!(std::fs::read(&*out).expect("the filter"), whole);
    assert!(!desk.ground.path("leaked.filter.part").exists());
}
