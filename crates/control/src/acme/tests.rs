//! Orders at Debian's `pebble`, answered by a real edge; and at a small authority of our
//! own for what that one can't: advice on renewals, rate limits, unfit certificates.

mod authority;
mod ground;
mod issuing;
mod pebble;
mod renewing;
