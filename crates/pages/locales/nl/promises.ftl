# De beloften: naam, en waar elk over gaat als vraag, zodat die niets beweert.

promise-uptime = Beschikbaarheid
    .about = Welk deel van de tijd zijn het programma en de website bereikbaar?
promise-alarm = Alarm
    .about = Hoort het team meteen van een storing of een noodgeval?
promise-status = U op de hoogte houden
    .about = Worden klanten tijdens een storing steeds op de hoogte gehouden?
promise-tls = Versleutelde verbindingen
    .about = Reist alles tussen u en deze site versleuteld?
promise-hsts = Alleen HTTPS
    .about = Krijgen browsers te horen dat ze hier alleen versleutelde verbindingen mogen gebruiken?
promise-tls-report = Openbaar rapport over versleuteling
    .about = Kan iedereen nalezen hoe goed deze site versleutelt?
promise-storage = Opslag
    .about = Worden uw gegevens veilig bewaard, en zijn ze te herstellen?
promise-password = Wachtwoorden
    .about = Zijn wachtwoorden sterk, en zo bewaard dat niemand ze kan lezen?
promise-lockout = Slot na foute wachtwoorden
    .about = Gaat een account een tijdje op slot als iemand het wachtwoord blijft raden?
promise-two-factor = Tweede stap bij het aanmelden
    .about = Kunt u uw account ook met een authenticator-app beschermen?
promise-block = Geblokkeerde adressen
    .about = Worden verzoeken uit onbekende of kwetsbare netwerken geweigerd?
promise-throttle = Een grens per adres
    .about = Wordt verhinderd dat één adres de plaats van alle andere inneemt?
promise-track = Naspeurbare verzoeken
    .about = Is elk verzoek achteraf terug te vinden?
promise-xss = Geen vreemde code in pagina’s
    .about = Komt wat iemand intypt alleen als tekst terug, en nooit als code?
promise-csrf = Niets buiten u om
    .about = Wordt verhinderd dat andere websites hier namens u handelen?
promise-csp = Alleen bekende inhoud
    .about = Krijgen browsers te horen wat een pagina mag laden en uitvoeren?
promise-hackers = Ethische hackers
    .about = Worden onafhankelijke onderzoekers uitgenodigd om de software te testen?
promise-disclosure = Een lek melden
    .about = Kan iedereen snel een lek melden, en krijgt elke melding antwoord?
promise-team = Hoe het team zich aanmeldt
    .about = Gebruikt het team sterke wachtwoorden, een tweede stap en wachtwoordbeheerders?
promise-devices = De apparaten van het team
    .about = Zijn de schijven van het team versleuteld, en gaan schermen vanzelf op slot?
promise-admin = Beheer
    .about = Zijn beheerfuncties alleen open voor een selecte groep?
promise-review = Nagekeken wijzigingen
    .about = Wordt elke wijziging door iemand anders nagekeken?
promise-trust = Deze pagina
    .about = Zegt deze pagina alleen wat is aangetoond?

# hsts

hsts-every-answer = { $days ->
    [one] Elk antwoord draagt browsers op hier { $days } dag lang alleen HTTPS te gebruiken.
   *[other] Elk antwoord draagt browsers op hier { $days } dagen lang alleen HTTPS te gebruiken.
}
hsts-every-answer-short = { $seconds ->
    [one] Elk antwoord draagt browsers op hier { $seconds } seconde lang alleen HTTPS te gebruiken.
   *[other] Elk antwoord draagt browsers op hier { $seconds } seconden lang alleen HTTPS te gebruiken.
}
hsts-subdomains = Dat geldt ook voor elk subdomein.
hsts-browser = Een echte browser die hier al eens was geweest, ging bij een onversleutelde link vanzelf naar HTTPS.
hsts-first-visit-open = Het allereerste bezoek valt er alleen onder als browsers de site al kennen; of deze site op hun preload-lijst staat, wordt hier niet nagegaan.
hsts-first-visit-preloaded = Zelfs het allereerste bezoek valt eronder: deze site staat op de preload-lijst van browsers.
hsts-off = Browsers krijgen niet te horen dat ze alleen HTTPS mogen gebruiken: dat is uitgeschakeld.

# tls

tls-versions = { $refused ->
    [one] Alleen TLS 1.2 en TLS 1.3 worden gesproken: { $refused } oudere versie is geprobeerd en geweigerd.
   *[other] Alleen TLS 1.2 en TLS 1.3 worden gesproken: { $refused } oudere versies zijn geprobeerd en geweigerd.
}
tls-no-plaintext = Onversleutelde verzoeken worden geweigerd.
tls-redirect = Onversleutelde verzoeken krijgen alleen een verwijzing naar het versleutelde adres.
tls-ports = { $open ->
    [one] Van de { $ports } poorten die vanaf { vantage } zijn geprobeerd, antwoordt er maar { $open }.
   *[other] Van de { $ports } poorten die vanaf { vantage } zijn geprobeerd, antwoorden er maar { $open }.
}
tls-certificate = { $days ->
    [one] Het certificaat is nog { $days } dag geldig.
   *[other] Het certificaat is nog { $days } dagen geldig.
}
tls-origin = De toepassing is niet buiten de gateway om te bereiken: dat is geprobeerd vanaf { vantage }.
tls-upstream-encrypted = De verbinding tussen de gateway en de toepassing is versleuteld, en haar certificaat wordt gecontroleerd.
tls-upstream-local = De gateway en de toepassing staan op dezelfde machine: wat tussen beide gaat, verlaat die niet.
tls-upstream-private = Tussen de gateway en de toepassing reizen verzoeken onversleuteld door een besloten netwerk.
tls-upstream-plaintext = Tussen de gateway en de toepassing reizen verzoeken onversleuteld: de beheerder heeft dat aanvaard.

# tls-report

tls-report-graded = { $sites ->
    [one] Een eigen scan geeft de versleuteling van deze site het cijfer { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } volgens de openbare gids van SSL Labs, voor zover zij die onderzoekt{ $own ->
        [0] .
       *[other] , waarbij de eigen certificaatautoriteiten van deze installatie worden vertrouwd.
    }
   *[other] Een eigen scan beoordeelt de versleuteling van { $sites } sites; de slechtste krijgt { $grade ->
        [1] A+
        [2] A
        [3] A-
        [4] B
        [5] C
        [6] D
        [7] E
        [8] F
        [9] M
        [10] T
       *[other] –
    } volgens de openbare gids van SSL Labs, voor zover zij die onderzoekt{ $own ->
        [0] .
       *[other] , waarbij de eigen certificaatautoriteiten van deze installatie worden vertrouwd.
    }
}
tls-report-published = Het hele rapport is openbaar en gedateerd; de proef heeft het in drie talen teruggelezen.
tls-report-limits = Naar fouten van bepaalde programma’s en naar ingetrokken certificaten wordt niet gezocht; het rapport noemt wat niet is onderzocht.

# password

password-stored = { $any ->
    [0] Wachtwoorden worden alleen bewaard als bcrypt-hash met zwaarte { $cost }, elk met een eigen salt: zo werd dat van de proef bewaard; niemand anders had er nog een.
   *[other] Elk opgeslagen wachtwoord wordt alleen bewaard als bcrypt-hash met een eigen salt, met zwaarte { $cost } of meer{ $weaker ->
        [0] .
        [one] ; { $weaker } ervan is lichter dan die van nu en wordt vernieuwd zodra de eigenaar zich weer aanmeldt.
       *[other] ; { $weaker } ervan zijn lichter dan die van nu en worden vernieuwd zodra hun eigenaars zich weer aanmelden.
    }
}
password-length = { $length ->
    [one] Een nieuw wachtwoord heeft minstens { $length } teken, en is er geen dat een programma snel zou raden.
   *[other] Een nieuw wachtwoord heeft minstens { $length } tekens, en is er geen dat een programma snel zou raden.
}
password-not-breached = { $list ->
    [file] De meest gebruikte wachtwoorden kunnen niet worden gekozen, en ook niet die van een lijst die bij lekken bekend is geworden.
   *[commonest] De meest gebruikte wachtwoorden kunnen niet worden gekozen.
}

# lockout

lockout-locked = { $minutes ->
    [one] Na { $guesses } foute wachtwoorden binnen { $minutes } minuut gaat een account minstens zo lang op slot: de proef werd daarna ook met het juiste wachtwoord geweigerd, terwijl een ander account werd toegelaten.
   *[other] Na { $guesses } foute wachtwoorden binnen { $minutes } minuten gaat een account minstens zo lang op slot: de proef werd daarna ook met het juiste wachtwoord geweigerd, terwijl een ander account werd toegelaten.
}
lockout-devices = Een apparaat waarmee al eerder was aangemeld, werd nog steeds toegelaten: een vreemde kan de eigenaar niet buitensluiten.
lockout-opens = { $minutes ->
    [one] Het slot gaat vanzelf open: dat van de proef eindigt binnen { $minutes } minuut.
   *[other] Het slot gaat vanzelf open: dat van de proef eindigt binnen { $minutes } minuten.
}

# block

block-listed = { $entries ->
    [0] Een adres dat op de blokkeerlijst wordt gezet, wordt geweigerd: dat van de proef werd dat, terwijl zijn buur werd toegelaten. De lijst zelf is op dit moment leeg.
    [one] Verzoeken van adressen op de blokkeerlijst, op dit moment { $entries } regel, worden geweigerd, aangemelde mensen en lokale adressen uitgezonderd: dat van de proef werd dat, terwijl zijn buur werd toegelaten.
   *[other] Verzoeken van adressen op de blokkeerlijst, op dit moment { $entries } regels, worden geweigerd, aangemelde mensen en lokale adressen uitgezonderd: dat van de proef werd dat, terwijl zijn buur werd toegelaten.
}
block-unknown = Adressen waarvandaan niemand via internet kan komen, worden ook geweigerd.
block-bans = Wie zoekt wat aanvallers zoeken, bij veel accounts wachtwoorden probeert, of doorgaat nadat hem is gevraagd te wachten, wordt vanzelf een tijd geweigerd.
block-feeds = { $feeds ->
    [one] Adressen op een lijst van anderen, die steeds opnieuw wordt opgehaald, worden ook geweigerd.
   *[other] Adressen op { $feeds } lijsten van anderen, die steeds opnieuw worden opgehaald, worden ook geweigerd.
}
block-no-reputation = Een adres met een slechte reputatie wordt alleen geweigerd als het op de lijst staat: er wordt geen dienst naar gevraagd.
block-observed = Verzoeken van adressen op de blokkeerlijst worden op dit moment alleen waargenomen, niet geweigerd.

# throttle

throttle-pages = { $rate ->
    [0] Wie meer dan { $burst } pagina’s en bestanden van een site tegelijk opvraagt, en daarna meer dan één in enkele minuten, moet wachten: de proef moest dat, terwijl haar buren werden bediend, en werd na het wachten bediend.
   *[other] Wie meer dan { $burst } pagina’s en bestanden van een site tegelijk opvraagt, en daarna meer dan { $rate } per minuut, moet wachten: de proef moest dat, terwijl haar buren werden bediend, en werd na het wachten bediend.
}
throttle-sign-in = { $rate ->
    [0] Hetzelfde geldt voor pogingen om zich aan te melden: { $burst } tegelijk, daarna één in enkele minuten.
   *[other] Hetzelfde geldt voor pogingen om zich aan te melden: { $burst } tegelijk, daarna { $rate } per minuut.
}
throttle-observed = Wie te veel verzoeken stuurt, wordt op dit moment alleen waargenomen en hoeft niet te wachten.

# csrf

csrf-origins = Wat iets zou wijzigen, wordt geweigerd als het niet van de eigen pagina’s van de site komt: op elke site werd de oefening geweigerd vanaf een pagina van een vreemde, van een zustersite, zonder versleuteling, van een andere poort en van nergens, als formulier, als verzoek van een script en als WebSocket, en hetzelfde vanaf de site zelf werd toegelaten.
csrf-tokens = Formulieren van het aanmeldportaal hebben ook een kenmerk nodig dat alleen zijn eigen pagina’s uitgeven: met het juiste wachtwoord zonder dat kenmerk, of met dat van een andere bezoeker, kwam niemand binnen.
csrf-actions = Waar een handeling van een toepassing belangrijk is, werd de oefening, aangemeld, geweigerd zonder zo’n kenmerk, met een geraden kenmerk en met dat van een andere sessie, in een veld van de aanvraag of van een formulier, en met haar eigen kenmerk toegelaten.
csrf-important = { $count ->
    [one] { $count } deel van de toepassingen vraagt ook om zo’n kenmerk voordat het iets wijzigt.
   *[other] { $count } delen van de toepassingen vragen ook om zo’n kenmerk voordat ze iets wijzigen.
}
csrf-listed = { $count ->
    [one] Verzoeken mogen ook komen van de pagina’s van { $count } ander domein van dezelfde eigenaar.
   *[other] Verzoeken mogen ook komen van de pagina’s van { $count } andere domeinen van dezelfde eigenaar.
}
csrf-exceptions = { $count ->
    [one] { $count } deel van de toepassingen neemt verzoeken van andere sites aan, zoals die van een betaaldienst.
   *[other] { $count } delen van de toepassingen nemen verzoeken van andere sites aan, zoals die van een betaaldienst.
}
csrf-observed = Verzoeken die van andere sites komen, worden op dit moment alleen waargenomen en niet geweigerd.

# track

track-found = { $seconds ->
    [one] Elk verzoek krijgt een kenmerk, en de proef vond haar eigen spoor binnen { $seconds } seconde terug.
   *[other] Elk verzoek krijgt een kenmerk, en de proef vond haar eigen spoor binnen { $seconds } seconden terug.
}
track-handed = { $to ->
    [journald] { $seconds ->
        [one] Elk verzoek krijgt een kenmerk, en de eigen gegevens van de proef waren binnen { $seconds } seconde aan het systeemlogboek overgedragen.
       *[other] Elk verzoek krijgt een kenmerk, en de eigen gegevens van de proef waren binnen { $seconds } seconden aan het systeemlogboek overgedragen.
    }
   *[stdout] { $seconds ->
        [one] Elk verzoek krijgt een kenmerk, en de eigen gegevens van de proef stonden binnen { $seconds } seconde in de uitvoer van het programma.
       *[other] Elk verzoek krijgt een kenmerk, en de eigen gegevens van de proef stonden binnen { $seconds } seconden in de uitvoer van het programma.
    }
}
track-kept = { $days ->
    [one] Gegevens over verzoeken worden { $days } dag bewaard.
   *[other] Gegevens over verzoeken worden { $days } dagen bewaard.
}
track-addresses = { $keeping ->
    [whole] Daarin staat het volledige netwerkadres van de bezoeker.
    [truncated] Daarin staat het netwerkadres van de bezoeker alleen in ingekorte vorm.
   *[none] Daarin staan geen netwerkadressen van bezoekers.
}

# csp

csp-own-pages = Elke pagina van onszelf zegt met een header (Content Security Policy) welke scripts en stijlen erop mogen draaien, ook bij fouten: geen enkele die iemand erin zet.
csp-browser = In een echte browser draaiden scripts die de proef in een pagina had gezet, eigen en van een andere host, niet onder deze headers; zonder die headers wel.
csp-applications = { $sites ->
    [one] De toepassing van { $sites } site heeft ook zo’n header, naast die van haarzelf: alleen bekende inhoud draait daar.
   *[other] De toepassingen van { $sites } sites hebben ook zo’n header, naast die van henzelf: alleen bekende inhoud draait daar.
}
csp-applications-weak = { $sites ->
    [one] De toepassing van { $sites } site heeft ook zo’n header, die beperkt wat er wordt geladen, maar sommige scripts toelaat die in haar pagina’s staan.
   *[other] De toepassingen van { $sites } sites hebben ook zo’n header, die beperkt wat er wordt geladen, maar sommige scripts toelaat die in hun pagina’s staan.
}
csp-report-only = { $sites ->
    [one] Op { $sites } site wordt de header van de toepassing op dit moment alleen beproefd: browsers melden wat hij zou tegenhouden en houden niets tegen.
   *[other] Op { $sites } sites wordt de header van de toepassing op dit moment alleen beproefd: browsers melden wat hij zou tegenhouden en houden niets tegen.
}
csp-applications-open = { $sites ->
    [one] De toepassing van { $sites } site bepaalt zelf wat haar pagina’s laden; hier worden alleen frames en plug-ins beperkt.
   *[other] De toepassingen van { $sites } sites bepalen zelf wat hun pagina’s laden; hier worden alleen frames en plug-ins beperkt.
}

# xss

xss-own = Wat in onze eigen pagina’s wordt ingevuld, komt als tekst terug: de proef stuurde opmaakcode door { $fields } velden van { $pages } pagina’s en door hun adressen, en nergens kwam die als opmaakcode terug.
xss-own-addresses = Onze eigen pagina’s tonen niets van wat in hun adressen wordt gezet als opmaakcode: de proef heeft het geprobeerd.
xss-enforced = { $routes ->
    [1] Op één van de { $all } routes van de toepassingen wordt opmaakcode uit een verzoek die het antwoord zou teruggeven als tekst getoond of geweigerd, waar de pagina te lezen is; geen proef probeert dat.
   *[other] Op { $routes } van de { $all } routes van de toepassingen wordt opmaakcode uit een verzoek die het antwoord zou teruggeven als tekst getoond of geweigerd, waar de pagina te lezen is; geen proef probeert dat.
}
xss-observed = { $routes ->
    [1] Op één van de { $all } routes van de toepassingen hoort het team van opmaakcode die terugkomt, en verandert de pagina niet.
   *[other] Op { $routes } van de { $all } routes van de toepassingen hoort het team van opmaakcode die terugkomt, en verandert de pagina niet.
}
xss-unseen = { $routes ->
    [1] Op één van de { $all } routes van de toepassingen kijkt niemand of opmaakcode terugkomt.
   *[other] Op { $routes } van de { $all } routes van de toepassingen kijkt niemand of opmaakcode terugkomt.
}

# two-factor

two-factor-switch = Gebruikers kunnen in hun account een tweede stap bij het aanmelden inschakelen, met een authenticator-app.
two-factor-asked = Het juiste wachtwoord alleen werd daarna geweigerd.
two-factor-once = Een code werd één keer aangenomen en daarna niet meer.

# admin

admin-rooms = Alleen beheerders komen in het beheer: elk van de { $rooms } adressen ervan was gesloten voor een vreemde, voor een gebruiker en voor een lid van een groep zonder rechten.
admin-second-factor = Voor een sessie die met alleen een wachtwoord begon was het gesloten.
admin-routes = Ook het eigen beheer van de toepassingen was gesloten voor een vreemde en voor een gebruiker.
admin-fresh = { $minutes ->
    [1] Wie daar iets wijzigt heeft in de laatste minuut een tweede factor gegeven.
   *[other] Wie daar iets wijzigt heeft in de laatste { $minutes } minuten een tweede factor gegeven.
}
admin-networks = Beheerders komen alleen van bekende netwerken.

# team

team-second-factor = Een wachtwoord alleen gaf geen toegang tot het beheer: pas met een tweede stap kwam het eigen account van de proef binnen.
team-register = { $all ->
    [0] Er is niets geregistreerd van wat het team gebruikt: daarover valt niets te zeggen.
    [one] Van { $proven } van { $all } diensten en apparaten die het team gebruikt is verklaard dat men zich er met een tweede stap aanmeldt; { $days ->
        [0] de oudste verklaring is van vandaag.
        [one] de oudste verklaring is { $days } dag oud.
       *[other] de oudste verklaring is { $days } dagen oud.
    }
   *[other] Van { $proven } van de { $all } diensten en apparaten die het team gebruikt is verklaard dat men zich er met een tweede stap aanmeldt; { $days ->
        [0] de oudste verklaring is van vandaag.
        [one] de oudste verklaring is { $days } dag oud.
       *[other] de oudste verklaring is { $days } dagen oud.
    }
}
team-people = { $people ->
    [one] De ene persoon van het team heeft hier een tweede stap.
   *[other] Alle { $people } mensen van het team hebben hier een tweede stap.
}
team-github = { $members ->
    [one] GitHub zegt zelf dat het ene lid van de organisatie van het team een tweede stap heeft.
   *[other] GitHub zegt zelf dat geen van de { $members } leden van de organisatie van het team zonder tweede stap is.
}
team-password-managers = Wachtwoordbeheerders kunnen het aanmeldformulier invullen, ook door te plakken, en vinden de pagina waar een wachtwoord wordt gewijzigd.
team-word = Wat verklaard is, is het woord van mensen: het heeft een datum, loopt vanzelf af, en niemand heeft in hun wachtwoordbeheerders gekeken.
