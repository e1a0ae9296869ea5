//! `kill -9` at random moments: what was answered is there, and the ledger verifies.

use std::time::Duration;

use rustix::process::Signal;
use terms::Rng;
use waarborg_it::{gateway::Gateway, ground::Ground, upstream::Upstream};

const HOST: &str = "app.example.test";
const ROUNDS: usize = 6;

#[tokio::test]
async fn a_server_killed_at_random_moments_has_kept_what_it_answered() {
    let (ground, upstream) = (Ground::new(), Upstream::start().await);
    let config = ground.configure(&[(HOST, &upstream.url())], "");
    let (mut rotated, mut proved) = (0, 0);
    let mut proven_at: Option<String> = None;
    for round in 0..ROUNDS {
        let mut gateway = Gateway::serve(&ground, &config).await;
        // What an earlier round was told of is still told.
        if let Some(at) = &proven_at {
            let last = gateway.said_of(HOST, "track").await["last"]["at"].clone();
            assert!(last.as_str() >= Some(at.as_str()), "{last} was {at} before");
        }
        // In every other round drills run too, which takes the lease: the killed server's
        // own runs out first.
        let mut longest = 4;
        if round % 2 == 0 {
            gateway.program.line("this node leads").await;
            longest = 10;
        }
        let [chance, more] = Rng::System.bytes::<2>();
        let moment = Duration::from_millis(u64::from(chance) + u64::from(more % longest) * 250);
        let commands = async {
            loop {
                let rotate = gateway.command(&ground, &["key", "rotate"]).await;
                rotated += usize::from(rotate.code == Some(0));
                let prove = gateway
                    .command(&ground, &["prove", "track", "--json"])
                    .await;
                if let Ok(document) = serde_json::from_str::<serde_json::Value>(&prove.out) {
                    proved += 1;
                    proven_at = document["promises"][0]["at"].as_str().map(str::to_owned);
                }
            }
        };
        let cut: Result<(), _> = tokio::time::timeout(moment, commands).await;
        assert!(cut.is_err(), "commands go on until the kill");
        gateway.program.signal(Signal::KILL);
        let _ = gateway.program.ended().await;
        // Without a server the command works on the store itself.
        let verified = gateway.command(&ground, &["ledger", "verify"]).await;
        assert_eq!(
            verified.code,
            Some(0),
            "round {round}: {}{}",
            verified.out,
            verified.err
        );
    }
    let gateway = Gateway::serve(&ground, &config).await;
    gateway.command(&ground, &["key", "rotate"]).await.good();
    gateway.command(&ground, &["ledger", "verify"]).await.good();
    println!("{ROUNDS} kills; {rotated} rotations and {proved} runs were answered before one");
    gateway.stop().await;
}
