//! Promise `lockout`: wrong passwords lock an account, and a stranger can't lock its owner
//! out. Judge: curl, in the same order as the drill.

use std::fs;

use waarborg_it::{gateway::Gateway, ground::Ground, upstream::Upstream};

use super::{HOST, bites, import, sign_in};

#[tokio::test]
async fn with_its_control_cut_the_drill_fails_and_uncut_it_passes() {
    bites("lockout", &["locked", "devices"]).await;
}

#[tokio::test]
async fn curl_is_locked_out_as_a_stranger_and_let_in_from_a_device_that_is_known() {
    const PASSWORD: &str = "vier gele fietsen in het bos";
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure_with_portal(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    for name in ["ada", "bob"] {
        import(&ground, name, PASSWORD, "10").await;
    }
    let owner = ground.path("owner");
    assert_eq!(sign_in(&gateway, &owner, "ada", PASSWORD).await, "303");
    for guess in ["one", "two", "three"] {
        let stranger = ground.path(guess);
        assert_eq!(sign_in(&gateway, &stranger, "ada", guess).await, "422");
    }
    let stranger = ground.path("stranger");
    assert_eq!(
        sign_in(&gateway, &stranger, "ada", PASSWORD).await,
        "422",
        "the right password is refused once it is locked"
    );
    let other = ground.path("other");
    assert_eq!(sign_in(&gateway, &other, "bob", PASSWORD).await, "303");
    // The browser was closed: it is known, and not signed in.
    let kept = fs::read_to_string(&owner).expect("curl's cookies");
    let kept = kept
        .lines()
        .filter(|line| !line.contains("__Host-Http-waarborg\t"));
    let kept: Vec<&str> = kept.collect();
    fs::write(&owner, kept.join("\n") + "\n").expect("a file of ours");
    assert_eq!(sign_in(&gateway, &owner, "ada", PASSWORD).await, "303");
    assert!(gateway.metric("waarborg_locks_total").await > 0);
    for outcome in ["signed-in", "refused"] {
        let counted = format!("waarborg_sign_ins_total{{outcome=\"{outcome}\"}}");
        assert!(gateway.metric(&counted).await > 0, "{outcome}");
    }
    gateway.stop().await;
}
