//! The header of the PROXY protocol, version 2 (haproxy.org, `proxy-protocol.txt` §2.2):
//! tells the edge's trusted doors from which client a connection comes. Drills enter
//! as documentation addresses with it.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
const VERSION_2_PROXY: u8 = 0x21;
const TCP_OVER_IPV4: u8 = 0x11;
const TCP_OVER_IPV6: u8 = 0x21;

/// The header for a TCP connection from `source` to `destination`: 28 bytes when both
/// are IPv4, else 52 (an IPv4 address beside an IPv6 one is written IPv4-mapped).
pub fn proxy_v2(source: SocketAddr, destination: SocketAddr) -> Vec<u8> {
    let mut header = SIGNATURE.to_vec();
    header.push(VERSION_2_PROXY);
    if let (IpAddr::V4(from), IpAddr::V4(to)) = (source.ip(), destination.ip()) {
        header.extend_from_slice(&[TCP_OVER_IPV4, 0, 12]);
        header.extend_from_slice(&from.octets());
        header.extend_from_slice(&to.octets());
    } else {
        header.extend_from_slice(&[TCP_OVER_IPV6, 0, 36]);
        header.extend_from_slice(&as_v6(source.ip()).octets());
        header.extend_from_slice(&as_v6(destination.ip()).octets());
    }
    header.extend_from_slice(&source.port().to_be_bytes());
    header.extend_from_slice(&destination.port().to_be_bytes());
    header
}

const fn as_v6(address: IpAddr) -> Ipv6Addr {
    match address {
        IpAddr::V4(v4) => v4.to_ipv6_mapped(),
        IpAddr::V6(v6) => v6,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_those_of_the_protocol() {
        let start = [
            0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a, 0x21,
        ];
        let v4 = proxy_v2(
            "198.51.100.7:4660".parse().unwrap(),
            "203.0.113.9:443".parse().unwrap(),
        );
        let rest = [
            0x11, 0, 12, 198, 51, 100, 7, 203, 0, 113, 9, 0x12, 0x34, 0x01, 0xbb,
        ];
        assert_eq!(v4, [&start[..], &rest].concat());
        let v6 = proxy_v2(
            "[2001:db8::1]:1".parse().unwrap(),
            "203.0.113.9:443".parse().unwrap(),
        );
        assert_eq!(v6.len(), 52);
        assert_eq!(v6[13..16], [0x21, 0, 36]);
        assert_eq!(
            v6[16..32],
            "2001:db8::1".parse::<Ipv6Addr>().unwrap().octets()
        );
        assert_eq!(
            v6[32..48],
            "::ffff:203.0.113.9".parse::<Ipv6Addr>().unwrap().octets()
        );
        assert_eq!(v6[48..], [0, 1, 0x01, 0xbb]);
    }
}
