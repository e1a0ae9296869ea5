//! Own pages and the sample application's in a real browser: axe-core in light and
//! dark, wide and narrow; html-validate; the Tab key alone.

use std::fs;

use waarborg_it::{demo::Demo, ground::Ground, judges, program::run, tools};

/// Every own page in every language, as files.
async fn rendered(ground: &Ground) -> String {
    let folder = ground.path("pages").to_string_lossy().into_owned();
    run(tools::render(), &[&folder]).await.good();
    folder
}

async fn pages_of(demo: &Demo) -> Vec<String> {
    let (_, evidence) = {
        let json = demo
            .curl(&[&format!("{}/-/security.json", demo.url)])
            .await
            .good();
        let said: serde_json::Value = serde_json::from_str(&json.out).expect("JSON");
        let all = said["promises"].as_array().cloned().unwrap_or_default();
        let found = all
            .iter()
            .find_map(|said| said["last"]["evidence"].as_str().map(str::to_owned));
        (said, found)
    };
    let paths = [
        "/",
        "/?q=zzz",
        "/customers/1",
        "/customers/1/notes/1",
        "/chat",
        "/nowhere",
    ];
    let own = [
        "/-/security",
        "/-/security?lang=nl",
        "/-/security?lang=fr",
        "/-/nothing",
    ];
    let mut all: Vec<String> = paths
        .iter()
        .chain(&own)
        .map(|path| format!("{}{path}", demo.url))
        .collect();
    all.extend(evidence.map(|path| format!("{}{path}", demo.url)));
    all
}

/// Both widths and both schemes, in two views; and the other two.
const VIEWS: &str = "light-1280,dark-360";
const OTHER_VIEWS: &str = "light-360,dark-1280";

/// Judges the pages of one language in some of the four views.
async fn axe(language: &str, views: &str) {
    let ground = Ground::new();
    let folder = rendered(&ground).await;
    let mut pages = Vec::new();
    for page in fs::read_dir(&folder).expect("the pages") {
        let page = page.expect("a page").path();
        let is_page = page.extension().is_some_and(|end| end == "html");
        let stem = page.file_stem().and_then(|stem| stem.to_str());
        let stem = stem.filter(|_| is_page);
        if stem.is_some_and(|stem| stem.split('-').any(|part| part == language)) {
            pages.push(page);
        }
    }
    assert!(pages.len() > 20, "{} files in {language}", pages.len());
    for (number, some) in pages.chunks(AT_ONCE).enumerate() {
        let part = ground.path(&format!("part-{number}"));
        fs::create_dir(&part).expect("a writable folder");
        for page in some {
            let name = page.file_name().expect("a file has a name");
            fs::rename(page, part.join(name)).expect("both are in one folder");
        }
        let part = part.to_string_lossy();
        let judged = judges::node("axe.mjs", &["--views", views, &part]).await;
        assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
    }
}

/// Pages that the judge gets at once: a busy machine is through with them in time.
const AT_ONCE: usize = 10;

#[tokio::test]
async fn axe_finds_no_violation_on_own_pages_in_dutch() {
    axe("nl", VIEWS).await;
}

#[tokio::test]
async fn axe_finds_no_violation_on_own_pages_in_english() {
    axe("en", VIEWS).await;
}

#[tokio::test]
async fn axe_finds_no_violation_on_own_pages_seen_the_other_way() {
    axe("en", OTHER_VIEWS).await;
}

#[tokio::test]
async fn axe_finds_no_violation_on_own_pages_in_french() {
    axe("fr", VIEWS).await;
}

#[tokio::test]
async fn axe_finds_no_violation_on_the_running_demo() {
    let demo = Demo::start().await;
    let pages = pages_of(&demo).await;
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let judged = judges::node("axe.mjs", &pages).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
}

#[tokio::test]
async fn html_validate_finds_no_error_on_any_page() {
    let ground = Ground::new();
    let folder = rendered(&ground).await;
    let mut files: Vec<String> = fs::read_dir(&folder)
        .expect("the pages")
        .filter_map(|entry| Some(entry.ok()?.path().to_string_lossy().into_owned()))
        .filter(|path| path.ends_with(".html"))
        .collect();
    assert!(files.len() > 30, "{} pages", files.len());
    let demo = Demo::start().await;
    for (index, url) in pages_of(&demo).await.iter().enumerate() {
        let page = demo
            .curl(&["-H", "Accept: text/html", url])
            .await
            .good()
            .out;
        files.push(
            ground
                .write(&format!("demo-{index}.html"), &page)
                .to_string_lossy()
                .into_owned(),
        );
    }
    let files: Vec<&str> = files.iter().map(String::as_str).collect();
    let judged = judges::node("html.mjs", &files).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
}

#[tokio::test]
async fn everything_is_reached_by_the_tab_key_alone() {
    let demo = Demo::start().await;
    let pages = pages_of(&demo).await;
    let pages: Vec<&str> = pages.iter().map(String::as_str).collect();
    let judged = judges::node("keyboard.mjs", &pages).await;
    assert_eq!(judged.code, Some(0), "{}{}", judged.out, judged.err);
}
