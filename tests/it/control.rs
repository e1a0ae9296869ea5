//! Control: own pages on every site, and a store that goes away.

mod killed;
mod pages;
mod postgres;
