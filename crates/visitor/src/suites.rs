//! Cipher suites by their names in IANA's registry: how keys are exchanged, which cipher
//! follows, and how many bits it is worth.
//!
//! Nothing is kept in a table of ours: a suite's name says what it is.

use rustls::CipherSuite;

use crate::hello::Version;

/// How the key is agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exchange {
    /// TLS 1.3: always with keys that are forgotten.
    Tls13,
    /// Elliptic curves, with keys that are forgotten.
    Ecdhe,
    /// Diffie-Hellman with keys that are forgotten.
    Dhe,
    /// By the certificate's RSA key: whoever gets it later reads what was recorded.
    Rsa,
    /// By the certificate's own Diffie-Hellman key.
    DhFixed,
    /// By the certificate's own elliptic key.
    EcdhFixed,
    /// Diffie-Hellman with whoever answers.
    DhAnonymous,
    /// Elliptic curves with whoever answers.
    EcdhAnonymous,
    /// Something else: GOST.
    Other,
}

/// A cipher suite that has a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Suite {
    code: u16,
    /// Without `TLS_` or `TLS13_`.
    name: &'static str,
    version13: bool,
}

impl Suite {
    /// The suite of a code; `None` where it has no name, or is no suite but a signal.
    pub fn of(code: u16) -> Option<Self> {
        let name = CipherSuite::from(code).as_str()?;
        let (name, version13) = match name.strip_prefix("TLS13_") {
            Some(name) => (name, true),
            None => (name.strip_prefix("TLS_")?, false),
        };
        let is_one = version13 || name.contains("_WITH_");
        is_one.then_some(Self {
            code,
            name,
            version13,
        })
    }

    /// As it stands on the wire.
    pub const fn code(self) -> u16 {
        self.code
    }

    /// Its name in IANA's registry.
    pub fn name(self) -> String {
        format!("TLS_{}", self.name)
    }

    /// What comes before and behind `_WITH_`.
    fn parts(self) -> (&'static str, &'static str) {
        if self.version13 {
            return ("", self.name);
        }
        self.name.split_once("_WITH_").unwrap_or((self.name, ""))
    }

    /// How the key is agreed on.
    pub fn exchange(self) -> Exchange {
        if self.version13 {
            return Exchange::Tls13;
        }
        let (exchange, _) = self.parts();
        match exchange.split('_').next() {
            _ if exchange.starts_with("DH_anon") => Exchange::DhAnonymous,
            _ if exchange.starts_with("ECDH_anon") => Exchange::EcdhAnonymous,
            Some("ECDHE") => Exchange::Ecdhe,
            Some("DHE") => Exchange::Dhe,
            Some("ECDH") => Exchange::EcdhFixed,
            Some("DH") => Exchange::DhFixed,
            Some("RSA") => Exchange::Rsa,
            _ => Exchange::Other,
        }
    }

    /// Whether what was recorded stays secret when the certificate's key gets known.
    pub fn is_forward_secret(self) -> bool {
        matches!(
            self.exchange(),
            Exchange::Tls13 | Exchange::Ecdhe | Exchange::Dhe
        )
    }

    /// Whether nobody says who answers.
    pub fn is_anonymous(self) -> bool {
        matches!(
            self.exchange(),
            Exchange::DhAnonymous | Exchange::EcdhAnonymous
        )
    }

    /// Whether it was made weak on purpose, for export.
    pub fn is_export(self) -> bool {
        self.parts().0.contains("EXPORT")
    }

    /// Whether encryption and authentication are one.
    pub fn is_aead(self) -> bool {
        let (_, cipher) = self.parts();
        ["GCM", "CCM", "CHACHA20"]
            .iter()
            .any(|mode| cipher.contains(mode))
    }

    /// Whether it is a block cipher chained the old way, which took many repairs.
    pub fn is_cbc(self) -> bool {
        self.parts().1.contains("CBC")
    }

    /// Whether the cipher's blocks have 64 bits only (CVE-2016-2183).
    pub fn is_block64(self) -> bool {
        let (_, cipher) = self.parts();
        ["3DES", "DES", "IDEA", "RC2", "28147"]
            .iter()
            .any(|name| cipher.starts_with(name))
    }

    /// Whether it is RC4 (RFC 7465).
    pub fn is_rc4(self) -> bool {
        self.parts().1.starts_with("RC4")
    }

    /// Bits of the cipher's key as far as they count: 0 for none, 112 for 3DES.
    pub fn bits(self) -> u16 {
        let (_, cipher) = self.parts();
        let strengths = [
            ("NULL", 0),
            ("DES40", 40),
            ("DES_CBC_40", 40),
            ("RC4_40", 40),
            ("RC2_CBC_40", 40),
            ("RC4_56", 56),
            ("RC2_CBC_56", 56),
            ("DES_CBC", 56),
            ("3DES", 112),
            ("RC4_128", 128),
            ("IDEA", 128),
            ("SEED", 128),
            ("AES_128", 128),
            ("CAMELLIA_128", 128),
            ("ARIA_128", 128),
            ("AES_256", 256),
            ("CAMELLIA_256", 256),
            ("ARIA_256", 256),
            ("CHACHA20", 256),
            ("28147", 256),
        ];
        let known = strengths.iter().find(|(name, _)| cipher.starts_with(name));
        // A cipher that nobody here knows is worth nothing here.
        known.map_or(0, |(_, bits)| *bits)
    }

    /// Whether a client of this version may offer it.
    fn is_for(self, version: Version) -> bool {
        if self.version13 || version == Version::Tls13 {
            return self.version13 && version == Version::Tls13;
        }
        let (exchange, cipher) = self.parts();
        // By a shared secret or a directory of their own: no visitor has one.
        let closed = ["PSK", "SRP", "KRB5"];
        let dropped = ["MQV", "ECNRA", "FORTEZZA"];
        if self.name.ends_with("_draft")
            || exchange == "NULL"
            || closed
                .iter()
                .chain(&dropped)
                .any(|word| exchange.contains(word))
        {
            return false;
        }
        let new = self.is_aead() || cipher.ends_with("SHA256") || cipher.ends_with("SHA384");
        let elliptic = exchange.starts_with("EC");
        match version {
            Version::Tls12 | Version::Tls13 => true,
            Version::Tls11 | Version::Tls10 => !new,
            Version::Ssl3 | Version::Ssl2 => !new && !elliptic,
        }
    }
}

/// Every suite that a client of this version may offer; none of SSL 2, which has others.
pub fn offered(version: Version) -> Vec<u16> {
    if version == Version::Ssl2 {
        return Vec::new();
    }
    let named = (0..=u16::MAX).filter_map(Suite::of);
    let mut suites: Vec<Suite> = named.filter(|suite| suite.is_for(version)).collect();
    // What servers take most comes first, so that one hello finds most of it.
    suites.sort_by_key(|suite| (!suite.is_forward_secret(), !suite.is_aead(), suite.code));
    suites.into_iter().map(Suite::code).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suite(code: u16) -> Suite {
        Suite::of(code).unwrap()
    }

    #[test]
    fn a_name_says_what_a_suite_is() {
        use Exchange::{DhAnonymous, DhFixed, Dhe, EcdhAnonymous, EcdhFixed, Ecdhe, Rsa, Tls13};
        let check = |code, name: &str, exchange, bits, words: &str| {
            let it = suite(code);
            let mut said = Vec::new();
            for (word, is) in [
                ("forward", it.is_forward_secret()),
                ("aead", it.is_aead()),
                ("cbc", it.is_cbc()),
                ("block64", it.is_block64()),
                ("rc4", it.is_rc4()),
                ("export", it.is_export()),
                ("anonymous", it.is_anonymous()),
            ] {
                if is {
                    said.push(word);
                }
            }
            assert_eq!(it.name(), name);
            assert_eq!((it.exchange(), it.bits()), (exchange, bits), "{name}");
            assert_eq!(said.join(" "), words, "{name}");
        };
        check(0x1301, "TLS_AES_128_GCM_SHA256", Tls13, 128, "forward aead");
        check(
            0x1303,
            "TLS_CHACHA20_POLY1305_SHA256",
            Tls13,
            256,
            "forward aead",
        );
        check(
            0xc02b,
            "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Ecdhe,
            128,
            "forward aead",
        );
        check(
            0xc014,
            "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
            Ecdhe,
            256,
            "forward cbc",
        );
        check(
            0x009e,
            "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
            Dhe,
            128,
            "forward aead",
        );
        check(0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", Rsa, 256, "cbc");
        check(
            0x000a,
            "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
            Rsa,
            112,
            "cbc block64",
        );
        check(0x0005, "TLS_RSA_WITH_RC4_128_SHA", Rsa, 128, "rc4");
        check(0x0009, "TLS_RSA_WITH_DES_CBC_SHA", Rsa, 56, "cbc block64");
        check(
            0x0003,
            "TLS_RSA_EXPORT_WITH_RC4_40_MD5",
            Rsa,
            40,
            "rc4 export",
        );
        check(
            0x0014,
            "TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA",
            Dhe,
            40,
            "forward cbc block64 export",
        );
        check(
            0x0064,
            "TLS_RSA_EXPORT1024_WITH_RC4_56_SHA",
            Rsa,
            56,
            "rc4 export",
        );
        check(0x0002, "TLS_RSA_WITH_NULL_SHA", Rsa, 0, "");
        check(
            0x0034,
            "TLS_DH_anon_WITH_AES_128_CBC_SHA",
            DhAnonymous,
            128,
            "cbc anonymous",
        );
        check(
            0xc018,
            "TLS_ECDH_anon_WITH_AES_128_CBC_SHA",
            EcdhAnonymous,
            128,
            "cbc anonymous",
        );
        check(
            0x0030,
            "TLS_DH_DSS_WITH_AES_128_CBC_SHA",
            DhFixed,
            128,
            "cbc",
        );
        check(
            0xc004,
            "TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA",
            EcdhFixed,
            128,
            "cbc",
        );
        check(0xc051, "TLS_RSA_WITH_ARIA_256_GCM_SHA384", Rsa, 256, "aead");
    }

    #[test]
    fn signals_and_numbers_without_a_name_are_no_suites() {
        for code in [0x00ff, 0x5600, 0x0a0a, 0xfefe, 0x0301] {
            assert_eq!(Suite::of(code), None, "{code:#06x}");
        }
    }

    #[test]
    fn each_version_is_offered_its_own_suites_once() {
        for version in Version::ALL {
            let codes = offered(version);
            let mut once = codes.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(once.len(), codes.len(), "{version}");
            for code in codes {
                let it = suite(code);
                assert_eq!(it.exchange() == Exchange::Tls13, version == Version::Tls13);
                assert!(version >= Version::Tls12 || !it.is_aead(), "{}", it.name());
                assert!(it.bits() > 0 || it.name().contains("NULL"), "{}", it.name());
            }
        }
        assert_eq!(offered(Version::Ssl2), Vec::<u16>::new());
        assert_eq!(offered(Version::Tls13).len(), 5);
        let all = offered(Version::Tls12);
        assert!((150..300).contains(&all.len()), "{}", all.len());
        assert!(!offered(Version::Tls10).contains(&0xc02b));
        assert!(offered(Version::Ssl3).contains(&0x000a));
        assert!(!offered(Version::Ssl3).contains(&0xc013));
    }

    /// OpenSSL names the cipher's bits of its own suites: they are ours, but for 3DES,
    /// of which OpenSSL counts 168 and cryptanalysis 112.
    #[test]
    fn openssl_counts_the_same_bits() {
        let listed = std::process::Command::new("openssl")
            .args(["ciphers", "-V", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
            .output()
            .expect("these tests need the program openssl (apt-get install openssl)");
        let mut compared = 0;
        for line in String::from_utf8_lossy(&listed.stdout).lines() {
            // 0xC0,0x2C - ECDHE-… TLSv1.2 Kx=ECDH Au=ECDSA Enc=AESGCM(256) Mac=AEAD
            let Some((code, rest)) = line.trim().split_once(" - ") else {
                continue;
            };
            let code = code.replace(",0x", "").replace("0x", "");
            let it = suite(u16::from_str_radix(&code, 16).unwrap());
            let encryption = rest
                .split("Enc=")
                .nth(1)
                .unwrap()
                .split(' ')
                .next()
                .unwrap();
            let bits = encryption.split(['(', ')']).nth(1);
            let bits: u16 = bits.map_or(0, |bits| bits.parse().unwrap());
            let expected = if encryption.starts_with("3DES") {
                112
            } else {
                bits
            };
            assert_eq!(it.bits(), expected, "{line}");
            assert_eq!(it.is_aead(), rest.contains("Mac=AEAD"), "{line}");
            let elliptic = rest.contains("Kx=ECDH ") && !rest.contains("Au=None");
            let plain = rest.contains("Kx=DH ") && !rest.contains("Au=None");
            let psk = rest.contains("PSK");
            assert!(
                psk || (elliptic == (it.exchange() == Exchange::Ecdhe)),
                "{line}"
            );
            assert!(psk || (plain == (it.exchange() == Exchange::Dhe)), "{line}");
            compared += 1;
        }
        assert!(compared > 100, "{compared}");
    }
}
