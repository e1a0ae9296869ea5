use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use config::AdminRoute;
use terms::{Secret, Verdict};

use super::{ENTRY, FACTOR, ROOMS, ROUTES};
use crate::{
    entry::Finding,
    ground::{Canary, Evidence, Question},
    target,
    testing::{Field, Heard, NAME, NOON, Said, field, nobody, reading, server, verdict, wrong},
    two_factor::App,
};

const KEY: &str = "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ";

/// What a portal does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// A room shows itself to everybody.
    OpenRoom,
    /// A change is taken from everybody who has signed in.
    OpenChange,
    /// Whoever may stand on the threshold is in.
    ThresholdIsConsole,
    /// The threshold asks for no second factor.
    NoFactor,
    /// Nobody stands on the threshold.
    ShutThreshold,
    /// The application's administration is open.
    OpenRoute,
    /// It is open to every user.
    RouteForUsers,
    /// It shuts itself: nothing of ours does.
    ShutByItself,
}

#[derive(Debug, Default)]
struct Portal {
    passwords: HashMap<String, String>,
    /// Who may stand on the threshold.
    member: String,
    on: bool,
    /// Who has signed in, and whether with a code; sessions are numbered.
    sessions: Vec<(String, bool)>,
    half: String,
}

fn said(status: u16, fields: Vec<(&'static str, String)>, body: &str) -> Said {
    Said {
        status,
        fields,
        body: body.to_owned(),
    }
}

fn form(action: &str, more: &str) -> String {
    format!(
        "<form action=\"{action}\"><input type=\"hidden\" name=\"token\" value=\"T-1\">{more}</form>"
    )
}

impl Portal {
    fn entered(&mut self, name: &str, code: bool) -> Said {
        self.sessions.push((name.to_owned(), code));
        let number = self.sessions.len() - 1;
        let cookies = vec![
            (
                "set-cookie",
                format!("__Host-Http-waarborg=s{number}; Path=/"),
            ),
            (
                "set-cookie",
                "__Host-Http-waarborg-device=D; Path=/".to_owned(),
            ),
        ];
        said(303, cookies, "")
    }

    fn session(&self, cookie: &str) -> Option<&(String, bool)> {
        let rest = cookie.split("__Host-Http-waarborg=s").nth(1)?;
        let number = rest.split(';').next()?.parse::<usize>().ok()?;
        self.sessions.get(number)
    }

    fn admin(&self, heard: &Heard, flaw: Flaw) -> Said {
        let room = heard.path.trim_start_matches("/-/admin");
        let Some((name, code)) = self.session(&heard.cookie) else {
            let open = flaw == Flaw::OpenRoom && room == "/users/x" && heard.method == "GET";
            let login = vec![("location", "/-/login".to_owned())];
            return if open {
                said(200, Vec::new(), "")
            } else {
                said(303, login, "")
            };
        };
        let (member, changes) = (*name == self.member, heard.method == "POST");
        let let_in = match room {
            "/threshold" => {
                let may = member && flaw != Flaw::ShutThreshold;
                may && (*code || flaw == Flaw::NoFactor)
            }
            "/users/x/remove" if changes && flaw == Flaw::OpenChange => true,
            _ => member && *code && flaw == Flaw::ThresholdIsConsole,
        };
        if !let_in {
            return said(403, Vec::new(), "");
        }
        said(200, Vec::new(), &form("/-/admin/threshold", ""))
    }
}

fn answer(portal: &mut Portal, heard: &Heard, flaw: Flaw) -> Said {
    let fields: HashMap<_, _> = heard
        .body
        .split('&')
        .filter_map(|it| it.split_once('='))
        .collect();
    let app = App::new(KEY).unwrap();
    let right = |code: &str| (-1..=1).any(|off| app.code(NOON, off).expose() == code);
    match (heard.method.as_str(), heard.path.as_str()) {
        (_, path) if path.starts_with("/-/admin/") => portal.admin(heard, flaw),
        ("GET", "/-/login?request=R") => {
            let callback = format!("https://{NAME}:8443/-/callback");
            let code = "<input type=\"hidden\" name=\"code\" value=\"C-1\">";
            said(200, Vec::new(), &form(&callback, code))
        }
        ("GET", path) if path.starts_with("/-/login?return=") => {
            let portal = vec![("location", "https://id.test/-/login?request=R".to_owned())];
            said(303, portal, "")
        }
        ("POST", "/-/callback") => {
            assert_eq!(fields["code"], "C-1");
            let cookie = ("set-cookie", "__Host-Http-waarborg=site; Path=/".to_owned());
            said(200, vec![cookie], "")
        }
        ("GET", "/manage") => {
            let user = heard.cookie.contains("=site");
            let open = flaw == Flaw::OpenRoute || user && flaw == Flaw::RouteForUsers;
            match (open, flaw) {
                (true, _) => said(200, Vec::new(), ""),
                (_, Flaw::ShutByItself) => said(403, Vec::new(), "mine"),
                _ => said(
                    403,
                    Vec::new(),
                    "{\"type\":\"urn:waarborg:refusal:forbidden\"}",
                ),
            }
        }
        ("GET", "/-/login") => said(200, Vec::new(), &form("/-/login", "")),
        ("GET", "/-/account") => said(200, Vec::new(), &form("/-/logout", "")),
        ("POST", "/-/login") => {
            let name = fields["name"].to_owned();
            assert_eq!(portal.passwords[&name], fields["password"]);
            if name == portal.member && portal.on {
                portal.half = name;
                return said(200, Vec::new(), &form("/-/login/code", ""));
            }
            portal.entered(&name, false)
        }
        ("POST", "/-/login/code") => {
            assert!(right(fields["code"]));
            let name = portal.half.clone();
            portal.entered(&name, true)
        }
        ("GET", "/-/account/second-factor") => {
            let shown = format!("<input id=\"once\" value=\"{KEY}\">");
            let form = form("/-/account/second-factor", "");
            said(200, Vec::new(), &(shown + &form))
        }
        ("POST", "/-/account/second-factor") => {
            portal.on = true;
            said(200, Vec::new(), "ten codes")
        }
        other => panic!("{other:?}"),
    }
}

fn promised(route: bool) -> config::Reading {
    let mut reading = reading();
    reading.sites[0].portal = true;
    if route {
        reading.admin.routes.push(AdminRoute {
            host: NAME.to_owned(),
            path: "/manage".to_owned(),
        });
    }
    reading
}

async fn ground(flaw: Flaw, route: bool) -> Field {
    let portal = Arc::new(Mutex::new(Portal::default()));
    let served = portal.clone();
    let address = server(move |heard| answer(&mut served.lock().unwrap(), heard, flaw)).await;
    let mut promised = promised(route);
    promised.public_port = 8443;
    field(address, promised).with_control(move |question| {
        let mut portal = portal.lock().unwrap();
        match question {
            Question::Canary => {
                let number = portal.passwords.len();
                let (name, password) = (format!("canary-{number}"), format!("right-{number}"));
                portal.passwords.insert(name.clone(), password.clone());
                let password = Secret::new(password);
                Evidence::Canary(Canary { name, password })
            }
            Question::Threshold { name } => {
                portal.member = name.clone();
                Evidence::Threshold
            }
            Question::Console => {
                let rooms = [
                    ("GET", "/users"),
                    ("GET", "/users/{id}"),
                    ("POST", "/users/{id}/remove"),
                ];
                let owned = |(method, path): (&str, &str)| (method.to_owned(), path.to_owned());
                Evidence::Console {
                    rooms: rooms.map(owned).into(),
                }
            }
            other => panic!("{other:?}"),
        }
    })
}

async fn attack(flaw: Flaw) -> Vec<Finding> {
    let field = ground(flaw, true).await;
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn an_honest_portal_passes_and_nobody_is_named() {
    let findings = attack(Flaw::None).await;
    for part in [ROOMS, FACTOR, ROUTES] {
        assert_eq!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
    let rooms = findings.iter().find(|found| found.part == ROOMS).unwrap();
    assert_eq!(rooms.figures, [("rooms".to_owned(), 3)]);
    let written = serde_json::to_string(&findings).unwrap();
    for secret in ["canary", "right-0", "GEZD"] {
        assert!(!written.contains(secret), "{written}");
    }
}

#[tokio::test]
async fn a_room_that_is_open_to_anybody_fails() {
    let findings = attack(Flaw::OpenRoom).await;
    assert_eq!(wrong(&findings, ROOMS), ["every-room-as-nobody"]);
    let findings = attack(Flaw::OpenChange).await;
    let both = ["every-room-as-user", "every-room-as-member"];
    assert_eq!(wrong(&findings, ROOMS), both);
    let findings = attack(Flaw::ThresholdIsConsole).await;
    assert_eq!(wrong(&findings, ROOMS), ["every-room-as-member"]);
}

#[tokio::test]
async fn a_door_that_opens_to_a_password_alone_fails() {
    let findings = attack(Flaw::NoFactor).await;
    assert_eq!(wrong(&findings, FACTOR), ["password-alone"]);
}

#[tokio::test]
async fn an_application_whose_administration_is_open_fails() {
    let findings = attack(Flaw::OpenRoute).await;
    let both = ["every-route-as-nobody", "every-route-as-user"];
    assert_eq!(wrong(&findings, ROUTES), both);
    let findings = attack(Flaw::ShutByItself).await;
    assert_eq!(wrong(&findings, ROUTES), both);
    let findings = attack(Flaw::RouteForUsers).await;
    assert_eq!(wrong(&findings, ROUTES), ["every-route-as-user"]);
    assert_eq!(verdict(&findings, ROOMS), Verdict::Pass);
}

#[tokio::test]
async fn where_the_twin_is_not_let_in_nothing_is_proven() {
    let findings = attack(Flaw::ShutThreshold).await;
    for part in [ROOMS, FACTOR, ROUTES] {
        assert_ne!(verdict(&findings, part), Verdict::Pass, "{findings:#?}");
    }
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let dead = field(nobody().await, promised(true));
    let silent = field(nobody().await, promised(true)).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    for field in [dead, silent] {
        for found in (ENTRY.drill)(&field.ground).await {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{found:#?}");
        }
    }
}

#[tokio::test]
async fn where_nobody_signs_in_nothing_is_promised_or_attacked() {
    for reading in [reading(), target::reading("a.test", 443)] {
        assert_eq!((ENTRY.parts)(&reading), []);
        let field = field(nobody().await, reading);
        assert_eq!((ENTRY.drill)(&field.ground).await, []);
    }
    let names = |reading: &config::Reading| -> Vec<&str> {
        (ENTRY.parts)(reading)
            .iter()
            .map(|part| part.name)
            .collect()
    };
    let mut reading = promised(true);
    reading.admin.networks = true;
    assert_eq!(names(&promised(false)), [ROOMS, FACTOR, "fresh"]);
    assert_eq!(
        names(&reading),
        [ROOMS, FACTOR, ROUTES, "fresh", "networks"]
    );
}
