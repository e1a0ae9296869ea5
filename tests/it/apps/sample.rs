//! The demo's sample application, as `waarborg demo` starts it, in Chromium.

use waarborg_it::{demo::Demo, judges};

#[tokio::test]
async fn the_sample_application_is_used_in_two_windows() {
    let demo = Demo::start().await;
    let judged = judges::node("sample.mjs", &[&demo.url]).await;
    println!("{}{}", judged.out, judged.err);
    assert_eq!(judged.code, Some(0));
    demo.stop().await;
}
