//! Prints `docs/config.md`.

#![allow(clippy::print_stdout, reason = "that is what it is for")]

fn main() {
    print!("{}", waarborg_config::markdown());
}
