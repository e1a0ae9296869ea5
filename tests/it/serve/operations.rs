//! The operations listener: health, readiness, metrics, and who may ask.

use waarborg_it::{
    gateway::Gateway, ground::Ground, in_time, program::command, upstream::Upstream,
};

const HOST: &str = "app.example.test";

async fn served() -> (Ground, Upstream, Gateway) {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let gateway = Gateway::serve(&ground, &config).await;
    (ground, upstream, gateway)
}

#[tokio::test]
async fn health_readiness_and_metrics_are_told_on_loopback_only() {
    let (_ground, _upstream, gateway) = served().await;
    assert_eq!(
        gateway.operation("/healthz").await,
        (200, "ok\n".to_owned())
    );
    assert_eq!(
        gateway.operation("/readyz").await,
        (200, "ready\n".to_owned())
    );
    assert!(gateway.operations.ip().is_loopback());
    assert_eq!(gateway.get(HOST, "/").await.status, 200);
    // An answer is counted once it has left.
    let counted = async {
        while gateway
            .metric("waarborg_requests_total{class=\"2xx\"}")
            .await
            == 0
        {
            tokio::task::yield_now().await;
        }
    };
    in_time("the request is counted", counted).await;

    // A page of a website that has its name pointed at us is not let in.
    for host in [
        "evil.example",
        &format!("evil.example:{}", gateway.operations.port()),
    ] {
        let (status, body) = gateway.operation_as(host, "/metrics").await;
        assert_eq!(status, 421, "{host}");
        assert!(!body.contains("waarborg_requests_total"), "{body}");
    }
    // Nor are they on the public listener: that is the application's.
    for path in ["/metrics", "/healthz", "/readyz"] {
        let answer = gateway.get(HOST, path).await;
        assert!(!answer.body.starts_with(b"# HELP") && !answer.body.starts_with(b"ok\n"));
    }
}

#[tokio::test]
async fn promtool_takes_the_metrics() {
    let (ground, _upstream, gateway) = served().await;
    gateway.get(HOST, "/").await;
    gateway.get(HOST, "/-/nothing").await;
    let (status, page) = gateway.operation("/metrics").await;
    assert_eq!(status, 200);
    let page = ground.write("metrics", &page);
    let mut promtool = command("promtool");
    promtool
        .args(["check", "metrics"])
        .stdin(std::fs::File::open(page).expect("it was written"));
    let judged = waarborg_it::program::finish(promtool).await.good();
    assert_eq!(judged.err, "", "promtool has nothing to say");
}

#[tokio::test]
async fn the_log_says_no_escape_sequences_where_nobody_watches() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let mut serve = waarborg_it::gateway::waarborg(&ground, &["serve"]);
    serve.arg("--config").arg(config).env_remove("NO_COLOR");
    let program = waarborg_it::program::Program::start("waarborg serve", serve);
    program.line("operations").await;
    assert!(
        !program.said().contains('\u{1b}'),
        "{}",
        program.said().escape_debug()
    );
}
