//! Real applications behind the gateway, each used by its own client: none of them was
//! written here but the demo's sample.

mod jupyter;
mod radicale;
mod sample;
mod websocket;

use tokio::net::TcpListener;

/// A port that was free a moment ago, for programs that can't choose one themselves.
async fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    listener.local_addr().expect("it is bound").port()
}
