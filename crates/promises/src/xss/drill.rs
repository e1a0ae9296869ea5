//! The attack on `xss`: every own page that people ask for, from the list that its router
//! makes, is opened and its forms are read. Markup goes through every parameter of every
//! page, every field of every form, and through an address that there isn't; as nobody, and
//! as a user. So a new field is tried without anybody's doing. In no answer may the markup
//! stand as markup.
//!
//! Where there is no portal no page has a field: markup goes through the addresses of the
//! pages that there are.
//!
//! The twin: a harmless value comes back as it is; without fields, a parameter is heeded. Console pages are behind a door that no
//! robot passes; they come from the same templates.

use std::{collections::BTreeSet, future};

use visitor::http::Response;

use super::OWN;
use crate::{
    approach::Approach,
    entry::{Drilling, Finding, Step},
    ground::Ground,
    portal::{Browser, Fields},
    target, threshold,
};

/// Parameters that pages take from links, beside the fields of their forms.
const PARAMETERS: [&str; 8] = [
    "return", "request", "lang", "code", "token", "id", "done", "to",
];
/// Forms of one page that are tried.
const FORMS_MAX: usize = 16;

pub(super) fn drill(ground: &Ground) -> Drilling<'_> {
    let reading = &ground.order.reading;
    if target::is_foreign(reading) {
        return Box::pin(future::ready(Vec::new()));
    }
    Box::pin(async move {
        let tried = match reading.portal() {
            Some(host) => attack(ground, host).await,
            None => addresses(ground).await,
        };
        tried.unwrap_or_else(|why| vec![Finding::inconclusive(OWN, &why)])
    })
}

/// A value that is markup wherever it isn't escaped: in text, and in a value in quotes of
/// either kind.
struct Marker {
    /// Letters and digits that stand nowhere else.
    word: String,
}

impl Marker {
    fn new(ground: &Ground) -> Self {
        let word = ground.rng.bytes::<6>();
        let word = word.iter().map(|byte| format!("{byte:02x}"));
        Self {
            word: format!("wx{}", word.collect::<String>()),
        }
    }

    /// `word"'><word>`, percent-encoded.
    fn markup(&self) -> String {
        format!("{0}%22%27%3E%3C{0}%3E", self.word)
    }

    /// Whether it stands in a page so that it is markup.
    fn is_raw(&self, page: &str) -> bool {
        let word = &self.word;
        ["\"", "'", "><"]
            .iter()
            .any(|end| page.contains(&format!("{word}{end}")))
            || page.contains(&format!("<{word}"))
    }
}

/// What one visitor has seen.
#[derive(Default)]
struct Tried {
    pages: BTreeSet<String>,
    fields: BTreeSet<(String, String)>,
    answers: usize,
    /// Where markup came back as markup.
    raw: BTreeSet<String>,
    /// Where the harmless value came back.
    shown: BTreeSet<String>,
}

impl Tried {
    fn any(&self) -> bool {
        !self.pages.is_empty() && !self.fields.is_empty()
    }

    fn look(&mut self, marker: &Marker, at: &str, answer: &Response) {
        self.answers += 1;
        let page = String::from_utf8_lossy(&answer.body);
        if marker.is_raw(&page) {
            self.raw.insert(at.to_owned());
        }
    }
}

async fn attack(ground: &Ground, host: &str) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let pages = ground.pages().await?;
    let marker = Marker::new(ground);
    let user = ground.canary().await?;
    let fresh = || Browser::new(&approach, host, None);

    ground.say("xss: markup through every own page, as nobody and as a user");
    let mut stranger = fresh();
    let known = async {
        let (mut browser, _) = threshold::entered(fresh(), &user).await?;
        tried(&mut browser, &marker, &pages).await
    };
    // Side by side: each waits mostly for the other side.
    let (nobody, known) = tokio::try_join!(tried(&mut stranger, &marker, &pages), known)?;
    let mut steps = vec![
        step("nobody", &nobody, nobody.any()),
        step("user", &known, known.any()),
    ];
    let mut all = Tried::default();
    for one in [nobody, known] {
        all.pages.extend(one.pages);
        all.fields.extend(one.fields);
        all.shown.extend(one.shown);
    }
    let first = all.shown.first().cloned().unwrap_or_default();
    steps.push(
        Step::new("harmless-value-comes-back", !all.shown.is_empty())
            .saw("pages", all.shown.len())
            .saw("first", first)
            .twin(),
    );
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(vec![
        Finding::by_steps(OWN, steps)
            .figure("pages", count(all.pages.len()))
            .figure("fields", count(all.fields.len())),
    ])
}

/// Where there is no portal: the trust page, and an address that there isn't, of each site.
async fn addresses(ground: &Ground) -> Result<Vec<Finding>, String> {
    let approach = Approach::new(ground).map_err(|_| "roots-unusable")?;
    let marker = Marker::new(ground);
    let markup = marker.markup();
    let query: Vec<_> = PARAMETERS.map(|it| format!("{it}={markup}")).into();
    let query = query.join("&");
    let (mut seen, mut heeded) = (Tried::default(), 0);
    ground.say("xss: markup through the addresses of own pages");
    for host in &approach.sites {
        let mut browser = Browser::new(&approach, host, None);
        for path in ["security".to_owned(), markup.clone()] {
            let answer = browser.open(&format!("{path}?{query}")).await?;
            seen.look(&marker, &path, &answer);
            seen.pages.insert(path);
        }
        let dutch = browser.open("security?lang=nl").await?;
        let page = String::from_utf8_lossy(&dutch.body);
        heeded += usize::from(page.contains("lang=\"nl\""));
    }
    let twin = Step::new("a-parameter-is-heeded", heeded == approach.sites.len())
        .saw("sites", heeded)
        .twin();
    let attack = step("nobody", &seen, seen.answers > 0);
    Ok(vec![Finding::by_steps(OWN, vec![attack, twin])])
}

/// `any`: there was something to try.
fn step(who: &str, tried: &Tried, any: bool) -> Step {
    let first = tried.raw.first().cloned();
    Step::new(format!("markup-as-{who}"), tried.raw.is_empty() && any)
        .saw("pages", tried.pages.len())
        .saw("fields", tried.fields.len())
        .saw("answers", tried.answers)
        .saw("raw", tried.raw.len())
        .saw("first", first.unwrap_or_else(|| "none".to_owned()))
}

async fn tried(
    browser: &mut Browser<'_>,
    marker: &Marker,
    pages: &[String],
) -> Result<Tried, &'static str> {
    let mut tried = Tried::default();
    let mut names: BTreeSet<String> = PARAMETERS.map(str::to_owned).into();
    let mut forms: Vec<(&str, Vec<Fields>)> = Vec::new();
    for path in pages.iter().filter(|path| !path.contains('{')) {
        let shown = browser.open(path).await?;
        if shown.status.as_u16() != 200 {
            continue;
        }
        tried.pages.insert(path.clone());
        let page = String::from_utf8_lossy(&shown.body);
        let mut found = Fields::all(&page, &browser.path(""));
        found.retain(|form| !form.names.is_empty());
        found.truncate(FORMS_MAX);
        for form in &found {
            for name in &form.names {
                names.insert(name.clone());
                tried.fields.insert((form.below.clone(), name.clone()));
            }
        }
        forms.push((path, found));
    }
    let markup = marker.markup();
    let query: Vec<_> = names.iter().map(|it| format!("{it}={markup}")).collect();
    let query = query.join("&");
    for path in pages {
        let path = path.replace("{what}", &markup);
        let answer = browser.open(&format!("{path}?{query}")).await?;
        tried.look(marker, &path, &answer);
    }
    let nowhere = browser.open(&format!("{markup}?{query}")).await?;
    tried.look(marker, "nowhere", &nowhere);
    for (path, found) in &forms {
        for form in found {
            let harmless = format!("{}-harmless", marker.word);
            for (value, is_markup) in [(&*harmless, false), (&*markup, true)] {
                // Each has a token of its own: as somebody who opens the page anew.
                let shown = browser.open(path).await?;
                let page = String::from_utf8_lossy(&shown.body);
                let fresh = Fields::all(&page, &browser.path(""));
                let same = |other: &&Fields| other.below == form.below && other.names == form.names;
                let Some(form) = fresh.iter().find(same) else {
                    continue;
                };
                let filled: Vec<_> = form.names.iter().map(|name| (&**name, value)).collect();
                let answer = if form.posts {
                    browser.submit(&form.below, &form.hidden, &filled).await?
                } else {
                    let below = format!("{}?{}", form.below, form.hidden.encoded(&filled));
                    browser.open(&below).await?
                };
                tried.look(marker, &form.below, &answer);
                // What was kept is shown where it stands.
                let after = browser.open(path).await?;
                tried.look(marker, path, &after);
                let comes_back = [&answer, &after]
                    .iter()
                    .any(|answer| String::from_utf8_lossy(&answer.body).contains(&harmless));
                if !is_markup && comes_back {
                    tried.shown.insert(form.below.clone());
                }
            }
        }
    }
    Ok(tried)
}
