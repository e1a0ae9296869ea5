//! Runs the scripts of `judges/`.

use crate::{
    program::{Finished, command, finish},
    tools,
};

/// Runs a script by Node.js to its end.
///
/// # Panics
/// When a part is missing, or it doesn't end in time.
pub async fn node(script: &str, arguments: &[&str]) -> Finished {
    let modules = tools::node_modules();
    let mut node = command(tools::node());
    node.arg(tools::judge(script))
        .args(arguments)
        .env("JUDGE_MODULES", modules.parent().unwrap_or(&modules))
        .env("CHROMIUM", tools::chromium());
    finish(node).await
}
