//! Who the client is, as proxies say: whatever a client writes, what the proxy adds behind
//! it decides.
#![no_main]

use std::net::{IpAddr, Ipv4Addr};

use guards::{
    forwarded::Told,
    network::{Network, Networks},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (&[u8], &[u8], u32)| {
    let (written, more, address) = input;
    let trusted = Networks::new([Network::parse("10.0.0.0/8").expect("a range")]);
    let peer = IpAddr::from([10, 0, 0, 1]);
    let client = IpAddr::V4(Ipv4Addr::from(address));
    if trusted.contains(client) {
        return;
    }
    let added = format!("{client}");
    let mut told = Told::default();
    told.x_forwarded_for(written);
    let line = [more, b", ", added.as_bytes()].concat();
    told.x_forwarded_for(&line);
    assert_eq!(told.client(peer, &trusted), Ok(client));
    let added = format!("for={client}");
    let mut told = Told::default();
    told.forwarded(written);
    told.forwarded(added.as_bytes());
    assert_eq!(told.client(peer, &trusted), Ok(client));
});
