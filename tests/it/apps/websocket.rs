//! A WebSocket server and client that nobody here wrote (Python's `websockets`), over
//! everything that a proxy can get wrong.

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    program::{Program, command, finish},
    tools,
};

const HOST: &str = "ws.example.test";

#[tokio::test]
async fn websockets_pass_whole_in_both_directions() {
    let ground = Ground::new();
    let mut server = command(tools::python("python"));
    server.arg(tools::judge("ws.py")).arg("serve");
    let server = Program::start("ws.py", server);
    let line = server.line("listening ").await;
    let port = line.trim_start_matches("listening ");
    let config = ground.configure(&[(HOST, &format!("http://127.0.0.1:{port}"))], "");
    let gateway = Gateway::serve(&ground, &config).await;

    let mut check = command(tools::python("python"));
    check
        .arg(tools::judge("ws.py"))
        .args(["check", HOST, "127.0.0.1", &gateway.port().to_string()])
        .arg(ground.ca());
    let judged = finish(check).await;
    println!("{}{}", judged.out, judged.err);
    assert_eq!(judged.code, Some(0));
    gateway.stop().await;
}
