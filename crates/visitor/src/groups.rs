//! Groups for key exchange by their names in IANA's registry, and how strong they are.

use crate::hello::Version;

/// A named group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Group {
    /// As it stands on the wire.
    pub code: u16,
    /// Its name in IANA's registry.
    pub name: &'static str,
    /// Bits of an RSA key or prime that is as strong (NIST SP 800-57 part 1, table 2);
    /// of a hybrid, that of its classical half, which is what was known first.
    pub rsa_bits: u16,
}

const fn group(code: u16, name: &'static str, rsa_bits: u16) -> Group {
    Group {
        code,
        name,
        rsa_bits,
    }
}

/// Those that may be asked for in TLS 1.3; post-quantum ones first, as browsers do.
const TLS13: [Group; 19] = [
    group(0x11ec, "X25519MLKEM768", 3072),
    group(0x11eb, "SecP256r1MLKEM768", 3072),
    group(0x11ed, "SecP384r1MLKEM1024", 7680),
    group(0x0200, "MLKEM512", 3072),
    group(0x0201, "MLKEM768", 7680),
    group(0x0202, "MLKEM1024", 15360),
    group(0x6399, "X25519Kyber768Draft00", 3072),
    group(0x001d, "x25519", 3072),
    group(0x0017, "secp256r1", 3072),
    group(0x001e, "x448", 7680),
    group(0x0018, "secp384r1", 7680),
    group(0x0019, "secp521r1", 15360),
    group(0x001f, "brainpoolP256r1tls13", 3072),
    group(0x0020, "brainpoolP384r1tls13", 7680),
    group(0x0021, "brainpoolP512r1tls13", 15360),
    group(0x0100, "ffdhe2048", 2048),
    group(0x0101, "ffdhe3072", 3072),
    group(0x0102, "ffdhe4096", 4096),
    group(0x0103, "ffdhe6144", 6144),
];
const FFDHE8192: Group = group(0x0104, "ffdhe8192", 8192);

/// Those of TLS 1.2 and before beside the first ones above (RFC 8422, 4492, 7027).
const OLD: [Group; 25] = [
    group(0x0001, "sect163k1", 1024),
    group(0x0002, "sect163r1", 1024),
    group(0x0003, "sect163r2", 1024),
    group(0x0004, "sect193r1", 1536),
    group(0x0005, "sect193r2", 1536),
    group(0x0006, "sect233k1", 2048),
    group(0x0007, "sect233r1", 2048),
    group(0x0008, "sect239k1", 2048),
    group(0x0009, "sect283k1", 3072),
    group(0x000a, "sect283r1", 3072),
    group(0x000b, "sect409k1", 7680),
    group(0x000c, "sect409r1", 7680),
    group(0x000d, "sect571k1", 15360),
    group(0x000e, "sect571r1", 15360),
    group(0x000f, "secp160k1", 1024),
    group(0x0010, "secp160r1", 1024),
    group(0x0011, "secp160r2", 1024),
    group(0x0012, "secp192k1", 1536),
    group(0x0013, "secp192r1", 1536),
    group(0x0014, "secp224k1", 2048),
    group(0x0015, "secp224r1", 2048),
    group(0x0016, "secp256k1", 3072),
    group(0x001a, "brainpoolP256r1", 3072),
    group(0x001b, "brainpoolP384r1", 7680),
    group(0x001c, "brainpoolP512r1", 15360),
];

impl Group {
    /// The group of a code, if it has a name here.
    pub fn of(code: u16) -> Option<Self> {
        all().find(|group| group.code == code)
    }
}

fn all() -> impl Iterator<Item = Group> {
    TLS13.into_iter().chain([FFDHE8192]).chain(OLD)
}

/// A group's name, or its number.
pub fn group_name(code: u16) -> String {
    Group::of(code).map_or_else(|| format!("{code:#06x}"), |group| group.name.to_owned())
}

/// Every group that a client of this version may ask for; of TLS 1.2 and before the
/// elliptic ones only.
pub fn offered(version: Version) -> Vec<u16> {
    let modern = TLS13.into_iter().chain([FFDHE8192]);
    if version == Version::Tls13 {
        return modern.map(|group| group.code).collect();
    }
    let elliptic = modern.filter(|group| (0x17..0x1f).contains(&group.code));
    elliptic.chain(OLD).map(|group| group.code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_group_has_one_name_and_one_number() {
        let groups: Vec<Group> = all().collect();
        for (at, one) in groups.iter().enumerate() {
            let others = groups.iter().skip(at + 1);
            for other in others {
                assert!(one.code != other.code && one.name != other.name, "{one:?}");
            }
        }
        assert_eq!(group_name(0x11ec), "X25519MLKEM768");
        assert_eq!(group_name(0xeeee), "0xeeee");
        assert_eq!(offered(Version::Tls13).len(), 20);
        let old = offered(Version::Tls12);
        assert_eq!(old.len(), 30);
        assert!(old.contains(&0x001d) && old.contains(&0x0015) && !old.contains(&0x11ec));
    }
}
