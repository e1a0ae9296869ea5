//! Other hosts on this machine: network namespaces, each with an Ethernet of its own to
//! here, so that packets come from real addresses, IPv4 and IPv6. Needs the rights to make
//! them: those of root, in a container `CAP_NET_ADMIN` and `CAP_SYS_ADMIN`.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    process::Command as Blocking,
};

use tokio::process::Command;

use crate::program::command;

/// A host beside this one, until it is dropped.
#[derive(Debug)]
pub struct Host {
    /// Namespace and device: as short as a device's name has to be.
    name: String,
    /// The third and fourth byte of its network, and more of them for IPv6.
    network: u16,
}

impl Host {
    /// One that is there at once. `number` tells the hosts of one test apart, below 8.
    ///
    /// # Panics
    /// When it can't be made.
    pub fn start(number: u16) -> Self {
        // Tests are processes, and so are their hosts' names.
        let process = u16::try_from(std::process::id() % 1021).expect("it is below 1021");
        let network = process * 8 + number;
        let host = Self {
            name: format!("wb{network}"),
            network,
        };
        // Left over from a test that was killed.
        let _ = ip(&["netns", "delete", &host.name]);
        let name = &host.name;
        let (here, there) = (host.gateways(), host.addresses());
        let routed = format!("{}/48", host.v6(0, 0));
        let own = [&here[0].to_string(), &here[1].to_string()].map(ToString::to_string);
        let cidr = |address: &IpAddr| match address {
            IpAddr::V4(v4) => format!("{v4}/30"),
            IpAddr::V6(v6) => format!("{v6}/64"),
        };
        let steps: Vec<Vec<String>> = [
            format!("netns add {name}"),
            format!("link add {name} type veth peer name eth0 netns {name}"),
            format!("address add {} dev {name}", cidr(&here[0])),
            format!("address add {} dev {name} nodad", cidr(&here[1])),
            format!("link set {name} up"),
            format!("-n {name} link set lo up"),
            format!("-n {name} address add {} dev eth0", cidr(&there[0])),
            format!("-n {name} address add {} dev eth0 nodad", cidr(&there[1])),
            format!("-n {name} link set eth0 up"),
            format!("-n {name} route add default via {}", own[0]),
            format!("-n {name} -6 route add default via {}", own[1]),
            // The whole /48 is its own, and any address of it may be used.
            format!("netns exec {name} sysctl -qw net.ipv6.ip_nonlocal_bind=1"),
            format!("-6 route add {routed} via {}", there[1]),
            format!("-n {name} -6 route add local {routed} dev lo"),
        ]
        .iter()
        .map(|step| step.split(' ').map(str::to_owned).collect())
        .collect();
        for step in steps {
            let step: Vec<&str> = step.iter().map(String::as_str).collect();
            let done = ip(&step);
            assert!(
                done.is_ok(),
                "ip {}: {done:?}\nOther hosts need the rights of root. Without them: \
                 cargo xtask test -- -E 'not test(network::)'",
                step.join(" ")
            );
        }
        host
    }

    fn v4(&self, last: u8) -> Ipv4Addr {
        let [high, low] = (self.network * 4).to_be_bytes();
        Ipv4Addr::new(10, 77, high, low + last)
    }

    /// Both ends of its cable: here it is 1, there 2.
    fn ends(&self, last: u8) -> [IpAddr; 2] {
        let v6 = Ipv6Addr::new(0xfd77, 0x78, self.network, 0, 0, 0, 0, last.into());
        [IpAddr::V4(self.v4(last)), IpAddr::V6(v6)]
    }

    /// Its own addresses.
    pub fn addresses(&self) -> [IpAddr; 2] {
        self.ends(2)
    }

    /// Where it reaches this machine.
    pub fn gateways(&self) -> [IpAddr; 2] {
        self.ends(1)
    }

    /// An address of the /48 that is its own: of which /64, and which in it.
    pub fn v6(&self, subnet: u16, last: u16) -> Ipv6Addr {
        Ipv6Addr::new(0xfd77, 0x77, self.network, subnet, 0, 0, 0, last)
    }

    /// A program that runs there.
    pub fn command(&self, program: &str) -> Command {
        let mut command = command("ip");
        command.args(["netns", "exec", &self.name, program]);
        command
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        // Its end of the cable goes with it, and ours with that.
        if let Err(error) = ip(&["netns", "delete", &self.name]) {
            eprintln!("the host {} stays: {error}", self.name);
        }
    }
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let done = Blocking::new("ip").args(arguments).output();
    let done = done.map_err(|error| format!("iproute2: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&done.stderr).into_owned())
}
