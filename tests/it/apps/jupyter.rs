//! JupyterLab: pages, writes with its own XSRF token, large uploads, ranges, and kernels
//! over WebSocket, in headless Chromium.

use std::fs;

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    judges,
    program::{Program, command},
    tools,
};

const HOST: &str = "lab.example.test";
const TOKEN: &str = "integration-tests";

async fn lab(ground: &Ground) -> (Program, String) {
    let home = ground.path("jupyter");
    fs::create_dir(&home).expect("a writable folder");
    let mut lab = command(tools::python("jupyter-lab"));
    lab.args(["--allow-root", "--no-browser", "--ip=127.0.0.1", "--port=0"])
        .arg(format!("--ServerApp.root_dir={}", home.display()))
        .arg(format!("--IdentityProvider.token={TOKEN}"))
        // It asks neither PyPI nor its makers.
        .args([
            "--LabApp.extension_manager=readonly",
            "--LabApp.news_url=None",
        ])
        .arg("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate")
        // Other host names than localhost: the gateway's.
        .arg("--ServerApp.allow_remote_access=True")
        .current_dir(&home)
        .env("HOME", &home)
        .env("JUPYTER_PLATFORM_DIRS", "0");
    let lab = Program::start("jupyter-lab", lab);
    let line = lab.line("/lab?token=").await;
    let address = line
        .split("http://")
        .nth(1)
        .and_then(|rest| rest.split('/').next());
    let url = format!("http://{}", address.expect("its address"));
    (lab, url)
}

#[tokio::test]
async fn jupyterlab_is_used_in_a_browser_up_and_down_and_over_websocket() {
    let ground = Ground::new();
    let (_lab, url) = lab(&ground).await;
    let config = ground.configure(&[(HOST, &url)], "");
    let gateway = Gateway::serve(&ground, &config).await;
    let site = format!("https://{HOST}:{}", gateway.port());
    let rule = format!("MAP {HOST} 127.0.0.1");
    let judged = judges::node("jupyter.mjs", &[&site, TOKEN, &rule]).await;
    println!("{}{}", judged.out, judged.err);
    assert_eq!(judged.code, Some(0));
    assert!(judged.out.contains("jupyter: 11 of 11"));
    // The kernel's socket has ended with the browser: it stands in the log, once.
    gateway.stop().await;
}
