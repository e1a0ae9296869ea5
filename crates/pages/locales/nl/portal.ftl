# Aanmelden en afmelden, en het eigen account.

sign-in-title = Aanmelden
sign-in-button = Aanmelden
sign-in-again = Opnieuw aanmelden
sign-in-toward = Meld u aan om verder te gaan naar { $site }.
sign-in-wrong = Naam of wachtwoord is onjuist, of er is te vaak geprobeerd. Kijk beide na en probeer het opnieuw. Weet u zeker dat ze kloppen, wacht dan tot een kwartier.
sign-in-busy = { $seconds ->
    [1] Er melden zich nu veel mensen aan. Probeer het over een seconde opnieuw.
   *[other] Er melden zich nu veel mensen aan. Probeer het over { $seconds } seconden opnieuw.
}
sign-in-too-long = Dat is langer dan een naam of wachtwoord hier kan zijn. Kijk na wat u invulde.
form-stale = Dit formulier was te oud of kwam van elders. Er is niets gedaan. Probeer het opnieuw.
form-wrong = Er is nog niets opgeslagen: kijk de gemarkeerde velden na.
signed-in-as = Aangemeld als { $who }

sign-out-title = Afmelden?
sign-out-text = Hiermee eindigt uw sessie hier en op alle sites die u ermee opende. Dit apparaat blijft bekend.
sign-out-button = Afmelden
signed-out-title = U bent afgemeld
signed-out-text = Uw sessie is beëindigd, hier en op alle sites die u ermee opende.

handover-title = Verder naar { $site }
handover-text = U bent aangemeld. Gebeurt er vanzelf niets, gebruik dan de knop.
handover-button = Verdergaan
arrived-title = U bent aangemeld
arrived-link = Verder naar de pagina die u opende

no-cookie-title = Uw browser heeft een cookie niet bewaard
no-cookie-text = Voor aanmelden zijn cookies nodig, en de cookie die deze site zojuist plaatste, ontbreekt. Misschien weigert uw browser cookies, of er verstreek te veel tijd.
no-cookie-todo = Sta cookies toe voor deze site en begin opnieuw in dezelfde browser.
begin-again = Opnieuw beginnen
not-for-you-title = Deze site staat niet voor u open
not-for-you-lead = U bent aangemeld, maar uw account heeft geen toegang tot { $site }.
not-for-you-todo = Hebt u een ander account, meld u dan af en gebruik dat. Denkt u dat dit account toegang hoort te hebben, vraag het dan aan de beheerder van de site.
unlock-title = Uw account ontgrendelen?
unlock-text = Na te veel pogingen weigert uw account apparaten die het niet kent. Deze knop maakt daar een einde aan.
unlock-button = Ontgrendelen
unlocked-title = Uw account is ontgrendeld
unlocked-text = U kunt zich weer aanmelden, vanaf elk apparaat.
link-gone-title = Deze link werkt niet meer
link-gone-text = De link is al gebruikt of is te oud. Er is niets veranderd.

account-title = Uw account
account-link = Uw account
account-sites = Sites die u kunt openen
account-sites-none = Er staat nog geen site voor u open. Vraag het aan de beheerder.
security-title = Aanmelden en wachtwoorden
security-back = Terug naar aanmelden en wachtwoorden
password-title = Uw wachtwoord wijzigen
password-current = Huidig wachtwoord
password-new = Nieuw wachtwoord
password-button = Wachtwoord wijzigen
password-hint = Ten minste { $least } tekens. Enkele woorden die niets met elkaar te maken hebben, zijn sterk en makkelijk te onthouden; het best laat u een wachtwoordbeheerder er een maken. Elk teken mag, geen enkel moet.
password-not-changed = Uw wachtwoord is niet gewijzigd.
password-too-short = Het wachtwoord is te kort: er zijn ten minste { $least } tekens nodig.
password-too-long = Het wachtwoord is te lang: het mag hoogstens { $most } bytes hebben.
password-guessable = Dit wachtwoord wordt snel geraden. Voeg een paar woorden toe die niet uit de rest volgen.
password-breached = Dit wachtwoord staat op lijsten die aanvallers gebruiken. Kies er een dat nergens anders is gebruikt.
password-contains-name = Het wachtwoord is gebouwd op uw naam, uw adres of de naam van de site. Kies iets anders.
password-forbidden-character = Het wachtwoord heeft een teken dat niet bewaard kan worden (NUL).
password-current-wrong = Het huidige wachtwoord is onjuist, of er is te vaak geprobeerd.
password-same-as-old = Het nieuwe wachtwoord is het oude.
strength-very-weak = De sterkte: heel zwak. Het is meteen geraden.
strength-weak = De sterkte: zwak. Een programma raadt het binnen enkele minuten.
strength-fair = De sterkte: matig. Het houdt stand tegen wie met de hand probeert, niet tegen een programma.
strength-strong = De sterkte: sterk. Het houdt lang stand tegen een programma.
strength-very-strong = De sterkte: heel sterk. Het houdt stand tegen meer dan iemand zal proberen.

app-passwords-title = App-wachtwoorden
app-passwords-lead = Voor programma’s die geen aanmeldpagina kunnen tonen, zoals agenda’s en git. Elk krijgt een eigen wachtwoord, dat u kunt intrekken zonder de andere te raken.
app-passwords-none = U hebt geen app-wachtwoorden.
app-passwords-no-site = Geen site die voor u openstaat, neemt app-wachtwoorden aan.
app-password-add = Een nieuw app-wachtwoord
app-password-name-hint = Om het later te herkennen: “agenda op mijn telefoon”.
app-password-site = Voor welke site
app-password-button = App-wachtwoord maken
app-password-made-title = Uw nieuwe app-wachtwoord
made-once = Het wordt alleen deze ene keer getoond. Kopieer het nu.
made-app = Vul het in het programma in als wachtwoord, met de aanmeldnaam, precies zoals het hier staat.
made-bearer = Een programma stuurt het mee in het veld “Authorization”, achter het woord “Bearer”.
token-name = Naam
token-kind = Soort
token-owner = Eigenaar
token-sites = Sites
token-sites-all = Alle
token-expires = Verloopt
token-revoke = Intrekken
token-bearer = Bearer-token
token-app = App-wachtwoord
expiry-days = Na { $days } dagen

sessions-title = Uw sessies
sessions-lead = Waar u bent aangemeld. Herkent u er een niet, beëindig die dan en wijzig uw wachtwoord.
sessions-count = { $count ->
    [1] Eén sessie
   *[other] { $count } sessies
}
sessions-end-others = Alle andere beëindigen
session-device = Apparaat
session-place = Netwerk
session-begun = Begonnen
session-sites = Sites
session-sites-none = Geen
session-this = Deze
session-end = Beëindigen
device-both = { $browser } op { $system }
device-unknown = Onbekend apparaat

label-login = Aanmeldnaam
label-password = Wachtwoord
label-name = Naam
label-email = E-mailadres
label-groups = Groepen
label-created = Gemaakt op
label-last-use = Laatst gebruikt
none = Geen
never = Nooit

notice-added = Toegevoegd.
notice-saved = Opgeslagen.
notice-unchanged = Er viel niets te wijzigen.
notice-removed = Verwijderd.
notice-unlocked = Ontgrendeld.
notice-session-ended = De sessie is beëindigd.
notice-sessions-ended = De sessies zijn beëindigd.
notice-revoked = Ingetrokken.
notice-password-changed = Uw wachtwoord is gewijzigd. Alle andere sessies zijn beëindigd.
notice-busy = We hebben het nu te druk, en er is niets gedaan. Probeer het over een minuut opnieuw.

field-missing = Dit is nodig.
field-taken = Dit is al in gebruik.
field-too-long = { $most ->
    [1] Hoogstens één teken.
   *[other] Hoogstens { $most } tekens.
}
field-too-many = Er zijn er al { $most }; meer kan niet.
field-malformed = Zo is dit niet bruikbaar.
field-unknown = Dit bestaat hier niet.
