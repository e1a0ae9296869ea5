//! Settings are file and store: what the file doesn't name may stand in the store. Which
//! values count is tested in `control`, on both stores; here the whole way to an answer.

use rustix::process::Signal;
use waarborg_it::{gateway::Gateway, ground::Ground, program::run, tools, upstream::Upstream};

const HOST: &str = "app.example.test";

/// Writes to the store beside the running server, as another node would.
async fn store(ground: &Ground, key: &str, value: &str) {
    let script = "import sqlite3, sys\n\
                  store = sqlite3.connect(sys.argv[1], timeout=30)\n\
                  store.execute('INSERT INTO setting (key, value, at) VALUES (?, ?, 0) ON CONFLICT (key) DO UPDATE SET value = excluded.value', sys.argv[2:])\n\
                  store.commit()\n\
                  store.close()\n";
    let file = ground
        .path("data/store.sqlite")
        .to_string_lossy()
        .into_owned();
    let arguments = ["-c", script, &file, key, value];
    run(tools::python("python"), &arguments).await.good();
}

async fn reload(gateway: &Gateway) {
    let before = gateway.program.lines();
    gateway.program.signal(Signal::HUP);
    let line = "the configuration was reloaded";
    gateway.program.line_after(before, line).await;
}

async fn header(gateway: &Gateway) -> String {
    let answer = gateway.get(HOST, "/").await;
    let value = answer.headers["strict-transport-security"].to_str();
    value.expect("text").to_owned()
}

#[tokio::test]
async fn a_setting_of_the_store_reaches_every_answer_until_the_file_names_its_key() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let sites = [(HOST, upstream.url())];
    let sites = sites.each_ref().map(|(host, url)| (*host, url.as_str()));
    let config = ground.configure(&sites, "");
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(header(&gateway).await, "max-age=63072000");

    store(&ground, "hsts.max_age", "\"300s\"").await;
    reload(&gateway).await;
    assert_eq!(header(&gateway).await, "max-age=300");

    // One that can't count changes nothing but the log and the alarms.
    store(&ground, "hsts.preload", "\"perhaps\"").await;
    reload(&gateway).await;
    gateway
        .program
        .line("a setting of the store is ignored")
        .await;
    assert_eq!(header(&gateway).await, "max-age=300");

    // A fresh process has it before its first answer.
    gateway.stop().await;
    let gateway = Gateway::serve(&ground, &config).await;
    assert_eq!(header(&gateway).await, "max-age=300");

    // In the file it is the file's, and the store's value comes back after it.
    ground.replace(
        &config,
        &ground.configuration(&sites, "[hsts]\nmax_age = \"2d\"\n"),
    );
    reload(&gateway).await;
    assert_eq!(header(&gateway).await, "max-age=172800");
    ground.replace(&config, &ground.configuration(&sites, ""));
    reload(&gateway).await;
    assert_eq!(header(&gateway).await, "max-age=300");
    gateway.stop().await;
}
