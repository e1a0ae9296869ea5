# Het register van diensten en apparaten die het team gebruikt.

team-title = Team
team-text = De diensten en apparaten die het team gebruikt, en wiens woord het is dat men zich er met een tweede factor aanmeldt.
team-none = Er is nog niets geregistreerd, dus wordt er niets van beloofd.
team-add-title = Een dienst of apparaat toevoegen
team-name = Naam
team-name-hint = Hoe iedereen het noemt. Hebben meer mensen een account bij één dienst, voeg er dan voor elk een toe.
team-kind = Soort
team-kind-service = Dienst
team-kind-device = Apparaat
team-address = Adres
team-address-hint = Waar het te vinden is, als het ergens te vinden is.
team-holder = Wie het heeft
team-holder-hint = De gebruikersnaam van een account hier, of de naam van iemand die er geen heeft.
team-factor = Tweede factor
team-factor-passkey = Passkey
team-factor-security-key = Beveiligingssleutel
team-factor-app = Authenticator-app
team-factor-platform = Pincode, vinger of gezicht op het apparaat
team-factor-single-sign-on = Die van een andere dienst (single sign-on)
team-factor-sms = Code per sms of telefoon
team-factor-none = Geen
team-standing = Stand
team-standing-proven = Telt
team-standing-ending = Telt, maar loopt gauw af
team-standing-ended = Afgelopen: telt niet
team-standing-missing = Niet verklaard: telt niet
team-standing-without = Geen tweede factor: telt niet
team-until = Verklaard tot
team-attested-by = Verklaard door
team-attested-at = Verklaard op
team-attest-title = Verklaren
team-attest-text = { $days ->
    [one] Ik heb zelf gezien dat men zich hier met deze tweede factor aanmeldt, en met een eigen wachtwoord uit een wachtwoordbeheerder als er een wachtwoord is. Dit telt { $days } dag.
   *[other] Ik heb zelf gezien dat men zich hier met deze tweede factor aanmeldt, en met een eigen wachtwoord uit een wachtwoordbeheerder als er een wachtwoord is. Dit telt { $days } dagen.
}
team-attest-button = Dit verklaren
notice-attested = Je woord is bewaard.
team-remove-title = Verwijderen
team-remove-link = Dit verwijderen …
team-remove-question = { $name } uit het register verwijderen?
team-remove-text = Verwijder wat het team niet meer gebruikt. Het logboek bewaart dat het er stond.
team-back = Terug naar het register
team-beside = Wat er verder bekend is
team-people-title = Mensen van het team hier
team-people-counted = { $people ->
    [0] Niemand
    [one] { $people } persoon, { $without } zonder tweede factor
   *[other] { $people } mensen, { $without } zonder tweede factor
}
team-github-title = GitHub zegt
team-github-at = Gevraagd op
team-github-not-yet = Nog niet gevraagd: dat gebeurt met de volgende proeven
team-github-counted = { $members ->
    [one] { $members } lid, { $without } zonder tweede factor
   *[other] { $members } leden, { $without } zonder tweede factor
}
team-github-silent = Niets: het kon niet gevraagd worden, dus telt niets als aangetoond. Het log zegt waarom.
