//! Control: own pages on every site, and a store that goes away.

mod killed;
mod mail;
mod pages;
mod postgres;
mod records;
mod settings;
