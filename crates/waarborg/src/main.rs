//! The `waarborg` command.

mod demo;

fn main() {}
