# Het rapport over hoe deze site versleutelt.

tls-title = Hoe deze site versleutelt
tls-lead = Onze eigen scan klopt aan bij de openbare deur van deze site, zoals elke bezoeker dat kan, en probeert wat die aanneemt. Wat de scan vond, staat hier helemaal: het slechte net zo goed als het goede.
tls-scanned-at = Gescand op
tls-least = beloofd: minstens { $grade }
tls-evidence = Bewijs van deze scan
tls-grade = Cijfer
tls-none-yet = Deze configuratie is nog niet gescand. De eerste scan volgt enkele minuten na de start.
tls-incomplete = Deze scan is onvolledig: niet alles wat is geprobeerd, kreeg een duidelijk antwoord. Het cijfer telt alleen wat wel duidelijk werd.
tls-lowered = Wat het cijfer verlaagt
tls-how-title = Hoe het cijfer tot stand komt
tls-graded = Volgens de openbare “SSL Server Rating Guide” van SSL Labs, versie { $guide }: protocollen tellen voor 30 %, sleuteluitwisseling voor 30 %, versleuteling voor 40 %; daarna stelt elke regel die van toepassing is een bovengrens. Waar de gids vraagt wat bepaalde browsers zouden kiezen, telt hier alles wat de site aanneemt; het cijfer kan dus lager zijn dan dat van hen. SSL Labs heeft dit cijfer niet zelf gegeven.
tls-left-out = { $count ->
    [one] Er is nog { $count } site gescand en beoordeeld, maar daarvoor is hier geen plaats.
   *[other] Er zijn nog { $count } sites gescand en beoordeeld, maar daarvoor is hier geen plaats.
}

tls-seen-yes = ja
tls-seen-no = nee
tls-seen-unknown = niet te zien

tls-versions-title = Versies van het protocol
tls-groups-title = Groepen voor de sleuteluitwisseling
tls-suites-title = Versleutelmethoden (cipher suites)
tls-suites-lead = Elke methode die werd aangenomen, met de sleuteluitwisseling die de site daarbij koos.
tls-suite-old = oud: zonder forward secrecy of zonder geauthenticeerde versleuteling

tls-certificates-title = Certificaten
tls-certificate-trust = Vertrouwen
tls-trusted-public = geldig, en vertrouwd door browsers
tls-trusted-own = geldig, en vertrouwd door de eigen autoriteiten van deze installatie, die browsers niet hoeven te kennen
tls-certificate-names = Namen
tls-certificate-subject = Uitgegeven aan
tls-certificate-issuer = Uitgegeven door
tls-certificate-from = Geldig vanaf
tls-certificate-until = Geldig tot
tls-certificate-key = Sleutel
tls-certificate-signature = Handtekening
tls-certificate-sent = Verstuurde certificaten

tls-problem-not-yet-valid = Nog niet geldig.
tls-problem-expired = Niet meer geldig.
tls-problem-other-name = Voor een andere naam.
tls-problem-self-signed = Door zichzelf ondertekend: niemand staat ervoor in.
tls-problem-unknown-issuer = Geen vertrouwde autoriteit staat ervoor in, of een certificaat ertussen is niet meegestuurd.
tls-problem-unusable = Niet bruikbaar voor een website, of verkeerd ondertekend.

tls-hsts-title = Alleen HTTPS (HSTS)
tls-hsts-unknown = Het antwoord van de site was niet te lezen.
tls-hsts-none = Browsers krijgen niet te horen dat ze alleen HTTPS mogen gebruiken.
tls-hsts-days = { $days ->
    [one] Browsers krijgen te horen dat ze { $days } dag lang alleen HTTPS mogen gebruiken.
   *[other] Browsers krijgen te horen dat ze { $days } dagen lang alleen HTTPS mogen gebruiken.
}
tls-hsts-subdomains = Dat geldt ook voor elk subdomein.
tls-hsts-preload-ready = De header voldoet aan wat de preload-lijsten van browsers vragen; of de site daarop staat, wordt niet nagegaan.
tls-hsts-preload-not-ready = De site is niet ingericht voor de preload-lijsten van browsers.

tls-facts-title = Scores en andere bevindingen
tls-score-protocol = Score voor protocollen
tls-score-exchange = Score voor sleuteluitwisseling
tls-score-cipher = Score voor versleuteling
tls-score-total = Score in totaal
tls-fact-resumption13 = Sessies van TLS 1.3 worden hervat
tls-fact-resumption12 = Sessies van TLS 1.2 worden hervat
tls-fact-stapling = Bewijs van geldigheid bij het certificaat (OCSP)
tls-fact-renegotiation = Veilige heronderhandeling aangekondigd
tls-fact-compression = Compressie aangenomen

tls-rule-untrusted = Het certificaat is niet geldig of wordt niet vertrouwd (T).
tls-rule-sha1-signature = Een certificaat is ondertekend met SHA-1 (T).
tls-rule-other-name = Het certificaat is voor een andere naam (M).
tls-rule-ssl2 = SSL 2.0 wordt gesproken (hoogstens F).
tls-rule-export = Voor de export verzwakte methoden worden aangenomen (hoogstens F).
tls-rule-anonymous = Methoden die niet zeggen wie er antwoordt, worden aangenomen (hoogstens F).
tls-rule-no-encryption = Methoden zonder versleuteling worden aangenomen (hoogstens F).
tls-rule-md5-signature = Een certificaat is ondertekend met MD5 of MD2 (hoogstens F).
tls-rule-key-broken = De sleutel van een certificaat is korter dan 1.024 bits (hoogstens F).
tls-rule-dh-broken = Diffie-Hellman-priemgetallen zijn korter dan 1.024 bits (hoogstens F).
tls-rule-no-tls12 = TLS 1.2 noch TLS 1.3 wordt gesproken (hoogstens C).
tls-rule-poodle = SSL 3.0 wordt gesproken met CBC: POODLE (hoogstens C).
tls-rule-rc4-modern = RC4 wordt aangenomen met TLS 1.1 of nieuwer (hoogstens C).
tls-rule-block64 = Versleuteling met blokken van 64 bits, zoals 3DES, wordt aangenomen met TLS 1.1 of nieuwer (hoogstens C).
tls-rule-compression = Compressie wordt aangenomen: CRIME (hoogstens C).
tls-rule-ssl3 = SSL 3.0 wordt gesproken (hoogstens B).
tls-rule-old-tls = TLS 1.0 of TLS 1.1 wordt gesproken (hoogstens B).
tls-rule-rc4 = RC4 wordt aangenomen (hoogstens B).
tls-rule-key-weak = De sleutel van een certificaat is korter dan 2.048 bits (hoogstens B).
tls-rule-dh-weak = Diffie-Hellman-priemgetallen zijn korter dan 2.048 bits (hoogstens B).
tls-rule-no-forward-secrecy = De nieuwste versie neemt geen methode met forward secrecy aan (hoogstens B).
tls-rule-no-aead = Geen methode met geauthenticeerde versleuteling wordt aangenomen (hoogstens B).
tls-rule-no-tls13 = TLS 1.3 wordt niet gesproken (hoogstens A-).
tls-rule-no-secure-renegotiation = Veilige heronderhandeling wordt niet aangekondigd (hoogstens A-).
tls-rule-no-hsts = Browsers krijgen niet te horen dat ze alleen HTTPS mogen gebruiken: geen HSTS (hoogstens A-).
tls-rule-short-hsts = HSTS geldt korter dan een half jaar (hoogstens A).

tls-open-title = Wat niet is onderzocht
tls-open-lead = Elk hiervan zou het cijfer kunnen verlagen. Wat de site niet aanneemt, kan niet worden aangevallen en staat er dus niet bij.
tls-open-ssl2 = Of SSL 2.0 wordt gesproken: zo klopt een bezoeker niet aan.
tls-open-hsts = HSTS: het antwoord van de site was niet te lezen.
tls-open-key = De sterkte van de sleutel van een certificaat: de soort is hier niet bekend.
tls-open-renegotiation = Of onveilige heronderhandeling mogelijk is.
tls-open-robot = Of de RSA-sleuteluitwisseling zich verraadt (ROBOT).
tls-open-cbc-oracles = Of CBC-methoden zich verraden (POODLE over TLS, Zombie POODLE, GOLDENDOODLE en andere).
tls-open-heartbleed = Heartbleed.
tls-open-programs = Fouten van bepaalde programma’s (te vroege ChangeCipherSpec, Ticketbleed).
tls-open-debian-key = Of de RSA-sleutel een van de voorspelbare van Debian uit 2008 is.
tls-open-revocation = Of een certificaat is ingetrokken.
tls-open-simulations = Wat bepaalde browsers zouden kiezen.
tls-open-addresses = Andere netwerkadressen van dezelfde naam.
tls-open-preload-list = Of deze site op de preload-lijsten van browsers staat.
