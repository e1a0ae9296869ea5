//! The console on the portal: who gets in, and what they may not do to themselves.

use std::time::Duration;

use seam::{Credential, Session, own::OwnKnown, sessions::of_ada};
use terms::{ClientAddr, Language, Micros, RequestId};

use super::{
    super::{addresses, *},
    ground::{Answer, Ground, form},
};
use crate::{accounts::choice::Choice, web};

const ADMIN: &str = "[admin]\ngroups = [\"admins\", \"owners\"]\nnetworks = [\"192.0.2.0/24\"]\n";
const HERE: &str = "192.0.2.7";

/// Somebody on the portal.
pub(super) struct Person<'a> {
    ground: &'a Ground,
    session: Option<Arc<Session>>,
    client: &'static str,
}

impl Person<'_> {
    async fn send(&self, method: Method, path: &str, fields: Option<&[(&str, &str)]>) -> Answer {
        let mut request = Request::new(Body::empty());
        *request.method_mut() = method;
        *request.uri_mut() = path.parse().unwrap();
        if let Some(fields) = fields {
            let kind = "application/x-www-form-urlencoded".parse().unwrap();
            request.headers_mut().insert(header::CONTENT_TYPE, kind);
            *request.body_mut() = Body::from(form(fields));
        }
        request.extensions_mut().insert(OwnKnown {
            id: RequestId([1; 16]),
            site: 2,
            authority: "id.example.com".into(),
            client: ClientAddr::new(self.client.parse().unwrap()),
            session: self.session.clone(),
            language: Language::En,
        });
        let router = web::router("/-/", self.ground.state.clone());
        Ground::ask(router, request).await
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, None).await
    }

    fn token(&self) -> String {
        let session = self.session.as_deref().unwrap();
        let token = form::token(&self.ground.store(), form::Bound::Session(session));
        token.expose().clone()
    }

    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let token = self.token();
        let mut all = vec![("token", &*token)];
        all.extend(fields);
        self.send(Method::POST, path, Some(&all)).await
    }
}

/// Somebody who signed in so long ago by these methods.
pub(super) async fn person<'a>(
    ground: &'a Ground,
    id: &str,
    amr: &[&str],
    ago: Duration,
) -> Person<'a> {
    ground.sign_in(id).await;
    let own = ground.state.accounts.sessions.of(|it| &*it.account == id);
    let person = own.first().unwrap().1.person.clone();
    let now = ground.place.clock.now();
    Person {
        ground,
        session: Some(Arc::new(Session {
            person,
            amr: amr.iter().map(|&it| it.into()).collect(),
            auth_time: Micros(now.0 - i64::try_from(ago.as_micros()).unwrap()),
            ..of_ada(Credential::Cookie, &["id.example.com"])
        })),
        client: HERE,
    }
}

pub(super) const FULL: &[&str] = &["pwd", "otp", "mfa"];

#[tokio::test]
async fn only_an_administrator_with_a_second_factor_from_a_known_network_gets_in() {
    let ground = Ground::start_with(ADMIN).await;
    for group in ["admins", "staff"] {
        ground.group(group).await;
    }
    let ada = ground.account("ada", &["admins"]).await;
    let bo = ground.account("bo", &["staff"]).await;
    let now = Duration::ZERO;
    let admin = person(&ground, &ada, FULL, now).await;
    let page = admin.get("/-/admin/users").await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("href=\"/-/account\"") && !page.body.contains("admin/leave"));
    for (path, status) in [
        ("/-/admin", 303),
        ("/-/admin/threshold", 200),
        ("/-/admin/audit", 200),
        ("/-/admin/nothing", 404),
        // The door on the machine isn't here.
        ("/-/admin/enter", 404),
        ("/-/admin/leave", 404),
    ] {
        assert_eq!(admin.get(path).await.status, status, "{path}");
    }

    let user = person(&ground, &bo, FULL, now).await;
    let half = person(&ground, &ada, &["pwd"], now).await;
    let mut away = person(&ground, &ada, FULL, now).await;
    away.client = "198.51.100.7";
    let nobody = Person {
        ground: &ground,
        session: None,
        client: HERE,
    };
    let all = addresses().into_iter().map(|(method, path)| {
        let path = path.replace("{id}", &ada).replace("{name}", "staff");
        (method, format!("/-/admin{path}"))
    });
    let beside = [
        (Method::GET, "/-/admin/nothing".to_owned()),
        (Method::GET, "/-/admin/threshold".to_owned()),
        (Method::POST, "/-/admin/threshold".to_owned()),
    ];
    let mut tried = 0;
    for (method, path) in all.chain(beside) {
        for (who, status) in [(&user, 403), (&away, 403), (&half, 303), (&nobody, 303)] {
            let answer = if method == Method::GET {
                who.get(&path).await
            } else if who.session.is_some() {
                who.post(&path, &[]).await
            } else {
                who.send(method.clone(), &path, Some(&[("token", "x")]))
                    .await
            };
            // The threshold may be tried from anywhere.
            let open = who.client != HERE && path.ends_with("threshold");
            let status = if open { 200 } else { status };
            assert_eq!(answer.status, status, "{method} {path}");
            let to = answer.header("location");
            assert!(!to.starts_with("/-/admin"), "{method} {path}: {to}");
            tried += 1;
        }
    }
    assert!(tried > 80, "{tried}");
    assert_eq!(ground.store().groups().await.unwrap().len(), 2);
    assert!(ground.store().account(&ada).await.unwrap().is_some());
}

#[tokio::test]
async fn who_may_stand_on_the_threshold_gets_no_further() {
    let ground = Ground::start_with(ADMIN).await;
    let actor = Actor::system("test");
    let trial = "trial".parse().unwrap();
    let accounts = &ground.state.accounts;
    accounts.add_group(&trial, true, &actor).await.unwrap();
    let id = ground.account("tom", &["trial"]).await;
    let member = person(&ground, &id, FULL, Duration::ZERO).await;
    let page = member.get("/-/admin/threshold").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.hidden("token"), member.token());
    let knocked = member.post("/-/admin/threshold", &[]).await;
    assert_eq!(knocked.status, 200);
    let half = person(&ground, &id, &["pwd"], Duration::ZERO).await;
    assert_eq!(half.get("/-/admin/threshold").await.status, 303);
    for (method, path) in addresses() {
        let path = format!("/-/admin{path}").replace(['{', '}'], "");
        let answer = match method {
            Method::GET => member.get(&path).await,
            _ => member.post(&path, &[]).await,
        };
        assert_eq!(answer.status, 403, "{path}");
    }
}

#[tokio::test]
async fn a_change_wants_our_token_and_a_fresh_sign_in_and_waits_for_it() {
    let ground = Ground::start_with(ADMIN).await;
    ground.group("admins").await;
    let id = ground.account("ada", &["admins"]).await;
    let fresh = person(&ground, &id, FULL, Duration::from_secs(599)).await;
    let foreign = [("token", "x"), ("name", "one")];
    let forged = fresh.send(Method::POST, "/-/admin/groups/add", Some(&foreign));
    assert_eq!(forged.await.status, 403);
    let done = fresh.post("/-/admin/groups/add", &[("name", "one")]).await;
    assert_eq!(
        (done.status, done.header("location")),
        (303, "/-/admin/groups?done=added")
    );
    let query = store::AuditQuery {
        actor: Some(Actor::account(&id)),
        limit: 10,
        ..store::AuditQuery::default()
    };
    let rows = ground.store().audit_rows(&query).await.unwrap();
    assert!(rows.iter().any(|row| row.action == "group.add"));

    let stale = person(&ground, &id, FULL, Duration::from_secs(600)).await;
    // To look is still theirs.
    assert_eq!(stale.get("/-/admin/users").await.status, 200);
    let asked = stale.post("/-/admin/groups/add", &[("name", "two")]).await;
    assert_eq!(asked.status, 200);
    assert!(
        asked.body.contains("action=\"/-/account/confirm\""),
        "{}",
        asked.body
    );
    assert_eq!(
        ground.store().groups().await.unwrap().len(),
        2,
        "nothing is done yet"
    );
    // A password isn't kept, not even sealed.
    let secret = [("password", "vier gele fietsen in het bos")];
    let sent = stale
        .post(&format!("/-/admin/users/{id}/password"), &secret)
        .await;
    let to = "/-/account/confirm?return=admin%2Fusers";
    assert_eq!((sent.status, sent.header("location")), (303, to));
}

#[tokio::test]
async fn what_was_kept_goes_on_for_whoever_began_it_and_in_time() {
    let ground = Ground::start_with(ADMIN).await;
    ground.group("admins").await;
    let (ada, bo) = (
        ground.account("ada", &["admins"]).await,
        ground.account("bo", &["admins"]).await,
    );
    let password = Secret::new("vier gele fietsen in het bos".to_owned());
    for id in [&ada, &bo] {
        let account = ground.store().account(id).await.unwrap().unwrap();
        let accounts = &ground.state.accounts;
        let chosen = accounts.choose_password(&account, None, &password).await;
        let Choice::Taken(hash) = chosen.unwrap() else {
            panic!("a good password");
        };
        let actor = Actor::system("test");
        let set = accounts.set_password(&account, &hash, "password.set", None, &actor);
        set.await.unwrap();
    }
    let stale = person(&ground, &ada, FULL, Duration::from_secs(600)).await;
    let fields = [("name", "two & <three>"), ("x", "é")];
    let asked = stale.post("/-/admin/groups/add", &fields).await;
    let kept = asked.hidden("request");
    let confirm = async |id: &str| {
        // The session that is renewed has to be one that is kept.
        ground.sign_in(id).await;
        let own = ground.state.accounts.sessions.of(|it| &*it.account == id);
        let owner = Person {
            ground: &ground,
            session: Some(own.last().unwrap().1.clone()),
            client: HERE,
        };
        let fields = [("password", &**password.expose()), ("request", &*kept)];
        owner.post("/-/account/confirm", &fields).await
    };
    let page = confirm(&ada).await;
    assert_eq!(page.status, 200, "{}", page.body);
    assert!(page.body.contains("action=\"/-/admin/groups/add\""));
    assert_eq!(page.hidden("name"), "two &#38; &#60;three&#62;");
    assert_eq!(page.hidden("x"), "é");
    assert_ne!(page.header("set-cookie"), "", "the session is another now");
    // Another administrator's hands don't do it, nor do their own much later.
    assert_eq!(confirm(&bo).await.status, 303);
    ground.place.clock.advance(Duration::from_secs(600));
    assert_eq!(confirm(&ada).await.status, 303);
}

#[tokio::test]
async fn nobody_removes_himself_or_the_last_administrator_or_their_group() {
    let ground = Ground::start_with(ADMIN).await;
    for group in ["admins", "owners", "staff"] {
        ground.group(group).await;
    }
    let (ada, bo) = (
        ground.account("ada", &["admins", "staff"]).await,
        ground.account("bo", &["owners"]).await,
    );
    let admin = person(&ground, &ada, FULL, Duration::ZERO).await;
    let form = |state: &'static str, groups: &[&'static str]| {
        let mut fields = vec![
            ("name", "ADA"),
            ("email", "ada@example.com"),
            ("state", state),
        ];
        fields.extend(groups.iter().map(|group| ("group", *group)));
        fields
    };
    let own = format!("/-/admin/users/{ada}");
    for (path, fields) in [
        (format!("{own}/remove"), Vec::new()),
        (own.clone(), form("disabled", &["admins", "staff"])),
        (own.clone(), form("active", &["staff"])),
        ("/-/admin/groups/admins/remove".to_owned(), Vec::new()),
        (
            "/-/admin/groups/admins".to_owned(),
            vec![("name", "chiefs")],
        ),
    ] {
        let refused = admin.post(&path, &fields).await;
        assert_eq!(refused.status, 422, "{path}: {}", refused.body);
        assert!(refused.body.contains("role=\"alert\""), "{path}");
    }
    // The twin: what leaves them an administrator, and another who may be removed.
    let moved = admin.post(&own, &form("active", &["owners"])).await;
    assert_eq!(moved.status, 303, "{}", moved.body);
    let other = admin
        .post(&format!("/-/admin/users/{bo}/remove"), &[])
        .await;
    assert_eq!(other.status, 303, "{}", other.body);
    // On the machine nobody is himself, but the last one stays.
    let browser = ground.browser().await;
    let last = browser.post(&format!("{own}/remove"), &[]).await;
    assert_eq!(last.status, 422);
    assert!(ground.store().account(&ada).await.unwrap().is_some());
}

#[tokio::test]
async fn a_lost_second_factor_is_begun_and_stopped_for_others_and_never_for_oneself() {
    const MAIL: &str = "[mail]\nsmtp = \"smtp-plain://127.0.0.1:9\"\n\
        from = \"waarborg@example.com\"\nto = [\"ops@example.com\"]\n";
    let ground = Ground::start_with(&format!("{ADMIN}{MAIL}")).await;
    ground.group("admins").await;
    let ada = ground.account("ada", &["admins"]).await;
    let bo = ground.account("bo", &[]).await;
    let store = ground.store();
    let admin = person(&ground, &ada, FULL, Duration::ZERO).await;
    let (own, his) = (
        format!("/-/admin/users/{ada}"),
        format!("/-/admin/users/{bo}"),
    );
    assert!(!admin.get(&his).await.body.contains("lost-factor"));
    for id in [&ada, &bo] {
        let mut change = store.change(&Actor::account(id)).await.unwrap();
        let factor = store.new_id();
        let added = change.add_totp(id, (&factor, b"seed"), "phone", 5);
        added.await.unwrap();
        change.commit().await.unwrap();
    }
    let page = admin.get(&own).await.body;
    assert!(page.contains("another administrator") && !page.contains("lost-factor\""));
    let begun = admin.post(&format!("{own}/lost-factor"), &[]).await;
    assert_eq!(begun.header("location"), format!("{own}?done=unchanged"));
    assert_eq!(store.lost_factor(&ada).await.unwrap(), None);

    assert!(admin.get(&his).await.body.contains("lost-factor\""));
    let begun = admin.post(&format!("{his}/lost-factor"), &[]).await;
    assert_eq!(begun.header("location"), format!("{his}?done=saved"));
    let page = admin.get(&his).await.body;
    assert!(page.contains("ada has begun") && page.contains("lost-factor/stop\""));
    let stopped = admin.post(&format!("{his}/lost-factor/stop"), &[]).await;
    assert_eq!(stopped.header("location"), format!("{his}?done=saved"));
    assert_eq!(store.lost_factor(&bo).await.unwrap(), None);
    let query = store::AuditQuery {
        action: "lost-factor.".to_owned(),
        limit: 9,
        ..store::AuditQuery::default()
    };
    let rows = store.audit_rows(&query).await.unwrap();
    let by: Vec<_> = rows.iter().map(|row| row.actor.as_str()).collect();
    assert_eq!(by, [format!("account:{ada}"), format!("account:{ada}")]);
}
