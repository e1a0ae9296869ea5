//! Promise `password`: what is chosen is strong, and what is kept is bcrypt with a salt of
//! its own. Judge: Apache's htpasswd, both ways.

use serde_json::Value;
use waarborg_it::{gateway::Gateway, ground::Ground, in_time, program::run, upstream::Upstream};

use super::{HOST, bites, import, sign_in, sql};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("password", &["stored"]).await;
}

fn wrong(found: &Value) -> Vec<&str> {
    let steps = found["steps"].as_array().expect("steps").iter();
    let wrong = steps.filter(|step| step["good"] == false);
    wrong.filter_map(|step| step["step"].as_str()).collect()
}

#[tokio::test]
async fn a_cheap_import_turns_the_page_red_until_its_owner_signs_in_and_htpasswd_agrees() {
    const PASSWORD: &str = "vier gele fietsen in het bos";
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    // Two accounts with one and the same hash, as cheap as htpasswd makes it.
    import(&ground, "ada", PASSWORD, "5").await;
    sql(
        &ground,
        "INSERT INTO account (id, name, display, password, password_at, state, created_at) \
         SELECT 'id-bob', 'bob', 'bob', password, 1, 'active', 1 FROM account WHERE name = 'ada'",
    )
    .await;
    let (code, proved) = gateway.prove_only(&ground, &["password"]).await;
    assert_eq!(code, Some(1), "{:#}", proved.0);
    let found = proved.part("password", "stored");
    assert_eq!(wrong(found), ["cost", "salts-of-their-own"], "{found:#}");
    let said = gateway.said_of(HOST, "password").await;
    assert_eq!(said["state"], "red", "{said:#}");

    sql(
        &ground,
        "DELETE FROM account WHERE name = 'bob' RETURNING name",
    )
    .await;
    let jar = ground.path("jar");
    assert_eq!(sign_in(&gateway, &jar, "ada", PASSWORD).await, "303");
    let renewed = async {
        loop {
            let hash = sql(&ground, "SELECT password FROM account WHERE name = 'ada'").await;
            if hash.starts_with("$2b$10$") {
                return hash;
            }
        }
    };
    let hash = in_time("the hash is renewed", renewed).await;
    let file = ground.write("passwords", &format!("ada:{hash}\n"));
    let file = file.to_string_lossy();
    let told = run("htpasswd", &["-vb", &*file, "ada", PASSWORD]).await;
    assert_eq!(told.code, Some(0), "{}{}", told.out, told.err);
    let told = run("htpasswd", &["-vb", &*file, "ada", "another"]).await;
    assert_eq!(told.code, Some(3), "{}{}", told.out, told.err);

    let (code, proved) = gateway.prove(&ground).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    let said = gateway.said_of(HOST, "password").await;
    assert_eq!(said["state"], "green", "{said:#}");
    let sentence = said["sentence"].as_str().expect("a sentence");
    assert!(sentence.contains("of cost 10 or more."), "{sentence}");
    let left = sql(&ground, "SELECT name FROM account").await;
    assert_eq!(left, "ada", "the drills' own accounts are gone");
    let counted = |outcome| format!("waarborg_passwords_chosen_total{{outcome=\"{outcome}\"}}");
    for outcome in ["taken", "refused"] {
        assert!(gateway.metric(&counted(outcome)).await > 0, "{outcome}");
    }
    gateway.stop().await;
}

#[tokio::test]
async fn without_a_portal_nothing_is_promised_of_passwords() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let (code, proved) = gateway.prove_only(&ground, &["password"]).await;
    assert_eq!(code, Some(0), "{:#}", proved.0);
    for promise in ["password", "lockout"] {
        let said = gateway.said_of(HOST, promise).await;
        assert_eq!(said["state"], "not-promised", "{said:#}");
    }
    gateway.stop().await;
}
