//! Which addresses of the network may be connected to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What an address stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// A host of the internet.
    Public,
    /// This machine.
    Loopback,
    /// A host of a private network: private, shared (carrier-grade NAT) and unique local addresses.
    Private,
    /// Nothing that anybody may be led to: link-local addresses, among them those of the cloud's metadata services, multicast,
    /// and whatever IANA keeps for special purposes.
    Never,
}

/// The metadata service of EC2 over IPv6, which is a unique local address.
const METADATA_V6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

/// Says what an address stands for, by IANA's registries of special-purpose addresses.
pub fn reach(address: IpAddr) -> Reach {
    match address {
        IpAddr::V4(address) => reach_v4(address),
        IpAddr::V6(address) => reach_v6(address),
    }
}

fn reach_v4(address: Ipv4Addr) -> Reach {
    match address.octets() {
        [127, ..] => Reach::Loopback,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Reach::Private,
        // This network, link-local, IETF protocols, documentation, 6to4 relays, benchmarks, multicast and reserved.
        [0, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [224..=255, ..] => Reach::Never,
        _ => Reach::Public,
    }
}

fn reach_v6(address: Ipv6Addr) -> Reach {
    if let Some(inner) = embedded_v4(address) {
        return reach_v4(inner);
    }
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Reach::Loopback,
        _ if address == METADATA_V6 => Reach::Never,
        [0xfc00..=0xfdff, ..] => Reach::Private,
        // IETF protocols (Teredo among them) and documentation.
        [0x2001, 0..=0x01ff, ..] | [0x2001, 0xdb8, ..] | [0x3fff, 0..=0x0fff, ..] => Reach::Never,
        // All that is assigned to hosts.
        [0x2000..=0x3fff, ..] => Reach::Public,
        _ => Reach::Never,
    }
}

/// The IPv4 address that a packet to this address ends up at: mapped, translated (NAT64) or tunnelled (6to4).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let (high, low) = match address.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => (high, low),
        [0x2002, high, low, ..] => (high, low),
        _ => return None,
    };
    Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)))
}

#[cfg(test)]
mod tests {
    use super::{Reach, reach};

    #[test]
    fn only_hosts_of_the_internet_are_public() {
        let table = [
            (Reach::Public, "93.184.216.34 8.8.8.8 172.32.0.1 100.128.0.1 192.0.1.1 2606:4700::1111 64:ff9b::8.8.8.8"),
            (Reach::Loopback, "127.0.0.1 127.9.9.9 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::"),
            (Reach::Private, "10.0.0.1 192.168.1.1 172.16.0.1 172.31.255.255 100.64.0.1 fd12::1 ::ffff:10.0.0.1"),
            (Reach::Never, "169.254.169.254 ::ffff:169.254.169.254 64:ff9b::a9fe:a9fe fd00:ec2::254 fe80::1 ff02::1"),
            (Reach::Never, "0.0.0.0 255.255.255.255 224.0.0.1 240.0.0.1 198.18.0.1 192.0.2.1 203.0.113.9 198.51.100.1"),
            (Reach::Never, ":: ::7f00:1 2001::1 2001:db8::1 3fff::1 fec0::1 100::1 4000::1 64:ff9b:1::1 5f00::1"),
        ];
        for (expected, addresses) in table {
            for address in addresses.split(' ') {
                assert_eq!(reach(address.parse().expect("is an address")), expected, "{address}");
            }
        }
    }
}
