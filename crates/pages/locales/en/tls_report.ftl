# The report of how this site encrypts.

tls-title = How this site encrypts
tls-lead = Our own scan knocks at this site’s public door as any visitor can, and tries what it accepts. What it found is listed here whole, the bad with the good.
tls-scanned-at = Scanned on
tls-least = promised: at least { $grade }
tls-evidence = Evidence of this scan
tls-grade = Grade
tls-none-yet = This configuration hasn’t been scanned yet. The first scan follows within minutes of a start.
tls-incomplete = This scan is incomplete: not everything that it tried got a clear answer. The grade counts only what did.
tls-lowered = What lowers the grade
tls-how-title = How the grade comes about
tls-graded = By the public “SSL Server Rating Guide” of SSL Labs, version { $guide }: protocols count for 30 %, key exchange for 30 %, ciphers for 40 %; then each of its rules that applies sets a limit. Where the guide asks what particular browsers would choose, everything that the site accepts counts here, so the grade may be lower than theirs. It isn’t a grade given by SSL Labs.
tls-left-out = { $count ->
    [one] { $count } more site was scanned and graded, but there is no room for it here.
   *[other] { $count } more sites were scanned and graded, but there is no room for them here.
}

tls-seen-yes = yes
tls-seen-no = no
tls-seen-unknown = couldn’t be seen

tls-versions-title = Protocol versions
tls-groups-title = Groups for key exchange
tls-suites-title = Cipher suites
tls-suites-lead = Every suite that was accepted, with the key exchange that the site chose for it.
tls-suite-old = old: without forward secrecy or without authenticated encryption

tls-certificates-title = Certificates
tls-certificate-trust = Trust
tls-trusted-public = valid, and trusted by browsers
tls-trusted-own = valid, and trusted by this installation’s own authorities, which browsers needn’t know
tls-certificate-names = Names
tls-certificate-subject = Issued to
tls-certificate-issuer = Issued by
tls-certificate-from = Valid from
tls-certificate-until = Valid until
tls-certificate-key = Key
tls-certificate-signature = Signature
tls-certificate-sent = Certificates sent

tls-problem-not-yet-valid = Not valid yet.
tls-problem-expired = No longer valid.
tls-problem-other-name = For another name.
tls-problem-self-signed = Signed by itself: nobody vouches for it.
tls-problem-unknown-issuer = No trusted authority vouches for it, or a certificate in between wasn’t sent.
tls-problem-unusable = Not usable for a website, or wrongly signed.

tls-hsts-title = HTTPS only (HSTS)
tls-hsts-unknown = The site’s answer couldn’t be read.
tls-hsts-none = Browsers aren’t told to use HTTPS only.
tls-hsts-days = { $days ->
    [one] Browsers are told to use HTTPS only, for { $days } day.
   *[other] Browsers are told to use HTTPS only, for { $days } days.
}
tls-hsts-subdomains = This holds for every subdomain as well.
tls-hsts-preload-ready = It meets what the preload lists of browsers ask for in the header; whether they have the site isn’t checked.
tls-hsts-preload-not-ready = It isn’t set up for the preload lists of browsers.

tls-facts-title = Scores and other findings
tls-score-protocol = Score for protocols
tls-score-exchange = Score for key exchange
tls-score-cipher = Score for ciphers
tls-score-total = Score overall
tls-fact-resumption13 = Sessions of TLS 1.3 are resumed
tls-fact-resumption12 = Sessions of TLS 1.2 are resumed
tls-fact-stapling = Proof of validity stapled to the certificate (OCSP)
tls-fact-renegotiation = Secure renegotiation announced
tls-fact-compression = Compression accepted

tls-rule-untrusted = The certificate isn’t valid or isn’t trusted (T).
tls-rule-sha1-signature = A certificate is signed with SHA-1 (T).
tls-rule-other-name = The certificate is for another name (M).
tls-rule-ssl2 = SSL 2.0 is spoken (at most F).
tls-rule-export = Suites made weak for export are accepted (at most F).
tls-rule-anonymous = Suites that don’t say who answers are accepted (at most F).
tls-rule-no-encryption = Suites without encryption are accepted (at most F).
tls-rule-md5-signature = A certificate is signed with MD5 or MD2 (at most F).
tls-rule-key-broken = A certificate’s key is shorter than 1,024 bits (at most F).
tls-rule-dh-broken = Diffie-Hellman primes are shorter than 1,024 bits (at most F).
tls-rule-no-tls12 = Neither TLS 1.2 nor TLS 1.3 is spoken (at most C).
tls-rule-poodle = SSL 3.0 is spoken with CBC suites: POODLE (at most C).
tls-rule-rc4-modern = RC4 is accepted with TLS 1.1 or newer (at most C).
tls-rule-block64 = Ciphers with blocks of 64 bits, such as 3DES, are accepted with TLS 1.1 or newer (at most C).
tls-rule-compression = Compression is accepted: CRIME (at most C).
tls-rule-ssl3 = SSL 3.0 is spoken (at most B).
tls-rule-old-tls = TLS 1.0 or TLS 1.1 is spoken (at most B).
tls-rule-rc4 = RC4 is accepted (at most B).
tls-rule-key-weak = A certificate’s key is shorter than 2,048 bits (at most B).
tls-rule-dh-weak = Diffie-Hellman primes are shorter than 2,048 bits (at most B).
tls-rule-no-forward-secrecy = The newest version accepts no suite with forward secrecy (at most B).
tls-rule-no-aead = No suite with authenticated encryption is accepted (at most B).
tls-rule-no-tls13 = TLS 1.3 isn’t spoken (at most A-).
tls-rule-no-secure-renegotiation = Secure renegotiation isn’t announced (at most A-).
tls-rule-no-hsts = Browsers aren’t told to use HTTPS only: no HSTS (at most A-).
tls-rule-short-hsts = HSTS is sent for less than half a year (at most A).

tls-open-title = What wasn’t examined
tls-open-lead = Any of these might lower the grade. What the site doesn’t accept can’t be attacked, so it isn’t listed.
tls-open-ssl2 = Whether SSL 2.0 is spoken: a visitor doesn’t ask that way.
tls-open-hsts = HSTS: the site’s answer couldn’t be read.
tls-open-key = The strength of a certificate’s key: its kind isn’t known here.
tls-open-renegotiation = Whether insecure renegotiation is possible.
tls-open-robot = Whether the RSA key exchange gives itself away (ROBOT).
tls-open-cbc-oracles = Whether CBC suites give themselves away (POODLE over TLS, Zombie POODLE, GOLDENDOODLE and others).
tls-open-heartbleed = Heartbleed.
tls-open-programs = Flaws of particular programs (early ChangeCipherSpec, Ticketbleed).
tls-open-debian-key = Whether the RSA key is one of Debian’s predictable ones of 2008.
tls-open-revocation = Whether a certificate was revoked.
tls-open-simulations = What particular browsers would choose.
tls-open-addresses = Other network addresses of the same name.
tls-open-preload-list = Whether the preload lists of browsers have this site.
