//! A store, the operations router in front of it, and browsers that use it.

use std::{path::Path, sync::Arc, time::Duration};

use axum::{body::to_bytes, extract::ConnectInfo};
use config::{Config, Env};
use http::{HeaderMap, Method};
use seam::Sessions;
use store::{AccountDetails, AccountState, AuditQuery, AuditRow, StoredSession, testing::Place};
use terms::{ClientAddr, Rng};
use tokio::sync::watch;
use tower::ServiceExt as _;

use super::super::{visit::encoded, *};
use crate::{
    access_log::Recent,
    accounts::{
        Accounts, secret,
        session::From,
        sign_in::{Attempt, SignedIn},
    },
    handover::Revocations,
    metrics::{Metrics, Tallies},
    operations::{self, Operations},
    publish::Publisher,
};

pub(super) const HOST: &str = "127.0.0.1:9443";

const CONFIG: &str = "data = \"data\"\nportal = \"id.example.com\"\n\
    [password]\ncost = 10\n\
    [site.\"app.example.com\"]\nupstream = \"http://127.0.0.1:9\"\naccess = \"login\"\n\
    tokens = \"bearer\"\n\
    [site.\"dav.example.com\"]\nupstream = \"http://127.0.0.1:9\"\naccess = \"login\"\n\
    tokens = \"basic\"\n\
    [site.\"id.example.com\"]\n[acme]\nemail = \"ops@example.com\"\n";

pub(super) struct Ground {
    pub(super) router: Router,
    pub(super) state: State,
    pub(super) place: Place,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |it| it.to_str().unwrap())
    }

    /// The value of the first hidden field of this name.
    pub(super) fn hidden(&self, name: &str) -> String {
        let mark = format!("type=\"hidden\" name=\"{name}\" value=\"");
        let (_, rest) = self
            .body
            .split_once(&mark)
            .unwrap_or_else(|| panic!("{name}: {}", self.body));
        rest.split('"').next().unwrap().to_owned()
    }

    /// Where the link to the next page leads.
    pub(super) fn next(&self) -> Option<String> {
        let (before, _) = self.body.split_once("\" rel=\"next\"")?;
        let (_, to) = before.rsplit_once("href=\"")?;
        Some(to.replace("&#38;", "&").replace("&amp;", "&"))
    }
}

/// A request as a browser sends it.
pub(super) fn request(method: Method, path: &str) -> Request {
    let mut request = Request::new(Body::empty());
    *request.method_mut() = method;
    *request.uri_mut() = path.parse().unwrap();
    let here: SocketAddr = "127.0.0.1:50000".parse().unwrap();
    request.extensions_mut().insert(ConnectInfo(here));
    set(&mut request, "host", HOST);
    request
}

pub(super) fn set(request: &mut Request, name: &'static str, value: &str) {
    request.headers_mut().insert(name, value.parse().unwrap());
}

pub(super) fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", encoded(value)));
    pairs.collect::<Vec<_>>().join("&")
}

/// A form as our own page sends it.
pub(super) fn post(path: &str, fields: &[(&str, &str)]) -> Request {
    let mut request = request(Method::POST, path);
    set(&mut request, "origin", &format!("http://{HOST}"));
    set(
        &mut request,
        "content-type",
        "application/x-www-form-urlencoded",
    );
    *request.body_mut() = Body::from(form(fields));
    request
}

impl Ground {
    pub(super) async fn start() -> Self {
        Self::start_with("").await
    }

    /// `rest` is more of the configuration.
    pub(super) async fn start_with(rest: &str) -> Self {
        let place = Place::sqlite();
        let store = place.open().await;
        let clock = place.clock.clone();
        let env = Env::given(clock.clone());
        let loaded = Config::parse(Path::new("waarborg.toml"), &format!("{CONFIG}{rest}"), &env);
        let config = loaded
            .unwrap_or_else(|mistakes| panic!("{mistakes}"))
            .config;
        let publisher = Publisher::new(Arc::new(config), String::new(), clock.clone());
        let publisher = Arc::new(publisher);
        let sessions = Arc::new(Sessions::default());
        let (_, seen) = watch::channel(Some(store.clone()));
        let (_, kept) = watch::channel(None);
        let tallies = Arc::new(Tallies::default());
        let address = HOST.parse().unwrap();
        let state = State {
            strikes: Arc::default(),
            reflections: Arc::default(),
            weaknesses: Arc::default(),
            accounts: Accounts {
                publisher: publisher.clone(),
                store: seen,
                revocations: Revocations::new(sessions.clone()),
                sessions,
                doors: Arc::default(),
                signer: Arc::default(),
                tallies: Arc::default(),
                clock: clock.clone(),
                rng: Rng::System,
            },
            publisher,
            kept,
            tallies: tallies.clone(),
            recent: Arc::new(Recent::default()),
            door: Arc::new(Door::new(address, clock.clone(), Rng::System)),
            clock,
            rng: Rng::System,
        };
        state.accounts.load(&store).await.unwrap();
        let router = operations::router(Operations {
            state: state.clone(),
            metrics: Arc::new(Metrics {
                workers: Vec::new(),
                tallies,
            }),
            ready: Arc::default(),
            address,
        });
        Self {
            router,
            state,
            place,
        }
    }

    pub(super) async fn send(&self, request: Request) -> Answer {
        Self::ask(self.router.clone(), request).await
    }

    pub(super) async fn ask(router: Router, request: Request) -> Answer {
        let answer = router.oneshot(request).await.unwrap();
        let (head, body) = answer.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
        }
    }

    /// The path of a fresh link, and its secret.
    pub(super) fn link(&self) -> (String, String) {
        let link = self.state.door.link("/-/", Actor::command(1000)).unwrap();
        let path = link.expose().strip_prefix("http://127.0.0.1:9443").unwrap();
        let (_, secret) = path.split_once("secret=").unwrap();
        (path.to_owned(), secret.to_owned())
    }

    /// A browser inside.
    pub(super) async fn browser(&self) -> Browser<'_> {
        let (_, secret) = self.link();
        let entered = self
            .send(post("/-/admin/enter", &[("secret", &secret)]))
            .await;
        assert_eq!(entered.status, 303, "{}", entered.body);
        let cookie = entered.header("set-cookie").split(';').next().unwrap();
        let mut browser = Browser {
            ground: self,
            cookie: cookie.to_owned(),
            token: String::new(),
        };
        browser.token = browser.get("/-/admin/users").await.hidden("token");
        browser
    }

    pub(super) fn store(&self) -> store::Store {
        self.state.accounts.store().unwrap()
    }

    /// An account of this name, by its id.
    pub(super) async fn account(&self, name: &str, groups: &[&str]) -> String {
        let details = AccountDetails {
            name: name.parse().unwrap(),
            display: name.to_uppercase(),
            email: Some(Secret::new(format!("{name}@example.com"))),
            groups: groups.iter().map(|it| it.parse().unwrap()).collect(),
            state: AccountState::Active,
        };
        let actor = Actor::system("test");
        let add = self.state.accounts.add(&details, None, &actor);
        add.await.unwrap()
    }

    pub(super) async fn group(&self, name: &str) {
        let name = name.parse().unwrap();
        let actor = Actor::system("test");
        let add = self.state.accounts.add_group(&name, false, &actor);
        add.await.unwrap();
    }

    /// The sessions that somebody begins on the portal, without the cost of a password.
    pub(super) async fn sign_in(&self, id: &str) {
        let store = self.store();
        let now = self.place.clock.now();
        let account = store.account(id).await.unwrap().unwrap();
        let made = secret::made(&Rng::System);
        let row = StoredSession {
            sid: store.new_id(),
            hash: made.hash.0,
            account: id.to_owned(),
            parent: None,
            site: "id.example.com".to_owned(),
            amr: vec!["pwd".to_owned()],
            auth_time: now,
            created_at: now,
            expires_at: now.after(Duration::from_secs(86_400)),
            last_seen: now,
            agent: "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".to_owned(),
            network: "192.0.2.0/24".to_owned(),
        };
        let mut change = store.change(&Actor::account(id)).await.unwrap();
        change.begin_session(&row, &account.name).await.unwrap();
        change.commit().await.unwrap();
        self.state.accounts.load(&store).await.unwrap();
    }

    /// Whether somebody gets in by a password, and why not.
    pub(super) async fn gets_in(&self, name: &str, password: &str) -> bool {
        let attempt = Attempt {
            name: name.to_owned(),
            password: Secret::new(password.to_owned()),
            device: None,
            start: seam::TokenHash([0; 32]),
            portal: "id.example.com".to_owned(),
            from: From {
                client: ClientAddr::new("192.0.2.7".parse().unwrap()),
                agent: String::new(),
            },
            language: terms::Language::En,
        };
        let signed_in = self.state.accounts.sign_in(attempt).await.unwrap();
        matches!(signed_in, SignedIn::Yes { .. })
    }

    /// What the console has written into the trail since it was entered, oldest first.
    pub(super) async fn trail(&self) -> Vec<AuditRow> {
        let query = AuditQuery {
            actor: Some(Actor::command(1000)),
            limit: 500,
            ..AuditQuery::default()
        };
        let mut rows = self.store().audit_rows(&query).await.unwrap();
        rows.reverse();
        rows.retain(|row| row.action != "console.enter");
        rows
    }
}

/// Somebody with a session.
pub(super) struct Browser<'a> {
    pub(super) ground: &'a Ground,
    pub(super) cookie: String,
    pub(super) token: String,
}

impl Browser<'_> {
    pub(super) fn with_cookie(&self, mut request: Request) -> Request {
        set(&mut request, "cookie", &self.cookie);
        request
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        let request = self.with_cookie(request(Method::GET, path));
        self.ground.send(request).await
    }

    pub(super) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut all = vec![("token", &*self.token)];
        all.extend(fields);
        self.ground.send(self.with_cookie(post(path, &all))).await
    }

    /// A change that is done: where it leads.
    pub(super) async fn change(&self, path: &str, fields: &[(&str, &str)]) -> String {
        let answer = self.post(path, fields).await;
        assert_eq!(answer.status, 303, "{path}: {}", answer.body);
        answer.header("location").to_owned()
    }
}
