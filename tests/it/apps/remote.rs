//! A gRPC server and client that nobody here wrote (Python's `grpcio`): single messages,
//! streams, both ways at once, statuses in trailers.

use waarborg_it::{
    gateway::Gateway,
    ground::Ground,
    program::{Program, command, finish},
    tools,
};

const HOST: &str = "rpc.example.test";

async fn passes_whole(secured: bool) {
    let ground = Ground::new();
    let mut server = command(tools::http2("python"));
    server.arg(tools::judge("remote.py")).arg("serve");
    if secured {
        let leaf = ground.leaf(&["localhost"]);
        server.arg(&leaf.certificate).arg(&leaf.key);
    }
    let server = Program::start("remote.py", server);
    let line = server.line("listening ").await;
    let port = line.trim_start_matches("listening ");
    let url = if secured {
        format!("https://localhost:{port}")
    } else {
        format!("h2c://127.0.0.1:{port}")
    };
    let config = ground.configure(&[(HOST, &url)], "[tls]\nupstream_ca = \"ca.pem\"");
    let gateway = Gateway::serve(&ground, &config).await;

    let mut check = command(tools::http2("python"));
    check
        .arg(tools::judge("remote.py"))
        .args(["check", HOST, "127.0.0.1", &gateway.port().to_string()])
        .arg(ground.ca());
    let judged = finish(check).await;
    println!("{}{}", judged.out, judged.err);
    assert_eq!(judged.code, Some(0));
    // The one that was given up is over for the application too.
    server.line("over 2").await;
    gateway.stop().await;
}

#[tokio::test]
async fn grpc_passes_whole_where_http2_is_known_to_be_spoken() {
    passes_whole(false).await;
}

#[tokio::test]
async fn grpc_passes_whole_over_tls() {
    passes_whole(true).await;
}
