//! What a server says to the visitor, in HTTP/1.1 or HTTP/2, over a Unix socket: an
//! answer within its limits or an error, in time, and never a panic.
#![no_main]

use std::{cell::RefCell, time::Duration};

use libfuzzer_sys::fuzz_target;
use terms::Clock;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixListener,
    runtime::Runtime,
};
use visitor::{
    address::AddressPolicy,
    http::{Protocol, Request, Visitor},
    raw::Door,
    tls::Trust,
};

struct Ground {
    runtime: Runtime,
    listener: UnixListener,
    request: Request,
    visitor: Visitor,
    _folder: tempfile::TempDir,
}

thread_local! {
    static GROUND: RefCell<Option<Ground>> = const { RefCell::new(None) };
}

fn ground() -> Ground {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("socket");
    let listener = {
        let _entered = runtime.enter();
        UnixListener::bind(&path).expect("a socket")
    };
    let mut request = Request::get("http://example.com/a".parse().expect("a URL"));
    request.entrance.door = Some(Door::Unix(path));
    request.limits.body = 1024;
    request.limits.total = Duration::from_secs(2);
    let visitor = Visitor::new(Clock::System, AddressPolicy::Any, Trust::nobody());
    Ground { runtime, listener, request, visitor, _folder: folder }
}

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, says)) = bytes.split_first() else { return };
    GROUND.with_borrow_mut(|kept| {
        let ground = kept.get_or_insert_with(ground);
        let mut request = ground.request.clone();
        request.protocol = if kind & 1 == 0 { Protocol::Http1 } else { Protocol::Http2 };
        let (visitor, listener) = (&ground.visitor, &ground.listener);
        ground.runtime.block_on(async {
            let serving = async {
                let Ok((mut stream, _)) = listener.accept().await else { return };
                // The request's first bytes, so that the answer isn't taken for one before it.
                let mut asked = [0; 512];
                let _ = stream.read(&mut asked).await;
                let _ = stream.write_all(says).await;
                let _ = stream.shutdown().await;
            };
            let (answer, ()) = tokio::join!(visitor.fetch(&request), serving);
            if let Ok(answer) = answer {
                assert!(answer.body.len() <= 1024);
                assert!(answer.truncated || answer.body.len() <= says.len());
            }
        });
    });
});
