use terms::{Secret, Verdict};

use super::{ENTRY, OWN};
use crate::{
    entry::Finding,
    ground::{Canary, Evidence, Question},
    portal::{Fields, Form},
    target,
    testing::{Heard, NAME, Said, field, nobody, reading, server, verdict, wrong},
};

/// What a portal does wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// A field of a form comes back raw in the page that answers it.
    Field,
    /// A label that a user chose comes back raw where it is listed.
    Kept,
    /// A parameter that no form has comes back raw.
    Parameter,
    /// It escapes angle brackets and forgets quotes.
    Quotes,
    /// The page of an address that there isn't shows it raw.
    Nowhere,
    /// Nothing that is typed comes back at all.
    Mute,
}

fn decoded(value: &str) -> String {
    let mut out = value.to_owned();
    for (code, raw) in [("%22", "\""), ("%27", "'"), ("%3E", ">"), ("%3C", "<")] {
        out = out.replace(code, raw);
    }
    out
}

fn escaped(value: &str, quotes: bool) -> String {
    let out = value.replace('<', "&#60;").replace('>', "&#62;");
    if quotes {
        out.replace('"', "&#34;").replace('\'', "&#39;")
    } else {
        out
    }
}

/// The value of a parameter, decoded.
fn parameter(pairs: &str, name: &str) -> String {
    let mut pairs = pairs.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.find(|(known, _)| *known == name).map(|it| it.1);
    decoded(value.unwrap_or_default())
}

fn page(status: u16, body: String) -> Said {
    Said {
        status,
        fields: Vec::new(),
        body,
    }
}

fn form(method: &str, action: &str, more: &str) -> String {
    format!(
        "<form class=\"x\" method=\"{method}\" action=\"/-/{action}\">\
         <input type=\"hidden\" name=\"token\" value=\"T-1\">{more}</form>"
    )
}

fn portal(flaw: Flaw) -> impl Fn(&Heard) -> Said + Send + Sync + 'static {
    let label = std::sync::Mutex::new(String::new());
    move |heard| {
        let (path, query) = heard.path.split_once('?').unwrap_or((&heard.path, ""));
        let show = |value: &str, raw: bool| {
            if raw {
                value.to_owned()
            } else if flaw == Flaw::Mute {
                String::new()
            } else {
                escaped(value, flaw != Flaw::Quotes)
            }
        };
        let posted = heard.method == "POST";
        let signed_in = heard.cookie.contains("__Host-Http-waarborg=s");
        match path.trim_start_matches("/-/") {
            "login" if posted && heard.body.contains("password=right") => Said {
                status: 303,
                fields: vec![
                    ("set-cookie", "__Host-Http-waarborg=s; Path=/".to_owned()),
                    (
                        "set-cookie",
                        "__Host-Http-waarborg-device=D; Path=/".to_owned(),
                    ),
                ],
                body: String::new(),
            },
            "login" => {
                let typed = show(&parameter(&heard.body, "name"), flaw == Flaw::Field);
                let to = show(&parameter(query, "return"), flaw == Flaw::Parameter);
                let fields = format!(
                    "<input name=\"name\" value=\"{typed}\"><input type=\"password\" \
                     name=\"password\">"
                );
                let status = if posted { 401 } else { 200 };
                page(
                    status,
                    format!("<p>{to}</p>{}", form("post", "login", &fields)),
                )
            }
            "security" if flaw != Flaw::Mute => page(200, "<html lang=\"nl\">".to_owned()),
            "account" if signed_in => page(200, form("post", "logout", "")),
            "account/labels" if signed_in => {
                let mut label = label.lock().unwrap();
                if posted {
                    *label = parameter(&heard.body, "label");
                }
                let kept = show(&label, flaw == Flaw::Kept);
                let fields = "<textarea name=\"label\" rows=\"2\"></textarea>";
                page(
                    200,
                    format!("<li>{kept}</li>{}", form("post", "account/labels", fields)),
                )
            }
            "account" | "account/labels" => page(303, String::new()),
            other => {
                let shown = show(&decoded(other), flaw == Flaw::Nowhere);
                page(404, format!("<p>{shown}</p>"))
            }
        }
    }
}

fn promised() -> config::Reading {
    let mut reading = reading();
    reading.sites[0].portal = true;
    reading
}

async fn judged(flaw: Flaw) -> Vec<Finding> {
    let address = server(portal(flaw)).await;
    let field = field(address, promised()).with_control(|question| match question {
        Question::Pages => Evidence::Pages {
            paths: [
                "login",
                "account",
                "account/labels",
                "account/labels/{what}",
            ]
            .map(str::to_owned)
            .into(),
        },
        Question::Canary => Evidence::Canary(Canary {
            name: "canary".to_owned(),
            password: Secret::new("right".to_owned()),
        }),
        other => panic!("{other:?}"),
    });
    (ENTRY.drill)(&field.ground).await
}

#[tokio::test]
async fn pages_that_show_everything_as_text_pass_and_are_counted() {
    let findings = judged(Flaw::None).await;
    assert_eq!(verdict(&findings, OWN), Verdict::Pass, "{findings:#?}");
    let figures = &findings[0].figures;
    assert!(figures.contains(&("pages".to_owned(), 3)), "{figures:?}");
    assert!(figures.contains(&("fields".to_owned(), 3)), "{figures:?}");
}

#[tokio::test]
async fn one_place_that_shows_markup_as_markup_fails_whoever_sees_it() {
    for (flaw, step) in [
        (Flaw::Field, "markup-as-nobody"),
        (Flaw::Parameter, "markup-as-nobody"),
        (Flaw::Quotes, "markup-as-nobody"),
        (Flaw::Nowhere, "markup-as-user"),
        (Flaw::Kept, "markup-as-user"),
        (Flaw::Mute, "harmless-value-comes-back"),
    ] {
        let findings = judged(flaw).await;
        assert_eq!(verdict(&findings, OWN), Verdict::Fail, "{flaw:?}");
        let wrong = wrong(&findings, OWN);
        assert!(wrong.iter().any(|it| it == step), "{flaw:?}: {wrong:?}");
    }
}

#[tokio::test]
async fn where_it_cannot_be_tried_nothing_is_proven() {
    let dead = field(nobody().await, promised());
    let silent = field(nobody().await, promised()).with_control(|_| Evidence::None {
        why: "store-away".to_owned(),
    });
    for field in [dead, silent] {
        for found in (ENTRY.drill)(&field.ground).await {
            assert_eq!(found.verdict, Verdict::Inconclusive, "{found:#?}");
        }
    }
}

#[tokio::test]
async fn without_a_portal_the_addresses_of_own_pages_are_tried() {
    let mut alone = reading();
    alone.xss.observe = 2;
    alone.xss.neutralise = 1;
    let names = |reading: &config::Reading| -> Vec<&str> {
        let parts = (ENTRY.parts)(reading);
        parts.iter().map(|part| part.name).collect()
    };
    assert_eq!(names(&alone), [OWN, "enforced", "observed"]);
    assert_eq!(names(&promised()), [OWN]);
    for (flaw, expected) in [
        (Flaw::None, Verdict::Pass),
        (Flaw::Nowhere, Verdict::Fail),
        (Flaw::Mute, Verdict::Fail),
    ] {
        let field = field(server(portal(flaw)).await, alone.clone());
        let findings = (ENTRY.drill)(&field.ground).await;
        assert_eq!(verdict(&findings, OWN), expected, "{flaw:?}: {findings:#?}");
    }
    assert_eq!((ENTRY.parts)(&target::reading(NAME, 443)), []);
}

#[test]
fn every_form_of_a_page_is_read() {
    let page = "<form class=\"a\" method=\"get\" action=\"/-/audit\"><input type=\"date\" \
                name=\"from\"><select name=\"what\"><option>a</option></select></form>\
                <form method=\"post\" action=\"https://else.test/-/x\"><input name=\"y\"></form>\
                <form method=\"post\" action=\"/-/login\"><input type=\"hidden\" name=\"token\" \
                value=\"T\"><input name=\"name\" value=\"&#34;\"></form>";
    let forms = Fields::all(page, "/-/");
    let read: Vec<_> = forms
        .iter()
        .map(|form| (&*form.below, form.posts, form.names.join(" ")))
        .collect();
    assert_eq!(
        read,
        [
            ("audit", false, "from what".to_owned()),
            ("login", true, "name".to_owned())
        ]
    );
    assert_eq!(forms[0].hidden, Form::default());
    assert_eq!(forms[1].hidden.encoded(&[]), "token=T");
}
