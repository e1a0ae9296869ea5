# De console: gebruikers, groepen, sessies, tokens en het auditspoor.

console-rooms = Console
console-enter-title = De console openen?
console-enter-text = Deze link opent de console één keer, in deze browser.
console-enter-button = De console openen
console-gone-title = Deze link opent de console niet meer
console-gone-text = De link is al gebruikt of is ouder dan een minuut.
console-gone-todo = Voer voor een nieuwe dit uit op de server:

filter-button = Tonen
filter-any = Alle
pager-label = Delen van de lijst
pager-previous = Vorige
pager-next = Volgende
table-act = Actie
save-button = Opslaan
add-button = Toevoegen
remove-button = Definitief verwijderen
keep-link = Behouden en terug

users-title = Gebruikers
users-text = E-mailadres, of het begin van de naam
users-none = Niemand gevonden. Toon anderen hierboven, of voeg een gebruiker toe.
users-back = Terug naar alle gebruikers
user-add-title = Gebruiker toevoegen
user-login-hint = Wat wordt ingevuld bij het aanmelden. Later valt dit niet te wijzigen.
user-password-hint = Laat leeg voor een account zonder wachtwoord.
user-edit-title = Wijzigen
user-password-title = Een ander wachtwoord
user-password-text = Stel er een in voor iemand die het kwijt is, en geef het zelf of per telefoon door. Alle sessies eindigen daarmee.
user-password-button = Wachtwoord instellen
user-remove-title = Verwijderen
user-remove-link = Deze gebruiker verwijderen …
user-remove-question = { $login } verwijderen?
user-remove-text = Het account verdwijnt meteen, met sessies, tokens en app-wachtwoorden, en is niet terug te halen. Wilt u iemand een tijd buiten houden, zet het account dan op “uitgeschakeld”.
label-group = Groep
label-state = Status
label-last-sign-in = Laatst aangemeld
label-failures = Mislukte pogingen die tellen
label-locked-until = Onbekende apparaten geweigerd tot
locked-for-good = Iemand het account ontgrendelt, hier of met de link in de mail
not-locked = Niet geweigerd
state-active = Actief
state-disabled = Uitgeschakeld
state-locked = Vergrendeld
state-hint = “Uitgeschakeld” beëindigt alle sessies, en niemand meldt zich aan.
password-none = Geen
password-bcrypt = { $imported ->
    [yes] bcrypt, kosten { $cost }, geïmporteerd
   *[no] bcrypt, kosten { $cost }
}
sessions-end-all = Alle sessies beëindigen

groups-title = Groepen
groups-none = Er zijn nog geen groepen. Voeg er hieronder een toe en geef die aan gebruikers.
group-add-title = Groep toevoegen
label-group-name = Naam van de groep
group-name-hint = Zoals toegangsregels en toepassingen die noemen.
group-members-title = Leden
group-members = { $count ->
    [0] Geen leden
    [1] Eén lid
   *[other] { $count } leden
}
group-members-first = { $count ->
    [1] Alleen het eerste lid staat hier. De lijst van gebruikers toont ze allemaal, per groep.
   *[other] Alleen de eerste { $count } staan hier. De lijst van gebruikers toont ze allemaal, per groep.
}
group-rename-title = Hernoemen
group-rename-hint = Toegangsregels met de oude naam openen dan niets meer voor de leden.
group-remove-title = Verwijderen
group-remove-link = Deze groep verwijderen …
group-remove-question = De groep { $group } verwijderen?
group-remove-text = { $count ->
    [0] Niemand is lid. Toegangsregels die de groep noemen, openen niets meer.
    [1] Eén lid verliest wat de groep opent. Het account blijft bestaan.
   *[other] { $count } leden verliezen wat de groep opent. De accounts blijven bestaan.
}

console-sessions-title = Sessies
console-sessions-none = Er zijn geen sessies.
tokens-title = Tokens
tokens-none = Er zijn geen tokens en geen app-wachtwoorden.
tokens-back = Terug naar alle tokens
token-add-title = Token maken
token-made-title = Het nieuwe token
token-owner-hint = De aanmeldnaam van het account waarvoor het programma handelt.
token-kind-hint = Een bearer-token is voor API-clients, een app-wachtwoord voor programma’s die alleen naam en wachtwoord kennen.
token-sites-hint = Kiest u er geen, dan geldt het voor alle sites die de eigenaar kan openen.

audit-title = Audit
audit-at = Tijd
audit-actor = Door wie
audit-action = Handeling
audit-target = Waarop
audit-from = Vanaf
audit-until = Tot en met
audit-changes = Wat er veranderde
audit-field = Veld
audit-before = Voor
audit-after = Na
audit-none = Geen wijziging gevonden. Vraag hierboven minder precies.

# De deur van de beheerpagina’s op het portaal.

threshold-title = De deur van het beheer
threshold-text = U bent tot aan de deur gekomen. Deze pagina is om haar te proberen: hier valt niets te zien of te wijzigen.
threshold-button = Proberen iets te wijzigen
threshold-knocked = Het zou zijn doorgelaten. Er is niets gewijzigd.
resume-title = Doorgaan?
resume-lead = Dank u. Wat u wilde wijzigen is nog niet gewijzigd.
resume-button = Nu wijzigen
resume-not = Laten zoals het is
field-own-rights = Beheerders nemen hun eigen rechten niet weg: dat doet een andere beheerder.
field-last-administrator = Er zou geen beheerder meer zijn: maak eerst iemand anders beheerder.
field-of-administrators = De configuratie noemt deze groep in “[admin]”: haal haar daar eerst weg.
field-too-wide = Dit zijn te veel adressen: hoogstens een IPv4-bereik van /8 of een IPv6-bereik van /16.
field-loopback = De proeven en elk programma op de server komen van loopback-adressen: die worden hier niet geweigerd.

# Waarvandaan verzoeken mogen komen die iets zouden wijzigen.

origins-title = Herkomst
origins-observe = Op dit moment wordt niemand geweigerd, behalve op eigen pagina’s: “observe” staat aan.
origins-text = Wat iets zou wijzigen, wordt geweigerd als het niet van de eigen pagina’s van de site komt. De configuratie zegt wat verder wordt toegelaten (“[csrf]”, “cross_site”) en wat daarnaast een kenmerk nodig heeft (“important”).
origins-own = Verdere eigen domeinen
origins-no-own = Geen: alleen de eigen pagina’s van elke site.
origins-origin = Herkomst
origins-exceptions = Uitzonderingen
origins-no-exceptions = Geen route neemt verzoeken van andere sites aan.
origins-site = Site
origins-path = Route
origins-why = Reden
origins-important = Belangrijke handelingen
origins-no-important = Geen route vraagt om een kenmerk.

# Wie op adres wordt geweigerd.

addresses-title = Adressen
addresses-observe = Er wordt nu niemand geweigerd: “observe” staat aan.
addresses-address = IP-adres
addresses-hint = Toont welke regel van welke lijst beslist.
addresses-malformed = Dit is geen IP-adres.
addresses-let-in = Het wordt toegelaten.
addresses-observed = Het zou worden geweigerd, maar “observe” staat aan.
addresses-refused = Het wordt geweigerd.
addresses-rule = Door regel { $rule }: { $range }.
addresses-no-rule = Het staat op geen enkele lijst.
addresses-lately = In het afgelopen uur
addresses-asked = { $total ->
    [0] Er is niets gevraagd, voor zover er gegevens worden bewaard.
    [one] { $total } verzoek, waarvan { $refused } geweigerd. Van een IPv6-adres telt de hele /64 mee.
   *[other] { $total } verzoeken, waarvan { $refused } geweigerd. Van een IPv6-adres telt de hele /64 mee.
}
addresses-time-of = Tijd (UTC)
addresses-status = Status
addresses-site = Site
addresses-request = Verzoek
addresses-refused-for = Geweigerd wegens
addresses-id = Kenmerk
addresses-none = Geen enkele lijst heeft een regel.
addresses-lists = Lijsten
addresses-list = Lijst
addresses-file = Bestand
addresses-entries = Regels
addresses-temporary = Regels voor een tijd
addresses-no-temporary = Geen adres wordt voor een tijd geweigerd.
addresses-range = Bereik
addresses-range-hint = Een adres of een bereik, zoals 203.0.113.7, 203.0.113.0/24 of 2001:db8:7::/48.
addresses-until = Tot
addresses-reason = Reden
addresses-by = Gemaakt door
addresses-act = Actie
addresses-cause-throttled = { $count } verzoeken geweigerd met 429, van { $first } tot { $last }; het laatste was { $request }
addresses-cause-scan = { $count } pagina’s waar aanvallers naar zoeken, van { $first } tot { $last }; het laatste verzoek was { $request }
addresses-cause-lock-out = { $count } mislukte aanmeldingen bij veel accounts, van { $first } tot { $last }; het laatste verzoek was { $request }
addresses-lift = Weer toelaten
addresses-add = Voor een tijd weigeren
addresses-time = Voor
addresses-hours = { $hours } uur
addresses-days = { $days ->
    [one] { $days } dag
   *[other] { $days } dagen
}

# Wijzigingen die op een tweede beheerder wachten.

approvals-title = Goedkeuringen
approvals-text = Wat een beheerder heeft gevraagd en een ander moet goedkeuren. Het gebeurt precies zoals het hier staat, en wordt na een dag vergeten.
approvals-none = Er wacht niets.
approvals-remove = { $user } verwijderen
approvals-administrator = { $user } beheerder maken
approvals-change = { $user } wijzigen
approvals-password = { $user } een ander wachtwoord geven
approvals-asked-by = Gevraagd door
approvals-at = Gevraagd op
approvals-until = Wordt vergeten op
approvals-approve = Goedkeuren
approvals-refuse = Afwijzen
approvals-withdraw = Intrekken
approvals-lapsed = Er is niets gedaan: de gebruiker, of wie het vroeg, is niet meer zoals toen. Wie het vroeg kan het opnieuw vragen.
approvals-own = Er is niets gedaan: dit moet een andere beheerder goedkeuren.
notice-asked = Het wacht hier tot een andere beheerder het goedkeurt.
notice-approved = Het is goedgekeurd en gedaan.
notice-withdrawn = Het wacht niet meer.
field-approval = Een andere beheerder moet dit goedkeuren: voeg de gebruiker zonder deze groep toe, en wijzig daarna de groepen.
field-waits = Hetzelfde wacht al op goedkeuring.

## Wat pagina’s mogen laden

content-title = Inhoud
content-lead = Wat de pagina’s van een toepassing mogen laden en uitvoeren, volgens de header Content-Security-Policy. Wat hier staat, is ingesteld in de configuratie, met “[csp]” en bij elke site.
content-none = Er is geen toepassing.
content-mode = Stand
content-mode-off = uit: niet verstuurd
content-mode-report-only = alleen gemeld
content-mode-enforce = afgedwongen
content-policy = Beleid
content-nonce = Nonce
content-nonce-yes = bij elk antwoord een andere
content-nonce-no = geen
content-weak = Het beleid laat meer toe dan goed is:
content-weakness = { $weakness ->
    [scripts-unlimited] Niets beperkt scripts.
    [inline-scripts] Elk script in een pagina draait, ook een dat iemand erin zet.
    [scripts-from-anywhere] Scripts van elke host draaien.
    [scripts-from-gadgets] Deze host levert iets dat elk script uitvoert.
    [eval] Tekst mag code worden.
    [nothing-trusted] Geen enkel script is toegestaan om mee te beginnen.
    [plugins-unlimited] Niets beperkt plug-ins.
    [plugins-from-anywhere] Plug-ins van elke host draaien.
    [base-unlimited] Een ingevoegd basisadres stuurt de eigen scripts van de pagina ergens anders heen.
    [unencrypted] Dit komt onversleuteld.
   *[other] { $weakness }
}
content-reports = Meldingen van browsers
content-reports-off = Het beleid wordt niet verstuurd, dus niemand meldt iets. Beproef het met mode = "report-only".
content-reports-none = Er is niets gemeld sinds de server is gestart.
content-directive = Richtlijn
content-what = Wat
content-count = Meldingen
content-first = Eerste
content-last = Laatste
content-remedy = Toe te staan met
content-look = bekijk de pagina
content-proposal = Voorstel
content-proposal-text = Met deze regels in de configuratie zou daarvan niets worden tegengehouden, voor zover het mag worden voorgesteld. Iedereen kan meldingen sturen: neem alleen over wat u kent. Scripts die alleen “inline” heten, moeten in de pagina worden bekeken.
content-proposal-weak = Het voorstel zou meer toelaten dan goed is:
content-forget = Vergeet de meldingen
# Opmaakcode uit verzoeken die terugkwam.

reflections-title = Teruggekaatste opmaak
reflections-text = Parameters die zonder omzetting terugkwamen in de pagina die erop antwoordde, sinds dit proces begon. Wie iemand een voorbereide link laat openen, kan daar uit diens naam een script uitvoeren: de pagina moet omzetten wat ze toont. Wat gestuurd is, wordt niet bewaard.
reflections-none = Er kwam niets terug.
reflections-more = Er waren er meer dan bewaard worden.
reflections-page = Site en route
reflections-from = Waar het stond
reflections-parameter = Parameter
reflections-as = Kwam terug als
reflections-done = Wat er gebeurde
reflections-count = Keren
reflections-first = Eerste
reflections-last = Laatste
reflections-id = Laatste verzoek
reflections-from-query = query
reflections-from-path = pad
reflections-from-header = headerveld
reflections-from-form = formulier
reflections-from-json = JSON
reflections-as-script = een tag die iets uitvoert
reflections-as-attribute = een attribuut dat iets uitvoert
reflections-as-code = code in een script
reflections-as-url = een adres dat iets uitvoert
reflections-as-markup = een andere tag
reflections-observed = niets
reflections-neutralised = als tekst getoond
reflections-refused = antwoord geweigerd
weaknesses-title = Zwakke plekken
weaknesses-text = Wat de antwoorden van de toepassingen van hun zwakke plekken hebben laten zien sinds dit proces begon. Van elke seconde worden enkele pagina’s gelezen, en elke cookie; er wordt niets gewijzigd. Parameters die als opmaak terugkomen, staan apart.
weaknesses-none = Er werd niets zwaks gezien.
weaknesses-off = Er wordt niet gekeken: “pages” in “[weaknesses]” is 0.
weaknesses-more = Er was meer dan bewaard wordt.
weaknesses-page = Site en route
weaknesses-name = Wat
weaknesses-path = Laatste pad
weaknesses-count = Minstens gezien
weaknesses-first = Eerste
weaknesses-last = Laatste
weaknesses-id = Laatste verzoek
weaknesses-kind = { $kind ->
    [password-by-get] Wachtwoorden in adressen
    [change-by-get] Wijzigingen met GET
    [mixed-content] Onderdelen zonder versleuteling
    [cookie-readable] Cookies die scripts kunnen lezen
    [cookie-unencrypted] Cookies zonder “Secure”
    [cookie-cross-site] Cookies zonder “SameSite”
    [inline-handler] Gebeurtenissen in pagina’s
    [charset-unsaid] Pagina’s zonder tekenset
   *[other] { $kind }
}
weaknesses-remedy = { $kind ->
    [password-by-get] Het formulier stuurt zijn wachtwoord als deel van het adres, en dat komt in geschiedenissen en logboeken. Zet er method="post" op.
    [change-by-get] Het formulier lijkt iets te wijzigen en gaat met GET: andere sites kunnen het uit naam van een bezoeker versturen, en hier houdt niets dat tegen. Verstuur het met POST.
    [mixed-content] Een versleutelde pagina laadt dit, of verstuurt haar formulier, zonder versleuteling: browsers houden het tegen, of iedereen onderweg kan het wijzigen. Zet er https:// voor.
    [cookie-readable] Scripts kunnen deze cookie lezen, ook geïnjecteerde. Zet er “HttpOnly” op, tenzij een eigen script hem nodig heeft, zoals bij een kenmerk.
    [cookie-unencrypted] Deze cookie kan zonder versleuteling reizen waar de toepassing zonder deze poort bereikt wordt; hier wordt “Secure” toegevoegd. Zet het op de cookie.
    [cookie-cross-site] Browsers verschillen in wat ze met deze cookie doen bij verzoeken van andere sites. Hier wordt “SameSite=Lax” toegevoegd; zeg in de toepassing wat u bedoelt.
    [inline-handler] Een streng inhoudsbeleid houdt gebeurtenissen in attributen tegen, dus staan ze het in de weg. Zet ze in een script: addEventListener.
    [charset-unsaid] Browsers raden de tekenset van deze pagina’s, en kunnen ertoe gebracht worden er een te raden waarin onschuldige tekst opmaak is. Voeg “; charset=utf-8” toe aan Content-Type.
   *[other] { $kind }
}
