//! `user import`: files that others wrote, and what is wrong with some.

use std::fmt::Write as _;

use serde_json::json;
use waarborg_it::program::{Finished, run};

use super::{Desk, field};

/// Of the password `U*U`.
const HASH: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

/// What htpasswd writes for a password, by these options.
async fn htpasswd(options: &str, name: &str, password: &str) -> String {
    let done = run("htpasswd", &[options, name, password]).await.good();
    done.out.trim_end().to_owned()
}

impl Desk {
    async fn import(&self, text: &str, options: &[&str]) -> Finished {
        let file = self.ground.write("users", text);
        let file = file.to_string_lossy();
        self.ask(&[&["user", "import", &file], options].concat())
            .await
    }

    async fn names(&self) -> Vec<String> {
        let users = self.json(&["user", "list"]).await;
        field(&users, "name")
            .into_iter()
            .map(str::to_owned)
            .collect()
    }

    /// A file of htpasswd from what stands in the store, which no server has open.
    async fn stored(&self) -> String {
        let script = "import sqlite3, sys\n\
                      store = sqlite3.connect(sys.argv[1])\n\
                      for row in store.execute('SELECT name, password FROM account WHERE password IS NOT NULL ORDER BY name'):\n\
                      \x20   print(':'.join(row))\n";
        let file = self.ground.path("data/store.sqlite");
        let file = file.to_string_lossy();
        let python = waarborg_it::tools::python("python");
        run(python, &["-c", script, &file]).await.good().out
    }
}

#[tokio::test]
async fn what_htpasswd_wrote_is_kept_to_the_letter_and_htpasswd_still_knows_the_passwords() {
    let desk = Desk::open(false).await;
    let people = [("ada", "correct horse"), ("bob", "pässwörd"), ("eve", "x")];
    let mut file = String::from("# made by htpasswd\n");
    for (name, password) in people {
        let _ = writeln!(file, "{}", htpasswd("-nbB", name, password).await);
    }
    let done = desk.import(&file, &[]).await.good();
    assert!(done.out.contains("accounts made: 3;"), "{}", done.out);
    let stored = desk.stored().await;
    assert_eq!(format!("# made by htpasswd\n{stored}"), file);
    let stored = desk.ground.write("stored", &stored);
    for (name, password) in people {
        run(
            "htpasswd",
            &["-vb", &stored.to_string_lossy(), name, password],
        )
        .await
        .good();
        let wrong = run("htpasswd", &["-vb", &stored.to_string_lossy(), name, "y"]).await;
        assert_ne!(wrong.code, Some(0));
    }
    let shown = desk.json(&["user", "show", "ada"]).await;
    assert!(shown["password_set"].is_string(), "{shown}");
}

#[tokio::test]
async fn hashes_of_other_kinds_and_of_cost_31_are_named_by_line_and_nothing_is_written() {
    let desk = Desk::open(true).await;
    let mut file = String::new();
    let good = htpasswd("-nbB", "good", "one").await;
    for line in [
        &good,
        &htpasswd("-nbm", "md5", "two").await,
        &htpasswd("-nbs", "sha", "three").await,
        &htpasswd("-nbd", "crypt", "four").await,
        &format!("dear:{}", HASH.replace("$05$", "$31$")),
        &format!("cheap:{}", HASH.replace("$05$", "$03$")),
        &format!("short:{}", &HASH[..59]),
    ] {
        let _ = writeln!(file, "{line}");
    }
    let done = desk.import(&file, &[]).await;
    assert_eq!(done.code, Some(1));
    for words in [
        "line 2: the hash is Apache's MD5",
        "line 3: the hash is SHA-1",
        "line 4: the hash is the old crypt's",
        "line 5: the hash has cost 31: expected 4 to 14",
        "line 6: ",
        "line 7: ",
    ] {
        assert!(done.err.contains(words), "{words}: {}", done.err);
    }
    assert!(!done.err.contains("line 1:"), "{}", done.err);
    assert!(!done.err.contains(&HASH[30..59]), "{}", done.err);
    assert!(done.out.contains("nothing was written"), "{}", done.out);
    assert_eq!(desk.names().await, [] as [&str; 0]);
    let done = desk.import(&format!("{good}\n"), &[]).await.good();
    assert!(done.out.contains("accounts made: 1;"), "{}", done.out);
    assert_eq!(desk.names().await, ["good"]);
    desk.close().await;
}

#[tokio::test]
async fn a_2x_hash_comes_without_a_password_and_its_line_says_so() {
    let desk = Desk::open(false).await;
    let csv = format!(
        "name,password_hash\nold,{}\nada,{HASH}\n",
        HASH.replace("$2a$", "$2x$")
    );
    let done = desk.import(&csv, &[]).await.good();
    assert!(
        done.err.contains("line 2: ") && done.err.contains("reset"),
        "{}",
        done.err
    );
    assert_eq!(desk.stored().await, format!("ada:{HASH}\n"));
    let shown = desk.json(&["user", "show", "old"]).await;
    assert_eq!(shown["password_set"], json!(null));
}

#[tokio::test]
async fn crlf_and_a_byte_order_mark_change_nothing() {
    let desk = Desk::open(false).await;
    desk.ask(&["group", "add", "staff"]).await.good();
    let csv = format!(
        "\u{feff}groups,name,display,password_hash,email\r\n\
         staff,ada,\"Lovelace, \"\"Ada\"\"\",{HASH},Ada@example.com\r\n\r\n,bob,,,"
    );
    desk.import(&csv, &[]).await.good();
    let users = desk.json(&["user", "list", "--email"]).await;
    assert_eq!(field(&users, "display"), ["Lovelace, \"Ada\"", "bob"]);
    assert_eq!(users[0]["groups"], json!(["staff"]));
    assert_eq!(users[0]["email"], "ada@example.com");
    assert_eq!(desk.stored().await, format!("ada:{HASH}\n"));
    let htpasswd = format!("\u{feff}eve:{HASH}\r\n");
    desk.import(&htpasswd, &[]).await.good();
    assert_eq!(desk.stored().await, format!("ada:{HASH}\neve:{HASH}\n"));
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_skip_bad_takes_the_good_lines() {
    for with_server in [true, false] {
        let desk = Desk::open(with_server).await;
        let csv = "name,email,groups\n\
                   ada,a@example.com,\n\
                   ada,,\n\
                   b c,nothing,ops\n\
                   eve\n\
                   joe,A@example.com,\n\
                   kim,,\n";
        let dry = desk.import(csv, &["--dry-run"]).await;
        assert_eq!(dry.code, Some(1));
        for words in [
            "line 3: the same name as in line 2",
            "line 4: `b c` is no name",
            "line 4: the e-mail address",
            "line 4: there is no group `ops`; make it with `waarborg group add ops`",
            "line 5: 1 values, but the header names 3",
            "line 6: the same e-mail address as in line 2",
        ] {
            assert!(dry.err.contains(words), "{words}: {}", dry.err);
        }
        assert!(
            dry.out
                .starts_with("accounts that would be made: 2; bad lines: 4"),
            "{}",
            dry.out
        );
        assert_eq!(desk.names().await, [] as [&str; 0]);
        assert_eq!(desk.import(csv, &[]).await.code, Some(1));
        assert_eq!(desk.names().await, [] as [&str; 0]);
        let some = desk.import(csv, &["--skip-bad"]).await.good();
        assert!(some.err.contains("line 5: "), "{}", some.err);
        assert_eq!(desk.names().await, ["ada", "kim"]);
        let again = desk.import(csv, &["--skip-bad"]).await.good();
        assert!(
            again.err.contains("line 2: there is a user `ada` already"),
            "{}",
            again.err
        );
        assert!(again.out.contains("accounts made: 0;"), "{}", again.out);
        desk.close().await;
    }
}

#[tokio::test]
async fn a_long_file_is_taken_in_pieces_and_tells_how_far_it_is() {
    let desk = Desk::open(true).await;
    let mut csv = String::from("name,password_hash\n");
    for number in 0..1300 {
        let _ = writeln!(csv, "user{number:04},{HASH}");
    }
    let done = desk.import(&csv, &[]).await.good();
    assert!(done.out.contains("accounts made: 1300;"), "{}", done.out);
    for words in ["250 of 1300 lines judged", "1300 of 1300 lines taken"] {
        assert!(done.err.contains(words), "{words}: {}", done.err);
    }
    assert_eq!(desk.names().await.len(), 1300);
    let listed = desk.ask(&["user", "list", "user00"]).await.good();
    assert_eq!(listed.out.lines().count(), 101);
    desk.close().await;
}
